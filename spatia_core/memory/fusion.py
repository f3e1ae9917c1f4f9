"""The spatial memory: the scene's cloud, the video so far with its cameras, and which clip made which frame."""

from __future__ import annotations

import io
import json
import os
import statistics
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from .cameras.camera import Cameras, concat_cameras, make_cameras
from .cloud.point_cloud import PointCloud, concat_clouds, make_point_cloud
from .cloud.voxels import VoxelSet
from .errors import SpatiaError
from .estimate.align import MIN_OVERLAP, align_depth, baseline_scale, overlap_share
from .estimate.consistency import MIN_VIEWS_NEW, MIN_VIEWS_OLD, vote
from .estimate.depth import DepthMaps
from .estimate.scene import SceneEstimate, estimate_points, estimate_scene, merged_points
from .files import replacing
from .inputs import (
    LARGEST_COORDINATE,
    MOST_CAMERAS,
    MOST_PIXELS,
    MOST_POINTS,
    number,
    parse_json,
    shown,
    whole,
    widget_number,
)
from .interrupt import look_for_interrupt
from .kernels import kernels_run
from .model.shapes import LONGEST_HEADER, parse_header, short
from .render.blocks import grown_blocks
from .render.visibility import surface_depth
from .retrieval import candidate_frames
from .rollout import HISTORY_FRAMES
from .visible_frames import SeenMasks, carried_masks, seen_bits

KEYFRAME_STRIDE = 4
_POSE_TOLERANCE = 1e-4
# A new surface in front of the known one is kept when it is nearer by more than an aligned depth errs.
_FRONT_MARGIN = 0.15
_SAME_SURFACE = 0.03
_MOVING_GROW = 2  # pixels round what was found to move
_FORMAT = 1
_LONGEST_ENTRIES = 1 << 24  # bytes of memory.json
# Bytes of memory.safetensors: what any archive may unpack to, and what more for each byte of a larger one.
_UNPACKED, _UNPACKED_SHARE = 1 << 27, 64
_LONGEST_DIRECTORY = 1 << 20  # bytes of a zip's list of entries
_SMALLEST_VOXEL = 1e-9
# What zipfile raises of a file that lies about itself. Each becomes the sentence that the file is damaged, its cause kept.
_ZIP_ERRORS = (
    zipfile.BadZipFile,  # no zip, cut off, or its sums do not fit
    zlib.error, EOFError, struct.error,  # entries that are cut off or no deflate
    LookupError,  # an entry that is not there, or a broken extra field
    NotImplementedError, RuntimeError,  # a zip of another kind: later versions, patches, passwords
    OSError, OverflowError, ValueError,  # places before the file's beginning or beyond any file
)  # fmt: skip
_CLOUD_TYPES = (torch.float32, torch.uint8, torch.int32, torch.float32, torch.int32)
_STORED_AS = {
    torch.uint8: "U8", torch.bool: "BOOL", torch.int32: "I32", torch.int64: "I64", torch.float32: "F32",
    torch.float64: "F64",
}  # fmt: skip


class ClipChange(NamedTuple):
    """What one clip did to the cloud, so that it can be taken back: it dropped `dropped` (rows `index` (D,) int64 of the
    `size` points before), then added points at the end. notes: how many notes there were before."""

    clip: int
    size: int
    index: Tensor
    dropped: PointCloud
    notes: int


class Ledger(NamedTuple):
    """The changes that led to `cloud`, oldest first. It holds for that very cloud: an edited one is another."""

    cloud: PointCloud
    changes: tuple[ClipChange, ...]


class SpatialMemory(NamedTuple):
    """What a clip leaves to the next one. Immutable: `update` returns a new one.

    A NamedTuple of tensors, because the host's cache weighs tensors inside tuples only.
    """

    cloud: PointCloud
    frames: Tensor  # (F, H, W, 3) uint8, the video so far
    moving: Tensor  # (F, H, W) bool, true on moving objects
    cameras: Cameras  # F of them
    clip: Tensor  # (F,) int32: 0 = the given image, k = made by clip k
    voxel_size: float  # scene units
    notes: tuple[str, ...]  # where the scale came from, and warnings
    ledger: Ledger | None = None  # how the clips changed the cloud
    seen: SeenMasks | None = None  # what earlier frames see of the cloud, for retrieval

    @property
    def height(self) -> int:
        """Image height in pixels."""
        return self.frames.shape[1]

    @property
    def width(self) -> int:
        """Image width in pixels."""
        return self.frames.shape[2]


class History(NamedTuple):
    """What the next clip starts with: frames (h, H, W, 3) uint8 and their cameras; h is 1 or HISTORY_FRAMES."""

    frames: Tensor
    cameras: Cameras


