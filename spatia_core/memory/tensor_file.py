"""Tensors in files of ours, in the safetensors format: written piece by piece, and read only as what they should be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import IO, NamedTuple, TypedDict

import safetensors.torch
import torch
from torch import Tensor

from ..cloud.point_cloud import PointCloud
from ..weights.header import LONGEST_HEADER, parse_header, short

CLOUD_TYPES = dict(
    zip(PointCloud._fields, (torch.float32, torch.uint8, torch.int32, torch.float32, torch.int32), strict=True)
)
_STORED_AS = {
    torch.uint8: "U8", torch.bool: "BOOL", torch.int32: "I32", torch.int64: "I64",
    torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64",
}  # fmt: skip


class Pieces(NamedTuple):
    """A tensor that is never whole in memory: its parts along the first dimension, in order."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    parts: Iterable[Tensor]


class _Listed(TypedDict):
    """What a file's header says of one tensor."""

    dtype: str
    shape: list[int]
    data_offsets: list[int]


def cloud_tensors(cloud: PointCloud, prefix: str) -> dict[str, Tensor]:
    """The fields of a cloud under names that begin with `prefix`."""
    return {f"{prefix}.{field}": value for field, value in cloud._asdict().items()}


def cloud_of(tensors: dict[str, Tensor], prefix: str) -> PointCloud:
    """The cloud that `cloud_tensors` named."""
    return PointCloud(*(tensors[f"{prefix}.{field}"] for field in PointCloud._fields))


def cloud_types(prefix: str) -> dict[str, torch.dtype]:
    """Names and types of `cloud_tensors`."""
    return {f"{prefix}.{field}": dtype for field, dtype in CLOUD_TYPES.items()}


def write_tensors(file: IO[bytes], tensors: Mapping[str, Tensor | Pieces]) -> None:
    """Write named tensors to a file. Raises ValueError when the pieces of one do not add up to its shape."""
    pieces = {
        name: value if isinstance(value, Pieces) else Pieces(value.dtype, tuple(value.shape), (value,))
        for name, value in tensors.items()
    }
    # Wide types first, so that every tensor begins where its type may.
    names = sorted(pieces, key=lambda name: (-pieces[name].dtype.itemsize, name))
    header: dict[str, _Listed] = {}
    end = 0
    for name in names:
        dtype, shape, _ = pieces[name]
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": _STORED_AS[dtype], "shape": list(shape), "data_offsets": [start, end]}
    data = json.dumps(header, separators=(",", ":")).encode()
    data += b" " * (-len(data) % 8)
    file.write(len(data).to_bytes(8, "little") + data)
    for name in names:
        start, end = header[name]["data_offsets"]
        for part in pieces[name].parts:
            flat = part.detach().cpu().contiguous().reshape(-1)
            if flat.numel() < 2:  # which torch calls contiguous whatever its stride
                flat = flat.clone(memory_format=torch.contiguous_format)
            raw = flat.view(torch.uint8).numpy()
            file.write(raw.data)
            start += raw.nbytes
        if start != end:
            raise ValueError(
                f"{name} has {start - header[name]['data_offsets'][0]} bytes, expected shape {header[name]['shape']}"
            )


def checked_tensors(data: bytes, types: Mapping[str, torch.dtype | tuple[torch.dtype, ...]]) -> dict[str, Tensor]:
    """The tensors of these names, each of its type or one of its types, and no others.

    Raises ValueError saying what is wrong.
    """
    stored = {
        name: [_STORED_AS[one] for one in (kind if isinstance(kind, tuple) else (kind,))]
        for name, kind in types.items()
    }
    listed = _listed(data)
    for name in sorted(stored.keys() | listed.keys()):
        found = listed[name].dtype if name in listed else "missing"
        if found not in stored.get(name, ()):
            expected = " or ".join(stored[name]) if name in stored else "no tensor of this name"
            raise ValueError(f"tensor {short(name)} is {found}, expected {expected}")
    return safetensors.torch.load(data)


def _listed(data: bytes) -> dict:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, LONGEST_HEADER):
        raise ValueError(f"the list of its tensors has {length} bytes, and there are {len(data)} in all")
    listed = parse_header(data[8 : 8 + length], "the entries of its tensors", "nothing in them")
    end = 8 + length + max((entry.end for entry in listed.values()), default=0)
    if end != len(data):
        raise ValueError(f"its tensors end at byte {end} of {len(data)}")
    return listed
