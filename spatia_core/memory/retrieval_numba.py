"""CPU fast path of the overlap counts: population counts of packed masks."""

import numpy as np

from ..kernels import kernel

_WORDS = 512  # of all targets at once: they stay in the first cache while a candidate passes by


@kernel
def count_common(targets, candidates, counts):
    """Add to counts (T, C) int64 the bits set in both of targets (T, W) and candidates (C, W) uint64."""
    words = targets.shape[1]
    for begin in range(0, words, _WORDS):
        end = min(words, begin + _WORDS)
        for c in range(candidates.shape[0]):
            candidate = candidates[c, begin:end]
            for t in range(targets.shape[0]):
                counts[t, c] += _common(targets[t, begin:end], candidate)


@kernel
def _common(a, b):
    total = np.uint64(0)
    for w in range(a.shape[0]):
        # Compilers know this form and use the machine's own population count, several words at once.
        x = a[w] & b[w]
        x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
        x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
        x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        total += (x * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return np.int64(total)
