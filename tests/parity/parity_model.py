"""The parity vectors' networks on the host's real path: its loader, ModelPatcher, guider and our patches."""

from __future__ import annotations

import json

import torch
from decoupled_vectors import FOLDER, suffix_of
from vectors import PARITY, header, stored, weights

TEXT_TOKENS = 512


def relative_l2(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours.double() - theirs.double()).norm() / theirs.double().norm())


def load_network(name: str):
    """Vector network `name` through the host's loader."""
    import comfy.sd

    path = PARITY / "dit" / f"{name}_dit.safetensors"
    return comfy.sd.load_diffusion_model_state_dict(dict(stored(path)), metadata=header(path))


def spatia_network(patching, name: str, **options):
    """The same with the control branch of its file attached as Apply Spatia does it."""
    path = PARITY / "dit" / f"{name}_vace.safetensors"
    return patching.apply_spatia(load_network(name), weights(path), path.name, **options)


def dit_cases(name: str) -> dict:
    """What the file says of each case of a vector network."""
    return stored(PARITY / "dit" / f"{name}_cases.json")["cases"]


def dit_vectors(name: str):
    """The tensors of those cases."""
    return stored(PARITY / "dit" / f"{name}_cases.safetensors")


def padded(context: torch.Tensor) -> torch.Tensor:
    """Text embeddings as the release pads them: zeros up to 512 tokens."""
    return torch.nn.functional.pad(context, (0, 0, 0, TEXT_TOKENS - context.shape[1]))


def conditioning(context: torch.Tensor) -> list:
    return [[padded(context), {}]]


def cases() -> list[tuple[str, str]]:
    """(network, case) of every stored case."""
    names = [path.name.removesuffix("_cases.json") for path in sorted((PARITY / "dit").glob("*_cases.json"))]
    return [(name, case) for name in names for case in dit_cases(name)]


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
    return guider.sample(
        torch.zeros_like(x), raw, comfy.samplers.KSAMPLER(evaluate), sigma, denoise_mask=mask, disable_pbar=True, seed=0
    )


class Taps:
    """Copies of what modules are given first and return, while the block lasts, under the names asked for."""

    def __init__(self):
        self.seen: dict[str, torch.Tensor] = {}
        self._hooks = []

    def __enter__(self) -> Taps:
        return self

    def __exit__(self, *error):
        for hook in self._hooks:
            hook.remove()

    def input(self, module, name: str) -> None:
        def keep(module, args, given):
            self.seen[name] = (args[0] if args else given["x"]).clone()

        self._hooks.append(module.register_forward_pre_hook(keep, with_kwargs=True))

    def output(self, module, name: str) -> None:
        def keep(module, args, out):
            self.seen[name] = out.clone()

        self._hooks.append(module.register_forward_hook(keep))


def weights_of(name: str, kind: str, what: str) -> str:
    """File name of the weights that a file of vectors belongs to."""
    file = f"{what}{suffix_of(name, kind)}.safetensors"
    assert (FOLDER / file).exists(), f"{name}.safetensors: its {file} is missing"
    return file


def load_i2v(name: str):
    """The stored I2V backbone through the host's stock loader."""
    import comfy.sd

    file = weights_of(name, "backbone_i2v", "backbone_i2v_weights")
    state_dict = {key: tensor.float() for key, tensor in stored(FOLDER / file).items()}
    config = {key: json.loads(value) for key, value in header(FOLDER / file).items() if key != "model_type"}
    metadata = {"config": json.dumps({"transformer": config})}
    model = comfy.sd.load_diffusion_model_state_dict(state_dict, metadata=metadata)
    assert type(model.model).__name__ == "WAN21" and model.model.image_to_video
    return model
