"""Training of the small video autoencoder: images first, then clips, so that time is learned last."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..loop.fitting import FitRun, fit
from ..networks.host_modules import Autoencoder

_CROP = 64
_DECODER_NOISE = 0.03  # of each channel's spread, once the latents are settled
_LATENT_NOISE = 0.08  # of each channel's own spread: keeps the latents smooth enough to diffuse


def initialise(vae: Autoencoder) -> None:
    """Give the host's classes, which leave their weights unset, a start close to an orthogonal transform of each image.

    Residual branches start at zero and resampling kernels orthogonal, so that nothing is lost on the way down: 2 dB
    ahead after 200 steps of a start with torch's own initialisation. A causal kernel sees a lone image in its last time
    slice only, so its other slices start at zero; time-resampling kernels start as average and copy.
    """
    with torch.no_grad():
        for name, module in vae.named_modules():
            if isinstance(module, nn.Conv3d | nn.Conv2d):
                if module.bias is not None:
                    module.bias.zero_()
                module.weight.zero_()
                if name.endswith("time_conv"):
                    identity = torch.eye(module.in_channels)
                    if module.out_channels == module.in_channels:
                        module.weight[:, :, -2:, 0, 0] = identity[:, :, None] / 2
                    else:
                        module.weight[:, :, -1, 0, 0] = identity.repeat(2, 1)
                else:
                    kernel = module.weight[:, :, -1] if module.weight.ndim == 5 else module.weight
                    kernel.copy_(nn.init.orthogonal_(torch.empty(kernel.shape)))
            elif hasattr(module, "gamma"):
                nn.init.ones_(module.gamma)
        for name, module in vae.named_modules():
            if name.endswith("residual"):
                nn.init.zeros_(module[-1].weight)


def train_autoencoder(
    vae: Autoencoder,
    sample_frames: Callable[[torch.Generator], Tensor],
    run: FitRun,
    image_share: float = 0.3,
) -> None:
    """Fit `vae` (the host's WanVAE): images for a share of the budget, then clips of 9 frames.

    sample_frames: draws one video (N, H, W, 3) uint8. The bottleneck is deterministic with noise.
    """

    def sample(generator: torch.Generator, progress: float) -> Tensor:
        frames, count = (1, 6) if progress < image_share else (9, 2)
        return torch.stack([_crop(sample_frames(generator), frames, generator) for _ in range(count)])

    def loss(batch: Tensor, own: torch.Generator, progress: float) -> Tensor:
        latent = vae.encode(batch)
        spread = latent.detach().float().std(dim=(0, 2, 3, 4), keepdim=True)
        noise = torch.randn(latent.shape, generator=own) * spread * _LATENT_NOISE
        return reconstruction_loss(vae.decode(latent + noise).float(), batch)

    fit(vae, _matrices(vae), loss, sample, run, learning_rate=3e-3)


def train_decoder(
    vae: Autoencoder,
    sample_frames: Callable[[torch.Generator], Tensor],
    run: FitRun,
) -> None:
    """Fit the decoder of `vae` alone, so that latents made before stay valid; arguments as of train_autoencoder.

    The loss is the logarithm of the squared error, that is PSNR: a plain mean would spend itself on the few busiest rooms.
    """
    vae.requires_grad_(False)
    for part in (vae.decoder, vae.conv2):
        part.requires_grad_(True)

    def sample(generator: torch.Generator, progress: float) -> Tensor:
        return torch.stack([_crop(_recoloured(sample_frames(generator), generator), 9, generator) for _ in range(2)])

    def loss(batch: Tensor, own: torch.Generator, progress: float) -> Tensor:
        with torch.no_grad():
            latent = vae.encode(batch)
            latent = latent + _DECODER_NOISE * latent.float().std(dim=(0, 2, 3, 4), keepdim=True) * torch.randn(
                latent.shape, generator=own
            )
        error = (vae.decode(latent).float() - batch).square().mean((1, 2, 3, 4))
        return torch.log(error + 4e-4).mean()  # 40 dB is good enough

    fit(vae, _matrices(vae), loss, sample, run)


def reconstruction_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1 + MSE + gradient L1 of (B, 3, T, H, W) in -1..1."""
    difference = output - target
    across = difference[..., 1:] - difference[..., :-1]
    down = difference[..., 1:, :] - difference[..., :-1, :]
    return difference.abs().mean() + 2 * difference.square().mean() + 0.5 * (across.abs().mean() + down.abs().mean())


@torch.no_grad()
def normalise_latents(vae: Autoencoder, videos: list[Tensor], mean: Tensor, std: Tensor) -> None:
    """Bake a change of scale into conv1 and conv2 so that latents have the given per-channel mean and std.

    Then the stock Wan2.2 latent format applies to the small autoencoder as it is. mean, std: (48,).
    """
    latents = torch.cat([vae.encode(to_input(video)).float().flatten(2)[0] for video in videos], dim=1)
    own_mean, own_std = latents.mean(1), latents.std(1)
    scale = std / own_std
    shift = mean - own_mean * scale
    channels = len(mean)
    vae.conv1.weight[:channels] *= scale[:, None, None, None, None]
    vae.conv1.bias[:channels] = vae.conv1.bias[:channels] * scale + shift
    # conv2 must first undo the change: conv2(z) = W ((z - shift) / scale) + b.
    vae.conv2.bias -= vae.conv2.weight[:, :, 0, 0, 0] @ (shift / scale)
    vae.conv2.weight /= scale[None, :, None, None, None]


@torch.no_grad()
def centre_output(vae: Autoencoder, videos: list[Tensor]) -> None:
    """Shift the decoder's last bias so that the mean colour of what it makes of `videos` is theirs, (N, H, W, 3) uint8 each.

    Trained on crops and then rounded, whole frames come out a little off in one colour, and each clip that goes on from
    them adds its part.
    """
    error = torch.stack(
        [(vae.decode(vae.encode(frames)) - frames).mean((0, 2, 3, 4)) for frames in map(to_input, videos)]
    ).mean(0)
    bias = vae.decoder.head[-1].bias
    bias -= error.repeat_interleave(len(bias) // 3)  # the pixels of one colour are next to each other


def to_input(video: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 -> (1, 3, N, H, W) in -1..1."""
    return (video.float() / 127.5 - 1).permute(3, 0, 1, 2).unsqueeze(0)


def _matrices(vae: Autoencoder) -> list[nn.Parameter]:
    """Matrices and kernels that are trained."""
    trained = [parameter for parameter in vae.parameters() if parameter.requires_grad]
    return [p for p in trained if p.ndim >= 2 and min(p.shape[0], p[0].numel()) > 1]


def _recoloured(video: Tensor, generator: torch.Generator) -> Tensor:
    return video[..., torch.randperm(3, generator=generator)]


def _crop(video: Tensor, frames: int, generator: torch.Generator) -> Tensor:
    first, top, left = (
        int(torch.randint(0, size - part + 1, (), generator=generator))
        for size, part in zip(video.shape[:3], (frames, _CROP, _CROP), strict=True)
    )
    crop = to_input(video[first : first + frames, top : top + _CROP, left : left + _CROP])[0]
    return crop.flip(-1) if torch.rand((), generator=generator) < 0.5 else crop
