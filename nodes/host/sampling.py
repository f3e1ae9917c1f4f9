"""The release's solver inside the host's sampling stack, and one clip from conditioned model to latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.sample
import comfy.samplers
import comfy.utils
import latent_preview
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from comfy.sd import VAE
from PIL import Image
from tqdm.auto import trange

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from ...spatia_core.model.flow_unipc import FlowUniPC
from ...spatia_core.model.sizes import cheaper_setting
from .bundle import SizedVAE
from .draft_vae import DraftVAE
from .patching import clip_condition

INTEGER_TIMESTEPS = "spatia_integer_timesteps"


@torch.no_grad()
def sample_flow_unipc(
    model: ModelPatcher,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    extra_args: dict | None = None,
    callback: Any = None,
    disable: bool | None = None,
) -> torch.Tensor:
    """FlowUniPC as the host's sampler function; clean frames are the host's to clamp (noise mask), in `model`.

    The network sees truncated integer timesteps, as the release's solver gives them, for this run only.
    """
    extra_args = dict(extra_args or {})
    options = comfy.model_patcher.create_model_options_clone(extra_args.get("model_options", {}))
    wrappers = options.setdefault("transformer_options", {}).setdefault("wrappers", {})
    # Outermost, so that every other wrapper sees the timesteps the network sees.
    wrappers[WrappersMP.DIFFUSION_MODEL] = {
        INTEGER_TIMESTEPS: [_truncate_timesteps],
        **wrappers.get(WrappersMP.DIFFUSION_MODEL, {}),
    }
    extra_args["model_options"] = options
    solver = FlowUniPC(sigmas)
    batch = x.new_ones([x.shape[0]])
    for i in trange(len(sigmas) - 1, disable=disable):
        denoised = model(x, sigmas[i] * batch, **extra_args)
        if callback is not None:
            callback({"x": x, "i": i, "sigma": sigmas[i], "sigma_hat": sigmas[i], "denoised": denoised})
        x = solver.step(denoised, x)
    return x


def _truncate_timesteps(
    executor: Any, x: torch.Tensor, timestep: torch.Tensor, *args: Any, **kwargs: Any
) -> torch.Tensor:
    return executor(x, torch.trunc(timestep), *args, **kwargs)


def unipc_sampler() -> comfy.samplers.KSAMPLER:
    """The host's SAMPLER object around FlowUniPC."""
    return comfy.samplers.KSAMPLER(sample_flow_unipc)


class _Decoded(latent_preview.LatentPreviewer):
    """A preview by a VAE that takes next to no time: the host's colours of latents are those of the big VAE."""

    def __init__(self, model: ModelPatcher, vae: VAE) -> None:
        self._raw, self._vae = model.model.process_latent_out, vae

    def decode_latent_to_preview(self, x0: torch.Tensor) -> Image.Image:
        pixels = self._vae.decode(self._raw(x0))
        return latent_preview.preview_to_image(pixels.reshape(-1, *pixels.shape[-3:])[0], do_scale=False)


def _told(model: ModelPatcher, steps: int, vae: VAE) -> Callable[[int, torch.Tensor, torch.Tensor, int], None]:
    """What tells the page the steps done and, where this run wishes previews, how the clip's last frame looks by then.

    The host's own shows the first frame, which in our clips is given and never changes.
    """
    previewer = latent_preview.get_previewer(model.load_device, model.model.latent_format)
    if previewer is not None and isinstance(vae, (SizedVAE, DraftVAE)):
        previewer = _Decoded(model, vae)
    bar = comfy.utils.ProgressBar(steps)

    def callback(step: int, x0: torch.Tensor, x: torch.Tensor, total_steps: int) -> None:
        picture = previewer and previewer.decode_latent_to_preview_image("JPEG", x0[:, :, -1:])
        bar.update_absolute(step + 1, total_steps, picture)

    return callback


def sample_clip(
    model: ModelPatcher,
    positive: list,
    negative: list,
    latent: dict,
    sampler: Any,
    sigmas: torch.Tensor,
    cfg: float,
    seed: int,
    vae: VAE | None = None,
) -> torch.Tensor:
    """Latents (1, 48, T, H, W), raw space, of one clip: what the host's SamplerCustomAdvanced does with the same parts.

    vae: of the model, for previews.
    """
    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    start = comfy.sample.fix_empty_latent_channels(model, latent["samples"])
    noise = comfy.sample.prepare_noise(start, seed)
    callback = _told(model, sigmas.shape[-1] - 1, vae)
    shortage = None
    try:
        samples = guider.sample(
            noise,
            start,
            sampler,
            sigmas,
            denoise_mask=latent.get("noise_mask"),
            callback=callback,
            disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
            seed=seed,
        )
    except Exception as error:
        comfy.model_management.raise_non_oom(error)
        shortage = _shortage(model, start)
    if shortage is not None:
        # Past the exception, which holds on to the tensors that filled the memory.
        comfy.model_management.unload_all_models()
        comfy.model_management.soft_empty_cache()
        raise SpatiaError(shortage)
    return samples.to(comfy.model_management.intermediate_device())


def _shortage(model: ModelPatcher, start: torch.Tensor) -> str:
    """What to tell a user whose memory ran out in this clip."""
    frames = WAN22_TI2V_5B.pixel_frames(start.shape[2])
    height, width = (side * WAN22_TI2V_5B.pixels for side in start.shape[3:])
    clip = clip_condition(model)
    references = 0 if clip is None else clip.references.shape[2]
    cheaper = cheaper_setting(width, height, frames, references, first=clip is None or clip.first)
    return (
        f"Out of memory while sampling {frames} frames of {width}x{height} with {references} references. Next cheaper setting: {cheaper}. "
        "Weights in fp8 (`dtype` in Load Spatia Model) and ComfyUI's --lowvram make room too. Earlier clips and the memory are kept: "
        "change the setting and queue again."
    )
