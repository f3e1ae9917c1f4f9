"""Load Decoupled Memory and Apply Decoupled Memory: each new frame remembers the one earlier frame it shares a view with."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.memory import SpatialMemory
from ..spatia_core.model.decoupled.retrieval import MODES, Rules
from .host import models, remember
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory

_RULES = Rules()


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
                io.Combo.Input(
                    "dtype",
                    options=list(models.DTYPES),
                    default="default",
                    advanced=True,
                    tooltip="Precision the weights are kept in. default: what the host would run a model of this size in.",
                ),
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
        return io.NodeOutput(remember.load_memory_model(memory, dtype))


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
                io.Combo.Input(
                    "retrieval",
                    options=list(MODES),
                    default=MODES[0],
                    tooltip="- frustum: which part of a ball around the new camera both cameras have in their picture; walls do not count.\n"
                    "- visibility: which points of the scene's cloud both see behind no other.\n"
                    "- release: the released code, its shortcuts included; for the paper's own weights.",
                ),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=10.0,
                    step=0.01,
                    tooltip="How strongly the memory steers the frames that remember; 0 turns it off.",
                ),
                io.Float.Input(
                    "radius",
                    default=1.0,
                    min=0.001,
                    max=10000.0,
                    step=0.01,
                    round=False,
                    tooltip="Radius of that ball in scene units, and the length the branch counts as one. Paper: 1. About the distance of what is looked at.",
                ),
                io.Float.Input(
                    "max_distance",
                    default=_RULES.max_distance,
                    min=0.0,
                    max=10000.0,
                    step=0.01,
                    round=False,
                    tooltip="In scene units: a camera farther away than this is not believed when the overlap is nearly total. Paper: 0.5.",
                ),
                io.Float.Input(
                    "min_score",
                    default=_RULES.min_score,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Least overlap (less a little for distance) of a frame worth remembering. Paper: 0.8.",
                ),
                io.Int.Input(
                    "candidate_every",
                    default=1,
                    min=1,
                    max=1000,
                    advanced=True,
                    tooltip="Every n-th earlier frame may be remembered. Paper: 1. Raise it for long videos.",
                ),
                io.Float.Input(
                    "start_percent",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    advanced=True,
                    tooltip="Part of the sampling after which the memory starts. Paper: all steps.",
                ),
                io.Float.Input(
                    "end_percent",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    advanced=True,
                    tooltip="Part of the sampling after which the memory ends.",
                ),
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
