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
import csv
import hashlib
import io
import json
import os
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from spatia_core.errors import SpatiaError
from spatia_core.files import locked, replacing, write_text

from .console import RunError, say
from .contact_sheet import strips
from .devices import choose_device
from .engine import Engine, Job, Outcome, Threads
from .places import worker_base
from .ray_pool import RayPool
from .scene_list import Scene, read_scenes
from .scene_maker import Machine, OwnServer, SceneWork, StandingServer, clips_in, world_of
from .scene_workflow import Plan, fill_workflow, planned
from .workflows import executed_kinds, without_viewers, workflow_to_prompt

COLUMNS = (
    "name", "state", "clips", "frames", "seconds", "tries", "video", "cloud", "points", "psnr", "ssim", "error",
)  # fmt: skip
DONE, FAILED = "done", "failed"
_SHEET_ROWS = 200  # a JPEG is at most 65,535 pixels high


def batch(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The scenes of a list; 0 when all of them are there."""
    workflow = read_workflow(options.workflow)
    output = options.output.resolve()
    try:
        scenes = read_scenes(options.scenes)
        output.mkdir(parents=True, exist_ok=True)
        with locked(output / "batch.lock", 0) as ours:
            if not ours:
                raise SpatiaError(f"Another batch is at work in {output}; wait for it, or give another --output.")
            ledger = Ledger(output, [scene.name for scene in scenes])
            ledger.write()  # before any server works: a folder that cannot be written to is told first
            with _pool(options, output, executed_kinds(workflow), comfyui, cache) as pool:
                desk = Desk(scenes, ledger, output, options.workflow.name, workflow)
                say(f"{len(scenes)} scenes; waiting for ComfyUI")
                Engine(pool, desk).run(desk.jobs)
            return _report(scenes, ledger, output)
    except (SpatiaError, OSError) as error:
        raise RunError(str(error)) from error


def _pool(
    options: argparse.Namespace, output: Path, kinds: frozenset[str], comfyui: Path, cache: Path
) -> AbstractContextManager[Any]:
    """Where the scenes are made."""
    if options.servers:
        if options.models or options.workers or options.device != "auto":
            raise RunError(
                "--models, --workers and --device are of servers that are started here, and --servers names some that stand "
                "somewhere; leave them out."
            )
        return Threads([StandingServer(output, kinds, address) for address in addresses(options.servers)])
    extra = ("--models-directory", str(options.models.resolve())) if options.models else ()

    def own(number: int, device: str, threads: int = 0, more: tuple[str, ...] = ()) -> OwnServer:
        machine = Machine(comfyui, cache, device, (*extra, *more), threads)
        return OwnServer(output, kinds, machine, worker_base(cache, number))

    if options.ray:
        wanted = options.device

        def on_cluster(number: int, card: bool) -> OwnServer:
            if wanted == "cpu" or not card:
                return own(number, "cpu")
            return own(number, "cuda" if wanted == "auto" else wanted)

        return RayPool(options.ray, options.workers, on_cluster, cards=wanted != "cpu")
    count, device = options.workers or 1, choose_device(options.device)
    if count == 1:
        return Threads([own(0, device)])
    if device == "cpu":
        threads = max(1, (os.cpu_count() or 1) // count)
        return Threads([own(number, device, threads) for number in range(count)])
    return Threads([own(number, device, more=("--cuda-device", str(number))) for number in range(count)])


def addresses(text: str) -> list[str]:
    """The servers of a list host:port,host:port. Raises RunError on what is none."""
    found = [one.strip() for one in text.split(",")]
    for one in found:
        match = re.fullmatch(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", one)
        if not match or not 0 < int(match[1]) < 65536:
            raise RunError(
                f"--servers names {one!r}, expected host:port, as in 192.168.1.7:8188, with commas between them"
            )
        if found.count(one) > 1:
            raise RunError(f"--servers names {one} twice; a server makes one scene at a time")
    return found


def read_workflow(path: Path) -> dict:
    """A workflow file as the page saves it, without what only shows. Raises RunError."""
    try:
        workflow = json.loads(path.read_text(encoding="utf-8"))
        executed_kinds(workflow)
        return without_viewers(workflow)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_workflow(path.name, error) from error


def _no_workflow(name: str, error: Exception) -> RunError:
    return RunError(f"{name} is no workflow as ComfyUI's page saves it ({error}); give another --workflow")


class Ledger:
    """What a folder's scenes were made of, and how they ended: batch.json, and scenes.csv for people. order: of the list."""

    def __init__(self, folder: Path, order: list[str]):
        self.folder, self.order = folder, order
        self.rows: dict[str, dict[str, Any]] = {}
        path = folder / "batch.json"
        if path.is_file():
            try:
                self.rows = {
                    name: {**dict.fromkeys((*COLUMNS, "digest"), ""), **row}
                    for name, row in json.loads(path.read_text("utf-8")).items()
                }
            except (ValueError, AttributeError, TypeError) as error:
                raise SpatiaError(
                    f"{path} cannot be read ({error}); remove it, and what is missing is made."
                ) from error

    def put(self, name: str, **values: Any) -> None:
        """Set a scene's row, and write both files."""
        self.rows[name] = dict.fromkeys((*COLUMNS, "digest"), "") | {"name": name} | values
        self.write()

    def write(self) -> None:
        """Write both files, of the table the scenes of this list."""
        rows = [self.rows[name] for name in self.order if name in self.rows]
        write_text(self.folder / "batch.json", json.dumps(self.rows, indent=1))
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.folder / "scenes.csv", table.getvalue())


