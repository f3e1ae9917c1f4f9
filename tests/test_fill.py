"""Filling the place of removed points: exact on planes, smooth elsewhere, refused with one sentence where it cannot."""

import pytest
import torch
from edit_vectors import VOXEL, furnished

from spatia_core.cameras import make_cameras
from spatia_core.cloud import fill as fill_module
from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.edit import Scene, apply_edits, select
from spatia_core.cloud.fill import fill_removed, spread
from spatia_core.errors import SpatiaError

HEIGHT, WIDTH = 96, 144
CAMERA = make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.5, 0.5])
SCENE = Scene(CAMERA, voxel_size=VOXEL, size=(HEIGHT, WIDTH))
THING = {
    "shape": "intersection",
    "of": [
        {"shape": "box", "center": [0.2, 0.7, 2.0], "size": [0.66, 0.66, 0.66]},
        {"shape": "plane", "point": [0, 1, 2], "normal": [0, 1, 0], "distance": 0.02, "invert": True},
    ],
}


def room():
    cloud = furnished()
    return cloud._replace(view=torch.zeros_like(cloud.view))


def added(cloud, fill, scene=SCENE, selection=THING):
    edited = apply_edits(cloud, [{"do": "remove", "select": selection, "fill": fill}], scene)
    return edited.cloud.select(slice(cloud.size - edited.counts[0], None)), edited.report[0]


def test_planes_go_on_behind_and_under_what_was_removed():
    new, report = added(room(), "plane")
    x, y, z = new.positions.unbind(1)
    wall, floor = (z - 2.6).abs() < 0.02, (y - 1.0).abs() < 0.02
    assert (wall | floor | ((x - 1.2).abs() < 0.02)).float().mean() > 0.99
    assert int(wall.sum()) > 300 and int(floor.sum()) > 300
    assert "plane(s)" in report and str(new.size) in report
    # Each in the shadow of the box or under it, coloured as the plane there is, and from no frame.
    under = floor & (x - 0.2).abs().lt(0.25) & (z - 2.0).abs().lt(0.25)
    assert int(under.sum()) > 0.7 * (0.5 / VOXEL) ** 2
    truth = 120 + 60 * torch.sin(new.positions * torch.tensor([2.0, 3.0, 1.0]))
    assert float((new.colors.float() - truth).abs().mean()) < 8
    assert (new.view == -1).all() and (new.count == 1).all() and (new.confidence == 1).all()


def test_what_stays_is_untouched_and_the_result_is_the_same_again():
    cloud = room()
    plain = apply_edits(cloud, [{"do": "remove", "select": THING}], SCENE).cloud
    for fill in ("plane", "neighbours"):
        once, again = (
            apply_edits(cloud, [{"do": "remove", "select": THING, "fill": fill}], SCENE).cloud for _ in range(2)
        )
        assert all(torch.equal(a, b) for a, b in zip(once, again))
        assert all(torch.equal(a, b[: plain.size]) for a, b in zip(plain, once))


def test_neighbours_close_the_hole_in_the_picture():
    cloud = room()
    new, report = added(cloud, "neighbours")
    mask = select(cloud, THING, SCENE)
    hole = fill_module._hole(
        cloud.select(~mask).positions.double().numpy(), cloud.select(mask).positions.double().numpy(), CAMERA,
        SCENE.size, VOXEL,
    )  # fmt: skip
    joined = torch.cat([cloud.select(~mask).positions, new.positions])
    depth = fill_module.nearest_depth(joined, CAMERA, hole.height, hole.width, voxel_size=VOXEL)[0].numpy()
    assert (depth[hole.front > 0] > 0).mean() > 0.99
    # Between the floor before it and the wall behind: nowhere before what was removed.
    assert (depth[hole.front > 0] >= 0.97 * hole.front[hole.front > 0]).mean() > 0.97
    assert "from its neighbours" in report


def test_points_moved_before_have_no_frame_and_are_filled_all_the_same():
    cloud = room()
    edits = [{"do": "recolor", "select": THING, "color": "#ff0000"}, {"do": "remove", "select": THING, "fill": "plane"}]
    assert apply_edits(cloud, edits, SCENE).cloud.size == apply_edits(cloud, edits[1:], SCENE).cloud.size