class MemoryUpdate(NamedTuple):
    """The memory with a clip added, and a text for people: points, scale, coverage, warnings."""

    memory: SpatialMemory
    report: str


def new_memory(
    image: Tensor, estimate: SceneEstimate, *, moving: Tensor | None = None, voxel_size: float = 0.01
) -> SpatialMemory:
    """A memory that holds one image and its cloud.

    image: (H, W, 3) uint8. estimate: of this one image. moving: (H, W) bool, already left out of the estimate.
    Raises SpatiaError when the estimate or the mask is of another image, or voxel_size cannot be saved.
    """
    voxel_size = widget_number("voxel_size", voxel_size, _SMALLEST_VOXEL, LARGEST_COORDINATE)
    if estimate.cameras.count != 1:
        raise SpatiaError(f"A memory starts from one image, and the estimate holds {estimate.cameras.count}.")
    cloud = merged_points(estimate_points(estimate, 0, image, view=0), voxel_size)
    height, width = image.shape[:2]
    if moving is None:
        moving = torch.zeros(height, width, dtype=torch.bool)
    elif tuple(moving.shape) != (height, width) or moving.dtype != torch.bool:
        raise SpatiaError(
            f"A moving mask {moving.dtype} of shape {tuple(moving.shape)} was given, expected bool {(height, width)}; "
            "check moving."
        )
    notes = [f"scale: {estimate.scale_source}", *estimate.warnings]
    depth = float(estimate.depth[estimate.valid].median())
    voxel_pixels = voxel_size / depth * float(estimate.cameras.K(height, width)[0, 0, 0])
    if voxel_pixels > 4:
        notes.append(
            f"A voxel of {voxel_size:g} spans {voxel_pixels:.0f} pixels at the median depth {depth:.4g}; decrease voxel_size for a sharper cloud."
        )
    return SpatialMemory(
        cloud,
        image[None].clone(),
        moving[None].clone(),
        estimate.cameras,
        torch.zeros(1, dtype=torch.int32),
        voxel_size,
        tuple(notes),
        Ledger(cloud, ()),
    )


def history_length(memory: SpatialMemory) -> int:
    """Leading frames the next clip shares with the video: 1 after the image, else HISTORY_FRAMES."""
    frames = memory.frames.shape[0]
    if frames == 1:
        return 1
    if frames < HISTORY_FRAMES:
        raise SpatiaError(
            f"The video has {frames} frames, and a later clip starts from the last {HISTORY_FRAMES}; make the first clip longer."
        )
    return HISTORY_FRAMES


def history(memory: SpatialMemory) -> History:
    """The last frames and cameras, which the next clip starts with."""
    h = history_length(memory)
    return History(memory.frames[-h:], memory.cameras.select(slice(-h, None)))


def new_keyframes(memory: SpatialMemory, frames: int, stride: int = KEYFRAME_STRIDE) -> list[int]:
    """Frames of a clip that get unprojected: of the new ones every `stride`-th, counted so that the last is among them."""
    if stride < 1:
        raise SpatiaError(f"keyframe_every: {stride} was given, expected 1 or more; change keyframe_every.")
    return sorted(range(frames - 1, history_length(memory) - 1, -stride))


def check_clip(memory: SpatialMemory, frames: Tensor, cameras: Cameras) -> None:
    """Refuse a clip that does not continue this memory; frames (n, H, W, 3) uint8. Cheap: run it before estimating depth."""
    h = history_length(memory)
    if frames.ndim != 4 or tuple(frames.shape[1:]) != (memory.height, memory.width, 3) or frames.dtype != torch.uint8:
        raise SpatiaError(
            f"frames are {frames.dtype} of shape {tuple(frames.shape)}, expected uint8 (n, {memory.height}, {memory.width}, 3) "
            "like the video so far; connect the frames of the clip that continues this memory."
        )
    if cameras.count != frames.shape[0]:
        raise SpatiaError(
            f"{cameras.count} cameras were given for {frames.shape[0]} frames, expected one per frame; "
            "connect the cameras of this very clip (Spatia Clip Window), its padding cut like the frames'."
        )
    if frames.shape[0] <= h:
        raise SpatiaError(
            f"A clip of {frames.shape[0]} frame(s) was given, of which the first {h} repeat the video's end: nothing is new; change frames."
        )
    past, start = memory.cameras.select(slice(-h, None)), cameras.select(slice(0, h))
    gap = (past.w2c - start.w2c).abs().amax((1, 2)).maximum((past.intrinsics - start.intrinsics).abs().amax(1))
    if float(gap.max()) > _POSE_TOLERANCE:
        raise SpatiaError(
            f"The clip's first {h} camera(s) must be the video's last {h}, but camera {int(gap.argmax())} differs by {float(gap.max()):.3g}; "
            "connect the window of the same path that the earlier clips were made with, or rebase the path onto the memory's last camera."
        )


