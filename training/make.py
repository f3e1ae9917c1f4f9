"""Make the small bundle: rooms -> autoencoder -> latents -> network, and the depth network, all on the CPU.

    COMFYUI_PATH=... python training/make.py WORK_FOLDER --rooms 1000 --autoencoder-minutes 25 --network-minutes 60

Stages leave their results in WORK_FOLDER and may be run one by one (--stages); `export` writes the weights into
bundle/. Rooms, latents and generated clips are made by --workers processes (workers.py), also on a Ray cluster. Seeds are fixed; give
--*-steps instead of minutes for a run that repeats exactly. A network's training is stopped by Ctrl-C or by a file WORK_FOLDER/stop, saved
in WORK_FOLDER/fits with its losses, and gone on with by the same command without the stages before it.
"""

import argparse
import contextlib
import functools
import json
import sys
from pathlib import Path

import workers
from startup import BUNDLE, load_host

STAGES = ("rooms", "depth", "autoencoder", "decoder", "variants", "latents", "network", "export", "generated")
MOVING_SEED = 500_000  # rooms from this seed on have a box that moves
HELD_OUT_SEED = 1_000_000  # rooms from this seed on are never trained on
VAE_FILE = "spatia_small_vae.safetensors"
VARIANTS_FILE = "variants.pt"
VARIED_SHARE = 0.85  # of the clips the network is trained on, mirrored or with colours exchanged

# A token carries 4 x 48 values of noise and as many of picture through the residual stream, which is why it is 384 wide.
BACKBONE = {"dim": 384, "ffn_dim": 896, "num_heads": 3, "num_layers": 4, "text_dim": 16}
AUTOENCODER = {
    "dim": 24, "dec_dim": 24, "z_dim": 48, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 1,
    "temperal_downsample": [False, True, True],
}  # fmt: skip


def sample_settings():
    """Clips as the nodes make them: two in a chain, from what is known at each, with the depth error of an estimator."""
    from spatia_pack.training.recipe import SMALL, SampleSettings

    return SampleSettings(**SMALL, starts="chain", cloud="inference", depth_error=0.03)


def room_source(seed: int):
    from spatia_pack.training.data.videos import find_videos

    return find_videos([f"{'moving_rooms' if seed >= MOVING_SEED else 'rooms'}:{seed}"])[0]


def make_room(seed: int) -> dict:
    """Arrays of one room: frames, depth of every tenth, projection and coverage of the first clip."""
    import numpy as np
    from spatia_pack.training.data.samples import make_sample, stored_depth
    from spatia_pack.training.recipe import FIRST, generator_of

    settings, source = sample_settings(), room_source(seed)
    video = source.load(settings.width, settings.height, 1)
    sample = make_sample(video, FIRST, settings, generator_of("sample", FIRST, source.name), stored_depth(video))
    return {
        "frames": video.frames.numpy(), "depth": video.depth[::10].numpy().astype(np.float16),
        "p1": sample.projection.numpy(), "c1": sample.coverage.numpy(),
    }  # fmt: skip


def room_maker(arguments: argparse.Namespace):
    """What makes the arrays of a seed's room, in a process of its own."""
    import numpy as np
    from spatia_pack.spatia_core.files import replaced

    def make(seed: int) -> None:
        room = make_room(seed)
        with replaced(room_path(arguments.work, seed)) as file:
            np.savez(file, **room)

    return make


def room_path(work: Path, seed: int) -> Path:
    return work / "rooms" / f"{seed}.npz"


def missing_rooms(work: Path, seeds: range) -> list[workers.Job]:
    (work / "rooms").mkdir(parents=True, exist_ok=True)
    return [workers.Job(f"room {seed}", seed) for seed in seeds if not room_path(work, seed).exists()]


def rooms(work: Path) -> list[Path]:
    found = sorted((work / "rooms").glob("*.npz"), key=lambda path: int(path.stem))
    if not found:
        sys.exit(f"No rooms in {work / 'rooms'}: run the stage 'rooms' first.")
    return found


def room_names(work: Path) -> list[str]:
    return [path.stem for path in rooms(work)]


