"""Small sets of drawn rooms, with exact poses, in the very formats of public data sets.

WorldScore-Dataset/   static/static.json and dynamic/dynamic.json, each with photorealistic.json and stylized.json beside: its entries
                      by style; images and, for dynamic ones, masks of what moves, at the paths that the entries name
re10k/                RealEstate10K as pixelSplat publishes it: test/index.json, test/000000.torch, and evaluation_index_re10k.json with
                      context and target frames, null for one video that is too short for them
re10k_seva/           the same videos, but the short one, as Stable Virtual Camera's benchmark has them: a folder <scene> each, with
                      transforms.json, images/ and train_test_split_1.json
re10k_original/       the same again in RealEstate10K's own texts <id>.txt, with folders <id>/ of frames named by their time
memorize/             as the test data of "Memorize When Needed": prompt.json, img/, pose/

A seed of a set is (first seed + 1000 x the set's number + the scene's), so that more scenes leave those before them as they are.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps

from ...spatia_core.cameras.camera import Cameras, make_cameras
from ...spatia_core.cameras.formats import write_cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import replaced, write_text
from .clips import room_scene
from .rooms import render_room, room_intrinsics

MOST_SCENES = 900
_STATIC, _DYNAMIC, _VIDEOS, _SHORT, _LISTED = (1000 * number for number in range(5))  # what is added to the first seed
LEAST_REACH = 0.4  # metres that a path leads away from its beginning, so that there is parallax

STYLES = {"photorealistic": "photorealistic", "stylized": "poster"}  # visual_style: style
PLACES = (
    ("indoor", "dining_spaces"), ("indoor", "living_spaces"), ("outdoor", "city"), ("outdoor", "suburb"),
    ("indoor", "passageways"), ("indoor", "work_spaces"), ("outdoor", "verdant"), ("outdoor", "terrestrial"),
)  # fmt: skip
MOTIONS = ("pan_left", "move_left", "pull_out", "push_in", "pan_right", "orbit_left", "move_right", "orbit_right")
MOTION_TYPES = ("rigid", "articulated", "deformable", "fluid", "multi-motion")
IMAGE_SIZES = ((480, 320), (640, 360))  # width, height: 3:2 and 16:9
_LEAST_MOVING = 0.01  # share of the first image

WIDTH, HEIGHT = 640, 360
FRAMES, SHORT_FRAMES, FPS = 49, 8, 30.0
KINDS = ("one_way", "out_and_back", "loop")
LISTED_FRAMES, LISTED_KINDS = 41, ("out_and_back", "loop")
_OBJECTS = "a wall with a picture, a patterned floor, a lamp, boxes"
_PROMPT = "A room with patterned walls, a picture and furniture like boxes, lit by one lamp."


class Video(NamedTuple):
    """frames: (N, HEIGHT, WIDTH, 3) uint8. cameras: N, in a unit of the video's own. times: N microseconds."""

    key: str
    frames: np.ndarray
    cameras: Cameras
    text: str  # the cameras as RealEstate10K writes them
    times: list[int]


