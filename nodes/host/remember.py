"""From a memory and a clip's cameras to a MODEL that remembers: retrieval, gate, encoding, and a strip to look at.

Everything is checked before anything is encoded.
"""

from __future__ import annotations

from collections.abc import Callable

import comfy.utils
import numpy as np
import torch
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from PIL import Image, ImageDraw

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.memory import SpatialMemory, require_continues
from ...spatia_core.memory.windows import latent_count, require_clip_length
from ...spatia_core.model.decoupled.assembly import assemble, memory_slots
from ...spatia_core.model.decoupled.cameras import latent_cameras
from ...spatia_core.model.decoupled.gate import gate, gate_reasons, gate_report
from ...spatia_core.model.decoupled.retrieval import (
    MemoryRetrieval,
    Rules,
    camera_distances,
    choose_frames,
    retrieve,
    visible_overlap,
)
from ...spatia_core.render.visibility import visible_points, z_buffer
from .backbones import backbone_of, require_pictures
from .decoupled import MemoryCondition, apply_memory
from .released_pictures import compressed_pictures
from .video import encode_video

_VISIBILITY_SIDE = 320  # pixels of the longer side: overlap is a share, and a share needs no full picture
_FRAMES_AT_ONCE = 32
_CELL, _LABEL, _GAP, _COLUMNS = 224, 44, 6, 8
_OPEN, _SHUT = (64, 160, 80), (120, 120, 120)


def remember_clip(
    model: ModelPatcher,
    patcher: ModelPatcher,
    vae: VAE,
    memory: SpatialMemory,
    cameras: Cameras,
    mode: str = "frustum",
    rules: Rules = Rules(),
    radius: float = 1.0,
    candidate_every: int = 1,
    strength: float = 1.0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
    told: Cameras | None = None,
    compressed: bool = False,
) -> tuple[ModelPatcher, str, torch.Tensor]:
    """(MODEL, report, strip IMAGE) of one clip. cameras: this clip's, its history's poses first.

    The history to remember is the video up to the clip's first frame, which both share. told: the cameras that the
    branch is told of, None for this clip's. compressed: remembered pictures go through a video file, as in the release.
    """
    MemoryCondition.require(model, patcher, start_percent, end_percent)
    given = require_continues(memory, cameras)
    require_clip_length(cameras.count, "the clip's cameras")
    backbone = backbone_of(model)
    assert backbone is not None  # no other has a branch that fits
    require_pictures(backbone, vae, memory, "put Fit Image before the node that begins the memory")
    clean, release = latent_count(given), mode == "release"
    end = memory.frame_count - given + 1
    # The first clip's only earlier frame is its own.
    candidates = torch.arange(0, end if memory.frame_count > 1 else 0, candidate_every)
    target, history = latent_cameras(cameras), memory.cameras.select(candidates)
    if mode == "visibility":
        found = _retrieve_visible(memory, target, history, rules)
    else:
        found = retrieve(target, history, rules=rules, radius=radius, release=release)
    ids = found.ids.clone()
    ids[found.ids >= 0] = candidates[found.ids[found.ids >= 0]]
    opened = gate(ids, clean)
    reasons = gate_reasons(found, candidates, opened, clean, rules)
    report = gate_report(reasons, opened, candidates.shape[0], mode)
    strip = gate_strip(memory.read_frames, (memory.height, memory.width), ids, opened, reasons)
    if not bool(opened.any()):
        return model.clone(), report, strip

    to_network = model.get_model_object("latent_format").process_in
    bar = comfy.utils.ProgressBar(int(ids[opened].unique().shape[0]) * 2)

    def encode(pixels: torch.Tensor) -> torch.Tensor:
        bar.update(1)
        # uint8 at rest to float: the host's edge.
        return to_network(encode_video(vae, pixels.float() / 255.0))

    picture = compressed_pictures(memory.read_frames, end, ids) if compressed else None
    temporal, spatial = assemble(memory.read_frames, end, ids[opened], encode, release, picture)
    slots = memory_slots(
        opened,
        ids,
        temporal,
        spatial,
        cameras if told is None else told,
        memory.cameras.select(slice(0, end)),
        memory.height,
        memory.width,
        unit=radius,
        release=release,
    )
    return apply_memory(model, patcher, slots, strength, start_percent, end_percent), report, strip


