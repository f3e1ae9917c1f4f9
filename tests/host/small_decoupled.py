"""A tiny memory branch with random weights, and a video to remember: out, and back along the same way."""

from __future__ import annotations

import math

import torch
from small_model import DIM, HISTORY, LATER, memory_of, random_weights

HEADS, LAYERS = 2, 3
VIDEO = 33


def layout(latent_channels: int = 48, extra: int = 0, out_dim: int = DIM, pixels: int = 16):
    from spatia_core.model.decoupled.layout import DecoupledLayout

    return DecoupledLayout(
        32,
        HEADS,
        40,
        LAYERS,
        16,
        out_dim,
        latent_channels + extra + 4,
        latent_channels + 4,
        (8, 8, 4),
        pixels,
        (1, 2, 2),
    )


def branch_weights(zero: bool = False, **sizes) -> dict:
    """Random weights; zero: the outputs are zero, as before training."""
    from spatia_core.model.decoupled.layout import decoupled_shapes

    weights = random_weights(decoupled_shapes(layout(**sizes)), 20)
    for name, value in weights.items():
        if name.startswith("controlnet_blocks."):
            value.mul_(0.0 if zero else 3.0)
        elif name.startswith("controlnet_encode_") and name.endswith(".1.weight"):
            value.add_(1.0)
    return weights


def turning_cameras(count: int):
    """A camera that turns away and moves on, 2 degrees and 0.02 a frame."""
    from spatia_core.cameras.camera import make_cameras

    c2w = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    for i in range(count):
        c, s = math.cos(math.radians(2 * i)), math.sin(math.radians(2 * i))
        c2w[i, :3, :3] = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        c2w[i, 0, 3] = 0.02 * i
    return make_cameras(torch.linalg.inv(c2w), [0.8, 1.6, 0.5, 0.5])


def revisit(given: int = HISTORY, **size):
    """(memory, cameras): the video turns away; the clip repeats its last `given` frames and goes back six times as fast."""
    from spatia_core.cameras.camera import concat_cameras

    path = turning_cameras(VIDEO)
    memory = memory_of(VIDEO, cameras=path, **size)
    back = [max(0, VIDEO - 1 - 6 * step) for step in range(1, LATER - given + 1)]
    return memory, concat_cameras(path.select(slice(VIDEO - given, None)), path.select(back))
