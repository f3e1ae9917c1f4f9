"""The header of a safetensors file: names, types and shapes of its tensors, read without the tensors."""

from __future__ import annotations

import math
import os
from typing import NamedTuple

from ..errors import SpatiaError
from ..inputs import parse_json, shown, whole
from ..interrupt import look_for_interrupt

# The names of some 100,000 tensors; the published models have about a thousand.
LONGEST_HEADER = 1 << 24
LARGEST_SIDE = 1 << 40
# Bits of an element, by safetensors' names of types.
_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


class TensorEntry(NamedTuple):
    """What a safetensors header says of a tensor."""

    dtype: str  # safetensors' name: "F32"
    shape: tuple[int, ...]
    end: int  # of its bytes, counted from the end of the header


def parse_header(text: bytes, what: str, change: str) -> dict[str, TensorEntry]:
    """The tensors of a safetensors header; their bytes lie one behind the other and fit their types and shapes.

    what, change: as in `parse_json`. Raises SpatiaError naming the tensor that does not fit.
    """
    header = parse_json(text, what, change)
    if not isinstance(header, dict):
        raise SpatiaError(f"{what} are {shown(header)}, expected an object of tensors; correct {change}.")
    header.pop("__metadata__", None)
    entries, spans = {}, []
    for name, entry in header.items():
        look_for_interrupt()
        try:
            dtype, shape, (start, end) = _entry(entry)
        except ValueError as error:
            raise SpatiaError(
                f"{what} describe tensor {short(name)} by {shown(entry)}, expected {error}; correct {change}."
            ) from None
        entries[name] = TensorEntry(dtype, shape, end)
        spans.append((start, end, name))
    at = 0
    for start, end, name in sorted(spans):
        if start != at:
            raise SpatiaError(
                f"{what} put tensor {short(name)} at byte {start}, expected {at}, where the one before it ends; "
                f"correct {change}."
            )
        at = end
    return entries


def read_header(path: str) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a safetensors file, from its header alone. Raises SpatiaError on a broken or cut file."""
    file = os.path.basename(path)
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            text = stream.read(length) if length <= min(size - 8, LONGEST_HEADER) else None
    except OSError as error:
        raise SpatiaError(f"{file} could not be opened ({error.strerror}). Choose another file.") from error
    if text is None:
        raise SpatiaError(
            f"{file} is no readable safetensors file: its header of {length} bytes is longer than the file ({size} "
            "bytes) or than "
            f"{LONGEST_HEADER} bytes. Download it again or choose another file."
        )
    entries = parse_header(text, f"The header's entries in {file}", "the file: download it again or choose another one")
    end = 8 + length + max((entry.end for entry in entries.values()), default=0)
    if size < end:
        raise SpatiaError(
            f"{file} has {size} bytes, but its header promises {end}: the download was cut off. Download it again."
        )
    if size > end:
        raise SpatiaError(
            f"{file} has {size} bytes, but its header promises {end}: the file is damaged. Download it again."
        )
    return {name: entry.shape for name, entry in entries.items()}


def _entry(entry: object) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    """Type, shape and place of a tensor. Raises ValueError that says what was expected."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError("its dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise ValueError(f"a dtype among {', '.join(_BITS)}")
    if not isinstance(shape, list) or len(shape) > 64:
        raise ValueError("a shape of at most 64 sides")
    if not isinstance(offsets, list) or len(offsets) != 2:
        raise ValueError("two data_offsets")
    shape = tuple(whole(side, 0, LARGEST_SIDE) for side in shape)
    start, end = (whole(offset, 0, 1 << 53) for offset in offsets)
    # Sides of 0 make the product small and leave the strides as large as they are.
    if math.prod(max(side, 1) for side in shape) > 1 << 53 or 8 * (end - start) != _BITS[dtype] * math.prod(shape):
        raise ValueError("data_offsets as far apart as its dtype and shape ask for")
    return dtype, shape, (start, end)


def short(name: str) -> str:
    """A tensor's name for a message, cut where it would fill the screen."""
    return name if len(name) <= 120 and name.isprintable() else shown(name)
