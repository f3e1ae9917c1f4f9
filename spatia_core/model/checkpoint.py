"""Checkpoint layouts: sizes read from tensors, LoRA key names, float8 storage of small weights."""

from __future__ import annotations

import json
import os
import re
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ..errors import SpatiaError

FLOAT8 = torch.float8_e4m3fn
FLOAT8_MAX = 448.0  # largest finite float8_e4m3fn
SCALE_SUFFIX = ".scale"


def quantise(state_dict, *, minimum_size=4096):
    """Store matrices and kernels as float8_e4m3fn with one float32 scale each; the rest as float16.

    `X` becomes `X` (float8) and `X.scale` (float32 scalar), X ~ X.float() * scale. Vectors and tensors of fewer
    than `minimum_size` elements (biases, norms, modulation) save few bytes and cost precision: they stay float16.
    """
    stored = {}
    for name, tensor in state_dict.items():
        if name.endswith(SCALE_SUFFIX) and name[: -len(SCALE_SUFFIX)] in state_dict:
            raise SpatiaError(f"Tensor name {name} would be taken for a float8 scale; rename it before quantising.")
        value = tensor.detach().float()
        if value.ndim < 2 or value.numel() < minimum_size or not tensor.is_floating_point():
            stored[name] = tensor.detach().to(torch.float16) if tensor.is_floating_point() else tensor.detach()
            continue
        peak = value.abs().max()
        scale = (peak / FLOAT8_MAX).clamp(min=torch.finfo(torch.float32).tiny)
        stored[name] = (value / scale).clamp(-FLOAT8_MAX, FLOAT8_MAX).to(FLOAT8).contiguous()
        stored[name + SCALE_SUFFIX] = scale.reshape(())
    return {name: tensor.contiguous() for name, tensor in stored.items()}


def dequantise(state_dict, dtype=torch.float32):
    """Undo `quantise`: every floating tensor in `dtype`, no `.scale` keys left."""
    restored = {}
    for name, tensor in state_dict.items():
        if name.endswith(SCALE_SUFFIX) and name[: -len(SCALE_SUFFIX)] in state_dict:
            continue
        scale = state_dict.get(name + SCALE_SUFFIX)
        if scale is not None:
            restored[name] = (tensor.to(torch.float32) * scale.to(torch.float32)).to(dtype)
        elif tensor.is_floating_point():
            restored[name] = tensor.to(dtype)
        else:
            restored[name] = tensor
    return restored


