"""The texts of a world, format 1: world.json and each clip's clip.json, written and read with the suspicion files deserve.

docs/world_format.md describes them for other programs.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, NamedTuple

from ..errors import SpatiaError
from ..files import write_text
from ..inputs import (
    LARGEST_COORDINATE,
    LONGEST_NAME,
    MOST_CAMERAS,
    MOST_POINTS,
    number,
    parse_json,
    short_text,
    shown,
    whole,
)
from ..memory.memory import SMALLEST_VOXEL

FORMAT, CLIP_FORMAT, VERSION = "spatia world", "spatia clip", 1
WORLD_FILE, CLIP_FILE, CLIPS = "world.json", "clip.json", "clips"
MAIN = "main"
_LONGEST_TEXT = 1 << 24  # bytes of a JSON file
_MOST_BYTES = 1 << 53  # beyond, a JSON number is no longer exact
_ID = re.compile(r"[0-9a-f]{32}")
_BRANCH = re.compile(r"[^\x00-\x1f/\\]{1,80}")
CONVENTIONS = {
    "axes": "OpenCV: x right, y down, z forward",
    "w2c": "world to camera, 4x4",
    "intrinsics": "fx fy cx cy, normalised by width and height; pixel centres at j + 0.5",
    "depth": "z-depth in scene units",
}


class Heading(NamedTuple):
    """What world.json says: the video's size, the spacing of points, and which clip each branch ends with."""

    height: int  # pixels
    width: int
    voxel_size: float  # scene units
    branches: dict[str, str]  # name: id of the last clip
    made_for: str  # see SpatialMemory


class Record(NamedTuple):
    """What clip.json says of one clip. Never changes once it is written."""

    id: str
    parent: str | None  # None: the given image
    number: int  # clips before it, 0 for the image
    frames: int  # new ones
    history: int
    exact_from: int  # see SpatialMemory
    cloud: str  # "whole", "change" or "same": what cloud.safetensors holds of it
    size: int | None  # points before the clip, None where its change is not known
    moving: bool  # whether there is a moving.mkv
    latents: int | None  # latent frames in latents.safetensors, None without
    history_latents: int  # of them, how many repeat the clip before
    notes: tuple[str, ...]
    report: str
    seconds: float  # what making it took, as far as it is known
    peak_bytes: int | None  # the most memory taken meanwhile, of the card or of the process; None: unknown
    made: dict[str, Any]  # what made it: prompt, seed, settings, names and sums of files, as the writer says


def require_id(name: Any) -> str:
    """A clip's id. Raises ValueError on anything else: it names a folder."""
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError(f"a clip is named {shown(name)}, expected 32 digits and letters a to f")
    return name


def is_id(name: str) -> bool:
    """Whether a name is a clip's id."""
    return bool(_ID.fullmatch(name))


def require_branch(name: Any) -> str:
    """A branch's name. Raises SpatiaError that says what is wrong with it."""
    if not isinstance(name, str) or not _BRANCH.fullmatch(name) or name != name.strip():
        raise SpatiaError(
            f"branch {shown(name)} was given, expected 1 to 80 characters without slashes, not beginning or ending "
            "with a space; change branch."
        )
    return name


def write_heading(folder: str, heading: Heading) -> None:
    """Replace world.json."""
    text = {
        "format": FORMAT,
        "version": VERSION,
        "width": heading.width,
        "height": heading.height,
        "voxel_size": heading.voxel_size,
        "conventions": CONVENTIONS,
        "branches": heading.branches,
        "made_for": heading.made_for,
    }
    write_text(os.path.join(folder, WORLD_FILE), json.dumps(text, indent=1, ensure_ascii=False) + "\n")


def read_heading(folder: str) -> Heading:
    """Read world.json. Raises SpatiaError when it is missing, of a newer version, or damaged."""
    what = f"The world {shown(os.path.basename(folder))}"
    text = _json_file(os.path.join(folder, WORLD_FILE), what)
    _require_version(text, FORMAT, what)
    try:
        branches = text.get("branches")
        if not isinstance(branches, dict) or not branches or len(branches) > MOST_CAMERAS:
            raise ValueError(f"its branches are {shown(branches)}, expected names and ids")
        for name, head in branches.items():
            require_branch(name)
            require_id(head)
        return Heading(
            whole(text.get("height"), 1, 1 << 20),
            whole(text.get("width"), 1, 1 << 20),
            number(text.get("voxel_size"), SMALLEST_VOXEL, LARGEST_COORDINATE),
            dict(branches),
            short_text(text.get("made_for", ""), LONGEST_NAME),
        )
    except ValueError as error:
        raise damaged(what, error) from error


