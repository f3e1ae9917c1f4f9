#!/usr/bin/env python3
"""Worlds on a real ComfyUI server with the bundled small model: flat in memory, and not to be lost.

    python benchmarks/world_server.py walk --clips 100                 one workflow, run once per clip
    python benchmarks/world_server.py video --clips 100                the same by one node, in one run
    python benchmarks/world_server.py kills --count 50                 the server is killed at random moments
    python benchmarks/world_server.py full-disk --count 10 --output D  the disk is full; D: a folder on a small disk
    python benchmarks/world_server.py changes                          which clips are made again after a change

Any Python will do: as run.py does, it hands itself to the environment's interpreter. The server has a base folder of its
own, which is removed at the end. One line of JSON per clip or trial, at the end one that sums up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from run import inside, set_up
from tools.client import Progress, run_prompt
from tools.console import RunError
from tools.devices import choose_device
from tools.places import DEMO_IMAGE, DEMO_WORKFLOW, cache_folder, make_base
from tools.processes import become, clean_environment, handle_signals
from tools.server import Server
from tools.workflows import nodes_of, workflow_to_prompt

HISTORY = 9  # frames
LENGTHS = (25, 25)  # frames of the first clip and of later ones, as the quick start has them
FRESH = LENGTHS[1] - HISTORY
SHORT = (13, 17)  # the same where a run is made again and again
SMALL = (96, 64)  # pixels, there
ROUND = 5  # clips after which the walk is back where it began
MIB = 2**20
PATIENCE = 600.0  # seconds that one run of a short graph may take
LONGEST = 6 * 3600.0  # the same for the one run that makes a whole video
ROOM = 24 * MIB  # bytes in which the whole chain can be written, while the rest is filled
SMALL_DISK = 1 << 30  # bytes; a larger one is not filled
THINGS = 6  # that a chain of four clips writes: image, clips, video
LOSSLESS = "mkv (FFV1, lossless)"
BEFORE, WHILE_RUNNING, WHILE_WRITING = "before", "while it runs", "while it is written"

# right up forward yaw pitch roll, at the middle of each round
TURNS = ("0.2 0 0.1 -15 0 0", "-0.2 0 0.1 15 0 0", "0 0.1 0.2 20 5 0", "0.1 0 -0.1 -20 -5 0")


class Result(NamedTuple):
    """What a run left: frames (N, H, W, 3) uint8, the cloud's tensors, the video's frames (N, H, W, 3) uint8."""

    frames: object
    cloud: tuple
    video: object


class Ran(Progress):
    """The nodes that began to run, in order."""

    def __init__(self, prompt: dict):
        super().__init__(prompt, quiet=True)
        self.nodes: list[str] = []

    def running(self, number: str | None) -> None:
        super().running(number)
        if number is not None and number not in self.nodes:
            self.nodes.append(number)

    @property
    def samplers(self) -> list[str]:
        return [name for name in self.nodes if name.startswith("sampler")]


class Bench:
    """A server on a base folder of its own, to be restarted at will: `with Bench(...) as bench`."""

    def __init__(self, comfyui: Path, cache: Path, base: Path, output: Path | None, device: str):
        make_base(base)
        shutil.copyfile(DEMO_IMAGE, base / "input" / DEMO_IMAGE.name)
        self.output = (output or base / "output").resolve()
        extra = ("--output-directory", str(self.output))
        self._new = lambda: Server(comfyui, base, cache, device, extra=extra)
        self._log = base / "server.log"
        self.server: Server | None = None

    def __enter__(self) -> Bench:
        workflow = json.loads(DEMO_WORKFLOW.read_text(encoding="utf-8"))
        self.restart()
        try:
            self.info = self.server.get("/object_info")
            self.quick_start = workflow_to_prompt(workflow, self.info)
        except BaseException:
            self.server.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.server is not None:
            self.server.close()

    def restart(self) -> None:
        """A new server; an old one is ended, if it lives."""
        if self.server is not None:
            self.server.close()
        self.server = self._new()
        self.server.log = self._log
        self.server.__enter__()

    def kill(self) -> None:
        """End the server as a crash does: no process of its group can do anything any more."""
        self.server.kill()

    def lives(self) -> bool:
        """Whether the server answers."""
        try:
            return self.server.process.poll() is None and bool(self.server.get("/system_stats"))
        except OSError:
            return False

    def rss(self) -> float:
        """MiB that the server holds in memory."""
        import psutil

        watching = psutil.Process(self.server.process.pid)
        return round(sum(child.memory_info().rss for child in watching.children(recursive=True)) / MIB, 1)

    def folder(self, world: str) -> Path:
        return self.output / "spatia" / "worlds" / world

    def world(self, world: str):
        from spatia_core.world import World

        return World(self.folder(world))

    def queue(self, prompt: dict, patience: float = PATIENCE) -> tuple[dict, Ran]:
        """Run a graph to its end: what its nodes showed, and which ran. Raises RunError as run_prompt does."""
        ran = Ran(prompt)
        return asyncio.run(asyncio.wait_for(run_prompt(self.server, prompt, ran), patience)), ran

    def forget(self, world: str) -> None:
        """Remove a world and its video."""
        shutil.rmtree(self.folder(world), ignore_errors=True)
        for file in self.output.glob(f"{world}_*"):
            file.unlink()


# ---------------------------------------------------------------------------------------------------------------
# Graphs: every node's values are those of the quick start, but for what is set here.
# ---------------------------------------------------------------------------------------------------------------


def node(bench: Bench, kind: str, **inputs) -> dict:
    """A node with the inputs of the quick start's last one of its kind, else with its defaults."""
    found = nodes_of(bench.quick_start, kind)
    values = {name: value for name, value in widgets(bench, kind, found).items() if not isinstance(value, list)}
    return {"class_type": kind, "inputs": values | inputs, "_meta": {"title": kind}}


