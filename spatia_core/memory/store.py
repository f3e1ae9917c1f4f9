"""Where a clip's pixels are: in memory, or wherever another store reads them from when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import SpatiaError


class FrameStore(ABC):
    """The frames of one clip and their moving masks. Never changes once it is made; may be shared by many memories.

    No tuple on purpose: the host's cache weighs tensors inside tuples, and would count a clip once for every memory
    that holds it.
    """

    count: int  # frames
    height: int  # pixels
    width: int

    @abstractmethod
    def read(self, index: Sequence[int]) -> Tensor:
        """Frames (n, H, W, 3) uint8 at these positions from 0, in their order; n may be 0."""

    @abstractmethod
    def read_moving(self, index: Sequence[int]) -> Tensor:
        """Masks (n, H, W) bool of these frames, true on moving objects."""


class HeldFrames(FrameStore):
    """Frames (F, H, W, 3) uint8 in memory. moving: (F, H, W) bool, None where nothing moves."""

    def __init__(self, frames: Tensor, moving: Tensor | None = None):
        if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != torch.uint8 or not frames.shape[0]:
            raise SpatiaError(
                f"Frames {frames.dtype} of shape {tuple(frames.shape)} were given, expected uint8 (F, height, width, 3)."
            )
        if moving is not None and (moving.shape != frames.shape[:3] or moving.dtype != torch.bool):
            raise SpatiaError(
                f"A moving mask {moving.dtype} of shape {tuple(moving.shape)} was given, expected bool "
                f"{tuple(frames.shape[:3])}; check moving."
            )
        # Copies: what is handed in may be a part of something larger, which would be kept alive.
        self._frames = frames.clone()
        self._moving = moving.clone() if moving is not None and bool(moving.any()) else None
        self.count, self.height, self.width = frames.shape[:3]

    def read(self, index: Sequence[int]) -> Tensor:
        return self._frames[list(index)]

    def read_moving(self, index: Sequence[int]) -> Tensor:
        if self._moving is None:
            return torch.zeros(len(index), self.height, self.width, dtype=torch.bool)
        return self._moving[list(index)]
