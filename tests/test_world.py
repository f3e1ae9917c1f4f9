"""Worlds on disk: what is read is what was written, by whomever it is read, whenever the writer dies."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
import torch
from world_checks import equal, forget
from world_walk import COUNT, HEIGHT, VOXEL, WIDTH, beginning, go_on, grown, latents, name

from spatia_core.errors import SpatiaError
from spatia_core.files import locked
from spatia_core.memory import memory_of_image, revert_clip, with_cloud
from spatia_core.world import World
from spatia_core.world import world as world_module

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def plain():
    """The same video in memory alone: by number of clips."""
    memories = [beginning()]
    for number in range(1, COUNT + 1):
        memories.append(grown(memories[-1], number))
    return memories


@pytest.fixture(scope="module")
def made(tmp_path_factory, plain):
    folder = tmp_path_factory.mktemp("worlds") / "walk"
    go_on(World(folder), COUNT)
    return folder


@pytest.fixture
def world(made, tmp_path):
    forget()
    return World(shutil.copytree(made, tmp_path / "copied elsewhere"))


def test_what_is_read_is_what_was_written(world, plain):
    for number in (0, 1, 2, COUNT):
        memory = world.memory(name(number))
        assert equal(memory, plain[number]) and [clip.key for clip in memory.clips] == [
            name(k) for k in range(number + 1)
        ]
    record = world.record(name(2))
    assert (record.number, record.parent, record.seconds, record.made) == (2, name(1), 1.5, {"seed": 2})
    assert record.peak_bytes == 3 << 30 and world.record(name(0)).peak_bytes is None
    assert record.moving and not world.record(name(1)).moving
    assert torch.equal(world.latents(name(3)), latents(3))
    assert {entry.name for entry in os.scandir(world.clip_folder(name(2)))} == {
        "clip.json", "cameras.safetensors", "cloud.safetensors", "latents.safetensors", "frames.mkv", "moving.mkv",
        "poster.jpg", "preview.mp4",
    }  # fmt: skip


def test_reverting_what_was_read_is_exact(world, plain):
    memory = world.memory(name(COUNT))
    for number in range(COUNT - 1, -1, -1):
        memory = revert_clip(memory).memory
        assert equal(memory, plain[number])


def test_an_edit_between_clips_is_kept(world):
    memory = world.memory(name(2))
    fewer = with_cloud(memory, memory.cloud.select(torch.arange(memory.cloud.size) % 3 > 0))
    after = grown(fewer, 3)
    world.commit(after, "f" * 32, name(2), "edited")
    more = world.commit(grown(world.memory("f" * 32), 4), "e" * 32, "f" * 32, "edited").memory
    forget()
    assert equal(world.memory("f" * 32), after) and equal(world.memory("e" * 32), more)
    assert world.record("f" * 32).cloud == "whole" and world.head("main") == name(COUNT)


def test_a_branch_that_goes_on_otherwise_loses_nothing(world):
    said = world.commit(grown(world.memory(name(2)), 3), "f" * 32, name(2)).report
    assert "main 2" in said
    assert world.heading.branches == {"main": "f" * 32, "main 2": name(COUNT)}
    world.stand("main", name(4))
    assert world.heading.branches == {"main": name(4), "main 2": name(COUNT), "main 3": "f" * 32}
    assert world.remove_branch("main 3") == 1 and not world.has("f" * 32)
    assert world.remove_branch("main 2") == 2 and sorted(world.clips()) == [name(k) for k in range(5)]
    with pytest.raises(SpatiaError, match="only branch"):
        world.remove_branch("main")


def test_one_writes_and_the_other_is_told(world, monkeypatch):
    monkeypatch.setattr(world_module, "_WAIT", 0.2)
    with locked(Path(world.folder) / "world.lock", 1) as ours:
        assert ours
        with pytest.raises(SpatiaError, match="being written by another"):
            world.stand("main", name(1))
        assert world.memory(name(1)).frame_count == 13  # a reader needs no lock


def test_a_reader_never_sees_half_a_clip(tmp_path, plain):
    world, seen, stop = World(tmp_path / "w"), set(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            if world.exists:
                end = world.head("main")
                forget()
                seen.add(end if equal(world.memory(end), plain[int(end, 16)]) else "half")

    reader = threading.Thread(target=read)
    reader.start()
    go_on(world, 3)
    stop.set()
    reader.join()
    assert seen and seen <= {name(k) for k in range(4)}


@pytest.fixture
def walker():
    """A function: (folder, clips, seconds) -> the signal that ended the process which made this walk; see world_walk.py."""
    program = [sys.executable, str(Path(__file__).parent / "world_walk.py")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"

        def walk(folder: Path, clips: int, seconds: float | None) -> int:
            process.stdin.write(json.dumps([str(folder), clips, seconds]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield walk
        process.stdin.close()


@pytest.mark.skipif(os.name == "nt", reason="forks, so that a process to be killed need not import torch first")
@pytest.mark.long(300, "kills a process many times")
def test_killed_at_any_moment_it_goes_on(walker, tmp_path, plain):
    """kill -9 while clips are made and written: what is there is whole, and the end is that of the undisturbed walk."""
    began = time.monotonic()
    assert walker(tmp_path / "timed", 3, None) == 0
    whole = time.monotonic() - began
    rng, kills = random.Random(0), 0
    folder = tmp_path / "killed"
    for attempt in range(80):
        if kills >= 16 and attempt % 4 == 0:
            break
        kills += walker(folder, 3, rng.uniform(0, 0.8 * whole)) == signal.SIGKILL
        world = World(folder)
        forget()
        for clip in world.clips():
            assert equal(world.memory(clip), plain[int(clip, 16)])
        if attempt % 4 == 3:
            forget()
            assert equal(go_on(world, 3), plain[3])
            assert not [one for one in os.listdir(folder / "clips") if one.startswith(".")]  # the dead's are gone
            shutil.rmtree(folder)
    assert kills >= 16


def test_a_clip_counts_once_the_world_is_begun(tmp_path, plain):
    """Whoever dies between the first clip and world.json has done nothing that anybody sees."""
    world = World(tmp_path / "world")
    world.commit(plain[0], name(0), None)
    (tmp_path / "world" / "world.json").unlink()
    forget()
    assert not world.exists and not world.has(name(0)) and world.clips() == []
    assert equal(go_on(world, 1), plain[1])


def test_before_the_disk_is_full(world, monkeypatch):
    monkeypatch.setattr(world_module, "free_bytes", lambda folder: 1 << 20)
    before = sorted(world.clips())
    with pytest.raises(SpatiaError, match="1 MiB left.*free some space"):
        world.commit(grown(world.memory(name(2)), 3), "f" * 32, name(2))
    assert sorted(world.clips()) == before


@pytest.mark.parametrize("file", ["clip.json", "cameras.safetensors", "cloud.safetensors"])
@pytest.mark.parametrize("how", ["gone", "cut", "empty", "noise", "another's"])
def test_a_damaged_clip_is_told(world, file, how):
    path = Path(world.clip_folder(name(2))) / file
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        other = (Path(world.clip_folder(name(3))) / file).read_bytes()
        path.write_bytes(
            {"cut": data[: len(data) // 2], "empty": b"", "noise": os.urandom(2000), "another's": other}[how]
        )
    if how == "another's" and file == "cameras.safetensors":
        assert world.memory(name(3)).frame_count  # cameras of another clip are cameras
        return
    with pytest.raises(SpatiaError, match=r"damaged|could not be read|UTF-8|JSON"):
        world.memory(name(3))
    assert world.memory(name(1)).frame_count == 13


def test_missing_frames_are_told_when_they_are_asked_for(world):
    (Path(world.clip_folder(name(2))) / "frames.mkv").write_bytes(b"")
    memory = world.memory(name(3))
    assert memory.read_frames([0]).shape == (1, HEIGHT, WIDTH, 3)
    with pytest.raises(SpatiaError, match=r"frames\.mkv, could not be read"):
        memory.read_frames([15])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "newer one"), ({"version": True}, "newer one"), ({"format": "x"}, "newer one"),
        ({"branches": {}}, "branches"), ({"branches": {"main": "../x"}}, "named"), ({"width": 0}, "damaged"),
        ({"voxel_size": None}, "damaged"),
    ],
)  # fmt: skip
def test_a_heading_of_another_kind_is_refused(world, change, message):
    path = Path(world.folder) / "world.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SpatiaError, match=message):
        world.memory(world.head("main"))


@pytest.mark.parametrize(
    ("peak", "read"), [("left out", None), (None, None), (7, 7), (-1, "damaged"), (1.5, "damaged")]
)
def test_records_from_before_there_was_a_peak_of_memory_are_read(world, peak, read):
    path = Path(world.clip_folder(name(2))) / "clip.json"
    record = json.loads(path.read_text())
    record.pop("peak_bytes")
    path.write_text(json.dumps(record if peak == "left out" else record | {"peak_bytes": peak}))
    if read == "damaged":
        with pytest.raises(SpatiaError, match="damaged"):
            world.record(name(2))
    else:
        assert world.record(name(2)).peak_bytes == read and world.memory(name(3)).frame_count


def test_a_memory_of_elsewhere_is_refused(world, plain):
    with pytest.raises(SpatiaError, match="does not continue"):
        world.commit(plain[2], "f" * 32, name(3))
    with pytest.raises(SpatiaError, match="image alone"):
        world.commit(plain[2], "f" * 32, None)
    with pytest.raises(SpatiaError, match="another name"):
        world.commit(beginning()._replace(voxel_size=2 * VOXEL), "f" * 32, None)


def test_a_world_made_anew_is_not_the_one_before(tmp_path, plain):
    """The same ids in the same folder, other pixels: as on a card, which does not repeat itself to the bit."""
    world = World(tmp_path / "again")
    world.commit(plain[0], name(0), None)
    assert torch.equal(world.memory(name(0)).read_frames([0]), plain[0].read_frames([0]))
    shutil.rmtree(world.folder)
    other = memory_of_image(255 - plain[0].read_frames([0])[0], plain[0].cameras, plain[0].cloud, VOXEL)
    world.commit(other, name(0), None)
    assert torch.equal(world.memory(name(0)).read_frames([0]), other.read_frames([0]))


def test_version_1_loads_for_ever(tmp_path):
    """A world as the first version wrote it: image, two clips, an edit before the second, and a branch."""
    with zipfile.ZipFile(DATA / "world_v1.zip") as archive:
        archive.extractall(tmp_path)
    expected = json.loads((DATA / "world_v1.json").read_text())
    world = World(tmp_path / "world_v1")
    assert set(world.heading.branches) == set(expected)
    for branch, sums in expected.items():
        assert digests(world.memory(world.head(branch))) == sums


def digests(memory) -> dict:
    """Sums of what a memory holds."""

    def total(*tensors) -> str:
        return hashlib.sha256(b"".join(one.contiguous().numpy().tobytes() for one in tensors)).hexdigest()

    everything = range(memory.frame_count)
    return {
        "cloud": total(*memory.cloud),
        "frames": total(memory.read_frames(everything)),
        "moving": total(memory.read_moving(everything)),
        "cameras": total(memory.cameras.w2c, memory.cameras.intrinsics),
        "clips": [[clip.cameras.count, clip.history, clip.key] for clip in memory.clips],
        "exact_from": memory.exact_from,
    }


def test_a_copy_shares_files_and_lives_by_itself(world, tmp_path):
    world.commit(grown(world.memory(name(2)), 3), "f" * 32, name(2), "other")
    copy = world.copy_to(tmp_path / "copies" / "second")
    assert copy.heading == world.heading and sorted(copy.clips()) == sorted(world.clips())
    files = [Path(one.clip_folder(name(2))) / "frames.mkv" for one in (world, copy)]
    assert os.path.samefile(*files) and world.bytes_of(name(2), shared=False) == 0
    forget()
    assert all(equal(world.memory(head), copy.memory(head)) for head in world.heading.branches.values())
    copy.remove_branch("main")
    copy.commit(grown(copy.memory("f" * 32), 4), "e" * 32, "f" * 32, "other")
    assert len(world.clips()) == COUNT + 2 and not world.has("e" * 32)
    world.remove()
    forget()
    assert copy.memory("e" * 32).frame_count == 13 + 8 * 3


def test_a_copy_where_nothing_can_be_linked(world, tmp_path, monkeypatch):
    def refuse(source, path):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    copy = world.copy_to(tmp_path / "second")
    assert equal(world.memory(name(COUNT)), copy.memory(name(COUNT))) and world.bytes_of(name(2), shared=False) > 0


def test_a_copy_takes_nobodys_place(world, tmp_path, monkeypatch):
    monkeypatch.setattr(world_module, "_WAIT", 0.2)
    (tmp_path / "empty").mkdir()
    for folder, message in ((world.folder, "a world named"), (tmp_path / "empty", "a folder named 'empty'")):
        with pytest.raises(SpatiaError, match=message):
            world.copy_to(folder)
    with locked(tmp_path / world_module._NEW_WORLDS, 1), pytest.raises(SpatiaError, match="copied or imported"):
        world.copy_to(tmp_path / "second")
    with locked(Path(world.folder) / "world.lock", 1), pytest.raises(SpatiaError, match="being written"):
        world.copy_to(tmp_path / "second")
    with pytest.raises(SpatiaError, match="no world named 'nowhere'"):
        World(tmp_path / "nowhere").copy_to(tmp_path / "second")
    assert not (tmp_path / "second").exists() and not (tmp_path / "nowhere").exists()


def test_what_a_dead_maker_left_goes(world, tmp_path):
    (tmp_path / ".second.0123456789ab.spatia-part" / "clips").mkdir(parents=True)
    world.copy_to(tmp_path / "second")
    assert not list(tmp_path.glob("*.spatia-part"))


def test_what_clips_take(world):
    world.commit(grown(world.memory(name(2)), 3), "f" * 32, name(2), "other")
    uses = world.usage()
    assert [use.number for use in uses] == [0, 1, 2, 3, 3, 4, 5, 6]
    assert {use.id: use.branches for use in uses if use.number in (2, 3)} == {
        name(2): ("main", "other"), name(3): ("main",), "f" * 32: ("other",),
    }  # fmt: skip
    assert [use.frames for use in uses[:3]] == [1, 12, 8] and uses[1].seconds == 1.5
    assert all(use.bytes == world.bytes_of(use.id) > 0 for use in uses)
    # What a dead writer left counts on no branch.
    heading = world_module.records.read_heading(world.folder)
    world_module.records.write_heading(world.folder, heading._replace(branches={"main": name(COUNT)}))
    assert {use.id: use.branches for use in world.usage()}["f" * 32] == ()


def test_a_world_is_removed(world, tmp_path, monkeypatch):
    monkeypatch.setattr(world_module, "_WAIT", 0.2)
    with locked(Path(world.folder) / "world.lock", 1), pytest.raises(SpatiaError, match="being written"):
        world.remove()
    assert world.memory(name(COUNT)).frame_count
    world.remove()
    assert os.listdir(tmp_path) == [] and not world.exists
    with pytest.raises(SpatiaError, match="no world named"):
        world.remove()


def test_a_busy_machine_writes_the_same_video(tmp_path):
    """The same frames, written by several at once: one file, byte for byte."""
    from concurrent.futures import ThreadPoolExecutor

    from spatia_core.world.pictures import video_writer

    coarse = torch.rand(1, 3, 12, 20, generator=torch.Generator().manual_seed(3))
    picture = (255 * torch.nn.functional.interpolate(coarse, (160, 260), mode="bilinear")[0]).to(torch.uint8)
    frames = [picture[:, i : i + 128, 2 * i : 2 * i + 192].permute(1, 2, 0).contiguous() for i in range(24)]

    def written(number: int) -> bytes:
        path = tmp_path / f"{number}.mp4"
        with video_writer(path, 12) as add:
            for frame in frames:
                add(frame)
        return path.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(written, range(24)))) == 1
