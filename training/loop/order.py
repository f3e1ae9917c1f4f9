"""Which samples a step sees, and what is dropped: a function of the settings and the step alone.

Nothing is carried from step to step, so a resumed run continues as the uninterrupted one would have, and every number of
processes sees the same forward passes.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import torch

from ..recipe import StageSettings, generator_of


class Pass(NamedTuple):
    """One forward pass: samples by number, what is dropped, and the seed of its noise."""

    items: tuple[int, ...]
    drop_text: tuple[bool, ...]
    drop_projection: bool
    drop_references: bool
    drop_history: bool
    noise: tuple
    varied: bool = False  # whether what it is given may be cut as `vary_references` and `vary_history` say


def step_passes(settings: StageSettings, count: int, step: int) -> list[Pass]:
    """All forward passes of a step, over `count` samples. Every epoch has an order of its own, and the next one follows without a gap."""
    passes = []
    for index in range(settings.batch // settings.micro):
        generator = generator_of("pass", settings.seed, settings.stage, step, index)
        chances = torch.rand(3 + settings.micro, generator=generator).tolist()
        first = step * settings.batch + index * settings.micro
        items = tuple(
            _item(settings.seed, settings.stage, count, number) for number in range(first, first + settings.micro)
        )
        passes.append(
            Pass(
                items,
                tuple(chance < settings.drop_text for chance in chances[3:]),
                chances[0] < settings.drop_projection,
                chances[1] < settings.drop_references,
                chances[2] < settings.drop_history,
                ("noise", settings.seed, settings.stage, step, index),
                varied=True,
            )
        )
    return passes


def learning_rate(settings: StageSettings, step: int) -> float:
    """Rate of a step counted from 0: a linear warm-up, then constant or half a cosine down to 0."""
    rate = _warmed_up(settings.learning_rate, settings.warmup, step)
    if settings.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * step / settings.steps))
    return rate


def from_scratch_rate(highest: float, step: int, progress: float) -> float:
    """Rate of a step counted from 0 of a run from scratch that has come to `progress`, 0 to 1: a linear warm-up, constant for
    two fifths of the run, then a cosine down to a hundredth."""
    return _warmed_up(highest, 100, step) * min(1, 0.01 + 0.8 * (1 + math.cos(math.pi * progress)))


def _warmed_up(highest: float, warmup: int, step: int) -> float:
    return highest * min(1.0, (step + 1) / max(1, warmup))


def _item(seed: int, stage: str, count: int, number: int) -> int:
    return _epoch(seed, stage, count, number // count)[number % count]


@functools.lru_cache(maxsize=4)
def _epoch(seed: int, stage: str, count: int, epoch: int) -> tuple[int, ...]:
    return tuple(torch.randperm(count, generator=generator_of("order", seed, stage, epoch)).tolist())
