"""Reading .glb meshes: places, colours and textures of files made here, and what is refused."""

import contextlib
import json
import struct
import tracemalloc
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from spatia_core.cloud.foreign import read_cloud
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
        self.accessors.append(
            {"bufferView": view, "componentType": kinds[values.dtype], "count": len(values), "type": width, **more}
        )
        return len(self.accessors) - 1

    def glb(self, **root) -> bytes:
        root = {
            "asset": {"version": "2.0"},
            "buffers": [{"byteLength": len(self.data)}],
            "bufferViews": self.views,
            "accessors": self.accessors,
            **root,
        }
        text = json.dumps(root).encode()
        text += b" " * (-len(text) % 4)
        chunks = (
            struct.pack("<II", len(text), 0x4E4F534A)
            + text
            + struct.pack("<II", len(self.data), 0x004E4942)
            + self.data
        )
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def quad(maker: Maker, **attributes) -> dict:
    indices = maker.array(np.array([0, 1, 2, 0, 2, 3], np.uint16))
    return {"attributes": {"POSITION": maker.array(QUAD), **attributes}, "indices": indices}


def test_a_mesh_with_its_place_in_a_tree_of_nodes():
    maker = Maker()
    turned = {"mesh": 0, "rotation": [0, 0, np.sqrt(0.5), np.sqrt(0.5)], "scale": [2, 1, 1]}
    data = maker.glb(
        scene=0,
        scenes=[{"nodes": [1]}],
        nodes=[turned, {"translation": [10, 0, 0], "children": [0]}],
        meshes=[{"primitives": [quad(maker)]}],
    )
    cloud = parse_glb(data, "x.glb", points=2000)
    x, y, z = cloud.positions.unbind(1)
    # Twice as wide, turned by 90 degrees about z, then ten to the side.
    assert (
        cloud.size == 2000
        and (z == 0).all()
        and float(x.min()) >= 9
        and float(x.max()) <= 10
        and float(y.min()) >= 0
        and float(y.max()) <= 2
    )
    assert float(x.mean()) == pytest.approx(9.5, abs=0.03) and float(y.mean()) == pytest.approx(1.0, abs=0.06)
    assert (cloud.colors == 255).all() and (cloud.view == -1).all()
    again = parse_glb(data, "x.glb", points=2000)
    assert torch.equal(again.positions, cloud.positions)


def test_vertex_colours_and_factors_are_linear():
    maker = Maker()
    color = maker.array(np.full((4, 4), 128, np.uint8), normalized=True)
    primitive = quad(maker, COLOR_0=color) | {"material": 0}
    materials = [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0, 1]}}]
    cloud = parse_glb(
        maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [primitive]}], materials=materials), "x.glb", points=50
    )
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
    for where, color in (
        (~right & up, [255, 0, 0]),
        (right & up, [0, 255, 0]),
        (~right & ~up, [0, 0, 255]),
        (right & ~up, [90, 90, 90]),
    ):
        assert where.any() and cloud.colors[where].unique(dim=0).tolist() == [color]


def test_points_and_other_primitives():
    maker = Maker()
    loose = {"attributes": {"POSITION": maker.array(QUAD + 5)}, "mode": 0}
    lines = {"attributes": {"POSITION": maker.array(QUAD)}, "mode": 1}
    strip = {"attributes": {"POSITION": maker.array(QUAD[[0, 1, 3, 2]])}, "mode": 5}
    fan = {"attributes": {"POSITION": maker.array(QUAD)}, "mode": 6}
    cloud = parse_glb(
        maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [loose, lines, strip, fan]}]), "x.glb", points=100
    )
    assert torch.equal(cloud.positions[:4], torch.from_numpy(QUAD + 5)) and cloud.size == 104
    assert float(cloud.positions[4:, 0].mean()) == pytest.approx(0.5, abs=0.1)


def test_a_file_is_read_by_its_ending(tmp_path):
    maker = Maker()
    path = tmp_path / "quad.glb"
    path.write_bytes(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [quad(maker)]}]))
    assert read_cloud(path, "quad.glb", points=30).size == 30


