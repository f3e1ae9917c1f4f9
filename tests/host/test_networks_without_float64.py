"""Our networks in the host on a device that refuses float64: what they give there is what they give on the CPU."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from fake_mps import DEVICE, FakeMPS, OnDevice, placed
from small_decoupled import branch_patcher, branch_weights, layout

from spatia_core.model.decoupled.assembly import MemorySlots


@pytest.fixture
def on_device(comfy_host, monkeypatch):
    """A context on whose device the host sees an MPS."""
    import comfy.model_management

    monkeypatch.setattr(comfy.model_management, "is_device_mps", lambda device: torch.device(device).type == DEVICE)
    free = 1 << 30
    monkeypatch.setattr(
        comfy.model_management, "get_free_memory", lambda device=None, torch_free_too=False: (free, free) if torch_free_too else free
    )  # fmt: skip
    return FakeMPS


def slots(device=None) -> MemorySlots:
    generator = torch.Generator().manual_seed(3)
    gate = torch.tensor([[False, True, True]])
    pose, K = torch.eye(4).repeat(2, 4, 1, 1), torch.tensor([40.0, 40.0, 32.0, 16.0]).repeat(2, 4, 1)
    latents = [torch.randn(2, 48, 2, 4, generator=generator) for _ in range(2)]
    parts = (gate, *latents, pose, K, pose.clone(), K.clone())
    return MemorySlots(*(part if device is None else part.to(device) for part in parts), 32, 64)


@torch.no_grad()
def test_the_memory_branch(pack_module, on_device):
    decoupled = pack_module("nodes.host.decoupled")
    weights, generator = branch_weights(), torch.Generator().manual_seed(4)
    branch = branch_patcher(pack_module, "memory", weights, dtype=torch.float32).model
    x, timestep = torch.randn(1, 48, 3, 2, 4, generator=generator), torch.tensor([[0.0, 500.0, 500.0]])
    run = decoupled.BranchRun(branch, slots(), x, timestep, {})
    expected = [run.residual(layer) for layer in range(layout().layers)]
    with on_device():
        there = torch.device(DEVICE)
        run = decoupled.BranchRun(placed(branch), slots(there), x.to(there), timestep.to(there), {})
        for layer, theirs in enumerate(expected):
            ours = run.residual(layer)
            assert isinstance(ours, OnDevice)
            assert torch.allclose(ours.held, theirs, rtol=0, atol=1e-5)


@torch.no_grad()
def test_the_whole_network_with_control_and_references(pack_module, on_device):
    network = pack_module("nodes.host.check_network")
    patching, given = network.patching, network.vectors()
    model = network.small_network(torch.float32)
    base, branch = model.model.diffusion_model, patching.control_branch(model)
    x, times = given["video"], torch.tensor([[0.0, 937.0, 937.0]])
    text = torch.zeros(1, 1, base.text_dim)

    def passed(x, times, text, control, references):
        from comfy.patcher_extension import WrapperExecutor

        clip = patching.ClipCondition(branch, control, references, 1.0, 1.0, 0.0)
        executor = WrapperExecutor.new_class_executor(base._forward, base, [clip])
        return executor.execute(x, times, text, None, None, {})

    inputs = (x, times, text, given["control"], given["references"])
    expected = passed(*inputs)
    with on_device():
        placed(base), placed(branch)
        ours = passed(*(value.to(DEVICE) for value in inputs))
        assert isinstance(ours, OnDevice)
    assert torch.allclose(ours.held, expected, rtol=0, atol=1e-4)
