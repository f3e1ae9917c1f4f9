"""The release's LoRA through the host's patcher: merged weights, forward pass (2e-5) and exact unloading."""

from __future__ import annotations

import pytest
import torch
from parity_model import Probe, conditioning, dit_cases, dit_vectors, relative_l2, run_once, spatia_network
from vectors import PARITY, stored

FOLDER = PARITY / "lora"
INFO = stored(FOLDER / "lora.json")
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def merged():
    return stored(FOLDER / "merged_some.safetensors")


@pytest.fixture
def network(pack_module):
    patching = pack_module("nodes.host.patching")
    lora = dict(stored(FOLDER / "lora_on_disk.safetensors"))
    return spatia_network(patching, INFO["model"], lora=lora, lora_file="lora_on_disk.safetensors")


def forward(patching, model):
    name, case_name = INFO["model"], INFO["case"]
    case, tensors = dit_cases(name)[case_name], dit_vectors(name)
    source = case["inputs_of"]
    latents, references = tensors[f"{source}/latents"], case["R"]
    clip = patching.ClipCondition(
        patching.control_branch(model),
        tensors[f"{source}/vace_context"],
        latents[:, :, :references],
        case["vace_scale"],
        1.0,
        0.0,
    )
    probe = Probe()
    run_once(
        patching.condition_model(model, clip),
        latents[:, :, references:],
        case["hist"],
        case["t"],
        conditioning(tensors[f"{source}/context"]),
        [probe],
    )
    return probe.outputs[0], tensors[f"{case_name}/out"], references


def test_every_pair_is_taken(pack_module, network):
    lora = network.get_attachment(pack_module("nodes.host.patching").LORA)
    assert len(lora.patches) == len(INFO["name_map"])


def test_forward_with_lora_and_exact_unload(pack_module, network, merged, record_property):
    import comfy.model_management

    patching = pack_module("nodes.host.patching")
    before = {name: tensor.clone() for name, tensor in network.model.state_dict().items()}
    without, theirs, references = forward(patching, network)
    assert relative_l2(without, theirs) <= 1e-5

    with_lora = network.clone()
    patching.add_lora(with_lora)
    ours, _, _ = forward(patching, with_lora)
    key = next(key for key in merged if key.startswith("forward_"))
    error = relative_l2(ours[:, :, references:], merged[key][:, :, references:])
    print(f"LoRA forward: {error:.2e}")
    record_property("relative_l2", error)
    assert error <= TOLERANCE
    assert relative_l2(ours, without) > 1e-3  # the LoRA does something

    patched = network.model.state_dict()
    for name, tensor in merged.items():
        if not name.startswith("forward_"):
            assert torch.allclose(patched[f"diffusion_model.{name}"], tensor, rtol=0, atol=1e-6), name

    again, _, _ = forward(patching, network)
    assert torch.equal(again, without)
    comfy.model_management.unload_all_models()
    for name, tensor in network.model.state_dict().items():
        assert torch.equal(tensor, before[name]), f"{name} was not restored exactly"
