"""Lists of scenes (prompt.json): read and refused as a whole, and put into a workflow."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from spatia_core.cameras import read_cameras
from spatia_core.errors import SpatiaError
from tools.scene_list import fill_workflow, read_scenes, whole_windows

POSES = (Path(__file__).parent / "data" / "cameras" / "pose.txt").read_text()
ENTRY = {"img": "img/room.png", "prompt": "A room.", "pose": "pose/room.txt"}


@pytest.fixture
def written(tmp_path):
    """A function: the list of these entries, beside an image and a pose file of 50 cameras."""
    for folder in ("img", "pose"):
        (tmp_path / folder).mkdir()
    Image.new("RGB", (72, 48)).save(tmp_path / "img" / "room.png")
    (tmp_path / "pose" / "room.txt").write_text(POSES)

    def write(entries) -> Path:
        path = tmp_path / "prompt.json"
        path.write_text(entries if isinstance(entries, str) else json.dumps(entries), encoding="utf-8")
        return path

    return write


def test_scenes_are_read_with_their_files(written, tmp_path):
    absolute = ENTRY | {"img": str(tmp_path / "img" / "room.png"), "prompt": "Ein Zimmer, 部屋"}
    one, two = read_scenes(written([ENTRY, absolute]))
    assert one.image == two.image == (tmp_path / "img" / "room.png").resolve()
    assert (one.prompt, two.prompt) == ("A room.", "Ein Zimmer, 部屋")
    assert torch.equal(one.cameras.w2c, read_cameras(POSES).w2c)
    assert read_scenes(written("\ufeff" + json.dumps([ENTRY])))[0].prompt == "A room."


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("", "no valid JSON"),
        ("[", "no valid JSON"),
        ([], "expected a list of 1 to"),
        ({"img": 1}, "expected a list of 1 to"),
        (["room"], "Scene 1 of prompt.json is 'room', expected an object"),
        ([ENTRY, {"img": "img/room.png", "prompt": ""}], "Scene 2 of prompt.json lacks pose"),
        ([ENTRY | {"seed": 3}], r"Scene 1 of prompt.json has \['seed'\], expected img, prompt, pose and nothing else"),
        ([ENTRY | {"prompt": None}], "Scene 1 of prompt.json has prompt = None"),
        ([ENTRY | {"prompt": "a" * 100_001}], "expected a text of at most 100000"),
        ([ENTRY | {"img": 3}], "has img = 3"),
        ([ENTRY | {"img": "img/none.png"}], "names img 'img/none.png', which is no file"),
        ([ENTRY | {"img": "img"}], "names img 'img', which is no file"),
        ([ENTRY | {"pose": ""}], "names pose '', which is no file"),
        ([ENTRY | {"pose": "a\0b"}], "which is no file"),
        ([ENTRY | {"pose": "x" * 4000}], "which is no file"),
        ([ENTRY | {"img": "pose/room.txt"}], "'pose/room.txt' cannot be read as an image"),
        ([ENTRY | {"pose": "img/room.png"}], "'img/room.png' could not be read as a text"),
        ([ENTRY | {"pose": "prompt.json"}], "Scene 1 of prompt.json, 'prompt.json': The camera text starts with"),
    ],
)
def test_lists_that_do_not_fit_are_refused(written, entries, message):
    with pytest.raises(SpatiaError, match=message):
        read_scenes(written(entries))


def test_a_pose_file_is_as_long_as_a_window(written, tmp_path):
    lines = POSES.splitlines(keepends=True)
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:49]))
    with pytest.raises(SpatiaError, match="holds 48 cameras, expected at least the 49 of one window"):
        read_scenes(written([ENTRY]))
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:50]))
    assert read_scenes(written([ENTRY]))[0].cameras.count == 49
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:50]) + "1 0 0")
    with pytest.raises(SpatiaError, match=r"Scene 1 .*Line 51 of the pose text has 3 fields"):
        read_scenes(written([ENTRY]))


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SpatiaError, match="could not be read"):
        read_scenes(tmp_path / "none.json")
    with pytest.raises(SpatiaError, match="could not be read"):
        read_scenes(tmp_path)


@pytest.mark.parametrize(
    ("frames", "windows"), [(1, 0), (48, 0), (49, 1), (96, 1), (97, 2), (193, 4), (196, 4), (200, 4), (241, 5)]
)
def test_whole_windows(frames, windows):
    assert whole_windows(frames) == windows


def graph(**more) -> dict:
    """A workflow in the form of the server, its positive text led through another node."""
    nodes = {
        "1": ("LoadImage", {"image": "old.png"}),
        "2": ("CLIPTextEncode", {"text": "old", "clip": ["9", 0]}),
        "3": ("CLIPTextEncode", {"text": "bad", "clip": ["9", 0]}),
        "4": ("FluxGuidance", {"conditioning": ["2", 0], "guidance": 3.5}),
        "5": ("SpatiaImportCameras", {"file": "old.txt", "format": "memorize", "text": "", "intrinsics": "", "scale": 2}),
        "6": ("SpatiaDecoupledClip", {"positive": ["4", 0], "negative": ["3", 0], "cameras": ["5", 0]}),
        "7": ("SamplerCustomAdvanced", {"positive": ["6", 1], "negative": ["6", 2]}),
    } | more  # fmt: skip
    return {number: {"class_type": kind, "inputs": inputs} for number, (kind, inputs) in nodes.items()}


def test_a_scene_is_put_into_a_workflow(written):
    (scene,) = read_scenes(written([ENTRY]))
    given = graph()
    filled = fill_workflow(given, scene, "room (1).png")
    assert given == graph()
    changed = {number for number in given if filled[number] != given[number]}
    assert changed == {"1", "2", "5"}
    assert filled["1"]["inputs"]["image"] == "room (1).png" and filled["2"]["inputs"]["text"] == "A room."
    inputs = filled["5"]["inputs"]
    assert inputs["file"] == "" and inputs["scale"] == 2
    # Whole windows alone: of 50 cameras the first 49.
    again = read_cameras(inputs["text"], inputs["intrinsics"], inputs["format"])
    assert torch.equal(again.w2c, scene.cameras.w2c[:49])
    assert torch.equal(again.intrinsics, scene.cameras.intrinsics[:49])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"1": ("PreviewImage", {})}, "has 0 nodes of the kind LoadImage"),
        ({"8": ("LoadImage", {"image": "mask.png"})}, "has 2 nodes of the kind LoadImage"),
        ({"5": ("SpatiaCameraPath", {})}, "has 0 nodes of the kind SpatiaImportCameras"),
        ({"4": ("ConditioningZeroOut", {"samples": ["2", 0]})}, "No text leads to an input `positive`"),
        ({"4": ("FluxGuidance", {"conditioning": ["6", 1]})}, "No text leads to an input `positive`"),
    ],
)
def test_a_workflow_without_a_place_for_a_scene_is_refused(written, more, message):
    (scene,) = read_scenes(written([ENTRY]))
    with pytest.raises(SpatiaError, match=message):
        fill_workflow(graph(**more), scene, "room.png")
