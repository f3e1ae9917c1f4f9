"""Encoding once per content, and decoding in a stream: the whole decode's frames at one clip's memory."""

from __future__ import annotations

import gc

import pytest
import torch
from small_model import HEIGHT, ROUNDING, WIDTH, clip_inputs

from benchmarks.live_bytes import LiveBytes


@pytest.fixture
def video(pack_module):
    return pack_module("nodes.host.video")


def latents_of(frames: int, height: int = 2, width: int = 4) -> torch.Tensor:
    return torch.randn(1, 48, frames, height, width, generator=torch.Generator().manual_seed(frames))


def clips_of(count: int) -> dict:
    """LATENTs of one first clip of 4 latent frames and later ones of 5, of which 3 are history."""
    return {f"clip{k}": {"samples": latents_of(4 if k == 0 else 5)} for k in range(count)}


def out_of_memory():
    import comfy.model_management

    return comfy.model_management.OOM_EXCEPTION("out of memory")


@pytest.mark.parametrize("frames", [None, 1, 6, 9])
def test_the_streamed_decode_is_the_whole_decode(loaded, video, frames):
    vae = loaded[2]
    samples = latents_of(4)
    whole = vae.decode(samples)[0]
    streamed = video.decode_frames(vae, samples, frames)
    assert streamed.shape == whole[:frames].shape
    assert torch.allclose(streamed, whole[:frames], rtol=0, atol=ROUNDING)
    assert torch.equal(streamed, video.decode_frames(vae, samples, frames)), (
        "the same decode twice is the same to the bit"
    )


def test_joined_clips_are_decoded_as_one_video(nodes_of, loaded, video):
    joined, count, images = nodes_of("nodes.clips").SpatiaJoinClips.execute(clips_of(3), 9, vae=loaded[2]).args
    assert joined["samples"].shape[2] == 4 + 2 + 2
    assert count == images.shape[0] == 29
    assert torch.equal(images, video.decode_frames(loaded[2], joined["samples"]))
    assert torch.allclose(images, loaded[2].decode(joined["samples"])[0], rtol=0, atol=ROUNDING)


def test_six_clips_need_no_more_decode_memory_than_one(nodes_of, loaded, video):
    """Peak of live tensors beyond the video itself, which is the result and lies in RAM."""
    join, vae = nodes_of("nodes.clips").SpatiaJoinClips, loaded[2]
    peaks = []
    for count in (1, 6):
        clips = clips_of(count)
        gc.collect()
        with LiveBytes() as live:
            joined, _, images = join.execute(clips, 9, vae=vae).args
        peaks.append(live.peak - images.nbytes - joined["samples"].nbytes)
    assert peaks[1] == peaks[0]


def test_without_memory_for_whole_frames_it_decodes_tiles(loaded, video, monkeypatch):
    vae = loaded[2]
    samples = latents_of(2, 10, 12)  # 160 x 192 pixels
    whole = vae.decode(samples)[0]
    decoder = vae.first_stage_model.decoder
    forward = type(decoder).forward

    def small_only(self, x, *args, **kwargs):
        if x.shape[-1] * x.shape[-2] > 64:
            raise out_of_memory()
        return forward(self, x, *args, **kwargs)

    monkeypatch.setattr(type(decoder), "forward", small_only)
    tiled = video.decode_frames(vae, samples)
    assert tiled.shape == whole.shape and torch.isfinite(tiled).all()
    # Random weights are no autoencoder, so seams show; far from them a tile is the whole picture.
    assert (tiled - whole).abs().mean() < 0.1
    assert float(tiled.min()) >= 0.0 and float(tiled.max()) <= 1.0 + 1e-6
    monkeypatch.setattr(type(decoder), "forward", lambda *args, **kwargs: (_ for _ in ()).throw(out_of_memory()))
    with pytest.raises(ValueError, match="--cpu-vae.*clips that were finished are kept"):
        video.decode_frames(vae, samples)


