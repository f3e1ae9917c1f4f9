"""Warnings of a path before it is run; that the page's editor says the same is in test_page.py."""

import pytest
import torch

from spatia_core.cameras import make_cameras, preset_path
from spatia_core.cameras.preflight import PathWarning, comes_back, frame_runs, path_warnings, turns_between


def at(*places, yaw=None):
    angles = torch.deg2rad(torch.tensor(yaw or [0.0] * len(places), dtype=torch.float64))
    c2w = torch.eye(4, dtype=torch.float64).repeat(len(places), 1, 1)
    c2w[:, 0, 0] = c2w[:, 2, 2] = angles.cos()
    c2w[:, 0, 2], c2w[:, 2, 0] = angles.sin(), -angles.sin()
    c2w[:, :3, 3] = torch.tensor(places, dtype=torch.float64)
    return make_cameras(torch.linalg.inv(c2w), [0.8, 1.2, 0.5, 0.5])


@pytest.fixture(scope="module")
def wall():
    """A wall at z = 2, dense for a depth of 2."""
    a, b = torch.meshgrid(torch.arange(-2, 2, 0.02), torch.arange(-1, 1, 0.02), indexing="ij")
    return torch.stack([a.flatten(), b.flatten(), torch.full_like(a, 2.0).flatten()], -1)


def test_a_path_through_a_wall_is_told(wall):
    through = at(*[(0, 0, 0.3 * i) for i in range(11)])
    (told,) = path_warnings(through, wall, depth=2.0)
    assert told.kind == "wall" and told.start >= 6 and told.end <= 8
    assert path_warnings(through.select(slice(0, 6)), wall, depth=2.0) == []
    assert path_warnings(through, None) == [] and path_warnings(through, wall[:0]) == []
    # Two points make no wall.
    assert path_warnings(through, wall[[0, 0]] * 0, depth=2.0) == []


def test_a_long_jump_is_looked_at_and_ends():
    far = at((0, 0, 0), (0, 0, 5e4), (0, 0, 0))
    wall = torch.tensor([[0.0, 0.0, 1.0]] * 3)
    assert len(path_warnings(far, wall, depth=1.0)) <= 1
    assert path_warnings(at((0, 0, 0)), wall) == []


def test_turning_too_fast_and_a_loop_left_open():
    turning = at(*[(0, 0, 0)] * 6, yaw=[0.0, 1, 2, 8, 14, 15])
    assert path_warnings(turning) == [PathWarning("turn", 3, 4)]
    there = at((0, 0, 0), (0.1, 0, 0), (0.02, 0, 0))
    assert path_warnings(there, loop=there.select(0)) == [PathWarning("open", 2, 2)]
    assert path_warnings(at((0, 0, 0), (0.1, 0, 0), (0, 0, 0)), loop=there.select(0)) == []
    orbit = preset_path("out_and_back", there.select(0), 41, angle=20.0, depth=2.0, base="orbit")
    assert path_warnings(orbit, loop=orbit.select(0)) == []


def test_angles_are_those_of_the_turn():
    for angle in (0.0, 1e-7, 0.5, 90.0, 179.999):
        a, b = at((0, 0, 0)), at((1, 2, 3), yaw=[angle])
        assert float(turns_between(a.w2c, b.w2c)) == pytest.approx(angle, abs=1e-9 + 1e-9 * angle)


def test_runs():
    assert frame_runs([1, 2, 4, 7, 10, 12]) == [(1, 4), (7, 7), (10, 12)] and frame_runs([]) == []


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ({"preset": "out_and_back", "base": "pan", "angle": 40.0}, True),
        ({"preset": "out_and_back", "base": "dolly_zoom"}, True),
        ({"preset": "full_loop"}, True),
        ({"preset": "orbit", "angle": 360.0}, True),
        ({"preset": "pan", "angle": 40.0}, False),
        ({"preset": "pan", "angle": 358.0}, False),
        ({"preset": "truck"}, False),
        ({"preset": "static"}, False),  # it never went away
        ({"preset": "dolly_zoom"}, False),
    ],
)
def test_a_path_comes_back_where_it_ends_as_it_began(path, back):
    start = make_cameras([[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]], [1.0, 1.5, 0.5, 0.5])
    preset = path.pop("preset")
    made = preset_path(preset, start, 41, **path)
    assert comes_back(made) == back
    assert not comes_back(made.select(slice(0, 30)))
