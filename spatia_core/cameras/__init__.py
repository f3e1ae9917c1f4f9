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
from .formats import FORMATS, detect_format, read_cameras, write_cameras
from .trajectories import (
    BASE_MOTIONS,
    CLOSINGS,
    EASINGS,
    PRESETS,
    close_loop,
    continue_path,
    keyframe_path,
    parse_keyframes,
    preset_path,
    scale_path,
    scene_depth,
)

__all__ = [
    "BASE_MOTIONS",
    "CLOSINGS",
    "Cameras",
    "EASINGS",
    "FORMATS",
    "PRESETS",
    "close_loop",
    "concat_cameras",
    "continue_path",
    "detect_format",
    "intrinsics_from_fov",
    "invert_pose",
    "keyframe_path",
    "make_cameras",
    "parse_keyframes",
    "preset_path",
    "project",
    "read_cameras",
    "scale_path",
    "scene_depth",
    "unproject",
    "write_cameras",
]
