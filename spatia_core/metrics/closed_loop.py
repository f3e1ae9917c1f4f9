"""Closed-loop metrics (paper, Table 4): how well the last frame repeats the first when the camera comes back."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor

from ..errors import SpatiaError

_WINDOW = 11  # pixels


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
    from kornia.metrics import ssim as similarity_map  # late: it loads all of kornia

    x, y = (rearrange(a.double(), "h w c -> 1 c h w") for a in (image, reference))
    # Without kornia's own eps, which would take 1e-5 off two black images; its Gaussian has a sigma of 1.5.
    return float(similarity_map(x, y, _WINDOW, max_val=1.0, eps=0.0, padding="valid").mean())


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
