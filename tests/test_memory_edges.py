"""Where the memory's limits lie: the first new keyframe, the shortest history, poses, what agrees with the cloud."""

import pytest
import torch
from memory_scenes import HEIGHT, WIDTH, first_clip, maps, moving_box, path, red, start, turned_away, view

from spatia_core.cameras.camera import concat_cameras
from spatia_core.errors import SpatiaError
from spatia_core.estimate import estimate_scene
from spatia_core.estimate.align import baseline_scale
from spatia_core.memory import check_clip, history, new_keyframes, new_memory, revert_clip, update


def test_the_first_new_frame_may_be_a_keyframe_and_the_last_old_one_never():
    assert new_keyframes(6, 1) == [1, 5] and new_keyframes(5, 1) == [4] and new_keyframes(2, 1) == [1]
    assert new_keyframes(14, 9) == [9, 13] and new_keyframes(13, 9) == [12] and new_keyframes(6, 5) == [5]


def test_nine_frames_are_a_history():
    cameras = first_clip(9)
    frames, depth = view(cameras)
    nine = update(start(), frames, cameras, maps(depth)).memory
    longer = first_clip(17)
    for later in (longer, longer._replace(history=9)):
        assert torch.equal(history(nine, later).frames, frames)
        assert torch.equal(history(nine, later).cameras.w2c, cameras.w2c)
    cameras = first_clip(8)
    frames, depth = view(cameras)
    eight = update(start(), frames, cameras, maps(depth)).memory
    with pytest.raises(SpatiaError, match=r"8 frame\(s\)"):
        history(eight, longer._replace(history=9))
    with pytest.raises(SpatiaError, match="must be the video's last"):
        history(eight, longer)


@pytest.mark.parametrize("field", ["w2c", "intrinsics"])
def test_a_pose_off_by_a_thousandth_is_another_pose(field):
    memory, cameras = start(), first_clip()
    frames, _ = view(cameras)
    for gap, refused in ((1e-3, True), (1e-6, False)):
        values = getattr(cameras, field).clone()
        values[0].view(-1)[0] += gap
        moved = cameras._replace(**{field: values})
        if refused:
            with pytest.raises(SpatiaError, match="camera 0 differs"):
                check_clip(memory, frames, moved)
        else:
            check_clip(memory, frames, moved)


def test_a_known_surface_seen_with_an_error_adds_nothing():
    """Depth that errs by less than what counts as in front must not thicken the wall."""
    memory, cameras = start(), path(*[0.0] * 5)
    frames, depth = view(cameras)
    waves = 1 + 0.02 * torch.sin(torch.arange(WIDTH) * 0.5)[None, None]
    grown, report = update(memory, frames, cameras, maps(depth * waves))
    assert grown.cloud.size == memory.cloud.size and "0 points added" in report


@pytest.mark.parametrize(("error", "agrees"), [(0.01, True), (0.1, False)])
def test_what_agrees_with_the_cloud_agrees_to_a_few_hundredths(error, agrees):
    """Half of the picture errs, so that the error is no matter of scale."""
    memory, cameras = start(), path(*[0.0] * 5)
    frames, depth = view(cameras)
    depth[1:, :, : WIDTH // 2] *= 1 + error
    report = update(memory, frames, cameras, maps(depth), consistency=False).report
    share = float(report.split("% agree")[0].split()[-1])
    assert (share > 90) == agrees, report


def test_notes_of_a_clip_go_with_it():
    memory, cameras = start(), turned_away(13)
    # One half turned away: its scale has to be guessed, which is noted.
    half = concat_cameras(first_clip(13).select(slice(0, 9)), cameras.select(slice(9, None)))
    frames, depth = view(path(*[0.0] * 13))
    grown = update(memory, frames, half, maps(depth / 5, metric=False)).memory
    assert len(grown.notes) > len(memory.notes)
    assert revert_clip(grown).memory.notes == memory.notes


def test_the_last_scale_of_the_frames_before_is_taken():
    """The estimator's scale drifts along a clip, so the nearest frame knows it best."""
    memory = start()
    cameras = concat_cameras(first_clip(13).select(slice(0, 9)), turned_away(13).select(slice(9, None)))
    frames, depth = view(path(*[0.0] * 13))
    depth[:5] /= 2
    depth[5:] /= 5
    grown = update(memory, frames, cameras, maps(depth, metric=False), consistency=False).memory
    behind = grown.cloud.positions[grown.cloud.positions[:, 2] < 0, 2]
    assert len(behind) and float(behind.median()) == pytest.approx(-4.0, rel=0.05)


def behind_a_box(n: int):
    """A camera that stands still for n frames before a box: cameras, frames, exact depth, and the first frame's memory."""
    cameras = path(*[0.0] * n)
    frames, depth, _ = moving_box(cameras, [0.0] * n)
    estimate = estimate_scene(maps(depth[:1]), cameras.select([0]), HEIGHT, WIDTH)
    return cameras, frames, depth, new_memory(frames[0], estimate, voxel_size=0.04)


def test_more_views_are_needed_against_an_earlier_point_than_against_a_new_one():
    """One clip of few keyframes must not take away what earlier clips agreed on."""
    cameras, frames, _, memory = behind_a_box(9)  # two keyframes
    assert red(memory.cloud).any()
    clean, exact = view(cameras)
    clean[0] = frames[0]
    grown = update(memory, clean, cameras, maps(exact)).memory
    assert red(grown.cloud).sum() == red(memory.cloud).sum()
    longer = path(*[0.0] * 17)  # four keyframes
    clean, exact = view(longer)
    assert not red(update(memory, clean, longer, maps(exact)).memory.cloud).any()


def test_views_that_see_a_point_speak_for_it():
    """As many keyframes show the box as see through its place: it stays."""
    cameras, frames, depth, memory = behind_a_box(33)  # eight keyframes
    clean, exact = view(cameras)
    frames[17:], depth[17:] = clean[17:], exact[17:]
    grown = update(memory, frames, cameras, maps(depth), moving=torch.zeros(frames.shape[:3], dtype=torch.bool)).memory
    earlier = grown.cloud.view == 0
    assert (red(grown.cloud) & earlier).sum() > 0.6 * red(memory.cloud).sum() > 0


def test_short_baselines_say_nothing_of_the_scale():
    """Three cameras close together, whose distances are mostly error, and one far away."""
    known = torch.tensor([[0.0, 0, 0], [0.01, 0, 0], [0.02, 0, 0], [10.0, 0, 0]])
    own = known / 2
    own[1], own[2] = torch.tensor([0.02, 0, 0]), torch.tensor([0.05, 0, 0])
    assert baseline_scale(known, own) == pytest.approx(2.0, rel=0.02)
