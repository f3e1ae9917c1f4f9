"""Manage World: what a world holds, its branches, and worlds as a whole: copied, packed into one file, and unpacked."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from comfy_api.latest import io

from ..spatia_core.errors import SpatiaError
from ..spatia_core.inputs import shown
from ..spatia_core.world import MAIN, World, export_world, import_world
from ..spatia_core.world.records import require_branch
from .host.files import existing_file, listed_files, new_output_file, relative_to_output, stamp
from .host.reports import report_ui
from .host.worlds import LAST, existing_world, poster, world_named, world_names
from .worlds import posters

LIST, REVERT, NEW, DELETE = "list", "revert branch to clip", "new branch at clip", "delete branch"
COPY, EXPORT, IMPORT = "copy world", "export to archive", "import archive"
ACTIONS = [LIST, REVERT, NEW, DELETE, COPY, EXPORT, IMPORT]
# No folder and no file can be called these.
ALL_WORLDS, NO_ARCHIVE = "<all worlds>", "<none>"
ARCHIVE = ".zip"
_PREFIX = "spatia/world"
_POSTERS = 12
_MIB = 2**20


class _Asked(NamedTuple):
    """The widgets' values."""

    world: str
    action: str
    branch: str
    clip: int
    new_name: str
    archive: str


class _Known(NamedTuple):
    """The widgets' values before the run; None where one comes over a link and is not known yet."""

    world: str | None
    action: str | None
    branch: str | None
    clip: int | None
    new_name: str | None
    archive: str | None


class _Done(NamedTuple):
    """What an action did, in a sentence or two, the world that it is about now, and the file it wrote."""

    said: str
    world: World | None
    branch: str = MAIN
    file: str = ""


