"""The type that networks work in on a CPU, decided in this one place.

bfloat16 halves the time, or better, where the processor has instructions for it; where it has none, a Conv3d takes
fifteen times as long as in float32, and a matrix product forty times. Weights, states and what files say of themselves
do not depend on this choice.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import torch

from .errors import SpatiaError

P = ParamSpec("P")
T = TypeVar("T")

VARIABLE = "SPATIA_CPU_DTYPE"
_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Of torch.cpu.get_capabilities(): x86's two families of instructions that multiply bfloat16, and ARM's.
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")


def cpu_dtype() -> torch.dtype:
    """bfloat16 where the CPU computes it in hardware, else float32; the variable SPATIA_CPU_DTYPE forces either.

    Raises SpatiaError when the variable names another type.
    """
    forced = os.environ.get(VARIABLE)
    if not forced:
        return torch.bfloat16 if _computes_bfloat16() else torch.float32
    if forced not in _TYPES:
        expected = " or ".join(_TYPES)
        raise SpatiaError(f"{VARIABLE}={forced} was given, expected {expected}; change the variable or unset it.")
    return _TYPES[forced]


def working_dtype(device: torch.device) -> torch.dtype:
    """What stands in for bfloat16 on a device: itself on accelerators, `cpu_dtype` on the CPU."""
    return cpu_dtype() if device.type == "cpu" else torch.bfloat16


@cache
def has_float64(device: torch.device) -> bool:
    """Whether a device computes in float64, as the geometry does; MPS and some XPUs do not."""
    if device.type in ("cpu", "cuda"):
        return True
    try:
        return float(torch.ones(1, dtype=torch.float64, device=device).sum()) == 1
    except (RuntimeError, TypeError):
        return False


def computed_in_float64(function: Callable[P, T]) -> Callable[P, T]:
    """A function of tensors that computes in float64, for any device.

    Where the first tensor lies on a device without float64, all are computed with on the CPU, and the answer is brought
    back to it. Tensors within tuples, such as a PointCloud, count too.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        device = _device_of((*args, *kwargs.values()))
        if device is None or has_float64(device):
            return function(*args, **kwargs)
        cpu = torch.device("cpu")
        answer = function(*_moved(args, cpu), **{name: _moved(value, cpu) for name, value in kwargs.items()})
        return _moved(answer, device)

    return run


def _device_of(value: object) -> torch.device | None:
    if isinstance(value, tuple):
        return next(filter(None, map(_device_of, value)), None)
    return value.device if isinstance(value, torch.Tensor) else None


def _moved(value: Any, device: torch.device) -> Any:
    """The value, its tensors on a device."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        parts = (_moved(part, device) for part in value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def cpu_autocast(dtype: torch.dtype | None = None) -> torch.autocast:
    """A context in which matrix products and convolutions on the CPU are of `dtype`, by default `cpu_dtype`.

    float32 casts nothing.
    """
    return torch.autocast("cpu", torch.bfloat16, enabled=(dtype or cpu_dtype()) == torch.bfloat16)


def _computes_bfloat16() -> bool:
    # Older versions of torch cannot say what the processor has; float32 is right everywhere.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    if not any(capabilities.get(name) for name in _INSTRUCTIONS) or not torch.backends.mkldnn.is_available():
        return False
    # The library may have been told to leave those instructions alone (ONEDNN_MAX_CPU_ISA), and this asks the library.
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()
