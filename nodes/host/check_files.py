"""Which files in the host's model folders fit, by their headers alone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import folder_paths

from ...spatia_core.errors import SpatiaError
from ...spatia_core.interrupt import look_for_interrupt
from ...spatia_core.model.decoupled.layout import camera_layout, decoupled_layout
from ...spatia_core.selfcheck import LEFT_OUT, NOTE, Check, Finding
from ...spatia_core.weights.layouts import backbone_layout, control_layout, vae_layout
from ...spatia_core.weights.lora import lora_pairs
from ...spatia_core.weights.scaled import stored_shapes
from ...spatia_core.weights.shards import first_shard, shard_files, sharded_shapes

_FOLDERS = ("diffusion_models", "model_patches", "loras", "vae")
_SECONDS = 20.0  # of slow network drives with a thousand files
_KINDS: tuple[tuple[str, Callable], ...] = (
    ("backbone", backbone_layout),
    ("control", control_layout),
    ("decoupled memory", decoupled_layout),
    ("camera branch", camera_layout),
    ("VAE of Wan 2.2", vae_layout),
    ("LoRA", lora_pairs),
)


def files_check() -> Check:
    """The files of the model folders that are of a kind that this package loads."""
    return Check("Model files, by their headers", _files)


def kind_of(path: str) -> tuple[str, tuple] | None:
    """What a safetensors file, or the first of several, is to this package, and its sizes; None for anything else."""
    whole = sharded_shapes(shard_files(path))
    for kind, layout in _KINDS:
        # A backbone's layout knows the scales of float8 and packed weights; the others are looked at without any.
        for shapes in (whole, stored_shapes(whole)):
            with contextlib.suppress(SpatiaError):
                return kind, layout(shapes, os.path.basename(path))
    return None


def _files() -> Iterator[Finding]:
    end = time.monotonic() + _SECONDS
    foreign = unread = fitting = 0
    for folder in _FOLDERS:
        for name in filter(first_shard, folder_paths.get_filename_list(folder)):
            look_for_interrupt()
            path = folder_paths.get_full_path(folder, name)
            if path is None or not name.lower().endswith((".safetensors", ".sft")):
                foreign += 1
                continue
            if time.monotonic() > end:
                unread += 1
                continue
            try:
                found = kind_of(path)
            except SpatiaError as error:
                yield Finding(LEFT_OUT, f"{folder}: {error}")
                continue
            if found is None:
                foreign += 1
                continue
            fitting += 1
            yield Finding(NOTE, f"{folder}/{name}: {found[0]}, {_sizes(found[1])}, {_gigabytes(path):.2f} GB")
    yield Finding(NOTE, f"{fitting} file(s) fit, {foreign} are of another kind")
    if unread:
        yield Finding(LEFT_OUT, f"{unread} more files: their drive is slow")


def _sizes(layout: tuple) -> str:
    if hasattr(layout, "_asdict"):
        wanted = {"dim": "width", "layers": "layers", "blocks": "blocks", "in_channels": "channels in"}
        known = layout._asdict()
        return ", ".join(f"{text} {known[name]}" for name, text in wanted.items() if name in known)
    return f"{len(layout[0]) // 2} weights"


def _gigabytes(path: str) -> float:
    return sum(os.path.getsize(shard) for shard in shard_files(path)) / 1e9
