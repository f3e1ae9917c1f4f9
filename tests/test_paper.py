"""`run.py paper` before any server: the data's formats, the paths, the settings, the tables and the page."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from textured_wall import HEIGHT, WIDTH, path, textured

from spatia_core.cameras import intrinsics_from_fov, make_cameras
from spatia_core.cameras.camera import unproject
from spatia_core.cameras.preflight import comes_back
from spatia_core.cameras.trajectories import preset_path
from spatia_core.errors import SpatiaError
from tools import command_line
from tools.console import RunError
from tools.desk import DONE, FAILED, read_workflow
from tools.paper import worldscore
from tools.paper.command import chosen_tables
from tools.paper.figures import Measures, Meters, best_meters
from tools.paper.filmed import filmed_videos, scale_between
from tools.paper.loops import DISTANCE, LOOP, OUT_AND_BACK, loop_path
from tools.paper.page import write_page
from tools.paper.setting import Change, Pace, Setting
from tools.paper.study import WEIGHTS, Sources, Study, template_of
from tools.paper.tables import TABLES
from tools.places import DEMO_IMAGE, ROOT
from tools.scene_list import planned_path
from tools.scene_workflow import Windows

DATA = Path(__file__).parent / "data" / "paper"
SMALL, RELEASED = Windows(25, 25, 9), Windows(81, 81, 9)
WALK = ROOT / "workflows" / WEIGHTS["small"].template


# --- WorldScore ---


@pytest.fixture
def dataset(tmp_path):
    """A WorldScore-Dataset of two static scenes and a dynamic one, as entries by movement, and a function that writes it."""
    root = tmp_path / "data" / worldscore.DATASET
    static = {
        "visual_movement": "static", "visual_style": "photorealistic", "scene_type": "indoor", "style": "a photo", "category": "dining_spaces",
        "camera_path": ["pan_left", "move_left", "pull_out"], "content_list": ["table"] * 4, "prompt_list": ["A room.", "A door", "A wall.", "A lamp"],
        "image": "./static/photorealistic/images/indoor/dining_spaces/007.png",
    }  # fmt: skip
    other = static | {
        "camera_path": ["orbit_right"],
        "prompt_list": ["A\nroom.", "It turns."],
        "image": "./static/photorealistic/images/indoor/dining_spaces/008.png",
    }
    dynamic = {
        "visual_movement": "dynamic", "visual_style": "stylized", "motion_type": "rigid", "style": "a drawing", "objects": ["box"], "prompt": "A box moves.",
        "image": "./dynamic/stylized/images/rigid/001.jpg", "masks": [], "camera_path": ["fixed"],
    }  # fmt: skip
    entries = {"static": [static, other], "dynamic": [dynamic]}

    def write():
        for movement, listed in entries.items():
            for entry in listed:
                if isinstance(entry, dict) and "image" in entry:
                    (root / entry["image"]).parent.mkdir(parents=True, exist_ok=True)
                    Image.new("RGB", (640, 360), (90, 120, 30)).save(root / entry["image"])
            (root / movement).mkdir(parents=True, exist_ok=True)
            (root / movement / f"{movement}.json").write_text(json.dumps(listed))
        return root.parent

    return entries, write


def test_scenes_of_worldscore_are_read_with_their_ids_and_texts(dataset):
    _, write = dataset
    folder = write()
    long, short, moving = worldscore.read_worldscore(folder)
    assert long.id == "static/photorealistic/indoor/dining_spaces/007" and long.static
    assert moving.id == "dynamic/stylized/rigid/001" and not moving.static and moving.motions == ("fixed",)
    assert long.text == "A room. a photo" and long.prompts == ("A door. a photo", "A wall. a photo", "A lamp. a photo")
    assert short.text == "A room. a photo" and "\n" not in short.text and moving.prompts == ("A box moves. a drawing",)
    assert worldscore.read_worldscore(folder / worldscore.DATASET) == [long, short, moving]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"camera_path": ["fly"]}, "motions of push_in"),
        ({"camera_path": []}, "and a text for each"),
        ({"prompt_list": ["A room."]}, "and a text for each"),
        ({"prompt_list": []}, "Scene 1 of static.json"),
        ({"image": None}, "Scene 1 of static.json"),
        ({"scene_type": "../../elsewhere"}, "plain names of folders"),
        ({"visual_style": "/root"}, "plain names of folders"),
        ({"image": "../../secret/dining_spaces/007.png"}, "plain names of folders"),
        ({"visual_movement": "sideways", "motion_type": "x", "prompt": "y"}, "the movement"),
    ],
)
def test_what_is_no_scene_of_worldscore_is_refused(dataset, wrong, match):
    entries, write = dataset
    entries["static"][0] |= wrong
    if wrong.get("image") is None and "image" in wrong:
        entries["static"] = [{}]
    with pytest.raises(SpatiaError, match=match):
        worldscore.read_worldscore(write())


def test_missing_files_and_twins_are_refused(dataset, tmp_path):
    entries, write = dataset
    with pytest.raises(SpatiaError, match="holds no static/static.json"):
        worldscore.read_worldscore(tmp_path)
    folder = write()
    (folder / worldscore.DATASET / entries["static"][1]["image"]).unlink()
    with pytest.raises(SpatiaError, match="Scene 2 of static.json names"):
        worldscore.read_worldscore(folder)
    entries["static"][1] = entries["static"][0]
    with pytest.raises(SpatiaError, match="have the id static/photorealistic/indoor/dining_spaces/007"):
        worldscore.read_worldscore(write())


def test_a_sample_depends_on_the_ids_alone(dataset):
    _, write = dataset
    entries = worldscore.read_worldscore(write())
    many = [entries[0]._replace(id=f"static/photorealistic/indoor/rooms/{number:03d}") for number in range(200)]
    chosen = worldscore.sample(many, 100)
    assert len({entry.id for entry in chosen}) == 100
    assert worldscore.sample(many[::-1], 100) == chosen and worldscore.sample(many, 30) == chosen[:30]
    assert worldscore.sample(many, 100, seed=1) != chosen
    # Published by its seed: it must never change.
    assert [entry.id[-3:] for entry in chosen[:5]] == ["170", "127", "048", "189", "120"]


@pytest.mark.parametrize("motions", json.loads((DATA / "worldscore_cameras.json").read_text()))
def test_cameras_are_those_of_worldscores_own_generator(motions):
    theirs = json.loads((DATA / "worldscore_cameras.json").read_text())[motions]
    keys = worldscore.keyframes(tuple(motions.split("+")))
    np.testing.assert_allclose(worldscore.blender(keys), theirs["cameras"], atol=1e-6)
    np.testing.assert_allclose(worldscore.blender(worldscore.between(keys, 4)), theirs["cameras_interp"], atol=1e-6)


@pytest.mark.parametrize(
    ("motion", "moved", "turned"),
    [
        ("push_in", (0, 0, 1), 0), ("pull_out", (0, 0, -1), 0), ("move_left", (-0.5, 0, 0), 0), ("move_right", (0.5, 0, 0), 0),
        ("pan_left", (0, 0, 0), -30), ("pan_right", (0, 0, 0), 30),
        ("orbit_left", (-0.5, 0, 1 - math.cos(math.radians(30))), 30), ("orbit_right", (0.5, 0, 1 - math.cos(math.radians(30))), -30), ("fixed", (0, 0, 0), 0),
    ],
)  # fmt: skip
def test_a_motion_goes_where_its_name_says(dataset, motion, moved, turned):
    """In the package's axes: x right, y down, z forward; a turn to the right is positive."""
    _, write = dataset
    entry = worldscore.read_worldscore(write())[0]._replace(motions=(motion,))
    path = worldscore.path_of(entry, 25, 192, 128)
    assert path.count == 25 and torch.equal(path.w2c[0], torch.eye(4, dtype=torch.float64))
    np.testing.assert_allclose(path.centers[-1], moved, atol=1e-9)
    forward = path.c2w[-1, :3, 2]
    assert math.degrees(math.atan2(forward[0], forward[2])) == pytest.approx(turned)
    fx, fy, cx, cy = path.intrinsics[0].tolist()
    width, height = worldscore.size_of(192, 128)
    assert (fx * width, fy * height, cx, cy) == pytest.approx((500, 500, 0.5, 0.5)) and height % 2 == 0


