"""File names typed into widgets, confined to the host's input, output and temp folders."""

from __future__ import annotations

import os

import folder_paths

from ...spatia_core.errors import SpatiaError


def existing_file(name: str, widget: str, *, allow_folder: bool = False) -> str:
    """Real path of a file that a widget names.

    name: relative to the input folder, else to the output or temp folder; "name [output]" and "name [temp]" choose
    one; an absolute path is accepted inside these folders. Raises SpatiaError when it is elsewhere or not there.
    """
    name = name.strip()
    if not name:
        raise SpatiaError(f"{widget} is empty, expected the name of a file in ComfyUI's input, output or temp folder; fill in {widget}.")
    folders = _folders()
    for label, folder in folders.items():
        if name.endswith(f"[{label}]"):
            name, folders = name[: -len(label) - 2].strip(), {label: folder}
            break
    inside = [path for path in (_confined(folder, name) for folder in folders.values()) if path]
    if not inside:
        raise SpatiaError(f"{widget} {name!r} lies outside ComfyUI's input, output and temp folders; put the file into the input folder and give its name.")
    for path in inside:
        if os.path.isfile(path) or (allow_folder and os.path.isdir(path)):
            return path
    raise SpatiaError(f"{widget} {name!r} was not found in ComfyUI's {', '.join(folders)} folder; check the name.")


def new_output_file(prefix: str, widget: str) -> tuple[str, str]:
    """Numbered stem for new files in the output folder, and its subfolder: (".../scene_00003_", "spatia").

    Raises SpatiaError when the prefix leads out of the output folder.
    """
    output = folder_paths.get_output_directory()
    if not prefix.strip() or prefix.endswith(("/", "\\")) or not _confined(output, os.path.dirname(prefix)):
        raise SpatiaError(f"{widget} {prefix!r} was given, expected a file name, or folder/name, inside ComfyUI's output folder; change {widget}.")
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, output)
    return os.path.join(folder, f"{name}_{counter:05}_"), subfolder


def relative_to_output(path: str) -> str:
    """How a widget names a file of the output folder: "spatia/scene_00001_.spatia [output]"."""
    return os.path.relpath(path, folder_paths.get_output_directory()).replace(os.sep, "/") + " [output]"


def stamp(path: str) -> str:
    """Changes when the file does: for fingerprint_inputs."""
    status = os.stat(path)
    return f"{path}:{status.st_mtime_ns}:{status.st_size}"


def read_text(path: str, widget: str, limit: int = 64 << 20) -> str:
    """Text of a file. Raises SpatiaError when it is larger than `limit` bytes or not text."""
    if os.path.getsize(path) > limit:
        raise SpatiaError(f"{widget}: {os.path.basename(path)} has {os.path.getsize(path)} bytes, expected a camera text of at most {limit}; choose another file.")
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise SpatiaError(f"{widget}: {os.path.basename(path)} is not a text file; choose another file.") from error


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
