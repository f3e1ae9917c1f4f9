import logging
from pathlib import Path

import pytest
import torch

from spatia_core.kernels import HAVE_KERNELS, announced

pytestmark = pytest.mark.skipif(not HAVE_KERNELS, reason="numba is not installed")


def test_the_module_name_is_part_of_the_cached_name():
    """numba imports the module a cached kernel was compiled in; the host names this package after its folder."""
    from spatia_core.render.blocks_numba import block_bounds

    assert block_bounds.py_func.__qualname__.startswith("block_bounds.")


def test_a_first_compilation_is_announced_once(tmp_path, monkeypatch, caplog):
    source = tmp_path / "doubling.py"
    source.write_text("from spatia_core.kernels import kernel\n\n\n@kernel\ndef double(value):\n    return 2 * value\n")
    monkeypatch.syspath_prepend(tmp_path)
    import doubling

    caplog.set_level(logging.INFO)
    with announced(doubling.double):
        assert doubling.double(21) == 42
    assert [record.message.split(" for ")[0] for record in caplog.records][0] == "Spatia compiles its CPU kernel double"
    assert len(caplog.records) == 2
    with announced(doubling.double):
        doubling.double(1)
    assert len(caplog.records) == 2 and list(Path(doubling.double.stats.cache_path).glob("doubling.double.*.nbi"))