def update(
    memory: SpatialMemory,
    frames: Tensor,
    cameras: Cameras,
    maps: DepthMaps,
    *,
    moving: Tensor | None = None,
    keyframe_stride: int = KEYFRAME_STRIDE,
    edge_filter: bool = True,
    consistency: bool = True,
    progress: Callable[[], None] | None = None,
) -> MemoryUpdate:
    """Append a clip's new frames and add what they newly show to the cloud.

    frames: (n, H, W, 3) uint8, the first 1 or 9 repeat the video's end. cameras: n. moving: (n, H, W) bool.
    maps: depth of the n frames, or of `new_keyframes` only. progress is called after each keyframe.
    Depth is brought to the cloud's scale: by its overlap with the cloud, else by the estimator's camera path, else it
    must be metric. A pixel adds a point where the cloud shows nothing, or where it is clearly in front of the cloud.
    consistency: points that several keyframes see through are dropped, what they hid is filled in, and where no moving
    mask is given, pixels that differ from what other keyframes see there in depth and colour are marked as moving.
    Points already in the cloud are otherwise left as they are. Raises SpatiaError on a clip that does not continue the memory.
    """
    check_clip(memory, frames, cameras)
    n, h = frames.shape[0], history_length(memory)
    keyframes = new_keyframes(memory, n, keyframe_stride)
    if maps.depth.shape[0] == n and n != len(keyframes):
        maps = maps.select(keyframes)
    elif maps.depth.shape[0] != len(keyframes):
        raise SpatiaError(
            f"The depth source ({maps.source}) holds {maps.depth.shape[0]} map(s), expected one for each of the clip's {n} frames."
        )
    find_moving = consistency and moving is None
    if moving is None:
        moving = torch.zeros(frames.shape[:3], dtype=torch.bool)
    elif tuple(moving.shape) != tuple(frames.shape[:3]):
        raise SpatiaError(
            f"Moving masks of shape {tuple(moving.shape)} were given for {n} frames, expected {tuple(frames.shape[:3])}."
        )
    height, width = memory.height, memory.width
    key_cameras = cameras.select(keyframes)
    estimate = estimate_scene(maps, key_cameras, height, width, moving=moving[keyframes], edge_filter=edge_filter)
    own_scale = (
        None
        if maps.w2c is None
        else baseline_scale(key_cameras.centers, make_cameras(maps.w2c, [1, 1, 0.5, 0.5]).centers)
    )

    before, cloud, first = memory.cloud, memory.cloud, memory.frames.shape[0] - h
    taken = VoxelSet(memory.voxel_size)
    taken.add(cloud.positions)
    tally = _Tally()
    fronts = []

    def add(cloud: PointCloud, index: int, keep: Tensor) -> tuple[PointCloud, int]:
        points = estimate_points(estimate, index, frames[keyframes[index]], view=first + keyframes[index], keep=keep)
        points = merged_points(points, memory.voxel_size, aligned=True)
        points = points.select(taken.add(points.positions))
        if not points.size:
            return cloud, 0
        grown = concat_clouds(cloud, points)
        if kernels_run():
            grown_blocks(grown.positions, cloud.positions)
        return grown, points.size

    for index, frame in enumerate(keyframes):
        seen, hidden = surface_depth(
            cloud.positions, key_cameras.select(index), height, width, voxel_size=memory.voxel_size
        )
        known, covered = seen[0], hidden[0]
        depth = _scaled(estimate, index, frame, known, own_scale, tally)
        estimate = estimate._replace(depth=estimate.depth.index_copy(0, torch.tensor([index]), depth[None]))
        in_front = (known > 0) & (depth < known * (1 - _FRONT_MARGIN) - 2 * memory.voxel_size)
        # A covered pixel between points shows their surface, whatever its neighbours' exact depth.
        same = (
            covered
            & ~in_front
            & ((known == 0) | ((depth - known).abs() <= known * _SAME_SURFACE + 2 * memory.voxel_size))
        )
        valid = estimate.valid[index]
        cloud, added = add(cloud, index, ~covered | in_front)
        fronts.append(valid & in_front)
        tally.count(valid, covered, in_front, same, added)
        if progress is not None:
            progress()

    dropped = torch.zeros(cloud.size, dtype=torch.bool)
    if consistency:
        if find_moving:
            found = _moving_pixels(estimate, fronts, frames[keyframes], memory.voxel_size)
            moving = moving.index_copy(0, torch.tensor(keyframes), found)
            estimate = estimate._replace(valid=estimate.valid & ~found)
            tally.found_moving(found)
        dropped = _contradicted(estimate, cloud, before.size, frames[keyframes], first, keyframes, memory.voxel_size)
        if dropped.any():
            tally.dropped(int(dropped[: before.size].sum()), int(dropped[before.size :].sum()))
            cloud = cloud.select(~dropped)
            taken = VoxelSet(memory.voxel_size)
            taken.add(cloud.positions)
            for index in range(len(keyframes)):
                # What the dropped points hid.
                _, hidden = surface_depth(
                    cloud.positions, key_cameras.select(index), height, width, voxel_size=memory.voxel_size
                )
                cloud, added = add(cloud, index, ~hidden[0])
                tally.points += added

    clip = int(memory.clip.max()) + 1
    report = tally.report(clip, n - h, len(keyframes), estimate, cloud.size)
    all_cameras = concat_cameras(memory.cameras, cameras.select(slice(h, None)))
    kept = ~dropped[: before.size]
    index = (~kept).nonzero().squeeze(1)
    changes = memory.ledger.changes if memory.ledger is not None and memory.ledger.cloud is before else None
    change = ClipChange(clip, before.size, index, before.select(index), len(memory.notes))
    candidates = candidate_frames(all_cameras.count, 0)
    grown = SpatialMemory(
        cloud,
        torch.cat([memory.frames, frames[h:]]),
        torch.cat([memory.moving, moving[h:]]),
        all_cameras,
        torch.cat([memory.clip, torch.full((n - h,), clip, dtype=torch.int32)]),
        memory.voxel_size,
        memory.notes + tuple(f"clip {clip}: {warning}" for warning in (*estimate.warnings, *tally.warnings)),
        Ledger(cloud, (change,) if changes is None else (*changes, change)),
        carried_masks(
            memory.seen,
            before.positions,
            kept,
            cloud.positions,
            all_cameras,
            candidates,
            height,
            width,
            memory.voxel_size,
        ),
    )
    return MemoryUpdate(grown, report)