def test_the_folder_of_a_scene_is_what_worldscores_loader_counts_as_complete(dataset, tmp_path):
    entries, write = dataset
    long, _, moving = worldscore.read_worldscore(write())
    video = torch.randint(256, (25, 128, 192, 3), dtype=torch.uint8)
    folder = worldscore.write_instance(tmp_path, long, video, 9, 12.34, 24)
    assert folder == tmp_path / "worldscore_output/static/photorealistic/indoor/dining_spaces/007"
    told = json.loads((folder / "image_data.json").read_text())
    assert told == entries["static"][0] | {"num_scenes": 3, "total_frames": 25, "anchor_frame_idx": [0, 8, 16, 24]}
    cameras = json.loads((folder / "camera_data.json").read_text())
    assert (cameras["focal_length"], cameras["scale"]) == (500, 1)
    assert np.shape(cameras["cameras"]) == (4, 4, 4) and np.shape(cameras["cameras_interp"]) == (25, 4, 4)
    assert sorted(path.name for path in (folder / "frames").iterdir()) == [f"{number:03d}.png" for number in range(25)]
    for name in ("frames/000.png", "input_image.png"):
        with Image.open(folder / name) as picture:
            assert picture.size == worldscore.size_of(192, 128)
    assert (folder / "videos" / "output.mp4").stat().st_size > 1000
    assert (folder / "time.txt").read_text() == "generate_time: 12.3\n"
    # Of a scene in which something moves, no camera is asked for.
    other = worldscore.write_instance(tmp_path, moving, video[:9], 9, 1, 24)
    assert not (other / "camera_data.json").exists()
    assert "anchor_frame_idx" not in json.loads((other / "image_data.json").read_text())
    with pytest.raises(SpatiaError, match="25 frames were made, expected 9"):
        worldscore.write_instance(tmp_path, moving, video, 9, 1, 24)


