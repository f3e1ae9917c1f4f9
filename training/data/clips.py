"""Training samples: what the network sees of a room video, built with the same code as at inference."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...spatia_core.cameras.camera import Cameras, make_cameras, unproject
from ...spatia_core.cloud.point_cloud import concat_clouds, make_point_cloud
from ...spatia_core.cloud.voxels import voxel_merge
from ...spatia_core.memory.retrieval import retrieve_references
from ...spatia_core.memory.windows import HISTORY_FRAMES
from ...spatia_core.render.soft import render_soft
from .rooms import Room, RoomVideo, add_moving_box, make_room, render_room, room_path

HEIGHT, WIDTH = 128, 192
CLIP_FRAMES = 25
VIDEO_FRAMES = 2 * CLIP_FRAMES - HISTORY_FRAMES
MAX_REFERENCES = 4
VOXEL_SIZE = 0.02
POINT_RADIUS = 0.03
_KEYFRAME_STRIDE = 8


class ClipSample(NamedTuple):
    """frames (N, H, W, 3) uint8; projection (N, H, W, 3) uint8; coverage (N, H, W) uint8;
    references (R, H, W, 3) uint8; history: leading frames that are given, not generated."""

    frames: Tensor
    projection: Tensor
    coverage: Tensor
    references: Tensor
    history: int


def room_scene(seed: int, moving: bool = False) -> tuple[Room, np.ndarray, np.ndarray | None]:
    """What `room_video` shows of a seed: room, camera-to-world poses (N, 4, 4), displacements (N, 3) of the moving box or None."""
    rng = np.random.default_rng(seed)
    kind = str(rng.choice(["out_and_back", "loop", "one_way"], p=[0.5, 0.25, 0.25]))
    while True:
        room = make_room(rng)
        try:
            path = room_path(room, rng, VIDEO_FRAMES, kind)
            room, motion = add_moving_box(room, rng, path) if moving else (room, None)
        except ValueError:
            continue  # a room too full to move in: the next one of the same stream
        return room, path, motion


def room_video(seed: int, moving: bool = False) -> RoomVideo:
    """The room video of a seed: VIDEO_FRAMES frames of a path that returns, loops or leaves; moving: with a box that moves."""
    room, path, motion = room_scene(seed, moving)
    return render_room(room, path, HEIGHT, WIDTH, motion=motion)


def first_clip(video: RoomVideo, rng: np.random.Generator) -> ClipSample:
    """Clip 1: conditioned on its first frame; the cloud is that frame's."""
    cameras = make_cameras(video.w2c, video.intrinsics)
    target = cameras.select(slice(0, CLIP_FRAMES))
    image, coverage = _projection(video, cameras, [0], target, rng)
    references = torch.zeros(0, HEIGHT, WIDTH, 3, dtype=torch.uint8)
    return ClipSample(torch.from_numpy(video.frames[:CLIP_FRAMES]), image, coverage, references, 1)


def second_clip(video: RoomVideo, rng: np.random.Generator) -> ClipSample:
    """Clip 2: conditioned on the last frames of clip 1, a cloud of all of it, and references from before."""
    start = CLIP_FRAMES - HISTORY_FRAMES
    cameras = make_cameras(video.w2c, video.intrinsics)
    target = cameras.select(slice(start, start + CLIP_FRAMES))
    image, coverage = _projection(video, cameras, list(range(0, CLIP_FRAMES, _KEYFRAME_STRIDE)), target, rng)
    return ClipSample(
        torch.from_numpy(video.frames[start : start + CLIP_FRAMES]),
        image,
        coverage,
        torch.from_numpy(video.frames[_references(video, cameras, start)]),
        HISTORY_FRAMES,
    )


def _projection(
    video: RoomVideo, cameras: Cameras, sources: list[int], target: Cameras, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Soft projection of the cloud of `sources`, with the depth error an estimator makes in half of the samples."""
    clouds = []
    for index in sources:
        depth = torch.from_numpy(video.z_depth[index]).double()
        if rng.random() < 0.5:
            depth = depth * _smooth_factor(rng, 0.03)
        points = unproject(depth, cameras.K(HEIGHT, WIDTH)[index], cameras.c2w[index])
        # What moves is kept out of the cloud and stays in the target.
        still = torch.from_numpy(~video.moving[index])
        clouds.append(make_point_cloud(points[still].float(), torch.from_numpy(video.frames[index])[still]))
    cloud = voxel_merge(concat_clouds(*clouds), VOXEL_SIZE)
    rendered = render_soft(cloud.positions, cloud.colors, target, HEIGHT, WIDTH, radius=POINT_RADIUS)
    return rendered.image, rendered.coverage


def _smooth_factor(rng: np.random.Generator, deviation: float) -> Tensor:
    coarse = torch.from_numpy(rng.normal(0, deviation, (1, 1, 3, 4)))
    return torch.nn.functional.interpolate(coarse, (HEIGHT, WIDTH), mode="bicubic", align_corners=True)[0, 0].exp()


def _references(video: RoomVideo, cameras: Cameras, start: int) -> list[int]:
    """Algorithm 1 over the frames before the history, on points whose visibility the exact depth tells."""
    stride = 8
    grids = []
    for index in range(0, VIDEO_FRAMES, 4):
        depth = torch.from_numpy(video.z_depth[index]).double()
        grid = unproject(depth, cameras.K(HEIGHT, WIDTH)[index], cameras.c2w[index])
        grids.append(grid[::stride, ::stride].reshape(-1, 3))
    points = torch.cat(grids)
    visible = torch.stack([seen(points, video, cameras, view) for view in range(VIDEO_FRAMES)])
    targets = range(start + HISTORY_FRAMES, start + CLIP_FRAMES, 4)
    picked = retrieve_references(
        visible[list(targets)], visible[:start], every=1, max_references=MAX_REFERENCES, threshold=0.05
    )
    return list(picked.candidates)


def seen(points: Tensor, video: RoomVideo, cameras: Cameras, view: int) -> Tensor:
    """Which world points (P, 3) frame `view` sees, (P,) bool; its exact depth tells what hides what."""
    camera_points = points @ cameras.w2c[view, :3, :3].T + cameras.w2c[view, :3, 3]
    z = camera_points[:, 2]
    pixels = camera_points @ cameras.K(HEIGHT, WIDTH)[view].T
    safe = z.clamp_min(1e-6)
    column, row = (pixels[:, 0] / safe).floor().long(), (pixels[:, 1] / safe).floor().long()
    inside = (z > 0) & (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    depth = torch.from_numpy(video.z_depth[view])
    surface = depth[row.clamp(0, HEIGHT - 1), column.clamp(0, WIDTH - 1)]
    return inside & (z < surface * 1.03)
