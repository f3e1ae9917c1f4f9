"""A clip's pixels on disk: lossless video, every frame by itself, read when it is asked for."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import av
import numpy as np
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..files import replacing
from ..interrupt import look_for_interrupt
from ..memory.store import FrameStore

CACHE_BYTES = 128 << 20  # decoded frames kept, of all stores together
_RATE = 25  # frames per second in the file, so that each is at a whole millisecond; of no other meaning
# FFV1: lossless and in every player. Each frame stands alone (g 1) and carries its check sums.
_OPTIONS = {"level": "3", "coder": "range_tab", "context": "0", "slicecrc": "1", "g": "1"}


def write_lossless(path: str | os.PathLike, frames: Iterable[Tensor], height: int, width: int) -> None:
    """Write frames (H, W, 3) or (H, W), uint8, as an FFV1 video in Matroska; whole or not at all."""
    with replacing(path) as part, av.open(part, "w", format="matroska") as container:
        stream = None
        for frame in frames:
            look_for_interrupt()
            grey = frame.ndim == 2
            if stream is None:
                stream = container.add_stream("ffv1", rate=_RATE)
                stream.width, stream.height = width, height
                stream.pix_fmt = "gray" if grey else "bgr0"
                # Slices are what threads share; pictures of a few pixels have room for one only.
                stream.options = _OPTIONS | {"slices": "4" if min(height, width) >= 64 else "1"}
                stream.codec_context.thread_type = "SLICE"
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.numpy()), "gray" if grey else "rgb24")
            for packet in stream.encode(picture if grey else picture.reformat(format="bgr0")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


class StoredFrames(FrameStore):
    """Frames of a lossless video file, and of one of masks beside it, None where nothing moves."""

    def __init__(self, path: str, moving: str | None, count: int, height: int, width: int):
        self.path, self.moving_path = path, moving
        self.count, self.height, self.width = count, height, width

    def read(self, index: Sequence[int]) -> Tensor:
        index = list(index)
        found: dict[int, Tensor] = {}
        for k in index:
            frame = _cache.get((self.path, k))
            if frame is not None:
                found[k] = frame
        missing = sorted({k for k in index if k not in found})
        found |= _decoded(self.path, missing, self.count, (self.height, self.width, 3), "rgb24")
        for k in missing:
            _cache.put((self.path, k), found[k])
        if not index:
            return torch.zeros(0, self.height, self.width, 3, dtype=torch.uint8)
        return torch.stack([found[k] for k in index])

    def read_moving(self, index: Sequence[int]) -> Tensor:
        index = list(index)
        if self.moving_path is None or not index:
            return torch.zeros(len(index), self.height, self.width, dtype=torch.bool)
        found = _decoded(self.moving_path, sorted(set(index)), self.count, (self.height, self.width), "gray")
        return torch.stack([found[k] for k in index]) > 0


class _Cache:
    """Decoded frames, those that were not asked for longest dropped first."""

    def __init__(self):
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
