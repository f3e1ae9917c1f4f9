"""Which pixels may become points: no depth edges, no moving objects."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..cameras.camera import pixel_rays
from ..errors import SpatiaError
from .backend import chosen_kernels
from .depth import require_aspect

EDGE_RELATIVE_DEPTH = 0.03
EDGE_DEGREES = 5.0
EDGE_BEND = 0.05


def depth_edges(
    depth: Tensor,
    K: Tensor,
    *,
    relative: float = EDGE_RELATIVE_DEPTH,
    degrees: float = EDGE_DEGREES,
    backend: str = "auto",
) -> Tensor:
    """Pixels on a depth edge, (H, W) bool: depth jumps within 3x3 and so does the surface normal (MapAnything's rule).

    depth: (H, W) float32, 0 = unknown. K: (3, 3) pixels. A floor at a grazing angle jumps in depth and keeps its normal.
    With an estimator's noise its normal jumps too, so its disparity, which is linear in the pixel on any plane, must
    also bend. backend: as in `chosen_kernels`.
    """
    least_cosine = torch.cos(torch.deg2rad(torch.tensor(degrees, dtype=torch.float64)))
    columns, rows, _ = pixel_rays(K, torch.eye(4, dtype=torch.float64, device=K.device), *depth.shape)
    if chosen_kernels(backend, depth):
        from .filters_numba import mark_edges

        edges = np.empty(depth.shape, np.bool_)
        mark_edges(
            depth.contiguous().numpy(), columns.numpy(), rows.numpy(), np.float32(relative), np.float32(EDGE_BEND),
            float(least_cosine), edges,
        )  # fmt: skip
        return torch.from_numpy(edges)
    known = depth > 0
    window = depth[None, None]
    highest = F.max_pool2d(torch.where(known, window, -torch.inf), 3, 1, 1)[0, 0]
    lowest = -F.max_pool2d(torch.where(known, -window, -torch.inf), 3, 1, 1)[0, 0]
    jumps = (highest - lowest) / depth.clamp_min(1e-9) > relative
    return known & jumps & _normal_edges(depth, columns, rows, least_cosine.to(depth.device)) & _bends(depth)


def _bends(depth: Tensor) -> Tensor:
    """Where disparity departs from a line by more than EDGE_BEND, over 3 or 5 pixels along a row or a column."""
    disparity = torch.where(depth > 0, 1 / depth.clamp_min(1e-9), 0.0)
    bends = torch.zeros(depth.shape, dtype=torch.bool, device=depth.device)
    for axis in (0, 1):
        for reach in (1, 2):
            size = depth.shape[axis] - 2 * reach
            if size < 1:
                continue
            before, here, after = (disparity.narrow(axis, offset, size) for offset in (0, reach, 2 * reach))
            known = (before > 0) & (after > 0)
            bent = known & ((before + after - 2 * here).abs() > EDGE_BEND * here)
            bends.narrow(axis, reach, size).logical_or_(bent)
    # Both sides of an edge: the bend is seen from its near or its far pixel, whichever is not in line with the rest.
    return F.max_pool2d(bends[None, None].float(), 3, 1, 1)[0, 0].bool()


def _normal_edges(depth: Tensor, columns: Tensor, rows: Tensor, least_cosine: Tensor) -> Tensor:
    # Written out, so that every sum has the order that the kernel follows.
    places = [(columns[axis] + rows[axis, :, None]) * depth for axis in range(3)]
    padded = [F.pad(place[None, None], (1, 1, 1, 1), mode="replicate")[0, 0] for place in places]
    ax, ay, az = (place[1:-1, 2:] - place[1:-1, :-2] for place in padded)
    dx, dy, dz = (place[2:, 1:-1] - place[:-2, 1:-1] for place in padded)
    x, y, z = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
    length = (x * x + y * y + z * z).sqrt().clamp_min(1e-12)
    nx, ny, nz = x / length, y / length, z / length
    edges = torch.zeros(depth.shape, dtype=torch.bool, device=depth.device)
    height, width = depth.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        # Views of every pixel and its neighbour at (down, right).
        here = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        there = (slice(down, height), slice(max(0, right), width + min(0, right)))
        bent = nx[here] * nx[there] + ny[here] * ny[there] + nz[here] * nz[there] < least_cosine
        edges[here] |= bent
        edges[there] |= bent
    return edges


def moving_pixels(
    mask: Tensor, count: int, height: int, width: int, *, threshold: float = 0.5, dilate: int = 0
) -> Tensor:
    """Moving pixels (count, H, W) bool of a soft mask (M, h, w) in 0..1, grown by `dilate` pixels; one mask serves all frames.

    Raises SpatiaError when M is neither 1 nor `count`, on another aspect, or on NaN.
    """
    if mask.ndim != 3:
        raise SpatiaError(f"moving has shape {tuple(mask.shape)}, expected (N, height, width); connect a MASK.")
    if mask.shape[0] not in (1, count):
        raise SpatiaError(
            f"moving holds {mask.shape[0]} masks for {count} frame(s), expected one per frame or a single one for all."
        )
    if dilate < 0:
        raise SpatiaError(f"mask_grow: {dilate} was given, expected 0 or more pixels.")
    require_aspect(mask.shape[1], mask.shape[2], height, width, "moving mask")
    if not torch.isfinite(mask).all():
        raise SpatiaError("moving holds NaN or infinite values, expected 0..1; check the node that made the mask.")
    soft = mask.float().unsqueeze(1)
    if soft.shape[2:] != (height, width):
        soft = F.interpolate(soft, size=(height, width), mode="bilinear", align_corners=False)
    moving = (soft > threshold).float()
    if dilate:
        moving = F.max_pool2d(moving, 2 * dilate + 1, 1, dilate)
    return moving[:, 0].bool().expand(count, height, width)
