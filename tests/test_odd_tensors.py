"""Tensors as links may hand them over, and kernels called by themselves: the reference's answer, or a clear refusal."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from random_scenes import cameras
from textured_wall import path, textured

from spatia_core.cloud.point_cloud import make_point_cloud
from spatia_core.cloud.voxels import voxel_merge
from spatia_core.errors import SpatiaError
from spatia_core.estimate import DEPTH_KINDS, DepthMaps, depth_from_map, estimate_scene
from spatia_core.estimate import plane_sweep as sweep
from spatia_core.kernels import kernels_run
from spatia_core.memory import load_memory, new_memory, save_memory
from spatia_core.memory.retrieval import retrieve_references
from spatia_core.metrics import closed_loop, colour_shift
from spatia_core.metrics.pose import align_pose
from spatia_core.model.flow_unipc import FlowUniPC, flow_schedule
from spatia_core.render.visibility import pack_masks, unpack_masks, visible_bits
from spatia_core.weights.lora import lora_for_host

HEIGHT, WIDTH = 12, 16
EDGES = np.array([0, -0.0, 1, -2.5, 1e-45, 1e-40, 1e-38, 1e30, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan], np.float32)
COUNTS = [0, 1, 511, 512, 513]  # round the size of a block
needs_kernels = pytest.mark.skipif(not kernels_run(), reason="numba does not run here")


def extremes(count: int, columns: int = 3) -> np.ndarray:
    """(count, columns) float32: ordinary numbers, a third of them replaced by those at float32's edges."""
    random = np.random.default_rng(count)
    values = random.random((count, columns), np.float32)
    at = random.random(values.shape) < 0.33
    values[at] = random.choice(EDGES, int(at.sum()))
    return values


def wall() -> torch.Tensor:
    """(1, HEIGHT, WIDTH) depth of a slanted wall, 1 to 2."""
    return 1 + torch.arange(HEIGHT * WIDTH).view(1, HEIGHT, WIDTH) / (HEIGHT * WIDTH)


# --- depth ---


@pytest.mark.parametrize("value", EDGES.tolist())
@pytest.mark.parametrize("kind", DEPTH_KINDS)
def test_one_pixel_at_the_edge_of_float32_costs_that_pixel_alone(kind, value, tmp_path):
    """A sky of disparity 1e-40 must not cost the scene."""
    depth = wall() if not kind.startswith("normalised") else wall() / 2
    depth[0, 3, 3] = value
    try:
        maps = depth_from_map(depth, kind, scale=2.0)
    except SpatiaError as error:
        assert kind.startswith("normalised") and "expected 0 to 1" in str(error)
        return
    assert bool(torch.isfinite(maps.depth).all())
    estimate = estimate_scene(maps, cameras(), HEIGHT, WIDTH, edge_filter=False)
    assert int((~estimate.valid).sum()) == int(not estimate.valid[0, 3, 3])
    memory = new_memory(torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8), estimate, voxel_size=1e-3)
    save_memory(memory, tmp_path / "a.spatia")
    assert torch.equal(load_memory(tmp_path / "a.spatia").cloud.positions, memory.cloud.positions)


@pytest.mark.parametrize("value", [1e-45, 1e-12, 1e30, 3.4e38])
def test_depth_that_no_scene_has_is_refused_by_its_widgets(value):
    maps = depth_from_map(torch.full((1, HEIGHT, WIDTH), value), "metres")
    with pytest.raises(SpatiaError, match="knows the depth of no pixel.*depth_kind and depth_scale"):
        estimate_scene(maps, cameras(), HEIGHT, WIDTH)


def test_confidence_or_poses_of_other_images_are_refused():
    maps = DepthMaps(wall().repeat(3, 1, 1), True, "Depth Anything 3", confidence=torch.ones(1, HEIGHT, WIDTH))
    with pytest.raises(SpatiaError, match="Depth Anything 3.*1 confidence maps for 3 depth"):
        maps.select([2])
    with pytest.raises(SpatiaError, match="1 camera poses for 3 depth"):
        maps._replace(confidence=None, w2c=torch.eye(4)[None]).select([2])


def test_what_could_not_be_saved_is_no_memory():
    image = torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8)
    estimate = estimate_scene(depth_from_map(wall(), "metres"), cameras(), HEIGHT, WIDTH)
    for voxel_size in (1e-12, 1e10, math.nan):
        with pytest.raises(SpatiaError, match="change `voxel_size`"):
            new_memory(image, estimate, voxel_size=voxel_size)
    for moving in (torch.zeros(HEIGHT, WIDTH), torch.zeros(1, 1, dtype=torch.bool)):
        with pytest.raises(SpatiaError, match="check moving"):
            new_memory(image, estimate, moving=moving)
    with pytest.raises(SpatiaError, match="check moving"):
        estimate_scene(depth_from_map(wall(), "metres"), cameras(), HEIGHT, WIDTH, moving=torch.zeros(1, HEIGHT, WIDTH))


