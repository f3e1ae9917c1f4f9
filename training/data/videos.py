"""Training videos with cameras, from wherever they lie, brought to one size.

rooms:FIRST-LAST           procedural rooms of these seeds, with exact depth; moving_rooms: with a box that moves
realestate10k:FOLDER       camera texts <id>.txt anywhere below it; beside each the folder <id> of frames, or the video <id>.mp4
re10k_chunks:FOLDER        RealEstate10K as pixelSplat publishes it: index.json (key: file name) and the *.torch files that it names
clips:FOLDER               one folder per clip: a camera file (w2c.txt with intrinsics.txt, cameras_re10k.txt, transforms.json, pose.txt,
                           or images.txt with cameras.txt), and its frames (frames/, images/ or one video file)

Beside the frames of a clip (below <id> for RealEstate10K) there may be prompt.txt, depth (depth.npy or depth.npz as (N, h, w) in the
cameras' unit, or depth/ with one .npy or 16-bit .png in thousandths per frame; 0 = unknown) and moving/ (one picture per frame, white =
moving) or moving.npy.
"""

from __future__ import annotations

import functools
import io
import json
import pickle
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...spatia_core.cameras.camera import Cameras, make_cameras
from ...spatia_core.cameras.formats import FILE_NAMES, read_cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.estimate.depth import resize_depth
from ...spatia_core.model.sizes import Fit, fit, fitted_cameras
from .clips import room_video

if TYPE_CHECKING:
    import av

VIDEO_ENDINGS = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v")
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_ROOMS = re.compile(r"^(\d+)(?:-(\d+))?$")
_TIME_TOLERANCE = 0.05  # seconds between a camera's time and the frame taken for it


class PosedVideo(NamedTuple):
    """A training video at the size it is trained at.

    frames: (N, H, W, 3) uint8. cameras: N. depth: (N, H, W) float32 z-depth in the cameras' unit, 0 = unknown, or None.
    moving: (N, H, W) bool.
    """

    frames: Tensor
    cameras: Cameras
    text: str
    depth: Tensor | None
    moving: Tensor


class VideoSource(NamedTuple):
    """A video that is read when it is wanted: plain, so that another process can be sent there.

    name: unique, fit for a file. kind: of `--data`. where: the seed of a room, or the path of a camera text, of a clip's
    folder, or of a file of chunks and in it the key.
    """

    name: str
    kind: str
    where: str

    def load(self, width: int, height: int, stride: int) -> PosedVideo:
        """Every `stride`-th of its frames at this size. Raises SpatiaError that names it when it cannot be read."""
        try:
            return _LOADERS[self.kind](self.where, width, height, stride)
        except SpatiaError as error:
            raise SpatiaError(f"Video {Path(self.where).name}: {error}") from error


def find_videos(specifications: list[str]) -> list[VideoSource]:
    """All videos of specifications as in this file's head. Raises SpatiaError on what is not there.

    Sorted by name within each specification, those of re10k_chunks by file first, so that each file is read once.
    """
    found: list[VideoSource] = []
    for text in specifications:
        kind, colon, where = text.partition(":")
        if kind not in _KINDS or not colon:
            raise SpatiaError(
                f"--data {text} was given, expected one of {', '.join(f'{name}:...' for name in _KINDS)}."
            )
        found += _KINDS[kind](kind, where)
    seen: set[str] = set()
    for source in found:
        if source.name in seen:
            raise SpatiaError(f"Two videos are called {source.name}; rename one of them, or give it once in --data.")
        seen.add(source.name)
    return found


