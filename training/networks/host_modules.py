"""The networks that training is handed, as far as it reads them: the host's classes, which are only described here.

Nobody makes one of these classes or asks for one: they tell the reader, and the type check, what a network must have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from ...spatia_core.model.decoupled.layout import CameraLayout, DecoupledLayout
from ...spatia_core.weights.layouts import ControlLayout


class Layers(nn.Module):
    """Layers that are called one after the other; which class each is, the host decides."""

    def __getitem__(self, which: int | slice) -> Any: ...


class Patches(nn.Conv3d):
    """A convolution with a bias."""

    bias: Tensor


class Attention(nn.Module):
    """An attention of a block."""

    o: nn.Linear


class Block(nn.Module):
    """A block of the backbone."""

    self_attn: Attention
    cross_attn: Attention
    ffn: Layers
    modulation: nn.Parameter


class ControlBlock(Block):
    """A block of the control branch; the first has a `before_proj` as well."""

    after_proj: nn.Linear


class Head(nn.Module):
    """The backbone's last layers."""

    head: nn.Linear


class BackboneNetwork(nn.Module):
    """The host's WanModel."""

    dim: int
    in_dim: int
    ffn_dim: int
    patch_size: tuple[int, int, int]
    patch_embedding: Patches
    text_embedding: Layers
    time_embedding: Layers
    time_projection: Layers
    blocks: Sequence[Block]
    head: Head
    rope_encode: Callable[..., Tensor]
    unpatchify: Callable[..., Tensor]


class ControlBranch(nn.Module):
    """The control branch beside it. positions: the backbone's blocks that it adds to."""

    layout: ControlLayout
    positions: Sequence[int]
    vace_blocks: Sequence[ControlBlock]
    vace_patch_embedding: Patches


class SideAttention(nn.Module):
    """The attention of a block of either branch of the decoupled system."""

    to_q: nn.Linear
    to_k: nn.Linear
    to_out: Layers


class SideBlock(nn.Module):
    """A block of either branch of the decoupled system."""

    scale_shift_table: nn.Parameter
    attn1: SideAttention
    ffn: nn.Module


class ConditionEmbedder(nn.Module):
    """A branch's embedding of time."""

    time_proj: nn.Linear


class SideBranch(nn.Module):
    """The camera branch or the memory branch of the decoupled system."""

    layout: CameraLayout | DecoupledLayout
    checkpoint: bool
    condition_embedder: ConditionEmbedder
    blocks: Sequence[SideBlock]
    controlnet_blocks: Sequence[nn.Linear]
    controlnet_encode_first: Layers
    encode_cameras: Callable[[Tensor, Tensor, int, int], Tensor]


class Decoder(nn.Module):
    """The autoencoder's way back to pixels."""

    head: Layers


class Autoencoder(nn.Module):
    """The host's WanVAE."""

    conv1: Patches
    conv2: Patches
    decoder: Decoder
    encode: Callable[[Tensor], Tensor]
    decode: Callable[[Tensor], Tensor]
