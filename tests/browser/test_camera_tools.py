"""The path editor's tools in the real page: grid and orientation gizmo, glTF cameras, snapping, the curve of speed."""

import pytest
import torch

pytestmark = [pytest.mark.integration, pytest.mark.browser]
POSE = ("right", "up", "forward", "yaw", "pitch", "roll", "zoom", "fov")


@pytest.fixture(scope="module")
def tools(run_page_script) -> dict:
    return run_page_script("camera_tools.mjs", settings={"Comfy.VueNodes.Enabled": False}, patience=900)


def pose(key: dict) -> list:
    return [key[name] for name in POSE]


def near(a: list, b: list, tolerance: float) -> bool:
    return torch.allclose(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64), atol=tolerance)


def test_the_view_turns_along_an_axis_and_the_grid_is_remembered(tools):
    guides = tools["guides"]
    for side, forward in {"above": [0, 1, 0], "right": [-1, 0, 0], "behind": [0, 0, 1]}.items():
        assert guides["looks"][side] == pytest.approx(forward, abs=0.02)
    assert guides["first"] is True and guides["kept"] == "off" and guides["corner"] is False


def test_an_animated_camera_is_written_read_and_undone(tools):
    animated = tools["animated"]
    assert animated["name"] == "cameras.glb" and animated["magic"] == "glTF"
    # As few keyframes as follow it within 0.2 % of the depth.
    assert len(animated["after"]) == len(animated["before"]) and near(animated["after"], animated["before"], 0.004)
    assert near(animated["undone"], animated["before"], 1e-9)
    assert len(animated["chosen"]) == 1


def test_a_dragged_keyframe_becomes_an_earlier_pose(tools):
    snapping = tools["snapping"]
    goal = pose(snapping["before"][1])
    for moment in ("snapped", "dropped", "arrow"):
        keys = snapping[moment]
        assert pose(keys[-1]) == pose(keys[1]) == goal and keys[-1]["frame"] == snapping["before"][-1]["frame"]
        assert keys[:-1] == snapping["before"][:-1]
    assert snapping["name"].startswith("pose of frame") and snapping["named"] is False and snapping["gone"] is True
    for moment in ("free", "away"):
        key, was = snapping[moment][-1], snapping["before"][-1]
        assert pose(key)[:3] != goal[:3] and [key["zoom"], key["fov"]] == [was["zoom"], was["fov"]]
        assert key["yaw"] == pytest.approx(was["yaw"])
    assert snapping["undone"] == snapping["before"]
    # The cameras too, not only the numbers of the keyframes.
    frames = [key["frame"] for key in snapping["dropped"]]
    assert near(snapping["path"][frames[-1]], snapping["path"][frames[1]], 1e-12)


def test_a_touch_where_an_earlier_one_stands_keeps_its_direction(tools):
    assert tools["snapping"]["touched"][-1]["yaw"] == pytest.approx(-40)


def test_turned_on_an_earlier_spot_it_is_not_held_back(tools):
    snapping = tools["snapping"]
    arrow, ring = snapping["arrow"][-1], snapping["ring"][-1]
    assert pose(ring)[:3] == pytest.approx(pose(arrow)[:3]) and abs(ring["yaw"] - arrow["yaw"]) > 10


def test_a_part_of_the_way_is_dragged_slower_and_faster(tools):
    speeds = tools["speeds"]
    frames = {name: [key["frame"] for key in speeds[name]["keys"]] for name in ("before", "slower", "faster", "undone")}
    span = frames["before"][2] - frames["before"][1]
    for name, wanted in {"slower": 2 * span, "faster": span / 2}.items():
        shift = frames[name][2] - frames["before"][2]
        assert frames[name][2] - frames[name][1] == pytest.approx(wanted, abs=1)
        assert frames[name] == [frame + shift * (i >= 2) for i, frame in enumerate(frames["before"])]
        assert speeds[name]["frames"] == speeds["before"]["frames"] + shift
    assert speeds["undone"] == speeds["before"] and speeds["scrubbed"] == speeds["spot"]
    assert "times the mean" in speeds["title"]
    for name, shift in {"longer": 11, "shorter": 10}.items():
        keys = [key["frame"] for key in speeds[name]["keys"]]
        assert keys == [frame + shift * (i >= 2) for i, frame in enumerate(frames["before"])], name
        assert speeds[name]["frames"] == speeds["before"]["frames"] + shift
    assert speeds["shorter"]["frame"] == speeds["spot"]


def test_even_speed_makes_every_frame_as_long(tools):
    before, even = (tools["speeds"][name] for name in ("before", "even"))
    assert max(even["moves"][1:]) < 1.3 * min(even["moves"][1:])
    assert max(before["moves"][1:]) > 4 * min(before["moves"][1:])
    assert even["frames"] == before["frames"] and even["keys"][-1]["frame"] == before["keys"][-1]["frame"]
