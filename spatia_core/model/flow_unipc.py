"""The release's solver: UniPC for flow matching (order 2, B2(h), x0 prediction) and its schedule.

UniPC: Zhao et al., arXiv 2302.04867; the flow form takes alpha = 1 - sigma, lambda = log((1 - sigma) / sigma).
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import shown

SHIFT = 5.0
# The training grid's largest sigma before the shift, as the release rounds it.
SIGMA_MAX = float(np.float32(0.999))
TIMESTEPS = 1000
# A sigma of exactly 1 has lambda = -inf, and the corrector would divide infinities; foreign schedules start there.
_LARGEST_SIGMA = 1.0 - 1e-6
_SMALLEST_SHIFT, _LARGEST_SHIFT = 1e-3, 1e3  # beyond, float32 cannot tell the sigmas of many steps apart


def flow_schedule(steps: int, shift: float = SHIFT) -> Tensor:
    """(steps + 1,) float32 sigmas, decreasing to 0: shift * s / (1 + (shift - 1) * s) of s = linspace(0.999, 0)."""
    if steps < 1:
        raise SpatiaError(f"{steps} steps were given, expected at least 1; change `steps`.")
    if not _SMALLEST_SHIFT <= shift <= _LARGEST_SHIFT:
        raise SpatiaError(
            f"A shift of {shift} was given, expected {_SMALLEST_SHIFT:g} to {_LARGEST_SHIFT:g} (the release uses "
            f"{SHIFT}); change `shift`."
        )
    s = np.linspace(SIGMA_MAX, 0.0, steps + 1)
    return torch.from_numpy((shift * s / (1 + (shift - 1) * s)).astype(np.float32))


def flow_timesteps(sigmas: Tensor) -> Tensor:
    """The integer timesteps the network sees: sigma * 1000, truncated."""
    return (sigmas * TIMESTEPS).to(torch.int64)


class FlowUniPC:
    """Multistep predictor-corrector over fixed sigmas. Call `step` once per sigma but the last.

    The solver's own history holds what it was given: clean frames are the caller's to write back.
    Raises SpatiaError on sigmas that do not fall from at most 1 to at least 0: every step divides by what one differs
    from the next.
    """

    def __init__(self, sigmas: Tensor):
        self.sigmas = [float(sigma) for sigma in sigmas]
        held = [min(sigma, _LARGEST_SIGMA) for sigma in self.sigmas]
        falls = all(here > there for here, there in pairwise(held))
        if not falls or (held and not (self.sigmas[0] <= 1 and held[-1] >= 0)):
            raise SpatiaError(
                f"sigmas: {shown(self.sigmas)} was given, expected noise levels of a flow model that fall from at most "
                "1 to at least 0, no two alike; connect Spatia Schedule, or the scheduler of a flow model, to `sigmas`."
            )
        self._index = 0
        self._order = 0  # order of the previous predictor step, which its corrector shares
        self._x0: list[Tensor] = []  # the last two x0 predictions, oldest first
        self._sample: Tensor | None = None  # corrected sample the previous predictor started from

    def step(self, x0: Tensor, x: Tensor) -> Tensor:
        """From the sample x at sigma i and the network's x0 there to the sample at sigma i + 1."""
        i, steps = self._index, len(self.sigmas) - 1
        if i >= steps:
            raise SpatiaError(f"The solver was stepped {i + 1} times over a schedule of {steps} steps.")
        if self._sample is not None:
            x = self._correct(self._sample, x0, i)
        self._x0 = [*self._x0[-1:], x0]
        # Order 1 at both ends: the first step has no history, the last lands on sigma 0.
        self._order = 1 if i == 0 or i == steps - 1 else 2
        self._sample = x
        self._index += 1
        return self._predict(x, i)

    def _predict(self, x: Tensor, i: int) -> Tensor:
        x0 = self._x0[-1]
        sigma, sigma_next = self.sigmas[i], self.sigmas[i + 1]
        h = _log_snr(sigma_next) - _log_snr(sigma)
        alpha, b_h = 1.0 - sigma_next, math.expm1(-h)
        out = x * (sigma_next / sigma) - x0 * (alpha * b_h)
        if self._order == 2:
            ratio = (_log_snr(self.sigmas[i - 1]) - _log_snr(sigma)) / h
            out -= (self._x0[-2] - x0) * (alpha * b_h * 0.5 / ratio)
        return out

    def _correct(self, sample: Tensor, x0_here: Tensor, i: int) -> Tensor:
        previous = self._x0[-1]
        sigma, sigma_here = self.sigmas[i - 1], self.sigmas[i]
        h = _log_snr(sigma_here) - _log_snr(sigma)
        hh, alpha, b_h = -h, 1.0 - sigma_here, math.expm1(-h)
        out = sample * (sigma_here / sigma) - previous * (alpha * b_h)
        if self._order == 1:
            return out - (x0_here - previous) * (alpha * b_h * 0.5)
        phi_1 = b_h / hh - 1.0
        phi_2 = phi_1 / hh - 0.5
        b_1, b_2 = phi_1 / b_h, 2.0 * phi_2 / b_h
        ratio = (_log_snr(self.sigmas[i - 2]) - _log_snr(sigma)) / h
        rho_old = (b_1 - b_2) / (1.0 - ratio)
        rho_here = b_1 - rho_old
        out -= (self._x0[-2] - previous) * (alpha * b_h * rho_old / ratio)
        out -= (x0_here - previous) * (alpha * b_h * rho_here)
        return out


def _log_snr(sigma: float) -> float:
    if sigma <= 0.0:
        return math.inf
    sigma = min(sigma, _LARGEST_SIGMA)
    return math.log((1.0 - sigma) / sigma)
