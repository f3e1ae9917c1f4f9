"""Poses per latent frame, and rays: what the memory branch knows of cameras (paper: camera-aware retrieval, Pluecker cues)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ...backbone import FRAMES_PER_LATENT
from ...cameras.camera import Cameras, invert_pose
from ...errors import SpatiaError

GROUP = FRAMES_PER_LATENT  # pixel frames of a latent frame, the first excepted


def latent_of(frames: Tensor) -> Tensor:
    """Latent frame of each pixel frame, any shape, int64: 0 for frame 0, else (frame - 1) // 4 + 1; -1 stays -1."""
    return torch.where(frames > 0, (frames - 1).div(GROUP, rounding_mode="floor") + 1, frames)


def latent_poses(c2w: Tensor) -> Tensor:
    """(L, 4, 4) float64 poses of latent frames from (N, 4, 4) camera-to-world poses of pixel frames.

    Latent 0 is frame 0; latent k averages frames 4k-3..4k. Frames beyond the last whole group have no latent.
    """
    c2w = c2w.to(torch.float64)
    groups = [c2w[:1]]
    groups += [c2w[start : start + GROUP] for start in range(1, c2w.shape[0] - GROUP + 1, GROUP)]
    return torch.stack([average_pose(group) for group in groups])


def average_pose(c2w: Tensor) -> Tensor:
    """(4, 4) float64 average of rigid poses (N, 4, 4): mean centre and Markley's quaternion mean.

    That mean minimises the squared distance between rotation matrices, so it is the rotation nearest to their sum.
    Raises SpatiaError when opposite rotations leave no nearest one.
    """
    c2w = c2w.to(torch.float64)
    U, size, Vh = torch.linalg.svd(c2w[:, :3, :3].sum(0))
    if float(size[1]) < 1e-9 * c2w.shape[0]:
        raise SpatiaError(
            "The cameras of one latent frame look in opposite directions, so they have no average; use a slower camera path."
        )
    turn = torch.diag(torch.stack([size.new_ones(()), size.new_ones(()), torch.linalg.det(U @ Vh).sign()]))
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = U @ turn @ Vh
    pose[:3, 3] = c2w[:, :3, 3].mean(0)
    return pose


def latent_cameras(cameras: Cameras) -> Cameras:
    """One camera per latent frame: the average pose, and the intrinsics of the group's last frame."""
    poses = latent_poses(cameras.c2w)
    last = [min(GROUP * k, cameras.count - 1) for k in range(poses.shape[0])]
    return Cameras(invert_pose(poses), cameras.intrinsics[last])


def relative_poses(c2w: Tensor, origin: Tensor, unit: float = 1.0) -> Tensor:
    """(N, 4, 4) float64 poses seen from the camera `origin` (4, 4), both camera-to-world; lengths in `unit` scene units."""
    if not 0 < unit < float("inf"):
        raise SpatiaError(f"A unit of {unit} scene units was given, expected more than 0.")
    poses = invert_pose(origin.to(torch.float64)) @ c2w.to(torch.float64)
    poses[:, :3, 3] /= unit
    return poses


def late_intrinsics(cameras: Cameras, after: Tensor | None = None) -> Cameras:
    """A later window's cameras as the release reads them: each with the intrinsics of the camera after it.

    after: (4,) intrinsics of the path's camera after the last; None: where the path ends, they are taken to stay.
    """
    last = cameras.intrinsics[-1:] if after is None else after[None]
    return cameras._replace(intrinsics=torch.cat([cameras.intrinsics[1:], last]))


def pluecker_rays(c2w: Tensor, intrinsics: Tensor, height: int, width: int) -> Tensor:
    """Pluecker coordinates (N, 6, H, W) of every pixel's ray: moment (centre x direction), then unit direction.

    c2w: (N, 4, 4), camera to world. intrinsics: (N, 4) pixels [fx fy cx cy]; pixel centres at +0.5.
    """
    fx, fy, cx, cy = (value[:, None, None] for value in intrinsics.unbind(-1))
    u = torch.arange(width, dtype=c2w.dtype, device=c2w.device) + 0.5
    v = (torch.arange(height, dtype=c2w.dtype, device=c2w.device) + 0.5)[:, None]
    x, y = ((u - cx) / fx).expand(-1, height, -1), ((v - cy) / fy).expand(-1, -1, width)
    direction = torch.stack([x, y, torch.ones_like(x)], dim=1)
    direction = direction / direction.norm(dim=1, keepdim=True)
    direction = torch.einsum("nij,njhw->nihw", c2w[:, :3, :3], direction)
    moment = torch.linalg.cross(c2w[:, :3, 3, None, None].expand_as(direction), direction, dim=1)
    return torch.cat([moment, direction], dim=1)


def pixel_intrinsics(cameras: Cameras, height: int, width: int) -> Tensor:
    """(N, 4) float64 [fx fy cx cy] in pixels of an image of height x width."""
    return cameras.intrinsics * cameras.intrinsics.new_tensor([width, height, width, height])


def camera_groups(frames: int) -> Tensor:
    """(L, 4) int64: the four pixel frames whose camera features are averaged, two by two, for each latent frame.

    The branch halves time twice; an odd number keeps frame 0 alone, an even one averages all pairs. A frame kept alone
    stands for all it is averaged with, so 4n + 1 frames give [0 0 0 0], [1 2 3 4], [5 6 7 8], ...
    """
    items = [[frame] for frame in range(frames)]
    for _ in range(2):
        alone = [items[0] + items[0]] if len(items) % 2 else []
        rest = items[len(items) % 2 :]
        items = alone + [first + second for first, second in zip(rest[::2], rest[1::2])]
    return torch.tensor(items, dtype=torch.int64)


class ClipPoses(NamedTuple):
    """A clip's cameras as the branch reads them: four per latent frame, from the clip's first camera.

    c2w: (F, 4, 4, 4) float32. intrinsics: (F, 4, 4) float64, four of [fx fy cx cy] as fractions of the frame.
    """

    c2w: Tensor
    intrinsics: Tensor


def clip_poses(cameras: Cameras, unit: float = 1.0) -> ClipPoses:
    """The cameras of a clip, one per pixel frame. unit: scene units that the branch counts as one."""
    groups = camera_groups(cameras.count)
    c2w = relative_poses(cameras.c2w, cameras.c2w[0], unit)
    return ClipPoses(c2w[groups].float(), cameras.intrinsics[groups])
