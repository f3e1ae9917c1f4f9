"""Spatia Sampler and its parts: conditioning, solver and schedule, each usable with the host's own samplers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.memory import SpatialMemory
from ..spatia_core.model.flow_unipc import SHIFT, flow_schedule
from .host import conditioning, sampling
from .host.few_steps import solver_of
from .host.notices import notice
from .host.profiles import AUTO, clip_misfits
from .host.reports import report_ui
from .host.video import decode_frames, require_memory_for_frames
from .sockets import SpatiaCameras, SpatiaMemory
from .widgets import percent_input, strength_input


def _clip_inputs() -> list:
    return [
        io.Vae.Input("vae", tooltip="The Wan 2.2 video VAE (48 channels), or that of the bundled small model."),
        SpatiaMemory.Input(
            "memory",
            tooltip="The video so far: the given image alone makes the first clip, otherwise the last frames continue, as many as the window says.",
        ),
        SpatiaCameras.Input(
            "cameras", tooltip="One camera per frame of this clip, history included (from Clip Window); 4n + 1 of them."
        ),
    ]


def _control_inputs() -> list:
    return [
        io.Image.Input(
            "projection",
            optional=True,
            tooltip="The scene cloud seen from the cameras, from Render Camera Path. None: mid grey, and the node "
            "says so.",
        ),
        io.Mask.Input(
            "holes",
            optional=True,
            tooltip="1 where the projection shows no point, from Render Camera Path. None: no point anywhere, and the "
            "node says so.",
        ),
        io.Image.Input(
            "references",
            optional=True,
            tooltip="Earlier frames that see the same places, from Retrieve References; may be empty.",
        ),
    ]


def lora_input() -> io.Input:
    """When the model's Spatia LoRA acts."""
    return io.Combo.Input(
        "lora",
        options=list(conditioning.LORA_MODES),
        default=conditioning.LORA_MODES[0],
        advanced=True,
        tooltip="When the loaded model's Spatia LoRA is on. The release uses it after the first clip.",
    )


def _strength_inputs() -> list:
    return [
        strength_input("How strongly the projection steers the video; 0 turns the control branch off."),
        percent_input("start_percent", 0.0, "Part of the sampling after which the control starts."),
        percent_input("end_percent", 1.0, "Part of the sampling after which the control ends."),
        lora_input(),
    ]


def solver_inputs() -> list[io.Input]:
    """Seed, steps and guidance, as the release has them."""
    return [
        io.Int.Input(
            "seed",
            default=0,
            min=0,
            max=0xFFFFFFFFFFFFFFFF,
            control_after_generate=io.ControlAfterGenerate.fixed,
            tooltip="Seed of the noise; the release uses one seed for all clips.",
        ),
        io.Int.Input(
            "steps",
            default=AUTO,
            min=AUTO,
            max=1000,
            tooltip="Solver steps. 0: as the model was made for; release: 40, bundled small model: 2.",
        ),
        io.Float.Input(
            "cfg",
            default=AUTO,
            min=AUTO,
            max=100.0,
            step=0.1,
            round=0.01,
            tooltip="Guidance. 0: as the model was made for; release: 3.5, bundled small model: 1. 1 skips the negative prompt and halves the time.",
        ),
    ]


