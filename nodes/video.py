"""Spatia Video: all clips of a path in one node, one at a time, into a world."""

from __future__ import annotations

import functools
import logging
import time
from typing import NamedTuple

import comfy.model_management
import torch
from comfy_api.latest import io

import nodes as host_nodes

from ..spatia_core.cameras import Cameras, continue_path, fov_from_focal, scale_path, scene_depth
from ..spatia_core.clip_seeds import parse_clip_seeds
from ..spatia_core.errors import SpatiaError
from ..spatia_core.inputs import shown
from ..spatia_core.memory import POSE_TOLERANCE, SpatialMemory
from ..spatia_core.memory.windows import (
    ClipWindow,
    window_cameras,
    windows_after,
)
from ..spatia_core.profile import PROFILES, Profile
from ..spatia_core.prompts import clip_prompt, prompt_lines
from ..spatia_core.world import MAIN, World
from .clips import clean_frames, length_inputs, lengths_problem
from .estimate_scene import begin_memory, voxel_size_input
from .host.camera_values import camera_values, field_of_view_values
from .host.clip_depth import (
    DA3,
    MOGE,
    SOURCES,
    DA3Model,
    MoGeModel,
    chosen_model,
    model_reader,
)
from .host.directing import tell_clip, video_report
from .host.identity import clip_id
from .host.notices import Bulletin
from .host.profiles import AUTO, AUTO_REFERENCES, model_profile
from .host.reports import report_ui
from .host.worlds import WorldPlace, running, world_named
from .render import drawing_notices, project, radius_input
from .retrieve import choice_inputs, find_references
from .sampler import lora_input, make_clip, solver_inputs
from .sockets import SpatiaCameras, SpatiaMemory, SpatiaWorld
from .update_memory import add_clip, keyframe_input
from .worlds import posters, world_report

FIT, AS_IT_IS = "fit to the scene", "as it is"
# Widgets that every clip is made by; those that say how the path is cut do so by its windows.
_SETTINGS = (
    "path", "negative", "steps", "cfg", "lora", "depth_source", "radius", "max_references", "threshold", "every",
    "candidate_every", "keyframe_every",
)  # fmt: skip
_LENGTHS = ("first_frames", "later_frames", "history_frames")
# Widgets that may follow the model, and the value that says so.
_AUTO = dict.fromkeys(
    (*_LENGTHS, "radius", "voxel_size", "every", "candidate_every", "steps", "cfg"), AUTO
) | {"max_references": AUTO_REFERENCES}  # fmt: skip
_ASPECT_TOLERANCE = 0.05
_UNCONNECTED = object()
_answered: dict[str, tuple[int, frozenset[str]]] = {}  # by world: losses so far, last clips of what was answered
_MADE_BY = ("model", "clip", "vae", MOGE, DA3)  # what every clip's identity takes from the graph


class SpatiaVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SpatiaVideo",
            display_name="Spatia Video",
            category="Spatia",
            is_output_node=True,
            search_aliases=["long video", "image to video", "one node", "camera path video", "world", "all clips"],
            description="Makes a whole video along a camera path, clip after clip, into a world on disk. Stopped, or after a crash: queue again, and it goes on.",
            inputs=[
                io.Model.Input("model", lazy=True, tooltip="From Load Spatia Model or Apply Spatia."),
                io.Clip.Input("clip", lazy=True, tooltip="The text encoder of the model."),
                io.Vae.Input("vae", lazy=True, tooltip="The Wan 2.2 video VAE, or that of the bundled small model."),
                SpatiaCameras.Input(
                    "cameras",
                    tooltip="The camera path, of any length: from Camera Path, Import Cameras or Join Cameras.",
                ),
                io.String.Input(
                    "prompts",
                    multiline=True,
                    default="",
                    tooltip="What the clips show: one line per clip of the path, the first line first. The last line holds for all clips after it.",
                ),
                io.String.Input(
                    "negative", multiline=True, default="", tooltip="What they should not show, for all clips."
                ),
                io.String.Input(
                    "name",
                    default="video",
                    tooltip="Name of the world that the image begins: a folder in output/spatia/worlds. With a world connected it is not used.",
                ),
                io.Combo.Input(
                    "path",
                    options=[FIT, AS_IT_IS],
                    default=FIT,
                    tooltip="- fit to the scene: the motion and the zoom start where the video ends, its distances multiplied by the depth that is seen there. "
                    "For Camera Path without a memory.\n"
                    "- as it is: poses in the scene's units. With a world, the whole video's path, whose first cameras are the world's, or a path from its last camera on.",
                ),
                *solver_inputs(),
                io.Combo.Input(
                    "depth_source",
                    options=list(SOURCES),
                    default=SOURCES[0],
                    tooltip="What tells the depth of the image and of the clips: the model that is connected to moge_model or da3_model, or the bundled network, made for "
                    "generated rooms only. auto: the connected one, else the bundled network.",
                ),
                *length_inputs(history_optional=False),
                radius_input(),
                voxel_size_input(),
                *choice_inputs(advanced=True),
                keyframe_input(advanced=True),
                lora_input(),
                io.String.Input(
                    "clip_seeds",
                    multiline=True,
                    default="",
                    advanced=True,
                    tooltip="Clips that are made with another seed: lines of clip: seed, such as 3: 17, clips counted as the lines of prompts. That clip and those after it are made again; "
                    "without the line they are read again.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    lazy=True,
                    tooltip="The one image the video starts from, at the video's size (both sides multiples of 32). Either this or world.",
                ),
                SpatiaWorld.Input(
                    "world", optional=True, tooltip="From Open World: the video that goes on. Either this or image."
                ),
                MoGeModel.Input(MOGE, optional=True, lazy=True, tooltip="From Load MoGe Model."),
                DA3Model.Input(DA3, optional=True, lazy=True, tooltip="From Load Depth Anything 3."),
            ],
            outputs=[
                SpatiaWorld.Output(
                    display_name="world", tooltip="The world at the video's last clip, for World Video."
                ),
                SpatiaMemory.Output(display_name="memory", tooltip="The memory after the last clip."),
                io.String.Output(display_name="report", tooltip="What was made, clip by clip."),
            ],
            hidden=[io.Hidden.dynprompt],
        )

    @classmethod
    def validate_inputs(
        cls, name=None, prompts=None, first_frames=None, later_frames=None, history_frames=None, clip_seeds=None
    ):
        # Values that come over a link are None, and looked at when they are there.
        try:
            world_named("video" if name is None else name)
            if prompts is not None:
                _require_prompts(prompts)
            if clip_seeds is not None:
                parse_clip_seeds(clip_seeds)
        except SpatiaError as error:
            return str(error)
        lengths = {"first_frames": first_frames, "later_frames": later_frames, "history_frames": history_frames}
        return lengths_problem(**lengths) or True

    @classmethod
    def fingerprint_inputs(cls, name=None, **kwargs):
        try:
            return isinstance(name, str) and _losses(world_named(name))
        except SpatiaError as error:  # running it will say so
            return str(error)

    @classmethod
    def check_lazy_status(
        cls,
        model=None,
        clip=None,
        vae=None,
        image=_UNCONNECTED,
        world=None,
        moge_model=_UNCONNECTED,
        da3_model=_UNCONNECTED,
        **widgets,
    ):
        plan = _planned(cls, world, widgets, model)
        if plan is None:
            return ["model"]
        depth = [name for name in (MOGE, DA3) if name == plan.settings["depth_source"]]
        begun = plan.world.has(plan.start)
        needed = [] if begun else ["image", *depth]
        if not (begun and plan.finished):
            needed += ["model", "clip", "vae", *depth]
        return list(dict.fromkeys(needed))

    @classmethod
    def execute(
        cls, model=None, clip=None, vae=None, image=None, world=None, moge_model=None, da3_model=None, **widgets
    ) -> io.NodeOutput:
        plan = _planned(cls, world, widgets, model)
        losses = _losses(plan.world)
        bulletin = Bulletin(cls)
        bulletin.warn(*drawing_notices())
        maker = _Maker(plan, widgets | plan.settings, bulletin, model, clip, vae, moge_model, da3_model)
        last, memory, reports = maker.video(image)
        bulletin.state("")
        _answered[plan.world.folder] = losses, _kept_ends(plan.world) | {last}
        report = "\n".join([*reports, *plan.told, world_report(plan.world, last)])
        place = WorldPlace(plan.world.folder, plan.branch, last, plan.start)
        page = maker.page_report(place, memory)
        shown = report_ui(report, images=posters(plan.world, last), spatia_video=[page])
        return io.NodeOutput(place, memory, report, ui=shown)


def _losses(world: World) -> int:
    """How often clips went that a run of this server answered with: then the host's cache must not answer."""
    losses, ends = _answered.get(world.folder, (0, frozenset()))
    return losses + (not all(map(world.has, ends)))


def _kept_ends(world: World) -> frozenset[str]:
    return frozenset(filter(world.has, _answered.get(world.folder, (0, ()))[1]))


