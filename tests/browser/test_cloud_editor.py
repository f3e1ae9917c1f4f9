"""The cloud editor in the real page: what is drawn with the mouse is what the node removes, moves and recolours."""

import json

import pytest
import torch
from PIL import Image
from small_room import BALL, BOX, RADIUS, SIDE, small_room

from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.edit import Scene, apply_edits, select
from spatia_core.cloud.ply import write_ply
from spatia_core.memory import load_memory
from spatia_core.render.soft import render_soft

pytestmark = [pytest.mark.integration, pytest.mark.browser]
# Points are drawn at 16 bits of their place: this share may fall on the other side of an outline.
QUANTISED = 0.005
# A file that has nothing to do with the scene's place.
PART = make_point_cloud(
    torch.rand(300, 3, generator=torch.Generator().manual_seed(2)) * 0.4 + 50.0,
    torch.full((300, 3), 200, dtype=torch.uint8),
)
# As it is named in the input folder; a second copy with the same content keeps its name.
FILES = {"spatia/part.ply": PART}


@pytest.fixture(scope="module")
def room(page_server):
    memory, owner = small_room(page_server.base / "input" / "room.spatia")
    return memory, owner


@pytest.fixture(scope="module")
def told(run_page_script, room, tmp_path_factory) -> dict:
    """What the page told while its editor was used, in Nodes 2.0; the path's editor is driven in the classic canvas."""
    part = tmp_path_factory.mktemp("part") / "part.ply"
    write_ply(PART, part)
    # The ball as the second frame shows it, white.
    memory, owner = room
    colors = (owner == 1).to(torch.uint8)[:, None].repeat(1, 3) * 255
    seen = render_soft(
        memory.cloud.positions, colors, memory.cameras.select(1), memory.height, memory.width, radius=0.03
    )
    mask = part.parent / "mask.png"
    Image.fromarray(((seen.image[0] > 127).to(torch.uint8) * 255).numpy()).save(mask)
    return run_page_script(
        "cloud_editor.mjs", patience=1500, settings={"Comfy.VueNodes.Enabled": True}, file="room.spatia",
        ball={"center": BALL.tolist(), "radius": RADIUS}, box={"front": [float(BOX[0]), float(BOX[1]), float(BOX[2]) - SIDE / 2], "middle": BOX.tolist()},
        floor=[0.0, 0.6, 1.6], part=str(part), mask=str(mask),
    )  # fmt: skip


def scene_of(memory) -> Scene:
    return Scene(
        memory.cameras, None, memory.voxel_size, None, FILES, (memory.height, memory.width), memory.clip_of_frame
    )


def last_selection(told: dict, step: str) -> dict:
    return json.loads(told[step]["edits"])[-1]["select"]


def test_the_scene_appears_after_this_node_ran(told, room):
    memory, _ = room
    assert told["empty"] == 1
    assert told["scene"]["points"] == memory.cloud.size and told["scene"]["edits"] == ""


def test_a_lasso_takes_the_front_of_the_ball_and_nothing_else(told, room):
    memory, owner = room
    mask = select(memory.cloud, last_selection(told, "removed"), scene_of(memory))
    assert (owner[mask] == 1).all(), owner[mask].bincount()
    # Nine tenths of the outline is 28 % of the ball's surface, less what its own slant hides.
    assert 0.18 * 5000 < int(mask.sum()) < 0.3 * 5000
    for step, count in (("lassoed", told["lassoed"]["selected"]), ("removed", told["removed"]["counts"][0])):
        assert count == pytest.approx(int(mask.sum()), rel=QUANTISED), step
    through = select(memory.cloud, last_selection(told, "removed") | {"through": True}, scene_of(memory))
    assert told["through"]["selected"] == pytest.approx(int(through.sum()), rel=QUANTISED)
    assert int((owner[through] == 1).sum()) > 1.6 * int(mask.sum())


def selected(room, selection: dict) -> torch.Tensor:
    memory, _ = room
    return select(memory.cloud, selection, scene_of(memory))