def widgets(bench: Bench, kind: str, found: list[str]) -> dict:
    if found:
        return bench.quick_start[found[-1]]["inputs"]
    sections = bench.info[kind]["input"]
    specs = {name: spec for section in ("required", "optional") for name, spec in sections.get(section, {}).items()}
    return {name: spec[1]["default"] for name, spec in specs.items() if len(spec) > 1 and "default" in spec[1]}


def path_of(bench: Bench, clips: int, lengths: tuple[int, int] = LENGTHS, **inputs) -> dict:
    """A path of so many clips that goes out and is back at the start with the last frame of every fifth."""
    first, fresh = lengths[0], lengths[1] - HISTORY
    lines, frames, begins = [], first + (clips - 1) * fresh, 0
    for number in range(clips // ROUND + 1):
        ends = first - 1 + (ROUND * (number + 1) - 1) * fresh
        middle = (begins + ends) // 2
        lines += [f"{middle} {TURNS[number % len(TURNS)]}"] if middle < frames else []
        lines += [f"{ends} 0 0 0 0 0 0"] if ends < frames else []
        begins = ends
    text = "\n".join(lines or [f"{frames - 1} {TURNS[0]}"])
    return node(bench, "SpatiaCameraPath", preset="keyframes", keyframes=text, frames=frames, **inputs)


def head(bench: Bench) -> dict:
    """Image, model, prompts."""
    texts = [bench.quick_start[name]["inputs"]["text"] for name in nodes_of(bench.quick_start, "CLIPTextEncode")]
    return {
        "image": node(bench, "LoadImage", image=DEMO_IMAGE.name),
        "fit": node(bench, "SpatiaFitImage", image=["image", 0]),
        "model": node(bench, "SpatiaLoadModel"),
        "prompt": node(bench, "CLIPTextEncode", clip=["model", 1], text=texts[0]),
        "negative": node(bench, "CLIPTextEncode", clip=["model", 1], text=texts[1]),
    }


def opened(bench: Bench, world: str, clip: int, clips: int, lengths: tuple[int, int] = LENGTHS) -> dict:
    """Image -> scene -> world, and the path of all clips."""
    return head(bench) | {
        "scene": node(bench, "SpatiaEstimateScene", image=["fit", 0]),
        "open": node(bench, "SpatiaOpenWorld", name=world, branch="main", clip=clip, memory=["scene", 0]),
        "path": path_of(bench, clips, lengths, memory=["scene", 0]),
    }


def clip(
    bench: Bench, k: str, world: list, memory: list, number, lengths: tuple[int, int] = LENGTHS, **sampler
) -> dict:
    """One clip: window, projection, references, sampler, memory, commit. sampler: inputs of the sampler to change."""
    cameras, (first, later) = [f"window{k}", 0], lengths
    return {
        f"window{k}": node(
            bench, "SpatiaClipWindow", cameras=["path", 0], clip=number, first_frames=first, later_frames=later,
            history_frames=HISTORY,
        ),
        f"render{k}": node(bench, "SpatiaRenderCameraPath", memory=memory, cameras=cameras),
        f"references{k}": node(bench, "SpatiaRetrieveReferences", memory=memory, cameras=cameras),
        f"sampler{k}": node(
            bench, "SpatiaSampler", model=["model", 0], negative=["negative", 0], vae=["model", 2], memory=memory,
            cameras=cameras, projection=[f"render{k}", 0], holes=[f"render{k}", 1], references=[f"references{k}", 0],
            **({"positive": ["prompt", 0]} | sampler),
        ),
        f"update{k}": node(
            bench, "SpatiaUpdateMemory", memory=memory, frames=[f"sampler{k}", 0], cameras=cameras,
            padding=[f"window{k}", 1],
        ),
        f"commit{k}": node(
            bench, "SpatiaCommitClip", world=world, memory=[f"update{k}", 0], latent=[f"sampler{k}", 1]
        ),
    }  # fmt: skip


def chain(bench: Bench, world: str, steps: int, clips: int = 4) -> dict:
    """A world of some clips made in one run, each with a prompt and a seed of its own, and its video, lossless."""
    graph = opened(bench, world, 0, clips, SHORT)
    graph["fit"]["inputs"] |= {"size": "width and height below", "width": SMALL[0], "height": SMALL[1]}
    place, memory = ["open", 1], ["open", 0]
    for k in range(1, clips + 1):
        text = f"{graph['prompt']['inputs']['text']} Clip {k}."
        graph[f"prompt{k}"] = node(bench, "CLIPTextEncode", clip=["model", 1], text=text)
        graph |= clip(bench, str(k), place, memory, k, SHORT, seed=0, steps=steps, positive=[f"prompt{k}", 0])
        place, memory = [f"commit{k}", 0], [f"commit{k}", 1]
    graph["video"] = node(
        bench, "SpatiaWorldVideo", world=place, vae=["model", 2], format=LOSSLESS, filename_prefix=world
    )
    return graph


# ---------------------------------------------------------------------------------------------------------------
# What a run left
# ---------------------------------------------------------------------------------------------------------------


def result_of(bench: Bench, world: str, outputs: dict) -> Result:
    """The world's frames and cloud and the video's frames, as they are on disk."""
    import av
    import numpy as np

    there = bench.world(world)
    memory = there.memory(there.head("main"))
    name = outputs["video"]["text"][0].removesuffix(" [output]")
    with av.open(str(bench.output / name)) as video:
        pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])
    return Result(memory.read_frames(range(memory.frame_count)), tuple(memory.cloud), pictures)


