"""Every CPU kernel on numbers at the edges of float32, against the plain torch reference: no index may leave its array.

The doors refuse most of these long before a kernel sees them. The kernels stand on their own all the same: an index
out of
range would be the whole server's end.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from extreme_clouds import CLOUDS, TRANSLATIONS, camera, colors_of, every_triple

from spatia_core.cameras.camera import make_cameras
from spatia_core.cloud import edit
from spatia_core.cloud.edit import select_cluster
from spatia_core.cloud.point_cloud import PointCloud
from spatia_core.cloud.voxels import VoxelSet, voxel_merge
from spatia_core.errors import SpatiaError
from spatia_core.kernels import kernels_run
from spatia_core.render import soft_numba
from spatia_core.render.blocks import point_blocks
from spatia_core.render.soft import render_soft
from spatia_core.render.visibility import surface_depth, visible_points, z_buffer

pytestmark = pytest.mark.skipif(not kernels_run(), reason="numba does not run here")

HEIGHT, WIDTH = 20, 28


@pytest.mark.parametrize("translation", TRANSLATIONS)
@pytest.mark.parametrize("name", CLOUDS)
def test_the_soft_image(name, translation):
    positions = CLOUDS[name]
    for radius, focal in ((0.05, 0.8), (1.0, 1e-300), (4.0, 1e300)):
        drawn, reference = (
            render_soft(
                positions,
                colors_of(positions),
                camera(translation, focal),
                HEIGHT,
                WIDTH,
                radius=radius,
                backend=backend,
            )
            for backend in ("numba", "torch")
        )
        for ours, theirs in zip(drawn, reference):
            # float32 sums in two orders: one grey level, and that seldom.
            difference = (ours.int() - theirs.int()).abs()
            assert difference.max() <= 1 and (difference > 0).float().mean() < 0.01


@pytest.mark.parametrize("translation", TRANSLATIONS)
@pytest.mark.parametrize("name", CLOUDS)
def test_visibility_and_depth(name, translation):
    positions = CLOUDS[name]
    for voxel_size, focal in ((0.0, 0.8), (0.02, 0.8), (1e300, 0.8), (0.02, 1e300)):
        view = camera(translation, focal)
        ours, theirs = (
            visible_points(positions, view, HEIGHT, WIDTH, voxel_size=voxel_size, backend=backend)
            for backend in ("numba", "torch")
        )
        assert torch.equal(ours, theirs)
        (depth, covered), (wanted_depth, wanted_covered) = (
            surface_depth(positions, view, HEIGHT, WIDTH, voxel_size=voxel_size, backend=backend)
            for backend in ("numba", "torch")
        )
        assert torch.equal(covered, wanted_covered)
        torch.testing.assert_close(depth, wanted_depth, rtol=1e-6, atol=0, equal_nan=True)
        z_buffer(positions, view, HEIGHT, WIDTH, voxel_size=voxel_size)


@pytest.mark.parametrize("name", CLOUDS)
def test_release_visibility_takes_no_point_from_nowhere(name):
    positions = CLOUDS[name]
    visible = visible_points(positions, camera(), HEIGHT, WIDTH, mode="release")[0]
    assert not visible[torch.isnan(positions).any(1)].any()


@pytest.mark.parametrize("name", CLOUDS)
def test_blocks_hold_every_point_once(name):
    positions = CLOUDS[name]
    blocks = point_blocks(positions)
    assert sorted(blocks.order.tolist()) == list(range(len(positions)))
    for block, (first, last) in enumerate(zip(blocks.start[:-1], blocks.start[1:])):
        points = blocks.points[first:last]
        known = points[~np.isnan(points).any(1)]
        assert (known >= blocks.low[block]).all() and (known <= blocks.high[block]).all()


@pytest.mark.parametrize("size", [1e-30, 1e-4, 0.5, 1e30])
@pytest.mark.parametrize("name", CLOUDS)
def test_voxels_by_both_ways(name, size):
    """The same cloud, or the same refusal."""
    positions = CLOUDS[name]
    count = len(positions)
    cloud = PointCloud(
        positions,
        colors_of(positions),
        torch.zeros(count, dtype=torch.int32),
        torch.ones(count),
        torch.full((count,), 2**30, dtype=torch.int32),
    )
    results = []
    for backend in ("numba", "torch"):
        try:
            results.append(voxel_merge(cloud, size, backend=backend))
        except SpatiaError as error:
            results.append(str(error))
    ours, theirs = results
    if isinstance(ours, str):
        assert ours == theirs
        return
    for field, wanted in zip(ours, theirs):
        torch.testing.assert_close(field, wanted, rtol=1e-6, atol=0, equal_nan=True)
    assert bool((ours.count > 0).all())  # counts stop at what they can hold instead of turning negative


@pytest.mark.parametrize("name", CLOUDS)
def test_clusters_by_both_ways(name, monkeypatch):
    positions = CLOUDS[name]
    results = []
    for kernels in (True, False):
        if not kernels:
            monkeypatch.setattr(edit, "kernels_run", lambda: False)
        try:
            results.append(select_cluster(positions, torch.zeros(3, dtype=torch.float64), 0.5).tolist())
        except SpatiaError as error:
            results.append(str(error))
    assert results[0] == results[1]


def test_a_voxel_set_takes_anything():
    taken = VoxelSet(1e-4)
    fresh = taken.add(every_triple())
    assert fresh.any() and not taken.add(every_triple()).any()


def test_many_large_discs_are_drawn_in_parts(monkeypatch, tmp_path):
    """A point lies in every tile that its disc may touch: with large discs, more than can be held at once."""
    generator = torch.Generator().manual_seed(0)
    positions = torch.rand(500, 3, generator=generator) + torch.tensor([-0.5, -0.5, 1.0])
    view = make_cameras(torch.eye(4)[None], [0.8, 1.0, 0.5, 0.5])
    reference = render_soft(positions, colors_of(positions), view, 100, 150, radius=1.0, backend="torch")
    drawn = render_soft(positions, colors_of(positions), view, 100, 150, radius=1.0, backend="numba")
    assert soft_numba._ENTRIES_AT_ONCE >= 1 << 20
    # The kernel's constants are compiled in: the same source with a smaller one is another kernel.
    source = Path(soft_numba.__file__).read_text(encoding="utf-8")
    source = source.replace("_ENTRIES_AT_ONCE = 1 << 25", "_ENTRIES_AT_ONCE = 700")
    assert "_ENTRIES_AT_ONCE = 700" in source
    source = source.replace("@kernel", "@_compiled").replace(
        "from ..kernels import kernel", "from numba import njit as _compiled"
    )
    file = tmp_path / "parts.py"
    file.write_text(source, encoding="utf-8")
    # In the package of the original, whose neighbours it imports.
    spec = importlib.util.spec_from_file_location(f"{soft_numba.__package__}.soft_in_parts", file)
    parts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parts)
    monkeypatch.setattr(soft_numba, "draw_soft", parts.draw_soft)
    in_parts = render_soft(positions, colors_of(positions), view, 100, 150, radius=1.0, backend="numba")
    assert torch.equal(in_parts.image, drawn.image) and torch.equal(in_parts.coverage, drawn.coverage)
    assert (drawn.image.int() - reference.image.int()).abs().max() <= 1


def test_the_reference_refuses_what_it_cannot_hold():
    positions = torch.rand(200_000, 3) * 0.01 + torch.tensor([0.0, 0.0, 1.0])
    view = make_cameras(torch.eye(4)[None], [0.8, 1.0, 0.5, 0.5])
    with pytest.raises(SpatiaError, match="decrease radius"):
        render_soft(positions, colors_of(positions), view, 300, 300, radius=1.0, backend="torch")
