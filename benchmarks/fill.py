"""Filling the place of a removed object, against the same room drawn without it.

    python benchmarks/fill.py                          20 rooms, a photograph and a clip of each
    python benchmarks/fill.py --rooms 4 --pictures DIR

In every room a piece of furniture that its first camera sees is removed, by what was drawn of it. The scene is what one
camera saw of it (a photograph), or five along a path (a clip). Over the pixels that the object filled, in the first frame
and from a camera beside it that the scene never had:

    coverage    share of the hole that the projection covers
    depth       median of |depth - truth| / truth where it is covered
    PSNR        of the projection against the true picture, dB; what is not covered is black, as the network gets it
    seconds     to remove and fill
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from spatia_core.cameras.camera import make_cameras, unproject
from spatia_core.cloud.fill import fill_removed
from spatia_core.cloud.point_cloud import concat_clouds, make_point_cloud
from spatia_core.cloud.voxels import voxel_merge
from spatia_core.errors import SpatiaError
from spatia_core.render.soft import render_soft
from spatia_core.render.visibility import surface_depth
from training.startup import add_package

add_package()
from spatia_pack.training.data.rooms import make_room, render_room, room_path

HEIGHT, WIDTH, VOXEL, RADIUS = 144, 256, 0.02, 0.03  # as the bundled model has them
WAYS = (None, "plane", "neighbours")
KINDS = {"photograph": 1, "clip": 5}  # frames that the scene is made of
VIEWS = {0: "first frame", 5: "from beside"}


def furnished(seed: int):
    """A room whose last box its first camera sees well, five poses and one aside; None where no box is."""
    rng = np.random.default_rng(seed)
    room = make_room(rng)
    try:
        c2w = room_path(room, rng, 5, "one_way")
    except ValueError:
        return None
    aside = c2w[:1].copy()
    aside[0, :3, 3] += 0.25 * c2w[0, :3, 0]
    poses = np.concatenate([c2w, aside])
    for box in rng.permutation(np.arange(1, len(room.boxes))):
        order = [k for k in range(len(room.boxes)) if k != box] + [int(box)]
        moved = room._replace(boxes=room.boxes[order], materials=room.materials[order])
        still = np.zeros((len(poses), 3))
        seen = render_room(moved, poses[[0, -1]], 36, 64, supersample=1, motion=still[:2])
        if 0.02 < seen.moving[0].mean() < 0.2 and seen.moving[1].mean() > 0.01:
            return moved, poses, render_room(moved, poses, HEIGHT, WIDTH, motion=still)
    return None


def scene_of(video, frames: int):
    """The cloud of the first frames, and where each of its points came from the object, on a grid that both share."""
    cameras = make_cameras(torch.from_numpy(video.w2c[:frames]), torch.from_numpy(video.intrinsics))
    clouds = {True: [], False: []}
    for k in range(frames):
        points = unproject(
            torch.from_numpy(video.z_depth[k]).double(), cameras.K(HEIGHT, WIDTH)[k], torch.linalg.inv(cameras.w2c[k])
        ).reshape(-1, 3)
        moving = video.moving[k].reshape(-1)
        for object_, part in clouds.items():
            pick = moving == object_
            part.append(make_point_cloud(points[torch.from_numpy(pick)], video.frames[k].reshape(-1, 3)[pick], view=k))
    rest, gone = (voxel_merge(concat_clouds(*clouds[flag]), VOXEL, aligned=True) for flag in (False, True))
    return concat_clouds(rest, gone), rest.size, cameras


def measured(cloud, camera, hole, picture, depth) -> tuple[dict, np.ndarray]:
    """The figures of a cloud in one camera's hole, and the projection."""
    seen = render_soft(cloud.positions, cloud.colors, camera, HEIGHT, WIDTH, radius=RADIUS)
    z = surface_depth(cloud.positions, camera, HEIGHT, WIDTH, voxel_size=VOXEL)[0][0].numpy()
    cover = seen.coverage[0].numpy()[hole] / 255
    error = (seen.image[0].numpy()[hole].astype(float) - picture[hole]) / 255
    there = hole & (z > 0)
    return {
        "coverage": float(cover.mean()),
        "depth": float(np.median(np.abs(z[there] - depth[there]) / depth[there])) if there.any() else float("nan"),
        "psnr": float(-10 * np.log10(max((error**2).mean(), 1e-6))),
    }, seen.image[0].numpy()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rooms", type=int, default=20)
    asked.add_argument("--first", type=int, default=100, help="seed of the first room")
    asked.add_argument("--pictures", help="folder for pictures of every room")
    asked.add_argument("--json", help="file for the figures of every room")
    options = asked.parse_args()
    rows, seed = [], options.first
    while len({row["seed"] for row in rows}) < options.rooms:
        seed += 1
        found = furnished(seed)
        if found is None:
            continue
        room, poses, video = found
        empty = room._replace(boxes=room.boxes[:-1], materials=room.materials[:-1])
        truth = render_room(empty, poses, HEIGHT, WIDTH)
        for kind, frames in KINDS.items():
            told, strips = filled_in(video, truth, frames, f"seed {seed}, {kind}")
            rows += [{"seed": seed, "kind": kind, **row} for row in told]
            if options.pictures:
                from PIL import Image

                Path(options.pictures).mkdir(parents=True, exist_ok=True)
                sheet = np.concatenate([np.concatenate(strip, 1) for strip in strips.values()], 0)
                Image.fromarray(sheet).save(f"{options.pictures}/{seed}_{kind}.jpg", quality=88)
    print(f"{options.rooms} rooms, {WIDTH}x{HEIGHT}, voxel {VOXEL}; means over the rooms, of depth the median")
    tell(rows)
    if options.json:
        Path(options.json).write_text(json.dumps(rows))