def same(result: Result, expected: Result) -> dict[str, bool]:
    """Whether two runs left the same, to the bit."""
    import numpy as np
    import torch

    return {
        "video": np.array_equal(result.video, expected.video),
        "frames": torch.equal(result.frames, expected.frames),
        "cloud": all(map(torch.equal, result.cloud, expected.cloud)),
    }


def standing(bench: Bench, world: str, expected: Result) -> dict:
    """What a world holds after a disturbance: its clips, and whether their frames can be read and are as expected."""
    import torch

    there = bench.world(world)
    if not there.exists:
        return {"clips": None, "readable": True}
    end = there.head("main")
    memory = there.memory(end)
    frames = memory.read_frames(range(memory.frame_count))
    return {
        "clips": there.record(end).number,
        "readable": torch.equal(frames, expected.frames[: len(frames)]),
    }


def leftovers(bench: Bench) -> int:
    """Half-written files and folders below the output folder."""
    return sum(1 for _ in bench.output.rglob("*.spatia-part"))


def disk_mib(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / MIB, 2)


def psnr(bench: Bench, world: str, clips: int) -> float | None:
    """dB between the last frame of this clip, which sees what the given image saw, and that image; None elsewhere."""
    import torch

    if clips % ROUND:
        return None
    there = bench.world(world)
    memory = there.memory(there.clip_at(there.head("main"), clips))
    image, frame = memory.read_frames([0, LENGTHS[0] - 1 + (clips - 1) * FRESH]).float()
    return round(float(10 * torch.log10(255**2 / (image - frame).square().mean())), 2)


