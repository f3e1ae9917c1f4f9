"""Training of the small monocular depth network on rooms with exact depth."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...spatia_core.estimate.small_depth import NATIVE_SIZE, SmallDepthNet
from ...spatia_core.precision import cpu_autocast
from ..loop.budget import Budget


def train_depth(
    network: SmallDepthNet,
    sample: Callable[[torch.Generator], tuple[Tensor, Tensor]],
    *,
    budget: Budget,
    generator: torch.Generator,
    report: Callable[[str], None],
    batch_size: int = 24,
) -> None:
    """Fit log z-depth within a budget. sample: draws one (H, W, 3) uint8 image and its (H, W) z-depth."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01, betas=(0.9, 0.98))
    errors = []
    while (progress := budget.progress) < 1:
        optimiser.param_groups[0]["lr"] = 2e-3 * (
            min(1, (budget.step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 0.005
        )
        pairs = [sample(generator) for _ in range(batch_size)]
        images = F.interpolate(
            torch.stack([image.permute(2, 0, 1) for image, _ in pairs]).float() / 255, size=NATIVE_SIZE, mode="area"
        )
        # A mean over an edge would be the depth of nothing: take one pixel's.
        depths = torch.stack([depth for _, depth in pairs]).float().unsqueeze(1)
        target = F.interpolate(depths, size=NATIVE_SIZE, mode="nearest-exact")[:, 0].log()
        flip = torch.rand(batch_size, generator=generator) < 0.5
        images[flip], target[flip] = images[flip].flip(-1), target[flip].flip(-1)
        # Brightness is no depth cue: vary it.
        images = images * (0.7 + 0.6 * torch.rand(batch_size, 1, 1, 1, generator=generator))
        with cpu_autocast():
            predicted = network(images.clamp(0, 1))
        difference = predicted.float() - target
        slope = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean()
        slope = slope + (difference[:, 1:] - difference[:, :-1]).abs().mean()
        loss = difference.abs().mean() + slope
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        errors.append(difference.detach().abs().mean().item())
        budget.step += 1
        if budget.step % 100 == 0:
            report(f"depth step {budget.step}, {100 * progress:.0f} %, log error {sum(errors[-100:]) / 100:.4f}")
