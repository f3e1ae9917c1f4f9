"""Poses, intrinsics, trajectories and camera file formats."""

from .camera import (
    Cameras,
    concat_cameras,
    intrinsics_from_fov,
    invert_pose,
    make_cameras,
    project,
    unproject,
)

__all__ = [
    "Cameras",
    "concat_cameras",
    "intrinsics_from_fov",
    "invert_pose",
    "make_cameras",
    "project",
    "unproject",
]
