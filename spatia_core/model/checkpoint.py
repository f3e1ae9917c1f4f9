"""Checkpoint layouts: float8 storage, sizes read from tensors, LoRA key names. Pure torch; reads no files but safetensors."""

import json
import os

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ..errors import SpatiaError

FLOAT8 = torch.float8_e4m3fn
FLOAT8_MAX = 448.0  # largest finite float8_e4m3fn
SCALE_SUFFIX = ".scale"


def quantise(state_dict, *, minimum_dims=2):
    """Store matrices and kernels as float8_e4m3fn with one float32 scale each; the rest as float16.

    `X` becomes `X` (float8) and `X.scale` (float32 scalar), X ~ X.float() * scale. Tensors with fewer
    than `minimum_dims` dimensions (biases, norms) carry few bytes and much precision: they stay float16.
    """
    stored = {}
    for name, tensor in state_dict.items():
        value = tensor.detach().float()
        if value.ndim < minimum_dims or not tensor.is_floating_point():
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
