"""What people look at: a poster and a small preview of a clip, and videos written while their frames are made."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image
from torch import Tensor

from ..files import replacing, write_bytes

_POSTER, _PREVIEW = 320, 480  # pixels of the longer side
_PREVIEW_RATE = 24
# FFV1 is in every player. Each frame stands alone (g 1) and carries its check sums.
_LOSSLESS: dict[str, object] = {"level": "3", "coder": "range_tab", "context": "0", "slicecrc": "1", "g": "1"}


def write_poster(path: str | os.PathLike, frame: Tensor) -> None:
    """Write a frame (H, W, 3) uint8 as a small JPEG."""
    picture = Image.fromarray(frame.numpy())
    picture.thumbnail((_POSTER, _POSTER), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    write_bytes(path, buffer.getvalue())


def write_preview(path: str | os.PathLike, frames: Iterable[Tensor]) -> None:
    """Write frames (H, W, 3) uint8 as a small MP4 that every browser plays."""
    with video_writer(path, _PREVIEW_RATE, longest=_PREVIEW, quality=28) as add:
        for frame in frames:
            add(frame)


class VideoWriter:
    """What `video_writer` gives: called with one frame after the other."""

    def __init__(self, container: OutputContainer, rate: Fraction, longest: int | None, quality: int, lossless: bool):
        self._container, self._rate, self._longest, self._quality = container, rate, longest, quality
        self._lossless = lossless
        self._stream: VideoStream | None = None  # opened by the first frame

    def __call__(self, frame: Tensor) -> None:
        """Add one frame (H, W, 3), or grey (H, W), uint8."""
        layout = "gray" if frame.ndim == 2 else "rgb24"
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.cpu().numpy()), layout)
        if self._stream is None:
            self._stream = self._opened(picture)
        stream = self._stream
        self._mux(stream, picture.reformat(stream.width, stream.height, stream.pix_fmt))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._mux(self._stream, None)

    def _mux(self, stream: VideoStream, picture: av.VideoFrame | None) -> None:
        for packet in stream.encode(picture):
            self._container.mux(packet)

    def _opened(self, picture: av.VideoFrame) -> VideoStream:
        width, height = picture.width, picture.height
        if self._lossless:
            stream = self._container.add_stream("ffv1", rate=self._rate)
            stream.width, stream.height = width, height
            stream.pix_fmt = "gray" if picture.format.name == "gray" else "bgr0"
            # Slices are what threads share; pictures of a few pixels have room for one only.
            stream.options = _LOSSLESS | {"slices": "4" if min(width, height) >= 64 else "1"}
            stream.codec_context.thread_type = "SLICE"
            return stream
        stream = self._container.add_stream("libx264", rate=self._rate)
        scale = 1.0 if self._longest is None else min(1.0, self._longest / max(width, height))
        # 4:2:0 halves both sides.
        stream.width, stream.height = (max(2, round(side * scale / 2) * 2) for side in (width, height))
        stream.pix_fmt = "yuv420p"
        # Its macroblock tree, alone of all it does, makes another file of the same frames now and then on a busy machine;
        # and remembered frames may go through one (the release's way).
        stream.options = {
            "crf": str(self._quality), "preset": "veryfast" if self._longest else "medium", "x264-params": "mbtree=0",
        }  # fmt: skip
        return stream


@contextmanager
def video_writer(
    path: str | os.PathLike,
    rate: float | Fraction,
    *,
    longest: int | None = None,
    quality: int = 17,
    lossless: bool = False,
) -> Iterator[VideoWriter]:
    """A function that adds one frame to a video file, which is there, whole, when the block ends well.

    Frames are (H, W, 3) uint8, in a lossless file all (H, W) grey as well. rate: frames per second. longest: pixels of
    the longer side, None: as the frames are. quality: H.264's CRF, lower is better. lossless: FFV1 in Matroska instead of
    H.264 in MP4.
    """
    rate = Fraction(rate).limit_denominator(1001)
    kind, options = ("matroska", {}) if lossless else ("mp4", {"movflags": "faststart"})
    with replacing(path) as part, av.open(part, "w", format=kind, options=options) as container:
        writer = VideoWriter(container, rate, longest, quality, lossless)
        yield writer
        writer.finish()
