import numpy as np
import pytest
import torch
from textured_wall import HEIGHT, WIDTH, path, textured

from spatia_core.cameras.camera import make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.estimate.plane_sweep import plane_sweep


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
