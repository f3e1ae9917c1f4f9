"""Spatia Video: all clips of a path in one node, one at a time, into a world."""

from __future__ import annotations

import functools
import logging
import time
from typing import Any

import comfy.model_management
import torch
from comfy.model_patcher import ModelPatcher
from comfy.sd import CLIP, VAE
from comfy_api.latest import io

import nodes as host_nodes

from ..spatia_core.cameras import Cameras, fov_from_focal, scene_depth
from ..spatia_core.clip_seeds import parse_clip_seeds
from ..spatia_core.errors import SpatiaError
from ..spatia_core.inputs import shown
from ..spatia_core.memory import SpatialMemory
from ..spatia_core.memory.windows import window_cameras
from ..spatia_core.world import World
from .clips import clean_frames, length_inputs, lengths_problem
from .estimate_scene import begin_memory, voxel_size_input
from .host.clip_depth import DA3, MOGE, SOURCES, DA3Model, MoGeModel, model_reader
from .host.conditioning import ControlInputs
from .host.directing import tell_clip, video_report
from .host.notices import Bulletin
from .host.peak_memory import PeakMemory
from .host.reports import report_ui
from .host.video_plan import AS_IT_IS, FIT, LENGTHS, VideoPlan, planned, require_prompts, whole_path
from .host.worlds import WorldPlace, world_named
from .render import drawing_notices, project, radius_input
from .retrieve import choice_inputs, find_references
from .sampler import lora_input, make_clip, solver_inputs
from .sockets import SpatiaCameras, SpatiaMemory, SpatiaWorld
from .update_memory import add_clip, keyframe_input
from .worlds import posters, world_report

_ASPECT_TOLERANCE = 0.05
_UNCONNECTED = object()
_answered: dict[str, tuple[int, frozenset[str]]] = {}  # by world: losses so far, last clips of what was answered


class SpatiaVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
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
        cls,
        name: str | None = None,
        prompts: str | None = None,
        first_frames: int | None = None,
        later_frames: int | None = None,
        history_frames: int | None = None,
        clip_seeds: str | None = None,
    ) -> bool | str:
        # Values that come over a link are None, and looked at when they are there.
        try:
            world_named("video" if name is None else name)
            if prompts is not None:
                require_prompts(prompts)
            if clip_seeds is not None:
                parse_clip_seeds(clip_seeds)
        except SpatiaError as error:
            return str(error)
        lengths = {"first_frames": first_frames, "later_frames": later_frames, "history_frames": history_frames}
        return lengths_problem(**lengths) or True

    @classmethod
    def fingerprint_inputs(cls, name: str | None = None, **kwargs: object) -> object:
        try:
            return isinstance(name, str) and _losses(world_named(name))
        except SpatiaError as error:  # running it will say so
            return str(error)

    @classmethod
    def check_lazy_status(
        cls,
        model: ModelPatcher | None = None,
        clip: CLIP | None = None,
        vae: VAE | None = None,
        image: object = _UNCONNECTED,
        world: WorldPlace | None = None,
        moge_model: object = _UNCONNECTED,
        da3_model: object = _UNCONNECTED,
        **widgets: Any,
    ) -> list[str]:
        plan = planned(cls, world, widgets, model)
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
        cls,
        model: ModelPatcher | None = None,
        clip: CLIP | None = None,
        vae: VAE | None = None,
        image: torch.Tensor | None = None,
        world: WorldPlace | None = None,
        moge_model: object | None = None,
        da3_model: ModelPatcher | None = None,
        **widgets: Any,
    ) -> io.NodeOutput:
        plan = planned(cls, world, widgets, model)
        if plan is None:
            raise SpatiaError("What is set to auto is the model's to say, and no model came; connect model.")
        losses = _losses(plan.world)
        bulletin = Bulletin(cls)
        bulletin.warn(*drawing_notices())
        if plan.profile is not None:
            bulletin.warn(*plan.profile.radius_misfit(plan.settings["radius"]))
        maker = _Maker(plan, widgets | plan.settings, bulletin, model, clip, vae, moge_model, da3_model)
        last, memory, reports = maker.video(image)
        bulletin.state("")
        _answered[plan.world.folder] = losses, _kept_ends(plan.world) | {last}
        report = "\n".join([*reports, *plan.told, world_report(plan.world, last)])
        place = WorldPlace(plan.world.folder, plan.branch, last, plan.start)
        page = maker.page_report(place, memory, continued=world is not None)
        shown = report_ui(report, images=posters(plan.world, last), spatia_video=[page])
        return io.NodeOutput(place, memory, report, ui=shown)


