"""The tables of the small bundle: scenes, what is measured on them, and what becomes of the figures. No video is made here."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "training"


@pytest.fixture(scope="module")
def tables(pack):
    sys.path.insert(0, str(SCRIPTS))
    yield importlib.import_module("tables")
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def scenes(tables):
    return importlib.import_module("scenes")


@pytest.fixture(scope="module")
def scene(scenes):
    return scenes.make_scene("moving", 1_000_000)


# --- scenes ---


def test_closed_seeds_end_where_they_began(scenes):
    seeds = scenes.held_out_seeds("closed", 3, 1_000_000)
    assert len(seeds) == 3 and seeds == sorted(seeds)
    for seed in seeds:
        path = scenes.clips.room_scene(seed)[1]
        np.testing.assert_allclose(path[-1], path[0], atol=1e-6)


def test_a_path_walked_again_returns_after_every_walk(scenes):
    _, path = scenes.walked_again(1_000_001, 3)
    assert len(path) == 25 + 5 * 16
    for end in (40, 72, 104):
        np.testing.assert_allclose(path[end], path[0], atol=1e-9)
    # The same way again, in 32 steps instead of 40.
    np.testing.assert_allclose(path[40 + 16], path[20], atol=1e-9)
    np.testing.assert_allclose(path[40 + 8], path[10], atol=1e-9)


# --- measures ---


def a_run(scenes, scene, frames, memory=None):
    clip = torch.ones(len(frames), dtype=torch.int32)
    return scenes.Run(frames, memory, memory, clip, [0, 0], [0.0, 0.0], [0.0, 0.0])


def test_a_moving_box_is_told_from_one_at_rest(scenes, scene):
    measures = scenes.Measures(None)
    cloud = SimpleNamespace(positions=torch.zeros(0, 3), size=0)
    memory = SimpleNamespace(cloud=cloud)
    true = measures.moving(scene, a_run(scenes, scene, scene.truth, memory))
    still = scenes.render_room(
        scene.room, scene.c2w, *scene.truth.shape[1:3], motion=np.repeat(scene.motion[:1], len(scene.c2w), 0)
    )
    frozen = measures.moving(scene, a_run(scenes, scene, torch.from_numpy(still.frames).float() / 255, memory))
    assert true["moves"] == 1 and true["likeness moving"] == pytest.approx(1, abs=0.02) and true["psnr static"] > 40
    assert frozen["moves"] == 0 and frozen["likeness frozen"] == pytest.approx(1, abs=0.02)
    assert true["left its place"] > 0.9 > 0.1 > frozen["left its place"]


def test_points_of_the_box_are_counted(scenes, scene):
    box = torch.from_numpy(scene.room.boxes[-1, :3] + scene.motion[20])
    floor = scene.room.boxes[0, 1] + scene.room.boxes[0, 4]
    points = torch.stack(
        [box, box + torch.tensor([0.0, 5.0, 0.0]), torch.tensor([float(box[0]), floor, float(box[2])])]
    ).float()
    assert scenes.points_of_box(SimpleNamespace(positions=points), scene) == 1


def test_the_camera_of_a_true_frame_is_the_requested_one(scenes, scene):
    bare = scene._replace(room=scene.room._replace(boxes=scene.room.boxes[:-1], materials=scene.room.materials[:-1]))
    image = scenes.render_room(bare.room, bare.c2w[8:9], 128, 192).frames[0] / 255.0
    turn, shift = scenes.camera_error(bare, image, 8)
    assert turn < 0.2 and shift < 0.01


def test_hidden_points_are_those_behind_the_surface(scenes, scene):
    depth = torch.from_numpy(scene.video.z_depth[0]).double()
    from spatia_pack.spatia_core.cameras.camera import unproject

    grid = unproject(depth, scene.cameras.K(128, 192)[0], scene.cameras.c2w[0])[::16, ::16].reshape(-1, 3)
    centre = scene.cameras.centers[0]
    assert scenes.clips.seen(grid, scene.video, scene.cameras, 0).all()
    assert not scenes.clips.seen(centre + 1.2 * (grid - centre), scene.video, scene.cameras, 0).any()
    assert not scenes.clips.seen(centre - (grid - centre), scene.video, scene.cameras, 0).any()


# --- figures ---

WITH = {"weights": "abc", "steps": 8}


def test_rows_are_found_again_and_one_that_was_cut_off_is_made_again(tables, tmp_path):
    rows = tables.Rows(tmp_path, WITH)
    rows.add("closed", "closed", 5, {"references": 4}, {"psnr_c": 20.5})
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write('{"with": {"weights"')  # killed here
    again = tables.Rows(tmp_path, WITH)
    assert again.get("closed", "closed", 5, {"references": 4}) == {"psnr_c": 20.5}
    assert again.get("closed", "closed", 5, {"references": 2}) is None
    for seed in (6, 7):
        again.add("closed", "closed", seed, {"references": 4}, {"psnr_c": float(seed)})
    assert len(tables.Rows(tmp_path, WITH).known) == 3
    assert tables.Rows(tmp_path, WITH | {"weights": "other"}).known == {}


def test_the_page_shows_a_table_and_its_comparison(tables):
    values = {"both": [30, 31, 32], "neither": [15, 16, 17]}
    figures = {row: [{"psnr_c": value} for value in each] for row, each in values.items()}
    text = "\n".join(tables.section("ablation", tables.TABLES["ablation"], figures))
    assert "| both | 31.00 (30.00 to 32.00) |" in text
    assert "both minus neither: 15.00 (15.00 to 15.00); the two means' intervals are apart" in text
    assert "lpips_c" not in text  # not measured


def test_every_table_is_of_settings_and_measures_that_exist(tables, scenes):
    for table in tables.TABLES.values():
        assert table.kind in scenes.KINDS and hasattr(scenes.Measures, table.measure)
        assert table.against is None or table.against in table.rows
        for changes in table.rows.values():
            json.dumps(scenes.Setting(**changes)._asdict())


# --- the pipeline's retrieval ---


def test_retrieval_by_the_modes_own_visibility_is_the_nodes(scenes, scene):
    pipeline = scenes.Pipeline()
    maker = scenes.Maker(pipeline)
    memory = maker._start(scene, scenes.Setting(depth="exact", moving="exact"))
    window = scene.cameras.select(slice(0, 25))
    maps = scenes.DepthMaps(torch.from_numpy(scene.video.z_depth[:25]), True, "ray-cast truth")
    memory = pipeline.remember(memory, scene.truth[:25], window, maps, torch.from_numpy(scene.video.moving[:25]))
    assert scenes.points_of_box(memory.cloud, scene) == 0
    window = scene.cameras.select(slice(16, 41))
    for mode, visibility in (("paper_iou", "precise"), ("release_hungarian", "release")):
        pipeline.retrieval, pipeline.visibility = mode, None
        by_node = pipeline.retrieve(memory, window)
        pipeline.visibility = visibility
        assert len(by_node) and torch.equal(by_node, pipeline.retrieve(memory, window))
    whole = scenes.DepthMaps(torch.from_numpy(scene.video.z_depth[:25]), True, "ray-cast truth")
    rebuilt = pipeline.rebuild(memory, whole, torch.from_numpy(scene.video.moving[:25]))
    # After one clip there is nothing to build otherwise: it is one long clip again.
    assert torch.equal(rebuilt.cloud.positions, memory.cloud.positions)
    assert torch.equal(rebuilt.clip_of_frame, memory.clip_of_frame)
