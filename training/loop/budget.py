"""How long a training runs: so many steps (repeatable) or so many minutes (whatever the machine manages)."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Budget:
    """The end of a run, in `steps` or in `minutes` of all its parts together."""

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError(f"steps={self.steps}, minutes={self.minutes}: give one of the two")

    def progress(self, steps: int, seconds: float) -> float:
        """What part of it is used up after so many steps and seconds, 0 to 1 or a little more."""
        if self.steps is not None:
            return steps / self.steps
        assert self.minutes is not None  # one of the two is given
        return seconds / (60 * self.minutes)
