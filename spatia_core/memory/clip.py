"""The unit of a video: one clip, with what it showed, from where, and what it did to the cloud."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..cameras.camera import Cameras
from ..cloud.point_cloud import PointCloud, empty_cloud
from .store import FrameStore


class CloudChange(NamedTuple):
    """What one clip did to the cloud, so that it can be taken back.

    Of the `size` points before it dropped those in rows `index` (D,) int64, ascending, which were `dropped`, and added
    points at the end: rows size - D and on of the cloud after.
    """

    size: int
    # Hides a tuple's method of the name, which nobody calls.
    index: Tensor  # type: ignore[assignment]
    dropped: PointCloud


class Clip(NamedTuple):
    """A clip as the video holds it: its new frames only. The given image is the first clip, of one frame."""

    frames: FrameStore
    cameras: Cameras  # one per new frame
    history: int  # leading frames of the clip as it was made that repeat the video before it; 0: the given image
    change: CloudChange | None  # None: not known, as in old files; then it is taken back by the frames points came from
    notes: tuple[str, ...] = ()  # where the scale came from, and warnings
    key: str = ""  # what made it, as a world names it; empty where nobody asked


def no_change(size: int) -> CloudChange:
    """The change of a clip that left a cloud of `size` points as it was."""
    return CloudChange(size, torch.zeros(0, dtype=torch.int64), empty_cloud())
