"""What a user must know although a run goes on: said on the node itself and in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from comfy_api.latest import io
from comfy_execution.utils import get_executing_context
from server import PromptServer

from ...spatia_core.kernels import why_no_kernels

_said: dict[str, list[str]] = {}  # by node, in the run that is at work
_told: set[str] = set()  # nodes that show something


def notice(node_cls: type[io.ComfyNode], *texts: str) -> None:
    """Say `texts`, one line each, on the running node of class `node_cls` and, as warnings, in the log.

    Without a text, what an earlier run said on this node is taken back: the page would show it for ever.
    Outside a server, and for a node that no server runs, only the log is told.
    """
    _log(node_cls, texts)
    _keep(texts)
    _show([f"\N{WARNING SIGN} {text}" for text in texts])


def said() -> list[str]:
    """What was said on the running node in this run, for what it leaves there."""
    running = get_executing_context()
    return [] if running is None else _said.pop(running.node_id, [])


class Bulletin:
    """What a node that works for long shows on itself: what it is doing, and what it has warned of so far."""

    def __init__(self, node_cls: type[io.ComfyNode]):
        self._node_cls = node_cls
        self._state = ""
        self._warnings: list[str] = []

    def state(self, text: str) -> None:
        """Say what is being done now; an empty text when it is done."""
        self._state = text
        self._refresh()

    def warn(self, *texts: str) -> None:
        """Warn, on the node and in the log, once of each thing."""
        new = [text for text in dict.fromkeys(texts) if text not in self._warnings]
        if new:
            _log(self._node_cls, new)
            self._warnings += new
            _keep(self._warnings)
            self._refresh()

    def _refresh(self) -> None:
        _show([*([self._state] if self._state else []), *(f"\N{WARNING SIGN} {text}" for text in self._warnings)])


def _keep(texts: Iterable[str]) -> None:
    running = get_executing_context()
    if running is not None:
        _said[running.node_id] = list(texts)


def _log(node_cls: type[io.ComfyNode], texts: Iterable[str]) -> None:
    running = get_executing_context()
    title = node_cls.define_schema().display_name
    for text in texts:
        logging.warning("%s%s: %s", title, "" if running is None else f" (node {running.node_id})", text)


def _show(lines: list[str]) -> None:
    # The host's own record of what runs, not a hidden input: that would make the node's id a part of its cache key, and
    # a long clip be made again when its node is moved into a subgraph.
    running, server = get_executing_context(), getattr(PromptServer, "instance", None)
    if server is None or running is None or not (lines or running.node_id in _told):
        return
    # The page takes an empty text for none at all.
    server.send_progress_text("\n".join(lines) or " ", running.node_id, server.client_id)
    (_told.add if lines else _told.discard)(running.node_id)


def slow_kernels() -> tuple[str, ...]:
    """The notice that the CPU kernels cannot run, empty where they do."""
    reason = why_no_kernels()
    return (
        ()
        if reason is None
        else (f"This is many times slower than it need be, since the CPU kernels cannot run: {reason}.",)
    )
