"""What the released weights need of a machine, by counting, and what to set for it."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..backbone import WAN22_TI2V_5B
from ..memory.windows import FIRST_FRAMES, LATER_FRAMES, latent_count
from ..model.sizes import OFFICIAL
from ..profile import RELEASE
from ..weights.layouts import BackboneLayout, ControlLayout, backbone_shapes, control_shapes

RELEASED_BACKBONE = BackboneLayout(
    RELEASE.dim, 14336, 30, WAN22_TI2V_5B.input_channels, WAN22_TI2V_5B.latent_channels, 4096, 256, (1, 2, 2)
)
RELEASED_CONTROL = ControlLayout(RELEASE.dim, 14336, 8, 2 * WAN22_TI2V_5B.latent_channels, (1, 2, 2))
_GIB = 2**30
_RESERVE = 1.5 * _GIB  # what the driver and a desktop take of a card
# The host's estimate for this network, bytes per latent pixel and byte of a number: 0.01 MiB * width / 2222.
_PER_LATENT_PIXEL = 0.01 * 2**20 * RELEASE.dim / 2222


class Room(NamedTuple):
    """Bytes that a machine has. card: None where networks run on the processor."""

    card: int | None
    ram: int
    bfloat16: bool  # whether the card computes in it
    float8: bool  # whether it computes in 8 bits


def released_numbers() -> int:
    """Numbers in the released backbone and control together."""
    shapes = [*backbone_shapes(RELEASED_BACKBONE).values(), *control_shapes(RELEASED_CONTROL).values()]
    return sum(math.prod(shape) for shape in shapes)


def sampling_bytes(width: int, height: int, frames: int, references: int = 0, number: int = 2) -> int:
    """The working set of one pass by the host's estimate, references and control counted as more frames."""
    latents = latent_count(frames)
    counted = latents + references + math.ceil(latents / 8)
    return round(
        counted * (width // WAN22_TI2V_5B.pixels) * (height // WAN22_TI2V_5B.pixels) * number * _PER_LATENT_PIXEL
    )


def advice(room: Room) -> list[str]:
    """Plain sentences; all of them are arithmetic."""
    numbers = released_numbers()
    lines = [
        f"The released backbone and control are {numbers / 1e9:.1f} billion numbers: {numbers * 2 / _GIB:.1f} GiB in 16 bits, "
        f"{numbers / _GIB:.1f} GiB in fp8, {numbers * 4 / _GIB:.1f} GiB in float32."
    ]
    if room.card is None:
        lines += [
            "On the processor (--cpu) a 16-bit file becomes float32 in memory: with the text encoder count on "
            f"{(numbers * 4 + 6e9 * 2) / _GIB:.0f} GiB of RAM; this machine has {room.ram / _GIB:.0f} GiB.",
            "Use the bundled small model here (192x128, 25 frames, 2 steps); a clip of the released weights takes a "
            "processor many hours.",
        ]
    else:
        lines += _for_card(room, numbers)
    lines.append(
        "A LoRA keeps a second copy of each weight that it patches in RAM while it is on: up to "
        f"{numbers * 2 / _GIB:.1f} GiB more for one that patches all, in 16 bits."
    )
    lines.append(
        f"steps {RELEASE.steps} and cfg {RELEASE.cfg:g} are what the release was made with; half the steps take half the time."
    )
    return lines


def _for_card(room: Room, numbers: int) -> list[str]:
    assert room.card is not None
    usable = room.card - _RESERVE
    (width, height), small = OFFICIAL
    needed = {
        size: max(sampling_bytes(*size, FIRST_FRAMES), sampling_bytes(*size, LATER_FRAMES, RELEASE.max_references))
        for size in OFFICIAL
    }
    lines = [
        f"One pass of a clip works in {needed[width, height] / _GIB:.1f} GiB at {width}x{height} and "
        f"{needed[small] / _GIB:.1f} GiB at {small[0]}x{small[1]}, besides the weights."
    ]
    fits = next((size for size in OFFICIAL if needed[size] <= usable), None)
    if fits is None:
        lines.append(
            f"This card is too small even for {small[0]}x{small[1]} with all weights in RAM: make shorter clips (first_frames and "
            "later_frames 49), or smaller ones (Fit Image)."
        )
        return lines
    lines.append(f"Size: {fits[0]}x{fits[1]}.")
    for bits, share in (("default", 2), ("fp8_e4m3fn", 1)):
        if numbers * share + needed[fits] <= usable:
            lines.append(f"dtype {bits}: weights and one pass fit on the card together; nothing is offloaded.")
            break
    else:
        part = max(0, numbers + needed[fits] - usable)
        lines.append(
            f"dtype fp8_e4m3fn: {part / _GIB:.1f} GiB of the weights stay in RAM and cross the bus at every step, which the host "
            "does by itself; start it without --lowvram."
        )
    if not room.bfloat16:
        lines.append("The card has no bfloat16: the networks run in float16 and the bundled VAE in float32.")
    if not room.float8:
        lines.append("The card does not compute in fp8: fp8 weights save memory here, not time.")
    whole = 8000 * width * height * 2  # the host's figure for one latent frame of the published VAE
    if whole > usable:
        lines.append(
            f"Decoding {width}x{height} whole takes about {whole / _GIB:.1f} GiB by the host's figure: the VAE falls back to tiles by "
            "itself (512, 256, 128 pixels)."
        )
    if room.ram < numbers * 2 + 12 * _GIB:
        lines.append(
            f"{room.ram / _GIB:.0f} GiB of RAM are tight for weights of {numbers * 2 / _GIB:.0f} GiB and the text encoder: use fp8 files "
            "of both."
        )
    return lines
