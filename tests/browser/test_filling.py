"""The cloud editor in the real page: the place of a removed thing is filled, and shown with and without."""

import json

import pytest
import torch
from edit_vectors import VOXEL, furnished

from spatia_core.cameras import make_cameras, preset_path
from spatia_core.cloud.edit import Scene, apply_edits
from spatia_core.memory import Clip, HeldFrames, memory_of_image, save_memory
from spatia_core.memory.clip import no_change
from spatia_core.render.soft import render_soft

pytestmark = [pytest.mark.integration, pytest.mark.browser]
REMOVED = [
    {
        "do": "remove",
        "select": {
            "shape": "intersection",
            "of": [
                {"shape": "box", "center": [0.2, 0.7, 2.0], "size": [0.66, 0.66, 0.66]},
                {"shape": "plane", "point": [0, 1, 2], "normal": [0, 1, 0], "distance": 0.02, "invert": True},
            ],
        },
    }
]


@pytest.fixture(scope="module")
def memory(page_server):
    cloud = furnished()
    cloud = cloud._replace(view=torch.zeros_like(cloud.view))
    cameras = preset_path("truck", make_cameras(torch.eye(4)[None], [0.9, 1.35, 0.5, 0.5]), 3, distance=0.1, depth=2.0)
    frames = render_soft(cloud.positions, cloud.colors, cameras, 128, 192, radius=0.03).image
    made = memory_of_image(frames[0], cameras.select(0), cloud, VOXEL)
    made = made._replace(
        clips=(*made.clips, Clip(HeldFrames(frames[1:]), cameras.select(slice(1, None)), 1, no_change(cloud.size)))
    )
    save_memory(made, page_server.base / "input" / "furnished.spatia")
    return made


@pytest.fixture(scope="module")
def told(run_page_script, memory) -> dict:
    return run_page_script(
        "fill.mjs", patience=900, settings={"Comfy.VueNodes.Enabled": True}, file="furnished.spatia", edits=json.dumps(REMOVED)
    )  # fmt: skip


def test_the_place_is_filled_as_the_node_fills_it(told, memory):
    scene = Scene(
        memory.cameras, voxel_size=memory.voxel_size, size=(memory.height, memory.width), clip=memory.clip_of_frame
    )
    for fill in ("plane", "neighbours"):
        edits = json.loads(told[fill]["edits"])
        assert edits == [REMOVED[0] | {"fill": fill}] and told[fill]["failures"] == [None]
        new = apply_edits(memory.cloud, edits, scene).cloud.size - told["network"]["points"]
        assert told[fill]["points"] - told["network"]["points"] == pytest.approx(new, rel=0.03)
    assert "filled in" in told["report"]


def test_both_projections_are_shown(told):
    assert not told["network"]["two"] and len(told["network"]["shares"]) == 1
    for fill in ("plane", "neighbours"):
        filled, without = told[fill]["shares"]
        assert told[fill]["two"] and without == told["network"]["shares"][0] and filled >= without + 5


def test_undo_and_the_choice_of_nothing(told):
    assert told["undone"]["edits"] == told["plane"]["edits"] == told["again"]["edits"]
    assert json.loads(told["back"]["edits"]) == REMOVED and told["back"]["points"] == told["network"]["points"]


def test_the_memory_held_is_told(told):
    assert told["network"]["memory"].startswith("Memory held: ")
