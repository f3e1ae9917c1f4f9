"""Camera paths: signs, distances to the pivot, exact starts and closings."""

import math

import pytest
import torch
from random_scenes import random_poses

from spatia_core.cameras import (
    BASE_MOTIONS,
    EASINGS,
    PRESETS,
    Cameras,
    close_loop,
    continue_path,
    intrinsics_from_fov,
    keyframe_path,
    make_cameras,
    parse_keyframe_path,
    preset_path,
    project,
    scale_path,
    scene_depth,
    travel_path,
)
from spatia_core.errors import SpatiaError


def at_origin() -> Cameras:
    return make_cameras(torch.eye(4)[None], intrinsics_from_fov(60.0, 160, 90))


def somewhere() -> Cameras:
    return make_cameras(random_poses(1, seed=5), [0.8, 1.4, 0.49, 0.52])


def same(a: Cameras, b: Cameras) -> bool:
    return torch.equal(a.w2c, b.w2c) and torch.equal(a.intrinsics, b.intrinsics)


def forward(path: Cameras) -> torch.Tensor:
    return path.w2c[:, 2, :3]  # the third row of a rotation is the optical axis in the world


def validated(path: Cameras) -> Cameras:
    return make_cameras(path.w2c, path.intrinsics)


@pytest.mark.parametrize("easing", EASINGS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_starts_exactly_at_the_start_and_stays_rigid(preset, easing):
    start = somewhere()
    path = validated(preset_path(preset, start, 9, angle=200, distance=0.7, depth=3, easing=easing))
    assert path.count == 9
    assert same(path.select(0), start)
    error = path.w2c[:, :3, :3] @ path.w2c[:, :3, :3].mT - torch.eye(3, dtype=torch.float64)
    assert error.abs().max() < 1e-13


@pytest.mark.parametrize("preset", PRESETS)
def test_a_single_frame_is_the_start(preset):
    if preset in ("out_and_back", "full_loop"):
        with pytest.raises(SpatiaError, match="at least 3"):
            preset_path(preset, somewhere(), 1)
    else:
        assert same(preset_path(preset, somewhere(), 1), somewhere())


def test_signs():
    start = at_origin()

    def end(preset, **options):
        return preset_path(preset, start, 5, angle=30, distance=0.5, depth=2, **options).select(-1)

    sin, cos = math.sin(math.radians(30)), math.cos(math.radians(30))
    near = dict(atol=1e-12, rtol=0)
    torch.testing.assert_close(forward(end("pan"))[0], torch.tensor([sin, 0, cos], dtype=torch.float64), **near)
    torch.testing.assert_close(forward(end("tilt"))[0], torch.tensor([0, -sin, cos], dtype=torch.float64), **near)
    # Clockwise roll: the camera's right hand goes down.
    torch.testing.assert_close(end("roll").w2c[0, 0, :3], torch.tensor([cos, sin, 0], dtype=torch.float64), **near)
    assert end("dolly").centers.tolist() == [[0, 0, 1]]
    assert end("truck").centers.tolist() == [[1, 0, 0]]
    assert end("pedestal").centers.tolist() == [[0, -1, 0]]
    orbit = end("orbit")
    torch.testing.assert_close(orbit.centers[0], torch.tensor([2 * sin, 0, 2 - 2 * cos], dtype=torch.float64), **near)


@pytest.mark.parametrize("preset", ["orbit", "spiral", "full_loop"])
def test_pivot_stays_in_the_middle(preset):
    start = somewhere()
    depth = 2.5
    pivot = start.c2w[0, :3, 3] + depth * start.c2w[0, :3, 2]
    path = preset_path(preset, start, 13, angle=150, distance=0.6, depth=depth)
    away = pivot - path.centers
    torch.testing.assert_close(forward(path), away / away.norm(dim=1, keepdim=True), atol=1e-12, rtol=0)
    if preset == "orbit":
        torch.testing.assert_close(away.norm(dim=1), torch.full((13,), depth, dtype=torch.float64), atol=1e-12, rtol=0)


def test_full_loop_reaches_its_distance_and_rises():
    path = preset_path("full_loop", at_origin(), 41, distance=0.5, depth=4, easing="linear")
    away = path.centers.norm(dim=1)
    assert math.isclose(float(away.max()), 2.0) and int(away.argmax()) == 20
    assert path.centers[20, 1] < 0  # half way round the camera is above its start
    assert path.centers[5, 0] > 0  # it leaves to the right


def test_dolly_zoom_keeps_the_pivot_plane():
    start = at_origin()
    path = preset_path("dolly_zoom", start, 9, distance=0.6, depth=2)
    point = torch.tensor([[0.4, -0.3, 2.0]], dtype=torch.float64)
    uv = torch.cat([project(point, path.w2c[i], path.K(90, 160)[i])[0] for i in range(9)])
    torch.testing.assert_close(uv, uv[:1].expand(9, 2), atol=1e-10, rtol=0)
    assert path.intrinsics[-1, 0] < path.intrinsics[0, 0]


@pytest.mark.parametrize("frames", [3, 8, 41])
@pytest.mark.parametrize("base", BASE_MOTIONS)
def test_out_and_back_returns_the_way_it_came(base, frames):
    path = preset_path("out_and_back", somewhere(), frames, angle=70, distance=0.5, depth=2, base=base)
    assert same(path.select(0), path.select(-1))
    torch.testing.assert_close(path.w2c.flip(0), path.w2c, atol=0, rtol=0)
    if base != "static":
        one_way = preset_path(base, somewhere(), 2, angle=70, distance=0.5, depth=2)
        if frames % 2:
            torch.testing.assert_close(path.w2c[frames // 2], one_way.w2c[-1], atol=1e-12, rtol=0)


def test_full_loop_returns_exactly():
    path = preset_path("full_loop", somewhere(), 20, depth=2)
    assert same(path.select(0), path.select(-1))


def test_distance_scales_with_depth():
    near, far = (preset_path("spiral", at_origin(), 7, depth=d) for d in (1.0, 10.0))
    torch.testing.assert_close(far.centers, 10 * near.centers)
    torch.testing.assert_close(far.w2c[:, :3, :3], near.w2c[:, :3, :3])


def test_easing():
    linear = preset_path("truck", at_origin(), 5, distance=1, easing="linear").centers[:, 0]
    smooth = preset_path("truck", at_origin(), 5, distance=1, easing="smooth").centers[:, 0]
    assert linear.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert smooth[1] < 0.25 and smooth[3] > 0.75 and smooth[4] == 1 and smooth[2] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(preset="zoom"), "preset is 'zoom'"),
        (dict(easing="bouncy"), "easing"),
        (dict(base="full_loop", preset="out_and_back"), "base_motion"),
        (dict(frames=0), "frames: 0 was given"),
        (dict(depth=0.0), "depth"),
        (dict(depth=math.nan), "depth"),
        (dict(angle=math.inf), "angle: inf was given"),
        (dict(preset="pan", angle=1e300), "angle: 1e+300 was given"),
        (dict(preset="spiral", turns=10**400), "turns: 1000"),
        (dict(preset="dolly", distance=1e308, depth=1e6), "distance: 1e+308 was given"),
        (dict(preset="dolly", distance=1e5, depth=1e6), "farther from the origin"),
        (dict(preset="dolly_zoom", distance=-1e6), "focal length out of range"),
        (dict(preset="spiral", depth=1e-300), "depth: 1e-300 was given"),
        (dict(frames=10**9), "frames: 1000000000 was given"),
        (dict(frames=10**5000), "frames: a number of thousands of digits was given"),
        (dict(preset="dolly_zoom", distance=1.0), "reaches the pivot"),
        (dict(start=make_cameras(random_poses(2), [1, 1, 0.5, 0.5])), "2 start cameras"),
    ],
)
def test_bad_presets_are_refused(options, message):
    arguments = dict(preset="truck", start=at_origin(), frames=5) | options
    with pytest.raises(SpatiaError) as refusal:
        preset_path(**arguments)
    assert message in str(refusal.value)


