"""What is measured of a shot, from its world, by whichever worker made it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from torch import Tensor

from spatia_core.memory import SpatialMemory
from spatia_core.metrics import (
    Matcher,
    MetricUnavailable,
    Scene,
    Tools,
    load_lpips,
    load_matcher,
    match_accuracy,
    psnr,
    report_card,
    ssim,
)
from spatia_core.metrics.camera_motion import MotionMeter
from spatia_core.metrics.report_card import EQUAL
from spatia_core.world import MAIN, World

from . import worldscore
from .filmed import Filmed

_AT_ONCE = 16  # frames


class Meters(NamedTuple):
    """Which matcher, and which LPIPS ("": none): the same for all workers, since figures of two cannot be compared."""

    matcher: str
    lpips: str


def best_meters(matcher: str, lpips: str) -> tuple[Meters, list[str]]:
    """The meters that are installed here, and what is said of them. lpips: "auto" for one if there is."""
    chosen = load_matcher(matcher)
    notes = [f"Match Accuracy by {chosen.name}.", *(f"Not taken: {lacking}" for lacking in chosen.lacking)]
    try:
        net = "alex" if lpips == "auto" else lpips
        load_lpips(net)
        notes.append(f"LPIPS with {net}.")
    except MetricUnavailable as reason:
        if lpips != "auto":
            raise
        net = ""
        notes.append(f"No LPIPS: {reason}")
    return Meters(chosen.kind, net), notes


@functools.cache
def _matcher(name: str) -> Matcher:
    return load_matcher(name)


@functools.cache
def _lpips(net: str) -> Callable[[Tensor, Tensor], float]:
    return load_lpips(net)


class Instance(NamedTuple):
    """A folder for WorldScore's evaluator. root: of all; frames: to each motion."""

    root: Path
    entry: worldscore.Entry
    per_motion: int
    fps: float


class Measures(NamedTuple):
    """What of a shot is measured: a tuple of `closing`, `camera`, `revisit`; a filmed video to compare it with; a folder to write."""

    meters: Meters
    kinds: tuple[str, ...]
    filmed: Filmed | None = None
    instance: Instance | None = None

    @property
    def key(self) -> str:
        """Of what is measured, and with what."""
        return "; ".join(filter(None, [*self.kinds, "filmed" if self.filmed else "", *self.meters]))

    def __call__(self, world: World, frames: int) -> dict[str, Any]:
        memory = world.memory(world.head(MAIN))
        records = world.chain(world.head(MAIN))[1:]
        found: dict[str, Any] = {"s a clip": fmean(record.seconds for record in records)}
        peaks = [record.peak_bytes for record in records if record.peak_bytes is not None]
        if peaks:
            found["peak GiB"] = max(peaks) / 2**30
        if memory.cloud.size:
            found["points"] = memory.cloud.size
        if "closing" in self.kinds:
            found |= self._closing(memory, frames)
        if "camera" in self.kinds:
            found |= self._camera(memory, frames)
        if "revisit" in self.kinds:
            found |= self._revisit(memory, frames)
        if self.filmed is not None:
            found |= self._against(self.filmed, memory, frames)
        if self.instance is not None:
            root, entry, per_motion, fps = self.instance
            seconds = sum(record.seconds for record in records)
            count = (per_motion - 1) * len(entry.motions) + 1  # without what fills up the last clip
            worldscore.write_instance(root, entry, memory.read_frames(range(count)), per_motion, seconds, fps)
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def _closing(self, memory: SpatialMemory, frames: int) -> dict[str, float]:
        """The paper's PSNR_C, SSIM_C, LPIPS_C and Match Accuracy: the last frame against the given image."""
        first, last = memory.read_frames([0, frames - 1]).float() / 255
        found = {"psnr_c": _decibels(last, first), "ssim_c": ssim(last, first)}
        found["match_c"] = match_accuracy(last, first, _matcher(self.meters.matcher))
        if self.meters.lpips:
            found["lpips_c"] = _lpips(self.meters.lpips)(last, first)
        return found

    def _camera(self, memory: SpatialMemory, frames: int) -> dict[str, float]:
        """How far the camera that the frames show is off the commanded one, as report cards measure it."""
        meter = MotionMeter(memory.cameras.select(slice(0, frames)))
        for number, frame in enumerate(_frames(memory, frames)):
            meter(number, frame)
        turns = [one.turn for one in meter.found if one.turn is not None]
        ways = [one.direction for one in meter.found if one.direction is not None]
        found = {"stretches measured": len(turns) / max(1, len(meter.found))}
        if turns:
            found["turn error deg"] = fmean(turns)
        if ways:
            found["direction error deg"] = fmean(ways)
        return found

    def _revisit(self, memory: SpatialMemory, frames: int) -> dict[str, float]:
        """Closure and revisits of a report card."""
        scene = Scene(memory.cloud.positions, memory.voxel_size) if memory.cloud.size else None
        lpips = _lpips(self.meters.lpips) if self.meters.lpips else None
        tools = Tools(_matcher(self.meters.matcher), lpips)
        card = report_card(_frames(memory, frames), memory.cameras.select(slice(0, frames)), tools, scene)
        return {name: figure.value.mean for name, figure in card.figures.items() if figure.value is not None}

    def _against(self, filmed: Filmed, memory: SpatialMemory, frames: int) -> dict[str, float]:
        """Each predicted frame against the filmed one; means over frames."""
        truth, _ = filmed.clip(memory.width, memory.height, frames)
        targets = [target for target in filmed.targets if target < frames] or list(range(1, frames))
        found: dict[str, list[float]] = {"psnr": [], "ssim": [], "lpips": []}
        for target in targets:
            made, true = memory.read_frames([target])[0].float() / 255, truth[target].float() / 255
            found["psnr"].append(_decibels(made, true))
            found["ssim"].append(ssim(made, true))
            if self.meters.lpips:
                found["lpips"].append(_lpips(self.meters.lpips)(made, true))
        return {name: fmean(values) for name, values in found.items() if values}


def _decibels(image: Tensor, reference: Tensor) -> float:
    """PSNR; equal frames count as EQUAL, so that means stay finite."""
    return min(EQUAL, psnr(image, reference))


def _frames(memory: SpatialMemory, count: int) -> Iterator[Tensor]:
    for start in range(0, count, _AT_ONCE):
        yield from memory.read_frames(range(start, min(count, start + _AT_ONCE)))
