"""What the decoupled system's two branches are built of; tensor names are the release's.

Both are narrow transformers beside the backbone: rays encoded per pixel, AdaLN blocks without text, a linear layer after
each block that makes a residual of the backbone's width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeAlias

import comfy.model_management
import torch
from comfy.ldm.flux.layers import EmbedND
from comfy.ldm.flux.math import apply_rope1
from comfy.ldm.modules.attention import optimized_attention
from comfy.ldm.wan.model import sinusoidal_embedding_1d
from torch import Tensor
from torch.utils.checkpoint import checkpoint as checkpointed

from ...spatia_core.model.decoupled.cameras import pluecker_rays
from ...spatia_core.model.decoupled.layout import CameraLayout, DecoupledLayout

Layout: TypeAlias = CameraLayout | DecoupledLayout
Attend: TypeAlias = Callable[[torch.nn.Module, Tensor], Tensor]

_EPS = 1e-6
_GROUPS = 2  # of the camera encoder's norms
_SLOTS_AT_ONCE = 4  # rays are made at full size, 25 bytes a pixel and camera
_STAGES = ("first", "second", "third")


class Holder(torch.nn.Module):
    """Submodules under the checkpoint's names."""

    def __init__(self, **modules: torch.nn.Module) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)

    def __getattr__(self, name: str) -> Any:
        # Whichever they are, they are called.
        return super().__getattr__(name)


class BranchKind(NamedTuple):
    """What a kind of branch is called, and how its files are read."""

    name: str  # as the user knows it: "camera branch"
    file: str  # what its file is: "Camera branch checkpoint"
    widget: str  # that chooses the file
    socket: str  # that takes the loaded branch
    loader: str  # the node that loads it
    bundled: str  # file of the small model's own, in the bundle
    single: tuple[str, ...]  # beginnings of the names of tensors that are kept in float32
    layout_of: Callable[[dict[str, tuple[int, ...]], str, int | None], Layout]  # shapes, file, heads -> sizes
    unused: Callable[[str], bool] = lambda name: False  # tensors that a file may hold and nothing reads


