"""A weights file by the names and shapes of its tensors, and the refusals that name what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..errors import SpatiaError


class FileShapes:
    """shapes: {tensor name: shape} of one file. file, what: its name and what it should be, for messages. remedy: what to change."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], file: str, what: str, remedy: str):
        self.shapes, self.file, self.what, self.remedy = shapes, file, what, remedy

    def of(self, name: str, dimensions: int) -> tuple[int, ...]:
        """Shape of a tensor that sizes are read from. Raises SpatiaError where it is missing or has other dimensions."""
        shape = self.shapes.get(name)
        if shape is None:
            raise self.refusal(f"tensor {name} is missing (the file's first tensor is {next(iter(self.shapes), 'none')}), so it is no {self.what}")
        if len(shape) != dimensions:
            raise self.refusal(f"tensor {name} has shape {tuple(shape)}, expected {dimensions} dimensions")
        return tuple(shape)

    def require(
        self, expected: dict[str, tuple[int, ...]], *, any_shape: Collection[str] = (), also: Callable[[str], bool] = lambda name: False
    ) -> None:
        """Raises SpatiaError naming the first tensor that is missing, has another shape than expected, or belongs to nothing.

        any_shape: names whose shape is not checked. also: whether a name beyond the expected ones may be there.
        """
        for name, shape in expected.items():
            if name not in self.shapes:
                raise self.refusal(f"tensor {name} is missing (expected shape {shape}); the file is incomplete or foreign")
            if tuple(self.shapes[name]) != shape and name not in any_shape:
                raise self.refusal(f"tensor {name} has shape {tuple(self.shapes[name])}, expected {shape}")
        for name, shape in self.shapes.items():
            if name not in expected and not also(name):
                raise self.refusal(f"tensor {name} of shape {tuple(shape)} belongs to no part of a {self.what}")

    def refusal(self, problem: str) -> SpatiaError:
        """The error to raise for a problem with this file."""
        return SpatiaError(f"The {self.what} {self.file}: {problem}; {self.remedy}.")
