"""Which backbone a MODEL is, and whether a clip's VAE and pictures are of that kind."""

from __future__ import annotations

import comfy.ldm.wan.model
import comfy.model_base
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE

from ...spatia_core.backbone import WAN21_I2V_14B, WAN22_I2V_A14B, WAN22_TI2V_5B, Backbone
from ...spatia_core.errors import SpatiaError
from ...spatia_core.memory import SpatialMemory
from ...spatia_core.model.sizes import nearest_size


def backbone_of(model: ModelPatcher) -> Backbone | None:
    """What a MODEL is, by its class and channels; None where it is none of those that clips are made with."""
    base = model.model
    network = getattr(base, "diffusion_model", None)
    if network is None or type(network) is not comfy.ldm.wan.model.WanModel:
        return None
    channels = network.in_dim, network.out_dim
    if isinstance(base, comfy.model_base.WAN22):
        return WAN22_TI2V_5B if channels == _channels(WAN22_TI2V_5B) else None
    if isinstance(base, comfy.model_base.WAN21) and channels == _channels(WAN21_I2V_14B):
        # Wan 2.1's looks at its first picture through CLIP as well.
        return WAN21_I2V_14B if getattr(network, "img_emb", None) is not None else WAN22_I2V_A14B
    return None


def require_backbone(model: ModelPatcher, otherwise: str, *expected: Backbone) -> Backbone:
    """What a MODEL is, refused unless it is one of the expected. otherwise: what to do with such a one, a sentence or ""."""
    found = backbone_of(model)
    if found is not None and found in expected:
        return found
    base = model.model
    network = getattr(base, "diffusion_model", None)
    channels = getattr(network, "in_dim", None)
    names = " or ".join(backbone.name for backbone in expected)
    what = f"a {type(base).__name__} with {channels} input channels" if found is None else found.name
    raise SpatiaError(f"The model is {what}, expected {names}; connect or choose that backbone. {otherwise}".strip())


def require_pictures(backbone: Backbone, vae: VAE, memory: SpatialMemory, resize: str) -> None:
    """Refuse a VAE of another kind than the backbone's, and frames that are no whole tokens. resize: where to put Fit Image."""
    channels = getattr(vae, "latent_channels", None)
    if channels != backbone.latent_channels or getattr(vae, "latent_dim", None) != 3:
        raise SpatiaError(
            f"The VAE makes latents of {channels} channels, expected {backbone.latent_channels}: that of {backbone.vae}; "
            "change `vae`."
        )
    step = backbone.size_step
    if memory.height % step or memory.width % step:
        near = "x".join(map(str, nearest_size(memory.width, memory.height, step)))
        raise SpatiaError(
            f"The memory's frames are {memory.width}x{memory.height}, but width and height must be multiples of {step} "
            f"(such as {near}); {resize}."
        )


def _channels(backbone: Backbone) -> tuple[int, int]:
    return backbone.input_channels, backbone.latent_channels
