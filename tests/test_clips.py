"""Clips in a row: shared between memories, joined by as many frames as their windows say, with and without depth; and what
of a cloud they share, counted without asking every frame."""

import copy
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_scenes import HEIGHT, VOXEL, WIDTH, assert_equal, maps, moving_box, path, view

from spatia_core.cameras.camera import Cameras, intrinsics_from_fov, make_cameras, project
from spatia_core.errors import SpatiaError
from spatia_core.estimate import estimate_scene
from spatia_core.memory import (
    FrameStore,
    SeenFrames,
    history,
    load_memory,
    memory_of_image,
    new_memory,
    revert_clip,
    save_memory,
    shared_frames,
    shared_points,
    update,
    visible_frames,
)
from spatia_core.memory.retrieval import MODES, common_points, retrieve_counted, retrieve_packed, seen_points
from spatia_core.memory.windows import clip_windows, window_cameras
from spatia_core.render.visibility import visible_bits


def begun(cameras, with_box=False):
    """A memory of the image that the first of these cameras sees."""
    first = cameras.select([0])
    frames, depth = moving_box(first, [0.0])[:2] if with_box else view(first)
    return new_memory(frames[0], estimate_scene(maps(depth), first, HEIGHT, WIDTH), voxel_size=VOXEL)


def walked(whole, first, later, shared, with_depth=lambda clip: True):
    """The memories of a walk in clips, the image's first, and the cameras of each clip."""
    memories, clips = [begun(whole)], []
    for window in clip_windows(whole.count, first, later, history=shared):
        cameras = window_cameras(whole, window)
        frames, depth = view(cameras)
        given_depth = maps(depth) if with_depth(len(clips)) else None
        memories.append(update(memories[-1], frames, cameras, given_depth).memory)
        clips.append(cameras)
    return memories, clips


def seen_through():
    """Memories of an image with a box, of a clip that shows the wall without it, and of one further."""
    still = path(*[0.0] * 17)  # four keyframes: as few as take away an earlier point
    memory = begun(still, with_box=True)
    frames, depth = view(still)
    one = update(memory, frames, still, maps(depth)).memory
    later = path(*[0.0] * 9, *[0.1 * (i + 1) for i in range(8)])
    frames, depth = view(later)
    two = update(one, frames, later, maps(depth)).memory
    assert one.clips[1].change.index.numel() and two.clips[2].cameras.count == 8
    return [memory, one, two]


# --- Clips are shared ---


def test_successive_memories_hold_the_very_same_clips():
    memories = seen_through()
    for before, after in pairwise(memories):
        assert all(a is b for a, b in zip(before.clips, after.clips)) and len(after.clips) == len(before.clips) + 1
    back = revert_clip(memories[-1]).memory
    assert all(a is b for a, b in zip(back.clips, memories[1].clips, strict=True))


@pytest.mark.parametrize("way", ["copied", "saved"])
def test_a_copy_can_be_taken_back_exactly(way, tmp_path):
    memories = seen_through()
    if way == "copied":
        other = copy.deepcopy(memories[-1])
        assert other.clips[1].frames is not memories[-1].clips[1].frames
    else:
        save_memory(memories[-1], tmp_path / "a.spatia")
        other = load_memory(tmp_path / "a.spatia")
    assert_equal(other, memories[-1])
    for expected in (memories[1], memories[0]):
        other, report = revert_clip(other)
        assert "exactly" in report
        assert_equal(other, expected)


class Counted(FrameStore):
    """Frames that are not in memory: it tells how many are asked for at once."""

    def __init__(self, store):
        self.store, self.most, self.asked = store, 0, 0
        self.count, self.height, self.width = store.count, store.height, store.width

    def read(self, index):
        self.most, self.asked = max(self.most, len(index)), self.asked + len(index)
        return self.store.read(index)

    def read_moving(self, index):
        self.most = max(self.most, len(index))
        return self.store.read_moving(index)


def test_a_memory_is_saved_a_few_frames_at_a_time(tmp_path):
    whole = path(*[0.01 * i for i in range(121)])
    frames, depth = view(whole)
    moving = torch.rand(frames.shape[:3], generator=torch.Generator().manual_seed(0)) < 0.01
    memory = update(begun(whole), frames, whole, maps(depth), moving=moving).memory
    clips = tuple(clip._replace(frames=Counted(clip.frames)) for clip in memory.clips)
    save_memory(memory._replace(clips=clips), tmp_path / "a.spatia")
    assert [clip.frames.asked for clip in clips] == [1, 120]
    assert max(clip.frames.most for clip in clips) <= 32
    assert_equal(load_memory(tmp_path / "a.spatia"), memory)


