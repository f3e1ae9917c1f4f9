"""Spatia Check in the real host: the recorded networks hold, a changed one does not, files are told by their headers."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from small_model import lora_weights, write_bundle


@pytest.fixture(scope="module")
def network(pack_module, comfy_host):
    return pack_module("nodes.host.check_network")


@pytest.fixture
def core(pack_module):
    return pack_module("spatia_core.selfcheck")


def findings(core, checks):
    with torch.inference_mode():
        return [finding for section in core.run_checks(checks) for finding in section.findings]


@pytest.mark.long(240, "four small networks, and pass by pass what they give")
def test_the_recorded_networks_hold(network, core):
    found = findings(core, network.network_checks())
    assert [mark for mark, _ in found] == [core.PASS, core.NOTE] * 5 or [mark for mark, _ in found] == [
        core.PASS
    ] * 10, found
    assert all("float32" in text for _, text in found[::2])


def test_a_small_mistake_fails(network, core, monkeypatch):
    condition = network.patching.ClipCondition
    monkeypatch.setattr(
        network.patching,
        "ClipCondition",
        lambda branch, control, references, strength, *rest: condition(branch, control, references, 1.001, *rest),
    )
    found = findings(core, [network.network_checks()[0]])
    assert found[0].mark == core.FAIL and "at most 1e-04" in found[0].text


@pytest.mark.long(240, "a video network encodes and decodes several times")
def test_the_video_network_holds(pack_module, comfy_host, core):
    found = findings(core, [pack_module("nodes.host.check_video").video_check()])
    assert not [text for mark, text in found if mark == core.FAIL]
    assert sum(mark == core.PASS for mark, _ in found) >= 5


def test_the_small_video_network_never_works_in_float16(pack_module, comfy_host):
    """Its activations reach 6e5: on a card without bfloat16 every frame would be NaN."""
    bundle = pack_module("nodes.host.bundle")
    vae = pack_module("nodes.host.check_video").small_vae()
    assert isinstance(vae, bundle.SizedVAE) and torch.float16 not in vae.working_dtypes


def test_model_files_are_told_by_their_headers(pack_module, comfy_host, core, tmp_path, monkeypatch):
    files = pack_module("nodes.host.check_files")
    write_bundle(tmp_path)
    save_file(lora_weights(), str(tmp_path / "lora.safetensors"))
    save_file({"a": torch.zeros(2)}, str(tmp_path / "foreign.safetensors"))
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "lora.safetensors").read_bytes()[:-9])
    (tmp_path / "old.ckpt").write_bytes(b"")
    names = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.setattr(
        files.folder_paths, "get_filename_list", lambda folder: names if folder == "diffusion_models" else []
    )
    monkeypatch.setattr(files.folder_paths, "get_full_path", lambda folder, name: str(tmp_path / name))
    found = findings(core, [files.files_check()])
    text = "\n".join(text for _, text in found)
    for name, kind in (
        ("spatia_small_backbone", "backbone"), ("spatia_small_control", "control"),
        ("spatia_small_vae", "VAE"), ("lora", "LoRA, 32 weights"),
    ):  # fmt: skip
        assert f"{name}.safetensors: {kind}" in text
    assert "4 file(s) fit, 2 are of another kind" in text
    assert next(finding.text for finding in found if finding.mark == core.LEFT_OUT).startswith(
        "diffusion_models: cut.safetensors has"
    )


def test_the_node_shows_what_it_found(pack_module, comfy_host, core, monkeypatch):
    node = pack_module("nodes.check")
    check = functools.partial(core.Check, "one")
    monkeypatch.setattr(
        node, "all_checks", lambda full: [check(lambda: [core.held("x", 2.0, 1.0), core.held("y", 1.0, 1.0)])]
    )
    out = node.SpatiaCheck.execute(False)
    report, passed = out.args
    assert not passed and report.startswith("1 of 2 figures FAIL.")
    assert out.ui["spatia_report"][0]["warnings"] == ["one: x: 2.0e+00 relative, at most 1e+00"]
    assert node.SpatiaCheck.fingerprint_inputs(full=False) != node.SpatiaCheck.fingerprint_inputs(full=False)


def test_the_vectors_travel_with_the_package(network):
    vectors = Path(network.VECTORS)
    assert vectors.is_file() and vectors.stat().st_size < 2e6
    root = Path(__file__).resolve().parent.parent.parent
    assert vectors.resolve().relative_to(root).as_posix() == "spatia_core/selfcheck/vectors.safetensors"
    # tests/test_published.py makes the archive's list of files; this one is of a folder that no line of it names.
    ignored = (root / ".comfyignore").read_text(encoding="utf-8").split()
    assert not any("selfcheck" in line or line.strip("*") == ".safetensors" for line in ignored)
