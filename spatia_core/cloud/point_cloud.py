"""The scene's point cloud: coloured points that remember which frame they came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..cameras.camera import Numbers
from ..errors import SpatiaError
from ..inputs import LARGEST_COORDINATE, MOST_POINTS

# What can be compared and converted without a loss.
_REAL = (
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
)  # fmt: skip
NO_VIEW = -1  # a point that came from no frame of the video: a file, or an edit


class PointCloud(NamedTuple):
    """P coloured points in scene units. Build with `make_point_cloud`, which validates. May be empty."""

    positions: Tensor  # (P, 3) float32, world
    colors: Tensor  # (P, 3) uint8
    view: Tensor  # (P,) int32, index of the memory frame it came from, -1 = none
    confidence: Tensor  # (P,) float32, as the estimator gave it; 1 where unknown
    # (P,) int32, samples merged into this point; hides a tuple's method of the name, which nobody calls.
    count: Tensor  # type: ignore[assignment]

    @property
    def size(self) -> int:
        """Number of points."""
        return self.positions.shape[0]

    def select(self, index: Tensor | slice | Sequence[int]) -> PointCloud:
        """The points under a bool mask (P,) or at an index tensor, in order."""
        if isinstance(index, Tensor) and index.dtype == torch.bool:
            # Once for all fields.
            index = index.nonzero().squeeze(1)
        if isinstance(index, Tensor) and index.dtype == torch.int64 and index.ndim == 1 and not bool((index < 0).any()):
            return PointCloud(*(field.index_select(0, index.to(field.device)) for field in self))
        return PointCloud(*(field[index] for field in self))


def make_point_cloud(
    positions: Numbers,
    colors: Numbers,
    view: Numbers | float | None = None,
    confidence: Numbers | float | None = None,
    count: Numbers | float | None = None,
) -> PointCloud:
    """Validated cloud. P may be 0; the steps that need points refuse an empty cloud themselves.

    positions: (P, 3), finite and at most LARGEST_COORDINATE (1e9 scene units) each way; P at most MOST_POINTS.
    colors: (P, 3) uint8, or float in [0, 1] (rounded to uint8). view: (P,) or one int, -1 or more, default -1.
    confidence: (P,), finite in float32, default 1. count: (P,), at least 1, default 1. view and count fit int32.
    Raises SpatiaError on wrong shapes or types and on values out of these ranges.
    """
    positions = _real(positions, None, "positions")
    if positions.ndim != 2 or positions.shape[1] != 3:
        raise SpatiaError(
            f"Point positions of shape {tuple(positions.shape)} were given, expected (P, 3); check the depth or the file the points come from."
        )
    positions = positions.to(torch.float32)
    n, device = positions.shape[0], positions.device
    if n > MOST_POINTS:
        raise SpatiaError(
            f"A cloud of {n} points was given, expected at most {MOST_POINTS}; thin it out, or increase voxel_size."
        )
    bad = int((~torch.isfinite(positions)).any(1).sum())
    if bad:
        raise SpatiaError(
            f"{bad} of {n} points have NaN or infinite positions, expected finite ones; check the depth or the file the points come from."
        )
    if n and not float(positions.abs().max()) <= LARGEST_COORDINATE:
        raise SpatiaError(
            f"A point lies {float(positions.abs().max()):g} scene units from the origin, expected at most "
            f"{LARGEST_COORDINATE:g}; scale the scene down, or remove stray far points."
        )

    colors = _real(colors, device, "colours")
    if tuple(colors.shape) != (n, 3):
        raise SpatiaError(
            f"Point colours of shape {tuple(colors.shape)} were given for {n} points, expected ({n}, 3); check the image or the file the points come from."
        )
    if colors.dtype != torch.uint8:
        if not colors.is_floating_point():
            raise SpatiaError(
                f"Point colours of type {colors.dtype} were given, expected uint8 or float in [0, 1]; check the image or the file the points come from."
            )
        if not (torch.isfinite(colors).all() and bool((colors >= 0).all()) and bool((colors <= 1).all())):
            raise SpatiaError(
                "Point colours outside 0 to 1 were given as floats, expected [0, 1] or uint8; check the image the points come from."
            )
        colors = (colors * 255).round().to(torch.uint8)

    view = _per_point(view, NO_VIEW, torch.int32, NO_VIEW, n, device, "view indices")
    confidence = _per_point(confidence, 1.0, torch.float32, None, n, device, "confidences")
    count = _per_point(count, 1, torch.int32, 1, n, device, "sample counts")
    if not bool(torch.isfinite(confidence).all()):
        raise SpatiaError(
            "Point confidences contain NaN or infinity, expected finite values; check the estimator or the file the points come from."
        )
    return PointCloud(positions, colors, view, confidence, count)


def concat_clouds(*clouds: PointCloud) -> PointCloud:
    """All points in order, on the first cloud's device.

    Raises SpatiaError when nothing is given, or when more than MOST_POINTS come together.
    """
    if not clouds:
        raise SpatiaError("No cloud was given to join, expected at least one; connect a cloud.")
    total = sum(cloud.size for cloud in clouds)
    if total > MOST_POINTS:
        raise SpatiaError(
            f"{total} points would come together, expected at most {MOST_POINTS}; join fewer, or increase voxel_size."
        )
    device = clouds[0].positions.device
    return PointCloud(*(torch.cat([field.to(device) for field in fields]) for fields in zip(*clouds)))


def empty_cloud() -> PointCloud:
    """A cloud without points."""
    return make_point_cloud(torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.uint8))


def _real(value: Numbers | float, device: torch.device | None, what: str) -> Tensor:
    try:
        value = torch.as_tensor(value, device=device)
    except (OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise SpatiaError(f"Point {what} are no numbers ({error}); check the file the points come from.") from error
    if value.dtype not in _REAL:
        raise SpatiaError(
            f"Point {what} of type {value.dtype} were given, expected real numbers; check the file the points come "
            "from."
        )
    return value


def _per_point(
    value: Numbers | float | None,
    default: float,
    dtype: torch.dtype,
    low: int | None,
    n: int,
    device: torch.device,
    what: str,
) -> Tensor:
    if value is None:
        value = default
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        value = value.copy()
    value = _real(value, device, what)
    if value.ndim == 0:
        value = value.expand(n)
    if tuple(value.shape) != (n,):
        raise SpatiaError(
            f"{what.capitalize()} of shape {tuple(value.shape)} were given for {n} points, expected ({n},); check the file the points come from."
        )
    if low is not None and n:
        # Before the cast, which wraps; NaN is not in the range either.
        high = torch.iinfo(dtype).max
        least, most = (bound.item() for bound in torch.aminmax(value))
        if not low <= least <= most <= high:
            raise SpatiaError(
                f"{what.capitalize()} from {least} to {most} were given, expected {low} to {high}; "
                "check the file the points come from."
            )
    return value.to(dtype).contiguous()
