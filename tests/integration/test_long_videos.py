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
    """A function: name of a template -> its graph on the demo's image."""
    uploaded = asyncio.run(upload_image(server, DEMO_IMAGE))

    def graph_of(name: str) -> dict:
        workflow = json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
        graph = workflow_to_prompt(workflow, object_info)
        graph[nodes_of(graph, "LoadImage")[0]]["inputs"]["image"] = uploaded
        return graph

    return graph_of


def world(base, name: str) -> World:
    return World(base / "output" / "spatia" / "worlds" / name)


def frames_of(world: World) -> torch.Tensor:
    memory = world.memory(world.head("main"))
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


@pytest.mark.long(600, "starts a server of its own")
def test_a_killed_server_loses_the_clip_at_work(one_node, server, comfyui_path, base):
    """kill -9 once the second clip is there; another server makes the rest, and the frames are those of the template's."""
    graph = copy.deepcopy(one_node[0])
    graph[nodes_of(graph, "SpatiaVideo")[0]]["inputs"]["name"] = "killed"
    killed = world(base, "killed")

    def kill(process) -> None:
        deadline = time.monotonic() + 300
        while len(killed.clips()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()

    with Server(comfyui_path, base, base) as dying:
        killer = threading.Thread(target=kill, args=(dying.process,))
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
