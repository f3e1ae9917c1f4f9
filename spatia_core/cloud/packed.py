"""A cloud as the page's editors read it: small, ready for a graphics card, any prefix an even thinning of the whole.

Little endian: "SPTP", uint32 version, uint32 points in the file, uint32 points in the cloud, float64 low (3),
float64 high (3), then uint16 positions (n, 3) between low and high, then uint8 colours (n, 3). js/src/points.mjs
reads it.
"""

from __future__ import annotations

import struct

import torch

from .point_cloud import PointCloud

MAGIC, VERSION = b"SPTP", 1
MAX_POINTS = 2_000_000
_HEADER = struct.Struct("<4sIII6d")
_STEPS = 65535


def packed_points(cloud: PointCloud, limit: int = MAX_POINTS) -> bytes:
    """The packed bytes of a cloud, of `limit` random points when it has more.

    Positions are exact to half of (high - low) / 65535 per axis, scene units. The order is random but the same for
    the same cloud. An empty cloud packs as no points between 0 and 0.
    """
    order = packed_order(cloud.size, limit)
    if not len(order):
        return _HEADER.pack(MAGIC, VERSION, 0, cloud.size, *[0.0] * 6)
    low, high = (bound.double() for bound in torch.aminmax(cloud.positions, dim=0))
    extent = torch.where(high > low, high - low, torch.ones_like(low))
    steps = torch.empty(len(order), 3, dtype=torch.uint16)
    # In parts: the double precision copy of millions of points at once would weigh more than the scene.
    for part in torch.arange(len(order)).split(1 << 18):
        share = (cloud.positions[order[part]].double() - low) / extent
        steps[part[0] : part[-1] + 1] = (share * _STEPS).round().to(torch.int32).to(torch.uint16)
    head = _HEADER.pack(MAGIC, VERSION, len(order), cloud.size, *low.tolist(), *high.tolist())
    return head + steps.numpy().astype("<u2", copy=False).tobytes() + cloud.colors[order].contiguous().numpy().tobytes()


def packed_views(cloud: PointCloud, limit: int = MAX_POINTS) -> bytes:
    """The frames that the points of `packed_points` came from, -1 for none: int32 in the same order, little endian."""
    return cloud.view[packed_order(cloud.size, limit)].contiguous().numpy().astype("<i4", copy=False).tobytes()


def packed_order(size: int, limit: int = MAX_POINTS) -> torch.Tensor:
    """Which point of a cloud of `size` comes where in the file: int64, at most `limit`."""
    return torch.randperm(size, generator=torch.Generator().manual_seed(0))[:limit]
