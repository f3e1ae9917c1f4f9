"""GPU path of the soft projection: discs binned into tiles, one Triton program per tile that composites front to back.

`soft.py` holds the plain torch reference that this must agree with. Checked by Triton's interpreter on a CPU;
its speed on a GPU was not measured yet.
"""

from __future__ import annotations

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

_TILE = 16  # pixels each way
_BLOCK = 256  # points, or points of views, that one program takes
_AHEAD = 8  # entries of a tile between two looks at whether all its pixels are complete
_POINTS_AT_ONCE = 1 << 23  # points times views of one pass
_ENTRIES_AT_ONCE = 1 << 24  # entries of tiles that are sorted together


def draw_soft_triton(
    positions: Tensor,
    colors: Tensor,
    w2c: Tensor,
    lenses: np.ndarray,
    height: int,
    width: int,
    radius: float,
    points_per_pixel: int,
) -> tuple[Tensor, Tensor]:
    """Composite the nearest `points_per_pixel` discs over every pixel of N views.

    positions: (P, 3) scene units. colors: (P, 3) uint8. w2c: (N, 4, 4) float64. lenses: (N, 4) float64, fu, bu, fv, bv
    of each view with u = fu * x / z + bu in pixels. radius: pixels.
    Returns image (N, H, W, 3) uint8 and coverage (N, H, W) uint8 on the points' device.
    """
    device = positions.device
    views, points = w2c.shape[0], positions.shape[0]
    image = torch.zeros(views, height, width, 3, dtype=torch.uint8, device=device)
    coverage = torch.zeros(views, height, width, dtype=torch.uint8, device=device)
    if not points:
        return image, coverage
    positions, colors = positions.contiguous(), colors.contiguous()
    size = torch.full((views, 1), radius, dtype=torch.float64)
    cameras = torch.cat([w2c[:, :3].reshape(views, 12).cpu(), torch.from_numpy(lenses), size], 1).to(device)
    at_once = max(1, _POINTS_AT_ONCE // points)
    # Triton launches on the current device, which need not be the points'; on the CPU this changes nothing.
    with torch.cuda.device_of(positions):
        for first in range(0, views, at_once):
            part = slice(first, first + at_once)
            _draw(positions, colors, cameras[part], radius, points_per_pixel, image[part], coverage[part])
    return image, coverage


def interpreted() -> bool:
    """Whether Triton's interpreter runs the kernels, on any device: TRITON_INTERPRET=1 when this was imported."""
    return not isinstance(_composite, triton.JITFunction)


def _draw(positions, colors, cameras, radius, points_per_pixel, image, coverage):
    """Fill image (V, H, W, 3) and coverage (V, H, W), all zero before. cameras: (V, 17) float64, see `_project`."""
    views, height, width = coverage.shape
    points, device = positions.shape[0], positions.device
    depth = torch.empty(views, points, dtype=torch.float32, device=device)
    _cull[triton.cdiv(points, _BLOCK), views](positions, cameras, depth, points, height, width, BLOCK=_BLOCK)
    depth = depth.view(-1)
    pair = (depth >= 0).nonzero().squeeze(1)
    # Front to back in float32; stable, as pairs of equal depth come by view and index in the cloud.
    pair = pair[torch.sort(depth[pair], stable=True)[1]]
    count = len(pair)
    if not count:
        return
    cell, tiles = (torch.empty(count, n, dtype=torch.int32, device=device) for n in (2, 4))
    rest, palette = (
        torch.empty(count, 2, dtype=torch.float32, device=device),
        torch.empty(count, dtype=torch.int32, device=device),
    )
    groups = triton.cdiv(count, _BLOCK)
    _place[(groups,)](
        positions,
        colors,
        cameras,
        pair,
        cell,
        rest,
        palette,
        tiles,
        points,
        count,
        height,
        width,
        TILE=_TILE,
        BLOCK=_BLOCK,
    )
    across, down = triton.cdiv(width, _TILE), triton.cdiv(height, _TILE)
    wide = tiles[:, 1] - tiles[:, 0] + 1
    # Bands of tile rows bound the memory where discs are large.
    bands = triton.cdiv(int((wide * (tiles[:, 3] - tiles[:, 2] + 1)).sum()), _ENTRIES_AT_ONCE)
    band = triton.cdiv(down, max(1, bands))
    for top in range(0, down, band):
        bottom = min(down, top + band)
        high = tiles[:, 3].clamp_max(bottom - 1) - tiles[:, 2].clamp_min(top) + 1
        until = (wide * high.clamp_min(0)).cumsum(0)
        entries, slots = int(until[-1]), views * (bottom - top) * across
        # Two bytes are sorted in half the passes of four.
        tile = torch.empty(entries, dtype=torch.int16 if slots <= 1 << 15 else torch.int32, device=device)
        entry = torch.empty(entries, dtype=torch.int32, device=device)
        _enter[(groups,)](pair, tiles, until, tile, entry, points, count, top, bottom, across, BLOCK=_BLOCK)
        # Stable: the entries of a tile stay front to back.
        tile, order = torch.sort(tile, stable=True)
        entry = entry[order]
        end = torch.searchsorted(tile, torch.arange(slots, dtype=tile.dtype, device=device), right=True)
        _composite[(slots,)](
            end, entry, cell, rest, palette, image, coverage, height, width, top, bottom, across, points_per_pixel,
            radius * radius, 1 / (radius * radius), TILE=_TILE, AHEAD=_AHEAD, num_warps=1,
        )  # fmt: skip


@triton.jit
def _project(positions, camera, point, here):
    """Pixel coordinates u, v and depth z of points, float64. camera: three rows of w2c; fu, bu, fv, bv; the discs' radius."""
    x = tl.load(positions + 3 * point, mask=here, other=0).to(tl.float64)
    y = tl.load(positions + 3 * point + 1, mask=here, other=0).to(tl.float64)
    t = tl.load(positions + 3 * point + 2, mask=here, other=0).to(tl.float64)
    across = tl.load(camera + 0) * x + tl.load(camera + 1) * y + tl.load(camera + 2) * t + tl.load(camera + 3)
    down = tl.load(camera + 4) * x + tl.load(camera + 5) * y + tl.load(camera + 6) * t + tl.load(camera + 7)
    z = tl.load(camera + 8) * x + tl.load(camera + 9) * y + tl.load(camera + 10) * t + tl.load(camera + 11)
    # Points on or behind the camera plane are left out by their depth, whatever lands here.
    safe = tl.where(z > 0, z, 1.0)
    u = tl.load(camera + 12) * across / safe + tl.load(camera + 13)
    v = tl.load(camera + 14) * down / safe + tl.load(camera + 15)
    return u, v, z


# Triton compiles a kernel once more for numbers that are 1 or divide by 16; those named here change from call to call.
@triton.jit(do_not_specialize=["points"])
def _cull(positions, cameras, depth, points, height, width, BLOCK: tl.constexpr):
    """depth (V, P) float32: z of the points whose disc may reach the image, -1 of the others."""
    point = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    view = tl.program_id(1).to(tl.int64)
    here = point < points
    u, v, z = _project(positions, cameras + 17 * view, point, here)
    radius = tl.load(cameras + 17 * view + 16)
    near = (z > 0) & (u > -radius) & (u < width + radius) & (v > -radius) & (v < height + radius)
    tl.store(depth + view * points + point, tl.where(near, z.to(tl.float32), -1.0), mask=here)


@triton.jit(do_not_specialize=["points", "count"])
def _place(
    positions,
    colors,
    cameras,
    pair,
    cell,
    rest,
    palette,
    tiles,
    points,
    count,
    height,
    width,
    TILE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Of each (view, point) pair: its pixel (K, 2), the position in it (K, 2), its colour in one word, and the tiles it reaches.

    A position in float64 is split into whole pixels and a float32 rest: GPUs for pictures are slow at float64.
    tiles (K, 4): first and last column, first and last row; the last before the first where no pixel centre is reached.
    """
    k = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    here = k < count
    which = tl.load(pair + k, mask=here, other=0)
    point, camera = which % points, cameras + 17 * (which // points)
    u, v, _ = _project(positions, camera, point, here)
    radius = tl.load(camera + 16)
    column, row = tl.floor(u), tl.floor(v)
    tl.store(cell + 2 * k, column.to(tl.int32), mask=here)
    tl.store(cell + 2 * k + 1, row.to(tl.int32), mask=here)
    tl.store(rest + 2 * k, (u - column).to(tl.float32), mask=here)
    tl.store(rest + 2 * k + 1, (v - row).to(tl.float32), mask=here)
    red = tl.load(colors + 3 * point, mask=here, other=0).to(tl.int32)
    green = tl.load(colors + 3 * point + 1, mask=here, other=0).to(tl.int32)
    blue = tl.load(colors + 3 * point + 2, mask=here, other=0).to(tl.int32)
    tl.store(palette + k, red | (green << 8) | (blue << 16), mask=here)
    left, right = _reach(u, radius, width, TILE)
    top, bottom = _reach(v, radius, height, TILE)
    tl.store(tiles + 4 * k, left, mask=here)
    tl.store(tiles + 4 * k + 1, right, mask=here)
    tl.store(tiles + 4 * k + 2, top, mask=here)
    tl.store(tiles + 4 * k + 3, bottom, mask=here)


@triton.jit
def _reach(centre, radius, size, TILE: tl.constexpr):
    """First and last tile along one axis that holds a pixel centre within the radius."""
    # `near` in _cull has let no NaN through; what becomes an index is held inside the image all the same.
    low, high = tl.ceil(centre - radius - 0.5), tl.floor(centre + radius - 0.5)
    first = tl.where(low > 0, tl.minimum(low, size), 0.0).to(tl.int32)
    last = tl.where(high > -1, tl.minimum(high, size - 1), -1.0).to(tl.int32)
    return first // TILE, tl.where(last < first, first // TILE - 1, last // TILE)


@triton.jit(do_not_specialize=["points", "count", "top", "bottom"])
def _enter(pair, tiles, until, tile, entry, points, count, top, bottom, across, BLOCK: tl.constexpr):
    """One entry for each tile of rows top..bottom-1 that a pair reaches: the tile's number and the pair's."""
    k = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    here = k < count
    view = (tl.load(pair + k, mask=here, other=0) // points).to(tl.int32)
    left = tl.load(tiles + 4 * k, mask=here, other=0)
    wide = tl.load(tiles + 4 * k + 1, mask=here, other=-1) - left + 1
    first = tl.maximum(tl.load(tiles + 4 * k + 2, mask=here, other=0), top)
    last = tl.minimum(tl.load(tiles + 4 * k + 3, mask=here, other=-1), bottom - 1)
    entries = wide * tl.maximum(last - first + 1, 0)
    begin = tl.load(until + k, mask=here, other=0) - entries
    most = tl.max(entries)
    i = 0
    while i < most:
        take = i < entries
        row, column = first + i // tl.maximum(wide, 1), left + i % tl.maximum(wide, 1)
        number = (view * (bottom - top) + row - top) * across + column
        tl.store(tile + begin + i, number.to(tile.dtype.element_ty), mask=take)
        tl.store(entry + begin + i, k.to(tl.int32), mask=take)
        i += 1


@triton.jit(do_not_specialize=["top", "bottom", "most"])
def _composite(
    end, entry, cell, rest, palette, image, coverage, height, width, top, bottom, across, most, squared, inverse,
    TILE: tl.constexpr, AHEAD: tl.constexpr,
):  # fmt: skip
    """The pixels of one tile: its entries front to back, until every pixel has `most` of them."""
    tile = tl.program_id(0)
    lane = tl.arange(0, TILE * TILE)
    column = tile % across * TILE + lane % TILE
    row = (top + tile // across % (bottom - top)) * TILE + lane // TILE
    inside = (column < width) & (row < height)
    red = tl.zeros([TILE * TILE], tl.float32)
    green = tl.zeros([TILE * TILE], tl.float32)
    blue = tl.zeros([TILE * TILE], tl.float32)
    alpha = tl.zeros([TILE * TILE], tl.float32)
    layers = tl.where(inside, 0, most)
    at = tl.load(end + tile - 1, mask=tile > 0, other=0)
    last = tl.load(end + tile)
    while at < last:
        for step in tl.static_range(AHEAD):
            here = at + step < last
            k = tl.load(entry + at + step, mask=here, other=0).to(tl.int64)
            dx = (column - tl.load(cell + 2 * k)).to(tl.float32) + (0.5 - tl.load(rest + 2 * k))
            dy = (row - tl.load(cell + 2 * k + 1)).to(tl.float32) + (0.5 - tl.load(rest + 2 * k + 1))
            color = tl.load(palette + k)
            distance_squared = dx * dx + dy * dy
            taken = here & (distance_squared < squared) & (layers < most)
            weight = tl.where(taken, (1 - alpha) * (1 - distance_squared * inverse), 0.0)
            red += weight * (color & 255).to(tl.float32)
            green += weight * ((color >> 8) & 255).to(tl.float32)
            blue += weight * (color >> 16).to(tl.float32)
            alpha += weight
            layers += taken.to(tl.int32)
        at = tl.where(tl.min(layers) < most, at + AHEAD, last)
    view = (tile // across // (bottom - top)).to(tl.int64)
    pixel = (view * height + row) * width + column
    _store(image + 3 * pixel, red, inside)
    _store(image + 3 * pixel + 1, green, inside)
    _store(image + 3 * pixel + 2, blue, inside)
    _store(coverage + pixel, alpha * 255, inside)


@triton.jit
def _store(at, value, inside):
    # As `soft._truncate` does it.
    tl.store(at, tl.minimum(value + 1e-4, 255).to(tl.int32).to(tl.uint8), mask=inside)
