"""A branch beside the backbone as the host sees it: an additional model, loaded, offloaded and copied per device with it.

Used by the control branch, the memory branch and the camera branch. Nothing is changed in place: a clip's condition goes
onto a clone of the MODEL.
"""

from __future__ import annotations

import json
import math
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, cast

import comfy.ldm.wan.model
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.ops
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ...spatia_core.backbone import WAN21_I2V_14B, WAN22_I2V_A14B, WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from ...spatia_core.precision import working_dtype
from ...spatia_core.weights.scaled import SCALE_SUFFIX, dequantise, unscale_float8
from .backbones import require_backbone
from .branch_layers import BranchKind, SideBranch
from .compiled_blocks import block_runner, compile_options, compiled_replacements
from .replaced_forward import require_whole_sequence

PLAIN_DTYPES = (torch.float32, torch.bfloat16, torch.float16)
CLIP = "spatia_clip"  # wrappers: what Spatia conditions one clip on
MULTIGPU = "multigpu"  # the host's key of a MODEL's copies on further devices

_T = TypeVar("_T")
B = TypeVar("B", bound=SideBranch)


# Files


def read_branch_file(path: str, what: str, file: str, widget: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """(state dict, header) of a branch's checkpoint, its int8 or float8 undone. what, file, widget: for messages."""
    try:
        state_dict, metadata = comfy.utils.load_torch_file(path, safe_load=True, return_metadata=True)
    except Exception as error:  # the host raises whatever its readers do; none of it says which widget to change
        raise SpatiaError(f"{what} {file} cannot be read: {error}. Choose another file in `{widget}`.") from error
    if any(name.endswith(SCALE_SUFFIX) for name in state_dict):
        state_dict = dequantise(state_dict)
    elif any(tensor.dtype in (torch.float8_e4m3fn, torch.float8_e5m2) for tensor in state_dict.values()):
        state_dict = unscale_float8(state_dict)
    return state_dict, metadata or {}


def load_side_branch(
    branch_class: type[SideBranch],
    path: str,
    file: str,
    dtype: torch.dtype | None = None,
    disable_dynamic: bool = False,
) -> ModelPatcher:
    """A checkpoint of the decoupled system as a ModelPatcher, sized by its tensors."""
    kind = branch_class.kind
    state_dict, metadata = read_branch_file(path, kind.file, file, kind.widget)
    patcher = side_branch_patcher(
        branch_class, state_dict, file, heads_told(metadata, kind, file), dtype, disable_dynamic
    )
    patcher.cached_patcher_init = (load_side_branch, (branch_class, path, file, dtype))
    return patcher


def side_branch_patcher(
    branch_class: type[SideBranch],
    state_dict: dict[str, Tensor],
    file: str,
    num_heads: int | None = None,
    dtype: torch.dtype | None = None,
    disable_dynamic: bool = False,
) -> ModelPatcher:
    """A state dict of the decoupled system as a ModelPatcher. dtype None: what the host would run a model of this size in."""
    kind = branch_class.kind
    layout = kind.layout_of({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, file, num_heads)
    return branch_patcher(
        lambda plain, device, operations: branch_class(layout, plain, device, operations),
        {name: tensor for name, tensor in state_dict.items() if not kind.unused(name)},
        dtype,
        kind.single,
        disable_dynamic,
    )


def heads_told(metadata: dict[str, str], kind: BranchKind, file: str) -> int | None:
    """Attention heads by the file's header: `num_heads`, or diffusers' `num_attention_heads`; None when it says nothing."""
    value = next((metadata[key] for key in ("num_heads", "num_attention_heads") if key in metadata), None)
    if value is None:
        return None
    try:
        return int(json.loads(value))
    except (ValueError, TypeError) as error:
        raise SpatiaError(
            f"{kind.file} {file}: its header says {value!r} attention heads, expected a number; choose another file in "
            f"`{kind.widget}`."
        ) from error


def branch_patcher(
    build: Callable[[torch.dtype, torch.device, Any], torch.nn.Module],
    state_dict: dict[str, Tensor],
    dtype: torch.dtype | None,
    single: tuple[str, ...],
    disable_dynamic: bool = False,
) -> ModelPatcher:
    """A branch as a ModelPatcher of its own, which takes the state dict's tensors without a second copy.

    build: (dtype of small tensors, device, the host's layers) -> the module. dtype: of matrices; None: what the host would
    run a model of this size in. single: beginnings of the names of tensors that are kept in float32.
    """
    if dtype is None:
        count = sum(tensor.numel() for tensor in state_dict.values())
        dtype = comfy.model_management.unet_dtype(model_params=count, supported_dtypes=list(PLAIN_DTYPES))
    # Small tensors keep a plain dtype: float8 norms and biases would save nothing.
    plain = dtype if dtype in PLAIN_DTYPES else working_dtype(comfy.model_management.get_torch_device())
    for name, tensor in state_dict.items():
        state_dict[name] = tensor.to(torch.float32 if name.startswith(single) else dtype if tensor.ndim == 2 else plain)
    device = comfy.model_management.unet_offload_device()
    branch = build(plain, device, comfy.ops.manual_cast)
    patcher_class = comfy.model_patcher.ModelPatcher if disable_dynamic else comfy.model_patcher.CoreModelPatcher
    patcher = patcher_class(branch, load_device=comfy.model_management.get_torch_device(), offload_device=device)
    branch.load_state_dict(state_dict, assign=True)
    branch.requires_grad_(False).eval()
    comfy.model_management.archive_model_dtypes(branch)
    return patcher


# Devices


class PerNetwork:
    """What belongs to a backbone, for each of the copies of it that the host made for its devices."""

    def __init__(self) -> None:
        # By the network itself: the host says no more of where a pass runs. Weakly: its copies go when the host lets them.
        self._held: weakref.WeakKeyDictionary[torch.nn.Module, Any] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()  # the host runs one thread per device

    def get(self, network: torch.nn.Module, make: Callable[[], _T]) -> _T:
        """What is held for this network; made once where nothing is."""
        with self._lock:
            if network in self._held:
                return self._held[network]
        made = make()
        with self._lock:
            self._held[network] = made
        return made

    def find(self, network: torch.nn.Module) -> Any | None:
        """What is held for this network, None where nothing is."""
        with self._lock:
            return self._held.get(network)

    def put(self, network: torch.nn.Module, value: Any) -> None:
        """Hold this for a network in place of what was."""
        with self._lock:
            self._held[network] = value

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()


def copies_of(model: ModelPatcher) -> Iterator[Any]:
    """A MODEL and its copies on the other devices that share its work."""
    yield model
    yield from model.get_additional_models_with_key(MULTIGPU)


def device_count(model_options: dict) -> int:
    """How many devices share the passes of a step."""
    return max(1, len(model_options.get("multigpu_clones", {})))


class BranchOnDevices:
    """A branch, and its copies beside the backbone's copies."""

    def __init__(self, key: str, branch: torch.nn.Module | None) -> None:
        self.key = key
        self.branch = branch
        self._copies = PerNetwork()

    def look_up(self, model: ModelPatcher) -> None:
        """Find the copies that the host made: after it prepared the MODEL, before the first pass."""
        self._copies.clear()
        for patcher in copies_of(model):
            attached = patcher.get_additional_models_with_key(self.key)
            if attached:
                self._copies.put(patcher.model.diffusion_model, attached[0].model)

    def beside(self, network: torch.nn.Module) -> Any:
        """The branch that lies on this network's device."""
        return self._copies.find(network) or self.branch


# Residuals


class Run(Protocol):
    """One forward pass of a branch beside the backbone's, layer by layer."""

    def residual(self, layer: int) -> Tensor:
        """What this layer's output adds, (..., hw, dim). Layers in order, each once."""


class _Kept(NamedTuple):
    """Residuals of a pass, for the others of the same step whose latents are the same."""

    x: Tensor
    timestep: Tensor
    residuals: list[Tensor]


class ResidualPatch:
    """The host's patch after each block: adds the residuals of one forward pass to the video's tokens.

    residual: of a layer, (..., hw, dim); asked in order, each once. add: adds one, times a strength, to the video's tokens
    (B, F, hw, dim) in place. frames: latent frames of the video. copies: how many times the pass's rows stand in the batch,
    one behind the other. keep: takes each residual for another pass of this step, None where there is none.
    """

    def __init__(
        self,
        residual: Callable[[int], Tensor],
        add: Callable[[Tensor, Tensor, float], None],
        layers: int,
        frames: int,
        strength: float,
        node: str,
        copies: int = 1,
        keep: Callable[[Tensor], None] | None = None,
    ) -> None:
        self.residual, self.add = residual, add
        self.layers, self.frames, self.strength = layers, frames, strength
        self.node, self.copies, self.keep = node, copies, keep
        self.spent = 0

    # Not traced, as the conditions are not: one clip's residuals would become constants of the next.
    @torch.compiler.disable
    def __call__(self, args: dict) -> dict:
        layer = args["block_index"]
        if layer >= self.layers:
            return args
        if layer != self.spent:
            raise SpatiaError(
                f"Residual {self.spent} of {self.node} was due, but block {layer} of the model ran: another node skips or "
                f"repeats blocks. Remove it, or disconnect {self.node}."
            )
        residual = self.residual(layer)
        if self.keep is not None:
            self.keep(residual)
        self.spent += 1
        tokens = args["img"]
        # Spatia's references stand before the video.
        start = tokens.shape[1] - self.frames * residual.shape[-2]
        video = tokens[:, start:].unflatten(1, (self.frames, -1))
        for rows in video.chunk(self.copies):
            self.add(rows, residual, self.strength)
        return args


class ResidualCondition(ABC, Generic[B]):
    """What a branch adds to one clip; wraps the host's diffusion model, its estimate of memory and its passes of a step.

    A branch sees the latents, the timestep and cameras, and no text: the passes of a step differ in the text alone, so one
    run of it serves them all. What it adds is made and spent block by block; only where the host runs the passes one after
    the other is it kept from the first to the last.

    Host protocol: `to(device)` after sampling.
    """

    node: ClassVar[str]  # that the user knows it by
    key: ClassVar[str]  # of the additional model and the wrappers
    branch_class: ClassVar[type[SideBranch]]

    def __init__(self, branch: B, strength: float, start_percent: float, end_percent: float) -> None:
        self.devices = BranchOnDevices(self.key, branch)
        self.strength = strength
        self.start_percent, self.end_percent = start_percent, end_percent
        self.sigma_start, self.sigma_end = math.inf, -math.inf
        self._prepared = PerNetwork()
        self._kept = PerNetwork()
        self._due = 1  # passes of this step over the same latents, on one device
        self._compile: dict | None = None  # what the host's compile node asks for

    @property
    def branch(self) -> B:
        """The branch as it was given."""
        return cast(B, self.devices.branch)

    # What the branches differ in

    @property
    @abstractmethod
    def frames(self) -> int:
        """Latent frames of the clip."""

    @property
    def rows(self) -> int:
        """Videos of a batch that are conditioned on their own."""
        return 1

    @abstractmethod
    def counted_frames(self) -> float:
        """Latent frames of the backbone that take as much memory as the branch."""

    @abstractmethod
    def prepare(self, branch: B, device: torch.device, dtype: torch.dtype, size: tuple[int, int]) -> Any:
        """What is the same at every step, on a device. size: of the latents (h, w)."""

    @abstractmethod
    def start(self, branch: B, prepared: Any, x: Tensor, timestep: Tensor, transformer_options: dict) -> Run:
        """A pass of the branch. x: (B, C, F, h, w), the network's whole input. timestep: (B,) or (B, n)."""

    @abstractmethod
    def add(self, video: Tensor, residual: Tensor, strength: float) -> None:
        """Add a residual of a pass to the video's tokens (B, F, hw, dim), in place."""

    # The host's side

    @classmethod
    def require(cls, model: ModelPatcher, patcher: ModelPatcher, start_percent: float, end_percent: float) -> B:
        """The branch of a MODEL_PATCH, refused unless it is this condition's, of this MODEL's sizes, and the MODEL is free."""
        branch, kind = patcher.model, cls.branch_class.kind
        if not isinstance(branch, cls.branch_class):
            raise SpatiaError(
                f"`{kind.socket}` is a {type(branch).__name__}, expected the {kind.name} of {kind.loader}; connect that."
            )
        _require_fit(model, branch)
        # Spatia's own has to come after this one.
        for key, node in ((cls.key, cls.node), (CLIP, "Spatia Conditioning")):
            if model.get_wrappers(WrappersMP.DIFFUSION_MODEL, key):
                raise SpatiaError(
                    f"The model is already conditioned on a clip by {node}; connect `model` to what comes before that node."
                )
        require_percents(start_percent, end_percent)
        return cast(B, branch)

    def attach(self, model: ModelPatcher, patcher: ModelPatcher) -> ModelPatcher:
        """A clone of MODEL with this condition on it."""
        model = model.clone()
        self._read_range(model)
        model.set_additional_models(self.key, [patcher])
        model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, self.key, self)
        model.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, self.key, self.prepare_sampling)
        model.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, self.key, self.calc_cond_batch)
        require_whole_sequence(model)
        return model

    def to(self, device_or_dtype: Any) -> ResidualCondition[B]:
        """After sampling, what lies on the devices goes; it is made again where it is needed."""
        if isinstance(device_or_dtype, torch.device):
            self._prepared.clear()
            self._kept.clear()
        return self

    def runs_at(self, transformer_options: dict) -> bool:
        """Whether the branch runs at this step; both ends of its range are in it."""
        if self.strength == 0.0:
            return False
        sigmas = transformer_options.get("sigmas")
        return sigmas is None or self.sigma_end <= float(sigmas.flatten()[0]) <= self.sigma_start

    def prepare_sampling(self, executor: Any, model: ModelPatcher, noise_shape: Any, *args: Any, **kwargs: Any) -> Any:
        """PREPARE_SAMPLING wrapper: the host's estimate counts the branch's state as more frames."""
        # Only now is it known which schedule the model runs on: nodes behind ours may have changed it.
        self._read_range(model)
        self._compile = compile_options(model)
        self._prepared.clear()
        self._kept.clear()
        shape = list(noise_shape)
        shape[2] += math.ceil(self.counted_frames())
        prepared = executor(model, shape, *args, **kwargs)
        self.devices.look_up(model)
        return prepared

    def _read_range(self, model: ModelPatcher) -> None:
        sampling = model.get_model_object("model_sampling")
        self.sigma_start = float(sampling.percent_to_sigma(self.start_percent))
        self.sigma_end = float(sampling.percent_to_sigma(self.end_percent))

    def calc_cond_batch(
        self,
        executor: Any,
        model: ModelPatcher,
        conds: list,
        x_in: torch.Tensor,
        timestep: torch.Tensor,
        model_options: dict,
    ) -> Any:
        """CALC_COND_BATCH wrapper: how many passes this step has, so that what one made serves the others."""
        self._due = 1 if device_count(model_options) > 1 else sum(len(cond) for cond in conds if cond)
        try:
            return executor(model, conds, x_in, timestep, model_options)
        finally:
            self._kept.clear()  # never across steps
            self._due = 1

    # Traced by torch.compile, one clip's memory would become constants of the next.
    @torch.compiler.disable
    def __call__(
        self,
        executor: Any,
        x: torch.Tensor,
        timestep: torch.Tensor,
        context: torch.Tensor,
        clip_fea: torch.Tensor | None = None,
        time_dim_concat: torch.Tensor | None = None,
        transformer_options: dict | None = None,
        **kwargs: Any,
    ) -> Any:
        """DIFFUSION_MODEL wrapper. x: (B, C, F, h, w), the mask and image latents of an I2V model included."""
        transformer_options = {} if transformer_options is None else transformer_options
        network = executor.class_obj
        options = transformer_options.copy()
        if self._compile is not None:
            runner = block_runner(network, self._compile, options)
            replaced = options.get("patches_replace", {})
            image_tokens = None if clip_fea is None else clip_fea.shape[-2]
            blocks = compiled_replacements(network, runner, replaced.get("dit", {}), image_tokens)
            options["patches_replace"] = {**replaced, "dit": blocks}
        if not self.runs_at(transformer_options):
            return executor(x, timestep, context, clip_fea, time_dim_concat, options, **kwargs)
        self._refuse_misfits(x, time_dim_concat, kwargs)
        patch = self._patch(network, x, timestep, transformer_options)
        others = options.get("patches", {})
        options["patches"] = {**others, "double_block": [*others.get("double_block", []), patch]}
        out = executor(x, timestep, context, clip_fea, time_dim_concat, options, **kwargs)
        # None at all is a cache node's doing (it skipped the whole pass); some but not all is a condition lost.
        if 0 < patch.spent < patch.layers:
            raise SpatiaError(
                f"Only {patch.spent} of {patch.layers} residuals of {self.node} reached the model: another node ends it early; remove it."
            )
        return out

    def _refuse_misfits(self, x: Tensor, time_dim_concat: Tensor | None, kwargs: dict) -> None:
        foreign = next((key for key in ("reference_latent", "context_latents") if kwargs.get(key) is not None), None)
        if time_dim_concat is not None or foreign:
            raise SpatiaError(
                f"Another node adds frames to the model's input ({foreign or 'time_dim_concat'}), which {self.node} has no place for; "
                "remove that node from the conditioning or the model."
            )
        if x.shape[2] != self.frames:
            raise SpatiaError(
                f"The clip being sampled has {x.shape[2]} latent frames, but the cameras of {self.node} make "
                f"{self.frames}; connect the cameras of this very clip, and no context windows."
            )
        if x.shape[0] % self.rows:
            raise SpatiaError(
                f"The batch being sampled has {x.shape[0]} rows, expected a multiple of the {self.rows} videos that {self.node} conditions."
            )

    def _patch(self, network: Any, x: Tensor, timestep: Tensor, transformer_options: dict) -> ResidualPatch:
        copies = _copies(x, timestep, transformer_options)
        rows = x.shape[0] // copies
        x, timestep = x[:rows], timestep[:rows]
        branch = self.devices.beside(network)
        layers = branch.layout.layers
        kept: _Kept | None = self._kept.find(network)
        keep: Callable[[Tensor], None] | None = None
        # A pass that a cache node skipped, or that ran out of memory, has left nothing whole.
        whole = kept is not None and len(kept.residuals) == layers
        if kept is not None and whole and torch.equal(kept.x, x) and torch.equal(kept.timestep, timestep):
            residual: Callable[[int], Tensor] = kept.residuals.__getitem__
        else:
            size = (x.shape[3], x.shape[4])
            prepared = self._prepared.get(network, lambda: self.prepare(branch, x.device, x.dtype, size))
            residual = self.start(branch, prepared, x, timestep, transformer_options).residual
            if self._due > copies:
                kept = _Kept(x, timestep, [])
                self._kept.put(network, kept)
                keep = _keeper(kept.residuals, layers)
        return ResidualPatch(residual, self.add, layers, self.frames, self.strength, self.node, copies, keep)


