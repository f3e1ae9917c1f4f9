"""CPU fast path of the soft projection: one front-to-back pass over depth-sorted points.

`soft.py` holds the plain torch reference that this must agree with.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=False)
def splat_soft(u, v, z, colors, height, width, radius, points_per_pixel, image, alpha):
    """Composite the nearest `points_per_pixel` discs over every pixel of one view.

    u, v, z: (P,) float64 pixel coordinates and z-depth; colors: (P, 3) uint8;
    radius in pixels. Writes image (H, W, 3) float32 in [0, 255] and alpha (H, W) float32 in [0, 1].
    """
    kept = 0
    keep = np.empty(u.shape[0], np.int64)
    for p in range(u.shape[0]):
        if (
            z[p] > 0.0
            and u[p] > -radius
            and v[p] > -radius
            and u[p] < width + radius
            and v[p] < height + radius
        ):
            keep[kept] = p
            kept += 1
    keep = keep[:kept]
    order = keep[np.argsort(z[keep], kind="mergesort")]

    layers = np.zeros((height, width), np.uint8)
    radius_squared = radius * radius
    for p in order:
        # Pixel j has its centre at j + 0.5.
        column_first = max(0, int(np.ceil(u[p] - radius - 0.5)))
        column_last = min(width - 1, int(np.floor(u[p] + radius - 0.5)))
        row_first = max(0, int(np.ceil(v[p] - radius - 0.5)))
        row_last = min(height - 1, int(np.floor(v[p] + radius - 0.5)))
        for row in range(row_first, row_last + 1):
            dy = row + 0.5 - v[p]
            for column in range(column_first, column_last + 1):
                if layers[row, column] >= points_per_pixel:
                    continue
                dx = column + 0.5 - u[p]
                distance_squared = dx * dx + dy * dy
                if distance_squared >= radius_squared:
                    continue
                opacity = 1.0 - distance_squared / radius_squared
                weight = (1.0 - alpha[row, column]) * opacity
                for channel in range(3):
                    image[row, column, channel] += weight * colors[p, channel]
                alpha[row, column] += weight
                layers[row, column] += 1
