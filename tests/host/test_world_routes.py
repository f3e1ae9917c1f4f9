"""What the page's strip of clips gets from the server: the listing of a world, and a video's report."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from video_graphs import video
from world_graphs import RESULTS

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def run(run, nodes_of):
    """With the real bundled depth network."""
    folder = nodes_of("nodes.host.bundle").FOLDER
    shutil.copy(ROOT / "bundle" / "spatia_small_depth.safetensors", folder)
    return run


def asked(nodes_of, *queries: dict) -> list[tuple[int, dict]]:
    """(status, answer) of the real route, each query in turn."""

    async def talk():
        routes, app = web.RouteTableDef(), web.Application()
        nodes_of("nodes.host.routes").add_routes(routes)
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            answers = [await client.get("/spatia/world", params=query) for query in queries]
            return [(answer.status, await answer.json()) for answer in answers]

    return asyncio.run(talk())


def opened(file: dict) -> bytes:
    import folder_paths

    folder = {"temp": folder_paths.get_temp_directory, "output": folder_paths.get_output_directory}[file["type"]]()
    with open(os.path.join(folder, file["subfolder"], file["filename"]), "rb") as handle:
        return handle.read()


def test_a_world_is_listed_with_its_takes(run, nodes_of):
    run(video("listed", prompts="a\nb"))
    run(video("listed", prompts="a\nb", clip_seeds="3: 17"))
    (status, listing), (_, old) = asked(nodes_of, {"name": "listed"}, {"name": "listed", "branch": "main 2"})
    clips = {clip["id"]: clip for clip in listing["clips"]}
    assert status == 200 and {name: clips[end]["number"] for name, end in listing["branches"].items()} == {
        "main": 4,
        "main 2": 4,
    }
    chain, before = ([clips[one] for one in answer["chain"]] for answer in (listing, old))
    assert [clip["number"] for clip in chain] == [0, 1, 2, 3, 4] and sum(clip["frames"] for clip in chain) == 33
    assert [clip["parent"] for clip in chain] == [None, *listing["chain"][:-1]]
    assert [clip["prompt"] for clip in chain[1:]] == ["a", "b", "b", "b"]
    assert [clip["seed"] for clip in chain[1:]] == ["3", "3", "17", "3"]
    # The two takes of clip 3 begin at the same clip 2, and each leads to a branch of its own.
    assert chain[:3] == before[:3] and chain[3]["parent"] == before[3]["parent"] and chain[3]["id"] != before[3]["id"]
    assert (chain[3]["branches"], before[3]["branches"]) == (["main"], ["main 2"]) and len(clips) == 7
    order = [clip["id"] for clip in listing["clips"]]
    assert all(order.index(clip["parent"]) < order.index(clip["id"]) for clip in clips.values() if clip["parent"])
    clips = chain
    assert all(clip["seconds"] > 0 and clip["report"] for clip in clips[1:])
    assert all(clip["peak_bytes"] > 1 << 20 for clip in clips[1:]) and clips[0]["peak_bytes"] is None
    assert opened(clips[3]["poster"])[:2] == b"\xff\xd8" and b"ftyp" in opened(clips[3]["preview"])[:16]
    assert clips[0]["preview"] is None
    # What it was made with: the widgets as they were settled, and the nodes before Spatia Video.
    settings = clips[1]["settings"]
    assert settings == clips[4]["settings"] and settings["steps"] == 2 and "seed" not in settings, settings
    kinds = {name: listing["nodes"][key]["type"] for name, key in clips[1]["inputs"].items()}
    assert set(kinds) == {"model", "clip", "vae"} and set(clips[0]["inputs"]) == {"image"}, kinds
    assert listing["nodes"][clips[1]["inputs"]["model"]]["inputs"]
    assert listing["auto"]["first_frames"] == 121, "a network that nobody knows is filmed with as the release is"


def test_a_world_that_is_not_begun_has_no_clip(comfy_host, nodes_of):
    ((status, listing),) = asked(nodes_of, {"name": "not begun"})
    assert status == 200 and not any(listing[name] for name in ("branches", "chain", "clips", "paths"))


@pytest.mark.parametrize("query", [
    {}, {"name": ""}, {"name": ".."}, {"name": "../worlds/kept"}, {"name": "/etc"}, {"name": "kept/clips"},
    {"name": "kept", "branch": "none such"}, {"name": "kept", "branch": "../main"}, {"name": "kept\x00"}, {"name": "kept", "branch": ""},
])  # fmt: skip
def test_what_is_no_world_is_refused(run, nodes_of, query):
    import folder_paths

    if not os.path.isdir(os.path.join(folder_paths.get_output_directory(), "spatia", "worlds", "kept")):
        run(video("kept", prompts="a"))
    ((status, answer),) = asked(nodes_of, query)
    assert status == 400 and answer["error"]


def test_the_report_for_the_page(run, nodes_of, monkeypatch):
    directing, events = nodes_of("nodes.host.directing"), []
    page = {}
    real = nodes_of("nodes.video").video_report
    monkeypatch.setattr(
        nodes_of("nodes.video"), "video_report", lambda *a, **k: page.setdefault("report", real(*a, **k))
    )
    monkeypatch.setattr(nodes_of("nodes.video"), "tell_clip", lambda place, number: events.append(number))
    clouds = []
    along = directing._along_path
    monkeypatch.setattr(directing, "_along_path", lambda *a: clouds.append(along(*a)) or clouds[-1])
    run(video("reported"))
    facts = json.loads(opened(page["report"]["facts"]))
    assert (facts["world"], facts["branch"], facts["lengths"]["later_frames"]) == ("reported", "main", 13)
    assert facts["clips"] == [
        {"number": k + 1, "line": k + 1, "from": first, "to": end}
        for k, (first, end) in enumerate([(0, 9), (9, 17), (17, 25), (25, 33)])
    ]
    assert events == [1, 2, 3, 4] and len(facts["path"]) == 33
    assert opened(page["report"]["points"])[:4] == b"SPTP" and opened(page["report"]["image"])[:2] == b"\xff\xd8"
    # In the path's own units the scene lies at depth 1 before the first camera, at the same places of every picture.
    cameras, memory = nodes_of("spatia_core.cameras"), RESULTS["reported"]
    given = cameras.make_cameras(
        [[camera["w2c"][i : i + 4] for i in (0, 4, 8, 12)] for camera in facts["path"]],
        [camera["intrinsics"] for camera in facts["path"]],
    )
    K = memory.cameras.K(32, 64)[-1]
    a = cameras.project(clouds[0].positions, given.w2c[-1], K)[0]
    b = cameras.project(memory.cloud.positions, memory.cameras.w2c[-1], K)[0]
    torch.testing.assert_close(a, b, atol=1e-2, rtol=1e-3)
