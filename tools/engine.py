"""Work handed out to workers, a piece each at a time: what is tried again, where, and what is told of it.

A job is a name and whatever a worker's `make` takes; what is there already is no job. Where the workers are, a pool knows:
`Threads` of this process, or the actors of a Ray cluster (ray_pool.py), which places them. A worker that is lost comes
back by the pool; its job goes to whichever is free first. All that is told is told in the caller's thread.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, Protocol

from .client import Refused
from .console import RunError, say

TRIES = 3
_LOOK = 1.0  # seconds after which a wait returns to hear Ctrl-C


class Job(NamedTuple):
    """A piece of work; what it holds can be pickled."""

    name: str
    work: Any


class Attempt(NamedTuple):
    """How one try ended; error is empty where it went well."""

    result: Any = None
    error: str = ""
    refused: bool = False  # the same worker would refuse it again
    broken: bool = False  # the worker is to be opened again before it is given anything


class Outcome(NamedTuple):
    """How a job ended; error is empty where it was made."""

    job: Job
    result: Any
    error: str
    tries: int
    seconds: float  # at work, of all tries


class Worker(Protocol):
    """What does the work: in a thread of its own, or an actor. Fit to be pickled until it is opened."""

    def open(self) -> Any:
        """Make it ready to work, also after it broke; the answer is a greeting for whoever lists the jobs."""

    def make(self, work: Any) -> Any:
        """One piece of work; the result can be pickled. What it raises is an attempt that failed."""

    def broken(self) -> bool:
        """Whether it must be opened again."""

    def close(self) -> None:
        """End it, and what it is at; from another thread."""


class Listener(Protocol):
    """Who hears what becomes of the jobs."""

    def begun(self, job: Job) -> None:
        """A worker is about to be given a job, the first time or again."""

    def ended(self, outcome: Outcome) -> None:
        """A job was made, or given up."""


class Lost(Exception):
    """A worker went, and what it was at with it."""


class Pool(Protocol):
    """Where workers are: begins what they are to do, and waits for it."""

    count: int

    def open(self, worker: int) -> Hashable:
        """Begin to open a worker, a new one in its place where it was lost; the handle's answer is an Attempt."""

    def make(self, worker: int, job: Job) -> Hashable:
        """Begin a job; the handle's answer is an Attempt."""

    def done(self, handles: list[Any]) -> list[Any]:
        """Those of the handles that have an answer, after a wait for the first of them."""

    def answer(self, handle: Any) -> Attempt:
        """What a handle that is done has to say. Raises Lost."""


def attempt(worker: Worker, work: Any) -> Attempt:
    """One try of one worker, whatever happens."""
    try:
        return Attempt(worker.make(work))
    except Refused as error:
        return Attempt(error=str(error), refused=True)
    except Exception as error:  # of whatever kind the work has
        return Attempt(error=said(error), broken=worker.broken())


def opening(worker: Worker) -> Attempt:
    """A worker's greeting as an attempt."""
    try:
        return Attempt(worker.open())
    except Exception as error:
        return Attempt(error=said(error), broken=True)


def said(error: Exception) -> str:
    """An error in a sentence: a message of ours explains itself; of others the kind is half of it."""
    return str(error) if explains_itself(error) else f"{type(error).__name__}: {error}"


def explains_itself(error: Exception) -> bool:
    """Whether an error is one of ours; SpatiaError by its name, as the package may be here as a part of another."""
    return type(error).__module__.split(".")[0] == "tools" or type(error).__name__ == "SpatiaError"


class Threads:
    """A pool of workers of this process, a thread each."""

    def __init__(self, workers: list[Worker]):
        self.workers, self.count = workers, len(workers)
        self._threads = [concurrent.futures.ThreadPoolExecutor(1) for _ in workers]

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.close()
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)

    def open(self, worker: int) -> Hashable:
        return self._threads[worker].submit(opening, self.workers[worker])

    def make(self, worker: int, job: Job) -> Hashable:
        return self._threads[worker].submit(attempt, self.workers[worker], job.work)

    def done(self, handles: list[concurrent.futures.Future]) -> list[concurrent.futures.Future]:
        while not (found := concurrent.futures.wait(handles, _LOOK, concurrent.futures.FIRST_COMPLETED).done):
            pass
        return list(found)

    def answer(self, handle: concurrent.futures.Future) -> Attempt:
        return handle.result()


class _Task(NamedTuple):
    worker: int
    job: Job | None  # None: it is being opened
    began: float