@pytest.mark.parametrize("at", [[], [0], [12, 0, 13, 13, 1], range(21), range(20, -1, -1)])
def test_frames_come_in_the_order_asked(at):
    whole = path(*[0.1 * i for i in range(21)])
    memories, _ = walked(whole, 13, 17, 9)
    assert torch.equal(memories[-1].read_frames(at), view(whole)[0][list(at)])
    assert memories[-1].read_moving(at).shape == (len(at), HEIGHT, WIDTH)
    assert [memories[-1].first_frame(k) for k in range(3)] == [0, 1, 13]
    for beyond in ([21], [0, -1]):
        with pytest.raises(SpatiaError, match="change the range"):
            memories[-1].read_frames(beyond)


# --- How many frames clips share ---


@pytest.mark.parametrize(("shared", "first", "later"), [(1, 13, 13), (1, 49, 49), (5, 13, 13), (9, 13, 17)])
def test_three_clips_in_a_row_share_what_their_windows_say(shared, first, later):
    total = first + 2 * (later - shared)
    whole = path(*[0.02 * i for i in range(total)])
    memories, clips = walked(whole, first, later, shared)
    last = memories[-1]
    assert len(clips) == 3 and last.frame_count == total
    assert [clip.cameras.count for clip in last.clips] == [1, first - 1, later - shared, later - shared]
    assert [clip.history for clip in last.clips] == [0, 1, shared, shared]
    assert torch.equal(last.read_frames(range(total)), view(whole)[0])
    assert torch.equal(last.cameras.w2c, whole.w2c)
    for k, (memory, cameras) in enumerate(zip(memories, clips)):
        past = history(memory, cameras)
        assert past.frames.shape[0] == (1 if k == 0 else shared)
        assert torch.equal(past.frames, memory.read_frames(range(memory.frame_count))[-past.frames.shape[0] :])
        assert torch.equal(past.cameras.w2c, cameras.w2c[: past.cameras.count])
    # The same cameras without a window: their poses say it. What the clip before shared comes before nine and one.
    assert shared_frames(memories[2], clips[2]._replace(history=None)) == shared
    if shared in (1, 9):
        assert shared_frames(memories[1], clips[1]._replace(history=None)) == shared
    else:
        with pytest.raises(SpatiaError, match="must be the video's last"):
            shared_frames(memories[1], clips[1]._replace(history=None))
    for expected in reversed(memories[:-1]):
        last, report = revert_clip(last)
        assert "exactly" in report
        assert_equal(last, expected)


def test_a_window_goes_with_its_own_memory_only():
    memories, clips = walked(path(*[0.02 * i for i in range(21)]), 13, 17, 9)
    assert len(clips) == 2
    with pytest.raises(SpatiaError, match="wrong memory"):
        history(memories[0], clips[1])
    with pytest.raises(SpatiaError, match="must be the video's last 9"):
        history(memories[2], clips[1])
    # Before any clip the image is all there is to share, whatever a window of history 1 says.
    assert shared_frames(memories[0], clips[0]) == 1
    assert shared_frames(memories[0], clips[0]._replace(history=None)) == 1


# --- Clips without depth ---


def test_a_clip_without_depth_keeps_the_cloud_and_the_next_goes_on(tmp_path):
    whole = path(*[0.1 * i for i in range(21)])
    memories, _ = walked(whole, 13, 17, 9, with_depth=lambda clip: clip == 1)
    start, bare, full = memories
    assert all(a is b for a, b in zip(bare.cloud, start.cloud)) and bare.frame_count == 13
    assert full.cloud.size > bare.cloud.size and torch.equal(full.read_frames(range(21)), view(whole)[0])
    save_memory(full, tmp_path / "a.spatia")
    for last in (full, load_memory(tmp_path / "a.spatia")):
        assert_equal(last, full)
        for expected in (bare, start):
            last, report = revert_clip(last)
            assert "exactly" in report
            assert_equal(last, expected)


def test_a_clip_without_depth_keeps_its_moving_mask():
    cameras = path(*[0.1 * i for i in range(5)])
    moving = torch.zeros(5, HEIGHT, WIDTH, dtype=torch.bool)
    moving[2:, 3] = True
    grown, report = update(begun(cameras), view(cameras)[0], cameras, None, moving=moving)
    assert torch.equal(grown.read_moving(range(5)), moving) and "without depth" in report


# --- What frames share with a clip ---


def looking_anywhere(generator, count):
    """Cameras inside a cloud of the unit ball, beside it and far from it, turned in every way."""
    rotation, _ = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator, dtype=torch.float64))
    rotation[:, 0] *= torch.linalg.det(rotation)[:, None]
    distance = torch.tensor([0.0, 0.5, 2.0, 5.0, 50.0], dtype=torch.float64)
    away = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    w2c = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    w2c[:, :3, :3] = rotation
    w2c[:, :3, 3] = away * distance[torch.randint(0, 5, (count,), generator=generator)][:, None]
    return make_cameras(w2c, intrinsics_from_fov(50.0, WIDTH, HEIGHT))


