"""Sizes of the networks, read from their files' tensors and checked against every tensor: control, backbone, VAE."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..backbone import WAN22_TI2V_5B
from ..errors import SpatiaError
from .scaled import FLOAT8_COMPANIONS, FLOAT8_MARK
from .shapes import FileShapes


class ControlLayout(NamedTuple):
    """Sizes of a control checkpoint (release: dim 3072, ffn 14336, 8 blocks, 96 channels, patch 1x2x2)."""

    dim: int
    ffn_dim: int
    blocks: int
    in_channels: int  # 96 = projection and hole latents, 48 = projection only
    patch: tuple[int, int, int]


def control_layout(shapes: dict[str, tuple[int, ...]], file: str) -> ControlLayout:
    """Read and check a control checkpoint's layout from its tensor shapes; `file` is the name used in messages.

    Raises SpatiaError naming the tensor that is missing, foreign or of the wrong shape.
    """
    found = FileShapes(shapes, file, "control checkpoint", "choose another file in `control`")
    embedding = found.of("vace_patch_embedding.weight", 5)
    ffn = found.of("vace_blocks.0.ffn.0.weight", 2)
    patch = embedding[2], embedding[3], embedding[4]
    layout = ControlLayout(embedding[0], ffn[0], found.blocks("vace_blocks"), embedding[1], patch)
    one = WAN22_TI2V_5B.latent_channels
    if layout.in_channels not in (one, 2 * one):
        raise found.refusal(
            f"vace_patch_embedding.weight takes {layout.in_channels} channels, expected {2 * one} (projection and holes) or "
            f"{one} (projection only), so it is not for {WAN22_TI2V_5B.name}"
        )
    found.require(control_shapes(layout))
    return layout


def control_shapes(layout: ControlLayout) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a control checkpoint with these sizes."""
    dim, ffn = layout.dim, layout.ffn_dim
    linear = {"before_proj": (dim, dim), "after_proj": (dim, dim), "ffn.0": (ffn, dim), "ffn.2": (dim, ffn)}
    linear |= {f"{attention}.{part}": (dim, dim) for attention in ("self_attn", "cross_attn") for part in "qkvo"}
    expected = {
        "vace_patch_embedding.weight": (dim, layout.in_channels, *layout.patch),
        "vace_patch_embedding.bias": (dim,),
    }
    for index in range(layout.blocks):
        prefix = f"vace_blocks.{index}."
        for name, shape in linear.items():
            if name == "before_proj" and index > 0:
                continue
            expected[f"{prefix}{name}.weight"] = shape
            expected[f"{prefix}{name}.bias"] = shape[:1]
        for attention in ("self_attn", "cross_attn"):
            expected[f"{prefix}{attention}.norm_q.weight"] = (dim,)
            expected[f"{prefix}{attention}.norm_k.weight"] = (dim,)
        expected[f"{prefix}norm3.weight"] = (dim,)
        expected[f"{prefix}norm3.bias"] = (dim,)
        expected[f"{prefix}modulation"] = (1, 6, dim)
    return expected


def require_same_model(control: ControlLayout, dim: int, ffn_dim: int, patch: tuple[int, int, int], file: str) -> None:
    """Raises SpatiaError when a control checkpoint is for blocks of another size than a backbone's: width, feed-forward, patch."""
    for name, ours, theirs in (
        ("vace_patch_embedding.weight", control.dim, dim),
        ("vace_blocks.0.ffn.0.weight", control.ffn_dim, ffn_dim),
    ):
        if ours != theirs:
            raise SpatiaError(
                f"Control checkpoint {file}: {name} has {ours} outputs, the backbone's blocks have {theirs}; "
                "they belong to different models: change `control` or the model."
            )
    if control.patch != patch:
        raise SpatiaError(
            f"Control checkpoint {file}: vace_patch_embedding.weight has patches {control.patch}, the backbone has "
            f"{patch}; change `control`."
        )


class BackboneLayout(NamedTuple):
    """Sizes of a backbone (Wan2.2-TI2V-5B: dim 3072, ffn 14336, 30 blocks, 48 channels in and out, text 4096, 256 frequencies)."""

    dim: int
    ffn_dim: int
    layers: int
    in_channels: int
    out_channels: int
    text_dim: int
    freq_dim: int
    patch: tuple[int, int, int]


_BACKBONE_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "model.")


