"""Open World, Commit Clip, World Video, Memory Frames: a video of any length, kept on disk clip by clip."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import NamedTuple

import comfy.model_management
import comfy.utils
import torch
from comfy.sd import VAE
from comfy_api.latest import io
from comfy_execution.utils import get_executing_context

from ..spatia_core.backbone import WAN22_TI2V_5B
from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.inputs import shown
from ..spatia_core.memory import SpatialMemory
from ..spatia_core.world import MAIN, World
from ..spatia_core.world.pictures import video_writer
from .clips import clean_frames
from .host.files import new_output_file, relative_to_output
from .host.images import image_from_frames
from .host.notices import notice
from .host.peak_memory import PeakMemory, peak_of_run
from .host.reports import report_ui
from .host.video import decode_stream, require_memory_for_frames
from .host.worlds import (
    BY_NAME,
    LAST,
    WorldPlace,
    beginning,
    chosen_world,
    next_clip,
    opened_clip,
    poster,
    world_names,
)
from .sockets import SpatiaCameras, SpatiaMemory, SpatiaWorld

LATENTS, STORED = "latents", "stored frames"
MP4, LOSSLESS = "mp4 (H.264)", "mkv (FFV1, lossless)"
_POSTERS = 12
_UNCONNECTED = object()


class _Making(NamedTuple):
    """A clip that a Commit Clip has asked for and not been given yet."""

    began: float  # of time.monotonic
    peak: PeakMemory | None


_making: dict[str, _Making] = {}  # by node


class SpatiaOpenWorld(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaOpenWorld",
            display_name="Open World",
            category="Spatia",
            search_aliases=["long video", "resume", "continue video", "load world", "branch"],
            description="Opens a world, a video kept on disk clip by clip, at its last clip or any other; a new name begins one. Run the workflow N times and it grows by N clips.",
            inputs=[
                io.String.Input(
                    "name",
                    default="world",
                    tooltip="Name of the world: a folder in output/spatia/worlds. A name that is not there yet begins a new one.",
                ),
                io.String.Input(
                    "branch",
                    default=MAIN,
                    tooltip="Which of the world's videos goes on. A new name begins another one, after the clip that clip or new_branch_after says.",
                ),
                io.Int.Input(
                    "clip",
                    default=LAST,
                    min=LAST,
                    max=100000,
                    tooltip="The clip to go on from. -1: the last one, so that every run adds a clip. 0: the image, for a graph that makes all its clips in one run. "
                    "k: redo what comes after clip k; what was there is kept as a branch.",
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    lazy=True,
                    tooltip="What a new world begins with: Estimate Scene's memory. It is asked for only when it is needed.",
                ),
                io.Combo.Input(
                    "world",
                    options=[BY_NAME, *world_names()],
                    default=BY_NAME,
                    optional=True,
                    tooltip="The worlds that are there. One that is chosen here is opened, and name is not used.",
                ),
                io.Int.Input(
                    "new_branch_after",
                    default=LAST,
                    min=LAST,
                    max=100000,
                    optional=True,
                    advanced=True,
                    tooltip="Where a new branch begins while clip is -1: after this clip of the world's first branch, 0 for the image. Once the branch is there, it goes on from its last clip.",
                ),
            ],
            outputs=[
                SpatiaMemory.Output(
                    display_name="memory", tooltip="The memory up to that clip; its frames stay on disk."
                ),
                SpatiaWorld.Output(display_name="world", tooltip="For Commit Clip and World Video."),
                io.Int.Output(
                    display_name="next_clip", tooltip="Number of the clip to make now: for Clip Window's clip."
                ),
                SpatiaCameras.Output(display_name="cameras", tooltip="Cameras of the video so far."),
                io.String.Output(display_name="report", tooltip="What the world holds."),
            ],
            hidden=[io.Hidden.dynprompt],
        )

    @classmethod
    def fingerprint_inputs(
        cls,
        name: str | None = None,
        branch: str | None = None,
        clip: int = LAST,
        world: str = BY_NAME,
        new_branch_after: int = LAST,
        **kwargs: object,
    ) -> object:
        try:
            return opened_clip(chosen_world(name or "", world), branch or "", clip, new_branch_after) or "new"
        except SpatiaError as error:  # running it will say so
            return str(error)

    @classmethod
    def validate_inputs(cls, name: str | None = None, world: str = BY_NAME) -> bool | str:
        try:
            chosen_world("world" if name is None else name, world)  # None: it comes over a link
        except SpatiaError as error:
            return str(error)
        return True

    @classmethod
    def check_lazy_status(
        cls,
        name: str,
        branch: str,
        clip: int,
        memory: object = _UNCONNECTED,
        world: str = BY_NAME,
        new_branch_after: int = LAST,
    ) -> list[str]:
        if memory is _UNCONNECTED:
            return []
        place = chosen_world(name, world)
        if clip == 0 or not place.exists:
            return [] if place.exists and place.has(beginning(cls)[0]) else ["memory"]
        return []

    @classmethod
    def execute(
        cls,
        name: str,
        branch: str,
        clip: int,
        memory: SpatialMemory | None = None,
        world: str = BY_NAME,
        new_branch_after: int = LAST,
    ) -> io.NodeOutput:
        here = chosen_world(name, world)
        node = cls.hidden.dynprompt.get_node(get_executing_context().node_id)
        start, made = beginning(cls) if "memory" in node["inputs"] else (None, None)
        if start is not None and (clip == 0 or not here.exists):
            opened_clip(here, branch, clip, new_branch_after)  # refuses a clip of a world that is not there
            opened = start
            if not here.has(start) or not here.exists:
                if memory is None:  # it went while the graph ran
                    raise SpatiaError(f"The world {shown(here.name)} was removed meanwhile; queue again.")
                here.commit(memory, start, None, branch, made=made)
        else:
            standing = opened_clip(here, branch, clip, new_branch_after)
            if standing is None:
                raise SpatiaError(
                    f"The world {shown(here.name)} is new, and nothing says what it begins with; connect Estimate "
                    "Scene's memory, or type the name of a world that is there."
                )
            opened = standing
            if start is not None and here.chain(opened)[0].id != start:
                raise SpatiaError(
                    f"The world {shown(here.name)} began with another image, or other settings of what makes its "
                    "memory, than what is connected to memory now. To go on with it as it is, disconnect memory; to "
                    "begin anew, type another name, or set clip to 0 for a branch of this world."
                )
        held = here.memory(opened)
        report = world_report(here, opened)
        place = WorldPlace(here.folder, branch, opened, opened)
        return io.NodeOutput(
            held,
            place,
            len(held.clips),
            held.cameras,
            report,
            ui=report_ui(report, images=posters(here, opened)),
        )


class SpatiaCommitClip(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaCommitClip",
            display_name="Commit Clip",
            category="Spatia",
            is_output_node=True,
            search_aliases=["save clip", "long video", "resume", "keep"],
            description="Writes a finished clip into the world. A clip that is there already is read, and nothing before it runs: after a crash, queue again and it goes on.",
            inputs=[
                SpatiaWorld.Input("world", tooltip="From Open World, or from the Commit Clip of the clip before."),
                SpatiaMemory.Input(
                    "memory", lazy=True, tooltip="From Update Memory: the memory with the new clip as its last."
                ),
                io.Latent.Input(
                    "latent",
                    optional=True,
                    lazy=True,
                    tooltip="The clip's latents from the sampler, for World Video, which decodes them as one video.",
                ),
            ],
            outputs=[
                SpatiaWorld.Output(display_name="world", tooltip="The world at this clip."),
                SpatiaMemory.Output(
                    display_name="memory", tooltip="The memory with its frames on disk, for the next clip."
                ),
                io.String.Output(display_name="report", tooltip="What was written or read, and what it takes on disk."),
            ],
            hidden=[io.Hidden.dynprompt],
        )

    @classmethod
    def check_lazy_status(
        cls, world: WorldPlace, memory: SpatialMemory | None = None, latent: object = _UNCONNECTED
    ) -> list[str]:
        clip, _ = next_clip(cls, world)
        if world.world.has(clip):
            return []
        if memory is None:  # else it has been made by now
            _begin(get_executing_context().node_id)
        return ["memory"] if latent is _UNCONNECTED else ["memory", "latent"]

    @classmethod
    def execute(
        cls, world: WorldPlace, memory: SpatialMemory | None = None, latent: dict | None = None
    ) -> io.NodeOutput:
        clip, made = next_clip(cls, world)
        seconds, peak_bytes = _end(get_executing_context().node_id)
        here = world.world
        if memory is None and not here.has(clip):
            raise SpatiaError(f"A clip of the world {shown(here.name)} was removed meanwhile; queue again.")
        committed = here.commit(
            memory,
            clip,
            world.clip,
            world.branch,
            latents=None if latent is None else latent["samples"],
            history_latents=0 if latent is None else clean_frames(latent) or 0,
            seconds=seconds,
            peak_bytes=peak_bytes,
            made=made,
        )
        notice(cls, *([committed.report] if committed.report else []))
        done = "read, as it was there already" if committed.known else "written"
        report = f"Clip {here.record(clip).number} {done}.\n{world_report(here, clip)}{_peak_report(here, clip)}"
        return io.NodeOutput(
            world._replace(clip=clip),
            committed.memory,
            report,
            ui=report_ui(report, warnings=here.record(clip).notes, images=posters(here, clip)),
        )


def _begin(node_id: str) -> None:
    """Measure a clip from now on. What the same node asked for in a run that failed is forgotten."""
    _end(node_id)
    _making[node_id] = _Making(time.monotonic(), peak_of_run(comfy.model_management.get_torch_device()))


def _end(node_id: str) -> tuple[float, int | None]:
    """Seconds since a node asked for its clip, 0 where it did not, and bytes at the peak of memory, None where unknown."""
    making = _making.pop(node_id, None)
    if making is None:
        return 0.0, None
    if making.peak is not None:
        making.peak.end()
    return time.monotonic() - making.began, None if making.peak is None else making.peak.bytes


def _peak_report(world: World, clip: str) -> str:
    peak = world.record(clip).peak_bytes
    return "" if peak is None else f"\nPeak of memory while it was made: {peak / 2**30:.2f} GiB."


class SpatiaWorldVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaWorldVideo",
            display_name="World Video",
            category="Spatia",
            is_output_node=True,
            search_aliases=["save video", "export world", "long video"],
            description="Writes a world's video into ComfyUI's output folder, frame by frame while it is decoded, however long it is.",
            inputs=[
                SpatiaWorld.Input("world", tooltip="From Open World or Commit Clip: the video up to that clip."),
                io.Combo.Input(
                    "source",
                    options=[LATENTS, STORED],
                    default=LATENTS,
                    tooltip="latents: all clips decoded as one video, without seams; needs vae.\nstored frames: what the memory holds; needs nothing.",
                ),
                io.Float.Input("fps", default=24.0, min=0.1, max=240.0, step=1.0, tooltip="Frames per second."),
                io.Combo.Input("format", options=[MP4, LOSSLESS], default=MP4, tooltip="Kind of file."),
                io.Int.Input("start", default=0, min=0, max=10000000, advanced=True, tooltip="First frame, from 0."),
                io.Int.Input(
                    "end", default=0, min=0, max=10000000, advanced=True, tooltip="Frame to stop before; 0: to the end."
                ),
                io.String.Input(
                    "filename_prefix",
                    default="spatia/video",
                    tooltip="Folder and name inside the output folder; a number and the ending follow.",
                ),
                io.Vae.Input(
                    "vae", optional=True, tooltip="For source = latents: the VAE of the model that made the clips."
                ),
                SpatiaCameras.Input(
                    "cameras",
                    optional=True,
                    tooltip="The whole path: nothing is written before the world holds all its frames. For a workflow that is run once per clip.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="file", tooltip="Name of the video; empty while clips are missing.")
            ],
        )

    @classmethod
    def execute(
        cls,
        world: WorldPlace,
        source: str,
        fps: float,
        format: str,
        start: int,
        end: int,
        filename_prefix: str,
        vae: VAE | None = None,
        cameras: Cameras | None = None,
    ) -> io.NodeOutput:
        if source == LATENTS and vae is None:
            raise SpatiaError(
                f"source is '{LATENTS}', and no vae is connected; connect it, or set source to '{STORED}'."
            )
        here = world.world
        memory = here.memory(world.clip)
        count = memory.frame_count
        if cameras is not None and count < cameras.count:
            report = f"{count} of {cameras.count} frames are there; the video is written when all are."
            return io.NodeOutput("", ui=report_ui(report))
        count = count if cameras is None else cameras.count
        end = end or count
        if not 0 <= start < end <= count:
            raise SpatiaError(
                f"Frames {start} to {end} were asked for, and the video has {count}; change start or end."
            )
        bar, number = comfy.utils.ProgressBar(end - start), -1
        # Decoding begins at the video's beginning, whatever is asked for.
        first = 0 if source == LATENTS else start
        frames = _decoded(here, world.clip, vae) if source == LATENTS else _stored(memory, start)
        ending = ".mkv" if format == LOSSLESS else ".mp4"
        with new_output_file(filename_prefix, "filename_prefix") as stem:
            with video_writer(stem + ending, fps, lossless=format == LOSSLESS) as add:
                for number, frame in enumerate(itertools.islice(frames, end - first), first):
                    if number >= start:
                        add(frame)
                        bar.update(1)
                if number + 1 < end:
                    raise SpatiaError(
                        f"The latents of the world {shown(here.name)} hold {number + 1} frames, expected {end}; set source "
                        f"to '{STORED}', or end to {number + 1}."
                    )
            name = relative_to_output(stem + ending)
        path = name.removesuffix(" [output]")
        folder, _, file = path.rpartition("/")
        shown_file = {"filename": file, "subfolder": folder, "type": "output"}
        return io.NodeOutput(name, ui=report_ui(name, images=[shown_file], animated=(True,)))


class SpatiaMemoryFrames(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaMemoryFrames",
            display_name="Memory Frames",
            category="Spatia",
            search_aliases=["frames of scene", "video of memory", "world frames"],
            description="A range of a memory's frames as images.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="Of Update Memory, Open World or Load Scene."),
                io.Int.Input(
                    "start",
                    default=0,
                    min=-10000000,
                    max=10000000,
                    tooltip="First frame, from 0; -9: the ninth from the end.",
                ),
                io.Int.Input("count", default=0, min=0, max=10000000, tooltip="How many frames; 0: all from start on."),
                io.Int.Input("every", default=1, min=1, max=100000, tooltip="Every n-th frame of them."),
            ],
            outputs=[io.Image.Output(display_name="images", tooltip="The frames, exactly as they are kept.")],
        )

    @classmethod
    def execute(cls, memory: SpatialMemory, start: int, count: int, every: int) -> io.NodeOutput:
        frames = memory.frame_count
        first = start + frames if start < 0 else start
        if not 0 <= first < frames:
            raise SpatiaError(f"start: {start} was given, and the memory holds {frames} frames; change start.")
        chosen = range(first, min(frames, first + count) if count else frames, every)
        require_memory_for_frames(len(chosen), memory.height, memory.width, "take fewer frames (count, every)")
        return io.NodeOutput(image_from_frames(memory.read_frames(chosen)))


def _decoded(world: World, clip: str, vae: VAE) -> Iterator[torch.Tensor]:
    """Frames (H, W, 3) uint8 of the video up to `clip`, decoded from its clips' latents as one video.

    Where a clip was cut short, its latents do not go on in the next one's: there the decoder starts anew.
    """
    chain = world.chain(clip)[1:]
    if not chain:
        raise SpatiaError("The world holds the image alone, and no clip to decode; make a clip first.")
    part: list[tuple[str, int]] = []
    left, skipped = 1, 0  # frames of this part, the image included, and how many of its first are known already
    for k, record in enumerate(chain):
        cut = record.history_latents if part else 0
        part.append((record.id, cut))
        left += record.frames
        latents = WAN22_TI2V_5B.pixel_frames(record.latents or 0)
        whole = record.frames + record.history == latents
        if whole and k + 1 < len(chain):
            continue
        pieces = (world.latents(name)[:, :, start:] for name, start in part)
        for number, frame in enumerate(decode_stream(vae, pieces)):
            if number >= left + skipped:
                break
            if number >= skipped:
                yield (frame[..., :3].clamp(0, 1) * 255).round().to(torch.uint8)
        if k + 1 < len(chain):
            part, left, skipped = [], 0, chain[k + 1].history


def _stored(memory: SpatialMemory, start: int) -> Iterator[torch.Tensor]:
    for first in range(start, memory.frame_count, 16):
        yield from memory.read_frames(range(first, min(first + 16, memory.frame_count)))


def world_report(world: World, clip: str) -> str:
    """What the world holds up to `clip`, and what its last clip warned of."""
    chain = world.chain(clip)
    sizes = [world.bytes_of(record.id) / 2**20 for record in chain]
    frames = sum(record.frames for record in chain)
    branches = ", ".join(f"{name} ({world.record(head).number} clips)" for name, head in world.heading.branches.items())
    lines = [
        f"World {world.name}: {len(chain) - 1} clip(s), {frames} frames, {sum(sizes):.1f} MiB on disk; branches: {branches}.",
        f"Last clip: {sizes[-1]:.1f} MiB.",
        *(f"Warning: {note}" for note in chain[-1].notes if chain[-1].parent is not None),
    ]
    return "\n".join(lines)


def posters(world: World, clip: str) -> list[dict]:
    """Posters of the last clips up to `clip`, as a node shows images."""
    return [poster(world, record.id) for record in world.chain(clip)[-_POSTERS:]]


NODES = [SpatiaOpenWorld, SpatiaCommitClip, SpatiaWorldVideo, SpatiaMemoryFrames]
