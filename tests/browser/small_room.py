"""A small made scene for the page's editors: a room with a red ball and a blue box, whose points are known one by one."""

from __future__ import annotations

from pathlib import Path

import torch

from spatia_core.cameras import make_cameras, preset_path
from spatia_core.cloud import make_point_cloud
from spatia_core.memory import Clip, HeldFrames, SpatialMemory, memory_of_image, save_memory
from spatia_core.memory.clip import no_change
from spatia_core.render.soft import render_soft

VOXEL = 0.02
BALL, BOX = torch.tensor([-0.35, 0.25, 2.0]), torch.tensor([0.55, 0.35, 2.3])
RADIUS, SIDE = 0.25, 0.4


def small_room(path: Path | None = None) -> tuple[SpatialMemory, torch.Tensor]:
    """The memory, written to `path` when there is one, and what each point belongs to: 0 room, 1 ball, 2 box."""
    generator = torch.Generator().manual_seed(1)

    def shaded(points, base, normal):
        light = (normal @ torch.nn.functional.normalize(torch.tensor([-0.4, -0.8, -0.5]), dim=0)).clamp_min(0)
        return points, (
            torch.as_tensor(base, dtype=torch.float32).expand(len(points), 3) * (0.45 + 0.55 * light[:, None])
        ).clamp(0, 255)

    def plane(corner, first, second, base):
        first, second = torch.tensor(first), torch.tensor(second)
        a, b = (torch.arange(0, float(way.norm()), VOXEL) / way.norm() for way in (first, second))
        a, b = (value.flatten()[:, None] for value in torch.meshgrid(a, b, indexing="ij"))
        points = torch.tensor(corner) + a * first + b * second
        normal = torch.nn.functional.normalize(torch.linalg.cross(second, first), dim=0)
        tiles = ((a * first.norm() / 0.3).floor() + (b * second.norm() / 0.3).floor()) % 2
        return shaded(
            points, torch.tensor(base, dtype=torch.float32) * (1 - 0.18 * tiles), normal.expand(len(points), 3)
        )

    ways = torch.nn.functional.normalize(torch.randn(5000, 3, generator=generator), dim=1)
    sides = []
    for axis in range(3):
        for end in (-0.5, 0.5):
            face = torch.rand(900, 3, generator=generator) - 0.5
            face[:, axis] = end
            normal = torch.zeros(900, 3)
            normal[:, axis] = 2 * end
            sides.append(shaded(BOX + SIDE * face, [60.0, 110.0, 220.0], normal))
    parts = [
        (0, plane([-1.6, 0.6, 0.9], [3.2, 0.0, 0.0], [0.0, 0.0, 2.4], [205.0, 190.0, 165.0])),
        (0, plane([-1.6, -1.0, 3.3], [0.0, 1.6, 0.0], [3.2, 0.0, 0.0], [150.0, 175.0, 160.0])),
        (0, plane([-1.6, -1.0, 0.9], [0.0, 1.6, 0.0], [0.0, 0.0, 2.4], [175.0, 160.0, 185.0])),
        (1, shaded(BALL + RADIUS * ways, [215.0, 60.0, 45.0], ways)),
        *((2, side) for side in sides),
    ]
    positions = torch.cat([points for _, (points, _) in parts])
    colors = torch.cat([shades for _, (_, shades) in parts]).round().to(torch.uint8)
    owner = torch.cat([torch.full((len(points),), owner) for owner, (points, _) in parts])
    cloud = make_point_cloud(positions, colors, view=0)
    cameras = preset_path("truck", make_cameras(torch.eye(4)[None], [0.9, 1.35, 0.5, 0.5]), 3, distance=0.1, depth=2.0)
    frames = render_soft(cloud.positions, cloud.colors, cameras, 128, 192, radius=0.03).image
    memory = memory_of_image(frames[0], cameras.select(0), cloud, VOXEL)
    clip = Clip(HeldFrames(frames[1:]), cameras.select(slice(1, None)), 1, no_change(cloud.size))
    memory = memory._replace(clips=(*memory.clips, clip))
    if path is not None:
        save_memory(memory, path)
    return memory, owner
