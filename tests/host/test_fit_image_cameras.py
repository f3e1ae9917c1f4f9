"""Fit Image with cameras, in the real host: intrinsics that belong to the image as it came in."""

import pytest
import torch


@pytest.fixture
def fit_image(pack_module):
    return pack_module("nodes.prepare").SpatiaFitImage


@pytest.fixture
def path(pack_module):
    def make(lens, count=1):
        return pack_module("spatia_core.cameras").make_cameras(torch.eye(4)[None].repeat(count, 1, 1), lens)

    return make


def test_an_image_and_its_cameras_are_cropped_alike(fit_image, path):
    """A point of the scene stays on its pixel: a white pixel column and where a camera projects it."""
    image = torch.zeros(1, 96, 400, 3)
    column, row = 130, 31
    image[:, row, column] = 1
    cameras = path([0.7, 1.9, 0.45, 0.53], 3)
    fx, fy, cx, cy = cameras.intrinsics[0].tolist()
    ray = torch.tensor([((column + 0.5) / 400 - cx) / fx, ((row + 0.5) / 96 - cy) / fy], dtype=torch.float64)
    out, width, height, report, fitted = fit_image.execute(
        image, "192x128 (bundled small model)", 32, 32, cameras=cameras
    ).result
    assert torch.equal(fitted.w2c, cameras.w2c) and "fx 0.7, fy 1.9 became" in report
    for lens in fitted.intrinsics:
        seen = (ray * lens[:2] + lens[2:]) * torch.tensor([width, height])
        brightness = out[0, :, :, 0]
        place = torch.nonzero(brightness == brightness.max())[0].flip(0) + 0.5
        assert (seen - place).abs().max() <= 0.75


def test_cameras_of_an_image_of_that_size_are_left_alone(fit_image, path):
    cameras = path([0.7, 1.1, 0.4, 0.6], 2)
    for fitting in ("crop", "stretch"):
        *_, fitted = fit_image.execute(
            torch.rand(1, 480, 832, 3), "832x480", 32, 32, cameras=cameras, fitting=fitting
        ).result
        assert torch.equal(fitted.intrinsics, cameras.intrinsics)


def test_a_stretched_image_is_whole(fit_image):
    image = torch.zeros(1, 480, 720, 3)
    image[:, :2, :, 0] = image[:, -2:, :, 1] = image[:, :, :2, 2] = 1
    out, width, height, report, _ = fit_image.execute(image, "832x480", 32, 32, fitting="stretch").result
    assert out.shape == (1, 480, 832, 3) and (width, height) == (832, 480)
    assert report == "720x480 stretched to 832x480, 1.156 times as wide for its height"
    assert out[0, 0, 400, 0] == 1 and out[0, -1, 400, 1] == 1 and out[0, 200, 0, 2] == 1
    cropped, *_ = fit_image.execute(image, "832x480", 32, 32).result
    assert cropped[0, 0, 400, 0] == 0 and cropped[0, -1, 400, 1] == 0


def test_without_cameras_none_come_out(fit_image):
    *_, blocked = fit_image.execute(torch.rand(1, 64, 64, 3), "832x480", 32, 32).result
    assert "connect `cameras`" in blocked.message


def test_a_way_that_no_widget_has_is_refused(fit_image, pack_module):
    with pytest.raises(pack_module("spatia_core.errors").SpatiaError, match="fitting is 'squeeze', expected one of"):
        fit_image.execute(torch.rand(1, 64, 64, 3), "832x480", 32, 32, fitting="squeeze")


def test_a_stretched_image_has_cameras_as_after_a_crop(fit_image, path):
    """As the release of "Memorize When Needed" has it: 277.33 rows, where the stretched picture's lens has 240."""
    image, cameras = torch.zeros(1, 480, 720, 3), path([0.5, 0.5, 0.5, 0.5], 49)
    *_, report, stretched = fit_image.execute(image, "832x480", 32, 32, cameras=cameras, fitting="stretch").result
    pixels = stretched.intrinsics * torch.tensor([832, 480, 832, 480])
    assert pixels.tolist() == [pytest.approx([416, 832 / 3, 416, 240], rel=1e-12)] * 49
    assert report.endswith("for its height; fx 0.5, fy 0.5 became fx 0.5, fy 0.5778")
    *_, cropped = fit_image.execute(image, "832x480", 32, 32, cameras=cameras).result
    # Of 832x555 the rows 37 to 516: what was the middle, row 277.5, is row 240.5.
    assert cropped.intrinsics[0].tolist() == pytest.approx([0.5, 0.5 * 555 / 480, 0.5, 240.5 / 480], rel=1e-12)
