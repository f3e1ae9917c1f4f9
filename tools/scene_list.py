"""Lists of scenes as "Memorize When Needed" has them (prompt.json): an image, a prompt and a pose file each.

    [{"img": "img/room.png", "prompt": "A room ...", "pose": "pose/room.txt"}, ...]

or the same entries one a line (.jsonl). An entry may also have a `name`, for its files, and a `seed`. Paths count from the
list's folder. `read_scenes` checks the whole list before the first one is made; `fill_workflow` puts one of them into a
workflow.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from spatia_core.cameras import Cameras, read_cameras, write_cameras
from spatia_core.cameras.formats import LONGEST_TEXT
from spatia_core.errors import SpatiaError
from spatia_core.inputs import parse_json, short_text, shown

from .workflows import nodes_of

KEYS, OPTIONAL = ("img", "prompt", "pose"), ("name", "seed")
_MOST_SCENES = 10_000
_LONGEST_LIST, _LONGEST_PROMPT, _LONGEST_PATH, _LONGEST_NAME = 64 << 20, 100_000, 4096, 60
_LARGEST_SEED = 2**64 - 1


class Scene(NamedTuple):
    """One entry of a list."""

    name: str  # unique in its list, fit for a file
    image: Path
    prompt: str
    cameras: Cameras  # of the whole pose file, with the intrinsics of the whole image
    seed: int | None  # None: the workflow's


class Windows(NamedTuple):
    """How a path is made: the frames of the first clip and of later ones, which repeat the last `history` of those before."""

    first: int
    later: int
    history: int

    def whole(self, frames: int) -> int:
        """How many clips a path of so many frames fills; what is left at its end is not made."""
        return 0 if frames < self.first else 1 + (frames - self.first) // (self.later - self.history)

    def frames(self, clips: int) -> int:
        """Frames of so many clips, joined; 0 for none."""
        return self.first + (clips - 1) * (self.later - self.history) if clips else 0


def read_scenes(path: Path) -> list[Scene]:
    """The scenes of a list. Raises SpatiaError, before anything slow, on one whose files are missing or do not fit."""
    text = _read(path, path.name, _LONGEST_LIST)
    if path.suffix.lower() == ".jsonl":
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        entries = [parse_json(line, f"Line {number} of {path.name}", "the file") for number, line in lines]
    else:
        entries = parse_json(text, f"The contents of {path.name}", "the file")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_SCENES:
        raise SpatiaError(
            f"{path.name} holds {shown(entries)}, expected a list of 1 to {_MOST_SCENES} scenes with {', '.join(KEYS)}; "
            "check the file."
        )
    scenes: list[Scene] = []
    for number, entry in enumerate(entries, 1):
        scene = _scene(entry, f"Scene {number} of {path.name}", path.parent)
        taken = {other.name.lower() for other in scenes}
        if "name" in entry and scene.name.lower() in taken:
            raise SpatiaError(f"Scene {number} of {path.name} has the name {scene.name} of another one; change it.")
        names = [scene.name, *(f"{scene.name}_{count}" for count in range(2, number + 1))]
        scenes.append(scene._replace(name=next(name for name in names if name.lower() not in taken)))
    return scenes


def windows_of(prompt: dict) -> Windows:
    """The lengths of a workflow's clips. Raises SpatiaError where they are not set in its one Clip Window."""
    window = prompt[_only(prompt, "SpatiaClipWindow")]["inputs"]
    lengths = [window.get(name) for name in ("first_frames", "later_frames", "history_frames")]
    if not all(isinstance(length, int) for length in lengths) or lengths[1] <= lengths[2]:
        raise SpatiaError(
            f"The workflow's Clip Window has the lengths {', '.join(map(shown, lengths))}, expected numbers set in its "
            "widgets, later_frames above history_frames; choose another workflow."
        )
    return Windows(*lengths)


def require_whole_windows(scenes: list[Scene], windows: Windows) -> None:
    """Refuse a list with a path that is shorter than a clip of the workflow."""
    for scene in scenes:
        if not windows.whole(scene.cameras.count):
            raise SpatiaError(
                f"The path of {scene.name} holds {scene.cameras.count} cameras, expected at least the {windows.first} of "
                "the workflow's first clip; give a longer path, or another workflow."
            )


