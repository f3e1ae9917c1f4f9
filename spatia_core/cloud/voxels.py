"""Voxel merge: one point per occupied voxel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..kernels import in_threads, kernels_run
from ..precision import computed_in_float64
from .point_cloud import NO_VIEW, PointCloud

BACKENDS = ("auto", "torch", "numba")
_POINTS_FOR_THREADS = 1 << 15


@computed_in_float64
def voxel_merge(cloud: PointCloud, voxel_size: float, *, aligned: bool = False, backend: str = "auto") -> PointCloud:
    """One point per occupied voxel of edge `voxel_size` (scene units), in float64, identical to Open3D's voxel_down_sample.

    Position, colour and confidence are plain means over the points in the voxel; count is their sum; view is the
    lowest contributing view other than -1 (the frame that saw the place first), -1 when there is none. Voxels come
    out in the order of their first point. Size 0 returns the cloud unchanged. aligned: the grid goes through the world's
    origin instead, so that clouds merged at different times share it (`VoxelSet`). backend: "numba" is the CPU fast path,
    "torch" the reference on any device, "auto" the first where it can run. Raises SpatiaError on a negative or
    non-finite size.
    """
    if backend not in BACKENDS:
        raise SpatiaError(f"backend: '{backend}' was given, expected one of {', '.join(BACKENDS)}.")
    if not (0 <= voxel_size < float("inf")):
        raise SpatiaError(
            f"A voxel size of {voxel_size} was given, expected a finite size of 0 (no merging) or more; change voxel_size."
        )
    if voxel_size == 0 or cloud.size == 0:
        return cloud
    possible = cloud.positions.device.type == "cpu" and cloud.size < 2**31 and kernels_run()
    if backend == "numba" and not possible:
        raise SpatiaError(
            "backend 'numba' needs the numba package, points on the CPU and fewer than 2^31 of them; use 'torch'."
        )
    if possible and backend != "torch":
        return _merge_fast(cloud, voxel_size, aligned)
    voxel, n = voxel_index(cloud.positions, voxel_size, aligned)
    count = torch.zeros(n, dtype=torch.int64, device=voxel.device).index_add_(0, voxel, cloud.count.to(torch.int64))
    # Beyond every frame that a cloud can name.
    nowhere = torch.iinfo(torch.int32).max + 1
    view = torch.full((n,), nowhere, dtype=torch.int64, device=voxel.device)
    view.scatter_reduce_(0, voxel, torch.where(cloud.view < 0, nowhere, cloud.view.long()), "amin")
    view[view == nowhere] = NO_VIEW
    return PointCloud(
        voxel_mean(cloud.positions, voxel, n).to(torch.float32),
        voxel_mean(cloud.colors, voxel, n).round().to(torch.uint8),
        view.to(torch.int32),
        voxel_mean(cloud.confidence[:, None], voxel, n)[:, 0].to(torch.float32),
        count.clamp_max(torch.iinfo(torch.int32).max).to(torch.int32),
    )


def voxel_index(positions: Tensor, voxel_size: float, aligned: bool = False) -> tuple[Tensor, int]:
    """Voxel number (P,) int64 of each point (P, 3), and how many voxels are occupied; numbered by first appearance.

    The grid starts at min(positions) - voxel_size / 2, as Open3D's does, or goes through the origin if aligned. Raises SpatiaError when the scene spans more
    voxels than 64-bit keys can number.
    """
    origin, ny, nz = _grid(positions, voxel_size, aligned)
    cells = torch.floor((positions.to(torch.float64) - origin) / voxel_size).to(torch.int64)
    keys, inverse = torch.unique((cells[:, 0] * ny + cells[:, 1]) * nz + cells[:, 2], return_inverse=True)
    n, device = keys.shape[0], positions.device
    # Renumber by first appearance, so that the result follows the input's order and not the grid's.
    first = torch.full((n,), inverse.shape[0], dtype=torch.int64, device=device)
    first.scatter_reduce_(0, inverse, torch.arange(inverse.shape[0], device=device), "amin")
    rank = torch.empty(n, dtype=torch.int64, device=device)
    rank[torch.argsort(first)] = torch.arange(n, device=device)
    return rank[inverse], n


def _grid(positions: Tensor, voxel_size: float, aligned: bool) -> tuple[Tensor, int, int]:
    """Origin (3,) float64 of the voxel grid over positions, and its number of voxels along y and z."""
    origin = positions.amin(0).to(torch.float64) - voxel_size / 2
    if aligned:
        origin = torch.floor(positions.amin(0).to(torch.float64) / voxel_size) * voxel_size
    extent = torch.floor((positions.amax(0).to(torch.float64) - origin) / voxel_size) + 1
    if not float(extent[0]) * float(extent[1]) * float(extent[2]) < 2**62:
        size = " x ".join(f"{float(e) * voxel_size:g}" for e in extent)
        raise SpatiaError(
            f"A voxel size of {voxel_size} cuts this scene of {size} units into more voxels than can be numbered; increase voxel_size or remove stray far points."
        )
    return origin, int(extent[1]), int(extent[2])


def _merge_fast(cloud: PointCloud, voxel_size: float, aligned: bool) -> PointCloud:
    """`voxel_merge` by the kernels, on all of torch's threads."""
    from . import voxels_numba as fast

    corner, ny, nz = _grid(cloud.positions, voxel_size, aligned)
    positions, colors, view, confidence, count = (field.contiguous().numpy() for field in cloud)
    origin, cells = corner.numpy(), np.array([ny, nz])
    # To begin work takes as long as merging some thousand points.
    threads = torch.get_num_threads() if cloud.size > _POINTS_FOR_THREADS else 1
    chunks = _shares(cloud.size, threads)
    keys, dealt_keys = np.empty(cloud.size, np.int64), np.empty(cloud.size, np.int64)
    numbers, marks = np.empty((cloud.size, 4), np.float32), np.empty((cloud.size, 4), np.int32)
    sizes = np.empty((threads, fast.PARTS), np.int64)
    in_threads(
        lambda t: fast.part_points(positions, *chunks[t], origin, float(voxel_size), cells, keys, sizes[t]),
        range(threads),
        threads,
    )
    # Part by part, and in each part chunk by chunk: the points of a part stay in the cloud's order.
    place = np.cumsum(sizes.T.ravel()).reshape(fast.PARTS, threads)
    starts = (place - sizes.T).T.copy()
    bounds = np.append(starts[0], cloud.size)
    in_threads(
        lambda t: fast.deal_points(
            keys, positions, colors, confidence, view, count, *chunks[t], starts[t], dealt_keys, numbers, marks
        ),
        range(threads),
        threads,
    )
    firsts, voxels, loose = np.empty(cloud.size, np.int32), np.empty(fast.PARTS, np.int64), _empty_fields(cloud.size)
    # More shares than threads, for not all take the same time.
    shares = _shares(fast.PARTS, 1 if threads == 1 else 8 * threads)
    in_threads(
        lambda share: fast.merge_parts(*share, bounds, dealt_keys, numbers, marks, NO_VIEW, firsts, voxels, *loose),
        shares,
        threads,
    )
    rank = np.zeros(cloud.size + 1, np.int32)
    fast.ranks(bounds, voxels, firsts, rank)
    merged = _empty_fields(int(rank[-1]))
    in_threads(lambda share: fast.place_voxels(*share, bounds, voxels, firsts, rank, *loose, *merged), shares, threads)
    return PointCloud(*map(torch.from_numpy, merged))


