"""The most memory that something takes: of the card, as torch counts it, or on a processor of the process."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any

import psutil
import torch

WATCHER = "spatia peak memory"  # name of the thread that looks at the process
_EVERY = 0.02  # seconds between two looks at the process
_running: weakref.WeakSet[PeakMemory] = weakref.WeakSet()


class PeakMemory:
    """Measures from when it is made until `end`, or to the end of its `with` block. Several may overlap.

    On a card these are the bytes of torch's tensors, weights included, but not those that the host pages by itself, past
    torch. On devices other than cuda and cpu nobody knows.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._most: int | None = None
        self._watcher: threading.Thread | None = None
        self._ended = threading.Event()
        if device.type == "cuda":
            # The card has one peak for all: what the others have seen of it is kept before it begins anew.
            for other in _running:
                other._most = other.bytes
            torch.cuda.reset_peak_memory_stats(device)
        self._most = self._before = self._now()
        _running.add(self)
        if device.type == "cpu":
            self._watcher = threading.Thread(target=self._watch, name=WATCHER, daemon=True)
            self._watcher.start()

    @property
    def bytes(self) -> int | None:
        """At the peak so far; None where nobody knows."""
        now = None if self._ended.is_set() else self._now()
        return self._most if now is None or self._most is None else max(self._most, now)

    @property
    def beyond(self) -> int | None:
        """Bytes at the peak so far beyond those at the beginning; None where nobody knows."""
        most = self.bytes
        return None if most is None or self._before is None else most - self._before

    def end(self) -> None:
        """Measure no longer; once is enough."""
        if not self._ended.is_set():
            most = self.bytes
            self._ended.set()
            if self._watcher is not None:
                self._watcher.join()
            self._most = most if self._most is None or most is None else max(self._most, most)
            _running.discard(self)

    def _now(self) -> int | None:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return psutil.Process().memory_info().rss if self._device.type == "cpu" else None

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(_EVERY):
            self._most = max(self._most or 0, process.memory_info().rss)

    def __enter__(self) -> PeakMemory:
        return self

    def __exit__(self, *error: Any) -> None:
        self.end()


def peak_of_run(device: torch.device) -> PeakMemory | None:
    """A measurement that ends with the host's run at the latest, so that a run which fails leaves no thread behind.

    None outside of the host's runs, of whose end nobody would tell.
    """
    try:
        run = asyncio.current_task()
    except RuntimeError:  # no loop is running
        run = None
    if run is None:
        return None
    peak = PeakMemory(device)
    run.add_done_callback(lambda _: peak.end())
    return peak
