"""PLY point clouds: a small reader and writer.

Written: binary little endian; x y z float, red green blue uchar, and our own view int, confidence float, count int,
which other programs ignore. Read: ascii and both binary byte orders, any order and type of properties; other
properties and elements after the vertices are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..errors import SpatiaError
from ..files import replaced
from ..inputs import MOST_POINTS, shown, whole_text
from ..interrupt import look_for_interrupt
from .point_cloud import PointCloud, make_point_cloud

_TYPES = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "float": "f4",
    "float32": "f4",
    "double": "f8",
    "float64": "f8",
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_MAX_HEADER = 1 << 16
_MOST_ROWS = 1 << 62  # of an element; what the file can hold is looked at where it is read
_BLOCK = 1 << 20  # bytes of an ascii file that are read at once
_LONGEST_NUMBER = 64  # characters, with the space after it
# What is read of a vertex. Other properties are not even converted.
_OWN = ("view", "confidence", "count")
_WANTED = ("x", "y", "z", "red", "green", "blue", *_OWN)

_RECORD = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("red", "u1"),
        ("green", "u1"),
        ("blue", "u1"),
        ("view", "<i4"),
        ("confidence", "<f4"),
        ("count", "<i4"),
    ]
)
_RECORD_NAMES = {"<f4": "float", "|u1": "uchar", "<i4": "int"}


def ply_bytes(cloud: PointCloud) -> bytes:
    """The cloud as a binary little-endian PLY file."""
    header, record = _written(cloud)
    return header + record.tobytes()


def write_ply(cloud: PointCloud, path: str | os.PathLike) -> None:
    """Write the cloud to a file, replacing it at once or not at all. Raises SpatiaError when it cannot be written."""
    header, record = _written(cloud)
    with replaced(path) as file:
        file.write(header)
        file.write(record.data)


def _written(cloud: PointCloud) -> tuple[bytes, np.ndarray]:
    record = np.empty(cloud.size, dtype=_RECORD)
    positions, colors = cloud.positions.cpu().numpy(), cloud.colors.cpu().numpy()
    for i in range(3):
        record["xyz"[i]] = positions[:, i]
        record[("red", "green", "blue")[i]] = colors[:, i]
    for name in _OWN:
        record[name] = getattr(cloud, name).cpu().numpy()
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {cloud.size}"]
    header += [f"property {_RECORD_NAMES[_RECORD[name].str]} {name}" for name in _RECORD.names or ()]
    return "\n".join([*header, "end_header", ""]).encode("ascii"), record


def read_ply(path: str | os.PathLike) -> PointCloud:
    """Cloud of a PLY file. Raises SpatiaError when it is missing, foreign, truncated, or has no coloured vertices."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise SpatiaError(
            f"The PLY file {os.path.basename(path)} could not be opened ({reason}); check the file name."
        ) from error
    return parse_ply(data, os.path.basename(path))


