"""Training of the small network: backbone and control branch together, on cached latents."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..loop.fitting import FitRun, fit
from ..networks.host_modules import BackboneNetwork, ControlBranch
from ..networks.objective import Batch, Times, flow_matching_loss

# Noisier than the paper's: the small network is run in two steps, at t = 1 and 0.83, where most of the draws then lie.
SMALL_TIMES = Times(mean=1.8, deviation=1.4)


def initialise(backbone: BackboneNetwork, control: ControlBranch) -> None:
    """Weights for the host's classes, which leave them unset; hints start at zero."""
    for module in [*backbone.modules(), *control.modules()]:
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        modulation = getattr(module, "modulation", None)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
        elif isinstance(module, nn.Conv3d):
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        elif weight is not None:  # norms
            nn.init.ones_(weight)
        if weight is not None and bias is not None:
            nn.init.zeros_(bias)
        if isinstance(modulation, nn.Parameter):
            nn.init.normal_(modulation, std=0.02)
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
    control.vace_patch_embedding.weight.data[:, : backbone.patch_embedding.in_channels].copy_(
        backbone.patch_embedding.weight
    )


def train_network(
    backbone: BackboneNetwork,
    control: ControlBranch,
    sample_batch: Callable[[torch.Generator], Batch],
    context: Tensor,
    run: FitRun,
    micro_batches: int = 2,
) -> dict[str, dict[str, Tensor]]:
    """Fit backbone and control branch; returns the averaged weights of both. Micro-batches run in threads of one core each."""
    network = nn.ModuleDict({"backbone": backbone, "control": control})
    embedded = {
        id(p)
        for module in (backbone.patch_embedding, backbone.head, control.vace_patch_embedding)
        for p in module.parameters()
    }
    matrices = [p for p in network.parameters() if p.ndim == 2 and id(p) not in embedded]
    fit(
        network,
        matrices,
        lambda batch, own, progress: flow_matching_loss(backbone, control, batch, context, own, SMALL_TIMES),
        lambda generator, progress: sample_batch(generator),
        run,
        micro_batches=micro_batches,
    )
    return {"backbone": backbone.state_dict(), "control": control.state_dict()}
