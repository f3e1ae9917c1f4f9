"""What the page's camera path editor gets of Spatia Video, to make a video clip by clip. js/src/director.mjs reads it."""

from __future__ import annotations

import json

import torch
from comfy_execution.utils import get_executing_context
from server import PromptServer

from ...spatia_core.cameras import Cameras, invert_pose
from ...spatia_core.cloud import PointCloud
from ...spatia_core.memory import SpatialMemory
from .preview import cloud_file, image_file, text_file
from .routes import camera_list
from .worlds import WorldPlace

CLIP_EVENT = "spatia.clip"


def video_report(
    place: WorldPlace,
    memory: SpatialMemory,
    cameras: Cameras,
    start: Cameras,
    *,
    scale: float,
    clips: list[dict[str, int]],
    lengths: dict[str, int],
    continued: bool,
) -> dict:
    """Where the video stands, as the page takes it: files of /view.

    memory: after the last clip. cameras: the path as it was given. start: the camera (1) of the scene that its first one
    became; scale: scene units per unit of the path. clips: of each clip of the path its `number` in the world,
    its `line` of prompts, its first new frame of the path (`from`) and the frame to stop before (`to`). lengths:
    first_frames, later_frames, history_frames. continued: whether a world was connected, not an image.
    """
    facts = {
        "world": place.world.name,
        "branch": place.branch,
        "clip": place.clip,
        "clips": clips,
        "lengths": lengths,
        "continued": continued,
        "path": camera_list(cameras),
    }
    return {
        "facts": text_file("video", json.dumps(facts)),
        "points": cloud_file(_along_path(memory.cloud, cameras.w2c[0], start.w2c[0], scale)),
        "image": image_file(memory.read_frames([memory.frame_count - 1])[0]),
    }


def tell_clip(place: WorldPlace, number: int) -> None:
    """Tell the page that the running node has written a clip of a world."""
    running, server = get_executing_context(), getattr(PromptServer, "instance", None)
    if server is None or running is None:
        return
    told = {"node": running.node_id, "world": place.world.name, "branch": place.branch, "number": number}
    server.send_sync(CLIP_EVENT, told, server.client_id)


def _along_path(cloud: PointCloud, given: torch.Tensor, start: torch.Tensor, scale: float) -> PointCloud:
    """The scene in the coordinates of the path as it was given, in which it is edited."""
    if scale == 1 and torch.equal(given, start):
        return cloud
    seen = cloud.positions.double() @ start[:3, :3].T + start[:3, 3]
    back = invert_pose(given)
    moved = (seen / scale) @ back[:3, :3].T + back[:3, 3]
    return cloud._replace(positions=moved.to(cloud.positions.dtype))
