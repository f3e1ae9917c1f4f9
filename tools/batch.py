"""`run.py batch`: a list of scenes, each made clip by clip into a world and a video by real ComfyUI servers.

    OUT/<name>_00001_.mp4       the video of a scene
    OUT/<name>.ply              its cloud, where its memory has one
    OUT/spatia/worlds/<name>/   its world: what a second run goes on from
    OUT/scenes.csv, sheet.jpg   a row and a strip of frames per scene
    OUT/batch.json, batch.lock  what was made, and of what; held while a batch is at work

The servers are one of this machine, several (`--workers`), some that stand somewhere (`--servers`), or one per card of a
Ray cluster (`--ray`); engine.py hands the scenes out. A scene that fails is tried again where it stopped, three times in
all; then the others go on without it. The same command again makes what is missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spatia_core.errors import SpatiaError
from spatia_core.files import locked, replacing

from .console import RunError, say
from .contact_sheet import strips
from .desk import DONE, Desk, Ledger, Shot, pool_of, read_workflow
from .engine import Engine
from .scene_list import read_scenes
from .workflows import executed_kinds

SHEET = "sheet.jpg"
_SHEET_ROWS = 200  # a JPEG is at most 65,535 pixels high


def batch(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The scenes of a list; 0 when all of them are there."""
    workflow = read_workflow(options.workflow)
    try:
        shots = [Shot(scene, workflow) for scene in read_scenes(options.scenes)]
    except (SpatiaError, OSError) as error:
        raise RunError(str(error)) from error
    with made(shots, options, options.output.resolve(), comfyui, cache) as ledger:
        return 1 if report([shot.scene.name for shot in shots], ledger) else 0


@contextmanager
def made(shots: list[Shot], options: argparse.Namespace, output: Path, comfyui: Path, cache: Path) -> Iterator[Ledger]:
    """Make what is missing of some shots, where the options say; what became of each, for whoever writes that into the folder too.

    Until that is written no other batch works in the folder. Raises RunError, also of what goes wrong in writing it.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with locked(output / "batch.lock", 0) as ours:
            if not ours:
                raise SpatiaError(f"Another batch is at work in {output}; wait for it, or give another --output.")
            ledger = Ledger(output, [shot.scene.name for shot in shots])
            ledger.write()  # before any server works: a folder that cannot be written to is told first
            kinds = frozenset[str]().union(*(executed_kinds(shot.workflow.nodes) for shot in shots))
            with pool_of(options, output, kinds, comfyui, cache) as pool:
                say(f"{len(shots)} scenes; waiting for ComfyUI")
                Engine(pool, desk := Desk(shots, ledger, output)).run(desk.jobs)
            yield ledger
    except (SpatiaError, OSError) as error:
        raise RunError(str(error)) from error


def report(names: list[str], ledger: Ledger, shown: dict[str, str] | None = None) -> list[str]:
    """Draw the sheets and say what failed; the names of that. shown: titles and names of what the sheets are of; None: of all."""
    output = ledger.folder
    shown = {name: name for name in names} if shown is None else shown
    videos = {title: output / ledger.rows[name]["video"] for title, name in shown.items()}
    there = [(name, path) for name, path in videos.items() if path.is_file()]
    files = ["scenes.csv"]
    for start in range(0, len(there), _SHEET_ROWS):
        files.append(f"sheet_{1 + start // _SHEET_ROWS}.jpg" if start else SHEET)
        with replacing(output / files[-1]) as part:
            strips(dict(there[start : start + _SHEET_ROWS])).save(part, "JPEG", quality=90)
    failed = [name for name in names if ledger.rows[name]["state"] != DONE]
    say(f"\n{len(names) - len(failed)} of {len(names)} scenes are in {output}: {', '.join(files)}")
    for name in failed:
        say(f"  {name}: " + "\n    ".join(ledger.rows[name]["error"].splitlines()))
    return failed
