"""A report card for any video with its camera path: closure, revisits, camera error, colour and sharpness.

It knows nothing of how the video was made, so that models can be compared. What a video or its path does not let one
measure is not a number but a reason. A video is read once, a frame at a time; only frames that wait for their pair are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.ndimage import laplace
from torch import Tensor
from torch.nn import functional as F

from ..cameras.camera import Cameras, make_cameras
from ..errors import SpatiaError
from ..interrupt import look_for_interrupt
from ..render.visibility import nearest_depth
from .camera_motion import MotionMeter, Stretch
from .closed_loop import colour_shift, psnr, ssim
from .matchers import Matcher, match_accuracy
from .optional import MetricUnavailable
from .revisits import AWAY, OVERLAP, SAME, Scene, apart, closes, overlaps, path_extent, revisits, seen_again
from .statistics import Interval, bootstrap

MOST_PAIRS = 16
EQUAL = 100.0  # dB that equal frames count as, so that means stay finite
_LUMA = np.array([0.299, 0.587, 0.114])
_WARP_SIDE = 320  # pixels of the longer side of pictures that are compared through the scene
_SHARED = 0.05  # of the pixels: fewer are not compared
_ENDS = 0.1  # of the video's frames, its beginning and its end
_LEAST_SIDE = 16  # pixels

CLOSURE, REVISIT, OVERLAPPING = "closure", "revisit", "overlap"


class Pair(NamedTuple):
    """Two frames that see the same place, and how alike they are. Values that were not measured are None.

    kind: CLOSURE (first and last frame), REVISIT (the same pose) or OVERLAPPING (compared through the scene's points).
    psnr: dB, `EQUAL` at most. colour: 8-bit steps, as `colour_shift`. exposure: 8-bit steps of mean luma, later minus earlier.
    sharpness: variance of the Laplacian, later over earlier. matches: Match Accuracy. lpips: 0 is equal.
    """

    kind: str
    first: int
    second: int
    psnr: float
    colour: float
    ssim: float | None = None
    exposure: float | None = None
    sharpness: float | None = None
    matches: float | None = None
    lpips: float | None = None


class Figure(NamedTuple):
    """A mean with its 95 % bootstrap interval over `count` of `tried` pairs or stretches; None, and a reason, where there is none."""

    title: str
    unit: str
    value: Interval | None
    # Hides a tuple's method of the name, which nobody calls.
    count: int  # type: ignore[assignment]
    tried: int
    reason: str = ""


class ReportCard(NamedTuple):
    """What was measured of a video of `frames` frames (height, width).

    figures: by name, in the order to show them. pairs, stretches: what they are means of. frame_sharpness: (N,) variance of
    the Laplacian of 8-bit luma. frame_colour: (N, 3) mean colour, 0..255. pictures: caption and (H, W, 3) uint8. notes: of what was left out.
    """

    frames: int
    height: int
    width: int
    matcher: str
    figures: dict[str, Figure]
    pairs: tuple[Pair, ...]
    stretches: tuple[Stretch, ...]
    frame_sharpness: np.ndarray
    frame_colour: np.ndarray
    pictures: tuple[tuple[str, Tensor], ...]
    notes: tuple[str, ...]


class Tools(NamedTuple):
    """What pairs are compared with: matcher and lpips are optional; missing: why one that was wanted is not there."""

    matcher: Matcher | None = None
    lpips: Callable[[Tensor, Tensor], float] | None = None
    missing: tuple[str, ...] = ()


def report_card(
    frames: Iterable[Tensor], cameras: Cameras, tools: Tools | None = None, scene: Scene | None = None
) -> ReportCard:
    """Measure a video against its camera path.

    frames: (H, W, 3) uint8 each, in order; read once. cameras: one per frame. scene: the place's points in the cameras'
    world, with which frames are compared that see the same surface from different poses. Without a matcher no Match Accuracy
    is measured, without OpenCV no camera error. Raises SpatiaError on no frame, frames of different sizes, another count of
    cameras, and cameras that are not valid.
    """
    cameras = make_cameras(cameras.w2c, cameras.intrinsics)
    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        raise SpatiaError("The video has no frame, expected one per camera; check the video.")
    _check_frame(first, first.shape)
    card = _Measuring(cameras, (first.shape[0], first.shape[1]), tools or Tools(), scene)
    for number, frame in enumerate(chain([first], stream)):
        look_for_interrupt()
        _check_frame(frame, first.shape)
        if number >= cameras.count:
            raise SpatiaError(count_mismatch(f"more than {number}", cameras.count))
        card.take(number, frame)
    if len(card.sharpness) != cameras.count:
        raise SpatiaError(count_mismatch(str(len(card.sharpness)), cameras.count))
    return card.finished()


def count_mismatch(frames: str, cameras: int) -> str:
    """What is said of a video and a path of different lengths."""
    return (
        f"The video has {frames} frame(s) and the path {cameras} camera(s), expected one camera per frame; choose the path that "
        "this video was made with, or cut what pads the video."
    )


def _check_frame(frame: Tensor, shape: torch.Size) -> None:
    if frame.dtype != torch.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or min(frame.shape) < 1:
        raise SpatiaError(
            f"A frame of shape {tuple(frame.shape)} and type {frame.dtype} was given, expected (height, width, 3) uint8; check the video."
        )
    if frame.shape != shape:
        raise SpatiaError(
            f"Frames of {shape[1]}x{shape[0]} and of {frame.shape[1]}x{frame.shape[0]} pixels were given, expected one size; check the video."
        )
    if min(frame.shape[:2]) < _LEAST_SIDE:
        raise SpatiaError(
            f"Frames of {frame.shape[1]}x{frame.shape[0]} pixels were given, expected at least {_LEAST_SIDE} on each side; use larger frames."
        )


class _Measuring:
    """One video, while its frames come in."""

    def __init__(self, cameras: Cameras, size: tuple[int, int], tools: Tools, scene: Scene | None):
        self.cameras, self.size, self.tools = cameras, size, tools
        self.notes = list(tools.missing)
        self.sharpness: list[float] = []
        self.colour: list[np.ndarray] = []
        self.pairs: list[Pair] = []
        self.pictures: dict[str, tuple[str, Tensor, Tensor]] = {}
        self.motion: MotionMeter | None = None
        self._no_motion = ""
        try:
            self.motion = MotionMeter(cameras)
        except MetricUnavailable as reason:
            self._no_motion = str(reason)
            self.notes.append(self._no_motion)
        self._plan_pairs(scene)
        self._kept: dict[int, Tensor] = {}
        self._last_use = {
            first: max(second for one, second, _ in self._wanted if one == first) for first, _, _ in self._wanted
        }

    def _plan_pairs(self, scene: Scene | None) -> None:
        count = self.cameras.count
        same = revisits(self.cameras)
        closing = (0, count - 1)
        self.closes = closes(self.cameras)
        self._open = "" if self.closes else _why_open(self.cameras)
        rest = [pair for pair in same if pair != closing]
        chosen = [rest[round(at)] for at in np.linspace(0, len(rest) - 1, min(len(rest), MOST_PAIRS))]
        if len(rest) > len(chosen):
            self.notes.append(
                f"{len(chosen)} of {len(rest)} pairs of frames with the same pose were compared, evenly chosen."
            )
        self._wanted = [(*closing, CLOSURE)] * self.closes + [(*pair, REVISIT) for pair in chosen]
        self._no_overlap = "needs the scene: a memory, a world or its points"
        self._depth: dict[int, Tensor] = {}
        if scene is not None:
            self._plan_overlaps(scene, set(same))

    def _plan_overlaps(self, scene: Scene, same: set[tuple[int, int]]) -> None:
        if not len(scene.positions):
            self._no_overlap = "the scene has no points"
            return
        self._voxel_size = scene.voxel_size
        found = [pair for pair in overlaps(self.cameras, scene, *self.size) if pair not in same]
        self._no_overlap = (
            f"no frame sees {OVERLAP:.0%} of an earlier one's view again after it was elsewhere" if not found else ""
        )
        self._wanted += [(*pair, OVERLAPPING) for pair in found]
        scale = min(1.0, _WARP_SIDE / max(self.size))
        self._small = tuple(max(1, round(scale * side)) for side in self.size)
        numbers = sorted({number for pair in found for number in pair})
        if numbers:
            depth = nearest_depth(
                scene.positions, self.cameras.select(numbers), *self._small, voxel_size=scene.voxel_size
            )
            self._depth = dict(zip(numbers, depth, strict=True))

    def take(self, number: int, frame: Tensor) -> None:
        """The next frame (H, W, 3) uint8."""
        pixels = frame.numpy()
        self.sharpness.append(_sharpness(pixels))
        self.colour.append(pixels.reshape(-1, 3).mean(0, dtype=np.float64))
        if self.motion is not None:
            self.motion(number, frame)
        for first, second, kind in self._wanted:
            if second == number:
                self._compare(first, second, kind, self._kept[first], frame)
        self._kept = {one: kept for one, kept in self._kept.items() if self._last_use[one] > number}
        if number in self._last_use:
            self._kept[number] = frame.clone()

    def _compare(self, first: int, second: int, kind: str, early: Tensor, late: Tensor) -> None:
        if kind == OVERLAPPING:
            pair = self._through_scene(first, second, early, late)
            if pair is not None:
                self.pairs.append(pair)
            return
        a, b = early.float() / 255, late.float() / 255
        matcher, lpips = self.tools.matcher, self.tools.lpips
        luma = float((self.colour[second] - self.colour[first]) @ _LUMA)
        pair = Pair(
            kind, first, second, min(EQUAL, psnr(b, a)), colour_shift(b, a), ssim(b, a), luma,
            self.sharpness[second] / self.sharpness[first] if self.sharpness[first] > 0 else None,
            None if matcher is None else match_accuracy(b, a, matcher), None if lpips is None else lpips(b, a),
        )  # fmt: skip
        worst = min((one.psnr for one in self.pairs if one.kind == REVISIT), default=EQUAL + 1)
        self.pairs.append(pair)
        if kind == CLOSURE or pair.psnr < worst:
            caption = "first and last frame" if kind == CLOSURE else f"least alike: frames {first} and {second}"
            self.pictures[kind] = (f"{caption}, {pair.psnr:.1f} dB", early.clone(), late.clone())

    def _through_scene(self, first: int, second: int, early: Tensor, late: Tensor) -> Pair | None:
        """The later frame as the earlier camera would see it, against the earlier frame, over what both see."""
        pair = self.cameras.select([first, second])
        depth = torch.stack([self._depth[first], self._depth[second]])
        uv, seen = seen_again(pair, 0, 1, depth, self._voxel_size)
        if float(seen.double().mean()) < _SHARED:
            return None
        a, b = (
            F.interpolate(frame.float().movedim(-1, 0)[None] / 255, size=self._small, mode="area")
            for frame in (early, late)
        )
        extent = torch.tensor([self._small[1], self._small[0]])
        grid = (2 * uv.nan_to_num(0.0, 0.0, 0.0) / extent - 1).float()
        warped = F.grid_sample(b, grid[None], mode="bilinear", padding_mode="border", align_corners=False)[0].movedim(
            0, -1
        )
        # As pictures of one row, of the pixels seen by both.
        there, here = warped[seen][None], a[0].movedim(0, -1)[seen][None]
        return Pair(OVERLAPPING, first, second, min(EQUAL, psnr(there, here)), colour_shift(there, here))

    def finished(self) -> ReportCard:
        """The card, once all frames were taken."""
        order = {CLOSURE: 0, REVISIT: 1, OVERLAPPING: 2}
        pairs = tuple(sorted(self.pairs, key=lambda pair: (order[pair.kind], pair.first, pair.second)))
        found = tuple(self.motion.found) if self.motion is not None else ()
        pictures = [
            (f"{caption}: {which}", frame)
            for caption, early, late in (self.pictures[kind] for kind in (CLOSURE, REVISIT) if kind in self.pictures)
            for which, frame in (("earlier", early), ("later", late))
        ]
        return ReportCard(
            self.cameras.count, *self.size, self.tools.matcher.name if self.tools.matcher else "",
            self._figures(pairs, found), pairs, found, np.array(self.sharpness), np.stack(self.colour),
            tuple(pictures), tuple(dict.fromkeys(self.notes)),
        )  # fmt: skip

    def _figures(self, pairs: tuple[Pair, ...], found: tuple[Stretch, ...]) -> dict[str, Figure]:
        """All figures by name; `closure_psnr` and so on."""
        figures: dict[str, Figure] = {}
        no_revisit = "no frame has the pose of an earlier one after the camera was elsewhere"
        for kind, reason in ((CLOSURE, self._open), (REVISIT, no_revisit)):
            of_kind = [pair for pair in pairs if pair.kind == kind]
            for name, (title, unit) in _OF_A_PAIR.items():
                values = [getattr(pair, name) for pair in of_kind]
                why = self._not_asked(name) if of_kind else reason
                figures[f"{kind}_{name}"] = _figure(
                    f"{kind}: {title}", unit, values, why or "the earlier frame is flat"
                )
        through = [pair for pair in pairs if pair.kind == OVERLAPPING]
        reason = self._no_overlap or "too few pixels are seen by both"
        for name in ("psnr", "colour"):
            title, unit = _OF_A_PAIR[name]
            values = [getattr(pair, name) for pair in through]
            figures[f"{OVERLAPPING}_{name}"] = _figure(f"{OVERLAPPING}: {title}", unit, values, reason)
        figures["sharpness_end"] = self._sharpness_figure()
        figures.update(self._camera_figures(found))
        return figures

    def _not_asked(self, name: str) -> str:
        wanted: dict[str, Any] = {"matches": self.tools.matcher, "lpips": self.tools.lpips}
        return "it was not asked for, or the notes say what it lacks" if wanted.get(name, True) is None else ""

    def _sharpness_figure(self) -> Figure:
        count = max(1, round(_ENDS * len(self.sharpness)))
        before, after = np.mean(self.sharpness[:count]), np.mean(self.sharpness[-count:])
        values = [float(after / before)] if before > 0 and len(self.sharpness) > 1 else []
        reason = "one frame" if len(self.sharpness) == 1 else "the first frames are flat"
        return _figure("sharpness: last tenth over first", "ratio", values, reason)

    def _camera_figures(self, found: tuple[Stretch, ...]) -> dict[str, Figure]:
        figures = {}
        for name, title, no_value in (
            ("turn", "camera error: turn", "no stretch could be measured"),
            ("direction", "camera error: direction of travel", "no stretch shows parallax of a commanded move"),
        ):
            values = [getattr(one, name) for one in found]
            failed = next((one.reason for one in found if one.reason), "")
            reason = self._no_motion or ("one frame" if not found else f"{no_value}{f': {failed}' if failed else ''}")
            figures[f"camera_{name}"] = _figure(title, "degrees", values, reason)
        return figures


_OF_A_PAIR = {
    "psnr": ("PSNR", "dB"),
    "ssim": ("SSIM", ""),
    "matches": ("Match Accuracy", ""),
    "lpips": ("LPIPS", ""),
    "colour": ("colour shift", "8-bit steps"),
    "exposure": ("exposure", "8-bit steps"),
    "sharpness": ("sharpness", "ratio"),
}


def _figure(title: str, unit: str, values: Sequence[float | None], reason: str) -> Figure:
    there = [float(value) for value in values if value is not None]
    if not there:
        return Figure(title, unit, None, 0, len(values), reason)
    return Figure(title, unit, bootstrap(there), len(there), len(values))


def _sharpness(frame: np.ndarray) -> float:
    """Variance of the Laplacian of luma, 8-bit steps."""
    return float(laplace((frame @ _LUMA).astype(np.float32), mode="nearest").var(dtype=np.float64))


def _why_open(cameras: Cameras) -> str:
    if cameras.count < 2:
        return "one frame"
    distance = apart(cameras, 0, path_extent(cameras))
    shift, move = float(distance.shift[-1]), float(distance.move[-1])
    if distance.same[-1]:
        return f"the camera never moves away by {AWAY:.0%} of the picture or of its path"
    return (
        f"the path does not close: its last camera shows the picture {shift:.1%} of its width off and stands {move:.1%} of "
        f"the path's extent away, {SAME:.1%} allowed"
    )
