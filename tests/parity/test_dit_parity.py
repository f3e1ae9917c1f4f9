"""Network output against the release's modules: every stored case, at most 1e-5 relative L2 in fp32."""

from __future__ import annotations

import functools

import pytest
import torch
from parity_model import Probe, Taps, cases, conditioning, dit_cases, dit_vectors, relative_l2, run_once, spatia_network
from vectors import PARITY, stored

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def network(pack_module):
    patching = pack_module("nodes.host.patching")

    return functools.cache(lambda name: spatia_network(patching, name))


def condition(patching, model, case, tensors, source):
    references = case["R"]
    latents = tensors[f"{source}/latents"]
    control = None if case["vace_scale"] is None else tensors[f"{source}/vace_context"]
    strength = 1.0 if case["vace_scale"] is None else case["vace_scale"]
    clip = patching.ClipCondition(
        patching.control_branch(model), control, latents[:, :, :references], strength, 1.0, 0.0
    )
    return latents[:, :, references:], clip


@pytest.mark.parametrize(("name", "case_name"), cases())
def test_output_matches_release(pack_module, network, name, case_name, record_property):
    patching = pack_module("nodes.host.patching")
    tensors, case = dit_vectors(name), dit_cases(name)[case_name]
    model = network(name)
    video, clip = condition(patching, model, case, tensors, case["inputs_of"])
    outer, inner = Probe(), Probe()

    plain = model.clone()
    from comfy.patcher_extension import WrappersMP

    plain.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "outer", outer)  # before ours: sees the video alone
    clean = max(case["hist"], 1)
    run_once(
        patching.condition_model(plain, clip),
        video,
        clean,
        case["t"],
        conditioning(tensors[f"{case['inputs_of']}/context"]),
        [inner],
    )

    theirs = tensors[f"{case_name}/out"]
    references = case["R"]
    assert torch.allclose(inner.timesteps[0][0], torch.tensor(case["per_frame_timestep"]), atol=1e-3)
    assert float(tensors[f"{case_name}/timestep"].max()) == case["t"]
    assert torch.equal(outer.outputs[0], inner.outputs[0][:, :, references:])
    error = relative_l2(outer.outputs[0], theirs[:, :, references:])
    with_references = relative_l2(inner.outputs[0], theirs)
    print(f"{name}/{case_name}: {error:.2e}, references included {with_references:.2e}")
    record_property("relative_l2", error)
    assert error <= TOLERANCE
    assert with_references <= TOLERANCE


def later_networks() -> list[str]:
    ending = "_intermediates_later_r3.safetensors"
    return [path.name.removesuffix(ending) for path in sorted((PARITY / "dit").glob(f"*{ending}"))]


@pytest.mark.parametrize("name", later_networks())
def test_what_passes_between_the_blocks_matches_release(pack_module, network, name):
    """The network's input to its blocks and what chosen blocks give, before the control is added."""
    patching = pack_module("nodes.host.patching")
    case_name = "later_6x6x8_r3_h3_t937_s1"
    case, tensors = dit_cases(name)[case_name], dit_vectors(name)
    theirs = stored(PARITY / "dit" / f"{name}_intermediates_later_r3.safetensors")
    model = network(name).clone()
    video, clip = condition(patching, model, case, tensors, case_name)
    with Taps() as taps:
        for index, block in enumerate(model.model.diffusion_model.blocks):
            taps.output(block, f"block{index}_out_before_hint")
        taps.input(model.model.diffusion_model.blocks[0], "x_in")
        positive = conditioning(tensors[f"{case_name}/context"])
        run_once(patching.condition_model(model, clip), video, case["hist"], case["t"], positive)
    seen = {key: ours for key, ours in taps.seen.items() if key in theirs}
    assert "x_in" in seen and len(seen) >= 4
    for key, ours in seen.items():
        error = relative_l2(ours, theirs[key])
        print(f"{name}/{key}: {error:.2e}")
        assert error <= TOLERANCE, key
