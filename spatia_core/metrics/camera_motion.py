"""How a video's camera moved, from its frames alone, against the path it was told: OpenCV's optical flow and essential matrix.

Short stretches of the video are measured. In each the flow from its first frame is followed to its last; the pose between
them is the one whose epipolar lines the flow keeps to, of the commanded one and OpenCV's own as starts. Where two explain
it equally well (a wall, or hardly any parallax) the one nearer to the commanded is taken: the video has the benefit of the doubt.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..cameras.camera import Cameras
from .optional import package
from .revisits import apart, path_extent

_SIDE = 384  # pixels of the shorter side that flow is computed in
_GRID = 8  # pixels between points
# A stretch ends where the camera turned or moved by this much (shares as in `Apart`), or after so many frames.
_TURN, _MOVE, _LONGEST = 0.08, 0.12, 12
_STRETCHES = 16
_BACK = 0.5  # pixels: forward and back again
_INLIER = 1.0  # pixels from the epipolar line, or of a turn alone
_FEWEST, _AGREEING = 60, 0.6  # points, and the share of them within _INLIER
_STRUCTURE = 1e-6  # smaller eigenvalue of the gradients round a point, of a picture in 0..1
_PARALLAX = 2.0  # pixels that a turn alone leaves unexplained: below it a direction means nothing
_AS_GOOD = 1.05  # of the smallest cost


class Stretch(NamedTuple):
    """Two frames and, between them, how far the video's camera is off the commanded one, in degrees; None where it cannot be told.

    direction: of the translation, whose length a video does not show. turn_told: degrees that were commanded. reason: why not.
    """

    first: int
    second: int
    turn: float | None
    direction: float | None
    turn_told: float
    reason: str


def stretches(cameras: Cameras) -> list[tuple[int, int]]:
    """First and last frames of the stretches to measure: evenly spread, one after the other, each with motion if the path has any."""
    extent, found, start = path_extent(cameras), [], 0
    while start < cameras.count - 1:
        distance = apart(cameras.select(slice(start, start + _LONGEST + 1)), 0, extent)
        far = np.flatnonzero((distance.shift >= _TURN) | (distance.move >= _MOVE))
        end = start + (int(far[0]) if len(far) else len(distance.shift) - 1)
        found.append((start, end))
        start = end
    return [found[round(index)] for index in np.linspace(0, len(found) - 1, min(len(found), _STRETCHES))]


class MotionMeter:
    """Takes a video's frames in order and measures its stretches. Raises MetricUnavailable without OpenCV."""

    def __init__(self, cameras: Cameras):
        self._cv2 = package("cv2", "Camera error", "opencv-python-headless")
        self._cameras, self._extent = cameras, path_extent(cameras)
        self._ends = dict(stretches(cameras))
        self._flow: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}
        self.found: list[Stretch] = []

    def __call__(self, number: int, frame: Tensor) -> None:
        """Take the next frame (H, W, 3) uint8."""
        if not self._flow and number not in self._ends:
            return
        grey = self._grey(frame.numpy())
        for start, (first, flow) in list(self._flow.items()):
            # From the first frame anew, as the last flow says where about: steps that are added up drift.
            flow = self._between(first, grey, flow)
            self._flow[start] = first, flow
            if self._ends[start] == number:
                del self._flow[start]
                self.found.append(self._measured(start, number, first, grey, flow))
        if number in self._ends:
            self._flow[number] = grey, None

    def _grey(self, frame: np.ndarray) -> np.ndarray:
        grey = self._cv2.cvtColor(np.ascontiguousarray(frame), self._cv2.COLOR_RGB2GRAY)
        scale = _SIDE / min(grey.shape)
        kind = self._cv2.INTER_CUBIC if scale > 1 else self._cv2.INTER_AREA
        return self._cv2.resize(grey, [max(16, round(scale * side)) for side in grey.shape[::-1]], interpolation=kind)

    def _between(self, first: np.ndarray, second: np.ndarray, guess: np.ndarray | None) -> np.ndarray:
        flow = self._cv2.DISOpticalFlow_create(self._cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        return flow.calc(first, second, None if guess is None else guess.copy())

    def _points(self, first: np.ndarray, second: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (M, 2) of the first picture and where they are in the second, as far as the way back agrees."""
        structure = self._cv2.cornerMinEigenVal(first.astype(np.float32) / 255, 7)
        row, column = (
            axis.ravel() for axis in np.mgrid[_GRID // 2 : first.shape[0] : _GRID, _GRID // 2 : first.shape[1] : _GRID]
        )
        keep = structure[row, column] > _STRUCTURE
        start = np.stack([column, row], 1)[keep].astype(np.float32)
        if not len(start):  # OpenCV takes no empty maps
            return start, start
        end = start + flow[row, column][keep]
        back = self._between(second, first, -flow)
        back = self._cv2.remap(back, end[None, :, 0], end[None, :, 1], self._cv2.INTER_LINEAR, borderValue=1e6)
        agree = np.linalg.norm(end + back.reshape(-1, 2) - start, axis=1) < _BACK
        return start[agree].astype(float) + 0.5, end[agree].astype(float) + 0.5

    def _measured(self, start: int, end: int, first: np.ndarray, second: np.ndarray, flow: np.ndarray) -> Stretch:
        pair = self._cameras.select([start, end])
        told = (pair.w2c[1] @ pair.c2w[0]).numpy()
        turn_told = math.degrees(Rotation.from_matrix(told[:3, :3]).magnitude())
        one, two = self._points(first, second, flow)
        if len(one) < _FEWEST:
            return Stretch(start, end, None, None, turn_told, f"{len(one)} points followed, {_FEWEST} needed")
        K = pair.K(*first.shape).numpy()
        x, y = (_rays(points, matrix) for points, matrix in zip((one, two), K, strict=True))
        pose = relative_pose(self._cv2, x, y, float(K[0, 0, 0]), told)
        if pose.agreeing < _AGREEING:
            return Stretch(
                start,
                end,
                None,
                None,
                turn_told,
                f"{pose.agreeing:.0%} of {len(one)} points agree on a motion, {_AGREEING:.0%} needed",
            )
        turn = math.degrees((Rotation.from_matrix(told[:3, :3]).inv() * pose.turn).magnitude())
        length = float(np.linalg.norm(told[:3, 3]))
        direction = None
        if pose.direction is not None and self._extent and length > 1e-3 * self._extent:
            # The flow tells the line; its sign by the side on which the points lie, which the start has settled.
            direction = math.degrees(math.acos(float(np.clip(pose.direction @ told[:3, 3] / length, -1, 1))))
        return Stretch(start, end, turn, direction, turn_told, "")


class RelativePose(NamedTuple):
    """turn: of the first camera's axes into the second's. direction: (3,) unit translation, None without parallax. agreeing: share of points."""

    turn: Rotation
    direction: np.ndarray | None
    agreeing: float


def relative_pose(cv2: ModuleType, x: np.ndarray, y: np.ndarray, focal: float, told: np.ndarray) -> RelativePose:
    """The pose between two views that see rays x and y (M, 3), z = 1, of the same points.

    focal: pixels, to weigh errors. told: (4, 4) commanded pose of the second against the first, one of the starts.
    """
    only, left = _turn_alone(x, y, focal)
    if np.median(left) < _INLIER:
        agreeing = float((left < 3 * _INLIER).mean())
        return RelativePose(only, None, agreeing)
    starts = [_start(Rotation.from_matrix(told[:3, :3]), told[:3, 3]), *_essential_starts(cv2, x, y, focal)]
    fits = [
        least_squares(_sampson, start, args=(x, y, focal), loss="cauchy", f_scale=_INLIER / 2, max_nfev=100)
        for start in starts
    ]
    least = min(fit.cost for fit in fits)
    best = next(fit for fit in fits if fit.cost <= _AS_GOOD * least + 1e-9).x
    turn, direction = Rotation.from_rotvec(best[:3]), best[3:] / np.linalg.norm(best[3:])
    agreeing = float((np.abs(_sampson(best, x, y, focal)) < _INLIER).mean())
    if np.median(left) < _PARALLAX:
        return RelativePose(turn, None, agreeing)
    return RelativePose(turn, direction * _side(turn, direction, x, y), agreeing)


def _rays(points: np.ndarray, K: np.ndarray) -> np.ndarray:
    return np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(K).T


def _start(turn: Rotation, translation: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(translation))
    return np.concatenate([turn.as_rotvec(), translation / length if length > 1e-12 else [0.0, 0.0, 1.0]])


def _essential_starts(cv2: Any, x: np.ndarray, y: np.ndarray, focal: float) -> list[np.ndarray]:
    cv2.setRNGSeed(0)
    found, _ = cv2.findEssentialMat(
        np.ascontiguousarray(x[:, :2]),
        np.ascontiguousarray(y[:, :2]),
        np.eye(3),
        method=cv2.USAC_MAGSAC,
        prob=0.999,
        threshold=_INLIER / focal,
    )
    if found is None or found.shape[0] < 3:
        return []
    first, second, translation = cv2.decomposeEssentialMat(found[:3])
    # Of its two rotations one looks backward.
    turn = min((Rotation.from_matrix(first), Rotation.from_matrix(second)), key=lambda one: one.magnitude())
    return [_start(turn, translation[:, 0])]


def _turn_alone(x: np.ndarray, y: np.ndarray, focal: float) -> tuple[Rotation, np.ndarray]:
    """The rotation that takes most rays x onto y, and what it leaves of each, in pixels."""
    x, y = (rays / np.linalg.norm(rays, axis=1, keepdims=True) for rays in (x, y))
    weights = np.ones(len(x))
    for _ in range(20):
        turn, _ = Rotation.align_vectors(y, x, weights=weights)
        left = focal * np.linalg.norm(y - turn.apply(x), axis=1)
        weights = 1 / np.maximum(left, _INLIER / 10)
    return turn, left


def _sampson(motion: np.ndarray, x: np.ndarray, y: np.ndarray, focal: float) -> np.ndarray:
    """Pixels (M,) from the epipolar line, to first order. motion: rotation vector and translation of any length."""
    a, b, c = motion[3:] / max(float(np.linalg.norm(motion[3:])), 1e-12)
    essential = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]]) @ Rotation.from_rotvec(motion[:3]).as_matrix()
    forward, backward = x @ essential.T, y @ essential
    size = np.sqrt((forward[:, :2] ** 2).sum(1) + (backward[:, :2] ** 2).sum(1))
    return focal * (y * forward).sum(1) / np.maximum(size, 1e-12)


def _side(turn: Rotation, direction: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """1, or -1 where the points would lie behind the cameras with this direction."""
    # Depth of each point in the second view, in units of the translation: z y = depth turn(x) + direction, crossed with y.
    turned = turn.apply(x)
    across = np.cross(y, turned)
    depth = -(np.cross(y, direction) * across).sum(1) / np.maximum((across**2).sum(1), 1e-18)
    return 1.0 if np.median(np.sign(depth)) >= 0 else -1.0
