"""Work of the commands of this folder in several processes, each with the host and its networks loaded: here, or on a Ray cluster.

tools/engine.py hands the work out, a job each at a time; this file says where its workers are, and run as a script is one
of them. A command names a function of its own that, given the command's options, loads what the work takes and returns what
makes a piece of it. Pieces and results are plain values: they go through processes that know nothing of the host.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from startup import load_host
from tqdm import tqdm

from tools.console import RunError, say
from tools.engine import Engine, Job, Outcome, Threads
from tools.own_process import OwnProcess, serve
from tools.processes import thread_variables
from tools.ray_pool import RayPool

CPU = "cpu"


def add_options(parser: argparse.ArgumentParser, what: str) -> None:
    """--workers and --ray; what: for the help, which part of the work they share."""
    parser.add_argument(
        "--workers",
        type=_count,
        default=0,
        metavar="N",
        help=f"processes for {what}: here (default: one per card, else 1; cores are shared out), or with --ray (default: one per card, else per machine)",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="a Ray cluster for the same: auto, the one this machine belongs to, its address, or local",
    )


def run(
    options: argparse.Namespace,
    maker: str,
    jobs: list[Job],
    *,
    device: str = CPU,
    threads: int = 0,
    ended: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Make jobs; those that failed three times.

    options: the command's, with those of `add_options` and the folder `work`. maker: "module.function" of this folder;
    called with the options in each process, it returns what makes a job's work. device: cpu or auto. threads: of a worker,
    0 for its share of the cores. ended: told of each job, here. Raises RunError when no worker is left.
    """
    if not jobs:
        return []
    with pool_of(options, maker, len(jobs), device, threads) as pool, _Tally(len(jobs), ended) as tally:
        Engine(pool, tally).run(lambda greeting: jobs)
    if tally.failed:
        say(f"{len(tally.failed)} of {len(jobs)} could not be made; the same command tries them again:")
    for outcome in tally.failed:
        say(f"  {outcome.job.name}: " + "\n    ".join(outcome.error.splitlines()))
    return tally.failed


def pool_of(
    options: argparse.Namespace, maker: str, jobs: int, device: str, threads: int
) -> AbstractContextManager[Any]:
    """Where `run`, whose arguments these are, has so many jobs made."""
    options.work = options.work.resolve()
    folder = Path.cwd()  # the other paths of the options count from here

    def worker(device: str, variables: dict[str, str]) -> OwnProcess:
        comfyui = os.path.abspath(os.environ["COMFYUI_PATH"])
        told = (maker, device, argparse.Namespace(**{**vars(options), "device": device}))
        return OwnProcess(Path(__file__).resolve(), told, folder, {"COMFYUI_PATH": comfyui, **variables})

    if options.ray:
        # Ray itself shares out cards, and cores where no number of threads is given.
        return RayPool(
            options.ray,
            min(options.workers, jobs),
            lambda number, card: worker(device if card else CPU, thread_variables(threads)),
            cards=device != CPU,
        )
    cards = _cards() if device != CPU else []
    count = min(options.workers or max(1, len(cards)), jobs)
    share = thread_variables(threads or max(1, (os.cpu_count() or 1) // count))
    # More workers than cards share them: decoding and clouds keep a card waiting.
    return Threads([
        worker(device, share | ({"CUDA_VISIBLE_DEVICES": cards[number % len(cards)]} if cards else {}))
        for number in range(count)
    ])  # fmt: skip


def _cards() -> list[str]:
    """Names by which CUDA_VISIBLE_DEVICES shows one card alone, of those that this process sees; ROCm goes by them too."""
    import torch

    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    return told.split(",") if told else [str(number) for number in range(torch.cuda.device_count())]


class _Tally:
    """Counts the jobs for whoever waits, and keeps those that failed."""

    def __init__(self, count: int, told: Callable[[Outcome], None]):
        self.failed: list[Outcome] = []
        self._told = told
        self._bar = tqdm(total=count, unit="job", smoothing=0)

    def __enter__(self) -> _Tally:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def begun(self, job: Job) -> None:
        """Nothing is known before a job is whole: what is half made is nowhere."""

    def ended(self, outcome: Outcome) -> None:
        if outcome.error:
            self.failed.append(outcome)
        self._told(outcome)
        self._bar.update()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text} was given, expected a whole number from 1 to 1000")
    return int(text)


def _opened(told: tuple[str, str, argparse.Namespace]) -> Callable[[Any], Any]:
    """What makes the work of a worker that was told this."""
    maker, device, options = told
    if not options.work.is_dir():
        raise RunError(f"{options.work} is not there on this machine; all machines must see it under this name")
    load_host(device)
    module, _, function = maker.rpartition(".")
    return getattr(importlib.import_module(module), function)(options)


if __name__ == "__main__":
    serve(_opened)