def fitted_video(
    frames: Iterator[np.ndarray],
    cameras: Cameras,
    text: str,
    depth: Tensor | None,
    moving: Tensor | None,
    width: int,
    height: int,
) -> PosedVideo:
    """A video scaled to cover width x height and cropped in the middle, its intrinsics with it.

    frames: (h, w, 3) uint8 each, as many as cameras. depth: (N, h', w') of their shape. moving: likewise, bool.
    """
    fitted: list[Tensor] = []
    plan: Fit | None = None
    size: tuple[int, ...] | None = None
    for frame in frames:
        size = frame.shape[:2] if size is None else size
        if frame.shape[:2] != size:
            raise SpatiaError(
                f"Frame {len(fitted)} is {frame.shape[1]}x{frame.shape[0]}, the ones before {size[1]}x{size[0]}; a video has one size."
            )
        plan = fit(size[1], size[0], width, height)
        fitted.append(_fit_frame(frame, plan))
    if plan is None or len(fitted) != cameras.count:
        raise SpatiaError(
            f"{len(fitted)} frames and {cameras.count} cameras were found, expected one camera per frame."
        )
    left, top = plan.corner
    maps: list[Tensor | None] = []
    for name, value in (("depth", depth), ("moving mask", moving)):
        if value is not None:
            if value.shape[0] != len(fitted):
                raise SpatiaError(
                    f"{value.shape[0]} maps of {name} were found for {len(fitted)} frames, expected one per frame."
                )
            value = resize_depth(value.float(), plan.scaled_height, plan.scaled_width, name)[
                :, top : top + height, left : left + width
            ]
        maps.append(value)
    near, masks = maps
    assert size is not None  # there is a frame
    still = torch.zeros(len(fitted), height, width, dtype=torch.bool)
    return PosedVideo(
        torch.stack(fitted),
        fitted_cameras(cameras, size[1], size[0], plan),
        text,
        near,
        still if masks is None else masks > 0.5,
    )


def _fit_frame(frame: np.ndarray, plan: Fit) -> Tensor:
    picture = Image.fromarray(frame)
    if picture.size != (plan.scaled_width, plan.scaled_height):
        picture = picture.resize((plan.scaled_width, plan.scaled_height), Image.Resampling.BICUBIC)
    left, top = plan.corner
    return torch.from_numpy(np.array(picture.crop((left, top, left + plan.width, top + plan.height))))


# --- procedural rooms ---


def _room_sources(kind: str, where: str) -> list[VideoSource]:
    match = _ROOMS.match(where)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
    if last < first:
        raise SpatiaError(f"--data {kind}:{where} was given, expected seeds such as {kind}:0-499.")
    name = kind.removesuffix("s")
    return [VideoSource(f"{name}_{seed:07d}", kind, str(seed)) for seed in range(first, last + 1)]


def _load_room(where: str, width: int, height: int, stride: int, moving: bool = False) -> PosedVideo:
    room = room_video(int(where), moving)
    kept = slice(None, None, stride)
    cameras = make_cameras(room.w2c[kept], room.intrinsics)
    depth, mask = torch.from_numpy(room.z_depth[kept]), torch.from_numpy(room.moving[kept])
    return fitted_video(iter(room.frames[kept]), cameras, "", depth, mask, width, height)


# --- RealEstate10K ---


def _realestate10k_sources(kind: str, where: str) -> list[VideoSource]:
    root = _folder(where, kind)
    sources = []
    for path in sorted(root.rglob("*.txt")):
        beside = path.with_suffix("")
        if beside.is_dir() or _video_beside(beside) is not None:
            sources.append(VideoSource(_file_name(path.relative_to(root).with_suffix("")), kind, str(path)))
    if not sources:
        raise SpatiaError(
            f"--data {kind}:{where} holds no camera text <id>.txt with a folder <id> of frames or a video <id>.mp4 beside it."
        )
    return sources


def _load_realestate10k(where: str, width: int, height: int, stride: int) -> PosedVideo:
    path = Path(where)
    text = path.read_text(encoding="utf-8")
    cameras, folder = read_cameras(text, format="realestate10k"), path.with_suffix("")
    times = _times(text)
    kept = list(range(0, cameras.count, stride))
    movie = None if folder.is_dir() else _video_beside(folder)
    frames: Iterator[np.ndarray]
    if movie is None:
        pictures = _timed_pictures(folder, times)
        frames = (_picture(pictures[index]) for index in kept)
    else:
        frames = _timed_frames(movie, times, kept)
    return _loaded(folder, frames, cameras, kept, width, height)


def _times(text: str) -> list[int]:
    """Microseconds of every camera line, in order."""
    rows = [line.split() for line in text.splitlines()]
    return [int(float(row[0])) for row in rows if len(row) == 19]


