"""What can be said of a camera path before anything is generated: where it goes through a surface, turns too fast, or
nearly closes. The page's editor says the same while a path is drawn (js/src/preflight.mjs; tests compare the two)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .camera import Cameras

TURN_LIMIT = 3.0  # degrees per frame; the clips that the network learned from turn slower
KNOWN_SHARE = 0.25  # of the picture; below, a frame is mostly invention
_WALL_CELL = 0.03  # of the depth: as thick as a wall is taken to be
_WALL_POINTS = 3  # in a cell, so that a stray point is no wall
_CELLS = 1 << 17  # per axis, round the origin
_NEAR, _NEAR_TURN, _AWAY = 0.15, 15.0, 3.0  # of the depth, degrees, and times the gap: what counts as nearly closed
_BACK_TURN, _BACK_SHARE = 1.0, 0.01  # degrees, and of the way or the lens: what counts as back
_STILL = 1e-6  # scene units: what rounding in a file moves a camera that only turns
_SAMPLES_AT_ONCE = 1 << 20
_MOST_SAMPLES = 1 << 14  # of one frame's way: it jumps by hundreds of depths, and no wall is missed that could matter
_GAP = 2  # frames between two of one run


class PathWarning(NamedTuple):
    """kind: "wall", "turn", "unknown" or "open". Frames start..end of the path, both included."""

    kind: str
    start: int
    end: int


def path_warnings(
    path: Cameras, positions: Tensor | None = None, *, depth: float = 1.0, loop: Cameras | None = None
) -> list[PathWarning]:
    """Warnings of a path, by frame.

    positions: (P, 3) points of the scene, None where there is none. depth: scene units, of the subject. loop: the camera
    (1) that a closed loop must end on.
    """
    found = []
    if positions is not None and positions.shape[0]:
        found += [PathWarning("wall", *run) for run in frame_runs(_blocked(path.centers, positions, depth))]
    turns = turns_between(path.w2c[:-1], path.w2c[1:])
    found += [PathWarning("turn", *run) for run in frame_runs((turns > TURN_LIMIT).nonzero().flatten() + 1)]
    if loop is not None and _nearly_closed(path, loop, depth):
        found.append(PathWarning("open", path.count - 1, path.count - 1))
    return sorted(found, key=lambda one: one.start)


def comes_back(path: Cameras) -> bool:
    """Whether a path (N) goes away and ends as it began: within 1 degree, 1 % of its greatest distance and 1 % of its lens."""
    gaps = (path.centers - path.centers[:1]).norm(dim=1)
    turns = turns_between(path.w2c, path.w2c[:1].expand_as(path.w2c))
    lens = (path.intrinsics[-1, :2] / path.intrinsics[0, :2] - 1).abs().max()
    away = float(gaps.max()) > _STILL or float(turns.max()) > _BACK_TURN
    near = float(gaps[-1]) <= max(_BACK_SHARE * float(gaps.max()), _STILL)
    return away and near and float(turns[-1]) <= _BACK_TURN and float(lens) <= _BACK_SHARE


def turns_between(a: Tensor, b: Tensor) -> Tensor:
    """Angles in degrees (N,) between world-to-camera poses (N, 4, 4) and (N, 4, 4)."""
    relative = b[:, :3, :3] @ a[:, :3, :3].mT
    # By sine and cosine, as the cosine alone says nothing of small angles.
    skew = relative - relative.mT
    sine = torch.stack([skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]], -1).norm(dim=-1) / 2
    cosine = (relative.diagonal(dim1=1, dim2=2).sum(-1) - 1) / 2
    return torch.rad2deg(torch.atan2(sine, cosine))


def frame_runs(frames: Tensor | list[int]) -> list[tuple[int, int]]:
    """Runs (first, last) of ascending frame numbers that lie at most 2 apart."""
    runs: list[tuple[int, int]] = []
    for frame in map(int, frames):
        if runs and frame - runs[-1][1] <= _GAP:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs


def _blocked(centers: Tensor, positions: Tensor, depth: float) -> list[int]:
    """Frames whose way from the frame before passes through a surface. centers: (N, 3) float64."""
    cell = _WALL_CELL * depth
    keys, counts = _keys(positions.cpu().double(), cell).unique(return_counts=True)
    walls = keys[counts >= _WALL_POINTS]
    if not len(walls) or len(centers) < 2:
        return []
    begin, way = centers[:-1], centers[1:] - centers[:-1]
    steps = (2 * way.norm(dim=1) / cell).ceil().clamp(1, _MOST_SAMPLES).long()
    blocked, rows = [], max(1, _SAMPLES_AT_ONCE // (int(steps.max()) + 1))
    for start in range(0, len(begin), rows):
        part = slice(start, start + rows)
        most = int(steps[part].max())
        share = (torch.arange(most + 1) / steps[part, None].double()).clamp(max=1)
        places = begin[part, None] + share[..., None] * way[part, None]
        at = _keys(places.reshape(-1, 3), cell)
        found = torch.searchsorted(walls, at).clamp(max=len(walls) - 1)
        hit = (walls[found] == at).view(len(share), -1).any(1)
        blocked += (hit.nonzero().flatten() + start + 1).tolist()
    return blocked


def _keys(places: Tensor, cell: float) -> Tensor:
    """(N,) int64: the cell of space that each place (N, 3) float64 lies in."""
    index = ((places / cell).floor() + _CELLS // 2).clamp(0, _CELLS - 1).long()
    return (index[:, 0] * _CELLS + index[:, 1]) * _CELLS + index[:, 2]


def _nearly_closed(path: Cameras, goal: Cameras, depth: float) -> bool:
    """Whether a path went away and came back to about the goal, so that its maker will have meant the goal itself."""
    last = path.select(-1)
    same = (last.w2c - goal.w2c).abs().max() < 1e-6 and (last.intrinsics - goal.intrinsics).abs().max() < 1e-6
    if bool(same):
        return False
    gaps = (path.centers - goal.centers).norm(dim=1)
    turns = turns_between(path.w2c, goal.w2c.expand_as(path.w2c))
    gap, turn = float(gaps[-1]), float(turns[-1])
    away = float(gaps.max()) > _AWAY * gap or float(turns.max()) > _AWAY * turn
    return gap < _NEAR * depth and turn < _NEAR_TURN and away
