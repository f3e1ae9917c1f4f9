"""The long run, `python run.py fuzz --minutes N`: every reader in turn, new inputs until the time is up.

Prints what was tried, and of every fault the smallest input that was found; exits with 1 when there was one.
"""

from __future__ import annotations

import argparse
import base64
import collections
import random
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.errors import NoSuchExample

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the seeds are made by the package itself

from corpus import CORPUS
from strategies import strategies
from worker import Outcome, Worker

ROUND = 100  # inputs of one reader before the next one's turn


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="run.py fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to try (default: 10)")
    parser.add_argument("--only", nargs="*", help="readers to try (default: all)")
    parser.add_argument("--seed", type=int, default=None, help="of the inputs (default: a new one, printed)")
    options = parser.parse_args(arguments)
    began, first = (
        time.monotonic(),
        options.seed if options.seed is not None else random.SystemRandom().randrange(2**31),
    )
    print(f"seed {first}", flush=True)
    tried, faults = collections.Counter(), {}
    with Worker() as worker:
        readers = {
            name: how
            for name, how in strategies().items()
            if name in worker.targets and (not options.only or name in options.only)
        }
        for target, name, make in CORPUS:
            if target in readers:
                note(worker.ask(target, make()), target, f"corpus: {name}", b"", tried, faults)
        number = first
        while time.monotonic() - began < 60 * options.minutes:
            for target, how in readers.items():
                number += 1
                try_some(worker, target, how, number, tried, faults)
    report(readers, tried, faults, time.monotonic() - began)
    return 1 if faults else 0


def try_some(worker: Worker, target: str, how, number: int, tried, faults) -> None:
    """A round of inputs of one reader; of a fault, the smallest input that shows one of the same kind."""
    found: list[tuple[Outcome, bytes]] = []

    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(how)
    def some(data):
        outcome = worker.ask(target, data)
        tried[target, outcome.kind] += 1
        if not outcome.good:
            found.append((outcome, data))

    some()
    for kind in {signature(outcome) for outcome, _ in found}:
        if (target, kind) not in faults:
            outcome, data = next((o, d) for o, d in found if signature(o) == kind)
            faults[target, kind] = (outcome, smallest(worker, target, how, kind, data))
            print(f"FAULT {target}: {kind}", flush=True)


def signature(outcome: Outcome) -> str:
    """What makes two faults the same: the kind, and for an exception where it came from and its class."""
    lines = [line.strip() for line in outcome.text.splitlines() if line.strip()]
    where = next(
        (line for line in reversed(lines) if (line.startswith("File ") and "spatia_core" in line) or "nodes/" in line),
        "",
    )
    return f"{outcome.kind} {where} {lines[-1][:60] if lines else ''}"


def smallest(worker: Worker, target: str, how, kind: str, data: bytes) -> bytes:
    """A smaller input with the same fault, as far as half a minute of shrinking gets."""
    until = time.monotonic() + 30

    def shows(candidate: bytes) -> bool:
        return time.monotonic() < until and signature(worker.ask(target, candidate)) == kind

    try:
        found = find(
            how,
            shows,
            settings=settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck)),
        )
    except NoSuchExample:
        return data
    return min(found, data, key=len)


def note(outcome: Outcome, target: str, name: str, data: bytes, tried, faults) -> None:
    tried[target, outcome.kind] += 1
    if not outcome.good:
        faults[target, name] = (outcome, data)
        print(f"FAULT {target}: {name}", flush=True)


def report(readers, tried, faults, seconds: float) -> None:
    print(f"\n{sum(tried.values())} inputs in {seconds:.0f} s")
    print(f"{'reader':14} {'tried':>8} {'answers':>8} {'refusals':>9} {'faults':>7}")
    for target in readers:
        total = sum(count for (name, _), count in tried.items() if name == target)
        answers, refusals = tried[target, "answer"], tried[target, "refusal"]
        print(f"{target:14} {total:8} {answers:8} {refusals:9} {total - answers - refusals:7}")
    for (target, kind), (outcome, data) in faults.items():
        print(f"\n--- {target}: {kind}\n{outcome.kind}: {outcome.text[-1500:]}")
        if data:
            print(f"{len(data)} bytes: {data[:300]!r}\nbase64: {base64.b64encode(data[:3000]).decode()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
