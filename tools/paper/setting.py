"""What a shot of a table differs in from the template: changes of a workflow as POST /prompt takes it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import NamedTuple

from ..scene_workflow import Windows, only, windows_of

_OF_CLIP = ("memory", "frames", "cameras", "padding")  # what Update Memory is told of a clip without its depth
_NO_DEPTH, _NO_LORA = "none", "none"  # of Update Memory and Load Spatia Model


class Pace(NamedTuple):
    """Of a whole run: lengths of clips, solver steps and guidance; None: the workflow's."""

    windows: Windows | None = None
    steps: int | None = None
    cfg: float | None = None


class Setting(NamedTuple):
    """Of one row. references: the most of a clip; None: the workflow's. voxel_size: metres, likewise.

    backbone: the plain video network, which goes on from the last frame alone: no control branch, no LoRA, no memory.
    """

    projection: bool = True
    references: int | None = None
    voxel_size: float | None = None
    backbone: bool = False


@dataclass(frozen=True)
class Change:
    """Puts a setting into a workflow of Spatia Sampler. Raises SpatiaError where it has no place for it."""

    setting: Setting
    pace: Pace

    def __call__(self, prompt: dict) -> dict:
        # Pictures that only a page shows cost the making of what they show.
        prompt = {
            number: node for number, node in copy.deepcopy(prompt).items() if node["class_type"] != "PreviewImage"
        }
        sampler, window = (
            prompt[only(prompt, "SpatiaSampler")]["inputs"],
            prompt[only(prompt, "SpatiaClipWindow")]["inputs"],
        )
        windows, steps, cfg = self.pace
        if windows is not None:
            window |= dict(zip(("first_frames", "later_frames", "history_frames"), windows, strict=True))
        sampler |= {name: value for name, value in (("steps", steps), ("cfg", cfg)) if value is not None}
        if self.setting.backbone:
            self._leave_backbone(prompt, sampler, window)
            return prompt
        if not self.setting.projection:
            for name in ("projection", "holes"):
                sampler.pop(name, None)
        if self.setting.references == 0:
            sampler.pop("references", None)
        elif self.setting.references is not None:
            self._set_references(prompt, self.setting.references)
        if self.setting.voxel_size is not None:
            prompt[only(prompt, "SpatiaEstimateScene")]["inputs"]["voxel_size"] = self.setting.voxel_size
        return prompt

    @staticmethod
    def _leave_backbone(prompt: dict, sampler: dict, window: dict) -> None:
        for name in ("projection", "holes", "references"):
            sampler.pop(name, None)
        # Without a projection the control branch would still say that nothing is known.
        sampler["strength"] = 0.0
        prompt[only(prompt, "SpatiaLoadModel")]["inputs"]["lora"] = _NO_LORA
        window["history_frames"] = 1
        update = prompt[only(prompt, "SpatiaUpdateMemory")]["inputs"]
        update["depth_source"] = _NO_DEPTH
        for name in [name for name, value in update.items() if isinstance(value, list) and name not in _OF_CLIP]:
            update.pop(name)

    @staticmethod
    def _set_references(prompt: dict, count: int) -> None:
        retrieve = prompt[only(prompt, "SpatiaRetrieveReferences")]["inputs"]
        windows = windows_of(prompt)
        # Each target frame asks for one reference: as many of them as references are wanted, at least.
        targets = max(1, (windows.later - windows.history) // max(1, count))
        retrieve["max_references"] = count
        retrieve["every"] = min(retrieve["every"] or targets, targets)