def _timed_pictures(folder: Path, times: list[int]) -> list[Path]:
    """One picture per camera: those whose names are the cameras' times, or as many pictures as cameras in their order."""
    place = next((folder / name for name in ("frames", "images") if (folder / name).is_dir()), folder)
    pictures = _pictures(place)
    by_name = {int(path.stem): path for path in pictures if path.stem.isdecimal()}
    if all(time in by_name for time in times):
        return [by_name[time] for time in times]
    if len(pictures) != len(times):
        raise SpatiaError(
            f"{place.name} holds {len(pictures)} pictures for {len(times)} cameras, and their names are not the cameras' times; expected one per camera."
        )
    return pictures


def _timed_frames(path: Path, times: list[int], kept: list[int]) -> Iterator[np.ndarray]:
    """Frames of a video at the cameras' times; when it holds as many as there are cameras, in their order."""
    stamps = _time_stamps(path)
    if len(stamps) == len(times):
        wanted = kept
    else:
        wanted = []
        for index in kept:
            seconds = times[index] / 1e6
            nearest = min(range(len(stamps)), key=lambda i: abs(stamps[i] - seconds), default=None)
            if nearest is None or abs(stamps[nearest] - seconds) > _TIME_TOLERANCE:
                raise SpatiaError(
                    f"{path.name} has no frame at {seconds:.3f} s, which camera {index} is of; expected the whole video, or one frame per camera."
                )
            wanted.append(nearest)
    return _frames_at(path, wanted)


# --- RealEstate10K in chunks ---


def _chunk_sources(kind: str, where: str) -> list[VideoSource]:
    root = _folder(where, kind)
    sources = []
    for index in sorted(root.rglob("index.json")):
        prefix = index.parent.relative_to(root)
        for key, path in sorted(_chunk_index(index).items(), key=lambda entry: (entry[1].name, entry[0])):
            sources.append(VideoSource(_file_name(prefix / key), kind, str(path / key)))
    if not sources:
        raise SpatiaError(
            f"--data {kind}:{where} holds no video: an index.json of keys and the *.torch files they are in."
        )
    return sources


def _chunk_index(path: Path) -> dict[str, Path]:
    """The file of every key. Raises SpatiaError on an index that is none, and on files that are not beside it."""
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SpatiaError(f"{path} is no readable JSON: {error}; fetch it again.") from error
    fits = isinstance(index, dict) and all(
        re.fullmatch(r"[\w-]+", key) and isinstance(name, str) and re.fullmatch(r"[\w.-]+", name)
        for key, name in index.items()
    )
    if not fits:
        raise SpatiaError(f"{path} holds {str(index)[:60]}, expected an object of keys and names of files beside it.")
    for name in sorted(set(index.values())):
        if not (path.parent / name).is_file():
            raise SpatiaError(f"{path} names {name}, which is not beside it; put it there, or take its keys out.")
    return {key: path.parent / name for key, name in index.items()}


def _load_chunked(where: str, width: int, height: int, stride: int) -> PosedVideo:
    path, key = Path(where).parent, Path(where).name
    video = _chunk(path, path.stat().st_mtime_ns).get(key)
    if video is None:
        raise SpatiaError(f"{path.name} does not hold it, though index.json says so; fetch both again.")
    lines, images = video["cameras"], video["images"]
    if lines.ndim != 2 or lines.shape[1] != 18 or len(images) != len(lines):
        raise SpatiaError(
            f"{path.name} holds cameras of shape {tuple(lines.shape)} and {len(images)} images for it, expected 18 "
            "numbers for each image; fetch the file again."
        )
    if lines[:, 4:6].any():
        raise SpatiaError("Its cameras have lens distortion, expected 0 0; undistort the images first.")
    kept = list(range(0, len(lines), stride))
    cameras = make_cameras(lines[:, 6:].reshape(-1, 3, 4), lines[:, :4])
    frames = (_picture(io.BytesIO(images[index].numpy().tobytes()), f"Image {index}") for index in kept)
    return fitted_video(frames, cameras.select(kept), "", None, None, width, height)