class Desk:
    """Makes jobs of the scenes that are missing, and rows of what became of them."""

    def __init__(self, scenes: list[Scene], ledger: Ledger, output: Path, workflow_name: str, workflow: dict):
        self.scenes, self.ledger, self.output = scenes, ledger, output
        self.workflow_name, self.workflow = workflow_name, workflow
        self.plans: dict[str, Plan] = {}
        self._begun: dict[str, float] = {}  # by name, the seconds of runs before this one
        self._left = 0

    def jobs(self, object_info: dict) -> list[Job]:
        """The jobs, of what a server says of its nodes. Raises RunError on a workflow that has no place for a scene."""
        try:
            prompt = workflow_to_prompt(self.workflow, object_info)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise _no_workflow(self.workflow_name, error) from error
        try:
            self.plans = {scene.name: planned(prompt, scene) for scene in self.scenes}
            filled = {scene.name: fill_workflow(prompt, scene, "") for scene in self.scenes}
        except SpatiaError as error:
            raise RunError(str(error)) from error
        works = [
            SceneWork(scene.name, filled[scene.name], scene.image, self.plans[scene.name].clips, digest)
            for scene in self.scenes
            if (digest := self._missing(scene, filled[scene.name]))
        ]
        self._left = len(works)
        return [Job(work.name, work) for work in works]

    def begun(self, job: Job) -> None:
        """Known before the first clip is there: a killed run's world is told from another scene's."""
        name = job.name
        if name in self._begun:
            return
        self._begun[name] = float(self.ledger.rows.get(name, {}).get("seconds") or 0.0)
        clips = job.work.clips
        say(f"{name}: {clips} clip{'s' if clips > 1 else ''}")
        self._put(name, job.work.digest, FAILED, self._begun[name], error="was not finished")

    def ended(self, outcome: Outcome) -> None:
        """A scene's row."""
        name, work = outcome.job.name, outcome.job.work
        seconds = round(self._begun.get(name, 0.0) + outcome.seconds, 1)
        self._left -= 1
        state = FAILED if outcome.error else DONE
        self._put(name, work.digest, state, seconds, tries=outcome.tries, error=outcome.error, **(outcome.result or {}))
        say(f"{name}: {state}, {self._left} to go")

    def _missing(self, scene: Scene, filled: dict) -> str:
        """The digest of what a scene is made of; empty where there is nothing to make, or something else is there."""
        digest = hashlib.blake2b(json.dumps(filled).encode() + scene.image.read_bytes(), digest_size=16).hexdigest()
        row = self.ledger.rows.get(scene.name)
        if row is not None and row["digest"] != digest and self._clips(scene.name):
            error = (
                f"{self.output.name}/ holds a scene {scene.name} of another image, text, path or workflow; give another "
                f"--output, or remove spatia/worlds/{scene.name} from it"
            )
            self._put(scene.name, row["digest"], FAILED, 0.0, error=error)
            return ""
        files = [] if row is None else [row["video"], *([row["cloud"]] if row["cloud"] else [])]
        if row is not None and row["state"] == DONE and all((self.output / name).is_file() for name in files):
            say(f"{scene.name} is there")
            return ""
        return digest

    def _clips(self, name: str) -> int:
        """Clips in a scene's world, as far as it is seen from here."""
        return clips_in(world_of(self.output, name))

    def _put(self, name: str, digest: str, state: str, seconds: float, **more: Any) -> None:
        clips = self._clips(name)
        frames = min(self.plans[name].windows.frames(clips), self.plans[name].frames)
        self.ledger.put(
            name, **{"state": state, "clips": clips, "frames": frames, "seconds": seconds, "tries": 0, "digest": digest} | more
        )  # fmt: skip


def _report(scenes: list[Scene], ledger: Ledger, output: Path) -> int:
    videos = {scene.name: output / ledger.rows[scene.name]["video"] for scene in scenes}
    there = [(name, path) for name, path in videos.items() if path.is_file()]
    shown = ["scenes.csv"]
    for start in range(0, len(there), _SHEET_ROWS):
        shown.append(f"sheet_{1 + start // _SHEET_ROWS}.jpg" if start else "sheet.jpg")
        with replacing(output / shown[-1]) as part:
            strips(dict(there[start : start + _SHEET_ROWS])).save(part, "JPEG", quality=90)
    failed = [scene.name for scene in scenes if ledger.rows[scene.name]["state"] != DONE]
    say(f"\n{len(scenes) - len(failed)} of {len(scenes)} scenes are in {output}: {', '.join(shown)}")
    for name in failed:
        say(f"  {name}: " + "\n    ".join(ledger.rows[name]["error"].splitlines()))
    return 1 if failed else 0
