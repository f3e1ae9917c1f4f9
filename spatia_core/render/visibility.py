"""What each camera sees of a cloud: z-buffer, depth maps and per-point visibility.

Plain torch on any device; precise visibility also has a CPU fast path (`visibility_numba.py`) that decides the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..cameras.camera import Cameras
from ..errors import SpatiaError
from ..interrupt import look_for_interrupt
from ..kernels import in_threads, kernels_run
from ..precision import computed_in_float64
from .blocks import point_blocks
from .soft import lens, pixel_coordinates, require_image_size

MODES = ("precise", "release")
BACKENDS = ("auto", "torch", "numba")
# Little end first, in bytes as in words: this package runs on little-endian machines, as ComfyUI does.
_BIT_VALUES = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8)
_NOTHING = torch.iinfo(torch.int64).max
_MAX_FOOTPRINT = 4  # pixels; a point closer than that leaves holes rather than hiding half the image


@computed_in_float64
def z_buffer(
    positions: Tensor, cameras: Cameras, height: int, width: int, *, voxel_size: float | None = None
) -> tuple[Tensor, Tensor]:
    """Nearest point of every pixel.

    positions: (P, 3) scene units. voxel_size: when given, a point covers the square its voxel fills on screen, at least
    one pixel each way and at most `_MAX_FOOTPRINT`, so that no surface behind shows through; otherwise one pixel.
    Returns z_depth (N, H, W) float32, 0 where there is nothing, and point (N, H, W) int64, -1 where there is nothing.
    """
    _check(positions, height, width, voxel_size)
    depths, points = [], []
    for view in range(cameras.count):
        look_for_interrupt()
        u, v, z = pixel_coordinates(positions, cameras, view, height, width, False)
        footprint = None if voxel_size is None else _footprint(z, cameras, view, height, width, voxel_size)
        key = _nearest(u, v, z, height, width, footprint)
        empty = key == _NOTHING
        depths.append(torch.where(empty, 0.0, _key_depth(key)))
        points.append(torch.where(empty, -1, key & 0xFFFFFFFF))
    shape = (cameras.count, height, width)
    if not depths:
        device = positions.device
        return torch.zeros(shape, device=device), torch.full(shape, -1, dtype=torch.int64, device=device)
    return torch.stack(depths).view(shape), torch.stack(points).view(shape)


@computed_in_float64
def nearest_depth(
    positions: Tensor, cameras: Cameras, height: int, width: int, *, voxel_size: float, backend: str = "auto"
) -> Tensor:
    """The depth of `z_buffer` alone: (N, H, W) float32, 0 where there is nothing."""
    _check(positions, height, width, voxel_size)
    if not _use_kernels(backend, positions):
        return z_buffer(positions, cameras, height, width, voxel_size=voxel_size)[0]
    depths = torch.zeros(cameras.count, height, width)

    def fast(view: int, surface: np.ndarray, index: np.ndarray, pixel: np.ndarray, z: np.ndarray) -> None:
        depths[view] = torch.from_numpy(np.where(np.isfinite(surface), surface, 0)).view(height, width)

    _each_view(fast, positions, cameras, height, width, voxel_size)
    return depths


@computed_in_float64
def surface_depth(
    positions: Tensor, cameras: Cameras, height: int, width: int, *, voxel_size: float, backend: str = "auto"
) -> tuple[Tensor, Tensor]:
    """Depth of the cloud as each camera sees it, for comparing with other depth.

    Returns depth (N, H, W) float32, the mean over the visible points of a pixel, 0 where there is none, and covered
    (N, H, W) bool, where the cloud hides what is behind it. A z-buffer of widened points will not do for the depth: its
    minimum lies in front of every slanted surface, and depth fitted to it drifts.
    """
    _check(positions, height, width, voxel_size)
    depths = torch.zeros(cameras.count, height * width, device=positions.device)
    covered = torch.zeros(cameras.count, height * width, dtype=torch.bool, device=positions.device)

    def fast(view: int, surface: np.ndarray, index: np.ndarray, pixel: np.ndarray, z: np.ndarray) -> None:
        mean_depth(pixel, z, depths[view].numpy())
        covered[view] = torch.from_numpy(np.isfinite(surface).ravel())

    if _use_kernels(backend, positions):
        from .visibility_numba import mean_depth

        _each_view(fast, positions, cameras, height, width, voxel_size)
    else:
        for view in range(cameras.count):
            look_for_interrupt()
            key, _, pixel, z = _seen_precisely(positions, cameras, view, height, width, voxel_size)
            total, count = (torch.zeros(height * width, dtype=torch.float64, device=positions.device) for _ in range(2))
            total.index_add_(0, pixel, z)
            count.index_add_(0, pixel, torch.ones_like(z))
            depths[view] = (total / count.clamp_min(1)).float()
            covered[view] = key != _NOTHING
    shape = (cameras.count, height, width)
    return depths.view(shape), covered.view(shape)


@computed_in_float64
def visible_points(
    positions: Tensor,
    cameras: Cameras,
    height: int,
    width: int,
    *,
    mode: str = "precise",
    voxel_size: float | None = None,
    backend: str = "auto",
) -> Tensor:
    """Which points each camera sees: (N, P) bool.

    precise: in front of 1.01 * depth + 2 voxels plus the surface's own slope, against the z-buffer whose points fill
    their voxels.
    release: the nearest of its own pixel in float32, as the release decides; leaks through gaps between points.
    backend: for precise, "numba" is the CPU fast path, "torch" the reference on any device, "auto" the first where it can run.
    Raises SpatiaError on an unknown mode, or precise without a voxel size.
    """
    precise = _size_for(mode, voxel_size)
    _check(positions, height, width, voxel_size)
    visible = torch.zeros(cameras.count, positions.shape[0], dtype=torch.bool, device=positions.device)
    if precise is not None and _use_kernels(backend, positions):
        from .visibility_numba import set_flags

        _each_view(
            lambda view, surface, index, pixel, z: set_flags(index, visible[view].numpy()),
            positions,
            cameras,
            height,
            width,
            precise,
        )
        return visible
    for view in range(cameras.count):
        look_for_interrupt()
        if precise is None:
            visible[view] = _visible_as_released(positions, cameras, view, height, width)
            continue
        _, point, _, _ = _seen_precisely(positions, cameras, view, height, width, precise)
        visible[view, point] = True
    return visible


@computed_in_float64
def visible_bits(
    positions: Tensor,
    cameras: Cameras,
    height: int,
    width: int,
    *,
    mode: str = "precise",
    voxel_size: float | None = None,
) -> Tensor:
    """`visible_points` packed: (N, ceil(P / 64)) int64, bit p % 64 of word p // 64, the rest zero. See `retrieval.pack_masks`."""
    precise = _size_for(mode, voxel_size)
    _check(positions, height, width, voxel_size)
    words = -(-positions.shape[0] // 64)
    packed = torch.zeros(cameras.count, words, dtype=torch.int64, device=positions.device)
    if precise is not None and _use_kernels("auto", positions):
        from .visibility_numba import set_bits

        _each_view(
            lambda view, surface, index, pixel, z: set_bits(index, packed[view].numpy().view(np.uint64)),
            positions,
            cameras,
            height,
            width,
            precise,
        )
        return packed
    for view in range(cameras.count):
        look_for_interrupt()
        # One frame at a time: the masks of all would be 8 times as large as what is kept.
        packed[view] = pack_masks(
            visible_points(positions, cameras.select([view]), height, width, mode=mode, voxel_size=voxel_size)
        )[0]
    return packed


def pack_masks(masks: Tensor) -> Tensor:
    """Bool masks (N, P) as bits (N, ceil(P / 64)) int64: bit p % 64 of word p // 64, the rest zero."""
    if not masks.shape[1]:  # tensors without a byte cannot be viewed as words
        return torch.zeros(masks.shape[0], 0, dtype=torch.int64, device=masks.device)
    padded = torch.nn.functional.pad(masks, (0, -masks.shape[1] % 64))
    flags = padded.view(masks.shape[0], padded.shape[1] // 8, 8).to(torch.uint8)
    octets = (flags * _BIT_VALUES.to(masks.device)).sum(-1, dtype=torch.uint8)
    return octets.view(torch.int64)


def unpack_masks(packed: Tensor, points: int) -> Tensor:
    """Bool masks (N, points) of what `pack_masks` made."""
    if not points:
        return torch.zeros(packed.shape[0], 0, dtype=torch.bool, device=packed.device)
    octets = packed.contiguous().view(torch.uint8)
    bits = octets[:, :, None] & _BIT_VALUES.to(packed.device)
    return bits.bool().flatten(1)[:, :points]


def _use_kernels(backend: str, positions: Tensor) -> bool:
    if backend not in BACKENDS:
        raise SpatiaError(f"backend: '{backend}' was given, expected one of {', '.join(BACKENDS)}.")
    # The kernels number points in 32 bits.
    possible = positions.device.type == "cpu" and positions.shape[0] < 2**31 and kernels_run()
    if backend == "numba" and not possible:
        raise SpatiaError(
            "backend 'numba' needs the numba package, points on the CPU and fewer than 2^31 of them; use 'torch'."
        )
    return backend != "torch" and possible


def _each_view(
    take: Callable[[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray], None],
    positions: Tensor,
    cameras: Cameras,
    height: int,
    width: int,
    voxel_size: float,
) -> None:
    """Call take(view, surface, index, pixel, z) with what `see_points` finds in every view."""
    from .visibility_numba import see_points

    blocks = point_blocks(positions)

    def one(view: int) -> None:
        fx, fy = cameras.intrinsics[view, :2].tolist()
        take(view, *see_points(
            blocks.points, blocks.order, blocks.start, blocks.low, blocks.high, cameras.w2c[view, :3].cpu().numpy(),
            lens(cameras, view, height, width), height, width, max(fx * width, fy * height), float(voxel_size),
        ))  # fmt: skip

    in_threads(one, range(cameras.count))


def _size_for(mode: str, voxel_size: float | None) -> float | None:
    """The voxel size for a precise mode, None for the release's, which takes none. Raises SpatiaError on any other."""
    if mode not in MODES:
        raise SpatiaError(f"mode: '{mode}' was given, expected one of {', '.join(MODES)}.")
    if mode == "precise" and voxel_size is None:
        raise SpatiaError("Precise visibility needs the cloud's voxel size, and none was given.")
    return voxel_size if mode == "precise" else None


def _seen_precisely(
    positions: Tensor, cameras: Cameras, view: int, height: int, width: int, voxel_size: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Keys (H * W,) of the widened z-buffer, and of the points it does not hide: index, pixel and z."""
    u, v, z = pixel_coordinates(positions, cameras, view, height, width, False)
    footprint = _footprint(z, cameras, view, height, width, voxel_size)
    key = _nearest(u, v, z, height, width, footprint)
    column, row = u.floor().long(), v.floor().long()
    point = ((z > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)).nonzero().squeeze(1)
    pixel, z = row[point] * width + column[point], z[point]
    # Every point inside lies in its own footprint, so its pixel holds a depth.
    surface = _key_depth(key).double()
    # A slanted surface's own depth varies over the pixels that a point was widened to.
    slope = _slope(surface.view(height, width)).flatten()
    seen = z <= 1.01 * surface[pixel] + 2 * voxel_size + (footprint[point] + 1) * slope[pixel]
    return key, point[seen], pixel[seen], z[seen]


def _key_depth(key: Tensor) -> Tensor:
    """Depth (float32) in a key, infinite where it holds nothing."""
    depth = torch.where(key == _NOTHING, 0, key >> 32).to(torch.int32).view(torch.float32)
    return torch.where(key == _NOTHING, torch.inf, depth)


def _slope(depth: Tensor) -> Tensor:
    """Change of depth (H, W) per pixel along the surface, at most a tenth of the depth; infinite depth is nothing.

    The smaller of the two one-sided differences, so that the jump to another surface does not count.
    """
    slope = torch.zeros_like(depth)
    for axis in (0, 1):
        step = depth.diff(dim=axis).abs().nan_to_num(nan=torch.inf)
        outside = torch.full_like(depth.narrow(axis, 0, 1), torch.inf)
        smaller = torch.minimum(torch.cat([outside, step], axis), torch.cat([step, outside], axis))
        slope += torch.where(torch.isfinite(smaller), smaller, 0.0)
    return torch.minimum(slope, torch.where(torch.isfinite(depth), 0.1 * depth, 0.0))


def _nearest(u: Tensor, v: Tensor, z: Tensor, height: int, width: int, footprint: Tensor | None) -> Tensor:
    """Smallest key (H * W,) int64 per pixel: float32 depth bits above, point index below."""
    nearest = torch.full((height * width,), _NOTHING, dtype=torch.int64, device=z.device)
    reach = 0 if footprint is None else _MAX_FOOTPRINT
    inside = (z > 0) & (u >= -reach) & (u < width + reach) & (v >= -reach) & (v < height + reach)
    # A depth beyond float32 is no surface: its bits would order before nothing at all.
    inside &= torch.isfinite(z.float())
    point = inside.nonzero().squeeze(1)
    column, row = u[point].floor().long(), v[point].floor().long()
    # Positive floats order like their bits, so one minimum finds depth and point together.
    key = (z[point].float().view(torch.int32).long() << 32) | point
    if footprint is None:
        return nearest.scatter_reduce_(0, row * width + column, key, "amin")
    size = footprint[point]
    for reach in range(1, _MAX_FOOTPRINT + 1):
        chosen = (size == reach).nonzero().squeeze(1)
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                x, y = column[chosen] + dx, row[chosen] + dy
                on = ((x >= 0) & (x < width) & (y >= 0) & (y < height)).nonzero().squeeze(1)
                nearest.scatter_reduce_(0, (y * width + x)[on], key[chosen][on], "amin")
    return nearest


def _footprint(z: Tensor, cameras: Cameras, view: int, height: int, width: int, voxel_size: float) -> Tensor:
    """Pixels from a point's own to the edge of its square, 1.._MAX_FOOTPRINT, (P,) int64."""
    fx, fy = cameras.intrinsics[view, :2].tolist()
    focal = max(fx * width, fy * height)
    # Half a voxel's diagonal reaches its farthest corner.
    reach = (0.87 * voxel_size * focal / z.clamp_min(1e-9)).ceil().nan_to_num(nan=1.0)
    return reach.clamp(1, _MAX_FOOTPRINT).long()


def _visible_as_released(positions: Tensor, cameras: Cameras, view: int, height: int, width: int) -> Tensor:
    # float32, and truncation toward zero: a point up to one pixel outside the left or top edge counts as inside.
    K = cameras.K(height, width)[view].float().to(positions.device)
    x, y, z = (_rounded_dot(positions.float(), row) for row in cameras.w2c[view, :3].float().tolist())
    visible = torch.zeros(positions.shape[0], dtype=torch.bool, device=positions.device)
    point = (z > 0).nonzero().squeeze(1)
    x, y, z = x[point], y[point], z[point]
    column = (K[0, 0] * x / z + K[0, 2]).long()
    row = (K[1, 1] * y / z + K[1, 2]).long()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    point, z, pixel = point[inside], z[inside], (row * width + column)[inside]
    nearest = torch.full((height * width,), torch.inf, device=positions.device).scatter_reduce_(0, pixel, z, "amin")
    visible[point] = z <= nearest[pixel] + 1e-6
    return visible


def _rounded_dot(points: Tensor, row: list[float]) -> Tensor:
    """Row (4,) of a float32 pose times points (P, 3) with a 1 appended: (P,) float32.

    Summed from the first coordinate to the translation, each product added with one rounding, as the release's matrix
    product is where its vectors were made. A matrix product here would have another order on another processor, and the
    last bit of a depth decides whether a point is seen.
    """
    total = (points[:, 0].double() * row[0]).float()
    for axis in (1, 2):
        total = (points[:, axis].double() * row[axis] + total).float()
    return (total.double() + row[3]).float()


def _check(positions: Tensor, height: int, width: int, voxel_size: float | None) -> None:
    if positions.ndim != 2 or positions.shape[1] != 3:
        raise SpatiaError(f"Points of shape {tuple(positions.shape)} were given, expected (P, 3).")
    if positions.shape[0] >= 2**32:
        raise SpatiaError(f"{positions.shape[0]} points were given, expected fewer than 2^32; increase voxel_size.")
    require_image_size(height, width)
    if voxel_size is not None and not 0 <= voxel_size < float("inf"):
        raise SpatiaError(f"voxel_size: {voxel_size} was given, expected 0 or more; change voxel_size.")
