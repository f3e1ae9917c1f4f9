"""A world as one file, to be carried elsewhere: a .zip, stored, of world.json and the clips that its branches lead to.

An archive may come from anybody. Nothing of it is believed before it was looked at: names, sizes, and where its clips
lead. Of what is refused nothing is left.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..errors import SpatiaError
from ..files import free_bytes, new_folder, replaced, replacing
from ..inputs import shown
from ..interrupt import look_for_interrupt
from ..zip_file import ZIP_ERRORS, opened_file, opened_zip
from . import records
from .records import CLIP_FILE, CLIPS, WORLD_FILE, Record
from .world import CAMERAS, CLOUD, FRAMES, LATENTS, MOVING, PICTURES, World, needed_files

ENDING = ".zip"
_FILES = (CLIP_FILE, CAMERAS, CLOUD, LATENTS, FRAMES, MOVING, *PICTURES)
_NAME = re.compile(rf"{CLIPS}/([0-9a-f]{{32}})/({'|'.join(map(re.escape, _FILES))})")
_LONGEST_DIRECTORY = 1 << 26  # bytes of the list of entries: of some 60,000 clips
_LONGEST_TEXT = 1 << 24  # bytes of a JSON file
_AT_ONCE = 1 << 20
_SPARE = 16 << 20  # bytes that importing leaves free on the disk


class _Foreign(Exception):
    """The archive can be read, and is not ours."""


def export_world(world: World, path: str | os.PathLike) -> None:
    """Write a world into one archive, whole or not at all; what no branch leads to is left out.

    Raises SpatiaError, before anything is written, when the world or one of its clips is missing.
    """
    # A reader needs no lock; a branch that is removed meanwhile is one error more.
    heading, reached = world.heading, world.reached()
    files = {clip: world.files_of(record) for clip, (record, _) in reached.items()}
    with replacing(path) as part, zipfile.ZipFile(part, "w") as archive, tempfile.TemporaryDirectory() as folder:
        records.write_heading(folder, heading)
        _add(archive, os.path.join(folder, WORLD_FILE), WORLD_FILE)
        for clip, names in files.items():
            look_for_interrupt()
            for name in names:
                _add(archive, os.path.join(world.clip_folder(clip), name), f"{CLIPS}/{clip}/{name}")


def import_world(path: str | os.PathLike, folder: str | os.PathLike) -> World:
    """Make a world of an archive that `export_world` wrote, in a folder that is not there yet.

    The world is there at once, when it is whole. Raises SpatiaError, and leaves nothing, when the folder is there, the
    archive is damaged or holds anything else, or the disk has no room for it.
    """
    target = World(folder)
    target.require_absent()
    what = f"The archive {shown(os.path.basename(path))}"
    try:
        _unpack(path, target, what)
    except _Foreign as error:
        raise SpatiaError(
            f"{what} holds no whole world: {error}; export the world again, or choose another archive."
        ) from error
    return target


def _unpack(path: str | os.PathLike, target: World, what: str) -> None:
    with ExitStack() as stack:
        file = opened_file(path, what)
        size = os.path.getsize(path)
        with _reading():
            archive = stack.enter_context(opened_zip(file, _LONGEST_DIRECTORY))
        members = _members(archive, size)
        reached = _reached(archive, members, target.name)
        _require_space(what, target, sum(info.file_size for info in members.values()))
        with target.made() as part:
            for clip, (record, _) in reached.items():
                look_for_interrupt()
                with new_folder(part.clip_folder(clip)) as to:
                    for name in _names_of(record, members):
                        _take(archive, members[f"{CLIPS}/{clip}/{name}"], os.path.join(to, name))
            _take(archive, members[WORLD_FILE], os.path.join(part.folder, WORLD_FILE))


def _add(archive: zipfile.ZipFile, path: str, name: str) -> None:
    info = zipfile.ZipInfo(name)  # its date says nothing, so that the same world is the same archive
    try:
        with open(path, "rb") as source:
            info.file_size = os.fstat(source.fileno()).st_size  # beyond 4 GiB it is written otherwise
            with archive.open(info, "w") as member:
                shutil.copyfileobj(source, member, _AT_ONCE)
    except FileNotFoundError as error:
        raise SpatiaError(f"{name} went while the world was exported; queue again.") from error


def _take(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> None:
    # What goes wrong in writing, `replaced` says in its own words.
    with _reading(), archive.open(info) as member, replaced(path) as file:
        shutil.copyfileobj(member, file, _AT_ONCE)  # the reader compares the sum at the end


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever reading an archive raises as _Foreign; nothing else may stand in the block."""
    try:
        yield
    except SpatiaError:  # which is a ValueError too
        raise
    except ZIP_ERRORS as error:
        raise _Foreign(f"it is damaged or no .zip ({error or type(error).__name__})") from error


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """What the archive of `size` bytes lists, by name. Raises _Foreign on any name, kind or size that is not ours."""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.orig_filename  # the other is changed to fit the system
        if name != info.filename or (name != WORLD_FILE and not _NAME.fullmatch(name)):
            raise _Foreign(f"it lists {shown(name)}")
        if name in members:
            raise _Foreign(f"it lists {name} twice")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _Foreign(f"{name} is no plain file")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.compress_size != info.file_size:
            raise _Foreign(f"{name} is compressed or encrypted")
        if name.endswith(".json") and info.file_size > _LONGEST_TEXT:
            raise _Foreign(f"{name} has more than {_LONGEST_TEXT} bytes")
        members[name] = info
    if WORLD_FILE not in members:
        raise _Foreign(f"it has no {WORLD_FILE}")
    if sum(info.file_size for info in members.values()) > size:
        raise _Foreign("it lists more bytes than it has")
    return members


def _reached(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str
) -> dict[str, tuple[Record, tuple[str, ...]]]:
    """The clips that world.json leads to, read as those of any world. Raises _Foreign where files and clips differ."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(os.path.join(folder, name))
        for member in (name for name in members if name.endswith(".json")):
            path = os.path.join(world.folder, *member.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _take(archive, members[member], path)
        try:
            reached = world.reached()
        except SpatiaError as error:
            raise _Foreign(str(error).rpartition(";")[0]) from error
    expected = {f"{CLIPS}/{clip}/{file}" for clip, (record, _) in reached.items() for file in needed_files(record)}
    pictures = {f"{CLIPS}/{clip}/{file}" for clip in reached for file in PICTURES}
    missing, more = expected - members.keys(), members.keys() - expected - pictures - {WORLD_FILE}
    if missing or more:
        raise _Foreign(f"it lacks {min(missing)}" if missing else f"no clip of its branches has {min(more)}")
    return reached


def _names_of(record: Record, members: dict[str, zipfile.ZipInfo]) -> list[str]:
    return [*needed_files(record), *(name for name in PICTURES if f"{CLIPS}/{record.id}/{name}" in members)]


def _require_space(what: str, target: World, needed: int) -> None:
    folder = os.path.dirname(target.folder)
    os.makedirs(folder, exist_ok=True)
    free = free_bytes(folder)
    if free < needed + _SPARE:
        raise SpatiaError(
            f"{what} takes {needed / 2**20:.0f} MiB, and the disk has {free / 2**20:.0f} MiB left; free some space, and "
            "queue again."
        )
