"""The one way to write a file: whole or not at all, whatever is killed, cut off or full in between.

A file is written under a temporary name beside its place, flushed to the disk, and put there in one step. While it is
written its temporary file is locked, so that leftovers of dead processes can be told from files that are still in work,
by another process and on a shared folder too, and are removed at the next save into the same folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from typing import BinaryIO

from .errors import SpatiaError

_ENDING = ".spatia-part"
_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
_NEXT_TO_NOTHING = 1 << 16  # bytes free on a disk that is as good as full
_WINDOWS = os.name == "nt"


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[str]:
    """The name of a new, empty temporary file to write, which takes the place of `path` when the block ends well.

    When it does not, `path` stays as it was and the temporary file is removed. Raises SpatiaError when the disk is full
    or the folder cannot be written to.
    """
    folder, name = os.path.split(os.path.abspath(path))
    part: str | None = None
    handle: int | None = None
    try:
        _remove_leftovers(folder)
        part, handle = _new_part(folder, name)
        yield part
        _to_disk(part)
        if _WINDOWS:  # where a file that is open cannot be moved
            os.close(handle)
            handle = None
        os.replace(part, path)
        _folder_to_disk(folder)
    except SpatiaError:
        raise
    except OSError as error:
        raise _explained(error, name, folder) from error
    except Exception as error:  # of a library that writes by itself and has a family of errors of its own
        if _free(folder) < _NEXT_TO_NOTHING:
            raise _full(name, folder) from error
        raise
    finally:
        if handle is not None:
            os.close(handle)
        if part is not None:
            with contextlib.suppress(OSError):  # when all went well there is nothing of this name any more
                os.remove(part)


@contextlib.contextmanager
def replaced(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """As `replacing`, with the temporary file opened for binary writing."""
    with replacing(path) as part, open(part, "wb") as file:
        yield file
        file.flush()


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Write a whole file, or leave what was there."""
    with replaced(path) as file:
        file.write(data)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text in UTF-8 with plain line ends, or leave what was there."""
    write_bytes(path, text.encode())


@contextlib.contextmanager
def new_folder(path: str | os.PathLike) -> Iterator[str]:
    """The name of a new, empty folder to fill, which takes the name `path` when the block ends well, at once and whole.

    `path` must not exist yet. When the block does not end well nothing is left. One writer at a time (`locked`): what
    lies half made beside it is somebody dead's, and is removed. Raises SpatiaError as `replacing` does.
    """
    parent, name = os.path.split(os.path.abspath(path))
    part = None
    try:
        os.makedirs(parent, exist_ok=True)
        with os.scandir(parent) as entries:
            dead = [entry.path for entry in entries if entry.name.endswith(_ENDING) and entry.is_dir()]
        for folder in dead:
            shutil.rmtree(folder, ignore_errors=True)
        part = os.path.join(parent, f".{name[:40]}.{uuid.uuid4().hex[:12]}{_ENDING}")
        os.mkdir(part)
        yield part
        _folder_to_disk(part)
        os.rename(part, path)
        _folder_to_disk(parent)
    except OSError as error:
        raise _explained(error, name, parent) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def remove_folder(path: str | os.PathLike) -> None:
    """Remove a folder and all in it; to whoever looks it goes at once."""
    parent, name = os.path.split(os.path.abspath(path))
    gone = os.path.join(parent, f".{name[:40]}.{uuid.uuid4().hex[:12]}{_ENDING}")
    try:
        os.rename(path, gone)
        _folder_to_disk(parent)
    except OSError as error:
        raise SpatiaError(f"{name} could not be removed ({error.strerror or error}); check its folder.") from error
    shutil.rmtree(gone, ignore_errors=True)


@contextlib.contextmanager
def locked(path: str | os.PathLike, seconds: float) -> Iterator[bool]:
    """Whether the lock that the file `path` stands for is this block's, waiting for it up to so many seconds.

    The system frees the lock when its process ends, however it ends. The file stays.
    """
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        give_up = time.monotonic() + seconds
        while not (ours := _lock_file(handle)) and time.monotonic() < give_up:
            time.sleep(0.05)
        yield ours
    finally:
        os.close(handle)


def _lock_file(handle: int) -> bool:
    if not _WINDOWS:
        return _lock(handle)
    import msvcrt

    try:
        # mypy reads the standard library as on Linux (pyproject.toml), where this module is empty.
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def free_bytes(folder: str | os.PathLike) -> int:
    """Bytes that are free on the disk of a folder."""
    return _free(os.fspath(folder))


def _new_part(folder: str, name: str) -> tuple[str, int]:
    """A new file and its handle, which holds its lock."""
    while True:
        # The name is cut, so that a name that fits the file system fits it with this addition too.
        part = os.path.join(folder, f".{name[:40]}.{os.getpid()}-{uuid.uuid4().hex[:12]}{_ENDING}")
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _lock(handle, wait=True)
        # Before the lock was ours, another process may have taken the file for a dead one's.
        if os.path.exists(part):
            return part, handle
        os.close(handle)


def _lock(handle: int, *, wait: bool = False) -> bool:
    """Whether an open file is locked for this process now. The system frees the lock when its process ends."""
    if _WINDOWS:
        return True  # An open file cannot be removed there: that is lock enough.
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # another process has it; or the file system knows no locks, and nothing is known to be dead there
        return False
    return True


def _remove_leftovers(folder: str) -> None:
    with os.scandir(folder) as entries:
        parts = [entry.path for entry in entries if entry.name.startswith(".") and entry.name.endswith(_ENDING)]
    for part in parts:
        with contextlib.suppress(OSError):  # it may have gone, or belong to somebody else
            handle = os.open(part, os.O_RDWR)
            try:
                dead = _lock(handle)
                if dead and not _WINDOWS:
                    os.remove(part)
            finally:
                os.close(handle)
            if _WINDOWS:
                os.remove(part)


def _to_disk(part: str) -> None:
    # Whoever wrote it has closed it, or even put another file there; what lies under the name now is what counts.
    handle = os.open(part, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folder_to_disk(folder: str) -> None:
    if _WINDOWS:  # where folders are not flushed
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems flush no folders
            raise
    finally:
        os.close(handle)


def _explained(error: OSError, name: str, folder: str) -> SpatiaError:
    if error.errno in _FULL:
        return _full(name, folder)
    if error.errno == errno.ENAMETOOLONG:
        return SpatiaError(
            f"The file name {name[:60]}... has {len(name)} characters, more than this file system takes; choose a shorter name."
        )
    return SpatiaError(
        f"{name} could not be written ({error.strerror or error}); a file of that name is as it was. "
        "Check the folder, or choose another name."
    )


def _full(name: str, folder: str) -> SpatiaError:
    return SpatiaError(
        f"The disk is full ({_free(folder) / 2**20:.1f} MiB free): {name} was not written, and a file of that name is as it was. "
        "Free some space and run again."
    )


def _free(folder: str) -> int:
    """Bytes that are free on the disk of a folder."""
    return shutil.disk_usage(folder).free