def backbone_layout(shapes: dict[str, tuple[int, ...]], file: str) -> BackboneLayout:
    """Read and check a backbone's layout from its tensor shapes, float8 scales included; `file` is the name used in messages.

    Raises SpatiaError naming the tensor that is missing, foreign or of the wrong shape.
    """
    shapes = strip_backbone_prefix(shapes)
    found = FileShapes(shapes, file, "Wan2.2-TI2V-5B backbone", "choose another file in `backbone`")
    embedding = found.of("patch_embedding.weight", 5)
    patch = embedding[2], embedding[3], embedding[4]
    layout = BackboneLayout(
        dim=embedding[0],
        ffn_dim=found.of("blocks.0.ffn.0.bias", 1)[0],
        layers=found.blocks("blocks"),
        in_channels=embedding[1],
        out_channels=found.of("head.head.bias", 1)[0] // math.prod(patch),
        text_dim=found.of("text_embedding.0.weight", 2)[1],
        freq_dim=found.of("time_embedding.0.weight", 2)[1],
        patch=patch,
    )
    channels = WAN22_TI2V_5B.input_channels, WAN22_TI2V_5B.latent_channels
    if (layout.in_channels, layout.out_channels) != channels:
        raise found.refusal(
            f"patch_embedding.weight takes {layout.in_channels} channels and head.head gives {layout.out_channels}, "
            f"expected {channels[0]} and {channels[1]}"
        )
    expected = backbone_shapes(layout)
    # A quantised weight may be packed; its own loader checks it.
    packed = {f"{layer}.weight" for layer in filter(None, map(_quantised_layer, shapes))}
    found.require(
        expected,
        any_shape=packed,
        also=lambda name: name == FLOAT8_MARK or f"{_quantised_layer(name)}.weight" in expected,
    )
    return layout


def _quantised_layer(name: str) -> str | None:
    """The layer that a float8 file's scale belongs to, None for another tensor."""
    return next((name[: -len(suffix)] for suffix in FLOAT8_COMPANIONS if name.endswith(suffix)), None)


def backbone_shapes(layout: BackboneLayout) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a backbone with these sizes."""
    dim, ffn = layout.dim, layout.ffn_dim
    linear = {
        "text_embedding.0": (dim, layout.text_dim),
        "text_embedding.2": (dim, dim),
        "time_embedding.0": (dim, layout.freq_dim),
        "time_embedding.2": (dim, dim),
        "time_projection.1": (6 * dim, dim),
        "head.head": (layout.out_channels * math.prod(layout.patch), dim),
    }
    expected = {
        "patch_embedding.weight": (dim, layout.in_channels, *layout.patch),
        "patch_embedding.bias": (dim,),
        "head.modulation": (1, 2, dim),
    }
    for index in range(layout.layers):
        prefix = f"blocks.{index}."
        linear |= {f"{prefix}ffn.0": (ffn, dim), f"{prefix}ffn.2": (dim, ffn)}
        linear |= {
            f"{prefix}{attention}.{part}": (dim, dim) for attention in ("self_attn", "cross_attn") for part in "qkvo"
        }
        expected |= {
            f"{prefix}{attention}.{norm}.weight": (dim,)
            for attention in ("self_attn", "cross_attn")
            for norm in ("norm_q", "norm_k")
        }
        expected |= {f"{prefix}norm3.weight": (dim,), f"{prefix}norm3.bias": (dim,), f"{prefix}modulation": (1, 6, dim)}
    for name, shape in linear.items():
        expected |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return expected


def strip_backbone_prefix(named: dict) -> dict:
    """The same dict without the prefix that checkpoint files put before a backbone's tensor names."""
    prefix = next((prefix for prefix in _BACKBONE_PREFIXES if f"{prefix}patch_embedding.weight" in named), "")
    return {name.removeprefix(prefix): value for name, value in named.items()}


class VaeLayout(NamedTuple):
    """Sizes of a Wan 2.2 video VAE (published: dim 160, dec_dim 256, 2 residual blocks, mults 1 2 4 4)."""

    dim: int
    dec_dim: int
    z_dim: int
    dim_mult: tuple[int, ...]
    num_res_blocks: int


def vae_file(shapes: dict[str, tuple[int, ...]], file: str) -> FileShapes:
    """A Wan 2.2 video VAE's tensors, to be checked."""
    return FileShapes(shapes, file, "Wan 2.2 video VAE", "the file is incomplete or foreign")


def vae_layout(shapes: dict[str, tuple[int, ...]], file: str) -> VaeLayout:
    """Read a Wan 2.2 video VAE's sizes from its tensor shapes. Raises SpatiaError naming the missing tensor."""
    found = vae_file(shapes, file)
    dim = found.of("encoder.conv1.weight", 5)[0]
    dec_dim = found.of("decoder.head.0.gamma", 4)[0]
    z_dim = found.of("conv2.weight", 5)[0]
    stage_widths: list[int] = []
    while (name := f"encoder.downsamples.{len(stage_widths)}.downsamples.0.residual.2.weight") in shapes:
        stage_widths.append(found.of(name, 5)[0])
    if not stage_widths or any(width % dim for width in stage_widths):
        raise found.refusal(f"encoder stages of widths {stage_widths} do not fit a first convolution of {dim} channels")
    # The last stage does not downsample, so it holds residual blocks only.
    last = f"encoder.downsamples.{len(stage_widths) - 1}.downsamples."
    blocks = len({name[len(last) :].split(".")[0] for name in shapes if name.startswith(last)})
    return VaeLayout(dim, dec_dim, z_dim, tuple(width // dim for width in stage_widths), blocks)
