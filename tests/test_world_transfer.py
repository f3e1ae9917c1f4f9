"""Worlds as one file: what comes out is what went in, and of what is refused nothing is left."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from world_checks import equal, forget
from world_walk import beginning, go_on, grown, name

from spatia_core import interrupt, zip_file
from spatia_core.errors import SpatiaError
from spatia_core.world import World, export_world, import_world, transfer
from spatia_core.world import world as world_module

CLIPS = 3
FORK = "f" * 32


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three clips, and another third one on a branch of its own."""
    world = World(tmp_path_factory.mktemp("worlds") / "walk")
    go_on(world, CLIPS)
    world.commit(grown(world.memory(name(2)), 3), FORK, name(2), "other")
    return world


@pytest.fixture
def world(made, tmp_path):
    forget()
    return World(shutil.copytree(made.folder, tmp_path / "source"))


@pytest.fixture(scope="module")
def archive(made, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("archives") / "walk.zip"
    export_world(made, path)
    return path.read_bytes()


def same(one: World, other: World) -> bool:
    """The same branches, and the same bytes in all files."""
    files = [
        {path.relative_to(world.folder): path.read_bytes() for path in Path(world.folder).rglob("*") if path.is_file()}
        for world in (one, other)
    ]
    for found in files:
        found.pop(Path("world.lock"), None)
    return files[0] == files[1]


def left(folder: Path) -> list[str]:
    """What lies in a folder beside the lock of makers."""
    return sorted(set(os.listdir(folder)) - {world_module._NEW_WORLDS})


def rezipped(data: bytes, change) -> bytes:
    """The archive with its members, (ZipInfo, bytes) each, as `change` leaves them."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        members = [(zipfile.ZipInfo(info.filename), source.read(info)) for info in source.infolist()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for info, content in change(members):
            target.writestr(info, content)
    return out.getvalue()


def refused(data: bytes, folder: Path) -> str:
    """The one sentence that importing `data` ends with; nothing is left."""
    folder.mkdir()
    path = folder.parent / "hurt.zip"
    path.write_bytes(data)
    with pytest.raises(SpatiaError) as told:
        import_world(path, folder / "imported")
    assert left(folder) == []
    shutil.rmtree(folder)
    return str(told.value)


def test_there_and_back(world, tmp_path):
    (Path(world.folder) / "clips" / ("e" * 32)).mkdir()  # what a dead writer left
    export_world(world, tmp_path / "w.zip")
    with zipfile.ZipFile(tmp_path / "w.zip") as archive:
        assert archive.testzip() is None and archive.namelist()[0] == "world.json"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    imported = import_world(tmp_path / "w.zip", tmp_path / "far" / "away")
    shutil.rmtree(Path(world.folder) / "clips" / ("e" * 32))
    assert imported.name == "away" and same(world, imported)
    for head in world.heading.branches.values():
        assert equal(world.memory(head), imported.memory(head))
    # The same world is the same archive, and the imported one goes on.
    export_world(imported, tmp_path / "again.zip")
    assert (tmp_path / "w.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    assert go_on(imported, CLIPS + 1).frame_count == 13 + 8 * CLIPS
    assert left(tmp_path / "far") == ["away"]


def test_a_world_that_is_there_is_refused(world, tmp_path, archive):
    (tmp_path / "w.zip").write_bytes(archive)
    (tmp_path / "empty").mkdir()
    for folder, message in (("source", "a world named 'source'"), ("empty", "a folder named 'empty'")):
        with pytest.raises(SpatiaError, match=message):
            import_world(tmp_path / "w.zip", tmp_path / folder)
    assert len(world.clips()) == CLIPS + 2 and os.listdir(tmp_path / "empty") == []


@pytest.mark.parametrize("file", ["clip.json", "frames.mkv", "moving.mkv", "latents.safetensors", "cloud.safetensors"])
def test_nothing_is_written_of_a_world_that_lacks_a_file(world, tmp_path, file):
    (Path(world.clip_folder(name(2))) / file).unlink()
    with pytest.raises(SpatiaError, match=r"could not be read|missing"):
        export_world(world, tmp_path / "w.zip")
    with pytest.raises(SpatiaError, match=r"could not be read|missing"):
        world.copy_to(tmp_path / "copy")
    assert left(tmp_path) == ["source"]


def test_pictures_may_lack(world, tmp_path):
    for file in ("poster.jpg", "preview.mp4"):
        (Path(world.clip_folder(name(2))) / file).unlink()
    export_world(world, tmp_path / "w.zip")
    assert same(world, import_world(tmp_path / "w.zip", tmp_path / "imported"))


def test_an_archive_cut_anywhere_is_refused(archive, tmp_path):
    rng = random.Random(0)
    for size in [0, 1, 21, 22, len(archive) - 1, *(rng.randrange(len(archive)) for _ in range(60))]:
        assert "holds no whole world" in refused(archive[:size], tmp_path / "worlds")


def test_changed_bytes_are_found_or_do_not_matter(archive, made, tmp_path):
    """One byte anywhere, most often where the archive lists what it holds: refused, or the same world."""
    rng, refusals = random.Random(1), 0
    directory = archive.rindex(b"PK\x05\x06")
    start = int.from_bytes(archive[directory + 16 : directory + 20], "little")
    for k in range(150):
        hurt = bytearray(archive)
        place = rng.randrange(start, len(hurt)) if k % 3 else rng.randrange(len(hurt))
        hurt[place] ^= 1 << rng.randrange(8)
        (tmp_path / "hurt.zip").write_bytes(hurt)
        folder = tmp_path / "worlds"
        try:
            imported = import_world(tmp_path / "hurt.zip", folder / "imported")
        except SpatiaError:
            refusals += 1
            assert not folder.exists() or left(folder) == []
        else:
            assert same(made, imported), place
        shutil.rmtree(folder, ignore_errors=True)
    assert refusals > 50


@pytest.mark.parametrize(
    "bad",
    [
        "../out.txt", "/abs.txt", "clips/../../out", f"clips/{'0' * 32}/../../../x", "C:\\x", "clips\\x", "notes.txt",
        f"clips/{'0' * 32}/", f"clips/{'0' * 32}/extra.bin", f"clips/{'G' * 32}/clip.json", "clips/x/clip.json",
        f"clips/{'0' * 32}/clip.json\n", "world.lock", "World.json", f"clips/{'e' * 32}/frames.mkv",
        f"clips/{'0' * 32}/moving.mkv",
    ],
)  # fmt: skip
def test_other_names_are_refused(archive, tmp_path, bad):
    assert "holds no whole world" in refused(
        rezipped(archive, lambda members: [*members, (zipfile.ZipInfo(bad), b"x")]), tmp_path / "worlds"
    )
    assert left(tmp_path) == ["hurt.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_kinds_are_refused(archive, tmp_path):
    frames = f"clips/{name(1)}/frames.mkv"

    def link(members):
        for info, content in members:
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if info.filename == frames else info.external_attr
            yield info, b"/etc/hostname" if info.filename == frames else content

    def packed(members):
        for info, content in members:
            info.compress_type = zipfile.ZIP_DEFLATED if info.filename == frames else zipfile.ZIP_STORED
            yield info, content

    def without(file):
        return lambda members: [one for one in members if one[0].filename != file]

    for change, message in [
        (link, "no plain file"),
        (packed, "compressed"),
        (lambda members: [*members, members[0]], "twice"),
        (without("world.json"), "no world.json"),
        (without(frames), f"lacks {frames}"),
        (without(f"clips/{name(1)}/clip.json"), "could not be read"),
        (lambda members: [], "no world.json"),
    ]:
        assert message in refused(rezipped(archive, change), tmp_path / "worlds")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (f"clips/{name(2)}/clip.json", {"parent": "../../../../etc"}),
        (f"clips/{name(2)}/clip.json", {"parent": "e" * 32}),
        (f"clips/{name(2)}/clip.json", {"parent": name(2)}),
        (f"clips/{name(2)}/clip.json", {"parent": name(3)}),
        (f"clips/{name(2)}/clip.json", {"parent": None}),
        (f"clips/{name(2)}/clip.json", {"parent": None, "number": 0, "exact_from": 1}),
        (f"clips/{name(2)}/clip.json", {"id": name(1)}),
        (f"clips/{name(2)}/clip.json", {"latents": None}),
        (f"clips/{name(2)}/clip.json", {"version": 2}),
        ("world.json", {"branches": {"main": "../../x"}}),
        ("world.json", {"branches": {"main": "e" * 32}}),
        ("world.json", {"branches": {"main": name(1)}}),
        ("world.json", {"branches": {}}),
        ("world.json", {"format": "spatia clip"}),
        ("world.json", {"width": 1 << 40}),
    ],
)
def test_texts_that_lead_elsewhere_are_refused(archive, tmp_path, file, change):
    def changed(members):
        for info, content in members:
            yield info, json.dumps(json.loads(content) | change) if info.filename == file else content

    assert "holds no whole world" in refused(rezipped(archive, changed), tmp_path / "worlds")


def test_sizes_are_compared_before_anything_is_written(archive, tmp_path, monkeypatch):
    directory = archive.rindex(b"PK\x05\x06")
    start = int.from_bytes(archive[directory + 16 : directory + 20], "little")
    hurt = bytearray(archive)
    for field in (20, 24):  # a stored member of almost 4 GiB
        hurt[start + field : start + field + 4] = (0xFFFFFF00).to_bytes(4, "little")
    assert "holds no whole world" in refused(bytes(hurt), tmp_path / "worlds")
    monkeypatch.setattr(transfer, "free_bytes", lambda folder: 1 << 20)
    assert "1 MiB left" in refused(archive, tmp_path / "worlds")


def test_what_is_stopped_leaves_nothing(world, tmp_path, archive):
    class Stopped(Exception):
        pass

    (tmp_path / "w.zip").write_bytes(archive)
    try:
        for work in (
            lambda: export_world(world, tmp_path / "new.zip"),
            lambda: import_world(tmp_path / "w.zip", tmp_path / "new"),
            lambda: world.copy_to(tmp_path / "new"),
        ):
            for at in range(1, 5):
                calls = iter(range(1, 100))

                def look(at=at, calls=calls):
                    if next(calls) == at:
                        raise Stopped

                interrupt.notice_interrupts(look)
                with pytest.raises(Stopped):
                    work()
                assert left(tmp_path) == ["source", "w.zip"]
    finally:
        interrupt.notice_interrupts(interrupt._nobody_asks)


def test_a_failed_export_leaves_the_file_before(world, tmp_path, archive, monkeypatch):
    (tmp_path / "w.zip").write_bytes(archive)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transfer.shutil, "copyfileobj", full)
    with pytest.raises(SpatiaError, match="disk is full"):
        export_world(world, tmp_path / "w.zip")
    assert (tmp_path / "w.zip").read_bytes() == archive and left(tmp_path) == ["source", "w.zip"]


def test_a_world_of_one_image(tmp_path):
    world = World(tmp_path / "image")
    world.commit(beginning(), name(0), None)
    export_world(world, tmp_path / "w.zip")
    assert same(world, import_world(tmp_path / "w.zip", tmp_path / "imported"))


def test_a_list_of_entries_longer_than_any_of_ours_is_not_read(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_LONGEST_DIRECTORY", 100)
    assert "its list of entries has" in refused(archive, tmp_path / "worlds")


@pytest.mark.parametrize("where", ["before", "while"])
def test_what_fails_here_is_not_the_archives_fault(archive, tmp_path, monkeypatch, where):
    """A folder that may not be written, or an error of our own, is told as what it is."""

    def fails(*args, **kwargs):
        raise PermissionError("not yours")

    monkeypatch.setattr(
        transfer if where == "before" else World, "_require_space" if where == "before" else "made", fails
    )
    (tmp_path / "a.zip").write_bytes(archive)
    with pytest.raises(PermissionError, match="not yours"):
        import_world(tmp_path / "a.zip", tmp_path / "worlds" / "new")
    assert not (tmp_path / "worlds" / "new").exists()


def test_an_archive_that_may_not_be_read_is_not_called_damaged(archive, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.zip").write_bytes(archive)
    monkeypatch.setattr(zip_file, "open", refuse, raising=False)
    with pytest.raises(SpatiaError, match=r"a.zip' could not be opened \(Permission denied\); check its folder"):
        import_world(tmp_path / "a.zip", tmp_path / "worlds" / "new")
