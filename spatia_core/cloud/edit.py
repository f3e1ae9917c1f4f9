"""Editing the scene: edits are data, so that a workflow can keep them.

A list of edits is applied in order; each is an object:

    {"do": "remove",    "select": SELECTION}
    {"do": "recolor",   "select": ..., "color": COLOR, "mode": "solid" | "tint", "strength": 0..1}
    {"do": "transform", "select": ..., "move": [x, y, z], "rotate": [x, y, z], "scale": s | [x, y, z], "pivot": PIVOT}
    {"do": "duplicate", "select": ..., "offset": [x, y, z], "copies": 1}
    {"do": "merge",     "move": ..., "rotate": ..., "scale": ..., "pivot": PIVOT}      adds the connected other cloud

A selection is an object, everything by default; "invert": true takes the rest instead:

    {"shape": "all"}
    {"shape": "box", "center": [x, y, z], "size": [x, y, z], "rotation": [x, y, z]}
    {"shape": "sphere", "center": [x, y, z], "radius": r}
    {"shape": "color", "color": COLOR, "tolerance": 0..1}      distance in RGB, 1 = black to white
    {"shape": "mask", "frame": -1, "through": false}           the connected mask, seen from that frame's camera
    {"shape": "union" | "intersection", "of": [SELECTION, ...]}

Positions are world coordinates (x right, y down, z forward of the first camera), angles degrees about the world's x,
then y, then z axis. COLOR is [r, g, b] in 0..255 or "#rrggbb". PIVOT is [x, y, z] or "center", the middle of the
bounding box of what is moved. "through" also takes points hidden behind the front surface.

Points that no longer look as the video showed them (moved, copied, recoloured, merged in) lose their view (-1).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..cameras.camera import Cameras, project
from ..errors import SpatiaError
from ..render.visibility import visible_points
from .point_cloud import NO_VIEW, PointCloud, concat_clouds


class Edited(NamedTuple):
    """The edited cloud, and one line per edit saying what it did."""

    cloud: PointCloud
    report: tuple[str, ...]


class Scene(NamedTuple):
    """What edits may refer to besides the cloud."""

    cameras: Cameras | None = None  # of the memory's frames
    mask: Tensor | None = None  # (H, W) bool, at any resolution of the camera's image
    voxel_size: float = 0.0  # scene units: the tolerance of what counts as the front surface
    other: PointCloud | None = None  # the cloud that "merge" adds


def apply_edits(cloud: PointCloud, edits: list[dict], scene: Scene = Scene()) -> Edited:
    """The cloud after all edits, in order.

    All edits are checked before the first is applied. Raises SpatiaError on unknown keys, values out of range, a mask
    or other cloud that is not there, and when no point would be left.
    """
    checked = check_edits(edits)
    report = []
    for number, edit in enumerate(checked, 1):
        try:
            cloud, line = _OPERATIONS[edit["do"]].apply(cloud, edit, scene)
        except SpatiaError as error:
            raise SpatiaError(f"Edit {number} ({edit['do']}): {error}") from error
        report.append(f"{number}. {line}")
    if cloud.size == 0:
        raise SpatiaError("The edits leave no point of the scene, expected at least one; select less to remove.")
    return Edited(cloud, tuple(report))


def parse_edits(text: str) -> list[dict]:
    """Edits of a JSON text: a list, or a single edit; empty text is no edit. Raises SpatiaError; values are checked by check_edits."""
    if not text.strip():
        return []
    try:
        edits = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpatiaError(f"The edits are not valid JSON (line {error.lineno}: {error.msg}); correct edits.") from error
    return edits if isinstance(edits, list) else [edits]


def check_edits(edits: list[dict]) -> list[dict]:
    """The edits with defaults filled in and values parsed. Raises SpatiaError naming the edit and the key."""
    checked = []
    for number, edit in enumerate(edits, 1):
        where = f"Edit {number}"
        operation = _named(edit, "do", _OPERATIONS, where)
        fields = dict(operation.fields)
        if operation.selects:
            fields["select"] = Field(_selection, {"shape": "all"})
        checked.append({"do": edit["do"], **_read(edit, "do", fields, where)})
    return checked


def select(cloud: PointCloud, selection: dict, scene: Scene = Scene()) -> Tensor:
    """Bool mask (P,) of the selected points."""
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


def _select(cloud: PointCloud, selection: dict, scene: Scene) -> Tensor:
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
    else:
        masks = torch.stack([_select(cloud, part, scene) for part in selection["of"]])
        mask = masks.any(0) if shape == "union" else masks.all(0)
    return ~mask if selection["invert"] else mask


def _select_connected_mask(cloud: PointCloud, selection: dict, scene: Scene) -> Tensor:
    if scene.mask is None or scene.cameras is None:
        raise SpatiaError("A selection by mask was asked for, but no mask is connected; connect mask or select by another shape.")
    frame, count = selection["frame"], scene.cameras.count
    if not -count <= frame < count:
        raise SpatiaError(f"The mask is to be seen from frame {frame}, but the memory has {count} frames (0 to {count - 1}, or -1 for the last); change the mask's frame.")
    camera = scene.cameras.select([frame % count])
    return select_mask(cloud.positions, scene.mask, camera, through=selection["through"], voxel_size=scene.voxel_size)


# --- operations: (cloud, checked edit, scene) -> (cloud, report line) ---


def _remove(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str]:
    mask = _select(cloud, edit["select"], scene)
    return cloud.select(~mask), f"removed {int(mask.sum())} of {cloud.size} points"


def _recolor(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str]:
    mask = _select(cloud, edit["select"], scene)
    old = cloud.colors[mask].to(torch.float64)
    new = edit["color"].expand_as(old)
    if edit["mode"] == "tint":
        # Rec. 601 luma keeps the shading; the colour itself belongs to white.
        new = new * (old @ torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64) / 255)[:, None]
    colors = cloud.colors.clone()
    colors[mask] = (old + edit["strength"] * (new - old)).round().clamp(0, 255).to(torch.uint8)
    return _without_view(cloud._replace(colors=colors), mask), f"recoloured {int(mask.sum())} of {cloud.size} points"


def _transform(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str]:
    mask = _select(cloud, edit["select"], scene)
    positions = cloud.positions.clone()
    positions[mask] = _moved(positions[mask], edit)
    return _without_view(cloud._replace(positions=positions), mask), f"moved {int(mask.sum())} of {cloud.size} points"


def _duplicate(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str]:
    mask = _select(cloud, edit["select"], scene)
    part = cloud.select(mask)
    part = _without_view(part, slice(None))
    copies = [
        part._replace(positions=(part.positions.to(torch.float64) + k * edit["offset"]).to(torch.float32))
        for k in range(1, edit["copies"] + 1)
    ]
    return concat_clouds(cloud, *copies), f"duplicated {part.size} of {cloud.size} points {edit['copies']} time(s)"


def _merge(cloud: PointCloud, edit: dict, scene: Scene) -> tuple[PointCloud, str]:
    if scene.other is None:
        raise SpatiaError("Merging was asked for, but no other cloud is connected; connect a point cloud file to merge.")
    other = _without_view(scene.other._replace(positions=_moved(scene.other.positions, edit)), slice(None))
    return concat_clouds(cloud, other), f"merged in {other.size} points"


def _moved(positions: Tensor, edit: dict) -> Tensor:
    """Positions (P, 3) scaled, then rotated, about the pivot, then moved; float32."""
    if positions.shape[0] == 0:
        return positions
    points = positions.to(torch.float64)
    pivot = edit["pivot"]
    if isinstance(pivot, str):
        pivot = (points.amin(0) + points.amax(0)) / 2
    return (((points - pivot) * edit["scale"]) @ _rotation(edit["rotate"]).mT + pivot + edit["move"]).to(torch.float32)


def _rotation(degrees: Tensor) -> Tensor:
    return torch.from_numpy(Rotation.from_euler("xyz", degrees.numpy(), degrees=True).as_matrix())


def _without_view(cloud: PointCloud, changed) -> PointCloud:
    view = cloud.view.clone()
    view[changed] = NO_VIEW
    return cloud._replace(view=view)


# --- the schema: parsers return the parsed value or raise ValueError saying what was expected ---

_REQUIRED = object()


class Field(NamedTuple):
    """How one key is read, and its value when absent."""

    parse: Any
    default: Any = _REQUIRED


class Operation(NamedTuple):
    """What an edit's "do" means."""

    apply: Any
    fields: dict[str, Field]
    selects: bool = True


