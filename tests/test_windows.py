from itertools import pairwise

import pytest
import torch

from spatia_core.cameras.camera import make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.memory.windows import (
    clip_windows,
    joined_frames,
    latent_count,
    new_latents,
    trimmed_frames,
    window_cameras,
    windows_after,
)


def path(n):
    w2c = torch.eye(4).repeat(n, 1, 1)
    w2c[:, 0, 3] = torch.arange(n)
    return make_cameras(w2c, [1, 1, 0.5, 0.5])


def test_windows_share_their_history_and_cover_the_path():
    windows = clip_windows(200, 25, 25, 9)
    assert (windows[0].start, windows[0].history) == (0, 0)
    for before, after in pairwise(windows):
        assert after.start == before.end - 9 and after.history == 9
    assert windows[-1].end == 200 == trimmed_frames(windows)


def test_the_last_window_repeats_its_last_pose():
    cameras, windows = path(30), clip_windows(30, 25, 25, 9)
    last = window_cameras(cameras, windows[1])
    assert last.count == 25 and windows[1].padding == 11
    assert torch.equal(last.w2c[:14], cameras.w2c[16:30])
    assert (last.w2c[14:] == cameras.w2c[29]).all()


def test_latents_of_two_small_clips_are_41_frames():
    windows = clip_windows(41, 25, 25, 9)
    assert [new_latents(w) for w in windows] == [slice(0, 7), slice(3, 7)]
    assert joined_frames(windows) == 41 and latent_count(41) == 11


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((0,), "at least 1"),
        ((50, 24), "first_frames: 24.*21 or 25"),
        ((50, 25, 26), "later_frames"),
        ((50, 25, 25, 8), "history"),
        ((50, 49, 9, 9), "add nothing"),
        ((50, 5, 25, 9), "first_frames"),
        ((50, 4 * 10**12 + 1), "first_frames"),
        ((50, 25, 4 * 10**5000 + 1), "later_frames"),
        ((50, 25.5), "first_frames"),
        ((50, float("nan")), "first_frames"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(SpatiaError, match=message):
        clip_windows(*arguments)


def test_windows_after_a_part_are_the_rest_of_all():
    windows = clip_windows(100, 25, 21, 5)
    for made, window in enumerate(windows, start=1):
        assert windows_after(window.end, 100, 25, 21, 5) == windows[made:]
    assert windows_after(1, 100, 25, 21, 5) == windows and windows_after(1, 1) == []
    # A clip that was cut short is gone on from where it ended.
    assert windows_after(30, 40, 25, 21, 5)[0][:2] == (25, 40)
    with pytest.raises(SpatiaError, match=r"3 frames.*history_frames"):
        windows_after(3, 40, 25, 21, 5)


def test_a_window_beyond_its_path_is_refused():
    with pytest.raises(SpatiaError, match="lengthen the path"):
        window_cameras(path(20), clip_windows(30, 25, 25, 9)[1])
