"""The network of a stage: what is trained, what is frozen, and the file that comes out."""

from __future__ import annotations

import os

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import SpatiaError
from ..files import replacing
from ..precision import working_dtype
from ..weights.layouts import control_layout
from ..weights.lora import lora_for_host
from .host_modules import Backbone, ControlBranch
from .lora import add_lora_layers, released_names
from .objective import velocity
from .recipe import CONTROL, StageSettings, generator_of

CONTROL_FILE, LORA_FILE = "spatia_control.safetensors", "spatia_lora.safetensors"


class Network(nn.Module):
    """Backbone and control branch as one module, so that what wraps it for several processes sees the whole forward pass.

    backbone, control: the host's WanModel and the control branch beside it.
    """

    def __init__(self, backbone: Backbone, control: ControlBranch, dtype: torch.dtype, checkpoint: bool):
        super().__init__()
        self.backbone, self.control = backbone, control
        self.dtype, self.checkpoint = dtype, checkpoint

    def compute_on(self, device: torch.device) -> None:
        """Compute in float32 where the device only emulates bfloat16.

        What the stage keeps in bfloat16 is rounded to it all the same.
        """
        if self.dtype == torch.bfloat16 and working_dtype(device) == torch.float32:
            self.float()
            self.dtype = torch.float32

    def forward(self, video: Tensor, timesteps: Tensor, context: Tensor, control: Tensor, references: Tensor) -> Tensor:
        """Predicted velocity (B, 48, T, h, w) float32. Arguments as those of `velocity`, of any floating dtype."""
        with torch.autocast(video.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            checkpoint = self.checkpoint and torch.is_grad_enabled()
            return velocity(
                self.backbone,
                self.control,
                video,
                timesteps,
                context.to(self.dtype),
                control,
                references,
                checkpoint=checkpoint,
            ).float()


def copy_control(backbone: Backbone, control: ControlBranch) -> None:
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


def prepare_stage(backbone: Backbone, control: ControlBranch, settings: StageSettings) -> Network:
    """The stage's network: trained parameters in float32, frozen ones in the stage's precision.

    Changes both modules in place: stage 2 puts LoRA layers into the backbone.
    """
    for module in (backbone, control):
        module.requires_grad_(False)
        _to(module, settings.dtype)
    if settings.stage == CONTROL:
        control.float().requires_grad_(True)
    else:
        add_lora_layers(backbone, settings.rank, generator_of("lora", settings.seed))
    return Network(backbone, control, settings.dtype, settings.checkpoint)


def _to(module: nn.Module, dtype: torch.dtype) -> None:
    module.to(dtype)
    # Patches stay float32 in the host's classes, whatever the blocks are kept in.
    for name in ("patch_embedding", "vace_patch_embedding"):
        if hasattr(module, name):
            getattr(module, name).float()


def exported(trained: dict[str, Tensor], stage: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """Trained tensors of a `Network` under the released names, checked by the rules that loading goes by."""
    part = "control." if stage == CONTROL else "backbone."
    tensors = {name.removeprefix(part): tensor for name, tensor in trained.items() if name.startswith(part)}
    if stage == CONTROL:
        control_layout({name: tuple(tensor.shape) for name, tensor in tensors.items()}, CONTROL_FILE)
    else:
        tensors = released_names(tensors)
        lora_for_host(tensors, LORA_FILE)
    return {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in tensors.items()}


def export(
    trained: dict[str, Tensor], stage: str, path: str | os.PathLike, dtype: torch.dtype, notes: dict[str, str]
) -> None:
    """Write a released layout: the control checkpoint of stage 1, the LoRA of stage 2. Replaces the file at once or not at all."""
    with replacing(path) as part:
        save_file(exported(trained, stage, dtype), part, metadata=notes)
