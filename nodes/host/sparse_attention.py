"""Attention whose pattern counts on frames x grid alone is refused where references stand in front of the frames."""

from __future__ import annotations

from collections.abc import Iterator

import comfy.ldm.wan.model

from ...spatia_core.errors import SpatiaError

# Parts of the names of functions, their modules and their options whose pattern is laid out by frame and place. Sage and
# Sparge are none: the first leaves nothing out, the second finds what to leave out by looking at the tokens.
_BY_FRAME = ("radial", "sliding_tile", "slidingtile", "sliding tile", "jenga", "video_sparse", "sparse_video")


def require_no_frame_pattern(transformer_options: dict, model_options: dict | None = None) -> None:
    """Raises SpatiaError where a node makes the network's attention sparse by frames; for a clip that has references.

    Such a node counts the tokens of frames x grid, and the first of them would be the references': it masks the wrong
    ones, or cuts the last frames off, without a word. model_options: of a MODEL that does not run yet.
    """
    for name in _names(transformer_options, model_options or {}):
        if any(part in name.lower() for part in _BY_FRAME):
            raise SpatiaError(
                f"Another node makes this model's attention sparse by frames ({name}), and counts the references as the "
                "video's first frames, so frames would be masked wrongly or lost without a word; remove that node (Sage "
                "attention is fine), or disconnect references."
            )


def _names(transformer_options: dict, model_options: dict) -> Iterator[str]:
    yield from (key for key in transformer_options if isinstance(key, str))
    for function in (
        comfy.ldm.wan.model.optimized_attention,  # where such nodes put their own while the network runs
        transformer_options.get("optimized_attention_override"),
        model_options.get("model_function_wrapper"),
    ):
        if function is not None:
            of = function if hasattr(function, "__qualname__") else type(function)
            yield f"{getattr(of, '__module__', '')}.{getattr(of, '__qualname__', '')}"
