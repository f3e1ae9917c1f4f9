"""File names typed into widgets, confined to the host's input, output and temp folders."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import unicodedata
from collections.abc import Iterator

import folder_paths

from ...spatia_core.cameras.formats import LONGEST_TEXT
from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import shown
from ...spatia_core.world.records import WORLD_FILE

_CLAIM = ".spatia-claim"
_MOST_LISTED = 1000
_JUST_NOW = 2_000_000_000  # nanoseconds within which a folder may change twice and show one date
_listed: dict[tuple[str, tuple[str, ...]], tuple[int, list[str], list[str]]] = {}
_LONGEST_NAME = 4000  # characters, folders included; each part of it may have as many as the file system takes


def existing_file(name: str, widget: str, *, allow_folder: bool = False) -> str:
    """Real path of a file that a widget names.

    name: relative to the input folder, else to the output or temp folder; "name [output]" and "name [temp]" choose
    one; an absolute path is accepted inside these folders. Raises SpatiaError when it is elsewhere or not there.
    """
    _require_name(name, widget)
    folders = _folders()
    name = name.strip()
    for label, folder in folders.items():
        if name.endswith(f"[{label}]"):
            name, folders = name[: -len(label) - 2].strip(), {label: folder}
            break
    if not name:
        raise SpatiaError(
            f"{widget} is empty, expected the name of a file in ComfyUI's input, output or temp folder; fill in "
            f"{widget}."
        )
    inside = [path for path in (_confined(folder, name) for folder in folders.values()) if path]
    if not inside:
        raise SpatiaError(
            f"{widget} {shown(name)} lies outside ComfyUI's input, output and temp folders; put the file into the "
            "input folder and give its name."
        )
    for path in inside:
        if os.path.isfile(path) or (allow_folder and os.path.isdir(path)):
            return path
    raise SpatiaError(f"{widget} {shown(name)} was not found in ComfyUI's {', '.join(folders)} folder; check the name.")


def listed_files(endings: tuple[str, ...]) -> list[str]:
    """Names, as `existing_file` takes them, of the files with these endings in the input and output folder.

    The newest first, at most 1000; what lies in hidden folders, in worlds and behind links is left out. A page asks for
    this whenever it loads, and the host several times in each run: a folder is read again when its date has changed.
    """
    found = []
    for label in ("input", "output"):
        root = os.path.realpath(_folders()[label])
        for path in _files_below(root, endings):
            name = os.path.relpath(path, root).replace(os.sep, "/")
            with contextlib.suppress(OSError, SpatiaError):  # it has gone meanwhile, or no widget takes its name
                _require_name(name, "")
                found.append((-os.stat(path).st_mtime_ns, name if label == "input" else f"{name} [{label}]"))
    return [name for _, name in sorted(found)[:_MOST_LISTED]]


def _files_below(root: str, endings: tuple[str, ...]) -> Iterator[str]:
    left = [root]
    while left:
        folder = left.pop()
        try:
            folders, files = _in_folder(folder, endings)
        except OSError:  # it has gone, or is not ours to read
            continue
        left += folders
        yield from files


def _in_folder(folder: str, endings: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Paths of a folder's folders, and of its files with these endings."""
    changed = os.stat(folder).st_mtime_ns
    known = _listed.get((folder, endings))
    if known is not None and known[0] == changed:
        return known[1], known[2]
    with os.scandir(folder) as entries:
        seen = [entry for entry in entries if not entry.name.startswith(".")]
        folders = [entry.path for entry in seen if entry.is_dir(follow_symlinks=False)]
        named = [entry for entry in seen if entry.name.lower().endswith(endings)]
        files = [entry.path for entry in named if entry.is_file(follow_symlinks=False)]
    if any(entry.name == WORLD_FILE for entry in seen):  # clips by the thousand, and nothing to choose
        folders = []
    if time.time_ns() - changed > _JUST_NOW:
        _listed[folder, endings] = changed, folders, files
    return folders, files


def new_output_file(prefix: str, widget: str) -> contextlib.AbstractContextManager[str]:
    """A block in which its value is the numbered stem of new files in the output folder, ".../scene_00003_".

    No other server that writes into the same folder gets that number meanwhile. Raises SpatiaError, before the block is
    entered, when the prefix leads out of the output folder, or to where no folder can be made.
    """
    _next_output(prefix, widget)
    return _claimed(prefix, widget)


def _next_output(prefix: str, widget: str) -> tuple[str, str, int]:
    """Folder, name and first free number of new files."""
    _require_name(prefix, widget)
    output = folder_paths.get_output_directory()
    # The host takes a name apart after it was normalised.
    within = _confined(output, os.path.dirname(os.path.normpath(prefix)))
    if not prefix.strip() or prefix.endswith(("/", "\\")) or not within:
        raise SpatiaError(
            f"{widget} {shown(prefix)} was given, expected a file name, or folder/name, inside ComfyUI's output "
            f"folder; change {widget}."
        )
    try:
        folder, name, counter, _, _ = folder_paths.get_save_image_path(prefix, output)
    except OSError as error:
        raise _no_folder(prefix, widget, error) from error
    return folder, name, counter


