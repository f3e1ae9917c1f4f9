"""The CPU kernels' cache survives what power cuts and full disks leave behind; where nothing compiles, the reference
runs.
"""

import importlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spatia_core.kernels import _say_once, kernels_run

pytestmark = pytest.mark.skipif(not kernels_run(), reason="numba does not run here")
ROOT = Path(__file__).resolve().parent.parent

DOUBLING = """
from spatia_core.kernels import kernel


@kernel
def _twice(value):
    return 2 * value


@kernel
def double(value):
    return _twice(value)
"""


def test_the_module_name_is_part_of_the_cached_name():
    """numba imports the module a cached kernel was compiled in; the host names this package after its folder."""
    from spatia_core.render.blocks_numba import block_bounds

    assert block_bounds.py_func.__qualname__.startswith("block_bounds.")


def test_importing_the_package_does_not_import_numba():
    """It takes a second and sixty megabytes, which a host that never draws a cloud need not spend."""
    code = "import sys, spatia_core.memory, spatia_core.cloud.edit, spatia_core.render.visibility; print('numba' in sys.modules)"
    assert _run(code).strip() == "False"


@pytest.fixture
def double(tmp_path, monkeypatch, caplog):
    """A function: compile or load anew, with the cache in tmp_path, and return double(21) and what was logged."""
    import numba

    # numba reads its variables again when one of them has changed, and else goes by what it read before.
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "doubling.py").write_text(DOUBLING)
    _say_once.cache_clear()
    caplog.set_level(logging.INFO)

    def call() -> tuple[int, list[str]]:
        caplog.clear()
        sys.modules.pop("doubling", None)  # the next import makes kernels that have loaded nothing yet
        value = importlib.import_module("doubling").double(21)
        return value, [record.getMessage() for record in caplog.records if "Spatia" in record.getMessage()]

    yield call
    sys.modules.pop("doubling", None)


def test_a_first_compilation_is_announced_once(double, tmp_path):
    """And only that of the kernel that was called, not those it is made of."""
    value, log = double()
    assert value == 42 and len(log) == 2
    assert log[0] == "Spatia compiles its CPU kernel double for this machine; that happens once."
    assert str(tmp_path) in log[1]
    assert double() == (42, [])


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["empty", "cut", "zeros", "flipped", "text"])
def test_a_damaged_cache_is_deleted_and_compiled_anew(double, tmp_path, ending, damage):
    double()
    files = sorted(tmp_path.rglob(f"*.{ending}"))
    assert files
    for file in files:
        data = file.read_bytes()
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
        file.write_bytes(
            {
                "empty": b"",
                "cut": data[:middle],
                "zeros": bytes(len(data)),
                "flipped": flipped,
                "text": b"not a cache\n",
            }[damage]
        )
    value, log = double()
    assert value == 42
    if (ending, damage) != ("nbi", "flipped"):  # a flipped name in an index is another name, and simply not found
        assert any("damaged" in text and str(tmp_path) in text for text in log), log
    assert double() == (42, [])


def test_a_cache_that_cannot_be_written_costs_only_time(double, tmp_path):
    """A folder in the way of each cache file, where a full disk would be."""
    double()
    for file in list(tmp_path.rglob("*.nb[ic]")):
        file.unlink()
        file.mkdir()
    value, log = double()
    assert value == 42
    assert any("cannot be kept" in text and str(tmp_path) in text for text in log), log


@pytest.mark.parametrize(
    ("breakage", "reason"),
    [
        ("sys.modules['numba'] = None", "numba cannot compile here (ModuleNotFoundError"),
        ("import numba; numba.njit = lambda *a, **k: 1 / 0", "numba cannot compile here (ZeroDivisionError"),
        ("os.environ['NUMBA_DISABLE_JIT'] = '1'", "switched off by NUMBA_DISABLE_JIT"),
    ],
)
def test_without_a_compiler_the_reference_runs_and_says_why(breakage, reason):
    code = f"""
import logging, os, sys
logging.basicConfig(stream=sys.stdout, format="%(message)s")
{breakage}
sys.path.insert(0, "tests")
import torch
from spatia_core.cloud.edit import select
from spatia_core.cloud.point_cloud import make_point_cloud
from spatia_core.cloud.voxels import voxel_merge
from spatia_core.kernels import kernels_run, why_no_kernels
from spatia_core.render.soft import render_soft
from spatia_core.render.visibility import surface_depth, visible_bits
from random_scenes import cameras, random_cloud
positions, colors = random_cloud(500)
drawn = render_soft(positions, colors, cameras(2), 24, 32, radius=0.1)
reference = render_soft(positions, colors, cameras(2), 24, 32, radius=0.1, backend="torch")
assert torch.equal(drawn.image, reference.image) and drawn.coverage.any()
cloud = make_point_cloud(positions, colors)
assert 0 < voxel_merge(cloud, 0.5).size < 500
assert select(cloud, {{"shape": "cluster", "at": [0, 0, 2], "distance": 3}}).all()
assert visible_bits(positions, cameras(2), 24, 32, voxel_size=0.1).any()
assert surface_depth(positions, cameras(1), 24, 32, voxel_size=0.1)[1].any()
assert not kernels_run()
print("because:", why_no_kernels())
"""
    lines = _run(code).splitlines()
    assert reason in lines[-1]
    assert sum("many times slower" in line for line in lines) == 1  # once in the log


def _run(code: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
