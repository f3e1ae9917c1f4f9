"""What the network is conditioned on, as plain tensor maths: control latents, reference positions, frame timesteps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import parse_json, shown

CONTROL_INTERVAL = 4
# What our training writes into a file's header: its settings, `control_at` among them.
TRAINING_NOTES = "spatia_training"


def control_positions(layers: int, control_blocks: int, at: str | None = None) -> list[int]:
    """Backbone blocks that the blocks of a control checkpoint follow.

    at: where the file says they stand, as `positions_of` reads it. None, as in the published files, whose tensors tell the
    number alone: one after every fourth block from 0 as in the release (30 layers, 8 blocks: 0, 4, ..., 28), else after every
    n-th, with the smallest n that gives the number (15 blocks: 0, 2, ..., 28).
    Raises SpatiaError when the number fits no such step, or not what the file says.
    """
    if at is not None:
        positions = positions_of(at, layers)
        if len(positions) != control_blocks:
            raise SpatiaError(
                f"The control checkpoint has {control_blocks} blocks and says that they stand at {at}, which are {len(positions)} "
                f"of a backbone of {layers}; it belongs to another backbone: change `control` or the model."
            )
        return positions
    for step in (CONTROL_INTERVAL, *range(1, layers + 1)):
        positions = list(range(0, layers, step))
        if len(positions) == control_blocks:
            return positions
    raise SpatiaError(
        f"The control checkpoint has {control_blocks} blocks, which stand after no n-th block of a backbone of {layers}, and "
        "does not say where they belong; change `control` or the model."
    )


def positions_of(at: str, layers: int) -> list[int]:
    """Blocks of a backbone of so many: `every:N` (0, N, 2 N, ...) or their numbers, rising: `0,3,5`.

    The first is 0: what enters that block is what the tokens of the control are added to. Raises SpatiaError on others.
    """
    every, colon, step = at.partition(":")
    if every == "every" and colon and step.isdecimal() and int(step[:9]) > 0:
        return list(range(0, layers, int(step[:9])))
    parts = at.split(",")
    positions = [int(part) for part in parts if part.isdecimal() and len(part) < 10]
    if len(positions) < len(parts) or positions != sorted({0, *positions}) or positions[-1] >= layers:
        raise SpatiaError(
            f"Control blocks at {shown(at)} were asked for, expected every:N, or rising numbers, 0 first, up to {layers - 1} "
            "such as 0,3,5; change --control-at, or `control` where a checkpoint says so."
        )
    return positions


def stated_positions(metadata: Mapping[str, str]) -> str | None:
    """Where a control checkpoint's header says that its blocks stand; None where it does not."""
    notes = metadata.get(TRAINING_NOTES)
    if notes is None:
        return None
    settings = parse_json(notes, "The training's notes in the control checkpoint", "`control`")
    at = settings.get("control_at") if isinstance(settings, dict) else None
    return at if isinstance(at, str) else None


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
