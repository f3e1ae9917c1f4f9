"""Control latents from pixels: projection and hole videos through the host's VAE object, against the release's encoder."""

from __future__ import annotations

import pytest
import torch
from parity_model import relative_l2
from vectors import PARITY, stored

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def vae(pack_module):
    bundle = pack_module("nodes.host.bundle")
    weights = dict(stored(PARITY / "vae" / "tiny_vae38.safetensors"))
    return bundle.SizedVAE(weights, "tiny_vae38.safetensors", dtype=torch.float32)


@pytest.fixture(scope="module")
def to_network(comfy_host):
    import comfy.latent_formats

    return comfy.latent_formats.Wan22().process_in


@pytest.fixture(scope="module")
def score():
    return stored(PARITY / "score" / "score.safetensors")


def test_latent_statistics_are_the_hosts(comfy_host, score):
    import comfy.latent_formats

    wan = comfy.latent_formats.Wan22()
    assert torch.allclose(wan.latents_mean.flatten(), score["mean"], atol=1e-7)
    assert torch.allclose(wan.latents_std.flatten(), score["std"], atol=1e-7)


@pytest.mark.parametrize("missing", ["", "no_control", "no_score"])
def test_control_latents(pack_module, vae, to_network, score, missing):
    encode_control = pack_module("nodes.host.conditioning").encode_control
    projection = score["control_u8"].float() / 255.0
    holes = (255.0 - score["render_score_u8"].float()) / 255.0
    count, height, width = holes.shape
    ours = encode_control(
        vae,
        to_network,
        96,
        count,
        height,
        width,
        None if missing == "no_control" else projection,
        None if missing == "no_score" else holes,
    )
    theirs = score["vace_context" + (f"_{missing}" if missing else "")]
    for half in (slice(0, 48), slice(48, 96)):
        error = relative_l2(ours[:, half], theirs[:, half])
        print(f"control latents {missing or 'both'} {half}: {error:.2e}")
        assert error <= TOLERANCE


def test_projection_only_checkpoints_take_48_channels(pack_module, vae, to_network, score):
    encode_control = pack_module("nodes.host.conditioning").encode_control
    projection = score["control_u8"].float() / 255.0
    count, height, width = projection.shape[:3]
    ours = encode_control(vae, to_network, 48, count, height, width, projection, None)
    assert relative_l2(ours, score["vace_context"][:, :48]) <= TOLERANCE


def test_vae_round_trip_has_the_hosts_shapes(vae):
    latents = vae.encode(torch.rand(9, 32, 64, 3))
    assert latents.shape == (1, 48, 3, 2, 4)
    assert vae.decode(latents).shape == (1, 9, 32, 64, 3)


def test_what_the_encoder_gives_before_it_is_normalised(pack_module, vae, score):
    """Pixels in the release's range and their latents, of the projection and of the holes."""
    conditioning = pack_module("nodes.host.conditioning")
    projection, holes = score["control_u8"].float() / 255.0, (255.0 - score["render_score_u8"].float()) / 255.0
    # The release counts 0..255 as -1..1 less a step, and so has no exact white.
    assert (projection.permute(3, 0, 1, 2)[None] * 2 - 1 - score["control_pixels"]).abs().max() <= 1 / 127
    assert torch.allclose(holes[None, None], score["score_pixels"], atol=1e-6)
    assert relative_l2(conditioning.encode_video(vae, projection), score["control_raw_mu"]) <= TOLERANCE
    ours = conditioning.encode_video(vae, conditioning.hole_pixels(holes))
    assert relative_l2(ours, score["score_raw_mu"]) <= TOLERANCE


SAMPLER = stored(PARITY / "sampler" / "sampler.safetensors")


def runs_with(entry: str) -> list[str]:
    return [key.removesuffix(f"/{entry}") for key in sorted(SAMPLER) if key.endswith(f"/{entry}")]


@pytest.mark.parametrize("tag", runs_with("control_u8"))
def test_control_latents_from_pixels(pack_module, vae, to_network, tag):
    conditioning = pack_module("nodes.host.conditioning")
    projection = SAMPLER[f"{tag}/control_u8"].float() / 255.0
    holes = SAMPLER[f"{tag}/score_u8_fed"].float() / 255.0
    ours = conditioning.encode_control(vae, to_network, 96, *holes.shape, projection, holes)
    assert relative_l2(ours, SAMPLER[f"{tag}/vace_context"]) <= TOLERANCE


@pytest.mark.parametrize("tag", runs_with("refs_u8"))
def test_later_round_latents_from_pixels(pack_module, vae, to_network, tag):
    """History and references of a stored later round, encoded from its pixels."""
    conditioning = pack_module("nodes.host.conditioning")
    references = SAMPLER[f"{tag}/refs_u8"]
    theirs = SAMPLER[f"{tag}/initial_latents"]
    count = references.shape[0]
    for r in range(count):
        ours = to_network(conditioning.encode_video(vae, references[r : r + 1].float() / 255.0))
        assert relative_l2(ours, theirs[:, :, r : r + 1]) <= TOLERANCE
    history = to_network(conditioning.encode_video(vae, SAMPLER[f"{tag}/hist_u8"].float() / 255.0))
    assert relative_l2(history, theirs[:, :, count : count + history.shape[2]]) <= TOLERANCE


@pytest.mark.parametrize("tag", runs_with("video_u8_first_last"))
def test_decoded_frames_within_one_grey_level(comfy_host, vae, tag):
    import comfy.latent_formats

    frames = vae.decode(comfy.latent_formats.Wan22().process_out(SAMPLER[f"{tag}/final_latents"])).flatten(0, -4)
    ours = (frames[[0, -1]].clamp(0, 1) * 255).to(torch.uint8)
    difference = (ours.int() - SAMPLER[f"{tag}/video_u8_first_last"].int()).abs()
    print(f"{tag}: {float((difference == 0).float().mean()):.5f} equal, at most {int(difference.max())} apart")
    assert difference.max() <= 1
