"""Checkpoint layouts: int8 storage, control and LoRA names, refusals by tensor."""

from __future__ import annotations

import errno
import json
import os
import time

import pytest
import torch
from safetensors.torch import save

from spatia_core.errors import SpatiaError
from spatia_core.model.control import control_positions, positions_of, stated_positions
from spatia_core.model.decoupled.layout import DecoupledLayout, decoupled_layout, decoupled_shapes
from spatia_core.weights.header import read_header
from spatia_core.weights.layouts import (
    BackboneLayout,
    ControlLayout,
    backbone_layout,
    backbone_shapes,
    control_layout,
    control_shapes,
    vae_layout,
)
from spatia_core.weights.lora import lora_for_host
from spatia_core.weights.scaled import dequantise, load_quantised, quantise, save_quantised, unscale_float8
from spatia_core.weights.shards import shard_files, sharded_shapes

RELEASE = ControlLayout(dim=3072, ffn_dim=14336, blocks=8, in_channels=96, patch=(1, 2, 2))


def test_int8_keeps_small_tensors_exact_and_large_ones_close(tmp_path):
    weights = {
        "layer.weight": torch.randn(80, 80),
        "layer.bias": torch.randn(80),
        "count": torch.tensor([3]),
        "zero.weight": torch.zeros(80, 80),
    }
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
        (
            "vace_blocks.3.modulation",
            (1, 2, 3072),
            r"vace_blocks.3.modulation has shape \(1, 2, 3072\), expected \(1, 6, 3072\)",
        ),
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


@pytest.mark.parametrize(
    ("layers", "blocks", "positions"),
    [
        (30, 15, range(0, 30, 2)),
        (40, 8, range(0, 40, 5)),
        (30, 30, range(30)),
        (6, 3, [0, 2, 4]),
        (6, 2, [0, 4]),  # every fourth where that fits, as in the release
        (30, 1, [0]),
    ],
)
def test_any_number_of_control_blocks_after_every_nth(layers, blocks, positions):
    assert control_positions(layers, blocks) == list(positions)


@pytest.mark.parametrize("at", ["0,1,2,3,5", "every:1"])
def test_a_file_says_where_its_control_blocks_stand(at):
    notes = {"spatia_training": json.dumps({"step": 3, "control_at": at})}
    assert stated_positions(notes) == at
    layers = 6 if at[0] == "0" else 5
    assert control_positions(layers, 5, at) == ([0, 1, 2, 3, 5] if at[0] == "0" else [0, 1, 2, 3, 4])


@pytest.mark.parametrize("notes", [{}, {"spatia_training": "{}"}, {"spatia_training": '{"control_at": null}'}])
def test_a_file_that_does_not_say_where_its_control_blocks_stand(notes):
    assert stated_positions(notes) is None


def test_notes_that_are_none_are_refused():
    with pytest.raises(SpatiaError, match="notes"):
        stated_positions({"spatia_training": "{"})


def test_control_blocks_of_another_depth_are_refused():
    for blocks in (5, 0, 7):
        with pytest.raises(SpatiaError, match=f"{blocks} blocks, which stand after no n-th block of a backbone of 6"):
            control_positions(6, blocks)
    with pytest.raises(SpatiaError, match="says that they stand at every:2, which are 3"):
        control_positions(6, 2, "every:2")


@pytest.mark.parametrize(
    "at", ["", "every:0", "every:", "every:x", "0,2,2", "2,0", "2,4", "0,6", "-1", "0,,1", "0, 1", "every:-2", "²"]
)
def test_odd_positions_are_refused(at):
    with pytest.raises(SpatiaError, match="expected every:N, or rising numbers, 0 first, up to 5"):
        positions_of(at, 6)


def test_lora_names():
    pair = {
        "pipe.dit.blocks.0.self_attn.q.lora_A.default.weight": torch.ones(2, 4),
        "pipe.dit.blocks.0.self_attn.q.lora_B.weight": torch.ones(4, 2),
    }
    renamed, left_out = lora_for_host({**pair, "pipe.dit.patch_embedding.weight": torch.ones(1)}, "lora")
    assert list(renamed) == [
        "diffusion_model.blocks.0.self_attn.q.lora_A.weight",
        "diffusion_model.blocks.0.self_attn.q.lora_B.weight",
    ]
    assert left_out == ["pipe.dit.patch_embedding.weight"]
    with pytest.raises(SpatiaError, match="not a Spatia LoRA"):
        lora_for_host({"lora_unet_x.lora_up.weight": torch.ones(1)}, "lora")
    with pytest.raises(SpatiaError, match="lora_A only"):
        lora_for_host(dict(list(pair.items())[:1]), "lora")


