"""Make the small bundle's memory branch ("Memorize When Needed") beside its frozen network, on the rooms and latents of make.py.

    COMFYUI_PATH=... python bundle/make_decoupled.py WORK_FOLDER --minutes 15

Stages: `memories` encodes what each room's second clip may remember of the first, `branch` trains, `export` writes the
weights beside this file. WORK_FOLDER holds make.py's rooms, latents and network. Seeds are fixed; --steps instead of
--minutes gives a run that repeats exactly.
"""

import argparse
import math
import sys
from pathlib import Path

import host
import make

HERE = Path(__file__).resolve().parent
STAGES = ("memories", "branch", "export")
FILE = "spatia_small_decoupled.safetensors"
LAYOUT = {
    "dim": 224, "num_heads": 2, "ffn_dim": 448, "layers": make.BACKBONE["num_layers"], "freq_dim": 128, "out_dim": make.BACKBONE["dim"],
    "current_channels": 64, "history_channels": 64, "camera_channels": (64, 64, 16), "unshuffle": 16, "patch": (1, 2, 2),
}  # fmt: skip
DROPPED = 0.15  # of the slots, at random
REMEMBERED_NOISE = 0.05  # remembered frames are generated ones at run time: not quite clean


def make_memories(work: Path, part: int, parts: int) -> None:
    import numpy as np
    import torch
    from spatia_pack.spatia_core.cameras.camera import make_cameras
    from spatia_pack.spatia_core.files import replacing
    from spatia_pack.spatia_core.model.decoupled.assembly import assemble
    from spatia_pack.spatia_core.model.decoupled.retrieval import ball_points
    from spatia_pack.spatia_core.training import clips
    from spatia_pack.spatia_core.training.decoupled import TRAINING_RULES, plan_memory
    from spatia_pack.spatia_core.training.rooms import render_room

    encode = make.latent_encoder(work)
    points = ball_points(4000)
    start = clips.CLIP_FRAMES - clips.HISTORY_FRAMES
    (work / "memories").mkdir(exist_ok=True)

    for path in make.rooms(work)[part::parts]:
        out = work / "memories" / f"{path.stem}.pt"
        # What moved is not where it was remembered.
        if out.exists() or int(path.stem) >= make.MOVING_SEED:
            continue
        room, c2w, _ = clips.room_scene(int(path.stem))
        with np.load(path) as stored:
            frames = torch.from_numpy(stored["frames"])
        first = render_room(room, c2w[:1], clips.HEIGHT, clips.WIDTH)
        if not (first.frames[0] == frames[0].numpy()).all():
            sys.exit(f"{path} was made by another version of the rooms: run make.py's stage 'rooms' in a new folder.")
        cameras = make_cameras(np.linalg.inv(c2w), first.intrinsics)
        opened, ids = plan_memory(cameras, start, clips.CLIP_FRAMES, clips.HISTORY_FRAMES, TRAINING_RULES, points)
        stored = {"gate": opened, "ids": ids, "w2c": cameras.w2c, "intrinsics": cameras.intrinsics[0]}
        if bool(opened.any()):
            stored["temporal"], stored["spatial"] = assemble(
                lambda window, frames=frames: frames[window.start : window.stop], start + 1, ids[opened], encode
            )
        with replacing(out) as partial:
            torch.save(stored, partial)


def memory_rooms(work: Path, share: float) -> list[dict]:
    """Clips and slots of the first `share` of the rooms, those with something to remember."""
    import torch
    from spatia_pack.spatia_core.cameras.camera import make_cameras
    from spatia_pack.spatia_core.model.decoupled.assembly import memory_slots
    from spatia_pack.spatia_core.training import clips

    start = clips.CLIP_FRAMES - clips.HISTORY_FRAMES
    paths = sorted((work / "memories").glob("*.pt"), key=lambda path: int(path.stem))
    if not paths:
        sys.exit(f"No memories in {work / 'memories'}: run the stage 'memories' first.")
    found = []
    for path in paths[: math.ceil(share * len(paths))]:
        memory = torch.load(path)
        if "temporal" not in memory:
            continue
        cameras = make_cameras(memory["w2c"], memory["intrinsics"])
        slots = memory_slots(
            memory["gate"], memory["ids"], memory["temporal"].float(), memory["spatial"].float(),
            cameras.select(slice(start, start + clips.CLIP_FRAMES)), cameras.select(slice(0, start + 1)), clips.HEIGHT, clips.WIDTH,
        )  # fmt: skip
        second = torch.load(work / "latents" / path.name)["second"]
        room = {"slots": slots, "video": second["video"], "conditions": [second]}
        generated = work / "generated" / path.name
        if generated.exists():
            room["conditions"].append(torch.load(generated))
        found.append(room)
    print(
        f"{len(found)} of {len(paths)} rooms have something to remember, {sum(int(room['slots'].gate.sum()) for room in found)} slots",
        flush=True,
    )
    return found


