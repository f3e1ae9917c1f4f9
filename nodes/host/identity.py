"""What made a result, as a number: the types and inputs of the nodes before it, and the files they name.

That is what the host keys its own cache on, made fit to be kept: without node ids, which change when a graph is built
anew, and with the content of files instead of their dates, which change when a folder is copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

import folder_paths
from comfy_execution.graph_utils import is_link

from ...spatia_core.weights.shards import shard_files
from . import bundle, depth_sources, models

COMMIT, OPEN = "SpatiaCommitClip", "SpatiaOpenWorld"  # node ids; their clips are in worlds

_WHOLE = 16 << 20  # bytes of a file that is read whole; of a larger one, blocks from end to end
_BLOCK, _BLOCKS = 1 << 16, 64
_LONGEST_NAME = 300  # characters of a text that may name a file
_known_files: dict[tuple[str, int, int], str] = {}


class Identity:
    """Digests of a prompt's nodes.

    stands_for: the digest of a node that stands for something kept elsewhere (a clip of a world), None for others.
    """

    def __init__(self, prompt: Any, stands_for: Callable[[str, dict], str | None]):
        self._prompt, self._stands_for = prompt, stands_for
        self._digests: dict[str, str] = {}
        self._facts: dict[str, dict] = {}  # of the nodes that stand for nothing else
        self._files: dict[str, str] = {}

    def of_input(self, node_id: str, name: str) -> str:
        """Digest of whatever a node's input is linked to, or of its value."""
        value = self._prompt.get_node(node_id)["inputs"].get(name)
        if is_link(value):
            self._find(value[0])
        return _digest(self._value(value))

    def made(self, node_id: str, names: tuple[str, ...]) -> dict[str, dict]:
        """What went into inputs of a node, to be kept with what they made.

        `inputs`: the digest of the node that each comes from; `nodes`, by digest; sums of `files`. Of what a clip before was
        made of, its own record tells.
        """
        inputs = self._prompt.get_node(node_id)["inputs"]
        before = {name: inputs[name][0] for name in names if is_link(inputs.get(name))}
        left, nodes = list(before.values()), {}
        while left:
            current = left.pop()
            if current not in self._facts or self._digests[current] in nodes:
                continue
            facts = nodes[self._digests[current]] = self._facts[current]
            if facts["type"] != COMMIT:
                left += [value[0] for value in self._prompt.get_node(current)["inputs"].values() if is_link(value)]
        named = {one["file"] for facts in nodes.values() for one in facts["inputs"].values() if _has_sums(one)}
        digests = {name: self._digests[node] for name, node in before.items() if node in self._digests}
        return {
            "inputs": digests,
            "nodes": nodes,
            "files": {name: sums for name, sums in self._files.items() if name in named},
        }

    def _find(self, node_id: str) -> None:
        """Find a node's digest, and those of all before it first; by hand, as a chain of clips is deeper than Python goes."""
        left = [node_id]
        while left:
            current = left[-1]
            node = self._prompt.get_node(current)
            before = [value[0] for value in node["inputs"].values() if is_link(value) and value[0] not in self._digests]
            if current not in self._digests:
                digest = self._stands_for(current, node)
                if digest is None and before:
                    left += before
                    continue
                self._digests[current] = self._of_facts(current, node) if digest is None else digest
            left.pop()

    def _of_facts(self, node_id: str, node: dict) -> str:
        inputs = {name: self._value(value) for name, value in sorted(node["inputs"].items())}
        facts = self._facts[node_id] = {"type": node["class_type"], "inputs": inputs}
        # What the host found when it asked the node whether anything outside the graph has changed; of a node that names
        # files their sums say it better, which a copy of the folder leaves as they are.
        changed = node.get("is_changed")
        if changed is not None and not any(map(_has_sums, inputs.values())):
            facts["changed"] = repr(changed)
        return _digest(facts)

    def _value(self, value: Any) -> Any:
        """A link by the digest of its node, which is known; a text that names files with the sums of these."""
        if is_link(value):
            return {"node": self._digests[value[0]], "output": value[1]}
        if not isinstance(value, str) or not value or len(value) > _LONGEST_NAME or "\n" in value:
            return value
        paths = _files_named(value)
        if not paths:
            return value
        sums = sorted({file_sum(path) for path in paths})
        self._files[value] = ", ".join(sums)
        return {"file": value, "sums": sums}


def _has_sums(value: object) -> bool:
    return isinstance(value, dict) and "sums" in value


def file_sum(path: str) -> str:
    """Sum of a file's content: of all of it, or of its size and 64 blocks from end to end where it is large."""
    status = os.stat(path)
    key = (path, status.st_mtime_ns, status.st_size)
    if key not in _known_files:
        digest = hashlib.sha256(str(status.st_size).encode())
        with open(path, "rb") as file:
            if status.st_size <= _WHOLE:
                digest.update(file.read())
            else:
                for k in range(_BLOCKS):
                    file.seek((status.st_size - _BLOCK) * k // (_BLOCKS - 1))
                    digest.update(file.read(_BLOCK))
        _known_files[key] = digest.hexdigest()[:32]
    return _known_files[key]


def clip_id(*parts: object) -> str:
    """The id of a clip of what made it."""
    return _digest(list(parts))


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _files_named(name: str) -> list[str]:
    if name in (models.BUNDLED, depth_sources.BUNDLED, depth_sources.AUTO_SOURCE):
        folder = bundle.FOLDER
        return [os.path.join(folder, file) for file in sorted(os.listdir(folder)) if file.endswith(".safetensors")]
    if os.path.isabs(name):
        return [name] if os.path.isfile(name) else []
    # Folders of the host hold files with endings only, and other texts are many.
    if "." not in name:
        return []
    paths = [folder_paths.get_full_path(folder, name) for folder in folder_paths.folder_names_and_paths]
    with contextlib.suppress(ValueError):  # a text that only looks like a name
        if folder_paths.exists_annotated_filepath(name):
            paths.append(folder_paths.get_annotated_filepath(name))
    # Weights published in several files are named by their first.
    paths = [part for path in paths if path for part in shard_files(path)]
    return [path for path in dict.fromkeys(paths) if os.path.isfile(path)]
