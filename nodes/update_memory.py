"""Update Memory: a finished clip enters the spatial memory. Revert Clip takes it back, Take Cloud brings another's cloud."""

from __future__ import annotations

import logging
from typing import Any

import comfy.utils
import torch
from comfy_api.latest import io
from torch import Tensor

from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.estimate import moving_pixels
from ..spatia_core.memory import (
    KEYFRAME_STRIDE,
    SpatialMemory,
    check_clip,
    new_keyframes,
    revert_clip,
    update,
    with_cloud_of,
)
from .host.depth_sources import (
    DepthInputs,
    DepthReader,
    depth_reader,
    depth_sockets,
    depth_widgets,
    mask_inputs,
    source_problem,
)
from .host.images import frames_from_image, mask_values, point_cloud_file
from .host.notices import notice, slow_kernels
from .host.reports import report_ui
from .sockets import PointCloudFile, SpatiaCameras, SpatiaMemory


def keyframe_input(advanced: bool | None = None) -> io.Input:
    """Which new frames add points."""
    return io.Int.Input(
        "keyframe_every",
        default=KEYFRAME_STRIDE,
        min=1,
        max=1000,
        advanced=advanced,
        tooltip="Every n-th new frame, the last one included, adds points to the cloud.",
    )


class SpatiaUpdateMemory(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaUpdateMemory",
            display_name="Update Memory",
            category="Spatia",
            search_aliases=["spatial memory", "point cloud update", "add frames"],
            description="Appends a clip's new frames to the memory and adds what they newly show to the cloud, at the cloud's own scale.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="The memory the clip was made from."),
                io.Image.Input("frames", tooltip="All frames of the clip, its history included: the sampler's frames."),
                SpatiaCameras.Input("cameras", tooltip="The clip's cameras, one per frame: Clip Window's cameras."),
                io.Int.Input(
                    "padding",
                    default=0,
                    min=0,
                    max=10000,
                    tooltip="Frames at the clip's end that only fill it up, and stay out of the memory: connect Clip Window's padding.",
                ),
                *depth_widgets(),
                keyframe_input(),
                io.Boolean.Input(
                    "edge_filter",
                    default=True,
                    advanced=True,
                    tooltip="Leave out pixels on depth edges, where a depth map blends near and far into points in mid-air, and smooth depth that jitters from pixel to pixel.",
                ),
                *mask_inputs(),
                *depth_sockets(),
                io.Boolean.Input(
                    "consistency",
                    default=True,
                    advanced=True,
                    optional=True,
                    tooltip="Drop points that several keyframes see through, and fill in what they hid. Without a moving mask, also mark "
                    "what differs from other keyframes in depth and colour as moving, and leave it out.",
                ),
            ],
            outputs=[
                SpatiaMemory.Output(
                    display_name="memory", tooltip="The memory with the clip in it; the one that came in is unchanged."
                ),
                io.String.Output(display_name="report", tooltip="Points added, scale, coverage and warnings."),
                PointCloudFile.Output(
                    display_name="point_cloud",
                    tooltip="The whole cloud as a file, in the scene's own axes (y down). For an upright preview use Scene Point Cloud.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, depth_source: str | None = None, input_types: dict | None = None) -> bool | str:
        return source_problem(cls, depth_source, input_types) or True

    @classmethod
    def execute(
        cls,
        memory: SpatialMemory,
        frames: torch.Tensor,
        cameras: Cameras,
        padding: int,
        keyframe_every: int,
        edge_filter: bool,
        mask_grow: int,
        moving: torch.Tensor | None = None,
        consistency: bool = True,
        **depth: Any,
    ) -> io.NodeOutput:
        read = depth_reader(DepthInputs(**depth), has_cloud=memory.cloud.size > 0)
        notice(cls, *slow_kernels())
        grown, report = add_clip(
            memory,
            frames,
            cameras,
            padding,
            read,
            keyframe_every=keyframe_every,
            edge_filter=edge_filter,
            mask_grow=mask_grow,
            moving=moving,
            consistency=consistency,
        )
        return io.NodeOutput(
            grown, report, point_cloud_file(grown.cloud), ui=report_ui(report, warnings=grown.clips[-1].notes)
        )


def add_clip(
    memory: SpatialMemory,
    frames: Tensor,
    cameras: Cameras,
    padding: int,
    read: DepthReader | None,
    *,
    keyframe_every: int = KEYFRAME_STRIDE,
    edge_filter: bool = True,
    mask_grow: int = 0,
    moving: Tensor | None = None,
    consistency: bool = True,
) -> tuple[SpatialMemory, str]:
    """The memory with a clip's new frames, and a report.

    frames: IMAGE (N, H, W, 3), with or without the padding. read: (frames (N, H, W, 3) uint8, keyframe numbers, focal=)
    -> their DepthMaps; None: the clip enters without depth. Raises SpatiaError, before depth is estimated, when the clip
    does not continue the memory.
    """
    images = frames_from_image(frames, "frames")
    given = images.shape[0]
    kept = cameras.count - padding
    if kept < 1:
        raise SpatiaError(
            f"padding: {padding} was given for {cameras.count} cameras, so no frame is left; change padding."
        )
    if given not in (kept, cameras.count):
        raise SpatiaError(
            f"frames holds {given} frames for {cameras.count} cameras with {padding} of padding, expected {cameras.count} or, padding cut, {kept}; "
            "connect the cameras of this very clip (Clip Window)."
        )
    clip = cameras.select(slice(0, kept))._replace(history=cameras.history)
    shared = check_clip(memory, images[:kept], clip)
    mask = None
    if moving is not None:
        mask = moving_pixels(mask_values(moving, "moving"), given, memory.height, memory.width, dilate=mask_grow)[:kept]
    keyframes = [] if read is None else new_keyframes(kept, shared, keyframe_every)
    bar = comfy.utils.ProgressBar(2 * len(keyframes))
    maps = None if read is None else read(images, keyframes, focal=float(clip.intrinsics[0, 0]))
    bar.update(len(keyframes))
    grown, report = update(
        memory,
        images[:kept],
        clip,
        maps,
        moving=mask,
        keyframe_stride=keyframe_every,
        edge_filter=edge_filter,
        consistency=consistency,
        progress=lambda: bar.update(1),
    )
    for warning in grown.clips[-1].notes:
        logging.warning("Update Memory: %s", warning)
    return grown, report


class SpatiaRevertClip(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaRevertClip",
            display_name="Revert Clip",
            category="Spatia",
            search_aliases=["undo clip", "take back", "remove last clip"],
            description="Takes the last clips back out of the memory: their frames, their cameras, and what they did to the cloud.",
            inputs=[
                SpatiaMemory.Input(
                    "memory",
                    tooltip="A memory that was updated with at least this many clips. It is not changed itself: a new memory comes out.",
                ),
                io.Int.Input(
                    "clips", default=1, min=1, max=10000, tooltip="How many clips to take back, the last one first."
                ),
            ],
            outputs=[
                SpatiaMemory.Output(
                    display_name="memory",
                    tooltip="The memory as it was before those clips, bit for bit unless the cloud was edited since.",
                ),
                io.String.Output(display_name="report", tooltip="What was taken back, and whether exactly."),
            ],
        )

    @classmethod
    def execute(cls, memory: SpatialMemory, clips: int) -> io.NodeOutput:
        held = len(memory.clips) - 1
        if clips > held:
            raise SpatiaError(
                f"clips: {clips} was given for a memory that holds {held} clip(s), expected at most that many; decrease clips."
            )
        reports = []
        for _ in range(clips):
            memory, report = revert_clip(memory)
            reports.append(report)
        return io.NodeOutput(memory, "\n".join(reports), ui=report_ui("\n".join(reports)))


class SpatiaTakeCloud(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaTakeCloud",
            display_name="Take Cloud",
            category="Spatia",
            search_aliases=["draft", "final", "use cloud of", "swap point cloud"],
            description="A memory's video with the point cloud of another memory of the same place: clips of a draft are made again where the draft laid the world out.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="Whose frames and cameras stay: the video that is being made."),
                SpatiaMemory.Input("cloud_of", tooltip="Whose cloud is taken: the draft's memory, with all its clips."),
            ],
            outputs=[
                SpatiaMemory.Output(
                    display_name="memory", tooltip="The first one's video with the second one's cloud."
                ),
                io.String.Output(display_name="report", tooltip="How many points there were and are."),
            ],
        )

    @classmethod
    def execute(cls, memory: SpatialMemory, cloud_of: SpatialMemory) -> io.NodeOutput:
        taken = with_cloud_of(memory, cloud_of)
        if taken is memory:
            report = f"The memory has this cloud of {memory.cloud.size} points already."
        else:
            report = (
                f"The cloud of {memory.cloud.size} points is replaced by one of {taken.cloud.size}, made with "
                f"{len(cloud_of.clips) - 1} clip(s)."
            )
        return io.NodeOutput(taken, report, ui=report_ui(report))


NODES = [SpatiaUpdateMemory, SpatiaRevertClip, SpatiaTakeCloud]