def test_a_stream_without_memory_says_what_to_do(loaded, video, monkeypatch):
    real, calls = video._stream, []

    def stream(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise out_of_memory()
        yield from real(*args, **kwargs)

    monkeypatch.setattr(video, "_stream", stream)
    frames = video.decode_stream(loaded[2], [latents_of(2), latents_of(1)])
    with pytest.raises(ValueError, match="64x32.*stored frames"):
        list(frames)


@pytest.mark.parametrize(
    ("height", "width", "tile"), [(704, 1248, 512), (480, 832, 256), (128, 192, 128), (160, 192, 128)]
)
def test_tiles_cover_every_pixel_once(video, height, width, tile):
    total = torch.zeros(height, width)
    for rows, columns, weight in video._tiles(height, width, tile):
        part = total[16 * rows.start : 16 * rows.stop, 16 * columns.start : 16 * columns.stop]
        assert part.shape == weight.shape[:2] and max(part.shape) <= tile
        part += weight[..., 0]
    assert torch.allclose(total, torch.ones(()), atol=1e-5)


def test_encoding_falls_back_to_the_hosts_tiles(loaded, video, monkeypatch):
    vae = loaded[2]
    pixels = torch.rand(5, 288, 320, 3, generator=torch.Generator().manual_seed(1))
    whole = vae.encode(pixels)
    encode = vae.first_stage_model.encode

    def small_only(x):
        if x.shape[-1] > 256 or x.shape[-2] > 256:
            raise out_of_memory()
        return encode(x)

    monkeypatch.setattr(vae.first_stage_model, "encode", small_only)
    tiled = video.encode_video(vae, pixels)
    assert tiled.shape == whole.shape and (tiled - whole).norm() < 0.5 * whole.norm()


def test_interruption_ends_the_decode(loaded, video):
    import comfy.model_management

    comfy.model_management.interrupt_current_processing(True)
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        video.decode_frames(loaded[2], latents_of(3))
    assert video.decode_frames(loaded[2], latents_of(2)).shape[0] == 5


def test_pixels_are_encoded_once_whatever_the_seed(nodes_of, loaded, prompts, video, monkeypatch):
    from small_model import STRENGTHS

    vae = loaded[2]
    encoded = []
    encode = vae.first_stage_model.encode
    monkeypatch.setattr(vae.first_stage_model, "encode", lambda x: encoded.append(tuple(x.shape)) or encode(x))
    video._encoded.pop(vae, None)
    inputs = clip_inputs(13, 2)

    def run(seed, **change):
        encoded.clear()
        out = nodes_of("nodes.sampler").SpatiaSampler.execute(
            loaded[0], *prompts, vae, seed=seed, steps=1, cfg=1.0, **{**inputs, **change}, **STRENGTHS
        )
        return len(encoded), out.args[1]["samples"]

    first, base = run(1)
    assert first == 5  # history, two references, projection, holes
    again, other = run(2)
    assert again == 0 and not torch.equal(base, other)
    assert torch.equal(run(1)[1], base)
    assert run(1, projection=1.0 - inputs["projection"])[0] == 1
    assert run(1, references=inputs["references"].flip(0))[0] == 0


def test_the_kept_latents_are_bounded_and_private(loaded, video, monkeypatch):
    vae = loaded[2]
    video._encoded.pop(vae, None)
    pixels = [torch.full((1, HEIGHT, WIDTH, 3), value) for value in (0.1, 0.2, 0.3)]
    one = video.encode_video(vae, pixels[0]).nbytes
    monkeypatch.setattr(video, "ENCODED_BYTES", 2 * one)
    for image in pixels:
        video.encode_video(vae, image).zero_()
    assert video._encoded[vae].bytes == 2 * one
    assert video.encode_video(vae, pixels[2]).abs().sum() > 0, "a caller's change reached the kept latents"


def test_the_kept_latents_go_with_the_vae(nodes_of, video):
    bundle = nodes_of("nodes.host.bundle")
    vae = bundle.load_sized_vae(bundle.bundle_path(bundle.VAE))
    video.encode_video(vae, torch.rand(1, HEIGHT, WIDTH, 3))
    before = len(video._encoded)
    del vae
    gc.collect()
    assert len(video._encoded) == before - 1


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_clips_latents_leave_the_gpu_with_the_run(nodes_of, loaded, prompts, interrupted, monkeypatch):
    """The host asks the condition to the load device before and to the offload device after, interrupted or not."""
    import comfy.model_management
    from small_model import STRENGTHS

    patching = nodes_of("nodes.host.patching")
    asked = []
    moved = patching.ClipCondition.to

    def to(self, target):
        if isinstance(target, torch.device):
            asked.append(target)
            if interrupted and len(asked) == 1:
                comfy.model_management.interrupt_current_processing(True)
        return moved(self, target)

    monkeypatch.setattr(patching.ClipCondition, "to", to)
    arguments = {"seed": 1, "steps": 1, "cfg": 1.0, **clip_inputs(13, 1), **STRENGTHS}
    sampler = nodes_of("nodes.sampler").SpatiaSampler
    if interrupted:
        with pytest.raises(comfy.model_management.InterruptProcessingException):
            sampler.execute(loaded[0], *prompts, loaded[2], **arguments)
    else:
        sampler.execute(loaded[0], *prompts, loaded[2], **arguments)
    assert asked == [loaded[0].load_device, loaded[0].offload_device]
