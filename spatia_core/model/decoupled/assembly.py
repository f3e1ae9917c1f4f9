"""Hybrid memory: what the branch is given of each remembered frame (paper: temporal and spatial cue)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ...cameras.camera import Cameras
from ...errors import SpatiaError
from .cameras import GROUP, camera_groups, latent_of, pixel_intrinsics, relative_poses

WINDOW = 5  # pixel frames around a remembered one: the least that make a latent frame of four


class MemorySlots(NamedTuple):
    """What the branch is given, for M memories (rows) and F latent frames; S slots are the open gates in row-major order.

    gate: (M, F) bool. temporal, spatial: (S, C, h, w) normalised latents.
    target_c2w, history_c2w: (S, 4, 4, 4) float32, the four cameras of the latent frame and of its temporal cue, from the
    clip's first camera. target_K, history_K: (S, 4, 4) float32 pixels [fx fy cx cy]. height, width: pixels.
    """

    gate: Tensor
    temporal: Tensor
    spatial: Tensor
    target_c2w: Tensor
    target_K: Tensor
    history_c2w: Tensor
    history_K: Tensor
    height: int
    width: int


def temporal_window(frame: int, frames: int, release: bool = False) -> range:
    """Pixel frames that are encoded for the temporal cue of `frame` in a history of `frames`; the last latent is kept.

    Five frames about it, moved inside the history, so that the kept latent's four frames hold it; the first frame, and
    any of a history shorter than five, is encoded alone. release: cut at the edges instead, so that the encoder drops
    the remainder and keeps frame 0 for frames 0 and 1, and the frame two before for the last two.
    """
    if not 0 <= frame < frames:
        raise SpatiaError(f"Frame {frame} of a history of {frames} frames was asked for.")
    if release:
        return range(max(0, frame - 2), min(frames, frame + 3))
    if frame == 0 or frames < WINDOW:
        return range(frame, frame + 1)
    start = min(max(frame - 2, 0), frames - WINDOW)
    return range(start, start + WINDOW)


def history_camera_frames(ids: Tensor, frames: int, release: bool = False) -> Tensor:
    """(S, 4) int64 history frames whose cameras describe the temporal cue of each remembered frame, ids (S,).

    The frames that the kept latent covers. release: those of the latent frame in the whole history's own grouping, which
    overlaps the kept latent's only in part; -1 reads latent 0.
    """
    if release:
        groups = camera_groups(frames)
        return groups[latent_of(ids).clamp(0, groups.shape[0] - 1)]
    covered = []
    for frame in ids.tolist():
        window = list(temporal_window(frame, frames))
        covered.append(window[1:] if len(window) == WINDOW else window * GROUP)
    return torch.tensor(covered, dtype=torch.int64).reshape(-1, GROUP)


def assemble(
    read: Callable[[range], Tensor],
    frames: int,
    ids: Tensor,
    encode: Callable[[Tensor], Tensor],
    release: bool = False,
    picture: Callable[[int], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Temporal and spatial latents (S, C, h, w) of the remembered frames, ids (S,) int64.

    read: numbers of history frames -> (n, H, W, 3), black = 0; asked of a few at a time. frames: how many there are.
    encode: such pixels (N, H, W, 3) -> latents (1, C, (N + 3) // 4, h, w).
    A slot without a frame (-1 or beyond the history) is zero. release: its spatial cue is an encoded black picture.
    picture: number of a history frame -> (1, H, W, 3) for the spatial cue; None: as `read` gives it.
    """
    temporal: list[Tensor | None] = []
    spatial: list[Tensor | None] = []
    known: dict[int, tuple[Tensor, Tensor]] = {}
    for frame in ids.tolist():
        if not 0 <= frame < frames:
            temporal.append(None)
            spatial.append(encode(torch.zeros_like(read(range(1))))[0, :, 0] if release else None)
            continue
        if frame not in known:
            window = temporal_window(frame, frames, release)
            known[frame] = (
                encode(read(window))[0, :, -1],
                encode(read(range(frame, frame + 1)) if picture is None else picture(frame))[0, :, 0],
            )
        temporal.append(known[frame][0])
        spatial.append(known[frame][1])
    like = next((latent for latent in (*temporal, *spatial) if latent is not None), None)
    if like is None:
        raise SpatiaError("No slot has a frame to remember; without one the branch is not run.")
    nothing = torch.zeros_like(like)
    temporal_cue, spatial_cue = (
        torch.stack([nothing if latent is None else latent for latent in cue]) for cue in (temporal, spatial)
    )
    return temporal_cue, spatial_cue


def memory_slots(
    gate: Tensor,
    ids: Tensor,
    temporal: Tensor,
    spatial: Tensor,
    target: Cameras,
    history: Cameras,
    height: int,
    width: int,
    *,
    unit: float = 1.0,
    release: bool = False,
) -> MemorySlots:
    """One row of slots: the latents of `assemble` with the cameras that belong to them.

    gate, ids: (F,). temporal, spatial: (S, C, h, w) of the open slots. target: the clip's 4F - 3 cameras. history: one
    camera per history frame. unit: scene units that the branch counts as one.
    """
    groups = camera_groups(target.count)
    if groups.shape[0] != gate.shape[0]:
        raise SpatiaError(
            f"{target.count} cameras make {groups.shape[0]} latent frames, but the gate has {gate.shape[0]}."
        )
    opened = gate.nonzero()[:, 0]
    if temporal.shape[0] != opened.shape[0] or spatial.shape != temporal.shape:
        raise SpatiaError(
            f"{opened.shape[0]} gates are open, but latents of {tuple(temporal.shape)} and {tuple(spatial.shape)} were given."
        )
    ours, theirs = groups[opened], history_camera_frames(ids[opened], history.count, release)
    origin = target.c2w[0]

    def cameras_of(cameras: Cameras, frames: Tensor) -> tuple[Tensor, Tensor]:
        poses = relative_poses(cameras.c2w, origin, unit)
        return poses[frames].float(), pixel_intrinsics(cameras, height, width)[frames].float()

    return MemorySlots(
        gate[None], temporal, spatial, *cameras_of(target, ours), *cameras_of(history, theirs), height, width
    )


def stack_slots(*rows: MemorySlots) -> MemorySlots:
    """Several memories as rows of one: each row gates for itself. Raises SpatiaError when their sizes differ."""
    sizes = {(row.gate.shape[1], row.height, row.width) for row in rows}
    if len(sizes) != 1:
        raise SpatiaError(
            f"Memories of (latent frames, height, width) {sorted(sizes)} cannot make one batch; expected equal sizes."
        )
    gate, temporal, spatial, target_c2w, target_K, history_c2w, history_K = (
        torch.cat(parts) for parts in list(zip(*rows))[:-2]
    )
    return MemorySlots(
        gate, temporal, spatial, target_c2w, target_K, history_c2w, history_K, rows[0].height, rows[0].width
    )
