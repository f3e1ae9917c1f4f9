import errno
import json
import math
import os
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from memory_scenes import (
    HEIGHT,
    VOXEL,
    WIDTH,
    all_frames,
    all_moving,
    archive,
    assert_equal,
    changed,
    first_clip,
    maps,
    moving_box,
    path,
    red,
    start,
    turned_away,
    view,
)

from spatia_core import zip_file
from spatia_core.cameras.camera import concat_cameras
from spatia_core.errors import SpatiaError
from spatia_core.estimate import estimate_scene
from spatia_core.inputs import MOST_CAMERAS
from spatia_core.memory import (
    HeldFrames,
    check_clip,
    history,
    load_memory,
    memory_of_image,
    new_keyframes,
    new_memory,
    revert_clip,
    save_memory,
    update,
    visible_frames,
    with_cloud,
)
from spatia_core.memory import archive as archive_module
from spatia_core.render.visibility import visible_bits


def past(memory, shared=9):
    return memory.cameras.select(slice(-shared, None))


def test_a_memory_starts_with_its_image():
    memory = start()
    assert (
        all_frames(memory).shape == (1, HEIGHT, WIDTH, 3)
        and memory.clip_of_frame.tolist() == [0]
        and (memory.cloud.view == 0).all()
    )
    assert memory.cloud.positions[:, 2] == pytest.approx(torch.full((memory.cloud.size,), 4.0), abs=1e-4)
    assert any("metres" in note for note in memory.notes)
    assert history(memory, first_clip()).frames.shape[0] == 1


def test_update_adds_only_what_is_new():
    memory = start()
    cameras = first_clip()
    frames, depth = view(cameras)
    grown, report = update(memory, frames, cameras, maps(depth))
    assert grown.frame_count == 13 and grown.cameras.count == 13 and all_moving(grown).shape[0] == 13
    assert grown.clip_of_frame.tolist() == [0] + [1] * 12
    assert torch.equal(all_frames(grown), frames)
    old = grown.cloud.select(slice(0, memory.cloud.size))
    assert all(torch.equal(a, b) for a, b in zip(old, memory.cloud))
    new = grown.cloud.select(slice(memory.cloud.size, None))
    assert new.size > 0 and (new.positions[:, 2] - 4).abs().max() < 0.02
    # The path goes right: new points lie right of everything known, and each view adds the part it is first to see.
    assert new.positions[:, 0].min() > memory.cloud.positions[:, 0].max() - 0.3
    assert sorted(set(new.view.tolist())) == new_keyframes(13, 1) == [4, 8, 12]
    assert f"{new.size} points added" in report
    # Memory is not changed in place.
    assert memory.frame_count == 1


def test_a_second_clip_starts_from_nine_frames():
    memory = start()
    cameras = first_clip()
    frames, depth = view(cameras)
    memory = update(memory, frames, cameras, maps(depth)).memory
    later = concat_cameras(past(memory), path(*[1.2 + 0.1 * (i + 1) for i in range(8)]))
    start_frames, start_cameras = history(memory, later)
    assert torch.equal(start_frames, frames[4:]) and torch.equal(start_cameras.w2c, cameras.w2c[4:])
    frames, depth = view(later)
    grown, _ = update(memory, frames, later, maps(depth))
    assert grown.frame_count == 21 and grown.clip_of_frame.tolist() == [0] + [1] * 12 + [2] * 8
    assert [clip.history for clip in grown.clips] == [0, 1, 9]
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
    assert torch.equal(all_moving(grown)[1:], moving[1:]) and not all_moving(grown)[0].any()


def test_without_overlap_the_scale_comes_from_the_camera_path_or_metres():
    memory, cameras = start(), turned_away(9)
    frames, depth = view(path(*[0.0] * 9))
    assert update(memory, frames, cameras, maps(depth)).memory.cloud.positions[:, 2].min() == pytest.approx(
        -4.0, abs=0.05
    )
    own = cameras.w2c.clone()
    own[:, :3, 3] /= 5
    grown = update(memory, frames, cameras, maps(depth / 5, metric=False, w2c=own)).memory
    assert grown.cloud.positions[:, 2].min() == pytest.approx(-4.0, abs=0.05)
    with pytest.raises(SpatiaError, match="scale is unknown"):
        update(memory, frames, cameras, maps(depth, metric=False))


