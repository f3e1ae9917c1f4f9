"""Spatia for ComfyUI: video generation with an updatable spatial memory."""

import comfy.model_management
from comfy_api.latest import ComfyExtension, io
from server import PromptServer

from .nodes import NODES
from .nodes.host.routes import add_routes
from .nodes.host.sample_image import offer_sample_image
from .spatia_core.interrupt import notice_interrupts

WEB_DIRECTORY = "./js"


# Without a server, as in tests and tools that import the nodes, there is no page to answer, and nobody to open a template.
if getattr(PromptServer, "instance", None) is not None:
    add_routes(PromptServer.instance.routes)
    offer_sample_image()


# Asking takes the wish to stop away from whoever asks next: what the page's routes do in the core must not ask.
notice_interrupts(comfy.model_management.throw_exception_if_processing_interrupted)


class SpatiaExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return list(NODES)


async def comfy_entrypoint() -> SpatiaExtension:
    return SpatiaExtension()
