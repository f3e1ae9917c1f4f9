"""Camera file formats: texts, and glTF (gltf.py).

    spatia       w2c.txt: one JSON 3x4 or 4x4 world-to-camera list per line; intrinsics.txt: `[fx fy cx cy]`
                 normalised, one line for all cameras or one per camera
    realestate10k  a title line, then per camera: microseconds fx fy cx cy 0 0 and the 12 numbers of a 3x4 w2c
    nerfstudio   transforms.json: OpenGL camera-to-world (y up, z backward), intrinsics in pixels
    colmap       images.txt (w2c as quaternion and translation) and cameras.txt (pixels; pinhole models only)
    memorize     pose.txt of "Memorize When Needed": a line `fx fy cx cy` normalised by the size of the first image as it
                 was before anything was cropped, then per camera a line of 16 numbers, a 4x4 w2c by rows; no zoom
    gltf         cameras.glb: an animated camera, for Blender; float32, and without zoom

In texts, numbers are written with all their digits, so that reading back gives the same cameras.

How many cameras a text says it has is counted first, and only a text of few enough is taken apart. So no loop here is
long enough to look for an interrupt, which a page that has cameras read beside a run would take away from that run.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import SpatiaError
from ..inputs import MOST_CAMERAS, number, number_text, parse_json, shown, whole_text, widget_number
from .camera import LARGEST_SIDE, Cameras, make_cameras, require_image_size
from .gltf import is_gltf, read_gltf, write_gltf

TEXT_FORMATS = ("spatia", "realestate10k", "nerfstudio", "colmap", "memorize")
FORMATS = (*TEXT_FORMATS, "gltf")

# OpenGL camera axes (y up, z backward) in OpenCV ones; its own inverse.
_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])

GLTF_NAME = "cameras.glb"
# Companion of each text format's main file, for those that keep intrinsics apart: (main, intrinsics).
FILE_NAMES = {
    "spatia": ("w2c.txt", "intrinsics.txt"),
    "realestate10k": ("cameras_re10k.txt", None),
    "nerfstudio": ("transforms.json", None),
    "colmap": ("images.txt", "cameras.txt"),
    "memorize": ("pose.txt", None),
}


LONGEST_TEXT = 64 << 20  # characters: what MOST_CAMERAS take in the wordiest of the formats
_OFFICIAL_CENTER = 10  # a principal point beyond is taken for one in pixels
_SAME_LENS = 1e-9  # of a focal length or a principal point; more is a zoom
_LARGEST_ID = 2**32 - 1  # of a COLMAP camera, as COLMAP has it
# Lines, JSON values and JSON containers that each camera may take, in the wordiest of the formats and with comments.
_LINES_EACH, _VALUES_EACH, _CONTAINERS_EACH = 4, 64, 8
_SLACK = 1000  # of these, for what stands once in a text
# Characters of a line: of numbers and names, and of the 2D points of a COLMAP image; of a name, and of all names.
_LONGEST_LINE, _LONGEST_POINTS = 10_000, 4 << 20
_LONGEST_NAME, _LONGEST_NAMES = 1000, 16 << 20


def read_cameras(
    text: str | bytes, intrinsics_text: str = "", format: str = "auto", *,
    width: int = 0, height: int = 0, fps: float = 24.0, camera: str = "", most: int = MOST_CAMERAS,
) -> Cameras:  # fmt: skip
    """Cameras of a file's text, or of a glTF file's text or bytes, in the order of time.

    intrinsics_text: the second file of formats that have one (intrinsics.txt, cameras.txt); the official intrinsics
    line may also stand in the main text. width, height: pixels, only used where a nerfstudio file does not say its
    own. COLMAP and nerfstudio list images in any order: they come out sorted by file name, numbers by value.
    fps, camera: of `read_gltf`. most: cameras. Raises SpatiaError naming the line that cannot be read, on lens distortion, on poses that are not
    rigid or out of range, and, before it reads them, on more cameras than `most` and on texts beyond LONGEST_TEXT.
    """
    if format == "gltf" or (format == "auto" and is_gltf(text)) or isinstance(text, bytes):
        data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        return read_gltf(data, width=width, height=height, fps=fps, camera=camera, most=most)
    text, intrinsics_text = _plain_lines(text, "camera text"), _plain_lines(intrinsics_text, "intrinsics text")
    if not text.strip():
        raise SpatiaError("The camera text is empty, expected camera poses; choose another file or paste its text.")
    if format == "auto":
        format = detect_format(text, most)
    if format == "spatia":
        return _read_spatia(text, intrinsics_text, most)
    if format == "realestate10k":
        return _read_realestate10k(text, most)
    if format == "nerfstudio":
        return _read_nerfstudio(text, width, height, most)
    if format == "colmap":
        return _read_colmap(text, intrinsics_text, most)
    if format == "memorize":
        return _read_memorize(text, most)
    raise SpatiaError(
        f"Camera format {shown(format)} was asked for, expected auto or one of {', '.join(FORMATS)}; change format."
    )


def write_cameras(
    cameras: Cameras, format: str, *, width: int, height: int, fps: float = 24.0
) -> dict[str, str | bytes]:
    """The format's files as {name: text, or bytes}. width, height (pixels) and fps are written where the format needs them."""
    if format not in FORMATS:
        raise SpatiaError(
            f"Camera format {shown(format)} was asked for, expected one of {', '.join(FORMATS)}; change format."
        )
    if format == "gltf":
        return {GLTF_NAME: write_gltf(cameras, width=width, height=height, fps=fps)}
    require_image_size(width, height)
    # Below and above, RealEstate10K's microseconds would not rise or not be numbers.
    fps = widget_number("fps", fps, 1e-3, 1e5)
    main, second = FILE_NAMES[format][0], FILE_NAMES[format][1] or ""
    if format == "spatia":
        return {main: _write_w2c(cameras), second: _write_intrinsics(cameras)}
    if format == "realestate10k":
        return {main: _write_realestate10k(cameras, fps)}
    if format == "nerfstudio":
        return {main: _write_nerfstudio(cameras, width, height)}
    if format == "memorize":
        return {main: _write_memorize(cameras)}
    images, sizes = _write_colmap(cameras, width, height)
    return {main: images, second: sizes}


