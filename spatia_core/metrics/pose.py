"""Where a picture of a known scene was taken from: dense photometric alignment against a renderer of the scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from einops import reduce
from scipy.ndimage import convolve1d
from scipy.spatial.transform import Rotation

from ..errors import SpatiaError

# Numeric derivatives step by about half a pixel of the finest level at room scale; every render is antialiased.
_TURN, _MOVE = np.radians(0.4), 0.02
_ITERATIONS = 30
_DAMPING = 1e-3


class PoseFit(NamedTuple):
    """c2w: (4, 4) camera-to-world. residual: robust photometric error, root mean square in [0, 1]."""

    c2w: np.ndarray
    residual: float


def align_pose(
    image: np.ndarray,
    render: Callable[[np.ndarray, int, int], np.ndarray],
    starts: Sequence[np.ndarray],
    levels: Sequence[int] = (8, 4),
) -> PoseFit:
    """Pose whose render is most like the image: Levenberg-Marquardt on 6 degrees of freedom, numeric Jacobian, Huber weights.

    image: (H, W, 3) in [0, 1]. render(c2w (4, 4), height, width) -> (height, width, 3) in [0, 1]. starts: poses, of which the
    one that looks most alike at the coarsest level is refined. levels: the image is averaged over squares of so many pixels,
    coarse to fine. Raises SpatiaError when a level does not divide the image, its values are not finite, or no start is
    given.
    """
    if image.ndim != 3 or image.shape[2] != 3 or not image.size or not np.isfinite(image).all():
        raise SpatiaError(
            f"An image of shape {image.shape} was given, expected finite values (H, W, 3) in 0..1; check the frame."
        )
    height, width = image.shape[:2]
    if not len(starts) or any(height % level or width % level for level in levels):
        raise SpatiaError(
            f"An image of {width}x{height} with levels {tuple(levels)} and {len(starts)} starts was given, expected levels that divide both sides, and a start."
        )
    pose, value = starts[0], 0.0
    for number, level in enumerate(levels):
        target = _smooth(reduce(image, "(h down) (w across) rgb -> h w rgb", "mean", down=level, across=level))

        def error(c2w: np.ndarray, target: np.ndarray = target) -> np.ndarray:
            return (_smooth(render(c2w, *target.shape[:2])) - target).ravel()

        if number == 0:
            pose = min(starts, key=lambda c2w: np.abs(error(c2w)).mean())
        pose, value = _refine(pose, error)
    return PoseFit(pose, value)


def pose_error(c2w: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Angle in degrees and distance in scene units between two camera-to-world poses (4, 4)."""
    turn = Rotation.from_matrix(reference[:3, :3].T @ c2w[:3, :3]).magnitude()
    return float(np.degrees(turn)), float(np.linalg.norm(c2w[:3, 3] - reference[:3, 3]))


def _refine(pose: np.ndarray, error: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, float]:
    residual, damping = error(pose), _DAMPING
    for _ in range(_ITERATIONS):
        # What the picture shows otherwise than the scene must not pull: Huber weights at the noise's own size.
        bound = 1.345 * max(1.4826 * float(np.median(np.abs(residual))), 1e-3)
        weights = bound / np.maximum(np.abs(residual), bound)
        jacobian = np.stack([_slope(pose, error, axis) for axis in range(6)], axis=1)
        normal, gradient = jacobian.T @ (weights[:, None] * jacobian), jacobian.T @ (weights * residual)
        for _ in range(5):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)) + 1e-9 * np.eye(6), -gradient)
            tried = pose @ _motion(step)
            moved = error(tried)
            if _huber(moved, bound) < _huber(residual, bound):
                break
            damping *= 10
        else:
            break
        pose, residual, damping = tried, moved, max(damping / 10, 1e-6)
        if np.abs(step[:3]).max() < np.radians(0.01) and np.abs(step[3:]).max() < 5e-4:
            break
    return pose, float(np.sqrt(_huber(residual, bound) * 2))


def _huber(residual: np.ndarray, bound: float) -> float:
    size = np.abs(residual)
    return float(np.where(size < bound, 0.5 * size**2, bound * (size - 0.5 * bound)).mean())


def _slope(pose: np.ndarray, error: Callable[[np.ndarray], np.ndarray], axis: int) -> np.ndarray:
    step = np.zeros(6)
    step[axis] = _TURN if axis < 3 else _MOVE
    return (error(pose @ _motion(step)) - error(pose @ _motion(-step))) / (2 * step[axis])


def _motion(step: np.ndarray) -> np.ndarray:
    """(4, 4) of a turn (rotation vector, radians) and a shift, both in the camera's own axes."""
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(step[:3]).as_matrix()
    motion[:3, 3] = step[3:]
    return motion


def _smooth(image: np.ndarray) -> np.ndarray:
    """Binomial 3x3: what is left of aliasing would move with the pixel grid."""
    kernel = np.array([0.25, 0.5, 0.25])
    return convolve1d(
        convolve1d(np.asarray(image, np.float64), kernel, axis=0, mode="nearest"), kernel, axis=1, mode="nearest"
    )
