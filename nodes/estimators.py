"""Estimators that need posed frames: Plane Sweep Depth, Depth Anything 3 with Cameras, MapAnything Depth. Their depth goes into Update Memory's depth_map."""

from __future__ import annotations

import os

import comfy.model_management
import folder_paths
import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.estimate import DepthMaps, resize_depth
from ..spatia_core.estimate.mapanything import HOW_TO_GET, load_mapanything, mapanything_depth
from ..spatia_core.estimate.plane_sweep import PLANES, plane_sweep
from ..spatia_core.memory import KEYFRAME_STRIDE, SpatialMemory
from ..spatia_core.render.visibility import surface_depth
from .host.da3 import da3_multiview_depth
from .host.images import frames_from_image
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory

_FOLDER = "mapanything"
DA3Model = io.Custom("DA3_MODEL")


def _common_inputs() -> list[io.Input]:
    return [
        io.Image.Input("frames", tooltip="All frames of the clip, as Update Memory gets them."),
        SpatiaCameras.Input("cameras", tooltip="The clip's cameras, one per frame: Clip Window's cameras."),
        io.Int.Input(
            "keyframe_every",
            default=KEYFRAME_STRIDE,
            min=1,
            max=1000,
            tooltip="Every n-th frame, counted back from the last one, gets depth; as Update Memory's keyframe_every. The others stay unknown.",
        ),
    ]


def _outputs() -> list[io.Output]:
    return [
        io.Image.Output(
            display_name="depth_map",
            tooltip="Depth in scene units, 0 where unknown: Update Memory's depth_map, with depth_kind metres.",
        ),
        io.Float.Output(
            display_name="coverage", tooltip="Share of the keyframes' pixels whose depth was found, 0 to 1."
        ),
        io.String.Output(display_name="report", tooltip="Scale, coverage and warnings."),
    ]


class SpatiaPlaneSweepDepth(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaPlaneSweepDepth",
            display_name="Plane Sweep Depth",
            category="Spatia/depth",
            search_aliases=["multi view stereo", "depth without model", "mvs"],
            description="Depth of a clip from its own parallax and known cameras, without any model. Needs texture and a moving camera; the rest stays unknown.",
            inputs=[
                *_common_inputs(),
                io.Float.Input(
                    "near",
                    default=0.5,
                    min=1e-4,
                    max=1e6,
                    step=0.1,
                    tooltip="Nearest depth that is looked for, scene units.",
                ),
                io.Float.Input(
                    "far",
                    default=10.0,
                    min=1e-4,
                    max=1e6,
                    step=0.1,
                    tooltip="Farthest depth that is looked for, scene units.",
                ),
                io.Int.Input(
                    "planes",
                    default=PLANES,
                    min=8,
                    max=512,
                    advanced=True,
                    tooltip="Depths that are tried, evenly spaced in 1 / depth.",
                ),
                io.Int.Input(
                    "longest",
                    default=256,
                    min=64,
                    max=4096,
                    advanced=True,
                    tooltip="Longer side in pixels at which frames are matched.",
                ),
            ],
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls,
        frames: torch.Tensor,
        cameras: Cameras,
        keyframe_every: int,
        near: float,
        far: float,
        planes: int,
        longest: int,
    ) -> io.NodeOutput:
        images = _posed_frames(frames, cameras)
        keyframes = _keyframes(images.shape[0], keyframe_every)
        # Sources between keyframes give shorter baselines than keyframes alone.
        maps = plane_sweep(images, cameras, near=near, far=far, pick=keyframes, planes=planes, longest=longest)
        return _answer(images, keyframes, maps)


