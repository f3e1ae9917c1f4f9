"""Do points agree with what views saw through them? Carving of contradicted points, and moving objects found by it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..cameras.camera import Cameras, project
from ..interrupt import look_for_interrupt
from ..kernels import in_threads
from .backend import chosen_kernels

THROUGH_MARGIN = 0.15  # of the depth: a point must lie this far in front of what was seen to be contradicted
SAME_SURFACE = 0.03
SAME_COLOR = 0.08  # of white, in the channel that differs most
MIN_VIEWS_NEW = 2  # other views that must contradict a point of this clip
MIN_VIEWS_OLD = 3  # views that must contradict a point that earlier clips had

_POINTS_AT_ONCE = 1 << 15  # of the kernel, so that a wish to stop is noticed


class Votes(NamedTuple):
    """Per point (P,) int32: through, views that saw something clearly behind it; other_color, those of them whose pixel
    also has another colour; support, views that saw a surface where it is."""

    through: Tensor
    other_color: Tensor
    support: Tensor


def vote(
    positions: Tensor,
    colors: Tensor,
    depth: Tensor,
    frames: Tensor,
    cameras: Cameras,
    *,
    voxel_size: float,
    skip: int | None = None,
    backend: str = "auto",
) -> Votes:
    """What K views say of points (P, 3) with colours (P, 3) uint8.

    depth: (K, H, W) z-depth in scene units, 0 = unknown. frames: (K, H, W, 3) uint8. skip: a view that has no say.
    A view with an unknown depth within 3x3 of a point's pixel abstains, and of the nine depths the one kindest to the
    point counts, so that no edge is carved. backend: as in `chosen_kernels`.
    """
    count, height, width = depth.shape
    through, other_color, support = (torch.zeros(positions.shape[0], dtype=torch.int32) for _ in range(3))
    K, margin = cameras.K(height, width), 2 * voxel_size
    if chosen_kernels(backend, depth, positions):
        from .consistency_numba import count_votes

        size = positions.shape[0]
        read = [part.contiguous().numpy() for part in (positions, colors, depth, frames, cameras.w2c, K)]
        written = [part.numpy() for part in (through, other_color, support)]

        def part(first: int) -> None:
            count_votes(
                *read[:2], first, min(first + _POINTS_AT_ONCE, size), *read[2:], -1 if skip is None else skip,
                1 - THROUGH_MARGIN, SAME_SURFACE, float(margin), 255 * SAME_COLOR, *written,
            )  # fmt: skip

        in_threads(part, range(0, size, _POINTS_AT_ONCE))
        return Votes(through, other_color, support)
    window = depth[:, None]
    for view in range(count):
        if view == skip:
            continue
        look_for_interrupt()
        nearest = -F.max_pool2d(-F.pad(window[view], (1, 1, 1, 1)), 3, 1)[0]
        farthest = F.max_pool2d(window[view], 3, 1, 1)[0]
        uv, z = project(positions, cameras.w2c[view], K[view])
        inside = (z > 0) & (uv >= 0).all(1) & (uv[:, 0] < width) & (uv[:, 1] < height)
        point = inside.nonzero().squeeze(1)
        column, row = uv[point].long().unbind(1)
        z, near, far = z[point], nearest[row, column].double(), farthest[row, column].double()
        behind = z < near * (1 - THROUGH_MARGIN) - margin
        through[point] += behind.int()
        difference = (frames[view, row, column].int() - colors[point].int()).abs().amax(1)
        other_color[point] += (behind & (difference > 255 * SAME_COLOR)).int()
        tolerance = SAME_SURFACE * far + margin
        support[point] += ((near > 0) & (z >= near - tolerance) & (z <= far + tolerance)).int()
    return Votes(through, other_color, support)
