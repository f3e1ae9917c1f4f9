"""Backbones, control checkpoints and LoRAs from the host's model folders, or the small bundle."""

from __future__ import annotations

from typing import Any

import comfy.sd
import comfy.utils
import folder_paths
import torch
from comfy.model_patcher import ModelPatcher
from comfy_execution.graph_utils import ExecutionBlocker
from safetensors import safe_open

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from ...spatia_core.model.control import control_positions, stated_positions
from ...spatia_core.weights.header import read_header
from ...spatia_core.weights.layouts import (
    BackboneLayout,
    backbone_layout,
    backbone_shapes,
    control_layout,
    require_same_model,
)
from ...spatia_core.weights.lora import require_lora_fits
from ...spatia_core.weights.scaled import stored_shapes
from ...spatia_core.weights.shards import first_shard, shard_files, sharded_shapes
from . import bundle
from .backbones import require_backbone
from .branch_layers import SideBranch
from .patching import apply_spatia
from .side_branch import load_side_branch

BUNDLED = "bundled small model"
NONE = "none"
PATCH_FOLDERS = ("model_patches", "diffusion_models")
DTYPES = {
    "default": None,
    "fp8_e4m3fn": torch.float8_e4m3fn,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "fp32": torch.float32,
}


def backbone_options() -> list[str]:
    # Weights published in several files are one choice.
    return [BUNDLED, *filter(first_shard, folder_paths.get_filename_list("diffusion_models"))]


def control_options() -> list[str]:
    """Branches beside a backbone: the bundled one, and files that may hold one."""
    files = [file for folder in PATCH_FOLDERS for file in folder_paths.get_filename_list(folder)]
    return list(dict.fromkeys([BUNDLED, *files]))


def lora_options() -> list[str]:
    return [NONE, *folder_paths.get_filename_list("loras")]


def load_spatia_model(
    backbone: str, control: str, lora: str, lora_strength: float, dtype: str
) -> tuple[ModelPatcher, Any, Any]:
    """(MODEL, CLIP, VAE); the latter two are blocked with a message unless the bundle was chosen."""
    # The control and LoRA are looked up first: a missing file is told before gigabytes are read.
    control_path, lora_path = find_control(control), find_lora(lora)
    require_fitting_headers(_backbone_by_header(backbone), control, control_path, lora, lora_path)
    if backbone == BUNDLED:
        options = {} if DTYPES[dtype] is None else {"dtype": DTYPES[dtype]}
        model = bundle.load_small_backbone(bundle.bundle_path(bundle.BACKBONE), options)
        clip, vae = bundle.small_clip(model), bundle.load_sized_vae(bundle.bundle_path(bundle.VAE))
    else:
        model = load_backbone(backbone, dtype)
        clip = ExecutionBlocker(
            f"{backbone} brings no text encoder: connect Load CLIP (type wan, umt5_xxl) instead of this `clip`."
        )
        vae = ExecutionBlocker(f"{backbone} brings no VAE: connect Load VAE (wan2.2_vae) instead of this `vae`.")
    return apply_files(model, control, control_path, lora, lora_path, lora_strength, dtype), clip, vae


def apply_files(
    model: ModelPatcher,
    control: str,
    control_path: str,
    lora: str,
    lora_path: str | None,
    lora_strength: float,
    dtype: str,
) -> ModelPatcher:
    """A clone of MODEL with the control branch of one file and the LoRA of another."""
    state_dict = None
    if lora_path is not None:
        try:
            state_dict = comfy.utils.load_torch_file(lora_path, safe_load=True)
        except Exception as error:  # the host raises whatever its readers do; none of it says which widget to change
            raise SpatiaError(f"LoRA {lora} cannot be read: {error}. Choose another file in `lora`.") from error
    return apply_spatia(model, control_path, control, DTYPES[dtype], state_dict, lora, lora_strength)


def require_fitting_headers(
    backbone: BackboneLayout | None, control: str, control_path: str, lora: str, lora_path: str | None
) -> None:
    """Raises SpatiaError when the headers of a control checkpoint and a LoRA say that they are foreign or of another backbone.

    backbone: None where no header tells its sizes. Files without such a header are judged when they are read.
    """
    if _has_header(control_path):
        found = control_layout(stored_shapes(read_header(control_path)), control)
        if backbone is not None:
            require_same_model(found, backbone.dim, backbone.ffn_dim, backbone.patch, control)
            with safe_open(control_path, framework="pt") as file:
                at = stated_positions(file.metadata() or {})
            control_positions(backbone.layers, found.blocks, at)
    if backbone is not None and lora_path is not None and _has_header(lora_path):
        require_lora_fits(read_header(lora_path), backbone_shapes(backbone), lora)


