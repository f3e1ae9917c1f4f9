"""What the machine is: device, driver, versions, memory."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator

import torch

from ..kernels import why_no_kernels
from ..precision import has_float64, working_dtype
from ..render.soft import why_no_triton
from .findings import LEFT_OUT, NOTE, Check, Finding, dtype_name

_PACKAGES = ("numpy", "scipy", "safetensors", "numba", "triton", "triton-windows")


def machine_check(device: torch.device, host_lines: list[str]) -> Check:
    """Device, driver, versions and memory. host_lines: what the host says of itself."""
    return Check("Machine", lambda: _machine(device, host_lines))


def _machine(device: torch.device, host_lines: list[str]) -> Iterator[Finding]:
    yield Finding(
        NOTE, f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}"
    )
    yield Finding(NOTE, f"torch {torch.__version__}, {', '.join(_versions())}")
    for line in host_lines:
        yield Finding(NOTE, line)
    yield Finding(NOTE, f"device {device}: {_device_line(device)}")
    yield Finding(
        NOTE,
        f"the processor: {os.cpu_count()} cores, {torch.get_num_threads()} threads, depth networks in {dtype_name(working_dtype(torch.device('cpu')))}",
    )
    kernels = [("the CPU's kernels", why_no_kernels())]
    if device.type == "cuda":
        kernels.append((f"Triton on {device}", why_no_triton(device)))
    for what, reason in kernels:
        yield Finding(NOTE, f"{what}: ready") if reason is None else Finding(LEFT_OUT, f"{what}: {reason}")
    if not has_float64(device):
        yield Finding(NOTE, f"{device} has no float64: all geometry is computed on the processor")


def _device_line(device: torch.device) -> str:
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        free, total = torch.cuda.mem_get_info(device)
        kind = f"HIP {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
        return (
            f"{card.name}, compute {card.major}.{card.minor}, {kind}, cuDNN {torch.backends.cudnn.version()}, "
            f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free; {torch.cuda.device_count()} card(s)"
        )
    if device.type == "mps":
        return f"macOS {platform.mac_ver()[0]}, at most {torch.mps.recommended_max_memory() / 2**30:.1f} GiB"
    if device.type == "xpu":
        told = torch.xpu.get_device_properties(device)
        return f"{told.name}, driver {told.driver_version}, {told.total_memory / 2**30:.1f} GiB"
    return platform.processor() or platform.machine()


def _versions() -> Iterator[str]:
    for package in _PACKAGES:
        try:
            yield f"{package} {importlib.metadata.version(package)}"
        except importlib.metadata.PackageNotFoundError:
            continue
