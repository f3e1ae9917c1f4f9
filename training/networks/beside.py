"""The whole network that training sees: a backbone with the branches that stand beside it, in one forward pass.

The branches of the decoupled system and their passes are handed in (the host's classes), so this file needs no host.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

import torch
from einops import rearrange, reduce
from torch import Tensor, nn

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.model.decoupled.assembly import MemorySlots
from ...spatia_core.model.decoupled.cameras import clip_poses, pluecker_rays
from ...spatia_core.precision import working_dtype
from .host_modules import BackboneNetwork, ControlBranch, SideBranch
from .objective import velocity


class PosedClip(NamedTuple):
    """Where the cameras of B clips of F latent frames are, as the camera branch is told.

    c2w: (B, F, 4, 4, 4) float32, the four cameras of each latent frame, from the clip's first one. K: (B, F, 4, 4) float32
    pixels [fx fy cx cy] of an image of height x width.
    """

    c2w: Tensor
    K: Tensor
    height: int
    width: int


class BranchPass(Protocol):
    """One forward pass of a branch."""

    def residual(self, layer: int) -> Tensor:
        """What a layer adds, layers in order: the camera branch's (B, F, rows * columns, dim), the memory branch's
        (N, rows * columns, dim) of the N open frames."""


def posed_clip(cameras: Cameras, height: int, width: int, unit: float = 1.0) -> PosedClip:
    """The cameras (N) of one clip, one per pixel frame; unit: scene units that the branch counts as one."""
    poses = clip_poses(cameras, unit)
    K = poses.intrinsics * poses.intrinsics.new_tensor([width, height, width, height])
    return PosedClip(poses.c2w[None], K.float()[None], height, width)


def stack_clips(clips: Iterable[PosedClip]) -> PosedClip:
    """Clips of one size and length as rows of one."""
    clips = list(clips)
    return clips[0]._replace(c2w=torch.cat([clip.c2w for clip in clips]), K=torch.cat([clip.K for clip in clips]))


class Beside(NamedTuple):
    """A branch, and how a pass of it is started: with the branch; latent cameras (B, F, C, h, w) or slots; the noised video
    (B, C, F, h, w); timesteps (B, F); and the host's options."""

    branch: SideBranch
    start: Callable[..., BranchPass]


