"""Camera paths: preset motions, keyframes, joining paths and closing loops.

Every path begins with the start camera itself, bit for bit. A motion is described in that camera's own axes:

    pan > 0 looks right        dolly > 0    moves forward
    tilt > 0 looks up          truck > 0    moves right
    roll > 0 turns clockwise   pedestal > 0 moves up
    orbit > 0 moves right on a circle, looking at the pivot

The pivot lies `depth` ahead of the start camera; distances are fractions of that depth, so that the same numbers give
the same picture at every scene scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.spatial.transform import Rotation, Slerp
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import (
    LARGEST_COORDINATE,
    LARGEST_FOCAL,
    MOST_CAMERAS,
    SMALLEST_FOCAL,
    number,
    number_text,
    parse_json,
    shown,
    whole,
    widget_number,
    widget_whole,
)
from .camera import Cameras, concat_cameras, derived_cameras, fov_from_focal, invert_pose, project

BASE_MOTIONS = ("static", "pan", "tilt", "roll", "dolly", "truck", "pedestal", "orbit", "spiral", "dolly_zoom")
PRESETS = (*BASE_MOTIONS, "out_and_back", "full_loop")
EASINGS = ("linear", "smooth")
KEYFRAME_EASINGS = ("linear", "smooth", "ease_in", "ease_out")
KEYFRAME_UNITS = ("depth", "scene")
KEYFRAMES_VERSION = 1
CLOSINGS = ("blend", "append")
LARGEST_ANGLE = 1e6  # degrees each way; a float64 sine is still good to ten digits there
LARGEST_ZOOM = LARGEST_FOCAL / SMALLEST_FOCAL  # from the shortest lens to the longest
# Degrees: beyond these no focal length is in range.
SMALLEST_FOV, LARGEST_FOV = map(fov_from_focal, (LARGEST_FOCAL, SMALLEST_FOCAL))
LONGEST_KEYFRAMES = 4 << 20  # characters of the keyframes text
_SMALLEST_DEPTH = 1 / LARGEST_COORDINATE


def preset_path(
    preset: str,
    start: Cameras,
    frames: int,
    *,
    angle: float = 30.0,
    distance: float = 0.3,
    depth: float = 1.0,
    easing: str = "smooth",
    base: str = "truck",
    turns: float = 1.0,
) -> Cameras:
    """Path of `frames` cameras that begins at the start camera (1).

    angle: degrees, of pan, tilt, roll and orbit. distance: fraction of depth; travel of dolly, truck, pedestal and
    dolly_zoom, final radius of spiral, greatest distance from the start of full_loop. depth: scene units, to the pivot.
    base: the motion that out_and_back runs there and back. turns: of spiral. easing: "linear" or "smooth".
    dolly_zoom changes the focal length so that the pivot plane keeps its size. out_and_back and full_loop end on the
    first pose bit for bit. Raises SpatiaError on unknown names, too few frames or numbers out of range.
    """
    frames = _check_start(start, frames)
    _check_choice(preset, PRESETS, "preset")
    _check_choice(easing, EASINGS, "easing")
    _check_choice(base, BASE_MOTIONS, "base_motion")
    angle = widget_number("angle", angle, -LARGEST_ANGLE, LARGEST_ANGLE)
    turns = widget_number("turns", turns, -LARGEST_ANGLE, LARGEST_ANGLE)
    distance = widget_number("distance", distance, -LARGEST_COORDINATE, LARGEST_COORDINATE)
    depth = widget_number("depth", depth, _SMALLEST_DEPTH, LARGEST_COORDINATE)

    returns = preset in ("out_and_back", "full_loop")
    if returns and frames < 3:
        raise SpatiaError(
            f"{preset} was asked for in {frames} frames, but going away and coming back takes at least 3; increase frames."
        )
    motion = base if preset == "out_and_back" else preset
    if motion == "dolly_zoom" and distance >= 1:
        raise SpatiaError(
            f"dolly_zoom by {distance} of the depth reaches the pivot itself, expected less than 1; lower distance."
        )

    i = torch.arange(frames, dtype=torch.float64)
    last = max(frames - 1, 1)
    # Counted from both ends, so that the way back repeats the way out exactly.
    progress = 2 * torch.minimum(i, last - i) / last if preset == "out_and_back" else i / last
    progress = _ease(progress, easing)
    relative, focal = _motion(motion, progress, math.radians(angle), distance * depth, depth, turns)
    path = _from_start(start, relative, focal, "distance, depth or the start camera")
    return _with_last(path, start) if returns else path


def travel_path(start: Cameras, goal: Cameras, frames: int, *, easing: str = "smooth") -> Cameras:
    """Path of `frames` cameras from the start camera (1) straight to the goal (1), both bit for bit.

    Raises SpatiaError on fewer than 2 frames or an unknown easing.
    """
    frames = _check_start(start, frames)
    _check_choice(easing, EASINGS, "easing")
    if frames < 2:
        raise SpatiaError(
            f"A path of {frames} frame was asked for, expected at least 2 to travel to another view; increase frames."
        )
    amount = _ease(torch.arange(frames, dtype=torch.float64) / (frames - 1), easing)
    moved = _towards(start.select([0] * frames), start, goal, amount)
    return concat_cameras(start, _with_last(moved.select(slice(1, None)), goal))


def keyframe_path(text: str, start: Cameras, frames: int, *, depth: float = 1.0) -> Cameras:
    """Path of `frames` cameras through keyframes, beginning at the start camera (1).

    text: lines `frame right up forward yaw pitch roll [zoom]`, # starts a comment; or a JSON list of objects with
    "frame" and any of right, up, forward (from the start camera, fractions of depth), yaw, pitch, roll (degrees;
    right, up, clockwise), zoom (focal length multiplier) or fov (horizontal, degrees), easing (of the way there from
    the keyframe before); or {"version": 1, "units": "depth" or "scene", "keyframes": that list}, where offsets in
    "scene" are scene units. Frame 0 is the start camera and need not be written. Positions follow a Catmull-Rom
    spline, rotations slerp, zoom is geometric; after the last keyframe the camera rests. Raises SpatiaError on text
    that cannot be read, frames out of order or beyond the path. js/src/path.mjs does the same for the page.
    """
    frames = _check_start(start, frames)
    depth = widget_number("depth", depth, _SMALLEST_DEPTH, LARGEST_COORDINATE)
    units, keys = parse_keyframe_path(text)
    if keys[0].frame == 0:
        if keys[0]._replace(easing="linear") != Keyframe(0):
            raise SpatiaError(
                "The keyframe of frame 0 moves the camera, but frame 0 is the start camera itself; set its values to 0 (zoom 1) or use a later frame."
            )
    else:
        keys = [Keyframe(0), *keys]
    require_within(keys, frames)

    times = np.array([k.frame for k in keys], dtype=np.float64)
    t = np.minimum(np.arange(frames, dtype=np.float64), times[-1])
    positions = np.array([[k.right, -k.up, k.forward] for k in keys]) * (1.0 if units == "scene" else depth)
    turns = _yaw_pitch_roll([k.yaw for k in keys], [k.pitch for k in keys], [k.roll for k in keys])
    rotations = Rotation.from_matrix(turns.numpy())
    relative = torch.eye(4, dtype=torch.float64).repeat(frames, 1, 1)
    focal = np.ones(frames)
    if len(keys) > 1:
        t = _eased_time(times, [k.easing for k in keys], t)
        relative[:, :3, :3] = torch.from_numpy(Slerp(times, rotations)(t).as_matrix())
        relative[:, :3, 3] = torch.from_numpy(_catmull_rom(times, positions, t))
        focal = np.exp(np.interp(t, times, np.log([_zoom(k, start) for k in keys])))
    return _from_start(start, relative, torch.from_numpy(focal), "keyframes or depth")


class Keyframe(NamedTuple):
    """One keyframe, relative to the start camera: offsets in the path's unit, angles in degrees."""

    frame: int
    right: float = 0.0
    up: float = 0.0
    forward: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    zoom: float = 1.0
    fov: float | None = None  # horizontal, degrees; instead of zoom
    easing: str = "linear"  # of the segment that ends here


