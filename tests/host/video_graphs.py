"""Graphs of Spatia Video on the small model, and fixtures that run and count them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from world_graphs import defaults, node

ROOT = Path(__file__).resolve().parent.parent.parent
FRAMES = 33  # of the path: four clips of 5 + 8 x 3 + a part
LENGTHS = {"first_frames": 9, "later_frames": 13, "history_frames": 5}


@pytest.fixture(name="run")
def run_with_depth(run, nodes_of):
    """With the real bundled depth network."""
    folder = nodes_of("nodes.host.bundle").FOLDER
    shutil.copy(ROOT / "bundle" / "spatia_small_depth.safetensors", folder)
    return run


@pytest.fixture(name="counted")
def counted_clips(nodes_of, monkeypatch):
    """How many clips the one node sampled; `die_at` says at which it fails."""
    video = nodes_of("nodes.video")
    real, calls = video.make_clip, {"count": 0, "die_at": None}

    def make_clip(*args, **kwargs):
        calls["count"] += 1
        if calls["count"] == calls["die_at"]:
            raise RuntimeError("the power went out")
        return real(*args, **kwargs)

    monkeypatch.setattr(video, "make_clip", make_clip)
    return calls


def common(memory: list | None = None) -> dict:
    """Image, model, and a path from the memory on, or of its own."""
    widgets = defaults("SpatiaCameraPath") | {"preset": "truck", "frames": FRAMES, "distance": 0.2}
    widgets |= {"memory": memory} if memory else {"width": 64, "height": 32, "fov": 62.0}
    return {
        "image": node("LoadImage", image="world_start.png"),
        "model": node(
            "SpatiaLoadModel", backbone="bundled small model", control="bundled small model", lora="none",
            lora_strength=1.0, dtype="default",
        ),
        "path": node("SpatiaCameraPath", **widgets),
    }  # fmt: skip


def video(name: str, **inputs) -> dict:
    """The one-node graph; an input of None is left out."""
    widgets = {
        "model": ["model", 0], "clip": ["model", 1], "vae": ["model", 2], "cameras": ["path", 0], "image": ["image", 0],
        "prompts": "a room", "name": name, "seed": 3, "steps": 2, "cfg": 1.0, **LENGTHS, "radius": 0.03,
        "voxel_size": 0.02, "max_references": 2,
    }  # fmt: skip
    values = defaults("SpatiaVideo") | widgets | inputs
    made = node("SpatiaVideo", **{key: value for key, value in values.items() if value is not None})
    return common() | {"video": made, "keep": node("Keep", value=["video", 1], name=name)}
