"""Load Decoupled Memory and Apply Decoupled Memory: each new frame remembers the one earlier frame it shares a view with."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.memory import SpatialMemory
from ..spatia_core.model.decoupled.retrieval import Rules
from .host import models, remember
from .host.decoupled import DecoupledBranch
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory
from .widgets import (
    branch_dtype_input,
    candidate_every_input,
    max_distance_input,
    min_score_input,
    percent_input,
    retrieval_input,
    scene_units_input,
    strength_input,
)


class SpatiaLoadDecoupledMemory(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaLoadDecoupledMemory",
            display_name="Load Decoupled Memory",
            category="Spatia",
            search_aliases=["memorize when needed", "memory branch", "memory control"],
            description="The memory branch of 'Memorize When Needed'. The bundled one belongs to the bundled small model.",
            inputs=[
                io.Combo.Input(
                    "memory",
                    options=models.control_options(),
                    default=models.BUNDLED,
                    tooltip="The branch's checkpoint: that of the bundled small model, or from models/model_patches or models/diffusion_models the "
                    "paper's history_controlnet (for Wan2.1-I2V-14B) or one made for Wan2.2-TI2V-5B in the same layout. It must belong to the model.",
                ),
                branch_dtype_input(),
            ],
            outputs=[
                io.ModelPatch.Output(
                    display_name="memory_model",
                    tooltip="For Apply Decoupled Memory; the host loads and offloads it with the model.",
                )
            ],
        )

    @classmethod
    def execute(cls, memory: str, dtype: str) -> io.NodeOutput:
        return io.NodeOutput(models.load_branch(DecoupledBranch, memory, dtype))


class SpatiaApplyDecoupledMemory(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaApplyDecoupledMemory",
            display_name="Apply Decoupled Memory",
            category="Spatia",
            search_aliases=["memorize when needed", "memory gate", "camera-aware gate"],
            description="For one clip: finds the earlier frame each new one shares its view with, and lets the memory branch steer those frames alone.",
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="Wan2.2-TI2V-5B, with or without Spatia's control branch, or Wan2.1-I2V-14B: whichever the branch was made for. Before the sampler.",
                ),
                io.ModelPatch.Input("memory_model", tooltip="From Load Decoupled Memory."),
                io.Vae.Input(
                    "vae", tooltip="The model's own VAE: that of Wan 2.2 (48 channels) or of Wan 2.1 (16 channels)."
                ),
                SpatiaMemory.Input(
                    "memory",
                    tooltip="The video so far and its cameras. An image alone has nothing to remember: the model stays as it is.",
                ),
                SpatiaCameras.Input(
                    "cameras",
                    tooltip="This clip's cameras, from Clip Window: starting with those of the last 9 frames, or of the last one.",
                ),
                retrieval_input(),
                strength_input("How strongly the memory steers the frames that remember; 0 turns it off."),
                scene_units_input(
                    "radius",
                    "Radius of that ball in scene units, and the length the branch counts as one. Paper: 1. About the distance of what is looked at.",
                ),
                max_distance_input(),
                min_score_input(),
                candidate_every_input(),
                percent_input(
                    "start_percent", 0.0, "Part of the sampling after which the memory starts. Paper: all steps."
                ),
                percent_input("end_percent", 1.0, "Part of the sampling after which the memory ends."),
            ],
            outputs=[
                io.Model.Output(
                    display_name="model",
                    tooltip="Conditioned on this clip's memory; unchanged when no frame remembers.",
                ),
                io.String.Output(display_name="report", tooltip="Frame by frame: what is remembered, or why nothing."),
                io.Image.Output(
                    display_name="strip",
                    tooltip="One cell per latent frame: the frame it remembers, or the reason it does not.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: ModelPatcher,
        memory_model: ModelPatcher,
        vae: VAE,
        memory: SpatialMemory,
        cameras: Cameras,
        retrieval: str,
        strength: float,
        radius: float,
        max_distance: float,
        min_score: float,
        candidate_every: int,
        start_percent: float,
        end_percent: float,
    ) -> io.NodeOutput:
        rules = Rules(min_score=min_score, max_distance=max_distance)
        conditioned, report, strip = remember.remember_clip(
            model,
            memory_model,
            vae,
            memory,
            cameras,
            retrieval,
            rules,
            radius,
            candidate_every,
            strength,
            start_percent,
            end_percent,
        )
        return io.NodeOutput(conditioned, report, strip, ui=report_ui(report))


NODES = [SpatiaLoadDecoupledMemory, SpatiaApplyDecoupledMemory]