def _copies(x: Tensor, timestep: Tensor, transformer_options: dict) -> int:
    """How many conditions of the same latents the host stacked in this batch; 1 where they are not the same."""
    copies = len(transformer_options.get("cond_or_uncond", ())) or 1
    if copies == 1 or x.shape[0] % copies:
        return 1
    chunks, times = x.chunk(copies), timestep.chunk(copies)
    same = all(torch.equal(chunks[0], chunk) and torch.equal(times[0], time) for chunk, time in zip(chunks, times))
    return copies if same else 1


def _keeper(kept: list[Tensor], layers: int) -> Callable[[Tensor], None]:
    """Keeps residuals where there is room for those to come as well: on their device, else in the machine's memory."""

    def keep(residual: Tensor) -> None:
        free = comfy.model_management.get_free_memory(residual.device)
        # The host leaves the same margin.
        kept.append(residual if residual.nbytes * (layers - len(kept)) * 1.5 < free else residual.cpu())

    return keep


# Fit


def _require_fit(model: ModelPatcher, branch: SideBranch) -> None:
    """Refuse a branch of other sizes than the MODEL's."""
    require_backbone(model, "", WAN22_TI2V_5B, WAN21_I2V_14B, WAN22_I2V_A14B)
    misfit = misfit_of(model.model.diffusion_model, branch)
    if misfit is not None:
        raise SpatiaError(f"{misfit}; change `{branch.kind.widget}` or the model.")


def misfit_of(network: comfy.ldm.wan.model.WanModel, branch: SideBranch) -> str | None:
    """In what sizes a branch and a backbone differ, said to the user; None where they belong together."""
    kind, layers = branch.kind, branch.layout.layers
    for how, ours, attribute in branch.demands():
        theirs = getattr(network, attribute)
        theirs = tuple(theirs) if isinstance(theirs, list) else theirs
        if ours != theirs:
            return f"The {kind.name} {how} {ours}, the model has {theirs}: they belong to different models"
    if layers > network.num_layers:
        return (
            f"The {kind.name} has {layers} layers, one after each block, but the model has {network.num_layers} blocks"
        )
    return None


def require_percents(start: float, end: float) -> None:
    """Refuse a part of the sampling that does not lie in it, or ends before it begins."""
    if not 0.0 <= start <= end <= 1.0:
        raise SpatiaError(f"start_percent {start} and end_percent {end} were given, expected 0 <= start <= end <= 1.")
