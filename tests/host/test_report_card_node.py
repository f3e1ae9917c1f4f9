"""Report Card in the real host: frames, and each kind of VIDEO that the host has."""

import json
from fractions import Fraction

import numpy as np
import pytest
import torch
from spatia_pack.training.data.clips import room_scene
from spatia_pack.training.data.rooms import render_room


@pytest.fixture(scope="module")
def room():
    scene, path, _ = room_scene(1_000_003)
    return render_room(scene, np.concatenate([path[:6], path[4::-1]]), 64, 96)


@pytest.fixture(scope="module")
def frames(room):
    return torch.from_numpy(room.frames).float() / 255


@pytest.fixture(scope="module")
def cameras(pack_module, room):
    return pack_module("spatia_core.cameras").make_cameras(room.w2c, room.intrinsics)


@pytest.fixture
def node(pack_module):
    return pack_module("nodes.report_card").SpatiaReportCard


def video_file(frames, path):
    from comfy_api.latest import InputImpl, Types

    components = Types.VideoComponents(images=frames, frame_rate=Fraction(24))
    held = InputImpl.VideoFromComponents(components)
    held.save_to(str(path))
    return held, InputImpl.VideoFromFile(str(path))


def closure(output):
    return json.loads(output.args[2])["videos"]["video"]["figures"]["closure_psnr"]["mean"]


def test_frames(node, frames, cameras):
    output = node.execute(frames, cameras, "off", "off")
    assert closure(output) == 100
    assert output.args[1].ndim == 4 and output.args[1].shape[3] == 3 and float(output.args[1].max()) <= 1
    shown = output.ui["spatia_report"][0]
    assert len(shown["curve"]) == 11 and len(shown["pictures"]) == 4 and "closure: PSNR: 100.00 dB" in output.args[0]


def test_a_video_in_memory_is_not_encoded(node, frames, cameras, tmp_path):
    held, file = video_file(frames, tmp_path / "a.mp4")
    assert closure(node.execute(held, cameras, "off", "off")) == 100
    # Of the file, what the codec left.
    assert 25 < closure(node.execute(file, cameras, "off", "off")) < 100


def test_a_part_of_a_file_is_that_part(node, frames, cameras, tmp_path):
    _, file = video_file(frames, tmp_path / "a.mp4")
    part = file.as_trimmed(0, 5 / 24)
    output = node.execute(part, cameras.select(slice(5)), "off", "off")
    assert "5 frame(s)" in output.args[0]


def test_another_count_is_refused(node, frames, cameras, tmp_path):
    _, file = video_file(frames, tmp_path / "a.mp4")
    for video in (frames, file):
        with pytest.raises(ValueError, match=r"11 frame\(s\) and the path 9"):
            node.execute(video, cameras.select(slice(9)), "off", "off")


@pytest.mark.parametrize("video", ["a.mp4", 3, None, {"samples": torch.zeros(1)}])
def test_what_is_no_video_is_refused(node, cameras, video):
    with pytest.raises(ValueError, match="video"):
        node.execute(video, cameras, "off", "off")


def test_nan_frames_are_refused(node, frames, cameras):
    with pytest.raises(ValueError, match="NaN"):
        node.execute(frames * float("nan"), cameras, "off", "off")
