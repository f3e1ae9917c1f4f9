"""From a posed video to a training sample: target, preceding and candidate frames, projection and references (paper, section 3.1).

The cloud, the projection and the visibility are made by the very code that runs between clips at inference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.cloud.point_cloud import PointCloud, concat_clouds
from ...spatia_core.errors import SpatiaError
from ...spatia_core.estimate.depth import DepthMaps
from ...spatia_core.estimate.scene import estimate_points, estimate_scene, merged_points
from ...spatia_core.memory.retrieval import retrieve_packed, target_frames
from ...spatia_core.render.soft import render_soft
from ...spatia_core.render.visibility import visible_bits
from ..recipe import CHAIN, FIRST, POSED, SampleSettings
from .memories import TRAINING_RULES, plan_memory
from .videos import PosedVideo

# Depth of the frames `pick`, in the cameras' unit: called with all frames (N, H, W, 3) uint8, their cameras and the pick.
DepthEstimator = Callable[[Tensor, Cameras, list[int]], DepthMaps]


class ClipSample(NamedTuple):
    """frames (N, H, W, 3) uint8; projection (N, H, W, 3) uint8; coverage (N, H, W) uint8;
    references (R, H, W, 3) uint8; history: leading frames that are given, not generated."""

    frames: Tensor
    projection: Tensor
    coverage: Tensor
    references: Tensor
    history: int


class PosedSample(NamedTuple):
    """A clip of a video with what it may remember, which are the video's frames up to its own first one.

    start: the clip's first frame. gate: (F,) bool. ids: (F,) int64, the frame that each latent frame may remember, -1 = none.
    """

    video: PosedVideo
    start: int
    gate: Tensor
    ids: Tensor


def stored_depth(video: PosedVideo) -> DepthEstimator:
    """The depth that came with a video. Raises SpatiaError when none did."""
    depth = video.depth
    if depth is None:
        raise SpatiaError(
            "It came without depth; put depth.npy or a folder depth beside its frames, or choose another --depth."
        )
    return lambda frames, cameras, pick: DepthMaps(depth[pick], True, "stored depth")


def enough_frames(video: PosedVideo, clip: str, settings: SampleSettings) -> bool:
    """Whether the video is long enough: a clip of this kind, and with a cloud of candidates one frame outside it."""
    if settings.starts == CHAIN:
        return video.cameras.count >= _chained(clip, settings) + settings.frames(clip)
    spare = 1 if settings.cloud == "candidate" or clip != FIRST else 0
    return video.cameras.count >= settings.frames(clip) + spare


def make_sample(
    video: PosedVideo, clip: str, settings: SampleSettings, generator: torch.Generator, estimate: DepthEstimator
) -> ClipSample:
    """One clip of a video, where `starts` says, with all that the network is shown of it.

    Candidates are the frames outside the clip, before and after it. References of a first clip: none.
    Raises SpatiaError when the video is too short, or the cloud's frames have no usable depth.
    """
    count, frames = video.cameras.count, settings.frames(clip)
    if not enough_frames(video, clip, settings):
        raise SpatiaError(
            f"It has {count} frames, too few for a clip of {frames} and a candidate outside it; use longer videos or shorter clips."
        )
    # What is seen at inference comes before the clip: some of it must be there.
    earliest = 1 if clip != FIRST and settings.cloud == "inference" else 0
    start = _start(clip, settings, earliest, count, generator)
    target = video.cameras.select(slice(start, start + frames))
    candidates = [*range(start), *range(start + frames, count)]
    cloud = _cloud(video, clip, start, candidates, settings, generator, estimate)
    height, width = video.frames.shape[1:3]
    rendered = render_soft(cloud.positions, cloud.colors, target, height, width, radius=settings.point_radius)
    picked = [] if clip == FIRST else _references(cloud, video.cameras, start, candidates, settings, height, width)
    return ClipSample(
        video.frames[start : start + frames],
        rendered.image,
        rendered.coverage,
        video.frames[picked],
        settings.given(clip),
    )


def make_posed_sample(video: PosedVideo, settings: SampleSettings, generator: torch.Generator) -> PosedSample:
    """One clip of a video that continues what was seen before it, where `starts` says. Raises SpatiaError when the video is too short."""
    count, frames = video.cameras.count, settings.frames(POSED)
    if not enough_frames(video, POSED, settings):
        raise SpatiaError(
            f"It has {count} frames, too few for a clip of {frames} and one before it; use longer videos or shorter clips."
        )
    start = _start(POSED, settings, 1, count, generator)
    gate, ids = plan_memory(video.cameras, start, frames, settings.given(POSED), TRAINING_RULES, settings.radius)
    return PosedSample(video, start, gate, ids)


def _cloud(
    video: PosedVideo,
    clip: str,
    start: int,
    candidates: list[int],
    settings: SampleSettings,
    generator: torch.Generator,
    estimate: DepthEstimator,
) -> PointCloud:
    """The static scene of the frames that a projection may know of."""
    if settings.cloud == "candidate":
        # Frames are tried in random order: one that shows nothing but what moves, or has no depth, makes no cloud.
        tries = [[candidates[i]] for i in torch.randperm(len(candidates), generator=generator).tolist()]
    else:
        known = start + settings.given(clip)
        tries = [[start] if clip == FIRST else list(range(0, known, settings.candidate_every))]
    for pick in tries[:8]:
        maps = estimate(video.frames, video.cameras, pick)
        if bool((maps.depth > 0).any()) and not bool(video.moving[pick].all()):
            break
    if settings.depth_error:
        maps = maps._replace(depth=roughened(maps.depth, settings.depth_error, generator))
    height, width = video.frames.shape[1:3]
    scene = estimate_scene(maps, video.cameras.select(pick), height, width, moving=video.moving[pick])
    clouds = [estimate_points(scene, i, video.frames[frame], view=frame) for i, frame in enumerate(pick)]
    return merged_points(concat_clouds(*clouds), settings.voxel_size)


def _references(
    cloud: PointCloud,
    cameras: Cameras,
    start: int,
    candidates: list[int],
    settings: SampleSettings,
    height: int,
    width: int,
) -> list[int]:
    """Algorithm 1 (paper, supplement): for every n-th new frame the candidate that shares most of the scene with it."""
    if settings.cloud == "inference":
        candidates = [frame for frame in candidates if frame < start]
    candidates = candidates[:: settings.candidate_every]
    new = range(start + settings.history_frames, start + settings.later_frames)
    targets = [new[i] for i in target_frames(len(new), settings.target_every)]
    seen = visible_bits(
        cloud.positions, cameras.select([*targets, *candidates]), height, width, voxel_size=settings.voxel_size
    )
    found = retrieve_packed(
        seen[: len(targets)],
        seen[len(targets) :],
        every=1,
        max_references=settings.max_references,
        threshold=settings.threshold,
    )
    return [candidates[i] for i in found.candidates]


def roughened(depth: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Depth maps (N, h, w), each with a chance of one half times a smooth factor, as an estimator errs; deviation: of its logarithm."""
    coarse = deviation * torch.randn(len(depth), 1, 3, 4, generator=generator)
    coarse *= (torch.rand(len(depth), 1, 1, 1, generator=generator) < 0.5).float()
    factor = functional.interpolate(coarse, depth.shape[1:], mode="bicubic", align_corners=True)[:, 0].exp()
    return depth * factor.to(depth.dtype)


def _start(clip: str, settings: SampleSettings, earliest: int, count: int, generator: torch.Generator) -> int:
    """First frame of a clip of a video of so many frames."""
    if settings.starts == CHAIN:
        return _chained(clip, settings)
    return earliest + _draw(count - settings.frames(clip) - earliest + 1, generator)


def _chained(clip: str, settings: SampleSettings) -> int:
    return 0 if clip == FIRST else settings.first_frames - settings.history_frames


def _draw(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=generator))