def test_what_is_refused_says_what_to_do():
    maker = Maker()
    meshes = [{"primitives": [quad(maker)]}]
    good = maker.glb(nodes=[{"mesh": 0}], meshes=meshes)
    cases = [
        (b"solid ascii", "export it as .glb"), (good[:-8], "all of them"), (good[:4] + struct.pack("<I", 1) + good[8:], "version 1"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, extensionsRequired=["KHR_draco_mesh_compression"]), "without compression"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, buffers=[{"byteLength": 9, "uri": "quad.bin"}]), "as one .glb"),
        (maker.glb(nodes=[{"mesh": 3}], meshes=meshes), "number 3 of its 1 meshes"),
        (maker.glb(nodes=[]), "no triangle"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, accessors=[entry | {"count": 99} for entry in maker.accessors]), "does not fit"),
        (maker.glb(nodes=[{"mesh": 0}], meshes=meshes, accessors=[entry | {"sparse": {}} for entry in maker.accessors]), "sparse"),
    ]  # fmt: skip
    for data, message in cases:
        with pytest.raises(SpatiaError, match=message):
            parse_glb(data, "x.glb", points=10)
    for at in range(20, len(good) - len(maker.data), 7):
        broken = good[:at] + b"\xff" + good[at + 1 :]
        with contextlib.suppress(SpatiaError):  # the only way to fail
            parse_glb(broken, "x.glb", points=10)


# --- files made to take the machine down ---


def textured(maker: Maker, image: bytes, **attributes) -> dict:
    """The description of a quad with a texture."""
    if not attributes:
        attributes = {"TEXCOORD_0": maker.array(np.zeros((4, 2), np.float32))}
    primitive = quad(maker, **attributes) | {"material": 0}
    return {
        "nodes": [{"mesh": 0}], "meshes": [{"primitives": [primitive]}], "textures": [{"source": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        "images": [{"bufferView": maker.view(image)}],
    }  # fmt: skip


def picture(size: tuple[int, int], mode: str = "RGB", format: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new(mode, size).save(file, format)
    return file.getvalue()


def refused(data: bytes, message: str) -> None:
    with pytest.raises(SpatiaError, match=message) as refusal:
        parse_glb(data, "x.glb", points=10)
    assert "x.glb" in str(refusal.value)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([{"children": [i + 1, i + 1]} for i in range(40)] + [{"mesh": 0}], "node 40 is listed twice"),
        ([{"children": [1, 2]}, {"children": [3]}, {"children": [3]}, {"mesh": 0}], "node 3 is listed twice"),
        ([{"children": [0]}], "node 0 is listed twice"),
        ([{"children": [i + 1]} for i in range(101)] + [{"mesh": 0}], "below each other"),
        ([{"children": [-1]}], "number -1 of its 1 nodes"),
        ([{"children": [True]}, {}], "number True of its 2 nodes"),
        ([{"children": ["1"]}, {}], "expected numbers of nodes"),
        ([{"children": 1}, {}], "expected a list"),
        ([{"mesh": -1}], "number -1 of its 1 meshes"),
        ([{}] * 50_001, "50001 nodes"),
        ([3], "expected an object"),
    ],
)
def test_nodes_are_a_tree(nodes, message):
    maker = Maker()
    refused(maker.glb(scene=0, scenes=[{"nodes": [0]}], nodes=nodes, meshes=[{"primitives": [quad(maker)]}]), message)


def test_without_scenes_children_are_shown_where_their_parents_are():
    maker = Maker()
    nodes = [{"mesh": 0}, {"translation": [10, 0, 0], "children": [0]}]
    cloud = parse_glb(maker.glb(nodes=nodes, meshes=[{"primitives": [quad(maker)]}]), "x.glb", points=500)
    assert float(cloud.positions[:, 0].min()) >= 10


@pytest.mark.parametrize("primitives, mode", [(3000, 4), (20_001, 1), (700, 0)])
def test_an_array_that_is_named_thousands_of_times_is_counted_each_time(primitives, mode):
    maker = Maker()
    index = maker.array((np.arange(60_000) % 4).astype(np.uint8))
    part = {"attributes": {"POSITION": maker.array(QUAD)}, "indices": index, "mode": mode}
    refused(
        maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [part] * primitives}]),
        "counted as often as nodes show them",
    )


