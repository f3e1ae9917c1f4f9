"""RealEstate10K's videos with their cameras, and the splits that others measure on.

Three forms, as they are published, told apart by what lies in the folder:

    index.json, *.torch               pixelSplat's chunks; evaluation_index_re10k*.json of its repository says where each begins
    <scene>/transforms.json, images/  Stable Virtual Camera's benchmark; train_test_split_1.json says which frames count
    <id>.txt with a folder <id>       RealEstate10K itself with frames named by their time, or <id>.mp4

Their poses have no metres. The estimated depth of the first frame has, or what its estimator takes for them: one number,
the scale between the two, is taken from the video's own frames (`Rescale`), and nothing else of what is to be predicted.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from spatia_core.cameras import Cameras, make_cameras
from spatia_core.cloud.ply import read_ply
from spatia_core.errors import SpatiaError
from spatia_core.estimate.plane_sweep import plane_sweep
from spatia_core.files import write_text
from spatia_core.inputs import parse_json, shown
from spatia_core.render.visibility import nearest_depth
from training.startup import PACK, add_package

from ..scene_workflow import upstream
from ..workflows import nodes_of

SEED = 1805  # of the sample: the paper's own 100 videos are not published
_LARGEST = 64 << 20  # bytes of a split
_TEST = "test__"
_NEAR, _FAR = 1.5, 100.0  # range of depth looked through, in lengths of the way between the frames
_SWEPT, _SIDE = 5, 192  # frames, and pixels of the longer side
_KNOWN = 0.02  # of the pixels: fewer tell no scale
_AXES = "x right, y down (scene)"  # of Save Scene
_FINE = 0.01  # metres between the points that the scale is measured on


class Filmed(NamedTuple):
    """A video to be repeated from one of its frames. source: as training's --data has it; name: in that source.

    start: the given frame. frames: those from there on that are there. targets: which of these are compared, counted from
    `start`; empty: all but the first.
    """

    source: str
    name: str
    start: int
    frames: int
    targets: tuple[int, ...] = ()

    def clip(self, width: int, height: int, count: int) -> tuple[Tensor, Cameras]:
        """Its first `count` frames (N, height, width, 3) uint8 and their cameras, scaled to cover the size and cropped."""
        frames, cameras = _loaded(self.source, self.name, width, height)
        kept = slice(self.start, self.start + count)
        return frames[kept], cameras.select(kept)


def filmed_videos(folder: Path, split: Path | None, count: int, least: int) -> tuple[list[Filmed], list[str]]:
    """Up to `count` videos by a hash of their names, with at least `least` frames, and what was left out and why.

    split: an index file of pixelSplat's; None: the one that lies in the folder, if any. Raises SpatiaError on a folder that
    holds none of the three forms, and on none that is long enough.
    """
    kind = _kind(folder)
    if split is None:
        split = next(iter(sorted(folder.glob("evaluation_index_re10k*.json"))), None)
    starts = None if split is None else _starts(split)
    names = list(_sources(f"{kind}:{folder}"))
    # What models are trained on is beside it, where all of a data set was fetched.
    names = [name for name in names if name.startswith(_TEST)] or names
    if starts is not None and not (names := [name for name in names if _id(name) in starts]):
        raise SpatiaError(
            f"No video of {folder.name} is in {split.name if split else ''}; give the split of this data."
        )
    names.sort(key=lambda name: hashlib.blake2b(f"{SEED}:{name}".encode(), digest_size=16).digest())
    found: list[Filmed] = []
    left_out: list[str] = []
    for name in names:
        if len(found) == count:
            break
        try:
            _, cameras = _loaded(f"{kind}:{folder}", name, 32, 32)
        except SpatiaError as error:
            left_out.append(str(error))
            continue
        start, targets = (starts[_id(name)], ()) if starts is not None else _scene_split(folder, name, kind)
        # A context frame near the end would leave no clip behind it.
        start = max(0, min(start, cameras.count - least))
        if cameras.count < least:
            left_out.append(f"{name} has {cameras.count} frames, {least} are needed")
            continue
        found.append(Filmed(f"{kind}:{folder}", name, start, cameras.count - start, targets))
    if not found:
        raise SpatiaError(
            f"No video of {folder.name} can be used, expected ones of at least {least} frames: {'; '.join(left_out[:3])}."
        )
    return found, left_out


def _kind(folder: Path) -> str:
    if next(folder.rglob("*.torch"), None) is not None:
        return "re10k_chunks"
    return "clips" if next(folder.rglob("transforms.json"), None) is not None else "realestate10k"


def _videos() -> Any:
    """The readers of the training wing, which is a package of its own."""
    add_package()
    return importlib.import_module(f"{PACK}.training.data.videos")


@contextmanager
def _told_here() -> Iterator[None]:
    """What the training's readers refuse, as this package's error: theirs is the same class of another import."""
    add_package()
    refusal = importlib.import_module(f"{PACK}.spatia_core.errors").SpatiaError
    try:
        yield
    except refusal as error:
        raise SpatiaError(str(error)) from error


@functools.cache
def _sources(spec: str) -> dict[str, Any]:
    with _told_here():
        return {source.name: source for source in _videos().find_videos([spec])}


def _loaded(spec: str, name: str, width: int, height: int) -> tuple[Tensor, Cameras]:
    """All frames (N, height, width, 3) uint8 of a video and their cameras. Raises SpatiaError where it cannot be read."""
    with _told_here():
        video = _sources(spec)[name].load(width, height, 1)
    return video.frames, make_cameras(video.cameras.w2c, video.cameras.intrinsics)


def _id(name: str) -> str:
    """A video's own name, without the folders it lies in."""
    return name.rpartition("__")[2]


