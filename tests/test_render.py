import pytest
import torch
from random_scenes import cameras, random_cloud

from spatia_core.cameras.camera import make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.kernels import kernels_run
from spatia_core.render import soft
from spatia_core.render.soft import render_soft


@pytest.mark.skipif(not kernels_run(), reason="numba does not run here")
@pytest.mark.parametrize(
    "height, width, radius, layers", [(48, 64, 0.01, 5), (64, 48, 0.1, 5), (33, 57, 0.3, 2), (40, 40, 0.15, 1)]
)
def test_the_fast_path_draws_the_reference(height, width, radius, layers):
    positions, colors = random_cloud(3000)
    options = {"radius": radius, "points_per_pixel": layers}
    reference = render_soft(positions, colors, cameras(3), height, width, backend="torch", **options)
    fast = render_soft(positions, colors, cameras(3), height, width, backend="numba", **options)
    for ours, theirs in zip(reference, fast):
        difference = (ours.int() - theirs.int()).abs()
        assert difference.max() <= 1 and (difference == 0).float().mean() > 0.99


def test_bands_do_not_show(monkeypatch):
    positions, colors = random_cloud(800)
    whole = render_soft(positions, colors, cameras(), 40, 56, radius=0.2, backend="torch")
    monkeypatch.setattr(soft, "_FRAGMENTS_PER_BAND", 1000)
    bands = render_soft(positions, colors, cameras(), 40, 56, radius=0.2, backend="torch")
    assert torch.equal(whole.image, bands.image) and torch.equal(whole.coverage, bands.coverage)


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_two_discs_composite_front_to_back(backend):
    # Image 20x20, focal 16 and 20 px, radius 0.3 * 10 = 3 px. Both points land on pixel centre (10.5, 10.5).
    positions = torch.tensor([[0.5 / 16 * 4, 0.5 / 20 * 4, 4.0], [0.5 / 16 * 2 + 2 / 16, 0.5 / 20 * 2, 2.0]])
    colors = torch.tensor([[0, 200, 0], [100, 0, 0]], dtype=torch.uint8)
    drawn = render_soft(positions, colors, cameras(), 20, 20, radius=0.3, backend=backend)
    # The near point lies at u = 10 + 16 * x / z = 11.5: one pixel right of the far one.
    front, behind = 1 - 1 / 9, 1.0
    assert drawn.image[0, 10, 10].tolist() == [int(100 * front), int(200 * (1 - front) * behind), 0]
    assert int(drawn.coverage[0, 10, 10]) == 255
    right = 1 - 1 / 9
    assert drawn.image[0, 10, 11].tolist() == [100, 0, 0]
    left_coverage = 1 - (1 - (1 - 4 / 9)) * (1 - right)
    assert int(drawn.coverage[0, 10, 9]) == int(255 * left_coverage)
    assert drawn.image[0, 2, 2].tolist() == [0, 0, 0] and int(drawn.coverage[0, 2, 2]) == 0


def test_only_the_nearest_points_count():
    depth = torch.arange(1.0, 9.0)
    positions = torch.stack([1 / 32 * depth * 0.9, 1 / 32 * depth * 0.9, depth], 1)  # off the pixel centre: not opaque
    colors = torch.zeros(8, 3, dtype=torch.uint8)
    colors[5:] = 255
    assert render_soft(positions, colors, cameras(), 16, 16, radius=0.2).image.max() == 0
    assert render_soft(positions, colors, cameras(), 16, 16, radius=0.2, points_per_pixel=8).image.max() > 0


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_behind_outside_and_empty(backend):
    positions = torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.0, 0.0], [50.0, 0.0, 1.0]])
    for cloud in (positions, torch.zeros(0, 3)):
        drawn = render_soft(cloud, torch.full(cloud.shape, 255, dtype=torch.uint8), cameras(2), 12, 16, backend=backend)
        assert drawn.image.shape == (2, 12, 16, 3) and drawn.coverage.shape == (2, 12, 16)
        assert not drawn.image.any() and not drawn.coverage.any()


def test_a_disc_cut_by_the_border_is_drawn():
    positions = torch.tensor([[-2.05 / 3.2, 0.0, 1.0]])  # u just left of column 0
    drawn = render_soft(
        positions,
        torch.full((1, 3), 255, dtype=torch.uint8),
        make_cameras(torch.eye(4)[None], [0.8, 0.8, 0.5, 0.5]),
        16,
        16,
        radius=0.25,
    )
    assert drawn.coverage[0].any() == (8 - 2.05 / 3.2 * 12.8 > -2 + 0.5)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"radius": 0.0}, "radius"),
        ({"points_per_pixel": 0}, "points_per_pixel"),
        ({"backend": "cuda"}, "backend"),
        ({"height": 0}, "width or height"),
        ({"colors": torch.zeros(2, 3)}, "uint8"),
        ({"positions": torch.zeros(2, 2)}, "expected"),
        ({"colors": torch.zeros(2, 3, dtype=torch.uint8, device="meta")}, "one device"),
    ],
)
def test_refusals(change, message):
    arguments = {
        "positions": torch.ones(2, 3),
        "colors": torch.zeros(2, 3, dtype=torch.uint8),
        "cameras": cameras(),
        "height": 8,
        "width": 8,
    } | change
    with pytest.raises(SpatiaError, match=message):
        render_soft(**arguments)
