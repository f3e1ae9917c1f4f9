"""Depth without weights: plane sweep over frames with known cameras.

Zero-mean normalised cross-correlation over 5x5 pixels, the better half of up to four source frames, semi-global matching
along four paths, a parabola between planes, and a check against the other frames' depth. It needs texture and parallax:
blank walls, pure rotation and single images stay unknown (0), and the coverage says so.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..cameras.camera import Cameras, project, unproject_pixels
from ..errors import SpatiaError
from ..interrupt import look_for_interrupt
from .depth import DepthMaps

PLANES = 64
SOURCES = 4
_WINDOW = 5
_SMALL_STEP, _LARGE_STEP = 0.05, 0.4  # matching cost of a change by one plane, and by more
_LEAST_CORRELATION = 0.6
_LEAST_VARIANCE = 1e-5  # of grey in 0..1 within the window
_AGREEMENT = 0.03  # relative depth between frames
_MOST_COSTS = 1 << 25  # planes times pixels of one frame: each is held several times as float32
_COSTS_AT_ONCE = 1 << 21  # of them, matched together: about a hundred bytes each while they are
_LEAST_BASELINE, _GOOD_BASELINE = 0.01, 0.1  # of the middle of the range of depth


def plane_sweep(
    frames: Tensor,
    cameras: Cameras,
    *,
    near: float,
    far: float,
    pick: list[int] | None = None,
    planes: int = PLANES,
    longest: int = 256,
) -> DepthMaps:
    """Depth of the frames `pick`, in the cameras' unit.

    frames: (N, H, W, 3) uint8. near, far: range of depth, scene units. longest: side in pixels at which it is matched.
    Returns len(pick) maps of at most that size. Raises SpatiaError on fewer than two frames, a range that is none,
    cameras that do not move, or more planes times pixels than _MOST_COSTS.
    """
    count, height, width = frames.shape[:3]
    pick = list(range(count)) if pick is None else pick
    if count < 2 or cameras.count != count:
        raise SpatiaError(
            f"{count} frame(s) and {cameras.count} camera(s) were given, expected at least two frames with one camera each."
        )
    if not 0 < near < far < float("inf"):
        raise SpatiaError(f"near {near} and far {far} were given, expected 0 < near < far; change near or far.")
    if planes < 8:
        raise SpatiaError(f"planes: {planes} was given, expected 8 or more.")
    factor = min(1.0, longest / max(height, width))
    h, w = max(8, round(height * factor)), max(8, round(width * factor))
    if planes * h * w > _MOST_COSTS:
        raise SpatiaError(
            f"planes: {planes} at {w}x{h} pixels (longest {longest}) makes {planes * h * w} matching costs a frame, "
            f"expected at most {_MOST_COSTS}; decrease planes or longest."
        )
    grey = (frames.float() @ torch.tensor([0.299, 0.587, 0.114]) / 255)[:, None]
    grey = F.interpolate(grey, size=(h, w), mode="area")
    inverse = torch.linspace(1 / near, 1 / far, planes, dtype=torch.float64)
    sources = {target: _sources(cameras, target, (near * far) ** 0.5) for target in range(count)}
    if not any(sources[target] for target in pick):
        raise SpatiaError(
            "The cameras of these frames stand still or only turn, so there is no parallax to measure depth by; use frames of a moving camera or another depth source."
        )
    wanted = sorted({*pick, *(source for target in pick for source in sources[target])})
    depth = {
        target: _match(grey, cameras, target, sources[target], inverse, h, w) if sources[target] else torch.zeros(h, w)
        for target in wanted
    }
    maps = torch.stack([_consistent(depth, cameras, target, sources[target], h, w) for target in pick])
    coverage = float((maps > 0).float().mean())
    warnings = (
        (
            f"Plane sweep found the depth of {100 * coverage:.1f} % of the pixels; the rest has too little texture or parallax.",
        )
        if coverage < 0.5
        else ()
    )
    return DepthMaps(maps, True, "plane sweep", warnings=warnings)


def _sources(cameras: Cameras, target: int, middle: float) -> list[int]:
    """Frames to match with, best first: those with a baseline that shows parallax, looking about the same way."""
    baseline = (cameras.centers - cameras.centers[target]).norm(dim=1)
    facing = (cameras.w2c[:, 2, :3] * cameras.w2c[target, 2, :3]).sum(1)
    # Near enough to look alike, far enough to tell depth.
    score = (baseline / middle - _GOOD_BASELINE).abs()
    score[(baseline < _LEAST_BASELINE * middle) | (facing < 0.7)] = torch.inf
    order = torch.argsort(score)[:SOURCES].tolist()
    return [source for source in order if bool(torch.isfinite(score[source]))]


def _match(grey: Tensor, cameras: Cameras, target: int, sources: list[int], inverse: Tensor, h: int, w: int) -> Tensor:
    """Depth (h, w) of one frame, 0 where the match is poor."""
    here = grey[target : target + 1]
    mean, square = _box(here), _box(here * here)
    variance = (square - mean * mean).clamp_min(0)
    score = torch.empty(len(inverse), h, w)
    at_once = max(1, _COSTS_AT_ONCE // (h * w))
    for planes in torch.arange(len(inverse)).split(at_once):
        look_for_interrupt()
        part = inverse[planes]
        scores = torch.stack(
            [_correlation(here, mean, variance, grey, cameras, target, source, part, h, w) for source in sources]
        )
        better = scores.sort(0, descending=True).values[: (len(sources) + 1) // 2]
        score[planes] = better.mean(0)
    cost = _semi_global(1 - score)
    best = cost.argmin(0)
    inside = best.clamp(1, len(inverse) - 2)
    before, at, after = (cost.gather(0, (inside + step)[None])[0] for step in (-1, 0, 1))
    shift = ((before - after) / (2 * (before - 2 * at + after)).clamp_min(1e-6)).clamp(-0.5, 0.5)
    step = float(inverse[1] - inverse[0])
    depth = 1 / (inverse[inside] + shift.double() * step)
    matched = score.gather(0, best[None])[0] > _LEAST_CORRELATION
    # At the ends of the range the true depth may lie beyond.
    good = matched & (best == inside) & (variance[0, 0] > _LEAST_VARIANCE)
    return torch.where(good, depth.float(), 0.0)


def _correlation(
    here: Tensor,
    mean: Tensor,
    variance: Tensor,
    grey: Tensor,
    cameras: Cameras,
    target: int,
    source: int,
    inverse: Tensor,
    h: int,
    w: int,
) -> Tensor:
    """Correlation (planes, h, w) in -1..1 of the target with one source, seen through each plane; -1 outside the source."""
    K = cameras.K(h, w)
    relative = cameras.w2c[source] @ cameras.c2w[target]
    v, u = torch.meshgrid(
        torch.arange(h, dtype=torch.float64) + 0.5, torch.arange(w, dtype=torch.float64) + 0.5, indexing="ij"
    )
    rays = torch.linalg.inv(K[target]) @ torch.stack([u, v, torch.ones_like(u)]).view(3, -1)
    turned, moved = K[source] @ relative[:3, :3] @ rays, K[source] @ relative[:3, 3]
    # With depth d the place is d * turned + moved; in inverse depth it stays finite.
    place = turned[None] + inverse[:, None, None] * moved[None, :, None]
    z = place[:, 2]
    grid = torch.stack([2 * place[:, 0] / (z * w) - 1, 2 * place[:, 1] / (z * h) - 1], -1).view(-1, h, w, 2).float()
    inside = (z.view(-1, h, w) > 0) & (grid.abs() <= 1).all(-1)
    other = F.grid_sample(grey[source : source + 1].expand(len(inverse), -1, -1, -1), grid, align_corners=False)
    other_mean = _box(other)
    other_variance = (_box(other * other) - other_mean**2).clamp_min(0)
    covariance = _box(here * other) - mean * other_mean
    score = covariance / (variance * other_variance + 1e-10).sqrt()
    return torch.where(inside, score[:, 0].clamp(-1, 1), -1.0)


def _box(values: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(values, (_WINDOW // 2,) * 4, mode="replicate"), _WINDOW, 1)


def _semi_global(cost: Tensor) -> Tensor:
    """Costs (planes, h, w) summed along four paths, each charging for changes of plane."""
    total = torch.zeros_like(cost)
    for axis, flip in ((1, False), (1, True), (2, False), (2, True)):
        slices = list(cost.unbind(axis))
        order = range(len(slices) - 1, -1, -1) if flip else range(len(slices))
        path = None
        for i in order:
            look_for_interrupt()
            if path is None:
                path = slices[i]
            else:
                least = path.amin(0, keepdim=True)
                padded = F.pad(path, (0, 0, 1, 1), value=float("inf"))
                neighbour = torch.minimum(padded[:-2], padded[2:]) + _SMALL_STEP
                path = slices[i] + torch.minimum(torch.minimum(path, neighbour), least + _LARGE_STEP) - least
            total.select(axis, i).add_(path)
    return total


def _consistent(depth: dict[int, Tensor], cameras: Cameras, target: int, sources: list[int], h: int, w: int) -> Tensor:
    """The target's depth where another frame's depth agrees and no more of them disagree."""
    own = depth[target]
    K = cameras.K(h, w)
    row, column = (own > 0).nonzero().unbind(1)
    points = unproject_pixels(own, row, column, K[target], cameras.c2w[target])
    agree, differ = points.new_zeros(2, points.shape[0])
    for source in sources:
        uv, z = project(points, cameras.w2c[source], K[source])
        inside = (z > 0) & (uv >= 0).all(1) & (uv[:, 0] < w) & (uv[:, 1] < h)
        u, v = torch.where(inside[:, None], uv, 0.0).long().unbind(1)
        seen = depth[source][v, u].double()
        known = inside & (seen > 0)
        same = known & ((seen - z).abs() <= _AGREEMENT * z)
        agree += same
        differ += known & ~same
    kept = torch.zeros_like(own)
    good = (agree >= 1) & (agree >= differ)
    kept[row[good], column[good]] = own[row[good], column[good]]
    return kept
