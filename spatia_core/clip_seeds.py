"""Seeds of single clips of a long video: lines "clip: seed", for clips that are made with another one than the rest."""

from __future__ import annotations

from .errors import SpatiaError
from .inputs import shown
from .prompts import LONGEST_PROMPTS, MOST_CLIPS

LARGEST_SEED = 0xFFFFFFFFFFFFFFFF


def parse_clip_seeds(text: str) -> dict[int, int]:
    """Seeds by clip, counted from 1 as the lines of prompts are. Raises SpatiaError on a line that says anything else."""
    if not isinstance(text, str) or len(text) > LONGEST_PROMPTS:
        raise SpatiaError(f"clip_seeds: {shown(text)} was given, expected lines of clip: seed; change clip_seeds.")
    seeds: dict[int, int] = {}
    for line in filter(str.strip, text.splitlines()):
        clip, colon, seed = (part.strip() for part in line.partition(":"))
        if not (colon and _whole(clip, 7) and _whole(seed, 20)):
            raise SpatiaError(
                f"clip_seeds has the line {shown(line.strip())}, expected clip: seed, such as 3: 17; change the line."
            )
        if not 1 <= int(clip) <= MOST_CLIPS or int(seed) > LARGEST_SEED:
            raise SpatiaError(
                f"clip_seeds has the line {shown(line.strip())}, expected a clip from 1 to {MOST_CLIPS} and a seed from 0 "
                f"to {LARGEST_SEED}; change the line."
            )
        if int(clip) in seeds:
            raise SpatiaError(f"clip_seeds names clip {int(clip)} twice, expected one seed per clip; remove a line.")
        seeds[int(clip)] = int(seed)
    return seeds


def _whole(text: str, digits: int) -> bool:
    """Whether a text is a number of so many plain digits at most: Python takes more for one than the page writes."""
    return text.isascii() and text.isdecimal() and len(text) <= digits
