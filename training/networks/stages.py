"""The network of a stage: what is trained, what is frozen, and the file that comes out."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import replacing
from ...spatia_core.model.decoupled.layout import camera_layout, decoupled_layout
from ...spatia_core.weights.layouts import control_layout
from ...spatia_core.weights.lora import lora_for_host
from ..recipe import CAMERA, CONTROL, LORA, MEMORY, StageSettings, generator_of
from .beside import Beside, Network
from .host_modules import BackboneNetwork, ControlBranch
from .lora import add_lora_layers, released_names

# What each stage leaves.
FILES = {
    CONTROL: "spatia_control.safetensors",
    LORA: "spatia_lora.safetensors",
    CAMERA: "spatia_camera.safetensors",
    MEMORY: "spatia_memory.safetensors",
}
# The part of the network that is trained.
_PART = {CONTROL: "control", LORA: "backbone", CAMERA: "camera", MEMORY: "memory"}
_LAYOUTS: dict[str, Callable[[dict[str, tuple[int, ...]], str], object]] = {
    CONTROL: control_layout,
    CAMERA: camera_layout,
    MEMORY: decoupled_layout,
}


def copy_control(backbone: BackboneNetwork, control: ControlBranch) -> None:
    """Start of stage 1 (paper, section 4): each control block copied from its main block, without effect at first.

    The projections in and out start at zero; so do the patches of the hole video, those of the projection are the backbone's.
    """
    with torch.no_grad():
        for position, block in zip(control.positions, control.vace_blocks, strict=True):
            missing, _ = block.load_state_dict(backbone.blocks[position].state_dict(), strict=False)
            if {name.partition(".")[0] for name in missing} - {"before_proj", "after_proj"}:
                raise SpatiaError(
                    f"Main block {position} lacks {', '.join(missing)} of its control block; the backbone is no Wan model."
                )
            for name in missing:
                block.get_parameter(name).zero_()
        embedding = control.vace_patch_embedding
        embedding.weight.zero_()
        embedding.weight[:, : backbone.in_dim].copy_(backbone.patch_embedding.weight)
        embedding.bias.copy_(backbone.patch_embedding.bias)


def prepare_stage(
    backbone: BackboneNetwork,
    control: ControlBranch | None,
    settings: StageSettings,
    camera: Beside | None = None,
    memory: Beside | None = None,
) -> Network:
    """The stage's network: trained parameters in float32, frozen ones in the stage's precision.

    Changes the modules in place: the stage lora puts LoRA layers into the backbone.
    """
    network = Network(backbone, control, settings.dtype, settings.checkpoint, camera=camera, memory=memory)
    network.requires_grad_(False)
    for module in network.children():
        _to(module, settings.dtype)
    if settings.stage == LORA:
        add_lora_layers(backbone, settings.rank, generator_of("lora", settings.seed))
    else:
        network.get_submodule(_PART[settings.stage]).float().requires_grad_(True)
    return network


def _to(module: nn.Module, dtype: torch.dtype) -> None:
    module.to(dtype)
    # Patches and rays stay float32 in the host's classes, whatever the blocks are kept in.
    for name, child in module.named_children():
        if "patch_embedding" in name or name.startswith("controlnet_encode_"):
            child.float()


def exported(trained: dict[str, Tensor], stage: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """Trained tensors of a `Network` under the released names, checked by the rules that loading goes by."""
    part = f"{_PART[stage]}."
    tensors = {name.removeprefix(part): tensor for name, tensor in trained.items() if name.startswith(part)}
    if stage == LORA:
        tensors = released_names(tensors)
        lora_for_host(tensors, FILES[stage])
    else:
        _LAYOUTS[stage]({name: tuple(tensor.shape) for name, tensor in tensors.items()}, FILES[stage])
    return {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in tensors.items()}


def export(
    trained: dict[str, Tensor], stage: str, path: str | os.PathLike, dtype: torch.dtype, notes: dict[str, str]
) -> None:
    """Write a stage's weights in the released layout. Replaces the file at once or not at all."""
    with replacing(path) as part:
        save_file(exported(trained, stage, dtype), part, metadata=notes)
