"""The one loop of all training: steps within a budget, logged, saved, stopped and gone on with to the bit.

What differs is handed in: a `Learner` (where gradients come from and what they change) and a `Plan` (how long, how fast, and where it is kept).

    <folder>/state.pt         weights, optimiser and step, and averaged weights where there are any: what a resumed run needs
    <folder>/loss.csv, .png   every step's loss, and the curve

Everything random is a function of the settings and the step (order.py), so the step is all of the random state.
"""

from __future__ import annotations

import abc
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import replacing
from ..recipe import seed_of
from .budget import Budget
from .loss_log import COLUMNS, LossLog

STATE = "state.pt"
# Parts of a run's identity that are told by one number each, which says nothing to a reader.
_SAMPLES, FROZEN, START = _NUMBERS = ("samples", "frozen weights", "starting weights")


class Gradients(NamedTuple):
    """What a step found. loss: mean of its micro-batches. norm: of its gradient, before any clipping. stopping: whether any
    process was asked to stop."""

    loss: float
    norm: float
    stopping: bool


class Learner(abc.ABC):
    """What is trained, and how a step of it is made. names, parameters: of what is trained. main: whether this process writes."""

    names: Sequence[str]
    parameters: Sequence[Tensor]
    main = True

    @abc.abstractmethod
    def load(self, step: int, progress: float) -> Any:
        """What a step learns from, a function of the step and the progress alone. Called in a thread of its own, a step ahead."""

    @abc.abstractmethod
    def gradients(self, loaded: Any, stop: Callable[[], bool]) -> Gradients:
        """Put the mean gradient of the step's micro-batches, clipped, on the parameters. stop: to be asked once, at the end."""

    @abc.abstractmethod
    def update(self, rate: float) -> None:
        """Step the optimisers at this rate."""

    @abc.abstractmethod
    def state(self) -> dict[str, Any]:
        """`weights`, by their names, and `optimiser`, for a file. Called on every process, as each may hold a part; the main one
        is given all."""

    @abc.abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""

    def look(self, step: int) -> float | None:
        """Held-out loss, and pictures of how far it has come. Called on every process."""
        return None

    def saved(self, weights: dict[str, Tensor], step: int) -> None:  # noqa: B027  nothing, by default
        """What is written beside a state, on the main process."""

    def wait(self) -> None:  # noqa: B027  there is but one, by default
        """Until all processes are here."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a run goes.

    rate: called with (step from 0, progress 0..1), gives the learning rate. identity: what must not change between the parts of
    one run, beside the samples, which are told by name; earlier: what a part of it was before states held it. remedy: what to change
    when the loss is no number. averaged: whether the run ends with a running mean of the weights in place of the last ones.
    save, look: steps between saves, and between looks at how far it has come; the last step has both.
    """

    name: str
    folder: Path
    budget: Budget
    samples: Sequence[str]
    rate: Callable[[int, float], float]
    identity: dict[str, Any]
    remedy: str
    earlier: dict[str, Any] = dataclasses.field(default_factory=dict)
    averaged: bool = False
    save: int = 500
    look: int = 500

    @property
    def state_path(self) -> Path:
        """Where the state lies."""
        return self.folder / STATE


def train(learner: Learner, plan: Plan, *, stop: Callable[[], bool], report: Callable[[str], None]) -> bool:
    """Train to the end of the budget, going on from what lies in the folder. Returns False when `stop` ended it before.

    stop: asked in each step, on every process. Raises SpatiaError when the folder's state cannot be read or is of other settings,
    or when the loss is no number.
    """
    if learner.main:
        plan.folder.mkdir(parents=True, exist_ok=True)
    run = _Run(learner, plan)
    step = run.resume()
    finished = run.progress(step) >= 1
    if finished:
        report(f"Stage {plan.name}: {step} steps are done.")
    else:
        end = f"of {plan.budget.steps}" if plan.budget.steps else f"for {plan.budget.minutes} minutes in all"
        report(
            f"Stage {plan.name}: {'resuming at' if step else 'starting from'} step {step} {end}, {len(plan.samples)} samples."
        )
        finished = run.train(step, stop)
    if finished and run.average is not None:
        run.average.place()
    return finished


def number_of(parameters: Iterable[Tensor]) -> int:
    """A number that tells one network from another, of some values of each tensor."""
    return seed_of([parameter.flatten()[:8].tolist() for parameter in parameters])


class AveragedWeights:
    """A running mean of parameters that forgets: it reaches back a twentieth of the run at first, later 500 steps."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = [parameter.detach() for parameter in parameters]
        self.means = [parameter.clone() for parameter in self.parameters]

    def update(self, step: int) -> None:
        """Take in the parameters after so many steps."""
        decay = min(0.998, (step + 1) / (step + 20))
        torch._foreach_lerp_(self.means, self.parameters, 1 - decay)

    def restore(self, means: list[Tensor]) -> None:
        """Take up means that were saved."""
        torch._foreach_copy_(self.means, means)

    def place(self) -> None:
        """Put the means in the parameters' place."""
        torch._foreach_copy_(self.parameters, self.means)


