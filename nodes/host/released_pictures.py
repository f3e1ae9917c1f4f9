"""Pictures as the release of "Memorize When Needed" sees them: for CLIP, and remembered ones out of a compressed video."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import av
import comfy.clip_vision
import comfy.model_management
import torch
from comfy.clip_vision import ClipVisionModel
from torch import Tensor

from ...spatia_core.world.pictures import video_writer
from .files import temporary_folder

_RATE, _QUALITY = 8, 25  # what the release's exporter writes H.264 with, when nobody says otherwise


def clip_features(clip_vision: ClipVisionModel, frame: Tensor) -> Any:
    """CLIP_VISION_OUTPUT of a frame (H, W, 3) in 0..1, from the pixels that Wan's own code gives its tower.

    The whole frame stretched to a square by plain bicubic interpolation; the host's preprocessing smooths and rounds.
    """
    comfy.model_management.load_model_gpu(clip_vision.patcher)
    square = (clip_vision.image_size, clip_vision.image_size)
    pixels = torch.nn.functional.interpolate(
        frame.to(clip_vision.load_device, torch.float32).movedim(-1, 0)[None], square, mode="bicubic"
    )
    mean, std = (pixels.new_tensor(values)[:, None, None] for values in (clip_vision.image_mean, clip_vision.image_std))
    found = clip_vision.model(pixel_values=(pixels - mean) / std, intermediate_output=-2)
    device = comfy.model_management.intermediate_device()
    out = comfy.clip_vision.Output()
    out["last_hidden_state"], out["penultimate_hidden_states"] = found[0].to(device), found[1].to(device)
    out["image_embeds"], out["image_sizes"] = found[2].to(device), [tuple(pixels.shape[1:])]
    return out


def compressed_pictures(read: Callable[[Sequence[int]], Tensor], frames: int, ids: Tensor) -> Callable[[int], Tensor]:
    """frame number -> (1, H, W, 3) uint8 of a remembered frame after it went through the release's video file.

    read: numbers of history frames -> (n, H, W, 3) uint8. ids: (F,) what each latent frame looks up; what is no frame of
    the `frames` is black there. A frame that is looked up twice is taken where it stands first.
    """
    black = torch.zeros_like(read([0]))
    pictures = torch.cat([read([frame]) if 0 <= frame < frames else black for frame in ids.tolist()])
    decoded = through_video(pictures)
    return lambda frame: decoded[int((ids == frame).nonzero()[0])][None]


def through_video(frames: Tensor) -> Tensor:
    """Frames (N, H, W, 3) uint8 out of a video file that they were written to, as many and as large. H and W are even."""
    with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
        path = os.path.join(folder, "pictures.mp4")
        with video_writer(path, _RATE, quality=_QUALITY) as add:
            for frame in frames:
                add(frame)
        with av.open(path) as file:
            decoded = [torch.from_numpy(frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]
    return torch.stack(decoded)
