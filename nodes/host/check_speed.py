"""Seconds per step and peak memory at the official sizes, with random weights of the released width: `full` checks only."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from typing import Any

import comfy.model_management
import comfy.samplers
import comfy.sd
import psutil
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP

from ...spatia_core.backbone import WAN22_TI2V_5B
from ...spatia_core.memory.windows import FIRST_FRAMES, HISTORY_FRAMES, LATER_FRAMES, latent_count
from ...spatia_core.model.control import CONTROL_INTERVAL, clean_frame_mask
from ...spatia_core.model.sizes import OFFICIAL
from ...spatia_core.profile import RELEASE
from ...spatia_core.selfcheck import FAIL, LEFT_OUT, NOTE, PASS, Check, Finding, dtype_name, wait_for
from ...spatia_core.selfcheck.advice import RELEASED_BACKBONE, RELEASED_CONTROL
from ...spatia_core.weights.layouts import backbone_shapes, control_shapes
from . import patching
from .check_network import inference_dtype
from .peak_memory import PeakMemory

_TEXT_TOKENS = 512
_CPU_FRAMES = 5  # of a whole clip a processor takes an hour for one step
_SIGMA = 0.9
# What is measured may exceed what is estimated by this much before the host's plan for the card is wrong.
_ESTIMATE_MARGIN = 1.25


def speed_checks() -> list[Check]:
    """A first and a later clip at both official sizes."""
    return [
        Check(f"Speed at {width}x{height}", functools.partial(_speed, width, height))
        for width, height in reversed(OFFICIAL)
    ]


def _speed(width: int, height: int) -> Iterator[Finding]:
    device = comfy.model_management.get_torch_device()
    layers = _layers_that_fit(device)
    if layers is None:
        yield Finding(LEFT_OUT, "not even four blocks of the released width fit into memory")
        return
    model = _random_model(layers)
    blocks = len(range(0, layers, CONTROL_INTERVAL))
    yield Finding(
        NOTE,
        f"random weights of width {RELEASE.dim}, {layers} of 30 blocks and {blocks} of 8 of the control, {dtype_name(inference_dtype(model))}",
    )
    clips = [("first clip", FIRST_FRAMES, 1, 0), ("later clip", LATER_FRAMES, HISTORY_FRAMES, RELEASE.max_references)]
    if device.type == "cpu":
        clips = [(f"{_CPU_FRAMES} frames in place of {FIRST_FRAMES}", _CPU_FRAMES, 1, 0)]
    for what, frames, history, references in clips:
        seconds, peak, estimate = _measured(model, width, height, frames, history, references)
        if layers == RELEASED_BACKBONE.layers:
            step = f"{seconds:.2f} s a pass (measured), {2 * seconds:.2f} s a step at CFG 3.5 (arithmetic)"
        else:
            whole = seconds * RELEASED_BACKBONE.layers / layers
            step = f"{seconds:.2f} s a pass (measured), about {whole:.1f} s with all blocks, {2 * whole:.1f} s a step at CFG 3.5 (arithmetic)"
        yield Finding(NOTE, f"{what}, {references} references: {step}")
        if peak is None:
            yield Finding(LEFT_OUT, f"{what}: the peak of memory cannot be measured on {device}")
            continue
        over = peak > _ESTIMATE_MARGIN * estimate and device.type != "cpu"
        yield Finding(
            FAIL if over else PASS if device.type != "cpu" else NOTE,
            f"{what}: {peak / 2**30:.2f} GiB beside the weights (measured), estimated {estimate / 2**30:.2f} GiB",
        )


def _layers_that_fit(device: torch.device) -> int | None:
    """How many blocks of the released width there is room for, on the device and in RAM."""
    cpu = device.type == "cpu"
    size = 4 if cpu else 2
    block = sum(
        _count(shape) for name, shape in backbone_shapes(RELEASED_BACKBONE).items() if name.startswith("blocks.0.")
    )
    ram = psutil.virtual_memory().available
    card = ram if cpu else comfy.model_management.get_free_memory(device)
    for layers in (CONTROL_INTERVAL,) if cpu else (RELEASED_BACKBONE.layers, 8, CONTROL_INTERVAL):
        needed = (layers + len(range(0, layers, CONTROL_INTERVAL)) + 2) * block * size
        # On a card, weights that do not fit would be offloaded, and that be measured with them.
        if 1.3 * needed < ram and (cpu or 1.1 * needed + 8 * 2**30 < card):
            return layers
    return None


def _count(shape: tuple[int, ...]) -> int:
    return torch.Size(shape).numel()


def _random_model(layers: int) -> ModelPatcher:
    layout = RELEASED_BACKBONE._replace(layers=layers)
    control = RELEASED_CONTROL._replace(blocks=len(range(0, layers, CONTROL_INTERVAL)))
    model = comfy.sd.load_diffusion_model_state_dict(_random(backbone_shapes(layout)))
    patcher = patching.control_patcher(
        _random(control_shapes(control)), "random weights", patching.backbone_sizes(model)
    )
    patching.attach_control(model, patcher)
    model.add_object_patch("model_sampling", patching.spatia_sampling(model))
    return model


def _random(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """float16 weights of these shapes. One noise is repeated: to draw billions of numbers takes minutes."""
    noise = torch.randn(1 << 20, generator=torch.Generator().manual_seed(1)).mul_(0.02).half()
    weights = {}
    for name, shape in shapes.items():
        count = _count(shape)
        weights[name] = noise.repeat(-(-count // noise.numel()))[:count].view(shape)
    return weights


def _measured(
    model: ModelPatcher, width: int, height: int, frames: int, history: int, references: int
) -> tuple[float, int | None, float]:
    """Seconds of a pass, bytes at its peak beside the weights, and what the host was told to expect."""
    generator = torch.Generator().manual_seed(2)
    latents = latent_count(frames)
    pixels = WAN22_TI2V_5B.pixels
    shape = (1, WAN22_TI2V_5B.latent_channels, latents, height // pixels, width // pixels)
    video = torch.randn(shape, generator=generator)
    clip = patching.ClipCondition(
        patching.control_branch(model),
        torch.randn(1, 96, *shape[2:], generator=generator),
        torch.randn(1, 48, references, *shape[3:], generator=generator),
        1.0, 1.0, 0.0,
    )  # fmt: skip
    conditioned = patching.condition_model(model, clip)
    told: list[float] = []

    def listen(executor: Any, model: ModelPatcher, noise_shape: Any, *args: Any, **kwargs: Any) -> Any:
        told.append(model.model.memory_required([1, *noise_shape[1:]]))
        return executor(model, noise_shape, *args, **kwargs)

    conditioned.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, "spatia_check", listen)
    taken: list[tuple[float, int | None]] = []

    def evaluate(
        network: Any,
        noise: torch.Tensor,
        sigmas: torch.Tensor,
        extra_args: dict | None = None,
        callback: Any = None,
        disable: bool | None = None,
    ) -> torch.Tensor:
        # On a card the first pass loads the weights and chooses kernels; a processor has neither to do.
        for _ in range(1 if noise.device.type == "cpu" else 2):
            with PeakMemory(noise.device) as peak:
                begin = time.perf_counter()
                out = network(noise, sigmas[:1], **(extra_args or {}))
                wait_for(noise.device)
                seconds = time.perf_counter() - begin
            taken.append((seconds, peak.beyond))
        return out

    text = torch.randn(1, _TEXT_TOKENS, RELEASED_BACKBONE.text_dim, generator=generator)
    guider = comfy.samplers.CFGGuider(conditioned)
    guider.set_conds([[text, {}]], [[text, {}]])
    guider.set_cfg(1.0)
    mask = clean_frame_mask(latents, latent_count(history)).expand(1, 1, *shape[2:]).clone()
    guider.sample(
        video, torch.zeros_like(video), comfy.samplers.KSAMPLER(evaluate), torch.tensor([_SIGMA, 0.0]), denoise_mask=mask,
        disable_pbar=True, seed=0,
    )  # fmt: skip
    return *taken[-1], told[-1]