@contextlib.contextmanager
def _claimed(prefix: str, widget: str) -> Iterator[str]:
    """The host counts the files that are there: two servers that save at once are given one number.

    Whoever makes the folder of a number, empty and hidden, has that number. Once a file of it or of a later one is
    there, nobody is given it again, and the folder, a dead process's too, is of no use to anybody.
    """
    number = 0
    while True:
        folder, name, free = _next_output(prefix, widget)
        number = max(number, free)
        # Short, so that whatever name fits the file system fits it with this addition too.
        mark = f".{hashlib.sha256(os.path.normcase(name).encode()).hexdigest()[:16]}"
        claim = os.path.join(folder, f"{mark}_{number}{_CLAIM}")
        try:
            os.mkdir(claim)
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise _no_folder(prefix, widget, error) from error
        # Between the count and the claim, another server may have had this number and be done with it.
        if _next_output(prefix, widget)[1:] <= (name, number):
            break
        os.rmdir(claim)
    try:
        yield os.path.join(folder, f"{name}_{number:05}_")
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(claim)
        _remove_old_claims(folder, mark, _next_output(prefix, widget)[2])


def _remove_old_claims(folder: str, mark: str, free: int) -> None:
    for claim in os.listdir(folder):
        number = claim.removeprefix(f"{mark}_").removesuffix(_CLAIM)
        if claim == f"{mark}_{number}{_CLAIM}" and number.isdecimal() and int(number) < free:
            with contextlib.suppress(OSError):  # another server was faster
                os.rmdir(os.path.join(folder, claim))


def _no_folder(prefix: str, widget: str, error: OSError) -> SpatiaError:
    return SpatiaError(
        f"{widget} {shown(prefix)} names a folder of ComfyUI's output folder that cannot be made, read or written to "
        f"({error.strerror}); change {widget}, or check that folder and its disk."
    )


def relative_to_output(path: str) -> str:
    """How a widget names a file of the output folder: "spatia/scene_00001_.spatia [output]"."""
    return os.path.relpath(path, folder_paths.get_output_directory()).replace(os.sep, "/") + " [output]"


def temporary_folder() -> str:
    """The host's folder for what need not last; made where it is not there."""
    folder = folder_paths.get_temp_directory()
    os.makedirs(folder, exist_ok=True)
    return folder


def stamp(path: str) -> str:
    """Changes when the file does: for fingerprint_inputs. Raises SpatiaError when it has gone meanwhile."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise SpatiaError(f"{os.path.basename(path)} cannot be read ({error.strerror}); check the file.") from error
    return f"{path}:{status.st_mtime_ns}:{status.st_size}"


def read_text(path: str, widget: str, limit: int = LONGEST_TEXT) -> str:
    """Text of a file. Raises SpatiaError when it is larger than `limit` bytes, not text or cannot be read."""
    return as_text(read_bytes(path, widget, limit), path, widget)


def read_bytes(path: str, widget: str, limit: int = LONGEST_TEXT) -> bytes:
    """Contents of a file. Raises SpatiaError when it is larger than `limit` bytes or cannot be read."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(limit + 1) if size <= limit else b""
    except OSError as error:
        raise SpatiaError(f"{widget}: {name} cannot be read ({error.strerror}); check the file.") from error
    if max(size, len(data)) > limit:
        raise SpatiaError(
            f"{widget}: {name} has {size} bytes, expected a camera text of at most {limit}; choose another file."
        )
    return data


def as_text(data: bytes, path: str, widget: str) -> str:
    """Contents of a file as text. Raises SpatiaError when they are none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpatiaError(f"{widget}: {os.path.basename(path)} is not a text file; choose another file.") from error


def _require_name(name: str, widget: str) -> None:
    """Refuse what no file system and no message can hold, whatever folder it is in."""
    if not isinstance(name, str):
        raise SpatiaError(f"{widget} is {shown(name)}, expected the name of a file; change {widget}.")
    if len(name) > _LONGEST_NAME:
        raise SpatiaError(
            f"{widget} {shown(name)} has {len(name)} characters, expected at most {_LONGEST_NAME}; shorten {widget}."
        )
    # Control characters, and halves of characters that stand for bytes which are no text.
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name.strip()):
        raise SpatiaError(f"{widget} {shown(name)} holds characters that no file name should; type {widget} anew.")


def _folders() -> dict[str, str]:
    return {
        "input": folder_paths.get_input_directory(),
        "output": folder_paths.get_output_directory(),
        "temp": folder_paths.get_temp_directory(),
    }


def _confined(folder: str, name: str) -> str | None:
    """Real path of name inside folder, None when it leads elsewhere, through a link as well."""
    try:
        root = os.path.realpath(folder)
        path = os.path.realpath(os.path.join(root, name))
        return path if os.path.commonpath([root, path]) == root else None
    except ValueError:  # a null byte, or another drive on Windows
        return None
