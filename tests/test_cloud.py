"""Point clouds and their voxel merge."""

import math

import numpy as np
import pytest
import torch

from spatia_core.cloud import concat_clouds, empty_cloud, make_point_cloud, voxel_merge
from spatia_core.cloud.voxels import VoxelSet, voxel_index, voxel_mean
from spatia_core.errors import SpatiaError
from spatia_core.kernels import kernels_run


def random_cloud(n: int = 500, seed: int = 0):
    g = torch.Generator().manual_seed(seed)
    return make_point_cloud(
        torch.randn(n, 3, generator=g),
        torch.randint(0, 256, (n, 3), generator=g, dtype=torch.uint8),
        view=torch.randint(-1, 4, (n,), generator=g),
        confidence=torch.rand(n, generator=g),
        count=torch.randint(1, 9, (n,), generator=g),
    )


def test_defaults_and_types():
    cloud = make_point_cloud([[0, 0, 1], [1, 0, 2]], np.array([[0.0, 0.5, 1.0], [1, 1, 1]]))
    assert [f.dtype for f in cloud] == [torch.float32, torch.uint8, torch.int32, torch.float32, torch.int32]
    assert cloud.colors[0].tolist() == [0, 128, 255]
    assert cloud.view.tolist() == [-1, -1] and cloud.confidence.tolist() == [1, 1] and cloud.count.tolist() == [1, 1]
    assert make_point_cloud(torch.rand(3, 3), torch.rand(3, 3), view=7).view.tolist() == [7, 7, 7]
    assert empty_cloud().size == 0


def test_select_and_concat_undo_each_other():
    cloud = random_cloud()
    mask = cloud.positions[:, 0] > 0
    joined = concat_clouds(cloud.select(mask), cloud.select(~mask))
    order = torch.cat([mask.nonzero()[:, 0], (~mask).nonzero()[:, 0]])
    assert all(torch.equal(a, b[order]) for a, b in zip(joined, cloud))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(positions=torch.zeros(3, 2)), "shape (3, 2)"),
        (dict(positions=torch.tensor([[math.nan, 0, 0]] * 3)), "3 of 3 points have NaN"),
        (dict(colors=torch.zeros(2, 3)), "for 3 points"),
        (dict(colors=torch.full((3, 3), 2.0)), "outside 0 to 1"),
        (dict(colors=torch.zeros(3, 3, dtype=torch.int64)), "torch.int64"),
        (dict(view=torch.zeros(4)), "View indices"),
        (dict(confidence=torch.tensor([1, math.nan, 1])), "confidences contain NaN"),
        (dict(count=torch.tensor([1, 0, 1])), "Sample counts from 0 to 1 were given, expected 1 to 2147483647"),
        (dict(count=torch.tensor([1, 2**31, 1])), "Sample counts from 1 to 2147483648"),
        (dict(count=torch.tensor([1, 2**32 + 1, 1])), "Sample counts from 1 to 4294967297"),
        (dict(count=torch.tensor([1, math.nan, 1])), "Sample counts from nan"),
        (dict(count=2**70), "sample counts are no numbers"),
        (dict(view=torch.tensor([0, 2**32, 1])), "View indices from 0 to 4294967296"),
        (dict(view=-2), "View indices from -2 to -2"),
        (dict(view=torch.tensor([0, 0, 0], dtype=torch.complex64)), "torch.complex64"),
        (dict(confidence=torch.tensor([1, 1e300, 1], dtype=torch.float64)), "confidences contain NaN or infinity"),
        (dict(positions=torch.full((3, 3), -1.1e9)), "1.1e+09 scene units from the origin"),
        (dict(positions=torch.full((3, 3), 1e300, dtype=torch.float64)), "3 of 3 points have NaN or infinite"),
        (
            dict(positions=torch.zeros(1, 3).expand(50_000_001, 3)),
            "50000001 points was given, expected at most 50000000",
        ),
    ],
)
def test_bad_clouds_are_refused(arguments, message):
    with pytest.raises(SpatiaError) as refusal:
        make_point_cloud(**(dict(positions=torch.zeros(3, 3), colors=torch.zeros(3, 3)) | arguments))
    assert message in str(refusal.value)


def test_clouds_together_have_a_limit():
    point = make_point_cloud([[0, 0, 1]], torch.zeros(1, 3))
    many = type(point)(*(field.expand(30_000_000, *field.shape[1:]) for field in point))
    with pytest.raises(SpatiaError, match="60000000 points would come together, expected at most 50000000"):
        concat_clouds(many, many)


