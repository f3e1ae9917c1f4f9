"""Decoupled memory against the release's modules: poses, retrieval, gate, assembly, branch residuals, backbone.

Every case stored in the folder is run; SPATIA_PARITY_DECOUPLED names another folder.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

import pytest
import torch
from parity_model import relative_l2
from safetensors import safe_open
from safetensors.torch import load_file

from spatia_core.cameras.camera import Cameras, invert_pose
from spatia_core.model.decoupled.assembly import MemorySlots, assemble, history_camera_frames, temporal_window
from spatia_core.model.decoupled.cameras import camera_groups, latent_poses, pluecker_rays, relative_poses
from spatia_core.model.decoupled.gate import gate
from spatia_core.model.decoupled.layout import DecoupledLayout, decoupled_layout, decoupled_shapes
from spatia_core.model.decoupled.retrieval import Rules, camera_distances, choose_frames, frustum_overlap, retrieve

FOLDER = Path(os.environ.get("SPATIA_PARITY_DECOUPLED") or Path(__file__).parents[1] / "data" / "parity_decoupled")
TOLERANCE = 1e-5  # relative L2, fp32
MARGIN = 1e-3  # below it the release's own choice is a coin toss of the ball's points


@functools.cache
def tensors(name: str) -> dict:
    return load_file(FOLDER / f"{name}.safetensors")


@functools.cache
def table(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text())


def header(name: str) -> dict:
    with safe_open(FOLDER / f"{name}.safetensors", framework="pt") as file:
        return file.metadata() or {}


# Poses


@pytest.mark.parametrize("case", sorted(key.removesuffix(".abs") for key in tensors("poses") if key.endswith(".abs")))
def test_latent_poses(case):
    error = (latent_poses(tensors("poses")[f"{case}.abs"]) - tensors("poses")[f"{case}.latent"]).abs().max()
    print(f"poses/{case}: {float(error):.1e}")
    # Poses stored in float32 are orthonormal to 1e-7 only, and the two means differ by that.
    assert error <= (1e-11 if tensors("poses")[f"{case}.abs"].dtype == torch.float64 else 1e-6)


def test_relative_poses():
    vectors = tensors("poses")
    c2w = torch.linalg.inv(vectors["rel.w2c_in"].double())
    first, last = relative_poses(c2w, c2w[0]), relative_poses(c2w, c2w[-1])
    assert torch.allclose(first.float(), vectors["rel.first_origin"], atol=2e-6)
    assert torch.allclose(last.float(), vectors["rel.last_origin"], atol=2e-6)
    # History and clip share a frame, so one origin serves both.
    both = relative_poses(torch.cat([c2w[:7], c2w[6:13]]), c2w[6])
    assert torch.allclose(both.float(), vectors["rel.concat_history7_current7"], atol=2e-6)


def test_pluecker_rays():
    vectors = tensors("poses")
    rays = pluecker_rays(vectors["plucker.c2w"][0], vectors["plucker.K"][0], 16, 24)
    assert relative_l2(rays, vectors["plucker.H16_W24"][0]) <= 1e-6
    rays = pluecker_rays(vectors["plucker_full.c2w"][0], vectors["plucker_full.K"][0], 480, 832)
    assert relative_l2(rays[:, :, ::40, ::40], vectors["plucker_full.every40th_pixel"][0]) <= 1e-6


# Retrieval


def windows() -> list[tuple[str, int]]:
    return [(path, window["start"]) for path, entry in table("retrieval").items() if isinstance(entry, dict) for window in entry.get("windows", [])]


@pytest.mark.parametrize(("path", "start"), windows())
def test_retrieval(path, start):
    vectors, entry = tensors("retrieval"), table("retrieval")[path]
    rows = next(window for window in entry["windows"] if window["start"] == start)["rows"]
    c2w = vectors[f"{path}.c2w"].double()
    intrinsics = torch.tensor([entry["fx"], entry["fy"], 0.5, 0.5], dtype=torch.float64)

    def cameras(poses):
        return Cameras(invert_pose(poses), intrinsics.expand(poses.shape[0], 4))

    frames = 4 * (len(rows) - 1) + 1
    target, history = cameras(latent_poses(c2w[start : start + frames])), cameras(c2w[: start + 1])
    tag = f"{path}.w{start}"
    found = retrieve(target, history, points=vectors["points"], release=True)
    distance_error = (found.distance - vectors[f"{tag}.per_ref_dist_list"]).abs().max()
    overlap_error = (found.overlap - vectors[f"{tag}.overlap_ratio"]).abs().max()
    score_error = (found.score - vectors[f"{tag}.confidence"]).abs().max()
    theirs = vectors[f"{tag}.ids"][:, 0]
    clear = torch.tensor([row["margin_to_second"] > MARGIN for row in rows])
    equal = found.ids == theirs
    print(f"retrieval/{tag}: overlap {overlap_error:.1e}, distance {distance_error:.1e}, score {score_error:.1e}, ids {int(equal.sum())}/{len(rows)}, of clear margin {int(equal[clear].sum())}/{int(clear.sum())}")
    assert bool(equal[clear].all())
    assert distance_error <= 1e-6 and overlap_error <= 1e-3 and score_error <= 1e-3
    rejected = torch.tensor([row["low_score"] or row["high_overlap_far"] for row in rows])
    assert torch.equal((found.ids < 0)[clear], rejected[clear])
    # The choice alone, on the stored numbers: exact, whatever the margin.
    stored = choose_frames(vectors[f"{tag}.overlap_ratio"], vectors[f"{tag}.per_ref_dist_list"], Rules(), release=True)
    assert torch.equal(stored.ids, theirs)
    # Upright cameras: the fields of view themselves agree with the release's intervals but for their curved edges.
    assert (frustum_overlap(target, history, vectors["points"]) - found.overlap).abs().max() <= 0.1
    assert torch.allclose(camera_distances(target, history), found.distance)


# Gate


@pytest.mark.parametrize("case", table("gate"))
def test_gate(case):
    stored = table("gate")[case]
    ids = torch.tensor(stored["ids"])
    before = ids.clone()
    ours = gate(ids)
    assert torch.equal(ids, before)
    # The release reads row 0 for the whole batch; ours gates every row.
    assert (ours if ids.ndim == 1 else ours[0]).int().tolist() == stored["frame_mask"]
    if ids.ndim == 2:
        assert all(torch.equal(ours[row], gate(ids[row])) for row in range(ids.shape[0]))


# Assembly


def stored_encoder(calls: list):
    """The encoder the vectors were made with: latent 0 = first frame, latent k = frames 4k-3..4k, remainder dropped."""

    def encode(pixels):
        frames = (pixels * 2 - 1).permute(0, 3, 1, 2)
        calls.append(frames.shape[0])
        count = (frames.shape[0] - 1) // 4 + 1
        small = torch.nn.functional.avg_pool2d(frames, 8)
        latents = torch.zeros(16, count, *small.shape[2:])
        for k in range(count):
            latents[:3, k] = small[0] if k == 0 else small[4 * k - 3 : 4 * k + 1].mean(0)
        latents[3:6] = small[0][:, None]
        latents[6], latents[7] = frames.shape[0], torch.arange(count)[:, None, None]
        return latents[None]

    return encode


def test_assembly():
    vectors, calls = tensors("assembly"), []
    pixels = (vectors["history_video_BFCHW"][0].permute(0, 2, 3, 1) + 1) / 2
    ids = vectors["frame_ids"][0]
    temporal, _ = assemble(pixels, ids, stored_encoder(calls), release=True)
    # The release takes the pictures of the spatial cue from 8-bit files: those are stored beside the video.
    valid = (ids >= 0) & (ids < pixels.shape[0])
    pixels[ids[valid]] = (vectors["ref_images_BFCHW"][0].permute(0, 2, 3, 1)[valid] + 1) / 2
    _, spatial = assemble(pixels, ids, stored_encoder(calls), release=True)
    errors = [relative_l2(temporal, vectors["temporal_latents"][0, :, :, 0]), relative_l2(spatial, vectors["spatial_latents"][0].movedim(1, 0))]
    print(f"assembly: temporal {errors[0]:.1e}, spatial {errors[1]:.1e}")
    assert max(errors) <= TOLERANCE
    for row in table("assembly")["rows"]:
        if row["encoded"] is not None:
            assert list(temporal_window(row["id"], table("assembly")["history_frames"], release=True)) == row["encoded"]


def test_assembly_is_right_at_the_edges_by_default():
    """The kept latent's frames hold the remembered one everywhere, which the release misses at both ends."""
    frames = table("assembly")["history_frames"]
    for row in table("assembly")["rows"]:
        if row["encoded"] is None:
            continue
        ours = temporal_window(row["id"], frames)
        kept = list(ours)[1:] or list(ours)
        assert row["id"] in kept
        if row["n_pixel_frames"] == 5:
            assert list(ours) == row["encoded"] and kept == row["frames_that_determine_kept_latent"]


