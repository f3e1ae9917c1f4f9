"""Train Spatia's control checkpoint and LoRA, or the two branches of "Memorize When Needed", on the bundled small network or on Wan2.2-TI2V-5B.

    COMFYUI_PATH=... python training/train.py WORK --data rooms:0-499 --steps 2000 1000
    COMFYUI_PATH=... accelerate launch --config_file training/fsdp.yaml training/train.py WORK --data realestate10k:FOLDER --depth sweep \\
        --backbone wan2.2_ti2v_5B_fp16.safetensors --vae wan2.2_vae.safetensors --text-encoder umt5_xxl.safetensors --checkpoint
    COMFYUI_PATH=... python training/train.py WORK --data rooms:0-499 --stages prepare camera memory --steps 8000

Needs `python -m pip install -r training/requirements.txt` beside ComfyUI's requirements. README.md in this folder says more.

WORK/latents holds the encoded samples, WORK/<stage> each stage's loss, sheets, state and weights. The same command goes on where an earlier
one was stopped (Ctrl-C, or a file WORK/stop, saves first). What comes out loads in ComfyUI: WORK/lora/spatia_lora.safetensors from models/loras,
the others from models/model_patches, in Load Spatia Model, Load Camera Branch and Load Decoupled Memory.
"""

import argparse
import dataclasses
import math
import os
import sys
from pathlib import Path

import workers
from startup import load_host

PREPARE = "prepare"
HELP = {
    "width": "pixels, a multiple of 32", "height": "pixels, a multiple of 32", "first_frames": "frames of a clip that continues an image, 4n + 1",
    "later_frames": "frames of a clip with its history, 4n + 1", "history_frames": "of them given", "per_video": "samples taken from each video",
    "cloud": "what the projection shows: candidate, one random frame outside the clip as in the paper, or inference, what the nodes would know",
    "starts": "where a clip begins: random, or chain, first clips with the video and later ones where they go on from the first",
    "depth_error": "of the cloud's depth: deviation of a smooth factor on every other frame's, as an estimator errs",
    "voxel_size": "of the cloud, in the cameras' unit", "point_radius": "of a projected point, share of half the shorter side",
    "max_references": "K of Algorithm 1", "target_every": "every n-th new frame asks for a reference",
    "candidate_every": "every n-th frame may be a reference", "threshold": "least 3D IoU of a reference",
    "radius": "scene units that the camera and memory branches count as one", "seed": "of everything random",
    "rank": "of the LoRA", "batch": "samples of a step, over all processes", "micro": "samples of a forward pass", "warmup": "steps of rising rate",
    "schedule": "of the rate: constant or cosine", "weight_decay": "of AdamW", "clip_gradient": "largest norm of the gradient",
    "drop_text": "share of samples without their text", "drop_projection": "share of passes without projection",
    "drop_references": "share of passes without references", "drop_history": "share of passes given an image in place of the history",
    "vary_references": "a random part of the references in each pass",
    "vary_history": "a random length of the history in each pass, one latent frame at least", "times": "of a clip: logit-normal, or uniform moved by --t-shift",
    "t_mean": "of the logit-normal time", "t_deviation": "of the logit-normal time", "t_shift": "of the uniform time; the sampler's is 5",
    "control_at": "blocks that a new control branch stands beside: every:N, or numbers such as 0,3,5 (default every:4, as in the release)", "augment": "greatest noise on the history, 0..1",
    "precision": "bf16 or fp32; a CPU that only emulates bf16 computes in float32 with weights rounded to bf16", "checkpoint": "gradient checkpointing: less memory, a third more time",
}  # fmt: skip


