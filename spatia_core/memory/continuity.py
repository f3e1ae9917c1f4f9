"""Does a clip continue this video, and by how many shared frames? One answer for the sampler, Update Memory and the rest."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..cameras.camera import Cameras
from ..errors import SpatiaError
from .memory import SpatialMemory
from .windows import HISTORY_FRAMES

KEYFRAME_STRIDE = 4
POSE_TOLERANCE = 1e-4  # of matrix entries and normalised intrinsics, between a camera and the one it repeats


class History(NamedTuple):
    """What a clip starts with: the last frames (h, H, W, 3) uint8 of the video and their cameras."""

    frames: Tensor
    cameras: Cameras


def shared_frames(memory: SpatialMemory, cameras: Cameras) -> int:
    """How many of a clip's first cameras repeat the end of the video: 1 after the image, else as its window says.

    Cameras that are no window's say it by their poses: as many as the clip before shared, 9 as in Spatia, or 1.
    Raises SpatiaError when the clip does not continue this video.
    """
    frames = memory.frame_count
    if cameras.history is not None and cameras.history > frames:
        raise SpatiaError(
            f"The clip shares its first {cameras.history} frames with the video before it, and this memory's video has "
            f"{frames} frame(s): it is the wrong memory, or the clips before are too short. Connect the memory that "
            "Update Memory made of the clip before, or choose an earlier clip in Clip Window."
        )
    told = 1 if frames == 1 else cameras.history
    if told is not None:
        _require_repeated(memory, cameras, told)
        return told
    before = (memory.clips[-1].history,) if len(memory.clips) > 2 else ()
    usual = [shared for shared in (*before, HISTORY_FRAMES, 1) if shared <= frames]
    for shared in usual:
        if shared < cameras.count and float(_gaps(memory, cameras, shared).max()) <= POSE_TOLERANCE:
            return shared
    _require_repeated(memory, cameras, usual[0])
    # Its poses fit, so what is missing is anything new.
    raise SpatiaError(_nothing_new(cameras.count, usual[0]))


def require_continues(memory: SpatialMemory, cameras: Cameras) -> int:
    """`shared_frames` of a clip that also brings something new. Raises SpatiaError otherwise."""
    shared = shared_frames(memory, cameras)
    if cameras.count <= shared:
        raise SpatiaError(_nothing_new(cameras.count, shared))
    return shared


def history(memory: SpatialMemory, cameras: Cameras) -> History:
    """The last frames and cameras of the video, which a clip along `cameras` starts with."""
    shared = require_continues(memory, cameras)
    frames = memory.frame_count
    return History(memory.read_frames(range(frames - shared, frames)), memory.cameras.select(slice(-shared, None)))


def new_keyframes(frames: int, shared: int, stride: int = KEYFRAME_STRIDE) -> list[int]:
    """Frames of a clip that get unprojected: of the new ones every `stride`-th, counted so that the last is among them."""
    if stride < 1:
        raise SpatiaError(f"keyframe_every: {stride} was given, expected 1 or more; change keyframe_every.")
    return sorted(range(frames - 1, shared - 1, -stride))


def check_clip(memory: SpatialMemory, frames: Tensor, cameras: Cameras) -> int:
    """Refuse a clip that does not continue this memory; frames (n, H, W, 3) uint8. Returns how many it shares.

    Cheap: run it before estimating depth.
    """
    expected = (memory.height, memory.width, 3)
    if frames.ndim != 4 or tuple(frames.shape[1:]) != expected or frames.dtype != torch.uint8:
        raise SpatiaError(
            f"frames are {frames.dtype} of shape {tuple(frames.shape)}, expected uint8 (n, {memory.height}, "
            f"{memory.width}, 3) like the video so far; connect the frames of the clip that continues this memory."
        )
    if cameras.count != frames.shape[0]:
        raise SpatiaError(
            f"{cameras.count} cameras were given for {frames.shape[0]} frames, expected one per frame; connect the "
            "cameras of this very clip (Spatia Clip Window), its padding cut like the frames'."
        )
    return require_continues(memory, cameras)


def _gaps(memory: SpatialMemory, cameras: Cameras, shared: int) -> Tensor:
    """(shared,) how far each of the clip's first cameras is from the one it repeats."""
    past, start = memory.cameras.select(slice(-shared, None)), cameras.select(slice(0, shared))
    pose = (past.w2c - start.w2c).abs().amax((1, 2))
    return pose.maximum((past.intrinsics - start.intrinsics).abs().amax(1))


def _require_repeated(memory: SpatialMemory, cameras: Cameras, shared: int) -> None:
    if cameras.count < shared:
        raise SpatiaError(_nothing_new(cameras.count, shared))
    gap = _gaps(memory, cameras, shared)
    if float(gap.max()) > POSE_TOLERANCE:
        worst = int(gap.argmax())
        raise SpatiaError(
            f"The clip's first {shared} camera(s) must be the video's last {shared}, but camera {worst} differs by "
            f"{float(gap[worst]):.3g}, so the clip does not continue this video; connect Clip Window's cameras, of the "
            "path that the earlier clips were made with, or rebase the path onto the memory's last camera."
        )


def _nothing_new(count: int, shared: int) -> str:
    return (
        f"A clip of {count} frame(s) was given, of which the first {shared} repeat the video's end: nothing is new; "
        "use a longer clip."
    )