def save_quantised(state_dict, path, metadata=None):
    """Write `quantise(state_dict)` to a safetensors file; metadata values that are no strings become JSON."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in (metadata or {}).items()}
    save_file(quantise(state_dict), path, metadata=text)


def load_quantised(path, dtype=torch.float32):
    """Read a file of `save_quantised` (or any plain safetensors): (state_dict in `dtype`, metadata dict)."""
    if not os.path.isfile(path):
        raise SpatiaError(f"Weights file not found: {path}.")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
        stored = load_file(path, device="cpu")
    except Exception as error:  # safetensors raises its own family, none of which names the file
        raise SpatiaError(f"Weights file {os.path.basename(path)} is no readable safetensors file: {error}.") from error
    return dequantise(stored, dtype), metadata


class ControlLayout(NamedTuple):
    """Sizes of a control checkpoint (release: dim 3072, ffn 14336, 8 blocks, 96 channels, patch 1x2x2)."""

    dim: int
    ffn_dim: int
    blocks: int
    in_channels: int  # 96 = projection and hole latents, 48 = projection only
    patch: tuple[int, int, int]


LATENT_CHANNELS = 48
_BLOCK_NAME = re.compile(r"^vace_blocks\.(\d+)\.")


def control_layout(shapes: dict[str, tuple[int, ...]], file: str) -> ControlLayout:
    """Read and check a control checkpoint's layout from its tensor shapes; `file` is the name used in messages.

    Raises SpatiaError naming the tensor that is missing, foreign or of the wrong shape.
    """
    embedding = _shape(shapes, "vace_patch_embedding.weight", 5, file, "a Spatia control checkpoint")
    ffn = _shape(shapes, "vace_blocks.0.ffn.0.weight", 2, file, "a Spatia control checkpoint")
    blocks = 1 + max(int(match.group(1)) for match in map(_BLOCK_NAME.match, shapes) if match)
    layout = ControlLayout(embedding[0], ffn[0], blocks, embedding[1], tuple(embedding[2:]))
    if layout.in_channels not in (LATENT_CHANNELS, 2 * LATENT_CHANNELS):
        raise SpatiaError(
            f"Control checkpoint {file}: vace_patch_embedding.weight takes {layout.in_channels} channels, expected "
            f"{2 * LATENT_CHANNELS} (projection and holes) or {LATENT_CHANNELS} (projection only). This is no control "
            "checkpoint for Wan2.2-TI2V-5B: choose another file in `control`."
        )
    expected = control_shapes(layout)
    for name, shape in expected.items():
        if name not in shapes:
            raise SpatiaError(f"Control checkpoint {file}: tensor {name} is missing (expected shape {shape}); the file is incomplete or foreign, choose another in `control`.")
        if tuple(shapes[name]) != shape:
            raise SpatiaError(f"Control checkpoint {file}: tensor {name} has shape {tuple(shapes[name])}, expected {shape}; choose another file in `control`.")
    extra = next((name for name in shapes if name not in expected), None)
    if extra is not None:
        raise SpatiaError(f"Control checkpoint {file}: tensor {extra} of shape {tuple(shapes[extra])} belongs to no control block; choose another file in `control`.")
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


class VaeLayout(NamedTuple):
    """Sizes of a Wan 2.2 video VAE (published: dim 160, dec_dim 256, 2 residual blocks, mults 1 2 4 4)."""

    dim: int
    dec_dim: int
    z_dim: int
    dim_mult: tuple[int, ...]
    num_res_blocks: int


def vae_layout(shapes: dict[str, tuple[int, ...]], file: str) -> VaeLayout:
    """Read a Wan 2.2 video VAE's sizes from its tensor shapes. Raises SpatiaError naming the missing tensor."""
    what = "a Wan 2.2 video VAE"
    dim = _shape(shapes, "encoder.conv1.weight", 5, file, what)[0]
    dec_dim = _shape(shapes, "decoder.head.0.gamma", 4, file, what)[0]
    z_dim = _shape(shapes, "conv2.weight", 5, file, what)[0]
    stage_widths = []
    while (name := f"encoder.downsamples.{len(stage_widths)}.downsamples.0.residual.2.weight") in shapes:
        stage_widths.append(shapes[name][0])
    if not stage_widths or any(width % dim for width in stage_widths):
        raise SpatiaError(f"VAE file {file}: encoder stages of widths {stage_widths} do not fit a first convolution of {dim} channels; expected {what}.")
    # The last stage does not downsample, so it holds residual blocks only.
    last = f"encoder.downsamples.{len(stage_widths) - 1}.downsamples."
    blocks = len({name[len(last) :].split(".")[0] for name in shapes if name.startswith(last)})
    return VaeLayout(dim, dec_dim, z_dim, tuple(width // dim for width in stage_widths), blocks)


_LORA_NAME = re.compile(r"^(?:pipe\.dit\.|diffusion_model\.)(?P<module>.+)\.lora_(?P<part>[AB])(?:\.default)?\.weight$")


def lora_for_host(state_dict, file: str):
    """The release's LoRA (`pipe.dit.<module>.lora_A[.default].weight`) under the host's names, and the names left out.

    W += B @ A: alpha is 1 and there is no division by the rank, which is what the host does without an alpha tensor.
    Training files may carry other tensors beside the pairs; the release takes the pairs only, and so do we.
    Raises SpatiaError when there is no pair, or a module has half of one.
    """
    renamed, left_out = {}, []
    parts: dict[str, set[str]] = {}
    for name, tensor in state_dict.items():
        match = _LORA_NAME.match(name)
        if match is None:
            left_out.append(name)
            continue
        renamed[f"diffusion_model.{match['module']}.lora_{match['part']}.weight"] = tensor
        parts.setdefault(match["module"], set()).add(match["part"])
    if not parts:
        raise SpatiaError(
            f"LoRA {file} holds no tensor named pipe.dit.<module>.lora_A.weight (its first is {next(iter(state_dict), 'none')}), so it "
            "is not a Spatia LoRA. Choose another file in `lora`, or load it with the host's own LoRA loader."
        )
    for module, found in parts.items():
        if found != {"A", "B"}:
            raise SpatiaError(f"LoRA {file}: module {module} has lora_{found.pop()} only, expected lora_A and lora_B; the file is incomplete.")
    return renamed, left_out


def _shape(shapes, name, dims, file, what):
    shape = shapes.get(name)
    if shape is None:
        first = next(iter(shapes), "none")
        raise SpatiaError(f"{file} is not {what}: tensor {name} is missing (the file's first tensor is {first}). Choose another file.")
    if len(shape) != dims:
        raise SpatiaError(f"{file} is not {what}: tensor {name} has shape {tuple(shape)}, expected {dims} dimensions. Choose another file.")
    return tuple(shape)
