import numpy as np
import pytest
import torch

from spatia_core.cameras.camera import make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.estimate.plane_sweep import plane_sweep

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


def test_a_textured_wall():
    cameras = path()
    frames, exact = textured(cameras)
    maps = plane_sweep(frames, cameras, near=1.5, far=8.0, pick=[2], longest=WIDTH)
    found = maps.depth[0] > 0
    error = (maps.depth[0] / exact[2] - 1).abs()[found]
    assert found.float().mean() > 0.6 and error.median() < 0.01 and (error > 0.1).float().mean() < 0.02


def test_a_blank_wall_stays_unknown():
    cameras = path()
    maps = plane_sweep(
        torch.full((5, HEIGHT, WIDTH, 3), 128, dtype=torch.uint8), cameras, near=1.5, far=8.0, pick=[2], longest=WIDTH
    )
    assert not maps.depth.any() and "texture" in maps.warnings[0]


def test_refusals():
    cameras = path(3)
    frames, _ = textured(cameras)
    still = make_cameras(np.tile(np.eye(4), (3, 1, 1)), [0.8, 1.2, 0.5, 0.5])
    with pytest.raises(SpatiaError, match="parallax"):
        plane_sweep(frames, still, near=1.0, far=5.0)
    with pytest.raises(SpatiaError, match="near"):
        plane_sweep(frames, cameras, near=5.0, far=1.0)
    with pytest.raises(SpatiaError, match="two frames"):
        plane_sweep(frames[:1], cameras.select([0]), near=1.0, far=5.0)
