"""What the page's camera path editor gets from the node and from its routes, in the real host."""

import asyncio
import base64
import json
import os
import struct
import time

import pytest
import torch
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from page_defaults import defaults


@pytest.fixture
def node(pack_module):
    return pack_module("nodes.cameras").SpatiaCameraPath


def report(node, **inputs):
    output = node.execute(**(defaults(node) | inputs))
    (found,) = output.ui["spatia_path"]
    return found, output.result[0]


def opened(file: dict) -> bytes:
    """A file as the host's /view finds it."""
    import folder_paths

    assert file["type"] == "temp" and os.path.basename(file["filename"]) == file["filename"]
    with open(os.path.join(folder_paths.get_temp_directory(), file["subfolder"], file["filename"]), "rb") as handle:
        return handle.read()


def test_the_report_without_a_memory(node):
    found, path = report(node, preset="truck", frames=9, fov=50.0)
    assert set(found) == {"facts"}
    facts = json.loads(opened(found["facts"]))
    assert facts["start"] == facts["first"] == facts["path"][0]
    assert [camera["w2c"] for camera in facts["path"]] == path.w2c.flatten(1).tolist()
    assert [camera["intrinsics"] for camera in facts["path"]] == path.intrinsics.tolist()
    assert (facts["depth"], facts["scene_depth"], facts["video_frames"]) == (1.0, None, 0)


def test_the_report_of_a_memory(node, memory):
    found, _ = report(node, memory=memory, frames=5)
    facts = json.loads(opened(found["facts"]))
    assert facts["start"]["w2c"] == memory.cameras.w2c[-1].flatten().tolist()
    assert facts["first"]["w2c"] == memory.cameras.w2c[0].flatten().tolist()
    assert (facts["width"], facts["height"], facts["video_frames"]) == (48, 32, 2)
    assert facts["depth"] == facts["scene_depth"] == pytest.approx(2.0)
    # What a dragged keyframe snaps onto.
    assert [pose.pop("frame") for pose in facts["memory"]] == [0, 1]
    assert facts["memory"] == [facts["first"], facts["start"]]
    magic, _, count, total = struct.unpack_from("<4sIII", opened(found["points"]))
    assert magic == b"SPTP" and count == total == memory.cloud.size
    assert opened(found["image"])[:2] == b"\xff\xd8"
    # The same scene is not written again, another one is.
    assert report(node, memory=memory, frames=5)[0] == found
    moved = memory._replace(cloud=memory.cloud._replace(positions=memory.cloud.positions + 0.5))
    assert report(node, memory=moved, frames=5)[0]["points"] != found["points"]


def test_a_long_memory_is_told_in_part(pack_module):
    evenly = pack_module("nodes.cameras")._evenly
    for count in (1, 2, 299, 300, 301, 5000):
        frames = evenly(count, 300)
        assert frames[0] == 0 and frames[-1] == count - 1 and len(frames) == min(count, 300)


def test_a_path_to_a_viewers_pose(node, pack_module, memory):
    cameras = pack_module("spatia_core.cameras")
    goal = cameras.preset_path("orbit", memory.cameras.select(-1), 2, angle=30.0, depth=2.0).select(1)
    view = cameras.view_from_camera(goal, 48, 32, cameras.viewer_framing(memory.cloud.positions))
    _, path = report(node, preset="to_view", frames=9, memory=memory, view=view)
    torch.testing.assert_close(path.w2c[-1], goal.w2c[0], atol=1e-9, rtol=0)
    assert torch.equal(path.w2c[0], memory.cameras.w2c[-1])
    with pytest.raises(pack_module("spatia_core.errors").SpatiaError, match="no view is connected"):
        report(node, preset="to_view")


def test_the_exported_view_leads_back(pack_module, memory, comfy_host):
    module, cameras = pack_module("nodes.cameras"), pack_module("spatia_core.cameras")
    export = module.SpatiaExportCameras
    inputs = defaults(export) | {"cameras": memory.cameras, "memory": memory, "view_frame": -1}
    _, view = export.execute(**inputs).result
    again = cameras.camera_from_view(view, 48, 32, cameras.viewer_framing(memory.cloud.positions))
    torch.testing.assert_close(again.w2c[0], memory.cameras.w2c[-1], atol=1e-9, rtol=0)
    with pytest.raises(pack_module("spatia_core.errors").SpatiaError, match="view_frame is 2"):
        export.execute(**(inputs | {"view_frame": 2}))


