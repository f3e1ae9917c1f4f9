import math

import pytest
import torch

from spatia_core.errors import SpatiaError
from spatia_core.metrics import closed_loop, psnr, ssim


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


def test_ssim_orders_images():
    image = picture()
    assert ssim(image, image) == pytest.approx(1.0)
    assert ssim(image, picture(3)) < ssim(image, (image + 0.05 * picture(3)).clamp(0, 1)) < 1


def test_closed_loop_compares_last_with_first():
    first, middle = picture(0), picture(1)
    assert closed_loop(torch.stack([first, middle, first])).psnr == math.inf
    assert closed_loop(torch.stack([first, first, middle])).psnr == pytest.approx(psnr(middle, first))


@pytest.mark.parametrize("frames, message", [(torch.zeros(1, 16, 16, 3), "at least 2"), (torch.zeros(2, 8, 8, 3), "11 pixels"), (torch.full((2, 16, 16, 3), math.nan), "NaN")])
def test_refusals(frames, message):
    with pytest.raises(SpatiaError, match=message):
        closed_loop(frames)
