"""Every path that may meet a device without float64, on one that refuses it: the same as on the CPU, or there at all."""

from __future__ import annotations

import pytest
import torch
from fake_mps import DEVICE, FakeMPS, OnDevice, placed

from spatia_core.cloud.point_cloud import PointCloud
from spatia_core.cloud.voxels import voxel_merge
from spatia_core.estimate.small_depth import SmallDepthNet
from spatia_core.memory.retrieval import retrieve_packed, retrieve_references
from spatia_core.model.control import clean_frame_mask, frame_timesteps
from spatia_core.model.decoupled.cameras import pluecker_rays
from spatia_core.model.flow_unipc import FlowUniPC, flow_schedule
from spatia_core.precision import has_float64
from spatia_core.render.soft import render_soft
from spatia_core.render.visibility import pack_masks, surface_depth, visible_bits, visible_points, z_buffer
from spatia_core.selfcheck.geometry import check_cameras, check_scene

CLOUD, CAMERAS = check_scene(1500), check_cameras(3)
HEIGHT, WIDTH, VOXEL = 36, 64, 0.02


@pytest.fixture(autouse=True)
def device():
    has_float64.cache_clear()
    with FakeMPS():
        yield torch.device(DEVICE)
    has_float64.cache_clear()


def back(value):
    """What lies on the device, as a plain tensor; refuses what does not."""
    assert isinstance(value, OnDevice), "the answer is not where the question was"
    return value.held


def test_the_device_refuses_what_mps_does(device):
    x = torch.ones(4).to(device)
    assert x.device.type == DEVICE and (x + 1).sum().item() == 8 and (x * 2).cpu().tolist() == [2.0] * 4
    with pytest.raises(TypeError, match="float64"):
        x.double()
    with pytest.raises(TypeError, match="float64"):
        torch.zeros(2, dtype=torch.float64, device=device)
    with pytest.raises(RuntimeError, match="one device"):
        x + torch.ones(4)
    nearest = torch.zeros(4, dtype=torch.int64, device=device)
    with pytest.raises(RuntimeError, match="int64"):
        nearest.scatter_reduce_(0, torch.zeros(1, dtype=torch.int64, device=device), nearest[:1], "amin")
    x[1:3] = 5
    assert x.cpu().tolist() == [1.0, 5.0, 5.0, 1.0]
    assert not has_float64(device) and has_float64(torch.device("cpu"))


def test_drawing(device):
    ours = render_soft(CLOUD.positions.to(device), CLOUD.colors.to(device), CAMERAS, HEIGHT, WIDTH, radius=0.05)
    theirs = render_soft(CLOUD.positions, CLOUD.colors, CAMERAS, HEIGHT, WIDTH, radius=0.05)
    assert all(torch.equal(back(a), b) for a, b in zip(ours, theirs))


def test_what_cameras_see(device):
    there, size = CLOUD.positions.to(device), (HEIGHT, WIDTH)
    for mode in ("precise", "release"):
        ours = visible_points(there, CAMERAS, *size, mode=mode, voxel_size=VOXEL)
        assert torch.equal(back(ours), visible_points(CLOUD.positions, CAMERAS, *size, mode=mode, voxel_size=VOXEL))
    assert torch.equal(
        back(visible_bits(there, CAMERAS, *size, voxel_size=VOXEL)),
        visible_bits(CLOUD.positions, CAMERAS, *size, voxel_size=VOXEL),
    )
    for look in (z_buffer, surface_depth):
        ours, theirs = (look(positions, CAMERAS, *size, voxel_size=VOXEL) for positions in (there, CLOUD.positions))
        assert all(torch.equal(back(a), b) for a, b in zip(ours, theirs))


def test_merging(device):
    ours = voxel_merge(PointCloud(*(field.to(device) for field in CLOUD)), 0.2)
    assert all(torch.equal(back(a), b) for a, b in zip(ours, voxel_merge(CLOUD, 0.2)))


def test_retrieval(device):
    masks = visible_points(CLOUD.positions, CAMERAS, HEIGHT, WIDTH, voxel_size=VOXEL)
    expected = retrieve_references(masks, masks)
    for ours in (
        retrieve_references(masks.to(device), masks.to(device)),
        retrieve_packed(pack_masks(masks).to(device), pack_masks(masks).to(device)),
    ):
        assert (ours.targets, ours.candidates) == (expected.targets, expected.candidates)


def test_the_solver(device):
    generator = torch.Generator().manual_seed(1)
    x, target = (torch.randn(1, 4, 3, 2, 2, generator=generator) for _ in range(2))

    def solved(x, target):
        solver = FlowUniPC(flow_schedule(5))
        for _ in range(5):
            x = solver.step(x * 0.1 + target, x)
        return x

    ours = solved(x.to(device), target.to(device))
    assert torch.equal(back(ours), solved(x, target))


def test_what_the_network_is_conditioned_on(device):
    times = frame_timesteps(torch.tensor([[0.0, 500.0, 500.0]]).to(device), 2, 3)
    assert back(times).tolist() == [[0.0, 0.0, 0.0, 500.0, 500.0]]
    assert clean_frame_mask(3, 1).flatten().tolist() == [0.0, 1.0, 1.0]
    pose, K = torch.eye(4).repeat(2, 1, 1), torch.tensor([[40.0, 40.0, 32.0, 18.0]] * 2)
    assert torch.equal(back(pluecker_rays(pose.to(device), K.to(device), 36, 64)), pluecker_rays(pose, K, 36, 64))


def test_the_small_depth_network(device):
    network = SmallDepthNet((8, 8, 8, 8, 8)).eval()
    images = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = network(images)
        assert torch.equal(back(placed(network)(images.to(device))), expected)
