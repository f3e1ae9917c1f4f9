"""glTF cameras: axes, round trips, hierarchies and interpolations by hand, what is refused, hostile files."""

import base64
import json
import math
import struct
import sys

import numpy as np
import pytest
import torch
from random_scenes import random_poses
from scipy.spatial.transform import Rotation

from spatia_core.cameras import (
    detect_format,
    intrinsics_from_fov,
    invert_pose,
    make_cameras,
    preset_path,
    read_cameras,
    write_cameras,
)
from spatia_core.cameras.gltf import read_gltf
from spatia_core.errors import SpatiaError

FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
LENS = {"type": "perspective", "perspective": {"yfov": 1.0, "aspectRatio": 2.0, "znear": 0.1}}


def start():
    return make_cameras(torch.eye(4, dtype=torch.float64)[None], intrinsics_from_fov(60, 1248, 704))


def path(frames: int):
    return preset_path("spiral", start(), frames, distance=0.5, depth=2.0, turns=1.5)


def gltf(nodes, animations=(), arrays=(), cameras=(LENS,), **changes) -> bytes:
    """A .gltf with its data inside. arrays: of numbers (N, width), which samplers name by their index."""
    blob, views, accessors = b"", [], []
    for array in arrays:
        data = np.ascontiguousarray(array, "<f4")
        views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": data.nbytes})
        accessors.append({"bufferView": len(views) - 1, "componentType": 5126, "count": len(data), "type": TYPES[data.shape[1]]})  # fmt: skip
        blob += data.tobytes()
    uri = "data:application/octet-stream;base64," + base64.b64encode(blob).decode()
    described = {
        "asset": {"version": "2.0"}, "nodes": list(nodes), "cameras": list(cameras), "animations": list(animations),
        "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(blob), "uri": uri}],
    }  # fmt: skip
    return json.dumps(described | changes).encode()


def animation(*tracks) -> dict:
    """Of (node, path, interpolation, times' array, values' array)."""
    return {
        "channels": [{"sampler": i, "target": {"node": t[0], "path": t[1]}} for i, t in enumerate(tracks)],
        "samplers": [{"interpolation": t[2], "input": t[3], "output": t[4]} for t in tracks],
    }


def c2w_of(cameras) -> np.ndarray:
    """Camera-to-world in glTF's axes."""
    return FLIP @ cameras.c2w.numpy() @ FLIP


def placed(translation, rotation, scale) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat(rotation).as_matrix() * np.asarray(scale)
    matrix[:3, 3] = translation
    return matrix


@pytest.mark.parametrize("frames", [1, 2, 3, 121])
@pytest.mark.parametrize("fps", [24, 29.97, 1 / 3])
def test_a_path_comes_back(frames, fps):
    cameras = path(frames)
    files = write_cameras(cameras, "gltf", width=1248, height=704, fps=fps)
    (data,) = files.values()
    assert list(files) == ["cameras.glb"] and data[:4] == b"glTF" and len(data) % 4 == 0
    for format in ("auto", "gltf"):
        again = read_cameras(data, format=format, fps=fps)
        assert again.count == frames
        torch.testing.assert_close(again.w2c, cameras.w2c, atol=1e-6, rtol=0)
        torch.testing.assert_close(again.intrinsics, cameras.intrinsics, atol=1e-12, rtol=0)


def test_turns_of_every_kind_come_back():
    cameras = make_cameras(random_poses(40, seed=5), [0.8, 1.1, 0.5, 0.5])
    again = read_cameras(write_cameras(cameras, "gltf", width=64, height=32)["cameras.glb"])
    torch.testing.assert_close(again.w2c, cameras.w2c, atol=2e-6, rtol=0)


def test_axes_by_hand():
    # glTF's camera as it is without a transform looks along -z with y up: the start camera here.
    read = read_cameras(gltf([{"camera": 0}]).decode())
    assert read.count == 1 and torch.allclose(read.w2c[0], torch.eye(4, dtype=torch.float64))
    assert read.intrinsics[0].tolist() == pytest.approx([0.25 / math.tan(0.5), 0.5 / math.tan(0.5), 0.5, 0.5])
    up = read_cameras(gltf([{"camera": 0, "translation": [1, 2, 3]}]))
    assert up.centers[0].tolist() == [1, -2, -3]


