"""The released network's width through the host and our patches, against a forward pass written out here: random weights,
two main blocks and one control block, whose shapes and heads are the 5B's.

The reference takes one block's weights at a time and knows neither the host's classes nor ours.
"""

from __future__ import annotations

import pytest
import torch
from small_model import random_weights
from torch.nn import functional as F

WIDTH, FFN, HEADS, TEXT, BLOCKS = 3072, 14336, 24, 4096, 2
FRAMES, ROWS, COLUMNS, REFERENCES, CLEAN = 4, 4, 6, 2, 3  # latents


def sizes():
    from spatia_core.weights.layouts import BackboneLayout, ControlLayout, backbone_shapes, control_shapes

    backbone = BackboneLayout(WIDTH, FFN, BLOCKS, 48, 48, TEXT, 256, (1, 2, 2))
    return backbone_shapes(backbone), control_shapes(ControlLayout(WIDTH, FFN, 1, 96, (1, 2, 2)))


class Written:
    """The network's forward pass by its tensors' names: Wan's blocks, Spatia's references and control (paper, section 3)."""

    def __init__(self, backbone: dict, control: dict):
        self.backbone, self.control = backbone, control

    def __call__(self, video, times, context, control_latents, references):
        tokens = torch.cat([self.patches("patch_embedding", self.backbone, part) for part in (references, video)], 1)
        start = tokens[:, REFERENCES * self.per_frame :]
        times = torch.cat([torch.zeros(1, REFERENCES), times], 1)
        e = self.mlp("time_embedding", sinusoid(times[0]), F.silu)
        e0 = F.linear(F.silu(e), *self.of(self.backbone, "time_projection.1")).unflatten(1, (6, WIDTH))
        context = self.mlp("text_embedding", context, lambda x: F.gelu(x, approximate="tanh"))
        seen = positions(range(-REFERENCES, 0), ROWS // 2), positions(range(FRAMES), 0)
        for index in range(BLOCKS):
            tokens = self.block(self.backbone, f"blocks.{index}", tokens, e0, torch.cat(seen), context)
            if index == 0:
                beside = self.patches("vace_patch_embedding", self.control, control_latents)
                beside = F.linear(beside, *self.of(self.control, "vace_blocks.0.before_proj")) + start
                beside = self.block(self.control, "vace_blocks.0", beside, e0[REFERENCES:], seen[1], context)
                hint = F.linear(beside, *self.of(self.control, "vace_blocks.0.after_proj"))
                tokens = torch.cat([tokens[:, : -hint.shape[1]], tokens[:, -hint.shape[1] :] + hint], 1)
        tokens, e = tokens[:, REFERENCES * self.per_frame :], e[REFERENCES:]
        shift, scale = (self.backbone["head.modulation"] + e[:, None]).repeat_interleave(self.per_frame, 0).unbind(1)
        out = F.linear(normed(tokens) * (1 + scale) + shift, *self.of(self.backbone, "head.head"))
        out = out.view(FRAMES, ROWS // 2, COLUMNS // 2, 2, 2, 48)
        return torch.einsum("fhwpqc->cfhpwq", out).reshape(1, 48, FRAMES, ROWS, COLUMNS)

    per_frame = (ROWS // 2) * (COLUMNS // 2)

    def of(self, weights: dict, name: str):
        return weights[f"{name}.weight"], weights[f"{name}.bias"]

    def mlp(self, name: str, x, activation):
        hidden = activation(F.linear(x, *self.of(self.backbone, f"{name}.0")))
        return F.linear(hidden, *self.of(self.backbone, f"{name}.2"))

    def patches(self, name: str, weights: dict, latents):
        return F.conv3d(latents, *self.of(weights, name), stride=(1, 2, 2)).flatten(2).transpose(1, 2)

    def block(self, weights: dict, name: str, x, e0, places, context):
        e = (weights[f"{name}.modulation"] + e0).repeat_interleave(self.per_frame, 0).unbind(1)
        y = self.attention(weights, f"{name}.self_attn", normed(x) * (1 + e[1]) + e[0], None, places)
        x = x + y * e[2]
        crossed = F.layer_norm(x, (WIDTH,), *self.of(weights, f"{name}.norm3"), eps=1e-6)
        x = x + self.attention(weights, f"{name}.cross_attn", crossed, context, None)
        y = F.linear(normed(x) * (1 + e[4]) + e[3], *self.of(weights, f"{name}.ffn.0"))
        return x + F.linear(F.gelu(y, approximate="tanh"), *self.of(weights, f"{name}.ffn.2")) * e[5]

    def attention(self, weights: dict, name: str, x, context, places):
        source = x if context is None else context
        q = rms(F.linear(x, *self.of(weights, f"{name}.q")), weights[f"{name}.norm_q.weight"])
        k = rms(F.linear(source, *self.of(weights, f"{name}.k")), weights[f"{name}.norm_k.weight"])
        v = F.linear(source, *self.of(weights, f"{name}.v"))
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in (q, k, v))
        if places is not None:
            q, k = turned(q, places), turned(k, places)
        shares = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return F.linear((shares @ v).transpose(1, 2).flatten(2), *self.of(weights, f"{name}.o"))


def normed(x):
    return F.layer_norm(x, (WIDTH,), eps=1e-6)


def rms(x, weight):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight


def sinusoid(times):
    rates = 10000 ** (-torch.arange(128, dtype=torch.float64) / 128)
    angles = times.double()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], 1).float()


