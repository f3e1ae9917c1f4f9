"""A clip enters the memory: what its frames newly show becomes points, what they contradict goes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..cameras.camera import Cameras, make_cameras
from ..cloud.point_cloud import PointCloud, concat_clouds
from ..cloud.voxels import VoxelSet
from ..errors import SpatiaError
from ..estimate.align import baseline_scale
from ..estimate.consistency import MIN_VIEWS_NEW, MIN_VIEWS_OLD, vote
from ..estimate.depth import DepthMaps
from ..estimate.scene import SceneEstimate, estimate_points, estimate_scene, merged_points
from ..render.blocks import note_grown
from ..render.visibility import surface_depth
from .clip import Clip, CloudChange, no_change
from .continuity import KEYFRAME_STRIDE, check_clip, new_keyframes
from .memory import MemoryUpdate, SpatialMemory, appended
from .report import Tally
from .scale import scaled_depth
from .store import HeldFrames

# A new surface in front of the known one is kept when it is nearer by more than an aligned depth errs.
_FRONT_MARGIN = 0.15
_SAME_SURFACE = 0.03
_MOVING_GROW = 2  # pixels round what was found to move


def update(
    memory: SpatialMemory,
    frames: Tensor,
    cameras: Cameras,
    maps: DepthMaps | None,
    *,
    moving: Tensor | None = None,
    keyframe_stride: int = KEYFRAME_STRIDE,
    edge_filter: bool = True,
    consistency: bool = True,
    progress: Callable[[], None] | None = None,
) -> MemoryUpdate:
    """Append a clip's new frames and add what they newly show to the cloud.

    frames: (n, H, W, 3) uint8, the first of them repeat the video's end (`shared_frames`). cameras: n. moving:
    (n, H, W) bool. maps: depth of the n frames, or of `new_keyframes` only; None: the clip enters with its frames and
    cameras, and the cloud stays as it is. progress is called after each keyframe.
    Depth is brought to the cloud's scale: by its overlap with the cloud, else by the estimator's camera path, else it
    must be metric. A pixel adds a point where the cloud shows nothing, or where it is clearly in front of the cloud.
    consistency: points that several keyframes see through are dropped, what they hid is filled in, and where no moving
    mask is given, pixels that differ from what other keyframes see there in depth and colour are marked as moving.
    Points already in the cloud are otherwise left as they are. Raises SpatiaError on a clip that does not continue the memory.
    """
    shared = check_clip(memory, frames, cameras)
    if moving is not None and tuple(moving.shape) != tuple(frames.shape[:3]):
        raise SpatiaError(
            f"Moving masks of shape {tuple(moving.shape)} were given for {frames.shape[0]} frames, expected "
            f"{tuple(frames.shape[:3])}."
        )
    number, new = len(memory.clips), cameras.select(slice(shared, None))
    if maps is None:
        held = HeldFrames(frames[shared:], None if moving is None else moving[shared:])
        clip = Clip(held, new, shared, no_change(memory.cloud.size))
        report = f"Clip {number}: {new.count} new frames, without depth; the cloud stays as it is."
        return MemoryUpdate(appended(memory, clip, memory.cloud), report)
    keyframes = new_keyframes(frames.shape[0], shared, keyframe_stride)
    fusion = _Fusion(
        memory, frames, cameras, _maps_of(maps, frames.shape[0], keyframes), moving, keyframes, shared, edge_filter
    )
    fusion.add_new(progress)
    if consistency:
        if moving is None:
            fusion.find_moving()
        fusion.drop_contradicted()
    held = HeldFrames(frames[shared:], fusion.moving[shared:])
    clip = Clip(held, new, shared, fusion.change(), (*fusion.estimate.warnings, *fusion.tally.warnings))
    lines = fusion.tally.lines(new.count, len(keyframes), fusion.estimate, fusion.cloud.size)
    report = "\n".join([f"Clip {number}: {lines[0]}", *lines[1:], *(f"Warning: {warning}" for warning in clip.notes)])
    return MemoryUpdate(appended(memory, clip, fusion.cloud), report)


def _maps_of(maps: DepthMaps, frames: int, keyframes: list[int]) -> DepthMaps:
    if maps.depth.shape[0] == frames and frames != len(keyframes):
        return maps.select(keyframes)
    if maps.depth.shape[0] != len(keyframes):
        raise SpatiaError(
            f"The depth source ({maps.source}) holds {maps.depth.shape[0]} map(s), expected one for each of the "
            f"clip's {frames} frames."
        )
    return maps


class _Fusion:
    """One clip's keyframes against the cloud: each step leaves `cloud`, `estimate`, `moving` and `tally` further on."""

    def __init__(
        self,
        memory: SpatialMemory,
        frames: Tensor,
        cameras: Cameras,
        maps: DepthMaps,
        moving: Tensor | None,
        keyframes: list[int],
        shared: int,
        edge_filter: bool,
    ) -> None:
        self.size, self.voxel_size = (memory.height, memory.width), memory.voxel_size
        self.keyframes, self.images, self.cameras = keyframes, frames[keyframes], cameras.select(keyframes)
        self.moving = torch.zeros(frames.shape[:3], dtype=torch.bool) if moving is None else moving
        self.estimate: SceneEstimate = estimate_scene(
            maps, self.cameras, *self.size, moving=self.moving[keyframes], edge_filter=edge_filter
        )
        self.own_scale = None
        if maps.w2c is not None:
            own = make_cameras(maps.w2c, [1, 1, 0.5, 0.5])
            self.own_scale = baseline_scale(self.cameras.centers, own.centers)
        self.before = self.cloud = memory.cloud
        self.first = memory.frame_count - shared  # the clip's first frame in the video
        self.taken = VoxelSet(self.voxel_size)
        self.taken.add(self.cloud.positions)
        self.dropped = torch.zeros(0, dtype=torch.bool)
        self.fronts: list[Tensor] = []
        self.tally = Tally()

    def add_new(self, progress: Callable[[], None] | None) -> None:
        """Points where the cloud shows nothing, or clearly behind."""
        for index, frame in enumerate(self.keyframes):
            known, covered = self._surface(index)
            depth = scaled_depth(self.estimate, index, frame, known, self.own_scale, self.tally)
            self.estimate.depth[index] = depth
            in_front = (known > 0) & (depth < known * (1 - _FRONT_MARGIN) - 2 * self.voxel_size)
            # A covered pixel between points shows their surface, whatever its neighbours' exact depth.
            near = (depth - known).abs() <= known * _SAME_SURFACE + 2 * self.voxel_size
            same = covered & ~in_front & ((known == 0) | near)
            valid = self.estimate.valid[index]
            added = self._add(index, ~covered | in_front)
            self.fronts.append(valid & in_front)
            self.tally.count(valid, covered, in_front, same, added)
            if progress is not None:
                progress()

    def find_moving(self) -> None:
        """Mark pixels in front of the cloud whose place other keyframes see through, in another colour."""
        found = torch.zeros(self.estimate.depth.shape, dtype=torch.bool)
        depth = torch.where(self.estimate.valid, self.estimate.depth, 0.0)
        for index, front in enumerate(self.fronts):
            points = estimate_points(self.estimate, index, self.images[index], view=0, keep=front)
            if not points.size:
                continue
            votes = vote(
                points.positions,
                points.colors,
                depth,
                self.images,
                self.cameras,
                voxel_size=self.voxel_size,
                skip=index,
            )
            moves = (votes.other_color >= MIN_VIEWS_NEW) & (votes.through > votes.support)
            found[index][self.estimate.valid[index] & front] = moves
        if found.any():
            window = 2 * _MOVING_GROW + 1
            grown = torch.nn.functional.max_pool2d(found[:, None].float(), window, 1, _MOVING_GROW)
            found = grown[:, 0].bool()
        self.moving = self.moving.index_copy(0, torch.tensor(self.keyframes), found)
        self.estimate = self.estimate._replace(valid=self.estimate.valid & ~found)
        self.tally.found_moving(found)

    def drop_contradicted(self) -> None:
        """Drop points that the keyframes see through, and fill in what they hid."""
        depth = torch.where(self.estimate.valid, self.estimate.depth, 0.0)
        votes = vote(
            self.cloud.positions, self.cloud.colors, depth, self.images, self.cameras, voxel_size=self.voxel_size
        )
        old = self.before.size
        needed = torch.full((self.cloud.size,), MIN_VIEWS_OLD)
        needed[old:] = MIN_VIEWS_NEW
        dropped = (votes.through >= needed) & (votes.through > votes.support)
        if not dropped.any():
            return
        self.tally.contradicted = (int(dropped[:old].sum()), int(dropped[old:].sum()))
        self.dropped = dropped[:old]
        self.cloud = self.cloud.select(~dropped)
        self.taken = VoxelSet(self.voxel_size)
        self.taken.add(self.cloud.positions)
        for index in range(len(self.keyframes)):
            _, covered = self._surface(index)
            self.tally.points += self._add(index, ~covered)

    def change(self) -> CloudChange:
        """What all of this did to the cloud."""
        index = self.dropped.nonzero().squeeze(1)
        return CloudChange(self.before.size, index, self.before.select(index))

    def _surface(self, index: int) -> tuple[Tensor, Tensor]:
        """Depth (H, W) of the cloud in keyframe `index`, 0 = none, and where it covers the picture (H, W) bool."""
        depth, covered = surface_depth(
            self.cloud.positions, self.cameras.select(index), *self.size, voxel_size=self.voxel_size
        )
        return depth[0], covered[0]

    def _add(self, index: int, keep: Tensor) -> int:
        """Add the points of keyframe `index` under `keep` (H, W) bool whose voxels are free; returns how many."""
        view = self.first + self.keyframes[index]
        points: PointCloud = estimate_points(self.estimate, index, self.images[index], view=view, keep=keep)
        points = merged_points(points, self.voxel_size, aligned=True)
        points = points.select(self.taken.add(points.positions))
        if points.size:
            grown = concat_clouds(self.cloud, points)
            note_grown(grown.positions, self.cloud.positions)
            self.cloud = grown
        return points.size
