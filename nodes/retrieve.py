"""Retrieve References: earlier frames that show what the next clip will look at."""

from __future__ import annotations

import comfy.utils
import torch
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.memory import SpatialMemory, require_continues, shared_points
from ..spatia_core.memory.retrieval import (
    MODES,
    Retrieval,
    candidate_frames,
    common_points,
    retrieval_report,
    retrieve_counted,
    seen_points,
    target_frames,
)
from ..spatia_core.profile import profile_named
from ..spatia_core.render.visibility import visible_bits
from .host.images import frames_from_image, image_from_frames
from .host.profiles import AUTO, AUTO_REFERENCES
from .host.reports import report_ui
from .sockets import SpatiaCameras, SpatiaMemory

THRESHOLD = 0.1  # least 3D IoU of a reference


def choice_inputs(advanced: bool | None = None) -> list[io.Input]:
    """How many references, of which frames, and how much they must share. advanced: all but their number fold away."""
    return [
        io.Int.Input(
            "max_references",
            default=AUTO_REFERENCES,
            min=AUTO_REFERENCES,
            max=64,
            tooltip="At most this many frames. -1: as the memory's model was made for; paper and release: 7, bundled small model: 4.",
        ),
        io.Float.Input(
            "threshold",
            default=THRESHOLD,
            min=0.0,
            max=1.0,
            step=0.01,
            advanced=advanced,
            tooltip="Least 3D IoU of a reference (paper_iou only). Raise it to drop frames that share little.",
        ),
        io.Int.Input(
            "every",
            default=AUTO,
            min=AUTO,
            max=1000,
            advanced=advanced,
            tooltip="Every n-th frame of the clip asks for a reference. 0: as the memory's model was made for; release: 12, bundled small model: 4.",
        ),
        io.Int.Input(
            "candidate_every",
            default=AUTO,
            min=AUTO,
            max=1000,
            advanced=advanced,
            tooltip="Every n-th earlier frame may become one. The clip's history never does. 0: as the memory's model was made for; release: 4, bundled small model: 2.",
        ),
    ]


class SpatiaRetrieveReferences(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaRetrieveReferences",
            display_name="Retrieve References",
            category="Spatia",
            search_aliases=["reference frames", "retrieval", "memory frames"],
            description="Picks the earlier frames that share most of the scene with the frames to come. There may be none, as before the first clip.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="The video so far and its cloud."),
                SpatiaCameras.Input("cameras", tooltip="The clip to come: Clip Window's cameras."),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default=MODES[0],
                    tooltip="- paper_iou: for every target frame the earlier frame of largest 3D overlap (IoU), if above the threshold.\n"
                    "- release_hungarian: the released code's one-to-one matching on shared point counts, its 1-pixel visibility included.",
                ),
                *choice_inputs(),
            ],
            outputs=[
                io.Image.Output(
                    display_name="references",
                    tooltip="The picked frames in the order of their target frames; may be an empty batch.",
                ),
                io.String.Output(
                    display_name="report", tooltip="Which frame was picked for which target, with its IoU."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        memory: SpatialMemory,
        cameras: Cameras,
        mode: str,
        max_references: int,
        threshold: float,
        every: int,
        candidate_every: int,
    ) -> io.NodeOutput:
        references, report = find_references(memory, cameras, mode, max_references, threshold, every, candidate_every)
        pictures = [("", picture) for picture in frames_from_image(references, "references")] if len(references) else []
        return io.NodeOutput(references, report, ui=report_ui(report, pictures=pictures))


def find_references(
    memory: SpatialMemory,
    cameras: Cameras,
    mode: str = MODES[0],
    max_references: int = AUTO_REFERENCES,
    threshold: float = THRESHOLD,
    every: int = AUTO,
    candidate_every: int = AUTO,
) -> tuple[torch.Tensor, str]:
    """The references IMAGE (R, H, W, 3) of a clip along `cameras`, R may be 0, and a report.

    Counts that are auto are those of the profile which the memory was made for. Raises SpatiaError.
    """
    profile = profile_named(memory.made_for)
    max_references = profile.max_references if max_references == AUTO_REFERENCES else max_references
    every, candidate_every = every or profile.every, candidate_every or profile.candidate_every
    candidates = candidate_frames(memory.frame_count, require_continues(memory, cameras), candidate_every)
    targets = target_frames(cameras.count, every)
    if not candidates or not max_references:
        report = "No references: " + (
            "max_references is 0." if candidates else "the video holds no frame before this clip's history."
        )
        return image_from_frames(memory.read_frames([])), report
    if not memory.cloud.size:
        raise SpatiaError(
            "The memory's cloud holds no point, so overlap cannot be measured; check the edits before this node, or estimate the scene again."
        )
    if mode == "release_hungarian" and len(targets) > len(candidates):
        raise SpatiaError(
            f"release_hungarian matches one to one, and {len(targets)} target frames were given for {len(candidates)} candidates; "
            "increase every, decrease candidate_every, or set mode to paper_iou."
        )
    picked = pick_references(memory, cameras, targets, candidates, mode, max_references, threshold)
    references = memory.read_frames([candidates[candidate] for candidate in picked.candidates])
    return image_from_frames(references), retrieval_report(picked, targets, candidates, mode)


def pick_references(
    memory: SpatialMemory,
    cameras: Cameras,
    targets: list[int],
    candidates: list[int],
    mode: str,
    max_references: int,
    threshold: float,
) -> Retrieval:
    """The `Retrieval` of frames `candidates` of the memory's video for frames `targets` of a clip along `cameras`."""
    bar = comfy.utils.ProgressBar(len(targets) + len(candidates))
    cloud, size, voxel_size = memory.cloud.positions, (memory.height, memory.width), memory.voxel_size
    past = memory.cameras.select(candidates)
    visibility = "precise" if mode == "paper_iou" else "release"

    def seen(path: Cameras) -> torch.Tensor:
        masks = []
        # Batches keep every core busy and the bar moving; updating the bar is also where the host interrupts.
        batch = max(1, torch.get_num_threads())
        for start in range(0, path.count, batch):
            part = path.select(slice(start, start + batch))
            masks.append(visible_bits(cloud, part, *size, mode=visibility, voxel_size=voxel_size))
            bar.update(part.count)
        return torch.cat(masks)

    wanted = seen(cameras.select(targets))
    if mode == "paper_iou":
        common, counts = shared_points(memory.seen, wanted, cloud, past, *size, voxel_size, bar.update)
    else:
        found = seen(past)
        common, counts = common_points(wanted, found), seen_points(found)
    return retrieve_counted(
        common, seen_points(wanted), counts, mode=mode, max_references=max_references, threshold=threshold
    )


NODES = [SpatiaRetrieveReferences]
