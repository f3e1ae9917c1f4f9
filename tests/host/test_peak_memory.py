"""Peaks of memory: of this process, and of a card that is played."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest
import torch

MIB = 1 << 20


@pytest.fixture
def peak_memory(pack_module):
    return pack_module("nodes.host.peak_memory")


def watchers(peak_memory) -> int:
    return sum(thread.name == peak_memory.WATCHER for thread in threading.enumerate())


def test_what_a_process_takes_for_a_moment_is_seen(peak_memory):
    with peak_memory.PeakMemory(torch.device("cpu")) as peak:
        held = np.ones(200 * MIB, np.uint8)
        time.sleep(0.2)
        del held
        assert watchers(peak_memory) == 1
    assert peak.beyond > 150 * MIB and peak.bytes > peak.beyond
    assert watchers(peak_memory) == 0
    most, held = peak.bytes, np.ones(400 * MIB, np.uint8)
    peak.end()  # once more changes nothing
    assert peak.bytes == most and held.all()


def test_a_measurement_of_a_run_ends_with_it(peak_memory):
    made = []

    async def run(fails: bool):
        await asyncio.sleep(0)
        made.append(peak_memory.peak_of_run(torch.device("cpu")))
        assert watchers(peak_memory) == 1
        if fails:
            raise RuntimeError("the power went out")

    asyncio.run(run(False))
    with pytest.raises(RuntimeError, match="power"):
        asyncio.run(run(True))
    assert watchers(peak_memory) == 0 and all(peak.bytes for peak in made)
    assert peak_memory.peak_of_run(torch.device("cpu")) is None, "nobody tells the end of what is no run"


def test_on_other_devices_nobody_knows(peak_memory):
    with peak_memory.PeakMemory(torch.device("meta")) as peak:
        assert peak.bytes is None and peak.beyond is None
    assert peak.bytes is None and peak.beyond is None


class Card:
    """The statistics of torch.cuda: one peak for all who ask."""

    def __init__(self) -> None:
        self.held = self.peak = 0

    def take(self, size: int) -> None:
        self.held += size
        self.peak = max(self.peak, self.held)

    def reset_peak_memory_stats(self, device) -> None:
        self.peak = self.held

    def max_memory_allocated(self, device) -> int:
        return self.peak


def test_measurements_of_a_card_may_overlap(peak_memory, monkeypatch):
    """The inner one begins the card's statistics anew, and the outer one still knows what was before, and what was during."""
    card = Card()
    for name in ("reset_peak_memory_stats", "max_memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, getattr(card, name))
    device = torch.device("cuda", 0)
    card.take(100)  # weights
    with peak_memory.PeakMemory(device) as outer:
        card.take(50)
        card.take(-50)
        with peak_memory.PeakMemory(device) as inner:
            card.take(20)
            card.take(-20)
        card.take(30)
        assert (inner.bytes, inner.beyond, outer.bytes) == (120, 20, 150)
        with peak_memory.PeakMemory(device) as third:
            card.take(70)
            card.take(-100)
    card.take(900)
    assert (outer.bytes, outer.beyond, inner.bytes) == (200, 100, 120) and (third.bytes, third.beyond) == (200, 70)
    assert watchers(peak_memory) == 0
