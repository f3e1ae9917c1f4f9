import math
import zipfile

import pytest
import torch

from spatia_core.cameras.camera import concat_cameras, intrinsics_from_fov, make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.estimate import DepthMaps, estimate_scene
from spatia_core.memory import check_clip, history, load_memory, new_keyframes, new_memory, save_memory, update

HEIGHT, WIDTH, VOXEL = 48, 72, 0.04


def path(*shifts):
    """Cameras moved along x and looking along z."""
    w2c = torch.eye(4, dtype=torch.float64).repeat(len(shifts), 1, 1)
    w2c[:, 0, 3] = -torch.tensor(shifts, dtype=torch.float64)
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def view(cameras, wall=4.0, box=None):
    """Exact frames and depth of a striped wall at z = 4, and a box front at z = `box` for -0.5 < x < 0.5."""
    K = cameras.K(HEIGHT, WIDTH)[0]
    columns = (torch.arange(WIDTH, dtype=torch.float64) + 0.5 - K[0, 2]) / K[0, 0]
    frames, depths = [], []
    for centre in cameras.centers[:, 0]:
        depth = torch.full((WIDTH,), wall, dtype=torch.float64)
        if box is not None:
            depth[(centre + columns * box).abs() < 0.5] = box
        x = centre + columns * depth
        shade = ((torch.sin(3 * x) + 1) * 100).to(torch.uint8)
        frames.append(shade[None, :, None].expand(HEIGHT, WIDTH, 3))
        depths.append(depth.float()[None].expand(HEIGHT, WIDTH))
    return torch.stack(frames).clone(), torch.stack(depths).clone()


def maps(depth, metric=True, **options):
    return DepthMaps(depth, metric, "exact", **options)


def start(**scene):
    cameras = path(0.0)
    frames, depth = view(cameras, **scene)
    estimate = estimate_scene(maps(depth), cameras, HEIGHT, WIDTH)
    return new_memory(frames[0], estimate, voxel_size=VOXEL)


def first_clip(n=13, step=0.1):
    return path(*[step * i for i in range(n)])


def test_a_memory_starts_with_its_image():
    memory = start()
    assert memory.frames.shape == (1, HEIGHT, WIDTH, 3) and memory.clip.tolist() == [0] and (memory.cloud.view == 0).all()
    assert memory.cloud.positions[:, 2] == pytest.approx(torch.full((memory.cloud.size,), 4.0), abs=1e-4)
    assert any("metres" in note for note in memory.notes)
    assert history(memory).frames.shape[0] == 1


def test_update_adds_only_what_is_new():
    memory = start()
    cameras = first_clip()
    frames, depth = view(cameras)
    grown, report = update(memory, frames, cameras, maps(depth))
    assert grown.frames.shape[0] == 13 and grown.cameras.count == 13 and grown.moving.shape[0] == 13
    assert grown.clip.tolist() == [0] + [1] * 12
    assert torch.equal(grown.frames[1:], frames[1:])
    old = grown.cloud.select(slice(0, memory.cloud.size))
    assert all(torch.equal(a, b) for a, b in zip(old, memory.cloud))
    new = grown.cloud.select(slice(memory.cloud.size, None))
    assert new.size > 0 and (new.positions[:, 2] - 4).abs().max() < 0.02
    # The path goes right: new points lie right of everything known, and each view adds the part it is first to see.
    assert new.positions[:, 0].min() > memory.cloud.positions[:, 0].max() - 0.3
    assert sorted(set(new.view.tolist())) == new_keyframes(memory, 13) == [4, 8, 12]
    assert f"{new.size} points added" in report
    # Memory is not changed in place.
    assert memory.frames.shape[0] == 1


def test_a_second_clip_starts_from_nine_frames():
    memory = start()
    cameras = first_clip()
    frames, depth = view(cameras)
    memory = update(memory, frames, cameras, maps(depth)).memory
    past = history(memory)
    assert past.frames.shape[0] == 9 and torch.equal(past.cameras.w2c, cameras.w2c[4:])
    later = concat_cameras(past.cameras, path(*[1.2 + 0.1 * (i + 1) for i in range(8)]))
    frames, depth = view(later)
    grown, _ = update(memory, frames, later, maps(depth))
    assert grown.frames.shape[0] == 21 and grown.clip.tolist() == [0] + [1] * 12 + [2] * 8
    assert set(grown.cloud.view[memory.cloud.size :].tolist()) == {16, 20}


def test_staying_still_adds_nothing():
    memory = start()
    cameras = path(*[0.0] * 5)
    frames, depth = view(cameras)
    assert update(memory, frames, cameras, maps(depth)).memory.cloud.size == memory.cloud.size


def test_depth_of_unknown_scale_follows_the_cloud():
    memory = start()
    cameras = first_clip()
    frames, depth = view(cameras)
    smooth = 1 + 0.05 * torch.sin(torch.linspace(0, 3, WIDTH))
    grown, report = update(memory, frames, cameras, maps(depth * smooth / 7, metric=False))
    new = grown.cloud.positions[memory.cloud.size :]
    assert (new[:, 2] / 4 - 1).abs().median() < 0.03
    assert "Scale against the cloud" in report


