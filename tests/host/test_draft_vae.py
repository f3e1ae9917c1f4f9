"""A draft's VAE: the model's own encodes, the host's tiny one decodes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from small_model import FIRST, HEIGHT, ROUNDING, WIDTH, clip_inputs, random_weights


@pytest.fixture(scope="module")
def tiny(comfy_host):
    """The host's tiny decoder of Wan 2.2's latents, random weights."""
    import comfy.sd
    from comfy.taesd.taehv import TAEHV

    shapes = {
        name: tuple(tensor.shape) for name, tensor in TAEHV(latent_channels=48, latent_format=None).state_dict().items()
    }
    return comfy.sd.VAE(sd=random_weights(shapes, 9))


@pytest.fixture
def draft(pack_module, nodes_of, loaded, tiny):
    """A function: what the decoder reads -> VAE of the node."""
    return lambda reads: nodes_of("nodes.few_steps").SpatiaDraftVAE.execute(loaded[2], tiny, reads).args[0]


@pytest.mark.parametrize("reads", ["NORMALISED", "RAW"])
def test_it_encodes_as_one_and_decodes_as_the_other(pack_module, draft, loaded, tiny, reads):
    import comfy.latent_formats

    vae = draft(getattr(pack_module("nodes.host.draft_vae"), reads))
    pixels = torch.rand(5, HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(1))
    latents = vae.encode(pixels)
    assert torch.equal(latents, loaded[2].encode(pixels))
    taken = comfy.latent_formats.Wan22().process_in(latents) if reads == "NORMALISED" else latents
    frames = vae.decode(latents)
    assert frames.shape == (1, 5, HEIGHT, WIDTH, 3) and frames.min() >= 0 and frames.max() <= 1
    assert torch.equal(frames, tiny.decode(taken).clamp(0, 1))
    assert not torch.equal(frames, loaded[2].decode(latents))


def test_a_clip_in_draft_has_the_latents_of_the_final_one(pack_module, nodes_of, draft, loaded, sample):
    """Only what is shown is another; the whole VAE makes the final frames of them later."""
    inputs = clip_inputs(FIRST, 2)
    frames, latent = sample(inputs)
    vae = draft(pack_module("nodes.host.draft_vae").NORMALISED)
    shown, same = sample(inputs, vae=vae)
    assert torch.equal(same["samples"], latent["samples"]) and shown.shape == frames.shape
    assert not torch.allclose(shown, frames, atol=0.05)
    final = nodes_of("nodes.host.video").decode_frames(loaded[2], same["samples"])
    assert torch.allclose(final, frames, rtol=0, atol=ROUNDING)
    with pytest.raises(ValueError, match="set source to stored frames"):
        next(iter(nodes_of("nodes.host.video").decode_stream(vae, [same["samples"]])))


def test_previews_are_the_tiny_decoder_s(pack_module, draft, loaded, monkeypatch):
    """The clip's last frame, decoded by it, on a host that shows previews."""
    import latent_preview

    sampling = pack_module("nodes.host.sampling")
    vae = draft(pack_module("nodes.host.draft_vae").NORMALISED)
    monkeypatch.setattr(sampling.latent_preview, "get_previewer", lambda *args: latent_preview.LatentPreviewer())
    shown = []
    bar = SimpleNamespace(update_absolute=lambda step, total, picture: shown.append(picture))
    monkeypatch.setattr(sampling.comfy.utils, "ProgressBar", lambda total: bar)
    told = sampling._told(loaded[0], 2, vae)
    told(0, torch.randn(1, 48, 3, 2, 4, generator=torch.Generator().manual_seed(2)), None, 2)
    (kind, picture, _) = shown[-1]
    assert kind == "JPEG" and picture.size == (64, 32)


def test_halves_of_another_kind_are_refused(nodes_of, loaded, tiny):
    node = nodes_of("nodes.few_steps").SpatiaDraftVAE
    with pytest.raises(ValueError, match="`decoder` is a WanVAE of 48 channels, expected a tiny decoder"):
        node.execute(loaded[2], loaded[2], "raw latents (lighttaew2_2)")
    with pytest.raises(ValueError, match="`vae` is a TAEHV of 48 channels, expected Wan 2.2"):
        node.execute(tiny, tiny, "raw latents (lighttaew2_2)")
