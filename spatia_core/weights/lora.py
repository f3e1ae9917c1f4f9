"""The release's LoRA under the host's names."""

from __future__ import annotations

import math
import re

from torch import Tensor

from ..errors import SpatiaError
from .header import short

_LORA_NAME = re.compile(r"^(?:pipe\.dit\.|diffusion_model\.)(?P<module>.+)\.lora_(?P<part>[AB])(?:\.default)?\.weight$")


def lora_for_host(state_dict: dict[str, Tensor], file: str) -> tuple[dict[str, Tensor], list[str]]:
    """The release's LoRA (`pipe.dit.<module>.lora_A[.default].weight`) under the host's names, and the names left out.

    W += B @ A: alpha is 1 and there is no division by the rank, which is what the host does without an alpha tensor.
    Training files may carry other tensors beside the pairs; the release takes the pairs only, and so do we.
    Raises SpatiaError as `lora_pairs`.
    """
    renamed, left_out = lora_pairs({name: tuple(tensor.shape) for name, tensor in state_dict.items()}, file)
    return {ours: state_dict[name] for ours, name in renamed.items()}, left_out


def lora_pairs(shapes: dict[str, tuple[int, ...]], file: str) -> tuple[dict[str, str], list[str]]:
    """The file's name of each tensor by the host's, and the names left out, from the shapes of a LoRA's tensors.

    Raises SpatiaError when there is no pair, or a module has half of one, one twice, or halves of two ranks.
    """
    renamed: dict[str, str] = {}
    left_out = []
    parts: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        match = _LORA_NAME.match(name)
        if match is None:
            left_out.append(name)
            continue
        renamed[f"diffusion_model.{match['module']}.lora_{match['part']}.weight"] = name
        pair = parts.setdefault(match["module"], {})
        if match["part"] in pair:
            raise SpatiaError(
                f"LoRA {file}: module {short(match['module'])} has lora_{match['part']} under two names, expected one; "
                "the file is damaged, choose another in `lora`."
            )
        pair[match["part"]] = shape
    if not parts:
        raise SpatiaError(
            f"LoRA {file} holds no tensor named pipe.dit.<module>.lora_A.weight (its first is "
            f"{short(next(iter(shapes), 'none'))}), so it "
            "is not a Spatia LoRA. Choose another file in `lora`, or load it with the host's own LoRA loader."
        )
    for module, pair in parts.items():
        if len(pair) < 2:
            raise SpatiaError(
                f"LoRA {file}: module {short(module)} has lora_{next(iter(pair))} only, expected lora_A and lora_B; "
                "the file is incomplete."
            )
        down, up = pair["A"], pair["B"]
        if len(down) != 2 or len(up) != 2 or down[0] != up[1]:
            raise SpatiaError(
                f"LoRA {file}: module {short(module)} has lora_A of shape {down} and lora_B of shape {up}, expected "
                "(rank, inputs) and (outputs, rank); the file is damaged, choose another in `lora`."
            )
    return renamed, left_out


def require_lora_fits(shapes: dict[str, tuple[int, ...]], backbone: dict[str, tuple[int, ...]], file: str) -> None:
    """Raises SpatiaError naming the first tensor of a LoRA that fits no weight of a backbone, both by their shapes alone."""
    renamed, _ = lora_pairs(shapes, file)
    for ours, name in renamed.items():
        module, part = ours.removesuffix(".weight").removeprefix("diffusion_model.").rsplit(".", 1)
        target = backbone.get(f"{module}.weight")
        side = 0 if part == "lora_B" else 1  # (outputs, rank) and (rank, inputs)
        fits = target is not None and shapes[name][side] == math.prod(target[side:] if side else target[:1])
        if not fits:
            what = "no weight of this model" if target is None else f"not the weight of shape {target}"
            raise SpatiaError(
                f"LoRA {file}: {short(name)} of shape {shapes[name]} fits {what}; choose the LoRA of this backbone in `lora`."
            )
