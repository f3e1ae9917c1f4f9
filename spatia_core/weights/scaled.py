"""Weights kept in few bits with scales: the int8 of our small files, and ComfyUI's float8."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import SpatiaError
from ..files import replacing
from .header import short

INT8_MAX = 127.0
SCALE_SUFFIX = ".scale"
# What a float8 file keeps beside a layer's weight: the older and the newer names of ComfyUI's scaled files.
FLOAT8_COMPANIONS = (
    ".scale_weight",
    ".scale_input",
    ".weight_scale",
    ".weight_scale_2",
    ".input_scale",
    ".comfy_quant",
)
FLOAT8_MARK = "scaled_fp8"


def quantise(state_dict: Mapping[str, Tensor], *, minimum_size: int = 4096) -> dict[str, Tensor]:
    """Store matrices and kernels as int8 with one float32 scale per row; the rest as float16.

    `X` (rows, ...) becomes `X` (int8) and `X.scale` (rows, 1, ...), X ~ X.float() * X.scale. Vectors and tensors of
    fewer than `minimum_size` elements (biases, norms, modulation) save few bytes and cost precision: they stay float16.
    """
    stored = {}
    for name, tensor in state_dict.items():
        if name.endswith(SCALE_SUFFIX) and name[: -len(SCALE_SUFFIX)] in state_dict:
            raise SpatiaError(f"Tensor name {name} would be taken for a scale; rename it before quantising.")
        value = tensor.detach().float()
        if value.ndim < 2 or value.numel() < minimum_size or not tensor.is_floating_point():
            stored[name] = tensor.detach().to(torch.float16) if tensor.is_floating_point() else tensor.detach()
            continue
        peak = value.abs().amax(dim=tuple(range(1, value.ndim)), keepdim=True)
        scale = (peak / INT8_MAX).clamp(min=torch.finfo(torch.float32).tiny)
        stored[name] = (value / scale).round().to(torch.int8)
        stored[name + SCALE_SUFFIX] = scale
    return {name: tensor.contiguous() for name, tensor in stored.items()}


def dequantise(state_dict: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Undo `quantise`: every floating tensor in `dtype`, no `.scale` keys left.

    Raises SpatiaError on a scale of a shape that does not spread over its tensor.
    """
    restored = {}
    for name, tensor in state_dict.items():
        if name.endswith(SCALE_SUFFIX) and name[: -len(SCALE_SUFFIX)] in state_dict:
            continue
        scale = state_dict.get(name + SCALE_SUFFIX)
        if scale is not None:
            restored[name] = _scaled(name, tensor, scale).to(dtype)
        elif tensor.is_floating_point():
            restored[name] = tensor.to(dtype)
        else:
            restored[name] = tensor
    return restored


def stored_shapes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Shapes of a file's tensors without the scales beside them: what `dequantise` or `unscale_float8` would leave."""
    return {
        name: shape
        for name, shape in shapes.items()
        if name != FLOAT8_MARK
        and not name.endswith(FLOAT8_COMPANIONS)
        and not (name.endswith(SCALE_SUFFIX) and name[: -len(SCALE_SUFFIX)] in shapes)
    }


def unscale_float8(state_dict: Mapping[str, Tensor], dtype: torch.dtype = torch.bfloat16) -> dict[str, Tensor]:
    """ComfyUI's scaled float8 (`X.weight` with `X.scale_weight` or `X.weight_scale`) as plain tensors.

    Other tensors stay as they are. Raises SpatiaError on a scale without its weight, or of a shape that does not spread over it.
    """
    plain = {
        name: tensor
        for name, tensor in state_dict.items()
        if name != FLOAT8_MARK and not name.endswith(FLOAT8_COMPANIONS)
    }
    for name, tensor in state_dict.items():
        suffix = next((suffix for suffix in (".scale_weight", ".weight_scale") if name.endswith(suffix)), None)
        if suffix is not None:
            weight = name[: -len(suffix)] + ".weight"
            if weight not in plain:
                raise SpatiaError(
                    f"Tensor {name} scales {weight}, which the file does not hold; the file is incomplete, choose another."
                )
            plain[weight] = _scaled(weight, plain[weight], tensor).to(dtype)
    return plain


def _scaled(name: str, tensor: Tensor, scale: Tensor) -> Tensor:
    """float32 of a stored tensor. A scale of any other shape would spread a small file over the whole memory."""
    try:
        fits = torch.broadcast_shapes(tensor.shape, scale.shape) == tensor.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise SpatiaError(
            f"Tensor {short(name)} of shape {tuple(tensor.shape)} comes with a scale of shape {tuple(scale.shape)}, "
            "expected one that "
            "spreads over it; the file is damaged, choose another."
        )
    return tensor.to(torch.float32) * scale.to(torch.float32)


def save_quantised(
    state_dict: Mapping[str, Tensor], path: str | os.PathLike, metadata: Mapping[str, object] | None = None
) -> None:
    """Write `quantise(state_dict)` to a safetensors file, whole or not at all; other metadata than text becomes JSON."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in (metadata or {}).items()}
    with replacing(path) as part:
        save_file(quantise(state_dict), part, metadata=text)


def load_quantised(
    path: str | os.PathLike, dtype: torch.dtype = torch.float32
) -> tuple[dict[str, Tensor], dict[str, str]]:
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
