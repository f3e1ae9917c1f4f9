"""Load Spatia Model and Apply Spatia: a backbone with the control branch beside it."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from .host import models

_CONTROL_TOOLTIP = "Spatia's control checkpoint (from models/model_patches or models/diffusion_models). It must belong to the backbone."
_LORA_TOOLTIP = "Spatia's LoRA (from models/loras). It is off in the first clip and on afterwards, unless the sampler says otherwise."
_LORA_STRENGTH_TOOLTIP = "How strongly the LoRA acts where it is on; the release uses 1."
_DTYPE_TOOLTIP = "Precision the weights are kept in. default: as the host decides for the backbone, and the same for the control branch."


def _weights_inputs() -> list:
    return [
        io.Combo.Input("control", options=models.control_options(), default=models.BUNDLED, tooltip=_CONTROL_TOOLTIP),
        io.Combo.Input("lora", options=models.lora_options(), default=models.NONE, tooltip=_LORA_TOOLTIP),
        io.Float.Input(
            "lora_strength", default=1.0, min=-4.0, max=4.0, step=0.01, tooltip=_LORA_STRENGTH_TOOLTIP, advanced=True
        ),
        io.Combo.Input("dtype", options=list(models.DTYPES), default="default", tooltip=_DTYPE_TOOLTIP, advanced=True),
    ]


class SpatiaLoadModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaLoadModel",
            display_name="Load Spatia Model",
            category="Spatia",
            description="A video backbone with Spatia's control branch. The bundled small model brings its own CLIP and VAE.",
            inputs=[
                io.Combo.Input(
                    "backbone",
                    options=models.backbone_options(),
                    default=models.BUNDLED,
                    tooltip="Wan2.2-TI2V-5B (from models/diffusion_models; of several files the first), or the small model that comes with this package.",
                ),
                *_weights_inputs(),
            ],
            outputs=[
                io.Model.Output(
                    display_name="model",
                    tooltip="The backbone; the host loads and offloads the control branch with it.",
                ),
                io.Clip.Output(
                    display_name="clip",
                    tooltip="Of the bundled small model only; for other backbones use Load CLIP (type wan).",
                ),
                io.Vae.Output(
                    display_name="vae", tooltip="Of the bundled small model only; for other backbones use Load VAE."
                ),
            ],
        )

    @classmethod
    def execute(cls, backbone: str, control: str, lora: str, lora_strength: float, dtype: str) -> io.NodeOutput:
        return io.NodeOutput(*models.load_spatia_model(backbone, control, lora, lora_strength, dtype))


class SpatiaApply(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaApply",
            display_name="Apply Spatia",
            category="Spatia",
            description="Attach Spatia's control branch and LoRA to a Wan2.2-TI2V-5B MODEL from any loader.",
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="A Wan2.2-TI2V-5B model: from Load Diffusion Model, a GGUF loader, after LoRA loaders, ...",
                ),
                *_weights_inputs(),
            ],
            outputs=[
                io.Model.Output(
                    display_name="model", tooltip="The model with the control branch, at the release's shift of 5."
                )
            ],
        )

    @classmethod
    def execute(cls, model: ModelPatcher, control: str, lora: str, lora_strength: float, dtype: str) -> io.NodeOutput:
        control_path, lora_path = models.find_control(control), models.find_lora(lora)
        return io.NodeOutput(models.apply_files(model, control, control_path, lora, lora_path, lora_strength, dtype))


NODES = [SpatiaLoadModel, SpatiaApply]
