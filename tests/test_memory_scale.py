"""Where a clip's depth takes its scale from, and which source wins where several are there."""

import pytest
from memory_scenes import HEIGHT, WIDTH, first_clip, maps, path, start, turned_away, view

from spatia_core.cameras.camera import concat_cameras, intrinsics_from_fov, make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.memory import update

NEAR_WALL = pytest.approx(4.0, rel=0.02)


def own_path(cameras, scale):
    """The estimator's own poses of these cameras, whose lengths must be taken `scale` times."""
    w2c = cameras.w2c.clone()
    w2c[:, :3, 3] /= scale
    return w2c


def new_depth(memory, frames, cameras, depth):
    """Median distance along z of the points that a clip adds, and the report."""
    grown, report = update(memory, frames, cameras, depth)
    new = grown.cloud.positions[memory.cloud.size :, 2]
    assert len(new)
    return float(new.abs().median()), report


@pytest.mark.parametrize("metric", [False, True])
def test_overlap_with_the_cloud_wins_over_the_estimators_own_path(metric):
    """The clip must fit the cloud; a camera path of the estimator's own may be off, as here by a factor of 2."""
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    found, report = new_depth(memory, frames, cameras, maps(depth / 5, metric=metric, w2c=own_path(cameras, 10)))
    assert found == NEAR_WALL
    assert "Scale against the cloud: median 5 " in report


def test_the_estimators_own_path_wins_over_its_metres():
    """The path of the clip is in the cloud's units, which need not be metres."""
    memory, cameras = start(), turned_away(9)
    frames, depth = view(path(*[0.0] * 9))
    found, _ = new_depth(memory, frames, cameras, maps(depth / 5, metric=True, w2c=own_path(cameras, 5)))
    assert found == NEAR_WALL


def test_metres_are_taken_as_they_are_where_nothing_else_is_known():
    memory, cameras = start(), turned_away(9)
    frames, depth = view(path(*[0.0] * 9))
    found, _ = new_depth(memory, frames, cameras, maps(depth / 5, metric=True))
    assert found == pytest.approx(4.0 / 5, rel=0.02)


def half_turned(n=9):
    """A clip whose first half stands beside the known wall and whose second half looks the other way."""
    ahead = path(*[0.1 * i for i in range(n)])
    away = make_cameras(turned_away(n).w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))
    return concat_cameras(ahead.select(slice(0, n // 2 + 1)), away.select(slice(n // 2 + 1, None)))


def test_a_frame_without_overlap_takes_the_scale_of_the_frames_before_it():
    memory, cameras = start(), half_turned()
    frames, depth = view(path(*[0.1 * i for i in range(9)]))
    grown, report = update(memory, frames, cameras, maps(depth / 5, metric=False))
    behind = grown.cloud.positions[grown.cloud.positions[:, 2] < 0, 2]
    assert len(behind) and float(behind.median()) == pytest.approx(-4.0, rel=0.05)
    assert "Frames 8 of the clip overlap too little" in report
    # The first frame has none before it.
    away = turned_away(9)
    with pytest.raises(SpatiaError, match="scale is unknown"):
        update(memory, frames, away, maps(depth / 5, metric=False))


@pytest.mark.parametrize(("columns", "overlaps"), [(1, False), (3, True)])
def test_overlap_counts_from_two_hundredths_of_the_picture_on(columns, overlaps):
    """Below it a few pixels at the edge would set the scale of a whole view."""
    memory = start()
    known = memory.cloud.positions[:, 0].max()
    tangent = WIDTH / 2 / float(memory.cameras.K(HEIGHT, WIDTH)[0, 0, 0])
    # The known wall's last `columns` columns stand at the picture's left edge.
    shift = float(known) + 4.0 * tangent * (1 - 2 * columns / WIDTH)
    cameras = path(0.0, *[shift] * 4)
    frames, depth = view(cameras)
    if overlaps:
        assert "Scale against the cloud" in update(memory, frames, cameras, maps(depth / 5, metric=False)).report
    else:
        with pytest.raises(SpatiaError, match="scale is unknown"):
            update(memory, frames, cameras, maps(depth / 5, metric=False))
