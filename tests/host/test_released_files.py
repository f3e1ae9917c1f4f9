"""The released files at full size, by name and shape: every tensor is accounted for. No weights are needed, nor their gigabytes.

Headers are generated here from the published sizes and loaded on the meta device through the host's own code.
"""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path

import pytest
import torch
from released_sizes import BACKBONE, CONTROL, lora_shapes
from safetensors.torch import save_file
from small_model import HEADS, TEXT, backbone_weights, clip_inputs, control_weights

from spatia_core.weights.layouts import (
    VaeLayout,
    backbone_layout,
    backbone_shapes,
    control_layout,
    control_shapes,
    vae_layout,
)
from spatia_core.weights.lora import lora_for_host

BACKBONE_BYTES = 19_999_150_848  # total_size in the index of the published float32 shards


def meta(shapes: dict, dtype=torch.float32) -> dict:
    return {name: torch.empty(shape, dtype=dtype, device="meta") for name, shape in shapes.items()}


def float8_scaled(shapes: dict, dtype=torch.float16) -> dict:
    """ComfyUI's scaled float8 of the same tensors: block matrices in float8, each with a scale, and a mark."""
    tensors = {"scaled_fp8": torch.empty(0, dtype=torch.float8_e4m3fn)}
    for name, shape in shapes.items():
        scaled = name.startswith("blocks.") and name.endswith(".weight") and len(shape) == 2
        tensors[name] = torch.empty(shape, dtype=torch.float8_e4m3fn if scaled else dtype, device="meta")
        if scaled:
            tensors[name[: -len("weight")] + "scale_weight"] = torch.ones(1)
    return tensors


def umt5_shapes() -> dict:
    """UMT5-XXL's encoder, as in ComfyUI's file: 24 blocks of width 4096, 64 heads, gated feed-forward of 10240."""
    shapes = {"shared.weight": (256384, 4096), "encoder.final_layer_norm.weight": (4096,)}
    for index in range(24):
        prefix = f"encoder.block.{index}.layer."
        shapes |= {f"{prefix}0.SelfAttention.{part}.weight": (4096, 4096) for part in "qkvo"}
        shapes |= {f"{prefix}0.SelfAttention.relative_attention_bias.weight": (32, 64)}
        shapes |= {f"{prefix}1.DenseReluDense.{part}.weight": (10240, 4096) for part in ("wi_0", "wi_1")}
        shapes |= {f"{prefix}1.DenseReluDense.wo.weight": (4096, 10240)}
        shapes |= {f"{prefix}{layer}.layer_norm.weight": (4096,) for layer in (0, 1)}
    return shapes


@pytest.fixture(scope="module")
def full_backbone(comfy_host):
    """The host's Wan2.2-TI2V-5B, detected from the names and shapes alone, on the meta device."""
    import comfy.model_detection

    config = comfy.model_detection.model_config_from_unet(meta(backbone_shapes(BACKBONE)), "")
    config.set_inference_dtype(torch.bfloat16, None)
    return config.get_model({}, "", device="meta")


def shapes_of(module) -> dict:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def test_the_published_backbone(full_backbone):
    """825 tensors of 19,999,150,848 bytes in float32 are what the host builds, no more and no less."""
    shapes = backbone_shapes(BACKBONE)
    assert len(shapes) == 825 and 4 * sum(map(math.prod, shapes.values())) == BACKBONE_BYTES
    assert type(full_backbone).__name__ == "WAN22"
    assert shapes_of(full_backbone.diffusion_model) == shapes
    assert backbone_layout(shapes, "published") == BACKBONE
    assert (
        backbone_layout({f"model.diffusion_model.{name}": shape for name, shape in shapes.items()}, "checkpoint")
        == BACKBONE
    )


def test_the_scaled_float8_backbone(comfy_host):
    """300 scales beside the matrices: the host detects the same model and takes every tensor."""
    import comfy.model_detection
    import comfy.utils

    tensors = float8_scaled(backbone_shapes(BACKBONE))
    assert len(tensors) == 825 + 300 + 1
    assert backbone_layout({name: tuple(tensor.shape) for name, tensor in tensors.items()}, "fp8 scaled") == BACKBONE
    converted, metadata = comfy.utils.convert_old_quants(tensors, "", metadata={})
    config = comfy.model_detection.model_config_from_unet(converted, "", metadata=metadata)
    config.set_inference_dtype(torch.bfloat16, torch.bfloat16)
    model = config.get_model({}, "", device="meta")
    missing, extra = model.diffusion_model.load_state_dict(converted, strict=False, assign=True)
    assert not missing and not extra


