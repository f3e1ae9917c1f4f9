"""A weights file by the names and shapes of its tensors, and the refusals that name what does not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from ..errors import SpatiaError
from ..inputs import parse_json, shown, whole
from ..interrupt import look_for_interrupt

# The names of some 100,000 tensors; the published models have about a thousand.
LONGEST_HEADER = 1 << 24
_LARGEST_SIDE = 1 << 40
_MOST_BLOCKS = 1000
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


def short(name: str) -> str:
    """A tensor's name for a message, cut where it would fill the screen."""
    return name if len(name) <= 120 and name.isprintable() else shown(name)


class FileShapes:
    """shapes: {tensor name: shape} of one file. file, what: its name and what it should be, for messages. remedy: what to change."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], file: str, what: str, remedy: str):
        self.shapes, self.file, self.what, self.remedy = shapes, file, what, remedy

    def of(self, name: str, dimensions: int) -> tuple[int, ...]:
        """Shape of a tensor that sizes are read from.

        Raises SpatiaError where it is missing, has other dimensions or a side below 1.
        """
        shape = self.shapes.get(name)
        if shape is None:
            first = short(next(iter(self.shapes), "none"))
            raise self.refusal(
                f"tensor {name} is missing (the file's first tensor is {first}), so it is no {self.what}"
            )
        if len(shape) != dimensions:
            raise self.refusal(f"tensor {name} has shape {shown(tuple(shape))}, expected {dimensions} dimensions")
        try:
            return tuple(whole(side, 1, _LARGEST_SIDE) for side in shape)
        except ValueError:
            raise self.refusal(f"tensor {name} has shape {shown(tuple(shape))}, expected sides of at least 1") from None

    def blocks(self, prefix: str) -> int:
        """How many blocks `<prefix>.0.`, `<prefix>.1.` ... there are, by the highest number; 0 where there is none.

        Raises SpatiaError when that number is higher than the file has tensors: no list of expected names gets longer
        than what the file can hold.
        """
        numbered = re.compile(rf"{re.escape(prefix)}\.([0-9]+)\.")
        most = min(len(self.shapes), _MOST_BLOCKS)
        count = 0
        for name in self.shapes:
            match = numbered.match(name)
            if match is None:
                continue
            # Python refuses to read thousands of digits.
            if len(match[1]) > 9 or int(match[1]) >= most:
                raise self.refusal(
                    f"tensor {short(name)} belongs to a block numbered beyond the {most} that a file of "
                    f"{len(self.shapes)} tensors can hold"
                )
            count = max(count, 1 + int(match[1]))
        return count

    def require(
        self,
        expected: dict[str, tuple[int, ...]],
        *,
        any_shape: Collection[str] = (),
        also: Callable[[str], bool] = lambda name: False,
    ) -> None:
        """Raises SpatiaError naming the first tensor that is missing, has another shape than expected, or belongs to nothing.

        any_shape: names whose shape is not checked. also: whether a name beyond the expected ones may be there.
        """
        for name, shape in expected.items():
            if name not in self.shapes:
                raise self.refusal(
                    f"tensor {name} is missing (expected shape {shape}); the file is incomplete or foreign"
                )
            if tuple(self.shapes[name]) != shape and name not in any_shape:
                raise self.refusal(f"tensor {name} has shape {shown(tuple(self.shapes[name]))}, expected {shape}")
        for name, shape in self.shapes.items():
            if name not in expected and not also(name):
                raise self.refusal(
                    f"tensor {short(name)} of shape {shown(tuple(shape))} belongs to no part of a {self.what}"
                )

    def refusal(self, problem: str) -> SpatiaError:
        """The error to raise for a problem with this file."""
        return SpatiaError(f"The {self.what} {self.file}: {problem}; {self.remedy}.")


def _entry(entry) -> tuple[str, tuple[int, ...], tuple[int, int]]:
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
    shape = tuple(whole(side, 0, _LARGEST_SIDE) for side in shape)
    start, end = (whole(offset, 0, 1 << 53) for offset in offsets)
    # Sides of 0 make the product small and leave the strides as large as they are.
    if math.prod(max(side, 1) for side in shape) > 1 << 53 or 8 * (end - start) != _BITS[dtype] * math.prod(shape):
        raise ValueError("data_offsets as far apart as its dtype and shape ask for")
    return dtype, shape, (start, end)
