"""Sound inputs of every kind, small, to be bent out of shape; and the builders of files that the corpus shares."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from spatia_core.cameras import make_cameras, write_cameras
from spatia_core.cloud.ply import ply_bytes
from spatia_core.cloud.point_cloud import make_point_cloud
from spatia_core.memory import Clip, CloudChange, HeldFrames, SpatialMemory, memory_of_image, save_memory


def cameras(count: int = 3):
    w2c = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    w2c[:, 0, 3] = -0.1 * torch.arange(count)
    return make_cameras(w2c, [0.8, 1.0, 0.5, 0.5])


def camera_texts() -> list[bytes]:
    """Every format; where a second file belongs to it, behind a line of three dashes."""
    texts = []
    for name in ("spatia", "realestate10k", "nerfstudio", "colmap", "memorize"):
        texts.append("\n---\n".join(write_cameras(cameras(), name, width=32, height=24).values()).encode())
    nerf = json.loads(texts[2])
    nerf |= {"w": 32, "h": 24, "camera_angle_x": 0.9, "camera_angle_y": 0.8, "k1": 0.0}
    nerf["frames"] = [
        {"file_path": f"a/frame_{9 - k}.png", "transform_matrix": nerf["frames"][0]["transform_matrix"]}
        for k in range(2)
    ]
    texts.append(json.dumps(nerf).encode())
    texts.append(
        b"# comment\n1 0.99 0 0 0.1 0.1 0.2 0.3 1 b 2.png\n1 2 -1\n2 1 0 0 0 0 0 0 1 a10.png\n\n---\n1 SIMPLE_PINHOLE 32 24 30 16 12\n"
    )
    return texts


KEYFRAMES = [
    b"# frame right up forward yaw pitch roll [zoom]\n12 0.2 0 0.1 -15 0 0\n24 0 0 0 0 0 0 1.5",
    b'[{"frame": 6, "right": 0.5, "easing": "smooth"}, {"frame": 20, "yaw": 90.0, "fov": 50, "forward": -1}]',
    b'{"version": 1, "units": "scene", "keyframes": [{"frame": 0}, {"frame": 24, "up": 0.3, "zoom": 2, "roll": 10}]}',
]
EDITS = [
    b'[{"do": "remove", "select": {"shape": "box", "center": [0, 0, 2], "size": [0.5, 0.5, 0.5], "rotation": [0, 10, 0]}}]',
    b'[{"do": "recolor", "select": {"shape": "sphere", "center": [0, 0, 2], "radius": 0.4}, "color": "#00ff00", "mode": "tint", "strength": 0.5}]',
    b'[{"do": "transform", "select": {"shape": "color", "color": [255, 0, 0], "tolerance": 0.5}, "move": [1, 0, 0], "rotate": [0, 30, 0],'
    b' "scale": [1, 2, 1], "pivot": [0, 0, 0]}]',
    b'[{"do": "duplicate", "select": {"shape": "lasso", "frame": 3, "points": [[0, 0], [1, 0], [0.5, 1]], "through": true}, "offset": [0.5, 0, 0], "copies": 3}]',
    b'[{"do": "merge", "move": [0, 1, 0], "scale": 2, "file": "a.ply"}, {"do": "merge", "pivot": "center", "off": true}]',
    b'[{"do": "remove", "select": {"shape": "plane", "point": [0, 0, 2], "normal": [0, 1, 0], "distance": 0.2, "invert": true}}]',
    b'[{"do": "remove", "select": {"shape": "plane", "point": [0, 0, 2], "distance": 0.2}}]',
    b'[{"do": "remove", "select": {"shape": "cluster", "at": [0, 0, 2], "distance": 0.1, "within": {"shape": "frames", "first": 0, "last": 9}}}]',
    b'[{"do": "remove", "select": {"shape": "union", "of": [{"shape": "clip", "clip": 2}, {"shape": "intersection", "of": [{"shape": "mask", "frame": 0}]}]}}]',
    b'[{"do": "remove", "select": {"shape": "lasso", "camera": {"w2c": [1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1], "intrinsics": [1, 1, 0.5, 0.5],'
    b' "size": [32, 24]}, "points": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}}]',
]
NUMBERS = [
    b'["orbit", 25, 30.0, 0.3, 2.0, 1.0, 1.0, 0]',
    b'["dolly_zoom", 9, 0.0, 0.5, 1.0, 0.0, 100.0, 1]',
    b'["spiral", 12, 5, 0.2, 3, -2.5, 0.01, 1]',
]
CHAINS = [
    json.dumps(chain).encode()
    for chain in (
        {"voxel": 0.05, "size": [12, 16], "steps": [
            {"kind": "metres"}, {"do": "clip", "kind": "metres", "move": 0.02, "consistent": True},
            {"do": "edit", "edits": [{"do": "remove", "select": {"shape": "frames", "first": 1, "last": 4}}],
             "load": True},
            {"do": "clip", "kind": "metres", "move": 0.05, "edges": True, "short": True},
            {"do": "revert"}, {"do": "revert"},
        ]},
        {"voxel": 0.02, "size": [9, 20], "steps": [
            {"kind": "inverse", "type": "half"},
            {"do": "clip", "kind": "inverse", "move": 0.1, "load": True, "turned": True},
            {"do": "clip", "kind": "metres", "values": [0.3, 1.5], "move": 0.1, "consistent": True}, {"do": "revert"},
            {"do": "edit", "edits": [{"do": "transform", "move": [0.5, 0, 0], "scale": 2}, {"do": "merge"}]},
            {"do": "clip", "kind": "metres", "move": 0.3, "consistent": True},
        ]},
        {"voxel": 0.1, "size": [1, 7], "steps": [
            {"kind": "normalised", "values": [0.5, 0.0, 1.0]},
            {"do": "clip", "kind": "normalised", "values": [0.5], "type": "double"},
            {"do": "edit", "edits": [{"do": "duplicate", "offset": [0.1, 0, 0], "copies": 3}]}, {"do": "revert"},
        ]},
    )
]  # fmt: skip
VIEWS = [
    b'{"position": {"x": 1, "y": 2, "z": 3}, "target": {"x": 0, "y": 0, "z": 0}, "fov": 40, "zoom": 1, "cameraType": "perspective"}',
    b'{"position": {"x": 1, "y": 0, "z": 0}, "quaternion": {"x": 0, "y": 0, "z": 0, "w": 1}, "fov": 75}',
]
NAMES = [
    b"shot/w2c.txt",
    b"scene_00001_.spatia [output]",
    b"a.ply [temp]",
    b"../../etc/passwd",
    b"spatia/%date:yyyy%/scene",
    b"%width%x",
]
INDEX = [b'{"metadata": {"total_size": 4}, "weight_map": {"a": "file-00001-of-00001.safetensors"}}']


def animated_cameras() -> list[bytes]:
    """A path as .glb, and a .gltf with parents, a matrix, a cubic spline and its data inside."""
    keys = np.array([[0], [1]], "<f4").tobytes()
    rows = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0], [0, 0, 0]], "<f4").tobytes()
    root = {
        "asset": {"version": "2.0"},
        "cameras": [{"type": "perspective", "perspective": {"yfov": 0.9, "aspectRatio": 1.5, "znear": 0.1}}],
        "nodes": [
            {"name": "Camera", "camera": 0, "rotation": [0, 0.6, 0, 0.8]},
            {"name": "Dolly", "children": [0], "scale": [2, 2, 2]},
            {"children": [1], "matrix": np.eye(4).flatten().tolist()},
        ],
        "animations": [
            {
                "channels": [{"sampler": 0, "target": {"node": 1, "path": "translation"}}],
                "samplers": [{"input": 0, "output": 1, "interpolation": "CUBICSPLINE"}],
            }
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 2, "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": 6, "type": "VEC3"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(keys)},
            {"buffer": 0, "byteOffset": len(keys), "byteLength": len(rows)},
        ],
        "buffers": [
            {
                "byteLength": len(keys + rows),
                "uri": "data:application/octet-stream;base64," + base64.b64encode(keys + rows).decode(),
            }
        ],
    }
    return [write_cameras(cameras(), "gltf", width=32, height=24)["cameras.glb"], json.dumps(root).encode()]


def route_bodies() -> list[bytes]:
    text, _, intrinsics = camera_texts()[0].decode().partition("\n---\n")
    rows = [
        {"w2c": pose.flatten().tolist(), "intrinsics": k.tolist()}
        for pose, k in zip(cameras().w2c, cameras().intrinsics)
    ]
    return [
        json.dumps({"text": text, "intrinsics": intrinsics, "width": 32, "height": 24}).encode(),
        json.dumps({"cameras": rows, "format": "colmap", "width": 32, "height": 24}).encode(),
    ]


def ply_files() -> list[bytes]:
    cloud = make_point_cloud(
        torch.rand(20, 3, generator=torch.Generator().manual_seed(0)), torch.full((20, 3), 9, dtype=torch.uint8)
    )
    ascii = (
        b"ply\nformat ascii 1.0\ncomment a\nelement vertex 2\nproperty double x\nproperty float y\nproperty float z\n"
        + b"".join(b"property uchar " + name + b"\n" for name in (b"red", b"green", b"blue"))
        + b"property int view\nproperty int count\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 1 1 2 3 0 1\n1 1 2 4 5 6 1 2\n3 0 1 0\n"
    )
    big = ply_bytes(cloud).replace(b"little", b"big")
    return [ply_bytes(cloud), ascii, big]


def png(width: int, height: int, color: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), color).save(buffer, "PNG")
    return buffer.getvalue()


def glb(root: dict, binary: bytes = b"") -> bytes:
    """A .glb of its JSON and its one buffer."""
    text = json.dumps(root).encode()
    text += b" " * (-len(text) % 4)
    return glb_of_text(text, binary)


def glb_of_text(text: bytes, binary: bytes) -> bytes:
    binary += bytes(-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def triangle_root(texture: bytes | None = None) -> tuple[dict, bytes]:
    """A textured triangle in a tree of three nodes, and its buffer."""
    positions = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4").tobytes()
    uv = np.array([[0, 0], [1, 0], [0, 1]], "<f4").tobytes()
    indices = np.array([0, 1, 2, 0], "<u2").tobytes()
    texture = png(8, 8) if texture is None else texture
    binary = positions + uv + indices + texture
    starts = np.cumsum([0, len(positions), len(uv), len(indices)]).tolist()
    views = [
        {"buffer": 0, "byteOffset": start, "byteLength": length}
        for start, length in zip(starts, map(len, (positions, uv, indices, texture)))
    ]
    root = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [
            {"children": [1, 2], "translation": [0, 0, 1]}, {"mesh": 0, "rotation": [0, 0, 0, 1], "scale": [1, 2, 1]},
            {"mesh": 0, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 2, 0, 0, 1]},
        ],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0, "mode": 4}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 1], "baseColorTexture": {"index": 0, "texCoord": 0}}}],
        "textures": [{"source": 0}], "images": [{"bufferView": 3, "mimeType": "image/png"}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}, {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC2"},
            {"bufferView": 2, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
        "bufferViews": views, "buffers": [{"byteLength": len(binary)}],
    }  # fmt: skip
    return root, binary


def safetensors_file(header: dict | bytes, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def control_shapes(blocks: int = 1) -> dict[str, list[int]]:
    from spatia_core.weights.layouts import ControlLayout
    from spatia_core.weights.layouts import control_shapes as shapes

    return {name: list(shape) for name, shape in shapes(ControlLayout(16, 32, blocks, 96, (1, 2, 2))).items()}


def decoupled_shapes() -> dict[str, list[int]]:
    from spatia_core.model.decoupled.layout import DecoupledLayout
    from spatia_core.model.decoupled.layout import decoupled_shapes as shapes

    return {
        name: list(shape)
        for name, shape in shapes(DecoupledLayout(128, 1, 32, 1, 8, 16, 52, 32, (8, 8, 8), 8, (1, 2, 2))).items()
    }


def layouts() -> list[bytes]:
    from spatia_core.weights.layouts import BackboneLayout, backbone_shapes

    backbone = {
        name: list(shape) for name, shape in backbone_shapes(BackboneLayout(16, 32, 1, 48, 48, 8, 8, (1, 2, 2))).items()
    }
    return [json.dumps(shapes).encode() for shapes in (control_shapes(), decoupled_shapes(), backbone)]


def headers() -> list[bytes]:
    files = []
    for text in layouts():
        header, at = {"__metadata__": {"format": "pt"}}, 0
        for name, shape in json.loads(text).items():
            size = 2 * int(np.prod(shape))
            header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
        files.append(safetensors_file(header, bytes(at)))
    return files


def memory() -> SpatialMemory:
    """A memory of 1 + 2 + 2 + 2 frames of 6 x 8 pixels: eight points, of which each of two clips dropped two and added
    three, and before them a clip whose change is not known.
    """

    def points(views: list[int]):
        count = len(views)
        positions = torch.rand(count, 3, generator=torch.Generator().manual_seed(count)) + torch.tensor(
            [-0.5, -0.5, 1.0]
        )
        return make_point_cloud(
            positions, torch.full((count, 3), 7, dtype=torch.uint8), view=torch.tensor(views, dtype=torch.int32)
        )

    cloud = points([0, 1, -1, 2, 0, 3, 4, 5, 6, 6])
    changes = (
        None,
        CloudChange(8, torch.tensor([0, 2]), points([1, 2])),
        CloudChange(9, torch.tensor([1, 7]), points([0, 4])),
    )
    generator, path = torch.Generator().manual_seed(1), cameras(7)
    frames = torch.randint(0, 256, (7, 6, 8, 3), generator=generator, dtype=torch.uint8)
    start = memory_of_image(frames[0], path.select(0), cloud, 0.05, notes=("scale: known",))
    clips = tuple(
        Clip(HeldFrames(frames[k : k + 2]), path.select(slice(k, k + 2)), shared, change, (f"from {k}",))
        for k, shared, change in zip((1, 3, 5), (1, 3, 5), changes)
    )
    return start._replace(clips=start.clips + clips, exact_from=2)


def archive_entries() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.spatia")
        save_memory(memory(), path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def archive_entries_1() -> dict[str, bytes]:
    """Of a file in format 1."""
    with zipfile.ZipFile(data_path("memory_v1.spatia")) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def split_safetensors(data: bytes) -> tuple[bytes, bytes]:
    """Header text and data of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    return data[8 : 8 + length], data[8 + length :]


def flat_png(width: int, height: int, rows: int | None = None) -> bytes:
    """A PNG of one grey, tens of kilobytes for thousands of pixels each way, made without holding its pixels.

    rows: how many it really holds, where it claims more.
    """

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    line = b"\0" + b"\x80" * (3 * width)
    packed = b"".join(packer.compress(line) for _ in range(height if rows is None else rows)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )


def data_path(name: str) -> Path:
    return Path(__file__).resolve().parent.parent / "data" / name
