"""Sample sheets: what the network makes of a held-out clip, beside its target and its projection."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.model.flow_unipc import FlowUniPC, flow_schedule, flow_timesteps
from ..data.cache import Latents

# Normalised latents (48, T, h, w) to frames (N, H, W, 3) in 0..1.
Decoder = Callable[[Tensor], Tensor]
_GAP, _LABEL = 4, 16


@torch.no_grad()
def sample_latents(
    network: nn.Module,
    clip: Latents,
    beside: tuple,
    empty_text: Tensor,
    clean: int,
    *,
    steps: int,
    guidance: float,
    seed: int,
    device: torch.device,
) -> Tensor:
    """Latents (48, T, h, w) made from noise with the release's solver and schedule, all that is given written back after each step.

    beside: what the network is given of this clip beside video, times and text, on the device. empty_text: (L, text_dim), the negative side of the guidance; 1 leaves it out.
    """
    sigmas = flow_schedule(steps)
    timesteps = flow_timesteps(sigmas).float()
    solver = FlowUniPC(sigmas)
    given = clip.video[None, :, :clean].to(device)
    x = torch.randn(clip.video.shape, generator=torch.Generator().manual_seed(seed))[None].to(device)
    for i in range(steps):
        x[:, :, :clean] = given
        times = timesteps[i].repeat(1, x.shape[2]).to(device)
        times[:, :clean] = 0
        predicted = network(x, times, clip.text[None].to(device), *beside)
        if guidance != 1.0:
            without = network(x, times, empty_text[None].to(device), *beside)
            predicted = without + guidance * (predicted - without)
        x = solver.step(x - float(sigmas[i]) * predicted, x)
    x[:, :, :clean] = given
    return x[0].float().cpu()


def sheet(made: list[Tensor], clips: list[Latents], decode: Decoder, columns: int = 6) -> Image.Image:
    """A picture of clips: target, projection where there is one, and what was made; columns are frames spread over the clip."""
    rows = []
    for latents, clip in zip(made, clips, strict=True):
        shown = None if clip.control is None else clip.control[: WAN22_TI2V_5B.latent_channels]
        for label, value in (("target", clip.video), ("projection", shown), ("made", latents)):
            if value is None:
                continue
            frames = decode(value)
            picked = [round(i * (len(frames) - 1) / max(1, columns - 1)) for i in range(columns)]
            rows.append((label, [(index, frames[index]) for index in picked]))
    height, width = rows[0][1][0][1].shape[:2]
    picture = Image.new("RGB", (columns * (width + _GAP) + _GAP, len(rows) * (height + _LABEL + _GAP)), "white")
    draw = ImageDraw.Draw(picture)
    for row, (label, cells) in enumerate(rows):
        top = row * (height + _LABEL + _GAP)
        for column, (index, frame) in enumerate(cells):
            left = _GAP + column * (width + _GAP)
            draw.text((left, top + 2), f"{label}, frame {index}", fill="black")
            picture.paste(
                Image.fromarray((frame.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()), (left, top + _LABEL)
            )
    return picture
