"""The parent's side: one child process at a time, asked with a deadline, replaced when it dies."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CHILD = Path(__file__).resolve().parent / "child.py"
SECONDS, MEBIBYTES = 5.0, 1024.0  # that one input may take
PATIENCE = 30.0  # seconds after which a child is taken for hung; what took longer than SECONDS is a fault all the same


class Outcome(NamedTuple):
    """kind: answer, refusal (a SpatiaError that names what to change), error, crash, hang, slow or large."""

    kind: str
    text: str
    seconds: float
    mebibytes: float

    @property
    def good(self) -> bool:
        return self.kind in ("answer", "refusal")


class Worker:
    """`with Worker() as worker: worker.ask(target, data)`. host: whether the host's targets are wanted, where there
    is a host.
    """

    def __init__(self, *, host: bool = True):
        self._environment = {key: value for key, value in os.environ.items() if host or key != "COMFYUI_PATH"} | {
            "OMP_NUM_THREADS": "1"
        }
        self._process: subprocess.Popen | None = None
        self.targets: list[str] = []

    def __enter__(self) -> Worker:
        self._start()
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def ask(self, target: str, data: bytes) -> Outcome:
        """What became of one input."""
        if self._process is None:
            self._start()
        request = json.dumps({"target": target, "input": base64.b64encode(data).decode()})
        try:
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._died()
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            self._end()
            return Outcome("hang", f"no answer within {PATIENCE:.0f} s", PATIENCE, 0)
        line = self._process.stdout.readline()
        if not line:
            return self._died()
        found = json.loads(line)
        outcome = Outcome(found["outcome"], found["text"], found["seconds"], found["mebibytes"])
        if outcome.good and outcome.seconds > SECONDS:
            return outcome._replace(kind="slow", text=f"{outcome.seconds:.1f} s; {outcome.text}")
        if outcome.good and outcome.mebibytes > MEBIBYTES:
            return outcome._replace(kind="large", text=f"{outcome.mebibytes:.0f} MiB; {outcome.text}")
        return outcome

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD)],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"the child ended at its start with {self._process.wait()}; run {CHILD} by hand to see why"
            )
        self.targets = json.loads(line)["ready"]

    def _died(self) -> Outcome:
        code = self._process.wait()
        self._process = None
        return Outcome("crash", f"the process ended with {code}", 0, 0)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
