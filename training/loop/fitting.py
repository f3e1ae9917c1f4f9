"""Training from scratch on the CPU: gradients of micro-batches in threads, Muon for matrices, averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ...spatia_core.errors import SpatiaError
from ...spatia_core.precision import cpu_autocast
from ..recipe import generator_of
from .budget import Budget
from .order import from_scratch_rate
from .steps import START, STATE, Gradients, Learner, Plan, number_of, train
from .stopping import Stopped

# A micro-batch of a step, drawn with a generator at a progress of 0..1; and its loss.
Sample = Callable[[torch.Generator, float], Any]
Loss = Callable[[Any, torch.Generator, float], Tensor]
_LARGEST_NORM = 1.0


class FitRun(NamedTuple):
    """Where and how long a network is fitted. name: of what is fitted. folder: of its state and its losses. seed: of all that is
    drawn. samples: names of what it learns from. stop: whether to stop after the step at work."""

    name: str
    folder: Path
    budget: Budget
    seed: int
    samples: Sequence[str]
    stop: Callable[[], bool]

    def forget(self) -> None:
        """Remove the state of a run whose result is kept, so that the next one begins anew."""
        (self.folder / STATE).unlink()


def fit(
    network: nn.Module,
    matrices: Sequence[nn.Parameter],
    loss: Loss,
    sample: Sample,
    run: FitRun,
    *,
    micro_batches: int = 2,
    learning_rate: float = 2e-3,
) -> None:
    """Fit what of a network has gradients, going on from what lies in the run's folder, and leave the averaged values in place.

    matrices: and kernels (O, I, ...), which act as matrices (O, I * ...), for Muon; the others are for AdamW, at half the rate. loss: is
    called in threads of one core each. Raises Stopped when the run was asked to stop before its end, and SpatiaError as `train` does.
    """
    budget = run.budget
    identity = {
        "seed": run.seed,
        "steps": budget.steps,
        "minutes": budget.minutes,
        "micro_batches": micro_batches,
        "learning_rate": learning_rate,
        START: number_of(network.parameters()),
    }
    plan = Plan(
        run.name,
        run.folder,
        budget,
        run.samples,
        lambda step, progress: from_scratch_rate(learning_rate, step, progress),
        identity,
        f"decrease the learning rate of {run.name} in training/tasks",
        averaged=True,
    )
    with ThreadPoolExecutor(max_workers=micro_batches) as pool:
        learner = _Threads(network, matrices, loss, sample, run, pool, micro_batches)
        if not train(learner, plan, stop=run.stop, report=lambda line: print(line, flush=True)):
            raise Stopped


def muon(matrices: list[Tensor]) -> torch.optim.Optimizer:
    """torch's Muon with updates of Adam's size. Raises SpatiaError on a torch that has none."""
    if not hasattr(torch.optim, "Muon"):
        raise SpatiaError(
            f"Training from scratch needs torch 2.9 or newer, and this is {torch.__version__}; update torch."
        )
    return torch.optim.Muon(matrices, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")


class _Threads(Learner):
    """Micro-batches in threads, whose optimisers step in threads too: Muon on a share of the matrices each, AdamW on the others."""

    def __init__(
        self,
        network: nn.Module,
        matrices: Sequence[nn.Parameter],
        loss: Loss,
        sample: Sample,
        run: FitRun,
        pool: ThreadPoolExecutor,
        micro_batches: int,
    ) -> None:
        trained = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
        chosen = {id(matrix) for matrix in matrices}
        self.others = [parameter for parameter in trained.values() if id(parameter) not in chosen]
        self.names, self.parameters = list(trained), list(trained.values())
        # Muon takes matrices alone: it is given views of the kernels, which share their memory.
        views = {id(matrix): matrix.detach().flatten(1) for matrix in matrices}
        self.stepped = [views.get(id(parameter), parameter) for parameter in self.parameters]
        shares = [share for part in range(micro_batches) if (share := list(views.values())[part::micro_batches])]
        self.optimisers = [*map(muon, shares), torch.optim.AdamW(self.others, betas=(0.9, 0.95), weight_decay=0)]
        self.loss, self.sample, self.run, self.pool, self.micro_batches = loss, sample, run, pool, micro_batches

    def load(self, step: int, progress: float) -> list[tuple[Any, torch.Generator, float]]:
        def generator(use: str, index: int) -> torch.Generator:
            return generator_of(use, self.run.seed, self.run.name, step, index)

        return [
            (self.sample(generator("sample", index), progress), generator("noise", index), progress)
            for index in range(self.micro_batches)
        ]

    def gradients(self, loaded: list[tuple[Any, torch.Generator, float]], stop: Callable[[], bool]) -> Gradients:
        results = list(self.pool.map(self._one, loaded))
        for tensor, *parts in zip(self.stepped, *(gradients for _, gradients in results), strict=True):
            parts = [part for part in parts if part is not None]
            tensor.grad = (sum(parts) / len(loaded)).view_as(tensor) if parts else None
        norm = nn.utils.get_total_norm([tensor.grad for tensor in self.stepped if tensor.grad is not None])
        # Muon's updates are as large whatever its gradients are.
        nn.utils.clip_grad_norm_(self.others, _LARGEST_NORM)
        return Gradients(sum(value for value, _ in results) / len(loaded), float(norm), stop())

    def _one(self, drawn: tuple[Any, torch.Generator, float]) -> tuple[float, tuple[Tensor | None, ...]]:
        with cpu_autocast():
            value = self.loss(*drawn)
        return value.item(), torch.autograd.grad(value, self.parameters, allow_unused=True)

    def update(self, rate: float) -> None:
        *_, others = self.optimisers
        for optimiser in self.optimisers:
            optimiser.param_groups[0]["lr"] = rate / 2 if optimiser is others else rate
        list(self.pool.map(lambda optimiser: optimiser.step(), self.optimisers))

    def state(self) -> dict[str, Any]:
        weights = dict(zip(self.names, (parameter.detach() for parameter in self.parameters), strict=True))
        return {"weights": weights, "optimiser": [optimiser.state_dict() for optimiser in self.optimisers]}

    def restore(self, state: dict[str, Any]) -> None:
        for name, parameter in zip(self.names, self.parameters, strict=True):
            parameter.detach().copy_(state["weights"][name])
        for optimiser, own in zip(self.optimisers, state["optimiser"], strict=True):
            optimiser.load_state_dict(own)
