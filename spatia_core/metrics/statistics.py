"""Means with bootstrap intervals, over scenes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import SpatiaError

RESAMPLES = 10_000


class Interval(NamedTuple):
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float

    def overlaps(self, other: Interval) -> bool:
        """Whether two intervals share a value."""
        return self.low <= other.high and other.low <= self.high


def bootstrap(
    values: np.ndarray | list[float], share: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Mean of one value per scene (S,) with its percentile bootstrap interval; the seed makes it repeat.

    For a paired comparison give the differences. Raises SpatiaError on no value, or one that is not finite.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise SpatiaError(
            f"Values of shape {values.shape} were given to bootstrap, expected finite ones, at least one, one per scene."
        )
    picks = np.random.default_rng(seed).integers(values.size, size=(resamples, values.size))
    low, high = np.quantile(values[picks].mean(1), [(1 - share) / 2, (1 + share) / 2])
    return Interval(float(values.mean()), float(low), float(high))
