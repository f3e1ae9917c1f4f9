"""One window of "Memorize When Needed": from a memory and cameras to what the host's samplers take.

Everything is checked before anything is encoded.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from torch import Tensor

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import widget_number
from ...spatia_core.memory import SpatialMemory
from ...spatia_core.model.decoupled.cameras import late_intrinsics
from ...spatia_core.model.decoupled.retrieval import MODES, Rules
from .camera_branch import END_PERCENT, CameraCondition, apply_camera
from .decoupled import MemoryCondition
from .image_to_video import image_conditioning, image_losses, require_image_clip, require_image_model
from .patching import spatia_sampling
from .remember import remember_clip

_RULES = Rules()
RELEASED_FRAMES, RELEASED_WIDTH = 49, 5120  # of a window; of the backbone that the published branches stand beside


class DecoupledClip(NamedTuple):
    """What a window is sampled with, and what is told of it."""

    model: object
    positive: list
    negative: list
    latent: dict
    report: str
    strip: Tensor | None  # IMAGE of what is remembered; None without a memory branch
    warnings: tuple[str, ...]


class WindowSettings(NamedTuple):
    """How a window is made: the widgets of Decoupled Clip, with its inputs' units."""

    retrieval: str = MODES[0]
    camera_strength: float = 1.0
    memory_strength: float = 1.0
    radius: float = 1.0
    release: bool = False
    shift: float = 5.0
    camera_end_percent: float = END_PERCENT
    max_distance: float = _RULES.max_distance
    min_score: float = _RULES.min_score
    candidate_every: int = 1


def condition_window(
    model: ModelPatcher,
    positive: list,
    negative: list,
    vae: VAE,
    memory: SpatialMemory,
    cameras: Cameras,
    camera_patcher: ModelPatcher | None = None,
    memory_patcher: ModelPatcher | None = None,
    clip_vision: ClipVisionModel | None = None,
    *,
    settings: WindowSettings = WindowSettings(),
    path: Cameras | None = None,
) -> DecoupledClip:
    """An I2V MODEL, its conditioning and an empty LATENT for the window of `cameras`, which starts on the video's last frames.

    cameras: one per frame, those of the frames it shares with the video first. path: the whole video's cameras, of which
    `release`, which does as the published code does, its slips included, reads one more.
    """
    backbone = require_image_model(
        model, "On Wan2.2-TI2V-5B use Apply Camera Branch, Apply Decoupled Memory and Spatia Sampler."
    )
    given = require_image_clip(backbone, vae, memory, cameras)
    if camera_patcher is None and memory_patcher is None:
        raise SpatiaError(
            "Neither `camera_model` nor `memory_model` is connected, so no camera steers the clip; connect Load Camera "
            "Branch, and Load Decoupled Memory."
        )
    widget_number("radius", settings.radius, 1e-9, 1e9)
    if camera_patcher is not None:
        CameraCondition.require(model, camera_patcher, 0.0, settings.camera_end_percent)
    if memory_patcher is not None:
        MemoryCondition.require(model, memory_patcher, 0.0, 1.0)
    later = memory.frame_count > 1
    warnings = image_losses(model, clip_vision)
    steered = model.clone()
    steered.add_object_patch("model_sampling", spatia_sampling(model, settings.shift))
    if model.model.diffusion_model.dim == RELEASED_WIDTH and cameras.count > RELEASED_FRAMES:
        warnings.append(
            f"The clip has {cameras.count} frames, and the published branches were made for {RELEASED_FRAMES}; set "
            f"first_frames and later_frames of Clip Window to {RELEASED_FRAMES}."
        )
    told = _told_cameras(memory, cameras, given, path) if settings.release and later else cameras
    if camera_patcher is None:
        warnings.append("No camera branch is connected: only the memory tells where the camera goes.")
    else:
        steered = apply_camera(
            steered, camera_patcher, told, settings.camera_strength, 0.0, settings.camera_end_percent, settings.radius
        )
    report, strip = "No memory branch is connected: nothing is remembered.", None
    if memory_patcher is not None:
        steered, report, strip = remember_clip(
            steered, memory_patcher, vae, memory, cameras, "release" if settings.release else settings.retrieval,
            Rules(min_score=settings.min_score, max_distance=settings.max_distance), settings.radius,
            settings.candidate_every, settings.memory_strength, told=told, compressed=settings.release,
        )  # fmt: skip
    positive, negative, latent = image_conditioning(positive, negative, vae, memory, cameras.count, given, clip_vision)
    start = f"frame {memory.frame_count - given}" if later else "the image"
    report = f"{cameras.count} frames from {start} on, the first {given} as they are.\n{report}"
    return DecoupledClip(steered, positive, negative, latent, report, strip, tuple(warnings))


def _told_cameras(memory: SpatialMemory, cameras: Cameras, given: int, path: Cameras | None) -> Cameras:
    """The cameras of a later window as the release tells its branches of them."""
    after = memory.frame_count - given + cameras.count
    return late_intrinsics(cameras, path.intrinsics[after] if path is not None and after < path.count else None)


class ReleasedNoise:
    """The host's NOISE, drawn in bfloat16 on the CPU as the release draws it: another stream than float32's."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def generate_noise(self, latent: dict) -> Tensor:
        """Noise of the shape of a LATENT's samples, float32."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(latent["samples"].shape, generator=generator, dtype=torch.bfloat16).float()
