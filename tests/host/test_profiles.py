"""Widgets that say auto follow the model, and what is known before a run is said before it."""

from __future__ import annotations

import asyncio

import pytest
import torch
from small_model import DIM
from video_graphs import FRAMES, LENGTHS, counted_clips, run_with_depth, video  # noqa: F401  two are fixtures
from world_graphs import RESULTS, defaults, frames_of, node, world_of

AUTO = {
    "first_frames": 0, "later_frames": 0, "history_frames": 0, "radius": 0.0, "voxel_size": 0.0, "max_references": -1,
    "every": 0, "candidate_every": 0, "steps": 0, "cfg": 0.0,
}  # fmt: skip
SET = LENGTHS | {
    "radius": 0.03, "voxel_size": 0.02, "max_references": 2, "every": 4, "candidate_every": 2, "steps": 2, "cfg": 1.0
}  # fmt: skip


@pytest.fixture
def profile(nodes_of, monkeypatch):
    """A profile of the random network."""
    module = nodes_of("spatia_core.profile")
    tiny = module.SMALL._replace(name="the random network", dim=DIM, sizes=((64, 32),), **SET)
    monkeypatch.setitem(module.PROFILES, tiny.name, tiny)
    return tiny


def test_new_nodes_are_set_to_auto(run):
    assert {name: defaults("SpatiaVideo")[name] for name in AUTO} == AUTO
    for kind in (
        "SpatiaClipWindow",
        "SpatiaRenderCameraPath",
        "SpatiaRetrieveReferences",
        "SpatiaSampler",
        "SpatiaEstimateScene",
    ):
        found = defaults(kind)
        assert {name: found[name] for name in AUTO.keys() & found.keys()} == {
            name: AUTO[name] for name in AUTO.keys() & found.keys()
        }
    assert defaults("SpatiaEstimateScene")["depth_source"] == defaults("SpatiaUpdateMemory")["depth_source"] == "auto"


def test_spatia_video_on_auto_is_the_one_that_is_set(run, counted, profile, nodes_of, caplog):
    run(video("set", **SET))
    assert counted["count"] == 4
    run(video("auto", **AUTO, depth_source="auto"))
    assert counted["count"] == 8
    assert torch.equal(frames_of(RESULTS["auto"]), frames_of(RESULTS["set"]))
    assert RESULTS["auto"].made_for == profile.name and RESULTS["auto"].voxel_size == 0.02
    # What a world was begun for it says itself: when all is there, no model is loaded.
    assert "model" not in run(video("auto", **AUTO, depth_source="auto")) and counted["count"] == 8
    # A setting that is typed as the model has it makes nothing anew.
    run(video("auto", **AUTO | {"radius": 0.03, "steps": 2}, depth_source="auto"))
    assert counted["count"] == 8 and "drawn with radius" not in caplog.text
    run(video("auto", **AUTO | {"radius": 0.04}, depth_source="auto"))
    assert counted["count"] == 12
    # What the model was not made for is said once, not of every clip.
    assert caplog.text.count("Points are drawn with radius 0.04") == 1
    made = world_of(nodes_of, "auto").chain(world_of(nodes_of, "auto").head("main"))
    assert sum(record.frames for record in made) == FRAMES


