"""What a run leaves on its node: a report, what it warns of, a curve, pictures. js/src/reports.mjs draws it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch.nn import functional as F

from . import notices
from .preview import image_file

_PICTURE_SIDE = 240  # pixels of the longer side


def report_ui(
    text: str,
    *,
    warnings: Iterable[str] = (),
    curve: Sequence[float] = (),
    curve_title: str = "",
    pictures: Iterable[tuple[str, torch.Tensor]] = (),
    **more: object,
) -> dict:
    """The `ui` of a node's output. curve: numbers from 0 to 1, one per frame. pictures: caption and (H, W, 3) uint8 each.

    What was said on the node while it ran (`notice`) is among the warnings. An empty text shows nothing, unless there is
    something else. more: other things that the page shows.
    """
    warned = dict.fromkeys([*notices.said(), *warnings])
    shown = {
        "warnings": list(warned),
        "curve": [round(float(value), 4) for value in curve],
        "curve_title": curve_title,
        "pictures": [{"caption": caption, "file": image_file(_small(picture))} for caption, picture in pictures],
    }
    return {"text": (text,), "spatia_report": [shown], **more}


def _small(picture: torch.Tensor) -> torch.Tensor:
    scale = _PICTURE_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = [max(1, round(side * scale)) for side in picture.shape[:2]]
    small = F.interpolate(picture.movedim(-1, 0)[None].float(), size=size, mode="area")
    return small[0].movedim(0, -1).round().to(torch.uint8)
