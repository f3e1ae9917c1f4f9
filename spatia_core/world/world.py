"""A world: a folder that holds a place and the video made of it, clip by clip, and outlives the machine.

clips/<id>/ never change once they are there; world.json, replaced as a whole and last, says which of them count. So a
reader needs no lock, whatever a writer does, and a writer that dies has done nothing.
"""

from __future__ import annotations

import os
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..cameras.camera import Cameras, make_cameras
from ..cloud.point_cloud import PointCloud, concat_clouds, empty_cloud, make_point_cloud
from ..errors import SpatiaError
from ..files import free_bytes, locked, new_folder, remove_folder, replaced
from ..heap import give_back_memory
from ..inputs import shown
from ..interrupt import look_for_interrupt
from ..memory.archive import check_memory
from ..memory.clip import Clip, CloudChange, no_change
from ..memory.memory import SpatialMemory
from ..memory.tensor_file import checked_tensors, cloud_of, cloud_tensors, cloud_types, write_tensors
from ..memory.visible_frames import SeenFrames
from . import records
from .frames import StoredFrames, changed_at, write_lossless
from .pictures import write_poster, write_preview
from .records import CLIPS, MAIN, Heading, Record

CAMERAS, CLOUD, LATENTS, FRAMES, MOVING = (
    "cameras.safetensors",
    "cloud.safetensors",
    "latents.safetensors",
    "frames.mkv",
    "moving.mkv",
)
PICTURES = ("poster.jpg", "preview.mp4")  # for people; a clip is whole without them
LOCK = "world.lock"
_NEW_WORLDS = ".new-worlds.lock"  # beside the worlds: whoever makes one out of another holds it
_WINDOWS = os.name == "nt"
_WAIT = 20.0  # seconds that a writer waits for another
_FRAMES_AT_ONCE = 16
_CAMERA_TYPES = {"w2c": torch.float64, "intrinsics": torch.float64}
_LATENT_TYPES = (torch.float32, torch.float16, torch.bfloat16)
_KEPT_MEMORIES = 2


class Committed(NamedTuple):
    """What `World.commit` did: the clip's memory as the world holds it, whether it was there before, and a text."""

    memory: SpatialMemory
    known: bool
    report: str


class ClipUse(NamedTuple):
    """What a clip takes, for reports."""

    number: int  # 0: the image
    id: str
    branches: tuple[str, ...]  # that lead to it; empty where a writer died
    frames: int
    bytes: int  # on disk
    seconds: float  # what making it took, as far as it is known


