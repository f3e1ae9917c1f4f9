"""The small networks on this machine against what was recorded in fp32 on a CPU: pass by pass, then a short sampling."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import Any

import comfy.model_management
import comfy.samplers
import safetensors.torch
import torch
from comfy.model_patcher import ModelPatcher

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.cameras import make_cameras
from ...spatia_core.model.control import clean_frame_mask
from ...spatia_core.model.decoupled.assembly import MemorySlots
from ...spatia_core.model.flow_unipc import flow_schedule
from ...spatia_core.selfcheck import NOTE, Check, Finding, dtype_name, held, relative_error
from . import bundle, camera_branch, decoupled, patching, sampling
from .side_branch import load_side_branch

VECTORS = os.path.join(os.path.dirname(bundle.FOLDER), "spatia_core", "selfcheck", "vectors.safetensors")
SIGMA = 0.9375  # of the single pass
STEPS, CFG, SEED = 4, 2.0, 3
# Relative L2 of what the network gives, by the type it works in. Measured: 1e-3 in float16, 1.1e-2 in bfloat16; a control strength of 1.01
# is 8e-3 away, references in the wrong order 1.8e-2.
TOLERANCES = {torch.float32: 1e-4, torch.float16: 5e-3, torch.bfloat16: 3e-2}
_OF_STEPS = 2  # a short sampling may add up the errors of its passes


def network_checks() -> list[Check]:
    """Control, LoRA, sampler and the decoupled system's branches, in fp32 and in the type that the host chooses here."""
    return [
        Check("Network with control and references", lambda: in_each_type(control_pass, "one pass")),
        Check("LoRA", lambda: in_each_type(lora_pass, "one pass with the LoRA")),
        Check("Camera branch", lambda: in_each_type(camera_pass, "one pass that is steered")),
        Check("Decoupled memory", lambda: in_each_type(decoupled_pass, "one pass that remembers")),
        Check("Sampler", lambda: in_each_type(sampled, f"{STEPS} steps of UniPC at CFG {CFG:g}", _OF_STEPS)),
    ]


@functools.cache
def vectors() -> dict[str, torch.Tensor]:
    """The recorded inputs and outputs; training/make_check.py makes them."""
    return safetensors.torch.load_file(VECTORS)


def in_each_type(compute: Any, what: str, factor: float = 1.0) -> Iterator[Finding]:
    """compute(dtype) in fp32 and in the host's own choice, against the recorded tensor of its name."""
    expected = vectors()[f"{compute.__name__}.out"]
    for dtype in (torch.float32, None):
        with exact_float32():
            model = small_network(dtype)
            used = inference_dtype(model)
            if dtype is None and used == torch.float32:
                yield Finding(NOTE, "float32 is also what the host chooses here")
                return
            error = relative_error(compute(dtype), expected)
        yield held(
            f"{dtype_name(used)}, {what}",
            error,
            factor * TOLERANCES.get(used, TOLERANCES[torch.bfloat16]),
        )


@contextlib.contextmanager
def exact_float32() -> Iterator[None]:
    """float32 without the ten bits of TF32, which cards take for convolutions unless told otherwise."""
    cudnn, matmul = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = cudnn, matmul


def small_network(dtype: torch.dtype | None = None, lora: bool = False) -> ModelPatcher:
    """The bundled backbone with its control; dtype None: as the host chooses. lora: with the recorded LoRA at hand."""
    options = {} if dtype is None else {"dtype": dtype}
    model = bundle.load_small_backbone(bundle.bundle_path(bundle.BACKBONE), options)
    weights = None
    if lora:
        weights = {name: tensor for name, tensor in vectors().items() if name.startswith("pipe.dit.")}
    return patching.apply_spatia(
        model, bundle.bundle_path(bundle.CONTROL), bundle.CONTROL, dtype, weights, "the check's LoRA"
    )


def inference_dtype(model: ModelPatcher) -> torch.dtype:
    """What the network computes in."""
    return model.model.manual_cast_dtype or model.model.get_dtype()


def control_pass(dtype: torch.dtype | None = None) -> torch.Tensor:
    return _one_pass(_conditioned(small_network(dtype)))


