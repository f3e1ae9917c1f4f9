"""The door to the stored vectors. What the tests read through it is remembered, so that what none of them reads can be
named (test_vectors_read.py)."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file

DATA = Path(__file__).parents[1] / "data"
PARITY = Path(os.environ.get("SPATIA_PARITY") or DATA / "parity").expanduser().resolve()
DECOUPLED = Path(os.environ.get("SPATIA_PARITY_DECOUPLED") or DATA / "parity_decoupled").expanduser().resolve()


class Stored(Mapping):
    """The entries of one file. To list their names is not to read them."""

    def __init__(self, entries: dict):
        self._entries = entries
        self.read: set[str] = set()

    def __getitem__(self, key: str):
        value = self._entries[key]
        self.read.add(key)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@functools.cache
def stored(path: Path) -> Stored:
    """Tensors of a safetensors file, or the top entries of a JSON file."""
    if path.suffix == ".safetensors":
        return Stored(load_file(path))
    return Stored(json.loads(path.read_text(encoding="utf-8")))


def weights(path: Path) -> str:
    """The path of a network's weights, for a loader that takes all of them and refuses names that it does not know."""
    entries = stored(path)
    entries.read.update(entries)
    return str(path)


def header(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file."""
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def files(folder: Path) -> list[Path]:
    """Every vector file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")
