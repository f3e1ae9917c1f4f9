"""Lists of scenes as "Memorize When Needed" has them (prompt.json): an image, a prompt and a pose file each.

    [{"img": "img/room.png", "prompt": "A room ...", "pose": "pose/room.txt"}, ...]

or the same entries one a line (.jsonl). In place of `pose` an entry may have a `path`, the settings of a Camera Path:

    {"img": "img/room.png", "prompt": ["A room by day.", "By night."], "path": {"preset": "pan", "frames": 73, "angle": 40}}

Its prompt may be a list, a line per clip, and it may have a `name`, for its files, a `seed`, a `profile` (the pace of Few
Steps) and `edits` (those of Edit Point Cloud). Paths count from the list's folder. `read_scenes` checks the whole list
before the first one is made; scene_workflow.py puts one of them into a workflow.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from spatia_core.cameras import Cameras, intrinsics_from_fov, make_cameras, read_cameras
from spatia_core.cameras.formats import LONGEST_TEXT
from spatia_core.cameras.trajectories import CLOSINGS, PRESETS, close_loop, keyframe_path, preset_path
from spatia_core.cloud.edit import check_edits, parse_edits
from spatia_core.errors import SpatiaError
from spatia_core.inputs import MOST_CAMERAS, parse_json, short_text, shown, widget_whole
from spatia_core.model.few_steps import FEW_STEPS, QUALITY
from spatia_core.prompts import prompt_lines

KEYS, CAMERAS, OPTIONAL = ("img", "prompt"), ("pose", "path"), ("name", "seed", "profile", "edits")
KEYFRAMES = "keyframes"
# Widgets of Camera Path, and what of them a preset is made by.
PATH_KEYS = (
    "preset", "frames", "angle", "distance", "easing", "base_motion", "turns", "keyframes", "depth", "close_loop",
    "closing_frames",
)  # fmt: skip
PROFILES = (*FEW_STEPS, QUALITY)
_MOST_SCENES, _MOST_PROMPTS = 10_000, 10_000
_LONGEST_LIST, _LONGEST_PROMPT, _LONGEST_PATH, _LONGEST_NAME = 64 << 20, 100_000, 4096, 60
_LARGEST_SEED = 2**64 - 1


class Scene(NamedTuple):
    """One entry of a list."""

    name: str  # unique in its list, fit for a file
    image: Path
    prompts: tuple[str, ...]  # one: of all clips; more: a line for each clip
    cameras: (
        Cameras | None
    )  # of the whole pose file, with the intrinsics of the whole image; None where there is a path
    path: dict[str, Any] | None  # settings of Camera Path; what is not among them is the workflow's
    seed: int | None  # as all that follow, None: the workflow's
    profile: str | None  # the pace of Few Steps
    edits: str | None  # JSON for Edit Point Cloud


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
            f"{path.name} holds {shown(entries)}, expected a list of 1 to {_MOST_SCENES} scenes with {', '.join(KEYS)} "
            f"and {' or '.join(CAMERAS)}; check the file."
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
        raise SpatiaError(
            f"{where} is {shown(entry)}, expected an object with {', '.join(KEYS)}, {' or '.join(CAMERAS)}; check the file."
        )
    _require_keys(entry, where)
    prompts = _prompts(entry, where)
    image = _file(entry, "img", where, folder)
    pose = _file(entry, "pose", where, folder) if "pose" in entry else None
    try:
        with Image.open(image) as picture:
            picture.verify()
    except Exception as error:  # of as many kinds as there are formats
        raise SpatiaError(
            f"{where}: {shown(entry['img'])} cannot be read as an image ({error}); give another file."
        ) from error
    cameras, path = None, None
    if pose is None:
        path = _path(entry["path"], where)
    else:
        try:
            cameras = read_cameras(_read(pose, shown(entry["pose"]), LONGEST_TEXT))
        except SpatiaError as error:
            raise SpatiaError(f"{where}, {shown(entry['pose'])}: {error}") from error
    return Scene(
        _name(entry, where, image), image, prompts, cameras, path, _seed(entry, where), _profile(entry, where),
        _edits(entry, where),
    )  # fmt: skip


def _require_keys(entry: dict, where: str) -> None:
    missing = [key for key in KEYS if key not in entry]
    unknown = [key for key in entry if key not in KEYS + CAMERAS + OPTIONAL]
    given = [key for key in CAMERAS if key in entry]
    if missing or unknown or len(given) != 1:
        lacks = ", ".join(missing or ([] if given else [" or ".join(CAMERAS)]))
        wrong = f"lacks {lacks}" if lacks else f"has {shown(unknown or given)}"
        raise SpatiaError(
            f"{where} {wrong}, expected {', '.join(KEYS)}, either {' or '.join(CAMERAS)}, and at most "
            f"{', '.join(OPTIONAL)} beside; check the file."
        )


def _prompts(entry: dict, where: str) -> tuple[str, ...]:
    given = entry["prompt"]
    if not isinstance(given, list):
        return (_text(entry, "prompt", where, _LONGEST_PROMPT),)
    if not 1 <= len(given) <= _MOST_PROMPTS:
        raise SpatiaError(f"{where} has {len(given)} prompts, expected 1 to {_MOST_PROMPTS}; check the file.")
    texts = [_text({"prompt": one}, "prompt", where, _LONGEST_PROMPT) for one in given]
    for number, text in enumerate(texts, 1):
        if len(prompt_lines(text)) != 1:
            raise SpatiaError(
                f"{where} has {shown(text)} as its prompt of clip {number}, expected one line that is not empty, as each "
                "stands for a clip; check the file."
            )
    return tuple(text.strip() for text in texts)


def _path(given: object, where: str) -> dict[str, Any]:
    """The settings of a Camera Path, those alone that are given."""
    if not isinstance(given, dict) or not {"preset", "frames"} <= given.keys() or not given.keys() <= set(PATH_KEYS):
        raise SpatiaError(
            f"{where} has path = {shown(given)}, expected an object with preset and frames, and at most "
            f"{', '.join(PATH_KEYS[2:])} beside, as Camera Path has them; correct it, or give a pose file as `pose`."
        )
    try:
        planned_path(given)
    except SpatiaError as error:
        raise SpatiaError(f"{where}, path: {error}") from error
    return given


def planned_path(settings: dict[str, Any]) -> Cameras:
    """The path of a Camera Path with these settings, from the origin, at the distance 1 where the depth is the scene's.

    What is not among them is as the functions have it. Raises SpatiaError on what the node would refuse.
    """
    preset = settings["preset"]
    if preset not in (*PRESETS, KEYFRAMES):
        raise SpatiaError(f"preset {shown(preset)} was given, expected one of {', '.join((*PRESETS, KEYFRAMES))}.")
    start = make_cameras([[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]], intrinsics_from_fov(60.0, 2, 1))
    frames, depth = widget_whole("frames", settings["frames"], 1, MOST_CAMERAS), settings.get("depth", 0)
    depth = {"depth": depth if depth != 0 or isinstance(depth, bool) else 1.0}
    if preset == KEYFRAMES:
        text = settings.get("keyframes", "")
        if not isinstance(text, str):
            raise SpatiaError(f"keyframes is {shown(text)}, expected the text of Camera Path.")
        path = keyframe_path(text, start, frames, **depth)
    else:
        names = {"angle": "angle", "distance": "distance", "easing": "easing", "base_motion": "base", "turns": "turns"}
        given = {name: settings[key] for key, name in names.items() if key in settings}
        path = preset_path(preset, start, frames, **given, **depth)
    closing = settings.get("close_loop", "off")
    if closing not in ("off", *CLOSINGS):
        raise SpatiaError(f"close_loop {shown(closing)} was given, expected one of off, {', '.join(CLOSINGS)}.")
    more = widget_whole("closing_frames", settings.get("closing_frames", 24), 1, MOST_CAMERAS)
    return path if closing == "off" else close_loop(path, closing, frames=more)


def _profile(entry: dict, where: str) -> str | None:
    profile = entry.get("profile")
    if profile is None or profile in PROFILES:
        return profile
    raise SpatiaError(
        f"{where} has profile = {shown(profile)}, expected a pace of Few Steps ({', '.join(PROFILES)}); check the file."
    )


def _edits(entry: dict, where: str) -> str | None:
    edits = entry.get("edits")
    if edits is None:
        return None
    try:
        if not isinstance(edits, list):
            raise SpatiaError(f"The edits are {shown(edits)}, expected a list.")
        text = json.dumps(edits, ensure_ascii=False)
        check_edits(parse_edits(text))
    except SpatiaError as error:
        raise SpatiaError(f"{where}, edits: {error}") from error
    return text


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
