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
from .load3d import Framing, camera_from_view, view_from_camera, viewer_framing
from .trajectories import (
    BASE_MOTIONS,
    CLOSINGS,
    EASINGS,
    PRESETS,
    close_loop,
    continue_path,
    keyframe_path,
    parse_keyframe_path,
    parse_keyframes,
    preset_path,
    scale_path,
    scene_depth,
    travel_path,
)

__all__ = [
    "BASE_MOTIONS",
    "CLOSINGS",
    "EASINGS",
    "FORMATS",
    "PRESETS",
    "Cameras",
    "Framing",
    "camera_from_view",
    "close_loop",
    "concat_cameras",
    "continue_path",
    "detect_format",
    "intrinsics_from_fov",
    "invert_pose",
    "keyframe_path",
    "make_cameras",
    "parse_keyframe_path",
    "parse_keyframes",
    "preset_path",
    "project",
    "read_cameras",
    "scale_path",
    "scene_depth",
    "travel_path",
    "unproject",
    "view_from_camera",
    "viewer_framing",
    "write_cameras",
]
