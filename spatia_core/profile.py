"""What a video network was made for: the numbers that a graph's widgets follow where they say auto."""

from __future__ import annotations

from typing import NamedTuple

from .memory.retrieval import CANDIDATE_EVERY, MAX_REFERENCES, TARGET_EVERY
from .memory.windows import FIRST_FRAMES, HISTORY_FRAMES, LATER_FRAMES
from .model.sizes import OFFICIAL

_LARGER, _SMALLER = 1.5, 0.4  # of the pixels that a network was made for, beyond which it is told
_ALIKE = 1.25  # two radii or voxels within this factor draw about the same cloud


class Profile(NamedTuple):
    """The settings that one network was trained and released with."""

    name: str
    dim: int  # channels of the backbone's tokens, by which a model is recognised
    sizes: tuple[tuple[int, int], ...]  # width, height
    first_frames: int  # of a first clip
    later_frames: int  # of a later clip, its history included
    history_frames: int  # of a later clip that repeat the end of the one before
    radius: float  # of a point's disc, as a fraction of half the shorter side
    voxel_size: float  # scene units
    max_references: int
    every: int  # every n-th frame of a clip asks for a reference
    candidate_every: int  # every n-th earlier frame may become one
    steps: int
    cfg: float
    release_geometry: bool  # whether its projections placed points as the release does, instead of exactly
    voxel_growth: float  # by which the drawn cloud's voxels grew with each clip, scene units
    text_tokens: int  # of every prompt, shorter ones filled up with zeros

    def misfits(self, frames: int, history: int, width: int, height: int, voxel_size: float | None) -> list[str]:
        """What of a clip is not as this network was made for, a sentence each.

        frames: of the clip, its `history` frames included; 1 for a first clip's image. voxel_size: None for no cloud.
        """
        found = []
        most = self.first_frames if history == 1 else self.later_frames
        if frames > most:
            widget = "first_frames" if history == 1 else "later_frames"
            found.append(f"The clip has {frames} frames, and {self.name} was made for {most}; set {widget} to {most}.")
        if history not in (1, self.history_frames):
            found.append(
                f"The clip repeats {history} frames, and {self.name} was made for {self.history_frames}; set "
                f"history_frames to {self.history_frames}."
            )
        areas = [w * h for w, h in self.sizes]
        if not _SMALLER * min(areas) <= width * height <= _LARGER * max(areas):
            sizes = " or ".join(f"{w}x{h}" for w, h in self.sizes)
            found.append(f"The video is {width}x{height}, and {self.name} was made for {sizes}; use Fit Image.")
        if voxel_size is not None and not _alike(voxel_size, self.voxel_size):
            found.append(
                f"The cloud has a point per {voxel_size:g}, and {self.name} was made with {self.voxel_size:g}; connect "
                "model to Estimate Scene, or set voxel_size."
            )
        return found

    def radius_misfit(self, radius: float) -> list[str]:
        """A sentence where points are drawn at another radius than this network was made for."""
        if _alike(radius, self.radius):
            return []
        return [f"Points are drawn with radius {radius:g}, and {self.name} was made with {self.radius:g}; set radius."]


RELEASE = Profile(
    "the released Spatia", 3072, OFFICIAL, FIRST_FRAMES, LATER_FRAMES, HISTORY_FRAMES, 0.01, 0.01, MAX_REFERENCES,
    TARGET_EVERY, CANDIDATE_EVERY, 40, 3.5, True, 0.005, 512,
)  # fmt: skip
SMALL = Profile(
    "the bundled small model", 384, ((192, 128),), 25, 25, HISTORY_FRAMES, 0.03, 0.02, 4, 4, 2, 2, 1.0, False, 0.0, 1
)  # fmt: skip
# Continues from one image; steered by branches of others: Uni3C (whose renders set the radius), "Memorize When Needed".
WAN_14B = Profile(
    "Wan I2V of 14B", 5120, ((832, 480), (1280, 720)), 81, 81, 1, 0.008, 0.01, MAX_REFERENCES, TARGET_EVERY,
    CANDIDATE_EVERY, 40, 5.0, False, 0.0, 512,
)  # fmt: skip
PROFILES = {profile.name: profile for profile in (RELEASE, SMALL, WAN_14B)}


def profile_of(dim: int) -> Profile | None:
    """The profile of the network whose tokens have `dim` channels; None of one that nobody knows."""
    return next((profile for profile in PROFILES.values() if profile.dim == dim), None)


def profile_named(name: str) -> Profile:
    """The profile of this name; the release's where a memory does not say what it was made for."""
    return PROFILES.get(name, RELEASE)


def _alike(a: float, b: float) -> bool:
    return a <= _ALIKE * b and b <= _ALIKE * a