def seen_points_of(memory: SpatialMemory, frames: list[int]) -> Tensor:
    """Packed precise visibility (len(frames), W) int64 of the cloud from these frames, as far as kept from the memory."""
    return seen_bits(
        memory.seen, memory.cloud.positions, memory.cameras, frames, memory.height, memory.width, memory.voxel_size
    )


def revert_clip(memory: SpatialMemory) -> MemoryUpdate:
    """The memory as it was before its last clip.

    Exact, bit for bit, unless the cloud was edited after the clip: then the points that came from the clip's frames go,
    those that it had dropped come back at the end, and the edits stay; the report says so.
    Raises SpatiaError when the memory holds no clip.
    """
    clip = int(memory.clip.max())
    if clip == 0:
        raise SpatiaError(
            "The memory holds only the image it started with, so there is no clip to take back; connect a memory that was updated with one."
        )
    keep = int((memory.clip < clip).sum())
    ledger = memory.ledger
    change = ledger.changes[-1] if ledger is not None and ledger.changes and ledger.changes[-1].clip == clip else None
    rest = () if change is None else ledger.changes[:-1]
    if change is not None and ledger.cloud is memory.cloud:
        stayed = torch.ones(change.size, dtype=torch.bool)
        stayed[change.index] = False
        fields = []
        for now, dropped in zip(memory.cloud, change.dropped):
            field = torch.empty((change.size, *now.shape[1:]), dtype=now.dtype)
            field[stayed], field[change.index] = now[: int(stayed.sum())], dropped
            fields.append(field)
        cloud, how = PointCloud(*fields), "exactly"
        changes = rest
    else:
        cloud = memory.cloud.select(memory.cloud.view < keep)
        how = "by the frames its points came from, since the cloud was edited after it"
        if change is not None:
            cloud = concat_clouds(cloud, change.dropped)
        # Rows have moved: earlier clips can be taken back by their frames only.
        changes = ()
    if not cloud.size:
        raise SpatiaError(
            "Without the last clip the cloud holds no point, since the edits removed all others; take the edits back instead."
        )
    reverted = SpatialMemory(
        cloud,
        memory.frames[:keep],
        memory.moving[:keep],
        memory.cameras.select(slice(0, keep)),
        memory.clip[:keep],
        memory.voxel_size,
        memory.notes if change is None else memory.notes[: change.notes],
        Ledger(cloud, changes),
    )
    frames = memory.frames.shape[0] - keep
    return MemoryUpdate(
        reverted,
        f"Clip {clip} taken back {how}: {frames} frames, cloud of {memory.cloud.size} points now {cloud.size}.",
    )