def _number(value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("a finite number")
    return float(value)


def _positive(value) -> float:
    if _number(value) <= 0:
        raise ValueError("a number above 0")
    return float(value)


def _fraction(value) -> float:
    if not 0 <= _number(value) <= 1:
        raise ValueError("a number from 0 to 1")
    return float(value)


def _vector(value) -> Tensor:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ValueError("three numbers [x, y, z]")
    return torch.tensor([_number(v) for v in value], dtype=torch.float64)


def _positive_vector(value) -> Tensor:
    vector = _vector(value)
    if bool((vector <= 0).any()):
        raise ValueError("three numbers above 0")
    return vector


def _scale(value) -> Tensor:
    return _positive_vector(value if isinstance(value, (list, tuple)) else [value] * 3)


def _pivot(value) -> Tensor | str:
    return value if value == "center" else _vector(value)


def _color(value) -> Tensor:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        value = [int(value[i : i + 2], 16) for i in (1, 3, 5)]
    if not isinstance(value, (list, tuple)) or len(value) != 3 or not all(0 <= _number(v) <= 255 for v in value):
        raise ValueError('[r, g, b] in 0..255 or "#rrggbb"')
    return torch.tensor([float(v) for v in value], dtype=torch.float64)


def _flag(value) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _whole(value) -> int:
    if _number(value) != int(value):
        raise ValueError("a whole number")
    return int(value)


def _copies(value) -> int:
    if not 1 <= _whole(value) <= 100:
        raise ValueError("a whole number from 1 to 100")
    return int(value)


def _mode(value) -> str:
    if value not in ("solid", "tint"):
        raise ValueError('"solid" or "tint"')
    return value


def _selection(value) -> dict:
    where = "A selection"
    fields = _named(value, "shape", _SHAPES, where)
    return {"shape": value["shape"], **_read(value, "shape", fields | {"invert": Field(_flag, False)}, where)}


def _selections(value) -> list[dict]:
    if not isinstance(value, list) or not value:
        raise ValueError("a list of selections")
    return [_selection(part) for part in value]


_ZERO = [0, 0, 0]
_PLACEMENT = {"move": Field(_vector, _ZERO), "rotate": Field(_vector, _ZERO), "scale": Field(_scale, 1), "pivot": Field(_pivot, "center")}

_SHAPES = {
    "all": {},
    "box": {"center": Field(_vector), "size": Field(_positive_vector), "rotation": Field(_vector, _ZERO)},
    "sphere": {"center": Field(_vector), "radius": Field(_positive)},
    "color": {"color": Field(_color), "tolerance": Field(_fraction, 0.1)},
    "mask": {"frame": Field(_whole, -1), "through": Field(_flag, False)},
    "union": {"of": Field(_selections)},
    "intersection": {"of": Field(_selections)},
}

_OPERATIONS = {
    "remove": Operation(_remove, {}),
    "recolor": Operation(_recolor, {"color": Field(_color), "mode": Field(_mode, "solid"), "strength": Field(_fraction, 1.0)}),
    "transform": Operation(_transform, _PLACEMENT),
    "duplicate": Operation(_duplicate, {"offset": Field(_vector), "copies": Field(_copies, 1)}),
    "merge": Operation(_merge, _PLACEMENT, selects=False),
}


def _named(entry, key: str, choices: dict, where: str):
    """What entry[key] names among the choices."""
    if not isinstance(entry, dict) or not isinstance(entry.get(key), str) or entry[key] not in choices:
        shown = entry.get(key, "missing") if isinstance(entry, dict) else entry
        raise SpatiaError(f'{where} has "{key}": {shown!r}, expected one of {", ".join(choices)}; correct edits.')
    return choices[entry[key]]


def _read(entry: dict, name_key: str, fields: dict[str, Field], where: str) -> dict:
    """Values of all fields, defaults filled in."""
    what = f"{where} ({entry[name_key]})"
    unknown = set(entry) - set(fields) - {name_key}
    if unknown:
        raise SpatiaError(f"{what} has unknown keys {sorted(unknown)}, expected only {sorted(fields)}; correct edits.")
    values = {}
    for key, field in fields.items():
        value = entry.get(key, field.default)
        if value is _REQUIRED:
            raise SpatiaError(f'{what} lacks "{key}"; add it to edits.')
        try:
            values[key] = field.parse(value)
        except SpatiaError:
            raise  # a nested selection, which already says what is wrong with it
        except (ValueError, OverflowError) as error:
            raise SpatiaError(f'{what} has "{key}": {value!r}, expected {error}; correct edits.') from error
    return values