LINES = """
# frame right up forward yaw pitch roll zoom
0  0   0   0    0   0  0
10 0.5 0.1 0.2  20 10 -5 2
20 1   0   0.4  40  0  0
"""
JSON = """[{"frame": 10, "right": 0.5, "up": 0.1, "forward": 0.2, "yaw": 20, "pitch": 10, "roll": -5, "zoom": 2},
           {"frame": 20, "right": 1, "forward": 0.4, "yaw": 40}]"""


def test_keyframes_are_met_and_both_texts_agree():
    path = validated(keyframe_path(LINES, at_origin(), 25, depth=2))
    assert same(path, keyframe_path(JSON, at_origin(), 25, depth=2))
    assert same(path.select(0), at_origin())
    torch.testing.assert_close(
        path.centers[10], torch.tensor([1.0, -0.2, 0.4], dtype=torch.float64), atol=1e-12, rtol=0
    )
    torch.testing.assert_close(path.centers[20], torch.tensor([2.0, 0, 0.8], dtype=torch.float64), atol=1e-12, rtol=0)
    a = math.radians(40)
    torch.testing.assert_close(
        forward(path)[20], torch.tensor([math.sin(a), 0, math.cos(a)], dtype=torch.float64), atol=1e-12, rtol=0
    )
    torch.testing.assert_close(path.intrinsics[10, :2], 2 * path.intrinsics[0, :2])
    torch.testing.assert_close(path.intrinsics[5, :2], math.sqrt(2) * path.intrinsics[0, :2])
    # After the last keyframe the camera rests.
    assert torch.equal(path.w2c[21:], path.w2c[20:21].expand(4, 4, 4))


