"""The working type on a CPU: what the processor computes in hardware, or what the variable says."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spatia_core.errors import SpatiaError
from spatia_core.precision import VARIABLE, cpu_autocast, cpu_dtype, working_dtype

ROOT = Path(__file__).resolve().parent.parent
# Milliseconds of a small Conv3d, best of some, in the working type and in float32.
TIMED = """
import time, torch
from spatia_core.precision import cpu_autocast, cpu_dtype

torch.set_num_threads(1)
layer, video = torch.nn.Conv3d(16, 16, 3, padding=1), torch.randn(1, 16, 5, 24, 24)

def best(dtype):
    times = []
    for _ in range(7):
        began = time.perf_counter()
        with torch.no_grad(), cpu_autocast(dtype):
            layer(video)
        times.append(time.perf_counter() - began)
    return min(times) * 1e3

print(str(cpu_dtype()).removeprefix("torch."), best(cpu_dtype()), best(torch.float32))
"""


def timed(**variables: str) -> tuple[str, float, float]:
    deciding = (VARIABLE, "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
    environment = {name: value for name, value in os.environ.items() if name not in deciding} | variables
    printed = subprocess.check_output([sys.executable, "-c", TIMED], env=environment, cwd=ROOT, text=True)
    dtype, chosen, plain = printed.split()
    return dtype, float(chosen), float(plain)


def test_the_working_type_is_never_an_emulated_one():
    _, chosen, plain = timed()
    assert chosen < 3 * plain


@pytest.mark.skipif(
    not torch.backends.mkldnn.is_available() or platform.machine() not in ("x86_64", "AMD64"),
    reason="the variable is that of oneDNN on x86",
)
def test_instructions_that_are_switched_off_do_not_count():
    dtype, chosen, plain = timed(ONEDNN_MAX_CPU_ISA="AVX2")
    assert dtype == "float32" and chosen < 3 * plain


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_variable_decides(dtype, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(dtype).removeprefix("torch."))
    assert cpu_dtype() == dtype == working_dtype(torch.device("cpu"))
    assert working_dtype(torch.device("cuda", 1)) == torch.bfloat16
    with cpu_autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
    for given in (torch.float32, torch.bfloat16):
        with cpu_autocast(given):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == given


@pytest.mark.parametrize("value", ["fp16", "torch.float32", "BFLOAT16"])
def test_another_type_is_refused(value, monkeypatch):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(SpatiaError, match=f"SPATIA_CPU_DTYPE={value} was given, expected float32 or bfloat16"):
        cpu_dtype()


def test_no_other_place_decides():
    """Autocast to bfloat16 is switched on in precision.py, and by a stage whose settings ask for it."""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("nodes", "spatia_core", "training")
        for path in (ROOT / folder).rglob("*.py")
        if "torch.bfloat16" in (text := path.read_text(encoding="utf-8")) and "autocast(" in text
    }
    assert found == {"spatia_core/precision.py", "training/networks/beside.py"}
