"""Measure the bundled branches of "Memorize When Needed" on held-out rooms: what comes back in clip 2 with them, without, and with Spatia's own memory.

    COMFYUI_PATH=... python training/evaluate_decoupled.py --rooms 24

Clip 1 is made by Spatia (--video truth: it is the ray-cast video; camera: by the camera branch alone), clip 2 under each of
the --settings, all from the same noise. A setting joins with + what clip 2 is given beside its history of 9 frames:
`projection` and `references` are Spatia's, `recent` is a projection of the history's own cloud, which steers the camera and
knows nothing from before, `camera` and `memory` are the branches with the nodes' defaults (the camera's to the last step),
`nothing` is none of them. PSNR is against the ray-cast truth:

revisit    the frames whose gate is open
forgotten  of these, the pixels that no frame of the history sees, but an earlier one does; all rooms together
shut       the generated frames whose gate is shut, for want of a frame to remember or because the frame before looks up the same

`change`: how far the branch moves a clip in which no gate opens (0 is bit for bit the same).
"""

import argparse
import json
import math
import sys
from pathlib import Path

import make
from make_decoupled import FILES
from startup import BUNDLE, load_host

GIVEN = ("recent", "projection", "references", "camera", "memory")
SETTINGS = (
    "nothing", "references", "memory", "camera", "camera+memory", "recent", "recent+references", "recent+memory",
    "projection+references", "projection+references+memory",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=24)
    parser.add_argument("--first-seed", type=int, default=make.HELD_OUT_SEED)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--settings", nargs="+", type=_setting, default=list(map(_setting, SETTINGS)), metavar="A+B")
    parser.add_argument("--video", choices=("generated", "truth", "camera"), default="generated", help="clip 1")
    parser.add_argument("--branch", type=Path, default=BUNDLE / FILES["memory"], help="weights of the memory branch")
    parser.add_argument("--camera", type=Path, default=BUNDLE / FILES["camera"], help="weights of the camera branch")
    parser.add_argument(
        "--sheet", type=Path, help="write a picture of the first rooms: the truth, then clip 2 under each setting"
    )
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    load_host()
    import comfy.model_management
    import torch
    from spatia_pack.spatia_core.files import write_text

    comfy.model_management.in_training = False  # measured with the kernels that run at inference
    torch.set_num_threads(arguments.threads)
    evaluation = Evaluation(arguments)
    with torch.inference_mode():
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.rooms):
            print(json.dumps(evaluation.room(seed)), flush=True)
    summary = evaluation.summary()
    print(json.dumps(summary, indent=1))
    if arguments.json:
        write_text(arguments.json, json.dumps({"rows": evaluation.rows, "summary": summary}, indent=1))
    if arguments.sheet:
        evaluation.write_sheet(arguments.sheet)


def _setting(text: str) -> tuple[str, ...]:
    parts = () if text == "nothing" else tuple(text.split("+"))
    if any(part not in GIVEN for part in parts):
        raise argparse.ArgumentTypeError(f"{text}: expected 'nothing', or some of {', '.join(GIVEN)} joined with +")
    return parts


def _name(setting: tuple[str, ...]) -> str:
    return "+".join(setting) or "nothing"