# --- routes ---


def asked(pack_module, route, body, raw=None):
    """(status, answer) of the real route, in a server of its own."""

    async def talk():
        routes = web.RouteTableDef()
        pack_module("nodes.host.routes").add_routes(routes)
        app = web.Application(client_max_size=1 << 30)
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            answer = await client.post(route, data=raw if raw is not None else json.dumps(body))
            return answer.status, await answer.json()

    return asyncio.run(talk())


@pytest.mark.parametrize("format", ["spatia", "realestate10k", "nerfstudio", "colmap", "memorize"])
def test_cameras_written_are_read_again(pack_module, node, format):
    _, path = report(node, preset="spiral", frames=5)
    cameras = pack_module("nodes.host.routes").camera_list(path)
    status, answer = asked(
        pack_module, "/spatia/cameras/write", {"cameras": cameras, "format": format, "width": 64, "height": 48}
    )
    assert status == 200
    main, *second = answer["files"].values()
    status, answer = asked(
        pack_module, "/spatia/cameras/read", {"text": main, "intrinsics": "".join(second), "width": 64, "height": 48}
    )
    assert status == 200 and len(answer["cameras"]) == 5
    read = torch.tensor([camera["w2c"] for camera in answer["cameras"]], dtype=torch.float64)
    torch.testing.assert_close(read, path.w2c.flatten(1), atol=1e-9, rtol=0)


def test_an_animated_camera_is_written_and_read_again(pack_module, node):
    _, path = report(node, preset="spiral", frames=5)
    cameras = pack_module("nodes.host.routes").camera_list(path)
    body = {"cameras": cameras, "format": "gltf", "width": 64, "height": 48, "fps": 12}
    status, answer = asked(pack_module, "/spatia/cameras/write", body)
    assert status == 200 and answer["files"] == {} and list(answer["binary"]) == ["cameras.glb"]
    data = answer["binary"]["cameras.glb"]
    for fps, frames in ((12, 5), (24, 9)):
        status, answer = asked(pack_module, "/spatia/cameras/read", {"data": data, "fps": fps})
        assert status == 200 and len(answer["cameras"]) == frames
    read = torch.tensor([camera["w2c"] for camera in answer["cameras"]], dtype=torch.float64)
    torch.testing.assert_close(read[::2], path.w2c.flatten(1), atol=1e-6, rtol=0)


def test_several_cameras_are_to_choose_from(pack_module):
    lens = {"type": "perspective", "perspective": {"yfov": 1, "aspectRatio": 1, "znear": 1}}
    nodes = [{"name": "Wide", "camera": 0}, {"name": "Close", "camera": 0, "translation": [7, 0, 0]}]
    text = json.dumps({"asset": {"version": "2.0"}, "cameras": [lens], "nodes": nodes})
    body = {"data": base64.b64encode(text.encode()).decode()}
    assert asked(pack_module, "/spatia/cameras/read", body) == (200, {"choose": ["Wide", "Close"]})
    status, answer = asked(pack_module, "/spatia/cameras/read", body | {"camera": "Close"})
    assert status == 200 and answer["cameras"][0]["w2c"][3] == -7
    for wrong in (
        {"camera": "Tele"},
        {"data": "?"},
        {"data": 3},
        {"camera": 3},
        {"fps": 0},
        {"fps": "x", "camera": "Wide"},
    ):
        status, answer = asked(pack_module, "/spatia/cameras/read", body | wrong)
        assert (status == 400) != (wrong == {"fps": 0}), answer  # the rate is asked for later than the camera


@pytest.mark.parametrize("body", [
    {"text": "../../etc/passwd"}, {"text": "/etc/passwd"}, {"text": "file:///etc/passwd"}, {"text": "..\\..\\secret [output]"},
    {"text": "[[1, 0, 0, 0]]", "intrinsics": "../../etc/passwd"},
])  # fmt: skip
def test_the_routes_read_text_never_a_path(pack_module, comfy_host, body, monkeypatch):
    opened_files = []
    real = open
    monkeypatch.setattr(
        "builtins.open", lambda path, *args, **options: opened_files.append(path) or real(path, *args, **options)
    )
    status, answer = asked(pack_module, "/spatia/cameras/read", body)
    assert status == 400 and answer["error"] and "root:" not in answer["error"]
    assert not [path for path in opened_files if "passwd" in str(path) or "secret" in str(path)]


