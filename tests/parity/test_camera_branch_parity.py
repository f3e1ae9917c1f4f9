"""The second paper's camera branch and I2V backbone against the release's modules.

Every case of every file in the folder is run; SPATIA_PARITY_DECOUPLED names another folder.
"""

from __future__ import annotations

import functools

import pytest
import torch
from decoupled_vectors import FOLDER, family, named, table, tensors
from parity_model import Taps, load_i2v, relative_l2, weights_of
from vectors import weights

from spatia_core.model.decoupled.cameras import camera_groups, pluecker_rays
from spatia_core.model.decoupled.layout import CameraLayout, camera_layout, camera_shapes, is_dead_text

TOLERANCE = 1e-5  # relative L2, fp32
KIND = "camera_branch"


@pytest.fixture(scope="module")
def branch_of(pack_module):
    @functools.cache
    def load(file: str):
        kind = pack_module("nodes.host.camera_branch").CameraBranch
        load_branch = pack_module("nodes.host.side_branch").load_side_branch
        return load_branch(kind, weights(FOLDER / file), file, torch.float32).model

    return lambda name: load(weights_of(name, KIND, "camera_branch_weights"))


def cases_of(kind: str, ending: str) -> list[tuple[str, str]]:
    """(file, case) of every case that holds an entry `CASE.ending`."""
    keys = [(name, key) for name in family(kind) for key in sorted(tensors(name))]
    return [(name, key.removesuffix(f".{ending}")) for name, key in keys if key.endswith(f".{ending}")]


def frames_of(name: str, case: str) -> int:
    """Pixel frames of a case: as the table beside the file says, else as its cameras do, which may hold a history's too."""
    if (FOLDER / f"{name}.json").exists():
        return table(name)["cases"][case]["frame_num"]
    cameras = tensors(name)[f"{case}.in.c2ws"].shape[1]
    latents = tensors(name)[f"{case}.in.hidden_states"].shape[2]
    return cameras if cameras <= 4 * latents else 4 * latents - 3


def started(pack_module, branch, name: str, case: str):
    """A run of the branch over a stored case's inputs, and its latent cameras (B, F, C, h, w)."""
    module, vectors = pack_module("nodes.host.camera_branch"), tensors(name)
    given = {key: vectors[f"{case}.in.{key}"] for key in ("hidden_states", "y", "timestep", "c2ws", "intrinsics")}
    size, frames = given["hidden_states"].shape[3:], frames_of(name, case)
    groups = camera_groups(frames)
    height, width = (side * branch.layout.unshuffle for side in size)
    cameras = []
    for c2w, pixels in zip(given["c2ws"][:, -frames:], given["intrinsics"][:, -frames:]):
        fractions = pixels.double() / torch.tensor([width, height, width, height])
        poses = module.ClipPoses(c2w[groups], fractions[groups])
        cameras.append(module.encode_poses(branch, poses, c2w.device, tuple(size)))
    x = torch.cat([given["hidden_states"], given["y"]], dim=1)
    return module.CameraRun(branch, torch.stack(cameras), x, given["timestep"], {}), cameras


@pytest.mark.parametrize(("name", "case"), cases_of(KIND, "residual.0"))
@torch.no_grad()
def test_camera_residuals(pack_module, branch_of, name, case, record_property):
    branch, vectors = branch_of(name), tensors(name)
    run, _ = started(pack_module, branch, name, case)
    worst = 0.0
    for layer in range(branch.layout.layers):
        theirs = vectors[f"{case}.residual.{layer}"]
        worst = max(worst, relative_l2(run.residual(layer).flatten(1, 2), theirs))
    assert f"{case}.residual.{branch.layout.layers}" not in vectors
    print(f"{name}/{case}: {worst:.1e}")
    record_property("relative_l2", worst)
    assert worst <= TOLERANCE


@pytest.mark.parametrize(("name", "case"), cases_of(KIND, "residual.0"))
@torch.no_grad()
def test_what_passes_inside_the_camera_branch(pack_module, branch_of, name, case):
    branch, vectors = branch_of(name), tensors(name)
    frames = frames_of(name, case)
    height, width = (side * branch.layout.unshuffle for side in vectors[f"{case}.in.hidden_states"].shape[3:])
    rays = pluecker_rays(vectors[f"{case}.in.c2ws"][:, -1], vectors[f"{case}.in.intrinsics"][:, -1], height, width)
    theirs = vectors[f"{case}.rays_last_frame_every4th_pixel"]
    assert relative_l2(rays[:, :, ::4, ::4], theirs) <= 1e-6
    run, cameras = started(pack_module, branch, name, case)
    grid = vectors[f"{case}.mid.patch_out"]
    assert relative_l2(run.state.flatten(1, 2), grid.flatten(2).transpose(1, 2)) <= TOLERANCE
    pairs = {"timestep_proj": run.modulation.flatten(1, 2)[:, :6].flatten(1)}
    if f"{case}.mid.patch_in" in vectors:
        channels = branch.layout.camera_channels[-1]
        stacked = torch.stack(cameras).transpose(1, 2)
        assert relative_l2(stacked, vectors[f"{case}.mid.patch_in"][:, -channels:]) <= TOLERANCE
    for layer in range(branch.layout.layers):
        run.residual(layer)
        pairs[f"block{layer}_out"] = run.state.flatten(1, 2)
    for which, ours in pairs.items():
        if f"{case}.mid.{which}" in vectors:
            assert relative_l2(ours, vectors[f"{case}.mid.{which}"].reshape(ours.shape)) <= TOLERANCE, which
    assert run.frames == camera_groups(frames).shape[0]


