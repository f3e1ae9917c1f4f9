"""Depth that jitters from pixel to pixel, as of a range sensor: how much, and smoothed without rounding its steps off."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .backend import chosen_kernels

PIXEL_NOISE_LIMIT = 0.005  # relative; above it the edge rules see edges everywhere
_WINDOW = 5
# Of noise with a deviation of 1: 0.6745 is the median of |x|, and a second difference has 1 + 4 + 1 times the variance.
_MEDIAN_BEND = 0.6745 * math.sqrt(6)


def pixel_noise(depth: Tensor, *, backend: str = "auto") -> float:
    """Relative standard deviation of the noise that is independent from pixel to pixel, of depth (H, W), 0 = unknown.

    On a plane disparity is linear in the pixel, so its second differences are noise; their median ignores edges.
    backend: as in `chosen_kernels`.
    """
    if chosen_kernels(backend, depth):
        from .median_numba import median_bend

        return median_bend(depth.contiguous().numpy()) / _MEDIAN_BEND
    disparity = torch.where(depth > 0, 1 / depth.clamp_min(1e-9), 0.0).double()
    found = []
    for axis in (0, 1):
        size = depth.shape[axis] - 2
        if size < 1:
            continue
        before, here, after = (disparity.narrow(axis, offset, size) for offset in range(3))
        known = (before > 0) & (here > 0) & (after > 0)
        found.append(((before + after - 2 * here).abs() / here.clamp_min(1e-12))[known])
    bends = torch.cat(found) if found else disparity.new_zeros(0)
    return float(bends.median()) / _MEDIAN_BEND if bends.numel() else 0.0


def smooth_depth(depth: Tensor, *, backend: str = "auto") -> Tensor:
    """Depth (H, W) with each known pixel the median of the known ones in the 5x5 around it; unknown pixels stay 0.

    backend: as in `chosen_kernels`.
    """
    if chosen_kernels(backend, depth):
        from .median_numba import smooth_rows

        smooth = torch.empty_like(depth, memory_format=torch.contiguous_format)
        smooth_rows(depth.contiguous().numpy(), _WINDOW // 2, smooth.numpy())
        return smooth
    pad = _WINDOW // 2
    padded = F.pad(torch.where(depth > 0, depth, torch.nan)[None, None], (pad, pad, pad, pad), value=torch.nan)
    windows = F.unfold(padded, _WINDOW)[0]
    return torch.where(depth > 0, windows.nanmedian(0).values.view_as(depth), torch.zeros_like(depth))
