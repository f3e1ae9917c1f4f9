"""Camera file formats, text in and text out.

    spatia       w2c.txt: one JSON 3x4 or 4x4 world-to-camera list per line; intrinsics.txt: `[fx fy cx cy]`
                 normalised, one line for all cameras or one per camera
    realestate10k  a title line, then per camera: microseconds fx fy cx cy 0 0 and the 12 numbers of a 3x4 w2c
    nerfstudio   transforms.json: OpenGL camera-to-world (y up, z backward), intrinsics in pixels
    colmap       images.txt (w2c as quaternion and translation) and cameras.txt (pixels; pinhole models only)

Numbers are written with all their digits, so that reading back gives the same cameras.
"""

from __future__ import annotations

import json
import re

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import SpatiaError
from .camera import Cameras, intrinsics_from_fov, make_cameras

FORMATS = ("spatia", "realestate10k", "nerfstudio", "colmap")

# OpenGL camera axes (y up, z backward) in OpenCV ones; its own inverse.
_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])

# Companion of each format's main file, for those that keep intrinsics apart: (main, intrinsics).
FILE_NAMES = {
    "spatia": ("w2c.txt", "intrinsics.txt"),
    "realestate10k": ("cameras_re10k.txt", None),
    "nerfstudio": ("transforms.json", None),
    "colmap": ("images.txt", "cameras.txt"),
}


def read_cameras(text: str, intrinsics_text: str = "", format: str = "auto", *, width: int = 0, height: int = 0) -> Cameras:
    """Cameras of a file's text, in the order of time.

    intrinsics_text: the second file of formats that have one (intrinsics.txt, cameras.txt); the official intrinsics
    line may also stand in the main text. width, height: pixels, only used where a nerfstudio file does not say its
    own. COLMAP and nerfstudio list images in any order: they come out sorted by file name, numbers by value.
    Raises SpatiaError naming the line that cannot be read, on lens distortion, and on poses that are not rigid.
    """
    if not text.strip():
        raise SpatiaError("The camera text is empty, expected camera poses; choose another file or paste its text.")
    if format == "auto":
        format = detect_format(text)
    if format == "spatia":
        return _read_spatia(text, intrinsics_text)
    if format == "realestate10k":
        return _read_realestate10k(text)
    if format == "nerfstudio":
        return _read_nerfstudio(text, width, height)
    if format == "colmap":
        return _read_colmap(text, intrinsics_text)
    raise SpatiaError(f"Camera format {format!r} was asked for, expected auto or one of {', '.join(FORMATS)}; change format.")


def write_cameras(cameras: Cameras, format: str, *, width: int, height: int, fps: float = 24.0) -> dict[str, str]:
    """The format's files as {name: text}. width, height (pixels) and fps are written where the format needs them."""
    if format not in FORMATS:
        raise SpatiaError(f"Camera format {format!r} was asked for, expected one of {', '.join(FORMATS)}; change format.")
    if width < 1 or height < 1:
        raise SpatiaError(f"Image size {width}x{height} was given, but both sides must be at least 1 pixel; change width and height.")
    if not 0 < fps < float("inf"):
        raise SpatiaError(f"{fps} frames per second were given, expected a finite number above 0; change fps.")
    main, second = FILE_NAMES[format]
    if format == "spatia":
        return {main: _write_w2c(cameras), second: _write_intrinsics(cameras)}
    if format == "realestate10k":
        return {main: _write_realestate10k(cameras, fps)}
    if format == "nerfstudio":
        return {main: _write_nerfstudio(cameras, width, height)}
    images, sizes = _write_colmap(cameras, width, height)
    return {main: images, second: sizes}


