"""The path every estimator's depth takes: the image's size, no far outliers, no edges, no moving objects, then points."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..cameras.camera import Cameras, unproject_pixels
from ..cloud.point_cloud import PointCloud, make_point_cloud
from ..cloud.voxels import voxel_merge
from ..errors import SpatiaError
from ..inputs import LARGEST_COORDINATE
from ..kernels import in_threads
from .backend import chosen_kernels
from .depth import DepthMaps, resize_depth
from .filters import depth_edges
from .median import median
from .noise import PIXEL_NOISE_LIMIT, pixel_noise, smooth_depth

_NEAREST = 1e-9  # scene units: what is nearer, or beyond LARGEST_COORDINATE, is no measured depth
_FAR_LIMIT = 100.0  # times the median depth: sky and empty disparity, not a surface


class SceneEstimate(NamedTuple):
    """Depth of N images, ready to become points. The intrinsics and poses are the caller's, whatever the estimator thinks."""

    depth: Tensor  # (N, H, W) float32 z-depth in scene units, 0 where not valid
    valid: Tensor  # (N, H, W) bool
    confidence: Tensor  # (N, H, W) float32, 1 where the estimator gives none
    cameras: Cameras  # N of them
    metric: bool
    scale_source: str
    coverage: float  # share of pixels that are valid
    warnings: tuple[str, ...]


def estimate_scene(
    maps: DepthMaps,
    cameras: Cameras,
    height: int,
    width: int,
    *,
    moving: Tensor | None = None,
    edge_filter: bool = True,
) -> SceneEstimate:
    """Validated depth of N posed images (height x width).

    maps: N depth maps. cameras: N known poses and intrinsics. moving: (N, H, W) bool, true pixels are left out.
    Depth nearer than 1e-9 or beyond LARGEST_COORDINATE scene units is unknown.
    edge_filter: depth that jitters from pixel to pixel is smoothed, with a warning, and depth edges are left out; else depth is taken as it is.
    Raises SpatiaError on mismatched counts or shapes, or when no pixel is left.
    """
    n = cameras.count
    if maps.depth.shape[0] != n:
        raise SpatiaError(
            f"The depth source ({maps.source}) holds {maps.depth.shape[0]} map(s) for {n} image(s), expected one per image."
        )
    depth, valid = _known_depth(maps, height, width)
    confidence = (
        torch.ones_like(depth)
        if maps.confidence is None
        else resize_depth(maps.confidence, height, width, "confidence")
        .float()
        .nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
    )
    warnings = [*maps.warnings, *_leave_out_far(depth, valid)]
    if edge_filter:
        depth, jitters = _without_jitter(depth)
        warnings += jitters
        K = cameras.K(height, width)
        for image, edges in enumerate(_each(depth)(lambda i: depth_edges(depth[i], K[i]), range(n))):
            valid[image] &= ~edges
    if moving is not None:
        if tuple(moving.shape) != (n, height, width) or moving.dtype != torch.bool:
            raise SpatiaError(
                f"Moving masks {moving.dtype} of shape {tuple(moving.shape)} were given, expected bool "
                f"{(n, height, width)}; check moving."
            )
        valid &= ~moving
    usable = torch.count_nonzero(valid)
    if not usable:
        raise SpatiaError(
            "No pixel is left after the depth-edge filter and the moving mask; check moving and the depth input."
        )
    coverage = float(usable / valid.numel())
    if coverage < 0.5:
        warnings.append(f"Only {_percent(valid)} of the pixels have a usable depth.")
    return SceneEstimate(
        torch.where(valid, depth, 0.0),
        valid,
        confidence,
        cameras,
        maps.metric,
        maps.source + (", in metres" if maps.metric else ", in its own unit"),
        coverage,
        tuple(warnings),
    )


