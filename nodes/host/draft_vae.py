"""A VAE in two halves: the model's own encodes, a tiny one decodes."""

from __future__ import annotations

from typing import Any

import comfy.latent_formats
import comfy.sd
import torch

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError

# What the tiny decoders take: latents as the network has them, or as the host hands them to a VAE.
NORMALISED, RAW = "normalised latents (taew2_2)", "raw latents (lighttaew2_2)"
_TINY = "TAEHV"  # the host's class of them, by name: older hosts have none


class DraftVAE(comfy.sd.VAE):
    """The host's VAE with another's encoder. Frames come out of the tiny decoder, clamped to 0..1."""

    def __init__(self, vae: comfy.sd.VAE, decoder: comfy.sd.VAE, reads: str):
        # Sizes, memory and the model that is loaded are the decoder's.
        self.__dict__.update(decoder.__dict__)
        self._encoder, self._normalised = vae, reads == NORMALISED
        self._format = comfy.latent_formats.Wan22()

    def encode(self, pixel_samples: torch.Tensor) -> torch.Tensor:
        """As the model's own VAE."""
        return self._encoder.encode(pixel_samples)

    def encode_tiled(self, pixel_samples: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """As the model's own VAE."""
        return self._encoder.encode_tiled(pixel_samples, **kwargs)

    def decode(self, samples_in: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """(B, 48, T, h, w) as samplers give them to (B, 4T - 3, 16h, 16w, 3) in 0..1."""
        return super().decode(self._read(samples_in), **kwargs).clamp(0, 1)

    def decode_tiled(self, samples: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """The same in tiles."""
        return super().decode_tiled(self._read(samples), **kwargs).clamp(0, 1)

    def _read(self, samples: torch.Tensor) -> torch.Tensor:
        return self._format.process_in(samples) if self._normalised else samples


def draft_vae(vae: comfy.sd.VAE, decoder: comfy.sd.VAE, reads: str) -> DraftVAE:
    """Both halves as one VAE. Raises SpatiaError where a half is not of Wan 2.2's kind."""
    for name, half, tiny, wanted in (
        ("vae", vae, False, WAN22_TI2V_5B.vae),
        ("decoder", decoder, True, "a tiny decoder of Wan 2.2, taew2_2 or lighttaew2_2"),
    ):
        half.throw_exception_if_invalid()
        kind = type(half.first_stage_model).__name__
        if half.latent_channels != WAN22_TI2V_5B.latent_channels or (kind == _TINY) != tiny:
            raise SpatiaError(
                f"`{name}` is a {kind} of {half.latent_channels} channels, expected {wanted}; connect that with the host's VAE Loader."
            )
    return DraftVAE(vae, decoder, reads)
