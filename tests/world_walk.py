"""A striped wall walked along, clip by clip, into a world: what the tests of worlds are made of.

Run as a program it makes walks to be killed: for each line of JSON, [folder, clips, seconds], in a process of its own, which is
killed after so many seconds (null: never). It answers with the signal that ended it, 0 for none.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import torch

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:  # pytest has put it there already, behind ComfyUI, whose `nodes` must be found first
    sys.path.insert(0, ROOT)

from spatia_core.cameras.camera import Cameras, intrinsics_from_fov, make_cameras
from spatia_core.estimate import DepthMaps, estimate_scene
from spatia_core.memory import SpatialMemory, new_memory, update
from spatia_core.memory.windows import clip_windows, window_cameras
from spatia_core.world import World

HEIGHT, WIDTH, VOXEL, CLIP, HISTORY = 48, 72, 0.04, 13, 5
COUNT = 6  # clips of the walk


def walk() -> Cameras:
    """There and back again, so that later clips see what earlier ones saw."""
    steps = torch.arange(CLIP + (COUNT - 1) * (CLIP - HISTORY), dtype=torch.float64)
    w2c = torch.eye(4, dtype=torch.float64).repeat(len(steps), 1, 1)
    w2c[:, 0, 3] = -5 * torch.sin(steps / 20)
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def view(cameras: Cameras) -> tuple[torch.Tensor, torch.Tensor]:
    """Exact frames and depth of a striped wall at z = 4."""
    K = cameras.K(HEIGHT, WIDTH)[0]
    columns = (torch.arange(WIDTH, dtype=torch.float64) + 0.5 - K[0, 2]) / K[0, 0]
    shades = [((torch.sin(3 * (x + columns * 4.0)) + 1) * 100).to(torch.uint8) for x in cameras.centers[:, 0]]
    frames = torch.stack([shade[None, :, None].expand(HEIGHT, WIDTH, 3) for shade in shades])
    return frames.clone(), torch.full((cameras.count, HEIGHT, WIDTH), 4.0)


def beginning() -> SpatialMemory:
    """The memory of the walk's first image."""
    camera = walk().select(0)
    frames, depth = view(camera)
    estimate = estimate_scene(DepthMaps(depth, True, "exact"), camera, HEIGHT, WIDTH)
    return new_memory(frames[0], estimate, voxel_size=VOXEL)


def grown(memory: SpatialMemory, number: int) -> SpatialMemory:
    """The memory with clip `number`, from 1, of the walk."""
    window = clip_windows(walk().count, CLIP, CLIP, HISTORY)[number - 1]
    cameras = window_cameras(walk(), window)
    frames, depth = view(cameras)
    moving = torch.zeros(frames.shape[:3], dtype=torch.bool)
    moving[-1, :3] = number == 2
    return update(memory, frames, cameras, DepthMaps(depth, True, "exact"), moving=moving).memory


def name(number: int) -> str:
    """The id that clip `number` is given."""
    return f"{number:032x}"


def latents(number: int) -> torch.Tensor:
    """Latents of clip `number`."""
    return torch.full((1, 48, 4, 3, 5), float(number))


def go_on(world: World, clips: int) -> SpatialMemory:
    """Make what is missing of the walk's first `clips` clips."""
    if not world.exists or not world.has(name(0)):
        world.commit(beginning(), name(0), None)
    memory = world.memory(name(0))
    for number in range(1, clips + 1):
        grew = None if world.has(name(number)) else grown(memory, number)
        memory = world.commit(
            grew, name(number), name(number - 1), latents=latents(number), history_latents=2, seconds=1.5,
            peak_bytes=3 << 30, report="made", made={"seed": number},
        ).memory  # fmt: skip
    return memory


def killed(folder: str, clips: int, seconds: float | None) -> int:
    """Make a walk in a process that has all modules already, and kill it: the signal that ended it."""
    child = os.fork()
    if not child:
        code = 1
        try:
            go_on(World(folder), clips)
            code = 0
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        print(killed(*json.loads(line)), flush=True)
