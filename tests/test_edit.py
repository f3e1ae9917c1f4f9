"""Editing: selections against plain geometry, operations that undo each other, and what is refused."""

import json
import math
from itertools import pairwise

import pytest
import torch
from random_scenes import random_poses

from spatia_core.cameras import make_cameras, unproject
from spatia_core.cloud import concat_clouds, make_point_cloud
from spatia_core.cloud.edit import Scene, apply_edits, check_edits, named_files, parse_edits, select
from spatia_core.errors import SpatiaError


def random_cloud(n: int = 400, seed: int = 0):
    g = torch.Generator().manual_seed(seed)
    return make_point_cloud(
        torch.rand(n, 3, generator=g) * 4 - 2, torch.randint(0, 256, (n, 3), generator=g, dtype=torch.uint8), view=0
    )


def wall(camera, depth: float, size=(32, 48), color=128, view=0):
    """A wall facing the camera that fills its image."""
    positions = unproject(torch.full(size, depth), camera.K(*size)[0], camera.c2w[0]).reshape(-1, 3)
    return make_point_cloud(positions, torch.full((len(positions), 3), color, dtype=torch.uint8), view=view)


def camera():
    return make_cameras(random_poses(1, seed=2), [0.8, 1.2, 0.5, 0.5])


# --- selections ---


def test_all_and_invert():
    cloud = random_cloud()
    assert select(cloud, {"shape": "all"}).all()
    assert not select(cloud, {"shape": "all", "invert": True}).any()


def test_box_and_sphere():
    cloud = random_cloud()
    box = select(cloud, {"shape": "box", "center": [0.5, 0, 0], "size": [1, 2, 4]})
    x, y, z = cloud.positions.unbind(1)
    assert torch.equal(box, (x >= 0) & (x <= 1) & (y.abs() <= 1) & (z.abs() <= 2))
    sphere = select(cloud, {"shape": "sphere", "center": [0, 0, 0], "radius": 1.5})
    assert torch.equal(sphere, cloud.positions.norm(dim=1) <= 1.5)
    assert 0 < int(sphere.sum()) < cloud.size


def test_a_turned_box():
    cloud = make_point_cloud([[1, 0, 0], [0, 1, 0], [0, 0, 1]], torch.zeros(3, 3))
    long_x = {"shape": "box", "center": [0, 0, 0], "size": [3, 0.5, 0.5]}
    assert select(cloud, long_x).tolist() == [True, False, False]
    assert select(cloud, long_x | {"rotation": [0, 0, 90]}).tolist() == [False, True, False]
    assert select(cloud, long_x | {"rotation": [0, 90, 0]}).tolist() == [False, False, True]


def test_color():
    cloud = make_point_cloud(torch.zeros(3, 3), torch.tensor([[255, 0, 0], [250, 5, 5], [0, 0, 0]], dtype=torch.uint8))
    assert select(cloud, {"shape": "color", "color": "#ff0000", "tolerance": 0}).tolist() == [True, False, False]
    assert select(cloud, {"shape": "color", "color": [255, 0, 0], "tolerance": 0.05}).tolist() == [True, True, False]
    white = {"shape": "color", "color": [255, 255, 255]}
    assert select(cloud, white | {"tolerance": 1}).all() and not select(cloud, white | {"tolerance": 0.5}).any()


def test_mask_takes_the_front_surface_or_goes_through():
    cam = camera()
    near, far = wall(cam, 2.0), wall(cam, 4.0)
    behind = wall(cam, -2.0)
    cloud = concat_clouds(near, far, behind)
    mask = torch.zeros(32, 48, dtype=torch.bool)
    mask[8:16, 10:30] = True
    scene = Scene(cameras=cam, mask=mask, voxel_size=0.02)
    front = select(cloud, {"shape": "mask", "frame": 0}, scene)
    none = torch.zeros(near.size, dtype=torch.bool)
    assert torch.equal(front, torch.cat([mask.flatten(), none, none]))
    through = select(cloud, {"shape": "mask", "frame": -1, "through": True}, scene)
    assert torch.equal(through, torch.cat([mask.flatten(), mask.flatten(), none]))


