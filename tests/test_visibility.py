import pytest
import torch

from spatia_core.cameras.camera import concat_cameras, intrinsics_from_fov, make_cameras, project, unproject
from spatia_core.errors import SpatiaError
from spatia_core.kernels import kernels_run
from spatia_core.memory.retrieval import common_points, intersections, seen_points
from spatia_core.render import blocks as blocks_module
from spatia_core.render.blocks import grown_blocks, point_blocks
from spatia_core.render.visibility import (
    nearest_depth,
    pack_masks,
    surface_depth,
    unpack_masks,
    visible_bits,
    visible_points,
    z_buffer,
)

HEIGHT, WIDTH = 96, 128


def camera_at(*centre, fov=60.0):
    w2c = torch.eye(4, dtype=torch.float64)[None]
    w2c[0, :3, 3] = -torch.tensor(centre, dtype=torch.float64)
    return make_cameras(w2c, intrinsics_from_fov(fov, WIDTH, HEIGHT))


def wall_and_box(spacing):
    """Points on a wall at z = 4 and on the front of a box at z = 2, |x|, |y| <= 0.4."""

    def sheet(half_x, half_y, z):
        x = torch.arange(-half_x, half_x, spacing)
        y = torch.arange(-half_y, half_y, spacing)
        return torch.cartesian_prod(x, y, torch.tensor([z]))

    generator = torch.Generator().manual_seed(0)
    wall, box = sheet(3.0, 2.5, 4.0), sheet(0.4, 0.4, 2.0)
    points = torch.cat([wall, box])
    points[:, :2] += (torch.rand(points.shape[0], 2, generator=generator) - 0.5) * spacing * 0.5
    return points, len(wall)


def seen_truth(points, n_wall, cameras):
    centre = cameras.centers[0]
    uv, z = project(points, cameras.w2c[0], cameras.K(HEIGHT, WIDTH)[0])
    inside = (z > 0) & (uv[:, 0] >= 0) & (uv[:, 0] < WIDTH) & (uv[:, 1] >= 0) & (uv[:, 1] < HEIGHT)
    # Where the ray to a wall point crosses the box's plane.
    at_box = centre + (points.double() - centre) * ((2.0 - centre[2]) / (points[:, 2:].double() - centre[2]))
    hidden = (at_box[:, :2].abs() <= 0.4).all(1)
    hidden[n_wall:] = False
    return inside & ~hidden


def test_precise_visibility_against_ray_casting():
    spacing = 0.03
    points, n_wall = wall_and_box(spacing)
    for cameras in (camera_at(0, 0, 0), camera_at(0.7, -0.3, 0.8)):
        truth = seen_truth(points, n_wall, cameras)
        seen = visible_points(points, cameras, HEIGHT, WIDTH, voxel_size=spacing)[0]
        both = (seen & truth).sum().double()
        assert both / seen.sum() > 0.98 and both / truth.sum() > 0.95
        leaky = visible_points(points, cameras, HEIGHT, WIDTH, mode="release")[0]
        assert (leaky & ~truth).sum() > (seen & ~truth).sum()


def test_z_buffer_against_a_loop():
    generator = torch.Generator().manual_seed(1)
    points = (torch.rand(400, 3, generator=generator) - 0.5) * torch.tensor([6.0, 5.0, 8.0]) + torch.tensor(
        [0.0, 0.0, 2.0]
    )
    cameras = camera_at(0, 0, 0)
    depth, point = z_buffer(points, cameras, 24, 32)
    uv, z = project(points, cameras.w2c[0], cameras.K(24, 32)[0])
    expected_depth, expected_point = torch.zeros(24, 32), torch.full((24, 32), -1)
    for i in range(len(points)):
        column, row = int(torch.floor(uv[i, 0])), int(torch.floor(uv[i, 1]))
        if z[i] <= 0 or not (0 <= column < 32 and 0 <= row < 24):
            continue
        if expected_point[row, column] < 0 or z[i].float() < expected_depth[row, column]:
            expected_depth[row, column], expected_point[row, column] = z[i].float(), i
    assert torch.equal(point[0], expected_point)
    assert torch.allclose(depth[0], expected_depth)


