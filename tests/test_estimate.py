import math

import pytest
import torch

from spatia_core.cameras.camera import intrinsics_from_fov, make_cameras, project
from spatia_core.errors import SpatiaError
from spatia_core.estimate import (
    DepthMaps,
    align_depth,
    baseline_scale,
    depth_edges,
    depth_from_map,
    estimate_points,
    estimate_scene,
    moving_pixels,
    resize_depth,
)
from spatia_core.estimate.noise import pixel_noise

HEIGHT, WIDTH = 64, 96


def cameras(n=1):
    return make_cameras(torch.eye(4).repeat(n, 1, 1), intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def maps(depth, **options):
    return DepthMaps(depth, options.pop("metric", True), "test", **options)


def floor_depth(height=HEIGHT, width=WIDTH):
    """Depth of a floor one unit below the camera, looking along it; the horizon is above the image."""
    K = cameras().K(height, width)[0]
    rows = torch.arange(height, dtype=torch.float64) + 0.5
    return (K[1, 1] / (rows - K[1, 2] + 40)).float()[:, None].expand(height, width).clone()


@pytest.mark.parametrize(
    "value, kind, options, expected",
    [
        (2.5, "metres", {}, 2.5),
        (2.5, "metres", {"scale": 2.0}, 5.0),
        (0.25, "inverse", {}, 4.0),
        (0.25, "inverse", {"scale": 10.0}, 40.0),
        (1.0, "normalised", {"near": 2.0, "far": 8.0}, 2.0),
        (0.0, "normalised", {"near": 2.0, "far": 8.0}, 8.0),
        (0.5, "normalised", {"near": 2.0, "far": 8.0}, 3.2),
        (0.5, "normalised, white is far", {"near": 2.0, "far": 8.0}, 5.0),
        (0.0, "metres", {}, 0.0),
        (0.0, "inverse", {}, 0.0),
        (math.inf, "metres", {}, 0.0),
        (math.nan, "normalised", {}, 0.0),
    ],
)
def test_depth_kinds(value, kind, options, expected):
    assert float(depth_from_map(torch.full((1, 2, 2), value), kind, **options).depth[0, 0, 0]) == pytest.approx(
        expected
    )


def test_only_metres_are_metric():
    assert [
        depth_from_map(torch.full((1, 2, 2), 0.5), kind).metric for kind in ("metres", "inverse", "normalised")
    ] == [True, False, False]


def test_metres_that_look_normalised_are_told():
    assert "normalised" in depth_from_map(torch.full((1, 2, 2), 0.5), "metres").warnings[0]


@pytest.mark.parametrize(
    "values, kind, options, message",
    [
        (torch.ones(1, 2, 2), "feet", {}, "depth_kind"),
        (torch.full((1, 2, 2), 3.0), "normalised", {}, "0 to 1"),
        (torch.ones(1, 2, 2), "normalised", {"near": 5.0, "far": 2.0}, "near"),
        (torch.ones(1, 2, 2), "metres", {"scale": 0.0}, "depth_scale"),
        (torch.ones(2, 2), "metres", {}, "height, width"),
    ],
)
def test_refused_depth_maps(values, kind, options, message):
    with pytest.raises(SpatiaError, match=message):
        depth_from_map(values, kind, **options)


def test_resizing_invents_no_depth():
    depth = torch.ones(1, 8, 12)
    depth[:, :, 6:] = 5
    resized = resize_depth(depth, 64, 96)
    assert resized.shape == (1, 64, 96) and set(resized.unique().tolist()) == {1.0, 5.0}
    with pytest.raises(SpatiaError, match="12x8 and the image 64x64"):
        resize_depth(depth, 64, 64)


def test_edges_are_steps_and_not_slopes():
    floor = floor_depth()
    K = cameras().K(HEIGHT, WIDTH)[0]
    assert ((floor[1:] / floor[:-1] - 1).abs() > 0.015).any()  # it does slope more than the threshold within 3x3
    assert not depth_edges(floor, K)[1:-1, 1:-1].any()
    step = torch.full((HEIGHT, WIDTH), 4.0)
    step[:, 40:] = 2.0
    edges = depth_edges(step, K)
    assert edges[:, 39:41].all() and not edges[:, :38].any() and not edges[:, 43:].any()


def test_noise_on_a_slope_is_no_edge():
    noise = torch.randn(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)) * 0.007
    edges = depth_edges(floor_depth() * (1 + noise), cameras().K(HEIGHT, WIDTH)[0])
    assert edges.float().mean() < 0.1


