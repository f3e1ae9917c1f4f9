"""The template of "Memorize When Needed", run whole in the host: small random networks lie where the released files would.

Two of its loaders are stood in for, as the host knows one size of them only: the text encoder by the bundled model's, and CLIP
vision is left out.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from small_decoupled import HEADS, branch_weights, camera_branch_weights, i2v_weights, wan21_vae_weights
from small_model import HEIGHT, TEXT, WIDTH
from world_graphs import RESULTS, frames_of, node, world_of

from tools.workflows import nodes_of as nodes_of_kind
from tools.workflows import workflow_to_prompt

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = ROOT / "workflows" / "Memorize When Needed, needs Wan2.1 I2V 14B weights, one clip per run.json"
CLIPS, NEW = 3, 8  # clips of the path, and frames that each adds
KINDS = {
    name: f"Spatia{name}"
    for name in ("FitImage", "CameraPath", "ClipWindow", "DecoupledClip", "OpenWorld", "CommitClip", "WorldVideo")
}


def offered(workflow: dict) -> dict:
    """What a server says of the workflow's nodes, as far as their widgets go by it."""
    import nodes

    kinds = {entry["type"] for entry in workflow["nodes"]} - {"MarkdownNote"}
    classes = {kind: nodes.NODE_CLASS_MAPPINGS[kind] for kind in kinds}
    return {
        kind: cls.GET_NODE_INFO_V1() if hasattr(cls, "GET_NODE_INFO_V1") else {"input": cls.INPUT_TYPES()}
        for kind, cls in classes.items()
    }


@pytest.fixture
def released_files(comfy_host):
    """The files that the template names, small and random."""
    sizes, heads = {"latent_channels": 16, "extra": 20, "pixels": 8}, {"num_attention_heads": str(HEADS)}
    made = [
        ("diffusion_models", "wan2.1_i2v_480p_14B_fp16", *i2v_weights(TEXT)),
        ("vae", "wan_2.1_vae", wan21_vae_weights(), None),
        ("model_patches", "memorize_camera_controlnet", camera_branch_weights(**sizes), heads),
        ("model_patches", "memorize_history_controlnet", branch_weights(**sizes), heads),
    ]
    paths = [comfy_host / "models" / folder / f"{name}.safetensors" for folder, name, *_ in made]
    for path, (*_, weights, header) in zip(paths, made, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(weights, path, header)
    yield
    for path in paths:
        path.unlink()


@pytest.fixture
def graph(pack_nodes, released_files) -> dict:
    """The template's own graph at 64x32, 9 frames per clip and 2 steps, with what a test looks at kept."""
    workflow = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    graph = workflow_to_prompt(workflow, offered(workflow))
    (text,), (vision,) = (nodes_of_kind(graph, kind) for kind in ("CLIPLoader", "CLIPVisionLoader"))
    graph[text] = node(
        "SpatiaLoadModel", backbone="bundled small model", control="bundled small model", lora="none", lora_strength=1.0,
        dtype="default",
    )  # fmt: skip
    for number in nodes_of_kind(graph, "CLIPTextEncode"):
        graph[number]["inputs"]["clip"] = [text, 1]
    places = {name: nodes_of_kind(graph, kind)[0] for name, kind in KINDS.items()}
    del graph[vision], graph[places["DecoupledClip"]]["inputs"]["clip_vision"]
    for kind, values in {
        "LoadImage": {"image": "world_start.png"},
        "SpatiaFitImage": {"size": "width and height below", "width": WIDTH, "height": HEIGHT},
        "SpatiaCameraPath": {"frames": 1 + CLIPS * NEW},
        "SpatiaClipWindow": {"first_frames": 1 + NEW, "later_frames": 1 + NEW, "history_frames": 1},
        "KSampler": {"steps": 2},
    }.items():
        graph[nodes_of_kind(graph, kind)[0]]["inputs"].update(values)
    for name, place, slot in (("report", "DecoupledClip", 4), ("video", "WorldVideo", 0), ("memory", "CommitClip", 1)):
        graph[f"keep {name}"] = node("Keep", value=[places[place], slot], name=name)
    return graph


def remembered(report: str) -> list[int]:
    """The frames of the video that a clip's latent frames remember."""
    return [
        int(frame) for frame in re.findall(r"^latent \d+ \(frame \d+\): frame (\d+): overlap", report, re.MULTILINE)
    ]


def test_one_clip_per_run_and_the_way_back_remembers_the_way_out(run, nodes_of, graph):
    import av
    import folder_paths

    reports = []
    for clip in range(1, CLIPS + 1):
        run(graph)
        reports.append(RESULTS["report"])
        assert RESULTS["memory"].frame_count == 1 + clip * NEW
        # Written when the path is done, and not before.
        assert bool(RESULTS["video"]) == (clip == CLIPS)
    file = f"{folder_paths.get_output_directory()}/{RESULTS['video'].removesuffix(' [output]')}"
    with av.open(file) as video:
        assert sum(1 for _ in video.decode(video=0)) == 1 + CLIPS * NEW
    world, video = world_of(nodes_of, "memorize_14b"), RESULTS["memory"]
    assert [record.frames for record in world.chain(world.head("main"))] == [1, NEW, NEW, NEW]
    # No pixel of the clips stays in the machine's memory: of each a name of its file.
    stored = nodes_of("spatia_core.world.frames").StoredFrames
    assert all(isinstance(clip.frames, stored) for clip in video.clips)

    # The camera turns away in frames 0 to 12 and comes back in 12 to 24: a frame k meets frame 24 - k again.
    assert reports[0].startswith(f"{1 + NEW} frames from the image on") and not remembered(reports[0])
    assert reports[2].startswith(f"{1 + NEW} frames from frame {2 * NEW} on, the first 1 as they are")
    found = remembered(reports[2])
    assert found and all(frame < NEW for frame in found), reports[2]
    assert found[-1] in range(4), reports[2]  # frames 21 to 24 meet 3 to 0

    # The third clip again without what it remembers is another one, from the same frame on.
    kept = frames_of(video)
    again = {"SpatiaOpenWorld": {"clip": CLIPS - 1}, "SpatiaDecoupledClip": {"memory_strength": 0.0}}
    for kind, values in again.items():
        (entry,) = (entry for entry in graph.values() if entry["class_type"] == kind)
        entry["inputs"].update(values)
    run(graph)
    forgot = frames_of(RESULTS["memory"])
    assert torch.equal(forgot[:-NEW], kept[:-NEW]) and not torch.equal(forgot[-NEW:], kept[-NEW:])