def undisturbed(bench: Bench, steps: int) -> tuple[Result, float, int]:
    """What the chain leaves when nothing happens, the seconds it takes on a server that is warm, and bytes on disk."""
    bench.queue(chain(bench, "cold", steps))
    bench.forget("cold")
    began = time.monotonic()
    outputs, _ = bench.queue(chain(bench, "whole", steps))
    seconds = time.monotonic() - began
    result, size = result_of(bench, "whole", outputs), int(disk_mib(bench.output) * MIB)
    bench.forget("whole")
    return result, seconds, size


# ---------------------------------------------------------------------------------------------------------------
# Modes
# ---------------------------------------------------------------------------------------------------------------


def walk(bench: Bench, options: argparse.Namespace) -> dict:
    """One workflow, run once per clip."""
    steps = {} if options.steps is None else {"steps": options.steps}
    graph = opened(bench, "walk", -1, options.clips)
    graph |= clip(bench, "", ["open", 1], ["open", 0], ["open", 2], seed=0, **steps)
    lines = [{"clip": 0, "rss_mib": bench.rss()}]
    emit(lines[0])
    for number in range(1, options.clips + 1):
        began = time.monotonic()
        bench.queue(graph)
        lines.append(clip_line(bench, number, time.monotonic() - began))
        emit(lines[-1])
    return growth(lines[1:])


def video(bench: Bench, options: argparse.Namespace) -> dict:
    """The same by one node: a line whenever a clip is there."""
    graph = head(bench)
    view = {"fov": node(bench, "SpatiaEstimateScene")["inputs"]["field_of_view"], "width": 192, "height": 128}
    graph["path"] = path_of(bench, options.clips, **view)  # in units of the depth, which the node finds
    graph["video"] = video_node(bench, "walk", options.steps)
    lines = [{"clip": 0, "rss_mib": bench.rss()}]
    emit(lines[0])

    async def follow() -> None:
        task = asyncio.create_task(asyncio.wait_for(run_prompt(bench.server, graph, Ran(graph)), LONGEST))
        began, world = time.monotonic(), bench.world("walk")
        ended = False
        while not ended:
            ended = bool((await asyncio.wait({task}, timeout=0.05))[0])
            for number in range(len(lines), last_clip(world) + 1):
                lines.append(clip_line(bench, number, time.monotonic() - began))
                emit(lines[-1])
                began = time.monotonic()
        task.result()

    asyncio.run(follow())
    clips = last_clip(bench.world("walk"))
    return growth(lines[1:]) | {"rss_mib_at_the_end": bench.rss(), "clips_in_the_world": clips}


def last_clip(world) -> int:
    """Number of the last clip; 0 of a world that is not there yet."""
    return world.record(world.head("main")).number if world.exists else 0


def video_node(bench: Bench, world: str, steps: int | None) -> dict:
    """The node that makes a whole video, connected by the types of its sockets."""
    made = node(bench, "SpatiaVideo")
    sources = {
        "MODEL": ["model", 0], "CLIP": ["model", 1], "VAE": ["model", 2], "IMAGE": ["fit", 0], "SPATIA_CAMERAS": ["path", 0],
    }  # fmt: skip
    sampler, scene, render, references = (
        bench.quick_start[nodes_of(bench.quick_start, kind)[-1]]["inputs"]
        for kind in ("SpatiaSampler", "SpatiaEstimateScene", "SpatiaRenderCameraPath", "SpatiaRetrieveReferences")
    )
    wanted = sampler | scene | {"max_references": references["max_references"], "radius": render["radius"]}
    wanted |= {"name": world, "branch": "main", "seed": 0, "prompts": "A quiet room.", "negative": ""}
    wanted |= {"first_frames": LENGTHS[0], "later_frames": LENGTHS[1], "history_frames": HISTORY}
    wanted |= {} if steps is None else {"steps": steps}
    sections = bench.info["SpatiaVideo"]["input"]
    for section in ("required", "optional"):
        for name, spec in sections.get(section, {}).items():
            if spec[0] in sources and (section == "required" or name in ("image", "clip")):
                made["inputs"][name] = sources[spec[0]]
            elif name in wanted and not isinstance(wanted[name], list):
                made["inputs"][name] = wanted[name]
    return made


