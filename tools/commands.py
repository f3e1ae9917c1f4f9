"""The commands of run.py by name, for the interpreter of the environment."""

from __future__ import annotations

import argparse
from pathlib import Path

from .batch import batch
from .demo import demo
from .lint import lint
from .paper.command import paper
from .report import report
from .serve import serve
from .testing import check, fuzz, test

COMMANDS = {
    "demo": demo,
    "batch": batch,
    "report": report,
    "paper": paper,
    "serve": serve,
    "test": test,
    "fuzz": fuzz,
    "check": check,
    "lint": lint,
}


def run(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The chosen command, on this ComfyUI and with this cache folder; its exit code."""
    return COMMANDS[options.command](options, comfyui, cache)
