"""Pose files of "Memorize When Needed" against the intrinsics that its release makes of them and their pictures."""

from __future__ import annotations

import pytest
import torch
from decoupled_vectors import FOLDER, table

from spatia_core.cameras import read_cameras
from spatia_core.model.sizes import fitted_cameras, stretch

WIDTH, HEIGHT = 832, 480
# Of the release's pictures: their size, and the first line of the pose file that belongs to each.
PICTURES = {
    "scene_01_modern_interior": (720, 480, "0.5 0.5 0.5 0.5"),
    "scene_02_nordic_fjord": (1376, 768, "0.5958768 0.5958768 0.5 0.5"),
    "scene_03_stone_neighborhood": (1264, 848, "0.47931682 0.85211883 0.5 0.5"),
}
FLAT = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n"


def paths() -> list[tuple[str, str]]:
    names = [path.stem for path in sorted(FOLDER.glob("rollout*.json"))]
    return [
        (name, path) for name in names for path, told in table(name)["windows"].items() if told["image"] in PICTURES
    ]


@pytest.mark.parametrize(("name", "path"), paths())
def test_intrinsics_of_a_stretched_picture(name, path):
    told = table(name)["windows"][path]
    width, height, line = PICTURES[told["image"]]
    cameras = read_cameras(f"{line}\n" + FLAT * told["poses_in_file"])
    plan = stretch(width, height, WIDTH, HEIGHT)
    fitted = fitted_cameras(cameras, width, height, plan)
    pixels = fitted.intrinsics * torch.tensor([WIDTH, HEIGHT, WIDTH, HEIGHT])
    for window in told["windows"]:
        assert pixels[0].tolist() == pytest.approx(window["intrinsics_row0"], rel=1e-7)
    assert told["image_after_dataset"] == [3, plan.scaled_height, plan.scaled_width]
