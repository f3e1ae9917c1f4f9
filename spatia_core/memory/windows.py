"""Clips and windows: how a camera path of any length is cut into clips that share their history (release, `inference.py`)."""

from __future__ import annotations

from typing import NamedTuple

from ..cameras.camera import Cameras
from ..errors import SpatiaError
from ..inputs import MOST_CAMERAS, widget_whole

FIRST_FRAMES = 121
LATER_FRAMES = 81
HISTORY_FRAMES = 9  # of a later clip, where nobody says otherwise: what Spatia was trained with


class ClipWindow(NamedTuple):
    """One clip's part of a camera path.

    Frames start..end-1 of the path (end excluded), history included, padded to `frames` with the last pose.
    """

    start: int
    end: int
    frames: int
    history: int  # leading frames that repeat the end of the clip before; 0 in the first clip

    @property
    def padding(self) -> int:
        """Frames at the clip's end that stand on a repeated last pose and are cut from the video."""
        return self.frames - (self.end - self.start)


def clip_windows(
    total: int, first_frames: int = FIRST_FRAMES, later_frames: int = LATER_FRAMES, history: int = HISTORY_FRAMES
) -> list[ClipWindow]:
    """The windows that cover a path of `total` cameras.

    The first clip covers [0, first_frames); each later one starts `history` frames before the end of the one before.
    Raises SpatiaError on an empty path, counts that are not 4n + 1, or later clips that add no frame.
    """
    if total < 1:
        raise SpatiaError(f"A camera path of {total} poses was given, expected at least 1; check the cameras.")
    first_frames = require_clip_length(first_frames, "first clip's frames")
    later_frames = require_clip_length(later_frames, "later clips' frames")
    history = require_clip_length(history, "history frames")
    if later_frames <= history:
        raise SpatiaError(
            f"Later clips of {later_frames} frames were given with a history of {history}, so they would add nothing; "
            "increase the later clips' frames."
        )
    if first_frames < history:
        raise SpatiaError(
            f"A first clip of {first_frames} frames was given, but the next one needs {history} of them as its history; "
            "increase the first clip's frames."
        )
    windows = [ClipWindow(0, min(first_frames, total), first_frames, 0)]
    while windows[-1].end < total:
        start = windows[-1].end - history
        windows.append(ClipWindow(start, min(start + later_frames, total), later_frames, history))
    return windows


def require_clip_length(frames: int, name: str = "frames") -> int:
    """The frame count, refused when the video VAE cannot hold it, which packs 1 + 4 n frames, or no path is so long."""
    frames = widget_whole(name, frames, -MOST_CAMERAS, MOST_CAMERAS)
    if frames < 1 or frames % 4 != 1:
        lower = max(1, (frames - 1) // 4 * 4 + 1)
        raise SpatiaError(
            f"{name}: {frames} was given, expected 4n + 1 (such as {lower} or {lower + 4}); change {name}."
        )
    return frames


def window_cameras(cameras: Cameras, window: ClipWindow) -> Cameras:
    """The window's cameras, its last pose repeated to the clip's length; they know how many are history.

    Raises SpatiaError when the path ends before the window does.
    """
    if window.end > cameras.count:
        raise SpatiaError(
            f"A window up to frame {window.end} was asked of a path of {cameras.count} cameras; lengthen the path."
        )
    # The first clip starts with the given image, which the video already holds.
    return cameras.select(window_indices(window))._replace(history=max(1, window.history))


def window_indices(window: ClipWindow) -> list[int]:
    """Path index of each of the clip's frames."""
    return [min(start, window.end - 1) for start in range(window.start, window.start + window.frames)]


def latent_count(frames: int) -> int:
    """Latent frames of a clip of 4n + 1 frames: n + 1."""
    return (require_clip_length(frames) - 1) // 4 + 1


def new_latents(window: ClipWindow) -> slice:
    """The clip's latent frames that are new, its history's left out: these, joined over clips, are the video."""
    return slice(latent_count(window.history) if window.history else 0, latent_count(window.frames))


def joined_frames(windows: list[ClipWindow]) -> int:
    """Frames of the decoded, joined latents, before the padding is cut."""
    latents = sum(new_latents(window).stop - new_latents(window).start for window in windows)
    return 4 * (latents - 1) + 1


def trimmed_frames(windows: list[ClipWindow]) -> int:
    """Frames of the final video: one per pose of the path. The release keeps the last clip's padding; we cut it."""
    return windows[-1].end
