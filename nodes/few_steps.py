"""Few Steps and Draft VAE: clips in seconds, with weights that were distilled for it and a decoder that is tiny."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io

from ..spatia_core.model.few_steps import FEW_STEPS, QUALITY
from .host.draft_vae import NORMALISED, RAW, draft_vae
from .host.few_steps import few_step_losses, solver_of, with_few_steps
from .host.notices import notice
from .host.reports import report_ui


class SpatiaFewSteps(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaFewSteps",
            display_name="Few Steps",
            category="Spatia",
            search_aliases=["turbo", "fastwan", "dmd", "lcm", "draft", "distilled", "lightning"],
            description="For few-step weights of Wan2.2-TI2V-5B: sampler, noise levels and guidance that they were distilled with, as one choice. Spatia Sampler and Spatia Video follow it.",
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="From Load Spatia Model, with the accelerator's LoRA on it (LoraLoaderModelOnly), or with its whole model as backbone.",
                ),
                io.Combo.Input(
                    "pace",
                    options=[*FEW_STEPS, QUALITY],
                    default=next(iter(FEW_STEPS)),
                    tooltip="- turbo: Wan2.2-TI2V-5B-Turbo, 4 steps, at the noise levels of its own inference (1, 0.75, 0.5, 0.25).\n"
                    "- turbo as trained: the same weights at the levels of their training (1, 0.9375, 0.833, 0.625).\n"
                    "- dmd: FastWan2.2-TI2V-5B, 3 steps (1, 0.757, 0.522).\n"
                    "- quality: as the model was made for.\n"
                    "The first three go from level to level by fresh noise, at CFG 1: the negative prompt is not read.",
                ),
            ],
            outputs=[
                io.Model.Output(
                    display_name="model", tooltip="For Spatia Sampler or Spatia Video, steps and cfg at 0."
                ),
                io.Sampler.Output(display_name="sampler", tooltip="The same for SamplerCustomAdvanced."),
                io.Sigmas.Output(display_name="sigmas", tooltip="The noise levels for SamplerCustomAdvanced."),
            ],
        )

    @classmethod
    def execute(cls, model: ModelPatcher, pace: str) -> io.NodeOutput:
        paced = with_few_steps(model, pace)
        notice(cls, *few_step_losses(model, pace))
        solver = solver_of(paced)
        return io.NodeOutput(paced, solver.sampler, solver.sigmas, ui=report_ui(""))


class SpatiaDraftVAE(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaDraftVAE",
            display_name="Draft VAE",
            category="Spatia",
            search_aliases=["taew2_2", "taehv", "tiny autoencoder", "fast decode", "preview"],
            description="Encodes with the model's own VAE and decodes with a tiny one: frames of a draft, and its previews, in a moment. World Video makes the final frames of the same clips with the whole VAE.",
            inputs=[
                io.Vae.Input("vae", tooltip="The VAE of Wan 2.2 (wan2.2_vae.safetensors): it encodes."),
                io.Vae.Input(
                    "decoder",
                    tooltip="A tiny decoder of Wan 2.2, from VAE Loader: taew2_2.safetensors in models/vae, or lighttaew2_2.safetensors in models/vae_approx.",
                ),
                io.Combo.Input(
                    "reads",
                    options=[NORMALISED, RAW],
                    default=NORMALISED,
                    tooltip="What the decoder was trained on. The wrong one shows washed-out or glaring colours.",
                ),
            ],
            outputs=[
                io.Vae.Output(
                    display_name="vae",
                    tooltip="For Spatia Sampler, Spatia Video and every other node that takes a VAE.",
                )
            ],
        )

    @classmethod
    def execute(cls, vae: VAE, decoder: VAE, reads: str) -> io.NodeOutput:
        return io.NodeOutput(draft_vae(vae, decoder, reads))


NODES = [SpatiaFewSteps, SpatiaDraftVAE]