def _moving_pixels(estimate: SceneEstimate, fronts: list[Tensor], frames: Tensor, voxel_size: float) -> Tensor:
    """Pixels (K, H, W) bool in front of the cloud whose place other keyframes see through, in another colour."""
    found = torch.zeros(estimate.depth.shape, dtype=torch.bool)
    depth = torch.where(estimate.valid, estimate.depth, 0.0)
    for index, front in enumerate(fronts):
        points = estimate_points(estimate, index, frames[index], view=0, keep=front)
        if not points.size:
            continue
        votes = vote(
            points.positions, points.colors, depth, frames, estimate.cameras, voxel_size=voxel_size, skip=index
        )
        found[index][estimate.valid[index] & front] = (votes.other_color >= MIN_VIEWS_NEW) & (
            votes.through > votes.support
        )
    if found.any():
        found = torch.nn.functional.max_pool2d(found[:, None].float(), 2 * _MOVING_GROW + 1, 1, _MOVING_GROW)[
            :, 0
        ].bool()
    return found


def _contradicted(
    estimate: SceneEstimate,
    cloud: PointCloud,
    old: int,
    frames: Tensor,
    first: int,
    keyframes: list[int],
    voxel_size: float,
) -> Tensor:
    """Points (P,) bool of the grown cloud that the clip's keyframes see through; the first `old` are from earlier clips."""
    depth = torch.where(estimate.valid, estimate.depth, 0.0)
    votes = vote(cloud.positions, cloud.colors, depth, frames, estimate.cameras, voxel_size=voxel_size)
    needed = torch.full((cloud.size,), MIN_VIEWS_OLD)
    needed[old:] = MIN_VIEWS_NEW
    return (votes.through >= needed) & (votes.through > votes.support)


class _Tally:
    """What happened to a clip's pixels and scales, for the report."""

    def __init__(self):
        self.valid = self.new = self.in_front = self.same = self.points = 0
        self.scales: list[float] = []
        self.residuals: list[float] = []
        self.warnings: list[str] = []
        self.guessed: list[int] = []
        self.moving = (0, 0.0)
        self.contradicted = (0, 0)

    def found_moving(self, found: Tensor) -> None:
        self.moving = (int(found.flatten(1).any(1).sum()), float(found.float().mean()))

    def dropped(self, old: int, new: int) -> None:
        self.contradicted = (old, new)

    def count(self, valid: Tensor, covered: Tensor, in_front: Tensor, same: Tensor, points: int) -> None:
        self.valid += int(valid.sum())
        self.new += int((valid & ~covered).sum())
        self.in_front += int((valid & in_front).sum())
        self.same += int((valid & same).sum())
        self.points += points

    def report(self, clip: int, frames: int, keyframes: int, estimate: SceneEstimate, size: int) -> str:
        def share(count: int) -> str:
            return f"{100 * count / max(1, self.valid):.1f} %"

        contradicting = self.valid - self.new - self.in_front - self.same
        lines = [
            f"Clip {clip}: {frames} new frames, {keyframes} of them unprojected; depth from {estimate.scale_source}, {100 * estimate.coverage:.1f} % of pixels usable.",
            f"Of the usable pixels {share(self.new)} show new parts of the scene, {share(self.in_front)} a surface in front of the known one, "
            f"{share(self.same)} agree with the cloud and {share(contradicting)} disagree and were left out.",
            f"{self.points} points added, {size} in the cloud.",
        ]
        if any(self.contradicted):
            lines.append(
                f"{self.contradicted[0]} earlier points and {self.contradicted[1]} of this clip were seen through by several keyframes and dropped."
            )
        if self.moving[0]:
            lines.append(
                f"No moving mask was given; {100 * self.moving[1]:.1f} % of the keyframes' pixels ({self.moving[0]} keyframes) look like moving objects and were left out."
            )
        if self.residuals:
            lines.append(
                f"Scale against the cloud: median {statistics.median(self.scales):.4g} ({min(self.scales):.4g} to {max(self.scales):.4g}), "
                f"median depth difference afterwards {100 * statistics.median(self.residuals):.2f} %."
            )
        if self.guessed:
            self.warnings.append(
                f"Frames {', '.join(map(str, self.guessed))} of the clip overlap too little with the cloud; they took the scale of the frames before."
            )
        return "\n".join(lines + [f"Warning: {warning}" for warning in (*estimate.warnings, *self.warnings)])


