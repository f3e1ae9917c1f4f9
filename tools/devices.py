"""Which device the server computes on."""

from __future__ import annotations

import ctypes
import json
import platform
import subprocess
import sys
from typing import NamedTuple

from .console import RunError, say

# The devices beside the CPU, best first, and what of each is found without torch.
CARDS = {"cuda": "an NVIDIA driver", "xpu": "an Intel GPU's driver", "mps": "an Apple GPU"}
DRIVERS = {
    "Linux": {"cuda": "libcuda.so.1", "xpu": "libze_loader.so.1"},
    "Windows": {"cuda": "nvcuda.dll", "xpu": "ze_loader.dll"},
}
OTHER_TORCH = (
    "set SPATIA_TORCH_INDEX to the address of the torch for it, which pytorch.org shows after --index-url for this system "
    "and card, and run this again"
)
PROBE = """
import json, torch
seen = {
    "cuda": torch.cuda.is_available(),
    "xpu": hasattr(torch, "xpu") and torch.xpu.is_available(),
    "mps": torch.backends.mps.is_available(),
}
built = {
    "cuda": bool(torch.version.cuda or torch.version.hip),
    "xpu": bool(getattr(torch.version, "xpu", None)),
    "mps": torch.backends.mps.is_built(),
}
print(json.dumps([[name for name in seen if seen[name]], [name for name in built if built[name]]]))
"""


def remark_on_torch(system: str, cards: frozenset[str], index: str) -> str:
    """What is to be said before a torch is fetched that cannot use the card; empty when there is nothing to say."""
    if system != "Windows" or "cuda" not in cards or index:
        return ""
    return (
        f"There is {CARDS['cuda']}, but the torch that is fetched for Windows by itself is built for CPUs alone. To use the "
        f"card, {OTHER_TORCH}."
    )


class Torch(NamedTuple):
    """What the environment's torch can use here, and what it was built for; the CPU left out."""

    sees: frozenset[str]
    built_for: frozenset[str]


def choose_device(wanted: str) -> str:
    """What was asked for, or for "auto" a GPU that this torch can use, else the CPU; RunError where it cannot be had."""
    cards = installed_cards(platform.system(), platform.machine())
    # Importing torch takes seconds: not where nothing depends on it.
    needless = wanted == "cpu" or (wanted == "auto" and not cards)
    torch = Torch(frozenset(), frozenset()) if needless else probed_torch()
    device, remark = decided(wanted, cards, torch)
    if remark:
        say(remark)
    return device


def decided(wanted: str, cards: frozenset[str], torch: Torch) -> tuple[str, str]:
    """The device for what was asked for, what is installed and what torch can use, and what there is to say of it."""
    if wanted == "auto":
        found = next((name for name in CARDS if name in torch.sees), None)
        if found or not cards:
            return found or "cpu", ""
        unused = next(name for name in CARDS if name in cards)
        return "cpu", f"There is {CARDS[unused]}, but {_why_not(unused, torch)}: everything runs on the CPU."
    if wanted != "cpu" and wanted not in torch.sees:
        remedy = "see to the card and its driver" if wanted in torch.built_for else OTHER_TORCH
        raise RunError(f"--device {wanted}: {_why_not(wanted, torch)}. Use --device cpu, or {remedy}.")
    return wanted, ""


def _why_not(name: str, torch: Torch) -> str:
    if name in torch.built_for:
        return f"this torch sees no {name} device"
    others = ", ".join(sorted(torch.built_for)) or "CPUs alone"
    return f"this torch is built for {others}"


def installed_cards(system: str, machine: str) -> frozenset[str]:
    """The devices whose drivers are there, whatever torch makes of them."""
    if system == "Darwin":
        return frozenset({"mps"} if machine == "arm64" else ())
    return frozenset(name for name, library in DRIVERS.get(system, {}).items() if _loads(library))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def probed_torch() -> Torch:
    """What this interpreter's torch says, from a process of its own: asking takes hold of the card."""
    answer = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise RunError(f"torch does not start:\n{answer.stderr.strip()[-2000:]}")
    sees, built_for = json.loads(answer.stdout.splitlines()[-1])
    return Torch(frozenset(sees), frozenset(built_for))