def test_many_nodes_of_one_mesh_are_sampled_evenly():
    maker = Maker()
    nodes = [{"mesh": 0, "translation": [2.0 * i, 0, 0]} for i in range(500)]
    cloud = parse_glb(maker.glb(nodes=nodes, meshes=[{"primitives": [quad(maker)]}]), "x.glb", points=50_000)
    per_node = torch.bincount((cloud.positions[:, 0] / 2).long(), minlength=500)
    assert len(per_node) == 500 and int(per_node.min()) > 50 and int(per_node.max()) < 160


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        (np.array([0, 1, 4], np.uint16), "vertex 4 of 4"),
        (np.array([0, 1, 2**32 - 1], np.uint32), "vertex 4294967295 of 4"),
        (np.array([0, 1, 2], np.float32), "componentType 5126"),
        (np.zeros((3, 2), np.uint8), "type 'VEC2', expected SCALAR"),
    ],
)  # fmt: skip
def test_indices_name_vertices(indices, message):
    maker = Maker()
    part = {"attributes": {"POSITION": maker.array(QUAD)}, "indices": maker.array(indices)}
    refused(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [part]}]), message)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (picture((6000, 6000))[:-100], "cannot be decoded"),
        (picture((8, 8))[:45] + b"\xff" * 45, "cannot be decoded"),
        (picture((8193, 1)), "8193x1 pixels, expected at most 8192"),
        (picture((14000, 14000), "1"), "196000000 pixels"),
        (picture((8, 8), format="BMP"), "cannot be decoded"),
        (b"no picture", "cannot be decoded"),
    ],
    ids=["cut", "torn", "wide", "huge", "foreign", "none"],
)
def test_textures_are_looked_at_before_they_are_decoded(image, message):
    maker = Maker()
    refused(maker.glb(**textured(maker, image)), message)


def test_all_textures_together_have_a_limit(monkeypatch):
    monkeypatch.setattr("spatia_core.cloud.glb._MOST_TEXELS", 100)
    maker = Maker()
    root = textured(maker, picture((8, 8)))
    assert parse_glb(maker.glb(**root), "x.glb", points=10).size == 10
    # One image is decoded once, however many textures show it; another one counts.
    part = root["meshes"][0]["primitives"][0]
    root["meshes"][0]["primitives"] = [part, part | {"material": 1}]
    root["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": 1}}})
    root["textures"].append({"source": 0})
    assert parse_glb(maker.glb(**root), "x.glb", points=10).size == 10
    root["textures"][1] = {"source": 1}
    root["images"].append(root["images"][0])
    refused(maker.glb(**root), "100 in all")


@pytest.mark.parametrize("uv", [np.nan, np.inf])
def test_texture_coordinates_are_finite(uv):
    maker = Maker()
    refused(
        maker.glb(**textured(maker, picture((2, 2)), TEXCOORD_0=maker.array(np.full((4, 2), uv, np.float32)))),
        "NaN",
    )


def test_attributes_belong_to_the_vertices():
    maker = Maker()
    for attributes, message in (
        ({"COLOR_0": maker.array(np.zeros((3, 3), np.float32))}, "3 entries for 4 vertices"),
        ({"COLOR_0": maker.array(np.zeros((4, 2), np.float32))}, "type 'VEC2', expected VEC3 or VEC4"),
        ({"COLOR_0": maker.array(np.full((4, 3), np.nan, np.float32))}, "colours are NaN"),
        ({"POSITION": maker.array(QUAD[:, :2].copy())}, "type 'VEC2', expected VEC3"),
        ({"POSITION": -1}, "number -1 of its"),
    ):
        refused(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [quad(maker, **attributes)]}]), message)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38, -2e9])