def _known_depth(maps: DepthMaps, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Depth (N, H, W) of that size, 0 where it is unknown, and where it is known."""
    depth = resize_depth(maps.depth, height, width, "depth map").float()
    least, most = torch.aminmax(depth)
    if not (bool(least >= 0) and bool(most < torch.inf)):  # so written that NaN is refused
        raise SpatiaError(
            f"The depth source ({maps.source}) holds negative or infinite depth, expected z-depth with 0 for unknown."
        )
    valid = depth >= _NEAREST
    if bool(most > LARGEST_COORDINATE):
        valid &= depth <= LARGEST_COORDINATE
    known = torch.count_nonzero(valid)
    if not known:
        raise SpatiaError(
            f"The depth source ({maps.source}) knows the depth of no pixel, expected some within {_NEAREST:g} to "
            f"{LARGEST_COORDINATE:g} scene units; check the depth input, depth_kind and depth_scale."
        )
    return (torch.where(valid, depth, 0.0) if known < valid.numel() else depth), valid


def _leave_out_far(depth: Tensor, valid: Tensor) -> list[str]:
    """Take what lies far beyond the rest out of `valid`, in place; what there is to say of it."""
    limit = _FAR_LIMIT * median(depth, valid)
    if not bool(depth.max() > limit):
        return []
    far = valid & (depth > limit)
    valid &= ~far
    return [
        f"{_percent(far)} of the pixels lie beyond {limit:.4g} units, 100 times the median depth, and were left out."
    ]


def _without_jitter(depth: Tensor) -> tuple[Tensor, list[str]]:
    """Depth whose noisy images are smoothed, and what there is to say of it."""
    each = _each(depth)
    noise = list(each(pixel_noise, depth))
    noisy = [sigma > PIXEL_NOISE_LIMIT for sigma in noise]
    if not any(noisy):
        return depth, []
    smooth = each(lambda i: smooth_depth(depth[i]) if noisy[i] else depth[i], range(len(depth)))
    return torch.stack(list(smooth)), [
        f"The depth jitters by {100 * max(noise):.1f} % from pixel to pixel and was smoothed (median of 5x5 pixels)."
    ]


def _each(depth: Tensor) -> Callable:
    """`map`, image by image: torch has threads of its own, a kernel has one per image."""
    return in_threads if chosen_kernels("auto", depth) else map


def estimate_points(
    estimate: SceneEstimate, index: int, image: Tensor, view: int, keep: Tensor | None = None
) -> PointCloud:
    """Points of the estimate's image `index`, not merged.

    image: (H, W, 3) uint8. view: memory frame they come from. keep: (H, W) bool, a part of the valid pixels.
    """
    height, width = estimate.depth.shape[1:]
    if tuple(image.shape) != (height, width, 3) or image.dtype != torch.uint8:
        raise SpatiaError(
            f"An image {image.dtype} of shape {tuple(image.shape)} was given, expected uint8 {(height, width, 3)}."
        )
    chosen = estimate.valid[index] if keep is None else estimate.valid[index] & keep
    row, column = chosen.nonzero().unbind(1)
    cameras, depth = estimate.cameras, estimate.depth[index]
    points = unproject_pixels(depth, row, column, cameras.K(height, width)[index], cameras.select(index).c2w[0])
    return make_point_cloud(points, image[row, column], view=view, confidence=estimate.confidence[index][row, column])


def merged_points(cloud: PointCloud, voxel_size: float, *, aligned: bool = False) -> PointCloud:
    """The cloud with one point per voxel; aligned: of the grid through the world's origin. Raises SpatiaError unless voxel_size is above 0."""
    if not 0 < voxel_size < float("inf"):
        raise SpatiaError(f"voxel_size: {voxel_size} was given, expected more than 0; change voxel_size.")
    return voxel_merge(cloud, voxel_size, aligned=aligned)


def _percent(mask: Tensor) -> str:
    return f"{100 * float(torch.count_nonzero(mask) / mask.numel()):.1f} %"
