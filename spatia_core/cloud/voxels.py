"""Voxel merge: one point per occupied voxel."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import SpatiaError
from .point_cloud import NO_VIEW, PointCloud


def voxel_merge(cloud: PointCloud, voxel_size: float) -> PointCloud:
    """One point per occupied voxel of edge `voxel_size` (scene units), in float64, identical to Open3D's voxel_down_sample.

    Position, colour and confidence are plain means over the points in the voxel; count is their sum; view is the
    lowest contributing view other than -1 (the frame that saw the place first), -1 when there is none. Voxels come
    out in the order of their first point. Size 0 returns the cloud unchanged. Raises SpatiaError on a negative or
    non-finite size.
    """
    if not (0 <= voxel_size < float("inf")):
        raise SpatiaError(f"A voxel size of {voxel_size} was given, expected a finite size of 0 (no merging) or more; change voxel_size.")
    if voxel_size == 0 or cloud.size == 0:
        return cloud
    voxel, n = voxel_index(cloud.positions, voxel_size)
    count = torch.zeros(n, dtype=torch.int64, device=voxel.device).index_add_(0, voxel, cloud.count.to(torch.int64))
    nowhere = torch.iinfo(torch.int32).max
    view = torch.full((n,), nowhere, dtype=torch.int32, device=voxel.device)
    view.scatter_reduce_(0, voxel, torch.where(cloud.view < 0, nowhere, cloud.view), "amin")
    view[view == nowhere] = NO_VIEW
    return PointCloud(
        voxel_mean(cloud.positions, voxel, n).to(torch.float32),
        voxel_mean(cloud.colors, voxel, n).round().to(torch.uint8),
        view,
        voxel_mean(cloud.confidence[:, None], voxel, n)[:, 0].to(torch.float32),
        count.to(torch.int32),
    )


def voxel_index(positions: Tensor, voxel_size: float) -> tuple[Tensor, int]:
    """Voxel number (P,) int64 of each point (P, 3), and how many voxels are occupied; numbered by first appearance.

    The grid starts at min(positions) - voxel_size / 2, as Open3D's does. Raises SpatiaError when the scene spans more
    voxels than 64-bit keys can number.
    """
    positions = positions.to(torch.float64)
    origin = positions.amin(0) - voxel_size / 2
    cells = torch.floor((positions - origin) / voxel_size)
    extent = cells.amax(0) + 1
    if float(extent[0]) * float(extent[1]) * float(extent[2]) >= 2**62:
        size = " x ".join(f"{float(e) * voxel_size:g}" for e in extent)
        raise SpatiaError(f"A voxel size of {voxel_size} cuts this scene of {size} units into more voxels than can be numbered; increase voxel_size or remove stray far points.")
    cells, ny, nz = cells.to(torch.int64), int(extent[1]), int(extent[2])
    keys, inverse = torch.unique((cells[:, 0] * ny + cells[:, 1]) * nz + cells[:, 2], return_inverse=True)
    n, device = keys.shape[0], positions.device
    # Renumber by first appearance, so that the result follows the input's order and not the grid's.
    first = torch.full((n,), inverse.shape[0], dtype=torch.int64, device=device)
    first.scatter_reduce_(0, inverse, torch.arange(inverse.shape[0], device=device), "amin")
    rank = torch.empty(n, dtype=torch.int64, device=device)
    rank[torch.argsort(first)] = torch.arange(n, device=device)
    return rank[inverse], n


def voxel_mean(values: Tensor, voxel: Tensor, n: int) -> Tensor:
    """Mean (n, C) in float64 of values (P, C) over the points of each voxel."""
    total = torch.zeros(n, values.shape[1], dtype=torch.float64, device=values.device).index_add_(0, voxel, values.to(torch.float64))
    return total / torch.bincount(voxel, minlength=n)[:, None]
