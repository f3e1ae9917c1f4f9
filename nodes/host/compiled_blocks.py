"""The host's Torch Compile beside our conditions: the backbone's blocks are compiled one by one.

The host's compile node does not guard transformer_options: of a whole forward pass, what one clip is conditioned on would
become constants of the next.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import torch
from comfy.ldm.wan.model import WanModel
from comfy.model_patcher import ModelPatcher
from comfy_api.torch_helpers.torch_compile import TORCH_COMPILE_KWARGS


def compile_options(model: ModelPatcher) -> dict | None:
    """What the host's compile node asks for on a MODEL, None where there is none."""
    return model.model_options.get(TORCH_COMPILE_KWARGS)


def run_block(block: Callable, *args: Any, **kwargs: Any) -> Any:
    """A block as it is."""
    return block(*args, **kwargs)


def block_runner(network: WanModel, options: dict | None, transformer_options: dict) -> Callable:
    """How blocks are run: `run_block`, or compiled as the host's compile node was set.

    Compiled blocks are given no transformer_options, whose every change would compile them anew; where a node's attention
    patches need them, blocks are run as they are. Blocks that another node compiled are not compiled once more.
    """
    if options is None or any(isinstance(block, torch._dynamo.OptimizedModule) for block in network.blocks):
        return run_block
    needed = "optimized_attention_override" in transformer_options or {"attn1_patch", "attn2_patch"} & set(
        transformer_options.get("patches", {})
    )
    if needed:
        _say_uncompiled()
        return run_block
    asked = dict(options.get("options") or {})
    asked.pop("guard_filter_fn", None)
    return torch.compile(run_block, **{**options, "options": asked or None})


def compiled_replacements(network: torch.nn.Module, runner: Callable, others: dict, image_tokens: int | None) -> dict:
    """Replacements of the blocks that no other node replaced: the same, run by `runner`.

    image_tokens: of the text context's beginning, for I2V models; None without.
    """
    if runner is run_block:
        return others

    def replaced(block: torch.nn.Module) -> Callable:
        return lambda args, extra: {
            "img": runner(
                block,
                args["img"],
                e=args["vec"],
                freqs=args["pe"],
                context=args["txt"],
                context_img_len=image_tokens,  # None is another thing than to leave it out
            )
        }

    layers: Any = network.blocks
    blocks = {("double_block", index): replaced(block) for index, block in enumerate(layers)}
    return {**blocks, **others}


@functools.cache  # once, not in every forward pass
def _say_uncompiled() -> None:
    logging.warning("Spatia: attention patches are in use, so the blocks run without torch.compile.")
