"""PLY files: round trips, foreign layouts, and what is refused."""

import errno
import os
import struct
import tracemalloc

import numpy as np
import pytest
import torch

from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.ply import parse_ply, ply_bytes, read_ply, write_ply
from spatia_core.errors import SpatiaError


def cloud(n: int = 50):
    g = torch.Generator().manual_seed(1)
    return make_point_cloud(
        torch.randn(n, 3, generator=g),
        torch.randint(0, 256, (n, 3), generator=g, dtype=torch.uint8),
        view=torch.arange(n) % 5 - 1,
        confidence=torch.rand(n, generator=g),
        count=torch.arange(n) + 1,
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
    text = (
        "property double x\nproperty double y\nproperty double z\nproperty float nx\n" + RGB + "property uchar alpha\n"
    )
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
MANY = f"element camera {10**17}\nproperty double a\n"


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
        (
            header("binary_little_endian", 1, XYZ + RGB, before="element camera -3\nproperty int a\n") + bytes(30),
            "-3 rows of its element 'camera'",
        ),
        (
            header("ascii", 1, XYZ + RGB, after="element face -1\nproperty int a\n") + b"0 0 0 1 1 1\n",
            "-1 rows of its element 'face'",
        ),
        (header("binary_little_endian", 10**30, XYZ + RGB), f"'element vertex {10**30}'"),
        (header("binary_little_endian", 50_000_001, XYZ + RGB), "declares 50000001 points, expected at most 50000000"),
        (header("ascii", 50_000_000, XYZ + RGB) + b"0 0 0 1 1 1\n", "declares 50000000 points and holds 1"),
        (header("binary_little_endian", 1, XYZ + RGB, before=MANY) + bytes(30), "holds 0"),
        (header("ascii", 1, XYZ + RGB, before=MANY) + b"0 0 0 1 1 1\n", "holds 0"),
        (b"ply\nformat ascii 1.0\nelement vertex " + b"9" * 5000 + b"\nend_header\n", "'element vertex 999"),
        (header("ascii", 0, XYZ + RGB, before="comment x\n" * 10_000), "without end"),
        (header("binary_little_endian", 1, XYZ + RGB)[:-1] + b"\r" + bytes(40) + b"\n" + bytes(40), "without end"),
        (header("ascii", 1, XYZ + RGB) + b"1e39 0 0 1 1 1\n", "NaN or infinite"),
        (
            header("ascii", 1, XYZ + RGB) + b"0 -2e9 0 1 1 1\n",
            "2e+09 scene units from the origin, expected at most 1e+09",
        ),
        (header("ascii", 1, XYZ + RGB) + b"0 0 0 1 300 1\n", "green from 300 to 300, expected 0 to 255"),
        (header("ascii", 1, XYZ + RGB) + b"0 0 0 1 1 nan\n", "blue from nan to nan"),
        (header("ascii", 1, XYZ + RGB) + b"0 0 0 1 1 " + b"1" * 5000 + b"\n", "line too long for 6 numbers"),
        (header("ascii", 1, XYZ + RGB) + b" " * (1 << 21), "line too long"),
        (
            header("ascii", 1, XYZ + RGB + "property int count\n") + b"0 0 0 1 1 1 2147483648\n",
            "count from 2.14748e+09",
        ),
        (header("ascii", 1, XYZ + RGB + "property int count\n") + b"0 0 0 1 1 1 -1\n", "Sample counts from -1 to -1"),
        (header("ascii", 1, XYZ + RGB + "property int view\n") + b"0 0 0 1 1 1 -2\n", "View indices from -2 to -2"),
        (
            header("ascii", 1, XYZ + RGB + "property double confidence\n") + b"0 0 0 1 1 1 1e300\n",
            "confidences contain NaN or infinity",
        ),
        (header("ascii", 1, XYZ + RGB.replace("uchar", "short")) + b"0 0 0 -256 1 1\n", "-256 to 1, expected 0 to 255"),
    ],
)
def test_bad_files_are_refused(data, message):
    with pytest.raises(SpatiaError) as refusal:
        parse_ply(data, "scene.ply")
    assert message in str(refusal.value) and "scene.ply" in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SpatiaError, match="gone.ply could not be opened"):
        read_ply(tmp_path / "gone.ply")
    for name in ("a\0b.ply", "a" * 300 + ".ply"):
        with pytest.raises(SpatiaError, match="could not be opened"):
            read_ply(tmp_path / name)


def test_colours_of_mixed_types_keep_their_values():
    """NumPy widens them together, which once made 8-bit colours look like 16-bit ones."""
    text = XYZ + "property uchar red\nproperty char green\nproperty short blue\n"
    assert parse_ply(header("ascii", 1, text) + b"0 0 0 200 100 255\n").colors.tolist() == [[200, 100, 255]]


def test_other_properties_may_hold_anything():
    text = XYZ + RGB + "property uchar label\n"
    assert parse_ply(header("ascii", 1, text) + b"0 0 0 1 2 3 1e300\n").colors.tolist() == [[1, 2, 3]]


def test_a_long_text_file_is_read_block_by_block(monkeypatch):
    monkeypatch.setattr("spatia_core.cloud.ply._BLOCK", 100)
    rows = [f"{i} {-i}.5 1e-2 {i % 256} 0 7" for i in range(1000)]
    for end in ("\n", "\r\n", "\r"):
        before = "element camera 3\nproperty float f\n"
        read = parse_ply(header("ascii", 1000, XYZ + RGB, before) + end.join(["1", "2", "3", "", *rows]).encode())
        assert read.positions[:, 0].tolist() == list(range(1000)) and read.positions[-1, 1] == -999.5
        assert read.colors[:, 0].tolist() == [i % 256 for i in range(1000)]


def test_text_takes_little_more_memory_than_the_file():
    data = header("ascii", 300_000, XYZ + RGB) + b"1 2 3 4 5 6\n" * 300_000
    tracemalloc.start()
    try:
        assert parse_ply(data).size == 300_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(data)


def test_a_failed_save_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "cloud.ply"
    write_ply(cloud(5), path)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpatiaError, match="The disk is full"):
        write_ply(cloud(50), path)
    assert read_ply(path).size == 5 and [file.name for file in tmp_path.iterdir()] == ["cloud.ply"]
