"""Fit Image and Clip Prompts in the real host: values that would fill the memory or that no widget has."""

import pytest
import torch


@pytest.fixture
def nodes_of(pack_module):
    return pack_module("nodes.prepare")


@pytest.fixture
def error(pack_module):
    return pack_module("spatia_core.errors").SpatiaError


@pytest.mark.parametrize("shape", [(1, 2, 8192, 3), (1, 8192, 2, 3)])
def test_a_strip_is_not_scaled_until_the_memory_is_full(nodes_of, error, shape):
    with pytest.raises(error, match="crop `image`"):
        nodes_of.SpatiaFitImage.execute(torch.rand(shape), "1248x704", 1248, 704)


def test_an_image_that_is_large_itself_is_scaled_down(nodes_of):
    image, width, height, *_ = nodes_of.SpatiaFitImage.execute(
        torch.zeros(1, 64, 8192, 3), "192x128 (bundled small model)", 32, 32
    ).result
    assert image.shape == (1, 128, 192, 3) and (width, height) == (192, 128)


def test_a_size_that_no_widget_has_is_refused(nodes_of, error):
    with pytest.raises(error, match="^size is '640x480', expected one of auto, 1248x704"):
        nodes_of.SpatiaFitImage.execute(torch.rand(1, 64, 64, 3), "640x480", 64, 64)
    for width in (0, -32, 10**400):
        with pytest.raises(error, match="width"):
            nodes_of.SpatiaFitImage.execute(torch.rand(1, 64, 64, 3), "width and height below", width, 64)


def test_prompts_have_a_limit_and_a_clip_is_a_number_of_one(nodes_of, error):
    assert nodes_of.SpatiaClipPrompts.execute("a\n" * 1000, 10_000, False).result == ("a",)
    with pytest.raises(error, match="prompts have 2097152 characters"):
        nodes_of.SpatiaClipPrompts.execute("a\n" * (1 << 20), 1, False)
    for clip in (0, -5, 10**400, float("nan"), 1.5):
        with pytest.raises(error, match="clip"):
            nodes_of.SpatiaClipPrompts.execute("a", clip, False)