@pytest.mark.parametrize("sigma", [0.005, 0.02, 0.05])
def test_pixel_noise_is_measured(sigma):
    depth = floor_depth()
    assert pixel_noise(depth) < 1e-4
    depth[:, 50:] /= 2  # an edge is no noise
    depth[10:20, 10:20] = 0
    noisy = depth * (1 + sigma * torch.randn(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)))
    assert pixel_noise(noisy) == pytest.approx(sigma, rel=0.1)


def test_jittering_depth_is_smoothed_and_keeps_its_step():
    step = torch.full((HEIGHT, WIDTH), 4.0)
    step[:, 40:] = 2.0
    step[5:10, 5:10] = 0
    noisy = step * (1 + 0.02 * torch.randn(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)))
    plain = estimate_scene(maps(step[None]), cameras(), HEIGHT, WIDTH)
    estimate = estimate_scene(maps(noisy[None]), cameras(), HEIGHT, WIDTH)
    assert "jitters by 2." in " ".join(estimate.warnings) and not plain.warnings
    assert not estimate.valid[0, 5:10, 5:10].any() and not estimate.valid[0, :, 39:41].any()
    assert estimate.valid.float().mean() > 0.9 * plain.valid.float().mean()
    error = (estimate.depth[0] / step - 1)[estimate.valid[0]]
    assert error.abs().max() < 0.03 and error.std() < 0.007
    torch.testing.assert_close(plain.depth[plain.valid], step[None][plain.valid], rtol=0, atol=0)


def test_unknown_depth_makes_no_edge():
    depth = torch.full((HEIGHT, WIDTH), 4.0)
    depth[20:30, 20:30] = 0
    assert not depth_edges(depth, cameras().K(HEIGHT, WIDTH)[0]).any()


def test_moving_masks():
    soft = torch.zeros(1, HEIGHT, WIDTH)
    soft[0, 30, 40] = 0.8
    soft[0, 10, 10] = 0.3
    assert moving_pixels(soft, 1, HEIGHT, WIDTH).sum() == 1
    grown = moving_pixels(soft, 3, HEIGHT, WIDTH, dilate=2)
    assert grown.shape == (3, HEIGHT, WIDTH) and grown.sum((1, 2)).tolist() == [25, 25, 25]
    half = moving_pixels(torch.nn.functional.avg_pool2d(grown.float(), 2), 3, HEIGHT, WIDTH)
    assert half.shape == (3, HEIGHT, WIDTH) and half.any()


@pytest.mark.parametrize(
    "mask, message",
    [
        (torch.zeros(2, HEIGHT, WIDTH), "2 masks for 3"),
        (torch.zeros(1, 64, 64), "same shape"),
        (torch.full((1, HEIGHT, WIDTH), math.nan), "NaN"),
    ],
)
def test_refused_masks(mask, message):
    with pytest.raises(SpatiaError, match=message):
        moving_pixels(mask, 3, HEIGHT, WIDTH)


