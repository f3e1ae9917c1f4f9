"""The room videos that the small bundle is trained and measured on: their size, their clips, their seeds."""

import numpy as np
import torch
from torch import Tensor

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.memory.windows import HISTORY_FRAMES
from .rooms import Room, RoomVideo, add_moving_box, make_room, render_room, room_path

HEIGHT, WIDTH = 128, 192
CLIP_FRAMES = 25
VIDEO_FRAMES = 2 * CLIP_FRAMES - HISTORY_FRAMES
MAX_REFERENCES = 4
VOXEL_SIZE = 0.02
POINT_RADIUS = 0.03


def room_scene(
    seed: int, moving: bool = False, *, frames: int = VIDEO_FRAMES, kind: str = "", least_reach: float = 0.0
) -> tuple[Room, np.ndarray, np.ndarray | None]:
    """What `room_video` shows of a seed: room, camera-to-world poses (N, 4, 4), displacements (N, 3) of the moving box or None.

    frames: N. kind: of `room_path`, drawn where it is empty. least_reach: metres that the path leads away from its beginning.
    """
    rng = np.random.default_rng(seed)
    kind = kind or str(rng.choice(["out_and_back", "loop", "one_way"], p=[0.5, 0.25, 0.25]))
    while True:
        room = make_room(rng)
        try:
            path = room_path(room, rng, frames, kind)
            room, motion = add_moving_box(room, rng, path) if moving else (room, None)
        except ValueError:
            continue  # a room too full to move in: the next one of the same stream
        if np.linalg.norm(path[:, :3, 3] - path[0, :3, 3], axis=1).max() >= least_reach:
            return room, path, motion


def room_video(seed: int, moving: bool = False) -> RoomVideo:
    """The room video of a seed: VIDEO_FRAMES frames of a path that returns, loops or leaves; moving: with a box that moves."""
    room, path, motion = room_scene(seed, moving)
    return render_room(room, path, HEIGHT, WIDTH, motion=motion)


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
