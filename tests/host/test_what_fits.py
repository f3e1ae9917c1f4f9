"""Work that no machine can hold is refused before it begins; tensors of other kinds are refused by name."""

import pytest
import torch


@pytest.fixture
def error(pack_module):
    return pack_module("spatia_core.errors").SpatiaError


def huge(*shape: int) -> torch.Tensor:
    """Zeros that take no room themselves."""
    return torch.zeros(1).expand(shape)


def test_a_long_batch_is_not_scaled_until_the_memory_is_full(pack_module, error):
    fit = pack_module("nodes.prepare").SpatiaFitImage
    with pytest.raises(error, match=r"^100000 images of 4096x4096 would take \d+\.\d GiB .* connect fewer of them"):
        fit.execute(huge(100_000, 64, 64, 3), "width and height below", 4096, 4096)


def test_a_batch_is_fitted_one_by_one_as_a_whole(pack_module):
    fit = pack_module("nodes.prepare").SpatiaFitImage
    images = torch.rand(3, 50, 70, 3, generator=torch.Generator().manual_seed(0))
    together, width, height, *_ = fit.execute(images, "width and height below", 96, 64).result
    assert together.shape == (3, 64, 96, 3) and (width, height) == (96, 64)
    for image, fitted in zip(images, together):
        alone = fit.execute(image[None], "width and height below", 96, 64).result[0]
        assert torch.equal(alone[0], fitted)
    assert together.min() >= 0 and together.max() <= 1 and together.std() > 0.1


def test_fit_image_stops_when_it_is_told_to(pack_module):
    import comfy.model_management as management

    fit = pack_module("nodes.prepare").SpatiaFitImage
    management.interrupt_current_processing(True)
    try:
        with pytest.raises(management.InterruptProcessingException):
            fit.execute(torch.rand(2, 50, 70, 3), "width and height below", 96, 64)
    finally:
        management.interrupt_current_processing(False)


def test_an_image_of_too_many_pixels_makes_no_scene(pack_module, error):
    node = pack_module("nodes.estimate_scene").SpatiaEstimateScene
    with pytest.raises(error, match="^image is 8192x8192, expected at most 50000000 pixels"):
        node.execute(
            huge(1, 8192, 8192, 3), 60.0, "", 0.01, True, 4, depth_map=huge(1, 8192, 8192, 3),
            depth_source="connected input", depth_kind="metres", near=1.0, far=10.0, depth_scale=1.0,
            da3_metric_resolution=0,
        )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["nan nan nan nan", "1e400 1 0.5 0.5", "1_0 1 0.5 0.5", "0.5 0.5 " + "9" * 5000 + " 1"]
)
def test_intrinsics_are_finite_numbers(pack_module, error, text):
    with pytest.raises(error, match="^intrinsics: .* was given, expected four numbers") as raised:
        pack_module("nodes.estimate_scene").parse_intrinsics(text)
    assert len(str(raised.value)) < 250


def test_frames_that_cannot_be_compared(pack_module, error):
    with pytest.raises(error, match="^Comparing two frames of 131072x131072 would take .* make frames smaller"):
        pack_module("nodes.metrics").SpatiaClosedLoopMetrics.execute(huge(2, 1 << 17, 1 << 17, 3))


def test_latents_that_cannot_be_joined_or_decoded(pack_module, error, loaded):
    join = pack_module("nodes.clips").SpatiaJoinClips
    with pytest.raises(error, match="^The latents of 1 clips would take .* join fewer"):
        join.execute({"clip0": {"samples": huge(1, 48, 100_000, 1024, 1024)}}, 9)
    with pytest.raises(error, match=r"^Clip 1 has latents of shape \(1, 4, 8, 8\), expected a video's"):
        join.execute({"clip0": {"samples": torch.zeros(1, 4, 8, 8)}}, 9)
    with pytest.raises(error, match="^Latents of 16 channels were given for a VAE of 48"):
        join.execute({"clip0": {"samples": torch.zeros(1, 16, 2, 4, 4)}}, 9, vae=loaded[2])
    with pytest.raises(error, match=r"^A video of 397 frames of 8192x8192 would take .* decode `latent` in parts"):
        join.execute({"clip0": {"samples": torch.zeros(1, 1, 100, 512, 512)}}, 9, vae=loaded[2])
