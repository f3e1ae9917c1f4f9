"""A Spatia model of random weights in the host, and one clip of the sampler with it."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from small_model import CFG, SEED, STEPS, STRENGTHS, TEXT, lora_weights, write_bundle


@pytest.fixture(scope="module")
def nodes_of(pack_module, comfy_host, tmp_path_factory):
    """Our node modules, with a bundle of random weights and a LoRA in the host's folder."""
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder)
    loras = comfy_host / "models" / "loras"
    loras.mkdir(parents=True, exist_ok=True)
    save_file(lora_weights(), loras / "spatia_small_lora.safetensors")
    bundle = pack_module("nodes.host.bundle")
    before, bundle.FOLDER = bundle.FOLDER, str(folder)
    yield pack_module
    bundle.FOLDER = before


@pytest.fixture(scope="module")
def loaded(nodes_of):
    models = nodes_of("nodes.host.models")
    return (
        nodes_of("nodes.load_model")
        .SpatiaLoadModel.execute(models.BUNDLED, models.BUNDLED, "spatia_small_lora.safetensors", 1.0, "default")
        .args
    )


@pytest.fixture(scope="module")
def prompts(loaded):
    """Two prompts that differ, as the small text encoder's never do: cfg must have something to weigh."""
    positive, negative = (torch.randn(1, 5, TEXT, generator=torch.Generator().manual_seed(s)) for s in (8, 9))
    return [[positive, {}]], [[negative, {}]]


@pytest.fixture
def sample(nodes_of, loaded, prompts):
    model, _, vae = loaded

    def run(inputs, model=model, **changed):
        options = {**STRENGTHS, **changed}
        out = nodes_of("nodes.sampler").SpatiaSampler.execute(
            model, *prompts, vae, seed=SEED, steps=STEPS, cfg=CFG, **inputs, **options
        )
        return out.args

    return run
