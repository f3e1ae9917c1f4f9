"""The spatial memory: the scene's cloud and the clips of the video so far. Grown by a clip, taken back by a clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..cameras.camera import Cameras, concat_cameras
from ..cloud.point_cloud import NO_VIEW, PointCloud, concat_clouds, empty_cloud
from ..errors import SpatiaError
from ..estimate.scene import SceneEstimate, estimate_points, merged_points
from ..inputs import LARGEST_COORDINATE, widget_number
from .clip import Clip, CloudChange
from .store import HeldFrames
from .visible_frames import SeenFrames

SMALLEST_VOXEL = 1e-9


class SpatialMemory(NamedTuple):
    """What a clip leaves to the next one: a cloud and a tuple of clips. Immutable: `update` returns a new one.

    A NamedTuple of tensors, because the host's cache weighs tensors inside tuples only. Clips are shared between
    successive memories, so N of them hold N clips.
    """

    cloud: PointCloud
    clips: tuple[Clip, ...]  # the first is the given image
    voxel_size: float  # scene units
    exact_from: int  # clips[exact_from:] can be taken back exactly; the cloud was edited, or is of a file, before them
    seen: SeenFrames  # what earlier frames see of this cloud, found once
    made_for: str = ""  # name of the `Profile` of the network that films it, where that is known

    @property
    def height(self) -> int:
        """Image height in pixels."""
        return self.clips[0].frames.height

    @property
    def width(self) -> int:
        """Image width in pixels."""
        return self.clips[0].frames.width

    @property
    def frame_count(self) -> int:
        """Frames of the video so far, the given image included."""
        return sum(clip.cameras.count for clip in self.clips)

    @property
    def cameras(self) -> Cameras:
        """Cameras of the video so far, one per frame."""
        return concat_cameras(*(clip.cameras for clip in self.clips))

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the scale came from, and the warnings of all clips."""
        later = (f"clip {k}: {note}" for k, clip in enumerate(self.clips[1:], start=1) for note in clip.notes)
        return (*self.clips[0].notes, *later)

    @property
    def clip_of_frame(self) -> Tensor:
        """(F,) int32: 0 = the given image, k = made by clip k."""
        counts = torch.tensor([clip.cameras.count for clip in self.clips])
        return torch.arange(len(self.clips), dtype=torch.int32).repeat_interleave(counts)

    def first_frame(self, clip: int) -> int:
        """Number in the video of the first new frame of clips[clip]."""
        return sum(part.cameras.count for part in self.clips[:clip])

    def read_frames(self, index: Sequence[int]) -> Tensor:
        """Frames (n, H, W, 3) uint8 of the video at these numbers, in their order; n may be 0."""
        return self._gathered(
            index, lambda clip, local: clip.frames.read(local), (self.height, self.width, 3), torch.uint8
        )

    def read_moving(self, index: Sequence[int]) -> Tensor:
        """Masks (n, H, W) bool of these frames, true on moving objects."""
        return self._gathered(
            index, lambda clip, local: clip.frames.read_moving(local), (self.height, self.width), torch.bool
        )

    def _gathered(
        self,
        index: Sequence[int],
        read: Callable[[Clip, list[int]], Tensor],
        shape: tuple[int, ...],
        dtype: torch.dtype,
    ) -> Tensor:
        gathered = torch.empty(len(index), *shape, dtype=dtype)
        asked = torch.tensor(list(index), dtype=torch.int64)
        if len(index) and not 0 <= int(asked.min()) <= int(asked.max()) < self.frame_count:
            raise SpatiaError(
                f"Frames {int(asked.min())} to {int(asked.max())} were asked for, and the video has "
                f"{self.frame_count}, numbered from 0; change the range."
            )
        counts = torch.tensor([clip.cameras.count for clip in self.clips])
        ends = counts.cumsum(0)
        owner, order = torch.searchsorted(ends, asked, right=True).sort(stable=True)
        owners, sizes = owner.unique_consecutive(return_counts=True)
        for k, rows in zip(owners.tolist(), order.split(sizes.tolist())):
            gathered[rows] = read(self.clips[k], (asked[rows] - (ends[k] - counts[k])).tolist())
        return gathered


class MemoryUpdate(NamedTuple):
    """The memory with a clip more or less, and a text for people: points, scale, coverage, warnings."""

    memory: SpatialMemory
    report: str


def new_memory(
    image: Tensor,
    estimate: SceneEstimate,
    *,
    moving: Tensor | None = None,
    voxel_size: float = 0.01,
    made_for: str = "",
) -> SpatialMemory:
    """A memory that holds one image and its cloud.

    image: (H, W, 3) uint8. estimate: of this one image. moving: (H, W) bool, already left out of the estimate.
    Raises SpatiaError when the estimate or the mask is of another image, or voxel_size cannot be saved.
    """
    voxel_size = widget_number("voxel_size", voxel_size, SMALLEST_VOXEL, LARGEST_COORDINATE)
    if estimate.cameras.count != 1:
        raise SpatiaError(f"A memory starts from one image, and the estimate holds {estimate.cameras.count}.")
    cloud = merged_points(estimate_points(estimate, 0, image, view=0), voxel_size)
    notes = [f"scale: {estimate.scale_source}", *estimate.warnings]
    depth = float(estimate.depth[estimate.valid].median())
    voxel_pixels = voxel_size / depth * float(estimate.cameras.K(*image.shape[:2])[0, 0, 0])
    if voxel_pixels > 4:
        notes.append(
            f"A voxel of {voxel_size:g} spans {voxel_pixels:.0f} pixels at the median depth {depth:.4g}; decrease "
            "voxel_size for a sharper cloud."
        )
    return memory_of_image(
        image, estimate.cameras, cloud, voxel_size, moving=moving, notes=tuple(notes), made_for=made_for
    )


