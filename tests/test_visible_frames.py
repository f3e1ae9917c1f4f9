"""What earlier frames see, carried over to a changed cloud: always what computing it anew gives."""

import pytest
import torch

from spatia_core.cameras.camera import intrinsics_from_fov, make_cameras, project
from spatia_core.render.visibility import unpack_masks, visible_bits
from spatia_core.visible_frames import SeenMasks, carried_masks, seen_bits

HEIGHT, WIDTH, VOXEL = 48, 72, 0.04
NEAR = 0.3  # so close that a point hides as many pixels as a point may
# Pixels from the image's edge to a point outside it that still hides something inside: up to the widest footprint.
DISTANCES = [0.5, 1.5, 2.5, 3.5]


def looking_both_ways():
    """A camera that looks along z, and one that looks the other way."""
    w2c = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    w2c[1, 0, 0] = w2c[1, 2, 2] = -1
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def walls():
    """A wall at z = 4 that fills the first camera's picture, and one behind it for the second."""
    x, y = torch.arange(-3.2, 3.2, 0.05), torch.arange(-2.4, 2.4, 0.05)
    return torch.cat([torch.cartesian_prod(x, y, torch.tensor([z])) for z in (4.0, -4.0)])


def beyond(edge, distance, cameras):
    """(1, 3) a near point that falls `distance` pixels outside an edge of the first camera's picture."""
    K = cameras.K(HEIGHT, WIDTH)[0]
    u, v = {
        "left": (-distance, HEIGHT / 2), "right": (WIDTH + distance, HEIGHT / 2),
        "top": (WIDTH / 2, -distance), "bottom": (WIDTH / 2, HEIGHT + distance),
    }[edge]  # fmt: skip
    point = torch.tensor([[(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], 1.0]]) * NEAR
    uv, _ = project(point, cameras.w2c[0], K)
    assert torch.allclose(uv[0], torch.tensor([u, v], dtype=uv.dtype), atol=1e-3)
    return point.float()


def everything(positions, cameras, frames=(0, 1)):
    return visible_bits(positions, cameras.select(list(frames)), HEIGHT, WIDTH, voxel_size=VOXEL)


def carry(masks, before, kept, positions, cameras):
    return carried_masks(masks, before, kept, positions, cameras, [0, 1], HEIGHT, WIDTH, VOXEL)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_a_point_just_outside_the_picture_hides_and_uncovers_what_is_inside(edge, distance):
    cameras, before = looking_both_ways(), walls()
    grown = torch.cat([before, beyond(edge, distance, cameras)])
    kept = torch.ones(len(before), dtype=torch.bool)
    start = carry(None, before, kept, before, cameras)
    after = carry(start, before, kept, grown, cameras)
    assert torch.equal(after.bits, everything(grown, cameras))
    hidden = unpack_masks(start.bits, len(before)) & ~unpack_masks(after.bits, len(before))
    assert hidden[0].any() and not hidden[1].any()
    # Taken out again, it uncovers them.
    kept = torch.tensor([True] * len(before) + [False])
    again = carry(after, grown, kept, before.clone(), cameras)
    assert torch.equal(again.bits, start.bits)


def test_only_a_frame_that_looks_at_the_change_is_computed_anew():
    cameras, before = looking_both_ways(), walls()
    kept = torch.ones(len(before), dtype=torch.bool)
    nothing = torch.zeros(2, -(-len(before) // 64), dtype=torch.int64)
    marked = SeenMasks(before, torch.tensor([0, 1], dtype=torch.int32), nothing)
    grown = torch.cat([before, torch.tensor([[0.0, 0.0, 3.0]])])
    after = carry(marked, before, kept, grown, cameras)
    assert torch.equal(after.bits[0], everything(grown, cameras)[0]) and not after.bits[1].any()
    # Nor when points go: the rows of those that stay are renumbered.
    kept = before[:, 2] < 0
    kept[: len(before) // 4] = True
    fewer = before[kept].clone()
    marked.bits[1] = everything(before, cameras)[1] ^ 1  # told apart from what would be computed
    after = carry(marked, before, kept, fewer, cameras)
    assert torch.equal(after.bits[0], everything(fewer, cameras)[0])
    assert torch.equal(after.bits[1], everything(fewer, cameras)[1] ^ 1)


def test_masks_are_of_their_very_cloud_and_in_the_order_asked():
    cameras, cloud = looking_both_ways(), walls()
    bits = torch.arange(2)[:, None].expand(2, -(-len(cloud) // 64)).contiguous()
    masks = SeenMasks(cloud, torch.tensor([1, 0], dtype=torch.int32), bits)
    found = seen_bits(masks, cloud, cameras, [0, 1], HEIGHT, WIDTH, VOXEL)
    assert torch.equal(found, bits.flip(0))
    # A cloud of equal points is another cloud, as it may have been edited.
    found = seen_bits(masks, cloud.clone(), cameras, [1, 0], HEIGHT, WIDTH, VOXEL)
    assert torch.equal(found, everything(cloud, cameras, [1, 0]))
    part = seen_bits(SeenMasks(cloud, masks.frames[:1], bits[:1]), cloud, cameras, [0, 1], HEIGHT, WIDTH, VOXEL)
    assert torch.equal(part[0], everything(cloud, cameras, [0])[0]) and torch.equal(part[1], bits[0])
