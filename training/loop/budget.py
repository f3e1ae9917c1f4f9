"""How long a training runs: so many steps (repeatable) or so many minutes (whatever the machine manages)."""

import time


class Budget:
    """Counts steps and tells the progress 0..1 of a run limited by `steps` or by `minutes`."""

    def __init__(self, *, steps: int | None = None, minutes: float | None = None):
        if (steps is None) == (minutes is None):
            raise ValueError(f"steps={steps}, minutes={minutes}: give one of the two")
        self.steps, self.minutes = steps, minutes
        self.step = 0
        self._started = time.monotonic()

    @property
    def progress(self) -> float:
        if self.steps is not None:
            return self.step / self.steps
        assert self.minutes is not None  # one of the two is given
        return (time.monotonic() - self._started) / (60 * self.minutes)
