"""Closed-loop metrics (paper, Table 4): how well the last frame repeats the first when the camera comes back."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpatiaError

_WINDOW, _SIGMA = 11, 1.5


class ClosedLoop(NamedTuple):
    """psnr in dB, infinite for equal frames; ssim in [-1, 1]."""

    psnr: float
    ssim: float


def closed_loop(frames: Tensor) -> ClosedLoop:
    """PSNR and SSIM of the last frame against the first; frames (N, H, W, C) in [0, 1], N >= 2."""
    if frames.ndim != 4 or frames.shape[0] < 2:
        raise SpatiaError(
            f"frames of shape {tuple(frames.shape)} were given, expected a video (N, H, W, C) of at least 2 frames; change frames."
        )
    return ClosedLoop(psnr(frames[-1], frames[0]), ssim(frames[-1], frames[0]))


def psnr(image: Tensor, reference: Tensor) -> float:
    """Peak signal to noise ratio in dB of two images (H, W, C) in [0, 1]; infinite when they are equal."""
    check_images(image, reference)
    error = float(((image.double() - reference.double()) ** 2).mean())
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(image: Tensor, reference: Tensor) -> float:
    """Structural similarity of two images (H, W, C) in [0, 1]: Gaussian window 11x11, sigma 1.5, windows inside only, mean of channels."""
    check_images(image, reference)
    if min(image.shape[:2]) < _WINDOW:
        raise SpatiaError(
            f"SSIM of a {image.shape[1]}x{image.shape[0]} image: expected at least {_WINDOW} pixels on each side; use larger frames."
        )
    x, y = (a.double().permute(2, 0, 1).unsqueeze(1) for a in (image, reference))  # HWC -> C1HW
    offsets = torch.arange(_WINDOW, dtype=torch.float64, device=x.device) - _WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * _SIGMA**2))
    weights = weights / weights.sum()

    def blur(a: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(a, weights.view(1, 1, -1, 1)), weights.view(1, 1, 1, -1))

    mean_x, mean_y = blur(x), blur(y)
    var_x, var_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similarity = (
        (2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    )
    return float(similarity.mean())


def colour_shift(image: Tensor, reference: Tensor) -> float:
    """How far the mean colour moved: root mean square over channels of the difference of means, in 8-bit steps; images (H, W, C) in [0, 1]."""
    check_images(image, reference)
    difference = image.double().mean((0, 1)) - reference.double().mean((0, 1))
    return 255 * float(difference.square().mean().sqrt())


def check_images(image: Tensor, reference: Tensor) -> None:
    """Refuse two images that are not of one shape (H, W, C), hold no pixel, are no floats, or not finite."""
    if image.ndim != 3 or image.shape != reference.shape or not image.numel():
        raise SpatiaError(
            f"Images of shape {tuple(image.shape)} and {tuple(reference.shape)} were given, expected two of the same (H, W, C)."
        )
    for given in (image, reference):
        # 8-bit pictures would be taken for floats far outside 0..1.
        if not given.is_floating_point():
            raise SpatiaError(
                f"Images of type {given.dtype} were given, expected floats in 0..1; divide 8-bit frames by 255."
            )
    if not (torch.isfinite(image).all() and torch.isfinite(reference).all()):
        raise SpatiaError(
            "The frames hold NaN or infinite values, expected numbers in 0..1; check the node that made them."
        )