class _Plan(NamedTuple):
    """What a run is to do, known before anything is made."""

    world: World
    branch: str
    start: str  # the clip, or the image, that it begins after
    start_made: dict
    windows: list[ClipWindow]
    clips: list[str]  # ids, one per window
    prompts: list[str]  # one per window
    seeds: list[int]  # one per window
    before: int  # clips of the path that were there, and have used up their lines of prompts
    offset: int  # frames of the video before the first one of the path that was given
    made: dict
    settings: dict  # the widgets that clips are made by, none of them auto any more
    profile: Profile | None  # of the network, where it is known

    @property
    def told(self) -> list[str]:
        """The lengths of clips, in words: where they are auto no widget shows them."""
        first, later, history = (self.settings[name] for name in _LENGTHS)
        return [f"Clips of {first}, then {later} frames, {history} of them repeated."]

    @property
    def finished(self) -> bool:
        """Whether all clips are there."""
        return all(map(self.world.has, self.clips))


def _planned(node_cls, place: WorldPlace | None, widgets: dict, model) -> _Plan | None:
    """None where only the model, which is not loaded yet, can say what is set to auto."""
    node_id, found = running(node_cls, place)
    inputs = node_cls.hidden.dynprompt.get_node(node_id)["inputs"]
    if ("image" in inputs) == ("world" in inputs):
        raise SpatiaError(
            f"{'Both' if 'image' in inputs else 'Neither'} image and world are connected, expected one of them: image "
            "begins a video, world goes on with one."
        )
    depth_source = chosen_model(widgets["depth_source"], {MOGE, DA3} & inputs.keys())
    if place is None:
        world, branch = world_named(widgets["name"]), MAIN
        names = ("image", MOGE, DA3)
        begun_by = {name: widgets[name] for name in ("path", "voxel_size")} | {"depth_source": depth_source}
        if widgets["voxel_size"] == AUTO:
            begun_by["voxel_size"] = found.of_input(node_id, "model")
        cameras = widgets["cameras"]
        # All that the scene of the image takes of the path.
        seen = field_of_view_values(cameras) if widgets["path"] == FIT else camera_values(cameras.select(0))
        start = clip_id("video image", *(found.of_input(node_id, name) for name in names), seen, begun_by)
        start_made = found.made(node_id, names) | {"settings": begun_by}
    else:
        world, branch, start, start_made = place.world, place.branch, place.clip, {}
    profile = _profile(world, start, model)
    if profile is not None:
        widgets = _settled(widgets, profile)
    # What is wrong is said before the model is loaded, wherever that is possible.
    if not any(widgets[name] == AUTO for name in _LENGTHS):
        windows, before, offset = _windows(world if place else None, start, widgets)
        prompts = _prompts(widgets["prompts"], before, len(windows))
    if any(widgets[name] == auto for name, auto in _AUTO.items()):
        return None
    widgets = widgets | {"depth_source": depth_source}
    settings = {name: widgets[name] for name in _SETTINGS}
    common = clip_id(*(found.of_input(node_id, name) for name in _MADE_BY), settings)
    given = parse_clip_seeds(widgets["clip_seeds"])
    seeds = [given.get(before + k + 1, widgets["seed"]) for k in range(len(windows))]
    clips = []
    for window, prompt, seed in zip(windows, prompts, seeds, strict=True):
        seen = camera_values(_seen(widgets["cameras"], window, offset))
        clips.append(clip_id("video clip", clips[-1] if clips else start, common, list(window), prompt, seed, seen))
    found.of_input(node_id, "cameras")  # for `made` alone: a clip goes by what the cameras are, however they were made
    made = found.made(node_id, (*_MADE_BY, "cameras")) | {"settings": settings}
    return _Plan(
        world, branch, start, start_made, windows, clips, prompts, seeds, before, offset, made,
        {name: widgets[name] for name in (*_AUTO, "depth_source")}, profile,
    )  # fmt: skip


def _profile(world: World, start: str, model) -> Profile | None:
    """What the world that is there was begun for, else what the model was made for; None where neither says it."""
    made_for = world.heading.made_for if world.has(start) else ""
    return PROFILES[made_for] if made_for in PROFILES else None if model is None else model_profile(model)


def _settled(widgets: dict, profile: Profile) -> dict:
    """The widgets, those that are auto replaced by the profile's values."""
    return widgets | {name: getattr(profile, name) for name, auto in _AUTO.items() if widgets[name] == auto}


def _seen(cameras: Cameras, window: ClipWindow, offset: int) -> Cameras:
    """The cameras of the path that a clip depends on: its own, and the first, which the others are placed by.

    Those before it are in the clips before it, and those after it are for later ones: a path that is made longer leaves
    the clips that are there.
    """
    return cameras.select([0, *range(max(0, window.start - offset), window.end - offset)])


