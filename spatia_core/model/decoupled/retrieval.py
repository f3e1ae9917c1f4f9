"""Which earlier frame each latent frame looks up: shared field of view, a penalty on distance, and rejection (paper; release)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ...cameras.camera import Cameras, in_camera
from ...errors import SpatiaError
from ...memory.retrieval import intersections

MODES = ("frustum", "visibility", "release")
BALL_POINTS = 20_000
_DISTANCE_FLOOR = 1e-10


class Rules(NamedTuple):
    """When an earlier frame counts. The paper's values; lengths in scene units."""

    penalty: float = 0.02  # taken off the overlap of the farthest candidate
    min_score: float = 0.8
    near_overlap: float = 0.95  # an overlap above this is only believed ...
    max_distance: float = 0.5  # ... up to this distance: behind or ahead of a camera everything overlaps


class MemoryRetrieval(NamedTuple):
    """For F latent frames and C candidate frames.

    ids: (F,) int64 candidate of each latent frame, -1 = none. best: (F,) candidate of highest score, rejected or not.
    overlap, distance, score: (F, C) float64.
    """

    ids: Tensor
    best: Tensor
    overlap: Tensor
    distance: Tensor
    score: Tensor


def ball_points(count: int = BALL_POINTS, seed: int = 0) -> Tensor:
    """(count, 3) float32 points, uniform in the unit ball; the same for the same seed on every machine."""
    generator = torch.Generator().manual_seed(seed)
    direction = torch.randn(count, 3, generator=generator)
    radius = torch.rand(count, 1, generator=generator) ** (1 / 3)
    return direction / direction.norm(dim=1, keepdim=True).clamp_min(1e-12) * radius


def frustum_overlap(
    target: Cameras, history: Cameras, points: Tensor, radius: float = 1.0, release: bool = False
) -> Tensor:
    """(F, C) float64: of a ball of points around each target camera, the share it sees that the candidate sees too.

    points: (P, 3) in the unit ball; radius: scene units. A target that sees no point overlaps with nothing.
    release: fields of view as intervals of azimuth and elevation about the world's axes, in float32, with the first
    target's focal lengths for all; roll and principal point are ignored. Otherwise each camera's own image.
    """
    if not 0 < radius < math.inf:
        raise SpatiaError(f"radius: {radius} was given, expected more than 0 scene units; change radius.")
    sees = _sees_as_released(target.intrinsics[0]) if release else _sees
    overlap = torch.zeros(target.count, history.count, dtype=torch.float64)
    for i in range(target.count):
        ball = _around(points, target.centers[i], radius, release)
        ball = ball[sees(ball, target, i)]
        if not ball.shape[0]:
            continue
        for j in range(history.count):
            shared = sees(ball, history, j).sum()
            # The release divides in float32.
            overlap[i, j] = (shared.float() / ball.shape[0]).double() if release else shared.double() / ball.shape[0]
    return overlap


def visible_overlap(target: Tensor, history: Tensor, target_coverage: Tensor, history_coverage: Tensor) -> Tensor:
    """(F, C) float64: of the known points each target sees behind no other, the share the candidate sees too. Ours.

    target: (F, P) bool, history: (C, P) bool: visible points. target_coverage: (F,), history_coverage: (C,): share of
    each picture that the cloud fills. A picture mostly of unknown space would agree with every camera on the little it
    knows, so the share counts as far as its picture is as full as the candidate's.
    """
    seen = target.sum(1, keepdim=True)
    share = intersections(target, history).double() / seen.clamp_min(1).double()
    fullness = target_coverage.double()[:, None] / history_coverage.double()[None].clamp_min(1e-12)
    return torch.where(seen > 0, share * fullness.clamp(max=1.0), 0.0)


def camera_distances(target: Cameras, history: Cameras) -> Tensor:
    """(F, C) float64 distances between camera centres, scene units."""
    return torch.cdist(target.centers, history.centers, compute_mode="donot_use_mm_for_euclid_dist")


