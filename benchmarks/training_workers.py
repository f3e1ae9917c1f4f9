"""How much faster two workers prepare training data and make evaluations than one, of one thread each: the same rooms, in turn.

    COMFYUI_PATH=... python benchmarks/training_workers.py --jobs 4 --rounds 3

prepare: rooms to the latents of a first, a later and a posed clip each (training/train.py --stages prepare). tables: rooms to a
measured video of two clips each (training/tables.py). The ways take turns within each round, so that other work on the machine
meets both. Their processes are up, and have made a room, before the clock starts. One line of JSON per measurement, with the
machine's load; at the end the medians of the rounds' ratios. Beside the seconds stand the CPU seconds of the workers, which
other work changes less: where two take as many as one, they do not stand in each other's way.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

TRAINING = str(Path(__file__).resolve().parent.parent / "training")
if TRAINING not in sys.path:
    sys.path.insert(0, TRAINING)

import psutil
import tables
import train
import workers
from startup import add_package

from tools.engine import Engine, Job, Outcome

WAYS = {"one worker": 1, "two workers": 2}


class Way:
    """Workers of one thread each that stay up between the measurements, and work in a folder of their own."""

    def __init__(self, kind: str, name: str, folder: Path):
        self.kind, self.name, self.count, self.began = kind, name, WAYS[name], 0.0
        command = [str(folder), "--workers", str(self.count)]
        if kind == "prepare":
            more = ["--data", "rooms:0", "--stages", "prepare", "control", "lora", "camera", "--device", "cpu"]
            self.options, maker = train.parser().parse_args([*command, *more, "--threads", "1"]), "train.latent_maker"
        else:
            self.options, maker = tables.parser().parse_args(command), "tables.scene_maker"
        self.pool = workers.pool_of(self.options, maker, self.count, workers.CPU, 1)

    def jobs(self, seeds: range) -> list[Job]:
        """One for each room."""
        if self.kind == "tables":
            setting = {"depth": "exact"}
            return [Job(str(seed), ("closed", seed, float("inf"), [(setting, ["closed"], None)])) for seed in seeds]
        clips = [("first", 0), ("later", 0), ("posed", 0)]
        return [Job(str(seed), ((f"room_{seed:07d}", "rooms", str(seed)), clips)) for seed in seeds]

    def begun(self, job: Job) -> None:
        self.began = self.began or time.monotonic()

    def ended(self, outcome: Outcome) -> None:
        assert not outcome.error, outcome.error

    def measured(self, seeds: range) -> dict:
        """Seconds that these rooms take, which are new to the folder."""
        self.began, before = 0.0, self._cpu_seconds()
        Engine(self.pool, self).run(lambda greeting: self.jobs(seeds))
        return {
            "what": self.kind, "way": self.name, "rooms": len(seeds), "seconds": round(time.monotonic() - self.began, 1),
            "cpu_seconds": round(self._cpu_seconds() - before, 1), "load": round(os.getloadavg()[0], 1),
        }  # fmt: skip

    def _cpu_seconds(self) -> float:
        found = [one for one in psutil.Process().children(recursive=True) if one.is_running()]
        times = [one.cpu_times() for one in found]
        return sum(one.user + one.system for one in times)


def compared(kind: str, rooms: int, rounds: int, folder: Path) -> None:
    """Measure both ways in turn, and print what comes of it."""
    with ExitStack() as stack:
        ways = [Way(kind, name, folder / kind / name) for name in WAYS]
        for way in ways:
            way.options.work.mkdir(parents=True)
            stack.enter_context(way.pool)
            way.measured(range(way.count))
        taken: dict[str, list[dict]] = {name: [] for name in WAYS}
        for number in range(rounds):
            # The first room is another for each round: what a worker keeps of one is of no use.
            seeds = range(100 + number * rooms, 100 + (number + 1) * rooms)
            for way in ways:
                taken[way.name].append(way.measured(seeds))
                print(json.dumps(taken[way.name][-1]), flush=True)
    ratios = {
        column: [one[column] / two[column] for one, two in zip(*taken.values())]
        for column in ("seconds", "cpu_seconds")
    }
    print(json.dumps({
        "what": kind, "one against two": {name: round(statistics.median(values), 2) for name, values in ratios.items()},
        "of each round": [round(value, 2) for value in ratios["seconds"]],
    }))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", nargs="+", choices=("prepare", "tables"), default=["prepare", "tables"])
    parser.add_argument("--jobs", type=int, default=4, help="rooms of each measurement (default: 4)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if "COMFYUI_PATH" not in os.environ:
        parser.error("set COMFYUI_PATH to the folder that holds ComfyUI's main.py")
    add_package()
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.what:
            compared(kind, options.jobs, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
