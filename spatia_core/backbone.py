"""The video networks that clips are made with: what of each, and of the autoencoder it works on, a graph must know."""

from __future__ import annotations

from typing import NamedTuple

FRAMES_PER_LATENT = 4  # of Wan's autoencoders, both: a latent frame after the first is so many frames

# How a clip is given its start.
KEPT = "kept latents"  # the first latent frames are the start's, and stay as they are
BESIDE = "channels beside"  # a mask and the start's latents stand beside the noise


class Backbone(NamedTuple):
    """One network's sizes that its weights do not tell, or not alone."""

    name: str
    latent_channels: int
    pixels: int  # sides of the picture per side of a latent
    frames: int  # per latent frame, the first excepted
    patch: tuple[int, int, int]  # latents per token: time, rows, columns
    image: str  # KEPT or BESIDE
    experts: int  # networks that share a sampling, the noisy part first
    vae: str  # whose it is, and its file's name

    @property
    def input_channels(self) -> int:
        """Channels of the network's input: the noise, and beside it the start's latents and a mask of a frame's four."""
        return self.latent_channels if self.image == KEPT else 2 * self.latent_channels + self.frames

    @property
    def size_step(self) -> int:
        """Pixels that both sides of a picture must be a multiple of, to be whole tokens."""
        return self.pixels * self.patch[1]

    def latent_frames(self, frames: int) -> int:
        """Latent frames that so many frames are encoded to; what fills no whole group at their end is left out."""
        return (frames + self.frames - 1) // self.frames

    def covering_latents(self, frames: int) -> int:
        """Latent frames that hold so many frames; the last group may hold more."""
        return 1 + (frames + self.frames - 2) // self.frames

    def pixel_frames(self, latent_frames: int) -> int:
        """Frames of so many latent frames."""
        return self.frames * (latent_frames - 1) + 1

    def tokens(self, width: int, height: int, frames: int) -> int:
        """Tokens of a clip of so many frames."""
        return (width // self.size_step) * (height // self.size_step) * self.latent_frames(frames)


WAN22_TI2V_5B = Backbone(
    "Wan2.2-TI2V-5B", 48, 16, FRAMES_PER_LATENT, (1, 2, 2), KEPT, 1, "Wan 2.2 (wan2.2_vae.safetensors)"
)
WAN21_I2V_14B = Backbone(
    "Wan2.1-I2V-14B", 16, 8, FRAMES_PER_LATENT, (1, 2, 2), BESIDE, 1, "Wan 2.1 (wan_2.1_vae.safetensors)"
)
WAN22_I2V_A14B = WAN21_I2V_14B._replace(name="Wan2.2-I2V-A14B", experts=2)