class KeyframePath(NamedTuple):
    """Keyframes in order, and the unit of their offsets: "depth" (fractions of it) or "scene"."""

    units: str
    keyframes: list[Keyframe]


def parse_keyframes(text: str) -> list[Keyframe]:
    """Keyframes of JSON or line text, in order. Raises SpatiaError naming the entry that cannot be read."""
    return parse_keyframe_path(text).keyframes


def require_within(keys: Sequence[Keyframe], frames: int) -> None:
    """Raises SpatiaError when the last of the keyframes lies beyond a path of `frames` cameras."""
    if keys[-1].frame >= frames:
        raise SpatiaError(
            f"A keyframe at frame {keys[-1].frame} was given for a path of {frames} frames (0 to {frames - 1}); increase frames or lower the keyframe's frame."
        )


def parse_keyframe_path(text: str) -> KeyframePath:
    """Keyframes of JSON or line text, in order, with their unit. Raises SpatiaError naming the entry that cannot be read."""
    if not isinstance(text, str):
        raise SpatiaError(f"The keyframes are {shown(text)}, expected text; correct keyframes.")
    if len(text) > LONGEST_KEYFRAMES:
        raise SpatiaError(
            f"The keyframes text has {len(text)} characters, expected at most {LONGEST_KEYFRAMES}; shorten keyframes."
        )
    text = text.strip().removeprefix("\ufeff").lstrip()
    if not text:
        raise SpatiaError(
            "The keyframes text is empty, expected a JSON list or lines `frame right up forward yaw pitch roll [zoom]`; fill in keyframes or choose another preset."
        )
    units, keys = _keyframes_from_json(text) if text[0] in "[{" else ("depth", _keyframes_from_lines(text))
    if not keys:
        raise SpatiaError(
            "The keyframes text holds no keyframe, expected at least one; fill in keyframes or choose another preset."
        )
    for index, key in enumerate(keys, 1):
        if key.fov is not None and key.zoom != 1:
            raise SpatiaError(f"Keyframe {index} has both zoom and fov, expected one of them; correct keyframes.")
    chain = keys if keys[0].frame == 0 else [Keyframe(0), *keys]
    for before, after in pairwise(chain):
        if after.frame <= before.frame:
            raise SpatiaError(
                f"Keyframe at frame {after.frame} follows one at frame {before.frame}, expected frames in rising order; correct keyframes."
            )
        # Slerp takes the short way, which would silently turn 350 degrees into -10.
        if any(abs(a - b) >= 180 for a, b in zip(after[4:7], before[4:7])):
            raise SpatiaError(
                f"Between frames {before.frame} and {after.frame} an angle changes by 180 degrees or more, which has no unique shortest way; add a keyframe between them."
            )
    return KeyframePath(units, keys)


