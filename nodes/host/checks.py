"""Every check of this machine, in the order of the report."""

from __future__ import annotations

import os
import re

import comfy.ldm.modules.attention
import comfy.model_management
import comfyui_version
import psutil
import torch

from ...spatia_core.precision import cpu_dtype
from ...spatia_core.selfcheck import NOTE, Check, Finding, geometry_checks, machine_check
from ...spatia_core.selfcheck.advice import Room, advice
from . import bundle
from .check_files import files_check
from .check_network import network_checks
from .check_speed import speed_checks
from .check_video import video_check


def all_checks(full: bool) -> list[Check]:
    """full: with the speed at the official sizes, which takes minutes and gigabytes."""
    device = comfy.model_management.get_torch_device()
    return [
        machine_check(device, _host_lines()),
        *network_checks(),
        *geometry_checks(device),
        video_check(),
        *(speed_checks() if full else ()),
        files_check(),
        Check("What to set here", lambda: [Finding(NOTE, f"{line} (arithmetic)") for line in advice(_room(device))]),
    ]


def _host_lines() -> list[str]:
    attention = comfy.ldm.modules.attention.optimized_attention.__name__
    state = comfy.model_management.vram_state.name.lower()
    memory = psutil.virtual_memory()
    return [
        f"Spatia {_version()}, ComfyUI {comfyui_version.__version__}, {attention}, memory mode {state}",
        f"RAM: {memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free",
    ]


def _version() -> str:
    path = os.path.join(os.path.dirname(bundle.FOLDER), "pyproject.toml")
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(r'^version = "([^"]+)"', file.read(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else "of unknown version"


def _room(device: torch.device) -> Room:
    ram = psutil.virtual_memory().total
    if device.type == "cpu":
        return Room(None, ram, cpu_dtype() == torch.bfloat16, False)
    return Room(
        int(comfy.model_management.get_total_memory(device)),
        ram,
        comfy.model_management.should_use_bf16(device),
        comfy.model_management.supports_fp8_compute(device),
    )