def test_the_released_control_checkpoint(full_backbone, pack_module):
    import comfy.ops

    patching = pack_module("nodes.host.patching")
    shapes = control_shapes(CONTROL)
    assert len(shapes) == 236 and sum(map(math.prod, shapes.values())) == 1_395_398_656
    branch = patching.ControlBranch(
        CONTROL, 24, list(range(0, 30, 4)), 1e-6, torch.bfloat16, "meta", comfy.ops.manual_cast
    )
    assert shapes_of(branch) == shapes
    for dtype in (torch.float32, torch.bfloat16, torch.float8_e4m3fn):
        header = {name: tuple(tensor.shape) for name, tensor in meta(shapes, dtype).items()}
        assert control_layout(header, "released") == CONTROL


def test_the_released_lora_finds_every_weight(full_backbone, pack_module):
    import comfy.lora

    tensors = meta(lora_shapes(), torch.bfloat16)
    renamed, left_out = lora_for_host(tensors, "released")
    weights = comfy.lora.model_lora_keys_unet(full_backbone, {})
    patches = comfy.lora.load_lora(dict(renamed), weights)
    assert len(tensors) == 600 and not left_out and len(patches) == 300
    assert set(patches) <= set(full_backbone.state_dict())


def test_the_video_vae(comfy_host, pack_module, caplog):
    """The host's loader takes all of the published VAE; ours reads its sizes from the tensors."""
    import comfy.ldm.wan.vae2_2
    import comfy.sd

    with torch.device("meta"):
        shapes = shapes_of(
            comfy.ldm.wan.vae2_2.WanVAE(
                dim=160,
                dec_dim=256,
                z_dim=48,
                dim_mult=[1, 2, 4, 4],
                num_res_blocks=2,
                temperal_downsample=[False, True, True],
            )
        )
        with caplog.at_level(logging.DEBUG):
            vae = comfy.sd.VAE(sd=meta(shapes))
    assert len(shapes) == 196 and sum(map(math.prod, shapes.values())) == 704_688_668
    assert "Missing VAE keys" not in caplog.text and "Leftover VAE keys" not in caplog.text
    assert (vae.latent_channels, vae.latent_dim) == (48, 3)
    assert vae_layout(shapes, "wan2.2_vae") == VaeLayout(160, 256, 48, (1, 2, 4, 4), 2)


@pytest.mark.parametrize("scaled", [False, True])
def test_the_text_encoder(comfy_host, scaled):
    """242 tensors of UMT5-XXL, plain and float8 scaled, against the host's module."""
    import comfy.ops
    import comfy.text_encoders.t5
    import comfy.text_encoders.wan

    config = json.loads(Path(comfy.text_encoders.wan.__file__).with_name("umt5_config_xxl.json").read_text())
    module = comfy.text_encoders.t5.T5(config, dtype=torch.float16, device="meta", operations=comfy.ops.manual_cast)
    shapes = umt5_shapes()
    assert len(shapes) == 242
    assert shapes_of(module) == shapes
    if scaled:
        from comfy.utils import convert_old_quants

        tensors = {"scaled_fp8": torch.empty(0, dtype=torch.float8_e4m3fn), **meta(shapes, torch.float16)}
        matrices = [
            name
            for name, shape in shapes.items()
            if name.endswith(".weight") and ".layer." in name and len(shape) == 2 and "bias" not in name
        ]
        tensors |= {name[: -len("weight")] + "scale_weight": torch.ones(()) for name in matrices}
        converted, _ = convert_old_quants(tensors, "", metadata={})
        quant = comfy.ops.mixed_precision_ops({}, torch.float16, full_precision_mm=True)
        module = comfy.text_encoders.t5.T5(config, dtype=torch.float16, device="meta", operations=quant)
        missing, extra = module.load_state_dict({n: t for n, t in converted.items()}, strict=False, assign=True)
        assert not missing and not extra and len(matrices) == 24 * 7


METADATA = {"config": json.dumps({"transformer": {"num_heads": HEADS, "text_dim": TEXT}})}


@pytest.fixture
def sharded(comfy_host):
    """A small backbone in three shards in the host's folder, as the published one comes. Returns folder and weights."""
    folder = comfy_host / "models" / "diffusion_models" / "published"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    weights = backbone_weights()
    names = sorted(weights)
    index = {}
    for number in range(3):
        file = f"diffusion_pytorch_model-{number + 1:05}-of-00003.safetensors"
        part = names[number * len(names) // 3 : (number + 1) * len(names) // 3]
        save_file({name: weights[name] for name in part}, folder / file, METADATA)
        index |= dict.fromkeys(part, file)
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": index})
    )
    return folder, weights


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("chosen", [1, 3])
def test_the_published_shards_load_as_one(nodes_of, sharded, index, chosen):
    models = nodes_of("nodes.host.models")
    folder, weights = sharded
    if not index:
        (folder / "diffusion_pytorch_model.safetensors.index.json").unlink()
    model = models.load_backbone(f"published/diffusion_pytorch_model-{chosen:05}-of-00003.safetensors", "fp32")
    loaded = model.model.diffusion_model.state_dict()
    assert loaded.keys() == weights.keys() and all(torch.equal(loaded[name], weights[name]) for name in weights)
    remade, arguments = model.cached_patcher_init
    assert remade(*arguments, disable_dynamic=True).model.diffusion_model.dim == model.model.diffusion_model.dim


