"""Decoupled memory against the release's modules: poses, retrieval, gate, assembly, branch residuals, backbone.

Every case of every file in the folder is run; SPATIA_PARITY_DECOUPLED names another folder.
"""

from __future__ import annotations

import functools
import json

import pytest
import torch
from decoupled_vectors import FOLDER, named, stems, table, tensors
from parity_model import Taps, relative_l2
from vectors import header, weights

from spatia_core.cameras.camera import Cameras, invert_pose
from spatia_core.model.decoupled.assembly import MemorySlots, assemble, history_camera_frames, temporal_window
from spatia_core.model.decoupled.cameras import camera_groups, latent_of, latent_poses, pluecker_rays, relative_poses
from spatia_core.model.decoupled.gate import gate
from spatia_core.model.decoupled.layout import DecoupledLayout, decoupled_layout, decoupled_shapes
from spatia_core.model.decoupled.retrieval import Rules, camera_distances, choose_frames, frustum_overlap, retrieve

TOLERANCE = 1e-5  # relative L2, fp32
MARGIN = 1e-3  # below it the release's own choice is a coin toss of the ball's points


# Poses


def pose_cases() -> list[tuple[str, str]]:
    keys = [(name, key) for name in stems("poses*") for key in sorted(tensors(name))]
    return [(name, key.removesuffix(".abs")) for name, key in keys if key.endswith(".abs")]


@pytest.mark.parametrize(("name", "case"), pose_cases())
def test_latent_poses(name, case):
    poses = tensors(name)[f"{case}.abs"]
    error = (latent_poses(poses) - tensors(name)[f"{case}.latent"]).abs().max()
    print(f"{name}/{case}: {float(error):.1e}")
    # Poses stored in float32 are orthonormal to 1e-7 only, and the two means differ by that.
    assert error <= (1e-11 if poses.dtype == torch.float64 else 1e-6)


@pytest.mark.parametrize("name", stems("poses*", "rel.w2c_in"))
def test_relative_poses(name):
    vectors = tensors(name)
    c2w = torch.linalg.inv(vectors["rel.w2c_in"].double())
    first, last = relative_poses(c2w, c2w[0]), relative_poses(c2w, c2w[-1])
    assert torch.allclose(first.float(), vectors["rel.first_origin"], atol=2e-6)
    assert torch.allclose(last.float(), vectors["rel.last_origin"], atol=2e-6)
    # History and clip share a frame, so one origin serves both.
    both = relative_poses(torch.cat([c2w[:7], c2w[6:13]]), c2w[6])
    assert torch.allclose(both.float(), vectors["rel.concat_history7_current7"], atol=2e-6)


@pytest.mark.parametrize("name", stems("poses*", "plucker.c2w"))
def test_pluecker_rays(name):
    vectors = tensors(name)
    rays = pluecker_rays(vectors["plucker.c2w"][0], vectors["plucker.K"][0], 16, 24)
    assert relative_l2(rays, vectors["plucker.H16_W24"][0]) <= 1e-6
    rays = pluecker_rays(vectors["plucker_full.c2w"][0], vectors["plucker_full.K"][0], 480, 832)
    assert relative_l2(rays[:, :, ::40, ::40], vectors["plucker_full.every40th_pixel"][0]) <= 1e-6


# Retrieval


def windows() -> list[tuple[str, str, int]]:
    """(file, path, first frame) of every window whose overlaps are stored."""
    keys = [(name, key) for name in stems("retrieval*") for key in sorted(tensors(name))]
    tags = [(name, key.removesuffix(".ids").rpartition(".w")) for name, key in keys if key.endswith(".ids")]
    return [(name, path, int(start)) for name, (path, _, start) in tags]


def released_cameras(entry: dict, poses: torch.Tensor) -> Cameras:
    """Cameras of a stored path at these poses (N, 4, 4)."""
    intrinsics = torch.tensor([entry["fx"], entry["fy"], 0.5, 0.5], dtype=torch.float64)
    return Cameras(invert_pose(poses), intrinsics.expand(poses.shape[0], 4))


