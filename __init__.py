"""Spatia for ComfyUI: video generation with an updatable spatial memory."""

import logging
import re

import comfyui_version

OLDEST_COMFYUI = "0.18.2"  # that the nodes load on; the sample workflows ask for what pyproject.toml says


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


if _number(comfyui_version.__version__) >= _number(OLDEST_COMFYUI):
    from .nodes import NODES
    from .nodes.extension import comfy_entrypoint

    WEB_DIRECTORY = "./js"
    __all__ = ["NODES", "WEB_DIRECTORY", "comfy_entrypoint"]
else:
    # An import that fails would be shown as a traceback, which says nothing to a user.
    logging.error(
        "Spatia's nodes were not loaded: they need ComfyUI 0.24 or newer, and this is %s. Update ComfyUI.",
        comfyui_version.__version__,
    )
    NODE_CLASS_MAPPINGS: dict[str, type] = {}
