"""Between the host's IMAGE and MASK (float, 0..1) and the core's frames (uint8) and maps."""

from __future__ import annotations

import io as streams

import torch
from comfy_api.latest import Types
from torch import Tensor

from ...spatia_core.cloud.ply import ply_bytes
from ...spatia_core.cloud.point_cloud import PointCloud
from ...spatia_core.errors import SpatiaError

_COLOURED = 0.02  # difference between channels that a grey picture does not have, video compression included


def frames_from_image(image: Tensor, name: str) -> Tensor:
    """(N, H, W, 3) uint8 frames of an IMAGE (N, H, W, 3 or 4), alpha dropped. Raises SpatiaError on other shapes, no frame or NaN."""
    _check_image(image, name)
    if image.shape[3] < 3:
        raise SpatiaError(f"{name} has {image.shape[3]} channel(s), expected colour; connect an RGB IMAGE to {name}.")
    return (image[..., :3].float().cpu().clamp(0, 1) * 255).round().to(torch.uint8)


def image_from_frames(frames: Tensor) -> Tensor:
    """IMAGE (N, H, W, 3) float of uint8 frames; N may be 0."""
    return frames.float() / 255


def values_from_image(image: Tensor, name: str) -> Tensor:
    """The map (N, h, w) that an IMAGE carries in its equal channels; values beyond 1 are kept. Raises SpatiaError on colour."""
    _check_image(image, name, finite=False)
    values = image[..., 0].float().cpu()
    if image.shape[3] >= 3:
        known = torch.isfinite(image[..., :3]).all(-1).cpu()
        difference = (image[..., :3].float().cpu() - values[..., None]).abs().amax(-1)[known]
        if difference.numel() and float(difference.max()) > _COLOURED * max(1.0, float(values[known].abs().max())):
            raise SpatiaError(
                f"{name} is a coloured picture, expected grey values; connect the depth itself, not its colour map, to {name}."
            )
    return values


def mask_values(mask: Tensor, name: str) -> Tensor:
    """(N, h, w) of a MASK, which may come as (h, w)."""
    if mask.ndim == 2:
        mask = mask[None]
    if mask.ndim != 3 or not mask.shape[0]:
        raise SpatiaError(f"{name} has shape {tuple(mask.shape)}, expected a MASK (N, height, width).")
    return mask.float().cpu()


def point_cloud_file(cloud: PointCloud) -> Types.File3D:
    """The cloud as the host's FILE_3D_PLY, in the scene's own axes."""
    return Types.File3D(streams.BytesIO(ply_bytes(cloud)), "ply")


def _check_image(image: Tensor, name: str, finite: bool = True) -> None:
    if not isinstance(image, Tensor) or image.ndim != 4 or image.shape[0] < 1 or min(image.shape[1:3]) < 1:
        shape = tuple(image.shape) if isinstance(image, Tensor) else type(image).__name__
        raise SpatiaError(
            f"{name} is {shape}, expected an IMAGE batch (N, height, width, channels) of at least one frame."
        )
    if finite and not torch.isfinite(image).all():
        raise SpatiaError(f"{name} holds NaN or infinite values, expected 0..1; check the node that made {name}.")