def write_record(folder: str, record: Record) -> None:
    """Write clip.json into a clip's folder."""
    text = {"format": CLIP_FORMAT, "version": VERSION} | record._asdict()
    write_text(os.path.join(folder, CLIP_FILE), json.dumps(text, indent=1, ensure_ascii=False) + "\n")


def read_record(world: str, name: str) -> Record:
    """Read the clip.json of a clip. Raises SpatiaError when it is missing, or does not say what it should."""
    what = f"Clip {name} of the world {shown(os.path.basename(world))}"
    text = _json_file(os.path.join(world, CLIPS, name, CLIP_FILE), what)
    _require_version(text, CLIP_FORMAT, what)
    try:
        if require_id(text.get("id")) != name:
            raise ValueError(f"it says that it is {text['id']}")
        parent = text.get("parent")
        k = whole(text.get("number"), 0, MOST_CAMERAS)
        if (parent is None) != (k == 0):
            raise ValueError(f"its parent is {shown(parent)} and its number {k}")
        if parent is not None:
            require_id(parent)
        notes, report, made = text.get("notes"), text.get("report"), text.get("made")
        if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
            raise ValueError(f"its notes are {shown(notes)}, expected a list of texts")
        if not isinstance(report, str) or not isinstance(made, dict) or not isinstance(text.get("moving"), bool):
            raise ValueError("its report, made or moving is of another kind than text, object and true or false")
        if text.get("cloud") not in ("whole", "change", "same"):
            raise ValueError(f"its cloud is {shown(text.get('cloud'))}, expected whole, change or same")
        latents = text.get("latents")
        return Record(
            name,
            parent,
            k,
            whole(text.get("frames"), 1, MOST_CAMERAS),
            whole(text.get("history"), 0, MOST_CAMERAS),
            whole(text.get("exact_from"), 1, k + 1),
            text["cloud"],
            None if text.get("size") is None else whole(text["size"], 0, MOST_POINTS),
            text["moving"],
            None if latents is None else whole(latents, 1, MOST_CAMERAS),
            whole(text.get("history_latents"), 0, MOST_CAMERAS),
            tuple(notes),
            report,
            number(text.get("seconds"), 0),
            None if text.get("peak_bytes") is None else whole(text["peak_bytes"], 0, _MOST_BYTES),
            made,
        )
    except ValueError as error:
        raise damaged(what, error) from error


def _require_version(text: dict, expected: str, what: str) -> None:
    kind = [text.get("format"), text.get("version")]
    # True and 1.0 equal 1, and are no version.
    if kind != [expected, VERSION] or type(kind[1]) is not int:
        raise SpatiaError(
            f"{what} is {shown(kind)}, expected {[expected, VERSION]}; open it with the version of this package that "
            "made it, or a newer one."
        )


def damaged(what: str, error: object) -> SpatiaError:
    """The sentence for a file of a world that is not what it should be."""
    return SpatiaError(f"{what} is damaged: {error}; put its files back from a copy, or go on from a clip before it.")


def _json_file(path: str, what: str) -> dict:
    try:
        with open(path, "rb") as file:
            data = file.read(_LONGEST_TEXT + 1)
    except OSError as error:
        raise SpatiaError(
            f"{what} could not be read ({os.path.basename(path)}: {error.strerror}); check its folder."
        ) from error
    if len(data) > _LONGEST_TEXT:
        raise damaged(what, f"its {os.path.basename(path)} has more than {_LONGEST_TEXT} bytes")
    text = parse_json(data, f"{os.path.basename(path)} of {what}", "nothing in it, but put it back from a copy")
    if not isinstance(text, dict):
        raise damaged(what, f"its {os.path.basename(path)} is {shown(text)}, expected an object")
    return text
