"""Mirrored and recoloured copies of encoded clips, by linear maps on the latents.

A room seen in a mirror, or with its colour channels exchanged, is another room of the same kind. To render and encode it
takes a second; the autoencoder is so nearly linear that a 3x3 convolution of the latents, fitted once, tells nearly the same.
"""

from itertools import permutations
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F


class Variant(NamedTuple):
    """mirrored: left and right exchanged. channels: of red, green and blue, which one is shown as each."""

    mirrored: bool
    channels: tuple[int, int, int]


VARIANTS = tuple(
    Variant(mirrored, (red, green, blue)) for mirrored in (False, True) for red, green, blue in permutations(range(3))
)
UNCHANGED = 0  # position in VARIANTS


def vary_pixels(video: Tensor, variant: Variant) -> Tensor:
    """The variant of a video (..., W, 3)."""
    video = video[..., list(variant.channels)]
    return video.flip(-2) if variant.mirrored else video


class LatentMap(NamedTuple):
    """How latents change with a variant of the pixels: 3x3 kernels (C, C, 3, 3) and biases (C,) of a lone image (the first latent
    frame of every clip) and of a later latent frame, before left and right are exchanged where mirrored."""

    image_kernel: Tensor
    image_bias: Tensor
    later_kernel: Tensor
    later_bias: Tensor
    mirrored: bool

    def __call__(self, latents: Tensor, images: bool = False) -> Tensor:
        """Latents (C, T, h, w) of a clip, or of T images, to those of the variant."""
        padded = F.pad(latents.transpose(0, 1), (1, 1, 1, 1), mode="replicate")
        lone = len(padded) if images else 1
        parts = [
            F.conv2d(padded[:lone], self.image_kernel, self.image_bias),
            F.conv2d(padded[lone:], self.later_kernel, self.later_bias),
        ]
        changed = torch.cat(parts).transpose(0, 1)
        return changed.flip(-1) if self.mirrored else changed


def fit_map(before: Tensor, after: Tensor, mirrored: bool) -> LatentMap:
    """Least squares over clips: latents (N, C, T, h, w) of some videos and of their variants. T is at least 2."""
    if mirrored:
        after = after.flip(-1)
    return LatentMap(*_fit(before[:, :, :1], after[:, :, :1]), *_fit(before[:, :, 1:], after[:, :, 1:]), mirrored)


def map_error(latent_map: LatentMap, before: Tensor, after: Tensor) -> float:
    """Mean squared error of the mapped latents (N, C, T, h, w), as a share of their variance."""
    errors = torch.stack([latent_map(clip) for clip in before]) - after
    return float(errors.square().mean() / after.var((0, 2, 3, 4)).mean())


def _fit(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """Kernel and bias whose convolution of `before` is nearest to `after`, with a ridge far below the latents' unit variance."""
    channels = before.shape[1]
    images = rearrange(before, "n c t h w -> (n t) c h w")
    patches = F.unfold(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3)
    inputs = rearrange(patches, "frames patch place -> (frames place) patch").double()
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=torch.float64)], dim=1)
    outputs = rearrange(after, "n c t h w -> (n t h w) c").double()
    gram = inputs.T @ inputs
    gram += 1e-4 * len(inputs) * torch.eye(len(gram), dtype=torch.float64)
    solution = torch.linalg.solve(gram, inputs.T @ outputs).float()
    return solution[:-1].T.reshape(channels, channels, 3, 3).contiguous(), solution[-1]
