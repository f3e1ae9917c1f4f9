"""The templates of long videos on a real server; and one that is killed and started again."""

import asyncio
import copy
import json
import threading
import time
from pathlib import Path

import av
import pytest
import torch

from spatia_core.world import World
from tools.client import Progress, run_prompt, upload_image
from tools.console import RunError
from tools.places import DEMO_IMAGE
from tools.server import Server
from tools.workflows import nodes_of, workflow_to_prompt

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def graph_of(server, object_info):
    """A function: name of a template, whether its groups are switched over -> its graph on the demo's image."""
    uploaded = asyncio.run(upload_image(server, DEMO_IMAGE))

    def graph_of(name: str, switched: bool = False) -> dict:
        workflow = json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
        if switched:
            switch(workflow)
        graph = workflow_to_prompt(workflow, object_info)
        graph[nodes_of(graph, "LoadImage")[0]]["inputs"]["image"] = uploaded
        return graph

    return graph_of


def switch(workflow: dict) -> None:
    """Mute the nodes of the group Draft and wake those of the group Final, as the page's menu of a group does."""
    for group in workflow["groups"]:
        left, top, width, height = group["bounding"]
        mode = 2 if group["title"].startswith("Draft") else 0 if group["title"].startswith("Final") else None
        for node in workflow["nodes"]:
            x, y = node["pos"]
            if mode is not None and left <= x < left + width and top <= y < top + height:
                node["mode"] = mode


def world(base, name: str) -> World:
    return World(base / "output" / "spatia" / "worlds" / name)


def frames_of(world: World, branch: str = "main") -> torch.Tensor:
    memory = world.memory(world.head(branch))
    return memory.read_frames(range(memory.frame_count))


def frames_in(file: Path) -> int:
    with av.open(str(file)) as video:
        return sum(1 for _ in video.decode(video=0))


@pytest.fixture(scope="module")
def one_node(graph_of, server, base):
    """The template of one node, run to its end: (its graph, what its nodes showed)."""
    graph = graph_of("Image to video in one node, runs now, 73 frames")
    outputs = asyncio.run(run_prompt(server, copy.deepcopy(graph), Progress(graph, quiet=True)))
    return graph, outputs


class TestTemplates:
    def test_one_node_video(self, one_node, base):
        graph, outputs = one_node
        video, writer = (outputs[nodes_of(graph, kind)[0]] for kind in ("SpatiaVideo", "SpatiaWorldVideo"))
        assert len(video["images"]) == 5 and "World one_node_video: 4 clip(s), 73 frames" in video["text"][0]
        file = writer["images"][0]
        assert frames_in(base / "output" / file["subfolder"] / file["filename"]) == 73
        frames = frames_of(world(base, "one_node_video"))
        # Out and back: the place is the same again, and another in between.
        gap = [float((frames[k].float() - frames[0].float()).square().mean()) for k in (36, 72)]
        assert gap[1] < gap[0] / 3

    def test_long_walk_is_run_once_per_clip(self, graph_of, submit, base):
        graph = graph_of("Long walk, runs now, one clip per run")
        graph[nodes_of(graph, "SpatiaCameraPath")[0]]["inputs"]["frames"] = (
            57  # three clips are as many as five to the server
        )
        writer = nodes_of(graph, "SpatiaWorldVideo")[0]
        for clip in range(1, 4):
            outputs, _ = submit(copy.deepcopy(graph))
            assert len(world(base, "long_walk").clips()) == 1 + clip
            assert ("images" in outputs[writer]) == (clip == 3)
        file = outputs[writer]["images"][0]
        assert frames_in(base / "output" / file["subfolder"] / file["filename"]) == 57
        # One run too many changes nothing.
        with pytest.raises(RunError, match="Clip 4 was asked for"):
            submit(copy.deepcopy(graph))
        assert len(world(base, "long_walk").clips()) == 4

    def test_draft_then_final(self, graph_of, submit, base):
        """The draft in two runs; then, the groups switched over, as many for the final, on the draft's cloud."""
        name = "Draft, then final, runs now, one clip per run"
        made = world(base, "draft_then_final")
        for branch, switched in (("draft", False), ("final", True)):
            graph = graph_of(name, switched)
            assert len(nodes_of(graph, "SpatiaCommitClip")) == 1
            graph[nodes_of(graph, "SpatiaCameraPath")[0]]["inputs"]["frames"] = 41
            for clip in range(1, 3):
                outputs, progress = submit(copy.deepcopy(graph))
                assert made.record(made.head(branch)).number == clip
            (sampler,) = nodes_of(graph, "SpatiaSampler")
            assert progress.steps[sampler] == (6 if switched else 1)
            file = outputs[nodes_of(graph, "SpatiaWorldVideo")[0]]["images"][0]
            assert frames_in(base / "output" / file["subfolder"] / file["filename"]) == 41
        draft, final = (made.memory(made.head(branch)) for branch in ("draft", "final"))
        assert (
            torch.equal(draft.cloud.positions, final.cloud.positions)
            and draft.cloud.view.max() > final.cloud.view.max() == 0
        )
        # Written once, with the first clip that has it.
        assert [record.cloud for record in made.chain(made.head("final"))] == ["whole", "whole", "same"]
        assert (
            torch.equal(draft.cameras.w2c, final.cameras.w2c)
            and draft.cloud.size > made.memory(made.chain(made.head("draft"))[0].id).cloud.size
        )
        pictures = [frames_of(made, branch).float() for branch in ("draft", "final")]
        apart = (pictures[0] - pictures[1]).square().flatten(1).mean(1)
        assert apart[0] == 0 and (apart[1:] > 0).all()
        # Frame by frame the same place: nearer to its own frame of the draft than to one half a path away.
        away = (pictures[0].roll(20, 0) - pictures[1]).square().flatten(1).mean(1)
        assert (apart[15:26] < away[15:26] / 3).all()


@pytest.mark.long(600, "starts a server of its own")
def test_a_killed_server_loses_the_clip_at_work(one_node, server, comfyui_path, base):
    """kill -9 once the second clip is there; another server makes the rest, and the frames are those of the template's."""
    graph = copy.deepcopy(one_node[0])
    graph[nodes_of(graph, "SpatiaVideo")[0]]["inputs"]["name"] = "killed"
    killed = world(base, "killed")

    def kill(dying: Server) -> None:
        deadline = time.monotonic() + 300
        while len(killed.clips()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        dying.kill()

    with Server(comfyui_path, base, base) as dying:
        killer = threading.Thread(target=kill, args=(dying,))
        killer.start()
        with pytest.raises((RunError, OSError)):
            asyncio.run(run_prompt(dying, copy.deepcopy(graph), Progress(graph, quiet=True)))
        killer.join()
    before = {clip: (Path(killed.clip_folder(clip)) / "frames.mkv").stat().st_mtime_ns for clip in killed.clips()}
    assert 3 <= len(before) < 5
    asyncio.run(run_prompt(server, copy.deepcopy(graph), Progress(graph, quiet=True)))
    for clip, written in before.items():
        assert (Path(killed.clip_folder(clip)) / "frames.mkv").stat().st_mtime_ns == written
    assert torch.equal(frames_of(killed), frames_of(world(base, "one_node_video")))
