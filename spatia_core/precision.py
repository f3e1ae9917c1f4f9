"""The type that networks work in on a CPU, decided in this one place.

bfloat16 halves the time, or better, where the processor has instructions for it; where it has none, a Conv3d takes
fifteen times as long as in float32, and a matrix product forty times. Weights, states and what files say of themselves
do not depend on this choice.
"""

from __future__ import annotations

import os
from functools import cache

import torch

from .errors import SpatiaError

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


def geometry_device(device: torch.device) -> torch.device:
    """Where geometry on a device's points is computed: there, or on the CPU where the device has no float64."""
    return device if has_float64(device) else torch.device("cpu")


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
