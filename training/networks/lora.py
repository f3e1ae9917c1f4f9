"""LoRA beside the linear layers of the main blocks, under the release's names.

W += B @ A, with alpha 1 and no division by the rank. Released files hold `pipe.dit.<module>.lora_A.default.weight` (rank, inputs)
and `lora_B` (outputs, rank) for the attention and feed-forward matrices of every block.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...spatia_core.errors import SpatiaError
from .host_modules import BackboneNetwork

MODULES = (
    *(f"{attention}.{part}" for attention in ("self_attn", "cross_attn") for part in "qkvo"),
    "ffn.0",
    "ffn.2",
)
_PREFIX, _SUFFIX = "pipe.dit.", ".default.weight"


class LoraLinear(nn.Module):
    """A linear layer with a low-rank addition, which starts at zero."""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator):
        super().__init__()
        self.base = base
        outputs, inputs = base.weight.shape
        device = base.weight.device
        # float32 whatever the base is kept in: the optimiser's small steps would be lost in bfloat16.
        start = torch.randn(rank, inputs, generator=generator) * inputs**-0.5
        self.lora_A = nn.Parameter(
            torch.empty(rank, inputs, device=device) if device.type == "meta" else start.to(device)
        )
        self.lora_B = nn.Parameter(torch.zeros(outputs, rank, device=device))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + nn.functional.linear(nn.functional.linear(x, self.lora_A), self.lora_B)


def add_lora_layers(backbone: BackboneNetwork, rank: int, generator: torch.Generator) -> list[nn.Parameter]:
    """Put a LoRA beside every matrix of the blocks; returns its parameters. Raises SpatiaError on a rank above a matrix's."""
    parameters = []
    for block in backbone.blocks:
        for name in MODULES:
            parent, _, child = name.rpartition(".")
            holder = block.get_submodule(parent)
            base = getattr(holder, child)
            if rank > min(base.weight.shape):
                raise SpatiaError(
                    f"--rank {rank} was given, but {name} of this backbone is {tuple(base.weight.shape)}; decrease --rank."
                )
            layer = LoraLinear(base, rank, generator)
            setattr(holder, child, layer)
            parameters += [layer.lora_A, layer.lora_B]
    return parameters


def released_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """LoRA tensors of a backbone's state dict (`blocks.0.self_attn.q.lora_A`) under the release's names."""
    return {
        f"{_PREFIX}{name}{_SUFFIX}": tensor
        for name, tensor in tensors.items()
        if name.rpartition(".")[2] in ("lora_A", "lora_B")
    }
