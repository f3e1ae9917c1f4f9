"""Sizes of videos and clips: what the network takes, what is nearest, and what is cheaper."""

from __future__ import annotations

from typing import NamedTuple

import torch

from ..backbone import WAN21_I2V_14B, WAN22_TI2V_5B
from ..cameras.camera import Cameras, derived_cameras
from ..errors import SpatiaError

# Of pictures that all of the networks take.
SIZE_STEP = max(backbone.size_step for backbone in (WAN22_TI2V_5B, WAN21_I2V_14B))
OFFICIAL = ((1248, 704), (832, 480))  # width, height; the release's size, and Wan's at 480p


class Fit(NamedTuple):
    """How a picture becomes one of another size: scaled to cover it, then cropped in the middle; or stretched to it."""

    width: int
    height: int
    scaled_width: int
    scaled_height: int
    stretched: bool = False

    @property
    def corner(self) -> tuple[int, int]:
        """Columns and rows of the scaled picture that are cropped to the left and above."""
        return (self.scaled_width - self.width) // 2, (self.scaled_height - self.height) // 2

    def report(self, width: int, height: int) -> str:
        """What happened to a picture of this size, in a sentence."""
        if (width, height) == (self.width, self.height):
            return f"{width}x{height} as it is"
        if self.stretched:
            wider = self.width * height / (self.height * width)
            return f"{width}x{height} stretched to {self.width}x{self.height}, {wider:.3f} times as wide for its height"
        left, top = self.scaled_width - self.width, self.scaled_height - self.height
        cut = ", nothing cropped"
        if left or top:
            share = 1 - self.width * self.height / (self.scaled_width * self.scaled_height)
            cut = f", {left} columns and {top} rows cropped ({share:.1%} of the picture)"
        return f"{width}x{height} scaled by {self.scaled_width / width:.3f} to {self.scaled_width}x{self.scaled_height}{cut}: {self.width}x{self.height}"


def nearest_size(width: int, height: int, step: int = SIZE_STEP) -> tuple[int, int]:
    """The nearest width and height that are multiples of `step`."""

    def nearest(side: int) -> int:
        return max(step, round(side / step) * step)

    return nearest(width), nearest(height)


def fit(width: int, height: int, target_width: int, target_height: int) -> Fit:
    """Scale a picture until it covers the target, which must be multiples of 32. Raises SpatiaError otherwise."""
    if min(width, height) < 1:
        raise SpatiaError(f"A picture of {width}x{height} was given, expected at least one pixel; check `image`.")
    if target_width % SIZE_STEP or target_height % SIZE_STEP or min(target_width, target_height) < SIZE_STEP:
        near = "x".join(map(str, nearest_size(target_width, target_height)))
        raise SpatiaError(
            f"{target_width}x{target_height} was asked for, but width and height must be multiples of {SIZE_STEP}; change them to {near}."
        )
    scale = max(target_width / width, target_height / height)
    return Fit(
        target_width, target_height, max(target_width, round(width * scale)), max(target_height, round(height * scale))
    )


def stretch(width: int, height: int, target_width: int, target_height: int) -> Fit:
    """Stretch a picture to the target, of which `fit` asks the same."""
    plan = fit(width, height, target_width, target_height)
    return plan._replace(scaled_width=plan.width, scaled_height=plan.height, stretched=True)


def fitted_cameras(cameras: Cameras, width: int, height: int, plan: Fit) -> Cameras:
    """Cameras, whose intrinsics are of a picture of width x height, for what the plan makes of it.

    A stretched picture gets the focal lengths it would have if it had been cropped, as the release of "Memorize When
    Needed" has it: its networks were made with those, though they are not the lens that took the picture.
    """
    fx, fy, cx, cy = cameras.intrinsics.unbind(-1)
    if plan.stretched:
        scale = max(plan.width / width, plan.height / height)
        scaled_width, scaled_height = width * scale, height * scale
    else:
        scaled_width, scaled_height = plan.scaled_width, plan.scaled_height
        left, top = plan.corner
        cx, cy = (cx * scaled_width - left) / plan.width, (cy * scaled_height - top) / plan.height
    intrinsics = torch.stack([fx * scaled_width / plan.width, fy * scaled_height / plan.height, cx, cy], -1)
    return derived_cameras(cameras.w2c, intrinsics, "`cameras`, or the size of the picture")


def tokens(width: int, height: int, frames: int, references: int = 0) -> int:
    """Tokens of a clip and its references: one per 32x32 pixels and latent frame."""
    return WAN22_TI2V_5B.tokens(width, height, frames + references * WAN22_TI2V_5B.frames)


def cheaper_setting(width: int, height: int, frames: int, references: int, first: bool) -> str:
    """The next cheaper setting of a clip that did not fit, with the share of tokens that is left."""
    now = tokens(width, height, frames, references)

    def left(*sizes: int) -> str:
        return f"{tokens(*sizes) / now:.0%} of the tokens"

    if references > 3:
        return f"`max_references` {references // 2} in Retrieve References ({left(width, height, frames, references // 2)})"
    shorter = next((count for count in (81, 61, 49, 33, 25, 17) if count < frames), None)
    widget = "first_frames" if first else "later_frames"
    if shorter is not None and frames > 49:
        return f"`{widget}` {shorter} in Clip Window ({left(width, height, shorter, references)})"
    smaller = next(((w, h) for w, h in OFFICIAL if w * h < width * height), None)
    if smaller is not None:
        smaller = smaller if width >= height else smaller[::-1]
        return f"{smaller[0]}x{smaller[1]} in Fit Image ({left(*smaller, frames, references)})"
    if references:
        return (
            f"`max_references` {references - 1} in Retrieve References ({left(width, height, frames, references - 1)})"
        )
    if shorter is not None:
        return f"`{widget}` {shorter} in Clip Window ({left(width, height, shorter, references)})"
    half = nearest_size(width * 3 // 4, height * 3 // 4)
    return f"{half[0]}x{half[1]} in Fit Image ({left(*half, frames, references)})"
