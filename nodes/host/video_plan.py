"""What a run of Spatia Video is to do, known before anything is made: which clips there are, and which are to come."""

from __future__ import annotations

from typing import NamedTuple

from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ...spatia_core.cameras import Cameras, continue_path, scale_path, scene_depth
from ...spatia_core.clip_seeds import parse_clip_seeds
from ...spatia_core.errors import SpatiaError
from ...spatia_core.memory import POSE_TOLERANCE, SpatialMemory
from ...spatia_core.memory.windows import ClipWindow, windows_after
from ...spatia_core.profile import PROFILES, Profile
from ...spatia_core.prompts import clip_prompt, prompt_lines
from ...spatia_core.world import MAIN, World
from .camera_values import camera_values, field_of_view_values
from .clip_depth import DA3, MOGE, chosen_model
from .identity import clip_id
from .profiles import AUTO, AUTO_REFERENCES, model_profile
from .worlds import WorldPlace, running, world_named

FIT, AS_IT_IS = "fit to the scene", "as it is"
# Widgets that every clip is made by; those that say how the path is cut do so by its windows.
_SETTINGS = (
    "path", "negative", "steps", "cfg", "lora", "depth_source", "radius", "max_references", "threshold", "every",
    "candidate_every", "keyframe_every",
)  # fmt: skip
LENGTHS = ("first_frames", "later_frames", "history_frames")
# Widgets that may follow the model, and the value that says so.
_AUTO = dict.fromkeys(
    (*LENGTHS, "radius", "voxel_size", "every", "candidate_every", "steps", "cfg"), AUTO
) | {"max_references": AUTO_REFERENCES}  # fmt: skip
_IMAGE_BY = ("image", MOGE, DA3)  # what the image's identity takes from the graph
_CLIP_BY = ("model", "clip", "vae", MOGE, DA3)  # what every clip's identity does
MADE_BY = frozenset((*_IMAGE_BY, *_CLIP_BY))


class VideoPlan(NamedTuple):
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
        first, later, history = (self.settings[name] for name in LENGTHS)
        return [f"Clips of {first}, then {later} frames, {history} of them repeated."]

    @property
    def finished(self) -> bool:
        """Whether all clips are there."""
        return all(map(self.world.has, self.clips))


def planned(
    node_cls: type[io.ComfyNode], place: WorldPlace | None, widgets: dict, model: ModelPatcher | None
) -> VideoPlan | None:
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
        begun_by = {name: widgets[name] for name in ("path", "voxel_size")} | {"depth_source": depth_source}
        if widgets["voxel_size"] == AUTO:
            begun_by["voxel_size"] = found.of_input(node_id, "model")
        cameras = widgets["cameras"]
        # All that the scene of the image takes of the path.
        seen = field_of_view_values(cameras) if widgets["path"] == FIT else camera_values(cameras.select(0))
        start = clip_id("video image", *(found.of_input(node_id, name) for name in _IMAGE_BY), seen, begun_by)
        start_made = found.made(node_id, _IMAGE_BY) | {"settings": begun_by}
    else:
        world, branch, start, start_made = place.world, place.branch, place.clip, {}
    profile = _profile(world, start, model)
    if profile is not None:
        widgets = _settled(widgets, profile)
    # What is wrong is said before the model is loaded, wherever that is possible.
    if not any(widgets[name] == AUTO for name in LENGTHS):
        windows, before, offset = _windows(world if place else None, start, widgets)
        prompts = _prompts(widgets["prompts"], before, len(windows))
    if any(widgets[name] == auto for name, auto in _AUTO.items()):
        return None
    widgets = widgets | {"depth_source": depth_source}
    settings = {name: widgets[name] for name in _SETTINGS}
    common = clip_id(*(found.of_input(node_id, name) for name in _CLIP_BY), settings)
    given = parse_clip_seeds(widgets["clip_seeds"])
    seeds = [given.get(before + k + 1, widgets["seed"]) for k in range(len(windows))]
    clips: list[str] = []
    for window, prompt, seed in zip(windows, prompts, seeds, strict=True):
        seen = camera_values(_seen(widgets["cameras"], window, offset))
        clips.append(clip_id("video clip", clips[-1] if clips else start, common, list(window), prompt, seed, seen))
    found.of_input(node_id, "cameras")  # for `made` alone: a clip goes by what the cameras are, however they were made
    made = found.made(node_id, (*_CLIP_BY, "cameras")) | {"settings": settings}
    return VideoPlan(
        world, branch, start, start_made, windows, clips, prompts, seeds, before, offset, made,
        {name: widgets[name] for name in (*_AUTO, "depth_source")}, profile,
    )  # fmt: skip


def _profile(world: World, start: str, model: ModelPatcher | None) -> Profile | None:
    """What the world that is there was begun for, else what the model was made for; None where neither says it."""
    made_for = world.heading.made_for if world.has(start) else ""
    return PROFILES[made_for] if made_for in PROFILES else None if model is None else model_profile(model)


def _settled(widgets: dict, profile: Profile) -> dict:
    """The widgets, those that are auto replaced by the profile's values."""
    return widgets | {name: value for name, value in settings_of(profile).items() if widgets[name] == _AUTO[name]}


def settings_of(profile: Profile) -> dict:
    """What a network was made for, of each widget that may follow it."""
    return {name: getattr(profile, name) for name in _AUTO}


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
    whole = whole_path(memory, cameras, widgets["path"])
    windows = windows_after(memory.frame_count, whole.count, *lengths)
    return windows, len(memory.clips) - 1 if whole is cameras else 0, whole.count - cameras.count


def whole_path(memory: SpatialMemory, cameras: Cameras, how: str) -> Cameras:
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


def require_prompts(text: str) -> int:
    """How many lines there are. Raises SpatiaError on none."""
    lines = len(prompt_lines(text))
    if not lines:
        raise SpatiaError("prompts is empty, expected one line of text per clip, or one for all; fill it in.")
    return lines


def _prompts(text: str, before: int, count: int) -> list[str]:
    """A prompt per clip; `before` clips of the path are there already, and have used up their lines."""
    lines = require_prompts(text)
    if lines > before + count:
        raise SpatiaError(
            f"prompts has {lines} lines, and the path takes {before + count} clip(s); lengthen the path, or remove lines."
        )
    return [clip_prompt(text, before + k + 1) for k in range(count)]
