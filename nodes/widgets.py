"""Widgets that several nodes have alike."""

from __future__ import annotations

from comfy_api.latest import io

from ..spatia_core.model.decoupled.retrieval import MODES, Rules
from .host import models

_RULES = Rules()


def strength_input(tooltip: str, name: str = "strength") -> io.Input:
    """How strongly something steers the sampling."""
    return io.Float.Input(name, default=1.0, min=0.0, max=10.0, step=0.01, tooltip=tooltip)


def percent_input(name: str, default: float, tooltip: str) -> io.Input:
    """A part of the sampling, as the host counts it."""
    return io.Float.Input(name, default=default, min=0.0, max=1.0, step=0.001, advanced=True, tooltip=tooltip)


def scene_units_input(
    name: str, tooltip: str, default: float = 1.0, least: float = 0.001, advanced: bool | None = None
) -> io.Input:
    """A length in scene units."""
    return io.Float.Input(
        name, default=default, min=least, max=10000.0, step=0.01, round=False, advanced=advanced, tooltip=tooltip
    )


def branch_dtype_input() -> io.Input:
    """What a branch's weights are kept in."""
    return io.Combo.Input(
        "dtype",
        options=list(models.DTYPES),
        default="default",
        advanced=True,
        tooltip="Precision the weights are kept in. default: what the host would run a model of this size in.",
    )


def retrieval_input() -> io.Input:
    """How the decoupled memory finds the earlier frame of a new one."""
    return io.Combo.Input(
        "retrieval",
        options=list(MODES),
        default=MODES[0],
        tooltip="- frustum: which part of a ball around the new camera both cameras have in their picture; walls do not count.\n"
        "- visibility: which points of the scene's cloud both see behind no other.\n"
        "- release: the released code, its shortcuts included; for the paper's own weights.",
    )


def max_distance_input(advanced: bool | None = None) -> io.Input:
    """From how far a nearly total overlap is believed."""
    return scene_units_input(
        "max_distance",
        "In scene units: a camera farther away than this is not believed when the overlap is nearly total. Paper: 0.5.",
        _RULES.max_distance,
        0.0,
        advanced,
    )


def min_score_input(advanced: bool | None = None) -> io.Input:
    """How much of its view a frame must share to be remembered."""
    return io.Float.Input(
        "min_score",
        default=_RULES.min_score,
        min=0.0,
        max=1.0,
        step=0.01,
        advanced=advanced,
        tooltip="Least overlap (less a little for distance) of a frame worth remembering. Paper: 0.8.",
    )


def candidate_every_input() -> io.Input:
    """Which earlier frames the decoupled memory looks at."""
    return io.Int.Input(
        "candidate_every",
        default=1,
        min=1,
        max=1000,
        advanced=True,
        tooltip="Every n-th earlier frame may be remembered. Paper: 1. Raise it for long videos.",
    )
