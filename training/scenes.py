"""Held-out scenes for the tables: rooms and paths of a seed, videos made of them clip by clip, and what is measured on those.

Import after startup.load_host.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from pipeline import Pipeline
from spatia_pack.spatia_core.cameras.camera import Cameras, make_cameras
from spatia_pack.spatia_core.cloud.point_cloud import PointCloud
from spatia_pack.spatia_core.estimate.depth import DepthMaps
from spatia_pack.spatia_core.files import replacing
from spatia_pack.spatia_core.memory import SpatialMemory
from spatia_pack.spatia_core.memory.windows import HISTORY_FRAMES, clip_windows
from spatia_pack.spatia_core.metrics import Matcher, align_pose, colour_shift, match_accuracy, pose_error, psnr, ssim
from spatia_pack.spatia_core.render.visibility import visible_points
from spatia_pack.training.data import clips
from spatia_pack.training.data.rooms import Room, RoomVideo, make_room, render_room, room_path

KINDS = ("closed", "again", "moving")
WALKS = 3  # of a path that is walked again and again, two clips each
POSED_FRAMES = (12, 20, 32)  # whose camera is measured


class Scene(NamedTuple):
    """room, c2w (N, 4, 4) and the truth along it; motion: (N, 3) displacement of the room's last box, or None."""

    seed: int
    room: Room
    c2w: np.ndarray
    motion: np.ndarray | None
    video: RoomVideo

    @property
    def cameras(self) -> Cameras:
        """The requested path."""
        return make_cameras(self.video.w2c, self.video.intrinsics)

    @property
    def truth(self) -> torch.Tensor:
        """Ray-cast frames (N, H, W, 3) in 0..1."""
        return torch.from_numpy(self.video.frames).float() / 255


class Setting(NamedTuple):
    """How a video is made. moving: masks of what moves, 'exact', 'found' by the update, or 'none' and no consistency check."""

    clip_count: int = 2
    projection: bool = True
    references: int = clips.MAX_REFERENCES
    every: int = 6
    voxel_size: float = clips.VOXEL_SIZE
    retrieval: str = "paper_iou"
    visibility: str | None = None
    rebuild: bool = False
    depth: str = "network"
    moving: str = "found"


class Run(NamedTuple):
    """frames: (N, H, W, 3) in 0..1, the given image first. memory: after the last clip. before_last: the memory the last clip
    was made from. clip: (N,), 0 = given. references: how many each clip got. update_seconds, retrieve_seconds: of each clip."""

    frames: torch.Tensor
    memory: SpatialMemory
    before_last: SpatialMemory
    clip: torch.Tensor
    references: list[int]
    update_seconds: list[float]
    retrieve_seconds: list[float]


def held_out_seeds(kind: str, count: int, first: int) -> list[int]:
    """The first `count` seeds of a kind: for 'closed' those whose path ends where it began."""
    seeds, seed = [], first
    while len(seeds) < count:
        if kind != "closed" or _closes(clips.room_scene(seed)[1]):
            seeds.append(seed)
        seed += 1
    return seeds


def make_scene(kind: str, seed: int) -> Scene:
    """closed: out and back or a loop in two clips. again: the same closed path walked WALKS times. moving: with a box that moves."""
    if kind == "again":
        room, c2w = walked_again(seed, WALKS)
        motion = None
    else:
        room, c2w, motion = clips.room_scene(seed, kind == "moving")
    return Scene(seed, room, c2w, motion, render_room(room, c2w, clips.HEIGHT, clips.WIDTH, motion=motion))


