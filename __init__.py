"""Spatia for ComfyUI: video generation with an updatable spatial memory."""

from comfy_api.latest import ComfyExtension, io

from .nodes import NODES

WEB_DIRECTORY = "./js"


class SpatiaExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return list(NODES)


async def comfy_entrypoint() -> SpatiaExtension:
    return SpatiaExtension()
