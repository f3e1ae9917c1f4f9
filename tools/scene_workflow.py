"""A scene of a list put into a workflow that makes one clip per run into a world (in the form of POST /prompt)."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from spatia_core.cameras import write_cameras
from spatia_core.errors import SpatiaError
from spatia_core.inputs import shown

from .scene_list import PATH_KEYS, Scene, planned_path
from .workflows import nodes_of


class Windows(NamedTuple):
    """How a path is made: the frames of the first clip and of later ones, which repeat the last `history` of those before."""

    first: int
    later: int
    history: int

    def whole(self, frames: int) -> int:
        """How many clips a path of so many frames fills; what is left at its end is not made."""
        return 0 if frames < self.first else 1 + (frames - self.first) // (self.later - self.history)

    def covering(self, frames: int) -> int:
        """How many clips make a path of so many frames; the last is filled up, and cut again."""
        return 1 + max(0, -(-(frames - self.first) // (self.later - self.history)))

    def frames(self, clips: int) -> int:
        """Frames of so many clips, joined; 0 for none."""
        return self.first + (clips - 1) * (self.later - self.history) if clips else 0


def windows_of(prompt: dict) -> Windows:
    """The lengths of a workflow's clips. Raises SpatiaError where they are not set in its one Clip Window."""
    window = prompt[only(prompt, "SpatiaClipWindow")]["inputs"]
    lengths = [window.get(name) for name in ("first_frames", "later_frames", "history_frames")]
    if not all(isinstance(length, int) for length in lengths) or lengths[1] <= lengths[2]:
        raise SpatiaError(
            f"The workflow's Clip Window has the lengths {', '.join(map(shown, lengths))}, expected numbers set in its "
            "widgets, later_frames above history_frames; choose another workflow."
        )
    return Windows(*lengths)


class Plan(NamedTuple):
    """What a scene comes to in a workflow."""

    frames: int  # of the whole video
    clips: int
    windows: Windows


def planned(prompt: dict, scene: Scene) -> Plan:
    """Frames and clips of a scene. Raises SpatiaError on a path that is shorter than a clip, or that cannot be drawn.

    A pose file counts up to its last whole clip; a path by preset is made as long as it is.
    """
    windows = windows_of(prompt)
    if scene.path is not None:
        kept = {name: value for name, value in _path_node(prompt, scene)["inputs"].items() if name in PATH_KEYS}
        try:
            frames = planned_path(kept | scene.path).count
        except SpatiaError as error:
            raise SpatiaError(f"The path of {scene.name}, with the workflow's settings: {error}") from error
        return Plan(frames, windows.covering(frames), windows)
    assert scene.cameras is not None  # a scene has either
    clips = windows.whole(scene.cameras.count)
    if not clips:
        raise SpatiaError(
            f"The path of {scene.name} holds {scene.cameras.count} cameras, expected at least the {windows.first} of "
            "the workflow's first clip; give a longer path, or another workflow."
        )
    return Plan(windows.frames(clips), clips, windows)


def fill_workflow(prompt: dict, scene: Scene, image: str) -> dict:
    """The workflow for one scene: its image, its text, its path, its world, and what else it asks for.

    image: the name that the server gave the scene's image. The workflow has one Load Image, one Import Cameras or Camera
    Path, and one Open World and World Video, whose names become the scene's; the text goes to whatever `positive` inputs
    are made from, the seed to all that take one, a profile to its one Few Steps, edits to its one Edit Point Cloud. Raises
    SpatiaError on what it has no place for.
    """
    plan = planned(prompt, scene)
    prompt = copy.deepcopy(prompt)
    prompt[only(prompt, "LoadImage")]["inputs"]["image"] = image
    _set_path(prompt, scene, plan)
    world = only(prompt, "SpatiaOpenWorld")
    prompt[world]["inputs"] |= {"name": scene.name, "branch": "main", "clip": -1}
    prompt[world]["inputs"].pop("new_branch_after", None)  # where another branch would begin
    prompt[only(prompt, "SpatiaWorldVideo")]["inputs"]["filename_prefix"] = scene.name
    text: Any = scene.prompts[0]
    texts = _text_nodes(prompt, "positive")
    if len(scene.prompts) > 1:
        text = [_add_clip_prompts(prompt, scene.prompts, world), 0]
    for number in texts:
        prompt[number]["inputs"]["text"] = text
    for node in prompt.values() if scene.seed is not None else ():
        for name in ("seed", "noise_seed"):
            if isinstance(node["inputs"].get(name), int):
                node["inputs"][name] = scene.seed
    for key, value, kind, widget in (
        ("a profile", scene.profile, "SpatiaFewSteps", "pace"), ("edits", scene.edits, "SpatiaEditPointCloud", "edits"),
    ):  # fmt: skip
        if value is not None:
            prompt[_place_for(prompt, scene, key, kind)]["inputs"][widget] = value
    return prompt


