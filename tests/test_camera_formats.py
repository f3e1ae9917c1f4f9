"""Camera files: the official samples, round trips, axes, and what is refused."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from random_scenes import random_poses

from spatia_core.cameras import FORMATS, detect_format, make_cameras, preset_path, read_cameras, write_cameras
from spatia_core.cameras.formats import FILE_NAMES, GLTF_NAME, TEXT_FORMATS
from spatia_core.errors import SpatiaError

ROOT = Path(__file__).resolve().parent.parent
CASE_3 = Path(__file__).parent / "data" / "cameras" / "case_3"
POSES = Path(__file__).parent / "data" / "cameras" / "pose.txt"


def sample(n: int = 12, format: str = "spatia"):
    """A path with a zoom, where the format can say one."""
    intrinsics = np.tile([0.81, 1.43, 0.491, 0.517], (n, 1))
    if format != "memorize":
        intrinsics[:, :2] *= np.linspace(1, 1.3, n)[:, None]
    return make_cameras(random_poses(n, seed=3), intrinsics)


def read_back(files: dict[str, str], format: str):
    return read_cameras(*files.values(), format=format)


def test_the_official_sample():
    cameras = read_cameras((CASE_3 / "w2c.txt").read_text(), (CASE_3 / "intrinsics.txt").read_text())
    assert cameras.count == 121
    assert torch.equal(cameras.w2c[0], torch.eye(4, dtype=torch.float64))
    assert cameras.intrinsics[7].tolist() == [
        1.0164131547493365,
        1.798935247927296,
        0.49928442759863656,
        0.5005871519750479,
    ]
    assert cameras.centers.norm(dim=1).max() < 1e-6  # this sample turns on the spot
    # Square pixels in the authors' 1248 x 704 image.
    fx, fy = cameras.intrinsics[0, :2].tolist()
    assert math.isclose(fx * 1248, fy * 704, rel_tol=2e-3)
    rewritten = write_cameras(cameras, "spatia", width=1248, height=704)
    assert rewritten["intrinsics.txt"] == (CASE_3 / "intrinsics.txt").read_text().strip() + "\n"


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_round_trip_and_detection(format):
    cameras = sample(format=format)
    files = write_cameras(cameras, format, width=320, height=176, fps=24)
    assert detect_format(next(iter(files.values()))) == format
    for chosen in (format, "auto"):
        again = read_back(files, chosen)
        torch.testing.assert_close(again.w2c, cameras.w2c, atol=1e-13, rtol=0)
        torch.testing.assert_close(again.intrinsics, cameras.intrinsics, atol=1e-14, rtol=0)


def test_the_official_text_keeps_every_bit():
    cameras = sample()
    again = read_back(write_cameras(cameras, "spatia", width=1, height=1), "auto")
    assert torch.equal(again.w2c, cameras.w2c) and torch.equal(again.intrinsics, cameras.intrinsics)


def test_official_poses_with_intrinsics_in_the_same_text_and_3x4():
    text = "[0.8, 1.4, 0.5, 0.5]\n" + "\n\n".join(json.dumps(p[:3].tolist()) for p in random_poses(3)) + "\n"
    cameras = read_cameras(text)
    assert cameras.count == 3 and cameras.intrinsics[2].tolist() == [0.8, 1.4, 0.5, 0.5]


def test_realestate10k_by_hand():
    text = "https://example.com/watch\n40000000 0.9 1.6 0.5 0.5 0.0 0.0 1 0 0 0.1 0 1 0 0.2 0 0 1 0.3\n"
    cameras = read_cameras(text)
    assert cameras.w2c[0, :3, 3].tolist() == [0.1, 0.2, 0.3]
    assert cameras.intrinsics.tolist() == [[0.9, 1.6, 0.5, 0.5]]


def test_nerfstudio_axes():
    # An OpenGL camera at (1, 2, 3) with identity rotation looks along -z with y up.
    pose = np.eye(4)
    pose[:3, 3] = [1, 2, 3]
    text = json.dumps(
        {"fl_x": 100, "w": 200, "h": 100, "frames": [{"file_path": "a.png", "transform_matrix": pose.tolist()}]}
    )
    cameras = read_cameras(text)
    assert cameras.centers[0].tolist() == [1, 2, 3]
    assert cameras.c2w[0, :3, 2].tolist() == [0, 0, -1] and cameras.c2w[0, :3, 1].tolist() == [0, -1, 0]
    assert cameras.intrinsics[0].tolist() == [0.5, 1.0, 0.5, 0.5]


def test_nerfstudio_angle_and_size_from_the_widgets():
    text = json.dumps({"camera_angle_x": math.pi / 2, "frames": [{"transform_matrix": np.eye(4).tolist()}]})
    with pytest.raises(SpatiaError, match="set width and height"):
        read_cameras(text)
    torch.testing.assert_close(
        read_cameras(text, width=200, height=100).intrinsics[0], torch.tensor([0.5, 1.0, 0.5, 0.5], dtype=torch.float64)
    )


def test_images_are_sorted_by_the_numbers_in_their_names():
    order = [3, 10, 1, 2]
    frames = []
    for i in order:
        pose = np.eye(4)
        pose[0, 3] = i
        frames.append({"file_path": f"img_{i}.png", "transform_matrix": pose.tolist()})
    cameras = read_cameras(json.dumps({"fl_x": 100, "w": 200, "h": 100, "frames": frames}))
    assert cameras.centers[:, 0].tolist() == [1, 2, 3, 10]


COLMAP_CAMERAS = "# comment\n1 SIMPLE_PINHOLE 200 100 100 100 50\n2 PINHOLE 200 100 100 110 90 50\n"


def test_colmap_with_points_and_without():
    with_points = (
        "2 1 0 0 0 0 0 2 2 b.png\n10.5 3.5 -1 11 4 7\n1 1 0 0 0 0 0 1 1 a.png\n\n3 1 0 0 0 0 0 3 1 c.png\n1.0 2.0 -1\n"
    )
    without = "2 1 0 0 0 0 0 2 2 b.png\n1 1 0 0 0 0 0 1 1 a.png\n3 1 0 0 0 0 0 3 1 c.png\n"
    for text in (with_points, without):
        cameras = read_cameras(text, COLMAP_CAMERAS)
        assert cameras.w2c[:, 2, 3].tolist() == [1, 2, 3]
        assert cameras.intrinsics[:, 0].tolist() == [0.5, 0.5, 0.5]
        assert cameras.intrinsics[1].tolist() == [0.5, 1.1, 0.45, 0.5]


def test_colmap_quaternion_is_world_to_camera_with_w_first():
    s = math.sqrt(0.5)
    cameras = read_cameras(f"1 {s} 0 0 {s} 0 0 0 1 a.png\n", COLMAP_CAMERAS)
    torch.testing.assert_close(
        cameras.w2c[0, :3, :3], torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=torch.float64)
    )


def test_a_shared_camera_is_written_once():
    path = preset_path("truck", sample(1), 5)
    files = write_cameras(path, "colmap", width=320, height=176)
    assert len([line for line in files["cameras.txt"].splitlines() if not line.startswith("#")]) == 1
    assert len(write_cameras(path, "spatia", width=320, height=176)["intrinsics.txt"].splitlines()) == 1


def test_a_pose_file_of_memorize_when_needed():
    cameras = read_cameras(POSES.read_text())
    assert detect_format(POSES.read_text()) == "memorize" and cameras.count == 50
    assert cameras.intrinsics.unique(dim=0).tolist() == [[0.55, 0.825, 0.5, 0.5]]
    # By rows, world to camera: the second camera has moved 0.02 to the right, so that the world moves to the left.
    assert cameras.w2c[1, :3, 3].tolist() == [-0.02, 0, 0] and cameras.centers[1].tolist() == [0.02, 0, 0]
    # Turned by 2 degrees to the right: what was straight ahead is now left of the middle.
    turned = cameras.w2c[49, :3, :3] @ cameras.c2w[48, :3, 2]
    assert math.degrees(math.atan2(float(turned[0]), float(turned[2]))) == pytest.approx(-2, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (lambda text: text.replace(" ", ", "), 50),
        (lambda text: text.replace("\n", "\r\n"), 50),
        (lambda text: "# made by hand\n\n" + text.replace("\n", "\n\n# next\n") + "\n\n", 50),
        (lambda text: text.replace(" ", "\t"), 50),
        (lambda text: "".join(text.splitlines(keepends=True)[:2]), 1),
        (lambda text: text.rstrip("\n"), 50),
    ],
    ids=["commas", "line ends", "comments and blank lines", "tabs", "one camera", "no last line end"],
)
def test_pose_files_as_others_write_them(change, count):
    cameras = read_cameras(POSES.read_text())
    again = read_cameras(change(POSES.read_text()))
    assert again.count == count and torch.equal(again.w2c, cameras.w2c[:count])


def test_what_begins_with_four_numbers_is_no_pose_file_of_itself():
    """A RealEstate10K text may have a title of numbers, the official one its intrinsics in front."""
    assert detect_format("2024 1 2 3\n" + RE10K.split("\n", 1)[1]) == "realestate10k"
    assert detect_format(f"0.8 1.4 .5 .5\n{EYE}") == "spatia"
    assert read_cameras(f"0.8 1.4 .5 .5\n{EYE}").count == 1


def test_a_zoom_is_not_written_into_a_pose_file():
    with pytest.raises(SpatiaError, match="changes its lens .fx from 0.81 to 1.053, .*take the zoom out"):
        write_cameras(sample(), "memorize", width=320, height=176)
    moved = make_cameras(random_poses(2), [[0.8, 1.2, 0.5, 0.5], [0.8, 1.2, 0.5, 0.51]])
    with pytest.raises(SpatiaError, match="changes its lens"):
        write_cameras(moved, "memorize", width=320, height=176)
    off = make_cameras(random_poses(2), [0.8, 1.2, 40.0, 0.5])
    with pytest.raises(SpatiaError, match="another format"):
        write_cameras(off, "memorize", width=320, height=176)


EYE = "[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]"
LENS, FLAT = "0.5 0.75 0.5 0.5\n", "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n"
RE10K = "https://example.com/watch\n40000000 0.9 1.6 0.5 0.5 0.0 0.0 1 0 0 0.1 0 1 0 0.2 0 0 1 0.3\n"
RE10K += "50000000 0.9 1.6 0.5 0.5 0.0 0.0 1 0 0 0.1 0 1 0 0.2 0 0 1 0.4\n"
FRAME = {"file_path": "a.png", "transform_matrix": np.eye(4).tolist()}


@pytest.mark.parametrize(
    ("text", "intrinsics", "message"),
    [
        ("", "", "empty"),
        ("hello world", "", "none of the known formats"),
        (EYE, "", "without intrinsics"),
        (EYE, "[1 1 0.5]", "Line 1 of the intrinsics"),
        (EYE, "[1000 1000 640 360]", "look like pixels"),
        (EYE, "[0 1 0.5 0.5]", "zero or negative"),
        (EYE + "\n[[1, 0], [0, 1]]", "[1 1 .5 .5]", "Line 2"),
        (EYE + "\n[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1", "[1 1 .5 .5]", "Line 2"),
        (EYE + "\n[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]", "[1 1 .5 .5]", "different shapes"),
        (EYE + "\nfoo", "[1 1 .5 .5]", "Line 2"),
        (EYE.replace("0, 0, 1, 0", "0, 0, NaN, 0"), "[1 1 .5 .5]", "NaN"),
        (EYE.replace("1", "2"), "[1 1 .5 .5]", "not a rotation"),
        (f"{EYE}\n{EYE}", "[1 1 .5 .5]\n" * 3, "3 sets of intrinsics"),
        ("0 .9 1.6 .5 .5 .1 0 1 0 0 0 0 1 0 0 0 0 1 0", "", "distortion"),
        ("0 .9 1.6 .5 .5 0 0 1 0 0 0 0 1 0 0 0 0 1 0\n1 2 3", "", "Line 2"),
        ("5 .9 1.6 .5 .5 0 0 1 0 0 0 0 1 0 0 0 0 1 0\n5 .9 1.6 .5 .5 0 0 1 0 0 0 0 1 0 0 0 0 1 0", "", "do not rise"),
        ("{", "", "no valid JSON"),
        ('{"frames": []}', "", "no list"),
        (json.dumps({"w": 2, "h": 2, "frames": [FRAME]}), "", "neither fl_x nor camera_angle_x"),
        (json.dumps({"w": 2, "h": 2, "fl_x": 2, "k1": 0.1, "frames": [FRAME]}), "", "distortion"),
        (
            json.dumps({"w": 2, "h": 2, "fl_x": 2, "camera_model": "OPENCV_FISHEYE", "frames": [FRAME]}),
            "",
            "OPENCV_FISHEYE",
        ),
        (json.dumps({"w": 2, "h": 2, "fl_x": "wide", "frames": [FRAME]}), "", "fl_x = 'wide'"),
        (json.dumps({"w": 2, "h": 2, "fl_x": 2, "frames": [{"file_path": "a.png"}]}), "", "transform_matrix"),
        (
            json.dumps({"w": 2, "h": 2, "fl_x": 2, "frames": [FRAME | {"transform_matrix": [[0] * 4] * 3}]}),
            "",
            "not a rotation",
        ),
        ("1 1 0 0 0 0 0 0 1 a.png\n", "", "without cameras.txt"),
        ("1 1 0 0 0 0 0 0 9 a.png\n", COLMAP_CAMERAS, "uses camera 9"),
        ("1 2 0 0 0 0 0 0 1 a.png\n", COLMAP_CAMERAS, "quaternion of length 2"),
        ("1 1 0 0 0 0 0 0 1 a.png\n\nfoo\n", COLMAP_CAMERAS, "Line 3"),
        ("1 1 0 0 0 0 0 0 1 a.png\n", "1 OPENCV 200 100 100 100 100 50 0 0 0 0\n", "OPENCV"),
        ("1 1 0 0 0 0 0 0 1 a.png\n", "1 PINHOLE 200 100 100 100\n", "2 parameters"),
        ("1 1 0 0 0 0 0 0 1 a.png\n", "nonsense\n", "Line 1 of cameras.txt"),
        ("0.5 0.75 0.5 0.5", "", "holds no pose"),
        (LENS + "# only\n\n", "", "holds no pose"),
        (LENS + FLAT + FLAT[:-4], "", "Line 3 of the pose text has 14 fields, expected 16"),
        (LENS + FLAT.strip() + " 1", "", "Line 2 of the pose text has 17 fields"),
        (LENS + FLAT + "\n" + LENS + FLAT, "", "Line 4 of the pose text has 4 fields"),
        (LENS + FLAT.replace("1\n", "nan\n"), "", "Line 2 of the pose text"),
        (LENS + FLAT.replace("1\n", "1e999\n"), "", "Line 2 of the pose text"),
        (LENS + FLAT.replace("1\n", "1_0\n"), "", "Line 2 of the pose text"),
        (LENS + FLAT + FLAT.replace("0 0 0 1\n", "0 0 0 2\n"), "", "Camera 1 has a last row other than [0, 0, 0, 1]"),
        (LENS + "1 0 0 0 0 1 0 0 0 0 1 0 5 6 7 1", "", "is it transposed?"),
        (LENS + FLAT.replace("1 0 0 0 0 1", "1 0 0 0 0 2", 1), "", "not a rotation"),
        (LENS + FLAT.replace("1 0 0 0 0 1", "1 0 0 0 0 -1", 1), "", "mirror image"),
        (LENS + FLAT.replace("1 0 0 0 0 1", "1 0 0 1e300 0 1", 1), "", "Camera 0 is farther"),
        ("500 500 360 240\n" + FLAT, "", "look like pixels"),
        ("0 0.75 0.5 0.5\n" + FLAT, "", "zero or negative"),
        # numbers that are none, or none that a camera may have
        (EYE.replace("[1,", f"[{'9' * 400},"), "[1 1 .5 .5]", "Line 1 of the camera text"),
        (EYE.replace("[1,", f"[{'9' * 5000},"), "[1 1 .5 .5]", "Line 1 of the camera text"),
        (EYE.replace("[1,", "[1e999,"), "[1 1 .5 .5]", "Line 1 of the camera text"),
        (EYE.replace("[1,", "[true,"), "[1 1 .5 .5]", "Line 1 of the camera text"),
        (EYE.replace("[1,", '["1",'), "[1 1 .5 .5]", "Line 1 of the camera text"),
        (EYE.replace("0]]", "1e308]]"), "[1 1 .5 .5]", "Camera 0 is farther"),
        (EYE + "\n" + "[" * 100_000, "[1 1 .5 .5]", "Line 2 of the camera text"),
        (EYE + "\n[[" + "[]," * 5000 + "[]]]", "[1 1 .5 .5]", "Line 2 of the camera text has 15006 characters"),
        (EYE, "[1_0 1 .5 .5]", "Line 1 of the intrinsics"),
        (EYE, "[nan 1 .5 .5]", "Line 1 of the intrinsics"),
        (EYE, "[\u0661 1 .5 .5]", "Line 1 of the intrinsics"),
        (EYE, f"[{'9' * 5000} 1 .5 .5]", "Line 1 of the intrinsics"),
        (RE10K.replace("0.4", "1e999"), "", "Line 3 of the RealEstate10K text"),
        (RE10K.replace("0.4", "1_0"), "", "Line 3 of the RealEstate10K text"),
        (RE10K.replace("0.9", "1e-300"), "", "Camera 0 has a focal length out of range"),
        (
            json.dumps({"w": 1e-300, "h": 2, "fl_x": 2, "frames": [FRAME]}),
            "",
            "'a.png' in transforms.json has w = 1e-300",
        ),
        (json.dumps({"w": -2, "h": 2, "fl_x": 2, "frames": [FRAME]}), "", "w = -2"),
        (json.dumps({"w": "200", "h": 2, "fl_x": 2, "frames": [FRAME]}), "", "w = '200'"),
        (
            json.dumps({"w": 2, "h": 2, "fl_x": 1e308, "frames": [FRAME]}),
            "",
            "Camera 0 has a focal length out of range",
        ),
        (json.dumps({"w": 2, "h": 2, "camera_angle_x": 1e308, "frames": [FRAME]}), "", "camera_angle_x = 1e+308"),
        (json.dumps({"w": 2, "h": 2, "camera_angle_x": 5e-324, "frames": [FRAME]}), "", "camera_angle_x = 5e-324"),
        (json.dumps({"w": 2, "h": 2, "fl_x": 2, "cx": "9" * 99, "frames": [FRAME]}), "", "cx = '99"),
        (
            json.dumps({"w": 2, "h": 2, "fl_x": 2, "camera_model": ["PINHOLE"], "frames": [FRAME]}),
            "",
            "camera model ['PINHOLE']",
        ),
        (json.dumps({"w": 2, "h": 2, "fl_x": 2, "frames": [FRAME]}).replace("1.0", "9" * 5000), "", "5000 digits"),
        (
            json.dumps({"w": 2, "h": 2, "fl_x": 2, "frames": [FRAME]}).replace("1.0", "null"),
            "",
            "The transform_matrix of 'a.png'",
        ),
        (json.dumps({"w": 2, "h": 2, "fl_x": 2, "frames": [FRAME]}).replace("1.0", "1e300"), "", "Camera 0"),
        ('{"frames": ' + "[" * 100_000, "", "nested"),
        (f"1 1 0 0 0 0 0 0 {'9' * 400} a.png\n", COLMAP_CAMERAS, "none of the known formats"),
        ("1 1 0 0 0 0 0 0 1 a.png\n\n1 1 0 0 0 1e999 0 0 1 b.png", COLMAP_CAMERAS, "Line 3 of images.txt"),
        ("1 1e200 1e200 0 0 0 0 0 1 a.png\n", COLMAP_CAMERAS, "quaternion of length 1.41421e+200"),
        ("1 1 0 0 0 0 0 0 1 a.png\n", "1 PINHOLE 1e-300 100 100 100 100 50\n", "Line 1 of cameras.txt"),
        ("1 1 0 0 0 0 0 0 1 a.png\n", f"{'9' * 5000} PINHOLE 200 100 100 100 100 50\n", "Line 1 of cameras.txt"),
        (
            "1 1 0 0 0 0 0 0 1 a.png\n",
            COLMAP_CAMERAS + "1 PINHOLE 200 100 100 100 100 50\n",
            "Line 4 of cameras.txt gives camera 1 a second time",
        ),
    ],
)
def test_bad_files_are_refused(text, intrinsics, message):
    with pytest.raises(SpatiaError) as refusal:
        read_cameras(text, intrinsics)
    assert message in str(refusal.value)


def test_names_of_long_numbers_are_sorted_by_value():
    """Without a conversion, for which Python takes quadratic time, and which it refuses from 4,300 digits on."""
    names = ["9" * 900, "10", "1" + "0" * 900, "009", "a9", "a10"]
    lines = [f"{i} 1 0 0 0 {i} 0 0 1 {name}\n" for i, name in enumerate(names, 1)]
    assert read_cameras("".join(lines), COLMAP_CAMERAS).w2c[:, 0, 3].tolist() == [4, 2, 1, 3, 5, 6]
    with pytest.raises(SpatiaError, match="Line 1 of images.txt"):
        read_cameras(lines[0].replace("9" * 900, "9" * 5000), COLMAP_CAMERAS, "colmap")
    frames = {"w": 2, "h": 2, "fl_x": 2, "frames": [FRAME | {"file_path": "9" * 5000}]}
    with pytest.raises(SpatiaError, match="names in transforms.json have up to 5000 characters"):
        read_cameras(json.dumps(frames))


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_too_many_cameras_are_refused_before_any_is_read(format, monkeypatch):
    files = list(write_cameras(sample(30, format), format, width=320, height=176).values())
    assert read_cameras(*files, format=format, most=30).count == 30
    # A camera in a text that nobody could read: whoever refuses the number has not tried.
    spoilt = [text.replace("0.491", "wrong").replace("frame_00012", "frame_99999") for text in files]
    with pytest.raises(SpatiaError, match="at most 29"):
        read_cameras(*spoilt, format=format, most=29)


@pytest.mark.parametrize(
    ("text", "intrinsics", "message"),
    [
        ("\n" * (64 << 20) + "x", "", "characters"),
        (EYE, "\n" * (64 << 20) + "x", "characters"),
        ("\r\n" * 500_000 + EYE, "[1 1 .5 .5]", "500001 lines"),
        ('{"frames": [' + "[]," * 1_000_000, "", "lists and objects"),
        ('{"frames": [' + "1," * 10_000_000, "", "values"),
    ],
    ids=["text", "intrinsics", "lines", "lists", "values"],
)
def test_texts_that_would_fill_the_memory_are_refused(text, intrinsics, message):
    with pytest.raises(SpatiaError, match=message):
        read_cameras(text, intrinsics)


def test_what_a_format_cannot_say_is_not_written():
    off = make_cameras(random_poses(1), [0.8, 1.2, 40.0, 0.5])
    with pytest.raises(SpatiaError, match="another format"):
        write_cameras(off, "spatia", width=320, height=176)
    for format in ("realestate10k", "nerfstudio", "colmap"):
        again = read_back(write_cameras(off, format, width=320, height=176), format)
        assert again.intrinsics[0, 2] == pytest.approx(40)
    for fps in (1e-300, 1e12, math.nan):
        with pytest.raises(SpatiaError, match="fps"):
            write_cameras(sample(), "realestate10k", width=1, height=1, fps=fps)
    with pytest.raises(SpatiaError, match="width and height"):
        write_cameras(sample(), "colmap", width=10**400, height=1)


def test_a_wrong_choice_of_format_is_refused():
    text = (CASE_3 / "w2c.txt").read_text()
    for format in ("realestate10k", "nerfstudio", "colmap", "obj"):
        with pytest.raises(SpatiaError):
            read_cameras(text, "[1 1 .5 .5]", format=format)
    with pytest.raises(SpatiaError, match="expected one of"):
        write_cameras(sample(), "obj", width=1, height=1)
    with pytest.raises(SpatiaError, match="fps"):
        write_cameras(sample(), "realestate10k", width=1, height=1, fps=0)


def test_the_page_offers_every_format():
    page = (ROOT / "js" / "src" / "camera_files.mjs").read_text(encoding="utf-8")
    offered = re.search(r"export const FORMATS = (\[.*\]);", page).group(1)
    assert json.loads(offered) == ["keyframes", *FORMATS]
    accepted = re.search(r'export const ACCEPTED = "(.*)";', page).group(1).split(",")
    assert {Path(name).suffix for name in (*(main for main, _ in FILE_NAMES.values()), GLTF_NAME)} <= set(accepted)


@pytest.mark.parametrize("page", ["SpatiaImportCameras", "SpatiaExportCameras"])
def test_the_help_names_every_format(page):
    for file in (f"{page}.md", f"{page}/zh.md"):
        text = (ROOT / "js" / "docs" / file).read_text(encoding="utf-8")
        assert [name for name in FORMATS if name not in text] == [], file