def walked_again(seed: int, walks: int) -> tuple[Room, np.ndarray]:
    """A room and a closed path walked `walks` times, two clips to a walk: 41 poses, then 32 for each walk more."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["out_and_back", "loop"])
    first, later = clips.VIDEO_FRAMES - 1, 2 * (clips.CLIP_FRAMES - clips.HISTORY_FRAMES)
    fine = int(np.lcm(first, later))
    while True:
        room = make_room(rng)
        try:
            path = room_path(room, rng, fine + 1, kind)
        except ValueError:
            continue
        more = np.tile(np.arange(1, later + 1) * (fine // later), walks - 1)
        return room, path[np.concatenate([np.arange(first + 1) * (fine // first), more])]


class Maker:
    """Makes videos with one loaded bundle. Settings of one scene share what they have in common: clip 1 has no references yet."""

    def __init__(self, pipeline: Pipeline):
        self.pipeline = pipeline
        self._first: dict = {}

    def run(self, scene: Scene, setting: Setting) -> Run:
        pipeline = self.pipeline
        pipeline.without = () if setting.projection else ("projection",)
        pipeline.max_references, pipeline.every = setting.references, setting.every
        pipeline.retrieval, pipeline.visibility = setting.retrieval, setting.visibility
        pipeline.voxel_size, pipeline.consistency = setting.voxel_size, setting.moving != "none"
        pipeline.find_moving = setting.moving == "found"
        frames = clips.CLIP_FRAMES
        windows = clip_windows(len(scene.c2w), frames, frames)[: setting.clip_count]
        shared = (
            scene.seed,
            len(scene.c2w),
            scene.motion is None,
            setting.projection,
            setting.voxel_size,
            setting.depth,
            setting.moving,
        )
        if next(iter(self._first), shared)[:3] != shared[:3]:
            self._first.clear()  # another scene
        if shared not in self._first:
            self._first[shared] = self._clip(scene, setting, self._start(scene, setting), 0, frames)
        made = [self._first[shared]]
        for window in windows[1:]:
            made.append(self._clip(scene, setting, made[-1].memory, window.start, frames))
        whole = torch.cat([scene.truth[:1], *(clip.frames for clip in made)])
        clip = torch.cat(
            [torch.zeros(1), *(torch.full((len(part.frames),), index) for index, part in enumerate(made, 1))]
        ).int()
        return Run(
            whole,
            made[-1].memory,
            made[-1].before,
            clip,
            [part.references for part in made],
            [part.update_seconds for part in made],
            [part.retrieve_seconds for part in made],
        )

    def _start(self, scene: Scene, setting: Setting) -> SpatialMemory:
        moving = torch.from_numpy(scene.video.moving[0])
        if setting.moving != "exact":
            moving = torch.zeros_like(moving)
        first = torch.from_numpy(scene.video.frames[0])
        return self.pipeline.start(
            first, self._maps(scene, setting, scene.truth[:1], 0), scene.cameras.select([0]), moving
        )

    def _maps(self, scene: Scene, setting: Setting, frames: torch.Tensor, begin: int) -> DepthMaps:
        if setting.depth == "network":
            return self.pipeline.depth(frames)
        return DepthMaps(torch.from_numpy(scene.video.z_depth[begin : begin + len(frames)]), True, "ray-cast truth")

    def _clip(self, scene: Scene, setting: Setting, memory: SpatialMemory, begin: int, frames: int) -> "_Clip":
        pipeline = self.pipeline
        window = scene.cameras.select(slice(begin, begin + frames))
        began = time.perf_counter()
        references = pipeline.retrieve(memory, window)
        retrieved = time.perf_counter()
        generated = pipeline.generate(
            *pipeline.condition(memory, window, *pipeline.render(memory, window), references), seed=scene.seed
        )
        decoded = time.perf_counter()
        moving = torch.from_numpy(scene.video.moving[begin : begin + frames]) if setting.moving == "exact" else None
        after = pipeline.remember(memory, generated, window, self._maps(scene, setting, generated, begin), moving)
        if setting.rebuild:
            decoded = time.perf_counter()
            everything = after.read_frames(range(after.frame_count)).float() / 255
            masks = torch.from_numpy(scene.video.moving[: len(everything)]) if setting.moving == "exact" else None
            after = pipeline.rebuild(after, self._maps(scene, setting, everything, 0), masks)
        given = 1 if begin == 0 else HISTORY_FRAMES
        return _Clip(
            generated[given:], memory, after, len(references), time.perf_counter() - decoded, retrieved - began
        )


class _Clip(NamedTuple):
    frames: torch.Tensor
    before: SpatialMemory
    memory: SpatialMemory
    references: int
    update_seconds: float
    retrieve_seconds: float


class Measures:
    """What is computed of a run. lpips: of load_lpips, or None to leave it out."""

    def __init__(self, matcher: Matcher, lpips=None):
        self.matcher, self.lpips = matcher, lpips

    def closed(self, scene: Scene, run: Run) -> dict[str, float]:
        """Closed-loop figures, PSNR against the truth, references used and retrieval time."""
        frames = as_8_bit(run.frames)
        figures = self._loop(frames[-1], frames[0], "_c") | _against_truth(scene, run)
        figures["references used"] = float(run.references[-1])
        figures["retrieve s"] = run.retrieve_seconds[-1]
        return figures

    def camera(self, scene: Scene, run: Run) -> dict[str, float]:
        """Pose error of POSED_FRAMES, the median of them, and whether it is below 5 degrees."""
        frames = as_8_bit(run.frames)
        turn, shift = np.median([camera_error(scene, frames[row].numpy(), row) for row in POSED_FRAMES], axis=0)
        return {"turn deg": float(turn), "shift cm": 100 * float(shift), "below 5 deg": float(turn < 5)}

    def again(self, scene: Scene, run: Run) -> dict[str, float]:
        """Closed-loop figures after each walk; PSNR against the truth, colour shift and update time of each clip."""
        frames, figures = as_8_bit(run.frames), {}
        for clip in range(1, int(run.clip.max()) + 1):
            rows = (run.clip == clip).nonzero()[:, 0].tolist()
            figures[f"psnr clip {clip}"] = video_psnr(frames[rows], scene.truth[rows])
            figures[f"colour shift clip {clip}"] = float(
                np.mean([colour_shift(frames[row], scene.truth[row]) for row in rows])
            )
            figures[f"update s clip {clip}"] = run.update_seconds[clip - 1]
            if clip % 2 == 0:
                figures |= self._loop(frames[rows[-1]], frames[0], f"_c clip {clip}")
        return figures | {"points": float(run.memory.cloud.size)} | _against_truth(scene, run)

    def moving(self, scene: Scene, run: Run) -> dict[str, float]:
        """PSNR of static pixels, what became of the box in the video, and how many of the memory's points are in its way."""
        frames, truth, masks = as_8_bit(run.frames), scene.truth, torch.from_numpy(scene.video.moving)
        count = len(frames)
        still = ~masks[:count]
        figures = {"psnr static": _masked_psnr(frames, truth, still), "psnr": video_psnr(frames[1:], truth[1:count])}
        bare = scene.room._replace(boxes=scene.room.boxes[:-1], materials=scene.room.materials[:-1])
        empty = torch.from_numpy(render_room(bare, scene.c2w[:count], *truth.shape[1:3]).frames).float() / 255
        at_rest = render_room(
            scene.room, scene.c2w[:count], *truth.shape[1:3], motion=np.repeat(scene.motion[:1], count, 0)
        )
        resting, frozen = torch.from_numpy(at_rest.moving), torch.from_numpy(at_rest.frames).float() / 255
        # The box is what differs from the empty room, where it is in truth or would be had it not moved.
        where = masks[:count] | resting
        where[0] = False
        figures["likeness moving"] = _correlation((frames - empty)[where], (truth[:count] - empty)[where])
        figures["likeness frozen"] = _correlation((frames - empty)[where], (frozen - empty)[where])
        figures["moves"] = float(figures["likeness moving"] > figures["likeness frozen"])
        left = resting & ~masks[:count]
        if left.any():
            to_room, to_box = ((frames - other).square().sum(-1)[left] for other in (empty, frozen))
            figures["left its place"] = float((to_room < to_box).float().mean())
        figures["box points"] = float(points_of_box(run.memory.cloud, scene))
        figures["points"] = float(run.memory.cloud.size)
        return figures

    def visibility(self, scene: Scene, run: Run) -> dict[str, float]:
        """Of the points each mode says the last clip's cameras see: the share hidden in truth; and the share of the truth it misses.

        Needs a memory made with exact depth.
        """
        memory, figures = run.before_last, {}
        rows = list(range(len(run.frames) - clips.CLIP_FRAMES, len(run.frames), 6))
        path = scene.cameras
        cameras = path.select(rows)
        seen = torch.stack([clips.seen(memory.cloud.positions.double(), scene.video, path, row) for row in rows])
        for mode in ("precise", "release"):
            says = visible_points(
                memory.cloud.positions, cameras, memory.height, memory.width, mode=mode, voxel_size=memory.voxel_size
            )
            figures[f"hidden % of seen, {mode}"] = 100 * float((says & ~seen).sum() / says.sum().clamp_min(1))
            figures[f"missed % of visible, {mode}"] = 100 * float((seen & ~says).sum() / seen.sum().clamp_min(1))
        return figures

    def _loop(self, last: torch.Tensor, first: torch.Tensor, suffix: str) -> dict[str, float]:
        figures = {
            f"psnr{suffix}": psnr(last, first),
            f"ssim{suffix}": ssim(last, first),
            f"match{suffix}": match_accuracy(last, first, self.matcher),
            f"colour{suffix}": colour_shift(last, first),
        }
        if self.lpips is not None:
            figures[f"lpips{suffix}"] = self.lpips(last, first)
        return figures