class Evaluation:
    """The loaded bundle with its branch, and the figures so far."""

    def __init__(self, arguments):
        from pipeline import Pipeline
        from spatia_pack.nodes.host.camera_branch import CameraBranch
        from spatia_pack.nodes.host.decoupled import DecoupledBranch
        from spatia_pack.nodes.host.side_branch import load_side_branch

        self.arguments = arguments
        self.pipeline = Pipeline(arguments.steps)
        self.model = self.pipeline.model
        self.branch = load_side_branch(DecoupledBranch, str(arguments.branch), arguments.branch.name)
        self.camera = load_side_branch(CameraBranch, str(arguments.camera), arguments.camera.name)
        self.rows, self.sheet = [], []

    def room(self, seed: int) -> dict:
        import torch
        from spatia_pack.nodes.host.camera_branch import apply_camera
        from spatia_pack.nodes.host.remember import remember_clip
        from spatia_pack.spatia_core.cameras.camera import make_cameras
        from spatia_pack.training.data import clips
        from spatia_pack.training.data.memories import plan_memory

        video = clips.room_video(seed)
        cameras = make_cameras(video.w2c, video.intrinsics)
        start = clips.CLIP_FRAMES - clips.HISTORY_FRAMES
        memory = self._first_clip(video, cameras)
        window = cameras.select(slice(start, None))
        opened, _ = plan_memory(cameras, start, clips.CLIP_FRAMES, clips.HISTORY_FRAMES)
        # Latent frame i > 0 is frames 4i-3..4i of the clip.
        is_open = opened[1:].repeat_interleave(4)[clips.HISTORY_FRAMES - 1 :]
        truth = torch.from_numpy(video.frames[start + clips.HISTORY_FRAMES :]).float() / 255
        forgotten = _forgotten(video, cameras, start, start + clips.HISTORY_FRAMES) & is_open[:, None, None]
        models = {}
        for steered, base in (
            (False, self.model),
            (True, apply_camera(self.model, self.camera, window, end_percent=1.0)),
        ):
            remembering, report, _ = remember_clip(base, self.branch, self.pipeline.vae, memory, window)
            models |= {(steered, False): base, (steered, True): remembering}
        row = {
            "seed": seed,
            "open": int(opened.sum()),
            "forgotten pixels": int(forgotten.sum()),
            "report": report.splitlines()[0],
        }
        shown = {
            "projection": self.pipeline.render(memory, window),
            "recent": self.pipeline.render(self._recent(memory, video, start), window),
        }
        made = {}
        for setting in self.arguments.settings:
            self.pipeline.model = models["camera" in setting, "memory" in setting]
            source = next((part for part in setting if part in shown), None)
            self.pipeline.without = tuple(
                name for name, given in (("projection", source), ("references", "references" in setting)) if not given
            )
            conditioned = self.pipeline.condition(memory, window, *shown[source or "projection"])
            made[setting] = self.pipeline.generate(*conditioned)[clips.HISTORY_FRAMES :]
            error = (made[setting] - truth).square().mean(-1)
            row[_name(setting)] = {
                "revisit": float(error[is_open].mean()) if is_open.any() else None,
                "shut": float(error[~is_open].mean()) if not is_open.all() else None,
                "forgotten": float(error[forgotten].sum()),
            }
        self.pipeline.model = self.model
        if not row["open"]:
            pairs = [
                (clip, made[rest])
                for setting, clip in made.items()
                if "memory" in setting and (rest := _without_memory(setting)) in made
            ]
            row["change"] = max((float((one - other).abs().max()) for one, other in pairs), default=None)
        if len(self.sheet) < 6 * (len(made) + 1):
            self.sheet += [truth, *made.values()]
        self.rows.append(row)
        return row

    def _first_clip(self, video, cameras):
        import torch
        from spatia_pack.nodes.host.camera_branch import apply_camera
        from spatia_pack.spatia_core.estimate.depth import DepthMaps
        from spatia_pack.training.data import clips

        def maps(count):
            return DepthMaps(torch.from_numpy(video.z_depth[:count]), True, "ray-cast truth")

        frames = torch.from_numpy(video.frames)
        alone = self.arguments.video == "camera"
        self.pipeline.without = ("projection",) if alone else ()
        memory = self.pipeline.start(frames[0], maps(1), cameras.select([0]), torch.from_numpy(video.moving[0]))
        window = cameras.select(slice(0, clips.CLIP_FRAMES))
        if self.arguments.video == "truth":
            made = frames[: clips.CLIP_FRAMES].float() / 255
        else:
            if alone:
                self.pipeline.model = apply_camera(self.model, self.camera, window, end_percent=1.0)
            made = self.pipeline.generate(
                *self.pipeline.condition(memory, window, *self.pipeline.render(memory, window))
            )
        self.pipeline.model = self.model
        moving = torch.from_numpy(video.moving[: clips.CLIP_FRAMES])
        return self.pipeline.remember(memory, made, window, maps(clips.CLIP_FRAMES), moving)

    def _recent(self, memory, video, start: int):
        """The memory with the cloud of its last 9 frames alone."""
        import torch
        from spatia_pack.spatia_core.cameras.camera import unproject
        from spatia_pack.spatia_core.cloud.point_cloud import concat_clouds, make_point_cloud
        from spatia_pack.spatia_core.cloud.voxels import voxel_merge

        clouds = []
        for index in range(start, memory.frame_count, 4):
            depth = torch.from_numpy(video.z_depth[index]).double()
            points = unproject(depth, memory.cameras.K(memory.height, memory.width)[index], memory.cameras.c2w[index])
            clouds.append(make_point_cloud(points.reshape(-1, 3).float(), memory.read_frames([index]).reshape(-1, 3)))
        return memory._replace(cloud=voxel_merge(concat_clouds(*clouds), memory.voxel_size))

    def summary(self) -> dict:
        summary = {
            "rooms": len(self.rows), "rooms that remember": sum(row["open"] > 0 for row in self.rows),
            "open latent frames": sum(row["open"] for row in self.rows), "video": self.arguments.video, "steps": self.arguments.steps,
            "branch": self.arguments.branch.name, "settings": {},
        }  # fmt: skip
        changes = [row["change"] for row in self.rows if row.get("change") is not None]
        if changes:
            summary["change"], summary["rooms without an open gate"] = max(changes), len(changes)
        pixels = sum(row["forgotten pixels"] for row in self.rows)
        for name in map(_name, self.arguments.settings):
            figures = {}
            for part in ("revisit", "shut"):
                errors = [row[name][part] for row in self.rows if row[name][part] is not None]
                if errors:
                    figures[part] = round(sum(map(_psnr, errors)) / len(errors), 2)
            if pixels:
                figures["forgotten"] = round(_psnr(sum(row[name]["forgotten"] for row in self.rows) / pixels), 2)
            summary["settings"][name] = figures
        return summary

    def write_sheet(self, path: Path) -> None:
        import torch
        from PIL import Image
        from scenes import write_picture

        rows = [torch.cat(list(video[::3]), dim=1) for video in self.sheet]
        write_picture(Image.fromarray((torch.cat(rows) * 255).round().byte().numpy()), path)


def _without_memory(setting: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in setting if part != "memory")


def _forgotten(video, cameras, start: int, end: int):
    """(N, H, W) bool, of the frames from `end` on: pixels that frames start..end-1 do not see and a frame before them does."""
    import torch
    from spatia_pack.spatia_core.cameras.camera import unproject
    from spatia_pack.training.data import clips

    masks = []
    for frame in range(end, clips.VIDEO_FRAMES):
        depth = torch.from_numpy(video.z_depth[frame]).double()
        points = unproject(depth, cameras.K(clips.HEIGHT, clips.WIDTH)[frame], cameras.c2w[frame]).reshape(-1, 3)
        recent, before = (
            torch.stack([clips.seen(points, video, cameras, view) for view in views]).any(0)
            for views in (range(start, end), range(start))
        )
        masks.append((before & ~recent).reshape(depth.shape))
    return torch.stack(masks)


def _psnr(error: float) -> float:
    return -10 * math.log10(max(error, 1e-10))


if __name__ == "__main__":
    sys.exit(main())
