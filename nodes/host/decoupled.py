"""The decoupled memory branch on the host's model: an additional model whose residuals are added after the first blocks.

Nothing is changed in place: every function takes a ModelPatcher and returns a clone.
"""

from __future__ import annotations

import json
import logging
import math

import comfy.ldm.common_dit
import comfy.ldm.wan.model
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.ops
import comfy.utils
import torch
from comfy.ldm.flux.layers import EmbedND
from comfy.ldm.flux.math import apply_rope1
from comfy.ldm.modules.attention import optimized_attention
from comfy.ldm.wan.model import sinusoidal_embedding_1d
from comfy.patcher_extension import WrappersMP

from ...spatia_core.errors import SpatiaError
from ...spatia_core.model.control import frame_timesteps
from ...spatia_core.model.decoupled.assembly import MemorySlots
from ...spatia_core.model.decoupled.cameras import pluecker_rays
from ...spatia_core.model.decoupled.layout import DecoupledLayout, decoupled_layout
from ...spatia_core.precision import working_dtype
from ...spatia_core.weights.scaled import SCALE_SUFFIX, dequantise, unscale_float8
from .patching import _PLAIN_DTYPES, CLIP

DECOUPLED = "spatia_decoupled"  # additional model and wrappers of the memory branch

_EPS = 1e-6
_GROUPS = 2  # of the camera encoder's norms
_SLOTS_AT_ONCE = 4  # rays are made at full size, 25 bytes a pixel and camera
# As for the control branch: the state and the history's tokens are three vectors of half the backbone's width beside a
# block's working set of about 18.
_MEMORY_SHARE = 1 / 8