def _scaled(
    estimate: SceneEstimate, index: int, frame: int, known: Tensor, own_scale: float | None, tally: _Tally
) -> Tensor:
    """The keyframe's depth (H, W) in the cloud's scale: overlap, else camera path, else metric, else frames before."""
    depth = estimate.depth[index]
    if overlap_share(depth, known) >= MIN_OVERLAP:
        aligned = align_depth(depth, known)
        tally.scales.append(aligned.scale)
        tally.residuals.append(aligned.residual)
        return aligned.depth
    if own_scale is not None:
        return depth * own_scale
    if estimate.metric:
        return depth
    if tally.scales:
        tally.guessed.append(frame)
        return depth * tally.scales[-1]
    raise SpatiaError(
        f"Frame {frame} of the clip overlaps the cloud in less than {100 * MIN_OVERLAP:.0f} % of its pixels and its depth ({estimate.scale_source}) is not metric, "
        "so its scale is unknown; connect metric depth, or a geometry with camera poses, or let the path turn more slowly."
    )


def save_memory(memory: SpatialMemory, path: str | os.PathLike) -> None:
    """Write the whole memory as one archive: a zip of memory.json and memory.safetensors. Replaces the file at once or not at all.

    What earlier frames see is not written: it follows from the rest. Raises SpatiaError when the file cannot be
    written, and on a memory that `load_memory` would refuse.
    """
    changes = memory.ledger.changes if memory.ledger is not None and memory.ledger.cloud is memory.cloud else None
    header = {"format": "spatia memory", "version": _FORMAT, "voxel_size": memory.voxel_size, "notes": memory.notes}
    if changes is not None:
        header["ledger"] = [{"clip": change.clip, "size": change.size, "notes": change.notes} for change in changes]
    entries = json.dumps(header).encode()
    tensors = _named_tensors(memory, changes or ())
    try:
        if {name: value.dtype for name, value in tensors.items()} != _types(len(changes or ())):
            raise SpatiaError("its tensors have other types than a scene's.")
        if len(entries) > _LONGEST_ENTRIES:
            raise SpatiaError(f"its notes take {len(entries)} bytes, expected at most {_LONGEST_ENTRIES}.")
        _check_loaded(memory)
    except SpatiaError as error:
        raise SpatiaError(f"The scene cannot be saved: {error}") from error
    with replacing(path) as part:
        data = safetensors.torch.save({name: value.cpu().contiguous() for name, value in tensors.items()})
        for how in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
            with zipfile.ZipFile(part, "w", how, compresslevel=1) as archive:
                archive.writestr("memory.json", entries)
                with archive.open("memory.safetensors", "w", force_zip64=True) as file:
                    file.write(data)
            # Pictures of one colour get so small that reading them back would look like a trap. They are stored as is.
            if len(data) <= _most_unpacked(os.path.getsize(part)):
                break


def load_memory(path: str | os.PathLike) -> SpatialMemory:
    """Read what `save_memory` wrote, exactly. Raises SpatiaError on a missing, foreign, corrupt or inconsistent file."""
    name = os.path.basename(os.fspath(path))
    if not os.path.isfile(path):
        raise SpatiaError(f"The scene file {name} does not exist; choose another file.")
    damaged = f"The scene file {name} is damaged or was not saved by Save Scene"
    try:
        file = _Directory(open(path, "rb", buffering=0))
    except OSError as error:  # the disk's or the user's rights' fault, not the file's
        raise SpatiaError(
            f"The scene file {name} could not be opened ({error.strerror}); check its folder and rights."
        ) from error
    try:
        entries, data = _read_archive(file, name)
    except SpatiaError:
        raise
    except _ZIP_ERRORS as error:  # nothing of ours runs there that could fail in these ways
        reason = getattr(error, "strerror", None) or error
        raise SpatiaError(f"{damaged} ({shown(str(reason))}); choose another file.") from error
    change = "nothing in it, but choose another file"
    header = parse_json(entries, f"The entries of the scene file {name}", change)
    if not isinstance(header, dict) or header.get("format") != "spatia memory" or header.get("version") != _FORMAT:
        found = shown([header.get(key) for key in ("format", "version")] if isinstance(header, dict) else header)
        raise SpatiaError(
            f"The scene file {name} is {found}, expected ['spatia memory', {_FORMAT}]; choose another file."
        )
    try:
        voxel_size, notes, changes = _loaded_entries(header)
        tensors = _loaded_tensors(data, _types(len(changes or ())))
    except ValueError as error:
        raise SpatiaError(f"{damaged}: {error}; choose another file.") from error
    cloud = PointCloud(*(tensors[f"cloud.{field}"] for field in PointCloud._fields))
    ledger = None if changes is None else _loaded_ledger(changes, tensors, cloud)
    frames, moving, clip = (tensors[key] for key in ("frames", "moving", "clip"))
    try:
        cameras = make_cameras(tensors["w2c"], tensors["intrinsics"])
        memory = SpatialMemory(cloud, frames, moving, cameras, clip, voxel_size, notes, ledger)
        _check_loaded(memory)
    except SpatiaError as error:
        raise SpatiaError(f"The scene file {name} cannot be used: {error} Choose another file.") from error
    return memory