def test_depth_of_keyframes_alone_will_do():
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    keyframes = new_keyframes(13, 1)
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


def test_a_video_too_short_for_a_windows_history_is_refused():
    memory, cameras = start(), first_clip(5)
    frames, depth = view(cameras)
    grown = update(memory, frames, cameras, maps(depth)).memory
    with pytest.raises(SpatiaError, match=r"first 9 frames.*has 5 frame\(s\): it is the wrong memory"):
        history(grown, first_clip(13)._replace(history=9))
    # Without a window's word it goes on from its last frame.
    later = path(*[0.4 + 0.1 * i for i in range(9)])
    assert torch.equal(history(grown, later).frames, frames[-1:])
    assert update(grown, *view(later)[:1], later, maps(view(later)[1])).memory.frame_count == 13


def test_a_coarse_voxel_is_told_and_zero_refused():
    cameras = path(0.0)
    frames, depth = view(cameras)
    estimate = estimate_scene(maps(depth), cameras, HEIGHT, WIDTH)
    assert any("decrease voxel_size" in note for note in new_memory(frames[0], estimate, voxel_size=1.0).notes)
    for voxel_size in (0.0, -1.0, math.nan):
        with pytest.raises(SpatiaError, match="voxel_size"):
            new_memory(frames[0], estimate, voxel_size=voxel_size)


def seen_of(memory, frames):
    """What these frames see of the cloud, as the memory knows it."""
    return memory.seen.bits(
        memory.cloud.positions, memory.cameras.select(frames), memory.height, memory.width, memory.voxel_size
    )


def test_archives_give_back_the_same_memory(tmp_path):
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    memory = update(memory, frames, cameras, maps(depth)).memory
    save_memory(memory, tmp_path / "scene.spatia")
    assert [file.name for file in tmp_path.iterdir()] == ["scene.spatia"]
    loaded = load_memory(tmp_path / "scene.spatia")
    # What frames see follows from the rest and is not stored.
    assert (
        torch.equal(seen_of(memory, [0, 4]), seen_of(loaded, [0, 4]))
        and load_memory(tmp_path / "scene.spatia").seen.nbytes == 0
    )
    assert_equal(memory, loaded)
    assert_equal(revert_clip(loaded).memory.cloud, start().cloud)


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


@pytest.fixture(scope="module")
def grown():
    """A memory of two clips, and its archive's entries and tensors."""
    memory, cameras = start(), first_clip()
    frames, depth = view(cameras)
    memory = update(memory, frames, cameras, maps(depth)).memory
    later = concat_cameras(past(memory), path(*[1.2 + 0.1 * (i + 1) for i in range(8)]))
    frames, depth = view(later)
    memory = update(memory, frames, later, maps(depth)).memory
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scene.spatia"
        save_memory(memory, file)
        with zipfile.ZipFile(file) as archive:
            entries, tensors = json.loads(archive.read("memory.json")), archive.read("memory.safetensors")
    assert entries["version"] == 2 and len(entries["clips"]) == 3
    return memory, entries, safetensors.torch.load(tensors)


def without(clip: dict, name: str) -> dict:
    return {key: value for key, value in clip.items() if key != name}


