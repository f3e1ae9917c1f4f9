"""Whether all parity tests run, as they must before it can be said what none of them reads."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
_left_out = pytest.StashKey[bool]()


def pytest_configure(config):
    config.stash[_left_out] = any("::" in argument for argument in config.args)


@pytest.hookimpl(trylast=True)
def pytest_deselected(items):
    for item in items:
        if item.path.parent == HERE:
            item.config.stash[_left_out] = True


@pytest.fixture
def whole_folder_ran(request, comfyui_path) -> None:
    """Skips unless every test of this folder was chosen; without a host most of them cannot run."""
    chosen = {item.path for item in request.session.items}
    if request.config.stash[_left_out] or not set(HERE.glob("test_*.py")) <= chosen:
        pytest.skip("only some of the parity tests were chosen: run all of tests/parity")
