"""The parity vectors' networks on the host's real path: its loader, ModelPatcher, guider and our patches."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file

TEXT_TOKENS = 512


def relative_l2(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours.double() - theirs.double()).norm() / theirs.double().norm())


def load_network(folder: Path, name: str):
    """Vector network `name` through the host's loader, its control branch attached by our Apply."""
    import comfy.sd

    path = folder / "dit" / f"{name}_dit.safetensors"
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    return comfy.sd.load_diffusion_model_state_dict(load_file(path), metadata=metadata)


def padded(context: torch.Tensor) -> torch.Tensor:
    """Text embeddings as the release pads them: zeros up to 512 tokens."""
    return torch.nn.functional.pad(context, (0, 0, 0, TEXT_TOKENS - context.shape[1]))


def conditioning(context: torch.Tensor) -> list:
    return [[padded(context), {}]]


def cases(folder: Path) -> list[tuple[str, str]]:
    """(network, case) of every stored case."""
    found = []
    for path in sorted((folder / "dit").glob("*_cases.json")):
        name = path.name.removesuffix("_cases.json")
        found += [(name, case) for case in json.loads(path.read_text())["cases"]]
    return found


class Probe:
    """Records what the host's diffusion model is given and returns."""

    def __init__(self):
        self.inputs, self.timesteps, self.outputs = [], [], []

    def __call__(self, executor, x, timestep, *args, **kwargs):
        out = executor(x, timestep, *args, **kwargs)
        self.inputs.append(x.clone())
        self.timesteps.append(timestep.clone())
        self.outputs.append(out.clone())
        return out


def run_once(model, x, clean: int, timestep: float, positive, probes=()):
    """One evaluation at `timestep` of the video latents x (1, 48, T, H, W) by the host's guider; the first `clean` frames are fixed."""
    import comfy.samplers
    from comfy.patcher_extension import WrappersMP

    model = model.clone()
    for index, probe in enumerate(probes):
        model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, f"probe{index}", probe)
    sigma = torch.tensor([timestep / 1000.0, 0.0])

    def evaluate(network, noise, sigmas, extra_args=None, callback=None, disable=None):
        return network(x, sigmas[:1], **extra_args)

    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds(positive, positive)
    guider.set_cfg(1.0)
    mask = torch.ones(1, 1, *x.shape[2:])
    mask[:, :, :clean] = 0.0
    raw = model.model.process_latent_out(x)
    return guider.sample(torch.zeros_like(x), raw, comfy.samplers.KSAMPLER(evaluate), sigma, denoise_mask=mask, disable_pbar=True, seed=0)
