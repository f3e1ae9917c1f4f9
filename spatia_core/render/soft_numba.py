"""CPU fast path of the soft projection: culled blocks, tiles that fit the first cache, one pass for colour and coverage.

`soft.py` holds the plain torch reference that this must agree with.
"""

import numpy as np

from ..kernels import kernel
from .blocks_numba import blocks_in_view

_TILE_ROWS = 32
_TILE_COLUMNS = 48  # a row of open pixels is one 64-bit word with its sign to spare
_INSERTION = 24  # longer runs of one bucket are heap-sorted


@kernel
def draw_soft(points, order, start, low, high, colors, w2c, lens, height, width, radius, points_per_pixel, image, coverage):
    """Composite the nearest `points_per_pixel` discs over every pixel of one view.

    points (P, 3) float32 in blocks; order (P,) their index in the cloud; colors (P, 3) uint8 of the cloud.
    w2c: (3, 4) float64. lens: fu, bu, fv, bv with u = fu * x / z + bu in pixels. radius in pixels.
    Writes image (H, W, 3) uint8 and coverage (H, W) uint8, every pixel of both.
    """
    seen = blocks_in_view(low, high, w2c, lens, height, width, radius + 1.0)
    room = 0
    for b in range(seen.shape[0]):
        if seen[b]:
            room += start[b + 1] - start[b]
    us, vs = np.empty(room), np.empty(room)
    depth, index = np.empty(room, np.float32), np.empty(room, np.int32)
    tiles_x = (width + _TILE_COLUMNS - 1) // _TILE_COLUMNS
    tiles_y = (height + _TILE_ROWS - 1) // _TILE_ROWS
    place = np.zeros(tiles_x * tiles_y + 1, np.int64)
    kept = 0
    for b in range(seen.shape[0]):
        if not seen[b]:
            continue
        for p in range(start[b], start[b + 1]):
            x, y, t = np.float64(points[p, 0]), np.float64(points[p, 1]), np.float64(points[p, 2])
            z = w2c[2, 0] * x + w2c[2, 1] * y + w2c[2, 2] * t + w2c[2, 3]
            if z <= 0.0:
                continue
            u = lens[0] * (w2c[0, 0] * x + w2c[0, 1] * y + w2c[0, 2] * t + w2c[0, 3]) / z + lens[1]
            v = lens[2] * (w2c[1, 0] * x + w2c[1, 1] * y + w2c[1, 2] * t + w2c[1, 3]) / z + lens[3]
            if not (u > -radius and v > -radius and u < width + radius and v < height + radius):
                continue
            us[kept], vs[kept], depth[kept], index[kept] = u, v, z, order[p]
            kept += 1
            left, right, top, bottom = _tiles(u, v, radius, tiles_x, tiles_y)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    place[row * tiles_x + column + 1] += 1
    most = np.int64(0)
    for tile in range(tiles_x * tiles_y):
        most = max(most, place[tile + 1])
        place[tile + 1] += place[tile]
    entries = np.empty(place[-1], np.int32)
    filled = place[:-1].copy()
    for k in range(kept):
        left, right, top, bottom = _tiles(us[k], vs[k], radius, tiles_x, tiles_y)
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                tile = row * tiles_x + column
                entries[filled[tile]] = k
                filled[tile] += 1
    bucket, ends = np.empty(most, np.int32), np.empty(most + 1, np.int64)
    nearest = np.empty(most, np.int32)
    color = np.empty((_TILE_ROWS, _TILE_COLUMNS, 3), np.float32)
    alpha = np.empty((_TILE_ROWS, _TILE_COLUMNS), np.float32)
    layers = np.empty((_TILE_ROWS, _TILE_COLUMNS), np.int32)
    for row in range(tiles_y):
        for column in range(tiles_x):
            tile = row * tiles_x + column
            first, last = place[tile], place[tile + 1]
            _sort_by_depth(entries[first:last], depth, index, bucket, ends, nearest)
            rows = min(_TILE_ROWS, height - row * _TILE_ROWS)
            columns = min(_TILE_COLUMNS, width - column * _TILE_COLUMNS)
            _composite(
                nearest[: last - first], us, vs, index, colors, row * _TILE_ROWS, column * _TILE_COLUMNS, rows, columns,
                radius, points_per_pixel, color, alpha, layers,
            )
            _store(color, alpha, rows, columns, image, coverage, row * _TILE_ROWS, column * _TILE_COLUMNS)


