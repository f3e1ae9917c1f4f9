"""Filling the place of points that were removed, from what stays round it.

Both ways look from the cameras that saw the removed points: where these were the front, there is now a hole. js/src/edit_fill.mjs
does the same in the page; tests compare the two.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from ..cameras.camera import Cameras, pixel_rays, project
from ..errors import SpatiaError
from ..interrupt import look_for_interrupt
from ..render.visibility import nearest_depth, visible_points
from .point_cloud import NO_VIEW, PointCloud, make_point_cloud
from .voxels import voxel_merge

FILLS = ("plane", "neighbours")
MOST_NEW_POINTS = 2_000_000
_MOST_CAMERAS = 3  # that a hole is looked at from
_FOOTPRINT = 4  # pixels of a point's square, at most: see visibility.py
_MOST_PLANES = 6
_SAMPLE, _GUESSES = 20_000, 300  # points that planes are looked for among, and places where one is tried
_BORDER = 3  # pixels, of a hole's outline
_ROUNDS = 8  # of smoothing, at every size of a grid


class Filled(NamedTuple):
    """The new points, and how many planes they lie on (0 for neighbours)."""

    cloud: PointCloud
    planes: int


def fill_removed(
    kept: PointCloud,
    removed: PointCloud,
    how: str,
    *,
    cameras: Cameras | None,
    size: tuple[int, int],
    voxel_size: float,
) -> Filled:
    """New points where `removed` was, made of `kept`; they come from no frame of the video.

    plane: the planes round the place go on behind and under what was removed. neighbours: depth and colour of the hole are
    interpolated from its rim, in the image of each camera that saw it. size: height and width of the cameras' images.
    Raises SpatiaError where too little stays round the place, or too many points would be made.
    """
    if not removed.size:
        return Filled(removed, 0)
    old, gone = (cloud.positions.detach().cpu().to(torch.float64).numpy() for cloud in (kept, removed))
    low, high = gone.min(0), gone.max(0)
    # Of a scene without voxels, the spacing of points that fill the faces of their box about once.
    spacing = voxel_size or float(np.linalg.norm(high - low)) / np.sqrt(len(gone)) / 1.6 or 1e-3
    views = [] if cameras is None else _choose_cameras(removed.view.cpu().numpy(), gone, cameras)
    if how == "plane":
        colors = kept.colors.cpu().numpy().astype(np.float64)
        holes = [hole for view in views if (hole := _hole(old, gone, view, size, spacing)) is not None]
        points, shades, planes = _fill_planes(old, colors, gone, holes, spacing)
    else:
        points, shades = _fill_neighbours(kept, gone, views, size, spacing)
        planes = 0
    new = make_point_cloud(torch.from_numpy(points), torch.from_numpy(shades), view=NO_VIEW)
    device = kept.positions.device
    return Filled(PointCloud(*(field.to(device) for field in new)), planes)


# --- the hole, as a camera sees it ---


class _Hole(NamedTuple):
    """An image in which the removed points were the front somewhere."""

    camera: Cameras  # (1)
    width: int
    height: int
    front: np.ndarray  # (H, W) depth of what was removed, 0 where it was not the front
    back: np.ndarray  # (H, W) depth of what stays, 0 where nothing does
    window: tuple[int, int, int, int]  # left, top, right, bottom: the hole and what lies round it


def _choose_cameras(views: np.ndarray, gone: np.ndarray, cameras: Cameras) -> list[Cameras]:
    """The frames most of the removed points came from; of points from no frame, the one whose image holds most of them."""
    views = views[(views >= 0) & (views < cameras.count)]
    if len(views):
        counts = np.bincount(views)
        order = np.argsort(-counts, kind="stable")[:_MOST_CAMERAS]
        return [cameras.select([int(k)]) for k in order if 10 * counts[k] >= counts[order[0]]]
    sample = torch.from_numpy(gone[:: max(1, len(gone) // _SAMPLE)])
    best: list[Cameras] = []
    most = 0
    for k in range(0, cameras.count, max(1, cameras.count // 32)):
        look_for_interrupt()
        uv, z = project(sample, cameras.w2c[k], cameras.K(1, 1)[k])
        count = int(((z > 0) & (uv >= 0).all(1) & (uv < 1).all(1)).sum())
        if count > most:
            best, most = [cameras.select([k])], count
    return best


def _hole(old: np.ndarray, gone: np.ndarray, camera: Cameras, size: tuple[int, int], spacing: float) -> _Hole | None:
    """The hole in one camera's image, None where the removed points are nowhere the front."""
    look_for_interrupt()
    height, width = _image_size(gone, camera, size, spacing)
    front = nearest_depth(torch.from_numpy(gone).float(), camera, height, width, voxel_size=spacing)[0].numpy()
    rows, columns = np.nonzero(front)
    if not len(rows):
        return None
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    aside, above = (max(12, (span + 1) // 2) for span in (int(right - left), int(bottom - top)))
    left, top = max(0, int(left) - aside), max(0, int(top) - above)
    right, bottom = min(width, int(right) + aside), min(height, int(bottom) + above)
    near = _inside(old, camera, height, width, (left, top, right, bottom), _FOOTPRINT + 2)[0]
    back = nearest_depth(torch.from_numpy(old[near]).float(), camera, height, width, voxel_size=spacing)[0].numpy()
    front = np.where((back == 0) | (front < back), front, 0)
    return _Hole(camera, width, height, front, back, (left, top, right, bottom)) if front.any() else None


def _image_size(gone: np.ndarray, camera: Cameras, size: tuple[int, int], spacing: float) -> tuple[int, int]:
    """So coarse that the points, each as large as its voxel, leave no holes between them."""
    _, depths = project(torch.from_numpy(gone), camera.w2c[0], camera.K(1, 1)[0])
    z = np.sort(depths[depths > 0].numpy())
    height, width = size
    if not len(z):
        return height, width
    near = float(z[int(0.02 * len(z))])
    focal = max(float(camera.intrinsics[0, 0]) * width, float(camera.intrinsics[0, 1]) * height)
    share = min(1.0, max(_FOOTPRINT * near / (0.87 * spacing * focal), 64 / max(height, width)))
    return max(1, int(height * share)), max(1, int(width * share))


def _inside(
    points: np.ndarray, camera: Cameras, height: int, width: int, window: tuple[int, int, int, int], margin: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Indices of the points (P, 3) that a camera sees in a window of its image, their columns, rows and depths."""
    uv, z = (x.numpy() for x in project(torch.from_numpy(points), camera.w2c[0], camera.K(height, width)[0]))
    left, top, right, bottom = window
    with np.errstate(invalid="ignore"):
        inside = (z > 0) & (uv[:, 0] >= left - margin) & (uv[:, 0] < right + margin)
        inside &= (uv[:, 1] >= top - margin) & (uv[:, 1] < bottom + margin)
    index = np.nonzero(inside)[0]
    column, row = np.floor(uv[index]).astype(np.int64).T
    return index, column, row, z[index]


def _border(hole: _Hole) -> np.ndarray:
    """(H, W) bool: pixels of the hole at its outline. What is seen there carries something of the removed thing's colour."""
    inner = hole.front > 0
    for _ in range(_BORDER):
        for axis in (0, 1):
            first, last = (np.take(inner, [k], axis) for k in (0, -1))
            padded = np.concatenate([first, inner, last], axis)
            size = inner.shape[axis]
            inner = padded.take(range(size), axis) & inner & padded.take(range(2, size + 2), axis)
    return (hole.front > 0) & ~inner


# --- smooth filling of a grid ---


def spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values (H, W, C) where known (H, W) holds, carried smoothly into the other cells."""
    height, width = known.shape
    if known.all() or height * width == 1:
        return values
    high, wide = (height + 1) // 2, (width + 1) // 2
    total, count = np.zeros((high, wide, values.shape[2])), np.zeros((high, wide))
    for y in (0, 1):
        for x in (0, 1):
            part = known[y::2, x::2]
            total[: part.shape[0], : part.shape[1]] += np.where(part[..., None], values[y::2, x::2], 0)
            count[: part.shape[0], : part.shape[1]] += part
    coarse = spread(total / np.maximum(count, 1)[..., None], count > 0)
    filled = _twice(_twice(coarse, height, 0), width, 1)
    filled[known] = values[known]
    rows, columns = np.nonzero(~known)
    above, below = np.maximum(rows - 1, 0), np.minimum(rows + 1, height - 1)
    before, after = np.maximum(columns - 1, 0), np.minimum(columns + 1, width - 1)
    for _ in range(_ROUNDS):
        mean = (filled[above, columns] + filled[below, columns] + filled[rows, before] + filled[rows, after]) / 4
        filled[rows, columns] = mean
    return filled


def _twice(coarse: np.ndarray, size: int, axis: int) -> np.ndarray:
    """A grid with twice as many cells along an axis, `size` of them, linear between the centres."""
    cell = np.arange(size) // 2
    beside = np.clip(cell + np.where(np.arange(size) % 2, 1, -1), 0, coarse.shape[axis] - 1)
    return 0.75 * coarse.take(cell, axis) + 0.25 * coarse.take(beside, axis)


# --- planes ---


class _Plane(NamedTuple):
    """A plane through `middle`, with axes u and v in it, and the outline of the points that made it."""

    middle: np.ndarray
    normal: np.ndarray
    u: np.ndarray
    v: np.ndarray
    outline: np.ndarray  # (V, 2) convex, counter-clockwise, along u and v
    ends: tuple[
        tuple[np.ndarray, np.ndarray], ...
    ] = ()  # planes it ends at, as a floor at its wall: a point, the way to this side


def _fill_planes(
    old: np.ndarray, colors: np.ndarray, gone: np.ndarray, holes: list[_Hole], spacing: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Points (N, 3), their colours (N, 3) uint8, and the number of planes that they lie on."""
    near = _surroundings(old, gone, holes, spacing)
    if len(near) < 12:
        raise SpatiaError(
            f"Only {len(near)} points stay round the removed place, too few to fit a plane; select less, or leave fill out."
        )
    around, shades = old[near], colors[near]
    tolerance = max(2 * spacing, 0.01 * _distance(gone, holes))
    planes = _find_planes(around, tolerance, spacing)
    if not planes:
        raise SpatiaError('No plane lies round the removed place; set fill to "neighbours", or leave it out.')
    offsets = np.stack([(around - plane.middle) @ plane.normal for plane in planes], 1)
    owner = np.abs(offsets).argmin(1)
    for hole in holes:
        index, column, row, _ = _inside(around, hole.camera, hole.height, hole.width, (0, 0, hole.width, hole.height))
        owner[index[_border(hole)[row, column]]] = -1
    owned = [(owner == k) & (np.abs(offsets[:, k]) <= tolerance) for k in range(len(planes))]
    planes = [
        plane._replace(ends=_ends(offsets[own], planes, k, tolerance))
        for k, (plane, own) in enumerate(zip(planes, owned))
    ]
    points, made, used = [np.zeros((0, 3))], [np.zeros((0, 3))], 0
    for k in range(len(planes)):
        look_for_interrupt()
        near_plane = np.abs(offsets[:, k]) <= 2 * tolerance
        found = _continue_plane(
            k, planes, around, shades, offsets[:, k], owned[k], near_plane, gone, holes, tolerance, spacing
        )
        _refuse_many(sum(map(len, points)) + len(found[0]))
        points.append(found[0])
        made.append(found[1])
        used += bool(len(found[0]))
    return np.concatenate(points), np.concatenate(made).round().clip(0, 255).astype(np.uint8), used


def _surroundings(old: np.ndarray, gone: np.ndarray, holes: list[_Hole], spacing: float) -> np.ndarray:
    """Indices of the points that stay near the removed ones, or are seen round the hole."""
    low, high = gone.min(0), gone.max(0)
    margin = max(0.5 * float(np.linalg.norm(high - low)), 8 * spacing)
    chosen = ((old >= low - margin) & (old <= high + margin)).all(1)
    for hole in holes:
        index, column, row, z = _inside(old, hole.camera, hole.height, hole.width, hole.window)
        back = hole.back[row, column].astype(np.float64)
        chosen[index[z <= 1.02 * back + 3 * spacing]] = True
    return np.nonzero(chosen)[0]


def _distance(gone: np.ndarray, holes: list[_Hole]) -> float:
    """Of the removed points' middle from the nearest camera, 0 without one."""
    middle = (gone.min(0) + gone.max(0)) / 2
    eyes = [torch.linalg.inv(hole.camera.w2c[0])[:3, 3].numpy() for hole in holes]
    return min((float(np.linalg.norm(middle - eye)) for eye in eyes), default=0.0)


def _find_planes(around: np.ndarray, tolerance: float, spacing: float) -> list[_Plane]:
    """The planes that most points lie on, the largest first. A plane is guessed in every cell whose points are flat."""
    points = around[:: max(1, len(around) // _SAMPLE)]
    guesses = _flat_cells(points, max(6 * spacing, 2 * tolerance), tolerance)
    least = max(12, len(points) // 25)
    left = np.ones(len(points), bool)
    planes: list[_Plane] = []
    for _ in range(4 * _MOST_PLANES):
        look_for_interrupt()
        if not guesses or len(planes) == _MOST_PLANES:
            break
        rest = points[left]
        counts = [int((np.abs((rest - middle) @ normal) <= tolerance).sum()) for middle, normal in guesses]
        best = int(np.argmax(counts))
        if counts[best] < least:
            break
        middle, normal = guesses.pop(best)
        for _ in range(2):
            middle, normal, _ = _fit(rest[np.abs((rest - middle) @ normal) <= tolerance])
        far = np.abs((points - middle) @ normal)
        inliers = left & (far <= tolerance)
        # A slab of a cloud that fills space is no plane: as much lies beside it.
        beside = left & (far <= 3 * tolerance)
        left &= ~(far <= 1.5 * tolerance)
        again = any(
            abs(normal @ plane.normal) > 0.966 and abs((middle - plane.middle) @ plane.normal) <= 4 * tolerance
            for plane in planes
        )
        if inliers.sum() >= max(least, 0.6 * beside.sum()) and not again:
            planes.append(_plane(middle, normal, points[inliers]))
    return planes


def _flat_cells(points: np.ndarray, edge: float, tolerance: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Middle and normal of the points in every cube of this edge that holds a flat piece of a surface."""
    cells, cell_of = np.unique(np.floor(points / edge), axis=0, return_inverse=True)
    cell_of = cell_of.ravel()
    order = np.argsort(cell_of, kind="stable")
    bounds = np.searchsorted(cell_of[order], np.arange(len(cells) + 1))
    flat = []
    for first, last in pairwise(bounds):
        if last - first < 8:
            continue
        middle, normal, (least, second) = _fit(points[order[first:last]])
        if least <= (tolerance / 2) ** 2 and second >= (0.1 * edge) ** 2:
            flat.append((middle, normal))
    return flat[:: -(-len(flat) // _GUESSES) or 1]


def _fit(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """The least-squares plane of points (N, 3): their middle, its normal, and the two smaller mean squares across them."""
    middle = points.mean(0)
    squares, axes = np.linalg.eigh((points - middle).T @ (points - middle) / len(points))
    normal = axes[:, 0]
    # One of the two signs: the largest part is positive.
    return middle, normal * (1 if normal[np.abs(normal).argmax()] > 0 else -1), (squares[0], squares[1])


def _plane(middle: np.ndarray, normal: np.ndarray, inliers: np.ndarray) -> _Plane:
    # Not the smallest part, which noise would choose where two are 0.
    axis = np.eye(3)[int(np.argmax(np.abs(normal) < 0.6))]
    u = np.cross(normal, axis)
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    flat = (inliers - middle) @ np.stack([u, v], 1)
    return _Plane(middle, normal, u, v, _convex(flat))


def _convex(points: np.ndarray) -> np.ndarray:
    """Corners (V, 2) of the convex hull of points (N, 2), counter-clockwise."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))].tolist()
    halves = []
    for way in (ordered, ordered[::-1]):
        half: list[list[float]] = []
        for x, y in way:
            while len(half) > 1:
                (x0, y0), (x1, y1) = half[-2:]
                if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0:
                    break
                half.pop()
            half.append([x, y])
        halves += half[:-1]
    return np.array(halves)


def _within(outline: np.ndarray, flat: np.ndarray, margin: float) -> np.ndarray:
    """Which places (N, 2) of a plane lie inside its outline, or at most `margin` beyond one of its edges."""
    inside = np.ones(len(flat), bool)
    for start, end in zip(outline, np.roll(outline, -1, 0)):
        along = (end - start) / max(float(np.hypot(*(end - start))), 1e-12)
        inside &= along[0] * (flat[:, 1] - start[1]) - along[1] * (flat[:, 0] - start[0]) >= -margin
    return inside


def _continue_plane(
    k: int,
    planes: list[_Plane],
    around: np.ndarray,
    shades: np.ndarray,
    offset: np.ndarray,
    own: np.ndarray,
    near_plane: np.ndarray,
    gone: np.ndarray,
    holes: list[_Hole],
    tolerance: float,
    spacing: float,
) -> tuple[np.ndarray, np.ndarray]:
    """New points on one plane, and their colours: in the shadow and under the removed points, where the plane is empty."""
    plane = planes[k]
    axes = np.stack([plane.u, plane.v], 1)
    flat = (around - plane.middle) @ axes
    beyond = _beyond(gone, spacing)
    low = np.floor((plane.outline.min(0) - beyond) / spacing)
    wide, high = (np.floor((plane.outline.max(0) + beyond) / spacing) - low + 1).astype(np.int64)
    _refuse_many(int(wide) * int(high) // 4)
    cell = np.floor(flat / spacing).astype(np.int64) - low.astype(np.int64)
    on_grid = (cell >= 0).all(1) & (cell[:, 0] < wide) & (cell[:, 1] < high)
    number = cell[:, 1] * wide + cell[:, 0]
    taken = np.zeros(wide * high, bool)
    taken[number[near_plane & on_grid]] = True
    rows, columns = np.divmod(np.nonzero(~taken)[0], wide)
    nodes = (np.stack([columns, rows], 1) + low + 0.5) * spacing
    wanted = _within(plane.outline, nodes, beyond)
    world = plane.middle + nodes @ axes.T
    wanted &= _on_this_side(world, plane, tolerance)
    covered = _footprint(plane, gone, low, wide, high, tolerance, spacing)[rows, columns]
    covered &= _within(plane.outline, nodes, 4 * spacing)
    for hole in holes:
        covered |= _shadowed(world, k, planes, hole, tolerance, (4 * spacing, beyond))
    wanted &= covered
    if not wanted.any() or not own.any():
        return np.zeros((0, 3)), np.zeros((0, 3))
    # The plane's own points, and how far each lies off it: what is new joins them without a step.
    held = own & on_grid
    count = np.bincount(number[held], minlength=wide * high)
    sums = np.stack([np.bincount(number[held], weights, wide * high) for weights in (*shades[held].T, offset[held])], 1)
    values = (sums / np.maximum(count, 1)[:, None]).reshape(high, wide, 4)
    filled = spread(values, (count > 0).reshape(high, wide))[rows[wanted], columns[wanted]]
    return world[wanted] + filled[:, 3:] * plane.normal, filled[:, :3]


def _beyond(gone: np.ndarray, spacing: float) -> float:
    """How far planes go on beyond the outline of their points: a hole at the image's edge has points on one side only."""
    return max(4 * spacing, 0.5 * float(np.linalg.norm(gone.max(0) - gone.min(0))))


def _ends(
    offsets: np.ndarray, planes: list[_Plane], k: int, tolerance: float
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """The planes that plane k ends at. offsets: (N, planes), of its own points from each."""
    ends = []
    for j, other in enumerate(planes):
        for sign in (1, -1):
            if j != k and len(offsets) and (sign * offsets[:, j] >= -tolerance).mean() >= 0.98:
                ends.append((other.middle, sign * other.normal))
    return tuple(ends)


def _on_this_side(world: np.ndarray, plane: _Plane, tolerance: float) -> np.ndarray:
    """Which places (N, 3) do not lie beyond a plane that this one ends at."""
    inside = np.ones(len(world), bool)
    for middle, way in plane.ends:
        inside &= (world - middle) @ way >= -0.5 * tolerance
    return inside


def _footprint(
    plane: _Plane, gone: np.ndarray, low: np.ndarray, wide: int, high: int, tolerance: float, spacing: float
) -> np.ndarray:
    """(high, wide) bool: cells of the plane's grid that the removed points stood on, or beside; none where they do not touch it."""
    under = np.zeros((high + 2, wide + 2), bool)
    away = (gone - plane.middle) @ plane.normal
    if np.abs(away).min() <= 1.5 * tolerance:
        cell = np.floor((gone - plane.middle) @ np.stack([plane.u, plane.v], 1) / spacing - low).astype(np.int64)
        cell = cell[(cell >= 0).all(1) & (cell[:, 0] < wide) & (cell[:, 1] < high)]
        for y in range(3):
            for x in range(3):
                under[cell[:, 1] + y, cell[:, 0] + x] = True
    return under[1:-1, 1:-1]


def _shadowed(
    world: np.ndarray, k: int, planes: list[_Plane], hole: _Hole, tolerance: float, margins: tuple[float, float]
) -> np.ndarray:
    """Which places of plane k the removed points hid from this camera, and no other plane hides now.

    margins: so far beyond its outline a plane is as good as inside, and so far it goes on where nothing else is.
    """
    index, column, row, z = _inside(world, hole.camera, hole.height, hole.width, (0, 0, hole.width, hole.height))
    front = hole.front[row, column].astype(np.float64)
    seen = (front > 0) & (z >= front - 2 * tolerance)
    index, z, front = index[seen], z[seen], front[seen]
    eye = torch.linalg.inv(hole.camera.w2c[0])[:3, 3].numpy()
    way = world[index] - eye
    plane = planes[k]
    outside = ~_within(plane.outline, (world[index] - plane.middle) @ np.stack([plane.u, plane.v], 1), margins[0])
    free = np.ones(len(index), bool)
    for j, other in enumerate(planes):
        if j == k:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            share = ((other.middle - eye) @ other.normal) / (way @ other.normal)
            behind = (share > 0) & (share * z >= front - 2 * tolerance)
            before = behind & (share * z < z - 2 * tolerance)
        at = np.nonzero(before | (behind & outside))[0]
        there = eye + share[at, None] * way[at]
        flat = (there - other.middle) @ np.stack([other.u, other.v], 1)
        free[at[_within(other.outline, flat, 0.0)]] = False
        # Of two that could go on here, what lies farther: a wall, and not the cupboard before it.
        farther = outside[at] & (share[at] > 1) & _on_this_side(there, other, tolerance)
        free[at[farther & _within(other.outline, flat, margins[1])]] = False
    shadowed = np.zeros(len(world), bool)
    shadowed[index[free]] = True
    return shadowed


# --- neighbours ---


def _fill_neighbours(
    kept: PointCloud, gone: np.ndarray, cameras: list[Cameras], size: tuple[int, int], spacing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and colours (N, 3) uint8, one camera's hole after the other."""
    if not cameras:
        raise SpatiaError(
            'No camera of the memory sees the removed points, so no hole of theirs has a rim; set fill to "plane", or leave it out.'
        )
    points = kept.positions.detach().cpu().to(torch.float64).numpy()
    colors = kept.colors.cpu().numpy().astype(np.float64)
    made = 0
    for camera in cameras:
        hole = _hole(points, gone, camera, size, spacing)
        if hole is None:
            continue
        new, shades = _fill_hole(points, colors, hole, spacing)
        points, colors = np.concatenate([points, new]), np.concatenate([colors, shades])
        made += len(new)
        _refuse_many(made)
    first = len(points) - made
    return points[first:], colors[first:].astype(np.uint8)


def _fill_hole(points: np.ndarray, colors: np.ndarray, hole: _Hole, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """One point per pixel of the hole behind which nothing stays, merged by voxel."""
    left, top, right, bottom = hole.window
    front = hole.front[top:bottom, left:right]
    values, known, seen = _seen(points, colors, hole, spacing)
    empty = (front > 0) & ~known
    if not empty.any():
        return np.zeros((0, 3)), np.zeros((0, 3))
    # What stands before the removed points must not run into the hole, nor what is left of their colour at its outline.
    removed = spread(front[..., None].astype(np.float64), front > 0)[..., 0]
    with np.errstate(divide="ignore"):
        known &= 1 / values[..., 0] >= 0.95 * removed - 2 * spacing
    known &= ~_border(hole)[top:bottom, left:right]
    if known.sum() < 8:
        raise SpatiaError(
            f'Only {int(known.sum())} pixels are seen round the hole of the removed points, too few to fill it; set fill to "plane", or leave it out.'
        )
    filled = spread(values, known)[empty]
    rows, columns = np.nonzero(empty)
    along, down, eye = (
        part.numpy()
        for part in pixel_rays(
            hole.camera.K(hole.height, hole.width)[0], torch.linalg.inv(hole.camera.w2c[0]), hole.height, hole.width
        )
    )
    z = np.maximum(1 / filled[:, 0], front[rows, columns])
    new = ((along[:, columns + left] + down[:, rows + top]) * z + eye[:, None]).T
    merged = voxel_merge(
        make_point_cloud(torch.from_numpy(new), torch.from_numpy(filled[:, 1:].round().clip(0, 255).astype(np.uint8))),
        spacing,
        aligned=True,
    )
    new = merged.positions.to(torch.float64).numpy()
    taken = {tuple(cell) for cell in np.floor(seen / spacing).tolist()}
    fresh = np.array([tuple(cell) not in taken for cell in np.floor(new / spacing).tolist()], bool)
    return new[fresh], merged.colors.numpy()[fresh].astype(np.float64)


def _seen(
    points: np.ndarray, colors: np.ndarray, hole: _Hole, spacing: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every pixel of the hole's window, 1 / depth and the colour of what the camera sees there: (H, W, 4), where: (H, W), and
    the points that it sees: (P, 3).
    """
    left, top, right, bottom = hole.window
    near = _inside(points, hole.camera, hole.height, hole.width, hole.window, _FOOTPRINT + 2)[0]
    flags = visible_points(
        torch.from_numpy(points[near]).float(), hole.camera, hole.height, hole.width, mode="precise", voxel_size=spacing
    )[0]
    near = near[flags.numpy()]
    index, column, row, z = _inside(points[near], hole.camera, hole.height, hole.width, hole.window)
    wide, high = right - left, bottom - top
    pixel = (row - top) * wide + column - left
    count = np.bincount(pixel, minlength=wide * high)
    sums = np.stack([np.bincount(pixel, w, wide * high) for w in (1 / z, *colors[near[index]].T)], 1)
    values = (sums / np.maximum(count, 1)[:, None]).reshape(high, wide, 4)
    return values, (count > 0).reshape(high, wide), points[near]


def _refuse_many(count: int) -> None:
    if count > MOST_NEW_POINTS:
        raise SpatiaError(
            f"Filling would make {count} points or more, expected at most {MOST_NEW_POINTS}; select less, or leave fill out."
        )