def test_the_mask_may_have_another_resolution():
    cam = camera()
    cloud = wall(cam, 2.0, size=(32, 48))
    mask = torch.zeros(16, 24, dtype=torch.bool)
    mask[:, :12] = True
    selected = select(cloud, {"shape": "mask"}, Scene(cam, mask, 0.02)).reshape(32, 48)
    assert selected[:, :24].all() and not selected[:, 24:].any()


def test_union_intersection_and_invert_follow_boolean_algebra():
    cloud = random_cloud()
    a = {"shape": "sphere", "center": [0, 0, 0], "radius": 1.5}
    b = {"shape": "box", "center": [1, 0, 0], "size": [2, 4, 4]}
    in_a, in_b = select(cloud, a), select(cloud, b)
    assert torch.equal(select(cloud, {"shape": "union", "of": [a, b]}), in_a | in_b)
    assert torch.equal(select(cloud, {"shape": "intersection", "of": [a, b]}), in_a & in_b)
    neither = {"shape": "intersection", "of": [a | {"invert": True}, b | {"invert": True}]}
    assert torch.equal(select(cloud, neither), ~(in_a | in_b))


# --- operations ---

SPHERE = {"shape": "sphere", "center": [0, 0, 0], "radius": 1.5}


def test_remove_keeps_the_rest_untouched():
    cloud = random_cloud()
    edited = apply_edits(cloud, [{"do": "remove", "select": SPHERE}])
    rest = ~select(cloud, SPHERE)
    assert all(torch.equal(a, b[rest]) for a, b in zip(edited.cloud, cloud))
    assert edited.report == (f"1. removed {int((~rest).sum())} of 400 points",)


def test_recolor_solid_and_tint():
    cloud = make_point_cloud(
        torch.zeros(2, 3), torch.tensor([[255, 255, 255], [100, 100, 100]], dtype=torch.uint8), view=3
    )

    def colors(**options):
        return apply_edits(cloud, [{"do": "recolor", "color": [200, 100, 0], **options}]).cloud.colors.tolist()

    assert colors() == [[200, 100, 0], [200, 100, 0]]
    assert colors(mode="tint") == [[200, 100, 0], [78, 39, 0]]
    assert colors(strength=0) == cloud.colors.tolist()
    assert colors(strength=0.5)[1] == [150, 100, 50]


@pytest.mark.parametrize("pivot", ["center", [1, -2, 0.5]])
def test_transforms_undo_each_other(pivot):
    cloud = random_cloud()
    for there, back in [
        ({"move": [1, 2, 3]}, {"move": [-1, -2, -3]}),
        ({"scale": 2, "pivot": pivot}, {"scale": 0.5, "pivot": pivot}),
        ({"rotate": [0, 90, 0], "pivot": [1, 2, 3]}, {"rotate": [0, -90, 0], "pivot": [1, 2, 3]}),
    ]:
        edited = apply_edits(cloud, [{"do": "transform", **there}, {"do": "transform", **back}]).cloud
        torch.testing.assert_close(edited.positions, cloud.positions, atol=2e-6, rtol=0)


def test_transform_turns_the_right_way_about_the_pivot():
    cloud = make_point_cloud([[2, 0, 0]], torch.zeros(1, 3))
    edit = {"do": "transform", "rotate": [0, 0, 90], "scale": [3, 1, 1], "pivot": [1, 0, 0], "move": [0, 0, 5]}
    torch.testing.assert_close(
        apply_edits(cloud, [edit]).cloud.positions, torch.tensor([[1.0, 3, 5]]), atol=1e-6, rtol=0
    )


def test_rotating_and_scaling_about_the_centre_keeps_the_centre():
    cloud = random_cloud()
    edited = apply_edits(cloud, [{"do": "transform", "scale": 0.5, "rotate": [0, 0, 180]}]).cloud
    middle = (cloud.positions.amin(0) + cloud.positions.amax(0)) / 2
    torch.testing.assert_close((edited.positions.amin(0) + edited.positions.amax(0)) / 2, middle, atol=1e-6, rtol=0)


def test_duplicate_then_removing_the_copies_restores_the_cloud():
    cloud = random_cloud()
    edited = apply_edits(cloud, [{"do": "duplicate", "offset": [100, 0, 0], "copies": 2}]).cloud
    assert edited.size == 3 * cloud.size
    torch.testing.assert_close(edited.positions[800:], cloud.positions + torch.tensor([200.0, 0, 0]))
    far = {"shape": "box", "center": [150, 0, 0], "size": [200, 99, 99]}
    restored = apply_edits(edited, [{"do": "remove", "select": far}]).cloud
    assert all(torch.equal(a, b) for a, b in zip(restored, cloud))


