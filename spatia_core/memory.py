"""The spatial memory: the scene's cloud, the video so far with its cameras, and which clip made which frame."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from .cameras.camera import Cameras
from .cloud.point_cloud import PointCloud


class SpatialMemory(NamedTuple):
    """What a clip leaves to the next one. Immutable: `update` returns a new one.

    A NamedTuple of tensors, because the host's cache weighs tensors inside tuples only.
    """

    cloud: PointCloud
    frames: Tensor  # (F, H, W, 3) uint8, the video so far
    moving: Tensor  # (F, H, W) bool, true on moving objects
    cameras: Cameras  # F of them
    clip: Tensor  # (F,) int32: 0 = the given image, k = made by clip k
    voxel_size: float  # scene units
    notes: tuple[str, ...]  # where the scale came from, and warnings

    @property
    def height(self) -> int:
        """Image height in pixels."""
        return self.frames.shape[1]

    @property
    def width(self) -> int:
        """Image width in pixels."""
        return self.frames.shape[2]