def test_shards_are_one_choice(nodes_of, sharded, monkeypatch):
    import folder_paths

    names = [f"published/diffusion_pytorch_model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
    monkeypatch.setattr(folder_paths, "get_filename_list", lambda folder: [*names, "single.safetensors"])
    assert nodes_of("nodes.host.models").backbone_options() == ["bundled small model", names[0], "single.safetensors"]


def test_broken_shards_are_named(nodes_of, sharded):
    models = nodes_of("nodes.host.models")
    folder, weights = sharded
    first, _, third = sorted(folder.glob("*.safetensors"))
    chosen = f"published/{first.name}"
    index = folder / "diffusion_pytorch_model.safetensors.index.json"

    whole = third.read_bytes()
    third.write_bytes(whole[:-10])
    with pytest.raises(ValueError, match=f"{third.name} has .* bytes, but its header promises"):
        models.load_backbone(chosen, "default")
    third.unlink()
    with pytest.raises(ValueError, match=f"{third.name} is missing"):
        models.load_backbone(chosen, "default")
    third.write_bytes(whole)

    promised = json.loads(index.read_text())
    promised["weight_map"]["blocks.0.modulation"] = third.name
    index.write_text(json.dumps(promised))
    with pytest.raises(
        ValueError, match=f"puts tensor blocks.0.modulation into {third.name}, but it is in {first.name}"
    ):
        models.load_backbone(chosen, "default")
    index.unlink()

    save_file(
        {"head.modulation": weights["head.modulation"], "blocks.0.modulation": weights["blocks.0.modulation"]}, third
    )
    with pytest.raises(ValueError, match="blocks.0.modulation is in both"):
        models.load_backbone(chosen, "default")
    save_file({"head.modulation": weights["head.modulation"]}, third)
    with pytest.raises(ValueError, match=r"patch_embedding\.weight is missing"):
        models.load_backbone(chosen, "default")


def test_a_foreign_or_extra_backbone_tensor_is_named():
    shapes = backbone_shapes(BACKBONE)
    for change, message in (
        ({"img_emb.proj.0.bias": (1280,)}, "img_emb.proj.0.bias of shape .* belongs to no part"),
        ({"patch_embedding.weight": (5120, 16, 1, 2, 2)}, "takes 16 channels"),
        ({"blocks.7.norm3.bias": (1,)}, r"blocks.7.norm3.bias has shape \(1,\), expected \(3072,\)"),
        ({"vace_patch_embedding.weight": (3072, 96, 1, 2, 2)}, "vace_patch_embedding.weight"),
        (
            {"blocks.999999.modulation": (1, 6, 3072)},
            "blocks.999999.modulation belongs to a block numbered beyond the 826",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            backbone_layout({**shapes, **change}, "file")


def quantised_file(weights: dict) -> dict:
    """The small weights as a scaled float8 file."""
    stored = {"scaled_fp8": torch.empty(0, dtype=torch.float8_e4m3fn)}
    for name, tensor in weights.items():
        if "blocks." in name and name.endswith(".weight") and tensor.ndim == 2:
            scale = tensor.abs().max() / 448
            stored[name] = (tensor / scale).to(torch.float8_e4m3fn)
            stored[name[: -len("weight")] + "scale_weight"] = scale.reshape(())
        else:
            stored[name] = tensor.half()
    return stored


def test_scaled_float8_files_sample(nodes_of, comfy_host, sample):
    """Backbone and control in scaled float8 give float32's clip, up to float8."""
    models = nodes_of("nodes.host.models")
    for folder, weights in (("diffusion_models", backbone_weights()), ("model_patches", control_weights())):
        target = comfy_host / "models" / folder
        target.mkdir(parents=True, exist_ok=True)
        save_file(quantised_file(weights), target / f"{folder}_fp8_scaled.safetensors", METADATA)
    model = models.load_spatia_model(
        "diffusion_models_fp8_scaled.safetensors", "model_patches_fp8_scaled.safetensors", models.NONE, 1.0, "default"
    )[0]
    inputs = clip_inputs(13, 2)
    ours, base = (sample(inputs, **change)[1]["samples"] for change in ({"model": model}, {"lora": "never"}))
    difference = (ours - base).norm() / base.norm()
    assert 0 < difference < 0.3
