"""What is tried in the host: the page's routes, and file names as nodes take them. Needs COMFYUI_PATH."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path

from targets import Target, text_of

from spatia_core.errors import SpatiaError

ROOT = Path(__file__).resolve().parent.parent.parent


def _load_pack():
    """The pack as the host loads it, on the CPU, with folders of its own."""
    sys.path.insert(0, os.environ["COMFYUI_PATH"])
    base = tempfile.mkdtemp(prefix="spatia_fuzz_")
    for folder in ("input", "output", "temp", "models", "user", "custom_nodes"):
        os.makedirs(os.path.join(base, folder))
    import comfy.options

    argv, sys.argv = sys.argv, ["main.py", "--cpu", "--base-directory", base]
    try:
        comfy.options.enable_args_parsing()
        import comfy.cli_args
    finally:
        sys.argv = argv
    spec = importlib.util.spec_from_file_location(
        "spatia_pack", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["spatia_pack"] = module
    spec.loader.exec_module(module)


_load_pack()
files = importlib.import_module("spatia_pack.nodes.host.files")
camera_nodes = importlib.import_module("spatia_pack.nodes.cameras")
edit_nodes = importlib.import_module("spatia_pack.nodes.edit")
scene_nodes = importlib.import_module("spatia_pack.nodes.scene_files")
routes = importlib.import_module("spatia_pack.nodes.host.routes")


class _Page:
    """A real web server with the pack's routes, and a client of it."""

    def __init__(self):
        from aiohttp import web
        from aiohttp.test_utils import TestClient, TestServer

        self.loop = asyncio.new_event_loop()
        table, app = web.RouteTableDef(), web.Application(client_max_size=1 << 30)
        routes.add_routes(table)
        app.add_routes(table)

        async def start():
            client = TestClient(TestServer(app))
            await client.start_server()
            return client

        self.client = self.loop.run_until_complete(start())

    def post(self, path: str, data: bytes) -> None:
        async def ask():
            answer = await self.client.post(path, data=data)
            return answer.status, await answer.text()

        status, text = self.loop.run_until_complete(ask())
        # As a browser reads it: Python's own reader would take NaN for a number.
        body = json.loads(text, parse_constant=lambda name: 1 / 0)
        if status == 200:
            return
        assert status in (400, 413), f"HTTP {status}: {text}"
        raise SpatiaError(body["error"])


_page: list[_Page] = []


def _post(path: str):
    def run(data: bytes) -> None:
        if not _page:
            _page.append(_Page())
        _page[0].post(path, data)

    return run


def _names(data: bytes) -> None:
    """One text as every widget that names a file or a prefix."""
    name = text_of(data)
    for node, widget in ((camera_nodes.SpatiaImportCameras, "file"), (scene_nodes.SpatiaLoadScene, "file")):
        answer = node.validate_inputs(**{widget: name})
        assert answer is True or isinstance(answer, str)
        if answer is True:
            node.fingerprint_inputs(**{widget: name})
    edits = json.dumps([{"do": "merge", "file": name}])
    assert edit_nodes.SpatiaEditPointCloud.validate_inputs(edits=edits) is True or not name.strip()
    edit_nodes.SpatiaEditPointCloud.fingerprint_inputs(edits=edits)
    refusals = []
    for use in (lambda: files.existing_file(name, "the widget"), lambda: files.new_output_file(name, "the widget")):
        try:
            use()
        except Exception as error:
            if type(error).__name__ != "SpatiaError":
                raise
            refusals.append(error)
    if refusals:
        raise refusals[0]


REQUESTS = (
    "camera",
    "JSON",
    "request",
    "w2c",
    "ntrinsics",
    "width",
    "height",
    "text",
    "pose",
    "Pose",
    "format",
    "RealEstate10K",
    "transforms.json",
    "images.txt",
)
TARGETS: dict[str, Target] = {
    "read route": Target(_post("/spatia/cameras/read"), REQUESTS),
    "write route": Target(_post("/spatia/cameras/write"), REQUESTS),
    "names": Target(_names, ("the widget", "file name", "File name")),
}
