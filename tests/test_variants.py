"""Latents of mirrored and recoloured videos, by maps fitted to an encoder."""

from __future__ import annotations

import pytest
import torch
from spatia_pack.training.data.variants import UNCHANGED, VARIANTS, Variant, fit_map, map_error, vary_pixels
from torch.nn import functional as F

MIRRORED = Variant(True, (2, 0, 1))


@pytest.fixture
def encode():
    """A linear encoder of 6 channels: blocks of 2x2 pixels by one matrix in the first frame, pairs of frames by another later on."""
    generator = torch.Generator().manual_seed(0)
    lone = torch.linalg.qr(torch.randn(12, 12, generator=generator))[0]
    later = torch.linalg.qr(torch.randn(24, 24, generator=generator))[0][:12]

    def encode(videos: torch.Tensor) -> torch.Tensor:
        """(N, 5, H, W, 3) to (N, 12, 3, H / 2, W / 2)."""
        blocks = F.pixel_unshuffle(videos.permute(0, 1, 4, 2, 3), 2)
        first = torch.einsum("ci,nihw->nchw", lone, blocks[:, 0])
        # A pair holds one frame twice, so that 12 channels say all of it.
        pairs = torch.cat([blocks[:, 1::2], blocks[:, 1::2]], dim=2)
        return torch.stack([first, *torch.einsum("ci,ntihw->tnchw", later, pairs)], dim=2)

    return encode


def videos(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 5, 16, 24, 3, generator=torch.Generator().manual_seed(seed))


def test_every_variant_once():
    assert len(set(VARIANTS)) == 12
    assert VARIANTS[UNCHANGED] == Variant(False, (0, 1, 2))


def test_pixels_of_a_variant():
    video = torch.arange(12).reshape(1, 1, 4, 3)
    assert vary_pixels(video, VARIANTS[UNCHANGED]).equal(video)
    varied = vary_pixels(video, MIRRORED)
    assert varied[0, 0, 0].tolist() == [11, 9, 10]
    assert vary_pixels(video, Variant(True, (0, 1, 2))).equal(video.flip(2))


@pytest.mark.parametrize("variant", VARIANTS[1:])
def test_a_linear_encoder_is_followed_exactly(encode, variant):
    seen, unseen = videos(12, 1), videos(2, 2)
    found = fit_map(encode(seen), encode(vary_pixels(seen, variant)), variant.mirrored)
    before, after = encode(unseen), encode(vary_pixels(unseen, variant))
    assert map_error(found, before, after) < 1e-3
    assert map_error(found, before, before) > 0.1  # the bound can be missed


def test_references_are_lone_images(encode):
    seen = videos(12, 1)
    found = fit_map(encode(seen), encode(vary_pixels(seen, MIRRORED)), True)
    images = encode(seen)[:3, :, 0].transpose(0, 1)  # three images side by side along time
    wanted = encode(vary_pixels(seen, MIRRORED))[:3, :, 0].transpose(0, 1)
    torch.testing.assert_close(found(images, images=True), wanted, atol=0.05, rtol=0)
    assert not torch.allclose(found(images), wanted, atol=0.05)
    assert found(images[:, :0], images=True).shape == (12, 0, 8, 12)
