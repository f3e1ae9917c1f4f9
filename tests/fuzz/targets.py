"""What is tried: each reader and each grammar, with the steps that a user would take next with what came out of it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from spatia_core.cameras import (
    camera_from_view,
    keyframe_path,
    make_cameras,
    preset_path,
    read_cameras,
    scale_path,
    write_cameras,
)
from spatia_core.cameras.formats import TEXT_FORMATS
from spatia_core.cameras.trajectories import close_loop, continue_path
from spatia_core.cloud.edit import Scene, apply_edits, parse_edits
from spatia_core.cloud.foreign import read_cloud
from spatia_core.cloud.ply import parse_ply, ply_bytes
from spatia_core.cloud.point_cloud import PointCloud, make_point_cloud
from spatia_core.cloud.voxels import voxel_merge
from spatia_core.errors import SpatiaError
from spatia_core.estimate import depth_from_map, estimate_scene
from spatia_core.estimate.consistency import vote
from spatia_core.estimate.filters import depth_edges
from spatia_core.estimate.median import median
from spatia_core.estimate.noise import pixel_noise, smooth_depth
from spatia_core.inputs import LARGEST_COORDINATE
from spatia_core.memory import (
    SpatialMemory,
    history,
    load_memory,
    new_memory,
    revert_clip,
    save_memory,
    update,
    with_cloud,
)
from spatia_core.model.decoupled.layout import decoupled_layout
from spatia_core.prompts import clip_prompt
from spatia_core.render.soft import render_soft
from spatia_core.render.visibility import visible_points
from spatia_core.weights.header import read_header
from spatia_core.weights.layouts import backbone_layout, control_layout, vae_layout
from spatia_core.weights.shards import sharded_shapes

HEIGHT, WIDTH, FRAMES = 24, 32, 25


class Target(NamedTuple):
    """run(data) answers or raises SpatiaError; names: words of which a refusal must hold one, so that a user knows
    what to change.
    """

    run: Callable[[bytes], None]
    names: tuple[str, ...]


def small_cloud(points: int = 300) -> PointCloud:
    generator = torch.Generator().manual_seed(0)
    positions = torch.rand(points, 3, generator=generator) * 2 + torch.tensor([-1.0, -1.0, 1.0])
    colors = torch.randint(0, 256, (points, 3), generator=generator, dtype=torch.uint8)
    return make_point_cloud(positions, colors, view=torch.arange(points, dtype=torch.int32) % FRAMES)


def cameras(count: int = 1):
    return make_cameras(torch.eye(4, dtype=torch.float64).repeat(count, 1, 1), [0.8, 1.0, 0.5, 0.5])


def check_cameras(path) -> None:
    """A path that came out of a door: finite, in range, and good for everything that takes a path."""
    assert bool(torch.isfinite(path.w2c).all()) and bool(torch.isfinite(path.intrinsics).all())
    make_cameras(path.w2c, path.intrinsics)
    assert float(path.centers.abs().max()) <= 4 * LARGEST_COORDINATE
    some = path.select(sorted({0, path.count // 2, path.count - 1}))
    cloud = small_cloud()
    render_soft(cloud.positions, cloud.colors, some, HEIGHT, WIDTH, radius=0.03)
    visible_points(cloud.positions, some, HEIGHT, WIDTH, voxel_size=0.01)


def check_cloud(cloud: PointCloud) -> None:
    """A cloud that came out of a door: it can be drawn, merged, saved and read again."""
    make_point_cloud(*cloud)
    part = cloud.select(torch.arange(min(cloud.size, 20_000)))
    render_soft(part.positions, part.colors, cameras(), HEIGHT, WIDTH, radius=0.03)
    again = parse_ply(ply_bytes(part), "again.ply")
    assert all(torch.equal(a, b) for a, b in zip(again, part))
    try:
        voxel_merge(part, 0.05)
    except SpatiaError as error:
        assert "voxel" in str(error)


def in_file(data: bytes, ending: str, use: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"file{ending}")
        Path(path).write_bytes(data)
        use(path)


def text_of(data: bytes) -> str:
    """Any bytes as a text that a widget may hold."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


# --- targets ---


def _ply(data: bytes) -> None:
    check_cloud(parse_ply(data, "file.ply"))


def _glb(data: bytes) -> None:
    in_file(data, ".glb", lambda path: check_cloud(read_cloud(path, "file.glb", points=2000)))


def _archive(data: bytes) -> None:
    def use(path: str) -> None:
        memory = load_memory(path)
        if memory.cloud.size:
            check_cloud(memory.cloud)
            _seen(memory)
        check_cameras(memory.cameras)
        again = path.replace("file", "again")
        save_memory(memory, again)
        loaded = load_memory(again)
        _require_equal(memory, loaded)
        for _ in range(min(len(memory.clips) - 1, _MOST_STEPS)):
            try:
                memory = revert_clip(memory).memory
            except SpatiaError as error:
                assert "no point" in str(error)
                return

    in_file(data, ".spatia", use)