def _shares(count: int, shares: int) -> list[tuple[int, int]]:
    """(first, last + 1) of `shares` almost equal parts of `count` things."""
    return list(pairwise(count * k // shares for k in range(shares + 1)))


def _empty_fields(size: int) -> tuple[np.ndarray, ...]:
    """Room for the fields of a PointCloud."""
    return (
        np.empty((size, 3), np.float32),
        np.empty((size, 3), np.uint8),
        np.empty(size, np.int32),
        np.empty(size, np.float32),
        np.empty(size, np.int32),
    )


class VoxelSet:
    """Voxels of a fixed grid (origin 0) that hold a point: what a growing cloud is asked for room."""

    def __init__(self, voxel_size: float):
        self._voxel_size = voxel_size
        self._taken = 0
        self._table = np.zeros((1 << 12, 4), np.int64)
        self._plain: set[tuple[int, int, int]] = set()

    def add(self, positions: Tensor) -> Tensor:
        """Take the voxels of positions (P, 3); returns (P,) bool, true for the first point in a voxel that was free."""
        cells = torch.floor(positions.detach().cpu().to(torch.float64) / self._voxel_size).to(torch.int64).numpy()
        if not kernels_run():
            fresh = torch.zeros(len(cells), dtype=torch.bool)
            for k, cell in enumerate(map(tuple, cells.tolist())):
                fresh[k] = cell not in self._plain
                self._plain.add(cell)
            return fresh
        from . import voxels_numba as fast

        while 2 * (self._taken + len(cells)) > len(self._table):
            old = self._table[self._table[:, 3] == 1, :3]
            self._table = np.zeros((2 * len(self._table), 4), np.int64)
            fast.add_cells(old, self._table)
        fresh = fast.add_cells(np.ascontiguousarray(cells), self._table)
        self._taken += int(fresh.sum())
        return torch.from_numpy(fresh)


def voxel_mean(values: Tensor, voxel: Tensor, n: int) -> Tensor:
    """Mean (n, C) in float64 of values (P, C) over the points of each voxel."""
    total = torch.zeros(n, values.shape[1], dtype=torch.float64, device=values.device).index_add_(
        0, voxel, values.to(torch.float64)
    )
    return total / torch.bincount(voxel, minlength=n)[:, None]