def continue_path(first: Cameras, second: Cameras) -> Cameras:
    """`first`, then `second` moved so that it goes on from the last pose of `first`; the shared pose appears once.

    Zoom goes on as well: the second path's focal lengths are taken relative to its own first camera.
    """
    relative = second.w2c @ invert_pose(second.w2c[:1])
    w2c = relative[1:] @ first.w2c[-1]
    fxfy = first.intrinsics[-1:, :2] * second.intrinsics[1:, :2] / second.intrinsics[:1, :2]
    cxcy = first.intrinsics[-1:, 2:] + second.intrinsics[1:, 2:] - second.intrinsics[:1, 2:]
    return concat_cameras(first, derived_cameras(w2c, torch.cat([fxfy, cxcy], dim=1), "one of the two paths"))


def close_loop(path: Cameras, mode: str, *, frames: int = 0, target: Cameras | None = None) -> Cameras:
    """Path whose last camera is the target (1), default its own first camera, bit for bit.

    "blend" keeps the number of cameras and spreads the missing motion over the path, growing smoothly from none at
    the first camera. "append" adds `frames` cameras that travel from the last pose to the target.
    """
    _check_choice(mode, CLOSINGS, "close_loop")
    target = path.select(0) if target is None else target
    if mode == "append":
        frames = widget_whole("closing_frames", frames, 1, MOST_CAMERAS)
        amount = _ease(torch.arange(1, frames + 1, dtype=torch.float64) / frames, "smooth")
        tail = _towards(path.select([path.count - 1] * frames), path.select(-1), target, amount)
        return concat_cameras(path, _with_last(tail, target))
    if path.count < 2:
        raise SpatiaError(
            f"A path of {path.count} camera cannot be closed at the same length, expected at least 2; increase frames."
        )
    amount = _ease(torch.arange(path.count, dtype=torch.float64) / (path.count - 1), "smooth")
    blended = _towards(path, path.select(-1), target, amount)
    return concat_cameras(path.select(0), _with_last(blended.select(slice(1, None)), target))


def scale_path(path: Cameras, scale: float) -> Cameras:
    """The same cameras in a world enlarged by `scale` about its origin."""
    scale = widget_number("scale", scale)
    if scale <= 0:
        raise SpatiaError(f"A scale of {scale} was given, expected a finite number above 0; change scale.")
    w2c = path.w2c.clone()
    w2c[:, :3, 3] *= scale
    return derived_cameras(w2c, path.intrinsics, "scale")


