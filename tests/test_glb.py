"""Reading .glb meshes: places, colours and textures of files made here, and what is refused."""

import json
import struct
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from spatia_core.cloud.foreign import read_foreign
from spatia_core.cloud.glb import parse_glb
from spatia_core.errors import SpatiaError

QUAD = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)


class Maker:
    """Puts arrays into a .glb."""

    def __init__(self):
        self.data, self.views, self.accessors = b"", [], []

    def view(self, data: bytes) -> int:
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)})
        self.data += data + b"\0" * (-len(data) % 4)
        return len(self.views) - 1

    def array(self, values: np.ndarray, **more) -> int:
        kinds = {np.dtype("float32"): 5126, np.dtype("uint16"): 5123, np.dtype("uint8"): 5121, np.dtype("uint32"): 5125}
        width = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[1 if values.ndim == 1 else values.shape[1]]
        view = self.view(values.tobytes())
        self.accessors.append({"bufferView": view, "componentType": kinds[values.dtype], "count": len(values), "type": width, **more})
        return len(self.accessors) - 1

    def glb(self, **root) -> bytes:
        root = {"asset": {"version": "2.0"}, "buffers": [{"byteLength": len(self.data)}], "bufferViews": self.views, "accessors": self.accessors, **root}
        text = json.dumps(root).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(self.data), 0x004E4942) + self.data
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def quad(maker: Maker, **attributes) -> dict:
    indices = maker.array(np.array([0, 1, 2, 0, 2, 3], np.uint16))
    return {"attributes": {"POSITION": maker.array(QUAD), **attributes}, "indices": indices}


def test_a_mesh_with_its_place_in_a_tree_of_nodes():
    maker = Maker()
    turned = {"mesh": 0, "rotation": [0, 0, np.sqrt(0.5), np.sqrt(0.5)], "scale": [2, 1, 1]}
    data = maker.glb(scene=0, scenes=[{"nodes": [1]}], nodes=[turned, {"translation": [10, 0, 0], "children": [0]}], meshes=[{"primitives": [quad(maker)]}])
    cloud = parse_glb(data, "x.glb", points=2000)
    x, y, z = cloud.positions.unbind(1)
    # Twice as wide, turned by 90 degrees about z, then ten to the side.
    assert cloud.size == 2000 and (z == 0).all() and float(x.min()) >= 9 and float(x.max()) <= 10 and 0 <= float(y.min()) and float(y.max()) <= 2
    assert float(x.mean()) == pytest.approx(9.5, abs=0.03) and float(y.mean()) == pytest.approx(1.0, abs=0.06)
    assert (cloud.colors == 255).all() and (cloud.view == -1).all()
    again = parse_glb(data, "x.glb", points=2000)
    assert torch.equal(again.positions, cloud.positions)


def test_vertex_colours_and_factors_are_linear():
    maker = Maker()
    color = maker.array(np.full((4, 4), 128, np.uint8), normalized=True)
    primitive = quad(maker, COLOR_0=color) | {"material": 0}
    materials = [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0, 1]}}]
    cloud = parse_glb(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [primitive]}], materials=materials), "x.glb", points=50)
    # sRGB of 0.50196, of half of it, of nothing.
    assert cloud.colors.unique(dim=0).tolist() == [[188, 137, 0]]


def test_a_texture_is_looked_up_where_the_points_are():
    maker = Maker()
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0], pixels[0, 1], pixels[1, 0], pixels[1, 1] = (255, 0, 0), (0, 255, 0), (0, 0, 255), (90, 90, 90)
    png = BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    # Texture coordinates run down, the quad's y runs up.
    uv = maker.array(np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32))
    primitive = quad(maker, TEXCOORD_0=uv) | {"material": 0}
    data = maker.glb(
        nodes=[{"mesh": 0}], meshes=[{"primitives": [primitive]}], materials=[{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        textures=[{"source": 0}], images=[{"mimeType": "image/png", "bufferView": maker.view(png.getvalue())}],
    )  # fmt: skip
    cloud = parse_glb(data, "x.glb", points=400)
    right, up = cloud.positions[:, 0] >= 0.5, cloud.positions[:, 1] >= 0.5
    for where, color in ((~right & up, [255, 0, 0]), (right & up, [0, 255, 0]), (~right & ~up, [0, 0, 255]), (right & ~up, [90, 90, 90])):
        assert where.any() and cloud.colors[where].unique(dim=0).tolist() == [color]


def test_points_and_other_primitives():
    maker = Maker()
    loose = {"attributes": {"POSITION": maker.array(QUAD + 5)}, "mode": 0}
    lines = {"attributes": {"POSITION": maker.array(QUAD)}, "mode": 1}
    strip = {"attributes": {"POSITION": maker.array(QUAD[[0, 1, 3, 2]])}, "mode": 5}
    fan = {"attributes": {"POSITION": maker.array(QUAD)}, "mode": 6}
    cloud = parse_glb(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [loose, lines, strip, fan]}]), "x.glb", points=100)
    assert torch.equal(cloud.positions[:4], torch.from_numpy(QUAD + 5)) and cloud.size == 104
    assert float(cloud.positions[4:, 0].mean()) == pytest.approx(0.5, abs=0.1)


def test_a_file_is_read_by_its_ending(tmp_path):
    maker = Maker()
    path = tmp_path / "quad.glb"
    path.write_bytes(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [quad(maker)]}]))
    assert read_foreign(path, "quad.glb", points=30).size == 30


def test_what_is_refused_says_what_to_do():
    maker = Maker()
    meshes = [{"primitives": [quad(maker)]}]
    good = maker.glb(nodes=[{"mesh": 0}], meshes=meshes)
    cases = [
        (b"solid ascii", "export it as .glb"), (good[:-8], "all of them"), (good[:4] + struct.pack("<I", 1) + good[8:], "version 1"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, extensionsRequired=["KHR_draco_mesh_compression"]), "without compression"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, buffers=[{"byteLength": 9, "uri": "quad.bin"}]), "as one .glb"),
        (maker.glb(nodes=[{"mesh": 3}], meshes=meshes), "IndexError"), (maker.glb(nodes=[]), "no triangle"), (maker.glb(nodes=[{"children": [0]}], meshes=meshes), "below each other"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, accessors=[entry | {"count": 99} for entry in maker.accessors]), "does not fit"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, accessors=[entry | {"sparse": {}} for entry in maker.accessors]), "sparse"),
    ]  # fmt: skip
    for data, message in cases:
        with pytest.raises(SpatiaError, match=message):
            parse_glb(data, "x.glb", points=10)
    for at in range(20, len(good) - len(maker.data), 7):
        broken = good[:at] + b"\xff" + good[at + 1 :]
        try:
            parse_glb(broken, "x.glb", points=10)
        except SpatiaError:
            pass  # the only way to fail
