"""A forward pass that was replaced by one that splits the tokens over several cards is refused: docs/raylight.md."""

from __future__ import annotations

from typing import Any

from comfy.patcher_extension import WrappersMP

from ...spatia_core.errors import SpatiaError

_KEY = "spatia_whole_sequence"
# Parts of the names of modules whose forward passes give each card a share of the tokens.
_SPLITTING = ("raylight", "context_parallel", "xfuser", "xdit")
_REPLACED = ("forward", "_forward", "forward_orig")


def require_whole_sequence(model: Any) -> None:
    """Let a MODEL, a clone of ours, refuse to run on a network whose forward pass splits its tokens.

    Looked at in every pass: such nodes replace it when the model is loaded, after all others were at work.
    """
    model.remove_wrappers_with_key(WrappersMP.DIFFUSION_MODEL, _KEY)
    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, _KEY, _checked)


def _checked(executor: Any, *args: Any, **kwargs: Any) -> Any:
    network = executor.class_obj
    for name in _REPLACED:
        function = vars(network).get(name)
        module = getattr(getattr(function, "__func__", function), "__module__", None) or ""
        if any(part in module.lower() for part in _SPLITTING):
            raise SpatiaError(
                f"Another node ({module.split('.')[0]}) splits this model's tokens over several cards and leaves out what "
                "Spatia adds to them, so projection, references and memory would be lost without a word; load the model with "
                "Load Spatia Model or Load Diffusion Model instead (docs/raylight.md says why)."
            )
    return executor(*args, **kwargs)