@pytest.mark.parametrize("name", [name for name in family(KIND) if (FOLDER / f"{name}.json").exists()])
def test_text_is_never_read(name):
    """As the release was seen: another text gives bit-identical residuals, so ours takes none."""
    assert all(case["other_text_gives_bit_identical_residuals"] for case in table(name)["cases"].values())


@pytest.mark.parametrize("name", [name.removesuffix(".json") for name in named(f"{KIND}_layout*.json")])
def test_camera_layout(pack_module, name):
    import comfy.ops

    told = table(name)
    for which, heads in (
        ("tiny_state_dict", told["tiny_config"]["num_attention_heads"]),
        ("default_config_state_dict", None),
    ):
        found = {key: tuple(shape) for key, shape in told[which].items()}
        layout = camera_layout(found, which, heads)
        used = {key: shape for key, shape in found.items() if not is_dead_text(key)}
        assert camera_shapes(layout) == used
    assert layout == CameraLayout(1536, 12, 13824, 20, 256, 5120, 132, (192, 96), 8, (1, 2, 2))
    assert (len(found), count(found)) == (told["default_config_tensors"], told["default_config_params"])
    assert count(found) - count(used) == told["dead_params_in_text_embedder"]
    branch = pack_module("nodes.host.camera_branch").CameraBranch(layout, torch.bfloat16, "meta", comfy.ops.manual_cast)
    assert {key: tuple(tensor.shape) for key, tensor in branch.state_dict().items()} == used


def count(shapes: dict) -> int:
    return sum(torch.Size(shape).numel() for shape in shapes.values())


# Backbone


@pytest.mark.parametrize(("name", "case"), cases_of("backbone_i2v", "out.none"))
@torch.no_grad()
def test_i2v_backbone_with_both_lists(pack_module, name, case, record_property):
    """Through the patch that adds a branch's residuals: none, the camera's, the memory's, and both."""
    camera_branch, side_branch = pack_module("nodes.host.camera_branch"), pack_module("nodes.host.side_branch")
    vectors, network = tensors(name), load_i2v(name).model.diffusion_model
    given = {key: vectors[f"{case}.in.{key}"].float() for key in ("x", "y", "t", "clip_fea")}
    rows, frames = given["x"].shape[0], given["x"].shape[2]
    texts = [vectors[f"{case}.in.text.{row}"] for row in range(rows)]
    context = torch.stack([torch.nn.functional.pad(text, (0, 0, 0, 512 - text.shape[0])) for text in texts])
    lists = {
        which: [vectors[key] for key in sorted(vectors) if key.startswith(f"{case}.in.{which}_state")]
        for which in ("camera", "history")
    }
    worst = 0.0
    for out, used in (("none", ()), ("camera_only", ("camera",)), ("history_only", ("history",)), ("both", lists)):
        patches = [
            side_branch.ResidualPatch(
                lambda layer, states=lists[which]: states[layer].unflatten(1, (frames, -1)),
                camera_branch.CameraCondition.add,
                len(lists[which]),
                frames,
                1.0,
                which,
            )
            for which in used
        ]
        x = torch.cat([given["x"], given["y"]], dim=1)
        with Taps() as taps:
            if out == "both":
                for index, block in enumerate(network.blocks):
                    taps.input(block, f"{case}.mid.block{index}_in")
                    taps.output(block, f"{case}.mid.block{index}_out_before_residuals")
                taps.input(network.head, f"{case}.mid.head_in")
                taps.output(network.time_embedding, f"{case}.mid.time_embedding")
                taps.output(network.img_emb, f"{case}.mid.image_context_row0_first32")
                taps.output(network.text_embedding, f"{case}.mid.text_context_row0_first32")
            ours = network(
                x,
                given["t"],
                context,
                clip_fea=given["clip_fea"],
                transformer_options={"patches": {"double_block": patches}},
            )
        for key, seen in taps.seen.items():
            if key in vectors:
                ours_there = seen[:1, :32] if key.endswith("first32") else seen.reshape(vectors[key].shape)
                # The host's table of timesteps is float32, the release's float64.
                allowed = 2 * TOLERANCE if key.endswith("time_embedding") else TOLERANCE
                assert relative_l2(ours_there, vectors[key]) <= allowed, key
        worst = max(worst, relative_l2(ours, vectors[f"{case}.out.{out}"]))
    print(f"{name}/{case}: {worst:.1e}")
    record_property("relative_l2", worst)
    assert worst <= TOLERANCE