def test_sampled_faster_and_slower_than_its_keys():
    data = gltf(
        [{"camera": 0}], [animation((0, "translation", "LINEAR", 0, 1))], [[[0.5], [1.5]], [[0, 0, 0], [2, 0, 0]]]
    )
    for fps, count in ((10, 11), (4, 5), (1, 2), (0.2, 1)):
        read = read_gltf(data, fps=fps)
        assert read.count == count
        assert read.centers[:, 0].tolist() == pytest.approx(np.minimum(2, 2 * np.arange(count) / fps).tolist(), abs=1e-9)  # fmt: skip


def test_parents_scale_and_matrices_are_respected():
    turn = Rotation.from_euler("xyz", [[0, 0, 0], [0.4, -0.3, 0.9], [0.1, 1.2, -0.5]]).as_quat()
    places = np.array([[0, 0, 0], [1, 2, 0], [2, 0, 1]], float)
    matrix = placed([3, -1, 2], Rotation.from_euler("y", 0.7).as_quat(), [0.5, 0.5, 0.5])
    nodes = [
        {"name": "Camera", "camera": 0, "translation": [0, 0.25, 0], "rotation": [0, 0.6, 0, 0.8]},
        {"name": "Dolly", "children": [0], "scale": [2, 2, 2]},
        {"name": "Set", "children": [1], "matrix": matrix.T.flatten().tolist()},
        {"name": "Other"},
    ]
    moves = animation((1, "translation", "LINEAR", 0, 1), (1, "rotation", "STEP", 0, 2), (3, "translation", "LINEAR", 0, 1))  # fmt: skip
    read = read_gltf(gltf(nodes, [moves], [[[0], [1], [2]], places, turn]), fps=2)
    assert read.count == 5
    for frame, (place, key) in enumerate([(places[0], 0), (places[:2].mean(0), 0), (places[1], 1), (places[1:].mean(0), 1), (places[2], 2)]):  # fmt: skip
        want = matrix @ placed(place, turn[key], [2, 2, 2]) @ placed([0, 0.25, 0], [0, 0.6, 0, 0.8], [1, 1, 1])
        want[:3, :3] /= np.linalg.norm(want[:3, :3], axis=0)
        np.testing.assert_allclose(c2w_of(read)[frame], want, atol=1e-6)


def test_a_cubic_spline_is_the_cubic_it_was_made_of():
    def at(t):
        return np.array([t**3 - t, 2 * t**2, 1 - t])

    def slope(t):
        return np.array([3 * t**2 - 1, 4 * t, -1.0])

    keys = [0.0, 0.7, 2.0]
    rows = np.array([value for t in keys for value in (slope(t), at(t), slope(t))])
    data = gltf([{"camera": 0}], [animation((0, "translation", "CUBICSPLINE", 0, 1))], [[[t] for t in keys], rows])
    read = read_gltf(data, fps=10)
    want = np.array([at(t) for t in np.arange(21) / 10])
    np.testing.assert_allclose(c2w_of(read)[:, :3, 3], want, atol=1e-6)


def test_rotations_take_the_short_way():
    a, b = Rotation.from_euler("y", 0.1).as_quat(), -Rotation.from_euler("y", 0.3).as_quat()
    data = gltf([{"camera": 0}], [animation((0, "rotation", "LINEAR", 0, 1))], [[[0], [1]], [a, b]])
    middle = c2w_of(read_gltf(data, fps=2))[1, :3, :3]
    np.testing.assert_allclose(middle, Rotation.from_euler("y", 0.2).as_matrix(), atol=1e-6)


def test_one_of_several_cameras_is_chosen_by_name():
    nodes = [{"name": "Wide", "camera": 0}, {"name": "Close", "camera": 1, "translation": [5, 0, 0]}]
    data = gltf(nodes, cameras=[LENS | {"name": "Lens"}, LENS | {"name": "Lens 2"}])
    with pytest.raises(SpatiaError, match="2 cameras to choose from .*Wide, Close"):
        read_gltf(data)
    assert read_gltf(data, camera="Close").centers[0, 0] == 5
    assert read_gltf(data, camera="Lens 2 ").centers[0, 0] == 5
    assert read_gltf(data, camera="Wide").centers[0, 0] == 0
    with pytest.raises(SpatiaError, match="no camera 'Tele'"):
        read_gltf(data, camera="Tele")


