"""Exact medians without sorting: numbers of one sign order like their bits, so two histograms of 16 bits find a float32."""

import numpy as np

from ..kernels import kernel

_BINS = 1 << 16


@kernel
def masked_median(values, where):
    """The lower median of values (n,) float32 where `where` (n,) bool, as torch's: NaN where there is none or one is NaN."""
    bins = np.zeros(_BINS, np.int64)
    count = 0
    bits = values.view(np.uint32)
    for k in range(values.shape[0]):
        if where[k]:
            if values[k] != values[k]:
                return np.float32(np.nan)
            bins[_ordered(bits[k]) >> 16] += 1
            count += 1
    if not count:
        return np.float32(np.nan)
    upper, rank = _bin_of(bins, (count - 1) // 2)
    bins[:] = 0
    for k in range(values.shape[0]):
        if where[k]:
            key = _ordered(bits[k])
            if key >> 16 == upper:
                bins[key & 0xFFFF] += 1
    lower, _ = _bin_of(bins, rank)
    found = np.empty(1, np.uint32)
    found[0] = _ordered_back(np.uint32(upper << 16 | lower))
    return found.view(np.float32)[0]


@kernel
def _ordered(bits):
    """A float32's bits as an unsigned number that orders like it."""
    return np.int64(bits ^ np.uint32(0xFFFFFFFF)) if bits >> 31 else np.int64(bits ^ np.uint32(0x80000000))


@kernel
def _ordered_back(key):
    return key ^ np.uint32(0x80000000) if key >> 31 else key ^ np.uint32(0xFFFFFFFF)


@kernel
def _bin_of(bins, rank):
    """The bin that holds the element of this rank, and its rank there."""
    for b in range(bins.shape[0]):
        if rank < bins[b]:
            return b, rank
        rank -= bins[b]
    return bins.shape[0] - 1, 0


@kernel
def median_bend(depth):
    """The lower median of how far disparity departs from a line over 3 pixels of a row or a column, as shares of itself.

    depth: (H, W) float32, 0 = unknown. The answer, and those in between, are float64; 0.0 where nothing is known.
    """
    height, width = depth.shape
    disparity = np.empty((3, width))
    bins = np.zeros(_BINS, np.int64)
    found, inside = np.empty(1), np.empty(0)
    count, rank, chosen, kept = 0, 0, np.int64(-1), 0
    # First how many are in each bin of a few per cent, then those of the median's bin, which are few unless all agree.
    for turn in range(2):
        for row in range(height):
            for ahead in range(row + 1 if row else 0, min(row + 2, height)):
                line = disparity[ahead % 3]
                for column in range(width):
                    z = depth[ahead, column]
                    line[column] = np.float32(1) / max(z, np.float32(1e-9)) if z > 0 else np.float32(0)
            above, here, below = disparity[(row - 1) % 3], disparity[row % 3], disparity[(row + 1) % 3]
            for axis in range(2):
                if axis == 0 and not 0 < row < height - 1:
                    continue
                first, last = (0, width) if axis == 0 else (1, width - 1)
                for column in range(first, last):
                    before, after = (
                        (above[column], below[column]) if axis == 0 else (here[column - 1], here[column + 1])
                    )
                    if before > 0 and here[column] > 0 and after > 0:
                        found[0] = abs(before + after - 2 * here[column]) / max(here[column], 1e-12)
                        b = np.int64(found.view(np.uint64)[0] >> np.uint64(48))
                        if turn == 0:
                            bins[b] += 1
                            count += 1
                        elif b == chosen:
                            inside[kept] = found[0]
                            kept += 1
        if turn == 0:
            if not count:
                return 0.0
            chosen, rank = _bin_of(bins, (count - 1) // 2)
            inside = np.empty(bins[chosen])
    return np.partition(inside, rank)[rank]


@kernel
def smooth_rows(depth, reach, out):
    """out (H, W) float32: of each known pixel the lower median of the known ones within `reach` of it, else 0."""
    height, width = depth.shape
    window = np.empty((2 * reach + 1) ** 2, np.float32)
    for row in range(height):
        for column in range(width):
            out[row, column] = 0
            if not depth[row, column] > 0:
                continue
            count = 0
            for line in range(max(row - reach, 0), min(row + reach + 1, height)):
                for other in range(max(column - reach, 0), min(column + reach + 1, width)):
                    z = depth[line, other]
                    if z > 0:
                        # Insertion: the window stays sorted.
                        place = count
                        while place > 0 and window[place - 1] > z:
                            window[place] = window[place - 1]
                            place -= 1
                        window[place] = z
                        count += 1
            out[row, column] = window[(count - 1) // 2]
