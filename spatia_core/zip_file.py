"""Zips that may come from anybody: opened without making an object of each of a million entries, refused in one way."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import SpatiaError

# What zipfile raises of a file that lies about itself. Each becomes the sentence that the file is damaged, its cause kept:
# so only zipfile's own work may stand in a block that catches these.
ZIP_ERRORS = (
    zipfile.BadZipFile,  # no zip, cut off, or its sums do not fit
    zlib.error, EOFError, struct.error,  # entries that are cut off or no deflate
    LookupError,  # an entry that is not there, or a broken extra field
    NotImplementedError, RuntimeError,  # a zip of another kind: later versions, patches, passwords
    OSError, OverflowError, ValueError,  # places before the file's beginning or beyond any file
)  # fmt: skip


class _Directory(io.BufferedReader):
    """A file of which zipfile reads no longer list of entries than `longest` bytes: it would make an object of each."""

    longest: float

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.longest:
            raise zipfile.BadZipFile(f"its list of entries has {size} bytes")
        return super().read(size)


@contextmanager
def opened_zip(file: io.RawIOBase, longest_directory: int) -> Iterator[zipfile.ZipFile]:
    """A zip to read, whose list of entries has at most so many bytes; the file is closed at the end. Raises ZIP_ERRORS."""
    with _Directory(file) as bounded:
        bounded.longest = longest_directory
        with zipfile.ZipFile(bounded) as archive:
            bounded.longest = float("inf")
            yield archive


def opened_file(path: str | os.PathLike, what: str) -> io.RawIOBase:
    """The file, for `opened_zip`. Raises SpatiaError, which is the disk's or the user's rights' fault, not the file's."""
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise SpatiaError(f"{what} could not be opened ({error.strerror}); check its folder and rights.") from error
