"""Render Camera Path: the projection video and the hole video that steer the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import comfy.model_management
import comfy.utils
import torch
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.cameras.preflight import KNOWN_SHARE, frame_runs
from ..spatia_core.cloud.voxels import voxel_merge
from ..spatia_core.errors import SpatiaError
from ..spatia_core.memory import SpatialMemory, require_continues
from ..spatia_core.profile import PROFILES, profile_named
from ..spatia_core.render.soft import render_soft, why_no_triton
from .host.free_memory import require_memory
from .host.notices import Bulletin, slow_kernels
from .host.profiles import AUTO
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory

POINTS_PER_PIXEL = 5
GEOMETRIES = ("auto", "exact", "as released")
SPATIA, UNI3C = "Spatia", "Uni3C"
AUTO_GROWTH = -1.0  # of voxel_growth, where 0 is none
# Voxels grow with the clips to this many times their size: to 0.07 of 0.01, the coarsest that the paper tried.
_LARGEST_GROWTH = 7
SMALLEST_RADIUS = 0.0005
_ASPECT_TOLERANCE = 0.05  # rounding to multiples of 32


def radius_input() -> io.Input:
    """How large a point is drawn."""
    return io.Float.Input(
        "radius",
        default=AUTO,
        min=AUTO,
        max=1.0,
        step=0.001,
        tooltip="Radius of a point's disc, as a fraction of half the shorter side. 0: what the memory's model was made with; "
        "release: 0.01, bundled small model: 0.03.",
    )


class SpatiaRenderCameraPath(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaRenderCameraPath",
            display_name="Render Camera Path",
            category="Spatia",
            search_aliases=["projection", "point cloud render", "scene video", "hole mask"],
            description="Draws the memory's cloud along the cameras: the projection video and the holes, where the cloud shows nothing.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="The scene to draw."),
                SpatiaCameras.Input("cameras", tooltip="One camera per frame: for a clip, Clip Window's cameras."),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    step=8,
                    tooltip="Width in pixels. 0: the memory's image width, which the sampler needs.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=16384,
                    step=8,
                    tooltip="Height in pixels. 0: the memory's image height, which the sampler needs.",
                ),
                radius_input(),
                io.Int.Input(
                    "points_per_pixel",
                    default=POINTS_PER_PIXEL,
                    min=1,
                    max=64,
                    advanced=True,
                    tooltip="How many of the nearest points a pixel blends. The released network was trained with 5.",
                ),
                io.Combo.Input(
                    "geometry",
                    options=list(GEOMETRIES),
                    default=GEOMETRIES[0],
                    advanced=True,
                    optional=True,
                    tooltip="Where a point lies in the picture.\n- exact: where the camera sees it.\n- as released: as the released network saw it in training, with a mirrored principal point and less than 2 pixels off.\n"
                    "- auto: as the memory's model was made for; exact where the memory names none.",
                ),
                io.Float.Input(
                    "voxel_growth",
                    default=AUTO_GROWTH,
                    min=AUTO_GROWTH,
                    max=1000.0,
                    step=0.001,
                    round=False,
                    advanced=True,
                    optional=True,
                    tooltip="By how much the voxels of the drawn cloud grow with each clip so far, in scene units; the memory keeps its points. Release: 0.005. 0: none. -1: as the memory's model was made for.",
                ),
                io.Combo.Input(
                    "style",
                    options=[SPATIA, UNI3C],
                    default=SPATIA,
                    advanced=True,
                    optional=True,
                    tooltip="What the projection is for.\n- Spatia: black where there is no point; Spatia's control is told of the holes beside it.\n"
                    "- Uni3C: grey where there is no point, and the frames that the clip starts with as they are, for Apply Wan Uni3C ControlNet. Its authors drew 8 points per pixel.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="projection", tooltip="The soft projection video, black where there is no point."
                ),
                io.Mask.Output(display_name="holes", tooltip="1 where the cloud shows nothing, 0 where it is opaque."),
                io.Float.Output(display_name="coverage", tooltip="Share of the video that the cloud covers, 0 to 1."),
                io.String.Output(display_name="report", tooltip="How much of the video the cloud covers, in words."),
            ],
        )

    @classmethod
    def execute(
        cls,
        memory: SpatialMemory,
        cameras: Cameras,
        width: int,
        height: int,
        radius: float,
        points_per_pixel: int,
        geometry: str = GEOMETRIES[0],
        voxel_growth: float = AUTO_GROWTH,
        style: str = SPATIA,
    ) -> io.NodeOutput:
        given = given_frames(memory, cameras, height, width) if style == UNI3C else None
        bulletin = Bulletin(cls)
        bulletin.state("")  # takes back what an earlier run said
        bulletin.warn(*drawing_notices())
        projection, holes = project(
            memory,
            cameras,
            height,
            width,
            radius=radius,
            points_per_pixel=points_per_pixel,
            geometry=geometry,
            voxel_growth=voxel_growth,
            tell=bulletin.warn,
        )
        if given is not None:
            as_uni3c_was_shown(projection, holes, given)
        report, warnings, covered = coverage_report(holes)
        report = f"{report}\n{drawing_report(memory, geometry, voxel_growth)}"
        if radius and memory.made_for in PROFILES:
            warnings += PROFILES[memory.made_for].radius_misfit(radius)
        shown = report_ui(
            report, warnings=warnings, curve=covered, curve_title="share of each frame that the scene covers"
        )
        return io.NodeOutput(projection, holes, 1 - float(holes.mean(dtype=torch.float64)), report, ui=shown)


def coverage_report(holes: torch.Tensor) -> tuple[str, list[str], list[float]]:
    """What holes (N, H, W), 0 to 1, say of a clip: a sentence, warnings, and the share of each frame that is covered."""
    covered = (1 - holes.mean((1, 2), dtype=torch.float64)).tolist()
    least = min(range(len(covered)), key=covered.__getitem__)
    mean = sum(covered) / len(covered)
    report = (
        f"The scene covers {100 * mean:.1f} % of the {len(covered)} frame(s); least of frame {least}: "
        f"{100 * covered[least]:.1f} %."
    )
    unknown = frame_runs([number for number, share in enumerate(covered) if share < KNOWN_SHARE])
    warnings = [
        f"{f'Frame {a}' if a == b else f'Frames {a} to {b}'}: less than {100 * KNOWN_SHARE:g} % is known; there the "
        "network mostly invents."
        for a, b in unknown
    ]
    return report, warnings, covered


def given_frames(memory: SpatialMemory, cameras: Cameras, height: int, width: int) -> torch.Tensor:
    """The frames (n, H, W, 3) in 0..1 that a clip along `cameras` starts with.

    height, width: of the projection, 0 for the memory's. Raises SpatiaError when the clip does not continue the memory,
    or is drawn at another size.
    """
    shared = require_continues(memory, cameras)
    if (height or memory.height, width or memory.width) != (memory.height, memory.width):
        raise SpatiaError(
            f"style {UNI3C} begins with the memory's own frames of {memory.width}x{memory.height}, but width {width} and "
            f"height {height} were given; set both to 0."
        )
    frames = memory.frame_count
    return memory.read_frames(range(frames - shared, frames)).float() / 255.0


def as_uni3c_was_shown(projection: torch.Tensor, holes: torch.Tensor, given: torch.Tensor) -> None:
    """Turn a projection (N, H, W, 3) in 0..1 into what Uni3C's authors render, in place.

    Their compositor blends over 0 of -1..1, which is mid grey, and the first frame is the picture itself.
    """
    projection.add_(holes[..., None], alpha=0.5)
    projection[: given.shape[0]] = given


class Drawing(NamedTuple):
    """How a memory's cloud is drawn."""

    release_geometry: bool
    voxel_size: float  # scene units, that of the memory or larger


