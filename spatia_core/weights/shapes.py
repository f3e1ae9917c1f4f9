"""A weights file by the shapes of its tensors, and the refusals that name what does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from ..errors import SpatiaError
from ..inputs import shown, whole
from .header import LARGEST_SIDE, short

_MOST_BLOCKS = 1000


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
            return tuple(whole(side, 1, LARGEST_SIDE) for side in shape)
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