def test_without_cameras_only_what_it_stood_on_is_filled():
    new, _ = added(room(), "plane", Scene(voxel_size=VOXEL))
    assert new.size > 200 and ((new.positions[:, 1] - 1.0).abs() < 0.02).all()
    with pytest.raises(SpatiaError, match='No camera of the memory sees .* set fill to "plane"'):
        added(room(), "neighbours", Scene(voxel_size=VOXEL))


def test_nothing_selected_makes_nothing():
    cloud = room()
    nothing = {"shape": "sphere", "center": [50, 0, 0], "radius": 0.1}
    for fill in ("plane", "neighbours"):
        assert apply_edits(cloud, [{"do": "remove", "select": nothing, "fill": fill}], SCENE).cloud.size == cloud.size


def test_a_scene_without_voxels_is_filled_too():
    new, _ = added(room(), "plane", SCENE._replace(voxel_size=0.0))
    assert new.size > 200


def test_one_point_and_too_little_round_it():
    grey = make_point_cloud(torch.tensor([[0.0, 0, 2], [0.3, 0, 2]]), torch.full((2, 3), 99, dtype=torch.uint8), view=0)
    one = {"shape": "sphere", "center": [0, 0, 2], "radius": 0.01}
    with pytest.raises(SpatiaError, match=r"Edit 1 \(remove\): Only 0 points stay round .* leave fill out"):
        added(grey, "plane", selection=one)
    with pytest.raises(SpatiaError, match="too few to fill it"):
        added(grey, "neighbours", selection=one)
    cloud = room()
    single = cloud.positions[-1].tolist()
    for fill in ("plane", "neighbours"):
        added(cloud, fill, selection={"shape": "sphere", "center": single, "radius": 1e-4})


def test_all_removed_is_refused():
    for fill in ("plane", "neighbours"):
        with pytest.raises(SpatiaError, match="Edit 1"):
            added(room(), fill, selection={"shape": "all"})


def test_points_in_all_directions_hold_no_plane():
    generator = torch.Generator().manual_seed(1)
    cloud = make_point_cloud(
        torch.rand(4000, 3, generator=generator) * 2 + torch.tensor([-1.0, -1, 2]),
        torch.full((4000, 3), 9, dtype=torch.uint8),
    )
    with pytest.raises(SpatiaError, match='No plane lies round .* "neighbours"'):
        added(cloud, "plane", selection={"shape": "sphere", "center": [0, 0, 3], "radius": 0.3})


def test_more_new_points_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(fill_module, "MOST_NEW_POINTS", 100)
    for fill in ("plane", "neighbours"):
        with pytest.raises(SpatiaError, match="expected at most 100; select less"):
            added(room(), fill)


def test_unknown_fills_are_refused():
    for value in ("walls", 3, True, ["plane"]):
        with pytest.raises(SpatiaError, match='has "fill": .* expected one of plane, neighbours'):
            apply_edits(room(), [{"do": "remove", "fill": value}])


def test_far_and_huge_scenes_are_filled_in_their_own_units():
    cloud = room()
    for factor in (1e-3, 1e5):
        larger = cloud._replace(positions=cloud.positions * factor)
        mask = select(cloud, THING, SCENE)
        new = fill_removed(
            larger.select(~mask), larger.select(mask), "plane", cameras=CAMERA, size=(HEIGHT, WIDTH), voxel_size=VOXEL * factor
        )  # fmt: skip
        assert new.cloud.size == pytest.approx(added(cloud, "plane")[0].size, rel=0.02)


def test_spread_keeps_what_is_known_and_goes_on_with_a_slope():
    slope = torch.arange(40.0)[None, :, None].expand(30, 40, 1).double().numpy().copy()
    known = torch.ones(30, 40, dtype=torch.bool).numpy()
    known[8:22, 10:28] = False
    filled = spread(slope * known[..., None], known)
    assert (filled[known] == slope[known]).all()
    assert abs(filled - slope).max() < 2.5
    assert (spread(slope[:1, :1], known[:1, :1]) == slope[:1, :1]).all()