def build_branch():
    import comfy.ops
    import torch
    from spatia_pack.nodes.host.decoupled import DecoupledBranch
    from spatia_pack.spatia_core.model.decoupled.layout import DecoupledLayout

    return DecoupledBranch(DecoupledLayout(**LAYOUT), torch.float32, None, comfy.ops.disable_weight_init)


def make_branch(work: Path, budget, share: float, resume: bool, batch_size: int = 8) -> None:
    import functools

    import torch
    from spatia_pack.nodes.host.decoupled import BranchRun
    from spatia_pack.spatia_core.model.decoupled.assembly import stack_slots
    from spatia_pack.spatia_core.training.decoupled import (
        ALONE,
        MemoryBatch,
        encode_one_lens,
        initialise_branch,
        keep_slots,
        train_branch,
    )
    from spatia_pack.spatia_core.training.objective import Batch
    from spatia_pack.spatia_core.weights.scaled import dequantise, load_quantised, quantise

    torch.manual_seed(0)
    backbone, control = make.build_network()
    network = torch.load(work / "network.pt")
    # The network as it will be loaded.
    backbone.load_state_dict(dequantise(quantise(network["backbone"])))
    control.load_state_dict(dequantise(quantise(network["control"])))
    branch = build_branch()
    initialise_branch(branch)
    if resume:
        branch.load_state_dict(load_quantised(work / branch_name(share))[0])
    branch.encode_cameras = functools.partial(encode_one_lens, branch)
    rooms = memory_rooms(work, share)
    no_projection = torch.load(work / "no_projection.pt").float()

    def batch(generator):
        def draw(n):
            return int(torch.randint(n, (), generator=generator))

        def chance(p):
            return float(torch.rand((), generator=generator)) < p

        chosen = [rooms[draw(len(rooms))] for _ in range(batch_size)]
        conditions = [room["conditions"][draw(len(room["conditions"]))] for room in chosen]
        # Mostly alone, where the network knows least, else beside Spatia's projection; references in a part of both.
        control_latents = no_projection.expand(batch_size, *no_projection.shape)
        if chance(0.25):
            control_latents = torch.stack([condition["control"] for condition in conditions]).float()
        wanted = min(condition["references"].shape[1] for condition in conditions)
        references = torch.zeros(batch_size, no_projection.shape[0] // 2, 0, *no_projection.shape[2:])
        if wanted and chance(0.6):
            references = torch.stack([condition["references"][:, :wanted] for condition in conditions]).float()
            references = references + REMEMBERED_NOISE * torch.randn(references.shape, generator=generator)
        slots = stack_slots(*(room["slots"] for room in chosen))
        kept = torch.rand(slots.temporal.shape[0], generator=generator) >= DROPPED
        slots = keep_slots(slots, kept if bool(kept.any()) else ~kept)
        temporal, spatial = (
            latents + REMEMBERED_NOISE * torch.randn(latents.shape, generator=generator)
            for latents in (slots.temporal, slots.spatial)
        )
        videos = []
        for room, condition in zip(chosen, conditions, strict=True):
            history = condition.get("history")
            videos.append(
                room["video"] if history is None else torch.cat([history, room["video"][:, history.shape[1] :]], dim=1)
            )
        clip = Batch(torch.stack(videos).float(), control_latents, references, 3)
        return MemoryBatch(clip, slots._replace(temporal=temporal, spatial=spatial))

    def report(step, progress, loss):
        print(f"branch step {step}, {100 * progress:.0f} %, loss {loss:.4f}", flush=True)

    train_branch(
        branch, lambda slots, video, timesteps: BranchRun(branch, slots, video, timesteps, {}), backbone, control, batch,
        torch.zeros(1, 1, make.BACKBONE["text_dim"]), budget=budget, generator=torch.Generator().manual_seed(int(resume)), report=report,
        learning_rate=2e-3 if resume else 3e-3, alone=0 if resume else ALONE,
    )  # fmt: skip
    print(f"{budget.step} steps", flush=True)
    export(branch.state_dict(), work / branch_name(share))


def branch_name(share: float) -> str:
    return FILE if share == 1 else FILE.replace(".", f"_{share:g}.", 1)


def export(weights: dict, path: Path) -> None:
    from spatia_pack.spatia_core.weights.scaled import save_quantised

    save_quantised(weights, path, {"num_heads": str(LAYOUT["num_heads"])})
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
    group.add_argument("--minutes", type=float, default=15)
    group.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    if not 0 < arguments.share <= 1:
        parser.error(f"--share {arguments.share}: expected more than 0, at most 1")
    host.load_host()
    import torch
    from spatia_pack.spatia_core.files import write_bytes
    from spatia_pack.spatia_core.training.budget import Budget

    torch.set_num_threads(arguments.threads)
    for stage in arguments.stages:
        if stage == "memories":
            make_memories(arguments.work, *arguments.part)
        elif stage == "branch":
            budget = Budget(steps=arguments.steps) if arguments.steps else Budget(minutes=arguments.minutes)
            make_branch(arguments.work, budget, arguments.share, arguments.resume)
        elif arguments.share == 1:
            write_bytes(HERE / FILE, (arguments.work / FILE).read_bytes())


if __name__ == "__main__":
    main()