def test_points_project_onto_their_pixels():
    generator = torch.Generator().manual_seed(0)
    w2c = torch.eye(4, dtype=torch.float64)
    w2c[:3, 3] = torch.tensor([0.3, -0.2, 0.5])
    posed = make_cameras(w2c[None], intrinsics_from_fov(62.0, WIDTH, HEIGHT))
    depth = torch.rand(1, HEIGHT, WIDTH, generator=generator) + 2
    estimate = estimate_scene(maps(depth), posed, HEIGHT, WIDTH, edge_filter=False)
    image = torch.randint(0, 256, (HEIGHT, WIDTH, 3), generator=generator, dtype=torch.uint8)
    cloud = estimate_points(estimate, 0, image, view=7)
    uv, z = project(cloud.positions, posed.w2c[0], posed.K(HEIGHT, WIDTH)[0])
    rows, columns = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    assert torch.allclose(uv, torch.stack([columns, rows], -1).reshape(-1, 2).double(), atol=1e-3)
    assert torch.allclose(z.float(), depth.flatten(), atol=1e-5)
    assert torch.equal(cloud.colors, image.reshape(-1, 3)) and (cloud.view == 7).all()


def test_estimate_leaves_out_moving_far_and_unknown():
    depth = torch.full((1, HEIGHT, WIDTH), 3.0)
    depth[0, :10] = 0
    depth[0, -5:] = 1000.0
    moving = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    moving[0, :, :20] = True
    estimate = estimate_scene(maps(depth), cameras(), HEIGHT, WIDTH, moving=moving, edge_filter=False)
    assert not estimate.valid[0, :10].any() and not estimate.valid[0, -5:].any() and not estimate.valid[0, :, :20].any()
    assert estimate.valid[0, 10:-5, 20:].all()
    assert estimate.coverage == pytest.approx((HEIGHT - 15) * (WIDTH - 20) / (HEIGHT * WIDTH))
    assert any("100 times" in warning for warning in estimate.warnings)
    assert "metres" in estimate.scale_source


@pytest.mark.parametrize(
    "depth, moving, message",
    [
        (torch.ones(2, HEIGHT, WIDTH), None, "2 map"),
        (torch.zeros(1, HEIGHT, WIDTH), None, "no pixel"),
        (-torch.ones(1, HEIGHT, WIDTH), None, "negative"),
        (torch.ones(1, HEIGHT, WIDTH), torch.ones(1, HEIGHT, WIDTH, dtype=torch.bool), "No pixel is left"),
    ],
)
def test_refused_estimates(depth, moving, message):
    with pytest.raises(SpatiaError, match=message):
        estimate_scene(maps(depth), cameras(), HEIGHT, WIDTH, moving=moving)


def test_alignment_undoes_a_smooth_distortion():
    generator = torch.Generator().manual_seed(3)
    truth = floor_depth() + torch.rand(HEIGHT, WIDTH, generator=generator) * 0.02
    coarse = torch.randn(1, 1, 3, 4, generator=generator) * 0.06
    factor = torch.nn.functional.interpolate(coarse, (HEIGHT, WIDTH), mode="bicubic", align_corners=True)[0, 0].exp()
    known = truth.clone()
    known[:, 60:] = 0  # the cloud covers the left part only
    known[20:30, 10:20] *= 0.5  # and has an occluder the new frame has not
    aligned = align_depth(truth * factor / 3.7, known)
    error = (aligned.depth / truth - 1).abs()
    plain = (truth * factor / 3.7 * aligned.scale / truth - 1).abs()
    assert aligned.scale == pytest.approx(3.7, rel=0.1)
    assert error[:, :60].median() < 0.012 and error[:, :60].median() < plain[:, :60].median() / 2
    assert error[:, 60:].mean() < plain[:, 60:].mean() * 1.1


def test_scale_from_the_camera_path():
    centers = torch.rand(6, 3, generator=torch.Generator().manual_seed(1))
    rotation = torch.linalg.qr(torch.rand(3, 3, generator=torch.Generator().manual_seed(2)))[0]
    assert baseline_scale(centers * 2.5, centers @ rotation.T + 1) == pytest.approx(2.5, rel=1e-5)
    assert baseline_scale(torch.zeros(4, 3), centers[:4]) is None
    assert baseline_scale(centers[:1], centers[:1]) is None
