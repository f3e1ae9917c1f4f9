"""Make the small bundle's two branches of "Memorize When Needed" beside its frozen network, on the latents of make.py.

    COMFYUI_PATH=... python training/make_decoupled.py WORK_FOLDER --minutes 40

Stages: `memories` encodes what each room's second clip may remember of the first, `camera` trains the branch that tells
where the camera goes, `memory` the one that remembers, beside it, and `export` writes both into bundle/. WORK_FOLDER
holds make.py's latents. Seeds are fixed; --steps instead of --minutes gives a run that repeats exactly.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import NamedTuple

import make
from startup import BUNDLE, load_host

STAGES = ("memories", "camera", "memory", "export")
FILES = {"camera": "spatia_small_camera.safetensors", "memory": "spatia_small_decoupled.safetensors"}
SHARED = {
    "num_heads": 2,
    "layers": 3,
    "freq_dim": 128,
    "out_dim": make.BACKBONE["dim"],
    "unshuffle": 16,
    "patch": (1, 2, 2),
}
CAMERA = {**SHARED, "dim": 152, "ffn_dim": 304, "current_channels": 112, "camera_channels": (64, 64)}
# Its last output is read as a picture while it learns by itself, noise and all: 192 values a token.
MEMORY = {
    **SHARED, "dim": 200, "ffn_dim": 400, "current_channels": 64, "history_channels": 64, "camera_channels": (64, 64, 16),
}  # fmt: skip
DROPPED = 0.15  # of the slots, at random
REMEMBERED_NOISE = 0.05  # remembered frames are generated ones at run time: not quite clean


def make_memories(work: Path, part: int, parts: int) -> None:
    import torch
    from spatia_pack.spatia_core.cameras.camera import make_cameras
    from spatia_pack.spatia_core.files import replacing
    from spatia_pack.spatia_core.model.decoupled.assembly import assemble
    from spatia_pack.spatia_core.model.decoupled.retrieval import ball_points
    from spatia_pack.training.data import clips
    from spatia_pack.training.data.memories import TRAINING_RULES, plan_memory

    encode = make.latent_encoder(work)
    points = ball_points(4000)
    start = clips.CLIP_FRAMES - clips.HISTORY_FRAMES
    (work / "memories").mkdir(exist_ok=True)

    for path in latents(work)[part::parts]:
        out = work / "memories" / path.name
        # What moved is not where it was remembered.
        if out.exists() or int(path.stem) >= make.MOVING_SEED:
            continue
        video = clips.room_video(int(path.stem))
        frames = torch.from_numpy(video.frames)
        # The clip's first latent frame is that of its first image alone.
        if not torch.allclose(encode(frames[:1])[0, :, 0], torch.load(path)["first"]["video"][:, 0], atol=0.05):
            sys.exit(f"{path} is of another version of the rooms: run make.py's stage 'latents' in a new folder.")
        cameras = make_cameras(video.w2c, video.intrinsics)
        opened, ids = plan_memory(
            cameras, start, clips.CLIP_FRAMES, clips.HISTORY_FRAMES, TRAINING_RULES, points=points
        )
        stored = {"gate": opened, "ids": ids, "w2c": cameras.w2c, "intrinsics": cameras.intrinsics[0]}
        if bool(opened.any()):
            stored["temporal"], stored["spatial"] = assemble(
                lambda window, frames=frames: frames[window.start : window.stop], start + 1, ids[opened], encode
            )
        with replacing(out) as partial:
            torch.save(stored, partial)


def latents(work: Path) -> list[Path]:
    found = sorted((work / "latents").glob("*.pt"), key=lambda path: int(path.stem))
    if not found:
        sys.exit(f"No latents in {work / 'latents'}: run make.py's stage 'latents' first.")
    return found


class TrainingRoom(NamedTuple):
    """A still room. first: clip 1 as the stage latents left it. seconds: clip 2, and after it the same with generated conditions.
    cameras: of either; slots: what clip 2 remembers, None where there is nothing."""

    first: dict
    seconds: list[dict]
    cameras: tuple
    slots: object


def training_rooms(work: Path, share: float) -> list[TrainingRoom]:
    """The first `share` of the rooms."""
    import torch
    from spatia_pack.spatia_core.cameras.camera import make_cameras
    from spatia_pack.spatia_core.model.decoupled.assembly import memory_slots
    from spatia_pack.training.data import clips
    from spatia_pack.training.networks.beside import posed_clip

    start = clips.CLIP_FRAMES - clips.HISTORY_FRAMES
    paths = sorted((work / "memories").glob("*.pt"), key=lambda path: int(path.stem))
    if not paths:
        sys.exit(f"No memories in {work / 'memories'}: run the stage 'memories' first.")
    found = []
    for path in paths[: math.ceil(share * len(paths))]:
        memory, made = torch.load(path), torch.load(work / "latents" / path.name)
        cameras = make_cameras(memory["w2c"], memory["intrinsics"])
        one, two = (cameras.select(slice(begin, begin + clips.CLIP_FRAMES)) for begin in (0, start))
        slots = None
        if "temporal" in memory:
            slots = memory_slots(
                memory["gate"], memory["ids"], memory["temporal"].float(), memory["spatial"].float(), two,
                cameras.select(slice(0, start + 1)), clips.HEIGHT, clips.WIDTH,
            )  # fmt: skip
        seconds = [made["second"]]
        generated = work / "generated" / path.name
        if generated.exists():
            clip = torch.load(generated)
            history = clip["history"]
            clip["video"] = torch.cat([history, made["second"]["video"][:, history.shape[1] :]], dim=1)
            seconds.append(clip)
        poses = tuple(posed_clip(clip, clips.HEIGHT, clips.WIDTH) for clip in (one, two))
        found.append(TrainingRoom(made["first"], seconds, poses, slots))
    remembering = [int(room.slots.gate.sum()) for room in found if room.slots is not None]
    print(f"{len(found)} rooms; {len(remembering)} have something to remember, {sum(remembering)} slots", flush=True)
    return found


def build_branch(stage: str):
    import comfy.ops
    import torch
    from spatia_pack.nodes.host.camera_branch import CameraBranch
    from spatia_pack.nodes.host.decoupled import DecoupledBranch
    from spatia_pack.spatia_core.model.decoupled.layout import CameraLayout, DecoupledLayout

    plain = comfy.ops.disable_weight_init
    if stage == "camera":
        return CameraBranch(CameraLayout(**CAMERA), torch.float32, None, plain)
    return DecoupledBranch(DecoupledLayout(**MEMORY), torch.float32, None, plain)


class Draw:
    """Numbers for a batch from its generator."""

    def __init__(self, generator):
        self.generator = generator

    def below(self, count: int) -> int:
        import torch

        return int(torch.randint(count, (), generator=self.generator))

    def chance(self, share: float) -> bool:
        import torch

        return float(torch.rand((), generator=self.generator)) < share


def camera_batches(rooms: list[TrainingRoom], no_projection, batch_size: int):
    """Batches of clips that the camera alone steers: first ones, later ones, and later ones as if they were first ones."""
    import torch
    from spatia_pack.training.networks.beside import stack_clips
    from spatia_pack.training.networks.objective import Batch
    from spatia_pack.training.tasks.decoupled import DecoupledBatch

    def batch(generator):
        draw = Draw(generator)
        first = draw.chance(0.45)
        chosen = [rooms[draw.below(len(rooms))] for _ in range(batch_size)]
        made = [room.first if first else room.seconds[draw.below(len(room.seconds))] for room in chosen]
        video = torch.stack([clip["video"] for clip in made]).float()
        clean = 1 if first or draw.chance(0.3) else 3
        control = no_projection.expand(batch_size, *no_projection.shape)
        clip = Batch(video, control, torch.zeros_like(video[:, :, :0]), clean)
        return DecoupledBatch(clip, stack_clips(room.cameras[0 if first else 1] for room in chosen), None)

    return batch


def memory_batches(rooms: list[TrainingRoom], no_projection, batch_size: int):
    """Batches of second clips with something to remember: mostly beside the camera branch, else beside Spatia's projection or nothing."""
    import torch
    from spatia_pack.spatia_core.model.decoupled.assembly import stack_slots
    from spatia_pack.training.data.memories import dropped_slots
    from spatia_pack.training.networks.beside import stack_clips
    from spatia_pack.training.networks.objective import Batch
    from spatia_pack.training.tasks.decoupled import DecoupledBatch

    rooms = [room for room in rooms if room.slots is not None]

    def noisy(latents, generator):
        return latents + REMEMBERED_NOISE * torch.randn(latents.shape, generator=generator)

    def batch(generator):
        draw = Draw(generator)
        chosen = [rooms[draw.below(len(rooms))] for _ in range(batch_size)]
        made = [room.seconds[draw.below(len(room.seconds))] for room in chosen]
        video = torch.stack([clip["video"] for clip in made]).float()
        control = no_projection.expand(batch_size, *no_projection.shape)
        references, cameras = torch.zeros_like(video[:, :, :0]), None
        if draw.chance(0.2):
            control = torch.stack([clip["control"] for clip in made]).float()
        elif draw.chance(0.85):
            cameras = stack_clips(room.cameras[1] for room in chosen)
        wanted = min(clip["references"].shape[1] for clip in made)
        if wanted and cameras is None and draw.chance(0.6):
            references = noisy(torch.stack([clip["references"][:, :wanted] for clip in made]).float(), generator)
        slots = dropped_slots(stack_slots(*(room.slots for room in chosen)), DROPPED, generator)
        slots = slots._replace(temporal=noisy(slots.temporal, generator), spatial=noisy(slots.spatial, generator))
        return DecoupledBatch(Batch(video, control, references, 3), cameras, slots)

    return batch


