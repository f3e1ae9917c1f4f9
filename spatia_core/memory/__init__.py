"""What a video leaves to its next clip: the cloud and the clips, how they grow, what of them is looked up, and their file.

clip, store: one clip and its pixels. memory: cloud and clips. continuity, windows: how clips join. fusion, scale, report: a
clip enters. retrieval, visible_frames: which earlier frames show a place. archive, tensor_file: in one file.
"""

from .archive import check_memory, load_memory, save_memory
from .clip import Clip, CloudChange
from .continuity import (
    KEYFRAME_STRIDE,
    POSE_TOLERANCE,
    History,
    check_clip,
    history,
    new_keyframes,
    require_continues,
    shared_frames,
)
from .fusion import update
from .memory import MemoryUpdate, SpatialMemory, memory_of_image, new_memory, revert_clip, with_cloud, with_cloud_of
from .store import FrameStore, HeldFrames
from .visible_frames import SeenFrames, shared_points

__all__ = [
    "KEYFRAME_STRIDE",
    "POSE_TOLERANCE",
    "Clip",
    "CloudChange",
    "FrameStore",
    "HeldFrames",
    "History",
    "MemoryUpdate",
    "SeenFrames",
    "SpatialMemory",
    "check_clip",
    "check_memory",
    "history",
    "load_memory",
    "memory_of_image",
    "new_keyframes",
    "new_memory",
    "require_continues",
    "revert_clip",
    "save_memory",
    "shared_frames",
    "shared_points",
    "update",
    "with_cloud",
    "with_cloud_of",
]
