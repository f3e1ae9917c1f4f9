"""Spatia Video through the host's executor: the frames of the single nodes, resumed, and told what is wrong early."""

from __future__ import annotations

import shutil

import pytest
import torch
from video_graphs import FRAMES, LENGTHS, common, counted_clips, run_with_depth, video  # noqa: F401  two are fixtures
from world_graphs import RESULTS, defaults, frames_of, node, samplers, world_of

DEPTH = {
    "depth_source": "bundled small network", "depth_kind": "metres", "near": 1.0, "far": 10.0, "depth_scale": 1.0,
    "da3_metric_resolution": 0,
}  # fmt: skip


def scene() -> dict:
    return node(
        "SpatiaEstimateScene", image=["image", 0], **DEPTH, field_of_view=62.0, intrinsics="", voxel_size=0.02,
        edge_filter=True, mask_grow=0, model=["model", 0],
    )  # fmt: skip


def by_hand(name: str, scaled: bool) -> dict:
    """The same clips by single nodes. scaled: along a path without a memory, which is fitted to the scene by hand."""
    graph = common(["scene", 0]) | {"scene": scene()}
    graph["open"] = node("SpatiaOpenWorld", name=name, branch="main", clip=0, memory=["scene", 0])
    graph["text"] = node("CLIPTextEncode", clip=["model", 1], text="a room")
    graph["negative"] = node("CLIPTextEncode", clip=["model", 1], text="")
    world, memory, cameras = ["open", 1], ["open", 0], ["path", 0]
    if scaled:
        graph |= {"path": common()["path"], "fitted": node("Fitted", cameras=["path", 0], memory=["scene", 0])}
        cameras = ["fitted", 0]
    for k in range(1, 5):
        window = [f"window{k}", 0]
        graph |= {
            f"window{k}": node("SpatiaClipWindow", cameras=cameras, clip=k, **LENGTHS),
            f"render{k}": node(
                "SpatiaRenderCameraPath", memory=memory, cameras=window, width=0, height=0, radius=0.03,
                points_per_pixel=5,
            ),
            f"references{k}": node(
                "SpatiaRetrieveReferences", memory=memory, cameras=window, mode="paper_iou", max_references=2,
                threshold=0.1, every=12, candidate_every=4,
            ),
            f"sampler{k}": node(
                "SpatiaSampler", model=["model", 0], positive=["text", 0], negative=["negative", 0], vae=["model", 2],
                memory=memory, cameras=window, projection=[f"render{k}", 0], holes=[f"render{k}", 1],
                references=[f"references{k}", 0], seed=3, steps=2, cfg=1.0, strength=1.0, start_percent=0.0,
                end_percent=1.0, lora="after the first clip",
            ),
            f"update{k}": node(
                "SpatiaUpdateMemory", memory=memory, frames=[f"sampler{k}", 0], cameras=window,
                padding=[f"window{k}", 1], **DEPTH, keyframe_every=4, edge_filter=True, mask_grow=0, consistency=True,
            ),
            f"commit{k}": node(
                "SpatiaCommitClip", world=world, memory=[f"update{k}", 0], latent=[f"sampler{k}", 1]
            ),
        }  # fmt: skip
        world, memory = [f"commit{k}", 0], [f"commit{k}", 1]
    return graph | {"keep": node("Keep", value=memory, name=name)}


@pytest.fixture
def fitted(nodes_of, pack_nodes, monkeypatch):
    """A node that fits a path to a scene, by the core's functions."""
    import nodes

    cameras_of = nodes_of("spatia_core.cameras")

    class Fitted:
        RETURN_TYPES = ("SPATIA_CAMERAS",)
        FUNCTION = "fit"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"cameras": ("SPATIA_CAMERAS",), "memory": ("SPATIA_MEMORY",)}}

        def fit(self, cameras, memory):
            depth = cameras_of.scene_depth(memory.cloud.positions, memory.cameras)
            return (cameras_of.continue_path(memory.cameras, cameras_of.scale_path(cameras, depth)),)

    monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, "Fitted", Fitted)


def same(a, b) -> bool:
    return torch.equal(frames_of(a), frames_of(b)) and all(map(torch.equal, a.cloud, b.cloud))


