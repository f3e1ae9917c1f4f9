"""Bringing new depth to the scale of the scene that is already known."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .median import median

MIN_OVERLAP = 0.02  # share of the image; less says nothing about the scale
_GRID = 48  # cells of the smooth field along the longer side
_BLURS = (1 / 3, 1 / 12)  # coarse, then fine, in parts of the longer side
_PRIOR_WEIGHT = 0.02  # what the coarser field weighs where nothing is known


class Alignment(NamedTuple):
    """scale: what the depth was multiplied by in the median. overlap: share of the image it rests on.

    residual: median relative difference to the known depth afterwards.
    """

    depth: Tensor  # (H, W)
    scale: float
    overlap: float
    residual: float


def overlap_share(depth: Tensor, known: Tensor) -> float:
    """Share of the image (H, W) where both depths exist."""
    both = (depth > 0) & (known > 0)
    return float(torch.count_nonzero(both) / both.numel())


def align_depth(depth: Tensor, known: Tensor, *, ignore: Tensor | None = None) -> Alignment:
    """Depth multiplied by a robust median scale and a smooth log-ratio field, to meet the known depth.

    depth, known: (H, W) z-depth, 0 = unknown, overlapping somewhere. ignore: (H, W) bool, pixels not to trust.
    The field is the blurred log ratio over covered pixels; where nothing is covered it fades into the median scale.
    """
    both = (depth > 0) & (known > 0)
    if ignore is not None:
        both &= ~ignore
    ratio = torch.where(both, torch.log(known) - torch.log(depth), 0.0)
    middle = median(ratio, both)
    ratio -= middle
    off = ratio.abs()
    spread = 1.4826 * median(off, both)
    # Other surfaces (an occluder only one of the two has) are not a matter of scale.
    trusted = both & (off <= max(3 * spread, 0.02))
    field = _smooth(torch.where(trusted, ratio, 0.0), trusted)
    aligned = torch.where(depth > 0, depth * torch.exp(middle + field), 0.0)
    residual = median((aligned - known).abs() / known, both)
    return Alignment(aligned, math.exp(middle), float(torch.count_nonzero(both) / both.numel()), residual)


def baseline_scale(known_centers: Tensor, own_centers: Tensor) -> float | None:
    """Scale from the estimator's own camera path to the known one, (N, 3) centres; None without a baseline in both."""
    known, own = torch.pdist(known_centers.double()), torch.pdist(own_centers.double())
    if not len(known):
        return None
    # Short baselines are mostly error: use the longer half.
    long = own >= own.median()
    if not bool((own[long] > 1e-6).all()) or float(known.max()) <= 1e-6:
        return None
    return float((known[long] / own[long]).median())


def _smooth(values: Tensor, where: Tensor) -> Tensor:
    """Normalised blur of values (H, W) known at `where`, coarse to fine."""
    height, width = values.shape
    cells = max(1, round(height * _GRID / max(height, width))), max(1, round(width * _GRID / max(height, width)))
    cells = min(cells[0], height), min(cells[1], width)
    weight = F.interpolate(where.float()[None, None], size=cells, mode="area")
    total = F.interpolate(values.float()[None, None], size=cells, mode="area")
    field = torch.zeros_like(total)
    for blur in _BLURS:
        sigma = blur * max(cells)
        field = (_gaussian(total, sigma) + _PRIOR_WEIGHT * field) / (_gaussian(weight, sigma) + _PRIOR_WEIGHT)
    return F.interpolate(field, size=(height, width), mode="bilinear", align_corners=False)[0, 0].to(values.dtype)


def _gaussian(image: Tensor, sigma: float) -> Tensor:
    reach = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    image = F.conv2d(image, weights.view(1, 1, -1, 1), padding=(reach, 0))
    return F.conv2d(image, weights.view(1, 1, 1, -1), padding=(0, reach))