def companion_of(path: str) -> str | None:
    """Path of the second file of a format that has one, beside a main file of its usual name; None of others. It may not exist."""
    folder, base = os.path.split(path)
    for main, second in FILE_NAMES.values():
        # Our own exports carry a prefix before these names.
        if second and base.endswith(main):
            return os.path.join(folder, base[: -len(main)] + second)
    return None


def detect_format(text: str, most: int = MOST_CAMERAS) -> str:
    """Name of the format a text is in. Raises SpatiaError when it is none, or longer than `most` cameras take."""
    text = _plain_lines(text, "camera text")
    if is_gltf(text):
        return "gltf"
    if re.match(r"\s*\{", text):
        return "nerfstudio"
    _refuse_lines(text, most, "camera text")
    body = [line for _, line in _content_lines(text, "camera text", _LONGEST_POINTS)]
    if any(line.startswith("[[") for line in body):
        return "spatia"
    if any(len(_numbers(line) or ()) == 19 for line in body[:2] if len(line) <= _LONGEST_LINE):
        return "realestate10k"
    if body and _colmap_image(body[0]) is not None:
        return "colmap"
    # Cut short, too: its own reader says what is missing. RealEstate10K's title may be of numbers, but not its cameras.
    if body and len(body[0]) <= _LONGEST_LINE and len(_numbers(body[0]) or ()) == 4:
        return "memorize"
    start = text.strip()[:60].replace("\n", " ")
    raise SpatiaError(
        f"The camera text starts with {shown(start)}, which is none of the known formats ({', '.join(FORMATS)}); "
        "choose the format by hand or give another file."
    )


# --- the official text files ---


