"""`run.py batch`: a list of scenes, each made clip by clip into a world and a video by a real ComfyUI server.

    OUT/<name>_00001_.mp4       the video of a scene
    OUT/spatia/worlds/<name>/   its world: what a second run goes on from
    OUT/scenes.csv, sheet.jpg   a row and a strip of frames per scene
    OUT/batch.json              what was made, and of what

A scene that fails is tried again where it stopped, three times in all; then the others go on without it. The same command
again makes what is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

from spatia_core.errors import SpatiaError
from spatia_core.files import replacing, write_text
from spatia_core.world import MAIN, World

from .client import Progress, Refused, run_prompt, upload_image
from .console import RunError, say
from .contact_sheet import strips
from .devices import choose_device
from .places import base_folder
from .scene_list import (
    Scene,
    Windows,
    fill_workflow,
    read_scenes,
    require_whole_windows,
    video_alone,
    windows_of,
)
from .server import Server
from .workflows import nodes_of, without_viewers, workflow_to_prompt

TRIES = 3
_ENDING = 1.0  # seconds that a server which closed its connections has to end in
COLUMNS = ("name", "state", "clips", "frames", "seconds", "tries", "video", "error")
DONE, FAILED = "done", "failed"


def batch(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The scenes of a list; 0 when all of them are there."""
    try:
        scenes = read_scenes(options.scenes)
        options.output.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(options.output, [scene.name for scene in scenes])
    except SpatiaError as error:
        raise RunError(str(error)) from error
    device = choose_device(options.device)
    extra = ["--output-directory", str(options.output.resolve())]
    if options.models:
        extra += ["--models-directory", str(options.models.resolve())]
    say(f"{len(scenes)} scenes; starting ComfyUI on {device}")
    with Server(comfyui, base_folder(cache), cache, device, extra=tuple(extra)) as server:
        prompt = _read_workflow(server, options.workflow)
        try:
            windows = windows_of(prompt)
            require_whole_windows(scenes, windows)
            fill_workflow(prompt, scenes[0], "image.png")  # a workflow without a place for a scene is told first
        except SpatiaError as error:
            raise RunError(str(error)) from error
        maker = Maker(server, options.output, prompt, windows, ledger)
        for number, scene in enumerate(scenes, 1):
            clips = windows.whole(scene.cameras.count)
            say(f"{number}/{len(scenes)}  {scene.name}: {clips} clip{'s' if clips > 1 else ''}")
            maker.scene(scene)
            ledger.write()
            if maker.refused_alike:
                raise RunError(f"ComfyUI refuses the workflow, whatever the scene:\n{ledger.rows[scene.name]['error']}")
    videos = {scene.name: options.output / ledger.rows[scene.name]["video"] for scene in scenes}
    if there := {name: path for name, path in videos.items() if path.is_file()}:
        with replacing(options.output / "sheet.jpg") as part:
            strips(there).save(part, "JPEG", quality=90)
    shown = "scenes.csv, sheet.jpg" if there else "scenes.csv"
    failed = [scene.name for scene in scenes if ledger.rows[scene.name]["state"] != DONE]
    say(f"\n{len(scenes) - len(failed)} of {len(scenes)} scenes are in {options.output}: {shown}")
    for name in failed:
        say(f"  {name}: " + "\n    ".join(ledger.rows[name]["error"].splitlines()))
    return 1 if failed else 0


def _read_workflow(server: Server, path: Path) -> dict:
    try:
        workflow = json.loads(path.read_text(encoding="utf-8"))
        return workflow_to_prompt(without_viewers(workflow), server.get("/object_info"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path.name} is no workflow as ComfyUI's page saves it ({error}); give another --workflow"
        ) from error


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

    def write(self) -> None:
        """Write both files, of the table the scenes of this list."""
        rows = [self.rows[name] for name in self.order if name in self.rows]
        write_text(self.folder / "batch.json", json.dumps(self.rows, indent=1))
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.folder / "scenes.csv", table.getvalue())


