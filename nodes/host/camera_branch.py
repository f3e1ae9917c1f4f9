"""The camera branch of "Memorize When Needed" on the host's model: where the camera goes, from poses alone.

Nothing is changed in place: every function takes a ModelPatcher and returns a clone.
"""

from __future__ import annotations

from typing import Any

import comfy.ldm.common_dit
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import widget_number
from ...spatia_core.model.decoupled.cameras import ClipPoses, clip_poses
from ...spatia_core.model.decoupled.layout import CameraLayout, camera_layout, is_dead_text
from . import bundle
from .branch_layers import BranchKind, SideBranch
from .side_branch import ResidualCondition

CAMERA = "spatia_camera"  # additional model and wrappers of the camera branch
# Paper's release: while the noise level is at least shift(0.6).
END_PERCENT = 0.4

# Its state is one vector of a third of the backbone's width, and its blocks' working set as much narrower, beside the
# backbone's of about 18; both are there at once.
_MEMORY_SHARE = 1 / 3


class CameraBranch(SideBranch):
    """The camera branch: all tokens of the clip attend to each other."""

    kind = BranchKind(
        "camera branch", "Camera branch checkpoint", "camera", "camera_model", "Load Camera Branch", bundle.CAMERA,
        ("patch_embedding.", "controlnet_encode_"), camera_layout, is_dead_text,
    )  # fmt: skip
    layout: CameraLayout

    def __init__(
        self, layout: CameraLayout, dtype: torch.dtype, device: torch.device | str | None, operations: Any
    ) -> None:
        super().__init__(layout, dtype, device, operations)
        self.patch_embedding = self.patch_embedding_of(layout.current_channels, operations)


class CameraRun:
    """One forward pass of the branch beside the backbone, layer by layer.

    cameras: (F, C, h, w) latent cameras of the clip, or (B, F, C, h, w). x: (B, C, F, h, w), the network's whole input.
    timestep: (B,), or (B, n) of n = 1, F or F * hw, in the order of the tokens.
    """

    def __init__(
        self, branch: CameraBranch, cameras: Tensor, x: Tensor, timestep: Tensor, transformer_options: dict
    ) -> None:
        self.branch = branch
        self.options = transformer_options
        x = comfy.ldm.common_dit.pad_to_patch_size(x, branch.layout.patch)
        rows, frames = x.shape[0], x.shape[2]
        if tuple(cameras.shape[-2:]) != tuple(x.shape[3:]) or cameras.shape[-4] != frames:
            raise SpatiaError(
                f"The clip being sampled has latents of {(frames, *x.shape[3:])}, but its cameras make "
                f"{(cameras.shape[-4], *cameras.shape[-2:])}; connect the cameras of this very clip."
            )
        beside = cameras.movedim(-4, -3).expand(rows, -1, -1, -1, -1)
        tokens = branch.patch_embedding(torch.cat([x.float(), beside], dim=1)).to(x.dtype)
        grid = tokens.shape[3:]
        times = timestep.reshape(rows, -1)
        # Tokens that share a timestep stand together: all of the clip, a frame's, or each alone.
        self.state = tokens.flatten(2).transpose(1, 2).unflatten(1, (times.shape[1], -1))
        self.frames = frames
        self.modulation = branch.modulation(times, x.dtype)
        positions = branch.positions(torch.arange(frames, device=x.device), *grid)
        self.positions = positions.flatten(0, 1)[None]

    def residual(self, layer: int) -> Tensor:
        """(B, F, hw, out_dim): what this layer adds to the clip. Layers in order, each once."""
        self.state = self.branch.through(layer, self.state, self.modulation, self._attend)
        return self.branch.controlnet_blocks[layer](self.state).flatten(1, 2).unflatten(1, (self.frames, -1))

    def _attend(self, block: Any, x: Tensor) -> Tensor:
        tokens = x.flatten(1, 2)
        q, k = block.queries(tokens, self.positions), block.keys(tokens, self.positions)
        return block.attention(q, k, block.attn1.to_v(tokens), self.options).reshape(x.shape)


def encode_poses(branch: CameraBranch, poses: ClipPoses, device: torch.device, size: tuple[int, int]) -> Tensor:
    """(F, C, h, w) latent cameras of a clip whose latents have this size (h, w)."""
    height, width = (side * branch.layout.unshuffle for side in size)
    pixels = (poses.intrinsics * poses.intrinsics.new_tensor([width, height, width, height])).float()
    return branch.encode_cameras(poses.c2w.to(device), pixels.to(device), height, width)


class CameraCondition(ResidualCondition[CameraBranch]):
    """Where one clip's camera goes."""

    node = "Apply Camera Branch"
    key = CAMERA
    branch_class = CameraBranch

    def __init__(
        self,
        branch: CameraBranch,
        poses: ClipPoses,
        strength: float,
        start_percent: float = 0.0,
        end_percent: float = END_PERCENT,
    ) -> None:
        super().__init__(branch, strength, start_percent, end_percent)
        self.poses = poses

    @property
    def frames(self) -> int:
        return self.poses.c2w.shape[0]

    def counted_frames(self) -> float:
        return self.frames * _MEMORY_SHARE

    def prepare(self, branch: CameraBranch, device: torch.device, dtype: torch.dtype, size: tuple[int, int]) -> Tensor:
        # The host pads odd latents to whole patches.
        height, width = (-(-side // patch) * patch for side, patch in zip(size, branch.layout.patch[1:]))
        return encode_poses(branch, self.poses, device, (height, width))

    def start(
        self, branch: CameraBranch, prepared: Any, x: torch.Tensor, timestep: torch.Tensor, transformer_options: dict
    ) -> CameraRun:
        return CameraRun(branch, prepared, x, timestep, transformer_options)

    @staticmethod
    def add(video: torch.Tensor, residual: torch.Tensor, strength: float) -> None:
        video.add_(residual.to(video), alpha=strength)


def apply_camera(
    model: ModelPatcher,
    patcher: ModelPatcher,
    cameras: Cameras,
    strength: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = END_PERCENT,
    unit: float = 1.0,
) -> ModelPatcher:
    """A clone of MODEL whose clip is steered along `cameras`, one per pixel frame."""
    branch = CameraCondition.require(model, patcher, start_percent, end_percent)
    poses = clip_poses(cameras, widget_number("unit", unit, 1e-9, 1e9))
    return CameraCondition(branch, poses, strength, start_percent, end_percent).attach(model, patcher)