def latents_of(world) -> list[torch.Tensor]:
    return [world.latents(record.id) for record in world.chain(world.head("main"))[1:]]


@pytest.mark.parametrize("path", ["fit to the scene", "as it is"])
def test_its_frames_are_those_of_the_single_nodes(run, nodes_of, fitted, path):
    assert len(samplers(run(by_hand("hand", path != "as it is")))) == 4
    graph = video("one", path=path)
    if path == "as it is":
        graph |= {"scene": scene(), "path": common(["scene", 0])["path"]}
    run(graph)
    hand, one = RESULTS["hand"], RESULTS["one"]
    assert one.frame_count == FRAMES and same(hand, one)
    for a, b in zip(*(latents_of(world_of(nodes_of, name)) for name in ("hand", "one")), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("die_at", [1, 3, 4])
def test_stopped_and_queued_again_it_goes_on(run, counted, die_at):
    run(video("whole"))
    assert counted["count"] == 4
    counted.update(count=0, die_at=die_at)
    run(video("hurt"), fails="power went out")
    counted.update(count=0, die_at=None)
    ran = run(video("hurt"))
    assert counted["count"] == 5 - die_at and same(RESULTS["whole"], RESULTS["hurt"])
    # All of it is there: not even the model is loaded.
    assert "model" in ran and not {"model", "image"} & set(run(video("hurt")))
    assert counted["count"] == 5 - die_at


def test_what_is_changed_is_made_anew_and_the_rest_is_read(run, counted, nodes_of):
    run(video("w", prompts="a\nb"))
    for prompts, made in (("a\nb\nc", 2), ("a\nb\nc\nd", 1), ("a\nb", 0), ("x\nb", 4)):
        counted["count"] = 0
        run(video("w", prompts=prompts))
        assert counted["count"] == made, prompts
    counted["count"] = 0
    run(video("w", prompts="a\nb", seed=4))
    assert counted["count"] == 4
    world = world_of(nodes_of, "w")
    assert [record.made["prompt"] for record in world.chain(world.head("main"))[1:]] == ["a", "b", "b", "b"]


def on_a_world(name: str, clip: int, **inputs) -> dict:
    graph = video(name, image=None, world=["open", 1], **inputs)
    graph["open"] = node("SpatiaOpenWorld", name=name, branch="main", clip=clip)
    return graph


def test_it_goes_on_with_a_world(run, counted, nodes_of, monkeypatch):
    run(video("w"))
    first = RESULTS["w"]
    # From the last camera on, along a new path; and from there the same again.
    for clip, frames in ((-1, 65), (4, 65), (-1, 97)):
        counted["count"] = 0
        run(on_a_world("w", clip))
        assert RESULTS["w"].frame_count == frames and counted["count"] == (0 if clip == 4 else 4)
        assert torch.equal(frames_of(RESULTS["w"])[:FRAMES], frames_of(first))
    # The path of the whole video: what is left of it is made.
    graph = on_a_world("w", 2, path="as it is", prompts="a\nb\nc\nd")
    graph |= {"scene": scene(), "path": common(["scene", 0])["path"]}
    graph["video"]["inputs"]["cameras"] = ["given", 0]
    graph["given"] = node("Given")
    import nodes

    path = first.cameras

    class Given:
        RETURN_TYPES = ("SPATIA_CAMERAS",)
        FUNCTION = "give"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {}}

        def give(self):
            return (path,)

    monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, "Given", Given)
    counted["count"] = 0
    run(graph)
    assert counted["count"] == 2 and RESULTS["w"].frame_count == FRAMES
    world = world_of(nodes_of, "w")
    assert [record.made["prompt"] for record in world.chain(world.head("main"))[3:]] == ["c", "d"]
    # A path that is neither.
    path = first.cameras.select(slice(5, None))
    run(graph, fails="neither the path of the video so far")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"image": None}, "Neither image and world"),
        ({"depth_source": "moge_model"}, "nothing is connected to it"),
        ({"da3_model": ["model", 0], "depth_source": "bundled small network"}, "would be ignored"),
        ({"prompts": "a\nb\nc\nd\ne"}, "5 lines, and the path takes 4"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_loaded(run, inputs, message):
    assert "model" not in run(video("wrong", **inputs), fails=message)


def test_widgets_are_looked_at_before_the_run(nodes_of):
    check = nodes_of("nodes.video").SpatiaVideo.validate_inputs
    assert check() is True and check(name="a", prompts="x", first_frames=25, later_frames=25, history_frames=9) is True
    assert "prompts is empty" in check(prompts=" \n")
    assert "later_frames" in check(first_frames=25, later_frames=26, history_frames=9)
    assert "name" in check(name="a/b")


def test_a_removed_world_is_made_anew(run, counted, nodes_of):
    graph = video("gone")
    assert "video" in run(graph)
    assert "video" not in run(graph, restart=False)  # the host's cache knows it
    for made in (8, 12):
        shutil.rmtree(world_of(nodes_of, "gone").folder)
        assert "video" in run(graph, restart=False) and counted["count"] == made
        assert "video" not in run(graph, restart=False)


# --- made clip by clip, as the page's editor does ---


def along(name: str, frames: int, keyframes: str = "32 0.2 0 0 0 0 0", **inputs) -> dict:
    """The one-node graph along keyframes, which longer paths leave where they are."""
    graph = video(name, **inputs)
    graph["path"]["inputs"] |= {"preset": "keyframes", "keyframes": keyframes, "frames": frames}
    return graph


def test_a_longer_path_leaves_the_clips_that_are_there(run, counted):
    run(along("w", 33))  # 9 + 8 x 3: four whole clips
    short = RESULTS["w"]
    for frames, made in ((41, 1), (45, 1), (49, 1), (33, 0)):  # the clip to 45 is padded, and goes on to 49
        counted["count"] = 0
        run(along("w", frames))
        assert counted["count"] == made, frames
        assert torch.equal(frames_of(RESULTS["w"])[:33], frames_of(short))


def test_a_moved_keyframe_makes_the_clips_after_it_anew(run, counted):
    ends = "8 0 0 0 0 0 0\n9 0 0 0 0 0 0\n{} 0.2 0 0 0 0 0"
    run(along("w", 33, ends.format(32)))
    counted["count"] = 0
    run(along("w", 33, ends.format(30)))
    assert counted["count"] == 3


def test_how_a_path_is_made_does_not_matter(run, counted):
    run(along("w", 33))
    graph = along("w", 33)
    graph["first"] = graph["path"]
    graph["path"] = node(
        "SpatiaConcatCameras", **defaults("SpatiaConcatCameras") | {"first": ["first", 0], "second": ["still", 0]}
    )
    graph["still"] = node(
        "SpatiaCameraPath",
        **defaults("SpatiaCameraPath") | {"preset": "static", "frames": 9, "width": 64, "height": 32, "fov": 62.0},
    )
    counted["count"] = 0
    run(graph)
    assert counted["count"] == 1 and RESULTS["w"].frame_count == 41


def test_a_clip_with_another_seed_and_back(run, counted, nodes_of):
    run(video("w"))
    first = RESULTS["w"]
    for seeds, made in (("3: 17", 2), ("", 0), ("3: 17", 0), ("3: 17\n4: 5", 1), ("9: 1", 0)):
        counted["count"] = 0
        run(video("w", clip_seeds=seeds))
        assert counted["count"] == made, seeds
        assert torch.equal(frames_of(RESULTS["w"])[:17], frames_of(first)[:17])
        assert same(RESULTS["w"], first) == (seeds in ("", "9: 1"))
        world = world_of(nodes_of, "w")
        wanted = {"3: 17": [3, 3, 17, 3], "3: 17\n4: 5": [3, 3, 17, 5]}.get(seeds, [3, 3, 3, 3])
        chain = world.chain(world.head("main"))[1:]
        assert [record.made["settings"]["seed"] for record in chain] == wanted


@pytest.mark.parametrize(
    "seeds", ["3", "a: 1", "0: 1", "3: -1", "3: 1.5", "3: 18446744073709551616", "3: 1\n3: 2", "٣: 1"]
)
def test_bad_seeds_are_refused_before_the_run(nodes_of, seeds):
    check = nodes_of("nodes.video").SpatiaVideo.validate_inputs
    assert "clip_seeds" in check(clip_seeds=seeds)
    assert check(clip_seeds=" 3 : 1 \n\n4: 18446744073709551615") is True
