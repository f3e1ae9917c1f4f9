"""Binary glTF 2.0 meshes as coloured points, without a library of meshes: what modelling programs export as .glb.

Read: triangles and points of the default scene with their node transforms, vertex colours, base colour and its texture
inside the file. Refused, with what to do: compressed meshes, sparse accessors, files that lie outside the .glb.
"""

from __future__ import annotations

import json
import struct
from io import BytesIO

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from scipy.spatial.transform import Rotation

from ..errors import SpatiaError
from .point_cloud import PointCloud, make_point_cloud

_JSON, _BIN = 0x4E4F534A, 0x004E4942
_TYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_POINTS, _TRIANGLES, _STRIP, _FAN = 0, 4, 5, 6
_DEEPEST = 100  # nodes below each other
_HARMLESS = {"KHR_materials_unlit", "KHR_materials_emissive_strength", "KHR_lights_punctual"}


def parse_glb(data: bytes, name: str, *, points: int) -> PointCloud:
    """`points` samples spread evenly over the meshes of a .glb, and its own points; x, y, z as in the file (y up).

    The same file gives the same points. Raises SpatiaError naming what cannot be read and what to do.
    """
    try:
        return _Reader(data, name).cloud(points)
    except SpatiaError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, struct.error, UnidentifiedImageError) as error:
        raise SpatiaError(f"{name} is no sound binary glTF file ({type(error).__name__}: {error}); export it again.") from error


