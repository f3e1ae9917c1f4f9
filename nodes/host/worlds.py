"""Where worlds lie, and what a graph says about the clip it is about to make."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

import folder_paths
from comfy_api.latest import io
from comfy_execution.utils import get_executing_context

from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import shown
from ...spatia_core.world import MAIN, World
from ...spatia_core.world.records import WORLD_FILE
from .identity import OPEN, Identity, clip_id

_NAME = re.compile(r'[^\x00-\x1f<>:"/\\|?*]{1,80}')
_FOLDER = ("spatia", "worlds")
_MOST_LISTED = 1000
LAST = -1
BY_NAME = "<the name above>"  # no folder can be called that


class WorldPlace(NamedTuple):
    """What a SPATIA_WORLD socket carries: a clip of a world, and the clip that this run began with."""

    folder: str
    branch: str
    clip: str
    opened: str

    @property
    def world(self) -> World:
        """The world."""
        return World(self.folder)


def worlds_folder() -> str:
    """Where the worlds are: spatia/worlds in the output folder."""
    return os.path.join(folder_paths.get_output_directory(), *_FOLDER)


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not name.startswith(".") and not name.endswith(".")


def world_named(name: str) -> World:
    """The world of this name, there or not. Raises SpatiaError on what is no name of a folder."""
    stripped = name.strip() if isinstance(name, str) else ""
    if not _is_name(stripped):
        raise SpatiaError(
            f"name {shown(name)} was given, expected the name of one folder: 1 to 80 characters, none of "
            '<>:"/\\|?*, no dot at either end; change name.'
        )
    return World(os.path.join(worlds_folder(), stripped))


def world_names() -> list[str]:
    """Names of the worlds that are there, in alphabetical order, at most 1000."""
    try:
        with os.scandir(worlds_folder()) as entries:
            names = [entry.name for entry in entries if os.path.isfile(os.path.join(entry.path, WORLD_FILE))]
    except OSError:  # no world was begun yet
        return []
    names = [name for name in names if _is_name(name) and name == name.strip()]
    return sorted(names, key=lambda name: (name.casefold(), name))[:_MOST_LISTED]


def chosen_world(name: str, chosen: str | None) -> World:
    """The world that Open World is about: `name`, there or not, unless one that is there was chosen from the list.

    Raises SpatiaError when what was chosen is not there.
    """
    return world_named(name) if chosen in (None, BY_NAME) else existing_world(chosen)


def existing_world(chosen: str) -> World:
    """The world of this name. Raises SpatiaError when there is none."""
    world = world_named(chosen)
    if not world.exists:
        raise SpatiaError(
            f"world {shown(chosen)} was chosen, and there is no world of that name (any more); choose another one."
        )
    return world


def opened_clip(world: World, branch: str, clip: int, after: int = LAST) -> str | None:
    """Id of the clip that Open World stands on; None where the world is to be begun.

    clip: -1 for the branch's last, else its number; along the first branch where `branch` is a new one, and there `after`
    stands for -1: the clip that a new branch begins after.
    """
    if not world.exists:
        asked = clip if clip != LAST else after
        if asked > 0:
            raise SpatiaError(f"clip {asked} was asked for, and the world {shown(world.name)} is new; set clip to -1.")
        return None
    new = branch not in world.heading.branches
    if new and clip == LAST:
        clip = after
    if new and clip == LAST:
        raise SpatiaError(
            f"branch {shown(branch)} is new in the world {shown(world.name)}, so it has no last clip; set new_branch_after to "
            f"the clip it begins after, or branch to one of {', '.join(map(shown, world.heading.branches))}."
        )
    head = world.heading.branches.get(branch) or next(iter(world.heading.branches.values()))
    return head if clip == LAST else world.clip_at(head, clip)


def beginning(node_cls: type[io.ComfyNode]) -> tuple[str, dict]:
    """Id of the image that a running Open World would begin with, and what made it."""
    node_id, found = running(node_cls, None)
    return clip_id("image", found.of_input(node_id, "memory")), found.made(node_id, ("memory",))


def next_clip(node_cls: type[io.ComfyNode], place: WorldPlace) -> tuple[str, dict]:
    """Id of the clip that a running Commit Clip is about to write after `place`, and what made it."""
    node_id, found = running(node_cls, place)
    clip = clip_id("clip", place.clip, found.of_input(node_id, "memory"), found.of_input(node_id, "latent"))
    return clip, found.made(node_id, ("memory", "latent"))


class _Prompt:
    """A prompt in which a world that Open World was given from its list reads as if its name had been typed.

    So a clip is the same one whether its world was chosen or named, and by a graph from before there was a list.
    """

    def __init__(self, prompt: Any):
        self._prompt = prompt

    def get_node(self, node_id: str) -> dict:
        """As the host's; `world` stays where it is linked, for nobody knows yet what it will be."""
        node = self._prompt.get_node(node_id)
        chosen = node["inputs"].get("world")
        if node["class_type"] != OPEN or not isinstance(chosen, str):
            return node
        inputs = {key: value for key, value in node["inputs"].items() if key != "world"}
        return {**node, "inputs": inputs if chosen == BY_NAME else inputs | {"name": chosen}}


def running(node_cls: type[io.ComfyNode], place: WorldPlace | None) -> tuple[str, Identity]:
    """Id of the running node and the identities of the nodes before it; place: the world that it goes on with."""
    node_id, prompt = get_executing_context().node_id, _Prompt(node_cls.hidden.dynprompt)

    def stands_for(node_id: str, node: dict) -> str | None:
        """Open World stands for the clip that it stood on when this run began.

        That which this run goes on from is in `place`, as its branch may have gone on since; others are not written to.
        """
        inputs = node["inputs"]
        if node["class_type"] != OPEN or not isinstance(inputs.get("name"), str) or "world" in inputs:
            return None
        here = world_named(inputs["name"])
        if place is not None and here.folder == place.folder and inputs.get("branch", MAIN) == place.branch:
            return clip_id("world", place.opened)
        return _standing(here, inputs)

    return node_id, Identity(prompt, stands_for)


def _standing(world: World, inputs: dict) -> str | None:
    """What an Open World stands for that another one's clips were made with; None while that is not known."""
    branch, clip, after = inputs.get("branch", MAIN), inputs.get("clip", LAST), inputs.get("new_branch_after", LAST)
    if not isinstance(branch, str) or not isinstance(clip, int) or not isinstance(after, int):
        return None
    opened = opened_clip(world, branch, clip, after)
    return None if opened is None else clip_id("world", opened)


def poster(world: World, clip: str) -> dict:
    """A clip's poster as {filename, subfolder, type} of /view."""
    folder = os.path.relpath(world.clip_folder(clip), folder_paths.get_output_directory())
    return {"filename": "poster.jpg", "subfolder": folder.replace(os.sep, "/"), "type": "output"}
