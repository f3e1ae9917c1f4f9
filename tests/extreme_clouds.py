"""Clouds and cameras with numbers at the ends of what a float holds."""

from __future__ import annotations

import itertools
import math

import torch

from spatia_core.cameras.camera import Cameras

INF, NAN, HUGE, TINY = math.inf, math.nan, 3.4e38, 1e-40  # the last is denormal in float32
VALUES = [0.0, -0.0, 1.0, -2.5, TINY, 2 * TINY, -TINY, 1e-38, 1e30, HUGE, -HUGE, INF, -INF, NAN]


def every_triple() -> torch.Tensor:
    """(2744, 3): all points whose coordinates are among VALUES."""
    return torch.tensor(list(itertools.product(VALUES, repeat=3)), dtype=torch.float32)


def mixed(seed: int) -> torch.Tensor:
    """(400, 3): an ordinary cloud with extremes sprinkled in."""
    generator = torch.Generator().manual_seed(seed)
    cloud = torch.rand(400, 3, generator=generator) * 2 + torch.tensor([-1.0, -1.0, 1.0])
    where = torch.rand(400, 3, generator=generator) < 0.2
    cloud[where] = torch.tensor(VALUES)[torch.randint(len(VALUES), (int(where.sum()),), generator=generator)]
    return cloud


CLOUDS = {
    "every triple": every_triple(),
    "mixed": mixed(0),
    "mixed again": mixed(1),
    "two denormal depths": torch.tensor([[0, 0, TINY], [0, 0, 2 * TINY]]),
    "far to the side": torch.tensor([[HUGE, 0, HUGE], [0, 0, 1.0], [0, 0, 1.0]]),
    "all at infinity": torch.full((40, 3), INF),
    "all nowhere": torch.full((40, 3), NAN),
    "one depth": torch.tensor([[0.0, 0.0, HUGE]]).repeat(70, 1),
}
TRANSLATIONS = [
    (0.0, 0.0, 0.0),
    (0.0, 0.0, 1e39),
    (0.0, 0.0, -1e39),
    (3.5e38, 0.0, 0.0),
    (1e300, -1e300, 1e300),
    (0.0, 1e-300, 1e-300),
]


def camera(translation=(0.0, 0.0, 0.0), focal: float = 0.8) -> Cameras:
    """One camera that no door has seen."""
    w2c = torch.eye(4, dtype=torch.float64)[None].clone()
    w2c[0, :3, 3] = torch.tensor(translation, dtype=torch.float64)
    return Cameras(w2c, torch.tensor([[focal, focal, 0.5, 0.5]], dtype=torch.float64))


def colors_of(positions: torch.Tensor) -> torch.Tensor:
    return torch.randint(0, 256, positions.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
