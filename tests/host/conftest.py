"""A small memory, a Spatia model of random weights in the host, and one clip of the sampler with it."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from small_model import CFG, SEED, STEPS, STRENGTHS, TEXT, lora_weights, write_bundle


@pytest.fixture
def memory(pack_module):
    """Two frames of a wall at depth 2, the second one a little to the right."""
    cameras = pack_module("spatia_core.cameras")
    cloud = pack_module("spatia_core.cloud")
    first = cameras.make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.5, 0.5])
    path = cameras.preset_path("truck", first, 2, distance=0.1, depth=2.0)
    points = cameras.unproject(torch.full((32, 48), 2.0), first.K(32, 48)[0], first.c2w[0]).reshape(-1, 3)
    memory = pack_module("spatia_core.memory")
    grey = torch.full((2, 32, 48, 3), 128, dtype=torch.uint8)
    wall = cloud.make_point_cloud(points, torch.full((len(points), 3), 0.5), view=0)
    start = memory.memory_of_image(grey[0], path.select(0), wall, 0.02)
    nothing = pack_module("spatia_core.memory.clip").no_change(wall.size)
    clip = memory.Clip(memory.HeldFrames(grey[1:]), path.select(1), 1, nothing)
    return start._replace(clips=(*start.clips, clip))


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