IMAGE = {"frames": 1, "history": 0, "size": None, "notes": [], "key": ""}
ENTRIES = [
    ({"voxel_size": None}, "is damaged.*voxel_size is None, expected a finite number"),
    ({"voxel_size": 1e-300}, "is damaged.*voxel_size"),
    ({"voxel_size": True}, "is damaged.*voxel_size"),
    ({"clips": 7}, "is damaged.*clips are 7, expected a list"), ({"clips": []}, "is damaged.*clips are"),
    ({"clips": [[]]}, "is damaged.*one of its clips is .*expected an object"),
    ({"clips": [{}]}, "is damaged.*one of its clips"),
    ({"clips": [IMAGE | {"notes": 1}]}, "is damaged.*notes of a clip are 1"),
    ({"clips": [IMAGE | {"notes": [1]}]}, "is damaged.*list of texts"),
    ({"clips": [IMAGE | {"notes": [[[[]] * 2] * 2]}]}, "is damaged.*notes"),
    ({"clips": [without(IMAGE, "notes")]}, "is damaged.*notes of a clip are None"),
    ({"clips": [without(IMAGE, "key")]}, "is damaged.*key is None"),
    ({"clips": [IMAGE | {"key": "k" * 201}]}, "is damaged.*at most 200"),
    ({"clips": [IMAGE | {"frames": float("inf")}]}, "finite"),
    ({"clips": [IMAGE | {"frames": 0}]}, "is damaged.*one of its clips"),
    ({"clips": [IMAGE | {"frames": True}]}, "is damaged.*one of its clips"),
    ({"clips": [IMAGE | {"history": -1}]}, "is damaged.*one of its clips"),
    ({"clips": [IMAGE | {"history": None}]}, "is damaged.*one of its clips"),
    ({"clips": [IMAGE | {"size": 10**400}]}, "401 digits"),
    ({"clips": [IMAGE | {"size": 10**12}]}, "is damaged.*one of its clips"),
    ({"clips": [IMAGE] * (MOST_CAMERAS + 1)}, "is damaged.*clips are"),
    ({"exact_from": 0}, "is damaged.*exact_from is 0"), ({"exact_from": 4}, "is damaged.*exact_from is 4"),
    ({"exact_from": None}, "is damaged.*exact_from is None"),
    ({"version": [1]}, "expected ..spatia memory., 1 or 2"), ({"version": 3}, "expected ..spatia memory., 1 or 2"),
    ({"version": True}, "expected ..spatia memory., 1 or 2"), ({"version": 2.0}, "expected ..spatia memory., 1 or 2"),
    ({"format": None}, "expected ..spatia memory., 1 or 2"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), ENTRIES)
def test_an_archive_of_other_entries_is_refused(tmp_path, grown, change, message):
    _, entries, tensors = grown
    with pytest.raises(SpatiaError, match=f"scene.spatia.*{message}"):
        load_memory(archive(tmp_path / "scene.spatia", entries | change, tensors))


@pytest.mark.parametrize("entries", [b"[" * 100_000, b"7", b"{}", b"\xff", b"{" + b" " * 2**24 + b"}"])
def test_an_archive_of_no_entries_is_refused(tmp_path, grown, entries):
    with pytest.raises(SpatiaError, match="scene.spatia"):
        load_memory(archive(tmp_path / "scene.spatia", entries, grown[2]))


def test_a_fault_of_our_own_is_not_called_damage(tmp_path, monkeypatch):
    save_memory(start(), tmp_path / "scene.spatia")

    def faulty(*fields):
        raise RuntimeError("ours")

    monkeypatch.setattr(archive_module, "make_point_cloud", faulty)
    with pytest.raises(RuntimeError, match="ours"):
        load_memory(tmp_path / "scene.spatia")


INCONSISTENT = [
    ("frames", lambda t: t[:20].contiguous(), "inconsistent"),
    ("frames", lambda t: t[:, :0], "inconsistent"),
    ("frames", lambda t: t[0], "inconsistent"),
    ("moving", lambda t: t[:, 1:].contiguous(), "inconsistent"),
    ("w2c", lambda t: t[:20].contiguous(), "inconsistent|20 camera poses"),
    ("w2c", lambda t: changed(t, (3, 0, 0), math.nan), "NaN"),
    ("cloud.view", lambda t: changed(t, 7, 21), "frame 21, and there are 21"),
    ("cloud.view", lambda t: changed(t, 7, -2), "View indices from -2"),
    ("cloud.view", lambda t: changed(t, 0, 20), "keeps points that came from that clip"),
    ("cloud.count", lambda t: changed(t, 7, 0), "Sample counts from 0"),
    ("cloud.positions", lambda t: changed(t, (7, 1), 2e9), "from the origin"),
    ("cloud.positions", lambda t: t[1:], "for"),
]


@pytest.mark.parametrize(("name", "change", "message"), INCONSISTENT)
def test_an_inconsistent_archive_is_refused(tmp_path, grown, name, change, message):
    _, entries, tensors = grown
    with pytest.raises(SpatiaError, match=f"scene.spatia cannot be used: .*{message}"):
        load_memory(archive(tmp_path / "scene.spatia", entries, tensors | {name: change(tensors[name])}))


COUNTS = [
    ([2, 11, 8], [0, 1, 9], "begins with 2 images"),
    ([1, 12, 9], [0, 1, 9], "inconsistent"),
    ([1, 12, 8], [1, 1, 9], "clip 0 shares 1 frame"),
    ([1, 12, 8], [0, 0, 9], "clip 1 shares 0 frame"),
    ([1, 12, 8], [0, 2, 9], "clip 1 shares 2 frame"),
    ([1, 12, 8], [0, 1, 14], "clip 2 shares 14 frame"),
]


