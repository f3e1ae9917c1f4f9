"""Points in Morton order, cut into blocks with bounds: what the CPU kernels cull by and read in sequence.

Built once per cloud and kept as long as the cloud's positions live; a cloud that only grew keeps its old blocks.
"""

from __future__ import annotations

import weakref
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..kernels import kernels_run

BLOCK = 512  # points; smaller blocks cull closer and cost more tests


class PointBlocks(NamedTuple):
    """order: (P,) int32, index in the cloud of each sorted point. points: (P, 3) float32, sorted.

    start: (B + 1,) int64, first sorted point of each block. low, high: (B, 3) float32, bounds of a block.
    """

    order: np.ndarray
    points: np.ndarray
    start: np.ndarray
    low: np.ndarray
    high: np.ndarray


_known: dict[int, tuple[weakref.ref, int, PointBlocks]] = {}


def point_blocks(positions: Tensor) -> PointBlocks:
    """Blocks of positions (P, 3) on the CPU; those of the same tensor, unchanged, are built once."""
    found = _find(positions)
    if found is None:
        found = _build(positions.detach().float().numpy(), 0)
        _remember(positions, found)
    return found


def note_grown(positions: Tensor, before: Tensor) -> None:
    """Say that a cloud (P, 3) begins with all points of `before`, so that only the added points need sorting.

    Does nothing where the kernels that need blocks do not run.
    """
    if kernels_run():
        grown_blocks(positions, before)


def grown_blocks(positions: Tensor, before: Tensor) -> PointBlocks:
    """Blocks of a cloud (P, 3) that begins with all points of `before`: only the added points are sorted."""
    known = _find(before)
    if known is None or positions.shape[0] < before.shape[0]:
        return point_blocks(positions)
    added = _build(positions[before.shape[0] :].detach().float().numpy(), before.shape[0])
    grown = PointBlocks(
        np.concatenate([known.order, added.order]),
        np.concatenate([known.points, added.points]),
        np.concatenate([known.start, added.start[1:] + len(known.points)]),
        np.concatenate([known.low, added.low]),
        np.concatenate([known.high, added.high]),
    )
    _remember(positions, grown)
    return grown


def _build(points: np.ndarray, offset: int) -> PointBlocks:
    from .blocks_numba import block_bounds, morton_order

    points = np.ascontiguousarray(points)
    order = morton_order(points)
    ordered = points[order]
    start = np.append(np.arange(0, len(points), BLOCK), len(points)).astype(np.int64)
    low, high = block_bounds(ordered, start)
    return PointBlocks(order + np.int32(offset), ordered, start, low, high)


def _find(positions: Tensor) -> PointBlocks | None:
    entry = _known.get(id(positions))
    if entry is None or entry[0]() is not positions or entry[1] != _version(positions):
        return None
    return entry[2]


def _remember(positions: Tensor, blocks: PointBlocks) -> None:
    key = id(positions)
    # The blocks go when the tensor goes: nothing outlives the memory it belongs to.
    _known[key] = (weakref.ref(positions, lambda gone: _forget(key, gone)), _version(positions), blocks)


def _forget(key: int, gone: weakref.ref) -> None:
    if key in _known and _known[key][0] is gone:
        del _known[key]


def _version(tensor: Tensor) -> int:
    # Inference tensors, which the host's nodes make, count no changes in place; objects on sockets are never changed.
    return 0 if tensor.is_inference() else tensor._version