def _retrieve_visible(memory: SpatialMemory, target: Cameras, history: Cameras, rules: Rules) -> MemoryRetrieval:
    if not memory.cloud.size:
        raise SpatiaError(
            "The memory's cloud holds no point, so visibility cannot be measured; set retrieval to frustum."
        )
    scale = min(1.0, _VISIBILITY_SIDE / max(memory.height, memory.width))
    height, width = max(1, round(memory.height * scale)), max(1, round(memory.width * scale))
    bar = comfy.utils.ProgressBar(target.count + history.count)

    def seen(cameras: Cameras) -> tuple[torch.Tensor, torch.Tensor]:
        masks, coverage = [torch.zeros(0, memory.cloud.size, dtype=torch.bool)], []
        for index in range(cameras.count):
            camera = cameras.select(index)
            masks.append(visible_points(memory.cloud.positions, camera, height, width, voxel_size=memory.voxel_size))
            depth, _ = z_buffer(memory.cloud.positions, camera, height, width, voxel_size=memory.voxel_size)
            coverage.append(float((depth > 0).float().mean()))
            bar.update(1)
        return torch.cat(masks), torch.tensor(coverage, dtype=torch.float64)

    target_seen, target_coverage = seen(target)
    overlap = [torch.zeros(target.count, 0, dtype=torch.float64)]
    # A few earlier frames at a time: their masks grow with the cloud, and their number with the video.
    for start in range(0, history.count, _FRAMES_AT_ONCE):
        part = history.select(slice(start, start + _FRAMES_AT_ONCE))
        part_seen, part_coverage = seen(part)
        overlap.append(visible_overlap(target_seen, part_seen, target_coverage, part_coverage))
    return choose_frames(torch.cat(overlap, 1), camera_distances(target, history), rules)


def gate_strip(
    read: Callable[[list[int]], torch.Tensor],
    size: tuple[int, int],
    ids: torch.Tensor,
    opened: torch.Tensor,
    reasons: list[str],
) -> torch.Tensor:
    """IMAGE (1, H, W, 3): a cell per latent frame with the frame it looks up, framed green when it may use it, and why.

    read: frame numbers -> (n, H, W, 3) uint8 of the video so far. size: its height and width. ids: (L,) int64, -1 = none.
    opened: (L,) bool.
    """
    height, width = size
    cell = (_CELL, max(1, round(_CELL * height / width)))
    columns = min(_COLUMNS, len(reasons))
    rows = -(-len(reasons) // columns)
    sheet = Image.new("RGB", (columns * (cell[0] + _GAP) + _GAP, rows * (cell[1] + _LABEL + _GAP) + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for i, reason in enumerate(reasons):
        left, top = _GAP + i % columns * (cell[0] + _GAP), _GAP + i // columns * (cell[1] + _LABEL + _GAP)
        frame = int(ids[i])
        if frame >= 0:
            picture = Image.fromarray(read([frame])[0].numpy()).resize(cell, Image.Resampling.BILINEAR)
            if not opened[i]:
                picture = Image.blend(picture, Image.new("RGB", cell, "white"), 0.7)
            sheet.paste(picture, (left, top))
        draw.rectangle(
            (left, top, left + cell[0] - 1, top + cell[1] - 1),
            outline=_OPEN if opened[i] else _SHUT,
            width=4 if opened[i] else 1,
        )
        draw.multiline_text(
            (left, top + cell[1] + 2), _wrapped(f"latent {i}: {reason}", draw, cell[0]), fill="black", spacing=1
        )
    return torch.from_numpy(np.asarray(sheet).astype(np.float32) / 255.0)[None]


def _wrapped(text: str, draw: ImageDraw.ImageDraw, width: int) -> str:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
