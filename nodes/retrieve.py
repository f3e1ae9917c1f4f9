"""Retrieve References: earlier frames that show what the next clip will look at."""

from __future__ import annotations

import comfy.utils
import torch
from comfy_api.latest import io, ui

from ..spatia_core.errors import SpatiaError
from ..spatia_core.memory import history_length, seen_points_of
from ..spatia_core.render.visibility import visible_bits
from ..spatia_core.retrieval import (
    CANDIDATE_EVERY,
    MAX_REFERENCES,
    MODES,
    TARGET_EVERY,
    candidate_frames,
    retrieval_report,
    retrieve_packed,
    target_frames,
)
from .host.images import image_from_frames
from .sockets import SpatiaCameras, SpatiaMemory


class SpatiaRetrieveReferences(io.ComfyNode):
    @classmethod
    def define_schema(cls):
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
                io.Int.Input(
                    "max_references",
                    default=MAX_REFERENCES,
                    min=0,
                    max=64,
                    tooltip="At most this many frames. Paper and release: 7; the bundled small models were made with 4.",
                ),
                io.Float.Input(
                    "threshold",
                    default=0.1,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Least 3D IoU of a reference (paper_iou only). Raise it to drop frames that share little.",
                ),
                io.Int.Input(
                    "every",
                    default=TARGET_EVERY,
                    min=1,
                    max=1000,
                    tooltip="Every n-th frame of the clip asks for a reference. Release: 12.",
                ),
                io.Int.Input(
                    "candidate_every",
                    default=CANDIDATE_EVERY,
                    min=1,
                    max=1000,
                    tooltip="Every n-th earlier frame may become one. The last 9 frames, the clip's history, never do. Release: 4.",
                ),
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
    def execute(cls, memory, cameras, mode, max_references, threshold, every, candidate_every) -> io.NodeOutput:
        candidates = candidate_frames(memory.frames.shape[0], history_length(memory), candidate_every)
        targets = target_frames(cameras.count, every)
        if not candidates or not max_references:
            report = "No references: " + (
                "max_references is 0." if candidates else "the video holds no frame before this clip's history."
            )
            return io.NodeOutput(image_from_frames(memory.frames[:0]), report, ui=ui.PreviewText(report))
        if not memory.cloud.size:
            raise SpatiaError(
                "The memory's cloud holds no point, so overlap cannot be measured; check the edits before this node, or estimate the scene again."
            )
        if mode == "release_hungarian" and len(targets) > len(candidates):
            raise SpatiaError(
                f"release_hungarian matches one to one, and {len(targets)} target frames were given for {len(candidates)} candidates; "
                "increase every, decrease candidate_every, or set mode to paper_iou."
            )
        bar = comfy.utils.ProgressBar(len(targets) + len(candidates))

        def seen(path, frames) -> torch.Tensor:
            masks = []
            # Batches keep every core busy and the bar moving; updating the bar is also where the host interrupts.
            batch = max(1, torch.get_num_threads())
            for start in range(0, len(frames), batch):
                part = frames[start : start + batch]
                if path is memory.cameras and mode == "paper_iou":
                    masks.append(seen_points_of(memory, part))
                else:
                    masks.append(
                        visible_bits(
                            memory.cloud.positions,
                            path.select(part),
                            memory.height,
                            memory.width,
                            mode="precise" if mode == "paper_iou" else "release",
                            voxel_size=memory.voxel_size,
                        )
                    )
                bar.update(len(part))
            return torch.cat(masks)

        picked = retrieve_packed(
            seen(cameras, targets),
            seen(memory.cameras, candidates),
            mode=mode,
            max_references=max_references,
            threshold=threshold,
        )
        references = memory.frames[[candidates[candidate] for candidate in picked.candidates]]
        report = retrieval_report(picked, targets, candidates, mode)
        return io.NodeOutput(image_from_frames(references), report, ui=ui.PreviewText(report))


NODES = [SpatiaRetrieveReferences]