def drawing_of(memory: SpatialMemory, geometry: str = GEOMETRIES[0], voxel_growth: float = AUTO_GROWTH) -> Drawing:
    """What the widgets mean for this memory: on auto what its model was made for, and exact where it names none."""
    profile = PROFILES.get(memory.made_for)
    release = geometry == GEOMETRIES[2]
    if geometry == GEOMETRIES[0]:
        release = profile is not None and profile.release_geometry
    if voxel_growth < 0:
        voxel_growth = 0.0 if profile is None else profile.voxel_growth
    grown = memory.voxel_size + voxel_growth * (len(memory.clips) - 1)
    return Drawing(release, max(memory.voxel_size, min(grown, _LARGEST_GROWTH * memory.voxel_size)))


def drawing_report(memory: SpatialMemory, geometry: str, voxel_growth: float) -> str:
    """How the cloud was drawn, in a sentence."""
    drawing = drawing_of(memory, geometry, voxel_growth)
    how = (
        "as the released network saw it (principal point mirrored, magnified by s / (s - 1))"
        if drawing.release_geometry
        else "exactly"
    )
    return f"Points are placed {how}, one per voxel of {drawing.voxel_size:g}."


def render_device() -> torch.device:
    """CUDA has kernels of its own, by Triton. Elsewhere the CPU's are the fast ones, and some devices lack float64."""
    device = comfy.model_management.get_torch_device()
    return device if device.type == "cuda" and why_no_triton(device) is None else torch.device("cpu")