class _Run:
    def __init__(self, learner: Learner, plan: Plan) -> None:
        self.learner, self.plan = learner, plan
        self.identity = {**plan.identity, _SAMPLES: seed_of(list(plan.samples))}
        self.average = AveragedWeights(learner.parameters) if plan.averaged else None
        self.began, self.before = time.monotonic(), 0.0  # this part of the run, and seconds of those before it

    @property
    def seconds(self) -> float:
        """How long all parts of the run have taken."""
        return self.before + time.monotonic() - self.began

    def progress(self, step: int) -> float:
        return self.plan.budget.progress(step, self.seconds)

    def train(self, step: int, stop: Callable[[], bool]) -> bool:
        """Steps from `step` on. Returns whether the last one was reached."""
        learner, plan = self.learner, self.plan
        log = LossLog(plan.folder / "loss.csv", step) if learner.main else None
        bar = tqdm(total=plan.budget.steps, initial=step, desc=plan.name, unit="step", disable=not learner.main)
        last = stopping = False
        with ThreadPoolExecutor(max_workers=1) as pool:
            ahead = pool.submit(learner.load, step, self.progress(step))
            while not (last or stopping):
                began = time.monotonic()
                loaded = ahead.result()
                if (following := self.progress(step + 1)) < 1:
                    ahead = pool.submit(learner.load, step + 1, following)
                rate = plan.rate(step, self.progress(step))
                loss, norm, stopping = self._step(loaded, rate, stop, step)
                step += 1
                last = self.progress(step) >= 1
                held_out = learner.look(step) if last or step % plan.look == 0 else None
                if log is not None:
                    seconds = round(time.monotonic() - began, 3)
                    row = (step, loss, held_out, rate, norm, seconds)
                    log.add(**dict(zip(COLUMNS, row, strict=True)))
                    bar.update()
                    bar.set_postfix(loss=f"{loss:.4f}")
                if last or stopping or step % plan.save == 0:
                    self.write(step)
                    if log is not None:
                        log.draw(f"stage {plan.name}, {len(plan.samples)} samples")
            ahead.cancel()
        bar.close()
        return last

    def _step(self, loaded: Any, rate: float, stop: Callable[[], bool], step: int) -> Gradients:
        found = self.learner.gradients(loaded, stop)
        if not (abs(found.loss) < float("inf") and found.norm < float("inf")):
            raise SpatiaError(
                f"Step {step + 1}: the loss is {found.loss} and its gradient {found.norm}; {self.plan.remedy}, and run again from the last save."
            )
        self.learner.update(rate)
        if self.average is not None:
            self.average.update(step + 1)
        return found

    def write(self, step: int) -> None:
        """Write the state, and what the learner keeps beside it. On every process: each may hold a part."""
        state = self.learner.state()
        if self.learner.main:
            whole = {"fingerprint": self.identity, "step": step, **state}
            if self.average is not None:
                whole["average"] = self.average.means
            if self.plan.budget.minutes is not None:
                whole["seconds"] = self.seconds
            with replacing(self.plan.state_path) as part:
                torch.save(whole, part)
            self.learner.saved(state["weights"], step)
        self.learner.wait()

    def resume(self) -> int:
        """Take up the state in the folder; returns its step, 0 when there is none."""
        path = self.plan.state_path
        if not path.is_file():
            return 0
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            fingerprint, step, weights, _ = (state[name] for name in ("fingerprint", "step", "weights", "optimiser"))
        except Exception as error:  # torch raises many kinds, none of which names the file
            raise SpatiaError(
                f"The state {path} cannot be read: {error}. Remove it to start this stage anew."
            ) from error
        self._require_same({**self.plan.earlier, **fingerprint})
        missing = next((name for name in self.learner.names if name not in weights), None)
        if missing is not None or len(weights) != len(self.learner.names):
            raise SpatiaError(
                f"The state {path} does not fit the network ({missing or 'too many tensors'}); give the same backbone and control."
            )
        self.learner.restore(state)
        if self.average is not None:
            self.average.restore(state["average"])
        self.before = state.get("seconds", 0.0)
        return step

    def _require_same(self, fingerprint: dict[str, Any]) -> None:
        wanted = self.identity
        for name in sorted(wanted.keys() | fingerprint.keys()):
            if wanted.get(name) != fingerprint.get(name):
                change = f"{name} = {fingerprint.get(name)}, and {wanted.get(name)} is asked for"
                change = f"other {name}" if name in _NUMBERS else change
                raise SpatiaError(
                    f"The run in {self.plan.folder} was started with {change}; give the same settings, data and weights, or another work folder, or remove its {STATE} to begin anew."
                )