def fill_workflow(prompt: dict, scene: Scene, image: str) -> dict:
    """The workflow (in the form of POST /prompt) for one scene: its image, its text, the cameras of whole clips, its world.

    image: the name that the server gave the scene's image. The workflow has one Load Image, one Import Cameras or Camera
    Path, and one Open World and World Video, whose names become the scene's; the text goes to whatever `positive` inputs
    are made from, the seed to all that take one.
    """
    prompt = copy.deepcopy(prompt)
    windows = windows_of(prompt)
    prompt[_only(prompt, "LoadImage")]["inputs"]["image"] = image
    kept = scene.cameras.select(slice(0, windows.frames(windows.whole(scene.cameras.count))))
    # The official text, which can say a zoom too; it has no use for a size.
    text, intrinsics = write_cameras(kept, "spatia", width=1, height=1).values()
    if nodes_of(prompt, "SpatiaCameraPath"):
        _lead_in_cameras(prompt)
    prompt[_only(prompt, "SpatiaImportCameras")]["inputs"] |= {
        "file": "", "format": "spatia", "text": text, "intrinsics": intrinsics,
    }  # fmt: skip
    prompt[_only(prompt, "SpatiaOpenWorld")]["inputs"] |= {"name": scene.name, "branch": "main", "clip": -1}
    prompt[_only(prompt, "SpatiaWorldVideo")]["inputs"]["filename_prefix"] = scene.name
    for number in _text_nodes(prompt, "positive"):
        prompt[number]["inputs"]["text"] = scene.prompt
    for node in prompt.values() if scene.seed is not None else ():
        for name in ("seed", "noise_seed"):
            if isinstance(node["inputs"].get(name), int):
                node["inputs"][name] = scene.seed
    return prompt


def video_alone(prompt: dict) -> dict:
    """Of a filled workflow what writes the video of the world as it is, and makes no clip."""
    prompt = copy.deepcopy(prompt)
    video, world = _only(prompt, "SpatiaWorldVideo"), _only(prompt, "SpatiaOpenWorld")
    prompt[video]["inputs"]["world"] = [world, 1]
    # What a new world would begin with: this one is there.
    prompt[world]["inputs"].pop("memory", None)
    wanted, further = set(), [video]
    while further:
        number = further.pop()
        wanted.add(number)
        further += [source for source, _ in _links(prompt[number]) if source not in wanted]
    return {number: node for number, node in prompt.items() if number in wanted}


def _lead_in_cameras(prompt: dict) -> None:
    """Import Cameras in place of the one Camera Path; where the image is fitted, its cameras are fitted with it."""
    path = _only(prompt, "SpatiaCameraPath")
    title = prompt[path].get("_meta", {"title": "The whole path"})
    inputs = {
        "start": "as in the file",
        "scale": 1.0,
        "close_loop": "off",
        "closing_frames": 24,
        "width": 0,
        "height": 0,
    }
    prompt[path] = {"class_type": "SpatiaImportCameras", "inputs": inputs, "_meta": title}
    source: list = [path, 0]
    if fits := nodes_of(prompt, "SpatiaFitImage"):
        prompt[fits[0]]["inputs"]["cameras"] = source
        source = [fits[0], 4]
        for node in prompt.values():
            if node is not prompt[fits[0]]:
                node["inputs"] |= {name: source for name, link in node["inputs"].items() if link == [path, 0]}
    # The image is the first camera's.
    for number in nodes_of(prompt, "SpatiaEstimateScene"):
        prompt[number]["inputs"].setdefault("cameras", source)


def _links(node: dict) -> list[tuple[str, int]]:
    return [tuple(value) for value in node["inputs"].values() if isinstance(value, list) and len(value) == 2]


def _name(entry: dict, where: str, image: Path) -> str:
    name = _text(entry, "name", where, _LONGEST_NAME) if "name" in entry else image.stem
    fit = re.sub(r"[^\w-]+", "_", name).strip("_") or "scene"
    if "name" in entry and fit != name:
        raise SpatiaError(
            f"{where} has name = {shown(name)}, expected letters, digits, - and _, as it names files; {fit} would do."
        )
    return fit[:_LONGEST_NAME]


def _seed(entry: dict, where: str) -> int | None:
    seed = entry.get("seed")
    if seed is None or (isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= _LARGEST_SEED):
        return seed
    raise SpatiaError(
        f"{where} has seed = {shown(seed)}, expected a whole number of 0 to {_LARGEST_SEED}; check the file."
    )


def _scene(entry: object, where: str, folder: Path) -> Scene:
    if not isinstance(entry, dict):
        raise SpatiaError(f"{where} is {shown(entry)}, expected an object with {', '.join(KEYS)}; check the file.")
    missing, unknown = [key for key in KEYS if key not in entry], [key for key in entry if key not in KEYS + OPTIONAL]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has {shown(unknown)}"
        raise SpatiaError(
            f"{where} {wrong}, expected {', '.join(KEYS)}, and at most {', '.join(OPTIONAL)} beside; check the file."
        )
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
    return Scene(_name(entry, where, image), image, prompt, cameras, _seed(entry, where))


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