class _Reader:
    def __init__(self, data: bytes, name: str):
        self.name = name
        if len(data) < 20 or data[:4] != b"glTF":
            raise SpatiaError(f"{name} does not begin as a binary glTF file; export it as .glb.")
        version, length = struct.unpack_from("<II", data, 4)
        if version != 2 or length > len(data):
            raise SpatiaError(f"{name} has glTF version {version} and {len(data)} of {length} bytes, expected version 2 and all of them; export it again.")
        chunks, at = {}, 12
        while at + 8 <= length:
            size, kind = struct.unpack_from("<II", data, at)
            chunks.setdefault(kind, data[at + 8 : at + 8 + size])
            at += 8 + size
        self.root = json.loads(chunks[_JSON])
        self.binary = chunks.get(_BIN, b"")
        needed = set(self.root.get("extensionsRequired", [])) - _HARMLESS
        if needed:
            raise SpatiaError(f"{name} needs the glTF extensions {', '.join(sorted(needed))}, which are not read here; export it without compression.")

    def cloud(self, points: int) -> PointCloud:
        scenes = self.root.get("scenes") or []
        roots = scenes[self.root.get("scene", 0)].get("nodes", []) if scenes else range(len(self.root.get("nodes", [])))
        corners, shades, loose, loose_shades = [], [], [], []
        for node in roots:
            self._collect(node, np.eye(4), 0, (corners, shades, loose, loose_shades))
        positions, colors = list(loose), list(loose_shades)
        if corners:
            corners = np.concatenate(corners)
            which, weights = _spread(corners, points)
            positions.append((corners[which] * weights[:, :, None]).sum(1))
            colors.append(self._shade(shades, which, weights))
        if not positions:
            raise SpatiaError(f"{self.name} holds no triangle and no point, expected a mesh; choose another file.")
        colors = np.concatenate(colors)
        # Shading values are linear, pixels are not: the sRGB curve.
        srgb = np.where(colors <= 0.0031308, 12.92 * colors, 1.055 * np.clip(colors, 0, None) ** (1 / 2.4) - 0.055)
        return make_point_cloud(torch.from_numpy(np.concatenate(positions)), torch.from_numpy(np.clip(srgb, 0, 1)).float())

    def _collect(self, index: int, above: np.ndarray, depth: int, out) -> None:
        if depth > _DEEPEST:
            raise SpatiaError(f"{self.name} has more than {_DEEPEST} nodes below each other; export it again.")
        node = self.root["nodes"][index]
        pose = above @ _transform(node)
        if "mesh" in node:
            for primitive in self.root["meshes"][node["mesh"]]["primitives"]:
                self._primitive(primitive, pose, out)
        for child in node.get("children", []):
            self._collect(child, pose, depth + 1, out)

    def _primitive(self, primitive: dict, pose: np.ndarray, out) -> None:
        corners, shades, loose, loose_shades = out
        attributes = primitive["attributes"]
        vertices = self._accessor(attributes["POSITION"]) @ pose[:3, :3].T + pose[:3, 3]
        index = self._accessor(primitive["indices"])[:, 0].astype(np.int64) if "indices" in primitive else np.arange(len(vertices))
        material = self.root["materials"][primitive["material"]] if "material" in primitive else {}
        surface = material.get("pbrMetallicRoughness", {})
        color = np.ones((len(vertices), 3)) * np.asarray(surface.get("baseColorFactor", [1, 1, 1, 1]), float)[:3]
        if "COLOR_0" in attributes:
            color = color * self._accessor(attributes["COLOR_0"])[:, :3]
        texture, uv = surface.get("baseColorTexture"), None
        if texture is not None:
            uv = self._accessor(attributes[f"TEXCOORD_{texture.get('texCoord', 0)}"])
        mode = primitive.get("mode", _TRIANGLES)
        if mode == _POINTS:
            loose.append(vertices[index])
            loose_shades.append(color[index])
            return
        triangles = _triangles(index, mode)
        if triangles is None:
            return  # lines have no surface
        corners.append(vertices[triangles])
        shades.append((color[triangles], None if uv is None else uv[triangles], None if texture is None else texture["index"]))

    def _shade(self, shades, which: np.ndarray, weights: np.ndarray) -> np.ndarray:
        colors = np.empty((len(which), 3))
        first = 0
        for color, uv, texture in shades:
            here = (which >= first) & (which < first + len(color))
            inside = which[here] - first
            colors[here] = (color[inside] * weights[here][:, :, None]).sum(1)
            if texture is not None:
                colors[here] *= self._texels(texture, (uv[inside] * weights[here][:, :, None]).sum(1))
            first += len(color)
        return colors

    def _texels(self, index: int, uv: np.ndarray) -> np.ndarray:
        """Linear colours of a texture at (u, v): the nearest texel, repeated beyond the edges."""
        source = self.root["images"][self.root["textures"][index]["source"]]
        if "bufferView" not in source:
            raise SpatiaError(f"{self.name} has a texture outside of the file; export it with its textures inside.")
        with Image.open(BytesIO(self._view(source["bufferView"])[0])) as image:
            texels = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
        texels = np.where(texels <= 0.04045, texels / 12.92, ((texels + 0.055) / 1.055) ** 2.4)
        height, width = texels.shape[:2]
        column, row = (np.floor(uv % 1 * (width, height)).astype(np.int64)).T
        return texels[row.clip(0, height - 1), column.clip(0, width - 1)]

    def _accessor(self, index: int) -> np.ndarray:
        """Values (count, width), float64; integers that stand for fractions are those fractions."""
        accessor = self.root["accessors"][index]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise SpatiaError(f"{self.name} has sparse data, which is not read here; export it without morph targets.")
        data, stride = self._view(accessor["bufferView"])
        kind, width, count = np.dtype(_TYPES[accessor["componentType"]]).newbyteorder("<"), _WIDTHS[accessor["type"]], accessor["count"]
        row = kind.itemsize * width
        stride, start = stride or row, accessor.get("byteOffset", 0)
        if count < 1 or start < 0 or start + (count - 1) * stride + row > len(data):
            raise SpatiaError(f"{self.name} is truncated: an array of {count} entries does not fit; export it again.")
        values = np.ndarray((count, width), kind, data, start, (stride, kind.itemsize)).astype(np.float64)
        if accessor.get("normalized") and kind.kind in "iu":
            values = np.maximum(values / np.iinfo(kind).max, -1)
        return values

    def _view(self, index: int) -> tuple[bytes, int]:
        view = self.root["bufferViews"][index]
        if view.get("buffer", 0) != 0 or "uri" in self.root["buffers"][0]:
            raise SpatiaError(f"{self.name} keeps data outside of the file; export it as one .glb.")
        start = view.get("byteOffset", 0)
        return self.binary[start : start + view["byteLength"]], view.get("byteStride", 0)


def _transform(node: dict) -> np.ndarray:
    if "matrix" in node:
        return np.asarray(node["matrix"], float).reshape(4, 4).T
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_quat(node.get("rotation", [0, 0, 0, 1])).as_matrix() * np.asarray(node.get("scale", [1, 1, 1]), float)
    pose[:3, 3] = node.get("translation", [0, 0, 0])
    return pose


def _triangles(index: np.ndarray, mode: int) -> np.ndarray | None:
    if mode == _TRIANGLES:
        return index[: len(index) // 3 * 3].reshape(-1, 3)
    if mode == _STRIP:
        return np.stack([index[:-2], index[1:-1], index[2:]], 1)
    if mode == _FAN:
        return np.stack([np.full(len(index) - 2, index[0]), index[1:-1], index[2:]], 1)
    return None


def _spread(corners: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangle (points,) and weights of its corners (points, 3), evenly over the area."""
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    generator = np.random.default_rng(0)
    share = area / area.sum() if area.sum() > 0 else np.full(len(area), 1 / len(area))
    which = generator.choice(len(area), points, p=share)
    a, b = generator.random((2, points))
    root = np.sqrt(a)
    return which, np.stack([1 - root, root * (1 - b), root * b], 1)
