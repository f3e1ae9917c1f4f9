"""Stopping in the middle of long work. The core knows no host: whoever runs it says how a wish to stop is noticed.

Every loop that a file or a text can lengthen calls `look_for_interrupt` in each round.
"""

from __future__ import annotations

from collections.abc import Callable


def _nobody_asks() -> None:
    """Of a core that runs by itself."""


_look: Callable[[], None] = _nobody_asks


def notice_interrupts(look: Callable[[], None]) -> None:
    """From now on `look` is called in every long loop; it raises to end the work."""
    global _look
    _look = look


def look_for_interrupt() -> None:
    """Raises what the host raises when its user wants the work to stop."""
    _look()
