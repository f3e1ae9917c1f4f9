"""The sample workflows on the real server: run to the end, looked at, run again, and changed."""

import argparse
import asyncio
import copy
import io
import json
import re
import urllib.request
from pathlib import Path

import av
import numpy as np
import pytest
from expand import expand_subgraphs
from PIL import Image

from spatia_core.cloud.ply import read_ply
from tools.client import upload_image
from tools.clips import configure, with_clips
from tools.console import RunError
from tools.demo import collect, make, saved_file
from tools.places import DEMO_IMAGE, PACK_ID
from tools.workflows import nodes_of, workflow_to_prompt

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parent.parent.parent
MEMORIZE = "Memorize When Needed, needs Wan2.1 I2V 14B weights, one clip per run"


def load(name: str) -> dict:
    return json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))


def video_frames(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def workflow() -> dict:
    return load("Image to loop, runs now, 41 frames out and back")


@pytest.fixture(scope="module")
def graph(server, object_info, workflow) -> dict:
    """The quick start as `run.py demo` submits it."""
    uploaded = asyncio.run(upload_image(server, DEMO_IMAGE))
    return configure(workflow_to_prompt(workflow, object_info), workflow, image=uploaded)


@pytest.fixture(scope="module")
def first_run(graph, submit):
    return submit(copy.deepcopy(graph))


def samplers(graph) -> list[str]:
    return nodes_of(graph, "SpatiaSampler")


class TestQuickStart:
    def test_progress_is_reported(self, graph, first_run):
        _, progress = first_run
        for sampler in samplers(graph):
            assert progress.steps[sampler] == graph[sampler]["inputs"]["steps"]
            assert progress.seconds[sampler] > 0

    def test_what_comes_out(self, graph, first_run, server, tmp_path, capsys):
        outputs, _ = first_run
        collect(server, graph, outputs, tmp_path / "output")
        report = capsys.readouterr().out
        video = tmp_path / "output" / "demo_001.mp4"
        frames = video_frames(video)
        assert len(frames) == 41 and frames[0].size == (192, 128)
        assert read_ply(tmp_path / "output" / "demo_001.ply").size > 1000
        sheet = Image.open(tmp_path / "output" / "demo_001_sheet.png")
        assert sheet.width > 4 * 192 and sheet.height > 6 * 128
        assert float(re.search(r"PSNR ([\d.]+) dB", report).group(1)) > 30  # 33.5 where it was measured
        assert all(str(tmp_path / "output" / f"demo_001{end}") in report for end in (".mp4", ".ply", "_sheet.png"))

    def test_results_are_numbered(self, graph, first_run, server, tmp_path):
        for _ in range(2):
            collect(server, graph, first_run[0], tmp_path)
        assert sorted(path.name for path in tmp_path.glob("*.mp4")) == ["demo_001.mp4", "demo_002.mp4"]

    def test_the_memory_grows(self, graph, first_run):
        updates = nodes_of(graph, "SpatiaUpdateMemory")
        assert all("points" in first_run[0][number]["text"][0] for number in updates)

    def test_a_second_run_comes_from_the_cache(self, graph, first_run, submit):
        _, progress = submit(copy.deepcopy(graph))
        assert not progress.seconds

    def test_a_change_in_clip_2_leaves_clip_1_alone(self, graph, first_run, submit):
        changed = copy.deepcopy(graph)
        one, two = samplers(changed)
        changed[two]["inputs"].update(seed=1)
        _, progress = submit(changed)
        assert two in progress.seconds and one not in progress.seconds
        assert nodes_of(changed, "SpatiaEstimateScene")[0] not in progress.seconds


class TestDemo:
    def test_another_image_and_a_short_path(self, server, base, tmp_path, capsys):
        """A wide picture, cropped to the video's size, and a path that one clip holds."""
        Image.open(base / "input" / "image.png").resize((700, 300)).save(tmp_path / "photo.jpg")
        options = argparse.Namespace(
            image=tmp_path / "photo.jpg", prompt="a hall", frames=17, seed=5, output=tmp_path / "output"
        )
        asyncio.run(make(server, options))
        frames = video_frames(tmp_path / "output" / "demo_001.mp4")
        assert len(frames) == 17  # the clip's padding is cut
        assert "clip 1" in capsys.readouterr().out


class TestAnyNumberOfClips:
    @pytest.mark.parametrize("frames, clips", [(5, 1), (25, 1), (26, 2), (41, 2), (42, 3), (57, 3), (100, 6)])
    def test_clips_for_a_path(self, graph, workflow, object_info, frames, clips):
        prompt = configure(workflow_to_prompt(workflow, object_info), workflow, image="x.png", frames=frames, seed=3)
        assert len(samplers(prompt)) == clips
        assert [prompt[number]["inputs"]["seed"] for number in samplers(prompt)] == [3] * clips
        windows = nodes_of(prompt, "SpatiaClipWindow")
        assert [prompt[number]["inputs"]["clip"] for number in windows] == list(range(1, clips + 1))
        for entry in prompt.values():
            for value in entry["inputs"].values():
                assert not isinstance(value, list) or value[0] in prompt
        join = prompt[nodes_of(prompt, "SpatiaJoinClips")[0]]["inputs"]
        assert [join[f"clips.clip{k}"][0] for k in range(clips)] == samplers(prompt)
        assert f"clips.clip{clips}" not in join

    def test_options_reach_their_widgets(self, workflow, object_info):
        prompt = configure(workflow_to_prompt(workflow, object_info), workflow, image="x.png", text="a hall")
        assert prompt[nodes_of(prompt, "LoadImage")[0]]["inputs"]["image"] == "x.png"
        texts = {
            prompt[number]["_meta"]["title"]: prompt[number]["inputs"]["text"]
            for number in nodes_of(prompt, "CLIPTextEncode")
        }
        assert texts["Prompt"] == "a hall" and texts["Negative prompt"] != "a hall"

    def test_each_clip_starts_from_the_memory_before(self, workflow, object_info):
        prompt = configure(workflow_to_prompt(workflow, object_info), workflow, image="x.png", frames=73)
        updates = nodes_of(prompt, "SpatiaUpdateMemory")
        before = [nodes_of(prompt, "SpatiaEstimateScene")[0], *updates]
        for kind in ("SpatiaRenderCameraPath", "SpatiaSampler", "SpatiaUpdateMemory"):
            assert [prompt[number]["inputs"]["memory"][0] for number in nodes_of(prompt, kind)] == before[:-1]
        assert prompt[nodes_of(prompt, "SpatiaSaveScene")[0]]["inputs"]["memory"][0] == updates[-1]

    def test_the_two_clip_graph_is_the_file_itself(self, workflow, object_info):
        prompt = workflow_to_prompt(workflow, object_info)
        assert with_clips(prompt, workflow, 2) == prompt


@pytest.fixture
def run_sample(server, object_info, submit):
    """A function: run_sample("name", change=None) -> (outputs of its nodes, the graph that ran)."""

    def run(name: str, change=None):
        graph = workflow_to_prompt(expand_subgraphs(load(name)), object_info)
        uploaded = asyncio.run(upload_image(server, DEMO_IMAGE))
        for number in nodes_of(graph, "LoadImage"):
            graph[number]["inputs"]["image"] = uploaded
        if change:
            change(graph)
        outputs, _ = submit(graph)
        return outputs, graph

    return run


def saved_video(server, graph, outputs, tmp_path) -> list[Image.Image]:
    video = tmp_path / "video.mp4"
    video.write_bytes(server.fetch(outputs[nodes_of(graph, "SaveVideo")[0]]["images"][0]))
    return video_frames(video)


class TestSamplesOfTheSmallModel:
    def test_image_to_clip(self, run_sample, server, tmp_path):
        outputs, graph = run_sample("Image to clip, runs now, 25 frames of an orbit")
        assert len(saved_video(server, graph, outputs, tmp_path)) == 25
        report = outputs[nodes_of(graph, "PreviewAny")[0]]["text"][0]
        assert 50 < float(re.match(r"The scene covers ([\d.]+) % of the 25 frame", report).group(1)) <= 100

    def test_looped_generation_through_subgraphs(self, run_sample, server, tmp_path):
        outputs, graph = run_sample("Image to long loop, runs now, four clips in subgraphs")
        assert len(samplers(graph)) == 4
        assert [graph[number]["inputs"]["clip"] for number in nodes_of(graph, "SpatiaClipWindow")] == [
            1,
            2,
            3,
            4,
        ]
        assert len(saved_video(server, graph, outputs, tmp_path)) == 73
        # References came in from the second clip on, and the memory took in all four clips.
        reports = [outputs[number]["text"][0] for number in nodes_of(graph, "SpatiaRetrieveReferences")]
        assert len(reports) == 3 and not any(report.startswith("No references") for report in reports[1:])
        assert "points" in outputs[nodes_of(graph, "SpatiaUpdateMemory")[-1]]["text"][0]

    def test_edit_scene(self, run_sample, server, tmp_path):
        outputs, graph = run_sample("Edit between two clips, runs now, a recoloured object")
        assert len(saved_video(server, graph, outputs, tmp_path)) == 41
        report = outputs[nodes_of(graph, "PreviewAny")[0]]["text"][0]
        assert int(re.search(r"recoloured (\d+) of", report).group(1)) > 100, report
        one, two = (outputs[number]["images"] for number in nodes_of(graph, "PreviewImage"))
        # The object in the middle is red in the projection of the second clip, when the camera is back.
        before, after = (red_pixels(server.fetch(entry)) for entry in (one[0], two[-1]))
        assert after > before + 100

    def test_edit_before_the_first_clip(self, run_sample, server, tmp_path):
        outputs, graph = run_sample("Edit before the first clip, runs now, a removed object")
        assert len(saved_video(server, graph, outputs, tmp_path)) == 25
        report = outputs[nodes_of(graph, "SpatiaEditPointCloud")[0]]["text"][0]
        assert int(re.search(r"removed (\d+) of", report).group(1)) > 1000, report
        # Where the object stood, the projection is a hole.
        (preview,) = nodes_of(graph, "PreviewImage")
        first = np.asarray(Image.open(io.BytesIO(server.fetch(outputs[preview]["images"][0]))).convert("RGB"))
        given = np.asarray(Image.open(DEMO_IMAGE).convert("RGB").resize((192, 128)))
        middle = np.s_[34:80, 92:106]
        assert first[middle].max() < 10 < given[middle].mean()

    def test_two_memories_side_by_side(self, run_sample, server, tmp_path):
        outputs, graph = run_sample("Two memories side by side, runs now, 41 frames")
        frames = saved_video(server, graph, outputs, tmp_path)
        assert len(frames) == 41 and frames[0].size == (192 + 8 + 192, 128)
        report = outputs[nodes_of(graph, "SpatiaApplyDecoupledMemory")[0]]["text"][0]
        assert int(re.match(r"(\d+) of 7 latent frames remember", report).group(1)) > 0, report
        # Clip 1 is the same on both sides, clip 2 is not.
        left, right = (
            np.stack([np.asarray(frame.crop((x, 0, x + 192, 128)), int) for frame in frames]) for x in (0, 200)
        )
        change = np.abs(left - right).mean((1, 2, 3))
        assert change[:20].max() < 5 < change[-4:].max()

    def test_path_from_file(self, run_sample, server, base, tmp_path):
        outputs, graph = run_sample("Camera path from a file, runs now, 25 frames")
        assert len(saved_video(server, graph, outputs, tmp_path)) == 25
        widgets = graph[nodes_of(graph, "SpatiaImportCameras")[0]]["inputs"]
        folder = base / "input" / "shot"
        folder.mkdir(exist_ok=True)
        (folder / "w2c.txt").write_text(widgets["text"], encoding="utf-8")
        (folder / "intrinsics.txt").write_text(widgets["intrinsics"], encoding="utf-8")

        def from_the_folder(graph):
            importer, exporter = (nodes_of(graph, kind)[0] for kind in ("SpatiaImportCameras", "SpatiaExportCameras"))
            graph[importer]["inputs"].update(file="shot", text="", intrinsics="")
            for number in graph.keys() - {importer, exporter}:
                del graph[number]

        again, _ = run_sample("Camera path from a file, runs now, 25 frames", change=from_the_folder)
        exporter = nodes_of(graph, "SpatiaExportCameras")[0]
        for ending in ("images.txt", "cameras.txt"):
            texts = [server.fetch(saved_file(each[exporter], ending)) for each in (outputs, again)]
            assert texts[0] == texts[1]


def red_pixels(picture: bytes) -> int:
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    return int((pixels[..., 0] > 2 * np.maximum(pixels[..., 1], pixels[..., 2]) + 20).sum())


class TestBlueprint:
    def test_it_is_offered_and_is_the_one_the_sample_uses(self, server):
        blueprint = json.loads((ROOT / "subgraphs" / "Spatia clip.json").read_text(encoding="utf-8"))
        assert (
            blueprint["definitions"]["subgraphs"]
            == load("Image to long loop, runs now, four clips in subgraphs")["definitions"]["subgraphs"]
        )
        offered = server.get("/global_subgraphs")
        number = next(key for key, entry in offered.items() if entry["info"]["node_pack"] == f"custom_nodes.{PACK_ID}")
        assert offered[number]["name"] == "Spatia clip"
        with urllib.request.urlopen(f"{server.url}/global_subgraphs/{number}") as answer:
            assert json.loads(json.load(answer)["data"]) == blueprint


@pytest.mark.parametrize(
    "name, loaders",
    [
        ("Image to loop, needs 5B weights, 193 frames out and back", "Load|MoGe"),
        ("Image to video in one node, needs 5B weights, 265 frames", "Load|Text encoder|Video VAE|Depth model"),
        ("Prompt per clip, needs 5B weights, day out and night back", "Load|MoGe"),
        ("Moving objects, needs 5B weights and SAM 3", "Load|MoGe|SAM"),
        ("Long walk, needs 5B weights, one clip per run", "Load|MoGe"),
        (MEMORIZE, "Load|Wan2.1|Text encoder|Image encoder|Video VAE"),
    ],
)
def test_workflows_of_the_released_weights_pass_the_servers_checks(submit, object_info, name, loaders):
    """Their files are stand-ins here, so each is accepted as a graph and then refused by a loader that names its file."""
    prompt = workflow_to_prompt(load(name), object_info)
    prompt[nodes_of(prompt, "LoadImage")[0]]["inputs"]["image"] = "image.png"
    with pytest.raises(RunError) as refused:
        submit(prompt)
    assert "validation" not in str(refused.value)
    assert re.match(loaders, str(refused.value)), refused.value


def linked_and_named(workflow: dict) -> tuple[dict, set]:
    """The weights that a workflow's file links, by name, and those that its widgets name."""
    linked = {
        model["name"]: model for node in workflow["nodes"] for model in node.get("properties", {}).get("models", [])
    }
    named = {
        value
        for node in workflow["nodes"]
        for value in node.get("widgets_values") or []
        if isinstance(value, str) and value.endswith(".safetensors")
    }
    return linked, named


def test_released_weights_have_links_and_the_releases_prompts():
    for path in (ROOT / "workflows").glob("*needs 5B weights*.json"):
        workflow = load(path.stem)
        linked, named = linked_and_named(workflow)
        assert named == linked.keys() and "step-8500.safetensors" in named
        assert all(model["url"].endswith("/" + name) and model["directory"] for name, model in linked.items())
        texts = [
            str(node["widgets_values"])
            for node in workflow["nodes"]
            if node["type"] in ("CLIPTextEncode", "SpatiaClipPrompts", "SpatiaVideo")
        ]
        assert any("画面切换" in text for text in texts)
        suffixed = [
            node for node in workflow["nodes"] if node["type"] == "SpatiaClipPrompts" and node["widgets_values"][2]
        ]
        assert suffixed or any("4K, realistic, high quality, HDR." in text for text in texts)


def test_both_branches_of_memorize_when_needed_are_linked_under_names_of_their_own():
    """Published under one name in two folders: whoever saves them has to tell them apart."""
    linked, named = linked_and_named(load(MEMORIZE))
    assert named == linked.keys() and len(named) == 6
    branches = {name: model["url"] for name, model in linked.items() if model["directory"] == "model_patches"}
    assert [url.split("/")[-2:] for url in branches.values()] == [
        [name.removeprefix("memorize_").removesuffix(".safetensors"), "diffusion_pytorch_model.safetensors"]
        for name in branches
    ]
    assert all(model["url"].endswith("/" + name) for name, model in linked.items() if name not in branches)