# Branch


def test_layout():
    stored = table("branch_layout")
    for shapes, heads in (("tiny_state_dict", stored["tiny_config"]["num_attention_heads"]), ("default_config_state_dict", None)):
        found = {name: tuple(shape) for name, shape in stored[shapes].items()}
        layout = decoupled_layout(found, shapes, heads)
        assert decoupled_shapes(layout) == found
    assert layout == DecoupledLayout(1536, 12, 13824, 20, 256, 5120, 52, 32, (192, 96, 16), 8, (1, 2, 2))
    count = sum(torch.Size(shape).numel() for shape in found.values())
    assert (len(found), count) == (364, stored["default_config_params"])


def test_released_sizes_build_the_released_module(pack_module):
    import comfy.ops

    decoupled = pack_module("nodes.host.decoupled")
    stored = {name: tuple(shape) for name, shape in table("branch_layout")["default_config_state_dict"].items()}
    branch = decoupled.DecoupledBranch(decoupled_layout(stored, "release"), torch.bfloat16, "meta", comfy.ops.manual_cast)
    assert {name: tuple(tensor.shape) for name, tensor in branch.state_dict().items()} == stored


@pytest.fixture(scope="module")
def branch(pack_module):
    path = FOLDER / "branch_small_weights.safetensors"
    return pack_module("nodes.host.decoupled").load_decoupled_patcher(str(path), path.name, torch.float32).model


