"""A clip's pixels on disk: lossless video, every frame by itself, read when it is asked for."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import av
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..interrupt import look_for_interrupt
from ..memory.store import FrameStore
from .pictures import video_writer

CACHE_BYTES = 256 << 20  # decoded frames kept, of all stores together: the references and histories of a few clips
_RATE = 25  # frames per second in the file, so that each is at a whole millisecond; of no other meaning


def write_lossless(path: str | os.PathLike, frames: Iterable[Tensor]) -> None:
    """Write frames (H, W, 3) or (H, W), uint8, as an FFV1 video in Matroska; whole or not at all."""
    with video_writer(path, _RATE, lossless=True) as add:
        for frame in frames:
            look_for_interrupt()
            add(frame)


class StoredFrames(FrameStore):
    """Frames of a lossless video file, and of one of masks beside it, None where nothing moves."""

    def __init__(self, path: str, moving: str | None, count: int, height: int, width: int):
        self.path, self.moving_path = path, moving
        self.count, self.height, self.width = count, height, width

    def read(self, index: Sequence[int]) -> Tensor:
        index = list(index)
        if not index:
            return torch.zeros(0, self.height, self.width, 3, dtype=torch.uint8)
        # A world that was removed and made anew has other files of the same names.
        file = f"{self.path}:{changed_at(self.path)}"
        found = {k: frame for k in index if (frame := _cache.get((file, k))) is not None}
        missing = sorted(set(index) - found.keys())
        found |= _decoded(self.path, missing, self.count, (self.height, self.width, 3), "rgb24")
        for k in missing:
            _cache.put((file, k), found[k])
        return torch.stack([found[k] for k in index])

    def read_moving(self, index: Sequence[int]) -> Tensor:
        index = list(index)
        if self.moving_path is None or not index:
            return torch.zeros(len(index), self.height, self.width, dtype=torch.bool)
        found = _decoded(self.moving_path, sorted(set(index)), self.count, (self.height, self.width), "gray")
        return torch.stack([found[k] for k in index]) > 0


def changed_at(path: str) -> int:
    """When a file was last written, in nanoseconds; 0 where there is none."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:  # whoever reads it next will say what is wrong with it
        return 0


class _Cache:
    """Decoded frames, those that were not asked for longest dropped first."""

    def __init__(self) -> None:
        self._frames: OrderedDict[tuple[str, int], Tensor] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, int]) -> Tensor | None:
        if key in self._frames:
            self._frames.move_to_end(key)
        return self._frames.get(key)

    def put(self, key: tuple[str, int], frame: Tensor) -> None:
        if key not in self._frames:
            self._bytes += frame.nbytes
        self._frames[key] = frame
        while self._bytes > CACHE_BYTES:
            _, gone = self._frames.popitem(last=False)
            self._bytes -= gone.nbytes


_cache = _Cache()


def _decoded(path: str, wanted: list[int], count: int, shape: tuple[int, ...], layout: str) -> dict[int, Tensor]:
    """Frames of these ascending numbers. Raises SpatiaError when the file is missing, cut off or another's."""
    found: dict[int, Tensor] = {}
    if not wanted:
        return found
    name = os.path.join(*os.path.normpath(path).split(os.sep)[-3:])
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            at = None  # the frame that decoding goes on with
            for number in wanted:
                if at is None or not at <= number <= at + 2:
                    container.seek(round(number / _RATE / stream.time_base), stream=stream, backward=True)
                    frames = container.decode(stream)
                at = None
                for frame in frames:
                    look_for_interrupt()
                    here = round(frame.pts * stream.time_base * _RATE)
                    if here >= number:
                        at = here + 1
                        break
                if at != number + 1:
                    break
                picture = torch.from_numpy(frame.to_ndarray(format=layout))
                if tuple(picture.shape) != shape:
                    raise SpatiaError(f"{name} holds pictures of {tuple(picture.shape)}, expected {shape}.")
                found[number] = picture
    except (av.error.FFmpegError, OSError, IndexError, StopIteration) as error:
        raise SpatiaError(
            f"The frames of a clip, {name}, could not be read ({error}); put the file back from a copy of the world, or "
            "take the clip back."
        ) from error
    if len(found) != len(wanted):
        raise SpatiaError(
            f"The frames of a clip, {name}, end before frame {wanted[len(found)]} of {count}; put the file back from a "
            "copy of the world, or take the clip back."
        )
    return found