@pytest.mark.parametrize(("name", "path", "start"), windows())
def test_retrieval(name, path, start):
    vectors, entry = tensors(name), table(name)[path]
    rows = next(window for window in entry["windows"] if window["start"] == start)["rows"]
    c2w = vectors[f"{path}.c2w"].double()
    frames = 4 * (len(rows) - 1) + 1
    target = released_cameras(entry, latent_poses(c2w[start : start + frames]))
    history = released_cameras(entry, c2w[: start + 1])
    tag = f"{path}.w{start}"
    assert (target.c2w - vectors[f"{tag}.latent_c2w"]).abs().max() <= 1e-6
    found = retrieve(target, history, points=vectors["points"], release=True)
    distance_error = (found.distance - vectors[f"{tag}.per_ref_dist_list"]).abs().max()
    overlap_error = (found.overlap - vectors[f"{tag}.overlap_ratio"]).abs().max()
    score_error = (found.score - vectors[f"{tag}.confidence"]).abs().max()
    theirs = vectors[f"{tag}.ids"][:, 0]
    clear = torch.tensor([row["margin_to_second"] > MARGIN for row in rows])
    equal = found.ids == theirs
    print(
        f"{name}/{tag}: overlap {overlap_error:.1e}, distance {distance_error:.1e}, score {score_error:.1e}, ids {int(equal.sum())}/{len(rows)}, of clear margin {int(equal[clear].sum())}/{int(clear.sum())}"
    )
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


@pytest.mark.parametrize("name", [name.removesuffix(".json") for name in named("retrieval*_recheck.json")])
def test_retrieval_against_an_independent_rebuild(name):
    """Where another implementation agrees with the release, and how the shortcut of one pose per group would show."""
    moved = 0
    for tag in table(name):
        recheck, vectors = table(name)[tag], tensors(name.removesuffix("_recheck"))
        path, _, start = tag.rpartition(".w")
        assert recheck["official"] == recheck["recomputed"] == vectors[f"{tag}.ids"][:, 0].tolist()
        assert not recheck["mismatches"]
        c2w, first = vectors[f"{path}.c2w"].double(), int(start)
        poses = c2w[first : first + 4 * (len(recheck["official"]) - 1) + 1]
        third = poses[[0, *range(3, poses.shape[0], 4)]]
        shortcut = "ids_if_third_frame_of_group_used_instead_of_average"
        moved += recheck[shortcut] != recheck["official"]
        entry = table(name.removesuffix("_recheck"))[path]
        history = released_cameras(entry, c2w[: first + 1])
        for latent, ids in ((latent_poses(poses), "official"), (third, shortcut)):
            found = retrieve(released_cameras(entry, latent), history, points=vectors["points"], release=True)
            # A tie of the best two may fall either way.
            differs = [i for i, (a, b) in enumerate(zip(found.ids.tolist(), recheck[ids])) if a != b]
            best_two = found.score.topk(2, dim=1).values
            assert all(float(best_two[i, 0] - best_two[i, 1]) <= MARGIN for i in differs), (tag, ids, differs)
    assert moved


# Gate


def gate_cases() -> list[tuple[str, str]]:
    names = [name.removesuffix(".json") for name in named("gate*.json")]
    return [(name, case) for name in names for case in table(name)]


@pytest.mark.parametrize(("name", "case"), gate_cases())
def test_gate(name, case):
    stored = table(name)[case]
    ids = torch.tensor(stored["ids"])
    if "latent_ids" in stored:
        assert latent_of(ids).tolist() == stored["latent_ids"]
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


