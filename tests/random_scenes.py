"""Poses, cameras and clouds drawn from a seed."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from spatia_core.cameras.camera import make_cameras

CENTRED = [0.8, 1.0, 0.5, 0.5]


def random_poses(n: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    pose = np.tile(np.eye(4), (n, 1, 1))
    pose[:, :3, :3] = Rotation.random(n, random_state=generator).as_matrix()
    pose[:, :3, 3] = generator.normal(size=(n, 3))
    return pose


def cameras(n=1, step=0.2):
    w2c = torch.eye(4, dtype=torch.float64).repeat(n, 1, 1)
    w2c[:, 0, 3] = -torch.arange(n) * step
    return make_cameras(w2c, CENTRED)


def random_cloud(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    positions = (torch.rand(n, 3, generator=generator) - 0.5) * torch.tensor([6.0, 4.0, 6.0]) + torch.tensor(
        [0.0, 0.0, 2.5]
    )
    return positions, torch.randint(0, 256, (n, 3), generator=generator, dtype=torch.uint8)
