"""Subgraphs of a workflow file, put in place of the nodes that stand for them, as the page does before it queues."""

import copy

INPUT = -10  # the id that links from a subgraph's own inputs name as their origin


def expand_subgraphs(workflow: dict) -> dict:
    """The workflow without subgraphs: inner nodes become "outer:inner", and links go to them directly.

    One level deep: a subgraph inside a subgraph is not expanded.
    """
    definitions = {entry["id"]: entry for entry in workflow.get("definitions", {}).get("subgraphs", [])}
    nodes = [copy.deepcopy(node) for node in workflow["nodes"] if node["type"] not in definitions]
    links = {link[0]: list(link) for link in workflow["links"]}
    fresh = max(links, default=0) + 1
    for outer in workflow["nodes"]:
        if outer["type"] not in definitions:
            continue
        definition = definitions[outer["type"]]

        def name(inner, outer=outer["id"]):
            return f"{outer}:{inner}"

        inner_nodes = {node["id"]: copy.deepcopy(node) for node in definition["nodes"]}
        for link in definition["links"]:
            if link["origin_id"] in inner_nodes and link["target_id"] in inner_nodes:
                links[fresh] = [
                    fresh,
                    name(link["origin_id"]),
                    link["origin_slot"],
                    name(link["target_id"]),
                    link["target_slot"],
                    link["type"],
                ]
                inner_nodes[link["target_id"]]["inputs"][link["target_slot"]]["link"] = fresh
                fresh += 1
            elif link["origin_id"] != INPUT:
                # An output: whoever was linked to the outer node is linked to the inner one.
                for taker in links.values():
                    if taker[1] == outer["id"] and taker[2] == link["target_slot"]:
                        taker[1:3] = name(link["origin_id"]), link["origin_slot"]
        values = iter(outer.get("widgets_values") or [])
        promoted = {entry["name"]: next(values) for entry in outer["inputs"] if entry.get("widget")}
        given = {entry["name"]: entry for entry in outer["inputs"]}
        for slot, entry in enumerate(definition["inputs"]):
            for link in definition["links"]:
                if link["origin_id"] != INPUT or link["origin_slot"] != slot:
                    continue
                node = inner_nodes[link["target_id"]]
                socket = node["inputs"][link["target_slot"]]
                socket["link"] = None
                outside = given[entry["name"]]["link"]
                if outside is not None:
                    _, origin, origin_slot, *_ = links[outside]
                    links[fresh] = [fresh, origin, origin_slot, name(node["id"]), link["target_slot"], link["type"]]
                    socket["link"] = fresh
                    fresh += 1
                if socket.get("widget"):
                    _set_widget(node, socket["name"], promoted[entry["name"]])
        for node in inner_nodes.values():
            node["id"] = name(node["id"])
            nodes.append(node)
    return {**workflow, "nodes": nodes, "links": list(links.values()), "definitions": {}}


def _set_widget(node: dict, name: str, value) -> None:
    place = 0
    for socket in node["inputs"]:
        if not socket.get("widget"):
            continue
        if socket["name"] == name:
            node["widgets_values"][place] = value
            return
        # After a seed the file also stores the page's own fixed/increment/randomize.
        place += 2 if socket["name"] == "seed" else 1
    raise KeyError(f"{node['type']} stores no widget {name}")
