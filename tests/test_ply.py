"""PLY files: round trips, foreign layouts, and what is refused."""

import struct

import numpy as np
import pytest
import torch

from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.ply import parse_ply, ply_bytes, read_ply, write_ply
from spatia_core.errors import SpatiaError


def cloud(n: int = 50):
    g = torch.Generator().manual_seed(1)
    return make_point_cloud(
        torch.randn(n, 3, generator=g), torch.randint(0, 256, (n, 3), generator=g, dtype=torch.uint8),
        view=torch.arange(n) % 5 - 1, confidence=torch.rand(n, generator=g), count=torch.arange(n) + 1,
    )


def header(format: str, vertices: int, properties: str, before: str = "", after: str = "") -> bytes:
    return f"ply\nformat {format} 1.0\ncomment made by hand\n{before}element vertex {vertices}\n{properties}{after}end_header\n".encode()


XYZ = "property float x\nproperty float y\nproperty float z\n"
RGB = "property uchar red\nproperty uchar green\nproperty uchar blue\n"


@pytest.mark.parametrize("n", [0, 1, 50])
def test_round_trip_keeps_every_bit(n, tmp_path):
    path = tmp_path / "cloud.ply"
    write_ply(cloud(n), path)
    assert all(torch.equal(a, b) for a, b in zip(read_ply(path), cloud(n)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_foreign_binary_with_double_positions_alpha_and_faces(order):
    endian = "little" if order == "<" else "big"
    text = "property double x\nproperty double y\nproperty double z\nproperty float nx\n" + RGB + "property uchar alpha\n"
    body = struct.pack(order + "dddfBBBB", 1, 2, 3, 0.5, 10, 20, 30, 255) + struct.pack(order + "Biii", 3, 0, 0, 0)
    after = "element face 1\nproperty list uchar int vertex_indices\n"
    read = parse_ply(header(f"binary_{endian}_endian", 1, text, after=after) + body)
    assert read.positions.tolist() == [[1, 2, 3]] and read.colors.tolist() == [[10, 20, 30]]
    assert read.view.tolist() == [-1] and read.confidence.tolist() == [1] and read.count.tolist() == [1]


def test_an_element_before_the_vertices_is_skipped():
    before = "element camera 2\nproperty float f\n"
    body = struct.pack("<ff", 7, 7) + struct.pack("<fffBBB", 1, 2, 3, 4, 5, 6)
    assert parse_ply(header("binary_little_endian", 1, XYZ + RGB, before) + body).positions.tolist() == [[1, 2, 3]]
    assert parse_ply(header("ascii", 1, XYZ + RGB, before) + b"7\n7\n1 2 3 4 5 6\n").colors.tolist() == [[4, 5, 6]]


def test_ascii_with_other_order_and_windows_line_ends():
    text = RGB + "property float z\nproperty float y\nproperty float x\n"
    data = header("ascii", 2, text) + b"1 2 3 0.5 -1e-2 4\n\n9 8 7 1 2 3\n"
    for file in (data, data.replace(b"\n", b"\r\n")):
        read = parse_ply(file)
        np.testing.assert_allclose(read.positions.numpy(), [[4, -0.01, 0.5], [3, 2, 1]], rtol=1e-6)
        assert read.colors.tolist() == [[1, 2, 3], [9, 8, 7]]


def test_float_and_16_bit_colours():
    floats = XYZ + RGB.replace("uchar", "float")
    assert parse_ply(header("ascii", 1, floats) + b"0 0 0 0 0.5 1\n").colors.tolist() == [[0, 128, 255]]
    deep = XYZ + RGB.replace("uchar", "ushort")
    assert parse_ply(header("ascii", 1, deep) + b"0 0 0 0 32768 65535\n").colors.tolist() == [[0, 128, 255]]


WHOLE = ply_bytes(cloud(10))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"hello", "not a PLY file"),
        (b"\x89PNG\r\n", "not a PLY file"),
        (WHOLE[:40], "without end"),
        (WHOLE[:-1], "declares 10 points and holds 9"),
        (WHOLE[: WHOLE.index(b"end_header\n") + 11], "holds 0"),
        (header("ascii", 2, XYZ + RGB) + b"0 0 0 1 1 1\n", "declares 2 points and holds 1"),
        (header("ascii", 1, XYZ + RGB) + b"0 0 zero 1 1 1\n", "not a number"),
        (header("ascii", 1, XYZ + RGB) + b"0 0 1 1 1\n", "5 numbers for 1 points of 6"),
        (header("ascii", 1, XYZ + RGB) + b"0 nan 0 1 1 1\n", "NaN"),
        (header("binary_middle_endian", 1, XYZ + RGB), "binary_middle_endian"),
        (header("ascii", -1, XYZ + RGB), "-1 vertices"),
        (header("ascii", 1, XYZ) + b"0 0 0\n", "no colour"),
        (header("ascii", 1, XYZ + "property float f_dc_0\n") + b"0 0 0 1\n", "Gaussian splat"),
        (header("ascii", 1, RGB) + b"0 0 0\n", "without x, y, z"),
        (header("ascii", 1, XYZ + XYZ + RGB), "twice"),
        (header("ascii", 1, XYZ + RGB, before="element face 1\nproperty list uchar int i\n"), "list properties"),
        (b"ply\nformat ascii 1.0\nelement face 1\nproperty list uchar int i\nend_header\n3 0 1 2\n", "no vertices"),
        (b"ply\nformat ascii 1.0\nelement vertex many\nend_header\n", "'element vertex many'"),
        (b"ply\nformat ascii 1.0\nproperty float x\nend_header\n", "'property float x'"),
        (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty half x\nend_header\n", "'property half x'"),
        (header("ascii", 1, XYZ + RGB.replace("uchar", "int")) + b"0 0 0 1 300 1\n", "0 to 255"),
        (header("ascii", 1, XYZ + RGB.replace("uchar", "float")) + b"0 0 0 1 300 1\n", "outside 0 to 1"),
    ],
)
def test_bad_files_are_refused(data, message):
    with pytest.raises(SpatiaError) as refusal:
        parse_ply(data, "scene.ply")
    assert message in str(refusal.value) and "scene.ply" in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SpatiaError, match="gone.ply could not be opened"):
        read_ply(tmp_path / "gone.ply")