def make_branch(work: Path, stage: str, budget, share: float, resume: bool, batch_size: int = 8) -> None:
    import torch
    from spatia_pack.nodes.host.camera_branch import CameraRun
    from spatia_pack.nodes.host.decoupled import BranchRun
    from spatia_pack.spatia_core.weights.scaled import load_quantised
    from spatia_pack.training.networks.beside import Beside, Network
    from spatia_pack.training.tasks.decoupled import ALONE, initialise_branch, train_branch

    torch.manual_seed(0)
    backbone, control = make.build_network()
    # The network as it will be loaded.
    backbone.load_state_dict(load_quantised(BUNDLE / "spatia_small_backbone.safetensors")[0])
    control.load_state_dict(load_quantised(BUNDLE / "spatia_small_control.safetensors")[0])
    branches = {name: build_branch(name) for name in dict.fromkeys(("camera", stage))}
    branch = branches[stage]
    initialise_branch(branch, at_own_place=stage == "memory")
    known = {"camera"} if stage == "memory" else set()
    for name in known | ({stage} if resume else set()):
        branches[name].load_state_dict(load_quantised(work / branch_name(name, share))[0])
    camera = Beside(branches["camera"], CameraRun)
    memory = Beside(branch, BranchRun) if stage == "memory" else None
    network = Network(backbone, control, camera=camera, memory=memory)
    rooms, no_projection = training_rooms(work, share), torch.load(work / "no_projection.pt").float()
    batches = {"camera": camera_batches, "memory": memory_batches}[stage](rooms, no_projection, batch_size)

    def report(step, progress, loss):
        print(f"{stage} step {step}, {100 * progress:.0f} %, loss {loss:.4f}", flush=True)

    train_branch(
        network, branch, batches, torch.zeros(1, 1, make.BACKBONE["text_dim"]), budget=budget,
        generator=torch.Generator().manual_seed(int(resume)), report=report, learning_rate=2e-3 if resume else 3e-3,
        alone=ALONE if stage == "memory" and not resume else 0.0,
    )  # fmt: skip
    print(f"{budget.step} steps", flush=True)
    export(branch, work / branch_name(stage, share))


