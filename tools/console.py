"""What is said to the person at the terminal."""

from __future__ import annotations


class RunError(Exception):
    """A failure that is explained to the user by its message alone."""


def say(text: str = "") -> None:
    print(text, flush=True)
