"""What cameras are, as a number that does not depend on how, or on which machine, they were computed."""

from __future__ import annotations

import hashlib

import torch

from ...spatia_core.cameras import Cameras

_STEPS = 1 << 20  # per scene unit, and per unit of a rotation or a focal length
# Where two numbers of the grid meet. Another processor's rounding moves a float64 by some 1e-15, and only a value that
# close to such a place comes out as another number. Values that paths are full of (halves, thirds, decimals with few
# digits) are fractions with a small denominator, and this offset keeps all of those away from it.
_OFFSET = 0.6180339887498949


def camera_values(cameras: Cameras) -> str:
    """Digest of poses and intrinsics, to a millionth: what is nearer than that draws the same picture."""
    values = torch.cat([cameras.w2c[:, :3].flatten(1), cameras.intrinsics], dim=1)
    return _digest(values)


def field_of_view_values(cameras: Cameras) -> str:
    """Digest of the first camera's focal length along the width: all that a scene that is fitted to takes of a path."""
    return _digest(cameras.intrinsics[:1, :1])


def _digest(values: torch.Tensor) -> str:
    steps = torch.floor(values.to("cpu", torch.float64) * _STEPS + _OFFSET).to(torch.int64)
    return hashlib.sha256(steps.contiguous().numpy().astype("<i8").tobytes()).hexdigest()[:32]
