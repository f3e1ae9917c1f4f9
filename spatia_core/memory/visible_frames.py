"""Which points each earlier frame sees, kept with the memory: carried over when the cloud grows, computed anew only for
frames that look at what changed."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .cameras.camera import Cameras, project
from .render.visibility import pack_masks, unpack_masks, visible_bits

# Pixels round the image within which a point may still hide one inside it: the widest footprint, and one for rounding.
_BORDER = 5


class SeenMasks(NamedTuple):
    """Packed precise visibility of some frames of one cloud.

    positions: the very tensor the masks are of, so that masks of another cloud are never taken for its own.
    frames: (M,) int32 frame numbers. bits: (M, ceil(P / 64)) int64, see `pack_masks`.
    """

    positions: Tensor
    frames: Tensor
    bits: Tensor


def seen_bits(
    masks: SeenMasks | None,
    positions: Tensor,
    cameras: Cameras,
    frames: list[int],
    height: int,
    width: int,
    voxel_size: float,
) -> Tensor:
    """Packed masks (len(frames), W) int64 of these frames: the kept ones, and the others computed now."""
    kept = (
        {}
        if masks is None or masks.positions is not positions
        else {frame: row for row, frame in enumerate(masks.frames.tolist())}
    )
    bits = torch.zeros(len(frames), -(-positions.shape[0] // 64), dtype=torch.int64, device=positions.device)
    have = [i for i, frame in enumerate(frames) if frame in kept]
    if have:
        bits[have] = masks.bits[[kept[frames[i]] for i in have]]
    missing = [i for i, frame in enumerate(frames) if frame not in kept]
    if missing:
        bits[missing] = visible_bits(
            positions, cameras.select([frames[i] for i in missing]), height, width, voxel_size=voxel_size
        )
    return bits


def carried_masks(
    masks: SeenMasks | None,
    before: Tensor,
    kept: Tensor,
    positions: Tensor,
    cameras: Cameras,
    frames: list[int],
    height: int,
    width: int,
    voxel_size: float,
) -> SeenMasks:
    """Masks of `frames` for a cloud that became `positions`: first the rows of `before` (P, 3) under `kept` (P,) bool, then new points.

    Equal to computing all of them: only a frame inside whose image, widened by a footprint, no point came or went keeps
    its mask.
    """
    if masks is not None and masks.positions is before:
        survivors = int(kept.sum())
        changed = torch.cat([before[~kept], positions[survivors:]])
        wanted = set(frames)
        known = {frame: row for row, frame in enumerate(masks.frames.tolist()) if frame in wanted}
        unchanged = [frame for frame in known if not _looks_at(changed, cameras.select([frame]), height, width)]
        rows = [known[frame] for frame in unchanged]
        bits = torch.zeros(len(rows), -(-positions.shape[0] // 64), dtype=torch.int64, device=positions.device)
        if survivors == len(kept):
            bits[:, : masks.bits.shape[1]] = masks.bits[rows]
        else:
            words = -(-survivors // 64)
            for i, row in enumerate(rows):
                bits[i, :words] = pack_masks(unpack_masks(masks.bits[row][None], len(kept))[:, kept])[0]
        masks = SeenMasks(positions, torch.tensor(unchanged, dtype=torch.int32), bits)
    return SeenMasks(
        positions,
        torch.tensor(frames, dtype=torch.int32),
        seen_bits(masks, positions, cameras, frames, height, width, voxel_size),
    )


def _looks_at(points: Tensor, camera: Cameras, height: int, width: int) -> bool:
    uv, z = project(points, camera.w2c[0].to(points.device), camera.K(height, width)[0].to(points.device))
    limit = torch.tensor([width + _BORDER, height + _BORDER], device=points.device)
    return bool(((z > 0) & (uv >= -_BORDER).all(1) & (uv < limit).all(1)).any())