def _place_for(prompt: dict, scene: Scene, what: str, kind: str) -> str:
    found = nodes_of(prompt, kind)
    if len(found) != 1:
        raise SpatiaError(
            f"The scene {scene.name} has {what}, and the workflow {len(found)} nodes of the kind {kind}, expected one to "
            "fill in; choose another workflow, or take it out of the list."
        )
    return found[0]


def _path_node(prompt: dict, scene: Scene) -> dict:
    return prompt[_place_for(prompt, scene, "a path by preset", "SpatiaCameraPath")]


def _set_path(prompt: dict, scene: Scene, plan: Plan) -> None:
    if scene.path is not None:
        _path_node(prompt, scene)["inputs"] |= scene.path
        return
    assert scene.cameras is not None  # a scene has either
    # The official text, which can say a zoom too; it has no use for a size.
    kept = scene.cameras.select(slice(0, plan.frames))
    text, intrinsics = write_cameras(kept, "spatia", width=1, height=1).values()
    if nodes_of(prompt, "SpatiaCameraPath"):
        _lead_in_cameras(prompt)
    prompt[only(prompt, "SpatiaImportCameras")]["inputs"] |= {
        "file": "", "format": "spatia", "text": text, "intrinsics": intrinsics,
    }  # fmt: skip


def _add_clip_prompts(prompt: dict, prompts: tuple[str, ...], world: str) -> str:
    """A Clip Prompts that gives each clip its line; returns its number."""
    number = str(1 + max(int(name) for name in prompt if name.isdecimal()))
    inputs = {"prompts": "\n".join(prompts), "clip": [world, 2], "official_suffix": False}
    prompt[number] = {"class_type": "SpatiaClipPrompts", "inputs": inputs, "_meta": {"title": "Clip Prompts"}}
    return number


def video_alone(prompt: dict) -> dict:
    """Of a filled workflow what writes the video of the world as it is, and makes no clip."""
    prompt = copy.deepcopy(prompt)
    video, world = only(prompt, "SpatiaWorldVideo"), only(prompt, "SpatiaOpenWorld")
    prompt[video]["inputs"]["world"] = [world, 1]
    # What a new world would begin with: this one is there.
    prompt[world]["inputs"].pop("memory", None)
    return upstream(prompt, video)


def upstream(prompt: dict, number: str) -> dict:
    """Of a workflow a node, and all that it is made from."""
    wanted, further = set(), [number]
    while further:
        one = further.pop()
        wanted.add(one)
        further += [source for source, _ in _links(prompt[one]) if source not in wanted]
    return {one: node for one, node in prompt.items() if one in wanted}


def _lead_in_cameras(prompt: dict) -> None:
    """Import Cameras in place of the one Camera Path; where the image is fitted, its cameras are fitted with it."""
    path = only(prompt, "SpatiaCameraPath")
    title = prompt[path].get("_meta", {"title": "The whole path"})
    inputs = {
        "start": "as in the file",
        "scale": 1.0,
        "close_loop": "off",
        "closing_frames": 24,
        "width": 0,
        "height": 0,
    }
    prompt[path] = {"class_type": "SpatiaImportCameras", "inputs": inputs, "_meta": title}
    source: list = [path, 0]
    if fits := nodes_of(prompt, "SpatiaFitImage"):
        prompt[fits[0]]["inputs"]["cameras"] = source
        source = [fits[0], 4]
        for node in prompt.values():
            if node is not prompt[fits[0]]:
                node["inputs"] |= {name: source for name, link in node["inputs"].items() if link == [path, 0]}
    # The image is the first camera's.
    for number in nodes_of(prompt, "SpatiaEstimateScene"):
        prompt[number]["inputs"].setdefault("cameras", source)


def _links(node: dict) -> list[tuple[str, int]]:
    return [tuple(value) for value in node["inputs"].values() if isinstance(value, list) and len(value) == 2]


def only(prompt: dict, kind: str) -> str:
    found = nodes_of(prompt, kind)
    if len(found) != 1:
        raise SpatiaError(
            f"The workflow has {len(found)} nodes of the kind {kind}, expected one to fill in; choose another workflow."
        )
    return found[0]


def _text_nodes(prompt: dict, socket: str) -> set[str]:
    """The nodes whose text reaches an input of this name, through whatever changes a conditioning on the way."""
    found: set[str] = set()
    seen: set[str] = set()
    links = [node["inputs"][socket] for node in prompt.values() if isinstance(node["inputs"].get(socket), list)]
    while links:
        number, _ = links.pop()
        if number in seen or number not in prompt:
            continue
        seen.add(number)
        inputs = prompt[number]["inputs"]
        if "text" in inputs:
            found.add(number)
            continue
        links += [inputs[name] for name in (socket, "conditioning") if isinstance(inputs.get(name), list)]
    if not found:
        raise SpatiaError(
            f"No text leads to an input `{socket}` of the workflow, expected a CLIP Text Encode before it; choose another "
            "workflow."
        )
    return found
