"""Continue Video: an image-to-video model goes on from the last frames of a memory."""

from __future__ import annotations

from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.memory import SpatialMemory
from .host.image_to_video import image_conditioning, image_losses, require_image_clip, require_image_model
from .host.notices import notice
from .host.profiles import clip_misfits
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory


class SpatiaContinueVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaContinueVideo",
            display_name="Continue Video",
            category="Spatia",
            search_aliases=["image to video", "wan 14b", "uni3c", "start image"],
            description="Conditions Wan's image-to-video models of 14B on the video's last frames, for the host's samplers. "
            "Where the camera goes is another node's to say, such as Apply Wan Uni3C ControlNet with this scene's projection.",
            inputs=[
                io.Model.Input(
                    "model", tooltip="Wan2.1-I2V-14B, or an expert of Wan2.2-I2V-A14B; it is only looked at."
                ),
                io.Conditioning.Input("positive", tooltip="What the clip shows."),
                io.Conditioning.Input("negative", tooltip="What it should not show."),
                io.Vae.Input("vae", tooltip="The VAE of Wan 2.1 (wan_2.1_vae.safetensors)."),
                SpatiaMemory.Input("memory", tooltip="The video so far; its last frames begin the clip."),
                SpatiaCameras.Input(
                    "cameras",
                    tooltip="This clip's cameras from Clip Window: its length, and how many frames it repeats (history_frames, 1 or 5).",
                ),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="From Load CLIP Vision (clip_vision_h), for Wan2.1; Wan2.2 has no place for it.",
                ),
            ],
            outputs=[
                io.Conditioning.Output(display_name="positive", tooltip="With the given frames and what CLIP sees."),
                io.Conditioning.Output(display_name="negative", tooltip="The same, for what it should not show."),
                io.Latent.Output(display_name="latent", tooltip="An empty latent of the clip's size."),
                io.String.Output(display_name="report", tooltip="From which frame the clip goes on."),
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
        clip_vision: ClipVisionModel | None = None,
    ) -> io.NodeOutput:
        backbone = require_image_model(model, "On Wan2.2-TI2V-5B use Spatia Sampler.")
        given = require_image_clip(backbone, vae, memory, cameras)
        notice(cls, *image_losses(model, clip_vision), *clip_misfits(model, memory, cameras))
        conditioned = image_conditioning(positive, negative, vae, memory, cameras.count, given, clip_vision)
        first = memory.frame_count - given
        report = f"{cameras.count} frames from frame {first} on, the first {given} as they are."
        return io.NodeOutput(*conditioned, report, ui=report_ui(report))


NODES = [SpatiaContinueVideo]