def draw_sets(folder: Path, scenes: int, first_seed: int) -> None:
    """All sets below a folder, of `scenes` scenes each. Raises SpatiaError on a folder that holds something, and on odd numbers."""
    if not 1 <= scenes <= MOST_SCENES:
        raise SpatiaError(f"{scenes} scenes were asked for, expected 1 to {MOST_SCENES}; change --scenes.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SpatiaError(f"{folder} holds something, expected a new or an empty folder; give another one.")
    worldscore = folder / "WorldScore-Dataset"
    _write_worldscore(worldscore, "static", [_static(worldscore, first_seed, index) for index in range(scenes)])
    _write_worldscore(worldscore, "dynamic", _dynamic(worldscore, first_seed, scenes))
    _draw_realestate10k(folder, first_seed, scenes)
    _draw_memorize(folder / "memorize", first_seed + _LISTED, scenes)


# --- WorldScore ---


def _static(root: Path, first_seed: int, index: int) -> dict[str, Any]:
    """The entry of a world to walk through; its image is drawn. Every second one has three motions in place of one."""
    style = tuple(STYLES)[index % 2]
    scene_type, category = PLACES[index % len(PLACES)]
    begin = index // 2 * 4 + index % 2
    motions = [MOTIONS[number % len(MOTIONS)] for number in range(begin, begin + (3 if index % 2 else 1))]
    place = f"static/{style}/images/{scene_type}/{category}/{index:03d}.png"
    image, _ = _first_image(first_seed + _STATIC + index, IMAGE_SIZES[index // 2 % 2])
    _save(root / place, _styled(image, style))
    pictures = len(motions) + 1
    return {
        "visual_movement": "static", "visual_style": style, "scene_type": scene_type, "style": STYLES[style],
        "category": category, "camera_path": motions, "content_list": [_OBJECTS] * pictures,
        "prompt_list": [_PROMPT] * pictures, "image": f"./{place}",
    }  # fmt: skip


def _dynamic(root: Path, first_seed: int, scenes: int) -> list[dict[str, Any]]:
    """Entries of worlds in which a box moves that is in the first image; their images and masks are drawn."""
    drawn = (_first_image(seed, IMAGE_SIZES[seed % 2], moving=True) for seed in itertools.count(first_seed + _DYNAMIC))
    shown = ((image, mask) for image, mask in drawn if mask.mean() >= _LEAST_MOVING)
    entries = []
    for index, (image, mask) in enumerate(itertools.islice(shown, scenes)):
        style, motion = tuple(STYLES)[index % 2], MOTION_TYPES[index % len(MOTION_TYPES)]
        place = f"dynamic/{style}/images/{motion}/{index + 1:03d}.jpg"
        masked = f"dynamic/{style}/masks/{motion}/{index + 1:03d}/{index + 1:03d}-1.png"
        _save(root / place, _styled(image, style))
        _save(root / masked, 255 * mask.astype(np.uint8))
        entries.append(
            {
                "visual_movement": "dynamic",
                "visual_style": style,
                "motion_type": motion,
                "style": STYLES[style],
                "objects": ["box"],
                "prompt": f"{_PROMPT} One box glides over the floor.",
                "image": f"./{place}",
                "masks": [f"./{masked}"],
                "camera_path": ["fixed"],
            }
        )
    return entries


def _write_worldscore(root: Path, movement: str, entries: list[dict[str, Any]]) -> None:
    for name in (movement, *STYLES):
        chosen = [entry for entry in entries if name in (movement, entry["visual_style"])]
        _write_json(root / movement / f"{name}.json", chosen)


def _first_image(seed: int, size: tuple[int, int], moving: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) uint8 and (H, W) bool, what moves, of a seed's first camera. size: width, height."""
    room, path, motion = room_scene(seed, moving)
    video = render_room(room, path[:1], size[1], size[0], motion=None if motion is None else motion[:1])
    return video.frames[0], video.moving[0]


def _styled(image: np.ndarray, style: str) -> np.ndarray:
    return image if style == "photorealistic" else np.asarray(ImageOps.posterize(Image.fromarray(image), 2))


# --- RealEstate10K, three times ---


def _draw_realestate10k(folder: Path, first_seed: int, scenes: int) -> None:
    chunk, index = [], {}
    for number, video in enumerate(_videos(first_seed + _VIDEOS, scenes)):
        chunk.append(_chunk_entry(video))
        index[video.key] = _compared_frames(first_seed + _VIDEOS + number)
        _write_seva(folder / "re10k_seva" / video.key, video)
        _write_original(folder / "re10k_original", video)
    short = _video(first_seed + _SHORT, KINDS[0], SHORT_FRAMES)
    chunk.append(_chunk_entry(short))
    root, name = folder / "re10k", "000000.torch"
    _write_json(root / "test" / "index.json", {entry["key"]: name for entry in chunk})
    _write_json(root / "evaluation_index_re10k.json", {**index, short.key: None})
    with replaced(root / "test" / name) as file:
        torch.save(chunk, file)


def _videos(first_seed: int, scenes: int) -> Iterator[Video]:
    for index in range(scenes):
        yield _video(first_seed + index, KINDS[index % len(KINDS)], FRAMES)


def _video(seed: int, kind: str, frames: int) -> Video:
    """The video of a seed. Its translations are in a unit of its own, 0.3 to 3 to the metre, as a reconstruction's are."""
    room, path, _ = room_scene(seed, frames=frames, kind=kind, least_reach=LEAST_REACH)
    video = render_room(room, path, HEIGHT, WIDTH)
    w2c = video.w2c.copy()
    w2c[:, :3, 3] *= np.exp(np.random.default_rng([seed, 1]).uniform(np.log(0.3), np.log(3)))
    cameras = make_cameras(w2c, video.intrinsics)
    text = write_cameras(cameras, "realestate10k", width=WIDTH, height=HEIGHT, fps=FPS)["cameras_re10k.txt"]
    assert isinstance(text, str)
    lines = text.splitlines()[1:]
    key = f"{seed:016x}"
    return Video(
        key, video.frames, cameras, "\n".join([_address(key), *lines, ""]), [int(line.split()[0]) for line in lines]
    )


def _address(key: str) -> str:
    """What stands for the address of a video that is nowhere."""
    return f"https://example.com/rooms/{key}"


def _chunk_entry(video: Video) -> dict[str, Any]:
    cameras = video.cameras
    images = []
    for frame in video.frames:
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=95)
        images.append(torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8))
    lines = torch.cat([cameras.intrinsics, torch.zeros(cameras.count, 2), cameras.w2c[:, :3].flatten(1)], 1)
    return {
        "url": _address(video.key), "timestamps": torch.tensor(video.times, dtype=torch.int64),
        "cameras": lines.float(), "images": images, "key": video.key,
    }  # fmt: skip


def _compared_frames(seed: int) -> dict[str, list[int]]:
    """Two frames that are given and three between them, as numbers of a whole video's frames."""
    rng = np.random.default_rng([seed, 2])
    first = int(rng.integers(0, 6))
    last = first + int(rng.integers(30, FRAMES - 6))
    target = sorted(rng.choice(np.arange(first + 1, last), 3, replace=False).tolist())
    return {"context": [first, last], "target": target}


def _write_seva(folder: Path, video: Video) -> None:
    frames = []
    opengl = np.diag([1.0, -1.0, -1.0, 1.0])  # y up, z backward
    poses, lenses = video.cameras.c2w.numpy() @ opengl, video.cameras.intrinsics.tolist()
    for index, (pose, (fx, fy, cx, cy)) in enumerate(zip(poses.tolist(), lenses)):
        _save(folder / "images" / f"{index:04d}.png", video.frames[index])
        frames.append(
            {
                "fl_x": fx * WIDTH,
                "fl_y": fy * HEIGHT,
                "cx": cx * WIDTH,
                "cy": cy * HEIGHT,
                "w": WIDTH,
                "h": HEIGHT,
                "file_path": f"./images/{index:04d}.png",
                "transform_matrix": pose,
            }
        )
    _write_json(folder / "transforms.json", {"orientation_override": "none", "frames": frames})
    split = {"train_ids": [0], "test_ids": list(range(6, len(frames), 6))}
    _write_json(folder / "train_test_split_1.json", split)


def _write_original(folder: Path, video: Video) -> None:
    for time, frame in zip(video.times, video.frames):
        _save(folder / video.key / f"{time}.png", frame)
    write_text(folder / f"{video.key}.txt", video.text)


# --- Memorize When Needed ---


def _draw_memorize(folder: Path, first_seed: int, scenes: int) -> None:
    entries = []
    for index in range(scenes):
        kind = LISTED_KINDS[index % len(LISTED_KINDS)]
        room, path, _ = room_scene(first_seed + index, frames=LISTED_FRAMES, kind=kind, least_reach=LEAST_REACH)
        image, pose = f"img/{index:03d}.png", f"pose/{index:03d}.txt"
        _save(folder / image, render_room(room, path[:1], HEIGHT, WIDTH).frames[0])
        cameras = make_cameras(np.linalg.inv(path), room_intrinsics(HEIGHT, WIDTH))
        text = write_cameras(cameras, "memorize", width=WIDTH, height=HEIGHT)["pose.txt"]
        assert isinstance(text, str)
        (folder / pose).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder / pose, text)
        entries.append({"img": image, "prompt": _PROMPT, "pose": pose})
    _write_json(folder / "prompt.json", entries)


# --- shared ---


def _save(path: Path, pixels: np.ndarray) -> None:
    """A picture (H, W, 3) or (H, W) uint8, as JPEG or PNG by its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as file:
        Image.fromarray(pixels).save(file, "JPEG" if path.suffix == ".jpg" else "PNG", quality=95)


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(content, indent=1) + "\n")
