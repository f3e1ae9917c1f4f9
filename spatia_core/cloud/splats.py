"""Gaussian splats as points, and points as splats: so that a splat can be filmed, and a scene looked at as one.

A splat is an ellipsoid of a normal distribution (Kerbl et al. 2023, section 4): its middle, its deviation along three
axes of its own, how they are turned, how opaque its middle is, and its colour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import LARGEST_COORDINATE
from ..interrupt import look_for_interrupt
from .point_cloud import PointCloud, concat_clouds, make_point_cloud
from .voxels import voxel_merge

OPAQUE = 0.3  # least opacity of a splat whose surface becomes points; haze is fainter
# Deviations from a splat's middle to the rim of what becomes points: there it is a third as opaque.
_RIM = 1.5
_MOST_SAMPLES = 20_000_000
_MOST_OF_ONE = 1 << 20  # samples of one splat: beyond all that is drawn
_AT_ONCE = 1 << 20
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
_NEIGHBOURS = 3  # as a splat's size is begun with (Kerbl et al. 2023, section 5.1)
_STD_OF_GAP = 0.7  # deviation of a point's splat, of the distance to its neighbours
_LARGEST_OF_MEDIAN = 4.0  # so that a stray point does not become a cloud over the scene


class Splats(NamedTuple):
    """N splats. Build with `make_splats`, which validates."""

    positions: Tensor  # (N, 3) float32, world
    scales: Tensor  # (N, 3) float32, standard deviation along the splat's own axes, scene units
    rotations: Tensor  # (N, 4) float32, unit quaternion w x y z, from the splat's axes to the world's
    opacities: Tensor  # (N,) float32 in [0, 1], of its middle
    colors: Tensor  # (N, 3) float32 in [0, 1]


def make_splats(positions: Tensor, scales: Tensor, rotations: Tensor, opacities: Tensor, colors: Tensor) -> Splats:
    """Validated splats, in float32; colours beyond [0, 1], which spherical harmonics give, are cut.

    Raises SpatiaError on wrong shapes, numbers that are not finite, sizes below 0, and quaternions of length 0.
    """
    count = positions.shape[0]
    parts = [positions, scales, rotations, opacities, colors]
    for part, shape, what in zip(parts, ((count, 3), (count, 3), (count, 4), (count,), (count, 3)), Splats._fields):
        if tuple(part.shape) != shape:
            raise SpatiaError(
                f"Splats have {what} of shape {tuple(part.shape)} for {count} splats, expected {shape}; check the node or "
                "the file that they come from."
            )
        if not bool(torch.isfinite(part).all()):
            raise SpatiaError(
                f"Splats have {what} that are NaN or infinite; check the node or the file they come from."
            )
    centers, sizes, turns, opaque, palette = (part.to(torch.float32) for part in parts)
    lengths = turns.norm(dim=1, keepdim=True)
    if count and (bool((sizes < 0).any()) or not bool((lengths > 1e-9).all())):
        raise SpatiaError(
            "Splats have sizes below 0 or rotations of length 0, expected deviations of 0 or more and quaternions; check "
            "the node or the file that they come from."
        )
    if count and not float(centers.abs().max()) <= LARGEST_COORDINATE:
        raise SpatiaError(
            f"A splat lies more than {LARGEST_COORDINATE:g} scene units from the origin; scale the scene down."
        )
    return Splats(centers, sizes, turns / lengths, opaque.clamp(0, 1), palette.clamp(0, 1))


def cloud_of_splats(splats: Splats, voxel_size: float, *, least_opacity: float = OPAQUE) -> PointCloud:
    """The surface of splats as points, one per voxel of edge `voxel_size` (scene units).

    Each splat of at least this opacity is covered by points a voxel apart on the disc of its two larger axes, out to 1.5
    deviations; one that is smaller than a voxel gives its middle. The same splats give the same points.
    Raises SpatiaError where no splat is opaque enough, and where they would become more than 20 million points.
    """
    kept = Splats(*(part[splats.opacities >= least_opacity].cpu() for part in splats))
    if not kept.positions.shape[0]:
        raise SpatiaError(
            f"None of {splats.positions.shape[0]} splats has an opacity of {least_opacity:g} or more, expected some; "
            "connect another splat."
        )
    discs = _disc_axes(kept)
    area = math.pi * discs.norm(dim=2).prod(1).double()
    counts = (area / voxel_size**2).ceil().clamp(1, _MOST_OF_ONE).to(torch.int64)
    total = int(counts.sum())
    if total > _MOST_SAMPLES:
        raise SpatiaError(
            f"The splats would become {total} points {voxel_size:g} apart, expected at most {_MOST_SAMPLES}; increase "
            f"voxel_size to {voxel_size * math.sqrt(total / _MOST_SAMPLES) * 1.05:.3g} or more."
        )
    clouds, first = [], 0
    ends = counts.cumsum(0)
    while first < len(counts):
        look_for_interrupt()
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(torch.searchsorted(ends, before + _AT_ONCE, right=True)))
        clouds.append(_covered(kept, discs, counts, slice(first, last)))
        first = last
    return voxel_merge(concat_clouds(*clouds), voxel_size)


def point_gaps(positions: Tensor, at: Tensor | None = None, *, alone: float) -> Tensor:
    """Mean distance (Q,) float32 from points of a cloud (P, 3) to their three nearest neighbours in it.

    at: the numbers (Q,) of those that are asked for, None for all. alone: the answer where there is no neighbour.
    """
    asked = positions if at is None else positions[at]
    neighbours = min(_NEIGHBOURS, positions.shape[0] - 1)
    if neighbours < 1:
        return torch.full((asked.shape[0],), float(alone))
    found, _ = cKDTree(positions.numpy()).query(asked.numpy(), k=neighbours + 1, workers=-1)
    return torch.from_numpy(found[:, 1:].mean(1)).to(torch.float32)


def splats_of_cloud(cloud: PointCloud, voxel_size: float) -> Splats:
    """A round, opaque splat for each point, of a deviation of 0.7 of the distance to its three nearest neighbours.

    It is at least a quarter of a voxel (edge `voxel_size`, scene units) and at most 4 times the median splat.
    Raises SpatiaError when the cloud holds no point.
    """
    if not cloud.size:
        raise SpatiaError(
            "The point cloud holds no point, so there is nothing to make splats of; connect another memory."
        )
    positions = cloud.positions.cpu()
    gaps = point_gaps(positions, alone=voxel_size)
    size = (_STD_OF_GAP * gaps).clamp_min(voxel_size / 4)
    size = size.clamp_max(max(voxel_size / 4, _LARGEST_OF_MEDIAN * float(size.median())))
    turns = torch.tensor([1.0, 0.0, 0.0, 0.0]).expand(cloud.size, 4).clone()
    return Splats(
        positions, size[:, None].repeat(1, 3), turns, torch.ones(cloud.size), cloud.colors.cpu().to(torch.float32) / 255
    )


def _disc_axes(splats: Splats) -> Tensor:
    """(N, 2, 3): from each splat's middle to its rim, along its two larger axes."""
    w, x, y, z = splats.rotations.unbind(1)
    axes = torch.stack(
        [
            torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], 1),
            torch.stack([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)], 1),
            torch.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], 1),
        ],
        1,
    )
    scaled = axes * splats.scales[:, :, None] * _RIM
    larger = splats.scales.argsort(dim=1, descending=True, stable=True)[:, :2]
    return scaled.gather(1, larger[:, :, None].expand(-1, -1, 3))


def _covered(splats: Splats, discs: Tensor, counts: Tensor, part: slice) -> PointCloud:
    """Points on the discs of some splats, each as many as `counts` says, as a sunflower has its seeds."""
    own = counts[part]
    owner = torch.repeat_interleave(own)
    number = (torch.arange(len(owner)) - (own.cumsum(0) - own)[owner]).double()
    several = own[owner]
    away = ((number + 0.5) / several).sqrt().where(several > 1, torch.zeros(()).double())
    angle = number * _GOLDEN_ANGLE
    along = torch.stack([away * angle.cos(), away * angle.sin()], 1).to(torch.float32)
    points = splats.positions[part][owner] + (along[:, :, None] * discs[part][owner]).sum(1)
    return make_point_cloud(points, (splats.colors[part][owner] * 255).round().to(torch.uint8))
