"""Editing the scene: edits are data, so that a workflow can keep them.

A list of edits is applied in order; each is an object:

    {"do": "remove",    "select": SELECTION, "fill": "plane" | "neighbours"}      without "fill", the hole is left to the network
    {"do": "recolor",   "select": ..., "color": COLOR, "mode": "solid" | "tint", "strength": 0..1}
    {"do": "transform", "select": ..., "move": [x, y, z], "rotate": [x, y, z], "scale": s | [x, y, z], "pivot": PIVOT}
    {"do": "duplicate", "select": ..., "offset": [x, y, z], "copies": 1}
    {"do": "merge",     "move": ..., "rotate": ..., "scale": ..., "pivot": PIVOT, "file": NAME}      adds the cloud of a file,
                                                               without "file" the connected other cloud; with "register": d
                                                               it is then laid onto the scene (ICP, pairs up to d apart)

Any edit may have "off": true: it stays in the list and does nothing.

A selection is an object, everything by default; "invert": true takes the rest instead, "within": SELECTION looks at those
points alone, as if there were no others (nothing else is taken, hides anything or joins a cluster):

    {"shape": "all"}
    {"shape": "box", "center": [x, y, z], "size": [x, y, z], "rotation": [x, y, z]}
    {"shape": "sphere", "center": [x, y, z], "radius": r}
    {"shape": "color", "color": COLOR, "tolerance": 0..1}      distance in RGB, 1 = black to white
    {"shape": "mask", "frame": -1, "through": false}           the connected mask, seen from that frame's camera
    {"shape": "lasso", "frame": -1, "points": [[u, v], ...], "through": false}   a polygon drawn on that frame, 0..1 of its sides,
                                                               or "camera": CAMERA in place of "frame": drawn on its image
    {"shape": "plane", "point": [x, y, z], "normal": [x, y, z], "distance": d}   at most d away; without normal, the plane
                                                               that fits the points round `point`
    {"shape": "cluster", "at": [x, y, z], "distance": d}       what hangs together with the point nearest to `at`, over gaps
                                                               up to about d
    {"shape": "stroke", "points": [[x, y, z], ...], "radius": r}   at most r away from the line through these points
    {"shape": "frames", "first": 0, "last": 10}                points that came from these frames; -1 is from none
    {"shape": "clip", "clip": 2}                               points that came from that clip; 0 is the given image
    {"shape": "outliers", "neighbours": 20, "deviations": 2}   stray points: farther than usual from their nearest ones
    {"shape": "sparse", "radius": r, "neighbours": 8}          points with fewer others than that at most r away
    {"shape": "dbscan", "distance": d, "neighbours": 10, "at": [x, y, z]}   the cluster (DBSCAN) nearest to `at`; without "at"
                                                               the largest
    {"shape": "ransac_plane", "distance": d}                   at most d from the plane that most points lie so near to
    {"shape": "union" | "intersection", "of": [SELECTION, ...]}
    {"shape": "sequence", "of": [SELECTION, ...]}              all of them, each within what those before it left

Positions are world coordinates (x right, y down, z forward of the first camera), angles degrees about the world's x,
then y, then z axis. COLOR is [r, g, b] in 0..255 or "#rrggbb". PIVOT is [x, y, z] or "center", the middle of the
bounding box of what is moved. CAMERA is {"w2c": 16 numbers by rows, "intrinsics": [fx, fy, cx, cy] in parts of the image's
sides, "size": [width, height] in pixels}; its size only tells the footprint of points apart from holes. "through" also takes points hidden behind the front surface.

outliers, sparse, dbscan, ransac_plane and "register" need Open3D (open3d_bridge.py); the page shows them as what the node does.

Points that no longer look as the video showed them (moved, copied, recoloured, merged in, filled in) lose their view (-1).

Every length, size and coordinate is at most 1e9 scene units, before and after; angles are at most 1e6 degrees.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..cameras.camera import Cameras, make_cameras, project
from ..errors import SpatiaError
from ..inputs import LARGEST_COORDINATE, MOST_POINTS, number, parse_json, shown, whole
from ..interrupt import look_for_interrupt
from ..kernels import kernels_run
from ..render.visibility import visible_points
from .fill import FILLS, fill_removed
from .open3d_bridge import (
    MOST_NEIGHBOURS,
    dbscan_cluster,
    radius_outliers,
    ransac_plane,
    register,
    statistical_outliers,
)
from .point_cloud import NO_VIEW, PointCloud, concat_clouds

_MOST_PIXELS = 1 << 24  # of the image of a lasso's own camera
_FIT_REACH = 10  # a plane without a normal is fitted to the points within so many times its distance
LONGEST_EDITS = 4 << 20  # characters of the edits' text
MOST_EDITS = 1000
_MOST_SELECTIONS, _MOST_CORNERS = (
    1000,
    100_000,
)  # of all edits together; and points of strokes; a lasso drawn by hand has hundreds
_DEEPEST = 32  # lists and objects inside each other, as in the text that edits are read from
_LARGEST_ANGLE = 1e6  # degrees
_LARGEST_INDEX = 2**31 - 1  # of frames and clips, as clouds hold them


class Edited(NamedTuple):
    """The edited cloud, one line per edit saying what it did, and to how many points (0 for an edit that is off)."""

    cloud: PointCloud
    report: tuple[str, ...]
    counts: tuple[int, ...]


class Scene(NamedTuple):
    """What edits may refer to besides the cloud."""

    cameras: Cameras | None = None  # of the memory's frames
    mask: Tensor | None = None  # (H, W) bool, at any resolution of the camera's image
    voxel_size: float = 0.0  # scene units: the tolerance of what counts as the front surface
    other: PointCloud | None = None  # the cloud that "merge" adds
    files: Mapping[str, PointCloud] = MappingProxyType({})  # those that "merge" names; see named_files
    size: tuple[int, int] = (720, 1280)  # height and width in pixels of the cameras' images
    clip: Tensor | None = None  # (F,) int32, the clip that made each of the memory's frames


def apply_edits(cloud: PointCloud, edits: list[dict], scene: Scene = Scene()) -> Edited:
    """The cloud after all edits, in order.

    All edits are checked before the first is applied. Raises SpatiaError on unknown keys, values out of range, a mask
    or other cloud that is not there, and when no point would be left.
    """
    checked = check_edits(edits)
    report, counts = [], []
    for index, edit in enumerate(checked, 1):
        look_for_interrupt()
        line, count = f"{edit['do']} is off", 0
        if not edit["off"]:
            try:
                cloud, line, count = _OPERATIONS[edit["do"]].apply(cloud, edit, scene)
            except SpatiaError as error:
                raise SpatiaError(f"Edit {index} ({edit['do']}): {error}") from error
        report.append(f"{index}. {line}")
        counts.append(count)
    if cloud.size == 0:
        raise SpatiaError("The edits leave no point of the scene, expected at least one; select less to remove.")
    return Edited(cloud, tuple(report), tuple(counts))


def parse_edits(text: str) -> list[dict]:
    """Edits of a JSON text: a list, or a single edit; empty text is no edit. Raises SpatiaError; values are checked by check_edits."""
    if not isinstance(text, str):
        raise SpatiaError(f"The edits are {shown(text)}, expected JSON text; correct edits.")
    if len(text) > LONGEST_EDITS:
        raise SpatiaError(f"The edits have {len(text)} characters, expected at most {LONGEST_EDITS}; take edits out.")
    if not text.strip():
        return []
    edits = parse_json(text, "The edits", "edits")
    return edits if isinstance(edits, list) else [edits]


def check_edits(edits: list[dict]) -> list[dict]:
    """The edits with defaults filled in and values parsed. Raises SpatiaError naming the edit and the key."""
    _refuse_bulk(edits)
    checked = []
    for index, edit in enumerate(edits, 1):
        where = f"Edit {index}"
        operation = _named(edit, "do", _OPERATIONS, where)
        fields = operation.fields | {"off": Field(_flag, False)}
        if operation.selects:
            fields["select"] = Field(_selection, {"shape": "all"})
        checked.append({"do": edit["do"], **_read(edit, "do", fields, where)})
    return checked


def named_files(edits: list[dict]) -> list[str]:
    """Names of the files that these edits merge in, each once; those of edits that are off are not needed."""
    return list(dict.fromkeys(edit["file"] for edit in check_edits(edits) if edit.get("file") and not edit["off"]))


def select(cloud: PointCloud, selection: dict, scene: Scene = Scene()) -> Tensor:
    """Bool mask (P,) of the selected points."""
    _refuse_bulk([selection])
    return _select(cloud, _selection(selection), scene)


# --- selections ---


def select_box(positions: Tensor, center: Tensor, size: Tensor, rotation: Tensor) -> Tensor:
    """Points (P, 3) inside a box; center and size in scene units, rotation (3, 3) box to world."""
    local = (positions.to(torch.float64) - center) @ rotation
    return (local.abs() <= size / 2).all(1)


def select_sphere(positions: Tensor, center: Tensor, radius: float) -> Tensor:
    """Points (P, 3) at most `radius` (scene units) from the centre."""
    return (positions.to(torch.float64) - center).norm(dim=1) <= radius


def select_color(colors: Tensor, color: Tensor, tolerance: float) -> Tensor:
    """Points whose uint8 colour is at most `tolerance` away from color (0..255), 1 being black to white."""
    # Squares, so that black is within exactly 1 of white.
    return ((colors.to(torch.float64) - color) / 255).square().mean(1) <= tolerance**2


def select_mask(positions: Tensor, mask: Tensor, camera: Cameras, *, through: bool, voxel_size: float) -> Tensor:
    """Points (P, 3) that one camera (1) sees inside mask (H, W) bool; only its front surface unless `through`."""
    height, width = mask.shape
    uv, z = project(positions, camera.w2c[0], camera.K(height, width)[0])
    inside = (z > 0) & (uv >= 0).all(1) & (uv[:, 0] < width) & (uv[:, 1] < height)
    pixel = uv[inside].to(torch.int64)
    selected = torch.zeros_like(inside)
    selected[inside] = mask[pixel[:, 1], pixel[:, 0]]
    if not through:
        selected &= visible_points(positions, camera, height, width, mode="precise", voxel_size=voxel_size)[0]
    return selected


def select_lasso(
    positions: Tensor, polygon: Tensor, camera: Cameras, height: int, width: int, *, through: bool, voxel_size: float
) -> Tensor:
    """Points (P, 3) that one camera (1) sees inside a polygon (V, 2) in 0..1 of its image; only its front surface unless `through`."""
    uv, z = project(positions, camera.w2c[0], camera.K(height, width)[0])
    uv = uv / torch.tensor([width, height], dtype=torch.float64)
    low, high = polygon.amin(0).clamp_min(0), polygon.amax(0).clamp_max(1)
    selected = (z > 0) & (uv >= low).all(1) & (uv < high).all(1)
    point = selected.nonzero().squeeze(1)
    # NumPy, whose calls on a few points cost a fraction of PyTorch's: there may be thousands of edges.
    u, v = uv[point].cpu().numpy().T
    within = np.zeros(len(point), dtype=bool)
    for (u0, v0), (u1, v1) in zip(polygon.tolist(), polygon.roll(-1, 0).tolist()):
        look_for_interrupt()
        if v0 != v1:
            # Even-odd rule: edges met on the way to the right.
            within ^= ((v0 <= v) != (v1 <= v)) & (u < u0 + (v - v0) * ((u1 - u0) / (v1 - v0)))
    selected[point] = torch.from_numpy(within).to(selected.device)
    if not through and bool(selected.any()):
        selected &= visible_points(positions, camera, height, width, mode="precise", voxel_size=voxel_size)[0]
    return selected


def select_stroke(positions: Tensor, line: Tensor, radius: float) -> Tensor:
    """Points (P, 3) at most `radius` (scene units) from a line through points (V, 3); one point is a ball."""
    selected = np.zeros(positions.shape[0], dtype=bool)
    wide = 1.001 * radius  # of the first, coarse choice
    low, high = line.amin(0) - wide, line.amax(0) + wide
    near = ((positions >= low) & (positions <= high)).all(1).nonzero().squeeze(1).cpu().numpy()
    points, corners = positions[near].cpu().double().numpy(), line.numpy()
    # Sorted along the axis in which the line is longest, each piece of it has to look at a short run of them.
    axis = int((corners.max(0) - corners.min(0)).argmax())
    order = points[:, axis].argsort()
    near, points = near[order], points[order]
    for start, end in zip(corners, corners[1:] if len(corners) > 1 else corners):
        look_for_interrupt()
        first, last = min(start[axis], end[axis]) - wide, max(start[axis], end[axis]) + wide
        run = slice(*np.searchsorted(points[:, axis], (first, last)))
        way, offset = end - start, points[run] - start
        length = way[0] * way[0] + way[1] * way[1] + way[2] * way[2]
        if length > 0:
            share = (offset[:, 0] * way[0] + offset[:, 1] * way[1] + offset[:, 2] * way[2]) / length
            offset = offset - share.clip(0, 1)[:, None] * way
        selected[near[run]] |= np.sqrt(offset[:, 0] ** 2 + offset[:, 1] ** 2 + offset[:, 2] ** 2) <= radius
    return torch.from_numpy(selected).to(positions.device)


def select_plane(positions: Tensor, point: Tensor, normal: Tensor | None, distance: float) -> Tensor:
    """Points (P, 3) at most `distance` from a plane. normal None: the least-squares plane of the points round `point`."""
    offset = positions.to(torch.float64) - point
    if normal is None:
        near = offset[offset.square().sum(1) <= (_FIT_REACH * distance) ** 2]
        if near.shape[0] < 3:
            raise SpatiaError(
                f"Only {near.shape[0]} points lie within {_FIT_REACH * distance:g} of the plane's point, too few to fit a plane; move point, give a normal, or increase distance."
            )
        middle = near.mean(0)
        spread, axes = torch.linalg.eigh((near - middle).T @ (near - middle))
        if not float(spread[1]) > 1e-12 * float(spread[2]):
            raise SpatiaError(
                f"The {near.shape[0]} points within {_FIT_REACH * distance:g} of the plane's point lie on one line, "
                "which fits many planes; move point, give a normal, or increase distance."
            )
        normal = axes[:, 0]
        offset = offset - middle
    return (offset @ (normal / normal.norm())).abs() <= distance


def select_cluster(positions: Tensor, at: Tensor, distance: float) -> Tensor:
    """Points (P, 3) that hang together with the one nearest to `at`: cells of edge `distance` that hold points and touch."""
    if not positions.shape[0]:
        return torch.zeros(0, dtype=torch.bool)
    if not float(positions.abs().max()) / distance < 2**31:
        raise SpatiaError(
            f"A cluster distance of {distance:g} cuts this scene into more cells than can be numbered; increase distance."
        )
    seed = int((positions.to(torch.float64) - at).square().sum(1).argmin())
    if kernels_run():
        from .cluster_numba import flood

        return torch.from_numpy(flood(positions.detach().cpu().contiguous().numpy(), float(distance), seed)).to(
            positions.device
        )
    cells = np.floor(positions.detach().cpu().double().numpy() / distance).astype(np.int64)
    occupied, cell_of = np.unique(cells, axis=0, return_inverse=True)
    free = set(map(tuple, occupied.tolist()))
    queue = [tuple(cells[seed].tolist())]
    free.discard(queue[0])
    for x, y, z in queue:
        look_for_interrupt()
        for step in range(27):
            near = (x + step // 9 - 1, y + step // 3 % 3 - 1, z + step % 3 - 1)
            if near in free:
                free.discard(near)
                queue.append(near)
    reached = np.array([tuple(cell) not in free for cell in occupied.tolist()])
    return torch.from_numpy(reached[cell_of.ravel()]).to(positions.device)


def _select(cloud: PointCloud, selection: dict, scene: Scene) -> Tensor:
    look_for_interrupt()
    if selection["within"] is None:
        mask = _select_shape(cloud, selection, scene)
    else:
        within = _select(cloud, selection["within"], scene)
        mask = within.clone()
        mask[within] = _select_shape(cloud.select(within), selection, scene)
    return ~mask if selection["invert"] else mask


def _select_shape(cloud: PointCloud, selection: dict, scene: Scene) -> Tensor:
    shape = selection["shape"]
    if shape == "all":
        mask = torch.ones(cloud.size, dtype=torch.bool, device=cloud.positions.device)
    elif shape == "box":
        mask = select_box(cloud.positions, selection["center"], selection["size"], _rotation(selection["rotation"]))
    elif shape == "sphere":
        mask = select_sphere(cloud.positions, selection["center"], selection["radius"])
    elif shape == "color":
        mask = select_color(cloud.colors, selection["color"], selection["tolerance"])
    elif shape == "mask":
        mask = _select_connected_mask(cloud, selection, scene)
    elif shape == "lasso":
        # The size only tells the footprint of points apart from holes; the polygon is in parts of the image.
        if selection["camera"] is None:
            camera, (height, width) = _camera(scene, selection["frame"], "lasso"), scene.size
        else:
            camera, (height, width) = selection["camera"]
        mask = select_lasso(
            cloud.positions,
            selection["points"],
            camera,
            height,
            width,
            through=selection["through"],
            voxel_size=scene.voxel_size,
        )
    elif shape == "plane":
        mask = select_plane(cloud.positions, selection["point"], selection["normal"], selection["distance"])
    elif shape == "cluster":
        mask = select_cluster(cloud.positions, selection["at"], selection["distance"])
    elif shape == "stroke":
        mask = select_stroke(cloud.positions, selection["points"], selection["radius"])
    elif shape == "outliers":
        mask = statistical_outliers(cloud.positions, selection["neighbours"], selection["deviations"])
    elif shape == "sparse":
        mask = radius_outliers(cloud.positions, selection["neighbours"], selection["radius"])
    elif shape == "dbscan":
        mask = dbscan_cluster(cloud.positions, selection["distance"], selection["neighbours"], selection["at"])
    elif shape == "ransac_plane":
        mask = ransac_plane(cloud.positions, selection["distance"])
    elif shape == "frames":
        mask = (cloud.view >= selection["first"]) & (cloud.view <= selection["last"])
    elif shape == "clip":
        if scene.clip is None:
            raise SpatiaError(
                "A selection by clip was asked for, but the frames' clips are not known here; select by frames instead."
            )
        known = cloud.view >= 0
        mask = known & (scene.clip.to(torch.int64)[cloud.view.clamp_min(0).long()] == selection["clip"])
    elif shape == "sequence":
        mask = torch.zeros(cloud.size, dtype=torch.bool, device=cloud.positions.device)
        for part in selection["of"]:
            left = ~mask
            mask[left] = _select(cloud.select(left), part, scene)
    else:
        mask = _select(cloud, selection["of"][0], scene)
        for part in selection["of"][1:]:
            other = _select(cloud, part, scene)
            mask = mask | other if shape == "union" else mask & other
    return mask


def _select_connected_mask(cloud: PointCloud, selection: dict, scene: Scene) -> Tensor:
    if scene.mask is None or scene.cameras is None:
        raise SpatiaError(
            "A selection by mask was asked for, but no mask is connected; connect mask or select by another shape."
        )
    camera = _camera(scene, selection["frame"], "mask")
    return select_mask(cloud.positions, scene.mask, camera, through=selection["through"], voxel_size=scene.voxel_size)


def _camera(scene: Scene, frame: int, what: str) -> Cameras:
    if scene.cameras is None:
        raise SpatiaError(
            f"A selection by {what} was asked for, but no cameras are known here; select by another shape."
        )
    count = scene.cameras.count
    if not -count <= frame < count:
        raise SpatiaError(
            f"The {what} is to be seen from frame {frame}, but the memory has {count} frames (0 to {count - 1}, or -1 for the last); change the {what}'s frame."
        )
    return scene.cameras.select([frame % count])


# --- operations: (cloud, checked edit, scene) -> (cloud, report line, points it was done to) ---


def _remove(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str, int]:
    mask = _select(cloud, edit["select"], scene)
    count = int(mask.sum())
    kept, line = cloud.select(~mask), f"removed {count} of {cloud.size} points"
    if edit["fill"] is None or not count:
        return kept, line, count
    filled = fill_removed(
        kept,
        cloud.select(mask),
        edit["fill"],
        cameras=scene.cameras,
        size=scene.size,
        voxel_size=scene.voxel_size,
    )
    _refuse_points(kept.size + filled.cloud.size)
    where = f" on {filled.planes} plane(s)" if edit["fill"] == "plane" else " from its neighbours"
    return concat_clouds(kept, filled.cloud), f"{line}, filled in {filled.cloud.size}{where}", count


def _recolor(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str, int]:
    mask = _select(cloud, edit["select"], scene)
    old = cloud.colors[mask].to(torch.float64)
    new = edit["color"].expand_as(old)
    if edit["mode"] == "tint":
        # Rec. 601 luma keeps the shading; the colour itself belongs to white.
        new = new * (old @ torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64) / 255)[:, None]
    colors = cloud.colors.clone()
    colors[mask] = (old + edit["strength"] * (new - old)).round().clamp(0, 255).to(torch.uint8)
    count = int(mask.sum())
    return _without_view(cloud._replace(colors=colors), mask), f"recoloured {count} of {cloud.size} points", count


def _transform(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str, int]:
    mask = _select(cloud, edit["select"], scene)
    positions = cloud.positions.clone()
    positions[mask] = _moved(positions[mask], edit)
    count = int(mask.sum())
    return _without_view(cloud._replace(positions=positions), mask), f"moved {count} of {cloud.size} points", count


def _duplicate(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str, int]:
    mask = _select(cloud, edit["select"], scene)
    part = _without_view(cloud.select(mask), slice(None))
    _refuse_points(cloud.size + edit["copies"] * part.size)
    copies = []
    for k in range(1, edit["copies"] + 1):
        look_for_interrupt()
        copies.append(part._replace(positions=_within_reach(part.positions.to(torch.float64) + k * edit["offset"])))
    return (
        concat_clouds(cloud, *copies),
        f"duplicated {part.size} of {cloud.size} points {edit['copies']} time(s)",
        part.size,
    )


def _merge(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str, int]:
    name = edit["file"]
    other = scene.files.get(name) if name else scene.other
    if other is None and name:
        raise SpatiaError(
            f"Merging the file {shown(name)} was asked for, but it was not read; put it into ComfyUI's input folder."
        )
    if other is None:
        raise SpatiaError(
            'Merging was asked for, but no other cloud is connected; connect a point cloud file to merge, or name a "file".'
        )
    _refuse_points(cloud.size + other.size)
    other = _without_view(other._replace(positions=_moved(other.positions, edit)), slice(None))
    line = f"merged in {other.size} points" + (f" of {name}" if name else "")
    if edit["register"] is not None:
        found = register(other.positions, cloud.positions, edit["register"])
        turned = other.positions.to(torch.float64) @ found.pose[:3, :3].mT + found.pose[:3, 3]
        other = other._replace(positions=_within_reach(turned))
        line += f", registered: {found.share:.0%} lie within {edit['register']:g} of the scene, {found.error:.3g} on average"
    return concat_clouds(cloud, other), line, other.size


def _moved(positions: Tensor, edit: dict) -> Tensor:
    """Positions (P, 3) scaled, then rotated, about the pivot, then moved; float32."""
    if positions.shape[0] == 0:
        return positions
    points = positions.to(torch.float64)
    pivot = edit["pivot"]
    if isinstance(pivot, str):
        pivot = (points.amin(0) + points.amax(0)) / 2
    return _within_reach(((points - pivot) * edit["scale"]) @ _rotation(edit["rotate"]).mT + pivot + edit["move"])


def _within_reach(positions: Tensor) -> Tensor:
    """Positions (P, 3) as float32. Raises SpatiaError when they leave what a scene may hold, or are no numbers."""
    positions = positions.to(torch.float32)
    if positions.shape[0] and not float(positions.abs().max()) <= LARGEST_COORDINATE:
        raise SpatiaError(
            f"A point would come to lie {float(positions.abs().max()):g} scene units from the origin, expected at most "
            f"{LARGEST_COORDINATE:g}; move or scale by less."
        )
    return positions


def _refuse_points(count: int) -> None:
    if count > MOST_POINTS:
        raise SpatiaError(
            f"The scene would have {count} points, expected at most {MOST_POINTS}; select less, or make fewer copies."
        )


def _rotation(degrees: Tensor) -> Tensor:
    return torch.from_numpy(Rotation.from_euler("xyz", degrees.numpy(), degrees=True).as_matrix())


def _without_view(cloud: PointCloud, changed) -> PointCloud:
    view = cloud.view.clone()
    view[changed] = NO_VIEW
    return cloud._replace(view=view)


# --- the schema: parsers return the parsed value or raise ValueError saying what was expected ---

_REQUIRED = object()


def _refuse_bulk(edits: list[dict]) -> None:
    """Refuse more edits, selections and corners than are worth looking at, and nesting too deep to look at."""
    if len(edits) > MOST_EDITS:
        raise SpatiaError(f"{len(edits)} edits were given, expected at most {MOST_EDITS}; take edits out.")
    selections = corners = 0
    level = edits
    for _ in range(_DEEPEST):
        level = [part for part in level if isinstance(part, (dict, list))]
        if not level:
            return
        shapes = [part for part in level if isinstance(part, dict) and "shape" in part]
        selections += len(shapes)
        corners += sum(len(part["points"]) for part in shapes if isinstance(part.get("points"), list))
        for count, most, what in (
            (selections, _MOST_SELECTIONS, "selections"),
            (corners, _MOST_CORNERS, "corners of lassos and points of strokes"),
        ):
            if count > most:
                raise SpatiaError(f"The edits hold {count} {what} or more, expected at most {most}; take edits out.")
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]
    raise SpatiaError(f"The edits are nested more than {_DEEPEST} deep; correct edits.")


class Field(NamedTuple):
    """How one key is read, and its value when absent."""

    parse: Any
    default: Any = _REQUIRED


class Operation(NamedTuple):
    """What an edit's "do" means."""

    apply: Any
    fields: dict[str, Field]
    selects: bool = True


