"""The camera-aware gate: which latent frames may use their memory (paper), and the reasons as text."""

from __future__ import annotations

import torch
from torch import Tensor

from ...errors import SpatiaError
from .cameras import latent_of
from .retrieval import MemoryRetrieval, Rules, too_far


def gate(ids: Tensor, clean: int = 1) -> Tensor:
    """(B, F) bool, or (F,): open where a latent frame has a memory, is to be generated, and repeats no neighbour's.

    ids: (B, F) or (F,) int64 frame of the history each latent frame looks up, -1 = none. clean: leading latent frames
    that are given (release: the image's one). A run of frames with the same history latent keeps its first only; just
    the frame before is looked at, open or not. Every row gates for itself, where the release reads row 0 alone.
    """
    if clean < 1:
        raise SpatiaError(f"{clean} clean latent frames were given, expected at least the image's own.")
    latent = latent_of(ids)
    fresh = torch.ones_like(ids, dtype=torch.bool)
    fresh[..., 1:] = latent[..., 1:] != latent[..., :-1]
    fresh[..., :clean] = False
    return (ids >= 0) & fresh


def gate_reasons(
    found: MemoryRetrieval, frames: Tensor, opened: Tensor, clean: int, rules: Rules = Rules()
) -> list[str]:
    """One line per latent frame: what it remembers, or why nothing. frames: (C,) int64 frame number of each candidate."""
    lines = []
    for i in range(found.ids.shape[0]):
        if i < clean:
            lines.append("given, nothing to remember")
            continue
        if not frames.shape[0]:
            lines.append("no earlier frame")
            continue
        chosen = int(found.ids[i])
        best = chosen if chosen >= 0 else int(found.best[i])
        overlap, distance = float(found.overlap[i, best]), float(found.distance[i, best])
        seen = f"overlap {overlap:.2f} at distance {distance:.2f}"
        if opened[i]:
            lines.append(f"frame {int(frames[best])}: {seen}")
        elif chosen >= 0:
            lines.append(f"none; frame {int(frames[best])} is in the latent frame that the frame before looks up")
        elif bool(too_far(found.overlap[i, best], found.distance[i, best], rules)):
            lines.append(f"none; best is frame {int(frames[best])}, {seen}: farther than {rules.max_distance:g}")
        else:
            lines.append(
                f"none; best is frame {int(frames[best])}, {seen}: score {float(found.score[i, best]):.2f} below {rules.min_score:g}"
            )
    return lines


def gate_report(reasons: list[str], opened: Tensor, candidates: int, mode: str) -> str:
    """The reasons as one text, with a headline. opened: (F,) bool."""
    count = int(opened.sum())
    headline = f"{count} of {len(reasons)} latent frames remember, of {candidates} candidate frames ({mode})"
    if not count:
        headline += "; the branch does not run"
    return "\n".join(
        [headline, *(f"latent {i} (frame {max(0, 4 * i - 3)}): {reason}" for i, reason in enumerate(reasons))]
    )
