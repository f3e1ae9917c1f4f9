"""The route that the page reads worlds by, for the strip of clips in the camera path editor. Nothing is written."""

from __future__ import annotations

import asyncio
import os

from aiohttp import web

from ...spatia_core.errors import SpatiaError
from ...spatia_core.world import MAIN, World
from ...spatia_core.world.records import Record
from .worlds import poster, world_named


def add_world_routes(routes: web.RouteTableDef) -> None:
    """Adds GET /spatia/world?name=&branch=: a world's branches and clips as JSON, 400 with {"error"} on what is refused."""
    routes.get("/spatia/world")(_world)


def world_listing(name: str, branch: str) -> dict:
    """The branches of a world, and the clips of one in order, each with its other takes. Raises SpatiaError.

    {"world", "branch", "branches": {name: clips}, "clips": [{..., "takes": [...]}]}: of a clip number (0 is the image), id,
    frames, prompt, seed, seconds, notes, report, poster and preview (of /view), and the branches that lead to it. Takes
    are the clips after the same one, that one included. A world that is not begun has no branch and no clip.
    """
    world = world_named(name)
    if not world.exists:
        return {"world": world.name, "branch": branch, "branches": {}, "clips": []}
    head = world.head(branch)
    reached = world.reached()
    after: dict[str | None, list[dict]] = {}
    for record, branches in reached.values():
        after.setdefault(record.parent, []).append(_clip(world, record, branches))
    clips = []
    for record in world.chain(head):
        takes = after.get(record.parent, []) if record.parent is not None else []
        clips.append(_clip(world, record, reached[record.id][1]) | {"takes": takes})
    ends = {name: reached[clip][0].number for name, clip in world.heading.branches.items() if clip in reached}
    return {"world": world.name, "branch": branch, "branches": ends, "clips": clips}


def _clip(world: World, record: Record, branches: tuple[str, ...]) -> dict:
    settings = record.made.get("settings")
    seed = settings.get("seed") if isinstance(settings, dict) else None
    prompt = record.made.get("prompt")
    picture = poster(world, record.id)
    folder = world.clip_folder(record.id)
    there = {name: os.path.isfile(os.path.join(folder, name)) for name in ("poster.jpg", "preview.mp4")}
    return {
        "id": record.id,
        "number": record.number,
        "frames": record.frames,
        "prompt": prompt if isinstance(prompt, str) else "",
        # As text: a page cannot hold so large a number.
        "seed": None if seed is None else str(seed),
        "seconds": record.seconds,
        "notes": list(record.notes),
        "report": record.report,
        "branches": list(branches),
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
