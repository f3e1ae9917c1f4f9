"""What a user must know although a run goes on: said on the node itself and in the log."""

from __future__ import annotations

import logging

from comfy_execution.utils import get_executing_context
from server import PromptServer

from ...spatia_core.kernels import why_no_kernels

_told: set[str] = set()  # nodes that show a notice of an earlier run


def notice(node_cls, *texts: str) -> None:
    """Say `texts`, one line each, on the running node of class `node_cls` and, as warnings, in the log.

    Without a text, what an earlier run said on this node is taken back: the page would show it for ever.
    Outside a server, and for a node that no server runs, only the log is told.
    """
    # The host's own record of what runs, not a hidden input: that would make the node's id a part of its cache key, and
    # a long clip be made again when its node is moved into a subgraph.
    running = get_executing_context()
    title = node_cls.define_schema().display_name
    for text in texts:
        logging.warning("%s%s: %s", title, "" if running is None else f" (node {running.node_id})", text)
    server = getattr(PromptServer, "instance", None)
    if server is None or running is None or not (texts or running.node_id in _told):
        return
    # The page takes an empty text for none at all.
    server.send_progress_text("\n".join(f"⚠ {text}" for text in texts) or " ", running.node_id, server.client_id)
    (_told.add if texts else _told.discard)(running.node_id)


def slow_kernels() -> tuple[str, ...]:
    """The notice that the CPU kernels cannot run, empty where they do."""
    reason = why_no_kernels()
    return (
        ()
        if reason is None
        else (f"This is many times slower than it need be, since the CPU kernels cannot run: {reason}.",)
    )