def test_merge_places_the_other_cloud():
    cloud, other = random_cloud(), random_cloud(50, seed=1)
    edited = apply_edits(cloud, [{"do": "merge", "move": [0, 0, 7]}], Scene(other=other)).cloud
    torch.testing.assert_close(edited.positions[400:], other.positions + torch.tensor([0, 0, 7.0]))
    assert torch.equal(edited.colors[400:], other.colors)


def test_changed_points_lose_their_view():
    cloud = random_cloud()
    inside = select(cloud, SPHERE)
    for edit in ({"do": "transform", "move": [0, 0, 1]}, {"do": "recolor", "color": "#00ff00"}):
        view = apply_edits(cloud, [edit | {"select": SPHERE}]).cloud.view
        assert torch.equal(view, torch.where(inside, -1, 0).to(torch.int32))
    for edit in ({"do": "duplicate", "offset": [0, 0, 1]}, {"do": "merge"}):
        view = apply_edits(cloud, [edit], Scene(other=cloud)).cloud.view
        assert (view[:400] == 0).all() and (view[400:] == -1).all()


def test_edits_are_applied_in_order_and_leave_the_input_alone():
    cloud = random_cloud()
    before = [field.clone() for field in cloud]
    text = json.dumps(
        [
            {"do": "transform", "select": SPHERE, "move": [100, 0, 0]},
            {"do": "remove", "select": {"shape": "box", "center": [100, 0, 0], "size": [10, 10, 10]}},
        ]
    )
    edited = apply_edits(cloud, parse_edits(text))
    assert edited.cloud.size == cloud.size - int(select(cloud, SPHERE).sum()) and len(edited.report) == 2
    assert all(torch.equal(a, b) for a, b in zip(cloud, before))
    assert apply_edits(cloud, parse_edits("  ")).cloud is cloud
    assert parse_edits('{"do": "merge"}') == [{"do": "merge"}]


