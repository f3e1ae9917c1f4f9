"""Kernels of `blocks.py`: Morton order by radix sort, and bounds of blocks."""

import numpy as np

from ..kernels import kernel

_BITS = 10  # per axis


@kernel
def whole(value, least, most):
    """A float as an index in [least, most]: every index that a kernel takes from a float comes through here; NaN is `least`."""
    if not value > least:
        return np.int64(least)
    if value >= most:
        return np.int64(most)
    return np.int64(value)


@kernel
def _spread(value):
    """The low 10 bits with two zeros between each."""
    value &= 0x3FF
    value = (value | (value << 16)) & 0x030000FF
    value = (value | (value << 8)) & 0x0300F00F
    value = (value | (value << 4)) & 0x030C30C3
    return (value | (value << 2)) & 0x09249249


@kernel
def morton_order(points):
    """Order (P,) int32 of points (P, 3) float32 along a Morton curve over their bounds."""
    count = points.shape[0]
    low = np.full(3, np.inf)
    high = np.full(3, -np.inf)
    for p in range(count):
        for axis in range(3):
            value = np.float64(points[p, axis])
            # Written so that a NaN never becomes a bound.
            if value < low[axis]:
                low[axis] = value
            if value > high[axis]:
                high[axis] = value
    extent = 0.0
    for axis in range(3):
        extent = max(extent, high[axis] - low[axis])
    scale = ((1 << _BITS) - 1) / extent if extent > 0 else 0.0
    keys = np.empty(count, np.int32)
    order = np.empty(count, np.int32)
    for p in range(count):
        x = whole((points[p, 0] - low[0]) * scale, 0, (1 << _BITS) - 1)
        y = whole((points[p, 1] - low[1]) * scale, 0, (1 << _BITS) - 1)
        z = whole((points[p, 2] - low[2]) * scale, 0, (1 << _BITS) - 1)
        keys[p] = (_spread(x) << 2) | (_spread(y) << 1) | _spread(z)
        order[p] = p
    other_keys, other = np.empty(count, np.int32), np.empty(count, np.int32)
    for digit in range(3):
        shift = digit * _BITS
        place = np.zeros((1 << _BITS) + 1, np.int64)
        for p in range(count):
            place[((keys[p] >> shift) & 0x3FF) + 1] += 1
        for b in range(1 << _BITS):
            place[b + 1] += place[b]
        for p in range(count):
            bucket = (keys[p] >> shift) & 0x3FF
            other_keys[place[bucket]] = keys[p]
            other[place[bucket]] = order[p]
            place[bucket] += 1
        keys, other_keys = other_keys, keys
        order, other = other, order
    return order


@kernel
def block_bounds(points, start):
    """low, high (B, 3) float32 of the points in each block; start: (B + 1,)."""
    blocks = start.shape[0] - 1
    low = np.full((blocks, 3), np.float32(np.inf), np.float32)
    high = np.full((blocks, 3), np.float32(-np.inf), np.float32)
    for b in range(blocks):
        for p in range(start[b], start[b + 1]):
            for axis in range(3):
                value = points[p, axis]
                if value < low[b, axis]:
                    low[b, axis] = value
                if value > high[b, axis]:
                    high[b, axis] = value
    return low, high


@kernel
def blocks_in_view(low, high, w2c, lens, height, width, margin):
    """Blocks (bool) that may hold a point with z > 0 whose pixel lies inside the image widened by `margin`.

    w2c: (3, 4) float64. lens: fu, bu, fv, bv with u = fu * x / z + bu.
    """
    planes = np.empty((5, 4))
    for i in range(4):
        x, y, z = w2c[0, i], w2c[1, i], w2c[2, i]
        planes[0, i] = z
        planes[1, i] = lens[0] * x + (lens[1] + margin) * z
        planes[2, i] = -lens[0] * x + (width + margin - lens[1]) * z
        planes[3, i] = lens[2] * y + (lens[3] + margin) * z
        planes[4, i] = -lens[2] * y + (height + margin - lens[3]) * z
    blocks = low.shape[0]
    keep = np.ones(blocks, np.bool_)
    for b in range(blocks):
        for plane in range(5):
            farthest, size = planes[plane, 3], abs(planes[plane, 3])
            for axis in range(3):
                edge = high[b, axis] if planes[plane, axis] > 0 else low[b, axis]
                farthest += planes[plane, axis] * edge
                size += abs(planes[plane, axis] * edge)
            # Rounding must never drop a block that touches the border.
            if farthest < -1e-12 * size:
                keep[b] = False
                break
    return keep
