"""What a clip costs in a long video: memory, seconds and disk, clip by clip, without a network.

    python benchmarks/long_run.py                                   20 clips of 81 frames at 624 x 352
    python benchmarks/long_run.py --clips 100 --size 1248x704       the real size
    python benchmarks/long_run.py --round 5                         clips to one round of the walk, which is walked again

A drawn room is walked through in rounds; frames and depth are ray-cast, exact. Each clip is rendered, its references are
retrieved, it is fused and committed to a world, as the nodes do it. One line of JSON per clip; at the end one with the
growth of memory from clip 5 on, and the later clips' seconds against the earlier ones'.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
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
from spatia_core.training.rooms import render_room
from spatia_core.world import World

STEPS = ("render", "retrieve", "update", "commit")


def walk(room_path: np.ndarray, frames: int) -> np.ndarray:
    """Poses (frames, 4, 4) camera to world: the closed path walked again and again."""
    return room_path[np.arange(frames) % (len(room_path) - 1)]


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
    c2w = walk(path, options.frames + (options.clips - 1) * fresh)
    first = render_room(room, c2w[:1], height, width)
    cameras = make_cameras(np.linalg.inv(c2w), first.intrinsics)
    estimate = estimate_scene(
        DepthMaps(torch.from_numpy(first.z_depth), True, "exact"), cameras.select(0), height, width
    )
    process, lines = psutil.Process(), []
    with tempfile.TemporaryDirectory() as folder:
        world, ids = World(Path(folder) / "walk"), [f"{k:032x}" for k in range(options.clips + 1)]
        start = new_memory(torch.from_numpy(first.frames[0]), estimate, voxel_size=options.voxel_size)
        memory = world.commit(start, ids[0], None).memory
        for number, window in enumerate(clip_windows(cameras.count, options.frames, options.frames), 1):
            clip = window_cameras(cameras, window)
            # Only keyframes need depth; drawing the room is no part of what is measured.
            shared = require_continues(memory, clip)
            drawn = render_room(room, c2w[window.start : window.end], height, width)
            images = torch.from_numpy(drawn.frames)
            keyframes = new_keyframes(clip.count, shared)
            maps = DepthMaps(torch.from_numpy(drawn.z_depth[keyframes]), True, "exact")
            seconds, began = {}, time.perf_counter()

            def lap(step: str) -> None:
                nonlocal began
                now = time.perf_counter()
                seconds[step], began = round(now - began, 3), now  # noqa: B023 - called in this turn only

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
            del grown, drawn, images, maps
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
            for step in STEPS
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
