"""Poses of the host's 3D viewers: conventions, the viewer's silent change of units, both ways."""

import math

import pytest
import torch

from spatia_core.cameras import (
    Framing,
    camera_from_view,
    make_cameras,
    preset_path,
    project,
    view_from_camera,
    viewer_framing,
)
from spatia_core.errors import SpatiaError

WIDTH, HEIGHT = 1248, 704


def camera():
    start = make_cameras(torch.eye(4)[None], [0.7, 0.7 * WIDTH / HEIGHT, 0.5, 0.5])
    turned = preset_path("orbit", start, 2, angle=40.0, depth=3.0).select(1)
    return preset_path("tilt", turned, 2, angle=15.0).select(1)


def cloud():
    return torch.rand(500, 3, generator=torch.Generator().manual_seed(1)) * torch.tensor(
        [4.0, 2.0, 6.0]
    ) + torch.tensor([-1.0, -0.5, 2.0])


def seen_by_viewer(points, view):
    """Normalised image position as three.js computes it: y up, looking down -z, vertical field of view."""
    x, y, z, w = (view["quaternion"][axis] for axis in "xyzw")
    rotation = torch.tensor([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ], dtype=torch.float64)  # fmt: skip
    position = torch.tensor([view["position"][axis] for axis in "xyz"], dtype=torch.float64)
    seen = (points.double() - position) @ rotation
    focal = view["zoom"] / math.tan(math.radians(view["fov"]) / 2)
    ndc = focal * seen[:, :2] / -seen[:, 2:]
    return torch.stack([0.5 + ndc[:, 0] / view["aspect"] / 2, 0.5 - ndc[:, 1] / 2], dim=1)


def test_the_viewer_sees_the_picture_of_our_camera():
    points, ours = cloud(), camera()
    framing = viewer_framing(points)
    view = view_from_camera(ours, WIDTH, HEIGHT, framing, depth=3.0)
    # What the viewer does to the upright cloud it is given: middle of the box to the origin, farthest point at 1.
    upright = points.double() * torch.tensor([1.0, -1.0, -1.0])
    shown = upright - (upright.amax(0) + upright.amin(0)) / 2
    shown = shown / shown.norm(dim=1).max()
    uv, z = project(points, ours.w2c[0], ours.K(HEIGHT, WIDTH)[0])
    expected = uv / torch.tensor([WIDTH, HEIGHT])
    torch.testing.assert_close(seen_by_viewer(shown, view)[z > 0.1], expected[z > 0.1], atol=1e-9, rtol=0)


@pytest.mark.parametrize("framing", [Framing((0.0, 0.0, 0.0), 1.0), Framing((1.0, -2.0, 0.5), 7.5)])
def test_there_and_back(framing):
    ours = camera()
    again = camera_from_view(view_from_camera(ours, WIDTH, HEIGHT, framing), WIDTH, HEIGHT, framing)
    torch.testing.assert_close(again.w2c, ours.w2c, atol=1e-12, rtol=0)
    torch.testing.assert_close(again.intrinsics, ours.intrinsics, atol=1e-12, rtol=0)


def test_a_view_without_quaternion_looks_at_its_target():
    view = view_from_camera(camera(), WIDTH, HEIGHT, depth=2.0)
    del view["quaternion"]
    # The tilted orbit has no roll, so that looking at the target is the same pose.
    torch.testing.assert_close(camera_from_view(view, WIDTH, HEIGHT).w2c, camera().w2c, atol=1e-9, rtol=0)


def test_zoom_is_a_longer_lens():
    view = view_from_camera(camera(), WIDTH, HEIGHT) | {"zoom": 2}
    torch.testing.assert_close(camera_from_view(view, WIDTH, HEIGHT).intrinsics[0, :2], 2 * camera().intrinsics[0, :2])


@pytest.mark.parametrize(("change", "message"), [
    ({"cameraType": "orthographic"}, "orthographic"), ({"position": None}, "position"), ({"fov": 0}, "fov = 0"),
    ({"position": {"x": 0, "y": float("nan"), "z": 0}}, "finite"), ({"quaternion": {"x": 0, "y": 0, "z": 0, "w": 0}}, "length 1"),
    ({"fov": 5e-324}, "fov = 5e-324"), ({"zoom": 1e300}, "zoom"),
    ({"position": {"x": 10**400, "y": 0, "z": 0}}, "position.x"),
    ({"position": {"x": 1e300, "y": 0, "z": 0}}, "correct the view"),
    ({"position": {"x": 3e9, "y": 0, "z": 0}}, "correct the view"),
    ({"zoom": "2"}, "zoom"), ({"quaternion": None, "target": {"x": 0, "y": 0, "z": 0}, "position": {"x": 0, "y": 0, "z": 0}}, "looks nowhere"),
])  # fmt: skip
def test_bad_views_are_refused(change, message):
    with pytest.raises(SpatiaError, match=message):
        camera_from_view(view_from_camera(camera(), WIDTH, HEIGHT) | change, WIDTH, HEIGHT)


@pytest.mark.parametrize("size", [1e-200, 1e-5, 1e8])
def test_looking_at_a_target_is_right_at_every_distance(size):
    view = {"position": {"x": size, "y": 0, "z": 0}, "target": {"x": 0, "y": 0, "z": 0}, "fov": 40}
    seen = camera_from_view(view, WIDTH, HEIGHT)
    torch.testing.assert_close(seen.c2w[0, :3, 2], torch.tensor([-1.0, 0, 0], dtype=torch.float64), atol=1e-12, rtol=0)
