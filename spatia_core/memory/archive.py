"""A memory in one file, `.spatia`: a zip of memory.json and memory.safetensors, read with the suspicion files deserve."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..cameras.camera import make_cameras
from ..cloud.point_cloud import PointCloud, make_point_cloud
from ..errors import SpatiaError
from ..files import replacing
from ..inputs import (
    LARGEST_COORDINATE,
    LONGEST_NAME,
    MOST_CAMERAS,
    MOST_PIXELS,
    MOST_POINTS,
    number,
    parse_json,
    short_text,
    shown,
    whole,
)
from ..interrupt import look_for_interrupt
from ..zip_file import ZIP_ERRORS, opened_file, opened_zip
from .clip import Clip, CloudChange
from .memory import SMALLEST_VOXEL, SpatialMemory
from .store import FrameStore, HeldFrames
from .tensor_file import Pieces, checked_tensors, cloud_of, cloud_tensors, cloud_types, write_tensors
from .visible_frames import SeenFrames
from .windows import HISTORY_FRAMES

_FORMAT = 2  # 1 had the clips as parallel records of frames; `_loaded_format_1` reads it
_LONGEST_ENTRIES = 1 << 24  # bytes of memory.json
# Bytes of memory.safetensors: what any archive may unpack to, and what more for each byte of a larger one.
_UNPACKED, _UNPACKED_SHARE = 1 << 27, 64
_LONGEST_DIRECTORY = 1 << 20  # bytes of a zip's list of entries
_FRAMES_AT_ONCE = 32


class _Entry(NamedTuple):
    """One clip in memory.json."""

    frames: int
    history: int
    size: int | None  # points before, where its change is known
    notes: tuple[str, ...]
    key: str


def save_memory(memory: SpatialMemory, path: str | os.PathLike) -> None:
    """Write the whole memory as one archive. Replaces the file at once or not at all; holds few frames at a time.

    What earlier frames see is not written: it follows from the rest. Raises SpatiaError when the file cannot be
    written, and on a memory that `load_memory` would refuse.
    """
    clips = [
        {
            "frames": clip.cameras.count,
            "history": clip.history,
            "size": None if clip.change is None else clip.change.size,
            "notes": list(clip.notes),
            "key": clip.key,
        }
        for clip in memory.clips
    ]
    header = {"format": "spatia memory", "version": _FORMAT, "voxel_size": memory.voxel_size}
    header["made_for"] = memory.made_for
    entries = json.dumps(header | {"exact_from": memory.exact_from, "clips": clips}).encode()
    try:
        if len(entries) > _LONGEST_ENTRIES:
            raise SpatiaError(f"its notes take {len(entries)} bytes, expected at most {_LONGEST_ENTRIES}.")
        check_memory(memory)
    except SpatiaError as error:
        raise SpatiaError(f"The scene cannot be saved: {error}") from error
    with replacing(path) as part:
        for how in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
            with zipfile.ZipFile(part, "w", how, compresslevel=1) as archive:
                archive.writestr("memory.json", entries)
                with archive.open("memory.safetensors", "w", force_zip64=True) as file:
                    write_tensors(file, _named_tensors(memory))
                size = archive.getinfo("memory.safetensors").file_size
            # Pictures of one colour get so small that reading them back would look like a trap. They are stored as is.
            if size <= _most_unpacked(os.path.getsize(part)):
                break


def load_memory(path: str | os.PathLike) -> SpatialMemory:
    """Read what `save_memory` wrote, exactly, now or in format 1.

    Raises SpatiaError on a missing, foreign, corrupt or inconsistent file.
    """
    name = os.path.basename(os.fspath(path))
    if not os.path.isfile(path):
        raise SpatiaError(f"The scene file {name} does not exist; choose another file.")
    damaged = f"The scene file {name} is damaged or was not saved by Save Scene"
    file = opened_file(path, f"The scene file {name}")
    try:
        entries, data = _read_archive(file, name)
    except SpatiaError:
        raise
    except ZIP_ERRORS as error:  # nothing of ours runs there that could fail in these ways
        reason = getattr(error, "strerror", None) or error
        raise SpatiaError(f"{damaged} ({shown(str(reason))}); choose another file.") from error
    header = parse_json(entries, f"The entries of the scene file {name}", "nothing in it, but choose another file")
    kind = [header.get(key) for key in ("format", "version")] if isinstance(header, dict) else header
    # True and 1.0 equal 1, and are no version.
    if kind not in (["spatia memory", 1], ["spatia memory", _FORMAT]) or type(kind[1]) is not int:
        raise SpatiaError(
            f"The scene file {name} is {shown(kind)}, expected ['spatia memory', 1 or {_FORMAT}]; choose another file, "
            "or a newer version of this package."
        )
    try:
        memory = (_loaded if kind[1] == _FORMAT else _loaded_format_1)(header, data)
    except SpatiaError as error:  # a ValueError too
        raise SpatiaError(f"The scene file {name} cannot be used: {error} Choose another file.") from error
    except ValueError as error:
        raise SpatiaError(f"{damaged}: {error}; choose another file.") from error
    return memory


def check_memory(memory: SpatialMemory) -> None:
    """Raises SpatiaError when a memory does not hold together. What passes can be grown, taken back and saved."""
    count, size = memory.frame_count, (memory.height, memory.width)
    starts = _first_frames(memory)
    for k, clip in enumerate(memory.clips):
        store = clip.frames
        if store.count != clip.cameras.count or (store.height, store.width) != size:
            raise SpatiaError(
                f"it is inconsistent: clip {k} has {clip.cameras.count} cameras for {store.count} frames of "
                f"{store.width}x{store.height}, and the video is {size[1]}x{size[0]}."
            )
        # The image repeats nothing; a clip repeats at most what was there.
        if not 0 <= clip.history <= max(1, starts[k]) or (clip.history == 0) != (k == 0):
            raise SpatiaError(f"clip {k} shares {clip.history} frames with the video before it.")
    if not 1 <= count <= MOST_CAMERAS or not 1 <= size[0] * size[1] <= MOST_PIXELS:
        raise SpatiaError(
            f"it holds {count} frames of {size[1]}x{size[0]} pixels, expected 1 to {MOST_CAMERAS} frames of 1 to "
            f"{MOST_PIXELS} pixels."
        )
    if not SMALLEST_VOXEL <= memory.voxel_size <= LARGEST_COORDINATE:
        raise SpatiaError(
            f"its voxel_size is {memory.voxel_size}, expected {SMALLEST_VOXEL:g} to {LARGEST_COORDINATE:g}."
        )
    if memory.clips[0].cameras.count != 1:
        raise SpatiaError(f"it begins with {memory.clips[0].cameras.count} images, expected one.")
    if not 1 <= memory.exact_from <= len(memory.clips):
        raise SpatiaError(f"its exact_from is {memory.exact_from}, and it holds {len(memory.clips)} clips.")
    cameras = memory.cameras
    make_cameras(cameras.w2c, cameras.intrinsics)
    _check_points(memory.cloud, count)
    _check_changes(memory)


def _named_tensors(memory: SpatialMemory) -> dict[str, Tensor | Pieces]:
    shape, cameras = (memory.frame_count, memory.height, memory.width), memory.cameras
    tensors: dict[str, Tensor | Pieces] = {**cloud_tensors(memory.cloud, "cloud")}
    tensors |= {"w2c": cameras.w2c, "intrinsics": cameras.intrinsics}
    tensors["frames"] = Pieces(torch.uint8, (*shape, 3), _in_parts(memory, lambda store, part: store.read(part)))
    tensors["moving"] = Pieces(torch.bool, shape, _in_parts(memory, lambda store, part: store.read_moving(part)))
    for k, clip in enumerate(memory.clips):
        if clip.change is not None:
            tensors |= cloud_tensors(clip.change.dropped, f"change.{k}") | {f"change.{k}.index": clip.change.index}
    return tensors


def _in_parts(memory: SpatialMemory, read: Callable[[FrameStore, range], Tensor]) -> Iterator[Tensor]:
    for clip in memory.clips:
        for start in range(0, clip.frames.count, _FRAMES_AT_ONCE):
            look_for_interrupt()
            yield read(clip.frames, range(start, min(start + _FRAMES_AT_ONCE, clip.frames.count)))


def _loaded(header: dict, data: bytes) -> SpatialMemory:
    """Raises ValueError saying what is wrong with the file, SpatiaError with what it holds."""
    voxel_size = _voxel_size(header)
    clips = header.get("clips")
    if not isinstance(clips, list) or not 1 <= len(clips) <= MOST_CAMERAS:
        raise ValueError(f"its clips are {shown(clips)}, expected a list of 1 to {MOST_CAMERAS}")
    entries = [_entry(clip) for clip in clips]
    try:
        exact_from = whole(header.get("exact_from"), 1, len(clips))
    except ValueError as error:
        raise ValueError(f"its exact_from is {shown(header.get('exact_from'))}, expected {error}") from None
    changes = {k: entry.size for k, entry in enumerate(entries) if entry.size is not None}
    types = {"frames": torch.uint8, "moving": torch.bool}
    tensors = checked_tensors(data, types | _common_types("change", changes))
    memory = _assembled(entries, voxel_size, exact_from, tensors, "change", {k: k for k in changes})
    return memory._replace(made_for=_made_for(header))


def _loaded_format_1(header: dict, data: bytes) -> SpatialMemory:
    """As `_loaded`, of an archive whose clips are a number per frame and a ledger of changes."""
    voxel_size, notes, ledger = (
        _voxel_size(header),
        _texts(header.get("notes"), "its notes are"),
        header.get("ledger", []),
    )
    if not isinstance(ledger, list) or len(ledger) > MOST_CAMERAS or not all(isinstance(one, dict) for one in ledger):
        raise ValueError(f"its ledger is {shown(ledger)}, expected a list of at most {MOST_CAMERAS} changes")
    limits = {"clip": (1, MOST_CAMERAS), "size": (0, MOST_POINTS), "notes": (0, len(notes))}
    try:
        changes = [tuple(whole(one.get(key), *limit) for key, limit in limits.items()) for one in ledger]
    except ValueError as error:
        raise ValueError(f"its ledger is {shown(ledger)}, expected in each entry {error}") from None
    types = {"frames": torch.uint8, "moving": torch.bool, "clip": torch.int32}
    tensors = checked_tensors(data, types | _common_types("ledger", range(len(changes))))
    clip = tensors.pop("clip")
    rising = (
        clip.ndim == 1 and len(clip) and clip[0] == 0 and not bool((clip.diff() < 0).any()) and clip[-1] < len(clip)
    )
    if not rising or int((clip == 0).sum()) != 1:
        raise SpatiaError("the clips of its frames are no rising numbers from 0 on.")
    numbers, counts = clip.unique_consecutive(return_counts=True)
    place = {int(number): k for k, number in enumerate(numbers)}
    if not {number for number, _, _ in changes} <= place.keys() or len({number for number, _, _ in changes}) < len(
        changes
    ):
        raise SpatiaError(
            f"its ledger is of clips {shown([number for number, _, _ in changes])}, and it holds {shown(list(place))}."
        )
    sizes = {place[number]: size for number, size, _ in changes}
    # A clip's own notes are those beyond what there was before it. Where nobody knows, they are the image's.
    starts = {place[number]: begin for number, _, begin in changes}
    order = sorted(starts)
    if [starts[k] for k in order] != sorted(starts.values()):
        raise SpatiaError("its ledger counts notes that fall from one clip to the next.")
    bounds = [starts[k] for k in order] + [len(notes)]
    own = {k: tuple(_without_clip(note) for note in notes[bounds[i] : bounds[i + 1]]) for i, k in enumerate(order)}
    own[0] = notes[: bounds[0]]
    entries = [
        _Entry(
            int(count), 0 if k == 0 else min(HISTORY_FRAMES, int(counts[:k].sum())), sizes.get(k), own.get(k, ()), ""
        )
        for k, count in enumerate(counts)
    ]
    # The first clip after the image starts with the image alone.
    entries[1:2] = [entry._replace(history=1) for entry in entries[1:2]]
    exact_from = min(order, default=len(entries))
    places = {place[number]: i for i, (number, _, _) in enumerate(changes)}
    return _assembled(entries, voxel_size, exact_from, tensors, "ledger", places)


def _assembled(
    entries: list[_Entry],
    voxel_size: float,
    exact_from: int,
    tensors: dict[str, Tensor],
    prefix: str,
    changes: dict[int, int],
) -> SpatialMemory:
    """The memory of what a file held, checked. changes: the number in the tensors' names of each clip's change."""
    count = sum(entry.frames for entry in entries)
    frames, moving = tensors["frames"], tensors["moving"]
    fits = frames.ndim == 4 and frames.shape[0] == count and frames.shape[3] == 3 and moving.shape == frames.shape[:3]
    if not fits or not frames.numel():
        raise SpatiaError(
            f"it is inconsistent: {count} frames in its clips, frames {tuple(frames.shape)}, masks {tuple(moving.shape)}."
        )
    cameras = make_cameras(tensors["w2c"], tensors["intrinsics"])
    if cameras.count != count:
        raise SpatiaError(f"it is inconsistent: {cameras.count} cameras for {count} frames.")
    clips, start = [], 0
    for k, entry in enumerate(entries):
        part = slice(start, start + entry.frames)
        change = None
        if k in changes and entry.size is not None:
            name = f"{prefix}.{changes[k]}"
            change = CloudChange(entry.size, tensors[f"{name}.index"], cloud_of(tensors, name))
        held = HeldFrames(frames[part], moving[part])
        clips.append(Clip(held, cameras.select(part), entry.history, change, entry.notes, entry.key))
        start += entry.frames
    memory = SpatialMemory(cloud_of(tensors, "cloud"), tuple(clips), voxel_size, exact_from, SeenFrames())
    check_memory(memory)
    return memory


def _common_types(prefix: str, changes: Iterable[int]) -> dict[str, torch.dtype]:
    types = cloud_types("cloud") | {"w2c": torch.float64, "intrinsics": torch.float64}
    for k in changes:
        types |= cloud_types(f"{prefix}.{k}") | {f"{prefix}.{k}.index": torch.int64}
    return types


def _entry(clip: object) -> _Entry:
    if not isinstance(clip, dict):
        raise ValueError(f"one of its clips is {shown(clip)}, expected an object")
    try:
        frames = whole(clip.get("frames"), 1, MOST_CAMERAS)
        history = whole(clip.get("history"), 0, MOST_CAMERAS)
        size = None if clip.get("size") is None else whole(clip["size"], 0, MOST_POINTS)
    except ValueError as error:
        raise ValueError(f"one of its clips is {shown(clip)}, expected in frames, history and size {error}") from None
    try:
        key = short_text(clip.get("key"), LONGEST_NAME)
    except ValueError as error:
        raise ValueError(f"a clip's key is {shown(clip.get('key'))}, expected {error}") from None
    return _Entry(frames, history, size, _texts(clip.get("notes"), "the notes of a clip are"), key)


def _texts(notes: object, what: str) -> tuple[str, ...]:
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ValueError(f"{what} {shown(notes)}, expected a list of texts")
    return tuple(notes)


def _without_clip(note: str) -> str:
    """A note of format 1, which names its clip."""
    head, colon, rest = note.partition(": ")
    return rest if colon and head.startswith("clip ") and head[5:].isdecimal() else note


def _voxel_size(header: dict) -> float:
    try:
        return number(header.get("voxel_size"), SMALLEST_VOXEL, LARGEST_COORDINATE)
    except ValueError as error:
        raise ValueError(f"its voxel_size is {shown(header.get('voxel_size'))}, expected {error}") from None


def _made_for(header: dict) -> str:
    try:
        return short_text(header.get("made_for", ""), LONGEST_NAME)  # nothing in files from before it was written
    except ValueError as error:
        raise ValueError(f"its made_for is {shown(header['made_for'])}, expected {error}") from None


def _most_unpacked(size: int) -> int:
    """Bytes that the tensors of an archive of `size` bytes may have."""
    return _UNPACKED + _UNPACKED_SHARE * size


def _read_archive(file: io.RawIOBase, name: str) -> tuple[bytes, bytes]:
    """The two entries of an archive, unpacked; closes the file.

    Raises SpatiaError on ways of packing that are not ours, and ZIP_ERRORS.
    """
    size = os.fstat(file.fileno()).st_size
    with opened_zip(file, _LONGEST_DIRECTORY) as archive:
        entries = _unpacked(archive, "memory.json", _LONGEST_ENTRIES, name)
        return entries, _unpacked(archive, "memory.safetensors", _most_unpacked(size), name)


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
            f"bytes, expected at most {most} of a file of this length; choose another file."
        )
    unpacked = io.BytesIO()
    with archive.open(info) as file:
        # It ends at the declared size, whatever is packed.
        while block := file.read(1 << 20):
            look_for_interrupt()
            unpacked.write(block)
    return unpacked.getvalue()


def _first_frames(memory: SpatialMemory) -> list[int]:
    """`first_frame` of every clip: a file may hold so many clips that asking for each would take hours."""
    return list(accumulate((clip.cameras.count for clip in memory.clips[:-1]), initial=0))


def _check_points(cloud: PointCloud, frames: int) -> None:
    make_point_cloud(*cloud)
    if cloud.size and int(cloud.view.max()) >= frames:
        raise SpatiaError(
            f"a point came from frame {int(cloud.view.max())}, and there are {frames} frames at that time."
        )


def _check_changes(memory: SpatialMemory) -> None:
    """That each clip which can be taken back exactly can be, after the later ones."""
    highest = np.maximum.accumulate(memory.cloud.view.cpu().numpy())
    size, later, starts = memory.cloud.size, 0, _first_frames(memory)
    for k in range(len(memory.clips) - 1, -1, -1):
        look_for_interrupt()
        change = memory.clips[k].change
        if change is None:
            if k >= memory.exact_from:
                raise SpatiaError(f"its record of clip {k} is missing.")
            continue
        index, dropped = change.index, change.dropped.positions.shape[0]
        stayed = change.size - dropped
        before = starts[k]
        fits = (
            stayed >= 0 and change.size <= MOST_POINTS and index.shape == (dropped,)
            and (not dropped or (int(index[0]) >= 0 and int(index[-1]) < change.size))
            and not bool((index.diff() <= 0).any())
            and (k < memory.exact_from or stayed <= size)
        )  # fmt: skip
        if not fits:
            raise SpatiaError(f"its record of clip {k} does not fit its points.")
        _check_points(change.dropped, before)
        if k < memory.exact_from:
            continue
        # At least so many of the cloud's first rows were there before the clip.
        stable = stayed - later
        if stable > 0 and int(highest[stable - 1]) >= before:
            raise SpatiaError(f"its record of clip {k} keeps points that came from that clip.")
        size, later = change.size, later + dropped
