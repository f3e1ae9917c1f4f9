"""Training of the small network: backbone and control branch together, on cached latents."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from .budget import Budget
from .muon import Muon
from .objective import Batch, flow_matching_loss


def initialise(backbone: nn.Module, control: nn.Module) -> None:
    """Weights for the host's classes, which leave them unset; hints start at zero."""
    for module in [*backbone.modules(), *control.modules()]:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv3d):
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
            nn.init.zeros_(module.bias)
        elif getattr(module, "weight", None) is not None:  # norms
            nn.init.ones_(module.weight)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)
        if isinstance(getattr(module, "modulation", None), nn.Parameter):
            nn.init.normal_(module.modulation, std=0.02)
    nn.init.normal_(backbone.time_projection[1].weight, std=0.02 * backbone.dim**-0.5)
    for block in [*backbone.blocks, *control.vace_blocks]:
        for last in (block.self_attn.o, block.cross_attn.o, block.ffn[2]):
            nn.init.normal_(last.weight, std=0.3 * last.in_features**-0.5)
        # Each residual update starts switched on: modulation entries 2 and 5 are its gates.
        with torch.no_grad():
            block.modulation[:, 2] += 1
            block.modulation[:, 5] += 1
    for block in control.vace_blocks:
        nn.init.zeros_(block.after_proj.weight)
    # The head starts as the transposed patch embedding: a token is read out as it was written in.
    with torch.no_grad():
        embedding = backbone.patch_embedding.weight.flatten(2)  # (dim, 48, 4)
        backbone.head.head.weight.copy_(embedding.permute(2, 1, 0).reshape_as(backbone.head.head.weight) * 0.5)
    control.vace_patch_embedding.weight.data[:, : backbone.patch_embedding.in_channels].copy_(backbone.patch_embedding.weight)


def train_network(
    backbone: nn.Module,
    control: nn.Module,
    sample_batch: Callable[[torch.Generator], Batch],
    context: Tensor,
    *,
    budget: Budget,
    generator: torch.Generator,
    report: Callable[[int, float, float], None],
    micro_batches: int = 2,
    learning_rate: float = 2e-3,
) -> dict[str, dict[str, Tensor]]:
    """Fit backbone and control branch within a budget; returns the averaged weights of both.

    Micro-batches run in threads of one core each. report: called with (step, progress 0..1, mean loss).
    """
    parameters = [*backbone.parameters(), *control.parameters()]
    embedded = {id(p) for module in (backbone.patch_embedding, backbone.head, control.vace_patch_embedding) for p in module.parameters()}
    matrices = [p for p in parameters if p.ndim == 2 and id(p) not in embedded]
    chosen = {id(p) for p in matrices}
    others = [p for p in parameters if id(p) not in chosen]
    optimisers = [
        *(Muon(matrices[part::micro_batches], lr=learning_rate, weight_decay=0.01) for part in range(micro_batches)),
        torch.optim.AdamW(others, lr=learning_rate / 2, betas=(0.9, 0.95), weight_decay=0),
    ]
    base_rates = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
    average = [p.detach().clone() for p in parameters]
    losses = []

    def gradients(job: tuple[Batch, int]) -> tuple[float, tuple[Tensor, ...]]:
        batch, seed = job
        own = torch.Generator().manual_seed(seed)
        with torch.autocast("cpu", torch.bfloat16):
            loss = flow_matching_loss(backbone, control, batch, context, own)
        return loss.item(), torch.autograd.grad(loss, parameters, allow_unused=True)

    with ThreadPoolExecutor(max_workers=micro_batches) as pool:
        while (progress := budget.progress) < 1:
            rate = min(1, (budget.step + 1) / 100) * min(1, 0.01 + 1.6 * 0.5 * (1 + math.cos(math.pi * progress)))
            for optimiser, base in zip(optimisers, base_rates, strict=True):
                optimiser.param_groups[0]["lr"] = base * rate
            jobs = [(sample_batch(generator), int(torch.randint(2**31, (), generator=generator))) for _ in range(micro_batches)]
            results = list(pool.map(gradients, jobs))
            for parameter, *parts in zip(parameters, *(grads for _, grads in results), strict=True):
                parts = [part for part in parts if part is not None]
                parameter.grad = sum(parts) / micro_batches if parts else None
            nn.utils.clip_grad_norm_(others, 1.0)
            list(pool.map(lambda optimiser: optimiser.step(), optimisers))
            budget.step += 1
            decay = min(0.998, (budget.step + 1) / (budget.step + 20))
            with torch.no_grad():
                torch._foreach_lerp_(average, parameters, 1 - decay)
            losses.append(sum(loss for loss, _ in results) / micro_batches)
            if budget.step % 50 == 0:
                report(budget.step, progress, sum(losses[-50:]) / 50)
    with torch.no_grad():
        for parameter, mean in zip(parameters, average, strict=True):
            parameter.copy_(mean)
    return {"backbone": backbone.state_dict(), "control": control.state_dict()}
