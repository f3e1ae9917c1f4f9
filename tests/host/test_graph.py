"""Whole graphs through the host's executor: two samplers on one model, and what a changed seed reruns."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from small_model import FIRST, STRENGTHS, clip_inputs

RAN: list[str] = []
RESULTS: dict[str, torch.Tensor] = {}


@pytest.fixture
def execute(nodes_of, loaded, prompts, monkeypatch):
    """A function: graph -> ids of the nodes that ran. `Source` gives what a clip is made from, `Keep` keeps the latents."""
    import execution

    import nodes

    class Source:
        RETURN_TYPES = (
            "MODEL",
            "CONDITIONING",
            "CONDITIONING",
            "VAE",
            "SPATIA_MEMORY",
            "SPATIA_CAMERAS",
            "IMAGE",
            "MASK",
            "IMAGE",
        )
        FUNCTION = "give"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"memory_frames": ("INT", {}), "references": ("INT", {})}}

        def give(self, memory_frames, references):
            given = clip_inputs(memory_frames, references)
            return (
                loaded[0],
                *prompts,
                loaded[2],
                *(given[name] for name in ("memory", "cameras", "projection", "holes", "references")),
            )

    class Keep:
        RETURN_TYPES = ()
        FUNCTION = "keep"
        OUTPUT_NODE = True

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"frames": ("IMAGE",), "latent": ("LATENT",), "name": ("STRING", {})}}

        def keep(self, frames, latent, name):
            RESULTS[name] = latent["samples"]
            return ()

    ours = {node.define_schema().node_id: node for node in nodes_of("nodes").NODES}
    for name, node in {"Source": Source, "Keep": Keep, "SpatiaSampler": ours["SpatiaSampler"]}.items():
        monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, name, node)
    ours["SpatiaSampler"].GET_SCHEMA()

    def sent(event, data, client):
        if event == "executing" and data.get("node"):
            RAN.append(data["node"])

    server = SimpleNamespace(client_id="test", last_node_id=None, last_prompt_id=None, send_sync=sent)
    executor = execution.PromptExecutor(
        server, cache_type=execution.CacheType.CLASSIC, cache_args={"lru": 0, "ram": 0, "ram_inactive": 0}
    )

    def run(graph: dict) -> list[str]:
        RAN.clear()
        with torch.inference_mode():
            executor.execute(
                graph,
                "prompt",
                {"client_id": "test"},
                [node for node, entry in graph.items() if entry["class_type"] == "Keep"],
            )
        assert executor.success, executor.status_messages[-1]
        return list(RAN)

    return run


def clip_graph(name: str, memory_frames: int, references: int, seed: int) -> dict:
    names = ("model", "positive", "negative", "vae", "memory", "cameras", "projection", "holes", "references")
    links = {key: [f"{name} source", index] for index, key in enumerate(names)}
    return {
        f"{name} source": {
            "class_type": "Source",
            "inputs": {"memory_frames": memory_frames, "references": references},
        },
        f"{name} sampler": {
            "class_type": "SpatiaSampler",
            "inputs": {**links, "seed": seed, "steps": 2, "cfg": 3.5, **STRENGTHS},
        },
        f"{name} keep": {
            "class_type": "Keep",
            "inputs": {"frames": [f"{name} sampler", 0], "latent": [f"{name} sampler", 1], "name": name},
        },
    }


def test_two_samplers_and_a_changed_seed(execute):
    first, later = clip_graph("first", 1, 0, 1), clip_graph("later", FIRST, 2, 1)
    execute({**first, **later})
    together = dict(RESULTS)
    for name, graph in (("first", first), ("later", later)):
        execute(clip_graph("other", FIRST, 1, 5))  # what was sampled before must not matter
        execute(graph)
        assert torch.equal(RESULTS[name], together[name])
    execute({**first, **later})
    assert execute({**first, **clip_graph("later", FIRST, 2, 2)}) == ["later sampler", "later keep"]
    assert not torch.equal(RESULTS["later"], together["later"])
