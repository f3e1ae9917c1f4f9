"""Models that continue from pictures: Wan I2V of 14B, which takes a mask and given frames beside its latents."""

from __future__ import annotations

import comfy.ldm.wan.model
import comfy.model_base

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.memory import SpatialMemory, require_continues
from ...spatia_core.memory.windows import require_clip_length
from .released_pictures import clip_features

_PIXELS_PER_TOKEN = 16
_CHANNELS = 16  # of Wan 2.1's latents, which the 14B models of Wan 2.2 share


def require_image_model(model, otherwise: str) -> None:
    """Refuse a MODEL that takes no start image beside its latents. otherwise: what to do with such a one."""
    network = getattr(model.model, "diffusion_model", None)
    known = isinstance(model.model, comfy.model_base.WAN21) and type(network) is comfy.ldm.wan.model.WanModel
    if not known or network.in_dim == network.out_dim:
        raise SpatiaError(
            f"The model is a {type(model.model).__name__} that takes no start image beside its latents, expected "
            f"Wan2.1-I2V-14B or Wan2.2-I2V-A14B; connect that. {otherwise}"
        )


def require_image_clip(vae, memory: SpatialMemory, cameras: Cameras) -> int:
    """How many frames of a clip along `cameras` the video holds already. Raises SpatiaError on a clip that cannot be made."""
    given = require_continues(memory, cameras)
    require_clip_length(cameras.count, "the clip's cameras")
    if getattr(vae, "latent_channels", None) != _CHANNELS or getattr(vae, "latent_dim", None) != 3:
        raise SpatiaError(
            f"The VAE makes latents of {getattr(vae, 'latent_channels', None)} channels, expected {_CHANNELS}: that of "
            "Wan 2.1 (wan_2.1_vae.safetensors); change `vae`."
        )
    if memory.height % _PIXELS_PER_TOKEN or memory.width % _PIXELS_PER_TOKEN:
        raise SpatiaError(
            f"The memory's frames are {memory.width}x{memory.height}, but width and height must be multiples of "
            f"{_PIXELS_PER_TOKEN} (such as 832x480); put Fit Image before the node that begins the memory."
        )
    return given


def image_losses(model, clip_vision) -> list[str]:
    """What a clip goes without, a sentence each. Raises SpatiaError where what is connected would be ignored."""
    looks = getattr(model.model.diffusion_model, "img_emb", None) is not None
    if looks and clip_vision is None:
        return [
            "`clip_vision` is not connected: this model was trained with it, and follows the first frame less without."
        ]
    if not looks and clip_vision is not None:
        raise SpatiaError(
            "`clip_vision` is connected, but this model (of Wan 2.2) has no place for what it sees, so it would be "
            "ignored; disconnect it."
        )
    return []


def image_conditioning(positive, negative, vae, memory: SpatialMemory, frames: int, given: int, clip_vision):
    """(positive, negative, empty LATENT) of a clip of `frames` frames that starts with the video's last `given` ones.

    The host's own conditioning on start images; clip_vision, or None, is shown the last of them in Wan's own pixels.
    """
    from comfy_extras.nodes_wan import WanImageToVideo

    # uint8 at rest to float: the host's edge.
    last = memory.read_frames(range(memory.frame_count - given, memory.frame_count)).float() / 255.0
    features = None if clip_vision is None else clip_features(clip_vision, last[-1])
    out = WanImageToVideo.execute(positive, negative, vae, memory.width, memory.height, frames, 1, last, features)
    return out.args