@pytest.mark.parametrize(
    ("size", "width", "height"), [((640, 360), 480, 360), ((300, 400), 300, 225), ((400, 300), 400, 300)]
)
def test_a_picture_is_cropped_in_its_middle(tmp_path, size, width, height):
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[size[1] // 2 - 3 : size[1] // 2 + 3, size[0] // 2 - 3 : size[0] // 2 + 3] = 255
    Image.fromarray(picture).save(tmp_path / "picture.png")
    cut = np.asarray(worldscore.cropped(tmp_path / "picture.png", 192, 144))
    assert cut.shape == (height, width, 3)
    rows, columns = np.nonzero(cut[..., 0])
    assert abs(rows.mean() - (height - 1) / 2) < 1 and abs(columns.mean() - (width - 1) / 2) < 1


# --- paths and settings ---


@pytest.mark.parametrize("windows", [SMALL, RELEASED])
@pytest.mark.parametrize("clips", [2, 4, 6])
@pytest.mark.parametrize("kind", [OUT_AND_BACK, LOOP])
def test_loops_are_closed_by_every_second_clip(kind, clips, windows):
    path = planned_path(loop_path(kind, windows, clips))
    ends = [windows.frames(clip) - 1 for clip in range(1, clips + 1)]
    assert path.count == ends[-1] + 1
    for number, end in enumerate(ends, 1):
        away = float((path.centers[end] - path.centers[0]).norm())
        assert away == pytest.approx(0 if number % 2 == 0 else DISTANCE if kind == OUT_AND_BACK else away, abs=1e-9)
        assert number % 2 == 0 or away > 0.05
        assert number % 2 or comes_back(path.select(slice(0, end + 1)))
    steps = (path.centers[1:] - path.centers[:-1]).norm(dim=1)
    assert steps.max() < 4 * DISTANCE / windows.frames(1)


def test_a_loop_is_that_of_camera_path():
    start = make_cameras([[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]], intrinsics_from_fov(60.0, 2, 1))
    preset = preset_path("full_loop", start, SMALL.frames(2), distance=DISTANCE)
    assert torch.allclose(planned_path(loop_path(LOOP, SMALL, 2)).w2c, preset.w2c, atol=1e-8)


@pytest.fixture
def prompt():
    """The parts of the template that settings change, in the form of POST /prompt."""
    kinds = {
        "1": ("SpatiaLoadModel", {"lora": "spatia", "control": "spatia"}), "2": ("SpatiaEstimateScene", {"voxel_size": 0.02}),
        "3": ("SpatiaClipWindow", {"first_frames": 25, "later_frames": 25, "history_frames": 9}),
        "4": ("SpatiaRetrieveReferences", {"max_references": 4, "every": 4}), "5": ("PreviewImage", {"images": ["4", 0]}),
        "6": ("SpatiaSampler", {"steps": 2, "cfg": 1.0, "strength": 1.0, "projection": ["9", 0], "holes": ["9", 1], "references": ["4", 0]}),
        "7": ("SpatiaUpdateMemory", {"depth_source": "connected input", "memory": ["8", 0], "frames": ["6", 0], "moge_geometry": ["8", 0]}),
    }  # fmt: skip
    return {number: {"class_type": kind, "inputs": inputs} for number, (kind, inputs) in kinds.items()}


def changed(prompt: dict, setting: Setting, pace: Pace | None = None) -> dict[str, dict]:
    made = Change(setting, pace or Pace())(prompt)
    return {node["class_type"]: node["inputs"] for node in made.values()}


def test_settings_take_away_what_they_name(prompt):
    before = json.dumps(prompt)
    plain = changed(prompt, Setting())
    assert "PreviewImage" not in plain and plain["SpatiaSampler"] == prompt["6"]["inputs"]
    blind = changed(prompt, Setting(projection=False))["SpatiaSampler"]
    assert blind.keys() & {"projection", "holes", "references"} == {"references"}
    alone = changed(prompt, Setting(references=0))["SpatiaSampler"]
    assert alone.keys() & {"projection", "holes", "references"} == {"projection", "holes"}
    assert changed(prompt, Setting(voxel_size=0.07))["SpatiaEstimateScene"]["voxel_size"] == 0.07
    assert json.dumps(prompt) == before  # the template is another shot's as well


@pytest.mark.parametrize(("count", "every"), [(1, 4), (3, 4), (5, 3), (7, 2)])
def test_as_many_target_frames_ask_as_references_are_wanted(prompt, count, every):
    found = changed(prompt, Setting(references=count))["SpatiaRetrieveReferences"]
    assert (found["max_references"], found["every"]) == (count, every)


def test_the_backbone_goes_on_from_one_frame_without_anything_of_ours(prompt):
    found = changed(prompt, Setting(backbone=True), Pace(RELEASED, 20, 3.0))
    sampler, window = found["SpatiaSampler"], found["SpatiaClipWindow"]
    assert not sampler.keys() & {"projection", "holes", "references"} and sampler["strength"] == 0
    assert (sampler["steps"], sampler["cfg"]) == (20, 3.0) and found["SpatiaLoadModel"]["lora"] == "none"
    assert window == {"first_frames": 81, "later_frames": 81, "history_frames": 1}
    assert found["SpatiaUpdateMemory"] == {"depth_source": "none", "memory": ["8", 0], "frames": ["6", 0]}


def test_a_workflow_without_the_node_to_change_is_refused(prompt):
    del prompt["4"]
    with pytest.raises(SpatiaError, match="0 nodes of the kind SpatiaRetrieveReferences"):
        Change(Setting(references=3), Pace())(prompt)


# --- filmed videos ---


@pytest.fixture
def seva(tmp_path):
    """Three videos as Stable Virtual Camera's benchmark has them, of 12, 30 and 30 frames; the last has no split."""
    for name, frames in (("a", 12), ("b", 30), ("c", 30)):
        folder = tmp_path / "seva" / name
        (folder / "images").mkdir(parents=True)
        listed = []
        for number in range(frames):
            Image.new("RGB", (48, 32), (8 * number, 90, 30)).save(folder / "images" / f"{number:04d}.png")
            pose = np.diag([1.0, -1.0, -1.0, 1.0])
            pose[0, 3] = 0.1 * number
            listed.append({
                "fl_x": 40, "fl_y": 40, "cx": 24, "cy": 16, "w": 48, "h": 32, "file_path": f"./images/{number:04d}.png", "transform_matrix": pose.tolist(),
            })  # fmt: skip
        (folder / "transforms.json").write_text(json.dumps({"orientation_override": "none", "frames": listed}))
        if name != "c":
            (folder / "train_test_split_1.json").write_text(json.dumps({"train_ids": [3], "test_ids": [0, 5, 9, 20]}))
    return tmp_path / "seva"


def test_filmed_videos_begin_and_are_compared_where_their_split_says(seva):
    videos, left_out = filmed_videos(seva, None, 10, 25)
    assert left_out == ["a has 12 frames, 25 are needed"]
    by_name = {video.name: video for video in videos}
    assert (by_name["b"].start, by_name["b"].targets, by_name["b"].frames) == (3, (2, 6, 17), 27)
    assert (by_name["c"].start, by_name["c"].targets) == (0, ())
    frames, cameras = by_name["b"].clip(96, 64, 25)
    assert frames.shape == (25, 64, 96, 3) and cameras.count == 25
    assert frames[0, 0, 0, 0] == 24 and float(cameras.centers[0, 0]) == pytest.approx(0.3)
    assert filmed_videos(seva, None, 1, 25)[0] == videos[:1]


def test_a_video_that_cannot_be_read_is_left_out_and_named(seva, tmp_path):
    (seva / "c" / "images" / "0007.png").write_bytes(b"no picture")
    videos, left_out = filmed_videos(seva, None, 10, 25)
    assert [video.name for video in videos] == ["b"]
    assert any(why.startswith("Video c: ") and "0007.png" in why for why in left_out)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpatiaError, match="holds no camera text"):
        filmed_videos(tmp_path / "empty", None, 10, 25)


