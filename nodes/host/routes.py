"""Routes of the page's camera path editor: camera files read and written, as text. No file of the server is touched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from ...spatia_core.cameras import make_cameras, read_cameras, write_cameras
from ...spatia_core.errors import SpatiaError

LARGEST = 16 << 20  # bytes of a request
MOST_CAMERAS = 10000


def add_routes(routes: web.RouteTableDef) -> None:
    """Adds POST /spatia/cameras/read and /spatia/cameras/write: JSON in, JSON out, 400 with {"error"} on what is refused."""
    routes.post("/spatia/cameras/read")(_answer(_read))
    routes.post("/spatia/cameras/write")(_answer(_write))


def camera_list(cameras) -> list[dict]:
    """Cameras as the page has them: {"w2c": 16 numbers by rows, "intrinsics": [fx, fy, cx, cy]}."""
    return [{"w2c": w2c, "intrinsics": k} for w2c, k in zip(cameras.w2c.flatten(1).tolist(), cameras.intrinsics.tolist())]


def _read(body: dict) -> dict:
    cameras = read_cameras(
        _text(body, "text"), _text(body, "intrinsics"), width=_size(body, "width"), height=_size(body, "height")
    )
    if cameras.count > MOST_CAMERAS:
        raise SpatiaError(f"{cameras.count} cameras were given, expected at most {MOST_CAMERAS}; thin the file, or use Import Cameras.")
    return {"cameras": camera_list(cameras)}


def _write(body: dict) -> dict:
    given = body.get("cameras")
    if not isinstance(given, list) or not given or len(given) > MOST_CAMERAS or not all(isinstance(camera, dict) for camera in given):
        raise SpatiaError(f"cameras: expected a list of 1 to {MOST_CAMERAS} cameras.")
    rows = [camera.get("w2c") for camera in given]
    if not all(isinstance(row, list) and len(row) == 16 for row in rows):
        raise SpatiaError("cameras: every w2c is expected to have 16 numbers.")
    poses = [[row[0:4], row[4:8], row[8:12], row[12:16]] for row in rows]
    cameras = make_cameras(poses, [camera.get("intrinsics") for camera in given])
    return {"files": write_cameras(cameras, _text(body, "format"), width=_size(body, "width"), height=_size(body, "height"))}


def _answer(act: Callable[[dict], dict]):
    async def handler(request: web.Request) -> web.Response:
        data = bytearray()
        async for chunk in request.content.iter_chunked(1 << 16):
            data += chunk
            if len(data) > LARGEST:
                return web.json_response({"error": f"The request has more than {LARGEST} bytes."}, status=413)
        try:
            body = json.loads(data)
            if not isinstance(body, dict):
                raise SpatiaError("The request is no JSON object.")
            # Thousands of lines take a moment, in which the server is to go on.
            return web.json_response(await asyncio.to_thread(act, body))
        except SpatiaError as error:
            return web.json_response({"error": str(error)}, status=400)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return web.json_response({"error": "The request is no JSON."}, status=400)

    return handler


def _text(body: dict, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise SpatiaError(f"{name}: expected text.")
    return value


def _size(body: dict, name: str) -> int:
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 16384:
        raise SpatiaError(f"{name}: expected a whole number of 0 to 16384.")
    return value
