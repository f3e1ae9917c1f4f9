"""Measure the small bundle on held-out rooms, two clips each, through the nodes of this package.

    COMFYUI_PATH=... python training/evaluate.py --rooms 24

Clip 1 is made from the first frame, clip 2 from the last 9 generated frames, the memory updated with generated frames
and the references retrieved from them. PSNR is against the ray-cast truth, over generated frames only; the baselines
are the projection video with its holes filled by its mean colour (in clip 2 it shows what the network itself made in
clip 1), the same of the first image's cloud alone (no network in it), and the first frame repeated.
"""

import argparse
import json
import sys
from pathlib import Path

import make
from startup import load_host


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=24)
    parser.add_argument("--first-seed", type=int, default=make.HELD_OUT_SEED)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument(
        "--depth",
        choices=("exact", "network"),
        default="exact",
        help="of the memory: ray-cast truth or the bundled network",
    )
    parser.add_argument(
        "--without", choices=("projection", "references"), nargs="*", default=[], help="leave conditions out"
    )
    parser.add_argument("--sheet", type=Path, help="write a picture of the first rooms")
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
    rows = []
    with torch.inference_mode():
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.rooms):
            rows.append(evaluation.room(seed))
            print(json.dumps(rows[-1]), flush=True)
    summary = {
        name: round(sum(row[name] for row in rows) / len(rows), 3) for name in rows[0] if name not in ("seed", "kind")
    }
    print(
        json.dumps(
            {
                "rooms": len(rows),
                "depth": arguments.depth,
                "without": arguments.without,
                "steps": arguments.steps,
                **summary,
            },
            indent=1,
        )
    )
    if arguments.json:
        write_text(arguments.json, json.dumps({"rows": rows, "mean": summary}, indent=1))
    if arguments.sheet:
        evaluation.write_sheet(arguments.sheet)


class Evaluation:
    """The loaded bundle and what it made so far."""

    def __init__(self, arguments):
        from pipeline import Pipeline

        self.exact = arguments.depth == "exact"
        self.pipeline = Pipeline(arguments.steps, tuple(arguments.without))
        self.sheet = []

    def room(self, seed: int) -> dict:
        import torch
        from scenes import video_psnr
        from spatia_pack.spatia_core.cameras.camera import make_cameras
        from spatia_pack.training.data import clips

        video = clips.room_video(seed)
        truth = torch.from_numpy(video.frames).float() / 255
        exact = torch.from_numpy(video.z_depth)
        cameras = make_cameras(video.w2c, video.intrinsics)
        memory = self.pipeline.start(
            torch.from_numpy(video.frames[0]),
            self._maps(truth[:1], exact[:1]),
            cameras.select([0]),
            torch.from_numpy(video.moving[0]),
        )
        first_memory = memory
        figures, frames, shown, first_shown = {"seed": seed}, [truth[0]], [], []
        for clip, begin in ((1, 0), (2, clips.CLIP_FRAMES - clips.HISTORY_FRAMES)):
            window = cameras.select(slice(begin, begin + clips.CLIP_FRAMES))
            given = 1 if clip == 1 else clips.HISTORY_FRAMES
            projection, holes = self.pipeline.render(memory, window)
            generated = self.pipeline.generate(*self.pipeline.condition(memory, window, projection, holes))
            target = truth[begin + given : begin + clips.CLIP_FRAMES]
            filled = _mean_filled(projection, holes)
            first_shown += list(_mean_filled(*self.pipeline.render(first_memory, window))[given:])
            figures[f"clip {clip}"] = video_psnr(generated[given:], target)
            figures[f"clip {clip} projection, mean colour in holes"] = video_psnr(filled[given:], target)
            figures[f"clip {clip} first frame repeated"] = video_psnr(truth[:1].expand_as(target), target)
            figures[f"clip {clip} hole share"] = float(holes[given:].mean())
            frames += list(generated[given:])
            shown += list(filled[given:])
            memory = self.pipeline.remember(
                memory, generated, window, self._maps(generated, exact[begin : begin + clips.CLIP_FRAMES])
            )
        made, filled = torch.stack(frames[1:]), torch.stack(shown)
        figures["both clips"] = video_psnr(made, truth[1:])
        figures["both clips projection, mean colour in holes"] = video_psnr(filled, truth[1:])
        figures["both clips projection of the first image alone"] = video_psnr(torch.stack(first_shown), truth[1:])
        figures["both clips first frame repeated"] = video_psnr(truth[:1].expand_as(made), truth[1:])
        figures["autoencoder"] = video_psnr(self._roundtrip(truth), truth)
        if len(self.sheet) < 24:
            self.sheet += [truth, torch.stack(frames), torch.cat([truth[:1], filled])]
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}

    def _maps(self, frames, exact):
        from spatia_pack.spatia_core.estimate.depth import DepthMaps

        return DepthMaps(exact, True, "ray-cast truth") if self.exact else self.pipeline.depth(frames)

    def _roundtrip(self, frames):
        vae = self.pipeline.vae
        return vae.decode(vae.encode(frames))[0].clamp(0, 1)

    def write_sheet(self, path: Path) -> None:
        import torch
        from PIL import Image
        from scenes import write_picture

        columns = [0, 6, 12, 18, 24, 28, 32, 36, 40]
        rows = [torch.cat(list(video[columns]), dim=1) for video in self.sheet]
        write_picture(Image.fromarray((torch.cat(rows) * 255).round().byte().numpy()), path)


def _mean_filled(projection, holes):
    return projection + holes[..., None] * projection[holes < 0.1].mean(0)


if __name__ == "__main__":
    sys.exit(main())
