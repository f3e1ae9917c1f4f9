"""Training of the decoupled memory branch beside a frozen network: the branch alone learns, on cached latents.

The branch and its forward pass are handed in (the host's classes), so this file needs no host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from einops import rearrange, reduce
from torch import Tensor, nn

from ..cameras.camera import Cameras
from ..memory.windows import latent_count
from ..model.decoupled.assembly import MemorySlots
from ..model.decoupled.cameras import latent_cameras, pluecker_rays
from ..model.decoupled.gate import gate
from ..model.decoupled.retrieval import Rules, retrieve
from .budget import Budget
from .fitting import fit
from .host_modules import Backbone, ControlBranch, MemoryBranch
from .network import TIMES
from .objective import Batch, Noised, noised_clip, sinusoid, velocity, velocity_error

# Looser than at use, so that the branch also meets memories that share less of the view.
TRAINING_RULES = Rules(min_score=0.6)
# Share of a training in which the branch learns by itself to read its memory: a step costs a fifth without the network.
ALONE = 0.35


class MemoryBatch(NamedTuple):
    """clip: B clips. slots: what their rows remember; slots.gate is (B, T)."""

    clip: Batch
    slots: MemorySlots


class MemoryPass(Protocol):
    """One forward pass of the branch. opened: (B, T) bool. residual(layer): (N, rows * columns, dim) over the open frames, layers in order."""

    opened: Tensor

    def residual(self, layer: int) -> Tensor: ...


def plan_memory(
    cameras: Cameras, start: int, frames: int, given: int, rules: Rules = Rules(), points: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Gate (T,) bool and frames to remember (T,) int64, -1 = none, of the clip of `frames` cameras from frame `start` on.

    It may remember frames 0..start, as at use. given: leading frames of the clip that are not generated. points: (P, 3) in
    the unit ball, None for the usual ones.
    """
    target = latent_cameras(cameras.select(slice(start, start + frames)))
    ids = retrieve(target, cameras.select(slice(0, start + 1)), rules=rules, points=points).ids
    return gate(ids, latent_count(given)), ids


def keep_slots(slots: MemorySlots, kept: Tensor) -> MemorySlots:
    """The slots without those that kept (S,) bool does not name; their gates close."""
    opened = slots.gate.clone()
    opened[slots.gate] = kept
    fields = ("temporal", "spatial", "target_c2w", "target_K", "history_c2w", "history_K")
    return slots._replace(gate=opened, **{name: getattr(slots, name)[kept] for name in fields})


def initialise_branch(branch: MemoryBranch) -> None:
    """Weights for the host's classes, which leave them unset; the outputs start at zero."""
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
            # A query and a key of one constant vector differ by their positions alone: each token first looks at its own place.
            constant = 2 * torch.randn(dim)
            for part in (block.attn1.to_q, block.attn1.to_k):
                part.weight.mul_(0.5)
                part.bias.copy_(constant)
    for output in branch.controlnet_blocks:
        nn.init.zeros_(output.weight)


def encode_one_lens(branch: MemoryBranch, c2w: Tensor, K: Tensor, height: int, width: int) -> Tensor:
    """What the branch's `encode_cameras` gives, (S, C, h, w) float32, when all cameras share the lens K[0, 0].

    c2w: (S, 4, 4, 4), K: (S, 4, 4) pixels. The first stage is linear in the rays, and these are in their poses, so its
    work at full size is done once for all cameras: training has hundreds of them in each batch.
    """
    lens = K[:1, 0]
    identity = torch.eye(4, dtype=c2w.dtype, device=c2w.device)[None]
    first, size = branch.controlnet_encode_first[0], branch.layout.unshuffle
    with torch.autocast(c2w.device.type, enabled=False):
        directions = pluecker_rays(identity, lens, height, width)[0, 3:]
        directions = rearrange(directions, "ray (h down) (w across) -> ray (down across) h w", down=size, across=size)
        weight = rearrange(first.weight, "out (ray place) 1 1 -> out ray place", ray=6)
        seen = torch.einsum("oap,bphw->oabhw", weight, directions)
        rotation, centre = c2w[..., :3, :3].flatten(0, 1), c2w[..., :3, 3].flatten(0, 1)
        # moment = centre x (rotation @ direction), column by column
        moment = torch.linalg.cross(centre[:, :, None].expand_as(rotation), rotation, dim=1)
        maps = torch.einsum("oabhw,nab->nohw", seen, torch.cat([moment, rotation], dim=1)) + first.bias[:, None, None]
        maps = branch.controlnet_encode_first[1:](maps)
        maps = branch.controlnet_encode_second(reduce(maps, "(n pair) c h w -> n c h w", "mean", pair=2))
        return branch.controlnet_encode_third(reduce(maps, "(n pair) c h w -> n c h w", "mean", pair=2))


