"""Depth of a clip by the host's own models (random weights), as Spatia Video asks for it."""

from __future__ import annotations

import math

import pytest
import torch

HEIGHT, WIDTH = 56, 84


@pytest.fixture
def depth(nodes_of):
    return nodes_of("nodes.host.clip_depth")


@pytest.fixture(autouse=True)
def unloaded(comfy_host):
    """Later tests look at what the host has loaded."""
    import comfy.model_management

    yield
    comfy.model_management.unload_all_models()


@pytest.fixture
def clip(nodes_of):
    """Frames of noise, and cameras that move to the right."""
    cameras = nodes_of("spatia_core.cameras")
    start = cameras.make_cameras(torch.eye(4)[None], cameras.intrinsics_from_fov(50.0, WIDTH, HEIGHT))
    path = cameras.preset_path("truck", start, 5, distance=0.5, depth=2.0)
    frames = torch.randint(0, 256, (5, HEIGHT, WIDTH, 3), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    return frames, path


@torch.inference_mode()
def test_moge_is_told_the_field_of_view_of_the_clip(depth, clip, moge):
    frames, path = clip
    focal = float(path.intrinsics[0, 0])
    maps = depth.model_reader(depth.MOGE, moge, None, path)(frames, [2, 4], focal=focal)
    assert maps.depth.shape == (2, HEIGHT, WIDTH) and maps.source == "MoGe"
    assert float(maps.intrinsics[0]) == pytest.approx(focal, rel=1e-4)
    # Of the image nobody knows it: MoGe says what it found.
    own = depth.model_reader(depth.MOGE, moge, None)(frames[:1], [0], focal=focal)
    assert math.isfinite(float(own.intrinsics[0])) and float(own.intrinsics[0]) != pytest.approx(focal, rel=1e-3)


@torch.inference_mode()
def test_da3_sees_the_views_together_when_the_camera_moves(depth, clip, da3):
    frames, path = clip
    moving = depth.model_reader(depth.DA3, None, da3, path)(frames, [0, 2, 4], focal=0.8)
    assert moving.depth.shape == (3, HEIGHT, WIDTH) and "known cameras" in moving.source
    for cameras, pick in ((path.select([0] * 5), [0, 2, 4]), (path, [4])):
        single = depth.model_reader(depth.DA3, None, da3, cameras)(frames, pick, focal=0.8)
        assert single.depth.shape == (len(pick), HEIGHT, WIDTH) and single.source == "Depth Anything 3"
    assert depth.model_reader(depth.DA3, None, da3)(frames[:1], [0], focal=0.8).depth.shape == (1, HEIGHT, WIDTH)