def camera_error(scene: Scene, image: np.ndarray, row: int) -> tuple[float, float]:
    """Degrees and metres between the requested pose of a frame (H, W, 3) and the pose in the true room that it looks taken from."""

    def render(c2w: np.ndarray, height: int, width: int) -> np.ndarray:
        return render_room(scene.room, c2w[None], height, width, supersample=2).frames[0] / 255.0

    starts = [scene.c2w[row], *scene.c2w[::8]]
    return pose_error(align_pose(image, render, starts).c2w, scene.c2w[row])


def points_of_box(cloud: PointCloud, scene: Scene) -> int:
    """Points within 3 cm of the moving box at any of its places, those of the floor it stands on left out."""
    box, positions = scene.room.boxes[-1], cloud.positions.double().numpy()
    inside = np.zeros(len(positions), bool)
    for shift in scene.motion:
        local = positions - (box[:3] + shift)
        x, z = box[6] * local[:, 0] - box[7] * local[:, 2], box[7] * local[:, 0] + box[6] * local[:, 2]
        inside |= (np.abs(np.stack([x, local[:, 1], z], -1)) < box[3:6] + 0.03).all(-1)
    floor = scene.room.boxes[0, 1] + scene.room.boxes[0, 4]
    return int((inside & (positions[:, 1] < floor - 0.05)).sum())