def test_keyframes_move_at_constant_speed_on_a_line():
    path = keyframe_path("5 1 0 0 10 0 0\n10 2 0 0 20 0 0\n20 4 0 0 40 0 0", at_origin(), 21)
    torch.testing.assert_close(path.centers[:, 0], torch.arange(21, dtype=torch.float64) / 5, atol=1e-12, rtol=0)
    yaw = torch.atan2(forward(path)[:, 0], forward(path)[:, 2])
    torch.testing.assert_close(torch.rad2deg(yaw), torch.arange(21, dtype=torch.float64) * 2, atol=1e-9, rtol=0)


def test_keyframe_angles_agree_with_the_presets():
    for preset, column in (("pan", "yaw"), ("tilt", "pitch"), ("roll", "roll")):
        keyed = keyframe_path(f'[{{"frame": 4, "{column}": 33}}]', somewhere(), 5)
        torch.testing.assert_close(
            keyed.w2c, preset_path(preset, somewhere(), 5, angle=33, easing="linear").w2c, atol=1e-12, rtol=0
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("# nothing", "no keyframe"),
        ("[]", "no keyframe"),
        ("1 2 3", "Line 1"),
        ("1 a 0 0 0 0 0", "Line 1"),
        ("[{]", "no valid JSON"),
        ("[1]", "Keyframe 1"),
        ('[{"frame": 1, "x": 2}]', "unknown keys ['x']"),
        ('[{"frame": 1, "yaw": "2"}]', "yaw '2', expected a finite number"),
        ('[{"frame": 1, "yaw": NaN}]', "NaN"),
        ("1.5 0 0 0 0 0 0", "whole number"),
        ("-1 0 0 0 0 0 0", "whole number"),
        ("5 0 0 0 0 0 0\n5 1 0 0 0 0 0", "rising order"),
        ("5 0 0 0 0 0 0 0", "zoom"),
        ("5 0 0 0 350 0 0", "180 degrees"),
        ("0 1 0 0 0 0 0\n5 0 0 0 0 0 0", "frame 0"),
        ("30 1 0 0 0 0 0", "path of 20 frames"),
        ("5 0 0 -1e39 0 0 0", "Line 1 of the keyframes has forward -1e+39"),
        ("5 1e308 0 0 0 0 0\n9 -1e308 0 0 0 0 0", "Line 1 of the keyframes has right"),
        ("5 0 0 0 1e300 0 0", "Line 1 of the keyframes has yaw"),
        ("5 0 0 0 0 0 0 1e-300", "Line 1 of the keyframes has zoom"),
        ("5 0 0 0 0 0 0 1e7", "focal length out of range"),
        ("5 0 0 0 1_0 0 0", "Line 1"),
        ("5 0 0 0 \u0661 0 0", "Line 1"),
        ("9" * 400 + " 0 0 0 0 0 0", "Line 1"),
        ("9" * 5000 + " 0 0 0 0 0 0", "Line 1"),
        ('[{"frame": ' + "9" * 400 + "}]", "400 digits"),
        ('[{"frame": ' + "9" * 5000 + "}]", "5000 digits"),
        ("[" * 100_000, "nested"),
        ('[{"frame": 1, "fov": 5e-324}]', "Keyframe 1 has fov"),
        ('[{"frame": 100000}]', "Keyframe 1 has frame 100000"),
        ('{"version": true, "keyframes": [{"frame": 1}]}', "version True"),
        ("\n" * (5 << 20) + "x", "characters"),
        ("[" + "{}," * 100_000 + "{}]", "More than 100000 keyframes"),
    ],
)
def test_bad_keyframes_are_refused(text, message):
    with pytest.raises(SpatiaError) as refusal:
        keyframe_path(text, at_origin(), 20)
    assert message in str(refusal.value)


