"""Clouds packed for the page: header, precision, thinning, order."""

import struct

import numpy as np
import pytest
import torch

from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.packed import packed_points


def unpacked(data: bytes):
    magic, version, count, total, *bounds = struct.unpack_from("<4sIII6d", data)
    assert (magic, version) == (b"SPTP", 1) and len(data) == 64 + 9 * count
    low, high = np.array(bounds[:3]), np.array(bounds[3:])
    steps = np.frombuffer(data, "<u2", 3 * count, 64).reshape(-1, 3)
    colors = np.frombuffer(data, np.uint8, 3 * count, 64 + 6 * count).reshape(-1, 3)
    return low + steps / 65535 * (high - low), colors, total, low, high


def cloud(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    positions = torch.randn(count, 3, generator=generator) * torch.tensor([10.0, 0.1, 1000.0])
    return make_point_cloud(positions, torch.randint(0, 256, (count, 3), dtype=torch.uint8, generator=generator))


def test_every_point_to_half_a_step():
    given = cloud(3000)
    positions, colors, total, low, high = unpacked(packed_points(given))
    order = torch.randperm(3000, generator=torch.Generator().manual_seed(0)).numpy()
    assert total == 3000
    assert (np.abs(positions - given.positions.double().numpy()[order]) <= (high - low) / 65535 / 2 + 1e-9).all()
    np.testing.assert_array_equal(colors, given.colors.numpy()[order])


def test_thinned_evenly_and_the_same_every_time():
    given = cloud(5000)
    data = packed_points(given, limit=1000)
    positions, _, total, _, high = unpacked(data)
    assert len(positions) == 1000 and total == 5000
    assert data == packed_points(given, limit=1000)
    # The bounds are the whole cloud's, and a prefix is spread over it.
    np.testing.assert_allclose(high, given.positions.double().amax(0).numpy())
    assert np.allclose(np.median(positions[:200], 0) / given.positions.std(0).numpy(), 0, atol=0.3)


@pytest.mark.parametrize("count", [0, 1])
def test_clouds_without_extent(count):
    positions, _, total, low, _ = unpacked(packed_points(cloud(count)))
    assert total == len(positions) == count
    if count:
        np.testing.assert_array_equal(positions[0], low)