def detect_format(text: str) -> str:
    """Name of the format a text is in. Raises SpatiaError when it is none of them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    body = [line for line in lines if not line.startswith("#")]
    if lines and lines[0].startswith("{"):
        return "nerfstudio"
    if any(line.startswith("[[") for line in body):
        return "spatia"
    if any(_numbers(line) is not None and len(line.split()) == 19 for line in body[:2]):
        return "realestate10k"
    if body and _colmap_image(body[0]) is not None:
        return "colmap"
    start = text.strip()[:60].replace("\n", " ")
    raise SpatiaError(f"The camera text starts with {start!r}, which is none of the known formats ({', '.join(FORMATS)}); choose the format by hand or give another file.")


# --- the official text files ---


def _read_spatia(text: str, intrinsics_text: str) -> Cameras:
    poses, inline = [], []
    for number, line in _content_lines(text):
        if line.startswith("[["):
            poses.append(_json_pose(line, number))
        else:
            inline.append(_intrinsics_line(line, number, "camera text"))
    rows = [_intrinsics_line(line, number, "intrinsics") for number, line in _content_lines(intrinsics_text)] or inline
    if not poses:
        raise SpatiaError("The camera text holds no pose, expected one JSON list [[...], [...], [...]] per line; check the file.")
    if not rows:
        raise SpatiaError("The poses came without intrinsics, expected a line [fx fy cx cy] normalised by width and height; fill in intrinsics or put intrinsics.txt beside the file.")
    rows = np.array(rows)
    if (np.abs(rows[:, 2:]) > 10).any():
        raise SpatiaError(f"Intrinsics {rows[0].tolist()} look like pixels, expected values normalised by width (fx, cx) and height (fy, cy), with cx and cy near 0.5; divide them by the image size.")
    shapes = {np.shape(pose) for pose in poses}
    if len(shapes) > 1:
        raise SpatiaError(f"Poses of different shapes {sorted(shapes)} were given, expected all 3x4 or all 4x4; check the file.")
    return make_cameras(np.array(poses), rows if len(rows) > 1 else rows[0])


def _json_pose(line: str, number: int) -> list:
    try:
        pose = json.loads(line.rstrip(","))
        shape = np.array(pose, dtype=np.float64).shape
    except (ValueError, TypeError) as error:
        raise SpatiaError(f"Line {number} of the camera text is not a JSON matrix ({error}), expected [[...], [...], [...]] with 4 numbers per row; check that line.") from error
    if shape not in ((3, 4), (4, 4)):
        raise SpatiaError(f"Line {number} of the camera text holds a matrix of shape {shape}, expected 3x4 or 4x4; check that line.")
    return pose


def _intrinsics_line(line: str, number: int, what: str) -> list[float]:
    # The official file writes [fx fy cx cy] without commas; accept both.
    values = _numbers(line.strip("[], \t"))
    if values is None or len(values) != 4:
        raise SpatiaError(f"Line {number} of the {what} is {line[:80]!r}, expected 4 numbers [fx fy cx cy]; check that line.")
    return values


def _write_w2c(cameras: Cameras) -> str:
    return "".join(json.dumps(pose) + "\n" for pose in cameras.w2c.tolist())


def _write_intrinsics(cameras: Cameras) -> str:
    rows = cameras.intrinsics.tolist()
    if all(row == rows[0] for row in rows):
        rows = rows[:1]
    return "".join("[" + " ".join(map(repr, row)) + "]\n" for row in rows)


# --- RealEstate10K ---


def _read_realestate10k(text: str) -> Cameras:
    lines = _content_lines(text)
    if lines and _numbers(lines[0][1]) is None:
        lines = lines[1:]  # the title line: a video address in the data set
    times, intrinsics, poses = [], [], []
    for number, line in lines:
        values = _numbers(line)
        if values is None or len(values) != 19:
            raise SpatiaError(f"Line {number} of the RealEstate10K text has {len(line.split())} fields, expected 19 numbers (time, fx fy cx cy, 0 0, 12 of the pose); check that line.")
        if values[5] or values[6]:
            raise SpatiaError(f"Line {number} of the RealEstate10K text has lens distortion {values[5:7]}, expected 0 0; undistort the images first.")
        times.append(values[0])
        intrinsics.append(values[1:5])
        poses.append(np.reshape(values[7:], (3, 4)))
    if not poses:
        raise SpatiaError("The RealEstate10K text holds no camera line, expected lines of 19 numbers; check the file.")
    if any(b <= a for a, b in zip(times, times[1:])):
        raise SpatiaError("The RealEstate10K timestamps do not rise from line to line; sort the lines by their first number.")
    return make_cameras(np.array(poses), np.array(intrinsics))


def _write_realestate10k(cameras: Cameras, fps: float) -> str:
    lines = ["Spatia camera path"]
    for i, (pose, intrinsics) in enumerate(zip(cameras.w2c[:, :3].flatten(1).tolist(), cameras.intrinsics.tolist())):
        lines.append(" ".join([str(round(i * 1e6 / fps)), *map(repr, intrinsics), "0.0", "0.0", *map(repr, pose)]))
    return "\n".join(lines) + "\n"


# --- nerfstudio ---


def _read_nerfstudio(text: str, width: int, height: int) -> Cameras:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpatiaError(f"transforms.json is not valid JSON (line {error.lineno}: {error.msg}); check the file.") from error
    frames = data.get("frames") if isinstance(data, dict) else None
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) for f in frames):
        raise SpatiaError("transforms.json has no list of \"frames\"; expected the nerfstudio layout with one entry per image.")
    frames = _sorted_by_name(frames, lambda frame: str(frame.get("file_path", "")))
    poses, intrinsics = [], []
    for frame in frames:
        # A frame's own camera overrides the shared one.
        camera = {**{k: v for k, v in data.items() if k != "frames"}, **frame}
        name = str(frame.get("file_path", "a frame"))
        _refuse_nerfstudio_lens(camera, name)
        intrinsics.append(_nerfstudio_intrinsics(camera, name, width, height))
        try:
            c2w = np.array(frame["transform_matrix"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise SpatiaError(f"{name} in transforms.json has no readable transform_matrix, expected 3x4 or 4x4 numbers; check the file.") from error
        if c2w.shape not in ((3, 4), (4, 4)) or not np.isfinite(c2w).all():
            raise SpatiaError(f"{name} in transforms.json has a transform_matrix of shape {c2w.shape}, expected 3x4 or 4x4 finite numbers; check the file.")
        if c2w.shape == (3, 4):
            c2w = np.vstack([c2w, [0, 0, 0, 1]])
        if abs(np.linalg.det(c2w)) < 1e-6:
            raise SpatiaError(f"{name} in transforms.json has a transform_matrix that cannot be inverted, expected a rigid pose; check the file.")
        poses.append(np.linalg.inv(c2w @ _OPENGL))
    return make_cameras(np.array(poses), np.array(intrinsics))


def _refuse_nerfstudio_lens(camera: dict, name: str) -> None:
    model = camera.get("camera_model", "PINHOLE")
    distortion = {k: camera[k] for k in ("k1", "k2", "k3", "k4", "p1", "p2") if camera.get(k)}
    if model not in ("PINHOLE", "SIMPLE_PINHOLE", "OPENCV"):
        raise SpatiaError(f"{name} in transforms.json has camera model {model!r}, expected a pinhole camera; undistort the images first.")
    if distortion:
        raise SpatiaError(f"{name} in transforms.json has lens distortion {distortion}, expected a pinhole camera; undistort the images first.")


def _nerfstudio_intrinsics(camera: dict, name: str, width: int, height: int) -> list[float]:
    try:
        w, h = float(camera.get("w", width)), float(camera.get("h", height))
        if not (w > 0 and h > 0):
            raise SpatiaError(f"{name} in transforms.json has no image size (w, h); set width and height to the size its images have.")
        if "fl_x" in camera:
            fx, fy = float(camera["fl_x"]), float(camera.get("fl_y", camera["fl_x"]))
        elif "camera_angle_x" in camera:
            fx = float(intrinsics_from_fov(np.rad2deg(float(camera["camera_angle_x"])), int(w), int(h))[0]) * w
            fy = float(intrinsics_from_fov(np.rad2deg(float(camera["camera_angle_y"])), int(h), int(w))[0]) * h if "camera_angle_y" in camera else fx
        else:
            raise SpatiaError(f"{name} in transforms.json has neither fl_x nor camera_angle_x, expected one of them; check the file.")
        return [fx / w, fy / h, float(camera.get("cx", w / 2)) / w, float(camera.get("cy", h / 2)) / h]
    except (TypeError, ValueError) as error:
        if isinstance(error, SpatiaError):
            raise
        raise SpatiaError(f"{name} in transforms.json has intrinsics that are not numbers ({error}); check the file.") from error


def _write_nerfstudio(cameras: Cameras, width: int, height: int) -> str:
    c2w = cameras.c2w.numpy() @ _OPENGL
    frames = []
    for i, (pose, (fx, fy, cx, cy)) in enumerate(zip(c2w.tolist(), cameras.intrinsics.tolist())):
        frames.append({
            "file_path": f"images/frame_{i + 1:05d}.png",
            "fl_x": fx * width, "fl_y": fy * height, "cx": cx * width, "cy": cy * height,
            "transform_matrix": pose,
        })
    return json.dumps({"camera_model": "PINHOLE", "w": width, "h": height, "frames": frames}, indent=1) + "\n"


# --- COLMAP ---


def _read_colmap(text: str, cameras_text: str) -> Cameras:
    if not cameras_text.strip():
        raise SpatiaError("COLMAP poses (images.txt) came without cameras.txt; put it beside the file, or paste its text into intrinsics.")
    known = _colmap_cameras(cameras_text)
    images, expect_image = [], True
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("#"):
            continue
        # Every image has a second line with its 2D points, which may be empty, or lost with the blank lines.
        if not expect_image and (not line or (_numbers(line) is not None and len(line.split()) % 3 == 0)):
            expect_image = True
            continue
        if not line:
            continue
        image = _colmap_image(line)
        if image is None:
            raise SpatiaError(f"Line {number} of images.txt is {line[:60]!r}, expected IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME; check that line.")
        images.append(image)
        expect_image = False
    if not images:
        raise SpatiaError("images.txt holds no image, expected lines IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME; check the file.")
    poses, intrinsics = [], []
    for quaternion, translation, camera, name in _sorted_by_name(images, lambda image: image[3]):
        if camera not in known:
            raise SpatiaError(f"{name} in images.txt uses camera {camera}, which cameras.txt does not have (it has {sorted(known)}); give the matching file.")
        norm = float(np.linalg.norm(quaternion))
        if not (np.isfinite(norm) and abs(norm - 1) < 1e-2):
            raise SpatiaError(f"{name} in images.txt has a quaternion of length {norm:g}, expected 1; check the file.")
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
    values = _numbers(" ".join(fields[:9]))
    if values is None or not fields[0].isdecimal() or not fields[8].isdecimal():
        return None
    return values[1:5], values[5:8], int(fields[8]), fields[9]


def _colmap_cameras(text: str) -> dict[int, list[float]]:
    """Normalised intrinsics by camera id."""
    known = {}
    for number, line in _content_lines(text):
        fields = line.split()
        model = fields[1] if len(fields) > 1 else ""
        values = _numbers(" ".join(fields[2:])) if fields[0].isdecimal() else None
        if values is None or len(values) < 3:
            raise SpatiaError(f"Line {number} of cameras.txt is {line[:60]!r}, expected CAMERA_ID MODEL WIDTH HEIGHT PARAMS; check that line.")
        if model not in ("SIMPLE_PINHOLE", "PINHOLE"):
            raise SpatiaError(f"Camera {fields[0]} in cameras.txt has the model {model}, which has lens distortion; expected SIMPLE_PINHOLE or PINHOLE: undistort the images first (colmap image_undistorter).")
        w, h, params = values[0], values[1], values[2:]
        if len(params) != (3 if model == "SIMPLE_PINHOLE" else 4) or w <= 0 or h <= 0:
            raise SpatiaError(f"Line {number} of cameras.txt has size {w:g}x{h:g} and {len(params)} parameters, expected a size above 0 and {'f cx cy' if model == 'SIMPLE_PINHOLE' else 'fx fy cx cy'}; check that line.")
        fx, fy, cx, cy = (params[0], *params) if model == "SIMPLE_PINHOLE" else params
        known[int(fields[0])] = [fx / w, fy / h, cx / w, cy / h]
    return known


def _write_colmap(cameras: Cameras, width: int, height: int) -> tuple[str, str]:
    ids: dict[tuple[float, ...], int] = {}
    images = ["# IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, then a line of 2D points (none)"]
    quaternions = Rotation.from_matrix(cameras.w2c[:, :3, :3].numpy()).as_quat()
    for i, (q, t, k) in enumerate(zip(quaternions.tolist(), cameras.w2c[:, :3, 3].tolist(), cameras.intrinsics.tolist()), 1):
        camera = ids.setdefault(tuple(k), len(ids) + 1)
        images.append(" ".join([str(i), *map(repr, [q[3], *q[:3], *t]), str(camera), f"frame_{i:05d}.png"]) + "\n")
    sizes = ["# CAMERA_ID MODEL WIDTH HEIGHT FX FY CX CY"]
    for (fx, fy, cx, cy), camera in ids.items():
        sizes.append(" ".join([str(camera), "PINHOLE", str(width), str(height), *map(repr, [fx * width, fy * height, cx * width, cy * height])]))
    return "\n".join(images) + "\n", "\n".join(sizes) + "\n"


# --- shared ---


def _content_lines(text: str) -> list[tuple[int, str]]:
    """(line number, stripped text) of lines that are neither blank nor comments."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _numbers(line: str) -> list[float] | None:
    """All numbers of a line separated by blanks or commas, None when something else stands there."""
    try:
        return [float(field) for field in line.replace(",", " ").split()]
    except ValueError:
        return None


def _sorted_by_name(items: list, name) -> list:
    def natural(item):
        return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name(item))]

    return sorted(items, key=natural)