def _windows(world: World | None, start: str, widgets: dict) -> tuple[list[ClipWindow], int, int]:
    """The windows to make, how many clips of the path are there already, and how many frames are there before the path.

    world: None where an image begins it.
    """
    cameras = widgets["cameras"]
    lengths = tuple(widgets[name] for name in ("first_frames", "later_frames", "history_frames"))
    if world is None:
        return windows_after(1, cameras.count, *lengths), 0, 0
    memory = world.memory(start)
    whole = _whole_path(memory, cameras, widgets["path"])
    windows = windows_after(memory.frame_count, whole.count, *lengths)
    return windows, len(memory.clips) - 1 if whole is cameras else 0, whole.count - cameras.count


def _whole_path(memory: SpatialMemory, cameras: Cameras, how: str) -> Cameras:
    """The path of the whole video, whose first cameras are the memory's; `cameras` itself where it is that already."""
    last = memory.cameras.select(-1)
    if how == FIT:
        return continue_path(memory.cameras, scale_path(cameras, scene_depth(memory.cloud.positions, last)))
    shared = min(cameras.count, memory.frame_count)
    if _agree(memory.cameras.select(slice(0, shared)), cameras.select(slice(0, shared))):
        return cameras
    if _agree(last, cameras.select(0)):
        return continue_path(memory.cameras, cameras)
    raise SpatiaError(
        f"The path of {cameras.count} cameras is neither the path of the video so far, of {memory.frame_count} frames, nor "
        f"does it begin at its last camera; connect Camera Path with the world's memory, or set path to '{FIT}'."
    )


def _agree(a: Cameras, b: Cameras) -> bool:
    gap = max(float((a.w2c - b.w2c).abs().max()), float((a.intrinsics - b.intrinsics).abs().max()))
    return gap <= POSE_TOLERANCE


def _require_prompts(text: str) -> int:
    """How many lines there are. Raises SpatiaError on none."""
    lines = len(prompt_lines(text))
    if not lines:
        raise SpatiaError("prompts is empty, expected one line of text per clip, or one for all; fill it in.")
    return lines


def _prompts(text: str, before: int, count: int) -> list[str]:
    """A prompt per clip; `before` clips of the path are there already, and have used up their lines."""
    lines = _require_prompts(text)
    if lines > before + count:
        raise SpatiaError(
            f"prompts has {lines} lines, and the path takes {before + count} clip(s); lengthen the path, or remove lines."
        )
    return [clip_prompt(text, before + k + 1) for k in range(count)]


