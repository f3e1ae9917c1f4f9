"""Which of two ways works on depth and points: the CPU kernels, or the plain torch reference beside them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import SpatiaError
from ..kernels import kernels_run

BACKENDS = ("auto", "torch", "numba")


def chosen_kernels(backend: str, *values: Tensor) -> bool:
    """Whether the kernels run on these values: "numba" wants them, "torch" the reference, "auto" them where they can.

    They read float32 on the CPU. Raises SpatiaError on another name, and where "numba" cannot be had.
    """
    if backend not in BACKENDS:
        raise SpatiaError(f"backend: '{backend}' was given, expected one of {', '.join(BACKENDS)}.")
    possible = all(value.device.type == "cpu" and value.dtype == torch.float32 for value in values) and kernels_run()
    if backend == "numba" and not possible:
        raise SpatiaError("backend 'numba' needs the numba package and float32 on the CPU; use 'torch'.")
    return backend != "torch" and possible
