"""The frames of a video file, one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

import av
import torch
from av.container import InputContainer
from torch import Tensor

from ..errors import SpatiaError
from ..interrupt import look_for_interrupt


def count_frames(file: str | os.PathLike | IO[bytes], name: str) -> int:
    """Pictures in a video, from its packets: nothing is decoded. name: for messages. Raises SpatiaError as `video_frames`."""
    count = 0
    with _opened(file, name) as container:
        try:
            for packet in container.demux(container.streams.video[0]):
                look_for_interrupt()
                count += packet.size > 0
        except (av.error.FFmpegError, OSError) as error:
            raise _unreadable(name, error) from error
    return count


def video_frames(file: str | os.PathLike | IO[bytes], name: str) -> Iterator[Tensor]:
    """Frames (H, W, 3) uint8 of a video, decoded as they are asked for. Raises SpatiaError on what is no video, or cut off."""
    with _opened(file, name) as container:
        container.streams.video[0].thread_type = "AUTO"
        try:
            for frame in container.decode(video=0):
                yield torch.from_numpy(frame.to_ndarray(format="rgb24"))
        except (av.error.FFmpegError, OSError) as error:
            raise _unreadable(name, error) from error


def frame_rate(file: str | os.PathLike | IO[bytes], name: str) -> float:
    """Frames per second, 24 where the file does not say. Raises SpatiaError as `video_frames`."""
    with _opened(file, name) as container:
        return float(container.streams.video[0].average_rate or 24)


def _opened(file: str | os.PathLike | IO[bytes], name: str) -> InputContainer:
    source = os.fspath(file) if isinstance(file, (str, os.PathLike)) else file
    if not isinstance(source, str):
        source.seek(0)
    try:
        container = av.open(source, "r")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    if not container.streams.video:
        container.close()
        raise _unreadable(name, "it holds no pictures")
    return container


def _unreadable(name: str, error: object) -> SpatiaError:
    return SpatiaError(f"{name} could not be read as a video ({error}); give an mp4, or another file that plays.")
