"""Muon: momentum whose matrix updates are orthogonalised (Jordan et al. 2024), for matrices and conv kernels."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ...spatia_core.precision import working_dtype


class Muon(torch.optim.Optimizer):
    """SGD with Nesterov momentum and orthogonalised updates. Kernels (O, I, ...) act as (O, I * ...) matrices.

    lr is the root-mean-square size of an update's entries relative to those of Adam.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # nobody here gives a closure
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                velocity = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(velocity, group["momentum"])
                matrix = orthogonalise(update.flatten(1))
                # An orthogonal (n, m) matrix has entries of size 1/sqrt(max(n, m)); 0.2 is Adam's usual size.
                matrix = matrix * (0.2 * max(matrix.shape) ** 0.5)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(matrix.view_as(parameter).to(parameter.dtype), alpha=-group["lr"])


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearest semi-orthogonal matrix of (n, m), by the quintic Newton-Schulz iteration, roughly."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.to(working_dtype(matrix.device))
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).float()