class AddResiduals:
    """The branch's outputs on the video tokens of the open frames, block by block; for `velocity`."""

    def __init__(self, memory: MemoryPass, layers: int):
        self.memory, self.layers = memory, layers

    def __call__(self, index: int, tokens: Tensor) -> Tensor:
        if index >= self.layers:
            return tokens
        residual = self.memory.residual(index)
        opened = self.memory.opened
        rows, frames = opened.nonzero().unbind(1)
        spread = tokens.new_zeros(*opened.shape, *residual.shape[1:]).index_put(
            (rows, frames), residual.to(tokens.dtype)
        )
        return tokens + spread.flatten(1, 2)


def alone_error(branch: MemoryBranch, memory: MemoryPass, backbone: Backbone, noised: Noised) -> Tensor:
    """Mean squared error of the velocity of the open frames, read by the network's own head from the branch's last output alone."""
    rows, frames = memory.opened.nonzero().unbind(1)
    residual = [memory.residual(layer) for layer in range(branch.layout.layers)][-1]
    embedding = backbone.time_embedding(sinusoid(noised.timesteps[rows, frames]).to(residual.dtype))[:, None]
    patch = backbone.patch_size
    grid = 1, noised.video.shape[3] // patch[1], noised.video.shape[4] // patch[2]
    predicted = backbone.unpatchify(backbone.head(residual, embedding), grid)[:, :, 0]
    return (predicted.float() - noised.target[rows, :, frames]).square().mean()


def train_branch(
    branch: MemoryBranch,
    run_branch: Callable[[MemorySlots, Tensor, Tensor], MemoryPass],
    backbone: Backbone,
    control: ControlBranch,
    sample_batch: Callable[[torch.Generator], MemoryBatch],
    context: Tensor,
    *,
    budget: Budget,
    generator: torch.Generator,
    report: Callable[[int, float, float], None],
    learning_rate: float = 3e-3,
    alone: float = ALONE,
) -> None:
    """Fit the branch within a budget and leave its averaged weights in place; backbone and control are frozen.

    run_branch: starts a pass of the branch, called with (slots, noised video, timesteps). Every batch opens at least one gate.
    alone: share of the budget in which the branch learns by itself, before it learns beside the network.
    """
    backbone.requires_grad_(False)
    control.requires_grad_(False)

    def loss(batch: MemoryBatch, own: torch.Generator) -> Tensor:
        clip = batch.clip
        noised = noised_clip(clip.video, clip.clean, own, **TIMES)
        memory_pass = run_branch(batch.slots, noised.video, noised.timesteps)
        if budget.progress < alone:
            return alone_error(branch, memory_pass, backbone, noised)
        memory = AddResiduals(memory_pass, branch.layout.layers)
        predicted = velocity(
            backbone,
            control,
            noised.video,
            noised.timesteps,
            context.expand(clip.video.shape[0], -1, -1),
            clip.control,
            clip.references,
            memory=memory,
        )
        return velocity_error(predicted, noised.target, clip.clean)

    matrices = [p for p in branch.parameters() if p.ndim == 2]
    others = [p for p in branch.parameters() if p.ndim != 2]
    fit(
        matrices,
        others,
        loss,
        sample_batch,
        budget=budget,
        generator=generator,
        report=report,
        learning_rate=learning_rate,
    )