class SideBranch(torch.nn.Module):
    """A branch beside the backbone: cameras, time, blocks, residuals. Subclasses say how a block attends.

    layout: its sizes. dtype: of the small tensors, and of the work. operations: the host's layers, which it offloads.
    """

    kind: ClassVar[BranchKind]
    layout: Layout

    def __init__(self, layout: Layout, dtype: torch.dtype, device: torch.device | str | None, operations: Any) -> None:
        super().__init__()
        self.layout = layout
        self.dtype = dtype
        self.checkpoint = False  # whether a block keeps its input only and runs once more for the gradient, in training
        dim = layout.dim
        settings = {"device": device, "dtype": dtype}
        # Rays and patch embeddings are float32, as the host's own patch embedding.
        self._single = {"device": device, "dtype": torch.float32}
        inputs = (6 * layout.unshuffle**2, *layout.camera_channels)
        for stage, fan_in, width in zip(_STAGES, inputs, layout.camera_channels):
            encoder = torch.nn.Sequential(
                operations.Conv2d(fan_in, width, 1, **self._single),
                operations.GroupNorm(_GROUPS, width, **self._single),
                torch.nn.ReLU(),
            )
            self.add_module(f"controlnet_encode_{stage}", encoder)
        self.condition_embedder = Holder(
            time_embedder=Holder(
                linear_1=operations.Linear(layout.freq_dim, dim, **settings),
                linear_2=operations.Linear(dim, dim, **settings),
            ),
            time_proj=operations.Linear(dim, 6 * dim, **settings),
        )
        self.blocks = torch.nn.ModuleList(
            SideBlock(dim, layout.num_heads, layout.ffn_dim, settings, operations) for _ in range(layout.layers)
        )
        self.controlnet_blocks = torch.nn.ModuleList(
            operations.Linear(dim, layout.out_dim, **settings) for _ in range(layout.layers)
        )
        d = dim // layout.num_heads
        self.rope_embedder = EmbedND(dim=d, theta=10000.0, axes_dim=[d - 4 * (d // 6), 2 * (d // 6), 2 * (d // 6)])

    def patch_embedding_of(self, channels: int, operations: Any) -> torch.nn.Module:
        """A layer that makes tokens of `channels` channels."""
        layout = self.layout
        return operations.Conv3d(channels, layout.dim, kernel_size=layout.patch, stride=layout.patch, **self._single)

    def demands(self) -> list[tuple[str, object, str]]:
        """What it asks of its backbone: how it is said, our size, and the backbone's attribute that is to equal it."""
        layout = self.layout
        return [
            ("adds to blocks of width", layout.out_dim, "dim"),
            ("reads an input of channels", layout.current_channels - layout.camera_channels[-1], "in_dim"),
            ("has patches", layout.patch, "patch_size"),
        ]

    def encode_cameras(self, c2w: Tensor, intrinsics: Tensor, height: int, width: int) -> Tensor:
        """Latent cameras (S, C, h, w) float32 of four posed cameras each.

        c2w: (S, 4, 4, 4). intrinsics: (S, 4, 4), four of [fx fy cx cy] in pixels of an image of height x width.
        """
        stages = [getattr(self, f"controlnet_encode_{stage}") for stage in _STAGES[: len(self.layout.camera_channels)]]
        features = []
        for start in range(0, c2w.shape[0], _SLOTS_AT_ONCE):
            poses, pixels = (values[start : start + _SLOTS_AT_ONCE] for values in (c2w, intrinsics))
            rays = pluecker_rays(poses.flatten(0, 1), pixels.flatten(0, 1), height, width)
            maps = stages[0](torch.nn.functional.pixel_unshuffle(rays, self.layout.unshuffle))
            # Averaged in pairs after the first stage's nonlinearity and after the second's.
            maps = stages[1](maps.unflatten(0, (-1, 2)).mean(1)).unflatten(0, (-1, 2)).mean(1)
            features.append(stages[2](maps) if len(stages) > 2 else maps)
        return torch.cat(features)

    def through(self, layer: int, x: Tensor, modulation: Tensor, attend: Attend) -> Tensor:
        """Tokens through the block of a layer; arguments as the block's."""
        block = self.blocks[layer]
        if self.checkpoint and torch.is_grad_enabled():
            return checkpointed(block, x, modulation, attend, use_reentrant=False)
        return block(x, modulation, attend)

    def modulation(self, timesteps: Tensor, dtype: torch.dtype) -> Tensor:
        """(..., 6, dim): what timesteps of any shape, 0..1000, say to every block."""
        embedder = self.condition_embedder.time_embedder
        table = sinusoidal_embedding_1d(self.layout.freq_dim, timesteps.flatten()).to(dtype)
        embedding = embedder.linear_2(torch.nn.functional.silu(embedder.linear_1(table)))
        projected = self.condition_embedder.time_proj(torch.nn.functional.silu(embedding))
        return projected.reshape(*timesteps.shape, 6, -1)

    def positions(self, times: Tensor, rows: int, columns: int) -> Tensor:
        """RoPE tables (N, hw, 1, head_dim / 2, 2, 2), float32, of latent frames at the times (N,)."""
        ids = torch.zeros(times.shape[0], rows, columns, 3, device=times.device, dtype=torch.float32)
        ids[..., 0] = times[:, None, None]
        ids[..., 1] = torch.arange(rows, device=times.device)[:, None]
        ids[..., 2] = torch.arange(columns, device=times.device)
        return self.rope_embedder(ids.flatten(1, 2)).movedim(1, 2)


class SideBlock(torch.nn.Module):
    """AdaLN, attention, AdaLN, feed-forward; no text. Whom the tokens attend to is the branch's to say."""

    def __init__(self, dim: int, heads: int, ffn_dim: int, settings: dict, operations: Any) -> None:
        super().__init__()
        self.heads = heads
        self.norm = operations.LayerNorm(dim, eps=_EPS, elementwise_affine=False, **settings)
        parts = {part: operations.Linear(dim, dim, **settings) for part in ("to_q", "to_k", "to_v")}
        norms = {
            part: operations.RMSNorm(dim, eps=_EPS, elementwise_affine=True, **settings)
            for part in ("norm_q", "norm_k")
        }
        self.attn1 = Holder(**parts, to_out=torch.nn.ModuleList([operations.Linear(dim, dim, **settings)]), **norms)
        first = Holder(proj=operations.Linear(dim, ffn_dim, **settings))
        self.ffn = Holder(net=Holder(**{"0": first, "2": operations.Linear(ffn_dim, dim, **settings)}))
        self.scale_shift_table = torch.nn.Parameter(torch.empty(1, 6, dim, **settings))

    def forward(self, x: Tensor, modulation: Tensor, attend: Attend) -> Tensor:
        """x: (..., n, dim), tokens that share a timestep. modulation: (..., 6, dim). attend: (block, tokens) -> theirs."""
        table = comfy.model_management.cast_to(self.scale_shift_table, dtype=x.dtype, device=x.device) + modulation
        shift, scale, gain, ffn_shift, ffn_scale, ffn_gain = table[..., None, :].unbind(-3)
        y = attend(self, torch.addcmul(shift, self.norm(x), 1 + scale))
        x = torch.addcmul(x, self.attn1.to_out[0](y), gain)
        y = getattr(self.ffn.net, "0").proj(torch.addcmul(ffn_shift, self.norm(x), 1 + ffn_scale))
        y = getattr(self.ffn.net, "2")(torch.nn.functional.gelu(y, approximate="tanh"))
        return torch.addcmul(x, y, ffn_gain)

    def queries(self, x: Tensor, positions: Tensor) -> Tensor:
        """(B, L, dim) of tokens at their positions."""
        return self._turned(self.attn1.norm_q(self.attn1.to_q(x)), positions)

    def keys(self, x: Tensor, positions: Tensor) -> Tensor:
        """(B, L, dim) of tokens at their positions."""
        return self._turned(self.attn1.norm_k(self.attn1.to_k(x)), positions)

    def attention(self, q: Tensor, k: Tensor, v: Tensor, transformer_options: dict) -> Tensor:
        """The host's attention, all (B, L, dim)."""
        return optimized_attention(q, k, v, heads=self.heads, transformer_options=transformer_options)

    def _turned(self, x: Tensor, positions: Tensor) -> Tensor:
        return apply_rope1(x.unflatten(-1, (self.heads, -1)), positions).flatten(-2)


def embed_tokens(embedding: torch.nn.Module, latents: Tensor, cameras: Tensor, dtype: torch.dtype) -> Tensor:
    """Tokens (N, hw, dim) of latent frames (N, C, H, W) with their latent cameras."""
    return embedding(torch.cat([latents.float(), cameras], dim=1)[:, :, None]).to(dtype).flatten(2).transpose(1, 2)