def positions(times, first_row: int):
    """(L, 3) of tokens: time, row, column."""
    rows = range(first_row, first_row + ROWS // 2)
    return torch.cartesian_prod(*(torch.tensor(list(axis)) for axis in (times, rows, range(COLUMNS // 2))))


def turned(x, places):
    """Rotary positions: 44, 42 and 42 of a head's 128 numbers turn with time, row and column, in pairs."""
    angles = []
    for axis, dim in enumerate((44, 42, 42)):
        rates = 10000 ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        angles.append(places[:, axis : axis + 1].double() * rates)
    angles = torch.cat(angles, 1)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2).float()


@pytest.mark.slow
@pytest.mark.long(300, "half a billion random numbers, and a pass through them")
def test_the_released_width_through_the_host(pack_module, comfy_host):
    import comfy.model_management
    import comfy.sd
    from comfy.patcher_extension import WrappersMP

    patching = pack_module("nodes.host.patching")
    backbone, control = (random_weights(shapes, seed) for seed, shapes in enumerate(sizes(), 1))
    generator = torch.Generator().manual_seed(3)

    def noise(*shape):
        return torch.randn(*shape, generator=generator)

    video, beside = noise(1, 48, FRAMES, ROWS, COLUMNS), noise(1, 96, FRAMES, ROWS, COLUMNS)
    references, context = noise(1, 48, REFERENCES, ROWS, COLUMNS), noise(1, 9, TEXT)
    times = torch.full((1, FRAMES), 640.0)
    times[:, :CLEAN] = 0
    with torch.no_grad():
        expected = Written(backbone, control)(video, times, context, beside, references)
    options = {"dtype": torch.float32}
    model = comfy.sd.load_diffusion_model_state_dict(backbone, model_options=options)
    patching.attach_control(model, patching.control_patcher(control, "full width", patching.backbone_sizes(model)))
    comfy.model_management.load_models_gpu([model, *model.get_additional_models_with_key(patching.CONTROL)])
    network = model.model.diffusion_model
    assert (network.dim, network.num_heads, network.num_layers) == (WIDTH, HEADS, BLOCKS)
    clip = patching.ClipCondition(patching.control_branch(model), beside, references, 1.0, 1.0, 0.0)
    with torch.no_grad():
        given = network(
            video,
            times,
            context,
            transformer_options={"wrappers": {WrappersMP.DIFFUSION_MODEL: {patching.CLIP: [clip]}}},
        )
    error = ((given - expected).norm() / expected.norm()).item()
    print(f"full width, {REFERENCES} references, {BLOCKS} + 1 blocks: {error:.1e} relative")
    assert error < 1e-5