def test_plane_sweep_is_bounded_and_the_same_in_parts(monkeypatch):
    views = path()
    frames, _ = textured(views)
    whole = sweep.plane_sweep(frames, views, near=1.5, far=8, pick=[2], longest=108).depth
    assert (whole > 0).float().mean() > 0.5
    monkeypatch.setattr(sweep, "_COSTS_AT_ONCE", 72 * 108 * 5)
    assert torch.equal(sweep.plane_sweep(frames, views, near=1.5, far=8, pick=[2], longest=108).depth, whole)
    wide = torch.zeros(2, 1024, 2048, 3, dtype=torch.uint8)
    with pytest.raises(SpatiaError, match="512 at 2048x1024 pixels.*decrease planes or longest"):
        sweep.plane_sweep(wide, cameras(2), near=0.5, far=10, planes=512, longest=4096)


# --- sampling, weights, metrics ---


@pytest.mark.parametrize(
    "sigmas",
    [
        [1, 0.5, 0.5, 0], [1, 0.9999999, 0.5, 0], [0, 0.5, 1], [14.6, 1, 0.5, 0], [1, math.nan, 0], [math.inf, 1, 0],
        [0.5, -0.1],
    ],
)  # fmt: skip
def test_a_schedule_that_the_solver_cannot_walk_is_refused(sigmas):
    with pytest.raises(SpatiaError, match="sigmas.*connect Spatia Schedule"):
        FlowUniPC(torch.tensor(sigmas))


@pytest.mark.parametrize("shift", [1e-3, 0.01, 5, 100])
def test_every_schedule_of_ours_is_walked(shift):
    for steps in (1, 2, 40, 1000):
        sigmas = flow_schedule(steps, shift)
        solver, x = FlowUniPC(sigmas), torch.ones(2)
        for _ in range(steps):
            x = solver.step(0.3 * x, x)
        assert bool(torch.isfinite(x).all())


@pytest.mark.parametrize("shift", [0, -1, 1e-300, 1e6, 1e308, math.inf, math.nan])
def test_a_shift_that_leaves_no_schedule_is_refused(shift):
    with pytest.raises(SpatiaError, match="change `shift`"):
        flow_schedule(3, shift)


def test_lora_pairs_that_do_not_multiply_are_refused():
    a, b = "pipe.dit.x.lora_A.weight", "pipe.dit.x.lora_B.weight"
    for down, up in ((torch.ones(4, 16), torch.ones(16, 5)), (torch.ones(()), torch.ones(16, 4))):
        with pytest.raises(SpatiaError, match=r"f\.safetensors: module x has lora_A of shape"):
            lora_for_host({a: down, b: up}, "f.safetensors")
    twice = {a: torch.ones(4, 16), "diffusion_model.x.lora_A.default.weight": torch.zeros(4, 16), b: torch.ones(16, 4)}
    with pytest.raises(SpatiaError, match=r"f\.safetensors: module x has lora_A under two names"):
        lora_for_host(twice, "f.safetensors")


def test_metrics_refuse_what_is_no_picture():
    with pytest.raises(SpatiaError, match="divide 8-bit frames by 255"):
        closed_loop(torch.zeros(2, 20, 20, 3, dtype=torch.uint8))
    with pytest.raises(SpatiaError, match="Images of shape"):
        colour_shift(torch.zeros(0, 4, 3), torch.zeros(0, 4, 3))
    for image in (np.full((16, 16, 3), np.nan), np.zeros((16, 16)), np.zeros((0, 0, 3))):
        with pytest.raises(SpatiaError, match="check the frame"):
            align_pose(image, lambda c2w, height, width: np.zeros((height, width, 3)), [np.eye(4)])


# --- masks and voxels ---


@pytest.mark.parametrize("points", [0, 1, 63, 64, 130])
@pytest.mark.parametrize("layout", ["plain", "turned", "spread"])
def test_masks_of_any_layout_are_packed(points, layout):
    generator = torch.Generator().manual_seed(points)

    def masks(rows: int) -> torch.Tensor:
        drawn = torch.rand(points, rows, generator=generator) < 0.5
        turned = drawn.T
        return {"plain": turned.contiguous(), "turned": turned, "spread": turned[:1].expand(rows, points)}[layout]

    targets, candidates = masks(2), masks(3)
    assert torch.equal(unpack_masks(pack_masks(targets), points), targets)
    found = retrieve_references(targets, candidates)
    assert torch.equal(found.intersection, (targets[:, None] & candidates[None]).sum(-1))


@pytest.mark.parametrize("mode", ["precise", "release"])
def test_nothing_is_seen_of_an_empty_cloud(mode):
    assert visible_bits(torch.zeros(0, 3), cameras(2), 8, 9, mode=mode, voxel_size=0.1).shape == (2, 0)


