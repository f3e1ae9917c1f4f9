"""What the network is conditioned on, as plain tensor maths: control latents, reference positions, frame timesteps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import SpatiaError

CONTROL_INTERVAL = 4


def control_positions(layers: int, control_blocks: int) -> list[int]:
    """Backbone blocks that a control block follows: every fourth from 0 (30 layers, 8 blocks: 0, 4, ..., 28).

    Raises SpatiaError when the backbone's depth asks for another number of control blocks.
    """
    positions = list(range(0, layers, CONTROL_INTERVAL))
    if len(positions) != control_blocks:
        raise SpatiaError(
            f"The control checkpoint has {control_blocks} blocks, but a backbone of {layers} blocks takes {len(positions)} "
            f"(one after every {CONTROL_INTERVAL}th); it belongs to another backbone: change `control` or the model."
        )
    return positions


def control_context(projection: Tensor, holes: Tensor | None) -> Tensor:
    """Control latents (1, 48 | 96, T, H/16, W/16): normalised latents of the projection video, then of the hole video."""
    if holes is None:
        return projection
    if holes.shape != projection.shape:
        raise SpatiaError(
            f"Hole latents of shape {tuple(holes.shape)} do not match projection latents of shape {tuple(projection.shape)}."
        )
    return torch.cat([projection, holes], dim=1)


def hole_pixels(holes: Tensor) -> Tensor:
    """Hole masks (N, H, W), 1 = no point, as pixels (N, H, W, 3) in the host's 0..1 range.

    The release feeds the mask's 0..1 as it is to a VAE that takes -1..1; the host maps 0..1 to -1..1 before its VAE.
    """
    return ((holes + 1.0) / 2.0)[..., None].expand(*holes.shape, 3)


class GridShift(NamedTuple):
    """Offset of a RoPE grid's first token."""

    time: int
    rows: int


def reference_shift(references: int, token_rows: int) -> GridShift:
    """References stand before the video in time (-R..-1) and below it in space (rows h..2h-1)."""
    return GridShift(-references, token_rows)


def frame_timesteps(timestep: Tensor, references: int, frames: int) -> Tensor:
    """(B, R + T) timesteps: 0 for the clean reference frames, then the video's own, (B,), (B, 1) or (B, T)."""
    video = timestep.reshape(timestep.shape[0], -1).expand(-1, frames)
    return torch.cat([video.new_zeros(video.shape[0], references), video], dim=1)


def clean_frame_mask(frames: int, clean: int) -> Tensor:
    """(1, 1, T, 1, 1) noise mask: 0 on the clip's leading clean latent frames (image or history), 1 on the rest."""
    mask = torch.ones(1, 1, frames, 1, 1)
    mask[:, :, :clean] = 0.0
    return mask