class SpatiaDA3CamerasDepth(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaDA3CamerasDepth",
            display_name="Depth Anything 3 with Cameras",
            category="Spatia/depth",
            search_aliases=["da3 multiview", "depth anything known poses"],
            description="Depth of a clip by Depth Anything 3 over several views, which is told the known cameras; ComfyUI's own node guesses them.",
            inputs=[
                DA3Model.Input(
                    "da3_model", tooltip="From Load Depth Anything 3: Small, Base, Large or Giant, which take cameras."
                ),
                *_common_inputs(),
                io.Int.Input(
                    "resolution",
                    default=504,
                    min=14,
                    max=4096,
                    step=14,
                    tooltip="Longer side in pixels at which the network runs.",
                ),
            ],
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls, da3_model: ModelPatcher, frames: torch.Tensor, cameras: Cameras, keyframe_every: int, resolution: int
    ) -> io.NodeOutput:
        images = _posed_frames(frames, cameras)
        keyframes = _keyframes(images.shape[0], keyframe_every)
        maps = da3_multiview_depth(da3_model, images[keyframes], cameras.select(keyframes), resolution=resolution)
        return _answer(images, keyframes, maps)


class SpatiaMapAnythingDepth(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaMapAnythingDepth",
            display_name="MapAnything Depth",
            category="Spatia/depth",
            search_aliases=["map anything", "metric depth", "multi view depth"],
            description="Depth of a clip by MapAnything, the estimator of the Spatia paper, with the known cameras. An optional package with weights of its own.",
            inputs=[
                *_common_inputs(),
                io.String.Input(
                    "model",
                    default="map-anything-apache",
                    tooltip="Name of a folder below ComfyUI's models/mapanything that holds config.json and model.safetensors. "
                    + HOW_TO_GET,
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="The memory before the clip: its cloud tells the scale, also where the camera only turns.",
                ),
            ],
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls,
        frames: torch.Tensor,
        cameras: Cameras,
        keyframe_every: int,
        model: str,
        memory: SpatialMemory | None = None,
    ) -> io.NodeOutput:
        images = _posed_frames(frames, cameras)
        if not model or os.path.basename(model) != model or model in (".", ".."):
            raise SpatiaError(
                f"model: {model!r} was given, expected the plain name of a folder below models/mapanything; change model."
            )
        folder = os.path.join(folder_paths.models_dir, _FOLDER, model)
        keyframes = _keyframes(images.shape[0], keyframe_every)
        chosen = cameras.select(keyframes)
        height, width = images.shape[1:3]
        prior = None
        if memory is not None and memory.cloud.size:
            prior, _ = surface_depth(memory.cloud.positions, chosen, height, width, voxel_size=memory.voxel_size)
        network = load_mapanything(folder, comfy.model_management.get_torch_device())
        maps = mapanything_depth(network, images[keyframes], chosen, prior=prior)
        return _answer(images, keyframes, maps)


def _posed_frames(frames: torch.Tensor, cameras: Cameras) -> torch.Tensor:
    images = frames_from_image(frames, "frames")
    if cameras.count != images.shape[0]:
        raise SpatiaError(
            f"frames holds {images.shape[0]} frames for {cameras.count} cameras, expected one camera per frame; connect the cameras of this very clip (Clip Window)."
        )
    return images


def _keyframes(count: int, every: int) -> list[int]:
    return sorted(range(count - 1, -1, -every))


def _answer(images: torch.Tensor, keyframes: list[int], maps: DepthMaps) -> io.NodeOutput:
    count, height, width = images.shape[:3]
    depth = torch.zeros(count, height, width)
    depth[keyframes] = resize_depth(maps.depth, height, width)
    coverage = float((maps.depth > 0).float().mean())
    report = "\n".join(
        [
            f"{len(keyframes)} of {count} frames: {maps.source}, {100 * coverage:.1f} % of their pixels.",
            *(f"Warning: {w}" for w in maps.warnings),
        ]
    )
    return io.NodeOutput(
        depth[..., None].repeat(1, 1, 1, 3), coverage, report, ui=report_ui(report, warnings=maps.warnings)
    )


NODES = [SpatiaPlaneSweepDepth, SpatiaDA3CamerasDepth, SpatiaMapAnythingDepth]