def test_the_brush_paints_strokes_that_add_up(told, room):
    _, owner = room
    tools = told["tools"]
    stroke = tools["stroke"]["selection"]
    assert stroke["shape"] == "union" and all(part["shape"] == "stroke" for part in stroke["of"])
    assert all(part["radius"] == pytest.approx(tools["radius"]) for part in stroke["of"]) and tools["circle"] > 5
    # Fewer points than places were looked up: a dozen moves, each of some twenty pixels.
    assert sum(len(part["points"]) for part in stroke["of"]) < 40
    mask = selected(room, stroke)
    assert tools["stroke"]["selected"] == pytest.approx(int(mask.sum()), rel=QUANTISED)
    assert int((owner[mask] == 1).sum()) > 200 and int((owner[mask] == 0).sum()) > 20
    # All of it lies on what the mouse went over, or within the radius.
    assert tools["dab"]["selected"] > tools["stroke"]["selected"]
    assert tools["taken"]["selected"] < tools["dab"]["selected"]
    assert tools["taken"]["selected"] == pytest.approx(
        int(selected(room, tools["taken"]["selection"]).sum()), rel=QUANTISED
    )
    assert tools["unpainted"]["parts"] == 0


def test_what_is_hidden_is_out_of_the_way(told, room):
    memory, owner = room
    tools = told["tools"]
    assert tools["hidden"]["hidden"] == tools["front"]["selected"] > 0 and tools["hidden"]["selected"] is None
    # Behind the front lies the back of the ball, or the wall: nothing of what is hidden.
    behind = selected(room, tools["behind"]["selection"])
    assert tools["behind"]["selected"] == pytest.approx(int(behind.sum()), rel=QUANTISED)
    assert (
        int(behind.sum()) > 0
        and not (behind & selected(room, tools["behind"]["selection"]["within"] | {"invert": False})).any()
    )
    assert (owner[behind] == 1).float().mean() > 0.5
    assert tools["both"]["hidden"] == tools["hidden"]["hidden"] + tools["behind"]["selected"]
    assert tools["drawn"] == memory.cloud.size - tools["both"]["hidden"]
    assert str(tools["both"]["hidden"]) in tools["both"]["told"]


def test_what_is_locked_is_drawn_and_not_selected(told, room):
    memory, owner = room
    tools = told["tools"]
    assert tools["lockedNow"]["locked"] == tools["sphere"]["selected"] > 0
    left = memory.cloud.size - tools["lockedNow"]["locked"] - tools["lockedNow"]["hidden"]
    assert tools["all"]["selected"] == left
    # Shown again, what was selected stays so, and the edit says it all without the page.
    assert (
        tools["shown"]["selected"] == left
        and tools["shown"]["hidden"] == 0
        and tools["shown"]["locked"] == tools["lockedNow"]["locked"]
    )
    select_all = json.loads(tools["recolored"]["edits"])[0]["select"]
    assert select_all == tools["shown"]["selection"]
    mask = selected(room, select_all)
    assert int(mask.sum()) == pytest.approx(left, rel=QUANTISED)
    assert not (owner[mask] == 2).any() and int((owner[~mask] == 1).sum()) > tools["front"]["selected"]
    # Undone: the edit, showing all, selecting all.
    assert tools["again"]["edits"] == "" and tools["again"]["hidden"] == tools["lockedNow"]["hidden"]


def test_a_mask_of_a_frame_selects_its_object(told, room):
    _, owner = room
    tools = told["tools"]
    lasso = tools["mask"]["selection"]
    mask = selected(room, lasso)
    assert lasso["shape"] == "lasso" and len(lasso["points"]) < 100
    assert tools["mask"]["selected"] == pytest.approx(int(mask.sum()), rel=QUANTISED)
    assert (owner[mask] == 1).float().mean() > 0.98
    assert "sam3.1_multiplex_fp16.safetensors" in tools["noWeights"] and "checkpoints" in tools["noWeights"]
    assert tools["end"]["parts"] == 0 and tools["end"]["hidden"] == 0 and tools["end"]["edits"] == ""


def test_undo_and_redo(told):
    assert told["undone"]["edits"] == "" and told["undone"]["selected"] == told["lassoed"]["selected"]
    assert told["redone"]["edits"] == told["removed"]["edits"] and told["redone"]["points"] == told["removed"]["points"]


def test_sphere_less_floor_and_its_cluster_is_the_box(told, room):
    memory, owner = room
    edits = json.loads(told["recolored"]["edits"])
    before = apply_edits(memory.cloud, edits[:1], scene_of(memory)).cloud
    left = owner[~select(memory.cloud, edits[0]["select"], scene_of(memory))]
    mask = select(before, edits[1]["select"], scene_of(memory))
    assert told["box"]["selected"] == pytest.approx(int(mask.sum()), rel=QUANTISED)
    assert (left[mask] == 2).all() and int(mask.sum()) > 0.85 * int((owner == 2).sum())
    assert told["sphere"]["selected"] > told["box"]["selected"] and edits[1]["color"] == "#20c040"


