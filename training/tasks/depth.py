"""Training of the small monocular depth network on rooms with exact depth."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ...spatia_core.estimate.small_depth import NATIVE_SIZE, SmallDepthNet
from ..loop.fitting import FitRun, fit


def train_depth(
    network: SmallDepthNet,
    sample: Callable[[torch.Generator], tuple[Tensor, Tensor]],
    run: FitRun,
    batch_size: int = 12,
) -> None:
    """Fit log z-depth. sample: draws one (H, W, 3) uint8 image and its (H, W) z-depth. batch_size: of each of two micro-batches."""

    def batch(generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        pairs = [sample(generator) for _ in range(batch_size)]
        images = F.interpolate(
            torch.stack([image.permute(2, 0, 1) for image, _ in pairs]).float() / 255, size=NATIVE_SIZE, mode="area"
        )
        # A mean over an edge would be the depth of nothing: take one pixel's.
        depths = torch.stack([depth for _, depth in pairs]).float().unsqueeze(1)
        return images, F.interpolate(depths, size=NATIVE_SIZE, mode="nearest-exact")[:, 0].log()

    def loss(drawn: tuple[Tensor, Tensor], own: torch.Generator, progress: float) -> Tensor:
        images, target = drawn[0].clone(), drawn[1].clone()
        flip = torch.rand(batch_size, generator=own) < 0.5
        images[flip], target[flip] = images[flip].flip(-1), target[flip].flip(-1)
        # Brightness is no depth cue: vary it.
        images = images * (0.7 + 0.6 * torch.rand(batch_size, 1, 1, 1, generator=own))
        difference = network(images.clamp(0, 1)).float() - target
        slope = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean()
        return difference.abs().mean() + slope + (difference[:, 1:] - difference[:, :-1]).abs().mean()

    # AdamW for all of it, at 2e-3.
    fit(network, [], loss, batch, run, learning_rate=4e-3)
