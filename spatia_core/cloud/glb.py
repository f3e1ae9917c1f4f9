"""Binary glTF 2.0 meshes as coloured points, without a library of meshes: what modelling programs export as .glb.

Read: triangles and points of the default scene with their node transforms, vertex colours, base colour and its texture
inside the file. Refused, with what to do: compressed meshes, sparse accessors, files that lie outside the .glb.

A small file can name the same array or mesh thousands of times. So arrays stay where they lie in the file, triangles
are measured in runs, and only those that a sample falls on are coloured; all that is counted has a limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from scipy.spatial.transform import Rotation

from ..errors import SpatiaError
from ..glb_file import glb_parts
from ..inputs import LARGEST_COORDINATE, number, parse_json, shown, whole
from ..interrupt import look_for_interrupt
from .point_cloud import PointCloud, make_point_cloud

_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_INDICES = (5121, 5123, 5125)
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_POINTS, _TRIANGLES, _STRIP, _FAN = 0, 4, 5, 6
_HARMLESS = ("KHR_materials_unlit", "KHR_materials_emissive_strength", "KHR_lights_punctual")
_IMAGES = ("PNG", "JPEG", "WEBP")

_DEEPEST = 100  # nodes below each other
_MOST_NODES = 50_000
_MOST_PRIMITIVES = 20_000  # of all nodes together, a mesh counted for each node that shows it
# Triangles and points of all those primitives, and how many bytes of a larger file stand for one more of them.
_MOST_TRIANGLES, _MOST_POINTS = 10_000_000, 5_000_000
_TRIANGLE_BYTES, _POINT_BYTES = 6, 12
_LARGEST_TEXTURE = 8192  # pixels of either side
_MOST_TEXELS = 1 << 27  # of all textures that are looked at
_AT_ONCE = 1 << 16  # triangles, points or samples
_SMALLEST_TURN = 1e-9  # norm of a quaternion
# Factors of colours and sizes: far beyond all that is drawn, and their products stay finite.
_LARGEST_FACTOR = 1e6

_LINEAR = np.arange(256) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4)


class _Surface(NamedTuple):
    """What colours a primitive."""

    factor: np.ndarray  # (3,) float64, linear
    color: _Array | None  # per vertex
    uv: _Array | None  # per vertex
    image: int | None  # number of the base colour's image


class _Primitive(NamedTuple):
    """One primitive under one node."""

    pose: np.ndarray  # (4, 4) float64, to the world
    vertices: _Array
    # (I,) unsigned; None when vertices come in their own order. Hides a tuple's method of the name, which nobody calls.
    index: np.ndarray | None  # type: ignore[assignment]
    mode: int
    faces: int  # triangles, or points
    surface: _Surface

    def corners(self, faces: np.ndarray) -> np.ndarray:
        """Vertex numbers (N, 3) of triangles (N,), or (N,) of points."""
        at = faces
        if self.mode == _TRIANGLES:
            at = 3 * faces[:, None] + np.arange(3)
        elif self.mode == _STRIP:
            at = faces[:, None] + np.arange(3)
        elif self.mode == _FAN:
            at = np.stack([np.zeros_like(faces), faces + 1, faces + 2], 1)
        return at if self.index is None else self.index[at].astype(np.int64)

    def places(self, corners: np.ndarray) -> np.ndarray:
        """World positions (..., 3) float64 of vertices (...)."""
        # Row by row, in this order of sums: a matrix product rounds by the machine, and is slow for three columns.
        local, placed = self.vertices.at(corners), np.empty((*corners.shape, 3))
        for row, (a, b, c, shift) in enumerate(self.pose[:3]):
            placed[..., row] = a * local[..., 0] + b * local[..., 1] + c * local[..., 2] + shift
        return placed

    def shades(self, corners: np.ndarray) -> np.ndarray:
        """Linear colours (..., 3) of vertices (...), without the texture."""
        color = np.ones((*corners.shape, 3)) * self.surface.factor
        return color if self.surface.color is None else color * self.surface.color.at(corners)[..., :3]


class _Array(NamedTuple):
    """An accessor's values where they lie in the file."""

    values: np.ndarray  # (count, width)
    scale: float | None  # integers that stand for fractions are divided by it

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Values (..., width) float64 of rows (...)."""
        values = self.values[rows].astype(np.float64)
        return values if self.scale is None else np.maximum(values / self.scale, -1)


def parse_glb(data: bytes, name: str, *, points: int) -> PointCloud:
    """`points` samples spread evenly over the meshes of a .glb, and its own points; x, y, z as in the file (y up).

    The same file gives the same points. Raises SpatiaError naming what cannot be read and what to do.
    """
    # Sums beyond float64's range are found by their result.
    with np.errstate(over="ignore", invalid="ignore"):
        return _Reader(data, name).cloud(points)


class _Reader:
    def __init__(self, data: bytes, name: str):
        self.name, self.size = name, len(data)
        if len(data) < 20 or data[:4] != b"glTF":
            raise SpatiaError(f"{name} does not begin as a binary glTF file; export it as .glb.")
        text, self.binary = glb_parts(memoryview(data), name, self._unsound)
        self.root = parse_json(text, f"The descriptions in {name}", "the file: export it again")
        if not isinstance(self.root, dict):
            raise self._unsound(f"its description is {shown(self.root)}, expected an object")
        needed = [name for name in self._list(self.root, "extensionsRequired", "the file") if name not in _HARMLESS]
        if needed:
            raise SpatiaError(
                f"{name} needs the glTF extensions {shown(', '.join(map(str, needed)))}, which are not read here; "
                "export it without compression."
            )
        self.arrays: dict[int, _Array] = {}
        self.meshes: dict[int, list[_Primitive]] = {}
        self.read = 0  # primitives of these meshes

    def cloud(self, points: int) -> PointCloud:
        loose, meshes = self._primitives()
        faces = sum(part.faces for part in loose)
        size = faces + (points if meshes else 0)
        if not size:
            raise SpatiaError(f"{self.name} holds no triangle and no point, expected a mesh; choose another file.")
        positions, colors = np.empty((size, 3), np.float32), np.empty((size, 3), np.uint8)
        self._place_points(loose, positions, colors)
        if meshes:
            which, weights = _spread(self._areas(meshes), points)
            positions[faces:], colors[faces:] = self._sampled(meshes, which, weights)
        return make_point_cloud(torch.from_numpy(positions), torch.from_numpy(colors))

    # --- the description ---

    def _primitives(self) -> tuple[list[_Primitive], list[_Primitive]]:
        """Primitives of points and of triangles, in the order of the tree."""
        loose: list[_Primitive] = []
        meshes: list[_Primitive] = []
        parts = points = triangles = 0
        most_points = max(_MOST_POINTS, self.size // _POINT_BYTES)
        most_triangles = max(_MOST_TRIANGLES, self.size // _TRIANGLE_BYTES)
        for node, pose in self._nodes():
            look_for_interrupt()
            if "mesh" not in node:
                continue
            for part in self._mesh(node["mesh"]):
                parts += 1
                if part.mode == _POINTS:
                    points += part.faces
                else:
                    triangles += part.faces
                if parts > _MOST_PRIMITIVES or points > most_points or triangles > most_triangles:
                    most = f"{_MOST_PRIMITIVES} parts of meshes, {most_triangles} triangles or {most_points} points"
                    raise self._crowded(most)
                if part.faces:
                    (loose if part.mode == _POINTS else meshes).append(part._replace(pose=pose))
        return loose, meshes

    def _nodes(self) -> Iterator[tuple[dict, np.ndarray]]:
        """Every node of the scene with its place in the world, parents first, in the order in which they are listed."""
        nodes = self._list(self.root, "nodes", "the file")
        if len(nodes) > _MOST_NODES:
            raise SpatiaError(
                f"{self.name} has {len(nodes)} nodes, expected at most {_MOST_NODES}; join its meshes "
                "and export it again."
            )
        scenes = self._list(self.root, "scenes", "the file")
        if scenes:
            roots = self._list(self._entry("scenes", self.root.get("scene", 0)), "nodes", "the scene")
        else:
            below = {child for node in nodes if isinstance(node, dict) for child in self._children(node)}
            roots = [index for index in range(len(nodes)) if index not in below]
        seen: set[int] = set()
        waiting = [(index, np.eye(4), 0) for index in reversed(roots)]
        while waiting:
            index, above, depth = waiting.pop()
            node, index = self._entry("nodes", index), int(index)
            if index in seen:
                raise self._unsound(f"node {index} is listed twice, expected a tree of nodes")
            if depth > _DEEPEST:
                raise SpatiaError(f"{self.name} has more than {_DEEPEST} nodes below each other; export it again.")
            seen.add(index)
            pose = above @ self._transform(node, index)
            yield node, pose
            waiting.extend((child, pose, depth + 1) for child in reversed(self._children(node)))

    def _children(self, node: dict) -> list:
        children = self._list(node, "children", "a node")
        if not all(isinstance(child, int) for child in children):
            raise self._unsound(f"a node's children are {shown(children)}, expected numbers of nodes")
        return children

    def _transform(self, node: dict, index: int) -> np.ndarray:
        where = f"node {index}"
        if "matrix" in node:
            return self._numbers(node, "matrix", [0] * 16, where).reshape(4, 4).T
        pose = np.eye(4)
        if "rotation" in node:
            turn = self._numbers(node, "rotation", [0] * 4, where)
            if np.linalg.norm(turn) < _SMALLEST_TURN:
                raise self._unsound(f"the rotation of {where} is {turn.tolist()}, expected a quaternion")
            pose[:3, :3] = Rotation.from_quat(turn).as_matrix()
        if "scale" in node:
            pose[:3, :3] *= self._numbers(node, "scale", [1] * 3, where)
        if "translation" in node:
            pose[:3, 3] = self._numbers(node, "translation", [0] * 3, where)
        return pose

    def _mesh(self, index: Any) -> list[_Primitive]:
        """A mesh's primitives that have a surface or are points, read once."""
        mesh, index = self._entry("meshes", index), int(index)
        if index not in self.meshes:
            parts = self._list(mesh, "primitives", f"mesh {index}")
            self.read += len(parts)
            if self.read > _MOST_PRIMITIVES:
                raise self._crowded(f"{_MOST_PRIMITIVES} parts of meshes")
            read = (self._primitive(part, f"mesh {index}") for part in parts)
            self.meshes[index] = [part for part in read if part is not None]
        return self.meshes[index]

    def _primitive(self, part: Any, where: str) -> _Primitive | None:
        look_for_interrupt()
        mode = self._whole(self._object(part, where), "mode", _TRIANGLES, 0, 6, where)
        attributes = self._object(part.get("attributes"), f"the attributes of {where}")
        vertices = self._array(attributes.get("POSITION"), "VEC3")
        count = len(vertices.values)
        index = self._array(part["indices"], "SCALAR", kinds=_INDICES).values[:, 0] if "indices" in part else None
        if mode not in (_POINTS, _TRIANGLES, _STRIP, _FAN):
            return None  # lines have no surface
        listed = count if index is None else len(index)
        faces = {_POINTS: listed, _TRIANGLES: listed // 3}.get(mode, max(listed - 2, 0))
        return _Primitive(np.eye(4), vertices, index, mode, faces, self._surface(part, attributes, count, where))

    def _surface(self, part: dict, attributes: dict, count: int, where: str) -> _Surface:
        material = self._entry("materials", part["material"]) if "material" in part else {}
        surface = self._object(material.get("pbrMetallicRoughness", {}), "a material")
        factor = self._numbers(surface, "baseColorFactor", [1] * 4, "a material", _LARGEST_FACTOR)[:3]
        color = self._array(attributes["COLOR_0"], "VEC3", "VEC4", rows=count) if "COLOR_0" in attributes else None
        if "baseColorTexture" not in surface:
            return _Surface(factor, color, None, None)
        texture = self._object(surface["baseColorTexture"], "a texture")
        which = self._whole(texture, "texCoord", 0, 0, 1000, "a texture")
        uv = self._array(attributes.get(f"TEXCOORD_{which}"), "VEC2", rows=count)
        source: Any = self._entry("textures", texture.get("index")).get("source")
        if "bufferView" not in self._entry("images", source):
            raise SpatiaError(f"{self.name} has a texture outside of the file; export it with its textures inside.")
        return _Surface(factor, color, uv, int(source))

    # --- arrays and images ---

    def _array(self, index: Any, *types: str, rows: int | None = None, kinds: tuple = tuple(_TYPES)) -> _Array:
        """An accessor, read once, which must be of one of these types, and of `rows` rows where they are given."""
        accessor, index = self._entry("accessors", index), int(index)
        where = f"array {index}"
        if "sparse" in accessor or "bufferView" not in accessor:
            raise SpatiaError(f"{self.name} has sparse data, which is not read here; export it without morph targets.")
        form, kind = accessor.get("type"), accessor.get("componentType")
        if form not in types:
            raise self._unsound(f"{where} is of type {shown(form)}, expected {' or '.join(types)}")
        if not isinstance(kind, int) or kind not in kinds:
            raise self._unsound(f"{where} has componentType {shown(kind)}, expected one of {kinds}")
        if index not in self.arrays:
            self.arrays[index] = self._read_array(accessor, where)
        array = self.arrays[index]
        if rows is not None and len(array.values) != rows:
            raise self._unsound(f"{where} has {len(array.values)} entries for {rows} vertices")
        return array

    def _read_array(self, accessor: dict, where: str) -> _Array:
        data, stride = self._view(accessor["bufferView"])
        kind, width = np.dtype(_TYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
        row = kind.itemsize * width
        stride = stride or row
        if stride < row:
            raise self._unsound(f"{where} has rows of {row} bytes, and its byteStride is {stride}")
        count = self._whole(accessor, "count", None, 1, 1 << 40, where)
        start = self._whole(accessor, "byteOffset", 0, 0, 1 << 40, where)
        if start + (count - 1) * stride + row > len(data):
            raise SpatiaError(f"{self.name} is truncated: an array of {count} entries does not fit; export it again.")
        fraction = accessor.get("normalized", False)
        if not isinstance(fraction, bool):
            raise self._unsound(f"{where} has normalized {shown(fraction)}, expected true or false")
        scale = float(np.iinfo(kind).max) if fraction and kind.kind in "iu" else None
        return _Array(np.ndarray((count, width), kind, data, start, (stride, kind.itemsize)), scale)

    def _view(self, index: Any) -> tuple[memoryview, int]:
        """The bytes of a bufferView, and its byteStride, 0 for none."""
        view = self._entry("bufferViews", index)
        where = f"bufferView {index}"
        buffer = self._entry("buffers", self._whole(view, "buffer", 0, 0, 1 << 40, where))
        if view.get("buffer", 0) != 0 or "uri" in buffer:
            raise SpatiaError(f"{self.name} keeps data outside of the file; export it as one .glb.")
        start = self._whole(view, "byteOffset", 0, 0, 1 << 40, where)
        length = self._whole(view, "byteLength", None, 1, 1 << 40, where)
        return self.binary[start : start + length], self._whole(view, "byteStride", 0, 0, 1 << 20, where)

    # --- points ---

    def _place_points(self, parts: list[_Primitive], positions: np.ndarray, colors: np.ndarray) -> None:
        at = 0
        for part in parts:
            for faces in _runs(part.faces):
                corners, here = self._corners(part, faces), slice(at, at + len(faces))
                positions[here] = self._bounded(part.places(corners))
                colors[here] = self._pixels(part.shades(corners))
                at += len(faces)

    def _areas(self, parts: list[_Primitive]) -> np.ndarray:
        """Area of every triangle, scene units squared."""
        area = np.empty(sum(part.faces for part in parts))
        at = 0
        for part in parts:
            for faces in _runs(part.faces):
                corners = self._bounded(part.places(self._corners(part, faces)))
                cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
                area[at : at + len(faces)] = np.linalg.norm(cross, axis=1)
                at += len(faces)
        return area

    def _corners(self, part: _Primitive, faces: np.ndarray) -> np.ndarray:
        """As `part.corners`, looked at once for all that follows."""
        look_for_interrupt()
        corners, count = part.corners(faces), len(part.vertices.values)
        if part.index is not None and corners.max() >= count:
            raise self._unsound(f"a mesh asks for vertex {corners.max()} of {count}")
        return corners

    def _sampled(
        self, parts: list[_Primitive], which: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Positions (N, 3) float32 and colours (N, 3) uint8 at weighted corners of triangles (N,) of all parts."""
        positions, linear = np.empty((len(which), 3), np.float32), np.empty((len(which), 3))
        order = np.argsort(which, kind="stable")
        firsts = np.cumsum([0, *(part.faces for part in parts)])
        bounds = np.searchsorted(which[order], firsts)
        textured: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
        for part, first, start, stop in zip(parts, firsts, bounds[:-1], bounds[1:]):
            for run in _runs(stop - start):
                look_for_interrupt()
                here = order[start + run]
                corners, share = part.corners(which[here] - first), weights[here][:, :, None]
                positions[here] = (part.places(corners) * share).sum(1)
                linear[here] = (part.shades(corners) * share).sum(1)
                if part.surface.uv is not None and part.surface.image is not None:
                    uv = (part.surface.uv.at(corners) * share).sum(1)
                    textured.setdefault(part.surface.image, []).append((here, uv))
        texels = 0
        for image, samples in textured.items():
            look_for_interrupt()
            where, uv = (np.concatenate(arrays) for arrays in zip(*samples))
            colors, size = self._texels(image, uv, _MOST_TEXELS - texels)
            linear[where] *= colors
            texels += size
        return positions, self._pixels(linear)

    def _texels(self, index: int, uv: np.ndarray, most: int) -> tuple[np.ndarray, int]:
        """Linear colours (N, 3) of an image at (u, v): the nearest texel, repeated beyond the edges; and its texels."""
        if not np.isfinite(uv).all():
            raise self._unsound("texture coordinates are NaN or infinite")
        data = bytes(self._view(self._entry("images", index)["bufferView"])[0])
        try:
            with Image.open(BytesIO(data), formats=_IMAGES) as image:
                width, height = image.size
                if max(width, height) > _LARGEST_TEXTURE or width * height > most:
                    raise SpatiaError(
                        f"{self.name} has a texture of {width}x{height} pixels, expected at most {_LARGEST_TEXTURE} on "
                        f"each side and {_MOST_TEXELS} in all; export it with smaller textures."
                    )
                column, row = np.floor(uv % 1 * (width, height)).astype(np.int64).T
                found = _pixels_at(image, row.clip(0, height - 1), column.clip(0, width - 1))
        except SpatiaError:
            raise
        except Exception as error:  # Pillow's readers raise whatever they stumble over, and nothing but them runs here
            raise self._unsound(f"image {index} cannot be decoded ({shown(str(error))})") from error
        return _LINEAR[found], width * height

    def _bounded(self, positions: np.ndarray) -> np.ndarray:
        if not np.abs(positions).max(initial=0) <= LARGEST_COORDINATE:  # NaN is no better
            raise SpatiaError(
                f"{self.name} has positions that are NaN, infinite or more than {LARGEST_COORDINATE:g} from the "
                "origin; scale it down and export it again."
            )
        return positions

    def _pixels(self, linear: np.ndarray) -> np.ndarray:
        """Colours uint8 of linear values; shading values are linear, pixels are not: the sRGB curve."""
        if np.isnan(linear).any():
            raise self._unsound("its vertex colours are NaN")
        srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.clip(linear, 0, None) ** (1 / 2.4) - 0.055)
        return np.rint(np.clip(srgb, 0, 1).astype(np.float32) * np.float32(255)).astype(np.uint8)

    # --- values of the description, of the kinds that glTF says ---

    def _crowded(self, most: str) -> SpatiaError:
        return SpatiaError(
            f"{self.name} has more than {most}, counted as often as nodes show them; export it with fewer, or as a "
            "point cloud."
        )

    def _unsound(self, problem: str) -> SpatiaError:
        return SpatiaError(f"{self.name} is no sound binary glTF file: {problem}; export it again.")

    def _object(self, value: Any, where: str) -> dict:
        if not isinstance(value, dict):
            raise self._unsound(f"{where} is {shown(value)}, expected an object")
        return value

    def _list(self, holder: dict, key: str, where: str) -> list:
        value = holder.get(key, [])
        if not isinstance(value, list):
            raise self._unsound(f"{key} of {where} is {shown(value)}, expected a list")
        return value

    def _entry(self, kind: str, index: Any) -> dict:
        """An object of one of the file's lists."""
        entries = self._list(self.root, kind, "the file")
        try:
            place = whole(index, 0, len(entries) - 1)
        except ValueError:
            raise self._unsound(f"it asks for number {shown(index)} of its {len(entries)} {kind}") from None
        return self._object(entries[place], f"number {place} of {kind}")

    def _whole(self, holder: dict, key: str, default: int | None, low: int, high: int, where: str) -> int:
        try:
            return whole(holder.get(key, default), low, high)
        except ValueError as error:
            raise self._unsound(f"{key} of {where} is {shown(holder.get(key))}, expected {error}") from None

    def _numbers(
        self, holder: dict, key: str, default: list, where: str, most: float = LARGEST_COORDINATE
    ) -> np.ndarray:
        value = holder.get(key, default)
        try:
            if not isinstance(value, list) or len(value) != len(default):
                raise ValueError(f"{len(default)} numbers")
            return np.array([number(part, -most, most) for part in value])
        except ValueError as error:
            raise self._unsound(f"{key} of {where} is {shown(value)}, expected {error}") from None


def _runs(count: int) -> Iterator[np.ndarray]:
    """The numbers below `count`, in runs."""
    for first in range(0, count, _AT_ONCE):
        yield np.arange(first, min(first + _AT_ONCE, count))


def _spread(area: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangle (points,) and weights of its corners (points, 3), evenly over the area."""
    generator = np.random.default_rng(0)
    total = area.sum()
    share = np.divide(area, total, out=area) if total > 0 else np.full(len(area), 1 / len(area))
    which = generator.choice(len(area), points, p=share)
    a, b = generator.random((2, points))
    root = np.sqrt(a)
    return which, np.stack([1 - root, root * (1 - b), root * b], 1)


def _pixels_at(image: Image.Image, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """RGB (N, 3) uint8 at rows and columns, converted in bands: a whole converted copy would double the memory."""
    width, height = image.size
    image.load()
    found = np.empty((len(row), 3), np.uint8)
    order = np.argsort(row, kind="stable")
    step = max(1, (1 << 20) // width)
    tops = range(0, height, step)
    bounds = np.searchsorted(row[order], [*tops, height])
    for top, first, last in zip(tops, bounds[:-1], bounds[1:]):
        if first < last:
            band = np.asarray(image.crop((0, top, width, min(top + step, height))).convert("RGB"))
            here = order[first:last]
            found[here] = band[row[here] - top, column[here]]
    return found
