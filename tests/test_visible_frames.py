"""What earlier frames see, carried over to a changed cloud: always what computing it anew gives."""

import pytest
import torch

from spatia_core.cameras.camera import intrinsics_from_fov, make_cameras, project
from spatia_core.cloud.point_cloud import make_point_cloud
from spatia_core.memory import SeenFrames, memory_of_image, visible_frames, with_cloud
from spatia_core.render.visibility import unpack_masks, visible_bits

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


def ask(seen, positions, cameras, frames=(0, 1)):
    return seen.bits(positions, cameras.select(list(frames)), HEIGHT, WIDTH, VOXEL)


def marked(positions, cameras, bits):
    """A memo that was told `bits` (N, W) of its cameras, which are not what computing them gives."""
    seen = SeenFrames()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(visible_frames, "visible_bits", lambda *_, **__: bits)
        ask(seen, positions, cameras, range(cameras.count))
    return seen


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_a_point_just_outside_the_picture_hides_and_uncovers_what_is_inside(edge, distance):
    cameras, before = looking_both_ways(), walls()
    grown = torch.cat([before, beyond(edge, distance, cameras)])
    kept = torch.ones(len(before), dtype=torch.bool)
    seen = SeenFrames()
    first = ask(seen, before, cameras)
    later = seen.carried(before, kept, grown, HEIGHT, WIDTH)
    after = ask(later, grown, cameras)
    assert torch.equal(after, everything(grown, cameras))
    hidden = unpack_masks(first, len(before)) & ~unpack_masks(after, len(before))
    assert hidden[0].any() and not hidden[1].any()
    # Taken out again, it uncovers them.
    kept = torch.tensor([True] * len(before) + [False])
    again = later.carried(grown, kept, before.clone(), HEIGHT, WIDTH)
    assert torch.equal(ask(again, before, cameras), first)


def test_only_a_frame_that_looks_at_the_change_is_computed_anew():
    cameras, before = looking_both_ways(), walls()
    kept = torch.ones(len(before), dtype=torch.bool)
    nothing = torch.zeros(2, -(-len(before) // 64), dtype=torch.int64)
    grown = torch.cat([before, torch.tensor([[0.0, 0.0, 3.0]])])
    after = ask(marked(before, cameras, nothing).carried(before, kept, grown, HEIGHT, WIDTH), grown, cameras)
    assert torch.equal(after[0], everything(grown, cameras)[0]) and not after[1].any()
    # Nor when points go: the rows of those that stay are renumbered.
    kept = before[:, 2] < 0
    kept[: len(before) // 4] = True
    fewer = before[kept].clone()
    told = everything(before, cameras) ^ 1  # told apart from what would be computed
    after = ask(marked(before, cameras, told).carried(before, kept, fewer, HEIGHT, WIDTH), fewer, cameras)
    assert torch.equal(after[0], everything(fewer, cameras)[0])
    assert torch.equal(after[1], everything(fewer, cameras)[1] ^ 1)


def test_masks_are_of_their_cameras_in_the_order_asked():
    cameras, cloud = looking_both_ways(), walls()
    told = torch.arange(2)[:, None].expand(2, -(-len(cloud) // 64)).contiguous()
    seen = marked(cloud, cameras, told)
    assert torch.equal(ask(seen, cloud, cameras, [1, 0, 1]), told[[1, 0, 1]])
    # What is not known yet is found, once for the same camera, and what is known stays.
    part = marked(cloud, cameras.select([1]), told[1:])
    counted = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            visible_frames,
            "visible_bits",
            lambda *args, **options: counted.append(args[1].count) or visible_bits(*args, **options),
        )
        found = ask(part, cloud, cameras, [0, 1, 0])
    assert sum(counted) == 1
    assert torch.equal(found[0], everything(cloud, cameras, [0])[0]) and torch.equal(found[1], told[1])
    assert torch.equal(found[2], found[0])


def test_an_edited_cloud_knows_nothing_of_the_one_before():
    cameras, cloud = looking_both_ways(), walls()
    memory = memory_of_image(torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8), cameras.select(0), None, VOXEL)
    points = make_point_cloud(cloud, torch.zeros(len(cloud), 3, dtype=torch.uint8))
    memory = memory._replace(cloud=points, seen=marked(cloud, cameras, torch.zeros_like(everything(cloud, cameras))))
    # A cloud of equal points is another cloud, as it may have been edited.
    assert torch.equal(ask(with_cloud(memory, points).seen, cloud, cameras), everything(cloud, cameras))