@kernel
def _tiles(u, v, radius, tiles_x, tiles_y):
    """First and last tile column and row that a disc may touch."""
    left = max(0, int(np.floor(u - radius - 0.5)) // _TILE_COLUMNS)
    right = min(tiles_x - 1, int(np.floor(u + radius)) // _TILE_COLUMNS)
    top = max(0, int(np.floor(v - radius - 0.5)) // _TILE_ROWS)
    bottom = min(tiles_y - 1, int(np.floor(v + radius)) // _TILE_ROWS)
    return left, right, top, bottom


@kernel
def _before(a, b, depth, index):
    return depth[a] < depth[b] or (depth[a] == depth[b] and index[a] < index[b])


@kernel
def _sort_by_depth(entries, depth, index, bucket, ends, nearest):
    """Front to back, by index in the cloud where depths are equal, into nearest. One bucket per entry on average."""
    count = entries.shape[0]
    if count == 0:
        return
    low = high = depth[entries[0]]
    for k in range(1, count):
        low, high = min(low, depth[entries[k]]), max(high, depth[entries[k]])
    scale = np.float32((count - 1) / (high - low)) if high > low else np.float32(0)
    ends[: count + 1] = 0
    for k in range(count):
        at = min(count - 1, np.int64((depth[entries[k]] - low) * scale))
        bucket[k] = at
        ends[at + 1] += 1
    for k in range(count):
        ends[k + 1] += ends[k]
    for k in range(count):
        at = bucket[k]
        nearest[ends[at]] = entries[k]
        ends[at] += 1
    begin = np.int64(0)
    for k in range(count):
        # After filling, ends[k] is where bucket k ends.
        size = ends[k] - begin
        if size > _INSERTION:
            _heap_sort(nearest[begin : ends[k]], depth, index)
        elif size > 1:
            for i in range(begin + 1, ends[k]):
                moved = nearest[i]
                j = i
                while j > begin and _before(moved, nearest[j - 1], depth, index):
                    nearest[j] = nearest[j - 1]
                    j -= 1
                nearest[j] = moved
        begin = ends[k]


@kernel
def _heap_sort(run, depth, index):
    for root in range(run.shape[0] // 2 - 1, -1, -1):
        _sift(run, root, run.shape[0], depth, index)
    for end in range(run.shape[0] - 1, 0, -1):
        run[0], run[end] = run[end], run[0]
        _sift(run, 0, end, depth, index)


@kernel
def _sift(run, root, end, depth, index):
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and _before(run[child], run[child + 1], depth, index):
            child += 1
        if not _before(run[root], run[child], depth, index):
            return
        run[root], run[child] = run[child], run[root]
        root = child


@kernel
def _composite(nearest, us, vs, index, colors, top, left, rows, columns, radius, points_per_pixel, color, alpha, layers):
    color[:] = 0
    alpha[:] = 0
    layers[:] = 0
    everything = (np.int64(1) << columns) - 1
    still_open = np.full(rows, everything, np.int64)
    rows_open = rows
    radius_squared = radius * radius
    one = np.float32(1)
    for k in nearest:
        if rows_open == 0:
            return
        u, v = us[k] - left, vs[k] - top
        row_first = max(0, int(np.ceil(v - radius - 0.5)))
        row_last = min(rows - 1, int(np.floor(v + radius - 0.5)))
        point = index[k]
        for row in range(row_first, row_last + 1):
            dy = row + 0.5 - v
            rest = radius_squared - dy * dy
            if rest <= 0.0:
                continue
            # A hair wider than the disc; the exact test follows.
            half = np.float64(np.sqrt(np.float32(rest))) + 1e-3
            column_first = max(0, int(np.ceil(u - half - 0.5)))
            column_last = min(columns - 1, int(np.floor(u + half - 0.5)))
            if column_first > column_last:
                continue
            span = ((np.int64(1) << (column_last + 1)) - 1) & ~((np.int64(1) << column_first) - 1)
            if still_open[row] & span == 0:
                continue
            for column in range(column_first, column_last + 1):
                if (still_open[row] >> column) & 1 == 0:
                    continue
                dx = column + 0.5 - u
                distance_squared = dx * dx + dy * dy
                if distance_squared >= radius_squared:
                    continue
                opacity = np.float32(1.0 - distance_squared / radius_squared)
                weight = (one - alpha[row, column]) * opacity
                color[row, column, 0] += weight * np.float32(colors[point, 0])
                color[row, column, 1] += weight * np.float32(colors[point, 1])
                color[row, column, 2] += weight * np.float32(colors[point, 2])
                alpha[row, column] += weight
                layers[row, column] += 1
                if layers[row, column] == points_per_pixel:
                    still_open[row] &= ~(np.int64(1) << column)
                    if still_open[row] == 0:
                        rows_open -= 1


@kernel
def _store(color, alpha, rows, columns, image, coverage, top, left):
    # As `soft._truncate` does it.
    small, most = np.float32(1e-4), np.float32(255)
    for row in range(rows):
        for column in range(columns):
            for channel in range(3):
                image[top + row, left + column, channel] = np.uint8(min(most, color[row, column, channel] + small))
            coverage[top + row, left + column] = np.uint8(min(most, alpha[row, column] * most + small))