def test_a_path_that_leaves_the_scene_on_its_way_is_refused():
    """Catmull-Rom swings beyond keyframes that are within the range themselves."""
    with pytest.raises(SpatiaError, match="Camera 2 is farther .*correct keyframes or depth"):
        keyframe_path("1 1e9 0 0 0 0 0\n20 1e9 0 0 0 0 0", at_origin(), 25)
    edge = keyframe_path("24 1e9 0 0 0 0 0", at_origin(), 25)
    with pytest.raises(SpatiaError, match="one of the two paths"):
        continue_path(edge, edge)
    with pytest.raises(SpatiaError, match="correct scale"):
        scale_path(edge, 10**20)
    with pytest.raises(SpatiaError, match="where it is to end"):
        close_loop(edge, "blend", target=at_origin()._replace(intrinsics=edge.intrinsics[:1] * 1e30))
    for frames in (100_001, 10**400):
        with pytest.raises(SpatiaError, match="closing_frames|cameras was given"):
            close_loop(edge, "append", frames=frames)


def test_paths_of_poses_of_few_digits_can_be_joined_and_read_again():
    """Each is a rotation within the tolerance, their product is not."""
    poses = torch.diag(torch.tensor([1 + 4e-4] * 3 + [1.0])).repeat(2, 1, 1)
    rough = make_cameras(poses, [0.8, 1.2, 0.5, 0.5])
    other = rough._replace(w2c=rough.w2c.clone())
    other.w2c[0, :3, :3] = torch.eye(3) * (1 - 4e-4)
    joined = continue_path(rough, other)
    torch.testing.assert_close(make_cameras(joined.w2c, joined.intrinsics).w2c, joined.w2c)
    assert torch.equal(joined.w2c[:2], rough.w2c)


def test_continuing_a_path_joins_without_a_jump():
    first = preset_path("dolly_zoom", somewhere(), 7, distance=0.4, depth=2)
    second = preset_path("pan", at_origin(), 6, angle=50)
    joined = validated(continue_path(first, second))
    assert joined.count == 12
    assert same(joined.select(slice(0, 7)), first)
    # The relative motion is the second path's own.
    torch.testing.assert_close(joined.w2c[7:] @ first.c2w[-1], second.w2c[1:] @ second.c2w[0], atol=1e-12, rtol=0)
    torch.testing.assert_close(joined.intrinsics[7:], first.intrinsics[-1:].expand(5, 4))


def test_continuing_is_associative():
    a, b, c = (preset_path(p, somewhere(), 5, angle=40, distance=0.5, depth=2) for p in ("orbit", "truck", "spiral"))
    left, right = continue_path(continue_path(a, b), c), continue_path(a, continue_path(b, c))
    torch.testing.assert_close(left.w2c, right.w2c, atol=1e-12, rtol=0)


@pytest.mark.parametrize("mode", ["blend", "append"])
@pytest.mark.parametrize("target", [None, somewhere()])
def test_closing_a_loop_is_exact(mode, target):
    path = preset_path("dolly_zoom", at_origin(), 9, distance=0.4, depth=2)
    path = continue_path(path, preset_path("orbit", at_origin(), 9, angle=80, depth=2))
    closed = validated(close_loop(path, mode, frames=6, target=target))
    end = path.select(0) if target is None else target
    assert closed.count == (path.count if mode == "blend" else path.count + 6)
    assert same(closed.select(-1), end)
    assert same(closed.select(0), path.select(0))
    step = (closed.centers[1:] - closed.centers[:-1]).norm(dim=1)
    assert step.max() < 1.0 + (0 if target is None else float(end.centers.norm()))
    if mode == "append":
        assert same(closed.select(slice(0, path.count)), path)


def test_blending_a_closed_path_changes_nothing():
    path = preset_path("orbit", somewhere(), 13, angle=360, depth=2, easing="linear")
    closed = close_loop(path, "blend")
    torch.testing.assert_close(closed.w2c, path.w2c, atol=1e-12, rtol=0)
    assert same(closed.select(-1), closed.select(0))


def test_bad_closings_are_refused():
    with pytest.raises(SpatiaError, match="closing_frames"):
        close_loop(at_origin(), "append")
    with pytest.raises(SpatiaError, match="at least 2"):
        close_loop(at_origin(), "blend")
    with pytest.raises(SpatiaError, match="close_loop"):
        close_loop(at_origin(), "jump")


def test_scaling_the_world_keeps_rotations_and_scales_centres():
    path = preset_path("spiral", somewhere(), 8, depth=2)
    scaled = scale_path(path, 3.0)
    torch.testing.assert_close(scaled.centers, 3 * path.centers, atol=1e-12, rtol=0)
    assert torch.equal(scaled.w2c[:, :3, :3], path.w2c[:, :3, :3]) and torch.equal(scaled.intrinsics, path.intrinsics)
    with pytest.raises(SpatiaError, match="scale"):
        scale_path(path, 0)