def test_what_gltf_cannot_say_is_not_written():
    zoom = preset_path("dolly_zoom", start(), 5, distance=0.5, depth=2.0)
    with pytest.raises(SpatiaError, match="field of view goes from 60.0 to 98"):
        write_cameras(zoom, "gltf", width=64, height=32)
    off = make_cameras(random_poses(2), [0.8, 1.2, 0.6, 0.5])
    with pytest.raises(SpatiaError, match="principal point is 0.1"):
        write_cameras(off, "gltf", width=64, height=32)
    for fps in (0, math.nan, "24"):
        with pytest.raises(SpatiaError, match="fps"):
            write_cameras(path(2), "gltf", width=64, height=32, fps=fps)


def test_the_format_is_told_by_the_contents():
    data = write_cameras(path(2), "gltf", width=64, height=32)["cameras.glb"]
    assert detect_format(gltf([{"camera": 0}]).decode()) == "gltf"
    assert detect_format(write_cameras(path(2), "nerfstudio", width=64, height=32)["transforms.json"]) == "nerfstudio"
    with pytest.raises(SpatiaError, match="glTF"):
        read_cameras(b"[[1,0,0,0],[0,1,0,0],[0,0,1,0]]", "[1 1 .5 .5]")
    with pytest.raises(SpatiaError, match="at most 1"):
        read_cameras(data, most=1)


