"""The processes of Ray's actors, by which tests kill them."""

from __future__ import annotations

import psutil


def actors(call: str = "") -> list[psutil.Process]:
    """Processes of actors, those alone that are in this call."""
    title = f"ray::_Actor{call}"
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or [""]
        if line[0].startswith(title) and process.is_running():
            found.append(process)
    return found
