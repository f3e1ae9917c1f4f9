"""The scene's geometry on this machine: every fast path against the plain reference, and its time beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from ..cameras.camera import Cameras, make_cameras
from ..cloud.point_cloud import PointCloud, make_point_cloud
from ..cloud.voxels import voxel_merge
from ..kernels import kernels_run
from ..memory.retrieval import retrieve_packed
from ..precision import has_float64
from ..render.soft import SoftRender, render_soft, why_no_triton
from ..render.visibility import pack_masks, visible_points
from .findings import FAIL, LEFT_OUT, NOTE, PASS, Check, Finding, held, wait_for

_POINTS = 60_000
_VOXEL = 0.02
_HEIGHT, _WIDTH = 480, 832
_CPU = torch.device("cpu")
# Sums round otherwise in another order: a step of 8 bits in a thousandth of the values, a point in ten thousand whose
# depth lies on the very limit.
_OTHER_PIXELS, _OTHER_POINTS = 1e-3, 1e-4


class _Path(NamedTuple):
    """One way to compute the same."""

    name: str
    backend: str
    device: torch.device


def geometry_checks(device: torch.device) -> list[Check]:
    """Drawing, visibility, merge and retrieval on the CPU and on `device`, against the plain reference on the CPU."""
    return [
        Check("Drawing the scene", lambda: _drawing(device)),
        Check("What a camera sees", lambda: _visibility(device)),
        Check("Merge of points", lambda: _merge(device)),
        Check("Retrieval", lambda: _retrieval(device)),
    ]


def check_scene(points: int = _POINTS) -> PointCloud:
    """A room of points: five walls and a ball before them, the same on every machine."""
    generator = torch.Generator().manual_seed(5)
    place = torch.rand(points, 3, generator=generator) * torch.tensor([4.0, 3.0, 5.0]) - torch.tensor([2.0, 1.5, -0.5])
    wall = torch.arange(points) % 6
    for side, (axis, value) in enumerate(((0, -2.0), (0, 2.0), (1, -1.5), (1, 1.5), (2, 5.5))):
        place[wall == side, axis] = value
    ball = torch.nn.functional.normalize(torch.randn(points, 3, generator=generator), dim=1) * 0.6
    place[wall == 5] = (ball + torch.tensor([0.3, 0.2, 3.0]))[wall == 5]
    colors = (127.5 + 127 * torch.sin(place * torch.tensor([3.0, 5.0, 2.0]))).to(torch.uint8)
    return make_point_cloud(place, colors, view=(torch.arange(points) % 9).to(torch.int32))


def check_cameras(count: int) -> Cameras:
    """A camera that moves to the right and turns to the left."""
    w2c = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    for index in range(count):
        angle = 0.04 * index
        w2c[index, :3, :3] = torch.tensor(
            [[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]],
            dtype=torch.float64,
        )
        w2c[index, 0, 3] = -0.05 * index
    return make_cameras(w2c, [0.8, 0.8 * _WIDTH / _HEIGHT, 0.5, 0.5])


def _drawing(device: torch.device) -> Iterator[Finding]:
    cloud, cameras = check_scene(), check_cameras(1)

    def draw(path: _Path) -> SoftRender:
        return render_soft(
            cloud.positions.to(path.device),
            cloud.colors.to(path.device),
            cameras,
            _HEIGHT,
            _WIDTH,
            backend=path.backend,
        )

    paths = _paths(device)
    if why_no_triton(device) is None:
        paths.append(_Path(f"Triton on {device}", "triton", device))
    reference, seconds = _timed(lambda: draw(_Path("reference", "torch", _CPU)), _CPU, repeats=1)
    yield Finding(
        NOTE, f"{_WIDTH}x{_HEIGHT}, {cloud.size} points: plain torch on cpu {seconds * 1e3:.0f} ms a frame (measured)"
    )
    for path in paths:
        drawn, seconds = _timed(lambda path=path: draw(path), path.device)
        for name, ours, theirs in zip(SoftRender._fields, drawn, reference):
            apart = ((ours.cpu().int() - theirs.int()).abs() > 1).double().mean()
            yield held(f"{path.name}, {name}", float(apart), _OTHER_PIXELS, "of the values differ by more than 1")
        yield Finding(NOTE, f"{path.name}: {seconds * 1e3:.1f} ms a frame (measured)")
    yield from _missing(device)


def _visibility(device: torch.device) -> Iterator[Finding]:
    cloud, cameras = check_scene(), check_cameras(2)
    height, width = _HEIGHT // 2, _WIDTH // 2

    def seen(path: _Path) -> torch.Tensor:
        return visible_points(
            cloud.positions.to(path.device), cameras, height, width, voxel_size=_VOXEL, backend=path.backend
        )

    reference, seconds = _timed(lambda: seen(_Path("reference", "torch", _CPU)), _CPU, repeats=1)
    yield Finding(
        NOTE,
        f"{width}x{height}, plain torch on cpu: {seconds / 2 * 1e3:.0f} ms a frame, {int(reference.sum())} points seen (measured)",
    )
    for path in _paths(device):
        ours, seconds = _timed(lambda path=path: seen(path), path.device)
        yield held(path.name, float((ours.cpu() != reference).double().mean()), _OTHER_POINTS, "of the points differ")
        yield Finding(NOTE, f"{path.name}: {seconds / 2 * 1e3:.1f} ms a frame (measured)")


def _merge(device: torch.device) -> Iterator[Finding]:
    cloud = check_scene()

    def merged(path: _Path) -> PointCloud:
        there = PointCloud(*(field.to(path.device) for field in cloud))
        return voxel_merge(there, 2 * _VOXEL, backend=path.backend)

    reference = merged(_Path("reference", "torch", _CPU))
    for path in _paths(device):
        ours, seconds = _timed(lambda path=path: merged(path), path.device)
        same = ours.size == reference.size and all(
            torch.equal(getattr(ours, name).cpu(), getattr(reference, name)) for name in ("view", "count")
        )
        yield Finding(
            PASS if same else FAIL, f"{path.name}: {ours.size} voxels of {cloud.size} points, expected {reference.size}"
        )
        if same:
            yield held(
                f"{path.name}, positions",
                float((ours.positions.cpu() - reference.positions).abs().max()),
                1e-6,
                "apart",
            )
            colour = (ours.colors.cpu().int() - reference.colors.int()).abs().max()
            yield Finding(PASS if colour <= 1 else FAIL, f"{path.name}, colours: {int(colour)} of 255 apart, at most 1")
        yield Finding(NOTE, f"{path.name}: {seconds * 1e3:.1f} ms (measured)")


def _retrieval(device: torch.device) -> Iterator[Finding]:
    cloud, cameras = check_scene(20_000), check_cameras(8)
    masks = visible_points(cloud.positions, cameras, 96, 160, voxel_size=_VOXEL)
    bits = pack_masks(masks)
    targets, candidates = bits[::2], bits
    expected = retrieve_packed(targets, candidates)
    # The plain reference of the counts: every point in turn.
    plain = (masks[::2, None] & masks[None]).sum(-1)
    yield Finding(
        PASS if torch.equal(expected.intersection, plain) else FAIL,
        "cpu: points that two cameras share, as counted one by one",
    )
    if device.type != "cpu" and has_float64(device):
        ours = retrieve_packed(targets.to(device), candidates.to(device))
        same = torch.equal(ours.intersection.cpu(), plain) and ours.candidates == expected.candidates
        yield Finding(
            PASS if same else FAIL,
            f"{device}: the same counts and frames, expected {expected.candidates}, found {ours.candidates}",
        )


def _paths(device: torch.device) -> list[_Path]:
    paths = [_Path("the CPU's kernels", "numba", _CPU)] if kernels_run() else []
    if device.type != "cpu" and has_float64(device):
        paths.append(_Path(f"torch on {device}", "torch", device))
    return paths


def _missing(device: torch.device) -> Iterator[Finding]:
    if not kernels_run():
        yield Finding(LEFT_OUT, "the CPU's kernels cannot run here (see Machine)")
    if device.type == "cuda" and why_no_triton(device) is not None:
        yield Finding(LEFT_OUT, f"Triton cannot draw on {device} (see Machine): the scene is drawn on the CPU")


def _timed(work: Callable, device: torch.device, repeats: int = 3) -> tuple:
    """The answer, and the seconds of the fastest run after a first one, which may compile; of the only one, if so."""
    begin = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - begin if repeats == 1 else math.inf
    for _ in range(repeats if repeats > 1 else 0):
        wait_for(device)
        begin = time.perf_counter()
        work()
        wait_for(device)
        seconds = min(seconds, time.perf_counter() - begin)
    return answer, seconds
