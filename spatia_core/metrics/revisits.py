"""Which frames of a path see the same place again: from the cameras alone, and with the scene's points.

A camera that stands still revisits nothing: between the two frames of a pair it must have gone away.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from ..cameras.camera import Cameras, project, unproject
from ..cameras.preflight import turns_between
from ..interrupt import look_for_interrupt
from ..render.visibility import nearest_depth

# The same pose: the picture shifts by less than this share of its width for the turn and the zoom, and the camera stands off by
# less than this share of the path's extent. On a path without detours that is below a pixel.
SAME = 1e-3
# Gone: one of the two is more than this.
AWAY = 0.1
# Of the pixels of the earlier frame, seen again; and how many more than in between.
OVERLAP, MORE_OVERLAP = 0.5, 0.1
_ANCHORS, _SCENE_ANCHORS = 256, 24  # earlier frames that are looked at, evenly spread
_SCENE_WIDTH = 96  # pixels of the pictures in which overlap is counted
_NO_EXTENT = 1e-6  # of a camera's distance from the origin: rounding of whoever wrote the path
_SAMPLE = 2000  # points whose nearest neighbours are looked for
_DEPTH_SLACK = 0.02  # of the depth, between two pictures of one surface


class Apart(NamedTuple):
    """How far cameras are from one: shift (N,), share of the picture's width; move (N,), share of the path's extent."""

    shift: np.ndarray
    move: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """(N,) bool, as good as the same pose."""
        return (self.shift <= SAME) & (self.move <= SAME)

    @property
    def away(self) -> np.ndarray:
        """(N,) bool, clearly elsewhere."""
        return (self.shift >= AWAY) | (self.move >= AWAY)


class Scene(NamedTuple):
    """A scene's points: positions (P, 3) in the cameras' world, voxel_size in scene units."""

    positions: Tensor
    voxel_size: float


def scene_of_points(positions: Tensor) -> Scene:
    """A scene whose voxels are as large as its points lie apart (the median of a sample)."""
    if len(positions) < 2:
        return Scene(positions, 1.0)
    sample = positions[:: max(1, len(positions) // _SAMPLE)].numpy()
    spacing = float(np.median(cKDTree(positions.numpy()).query(sample, k=2)[0][:, 1]))
    return Scene(positions, spacing or 1e-6)


def path_extent(cameras: Cameras) -> float:
    """Diagonal of the box round all camera centres, scene units; 0 for a camera that only turns."""
    centers = cameras.centers
    extent = float((centers.amax(0) - centers.amin(0)).norm())
    return extent if extent > _NO_EXTENT * max(1.0, float(centers.abs().max())) else 0.0


def apart(cameras: Cameras, frame: int, extent: float) -> Apart:
    """How far every camera is from that of `frame`."""
    one = cameras.select(frame)
    focal = cameras.intrinsics[:, 0]
    turn = torch.deg2rad(turns_between(one.w2c.expand_as(cameras.w2c), cameras.w2c)) * focal
    # The lens moves the middle of the picture by its principal point, and the border by its zoom.
    lens = cameras.intrinsics - one.intrinsics
    zoom = 0.5 * (lens[:, :2] / one.intrinsics[:, :2]).abs().amax(1) + lens[:, 2:].abs().amax(1)
    gap = (cameras.centers - one.centers).norm(dim=1)
    move = gap / extent if extent else torch.zeros_like(gap)
    return Apart((turn + zoom).numpy(), move.numpy())


def revisits(cameras: Cameras) -> list[tuple[int, int]]:
    """Pairs of frames (earlier, later) with the same pose (`SAME`), between which the camera was gone (`AWAY`), in order.

    Of a stay at a place the frame that comes closest counts. Of more than 256 frames, as many evenly spread are earlier ones.
    """
    extent, found = path_extent(cameras), []
    for first in _spread(cameras.count, _ANCHORS):
        look_for_interrupt()
        distance = apart(cameras.select(slice(first, None)), 0, extent)
        back = distance.same & np.logical_or.accumulate(distance.away)
        total = distance.shift + distance.move
        for stay in np.split(np.flatnonzero(back), np.flatnonzero(np.diff(np.flatnonzero(back)) > 1) + 1):
            if len(stay):
                found.append((first, first + int(stay[total[stay].argmin()])))
    return found


def closes(cameras: Cameras) -> bool:
    """Whether the last camera has the first one's pose, after the path was elsewhere."""
    distance = apart(cameras, 0, path_extent(cameras))
    return bool(distance.same[-1] and distance.away.any())


def overlaps(cameras: Cameras, scene: Scene, height: int, width: int) -> list[tuple[int, int]]:
    """Pairs of frames (earlier, later) that see the same surface of the scene again, from wherever, in order.

    At least `OVERLAP` of the earlier one's pixels are in the later one's view and not hidden, and `MORE_OVERLAP` more than in
    some frame between. Of every later frame the best earlier one; 24 frames evenly spread are looked at.
    """
    frames = _spread(cameras.count, _SCENE_ANCHORS)
    size = max(1, round(_SCENE_WIDTH * height / width)), _SCENE_WIDTH
    chosen = cameras.select(frames)
    depth = nearest_depth(scene.positions, chosen, *size, voxel_size=scene.voxel_size)
    share = np.zeros((len(frames), len(frames)))
    for one in range(len(frames)):
        for two in range(one + 1, len(frames)):
            share[one, two] = float(seen_again(chosen, one, two, depth, scene.voxel_size)[1].double().mean())
    found = []
    for two in range(2, len(frames)):
        fit = [
            (share[one, two], frames[one])
            for one in range(two - 1)
            if share[one, two] >= OVERLAP and share[one, one + 1 : two].min() <= share[one, two] - MORE_OVERLAP
        ]
        if fit:
            found.append((max(fit)[1], frames[two]))
    return found


def seen_again(cameras: Cameras, first: int, second: int, depth: Tensor, voxel_size: float) -> tuple[Tensor, Tensor]:
    """Where the pixels of one frame are in another: uv (H, W, 2) in pixels, and seen (H, W) bool, in view there and not hidden.

    depth: (N, H, W) of the scene from each camera, 0 where unknown; first, second: numbers in cameras and depth.
    """
    height, width = depth.shape[1:]
    K = cameras.K(height, width)
    points = unproject(depth[first].double(), K[first], cameras.c2w[first])
    uv, z = project(points.reshape(-1, 3), cameras.w2c[second], K[second])
    uv, z = uv.view(height, width, 2), z.view(height, width)
    column, row = uv[..., 0].floor(), uv[..., 1].floor()
    inside = (z > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height) & (depth[first] > 0)
    there = torch.zeros_like(z)
    there[inside] = depth[second][row[inside].long(), column[inside].long()].double()
    return uv, inside & (there > 0) & ((z - there).abs() <= _DEPTH_SLACK * z + 2 * voxel_size)


def _spread(count: int, most: int) -> list[int]:
    return [int(frame) for frame in np.unique(np.linspace(0, count - 1, min(count, most)).round())]
