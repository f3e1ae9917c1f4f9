"""The route that the page reads worlds by, for the strip of clips in the camera path editor. Nothing is written."""

from __future__ import annotations

import asyncio
import os

from aiohttp import web

from ...spatia_core.errors import SpatiaError
from ...spatia_core.world import MAIN, World
from ...spatia_core.world.records import Record
from .worlds import poster, world_named

CAMERA_PATH = "SpatiaCameraPath"


def add_world_routes(routes: web.RouteTableDef) -> None:
    """Adds GET /spatia/world?name=&branch=: a world's branches and clips as JSON, 400 with {"error"} on what is refused."""
    routes.get("/spatia/world")(_world)


def world_listing(name: str, branch: str) -> dict:
    """The clips of a world, those of all branches, and where its branches end. Raises SpatiaError.

    {"world", "branch", "branches": {name: id of its last clip}, "chain": ids along the branch asked for, "clips": [...],
    "paths": {name: inputs}}: of a clip its id, parent (null: the image), number (0 is the image), frames, prompt, seed,
    seconds, notes, report, poster and preview (of /view), the branches that lead to it, and the name of the inputs of
    Camera Path that it was made along, null where something else gave its cameras. Parents come before children. A world
    that is not begun has no branch and no clip.
    """
    world = world_named(name)
    if not world.exists:
        return {"world": world.name, "branch": branch, "branches": {}, "chain": [], "clips": [], "paths": {}}
    chain = [record.id for record in world.chain(world.head(branch))]
    reached, paths = world.reached(), {}
    clips = [_clip(world, record, branches, paths) for record, branches in reached.values()]
    ends = {name: clip for name, clip in world.heading.branches.items() if clip in reached}
    return {"world": world.name, "branch": branch, "branches": ends, "chain": chain, "clips": clips, "paths": paths}


def _path_of(record: Record) -> tuple[str, dict] | None:
    """The inputs of the one Camera Path that a clip was made along, and a name for them; None where there is no such one."""
    nodes = record.made.get("nodes")
    nodes = {key: node for key, node in nodes.items() if _is_node(node)} if isinstance(nodes, dict) else {}
    found = [key for key, node in nodes.items() if node["type"] == CAMERA_PATH]
    # Behind another node, its path is not the one that was filmed.
    if len(found) != 1 or any(_leads_to(node, found[0]) for node in nodes.values()):
        return None
    inputs = {name: value for name, value in nodes[found[0]]["inputs"].items() if name != "memory"}
    return None if any(isinstance(value, dict) for value in inputs.values()) else (found[0], inputs)


def _is_node(node) -> bool:
    return isinstance(node, dict) and isinstance(node.get("inputs"), dict) and isinstance(node.get("type"), str)


def _leads_to(node: dict, key: str) -> bool:
    return any(isinstance(value, dict) and value.get("node") == key for value in node["inputs"].values())


def _clip(world: World, record: Record, branches: tuple[str, ...], paths: dict[str, dict]) -> dict:
    """As JSON; the inputs of its path go to `paths`, as many clips share them."""
    path = _path_of(record)
    if path is not None:
        paths[path[0]] = path[1]
    settings = record.made.get("settings")
    seed = settings.get("seed") if isinstance(settings, dict) else None
    prompt = record.made.get("prompt")
    picture = poster(world, record.id)
    folder = world.clip_folder(record.id)
    there = {name: os.path.isfile(os.path.join(folder, name)) for name in ("poster.jpg", "preview.mp4")}
    return {
        "id": record.id,
        "parent": record.parent,
        "number": record.number,
        "frames": record.frames,
        "prompt": prompt if isinstance(prompt, str) else "",
        # As text: a page cannot hold so large a number.
        "seed": None if seed is None else str(seed),
        "seconds": record.seconds,
        "notes": list(record.notes),
        "report": record.report,
        "branches": list(branches),
        "path": None if path is None else path[0],
        "poster": picture if there["poster.jpg"] else None,
        "preview": picture | {"filename": "preview.mp4"} if there["preview.mp4"] else None,
    }


async def _world(request: web.Request) -> web.Response:
    name, branch = request.query.get("name", ""), request.query.get("branch", MAIN)
    try:
        # A long video is read from as many files as it has clips, in which the server is to go on.
        return web.json_response(await asyncio.to_thread(world_listing, name, branch))
    except SpatiaError as error:
        return web.json_response({"error": str(error)}, status=400)