def test_a_start_that_leaves_no_clip_behind_it_is_moved_forward(seva):
    (video,) = [video for video in filmed_videos(seva, None, 10, 29)[0] if video.name == "b"]
    assert (video.start, video.frames) == (1, 29)


def test_videos_that_are_too_short_or_in_no_split_are_refused(seva, tmp_path):
    with pytest.raises(SpatiaError, match="expected ones of at least 81 frames"):
        filmed_videos(seva, None, 10, 81)
    (tmp_path / "split.json").write_text(json.dumps({"x": {"context": [1, 2], "target": []}, "y": None}))
    with pytest.raises(SpatiaError, match="No video of seva is in split.json"):
        filmed_videos(seva, tmp_path / "split.json", 10, 25)
    (tmp_path / "split.json").write_text("[1]")
    with pytest.raises(SpatiaError, match="names with their context frames"):
        filmed_videos(seva, tmp_path / "split.json", 10, 25)


@pytest.mark.parametrize("unit", [0.2, 1.0, 7.0])
@pytest.mark.parametrize("metres", [1.0, 2.5])
def test_the_scale_of_filmed_cameras_is_found_from_their_parallax(unit, metres):
    """unit: of the cameras' file. metres: of the estimated depth, which is exact but for that."""
    true = path()
    frames, depth = textured(true)
    told = true.w2c.clone()
    told[:, :3, 3] *= unit
    first = depth[0] * metres
    points = unproject(first, true.K(HEIGHT, WIDTH)[0], true.c2w[0]).reshape(-1, 3).float()
    found = scale_between(frames, make_cameras(told, true.intrinsics), points)
    assert found["known"] > 0.2 and found["scale"] == pytest.approx(metres / unit, rel=0.03)