def _length(value) -> float:
    value = number(value, -math.inf, LARGEST_COORDINATE)
    if value <= 0:
        raise ValueError(f"a number above 0, at most {LARGEST_COORDINATE:g}")
    return value


def _fraction(value) -> float:
    return number(value, 0, 1)


def _vector(value, limit: float = LARGEST_COORDINATE) -> Tensor:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ValueError("three numbers [x, y, z]")
    return torch.tensor([number(v, -limit, limit) for v in value], dtype=torch.float64)


def _angles(value) -> Tensor:
    return _vector(value, _LARGEST_ANGLE)


def _lengths(value) -> Tensor:
    vector = _vector(value)
    if bool((vector <= 0).any()):
        raise ValueError(f"three numbers above 0, at most {LARGEST_COORDINATE:g}")
    return vector


def _scale(value) -> Tensor:
    return _lengths(value if isinstance(value, (list, tuple)) else [value] * 3)


def _pivot(value) -> Tensor | str:
    return value if value == "center" else _vector(value)


def _color(value) -> Tensor:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        value = [int(value[i : i + 2], 16) for i in (1, 3, 5)]
    try:
        red, green, blue = (number(v, 0, 255) for v in value)
    except (TypeError, ValueError):
        raise ValueError('[r, g, b] in 0..255 or "#rrggbb"') from None
    return torch.tensor([red, green, blue], dtype=torch.float64)