def drawing_notices() -> tuple[str, ...]:
    """Why drawing is slower than it need be, empty where it is not."""
    device = comfy.model_management.get_torch_device()
    reason = why_no_triton(device) if device.type == "cuda" else None
    if reason is None and device.type == "cuda":
        return ()
    return (*(() if reason is None else (f"The scene is drawn on the CPU: {reason}.",)), *slow_kernels())


def _require_drawable(memory: SpatialMemory, cameras: Cameras, height: int, width: int, radius: float) -> None:
    """Raise SpatiaError where `project` has nothing to draw, would draw it wrong, or finds no room for it."""
    if not memory.cloud.size:
        raise SpatiaError(
            "The memory's cloud holds no point, so there is nothing to draw; check the edits before this node, or estimate the scene again."
        )
    if radius < SMALLEST_RADIUS:
        raise SpatiaError(
            f"radius {radius:g} was given, expected {SMALLEST_RADIUS:g} or more, or 0 for what the memory's model was made "
            "with; change radius."
        )
    if abs(width / height / (memory.width / memory.height) - 1) > _ASPECT_TOLERANCE:
        raise SpatiaError(
            f"width {width} and height {height} were given for a memory of {memory.width}x{memory.height}, expected the same shape of picture, "
            "or the scene would be drawn stretched; change width or height."
        )
    # Projection and holes as the host keeps them, in float32.
    require_memory(
        cameras.count * height * width * 16, f"The projection of {cameras.count} frames of {width}x{height}",
        "connect the cameras of one clip (Clip Window), or decrease width and height",
    )  # fmt: skip


def project(
    memory: SpatialMemory,
    cameras: Cameras,
    height: int = 0,
    width: int = 0,
    *,
    radius: float,
    points_per_pixel: int = POINTS_PER_PIXEL,
    geometry: str = GEOMETRIES[0],
    voxel_growth: float = AUTO_GROWTH,
    tell: Callable[[str], None],
) -> tuple[torch.Tensor, torch.Tensor]:
    """The projection IMAGE (N, H, W, 3) and holes MASK (N, H, W) of the memory's cloud; sides of 0: the memory's.

    radius: AUTO for that of the profile which the memory was made for. geometry, voxel_growth: see `drawing_of`. tell:
    hears that a full card left it to the CPU. Raises SpatiaError on an empty cloud, another shape of picture, a radius
    below SMALLEST_RADIUS, or when there is no room.
    """
    height, width = height or memory.height, width or memory.width
    radius = radius or profile_named(memory.made_for).radius
    _require_drawable(memory, cameras, height, width, radius)
    drawing = drawing_of(memory, geometry, voxel_growth)
    cloud = (
        memory.cloud
        if drawing.voxel_size == memory.voxel_size
        else voxel_merge(memory.cloud, drawing.voxel_size, aligned=True)
    )
    projection = torch.empty(cameras.count, height, width, 3)
    holes = torch.empty(cameras.count, height, width)
    device, done = render_device(), 0
    positions = colors = drawn = None
    bar = comfy.utils.ProgressBar(cameras.count)
    while done < cameras.count:
        try:
            positions, colors = cloud.positions.to(device), cloud.colors.to(device)
            # Batches keep every core, or the card, busy and the bar moving; updating the bar is also where the host interrupts.
            batch = max(1, torch.get_num_threads()) if device.type == "cpu" else 8
            while done < cameras.count:
                part = slice(done, done + batch)
                drawn = render_soft(
                    positions,
                    colors,
                    cameras.select(part),
                    height,
                    width,
                    radius=radius,
                    points_per_pixel=points_per_pixel,
                    release_geometry=drawing.release_geometry,
                )
                # In place: of pictures that fill the memory there is no room for a second copy.
                projection[part].copy_(drawn.image).div_(255)
                holes[part].copy_(drawn.coverage).div_(-255).add_(1)
                done += drawn.image.shape[0]
                bar.update(drawn.image.shape[0])
        except torch.OutOfMemoryError:
            if device.type == "cpu":
                raise
            tell(
                f"The scene of {cloud.size} points does not fit on {device} beside what lies there: it is drawn on the CPU."
            )
            device, positions, colors, drawn = torch.device("cpu"), None, None, None
            comfy.model_management.soft_empty_cache()
    return projection, holes


NODES = [SpatiaRenderCameraPath]