def test_the_gizmo_moves_along_its_axis(told):
    started, dragged, turned = (json.loads(told[step]["edits"])[2] for step in ("dragged", "dragged", "turned"))
    assert started["do"] == "transform"
    right, down, forward = dragged["move"]
    assert right > 0.02 and abs(down) < 1e-3 * right + 1e-6 and abs(forward) < 1e-3 * right + 1e-6
    assert turned["rotate"] == [0, 30, 0] and turned["move"] == dragged["move"]


def test_the_gizmo_scales_and_turns(told):
    turned, scaled, spun = (json.loads(told[step]["edits"])[2] for step in ("turned", "scaled", "spun"))
    assert scaled["scale"][1] != pytest.approx(1, abs=0.05) and [
        scaled["scale"][0],
        scaled["scale"][2],
    ] == pytest.approx([1, 1], abs=1e-6)
    assert scaled["move"] == pytest.approx(turned["move"], abs=1e-6)
    assert abs(spun["rotate"][1] - turned["rotate"][1]) > 3
    assert spun["rotate"][::2] == pytest.approx([0, 0], abs=1e-3)
    assert spun["move"] == pytest.approx(scaled["move"], abs=1e-6) and spun["scale"] == pytest.approx(
        scaled["scale"], abs=1e-6
    )
    assert told["unspun"]["edits"] == told["turned"]["edits"]


def test_off_order_and_before(told, room):
    memory, _ = room
    assert json.loads(told["off"]["edits"])[0]["off"] is True and told["off"]["counts"][0] is None
    assert told["off"]["points"] == told["before"] == memory.cloud.size
    assert [edit["do"] for edit in json.loads(told["later"]["edits"])] == ["recolor", "remove", "transform"]
    assert told["shown"] == told["later"]["points"] < memory.cloud.size
    assert told["preview"] == "2"


def test_an_inserted_file_stands_where_the_view_looks(told, room, page_server):
    edit = json.loads(told["inserted"]["edits"])[3]
    assert (
        edit["do"] == "merge"
        and edit["file"] == "spatia/part.ply"
        and (page_server.base / "input" / "spatia" / "part.ply").is_file()
    )
    assert (
        told["inserted"]["counts"][3] == PART.size and told["inserted"]["points"] == told["later"]["points"] + PART.size
    )
    x, y, z = told["target"]
    middle = (PART.positions.amin(0) + PART.positions.amax(0)) / 2 + torch.tensor(edit["move"])
    # three.js has y up and looks along -z.
    torch.testing.assert_close(middle, torch.tensor([x, -y, -z]), atol=1e-3, rtol=0)


def test_the_run_makes_the_scene_that_was_shown(told, room, page_server):
    memory, owner = room
    files = sorted((page_server.base / "output" / "edited").glob("*.spatia"))
    saved = load_memory(files[-1])
    edits = json.loads(told["inserted"]["edits"])
    expected = apply_edits(memory.cloud, edits, scene_of(memory))
    assert all(torch.equal(a, b) for a, b in zip(saved.cloud, expected.cloud))
    for shown, count in zip(told["inserted"]["counts"], expected.counts):
        assert shown == pytest.approx(count, rel=QUANTISED)
    # All that is gone is of the ball.
    gone = memory.cloud.size + PART.size - saved.cloud.size
    assert gone == expected.counts[1] and (owner[select(memory.cloud, edits[1]["select"], scene_of(memory))] == 1).all()


def test_a_reload_finds_everything_again(told):
    assert told["reloaded"]["edits"] == told["inserted"]["edits"]
    assert told["reloaded"]["counts"] == told["inserted"]["counts"] and told["rows"] == 4


def test_a_connected_list_wins_and_says_so(told):
    assert told["linked"] == 1 and told["locked"]


def test_it_follows_its_container(told):
    assert (
        told["narrow"]["canvas"] == pytest.approx(told["narrow"]["stage"], abs=1) and told["narrow"]["stage"][0] < 1000
    )


def test_tools_in_one_row_and_the_view_goes_to_the_selection(told):
    assert told["rowsOfTools"] == 1 and told["cutOff"] == [] and told["pointScale"] == 2
    x, y, z = told["framed"]
    assert max(abs(x), abs(-y - 0.2), abs(-z - 2)) < 0.5


def test_escape_clears_then_asks_and_discard_restores(told):
    assert told["cleared"]["parts"] == 0
    assert len(json.loads(told["deleted"]["edits"])) == 3
    assert told["discarded"]["edits"] == told["reloaded"]["edits"]
