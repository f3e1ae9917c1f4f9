"""Prompts of a long video: one line per clip."""

from __future__ import annotations

from .errors import SpatiaError
from .inputs import shown, whole

OFFICIAL_SUFFIX = " 4K, realistic, high quality, HDR."
LONGEST_PROMPTS = 1 << 20  # characters of all prompts together
MOST_CLIPS = 1_000_000


def prompt_lines(prompts: str) -> list[str]:
    """The lines that are not empty. Raises SpatiaError beyond LONGEST_PROMPTS."""
    if len(prompts) > LONGEST_PROMPTS:
        raise SpatiaError(
            f"The prompts have {len(prompts)} characters, expected at most {LONGEST_PROMPTS}; shorten `prompts`."
        )
    return [line.strip() for line in prompts.splitlines() if line.strip()]


def clip_prompt(prompts: str, clip: int, suffix: bool = False) -> str:
    """The prompt of clip k, counted from 1: the k-th line that is not empty, the last one repeated (release).

    suffix: append what the release appends. Raises SpatiaError on clip 0, and on prompts beyond LONGEST_PROMPTS.
    """
    try:
        clip = whole(clip, 1, MOST_CLIPS)
    except ValueError as error:
        raise SpatiaError(f"Clip {shown(clip)} was asked for, expected {error}; change `clip`.") from None
    lines = prompt_lines(prompts)
    prompt = lines[min(clip, len(lines)) - 1] if lines else ""
    return prompt + OFFICIAL_SUFFIX if suffix else prompt