@pytest.mark.parametrize(("frames", "shared", "message"), COUNTS)
def test_an_archive_of_clips_that_do_not_follow_is_refused(tmp_path, grown, frames, shared, message):
    _, entries, tensors = grown
    clips = [
        clip | {"frames": count, "history": history_frames}
        for clip, count, history_frames in zip(entries["clips"], frames, shared, strict=True)
    ]
    with pytest.raises(SpatiaError, match=f"scene.spatia cannot be used: .*{message}"):
        load_memory(archive(tmp_path / "scene.spatia", entries | {"clips": clips}, tensors))


@pytest.mark.parametrize("clip", [1, 2])
def test_an_archive_without_a_change_that_it_promises_is_refused(tmp_path, grown, clip):
    _, entries, tensors = grown
    clips = [one | {"size": None} if k == clip else one for k, one in enumerate(entries["clips"])]
    fewer = {name: value for name, value in tensors.items() if not name.startswith(f"change.{clip}.")}
    file = archive(tmp_path / "scene.spatia", entries | {"clips": clips}, fewer)
    with pytest.raises(SpatiaError, match=f"scene.spatia cannot be used: .*record of clip {clip} is missing"):
        load_memory(file)
    # It may be missing where nobody counts on it.
    archive(file, entries | {"clips": clips, "exact_from": clip + 1}, fewer)
    assert load_memory(file).clips[clip].change is None


def clip_with(number, **fields):
    """A memory with one clip's fields made anew."""

    def change(memory):
        clips = list(memory.clips)
        clips[number] = clips[number]._replace(**{name: make(clips[number]) for name, make in fields.items()})
        return memory._replace(clips=tuple(clips))

    return change


def cloud_with(name, change):
    return lambda memory: memory._replace(cloud=memory.cloud._replace(**{name: change(getattr(memory.cloud, name))}))


def held(frames, height=HEIGHT, width=WIDTH):
    return HeldFrames(torch.zeros(frames, height, width, 3, dtype=torch.uint8))


UNSAVED = [
    *((cloud_with(name[6:], change), message) for name, change, message in INCONSISTENT if name.startswith("cloud.")),
    (clip_with(1, frames=lambda clip: held(3)), "inconsistent: clip 1 has 12 cameras for 3 frames"),
    (clip_with(1, frames=lambda clip: held(12, height=0)), "inconsistent: clip 1"),
    (clip_with(2, frames=lambda clip: held(8, width=WIDTH - 1)), "inconsistent: clip 2"),
    (clip_with(1, cameras=lambda clip: clip.cameras.select(slice(0, 11))), "inconsistent: clip 1"),
    (clip_with(1, cameras=lambda clip: clip.cameras._replace(w2c=changed(clip.cameras.w2c, (3, 0, 0), math.nan))), "NaN"),
    (clip_with(1, history=lambda clip: 0), "clip 1 shares 0"), (clip_with(0, history=lambda clip: 1), "clip 0 shares 1"),
    (clip_with(2, history=lambda clip: 14), "clip 2 shares 14"),
    (clip_with(2, change=lambda clip: None), "record of clip 2 is missing"),
    (clip_with(2, change=lambda clip: clip.change._replace(size=0)), "record of clip 1 does not fit"),
    (lambda memory: memory._replace(clips=memory.clips[1:]), "clip 0 shares 1"),
    (lambda memory: memory._replace(exact_from=0), "exact_from is 0"),
    (lambda memory: memory._replace(exact_from=4), "exact_from is 4"),
    (lambda memory: memory._replace(voxel_size=math.nan), "voxel_size is nan"),
    (lambda memory: memory._replace(voxel_size=1e-12), "voxel_size is 1e-12"),
]  # fmt: skip


