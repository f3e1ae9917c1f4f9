"""Sizes of the released files, and the names and shapes in its LoRA."""

from __future__ import annotations

from spatia_core.weights.layouts import (
    BackboneLayout,
    ControlLayout,
    backbone_shapes,
)

BACKBONE = BackboneLayout(3072, 14336, 30, 48, 48, 4096, 256, (1, 2, 2))
CONTROL = ControlLayout(3072, 14336, 8, 96, (1, 2, 2))
LORA_RANK = 64


def lora_shapes() -> dict:
    """The released LoRA: rank 64 beside the attention and feed-forward matrices of all 30 blocks."""
    weights = backbone_shapes(BACKBONE)
    modules = [f"{attention}.{part}" for attention in ("self_attn", "cross_attn") for part in "qkvo"] + [
        "ffn.0",
        "ffn.2",
    ]
    shapes = {}
    for block in range(BACKBONE.layers):
        for module in modules:
            outputs, inputs = weights[f"blocks.{block}.{module}.weight"]
            shapes[f"pipe.dit.blocks.{block}.{module}.lora_A.default.weight"] = (LORA_RANK, inputs)
            shapes[f"pipe.dit.blocks.{block}.{module}.lora_B.default.weight"] = (outputs, LORA_RANK)
    return shapes