def clip_line(bench: Bench, number: int, seconds: float) -> dict:
    """What there is to say of a clip that was just finished."""
    line = {
        "clip": number,
        "seconds": round(seconds, 2),
        "rss_mib": bench.rss(),
        "disk_mib": disk_mib(bench.folder("walk")),
    }
    quality = psnr(bench, "walk", number)
    return line if quality is None else line | {"psnr_at_start_pose": quality}


def growth(lines: list[dict]) -> dict:
    """How memory, disk and seconds went over the clips."""
    part = min(10, max(1, len(lines) // 3))
    early = [line["seconds"] for line in lines[1 : 1 + part]] or [lines[0]["seconds"]]
    late = [line["seconds"] for line in lines[-part:]]
    return {
        "clips": len(lines),
        "rss_mib_per_clip_from_10": slope(lines[9:]),
        "rss_mib_per_clip_last_half": slope(lines[len(lines) // 2 :]),
        "rss_mib_first": lines[0]["rss_mib"],
        "rss_mib_last": lines[-1]["rss_mib"],
        "disk_mib_per_clip": round(lines[-1]["disk_mib"] / len(lines), 3),
        "seconds_per_clip_early": round(sum(early) / len(early), 2),
        "seconds_per_clip_late": round(sum(late) / len(late), 2),
        "psnr_at_start_pose": {
            line["clip"]: line["psnr_at_start_pose"]
            for line in lines
            if "psnr_at_start_pose" in line and (line["clip"] % 20 == 0 or len(lines) < 20)
        },
    }


def slope(lines: list[dict]) -> float | None:
    """MiB per clip, by least squares; None of less than two clips."""
    import numpy as np

    if len(lines) < 2:
        return None
    return round(float(np.polyfit([x["clip"] for x in lines], [x["rss_mib"] for x in lines], 1)[0]), 4)


def kills(bench: Bench, options: argparse.Namespace) -> dict:
    """The server is killed at a random moment; a new one gets the same graph again."""
    chance = random.Random(options.seed)
    expected, seconds, _ = undisturbed(bench, options.steps)
    emit({"undisturbed_seconds": round(seconds, 2), "frames": len(expected.frames)})
    lines = []
    for number in range(1, options.count + 1):
        # Aimed: which of the things that are written, and how long after it was begun.
        moment = (
            (chance.randint(1, THINGS), chance.uniform(0, 0.1)) if options.aimed else (0, chance.uniform(0, seconds))
        )
        line = {"trial": number, "thing": moment[0] or None, "moment": round(moment[1], 3)}
        lines.append(line | tried(bench, one_kill, f"kill_{number}", moment, options.steps, expected))
        emit(lines[-1])
        bench.forget(f"kill_{number}")
    return {
        "trials": len(lines),
        "equal": sum(line.get("equal", False) for line in lines),
        "readable_after_the_kill": sum(line.get("readable", False) for line in lines),
        "most_samplers_again": max((len(line.get("again", ())) for line in lines), default=0),
        "samplers_again": sum(len(line.get("again", ())) for line in lines),
        "half_written_at_the_kill": sum(line.get("half_written", 0) > 0 for line in lines),
        "executing": Counter(str(line.get("executing")) for line in lines),
        "errors": [line["error"] for line in lines if "error" in line],
    }


def one_kill(bench: Bench, name: str, moment: tuple[int, float], steps: int, expected: Result) -> dict:
    """Queue, kill, start, queue again."""
    began = time.monotonic()
    graph = chain(bench, name, steps)
    first, finished = asyncio.run(queued_and_killed(bench, graph, *moment))
    line = {"executing": first.current, "finished": finished, "half_written": leftovers(bench)}
    line |= standing(bench, name, expected)
    bench.restart()
    outputs, second = bench.queue(graph)
    there = same(result_of(bench, name, outputs), expected)
    return line | {
        "ran": first.samplers,
        "ran_then": second.samplers,
        "again": [sampler for sampler in second.samplers if sampler in first.samplers],
        **there,
        "equal": all(there.values()),
        "leftovers": leftovers(bench),
        "seconds": round(time.monotonic() - began, 1),
    }


async def queued_and_killed(bench: Bench, graph: dict, thing: int, moment: float) -> tuple[Ran, bool]:
    """Queue a graph and kill the server some seconds later: which nodes ran, and whether it was finished before.

    thing: the seconds count from when this one of the things that are written is begun; 0: from queueing.
    """
    ran = Ran(graph)
    task = asyncio.create_task(asyncio.wait_for(run_prompt(bench.server, graph, ran), PATIENCE))
    if thing:
        await asyncio.to_thread(written_to, bench.output, thing, task.done)
    finished, _ = await asyncio.wait({task}, timeout=moment)
    bench.kill()
    if finished:
        task.result()
    # What the server said before it died is still on its way.
    with contextlib.suppress(Exception):
        await asyncio.wait_for(task, 30)
    return ran, bool(finished)


def full_disk(bench: Bench, options: argparse.Namespace) -> dict:
    """The disk is full at a random point; then there is room, and the same server gets the same graph again."""
    free = shutil.disk_usage(bench.output).free
    if free > SMALL_DISK:
        raise RunError(
            f"--output {bench.output} has {free / MIB:.0f} MiB free, expected at most {SMALL_DISK / MIB:.0f}, as it is filled "
            "up; name a folder on a small file system."
        )
    chance = random.Random(options.seed)
    expected, seconds, size = undisturbed(bench, options.steps)
    emit({"undisturbed_seconds": round(seconds, 2), "disk_mib": round(size / MIB, 2), "free_mib": round(free / MIB, 1)})
    lines = []
    for number in range(1, options.count + 1):
        name, kind = f"full_{number}", (BEFORE, WHILE_WRITING, WHILE_RUNNING)[(number - 1) % 3]
        # Evenly over the powers of two: almost nothing at times, at others enough for a clip or two.
        left = int(2 ** chance.uniform(0, 24.5 if kind == BEFORE else 16)) - 1
        # Seconds after queueing, or which of the things that are written.
        moment = chance.randint(1, THINGS) if kind == WHILE_WRITING else chance.uniform(0, seconds)
        line = {"trial": number, "filled": kind, "bytes_left": left}
        line |= {} if kind == BEFORE else {"moment": round(moment, 2)}
        lines.append(line | tried(bench, one_full, name, (kind, moment, left), options.steps, expected))
        emit(lines[-1])
        bench.forget(name)
    return {
        "trials": len(lines),
        "equal": sum(line.get("equal", False) for line in lines),
        "refused": sum(line.get("refused", False) for line in lines),
        "refused_and_named": sum(line.get("named", False) for line in lines),
        "server_lived": sum(line.get("lived", False) for line in lines),
        "readable": sum(line.get("readable", False) for line in lines),
        "most_samplers_again": max((len(line.get("again", ())) for line in lines), default=0),
        "errors": [line["error"] for line in lines if "error" in line],
    }


def one_full(bench: Bench, name: str, fill: tuple, steps: int, expected: Result) -> dict:
    """Queue with a disk that is full or fills up, make room, queue again."""
    graph = chain(bench, name, steps)
    filler = bench.output / "filler"
    try:
        first, message = asyncio.run(queued_and_filled(bench, graph, filler, *fill))
        lived = bench.lives()
    finally:
        filler.unlink(missing_ok=True)
    line = {"refused": bool(message), "named": "disk" in message.lower(), "message": message[:240], "lived": lived}
    line |= standing(bench, name, expected)
    if not lived:
        bench.restart()
    outputs, second = bench.queue(graph)
    there = same(result_of(bench, name, outputs), expected)
    return line | {
        "again": [sampler for sampler in second.samplers if sampler in first.samplers],
        **there,
        "equal": all(there.values()),
        "leftovers": leftovers(bench),
    }


async def queued_and_filled(bench: Bench, graph: dict, filler: Path, kind: str, moment, left: int) -> tuple[Ran, str]:
    """Queue a graph and fill the disk, before or while it runs: which nodes ran, and the error's text, or none."""
    ran = Ran(graph)
    fill_up(filler, left if kind == BEFORE else ROOM)
    task = asyncio.create_task(asyncio.wait_for(run_prompt(bench.server, graph, ran), PATIENCE))
    if kind == WHILE_RUNNING:
        await asyncio.wait({task}, timeout=moment)
        await asyncio.to_thread(fill_up, filler, left)
    elif kind == WHILE_WRITING:
        await asyncio.to_thread(written_to, bench.output, moment, task.done)
        await asyncio.to_thread(fill_up, filler, left)
    try:
        await task
    except RunError as error:
        return ran, str(error)
    return ran, ""


def written_to(output: Path, number: int, ended: Callable[[], bool]) -> None:
    """Wait until the `number`-th of the things that are written whole or not at all (image, clips, video) is begun."""
    seen: set[Path] = set()
    while len(seen) < number and not ended():
        with contextlib.suppress(OSError):  # they come and go
            seen |= {*output.glob("*.spatia-part"), *output.glob("spatia/worlds/*/clips/*.spatia-part")}
        time.sleep(0.002)


def fill_up(filler: Path, left: int) -> None:
    """Make a file grow until about `left` bytes are free."""
    with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:  # others may take the last bytes first
        more = shutil.disk_usage(filler.parent).free - left
        if more > 0 and hasattr(os, "posix_fallocate"):
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), file.tell(), more)  # at once, where the file system can
        while (more := shutil.disk_usage(filler.parent).free - left) > 0 and file.write(bytes(min(more, MIB))):
            pass


def tried(bench: Bench, trial: Callable[..., dict], *arguments) -> dict:
    """A trial's line; one that fails says how, and the next gets a new server."""
    import aiohttp

    from spatia_core.errors import SpatiaError

    try:
        return trial(bench, *arguments)
    except (RunError, SpatiaError, OSError, asyncio.TimeoutError, aiohttp.ClientError) as error:
        bench.restart()
        return {"error": f"{type(error).__name__}: {error}"[:500], "equal": False}


def changes(bench: Bench, options: argparse.Namespace) -> dict:
    """How many samplers run after a change of one thing, with the server that made the rest, and with a new one."""
    whole = chain(bench, "changes", options.steps)
    third, fourth, second = (copy.deepcopy(whole) for _ in range(3))
    third["prompt3"]["inputs"]["text"] += " It is night."
    fourth["sampler4"]["inputs"]["seed"] = 1
    second["prompt2"]["inputs"]["text"] += " It is night."
    lines = []
    for what, graph, expected, restart in (
        ("a new world of 4 clips", whole, 4, False),
        ("another prompt for clip 3", third, 2, False),
        ("another seed for clip 4", fourth, 1, False),
        ("another prompt for clip 2", second, 3, False),
        ("as at first", whole, 0, False),
        ("as at first, new server", whole, 0, True),
        ("another prompt for clip 3 once more, new server", third, 0, True),
    ):
        if restart:
            bench.restart()
        began = time.monotonic()
        _, ran = bench.queue(graph)
        line = {"what": what, "samplers": len(ran.samplers), "expected": expected}
        lines.append(line | {"seconds": round(time.monotonic() - began, 2)})
        emit(lines[-1])
    heading = bench.world("changes").heading
    return {
        "as_expected": sum(line["samplers"] == line["expected"] for line in lines),
        "of": len(lines),
        "branches": len(heading.branches),
        "clips": len(bench.world("changes").clips()),
    }


def emit(line: dict) -> None:
    print(json.dumps(line), flush=True)


MODES = {"walk": walk, "video": video, "kills": kills, "full-disk": full_disk, "changes": changes}


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = root.add_subparsers(dest="mode", required=True)
    for name, function in MODES.items():
        mode = modes.add_parser(name, help=function.__doc__.splitlines()[0])
        long = name in ("walk", "video")
        mode.add_argument("--steps", type=int, default=None if long else 2, help="steps of the sampler")
        mode.add_argument("--output", type=Path, required=name == "full-disk", help="folder for the worlds")
        mode.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
        if long:
            mode.add_argument("--clips", type=int, default=100)
        elif name != "changes":
            mode.add_argument("--count", type=int, default=10, help="trials")
            mode.add_argument("--seed", type=int, default=0, help="of the moments")
        if name == "kills":
            mode.add_argument("--aimed", action="store_true", help="kill while a clip or the video is being written")
    return root


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    handle_signals()
    os.environ.setdefault(
        "OMP_NUM_THREADS", "1"
    )  # the small model's tensors are small: threads would wait for each other
    cache = cache_folder()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for lines of JSON
            comfyui, python = set_up(cache)
        if not inside(python):
            return become([str(python), str(Path(__file__).resolve()), *arguments], clean_environment(cache))
        device = choose_device(options.device)
        if options.output is not None:
            options.output.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="spatia-") as base,
            Bench(comfyui, cache, Path(base), options.output, device) as bench,
        ):
            summary = MODES[options.mode](bench, options)
            emit({"summary": options.mode} | summary | {"total_seconds": round(time.monotonic() - began)})
        return 0
    except RunError as error:
        print(f"world_server.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