def _types(changes: int) -> dict[str, torch.dtype]:
    """Name and type of every tensor in the archive of a memory whose ledger holds so many changes."""
    cloud = dict(zip(PointCloud._fields, _CLOUD_TYPES))
    types = {f"cloud.{field}": dtype for field, dtype in cloud.items()}
    types |= {"frames": torch.uint8, "moving": torch.bool, "clip": torch.int32}
    types |= {"w2c": torch.float64, "intrinsics": torch.float64}
    for i in range(changes):
        types |= {f"ledger.{i}.{field}": dtype for field, dtype in cloud.items()} | {f"ledger.{i}.index": torch.int64}
    return types


def _named_tensors(memory: SpatialMemory, changes: tuple[ClipChange, ...]) -> dict[str, Tensor]:
    tensors = {f"cloud.{field}": value for field, value in memory.cloud._asdict().items()}
    tensors |= memory.cameras._asdict() | {"frames": memory.frames, "moving": memory.moving, "clip": memory.clip}
    for i, change in enumerate(changes):
        tensors |= {f"ledger.{i}.{field}": value for field, value in change.dropped._asdict().items()}
        tensors[f"ledger.{i}.index"] = change.index
    return tensors


def _most_unpacked(size: int) -> int:
    """Bytes that the tensors of an archive of `size` bytes may have."""
    return _UNPACKED + _UNPACKED_SHARE * size


class _Directory(io.BufferedReader):
    """A file of which zipfile reads no longer list of entries than ours ever is: it would make an object of each."""

    longest: float = _LONGEST_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.longest:
            raise zipfile.BadZipFile(f"its list of entries has {size} bytes")
        return super().read(size)


def _read_archive(file: _Directory, name: str) -> tuple[bytes, bytes]:
    """The two entries of an archive, unpacked; closes the file.

    Raises SpatiaError on ways of packing that are not ours, and _ZIP_ERRORS.
    """
    with file, zipfile.ZipFile(file) as archive:
        file.longest = float("inf")
        entries = _unpacked(archive, "memory.json", _LONGEST_ENTRIES, name)
        return entries, _unpacked(archive, "memory.safetensors", _most_unpacked(os.fstat(file.fileno()).st_size), name)


def _unpacked(archive: zipfile.ZipFile, title: str, most: int, name: str) -> bytes:
    info = archive.getinfo(title)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise SpatiaError(
            f"The scene file {name} is encrypted or packed in another way than Save Scene's (stored or deflated); "
            "pack it in one of these ways, or choose another file."
        )
    if info.file_size > most:
        raise SpatiaError(
            f"The scene file {name} is damaged or was not saved by Save Scene: its {title} unpacks to {info.file_size} "
            "bytes, "
            f"expected at most {most} of a file of this length; choose another file."
        )
    unpacked = io.BytesIO()
    with archive.open(info) as file:
        # It ends at the declared size, whatever is packed.
        while block := file.read(1 << 20):
            look_for_interrupt()
            unpacked.write(block)
    return unpacked.getvalue()


def _loaded_entries(header: dict) -> tuple[float, tuple[str, ...], list[tuple[int, int, int]] | None]:
    """Voxel size, notes, and clip, size and notes of each change. Raises ValueError saying what is wrong."""
    notes, changes = header.get("notes"), header.get("ledger")
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ValueError(f"its notes are {shown(notes)}, expected a list of texts")
    try:
        voxel_size = number(header.get("voxel_size"), _SMALLEST_VOXEL, LARGEST_COORDINATE)
    except ValueError as error:
        raise ValueError(f"its voxel_size is {shown(header.get('voxel_size'))}, expected {error}") from None
    if "ledger" not in header:
        return voxel_size, tuple(notes), None
    listed = isinstance(changes, list) and len(changes) <= MOST_CAMERAS
    if not listed or not all(isinstance(change, dict) for change in changes):
        raise ValueError(f"its ledger is {shown(changes)}, expected a list of at most {MOST_CAMERAS} changes")
    limits = {"clip": (1, MOST_CAMERAS), "size": (0, MOST_POINTS), "notes": (0, len(notes))}
    try:
        entries = [tuple(whole(change.get(key), *limit) for key, limit in limits.items()) for change in changes]
    except ValueError as error:
        raise ValueError(f"its ledger is {shown(changes)}, expected in each entry {error}") from None
    return voxel_size, tuple(notes), entries