def main() -> int:
    arguments = parser().parse_args()
    load_host(arguments.device)
    from spatia_pack.spatia_core.errors import SpatiaError

    from tools.console import RunError

    try:
        return run(arguments)
    except (SpatiaError, RunError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root.add_argument("work", type=Path, help="folder for latents, states and weights")
    root.add_argument(
        "--data",
        nargs="+",
        default=[],
        metavar="KIND:WHERE",
        help="rooms:FIRST-LAST, moving_rooms:FIRST-LAST, realestate10k:FOLDER, clips:FOLDER",
    )
    root.add_argument(
        "--stages", nargs="+", choices=(PREPARE, "control", "lora", "camera", "memory"), default=[PREPARE, "control", "lora"],
        help="Spatia's are control and lora; those of 'Memorize When Needed' camera and memory",
    )  # fmt: skip
    root.add_argument(
        "--steps", nargs="+", type=int, metavar="N", help="of each stage in turn, or one for all (default: the papers')"
    )
    root.add_argument(
        "--learning-rate", nargs="+", type=float, metavar="R", help="of each stage in turn, or one for all (default: the papers')"
    )  # fmt: skip
    root.add_argument(
        "--backbone",
        help="Wan2.2-TI2V-5B, of several files the first (default: the bundled small one, which also changes the defaults below)",
    )
    root.add_argument("--vae", help="wan2.2_vae.safetensors (default: the bundled one with the bundled backbone)")
    root.add_argument("--text-encoder", help="umt5_xxl; the bundled backbone reads no text")
    root.add_argument(
        "--control",
        help="control checkpoint to start from, in place of copied blocks or of this folder's stage 1; for the stages camera and memory one that "
        "stands beside the branch and is told that nothing is projected (the bundled backbone has its own there)",
    )
    root.add_argument(
        "--camera", help="camera branch to start from, in place of random weights or, for the stage memory, of this folder's stage camera"
    )  # fmt: skip
    root.add_argument("--depth", default="stored", help="stored, sweep, small, da3:FILE or mapanything:FOLDER")
    root.add_argument("--near", type=float, default=0.5, help="nearest depth of --depth sweep")
    root.add_argument("--far", type=float, default=10.0, help="farthest depth of --depth sweep")
    root.add_argument("--stride", type=int, default=1, help="keep every n-th frame of each video")
    root.add_argument("--held-out", type=int, default=2, help="videos, the last ones, for held-out loss and sheets")
    root.add_argument("--save", type=int, default=500, help="steps between saves")
    root.add_argument("--sheet", type=int, default=500, help="steps between held-out losses and sheets")
    root.add_argument("--sheet-steps", type=int, default=20, help="solver steps of a sheet")
    root.add_argument("--guidance", type=float, default=1.0, help="of a sheet, against the empty text")
    root.add_argument("--export-dtype", choices=("bf16", "fp16", "fp32"), default="bf16", help="of the weights written")
    root.add_argument("--device", choices=("auto", "cpu"), default="auto")
    root.add_argument("--threads", type=int, default=0, help="torch threads of each process (default: torch's choice)")
    workers.add_options(root, "the stage prepare")
    root.add_argument("--deterministic", action="store_true", help="repeatable kernels on the GPU too; slower")
    root.add_argument(
        "--plan", action="store_true", help="print the memory each stage needs on 1, 2, 4 and 8 accelerators, and end"
    )
    # Named as in the settings' classes, which the host's absence must not keep --help from showing.
    for name, text in HELP.items():
        flag = f"--{name.replace('_', '-')}"
        if name in SWITCHES:
            root.add_argument(flag, action="store_true", help=text)
        else:
            kind = str if name in TEXTS else (float if name in FLOATS else int)
            root.add_argument(flag, type=kind, help=text)
    return root


SWITCHES = {"checkpoint", "vary_references", "vary_history"}
TEXTS = {"cloud", "starts", "schedule", "precision", "times", "control_at"}
FLOATS = {
    "depth_error", "voxel_size", "point_radius", "threshold", "radius", "drop_slots", "weight_decay", "clip_gradient", "drop_text", "drop_projection", "drop_references",
    "drop_history", "t_mean", "t_deviation", "t_shift", "augment",
}  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    from spatia_pack.nodes.host import bundle

    set_torch(arguments)
    samples, stages, intervals = settings_of(arguments)
    if arguments.plan:
        return plan(arguments.backbone or bundle.bundle_path(bundle.BACKBONE), samples, stages)
    return train(arguments, samples, stages, intervals, videos_of(arguments))


def set_torch(arguments: argparse.Namespace) -> None:
    """Threads and kernels of this process."""
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def settings_of(arguments: argparse.Namespace) -> tuple:
    """(SampleSettings, StageSettings by stage, Intervals) of the command line."""
    from spatia_pack.spatia_core.errors import SpatiaError
    from spatia_pack.training.loop.trainer import Intervals
    from spatia_pack.training.recipe import DEFAULTS, SMALL, SampleSettings, StageSettings

    given = _given(arguments, SampleSettings)
    samples = SampleSettings(**({**SMALL, **given} if arguments.backbone is None else given))
    names = [stage for stage in DEFAULTS if stage in arguments.stages] or list(DEFAULTS)[:2]
    steps, rates = ([DEFAULTS[stage][part] for stage in names] for part in (0, 1))
    for option, values, wanted in (
        ("steps", arguments.steps, steps),
        ("learning-rate", arguments.learning_rate, rates),
    ):
        if values is not None:
            if len(values) not in (1, len(names)):
                raise SpatiaError(
                    f"--{option} has {len(values)} values, expected one, or one for each of {', '.join(names)}."
                )
            wanted[:] = values * len(names) if len(values) == 1 else values
    stages = {
        stage: StageSettings(stage, count, rate, **_given(arguments, StageSettings))
        for stage, count, rate in zip(names, steps, rates, strict=True)
    }
    return samples, stages, Intervals(arguments.save, arguments.sheet, arguments.sheet_steps, arguments.guidance)


def videos_of(arguments: argparse.Namespace) -> list:
    """The videos of --data, once what else is missing has been asked for."""
    from spatia_pack.spatia_core.errors import SpatiaError
    from spatia_pack.training.data.videos import find_videos

    if arguments.backbone is not None and arguments.vae is None:
        raise SpatiaError("--vae is missing: give wan2.2_vae.safetensors beside --backbone.")
    if arguments.camera is not None and not {"camera", "memory"} & set(arguments.stages):
        raise SpatiaError(
            "--camera was given, and none of the --stages reads it; add camera or memory, or leave it out."
        )
    if arguments.control is not None and arguments.control_at is not None:
        raise SpatiaError(
            "--control-at places a new control branch, and --control was given, which has its own places; leave one out."
        )
    if arguments.stride < 1 or arguments.held_out < 0:
        raise SpatiaError(
            f"--stride {arguments.stride} and --held-out {arguments.held_out} were given, expected at least 1 and 0."
        )
    sources = find_videos(arguments.data)
    if len(sources) <= arguments.held_out:
        raise SpatiaError(
            f"{len(sources)} videos were found and {arguments.held_out} are held out, so none is left to train on; give more --data or a smaller --held-out."
        )
    return sources


def train(arguments: argparse.Namespace, samples, stages: dict, intervals, sources: list) -> int:
    """Latents, then the stages that were asked for; the exit code."""
    from spatia_pack.nodes.host import bundle
    from spatia_pack.training import host
    from spatia_pack.training.loop.trainer import make_accelerator

    host.require_positions(arguments.backbone or bundle.bundle_path(bundle.BACKBONE), arguments.control_at)
    accelerator = make_accelerator(arguments.device)
    codec = host.Codec(arguments.vae or bundle.bundle_path(bundle.VAE))
    if PREPARE in arguments.stages:
        encoders(arguments, codec)  # refuses what is not there, before anything is written and any process is started
    if accelerator.is_main_process:
        latent_cache(arguments, samples)
    accelerator.wait_for_everyone()
    cache = latent_cache(arguments, samples)
    wanted = [stage for stage in stages if stage in arguments.stages]
    clips = dict.fromkeys(stages[stage].clip for stage in wanted or stages)
    if PREPARE in arguments.stages and not prepared(arguments, cache, sources, list(clips), accelerator):
        accelerator.end_training()
        return 1
    host.free_memory()
    for stage in wanted:
        if not trained(arguments, stages[stage], intervals, cache, sources, codec, accelerator):
            accelerator.end_training()
            return 130
        accelerator.free_memory()
    accelerator.end_training()
    return 0


def trained(arguments: argparse.Namespace, settings, intervals, cache, sources: list, codec, accelerator) -> bool:
    """One stage; whether it came to its end."""
    import torch
    from spatia_pack.nodes.host import bundle
    from spatia_pack.training import host
    from spatia_pack.training.loop.stopping import Stop
    from spatia_pack.training.loop.trainer import Output, Samples, train_stage
    from spatia_pack.training.recipe import MEMORY

    say = accelerator.print
    skipped = cache.skipped(settings.clip, sources)
    if skipped:
        say(
            f"{len(skipped)} of {len(sources)} videos were left out (why: *.skipped.txt beside the latents), the first ones:",
            *skipped[:5],
            sep="\n  ",
        )
    backbone = host.load_backbone(arguments.backbone or bundle.bundle_path(bundle.BACKBONE), settings.dtype)
    control, camera = (beside_of(arguments, settings.stage, part) for part in ("control", "camera"))
    network = host.prepare_network(backbone, control, settings, camera)
    kept = len(sources) - arguments.held_out
    items, held_out = (
        cache.items(settings.clip, part, remembering=settings.stage == MEMORY)
        for part in (sources[:kept], sources[kept:])
    )
    samples = Samples(cache, items, held_out)
    export_dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[arguments.export_dtype]
    output = Output(arguments.work / settings.stage, intervals, export_dtype, codec.decode)
    with Stop(arguments.work / "stop", say) as stop:
        finished = train_stage(network, settings, samples, output, accelerator=accelerator, stop=stop, report=say)
    if not finished:
        if accelerator.is_main_process:
            stop.file.unlink(missing_ok=True)
        say("Stopped and saved. The same command goes on from here.")
    return finished


def beside_of(arguments: argparse.Namespace, stage: str, part: str) -> str | None:
    """The control checkpoint or the camera branch of a stage: the one given, else that of the stage before, where it needs one."""
    from spatia_pack.nodes.host import bundle
    from spatia_pack.spatia_core.errors import SpatiaError
    from spatia_pack.training.networks.stages import FILES

    given = getattr(arguments, part)
    if part == "control" and given is None and arguments.backbone is None and stage in ("camera", "memory"):
        return bundle.bundle_path(bundle.CONTROL)
    if given is not None or (stage, part) not in (("lora", "control"), ("memory", "camera")):
        return given
    path = str(arguments.work / part / FILES[part])
    if not os.path.isfile(path):
        raise SpatiaError(f"The stage {stage} needs what the stage {part} leaves: train that first, or give --{part}.")
    return path


def prepared(arguments: argparse.Namespace, cache, sources: list, clips: list[str], accelerator) -> bool:
    """Encode what is missing, in processes of its own; whether all is there then.

    Of the processes of a launcher one has it done, and the others wait: for its lock, as what they wait for in common has a limit.
    """
    from spatia_pack.spatia_core.files import locked

    accelerator.wait_for_everyone()
    lock = cache.folder / "prepare.lock"
    with locked(lock, 0) as first:
        missing = cache.missing(sources, clips) if first else {}
        jobs = [workers.Job(name, work) for name, work in missing.items()]
        failed = workers.run(
            arguments, "train.latent_maker", jobs, device=arguments.device, threads=arguments.threads
        )  # fmt: skip
    if not first:
        accelerator.print("Another process prepares the latents here; waiting for it.")
        with locked(lock, math.inf):
            failed = list(cache.missing(sources, clips))
    if failed:
        accelerator.print(f"To train on the others, leave {PREPARE} out of --stages.")
    return not failed


def latent_maker(arguments: argparse.Namespace):
    """What encodes a piece of work of `LatentCache.missing`, in a process of its own."""
    set_torch(arguments)
    from spatia_pack.nodes.host import bundle
    from spatia_pack.training import host

    encode = encoders(arguments, host.Codec(arguments.vae or bundle.bundle_path(bundle.VAE)))
    cache = latent_cache(arguments, settings_of(arguments)[0])
    return lambda work: cache.encode(work, *encode)


def latent_cache(arguments: argparse.Namespace, samples):
    """The cache of these SampleSettings in the work folder."""
    from spatia_pack.nodes.host import bundle
    from spatia_pack.training.data.cache import LatentCache

    files = (arguments.vae or bundle.VAE, arguments.text_encoder or "no text")
    encoder = " ".join(os.path.basename(path) for path in files)
    return LatentCache(arguments.work / "latents", samples, encoder, arguments.stride, arguments.depth)


def encoders(arguments: argparse.Namespace, codec) -> tuple:
    """What encodes videos and texts, and what tells depth: their files are there, and are read when they are needed."""
    from spatia_pack.nodes.host import bundle
    from spatia_pack.training import host

    text_dim = host.backbone_text_dim(arguments.backbone or bundle.bundle_path(bundle.BACKBONE))
    return (
        codec.encode,
        host.text_encoder(arguments.text_encoder, text_dim),
        host.depth_estimator(arguments.depth, arguments.near, arguments.far),
    )


def plan(backbone_path: str, samples, stages: dict) -> int:
    """Print what each stage needs; of the backbone only the shapes are read."""
    from spatia_pack.training import host
    from spatia_pack.training.networks.memory_plan import memory_plan, tokens

    for stage, settings in stages.items():
        network = host.empty_network(backbone_path, settings)
        print(f"{stage}: {tokens(samples, settings)} tokens a sample, {settings.micro} sample(s) a pass, --checkpoint")
        print(f"  whole on each:        {memory_plan(network, samples, settings)}")
        for processes in (2, 4, 8):
            print(
                f"  FSDP over {processes}:          {memory_plan(network, samples, settings, processes=processes, sharded=True)}"
            )
    return 0


def _given(arguments: argparse.Namespace, settings) -> dict:
    """Options of the command line that are fields of a settings class, and were given."""
    names = [field.name for field in dataclasses.fields(settings) if field.name in HELP]
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


if __name__ == "__main__":
    sys.exit(main())