def test_cameras_that_only_turn_have_no_scale():
    frames = torch.zeros(5, 32, 48, 3, dtype=torch.uint8)
    turned = make_cameras(torch.eye(4, dtype=torch.float64).repeat(5, 1, 1), [0.9, 1.35, 0.5, 0.5])
    assert scale_between(frames, turned, torch.rand(50, 3) + 1) == {"scale": 1.0, "known": 0.0}


# --- the study and its page ---


@pytest.mark.parametrize(
    ("text", "names"),
    [("1-7", list("1234567")), ("3,5", ["3", "5"]), ("revisit,2-3,3", ["revisit", "2", "3"]), (" 4 ", ["4"])],
)
def test_tables_are_chosen_by_name_and_span(text, names):
    assert chosen_tables(text) == names


@pytest.mark.parametrize("text", ["", "8", "0-2", "5-3", "1..3", "all"])
def test_other_tables_are_refused(text):
    with pytest.raises(RunError, match="expected some of 1, 2, 3, 4, 5, 6, 7, revisit"):
        chosen_tables(text)


def study_of(tables: str, tmp_path: Path) -> Study:
    templates = {TABLES[name].data: template_of(read_workflow(WALK), None) for name in chosen_tables(tables)}
    return Study(chosen_tables(tables), WEIGHTS["small"], Pace(), templates, Meters("dense_sift", ""), tmp_path / "out")