class World:
    """One world's folder. Holds nothing that may go stale: what it says is read when it is asked."""

    def __init__(self, folder: str | os.PathLike):
        self.folder = os.path.abspath(folder)
        self.name = os.path.basename(self.folder)

    @property
    def exists(self) -> bool:
        """Whether there is a world in the folder."""
        return os.path.isfile(os.path.join(self.folder, records.WORLD_FILE))

    @property
    def heading(self) -> Heading:
        """Sizes and branches, as they are now."""
        return records.read_heading(self.folder)

    def head(self, branch: str) -> str:
        """Id of the last clip of a branch. Raises SpatiaError when there is no such branch."""
        branches = self.heading.branches
        if branch not in branches:
            raise SpatiaError(
                f"branch {shown(branch)} was given, and the world {shown(self.name)} has "
                f"{', '.join(map(shown, branches))}; change branch."
            )
        return branches[branch]

    def has(self, clip: str) -> bool:
        """Whether a clip of this id is there, on whatever branch; before the world is begun none counts."""
        return self.exists and self._whole(clip)

    def clip_folder(self, clip: str) -> str:
        """Where a clip's files are."""
        return os.path.join(self.folder, CLIPS, records.require_id(clip))

    def record(self, clip: str) -> Record:
        """What clip.json says."""
        return records.read_record(self.folder, clip)

    def chain(self, clip: str) -> list[Record]:
        """The records from the given image to `clip`."""
        return self._chain(clip, {})

    def _chain(self, clip: str, known: dict[str, Record]) -> list[Record]:
        """As `chain`; known: the records that were read already, by id, to which this adds."""

        def record(name: str) -> Record:
            if name not in known:
                known[name] = self.record(name)
            return known[name]

        found = [record(clip)]
        while found[-1].parent is not None:
            parent = record(found[-1].parent)
            if parent.number != found[-1].number - 1:
                raise records.damaged(
                    f"Clip {found[-1].id} of the world {shown(self.name)}", "its parent is no neighbour"
                )
            found.append(parent)
        return found[::-1]

    def clip_at(self, clip: str, number: int) -> str:
        """Id of the clip of this number on the way to `clip`. Raises SpatiaError when there are fewer."""
        chain = self.chain(clip)
        if not 0 <= number < len(chain):
            raise SpatiaError(
                f"clip {number} was asked for, and the branch holds {len(chain) - 1} clip(s); choose 0 (the image) to "
                f"{len(chain) - 1}, or -1 for the last."
            )
        return chain[number].id

    def memory(self, clip: str) -> SpatialMemory:
        """The memory that ends with `clip`: its cloud in memory, its frames by reference. Raises SpatiaError on damage."""
        known = _memories.get(self._state(clip))
        if known is not None and all(self.has(one.key) for one in known.clips):
            return known
        memory = _Reader(self, self.chain(clip)).memory()
        _memories.put(self._state(clip), memory)
        return memory

    def latents(self, clip: str) -> Tensor:
        """A clip's latents (1, C, T, h, w), its history included. Raises SpatiaError when it has none."""
        what = f"Clip {clip} of the world {shown(self.name)}"
        record = self.record(clip)
        if record.latents is None:
            raise SpatiaError(
                f"{what} (number {record.number}) was committed without latents; connect `latent` to Commit Clip."
            )
        data = _bytes(os.path.join(self.clip_folder(clip), LATENTS), what)
        try:
            samples = checked_tensors(data, {"samples": _LATENT_TYPES})["samples"]
        except ValueError as error:
            raise records.damaged(what, error) from error
        if samples.ndim != 5 or samples.shape[0] != 1 or samples.shape[2] != record.latents:
            raise records.damaged(what, f"its latents have shape {tuple(samples.shape)}")
        return samples

    def commit(
        self,
        memory: SpatialMemory | None,
        clip: str,
        parent: str | None,
        branch: str = MAIN,
        *,
        latents: Tensor | None = None,
        history_latents: int = 0,
        report: str = "",
        seconds: float = 0.0,
        peak_bytes: int | None = None,
        made: dict[str, Any] | None = None,
    ) -> Committed:
        """Write the last clip of `memory` under the id `clip`, and make it the end of `branch`.

        parent: the clip it follows, the one before it in `memory`; None: the memory holds the image alone, which begins
        the world. latents: (1, C, T, h, w), of which the first `history_latents` frames repeat the clip before. A clip
        that is there already is not written again. When the branch ends elsewhere by now, its old end is kept as a
        branch of its own. memory None: the clip is there already. Raises SpatiaError when it is not, when somebody else
        writes, the disk is full, or the memory is another's.
        """
        records.require_branch(branch)
        with self._writing():
            known = self._whole(clip)
            if memory is None and not (known and self.exists):
                raise SpatiaError(f"A clip of the world {shown(self.name)} was removed meanwhile; queue again.")
            if memory is not None and not known:
                self._check(memory, parent)
                self._write(memory, clip, parent, latents, history_latents, report, seconds, peak_bytes, made or {})
            if memory is not None and not self.exists:  # nothing was begun here, or whoever began died before this line
                heading = Heading(memory.height, memory.width, memory.voxel_size, {branch: clip}, memory.made_for)
                records.write_heading(self.folder, heading)
            said = self._stand(branch, clip)
        if memory is None or known:
            committed = self.memory(clip)
        else:
            committed = self._held_here(memory, clip)
            _memories.put(self._state(clip), committed)
        give_back_memory()
        return Committed(committed, known, said)

    def stand(self, branch: str, clip: str) -> str:
        """Make `clip` the end of `branch`, a new one or not; says what became of its old end."""
        records.require_branch(branch)
        with self._writing():
            self.record(clip)
            return self._stand(branch, clip, moved=True)

    def remove_branch(self, branch: str) -> int:
        """Forget a branch, and remove the clips that no other branch leads to; returns how many.

        Raises SpatiaError when it is the only one, or not there.
        """
        with self._writing():
            heading = self.heading
            self.head(branch)
            if len(heading.branches) == 1:
                raise SpatiaError(
                    f"{shown(branch)} is the only branch of the world {shown(self.name)}; remove its folder instead, or "
                    "make another branch first."
                )
            rest = {name: head for name, head in heading.branches.items() if name != branch}
            # First what counts, then what is no longer needed: whoever dies between leaves clips too many, not too few.
            records.write_heading(self.folder, heading._replace(branches=rest))
            return self._remove_unreached(rest)

    def remove(self) -> None:
        """Remove the world, all its branches. Raises SpatiaError when it is not there, or somebody writes."""
        self._require()
        with self._writing():
            if not _WINDOWS:
                remove_folder(self.folder)
        if _WINDOWS:  # where a folder with an open file in it keeps its name
            remove_folder(self.folder)

    def reached(self) -> dict[str, tuple[Record, tuple[str, ...]]]:
        """By id, the clips that count: each one's record, and the branches that lead to it; parents before children.

        Raises SpatiaError when one of them is missing.
        """
        self._require()
        known: dict[str, Record] = {}
        on: dict[str, list[str]] = {}
        for branch, head in self.heading.branches.items():
            look_for_interrupt()
            for record in self._chain(head, known):
                on.setdefault(record.id, []).append(branch)
        order = sorted(on, key=lambda clip: (known[clip].number, clip))
        return {clip: (known[clip], tuple(on[clip])) for clip in order}

    def usage(self) -> list[ClipUse]:
        """What each clip takes, by number; those that no branch leads to as well."""
        reached = self.reached()
        lost = {clip: (self.record(clip), ()) for clip in self.clips() if clip not in reached}
        uses = [
            ClipUse(record.number, clip, branches, record.frames, self.bytes_of(clip), record.seconds)
            for clip, (record, branches) in (reached | lost).items()
        ]
        return sorted(uses, key=lambda use: (use.number, not use.branches, use.id))

    def copy_to(self, folder: str | os.PathLike) -> World:
        """Another world of the same content, in a folder that is not there yet.

        The copy shares the files of its clips with this one where the system can, for they never change. It is there at
        once, when it is whole. Raises SpatiaError when the folder is there, somebody writes here, or a clip is missing.
        """
        self._require()
        target = World(folder)
        target.require_absent()
        with self._writing(), target.made() as part:
            heading, reached = self.heading, self.reached()
            for record, _ in reached.values():
                look_for_interrupt()
                with new_folder(part.clip_folder(record.id)) as clip:
                    for name in self.files_of(record):
                        _link_or_copy(os.path.join(self.clip_folder(record.id), name), os.path.join(clip, name))
            records.write_heading(part.folder, heading)
        return target

    def files_of(self, record: Record) -> list[str]:
        """Names of a clip's files that are there. Raises SpatiaError when one is missing that reading the clip needs."""
        folder = self.clip_folder(record.id)
        for name in needed_files(record):
            if not os.path.isfile(os.path.join(folder, name)):
                raise records.damaged(
                    f"Clip {record.number} ({record.id}) of the world {shown(self.name)}", f"its {name} is missing"
                )
        return [*needed_files(record), *(name for name in PICTURES if os.path.isfile(os.path.join(folder, name)))]

    def require_absent(self) -> None:
        """Raises SpatiaError when there is anything in the place of a world that is to be made."""
        if os.path.lexists(self.folder):
            what = "a world" if self.exists else "a folder"
            raise SpatiaError(f"There is {what} named {shown(self.name)} already; choose another name.")

    @contextmanager
    def made(self) -> Iterator[World]:
        """The world under a name that nobody sees, to be filled; it takes its own when the block ends well, else it goes.

        Raises SpatiaError when its folder is there, or another world is made beside it.
        """
        beside = os.path.join(os.path.dirname(self.folder), _NEW_WORLDS)
        with locked(beside, _WAIT) as ours:
            if not ours:
                raise SpatiaError(
                    f"Another world is being copied or imported beside {shown(self.name)}; wait for it, then queue again."
                )
            self.require_absent()
            with new_folder(self.folder) as part:
                yield World(part)

    def clips(self) -> list[str]:
        """Ids of all clips there are, in no order."""
        try:
            with os.scandir(os.path.join(self.folder, CLIPS)) as entries:
                names = [entry.name for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            return []
        return [name for name in names if records.is_id(name) and self.has(name)]

    def bytes_of(self, clip: str, *, shared: bool = True) -> int:
        """Bytes on disk of a clip; shared: also of files that a copy of the world has in common with it."""
        with os.scandir(self.clip_folder(clip)) as entries:
            stats = [os.stat(entry.path) for entry in entries]
        return sum(status.st_size for status in stats if shared or status.st_nlink < 2)

    def _require(self) -> None:
        if not self.exists:
            raise SpatiaError(f"There is no world named {shown(self.name)}; choose one that is there.")

    def _whole(self, clip: str) -> bool:
        return os.path.isfile(os.path.join(self.clip_folder(clip), records.CLIP_FILE))

    def _state(self, clip: str) -> tuple[str, int]:
        """The clip on disk: another one when it was removed and made anew."""
        path = os.path.join(self.clip_folder(clip), records.CLIP_FILE)
        return path, changed_at(path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with locked(os.path.join(self.folder, LOCK), _WAIT) as ours:
            if not ours:
                raise SpatiaError(
                    f"The world {shown(self.name)} is being written by another ComfyUI, or another tab; wait for it, or "
                    "use another world or a copy of this one."
                )
            yield

    def _stand(self, branch: str, clip: str, moved: bool = False) -> str:
        """Make `clip` the end of `branch`; moved: also where the branch goes on from it already. Says what was kept."""
        heading = self.heading
        branches, said = dict(heading.branches), ""
        end, way = branches.get(branch), self._way_to(clip)
        if end == clip:
            return said
        if end is not None and end != self.record(clip).parent:
            if not moved and clip in self._way_to(end):
                return said
            if end not in way:
                others = [head for name, head in branches.items() if name != branch]
                if not any(end in self._way_to(head) for head in others):
                    old = next(name for k in range(2, len(branches) + 3) if (name := f"{branch} {k}") not in branches)
                    branches[old] = end
                    said = f"The branch {branch!r} went on otherwise; its clips so far are kept as branch {old!r}."
        branches[branch] = clip
        # Ends that were kept, and that the branch leads to again.
        kept = [name for name in branches if name.startswith(f"{branch} ") and name[len(branch) + 1 :].isdecimal()]
        branches = {name: end for name, end in branches.items() if name not in kept or end not in way}
        records.write_heading(self.folder, heading._replace(branches=branches))
        return said

    def _way_to(self, clip: str) -> list[str]:
        return [record.id for record in self.chain(clip)]

    def _check(self, memory: SpatialMemory, parent: str | None) -> None:
        if parent is None and len(memory.clips) != 1:
            raise SpatiaError(
                f"A world begins with the image alone, and this memory holds {len(memory.clips) - 1} clip(s) already; "
                "connect the memory of Estimate Scene to Open World."
            )
        if parent is not None and (len(memory.clips) < 2 or memory.clips[-2].key != parent):
            raise SpatiaError(
                "The memory does not continue the clip that the world stands on; connect the memory that Update Memory "
                "made of Open World's (or the last Commit Clip's) memory."
            )
        if self.exists:
            heading, size = self.heading, (memory.height, memory.width)
            if (heading.height, heading.width) != size or heading.voxel_size != memory.voxel_size:
                raise SpatiaError(
                    f"The memory is of {size[1]}x{size[0]} pixels and voxel_size {memory.voxel_size:g}, the world "
                    f"{shown(self.name)} of {heading.width}x{heading.height} and {heading.voxel_size:g}; type another "
                    "name for a new world."
                )
            # Widgets on auto follow the world's, and would go wrong for what this memory's network makes.
            if heading.made_for and memory.made_for and heading.made_for != memory.made_for:
                raise SpatiaError(
                    f"The memory was begun for {memory.made_for}, and the world {shown(self.name)} for "
                    f"{heading.made_for}; type another name for a new world, or connect that model."
                )
        check_memory(memory)

    def _write(
        self,
        memory: SpatialMemory,
        clip: str,
        parent: str | None,
        latents: Tensor | None,
        history_latents: int,
        report: str,
        seconds: float,
        peak_bytes: int | None,
        made: dict[str, Any],
    ) -> None:
        last = memory.clips[-1]
        store = last.frames
        kind, tensors = _cloud_file(memory, None if parent is None else self.record(parent))
        held = [*tensors.values()] if latents is None else [*tensors.values(), latents]
        self._require_space(store.count * store.height * store.width, sum(tensor.nbytes for tensor in held))
        moves = any(bool(mask.any()) for mask in _frames_of(store.read_moving, store.count))
        with new_folder(self.clip_folder(clip)) as folder:
            write_lossless(os.path.join(folder, FRAMES), _frames_of(store.read, store.count))
            if moves:
                masks = (mask.to(torch.uint8) * 255 for mask in _frames_of(store.read_moving, store.count))
                write_lossless(os.path.join(folder, MOVING), masks)
            cameras = {"w2c": last.cameras.w2c, "intrinsics": last.cameras.intrinsics}
            _write(os.path.join(folder, CAMERAS), cameras)
            if kind != "same":
                _write(os.path.join(folder, CLOUD), tensors)
            if latents is not None:
                _write(os.path.join(folder, LATENTS), {"samples": latents.detach().cpu()})
            write_poster(os.path.join(folder, "poster.jpg"), store.read([store.count - 1])[0])
            if store.count > 1:
                write_preview(os.path.join(folder, "preview.mp4"), _frames_of(store.read, store.count))
            record = Record(
                clip,
                parent,
                len(memory.clips) - 1,
                store.count,
                last.history,
                memory.exact_from,
                kind,
                None if last.change is None else last.change.size,
                moves,
                None if latents is None else latents.shape[2],
                history_latents,
                last.notes,
                report,
                round(seconds, 3),
                peak_bytes,
                made,
            )
            records.write_record(folder, record)

    def _require_space(self, pixels: int, tensors: int) -> None:
        """Refuse a clip of so many pixels, of all its frames, and so many bytes of tensors that the disk has no room for."""
        # Noise does not compress: what a clip takes at most, and a little.
        needed = pixels * 4 + tensors + (16 << 20)
        os.makedirs(self.folder, exist_ok=True)
        free = free_bytes(self.folder)
        if free < needed:
            raise SpatiaError(
                f"The disk of the world {shown(self.name)} has {free / 2**20:.0f} MiB left, and this clip may take "
                f"{needed / 2**20:.0f} MiB; free some space (or remove branches), and queue again: finished clips are read."
            )

    def _held_here(self, memory: SpatialMemory, clip: str) -> SpatialMemory:
        """The memory as the world gives it: its last clip's frames by reference, made for what the world was begun for."""
        last = memory.clips[-1]
        stored = self._clip(self.record(clip), (memory.height, memory.width), last.cameras, last.change)
        return memory._replace(clips=(*memory.clips[:-1], stored), made_for=self.heading.made_for)

    def _clip(self, record: Record, size: tuple[int, int], cameras: Cameras, change: CloudChange | None) -> Clip:
        """A clip whose frames are on disk; size: their height and width."""
        folder = self.clip_folder(record.id)
        moving = os.path.join(folder, MOVING) if record.moving else None
        store = StoredFrames(os.path.join(folder, FRAMES), moving, record.frames, *size)
        return Clip(store, cameras, record.history, change, record.notes, record.id)

    def _remove_unreached(self, branches: dict[str, str]) -> int:
        reached = {record.id for head in branches.values() for record in self.chain(head)}
        gone = [clip for clip in self.clips() if clip not in reached]
        for clip in gone:
            remove_folder(self.clip_folder(clip))
        return len(gone)


class _Reader:
    """A chain of clips, read into one memory."""

    def __init__(self, world: World, chain: list[Record]):
        self.world, self.chain = world, chain

    def memory(self) -> SpatialMemory:
        world, heading = self.world, self.world.heading
        starts = [k for k, record in enumerate(self.chain) if record.cloud == "whole"]
        if not starts:
            raise records.damaged(f"The world {shown(world.name)}", "its first clip holds no whole cloud")
        clips, cloud = [], empty_cloud()  # until the first whole one
        for k, record in enumerate(self.chain):
            look_for_interrupt()
            try:
                cameras = make_cameras(**self._tensors(record, CAMERAS, _CAMERA_TYPES))
                whole, change, added = self._cloud(record)
                if whole is not None:
                    cloud = whole
                elif k > starts[-1]:
                    if change is None:
                        raise ValueError("what it changed in the cloud is not known")
                    cloud = _changed(cloud, change, added)
                if cameras.count != record.frames:
                    raise ValueError(f"it has {cameras.count} cameras for {record.frames} frames")
            except ValueError as error:  # a SpatiaError is one too
                raise records.damaged(
                    f"Clip {record.number} ({record.id}) of the world {shown(world.name)}", error
                ) from error
            clips.append(world._clip(record, (heading.height, heading.width), cameras, change))
        memory = SpatialMemory(
            cloud, tuple(clips), heading.voxel_size, self.chain[-1].exact_from, SeenFrames(), heading.made_for
        )
        try:
            check_memory(memory)
        except SpatiaError as error:
            raise records.damaged(f"The world {shown(world.name)}", error) from error
        return memory

    def _cloud(self, record: Record) -> tuple[PointCloud | None, CloudChange | None, PointCloud | None]:
        """The whole cloud after the clip, if it is stored; what the clip changed, if it is known; the points it added."""
        size = record.size
        if record.cloud == "same":
            return None, None if size is None else no_change(size), None
        types = cloud_types("cloud" if record.cloud == "whole" else "added")
        if size is not None:
            types |= cloud_types("dropped") | {"index": torch.int64}
        tensors = self._tensors(record, CLOUD, types)
        change = None if size is None else CloudChange(size, tensors["index"], cloud_of(tensors, "dropped"))
        if record.cloud == "whole":
            return make_point_cloud(*cloud_of(tensors, "cloud")), change, None
        if change is None:
            raise ValueError("what it changed in the cloud is missing")
        return None, change, make_point_cloud(*cloud_of(tensors, "added"))

    def _tensors(self, record: Record, name: str, types: dict[str, torch.dtype]) -> dict[str, Tensor]:
        path = os.path.join(self.world.clip_folder(record.id), name)
        return checked_tensors(_bytes(path, f"Clip {record.id} of the world {shown(self.world.name)}"), types)


class _Memories:
    """The memories that were read or written last, so that the next run of the same workflow need not read them again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], SpatialMemory] = OrderedDict()

    def get(self, key: tuple[str, int]) -> SpatialMemory | None:
        return self._kept.get(key)

    def put(self, key: tuple[str, int], memory: SpatialMemory) -> None:
        self._kept[key] = memory
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT_MEMORIES:
            self._kept.popitem(last=False)


_memories = _Memories()


def _changed(cloud: PointCloud, change: CloudChange, added: PointCloud | None) -> PointCloud:
    if cloud.size != change.size or (len(change.index) and int(change.index[-1]) >= cloud.size):
        raise ValueError(f"it changed a cloud of {change.size} points, and there are {cloud.size}")
    if len(change.index):
        stayed = torch.ones(cloud.size, dtype=torch.bool)
        stayed[change.index] = False
        cloud = cloud.select(stayed)
    return cloud if added is None or not added.size else concat_clouds(cloud, added)


def _cloud_file(memory: SpatialMemory, parent: Record | None) -> tuple[str, dict[str, Tensor]]:
    """What is stored of the cloud: all of it where it was edited since the clip before, else what the clip changed."""
    change = memory.clips[-1].change
    tensors = {} if change is None else cloud_tensors(change.dropped, "dropped") | {"index": change.index}
    if parent is None or change is None or memory.exact_from > parent.number or memory.exact_from != parent.exact_from:
        return "whole", tensors | cloud_tensors(memory.cloud, "cloud")
    stayed = change.size - len(change.index)
    if stayed == memory.cloud.size == change.size:
        return "same", {}
    added = memory.cloud.select(slice(stayed, None))
    return "change", tensors | cloud_tensors(added, "added")


def needed_files(record: Record) -> list[str]:
    """Names of the files without which a clip cannot be read."""
    there = {CAMERAS: True, CLOUD: record.cloud != "same", LATENTS: record.latents is not None, FRAMES: True}
    there[MOVING] = record.moving
    return [records.CLIP_FILE, *(name for name, needed in there.items() if needed)]


def _link_or_copy(source: str, path: str) -> None:
    try:
        os.link(source, path)
    except OSError:  # another disk, or a file system without links
        try:
            with open(source, "rb") as read, replaced(path) as write:
                shutil.copyfileobj(read, write, 1 << 20)
        except FileNotFoundError as error:
            raise SpatiaError(f"{os.path.basename(source)} of a clip went while it was copied; queue again.") from error


def _frames_of(read: Callable[[range], Tensor], count: int) -> Iterator[Tensor]:
    for start in range(0, count, _FRAMES_AT_ONCE):
        yield from read(range(start, min(start + _FRAMES_AT_ONCE, count)))


def _write(path: str, tensors: dict[str, Tensor]) -> None:
    with replaced(path) as file:
        write_tensors(file, tensors)


def _bytes(path: str, what: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SpatiaError(
            f"{what} could not be read ({os.path.basename(path)}: {error.strerror}); put it back from a copy."
        ) from error
