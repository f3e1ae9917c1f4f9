"""The decoupled memory branch on the host's model: each latent frame attends to the one earlier frame it remembers.

Nothing is changed in place: every function takes a ModelPatcher and returns a clone.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import comfy.ldm.common_dit
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ...spatia_core.errors import SpatiaError
from ...spatia_core.model.control import frame_timesteps
from ...spatia_core.model.decoupled.assembly import MemorySlots
from ...spatia_core.model.decoupled.layout import DecoupledLayout, decoupled_layout
from . import bundle
from .branch_layers import BranchKind, SideBranch, embed_tokens
from .side_branch import ResidualCondition

DECOUPLED = "spatia_decoupled"  # additional model and wrappers of the memory branch
# As for the control branch: the state and the history's tokens are three vectors of half the backbone's width beside a
# block's working set of about 18.
_MEMORY_SHARE = 1 / 8


class DecoupledBranch(SideBranch):
    """The memory branch. It sees one latent frame at a time, with its own memory alone."""

    kind = BranchKind(
        "memory branch", "Decoupled memory checkpoint", "memory", "memory_model", "Load Decoupled Memory", bundle.DECOUPLED,
        ("patch_embedding_", "controlnet_encode_"), decoupled_layout,
    )  # fmt: skip
    layout: DecoupledLayout

    def __init__(
        self, layout: DecoupledLayout, dtype: torch.dtype, device: torch.device | str | None, operations: Any
    ) -> None:
        super().__init__(layout, dtype, device, operations)
        self.patch_embedding_current = self.patch_embedding_of(layout.current_channels, operations)
        self.patch_embedding_history_video = self.patch_embedding_of(layout.history_channels, operations)
        self.patch_embedding_history_image = self.patch_embedding_of(layout.history_channels, operations)

    def demands(self) -> list[tuple[str, object, str]]:
        remembered = self.layout.history_channels - self.layout.camera_channels[-1]
        return [*super().demands(), ("remembers latents of channels", remembered, "out_dim")]

    def embed_history(
        self,
        temporal: torch.Tensor,
        spatial: torch.Tensor,
        history_cameras: torch.Tensor,
        target_cameras: torch.Tensor,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        """Tokens (S, 2hw, dim) of the temporal cues, then of the spatial ones; latents and cameras (S, C, H, W)."""
        cues = (
            (self.patch_embedding_history_video, temporal, history_cameras),
            (self.patch_embedding_history_image, spatial, target_cameras),
        )
        return torch.cat(
            [embed_tokens(embedding, latents, cameras, dtype) for embedding, latents, cameras in cues], dim=1
        )

    def embed_current(self, frames: torch.Tensor, cameras: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Tokens (N, hw, dim) of latent frames (N, C, H, W) of the network's input with their cameras."""
        return embed_tokens(self.patch_embedding_current, frames, cameras, dtype)


class Cues(NamedTuple):
    """What the branch knows of one clip's memory at every step: latent cameras (S, C, h, w), tokens (S, 2hw, dim), positions."""

    target: Tensor
    history: Tensor
    history_positions: Tensor


