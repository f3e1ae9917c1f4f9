"""`run.py serve`: a real ComfyUI with this package and its page, for a person to use."""

from __future__ import annotations

import argparse
import shutil
import webbrowser
from pathlib import Path

from .console import say
from .devices import choose_device
from .places import DEMO_IMAGE, base_folder
from .server import Server


def serve(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The server with its page, until Ctrl-C."""
    base = base_folder(cache)
    shutil.copyfile(DEMO_IMAGE, base / "input" / DEMO_IMAGE.name)
    device = choose_device(options.device)
    extra = ("--models-directory", str(options.models.resolve())) if options.models else ()
    database = f"sqlite:///{base / 'user' / 'comfyui.db'}"
    say(f"Starting ComfyUI on {device}")
    with Server(comfyui, base, cache, device, options.port, extra, database) as server:
        say(f"\n  {server.url}\n")
        say("Sample workflows: Workflow > Browse Templates > Spatia. Ctrl-C ends the server.")
        say(f"Models: {options.models or base / 'models'}   log: {server.log}")
        if not options.no_browser:
            webbrowser.open(server.url)
        server.wait()
