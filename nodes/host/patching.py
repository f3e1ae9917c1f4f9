"""Spatia on the host's model: the control branch as an additional model, references and hints inside the forward pass.

Nothing is changed in place: every function takes a ModelPatcher and returns a clone.
"""

from __future__ import annotations

import logging
import math
from typing import Any, NamedTuple

import comfy.lora
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.model_sampling
import comfy.ops
import comfy.utils
import torch
from comfy.ldm.wan.model import VaceWanAttentionBlock
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.errors import SpatiaError
from ...spatia_core.model.control import control_positions, frame_timesteps, reference_shift, stated_positions
from ...spatia_core.model.flow_unipc import SHIFT, SIGMA_MAX
from ...spatia_core.precision import working_dtype
from ...spatia_core.weights.layouts import ControlLayout, control_layout, require_same_model
from ...spatia_core.weights.lora import lora_for_host, require_lora_fits
from .backbones import require_backbone
from .compiled_blocks import block_runner, compile_options, run_block
from .side_branch import CLIP, PLAIN_DTYPES, BranchOnDevices, PerNetwork, branch_patcher, device_count, read_branch_file
from .sparse_attention import require_no_frame_pattern

CONTROL = "spatia_control"  # additional model: the control branch's own patcher
LORA = "spatia_lora"  # attachment: patches of the release's LoRA, applied clip by clip

# An attention block's working set is about 18 token vectors in the host's own estimate for this model (0.01 * dim / 2222
# MiB per byte and latent pixel, 4 latent pixels a token); the control state and one hint are two more.
_CONTROL_MEMORY_SHARE = 1 / 8


