"""Pixels to latents and back, through the host's video VAE: encoded once per content, decoded in a stream of bounded memory."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import comfy.model_management
import comfy.utils
import torch
from comfy.ldm.wan.vae2_2 import WanVAE, count_conv3d, unpatchify
from comfy.sd import VAE

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from .free_memory import require_memory

ENCODED_BYTES = 256 << 20  # latents kept per VAE; both videos of a clip of 121 frames at 1248x704 take 41 MB
TILES = (512, 256, 128)  # pixels, tried in turn when a whole frame does not fit
_OVERLAP = 4  # tiles overlap by a quarter


def _on(device: torch.device) -> contextlib.AbstractContextManager:
    """Kernels of CUDA run on this card where there are several, as the host's own context has it since 0.24."""
    return torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext()


class _Encoded:
    """Latents by the content of their pixels, on the CPU, the oldest dropped beyond `ENCODED_BYTES`."""

    def __init__(self) -> None:
        self._latents: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def get(self, key: bytes) -> torch.Tensor | None:
        if key in self._latents:
            self._latents.move_to_end(key)
        return self._latents.get(key)

    def put(self, key: bytes, latents: torch.Tensor) -> None:
        self._latents[key] = latents
        while len(self._latents) > 1 and self.bytes > ENCODED_BYTES:
            self._latents.popitem(last=False)

    @property
    def bytes(self) -> int:
        return sum(latents.nbytes for latents in self._latents.values())


# By VAE: when the host lets go of it (another file, Free model and node cache), its latents go too.
_encoded: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def encode_video(vae: VAE, pixels: torch.Tensor) -> torch.Tensor:
    """Pixels (N, H, W, 3) in 0..1 to raw latents (1, 48, (N + 3) // 4, H/16, W/16); the same pixels are encoded once per VAE.

    Another seed or prompt then reruns the sampling only, although one node encodes and samples.
    """
    comfy.model_management.throw_exception_if_processing_interrupted()
    pixels = pixels[..., :3]
    kept = _encoded.setdefault(vae, _Encoded())
    key = _content(pixels)
    latents = kept.get(key)
    if latents is None:
        latents = vae.encode(pixels)
        # A copy on the CPU: nothing stays on the GPU between runs, and nobody else holds the tensor.
        kept.put(key, latents.to("cpu", copy=True))
        return latents
    return latents.to(comfy.model_management.intermediate_device(), copy=True)


def _content(pixels: torch.Tensor) -> bytes:
    if pixels.stride(-1) == 0:
        pixels = pixels[..., :1]  # one value for all channels
    digest = hashlib.blake2b(f"{tuple(pixels.shape)} {pixels.dtype}".encode(), digest_size=16)
    for frame in pixels:
        digest.update(frame.reshape(-1).contiguous().cpu().view(torch.uint8).numpy())
    return digest.digest()


def decode_frames(vae: VAE, samples: torch.Tensor, frames: int | None = None, progress: bool = False) -> torch.Tensor:
    """Latents (1, 48, T, H, W) to the first `frames` of 4T - 3 frames (N, 16H, 16W, 3) in 0..1.

    One latent frame is decoded at a time and the decoder's causal cache carried on, so the GPU holds as much for six
    clips as for one, and the result is the whole decode's up to rounding. When even that does not fit, frames are decoded in tiles.
    """
    if samples.ndim != 5 or samples.shape[0] != 1:
        raise SpatiaError(
            f"Latents of shape {tuple(samples.shape)} were given, expected one clip (1, 48, T, H, W); sample one seed at a time."
        )
    vae.throw_exception_if_invalid()
    if samples.shape[1] != vae.latent_channels:
        raise SpatiaError(
            f"Latents of {samples.shape[1]} channels were given for a VAE of {vae.latent_channels}; "
            "connect the latents and the `vae` of one model."
        )
    count = WAN22_TI2V_5B.pixel_frames(samples.shape[2])
    frames = count if frames is None else min(frames, count)
    if not isinstance(vae.first_stage_model, WanVAE):
        logging.info(
            "Spatia: %s is not the Wan 2.2 VAE; its video is decoded in one piece.",
            type(vae.first_stage_model).__name__,
        )
        return vae.decode(samples)[0, :frames]
    for tile in (None, *TILES):
        video = decode_once(vae, samples, frames, tile, progress)
        if video is not None:
            return video
        if tile == TILES[-2]:
            comfy.model_management.unload_all_models()  # the last attempt has the GPU to itself
        comfy.model_management.soft_empty_cache()
    height, width = (side * WAN22_TI2V_5B.pixels for side in samples.shape[3:])
    raise SpatiaError(
        f"Out of memory while decoding {width}x{height}, even in tiles of {TILES[-1]} pixels with all models unloaded. Close other programs "
        "on the GPU, or start ComfyUI with --cpu-vae, and queue again; clips that were finished are kept."
    )