def _read_spatia(text: str, intrinsics_text: str, most: int) -> Cameras:
    _refuse_lines(text, most, "camera text")
    _refuse_lines(intrinsics_text, most, "intrinsics text")
    lines = _content_lines(text, "camera text")
    posed = [(index, line) for index, line in lines if line.startswith("[[")]
    _refuse_cameras(len(posed), most)
    inline = [(index, line) for index, line in lines if not line.startswith("[[")]
    shared = _content_lines(intrinsics_text, "intrinsics text")
    _refuse_cameras(max(len(inline), len(shared)), most)
    poses = [_json_pose(line, index) for index, line in posed]
    own = [_intrinsics_line(line, index, "camera text") for index, line in inline]
    given = [_intrinsics_line(line, index, "intrinsics") for index, line in shared] or own
    if not poses:
        raise SpatiaError(
            "The camera text holds no pose, expected one JSON list [[...], [...], [...]] per line; check the file."
        )
    if not given:
        raise SpatiaError(
            "The poses came without intrinsics, expected a line [fx fy cx cy] normalised by width and height; fill in intrinsics or put intrinsics.txt beside the file."
        )
    rows = np.array(given)
    _refuse_pixels(rows)
    shapes = {np.shape(pose) for pose in poses}
    if len(shapes) > 1:
        raise SpatiaError(
            f"Poses of different shapes {sorted(shapes)} were given, expected all 3x4 or all 4x4; check the file."
        )
    return make_cameras(np.array(poses), rows if len(rows) > 1 else rows[0])


def _json_pose(line: str, index: int) -> list[list[float]]:
    where = f"Line {index} of the camera text"
    return _matrix(parse_json(line.rstrip(","), f"{where}: its numbers", "that line"), where, "that line")


