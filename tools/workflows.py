"""Workflow files in the form that POST /prompt takes.

The files in workflows/ are what the page opens: nodes, links, and widget values by position. The page turns them
into the API form (inputs by name) in the browser; a headless run has no browser, so the same is done here, with
the input names and their order read from the running server's /object_info.
"""

from __future__ import annotations

from typing import Any

from .console import RunError

_WIDGET_TYPES = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", "LOAD_3D"}
_DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
_NOTES = {"Note", "MarkdownNote"}
_MUTED = 2


def workflow_to_prompt(workflow: dict, object_info: dict) -> dict:
    """The API form of a workflow file: {node id: {class_type, inputs, _meta}}; RunError names what does not fit."""
    nodes = {node["id"]: node for node in _executed(workflow)}
    links = {link[0]: (link[1], link[2]) for link in workflow["links"]}
    prompt = {}
    for number, node in nodes.items():
        kind = node["type"]
        if kind not in object_info:
            raise RunError(f"node {number} of the workflow is a {kind}, which this server does not have")
        if node.get("mode", 0) != 0:
            raise RunError(f"node {number} ({kind}) has mode {node['mode']}: only active and muted nodes are converted")
        inputs = _widget_inputs(node, object_info[kind])
        for socket_ in node.get("inputs", []):
            if socket_.get("link") is not None:
                source, slot = links[socket_["link"]]
                if source in nodes:
                    inputs[socket_["name"]] = [str(source), slot]
        title = node.get("title") or object_info[kind].get("display_name") or kind
        prompt[str(number)] = {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}
    return prompt


def widget_of(workflow: dict, kind: str, name: str) -> Any:
    """The value of a widget of a workflow file's one node of a kind; RunError where there is none."""
    found = [node for node in _executed(workflow) if node["type"] == kind]
    stored = [socket_["name"] for node in found for socket_ in node.get("inputs", []) if socket_.get("widget")]
    values = [value for node in found for value in node.get("widgets_values") or []]
    if len(found) != 1 or name not in stored or len(values) < len(stored):
        raise RunError(f"the workflow has {len(found)} nodes of the kind {kind}, expected one, with a widget {name}")
    return values[stored.index(name)]


def executed_kinds(workflow: dict) -> frozenset[str]:
    """Classes of the nodes of a workflow file that run."""
    return frozenset(node["type"] for node in _executed(workflow))


def _executed(workflow: dict) -> list[dict]:
    return [node for node in workflow["nodes"] if node["type"] not in _NOTES and node.get("mode") != _MUTED]


def _widget_inputs(node: dict, info: dict) -> dict:
    """Widget values by name; the file stores them by position."""
    values = list(node.get("widgets_values") or [])
    # The file also lists its widgets' sockets: a node that gained, lost or moved one is caught before values shift.
    stored = [
        socket_["name"]
        for socket_ in node.get("inputs", [])
        if socket_.get("widget") and socket_.get("type") != "IMAGEUPLOAD"
    ]
    if not node["type"].startswith("Spatia") and len(stored) == len(values):
        # A node of the host, whose widgets differ from one of its versions to the next.
        return _by_name(dict(zip(stored, values)), info)
    inputs: dict = {}
    _take_widgets(info["input"], info.get("input_order", {}), "", values, inputs, node)
    if stored != [name for name in inputs if name in stored]:
        raise RunError(
            f"node {node['id']} ({node['type']}) of the workflow stores the widgets {', '.join(stored)}, this server's has "
            f"{', '.join(inputs)}: the file was saved with another version of this node"
        )
    return inputs


def _by_name(values: dict, info: dict) -> dict:
    """Those of the stored values that this server's node takes; what it needs beyond them has its default."""
    inputs: dict = {}
    for section in ("required", "optional"):
        for name, spec in info["input"].get(section, {}).items():
            options = spec[1] if len(spec) > 1 else {}
            if name in values:
                inputs |= {key: value for key, value in values.items() if key == name or key.startswith(f"{name}.")}
            elif section == "required" and _is_widget(spec[0], options) and "default" in options:
                inputs[name] = options["default"]
    return inputs


def _is_widget(kind: str | list, options: dict) -> bool:
    return not options.get("forceInput") and (kind == _DYNAMIC_COMBO or isinstance(kind, list) or kind in _WIDGET_TYPES)


def _take_widgets(sections: dict, order: dict, prefix: str, values: list, inputs: dict, node: dict) -> None:
    for section in ("required", "optional"):
        specs = sections.get(section, {})
        for name in order.get(section, specs):
            kind, options = specs[name][0], (specs[name][1] if len(specs[name]) > 1 else {})
            dynamic = kind == _DYNAMIC_COMBO
            if not _is_widget(kind, options):
                continue
            if not values:
                raise RunError(
                    f"node {node['id']} ({node['type']}) of the workflow stores no value for the widget {prefix}{name}: "
                    "the file was saved with another version of this node"
                )
            value = values.pop(0)
            inputs[prefix + name] = value
            if options.get("control_after_generate"):
                values.pop(0)  # the page's own fixed/increment/randomize, which no node receives
            if dynamic:
                chosen = next((option for option in options["options"] if option["key"] == value), None)
                if chosen is None:
                    raise RunError(f"node {node['id']} ({node['type']}): {name}={value!r} is not among its options")
                _take_widgets(chosen["inputs"], {}, f"{prefix}{name}.", values, inputs, node)


def without_viewers(workflow: dict) -> dict:
    """The workflow without the view of its cloud: nobody looks at it here, and hosts before 0.30 want the page's own view."""
    return workflow | {"nodes": [node for node in workflow["nodes"] if node["type"] != "PreviewPointCloud"]}


def section_nodes(workflow: dict, title: str) -> set[str]:
    """Ids of the nodes that lie inside the group of that title."""
    for group in workflow["groups"]:
        if group["title"] == title:
            left, top, width, height = group["bounding"]
            return {
                str(node["id"])
                for node in workflow["nodes"]
                if left <= node["pos"][0] < left + width and top <= node["pos"][1] < top + height
            }
    raise RunError(f"the workflow has no group named {title!r}")


def nodes_of(prompt: dict, kind: str) -> list[str]:
    """Ids of the nodes of a class, in the order of the file."""
    return [number for number, node in prompt.items() if node["class_type"] == kind]