@pytest.mark.parametrize("at", range(len(UNSAVED)))
def test_what_could_not_be_loaded_is_not_saved(tmp_path, grown, at):
    make, message = UNSAVED[at]
    with pytest.raises(SpatiaError, match=f"cannot be saved: .*({message})"):
        save_memory(make(grown[0]), tmp_path / "scene.spatia")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0}, {"size": 49_000_000}, {"index": [5, 5]}, {"index": [5, 4]}, {"index": [-1, 4]},
        {"index": [4, 10**9]}, {"index": [4]}, {"index": [[3, 8]]}, {"view": [1, 0]}, {"view": [0, 5]},
        {"positions": [[1e10] * 3] * 2},
    ],
)  # fmt: skip
def test_a_change_fits_its_points(tmp_path, grown, change):
    """Of the first clip, with two points dropped: what passes can be taken back, what does not is refused."""
    _, entries, tensors = grown
    clouds = {name: value[:2].clone() for name, value in tensors.items() if name.startswith("cloud.")}
    dropped = {name.replace("cloud", "change.1"): value for name, value in clouds.items()}
    dropped["change.1.index"] = torch.tensor([3, 8])
    dropped["change.1.view"][:] = 0
    image, first, second = entries["clips"]
    entries = entries | {"clips": [image, first | {"size": first["size"] + 2}, second]}
    loaded = load_memory(archive(tmp_path / "scene.spatia", entries, tensors | dropped))
    back = revert_clip(revert_clip(loaded).memory).memory
    assert back.cloud.size == first["size"] + 2 and torch.equal(back.cloud.positions[[3, 8]], clouds["cloud.positions"])
    for key, value in change.items():
        if key in first:
            entries["clips"][1][key] = value
        else:
            dropped[f"change.1.{key}"] = torch.tensor(value, dtype=dropped[f"change.1.{key}"].dtype)
    with pytest.raises(SpatiaError, match="scene.spatia"):
        load_memory(archive(tmp_path / "scene.spatia", entries, tensors | dropped))


def test_tensors_are_listed_truly(tmp_path, grown):
    _, entries, tensors = grown
    data = safetensors.torch.save(tensors)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])

    def listed(change: dict) -> bytes:
        text = json.dumps(header | change).encode()
        return len(text).to_bytes(8, "little") + text + data[8 + length :]

    frames = header["frames"]
    cases = [
        (b"", "0 bytes"), (b"\xff" * 8 + data[8:], "bytes, and there are"), (data[:-1], "end at byte"),
        (data + b"\0", "end at byte"),
        (listed({"frames": frames | {"shape": [-1, *frames["shape"][1:]]}}), "whole number"),
        (listed({"frames": frames | {"shape": [2**40] * 9 + [0]}}), "data_offsets"),
        (listed({"frames": frames | {"dtype": "F128"}}), "a dtype among"),
        (listed({"frames": frames | {"data_offsets": [0, 8]}}), "data_offsets"),
        (listed({"frames": 1}), "its dtype, shape"),
        (listed({"frames": frames | {"dtype": "I8"}}), "frames is I8, expected U8"),
        (listed({"stray": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}), "stray is U8, expected no tensor"),
    ]  # fmt: skip
    for content, message in cases:
        with pytest.raises(SpatiaError, match=message) as refusal:
            load_memory(archive(tmp_path / "scene.spatia", entries, content))
        assert "scene.spatia" in str(refusal.value)
    missing = {name: value for name, value in tensors.items() if name != "change.1.index"}
    with pytest.raises(SpatiaError, match="change.1.index is missing"):
        load_memory(archive(tmp_path / "scene.spatia", entries, missing))


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path, grown, how):
    file = archive(tmp_path / "scene.spatia", *grown[1:], how)
    with pytest.raises(SpatiaError, match="scene.spatia is encrypted or packed in another way"):
        load_memory(file)


def test_zips_that_lie_are_refused(tmp_path, grown):
    file = archive(tmp_path / "scene.spatia", *grown[1:], zipfile.ZIP_DEFLATED)
    whole = file.read_bytes()
    at = whole.rindex(b"PK\x01\x02")  # what the list says of the tensors
    for place, value in (
        (8, b"\1\0"),
        (10, b"\x63\0"),
        (10, b"\x0e\0"),
        (20, b"\1\0\0\0"),
        (24, b"\1\0\0\0"),
        (24, b"\0\0\0\x7f"),
        (42, b"\xff\xff\xff\x7f"),
    ):
        file.write_bytes(whole[: at + place] + value + whole[at + place + len(value) :])
        with pytest.raises(SpatiaError, match="scene.spatia"):
            load_memory(file)
    with zipfile.ZipFile(file, "a") as out:
        for i in range(25_000):
            out.writestr(f"{i:06}", b"")
    with pytest.raises(SpatiaError, match="list of entries"):
        load_memory(file)


