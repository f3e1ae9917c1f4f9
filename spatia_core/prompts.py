"""Prompts of a long video: one line per clip."""

from __future__ import annotations

from .errors import SpatiaError

OFFICIAL_SUFFIX = " 4K, realistic, high quality, HDR."


def clip_prompt(prompts: str, clip: int, suffix: bool = False) -> str:
    """The prompt of clip k, counted from 1: the k-th line that is not empty, the last one repeated (release).

    suffix: append what the release appends. Raises SpatiaError on clip 0.
    """
    if clip < 1:
        raise SpatiaError(f"Clip {clip} was asked for, expected 1 or more; change `clip`.")
    lines = [line.strip() for line in prompts.splitlines() if line.strip()]
    prompt = lines[min(clip, len(lines)) - 1] if lines else ""
    return prompt + OFFICIAL_SUFFIX if suffix else prompt
