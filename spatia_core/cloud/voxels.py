"""Voxel merge: one point per occupied voxel."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import SpatiaError
from .point_cloud import PointCloud


def voxel_merge(cloud: PointCloud, voxel_size: float) -> PointCloud:
    """One point per occupied voxel of edge `voxel_size` (scene units), in float64, identical to Open3D's voxel_down_sample.

    The grid starts at min(positions) - voxel_size / 2. Position, colour and confidence are plain means over the
    points in the voxel; count is their sum; view is the lowest contributing view that is not -1 (the frame that saw
    the place first), -1 when none has one. Voxels come out in the order of their first point in the input.
    voxel_size 0 returns the cloud unchanged. Raises SpatiaError on a negative or non-finite size.
    """
    if not (0 <= voxel_size < float("inf")):
        raise SpatiaError(f"A voxel size of {voxel_size} was given, expected a finite size of 0 (no merging) or more; change voxel_size.")
    if voxel_size == 0 or cloud.size == 0:
        return cloud
    positions, inverse, order = voxel_means(cloud.positions.to(torch.float64), voxel_size)
    n = positions.shape[0]
    samples = torch.zeros(n, dtype=torch.float64, device=positions.device)
    samples.index_add_(0, inverse, torch.ones_like(inverse, dtype=torch.float64))
    colors = _sum(cloud.colors.to(torch.float64), inverse, n) / samples[:, None]
    confidence = _sum(cloud.confidence.to(torch.float64)[:, None], inverse, n)[:, 0] / samples
    count = torch.zeros(n, dtype=torch.int64, device=positions.device).index_add_(0, inverse, cloud.count.to(torch.int64))
    nowhere = torch.iinfo(torch.int32).max
    seen = torch.where(cloud.view < 0, nowhere, cloud.view)
    view = torch.full((n,), nowhere, dtype=torch.int32, device=positions.device)
    view.scatter_reduce_(0, inverse, seen, "amin")
    view[view == nowhere] = -1
    return PointCloud(
        positions.to(torch.float32), colors.round().to(torch.uint8), view,
        confidence.to(torch.float32), count.to(torch.int32),
    ).select(order)


def voxel_means(positions: Tensor, voxel_size: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mean position (V, 3) per voxel, the voxel of each point (P,), and the voxels' order of first appearance (V,)."""
    origin = positions.amin(0) - voxel_size / 2
    cells = torch.floor((positions - origin) / voxel_size)
    extent = cells.amax(0) + 1
    if float(extent[0]) * float(extent[1]) * float(extent[2]) >= 2**62:
        raise SpatiaError(
            f"A voxel size of {voxel_size} cuts this scene of {tuple(round(float(e) * voxel_size, 3) for e in extent)} units into more voxels "
            "than can be numbered; increase voxel_size or remove stray far points."
        )
    cells = cells.to(torch.int64)
    ny, nz = int(extent[1]), int(extent[2])
    key = (cells[:, 0] * ny + cells[:, 1]) * nz + cells[:, 2]
    unique, inverse = torch.unique(key, return_inverse=True)
    n = unique.shape[0]
    samples = torch.zeros(n, dtype=torch.float64, device=positions.device)
    samples.index_add_(0, inverse, torch.ones_like(inverse, dtype=torch.float64))
    means = _sum(positions, inverse, n) / samples[:, None]
    first = torch.full((n,), positions.shape[0], dtype=torch.int64, device=positions.device)
    first.scatter_reduce_(0, inverse, torch.arange(positions.shape[0], device=positions.device), "amin")
    return means, inverse, torch.argsort(first)


def _sum(values: Tensor, inverse: Tensor, n: int) -> Tensor:
    return torch.zeros(n, values.shape[1], dtype=values.dtype, device=values.device).index_add_(0, inverse, values)