def test_tables_share_their_shots(dataset, tmp_path):
    _, write = dataset
    study = study_of("3-6", tmp_path)
    study.take(Sources(write(), None, None, None, None))
    both = study.uses["3"]["both"]
    assert study.uses["4"]["both"] == both == study.uses["6"]["memory, 2 clips"]
    # neither, one of each, both; K = 1, 3, 5, 7; two more lengths with memory, three of the backbone
    assert len(both) == 2 and len(study.shots) == 2 * (4 + 4 + 2 + 3)
    assert study.clips() == 2 * (2 * 8 + 4 + 6 + 2 + 4 + 6)
    measures = study.shots[next(iter(both.values()))].measure
    assert isinstance(measures, Measures) and set(measures.kinds) == {"closing", "camera"}
    kinds = [shot.scene.path["keyframes"] for shot in (study.shots[name] for name in both.values())]
    assert kinds[0] != kinds[1]  # one goes there and back, the other round


def test_the_small_weights_own_number_of_references_is_no_other_setting(tmp_path):
    study = study_of("5", tmp_path)
    assert study._setting(Setting(references=4)) == Setting() != study._setting(Setting(references=7))
    assert study._setting(Setting(voxel_size=0.02)) == Setting()


def test_a_benchmark_scene_has_its_whole_path_and_the_text_of_each_motion(dataset, tmp_path):
    _, write = dataset
    study = study_of("1", tmp_path)
    study.take(Sources(write(), None, None, None, None))
    scene = study.shots[study.uses["1"]["videos"]["static/photorealistic/indoor/dining_spaces/007"]].scene
    # 73 frames: one clip of 25, three of 16
    assert scene.cameras.count == 73 and scene.prompts == (
        "A door. a photo",
        "A wall. a photo",
        "A lamp. a photo",
        "A lamp. a photo",
    )
    with Image.open(scene.image) as picture:
        assert picture.size == (540, 360)


