"""Estimate Scene: one image and its depth become a spatial memory."""

from __future__ import annotations

import logging
from typing import Any

import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io
from torch import Tensor

from ..spatia_core.cameras.camera import Cameras, intrinsics_from_fov, make_cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.estimate import estimate_scene, moving_pixels
from ..spatia_core.inputs import MOST_POINTS, number_text, shown
from ..spatia_core.memory import SpatialMemory, memory_of_image, new_memory
from ..spatia_core.model.sizes import SIZE_STEP
from ..spatia_core.profile import RELEASE, Profile
from .host.depth_sources import (
    DepthInputs,
    DepthReader,
    depth_reader,
    depth_sockets,
    depth_widgets,
    mask_inputs,
    source_problem,
)
from .host.free_memory import require_memory
from .host.images import frames_from_image, mask_values, point_cloud_file
from .host.profiles import AUTO, model_profile
from .host.reports import report_ui
from .sockets import PointCloudFile, SpatiaCameras, SpatiaMemory

_BYTES_PER_PIXEL = 180  # while the points are made and merged; measured


def voxel_size_input() -> io.Input:
    """How finely the cloud is kept."""
    return io.Float.Input(
        "voxel_size",
        default=AUTO,
        min=AUTO,
        max=1000.0,
        step=0.005,
        tooltip="Points are merged to one per cube of this edge, in scene units (metres when the depth is). "
        "0: as the model was made for; release: 0.01 (where the paper is best), bundled small model: 0.02.",
    )


