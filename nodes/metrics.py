"""Closed-Loop Metrics: how well the last frame repeats the first."""

from __future__ import annotations

from comfy_api.latest import io, ui

from ..spatia_core.errors import SpatiaError
from ..spatia_core.metrics import closed_loop
from .host.images import frames_from_image


class SpatiaClosedLoopMetrics(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SpatiaClosedLoopMetrics",
            display_name="Closed-Loop Metrics",
            category="Spatia",
            search_aliases=["psnr", "ssim", "evaluate", "metrics"],
            description="PSNR and SSIM of a video's last frame against its first: how well the scene is remembered when the camera comes back.",
            is_output_node=True,
            inputs=[io.Image.Input("frames", tooltip="A video whose camera ends where it began, padding cut; at least 2 frames.")],
            outputs=[
                io.Float.Output(display_name="psnr", tooltip="Decibels, higher is better; infinite when both frames are equal."),
                io.Float.Output(display_name="ssim", tooltip="Structural similarity, 1 when both frames are equal."),
                io.String.Output(display_name="report", tooltip="Both figures as text."),
            ],
        )

    @classmethod
    def execute(cls, frames) -> io.NodeOutput:
        if frames.ndim != 4 or frames.shape[0] < 2:
            raise SpatiaError(f"frames is {tuple(frames.shape)}, expected a video of at least 2 frames; connect the whole video to frames.")
        # As 8-bit pictures, which is how a video is kept and compared.
        ends = frames_from_image(frames[[0, -1]], "frames").float() / 255
        result = closed_loop(ends)
        report = f"last of {frames.shape[0]} frames against the first: PSNR {result.psnr:.2f} dB, SSIM {result.ssim:.4f}"
        return io.NodeOutput(result.psnr, result.ssim, report, ui=ui.PreviewText(report))


NODES = [SpatiaClosedLoopMetrics]
