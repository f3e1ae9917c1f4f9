"""The small bundle as the host's own MODEL, CLIP and VAE; its weights are real, only small."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

import comfy.ldm.wan.vae2_2
import comfy.model_management
import comfy.model_patcher
import comfy.sd
import torch
from comfy.model_patcher import ModelPatcher

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from ...spatia_core.weights.layouts import VaeLayout, vae_file, vae_layout
from ...spatia_core.weights.scaled import load_quantised

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "bundle")
BACKBONE = "spatia_small_backbone.safetensors"
CONTROL = "spatia_small_control.safetensors"
VAE = "spatia_small_vae.safetensors"
CAMERA = "spatia_small_camera.safetensors"
DECOUPLED = "spatia_small_decoupled.safetensors"


def bundle_path(name: str) -> str:
    """Full path of a bundled weights file. Raises SpatiaError when the package came without it."""
    path = os.path.join(FOLDER, name)
    if not os.path.isfile(path):
        raise SpatiaError(
            f"The bundled weights file bundle/{name} is missing from this package; reinstall it, or choose other weights."
        )
    return path


def load_small_backbone(
    path: str, model_options: dict | None = None, disable_dynamic: bool = False
) -> comfy.model_patcher.ModelPatcher:
    """The small backbone as a MODEL, through the host's loader; sizes come from the tensors and the header."""
    state_dict, metadata = load_quantised(path)
    model = comfy.sd.load_diffusion_model_state_dict(
        state_dict, model_options=model_options or {}, metadata=metadata, disable_dynamic=disable_dynamic
    )
    if model is None:
        raise SpatiaError(
            f"Backbone {os.path.basename(path)}: the host recognises no model in it; choose another file in `backbone`."
        )
    model.cached_patcher_init = (load_small_backbone, (path, model_options))
    return model


def load_sized_vae(path: str) -> SizedVAE:
    """A Wan 2.2 video VAE of any size as the host's VAE."""
    state_dict, _ = load_quantised(path)
    return SizedVAE(state_dict, os.path.basename(path))


class SizedVAE(comfy.sd.VAE):
    """The host's VAE object around its Wan 2.2 video VAE, sized by the tensors; the host's loader has the big sizes built in."""

    def __init__(self, state_dict: dict, file: str, dtype: torch.dtype | None = None):
        with _without_log("No VAE weights detected"):
            super().__init__(sd={})  # the host's defaults; no model yet
        layout = vae_layout({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, file)
        self._set_sizes(layout)
        self.first_stage_model = comfy.ldm.wan.vae2_2.WanVAE(
            dim=layout.dim,
            dec_dim=layout.dec_dim,
            z_dim=layout.z_dim,
            dim_mult=list(layout.dim_mult),
            num_res_blocks=layout.num_res_blocks,
            attn_scales=[],
            temperal_downsample=[False, True, True],
            dropout=0.0,
        ).eval()
        self.device = comfy.model_management.vae_device()
        self.vae_dtype = dtype or comfy.model_management.vae_dtype(self.device, self.working_dtypes)
        self.output_device = comfy.model_management.intermediate_device()
        self._load(state_dict, file)
        self.first_stage_model.to(self.vae_dtype).requires_grad_(False)
        comfy.model_management.archive_model_dtypes(self.first_stage_model)
        self.patcher = comfy.model_patcher.CoreModelPatcher(
            self.first_stage_model, load_device=self.device, offload_device=comfy.model_management.vae_offload_device()
        )
        self.model_size()

    def _set_sizes(self, layout: VaeLayout) -> None:
        self.latent_dim = 3
        self.latent_channels = layout.z_dim
        frames, pixels = WAN22_TI2V_5B.frames, WAN22_TI2V_5B.pixels
        self.upscale_ratio = (lambda latents: max(0, WAN22_TI2V_5B.pixel_frames(latents)), pixels, pixels)
        self.upscale_index_formula = (frames, pixels, pixels)
        self.downscale_ratio = (lambda count: max(0, WAN22_TI2V_5B.latent_frames(count)), pixels, pixels)
        self.downscale_index_formula = (frames, pixels, pixels)
        # The bundled decoder's largest activations are 6e5, and float16 ends at 65504: there every frame would be NaN.
        self.working_dtypes = [torch.bfloat16, torch.float32]
        # Bytes per pixel grow with the channels at full resolution; the host's figures are for dim 160 and 256.
        encode, decode = 3300 * layout.dim / 160, 8000 * layout.dec_dim / 256
        size_of = comfy.model_management.dtype_size
        self.memory_used_encode = lambda shape, dtype: encode * shape[3] * shape[4] * size_of(dtype)
        self.memory_used_decode = lambda shape, dtype: decode * shape[3] * shape[4] * pixels**2 * size_of(dtype)

    def _load(self, state_dict: dict, file: str) -> None:
        expected = {name: tuple(tensor.shape) for name, tensor in self.first_stage_model.state_dict().items()}
        vae_file({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, file).require(expected)
        self.first_stage_model.load_state_dict(state_dict)


@contextlib.contextmanager
def _without_log(text: str) -> Iterator[None]:
    def keep(record: logging.LogRecord) -> bool:
        return text not in record.getMessage()

    root = logging.getLogger()
    root.addFilter(keep)
    try:
        yield
    finally:
        root.removeFilter(keep)


class _NoText(torch.nn.Module):
    """The small weights' text encoder: they were trained with one zero token as their text, and know no other."""

    def __init__(
        self,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
        model_options: dict | None = None,
        text_dim: int = 1,
    ):
        super().__init__()
        self.dtypes = {torch.float32}
        self.text_dim = text_dim

    def set_clip_options(self, options: dict) -> None:
        pass

    def reset_clip_options(self) -> None:
        pass

    def encode_token_weights(self, tokens: dict[str, str]) -> tuple[torch.Tensor, None]:
        if tokens["prompt"].strip():
            _say_once("Spatia: the small bundled weights understand no text; the prompt is ignored.")
        return torch.zeros(1, 1, self.text_dim), None

    def load_sd(self, sd: dict) -> object:
        return self.load_state_dict(sd, strict=False)


class _PromptTokenizer:
    """Keeps the prompt as it is."""

    def __init__(self, embedding_directory: str | None = None, tokenizer_data: dict | None = None):
        pass

    def tokenize_with_weights(self, text: str, return_word_ids: bool = False, **kwargs: object) -> dict[str, str]:
        return {"prompt": text}

    def state_dict(self) -> dict:
        return {}


class _Target:
    clip = _NoText
    tokenizer = _PromptTokenizer

    def __init__(self, text_dim: int):
        self.params = {"text_dim": text_dim}


def small_clip(model: ModelPatcher) -> comfy.sd.CLIP:
    """The host's CLIP for the small bundle: any prompt becomes the constant zero context the weights were trained with."""
    return comfy.sd.CLIP(_Target(model.model.diffusion_model.text_dim))


_said: set[str] = set()


def _say_once(message: str) -> None:
    if message not in _said:
        _said.add(message)
        logging.warning(message)