def test_a_surface_in_front_of_the_cloud_is_added_and_one_behind_is_not():
    memory = start()
    cameras = path(*[0.0] * 5)
    frames, depth = view(cameras, box=2.0)
    grown, report = update(memory, frames, cameras, maps(depth))
    new = grown.cloud.positions[memory.cloud.size :]
    assert len(new) and (new[:, 2] - 2).abs().max() < 0.05
    memory = start(box=2.0)
    frames, depth = view(cameras)
    grown, report = update(memory, frames, cameras, maps(depth))
    new = grown.cloud.positions[memory.cloud.size :]
    # Only what the edge filter had left open beside the box.
    assert not len(new) or (new[:, 2] - 4).abs().max() < 0.05
    assert "disagree" in report


def test_moving_pixels_never_enter_the_cloud():
    memory = start()
    cameras = first_clip()
    frames, depth = view(cameras)
    moving = torch.zeros(13, HEIGHT, WIDTH, dtype=torch.bool)
    moving[:, :, WIDTH // 2 :] = True
    frames[moving] = 255
    grown = update(memory, frames, cameras, maps(depth), moving=moving).memory
    assert not (grown.cloud.colors == 255).any()
    assert torch.equal(grown.moving[1:], moving[1:]) and not grown.moving[0].any()


def turned_away(n):
    w2c = torch.eye(4, dtype=torch.float64).repeat(n, 1, 1)
    w2c[1:, 0, 0] = w2c[1:, 2, 2] = -1
    w2c[1:, 0, 3] = torch.arange(1, n) * 0.1
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def test_without_overlap_the_scale_comes_from_the_camera_path_or_metres():
    memory, cameras = start(), turned_away(9)
    frames, depth = view(path(*[0.0] * 9))
    assert update(memory, frames, cameras, maps(depth)).memory.cloud.positions[:, 2].min() == pytest.approx(-4.0, abs=0.05)
    own = cameras.w2c.clone()
    own[:, :3, 3] /= 5
    grown = update(memory, frames, cameras, maps(depth / 5, metric=False, w2c=own)).memory
    assert grown.cloud.positions[:, 2].min() == pytest.approx(-4.0, abs=0.05)
    with pytest.raises(SpatiaError, match="scale is unknown"):
        update(memory, frames, cameras, maps(depth, metric=False))


def test_depth_of_keyframes_alone_will_do():
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    keyframes = new_keyframes(memory, 13)
    a = update(memory, frames, cameras, maps(depth)).memory.cloud
    b = update(memory, frames, cameras, maps(depth[keyframes])).memory.cloud
    assert all(torch.equal(x, y) for x, y in zip(a, b))


def test_refused_clips():
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    cases = [
        (frames[:, :, :-1], cameras, "like the video so far"),
        (frames[:5], cameras, "13 cameras were given for 5 frames"),
        (frames[:1], cameras.select(slice(0, 1)), "nothing is new"),
        (frames, path(*[0.5 + 0.1 * i for i in range(13)]), "must be the video's last 1"),
    ]
    for wrong_frames, wrong_cameras, message in cases:
        with pytest.raises(SpatiaError, match=message):
            check_clip(memory, wrong_frames, wrong_cameras)
    with pytest.raises(SpatiaError, match="2 map"):
        update(memory, frames, cameras, maps(depth[:2]))
    with pytest.raises(SpatiaError, match="keyframe_every"):
        update(memory, frames, cameras, maps(depth), keyframe_stride=0)


def test_a_video_too_short_for_a_history_is_refused():
    memory, cameras = start(), first_clip(5)
    frames, depth = view(cameras)
    grown = update(memory, frames, cameras, maps(depth)).memory
    with pytest.raises(SpatiaError, match="first clip longer"):
        history(grown)


def test_a_coarse_voxel_is_told_and_zero_refused():
    cameras = path(0.0)
    frames, depth = view(cameras)
    estimate = estimate_scene(maps(depth), cameras, HEIGHT, WIDTH)
    assert any("decrease voxel_size" in note for note in new_memory(frames[0], estimate, voxel_size=1.0).notes)
    for voxel_size in (0.0, -1.0, math.nan):
        with pytest.raises(SpatiaError, match="voxel_size"):
            new_memory(frames[0], estimate, voxel_size=voxel_size)


def assert_equal(a, b):
    for name, x, y in zip(type(a)._fields, a, b):
        if isinstance(x, torch.Tensor):
            assert x.dtype == y.dtype and torch.equal(x, y), name
        elif hasattr(x, "_fields"):
            assert_equal(x, y)
        else:
            assert x == y, name


def test_archives_give_back_the_same_memory(tmp_path):
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    memory = update(memory, frames, cameras, maps(depth)).memory
    save_memory(memory, tmp_path / "scene.spatia")
    assert [file.name for file in tmp_path.iterdir()] == ["scene.spatia"]
    assert_equal(memory, load_memory(tmp_path / "scene.spatia"))


def test_damaged_archives_are_refused(tmp_path):
    path = tmp_path / "scene.spatia"
    save_memory(start(), path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for content in (b"", b"not a scene", whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(content)
        with pytest.raises(SpatiaError, match="scene.spatia"):
            load_memory(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("memory.json", '{"format": "spatia memory", "version": 99}')
        archive.writestr("memory.safetensors", b"")
    with pytest.raises(SpatiaError, match="scene.spatia"):
        load_memory(path)
    with pytest.raises(SpatiaError, match="does not exist"):
        load_memory(tmp_path / "none.spatia")


def test_an_inconsistent_archive_is_refused(tmp_path):
    memory = start()
    save_memory(memory._replace(clip=torch.zeros(3, dtype=torch.int32)), tmp_path / "scene.spatia")
    with pytest.raises(SpatiaError, match="inconsistent"):
        load_memory(tmp_path / "scene.spatia")
