"""What a clip may remember in training: planned as at use, and partly forgotten."""

from __future__ import annotations

import torch
from torch import Tensor

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.memory.windows import latent_count
from ...spatia_core.model.decoupled.assembly import MemorySlots
from ...spatia_core.model.decoupled.cameras import latent_cameras
from ...spatia_core.model.decoupled.gate import gate
from ...spatia_core.model.decoupled.retrieval import Rules, retrieve

# Looser than at use, so that the branch also meets memories that share less of the view.
TRAINING_RULES = Rules(min_score=0.6)


def plan_memory(
    cameras: Cameras, start: int, frames: int, given: int, rules: Rules = Rules(), radius: float = 1.0,
    points: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Gate (F,) bool and frames to remember (F,) int64, -1 = none, of the clip of `frames` cameras from frame `start` on.

    It may remember frames 0..start, as at use. given: leading frames of the clip that are not generated. radius: of the ball
    that retrieval looks at, scene units. points: (P, 3) in the unit ball, None for the usual ones.
    """
    target = latent_cameras(cameras.select(slice(start, start + frames)))
    history = cameras.select(slice(0, start + 1))
    ids = retrieve(target, history, rules=rules, radius=radius, points=points).ids
    return gate(ids, latent_count(given)), ids


def dropped_slots(slots: MemorySlots, share: float, generator: torch.Generator) -> MemorySlots:
    """The slots without a random share of them; at least one stays."""
    kept = torch.rand(slots.temporal.shape[0], generator=generator) >= share
    return keep_slots(slots, kept if bool(kept.any()) else ~kept)


def keep_slots(slots: MemorySlots, kept: Tensor) -> MemorySlots:
    """The slots without those that kept (S,) bool does not name; their gates close."""
    opened = slots.gate.clone()
    opened[slots.gate] = kept
    fields = ("temporal", "spatial", "target_c2w", "target_K", "history_c2w", "history_K")
    return slots._replace(gate=opened, **{name: getattr(slots, name)[kept] for name in fields})
