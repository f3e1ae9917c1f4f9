"""A slanted wall with a texture, its exact depth, and a path along it."""

from __future__ import annotations

import torch

from spatia_core.cameras.camera import make_cameras

HEIGHT, WIDTH = 72, 108


def textured(cameras, distance=3.0):
    """Frames and exact depth of a slanted, textured wall z = distance + 0.3 x."""
    K = cameras.K(HEIGHT, WIDTH)
    v, u = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    frames, depths = [], []
    for i in range(cameras.count):
        rays = torch.linalg.inv(K[i]) @ torch.stack([u, v, torch.ones_like(u)]).double().view(3, -1)
        centre = cameras.centers[i]
        # centre + t * ray on the wall
        t = (distance + 0.3 * centre[0] - centre[2]) / (rays[2] - 0.3 * rays[0])
        x, y, _ = centre[:, None] + t * rays
        shade = 0.5 + 0.2 * torch.sin(23 * x + 2 * torch.sin(9 * y)) + 0.2 * torch.sin(31 * y + torch.cos(11 * x))
        frames.append((shade.view(HEIGHT, WIDTH, 1).expand(-1, -1, 3) * 255).to(torch.uint8))
        depths.append(t.view(HEIGHT, WIDTH).float())
    return torch.stack(frames), torch.stack(depths)


def path(count=5, step=0.08):
    w2c = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    w2c[:, 0, 3] = -torch.arange(count) * step
    return make_cameras(w2c, [0.8, 1.2, 0.5, 0.5])
