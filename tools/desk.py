"""What a list of scenes comes to in an output folder: shots become jobs, and what became of them rows.

A shot is a scene with the workflow that makes it, and what else a study asks of it: a change of that workflow, something to
measure first, figures to take afterwards. `run.py batch` has the scene alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from spatia_core.errors import SpatiaError
from spatia_core.files import write_text

from .console import RunError, say
from .devices import choose_device
from .engine import Job, Outcome, Threads
from .places import worker_base
from .ray_pool import RayPool
from .scene_list import Scene
from .scene_maker import Machine, Measure, OwnServer, SceneWork, StandingServer, Tune, clips_in, world_of
from .scene_workflow import Plan, fill_workflow, planned
from .workflows import executed_kinds, without_viewers, workflow_to_prompt

COLUMNS = (
    "name", "state", "clips", "frames", "seconds", "tries", "video", "cloud", "points", "psnr", "ssim", "error",
)  # fmt: skip
DONE, FAILED = "done", "failed"
_KEPT = (*COLUMNS, "digest", "measured", "figures")


class Workflow(NamedTuple):
    """A workflow file as the page saves it, without what only shows; name: of the file."""

    name: str
    nodes: dict


def unchanged(prompt: dict) -> dict:
    """The workflow as it is."""
    return prompt


class Shot(NamedTuple):
    """A scene to be made. change: of the workflow (as POST /prompt takes it) before the scene is put in."""

    scene: Scene
    workflow: Workflow
    change: Callable[[dict], dict] = unchanged
    tune: Tune | None = None
    measure: Measure | None = None


def pool_of(
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


def read_workflow(path: Path) -> Workflow:
    """A workflow file. Raises RunError."""
    try:
        workflow = json.loads(path.read_text(encoding="utf-8"))
        executed_kinds(workflow)
        return Workflow(path.name, without_viewers(workflow))
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
                    name: {**dict.fromkeys(_KEPT, ""), **row}
                    for name, row in json.loads(path.read_text("utf-8")).items()
                }
            except (ValueError, AttributeError, TypeError) as error:
                raise SpatiaError(
                    f"{path} cannot be read ({error}); remove it, and what is missing is made."
                ) from error

    def put(self, name: str, **values: Any) -> None:
        """Set a scene's row, and write both files."""
        self.rows[name] = dict.fromkeys(_KEPT, "") | {"name": name} | values
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
    """Makes jobs of the shots that are missing, and rows of what became of them."""

    def __init__(self, shots: list[Shot], ledger: Ledger, output: Path):
        self.shots, self.ledger, self.output = shots, ledger, output
        self.plans: dict[str, Plan] = {}
        self._begun: dict[str, float] = {}  # by name, the seconds of runs before this one
        self._left = 0

    def jobs(self, object_info: dict) -> list[Job]:
        """The jobs, of what a server says of its nodes. Raises RunError on a workflow that has no place for a scene."""
        prompts = {shot.workflow.name: _prompt_of(shot.workflow, object_info) for shot in self.shots}
        works = []
        for shot in self.shots:
            try:
                prompt = shot.change(prompts[shot.workflow.name])
                self.plans[shot.scene.name] = planned(prompt, shot.scene)
                filled = fill_workflow(prompt, shot.scene, "")
            except SpatiaError as error:
                raise RunError(str(error)) from error
            if (work := self._missing(shot, filled)) is not None:
                works.append(work)
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
        """A shot's row."""
        name, work = outcome.job.name, outcome.job.work
        seconds = round(self._begun.get(name, 0.0) + outcome.seconds, 1)
        self._left -= 1
        state = FAILED if outcome.error else DONE
        self._put(name, work.digest, state, seconds, tries=outcome.tries, error=outcome.error, **(outcome.result or {}))
        say(f"{name}: {state}, {self._left} to go")

    def _missing(self, shot: Shot, filled: dict) -> SceneWork | None:
        """What is to be made of a shot; None where all of it is there, or something else is."""
        scene, plan = shot.scene, self.plans[shot.scene.name]
        whole = json.dumps(filled).encode() + scene.image.read_bytes()
        if shot.tune is not None:
            whole += shot.tune.key.encode()
        digest = hashlib.blake2b(whole, digest_size=16).hexdigest()
        row = self.ledger.rows.get(scene.name)
        if row is not None and row["digest"] != digest and self._clips(scene.name):
            error = (
                f"{self.output.name}/ holds a scene {scene.name} of another image, text, path or workflow; give another "
                f"--output, or remove spatia/worlds/{scene.name} from it"
            )
            self._put(scene.name, row["digest"], FAILED, 0.0, error=error)
            return None
        files = [] if row is None else [row["video"], *([row["cloud"]] if row["cloud"] else [])]
        video = ""
        if row is not None and row["state"] == DONE and all((self.output / name).is_file() for name in files):
            if shot.measure is None or row["measured"] == shot.measure.key:
                say(f"{scene.name} is there")
                return None
            video = row["video"]  # only to be measured, with other means than before
        return SceneWork(
            scene.name, filled, scene.image, plan.clips, digest, plan.frames, video, shot.tune, shot.measure
        )

    def _clips(self, name: str) -> int:
        """Clips in a scene's world, as far as it is seen from here."""
        return clips_in(world_of(self.output, name))

    def _put(self, name: str, digest: str, state: str, seconds: float, **more: Any) -> None:
        clips = self._clips(name)
        frames = min(self.plans[name].windows.frames(clips), self.plans[name].frames)
        self.ledger.put(
            name, **{"state": state, "clips": clips, "frames": frames, "seconds": seconds, "tries": 0, "digest": digest} | more
        )  # fmt: skip


def _prompt_of(workflow: Workflow, object_info: dict) -> dict:
    try:
        return workflow_to_prompt(workflow.nodes, object_info)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _no_workflow(workflow.name, error) from error
