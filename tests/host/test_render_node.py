"""Render Camera Path at the edges: pictures that no machine can hold, and a machine without a compiler."""

import pytest
import torch
from small_model import clip_inputs

from spatia_core.cameras.camera import make_cameras


@pytest.fixture
def render(pack_module):
    return pack_module("nodes.render").SpatiaRenderCameraPath


def test_what_cannot_be_held_is_refused_before_it_is_drawn(render):
    """The host would be killed in the middle of the work, and every other tab's work with it."""
    memory = clip_inputs(1, 0)["memory"]
    ten_thousand = make_cameras(torch.eye(4, dtype=torch.float64).repeat(10_000, 1, 1), [1.0, 1.0, 0.5, 0.5])
    width, height = 16384, 16384 * memory.height // memory.width
    with pytest.raises(
        ValueError,
        match=r"The projection of 10000 frames of 16384x\d+ would take \d+\.\d GiB .* connect the cameras of one clip",
    ):
        render.execute(memory, ten_thousand, width, height, 0.01, 5)


def test_a_machine_without_a_compiler_says_so(render, pack_module, monkeypatch, caplog):
    memory, view = clip_inputs(1, 0)["memory"], make_cameras(torch.eye(4)[None], [1.0, 1.0, 0.5, 0.5])
    render.execute(memory, view, 0, 0, 0.05, 5)
    assert "slower" not in caplog.text
    for module in ("nodes.host.notices", "spatia_core.kernels"):
        monkeypatch.setattr(pack_module(module), "why_no_kernels", lambda: "numba cannot compile here (a test)")
    render.execute(memory, view, 0, 0, 0.05, 5)
    assert (
        "Render Camera Path: This is many times slower than it need be, since the CPU kernels cannot run: numba cannot compile here (a test)."
        in caplog.text
    )
