"""CPU fast path of the votes: what `consistency.py` decides in plain torch, a part of the points at a time."""

import numpy as np

from ..kernels import kernel
from ..render.blocks_numba import whole


@kernel
def count_votes(
    positions, colors, first, last, depth, frames, w2c, K, skip, share, same, margin, least_difference,
    through, other_color, support,
):  # fmt: skip
    """Count what the views but `skip` say of points first..last-1 into through, other_color and support (P,) int32.

    positions (P, 3) float32, colors (P, 3) uint8. depth (N, H, W) float32, frames (N, H, W, 3) uint8. w2c (N, 4, 4), K
    (N, 3, 3) float64. A view saw something behind a point nearer than share * depth - margin, and the point's surface
    where it is within same * depth + margin; another colour is off by more than least_difference in a channel.
    """
    views, height, width = depth.shape
    for view in range(views):
        if view == skip:
            continue
        pose, lens, image = w2c[view], K[view], depth[view]
        for p in range(first, last):
            x, y, t = np.float64(positions[p, 0]), np.float64(positions[p, 1]), np.float64(positions[p, 2])
            z = _along(pose[2], x, y, t) + pose[2, 3]
            if not z > 0:
                continue
            a, b = _along(pose[0], x, y, t) + pose[0, 3], _along(pose[1], x, y, t) + pose[1, 3]
            u, v = _along(lens[0], a, b, z) / z, _along(lens[1], a, b, z) / z
            # Beyond the image depth is unknown, so that a point on its border is within 3x3 of what no view may judge.
            if not (u >= 1 and v >= 1 and u < width - 1 and v < height - 1):
                continue
            column, row = whole(u, 1, width - 2), whole(v, 1, height - 2)
            nearest, farthest = image[row, column], image[row, column]
            for line in range(row - 1, row + 2):
                for other in range(column - 1, column + 2):
                    seen = image[line, other]
                    nearest = seen if seen < nearest else nearest
                    farthest = seen if seen > farthest else farthest
            if not nearest > 0:
                continue
            near, far = np.float64(nearest), np.float64(farthest)
            if z < near * share - margin:
                through[p] += 1
                for channel in range(3):
                    difference = np.int64(frames[view, row, column, channel]) - np.int64(colors[p, channel])
                    if abs(difference) > least_difference:
                        other_color[p] += 1
                        break
            tolerance = same * far + margin
            if z >= near - tolerance and z <= far + tolerance:
                support[p] += 1


@kernel
def _along(row, x, y, z):
    return row[0] * x + row[1] * y + row[2] * z
