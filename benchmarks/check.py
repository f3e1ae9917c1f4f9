"""`python run.py check`: the report of the node Spatia Check, without a server.

    python run.py check [--device auto|cpu|cuda|xpu|mps] [--full] [--models FOLDER] [--output FILE]

Ends with 1 where a figure fails.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from hosted import PACK, load_host


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="run.py check", description="Whether this machine computes what was tested elsewhere."
    )
    found.add_argument("--device", choices=("auto", "cpu", "cuda", "xpu", "mps"), default="auto")
    found.add_argument(
        "--full", action="store_true", help="also the speed and memory at the official sizes: minutes, gigabytes"
    )
    found.add_argument(
        "--models", type=Path, help="a ComfyUI models folder to look through (default: that of COMFYUI_PATH)"
    )
    found.add_argument("--output", type=Path, help="a file for the report as well")
    return found


def main() -> int:
    options = parser().parse_args()
    import torch

    card = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    there = "cpu" if card is None else card.type
    if options.device not in ("auto", "cpu", there):
        print(f"--device {options.device} was given, but torch {torch.__version__} sees {there} here.", file=sys.stderr)
        return 2
    models = () if options.models is None else ("--models-directory", str(options.models.resolve()))
    load_host("cpu" in (options.device, there), *models)
    core = importlib.import_module(f"{PACK}.spatia_core.selfcheck")
    checks = importlib.import_module(f"{PACK}.nodes.host.checks").all_checks(options.full)

    def progress(done: int, name: str) -> None:
        if name:
            print(f"[{done + 1}/{len(checks)}] {name}", file=sys.stderr, flush=True)

    with torch.inference_mode():
        sections = core.run_checks(checks, progress)
    report = core.report_text(sections)
    print(f"\n{report}")
    if options.output:
        write_text = importlib.import_module(f"{PACK}.spatia_core.files").write_text
        write_text(options.output, report + "\n")
    return int(bool(core.failures(sections)))


if __name__ == "__main__":
    sys.exit(main())
