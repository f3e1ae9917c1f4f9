"""The CPU kernels of depth and votes decide what the plain torch reference decides, bit for bit."""

import numpy as np
import pytest
import torch
from memory_scenes import HEIGHT, WIDTH, all_frames, all_moving, first_clip, maps, start, view
from spatia_pack.training.data.rooms import make_room, render_room, room_path

from spatia_core.cameras.camera import intrinsics_from_fov, make_cameras, unproject, unproject_pixels
from spatia_core.cloud import voxels
from spatia_core.errors import SpatiaError
from spatia_core.estimate import backend, depth_edges, estimate_points, estimate_scene
from spatia_core.estimate.consistency import vote
from spatia_core.estimate.median import median
from spatia_core.estimate.noise import pixel_noise, smooth_depth
from spatia_core.kernels import kernels_run
from spatia_core.memory import update
from spatia_core.render import blocks, visibility

pytestmark = pytest.mark.skipif(not kernels_run(), reason="numba does not run here")

SIZE = (48, 72)
LARGEST = float(torch.finfo(torch.float32).max)
DENORMAL = 1e-45


def room(seed, frames=4):
    """Frames (N, H, W, 3) uint8, exact depth (N, H, W) and cameras of a drawn room."""
    rng = np.random.default_rng(seed)
    while True:
        drawn = make_room(rng)
        try:
            way = room_path(drawn, rng, frames, "out_and_back")
        except ValueError:
            continue  # too full to move in
        video = render_room(drawn, way, *SIZE)
        return (
            torch.from_numpy(video.frames),
            torch.from_numpy(video.z_depth),
            make_cameras(video.w2c, video.intrinsics),
        )


def odd_depths():
    """Name -> depth (H, W) float32."""
    generator = torch.Generator().manual_seed(1)

    def rand(*shape):
        return torch.rand(shape, generator=generator)

    def spoiled(depth, value, share=0.2):
        return torch.where(rand(*depth.shape) < share, value, depth)

    found = {}
    for seed in (1, 2, 3):
        exact = room(seed, 1)[1][0]
        noisy = exact * (1 + 0.02 * torch.randn(SIZE, generator=generator))
        found |= {f"room {seed}": exact, f"noisy room {seed}": noisy, f"room {seed} with holes": spoiled(exact, 0.0)}
    steps = (rand(33, 41) * 6).floor()  # many equal values, many of them 0
    found |= {
        "steps": steps,
        "zeros": torch.zeros(20, 30),
        "one known": torch.zeros(9, 9).index_put((torch.tensor(4), torch.tensor(5)), torch.tensor(2.0)),
        "largest": spoiled(rand(17, 19) + 1, LARGEST),
        "all largest": torch.full((7, 8), LARGEST),
        "denormals": spoiled(rand(17, 19) + 1, DENORMAL),
        "all denormal": torch.full((7, 8), DENORMAL),
        "every size": torch.exp2(rand(31, 37) * 270 - 145),
        "not contiguous": (rand(31, 37) + 1).T,
        "every other": (rand(31, 74) + 1)[:, ::2],
    }
    for shape in ((1, 1), (1, 2), (2, 1), (1, 9), (9, 1), (2, 2), (2, 9), (9, 2), (3, 3), (4, 5), (5, 4), (6, 6)):
        found |= {
            f"{shape[0]}x{shape[1]}": rand(*shape) * 3 + 1,
            f"{shape[0]}x{shape[1]} with holes": spoiled(rand(*shape) + 1, 0.0, 0.4),
        }
    return found


DEPTHS = odd_depths()


def lens(depth):
    return make_cameras(torch.eye(4)[None], intrinsics_from_fov(62.0, *depth.shape[::-1])).K(*depth.shape)[0]


@pytest.mark.parametrize("name", DEPTHS)
def test_depth_edges(name):
    depth = DEPTHS[name]
    for options in ({}, {"relative": 0.001, "degrees": 0.5}):
        wanted = depth_edges(depth, lens(depth), backend="torch", **options)
        assert torch.equal(depth_edges(depth, lens(depth), backend="numba", **options), wanted)
    if name.startswith("room"):
        assert 0 < int(wanted.sum()) < wanted.numel()


@pytest.mark.parametrize("name", DEPTHS)
def test_pixel_noise(name):
    depth = DEPTHS[name]
    assert pixel_noise(depth, backend="numba") == pixel_noise(depth, backend="torch")