def scene_depth(positions: Tensor, camera: Cameras) -> float:
    """Median z-depth (scene units) of the front surface that one camera (1) sees of points (P, 3).

    Taken over a 64 x 64 grid of the image, nearest point per cell, so that neither dense nor hidden parts of a cloud
    outweigh the rest. Raises SpatiaError when the camera sees no point.
    """
    grid = 64
    uv, z = project(positions, camera.w2c[0], camera.K(grid, grid)[0])
    inside = (z > 0) & (uv >= 0).all(1) & (uv < grid).all(1)
    if not bool(inside.any()):
        raise SpatiaError(
            f"The start camera sees none of the scene's {positions.shape[0]} points, so the scene's depth is unknown; set depth to a number above 0, or check the memory."
        )
    cell = uv[inside].to(torch.int64)
    nearest = torch.full((grid * grid,), float("inf"), dtype=torch.float64, device=z.device)
    nearest.scatter_reduce_(0, cell[:, 1] * grid + cell[:, 0], z[inside], "amin")
    return float(nearest[torch.isfinite(nearest)].median())


def _motion(motion: str, s: Tensor, angle: float, distance: float, depth: float, turns: float) -> tuple[Tensor, Tensor]:
    """Relative camera-to-world poses (N, 4, 4) in the start camera's axes, and focal multipliers (N,), at progress s (N,)."""
    pose = torch.eye(4, dtype=torch.float64).repeat(len(s), 1, 1)
    focal = torch.ones(len(s), dtype=torch.float64)
    if motion == "pan":
        pose[:, :3, :3] = _rotation_y(s * angle)
    elif motion == "tilt":
        pose[:, :3, :3] = _rotation_x(s * angle)
    elif motion == "roll":
        pose[:, :3, :3] = _rotation_z(s * angle)
    elif motion == "dolly":
        pose[:, 2, 3] = s * distance
    elif motion == "truck":
        pose[:, 0, 3] = s * distance
    elif motion == "pedestal":
        pose[:, 1, 3] = -s * distance
    elif motion == "orbit":
        a = s * angle
        pose[:, :3, :3] = _rotation_y(-a)
        pose[:, 0, 3] = depth * torch.sin(a)
        pose[:, 2, 3] = depth * (1 - torch.cos(a))
    elif motion == "spiral":
        a = 2 * math.pi * turns * s
        pose = _look_at_pivot(s * distance * torch.cos(a), -s * distance * torch.sin(a), depth)
    elif motion == "full_loop":
        a = 2 * math.pi * s
        radius = distance / 2
        pose = _look_at_pivot(radius * torch.sin(a), -radius * (1 - torch.cos(a)), depth)
    elif motion == "dolly_zoom":
        pose[:, 2, 3] = s * distance
        focal = (depth - s * distance) / depth
    return pose, focal


def _look_at_pivot(x: Tensor, y: Tensor, depth: float) -> Tensor:
    """Poses at (x, y, 0) that look at (0, 0, depth) without roll against the start camera's vertical."""
    pose = torch.eye(4, dtype=torch.float64).repeat(len(x), 1, 1)
    position = torch.stack([x, y, torch.zeros_like(x)], dim=-1)
    forward = torch.tensor([0.0, 0.0, depth], dtype=torch.float64) - position
    forward = forward / forward.norm(dim=-1, keepdim=True)
    down = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64).expand_as(forward)
    right = torch.linalg.cross(down, forward)
    right = right / right.norm(dim=-1, keepdim=True)
    pose[:, :3, 0], pose[:, :3, 1], pose[:, :3, 2] = right, torch.linalg.cross(forward, right), forward
    pose[:, :3, 3] = position
    return pose


def _from_start(start: Cameras, relative: Tensor, focal: Tensor, change: str) -> Cameras:
    """Cameras at relative camera-to-world poses of the start camera; the first is the start camera itself."""
    w2c = invert_pose(relative) @ start.w2c[0]
    w2c[0] = start.w2c[0]
    intrinsics = start.intrinsics.repeat(len(focal), 1)
    intrinsics[1:, :2] *= focal[1:, None]
    return derived_cameras(w2c, intrinsics, change)


def _with_last(path: Cameras, last: Cameras) -> Cameras:
    return concat_cameras(path.select(slice(0, -1)), last.select(0))


