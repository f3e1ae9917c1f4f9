"""CPU fast path of the soft projection: culled blocks, tiles that fit the first cache, one pass for colour and coverage.

`soft.py` holds the plain torch reference that this must agree with.
"""

import numpy as np

from ..kernels import kernel
from .blocks_numba import blocks_in_view, whole

_TILE_ROWS = 32
_TILE_COLUMNS = 48
_INSERTION = 24  # longer runs of one bucket are heap-sorted
_LANES = 8  # columns that one vector instruction takes
_PLANE = _TILE_COLUMNS + 2 * _LANES  # a row of one quantity, with room for what reaches over either side
_LINE = 5 * _PLANE  # red, green, blue, alpha and layers of a row
_ENTRIES_AT_ONCE = 1 << 25  # points of tiles that are held together, four bytes each
_CHECK = 64  # points between two looks at which rows are complete


@kernel
def draw_soft(
    points, order, start, low, high, colors, w2c, lens, height, width, radius, points_per_pixel, image, coverage
):
    """Composite the nearest `points_per_pixel` discs over every pixel of one view.

    points (P, 3) float32 in blocks; order (P,) their index in the cloud; colors (P, 3) uint8 of the points, in blocks too.
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
            us[kept], vs[kept], depth[kept], index[kept] = u, v, z, p
            kept += 1
            left, right, top, bottom = _tiles(u, v, radius, tiles_x, tiles_y)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    place[row * tiles_x + column + 1] += 1
    most = np.int64(0)
    for tile in range(tiles_x * tiles_y):
        most = max(most, place[tile + 1])
        place[tile + 1] += place[tile]
    bucket, ends = np.empty(most, np.int32), np.empty(most + 1, np.int32)
    near, sorted_depth = np.empty(most, np.float32), np.empty(most, np.float32)
    nearest = np.empty(most, np.int32)
    state = np.empty(_TILE_ROWS * _LINE, np.float32)
    row_open = np.empty(_TILE_ROWS, np.bool_)
    begin = 0
    while begin < tiles_x * tiles_y:
        # Where discs are large, a point lies in very many tiles: so many tiles at a time that memory stays bounded.
        end = begin + 1
        while end < tiles_x * tiles_y and place[end + 1] - place[begin] <= _ENTRIES_AT_ONCE:
            end += 1
        entries = _entries(us[:kept], vs[:kept], radius, tiles_x, tiles_y, place, begin, end)
        for tile in range(begin, end):
            row, column = tile // tiles_x, tile % tiles_x
            first, last = place[tile] - place[begin], place[tile + 1] - place[begin]
            _sort_by_depth(entries[first:last], depth, index, order, bucket, ends, nearest, near, sorted_depth)
            rows = min(_TILE_ROWS, height - row * _TILE_ROWS)
            columns = min(_TILE_COLUMNS, width - column * _TILE_COLUMNS)
            _composite(
                nearest[: last - first],
                us,
                vs,
                index,
                colors,
                row * _TILE_ROWS,
                column * _TILE_COLUMNS,
                rows,
                columns,
                radius,
                points_per_pixel,
                state,
                row_open,
            )
            _store(state, rows, columns, image, coverage, row * _TILE_ROWS, column * _TILE_COLUMNS)
        begin = end


@kernel
def _entries(us, vs, radius, tiles_x, tiles_y, place, begin, end):
    """Points of the tiles begin..end-1, tile by tile: int32. place (tiles + 1,) int64: how many come before each tile."""
    entries = np.empty(place[end] - place[begin], np.int32)
    filled = place[begin:end] - place[begin]
    for k in range(us.shape[0]):
        left, right, top, bottom = _tiles(us[k], vs[k], radius, tiles_x, tiles_y)
        for row in range(max(top, begin // tiles_x), min(bottom, (end - 1) // tiles_x) + 1):
            for column in range(left, right + 1):
                tile = row * tiles_x + column - begin
                if 0 <= tile < end - begin:
                    entries[filled[tile]] = k
                    filled[tile] += 1
    return entries


@kernel
def _tiles(u, v, radius, tiles_x, tiles_y):
    """First and last tile column and row that a disc may touch."""
    wide, high = tiles_x * _TILE_COLUMNS - 1, tiles_y * _TILE_ROWS - 1
    left = whole(np.floor(u - radius - 0.5), 0, wide) // _TILE_COLUMNS
    right = whole(np.floor(u + radius), -1, wide) // _TILE_COLUMNS
    top = whole(np.floor(v - radius - 0.5), 0, high) // _TILE_ROWS
    bottom = whole(np.floor(v + radius), -1, high) // _TILE_ROWS
    return left, right, top, bottom


@kernel
def _sort_by_depth(entries, depth, index, order, bucket, ends, nearest, near, sorted_depth):
    """Front to back, by index in the cloud where depths are equal, into nearest. One bucket per entry on average."""
    count = entries.shape[0]
    if count == 0:
        return
    low = high = depth[entries[0]]
    for k in range(count):
        z = depth[entries[k]]
        near[k] = z
        low = z if z < low else low
        high = z if z > high else high
    scale = np.float32((count - 1) / (high - low)) if high > low else np.float32(0)
    ends[: count + 1] = 0
    last = np.int32(count - 1)
    for k in range(count):
        # Depths beyond float32, or nearer to each other than it can tell, give a NaN here: then all of a bucket is sorted.
        share = (near[k] - low) * scale
        at = np.int32(0)
        if share >= last:
            at = last
        elif share > 0:
            at = np.int32(share)
        bucket[k] = at
        ends[at + 1] += 1
    total = np.int32(0)
    for k in range(count):
        total += ends[k + 1]
        ends[k + 1] = total
    for k in range(count):
        at = bucket[k]
        to = ends[at]
        nearest[to] = entries[k]
        sorted_depth[to] = near[k]
        ends[at] = to + 1
    begin = np.int32(0)
    for k in range(count):
        # After filling, ends[k] is where bucket k ends.
        size = ends[k] - begin
        if size > 1:
            if size > _INSERTION:
                _heap_sort(nearest[begin : ends[k]], depth, index, order)
            else:
                for i in range(begin + 1, ends[k]):
                    moved, z = nearest[i], sorted_depth[i]
                    j = i
                    while j > begin and (
                        z < sorted_depth[j - 1]
                        or (z == sorted_depth[j - 1] and order[index[moved]] < order[index[nearest[j - 1]]])
                    ):
                        nearest[j] = nearest[j - 1]
                        sorted_depth[j] = sorted_depth[j - 1]
                        j -= 1
                    nearest[j] = moved
                    sorted_depth[j] = z
        begin = ends[k]


@kernel
def _before(a, b, depth, index, order):
    return depth[a] < depth[b] or (depth[a] == depth[b] and order[index[a]] < order[index[b]])


@kernel
def _heap_sort(run, depth, index, order):
    for root in range(run.shape[0] // 2 - 1, -1, -1):
        _sift(run, root, run.shape[0], depth, index, order)
    for end in range(run.shape[0] - 1, 0, -1):
        run[0], run[end] = run[end], run[0]
        _sift(run, 0, end, depth, index, order)


@kernel
def _sift(run, root, end, depth, index, order):
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and _before(run[child], run[child + 1], depth, index, order):
            child += 1
        if not _before(run[root], run[child], depth, index, order):
            return
        run[root], run[child] = run[child], run[root]
        root = child


@kernel
def _composite(nearest, us, vs, index, colors, top, left, rows, columns, radius, points_per_pixel, state, row_open):
    """Into state (rows * _LINE,) float32: red, green, blue in 0..255, alpha in 0..1 and layers, front to back.

    Written for the vectoriser: one array with constant distances, unsigned indices, no branch per pixel.
    """
    state[:] = 0
    row_open[:] = True
    squared = np.float32(radius * radius)
    inverse = np.float32(1.0 / (radius * radius))
    zero, one, most = np.float32(0), np.float32(1), np.float32(points_per_pixel)
    plane = np.uint64(_PLANE)
    lanes = np.uint64(_LANES)
    until_check = _CHECK
    for k in nearest:
        until_check -= 1
        if until_check == 0:
            until_check = _CHECK
            if not _any_open(state, row_open, rows, columns, most):
                return
        u, v = us[k] - left, vs[k] - top
        row_first = whole(np.ceil(v - radius - 0.5), 0, rows)
        row_last = whole(np.floor(v + radius - 0.5), -1, rows - 1)
        column_first = whole(np.ceil(u - radius - 0.5), 0, columns)
        column_last = whole(np.floor(u + radius - 0.5), -1, columns - 1)
        if column_first > column_last:
            continue
        blocks = np.uint64((column_last - column_first) // _LANES + 1)
        point = index[k]
        red, green, blue = np.float32(colors[point, 0]), np.float32(colors[point, 1]), np.float32(colors[point, 2])
        first = np.float32(column_first + 0.5 - u)
        for row in range(row_first, row_last + 1):
            if not row_open[row]:
                continue
            dy = np.float32(row + 0.5 - v)
            dy_squared = dy * dy
            start = np.uint64(row * _LINE + _LANES + column_first)
            for block in range(blocks):
                offset = block * lanes
                for lane in range(lanes):
                    at = start + offset + lane
                    dx = first + np.float32(np.int32(offset + lane))
                    distance_squared = dx * dx + dy_squared
                    alpha = state[at + plane * np.uint64(3)]
                    layers = state[at + plane * np.uint64(4)]
                    taken = (distance_squared < squared) & (layers < most)
                    weight = (one - alpha) * (one - distance_squared * inverse) if taken else zero
                    state[at] += weight * red
                    state[at + plane] += weight * green
                    state[at + plane * np.uint64(2)] += weight * blue
                    state[at + plane * np.uint64(3)] = alpha + weight
                    state[at + plane * np.uint64(4)] = layers + (one if taken else zero)


@kernel
def _any_open(state, row_open, rows, columns, most):
    found = False
    for row in range(rows):
        if row_open[row]:
            start = row * _LINE + 4 * _PLANE + _LANES
            count = 0
            for layers in state[start : start + columns]:
                count += layers < most
            row_open[row] = count > 0
            found |= count > 0
    return found


@kernel
def _store(state, rows, columns, image, coverage, top, left):
    # As `soft._truncate` does it.
    small, most = np.float32(1e-4), np.float32(255)
    for row in range(rows):
        line = state[row * _LINE + _LANES : (row + 1) * _LINE]
        for column in range(columns):
            for channel in range(3):
                image[top + row, left + column, channel] = np.uint8(min(most, line[channel * _PLANE + column] + small))
            coverage[top + row, left + column] = np.uint8(min(most, line[3 * _PLANE + column] * most + small))
