"""Control latents from pixels: projection and hole videos through the host's VAE object, against the release's encoder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from parity_model import relative_l2
from safetensors.torch import load_file

FOLDER = Path(os.environ.get("SPATIA_PARITY") or Path(__file__).parents[1] / "data" / "parity")
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def vae(pack_module):
    bundle = pack_module("nodes.host.bundle")
    return bundle.SizedVAE(load_file(FOLDER / "vae" / "tiny_vae38.safetensors"), "tiny_vae38.safetensors", dtype=torch.float32)


@pytest.fixture(scope="module")
def to_network(comfy_host):
    import comfy.latent_formats

    return comfy.latent_formats.Wan22().process_in


@pytest.fixture(scope="module")
def score():
    return load_file(FOLDER / "score" / "score.safetensors")


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
        vae, to_network, 96, count, height, width,
        None if missing == "no_control" else projection, None if missing == "no_score" else holes,
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


def later_run_pixels():
    return load_file(FOLDER / "sampler" / "sampler.safetensors")


def test_later_round_latents_from_pixels(pack_module, vae, to_network):
    """History, references and control of the stored later round, encoded from its pixels."""
    conditioning = pack_module("nodes.host.conditioning")
    tensors = later_run_pixels()
    tag = "later_r3_unipc40"
    references = tensors[f"{tag}/refs_u8"]
    theirs = tensors[f"{tag}/initial_latents"]
    count = references.shape[0]
    for r in range(count):
        ours = to_network(conditioning.encode_video(vae, references[r : r + 1].float() / 255.0))
        assert relative_l2(ours, theirs[:, :, r : r + 1]) <= TOLERANCE
    history = to_network(conditioning.encode_video(vae, tensors[f"{tag}/hist_u8"].float() / 255.0))
    assert relative_l2(history, theirs[:, :, count : count + history.shape[2]]) <= TOLERANCE
    projection = tensors[f"{tag}/control_u8"].float() / 255.0
    holes = tensors[f"{tag}/score_u8_fed"].float() / 255.0
    ours = conditioning.encode_control(vae, to_network, 96, *holes.shape, projection, holes)
    assert relative_l2(ours, tensors[f"{tag}/vace_context"]) <= TOLERANCE
