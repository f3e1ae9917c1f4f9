"""Workers on a Ray cluster: an actor each, which Ray places where a card or cores are free, and watches over.

Ray is an extra (`pip install ray`) and imported here alone. Results go by path: what a worker writes must lie in a folder
that all machines see under the same name.
"""

from __future__ import annotations

import math
import os
import socket
import sys
from collections.abc import Callable, Hashable
from types import ModuleType
from typing import Any, NamedTuple

from .console import RunError, say
from .engine import Attempt, Job, Lost, Worker, attempt, opening
from .places import ROOT

_LOOK = 1.0  # seconds after which a wait returns to hear Ctrl-C


class Share(NamedTuple):
    """What an actor takes of the cluster."""

    cards: int
    cores: int


class _Actor:
    """One worker, in a process of Ray's."""

    def __init__(self, worker: Worker):
        self._worker = worker

    def open(self) -> Attempt:
        return opening(self._worker)

    def make(self, job: Job) -> Attempt:
        return attempt(self._worker, job.work)


class RayPool:
    """A pool of actors. An actor that is lost, by itself or with its machine, is asked of Ray anew.

    address: of a running cluster, or "auto" for the one that this machine belongs to. workers: how many; 0: one per card,
    or one per machine where the cluster has no card. maker: number of the worker, whether it has a card -> the worker.
    cards: whether to use them.
    """

    def __init__(self, address: str, workers: int, maker: Callable[[int, bool], Worker], cards: bool = True):
        self._ray = import_ray()
        _require_answer(address)
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        # A cluster that is started here sends nothing anywhere.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        local = {"include_dashboard": False} if address == "local" else {}
        try:
            self._ray.init(address, runtime_env={"env_vars": {"PYTHONPATH": path}}, **local)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise RunError(
                f"--ray {address}: no Ray cluster could be joined ({error}); start one with `ray start --head`."
            ) from error
        nodes = [node["Resources"] | ({} if cards else {"GPU": 0}) for node in self._ray.nodes() if node["Alive"]]
        self.count, self.share = shares(nodes, workers)
        self._workers = [maker(number, bool(self.share.cards)) for number in range(self.count)]
        self._actors: dict[int, Any] = {}
        self._owners: dict[Any, int] = {}
        of = f"a card and {self.share.cores} cores" if self.share.cards else f"{self.share.cores} cores"
        say(f"Ray: {self.count} workers on {len(nodes)} machines, {of} each")

    def __enter__(self) -> RayPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in list(self._actors):
            self._dismiss(worker)
        self._ray.shutdown()

    def open(self, worker: int) -> Hashable:
        if worker not in self._actors:
            options = {"num_cpus": self.share.cores, "num_gpus": self.share.cards, "max_restarts": 0}
            actor = self._ray.remote(_Actor).options(**options, scheduling_strategy="SPREAD")
            self._actors[worker] = actor.remote(self._workers[worker])
        return self._owned(worker, self._actors[worker].open.remote())

    def make(self, worker: int, job: Job) -> Hashable:
        return self._owned(worker, self._actors[worker].make.remote(job))

    def done(self, handles: list[Any]) -> list[Any]:
        while not (found := self._ray.wait(handles, num_returns=1, timeout=_LOOK)[0]):
            pass
        return found

    def answer(self, handle: Any) -> Attempt:
        worker = self._owners.pop(handle)
        try:
            return self._ray.get(handle)
        except self._ray.exceptions.RayTaskError:
            raise  # a fault of this code, which another try would not mend
        except self._ray.exceptions.RayError as error:
            # It may live on, cut off from here: what replaces it is not to work beside it.
            self._dismiss(worker)
            raise Lost(f"its worker was lost: {str(error).splitlines()[0]}") from error

    def _owned(self, worker: int, handle: Any) -> Hashable:
        self._owners[handle] = worker
        return handle

    def _dismiss(self, worker: int) -> None:
        self._ray.kill(self._actors.pop(worker))


def _require_answer(address: str) -> None:
    """Raises RunError where nobody listens at host:port, for which Ray would wait minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise RunError(
            f"--ray {address}: nobody answers there ({error}); start a cluster with `ray start --head`, and give the address that it says."
        ) from error


def shares(nodes: list[dict[str, float]], workers: int) -> tuple[int, Share]:
    """How many actors a cluster of these machines gets, and what each takes: a card where there are cards, and cores."""
    cards = [int(node.get("GPU", 0)) for node in nodes]
    cores = [int(node.get("CPU", 0)) for node in nodes]
    if not any(cores):
        raise RunError("The Ray cluster has no machine with cores to work on; start one with `ray start`.")
    if any(cards):
        count = workers or sum(cards)
        with_cards = [(have, of) for have, of in zip(cores, cards) if of]
        return count, Share(1, max(1, min(have // of for have, of in with_cards)))
    count = workers or sum(have > 0 for have in cores)
    # On the machine that has most of them, an even part.
    return count, Share(0, max(1, max(cores) // math.ceil(count / sum(have > 0 for have in cores))))


def import_ray() -> ModuleType:
    """The ray module. Raises RunError that says what to install."""
    try:
        import ray
    except ImportError as error:
        raise RunError(
            f"--ray needs Ray, which is not installed here ({error}); install it with `{sys.executable} -m pip install ray`, "
            "and start every machine of the cluster with that Python's `ray start`."
        ) from error
    return ray
