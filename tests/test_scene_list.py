"""Lists of scenes (prompt.json): read and refused as a whole, and put into a workflow."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from spatia_core.cameras import read_cameras
from spatia_core.errors import SpatiaError
from tools.scene_list import read_scenes
from tools.scene_workflow import Windows, fill_workflow, planned, video_alone, windows_of

POSES = (Path(__file__).parent / "data" / "cameras" / "pose.txt").read_text()
WINDOWS = Windows(49, 49, 1)
ENTRY = {"img": "img/room.png", "prompt": "A room.", "pose": "pose/room.txt"}
PATH = {"preset": "out_and_back", "frames": 60, "angle": 20}
DRAWN = {"img": "img/room.png", "prompt": "A room.", "path": PATH}


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
    assert (one.prompts, two.prompts) == (("A room.",), ("Ein Zimmer, 部屋",))
    assert torch.equal(one.cameras.w2c, read_cameras(POSES).w2c)
    assert read_scenes(written("\ufeff" + json.dumps([ENTRY])))[0].prompts == ("A room.",)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("", "no valid JSON"),
        ("[", "no valid JSON"),
        ([], "expected a list of 1 to"),
        ({"img": 1}, "expected a list of 1 to"),
        (["room"], "Scene 1 of prompt.json is 'room', expected an object"),
        (
            [ENTRY, {"img": "img/room.png", "prompt": ""}],
            "Scene 2 of prompt.json lacks pose or path, expected img, prompt",
        ),
        ([{"img": "img/room.png", "pose": "pose/room.txt"}], "lacks prompt, expected"),
        (
            [ENTRY | {"size": 3}],
            r"Scene 1 of prompt.json has \['size'\], expected img, prompt, either pose or path, and at most name, seed,",
        ),
        ([ENTRY | {"path": PATH}], r"has \['pose', 'path'\], expected img, prompt, either pose or path"),
        ([ENTRY | {"prompt": []}], "has 0 prompts, expected 1 to"),
        ([ENTRY | {"prompt": ["a", 3]}], "has prompt = 3, expected"),
        ([ENTRY | {"prompt": ["a", " "]}], "has ' ' as its prompt of clip 2, expected one line"),
        ([ENTRY | {"prompt": ["a\nb"]}], "as its prompt of clip 1, expected one line"),
        ([ENTRY | {"profile": "fast"}], "has profile = 'fast', expected a pace of Few Steps"),
        ([ENTRY | {"profile": {}}], "has profile = {}, expected a pace of Few Steps"),
        ([ENTRY | {"edits": "[]"}], r"edits: The edits are '\[\]', expected a list"),
        ([ENTRY | {"edits": [{"do": "melt"}]}], "Scene 1 of prompt.json, edits: "),
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
        planned(graph(), read_scenes(written([ENTRY]))[0])
    (tmp_path / "pose" / "room.txt").write_text("".join(lines[:50]))
    (scene,) = read_scenes(written([ENTRY]))
    assert scene.cameras.count == 49 and planned(graph(), scene) == (49, 1, WINDOWS)
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


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("pose/room.txt", "has path = 'pose/room.txt', expected an object with preset and frames"),
        ({"preset": "pan"}, "expected an object with preset and frames"),
        (PATH | {"fov": 60}, "expected an object with preset and frames, and at most angle"),
        (PATH | {"preset": "to_view"}, "path: preset 'to_view' was given, expected one of static"),
        (PATH | {"preset": ["pan"]}, r"path: preset \['pan'\] was given"),
        (PATH | {"frames": 2}, "path: out_and_back was asked for in 2 frames"),
        (PATH | {"frames": 1.5}, "path: .*frames"),
        (PATH | {"frames": "60"}, "path: .*frames"),
        (PATH | {"frames": 10**9}, "path: .*frames"),
        (PATH | {"angle": float("nan")}, "hold the number NaN, expected finite ones"),
        (PATH | {"angle": "wide"}, "path: .*angle"),
        (PATH | {"depth": -1}, "path: .*depth"),
        (PATH | {"easing": "jerky"}, "path: .*easing"),
        (PATH | {"base_motion": "jump"}, "path: .*base_motion"),
        (PATH | {"close_loop": "maybe"}, "path: close_loop 'maybe' was given"),
        (PATH | {"close_loop": "append", "closing_frames": 0}, "path: .*closing_frames"),
        ({"preset": "keyframes", "frames": 20}, "path: "),
        ({"preset": "keyframes", "frames": 20, "keyframes": 3}, "path: keyframes is 3, expected the text"),
        ({"preset": "keyframes", "frames": 20, "keyframes": "30 0 0 1 0 0 0"}, "path: A keyframe at frame 30"),
    ],
)
def test_paths_that_cannot_be_drawn_are_refused(written, path, message):
    with pytest.raises(SpatiaError, match=message):
        read_scenes(written([DRAWN | {"path": path}]))


def with_path(**more) -> dict:
    """A workflow with a Camera Path."""
    return graph(
        **{"5": ("SpatiaCameraPath", {"preset": "orbit", "frames": 49, "angle": 5.0, "close_loop": "off"})} | more
    )


def test_a_preset_is_set_in_the_camera_path(written):
    """What it does not say is the workflow's; it is made as long as it is, its last clip filled up."""
    (scene,) = read_scenes(written([DRAWN]))
    assert planned(with_path(), scene) == (60, 2, WINDOWS)
    filled = fill_workflow(with_path(), scene, "room.png")
    assert filled["5"]["class_type"] == "SpatiaCameraPath"
    assert filled["5"]["inputs"] == {"preset": "out_and_back", "frames": 60, "angle": 20, "close_loop": "off"}
    appended = {"close_loop": "append", "closing_frames": 40}
    (longer,) = read_scenes(written([DRAWN | {"path": PATH | {"preset": "pan"} | appended}]))
    assert planned(with_path(), longer) == (100, 3, WINDOWS)
    # The workflow's own closing counts too.
    assert planned(with_path(**{"5": ("SpatiaCameraPath", {"frames": 49} | appended)}), scene).frames == 100
    (short,) = read_scenes(written([DRAWN | {"path": {"preset": "static", "frames": 1}}]))
    assert planned(with_path(), short) == (1, 1, WINDOWS)