def test_an_archive_unpacks_to_what_its_length_allows(tmp_path, monkeypatch):
    """And what is saved never goes beyond that: then it is stored as it is."""
    memory, file = start(), tmp_path / "scene.spatia"
    memory = memory_of_image(torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8), path(0.0), memory.cloud, VOXEL)
    save_memory(memory, file)
    shrunk, unpacked = file.stat().st_size, zipfile.ZipFile(file).getinfo("memory.safetensors").file_size
    assert shrunk < unpacked / 2
    monkeypatch.setattr(archive_module, "_UNPACKED", 1000)
    monkeypatch.setattr(archive_module, "_UNPACKED_SHARE", 1)
    with pytest.raises(SpatiaError, match=f"unpacks to {unpacked} bytes, expected at most {1000 + shrunk}"):
        load_memory(file)
    save_memory(memory, file)
    assert file.stat().st_size > unpacked
    assert_equal(load_memory(file), memory)


def test_a_bomb_costs_no_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "scene.spatia", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("memory.json", "{}")
        with out.open("memory.safetensors", "w") as file:
            for _ in range(256):
                file.write(bytes(2**20))
    tracemalloc.start()
    try:
        with pytest.raises(SpatiaError, match="unpacks to 268435456 bytes"):
            load_memory(tmp_path / "scene.spatia")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**21


def test_two_saves_of_one_name_do_not_meet(tmp_path, monkeypatch):
    """A file left by another process under the name that once was everybody's is neither written to nor removed."""
    (tmp_path / "scene.spatia.part").write_bytes(b"another's")
    save_memory(start(), tmp_path / "scene.spatia")
    assert (tmp_path / "scene.spatia.part").read_bytes() == b"another's"

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = (tmp_path / "scene.spatia").read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpatiaError, match="The disk is full"):
        save_memory(start(box=2.0), tmp_path / "scene.spatia")
    assert (tmp_path / "scene.spatia").read_bytes() == before


# --- Taking clips back, contradicted points, moving objects, kept visibility ---


def test_a_moving_box_is_found_without_a_mask_and_the_wall_behind_it_is_whole():
    n = 17
    cameras = path(*[0.0] * n)
    # It stands in the first image too, which nobody masked.
    frames, depth, boxes = moving_box(cameras, [-0.9 + 0.12 * i for i in range(n)])
    estimate = estimate_scene(maps(depth[:1]), cameras.select([0]), HEIGHT, WIDTH)
    memory = new_memory(frames[0], estimate, voxel_size=VOXEL)
    assert red(memory.cloud).any()
    grown, report = update(memory, frames, cameras, maps(depth))
    assert not red(grown.cloud).any() and "look like moving objects" in report and "dropped" in report
    keyframes = new_keyframes(n, 1)
    found, truth = grown.read_moving(keyframes), boxes[keyframes]
    assert (found & truth).sum() > 0.8 * truth.sum() and (found & ~truth).sum() < 0.5 * truth.sum()
    # Every voxel of the wall that the camera ever saw free of the box holds a point.
    whole, exact = view(path(0.0))
    clean = new_memory(whole[0], estimate_scene(maps(exact), path(0.0), HEIGHT, WIDTH), voxel_size=VOXEL).cloud
    gap = torch.cdist(clean.positions, grown.cloud.positions).amin(1)
    assert (gap < 2 * VOXEL).float().mean() > 0.999
    assert (grown.cloud.positions[:, 2] - 4).abs().max() < 0.05


def test_a_given_mask_keeps_the_box_out_at_once():
    cameras = path(*[0.0] * 9)
    frames, depth, boxes = moving_box(cameras, [-0.9 + 0.2 * i for i in range(9)])
    estimate = estimate_scene(maps(depth[:1]), cameras.select([0]), HEIGHT, WIDTH, moving=boxes[:1])
    memory = new_memory(frames[0], estimate, moving=boxes[0], voxel_size=VOXEL)
    grown, report = update(memory, frames, cameras, maps(depth), moving=boxes)
    assert not red(memory.cloud).any() and not red(grown.cloud).any() and "look like" not in report
    assert (grown.cloud.positions[:, 2] - 4).abs().max() < 0.05
    assert torch.equal(all_moving(grown), boxes)


