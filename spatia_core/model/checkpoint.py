"""Checkpoint layouts: sizes read from tensors, LoRA key names, int8 storage of small weights."""

from __future__ import annotations

import json
import math
import os
import re
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import SpatiaError
from ..files import replacing
from ..inputs import parse_json, shown
from .shapes import LONGEST_HEADER, FileShapes, parse_header, short

INT8_MAX = 127.0
SCALE_SUFFIX = ".scale"
# What a float8 file keeps beside a layer's weight: the older and the newer names of ComfyUI's scaled files.
_FLOAT8_COMPANIONS = (
    ".scale_weight",
    ".scale_input",
    ".weight_scale",
    ".weight_scale_2",
    ".input_scale",
    ".comfy_quant",
)
_FLOAT8_MARK = "scaled_fp8"


def quantise(state_dict, *, minimum_size=4096):
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


def dequantise(state_dict, dtype=torch.float32):
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


def unscale_float8(state_dict: dict, dtype=torch.bfloat16) -> dict:
    """ComfyUI's scaled float8 (`X.weight` with `X.scale_weight` or `X.weight_scale`) as plain tensors.

    Other tensors stay as they are. Raises SpatiaError on a scale without its weight, or of a shape that does not spread over it.
    """
    plain = {
        name: tensor
        for name, tensor in state_dict.items()
        if name != _FLOAT8_MARK and not name.endswith(_FLOAT8_COMPANIONS)
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


def save_quantised(state_dict, path, metadata=None):
    """Write `quantise(state_dict)` to a safetensors file, whole or not at all; other metadata than text becomes JSON."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in (metadata or {}).items()}
    with replacing(path) as part:
        save_file(quantise(state_dict), part, metadata=text)


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


def control_layout(shapes: dict[str, tuple[int, ...]], file: str) -> ControlLayout:
    """Read and check a control checkpoint's layout from its tensor shapes; `file` is the name used in messages.

    Raises SpatiaError naming the tensor that is missing, foreign or of the wrong shape.
    """
    found = FileShapes(shapes, file, "control checkpoint", "choose another file in `control`")
    embedding = found.of("vace_patch_embedding.weight", 5)
    ffn = found.of("vace_blocks.0.ffn.0.weight", 2)
    layout = ControlLayout(embedding[0], ffn[0], found.blocks("vace_blocks"), embedding[1], tuple(embedding[2:]))
    if layout.in_channels not in (LATENT_CHANNELS, 2 * LATENT_CHANNELS):
        raise found.refusal(
            f"vace_patch_embedding.weight takes {layout.in_channels} channels, expected {2 * LATENT_CHANNELS} (projection and holes) or "
            f"{LATENT_CHANNELS} (projection only), so it is not for Wan2.2-TI2V-5B"
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
    patch = tuple(embedding[2:])
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
    if (layout.in_channels, layout.out_channels) != (LATENT_CHANNELS, LATENT_CHANNELS):
        raise found.refusal(
            f"patch_embedding.weight takes {layout.in_channels} channels and head.head gives {layout.out_channels}, "
            f"expected {LATENT_CHANNELS} and {LATENT_CHANNELS}"
        )
    expected = backbone_shapes(layout)
    # A quantised weight may be packed; its own loader checks it.
    packed = {f"{layer}.weight" for layer in filter(None, map(_quantised_layer, shapes))}
    found.require(
        expected,
        any_shape=packed,
        also=lambda name: name == _FLOAT8_MARK or f"{_quantised_layer(name)}.weight" in expected,
    )
    return layout


def _quantised_layer(name: str) -> str | None:
    """The layer that a float8 file's scale belongs to, None for another tensor."""
    return next((name[: -len(suffix)] for suffix in _FLOAT8_COMPANIONS if name.endswith(suffix)), None)


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


_SHARD = re.compile(r"^(?P<stem>.*)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})(?P<suffix>\.safetensors)$", re.DOTALL)
_MOST_SHARDS = 1000
_MISSING_SHOWN = 5
_LARGEST_INDEX = 1 << 24  # bytes, as of a header


def shard_files(name: str) -> list[str]:
    """All files a weights file belongs with: `x-00002-of-00003.safetensors` has three, any other file only itself."""
    match = _SHARD.match(name)
    if match is None:
        return [name]
    count = int(match["count"])
    if not 1 <= int(match["number"]) <= count <= _MOST_SHARDS:
        raise SpatiaError(
            f"{os.path.basename(name)} says it is part {int(match['number'])} of {count}, expected one of at most "
            f"{_MOST_SHARDS}; "
            "the file is misnamed, restore its published name."
        )
    return [f"{match['stem']}-{number:05}-of-{match['count']}{match['suffix']}" for number in range(1, count + 1)]


def first_shard(name: str) -> bool:
    """Whether a file stands for its weights in a list: the first of several shards, or a file of its own."""
    match = _SHARD.match(name)
    return match is None or int(match["number"]) == 1


def read_header(path: str) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a safetensors file, from its header alone. Raises SpatiaError on a broken or cut file."""
    file = os.path.basename(path)
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            text = stream.read(length) if length <= min(size - 8, LONGEST_HEADER) else None
    except OSError as error:
        raise SpatiaError(f"{file} could not be opened ({error.strerror}). Choose another file.") from error
    if text is None:
        raise SpatiaError(
            f"{file} is no readable safetensors file: its header of {length} bytes is longer than the file ({size} "
            "bytes) or than "
            f"{LONGEST_HEADER} bytes. Download it again or choose another file."
        )
    entries = parse_header(text, f"The header's entries in {file}", "the file: download it again or choose another one")
    end = 8 + length + max((entry.end for entry in entries.values()), default=0)
    if size < end:
        raise SpatiaError(
            f"{file} has {size} bytes, but its header promises {end}: the download was cut off. Download it again."
        )
    if size > end:
        raise SpatiaError(
            f"{file} has {size} bytes, but its header promises {end}: the file is damaged. Download it again."
        )
    return {name: entry.shape for name, entry in entries.items()}


def sharded_shapes(paths: list[str]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a model in several safetensors files.

    Beside shards an index (`<stem>.safetensors.index.json`) is optional; where there is one, it must agree.
    Raises SpatiaError naming the missing shard, or a tensor that is in two shards or not where the index says.
    """
    absent = [os.path.basename(path) for path in paths if not os.path.isfile(path)]
    if absent:
        more = f" and {len(absent) - _MISSING_SHOWN} more" if len(absent) > _MISSING_SHOWN else ""
        raise SpatiaError(
            f"The weights come in {len(paths)} files, of which {', '.join(absent[:_MISSING_SHOWN])}{more} is missing; "
            "put all of them into one folder."
        )
    shapes, shard_of = {}, {}
    for path in paths:
        for name, shape in read_header(path).items():
            if name in shapes:
                raise SpatiaError(
                    f"Tensor {short(name)} is in both {shard_of[name]} and {os.path.basename(path)}; the shards are of "
                    "different downloads, fetch them again."
                )
            shapes[name], shard_of[name] = shape, os.path.basename(path)
    match = _SHARD.match(paths[0])
    index = match and f"{match['stem']}{match['suffix']}.index.json"
    if index and os.path.isfile(index):
        promised = _read_index(index)
        for name in sorted(promised.keys() | shapes.keys()):
            if promised.get(name) != shard_of.get(name):
                raise SpatiaError(
                    f"{os.path.basename(index)} puts tensor {short(name)} into {short(promised.get(name, 'no file'))}, but it is in "
                    f"{shard_of.get(name, 'none of them')}; the files are of different downloads, fetch them again."
                )
    return shapes


def _read_index(path: str) -> dict[str, str]:
    """{tensor name: file name} of an index of shards."""
    file = os.path.basename(path)
    try:
        with open(path, "rb") as stream:
            text = stream.read(_LARGEST_INDEX + 1)
    except OSError as error:
        raise SpatiaError(
            f"{file} could not be opened ({error.strerror}). Download it again, or remove it: the shards do without."
        ) from error
    if len(text) > _LARGEST_INDEX:
        raise SpatiaError(
            f"{file} has more than {_LARGEST_INDEX} bytes, so it is no index of weights. Download it again, or remove "
            "it: the shards do without."
        )
    index = parse_json(text, f"The entries of {file}", "it: download it again, or remove it, the shards do without")
    promised = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(promised, dict) or not all(isinstance(shard, str) for shard in promised.values()):
        raise SpatiaError(
            f"{file} is no index of weights: its weight_map is {shown(promised)}, expected the file of each tensor. "
            "Download it again, or remove it: the shards do without."
        )
    return promised


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
    stage_widths = []
    while (name := f"encoder.downsamples.{len(stage_widths)}.downsamples.0.residual.2.weight") in shapes:
        stage_widths.append(found.of(name, 5)[0])
    if not stage_widths or any(width % dim for width in stage_widths):
        raise found.refusal(f"encoder stages of widths {stage_widths} do not fit a first convolution of {dim} channels")
    # The last stage does not downsample, so it holds residual blocks only.
    last = f"encoder.downsamples.{len(stage_widths) - 1}.downsamples."
    blocks = len({name[len(last) :].split(".")[0] for name in shapes if name.startswith(last)})
    return VaeLayout(dim, dec_dim, z_dim, tuple(width // dim for width in stage_widths), blocks)


_LORA_NAME = re.compile(r"^(?:pipe\.dit\.|diffusion_model\.)(?P<module>.+)\.lora_(?P<part>[AB])(?:\.default)?\.weight$")


def lora_for_host(state_dict, file: str):
    """The release's LoRA (`pipe.dit.<module>.lora_A[.default].weight`) under the host's names, and the names left out.

    W += B @ A: alpha is 1 and there is no division by the rank, which is what the host does without an alpha tensor.
    Training files may carry other tensors beside the pairs; the release takes the pairs only, and so do we.
    Raises SpatiaError when there is no pair, or a module has half of one, one twice, or halves of two ranks.
    """
    renamed, left_out = {}, []
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in state_dict.items():
        match = _LORA_NAME.match(name)
        if match is None:
            left_out.append(name)
            continue
        renamed[f"diffusion_model.{match['module']}.lora_{match['part']}.weight"] = tensor
        pair = parts.setdefault(match["module"], {})
        if match["part"] in pair:
            raise SpatiaError(
                f"LoRA {file}: module {short(match['module'])} has lora_{match['part']} under two names, expected one; "
                "the file is damaged, choose another in `lora`."
            )
        pair[match["part"]] = tensor
    if not parts:
        raise SpatiaError(
            f"LoRA {file} holds no tensor named pipe.dit.<module>.lora_A.weight (its first is "
            f"{short(next(iter(state_dict), 'none'))}), so it "
            "is not a Spatia LoRA. Choose another file in `lora`, or load it with the host's own LoRA loader."
        )
    for module, pair in parts.items():
        if len(pair) < 2:
            raise SpatiaError(
                f"LoRA {file}: module {short(module)} has lora_{next(iter(pair))} only, expected lora_A and lora_B; "
                "the file is incomplete."
            )
        down, up = tuple(pair["A"].shape), tuple(pair["B"].shape)
        if len(down) != 2 or len(up) != 2 or down[0] != up[1]:
            raise SpatiaError(
                f"LoRA {file}: module {short(module)} has lora_A of shape {down} and lora_B of shape {up}, expected "
                "(rank, inputs) and (outputs, rank); the file is damaged, choose another in `lora`."
            )
    return renamed, left_out
