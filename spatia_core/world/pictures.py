"""What people look at: a poster and a small preview of a clip, and videos written while their frames are made."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
from PIL import Image
from torch import Tensor

from ..files import replacing, write_bytes

_POSTER, _PREVIEW = 320, 480  # pixels of the longer side
_PREVIEW_RATE = 24


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


class _Writer:
    def __init__(self, container, rate: Fraction, longest: int | None, quality: int, lossless: bool):
        self.container, self.rate, self.longest, self.quality = container, rate, longest, quality
        self.lossless, self.stream = lossless, None

    def __call__(self, frame: Tensor) -> None:
        """Add one frame (H, W, 3) uint8."""
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.cpu().numpy()), "rgb24")
        if self.stream is None:
            self._open(picture.width, picture.height)
        layout = self.stream.pix_fmt
        for packet in self.stream.encode(picture.reformat(self.stream.width, self.stream.height, layout)):
            self.container.mux(packet)

    def finish(self) -> None:
        for packet in () if self.stream is None else self.stream.encode(None):
            self.container.mux(packet)

    def _open(self, width: int, height: int) -> None:
        stream = self.container.add_stream("ffv1" if self.lossless else "libx264", rate=self.rate)
        if self.lossless:
            stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
            stream.options = {"level": "3", "slicecrc": "1", "g": "1"}
        else:
            scale = 1.0 if self.longest is None else min(1.0, self.longest / max(width, height))
            # 4:2:0 halves both sides.
            stream.width, stream.height = (max(2, round(side * scale / 2) * 2) for side in (width, height))
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(self.quality), "preset": "veryfast" if self.longest else "medium"}
        self.stream = stream


@contextmanager
def video_writer(
    path: str | os.PathLike,
    rate: float | Fraction,
    *,
    longest: int | None = None,
    quality: int = 17,
    lossless: bool = False,
) -> Iterator[_Writer]:
    """A function that adds one frame (H, W, 3) uint8 to a video file, which is there, whole, when the block ends well.

    rate: frames per second. longest: pixels of the longer side, None: as the frames are. quality: H.264's CRF, lower is
    better. lossless: FFV1 in Matroska instead of H.264 in MP4.
    """
    rate = Fraction(rate).limit_denominator(1001)
    kind, options = ("matroska", {}) if lossless else ("mp4", {"movflags": "faststart"})
    with replacing(path) as part, av.open(part, "w", format=kind, options=options) as container:
        writer = _Writer(container, rate, longest, quality, lossless)
        yield writer
        writer.finish()
