"""Few-step weights on a MODEL: which they are, and with what sampler, noise levels and guidance a clip of it is made."""

from __future__ import annotations

from typing import NamedTuple

import comfy.samplers
import torch
from comfy.model_patcher import ModelPatcher

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from ...spatia_core.model.few_steps import FEW_STEPS, QUALITY, FewSteps, schedule
from ...spatia_core.model.flow_unipc import flow_schedule
from .backbones import require_backbone
from .profiles import AUTO, model_profile
from .sampling import unipc_sampler

_KEY = "spatia_few_steps"  # of a MODEL's options: the name of its few-step weights
# The host's sampler that re-noises by the rule of few_steps.py.
_RENOISING = "lcm"


class Solver(NamedTuple):
    """What a clip is sampled with. sampler: the host's SAMPLER. sigmas: (steps + 1,) float32."""

    sampler: comfy.samplers.KSAMPLER
    sigmas: torch.Tensor
    cfg: float


def with_few_steps(model: ModelPatcher, name: str) -> ModelPatcher:
    """A clone of MODEL that is sampled as the weights of this name were distilled; QUALITY: as it was made for."""
    require_backbone(model, "These weights are the 5B's.", WAN22_TI2V_5B)
    model = model.clone()
    model.model_options.pop(_KEY, None)
    if name != QUALITY:
        model.model_options[_KEY] = name
    return model


def few_steps_of(model: ModelPatcher) -> FewSteps | None:
    """What was set on a MODEL, None for quality."""
    name = model.model_options.get(_KEY)
    return None if name is None else FEW_STEPS[name]


def solver_of(model: ModelPatcher, steps: int = AUTO, cfg: float = AUTO) -> Solver:
    """How a clip of MODEL is sampled; steps, cfg: AUTO for what it was made for. Raises SpatiaError where they contradict Few Steps."""
    few = few_steps_of(model)
    if few is None:
        profile = model_profile(model)
        return Solver(unipc_sampler(), flow_schedule(steps or profile.steps), cfg or profile.cfg)
    for name, given, own in (("steps", steps, few.steps), ("cfg", cfg, few.cfg)):
        if given not in (AUTO, own):
            raise SpatiaError(
                f"`{name}` is {given:g}, but Few Steps on this model says {few.name}, which takes {own:g}; set `{name}` to "
                f"{AUTO}, or Few Steps to {QUALITY}."
            )
    return Solver(comfy.samplers.ksampler(_RENOISING), schedule(few), few.cfg)


def few_step_losses(model: ModelPatcher, name: str) -> list[str]:
    """What to know before clips are made in few steps, a sentence each."""
    if name == QUALITY:
        return []
    few, found = FEW_STEPS[name], []
    if not model.patches:
        found.append(
            f"No LoRA is on this model. Unless it is itself {few.name}'s, {few.steps} steps make blur; put the host's LoraLoaderModelOnly "
            "before this node."
        )
    return [*found, few.caution] if few.caution else found
