"""CPU fast path of the connected cluster: a flood over touching cells of a grid."""

import numpy as np

from ..kernels import kernel
from ..render.blocks_numba import whole

_FARTHEST = 2**31 - 2  # cells from the origin, kept in 32 bits, their neighbours too


@kernel
def _slot(x, y, z, cells, table):
    """Where cell (x, y, z) lies in the hash table of cell numbers, or the free place where it would."""
    mask = table.shape[0] - 1
    mixed = (
        np.uint64(x) * np.uint64(0x9E3779B97F4A7C15)
        + np.uint64(y) * np.uint64(0xC2B2AE3D27D4EB4F)
        + np.uint64(z) * np.uint64(0x165667B19E3779F9)
    )
    slot = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(mask))
    while table[slot] >= 0:
        cell = table[slot]
        if cells[cell, 0] == x and cells[cell, 1] == y and cells[cell, 2] == z:
            break
        slot = (slot + 1) & mask
    return slot


@kernel
def flood(positions, size, seed):
    """Points (P,) bool whose cell of edge `size` is linked to the seed point's through touching occupied cells."""
    count = positions.shape[0]
    capacity = 16
    while capacity < 2 * count:
        capacity *= 2
    table = np.full(capacity, -1, np.int32)
    cells = np.empty((count, 3), np.int32)
    cell_of = np.empty(count, np.int32)
    found = 0
    for p in range(count):
        x = whole(np.floor(positions[p, 0] / size), -_FARTHEST, _FARTHEST)
        y = whole(np.floor(positions[p, 1] / size), -_FARTHEST, _FARTHEST)
        z = whole(np.floor(positions[p, 2] / size), -_FARTHEST, _FARTHEST)
        slot = _slot(x, y, z, cells, table)
        if table[slot] < 0:
            table[slot] = found
            cells[found, 0], cells[found, 1], cells[found, 2] = x, y, z
            found += 1
        cell_of[p] = table[slot]
    reached = np.zeros(found, np.bool_)
    queue = np.empty(found, np.int32)
    queue[0] = cell_of[seed]
    reached[cell_of[seed]] = True
    first, last = 0, 1
    while first < last:
        cell = queue[first]
        first += 1
        for dx in range(-1, 2):
            for dy in range(-1, 2):
                for dz in range(-1, 2):
                    near = table[
                        _slot(
                            np.int64(cells[cell, 0]) + dx,
                            np.int64(cells[cell, 1]) + dy,
                            np.int64(cells[cell, 2]) + dz,
                            cells,
                            table,
                        )
                    ]
                    if near >= 0 and not reached[near]:
                        reached[near] = True
                        queue[last] = near
                        last += 1
    inside = np.empty(count, np.bool_)
    for p in range(count):
        inside[p] = reached[cell_of[p]]
    return inside