@pytest.mark.parametrize("voxel", [0.05, 0.3, 1.0, 100.0])
def test_voxel_merge_against_a_plain_loop(voxel):
    cloud = random_cloud()
    positions = cloud.positions.double().numpy()
    cells = np.floor((positions - (positions.min(0) - voxel / 2)) / voxel).astype(int)
    groups: dict[tuple, list[int]] = {}
    for i, cell in enumerate(map(tuple, cells)):
        groups.setdefault(cell, []).append(i)
    merged = voxel_merge(cloud, voxel)
    assert merged.size == len(groups)
    for j, members in enumerate(groups.values()):  # in order of first appearance
        np.testing.assert_array_equal(merged.positions[j], positions[members].mean(0).astype(np.float32))
        np.testing.assert_array_equal(merged.colors[j], np.round(cloud.colors[members].double().numpy().mean(0)))
        views = [v for v in cloud.view[members].tolist() if v >= 0]
        assert merged.view[j] == (min(views) if views else -1)
        assert merged.count[j] == cloud.count[members].sum()
        assert math.isclose(merged.confidence[j], cloud.confidence[members].double().mean(), rel_tol=1e-6)


def test_merging_again_on_a_coarse_grid_keeps_the_samples():
    cloud = random_cloud()
    merged = voxel_merge(voxel_merge(cloud, 0.2), 0.5)
    assert merged.count.sum() == cloud.count.sum()


def test_voxel_merge_edge_cases():
    cloud = random_cloud(20)
    assert voxel_merge(cloud, 0) is cloud
    assert voxel_merge(empty_cloud(), 0.1).size == 0
    assert voxel_merge(cloud.select([3]), 0.1).positions.tolist() == cloud.positions[3:4].tolist()
    for size in (-1, math.nan, math.inf):
        with pytest.raises(SpatiaError, match="voxel_size"):
            voxel_merge(cloud, size)
    with pytest.raises(SpatiaError, match="increase voxel_size"):
        voxel_merge(make_point_cloud([[0, 0, 0], [1e6, 1e6, 1e6]], torch.zeros(2, 3)), 1e-3)


def rows_sorted(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T[::-1])]


def test_voxel_means_equal_the_stored_open3d_ones(parity_dir):
    from safetensors.numpy import load_file

    vectors = load_file(parity_dir / "render" / "render.safetensors")
    points = torch.from_numpy(vectors["points_rgb"][:2000])
    voxel, n = voxel_index(points[:, :3], 0.1)
    means = voxel_mean(points, voxel, n).numpy()
    np.testing.assert_allclose(
        rows_sorted(means), rows_sorted(vectors["voxel0.1_of_first2000_sorted_f64"]), rtol=0, atol=1e-15
    )


@pytest.mark.skipif(not kernels_run(), reason="numba does not run here")
@pytest.mark.parametrize(
    "points, voxel", [(1, 0.1), (37, 0.5), (20000, 0.03), (20000, 0.4), (20000, 10.0), (40000, 0.05)]
)
def test_the_fast_merge_is_the_reference(points, voxel):
    g = torch.Generator().manual_seed(points)
    cloud = make_point_cloud(
        torch.randn(points, 3, generator=g),
        torch.randint(0, 256, (points, 3), generator=g, dtype=torch.uint8),
        view=torch.randint(-1, 5, (points,), generator=g),
        confidence=torch.rand(points, generator=g),
        count=torch.randint(1, 4, (points,), generator=g),
    )
    plain, fast = (voxel_merge(cloud, voxel, backend=backend) for backend in ("torch", "numba"))
    for name, expected, got in zip(plain._fields, plain, fast):
        assert expected.dtype == got.dtype and torch.equal(expected, got), name


def test_a_voxel_set_knows_what_is_taken():
    g = torch.Generator().manual_seed(0)
    taken, known = VoxelSet(0.1), set()
    for size in (0, 50, 5000, 9000):
        points = torch.rand(size, 3, generator=g) * 4 - 2
        cells = torch.floor(points.double() / 0.1).long().tolist()
        expected = []
        for cell in map(tuple, cells):
            expected.append(cell not in known)
            known.add(cell)
        assert taken.add(points).tolist() == expected