def _towards(path: Cameras, last: Cameras, target: Cameras, amount: Tensor) -> Cameras:
    """Path with each pose moved by a share (N,) of the motion that takes `last` to `target`."""
    c2w = path.c2w
    gap = target.centers[0] - last.centers[0]
    turn = last.w2c[0, :3, :3] @ target.c2w[0, :3, :3]
    slerp = Slerp([0, 1], Rotation.concatenate([Rotation.identity(), Rotation.from_matrix(turn.numpy())]))
    moved = c2w.clone()
    moved[:, :3, :3] = c2w[:, :3, :3] @ torch.from_numpy(slerp(amount.numpy()).as_matrix())
    moved[:, :3, 3] += amount[:, None] * gap
    fxfy = path.intrinsics[:, :2] * (target.intrinsics[:, :2] / last.intrinsics[:, :2]) ** amount[:, None]
    cxcy = path.intrinsics[:, 2:] + amount[:, None] * (target.intrinsics[:, 2:] - last.intrinsics[:, 2:])
    return derived_cameras(invert_pose(moved), torch.cat([fxfy, cxcy], dim=1), "the path or where it is to end")


def _ease(u: Tensor, easing: str) -> Tensor:
    return u * u * (3 - 2 * u) if easing == "smooth" else u


def _zoom(key: Keyframe, start: Cameras) -> float:
    if key.fov is None:
        return key.zoom
    return 0.5 / math.tan(math.radians(key.fov) / 2) / float(start.intrinsics[0, 0])


def _eased_time(times: np.ndarray, easings: list[str], t: np.ndarray) -> np.ndarray:
    """Times t (N,) moved within their segments, each by the easing of the keyframe that ends it."""
    k = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
    span = times[k + 1] - times[k]
    u = (t - times[k]) / span
    kind = np.array(easings)[k + 1]
    eased = np.select(
        [kind == "smooth", kind == "ease_in", kind == "ease_out"], [u * u * (3 - 2 * u), u * u, u * (2 - u)], u
    )
    return np.where(kind == "linear", t, times[k] + eased * span)


