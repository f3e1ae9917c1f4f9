"""What does not fit is told by the headers, before the backbone's gigabytes are read; text as long as it was trained with."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file
from small_model import (
    CFG,
    DIM,
    HEADS,
    SEED,
    STEPS,
    STRENGTHS,
    TEXT,
    backbone_weights,
    clip_inputs,
    control_weights,
    lora_weights,
)


@pytest.fixture
def files(nodes_of, comfy_host, monkeypatch):
    """A backbone in the host's folder that must not be read, and a place for what stands beside it."""
    models = nodes_of("nodes.host.models")
    folders = {}
    for name in ("diffusion_models", "model_patches", "loras"):
        folders[name] = comfy_host / "models" / name
        folders[name].mkdir(parents=True, exist_ok=True)
    metadata = {"config": json.dumps({"transformer": {"num_heads": HEADS, "text_dim": TEXT}})}
    save_file(backbone_weights(), folders["diffusion_models"] / "unread.safetensors", metadata)
    save_file(control_weights(), folders["model_patches"] / "fitting.safetensors")

    def read(*args, **kwargs):
        pytest.fail("the backbone was read")

    monkeypatch.setattr(models, "read_backbone", read)
    monkeypatch.setattr(models.bundle, "load_small_backbone", read)
    return models, folders


def narrow(tensors: dict) -> dict:
    """The same of half the width in the feed-forward."""
    return {
        name: tensor[: tensor.shape[0] // 2] if ".ffn.0." in name else tensor[:, : tensor.shape[1] // 2] if name.endswith("ffn.2.weight") else tensor
        for name, tensor in tensors.items()
    }  # fmt: skip


def more_blocks(tensors: dict, blocks: int) -> dict:
    """A control checkpoint with its last block repeated."""
    last = {name: tensor for name, tensor in tensors.items() if name.startswith("vace_blocks.1.")}
    copies = {
        name.replace(".1.", f".{k}.", 1): tensor.clone() for k in range(2, blocks) for name, tensor in last.items()
    }
    return {**tensors, **copies}


@pytest.mark.parametrize("backbone", ["unread.safetensors", "bundled small model"])
def test_a_foreign_control_is_told_first(files, backbone):
    models, folders = files
    for name, tensors, message in (
        ("foreign", {"blocks.0.weight": torch.zeros(2)}, r"vace_patch_embedding\.weight is missing"),
        ("narrow", narrow(control_weights()), r"ffn\.0\.weight has 32 outputs, the backbone's blocks have 64"),
        ("long", more_blocks(control_weights(), 9), "has 9 blocks, which stand after no n-th block of a backbone of 8"),
    ):
        save_file({k: v.contiguous() for k, v in tensors.items()}, folders["model_patches"] / f"{name}.safetensors")
        with pytest.raises(ValueError, match=message):
            models.load_spatia_model(backbone, f"{name}.safetensors", models.NONE, 1.0, "default")


def test_a_foreign_lora_is_told_first(files):
    models, folders = files
    wide = {k: torch.cat([v, v], dim=1) if "lora_A" in k else v for k, v in lora_weights().items()}
    elsewhere = {k.replace("self_attn.q", "attn.query"): v for k, v in lora_weights().items()}
    for name, tensors, message in (
        ("foreign", {"lora_unet_x.lora_up.weight": torch.zeros(2)}, "is not a Spatia LoRA"),
        (
            "wide",
            wide,
            rf"lora_A\.default\.weight of shape \(2, {2 * DIM}\) fits not the weight of shape \({DIM}, {DIM}\)",
        ),
        ("elsewhere", elsewhere, "fits no weight of this model"),
    ):
        save_file(tensors, folders["loras"] / f"{name}.safetensors")
        with pytest.raises(ValueError, match=message):
            models.load_spatia_model("unread.safetensors", "fitting.safetensors", f"{name}.safetensors", 1.0, "default")


def test_what_fits_is_read(files):
    models, folders = files
    save_file(lora_weights(), folders["loras"] / "fitting.safetensors")
    with pytest.raises(pytest.fail.Exception, match="the backbone was read"):
        models.load_spatia_model("unread.safetensors", "fitting.safetensors", "fitting.safetensors", 1.0, "default")


@pytest.fixture
def trained_with(nodes_of, monkeypatch):
    """A function: the random network becomes one that was trained with so many tokens of text."""
    module = nodes_of("spatia_core.profile")

    def make(tokens: int) -> None:
        tiny = module.SMALL._replace(name="the random network", dim=DIM, sizes=((64, 32),), text_tokens=tokens)
        monkeypatch.setitem(module.PROFILES, tiny.name, tiny)

    return make


def test_short_text_is_filled_up_as_the_release_does(sample, prompts, trained_with, nodes_of, loaded):
    """Zeros up to the trained length, which is what the host's text encoder hands on for this model."""
    inputs = clip_inputs(1)
    as_given = sample(inputs)[1]["samples"]
    trained_with(16)
    short = sample(inputs)[1]["samples"]
    filled = [[[torch.nn.functional.pad(text[0][0], (0, 0, 0, 11)), {}]] for text in prompts]
    model, _, vae = loaded
    node = nodes_of("nodes.sampler").SpatiaSampler
    whole = node.execute(model, *filled, vae, seed=SEED, steps=STEPS, cfg=CFG, **inputs, **STRENGTHS).args[1]
    assert torch.equal(whole["samples"], short)
    assert not torch.allclose(short, as_given, atol=1e-4)


def test_text_of_full_length_stays(sample, trained_with):
    inputs = clip_inputs(1)
    as_given = sample(inputs)[1]["samples"]
    for tokens in (1, 5):
        trained_with(tokens)
        assert torch.equal(sample(inputs)[1]["samples"], as_given)