class SpatiaSampler(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaSampler",
            display_name="Spatia Sampler",
            category="Spatia",
            description="Generate one clip along the cameras, from the memory's image or its last frames.",
            inputs=[
                io.Model.Input("model", tooltip="From Load Spatia Model or Apply Spatia."),
                io.Conditioning.Input(
                    "positive", tooltip="What the clip shows. The release appends ' 4K, realistic, high quality, HDR.'"
                ),
                io.Conditioning.Input("negative", tooltip="What it should not show."),
                *_clip_inputs(),
                *solver_inputs(),
                *_strength_inputs(),
                *_control_inputs(),
            ],
            outputs=[
                io.Image.Output(
                    display_name="frames", tooltip="All frames of the clip, history included: what Update Memory takes."
                ),
                io.Latent.Output(
                    display_name="latent", tooltip="The clip's latents, history included: what Join Clips takes."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: ModelPatcher,
        positive: list,
        negative: list,
        vae: VAE,
        memory: SpatialMemory,
        cameras: Cameras,
        seed: int,
        steps: int,
        cfg: float,
        **control: Any,
    ) -> io.NodeOutput:
        frames, latent = make_clip(
            model, positive, negative, vae, memory, cameras, seed, steps, cfg,
            conditioning.ControlInputs(**control), tell=functools.partial(notice, cls),
        )  # fmt: skip
        return io.NodeOutput(frames, latent, ui=report_ui(""))


def make_clip(
    model: ModelPatcher,
    positive: list,
    negative: list,
    vae: VAE,
    memory: SpatialMemory,
    cameras: Cameras,
    seed: int,
    steps: int,
    cfg: float,
    control: conditioning.ControlInputs,
    *,
    tell: Callable[..., None],
) -> tuple[torch.Tensor, dict]:
    """Frames IMAGE (N, H, W, 3) and LATENT of one clip along `cameras`, history included.

    steps, cfg: AUTO for those that the model was made for. tell: is given, before the sampling, what steers the clip less
    than its inputs suggest and what the model was not made for, one text each.
    """
    solver = solver_of(model, steps, cfg)
    conditioned, latent = conditioning.condition_clip(model, vae, memory, cameras, control)
    # Before the sampling, which may take an hour.
    require_memory_for_frames(cameras.count, memory.height, memory.width, "make the clip shorter, or the image smaller")
    tell(
        *clip_misfits(model, memory, cameras),
        *conditioning.control_losses(model, control, solver.sigmas),
    )
    samples = sampling.sample_clip(conditioned, positive, negative, latent, *solver, seed, vae)
    return decode_frames(vae, samples), {**latent, "samples": samples}


class SpatiaConditioning(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaConditioning",
            display_name="Spatia Conditioning",
            category="Spatia",
            description="The sampler's first half: a MODEL conditioned on one clip and its LATENT, for the host's own samplers.",
            inputs=[
                io.Model.Input(
                    "model", tooltip="From Load Spatia Model or Apply Spatia; not from another Spatia Conditioning."
                ),
                *_clip_inputs(),
                *_strength_inputs(),
                *_control_inputs(),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="Conditioned on this clip; for a guider."),
                io.Latent.Output(
                    display_name="latent",
                    tooltip="The clip's start: image or history, with a noise mask that keeps them.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: ModelPatcher,
        vae: VAE,
        memory: SpatialMemory,
        cameras: Cameras,
        **control: Any,
    ) -> io.NodeOutput:
        given = conditioning.ControlInputs(**control)
        conditioned, latent = conditioning.condition_clip(model, vae, memory, cameras, given)
        notice(cls, *clip_misfits(model, memory, cameras), *conditioning.control_losses(model, given))
        return io.NodeOutput(conditioned, latent, ui=report_ui(""))


class SpatiaUniPC(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaUniPC",
            display_name="Spatia UniPC",
            category="Spatia",
            description="The release's solver (FlowUniPC, order 2) as a SAMPLER. The host's uni_pc is another solver.",
            inputs=[],
            outputs=[
                io.Sampler.Output(
                    display_name="sampler", tooltip="For SamplerCustomAdvanced, with the sigmas of Spatia Schedule."
                )
            ],
        )

    @classmethod
    def execute(cls) -> io.NodeOutput:
        return io.NodeOutput(sampling.unipc_sampler())


class SpatiaSchedule(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaSchedule",
            display_name="Spatia Schedule",
            category="Spatia",
            description="The release's noise levels as SIGMAS.",
            inputs=[
                io.Int.Input("steps", default=40, min=1, max=1000, tooltip="Solver steps; the release uses 40."),
                io.Float.Input(
                    "shift",
                    default=SHIFT,
                    min=0.01,
                    max=100.0,
                    step=0.01,
                    advanced=True,
                    tooltip="More shift spends more steps at high noise; the release uses 5.",
                ),
            ],
            outputs=[io.Sigmas.Output(display_name="sigmas", tooltip="steps + 1 noise levels, decreasing to 0.")],
        )

    @classmethod
    def execute(cls, steps: int, shift: float) -> io.NodeOutput:
        return io.NodeOutput(flow_schedule(steps, shift))


NODES = [SpatiaSampler, SpatiaConditioning, SpatiaUniPC, SpatiaSchedule]