# --- files made to take the machine down ---

CONTROL = control_shapes(ControlLayout(16, 32, 2, 96, (1, 2, 2)))
BACKBONE = backbone_shapes(BackboneLayout(16, 32, 2, 48, 48, 8, 8, (1, 2, 2)))
DECOUPLED = decoupled_shapes(DecoupledLayout(256, 2, 32, 2, 8, 16, 52, 32, (8, 8, 8), 4, (1, 2, 2)))
VAE = {
    "encoder.conv1.weight": (4, 12, 3, 3, 3), "decoder.head.0.gamma": (8, 1, 1, 1), "conv2.weight": (48, 48, 1, 1, 1),
    "encoder.downsamples.0.downsamples.0.residual.2.weight": (4, 4, 3, 3, 3),
}  # fmt: skip


@pytest.mark.parametrize("number", ["999999", "1000", "9" * 5000, "\u0663"])
@pytest.mark.parametrize(
    ("layout", "shapes", "prefix"),
    [
        (control_layout, CONTROL, "vace_blocks"),
        (backbone_layout, BACKBONE, "blocks"),
        (decoupled_layout, DECOUPLED, "blocks"),
    ],
)
def test_a_block_number_beyond_the_file_is_refused_at_once(layout, shapes, prefix, number):
    layout(shapes, "file.safetensors")
    start = time.perf_counter()
    with pytest.raises(SpatiaError, match=f"file.safetensors.*{prefix}") as refusal:
        layout({**shapes, f"{prefix}.{number}.x": (1,)}, "file.safetensors")
    assert time.perf_counter() - start < 1 and len(str(refusal.value)) < 500


@pytest.mark.parametrize("side", [0, -1, 2**70, True, "2", None])
@pytest.mark.parametrize(
    ("layout", "shapes", "name"),
    [
        *((control_layout, CONTROL, name) for name in ("vace_patch_embedding.weight", "vace_blocks.0.ffn.0.weight")),
        *((backbone_layout, BACKBONE, name) for name in ("patch_embedding.weight", "head.head.bias")),
        (decoupled_layout, DECOUPLED, "patch_embedding_current.weight"),
        (decoupled_layout, DECOUPLED, "controlnet_encode_first.0.weight"),
        *((vae_layout, VAE, name) for name in VAE),
    ],
)
def test_sizes_are_read_from_sides_of_at_least_1(layout, shapes, name, side):
    layout(shapes, "file.safetensors")
    for place in range(len(shapes[name])):
        shape = list(shapes[name])
        shape[place] = side
        with pytest.raises(SpatiaError, match=f"tensor {name} has shape .*, expected sides of at least 1"):
            layout({**shapes, name: tuple(shape)}, "file.safetensors")


def test_a_vae_of_other_dimensions_is_refused():
    with pytest.raises(SpatiaError, match="expected 5 dimensions"):
        vae_layout({**VAE, "encoder.downsamples.0.downsamples.0.residual.2.weight": ()}, "vae")


def header_file(path, header, data: bytes = b"", length: int | None = None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return str(path)


def tensor(shape, start: int, end: int, dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"a": tensor([2, -1], 0, 8)}, "tensor a by .* whole number from 0"),
        ({"a": tensor([2.5], 0, 8)}, "whole number"), ({"a": tensor([True], 0, 4)}, "whole number"),
        ({"a": tensor([2**40] * 3, 0, 8)}, "as far apart"), ({"a": tensor([2**40] * 9 + [0], 0, 0)}, "as far apart"),
        ({"a": tensor([3], 0, 8)}, "as far apart"),
        ({"a": tensor([2], 8, 0)}, "as far apart"), ({"a": tensor([1], -4, 0)}, "whole number"),
        ({"a": tensor([2], 0, 10**400)}, "401 digits"),
        ({"a": tensor([2], 0, 8), "b": tensor([1], 4, 8)}, "tensor b at byte 4, expected 8"),
        ({"a": tensor([1], 4, 8)}, "at byte 4, expected 0"),
        ({"a": tensor([2], 0, 8, "F33")}, "a dtype among"), ({"a": tensor([2], 0, 8, ["F32"])}, "a dtype among"),
        ({"a": tensor(2, 0, 8)}, "a shape of"),
        ({"a": {"dtype": "F32", "shape": [2]}}, "its dtype, shape and data_offsets"), ({"a": 3}, "its dtype, shape"),
        ({"a": tensor([2], 0, 8) | {"data_offsets": [0]}}, "two data_offsets"),
        ([], "an object of tensors"), (b"[" * 100_000, "nested"), (b"{", "no valid JSON"), (b"\xff\xff", "UTF-8"),
        ({"n" * 100_000: 3}, "its dtype, shape"),
    ],
)  # fmt: skip
def test_headers_that_cannot_be_are_refused(tmp_path, header, message):
    with pytest.raises(SpatiaError, match=message) as refusal:
        read_header(header_file(tmp_path / "file.safetensors", header, bytes(8)))
    assert "file.safetensors" in str(refusal.value) and len(str(refusal.value)) < 800


