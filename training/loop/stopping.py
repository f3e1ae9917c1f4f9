"""How a user stops a run."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any


class Stopped(Exception):
    """A run was asked to stop before its end, and is saved."""


class Stop:
    """Whether Ctrl-C, a polite kill or the file WORK/stop asked to stop: the step at work is finished and saved.

    A second Ctrl-C ends at once; a second kill does not, since launchers send one after the Ctrl-C of the terminal.
    """

    def __init__(self, file: Path, say: Callable[[str], None]) -> None:
        self.file, self.asked, self.say = file, False, say
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            self.before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True
        self.say("\nFinishing this step, then saving. Ctrl-C once more ends at once.")

    def __call__(self) -> bool:
        return self.asked or self.file.exists()