def _losses(world: World) -> int:
    """How often clips went that a run of this server answered with: then the host's cache must not answer."""
    losses, ends = _answered.get(world.folder, (0, frozenset()))
    return losses + (not all(map(world.has, ends)))


def _kept_ends(world: World) -> frozenset[str]:
    return frozenset(filter(world.has, _answered.get(world.folder, (0, ()))[1]))


class _Maker:
    """Makes what is missing of a plan, one clip at a time."""

    def __init__(
        self,
        plan: VideoPlan,
        widgets: dict,
        bulletin: Bulletin,
        model: ModelPatcher,
        clip: CLIP,
        vae: VAE,
        moge_model: object,
        da3_model: ModelPatcher,
    ):
        self.plan, self.widgets, self.bulletin = plan, widgets, bulletin
        self.model, self.clip, self.vae = model, clip, vae
        self.depth_models = (moge_model, da3_model)
        self.said: set[str] = set()
        self.scale = 1.0  # scene units per unit of the path
        # A prompt of many clips, and the negative one, are encoded once.
        self.encode = functools.cache(self._encode)

    def video(self, image: torch.Tensor | None) -> tuple[str, SpatialMemory, list[str]]:
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
            with PeakMemory(comfy.model_management.get_torch_device()) as peak:
                memory, report = self._clip(k, memory, last, path, peak)
            last = plan.clips[k]
            reports.append(report)
            tell_clip(WorldPlace(plan.world.folder, plan.branch, last, plan.start), len(memory.clips) - 1)
        return last, memory, reports

    def page_report(self, place: WorldPlace, memory: SpatialMemory, *, continued: bool) -> dict:
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
        lengths = {name: plan.settings[name] for name in LENGTHS}
        start = memory.cameras.select(plan.offset)
        return video_report(
            place,
            memory,
            self.widgets["cameras"],
            start,
            scale=self.scale,
            clips=clips,
            lengths=lengths,
            continued=continued,
        )

    def _begin(self, image: torch.Tensor | None) -> tuple[SpatialMemory, Cameras]:
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
        return memory, whole_path(memory, cameras, self.widgets["path"])

    def _clip(
        self, k: int, memory: SpatialMemory, parent: str, path: Cameras, peak: PeakMemory
    ) -> tuple[SpatialMemory, str]:
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
            ControlInputs(projection, holes, references, lora=widgets["lora"]), tell=self.bulletin.warn,
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
            peak_bytes=peak.bytes,
            made=plan.made | {"prompt": plan.prompts[k], "settings": plan.made["settings"] | {"seed": plan.seeds[k]}},
        )
        # What holds for the image's depth holds for all clips', and is said once.
        new = [note for note in grown.clips[-1].notes if note not in self.said]
        self.said.update(new)
        self.bulletin.warn(*(f"Clip {number}: {note}" for note in new))
        if committed.report:
            self.bulletin.warn(committed.report)
        return committed.memory, f"Clip {number}: {references.shape[0]} reference(s), {report}"

    def _encode(self, text: str) -> list:
        return host_nodes.CLIPTextEncode().encode(self.clip, text)[0]


NODES = [SpatiaVideo]