def filled_in(video, truth, frames, name):
    """One room's scene of so many frames, its object removed in each of WAYS: rows of figures, and pictures of frames 0 and 5."""
    cloud, size, cameras = scene_of(video, frames)
    gone = torch.zeros(cloud.size, dtype=torch.bool)
    gone[size:] = True
    rows, strips = [], {frame: [video.frames[frame], truth.frames[frame]] for frame in VIEWS}
    for way in WAYS:
        begin = time.perf_counter()
        try:
            edited = removed(cloud, gone, way, cameras)
        except SpatiaError as error:
            print(f"{name}, {way}: {error}")
            edited = cloud.select(~gone)
        seconds = time.perf_counter() - begin
        for frame in VIEWS:
            camera = make_cameras(torch.from_numpy(video.w2c[frame : frame + 1]), torch.from_numpy(video.intrinsics))
            figures, image = measured(
                edited, camera, video.moving[frame], truth.frames[frame].astype(float), truth.z_depth[frame]
            )
            strips[frame].append(image)
            rows.append(
                {"fill": way or "none", "frame": frame, "seconds": seconds, "new": edited.size - size, **figures}
            )
    return rows, strips


def tell(rows):
    """Print the means over the rooms."""
    for kind in KINDS:
        for frame, where in VIEWS.items():
            for way in WAYS:
                part = [row for row in rows if (row["kind"], row["frame"], row["fill"]) == (kind, frame, way or "none")]
                mean = {name: np.mean([row[name] for row in part]) for name in ("coverage", "psnr", "seconds", "new")}
                known = [row["depth"] for row in part if np.isfinite(row["depth"])]
                depth = f"{100 * np.median(known):5.2f} %" if known else "    -  "
                print(
                    f"{kind:10} {where}  {way or 'none':10} coverage {mean['coverage']:.2f}  depth {depth}  "
                    f"PSNR {mean['psnr']:5.2f} dB  {mean['new']:6.0f} points  {mean['seconds']:.2f} s"
                )


def removed(cloud, gone, way, cameras):
    """The cloud without the object, and its place filled."""
    kept = cloud.select(~gone)
    if way is None:
        return kept
    return concat_clouds(
        kept, fill_removed(kept, cloud.select(gone), way, cameras=cameras, size=(HEIGHT, WIDTH), voxel_size=VOXEL).cloud
    )


if __name__ == "__main__":
    main()
