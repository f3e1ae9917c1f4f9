"""The optimiser's loop that the small networks share: micro-batches in threads, Muon for matrices, averaged weights."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn

from ...spatia_core.errors import SpatiaError
from ...spatia_core.precision import cpu_autocast
from .budget import Budget


def muon(matrices: list[Tensor], learning_rate: float) -> torch.optim.Optimizer:
    """torch's Muon with updates of Adam's size. Raises SpatiaError on a torch that has none."""
    if not hasattr(torch.optim, "Muon"):
        raise SpatiaError(
            f"Training from scratch needs torch 2.9 or newer, and this is {torch.__version__}; update torch."
        )
    return torch.optim.Muon(matrices, lr=learning_rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")


def fit(
    matrices: list[nn.Parameter],
    others: list[nn.Parameter],
    loss: Callable[[Any, torch.Generator], Tensor],
    sample: Callable[[torch.Generator], Any],
    *,
    budget: Budget,
    generator: torch.Generator,
    report: Callable[[int, float, float], None],
    micro_batches: int = 2,
    learning_rate: float = 2e-3,
) -> None:
    """Fit parameters within a budget and leave their averaged values in place.

    matrices: and kernels (O, I, ...), which act as matrices (O, I * ...), for Muon; others: for AdamW, at half the rate. sample: draws a micro-batch; loss: called with one and its
    own generator, in threads of one core each. report: called with (step, progress 0..1, mean loss).
    """
    parameters = [*matrices, *others]
    # Muon takes matrices alone: it is given views of the kernels, which share their memory.
    views = [matrix.detach().flatten(1) for matrix in matrices]
    optimisers = [
        *(
            muon(views[part::micro_batches], learning_rate)
            for part in range(micro_batches)
            if views[part::micro_batches]
        ),
        torch.optim.AdamW(others, lr=learning_rate / 2, betas=(0.9, 0.95), weight_decay=0),
    ]
    base_rates = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
    tensors: list[Tensor] = [*parameters]
    average = [p.detach().clone() for p in parameters]
    losses = []

    def gradients(job: tuple[Any, int]) -> tuple[float, tuple[Tensor | None, ...]]:
        batch, seed = job
        own = torch.Generator().manual_seed(seed)
        with cpu_autocast():
            value = loss(batch, own)
        return value.item(), torch.autograd.grad(value, parameters, allow_unused=True)

    with ThreadPoolExecutor(max_workers=micro_batches) as pool:
        while (progress := budget.progress) < 1:
            rate = min(1, (budget.step + 1) / 100) * min(1, 0.01 + 1.6 * 0.5 * (1 + math.cos(math.pi * progress)))
            for optimiser, base in zip(optimisers, base_rates, strict=True):
                optimiser.param_groups[0]["lr"] = base * rate
            jobs = [
                (sample(generator), int(torch.randint(2**31, (), generator=generator))) for _ in range(micro_batches)
            ]
            results = list(pool.map(gradients, jobs))
            for tensor, *parts in zip([*views, *others], *(grads for _, grads in results), strict=True):
                parts = [part for part in parts if part is not None]
                tensor.grad = (sum(parts) / micro_batches).view_as(tensor) if parts else None
            nn.utils.clip_grad_norm_(others, 1.0)
            list(pool.map(lambda optimiser: optimiser.step(), optimisers))
            budget.step += 1
            decay = min(0.998, (budget.step + 1) / (budget.step + 20))
            with torch.no_grad():
                torch._foreach_lerp_(average, tensors, 1 - decay)
            losses.append(sum(value for value, _ in results) / micro_batches)
            if budget.step % 50 == 0:
                report(budget.step, progress, sum(losses[-50:]) / 50)
    with torch.no_grad():
        for parameter, mean in zip(parameters, average, strict=True):
            parameter.copy_(mean)
