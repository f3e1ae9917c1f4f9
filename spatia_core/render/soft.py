"""The soft projection of a point cloud: what the network was trained to look at.

Release, `render_pc`: every pixel composites the five nearest points whose disc covers its centre,
alpha = 1 - d^2 / r^2, front to back over black.
"""

import logging
import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..cameras.camera import Cameras, in_camera, make_cameras
from ..errors import SpatiaError
from ..inputs import MOST_PIXELS
from ..interrupt import look_for_interrupt
from ..kernels import in_threads, kernels_run, why_no_kernels
from ..precision import computed_in_float64
from .blocks import PointBlocks, point_blocks

BACKENDS = ("auto", "torch", "numba", "triton")
LARGEST_RADIUS = 4.0  # halves of the shorter image side: one disc then covers any picture but the very longest
_FRAGMENTS_PER_BAND = 1 << 18  # point-pixel pairs the torch reference holds at once
_MOST_FRAGMENTS = 1 << 24  # of a single row of pixels: about 1.5 GiB


class SoftRender(NamedTuple):
    """Projection video and how much of each pixel the cloud covers.

    image: (N, H, W, 3) uint8. coverage: (N, H, W) uint8, 255 where the cloud is opaque;
    the hole video of the network is 1 - coverage / 255.
    """

    image: Tensor
    coverage: Tensor


@computed_in_float64
def render_soft(
    positions: Tensor,
    colors: Tensor,
    cameras: Cameras,
    height: int,
    width: int,
    *,
    radius: float = 0.01,
    points_per_pixel: int = 5,
    release_geometry: bool = False,
    backend: str = "auto",
) -> SoftRender:
    """Draw a cloud along a camera path.

    positions: (P, 3) scene units. colors: (P, 3) uint8. radius: disc radius as a fraction of half
    the shorter image side. release_geometry: place points as the release does, with its mirrored
    principal point and its magnification by s / (s - 1); only for comparing with its vectors.
    backend: "numba" is the fast path of CPUs and "triton" that of GPUs, "torch" the reference on any device, "auto" the
    fast path of the points' device where it can run, else the reference.
    The result lies on the points' device. Raises SpatiaError on wrong shapes or sizes, or a backend that cannot run.
    """
    require_image_size(height, width)
    if (
        positions.ndim != 2
        or positions.shape[1] != 3
        or tuple(colors.shape) != tuple(positions.shape)
        or colors.dtype != torch.uint8
    ):
        raise SpatiaError(
            f"Points of shape {tuple(positions.shape)} with colours {colors.dtype} {tuple(colors.shape)}, expected (P, 3) and uint8 (P, 3)."
        )
    if colors.device != positions.device:
        raise SpatiaError(f"Points on {positions.device} with colours on {colors.device}, expected both on one device.")
    if not 0 < radius <= LARGEST_RADIUS:
        raise SpatiaError(
            f"radius: {radius} was given, expected more than 0 and at most {LARGEST_RADIUS}; change radius."
        )
    if points_per_pixel < 1:
        raise SpatiaError(f"points_per_pixel: {points_per_pixel} was given, expected 1 or more.")
    if release_geometry and min(height, width) < 2:
        raise SpatiaError(f"Image size {width}x{height}: the release's geometry needs at least 2 pixels on each side.")
    backend = _backend(backend, positions.device)
    radius_px = radius * min(height, width) / 2
    arguments = (height, width, radius_px, points_per_pixel)
    views = range(cameras.count)
    if backend == "numba":
        from .soft_numba import draw_soft

        # An empty cloud has no blocks, and draws as nothing.
        blocks = point_blocks(positions)
        # In the order of the blocks: what is drawn together is then read together.
        palette = colors[torch.from_numpy(blocks.order)].numpy()

        def one(view: int) -> tuple[Tensor, Tensor]:
            return _draw_numba(draw_soft, blocks, palette, cameras, view, *arguments, release_geometry)

        drawn = in_threads(one, views)
    elif backend == "triton":
        from .soft_triton import draw_soft_triton

        lenses = np.array([lens(cameras, view, height, width, release_geometry) for view in views]).reshape(-1, 4)
        return SoftRender(*draw_soft_triton(positions, colors, cameras.w2c, lenses, *arguments))
    else:
        drawn = []
        for view in views:
            look_for_interrupt()
            placed = pixel_coordinates(positions, cameras, view, height, width, release_geometry)
            drawn.append(_draw_torch(placed, colors, *arguments))
    if not drawn:
        empty = torch.zeros(0, height, width, dtype=torch.uint8, device=positions.device)
        return SoftRender(empty.unsqueeze(-1).expand(0, height, width, 3), empty)
    return SoftRender(torch.stack([image for image, _ in drawn]), torch.stack([a for _, a in drawn]))


def require_image_size(height: int, width: int) -> None:
    """Refuse pictures of no pixel, and of more than can be numbered."""
    if height < 1 or width < 1 or height * width > MOST_PIXELS:
        raise SpatiaError(
            f"Image size {width}x{height}: expected at least 1x1 and at most {MOST_PIXELS} pixels; change width or height."
        )


