"""ComfyUI nodes: one file per step of the workflow; schema, conversion and one call into the core."""

from . import (
    camera_branch,
    cameras,
    check,
    clips,
    continue_video,
    decoupled_clip,
    decoupled_memory,
    edit,
    estimate_scene,
    estimators,
    few_steps,
    load_model,
    manage_world,
    metrics,
    prepare,
    render,
    report_card,
    retrieve,
    sampler,
    scene_files,
    update_memory,
    video,
    worlds,
)
from .host.input_checks import hold_to_schema

NODES = [
    node
    for module in (
        load_model,
        few_steps,
        prepare,
        cameras,
        estimate_scene,
        estimators,
        render,
        retrieve,
        clips,
        sampler,
        camera_branch,
        decoupled_memory,
        decoupled_clip,
        continue_video,
        update_memory,
        edit,
        worlds,
        manage_world,
        video,
        scene_files,
        metrics,
        report_card,
        check,
    )
    for node in module.NODES
]

for node in NODES:
    hold_to_schema(node)
