"""Decoupled Clip and bf16 Noise: one window of "Memorize When Needed" for the host's own samplers."""

from __future__ import annotations

from typing import Any

from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ..spatia_core.cameras import Cameras
from ..spatia_core.memory import SpatialMemory
from .host.camera_branch import END_PERCENT
from .host.decoupled_clip import ReleasedNoise, WindowSettings, condition_window
from .host.notices import notice
from .host.profiles import clip_misfits
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory
from .widgets import (
    candidate_every_input,
    max_distance_input,
    min_score_input,
    percent_input,
    retrieval_input,
    scene_units_input,
    strength_input,
)


class SpatiaDecoupledClip(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaDecoupledClip",
            display_name="Decoupled Clip",
            category="Spatia",
            search_aliases=["memorize when needed", "image to video", "camera control", "memory"],
            description="One clip of 'Memorize When Needed' on Wan2.1-I2V-14B: from the video's last frame, along the cameras, remembering what it has seen. "
            "What comes out goes into the host's own sampler: euler, normal, 40 steps, CFG 6.5.",
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="Wan2.1-I2V-14B, from Load Diffusion Model or a GGUF loader; LoRAs go before this node.",
                ),
                io.Conditioning.Input("positive", tooltip="What the clip shows."),
                io.Conditioning.Input("negative", tooltip="What it should not show."),
                io.Vae.Input("vae", tooltip="The VAE of Wan 2.1 (wan_2.1_vae.safetensors)."),
                SpatiaMemory.Input(
                    "memory",
                    tooltip="The video so far and its cameras; it needs no cloud: Estimate Scene and Update Memory with depth_source none.",
                ),
                SpatiaCameras.Input(
                    "cameras",
                    tooltip="This clip's cameras from Clip Window: 49 frames, of which a later clip's first repeats the video's last.",
                ),
                retrieval_input(),
                strength_input("How strongly the cameras steer; 0 turns the camera branch off.", "camera_strength"),
                strength_input(
                    "How strongly the memory steers the frames that remember; 0 turns it off.", "memory_strength"
                ),
                scene_units_input(
                    "radius",
                    "Scene units that both branches count as one, and the radius of the ball that retrieval looks at. Paper: 1. About the distance of what is looked at.",
                ),
                io.Boolean.Input(
                    "release",
                    default=False,
                    tooltip="Everything as the published code does it, its slips included: retrieval release, a later clip's intrinsics a row late, remembered pictures out of a compressed video. "
                    "With bf16 Noise and Fit Image's stretch it draws what that code draws.",
                ),
                io.Float.Input(
                    "shift",
                    default=5.0,
                    min=0.01,
                    max=100.0,
                    step=0.01,
                    advanced=True,
                    tooltip="Shift of the noise schedule. Paper: 5; the host's default for this model is 8.",
                ),
                percent_input(
                    "camera_end_percent",
                    END_PERCENT,
                    "Part of the sampling after which the camera branch ends. Paper: 0.4, the first 16 of 40 steps.",
                ),
                max_distance_input(advanced=True),
                min_score_input(advanced=True),
                candidate_every_input(),
                io.ModelPatch.Input(
                    "camera_model",
                    optional=True,
                    tooltip="From Load Camera Branch. Without it nothing but the memory steers the clip.",
                ),
                io.ModelPatch.Input(
                    "memory_model",
                    optional=True,
                    tooltip="From Load Decoupled Memory. Without it nothing is remembered.",
                ),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="From Load CLIP Vision (clip_vision_h). It is shown the first frame in the pixels that Wan's own code shows it.",
                ),
                SpatiaCameras.Input(
                    "path",
                    optional=True,
                    tooltip="The whole path, for `release` where its zoom changes: there a clip reads one camera's intrinsics beyond its last.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="Conditioned on this clip, at the shift that was set."),
                io.Conditioning.Output(
                    display_name="positive", tooltip="With the first frame and what CLIP sees in it."
                ),
                io.Conditioning.Output(display_name="negative", tooltip="The same, for what it should not show."),
                io.Latent.Output(display_name="latent", tooltip="An empty latent of the clip's size."),
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
        positive: list,
        negative: list,
        vae: VAE,
        memory: SpatialMemory,
        cameras: Cameras,
        camera_model: ModelPatcher | None = None,
        memory_model: ModelPatcher | None = None,
        clip_vision: ClipVisionModel | None = None,
        path: Cameras | None = None,
        **settings: Any,
    ) -> io.NodeOutput:
        clip = condition_window(
            model,
            positive,
            negative,
            vae,
            memory,
            cameras,
            camera_model,
            memory_model,
            clip_vision,
            settings=WindowSettings(**settings),
            path=path,
        )
        notice(cls, *clip.warnings, *clip_misfits(model, memory, cameras))
        strip = clip.strip
        if strip is None:
            strip = ExecutionBlocker("Nothing is remembered without `memory_model`, so there is no strip to look at.")
        return io.NodeOutput(
            clip.model, clip.positive, clip.negative, clip.latent, clip.report, strip, ui=report_ui(clip.report)
        )


class SpatiaReleasedNoise(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaReleasedNoise",
            display_name="bf16 Noise",
            category="Spatia",
            search_aliases=["random noise", "memorize when needed"],
            description="Noise drawn in bfloat16, as the published code of 'Memorize When Needed' draws it; another stream than Random Noise's.",
            inputs=[
                io.Int.Input(
                    "noise_seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    control_after_generate=io.ControlAfterGenerate.fixed,
                    tooltip="The published code takes the same seed for every clip.",
                )
            ],
            outputs=[io.Noise.Output(display_name="noise", tooltip="For SamplerCustomAdvanced.")],
        )

    @classmethod
    def execute(cls, noise_seed: int) -> io.NodeOutput:
        return io.NodeOutput(ReleasedNoise(noise_seed))


NODES = [SpatiaDecoupledClip, SpatiaReleasedNoise]
