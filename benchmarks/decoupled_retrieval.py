"""Which earlier frame is remembered: bare fields of view (paper) against the cloud's visibility (ours), on rooms with exact depth.

    python benchmarks/decoupled_retrieval.py --rooms 12

Half of each path is the history, the other half asks. The truth of a pair is the share of the asking picture's pixels that
the earlier picture really shows, by both frames' depth. Printed per way of retrieval: how many frames remember, the true
share of what they remember, how many of those are wrong (less than half is shown), and how many were missed (a frame that
shows at least 0.9 existed, and none was chosen).
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spatia_core.cameras.camera import make_cameras, project, unproject
from spatia_core.cloud.point_cloud import concat_clouds, make_point_cloud
from spatia_core.cloud.voxels import voxel_merge
from spatia_core.model.decoupled.retrieval import Rules, camera_distances, choose_frames, retrieve, visible_overlap
from spatia_core.render.visibility import visible_points, z_buffer
from training.startup import add_package

add_package()
from spatia_pack.training.data.rooms import make_room, render_room, room_path

FRAMES, STEP, HEIGHT, WIDTH, VOXEL = 49, 4, 64, 96, 0.03
SAME_DEPTH = 0.03
WRONG, CLEAR = 0.5, 0.9


def true_shares(video, cameras, targets, candidates):
    """(T, C) share of each target's pixels that each candidate shows."""
    K = cameras.K(HEIGHT, WIDTH)
    depth = torch.from_numpy(video.z_depth)
    shares = torch.zeros(len(targets), len(candidates), dtype=torch.float64)
    for i, target in enumerate(targets):
        points = unproject(depth[target], K[target], cameras.c2w[target]).reshape(-1, 3)
        for j, candidate in enumerate(candidates):
            uv, z = project(points, cameras.w2c[candidate], K[candidate])
            column, row = uv.floor().long().unbind(1)
            inside = (z > 0) & (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
            there = depth[candidate][row.clamp(0, HEIGHT - 1), column.clamp(0, WIDTH - 1)]
            shares[i, j] = (inside & ((z - there).abs() < SAME_DEPTH * z)).double().mean()
    return shares


def look(cloud, cameras):
    """Visible points and coverage of each camera."""
    seen = visible_points(cloud.positions, cameras, HEIGHT, WIDTH, voxel_size=VOXEL)
    depth, _ = z_buffer(cloud.positions, cameras, HEIGHT, WIDTH, voxel_size=VOXEL)
    return seen, (depth > 0).double().mean((1, 2))


def one_room(seed, kind, strength):
    """Per way: chosen candidates (T,), beside the true shares (T, C)."""
    rng = np.random.default_rng(seed)
    room = make_room(rng)
    # More strength than in training: paths that leave what they have seen.
    video = render_room(room, room_path(room, rng, FRAMES, kind, strength), HEIGHT, WIDTH, supersample=1)
    cameras = make_cameras(video.w2c, video.intrinsics)
    half = FRAMES // 2
    candidates, targets = list(range(0, half + 1, STEP)), list(range(half + STEP, FRAMES, STEP))
    K = cameras.K(HEIGHT, WIDTH)
    clouds = []
    for frame in candidates:
        points = unproject(torch.from_numpy(video.z_depth[frame]), K[frame], cameras.c2w[frame]).reshape(-1, 3)
        clouds.append(make_point_cloud(points, torch.from_numpy(video.frames[frame]).reshape(-1, 3)))
    cloud = voxel_merge(concat_clouds(*clouds), VOXEL)
    target, history, rules = cameras.select(targets), cameras.select(candidates), Rules()
    (seen, coverage), (known, known_coverage) = look(cloud, target), look(cloud, history)
    visible = choose_frames(
        visible_overlap(seen, known, coverage, known_coverage), camera_distances(target, history), rules
    )
    ways = {
        "release": retrieve(target, history, release=True),
        "frustum": retrieve(target, history),
        "visibility": visible,
    }
    return true_shares(video, cameras, targets, candidates), {way: found.ids for way, found in ways.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rooms", type=int, default=12, help="rooms, each with a path that returns and one that does not"
    )
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--strength", type=float, default=1.5, help="how far paths go and turn; training uses 1")
    options = parser.parse_args()
    for kind in ("out_and_back", "one_way"):
        tallies = {}
        asked = 0
        for room in range(options.rooms):
            shares, ways = one_room(options.seed + room, kind, options.strength)
            asked += shares.shape[0]
            for way, ids in ways.items():
                chosen = shares.gather(1, ids.clamp_min(0)[:, None])[:, 0]
                missed = (ids < 0) & (shares.amax(1) >= CLEAR)
                tallies.setdefault(way, []).append((chosen[ids >= 0], int(missed.sum())))
        print(f"{kind}: {asked} frames ask, in {options.rooms} rooms")
        for way, parts in tallies.items():
            chosen, missed = torch.cat([part for part, _ in parts]), sum(count for _, count in parts)
            mean = float(chosen.mean()) if chosen.numel() else float("nan")
            print(
                f"  {way:10s} {chosen.numel():4d} remember, true share {mean:.3f}, wrong {int((chosen < WRONG).sum()):3d}, missed {missed:3d}"
            )


if __name__ == "__main__":
    main()
