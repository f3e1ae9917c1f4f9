"""How much faster two workers make a list of scenes than one: real servers, the same scenes, one after the other and in pairs.

    COMFYUI_PATH=... python benchmarks/batch.py --scenes 4 --rounds 3

Three ways, in turn within each round, so that other work on the machine meets all of them: one worker with one thread, one
with two threads, two with one thread each. Their servers are up, and have made a scene, before the clock starts. One line
of JSON per measurement, with the machine's load; at the end the medians and the ratios. Beside the seconds stand the CPU
seconds of the servers, of all threads, which other work on the machine changes less: where two workers take as many as one,
they do not stand in each other's way, and on two free cores are as much faster as one keeps its core busy.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import psutil

from tools.desk import Desk, Ledger, Shot, read_workflow
from tools.engine import Engine, Threads
from tools.places import DEMO_IMAGE, cache_folder
from tools.places import ROOT as REPOSITORY
from tools.scene_list import read_scenes
from tools.scene_maker import Machine, OwnServer
from tools.workflows import executed_kinds

WORKFLOW = REPOSITORY / "workflows" / "Memorize When Needed, runs now, one clip per run.json"
WAYS = {"one worker, one thread": (1, 1), "one worker, two threads": (1, 2), "two workers, one thread": (2, 1)}


class Way:
    """Workers that stay up between the measurements."""

    def __init__(self, name: str, folder: Path, comfyui: Path, scenes: int):
        self.name, self.folder, self.scenes = name, folder, scenes
        self.workers, self.threads = WAYS[name]
        self.workflow = read_workflow(WORKFLOW)
        machine = Machine(comfyui, cache_folder(), "cpu", (), self.threads)
        bases = [folder / f"base{number}" for number in range(self.workers)]
        self.output = folder / "made"
        self.output.mkdir(parents=True)
        kinds = executed_kinds(self.workflow.nodes)
        self.pool = Threads([OwnServer(self.output, kinds, machine, base) for base in bases])
        self.rounds = 0

    def measured(self) -> dict:
        """Seconds that the scenes take, their worlds being new."""
        self.rounds += 1
        path = {"preset": "out_and_back", "frames": 25, "base_motion": "pan", "angle": 20}
        entries = [
            {"img": str(DEMO_IMAGE), "prompt": "A room.", "path": path, "name": f"round{self.rounds}_{number}"}
            for number in range(self.scenes if self.rounds > 1 else self.workers)  # the first time it warms up
        ]
        listed = self.folder / "scenes.json"
        listed.write_text(json.dumps(entries))
        scenes = read_scenes(listed)
        ledger = Ledger(self.output, [scene.name for scene in scenes])
        desk = _Timed([Shot(scene, self.workflow) for scene in scenes], ledger, self.output)
        before = self._cpu_seconds()
        Engine(self.pool, desk).run(desk.jobs)
        ended = time.monotonic()
        assert all(ledger.rows[scene.name]["state"] == "done" for scene in scenes)
        return {
            "way": self.name, "scenes": len(scenes), "seconds": round(ended - desk.started, 1),
            "cpu_seconds": round(self._cpu_seconds() - before, 1), "load": round(os.getloadavg()[0], 1),
        }  # fmt: skip

    def _cpu_seconds(self) -> float:
        servers = [worker.server for worker in self.pool.workers]
        processes = [psutil.Process(server.process.pid) for server in servers if server is not None]
        times = [one.cpu_times() for process in processes for one in process.children(recursive=True)]
        return sum(one.user + one.system for one in times)


class _Timed(Desk):
    """A desk that says when the first job was handed out."""

    started = 0.0

    def begun(self, job) -> None:
        self.started = self.started or time.monotonic()
        super().begun(job)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=4, help="scenes of a clip in each measurement (default: 4)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--comfyui", type=Path, default=os.environ.get("COMFYUI_PATH"), required="COMFYUI_PATH" not in os.environ
    )
    options = Namespace(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ways = [
            Way(name, Path(folder) / str(number), Path(options.comfyui).resolve(), options.scenes)
            for number, name in enumerate(WAYS)
        ]
        for way in ways:
            stack.enter_context(way.pool)
            way.measured()
        taken: dict[str, list[dict]] = {way.name: [] for way in ways}
        for _ in range(options.rounds):
            for way in ways:
                taken[way.name].append(way.measured())
                print(json.dumps(taken[way.name][-1]), flush=True)
    for kind in ("seconds", "cpu_seconds"):
        one, threaded, two = (statistics.median(each[kind] for each in taken[name]) for name in WAYS)
        print(json.dumps({
            "median": kind, "one worker, one thread": one, "one worker, two threads": threaded, "two workers": two,
            "two against one": round(one / two, 2), "two against one with two threads": round(threaded / two, 2),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
