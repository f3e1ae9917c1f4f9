"""Make the small bundle's two branches of "Memorize When Needed" beside its frozen network, on the latents of make.py.

    COMFYUI_PATH=... python training/make_decoupled.py WORK_FOLDER --minutes 40

Stages: `camera` trains the branch that tells where the camera goes, `memory` the one that remembers, beside it, and `export` writes both into bundle/. WORK_FOLDER
holds make.py's latents. Seeds are fixed; --steps instead of --minutes gives a run that repeats exactly. Ctrl-C, or a file WORK_FOLDER/stop, saves what
is being trained, and says how to go on.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import NamedTuple

import make
from startup import BUNDLE, load_host

STAGES = ("camera", "memory", "export")
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


class TrainingRoom(NamedTuple):
    """A still room. name: its samples' in the cache. first: clip 1 as it is cached. seconds: clip 2, and after it the same with generated conditions. cameras: of
    either; slots: what clip 2 remembers, None where there is nothing."""

    name: str
    first: NamedTuple
    seconds: list
    cameras: tuple
    slots: object


def training_rooms(work: Path, share: float) -> list[TrainingRoom]:
    """The first `share` of the rooms."""
    from spatia_pack.training.recipe import FIRST, GENERATED, LATER, POSED

    cache = make.latent_cache(work)
    names = cache.names(POSED)
    if not names:
        sys.exit(f"No latents in {cache.folder}: run make.py's stage 'latents' first.")
    found = []
    for name in names[: math.ceil(share * len(names))]:
        posed = cache.load(cache.item(POSED, name))
        kinds = [LATER, *([GENERATED] if cache.item(GENERATED, name).path.exists() else [])]
        seconds = [cache.load(cache.item(kind, name)) for kind in kinds]
        cameras = (first_cameras(name), posed.cameras)
        found.append(TrainingRoom(name, cache.load(cache.item(FIRST, name)), seconds, cameras, posed.slots))
    remembering = [int(room.slots.gate.sum()) for room in found if room.slots is not None]
    print(f"{len(found)} rooms; {len(remembering)} have something to remember, {sum(remembering)} slots", flush=True)
    return found


def first_cameras(name: str):
    """Where the cameras of a room's first clip are; of the second the cache tells it."""
    import numpy as np
    from spatia_pack.spatia_core.cameras.camera import make_cameras
    from spatia_pack.training.data import clips
    from spatia_pack.training.data.rooms import room_intrinsics
    from spatia_pack.training.networks.beside import posed_clip

    _, c2w, _ = clips.room_scene(int(name.rpartition("_")[2]))
    w2c = np.linalg.inv(c2w[: clips.CLIP_FRAMES])
    return posed_clip(make_cameras(w2c, room_intrinsics(clips.HEIGHT, clips.WIDTH)), clips.HEIGHT, clips.WIDTH)


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
        video = torch.stack([clip.video for clip in made])
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
        video = torch.stack([clip.video for clip in made])
        control = no_projection.expand(batch_size, *no_projection.shape)
        references, cameras = torch.zeros_like(video[:, :, :0]), None
        if draw.chance(0.2):
            control = torch.stack([clip.control for clip in made])
        elif draw.chance(0.85):
            cameras = stack_clips(room.cameras[1] for room in chosen)
        wanted = min(clip.references.shape[1] for clip in made)
        if wanted and cameras is None and draw.chance(0.6):
            references = noisy(torch.stack([clip.references[:, :wanted] for clip in made]), generator)
        slots = dropped_slots(stack_slots(*(room.slots for room in chosen)), DROPPED, generator)
        slots = slots._replace(temporal=noisy(slots.temporal, generator), spatial=noisy(slots.spatial, generator))
        return DecoupledBatch(Batch(video, control, references, 3), cameras, slots)

    return batch


def make_branch(work: Path, stage: str, budget, share: float, warm_start: bool, batch_size: int = 8) -> None:
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
    for name in known | ({stage} if warm_start else set()):
        branches[name].load_state_dict(load_quantised(work / branch_name(name, share))[0])
    camera = Beside(branches["camera"], CameraRun)
    memory = Beside(branch, BranchRun) if stage == "memory" else None
    network = Network(backbone, control, camera=camera, memory=memory)
    rooms, no_projection = training_rooms(work, share), make.latent_cache(work).no_projection("first")
    batches = {"camera": camera_batches, "memory": memory_batches}[stage](rooms, no_projection, batch_size)

    samples = [f"{room.name}, {len(room.seconds)} second clips" for room in rooms]
    with make.fit_run(work, Path(branch_name(stage, share)).stem, budget, int(warm_start), samples) as run:
        train_branch(
            network,
            branch,
            batches,
            torch.zeros(1, 1, make.BACKBONE["text_dim"]),
            run,
            learning_rate=2e-3 if warm_start else 3e-3,
            alone=ALONE if stage == "memory" and not warm_start else 0.0,
        )
        export(branch, work / branch_name(stage, share))


def branch_name(stage: str, share: float) -> str:
    return FILES[stage] if share == 1 else FILES[stage].replace(".", f"_{share:g}.", 1)


def export(branch, path: Path) -> None:
    from spatia_pack.spatia_core.weights.scaled import save_quantised

    save_quantised(branch.state_dict(), path, {"num_heads": str(branch.layout.num_heads)})
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="make.py's folder")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the rooms, for training; below 1 the weights stay in the folder"
    )
    parser.add_argument(
        "--warm-start",
        action="store_true",
        help="begin with the branch of an earlier run that came to its end, and train more gently",
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
    budget = Budget(steps=arguments.steps) if arguments.steps else Budget(minutes=arguments.minutes)

    def run_stage(stage: str) -> None:
        if stage == "export":
            for name in FILES.values() if arguments.share == 1 else ():
                write_bytes(BUNDLE / name, (arguments.work / name).read_bytes())
        else:
            make_branch(arguments.work, stage, budget, arguments.share, arguments.warm_start)

    return make.run_stages(arguments.stages, run_stage)


if __name__ == "__main__":
    sys.exit(main())
