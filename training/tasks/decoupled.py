"""Training of the decoupled system's two branches beside a frozen network: one branch learns, on cached latents.

First the camera branch, which tells where the camera goes; then the memory branch, beside it. Branches and their forward
passes are handed in (the host's classes), so this file needs no host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...spatia_core.model.decoupled.assembly import MemorySlots
from ..loop.fitting import FitRun, fit
from ..networks.beside import AddMemory, Network, PosedClip
from ..networks.host_modules import SideBranch
from ..networks.objective import Batch, Noised, noised_clip, sinusoid, velocity_error
from .small_network import SMALL_TIMES

# Share of a training in which the branch learns by itself to read its memory: a step costs a fifth without the network.
ALONE = 0.35


class DecoupledBatch(NamedTuple):
    """clip: B clips. cameras: of these, None where no camera branch runs. slots: what their rows remember, their gates (B, F);
    None where no memory branch runs."""

    clip: Batch
    cameras: PosedClip | None
    slots: MemorySlots | None


def initialise_branch(branch: SideBranch, at_own_place: bool) -> None:
    """Weights for the host's classes, which leave them unset; the outputs start at zero.

    at_own_place: a token first looks at its own place in what it attends to, as the memory's frames begin by looking at the
    frame they remember; else anywhere.
    """
    for module in branch.modules():
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        if isinstance(module, nn.Linear | nn.Conv2d | nn.Conv3d):
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        elif weight is not None:  # norms
            nn.init.ones_(weight)
        if weight is not None and bias is not None:
            nn.init.zeros_(bias)
    dim = branch.layout.dim
    nn.init.normal_(branch.condition_embedder.time_proj.weight, std=0.02 * dim**-0.5)
    for block in branch.blocks:
        nn.init.normal_(block.scale_shift_table, std=0.02)
        for last in (block.attn1.to_out[0], getattr(block.ffn.net, "2")):
            nn.init.normal_(last.weight, std=0.3 * last.in_features**-0.5)
        with torch.no_grad():
            # Each residual update starts switched on: entries 2 and 5 are its gates.
            block.scale_shift_table[:, 2] += 1
            block.scale_shift_table[:, 5] += 1
            if at_own_place:
                # A query and a key of one constant vector differ by their positions alone.
                constant = 2 * torch.randn(dim)
                for part in (block.attn1.to_q, block.attn1.to_k):
                    part.weight.mul_(0.5)
                    part.bias.copy_(constant)
    for output in branch.controlnet_blocks:
        nn.init.zeros_(output.weight)


def alone_error(network: Network, memory: AddMemory, noised: Noised) -> Tensor:
    """Mean squared error of the velocity of the open frames, read by the network's own head from the branch's last output alone."""
    backbone = network.backbone
    rows, frames = memory.opened.nonzero().unbind(1)
    residual = [memory.started.residual(layer) for layer in range(memory.layers)][-1]
    embedding = backbone.time_embedding(sinusoid(noised.timesteps[rows, frames]).to(residual.dtype))[:, None]
    patch = backbone.patch_size
    grid = 1, noised.video.shape[3] // patch[1], noised.video.shape[4] // patch[2]
    predicted = backbone.unpatchify(backbone.head(residual, embedding), grid)[:, :, 0]
    return (predicted.float() - noised.target[rows, :, frames]).square().mean()


def train_branch(
    network: Network,
    branch: SideBranch,
    sample_batch: Callable[[torch.Generator], DecoupledBatch],
    context: Tensor,
    run: FitRun,
    *,
    learning_rate: float = 3e-3,
    alone: float = 0.0,
) -> None:
    """Fit one branch of the network and leave its averaged weights in place; all else is frozen.

    Every batch has what the branch reads: cameras, or slots with an open gate.
    alone: share of the budget in which a memory branch learns by itself, before it learns beside the network.
    """
    network.requires_grad_(False)
    branch.requires_grad_(True)

    def loss(batch: DecoupledBatch, own: torch.Generator, progress: float) -> Tensor:
        clip = batch.clip
        noised = noised_clip(clip.video, clip.clean, own, SMALL_TIMES)
        if progress < alone:
            assert batch.slots is not None  # every batch has what the branch reads
            memory = network.pass_of_memory(batch.slots, noised.video, noised.timesteps)
            return alone_error(network, memory, noised)
        texts = context.expand(clip.video.shape[0], -1, -1)
        predicted = network(
            noised.video, noised.timesteps, texts, clip.control, clip.references, batch.cameras, batch.slots
        )
        return velocity_error(predicted, noised.target, clip.clean)

    matrices = [p for p in branch.parameters() if p.ndim == 2]
    fit(
        network,
        matrices,
        loss,
        lambda generator, progress: sample_batch(generator),
        run,
        learning_rate=learning_rate,
    )
