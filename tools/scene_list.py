"""Lists of scenes as "Memorize When Needed" has them (prompt.json): an image, a prompt and a pose file each.

    [{"img": "img/room.png", "prompt": "A room ...", "pose": "pose/room.txt"}, ...]

Paths count from the list's folder. `read_scenes` checks the whole list before the first one is made; `fill_workflow` puts
one of them into a workflow.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from spatia_core.cameras import Cameras, read_cameras, write_cameras
from spatia_core.cameras.formats import LONGEST_TEXT
from spatia_core.errors import SpatiaError
from spatia_core.inputs import parse_json, short_text, shown

from .workflows import nodes_of

WINDOW = 49  # frames that are made at once; each later window repeats the last of the window before
KEYS = ("img", "prompt", "pose")
_MOST_SCENES = 10_000
_LONGEST_LIST, _LONGEST_PROMPT, _LONGEST_PATH = 64 << 20, 100_000, 4096


class Scene(NamedTuple):
    """One entry of a list."""

    image: Path
    prompt: str
    cameras: Cameras  # of the whole pose file, with the intrinsics of the whole image


def read_scenes(path: Path, window: int = WINDOW) -> list[Scene]:
    """The scenes of a list. Raises SpatiaError, before anything slow, on one whose files are missing or do not fit."""
    entries = parse_json(_read(path, path.name, _LONGEST_LIST), f"The contents of {path.name}", "the file")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_SCENES:
        raise SpatiaError(
            f"{path.name} holds {shown(entries)}, expected a list of 1 to {_MOST_SCENES} scenes with {', '.join(KEYS)}; "
            "check the file."
        )
    return [_scene(entry, f"Scene {i} of {path.name}", path.parent, window) for i, entry in enumerate(entries, 1)]


def whole_windows(frames: int, window: int = WINDOW) -> int:
    """How many windows a path of so many frames fills; what is left at its end is not made."""
    return max(0, (frames - 1) // (window - 1))


def fill_workflow(prompt: dict, scene: Scene, image: str, window: int = WINDOW) -> dict:
    """The workflow (in the form of POST /prompt) for one scene: its image, its text, and the cameras of whole windows.

    image: the name that the server gave the scene's image. The workflow has one Load Image and one Import Cameras; the
    text goes to whatever `positive` inputs are made from.
    """
    prompt = copy.deepcopy(prompt)
    prompt[_only(prompt, "LoadImage")]["inputs"]["image"] = image
    kept = scene.cameras.select(slice(0, 1 + (window - 1) * whole_windows(scene.cameras.count, window)))
    # The official text, which can say a zoom too; it has no use for a size.
    text, intrinsics = write_cameras(kept, "spatia", width=1, height=1).values()
    prompt[_only(prompt, "SpatiaImportCameras")]["inputs"] |= {
        "file": "", "format": "spatia", "text": text, "intrinsics": intrinsics,
    }  # fmt: skip
    for number in _text_nodes(prompt, "positive"):
        prompt[number]["inputs"]["text"] = scene.prompt
    return prompt


def _scene(entry: object, where: str, folder: Path, window: int) -> Scene:
    if not isinstance(entry, dict):
        raise SpatiaError(f"{where} is {shown(entry)}, expected an object with {', '.join(KEYS)}; check the file.")
    missing, unknown = [key for key in KEYS if key not in entry], [key for key in entry if key not in KEYS]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has {shown(unknown)}"
        raise SpatiaError(f"{where} {wrong}, expected {', '.join(KEYS)} and nothing else; check the file.")
    prompt = _text(entry, "prompt", where, _LONGEST_PROMPT)
    image, pose = (_file(entry, key, where, folder) for key in ("img", "pose"))
    try:
        with Image.open(image) as picture:
            picture.verify()
    except Exception as error:  # of as many kinds as there are formats
        raise SpatiaError(
            f"{where}: {shown(entry['img'])} cannot be read as an image ({error}); give another file."
        ) from error
    try:
        cameras = read_cameras(_read(pose, shown(entry["pose"]), LONGEST_TEXT))
    except SpatiaError as error:
        raise SpatiaError(f"{where}, {shown(entry['pose'])}: {error}") from error
    if cameras.count < window:
        raise SpatiaError(
            f"{where}: {shown(entry['pose'])} holds {cameras.count} cameras, expected at least the {window} of one window; "
            "give a longer path."
        )
    return Scene(image, prompt, cameras)


def _text(entry: dict, key: str, where: str, most: int) -> str:
    try:
        return short_text(entry[key], most)
    except ValueError as error:
        raise SpatiaError(f"{where} has {key} = {shown(entry[key])}, expected {error}; check the file.") from None


def _file(entry: dict, key: str, where: str, folder: Path) -> Path:
    path = folder / _text(entry, key, where, _LONGEST_PATH)
    try:
        there = path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        there = False
    if not there:
        raise SpatiaError(
            f"{where} names {key} {shown(entry[key])}, which is no file in {folder.resolve().name}/; put it there, or "
            "correct the path, which counts from the list's folder."
        )
    return path.resolve()


def _read(path: Path, name: str, most: int) -> str:
    try:
        if path.stat().st_size > most:
            raise SpatiaError(f"{name} has more than {most} bytes, expected a text of at most that; check the file.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpatiaError(f"{name} could not be read as a text ({error}); check the file.") from error


def _only(prompt: dict, kind: str) -> str:
    found = nodes_of(prompt, kind)
    if len(found) != 1:
        raise SpatiaError(
            f"The workflow has {len(found)} nodes of the kind {kind}, expected one to fill in; choose another workflow."
        )
    return found[0]


def _text_nodes(prompt: dict, socket: str) -> set[str]:
    """The nodes whose text reaches an input of this name, through whatever changes a conditioning on the way."""
    found: set[str] = set()
    seen: set[str] = set()
    links = [node["inputs"][socket] for node in prompt.values() if isinstance(node["inputs"].get(socket), list)]
    while links:
        number, _ = links.pop()
        if number in seen or number not in prompt:
            continue
        seen.add(number)
        inputs = prompt[number]["inputs"]
        if "text" in inputs:
            found.add(number)
            continue
        links += [inputs[name] for name in (socket, "conditioning") if isinstance(inputs.get(name), list)]
    if not found:
        raise SpatiaError(
            f"No text leads to an input `{socket}` of the workflow, expected a CLIP Text Encode before it; choose another "
            "workflow."
        )
    return found