def _catmull_rom(times: np.ndarray, points: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Cubic Hermite through points (M, 3) at times (M,), tangents from the neighbours, one-sided at the ends."""
    tangents = np.empty_like(points)
    tangents[1:-1] = (points[2:] - points[:-2]) / (times[2:] - times[:-2])[:, None]
    tangents[0] = (points[1] - points[0]) / (times[1] - times[0])
    tangents[-1] = (points[-1] - points[-2]) / (times[-1] - times[-2])
    k = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
    span = (times[k + 1] - times[k])[:, None]
    u = (t[:, None] - times[k][:, None]) / span
    return (
        (1 + 2 * u) * (1 - u) ** 2 * points[k]
        + u * (1 - u) ** 2 * span * tangents[k]
        + u**2 * (3 - 2 * u) * points[k + 1]
        + u**2 * (u - 1) * span * tangents[k + 1]
    )


def _rotation_x(a: Tensor) -> Tensor:
    c, s, zero, one = torch.cos(a), torch.sin(a), torch.zeros_like(a), torch.ones_like(a)
    return torch.stack([one, zero, zero, zero, c, -s, zero, s, c], dim=-1).reshape(*a.shape, 3, 3)


def _rotation_y(a: Tensor) -> Tensor:
    c, s, zero, one = torch.cos(a), torch.sin(a), torch.zeros_like(a), torch.ones_like(a)
    return torch.stack([c, zero, s, zero, one, zero, -s, zero, c], dim=-1).reshape(*a.shape, 3, 3)


def _rotation_z(a: Tensor) -> Tensor:
    c, s, zero, one = torch.cos(a), torch.sin(a), torch.zeros_like(a), torch.ones_like(a)
    return torch.stack([c, -s, zero, s, c, zero, zero, zero, one], dim=-1).reshape(*a.shape, 3, 3)


def _yaw_pitch_roll(yaw: list[float], pitch: list[float], roll: list[float]) -> Tensor:
    """Rotations (N, 3, 3) of N angles each, degrees."""
    y, p, r = torch.deg2rad(torch.tensor([yaw, pitch, roll], dtype=torch.float64))
    return _rotation_y(y) @ _rotation_x(p) @ _rotation_z(r)


def _keyframes_from_json(text: str) -> tuple[str, list[Keyframe]]:
    lines = "keyframes, or write plain lines `frame right up forward yaw pitch roll [zoom]`"
    entries = parse_json(text, "The keyframes", lines)
    units = "depth"
    if isinstance(entries, dict) and "keyframes" in entries:
        unknown = set(entries) - {"version", "units", "keyframes"}
        version = entries.get("version")
        if version is True or version != KEYFRAMES_VERSION or unknown or not isinstance(entries["keyframes"], list):
            raise SpatiaError(
                f"The keyframes are a JSON object with version {shown(version)} and keys {shown(sorted(entries))}, "
                "expected "
                f'{{"version": {KEYFRAMES_VERSION}, "units": ..., "keyframes": [...]}}; correct keyframes, or update this package if they are from a newer one.'
            )
        units, entries = entries.get("units", units), entries["keyframes"]
        if units not in KEYFRAME_UNITS:
            raise SpatiaError(
                f"The keyframes have units {shown(units)}, expected one of {', '.join(KEYFRAME_UNITS)}; correct "
                "keyframes."
            )
    elif isinstance(entries, dict):
        entries = [entries]
    _check_number_of_keyframes(len(entries))
    keys: list[Keyframe] = []
    for index, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or "frame" not in entry:
            raise SpatiaError(
                f'Keyframe {index} is {shown(entry)}, expected an object with "frame"; correct keyframes.'
            )
        unknown = set(entry) - set(Keyframe._fields)
        if unknown:
            raise SpatiaError(
                f"Keyframe {index} has unknown keys {shown(sorted(unknown))}, expected only {list(Keyframe._fields)}; "
                "correct keyframes."
            )
        keys.append(_keyframe(entry, f"Keyframe {index}"))
    return units, keys


def _keyframes_from_lines(text: str) -> list[Keyframe]:
    keys: list[Keyframe] = []
    for index, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        fields = re.findall(r"[^ \t\xa0,]+", line.split("#")[0])
        if not fields:
            continue
        try:
            values = [number_text(field) for field in fields]
        except ValueError:
            values = []
        if len(values) not in (7, 8):
            raise SpatiaError(
                f"Line {index} of the keyframes is {shown(line.strip())}, expected 7 or 8 numbers "
                "`frame right up forward yaw pitch roll [zoom]`; correct keyframes."
            )
        _check_number_of_keyframes(len(keys) + 1)
        keys.append(_keyframe(dict(zip(Keyframe._fields, values)), f"Line {index} of the keyframes"))
    return keys


def _keyframe(values: dict, where: str) -> Keyframe:
    """A keyframe of its named values, each in its range."""
    checked: dict[str, Any] = {}
    for name, value in values.items():
        try:
            checked[name] = _KEYFRAME_FIELDS[name](value)
        except ValueError as error:
            raise SpatiaError(f"{where} has {name} {shown(value)}, expected {error}; correct keyframes.") from None
    return Keyframe(**checked)


def _offset(value: object) -> float:
    return number(value, -LARGEST_COORDINATE, LARGEST_COORDINATE)


def _angle(value: object) -> float:
    return number(value, -LARGEST_ANGLE, LARGEST_ANGLE)


def _easing(value: object) -> str:
    if value not in KEYFRAME_EASINGS:
        raise ValueError(f"one of {', '.join(KEYFRAME_EASINGS)}")
    return value


_KEYFRAME_FIELDS = {
    "frame": lambda value: whole(value, 0, MOST_CAMERAS - 1),
    **dict.fromkeys(("right", "up", "forward"), _offset),
    **dict.fromkeys(("yaw", "pitch", "roll"), _angle),
    "zoom": lambda value: number(value, 1 / LARGEST_ZOOM, LARGEST_ZOOM),
    "fov": lambda value: number(value, SMALLEST_FOV, LARGEST_FOV),
    "easing": _easing,
}


def _check_number_of_keyframes(count: int) -> None:
    if count > MOST_CAMERAS:
        raise SpatiaError(
            f"More than {MOST_CAMERAS} keyframes were given, expected at most one per frame; thin keyframes."
        )


def _check_start(start: Cameras, frames: int) -> int:
    if start.count != 1:
        raise SpatiaError(f"{start.count} start cameras were given, expected exactly 1; connect a single camera.")
    return widget_whole("frames", frames, 1, MOST_CAMERAS)


def _check_choice(value: str, choices: tuple[str, ...], name: str) -> None:
    if value not in choices:
        raise SpatiaError(f"{name} is {shown(value)}, expected one of {', '.join(choices)}; change {name}.")
