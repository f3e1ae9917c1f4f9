"""Graphs of worlds as they are sent to the host, and nodes that tests put into them."""

from __future__ import annotations

import torch

RESULTS: dict[str, object] = {}  # what a graph's Keep nodes were given, by their names


class Keep:
    RETURN_TYPES = ()
    FUNCTION = "keep"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("*", {}), "name": ("STRING", {})}}

    def keep(self, value, name):
        RESULTS[name] = value
        return ()


class Fail:
    """Passes latents on until FAIL says which call it is to die in."""

    calls = 0
    die_at = None
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "go"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"frames": ("IMAGE",)}}

    def go(self, frames):
        Fail.calls += 1
        if Fail.calls == Fail.die_at:
            raise RuntimeError("the power went out")
        return (frames,)


class Paint:
    """A memory whose cloud has one colour, as an edit leaves it."""

    RETURN_TYPES = ("SPATIA_MEMORY",)
    FUNCTION = "go"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"memory": ("SPATIA_MEMORY",), "shade": ("INT", {})}}

    def go(self, memory, shade):
        cloud = memory.cloud._replace(colors=torch.full_like(memory.cloud.colors, shade))
        return (memory._replace(cloud=cloud, exact_from=len(memory.clips)),)


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


def defaults(kind: str) -> dict:
    """What the page sets in a new node of ours."""
    import nodes

    inputs = nodes.NODE_CLASS_MAPPINGS[kind].define_schema().inputs
    return {entry.id: entry.default for entry in inputs if getattr(entry, "default", None) is not None}


def head(name: str, clip: int) -> dict:
    """Image -> scene -> world, and a path of three clips."""
    depth = {"depth_kind": "metres", "near": 1.0, "far": 4.0, "depth_scale": 1.0, "da3_metric_resolution": 0}
    return {
        "image": node("LoadImage", image="world_start.png"),
        "depth": node("LoadImage", image="world_depth.png"),
        "model": node(
            "SpatiaLoadModel", backbone="bundled small model", control="bundled small model", lora="none",
            lora_strength=1.0, dtype="default",
        ),
        "prompt": node("CLIPTextEncode", clip=["model", 1], text="a room"),
        "scene": node(
            "SpatiaEstimateScene", image=["image", 0], depth_map=["depth", 0], depth_source="connected input", **depth,
            field_of_view=62.0, intrinsics="", voxel_size=0.02, edge_filter=True, mask_grow=0,
        ),
        "open": node("SpatiaOpenWorld", name=name, branch="main", clip=clip, memory=["scene", 0]),
        "path": node(
            "SpatiaCameraPath",
            **defaults("SpatiaCameraPath") | {"memory": ["scene", 0], "preset": "truck", "frames": 13, "distance": 0.2},
        ),
    }  # fmt: skip


def clip(k: str, world: list, memory: list, number, seed: int = 0, prompt: str = "prompt") -> dict:
    """One clip of 5 new frames after the first: window, projection, sampler, memory, commit."""
    return {
        f"window{k}": node(
            "SpatiaClipWindow", cameras=["path", 0], clip=number, first_frames=5, later_frames=9, history_frames=5
        ),
        f"render{k}": node(
            "SpatiaRenderCameraPath", memory=memory, cameras=[f"window{k}", 0], width=0, height=0, radius=0.03,
            points_per_pixel=5,
        ),
        f"sampler{k}": node(
            "SpatiaSampler", model=["model", 0], positive=[prompt, 0], negative=["prompt", 0], vae=["model", 2],
            memory=memory, cameras=[f"window{k}", 0], projection=[f"render{k}", 0], holes=[f"render{k}", 1], seed=seed,
            steps=2, cfg=1.0, strength=1.0, start_percent=0.0, end_percent=1.0, lora="never",
        ),
        f"fail{k}": node("Fail", frames=[f"sampler{k}", 0]),
        f"update{k}": node(
            "SpatiaUpdateMemory", memory=memory, frames=[f"fail{k}", 0], cameras=[f"window{k}", 0],
            padding=[f"window{k}", 1], depth_source="none", depth_kind="metres", near=1.0, far=4.0, depth_scale=1.0,
            da3_metric_resolution=0, keyframe_every=4, edge_filter=True, mask_grow=0, consistency=True,
        ),
        f"commit{k}": node(
            "SpatiaCommitClip", world=world, memory=[f"update{k}", 0], latent=[f"sampler{k}", 1]
        ),
    }  # fmt: skip


def chain(name: str, seeds=(0, 0, 0), prompts=("prompt",) * 3) -> dict:
    graph = head(name, 0)
    world, memory = ["open", 1], ["open", 0]
    for k, (seed, prompt) in enumerate(zip(seeds, prompts, strict=True), start=1):
        graph |= clip(str(k), world, memory, k, seed, prompt)
        world, memory = [f"commit{k}", 0], [f"commit{k}", 1]
    graph |= {"keep": node("Keep", value=memory, name=name)}
    return graph


def samplers(ran: list[str]) -> list[str]:
    return [one for one in ran if one.startswith("sampler")]


def frames_of(memory) -> torch.Tensor:
    return memory.read_frames(range(memory.frame_count))


def world_of(nodes_of, name: str):
    return nodes_of("nodes.host.worlds").world_named(name)
