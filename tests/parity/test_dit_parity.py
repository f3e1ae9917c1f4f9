"""Network output against the release's modules: every stored case, at most 1e-5 relative L2 in fp32."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

import pytest
import torch
from parity_model import Probe, cases, conditioning, load_network, relative_l2, run_once
from safetensors.torch import load_file

FOLDER = Path(os.environ.get("SPATIA_PARITY") or Path(__file__).parents[1] / "data" / "parity")
TOLERANCE = 1e-5


@functools.cache
def vectors(name: str):
    return load_file(FOLDER / "dit" / f"{name}_cases.safetensors"), json.loads((FOLDER / "dit" / f"{name}_cases.json").read_text())["cases"]


@pytest.fixture(scope="module")
def network(pack_module):
    patching = pack_module("nodes.host.patching")

    @functools.cache
    def load(name: str):
        path = FOLDER / "dit" / f"{name}_vace.safetensors"
        return patching.apply_spatia(load_network(FOLDER, name), str(path), path.name)

    return load


def condition(patching, model, case, tensors, source):
    references = case["R"]
    latents = tensors[f"{source}/latents"]
    control = None if case["vace_scale"] is None else tensors[f"{source}/vace_context"]
    strength = 1.0 if case["vace_scale"] is None else case["vace_scale"]
    clip = patching.ClipCondition(patching.control_branch(model), control, latents[:, :, :references], strength, 1.0, 0.0)
    return latents[:, :, references:], clip


@pytest.mark.parametrize(("name", "case_name"), cases(FOLDER))
def test_output_matches_release(pack_module, network, name, case_name, record_property):
    patching = pack_module("nodes.host.patching")
    tensors, table = vectors(name)
    case = table[case_name]
    model = network(name)
    video, clip = condition(patching, model, case, tensors, case["inputs_of"])
    outer, inner = Probe(), Probe()

    plain = model.clone()
    from comfy.patcher_extension import WrappersMP

    plain.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "outer", outer)  # before ours: sees the video alone
    clean = max(case["hist"], 1)
    run_once(patching.condition_model(plain, clip), video, clean, case["t"], conditioning(tensors[f"{case['inputs_of']}/context"]), [inner])

    theirs = tensors[f"{case_name}/out"]
    references = case["R"]
    assert torch.allclose(inner.timesteps[0][0], torch.tensor(case["per_frame_timestep"]), atol=1e-3)
    assert torch.equal(outer.outputs[0], inner.outputs[0][:, :, references:])
    error = relative_l2(outer.outputs[0], theirs[:, :, references:])
    with_references = relative_l2(inner.outputs[0], theirs)
    print(f"{name}/{case_name}: {error:.2e}, references included {with_references:.2e}")
    record_property("relative_l2", error)
    assert error <= TOLERANCE
    assert with_references <= TOLERANCE
