"""Spatia for ComfyUI: video generation with an updatable spatial memory."""

from comfy_api.latest import ComfyExtension, io

from server import PromptServer

from .nodes import NODES
from .nodes.host.routes import add_routes

WEB_DIRECTORY = "./js"


# Without a server, as in tests and tools that import the nodes, there is no page to answer.
if getattr(PromptServer, "instance", None) is not None:
    add_routes(PromptServer.instance.routes)


class SpatiaExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return list(NODES)


async def comfy_entrypoint() -> SpatiaExtension:
    return SpatiaExtension()