def _starts(path: Path) -> dict[str, int]:
    if path.stat().st_size > _LARGEST:
        raise SpatiaError(f"{path.name} has more than {_LARGEST} bytes, expected a split of pixelSplat's; check it.")
    index = parse_json(path.read_text(encoding="utf-8"), f"The contents of {path.name}", "the split")
    try:
        # A video without a pair of context frames is null there.
        return {name: int(entry["context"][0]) for name, entry in index.items() if entry is not None}
    except (AttributeError, KeyError, TypeError, IndexError, ValueError) as error:
        raise SpatiaError(
            f"{path.name} holds {shown(index)}, expected names with their context frames, as pixelSplat's evaluation_index "
            "has them; check it."
        ) from error


def _scene_split(folder: Path, name: str, kind: str) -> tuple[int, tuple[int, ...]]:
    path = folder.joinpath(*name.split("__")) / "train_test_split_1.json"
    if kind != "clips" or not path.is_file():
        return 0, ()
    split = parse_json(path.read_text(encoding="utf-8"), f"The contents of {path.name}", "the split")
    try:
        start = min(int(number) for number in split["train_ids"])
        return start, tuple(sorted(int(number) - start for number in split["test_ids"] if int(number) > start))
    except (TypeError, KeyError, ValueError) as error:
        raise SpatiaError(f"{path} holds {shown(split)}, expected train_ids and test_ids; check it.") from error


class Rescale(NamedTuple):
    """Brings a video's cameras to the unit of the scene that is estimated from its first frame, before anything is made."""

    filmed: Filmed
    width: int
    height: int
    frames: int  # of the path
    folder: Path  # a file per video: all shots of it have one scale
    output: Path  # where servers of ours write

    @property
    def key(self) -> str:
        """Of what it changes."""
        return f"rescaled by {self.frames} frames of {self.filmed.name} from {self.filmed.start} on"

    def __call__(
        self, prompt: dict, run: Callable[[dict], dict[str, dict]], fetch: Callable[[dict, Path], None]
    ) -> dict:
        known = self.folder / f"{self.filmed.name}.json"
        if not known.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(known, json.dumps(self._measured(prompt, run, fetch)))
        scale = json.loads(known.read_text(encoding="utf-8"))["scale"]
        (cameras,) = nodes_of(prompt, "SpatiaImportCameras")
        prompt[cameras]["inputs"]["scale"] = scale
        return prompt

    def _measured(
        self, prompt: dict, run: Callable[[dict], dict[str, dict]], fetch: Callable[[dict, Path], None]
    ) -> dict:
        (estimate,) = nodes_of(prompt, "SpatiaEstimateScene")
        part = {number: dict(node, inputs=dict(node["inputs"])) for number, node in upstream(prompt, estimate).items()}
        part[estimate]["inputs"]["voxel_size"] = _FINE
        part["save"] = {
            "class_type": "SpatiaSaveScene",
            "inputs": {"memory": [estimate, 0], "filename_prefix": f"spatia/scale/{self.filmed.name}", "content": "PLY", "axes": _AXES},
            "_meta": {"title": "Save Scene"},
        }  # fmt: skip
        place, _, name = run(part)["save"]["text"][0].removesuffix(" [output]").rpartition("/")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "scene.ply"
            fetch({"filename": name, "subfolder": place, "type": "output"}, path)
            positions = read_ply(path).positions
        (self.output / place / name).unlink(missing_ok=True)
        return scale_between(*self.filmed.clip(self.width, self.height, self.frames), positions)


def scale_between(frames: Tensor, cameras: Cameras, positions: Tensor) -> dict[str, Any]:
    """{"scale": factor from the cameras' unit to the points', "known": share of pixels that say so}.

    frames: (N, H, W, 3) uint8. positions: (P, 3) points seen from the first camera, in their own unit. The depth that the
    frames' parallax gives is compared with the points'; where too few pixels show any, the scale is 1: there is no way to scale.
    """
    far = (cameras.centers - cameras.centers[0]).norm(dim=1)
    last = int(far.argmax())
    picked = sorted({round(last * step / (_SWEPT - 1)) for step in range(_SWEPT)})
    way = float(far[last])
    if way == 0 or len(picked) < 2:
        return {"scale": 1.0, "known": 0.0}
    try:
        swept = plane_sweep(
            frames[picked], cameras.select(picked), near=_NEAR * way, far=_FAR * way, pick=[0], longest=_SIDE
        ).depth[0]  # fmt: skip
    except SpatiaError:  # the cameras hardly move
        return {"scale": 1.0, "known": 0.0}
    height, width = swept.shape
    first = cameras.select([0])
    # The cloud is that of the first picture, posed at the first camera in the cameras' unit.
    seen = nearest_depth(positions, first, height, width, voxel_size=_FINE)[0]
    both = (swept > 0) & (seen > 0)
    known = float(both.float().mean())
    if known < _KNOWN:
        return {"scale": 1.0, "known": known}
    return {"scale": float(torch.median(seen[both] / swept[both])), "known": known}
