"""WorldScore's data and the folders its evaluator reads (Duan et al., ICCV 2025), without its packages.

    WorldScore-Dataset/static/static.json, dynamic/dynamic.json   its scenes, as its own download unpacks them
    worldscore_output/<id>/frames/000.png ...                     what its evaluator reads of a scene
                          /image_data.json, input_image.png, and of static ones camera_data.json

An id is static/<style>/<scene type>/<category>/<name> or dynamic/<style>/<kind of motion>/<name>. Its cameras live in
PyTorch3D's axes (x left, y up, z forward) and are written as Blender's camera-to-world matrices; a scene's unit is taken for
the metre, as a follow-up of Spatia does, since the benchmark names none.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation, Slerp
from torch import Tensor

from spatia_core.cameras import Cameras, make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.files import replacing, write_text
from spatia_core.inputs import parse_json, shown

SEED = 2512  # of the sample: the paper's own 100 ids are not published
FOCAL = 500.0  # pixels of a picture as it is evaluated
WIDTH = 832  # pixels of a picture as it is evaluated; at FOCAL a lens of 80 degrees
DATASET, OUTPUT = "WorldScore-Dataset", "worldscore_output"
MOVEMENTS = ("static", "dynamic")
STILL = "fixed"  # the one motion of a dynamic scene
_TURN, _STEP, _SIDE = math.radians(30), 1.0, 0.5  # of a motion: turn, way in and out and radius, way to the side
MOTIONS = (
    "push_in", "pull_out", "move_left", "move_right", "orbit_left", "orbit_right", "pan_left", "pan_right", STILL,
)  # fmt: skip
_PLAIN = re.compile(r"\w[\w .-]*")
_LARGEST = 64 << 20  # bytes of a JSON file


class Entry(NamedTuple):
    """A scene of the benchmark."""

    id: str
    data: dict[str, Any]  # as in the JSON
    image: Path
    motions: tuple[str, ...]
    text: str  # of the image
    prompts: tuple[str, ...]  # one per motion: what is seen at its end

    @property
    def static(self) -> bool:
        """Whether nothing but the camera moves."""
        return self.id.startswith(MOVEMENTS[0])


def read_worldscore(folder: Path, movements: tuple[str, ...] = MOVEMENTS) -> list[Entry]:
    """The scenes of the dataset, in its order. folder: WorldScore-Dataset, or the one it lies in. Raises SpatiaError."""
    root = folder / DATASET if (folder / DATASET).is_dir() else folder
    found: list[Entry] = []
    for movement in movements:
        path = root / movement / f"{movement}.json"
        if not path.is_file() or path.stat().st_size > _LARGEST:
            raise SpatiaError(
                f"{folder.name} holds no {movement}/{movement}.json, expected the {DATASET} that WorldScore's download.py "
                "unpacks; give that folder to --worldscore."
            )
        entries = parse_json(path.read_text(encoding="utf-8"), f"The contents of {path.name}", "the file")
        if not isinstance(entries, list):
            raise SpatiaError(f"{path.name} holds {shown(entries)}, expected a list of scenes; download it again.")
        found += [_entry(entry, root, f"Scene {number} of {path.name}") for number, entry in enumerate(entries, 1)]
    seen: set[str] = set()
    for entry in found:
        if entry.id in seen:
            raise SpatiaError(f"Two scenes have the id {entry.id}, expected each once; download the dataset again.")
        seen.add(entry.id)
    return found


def sample(entries: list[Entry], count: int, seed: int = SEED) -> list[Entry]:
    """`count` of the scenes by a hash of their ids: the same ones whatever the order, and a smaller sample lies in a larger one."""

    def rank(entry: Entry) -> bytes:
        return hashlib.blake2b(f"{seed}:{entry.id}".encode(), digest_size=16).digest()

    return sorted(entries, key=rank)[:count]


def _entry(entry: Any, root: Path, where: str) -> Entry:
    try:
        image = Path(entry["image"])
        movement, style = entry["visual_movement"], entry["visual_style"]
        motions = tuple(entry["camera_path"])
        if movement == "static":
            place = [entry["scene_type"], image.parts[-2]]
            texts = entry["prompt_list"]
        else:
            place, texts = [entry["motion_type"]], [entry["prompt"]] * (len(motions) + 1)
        text, *prompts = (_styled(text, entry["style"]) for text in texts)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise SpatiaError(
            f"{where} cannot be read ({type(error).__name__}: {error}), expected a scene of WorldScore; download it again."
        ) from error
    id = (movement, style, *place, image.stem)
    # They name folders to write to, and a file to read.
    if not all(isinstance(part, str) and _PLAIN.fullmatch(part) for part in (*id, *image.parts)):
        raise SpatiaError(
            f"{where} has the id {shown(list(id))} and the image {shown(str(image))}, expected plain names of folders inside the dataset."
        )
    unknown = [motion for motion in motions if motion not in MOTIONS]
    if movement not in MOVEMENTS or unknown or not motions or len(prompts) != len(motions):
        raise SpatiaError(
            f"{where} has the movement {shown(movement)}, the camera path {shown(list(motions))} and {len(prompts)} texts for "
            f"it, expected {' or '.join(MOVEMENTS)}, motions of {', '.join(MOTIONS)}, and a text for each."
        )
    if not (root / image).is_file():
        raise SpatiaError(f"{where} names {shown(str(image))}, which is no file of the dataset; download it again.")
    return Entry("/".join(id), entry, root / image, motions, text, tuple(prompts))


def _styled(text: str, style: str) -> str:
    """A scene's text and its style, as the benchmark joins them; on one line, since a line stands for a clip."""
    return " ".join(f"{text.rstrip()}{'' if text.rstrip().endswith('.') else '.'} {style}".split())


