"""Forward pass and flow-matching objective of the network with its control branch and references, for training.

The modules are handed in (the host's Wan classes), so this file needs no host. Token layout as in the release:
references first, at times -R..-1 and rows h..2h-1, then the video; the control branch sees the video tokens only.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as checkpointed

from ...spatia_core.model.control import frame_timesteps, reference_shift
from ..recipe import TIMES
from .host_modules import BackboneNetwork, ControlBranch

MAX_AUGMENT = 0.05  # paper, section 4: preceding latents are noised at t_aug in [0, 50] of 1000
_FREQUENCIES = 256


class Times(NamedTuple):
    """How the time of a clip is drawn, 0 (data) to 1 (noise).

    kind: logit-normal (paper, section 3.1.3, which gives no numbers) or uniform, as the code of *Latent Spatial Memory* draws it.
    mean, deviation: of the former. The defaults are centred on the noisy side, where the sampler's shift of 5 spends most of
    its steps. shift: of the latter, the sampler's. In logits that is a logistic distribution of mean log(shift) = 1.6 and
    deviation 1.8.
    """

    kind: str = TIMES[0]
    mean: float = 1.0
    deviation: float = 1.2
    shift: float = 5.0

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Times (count,) float32."""
        if self.kind == TIMES[0]:
            return torch.sigmoid(self.mean + self.deviation * torch.randn(count, generator=generator))
        time = torch.rand(count, generator=generator)
        return self.shift * time / (1 + (self.shift - 1) * time)


class Batch(NamedTuple):
    """Normalised latents of B clips of T latent frames, the first `clean` of which are given.

    video: (B, 48, T, h, w). control: (B, 96, T, h, w). references: (B, 48, R, h, w). clean: 1 for an image, 3 for 9 frames.
    """

    video: Tensor
    control: Tensor
    references: Tensor
    clean: int


class Noised(NamedTuple):
    """What the network is shown of a clip, and what it shall answer.

    video: (B, 48, T, h, w), given frames clean or nearly so, the others noised. timesteps: (B, T) in 0..1000, 0 where given.
    target: (B, 48, T, h, w), noise - data.
    """

    video: Tensor
    timesteps: Tensor
    target: Tensor


def velocity(
    backbone: BackboneNetwork,
    control: ControlBranch | None,
    video: Tensor,
    timesteps: Tensor,
    context: Tensor,
    control_latents: Tensor,
    references: Tensor,
    *,
    checkpoint: bool = False,
    beside: Sequence[Callable[[int, Tensor], Tensor]] = (),
) -> Tensor:
    """Predicted noise - data of the video frames, (B, 48, T, h, w).

    timesteps: (B, T) in 0..1000, one per latent frame. context: (B, L, text_dim), whose dtype is the
    modules' own. control: None leaves the branch out. checkpoint: blocks keep their input only and run once more for the gradient.
    beside: what stands after block i, in order, called with (i, video tokens (B, T * rows * columns, dim)).
    """

    def run(block: nn.Module, *args: Tensor, **kwargs: Any) -> Any:
        return checkpointed(block, *args, use_reentrant=False, **kwargs) if checkpoint else block(*args, **kwargs)

    batch, _, frames, height, width = video.shape
    count = references.shape[2]
    rows, columns = height // backbone.patch_size[1], width // backbone.patch_size[2]
    first = count * rows * columns

    dtype = context.dtype
    x = backbone.patch_embedding(torch.cat([references, video], dim=2).to(dtype))
    grid = x.shape[2:]
    x = rearrange(x, "b c t h w -> b (t h w) c")
    all_timesteps = frame_timesteps(timesteps, count, frames)
    e = backbone.time_embedding(sinusoid(all_timesteps.flatten()).to(x.dtype)).view(batch, count + frames, -1)
    e0 = backbone.time_projection(e).unflatten(2, (6, -1))
    freqs = backbone.rope_encode(frames, height, width, device=x.device, dtype=torch.float32)
    video_freqs = freqs
    if count:
        shift = reference_shift(count, rows)
        options = {"rope_options": {"shift_t": float(shift.time), "shift_y": float(shift.rows)}}
        reference_freqs = backbone.rope_encode(
            count, height, width, device=x.device, dtype=torch.float32, transformer_options=options
        )
        freqs = torch.cat([reference_freqs, freqs], dim=1)
    context = backbone.text_embedding(context)

    if control is not None:
        state = rearrange(control.vace_patch_embedding(control_latents.to(dtype)), "b c t h w -> b (t h w) c")
        start = x[:, first:]
    for index, block in enumerate(backbone.blocks):
        x = run(block, x, e=e0, freqs=freqs, context=context)
        if control is not None and index in control.positions:
            branch = control.vace_blocks[control.positions.index(index)]
            hint, state = run(branch, state, start, e=e0[:, count:], freqs=video_freqs, context=context)
            x = torch.cat([x[:, :first], x[:, first:] + hint], dim=1)
        for add in beside:
            x = torch.cat([x[:, :first], add(index, x[:, first:])], dim=1)
    x = backbone.head(x, e)
    return backbone.unpatchify(x, grid)[:, :, count:]


def noised_clip(
    video: Tensor,
    clean: int,
    generator: torch.Generator,
    times: Times = Times(),
    augment: float = MAX_AUGMENT,
) -> Noised:
    """Clips (B, 48, T, h, w) at random times of the flow, one for all frames of a clip.

    The first `clean` frames are given; those of a history (more than one) are noised at t_aug up to `augment`, and the network is told they are clean.
    """
    count = video.shape[0]
    sigma = times.draw(count, generator)
    noise = torch.randn(video.shape, generator=generator)
    noised = torch.lerp(video, noise, sigma.view(-1, 1, 1, 1, 1))
    given = video[:, :, :clean]
    if clean > 1:
        amount = augment * torch.rand(count, 1, 1, 1, 1, generator=generator)
        given = torch.lerp(given, noise[:, :, :clean], amount)
    timesteps = (1000 * sigma)[:, None].repeat(1, video.shape[2])
    timesteps[:, :clean] = 0
    return Noised(torch.cat([given, noised[:, :, clean:]], dim=2), timesteps, noise - video)


def velocity_error(predicted: Tensor, target: Tensor, clean: int) -> Tensor:
    """Mean squared error of the velocity on the frames that are not given (paper, equation 1)."""
    return (predicted[:, :, clean:].float() - target[:, :, clean:]).square().mean()


def flow_matching_loss(
    backbone: BackboneNetwork,
    control: ControlBranch,
    batch: Batch,
    context: Tensor,
    generator: torch.Generator,
    times: Times = Times(),
) -> Tensor:
    """Flow-matching loss of a batch at random times, of backbone and control branch together."""
    noised = noised_clip(batch.video, batch.clean, generator, times)
    context = context.expand(batch.video.shape[0], -1, -1)
    predicted = velocity(backbone, control, noised.video, noised.timesteps, context, batch.control, batch.references)
    return velocity_error(predicted, noised.target, batch.clean)


def sinusoid(timesteps: Tensor) -> Tensor:
    """Timesteps (N,) in 0..1000 to the (N, 256) cosines and sines that the network's time embedding reads."""
    half = _FREQUENCIES // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64, device=timesteps.device) / half)
    angles = timesteps.double()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1).float()