def branch_cases() -> list[tuple[str, str]]:
    found = []
    for path in sorted(FOLDER.glob("branch_*.safetensors")):
        keys = tensors(path.stem)
        found += [(path.stem, key.removesuffix("residual.0")) for key in sorted(keys) if key.endswith("residual.0")]
    return found


def case_slots(name: str, prefix: str) -> tuple[MemorySlots, torch.Tensor, torch.Tensor]:
    """Slots of a stored case with every gate open (residuals are stored ungated), the network's input, and the timestep."""
    vectors, sizes = tensors(name), header(name)
    inside = {key.removeprefix("in."): value for key, value in vectors.items() if key.startswith("in.")}
    own = {key.removeprefix(prefix): value for key, value in vectors.items() if prefix and key.startswith(prefix)}
    given = {**inside, **own}
    history, clip = int(sizes["history_frames"]), int(sizes["frame_num"])
    ids, c2w, K = given["frame_ids_image"], given["c2ws"], given["intrinsics"]
    rows, frames = ids.shape
    here = history + camera_groups(clip)
    there = history_camera_frames(ids.flatten(), history, release=True).reshape(rows, frames, 4)
    height, width = (8 * side for side in given["hidden_states"].shape[3:])

    def per_slot(values, groups):
        return torch.cat([values[row][groups[row] if groups.ndim == 3 else groups] for row in range(rows)])

    slots = MemorySlots(
        torch.ones(rows, frames, dtype=torch.bool), given["cond_latents_chunks"][:, :, :, 0].flatten(0, 1),
        given["cond_images"].movedim(2, 1).flatten(0, 1), per_slot(c2w, here), per_slot(K, here), per_slot(c2w, there), per_slot(K, there),
        height, width,
    )
    return slots, torch.cat([given["hidden_states"], given["y"]], dim=1), given["timestep"]


