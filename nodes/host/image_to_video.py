"""Models that continue from pictures: Wan I2V of 14B, which takes a mask and given frames beside its latents."""

from __future__ import annotations

from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE

from ...spatia_core.backbone import WAN21_I2V_14B, WAN22_I2V_A14B, Backbone
from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.memory import SpatialMemory, require_continues
from ...spatia_core.memory.windows import require_clip_length
from .backbones import require_backbone, require_pictures
from .released_pictures import clip_features


def require_image_model(model: ModelPatcher, otherwise: str) -> Backbone:
    """The backbone of a MODEL that takes its start beside its latents, others refused. otherwise: what to do with such a one."""
    return require_backbone(model, otherwise, WAN21_I2V_14B, WAN22_I2V_A14B)


def require_image_clip(backbone: Backbone, vae: VAE, memory: SpatialMemory, cameras: Cameras) -> int:
    """How many frames of a clip along `cameras` the video holds already. Raises SpatiaError on a clip that cannot be made."""
    given = require_continues(memory, cameras)
    require_clip_length(cameras.count, "the clip's cameras")
    require_pictures(backbone, vae, memory, "put Fit Image before the node that begins the memory")
    return given


def image_losses(model: ModelPatcher, clip_vision: ClipVisionModel) -> list[str]:
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


def image_conditioning(
    positive: list,
    negative: list,
    vae: VAE,
    memory: SpatialMemory,
    frames: int,
    given: int,
    clip_vision: ClipVisionModel,
) -> tuple[list, list, dict]:
    """(positive, negative, empty LATENT) of a clip of `frames` frames that starts with the video's last `given` ones.

    The host's own conditioning on start images; clip_vision, or None, is shown the last of them in Wan's own pixels.
    """
    from comfy_extras.nodes_wan import WanImageToVideo

    # uint8 at rest to float: the host's edge.
    last = memory.read_frames(range(memory.frame_count - given, memory.frame_count)).float() / 255.0
    features = None if clip_vision is None else clip_features(clip_vision, last[-1])
    out = WanImageToVideo.execute(positive, negative, vae, memory.width, memory.height, frames, 1, last, features)
    return out.args