class Engine:
    """Runs jobs through a pool, each until it is made or has failed three times."""

    def __init__(self, pool: Pool, listener: Listener):
        self.pool, self.listener = pool, listener
        self._waiting: deque[Job] = deque()
        self._busy: dict[Any, _Task] = {}
        self._idle: list[int] = []
        self._in_play = set(range(pool.count))
        self._unopened: Counter[int] = Counter()  # openings that failed, one after the other
        self._tries: Counter[str] = Counter()
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed_by: dict[str, int] = {}  # the worker of a job's last try
        self._refused_by: dict[str, set[int]] = {}
        self._refusals: dict[int, set[str]] = {}  # by worker, the lines of its last answer if that was a refusal
        self._left = ""  # why the last worker was left out

    def run(self, jobs: Callable[[Any], list[Job]]) -> None:
        """Open the workers, ask for the jobs with the first one's greeting, and run them.

        Raises RunError when no worker is left; what was made until then was told.
        """
        listed = False
        for worker in range(self.pool.count):
            self._open(worker)
        while not listed or self._waiting or any(task.job for task in self._busy.values()):
            if not self._busy:
                raise RunError(self._left)
            for handle in self.pool.done(list(self._busy)):
                task = self._busy.pop(handle)
                try:
                    answer = self.pool.answer(handle)
                except Lost as error:
                    answer = Attempt(error=str(error), broken=True)
                if task.job is not None:
                    self._tried(task.worker, task.job, answer, time.monotonic() - task.began)
                elif self._opened(task.worker, answer) and not listed:
                    self._waiting.extend(jobs(answer.result))
                    listed = True
            self._hand_out()

    def _open(self, worker: int) -> None:
        self._busy[self.pool.open(worker)] = _Task(worker, None, time.monotonic())

    def _opened(self, worker: int, answer: Attempt) -> bool:
        if not answer.error:
            self._unopened[worker] = 0
            self._idle.append(worker)
            return True
        self._unopened[worker] += 1
        if self._unopened[worker] < TRIES:
            self._open(worker)
        else:
            self._leave_out(worker, answer.error)
        return False

    def _tried(self, worker: int, job: Job, answer: Attempt, seconds: float) -> None:
        self._tries[job.name] += 1
        self._seconds[job.name] += seconds
        if not answer.error:
            self._end(job, answer.result, "")
        else:
            say(f"  {job.name}: {answer.error.splitlines()[0]}")
            self._failed_by[job.name] = worker
            if answer.refused:
                self._refused_by.setdefault(job.name, set()).add(worker)
            if self._tries[job.name] < TRIES and self._may_be_made(job):
                self._waiting.appendleft(job)
            else:
                self._end(job, None, answer.error)
        lines = set(answer.error.splitlines()) if answer.refused else set()
        if lines and lines == self._refusals.get(worker):
            # Two jobs, one reason: it is the worker, or what all jobs have in common.
            self._leave_out(worker, f"ComfyUI refuses the workflow, whatever the scene:\n{answer.error}")
            return
        self._refusals[worker] = lines
        if answer.broken:
            say("  its worker has ended; starting it again")
            self._open(worker)
        else:
            self._idle.append(worker)

    def _leave_out(self, worker: int, why: str) -> None:
        self._in_play.discard(worker)
        self._left = why
        if self._in_play:
            say(f"  a worker is left out: {why}")
        for job in [job for job in self._waiting if self._in_play and not self._may_be_made(job)]:
            self._waiting.remove(job)
            self._end(job, None, why)

    def _may_be_made(self, job: Job) -> bool:
        return bool(self._in_play - self._refused_by.get(job.name, set()))

    def _hand_out(self) -> None:
        for worker in list(self._idle):
            job = self._next_for(worker)
            if job is not None:
                self._idle.remove(worker)
                self._waiting.remove(job)
                self.listener.begun(job)
                self._busy[self.pool.make(worker, job)] = _Task(worker, job, time.monotonic())

    def _next_for(self, worker: int) -> Job | None:
        """The first job that waits; one that this worker failed at is left to the others, while any of them is at work."""
        # Looked at one by one: there may be tens of thousands, and mostly it is the first.
        first = None
        for job in self._waiting:
            if worker in self._refused_by.get(job.name, ()):
                continue
            if self._failed_by.get(job.name) != worker or self._in_play == {worker}:
                return job
            first = first or job
        others = any(task.job for task in self._busy.values()) or any(other != worker for other in self._idle)
        return None if others else first

    def _end(self, job: Job, result: Any, error: str) -> None:
        self.listener.ended(Outcome(job, result, error, self._tries[job.name], self._seconds[job.name]))
