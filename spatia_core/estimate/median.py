"""Medians over a part of an image."""

from __future__ import annotations

from torch import Tensor

from .backend import chosen_kernels


def median(values: Tensor, where: Tensor, *, backend: str = "auto") -> float:
    """The lower median of values at `where`, two tensors of one shape, float32 and bool; NaN where there is none.

    backend: as in `chosen_kernels`.
    """
    if not chosen_kernels(backend, values):
        return float(values[where].median())
    from .median_numba import masked_median

    return float(masked_median(values.contiguous().view(-1).numpy(), where.contiguous().view(-1).numpy()))