def _backbone_by_header(backbone: str) -> BackboneLayout | None:
    """Sizes of a backbone, named by its widget value, by its headers alone; None where it has none."""
    if backbone == BUNDLED:
        return backbone_layout(stored_shapes(read_header(bundle.bundle_path(bundle.BACKBONE))), backbone)
    paths = _backbone_files(backbone)
    return backbone_layout(sharded_shapes(paths), backbone) if _has_header(paths[0]) else None


def _has_header(path: str) -> bool:
    return path.lower().endswith((".safetensors", ".sft"))


def find_control(control: str) -> str:
    """Full path of a control checkpoint by its widget value."""
    if control == BUNDLED:
        return bundle.bundle_path(bundle.CONTROL)
    return find_patch(control, "Control checkpoint", "control")


def find_patch(file: str, what: str, widget: str) -> str:
    """Full path of a checkpoint of ours in the host's folders for such files."""
    for folder in PATCH_FOLDERS:
        path = folder_paths.get_full_path(folder, file)
        if path is not None:
            return path
    raise SpatiaError(
        f"{what} {file} is neither in models/model_patches nor in models/diffusion_models; put it there or change `{widget}`."
    )


def load_branch(branch_class: type[SideBranch], file: str, dtype: str) -> ModelPatcher:
    """A branch of the decoupled system as a ModelPatcher, by its widget value; BUNDLED is that of the small model."""
    kind = branch_class.kind
    path = bundle.bundle_path(kind.bundled) if file == BUNDLED else find_patch(file, kind.file, kind.widget)
    return load_side_branch(branch_class, path, file, DTYPES[dtype])


def find_lora(lora: str) -> str | None:
    """Full path of a LoRA by its widget value, None for none."""
    if lora == NONE:
        return None
    path = folder_paths.get_full_path("loras", lora)
    if path is None:
        raise SpatiaError(f"LoRA {lora} is not in models/loras; put it there or change `lora`.")
    return path


def load_backbone(backbone: str, dtype: str) -> ModelPatcher:
    """A diffusion-model file, or all shards of one, through the host's loader; refused unless it is Wan2.2-TI2V-5B's kind and complete."""
    _backbone_by_header(backbone)  # what does not fit is told before gigabytes are read
    paths = _backbone_files(backbone)
    options = {} if DTYPES[dtype] is None else {"dtype": DTYPES[dtype]}
    return read_backbone(paths, backbone, options)


def _backbone_files(backbone: str) -> list[str]:
    """All files of a backbone by its widget value."""
    path = folder_paths.get_full_path("diffusion_models", backbone)
    if path is None:
        raise SpatiaError(f"Backbone {backbone} is not in models/diffusion_models; put it there or change `backbone`.")
    return shard_files(path)


def read_backbone(paths: list[str], backbone: str, options: dict, disable_dynamic: bool = False) -> ModelPatcher:
    """The MODEL of one or more weights files; also how the host makes it again when it needs another copy."""
    state_dict: dict[str, torch.Tensor] = {}
    metadata: dict[str, str] = {}
    try:
        for path in paths:
            tensors, header = comfy.utils.load_torch_file(path, return_metadata=True)
            state_dict |= tensors
            metadata |= header or {}
    except Exception as error:  # the host raises whatever its readers do; none of it says which widget to change
        raise SpatiaError(f"Backbone {backbone} cannot be read: {error}. Choose another file in `backbone`.") from error
    backbone_layout({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, backbone)
    model = comfy.sd.load_diffusion_model_state_dict(
        state_dict, model_options=dict(options), metadata=metadata, disable_dynamic=disable_dynamic
    )
    if model is None:
        raise SpatiaError(
            f"Backbone {backbone}: the host recognises no model in it. Choose Wan2.2-TI2V-5B in `backbone`."
        )
    require_backbone(model, "", WAN22_TI2V_5B)
    model.cached_patcher_init = (read_backbone, (paths, backbone, options))
    return model
