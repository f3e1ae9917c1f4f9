"""The route that the page reads worlds by, for the strip of clips in the camera path editor. Nothing is written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable

from aiohttp import web

from ...spatia_core.errors import SpatiaError
from ...spatia_core.profile import PROFILES
from ...spatia_core.world import MAIN, World
from ...spatia_core.world.records import Record
from .video_plan import MADE_BY, settings_of
from .worlds import poster, world_named

CAMERA_PATH = "SpatiaCameraPath"


def add_world_routes(routes: web.RouteTableDef) -> None:
    """Adds GET /spatia/world?name=&branch=: a world's branches and clips as JSON, 400 with {"error"} on what is refused."""
    routes.get("/spatia/world")(_world)


def world_listing(name: str, branch: str) -> dict:
    """The clips of a world, those of all branches, and where its branches end. Raises SpatiaError.

    {"world", "branch", "branches": {name: id of its last clip}, "chain": ids along the branch asked for, "clips": [...],
    "paths": {name: inputs}, "nodes": {digest: {"type", "inputs"}}, "auto": {name: value}}: of a clip its id, parent (null:
    the image), number (0 is the image), frames, prompt, seed, seconds, peak_bytes (null: unknown), notes, report, poster and preview (of /view), the
    branches that lead to it, and the name of the inputs of Camera Path that it was made along, null where something else
    gave its cameras; the `settings` of Spatia Video that it was made with, and by name the digests of the `nodes` that
    its image, model and the like came from. auto: what those settings that are auto are in this world. Parents come
    before children. A world that is not begun has no branch and no clip.
    """
    world = world_named(name)
    paths: dict[str, dict] = {}
    nodes: dict[str, dict] = {}
    if not world.exists:
        branches, chain, clips, auto = {}, [], [], {}
    else:
        chain = [record.id for record in world.chain(world.head(branch))]
        reached, heading = world.reached(), world.heading
        clips = [_clip(world, record, branches, paths, nodes) for record, branches in reached.values()]
        branches = {name: clip for name, clip in heading.branches.items() if clip in reached}
        profile = PROFILES.get(heading.made_for)
        auto = {} if profile is None else settings_of(profile)
    return {
        "world": world.name,
        "branch": branch,
        "branches": branches,
        "chain": chain,
        "clips": clips,
        "paths": paths,
        "nodes": nodes,
        "auto": auto,
    }


def _nodes_of(record: Record) -> dict[str, dict]:
    nodes = _object(record.made.get("nodes"))
    return {key: {"type": node["type"], "inputs": node["inputs"]} for key, node in nodes.items() if _is_node(node)}


def _reached(keys: Iterable[str], nodes: dict[str, dict]) -> dict[str, dict]:
    left, found = list(keys), {}
    while left:
        key = left.pop()
        if key in found or key not in nodes:
            continue
        found[key] = nodes[key]
        before = (_object(value).get("node") for value in nodes[key]["inputs"].values())
        left += [one for one in before if isinstance(one, str)]
    return found


def _object(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _path_of(nodes: dict[str, dict]) -> tuple[str, dict] | None:
    """The inputs of the one Camera Path that a clip was made along, and a name for them; None where there is no such one."""
    found = [key for key, node in nodes.items() if node["type"] == CAMERA_PATH]
    # Behind another node, its path is not the one that was filmed.
    if len(found) != 1 or any(_leads_to(node, found[0]) for node in nodes.values()):
        return None
    inputs = {name: value for name, value in nodes[found[0]]["inputs"].items() if name != "memory"}
    return None if any(isinstance(value, dict) for value in inputs.values()) else (found[0], inputs)


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("inputs"), dict) and isinstance(node.get("type"), str)


def _leads_to(node: dict, key: str) -> bool:
    return any(isinstance(value, dict) and value.get("node") == key for value in node["inputs"].values())


def _clip(world: World, record: Record, branches: tuple[str, ...], paths: dict[str, dict], nodes: dict) -> dict:
    """As JSON; the inputs of its path go to `paths`, and what it was made of to `nodes`, as many clips share them."""
    found = _nodes_of(record)
    path = _path_of(found)
    if path is not None:
        paths[path[0]] = path[1]
    given = _object(record.made.get("inputs")).items()
    inputs = {name: key for name, key in given if name in MADE_BY and isinstance(key, str) and key in found}
    nodes |= _reached(inputs.values(), found)
    settings = _object(record.made.get("settings"))
    seed = settings.get("seed")
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
        "settings": {name: value for name, value in settings.items() if name != "seed"},
        "inputs": inputs,
        "seconds": record.seconds,
        "peak_bytes": record.peak_bytes,
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