@pytest.mark.parametrize("backend", ["torch", pytest.param("numba", marks=needs_kernels)])
def test_the_last_frame_number_is_a_frame(backend):
    cloud = make_point_cloud(
        torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.uint8), view=torch.tensor([2**31 - 1, -1]),
        confidence=torch.full((2,), 3.4e38), count=torch.tensor([2**31 - 1, 1]),
    )  # fmt: skip
    merged = voxel_merge(cloud, 0.1, backend=backend)
    assert merged.view.tolist() == merged.count.tolist() == [2**31 - 1]
    make_point_cloud(*merged)


# --- kernels by themselves ---


@needs_kernels
@pytest.mark.parametrize("count", COUNTS)
def test_points_are_ordered_and_bounded(count):
    from spatia_core.render.blocks_numba import block_bounds, blocks_in_view, morton_order

    points = extremes(count)
    order = morton_order(points)
    assert sorted(order.tolist()) == list(range(count))
    start = np.append(np.arange(0, count, 512), count).astype(np.int64)
    low, high = block_bounds(points[order], start)
    for block, (first, last) in enumerate(pairwise(start)):
        known = np.where(np.isnan(points[order[first:last]]), np.inf, points[order[first:last]])
        assert (low[block] == known.min(0)).all()
        known = np.where(np.isnan(points[order[first:last]]), -np.inf, points[order[first:last]])
        assert (high[block] == known.max(0)).all()
    w2c = np.array([[1, 0, 0, np.nan], [0, np.inf, 0, 0], [0, 0, 1, 0.0]])
    assert blocks_in_view(low, high, w2c, np.array([np.nan, 1, np.inf, 1.0]), 9, 9, 5.0).shape == (len(start) - 1,)


@needs_kernels
@pytest.mark.parametrize("count", COUNTS)
def test_depths_are_averaged(count):
    from spatia_core.render.visibility_numba import mean_depth

    z = extremes(count, 1)[:, 0].astype(np.float64)
    pixel = np.random.default_rng(count).integers(0, 30, count).astype(np.int32)
    out, total, hits = np.empty(30, np.float32), np.zeros(30), np.zeros(30)
    mean_depth(pixel, z, out)
    np.add.at(hits, pixel, 1)
    with np.errstate(invalid="ignore", over="ignore"):
        np.add.at(total, pixel, z)
        wanted = np.where(hits > 0, total / np.maximum(hits, 1), 0).astype(np.float32)
    np.testing.assert_allclose(out, wanted, rtol=1e-6)


@needs_kernels
@pytest.mark.parametrize("count", COUNTS)
def test_bits_are_set_and_counted(count):
    from spatia_core.memory.retrieval_numba import count_common
    from spatia_core.render.visibility_numba import set_bits, set_flags

    random = np.random.default_rng(count)
    index = random.permutation(count)[: count // 2].astype(np.int32)
    words, flags = np.zeros(-(-count // 64), np.uint64), np.zeros(count, bool)
    set_bits(index, words)
    set_flags(index, flags)
    assert flags.sum() == len(index)
    assert torch.equal(unpack_masks(torch.from_numpy(words.view(np.int64))[None], count)[0], torch.from_numpy(flags))
    one, two = (random.integers(0, 2**64, (rows, count), np.uint64) for rows in (3, 4))
    one[0], two[0] = 2**64 - 1, 2**64 - 1
    counts = np.zeros((3, 4), np.int64)
    count_common(one, two, counts)
    wanted = np.unpackbits((one[:, None] & two[None]).view(np.uint8), axis=-1).sum(-1, dtype=np.int64)
    assert (counts == wanted.reshape(3, 4)).all()


@needs_kernels
@pytest.mark.parametrize("count", COUNTS)
def test_cells_are_told_apart(count):
    from spatia_core.cloud.voxels_numba import add_cells

    ends = np.array([0, 1, -1, 2**31, -(2**31), 2**62, -(2**62), 2**63 - 1, -(2**63)], np.int64)
    cells = np.random.default_rng(count).choice(ends, (count, 3))
    table = np.zeros((1 << 11, 4), np.int64)
    seen = set()
    wanted = [cell not in seen and not seen.add(cell) for cell in map(tuple, cells.tolist())]
    assert add_cells(cells, table).tolist() == wanted
    assert not add_cells(cells, table).any()


@needs_kernels
@pytest.mark.parametrize("size", [1e-300, 1e-9, 0.5, 1e300, math.inf, math.nan])
def test_a_flood_holds_its_seed(size):
    from spatia_core.cloud.cluster_numba import flood

    for count in COUNTS[1:]:
        assert flood(extremes(count), size, count // 2)[count // 2]