def choose_frames(overlap: Tensor, distance: Tensor, rules: Rules = Rules(), release: bool = False) -> MemoryRetrieval:
    """Pick each latent frame's candidate of highest score that passes the rules; -1 when none does.

    overlap, distance: (F, C) float64. score = overlap - penalty * distance, the distances of a row scaled to 0..1.
    release: the rules are asked of the best candidate only, and when it fails there is no runner-up.
    """
    if overlap.shape != distance.shape or overlap.ndim != 2:
        raise SpatiaError(
            f"Overlaps {tuple(overlap.shape)} and distances {tuple(distance.shape)} were given, expected two equal tables (frames, candidates)."
        )
    frames, candidates = overlap.shape
    if not candidates:
        nothing = torch.full((frames,), -1, dtype=torch.int64)
        return MemoryRetrieval(nothing, nothing.clone(), overlap, distance, overlap.clone())
    nearest, farthest = distance.amin(1, keepdim=True), distance.amax(1, keepdim=True)
    scaled = (distance - nearest) / (farthest - nearest).clamp_min(_DISTANCE_FLOOR)
    score = overlap - rules.penalty * scaled
    passes = (score >= rules.min_score) & ~too_far(overlap, distance, rules)
    best = score.argmax(1)
    if release:
        ids = torch.where(passes.gather(1, best[:, None])[:, 0], best, -1)
    else:
        ids = torch.where(passes.any(1), score.masked_fill(~passes, -math.inf).argmax(1), -1)
    return MemoryRetrieval(ids, best, overlap, distance, score)


def too_far(overlap: Tensor, distance: Tensor, rules: Rules) -> Tensor:
    """Where a near-total overlap comes from so far away that it says nothing about what is seen; bool, any shape."""
    return (overlap > rules.near_overlap) & (distance > rules.max_distance)


def retrieve(
    target: Cameras,
    history: Cameras,
    *,
    rules: Rules = Rules(),
    radius: float = 1.0,
    points: Tensor | None = None,
    release: bool = False,
) -> MemoryRetrieval:
    """The earlier frame each latent frame looks up by field of view alone.

    target: one camera per latent frame (`latent_cameras`). history: the candidates. points: (P, 3) in the unit ball,
    None for `ball_points()`. radius and rules: scene units.
    """
    points = ball_points() if points is None else points
    return choose_frames(
        frustum_overlap(target, history, points, radius, release), camera_distances(target, history), rules, release
    )


def _around(points: Tensor, center: Tensor, radius: float, release: bool) -> Tensor:
    return points * radius + center.to(points.dtype) if release else points.double() * radius + center


def _sees(points: Tensor, cameras: Cameras, index: int) -> Tensor:
    fx, fy, cx, cy = cameras.intrinsics[index]
    x, y, z = in_camera(points, cameras.w2c[index])
    # u = fx * x / z + cx lies in the image's 0..1; multiplied by z, which is positive.
    u, v = fx * x + cx * z, fy * y + cy * z
    return (z > 0) & (u > 0) & (u < z) & (v > 0) & (v < z)


def _sees_as_released(intrinsics: Tensor) -> Callable[[Tensor, Cameras, int], Tensor]:
    half_x, half_y = (torch.atan(1 / (2 * focal)).float() for focal in intrinsics[:2])

    def sees(points: Tensor, cameras: Cameras, index: int) -> Tensor:
        c2w = cameras.c2w[index].to(points.dtype)
        x, y, z = (points - c2w[:3, 3]).unbind(-1)
        fx, fy, fz = c2w[:3, 2]
        azimuth = torch.atan2(x, z) - torch.atan2(fx, fz)
        elevation = torch.atan2(y, torch.hypot(x, z)) - torch.atan2(fy, torch.hypot(fx, fz))
        return (_wrapped(azimuth).abs() < half_x) & (_wrapped(elevation).abs() < half_y)

    return sees


def _wrapped(angle: Tensor) -> Tensor:
    return torch.remainder(angle + math.pi, 2 * math.pi) - math.pi
