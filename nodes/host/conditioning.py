"""From a memory, cameras and pixels to a MODEL conditioned on one clip and its LATENT.

Everything is checked before anything is encoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from comfy.sd import VAE

from ...spatia_core.backbone import WAN22_TI2V_5B, Backbone
from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.memory import SpatialMemory, history
from ...spatia_core.memory.windows import latent_count, require_clip_length
from ...spatia_core.model.control import clean_frame_mask, control_context, hole_pixels
from .backbones import require_backbone, require_pictures
from .decoupled import DECOUPLED
from .patching import LORA, ClipCondition, ControlBranch, add_lora, condition_model, control_branch
from .profiles import known_profile
from .replaced_forward import require_whole_sequence
from .side_branch import require_percents
from .sparse_attention import require_no_frame_pattern
from .video import encode_video

TEXT = "spatia_text"  # wrapper: prompts as long as the network was trained with
LORA_MODES = ("after the first clip", "always", "never")


class ControlInputs(NamedTuple):
    """What a clip is steered by, and how: the sampler's inputs beside the video so far.

    projection: (N, H, W, 3) in 0..1. holes: (N, H, W), 1 = no point. references: (R, H, W, 3) in 0..1, R may be 0.
    """

    projection: torch.Tensor | None = None
    holes: torch.Tensor | None = None
    references: torch.Tensor | None = None
    strength: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    lora: str = LORA_MODES[0]


def condition_clip(
    model: ModelPatcher, vae: VAE, memory: SpatialMemory, cameras: Cameras, given: ControlInputs
) -> tuple[ModelPatcher, dict]:
    """MODEL conditioned on one clip and LATENT (samples in raw space, noise_mask 0 on image or history).

    A memory that holds the image alone makes the first clip, conditioned on it; else the last frames are the history,
    as many as the window of `cameras` says.
    """
    backbone = require_backbone(model, "On Wan 14B use Decoupled Clip or Continue Video.", WAN22_TI2V_5B)
    past = history(memory, cameras).frames
    if given.references is not None and given.references.shape[0] == 0:
        given = given._replace(references=None)
    branch = control_branch(model)
    _check_inputs(backbone, vae, memory, cameras, given, branch)
    if given.references is not None:
        require_no_frame_pattern(model.model_options.get("transformer_options", {}), model.model_options)

    to_network = model.get_model_object("latent_format").process_in
    # uint8 at rest to float: the host's edge.
    clean = encode_video(vae, past.float() / 255.0)
    frames = latent_count(cameras.count)
    samples = clean.new_zeros(1, clean.shape[1], frames, *clean.shape[3:])
    samples[:, :, : clean.shape[2]] = clean
    height, width = memory.height, memory.width
    if given.references is None:
        reference_latents = clean.new_zeros(1, clean.shape[1], 0, *clean.shape[3:])
    else:
        # One by one: each is an image to the VAE, not a frame of a video.
        reference_latents = torch.cat([to_network(encode_video(vae, image[None])) for image in given.references], dim=2)
    control = None
    if branch is not None and (given.projection is not None or given.holes is not None):
        control = encode_control(
            vae, to_network, branch.layout.in_channels, cameras.count, height, width, given.projection, given.holes
        )

    sampling = model.get_model_object("model_sampling")
    first_clip = memory.frame_count == 1
    clip = ClipCondition(
        branch,
        control,
        reference_latents,
        given.strength,
        float(sampling.percent_to_sigma(given.start_percent)),
        float(sampling.percent_to_sigma(given.end_percent)),
        first_clip,
    )
    conditioned = condition_model(model, clip)
    require_whole_sequence(conditioned)
    profile = known_profile(model)
    if profile is not None:
        conditioned.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, TEXT, _FilledText(profile.text_tokens))
    if conditioned.get_attachment(LORA) is not None and (
        given.lora == "always" or (given.lora == LORA_MODES[0] and not first_clip)
    ):
        add_lora(conditioned)
    latent = {
        "samples": samples,
        "noise_mask": clean_frame_mask(frames, clean.shape[2]).expand(1, 1, frames, *clean.shape[3:]).clone(),
    }
    return conditioned, latent


class _FilledText:
    """DIFFUSION_MODEL wrapper: text of fewer tokens is filled up with zeros, which the release attends to like words.

    The host's own encoder for this model fills up by itself; others' conditioning may be as short as its prompt.
    """

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens

    def __call__(
        self, executor: Any, x: torch.Tensor, timestep: torch.Tensor, context: torch.Tensor, *args: Any, **kwargs: Any
    ) -> Any:
        missing = self._tokens - context.shape[1]
        if missing > 0:
            context = torch.nn.functional.pad(context, (0, 0, 0, missing))
        return executor(x, timestep, context, *args, **kwargs)


def encode_control(
    vae: VAE,
    to_network: Callable[[torch.Tensor], torch.Tensor],
    channels: int,
    count: int,
    height: int,
    width: int,
    projection: torch.Tensor | None,
    holes: torch.Tensor | None,
) -> torch.Tensor:
    """Control latents (1, 48 | 96, T, H/16, W/16) of a projection and a hole video.

    Release: no projection is mid grey (0 in -1..1), no holes is 1 everywhere ("no point anywhere").
    """
    if projection is None:
        projection = torch.full((), 0.5).expand(count, height, width, 3)
    latents = to_network(encode_video(vae, projection))
    if channels == WAN22_TI2V_5B.latent_channels:
        return control_context(latents, None)
    if holes is None:
        holes = torch.ones(()).expand(count, height, width)
    return control_context(latents, to_network(encode_video(vae, hole_pixels(holes))))


def control_losses(model: ModelPatcher, given: ControlInputs, sigmas: torch.Tensor | None = None) -> list[str]:
    """What steers a clip less than its graph suggests, one sentence each, for inputs that `condition_clip` took.

    sigmas: (steps + 1,) noise levels of the sampling to come, None where they are not known yet.
    """
    branch = control_branch(model)
    losses = []
    if branch is None:
        if not model.get_additional_models_with_key(DECOUPLED):
            losses.append(
                "The model has no control branch, so the cameras steer nothing; load it with Load Spatia Model or "
                "Apply Spatia."
            )
    elif given.projection is None and given.holes is None:
        losses.append(
            "Neither `projection` nor `holes` is connected, so the control branch is fed nothing and rests, and the "
            "scene steers nothing; connect both from Render Camera Path."
        )
    else:
        losses += _fed_instead(branch.layout.in_channels, given.projection, given.holes)
        losses += _never_on(model, given.strength, given.start_percent, given.end_percent, sigmas)
    return losses


def _fed_instead(channels: int, projection: torch.Tensor | None, holes: torch.Tensor | None) -> list[str]:
    """What the network is fed in place of the half of the control that is missing, or that it is empty."""
    if projection is None:
        return [
            "`projection` is not connected: the network is fed mid grey instead, and what the scene looks like steers "
            "nothing; connect it from Render Camera Path."
        ]
    if holes is None and channels > WAN22_TI2V_5B.latent_channels:
        return [
            '`holes` is not connected: the network is fed "no point anywhere" instead, which the projection '
            "contradicts; connect it from Render Camera Path."
        ]
    if holes is not None and bool((holes >= 0.5).all()):
        return [
            "The projection shows no point in any frame, so the scene steers nothing; check that the cameras look "
            "at the cloud."
        ]
    return []


def _never_on(
    model: ModelPatcher, strength: float, start_percent: float, end_percent: float, sigmas: torch.Tensor | None
) -> list[str]:
    """Why a control that is connected is never used, if so."""
    if strength == 0.0:
        return [
            "`strength` is 0, so the connected control steers nothing; raise it, or disconnect `projection` "
            "and `holes`."
        ]
    if start_percent == end_percent:
        return [
            f"`start_percent` and `end_percent` are both {start_percent:g}, so the connected control steers no step; "
            "raise `end_percent`."
        ]
    if sigmas is None:
        return []
    sampling = model.get_model_object("model_sampling")
    high, low = float(sampling.percent_to_sigma(start_percent)), float(sampling.percent_to_sigma(end_percent))
    if any(low <= sigma <= high for sigma in sigmas[:-1].tolist()):
        return []
    return [
        f"None of the {len(sigmas) - 1} steps lies between `start_percent` {start_percent:g} and `end_percent` "
        f"{end_percent:g}, so the connected control steers nothing; widen the range."
    ]


def _check_inputs(
    backbone: Backbone,
    vae: VAE,
    memory: SpatialMemory,
    cameras: Cameras,
    given: ControlInputs,
    branch: ControlBranch | None,
) -> None:
    require_pictures(backbone, vae, memory, "put Fit Image before Estimate Scene")
    height, width = memory.height, memory.width
    frames = cameras.count
    require_clip_length(frames, "the clip's cameras")
    for name, images in (("projection", given.projection), ("holes", given.holes)):
        if images is None:
            continue
        if images.shape[0] != frames:
            raise SpatiaError(
                f"`{name}` has {images.shape[0]} frames and `cameras` {frames}; connect the same cameras to Render Camera Path and here."
            )
        _check_size(name, images, height, width)
    if given.references is not None:
        _check_size("references", given.references, height, width)
    if given.projection is not None or given.holes is not None:
        if branch is None:
            raise SpatiaError(
                "A projection or holes are connected, but the model has no control branch, so they would be ignored; load it with "
                "Load Spatia Model or Apply Spatia, or disconnect them."
            )
        if given.holes is not None and branch.layout.in_channels == WAN22_TI2V_5B.latent_channels:
            raise SpatiaError(
                f"`holes` is connected, but this control checkpoint takes {WAN22_TI2V_5B.latent_channels} channels (projection only), so they would be "
                "ignored; disconnect `holes` or change the control checkpoint."
            )
    require_percents(given.start_percent, given.end_percent)


def _check_size(name: str, images: torch.Tensor, height: int, width: int) -> None:
    if tuple(images.shape[1:3]) != (height, width):
        raise SpatiaError(
            f"`{name}` is {images.shape[2]}x{images.shape[1]} and the memory's frames are {width}x{height}; they must be equal: "
            f"change what makes `{name}`."
        )
