"""Work that the machine cannot hold is refused before it begins: out of memory, a system kills the whole server."""

from __future__ import annotations

import comfy.model_management
import torch

from ...spatia_core.errors import SpatiaError


def require_memory(needed: int, what: str, change: str) -> None:
    """Raises SpatiaError when `needed` bytes of main memory are more than what is free.

    what: what needs them, for the message. change: what to change.
    """
    free = int(comfy.model_management.get_free_memory(torch.device("cpu")))
    if needed > free:
        raise SpatiaError(
            f"{what} would take {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free; {change}."
        )