class SpatiaEstimateScene(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaEstimateScene",
            display_name="Estimate Scene",
            category="Spatia",
            search_aliases=["point cloud", "depth to point cloud", "spatial memory", "scene", "reconstruct"],
            description="Turns one image and its depth into the scene's point cloud, and starts the spatial memory with it.",
            inputs=[
                io.Image.Input(
                    "image",
                    tooltip="The one image the video starts from, at the video's size (both sides multiples of 32).",
                ),
                *depth_widgets(),
                io.Float.Input(
                    "field_of_view",
                    default=62.0,
                    min=1.0,
                    max=179.0,
                    step=0.5,
                    tooltip="Horizontal field of view in degrees. Only used when neither intrinsics, cameras nor the geometry say it. "
                    "The bundled small models were made for 62.",
                ),
                io.String.Input(
                    "intrinsics",
                    default="",
                    advanced=True,
                    tooltip="fx fy cx cy, normalised (fx, cx by the width; fy, cy by the height), as in the release's intrinsics.txt. "
                    "Goes before everything else that knows them. Empty: from cameras, else from the geometry, else from field_of_view.",
                ),
                voxel_size_input(),
                io.Boolean.Input(
                    "edge_filter",
                    default=True,
                    advanced=True,
                    tooltip="Leave out pixels on depth edges, where a depth map blends near and far into points in mid-air, and smooth depth that jitters from pixel to pixel.",
                ),
                *mask_inputs(),
                *depth_sockets(),
                SpatiaCameras.Input(
                    "cameras",
                    optional=True,
                    tooltip="An imported path: its first pose and intrinsics become the image's, so that the cloud lies in the path's world.",
                ),
                io.Model.Input(
                    "model",
                    optional=True,
                    tooltip="The model that is to film the scene. The memory remembers what it was made for, and all that is set to auto follows it. "
                    "Without it: the release's values.",
                ),
            ],
            outputs=[
                SpatiaMemory.Output(display_name="memory", tooltip="The scene's cloud and the image, posed."),
                PointCloudFile.Output(
                    display_name="point_cloud",
                    tooltip="The cloud as a file, in the scene's own axes (y down). For an upright preview use Scene Point Cloud.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, depth_source: str | None = None, input_types: dict | None = None) -> bool | str:
        return source_problem(cls, depth_source, input_types) or True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        field_of_view: float,
        intrinsics: str,
        voxel_size: float,
        edge_filter: bool,
        mask_grow: int,
        moving: torch.Tensor | None = None,
        cameras: Cameras | None = None,
        model: ModelPatcher | None = None,
        **depth: Any,
    ) -> io.NodeOutput:
        read = depth_reader(DepthInputs(**depth))
        memory, found = begin_memory(
            image,
            read,
            field_of_view=field_of_view,
            intrinsics=parse_intrinsics(intrinsics),
            voxel_size=voxel_size,
            edge_filter=edge_filter,
            mask_grow=mask_grow,
            moving=moving,
            cameras=cameras,
            profile=None if model is None else model_profile(model),
        )
        report = "\n".join([found, *memory.notes])
        return io.NodeOutput(memory, point_cloud_file(memory.cloud), ui=report_ui(report, warnings=memory.notes[1:]))


def begin_memory(
    image: Tensor,
    read: DepthReader | None,
    *,
    field_of_view: float,
    voxel_size: float,
    intrinsics: list[float] | None = None,
    edge_filter: bool = True,
    mask_grow: int = 0,
    moving: Tensor | None = None,
    cameras: Cameras | None = None,
    profile: Profile | None = None,
    angle_of: str = "field_of_view",
) -> tuple[SpatialMemory, str]:
    """The memory of one IMAGE (1, H, W, 3), and what was found in it.

    read: (frames (1, H, W, 3) uint8, [0], focal=) -> their DepthMaps; None: no cloud. field_of_view: degrees, horizontal,
    where neither intrinsics (fx fy cx cy, normalised), nor cameras, nor the depth say it; angle_of: whose it is.
    profile: of the network that will film it; None: not known. voxel_size: AUTO for the profile's. Raises SpatiaError.
    """
    voxel_size = voxel_size or (profile or RELEASE).voxel_size
    made_for = "" if profile is None else profile.name
    height, width = _require_one_image(image)
    frames = frames_from_image(image, "image")
    mask = None if moving is None else moving_pixels(mask_values(moving, "moving"), 1, height, width, dilate=mask_grow)
    by_angle = intrinsics_from_fov(field_of_view, width, height)
    known = intrinsics if intrinsics is not None else None if cameras is None else cameras.intrinsics[0]
    maps = None if read is None else read(frames, [0], focal=float((by_angle if known is None else known)[0]))
    warnings = []
    if known is None and maps is not None and maps.intrinsics is not None:
        known = maps.intrinsics
    elif known is None:
        known = by_angle
        warnings.append(
            f"The field of view was taken as {field_of_view:g} degrees ({angle_of}); nothing connected says it."
        )
    if height % SIZE_STEP or width % SIZE_STEP:
        warnings.append(
            f"The image is {width}x{height}; the video network needs both sides to be multiples of {SIZE_STEP}. Resize the image before this node."
        )
    camera = (
        make_cameras(torch.eye(4)[None], known)
        if cameras is None
        else Cameras(cameras.w2c[:1], make_cameras(cameras.w2c[:1], known).intrinsics)
    )
    first_mask = None if mask is None else mask[0]
    if maps is None:
        notes = ("no depth: the memory has no point cloud", *warnings)
        memory, found = (
            memory_of_image(frames[0], camera, None, voxel_size, moving=first_mask, notes=notes, made_for=made_for),
            "no points",
        )
    else:
        maps = maps._replace(warnings=(*maps.warnings, *warnings))
        estimate = estimate_scene(maps, camera, height, width, moving=mask, edge_filter=edge_filter)
        memory = new_memory(frames[0], estimate, moving=first_mask, voxel_size=voxel_size, made_for=made_for)
        found = f"{memory.cloud.size} points, {100 * estimate.coverage:.1f} % of the pixels"
    for warning in memory.notes[1:]:
        logging.warning("Estimate Scene: %s", warning)
    return memory, found


def _require_one_image(image: Tensor) -> tuple[int, int]:
    """Height and width of an IMAGE that holds one picture. Raises SpatiaError on another, or one that finds no room."""
    count, height, width = image.shape[:3]
    if count != 1:
        raise SpatiaError(
            f"image holds {count} images, expected the one the video starts from; pick one with Image From Batch."
        )
    if height * width > MOST_POINTS:
        raise SpatiaError(
            f"image is {width}x{height}, expected at most {MOST_POINTS} pixels, as each may be a point; make it "
            "smaller with Fit Image."
        )
    require_memory(
        height * width * _BYTES_PER_PIXEL, f"The scene of an image of {width}x{height}",
        "make image smaller with Fit Image",
    )  # fmt: skip
    return height, width


def parse_intrinsics(text: str) -> list[float] | None:
    """Four numbers from a widget, None when it is empty. Raises SpatiaError on anything else."""
    parts = text.replace("[", " ").replace("]", " ").replace(",", " ").split()
    if not parts:
        return None
    try:
        values = [number_text(part) for part in parts]
    except ValueError:
        values = []
    if len(values) != 4:
        raise SpatiaError(
            f"intrinsics: {shown(text)} was given, expected four numbers fx fy cx cy, or nothing; change intrinsics."
        )
    if max(values) > 20:
        raise SpatiaError(
            f"intrinsics: {shown(text)} looks like pixels, expected values normalised by width and height (fx and cx "
            "about 0.5 to 1); change intrinsics."
        )
    return values


NODES = [SpatiaEstimateScene]