class Network(nn.Module):
    """Backbone and branches as one module, so that what wraps it for several processes sees the whole forward pass.

    backbone, control: the host's WanModel and the control branch beside it, None where there is none. camera, memory: the
    decoupled system's branches, likewise. dtype: of the products. checkpoint: blocks keep their input only, and run once
    more for the gradient.
    """

    def __init__(
        self,
        backbone: BackboneNetwork,
        control: ControlBranch | None,
        dtype: torch.dtype = torch.float32,
        checkpoint: bool = False,
        *,
        camera: Beside | None = None,
        memory: Beside | None = None,
    ):
        super().__init__()
        self.backbone, self.control = backbone, control
        self.camera = None if camera is None else camera.branch
        self.memory = None if memory is None else memory.branch
        self.start_camera = None if camera is None else camera.start
        self.start_memory = None if memory is None else memory.start
        self.dtype, self.checkpoint = dtype, checkpoint
        for branch in self.side_branches:
            branch.checkpoint = checkpoint
            branch.encode_cameras = functools.partial(encode_either_way, branch, branch.encode_cameras)

    @property
    def side_branches(self) -> list[SideBranch]:
        """Those of the decoupled system that are there."""
        return [branch for branch in (self.camera, self.memory) if branch is not None]

    @property
    def blocks(self) -> list[nn.Module]:
        """The blocks of all parts, which is where the network may be cut."""
        control = [] if self.control is None else list(self.control.vace_blocks)
        return [*self.backbone.blocks, *control, *(block for branch in self.side_branches for block in branch.blocks)]

    def compute_on(self, device: torch.device) -> None:
        """Compute in float32 where the device only emulates bfloat16.

        What the stage keeps in bfloat16 is rounded to it all the same.
        """
        if self.dtype == torch.bfloat16 and working_dtype(device) == torch.float32:
            self.float()
            self.dtype = torch.float32

    def forward(
        self,
        video: Tensor,
        timesteps: Tensor,
        context: Tensor,
        control: Tensor,
        references: Tensor,
        cameras: PosedClip | None = None,
        slots: MemorySlots | None = None,
    ) -> Tensor:
        """Predicted velocity (B, 48, T, h, w) float32. Arguments as those of `velocity`, of any floating dtype.

        cameras, slots: what the camera branch and the memory branch are told; None leaves the branch out.
        """
        # float32 leaves it to the caller: the small recipe casts on its own.
        plain = self.dtype == torch.float32
        products = contextlib.nullcontext() if plain else torch.autocast(video.device.type, self.dtype)
        with products:
            beside: list[Callable[[int, Tensor], Tensor]] = []
            if cameras is not None:
                beside.append(self.pass_of_camera(cameras, video, timesteps))
            if slots is not None and bool(slots.gate.any()):
                beside.append(self.pass_of_memory(slots, video, timesteps))
            return velocity(
                self.backbone,
                self.control,
                video,
                timesteps,
                context.to(self.dtype),
                control,
                references,
                checkpoint=self.checkpoint and torch.is_grad_enabled(),
                beside=beside,
            ).float()

    def pass_of_camera(self, cameras: PosedClip, video: Tensor, timesteps: Tensor) -> AddCamera:
        """A pass of the camera branch over the clips whose cameras these are."""
        assert self.camera is not None and self.start_camera is not None  # cameras are given only where it is
        poses, K = cameras.c2w.flatten(0, 1), cameras.K.flatten(0, 1)
        encoded = self.camera.encode_cameras(poses, K, cameras.height, cameras.width)
        encoded = encoded.unflatten(0, cameras.c2w.shape[:2])
        return AddCamera(self.start_camera(self.camera, encoded, video, timesteps, {}), self.camera.layout.layers)

    def pass_of_memory(self, slots: MemorySlots, video: Tensor, timesteps: Tensor) -> AddMemory:
        """A pass of the memory branch over the clips that remember these slots."""
        assert self.memory is not None and self.start_memory is not None  # slots are given only where it is
        return AddMemory(
            self.start_memory(self.memory, slots, video, timesteps, {}), slots.gate, self.memory.layout.layers
        )


Encoder = Callable[[Tensor, Tensor, int, int], Tensor]


def encode_either_way(branch: SideBranch, plain: Encoder, c2w: Tensor, K: Tensor, height: int, width: int) -> Tensor:
    """Latent cameras (S, C, h, w) of (S, 4, 4, 4) poses with intrinsics (S, 4, 4) in pixels: the quick way where all share
    a lens, else as the branch's own `plain` method does."""
    if bool((K[:1, :1] == K).all()):
        return encode_one_lens(branch, c2w, K, height, width)
    return plain(c2w, K, height, width)


def encode_one_lens(branch: SideBranch, c2w: Tensor, K: Tensor, height: int, width: int) -> Tensor:
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
        for stage in ("second", "third"):
            # The camera branch has no third stage, and averages all the same.
            maps = reduce(maps, "(n pair) c h w -> n c h w", "mean", pair=2)
            maps = getattr(branch, f"controlnet_encode_{stage}", nn.Identity())(maps)
        return maps


class AddCamera:
    """The camera branch's outputs on the tokens of the whole clip, block by block; for `velocity`."""

    def __init__(self, started: BranchPass, layers: int):
        self.started, self.layers = started, layers

    def __call__(self, index: int, tokens: Tensor) -> Tensor:
        if index >= self.layers:
            return tokens
        return tokens + self.started.residual(index).flatten(1, 2).to(tokens.dtype)


class AddMemory:
    """The memory branch's outputs on the tokens of the open frames, block by block; for `velocity`. opened: (B, F) bool."""

    def __init__(self, started: BranchPass, opened: Tensor, layers: int):
        self.started, self.opened, self.layers = started, opened, layers

    def __call__(self, index: int, tokens: Tensor) -> Tensor:
        if index >= self.layers:
            return tokens
        residual = self.started.residual(index)
        rows, frames = self.opened.nonzero().to(tokens.device).unbind(1)
        spread = tokens.new_zeros(*self.opened.shape, *residual.shape[1:]).index_put(
            (rows, frames), residual.to(tokens.dtype)
        )
        return tokens + spread.flatten(1, 2)