def test_z_buffer_undoes_unprojection():
    generator = torch.Generator().manual_seed(2)
    depth = torch.rand(HEIGHT, WIDTH, generator=generator) * 3 + 1
    cameras = camera_at(0.3, -0.2, 0.1)
    points = unproject(depth, cameras.K(HEIGHT, WIDTH)[0], cameras.c2w[0]).reshape(-1, 3)
    drawn, point = z_buffer(points, cameras, HEIGHT, WIDTH)
    assert torch.equal(point[0].flatten(), torch.arange(HEIGHT * WIDTH))
    assert torch.allclose(drawn[0], depth, atol=1e-5)


def test_surface_depth_does_not_stand_in_front_of_slanted_surfaces():
    # A floor one unit below the camera: z = 1 / slope of the ray.
    cameras = camera_at(0, 0, 0)
    x, z = torch.arange(-4, 4, 0.01), torch.arange(1.5, 6, 0.01)
    points = torch.cartesian_prod(x, torch.tensor([1.0]), z)
    depth, covered = surface_depth(points, cameras, HEIGHT, WIDTH, voxel_size=0.01)
    K = cameras.K(HEIGHT, WIDTH)[0]
    truth = (K[1, 1] / (torch.arange(HEIGHT) + 0.5 - K[1, 2]))[:, None].expand(HEIGHT, WIDTH)
    inner = covered[0] & (depth[0] > 0) & (truth > 1.6) & (truth < 5)
    assert inner.sum() > 500
    bias = (depth[0] / truth - 1)[inner].median()
    widened = (z_buffer(points, cameras, HEIGHT, WIDTH, voxel_size=0.01)[0][0] / truth - 1)[inner].median()
    assert bias.abs() < 1e-3 < -widened


def test_points_behind_the_camera_are_never_seen():
    points = torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    cameras = camera_at(0, 0, 0)
    assert not visible_points(points, cameras, HEIGHT, WIDTH, voxel_size=0.01).any()
    assert not visible_points(points, cameras, HEIGHT, WIDTH, mode="release").any()
    depth, point = z_buffer(points, cameras, HEIGHT, WIDTH, voxel_size=0.1)
    assert not depth.any() and (point == -1).all()


def test_an_empty_cloud_sees_nothing():
    depth, point = z_buffer(torch.zeros(0, 3), camera_at(0, 0, 0), 4, 6)
    assert depth.shape == (1, 4, 6) and not depth.any() and (point == -1).all()
    assert visible_points(torch.zeros(0, 3), camera_at(0, 0, 0), 4, 6, voxel_size=0.1).shape == (1, 0)


def test_refusals():
    with pytest.raises(SpatiaError, match="mode"):
        visible_points(torch.zeros(1, 3), camera_at(0, 0, 0), 4, 6, mode="exact", voxel_size=0.1)
    with pytest.raises(SpatiaError, match="voxel size"):
        visible_points(torch.zeros(1, 3), camera_at(0, 0, 0), 4, 6)
    with pytest.raises(SpatiaError, match="width or height"):
        z_buffer(torch.zeros(1, 3), camera_at(0, 0, 0), 0, 6)


def scattered(n, seed=3):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(n, 3, generator=generator) - 0.5) * torch.tensor([6.0, 5.0, 8.0]) + torch.tensor([0.0, 0.0, 2.0])


