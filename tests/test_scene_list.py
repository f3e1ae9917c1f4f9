"""Lists of scenes (prompt.json): read and refused as a whole, and put into a workflow."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from spatia_core.cameras import read_cameras
from spatia_core.errors import SpatiaError
from tools.scene_list import (
    Windows,
    fill_workflow,
    read_scenes,
    require_whole_windows,
    video_alone,
    windows_of,
)

POSES = (Path(__file__).parent / "data" / "cameras" / "pose.txt").read_text()
WINDOWS = Windows(49, 49, 1)
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
        (
            [ENTRY | {"size": 3}],
            r"Scene 1 of prompt.json has \['size'\], expected img, prompt, pose, and at most name, seed",
        ),
        ([ENTRY | {"seed": -1}], "has seed = -1, expected a whole number"),
        ([ENTRY | {"seed": True}], "has seed = True, expected a whole number"),
        ([ENTRY | {"name": "a/b"}], "has name = 'a/b', expected letters, digits.* a_b would do"),
        ([ENTRY | {"name": ""}], "has name = '', expected letters.* scene would do"),
        (
            [ENTRY | {"name": "hall"}, ENTRY | {"name": "Hall"}],
            "Scene 2 of prompt.json has the name Hall of another one",
        ),
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


def test_names_and_seeds(written, tmp_path):
    """Each scene has a name of its own, fit for a file."""
    (tmp_path / "img" / "the hall (1).png").write_bytes((tmp_path / "img" / "room.png").read_bytes())
    entries = [ENTRY, ENTRY | {"seed": 7}, ENTRY | {"img": "img/the hall (1).png"}, ENTRY | {"name": "回廊-2"}]
    scenes = read_scenes(written(entries))
    assert [scene.name for scene in scenes] == ["room", "room_2", "the_hall_1", "回廊-2"]
    assert [scene.seed for scene in scenes] == [None, 7, None, None]
    lines = tmp_path / "scenes.jsonl"
    lines.write_text("\n".join(map(json.dumps, entries)) + "\n\n", encoding="utf-8")
    assert [scene.name for scene in read_scenes(lines)] == [scene.name for scene in scenes]
    lines.write_text(f"{json.dumps(ENTRY)}\n{{")
    with pytest.raises(SpatiaError, match=r"Line 2 of scenes.jsonl"):
        read_scenes(lines)


def test_a_pose_file_is_as_long_as_a_window(written, tmp_path):
    lines = POSES.splitlines(keepends=True)
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:49]))
    with pytest.raises(SpatiaError, match="path of room holds 48 cameras, expected at least the 49"):
        require_whole_windows(read_scenes(written([ENTRY])), WINDOWS)
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:50]))
    scenes = read_scenes(written([ENTRY]))
    require_whole_windows(scenes, WINDOWS)
    assert scenes[0].cameras.count == 49
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:50]) + "1 0 0")
    with pytest.raises(SpatiaError, match=r"Scene 1 .*Line 51 of the pose text has 3 fields"):
        read_scenes(written([ENTRY]))


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SpatiaError, match="could not be read"):
        read_scenes(tmp_path / "none.json")
    with pytest.raises(SpatiaError, match="could not be read"):
        read_scenes(tmp_path)


@pytest.mark.parametrize(
    ("frames", "clips"), [(1, 0), (48, 0), (49, 1), (96, 1), (97, 2), (193, 4), (196, 4), (200, 4), (241, 5)]
)
def test_whole_windows(frames, clips):
    assert WINDOWS.whole(frames) == clips
    assert WINDOWS.frames(clips) <= frames < WINDOWS.frames(clips + 1)
    spatia = Windows(25, 25, 9)
    assert spatia.whole(spatia.frames(4)) == 4 and spatia.whole(spatia.frames(4) - 1) == 3


def graph(**more) -> dict:
    """A workflow in the form of the server, its positive text led through another node."""
    nodes = {
        "1": ("LoadImage", {"image": "old.png"}),
        "2": ("CLIPTextEncode", {"text": "old", "clip": ["9", 0]}),
        "3": ("CLIPTextEncode", {"text": "bad", "clip": ["9", 0]}),
        "4": ("FluxGuidance", {"conditioning": ["2", 0], "guidance": 3.5}),
        "5": ("SpatiaImportCameras", {"file": "old.txt", "format": "memorize", "text": "", "intrinsics": "", "scale": 2}),
        "6": ("SpatiaDecoupledClip", {"positive": ["4", 0], "negative": ["3", 0], "cameras": ["10", 0]}),
        "7": ("KSampler", {"positive": ["6", 1], "negative": ["6", 2], "seed": 1, "steps": 4}),
        "10": ("SpatiaClipWindow", {"cameras": ["5", 0], "first_frames": 49, "later_frames": 49, "history_frames": 1}),
        "11": ("SpatiaOpenWorld", {"name": "mine", "branch": "other", "clip": 3, "memory": ["12", 0]}),
        "12": ("SpatiaEstimateScene", {"image": ["1", 0]}),
        "13": ("SpatiaCommitClip", {"world": ["11", 1], "memory": ["6", 0]}),
        "14": ("SpatiaWorldVideo", {"world": ["13", 0], "cameras": ["5", 0], "filename_prefix": "mine"}),
    } | more  # fmt: skip
    return {number: {"class_type": kind, "inputs": inputs} for number, (kind, inputs) in nodes.items()}


def test_a_scene_is_put_into_a_workflow(written):
    (scene,) = read_scenes(written([ENTRY | {"seed": 5}]))
    given = graph()
    filled = fill_workflow(given, scene, "room (1).png")
    assert given == graph()
    changed = {number for number in given if filled[number] != given[number]}
    assert changed == {"1", "2", "5", "7", "11", "14"}
    assert filled["1"]["inputs"]["image"] == "room (1).png" and filled["2"]["inputs"]["text"] == "A room."
    assert filled["7"]["inputs"]["seed"] == 5 and filled["7"]["inputs"]["steps"] == 4
    assert filled["11"]["inputs"] == given["11"]["inputs"] | {"name": "room", "branch": "main", "clip": -1}
    assert filled["14"]["inputs"]["filename_prefix"] == "room"
    inputs = filled["5"]["inputs"]
    assert inputs["file"] == "" and inputs["scale"] == 2
    # Whole windows alone: of 50 cameras the first 49.
    again = read_cameras(inputs["text"], inputs["intrinsics"], inputs["format"])
    assert torch.equal(again.w2c, scene.cameras.w2c[:49])
    assert torch.equal(again.intrinsics, scene.cameras.intrinsics[:49])


def test_cameras_take_the_place_of_a_path(written):
    """They are fitted with their image, and the image's camera is their first; whoever read the path reads them."""
    (scene,) = read_scenes(written([ENTRY]))
    filled = fill_workflow(
        graph(**{
            "5": ("SpatiaCameraPath", {"frames": 49, "memory": ["12", 0]}), "15": ("SpatiaFitImage", {"image": ["1", 0]}),
            "16": ("PreviewAny", {"source": ["5", 1]}),
        }),
        scene, "room.png",
    )  # fmt: skip
    assert filled["5"]["class_type"] == "SpatiaImportCameras" and "memory" not in filled["5"]["inputs"]
    assert filled["15"]["inputs"]["cameras"] == ["5", 0] and filled["16"]["inputs"]["source"] == ["5", 1]
    assert [filled[number]["inputs"]["cameras"] for number in ("10", "12", "14")] == [["15", 4]] * 3


