"""What the training recipe needs of the host: its network classes filled from weights files, its VAE, text encoder and depth networks."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import cast

import comfy.latent_formats
import comfy.model_management
import comfy.ops
import comfy.sd
import comfy.utils
import torch
from comfy.ldm.wan.model import WanModel
from safetensors import safe_open
from torch import Tensor

from ..nodes.host import bundle
from ..nodes.host.branch_layers import SideBranch
from ..nodes.host.camera_branch import CameraBranch, CameraRun
from ..nodes.host.da3 import da3_multiview_depth
from ..nodes.host.decoupled import BranchRun, DecoupledBranch
from ..nodes.host.depth_sources import SMALL_DEPTH
from ..nodes.host.patching import ControlBranch as HostControlBranch
from ..nodes.host.side_branch import heads_told, misfit_of, read_branch_file
from ..nodes.host.video import decode_frames, encode_video
from ..spatia_core.backbone import WAN22_TI2V_5B
from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.estimate.depth import DepthMaps
from ..spatia_core.estimate.mapanything import load_mapanything, mapanything_depth
from ..spatia_core.estimate.plane_sweep import plane_sweep
from ..spatia_core.estimate.small_depth import load_small_depth
from ..spatia_core.model.control import CONTROL_INTERVAL, control_positions, positions_of, stated_positions
from ..spatia_core.model.decoupled.layout import HEAD_DIM, CameraLayout, DecoupledLayout
from ..spatia_core.weights.layouts import (
    BackboneLayout,
    ControlLayout,
    backbone_layout,
    control_layout,
    strip_backbone_prefix,
)
from ..spatia_core.weights.scaled import SCALE_SUFFIX, dequantise, unscale_float8
from ..spatia_core.weights.shards import shard_files, sharded_shapes
from .data.samples import DepthEstimator, stored_depth
from .data.videos import PosedVideo
from .networks.beside import Beside, Network
from .networks.host_modules import ControlBranch
from .networks.host_modules import SideBranch as TrainedBranch
from .networks.stages import copy_control, prepare_stage
from .recipe import CAMERA, CONTROL, LORA, MEMORY, StageSettings, seed_of
from .tasks.decoupled import initialise_branch

HEAD_WIDTH = 128  # of every published Wan model; the small weights say their own
FULL_TEXT = 4096  # UMT5-XXL
# A side branch's width as a share of its backbone's, and channels of its camera encoder: the release's.
_SIDE_WIDTH, _RAY_CHANNELS, _CUE_CHANNELS = 0.3, (192, 96), 16
DEPTHS = ("stored", "sweep", "small", "da3:FILE", "mapanything:FOLDER")


def load_backbone(path: str, dtype: torch.dtype) -> WanModel:
    """The host's network of a weights file, or of all its shards, on the CPU. Raises SpatiaError on what is no Wan2.2-TI2V-5B's kind."""
    # Sizes first: what does not fit is told before gigabytes are read.
    layout, heads = _sizes(path)
    state_dict = strip_backbone_prefix(_read(path, "--backbone"))
    network = make_backbone(layout, heads, dtype)
    network.load_state_dict({name: tensor.to(_kept(name, dtype)) for name, tensor in state_dict.items()}, assign=True)
    return network


def empty_network(path: str, settings: StageSettings) -> Network:
    """A stage's network of a weights file's sizes on the meta device. Of safetensors files only the header is read."""
    layout, heads = _sizes(path)
    return sized_network(make_backbone(layout, heads, settings.dtype), settings)


def sized_network(backbone: WanModel, settings: StageSettings) -> Network:
    """A stage's network for a backbone of the meta device."""
    positions = new_positions(backbone, settings.control_at)
    control = make_control(backbone, positions) if settings.stage in (CONTROL, LORA) else None
    branches = {stage: make_side_branch(stage, backbone) for stage in _side_branches(settings.stage)}
    return prepare_stage(backbone, control, settings, **{name: _beside(branch) for name, branch in branches.items()})


def require_positions(path: str, at: str | None) -> None:
    """Raises SpatiaError when a weights file's backbone has no such blocks for a new control branch to stand beside."""
    if at is not None:
        positions_of(at, _sizes(path)[0].layers)