@pytest.mark.skipif(not kernels_run(), reason="numba does not run here")
@pytest.mark.parametrize("height, width, voxel_size", [(96, 128, 0.03), (48, 64, 0.2), (33, 57, 0.0)])
def test_the_fast_path_decides_like_the_reference(height, width, voxel_size):
    points = torch.cat([scattered(20000), wall_and_box(0.05)[0]])
    cameras = concat_cameras(camera_at(0, 0, 0), camera_at(0.7, -0.3, 0.8), camera_at(-1.0, 0.5, 3.0))
    options = {"voxel_size": voxel_size}
    expected = visible_points(points, cameras, height, width, backend="torch", **options)
    assert torch.equal(visible_points(points, cameras, height, width, backend="numba", **options), expected)
    assert 0 < expected.float().mean() < 1
    packed = visible_bits(points, cameras, height, width, **options)
    assert torch.equal(packed, pack_masks(expected)) and torch.equal(unpack_masks(packed, len(points)), expected)
    for ours, theirs in zip(
        surface_depth(points, cameras, height, width, backend="numba", **options),
        surface_depth(points, cameras, height, width, backend="torch", **options),
    ):
        assert torch.allclose(ours.float(), theirs.float(), rtol=1e-6, atol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_decides_like_the_cpu():
    points, options = scattered(20000), {"voxel_size": 0.05}
    cameras = concat_cameras(camera_at(0, 0, 0), camera_at(0.7, -0.3, 0.8))
    for mode in ("precise", "release"):
        there = visible_points(points.cuda(), cameras, 48, 64, mode=mode, **options)
        # The last bit of a sum may differ between the two, and with it what lies on an edge.
        assert (
            there.is_cuda
            and (there.cpu() == visible_points(points, cameras, 48, 64, mode=mode, **options)).double().mean() > 0.9999
        )
        bits = visible_bits(points.cuda(), cameras, 48, 64, mode=mode, **options)
        assert torch.equal(unpack_masks(bits, len(points)), there)
        assert torch.equal(common_points(bits, bits), intersections(there, there)) and torch.equal(
            seen_points(bits), there.sum(1)
        )
    for function in (z_buffer, surface_depth):
        for here, there in zip(
            function(points, cameras, 48, 64, **options), function(points.cuda(), cameras, 48, 64, **options)
        ):
            assert there.is_cuda and (here == there.cpu()).double().mean() > 0.99


def test_bits_of_the_release_mode():
    points = scattered(1000)
    cameras = concat_cameras(camera_at(0, 0, 0), camera_at(0.7, -0.3, 0.8))
    packed = visible_bits(points, cameras, 24, 32, mode="release")
    assert torch.equal(unpack_masks(packed, 1000), visible_points(points, cameras, 24, 32, mode="release"))


@pytest.mark.skipif(not kernels_run(), reason="numba does not run here")
def test_blocks_hold_every_point_once_and_are_kept_with_the_cloud():
    points = scattered(5000)
    blocks = point_blocks(points)
    assert point_blocks(points) is blocks and sorted(blocks.order.tolist()) == list(range(5000))
    assert (blocks.points == points.numpy()[blocks.order]).all()
    more = torch.cat([points, scattered(700, seed=4)])
    grown = grown_blocks(more, points)
    assert point_blocks(more) is grown and sorted(grown.order.tolist()) == list(range(5700))
    assert (grown.points == more.numpy()[grown.order]).all() and grown.start[-1] == 5700
    for b in range(len(grown.start) - 1):
        part = grown.points[grown.start[b] : grown.start[b + 1]]
        assert (part >= grown.low[b]).all() and (part <= grown.high[b]).all()
    fresh = more.clone()
    cameras = camera_at(0, 0, 0)
    assert torch.equal(
        visible_points(more, cameras, 48, 64, voxel_size=0.05), visible_points(fresh, cameras, 48, 64, voxel_size=0.05)
    )
    # A tensor changed in place is another cloud.
    points += 1
    assert point_blocks(points) is not blocks
    key = id(fresh)
    assert key in blocks_module._known
    del fresh
    assert key not in blocks_module._known


def test_nearest_depth_is_the_z_buffers_by_either_backend():
    generator = torch.Generator().manual_seed(2)
    positions = torch.rand(3000, 3, generator=generator) * 3 - torch.tensor([1.5, 1.5, -0.2])
    cameras = make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.5, 0.5])
    expected = z_buffer(positions, cameras, 40, 60, voxel_size=0.05)[0]
    for backend in ("torch", "auto"):
        found = nearest_depth(positions, cameras, 40, 60, voxel_size=0.05, backend=backend)
        assert torch.equal(found, expected), backend
