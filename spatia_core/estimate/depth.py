"""Depth from any source, brought to one form: z-depth in scene units, 0 = unknown."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpatiaError
from ..inputs import shown

METRES, INVERSE, NORMALISED, NORMALISED_FAR = "metres", "inverse", "normalised", "normalised, white is far"
DEPTH_KINDS = (METRES, INVERSE, NORMALISED, NORMALISED_FAR)
_ASPECT_TOLERANCE = 0.02


class DepthMaps(NamedTuple):
    """What an estimator says of N images, at any resolution of their aspect."""

    depth: Tensor  # (N, h, w) float32 z-depth, 0 = unknown
    metric: bool  # whether the unit is the metre
    source: str  # for people
    intrinsics: Tensor | None = None  # (4,) float64 normalised, where the estimator knows them
    confidence: Tensor | None = None  # (N, h, w) float32
    w2c: Tensor | None = None  # (N, 4, 4) float64, its own poses, in its own unit
    warnings: tuple[str, ...] = ()

    def select(self, index: list[int]) -> DepthMaps:
        """The maps of these images. Raises SpatiaError where confidence or poses are not one per map."""
        for name, value in (("confidence maps", self.confidence), ("camera poses", self.w2c)):
            if value is not None and value.shape[0] != self.depth.shape[0]:
                raise SpatiaError(
                    f"The depth source ({self.source}) holds {value.shape[0]} {name} for {self.depth.shape[0]} depth "
                    "map(s), expected one for each; connect the geometry node's own output."
                )
        return self._replace(
            depth=self.depth[index],
            confidence=None if self.confidence is None else self.confidence[index],
            w2c=None if self.w2c is None else self.w2c[index],
        )


def depth_from_map(values: Tensor, kind: str, *, near: float = 1.0, far: float = 10.0, scale: float = 1.0) -> DepthMaps:
    """Depth from a map of a stated kind.

    values: (N, h, w). metres: z = scale * v. inverse: z = scale / v. normalised: white (1) is near and black (0) far,
    linear in 1 / z between `near` and `far`, as depth preprocessors draw it. normalised, white is far: linear in z.
    Values that are not finite and, for metres and inverse, not positive are unknown, and so is depth beyond float32.
    Raises SpatiaError on other kinds, near >= far, or normalised values outside 0..1.
    """
    if kind not in DEPTH_KINDS:
        raise SpatiaError(f"depth_kind: {shown(kind)} was given, expected one of: {'; '.join(DEPTH_KINDS)}.")
    if not 0 < scale < float("inf"):
        raise SpatiaError(f"depth_scale: {scale} was given, expected more than 0; change depth_scale.")
    if values.ndim != 3:
        raise SpatiaError(f"A depth map of shape {tuple(values.shape)} was given, expected (N, height, width).")
    values = values.float()
    known = torch.isfinite(values)
    warnings: tuple[str, ...] = ()
    if kind in (METRES, INVERSE):
        known &= values > 0
        safe = torch.where(known, values, torch.ones_like(values))
        depth = safe * scale if kind == METRES else scale / safe
        if kind == METRES and known.any() and float(values[known].max()) <= 1.0:
            warnings = (
                "The depth map is nowhere above 1 metre; if it is a normalised picture, set depth_kind to normalised.",
            )
    else:
        if not 0 < near < far < float("inf"):
            raise SpatiaError(f"near {near} and far {far} were given, expected 0 < near < far; change near or far.")
        if bool((values[known] < -1e-3).any()) or bool((values[known] > 1 + 1e-3).any()):
            raise SpatiaError(
                f"A normalised depth map holds values from {float(values[known].min()):.3g} to {float(values[known].max()):.3g}, "
                "expected 0 to 1; set depth_kind to metres or inverse."
            )
        safe = torch.where(known, values, torch.zeros_like(values)).clamp(0, 1)
        depth = near + safe * (far - near) if kind == NORMALISED_FAR else 1 / (safe / near + (1 - safe) / far)
        depth = depth * scale
    depth = torch.where(known & torch.isfinite(depth), depth, torch.zeros_like(depth))
    return DepthMaps(depth, kind == METRES, f"depth map ({kind})", warnings=warnings)


def resize_depth(depth: Tensor, height: int, width: int, name: str = "depth") -> Tensor:
    """Maps (N, h, w) at the image's size, nearest: a blend of near and far would leave points in mid-air.

    Raises SpatiaError when the aspect is not the image's.
    """
    if depth.ndim != 3:
        raise SpatiaError(f"The {name} has shape {tuple(depth.shape)}, expected (N, height, width).")
    require_aspect(depth.shape[1], depth.shape[2], height, width, name)
    if depth.shape[1:] == (height, width):
        return depth
    return F.interpolate(depth.float().unsqueeze(1), size=(height, width), mode="nearest-exact")[:, 0]


def require_aspect(h: int, w: int, height: int, width: int, name: str) -> None:
    """Refuse a map whose shape is not the image's, up to rounding."""
    if h < 1 or w < 1 or abs(w * height - h * width) > max(_ASPECT_TOLERANCE * h * width, max(height, width)):
        raise SpatiaError(
            f"The {name} is {w}x{h} and the image {width}x{height}, expected the same shape of picture; connect the {name} of this image."
        )