@functools.lru_cache(maxsize=1)
def _chunk(path: Path, changed: int) -> dict[str, dict[str, Any]]:
    """The videos of a file by key. The last file is kept, as its videos are read one after another; changed: its time, ns."""
    try:
        videos = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise SpatiaError(f"{path.name} cannot be read ({str(error)[:200]}); fetch it again.") from error
    fits = isinstance(videos, list) and all(
        isinstance(video, dict)
        and isinstance(video.get("key"), str)
        and isinstance(video.get("cameras"), Tensor)
        and isinstance(video.get("images"), list)
        and all(isinstance(image, Tensor) and image.dtype == torch.uint8 for image in video["images"])
        for video in videos
    )
    if not fits:
        raise SpatiaError(
            f"{path.name} is no list of videos with key, cameras and images (JPEG files as bytes); take pixelSplat's files."
        )
    return {video["key"]: video for video in videos}


# --- folders of clips ---


def _clip_sources(kind: str, where: str) -> list[VideoSource]:
    root = _folder(where, kind)
    mains = [name for name, _ in FILE_NAMES.values()]
    folders = sorted({path.parent for name in mains for path in root.rglob(name)})
    if not folders:
        raise SpatiaError(f"--data {kind}:{where} holds no clip: a folder with {', '.join(mains[:-1])} or {mains[-1]}.")
    return [VideoSource(_file_name(folder.relative_to(root)) or root.name, kind, str(folder)) for folder in folders]


def _load_clip(where: str, width: int, height: int, stride: int) -> PosedVideo:
    folder = Path(where)
    place = next((folder / name for name in ("frames", "images") if (folder / name).is_dir()), None)
    videos = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in VIDEO_ENDINGS]
    if (place is None) == (len(videos) != 1):
        raise SpatiaError(
            f"It holds {'a folder of frames' if place else 'no folder frames or images'} and {len(videos)} video files, expected one of the two."
        )
    size = _picture(_pictures(place)[0]).shape if place else next(_frames_at(videos[0], [0])).shape
    cameras = _clip_cameras(folder, size[1], size[0])
    kept = list(range(0, cameras.count, stride))
    found = len(_pictures(place)) if place else len(_time_stamps(videos[0]))
    if found != cameras.count:
        raise SpatiaError(f"{found} frames and {cameras.count} cameras were found, expected one camera per frame.")
    frames = (_picture(_pictures(place)[index]) for index in kept) if place else _frames_at(videos[0], kept)
    return _loaded(folder, frames, cameras, kept, width, height)


def _clip_cameras(folder: Path, width: int, height: int) -> Cameras:
    for style, (main, second) in FILE_NAMES.items():
        # images.txt of COLMAP is no camera file without its cameras.txt.
        other = folder / second if second and (folder / second).is_file() else None
        if (folder / main).is_file() and (style != "colmap" or other is not None):
            beside = "" if other is None else other.read_text(encoding="utf-8")
            return read_cameras((folder / main).read_text(encoding="utf-8"), beside, style, width=width, height=height)
    raise SpatiaError("images.txt came without cameras.txt; put it beside the file.")


# --- shared ---


def _loaded(
    folder: Path, frames: Iterator[np.ndarray], cameras: Cameras, kept: list[int], width: int, height: int
) -> PosedVideo:
    prompt = folder / "prompt.txt"
    text = prompt.read_text(encoding="utf-8").strip() if prompt.is_file() else ""
    count = cameras.count
    depth, moving = (None if maps is None else maps[kept] for maps in (_depth(folder, count), _moving(folder, count)))
    return fitted_video(frames, cameras.select(kept), text, depth, moving, width, height)


def _depth(folder: Path, count: int) -> Tensor | None:
    for name in ("depth.npy", "depth.npz"):
        if (folder / name).is_file():
            return _known(_array(folder / name), name, count)
    if not (folder / "depth").is_dir():
        return None
    files = sorted((path for path in (folder / "depth").iterdir() if path.suffix in (".npy", ".png")), key=_natural)
    maps = [np.load(path) if path.suffix == ".npy" else _thousandths(path) for path in files]
    return _known(np.stack(maps) if maps else np.zeros((0, 1, 1)), "depth", count)