@pytest.mark.parametrize("name", DEPTHS)
def test_smooth_depth(name):
    depth = DEPTHS[name]
    smooth = smooth_depth(depth, backend="numba")
    assert torch.equal(smooth, smooth_depth(depth, backend="torch"))
    assert torch.equal(smooth > 0, depth > 0)


@pytest.mark.parametrize("name", DEPTHS)
def test_median(name):
    depth = DEPTHS[name]
    for values in (depth, -depth, depth - 2):
        for where in (depth > 0, depth > depth.mean(), torch.ones_like(depth, dtype=torch.bool)):
            wanted = median(values, where, backend="torch")
            assert median(values, where, backend="numba") == pytest.approx(wanted, rel=0, abs=0, nan_ok=True)


def test_median_of_nothing_and_of_no_number():
    values = torch.tensor([1.0, float("nan"), 3.0, float("inf"), float("-inf")])
    for where in ([0, 0, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 1, 1, 1], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]):
        where = torch.tensor(where, dtype=torch.bool)
        wanted = median(values, where, backend="torch")
        assert median(values, where, backend="numba") == pytest.approx(wanted, rel=0, abs=0, nan_ok=True)


def same_votes(*arguments, **options):
    ours, theirs = (vote(*arguments, backend=name, **options) for name in ("numba", "torch"))
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs))
    return ours


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("skip", [None, 0, 3])
def test_votes_on_a_room(seed, skip):
    """Of its own points, of points before and behind them, with unknown depth here and there."""
    frames, depth, cameras = room(seed)
    generator = torch.Generator().manual_seed(seed)
    depth = torch.where(torch.rand(depth.shape, generator=generator) < 0.01, 0.0, depth)
    points = unproject(depth[0], cameras.K(*SIZE)[0], cameras.c2w[0]).view(-1, 3)
    center = cameras.centers[0]
    positions = torch.cat([center + (points - center) * share for share in (0.4, 0.85, 0.97, 1.0, 1.03, 1.5)]).float()
    colors = frames[0].view(-1, 3).repeat(6, 1)
    votes = same_votes(positions, colors, depth, frames, cameras, voxel_size=0.02, skip=skip)
    assert all(int(part.sum()) > 0 for part in votes)


def test_votes_are_shared_out_among_threads(monkeypatch):
    """A part that ends in the middle, and one of a single point."""
    from spatia_core.estimate import consistency

    frames, depth, cameras = room(1)
    positions = unproject(depth[0], cameras.K(*SIZE)[0], cameras.c2w[0]).view(-1, 3).float()[:1001]
    colors = frames[0].view(-1, 3)[:1001]
    whole = same_votes(positions, colors, depth, frames, cameras, voxel_size=0.02)
    monkeypatch.setattr(consistency, "_POINTS_AT_ONCE", 100)
    parts = same_votes(positions, colors, depth, frames, cameras, voxel_size=0.02)
    assert all(torch.equal(a, b) for a, b in zip(whole, parts))


@pytest.mark.parametrize("name", DEPTHS)
def test_votes_on_odd_depths(name):
    depth = torch.stack([DEPTHS[name]] * 2)
    height, width = depth.shape[1:]
    w2c = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    w2c[1, 0, 3] = -0.1
    cameras = make_cameras(w2c, intrinsics_from_fov(62.0, width, height))
    generator = torch.Generator().manual_seed(1)
    frames = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8, generator=generator)
    values = torch.tensor([0.0, DENORMAL, -1.0, 1.0, 2.0, 1e-9, 1e9, LARGEST, -LARGEST])
    odd = torch.cartesian_prod(values, values, values)
    own = unproject(depth[0], cameras.K(height, width)[0], cameras.c2w[0]).view(-1, 3)
    positions = torch.cat([odd, own.float(), (own * 0.5).float(), torch.full((1, 3), float("nan"))])
    colors = torch.randint(0, 256, positions.shape, dtype=torch.uint8, generator=generator)
    for voxel_size in (1e-9, 0.02):
        same_votes(positions, colors, depth, frames, cameras, voxel_size=voxel_size)
    same_votes(positions[:0], colors[:0], depth, frames, cameras, voxel_size=0.02)