MOVES = [animation((0, "translation", "LINEAR", 0, 1))]
KEYS = [[[0], [1]], [[0, 0, 0], [1, 0, 0]]]
ACCESSOR = {"bufferView": 0, "componentType": 5126, "count": 2, "type": "SCALAR"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not sound|JSON"),
        (b"glTF", "0 bytes|of version"),
        (b"glTF" + struct.pack("<II", 2, 1 << 31) + bytes(20), "of 2147483648 bytes"),
        (b"glTF" + struct.pack("<IIII", 2, 20, 1 << 30, 0x4E4F534A), "does not fit"),
        (b"{}", "asset"),
        (gltf([], asset={"version": "1.0"}), "version 2"),
        (gltf([]), "holds no camera"),
        (gltf([{"camera": 3}]), "number 3 of its 1 cameras"),
        (gltf([{"camera": "0"}]), "number '0' of its 1 cameras"),
        (gltf([{"camera": 0}], cameras=[{"type": "orthographic", "orthographic": {}}]), "expected perspective"),
        (gltf([{"camera": 0}], cameras=[{"type": "perspective", "perspective": {"yfov": 4}}]), "yfov 4"),
        (gltf([{"camera": 0}], cameras=[{"type": "perspective", "perspective": {"yfov": 1}}]), "aspect ratio"),
        (gltf([{"camera": 0, "children": [0]}]), "circle"),
        (gltf([{"camera": 0}, {"children": [0]}, {"children": [0]}]), "two parents"),
        (gltf([{"camera": 0}, {"children": [0] * 9}]), "more children"),
        (gltf([{"camera": 0}, {"children": 0}]), "another kind|not sound"),
        (gltf([{"camera": 0, "rotation": [0, 0, 0, 0]}]), "length 0"),
        (gltf([{"camera": 0, "scale": [0, 1, 1]}]), "scaled to nothing"),
        (gltf([{"camera": 0, "scale": [-1, 1, 1]}]), "mirrored"),
        (gltf([{"camera": 0, "rotation": [0, 0.6, 0, 0.8]}, {"children": [0], "scale": [1, 1, 3]}]), "sheared"),
        (gltf([{"camera": 0, "translation": [1e300, 0, 0]}]), "translation of node 0"),
        (gltf([{"camera": 0, "matrix": [1] * 15}]), "16 numbers"),
        (gltf([{"camera": 0}], MOVES, [KEYS[0], [[0, 0, 0]]]), "1 values for 2 keys"),
        (gltf([{"camera": 0}], MOVES, [[[1], [1]], KEYS[1]]), "do not rise"),
        (gltf([{"camera": 0}], MOVES, [KEYS[0], [[0, 0, 0], [math.nan, 0, 0]]]), "NaN"),
        (gltf([{"camera": 0}], MOVES, [[[0], [1e9]], KEYS[1]]), "24000000001 cameras"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[ACCESSOR | {"count": 1 << 40}] * 2), "count of array 0"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[ACCESSOR | {"count": 3}] * 2), "truncated"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[ACCESSOR | {"type": "VEC2"}] * 2), "type 'VEC2'"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[ACCESSOR | {"componentType": [1]}] * 2), "componentType|kind"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[ACCESSOR | {"byteOffset": -1}] * 2), "byteOffset"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[ACCESSOR | {"sparse": {"count": 1}}] * 2), "sparse"),
        (gltf([{"camera": 0}], MOVES, KEYS, accessors=[]), "number 0 of its 0 accessors"),
        (gltf([{"camera": 0}], MOVES, KEYS, buffers=[{"byteLength": 32, "uri": "../../secret.bin"}]), "another file"),
        (gltf([{"camera": 0}], MOVES, KEYS, buffers=[{"uri": "data:a/b;base64,@@@"}]), "no base64"),
        (gltf([{"camera": 0}], [animation((0, "translation", "BEZIER", 0, 1))], KEYS), "interpolation 'BEZIER'"),
        (gltf([{"camera": 0}], MOVES * 2, KEYS), "several animations"),
        (gltf([{"camera": 0, "matrix": np.eye(4).flatten().tolist()}], MOVES, KEYS), "matrix and is animated"),
        (gltf([{"camera": 0}], [{"channels": [{"sampler": 7, "target": {"node": 0, "path": "scale"}}]}]), "sampler 7"),
        (gltf([{"camera": 0}], [{"channels": [{}]}]), "another kind"),
        (gltf([{"camera": 0}, 3]), "list of objects"),
        (b'{"asset": {"version": "2.0"}, "x": [' + b"1," * 4_000_000, "more than 4000000 values"),
    ],
)  # fmt: skip
def test_unsound_files_get_one_clear_sentence(data, message):
    with pytest.raises(SpatiaError, match=message) as refused:
        read_gltf(data)
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)


def test_an_animated_lens_is_refused_and_pointers_to_nodes_are_followed():
    moves = animation((0, "translation", "LINEAR", 0, 1))
    target = {"path": "pointer", "extensions": {"KHR_animation_pointer": {"pointer": "/cameras/0/perspective/yfov"}}}
    moves["channels"][0]["target"] = target
    with pytest.raises(SpatiaError, match="animates its camera's lens"):
        read_gltf(gltf([{"camera": 0}], [moves], KEYS))
    target["extensions"]["KHR_animation_pointer"]["pointer"] = "/nodes/0/translation"
    assert read_gltf(gltf([{"camera": 0}], [moves], KEYS), fps=1).centers[:, 0].tolist() == [0, 1]


def test_without_its_library_a_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygltflib", None)
    for use in (lambda: write_cameras(path(2), "gltf", width=64, height=32), lambda: read_gltf(gltf([{"camera": 0}]))):
        with pytest.raises(SpatiaError, match="needs the package pygltflib"):
            use()


def test_damaged_files_are_read_or_refused_never_more():
    data = bytearray(write_cameras(path(9), "gltf", width=64, height=32)["cameras.glb"])
    generator = np.random.default_rng(1)
    for cut in range(0, len(data), 37):
        with pytest.raises(SpatiaError):
            read_cameras(bytes(data[:cut]), format="gltf")
    for _ in range(400):
        spoilt = bytearray(data)
        for at in generator.integers(0, len(data), 3):
            spoilt[at] = generator.integers(0, 256)
        try:
            cameras = read_cameras(bytes(spoilt), format="gltf", most=1000)
        except SpatiaError:
            continue
        assert torch.isfinite(invert_pose(cameras.w2c)).all()
