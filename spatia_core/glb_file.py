"""The outer form of a binary glTF file: a header, its description, its data. Scenes and cameras are read from it."""

from __future__ import annotations

import struct
from collections.abc import Callable

from .errors import SpatiaError

_JSON, _BIN = 0x4E4F534A, 0x004E4942
LONGEST_JSON = 1 << 24  # bytes


def glb_parts(data: memoryview, what: str, unsound: Callable[[str], SpatiaError]) -> tuple[bytes, memoryview]:
    """The description and the data of a binary glTF file; glTF puts them first, in this order. Without data: none.

    what: the file, as a message begins. unsound: the error for a file that contradicts itself. Raises SpatiaError.
    """
    version, length = struct.unpack_from("<II", data, 4) if len(data) >= 20 else (0, 0)
    if version != 2 or not 20 <= length <= len(data):
        raise SpatiaError(
            f"{what} is of version {version} of glTF and has {len(data)} of {length} bytes, expected version 2 and all of "
            "them; export it again."
        )
    chunks: list[tuple[int, memoryview]] = []
    at = 12
    while at + 8 <= length and len(chunks) < 2:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise unsound(f"a part of {size} bytes does not fit into it")
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size
    if not chunks or chunks[0][0] != _JSON or len(chunks[0][1]) > LONGEST_JSON:
        raise unsound(f"it does not begin with a description of at most {LONGEST_JSON} bytes")
    return bytes(chunks[0][1]), chunks[1][1] if len(chunks) > 1 and chunks[1][0] == _BIN else data[:0]
