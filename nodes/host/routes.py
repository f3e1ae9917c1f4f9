"""Routes of the page's camera path editor: camera files read and written, and what worlds hold.

No file of the server is written, and of those that are there only worlds are read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable

from aiohttp import web

from ...spatia_core.cameras import Cameras, make_cameras, read_cameras, write_cameras
from ...spatia_core.cameras.gltf import camera_names, is_gltf
from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import number, parse_json, shown, whole
from .world_routes import add_world_routes

LARGEST = 16 << 20  # bytes of a request
MOST_CAMERAS = 10000


def add_routes(routes: web.RouteTableDef) -> None:
    """Adds POST /spatia/cameras/read and /spatia/cameras/write: JSON in, JSON out, 400 with {"error"} on what is refused.

    Files that are no text (glTF) are base64: "data" of what is read, "binary" beside "files" of what was written. Where
    a file holds several cameras, and "camera" names none, the answer is their names: {"choose": [...]}.
    And those of `add_world_routes`.
    """
    routes.post("/spatia/cameras/read")(_answer(_read))
    routes.post("/spatia/cameras/write")(_answer(_write))
    add_world_routes(routes)


def camera_list(cameras: Cameras) -> list[dict]:
    """Cameras as the page has them: {"w2c": 16 numbers by rows, "intrinsics": [fx, fy, cx, cy]}."""
    return [
        {"w2c": w2c, "intrinsics": k} for w2c, k in zip(cameras.w2c.flatten(1).tolist(), cameras.intrinsics.tolist())
    ]


def _read(body: dict) -> dict:
    try:
        given = base64.b64decode(_text(body, "data"), validate=True)
    except (binascii.Error, ValueError):
        raise SpatiaError("data: expected the bytes of a file as base64.") from None
    if is_gltf(given) and not _text(body, "camera") and len(names := camera_names(given)) > 1:
        return {"choose": names}
    cameras = read_cameras(
        given or _text(body, "text"), _text(body, "intrinsics"), width=_size(body, "width"),
        height=_size(body, "height"), fps=body.get("fps", 24.0), camera=_text(body, "camera"), most=MOST_CAMERAS,
    )  # fmt: skip
    return {"cameras": camera_list(cameras)}


def _write(body: dict) -> dict:
    given = body.get("cameras")
    if (
        not isinstance(given, list)
        or not given
        or len(given) > MOST_CAMERAS
        or not all(isinstance(camera, dict) for camera in given)
    ):
        raise SpatiaError(f"cameras: expected a list of 1 to {MOST_CAMERAS} cameras.")
    rows = [_numbers(camera.get("w2c"), 16, f"camera {i}, w2c") for i, camera in enumerate(given)]
    lenses = [_numbers(camera.get("intrinsics"), 4, f"camera {i}, intrinsics") for i, camera in enumerate(given)]
    cameras = make_cameras([[row[0:4], row[4:8], row[8:12], row[12:16]] for row in rows], lenses)
    files = write_cameras(
        cameras, _text(body, "format"), width=_size(body, "width"), height=_size(body, "height"), fps=body.get("fps", 24.0)
    )  # fmt: skip
    return {
        "files": {name: text for name, text in files.items() if isinstance(text, str)},
        "binary": {name: base64.b64encode(data).decode() for name, data in files.items() if isinstance(data, bytes)},
    }


def _answered(act: Callable[[dict], dict], data: bytes) -> dict:
    body = parse_json(data, "The contents of the request", "the request")
    if not isinstance(body, dict):
        raise SpatiaError("The request is no JSON object.")
    return act(body)


def _answer(act: Callable[[dict], dict]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        data = bytearray()
        async for chunk in request.content.iter_chunked(1 << 16):
            data += chunk
            if len(data) > LARGEST:
                return web.json_response({"error": f"The request has more than {LARGEST} bytes."}, status=413)
        try:
            # Thousands of lines take a moment, in which the server is to go on.
            return web.json_response(await asyncio.to_thread(_answered, act, bytes(data)))
        except SpatiaError as error:
            return web.json_response({"error": str(error)}, status=400)

    return handler


def _text(body: dict, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise SpatiaError(f"{name}: {shown(value)} was given, expected text.")
    return value


def _size(body: dict, name: str) -> int:
    value = body.get(name, 0)
    try:
        return whole(value, 0, 16384)
    except ValueError as error:
        raise SpatiaError(f"{name}: {shown(value)} was given, expected {error}.") from None


def _numbers(values: object, count: int, what: str) -> list[float]:
    if not isinstance(values, list) or len(values) != count:
        raise SpatiaError(f"{what}: {shown(values)} was given, expected {count} numbers.")
    try:
        return [number(value) for value in values]
    except ValueError as error:
        raise SpatiaError(
            f"{what}: {shown(values)} was given, expected {error} for each of its {count} values."
        ) from None
