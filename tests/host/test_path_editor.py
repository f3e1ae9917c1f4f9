"""What the page's camera path editor gets from the node and from its routes, in the real host."""

import asyncio
import json
import os
import struct

import pytest
import torch
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from test_geometry_nodes import defaults, memory  # noqa: F401  (a fixture)


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


def test_the_report_of_a_memory(node, memory):  # noqa: F811
    found, _ = report(node, memory=memory, frames=5)
    facts = json.loads(opened(found["facts"]))
    assert facts["start"]["w2c"] == memory.cameras.w2c[-1].flatten().tolist()
    assert facts["first"]["w2c"] == memory.cameras.w2c[0].flatten().tolist()
    assert (facts["width"], facts["height"], facts["video_frames"]) == (48, 32, 2)
    assert facts["depth"] == facts["scene_depth"] == pytest.approx(2.0)
    magic, _, count, total = struct.unpack_from("<4sIII", opened(found["points"]))
    assert magic == b"SPTP" and count == total == memory.cloud.size
    assert opened(found["image"])[:2] == b"\xff\xd8"
    # The same scene is not written again, another one is.
    assert report(node, memory=memory, frames=5)[0] == found
    moved = memory._replace(cloud=memory.cloud._replace(positions=memory.cloud.positions + 0.5))
    assert report(node, memory=moved, frames=5)[0]["points"] != found["points"]


def test_a_path_to_a_viewers_pose(node, pack_module, memory):  # noqa: F811
    cameras = pack_module("spatia_core.cameras")
    goal = cameras.preset_path("orbit", memory.cameras.select(-1), 2, angle=30.0, depth=2.0).select(1)
    view = cameras.view_from_camera(goal, 48, 32, cameras.viewer_framing(memory.cloud.positions))
    _, path = report(node, preset="to_view", frames=9, memory=memory, view=view)
    torch.testing.assert_close(path.w2c[-1], goal.w2c[0], atol=1e-9, rtol=0)
    assert torch.equal(path.w2c[0], memory.cameras.w2c[-1])
    with pytest.raises(pack_module("spatia_core.errors").SpatiaError, match="no view is connected"):
        report(node, preset="to_view")


def test_the_exported_view_leads_back(pack_module, memory, comfy_host):  # noqa: F811
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


@pytest.mark.parametrize("format", ["spatia", "realestate10k", "nerfstudio", "colmap"])
def test_cameras_written_are_read_again(pack_module, node, format):
    _, path = report(node, preset="spiral", frames=5)
    cameras = pack_module("nodes.host.routes").camera_list(path)
    status, answer = asked(pack_module, "/spatia/cameras/write", {"cameras": cameras, "format": format, "width": 64, "height": 48})
    assert status == 200
    main, *second = answer["files"].values()
    status, answer = asked(pack_module, "/spatia/cameras/read", {"text": main, "intrinsics": "".join(second), "width": 64, "height": 48})
    assert status == 200 and len(answer["cameras"]) == 5
    read = torch.tensor([camera["w2c"] for camera in answer["cameras"]], dtype=torch.float64)
    torch.testing.assert_close(read, path.w2c.flatten(1), atol=1e-9, rtol=0)


@pytest.mark.parametrize("body", [
    {"text": "../../etc/passwd"}, {"text": "/etc/passwd"}, {"text": "file:///etc/passwd"}, {"text": "..\\..\\secret [output]"},
    {"text": "[[1, 0, 0, 0]]", "intrinsics": "../../etc/passwd"},
])  # fmt: skip
def test_the_routes_read_text_never_a_path(pack_module, comfy_host, body, monkeypatch):
    opened_files = []
    real = open
    monkeypatch.setattr("builtins.open", lambda path, *args, **options: opened_files.append(path) or real(path, *args, **options))
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


def test_a_request_too_large_is_refused(pack_module):
    status, answer = asked(pack_module, "/spatia/cameras/read", None, b" " * (16 << 20) + b"{}")
    assert status == 413 and answer["error"]