def parse_ply(data: bytes, name: str = "the PLY file") -> PointCloud:
    """Cloud of a PLY file's bytes; `name` is what errors call it."""
    header = _parse_header(data, name)
    table = _ascii_table(data, header, name) if header.format == "ascii" else _binary_table(data, header, name)
    try:
        return make_point_cloud(
            _positions(table),
            _colors(table, header),
            # A property of that name in a foreign file is taken only when it can mean what ours does.
            **{title: _own(table, title, kind) for title, kind in zip(_OWN, "ifi")},
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


# A name, how often its rows stand there, and its properties: names and types, None for a list.
_Element = tuple[str, int, list[tuple[str, str | None]]]


def _parse_header(data: bytes, name: str) -> _Header:
    """What a PLY's header says of its vertices. Raises SpatiaError when they are no point cloud's."""
    if not data:
        raise SpatiaError(f"{name} is empty, expected a PLY point cloud; choose another file.")
    if data[:3] != b"ply" or data[3:4] not in (b"\n", b"\r"):
        raise SpatiaError(f"{name} does not start with 'ply', so it is not a PLY file; choose a PLY point cloud.")
    stop = data.find(b"\nend_header", 0, _MAX_HEADER)
    newline = data.find(b"\n", stop + 1, stop + 32) if stop >= 0 else -1
    if newline < 0:
        raise SpatiaError(f"{name} has a PLY header without end; the file is truncated or corrupt, choose another.")
    format, elements = _declared(data[:stop].decode("latin-1").splitlines()[1:], name)
    before = elements[: [title for title, _, _ in elements].index("vertex")]
    _, vertices, declared = elements[len(before)]
    if vertices > MOST_POINTS:
        raise SpatiaError(f"{name} declares {vertices} points, expected at most {MOST_POINTS}; thin the cloud out.")
    if any(kind is None for _, _, props in [*before, elements[len(before)]] for _, kind in props):
        raise SpatiaError(
            f"{name} has list properties at or before its vertices, which point clouds do not have; save it again as a plain point cloud."
        )
    properties = [(title, kind) for title, kind in declared if kind is not None]
    titles = [title for title, _ in properties]
    if len(set(titles)) < len(titles):
        raise SpatiaError(
            f"{name} names a vertex property twice ({shown(titles)}); the file is corrupt, choose another."
        )
    if not {"x", "y", "z"} <= set(titles):
        raise SpatiaError(
            f"{name} has vertices without x, y, z (it has {shown(titles)}), expected a point cloud; choose another "
            "file."
        )
    skip_bytes = sum(n * sum(np.dtype(kind).itemsize for _, kind in props) for _, n, props in before)
    return _Header(format, vertices, properties, sum(n for _, n, _ in before), skip_bytes, newline + 1)


def _declared(lines: list[str], name: str) -> tuple[str, list[_Element]]:
    """The format and the elements of a header, one of which is `vertex`; counts are not below 0."""
    format = ""
    elements: list[_Element] = []
    for line in lines:
        words = line.split()
        try:
            if not words or words[0] in ("comment", "obj_info"):
                continue
            elif words[0] == "format":
                format = words[1]
            elif words[0] == "element":
                elements.append((words[1], whole_text(words[2], -_MOST_ROWS, _MOST_ROWS), []))
            elif words[0] == "property" and words[1] == "list":
                elements[-1][2].append((words[4], None))
            elif words[0] == "property":
                elements[-1][2].append((words[2], _TYPES[words[1]]))
            else:
                raise ValueError
        except (IndexError, KeyError, ValueError):
            raise SpatiaError(
                f"{name} has a PLY header line that cannot be read: {line[:80]!r}; the file is corrupt, choose another."
            ) from None
    if format not in _ORDERS:
        raise SpatiaError(
            f"{name} has PLY format {shown(format)}, expected one of {', '.join(_ORDERS)}; save it again as a binary "
            "PLY."
        )
    names = [element[0] for element in elements]
    if "vertex" not in names:
        listed = shown(", ".join(names)) if names else "none"
        raise SpatiaError(
            f"{name} has no vertices (its elements: {listed}), expected a point cloud; choose another file."
        )
    for title, rows, _ in elements:
        if rows < 0:
            what = "vertices" if title == "vertex" else f"rows of its element {shown(title)}"
            raise SpatiaError(f"{name} declares {rows} {what}; the file is corrupt, choose another.")
    return format, elements


def _binary_table(data: bytes, header: _Header, name: str) -> dict[str, np.ndarray]:
    order = _ORDERS[header.format]
    dtype = np.dtype([(title, order + kind) for title, kind in header.properties])
    start = header.end + header.skip_bytes
    present = max(len(data) - start, 0) // dtype.itemsize
    if present < header.vertices:
        raise _truncated(name, header, present)
    rows = np.frombuffer(data, dtype, count=header.vertices, offset=start) if header.vertices else np.empty(0, dtype)
    return {title: rows[title] for title in _WANTED if title in (dtype.names or ())}


def _ascii_table(data: bytes, header: _Header, name: str) -> dict[str, np.ndarray]:
    columns = len(header.properties)
    # In parts, which grow with what the file holds and not with what it declares.
    parts: dict[str, list[np.ndarray]] = {title: [] for title, _ in header.properties if title in _WANTED}
    skip, missing = header.skip_lines, header.vertices
    for rows in _ascii_rows(data, header.end, columns, name):
        skipped = min(skip, len(rows))
        skip, rows = skip - skipped, rows[skipped : skipped + missing]
        values = _ascii_numbers(rows, columns, name)
        for column, (title, kind) in enumerate(header.properties):
            if title in parts:
                parts[title].append(_fitting(values[:, column], kind, title, name))
        missing -= len(rows)
        if not missing:
            return {title: np.concatenate(part) for title, part in parts.items()}
    raise _truncated(name, header, header.vertices - missing)


def _ascii_rows(data: bytes, start: int, columns: int, name: str) -> Iterator[list[bytes]]:
    """The lines that are not blank, in blocks; one block at least."""
    while True:
        look_for_interrupt()
        block = data[start : start + _BLOCK]
        if start + _BLOCK < len(data):
            block = block[: 1 + max(block.rfind(b"\n"), block.rfind(b"\r"))]
        rows = [line for line in block.splitlines() if line.strip()]
        if (not block and start < len(data)) or max(map(len, rows), default=0) > _LONGEST_NUMBER * columns:
            raise SpatiaError(f"{name} has a line too long for {columns} numbers; the file is corrupt, choose another.")
        yield rows
        start += len(block)
        if start >= len(data):
            return


def _ascii_numbers(rows: list[bytes], columns: int, name: str) -> np.ndarray:
    """Values (rows, columns) float64."""
    try:
        values = np.array(b" ".join(rows).split(), dtype=np.float64)
    except ValueError as error:
        raise SpatiaError(
            f"{name} holds something that is not a number ({shown(str(error))}); the file is corrupt, choose another."
        ) from error
    if values.size != len(rows) * columns:
        raise SpatiaError(
            f"{name} has {values.size} numbers for {len(rows)} points of {columns} properties; "
            "the file is corrupt, choose another."
        )
    return values.reshape(-1, columns)


def _fitting(values: np.ndarray, kind: str, title: str, name: str) -> np.ndarray:
    """Values of a property, which its type can hold: NumPy would wrap the others."""
    if np.dtype(kind).kind in "iu" and values.size:
        low, high, fits = values.min(), values.max(), np.iinfo(kind)
        if not (fits.min <= low and high <= fits.max):
            raise SpatiaError(
                f"{name} has {title} from {low:g} to {high:g}, expected {fits.min} to {fits.max} by its header; "
                "the file is corrupt, choose another."
            )
    with np.errstate(over="ignore"):  # it becomes infinite, which is refused with all that is not finite
        return values.astype(kind)


def _truncated(name: str, header: _Header, present: int) -> SpatiaError:
    return SpatiaError(
        f"{name} is truncated: it declares {header.vertices} points and holds {present}; save or copy it again."
    )


def _positions(table: dict[str, np.ndarray]) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.stack([table[axis].astype(np.float32) for axis in "xyz"], axis=1)


def _colors(table: dict[str, np.ndarray], header: _Header) -> np.ndarray:
    if not {"red", "green", "blue"} <= set(table):
        splat = any(title == "f_dc_0" for title, _ in header.properties)
        hint = " (it looks like a Gaussian splat: connect it to Load Scene by ComfyUI's Get Splat)" if splat else ""
        raise SpatiaError(
            f"points have no colour{hint}, expected properties red, green, blue; save the file with vertex colours."
        )
    parts = [table[channel] for channel in ("red", "green", "blue")]
    channels = np.stack(parts, axis=1)
    if channels.dtype.kind == "f":
        return channels.astype(np.float32)  # in [0, 1], checked by make_point_cloud
    # Of all three: one signed channel makes NumPy widen the others.
    if all(part.dtype.kind == "u" and part.dtype.itemsize == 2 for part in parts):
        return (channels >> 8).astype(np.uint8)  # 16-bit colour
    if channels.size and (channels.min() < 0 or channels.max() > 255):
        raise SpatiaError(
            f"point colours go from {channels.min()} to {channels.max()}, expected 0 to 255; "
            "save the file with uchar colours."
        )
    return channels.astype(np.uint8)


def _own(table: dict[str, np.ndarray], title: str, kind: str) -> np.ndarray | None:
    if title not in table or table[title].dtype.kind != kind:
        return None
    return table[title].astype(np.float64 if kind == "f" else np.int64)