def points_of(generator, count):
    """Clumps, each a few chunks' worth of one place, so that whole boxes can be out of sight."""
    clumps = torch.randn(5, 3, generator=generator).repeat_interleave(count // 5, 0)
    return clumps + 0.2 * torch.randn(len(clumps), 3, generator=generator)


def brute(positions, cameras):
    return visible_bits(positions, cameras, HEIGHT, WIDTH, voxel_size=VOXEL)


def assert_shared(seen, positions, targets, cameras):
    """`shared_points` against the masks of all cameras, and the picks that follow from either."""
    wanted, every = brute(positions, targets), brute(positions, cameras)
    done = []
    common, counts = shared_points(seen, wanted, positions, cameras, HEIGHT, WIDTH, VOXEL, done.append)
    assert sum(done) == cameras.count
    assert torch.equal(common, common_points(wanted, every))
    asked = common.any(0)
    assert torch.equal(counts[asked], seen_points(every)[asked])
    assert ((counts == seen_points(every)) | (counts == 0)).all()
    for mode in MODES:
        found = retrieve_counted(common, seen_points(wanted), counts, mode=mode, threshold=0.01)
        expected = retrieve_packed(wanted, every, mode=mode, threshold=0.01)
        assert found[:2] == expected[:2] and found.rejected == expected.rejected
        assert torch.equal(found.iou, expected.iou)


@pytest.mark.parametrize("tiny", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_shared_points_are_those_of_all_masks(seed, tiny, monkeypatch):
    if tiny:  # masks are dropped as soon as they are found
        monkeypatch.setattr(visible_frames, "KEPT_BYTES", 1)
        monkeypatch.setattr(visible_frames, "_ROWS", 4)
    generator = torch.Generator().manual_seed(seed)
    cloud, cameras, targets = points_of(generator, 20_000), *(looking_anywhere(generator, n) for n in (24, 5))
    seen = SeenFrames()
    assert_shared(seen, cloud, targets, cameras)
    if tiny:
        assert len(seen._masks) == 4
    # Points go and others come: what was found is carried over, and equals asking anew.
    for _ in range(2):
        kept = (cloud - cloud[0]).norm(dim=1) > 0.3
        grown = torch.cat([cloud[kept], points_of(generator, 50)[:20] * 0.2 + cloud[-1]])
        seen = seen.carried(cloud, kept, grown, HEIGHT, WIDTH)
        cloud = grown
        for camera in visible_frames._cameras_of(list(seen._masks)).w2c if seen._masks else []:
            one = make_cameras(camera[None], cameras.intrinsics[:1])
            assert torch.equal(seen.bits(cloud, one, HEIGHT, WIDTH, VOXEL), brute(cloud, one))
        assert_shared(seen, cloud, targets, cameras)


def test_frames_out_of_sight_are_not_asked():
    generator = torch.Generator().manual_seed(0)
    cloud = points_of(generator, 20_000) * 0.1 + torch.tensor([0.0, 0.0, 4.0])
    ahead = path(0.0, 0.1)
    turned = torch.diag(torch.tensor([-1.0, 1, -1, 1], dtype=torch.float64)).repeat(3, 1, 1)
    cameras = Cameras(torch.cat([ahead.w2c, turned]), ahead.intrinsics[:1].expand(5, -1))
    seen = SeenFrames()
    common, counts = shared_points(seen, brute(cloud, ahead), cloud, cameras, HEIGHT, WIDTH, VOXEL)
    assert common[:, :2].all() and not common[:, 2:].any() and not counts[2:].any() and len(seen._masks) == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 3, 4096, 4097, 9000]), st.sampled_from([1e-3, 1.0, 1e3]))
def test_a_box_is_never_wrongly_out_of_view(seed, count, size):
    generator = torch.Generator().manual_seed(seed)
    points = (torch.randn(count, 3, generator=generator) * size).float()
    chosen = torch.rand(count, generator=generator) < 0.7
    cameras = looking_anywhere(generator, 6)
    in_view = visible_frames.boxes_in_view(visible_frames.chunk_boxes(points, chosen), cameras, HEIGHT, WIDTH)
    border = visible_frames._BORDER - 0.01  # what rounding may move a point by
    limit = torch.tensor([WIDTH, HEIGHT]) + border
    for i in range(cameras.count):
        uv, z = project(points, cameras.w2c[i], cameras.K(HEIGHT, WIDTH)[i])
        inside = (z > 0) & (uv >= -border).all(1) & (uv < limit).all(1) & chosen
        for chunk in range(in_view.shape[1]):
            assert in_view[i, chunk] or not inside[chunk * 4096 : (chunk + 1) * 4096].any()


def test_a_video_of_one_image_shares_nothing_with_nothing():
    memory = memory_of_image(torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8), path(0.0), None, VOXEL)
    bits = torch.zeros(2, 0, dtype=torch.int64)
    common, counts = shared_points(
        memory.seen, bits, memory.cloud.positions, memory.cameras, HEIGHT, WIDTH, memory.voxel_size
    )
    assert common.tolist() == [[0], [0]] and counts.tolist() == [0]