def memory_of_image(
    image: Tensor,
    camera: Cameras,
    cloud: PointCloud | None = None,
    voxel_size: float = 0.01,
    *,
    moving: Tensor | None = None,
    notes: tuple[str, ...] = (),
    made_for: str = "",
) -> SpatialMemory:
    """A memory that holds one image (H, W, 3) uint8, its camera, and a cloud that is there already, or none.

    Raises SpatiaError when the image, the camera or the mask (H, W) bool do not belong together.
    """
    if camera.count != 1:
        raise SpatiaError(f"A memory starts from one image, and {camera.count} cameras were given.")
    frames = HeldFrames(image[None], None if moving is None else moving[None])
    start = Clip(frames, camera._replace(history=None), 0, None, notes)
    cloud = empty_cloud() if cloud is None else cloud
    return SpatialMemory(cloud, (start,), voxel_size, 1, SeenFrames(), made_for)


def with_cloud(memory: SpatialMemory, cloud: PointCloud) -> SpatialMemory:
    """The memory with an edited cloud. What the clips so far did to the old one is no longer known row by row.

    Points of frames that this video does not have, as in a cloud from elsewhere, come from no frame.
    """
    stray = cloud.view >= memory.frame_count
    if bool(stray.any()):
        cloud = cloud._replace(view=torch.where(stray, NO_VIEW, cloud.view))
    return memory._replace(cloud=cloud, exact_from=len(memory.clips), seen=SeenFrames())


def with_cloud_of(memory: SpatialMemory, other: SpatialMemory) -> SpatialMemory:
    """The memory's video with the cloud of another memory of the same place; the memory itself where it has it already.

    Its points come from the given image, or from no frame of this video.

    Raises SpatiaError when the two do not begin at one pose, or their voxel sizes differ: then their clouds do not lie in
    one world, or at one spacing.
    """
    pose, others = (one.cameras.w2c[0] for one in (memory, other))
    if not torch.allclose(pose, others, rtol=0, atol=1e-6 * max(1.0, float(pose.abs().max()))):
        raise SpatiaError(
            "The two memories begin at different poses, so their clouds do not lie in one world; connect two that were begun "
            "with the same image and camera."
        )
    if memory.voxel_size != other.voxel_size:
        raise SpatiaError(
            f"The two memories have the voxel sizes {memory.voxel_size:g} and {other.voxel_size:g}, expected one; begin both "
            "with the same voxel_size."
        )
    # Frames after the given image are another video's.
    view = torch.where(other.cloud.view > 0, NO_VIEW, other.cloud.view)
    cloud = other.cloud._replace(view=view)
    if cloud.size == memory.cloud.size and all(torch.equal(ours, theirs) for ours, theirs in zip(memory.cloud, cloud)):
        return memory
    return with_cloud(memory, cloud)


def appended(memory: SpatialMemory, clip: Clip, cloud: PointCloud) -> SpatialMemory:
    """The memory with `clip` at its end; cloud: as clip.change left it."""
    assert clip.change is not None  # who adds a clip knows what it did to the cloud
    before = memory.cloud.positions
    kept = torch.ones(before.shape[0], dtype=torch.bool)
    kept[clip.change.index] = False
    seen = memory.seen.carried(before, kept, cloud.positions, memory.height, memory.width)
    return memory._replace(cloud=cloud, clips=(*memory.clips, clip), seen=seen)


def revert_clip(memory: SpatialMemory) -> MemoryUpdate:
    """The memory as it was before its last clip.

    Exact, bit for bit, unless the cloud was edited after the clip: then the points that came from the clip's frames go,
    those that it had dropped come back at the end, and the edits stay; the report says so.
    Raises SpatiaError when the memory holds no clip.
    """
    number = len(memory.clips) - 1
    if number == 0:
        raise SpatiaError(
            "The memory holds only the image it started with, so there is no clip to take back; connect a memory that "
            "was updated with one."
        )
    clip, rest = memory.clips[-1], memory.clips[:-1]
    if clip.change is not None and number >= memory.exact_from:
        cloud, how, exact_from = _taken_back(memory.cloud, clip.change), "exactly", memory.exact_from
    else:
        cloud = memory.cloud.select(memory.cloud.view < memory.first_frame(number))
        how = "by the frames its points came from, since the cloud was edited after it"
        exact_from = len(rest)  # where rows have moved, earlier clips too can be taken back by their frames only
        if clip.change is not None:
            cloud = concat_clouds(cloud, clip.change.dropped)
    if not cloud.size and memory.cloud.size:
        raise SpatiaError(
            "Without the last clip the cloud holds no point, since the edits removed all others; take the edits back "
            "instead."
        )
    reverted = memory._replace(cloud=cloud, clips=rest, exact_from=exact_from, seen=SeenFrames())
    return MemoryUpdate(
        reverted,
        f"Clip {number} taken back {how}: {clip.cameras.count} frames, cloud of {memory.cloud.size} points now "
        f"{cloud.size}.",
    )


def _taken_back(cloud: PointCloud, change: CloudChange) -> PointCloud:
    stayed = torch.ones(change.size, dtype=torch.bool)
    stayed[change.index] = False
    fields = []
    for now, dropped in zip(cloud, change.dropped):
        field = torch.empty((change.size, *now.shape[1:]), dtype=now.dtype)
        field[stayed], field[change.index] = now[: int(stayed.sum())], dropped
        fields.append(field)
    return PointCloud(*fields)