def decode_stream(vae: VAE, latents: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Frames (H, W, 3) in 0..1 of one video, one at a time, from its latents (1, 48, T, H/16, W/16) clip by clip.

    Holds one clip's latents and the decoder's causal cache, however long the video is; the frames are those of
    `decode_frames` on all latents joined. Raises SpatiaError on a VAE of another kind.
    """
    vae.throw_exception_if_invalid()
    if not isinstance(vae.first_stage_model, WanVAE):
        raise SpatiaError(
            f"{type(vae.first_stage_model).__name__} is not the Wan 2.2 VAE, and cannot decode a video piece by piece; "
            "set source to stored frames."
        )
    cache: list = [None] * count_conv3d(vae.first_stage_model.decoder)
    loaded = False
    for samples in latents:
        if samples.shape[1] != vae.latent_channels:
            raise SpatiaError(
                f"Latents of {samples.shape[1]} channels were given for a VAE of {vae.latent_channels}; connect the "
                "`vae` of the model that made the world."
            )
        if not loaded:
            needed = vae.memory_used_decode(samples[:, :, :1].shape, vae.vae_dtype)
            comfy.model_management.load_models_gpu(
                [vae.patcher], memory_required=needed, force_full_load=vae.disable_offload
            )
        full = False
        try:
            with _on(vae.device):
                for pixels in _stream(vae, samples, cache, first=not loaded):
                    yield from pixels
        except Exception as error:
            comfy.model_management.raise_non_oom(error)
            full = True
        if full:  # past the exception, which holds on to the tensors that filled the memory
            height, width = (side * WAN22_TI2V_5B.pixels for side in samples.shape[3:])
            raise SpatiaError(
                f"Out of memory while decoding {width}x{height}. Close other programs on the GPU, or start ComfyUI with "
                "--cpu-vae; or set source to stored frames, which needs no VAE. All clips are kept."
            )
        loaded = True


def require_memory_for_frames(frames: int, height: int, width: int, change: str) -> None:
    """Raises SpatiaError when a decoded video of that size has no room in main memory. change: what to change."""
    require_memory(frames * height * width * 3 * 4, f"A video of {frames} frames of {width}x{height}", change)


def decode_once(
    vae: VAE, samples: torch.Tensor, frames: int, tile: int | None = None, progress: bool = False
) -> torch.Tensor | None:
    """The video, whole frames or in tiles of so many pixels; None when memory ran out."""
    height, width = (side * WAN22_TI2V_5B.pixels for side in samples.shape[3:])
    tiles = [(slice(None), slice(None), None)] if tile is None else _tiles(height, width, tile)
    latent_frames = WAN22_TI2V_5B.covering_latents(frames)
    bar = comfy.utils.ProgressBar(latent_frames * len(tiles)) if progress else None
    make = torch.empty if tile is None else torch.zeros
    video = make(frames, height, width, 3, dtype=vae.vae_output_dtype(), device=vae.output_device)
    try:
        largest = samples[:, :, :1, tiles[0][0], tiles[0][1]].shape
        comfy.model_management.load_models_gpu(
            [vae.patcher],
            memory_required=vae.memory_used_decode(largest, vae.vae_dtype),
            force_full_load=vae.disable_offload,
        )
        with _on(vae.device):
            for rows, columns, weight in tiles:
                latents = samples[:, :, :latent_frames, rows, columns]
                start = 0
                for pixels in _stream(vae, latents):
                    end = min(start + pixels.shape[0], frames)
                    if weight is None:
                        video[start:end] = pixels[: end - start]
                    else:
                        video[start:end, _pixels(rows), _pixels(columns)] += pixels[: end - start] * weight
                    start = end
                    if bar is not None:
                        bar.update(1)
    except Exception as error:
        comfy.model_management.raise_non_oom(error)
        logging.warning(
            "Spatia: out of memory while decoding %s.", "whole frames" if tile is None else f"tiles of {tile} pixels"
        )
        # Not retried here: the exception holds on to the tensors that filled the memory.
        return None
    return video


def _stream(vae: VAE, latents: torch.Tensor, cache: list | None = None, first: bool = True) -> Iterator[torch.Tensor]:
    """Frames (1 or 4, h, w, 3) in 0..1 of each latent frame in turn; the decoder's cache is all that is kept between them.

    cache, first: to go on with a video, the cache that its beginning left behind.
    """
    network = vae.first_stage_model
    cache = [None] * count_conv3d(network.decoder) if cache is None else cache
    for index in range(latents.shape[2]):
        comfy.model_management.throw_exception_if_processing_interrupted()
        latent = latents[:, :, index : index + 1].to(device=vae.device, dtype=vae.vae_dtype)
        out = network.decoder(network.conv2(latent), feat_cache=cache, feat_idx=[0], first_chunk=first and index == 0)
        pixels = unpatchify(out, patch_size=2)
        # BCTHW to THWC, at the host's edge.
        yield vae.process_output(pixels.to(device=vae.output_device, dtype=vae.vae_output_dtype(), copy=True))[
            0
        ].movedim(0, -1)


def _tiles(height: int, width: int, tile: int) -> list[tuple[slice, slice, torch.Tensor]]:
    """Latent rows and columns of overlapping tiles, and each pixel's weight (h, w, 1): ramps that sum to 1 over the tiles."""
    rows, columns = _spans(height, tile), _spans(width, tile)
    ramps = [(_ramp(r, height)[:, None] * _ramp(c, width)[None, :], r, c) for r in rows for c in columns]
    total = torch.zeros(height, width)
    for ramp, r, c in ramps:
        total[_pixels(r), _pixels(c)] += ramp
    return [(r, c, (ramp / total[_pixels(r), _pixels(c)])[..., None]) for ramp, r, c in ramps]


def _spans(length: int, tile: int) -> list[slice]:
    """Tiles along one side, in latents."""
    size, tile = length // WAN22_TI2V_5B.pixels, tile // WAN22_TI2V_5B.pixels
    if size <= tile:
        return [slice(0, size)]
    starts = range(0, size - tile // _OVERLAP, tile - tile // _OVERLAP)
    return [slice(start, start + tile) for start in sorted({min(start, size - tile) for start in starts})]


def _ramp(span: slice, length: int) -> torch.Tensor:
    pixels = _pixels(span)
    size = pixels.stop - pixels.start
    ramp = torch.ones(size)
    overlap = size // _OVERLAP
    slope = (torch.arange(overlap) + 1.0) / (overlap + 1.0)
    if pixels.start > 0:
        ramp[:overlap] = slope
    if pixels.stop < length:
        ramp[size - overlap :] = torch.minimum(ramp[size - overlap :], slope.flip(0))
    return ramp


def _pixels(span: slice) -> slice:
    return slice(span.start * WAN22_TI2V_5B.pixels, span.stop * WAN22_TI2V_5B.pixels)
