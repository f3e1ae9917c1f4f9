"""Schedules of published few-step weights for Wan2.2-TI2V-5B, as facts: the noise levels that each was distilled at.

All of them go from one level to the next by re-noising: what the network says the clean video is, x0 = x - sigma v, is mixed
with fresh noise, x' = (1 - sigma') x0 + sigma' noise. The last step gives x0. None of them uses guidance.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

QUALITY = "quality"


class FewSteps(NamedTuple):
    """How one set of few-step weights is sampled. sigmas: of each step, and 0 at the end. caution: what to know before, "" for nothing."""

    name: str
    sigmas: tuple[float, ...]
    cfg: float
    caution: str

    @property
    def steps(self) -> int:
        """Passes of the network."""
        return len(self.sigmas) - 1


# FastWan2.2-TI2V-5B, FastVideo's `dmd_denoising_steps` 1000, 757, 522; the network is told these very timesteps.
DMD = FewSteps(
    "dmd", (1.0, 0.757, 0.522, 0.0), 1.0,
    "FastWan was distilled for text alone; its makers say that their tries with an image were not good.",
)  # fmt: skip
# Wan2.2-TI2V-5B-Turbo: 1000, 750, 500, 250 as its inference takes them, and as its training did, moved by a shift of 5.
TURBO = FewSteps("turbo", (1.0, 0.75, 0.5, 0.25, 0.0), 1.0, "")
TURBO_TRAINED = FewSteps("turbo as trained", (1.0, 0.9375, 5 / 6, 0.625, 0.0), 1.0, "")

FEW_STEPS = {few.name: few for few in (TURBO, TURBO_TRAINED, DMD)}


def schedule(few: FewSteps) -> Tensor:
    """(steps + 1,) float32 sigmas, falling to 0."""
    return torch.tensor(few.sigmas, dtype=torch.float32)
