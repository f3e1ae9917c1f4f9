"""Fit Image and Clip Prompts: what goes in before the first clip, and what each clip is told."""

from __future__ import annotations

import comfy.model_management
import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.model.sizes import OFFICIAL, SIZE_STEP, Fit, fit, fitted_cameras, nearest_size, stretch
from ..spatia_core.profile import RELEASE
from ..spatia_core.prompts import OFFICIAL_SUFFIX, clip_prompt
from .host.free_memory import require_memory
from .host.profiles import model_profile
from .host.reports import report_ui
from .sockets import SpatiaCameras

# Of an image scaled to cover its size, before it is cropped: a strip of one pixel by thousands would fill the memory.
_MOST_SCALED = 1 << 25
_NEAREST = f"nearest multiple of {SIZE_STEP}"
_CUSTOM = "width and height below"
_AUTO = "auto"
_CROP, _STRETCH = "crop", "stretch"
_NAMED = {
    **{f"{width}x{height}": (width, height) for width, height in OFFICIAL},
    "192x128 (bundled small model)": (192, 128),
}


class SpatiaFitImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaFitImage",
            display_name="Fit Image",
            category="Spatia",
            description="An image at a size the network takes: scaled to cover it and cropped in the middle, and told so; cameras made for the whole image with it.",
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch; all are treated alike."),
                io.Combo.Input(
                    "size",
                    options=[_AUTO, *_NAMED, _NEAREST, _CUSTOM],
                    default=_AUTO,
                    tooltip="auto: what the connected model was made for, the release's 1248x704 without one. Or the release's size, a smaller one, or the image's own, rounded. An upright image takes the official sizes upright.",
                ),
                io.Int.Input(
                    "width",
                    default=1248,
                    min=32,
                    max=4096,
                    step=32,
                    advanced=True,
                    tooltip=f"Used when `size` is '{_CUSTOM}'; a multiple of {SIZE_STEP}.",
                ),
                io.Int.Input(
                    "height",
                    default=704,
                    min=32,
                    max=4096,
                    step=32,
                    advanced=True,
                    tooltip=f"Used when `size` is '{_CUSTOM}'; a multiple of {SIZE_STEP}.",
                ),
                io.Model.Input("model", optional=True, tooltip="The model that is to film it, for a size of auto."),
                SpatiaCameras.Input(
                    "cameras",
                    optional=True,
                    tooltip="Cameras whose field of view is that of `image` as it comes in, such as a pose file's from Import Cameras. They come out with the field of view that is left.",
                ),
                io.Combo.Input(
                    "fitting",
                    options=[_CROP, _STRETCH],
                    default=_CROP,
                    optional=True,
                    advanced=True,
                    tooltip="- crop: scaled to cover the size, and cropped in the middle; the cameras see what is left.\n"
                    "- stretch: squeezed or widened to the size, nothing cropped, as the published code of 'Memorize When Needed' does. "
                    "As there, the cameras still come out as after a crop; take it to repeat that code's videos.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="For Estimate Scene and depth nodes."),
                io.Int.Output(display_name="width"),
                io.Int.Output(display_name="height"),
                io.String.Output(display_name="report", tooltip="What was scaled and cropped."),
                SpatiaCameras.Output(
                    display_name="cameras", tooltip="The cameras given, for the image that comes out."
                ),
            ],
        )

    @classmethod
    def validate_inputs(
        cls, size: str | None = None, width: int | None = None, height: int | None = None
    ) -> bool | str:
        if size == _CUSTOM and isinstance(width, int) and isinstance(height, int):
            try:
                fit(width, height, width, height)
            except SpatiaError as error:
                return str(error)
        return True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        size: str,
        width: int,
        height: int,
        model: ModelPatcher | None = None,
        cameras: Cameras | None = None,
        fitting: str = _CROP,
    ) -> io.NodeOutput:
        given_height, given_width = image.shape[1:3]
        if size == _NEAREST:
            target = nearest_size(given_width, given_height)
        elif size == _CUSTOM:
            target = width, height
        else:
            target = _NAMED[size] if size in _NAMED else (RELEASE if model is None else model_profile(model)).sizes[0]
            if given_height > given_width and target in OFFICIAL:
                target = target[::-1]
        plan = (stretch if fitting == _STRETCH else fit)(given_width, given_height, *target)
        if plan.scaled_width * plan.scaled_height > max(_MOST_SCALED, given_width * given_height):
            raise SpatiaError(
                f"An image of {given_width}x{given_height} would have to be scaled to "
                f"{plan.scaled_width}x{plan.scaled_height} "
                f"to cover {plan.width}x{plan.height}; crop `image` to about that shape first."
            )
        # The result in float32.
        require_memory(
            image.shape[0] * plan.height * plan.width * image.shape[3] * 4,
            f"{image.shape[0]} images of {plan.width}x{plan.height}",
            "connect fewer of them to `image`, or decrease its size",
        )  # fmt: skip
        report = plan.report(given_width, given_height)
        if cameras is None:
            path = ExecutionBlocker("Fit Image gives out cameras only when it was given some; connect `cameras`.")
        else:
            path = fitted_cameras(cameras, given_width, given_height, plan)
            report += f"; {_lens(cameras)} became {_lens(path)}"
        fitted = _resized(image, plan)
        return io.NodeOutput(fitted, plan.width, plan.height, report, path, ui=report_ui(report))


def _lens(cameras: Cameras) -> str:
    fx, fy = cameras.intrinsics[0, :2].tolist()
    return f"fx {fx:.4g}, fy {fy:.4g}"


def _resized(image: torch.Tensor, plan: Fit) -> torch.Tensor:
    left, top = plan.corner
    rows, columns = slice(top, top + plan.height), slice(left, left + plan.width)
    if tuple(image.shape[1:3]) == (plan.scaled_height, plan.scaled_width):
        return image[:, rows, columns].contiguous()
    fitted = torch.empty(image.shape[0], plan.height, plan.width, image.shape[3])
    # One by one: only one scaled image is held at a time, and the host may interrupt in between.
    for given, place in zip(image, fitted):
        comfy.model_management.throw_exception_if_processing_interrupted()
        # HWC to BCHW and back: the host's edge.
        channels_first = torch.nn.functional.interpolate(
            given.float().movedim(-1, 0)[None], (plan.scaled_height, plan.scaled_width),
            mode="bilinear" if plan.stretched else "bicubic", align_corners=False, antialias=True,
        )  # fmt: skip
        place.copy_(channels_first[0].movedim(0, -1)[rows, columns]).clamp_(0, 1)
    return fitted


class SpatiaClipPrompts(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaClipPrompts",
            display_name="Clip Prompts",
            category="Spatia",
            description="The prompt of one clip out of a list with one line per clip; the last line is repeated.",
            inputs=[
                io.String.Input(
                    "prompts",
                    multiline=True,
                    default="",
                    tooltip="One line per clip, empty lines skipped. Later clips repeat the last line.",
                ),
                io.Int.Input("clip", default=1, min=1, max=10000, tooltip="Which clip, counted from 1."),
                io.Boolean.Input(
                    "official_suffix", default=True, tooltip=f"Append '{OFFICIAL_SUFFIX}' as the release does."
                ),
            ],
            outputs=[io.String.Output(display_name="prompt", tooltip="For CLIP Text Encode.")],
        )

    @classmethod
    def execute(cls, prompts: str, clip: int, official_suffix: bool) -> io.NodeOutput:
        return io.NodeOutput(clip_prompt(prompts, clip, official_suffix))


NODES = [SpatiaFitImage, SpatiaClipPrompts]