def parts(model_to: tuple[str, ...]) -> dict:
    """A first clip by single nodes, as they are dropped onto the canvas; `model_to`: which of them get the model."""
    link = {"model": ["model", 0]}
    graph = video("parts")
    graph = {name: graph[name] for name in ("image", "model", "path")} | {
        "fit": node("SpatiaFitImage", image=["image", 0], **defaults("SpatiaFitImage")),
        "scene": node("SpatiaEstimateScene", image=["fit", 0], **defaults("SpatiaEstimateScene")),
        "window": node("SpatiaClipWindow", cameras=["path", 0], **defaults("SpatiaClipWindow")),
        "render": node(
            "SpatiaRenderCameraPath", memory=["scene", 0], cameras=["window", 0], **defaults("SpatiaRenderCameraPath")
        ),
        "text": node("CLIPTextEncode", clip=["model", 1], text=""),
    }
    path = defaults("SpatiaCameraPath") | {"preset": "keyframes", "memory": ["scene", 0]}
    graph["path"] = node("SpatiaCameraPath", **path)
    graph["sampler"] = node(
        "SpatiaSampler", **link, positive=["text", 0], negative=["text", 0], vae=["model", 2], memory=["scene", 0],
        cameras=["window", 0], projection=["render", 0], holes=["render", 1], **defaults("SpatiaSampler"),
    )  # fmt: skip
    graph["update"] = node(
        "SpatiaUpdateMemory", memory=["scene", 0], frames=["sampler", 0], cameras=["window", 0],
        **defaults("SpatiaUpdateMemory") | {"padding": ["window", 1]},
    )  # fmt: skip
    for name in model_to:
        graph[name]["inputs"] |= link
    return graph | {"keep": node("Keep", value=["update", 0], name="parts")}


def test_single_nodes_on_their_defaults_film_with_any_model(run, profile):
    run(parts(("fit", "scene", "window")))
    memory = RESULTS["parts"]
    assert (memory.width, memory.height) == (64, 32) and memory.frame_count == 9
    assert memory.made_for == profile.name and memory.voxel_size == 0.02


def test_what_a_model_was_not_made_for_is_said(run, profile, nodes_of, monkeypatch):
    told = []
    monkeypatch.setattr(nodes_of("nodes.sampler"), "notice", lambda cls, *notes: told.extend(notes))
    graph = parts(("fit",))
    graph["window"]["inputs"]["first_frames"] = 17
    run(graph)
    assert [part in note for part, note in zip(("first_frames to 9", "made with 0.02"), told, strict=False)] == [
        True
    ] * 2
    other = nodes_of("spatia_core.profile").SMALL
    memory = RESULTS["parts"]._replace(made_for=other.name)
    cameras = memory.cameras.select([memory.frame_count - 1] * 13)._replace(history=1)
    model, _, _ = nodes_of("nodes.host.models").load_spatia_model(*["bundled small model"] * 2, "none", 1.0, "default")
    assert (
        "was begun for the bundled small model"
        in nodes_of("nodes.host.profiles").clip_misfits(model, memory, cameras)[-1]
    )


def refused(graph: dict) -> dict[str, list[str]]:
    """What the host says of a prompt before it runs it: {node id: details}."""
    import execution

    _, _, _, errors = asyncio.run(execution.validate_prompt("prompt", graph, None))
    return {name: [error["details"] for error in entry["errors"]] for name, entry in errors.items()}


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("scene", {"depth_source": "connected input"}, "No depth is connected"),
        ("scene", {"depth_source": "none", "depth_map": ["image", 0]}, "would be ignored"),
        ("scene", {"depth_map": ["image", 0], "moge_geometry": ["fit", 0]}, "expected MOGE_GEOMETRY"),
        ("update", {"depth_source": "connected input"}, "No depth is connected"),
        ("window", {"later_frames": 26}, "4n + 1 (such as 25 or 29)"),
        ("window", {"first_frames": 9, "later_frames": 9, "history_frames": 9}, "increase later_frames"),
        ("fit", {"size": "width and height below", "width": 100}, "multiples of 32; change them to 96x704"),
        ("path", {"frames": 20}, "A keyframe at frame 24 was given for a path of 20"),
    ],
)
def test_what_is_known_before_a_run_is_said_before_it(run, nodes_of, name, changed, message):
    graph = parts(())
    assert refused(graph) == {}
    graph[name]["inputs"] |= changed
    found = refused(graph)
    assert list(found) == [name] and all(message in details for details in found[name])
    # The host repeats it for every widget that was looked at; the page shows it once.
    assert len({details.split(" - ", 1)[1] for details in found[name]}) == 1
