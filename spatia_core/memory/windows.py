"""Clips and windows: how a camera path of any length is cut into clips that share their history (release, `inference.py`)."""

from __future__ import annotations

from typing import NamedTuple

from ..backbone import FRAMES_PER_LATENT
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
    first_frames, later_frames, history = _checked_lengths(first_frames, later_frames, history)
    if total < 1:
        raise SpatiaError(f"A camera path of {total} poses was given, expected at least 1; check the cameras.")
    windows = [ClipWindow(0, min(first_frames, total), first_frames, 0)]
    return windows + _later_windows(windows[-1].end, total, later_frames, history)


def windows_after(
    frames: int,
    total: int,
    first_frames: int = FIRST_FRAMES,
    later_frames: int = LATER_FRAMES,
    history: int = HISTORY_FRAMES,
) -> list[ClipWindow]:
    """The windows that lead a video of `frames` frames to the end of a path of `total` cameras, whose first ones are its own.

    A video of one frame is the given image: those are `clip_windows`. Raises SpatiaError as it does, and where the video
    is shorter than a later clip's history.
    """
    if frames == 1:
        # A path of one camera is the image, and needs no clip.
        return clip_windows(total, first_frames, later_frames, history) if total > 1 else []
    _, later_frames, history = _checked_lengths(first_frames, later_frames, history)
    if frames < min(total, history):
        raise SpatiaError(
            f"The video has {frames} frames, and a clip after it needs {history} of them as its history; decrease "
            "history_frames, or begin anew with a longer first clip."
        )
    return _later_windows(frames, total, later_frames, history)


def _later_windows(end: int, total: int, frames: int, history: int) -> list[ClipWindow]:
    windows = []
    while end < total:
        start = end - history
        end = min(start + frames, total)
        windows.append(ClipWindow(start, end, frames, history))
    return windows


def _checked_lengths(first_frames: int, later_frames: int, history: int) -> tuple[int, int, int]:
    first_frames = require_clip_length(first_frames, "first_frames")
    later_frames = require_clip_length(later_frames, "later_frames")
    history = require_clip_length(history, "history_frames")
    if later_frames <= history:
        raise SpatiaError(
            f"later_frames: {later_frames} was given with history_frames {history}, so later clips would add nothing; "
            "increase later_frames."
        )
    if first_frames < history:
        raise SpatiaError(
            f"first_frames: {first_frames} was given, but the next clip needs {history} of them (history_frames) as its "
            "history; increase first_frames."
        )
    return first_frames, later_frames, history


def require_clip_length(frames: int, name: str = "frames") -> int:
    """The frame count, refused when the video VAE cannot hold it, which packs 1 + 4 n frames, or no path is so long."""
    frames = widget_whole(name, frames, -MOST_CAMERAS, MOST_CAMERAS)
    step = FRAMES_PER_LATENT
    if frames < 1 or frames % step != 1:
        lower = max(1, (frames - 1) // step * step + 1)
        raise SpatiaError(
            f"{name}: {frames} was given, expected 4n + 1 (such as {lower} or {lower + step}); change {name}."
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
    return (require_clip_length(frames) - 1) // FRAMES_PER_LATENT + 1


def new_latents(window: ClipWindow) -> slice:
    """The clip's latent frames that are new, its history's left out: these, joined over clips, are the video."""
    return slice(latent_count(window.history) if window.history else 0, latent_count(window.frames))


def joined_frames(windows: list[ClipWindow]) -> int:
    """Frames of the decoded, joined latents, before the padding is cut."""
    latents = sum(new_latents(window).stop - new_latents(window).start for window in windows)
    return FRAMES_PER_LATENT * (latents - 1) + 1


def trimmed_frames(windows: list[ClipWindow]) -> int:
    """Frames of the final video: one per pose of the path. The release keeps the last clip's padding; we cut it."""
    return windows[-1].end