def _header(data: bytes) -> None:
    def use(path: str) -> None:
        shapes = read_header(path)
        refusals = 0
        for layout in (control_layout, backbone_layout, vae_layout, decoupled_layout):
            try:
                layout(shapes, "file.safetensors")
            except SpatiaError as error:
                assert "file.safetensors" in str(error)
                refusals += 1
        assert refusals >= 3  # no file is two things at once

    in_file(data, ".safetensors", use)


def _layouts(data: bytes) -> None:
    """A header's names and shapes, given as JSON without the frame of a file."""
    try:
        shapes = {str(name): tuple(shape) for name, shape in json.loads(data).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 1
        for side in shape:
            size *= side if type(side) is int and 0 <= side <= 1 << 20 else 0
        # What is no size, or is absurdly large, has no bytes: the header's own door refuses it.
        size = size if size <= 1 << 22 else 0
        header[name] = {"dtype": "U8", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    _header(len(text).to_bytes(8, "little") + text + bytes(at))


def _index(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shard = os.path.join(folder, "file-00001-of-00001.safetensors")
        header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        Path(shard).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
        Path(folder, "file.safetensors.index.json").write_bytes(data)
        sharded_shapes([shard])


def _cameras(data: bytes) -> None:
    text, _, intrinsics = text_of(data).partition("\n---\n")
    first, read = None, 0
    for name in ("auto", *TEXT_FORMATS):
        try:
            path = read_cameras(text, intrinsics, name, width=WIDTH, height=HEIGHT)
        except SpatiaError as error:
            first = first or error
            continue
        check_cameras(path)
        read += 1
        zooms = bool((path.intrinsics != path.intrinsics[:1]).any())
        for written in TEXT_FORMATS:
            if written == "memorize" and zooms:
                continue
            files = list(write_cameras(path, written, width=WIDTH, height=HEIGHT).values())
            again = read_cameras(files[0], "".join(files[1:]), written, width=WIDTH, height=HEIGHT)
            assert again.count == path.count
            # COLMAP keeps rotations as quaternions, which makes rough ones exact.
            near = 2e-3 if written == "colmap" else 1e-6
            assert torch.allclose(again.w2c, path.w2c, rtol=near, atol=near * float(path.w2c.abs().max()))
    if not read:
        raise first


def _animated_camera(data: bytes) -> None:
    path = read_cameras(data, format="gltf", width=WIDTH, height=HEIGHT)
    check_cameras(path)
    if (path.intrinsics == path.intrinsics[:1]).all():
        again = read_cameras(write_cameras(path, "gltf", width=WIDTH, height=HEIGHT)["cameras.glb"])
        assert again.count == path.count


def _keyframes(data: bytes) -> None:
    path = keyframe_path(text_of(data), cameras(), FRAMES, depth=2.0)
    assert path.count == FRAMES
    check_cameras(path)


def _edits(data: bytes) -> None:
    scene = Scene(
        cameras=cameras(FRAMES), mask=torch.ones(HEIGHT, WIDTH, dtype=torch.bool), voxel_size=0.02, other=small_cloud(50),
        files={"a.ply": small_cloud(20)}, size=(HEIGHT, WIDTH), clip=torch.arange(FRAMES, dtype=torch.int32) // 9,
    )  # fmt: skip
    check_cloud(apply_edits(small_cloud(), parse_edits(text_of(data)), scene).cloud)


def _numbers(data: bytes) -> None:
    """A camera path by numbers: what a widget or a link may hold."""
    values = json.loads(data)
    preset, frames, angle, distance, depth, turns, scale, second = values
    path = preset_path(preset, cameras(), frames, angle=angle, distance=distance, depth=depth, turns=turns)
    check_cameras(path)
    path = scale_path(path, scale)
    check_cameras(path)
    path = close_loop(path, "append", frames=5) if second else continue_path(path, path)
    check_cameras(path)


def _view(data: bytes) -> None:
    try:
        view = json.loads(data)
    except (ValueError, RecursionError):
        return  # the host hands over values, not texts
    check_cameras(camera_from_view(view, WIDTH, HEIGHT))


def _kernels(data: bytes) -> None:
    """Raw float32 numbers as points and as a camera's translation: both ways of drawing must agree, and none may
    crash.
    """
    values = np.frombuffer(data[: len(data) // 4 * 4], "<f4")
    if len(values) < 6:
        return
    from spatia_core.cameras.camera import Cameras

    w2c = torch.eye(4, dtype=torch.float64)[None].clone()
    w2c[0, :3, 3] = torch.from_numpy(values[:3].astype(np.float64))
    view = Cameras(w2c, torch.tensor([[0.8, 1.0, 0.5, 0.5]], dtype=torch.float64))
    positions = torch.from_numpy(values[3:].copy())[: (len(values) - 3) // 3 * 3].view(-1, 3)
    colors = (torch.arange(positions.numel()) % 256).to(torch.uint8).view(-1, 3)
    fast, plain = (
        render_soft(positions, colors, view, HEIGHT, WIDTH, radius=0.2, backend=backend)
        for backend in ("auto", "torch")
    )
    assert max(int((a.int() - b.int()).abs().max()) for a, b in zip(fast, plain)) <= 1
    fast, plain = (
        visible_points(positions, view, HEIGHT, WIDTH, voxel_size=0.05, backend=backend)
        for backend in ("auto", "torch")
    )
    assert torch.equal(fast, plain)


def _chain(data: bytes) -> None:
    """A scene and what is done to it, as JSON: {"voxel", "size", "steps"}. Whatever comes out of our own steps can be
    saved, read again equal, and taken back alike before and after. A step may be refused; then the scene stays.
    """
    try:
        plan = json.loads(data)
        voxel, (height, width), steps = plan["voxel"], plan["size"], plan["steps"][:_MOST_STEPS]
        whole = [(type(side) is int and 1 <= side <= 40) for side in (height, width)]
        if not all(whole) or not all(isinstance(step, dict) for step in steps):
            return
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return  # the host hands over values, not texts
    first = steps[0] if steps else {}
    depth = depth_from_map(_depth_values(first, 1, height, width), str(first.get("kind")))
    estimate = estimate_scene(depth, cameras(), height, width, edge_filter=bool(first.get("edges")))
    memory = new_memory(_pictures(1, height, width), estimate, voxel_size=voxel)
    memory = _kept(memory)
    for step in steps[1:]:
        try:
            memory = _stepped(memory, step)
        except SpatiaError as error:
            assert any(word in str(error) for word in _STEP_WORDS), f"names nothing to change: {error}"
        else:
            loaded = _kept(memory)
            memory = loaded if step.get("load") else memory


_MOST_STEPS = 6
_STEP_WORDS = ("depth", "Edit", "edit", "clip", "frame", "camera", "Camera", "voxel", "moving")


def _stepped(memory: SpatialMemory, step: dict) -> SpatialMemory:
    height, width = memory.height, memory.width
    if step.get("do") == "edit":
        edits = parse_edits(json.dumps(step.get("edits", [])))
        scene = Scene(
            cameras=memory.cameras, mask=torch.ones(height, width, dtype=torch.bool), voxel_size=memory.voxel_size,
            other=small_cloud(50), size=(height, width), clip=memory.clip_of_frame,
        )  # fmt: skip
        return with_cloud(memory, apply_edits(memory.cloud, edits, scene).cloud)
    if step.get("do") == "revert":
        return revert_clip(memory).memory
    told = step.get("history")
    told = told if type(told) is int and 1 <= told <= 13 else None
    shared = 1 if memory.frame_count == 1 else min(told or 9, memory.frame_count)
    end = memory.cameras.select(slice(-shared, None))
    count = shared + (8 if step.get("short") else 12)
    path = torch.cat([end.w2c, end.w2c[-1:].repeat(count - shared, 1, 1)])
    move = step.get("move")
    if type(move) is float or (type(move) is int and abs(move) < 2**63):
        path[shared:, 0, 3] -= move * torch.arange(1, count - shared + 1)
    clip = make_cameras(path, end.intrinsics[0])._replace(history=told)
    past = history(memory, clip).frames
    pictures = torch.cat([past, _pictures(count - past.shape[0], height, width)])
    maps = depth_from_map(_depth_values(step, count, height, width), str(step.get("kind")))
    if step.get("known") is False:
        maps = None
    return update(
        memory, pictures, clip, maps, consistency=bool(step.get("consistent")), edge_filter=bool(step.get("edges"))
    ).memory


def _pictures(count: int, height: int, width: int) -> torch.Tensor:
    shape = (height, width, 3) if count == 1 else (count, height, width, 3)
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(count), dtype=torch.uint8)


def _depth_values(step: dict, count: int, height: int, width: int) -> torch.Tensor:
    """A slanted wall into which the step's values are sprinkled, in the step's type, as another pack may lay it out."""
    wall = (1 + torch.arange(height * width).view(height, width) / (height * width)).repeat(count, 1, 1)
    if str(step.get("kind")).startswith("normalised"):
        wall = wall / 2
    given = step.get("values")
    values = (
        [v for v in given if type(v) is float or (type(v) is int and abs(v) < 2**63)] if type(given) is list else []
    )
    if values:
        drawn = torch.rand(wall.shape, generator=torch.Generator().manual_seed(len(values)))
        at = drawn < (0.3 if len(values) > 1 else 2.0)
        pick = torch.arange(int(at.sum())) % len(values)
        wall[at] = torch.tensor(values, dtype=torch.float64).to(torch.float32)[pick]
    types = {"half": torch.float16, "bfloat": torch.bfloat16, "double": torch.float64, "whole": torch.int32}
    kind = step.get("type")
    wall = wall.to(types.get(kind, torch.float32) if isinstance(kind, str) else torch.float32)
    return wall.transpose(1, 2).contiguous().transpose(1, 2) if step.get("turned") else wall


def _kept(memory: SpatialMemory) -> SpatialMemory:
    """The scene as it is read again. Fails where it cannot be saved, differs, or is taken back otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "chain.spatia")
        try:
            save_memory(memory, path)
            loaded = load_memory(path)
        except SpatiaError as error:
            raise AssertionError(f"lost work: {error}") from error
    _require_equal(memory, loaded)
    check_cloud(memory.cloud)
    assert torch.equal(_seen(memory), _seen(loaded))
    if len(memory.clips) > 1:
        try:
            before = revert_clip(memory).memory
        except SpatiaError as error:
            assert "no point" in str(error)
        else:
            assert before.frame_count < memory.frame_count
            _require_equal(before, revert_clip(loaded).memory)
    return loaded


def _seen(memory: SpatialMemory) -> torch.Tensor:
    last = memory.cameras.select(memory.frame_count - 1)
    return memory.seen.bits(memory.cloud.positions, last, memory.height, memory.width, memory.voxel_size)


def _require_equal(one: SpatialMemory, other: SpatialMemory) -> None:
    assert (one.voxel_size, one.exact_from, len(one.clips)) == (other.voxel_size, other.exact_from, len(other.clips))
    every = range(one.frame_count)
    pairs = [*zip(one.cloud, other.cloud), (one.clip_of_frame, other.clip_of_frame)]
    pairs += [(a, b) for a, b in zip(one.cameras[:2], other.cameras[:2])]
    pairs += [(one.read_frames(every), other.read_frames(every)), (one.read_moving(every), other.read_moving(every))]
    for a, b in zip(one.clips, other.clips):
        assert (a.history, a.notes, a.key, a.change is None) == (b.history, b.notes, b.key, b.change is None)
        if a.change is not None:
            assert a.change.size == b.change.size
            pairs += [(a.change.index, b.change.index), *zip(a.change.dropped, b.change.dropped)]
    assert all(torch.equal(a, b) for a, b in pairs)


def _prompts(data: bytes) -> None:
    for clip in (1, 2, 100):
        assert clip_prompt(text_of(data), clip).endswith(("", "HDR."))


TARGETS: dict[str, Target] = {
    "ply": Target(_ply, ("file.ply",)),
    "glb": Target(_glb, ("file.glb",)),
    "archive": Target(_archive, ("file.spatia",)),
    "weights": Target(_header, ("file.safetensors",)),
    "layouts": Target(_layouts, ("file.safetensors",)),
    "index": Target(_index, ("file.safetensors.index.json", "file-00001")),
    "cameras": Target(
        _cameras, ("camera", "Camera", "pose", "Pose", "ntrinsics", "transforms.json", "images.txt", "RealEstate10K")
    ),
    "animated camera": Target(_animated_camera, ("glTF", "fps", "Camera")),
    "keyframes": Target(_keyframes, ("eyframe",)),
    "edits": Target(_edits, ("dit",)),
    "numbers": Target(_numbers, ("frames", "angle", "distance", "depth", "turns", "scale", "preset", "path", "camera")),
    "view": Target(_view, ("view", "camera")),
    "kernels": Target(_kernels, ("points",)),
    "chain": Target(_chain, ("depth", "voxel", "picture")),
    "prompts": Target(_prompts, ("prompt",)),
}


def warm_up() -> None:
    """Compile and import what is only compiled and imported when it is first used: no input is to blame for that."""
    check_cloud(small_cloud())
    check_cameras(cameras(2))
    _edits(b'[{"do": "remove", "select": {"shape": "cluster", "at": [9, 9, 9], "distance": 0.01}}]')
    depth, path = torch.rand(2, 24, 32, generator=torch.Generator().manual_seed(0)) + 1, cameras(2)
    colors = torch.zeros(4, 3, dtype=torch.uint8)
    for image in depth:
        pixel_noise(image)
        smooth_depth(image)
        depth_edges(image, path.K(24, 32)[0])
        median(image, image > 1)
    vote(torch.ones(4, 3), colors, depth, torch.zeros(2, 24, 32, 3, dtype=torch.uint8), path, voxel_size=0.1)