def _known(values: np.ndarray, name: str, count: int) -> Tensor:
    if values.ndim != 3 or values.shape[0] != count:
        raise SpatiaError(
            f"{name} holds an array of shape {values.shape}, expected ({count}, height, width): one map per camera."
        )
    depth = torch.from_numpy(values.astype(np.float32))
    return torch.where(torch.isfinite(depth) & (depth > 0), depth, 0.0)


def _thousandths(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        if not picture.mode.startswith("I"):
            raise SpatiaError(
                f"depth/{path.name} is a picture of mode {picture.mode}, expected 16 bits of grey: depth in thousandths."
            )
        return np.array(picture, np.float32) / 1000


def _moving(folder: Path, count: int) -> Tensor | None:
    if (folder / "moving.npy").is_file():
        values = _array(folder / "moving.npy")
    elif (folder / "moving").is_dir():
        values = np.stack([_picture(path)[..., 0] > 127 for path in _pictures(folder / "moving")])
    else:
        return None
    if values.ndim != 3 or values.shape[0] != count:
        raise SpatiaError(
            f"The moving masks have shape {values.shape}, expected ({count}, height, width): one per camera."
        )
    return torch.from_numpy(values.astype(bool))


def _array(path: Path) -> np.ndarray:
    try:
        loaded = np.load(path)
        return loaded if isinstance(loaded, np.ndarray) else loaded[loaded.files[0]]
    except (ValueError, OSError, IndexError) as error:
        raise SpatiaError(f"{path.name} is no readable array: {error}.") from error


def _pictures(folder: Path) -> list[Path]:
    """Pictures of a folder, numbers in their names by value."""
    found = sorted((path for path in folder.iterdir() if path.suffix.lower() in PICTURE_ENDINGS), key=_natural)
    if not found:
        raise SpatiaError(f"The folder {folder.name} holds no picture ({', '.join(PICTURE_ENDINGS)}).")
    return found


def _natural(path: Path) -> list:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _picture(source: Path | io.BytesIO, name: str = "") -> np.ndarray:
    """Pixels (h, w, 3) uint8 of a picture's file or bytes. name: of the latter."""
    try:
        with Image.open(source) as picture:
            return np.array(picture.convert("RGB"))
    except OSError as error:
        raise SpatiaError(
            f"{source.name if isinstance(source, Path) else name} is no readable picture: {error}."
        ) from error


def _video_beside(stem: Path) -> Path | None:
    return next((path for ending in VIDEO_ENDINGS if (path := stem.with_name(stem.name + ending)).is_file()), None)


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    import av

    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield from container.decode(stream)
    except (av.error.FFmpegError, IndexError) as error:
        raise SpatiaError(f"{path.name} is no readable video: {error}.") from error


def _time_stamps(path: Path) -> list[float]:
    return [frame.time for frame in _decoded(path)]


def _frames_at(path: Path, wanted: list[int]) -> Iterator[np.ndarray]:
    """Frames by number, in rising order; one may be wanted twice."""
    last, position = wanted[-1], 0
    for number, frame in enumerate(_decoded(path)):
        while position < len(wanted) and wanted[position] == number:
            yield frame.to_ndarray(format="rgb24")
            position += 1
        if number >= last:
            return


def _folder(where: str, kind: str) -> Path:
    path = Path(where).expanduser()
    if not path.is_dir():
        raise SpatiaError(f"--data {kind}:{where} was given, but there is no such folder.")
    return path.absolute()  # whoever is sent there may stand elsewhere


def _file_name(path: Path) -> str:
    return "__".join(path.parts)


_KINDS: dict[str, Callable[[str, str], list[VideoSource]]] = {
    "rooms": _room_sources,
    "moving_rooms": _room_sources,
    "realestate10k": _realestate10k_sources,
    "re10k_chunks": _chunk_sources,
    "clips": _clip_sources,
}
# Called with a source's `where`, width, height and stride.
_LOADERS: dict[str, Callable[[str, int, int, int], PosedVideo]] = {
    "rooms": _load_room,
    "moving_rooms": partial(_load_room, moving=True),
    "realestate10k": _load_realestate10k,
    "re10k_chunks": _load_chunked,
    "clips": _load_clip,
}
