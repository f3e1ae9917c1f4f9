"""The quick start's graph with other options, and with as many clips as its path needs."""

from __future__ import annotations

import copy

from .workflows import nodes_of, section_nodes


def configure(
    prompt: dict,
    workflow: dict,
    image: str,
    text: str | None = None,
    frames: int | None = None,
    seed: int | None = None,
) -> dict:
    """The closed-loop graph with the command line's options set in it, and as many clips as the path needs."""
    prompt = copy.deepcopy(prompt)
    prompt[nodes_of(prompt, "LoadImage")[0]]["inputs"]["image"] = image
    if text is not None:
        positive = prompt[nodes_of(prompt, "SpatiaSampler")[0]]["inputs"]["positive"][0]
        prompt[positive]["inputs"]["text"] = text
    if frames is not None:
        prompt[nodes_of(prompt, "SpatiaCameraPath")[0]]["inputs"]["frames"] = frames
        first, new = clip_lengths(prompt)
        prompt = with_clips(prompt, workflow, 1 + max(0, -(-(frames - first) // new)))
    for sampler in nodes_of(prompt, "SpatiaSampler"):
        if seed is not None:
            prompt[sampler]["inputs"]["seed"] = seed
    return prompt


def clip_lengths(prompt: dict) -> tuple[int, int]:
    """Frames of the first clip, and new frames of each later one (its history left out)."""
    window = prompt[nodes_of(prompt, "SpatiaClipWindow")[0]]["inputs"]
    history = prompt[nodes_of(prompt, "SpatiaJoinClips")[0]]["inputs"]["history_frames"]
    return window["first_frames"], window["later_frames"] - history


def with_clips(prompt: dict, workflow: dict, clips: int) -> dict:
    """The two-clip graph with its group "Clip 2" left out or repeated, so that it makes `clips` clips."""
    sections = [section_nodes(workflow, title) & prompt.keys() for title in ("Clip 1", "Clip 2")]
    # Within a section a class stands once, so that the same part of another clip is found by its class.
    roles = [{prompt[number]["class_type"]: number for number in sorted(section, key=int)} for section in sections]
    template = {number: prompt[number] for number in sections[1]}
    result = {number: copy.deepcopy(node) for number, node in prompt.items() if number not in template or clips > 1}
    fresh = max(map(int, prompt)) + 1
    while len(roles) < clips:
        clip, before = len(roles) + 1, roles[-1]
        names = {}
        for number in sorted(template, key=int):
            names[number], fresh = str(fresh), fresh + 1
        carried = {number: before[kind] for kind, number in roles[0].items() if kind in before}
        for number, name in names.items():
            node = copy.deepcopy(template[number])
            node["_meta"]["title"] = node["_meta"]["title"].replace("clip 2", f"clip {clip}")
            _relink(node, {**carried, **names})
            if node["class_type"] == "SpatiaClipWindow":
                node["inputs"]["clip"] = clip
            result[name] = node
        roles.append({kind: names[number] for kind, number in roles[1].items()})
    last = roles[clips - 1]
    after = {number: last[kind] for kind, number in roles[1].items() if kind in last}
    for number in result.keys() - set().union(*(role.values() for role in roles)):
        _relink(result[number], after)
    join = result[nodes_of(result, "SpatiaJoinClips")[0]]["inputs"]
    for name in [name for name in join if name.startswith("clips.")]:
        del join[name]
    for clip, role in enumerate(roles[:clips]):
        join[f"clips.clip{clip}"] = [role["SpatiaSampler"], 1]
    return result


def _relink(node: dict, names: dict[str, str]) -> None:
    for key, value in node["inputs"].items():
        if isinstance(value, list) and len(value) == 2 and value[0] in names:
            node["inputs"][key] = [names[value[0]], value[1]]