class Maker:
    """Makes one scene after the other on a server, which it starts again where it has ended."""

    def __init__(self, server: Server, output: Path, prompt: dict, windows: Windows, ledger: Ledger):
        self.server, self.output, self.prompt, self.windows, self.ledger = server, output, prompt, windows, ledger
        # Lines of the refusals of scenes that followed each other; the host's order varies.
        self._refusals: list[set[str]] = []

    @property
    def refused_alike(self) -> bool:
        """Whether the last two scenes were refused for the same reason: then the workflow is, and not they."""
        return len(self._refusals) > 1 and self._refusals[-1] == self._refusals[-2]

    def scene(self, scene: Scene) -> None:
        """Make what is missing of a scene, and write its row."""
        clips = self.windows.whole(scene.cameras.count)
        filled = fill_workflow(self.prompt, scene, "")
        digest = hashlib.blake2b(json.dumps(filled).encode() + scene.image.read_bytes(), digest_size=16).hexdigest()
        row = self.ledger.rows.get(scene.name)
        if row is not None and row["digest"] != digest and self._made(scene):
            self._row(
                scene, row["digest"], FAILED, 0.0, 0, "",
                f"{self.output.name}/ holds a scene {scene.name} of another image, text, path or workflow; give another "
                f"--output, or remove spatia/worlds/{scene.name} from it",
            )  # fmt: skip
            return
        if row is not None and row["state"] == DONE and (self.output / row["video"]).is_file():
            say("  is there")
            return
        began, error = time.monotonic(), ""
        # Known before the first clip is there: a killed run's world is told from another scene's.
        self._row(scene, digest, FAILED, 0.0, 0, "", "was not finished")
        self.ledger.write()
        for attempt in range(1, TRIES + 1):
            try:
                video = asyncio.run(self._make(scene, clips))
            except (RunError, SpatiaError, OSError) as problem:
                error = str(problem)
                say(f"  {error.splitlines()[0]}")
                if isinstance(problem, Refused):
                    self._refusals.append(set(error.splitlines()))
                    break
                if self.server.ends(_ENDING):
                    say("  ComfyUI has ended; starting it again")
                    self.server.restart()
            else:
                self._refusals.clear()
                self._row(scene, digest, DONE, time.monotonic() - began, attempt, video, "")
                return
        self._row(scene, digest, FAILED, time.monotonic() - began, attempt, "", error)

    async def _make(self, scene: Scene, clips: int) -> str:
        """The clips that a scene's world lacks, then its video; the video's name in the output folder."""
        image = await upload_image(self.server, scene.image)
        filled = fill_workflow(self.prompt, scene, image)
        shown: dict | None = None
        while (made := self._made(scene)) < clips:
            shown = await run_prompt(self.server, filled, Progress(filled, quiet=True))
            if self._made(scene) == made:
                raise RunError("a run of the workflow left no further clip in its world; check that it has Commit Clip")
            say(f"  clip {made + 1} of {clips}")
        (number,) = nodes_of(filled, "SpatiaWorldVideo")
        if shown is None:  # the last run ended between its last clip and its video
            alone = video_alone(filled)
            shown = await run_prompt(self.server, alone, Progress(alone, quiet=True))
        return shown[number]["text"][0].removesuffix(" [output]")

    def _made(self, scene: Scene) -> int:
        """Clips in a scene's world."""
        world = World(self.output / "spatia" / "worlds" / scene.name)
        # The image it begins with is the first of the chain.
        return len(world.chain(world.head(MAIN))) - 1 if world.exists else 0

    def _row(self, scene: Scene, digest: str, state: str, seconds: float, tries: int, video: str, error: str) -> None:
        clips = self._made(scene)
        before = self.ledger.rows.get(scene.name, {}).get("seconds") or 0.0
        self.ledger.rows[scene.name] = {
            "name": scene.name, "state": state, "clips": clips, "frames": self.windows.frames(clips),
            "seconds": round(before + seconds, 1), "tries": tries, "video": video, "error": error, "digest": digest,
        }  # fmt: skip
