"""Cameras: algebra of poses and of projection, and what is refused."""

import math

import numpy as np
import pytest
import torch
from random_scenes import random_poses

from spatia_core.cameras import concat_cameras, intrinsics_from_fov, invert_pose, make_cameras, project, unproject
from spatia_core.errors import SpatiaError

K = [0.8, 1.4, 0.49, 0.52]


def test_inverse_and_centres():
    cameras = make_cameras(random_poses(7), K)
    eye = torch.eye(4, dtype=torch.float64).expand(7, 4, 4)
    torch.testing.assert_close(cameras.c2w @ cameras.w2c, eye, atol=1e-14, rtol=0)
    R, t = cameras.w2c[:, :3, :3], cameras.w2c[:, :3, 3:]
    torch.testing.assert_close(cameras.centers, -(R.mT @ t)[..., 0], atol=1e-14, rtol=0)
    torch.testing.assert_close(invert_pose(invert_pose(cameras.w2c)), cameras.w2c, atol=1e-13, rtol=0)


def test_3x4_equals_4x4_and_shared_intrinsics_are_repeated():
    poses = random_poses(3)
    a, b = make_cameras(poses[:, :3], K), make_cameras(poses, [K] * 3)
    assert torch.equal(a.w2c, b.w2c) and torch.equal(a.intrinsics, b.intrinsics)
    assert a.count == 3 and a.w2c.dtype == torch.float64


def test_select_keeps_order_and_batch():
    cameras = make_cameras(random_poses(5), K)
    assert torch.equal(cameras.select(-1).w2c, cameras.w2c[4:])
    assert torch.equal(cameras.select([3, 1]).w2c, cameras.w2c[[3, 1]])
    assert torch.equal(cameras.select(slice(1, 4)).w2c, cameras.w2c[1:4])
    assert torch.equal(concat_cameras(cameras.select(slice(0, 2)), cameras.select(slice(2, 5))).w2c, cameras.w2c)


@pytest.mark.parametrize("size", [(1, 1), (24, 36), (36, 24)])
def test_projecting_an_unprojection_gives_pixel_centres_and_depth(size):
    height, width = size
    cameras = make_cameras(random_poses(3, seed=height), K)
    depth = torch.rand(size, dtype=torch.float64) + 0.5
    v, u = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    expected = torch.stack([u, v], dim=-1).reshape(-1, 2).to(torch.float64)
    for i in range(3):
        k = cameras.K(height, width)[i]
        world = unproject(depth, k, cameras.c2w[i])
        uv, z = project(world.reshape(-1, 3), cameras.w2c[i], k)
        torch.testing.assert_close(uv, expected, atol=1e-10, rtol=0)
        torch.testing.assert_close(z, depth.flatten(), atol=1e-12, rtol=0)


def test_opencv_axes():
    camera = make_cameras(np.eye(4)[None], [1, 1, 0.5, 0.5])
    uv, z = project(
        torch.tensor([[0.0, 0, 2], [0.5, 0, 2], [0, 0.5, 2], [0, 0, -1]]), camera.w2c[0], camera.K(100, 100)[0]
    )
    assert uv[0].tolist() == [50, 50]
    assert uv[1].tolist() == [75, 50]  # x points right
    assert uv[2].tolist() == [50, 75]  # y points down
    assert z.tolist() == [2, 2, 2, -1]


def test_pixels_follow_the_image_size():
    k = make_cameras(np.eye(4)[None], K).K(200, 100)[0]
    assert k.tolist() == [[80, 0, 49], [0, 280, 104], [0, 0, 1]]


def test_intrinsics_from_fov():
    fx, fy, cx, cy = intrinsics_from_fov(90.0, 200, 100).tolist()
    assert math.isclose(fx, 0.5) and math.isclose(fy, 1.0) and (cx, cy) == (0.5, 0.5)


def nan_pose():
    pose = random_poses(3)
    pose[1, 0, 3] = math.nan
    return pose


def mirrored():
    pose = random_poses(2)
    pose[1, :3, 0] *= -1
    return pose


def at(x: float):
    pose = np.eye(4)[None].copy()
    pose[0, 0, 3] = x
    return pose


@pytest.mark.parametrize(
    ("poses", "intrinsics", "message"),
    [
        (nan_pose(), K, "Camera 1 has a NaN"),
        (2 * np.eye(4)[None, :3], K, "Camera 0 is not a rotation"),
        (mirrored(), K, "Camera 1 is a mirror image"),
        (random_poses(1), [[0, 1, 0.5, 0.5]], "Camera 0 has a focal length"),
        (np.array([np.eye(4) + np.outer([0, 0, 0, 1], [1, 2, 3, 0])]), K, "last row"),
        (random_poses(1), [0.8, 0.0, 0.5, 0.5], "Camera 0 has a focal length that is zero or negative"),
        (random_poses(1), [-0.8, 1.0, 0.5, 0.5], "zero or negative"),
        (random_poses(1), [math.nan, 1.0, 0.5, 0.5], "NaN or infinite intrinsics"),
        (random_poses(3), [K, K], "2 sets of intrinsics were given for 3"),
        (random_poses(3), [1, 1, 0.5], "expected 4 values"),
        (np.eye(4), K, "shape (4, 4)"),
        (np.zeros((0, 4, 4)), K, "No camera"),
        ([[[1, 2], [3]]], K, "could not be read"),
        ([["a"]], K, "could not be read"),
        ([[[10**400] * 4] * 3], K, "could not be read"),
        (at(1.001e9), K, "Camera 0 is farther from the origin"),
        (at(-3.5e38), K, "Camera 0 is farther from the origin"),
        (at(1e300), K, "Camera 0 is farther from the origin"),
        (random_poses(2), [K, [1e-4, 1, 0.5, 0.5]], "Camera 1 has a focal length out of range"),
        (random_poses(1), [0.8, 1e6, 0.5, 0.5], "Camera 0 has a focal length out of range"),
        (random_poses(1), [0.8, 1.0, 0.5, -1e5], "Camera 0 has a principal point out of range"),
        (np.tile(np.eye(4), (100_001, 1, 1)), K, "100001 cameras was given, expected at most 100000"),
    ],
)
def test_bad_cameras_are_refused(poses, intrinsics, message):
    with pytest.raises(SpatiaError) as refusal:
        make_cameras(poses, intrinsics)
    assert message in str(refusal.value)


def test_bad_sizes_are_refused():
    cameras = make_cameras(random_poses(1), K)
    with pytest.raises(SpatiaError, match="width and height"):
        cameras.K(0, 10)
    with pytest.raises(SpatiaError, match="field of view"):
        intrinsics_from_fov(180.0, 10, 10)
    with pytest.raises(SpatiaError, match="expected \\(height, width\\)"):
        unproject(torch.ones(3), cameras.K(1, 3)[0], cameras.c2w[0])
    with pytest.raises(SpatiaError, match="No cameras"):
        concat_cameras()
    with pytest.raises(SpatiaError, match="at most 1000000"):
        cameras.K(10, 10**5000)
    with pytest.raises(SpatiaError, match="field of view"):
        intrinsics_from_fov(10**400, 10, 10)


def test_cameras_at_the_limits_stand_and_joining_counts():
    edge = make_cameras(at(1e9), [1e-3, 1e5, 1e4, -1e4])
    assert edge.centers[0, 0] == -1e9
    torch.testing.assert_close(make_cameras(edge.c2w, edge.intrinsics).w2c, edge.c2w)
    many = edge.select([0] * 60_000)
    with pytest.raises(SpatiaError, match="120000 cameras"):
        concat_cameras(many, many)