class ControlBranch(torch.nn.Module):
    """The control blocks beside the backbone's, of the host's own block class; tensor names are the release's."""

    def __init__(
        self,
        layout: ControlLayout,
        num_heads: int,
        positions: list[int],
        eps: float,
        dtype: torch.dtype,
        device: torch.device,
        operations: Any,
    ) -> None:
        super().__init__()
        self.layout = layout
        self.positions = positions
        self.dtype = dtype
        settings = {"operations": operations, "device": device, "dtype": dtype}
        # float32 like the backbone's own patch embedding in the host.
        self.vace_patch_embedding = operations.Conv3d(
            layout.in_channels,
            layout.dim,
            kernel_size=layout.patch,
            stride=layout.patch,
            device=device,
            dtype=torch.float32,
        )
        self.vace_blocks = torch.nn.ModuleList(
            VaceWanAttentionBlock(
                "t2v_cross_attn",
                layout.dim,
                layout.ffn_dim,
                num_heads,
                cross_attn_norm=True,
                eps=eps,
                block_id=k,
                operation_settings=settings,
            )
            for k in range(layout.blocks)
        )

    def embed(self, context: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Control latents (1 | B, C, T, H, W) to tokens (1 | B, L, dim)."""
        return self.vace_patch_embedding(context.float()).to(dtype).flatten(2).transpose(1, 2)


def load_control_patcher(
    path: str, file: str, backbone: dict, dtype: torch.dtype | None = None, disable_dynamic: bool = False
) -> ModelPatcher:
    """A control checkpoint as a ModelPatcher of its own, sized by its tensors and checked against the backbone's sizes."""
    state_dict, metadata = read_branch_file(path, "Control checkpoint", file, "control")
    return control_patcher(state_dict, file, backbone, dtype, disable_dynamic, stated_positions(metadata))


def control_patcher(
    state_dict: dict[str, torch.Tensor],
    file: str,
    backbone: dict,
    dtype: torch.dtype | None = None,
    disable_dynamic: bool = False,
    at: str | None = None,
) -> ModelPatcher:
    """A control state dict as a ModelPatcher; `backbone` is `backbone_sizes(model)`, `at` as of `control_positions`."""
    layout = control_layout({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, file)
    require_same_model(layout, backbone["dim"], backbone["ffn_dim"], tuple(backbone["patch"]), file)
    positions = control_positions(backbone["layers"], layout.blocks, at)
    if dtype is None:
        fallback = working_dtype(comfy.model_management.get_torch_device())
        dtype = backbone["dtype"] if backbone["dtype"] in PLAIN_DTYPES else fallback
    return branch_patcher(
        lambda plain, device, operations: ControlBranch(
            layout, backbone["num_heads"], positions, backbone["eps"], plain, device, operations
        ),
        state_dict,
        dtype,
        ("vace_patch_embedding.",),
        disable_dynamic,
    )


def backbone_sizes(model: ModelPatcher) -> dict:
    """What a control branch must agree on with its backbone."""
    network = model.model.diffusion_model
    return {
        "dim": network.dim,
        "ffn_dim": network.ffn_dim,
        "num_heads": network.num_heads,
        "layers": network.num_layers,
        "patch": tuple(network.patch_size),
        "eps": network.eps,
        "dtype": model.model.get_dtype(),
    }


def apply_spatia(
    model: ModelPatcher,
    control_path: str | None,
    control_file: str,
    dtype: torch.dtype | None = None,
    lora: Any = None,
    lora_file: str = "",
    lora_strength: float = 1.0,
) -> ModelPatcher:
    """A clone of MODEL with the control branch attached, the LoRA at hand and the release's shift of 5.

    control_path: None leaves the model without a control branch. lora: state dict or None.
    """
    require_backbone(model, "", WAN22_TI2V_5B)
    model = model.clone()
    if control_path is not None:
        sizes = backbone_sizes(model)
        patcher = load_control_patcher(control_path, control_file, sizes, dtype)
        patcher.cached_patcher_init = (load_control_patcher, (control_path, control_file, sizes, dtype))
        attach_control(model, patcher)
    if lora is not None:
        model.set_attachments(LORA, read_lora(model, lora, lora_file, lora_strength))
    model.add_object_patch("model_sampling", spatia_sampling(model))
    return model


def attach_control(model: ModelPatcher, patcher: ModelPatcher) -> None:
    """Hand the control branch's patcher to the host, which loads, offloads and counts it with the backbone."""
    model.set_additional_models(CONTROL, [patcher])


def control_branch(model: ModelPatcher) -> ControlBranch | None:
    """The control branch attached to a MODEL, or None."""
    attached = model.get_additional_models_with_key(CONTROL)
    return attached[0].model if attached else None


class LoraPatches(NamedTuple):
    file: str
    patches: dict  # the host's patches by weight name
    strength: float


def read_lora(
    model: ModelPatcher, state_dict: dict[str, torch.Tensor], file: str, strength: float = 1.0
) -> LoraPatches:
    """The release's LoRA as patches of this model. Raises SpatiaError naming the first tensor that fits no weight."""
    weights = comfy.lora.model_lora_keys_unet(model.model, {})
    renamed, left_out = lora_for_host(state_dict, file)
    if left_out:
        logging.info(
            "Spatia: LoRA %s: %d tensors are no LoRA pair and stay out, as in the release (%s, ...)",
            file,
            len(left_out),
            left_out[0],
        )
    shapes = {
        name.removeprefix("diffusion_model."): tuple(tensor.shape) for name, tensor in model.model.state_dict().items()
    }
    require_lora_fits({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, shapes, file)
    patches = comfy.lora.load_lora(renamed, weights)
    pairs = len(renamed) // 2
    if len(patches) != pairs:
        raise SpatiaError(
            f"LoRA {file}: the host took {len(patches)} of its {pairs} weights; choose another file in `lora`."
        )
    return LoraPatches(file, patches, strength)


def add_lora(model: ModelPatcher) -> None:
    """Apply the attached LoRA through the patcher, so that the host unloads it exactly."""
    lora = model.get_attachment(LORA)
    taken = model.add_patches(lora.patches, lora.strength)
    if len(taken) != len(lora.patches):
        raise SpatiaError(f"LoRA {lora.file}: the host patched {len(taken)} of {len(lora.patches)} weights.")


class _SpatiaSampling(comfy.model_sampling.ModelSamplingDiscreteFlow, comfy.model_sampling.CONST):
    """The host's flow sampling with the release's shift, starting from pure noise."""

    def noise_scaling(
        self, sigma: torch.Tensor, noise: torch.Tensor, latent_image: torch.Tensor, max_denoise: bool = False
    ) -> torch.Tensor:
        # The release starts from noise itself; the host would mix in (1 - 0.9998) of the latent.
        if float(sigma.max()) >= float(self.sigma(torch.tensor(SIGMA_MAX * self.multiplier))) - 1e-6:
            return noise * getattr(self, "noise_scale", 1.0)  # hosts before 0.24 have none
        return super().noise_scaling(sigma, noise, latent_image, max_denoise)


def spatia_sampling(model: ModelPatcher, shift: float = SHIFT) -> _SpatiaSampling:
    """A model_sampling object with the release's shift (the host's default for this model is 8)."""
    sampling = _SpatiaSampling(model.model.model_config)
    sampling.set_parameters(shift=shift, multiplier=1000)
    return sampling


class ClipCondition:
    """What one clip is conditioned on; wraps the host's diffusion model and its estimate of memory.

    control: (1, 48 | 96, T, H, W) normalised latents or None. references: (1, 48, R, H, W) normalised latents, R >= 0.
    first: whether it is the video's first clip (for messages).
    Host protocol: `to(device)` before and after sampling.
    """

    def __init__(
        self,
        branch: ControlBranch | None,
        control: Any,
        references: torch.Tensor,
        strength: float,
        sigma_start: float,
        sigma_end: float,
        first: bool = True,
    ) -> None:
        self.first = first
        self.devices = BranchOnDevices(CONTROL, branch)
        self.control = control
        self.references = references
        self.strength = strength
        self.sigma_start = sigma_start
        self.sigma_end = sigma_end
        self._reached = False  # whether a forward pass of this run came by
        self._separate = False  # whether this run ran out of memory with cond and uncond together
        self._compile: dict | None = None  # what the host's compile node asks for
        self._latents = PerNetwork()  # references and control latents on each device

    @property
    def branch(self) -> ControlBranch | None:
        """The control branch as it was given."""
        branch = self.devices.branch
        assert branch is None or isinstance(branch, ControlBranch)  # what it was made with
        return branch

    def to(self, device_or_dtype: Any) -> ClipCondition:
        """After sampling, what lies on the devices goes; it is put there again where it is needed."""
        if isinstance(device_or_dtype, torch.device):
            self._latents.clear()
        return self

    def latents_beside(self, network: Any, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(references, control latents) on the device of this network."""
        return self._latents.get(
            network,
            lambda: (self.references.to(device), None if self.control is None else self.control.to(device)),
        )

    def controls_at(self, transformer_options: dict) -> bool:
        """Whether the control branch runs at this step."""
        if self.control is None or self.strength == 0.0:
            return False
        sigmas = transformer_options.get("sigmas")
        return sigmas is None or self.sigma_end <= float(sigmas[0]) <= self.sigma_start

    def prepare_sampling(self, executor: Any, model: ModelPatcher, noise_shape: Any, *args: Any, **kwargs: Any) -> Any:
        """PREPARE_SAMPLING wrapper: the host's estimate counts references and the control state as more frames."""
        self._reached = self._separate = False
        self._compile = compile_options(model)
        self._latents.clear()
        prepared = executor(model, self._counted_shape(noise_shape), *args, **kwargs)
        self.devices.look_up(model)
        return prepared

    def _counted_shape(self, shape: Any) -> list:
        frames = shape[2] + self.references.shape[2]
        if self.control is not None:
            frames += math.ceil(shape[2] * _CONTROL_MEMORY_SHARE)
        return [*shape[:2], frames, *shape[3:]]

    def batch_conds(
        self,
        executor: Any,
        model: ModelPatcher,
        conds: list,
        x_in: torch.Tensor,
        timestep: torch.Tensor,
        model_options: dict,
    ) -> Any:
        """CALC_COND_BATCH wrapper: cond and uncond run together only where they fit with references and control.

        The host's own rule knows the video frames alone; and memory that ran out all the same is met by separate passes.
        """
        given = [i for i, cond in enumerate(conds) if cond]
        devices = device_count(model_options)
        # As the host shares them out.
        on_one = math.ceil(len(given) / devices)
        if on_one > 1 and not self._separate and self._fits(model, model_options, x_in, on_one):
            try:
                return self._checked(executor(model, conds, x_in, timestep, model_options))
            except Exception as error:
                comfy.model_management.raise_non_oom(error)
            # Past the exception, which holds on to the tensors that filled the memory.
            logging.warning(
                "Spatia: out of memory with positive and negative in one pass; going on with one after the other."
            )
            self._separate = True
            comfy.model_management.soft_empty_cache()
        if on_one < 2:
            return self._checked(executor(model, conds, x_in, timestep, model_options))
        out = [torch.zeros_like(x_in) for _ in conds]
        # One pass at a time on each device.
        for start in range(0, len(given), devices):
            now = given[start : start + devices]
            alone = [cond if k in now else None for k, cond in enumerate(conds)]
            done = self._checked(executor(model, alone, x_in, timestep, model_options))
            for i in now:
                out[i] = done[i]
        return out

    def _fits(self, model: ModelPatcher, model_options: dict, x_in: torch.Tensor, passes: int) -> bool:
        """Whether that many passes fit in one batch, on each of the devices."""
        shape = self._counted_shape(x_in.shape)
        needed = model.memory_required([passes * shape[0], *shape[1:]])
        clones = model_options.get("multigpu_clones", {})
        if len(clones) > 1:
            free = min(comfy.model_management.get_free_memory(device) for device in clones)
        else:
            free = model.current_patcher.get_free_memory(x_in.device)
        # The host leaves the same margin.
        return needed * 1.5 < free

    def _checked(self, out: Any) -> torch.Tensor:
        if not self._reached:
            raise SpatiaError(
                "The model was run without Spatia's projection and references: another node replaced the forward pass, or reuses one "
                "compiled without them. Put that node (Torch Compile and the like) on its own model, before Spatia Conditioning or Sampler."
            )
        return out

    # Traced by torch.compile, one clip's latents would become constants of the next: the host's compile node does not guard
    # transformer_options. The blocks are compiled one by one instead.
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
        """DIFFUSION_MODEL wrapper. x: (B, 48, T, H, W); B holds cond and uncond, or several seeds."""
        transformer_options = {} if transformer_options is None else transformer_options
        network = executor.class_obj
        self._reached = True
        references = self.references.shape[2]
        self._refuse_misfits(x, time_dim_concat, kwargs)
        if references:
            require_no_frame_pattern(transformer_options)
        run = _ClipForward(self, network, x, transformer_options, self._compile)
        if references == 0 and not run.controls and self._compile is None:
            return executor(x, timestep, context, clip_fea, time_dim_concat, transformer_options, **kwargs)

        options = transformer_options.copy()
        replaced = options.get("patches_replace", {})
        options["patches_replace"] = {**replaced, "dit": run.block_patches(replaced.get("dit", {}))}
        patches = options.get("patches", {})
        options["patches"] = {**patches, "double_block": [run.watch_block, *patches.get("double_block", [])]}
        if references:
            shifted = options.get("rope_options") or {}
            # Video frame 0 keeps time 0 behind the references.
            options["rope_options"] = {
                **shifted,
                "shift_t": shifted.get("shift_t", 0.0) - references * shifted.get("scale_t", 1.0),
            }
            timestep = frame_timesteps(timestep, references, x.shape[2])
            ahead = run.reference_latents.to(x.dtype).expand(x.shape[0], -1, -1, -1, -1)
            x = torch.cat([ahead, x], dim=2)
        out = executor(x, timestep, context, clip_fea, time_dim_concat, options, **kwargs)
        run.require_all_hints()
        return out[:, :, references:]

    def _refuse_misfits(self, x: torch.Tensor, time_dim_concat: torch.Tensor | None, kwargs: Any) -> None:
        shape = tuple(x.shape[2:])
        for name, latents, sides in (
            ("projection", self.control, slice(2, None)),
            ("references", self.references, slice(3, None)),
        ):
            if latents is not None and latents.shape[2] and tuple(latents.shape[sides]) != tuple(x.shape[sides]):
                raise SpatiaError(
                    f"The clip being sampled has latents of (frames, height, width) {shape}, but its {name} were encoded for "
                    f"{tuple(latents.shape[2:])}; connect the LATENT that Spatia Conditioning returned, and no context windows."
                )
        foreign = next((key for key in ("reference_latent", "context_latents") if kwargs.get(key) is not None), None)
        if time_dim_concat is not None or foreign:
            raise SpatiaError(
                f"Another node adds frames to the model's input ({foreign or 'time_dim_concat'}), which Spatia's token layout has no "
                "place for; remove that node from the conditioning or the model."
            )


class _ClipForward:
    """One forward pass: the control state walks beside the backbone, block by block, and each hint is spent at once."""

    def __init__(
        self,
        clip: ClipCondition,
        network: Any,
        x: torch.Tensor,
        transformer_options: dict,
        compile_options: dict | None,
    ) -> None:
        self.clip = clip
        self.run_block = block_runner(network, compile_options, transformer_options)
        self.network = network
        self.branch = clip.devices.beside(network)
        self.reference_latents, self.control_latents = clip.latents_beside(network, x.device)
        self.controls = clip.controls_at(transformer_options)
        self.references = clip.references.shape[2]
        patch = network.patch_size
        self.rows, self.columns = (-(-side // size) for side, size in zip(x.shape[3:], patch[1:]))
        self.size = x.shape[3:]
        self.first_video_token = self.references * self.rows * self.columns
        self.rope_options = transformer_options.get("rope_options") or {}
        self.block_of = {position: k for k, position in enumerate(self.branch.positions)} if self.controls else {}
        self.state = None
        self.spent = 0
        self.positions_set = False

    def block_patches(self, others: dict) -> dict:
        """Replacements of the backbone's blocks. Other nodes' replacements are called in place of the block, not dropped."""
        patches = dict(others)
        # With references every block needs our positions; without, only the control's blocks are touched.
        blocks = range(self.network.num_layers) if self.references or self.run_block is not run_block else self.block_of
        for index in blocks:
            patches[("double_block", index)] = self._block_patch(index, others.get(("double_block", index)))
        return patches

    def _block_patch(self, index: int, other: Any) -> Any:
        def patch(args: Any, extra: Any) -> Any:
            if self.references:
                self._place_references(args["pe"])
            if other is not None:
                out = other(args, extra)
            elif self.run_block is run_block:
                out = extra["original_block"](args)
            else:
                block = self.network.blocks[index]
                out = {"img": self.run_block(block, args["img"], e=args["vec"], freqs=args["pe"], context=args["txt"])}
            if index in self.block_of:
                self._add_hint(self.block_of[index], args, out)
            return out

        return patch

    def _place_references(self, positions: torch.Tensor) -> None:
        """Overwrite the references' part of the host's RoPE table (1, L, 1, head_dim / 2, 2, 2): rows below the video's.

        In place: the table was made for this forward pass and every block is handed the same one.
        """
        if self.positions_set:
            return
        shift = reference_shift(self.references, self.rows)
        options = dict(self.rope_options)
        options["shift_t"] = options.get("shift_t", 0.0) + shift.time * options.get("scale_t", 1.0)
        options["shift_y"] = options.get("shift_y", 0.0) + shift.rows * options.get("scale_y", 1.0)
        height, width = self.size
        positions[:, : self.first_video_token] = self.network.rope_encode(
            self.references, height, width, device=positions.device, transformer_options={"rope_options": options}
        ).to(positions.dtype)
        self.positions_set = True

    def _add_hint(self, k: int, args: dict, out: dict) -> None:
        start = self.first_video_token
        branch, tokens = self.branch, args["img"][:, start:]
        if k == 0:
            self.state = branch.embed(self.control_latents, tokens.dtype)
        vec = args["vec"]
        options = {"transformer_options": args["transformer_options"]} if self.run_block is run_block else {}
        hint, self.state = self.run_block(
            branch.vace_blocks[k],
            self.state,
            x=tokens,
            e=vec[:, self.references :] if vec.shape[1] > 1 else vec,
            freqs=args["pe"][:, start:],
            context=args["txt"],
            **options,
        )
        self.spent += 1
        if self.spent == len(self.block_of):
            self.state = None
        out["img"][:, start:].add_(hint, alpha=self.clip.strength)

    def watch_block(self, args: dict) -> dict:
        """Block patch that changes nothing: it sees that no block was run without its hint or without the references' positions."""
        k = self.block_of.get(args["block_index"])
        if (k is not None and self.spent <= k) or (self.references and not self.positions_set):
            what = "control hint" if k is not None and self.spent <= k else "references' positions"
            raise SpatiaError(
                f"Block {args['block_index']} ran without its {what}: another node replaced the model's blocks after Spatia Conditioning. "
                "Put that node before it, or remove it."
            )
        return args

    def require_all_hints(self) -> None:
        # None at all is a cache node's doing (it skipped the whole pass); some but not all is a condition lost.
        if 0 < self.spent < len(self.block_of):
            raise SpatiaError(
                f"Only {self.spent} of {len(self.block_of)} control hints reached the model: another node replaced the blocks after "
                "Spatia Conditioning. Put that node before it."
            )


def condition_model(model: ModelPatcher, clip: ClipCondition) -> ModelPatcher:
    """A clone of MODEL conditioned on one clip."""
    if model.get_wrappers(WrappersMP.DIFFUSION_MODEL, CLIP):
        raise SpatiaError(
            "The model is already conditioned on a clip; connect `model` to Load Spatia Model or Apply Spatia, not to another "
            "Spatia Conditioning."
        )
    model = model.clone()
    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, CLIP, clip)
    model.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, CLIP, clip.prepare_sampling)
    model.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, CLIP, clip.batch_conds)
    logging.debug(
        "Spatia: %s references, control %s",
        clip.references.shape[2],
        None if clip.control is None else tuple(clip.control.shape),
    )
    return model


def clip_condition(model: ModelPatcher) -> ClipCondition | None:
    """What a MODEL is conditioned on, or None."""
    found = model.get_wrappers(WrappersMP.DIFFUSION_MODEL, CLIP)
    return found[0] if found else None