@pytest.mark.parametrize(
    ("tables", "option"), [("3", "--worldscore"), ("1", "--worldscore"), ("7", "--re10k"), ("revisit", "--memorize")]
)
def test_data_that_are_not_given_are_asked_for(tables, option, tmp_path):
    with pytest.raises(SpatiaError, match=option):
        study_of(tables, tmp_path).take(Sources(None, None, None, None, None))


def test_the_page_compares_the_scenes_that_all_rows_have(dataset, tmp_path):
    _, write = dataset
    study = study_of("1,4", tmp_path)
    study.take(Sources(write(), None, None, None, None))
    rows = {}
    for number, shots in enumerate(study.uses["4"].values()):
        for place, shot in enumerate(shots.values()):
            rows[shot] = {
                "name": shot,
                "state": DONE,
                "figures": {"psnr_c": 20.0 + number + 2 * place, "s a clip": 3.0},
            }
    failed = study.uses["4"]["references only"]["static/photorealistic/indoor/dining_spaces/008"]
    rows[failed] = {"name": failed, "state": FAILED, "error": "out of memory", "figures": ""}
    out = tmp_path / "out"
    write_page(out, study, rows, ["Made by a test."])
    page = (out / "README.md").read_text()
    assert "1 of 2 scenes, those that all rows have" in page and "| both | 84.47 | 19.38 | 0.579 | 0.213 |" in page
    with open(out / "table_4.csv", newline="") as file:
        table = {(row["setting"], row["figure"]): row for row in csv.DictReader(file)}
    assert float(table["both", "psnr_c"]["difference"]) == 3 and table["both", "psnr_c"]["scenes"] == "1"
    with open(out / "shots.csv", newline="") as file:
        shots = {row["name"]: row for row in csv.DictReader(file)}
    assert shots[failed]["error"] == "out of memory" and shots[failed]["tables"] == "4: references only"
    assert "0 of 3 videos" in page and "run_evaluate.py --model_name spatia" in page
    # What WorldScore's evaluator leaves comes into the page.
    (out / worldscore.OUTPUT).mkdir()
    (out / worldscore.OUTPUT / "worldscore.json").write_text(
        json.dumps({"camera_control": 81.5, "WorldScore-Static": 70.25})
    )
    write_page(out, study, rows, [])
    assert "| this run | 81.5 | 70.25 |" in (out / "README.md").read_text()
    for damaged in ("{", '{"camera_control": "good"}', "[1]"):
        (out / worldscore.OUTPUT / "worldscore.json").write_text(damaged)
        with pytest.raises(SpatiaError, match=r"worldscore\.json"):
            write_page(out, study, rows, [])


@pytest.mark.parametrize("text", ["nan", "-1", "101", "inf", "much"])
def test_guidance_is_a_number_that_samplers_take(text, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command_line.read(["paper", "--out", str(tmp_path), "--cfg", text])
    assert "expected a number from 0 to 100" in capsys.readouterr().err


def test_the_meters_of_a_run_are_named_so_that_all_workers_take_the_same():
    meters, said = best_meters("dense_sift", "auto")
    assert meters.matcher == "dense_sift" and said[0].startswith("Match Accuracy by dense SIFT")
    assert best_meters("auto", "auto")[0].matcher in ("roma", "xfeat", "dense_sift")


def test_weights_that_are_not_here_need_their_folder(tmp_path):
    from tools.paper.command import paper

    options = command_line.read(["paper", "--out", str(tmp_path), "--weights", "5b"])
    with pytest.raises(RunError, match="give the folder that holds them as --models"):
        paper(options, tmp_path, tmp_path)


def test_the_templates_say_what_the_weights_are_run_with():
    template = template_of(read_workflow(WALK), None)
    assert (template.width, template.height, template.windows, template.fps) == (192, 128, SMALL, 12.0)
    assert DEMO_IMAGE.is_file()