class SpatiaManageWorld(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaManageWorld",
            display_name="Manage World",
            category="Spatia",
            is_output_node=True,
            search_aliases=["delete branch", "copy world", "export world", "import world", "backup", "world size"],
            description="Lists what worlds hold and take on disk, and handles their branches: go back to a clip, begin another, delete one. Copies a world, packs it into one archive, or unpacks one.",
            inputs=[
                io.Combo.Input(
                    "world",
                    options=[ALL_WORLDS, *world_names()],
                    default=ALL_WORLDS,
                    tooltip="The world to list or change. An imported one needs none here.",
                ),
                io.Combo.Input(
                    "action",
                    options=ACTIONS,
                    default=LIST,
                    tooltip="Only 'delete branch' removes anything: the clips that no other branch leads to. 'revert' keeps the old end as a branch of its own.",
                ),
                io.String.Input(
                    "branch", default=MAIN, tooltip="The branch to revert, delete, show, or count the clip along."
                ),
                io.Int.Input(
                    "clip",
                    default=LAST,
                    min=LAST,
                    max=100000,
                    tooltip="For revert and new branch: the clip that the branch is to end with; 0: the image, -1: its last.",
                ),
                io.String.Input(
                    "new_name",
                    default="",
                    tooltip="Name of the new branch, the copy or the imported world. For export: folder and name inside the output folder; empty: spatia/world.",
                ),
                io.Combo.Input(
                    "archive",
                    options=[NO_ARCHIVE, *listed_files((ARCHIVE,))],
                    default=NO_ARCHIVE,
                    tooltip="For import: a .zip of the input or output folder that 'export to archive' wrote, the newest first.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="report", tooltip="What was done, and what each clip takes, as a table."),
                io.String.Output(
                    display_name="file", tooltip="Name of the archive that was written; empty for other actions."
                ),
            ],
        )

    @classmethod
    def validate_inputs(
        cls,
        world: str | None = None,
        action: str | None = None,
        branch: str | None = None,
        clip: int | None = None,
        new_name: str | None = None,
        archive: str | None = None,
    ) -> bool | str:
        try:
            _check(_Known(world, action, branch, clip, new_name, archive))
        except SpatiaError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(
        cls, world: str | None = None, action: str | None = None, archive: str | None = None, **kwargs: object
    ) -> object:
        try:
            if action == IMPORT:
                return stamp(_archive_file(archive or ""))
            return json.dumps([_state(World(one)) for one in _folders(world)])
        except SpatiaError as error:  # running it will say so
            return str(error)

    @classmethod
    def execute(cls, world: str, action: str, branch: str, clip: int, new_name: str, archive: str) -> io.NodeOutput:
        asked = _Asked(world, action, branch, clip, new_name, archive)
        _check(asked)
        done = _DO[action](asked)
        if done.world is None:
            table, pictures = _all_worlds()
        else:
            table, pictures = _table(done.world), posters(done.world, done.world.head(done.branch))
        report = f"{done.said}\n{table}" if done.said else table
        return io.NodeOutput(report, done.file, ui=report_ui(report, images=pictures))


def _check(asked: _Asked | _Known) -> None:
    """Raises SpatiaError on whatever is missing or does not fit, of what is known by now."""
    action, name = asked.action, asked.new_name
    if action not in (None, *ACTIONS):
        raise SpatiaError(f"action {shown(action)} was given, expected one of {', '.join(ACTIONS)}; change action.")
    if action in (COPY, IMPORT) and name is not None:
        _require_new_name(name, "the copy" if action == COPY else "the imported world")
        world_named(name).require_absent()
    if action == IMPORT:
        if asked.archive is not None:
            _archive_file(asked.archive)
        return
    if action not in (None, LIST) and asked.world == ALL_WORLDS:
        raise SpatiaError(f"No world is chosen, and '{action}' needs one; choose it in world.")
    if asked.world is None or asked.world == ALL_WORLDS:
        return
    world = existing_world(asked.world)
    if action in (REVERT, NEW, DELETE) and asked.branch is not None:
        head = world.head(asked.branch)
        if action != DELETE and asked.clip is not None and asked.clip != LAST:
            world.clip_at(head, asked.clip)
    if action == REVERT and asked.clip == LAST:
        raise SpatiaError("clip is -1, the clip that the branch ends with already; set clip to the one to go back to.")
    if action == NEW and name is not None:
        _require_new_name(name, "the new branch")
        _require_new_branch(world, name)


def _require_new_name(name: str, what: str) -> None:
    if not name.strip():
        raise SpatiaError(f"new_name is empty, expected a name for {what}; fill in new_name.")


def _require_new_branch(world: World, name: str) -> None:
    require_branch(name.strip())
    if name.strip() in world.heading.branches:
        raise SpatiaError(f"The world {shown(world.name)} has a branch {shown(name.strip())} already; change new_name.")


def _list(asked: _Asked) -> _Done:
    if asked.world == ALL_WORLDS:
        return _Done("", None)
    world = existing_world(asked.world)
    branches = world.heading.branches
    # Another world may have no branch of the name that the last one had.
    return _Done("", world, asked.branch if asked.branch in branches else next(iter(branches)))


def _revert(asked: _Asked) -> _Done:
    world = existing_world(asked.world)
    clip = world.clip_at(world.head(asked.branch), asked.clip)
    kept = world.stand(asked.branch, clip)
    kept = kept or "Nothing had to be kept: another branch leads to its old end, or it ended there already."
    return _Done(f"The branch {asked.branch!r} ends with clip {asked.clip} now. {kept}", world, asked.branch)


def _new_branch(asked: _Asked) -> _Done:
    world, name = existing_world(asked.world), asked.new_name.strip()
    head = world.head(asked.branch)
    clip = head if asked.clip == LAST else world.clip_at(head, asked.clip)
    world.stand(name, clip)
    number = world.record(clip).number
    return _Done(f"The branch {name!r} begins after clip {number} of {asked.branch!r}.", world, name)


def _delete_branch(asked: _Asked) -> _Done:
    world = existing_world(asked.world)
    own = [use.id for use in world.usage() if set(use.branches) <= {asked.branch}]
    freed = sum(world.bytes_of(clip, shared=False) for clip in own) / _MIB
    count = world.remove_branch(asked.branch)
    said = f"The branch {asked.branch!r} was deleted, and {count} clip(s) with it; {freed:.1f} MiB were freed."
    return _Done(said, world, next(iter(world.heading.branches)))


def _copy(asked: _Asked) -> _Done:
    world = existing_world(asked.world)
    copy = world.copy_to(world_named(asked.new_name).folder)
    return _Done(f"The world {world.name!r} was copied to {copy.name!r}.", copy, next(iter(copy.heading.branches)))


def _export(asked: _Asked) -> _Done:
    world = existing_world(asked.world)
    with new_output_file(asked.new_name.strip() or _PREFIX, "new_name") as stem:
        export_world(world, stem + ARCHIVE)
        size, name = os.path.getsize(stem + ARCHIVE), relative_to_output(stem + ARCHIVE)
    said = f"The world {world.name!r} was written to {name}, {size / _MIB:.1f} MiB."
    return _Done(said, world, next(iter(world.heading.branches)), name)


def _import(asked: _Asked) -> _Done:
    world = import_world(_archive_file(asked.archive), world_named(asked.new_name).folder)
    return _Done(f"The world {world.name!r} was made of {asked.archive}.", world, next(iter(world.heading.branches)))


_DO = {
    LIST: _list, REVERT: _revert, NEW: _new_branch, DELETE: _delete_branch, COPY: _copy, EXPORT: _export, IMPORT: _import,
}  # fmt: skip


def _archive_file(name: str) -> str:
    if name == NO_ARCHIVE:
        raise SpatiaError(
            "No archive is chosen; put the .zip of a world into ComfyUI's input folder, press R, and choose it in archive."
        )
    path = existing_file(name, "archive")
    if not path.lower().endswith(ARCHIVE):
        raise SpatiaError(f"archive {shown(name)} was given, expected a {ARCHIVE} file; choose such a file.")
    return path


def _folders(chosen: str | None) -> list[str]:
    """Folders of the worlds that the result depends on; of all of them where the choice comes over a link."""
    names = world_names() if chosen in (None, ALL_WORLDS) else [chosen]
    return [world_named(name).folder for name in names]


def _state(world: World) -> list:
    """Changes whenever the world does."""
    return [world.name, world.heading, sorted(world.clips())] if world.exists else [world.name]


def _table(world: World) -> str:
    """What each clip of a world takes, and all of them."""
    uses = world.usage()
    rows = [
        [str(use.number), str(use.frames), f"{use.seconds:.0f}", f"{use.bytes / _MIB:.1f}", ", ".join(use.branches) or "(none)"]
        for use in uses
    ]  # fmt: skip
    total = [
        "total", str(sum(use.frames for use in uses)), f"{sum(use.seconds for use in uses):.0f}",
        f"{sum(use.bytes for use in uses) / _MIB:.1f}", f"{len(uses) - 1} clip(s) and the image",
    ]  # fmt: skip
    heading = world.heading
    return "\n".join(
        [
            f"World {world.name}: {heading.width}x{heading.height}.",
            *_columns([["clip", "frames", "seconds", "MiB", "branches"], *rows, total]),
        ]
    )


def _all_worlds() -> tuple[str, list[dict]]:
    """One line for each world that is there, and posters of the first of them."""
    rows = [["world", "clips", "frames", "seconds", "MiB", "branches"]]
    pictures: list[dict] = []
    for name in world_names():
        world = world_named(name)
        try:
            uses, branches = world.usage(), world.heading.branches
        except SpatiaError as error:  # one that is damaged hides no other
            rows.append([name, "", "", "", "", str(error)])
            continue
        rows.append(
            [
                name, str(len(uses) - 1), str(sum(use.frames for use in uses)), f"{sum(use.seconds for use in uses):.0f}",
                f"{sum(use.bytes for use in uses) / _MIB:.1f}", ", ".join(branches),
            ]
        )  # fmt: skip
        if len(pictures) < _POSTERS:
            pictures.append(poster(world, next(iter(branches.values()))))
    return ("\n".join(_columns(rows)) if len(rows) > 1 else "There is no world yet."), pictures


def _columns(rows: list[list[str]]) -> list[str]:
    """Rows of cells as lines, the cells of a column under each other; the last is as long as it likes."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join([*map(str.ljust, row[:-1], widths), row[-1]]) for row in rows]


NODES = [SpatiaManageWorld]