def pixel_coordinates(
    positions: Tensor, cameras: Cameras, view: int, height: int, width: int, release_geometry: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Image position (u, v) in pixels, pixel centres at +0.5, and z-depth of each point: three (P,) float64."""
    x, y, z = in_camera(positions, cameras.w2c[view].to(positions.device))
    fu, bu, fv, bv = lens(cameras, view, height, width, release_geometry)
    # Points on or behind the camera plane are skipped by their depth, whatever lands here.
    safe = torch.where(z > 0, z, torch.ones_like(z))
    return fu * x / safe + bu, fv * y / safe + bv, z


def lens(cameras: Cameras, view: int, height: int, width: int, release_geometry: bool = False) -> np.ndarray:
    """fu, bu, fv, bv float64 of u = fu * x / z + bu and v = fv * y / z + bv, in pixels with centres at +0.5."""
    fx, fy, cx, cy = cameras.intrinsics[view].tolist()
    if not release_geometry:
        return np.array([fx * width, cx * width, fy * height, cy * height])
    side = min(height, width)
    scale = side / (side - 1)
    centre_u, centre_v = (width - 1) / 2, (height - 1) / 2
    return np.array([
        fx * width * scale, centre_u - (cx * width - centre_u) * scale + 0.5,
        fy * height * scale, centre_v - (cy * height - centre_v) * scale + 0.5,
    ])  # fmt: skip


def _backend(backend: str, device: torch.device) -> str:
    """The backend that draws points on this device. Raises SpatiaError where the chosen one cannot."""
    if backend not in BACKENDS:
        raise SpatiaError(f"backend: '{backend}' was given, expected one of {', '.join(BACKENDS)}.")
    if backend == "auto":
        if device.type == "cpu":
            return "numba" if kernels_run() else "torch"
        return "triton" if device.type == "cuda" and why_no_triton(device) is None else "torch"
    if backend == "numba" and (reason := why_no_kernels()) is not None:
        raise SpatiaError(f"backend 'numba': {reason}; use 'auto' or 'torch'.")
    if backend == "numba" and device.type != "cpu":
        raise SpatiaError(f"backend 'numba' draws on the CPU, and the points are on {device}; use 'triton' or 'torch'.")
    if backend == "triton" and (reason := why_no_triton(device)) is not None:
        raise SpatiaError(f"backend 'triton': {reason}; use 'auto' or 'torch'.")
    return backend


@cache
def why_no_triton(device: torch.device) -> str | None:
    """Why Triton cannot draw on a device, None where it can: it has started there, and drawn a small scene as the reference does.

    Asked once per device: Triton is only imported where it is used.
    """
    try:
        import triton
    except ImportError:
        return "the triton package is not installed"
    try:
        from .soft_triton import draw_soft_triton, interpreted

        if interpreted():
            return None
        if device.type != "cuda":
            return f"it draws on a GPU, and the points are on {device} (Triton's interpreter, TRITON_INTERPRET=1, would take them)"
        # The driver is started here, before any drawing: it needs a compiler for C, and there Triton fails where it is missing.
        triton.runtime.driver.active.get_current_target()
        logging.info(
            "Spatia draws on %s with Triton; it compiles the kernels that its cache does not hold yet, once.", device
        )
        if (off := disagreement(draw_soft_triton, device)) is not None:
            logging.warning("Spatia: %s.", off)
            return off
    except Exception as error:  # whatever a broken installation raises: the reason is handed on, by 'auto' into the log
        reason = f"Triton cannot start here ({type(error).__name__}: {error})"
        logging.warning("Spatia: %s.", reason)
        return reason
    return None


def _draw_numba(
    draw_soft: Callable[..., None],
    blocks: PointBlocks,
    colors: np.ndarray,
    cameras: Cameras,
    view: int,
    height: int,
    width: int,
    radius_px: float,
    points_per_pixel: int,
    release_geometry: bool,
) -> tuple[Tensor, Tensor]:
    image, coverage = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
    draw_soft(
        blocks.points,
        blocks.order,
        blocks.start,
        blocks.low,
        blocks.high,
        colors,
        cameras.w2c[view, :3].cpu().numpy(),
        lens(cameras, view, height, width, release_geometry),
        height,
        width,
        radius_px,
        points_per_pixel,
        image,
        coverage,
    )
    return torch.from_numpy(image), torch.from_numpy(coverage)


def _draw_torch(
    placed: tuple[Tensor, Tensor, Tensor],
    colors: Tensor,
    height: int,
    width: int,
    radius_px: float,
    points_per_pixel: int,
) -> tuple[Tensor, Tensor]:
    u, v, z = placed
    near = (z > 0) & (u > -radius_px) & (u < width + radius_px) & (v > -radius_px) & (v < height + radius_px)
    point = near.nonzero().squeeze(1)
    point = point[torch.argsort(v[point])]
    u, v, z, palette = u[point], v[point], z[point], colors[point].float()
    reach = math.ceil(radius_px + 0.5) - 1
    # Bands of rows bound the memory: their points are neighbours once sorted by v.
    rows_per_band = max(1, height * _FRAGMENTS_PER_BAND // max(1, len(point) * (2 * reach + 1) ** 2))
    images, alphas = [], []
    for top in range(0, height, rows_per_band):
        bottom = min(height, top + rows_per_band)
        edges = torch.tensor([top - radius_px, bottom + radius_px], dtype=v.dtype, device=v.device)
        first, last = torch.searchsorted(v, edges).tolist()
        # Front to back in float32, as the release compares, and by index where depths are equal.
        band = first + torch.argsort(point[first:last])
        band = band[torch.argsort(z[band].float(), stable=True)]
        image, alpha = _composite_band(
            u[band], v[band], palette[band], top, bottom, width, radius_px, points_per_pixel, reach
        )
        images.append(image)
        alphas.append(alpha)
    return _truncate(torch.cat(images)), _truncate(torch.cat(alphas) * 255)


def _composite_band(
    u: Tensor,
    v: Tensor,
    palette: Tensor,
    top: int,
    bottom: int,
    width: int,
    radius_px: float,
    points_per_pixel: int,
    reach: int,
) -> tuple[Tensor, Tensor]:
    """Image (rows, W, 3) in [0, 255] and alpha (rows, W) of the rows top..bottom-1; points come front to back."""
    steps = torch.arange(-reach, reach + 1, device=u.device)
    if bottom - top < len(steps):  # a band lower than the discs: only its own rows
        rows = torch.arange(top, bottom, device=u.device)[None, :, None].expand(len(v), -1, 1)
    else:
        rows = v.floor().long()[:, None, None] + steps[None, :, None]
    if len(v) * rows.shape[1] * len(steps) > _MOST_FRAGMENTS:
        raise SpatiaError(
            f"{len(v)} points of {2 * radius_px:.0f} pixels across meet in {bottom - top} row(s) of the picture, more than the plain "
            "renderer can hold; decrease radius, or increase voxel_size."
        )
    columns = u.floor().long()[:, None, None] + steps[None, None, :]
    distance_squared = (columns + 0.5 - u[:, None, None]) ** 2 + (rows + 0.5 - v[:, None, None]) ** 2
    inside = (distance_squared < radius_px**2) & (rows >= top) & (rows < bottom) & (columns >= 0) & (columns < width)
    fragment = inside.flatten().nonzero().squeeze(1)
    # Fragments come front to back; sorted by pixel, a pixel's n-th fragment is its n-th nearest point.
    pixel, order = torch.sort(((rows - top) * width + columns).flatten().index_select(0, fragment), stable=True)
    fragment = fragment.index_select(0, order)
    size = (bottom - top) * width
    count = torch.bincount(pixel, minlength=size)
    layer = torch.arange(len(pixel), device=u.device) - (count.cumsum(0) - count).index_select(0, pixel)
    image = torch.zeros(size, 3, device=u.device)
    alpha = torch.zeros(size, device=u.device)
    for k in range(points_per_pixel):
        here = (layer == k).nonzero().squeeze(1)
        at, which = pixel[here], fragment[here]
        opacity = (1 - distance_squared.flatten()[which] / radius_px**2).float()
        weight = (1 - alpha[at]) * opacity
        image[at] += weight[:, None] * palette[which // (rows.shape[1] * len(steps))]
        alpha[at] += weight
    return image.view(bottom - top, width, 3), alpha.view(bottom - top, width)


def _truncate(values: Tensor) -> Tensor:
    # The release truncates; the small term keeps an exact grey level from falling to the one below.
    return (values + 1e-4).clamp(0, 255).to(torch.uint8)


def disagreement(draw: Callable[..., Iterable[Tensor]], device: torch.device) -> str | None:
    """How a path of `draw_soft_triton`'s signature differs from the reference on a small scene, None where it does not.

    Pictures of the same points may differ by one step of 8 bits in a thousandth of their values: sums round otherwise.
    """
    generator = torch.Generator().manual_seed(0)
    positions = torch.rand(600, 3, generator=generator) * torch.tensor([2.0, 1.5, 2.0]) - torch.tensor(
        [1.0, 0.75, -1.0]
    )
    colors = torch.randint(0, 256, (600, 3), generator=generator, dtype=torch.uint8)
    w2c = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    w2c[1, 0, 3] = 0.3
    cameras = make_cameras(w2c, [0.8, 1.0, 0.5, 0.5])
    height, width, radius = 36, 48, 0.15
    reference = render_soft(positions, colors, cameras, height, width, radius=radius, backend="torch")
    lenses = np.array([lens(cameras, view, height, width, False) for view in range(2)])
    drawn = draw(positions.to(device), colors.to(device), cameras.w2c, lenses, height, width, radius * height / 2, 5)
    for name, ours, theirs in zip(SoftRender._fields, drawn, reference, strict=True):
        same = ((ours.cpu().int() - theirs.int()).abs() <= 1).double().mean()
        if not same >= 0.999:
            return f"Triton draws on {device} what the reference does not: {1 - same:.1%} of the values of the {name} differ"
    return None