def embed_cues(branch: DecoupledBranch, slots: MemorySlots, device: torch.device, dtype: torch.dtype) -> Cues:
    """The memory's side of the attention, which no step changes."""
    target, history = (
        branch.encode_cameras(c2w.to(device), K.to(device), slots.height, slots.width)
        for c2w, K in ((slots.target_c2w, slots.target_K), (slots.history_c2w, slots.history_K))
    )
    tokens = branch.embed_history(slots.temporal.to(device), slots.spatial.to(device), history, target, dtype)
    slot_time, frames = slots.gate.to(device).nonzero()[:, 1], slots.gate.shape[1]
    grid = [side // size for side, size in zip(target.shape[2:], branch.layout.patch[1:])]
    positions = [branch.positions(times, *grid) for times in (slot_time, frames + slot_time)]
    return Cues(target, tokens, torch.cat(positions, dim=1))


class BranchRun:
    """One forward pass of the branch beside the backbone, layer by layer, over the open frames only.

    x: (B, C, F, h, w), the network's whole input. B is a multiple of the slots' rows: row b remembers row b mod M, as
    the host stacks several conditions of one batch. cues: `embed_cues`, None to make them here.
    """

    def __init__(
        self,
        branch: DecoupledBranch,
        slots: MemorySlots,
        x: torch.Tensor,
        timestep: torch.Tensor,
        transformer_options: dict,
        cues: Cues | None = None,
    ) -> None:
        self.branch = branch
        self.options = transformer_options
        rows, frames = slots.gate.shape
        if x.shape[0] % rows:
            raise SpatiaError(
                f"The batch being sampled has {x.shape[0]} rows, expected a multiple of the {rows} memories it is conditioned on."
            )
        copies = x.shape[0] // rows
        gate = slots.gate.to(x.device)
        self.opened = gate.repeat(copies, 1)
        row_of, frame_of = self.opened.nonzero().unbind(1)
        self.slot_of = torch.arange(int(gate.sum()), device=x.device).repeat(copies)
        dtype = x.dtype
        cues = cues or embed_cues(branch, slots, x.device, dtype)
        x = comfy.ldm.common_dit.pad_to_patch_size(x, branch.layout.patch)
        if tuple(cues.target.shape[2:]) != tuple(x.shape[3:]):
            raise SpatiaError(
                f"The clip being sampled has latents of {tuple(x.shape[3:])}, but the memory's pictures make {tuple(cues.target.shape[2:])}; use one size for both."
            )
        self.history, self.history_positions = cues.history, cues.history_positions
        self.state = branch.embed_current(x[row_of, :, frame_of], cues.target[self.slot_of], dtype)
        times = frame_timesteps(timestep, 0, frames)[row_of, frame_of]
        self.modulation = branch.modulation(times, dtype)
        grid = [side // size for side, size in zip(x.shape[3:], branch.layout.patch[1:])]
        self.positions = branch.positions(frame_of, *grid)

    def residual(self, layer: int) -> torch.Tensor:
        """(N, hw, out_dim): what this layer adds to the open frames. Layers in order, each once."""
        self.state = self.branch.through(layer, self.state, self.modulation, self._remember)
        return self.branch.controlnet_blocks[layer](self.state)

    def _remember(self, block: Any, x: torch.Tensor) -> torch.Tensor:
        """Attention of (N, hw, dim) to each frame's own two cues, which are as they were embedded in every layer."""
        q = block.queries(x, self.positions)
        k = block.keys(self.history, self.history_positions)[self.slot_of]
        v = block.attn1.to_v(self.history)[self.slot_of]
        return block.attention(q, k, v, self.options)


def add_to_open_frames(opened: torch.Tensor, video: torch.Tensor, residual: torch.Tensor, strength: float) -> None:
    """Add residuals (N, hw, dim) of the N open (row, frame) pairs of opened (B, F) to tokens (B, F, hw, dim), in place."""
    # Found where the gate lies, which is the CPU while sampling: a card would be waited for in every block.
    rows, frames = opened.nonzero().to(video.device).unbind(1)
    video[rows, frames] += residual.to(video) * strength


class MemoryCondition(ResidualCondition[DecoupledBranch]):
    """What one clip remembers."""

    node = "Apply Decoupled Memory"
    key = DECOUPLED
    branch_class = DecoupledBranch

    def __init__(
        self,
        branch: DecoupledBranch,
        slots: MemorySlots,
        strength: float,
        start_percent: float = 0.0,
        end_percent: float = 1.0,
    ) -> None:
        super().__init__(branch, strength, start_percent, end_percent)
        self.slots = slots

    @property
    def frames(self) -> int:
        return self.slots.gate.shape[1]

    @property
    def rows(self) -> int:
        return self.slots.gate.shape[0]

    def counted_frames(self) -> float:
        return float(self.slots.gate.sum(1).max()) * _MEMORY_SHARE

    def runs_at(self, transformer_options: dict) -> bool:
        return bool(self.slots.gate.any()) and super().runs_at(transformer_options)

    def prepare(self, branch: DecoupledBranch, device: torch.device, dtype: torch.dtype, size: tuple[int, int]) -> Cues:
        return embed_cues(branch, self.slots, device, dtype)

    def start(
        self, branch: DecoupledBranch, prepared: Any, x: torch.Tensor, timestep: torch.Tensor, transformer_options: dict
    ) -> BranchRun:
        return BranchRun(branch, self.slots, x, timestep, transformer_options, prepared)

    def add(self, video: torch.Tensor, residual: torch.Tensor, strength: float) -> None:
        add_to_open_frames(self.slots.gate.repeat(video.shape[0] // self.rows, 1), video, residual, strength)


def apply_memory(
    model: ModelPatcher,
    patcher: ModelPatcher,
    slots: MemorySlots,
    strength: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
) -> ModelPatcher:
    """A clone of MODEL that remembers one clip's slots. With no open gate it is the model itself: no branch is loaded."""
    branch = MemoryCondition.require(model, patcher, start_percent, end_percent)
    if not bool(slots.gate.any()):
        return model.clone()
    logging.debug("Spatia: %d latent frames remember", int(slots.gate.sum()))
    return MemoryCondition(branch, slots, strength, start_percent, end_percent).attach(model, patcher)