def test_a_static_scene_loses_nothing():
    memory, cameras = start(box=2.0), first_clip()
    frames, depth = view(cameras, box=2.0)
    grown, report = update(memory, frames, cameras, maps(depth))
    assert not all_moving(grown).any() and "dropped" not in report
    assert torch.equal(grown.cloud.positions[: memory.cloud.size], memory.cloud.positions)


def test_a_clip_is_taken_back_bit_for_bit():
    n = 17
    cameras = path(*[0.0] * n)
    frames, depth, _ = moving_box(cameras, [-0.9 + 0.12 * i for i in range(n)])
    memory = new_memory(
        frames[0], estimate_scene(maps(depth[:1]), cameras.select([0]), HEIGHT, WIDTH), voxel_size=VOXEL
    )
    one = update(memory, frames, cameras, maps(depth)).memory
    later = concat_cameras(past(one), path(*[0.1 * (i + 1) for i in range(8)]))
    frames, depth = view(later)
    two = update(one, frames, later, maps(depth)).memory
    back, report = revert_clip(two)
    assert_equal(back, one)
    assert "exactly" in report
    assert_equal(revert_clip(back).memory, memory)
    with pytest.raises(SpatiaError, match="no clip"):
        revert_clip(memory)
    # An edit in between: by provenance, and the edit stays.
    edited = with_cloud(two, two.cloud.select(two.cloud.positions[:, 1] < 0.5))
    back, report = revert_clip(edited)
    assert "edited" in report and (back.cloud.positions[:, 1] < 0.5).all() and (back.cloud.view < one.frame_count).all()
    assert back.frame_count == one.frame_count


def test_what_frames_see_is_kept_and_equals_computing_it(monkeypatch):
    memory = start(box=2.0)
    cameras = concat_cameras(path(*[0.1 * i for i in range(13)]))
    frames, depth = view(cameras, box=2.0)
    one = update(memory, frames, cameras, maps(depth)).memory
    later = concat_cameras(past(one), path(*[1.2 + 0.2 * (i + 1) for i in range(12)]))
    frames, depth = view(later, box=2.0)
    two = update(one, frames, later, maps(depth)).memory
    wanted = list(range(0, 25, 4))
    expected = visible_bits(two.cloud.positions, two.cameras.select(wanted), HEIGHT, WIDTH, voxel_size=VOXEL)
    assert torch.equal(seen_of(two, wanted), expected) and two.seen.nbytes > 0
    asked = []
    monkeypatch.setattr(
        visible_frames,
        "visible_bits",
        lambda *args, **options: asked.append(args[1].count) or visible_bits(*args, **options),
    )
    assert torch.equal(seen_of(two, wanted), expected) and sum(asked) == 0
    # Masks of another cloud are never used.
    fewer = with_cloud(two, two.cloud.select(slice(0, 100)))
    assert seen_of(fewer, [0, 3]).shape == (2, 2) and asked[-1] == 2
    # A clip that adds points elsewhere: what frames see is carried over, those it changed are found anew.
    later = concat_cameras(past(two), path(*[3.6 + 0.2 * (i + 1) for i in range(12)]))
    frames, depth = view(later, box=2.0)
    three = update(two, frames, later, maps(depth)).memory
    assert three.cloud.size > two.cloud.size and three.seen.nbytes > 0
    asked.clear()
    expected = visible_bits(three.cloud.positions, three.cameras.select(wanted), HEIGHT, WIDTH, voxel_size=VOXEL)
    assert torch.equal(seen_of(three, wanted), expected) and 0 < sum(asked) < len(wanted)
    # Points taken out: rows are renumbered, and frames that saw them found anew.
    kept = two.cloud.positions[:, 0] > -1.0
    cloud = two.cloud.select(kept)
    carried = two._replace(
        cloud=cloud, seen=two.seen.carried(two.cloud.positions, kept, cloud.positions, HEIGHT, WIDTH)
    )
    assert 0 < carried.seen.nbytes < two.seen.nbytes
    expected = visible_bits(cloud.positions, two.cameras.select(wanted), HEIGHT, WIDTH, voxel_size=VOXEL)
    assert torch.equal(seen_of(carried, wanted), expected)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    save_memory(start(), tmp_path / "a.spatia")

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(zip_file, "open", refuse, raising=False)
    with pytest.raises(SpatiaError, match=r"a.spatia could not be opened \(Permission denied\); check its folder"):
        load_memory(tmp_path / "a.spatia")