class _Holder(torch.nn.Module):
    """Submodules under the checkpoint's names."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class DecoupledBranch(torch.nn.Module):
    """The memory branch; tensor names are the release's. It sees one latent frame at a time, with its own memory alone."""

    def __init__(self, layout: DecoupledLayout, dtype, device, operations):
        super().__init__()
        self.layout = layout
        self.dtype = dtype
        dim, heads = layout.dim, layout.num_heads
        settings = {"device": device, "dtype": dtype}
        single = {
            "device": device,
            "dtype": torch.float32,
        }  # rays and patch embeddings, as the host's own patch embedding

        inputs = (6 * layout.unshuffle**2, *layout.camera_channels)
        for stage, fan_in, width in zip(("first", "second", "third"), inputs, layout.camera_channels):
            encoder = torch.nn.Sequential(
                operations.Conv2d(fan_in, width, 1, **single),
                operations.GroupNorm(_GROUPS, width, **single),
                torch.nn.ReLU(),
            )
            self.add_module(f"controlnet_encode_{stage}", encoder)
        for name, channels in (
            ("current", layout.current_channels),
            ("history_video", layout.history_channels),
            ("history_image", layout.history_channels),
        ):
            self.add_module(
                f"patch_embedding_{name}",
                operations.Conv3d(channels, dim, kernel_size=layout.patch, stride=layout.patch, **single),
            )
        self.condition_embedder = _Holder(
            time_embedder=_Holder(
                linear_1=operations.Linear(layout.freq_dim, dim, **settings),
                linear_2=operations.Linear(dim, dim, **settings),
            ),
            time_proj=operations.Linear(dim, 6 * dim, **settings),
        )
        self.blocks = torch.nn.ModuleList(
            _MemoryBlock(dim, heads, layout.ffn_dim, settings, operations) for _ in range(layout.layers)
        )
        self.controlnet_blocks = torch.nn.ModuleList(
            operations.Linear(dim, layout.out_dim, **settings) for _ in range(layout.layers)
        )
        d = dim // heads
        self.rope_embedder = EmbedND(dim=d, theta=10000.0, axes_dim=[d - 4 * (d // 6), 2 * (d // 6), 2 * (d // 6)])

    def encode_cameras(self, c2w, K, height: int, width: int):
        """Latent cameras (S, C, h, w) float32 of four posed cameras each, c2w (S, 4, 4, 4), K (S, 4, 4) pixels."""
        features = []
        for start in range(0, c2w.shape[0], _SLOTS_AT_ONCE):
            poses, intrinsics = (values[start : start + _SLOTS_AT_ONCE] for values in (c2w, K))
            rays = pluecker_rays(poses.flatten(0, 1), intrinsics.flatten(0, 1), height, width)
            maps = self.controlnet_encode_first(torch.nn.functional.pixel_unshuffle(rays, self.layout.unshuffle))
            # Averaged in pairs between the stages, after their nonlinearities.
            maps = self.controlnet_encode_second(maps.unflatten(0, (-1, 2)).mean(1))
            features.append(self.controlnet_encode_third(maps.unflatten(0, (-1, 2)).mean(1)))
        return torch.cat(features)

    def embed_history(self, temporal, spatial, history_cameras, target_cameras, dtype):
        """Tokens (S, 2hw, dim) of the temporal cues, then of the spatial ones; latents and cameras (S, C, H, W)."""
        cues = (
            (self.patch_embedding_history_video, temporal, history_cameras),
            (self.patch_embedding_history_image, spatial, target_cameras),
        )
        return torch.cat([_tokens(embedding, latents, cameras, dtype) for embedding, latents, cameras in cues], dim=1)

    def embed_current(self, frames, cameras, dtype):
        """Tokens (N, hw, dim) of latent frames (N, C, H, W) of the network's input with their cameras."""
        return _tokens(self.patch_embedding_current, frames, cameras, dtype)

    def modulation(self, timesteps, dtype):
        """(N, 6, dim): what the timesteps (N,), 0..1000, say to every block."""
        embedder = self.condition_embedder.time_embedder
        embedding = embedder.linear_1(sinusoidal_embedding_1d(self.layout.freq_dim, timesteps).to(dtype))
        embedding = embedder.linear_2(torch.nn.functional.silu(embedding))
        return self.condition_embedder.time_proj(torch.nn.functional.silu(embedding)).unflatten(1, (6, -1))

    def positions(self, times, rows: int, columns: int):
        """RoPE tables (N, hw, 1, head_dim / 2, 2, 2), float32, of latent frames at the times (N,)."""
        ids = torch.zeros(times.shape[0], rows, columns, 3, device=times.device, dtype=torch.float32)
        ids[..., 0] = times[:, None, None]
        ids[..., 1] = torch.arange(rows, device=times.device)[:, None]
        ids[..., 2] = torch.arange(columns, device=times.device)
        return self.rope_embedder(ids.flatten(1, 2)).movedim(1, 2)


def _tokens(embedding, latents, cameras, dtype):
    return embedding(torch.cat([latents.float(), cameras], dim=1)[:, :, None]).to(dtype).flatten(2).transpose(1, 2)


class _MemoryBlock(torch.nn.Module):
    """AdaLN, attention of a frame to its two cues, AdaLN, feed-forward; no self-attention and no text."""

    def __init__(self, dim: int, heads: int, ffn_dim: int, settings: dict, operations):
        super().__init__()
        self.heads = heads
        self.norm = operations.LayerNorm(dim, eps=_EPS, elementwise_affine=False, **settings)
        parts = {part: operations.Linear(dim, dim, **settings) for part in ("to_q", "to_k", "to_v")}
        norms = {
            part: operations.RMSNorm(dim, eps=_EPS, elementwise_affine=True, **settings)
            for part in ("norm_q", "norm_k")
        }
        self.attn1 = _Holder(**parts, to_out=torch.nn.ModuleList([operations.Linear(dim, dim, **settings)]), **norms)
        self.ffn = _Holder(
            net=_Holder(
                **{
                    "0": _Holder(proj=operations.Linear(dim, ffn_dim, **settings)),
                    "2": operations.Linear(ffn_dim, dim, **settings),
                }
            )
        )
        self.scale_shift_table = torch.nn.Parameter(torch.empty(1, 6, dim, **settings))

    def forward(self, x, modulation, positions, history, history_positions, slot_of, transformer_options):
        """x: (N, hw, dim). history: (S, 2hw, dim), as it was embedded. slot_of: (N,) the slot each frame remembers."""
        table = comfy.model_management.cast_to(self.scale_shift_table, dtype=x.dtype, device=x.device) + modulation
        shift, scale, gain, ffn_shift, ffn_scale, ffn_gain = table[:, :, None].unbind(1)
        q = self._heads(self.attn1.norm_q(self.attn1.to_q(torch.addcmul(shift, self.norm(x), 1 + scale))), positions)
        k = self._heads(self.attn1.norm_k(self.attn1.to_k(history)), history_positions)[slot_of]
        v = self.attn1.to_v(history)[slot_of]
        y = optimized_attention(q, k, v, heads=self.heads, transformer_options=transformer_options)
        x = torch.addcmul(x, self.attn1.to_out[0](y), gain)
        y = getattr(self.ffn.net, "0").proj(torch.addcmul(ffn_shift, self.norm(x), 1 + ffn_scale))
        y = getattr(self.ffn.net, "2")(torch.nn.functional.gelu(y, approximate="tanh"))
        return torch.addcmul(x, y, ffn_gain)

    def _heads(self, x, positions):
        return apply_rope1(x.unflatten(-1, (self.heads, -1)), positions).flatten(-2)


class BranchRun:
    """One forward pass of the branch beside the backbone, layer by layer, over the open frames only.

    x: (B, C, F, h, w), the network's whole input. B is a multiple of the slots' rows: row b remembers row b mod M, as
    the host stacks several conditions of one batch.
    """

    def __init__(self, branch: DecoupledBranch, slots: MemorySlots, x, timestep, transformer_options: dict):
        self.branch = branch
        self.options = transformer_options
        rows, frames = slots.gate.shape
        if x.shape[0] % rows:
            raise SpatiaError(
                f"The batch being sampled has {x.shape[0]} rows, expected a multiple of the {rows} memories it is conditioned on."
            )
        copies = x.shape[0] // rows
        gate = slots.gate.to(x.device)
        self.opened = gate.repeat(copies, 1)
        row_of, frame_of = self.opened.nonzero().unbind(1)
        self.slot_of = torch.arange(int(gate.sum()), device=x.device).repeat(copies)
        dtype = x.dtype
        target, history = (
            branch.encode_cameras(c2w.to(x.device), K.to(x.device), slots.height, slots.width)
            for c2w, K in ((slots.target_c2w, slots.target_K), (slots.history_c2w, slots.history_K))
        )
        x = comfy.ldm.common_dit.pad_to_patch_size(x, branch.layout.patch)
        if tuple(target.shape[2:]) != tuple(x.shape[3:]):
            raise SpatiaError(
                f"The clip being sampled has latents of {tuple(x.shape[3:])}, but the memory's pictures make {tuple(target.shape[2:])}; use one size for both."
            )
        self.history = branch.embed_history(
            slots.temporal.to(x.device), slots.spatial.to(x.device), history, target, dtype
        )
        self.state = branch.embed_current(x[row_of, :, frame_of], target[self.slot_of], dtype)
        times = frame_timesteps(timestep, 0, frames)[row_of, frame_of]
        self.modulation = branch.modulation(times, dtype)
        grid = [side // size for side, size in zip(x.shape[3:], branch.layout.patch[1:])]
        slot_time = gate.nonzero()[:, 1]
        self.positions = branch.positions(frame_of, *grid)
        self.history_positions = torch.cat(
            [branch.positions(slot_time, *grid), branch.positions(frames + slot_time, *grid)], dim=1
        )

    def residual(self, layer: int):
        """(N, hw, out_dim): what this layer adds to the open frames. Layers in order, each once."""
        self.state = self.branch.blocks[layer](
            self.state,
            self.modulation,
            self.positions,
            self.history,
            self.history_positions,
            self.slot_of,
            self.options,
        )
        return self.branch.controlnet_blocks[layer](self.state)


class ResidualPatch:
    """The host's patch after each block: adds the residuals of one forward pass to the video tokens of the open frames.

    source: `residual(layer)` -> (N, hw, out_dim) over the open (row, frame) pairs of opened (B, F).
    """

    def __init__(self, source, opened, layers: int, strength: float):
        self.source = source
        self.layers = layers
        self.frames = opened.shape[1]
        self.rows, self.frame_of = opened.nonzero().unbind(1)
        self.strength = strength
        self.spent = 0

    def __call__(self, args):
        layer = args["block_index"]
        if layer >= self.layers:
            return args
        if layer != self.spent:
            raise SpatiaError(
                f"Memory residual {self.spent} was due, but block {layer} of the model ran: another node skips or repeats blocks. "
                "Remove it, or disconnect Apply Decoupled Memory."
            )
        residual = self.source.residual(layer)
        self.spent += 1
        tokens = args["img"]
        # Spatia's references stand before the video.
        start = tokens.shape[1] - self.frames * residual.shape[1]
        video = tokens[:, start:].unflatten(1, (self.frames, -1))
        video[self.rows, self.frame_of] += residual.to(video.dtype) * self.strength
        return args


class MemoryCondition:
    """What one clip remembers; wraps the host's diffusion model and its estimate of memory.

    Host protocol: `to(device)` before and after sampling.
    """

    def __init__(
        self, branch: DecoupledBranch, slots: MemorySlots, strength: float, sigma_start: float, sigma_end: float
    ):
        self.branch = branch
        self.slots = slots
        self.strength = strength
        self.sigma_start = sigma_start
        self.sigma_end = sigma_end

    def to(self, device_or_dtype):
        if isinstance(device_or_dtype, torch.device):
            self.slots = MemorySlots(
                *(part.to(device_or_dtype) if isinstance(part, torch.Tensor) else part for part in self.slots)
            )
        return self

    def runs_at(self, transformer_options: dict) -> bool:
        """Whether the branch runs at this step."""
        if self.strength == 0.0 or not bool(self.slots.gate.any()):
            return False
        sigmas = transformer_options.get("sigmas")
        return sigmas is None or self.sigma_end <= float(sigmas[0]) <= self.sigma_start

    def prepare_sampling(self, executor, model, noise_shape, *args, **kwargs):
        """PREPARE_SAMPLING wrapper: the host's estimate counts the branch's state as more frames."""
        shape = list(noise_shape)
        shape[2] += math.ceil(float(self.slots.gate.sum(1).max()) * _MEMORY_SHARE)
        return executor(model, shape, *args, **kwargs)

    # Traced by torch.compile, one clip's memory would become constants of the next.
    @torch.compiler.disable
    def __call__(
        self, executor, x, timestep, context, clip_fea=None, time_dim_concat=None, transformer_options=None, **kwargs
    ):
        """DIFFUSION_MODEL wrapper. x: (B, C, F, h, w), the mask and image latents of an I2V model included."""
        transformer_options = {} if transformer_options is None else transformer_options
        if not self.runs_at(transformer_options):
            return executor(x, timestep, context, clip_fea, time_dim_concat, transformer_options, **kwargs)
        foreign = next((key for key in ("reference_latent", "context_latents") if kwargs.get(key) is not None), None)
        if time_dim_concat is not None or foreign:
            raise SpatiaError(
                f"Another node adds frames to the model's input ({foreign or 'time_dim_concat'}), which the memory has no place for; "
                "remove that node from the conditioning or the model."
            )
        if x.shape[2] != self.slots.gate.shape[1]:
            raise SpatiaError(
                f"The clip being sampled has {x.shape[2]} latent frames, but the cameras of Apply Decoupled Memory make "
                f"{self.slots.gate.shape[1]}; connect the cameras of this very clip, and no context windows."
            )
        run = BranchRun(self.branch, self.slots, x, timestep, transformer_options)
        patch = ResidualPatch(run, run.opened, self.branch.layout.layers, self.strength)
        options = transformer_options.copy()
        others = options.get("patches", {})
        options["patches"] = {**others, "double_block": [*others.get("double_block", []), patch]}
        out = executor(x, timestep, context, clip_fea, time_dim_concat, options, **kwargs)
        # None at all is a cache node's doing (it skipped the whole pass); some but not all is a memory lost.
        if 0 < patch.spent < patch.layers:
            raise SpatiaError(
                f"Only {patch.spent} of {patch.layers} memory residuals reached the model: another node ends it early; remove it."
            )
        return out


def load_decoupled_patcher(path: str, file: str, dtype=None, disable_dynamic: bool = False):
    """A memory branch's checkpoint as a ModelPatcher, sized by its tensors."""
    try:
        state_dict, metadata = comfy.utils.load_torch_file(path, safe_load=True, return_metadata=True)
    except Exception as error:  # the host raises whatever its readers do; none of it says which widget to change
        raise SpatiaError(
            f"Decoupled memory checkpoint {file} cannot be read: {error}. Choose another file in `memory`."
        ) from error
    if any(name.endswith(SCALE_SUFFIX) for name in state_dict):
        state_dict = dequantise(state_dict)
    elif any(tensor.dtype in (torch.float8_e4m3fn, torch.float8_e5m2) for tensor in state_dict.values()):
        state_dict = unscale_float8(state_dict)
    patcher = decoupled_patcher(state_dict, file, _heads_of(metadata, file), dtype, disable_dynamic)
    patcher.cached_patcher_init = (load_decoupled_patcher, (path, file, dtype))
    return patcher


def _heads_of(metadata: dict | None, file: str) -> int | None:
    """Attention heads by the file's header: `num_heads`, or diffusers' `num_attention_heads`; None when it says nothing."""
    value = next(
        ((metadata or {})[key] for key in ("num_heads", "num_attention_heads") if key in (metadata or {})), None
    )
    if value is None:
        return None
    try:
        return int(json.loads(value))
    except (ValueError, TypeError) as error:
        raise SpatiaError(
            f"Decoupled memory checkpoint {file}: its header says {value!r} attention heads, expected a number; choose another file in `memory`."
        ) from error


def decoupled_patcher(state_dict, file: str, num_heads: int | None = None, dtype=None, disable_dynamic: bool = False):
    """A memory branch's state dict as a ModelPatcher. dtype None: what the host would run a model of this size in."""
    layout = decoupled_layout({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, file, num_heads)
    if dtype is None:
        count = sum(tensor.numel() for tensor in state_dict.values())
        dtype = comfy.model_management.unet_dtype(model_params=count, supported_dtypes=list(_PLAIN_DTYPES))
    plain = dtype if dtype in _PLAIN_DTYPES else working_dtype(comfy.model_management.get_torch_device())
    for name in list(state_dict):
        single = name.startswith(("patch_embedding_", "controlnet_encode_"))
        state_dict[name] = state_dict[name].to(
            torch.float32 if single else dtype if state_dict[name].ndim == 2 else plain
        )
    device = comfy.model_management.unet_offload_device()
    branch = DecoupledBranch(layout, plain, device, comfy.ops.manual_cast)
    patcher_class = comfy.model_patcher.ModelPatcher if disable_dynamic else comfy.model_patcher.CoreModelPatcher
    patcher = patcher_class(branch, load_device=comfy.model_management.get_torch_device(), offload_device=device)
    # assign: the parameters take the file's tensors with their dtypes, without a second copy.
    branch.load_state_dict(state_dict, assign=True)
    branch.requires_grad_(False).eval()
    comfy.model_management.archive_model_dtypes(branch)
    return patcher


def require_fit(model, patcher) -> DecoupledBranch:
    """The branch of a MODEL_PATCH, refused unless it is ours and of this MODEL's sizes."""
    branch = patcher.model
    if not isinstance(branch, DecoupledBranch):
        raise SpatiaError(
            f"`memory_model` is a {type(branch).__name__}, expected the memory branch of Load Decoupled Memory; connect that."
        )
    base, layout = model.model, branch.layout
    network = getattr(base, "diffusion_model", None)
    if not isinstance(base, comfy.model_base.WAN21) or type(network) is not comfy.ldm.wan.model.WanModel:
        raise SpatiaError(
            f"The model is a {type(base).__name__}, expected Wan2.2-TI2V-5B, or Wan2.1-I2V-14B for the paper's own weights; connect that."
        )
    camera = layout.camera_channels[-1]
    for what, ours, theirs in (
        ("adds to blocks of width", layout.out_dim, network.dim),
        ("reads an input of channels", layout.current_channels - camera, network.in_dim),
        ("remembers latents of channels", layout.history_channels - camera, network.out_dim),
        ("has patches", layout.patch, tuple(network.patch_size)),
    ):
        if ours != theirs:
            raise SpatiaError(
                f"The memory branch {what} {ours}, the model has {theirs}: they belong to different models; change `memory` or the model."
            )
    if layout.layers > network.num_layers:
        raise SpatiaError(
            f"The memory branch has {layout.layers} layers, one after each block, but the model has {network.num_layers} blocks; change `memory` or the model."
        )
    for key, node in ((DECOUPLED, "Apply Decoupled Memory"), (CLIP, "Spatia Conditioning")):
        if model.get_wrappers(WrappersMP.DIFFUSION_MODEL, key):
            raise SpatiaError(
                f"The model is already conditioned on a clip by {node}; connect `model` to what comes before that node."
            )
    return branch


def apply_memory(
    model, patcher, slots: MemorySlots, strength: float = 1.0, start_percent: float = 0.0, end_percent: float = 1.0
):
    """A clone of MODEL that remembers one clip's slots. With no open gate it is the model itself: no branch is loaded."""
    branch = require_fit(model, patcher)
    model = model.clone()
    if not bool(slots.gate.any()):
        return model
    sampling = model.get_model_object("model_sampling")
    condition = MemoryCondition(
        branch,
        slots,
        strength,
        float(sampling.percent_to_sigma(start_percent)),
        float(sampling.percent_to_sigma(end_percent)),
    )
    model.set_additional_models(DECOUPLED, [patcher])
    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, DECOUPLED, condition)
    model.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, DECOUPLED, condition.prepare_sampling)
    logging.debug("Spatia: %d latent frames remember", int(slots.gate.sum()))
    return model