def test_scene_depth_is_the_front_surface_of_what_is_seen():
    camera = make_cameras(torch.eye(4)[None], [1, 1, 0.5, 0.5])
    u, v = torch.meshgrid(torch.linspace(-0.49, 0.49, 128), torch.linspace(-0.49, 0.49, 128), indexing="ij")
    wall = torch.stack([u * 3, v * 3, torch.full_like(u, 3.0)], dim=-1).reshape(-1, 3)
    hidden = wall * 2  # the same pixels, twice as far: must not count, however dense
    behind = wall * torch.tensor([1, 1, -1])
    cloud = torch.cat([wall, hidden, hidden, hidden, behind])
    assert math.isclose(scene_depth(cloud, camera), 3.0)
    with pytest.raises(SpatiaError, match="sees none"):
        scene_depth(behind, camera)
    with pytest.raises(SpatiaError, match="sees none"):
        scene_depth(torch.zeros(0, 3), camera)


# --- the versioned text of the editor ---


def test_scene_units_and_depth_fractions_are_the_same_path():
    fractions = '[{"frame": 8, "right": 0.5, "up": -0.25, "yaw": 30}]'
    scene = (
        '{"version": 1, "units": "scene", "keyframes": [{"frame": 0}, {"frame": 8, "right": 2, "up": -1, "yaw": 30}]}'
    )
    first, second = (keyframe_path(text, at_origin(), 9, depth=4.0) for text in (fractions, scene))
    torch.testing.assert_close(first.w2c, second.w2c)
    assert parse_keyframe_path(scene).units == "scene" and parse_keyframe_path(fractions).units == "depth"


def test_easing_is_of_the_segment_that_ends_at_the_keyframe():
    def along(easing):
        text = f'[{{"frame": 10, "forward": 1}}, {{"frame": 20, "forward": 2, "easing": "{easing}"}}]'
        path = keyframe_path(text, at_origin(), 21)
        return (path.centers - path.centers[0]).norm(dim=1)

    even = along("linear")
    torch.testing.assert_close(even, torch.arange(21, dtype=torch.float64) / 10)
    for easing, middle in (("smooth", 1.5), ("ease_in", 1.25), ("ease_out", 1.75)):
        eased = along(easing)
        torch.testing.assert_close(eased[:11], even[:11])
        assert eased[15] == pytest.approx(middle) and eased[20] == pytest.approx(2)
        assert (eased.diff() > 0).all()


def test_a_field_of_view_is_that_of_the_frame():
    path = keyframe_path('[{"frame": 10, "fov": 40}]', at_origin(), 11)
    assert 2 * math.degrees(math.atan(0.5 / float(path.intrinsics[10, 0]))) == pytest.approx(40)
    ratio = at_origin().intrinsics[0, 1] / at_origin().intrinsics[0, 0]
    torch.testing.assert_close(path.intrinsics[:, 1] / path.intrinsics[:, 0], ratio.expand(11))


@pytest.mark.parametrize(("text", "message"), [
    ('{"version": 2, "keyframes": []}', "version 2"), ('{"version": 1, "keyframes": {}}', "version 1"),
    ('{"version": 1, "units": "feet", "keyframes": [{"frame": 1}]}', "'feet'"),
    ('[{"frame": 1, "fov": 180}]', "fov 180, expected a finite number"),
    ('[{"frame": 1, "fov": 40, "zoom": 2}]', "both zoom and fov"), ('[{"frame": 1, "easing": "bounce"}]', "'bounce'"),
    ('[{"frame": 0, "fov": 50}, {"frame": 3}]', "frame 0 moves"),
])  # fmt: skip
def test_bad_editor_texts_are_refused(text, message):
    with pytest.raises(SpatiaError, match=message):
        keyframe_path(text, at_origin(), 9)


def test_travelling_to_a_goal_is_exact_at_both_ends():
    goal = preset_path("orbit", at_origin(), 2, angle=50.0, depth=2.0).select(1)
    path = travel_path(at_origin(), goal, 9)
    assert torch.equal(path.w2c[0], at_origin().w2c[0]) and torch.equal(path.w2c[-1], goal.w2c[0])
    # Straight: every centre lies between the ends.
    ends = goal.centers[0] - path.centers[0]
    share = (path.centers - path.centers[0]) @ ends / (ends @ ends)
    torch.testing.assert_close(path.centers, path.centers[0] + share[:, None] * ends)
    with pytest.raises(SpatiaError, match="at least 2"):
        travel_path(at_origin(), goal, 1)
