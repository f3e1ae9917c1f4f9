"""The host's MultiGPU CFG Split with two devices that are one CPU: who runs what, with whose weights.

The host makes a copy of the backbone per device and runs positive and negative in a thread each.
"""

from __future__ import annotations

import threading

import pytest
import torch
from small_decoupled import branch_patcher, branch_weights, camera_branch_weights, revisit, small_i2v
from small_model import TEXT, clip_inputs

SECOND = torch.device("cpu", 1)  # unlike torch.device("cpu") as a key, and the same place
STEPS, CFG, SEED = 3, 3.5, 7
STRENGTHS = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0, "lora": "never"}


@pytest.fixture
def split(monkeypatch):
    """MODEL -> the same on both devices, as the host's node makes it."""
    import comfy.model_management
    import comfy.multigpu

    if not hasattr(comfy.multigpu, "create_multigpu_deepclones"):
        pytest.skip("this host shares no work between devices")
    first = comfy.model_management.get_torch_device()
    monkeypatch.setattr(comfy.model_management, "get_all_torch_devices", lambda exclude_current=False: [first, SECOND])
    return lambda model: comfy.multigpu.create_multigpu_deepclones(model, 2)


@pytest.fixture
def passes(monkeypatch):
    """Every pass of a backbone: (network, rows, thread)."""
    from comfy.ldm.wan.model import WanModel

    seen = []
    forward = WanModel.forward

    def watched(self, x, *args, **kwargs):
        seen.append((self, x.shape[0], threading.get_ident()))
        return forward(self, x, *args, **kwargs)

    monkeypatch.setattr(WanModel, "forward", watched)
    return seen


def branches_used(monkeypatch, cls, method: str) -> list:
    """Every branch whose method is called from now on."""
    used, original = [], getattr(cls, method)

    def watched(self, *args, **kwargs):
        used.append(self)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(cls, method, watched)
    return used


@pytest.mark.parametrize("fits", [True, False])
def test_spatia_on_two_devices(nodes_of, prompts, split, passes, monkeypatch, fits):
    import comfy.model_base

    patching, models = nodes_of("nodes.host.patching"), nodes_of("nodes.host.models")
    load = nodes_of("nodes.load_model").SpatiaLoadModel
    model, _, vae = load.execute(models.BUNDLED, models.BUNDLED, "none", 1.0, "default").args
    inputs = clip_inputs(13, 2)
    sampler = nodes_of("nodes.sampler").SpatiaSampler

    def run(which):
        return sampler.execute(
            which, *prompts, vae, inputs["memory"], inputs["cameras"], seed=SEED, steps=STEPS, cfg=CFG, **STRENGTHS,
            **{name: inputs[name] for name in ("projection", "holes", "references")},
        ).args[1]["samples"]  # fmt: skip

    alone = run(model)
    passes.clear()
    both = split(model)
    embedded = branches_used(monkeypatch, patching.ControlBranch, "embed")
    if not fits:
        monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1 << 60)
    shared = run(both)
    assert torch.allclose(shared, alone, atol=2e-5)
    networks = {network for network, _, _ in passes}
    # One pass per step and device, each in its own thread, with the control branch that lies beside it.
    assert len(networks) == 2 and len(passes) == 2 * STEPS and all(rows == 1 for _, rows, _ in passes)
    assert len({thread for _, _, thread in passes}) >= 2
    assert len(set(embedded)) == 2 and len(embedded) == 2 * STEPS


def test_the_decoupled_branches_on_two_devices(nodes_of, prompts, split, passes, monkeypatch):
    model, vae = small_i2v(TEXT)
    weights = {"latent_channels": 16, "extra": 20, "pixels": 8}

    def patchers(disable_dynamic=False):
        return (
            branch_patcher(nodes_of, "camera", camera_branch_weights(**weights), disable_dynamic=disable_dynamic),
            branch_patcher(nodes_of, "memory", branch_weights(**weights), disable_dynamic=disable_dynamic),
        )

    camera, memory_branch = patchers()
    # As the loaders of files do it.
    model.cached_patcher_init = (lambda: small_i2v(TEXT)[0], ())
    camera.cached_patcher_init = (lambda: patchers()[0], ())
    memory_branch.cached_patcher_init = (lambda: patchers()[1], ())
    memory, cameras = revisit(given=1, width=32, height=16)
    decoupled_clip = nodes_of("nodes.host.decoupled_clip")
    clip = decoupled_clip.condition_window(
        model, *prompts, vae, memory, cameras, camera, memory_branch,
        settings=decoupled_clip.WindowSettings(camera_end_percent=1.0),
    )  # fmt: skip
    import comfy.sample

    noise = comfy.sample.prepare_noise(clip.latent["samples"], SEED)

    def run(which):
        return comfy.sample.sample(
            which, noise, STEPS, CFG, "euler", "normal", clip.positive, clip.negative, clip.latent["samples"],
            seed=SEED, disable_pbar=True,
        )  # fmt: skip

    alone = run(clip.model)
    passes.clear()
    used = branches_used(monkeypatch, nodes_of("nodes.host.branch_layers").SideBranch, "modulation")
    shared = run(split(clip.model))
    assert torch.allclose(shared, alone, atol=2e-5)
    assert len({network for network, _, _ in passes}) == 2 and len(passes) == 2 * STEPS
    assert len(set(used)) == 4 and len(used) == 4 * STEPS  # both branches on both devices


def test_a_model_that_cannot_be_copied_is_refused_in_a_sentence(nodes_of, prompts, split):
    """A loader that tells the host no way to make the model again, as of GGUF files, cannot be shared."""
    model, _ = small_i2v(TEXT)
    model.cached_patcher_init = None
    with pytest.raises(RuntimeError, match="does not support multigpu"):
        split(model)
