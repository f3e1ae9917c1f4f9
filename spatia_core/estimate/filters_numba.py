"""CPU fast path of the depth edges: what `filters.py` decides in plain torch, row by row.

A pixel's normal is needed only where depth jumps and disparity bends, which few pixels do, and then those round it.
"""

import numpy as np

from ..kernels import kernel


@kernel
def mark_edges(depth, columns, rows, relative, bend, least_cosine, out):
    """out (H, W) bool: the depth edges of depth (H, W) float32, 0 = unknown, as `filters.depth_edges` decides them.

    columns (3, W), rows (3, H) float64: the pixels' rays (`camera.pixel_rays`). relative, bend: float32, share by which
    depth must jump and disparity bend. least_cosine: of the angle between neighbouring normals that are no edge.
    """
    height, width = depth.shape
    # Rings of rows: disparity of row r in r % 5, bends in r % 3, normals in r % 3 where `have` says that they are made.
    disparity, bends = np.zeros((5, width), np.float32), np.zeros((3, width), np.bool_)
    normals, have = np.empty((3, width, 3)), np.zeros((3, width), np.bool_)
    highest, lowest = np.empty(width, np.float32), np.empty(width, np.float32)
    for row in range(min(3, height)):
        _invert(depth[row], disparity[row])
    _mark_bends(disparity, 0, height, bend, bends[0])
    for row in range(height):
        if row + 3 < height:
            _invert(depth[row + 3], disparity[(row + 3) % 5])
        if row + 1 < height:
            _mark_bends(disparity, row + 1, height, bend, bends[(row + 1) % 3])
            have[(row + 1) % 3] = False
        _spread(depth, row, highest, lowest)
        for column in range(width):
            here = depth[row, column]
            edge = False
            if here > 0 and _jumps(highest, lowest, column, here, relative) and _near_bend(bends, row, column, height):
                edge = _turns(depth, columns, rows, row, column, least_cosine, normals, have)
            out[row, column] = edge


@kernel
def _invert(depth, disparity):
    for column in range(depth.shape[0]):
        z = depth[column]
        disparity[column] = np.float32(1) / max(z, np.float32(1e-9)) if z > 0 else np.float32(0)


@kernel
def _mark_bends(disparity, row, height, bend, out):
    """out (W,) bool: where disparity departs from a line over 3 or 5 pixels along the row or the column."""
    width = out.shape[0]
    here = disparity[row % 5]
    out[:] = False
    for reach in range(1, 3):
        if reach <= row < height - reach:
            before, after = disparity[(row - reach) % 5], disparity[(row + reach) % 5]
            for column in range(width):
                out[column] |= _bent(before[column], here[column], after[column], bend)
        for column in range(reach, width - reach):
            out[column] |= _bent(here[column - reach], here[column], here[column + reach], bend)


@kernel
def _bent(before, here, after, bend):
    off = abs(before + after - np.float32(2) * here)
    return (before > 0) & (after > 0) & (off > bend * here)


@kernel
def _spread(depth, row, highest, lowest):
    """Largest and smallest known depth of each column over the row and its neighbours; -inf and inf where there is none."""
    highest[:], lowest[:] = -np.inf, np.inf
    for line in range(max(row - 1, 0), min(row + 2, depth.shape[0])):
        for column in range(depth.shape[1]):
            z = depth[line, column]
            high, low = (z, z) if z > 0 else (np.float32(-np.inf), np.float32(np.inf))
            highest[column] = high if high > highest[column] else highest[column]
            lowest[column] = low if low < lowest[column] else lowest[column]


@kernel
def _jumps(highest, lowest, column, here, relative):
    high, low = highest[column], lowest[column]
    for other in range(max(column - 1, 0), min(column + 2, highest.shape[0])):
        high = highest[other] if highest[other] > high else high
        low = lowest[other] if lowest[other] < low else low
    return (high - low) / max(here, np.float32(1e-9)) > relative


@kernel
def _near_bend(bends, row, column, height):
    for line in range(max(row - 1, 0), min(row + 2, height)):
        for other in range(max(column - 1, 0), min(column + 2, bends.shape[1])):
            if bends[line % 3, other]:
                return True
    return False


@kernel
def _turns(depth, columns, rows, row, column, least_cosine, normals, have):
    """Whether the normal of a pixel and one of its up to eight neighbours' differ by more than the angle allowed."""
    height, width = depth.shape
    x, y, z = _normal(depth, columns, rows, row, column, normals, have)
    for line in range(max(row - 1, 0), min(row + 2, height)):
        for other in range(max(column - 1, 0), min(column + 2, width)):
            if line == row and other == column:
                continue
            a, b, c = _normal(depth, columns, rows, line, other, normals, have)
            if x * a + y * b + z * c < least_cosine:
                return True
    return False


@kernel
def _normal(depth, columns, rows, row, column, normals, have):
    """Unit normal of the surface at a pixel, from the places of its four neighbours; made once."""
    line = row % 3
    if not have[line, column]:
        height, width = depth.shape
        left, right = max(column - 1, 0), min(column + 1, width - 1)
        above, below = max(row - 1, 0), min(row + 1, height - 1)
        ax, ay, az = _between(depth, columns, rows, row, left, row, right)
        dx, dy, dz = _between(depth, columns, rows, above, column, below, column)
        x, y, z = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
        length = np.sqrt(x * x + y * y + z * z)
        if length < 1e-12:
            length = 1e-12
        normals[line, column, 0], normals[line, column, 1], normals[line, column, 2] = (
            x / length,
            y / length,
            z / length,
        )
        have[line, column] = True
    return normals[line, column, 0], normals[line, column, 1], normals[line, column, 2]


@kernel
def _between(depth, columns, rows, row, column, to_row, to_column):
    """From one pixel's place to another's, in the camera's axes."""
    here, there = np.float64(depth[row, column]), np.float64(depth[to_row, to_column])
    return (
        (columns[0, to_column] + rows[0, to_row]) * there - (columns[0, column] + rows[0, row]) * here,
        (columns[1, to_column] + rows[1, to_row]) * there - (columns[1, column] + rows[1, row]) * here,
        (columns[2, to_column] + rows[2, to_row]) * there - (columns[2, column] + rows[2, row]) * here,
    )