def lora_pass(dtype: torch.dtype | None = None) -> torch.Tensor:
    model = _conditioned(small_network(dtype, lora=True))
    patching.add_lora(model)
    return _one_pass(model)


def camera_pass(dtype: torch.dtype | None = None) -> torch.Tensor:
    model = small_network(dtype)
    patcher = load_side_branch(camera_branch.CameraBranch, bundle.bundle_path(bundle.CAMERA), bundle.CAMERA, dtype)
    w2c = torch.eye(4).repeat(WAN22_TI2V_5B.pixel_frames(vectors()["video"].shape[2]), 1, 1)
    w2c[:, 0, 3] = -0.05 * torch.arange(w2c.shape[0])
    path = make_cameras(w2c, [0.83, 1.25, 0.5, 0.5])
    return _one_pass(camera_branch.apply_camera(model, patcher, path, end_percent=1.0))


def decoupled_pass(dtype: torch.dtype | None = None) -> torch.Tensor:
    model = small_network(dtype)
    patcher = load_side_branch(decoupled.DecoupledBranch, bundle.bundle_path(bundle.DECOUPLED), bundle.DECOUPLED, dtype)
    return _one_pass(decoupled.apply_memory(model, patcher, _slots()))


def sampled(dtype: torch.dtype | None = None) -> torch.Tensor:
    model = _conditioned(small_network(dtype))
    video = vectors()["video"]
    samples = torch.zeros_like(video)
    samples[:, :, :1] = model.model.process_latent_out(video[:, :, :1])
    latent = {"samples": samples, "noise_mask": _mask(video)}
    text = _text(model)
    out = sampling.sample_clip(model, text, text, latent, sampling.unipc_sampler(), flow_schedule(STEPS), CFG, SEED)
    return model.model.process_latent_in(out).cpu().float()


def _conditioned(model: ModelPatcher) -> ModelPatcher:
    given = vectors()
    clip = patching.ClipCondition(patching.control_branch(model), given["control"], given["references"], 1.0, 1.0, 0.0)
    return patching.condition_model(model, clip)


def _slots() -> MemorySlots:
    given = vectors()
    gate = given["slots.gate"].bool()
    temporal, spatial, target_c2w, target_K, history_c2w, history_K = (
        given[f"slots.{name}"] for name in MemorySlots._fields[1:7]
    )
    height, width = (WAN22_TI2V_5B.pixels * side for side in given["video"].shape[3:])
    return MemorySlots(gate, temporal, spatial, target_c2w, target_K, history_c2w, history_K, height, width)


def _mask(video: torch.Tensor) -> torch.Tensor:
    return clean_frame_mask(video.shape[2], 1).expand(1, 1, *video.shape[2:]).clone()


def _text(model: ModelPatcher) -> list:
    # Of one token, which is what the small weights were trained with.
    return [[torch.zeros(1, 1, model.model.diffusion_model.text_dim), {}]]


def _one_pass(model: ModelPatcher) -> torch.Tensor:
    """What the network gives at SIGMA for the recorded video, whose first frame is clean: (1, 48, T, H, W) float32."""
    video = vectors()["video"]

    def evaluate(
        network: Any,
        noise: torch.Tensor,
        sigmas: torch.Tensor,
        extra_args: dict | None = None,
        callback: Any = None,
        disable: bool | None = None,
    ) -> torch.Tensor:
        x = video.to(noise.device)
        return (x - network(x, sigmas[:1], **(extra_args or {}))) / SIGMA

    guider = comfy.samplers.CFGGuider(model)
    text = _text(model)
    guider.set_conds(text, text)
    guider.set_cfg(1.0)
    out = guider.sample(
        torch.zeros_like(video),
        model.model.process_latent_out(video),
        comfy.samplers.KSAMPLER(evaluate),
        torch.tensor([SIGMA, 0.0]),
        denoise_mask=_mask(video),
        disable_pbar=True,
        seed=SEED,
    )
    out = model.model.process_latent_in(out.cpu().float())
    return out[:, :, 1:]