class _Maker:
    """Makes what is missing of a plan, one clip at a time."""

    def __init__(self, plan: _Plan, widgets: dict, bulletin: Bulletin, model, clip, vae, moge_model, da3_model):
        self.plan, self.widgets, self.bulletin = plan, widgets, bulletin
        self.model, self.clip, self.vae = model, clip, vae
        self.depth_models = (moge_model, da3_model)
        self.said: set[str] = set()
        self.scale = 1.0  # scene units per unit of the path
        # A prompt of many clips, and the negative one, are encoded once.
        self.encode = functools.cache(self._encode)

    def video(self, image) -> tuple[str, SpatialMemory, list[str]]:
        """(id of the last clip, its memory, a report per clip)."""
        plan, reports = self.plan, []
        memory, path = self._begin(image)
        known = next((k for k, clip in enumerate(plan.clips) if not plan.world.has(clip)), len(plan.clips))
        if known:
            # The branch goes by what is there already.
            before = plan.clips[known - 2] if known > 1 else plan.start
            memory = plan.world.commit(None, plan.clips[known - 1], before, plan.branch).memory
            reports.append(f"{known} clip(s) were there already, and were read.")
        last = plan.clips[known - 1] if known else plan.start
        for k in range(known, len(plan.clips)):
            comfy.model_management.throw_exception_if_processing_interrupted()
            memory, report = self._clip(k, memory, last, path)
            last = plan.clips[k]
            reports.append(report)
            tell_clip(WorldPlace(plan.world.folder, plan.branch, last, plan.start), len(memory.clips) - 1)
        return last, memory, reports

    def page_report(self, place: WorldPlace, memory: SpatialMemory) -> dict:
        """Where the video stands, for the page; memory: after the last clip."""
        plan = self.plan
        first = len(memory.clips) - len(plan.windows)
        clips = [
            {
                "number": first + k,
                "line": plan.before + k + 1,
                "from": window.start + window.history - plan.offset,
                "to": window.end - plan.offset,
            }
            for k, window in enumerate(plan.windows)
        ]
        lengths = {name: plan.settings[name] for name in _LENGTHS}
        start = memory.cameras.select(plan.offset)
        return video_report(
            place, memory, self.widgets["cameras"], start, scale=self.scale, clips=clips, lengths=lengths
        )

    def _begin(self, image) -> tuple[SpatialMemory, Cameras]:
        """The memory to start from, and the path of the whole video."""
        plan, cameras = self.plan, self.widgets["cameras"]
        if not plan.world.has(plan.start):
            if image is None:  # it went while the graph ran
                raise SpatiaError(f"The world {shown(plan.world.name)} was removed meanwhile; queue again.")
            self.bulletin.state("Estimating the scene")
            memory, _ = begin_memory(
                image,
                model_reader(self.widgets["depth_source"], *self.depth_models),
                field_of_view=fov_from_focal(float(cameras.intrinsics[0, 0])),
                voxel_size=self.widgets["voxel_size"],
                cameras=None if self.widgets["path"] == FIT else cameras,
                profile=plan.profile,
                angle_of="the path's",
            )
            self.bulletin.warn(*memory.notes[1:])
            self.said.update(memory.notes[1:])
            plan.world.commit(memory, plan.start, None, plan.branch, made=plan.start_made)
        else:
            plan.world.commit(None, plan.start, None, plan.branch)
        memory = plan.world.memory(plan.start)
        pixels = cameras.intrinsics[0, :2] * torch.tensor([memory.width, memory.height])
        if self.widgets["path"] != FIT and abs(float(pixels[0] / pixels[1]) - 1) > _ASPECT_TOLERANCE:
            self.bulletin.warn(
                f"The path is of another shape of picture than {memory.width}x{memory.height}: its pixels are not square. "
                "Set width and height of Camera Path to the image's, or connect a memory to it."
            )
        if self.widgets["path"] == FIT:
            self.scale = scene_depth(memory.cloud.positions, memory.cameras.select(-1))
        return memory, _whole_path(memory, cameras, self.widgets["path"])

    def _clip(self, k: int, memory: SpatialMemory, parent: str, path: Cameras) -> tuple[SpatialMemory, str]:
        plan, widgets, window = self.plan, self.widgets, self.plan.windows[k]
        began, number = time.monotonic(), len(memory.clips)
        title = f"Clip {number} ({k + 1} of {len(plan.clips)})"
        logging.info("Spatia Video: %s, frames %d to %d.", title, window.start, window.end - 1)
        cameras = window_cameras(path, window)
        self.bulletin.state(f"{title}: drawing the projection")
        projection, holes = project(memory, cameras, radius=widgets["radius"], tell=self.bulletin.warn)
        references, found = find_references(
            memory,
            cameras,
            **{name: widgets[name] for name in ("max_references", "threshold", "every", "candidate_every")},
        )
        self.bulletin.state(f"{title}: sampling")
        positive, negative = self.encode(plan.prompts[k]), self.encode(widgets["negative"])
        frames, latent = make_clip(
            self.model, positive, negative, self.vae, memory, cameras, plan.seeds[k], widgets["steps"], widgets["cfg"],
            lora=widgets["lora"], projection=projection, holes=holes, references=references, tell=self.bulletin.warn,
        )  # fmt: skip
        del projection, holes
        self.bulletin.state(f"{title}: updating the memory")
        reader = model_reader(widgets["depth_source"], *self.depth_models, cameras)
        grown, report = add_clip(
            memory, frames, cameras, window.padding, reader, keyframe_every=widgets["keyframe_every"]
        )
        self.bulletin.state(f"{title}: writing")
        committed = plan.world.commit(
            grown,
            plan.clips[k],
            parent,
            plan.branch,
            latents=latent["samples"],
            history_latents=clean_frames(latent) or 0,
            report=f"{found}\n{report}",
            seconds=time.monotonic() - began,
            made=plan.made | {"prompt": plan.prompts[k], "settings": plan.made["settings"] | {"seed": plan.seeds[k]}},
        )
        # What holds for the image's depth holds for all clips', and is said once.
        new = [note for note in grown.clips[-1].notes if note not in self.said]
        self.said.update(new)
        self.bulletin.warn(*(f"Clip {number}: {note}" for note in new))
        if committed.report:
            self.bulletin.warn(committed.report)
        return committed.memory, f"Clip {number}: {references.shape[0]} reference(s), {report}"

    def _encode(self, text: str):
        return host_nodes.CLIPTextEncode().encode(self.clip, text)[0]


NODES = [SpatiaVideo]
