"""CPU fast path of the voxel merge: points are copied to parts by the hash of their voxel, each part merged in cache.

`voxels.py` holds the plain torch reference, whose sums these follow point by point in the cloud's order.
"""

import numpy as np

from ..kernels import kernel
from ..render.blocks_numba import whole

PARTS = 256
_FARTHEST = 2**62
_MOST_SAMPLES = 2**31 - 1  # that a point's count can hold
_MIX = np.uint64(0x9E3779B97F4A7C15)


@kernel
def part_points(positions, first, last, origin, voxel_size, cells, keys, sizes):
    """Voxel keys of points first..last-1, and how many of them each part gets: sizes (256,) int64.

    cells: number of voxels along y and z. keys: (P,) int64.
    """
    sizes[:] = 0
    for p in range(first, last):
        # `voxels._grid` has refused what would not fit: keys are numbers of a grid of fewer than 2^62 voxels.
        x = whole(np.floor((positions[p, 0] - origin[0]) / voxel_size), 0, _FARTHEST)
        y = whole(np.floor((positions[p, 1] - origin[1]) / voxel_size), 0, _FARTHEST)
        z = whole(np.floor((positions[p, 2] - origin[2]) / voxel_size), 0, _FARTHEST)
        key = (x * cells[0] + y) * cells[1] + z
        keys[p] = key
        sizes[_part(key)] += 1


@kernel
def _part(key):
    return np.int64((np.uint64(key) * _MIX) >> np.uint64(56))


@kernel
def deal_points(keys, positions, colors, confidence, view, count, first, last, place, dealt_keys, numbers, marks):
    """Copy the points first..last-1 to their parts, in order; place (256,) is where each part's next point goes.

    A merge that gathered them would wait for memory at every field of every point. dealt_keys: (P,) int64. numbers: (P, 4)
    float32, position and confidence. marks: (P, 4) int32: which point, its view, count, and colour as 0xRRGGBB.
    """
    for p in range(first, last):
        part = _part(keys[p])
        row = place[part]
        place[part] += 1
        dealt_keys[row] = keys[p]
        numbers[row, 0], numbers[row, 1], numbers[row, 2], numbers[row, 3] = (
            positions[p, 0],
            positions[p, 1],
            positions[p, 2],
            confidence[p],
        )
        marks[row, 0], marks[row, 1], marks[row, 2] = p, view[p], count[p]
        marks[row, 3] = np.int32(colors[p, 0]) << 16 | np.int32(colors[p, 1]) << 8 | np.int32(colors[p, 2])


@kernel
def merge_parts(
    first, last, bounds, keys, numbers, marks, none, firsts, voxels,
    out_positions, out_colors, out_view, out_confidence, out_count,
):  # fmt: skip
    """Merge the parts first..last-1; bounds (257,) int64 are where each part's points begin. voxels (256,): how many it has."""
    for part in range(first, last):
        begin, end = bounds[part], bounds[part + 1]
        voxels[part] = _merge_part(
            keys[begin:end], numbers[begin:end], marks[begin:end], none, firsts[begin:end], out_positions[begin:end],
            out_colors[begin:end], out_view[begin:end], out_confidence[begin:end], out_count[begin:end],
        )  # fmt: skip


@kernel
def _merge_part(keys, numbers, marks, none, firsts, out_positions, out_colors, out_view, out_confidence, out_count):
    """Merge one part's points, as deal_points left them (n rows, in the cloud's order); returns how many voxels it has.

    firsts: (n,) int32, first point of each voxel. out_*: the merged fields, in the first rows. none: the view of a point
    that came from no frame.
    """
    n = keys.shape[0]
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, np.int32)
    found = np.empty(n, np.int64)
    samples = np.empty(n, np.int32)
    sums = np.empty((n, 7))
    voxels = 0
    for k in range(n):
        key = keys[k]
        slot = np.int64((np.uint64(key) * _MIX) >> np.uint64(24)) & (size - 1)
        while table[slot] >= 0 and found[table[slot]] != key:
            slot = (slot + 1) & (size - 1)
        voxel = np.int64(table[slot])
        if voxel < 0:
            voxel = voxels
            voxels += 1
            table[slot] = voxel
            found[voxel], firsts[voxel], samples[voxel] = key, marks[k, 0], 0
            out_view[voxel], out_count[voxel] = none, 0
            for column in range(7):
                sums[voxel, column] = 0.0
        color = marks[k, 3]
        for axis in range(3):
            sums[voxel, axis] += numbers[k, axis]
            sums[voxel, 3 + axis] += (color >> (16 - 8 * axis)) & 255
        sums[voxel, 6] += numbers[k, 3]
        samples[voxel] += 1
        view = marks[k, 1]
        out_count[voxel] = min(np.int64(out_count[voxel]) + np.int64(marks[k, 2]), _MOST_SAMPLES)
        if view >= 0 and (out_view[voxel] < 0 or view < out_view[voxel]):
            out_view[voxel] = view
    for voxel in range(voxels):
        for axis in range(3):
            out_positions[voxel, axis] = sums[voxel, axis] / samples[voxel]
            # Half to even, as torch rounds.
            out_colors[voxel, axis] = np.uint8(np.rint(sums[voxel, 3 + axis] / samples[voxel]))
        out_confidence[voxel] = sums[voxel, 6] / samples[voxel]
    return voxels


@kernel
def ranks(bounds, voxels, firsts, flags):
    """For flags (P + 1,) int32 zero: flags[p] becomes the number of voxels whose first point comes before p."""
    for part in range(voxels.shape[0]):
        for k in range(bounds[part], bounds[part] + voxels[part]):
            flags[firsts[k] + 1] = 1
    for p in range(1, flags.shape[0]):
        flags[p] += flags[p - 1]


@kernel
def place_voxels(
    first, last, bounds, voxels, firsts, rank, positions, colors, view, confidence, count,
    to_positions, to_colors, to_view, to_confidence, to_count,
):  # fmt: skip
    """Copy the voxels of the parts first..last-1 to their rows, in the order of their first points."""
    for part in range(first, last):
        for k in range(bounds[part], bounds[part] + voxels[part]):
            row = rank[firsts[k]]
            for axis in range(3):
                to_positions[row, axis] = positions[k, axis]
                to_colors[row, axis] = colors[k, axis]
            to_view[row], to_confidence[row], to_count[row] = view[k], confidence[k], count[k]


@kernel
def add_cells(cells, table):
    """Insert cells (n, 3) int64 into the set table (S, 4) int64, whose last column is 1 where taken; fresh (n,) bool.

    S is a power of two of at least twice what the set will hold. A cell is fresh when it was not in the set before.
    """
    size = table.shape[0]
    fresh = np.zeros(cells.shape[0], np.bool_)
    for k in range(cells.shape[0]):
        x, y, z = cells[k]
        mixed = (
            np.uint64(x) * _MIX
            + np.uint64(y) * np.uint64(0xC2B2AE3D27D4EB4F)
            + np.uint64(z) * np.uint64(0x165667B19E3779F9)
        )
        slot = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(size - 1))
        while table[slot, 3] and not (table[slot, 0] == x and table[slot, 1] == y and table[slot, 2] == z):
            slot = (slot + 1) & (size - 1)
        if not table[slot, 3]:
            table[slot, 0], table[slot, 1], table[slot, 2], table[slot, 3] = x, y, z, 1
            fresh[k] = True
    return fresh
