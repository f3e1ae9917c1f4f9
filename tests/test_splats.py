"""Gaussian splats become points on their surfaces, and points become splats."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.spatial.transform import Rotation

from spatia_core.cloud import empty_cloud, make_point_cloud
from spatia_core.cloud.splats import OPAQUE, cloud_of_splats, make_splats, splats_of_cloud
from spatia_core.errors import SpatiaError


def splats(
    count=1, scales=(0.1, 0.1, 0.001), rotation=(1.0, 0.0, 0.0, 0.0), opacity=0.9, color=(1.0, 0.5, 0.0), at=None
):
    return make_splats(
        torch.zeros(count, 3) if at is None else torch.as_tensor(at, dtype=torch.float32),
        torch.tensor(scales).expand(count, 3),
        torch.tensor(rotation).expand(count, 4),
        torch.full((count,), opacity),
        torch.tensor(color).expand(count, 3),
    )


def test_a_flat_splat_becomes_a_disc_without_gaps():
    voxel = 0.01
    cloud = cloud_of_splats(splats(scales=(0.1, 0.06, 0.002)), voxel)
    x, y, z = cloud.positions.unbind(1)
    assert z.abs().max() < 1e-6
    inside = (x / 0.15) ** 2 + (y / 0.09) ** 2
    assert inside.max() <= 1 + 1e-4
    assert cloud.colors.unique(dim=0).tolist() == [[255, 128, 0]] and (cloud.view == -1).all()
    # Nowhere on it is the next point farther than a voxel and a half.
    steps = torch.linspace(-0.15, 0.15, 201)
    grid = torch.cartesian_prod(steps, steps)
    grid = grid[(grid[:, 0] / 0.14) ** 2 + (grid[:, 1] / 0.08) ** 2 < 1]
    assert torch.cdist(grid, cloud.positions[:, :2]).min(1).values.max() < 1.5 * voxel


@pytest.mark.parametrize("seed", range(4))
def test_it_lies_as_it_is_turned(seed):
    turn = Rotation.random(random_state=seed)
    x, y, z, w = turn.as_quat()
    cloud = cloud_of_splats(splats(scales=(0.002, 0.1, 0.05), rotation=(3 * w, 3 * x, 3 * y, 3 * z)), 0.01)
    own = turn.inv().apply(cloud.positions.double().numpy())
    assert abs(own[:, 0]).max() < 1e-6
    assert abs(own[:, 1]).max() == pytest.approx(0.15, abs=0.01) and abs(own[:, 2]).max() == pytest.approx(
        0.075, abs=0.01
    )


def test_small_ones_are_points_and_faint_ones_are_none():
    tiny = splats(2, scales=(0.001, 0.001, 0.001), at=[[0, 0, 1], [0, 0, 2]])
    assert torch.equal(cloud_of_splats(tiny, 0.1).positions, tiny.positions)
    faint = tiny._replace(opacities=torch.tensor([OPAQUE - 0.01, OPAQUE]))
    assert cloud_of_splats(faint, 0.1).positions.tolist() == [[0, 0, 2]]
    with pytest.raises(SpatiaError, match="None of 2 splats has an opacity of 0.95"):
        cloud_of_splats(tiny, 0.1, least_opacity=0.95)
    with pytest.raises(SpatiaError, match="None of 0 splats"):
        cloud_of_splats(splats(0), 0.1)


def test_the_same_splats_give_the_same_points_however_they_are_shared_out(monkeypatch):
    generator = torch.Generator().manual_seed(3)
    made = make_splats(
        torch.rand(300, 3, generator=generator), torch.rand(300, 3, generator=generator) * 0.05,
        torch.randn(300, 4, generator=generator), torch.ones(300), torch.rand(300, 3, generator=generator),
    )  # fmt: skip
    cloud = cloud_of_splats(made, 0.004)
    monkeypatch.setattr("spatia_core.cloud.splats._AT_ONCE", 1000)
    assert torch.equal(cloud_of_splats(made, 0.004).positions, cloud.positions)


def test_too_many_points_are_refused_with_a_size_that_does(monkeypatch):
    monkeypatch.setattr("spatia_core.cloud.splats._MOST_SAMPLES", 5000)
    many = splats(10, at=[[k, 0, 0] for k in range(10)])
    with pytest.raises(SpatiaError, match="expected at most 5000; increase voxel_size to") as refused:
        cloud_of_splats(many, 0.001)
    size = float(str(refused.value).split("increase voxel_size to ")[1].split(" ")[0])
    assert 0 < cloud_of_splats(many, size).size <= 5000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scales": (0.1, 0.1, -0.1)}, "sizes below 0"),
        ({"rotation": (0.0, 0.0, 0.0, 0.0)}, "rotations of length 0"),
        ({"rotation": (math.nan, 0.0, 0.0, 1.0)}, "NaN or infinite"),
        ({"color": (math.inf, 0.0, 0.0)}, "NaN or infinite"),
        ({"at": [[1e12, 0, 0]]}, "more than 1e"),
        ({"at": [[0.0, 0.0]]}, r"expected \(1, 3\)"),
    ],
)
def test_what_is_no_splat_is_refused(change, message):
    with pytest.raises(SpatiaError, match=message):
        splats(**change)


def test_points_become_splats_as_large_as_their_neighbours_are_away():
    grid = torch.cartesian_prod(torch.arange(20.0), torch.arange(20.0), torch.zeros(1)) * 0.05
    stray = torch.tensor([[0.0, 0.0, 50.0]])
    cloud = make_point_cloud(torch.cat([grid, stray]), torch.full((401, 3), 51, dtype=torch.uint8))
    made = splats_of_cloud(cloud, 0.01)
    assert torch.equal(made.positions, cloud.positions)
    torch.testing.assert_close(made.scales[:400].median(), torch.tensor(0.035))
    assert made.scales[400].max() <= 4 * 0.035 + 1e-6
    torch.testing.assert_close(made.colors, torch.full((401, 3), 0.2))
    assert (made.opacities == 1).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_points_and_points_at_one_place(count):
    cloud = make_point_cloud(torch.zeros(count, 3), torch.zeros(count, 3, dtype=torch.uint8))
    made = splats_of_cloud(cloud, 0.02)
    assert made.scales.shape == (count, 3) and (made.scales >= 0.005).all()
    with pytest.raises(SpatiaError, match="nothing to make splats of"):
        splats_of_cloud(empty_cloud(), 0.02)


def test_there_and_back():
    generator = torch.Generator().manual_seed(1)
    at = torch.cat([torch.rand(2000, 2, generator=generator), torch.zeros(2000, 1)], 1)
    cloud = make_point_cloud(at, torch.randint(0, 256, (2000, 3), dtype=torch.uint8, generator=generator))
    back = cloud_of_splats(splats_of_cloud(cloud, 0.02), 0.005)
    assert torch.cdist(cloud.positions, back.positions).min(1).values.max() < 0.01
    assert torch.cdist(back.positions, cloud.positions).min(1).values.max() < 0.1