@pytest.mark.parametrize("name", stems("assembly*"))
def test_assembly(name):
    vectors, calls = tensors(name), []
    pixels = (vectors["history_video_BFCHW"][0].permute(0, 2, 3, 1) + 1) / 2
    ids = vectors["frame_ids"][0]
    temporal, _ = assemble(
        lambda window: pixels[window.start : window.stop], len(pixels), ids, stored_encoder(calls), release=True
    )
    # The release takes the pictures of the spatial cue from 8-bit files: those are stored beside the video.
    valid = (ids >= 0) & (ids < pixels.shape[0])
    pixels[ids[valid]] = (vectors["ref_images_BFCHW"][0].permute(0, 2, 3, 1)[valid] + 1) / 2
    _, spatial = assemble(
        lambda window: pixels[window.start : window.stop], len(pixels), ids, stored_encoder(calls), release=True
    )
    errors = [
        relative_l2(temporal, vectors["temporal_latents"][0, :, :, 0]),
        relative_l2(spatial, vectors["spatial_latents"][0].movedim(1, 0)),
    ]
    print(f"{name}: temporal {errors[0]:.1e}, spatial {errors[1]:.1e}")
    assert max(errors) <= TOLERANCE
    rows = table(name)["rows"]
    assert ids.tolist() == table(name)["ids"] == [row["id"] for row in rows]
    for row in rows:
        if row["encoded"] is not None:
            assert list(temporal_window(row["id"], table(name)["history_frames"], release=True)) == row["encoded"]


@pytest.mark.parametrize("name", stems("assembly*"))
def test_assembly_is_right_at_the_edges_by_default(name):
    """The kept latent's frames hold the remembered one everywhere, which the release misses at both ends."""
    frames = table(name)["history_frames"]
    for row in table(name)["rows"]:
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
    for shapes, heads in (
        ("tiny_state_dict", stored["tiny_config"]["num_attention_heads"]),
        ("default_config_state_dict", None),
    ):
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
    branch = decoupled.DecoupledBranch(
        decoupled_layout(stored, "release"), torch.bfloat16, "meta", comfy.ops.manual_cast
    )
    assert {name: tuple(tensor.shape) for name, tensor in branch.state_dict().items()} == stored


@pytest.fixture(scope="module")
def branch_of(pack_module):
    """The branch that a file of residuals belongs to: `NAME_weights` serves every file whose name begins with NAME."""

    @functools.cache
    def load(path):
        kind = pack_module("nodes.host.decoupled").DecoupledBranch
        return (
            pack_module("nodes.host.side_branch").load_side_branch(kind, weights(path), path.name, torch.float32).model
        )

    def find(name: str):
        files = FOLDER.glob("branch_*_weights.safetensors")
        owners = [path for path in files if name.startswith(path.stem.removesuffix("_weights"))]
        assert owners, f"{name}.safetensors: no branch_*_weights.safetensors belongs to it"
        return load(max(owners, key=lambda path: len(path.stem)))

    return find


def branch_cases(holding: str = "residual.0") -> list[tuple[str, str]]:
    """(file, prefix of the case) of every case that holds an entry of this name."""
    names = [name for name in stems("branch_*") if not name.endswith("_weights")]
    keys = [(name, key) for name in names for key in sorted(tensors(name))]
    return [(name, key.removesuffix(holding)) for name, key in keys if key == holding or key.endswith(f".{holding}")]


def case_inputs(name: str, prefix: str) -> dict:
    """The inputs of a case: those of the whole file, and its own in their place."""
    vectors, given = tensors(name), {}
    for start in ("in.", prefix):
        names = [key for key in vectors if start and key.startswith(start) and key.count(".") == start.count(".")]
        given |= {key.removeprefix(start): vectors[key] for key in names}
    return given


