"""Drawn sets in the formats of public ones: the same bytes twice, read by our own readers, poses that are those of the pictures."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from spatia_pack.spatia_core.cameras.camera import project, unproject
from spatia_pack.spatia_core.errors import SpatiaError
from spatia_pack.training.data import public_sets
from spatia_pack.training.data.videos import PosedVideo, find_videos

from tools.scene_list import read_scenes

pytestmark = [pytest.mark.slow, pytest.mark.long(300, "a set is drawn twice, 100 frames and more at 640x360 each time")]
SEED, SCENES = 1_400_000, 2
STAND_IN = Path(__file__).resolve().parent.parent / "training" / "stand_in.py"


def drawn(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, STAND_IN, folder, "--scenes", str(SCENES), "--first-seed", str(SEED)], check=True, timeout=200
    )
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("sets") / "once")


def reprojected_difference(video: PosedVideo, depth: np.ndarray, view: int) -> float:
    """Mean difference, of 255, of frame 0 and of frame `view` where the latter shows the same surface as the former.

    depth: (2, H, W) of frames 0 and `view`, in the video's unit.
    """
    height, width = depth.shape[1:]
    K, first, other = video.cameras.K(height, width), video.cameras.select(0), video.cameras.select(view)
    points = unproject(torch.from_numpy(depth[0]).double(), K[0], first.c2w[0])
    uv, z = project(points.reshape(-1, 3), other.w2c[0], K[view])
    column, row = uv.floor().long().unbind(-1)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (z > 0)
    column, row, z = column[inside], row[inside], z[inside]
    seen = (torch.from_numpy(depth[1])[row, column] / z - 1).abs() < 0.02
    assert seen.float().mean() > 0.3
    here, there = video.frames[0].reshape(-1, 3)[inside][seen], video.frames[view][row[seen], column[seen]]
    return float((here.float() - there.float()).abs().mean())


def true_depth(index: int, cameras, view: int) -> np.ndarray:
    """(2, 352, 640) of frames 0 and `view` of a video by its number, cut in the middle as the frames are, in the unit of its cameras."""
    seed = SEED + public_sets._VIDEOS + index
    room, path, _ = public_sets.room_scene(
        seed, frames=public_sets.FRAMES, kind=public_sets.KINDS[index], least_reach=public_sets.LEAST_REACH
    )
    metres = np.linalg.norm(path[view, :3, 3] - path[0, :3, 3])
    unit = float((cameras.centers[view] - cameras.centers[0]).norm()) / metres
    video = public_sets.render_room(room, path[[0, view]], public_sets.HEIGHT, public_sets.WIDTH, supersample=1)
    return video.z_depth[:, 4:-4] * np.float32(unit)


def test_the_same_bytes_twice_and_a_folder_in_use_is_refused(sets, tmp_path):
    again = drawn(tmp_path / "again")
    files = sorted(path.relative_to(sets) for path in sets.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert [name for name in files if (sets / name).read_bytes() != (again / name).read_bytes()] == []
    with pytest.raises(SpatiaError, match="holds something"):
        public_sets.draw_sets(again, SCENES, SEED)
    with pytest.raises(SpatiaError, match="0 scenes were asked for"):
        public_sets.draw_sets(tmp_path / "none", 0, SEED)
    refused = subprocess.run(
        [sys.executable, STAND_IN, tmp_path / "none", "--first-seed", "3"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2 and "are trained on" in refused.stderr


def test_realestate10k_is_the_same_in_its_three_formats(sets):
    chunks = find_videos([f"re10k_chunks:{sets / 're10k'}"])
    seva = find_videos([f"clips:{sets / 're10k_seva'}"])
    original = find_videos([f"realestate10k:{sets / 're10k_original'}"])
    index = json.loads((sets / "re10k" / "evaluation_index_re10k.json").read_text())
    assert len(chunks) == SCENES + 1 and {source.name for source in chunks} == {f"test__{key}" for key in index}
    assert len(seva) == len(original) == SCENES
    for number in range(SCENES):
        ours, exact, plain = (source[number].load(640, 352, 1) for source in (chunks, seva, original))
        assert chunks[number].name == f"test__{seva[number].name}" and seva[number].name == original[number].name
        assert torch.equal(exact.frames, plain.frames) and torch.allclose(exact.cameras.w2c, plain.cameras.w2c)
        assert torch.allclose(ours.cameras.w2c, plain.cameras.w2c, atol=1e-5)
        assert torch.allclose(exact.cameras.intrinsics, plain.cameras.intrinsics)
        assert (ours.frames.float() - plain.frames.float()).abs().mean() < 2
        key = seva[number].name
        given, asked = index[key]["context"], index[key]["target"]
        assert 0 <= given[0] < asked[0] <= asked[1] <= asked[2] < given[1] < ours.cameras.count
        split = json.loads((sets / "re10k_seva" / key / "train_test_split_1.json").read_text())
        assert split["train_ids"] == [0] and max(split["test_ids"]) < exact.cameras.count
        assert json.loads((sets / "re10k_seva" / key / "transforms.json").read_text())["orientation_override"] == "none"
    assert chunks[-1].load(640, 352, 1).cameras.count < 10 and index[chunks[-1].name.removeprefix("test__")] is None


def test_poses_are_those_of_the_pictures(sets):
    """Exact depth takes a frame's pixels to where another frame shows them, with the lens and the poses of the files."""
    for number, source in enumerate(find_videos([f"realestate10k:{sets / 're10k_original'}"])):
        video, view = source.load(640, 352, 1), 24
        depth = true_depth(number, video.cameras, view)
        right = reprojected_difference(video, depth, view)
        assert right < 6
        assert float((video.frames[0].float() - video.frames[view].float()).abs().mean()) > 3 * right


def test_worldscore_s_entries_name_what_lies_there(sets):
    root = sets / "WorldScore-Dataset"
    for movement in ("static", "dynamic"):
        entries = json.loads((root / movement / f"{movement}.json").read_text())
        styles = [json.loads((root / movement / f"{style}.json").read_text()) for style in public_sets.STYLES]
        assert len(entries) == SCENES and sorted(map(str, itertools.chain(*styles))) == sorted(map(str, entries))
        for entry in entries:
            assert entry["visual_movement"] == movement
            with Image.open(root / entry["image"]) as picture:
                size = picture.size
                assert size in public_sets.IMAGE_SIZES and picture.mode == "RGB"
            if movement == "static":
                assert Path(entry["image"]).parent.name == entry["category"]
                assert len(entry["prompt_list"]) == len(entry["content_list"]) == len(entry["camera_path"]) + 1
                assert set(entry["camera_path"]) <= set(public_sets.MOTIONS)
            else:
                assert Path(entry["image"]).parent.name == entry["motion_type"] and entry["camera_path"] == ["fixed"]
                (mask,) = entry["masks"]
                with Image.open(root / mask) as picture:
                    moving = np.array(picture)
                    assert picture.size == size
                assert set(np.unique(moving)) == {0, 255} and 0.01 <= (moving > 0).mean() < 0.5
    assert {len(entry["camera_path"]) for entry in json.loads((root / "static" / "static.json").read_text())} == {1, 3}


def test_the_list_of_memorize_when_needed(sets):
    scenes = read_scenes(sets / "memorize" / "prompt.json")
    assert [scene.name for scene in scenes] == [f"{number:03d}" for number in range(SCENES)]
    for scene in scenes:
        centers = scene.cameras.centers
        away = (centers - centers[0]).norm(dim=1)
        assert scene.cameras.count == 41 and away.max() > 0.4 and away[-1] < 1e-6