def as_8_bit(frames: torch.Tensor) -> torch.Tensor:
    """Frames in 0..1 as the memory and a saved video hold them."""
    return (frames * 255).round() / 255


def video_psnr(made: torch.Tensor, target: torch.Tensor) -> float:
    """PSNR in dB of whole videos (N, H, W, 3), from their mean squared error."""
    return float(-10 * torch.log10((made - target).square().mean().clamp_min(1e-10)))


def write_picture(picture: Image.Image, path: Path, **options) -> None:
    """Save a picture in the format of its name's ending; options are that format's."""
    with replacing(path) as part:
        picture.save(part, format=Image.registered_extensions()[path.suffix.lower()], **options)


def _against_truth(scene: Scene, run: Run) -> dict[str, float]:
    frames, truth = as_8_bit(run.frames), scene.truth[: len(run.frames)]
    return {
        "psnr": video_psnr(frames[1:], truth[1:]),
        "ssim": float(np.mean([ssim(a, b) for a, b in zip(frames[1:], truth[1:])])),
    }


def _masked_psnr(made: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> float:
    """Of the generated frames: the first is given."""
    return video_psnr(made[1:][mask[1:]], target[1 : len(made)][mask[1:]])


def _correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    """Cosine of two sets of differences, which have no mean to take off: zero is the empty room."""
    return float((a * b).sum() / (a.norm() * b.norm()).clamp_min(1e-9))


def _closes(c2w: np.ndarray) -> bool:
    return bool(np.abs(c2w[-1] - c2w[0]).max() < 1e-6)