# --- cameras ---


def keyframes(motions: tuple[str, ...]) -> np.ndarray:
    """World-to-camera matrices (M + 1, 4, 4), float64, in PyTorch3D's axes: the start camera, then the one after each motion."""
    found = [np.eye(4)]
    for motion in motions:
        # Each motion is one of the camera that the motion before ended at.
        found.append(_motion(motion) @ found[-1])
    return np.stack(found)


def _motion(name: str) -> np.ndarray:
    step = np.eye(4)
    kind, _, way = name.partition("_")
    if kind in ("push", "pull"):
        step[2, 3] = -_STEP if kind == "push" else _STEP
    elif kind == "move":
        step[0, 3] = -_SIDE if way == "left" else _SIDE
    elif kind == "pan":
        step[:3, :3] = _about_y(_TURN if way == "left" else -_TURN)
    elif kind == "orbit":
        there, back = np.eye(4), np.eye(4)
        there[2, 3], back[2, 3] = -_STEP, _STEP
        turn = np.eye(4)
        turn[:3, :3] = _about_y(-_TURN if way == "left" else _TURN)
        step = back @ turn @ there
    return step


def _about_y(angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def between(keys: np.ndarray, frames: int) -> np.ndarray:
    """World-to-camera matrices (M (frames - 1) + 1, 4, 4): from each keyframe to the next in `frames`, both included."""
    found = [keys[:1]]
    for first, second in pairwise(keys):
        time = np.arange(1, frames) / (frames - 1)
        turn = Slerp([0, 1], Rotation.from_matrix(np.stack([first[:3, :3], second[:3, :3]])))
        poses = np.tile(np.eye(4), (frames - 1, 1, 1))
        poses[:, :3, :3] = turn(time).as_matrix()
        # As the benchmark does it: the translation of the matrix, not the place of the camera.
        poses[:, :3, 3] = first[:3, 3] + time[:, None] * (second[:3, 3] - first[:3, 3])
        poses[-1] = second
        found.append(poses)
    return np.concatenate(found)


def blender(w2c: np.ndarray) -> np.ndarray:
    """Camera-to-world matrices whose camera looks along -z, its y up, of world-to-camera ones in PyTorch3D's axes."""
    return np.linalg.inv(np.diag([-1.0, 1.0, -1.0, 1.0]) @ w2c)


def path_of(entry: Entry, frames: int, width: int, height: int) -> Cameras:
    """The cameras of a scene, `frames` to each motion, from the start camera at the origin, for pictures of width x height pixels.

    Metres; the focal length is FOCAL in pixels of the evaluated picture.
    """
    c2w = blender(between(keyframes(entry.motions), frames)) @ np.diag([1.0, -1.0, -1.0, 1.0])
    w2c = np.linalg.inv(np.linalg.inv(c2w[0]) @ c2w)
    across, down = size_of(width, height)
    return make_cameras(w2c, [FOCAL / across, FOCAL / down, 0.5, 0.5])


def size_of(width: int, height: int) -> tuple[int, int]:
    """Width and height in pixels that videos of width x height are evaluated at: WIDTH, and even, as H.264 wants it."""
    return WIDTH, 2 * round(WIDTH * height / width / 2)


# --- what the evaluator reads ---


def cropped(path: Path, width: int, height: int) -> Image.Image:
    """The middle of a picture file in the shape of width x height, as large as it is."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    have = picture.width / picture.height
    want = width / height
    across = int(picture.height * want) if have > want else picture.width
    down = picture.height if have > want else int(picture.width / want)
    left, top = (picture.width - across) // 2, (picture.height - down) // 2
    return picture.crop((left, top, left + across, top + down))


def write_instance(root: Path, entry: Entry, video: Tensor, per_motion: int, seconds: float, fps: float) -> Path:
    """Write a scene's folder below `root`, the frames last but one; returns it.

    video: (N, H, W, 3) uint8, `per_motion` frames to each motion. seconds: what making it took.
    """
    count = (per_motion - 1) * len(entry.motions) + 1
    if len(video) != count:
        raise SpatiaError(
            f"{entry.id}: {len(video)} frames were made, expected {count} of its {len(entry.motions)} motions."
        )
    height, width = video.shape[1:3]
    size = size_of(width, height)
    folder = root / OUTPUT / entry.id
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    if entry.static:
        keys = keyframes(entry.motions)
        cameras = {"cameras": blender(keys).tolist(), "cameras_interp": blender(between(keys, per_motion)).tolist()}
        write_text(folder / "camera_data.json", json.dumps({"focal_length": int(FOCAL), "scale": int(_STEP)} | cameras))
    with replacing(folder / "input_image.png") as part:
        cropped(entry.image, *size).resize(size, Image.Resampling.BICUBIC).save(part, "PNG")
    write_text(folder / "time.txt", f"generate_time: {seconds:.1f}\n")
    pictures = [Image.fromarray(frame.numpy()).resize(size, Image.Resampling.BICUBIC) for frame in video]
    for number, picture in enumerate(pictures):
        with replacing(folder / "frames" / f"{number:03d}.png") as part:
            picture.save(part, "PNG")
    (folder / "videos").mkdir(exist_ok=True)
    with replacing(folder / "videos" / "output.mp4") as part:
        _write_video(part, pictures, fps)
    told = entry.data | {"num_scenes": len(entry.motions), "total_frames": count}
    if entry.static:
        told["anchor_frame_idx"] = [number * (per_motion - 1) for number in range(len(entry.motions) + 1)]
    write_text(folder / "image_data.json", json.dumps(told, indent=4, ensure_ascii=False))
    return folder


def _write_video(path: str, pictures: list[Image.Image], fps: float) -> None:
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=round(fps), options={"crf": "18"})
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())


def model_config(name: str, width: int, height: int, frames: int, fps: float) -> str:
    """The text of config/model_configs/<name>.yaml, which tells the evaluator of videos of width x height."""
    across, down = size_of(width, height)
    return (
        f"model: {name}\n\nruns_root: ${{oc.env:MODEL_PATH}}/{name}\n\nresolution: [{across}, {down}]\n"
        f"generate_type: i2v\n\nframes: {frames}\nfps: {round(fps)}\n"
    )
