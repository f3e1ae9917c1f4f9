"""The bundled VAE on this machine: against what was recorded, and whole against streamed against tiled."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from comfy.sd import VAE

from ...spatia_core.selfcheck import NOTE, Check, Finding, dtype_name, held, relative_error
from . import bundle
from .check_network import exact_float32, vectors
from .video import decode_frames, decode_once, decode_stream

FRAMES, HEIGHT, WIDTH = 9, 64, 96
_LARGE = (5, 128, 160)  # frames, height and width of the clip that is cut into tiles
_SPARSE = 4  # every so many pixels and frames are recorded
# Measured: 6e-3 in bfloat16.
_TOLERANCES = {torch.float32: 1e-4, torch.bfloat16: 2e-2}
_TILED_ERROR = 10 ** (-30 / 20)  # 30 dB: a tile does not see beyond its edge


def video_check() -> Check:
    """Encoding and decoding of a clip."""
    return Check("Encoding and decoding", _video)


def small_vae(dtype: torch.dtype | None = None) -> bundle.SizedVAE:
    """The bundled VAE; dtype None: as the host chooses."""
    from ...spatia_core.weights.scaled import load_quantised

    state_dict, _ = load_quantised(bundle.bundle_path(bundle.VAE))
    return bundle.SizedVAE(state_dict, bundle.VAE, dtype)


def clip_pixels(frames: int = FRAMES, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    """Frames (N, H, W, 3) in 0..1 of waves that move on."""
    t, y, x = torch.meshgrid(*(torch.arange(side) for side in (frames, height, width)), indexing="ij")
    waves = [torch.sin(0.11 * x + 0.3 * t), torch.sin(0.17 * y - 0.2 * t), torch.sin(0.07 * (x + y) + 0.25 * t)]
    return 0.5 + 0.4 * torch.stack(waves, dim=-1)


def encoded(vae: VAE) -> torch.Tensor:
    """Latents of the small clip; not through `encode_video`, which would keep them."""
    return vae.encode(clip_pixels()).cpu().float()


def decoded(vae: VAE, latents: torch.Tensor) -> torch.Tensor:
    return decode_frames(vae, latents).cpu().float()


def sparse(frames: torch.Tensor) -> torch.Tensor:
    """The part of a video that is recorded."""
    return frames[::_SPARSE, ::_SPARSE, ::_SPARSE].contiguous()


def _video() -> Iterator[Finding]:
    given = vectors()
    for dtype in (torch.float32, None):
        with exact_float32():
            vae = small_vae(dtype)
            if dtype is None and vae.vae_dtype == torch.float32:
                yield Finding(NOTE, "float32 is also what the host chooses here")
                break
            name = dtype_name(vae.vae_dtype)
            tolerance = _TOLERANCES.get(vae.vae_dtype, _TOLERANCES[torch.bfloat16])
            yield held(f"{name}, encoded", relative_error(encoded(vae), given["vae.latents"]), tolerance)
            frames = sparse(decoded(vae, given["vae.latents"]))
            yield held(f"{name}, decoded", relative_error(frames, given["vae.frames"]), tolerance)
    yield from _ways(vae)


def _ways(vae: VAE) -> Iterator[Finding]:
    """Whole, streamed, clip by clip, and tiled, in the type that the host chooses."""
    pixels = clip_pixels(*_LARGE)
    begin = time.perf_counter()
    latents = vae.encode(pixels).cpu()
    encoding = time.perf_counter() - begin
    begin = time.perf_counter()
    whole = vae.decode(latents).reshape(pixels.shape).cpu().float()
    decoding = time.perf_counter() - begin
    streamed = decode_frames(vae, latents).cpu().float()
    pieces = torch.stack([frame.cpu().float() for frame in decode_stream(vae, latents.split(1, dim=2))])
    # The host decodes in one piece with the same kernels: only the order of its sums may differ.
    tolerance = 1e-4 if vae.vae_dtype == torch.float32 else 1e-2
    yield held("streamed against whole", relative_error(streamed, whole), tolerance)
    yield held("clip by clip against whole", relative_error(pieces, whole), tolerance)
    tiles = decode_once(vae, latents, pixels.shape[0], 128)
    assert tiles is not None  # None where the memory is full, and it held the whole
    tiled = tiles.cpu().float()
    error = float(((tiled - whole) ** 2).mean().sqrt())
    yield held(
        "tiles of 128 against whole",
        error,
        _TILED_ERROR,
        "of full scale, root mean square",
    )
    frames, height, width = _LARGE
    yield Finding(
        NOTE,
        f"{frames} frames of {width}x{height}: encoded in {encoding:.2f} s, decoded in {decoding:.2f} s (measured)",
    )
