"""Paths that leave and come back once every two clips, as keyframes of Camera Path: at every frame, so that nothing is interpolated."""

from __future__ import annotations

import math
from typing import Any

from ..scene_list import KEYFRAMES
from ..scene_workflow import Windows

OUT_AND_BACK, LOOP = "out_and_back", "loop"
DISTANCE = 0.3  # of the depth of the scene: how far the camera goes, the default of Camera Path


def loop_path(kind: str, windows: Windows, clips: int) -> dict[str, Any]:
    """Settings of Camera Path. OUT_AND_BACK: to the right in every odd clip and back in the next; LOOP: round a circle, looking at
    its pivot, in every two. The camera is at the start again at the end of every second clip."""
    lines: list[tuple[float, ...]] = []
    for frame in range(1, windows.frames(clips)):
        clip = windows.covering(frame + 1)  # from 1
        begin, end = windows.frames(clip - 1) - 1, windows.frames(clip) - 1
        if kind == OUT_AND_BACK:
            part = _smooth((frame - max(0, begin)) / (end - max(0, begin)))
            lines.append((frame, DISTANCE * (part if clip % 2 else 1 - part), 0.0, 0.0, 0.0, 0.0, 0.0))
        else:
            first = clip - 1 if clip % 2 else clip - 2  # clips before the pair
            start, stop = max(0, windows.frames(first) - 1), windows.frames(first + 2) - 1
            lines.append((frame, *_on_circle(2 * math.pi * _smooth((frame - start) / (stop - start)))))
    text = "\n".join(f"{frame} " + " ".join(f"{value:.9g}" for value in values) for frame, *values in lines)
    return {"preset": KEYFRAMES, "frames": windows.frames(clips), "keyframes": text, "depth": 0.0}


def _on_circle(angle: float) -> tuple[float, ...]:
    """Right, up, forward, yaw, pitch and roll."""
    right, up = DISTANCE / 2 * math.sin(angle), DISTANCE / 2 * (1 - math.cos(angle))
    yaw, pitch = math.atan2(-right, 1.0), math.atan2(-up, math.hypot(right, 1.0))
    return right, up, 0.0, math.degrees(yaw), math.degrees(pitch), 0.0


def _smooth(part: float) -> float:
    return part * part * (3 - 2 * part)