def case_slots(name: str, prefix: str) -> tuple[MemorySlots, torch.Tensor, torch.Tensor]:
    """Slots of a stored case with every gate open (residuals are stored ungated), the network's input, and the timestep."""
    given, sizes = case_inputs(name, prefix), header(FOLDER / f"{name}.safetensors")
    history, clip = int(sizes["history_frames"]), int(sizes["frame_num"])
    ids, c2w, K = given["frame_ids_image"], given["c2ws"], given["intrinsics"]
    rows, frames = ids.shape
    here = history + camera_groups(clip)
    there = history_camera_frames(ids.flatten(), history, release=True).reshape(rows, frames, 4)
    height, width = (8 * side for side in given["hidden_states"].shape[3:])

    def per_slot(values, groups):
        return torch.cat([values[row][groups[row] if groups.ndim == 3 else groups] for row in range(rows)])

    slots = MemorySlots(
        torch.ones(rows, frames, dtype=torch.bool),
        given["cond_latents_chunks"][:, :, :, 0].flatten(0, 1),
        given["cond_images"].movedim(2, 1).flatten(0, 1),
        per_slot(c2w, here),
        per_slot(K, here),
        per_slot(c2w, there),
        per_slot(K, there),
        height,
        width,
    )
    return slots, torch.cat([given["hidden_states"], given["y"]], dim=1), given["timestep"]


@pytest.mark.parametrize(("name", "prefix"), branch_cases())
@torch.no_grad()
def test_branch_residuals(pack_module, branch_of, name, prefix, record_property):
    decoupled, branch = pack_module("nodes.host.decoupled"), branch_of(name)
    slots, x, timestep = case_slots(name, prefix)
    run = decoupled.BranchRun(branch, slots, x, timestep, {})
    worst, largest, layer = 0.0, 0.0, 0
    while f"{prefix}residual.{layer}" in tensors(name):
        theirs = tensors(name)[f"{prefix}residual.{layer}"]
        ours = run.residual(layer).reshape(theirs.shape)
        worst, largest = max(worst, relative_l2(ours, theirs)), max(largest, float((ours - theirs).abs().max()))
        layer += 1
    assert layer == branch.layout.layers
    print(f"{name}/{prefix or 'all'}: {worst:.1e}")
    record_property("relative_l2", worst)
    assert worst <= TOLERANCE
    # The nearest of the wrong branches that were tried is as far away as this.
    assert largest <= 1e-3 * nearest_wrong_branch()


def slot_tokens(values: torch.Tensor, slots: int) -> torch.Tensor:
    """Embedded cues (1, dim, F, h, w), stored, as tokens (S, hw, dim)."""
    return values[0].movedim(0, -1).flatten(1, 2)[:slots]


@pytest.mark.parametrize(("name", "prefix"), branch_cases("mid.block0_out"))
@torch.no_grad()
def test_what_passes_between_the_blocks(pack_module, branch_of, name, prefix):
    decoupled, branch, vectors = pack_module("nodes.host.decoupled"), branch_of(name), tensors(name)
    slots, x, timestep = case_slots(name, prefix)
    run = decoupled.BranchRun(branch, slots, x, timestep, {})
    count = slots.gate.shape[1]
    pairs = [
        ("cur_emb", run.state, slot_tokens(vectors[f"{prefix}mid.cur_emb"], count)),
        ("temporal_emb", run.history.chunk(2, 1)[0], slot_tokens(vectors[f"{prefix}mid.temporal_emb"], count)),
        ("spatial_emb", run.history.chunk(2, 1)[1], slot_tokens(vectors[f"{prefix}mid.spatial_emb"], count)),
        ("timestep_proj", run.modulation[:1].flatten(), vectors[f"{prefix}mid.timestep_proj"].flatten()),
    ]
    # The history is neither normalised nor updated: what enters the first block enters the last.
    for which in ("block0_hist_in", "lastblock_hist_in"):
        theirs = vectors[f"{prefix}mid.{which}"][0].unflatten(0, (2, count, -1)).movedim(0, 1).flatten(1, 2)
        pairs.append((which, run.history, theirs))
    for layer in range(branch.layout.layers):
        run.residual(layer)
        theirs = vectors[f"{prefix}mid.block{layer}_out"][0].unflatten(0, (count, -1))
        pairs.append((f"block{layer}_out", run.state, theirs))
    for which, ours, theirs in pairs:
        assert relative_l2(ours, theirs) <= TOLERANCE, which
    blocks = vectors[f"{prefix}mid.sel_k_blocks"][0].tolist()
    assert blocks == [[frame, count + frame] for frame in range(count)]


