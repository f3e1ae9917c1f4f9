"""Scenes and edits with what Python selects and makes of them, for the page's own replay (js/test/edit.test.mjs)."""

from __future__ import annotations

from pathlib import Path

import torch

from spatia_core.cameras import make_cameras, preset_path
from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.edit import Scene, apply_edits, select
from spatia_core.cloud.packed import packed_order, packed_points, packed_views

WIDTH, HEIGHT, VOXEL = 96, 64, 0.03
HEART = [[0.5, 0.35], [0.6, 0.2], [0.75, 0.25], [0.78, 0.45], [0.5, 0.85], [0.2, 0.4], [0.28, 0.2], [0.42, 0.22]]
# A square with a square hole, held together by a bridge.
HOLED = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2], [0.4, 0.45], [0.7, 0.4], [0.65, 0.7], [0.4, 0.45]]
CROSSED = [[0.1, 0.1], [0.9, 0.8], [0.9, 0.15], [0.1, 0.9]]
BALL = {"shape": "sphere", "center": [0.1, 0.3, 1.9], "radius": 0.4}
BOX = {"shape": "box", "center": [0.2, 0.4, 2.0], "size": [1.5, 1.0, 2.5], "rotation": [20, -35, 50]}
FLOOR = {"shape": "plane", "point": [0, 1.03, 1.8], "distance": 0.04}
STROKE = {
    "shape": "stroke",
    "points": [[-0.3, 0.1, 1.7], [0.1, 0.2, 1.5], [0.1, 0.2, 1.5], [0.5, 0.9, 1.9]],
    "radius": 0.17,
}


def room():
    """A wall, a slanted floor, a ball before the wall, and stray points; frames 0 to 3, some from none."""
    generator = torch.Generator().manual_seed(5)
    a, b = torch.rand(2, 1500, generator=generator)
    wall = torch.stack([4 * a - 2, 2.4 * b - 1.4, torch.full_like(a, 3.0)], 1)
    a, b = torch.rand(2, 1200, generator=generator)
    floor = torch.stack([4 * a - 2, 1.0 + 0.05 * a, 0.8 + 2.2 * b], 1)
    ball = torch.nn.functional.normalize(torch.randn(700, 3, generator=generator), dim=1) * 0.35 + torch.tensor(
        [0.1, 0.3, 1.9]
    )
    stray = torch.rand(200, 3, generator=generator) * torch.tensor([4.0, 2.4, 3.0]) - torch.tensor([2.0, 1.4, 0.5])
    positions = torch.cat([wall, floor, ball, stray])
    colors = torch.randint(0, 256, (len(positions), 3), dtype=torch.uint8, generator=generator)
    colors[2700:3400] = (torch.tensor([200.0, 40.0, 30.0]) + 20 * torch.rand(700, 3, generator=generator)).to(
        torch.uint8
    )
    return make_point_cloud(positions, colors, view=torch.randint(-1, 4, (len(positions),), generator=generator))