def branch_name(stage: str, share: float) -> str:
    return FILES[stage] if share == 1 else FILES[stage].replace(".", f"_{share:g}.", 1)


def export(branch, path: Path) -> None:
    from spatia_pack.spatia_core.weights.scaled import save_quantised

    save_quantised(branch.state_dict(), path, {"num_heads": str(branch.layout.num_heads)})
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="make.py's folder")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the rooms, for training; below 1 the weights stay in the folder"
    )
    parser.add_argument(
        "--resume", action="store_true", help="train on from the weights of an earlier run, more gently"
    )
    parser.add_argument(
        "--part", type=int, nargs=2, default=(0, 1), metavar=("PART", "OF"), help="share of the memories stage"
    )
    parser.add_argument("--threads", type=int, default=1, help="torch threads of one operation")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--minutes", type=float, default=40, help="of each branch")
    group.add_argument("--steps", type=int, help="of each branch")
    arguments = parser.parse_args()
    if not 0 < arguments.share <= 1:
        parser.error(f"--share {arguments.share}: expected more than 0, at most 1")
    load_host()
    import torch
    from spatia_pack.spatia_core.files import write_bytes
    from spatia_pack.training.loop.budget import Budget

    torch.set_num_threads(arguments.threads)
    for stage in arguments.stages:
        if stage == "memories":
            make_memories(arguments.work, *arguments.part)
        elif stage == "export":
            for name in FILES.values() if arguments.share == 1 else ():
                write_bytes(BUNDLE / name, (arguments.work / name).read_bytes())
        else:
            budget = Budget(steps=arguments.steps) if arguments.steps else Budget(minutes=arguments.minutes)
            make_branch(arguments.work, stage, budget, arguments.share, arguments.resume)


if __name__ == "__main__":
    main()