@pytest.mark.parametrize("name", stems("branch_*", "rays.current_frame5"))
def test_rays_of_the_branch(name):
    vectors, history = tensors(name), int(header(FOLDER / f"{name}.safetensors")["history_frames"])
    for key in (key for key in vectors if key.startswith("rays.")):
        which, frame = key.removeprefix("rays.").split("_frame")
        row = int(frame) + (history if which == "current" else 0)
        theirs = vectors[key]
        camera = (vectors[f"in.{part}"][0, row : row + 1] for part in ("c2ws", "intrinsics"))
        rays = pluecker_rays(*camera, *theirs.shape[-2:])
        assert relative_l2(rays.flatten(0, -4), theirs.flatten(0, -4)) <= 1e-6, key


def first_residual(decoupled, branch, slots: MemorySlots, x, timestep) -> torch.Tensor:
    return decoupled.BranchRun(branch, slots, x, timestep, {}).residual(0)


@torch.no_grad()
def test_probes_of_the_branch(pack_module, branch_of):
    """What the release's branch was seen to depend on: a frame on its two cues, and on its cameras' groups alone."""
    told, name = table("branch_cases"), "branch_small"
    sizes = header(FOLDER / f"{name}.safetensors")
    assert (told["frame_num"], told["history_frames"]) == (int(sizes["frame_num"]), int(sizes["history_frames"]))
    assert tensors(f"{name}_batch2")["in.frame_ids_image"].tolist() == told["batch2_frame_ids"]
    decoupled, branch = pack_module("nodes.host.decoupled"), branch_of(name)
    for case, ids in told["cases"].items():
        assert case_inputs(name, f"{case}.")["frame_ids_image"][0].tolist() == ids
        for layer, stats in enumerate(told["residual_stats"][case]):
            assert float(tensors(name)[f"{case}.residual.{layer}"].std()) == pytest.approx(stats["std"], rel=1e-4)
    slots, x, timestep = case_slots(name, "valid.")
    before = first_residual(decoupled, branch, slots, x, timestep)
    probed = 0
    for slot in range(slots.gate.shape[1]):
        moved = {cue: getattr(slots, cue).clone() for cue in ("temporal", "spatial")}
        for values in moved.values():
            values[slot] += 1
        noisy = x.clone()
        noisy[:, :16, slot] += 1
        changes = {f"{cue} slot {slot}": (slots._replace(**{cue: values}), x) for cue, values in moved.items()}
        for key, (given, latents) in {**changes, f"noisy latent {slot}": (slots, noisy)}.items():
            expected = told["probes"].get(f"{key} perturbed -> frames changed")
            if expected is not None:
                after = first_residual(decoupled, branch, given, latents, timestep)
                assert (after != before).flatten(1).any(1).nonzero()[:, 0].tolist() == expected, key
                probed += 1
    assert probed >= 9
    history = told["history_frames"]
    cameras = {
        "valid.": next(rows for key, rows in told["probes"].items() if key.startswith("camera of concatenated frame")),
        "mixed.": next(rows for key, rows in told["probes"].items() if key.startswith("same for ids=mixed")),
    }
    for prefix, rows in cameras.items():
        ids = case_inputs(name, prefix)["frame_ids_image"][0]
        here = (history + camera_groups(told["frame_num"])).tolist()
        there = history_camera_frames(ids, history, release=True).tolist()
        for frame, expected in rows.items():
            ours = [i for i in range(len(here)) if int(frame) in here[i] or int(frame) in there[i]]
            assert ours == expected, (prefix, frame)