@pytest.mark.parametrize("route,body,raw", [
    ("read", None, b"{"), ("read", None, b"\xff\xfe"), ("read", [], None), ("read", {"text": 3}, None), ("read", {"text": "x", "width": -1}, None),
    ("write", {"cameras": []}, None), ("write", {"cameras": [{"w2c": [1, 2]}], "format": "spatia"}, None),
    ("write", {"cameras": [{"w2c": list("abcdefghijklmnop"), "intrinsics": [1, 1, 0.5, 0.5]}], "format": "spatia", "width": 4, "height": 4}, None),
    ("write", {"cameras": [{"w2c": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]}], "format": "spatia", "width": 4, "height": 4}, None),
    ("write", {"cameras": [{"w2c": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], "intrinsics": [1, 1, 0.5, 0.5]}], "format": "../x", "width": 4, "height": 4}, None),
])  # fmt: skip
def test_bad_requests_are_refused(pack_module, route, body, raw):
    status, answer = asked(pack_module, f"/spatia/cameras/{route}", body, raw)
    assert status == 400 and answer["error"]


EYE = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
LENS = [1, 1, 0.5, 0.5]


def bodies() -> list[tuple[str, bytes, str]]:
    """(route, body, what the answer must name): what once ended in HTTP 500, and its like."""
    found = []

    def add(route: str, body, names: str, **replaced: str) -> None:
        text = json.dumps(body)
        for name, raw in replaced.items():
            text = text.replace(f'"{name}"', raw)
        found.append((route, text.encode(), names))

    long, deep = "9" * 5000, "[" * 100_000
    for raw in ("9" * 400, long, deep, "NaN", "1e999"):
        add("read", {"text": "X"}, "request", X=raw)
        add("write", {"cameras": [{"w2c": "X", "intrinsics": LENS}]}, "request", X=raw)
    sixteen = [[value] * 16 for value in ("1", None, {}, [1], True)]
    for value in (None, {}, "1", [], [[]], True, EYE[:15], [EYE], *sixteen):
        add("write", {"cameras": [{"w2c": value, "intrinsics": LENS}]}, "camera 0, w2c")
    for value in (None, {}, "1111", [1, 1], ["a"] * 4, [None] * 4, [[1]] * 4, [{}] * 4):
        add("write", {"cameras": [{"w2c": EYE, "intrinsics": value}]}, "camera 0, intrinsics")
    far = [*EYE[:3], 1e300, *EYE[4:]]
    for w2c, lens in ((far, LENS), ([1e308] * 16, LENS), (EYE, [1e308, 1, 0, 0]), (EYE, [1, 1, -1e300, 0])):
        add("write", {"cameras": [{"w2c": w2c, "intrinsics": lens}], "format": "spatia"}, "Camera 0")
    good = {"cameras": [{"w2c": EYE, "intrinsics": LENS}], "format": "spatia", "width": 4, "height": 4}
    for change in ({"width": 1e308}, {"width": "4"}, {"width": 10**19}, {"width": None}, {"width": [4]}, {"width": 0}):
        add("write", good | change, "width")
    for change in ({"format": None}, {"format": ["spatia"]}, {"format": "x" * 100_000}):
        add("write", good | change, "format")
    for change in ({"cameras": None}, {"cameras": {}}, {"cameras": [[]]}, {"cameras": [None]}, {"cameras": "x"}):
        add("write", good | change, "cameras")
    for text in ({}, [], None, 1, True):
        add("read", {"text": text}, "text")
    pose = json.dumps([EYE[:4], EYE[4:8], EYE[8:12]])
    for text in (pose.replace("0]]", "1e308]]"), pose.replace("[1,", f"[{long},"), f"[[{deep}"):
        add("read", {"text": text, "intrinsics": "[1 1 .5 .5]"}, "amera")
    add("read", {"text": pose, "intrinsics": "[1e308 1 .5 .5]"}, "Camera 0")
    for transforms in ('{"frames": ' + deep, f'{{"w": {long}}}'):
        add("read", {"text": transforms}, "transforms.json")
    add("read", {"text": f'{{"w": 1, "h": 1, "fl_x": 1e-300, "frames": [{{"transform_matrix": {pose}}}]}}'}, "Camera 0")
    add("read", {"text": f"1 1 0 0 0 0 0 0 1 {long}.png"}, "camera text")
    add("read", {"text": "1 1 0 0 0 0 0 0 1 a.png", "intrinsics": f"{long} PINHOLE 9 9 1 1 1 1"}, "cameras.txt")
    add("read", {"text": "\ud800"}, "camera text")
    return found