def test_the_video_alone(written):
    (scene,) = read_scenes(written([ENTRY]))
    alone = video_alone(fill_workflow(graph(), scene, "room.png"))
    assert set(alone) == {"5", "11", "14"} and alone["14"]["inputs"]["world"] == ["11", 1]
    assert "memory" not in alone["11"]["inputs"]


@pytest.mark.parametrize("lengths", [{"first_frames": ["3", 0]}, {"later_frames": 9, "history_frames": 9}])
def test_clips_of_unknown_length_are_refused(lengths):
    window = {"first_frames": 25, "later_frames": 25, "history_frames": 9} | lengths
    with pytest.raises(SpatiaError, match="Clip Window has the lengths"):
        windows_of(graph(**{"10": ("SpatiaClipWindow", window)}))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"1": ("PreviewImage", {})}, "has 0 nodes of the kind LoadImage"),
        ({"8": ("LoadImage", {"image": "mask.png"})}, "has 2 nodes of the kind LoadImage"),
        ({"5": ("PreviewAny", {})}, "has 0 nodes of the kind SpatiaImportCameras"),
        ({"15": ("SpatiaCameraPath", {})}, "has 2 nodes of the kind SpatiaImportCameras"),
        ({"11": ("PreviewAny", {})}, "has 0 nodes of the kind SpatiaOpenWorld"),
        ({"4": ("ConditioningZeroOut", {"samples": ["2", 0]})}, "No text leads to an input `positive`"),
        ({"4": ("FluxGuidance", {"conditioning": ["6", 1]})}, "No text leads to an input `positive`"),
    ],
)
def test_a_workflow_without_a_place_for_a_scene_is_refused(written, more, message):
    (scene,) = read_scenes(written([ENTRY]))
    with pytest.raises(SpatiaError, match=message):
        fill_workflow(graph(**more), scene, "room.png")
