"""PLY point clouds: a small reader and writer.

Written: binary little endian; x y z float, red green blue uchar, and our own view int, confidence float, count int,
which other programs ignore. Read: ascii and both binary byte orders, any order and type of properties; other
properties and elements after the vertices are skipped.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from ..errors import SpatiaError
from .point_cloud import PointCloud, make_point_cloud

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1",
    "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_MAX_HEADER = 1 << 16

_RECORD = np.dtype([
    ("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1"),
    ("view", "<i4"), ("confidence", "<f4"), ("count", "<i4"),
])
_RECORD_NAMES = {"<f4": "float", "|u1": "uchar", "<i4": "int"}


def ply_bytes(cloud: PointCloud) -> bytes:
    """The cloud as a binary little-endian PLY file."""
    record = np.empty(cloud.size, dtype=_RECORD)
    positions, colors = cloud.positions.cpu().numpy(), cloud.colors.cpu().numpy()
    for i in range(3):
        record["xyz"[i]] = positions[:, i]
        record[("red", "green", "blue")[i]] = colors[:, i]
    for name in ("view", "confidence", "count"):
        record[name] = getattr(cloud, name).cpu().numpy()
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {cloud.size}"]
    header += [f"property {_RECORD_NAMES[_RECORD[name].str]} {name}" for name in _RECORD.names]
    return "\n".join([*header, "end_header", ""]).encode("ascii") + record.tobytes()


def write_ply(cloud: PointCloud, path: str | os.PathLike) -> None:
    """Write the cloud to a file, replacing it."""
    with open(path, "wb") as file:
        file.write(ply_bytes(cloud))


def read_ply(path: str | os.PathLike) -> PointCloud:
    """Cloud of a PLY file. Raises SpatiaError when it is missing, foreign, truncated, or has no coloured vertices."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise SpatiaError(f"The PLY file {os.path.basename(path)} could not be opened ({error.strerror}); check the file name.") from error
    return parse_ply(data, os.path.basename(path))


def parse_ply(data: bytes, name: str = "the PLY file") -> PointCloud:
    """Cloud of a PLY file's bytes; `name` is what errors call it."""
    header = _parse_header(data, name)
    table = _ascii_table(data, header, name) if header.format == "ascii" else _binary_table(data, header, name)
    try:
        return make_point_cloud(
            np.stack([table[axis].astype(np.float32) for axis in "xyz"], axis=1),
            _colors(table, name),
            # A property of that name in a foreign file is taken only when it can mean what ours does.
            view=_own(table, "view", "i", np.int32), confidence=_own(table, "confidence", "f", np.float32),
            count=_own(table, "count", "i", np.int32),
        )
    except SpatiaError as error:
        raise SpatiaError(f"{name}: {error}") from error


class _Header(NamedTuple):
    format: str
    vertices: int
    properties: list[tuple[str, str]]  # (name, numpy type without byte order)
    skip_lines: int  # ascii: rows of elements before the vertices
    skip_bytes: int  # binary: bytes of elements before the vertices
    end: int  # where the body starts