def _matrix(rows: object, where: str, change: str) -> list[list[float]]:
    """A 3x4 or 4x4 matrix of finite numbers, of JSON values."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise SpatiaError(
            f"{where} is {shown(rows)}, expected a matrix [[...], [...], [...]] of 3x4 or 4x4 numbers; check {change}."
        )
    if len(rows) not in (3, 4) or any(len(row) != 4 for row in rows):
        sizes = shown([len(row) for row in rows])
        raise SpatiaError(
            f"{where} holds a matrix of {len(rows)} rows of {sizes} values, expected 3x4 or 4x4; check {change}."
        )
    try:
        return [[number(value) for value in row] for row in rows]
    except ValueError as error:
        raise SpatiaError(f"{where} is {shown(rows)}, expected {error} for every value; check {change}.") from None


def _intrinsics_line(line: str, index: int, what: str) -> list[float]:
    # The official file writes [fx fy cx cy] without commas; accept both.
    values = _numbers(line.strip("[], \t"))
    if values is None or len(values) != 4:
        raise SpatiaError(
            f"Line {index} of the {what} is {shown(line)}, expected 4 finite numbers [fx fy cx cy]; check that line."
        )
    return values


def _refuse_pixels(rows: np.ndarray) -> None:
    far = (np.abs(rows[:, 2:]) > _OFFICIAL_CENTER).any(1)
    if far.any():
        raise SpatiaError(
            f"Intrinsics {rows[np.argmax(far)].tolist()} look like pixels, expected values normalised by width (fx, cx) "
            "and height (fy, cy), with cx and cy near 0.5; divide them by the image size."
        )


def _refuse_far_centers(cameras: Cameras) -> None:
    if float(cameras.intrinsics[:, 2:].abs().max()) > _OFFICIAL_CENTER:
        raise SpatiaError(
            f"A camera has a principal point beyond {_OFFICIAL_CENTER} image sizes, which readers of this text would "
            "take for pixels; choose another format."
        )


def _write_w2c(cameras: Cameras) -> str:
    return "".join(json.dumps(pose) + "\n" for pose in cameras.w2c.tolist())


def _write_intrinsics(cameras: Cameras) -> str:
    _refuse_far_centers(cameras)
    rows = cameras.intrinsics.tolist()
    if all(row == rows[0] for row in rows):
        rows = rows[:1]
    return "".join("[" + " ".join(map(repr, row)) + "]\n" for row in rows)


# --- RealEstate10K ---


def _read_realestate10k(text: str, most: int) -> Cameras:
    _refuse_lines(text, most, "RealEstate10K text")
    lines = _content_lines(text, "RealEstate10K text")
    if lines and _numbers(lines[0][1]) is None:
        lines = lines[1:]  # the title line: a video address in the data set
    _refuse_cameras(len(lines), most)
    times, intrinsics, poses = [], [], []
    for index, line in lines:
        values = _numbers(line)
        if values is None or len(values) != 19:
            raise SpatiaError(
                f"Line {index} of the RealEstate10K text has {len(line.split())} fields, expected 19 finite numbers "
                "(time, fx fy cx cy, 0 0, 12 of the pose); check that line."
            )
        if values[5] or values[6]:
            raise SpatiaError(
                f"Line {index} of the RealEstate10K text has lens distortion {values[5:7]}, expected 0 0; undistort "
                "the images first."
            )
        times.append(values[0])
        intrinsics.append(values[1:5])
        poses.append(np.reshape(values[7:], (3, 4)))
    if not poses:
        raise SpatiaError("The RealEstate10K text holds no camera line, expected lines of 19 numbers; check the file.")
    if any(b <= a for a, b in pairwise(times)):
        raise SpatiaError(
            "The RealEstate10K timestamps do not rise from line to line; sort the lines by their first number."
        )
    return make_cameras(np.array(poses), np.array(intrinsics))


def _write_realestate10k(cameras: Cameras, fps: float) -> str:
    lines = ["Spatia camera path"]
    for i, (pose, intrinsics) in enumerate(zip(cameras.w2c[:, :3].flatten(1).tolist(), cameras.intrinsics.tolist())):
        lines.append(" ".join([str(round(i * 1e6 / fps)), *map(repr, intrinsics), "0.0", "0.0", *map(repr, pose)]))
    return "\n".join(lines) + "\n"


# --- nerfstudio ---


def _read_nerfstudio(text: str, width: int, height: int, most: int) -> Cameras:
    _refuse_cameras(text.count('"transform_matrix"'), most)
    containers = text.count("[") + text.count("{")
    for what, count, each in (
        ("lists and objects", containers, _CONTAINERS_EACH),
        ("values", text.count(","), _VALUES_EACH),
    ):
        if count > each * most + _SLACK:
            raise SpatiaError(f"transforms.json holds {count} {what}, more than {most} cameras need; check the file.")
    data = parse_json(text, "The contents of transforms.json", "the file")
    frames = data.get("frames") if isinstance(data, dict) else None
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) for f in frames):
        raise SpatiaError(
            'transforms.json has no list of "frames"; expected the nerfstudio layout with one entry per image.'
        )
    _refuse_cameras(len(frames), most)
    shared = {key: value for key, value in data.items() if key != "frames"}
    poses, intrinsics = [], []
    for frame in _sorted_by_name(frames, _file_path, "transforms.json"):
        # A frame's own camera overrides the shared one.
        camera, name = ChainMap(frame, shared), shown(_file_path(frame) or "a frame")
        _refuse_nerfstudio_lens(camera, name)
        intrinsics.append(_nerfstudio_intrinsics(camera, name, width, height))
        c2w = _matrix(frame.get("transform_matrix"), f"The transform_matrix of {name} in transforms.json", "the file")
        poses.append([*c2w[:3], [0.0, 0.0, 0.0, 1.0]] if len(c2w) == 3 else c2w)
    # Checked as they stand there, so that their inverses are sound.
    stored = make_cameras(np.array(poses) @ _OPENGL, np.array(intrinsics))
    return make_cameras(stored.c2w, stored.intrinsics)


def _file_path(frame: dict) -> str:
    path = frame.get("file_path", "")
    return path if isinstance(path, str) else shown(path)


def _refuse_nerfstudio_lens(camera: Mapping, name: str) -> None:
    model = camera.get("camera_model", "PINHOLE")
    distortion = {k: camera[k] for k in ("k1", "k2", "k3", "k4", "p1", "p2") if camera.get(k)}
    if model not in ("PINHOLE", "SIMPLE_PINHOLE", "OPENCV"):
        raise SpatiaError(
            f"{name} in transforms.json has camera model {shown(model)}, expected a pinhole camera; undistort the "
            "images first."
        )
    if distortion:
        raise SpatiaError(
            f"{name} in transforms.json has lens distortion {shown(distortion)}, expected a pinhole camera; undistort "
            "the images first."
        )


def _nerfstudio_intrinsics(camera: Mapping, name: str, width: int, height: int) -> list[float]:
    def value(key: str, default: float | None = None, low: float = -math.inf, high: float = math.inf) -> float:
        given = camera.get(key, default)
        try:
            return number(given, low, high)
        except ValueError as error:
            raise SpatiaError(
                f"{name} in transforms.json has {key} = {shown(given)}, expected {error}; check the file."
            ) from None

    def angle(key: str) -> float:
        return value(key, low=1e-6, high=math.pi - 1e-6)  # beyond, no focal length is in range

    if not ("w" in camera or width) or not ("h" in camera or height):
        raise SpatiaError(
            f"{name} in transforms.json has no image size (w, h); set width and height to the size its images have."
        )
    w, h = value("w", width, 1, LARGEST_SIDE), value("h", height, 1, LARGEST_SIDE)
    if "fl_x" in camera:
        fx = value("fl_x")
        fy = value("fl_y", fx)
    elif "camera_angle_x" in camera:
        fx = 0.5 * w / math.tan(angle("camera_angle_x") / 2)
        fy = 0.5 * h / math.tan(angle("camera_angle_y") / 2) if "camera_angle_y" in camera else fx
    else:
        raise SpatiaError(
            f"{name} in transforms.json has neither fl_x nor camera_angle_x, expected one of them; check the file."
        )
    return [fx / w, fy / h, value("cx", w / 2) / w, value("cy", h / 2) / h]


def _write_nerfstudio(cameras: Cameras, width: int, height: int) -> str:
    c2w = cameras.c2w.numpy() @ _OPENGL
    frames = []
    for i, (pose, (fx, fy, cx, cy)) in enumerate(zip(c2w.tolist(), cameras.intrinsics.tolist())):
        frames.append(
            {
                "file_path": f"images/frame_{i + 1:05d}.png",
                "fl_x": fx * width,
                "fl_y": fy * height,
                "cx": cx * width,
                "cy": cy * height,
                "transform_matrix": pose,
            }
        )
    return json.dumps({"camera_model": "PINHOLE", "w": width, "h": height, "frames": frames}, indent=1) + "\n"


# --- COLMAP ---

_NO_POINTS = re.compile(r"[^0-9eE+\-.\s]")


def _read_colmap(text: str, cameras_text: str, most: int) -> Cameras:
    if not cameras_text.strip():
        raise SpatiaError(
            "COLMAP poses (images.txt) came without cameras.txt; put it beside the file, or paste its text into intrinsics."
        )
    _refuse_lines(text, most, "images.txt")
    # An image has two lines, of which the second may be lost.
    _refuse_cameras((len(_content_lines(text, "images.txt", _LONGEST_POINTS)) + 1) // 2, most)
    known = _colmap_cameras(cameras_text, most)
    images: list[tuple[list[float], list[float], int, str]] = []
    expect_image = True
    for index, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line.startswith("#"):
            continue
        # Every image has a second line with its 2D points, which may be empty, or lost with the blank lines.
        if not expect_image and not _NO_POINTS.search(line) and len(line.split()) % 3 == 0:
            expect_image = True
            continue
        if not line:
            continue
        image = _colmap_image(line)
        if image is None:
            raise SpatiaError(
                f"Line {index} of images.txt is {shown(line)}, expected IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME; "
                "check that line."
            )
        _refuse_cameras(len(images) + 1, most)
        images.append(image)
        expect_image = False
    if not images:
        raise SpatiaError(
            "images.txt holds no image, expected lines IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME; check the file."
        )
    poses, intrinsics = [], []
    for quaternion, translation, camera, name in _sorted_by_name(images, lambda image: image[3], "images.txt"):
        if camera not in known:
            raise SpatiaError(
                f"{shown(name)} in images.txt uses camera {camera}, which cameras.txt does not have (it has "
                f"{shown(sorted(known))}); give the matching file."
            )
        norm = math.hypot(*quaternion)
        if not abs(norm - 1) < 1e-2:
            raise SpatiaError(
                f"{shown(name)} in images.txt has a quaternion of length {norm:g}, expected 1; check the file."
            )
        w, x, y, z = quaternion
        pose = np.eye(4)
        pose[:3, :3] = Rotation.from_quat([x, y, z, w]).as_matrix()
        pose[:3, 3] = translation
        poses.append(pose)
        intrinsics.append(known[camera])
    return make_cameras(np.array(poses), np.array(intrinsics))


def _colmap_image(line: str) -> tuple[list[float], list[float], int, str] | None:
    """(quaternion wxyz, translation, camera id, name) of an image line, None when it is not one."""
    fields = line.split(maxsplit=9)
    if len(fields) != 10:
        return None
    values, camera = _numbers(" ".join(fields[:9])), _colmap_id(fields[8])
    if values is None or len(values) != 9 or _colmap_id(fields[0]) is None or camera is None:
        return None
    if len(fields[9]) > _LONGEST_NAME:  # a line of points where an image should be
        return None
    return values[1:5], values[5:8], camera, fields[9]


def _colmap_id(field: str) -> int | None:
    try:
        return whole_text(field, 0, _LARGEST_ID)
    except ValueError:
        return None


def _colmap_cameras(text: str, most: int) -> dict[int, list[float]]:
    """Normalised intrinsics by camera id."""
    _refuse_lines(text, most, "cameras.txt")
    lines = _content_lines(text, "cameras.txt")
    _refuse_cameras(len(lines), most)
    known = {}
    for index, line in lines:
        fields = line.split()
        identity, model = _colmap_id(fields[0]), fields[1] if len(fields) > 1 else ""
        values = _numbers(" ".join(fields[2:])) if identity is not None else None
        if identity is None or values is None or len(values) < 3:
            raise SpatiaError(
                f"Line {index} of cameras.txt is {shown(line)}, expected CAMERA_ID MODEL WIDTH HEIGHT PARAMS; check "
                "that line."
            )
        if model not in ("SIMPLE_PINHOLE", "PINHOLE"):
            raise SpatiaError(
                f"Camera {identity} in cameras.txt has the model {shown(model)}, which has lens distortion; expected "
                "SIMPLE_PINHOLE or PINHOLE: undistort the images first (colmap image_undistorter)."
            )
        w, h, params = values[0], values[1], values[2:]
        sized = 1 <= w <= LARGEST_SIDE and 1 <= h <= LARGEST_SIDE
        if len(params) != (3 if model == "SIMPLE_PINHOLE" else 4) or not sized:
            raise SpatiaError(
                f"Line {index} of cameras.txt has size {w:g}x{h:g} and {len(params)} parameters, expected sides from "
                f"1 to {LARGEST_SIDE} and {'f cx cy' if model == 'SIMPLE_PINHOLE' else 'fx fy cx cy'}; check that "
                "line."
            )
        if identity in known:
            raise SpatiaError(
                f"Line {index} of cameras.txt gives camera {identity} a second time, expected each once; check that "
                "line."
            )
        fx, fy, cx, cy = (params[0], *params) if model == "SIMPLE_PINHOLE" else params
        known[identity] = [fx / w, fy / h, cx / w, cy / h]
    return known


def _write_colmap(cameras: Cameras, width: int, height: int) -> tuple[str, str]:
    ids: dict[tuple[float, ...], int] = {}
    images = ["# IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, then a line of 2D points (none)"]
    quaternions = Rotation.from_matrix(cameras.w2c[:, :3, :3].numpy()).as_quat()
    for i, (q, t, k) in enumerate(
        zip(quaternions.tolist(), cameras.w2c[:, :3, 3].tolist(), cameras.intrinsics.tolist()), 1
    ):
        camera = ids.setdefault(tuple(k), len(ids) + 1)
        images.append(" ".join([str(i), *map(repr, [q[3], *q[:3], *t]), str(camera), f"frame_{i:05d}.png"]) + "\n")
    sizes = ["# CAMERA_ID MODEL WIDTH HEIGHT FX FY CX CY"]
    for (fx, fy, cx, cy), camera in ids.items():
        sizes.append(
            " ".join(
                [
                    str(camera),
                    "PINHOLE",
                    str(width),
                    str(height),
                    *map(repr, [fx * width, fy * height, cx * width, cy * height]),
                ]
            )
        )
    return "\n".join(images) + "\n", "\n".join(sizes) + "\n"


# --- Memorize When Needed ---


def _read_memorize(text: str, most: int) -> Cameras:
    _refuse_lines(text, most, "pose text")
    lines = _content_lines(text, "pose text")
    _refuse_cameras(len(lines) - 1, most)
    if len(lines) < 2:
        raise SpatiaError(
            "The pose text holds no pose, expected a line fx fy cx cy and then 16 numbers per camera; check the file."
        )
    intrinsics = np.array([_intrinsics_line(lines[0][1], lines[0][0], "pose text")])
    _refuse_pixels(intrinsics)
    poses = []
    for index, line in lines[1:]:
        values = _numbers(line)
        if values is None or len(values) != 16:
            raise SpatiaError(
                f"Line {index} of the pose text has {len(line.replace(',', ' ').split())} fields, expected 16 finite "
                "numbers, a 4x4 world-to-camera matrix by rows; check that line."
            )
        poses.append(np.reshape(values, (4, 4)))
    return make_cameras(np.array(poses), intrinsics)


def _write_memorize(cameras: Cameras) -> str:
    lens = cameras.intrinsics
    if float((lens - lens[:1]).abs().max()) > _SAME_LENS:
        raise SpatiaError(
            f"The path changes its lens (fx from {float(lens[:, 0].min()):g} to {float(lens[:, 0].max()):g}, fy from "
            f"{float(lens[:, 1].min()):g} to {float(lens[:, 1].max()):g} of the image), and a pose file has one line of "
            "intrinsics; take the zoom out of the path, or choose another format."
        )
    _refuse_far_centers(cameras)
    rows = [lens[0].tolist(), *cameras.w2c.flatten(1).tolist()]
    return "".join(" ".join(map(repr, row)) + "\n" for row in rows)


# --- shared ---


def _plain_lines(text: str, what: str) -> str:
    """The text with plain line ends. Raises SpatiaError when it is too long to look at."""
    if len(text) > LONGEST_TEXT:
        raise SpatiaError(
            f"The {what} has {len(text)} characters, expected at most {LONGEST_TEXT}; give a file with fewer cameras."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_lines(text: str, most: int, what: str) -> None:
    count = text.count("\n") + 1
    if count > _LINES_EACH * most + _SLACK:
        raise SpatiaError(
            f"The {what} has {count} lines, more than {most} cameras need; give a file with fewer cameras."
        )


def _refuse_cameras(count: int, most: int) -> None:
    if count > most:
        raise SpatiaError(f"{count} cameras were given, expected at most {most}; thin the camera text.")


def _content_lines(text: str, what: str, longest: int = _LONGEST_LINE) -> list[tuple[int, str]]:
    """(line number, stripped text) of lines that are neither blank nor comments. Raises SpatiaError on long ones."""
    lines = [(index, line.strip()) for index, line in enumerate(text.split("\n"), 1)]
    lines = [(index, line) for index, line in lines if line and not line.startswith("#")]
    for index, line in lines:
        if len(line) > longest:
            raise SpatiaError(
                f"Line {index} of the {what} has {len(line)} characters, expected at most {longest}; check that line."
            )
    return lines


def _numbers(line: str) -> list[float] | None:
    """All finite numbers of a line separated by blanks or commas, None when something else stands there."""
    try:
        return [number_text(field) for field in line.replace(",", " ").split()]
    except ValueError:
        return None


def _sorted_by_name(items: list, name: Callable[[Any], str], where: str) -> list:
    """Items in the order of their names, in which whole numbers come by their value."""
    lengths = [len(name(item)) for item in items]
    if max(lengths) > _LONGEST_NAME or sum(lengths) > _LONGEST_NAMES:
        raise SpatiaError(
            f"The image names in {where} have up to {max(lengths)} characters, {sum(lengths)} together, expected at "
            f"most {_LONGEST_NAME}, {_LONGEST_NAMES} together; shorten the names in the camera text."
        )

    def natural(item: Any) -> str:
        parts = re.split(r"([0-9]+)", name(item))
        # The longer number is the larger, and the end of a word comes before its continuation.
        numbers = [part.lstrip("0") for part in parts[1::2]]
        parts[1::2] = ["\0" + chr(len(part)) + part for part in numbers]
        return "".join(parts)

    return sorted(items, key=natural)
