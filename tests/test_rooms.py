"""Training rooms: exact depth and masks, and training projections without what moves."""

import numpy as np
import pytest
import torch
from spatia_pack.spatia_core.cameras.camera import make_cameras, project, unproject
from spatia_pack.training.data import clips, rooms
from spatia_pack.training.data.samples import make_sample, stored_depth
from spatia_pack.training.data.videos import PosedVideo
from spatia_pack.training.recipe import LATER, SMALL, SampleSettings, generator_of


@pytest.fixture(scope="module")
def moving():
    return clips.room_video(500_003, moving=True)


def test_depth_joins_two_views_of_what_is_still(moving):
    """A pixel taken to another view lands where that view has the same depth, unless something hides it."""
    cameras = make_cameras(moving.w2c, moving.intrinsics)
    K = cameras.K(clips.HEIGHT, clips.WIDTH)
    points = unproject(torch.from_numpy(moving.z_depth[0]).double(), K[0], cameras.c2w[0])[
        torch.from_numpy(~moving.moving[0])
    ]
    uv, z = project(points, cameras.w2c[4], K[4])
    column, row = uv.floor().long().unbind(-1)
    inside = (column >= 0) & (column < clips.WIDTH) & (row >= 0) & (row < clips.HEIGHT)
    surface = torch.from_numpy(moving.z_depth[4])[row[inside], column[inside]]
    assert ((surface - z[inside]).abs() < 0.05).double().mean() > 0.95


def test_the_moving_box_moves_and_the_room_stays(moving):
    rng = np.random.default_rng(1)
    while True:
        room = rooms.make_room(rng)
        still = np.repeat(rooms.room_path(room, rng, 2, "one_way")[:1], 9, axis=0)
        try:
            furnished, motion = rooms.add_moving_box(room, rng, still)
            break
        except ValueError:
            continue  # too full; the training data goes on the same way
    video = rooms.render_room(furnished, still, 32, 48, supersample=1, motion=motion)
    plain = rooms.render_room(room, still, 32, 48, supersample=1)
    assert video.moving.any(axis=(1, 2)).sum() > 4
    assert (video.moving != video.moving[:1]).any()
    np.testing.assert_array_equal(video.z_depth[~video.moving], plain.z_depth[~video.moving])
    assert not plain.moving.any()


def test_the_projection_holds_nothing_of_the_moving_box(moving):
    """Painted green, the box leaves no green in the projection."""
    frames = moving.frames.copy()
    frames[~moving.moving] = frames[~moving.moving] // 4
    frames[moving.moving] = (0, 255, 0)
    cameras = make_cameras(moving.w2c, moving.intrinsics)
    depth, masks = torch.from_numpy(moving.z_depth), torch.from_numpy(moving.moving)
    video = PosedVideo(torch.from_numpy(frames), cameras, "", depth, masks)
    settings = SampleSettings(**SMALL, starts="chain", cloud="inference", depth_error=0.03)
    sample = make_sample(video, LATER, settings, generator_of(0), stored_depth(video))
    assert torch.equal(sample.frames, video.frames[16:])
    assert sample.projection[..., 1].max() < 128 and sample.coverage.max() == 255