def backbone_text_dim(path: str) -> int:
    """Values of a text token that a backbone takes."""
    return _sizes(path)[0].text_dim


def prepare_network(
    backbone: WanModel, control_path: str | None, settings: StageSettings, camera_path: str | None = None
) -> Network:
    """A stage's network of a loaded backbone.

    control_path: a control checkpoint. None: for Spatia's stages a branch copied from the backbone, for the decoupled
    system's no control branch. camera_path: the camera branch to train on from or, for the stage memory, to stand beside.
    """
    if settings.stage in (CONTROL, LORA):
        return prepare_stage(backbone, load_control(control_path, backbone, settings.control_at), settings)
    control = None if control_path is None else load_control(control_path, backbone)
    branches = {}
    for name in _side_branches(settings.stage):
        if name == CAMERA and camera_path is not None:
            branches[name] = _beside(load_camera_branch(camera_path, backbone))
        else:
            branches[name] = _beside(new_side_branch(name, backbone, settings.seed))
    return prepare_stage(backbone, control, settings, **branches)


def _side_branches(stage: str) -> tuple[str, ...]:
    return {CAMERA: (CAMERA,), MEMORY: (CAMERA, MEMORY)}.get(stage, ())


def _beside(branch: TrainedBranch) -> Beside:
    return Beside(branch, CameraRun if isinstance(branch, CameraBranch) else BranchRun)


def _sizes(path: str) -> tuple[BackboneLayout, int]:
    files = shard_files(path)
    missing = next((file for file in files if not os.path.isfile(file)), None)
    if missing is not None:
        raise SpatiaError(f"--backbone {missing}: there is no such file.")
    if not path.lower().endswith((".safetensors", ".sft")):
        raise SpatiaError(f"--backbone {os.path.basename(path)} is no safetensors file; give one.")
    shapes = {name: shape for name, shape in sharded_shapes(files).items() if not name.endswith(SCALE_SUFFIX)}
    layout = backbone_layout(shapes, os.path.basename(path))
    with safe_open(files[0], framework="pt") as file:
        metadata = file.metadata() or {}
    return layout, _heads(metadata, layout)


