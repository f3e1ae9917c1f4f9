"""Posed pinhole cameras, and the two maps between pixels and the world.

Conventions: OpenCV axes (x right, y down, z forward); `w2c` takes world to camera; pixel column j covers
u in [j, j+1), so its centre is j + 0.5; intrinsics are normalised [fx fy cx cy] at rest (fx, cx by the width,
fy, cy by the height); depth is z-depth in scene units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import (
    LARGEST_CENTER,
    LARGEST_COORDINATE,
    LARGEST_FOCAL,
    MOST_CAMERAS,
    SMALLEST_FOCAL,
    shown,
    widget_number,
)

ROTATION_TOLERANCE = 1e-3
LARGEST_SIDE = 1_000_000  # pixels of an image's side
# So that what is exactly at a limit is still within it after it was inverted, written in another form and read again.
_ROUNDING = 1 + 1e-9


# What is checked and made a tensor; lists from files may hold anything.
Numbers = Tensor | np.ndarray | Sequence


class Cameras(NamedTuple):
    """N posed cameras. Build with `make_cameras`, which validates.

    What is made of them (selected, joined, moved) is a path again: `history` belongs to the very cameras of one clip.
    """

    w2c: Tensor  # (N, 4, 4) float64
    intrinsics: Tensor  # (N, 4) float64, normalised [fx fy cx cy]
    history: int | None = None  # of one clip's cameras: how many of the first repeat the end of the video before it

    # `count` hides tuple.count on purpose: nobody counts occurrences in a camera list.
    @property
    def count(self) -> int:  # type: ignore[override]
        """Number of cameras."""
        return self.w2c.shape[0]

    @property
    def c2w(self) -> Tensor:
        """(N, 4, 4) camera-to-world matrices."""
        return invert_pose(self.w2c)

    @property
    def centers(self) -> Tensor:
        """(N, 3) camera centres in the world."""
        return self.c2w[:, :3, 3]

    def select(self, index: slice | int | list[int] | Tensor) -> Cameras:
        """Cameras at an index (slice, int, list or tensor); always a batch, order kept."""
        if isinstance(index, int):
            index = [index]
        return Cameras(self.w2c[index], self.intrinsics[index])

    def K(self, height: int, width: int) -> Tensor:
        """(N, 3, 3) float64 intrinsics in pixels of an image of height x width."""
        require_image_size(width, height)
        fx, fy, cx, cy = self.intrinsics.unbind(-1)
        K = torch.zeros(self.count, 3, 3, dtype=torch.float64, device=self.intrinsics.device)
        K[:, 0, 0], K[:, 0, 2] = fx * width, cx * width
        K[:, 1, 1], K[:, 1, 2] = fy * height, cy * height
        K[:, 2, 2] = 1
        return K


def invert_pose(pose: Tensor) -> Tensor:
    """Inverse of rigid transforms (..., 4, 4); exact for poses whose rotation is only nearly orthonormal."""
    # A general inverse, not R^T: files carry rotations rounded to a few digits, and project(unproject) must cancel.
    inverse = torch.linalg.inv(pose)
    inverse[..., 3, :] = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=pose.dtype, device=pose.device)
    return inverse


def make_cameras(w2c: Numbers, intrinsics: Numbers) -> Cameras:
    """Validated cameras from world-to-camera matrices and normalised intrinsics.

    w2c: (N, 3|4, 4) array-like. intrinsics: (4,) shared or (N, 4), normalised [fx fy cx cy].
    Raises SpatiaError on wrong shapes or counts, NaN, a matrix that is not a rigid pose, a camera more than
    LARGEST_COORDINATE from the origin, a focal length or principal point out of range, and more than MOST_CAMERAS.
    """
    poses = _as_float64(w2c, "camera poses")
    if poses.ndim != 3 or poses.shape[1] not in (3, 4) or poses.shape[2] != 4:
        raise SpatiaError(
            f"Camera poses of shape {tuple(poses.shape)} were given, expected (N, 3, 4) or (N, 4, 4) world-to-camera matrices; "
            "check the file or text the cameras come from."
        )
    n = poses.shape[0]
    if n == 0:
        raise SpatiaError("No camera was given, expected at least one; check the file or text the cameras come from.")
    _require_count(n)
    cameras = Cameras(_rigid(poses), _lenses(_as_float64(intrinsics, "intrinsics"), n))
    _refuse_out_of_range(cameras, "the pose, or its unit", "the intrinsics or the field of view")
    return cameras


def _rigid(w2c: Tensor) -> Tensor:
    """Poses (N, 4, 4) of ones (N, 3|4, 4), once each is known to be a rotation and a translation."""
    n = w2c.shape[0]
    _refuse_first(
        ~torch.isfinite(w2c).flatten(1).all(1), n, "has a NaN or infinite value", "finite numbers", "the pose"
    )
    bottom = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64, device=w2c.device)
    if w2c.shape[1] == 3:
        w2c = torch.cat([w2c, bottom.expand(n, 1, 4)], dim=1)
    else:
        _refuse_first(
            (w2c[:, 3] - bottom).abs().amax(1) > 1e-6,
            n,
            "has a last row other than [0, 0, 0, 1]",
            "a rigid 4x4 pose",
            "the pose (is it transposed?)",
        )
        w2c = w2c.clone()
        w2c[:, 3] = bottom
    R = w2c[:, :3, :3]
    _refuse_first(
        ~(_rotation_error(R) <= ROTATION_TOLERANCE),
        n,
        "is not a rotation: its rows are not orthonormal (off by more than 0.001)",
        "a rigid pose without scale or shear",
        "the pose",
    )
    _refuse_first(
        torch.linalg.det(R) < 0,
        n,
        "is a mirror image (determinant -1), not a rotation",
        "determinant +1",
        "the pose or its axis convention",
    )
    return w2c


def _lenses(intrinsics: Tensor, n: int) -> Tensor:
    """Intrinsics (N, 4) of ones (4,) or (1|N, 4), once each is known to be a lens."""
    if intrinsics.ndim == 1:
        intrinsics = intrinsics[None]
    if intrinsics.ndim != 2 or intrinsics.shape[1] != 4:
        raise SpatiaError(
            f"Intrinsics of shape {tuple(intrinsics.shape)} were given, expected 4 values [fx fy cx cy] normalised by width and height, "
            "once or per camera; check the intrinsics."
        )
    if intrinsics.shape[0] == 1:
        intrinsics = intrinsics.expand(n, 4)
    elif intrinsics.shape[0] != n:
        raise SpatiaError(
            f"{intrinsics.shape[0]} sets of intrinsics were given for {n} camera poses; give one set for all or one per pose."
        )
    bad = ~torch.isfinite(intrinsics).all(1)
    _refuse_first(bad, n, "has NaN or infinite intrinsics", "finite [fx fy cx cy]", "the intrinsics")
    _refuse_first(
        (intrinsics[:, :2] <= 0).any(1),
        n,
        "has a focal length that is zero or negative",
        "fx and fy above 0",
        "the intrinsics or the field of view",
    )
    return intrinsics.clone()


def derived_cameras(w2c: Tensor, intrinsics: Tensor, change: str) -> Cameras:
    """Cameras (N) that were computed from valid ones: w2c (N, 4, 4), intrinsics (N, 4) normalised, both float64.

    change: what to change when they leave the range that `make_cameras` allows ("distance or depth"). Raises
    SpatiaError then.
    """
    _require_count(w2c.shape[0])
    cameras = Cameras(w2c, intrinsics)
    _refuse_out_of_range(cameras, change, change)
    # Composing poses of few digits adds up how far each is from a rotation, until they would be no camera for a reader.
    off = _rotation_error(w2c[:, :3, :3]) > ROTATION_TOLERANCE
    if not bool(off.any()):
        return cameras
    u, _, vh = torch.linalg.svd(w2c[off, :3, :3])
    w2c = w2c.clone()
    w2c[off, :3, 3:] = -(u @ vh) @ cameras.centers[off, :, None]
    w2c[off, :3, :3] = u @ vh
    return Cameras(w2c, intrinsics)


def concat_cameras(*cameras: Cameras) -> Cameras:
    """All cameras in order, unchanged. Raises SpatiaError when nothing is given, or more than MOST_CAMERAS together."""
    if not cameras:
        raise SpatiaError("No cameras were given to join, expected at least one path; connect a camera input.")
    _require_count(sum(c.count for c in cameras))
    return Cameras(torch.cat([c.w2c for c in cameras]), torch.cat([c.intrinsics for c in cameras]))


def project(points: Tensor, w2c: Tensor, K: Tensor) -> tuple[Tensor, Tensor]:
    """Pixel coordinates uv (P, 2) and z-depth (P,), float64, of world points (P, 3) under one camera.

    w2c: (4, 4). K: (3, 3) pixels. uv means nothing where z <= 0: mask with z.
    """
    x, y, z = in_camera(points, w2c)
    # K's whole rows, so that a K with skew stays right.
    uv = torch.stack([_along(row, x, y, z) / z for row in K[:2]], dim=1)
    return uv, z


def in_camera(points: Tensor, w2c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """World points (P, 3) along the axes of a camera with w2c (4, 4): x, y and z, (P,) float64 each.

    Written out, not as matrix products: those round in an order of their own on every processor, and the CPU kernels
    decide the same pixels as this does.
    """
    x, y, z = (_along(row, *points.to(torch.float64).unbind(1)) + row[3] for row in w2c[:3])
    return x, y, z


def _along(row: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """row[0] * x + row[1] * y + row[2] * z, summed from the left."""
    return row[0] * x + row[1] * y + row[2] * z


def unproject(z_depth: Tensor, K: Tensor, c2w: Tensor) -> Tensor:
    """World points (H, W, 3), float64, of the pixel centres of a z-depth map (H, W); depth 0 lands on the camera centre.

    K: (3, 3) pixels of this very map. c2w: (4, 4).
    """
    if z_depth.ndim != 2:
        raise SpatiaError(
            f"A depth map of shape {tuple(z_depth.shape)} was given, expected (height, width); check the depth input."
        )
    columns, rows, center = pixel_rays(K, c2w, *z_depth.shape)
    points = torch.empty(*z_depth.shape, 3, dtype=torch.float64, device=z_depth.device)
    for axis in range(3):
        points[..., axis] = (columns[axis] + rows[axis, :, None]).mul_(z_depth).add_(center[axis])
    return points


def unproject_pixels(z_depth: Tensor, row: Tensor, column: Tensor, K: Tensor, c2w: Tensor) -> Tensor:
    """World points (P, 3), float64, of some pixels of a z-depth map (H, W): `unproject(...)[row, column]`, bit for bit.

    row, column: (P,) int64. K: (3, 3) pixels of this very map. c2w: (4, 4).
    """
    columns, rows, center = pixel_rays(K, c2w, *z_depth.shape)
    z = z_depth[row, column]
    return torch.stack([(columns[k][column] + rows[k][row]).mul_(z).add_(center[k]) for k in range(3)], dim=1)


def pixel_rays(K: Tensor, c2w: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """columns (3, W), rows (3, H) and centre (3,), float64: pixel (i, j) at z-depth d is at
    (columns[:, j] + rows[:, i]) * d + centre in the world.

    K: (3, 3) pixels. c2w: (4, 4).
    """
    turn = c2w[:3, :3] @ torch.linalg.inv(K)
    u = torch.arange(width, dtype=torch.float64, device=K.device) + 0.5
    v = torch.arange(height, dtype=torch.float64, device=K.device) + 0.5
    return turn[:, :1] * u, turn[:, 1:2] * v + turn[:, 2:], c2w[:3, 3]


def intrinsics_from_fov(horizontal_fov_degrees: float, width: int, height: int) -> Tensor:
    """Normalised (4,) intrinsics of a centred camera with square pixels and this horizontal field of view."""
    if not 0 < widget_number("field of view", horizontal_fov_degrees) < 180:
        raise SpatiaError(
            f"A field of view of {horizontal_fov_degrees} degrees was given, expected more than 0 and less than 180; "
            "change the field of view."
        )
    require_image_size(width, height)
    half = torch.deg2rad(torch.tensor(horizontal_fov_degrees / 2, dtype=torch.float64))
    fx = 0.5 / torch.tan(half)
    return torch.stack(
        [fx, fx * width / height, torch.tensor(0.5, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)]
    )


def fov_from_focal(focal: float) -> float:
    """Field of view in degrees along the side of the image that the focal length is normalised by."""
    return math.degrees(2 * math.atan(0.5 / focal))


def require_image_size(width: int, height: int) -> None:
    """Refuse an image that has no pixel, or a side of more than LARGEST_SIDE."""
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise SpatiaError(
            f"Image size {shown(width)}x{shown(height)} was given, but both sides must be at least 1 pixel and at most "
            f"{LARGEST_SIDE}; change width and height."
        )


def _require_count(n: int) -> None:
    if n > MOST_CAMERAS:
        raise SpatiaError(
            f"A path of {n} cameras was given, expected at most {MOST_CAMERAS}; lower frames, or thin the path."
        )


def _rotation_error(R: Tensor) -> Tensor:
    """How far (N,) the rows of R (N, 3, 3) are from orthonormal."""
    return (R @ R.mT - torch.eye(3, dtype=torch.float64, device=R.device)).abs().amax((1, 2))


def _refuse_out_of_range(cameras: Cameras, change_pose: str, change_lens: str) -> None:
    """Written so that NaN is refused too."""
    n, far = cameras.count, LARGEST_COORDINATE * _ROUNDING
    translation, lens = cameras.w2c[:, :3, 3], cameras.intrinsics
    near = (translation.abs() <= far).all(1) & (cameras.centers.abs() <= far).all(1)
    _refuse_first(
        ~near, n, "is farther from the origin than a scene reaches",
        f"its position within {LARGEST_COORDINATE:g} scene units", change_pose,
    )  # fmt: skip
    low, high = SMALLEST_FOCAL / _ROUNDING, LARGEST_FOCAL * _ROUNDING
    _refuse_first(
        ~((lens[:, :2] >= low) & (lens[:, :2] <= high)).all(1), n, "has a focal length out of range",
        f"fx and fy from {SMALLEST_FOCAL:g} to {LARGEST_FOCAL:g} of the image's width and height", change_lens,
    )  # fmt: skip
    _refuse_first(
        ~(lens[:, 2:].abs() <= LARGEST_CENTER * _ROUNDING).all(1), n, "has a principal point out of range",
        f"cx and cy within {LARGEST_CENTER:g} of the image's width and height", change_lens,
    )  # fmt: skip


def _as_float64(value: Numbers, what: str) -> Tensor:
    try:
        return torch.as_tensor(value, dtype=torch.float64)
    except (OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise SpatiaError(
            f"The {what} could not be read as numbers of one shape ({error}); check the file or text they come from."
        ) from error


def _refuse_first(bad: Tensor, n: int, what: str, expected: str, change: str) -> None:
    if bad.any():
        i = int(bad.nonzero()[0, 0])
        more = f" ({int(bad.sum())} of {n} cameras are affected)" if int(bad.sum()) > 1 else ""
        raise SpatiaError(f"Camera {i} {what}{more}; expected {expected}; correct {change}.")