def nested(depth: int) -> dict:
    selection = {"shape": "all"}
    for _ in range(depth):
        selection = {"shape": "union", "of": [selection]}
    return selection


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ("remove", "expected one of remove"),
        ({"select": SPHERE}, "'missing'"),
        ({"do": "explode"}, "'explode'"),
        ({"do": ["remove"]}, "expected one of remove"),
        ({"do": "remove", "colour": 1}, "unknown keys ['colour']"),
        ({"do": "recolor"}, 'lacks "color"'),
        ({"do": "recolor", "color": "red"}, "#rrggbb"),
        ({"do": "recolor", "color": [0, 0, 256]}, "0..255"),
        ({"do": "recolor", "color": [0, 0, 0], "strength": 2}, "from 0 to 1"),
        ({"do": "recolor", "color": [0, 0, 0], "mode": "burn"}, '"solid" or "tint"'),
        ({"do": "transform", "move": [1, 2]}, "three numbers"),
        ({"do": "transform", "move": [1, 2, math.nan]}, "a finite number"),
        ({"do": "transform", "move": [1, 2, True]}, "a finite number"),
        ({"do": "transform", "scale": 0}, "above 0"),
        ({"do": "transform", "scale": 10**400}, "scale"),
        ({"do": "duplicate", "offset": [0, 0, 1], "copies": 1000}, "1 to 100"),
        ({"do": "merge", "select": SPHERE}, "unknown keys ['select']"),
        ({"do": "merge"}, "no other cloud is connected"),
        ({"do": "remove", "select": {"shape": "cone"}}, "'cone'"),
        ({"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 0]}}, 'lacks "radius"'),
        ({"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 0], "radius": -1}}, "above 0"),
        ({"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 0], "radius": 1, "r": 1}}, "unknown keys"),
        ({"do": "remove", "select": {"shape": "union", "of": []}}, "a list of selections"),
        ({"do": "remove", "select": {"shape": "union", "of": [{"shape": "box"}]}}, 'lacks "center"'),
        ({"do": "remove", "select": {"shape": "stroke", "points": [], "radius": 1}}, "at least one"),
        ({"do": "remove", "select": {"shape": "stroke", "points": [[0, 0]], "radius": 1}}, "three numbers"),
        ({"do": "remove", "select": {"shape": "stroke", "points": [[0, 0, 0]], "radius": 0}}, "above 0"),
        ({"do": "remove", "select": {"shape": "stroke", "points": [[0, 0, math.inf]], "radius": 1}}, "a finite number"),
        ({"do": "remove", "select": {"shape": "all", "within": {"shape": "cone"}}}, "'cone'"),
        ({"do": "remove", "select": {"shape": "all", "within": []}}, "expected one of all"),
        ({"do": "remove", "select": {"shape": "sequence", "of": []}}, "a list of selections"),
        ({"do": "remove", "select": {"shape": "all", "invert": 1}}, "true or false"),
        ({"do": "remove", "select": {"shape": "mask"}}, "no mask is connected"),
        ({"do": "remove"}, "leave no point"),
        ({"do": "transform", "move": [1e39, 0, 0]}, 'has "move"'),
        ({"do": "transform", "move": [10**5000, 0, 0]}, 'has "move"'),
        ({"do": "transform", "rotate": [1e300, 0, 0]}, 'has "rotate"'),
        ({"do": "transform", "pivot": [0, -1e10, 0]}, 'has "pivot"'),
        ({"do": "transform", "scale": 1e300}, 'has "scale"'),
        ({"do": "transform", "scale": 1e9, "move": [9e8, 0, 0]}, "a point would come to lie"),
        ({"do": "transform", "scale": 1e9, "pivot": [1e9, 1e9, 1e9]}, "a point would come to lie"),
        ({"do": "duplicate", "offset": [1e8, 0, 0], "copies": 100}, "a point would come to lie"),
        ({"do": "duplicate", "offset": [0, 0, 1], "copies": 10**400}, "1 to 100"),
        ({"do": "recolor", "color": [0, 0, 10**400]}, "0..255"),
        ({"do": "recolor", "color": {"r": 1}}, "0..255"),
        ({"do": "recolor", "color": [0, 0, 0], "strength": math.nan}, "from 0 to 1"),
        ({"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 0], "radius": 1e300}}, 'has "radius"'),
        ({"do": "remove", "select": {"shape": "box", "center": [0, 0, 0], "size": [1, 1, 1e300]}}, 'has "size"'),
        ({"do": "remove", "select": {"shape": "plane", "point": [0, 0, 0], "distance": 1e300}}, 'has "distance"'),
        ({"do": "remove", "select": {"shape": "cluster", "at": [0, 0, 0], "distance": 5e-324}}, "distance"),
        ({"do": "remove", "select": {"shape": "frames", "first": 2**63, "last": 0}}, 'has "first"'),
        ({"do": "remove", "select": {"shape": "frames", "first": 0, "last": 10**400}}, 'has "last"'),
        ({"do": "remove", "select": {"shape": "clip", "clip": 2**31}}, 'has "clip"'),
        ({"do": "remove", "select": {"shape": "lasso", "points": [[0, 0], [1, 0], [1e300, 1]]}}, 'has "points"'),
        ({"do": "remove", "select": nested(300)}, "nested more than 32 deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_edits_are_refused(edit, message):
    with pytest.raises(SpatiaError) as refusal:
        apply_edits(random_cloud(), [edit])
    assert message.lower() in str(refusal.value).lower() and len(str(refusal.value)) < 400


def test_nothing_is_applied_before_all_edits_are_checked():
    with pytest.raises(SpatiaError, match="Edit 2"):
        apply_edits(random_cloud(), [{"do": "merge"}, {"do": "explode"}])


def test_bad_text_and_bad_frames_are_refused():
    with pytest.raises(SpatiaError, match="no valid JSON"):
        parse_edits("[{")
    for text in ("[" * 100_000, '{"do": "remove", "select": ' + json.dumps(nested(300)) + "}"):
        with pytest.raises(SpatiaError, match="nested more than 32 deep; correct edits"):
            parse_edits(text)
    for text in (
        '{"copies": ' + "9" * 400 + "}",
        '{"copies": ' + "9" * 5000 + "}",
        '{"move": NaN}',
        '{"move": 1e999}',
        " " * (5 << 20),
    ):
        with pytest.raises(SpatiaError, match="The edits h"):
            parse_edits(text)
    with pytest.raises(SpatiaError, match="expected JSON text"):
        parse_edits(5)
    scene = Scene(cameras=camera(), mask=torch.ones(4, 4, dtype=torch.bool))
    with pytest.raises(SpatiaError, match="the memory has 1 frames"):
        apply_edits(random_cloud(), [{"do": "remove", "select": {"shape": "mask", "frame": 1}}], scene)


# --- selections by lasso, plane, cluster, provenance ---


def test_a_lasso_is_the_mask_it_encloses():
    cam = camera()
    cloud = concat_clouds(wall(cam, 2.0), wall(cam, 4.0))
    polygon = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]
    mask = torch.zeros(32, 48, dtype=torch.bool)
    mask[8:24, 12:36] = True
    scene = Scene(cam, mask, voxel_size=0.01, size=(32, 48))
    for through in (False, True):
        lasso = select(cloud, {"shape": "lasso", "points": polygon, "through": through}, scene)
        assert torch.equal(lasso, select(cloud, {"shape": "mask", "through": through}, scene)) and lasso.any()
    # A hole, bridged.
    mask[14:18, 20:28] = False
    hole = [[20 / 48, 14 / 32], [28 / 48, 14 / 32], [28 / 48, 18 / 32], [20 / 48, 18 / 32]]
    holed = [*polygon, polygon[0], *hole, hole[0]]
    assert torch.equal(
        select(cloud, {"shape": "lasso", "points": holed, "through": True}, scene),
        select(cloud, {"shape": "mask", "through": True}, scene),
    )
    triangle = select(cloud, {"shape": "lasso", "points": [[0, 0], [1, 0], [0, 1]], "through": True}, scene)
    assert 0.45 < float(triangle.float().mean()) < 0.55
    with pytest.raises(SpatiaError, match="three corners"):
        select(cloud, {"shape": "lasso", "points": [[0, 0], [1, 1]]}, scene)
    with pytest.raises(SpatiaError, match="frame 5"):
        select(cloud, {"shape": "lasso", "points": polygon, "frame": 5}, scene)


def test_planes_given_and_fitted():
    g = torch.Generator().manual_seed(0)
    floor = torch.rand(500, 3, generator=g) * 4 - 2
    floor[:, 1] = 1 + 0.1 * floor[:, 0]
    cloud = make_point_cloud(torch.cat([floor, torch.rand(300, 3, generator=g) - 1.5]), torch.zeros(800, 3))
    given = select(cloud, {"shape": "plane", "point": [0, 1, 0], "normal": [-0.1, 1, 0], "distance": 0.01})
    fitted = select(cloud, {"shape": "plane", "point": [0.1, 1, 0.2], "distance": 0.05})
    assert given[:500].all() and not given[500:].any() and torch.equal(given, fitted)
    with pytest.raises(SpatiaError, match="too few"):
        select(cloud, {"shape": "plane", "point": [50, 0, 0], "distance": 0.05})
    with pytest.raises(SpatiaError, match="not all 0"):
        select(cloud, {"shape": "plane", "point": [0, 0, 0], "normal": [0, 0, 0], "distance": 1})


@pytest.mark.parametrize("kernels", [True, False])
def test_clusters_end_where_a_gap_begins(kernels, monkeypatch):
    from spatia_core.cloud import edit

    if not kernels:
        monkeypatch.setattr(edit, "kernels_run", lambda: False)
    g = torch.Generator().manual_seed(0)
    near, far = torch.rand(2000, 3, generator=g), torch.rand(1000, 3, generator=g) + torch.tensor([2.0, 0, 0])
    cloud = make_point_cloud(torch.cat([near, far]), torch.zeros(3000, 3))
    cluster = {"shape": "cluster", "at": [2.5, 0.5, 0.5], "distance": 0.2}
    assert torch.equal(select(cloud, cluster), torch.arange(3000) >= 2000)
    assert select(cloud, cluster | {"distance": 2.0}).all()
    half = {"shape": "box", "center": [0.25, 0.5, 0.5], "size": [0.5, 2, 2]}
    assert torch.equal(select(cloud, cluster | {"at": [0, 0, 0], "within": half}), select(cloud, half))


def test_provenance():
    cloud = random_cloud(6)._replace(view=torch.tensor([-1, 0, 1, 2, 3, 3], dtype=torch.int32))
    assert select(cloud, {"shape": "frames", "first": 1, "last": 2}).tolist() == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    assert select(cloud, {"shape": "frames", "first": -1, "last": -1}).tolist() == [True] + [False] * 5
    scene = Scene(clip=torch.tensor([0, 1, 1, 2]))
    assert select(cloud, {"shape": "clip", "clip": 1}, scene).tolist() == [False, False, True, True, False, False]
    with pytest.raises(SpatiaError, match="frames instead"):
        select(cloud, {"shape": "clip", "clip": 1})


def test_leaving_an_edit_out_of_the_list_undoes_it():
    cloud = random_cloud()
    edits = parse_edits(
        json.dumps(
            [
                {"do": "recolor", "select": {"shape": "sphere", "center": [0, 0, 0], "radius": 1}, "color": "#ff0000"},
                {
                    "do": "remove",
                    "select": {"shape": "plane", "point": [0, 0, 0], "normal": [1, 0, 0], "distance": 0.5},
                },
            ]
        )
    )
    both, one = apply_edits(cloud, edits).cloud, apply_edits(cloud, edits[:1]).cloud
    assert both.size < one.size == cloud.size
    again = apply_edits(cloud, edits).cloud
    assert all(torch.equal(a, b) for a, b in zip(both, again))


# --- what the page's editor writes ---


def test_an_edit_that_is_off_stays_in_the_list_and_does_nothing():
    cloud = random_cloud()
    edits = [{"do": "remove", "off": True}, {"do": "recolor", "select": SPHERE, "color": "#00ff00", "off": False}]
    edited = apply_edits(cloud, edits)
    assert edited.report[0] == "1. remove is off" and edited.counts == (0, int(select(cloud, SPHERE).sum()))
    assert all(torch.equal(a, b) for a, b in zip(edited.cloud, apply_edits(cloud, edits[1:]).cloud))
    with pytest.raises(SpatiaError, match="'explode'"):
        apply_edits(cloud, [{"do": "explode", "off": True}])
    with pytest.raises(SpatiaError, match="true or false"):
        apply_edits(cloud, [{"do": "remove", "off": 1}])


def own_camera(cam, size):
    return {"w2c": cam.w2c[0].flatten().tolist(), "intrinsics": cam.intrinsics[0].tolist(), "size": list(size)}


def test_a_lasso_may_bring_its_own_camera():
    first, aside = camera(), make_cameras(random_poses(1, seed=2) @ random_poses(1, seed=3), [0.8, 1.2, 0.5, 0.5])
    cloud = concat_clouds(wall(first, 2.0), wall(first, 4.0), wall(aside, 1.5))
    polygon = [[0.2, 0.2], [0.8, 0.3], [0.4, 0.9]]
    for cam in (first, aside):
        for through in (False, True):
            as_frame = {"shape": "lasso", "frame": 0, "points": polygon, "through": through}
            alone = {"shape": "lasso", "camera": own_camera(cam, (48, 32)), "points": polygon, "through": through}
            selected = select(cloud, alone, Scene(cameras=first, voxel_size=0.01, size=(7, 9)))
            assert selected.any() and torch.equal(
                selected, select(cloud, as_frame, Scene(cameras=cam, voxel_size=0.01, size=(32, 48)))
            )
            assert torch.equal(selected, select(cloud, alone, Scene(voxel_size=0.01)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": [48]}, "16 numbers"), ({"size": [0, 32]}, "at least 1x1"), ({"size": [1e6, 1e6]}, "at most"), ({"size": [4.5, 3]}, "whole number"),
        ({"w2c": [1, 0, 0]}, "16 numbers"), ({"w2c": [2.0] * 16}, "last row"), ({"w2c": "x"}, "16 numbers"), ({"intrinsics": [0, 1, 0.5, 0.5]}, "focal length"),
        ({"intrinsics": [math.nan, 1, 0.5, 0.5]}, "a finite number"), ({"speed": 1}, "w2c, intrinsics and size"),
    ],
)  # fmt: skip
def test_bad_cameras_of_a_lasso_are_refused(change, message):
    lasso = {"shape": "lasso", "points": [[0, 0], [1, 0], [0, 1]], "camera": own_camera(camera(), (48, 32)) | change}
    with pytest.raises(SpatiaError, match=message):
        select(random_cloud(), lasso, Scene(voxel_size=0.01))


def test_a_lasso_is_seen_from_a_frame_or_from_its_own_camera():
    lasso = {"shape": "lasso", "points": [[0, 0], [1, 0], [0, 1]], "camera": own_camera(camera(), (48, 32)), "frame": 0}
    with pytest.raises(SpatiaError, match="both frame and camera"):
        select(random_cloud(), lasso, Scene(cameras=camera(), voxel_size=0.01))


def test_merging_a_named_file():
    cloud, other, connected = random_cloud(), random_cloud(50, seed=1), random_cloud(20, seed=2)
    edits = [
        {"do": "merge", "file": "a.ply", "move": [0, 0, 7]},
        {"do": "merge"},
        {"do": "merge", "file": "gone.ply", "off": True},
    ]
    assert named_files(edits) == ["a.ply"]
    edited = apply_edits(cloud, edits, Scene(other=connected, files={"a.ply": other}))
    torch.testing.assert_close(edited.cloud.positions[400:450], other.positions + torch.tensor([0, 0, 7.0]))
    assert torch.equal(edited.cloud.positions[450:], connected.positions) and edited.counts == (50, 20, 0)
    with pytest.raises(SpatiaError, match="'a.ply'.* was not read"):
        apply_edits(cloud, edits, Scene(other=connected))
    with pytest.raises(SpatiaError, match="name of a file"):
        apply_edits(cloud, [{"do": "merge", "file": " "}])


# --- limits ---


def test_more_than_is_worth_looking_at_is_refused():
    sphere = {"do": "remove", "select": {"shape": "union", "of": [SPHERE] * 500}}
    lasso = {"shape": "lasso", "points": [[0, 0], [1, 0], [0, 1]] * 20_000}
    for edits, message in (
        ([{"do": "merge"}] * 1001, "1001 edits"), ([sphere, sphere], "1002 selections"),
        ([{"do": "remove", "select": lasso}] * 2, "120000 corners"),
    ):  # fmt: skip
        with pytest.raises(SpatiaError, match=message):
            check_edits(edits)
    assert len(check_edits([sphere, {"do": "remove", "select": lasso}])) == 2


def test_copies_and_merges_that_would_fill_the_memory_are_refused_before_they_are_made(monkeypatch):
    from spatia_core.cloud import edit

    monkeypatch.setattr(edit, "MOST_POINTS", 2000)
    cloud = random_cloud()
    made = []
    monkeypatch.setattr(edit, "concat_clouds", lambda *clouds: made.append(clouds) or concat_clouds(*clouds))
    copies = {"do": "duplicate", "offset": [1, 0, 0], "copies": 4}
    assert apply_edits(cloud, [copies]).cloud.size == 2000
    made.clear()
    for edits in ([copies | {"copies": 5}], [{"do": "merge"}]):
        with pytest.raises(SpatiaError, match=r"would have 2\d00 points, expected at most 2000"):
            apply_edits(cloud, edits, Scene(other=random_cloud(1700)))
    assert not made


def test_what_edits_leave_can_be_saved_and_loaded():
    cloud = random_cloud()
    reach = 1e9 - float(cloud.positions[:, 0].abs().max()) - 100
    moved = apply_edits(cloud, [{"do": "transform", "move": [reach, 0, 0]}]).cloud
    assert make_point_cloud(*moved).size == cloud.size
    with pytest.raises(SpatiaError, match="Edit 2 .*1e.09"):
        apply_edits(cloud, [{"do": "transform", "move": [reach, 0, 0]}] * 2)


@pytest.mark.parametrize("normal", [[1e300, 0, 0], [1e-320, 0, 0], [1, 0, 0]])
def test_a_plane_has_the_direction_of_its_normal_however_long(normal):
    cloud = random_cloud()
    plane = {"shape": "plane", "point": [0.1, 0, 0], "normal": normal, "distance": 0.2}
    assert torch.equal(select(cloud, plane), (cloud.positions[:, 0].double() - 0.1).abs() <= 0.2)


def test_points_on_a_line_fit_no_plane():
    line = torch.linspace(0, 1, 50)[:, None] * torch.tensor([1.0, 2.0, 3.0])
    for positions in (line, torch.zeros(5, 3)):
        cloud = make_point_cloud(positions, torch.zeros(len(positions), 3))
        with pytest.raises(SpatiaError, match="on one line"):
            select(cloud, {"shape": "plane", "point": [0, 0, 0], "distance": 1})


# --- strokes, and selections among a part of the points ---


def test_a_stroke_is_all_that_is_near_its_line():
    cloud = random_cloud(4000)
    points = cloud.positions.double()
    bent = [[-1, 0, 0], [0.5, 0.2, 0], [0.5, 0.2, 0], [0.5, -1, 0.7]]
    line = torch.tensor(bent, dtype=torch.float64)
    # Every piece as 2000 balls, so close that they leave out next to nothing.
    share = torch.linspace(0, 1, 2000, dtype=torch.float64)[:, None]
    far = torch.stack([torch.cdist(points, a + share * (b - a)).amin(1) for a, b in pairwise(line)]).amin(0)
    stroke = select(cloud, {"shape": "stroke", "points": bent, "radius": 0.3})
    assert stroke.any() and not stroke[far > 0.3].any() and stroke[far < 0.2999].all()
    ball = {"shape": "sphere", "center": bent[3], "radius": 0.3}
    for points in (bent[3:], bent[3:] * 2):
        assert torch.equal(select(cloud, {"shape": "stroke", "points": points, "radius": 0.3}), select(cloud, ball))
    assert select(cloud, {"shape": "stroke", "points": bent, "radius": 1e9}).all()
    assert not select(cloud, {"shape": "stroke", "points": [[1e9, 1e9, -1e9]], "radius": 1e-9}).any()


def test_what_is_not_within_neither_hides_nor_joins():
    cam = camera()
    cloud = concat_clouds(wall(cam, 2.0), wall(cam, 4.0))
    front = torch.arange(cloud.size) < cloud.size // 2
    mask = torch.zeros(32, 48, dtype=torch.bool)
    mask[8:24, 12:36] = True
    scene = Scene(cam, mask, voxel_size=0.01, size=(32, 48))
    lasso = {"shape": "lasso", "points": [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]}
    assert torch.equal(select(cloud, lasso, scene), select(cloud, lasso | {"through": True}, scene) & front)
    cloud = cloud._replace(view=(~front).to(torch.int32))
    behind = {"shape": "frames", "first": 1, "last": 1}
    for shape in (lasso, {"shape": "mask"}):
        seen = select(cloud, shape | {"within": behind}, scene)
        assert torch.equal(seen, select(cloud, shape | {"through": True}, scene) & ~front) and seen.any()
        # A sequence takes the front, then what that had hidden; at the outline, the rest of the front still hides some.
        both = select(cloud, {"shape": "sequence", "of": [shape, shape]}, scene)
        first = select(cloud, shape, scene)
        assert torch.equal(both, first | select(cloud, shape | {"within": shape | {"invert": True}}, scene))
        assert int((both & ~front).sum()) > 0.7 * int(seen.sum())
        assert not select(cloud, shape | {"within": {"shape": "all", "invert": True}}, scene).any()


class Stopped(Exception):
    pass


@pytest.mark.parametrize(("edits", "least"), [
    ([{"do": "recolor", "color": "#000000"}] * 20, 20),
    ([{"do": "recolor", "color": "#000000", "select": {"shape": "intersection", "of": [SPHERE] * 20}}], 20),
    ([{"do": "duplicate", "offset": [1, 0, 0], "copies": 20}], 20),
    ([{"do": "recolor", "color": "#000000", "select": {"shape": "lasso", "points": [[0, 0], [1, 0], [0, 1]] * 7,
        "through": True}}], 20),
    ([{"do": "recolor", "color": "#000000", "select": {"shape": "stroke", "points": [[0, 0, 0], [1, 0, 0]] * 10, "radius": 1}}], 20),
    ([{"do": "recolor", "color": "#000000", "select": {"shape": "sequence", "of": [SPHERE] * 20}}], 20),
])  # fmt: skip
def test_every_long_loop_can_be_stopped(edits, least, monkeypatch):
    from spatia_core import interrupt

    looks = []

    def look():
        looks.append(1)
        if len(looks) >= least:
            raise Stopped

    monkeypatch.setattr(interrupt, "_look", look)
    with pytest.raises(Stopped):
        apply_edits(random_cloud(), edits, Scene(cameras=camera(), voxel_size=0.01, size=(32, 48)))