def furnished():
    """A wall, a floor and a side, even but for a little noise, with shades that change slowly, and a box in their corner."""
    generator = torch.Generator().manual_seed(3)
    steps = torch.arange(-1.5, 1.5, VOXEL / 2)
    a, b = (value.flatten() for value in torch.meshgrid(steps, steps, indexing="ij"))
    faces = [
        torch.stack([a, b - 0.5, torch.full_like(a, 2.6)], 1),
        torch.stack([a, torch.full_like(a, 1.0), b + 1.2], 1)[b < 1.4],
        torch.stack([torch.full_like(a, 1.2), a - 0.5, b + 1.2], 1)[b < 1.4],
    ]
    # What the box hides from the first camera, and what it stands on, was never seen.
    room_points = torch.cat(faces)
    near, far = ((torch.tensor([0.2, 0.7, 2.0]) + end) / room_points for end in (-0.3, 0.3))
    enter, leave = torch.minimum(near, far).amax(1), torch.maximum(near, far).amin(1)
    room_points = room_points[~((enter < leave) & (enter < 1.001) & (leave > 0))]
    box = torch.rand(9000, 3, generator=generator) * 0.6 - 0.3
    face = torch.tensor([0, 1, 2, 4, 5])[torch.arange(9000) % 5]  # the one it stands on was never seen
    box[torch.arange(9000), face // 2] = 0.6 * (face % 2) - 0.3
    positions = torch.cat([room_points, box + torch.tensor([0.2, 0.7, 2.0])])
    positions += 0.002 * torch.randn(positions.shape, generator=generator)
    shades = 120 + 60 * torch.sin(positions * torch.tensor([2.0, 3.0, 1.0]))
    view = torch.randint(0, 3, (len(positions),), generator=generator)
    keep = torch.rand(len(positions), generator=generator) < 0.5
    return make_point_cloud(positions, shades.to(torch.uint8), view=view).select(keep)


def as_sent(cloud, name: str, folder: Path):
    """The cloud as the page gets it, in its order and at its 16-bit places, so that both sides judge the same points."""
    order = packed_order(cloud.size)
    low, high = (bound.double() for bound in torch.aminmax(cloud.positions, dim=0))
    steps = ((cloud.positions[order].double() - low) / (high - low) * 65535).round()
    snapped = cloud.select(order)._replace(positions=(low + steps * ((high - low) / 65535)).float())
    (folder / f"{name}.bin").write_bytes(packed_points(cloud))
    (folder / f"{name}_views.bin").write_bytes(packed_views(cloud))
    return snapped


def selections_of(camera: dict) -> list[dict]:
    """A selection of every shape, and shapes within others; `camera` is one that looks from aside."""
    hidden = {
        "shape": "sequence",
        "of": [
            {"shape": "lasso", "points": HEART, "frame": 0},
            STROKE,
            {"shape": "lasso", "points": CROSSED, "frame": 0},
        ],
    }
    seen = hidden | {"invert": True}
    return [
        {"shape": "all"}, {"shape": "all", "invert": True}, BALL, BALL | {"invert": True}, BOX, {"shape": "color", "color": "#d2322d", "tolerance": 0.09},
        {"shape": "color", "color": [10, 200, 90], "tolerance": 0.3}, {"shape": "mask", "frame": 1}, {"shape": "mask", "frame": -1, "through": True},
        {"shape": "lasso", "points": HEART, "frame": 0}, {"shape": "lasso", "points": HEART, "frame": -2, "through": True},
        {"shape": "lasso", "points": HOLED, "frame": 0, "through": True}, {"shape": "lasso", "points": CROSSED, "camera": camera}, {"shape": "lasso", "points": CROSSED, "camera": camera, "through": True},
        {"shape": "lasso", "points": HEART, "camera": camera | {"size": [700, 394]}}, FLOOR, FLOOR | {"normal": [0.02, 1, -0.01]},
        {"shape": "cluster", "at": [0.1, 0.3, 1.6], "distance": 0.12}, {"shape": "cluster", "at": [0, 1, 2], "distance": 0.15, "within": FLOOR | {"invert": True}},
        {"shape": "frames", "first": 1, "last": 2}, {"shape": "frames", "first": -1, "last": -1}, {"shape": "clip", "clip": 1},
        {"shape": "union", "of": [BALL, BOX, FLOOR]}, {"shape": "intersection", "of": [BOX, BALL | {"invert": True}], "invert": True},
        STROKE, {"shape": "stroke", "points": [[0.1, 0.3, 1.6]], "radius": 0.2, "invert": True}, hidden, seen,
        {"shape": "lasso", "points": HEART, "frame": 0, "within": seen}, {"shape": "mask", "frame": 1, "within": seen, "invert": True},
        {"shape": "union", "of": [BALL, BOX], "within": FLOOR | {"invert": True, "within": seen}}, FLOOR | {"within": BOX},
        {"shape": "lasso", "points": HEART, "frame": 0, "within": {"shape": "all", "invert": True}},
        {"shape": "cluster", "at": [0, 1, 2], "distance": 0.15, "within": {"shape": "all", "invert": True}},
    ]  # fmt: skip


def lists_of(camera: dict) -> dict[str, list[dict]]:
    """Lists of edits by name."""
    return {
        "remove and recolour": [
            {"do": "remove", "select": FLOOR}, {"do": "recolor", "select": BALL, "color": "#20c040", "mode": "tint", "strength": 0.7},
            {"do": "recolor", "select": BOX, "color": [1, 128, 254], "strength": 0.35},
        ],
        "move, copy, insert": [
            {"do": "transform", "select": BALL, "move": [0.4, -0.2, 0.3], "rotate": [10, 70, -130], "scale": [1.2, 0.5, 2]},
            {"do": "duplicate", "select": {"shape": "lasso", "points": HEART, "camera": camera}, "offset": [0.1, 0.2, -0.3], "copies": 2},
            {"do": "merge", "move": [0, 0, 1], "scale": 0.5, "rotate": [0, 45, 0]}, {"do": "merge", "file": "part.ply", "pivot": [1, 2, 3], "rotate": [180, 0, 0]},
            {"do": "transform", "select": {"shape": "frames", "first": -1, "last": -1}, "rotate": [0, 0, 90], "pivot": [0, 0, 2]},
        ],
        "some are off": [
            {"do": "remove", "select": BALL, "off": True}, {"do": "recolor", "select": BALL, "color": "#000000"}, {"do": "merge", "off": True},
        ],
    }  # fmt: skip


def fills_of(scene: Scene, folder: Path) -> list[dict]:
    """What is in the place of a removed thing after each way to fill it."""
    filled = as_sent(furnished(), "furnished", folder)
    below = {"shape": "plane", "point": [0, 1, 2], "normal": [0, 1, 0], "distance": 0.02}
    thing = {"shape": "box", "center": [0.2, 0.7, 2.0], "size": [0.66, 0.66, 0.66]}
    standing = {"shape": "intersection", "of": [thing, below | {"invert": True}]}
    fills = []
    for fill in ("plane", "neighbours"):
        for name, edits in {
            "a thing in a corner": [{"do": "remove", "select": standing, "fill": fill}],
            "what came from no frame": [
                {"do": "recolor", "select": standing, "color": "#20c040"},
                {"do": "remove", "select": standing, "fill": fill},
            ],
        }.items():
            edited = apply_edits(filled, edits, scene._replace(mask=None, clip=None))
            made = {
                "positions": edited.cloud.positions.flatten().tolist(),
                "colors": edited.cloud.colors.flatten().tolist(),
            }
            fills.append({"name": f"{fill}, {name}", "edits": edits, "counts": list(edited.counts), **made})
    return fills


def edit_vectors(folder: Path) -> dict:
    cloud = as_sent(room(), "room", folder)
    small = make_point_cloud(
        torch.rand(150, 3, generator=torch.Generator().manual_seed(9)), torch.full((150, 3), 77, dtype=torch.uint8)
    )
    other = as_sent(small, "other", folder)
    cameras = preset_path("orbit", make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.48, 0.53]), 4, angle=30.0, depth=2.0)
    mask = torch.zeros(32, 48, dtype=torch.bool)
    mask[6:27, 10:31] = True
    scene = Scene(
        cameras, mask, VOXEL, other, {"part.ply": other}, (HEIGHT, WIDTH), torch.tensor([0, 0, 1, 1], dtype=torch.int32)
    )
    aside = make_cameras(
        preset_path("orbit", cameras.select(0), 2, angle=-50.0, depth=2.0).w2c[1:], [0.9, 1.6, 0.5, 0.5]
    )
    camera = {"w2c": aside.w2c[0].flatten().tolist(), "intrinsics": aside.intrinsics[0].tolist(), "size": [160, 90]}
    made = []
    for name, edits in lists_of(camera).items():
        edited = apply_edits(cloud, edits, scene)
        counts = [None if edit.get("off") else count for edit, count in zip(edits, edited.counts)]
        result = {
            "positions": edited.cloud.positions.flatten().tolist(),
            "colors": edited.cloud.colors.flatten().tolist(),
            "views": edited.cloud.view.tolist(),
        }
        made.append({"name": name, "edits": edits, "counts": counts, **result})
    page = [
        {"w2c": w2c, "intrinsics": k} for w2c, k in zip(cameras.w2c.flatten(1).tolist(), cameras.intrinsics.tolist())
    ]
    facts = {"cameras": page, "width": WIDTH, "height": HEIGHT, "voxel": VOXEL, "clip": scene.clip.tolist()}
    picked = [
        {"selection": selection, "points": select(cloud, selection, scene).nonzero().squeeze(1).tolist()}
        for selection in selections_of(camera)
    ]
    return {
        "facts": facts,
        "mask": mask.int().tolist(),
        "selections": picked,
        "lists": made,
        "fills": fills_of(scene, folder),
    }
