"""The client of a server: submit a graph, follow it on the websocket."""

from __future__ import annotations

import json
import sys
import time
import uuid
from pathlib import Path

from .console import RunError, say
from .server import Endpoint

_SILENCE = (
    60.0  # seconds between two questions to a server whether it is there; without an answer the connection is given up
)


class Refused(RunError):
    """The server would not begin a graph; asked again it says the same."""


class Progress:
    """Prints one line per node as it finishes, and on a terminal the steps of the one that runs.

    prompt_id: the server's name for the run, once it is queued.
    """

    def __init__(self, prompt: dict, quiet: bool = False):
        self.titles = {number: node["_meta"]["title"] for number, node in prompt.items()}
        self.quiet = quiet
        self.seconds: dict[str, float] = {}
        self.steps: dict[str, int] = {}
        self.current: str | None = None
        self.began = 0.0
        self.prompt_id = ""

    def running(self, number: str | None) -> None:
        if self.current is not None:
            spent = time.monotonic() - self.began
            self.seconds[self.current] = self.seconds.get(self.current, 0.0) + spent
            if not self.quiet:
                steps = self.steps.get(self.current, 0)
                note = f"   ({steps} steps)" if steps > 1 else ""
                self._clear()
                say(f"  {spent:7.1f} s  {self.titles.get(self.current, self.current)}{note}")
        self.current, self.began = number, time.monotonic()
        self._show("")

    def step(self, number: str, value: int, total: int) -> None:
        self.steps[number] = total
        if number == self.current:
            self._show(f"  step {value}/{total}")

    def _show(self, text: str) -> None:
        if self.current is not None and not self.quiet and sys.stdout.isatty():
            print(f"\r\033[K             {self.titles.get(self.current, self.current)}{text}", end="", flush=True)

    def _clear(self) -> None:
        if sys.stdout.isatty():
            print("\r\033[K", end="")


async def run_prompt(server: Endpoint, prompt: dict, progress: Progress) -> dict[str, dict]:
    """Queue a graph, follow it to its end, and return what its nodes showed: {node id: output}."""
    import aiohttp

    client = uuid.uuid4().hex
    outputs: dict[str, dict] = {}
    async with (
        aiohttp.ClientSession(server.url) as session,
        session.ws_connect(f"/ws?clientId={client}", max_msg_size=0, heartbeat=_SILENCE) as socket_,
    ):
        async with session.post("/prompt", json={"prompt": prompt, "client_id": client}) as answer:
            body = await answer.json()
        if answer.status == 200 and body["node_errors"]:
            # The server runs what is left of a graph when one of its branches is refused; a part is not what was asked for.
            await session.post("/queue", json={"delete": [body["prompt_id"]]})
            await session.post("/interrupt", json={"prompt_id": body["prompt_id"]})
        if answer.status != 200 or body["node_errors"]:
            raise Refused(refusal(body, progress.titles))
        prompt_id = progress.prompt_id = body["prompt_id"]
        async for message in socket_:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue  # previews
            event = json.loads(message.data)
            kind, data = event["type"], event["data"]
            if data.get("prompt_id") != prompt_id:
                continue
            if kind == "executing":
                progress.running(data["node"])
                if data["node"] is None:
                    return outputs
            elif kind == "progress":
                progress.step(data["node"], data["value"], data["max"])
            elif kind == "executed":
                outputs[data["node"]] = data["output"] or {}
            elif kind == "execution_error":
                title = progress.titles.get(data["node_id"], data["node_type"])
                raise RunError(f"{title}: {data['exception_message'].strip()}")
            elif kind == "execution_interrupted":
                raise RunError("the run was interrupted")
    raise RunError(f"the server closed the connection.\n{server.log_tail()}")


def cancel(server: Endpoint, prompt_id: str) -> None:
    """Take a graph out of the queue, or end its run."""
    server.post("/queue", {"delete": [prompt_id]})
    server.post("/interrupt", {"prompt_id": prompt_id})


async def put_file(server: Endpoint, data: bytes, name: str, subfolder: str) -> None:
    """Put a small file into the server's output folder, over one of the same name."""
    import aiohttp

    form = aiohttp.FormData()
    form.add_field("image", data, filename=name)
    for field, value in (("type", "output"), ("subfolder", subfolder), ("overwrite", "true")):
        form.add_field(field, value)
    async with aiohttp.ClientSession(server.url) as session, session.post("/upload/image", data=form) as answer:
        answer.raise_for_status()


def refusal(body: dict, titles: dict[str, str]) -> str:
    """The reasons in an answer with which POST /prompt refused a graph."""
    error = body.get("error") or {"message": "A part of the graph was refused"}
    lines = [error["message"] if isinstance(error, dict) else str(error)]
    for number, node in (body.get("node_errors") or {}).items():
        for error in node["errors"]:
            lines.append(f"{titles.get(number, node['class_type'])}: {error['message']} {error['details']}")
    return "\n".join(lines)


async def upload_image(server: Endpoint, path: Path, name: str = "") -> str:
    """Put an image into the server's input folder, under its own or another name; returns the name that LoadImage takes."""
    import aiohttp

    form = aiohttp.FormData()
    form.add_field("image", path.read_bytes(), filename=name or path.name)
    form.add_field("overwrite", "true")
    async with aiohttp.ClientSession(server.url) as session, session.post("/upload/image", data=form) as answer:
        answer.raise_for_status()
        body = await answer.json()
    return f"{body['subfolder']}/{body['name']}" if body["subfolder"] else body["name"]