def _flag(value) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _index(value) -> int:
    return whole(value, -_LARGEST_INDEX, _LARGEST_INDEX)


def _copies(value) -> int:
    return whole(value, 1, 100)


def _neighbours(value) -> int:
    return whole(value, 1, MOST_NEIGHBOURS)


def _deviations(value) -> float:
    value = number(value, 0, 1000)
    if value <= 0:
        raise ValueError("a number above 0, at most 1000")
    return value


def _reach(value) -> float | None:
    return None if value is None else _length(value)


def _place(value) -> Tensor | None:
    return None if value is None else _vector(value)


def _mode(value) -> str:
    if value not in ("solid", "tint"):
        raise ValueError('"solid" or "tint"')
    return value


def _fill(value) -> str | None:
    if value is not None and value not in FILLS:
        raise ValueError(f"one of {', '.join(FILLS)}")
    return value


def _direction(value) -> Tensor | None:
    if value is None:
        return None
    vector = _vector(value, math.inf)
    if not bool(vector.any()):
        raise ValueError("three numbers [x, y, z], not all 0")
    return vector / vector.abs().max()  # so that no square leaves what float64 can hold


def _polygon(value) -> Tensor:
    if (
        not isinstance(value, (list, tuple))
        or len(value) < 3
        or not all(isinstance(p, (list, tuple)) and len(p) == 2 for p in value)
    ):
        raise ValueError("at least three corners [u, v]")
    limit = LARGEST_COORDINATE
    return torch.tensor([[number(v, -limit, limit) for v in corner] for corner in value], dtype=torch.float64)