def _parse_header(data: bytes, name: str) -> _Header:
    if not data:
        raise SpatiaError(f"{name} is empty, expected a PLY point cloud; choose another file.")
    if data[:3] != b"ply" or data[3:4] not in (b"\n", b"\r"):
        raise SpatiaError(f"{name} does not start with 'ply', so it is not a PLY file; choose a PLY point cloud.")
    stop = data.find(b"end_header", 0, _MAX_HEADER)
    newline = data.find(b"\n", stop) if stop >= 0 else -1
    if newline < 0:
        raise SpatiaError(f"{name} has a PLY header without end; the file is truncated or corrupt, choose another.")
    lines = data[:stop].decode("latin-1").splitlines()[1:]
    format, elements = "", []
    for line in lines:
        words = line.split()
        try:
            if not words or words[0] in ("comment", "obj_info"):
                continue
            elif words[0] == "format":
                format = words[1]
            elif words[0] == "element":
                elements.append((words[1], int(words[2]), []))
            elif words[0] == "property" and words[1] == "list":
                elements[-1][2].append((words[4], None))
            elif words[0] == "property":
                elements[-1][2].append((words[2], _TYPES[words[1]]))
            else:
                raise ValueError
        except (IndexError, KeyError, ValueError):
            raise SpatiaError(f"{name} has a PLY header line that cannot be read: {line[:80]!r}; the file is corrupt, choose another.") from None
    if format not in _ORDERS:
        raise SpatiaError(f"{name} has PLY format {format!r}, expected one of {', '.join(_ORDERS)}; save it again as a binary PLY.")
    names = [element[0] for element in elements]
    if "vertex" not in names:
        raise SpatiaError(f"{name} has no vertices (its elements: {', '.join(names) or 'none'}), expected a point cloud; choose another file.")
    before = elements[: names.index("vertex")]
    _, vertices, properties = elements[len(before)]
    if vertices < 0:
        raise SpatiaError(f"{name} declares {vertices} vertices; the file is corrupt, choose another.")
    if any(kind is None for _, _, props in [*before, elements[len(before)]] for _, kind in props):
        raise SpatiaError(f"{name} has list properties at or before its vertices, which point clouds do not have; save it again as a plain point cloud.")
    titles = [title for title, _ in properties]
    if len(set(titles)) < len(titles):
        raise SpatiaError(f"{name} names a vertex property twice ({titles}); the file is corrupt, choose another.")
    if not {"x", "y", "z"} <= set(titles):
        raise SpatiaError(f"{name} has vertices without x, y, z (it has {titles}), expected a point cloud; choose another file.")
    skip_bytes = sum(n * sum(np.dtype(kind).itemsize for _, kind in props) for _, n, props in before)
    return _Header(format, vertices, properties, sum(n for _, n, _ in before), skip_bytes, newline + 1)


def _binary_table(data: bytes, header: _Header, name: str) -> np.ndarray:
    order = _ORDERS[header.format]
    dtype = np.dtype([(title, order + kind) for title, kind in header.properties])
    start = header.end + header.skip_bytes
    present = max(len(data) - start, 0) // dtype.itemsize
    if present < header.vertices:
        raise SpatiaError(f"{name} is truncated: it declares {header.vertices} points and holds {present}; save or copy it again.")
    return np.frombuffer(data, dtype, count=header.vertices, offset=start)


def _ascii_table(data: bytes, header: _Header, name: str) -> dict[str, np.ndarray]:
    rows = [line for line in data[header.end :].splitlines() if line.strip()][header.skip_lines :][: header.vertices]
    if len(rows) < header.vertices:
        raise SpatiaError(f"{name} is truncated: it declares {header.vertices} points and holds {len(rows)}; save or copy it again.")
    columns = len(header.properties)
    try:
        values = np.array(b" ".join(rows).split(), dtype=np.float64)
    except ValueError as error:
        raise SpatiaError(f"{name} holds something that is not a number ({error}); the file is corrupt, choose another.") from error
    if values.size != header.vertices * columns:
        raise SpatiaError(f"{name} has {values.size} numbers for {header.vertices} points of {columns} properties; the file is corrupt, choose another.")
    values = values.reshape(-1, columns)
    return {title: values[:, i].astype(kind) for i, (title, kind) in enumerate(header.properties)}


def _fields(table) -> tuple[str, ...]:
    return table.dtype.names if isinstance(table, np.ndarray) else tuple(table)


def _colors(table, name: str) -> np.ndarray:
    if not {"red", "green", "blue"} <= set(_fields(table)):
        hint = " (it looks like a Gaussian splat, which is no coloured point cloud)" if "f_dc_0" in _fields(table) else ""
        raise SpatiaError(f"points have no colour{hint}, expected properties red, green, blue; save the file with vertex colours.")
    channels = np.stack([table[channel] for channel in ("red", "green", "blue")], axis=1)
    if channels.dtype.kind == "f":
        return channels.astype(np.float32)  # in [0, 1], checked by make_point_cloud
    if channels.dtype.itemsize == 2:
        return (channels.astype(np.uint32) >> 8).astype(np.uint8)  # 16-bit colour
    if channels.size and (channels.min() < 0 or channels.max() > 255):
        raise SpatiaError(f"point colours go from {channels.min()} to {channels.max()}, expected 0 to 255; save the file with uchar colours.")
    return channels.astype(np.uint8)


def _own(table, title: str, kind: str, dtype) -> np.ndarray | None:
    if title not in _fields(table) or table[title].dtype.kind != kind:
        return None
    return table[title].astype(dtype)
