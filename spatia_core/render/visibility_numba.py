"""CPU fast path of precise visibility: what `visibility.py` decides in plain torch, on culled blocks.

A point covers a square of 1 to 4 pixels each way. Squares of one size are splatted as single pixels and widened
together by a minimum filter, which gives the same depth as writing every pixel of every square.
"""

import numpy as np

from ..kernels import kernel
from .blocks_numba import blocks_in_view, whole

MAX_FOOTPRINT = 4


@kernel
def see_points(points, order, start, low, high, w2c, lens, height, width, focal, voxel_size):
    """What one view sees of the points in blocks.

    Returns surface (H, W) float32, the depth of the widened points, infinite where there is none; and of the points it
    does not hide: index in the cloud (int32), pixel (int32) and z (float64).
    """
    border = MAX_FOOTPRINT
    in_view = blocks_in_view(low, high, w2c, lens, height, width, border + 1.0)
    room = 0
    for b in range(in_view.shape[0]):
        if in_view[b]:
            room += start[b + 1] - start[b]
    index, pixel = np.empty(room, np.int32), np.empty(room, np.int32)
    depth, reach = np.empty(room), np.empty(room, np.uint8)
    padded_height, padded_width = height + 2 * border, width + 2 * border
    layers = np.full((MAX_FOOTPRINT, padded_height, padded_width), np.float32(np.inf), np.float32)
    largest = 0
    kept = 0
    for b in range(in_view.shape[0]):
        if not in_view[b]:
            continue
        for p in range(start[b], start[b + 1]):
            x, y, t = np.float64(points[p, 0]), np.float64(points[p, 1]), np.float64(points[p, 2])
            z = w2c[2, 0] * x + w2c[2, 1] * y + w2c[2, 2] * t + w2c[2, 3]
            if z <= 0.0:
                continue
            u = lens[0] * (w2c[0, 0] * x + w2c[0, 1] * y + w2c[0, 2] * t + w2c[0, 3]) / z + lens[1]
            v = lens[2] * (w2c[1, 0] * x + w2c[1, 1] * y + w2c[1, 2] * t + w2c[1, 3]) / z + lens[3]
            if not (u >= -border and v >= -border and u < width + border and v < height + border):
                continue
            level = whole(np.ceil(0.87 * voxel_size * focal / max(z, 1e-9)), 1, MAX_FOOTPRINT)
            column, row = (
                whole(np.floor(u), -border, width + border - 1),
                whole(np.floor(v), -border, height + border - 1),
            )
            nearer = np.float32(z)
            if nearer < layers[level - 1, row + border, column + border]:
                layers[level - 1, row + border, column + border] = nearer
            largest = max(largest, level)
            if 0 <= column < width and 0 <= row < height:
                index[kept], pixel[kept], depth[kept], reach[kept] = order[p], row * width + column, z, level
                kept += 1
    # The largest squares are widened by one pixel, join the next smaller ones, are widened with them, and so on.
    widened = layers[max(largest, 1) - 1]
    for level in range(largest, 0, -1):
        _join_and_widen(widened, layers[level - 1])
    surface = widened[border : border + height, border : border + width].copy()
    flat = surface.ravel()
    seen = 0
    for k in range(kept):
        limit = 1.01 * np.float64(flat[pixel[k]]) + 2 * voxel_size
        if depth[k] > limit:
            row, column = pixel[k] // width, pixel[k] % width
            limit += (reach[k] + 1) * _slope(surface, row, column, height, width)
        if depth[k] <= limit:
            index[seen], pixel[seen], depth[seen] = index[k], pixel[k], depth[k]
            seen += 1
    return surface, index[:seen], pixel[:seen], depth[:seen]


@kernel
def _join_and_widen(image, other):
    """The smaller of both, then its minimum over 3 x 3, into image: one pass, three rows at a time in the first cache."""
    height, width = image.shape
    joined = np.empty(width, np.float32)
    lines = np.empty((3, width), np.float32)
    for row in range(height):
        here, there, line = image[row], other[row], lines[row % 3]
        for k in range(width):
            joined[k] = there[k] if there[k] < here[k] else here[k]
        before, middle, after, out = joined[:-2], joined[1:-1], joined[2:], line[1:-1]
        for k in range(width - 2):
            near = before[k] if before[k] < middle[k] else middle[k]
            out[k] = after[k] if after[k] < near else near
        line[0] = min(joined[0], joined[1])
        line[width - 1] = min(joined[width - 1], joined[width - 2])
        if row > 0:
            _smallest(lines[(row - 2) % 3 if row > 1 else 0], lines[(row - 1) % 3], line, image[row - 1])
    _smallest(lines[(height - 2) % 3], lines[(height - 1) % 3], lines[(height - 1) % 3], image[height - 1])


@kernel
def _smallest(above, here, below, out):
    for k in range(out.shape[0]):
        near = above[k] if above[k] < here[k] else here[k]
        out[k] = below[k] if below[k] < near else near


@kernel
def _slope(surface, row, column, height, width):
    here = np.float64(surface[row, column])
    if not np.isfinite(here):
        return 0.0
    down, across = np.inf, np.inf
    if row > 0:
        down = min(down, abs(here - surface[row - 1, column]))
    if row < height - 1:
        down = min(down, abs(here - surface[row + 1, column]))
    if column > 0:
        across = min(across, abs(here - surface[row, column - 1]))
    if column < width - 1:
        across = min(across, abs(here - surface[row, column + 1]))
    slope = (down if np.isfinite(down) else 0.0) + (across if np.isfinite(across) else 0.0)
    return min(slope, 0.1 * here)


@kernel
def set_flags(index, flags):
    """flags (P,) bool, true at index."""
    for k in range(index.shape[0]):
        flags[index[k]] = True


@kernel
def set_bits(index, words):
    """words (ceil(P / 64),) uint64, bit p of the row set for every p in index, little end first."""
    for k in range(index.shape[0]):
        words[index[k] >> 6] |= np.uint64(1) << np.uint64(index[k] & 63)


@kernel
def mean_depth(pixel, z, out):
    """out (H * W,) float32: mean of z over the points of each pixel, 0 where there is none."""
    total, count = np.zeros(out.shape[0]), np.zeros(out.shape[0], np.int32)
    for k in range(pixel.shape[0]):
        total[pixel[k]] += z[k]
        count[pixel[k]] += 1
    for k in range(out.shape[0]):
        out[k] = total[k] / count[k] if count[k] else 0.0