def _line(value) -> Tensor:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("a list of points [x, y, z], at least one")
    return torch.stack([_vector(point) for point in value])


def _file_name(value) -> str | None:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise ValueError("the name of a file in ComfyUI's input folder")
    return value


def _own_camera(value) -> tuple[Cameras, tuple[int, int]] | None:
    """A camera written out in the edit, and the height and width of its image."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"w2c", "intrinsics", "size"}:
        raise ValueError("an object with w2c, intrinsics and size")
    w2c, intrinsics, size = (
        value[name] if isinstance(value[name], list) else [] for name in ("w2c", "intrinsics", "size")
    )
    if len(w2c) != 16 or len(intrinsics) != 4 or len(size) != 2:
        raise ValueError("16 numbers of w2c, 4 of intrinsics and 2 of size")
    pose = [[number(v) for v in w2c[row : row + 4]] for row in (0, 4, 8, 12)]
    width, height = (whole(v, -_LARGEST_INDEX, _LARGEST_INDEX) for v in size)
    if width < 1 or height < 1 or width * height > _MOST_PIXELS:
        raise ValueError(f"a size of at least 1x1 and at most {_MOST_PIXELS} pixels")
    try:
        return make_cameras([pose], [number(v) for v in intrinsics]), (height, width)
    except SpatiaError as error:
        raise SpatiaError(f"A lasso's own camera in edits: {error}") from error


def _selection(value) -> dict:
    where = "A selection"
    fields = _named(value, "shape", _SHAPES, where)
    if value.get("frame") is not None and value.get("camera") is not None:
        raise SpatiaError("A selection (lasso) has both frame and camera, expected one of them; correct edits.")
    return {"shape": value["shape"], **_read(value, "shape", fields | _EVERY_SHAPE, where)}


def _within(value) -> dict | None:
    return None if value is None else _selection(value)


def _selections(value) -> list[dict]:
    if not isinstance(value, list) or not value:
        raise ValueError("a list of selections")
    return [_selection(part) for part in value]


_ZERO = [0, 0, 0]
_PLACEMENT = {
    "move": Field(_vector, _ZERO),
    "rotate": Field(_angles, _ZERO),
    "scale": Field(_scale, 1),
    "pivot": Field(_pivot, "center"),
}

_EVERY_SHAPE = {"invert": Field(_flag, False), "within": Field(_within, None)}

_SHAPES = {
    "all": {},
    "box": {"center": Field(_vector), "size": Field(_lengths), "rotation": Field(_angles, _ZERO)},
    "sphere": {"center": Field(_vector), "radius": Field(_length)},
    "color": {"color": Field(_color), "tolerance": Field(_fraction, 0.1)},
    "mask": {"frame": Field(_index, -1), "through": Field(_flag, False)},
    "lasso": {
        "frame": Field(_index, -1),
        "camera": Field(_own_camera, None),
        "points": Field(_polygon),
        "through": Field(_flag, False),
    },
    "plane": {"point": Field(_vector), "normal": Field(_direction, None), "distance": Field(_length)},
    "cluster": {"at": Field(_vector), "distance": Field(_length)},
    "stroke": {"points": Field(_line), "radius": Field(_length)},
    "outliers": {"neighbours": Field(_neighbours, 20), "deviations": Field(_deviations, 2.0)},
    "sparse": {"radius": Field(_length), "neighbours": Field(_neighbours, 8)},
    "dbscan": {"distance": Field(_length), "neighbours": Field(_neighbours, 10), "at": Field(_place, None)},
    "ransac_plane": {"distance": Field(_length)},
    "frames": {"first": Field(_index), "last": Field(_index)},
    "clip": {"clip": Field(_index)},
    "union": {"of": Field(_selections)},
    "intersection": {"of": Field(_selections)},
    "sequence": {"of": Field(_selections)},
}

_OPERATIONS = {
    "remove": Operation(_remove, {"fill": Field(_fill, None)}),
    "recolor": Operation(
        _recolor, {"color": Field(_color), "mode": Field(_mode, "solid"), "strength": Field(_fraction, 1.0)}
    ),
    "transform": Operation(_transform, _PLACEMENT),
    "duplicate": Operation(_duplicate, {"offset": Field(_vector), "copies": Field(_copies, 1)}),
    "merge": Operation(
        _merge, _PLACEMENT | {"file": Field(_file_name, None), "register": Field(_reach, None)}, selects=False
    ),
}


def _named(entry, key: str, choices: dict, where: str):
    """What entry[key] names among the choices."""
    if not isinstance(entry, dict) or not isinstance(entry.get(key), str) or entry[key] not in choices:
        given = entry.get(key, "missing") if isinstance(entry, dict) else entry
        raise SpatiaError(f'{where} has "{key}": {shown(given)}, expected one of {", ".join(choices)}; correct edits.')
    return choices[entry[key]]


def _read(entry: dict, name_key: str, fields: dict[str, Field], where: str) -> dict:
    """Values of all fields, defaults filled in."""
    what = f"{where} ({entry[name_key]})"
    unknown = set(entry) - set(fields) - {name_key}
    if unknown:
        raise SpatiaError(
            f"{what} has unknown keys {shown(sorted(unknown))}, expected only {sorted(fields)}; correct edits."
        )
    values = {}
    for key, field in fields.items():
        value = entry.get(key, field.default)
        if value is _REQUIRED:
            raise SpatiaError(f'{what} lacks "{key}"; add it to edits.')
        try:
            values[key] = field.parse(value)
        except SpatiaError:
            raise  # a nested selection, which already says what is wrong with it
        except ValueError as error:
            raise SpatiaError(f'{what} has "{key}": {shown(value)}, expected {error}; correct edits.') from error
    return values
