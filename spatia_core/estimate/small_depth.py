"""The small bundle's monocular depth network: metric z-depth of generated rooms from one image.

It knows nothing but the rooms of `training/data/rooms.py`; on a photograph its answer is a guess.
"""

import os
from itertools import pairwise

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import SpatiaError
from ..weights.scaled import load_quantised

NATIVE_SIZE = (64, 96)  # height, width it was trained at
_WIDTHS = (32, 64, 96, 128, 160)


class SmallDepthNet(nn.Module):
    """A U-Net from (B, 3, H, W) in 0..1, H and W divisible by 32, to log z-depth (B, H, W)."""

    def __init__(self, widths: tuple[int, ...] = _WIDTHS):
        super().__init__()
        self.stem = nn.Conv2d(5, widths[0], 5, stride=2, padding=2)
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), _Residual(b), _Residual(b))
            for a, b in pairwise(widths)
        )
        self.mix = nn.Sequential(*[_GlobalMix(widths[-1]) for _ in range(2)])
        self.up = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(b, a, 1), _Residual(a)]) for a, b in reversed(list(pairwise(widths)))
        )
        self.fine = nn.Conv2d(3, 16, 5, padding=2)
        self.head = nn.Sequential(
            nn.Conv2d(widths[0] + 16, 24, 3, padding=1), nn.SiLU(), nn.Conv2d(24, 1, 3, padding=1)
        )

    def forward(self, images: Tensor) -> Tensor:
        batch, _, height, width = images.shape
        # Where a pixel stands says much about depth in a room: floor below, ceiling above.
        rows = torch.linspace(-1, 1, height, device=images.device).view(1, 1, -1, 1).expand(batch, 1, height, width)
        columns = torch.linspace(-1, 1, width, device=images.device).view(1, 1, 1, -1).expand(batch, 1, height, width)
        x = self.stem(torch.cat([images * 2 - 1, rows, columns], dim=1))
        skips = []
        for stage in self.down:
            skips.append(x)
            x = stage(x)
        x = self.mix(x)
        for stage, skip in zip(self.up, reversed(skips), strict=True):
            project, refine = stage.children()
            x = refine(F.interpolate(project(x), size=skip.shape[-2:], mode="bilinear", align_corners=False) + skip)
        x = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
        return self.head(torch.cat([x, F.silu(self.fine(images * 2 - 1))], dim=1))[:, 0] + 1.0


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class _GlobalMix(nn.Module):
    """Self-attention over the coarsest grid, so that far corners of the room agree on its size."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.shape[2]
        q, k, v = rearrange(self.qkv(self.norm(x)), "n (qkv heads c) h w -> qkv n heads (h w) c", qkv=3, heads=4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(rearrange(mixed, "n heads (h w) c -> n (heads c) h w", h=rows))


class SmallDepth:
    """The loaded network as an estimator: images (N, H, W, 3) in 0..1 -> z-depth (N, H, W) in metres."""

    def __init__(self, network: SmallDepthNet):
        self.network = network.eval()

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        height, width = images.shape[1:3]
        inputs = F.interpolate(images.permute(0, 3, 1, 2).float(), size=NATIVE_SIZE, mode="area")  # BHWC -> BCHW
        log_depth = torch.cat([self.network(chunk) for chunk in inputs.split(8)])
        # Nearest keeps depth edges sharp: a blend of near and far would leave points in mid-air.
        depth = F.interpolate(log_depth.exp().unsqueeze(1), size=(height, width), mode="nearest-exact")
        return depth[:, 0]


def load_small_depth(path: str) -> SmallDepth:
    """Load the bundle's depth network. Raises SpatiaError where the file is absent or does not fit."""
    if not os.path.isfile(path):
        raise SpatiaError(
            f"The bundled depth network is missing: {path}. Connect a depth map or geometry instead, "
            "or restore the bundle folder of this package."
        )
    network = SmallDepthNet()
    weights, _ = load_quantised(path, torch.float32)
    own = network.state_dict()
    wrong = sorted(set(own) ^ set(weights)) or [name for name in own if own[name].shape != weights[name].shape]
    if wrong:
        raise SpatiaError(
            f"{path} is not the bundled depth network: tensor '{wrong[0]}' does not fit. Restore the file."
        )
    network.load_state_dict(weights)
    return SmallDepth(network)