def test_positions_are_finite_and_near(value):
    for mode in (4, 0):
        maker = Maker()
        far = QUAD.copy()
        far[2, 1] = value
        part = quad(maker) | {"attributes": {"POSITION": maker.array(far)}, "mode": mode}
        refused(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [part]}]), "from the origin")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"scale": [1e308, 1, 1]}, "scale of node 0"), ({"scale": [1, 1]}, "expected 3 numbers"),
        ({"translation": ["1", 0, 0]}, "translation"),
        ({"rotation": [0, 0, 0, 0]}, "expected a quaternion"), ({"rotation": [0, 0, 0, True]}, "rotation of node 0"),
        ({"matrix": [1] * 15}, "expected 16 numbers"), ({"matrix": [1e9] * 16}, "from the origin"),
    ],
)  # fmt: skip
def test_transforms_are_numbers(node, message):
    maker = Maker()
    refused(maker.glb(nodes=[node | {"mesh": 0}], meshes=[{"primitives": [quad(maker)]}]), message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 4.5}, "count of array"), ({"count": True}, "count of array"), ({"count": 10**19}, "count of array"),
        ({"count": 0}, "count of array"),
        ({"count": 2**40}, "does not fit"), ({"byteOffset": -4}, "byteOffset"),
        ({"componentType": 5127}, "componentType 5127"),
        ({"componentType": [5126]}, "componentType"), ({"type": "MAT4"}, "MAT4"), ({"type": {}}, "of type"),
        ({"normalized": "no"}, "true or false"),
        ({"bufferView": 2}, "number 2 of its 2 bufferViews"), ({"bufferView": "0"}, "number '0'"),
    ],
)  # fmt: skip
def test_arrays_lie_in_the_file(change, message):
    maker = Maker()
    meshes = [{"primitives": [quad(maker)]}]
    refused(
        maker.glb(nodes=[{"mesh": 0}], meshes=meshes, accessors=[entry | change for entry in maker.accessors]),
        message,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"byteLength": -1}, "byteLength"), ({"byteOffset": -8}, "byteOffset"),
        ({"byteOffset": 10**6}, "does not fit"), ({"byteStride": 1}, "byteStride is 1"),
        ({"byteStride": -12}, "byteStride"), ({"byteStride": 1 << 18}, "does not fit"),
        ({"buffer": 1}, "number 1 of its 1 buffers"), ({"byteLength": None}, "byteLength"),
    ],
)  # fmt: skip
def test_views_lie_in_the_file(change, message):
    maker = Maker()
    meshes = [{"primitives": [quad(maker)]}]
    refused(maker.glb(nodes=[{"mesh": 0}], meshes=meshes, bufferViews=[view | change for view in maker.views]), message)


def described(text: bytes, kind: int = 0x4E4F534A, size: int | None = None) -> bytes:
    chunk = struct.pack("<II", len(text) if size is None else size, kind) + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (described(b"[" * 100_000), "nested"), (described(b'{"nodes": [' + b"9" * 5000 + b"]}"), "5000 digits"),
        (described(b"[1, 2]"), "expected an object"),
        (described(b"{}", size=2**32 - 1), "does not fit into it"),
        (described(b"{}  ", kind=7), "begin with a description"), (described(b"{\xff}"), "UTF-8"),
        (described(b'{"nodes": 7}'), "expected a list"),
        (described(b'{"scene": 1, "scenes": [{}]}'), "number 1 of its 1 scenes"),
        (described(b'{"extensionsRequired": [{}]}'), "needs the glTF extensions"),
        (struct.pack("<4sII", b"glTF", 2, 12) + bytes(8), "all of them"),
    ],
)  # fmt: skip
def test_broken_descriptions(data, message):
    refused(data, message)


def test_a_large_texture_costs_less_than_its_linear_values():
    """Of 36 million texels, those that are looked up are converted, and no others."""
    maker = Maker()
    data = maker.glb(**textured(maker, picture((6000, 6000))))
    assert len(data) < 200_000
    tracemalloc.start()
    try:
        assert parse_glb(data, "x.glb", points=1000).size == 1000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_an_interrupt_is_noticed(monkeypatch):
    class Stop(Exception):
        pass

    def look():
        raise Stop

    monkeypatch.setattr("spatia_core.interrupt._look", look)
    maker = Maker()
    with pytest.raises(Stop):
        parse_glb(maker.glb(nodes=[{"mesh": 0}], meshes=[{"primitives": [quad(maker)]}]), "x.glb", points=10)
