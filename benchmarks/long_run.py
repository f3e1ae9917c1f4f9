"""What a clip costs in a long video: memory, seconds and disk, clip by clip, without a network.

    python benchmarks/long_run.py                                   20 clips of 81 frames at 624 x 352
    python benchmarks/long_run.py --clips 100 --size 1248x704       the real size
    python benchmarks/long_run.py --round 5                         clips to one round of the walk, which is walked again

A drawn room is walked through in rounds; frames and depth are ray-cast, exact. Each clip is rendered, its references are
retrieved, it is fused and committed to a world, as the nodes do it. One line of JSON per clip; at the end one with the
growth of memory from clip 5 on, and the later clips' seconds against the earlier ones'. Beside the seconds of each step
stand its CPU seconds, of all threads, which other work on the machine does not change.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import psutil

from benchmarks.scene import furnished_room
from spatia_core.cameras.camera import make_cameras
from spatia_core.estimate import DepthMaps, estimate_scene
from spatia_core.memory import new_keyframes, new_memory, require_continues, shared_points, update
from spatia_core.memory.retrieval import candidate_frames, retrieve_counted, seen_points, target_frames
from spatia_core.memory.windows import clip_windows, window_cameras
from spatia_core.render.soft import render_soft
from spatia_core.render.visibility import visible_bits
from spatia_core.world import World
from training.startup import add_package

add_package()
from spatia_pack.training.data.rooms import render_room

STEPS = ("render", "retrieve", "update", "commit")


class Round:
    """One round of the walk, drawn once into a folder: frames (H, W, 3) uint8 and z_depth (H, W) float32."""

    def __init__(self, room, c2w: np.ndarray, height: int, width: int, folder: Path):
        self.count, self.size = len(c2w), (height, width)
        self.frames_file, self.depth_file = folder / "frames", folder / "z_depth"
        with self.frames_file.open("wb") as frames, self.depth_file.open("wb") as depth:
            for k in range(self.count):
                drawn = render_room(room, c2w[k : k + 1], height, width)
                frames.write(drawn.frames[0].tobytes())
                depth.write(drawn.z_depth[0].astype(np.float32).tobytes())
        self.intrinsics = drawn.intrinsics

    def frames(self, numbers: Iterable[int]) -> torch.Tensor:
        """Frames (N, H, W, 3) uint8 of the walk, which is this round again and again."""
        return torch.from_numpy(np.stack([self._read(self.frames_file, np.uint8, k, 3) for k in numbers]))

    def z_depth(self, numbers: Iterable[int]) -> torch.Tensor:
        """Depth (N, H, W) float32 of the walk."""
        return torch.from_numpy(np.stack([self._read(self.depth_file, np.float32, k, 1)[..., 0] for k in numbers]))

    def _read(self, file: Path, dtype, number: int, channels: int) -> np.ndarray:
        # Not mapped: mapped pages would count as the process's memory.
        pixels = self.size[0] * self.size[1] * channels
        place = number % self.count * pixels * np.dtype(dtype).itemsize
        return np.fromfile(file, dtype, pixels, offset=place).reshape(*self.size, channels)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--size", default="624x352")
    parser.add_argument("--frames", type=int, default=81, help="frames of a clip, 4n + 1")
    parser.add_argument("--round", type=int, default=5, help="clips to one round")
    parser.add_argument("--voxel-size", type=float, default=0.02)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    fresh = options.frames - 9
    room, path = furnished_room(11, options.round * fresh + 1, "loop")
    process, lines = psutil.Process(), []
    with tempfile.TemporaryDirectory() as folder:
        walk = Round(room, path[:-1], height, width, Path(folder))
        c2w = path[np.arange(options.frames + (options.clips - 1) * fresh) % walk.count]
        cameras = make_cameras(np.linalg.inv(c2w), walk.intrinsics)
        estimate = estimate_scene(DepthMaps(walk.z_depth([0]), True, "exact"), cameras.select(0), height, width)
        world, ids = World(Path(folder) / "walk"), [f"{k:032x}" for k in range(options.clips + 1)]
        start = new_memory(walk.frames([0])[0], estimate, voxel_size=options.voxel_size)
        memory = world.commit(start, ids[0], None).memory
        for number, window in enumerate(clip_windows(cameras.count, options.frames, options.frames), 1):
            clip = window_cameras(cameras, window)
            # Only keyframes need depth; reading the drawings is no part of what is measured.
            shared = require_continues(memory, clip)
            images = walk.frames(range(window.start, window.end))
            keyframes = [window.start + k for k in new_keyframes(clip.count, shared)]
            maps = DepthMaps(walk.z_depth(keyframes), True, "exact")
            seconds, began = {}, _clocks()

            def lap(step: str) -> None:
                nonlocal began
                now = _clocks()
                seconds[step] = round(now[0] - began[0], 3)  # noqa: B023 - called in this turn only
                seconds[f"{step}_cpu"] = round(now[1] - began[1], 3)  # noqa: B023
                began = now

            for k in range(0, clip.count, 8):
                part = clip.select(slice(k, k + 8))
                render_soft(memory.cloud.positions, memory.cloud.colors, part, height, width, radius=0.01)
            lap("render")
            references = retrieve(memory, clip, shared, height, width)
            lap("retrieve")
            grown = update(memory, images, clip, maps).memory
            lap("update")
            memory = world.commit(grown, ids[number], ids[number - 1]).memory
            lap("commit")
            del grown, images, maps
            lines.append(
                {"clip": number, "rss_mib": round(process.memory_info().rss / 2**20), "points": memory.cloud.size}
                | seconds
                | {"references": references, "disk_mib": round(world.bytes_of(ids[number]) / 2**20, 1)}
            )
            print(json.dumps(lines[-1]), flush=True)
    if len(lines) >= 10:
        early, late = lines[4 : 4 + min(11, len(lines) // 3)], lines[-min(11, len(lines) // 3) :]
        ratio = {
            step: round(sum(x[step] for x in late) / len(late) / (sum(x[step] for x in early) / len(early)), 2)
            for step in (*STEPS, *(f"{name}_cpu" for name in STEPS))
        }
        print(json.dumps({"rss_growth_mib": lines[-1]["rss_mib"] - lines[4]["rss_mib"], "late_to_early": ratio}))


def retrieve(memory, clip, shared: int, height: int, width: int) -> int:
    """How many references the clip gets."""
    candidates, targets = candidate_frames(memory.frame_count, shared), target_frames(clip.count)
    if not candidates:
        return 0
    cloud, voxel_size = memory.cloud.positions, memory.voxel_size
    wanted = visible_bits(cloud, clip.select(targets), height, width, voxel_size=voxel_size)
    past = memory.cameras.select(candidates)
    common, counts = shared_points(memory.seen, wanted, cloud, past, height, width, voxel_size)
    picked = retrieve_counted(common, seen_points(wanted), counts)
    memory.read_frames([candidates[k] for k in picked.candidates])
    return len(picked.candidates)


if __name__ == "__main__":
    main()