def nearest_wrong_branch() -> float:
    """Largest difference that the least of the deliberate errors makes in the residuals (independent_rebuild.json)."""
    if not (FOLDER / "independent_rebuild.json").exists():
        return 0.1
    rebuild = table("independent_rebuild")
    assert max(rebuild["rebuild_max_abs_err"].values()) <= 1e-5
    wrong = (rebuild["wrong_variants_max_abs_diff_on_valid"], rebuild["wrong_variants_on_mixed"])
    return min(difference for variants in wrong for difference in variants.values())


@pytest.mark.parametrize(("name", "prefix"), branch_cases("mid.cur_in"))
@torch.no_grad()
def test_camera_cues(branch_of, name, prefix):
    branch = branch_of(name)
    slots, _, _ = case_slots(name, prefix)
    vectors = tensors(name)
    for cue, c2w, K in (
        ("cur_in", slots.target_c2w, slots.target_K),
        ("spatial_in", slots.target_c2w, slots.target_K),
        ("temporal_in", slots.history_c2w, slots.history_K),
    ):
        theirs = vectors[f"{prefix}mid.{cue}"][0, -16:].movedim(1, 0)
        assert relative_l2(branch.encode_cameras(c2w, K, slots.height, slots.width), theirs) <= TOLERANCE


# Backbone


def backbone_cases() -> list[tuple[str, str]]:
    names = [name for name in stems("backbone*") if not name.startswith("backbone_i2v")]
    keys = [(name, key) for name in names for key in sorted(tensors(name))]
    return [(name, key.removeprefix("out.")) for name, key in keys if key.startswith("out.")]


@pytest.mark.parametrize(("name", "case"), backbone_cases())
@torch.no_grad()
def test_backbone_with_residuals(pack_module, name, case, record_property):
    import comfy.sd

    decoupled = pack_module("nodes.host.decoupled")
    vectors, config = tensors(name), table(name)["config"]
    state_dict = {key.removeprefix("w."): vectors[key] for key in vectors if key.startswith("w.")}
    metadata = {"config": json.dumps({"transformer": config})}
    network = comfy.sd.load_diffusion_model_state_dict(state_dict, metadata=metadata).model.diffusion_model
    x = torch.cat([vectors["in.x"], vectors["in.y"]], dim=1)
    context = torch.stack(
        [
            torch.nn.functional.pad(
                vectors[f"in.context{i}"], (0, 0, 0, config["text_len"] - vectors[f"in.context{i}"].shape[0])
            )
            for i in range(2)
        ]
    )
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

        options["patches_replace"] = {
            "dit": {("double_block", index): add_camera(index) for index in range(len(cameras))}
        }
    if case in ("history", "both"):
        patch = pack_module("nodes.host.side_branch").ResidualPatch(
            lambda layer: history[layer].unflatten(1, (frames, -1))[opened],
            functools.partial(decoupled.add_to_open_frames, opened),
            len(history),
            frames,
            1.0,
            "the test",
        )
        options["patches"] = {"double_block": [patch]}
    with Taps() as taps:
        for index, block in enumerate([*network.blocks, network.head]):
            taps.input(block, f"{case}.stage{index}_in")
            # With a camera residual the block is replaced by one that adds it, round the block itself.
            taps.output(block, f"{case}.block{index}_out_before_add")
        out = network(x, vectors["in.t"], context, transformer_options=options)
    for key in taps.seen:
        if key in vectors:
            assert relative_l2(taps.seen[key], vectors[key]) <= TOLERANCE, key
    error = relative_l2(out, vectors[f"out.{case}"])
    print(f"{name}/{case}: {error:.1e}")
    record_property("relative_l2", error)
    assert error <= TOLERANCE