def _loaded_tensors(data: bytes, types: dict[str, torch.dtype]) -> dict[str, Tensor]:
    """The tensors of these names and types. Raises ValueError saying what is wrong."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, LONGEST_HEADER):
        raise ValueError(f"the list of its tensors has {length} bytes, and there are {len(data)} in all")
    listed = parse_header(data[8 : 8 + length], "the entries of its tensors", "nothing in them")
    for name in sorted(types.keys() | listed.keys()):
        found = listed[name].dtype if name in listed else "missing"
        if name not in types or found != _STORED_AS[types[name]]:
            expected = _STORED_AS[types[name]] if name in types else "no tensor of this name"
            raise ValueError(f"tensor {short(name)} is {found}, expected {expected}")
    end = 8 + length + max(entry.end for entry in listed.values())
    if end != len(data):
        raise ValueError(f"its tensors end at byte {end} of {len(data)}")
    return safetensors.torch.load(data)


def _loaded_ledger(entries: list[tuple[int, int, int]], tensors: dict[str, Tensor], cloud: PointCloud) -> Ledger:
    changes = []
    for i, (clip, size, notes) in enumerate(entries):
        dropped = PointCloud(*(tensors[f"ledger.{i}.{field}"] for field in PointCloud._fields))
        changes.append(ClipChange(clip, size, tensors[f"ledger.{i}.index"], dropped, notes))
    return Ledger(cloud, tuple(changes))


def _check_loaded(memory: SpatialMemory) -> None:
    """Raises SpatiaError when a memory does not hold together. What passes can be grown, taken back and saved."""
    count, frames = memory.cameras.count, memory.frames
    fits = (
        frames.ndim == 4
        and frames.shape[0] == count
        and frames.shape[3] == 3
        and memory.moving.shape == frames.shape[:3]
        and memory.clip.shape == (count,)
    )
    if not fits:
        shapes = f"frames {tuple(frames.shape)}, masks {tuple(memory.moving.shape)}, clips {tuple(memory.clip.shape)}"
        raise SpatiaError(f"it is inconsistent: {count} cameras, {shapes}.")
    if not 1 <= count <= MOST_CAMERAS or not 1 <= memory.height * memory.width <= MOST_PIXELS:
        raise SpatiaError(
            f"it holds {count} frames of {memory.width}x{memory.height} pixels, expected 1 to {MOST_CAMERAS} frames "
            f"of 1 to {MOST_PIXELS} pixels."
        )
    if not _SMALLEST_VOXEL <= memory.voxel_size <= LARGEST_COORDINATE:
        raise SpatiaError(
            f"its voxel_size is {memory.voxel_size}, expected {_SMALLEST_VOXEL:g} to {LARGEST_COORDINATE:g}."
        )
    clip = memory.clip
    if clip[0] != 0 or bool((clip.diff() < 0).any()) or clip[-1] >= count:
        raise SpatiaError("the clips of its frames are no rising numbers from 0 on.")
    make_cameras(*memory.cameras)
    _check_points(memory.cloud, count)
    if memory.ledger is not None and memory.ledger.cloud is memory.cloud:
        _check_ledger(memory)


def _check_points(cloud: PointCloud, frames: int) -> None:
    make_point_cloud(*cloud)
    if cloud.size and int(cloud.view.max()) >= frames:
        raise SpatiaError(
            f"a point came from frame {int(cloud.view.max())}, and there are {frames} frames at that time."
        )


def _check_ledger(memory: SpatialMemory) -> None:
    """As `_check_loaded`, of the changes, so that each can be taken back after the later ones."""
    highest = np.maximum.accumulate(memory.cloud.view.cpu().numpy())
    clip, size, notes, later = int(memory.clip[-1]) + 1, memory.cloud.size, len(memory.notes), 0
    for change in reversed(memory.ledger.changes):
        look_for_interrupt()
        index, dropped = change.index, change.dropped.positions.shape[0]
        stayed = change.size - dropped
        fits = (
            1 <= change.clip < clip
            and 0 <= change.notes <= notes
            and 0 <= stayed <= size
            and change.size <= MOST_POINTS
            and index.shape == (dropped,)
            and (not dropped or (int(index[0]) >= 0 and int(index[-1]) < change.size))
            and not bool((index.diff() <= 0).any())
        )
        if not fits:
            raise SpatiaError(f"its record of clip {change.clip} does not fit its points.")
        before = int((memory.clip < change.clip).sum())
        _check_points(change.dropped, before)
        # At least so many of the cloud's first rows were there before the clip.
        stable = stayed - later
        if stable > 0 and int(highest[stable - 1]) >= before:
            raise SpatiaError(f"its record of clip {change.clip} keeps points that came from that clip.")
        clip, size, notes, later = change.clip, change.size, change.notes, later + dropped