def test_every_body_gets_an_answer_that_names_what_is_wrong(pack_module):
    """In one server: hundreds of them would take longer to start than to ask."""

    async def talk():
        routes, app = web.RouteTableDef(), web.Application(client_max_size=1 << 30)
        pack_module("nodes.host.routes").add_routes(routes)
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            for route, body, names in bodies():
                answer = await client.post(f"/spatia/cameras/{route}", data=body)
                text = await answer.text()
                assert answer.status == 400, (answer.status, body[:200])
                error = json.loads(text)["error"]
                assert names in error and len(error) < 600, (error[:600], body[:200])

    asyncio.run(talk())


@pytest.mark.parametrize("separator,line", [
    ("\n", "[[1,0,0,0],[0,1,0,0],[0,0,1,0]]"), ("\n", "9 1 1 .5 .5 0 0 1 0 0 0 0 1 0 0 0 0 1 0"),
    ("\n\n", "1 1 0 0 0 0 0 0 1 a.png"),
])  # fmt: skip
def test_hundreds_of_thousands_of_cameras_are_refused_at_once(pack_module, separator, line):
    text = separator.join([line] * 400_000)
    began = time.monotonic()
    status, answer = asked(pack_module, "/spatia/cameras/read", {"text": text[: 15 << 20], "intrinsics": "[1 1 .5 .5]"})
    assert status == 400 and "10000 cameras" in answer["error"]
    assert time.monotonic() - began < 10  # a second here; parsing them all took a minute


def test_a_request_too_large_is_refused(pack_module):
    status, answer = asked(pack_module, "/spatia/cameras/read", None, b" " * (16 << 20) + b"{}")
    assert status == 413 and answer["error"]


# --- values that a link brings past the host's limits ---


@pytest.mark.parametrize(("inputs", "message"), [
    ({"frames": 10**9}, "frames"), ({"frames": 0}, "frames"), ({"frames": 2.5}, "frames"),
    ({"angle": float("nan")}, "angle"),
    ({"angle": 1e300, "preset": "pan"}, "angle"), ({"distance": 1e308, "preset": "dolly"}, "distance"),
    ({"turns": 10**400, "preset": "spiral"}, "turns"),
    ({"depth": float("inf")}, "depth"), ({"depth": -1.0}, "depth"), ({"depth": 1e-300}, "depth"),
    ({"fov": 1e-300}, "fov|field of view"),
    ({"fov": float("nan")}, "fov|field of view"), ({"width": 10**400}, "width"), ({"height": 0}, "height"),
    ({"preset": "keyframes", "keyframes": "24 0 0 -1e39 0 0 0"}, "keyframes"),
    ({"close_loop": "append", "closing_frames": 10**9}, "closing_frames"), ({"close_loop": "jump"}, "close_loop"),
])  # fmt: skip
def test_a_path_of_values_out_of_range_is_refused(node, pack_module, inputs, message):
    with pytest.raises(pack_module("spatia_core.errors").SpatiaError, match=message):
        node.execute(**(defaults(node) | inputs))


@pytest.mark.parametrize(
    "keyframes",
    [
        "24 0 0 -1e39 0 0 0",
        "12 1e308 0 0 0 0 0",
        "9" * 5000,
        "[" * 100_000,
        '[{"frame": %s}]' % ("9" * 5000),
        5,
        [],
        {},
    ],
)
def test_keyframes_are_refused_before_anything_runs(node, keyframes):
    assert "eyframe" in node.validate_inputs(preset="keyframes", keyframes=keyframes)