def test_a_header_fits_its_file(tmp_path):
    path, header = tmp_path / "file.safetensors", {"a": tensor([2], 0, 8), "__metadata__": {"x": "y"}}
    assert read_header(header_file(path, header, bytes(8))) == {"a": (2,)}
    for length in (2**63, 2**64 - 1, 10**6):
        with pytest.raises(SpatiaError, match=f"header of {length} bytes is longer than the file"):
            read_header(header_file(path, header, bytes(8), length))
    with pytest.raises(SpatiaError, match="the download was cut off"):
        read_header(header_file(path, header, bytes(7)))
    with pytest.raises(SpatiaError, match="the file is damaged"):
        read_header(header_file(path, header, bytes(9)))
    with pytest.raises(SpatiaError, match="than 16777216 bytes"):
        read_header(header_file(path, b"{" + b" " * 2**24 + b"}"))
    path.write_bytes(b"\1")
    with pytest.raises(SpatiaError, match="longer than the file"):
        read_header(str(path))
    with pytest.raises(SpatiaError, match="could not be opened"):
        read_header(str(tmp_path))


def test_headers_of_every_type_are_read(tmp_path):
    types = (
        torch.bool,
        torch.uint8,
        torch.int16,
        torch.bfloat16,
        torch.float8_e4m3fn,
        torch.float8_e5m2,
        torch.int32,
        torch.int64,
        torch.float64,
    )
    tensors = {f"{dtype}.{i}": torch.zeros(3, i, dtype=dtype) for dtype in types for i in (0, 2)}
    (tmp_path / "file.safetensors").write_bytes(save(tensors))
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    assert read_header(str(tmp_path / "file.safetensors")) == shapes


def test_shards_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(SpatiaError, match="part 1 of 99999, expected one of at most 1000"):
        shard_files("x-00001-of-99999.safetensors")
    with pytest.raises(SpatiaError, match="and 995 more is missing") as refusal:
        sharded_shapes([str(tmp_path / name) for name in shard_files("x-00001-of-01000.safetensors")])
    assert len(str(refusal.value)) < 500
    path = header_file(tmp_path / "x-00001-of-00001.safetensors", {"a": tensor([2], 0, 8)}, bytes(8))
    with pytest.raises(SpatiaError, match="a is in both"):
        sharded_shapes([path, path])
    index = tmp_path / "x.safetensors.index.json"
    for text, message in (
        ("[" * 100_000, "nested"), ("[]", "no index of weights"), ('{"weight_map": []}', "no index of weights"),
        ('{"weight_map": {"a": 3}}', "no index of weights"),
        ("{" + " " * 2**24 + "}", "more than 16777216 bytes"), ('{"weight_map": {"a": "y"}}', "puts tensor a into y"),
    ):  # fmt: skip
        index.write_text(text)
        with pytest.raises(SpatiaError, match=f"x.safetensors.index.json.*{message}"):
            sharded_shapes([path])


def test_a_scale_does_not_grow_its_tensor():
    column, row = torch.ones(30_000, 1, dtype=torch.int8), torch.ones(1, 30_000)
    for wrong in (row, torch.ones(7), torch.ones(1, 1, 1)):
        with pytest.raises(SpatiaError, match="Tensor a of shape .* comes with a scale of shape"):
            dequantise({"a": column, "a.scale": wrong})
        with pytest.raises(SpatiaError, match="Tensor a.weight of shape .* comes with a scale of shape"):
            unscale_float8({"a.weight": column, "a.scale_weight": wrong})
    for right in (torch.tensor(2.0), torch.full((1,), 2.0), torch.full((30_000, 1), 2.0)):
        assert unscale_float8({"a.weight": column, "a.scale_weight": right})["a.weight"].sum() == 60_000


def test_a_failed_save_leaves_the_weights_that_were_there(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    save_quantised({"a": torch.ones(3)}, path)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpatiaError, match="The disk is full"):
        save_quantised({"a": torch.zeros(3)}, path)
    assert torch.equal(load_quantised(path)[0]["a"], torch.ones(3))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