def first_videos(work: Path, count: int) -> list:
    """First clips of so many rooms, (25, H, W, 3) uint8."""
    import numpy as np
    import torch

    videos = []
    for path in rooms(work)[:count]:
        with np.load(path) as room:
            videos.append(torch.from_numpy(room["frames"][:25]))
    return videos


def room_reader(paths: list[Path], names: tuple[str, ...], at_most: int):
    """A function that draws a room with a generator and returns its arrays of these names, as tensors; so many rooms are kept."""
    import numpy as np
    import torch

    @functools.lru_cache(maxsize=at_most)
    def read(index):
        with np.load(paths[index]) as room:
            return tuple(torch.from_numpy(room[name]) for name in names)

    return lambda generator: read(int(torch.randint(len(paths), (), generator=generator)))


@contextlib.contextmanager
def fit_run(work: Path, name: str, budget, seed: int, samples: list[str]):
    """How a network is fitted. Its state lies in the work folder until the caller has written what came out."""
    from spatia_pack.training.loop.fitting import FitRun
    from spatia_pack.training.loop.stopping import Stop

    with Stop(work / "stop", _print) as stop:
        try:
            run = FitRun(name, work / "fits" / name, budget, seed, samples, stop)
            yield run
        finally:
            stop.file.unlink(missing_ok=True)
    run.forget()


def make_depth(work: Path, budget) -> None:
    import numpy as np
    import torch
    from spatia_pack.spatia_core.estimate.small_depth import SmallDepthNet
    from spatia_pack.spatia_core.files import replacing
    from spatia_pack.training.tasks.depth import train_depth

    torch.manual_seed(0)
    images, depths = [], []
    for path in rooms(work):
        with np.load(path) as room:
            images.append(torch.from_numpy(room["frames"][::10]))
            depths.append(torch.from_numpy(room["depth"]))
    images, depths = torch.cat(images), torch.cat(depths)

    def sample(generator):
        index = int(torch.randint(len(images), (), generator=generator))
        return images[index], depths[index]

    network = SmallDepthNet()
    with fit_run(work, "depth", budget, 0, room_names(work)) as run:
        train_depth(network, sample, run)
        with replacing(work / "depth.pt") as part:
            torch.save(network.state_dict(), part)


