"""Checkpoint layouts: int8 storage, control and LoRA names, refusals by tensor."""

from __future__ import annotations

import pytest
import torch

from spatia_core.errors import SpatiaError
from spatia_core.model.checkpoint import (
    ControlLayout,
    control_layout,
    control_shapes,
    dequantise,
    load_quantised,
    lora_for_host,
    quantise,
    save_quantised,
)
from spatia_core.model.control import control_positions

RELEASE = ControlLayout(dim=3072, ffn_dim=14336, blocks=8, in_channels=96, patch=(1, 2, 2))


def test_int8_keeps_small_tensors_exact_and_large_ones_close(tmp_path):
    weights = {"layer.weight": torch.randn(80, 80), "layer.bias": torch.randn(80), "count": torch.tensor([3]), "zero.weight": torch.zeros(80, 80)}
    path = tmp_path / "small.safetensors"
    save_quantised(weights, path, {"config": {"transformer": {"num_heads": 2}}})
    restored, metadata = load_quantised(path)
    assert metadata == {"config": '{"transformer": {"num_heads": 2}}'}
    assert restored.keys() == weights.keys()
    assert torch.equal(restored["layer.bias"], weights["layer.bias"].half().float())
    assert torch.equal(restored["count"], weights["count"]) and not restored["zero.weight"].any()
    error = (restored["layer.weight"] - weights["layer.weight"]).norm() / weights["layer.weight"].norm()
    assert error < 0.01
    again = dequantise(quantise(restored))
    assert torch.allclose(again["layer.weight"], restored["layer.weight"], atol=1e-5)


def test_a_name_that_looks_like_a_scale_is_refused():
    with pytest.raises(SpatiaError, match="a.scale"):
        quantise({"a": torch.ones(2), "a.scale": torch.ones(())})


def test_unreadable_weights_are_named(tmp_path):
    with pytest.raises(SpatiaError, match="not found"):
        load_quantised(tmp_path / "absent.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    with pytest.raises(SpatiaError, match="broken.safetensors"):
        load_quantised(tmp_path / "broken.safetensors")


def test_the_releases_control_layout_is_read_from_shapes():
    shapes = control_shapes(RELEASE)
    assert control_layout(shapes, "release") == RELEASE
    assert len(shapes) == 2 + 8 * (20 + 4 + 3 + 2) + 2
    assert control_positions(30, RELEASE.blocks) == [0, 4, 8, 12, 16, 20, 24, 28]


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("vace_patch_embedding.weight", None, "vace_patch_embedding.weight is missing"),
        ("vace_patch_embedding.weight", (3072, 16, 1, 2, 2), "takes 16 channels, expected 96"),
        ("vace_blocks.3.modulation", (1, 2, 3072), r"vace_blocks.3.modulation has shape \(1, 2, 3072\), expected \(1, 6, 3072\)"),
        ("vace_blocks.5.after_proj.bias", None, "vace_blocks.5.after_proj.bias is missing"),
        ("blocks.0.modulation", (1, 6, 3072), "blocks.0.modulation .* belongs to no part"),
    ],
)
def test_a_foreign_control_checkpoint_is_refused_by_tensor(name, shape, message):
    shapes = control_shapes(RELEASE)
    if shape is None:
        del shapes[name]
    else:
        shapes[name] = shape
    with pytest.raises(SpatiaError, match=message):
        control_layout(shapes, "file.safetensors")


def test_control_blocks_of_another_depth_are_refused():
    with pytest.raises(SpatiaError, match="8 blocks, but a backbone of 40 blocks takes 10"):
        control_positions(40, 8)


def test_lora_names():
    pair = {"pipe.dit.blocks.0.self_attn.q.lora_A.default.weight": torch.ones(2, 4), "pipe.dit.blocks.0.self_attn.q.lora_B.weight": torch.ones(4, 2)}
    renamed, left_out = lora_for_host({**pair, "pipe.dit.patch_embedding.weight": torch.ones(1)}, "lora")
    assert list(renamed) == ["diffusion_model.blocks.0.self_attn.q.lora_A.weight", "diffusion_model.blocks.0.self_attn.q.lora_B.weight"]
    assert left_out == ["pipe.dit.patch_embedding.weight"]
    with pytest.raises(SpatiaError, match="not a Spatia LoRA"):
        lora_for_host({"lora_unet_x.lora_up.weight": torch.ones(1)}, "lora")
    with pytest.raises(SpatiaError, match="lora_A only"):
        lora_for_host(dict(list(pair.items())[:1]), "lora")
