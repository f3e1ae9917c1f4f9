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

import folder_paths
from comfy_execution.graph_utils import is_link

from . import bundle, models

_WHOLE = 16 << 20  # bytes of a file that is read whole; of a larger one, blocks from end to end
_BLOCK, _BLOCKS = 1 << 16, 64
_LONGEST_NAME = 300  # characters of a text that may name a file
_known_files: dict[tuple[str, int, int], str] = {}


class Identity:
    """Digests of a prompt's nodes. made: what went into them, by digest, to be kept with what they made.

    stands_for: the digest of a node that stands for something kept elsewhere (a clip of a world), None for others.
    """

    def __init__(self, prompt, stands_for: Callable[[str, dict], str | None]):
        self._prompt, self._stands_for = prompt, stands_for
        self._digests: dict[str, str] = {}
        self.made: dict[str, dict] = {}
        self.files: dict[str, str] = {}

    def of_input(self, node_id: str, name: str) -> str:
        """Digest of whatever a node's input is linked to, or of its value."""
        return _digest(self._value(self._prompt.get_node(node_id)["inputs"].get(name)))

    def _value(self, value):
        if is_link(value):
            return {"node": self._node(value[0]), "output": value[1]}
        return self._named(value)

    def _node(self, node_id: str) -> str:
        if node_id in self._digests:
            return self._digests[node_id]
        node = self._prompt.get_node(node_id)
        digest = self._stands_for(node_id, node)
        if digest is None:
            facts = {
                "type": node["class_type"],
                "inputs": {k: self._value(v) for k, v in sorted(node["inputs"].items())},
            }
            # What the host found when it asked the node whether anything outside the graph has changed; of a node that
            # names files their sums say it better, which a copy of the folder leaves as they are.
            changed = node.get("is_changed")
            if changed is not None and not any(isinstance(v, dict) and "sums" in v for v in facts["inputs"].values()):
                facts["changed"] = repr(changed)
            digest = _digest(facts)
            self.made[digest] = facts
        self._digests[node_id] = digest
        return digest

    def _named(self, value):
        """The value, and for a text that names files the sums of these."""
        if not isinstance(value, str) or not value or len(value) > _LONGEST_NAME or "\n" in value:
            return value
        paths = _files_named(value)
        if not paths:
            return value
        sums = sorted({file_sum(path) for path in paths})
        self.files[value] = sums[0] if len(sums) == 1 else ", ".join(sums)
        return {"file": value, "sums": sums}


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


def clip_id(*parts: str | None) -> str:
    """The id of a clip of what made it."""
    return _digest(list(parts))


def _digest(value) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _files_named(name: str) -> list[str]:
    if name == models.BUNDLED:
        folder = bundle.FOLDER
        return [os.path.join(folder, file) for file in sorted(os.listdir(folder)) if file.endswith(".safetensors")]
    # Folders of the host hold files with endings only, and other texts are many.
    if "." not in name or os.path.isabs(name):
        return [name] if os.path.isfile(name) else []
    paths = [folder_paths.get_full_path(folder, name) for folder in folder_paths.folder_names_and_paths]
    with contextlib.suppress(ValueError):  # a text that only looks like a name
        if folder_paths.exists_annotated_filepath(name):
            paths.append(folder_paths.get_annotated_filepath(name))
    return [path for path in dict.fromkeys(paths) if path and os.path.isfile(path)]
