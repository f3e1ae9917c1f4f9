"""`run.py paper`: tables of both papers, on public data that lie in folders, by whatever weights there are.

    OUT/README.md, table_<n>.csv, shots.csv, scenes.txt    the page and its figures (page.py)
    OUT/shots/                                             videos, worlds and sheets, as `run.py batch` leaves them
    OUT/worldscore_output/                                 for WorldScore's evaluator

The shots are scenes of a batch: made clip by clip into worlds, on this machine, on servers or on a Ray cluster, and gone on
with by the same command.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import re
from pathlib import Path

import torch

from spatia_core.errors import SpatiaError
from spatia_core.files import write_text

from ..batch import made, report
from ..console import RunError, say
from ..desk import read_workflow
from ..places import comfyui_version, package_version
from . import filmed, worldscore
from .figures import best_meters
from .page import write_page
from .setting import Pace
from .study import SHOTS, WEIGHTS, Sources, Study, Template, template_of
from .tables import BENCHMARK, CLOSED, FILMED, LISTED, TABLES

_SMALL = "the small weights of `bundle/`, which prove the way and no quality"
_RELEASED = {
    False: "Wan2.2-TI2V-5B with Spatia's weights",
    True: "Wan2.1-I2V-14B with the branches of Memorize When Needed",
}


def paper(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """Make what is missing of the chosen tables, and write them; 0 when every shot is there."""
    tables = chosen_tables(options.tables)
    weights = WEIGHTS[options.weights]
    if options.weights != "small" and not (options.models or options.servers):
        raise RunError(
            f"The weights {options.weights} are not in this package; give the folder that holds them as --models, in subfolders as "
            "ComfyUI's models/ has, or --servers that have them."
        )
    output = options.output.resolve()
    try:
        pace = Pace(None, options.steps, options.cfg)
        meters, said = best_meters(options.matcher, options.lpips)
        templates = {}
        for data in {TABLES[name].data for name in tables}:
            file = options.workflow if options.workflow and data != LISTED else weights.file(data)
            templates[data] = template_of(read_workflow(file), None if data == LISTED else weights.windows)
        study = Study(tables, weights, pace, templates, meters, output)
        study.take(Sources(options.worldscore, options.re10k, options.re10k_split, options.memorize, options.limit))
    except (SpatiaError, OSError) as error:
        raise RunError(str(error)) from error
    _tell(study)
    with made(list(study.shots.values()), options, output / SHOTS, comfyui, cache) as ledger:
        failed = report(list(study.shots), ledger, study.shown())
        if BENCHMARK in templates:
            write_text(output / "spatia.yaml", _model_config(templates[BENCHMARK]))
        write_page(output, study, ledger.rows, _head(options, study, comfyui, said))
    say(f"The tables are in {output / 'README.md'}")
    return 1 if failed else 0


def _model_config(template: Template) -> str:
    return worldscore.model_config("spatia", template.width, template.height, template.windows.first, template.fps)


def chosen_tables(text: str) -> list[str]:
    """Tables by name, of `1-7`, `3,5`, `revisit`. Raises RunError."""
    found: list[str] = []
    for part in text.split(","):
        span = re.fullmatch(r"(\d)-(\d)", part.strip())
        names = [str(number) for number in range(int(span[1]), int(span[2]) + 1)] if span else [part.strip()]
        if not names or not all(name in TABLES for name in names):
            raise RunError(
                f"--tables {text} was given, expected some of {', '.join(TABLES)}, with commas between them, or a span as 1-7."
            )
        found += [name for name in names if name not in found]
    return found


def _tell(study: Study) -> None:
    for data in (CLOSED, BENCHMARK, FILMED, LISTED):
        if data in study.scenes:
            say(f"{len(study.scenes[data])} scenes of {data}")
    say(f"{len(study.shots)} videos, {study.clips()} clips in all")


def _head(options: argparse.Namespace, study: Study, comfyui: Path, said: list[str]) -> list[str]:
    versions = f"Package {package_version()}, {comfyui_version(comfyui)}, torch {torch.__version__}, numpy {importlib.metadata.version('numpy')}, Python {platform.python_version()}"
    template = next(iter(study.templates.values()))
    weights = (
        _SMALL
        if options.weights == "small"
        else " and ".join(sorted({_RELEASED[data == LISTED] for data in study.templates}))
    )
    return [
        f"Made by `run.py paper --tables {options.tables}` with {weights}, {template.width}x{template.height} pixels"
        f"{f', {options.steps} steps' if options.steps else ''}{f', guidance {options.cfg:g}' if options.cfg is not None else ''}, clips of "
        f"{template.windows.first} and {template.windows.later} frames, {template.windows.history} of them repeated, noise of seed 0; scenes by "
        f"the seeds {worldscore.SEED} and {filmed.SEED}, in scenes.txt. {versions}. Means over scenes with 95 % bootstrap intervals, "
        "differences paired by scene. s a clip and peak GiB: of the machines that made them.",
        "",
        *(f"- {one}" for one in said),
    ]  # fmt: skip