def make_autoencoder(work: Path, budget) -> None:
    import comfy.latent_formats
    import torch
    from comfy.ldm.wan.vae2_2 import WanVAE
    from spatia_pack.spatia_core.weights.scaled import save_quantised
    from spatia_pack.training.tasks.autoencoder import initialise, normalise_latents, train_autoencoder

    torch.manual_seed(0)
    vae = WanVAE(**AUTOENCODER)
    initialise(vae)
    drawn = room_reader(rooms(work), ("frames", "p1", "c1"), 600)

    def sample(generator):
        frames, projection, coverage = drawn(generator)
        # Projections and hole masks go through the same encoder as frames.
        kind = int(torch.randint(100, (), generator=generator))
        if kind < 15:
            return projection
        if kind < 20:
            return (128 + (255 - coverage.int()) // 2).clamp(max=255).to(torch.uint8)[..., None].expand(-1, -1, -1, 3)
        return frames

    with fit_run(work, "autoencoder", budget, 0, room_names(work)) as run:
        train_autoencoder(vae, sample, run)
        vae.eval().requires_grad_(False)
        stock = comfy.latent_formats.Wan22()
        normalise_latents(vae, first_videos(work, 24), stock.latents_mean.flatten(), stock.latents_std.flatten())
        # Rounded here, once: all that follows is trained on what the file's weights make, not on what a later rounding would.
        save_quantised(vae.state_dict(), work / VAE_FILE)


def require_autoencoder(work: Path) -> Path:
    path = work / VAE_FILE
    if not path.is_file():
        sys.exit(
            f"No {VAE_FILE} in {work}: run the stage 'autoencoder' first, or copy the bundle's there to go on from it."
        )
    return path


def deployed_autoencoder(work: Path):
    """The autoencoder as users load it, from the file that is shipped, and the stock latent format."""
    import comfy.latent_formats
    from comfy.ldm.wan.vae2_2 import WanVAE
    from spatia_pack.spatia_core.weights.scaled import load_quantised

    path = require_autoencoder(work)
    vae = WanVAE(**AUTOENCODER)
    vae.load_state_dict(load_quantised(path)[0])
    return vae.eval().requires_grad_(False), comfy.latent_formats.Wan22()


def make_decoder(work: Path, budget, seed: int) -> None:
    """The decoder trained on; what the encoder makes of a video stays the same."""
    from spatia_pack.spatia_core.weights.scaled import save_quantised
    from spatia_pack.training.tasks.autoencoder import centre_output, train_decoder

    vae, _ = deployed_autoencoder(work)
    drawn = room_reader(rooms(work), ("frames",), 800)

    with fit_run(work, "decoder", budget, seed, room_names(work)) as run:
        train_decoder(vae, lambda generator: drawn(generator)[0], run)
        save_quantised(vae.state_dict(), work / VAE_FILE)
    vae, _ = deployed_autoencoder(work)  # what rounding shifted is put right too
    centre_output(vae, first_videos(work, 48))
    save_quantised(vae.state_dict(), work / VAE_FILE)


def latent_encoder(work: Path):
    """A function of N videos of one length to their latents (N, 48, T, h, w), by the autoencoder as users load it."""
    import torch
    from spatia_pack.spatia_core.precision import cpu_autocast
    from spatia_pack.training.tasks.autoencoder import to_input

    vae, stock = deployed_autoencoder(work)

    @torch.no_grad()
    def encode(*videos):
        with cpu_autocast():
            return stock.process_in(vae.encode(torch.cat([to_input(video) for video in videos])).float()).half()

    return encode


def mask_video(coverage):
    # A hole is fed as the pixel value 0..1 of the network's -1..1 range.
    holes = (1 - coverage.float() / 255 + 1) * 127.5
    return holes[..., None].expand(-1, -1, -1, 3)


def make_variants(work: Path) -> None:
    """How latents change when a room is mirrored or its colours exchanged, fitted on at most 70 rooms from all over the list."""
    import numpy as np
    import torch
    from spatia_pack.spatia_core.files import replacing
    from spatia_pack.training.data.variants import UNCHANGED, VARIANTS, fit_map, map_error, vary_pixels

    encode = latent_encoder(work)
    clips, masks = [[] for _ in VARIANTS], [[], []]
    paths = rooms(work)
    for path in paths[:: -(-len(paths) // 70)]:
        with np.load(path) as room:
            frames, projection, coverage = (torch.from_numpy(room[name]) for name in ("frames", "p1", "c1"))
        for index, variant in enumerate(VARIANTS):
            clips[index] += encode(vary_pixels(frames[:25], variant), vary_pixels(projection, variant))
        for mirrored, video in enumerate(masks):
            variant = VARIANTS[UNCHANGED]._replace(mirrored=bool(mirrored))
            video += encode(vary_pixels(mask_video(coverage), variant))
    clips, masks = (
        [torch.stack(latents).float() for latents in clips],
        [torch.stack(latents).float() for latents in masks],
    )
    maps = [None]
    for variant, latents in zip(VARIANTS[1:], clips[1:], strict=True):
        maps.append(fit_map(clips[0], latents, variant.mirrored))
        _print(f"{variant}: error {100 * map_error(maps[-1], clips[0], latents):.1f} % of the latents' variance")
    fitted = {"frames": [fields and tuple(fields) for fields in maps], "mask": tuple(fit_map(*masks, True))}
    with replacing(work / VARIANTS_FILE) as part:
        torch.save(fitted, part)


def latent_cache(work: Path):
    from spatia_pack.training.data.cache import LatentCache

    return LatentCache(work / "latents", sample_settings(), VAE_FILE)


def missing_latents(work: Path, seeds: range) -> list[workers.Job]:
    """Latents of the rooms of these seeds; of those in which nothing moves, what their second clip may remember as well."""
    from spatia_pack.training.recipe import FIRST, LATER, POSED

    require_autoencoder(work)
    sources = {seed: room_source(seed) for seed in seeds}
    # What moved is not where it was remembered.
    still = [source for seed, source in sources.items() if seed < MOVING_SEED]
    cache = latent_cache(work)
    shown, remembered = cache.missing(list(sources.values()), (FIRST, LATER)), cache.missing(still, (POSED,))
    jobs = [workers.Job(name, piece) for name, piece in shown.items()]
    return jobs + [workers.Job(f"{name}, to remember", piece) for name, piece in remembered.items()]


def latent_maker(arguments: argparse.Namespace):
    """What encodes a piece of work of `missing_latents`, in a process of its own."""
    import torch
    from spatia_pack.training.data.samples import stored_depth

    torch.set_num_threads(arguments.threads)
    several, cache = latent_encoder(arguments.work), latent_cache(arguments.work)

    def encode(frames):
        return several(255 * frames)[0]

    def no_text(text):
        return torch.zeros(1, BACKBONE["text_dim"])

    return lambda piece: cache.encode(piece, encode, no_text, stored_depth)


def missing_generated(work: Path, seeds: range) -> list[workers.Job]:
    """Second clips conditioned on what the exported bundle made of the first, of the rooms that have latents."""
    from spatia_pack.training.recipe import GENERATED, LATER

    cache, sources = latent_cache(work), {seed: room_source(seed) for seed in seeds}
    there = {item.video for item in cache.items(LATER, list(sources.values()))}
    made = {item.video for item in cache.items(GENERATED, list(sources.values()))}
    return [workers.Job(source.name, seed) for seed, source in sources.items() if source.name in there - made]


def generated_maker(arguments: argparse.Namespace):
    """What makes such a clip of a seed, in a process of its own. The bundle's frames are softer than the truth, and
    a network that never saw such a history, projection and references softens them further, clip after clip."""
    import comfy.model_management

    comfy.model_management.in_training = False  # made with the kernels that run at inference
    import torch
    from pipeline import Pipeline
    from spatia_pack.spatia_core.precision import cpu_dtype

    torch.set_num_threads(arguments.threads)
    pipeline, cache = Pipeline(steps=4, dtype=cpu_dtype()), latent_cache(arguments.work)
    return lambda seed: make_generated(pipeline, cache, seed)


def make_generated(pipeline, cache, seed: int) -> None:
    import torch
    from spatia_pack.nodes.host.patching import clip_condition
    from spatia_pack.spatia_core.cameras.camera import make_cameras
    from spatia_pack.spatia_core.estimate.depth import DepthMaps
    from spatia_pack.training.data import clips
    from spatia_pack.training.recipe import GENERATED, LATER

    name = room_source(seed).name
    to_network = pipeline.model.get_model_object("latent_format").process_in
    with torch.inference_mode():
        video = clips.room_video(seed, seed >= MOVING_SEED)
        exact, cameras = torch.from_numpy(video.z_depth), make_cameras(video.w2c, video.intrinsics)
        first = torch.from_numpy(video.frames[0])

        def maps(frames, exact):
            # Half of the rooms with an estimator's errors.
            return DepthMaps(exact, True, "ray-cast truth") if seed % 2 else pipeline.depth(frames)

        # None where nothing moves: the memory then looks for it, as it does for a user without a mask.
        moving = torch.from_numpy(video.moving) if video.moving.any() else None
        memory = pipeline.start(
            first,
            maps(first[None].float() / 255, exact[:1]),
            cameras.select([0]),
            torch.from_numpy(video.moving[0]),
        )
        window = cameras.select(slice(0, clips.CLIP_FRAMES))
        frames = pipeline.generate(*pipeline.condition(memory, window, *pipeline.render(memory, window)), seed=seed)
        masks = None if moving is None else moving[: clips.CLIP_FRAMES]
        memory = pipeline.remember(memory, frames, window, maps(frames, exact[: clips.CLIP_FRAMES]), masks)
        begin = clips.CLIP_FRAMES - clips.HISTORY_FRAMES
        window = cameras.select(slice(begin, begin + clips.CLIP_FRAMES))
        conditioned, latent = pipeline.condition(memory, window, *pipeline.render(memory, window))
        seen = clip_condition(conditioned)
        history = to_network(latent["samples"])[0, :, : (clips.HISTORY_FRAMES + 3) // 4]
    # Conditioned as at inference, on generated frames. The target stays the truth.
    truth = cache.load(cache.item(LATER, name)).video
    video = torch.cat([history.cpu(), truth[:, history.shape[1] :]], dim=1)
    cache.add(GENERATED, name, {"video": video, "control": seen.control[0], "references": seen.references[0]})


def build_network():
    import comfy.ops
    import torch
    from comfy.ldm.wan.model import WanModel
    from spatia_pack.nodes.host.patching import ControlBranch
    from spatia_pack.spatia_core.model.control import control_positions
    from spatia_pack.spatia_core.weights.layouts import ControlLayout

    plain = comfy.ops.disable_weight_init
    backbone = WanModel(model_type="t2v", in_dim=48, out_dim=48, dtype=torch.float32, operations=plain, **BACKBONE)
    blocks = len(range(0, BACKBONE["num_layers"], 4))
    layout = ControlLayout(BACKBONE["dim"], BACKBONE["ffn_dim"], blocks, 96, (1, 2, 2))
    positions = control_positions(BACKBONE["num_layers"], blocks)
    control = ControlBranch(layout, BACKBONE["num_heads"], positions, backbone.eps, torch.float32, None, plain)
    return backbone, control


def make_network(work: Path, budget, warm_start: bool, seed: int, batch_size: int = 8) -> None:
    import torch
    from spatia_pack.spatia_core.files import replacing
    from spatia_pack.training.data.cache import Latents
    from spatia_pack.training.data.variants import UNCHANGED, VARIANTS, LatentMap
    from spatia_pack.training.recipe import FIRST, GENERATED, LATER
    from spatia_pack.training.tasks.small_network import Batch, initialise, train_network

    torch.manual_seed(0)
    backbone, control = build_network()
    initialise(backbone, control)
    if warm_start:
        earlier = torch.load(work / "network.pt")
        backbone.load_state_dict(earlier["backbone"])
        control.load_state_dict(earlier["control"])
    cache = latent_cache(work)
    if not (work / VARIANTS_FILE).is_file():
        sys.exit(f"No {VARIANTS_FILE} in {work}: run the stage 'variants' first.")
    fitted = torch.load(work / VARIANTS_FILE)
    maps, mask_map = [fields and LatentMap(*fields) for fields in fitted["frames"]], LatentMap(*fitted["mask"])

    def varied(clip: Latents, index: int) -> Latents:
        """A clip of the room mirrored or recoloured; how a hole mask looks changes with a mirror only."""
        change = maps[index]
        clip = clip._replace(video=clip.video.float(), control=clip.control.float(), references=clip.references.float())
        if change is None:
            return clip
        projection, masks = clip.control.split(48)
        masks = mask_map(masks) if VARIANTS[index].mirrored else masks
        references = clip.references if clip.references.shape[1] == 0 else change(clip.references, images=True)
        return clip._replace(
            video=change(clip.video), control=torch.cat([change(projection), masks]), references=references
        )

    known = {kind: {} for kind in (FIRST, LATER, GENERATED)}
    for kind, clips in known.items():
        for name in cache.names(kind):
            clip = cache.load(cache.item(kind, name))
            clips[name] = clip._replace(
                **{part: getattr(clip, part).half() for part in ("video", "control", "references")}
            )
    if not known[LATER]:
        sys.exit(f"No latents in {cache.folder}: run the stage 'latents' first.")
    no_projection = cache.no_projection(FIRST)

    def batch(generator):
        def draw(n):
            return int(torch.randint(n, (), generator=generator))

        def chance(p):
            return float(torch.rand((), generator=generator)) < p

        kind = FIRST if chance(0.45) else GENERATED if chance(0.45) else LATER
        here = list((known[kind] or known[LATER]).values())  # before the stage 'generated' there are none of these
        drawn = [
            (here[draw(len(here))], draw(len(VARIANTS)) if chance(VARIED_SHARE) else UNCHANGED)
            for _ in range(batch_size)
        ]
        clips = [varied(clip, variant) for clip, variant in drawn]
        video = torch.stack([clip.video for clip in clips])
        latents = torch.stack([clip.control for clip in clips])
        if chance(0.08):
            latents = no_projection.expand_as(latents)
        references = torch.zeros(batch_size, 48, 0, *video.shape[-2:])
        if kind != FIRST and chance(0.85):
            wanted = 1 + draw(4)
            full = [clip.references for clip in clips if clip.references.shape[1] >= wanted]
            if full:
                chosen = [index for index, clip in enumerate(clips) if clip.references.shape[1] >= wanted]
                video, latents = video[chosen], latents[chosen]
                picks = sorted(torch.randperm(min(c.shape[1] for c in full), generator=generator)[:wanted].tolist())
                references = torch.stack([clip[:, picks] for clip in full])
        # References are generated frames at run time: not quite clean.
        references = references + 0.05 * torch.randn(references.shape, generator=generator)
        return Batch(video, latents, references, 1 if kind == FIRST else 3)

    names = [f"{kind} {name}" for kind, clips in known.items() for name in clips]
    with fit_run(work, "network", budget, seed, names) as run:
        weights = train_network(backbone, control, batch, torch.zeros(1, 1, BACKBONE["text_dim"]), run)
        with replacing(work / "network.pt") as part:
            torch.save(weights, part)


def export(work: Path) -> None:
    import torch
    from spatia_pack.spatia_core.files import write_bytes
    from spatia_pack.spatia_core.weights.scaled import save_quantised

    network = torch.load(work / "network.pt")
    config = {"transformer": {"num_heads": BACKBONE["num_heads"], "text_dim": BACKBONE["text_dim"]}}
    save_quantised(network["backbone"], BUNDLE / "spatia_small_backbone.safetensors", {"config": json.dumps(config)})
    save_quantised(network["control"], BUNDLE / "spatia_small_control.safetensors")
    write_bytes(BUNDLE / VAE_FILE, (work / VAE_FILE).read_bytes())
    save_quantised(torch.load(work / "depth.pt"), BUNDLE / "spatia_small_depth.safetensors")
    total = sum(path.stat().st_size for path in BUNDLE.glob("*.safetensors"))
    print(f"bundle: {total / 1e6:.1f} MB")


# Stages of many like pieces: what lists those that are missing, and what makes one.
SHARED = {
    "rooms": (missing_rooms, "make.room_maker"),
    "latents": (missing_latents, "make.latent_maker"),
    "generated": (missing_generated, "make.generated_maker"),
}


def run_stages(stages: list[str], run_stage) -> int:
    """Call `run_stage` with each; the exit code, 130 where one was stopped, 1 where it says that something was not made."""
    from spatia_pack.spatia_core.errors import SpatiaError
    from spatia_pack.training.loop.stopping import Stopped

    for index, stage in enumerate(stages):
        try:
            if run_stage(stage):
                return 1
        except Stopped:
            left = " ".join(stages[index:])
            print(f"Stopped and saved. The same command with --stages {left} goes on from here.", file=sys.stderr)
            return 130
        except SpatiaError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _print(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for rooms (6 MB each), latents (0.6 MB) and unfinished weights")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=0)
    workers.add_options(parser, "the stages rooms, latents and generated")
    parser.add_argument(
        "--warm-start", action="store_true", help="begin with the network of an earlier run that came to its end"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of the training of decoder and network; another one for each warm start",
    )
    parser.add_argument("--threads", type=int, default=1, help="torch threads of one operation")
    for name, minutes in (("depth", 12), ("autoencoder", 25), ("decoder", 25), ("network", 60)):
        group = parser.add_mutually_exclusive_group()
        group.add_argument(f"--{name}-minutes", type=float, default=minutes)
        group.add_argument(f"--{name}-steps", type=int)
    arguments = parser.parse_args()
    load_host()
    import torch
    from spatia_pack.training.loop.budget import Budget

    torch.set_num_threads(arguments.threads)

    def budget(name):
        steps = getattr(arguments, f"{name}_steps")
        return Budget(steps=steps) if steps else Budget(minutes=getattr(arguments, f"{name}_minutes"))

    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.rooms)
    run = {
        "depth": lambda: make_depth(work, budget("depth")),
        "autoencoder": lambda: make_autoencoder(work, budget("autoencoder")),
        "decoder": lambda: make_decoder(work, budget("decoder"), arguments.seed),
        "variants": lambda: make_variants(work),
        "network": lambda: make_network(work, budget("network"), arguments.warm_start, arguments.seed),
        "export": lambda: export(work),
    }

    def run_stage(stage: str) -> object:
        if stage not in SHARED:
            return run[stage]()
        missing, maker = SHARED[stage]
        return workers.run(arguments, maker, missing(work, seeds), threads=arguments.threads)

    return run_stages(arguments.stages, run_stage)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except workers.RunError as error:
        sys.exit(f"make.py: {error}")