def test_prompts_of_clips_profile_and_edits_are_set(written):
    edits = [{"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 2], "radius": 1.0}}]
    prompts = ["A room by day.", "The same, at night."]
    (scene,) = read_scenes(written([DRAWN | {"prompt": prompts, "profile": "dmd", "edits": edits}]))
    workflow = with_path(**{
        "15": ("SpatiaFewSteps", {"pace": "turbo"}), "16": ("SpatiaEditPointCloud", {"memory": ["12", 0], "edits": ""}),
    })  # fmt: skip
    filled = fill_workflow(workflow, scene, "room.png")
    assert filled["15"]["inputs"]["pace"] == "dmd" and json.loads(filled["16"]["inputs"]["edits"]) == edits
    (added,) = filled.keys() - workflow.keys()
    assert filled["2"]["inputs"]["text"] == [added, 0] and filled["3"]["inputs"]["text"] == "bad"
    assert filled[added]["class_type"] == "SpatiaClipPrompts"
    assert filled[added]["inputs"] == {"prompts": "\n".join(prompts), "clip": ["11", 2], "official_suffix": False}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (DRAWN, "The scene room has a path by preset, and the workflow 0 nodes of the kind SpatiaCameraPath"),
        (
            ENTRY | {"profile": "turbo"},
            "The scene room has a profile, and the workflow 0 nodes of the kind SpatiaFewSteps",
        ),
        (ENTRY | {"edits": []}, "The scene room has edits, and the workflow 0 nodes of the kind SpatiaEditPointCloud"),
    ],
)
def test_what_a_workflow_has_no_place_for_is_refused(written, entry, message):
    (scene,) = read_scenes(written([entry]))
    with pytest.raises(SpatiaError, match=message):
        fill_workflow(graph(), scene, "room.png")


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