@pytest.mark.parametrize(("name", "prefix"), branch_cases())
@torch.no_grad()
def test_branch_residuals(pack_module, branch, name, prefix, record_property):
    decoupled = pack_module("nodes.host.decoupled")
    slots, x, timestep = case_slots(name, prefix)
    run = decoupled.BranchRun(branch, slots, x, timestep, {})
    worst, layer = 0.0, 0
    while f"{prefix}residual.{layer}" in tensors(name):
        theirs = tensors(name)[f"{prefix}residual.{layer}"]
        ours = run.residual(layer).reshape(theirs.shape)
        worst = max(worst, relative_l2(ours, theirs))
        layer += 1
    assert layer == branch.layout.layers
    print(f"branch/{name}/{prefix or 'all'}: {worst:.1e}")
    record_property("relative_l2", worst)
    assert worst <= TOLERANCE


@pytest.mark.parametrize(("name", "prefix"), [case for case in branch_cases() if f"{case[1]}mid.cur_in" in tensors(case[0])])
@torch.no_grad()
def test_camera_cues(branch, name, prefix):
    slots, _, _ = case_slots(name, prefix)
    vectors = tensors(name)
    for cue, c2w, K in (("cur_in", slots.target_c2w, slots.target_K), ("spatial_in", slots.target_c2w, slots.target_K), ("temporal_in", slots.history_c2w, slots.history_K)):
        theirs = vectors[f"{prefix}mid.{cue}"][0, -16:].movedim(1, 0)
        assert relative_l2(branch.encode_cameras(c2w, K, slots.height, slots.width), theirs) <= TOLERANCE


# Backbone


class StoredResiduals:
    """The stored history residuals in place of a branch's."""

    def __init__(self, opened, tensors):
        self.opened, self.tensors = opened, tensors

    def residual(self, layer):
        rows, frames = self.opened.shape
        return self.tensors[layer].reshape(rows, frames, -1, self.tensors[layer].shape[-1])[self.opened]


@pytest.mark.parametrize("case", sorted(key.removeprefix("out.") for key in tensors("backbone") if key.startswith("out.")))
@torch.no_grad()
def test_backbone_with_residuals(pack_module, case, record_property):
    import comfy.sd

    decoupled = pack_module("nodes.host.decoupled")
    vectors, config = tensors("backbone"), table("backbone")["config"]
    weights = {key.removeprefix("w."): value for key, value in vectors.items() if key.startswith("w.")}
    metadata = {"config": json.dumps({"transformer": config})}
    network = comfy.sd.load_diffusion_model_state_dict(weights, metadata=metadata).model.diffusion_model
    x = torch.cat([vectors["in.x"], vectors["in.y"]], dim=1)
    context = torch.stack([torch.nn.functional.pad(vectors[f"in.context{i}"], (0, 0, 0, config["text_len"] - vectors[f"in.context{i}"].shape[0])) for i in range(2)])
    rows, frames = x.shape[0], x.shape[2]
    opened = gate(vectors["in.frame_ids"]).expand(rows, frames)
    tokens = vectors["in.history_ungated.0"].shape[1] // frames
    assert torch.equal(opened[:1].repeat_interleave(tokens, 1), vectors["in.token_mask"][..., 0].bool())
    history = [vectors[key] for key in sorted(vectors) if key.startswith("in.history_ungated.")]
    cameras = [vectors[key] for key in sorted(vectors) if key.startswith("in.camera.")]
    options = {}
    if case in ("camera", "both"):

        def add_camera(index):
            return lambda args, extra: {"img": extra["original_block"](args)["img"] + cameras[index]}

        options["patches_replace"] = {"dit": {("double_block", index): add_camera(index) for index in range(len(cameras))}}
    if case in ("history", "both"):
        residuals = decoupled.ResidualPatch(StoredResiduals(opened, history), opened, len(history), 1.0)
        options["patches"] = {"double_block": [residuals]}
    out = network(x, vectors["in.t"], context, transformer_options=options)
    error = relative_l2(out, vectors[f"out.{case}"])
    print(f"backbone/{case}: {error:.1e}")
    record_property("relative_l2", error)
    assert error <= TOLERANCE
