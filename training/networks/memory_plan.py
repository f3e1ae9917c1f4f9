"""What a stage needs on each accelerator, from the shapes alone: whole on each, or spread over them with FSDP."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from ...spatia_core.model.sizes import SIZE_STEP
from ..recipe import LATER, SampleSettings, StageSettings
from .beside import Network

# float32 weight, gradient and AdamW's two moments.
_TRAINED_BYTES = 16
# Token vectors alive inside one block during its backward pass, beside those of the feed-forward width: an estimate.
_BLOCK_VECTORS, _WIDE_VECTORS = 24, 3


class MemoryPlan(NamedTuple):
    """Bytes on each accelerator. frozen, trained: parameters with their optimiser state. gathered: blocks that FSDP brings
    together for their turn. activations: an estimate, of one forward and backward pass with gradient checkpointing."""

    frozen: int
    trained: int
    gathered: int
    activations: int

    @property
    def total(self) -> int:
        """Their sum."""
        return sum(self)

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {value / 1e9:.2f} GB" for name, value in (*self._asdict().items(), ("together", self.total))
        )


def memory_plan(
    network: Network, samples: SampleSettings, settings: StageSettings, *, processes: int = 1, sharded: bool = False
) -> MemoryPlan:
    """Memory of a stage whose network may lie on the meta device. sharded: with FSDP over `processes`, block by block."""
    beside = [] if network.control is None else list(network.control.vace_blocks)
    frozen = sum(parameter.nbytes for parameter in network.parameters() if not parameter.requires_grad)
    trained = sum(_TRAINED_BYTES * parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    gathered = 0
    if sharded:
        # Each parameter is cut along its first side, the last piece filled up.
        frozen, trained = (
            sum(
                _shard(p.shape, processes) * (_TRAINED_BYTES if wanted else p.element_size())
                for p in network.parameters()
                if p.requires_grad == wanted
            )
            for wanted in (False, True)
        )
        # The block at work, and the next one on its way.
        gathered = (
            2 * max(_bytes(block) for block in network.blocks) + _bytes(network) - sum(map(_bytes, network.blocks))
        )
    vectors = (
        tokens(samples, settings) * settings.micro * network.backbone.dim * (2 if settings.precision == "bf16" else 4)
    )
    wide = _WIDE_VECTORS * network.backbone.ffn_dim / network.backbone.dim
    # A side branch keeps narrower states, and residuals of the backbone's width.
    kept = float(len(network.backbone.blocks) + len(beside))
    for branch in network.side_branches:
        kept += len(branch.blocks) * (1 + branch.layout.dim / network.backbone.dim)
    activations = int(vectors * (kept + _BLOCK_VECTORS + wide))
    return MemoryPlan(frozen, trained, gathered, activations)


def tokens(samples: SampleSettings, settings: StageSettings) -> int:
    """Tokens of a clip of this stage with all its references."""
    frames = (samples.frames(settings.clip) + 3) // 4 + (samples.max_references if settings.clip == LATER else 0)
    return frames * (samples.height // SIZE_STEP) * (samples.width // SIZE_STEP)


def _shard(shape: torch.Size, processes: int) -> int:
    rows = shape[0] if shape else 1
    return -(-rows // processes) * (shape.numel() // max(1, rows))


def _bytes(module: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in module.parameters())