@pytest.mark.parametrize("seed", [1, 2])
def test_estimate_points_are_the_unprojected_pixels(seed):
    frames, depth, cameras = room(seed)
    estimate = estimate_scene(maps(depth), cameras, *SIZE)
    keep = torch.rand(SIZE, generator=torch.Generator().manual_seed(seed)) < 0.5
    for index in range(4):
        for kept in (None, keep, torch.zeros(SIZE, dtype=torch.bool)):
            chosen = estimate.valid[index] if kept is None else estimate.valid[index] & kept
            K, c2w = cameras.K(*SIZE)[index], cameras.c2w[index]
            cloud = estimate_points(estimate, index, frames[index], view=index, keep=kept)
            every = unproject(estimate.depth[index], K, c2w)
            assert torch.equal(cloud.positions, every[chosen].float())
            assert torch.equal(cloud.colors, frames[index][chosen])
            assert torch.equal(cloud.confidence, estimate.confidence[index][chosen])
            row, column = chosen.nonzero().unbind(1)
            assert torch.equal(unproject_pixels(estimate.depth[index], row, column, K, c2w), every[chosen])


def switch_off(monkeypatch):
    for module in (backend, visibility, blocks, voxels):
        monkeypatch.setattr(module, "kernels_run", lambda: False)


@pytest.mark.parametrize("kind", ["exact", "noisy", "holes and far"])
def test_estimate_scene_without_the_kernels(kind, monkeypatch):
    _, depth, cameras = room(4)
    generator = torch.Generator().manual_seed(4)
    if kind == "noisy":
        depth = depth * (1 + 0.02 * torch.randn(depth.shape, generator=generator))
    elif kind == "holes and far":
        spots = torch.rand(depth.shape, generator=generator)
        depth = torch.where(spots < 0.1, 0.0, torch.where(spots > 0.99, 1e5, depth))
    moving = torch.rand(depth.shape, generator=generator) < 0.02
    ours = estimate_scene(maps(depth), cameras, *SIZE, moving=moving)
    switch_off(monkeypatch)
    theirs = estimate_scene(maps(depth), cameras, *SIZE, moving=moving)
    assert bool(ours.warnings) == (kind != "exact")
    for name in ("depth", "valid", "confidence"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name)), name
    assert ours.warnings == theirs.warnings and ours._replace(
        depth=None, valid=None, confidence=None, cameras=None
    ) == theirs._replace(depth=None, valid=None, confidence=None, cameras=None)


@pytest.mark.parametrize("metric", [True, False])
@pytest.mark.parametrize("box", [None, 2.0])
def test_an_update_without_the_kernels(metric, box, monkeypatch):
    """A clip in which a box stands before the wall for three frames: points are added, found moving and dropped."""
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    if box is not None:
        there, near = view(cameras, box=box)
        frames[3:6], depth[3:6] = there[3:6], near[3:6]
    if not metric:
        depth = depth * 1.7
    generator = torch.Generator().manual_seed(1)
    depth = depth * (0.02 * torch.randn(depth.shape, generator=generator)).exp()
    ours = update(memory, frames, cameras, maps(depth, metric), keyframe_stride=2)
    switch_off(monkeypatch)
    theirs = update(memory, frames, cameras, maps(depth, metric), keyframe_stride=2)
    assert ours.report == theirs.report
    assert ours.memory.cloud.size > memory.cloud.size
    assert all(torch.equal(a, b) for a, b in zip(ours.memory.cloud, theirs.memory.cloud))
    assert torch.equal(all_frames(ours.memory), all_frames(theirs.memory))
    assert torch.equal(all_moving(ours.memory), all_moving(theirs.memory))
    assert bool(all_moving(ours.memory).any()) == (box is not None)


def test_a_backend_that_cannot_be_had(monkeypatch):
    depth = torch.ones(HEIGHT, WIDTH)
    with pytest.raises(SpatiaError, match="'fast' was given, expected one of auto, torch, numba"):
        smooth_depth(depth, backend="fast")
    with pytest.raises(SpatiaError, match="needs the numba package and float32"):
        smooth_depth(depth.double(), backend="numba")
    assert torch.equal(smooth_depth(depth.double()), depth.double())  # the reference takes it
    monkeypatch.setattr(backend, "kernels_run", lambda: False)
    with pytest.raises(SpatiaError, match="needs the numba package"):
        smooth_depth(depth, backend="numba")
    assert torch.equal(smooth_depth(depth), depth)
