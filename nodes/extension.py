"""The package as the host loads it: its nodes, its routes, its sample image."""

from __future__ import annotations

import logging

import comfy.model_management
from comfy_api.latest import ComfyExtension, io
from server import PromptServer

from ..spatia_core.interrupt import notice_interrupts
from . import NODES
from .host.routes import add_routes
from .host.sample_image import offer_sample_image

# Without a server, as in tests and tools that import the nodes, there is no page to answer, and nobody to open a template.
if getattr(PromptServer, "instance", None) is not None:
    add_routes(PromptServer.instance.routes)
    offer_sample_image()

# Asking takes the wish to stop away from whoever asks next: what the page's routes do in the core must not ask.
notice_interrupts(comfy.model_management.throw_exception_if_processing_interrupted)


class SpatiaExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [node for node in NODES if _offered(node)]


def _offered(node: type[io.ComfyNode]) -> bool:
    """Whether this host knows all that the node's schema names. One that it does not know leaves the others alone."""
    try:
        node.GET_SCHEMA()
    except (AttributeError, TypeError) as error:
        logging.warning("Spatia: the node %s is left out, this ComfyUI lacks what it needs: %s.", node.__name__, error)
        return False
    return True


async def comfy_entrypoint() -> SpatiaExtension:
    return SpatiaExtension()