def _heads(metadata: dict[str, str], layout: BackboneLayout) -> int:
    return json.loads(metadata.get("config", "{}")).get("transformer", {}).get("num_heads", layout.dim // HEAD_WIDTH)


def make_backbone(layout: BackboneLayout, heads: int, dtype: torch.dtype) -> WanModel:
    """The host's network of these sizes on the meta device: shapes without numbers."""
    return WanModel(
        model_type="t2v",
        in_dim=layout.in_channels,
        out_dim=layout.out_channels,
        dim=layout.dim,
        ffn_dim=layout.ffn_dim,
        num_heads=heads,
        num_layers=layout.layers,
        text_dim=layout.text_dim,
        freq_dim=layout.freq_dim,
        patch_size=layout.patch,
        device="meta",
        dtype=dtype,
        operations=comfy.ops.disable_weight_init,
    )


def make_control(backbone: WanModel, positions: list[int]) -> ControlBranch:
    """A control branch in float32 beside these blocks of a backbone, on the backbone's device, its weights unset."""
    channels = 2 * WAN22_TI2V_5B.latent_channels
    layout = ControlLayout(backbone.dim, backbone.ffn_dim, len(positions), channels, tuple(backbone.patch_size))
    device = backbone.patch_embedding.weight.device
    control = HostControlBranch(
        layout, backbone.num_heads, positions, backbone.eps, torch.float32, device, comfy.ops.disable_weight_init
    )
    return cast(ControlBranch, control)  # what the recipe takes of it


def new_positions(backbone: WanModel, at: str | None) -> list[int]:
    """Blocks that a new control branch stands beside; None: every fourth, as in the release."""
    return positions_of(f"every:{CONTROL_INTERVAL}" if at is None else at, backbone.num_layers)


def load_control(path: str | None, backbone: WanModel, at: str | None = None) -> ControlBranch:
    """The control branch of a checkpoint, or for None one copied from the backbone, in float32.

    at: where a copied one stands, as of `new_positions`; a checkpoint has positions of its own.
    """
    if path is None:
        control = make_control(backbone, new_positions(backbone, at))
        copy_control(backbone, control)
        return control
    name = os.path.basename(path)
    state_dict, metadata = read_branch_file(path, "Control checkpoint", name, "--control")
    found = control_layout({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, name)
    control = make_control(backbone, control_positions(backbone.num_layers, found.blocks, stated_positions(metadata)))
    if found != control.layout:
        raise SpatiaError(
            f"The control checkpoint {name} has the sizes {tuple(found)}, this backbone takes {tuple(control.layout)}; change --control or --backbone."
        )
    control.load_state_dict({name: tensor.float() for name, tensor in state_dict.items()})
    return control


def make_side_branch(stage: str, backbone: WanModel) -> TrainedBranch:
    """The branch of a stage for a backbone in float32 on the backbone's device, in the release's proportions, its weights unset."""
    dim = HEAD_DIM * max(1, round(_SIDE_WIDTH * backbone.dim / HEAD_DIM))
    layers, patch = max(1, backbone.num_layers // 2), tuple(backbone.patch_size)
    pixels = WAN22_TI2V_5B.pixels
    trunk = (dim, dim // HEAD_DIM, backbone.ffn_dim, layers, backbone.freq_dim, backbone.dim)
    device, operations = backbone.patch_embedding.weight.device, comfy.ops.disable_weight_init
    branch: SideBranch
    if stage == CAMERA:
        cameras = CameraLayout(*trunk, backbone.in_dim + _RAY_CHANNELS[-1], _RAY_CHANNELS, pixels, patch)
        branch = CameraBranch(cameras, torch.float32, device, operations)
    else:
        channels = backbone.in_dim + _CUE_CHANNELS, backbone.out_dim + _CUE_CHANNELS
        memory = DecoupledLayout(*trunk, *channels, (*_RAY_CHANNELS, _CUE_CHANNELS), pixels, patch)
        branch = DecoupledBranch(memory, torch.float32, device, operations)
    return cast(TrainedBranch, branch)  # what the recipe takes of it


def new_side_branch(stage: str, backbone: WanModel, seed: int) -> TrainedBranch:
    """The branch of a stage in float32, of random weights that add nothing yet."""
    branch = make_side_branch(stage, backbone)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("branch", stage, seed))
        initialise_branch(branch, at_own_place=stage == MEMORY)
    return branch


def load_camera_branch(path: str, backbone: WanModel) -> TrainedBranch:
    """The camera branch of a checkpoint in float32. Raises SpatiaError on one that the backbone cannot have beside it."""
    kind, file = CameraBranch.kind, os.path.basename(path)
    state_dict, metadata = read_branch_file(path, kind.file, file, "--camera")
    state_dict = {name: tensor.float() for name, tensor in state_dict.items() if not kind.unused(name)}
    shapes = {name: tuple(tensor.shape) for name, tensor in state_dict.items()}
    layout = cast(CameraLayout, kind.layout_of(shapes, file, heads_told(metadata, kind, file)))
    camera = CameraBranch(layout, torch.float32, None, comfy.ops.disable_weight_init)
    misfit = misfit_of(backbone, camera)
    if misfit is not None:
        raise SpatiaError(f"{misfit}; change --camera or --backbone.")
    camera.load_state_dict(state_dict)
    return cast(TrainedBranch, camera)


def _kept(name: str, dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if name.startswith("patch_embedding.") else dtype


def _read(path: str, option: str) -> dict[str, Tensor]:
    state_dict: dict[str, Tensor] = {}
    for file in shard_files(path):
        if not os.path.isfile(file):
            raise SpatiaError(f"{option} {file}: there is no such file.")
        try:
            state_dict |= comfy.utils.load_torch_file(file, safe_load=True)
        except Exception as error:  # the host raises whatever its readers do; none of it says which option to change
            raise SpatiaError(f"{option} {file} cannot be read: {error}.") from error
    if any(name.endswith(SCALE_SUFFIX) for name in state_dict):
        state_dict = dequantise(state_dict)
    return unscale_float8(state_dict)


class Codec:
    """The host's video VAE between frames in 0..1 and normalised latents, both without a batch axis."""

    def __init__(self, path: str):
        if not os.path.isfile(path):
            raise SpatiaError(f"--vae {path}: there is no such file.")
        self.vae = bundle.load_sized_vae(path)
        self.format = comfy.latent_formats.Wan22()

    def encode(self, frames: Tensor) -> Tensor:
        """(N, H, W, 3) in 0..1 to (48, T, H/16, W/16)."""
        with torch.inference_mode():
            latents = self.format.process_in(encode_video(self.vae, frames).float())
        return latents[0].cpu().clone()

    def decode(self, latents: Tensor) -> Tensor:
        """(48, T, h, w) to (N, H, W, 3) in 0..1."""
        with torch.inference_mode():
            frames = decode_frames(self.vae, self.format.process_out(latents[None]))
        return frames.clamp(0, 1).cpu().clone()


def text_encoder(path: str | None, text_dim: int) -> Callable[[str], Tensor]:
    """A text to (L, text_dim). None: no text, which is one zero token; for small backbones that know no other.

    Raises SpatiaError when a full-size backbone comes without its text encoder.
    """
    if path is None:
        if text_dim == FULL_TEXT:
            raise SpatiaError(
                "This backbone reads text: give --text-encoder umt5_xxl.safetensors (any of ComfyUI's files of it)."
            )
        return lambda text: torch.zeros(1, text_dim)
    if not os.path.isfile(path):
        raise SpatiaError(f"--text-encoder {path}: there is no such file.")

    @functools.cache  # not before there is a text to encode: most runs go on with what is cached
    def load() -> comfy.sd.CLIP:
        return comfy.sd.load_clip([path], clip_type=comfy.sd.CLIPType.WAN)

    def encode(text: str) -> Tensor:
        with torch.inference_mode():
            embedded = load().encode_from_tokens(load().tokenize(text))
        if embedded.shape[-1] != text_dim:
            raise SpatiaError(
                f"--text-encoder gives {embedded.shape[-1]} values a token, the backbone takes {text_dim}; change one of them."
            )
        return embedded[0].cpu().clone()

    return encode


def depth_estimator(name: str, near: float, far: float) -> Callable[[PosedVideo], DepthEstimator]:
    """Where the depth of a video comes from: one of DEPTHS. Networks are loaded once, when a video needs them."""
    kind, _, path = name.partition(":")
    if kind == "stored" and not path:
        return stored_depth
    if kind == "sweep" and not path:
        return lambda video: lambda frames, cameras, pick: plane_sweep(frames, cameras, near=near, far=far, pick=pick)
    if kind == "small" and not path:
        load = functools.cache(lambda: load_small_depth(bundle.bundle_path(SMALL_DEPTH)))

        def small(frames: Tensor, cameras: Cameras, pick: list[int]) -> DepthMaps:
            return DepthMaps(
                torch.cat([load()(frames[index][None].float() / 255) for index in pick]), True, "bundled depth network"
            )

        return lambda video: small
    if kind == "da3" and path:
        if not os.path.isfile(path):
            raise SpatiaError(f"--depth {name}: there is no such file.")
        model = functools.cache(lambda: comfy.sd.load_diffusion_model(path))
        return lambda video: _several_views(lambda frames, cameras: da3_multiview_depth(model(), frames, cameras))
    if kind == "mapanything" and path:
        if not os.path.isdir(path):
            raise SpatiaError(f"--depth {name}: there is no such folder.")
        network = functools.cache(lambda: load_mapanything(path, comfy.model_management.get_torch_device()))
        return lambda video: _several_views(lambda frames, cameras: mapanything_depth(network(), frames, cameras))
    raise SpatiaError(f"--depth {name} was given, expected one of {', '.join(DEPTHS)}.")


def _several_views(estimate: Callable[[Tensor, Cameras], DepthMaps], views: int = 8) -> DepthEstimator:
    """An estimator that sees frames spread over the video beside those asked for, as their baselines tell it the scale."""

    def run(frames: Tensor, cameras: Cameras, pick: list[int]) -> DepthMaps:
        count = frames.shape[0]
        spread = {round(i * (count - 1) / max(1, views - 1)) for i in range(views)}
        shown = sorted(spread | set(pick))
        return estimate(frames[shown], cameras.select(shown)).select([shown.index(index) for index in pick])

    return run


def free_memory() -> None:
    """Let go of what the VAE, text and depth networks hold on the accelerator before the training takes it."""
    comfy.model_management.unload_all_models()
    comfy.model_management.soft_empty_cache()
