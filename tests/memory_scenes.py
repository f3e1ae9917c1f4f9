"""A striped wall, with or without a box before it, and the memories that clips along it make."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import safetensors.torch
import torch

from spatia_core.cameras.camera import intrinsics_from_fov, make_cameras
from spatia_core.estimate import DepthMaps, estimate_scene
from spatia_core.memory import (
    new_memory,
)

HEIGHT, WIDTH, VOXEL = 48, 72, 0.04


def path(*shifts):
    """Cameras moved along x and looking along z."""
    w2c = torch.eye(4, dtype=torch.float64).repeat(len(shifts), 1, 1)
    w2c[:, 0, 3] = -torch.tensor(shifts, dtype=torch.float64)
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def view(cameras, wall=4.0, box=None):
    """Exact frames and depth of a striped wall at z = 4, and a box front at z = `box` for -0.5 < x < 0.5."""
    K = cameras.K(HEIGHT, WIDTH)[0]
    columns = (torch.arange(WIDTH, dtype=torch.float64) + 0.5 - K[0, 2]) / K[0, 0]
    frames, depths = [], []
    for centre in cameras.centers[:, 0]:
        depth = torch.full((WIDTH,), wall, dtype=torch.float64)
        if box is not None:
            depth[(centre + columns * box).abs() < 0.5] = box
        x = centre + columns * depth
        shade = ((torch.sin(3 * x) + 1) * 100).to(torch.uint8)
        frames.append(shade[None, :, None].expand(HEIGHT, WIDTH, 3))
        depths.append(depth.float()[None].expand(HEIGHT, WIDTH))
    return torch.stack(frames).clone(), torch.stack(depths).clone()


def maps(depth, metric=True, **options):
    return DepthMaps(depth, metric, "exact", **options)


def start(**scene):
    cameras = path(0.0)
    frames, depth = view(cameras, **scene)
    estimate = estimate_scene(maps(depth), cameras, HEIGHT, WIDTH)
    return new_memory(frames[0], estimate, voxel_size=VOXEL)


def first_clip(n=13, step=0.1):
    return path(*[step * i for i in range(n)])


def all_frames(memory):
    return memory.read_frames(range(memory.frame_count))


def all_moving(memory):
    return memory.read_moving(range(memory.frame_count))


def turned_away(n):
    w2c = torch.eye(4, dtype=torch.float64).repeat(n, 1, 1)
    w2c[1:, 0, 0] = w2c[1:, 2, 2] = -1
    w2c[1:, 0, 3] = torch.arange(1, n) * 0.1
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def assert_equal(a, b):
    """Memories, clouds or clips that hold the same; what frames see follows from the rest."""
    for name, x, y in zip(type(a)._fields, a, b, strict=True):
        if isinstance(x, torch.Tensor):
            assert x.dtype == y.dtype and torch.equal(x, y), name
        elif name == "clips":
            assert len(x) == len(y)
            for clip, other in zip(x, y):
                assert_equal(clip, other)
        elif name == "frames":
            every = range(x.count)
            assert (x.count, x.height, x.width) == (y.count, y.height, y.width)
            assert torch.equal(x.read(every), y.read(every)) and torch.equal(x.read_moving(every), y.read_moving(every))
        elif hasattr(x, "_fields"):
            assert_equal(x, y)
        elif name != "seen":
            assert x == y, name


def archive(file: Path, entries, tensors, how: int = zipfile.ZIP_STORED) -> Path:
    """An archive of anything. entries, tensors: as `grown` gives them, or bytes."""
    with zipfile.ZipFile(file, "w", how) as out:
        out.writestr("memory.json", entries if isinstance(entries, bytes) else json.dumps(entries))
        out.writestr("memory.safetensors", tensors if isinstance(tensors, bytes) else safetensors.torch.save(tensors))
    return file


def changed(tensor: torch.Tensor, index, value) -> torch.Tensor:
    tensor = tensor.clone()
    tensor[index] = value
    return tensor


def moving_box(cameras, steps, size=0.3, z=2.0):
    """The striped wall, and in front of it a red box that moves with the frame number."""
    frames, depth = view(cameras)
    K = cameras.K(HEIGHT, WIDTH)[0]
    columns = (torch.arange(WIDTH, dtype=torch.float64) + 0.5 - K[0, 2]) / K[0, 0]
    boxes = torch.zeros(frames.shape[:3], dtype=torch.bool)
    for i, centre in enumerate(cameras.centers[:, 0]):
        boxes[i, HEIGHT // 4 : 3 * HEIGHT // 4] = ((centre + columns * z - steps[i]).abs() < size / 2)[None]
    frames[boxes] = torch.tensor([255, 0, 0], dtype=torch.uint8)
    depth[boxes] = z
    return frames, depth, boxes


def red(cloud):
    return (cloud.colors[:, 0] == 255) & (cloud.colors[:, 1] == 0)
