"""Warnings on a running node, over the real server's websocket, as the page receives them."""

import asyncio
import json
import struct
import uuid

import aiohttp
import pytest
from graphs import node, with_defaults

pytestmark = pytest.mark.integration
TEXT_EVENT = 3  # the host's BinaryEventTypes.TEXT


async def texts_on_nodes(url: str, prompt: dict) -> list[tuple[str, str]]:
    """(node, text) of every text that the server shows on a node while it runs this graph to its end."""
    client, told = uuid.uuid4().hex, []
    address = f"/ws?clientId={client}"
    async with aiohttp.ClientSession(url) as session, session.ws_connect(address, max_msg_size=0) as socket:
        async with session.post("/prompt", json={"prompt": prompt, "client_id": client}) as answer:
            body = await answer.json()
        assert answer.status == 200 and not body["node_errors"], body
        async for message in socket:
            if message.type == aiohttp.WSMsgType.BINARY:
                (event,) = struct.unpack_from(">I", message.data)
                if event == TEXT_EVENT:
                    (length,) = struct.unpack_from(">I", message.data, 4)
                    told.append((message.data[8 : 8 + length].decode(), message.data[8 + length :].decode()))
                continue
            event = json.loads(message.data)
            if event["data"].get("prompt_id") != body["prompt_id"]:
                continue
            assert event["type"] != "execution_error", event["data"].get("exception_message")
            if event["type"] == "executing" and event["data"]["node"] is None:
                return told
    raise AssertionError("the server closed the connection")


@pytest.fixture
def run_texts(server):
    return lambda graph: asyncio.run(texts_on_nodes(server.url, graph))


@pytest.fixture
def clip_graph(scene_graph, object_info):
    """A whole graph of one small clip, ending in its frames."""
    wanted = ("image", "depth", "scene", "path", "window", "render", "references")
    graph = {name: scene_graph[name] for name in wanted}
    shared = {"model": ["model", 0], "vae": ["model", 2], "memory": ["scene", 0], "cameras": ["window", 0]}
    control = {"projection": ["render", 0], "holes": ["render", 1], "references": ["references", 0]}
    graph["model"] = node("SpatiaLoadModel")
    # As the small model was made for it, or that would be said too.
    graph["fit"] = node("SpatiaFitImage", image=["image", 0], model=["model", 0])
    given = {"image": ["fit", 0], "model": ["model", 0]}
    graph["scene"] = {**graph["scene"], "inputs": graph["scene"]["inputs"] | given}
    graph["text"] = node("CLIPTextEncode", text="a wall", clip=["model", 1])
    prompts = {"positive": ["text", 0], "negative": ["text", 0]}
    graph["sampler"] = node("SpatiaSampler", steps=1, cfg=1.0, **prompts, **shared, **control)
    graph["conditioning"] = node("SpatiaConditioning", **shared, **control)
    graph["frames"] = node("PreviewImage", images=["sampler", 0])
    graph["latent"] = node("PreviewAny", source=["conditioning", 1])
    return with_defaults(graph, object_info)


def test_a_warning_stands_on_its_node_until_its_cause_is_gone(run_texts, clip_graph, server):
    assert run_texts(clip_graph) == []
    holes = [clip_graph[name]["inputs"].pop("holes") for name in ("sampler", "conditioning")]
    told = dict(run_texts(clip_graph))
    assert told.keys() == {"sampler", "conditioning"}
    for text in told.values():
        assert "`holes` is not connected" in text and "no point anywhere" in text
    log = server.log.read_text(encoding="utf-8", errors="replace")
    assert "Spatia Sampler (node sampler): `holes` is not connected" in log
    for name, link in zip(("sampler", "conditioning"), holes):
        clip_graph[name]["inputs"]["holes"] = link
    # The first graph's results are kept by the host, so something has to differ for the nodes to run.
    clip_graph["sampler"]["inputs"]["seed"] = 1
    clip_graph["conditioning"]["inputs"]["lora"] = "never"
    told = run_texts(clip_graph)
    assert sorted(told) == [("conditioning", " "), ("sampler", " ")]
    clip_graph["sampler"]["inputs"]["seed"] = 2
    assert run_texts(clip_graph) == []


def test_another_tab_is_not_told(clip_graph, server):
    """A node of the same number may stand in the graph of another tab."""
    del clip_graph["sampler"]["inputs"]["projection"], clip_graph["sampler"]["inputs"]["holes"]

    async def both():
        async with aiohttp.ClientSession(server.url) as session, session.ws_connect("/ws?clientId=bystander") as other:
            told = await texts_on_nodes(server.url, clip_graph)
            seen = []
            while True:
                try:
                    seen.append(await other.receive(timeout=1.0))
                except asyncio.TimeoutError:
                    return told, seen

    told, seen = asyncio.run(both())
    assert [name for name, _ in told] == ["sampler"]
    assert not [message for message in seen if message.type == aiohttp.WSMsgType.BINARY]
