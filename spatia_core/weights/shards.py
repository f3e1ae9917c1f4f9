"""Weights that come in several files."""

from __future__ import annotations

import os
import re

from ..errors import SpatiaError
from ..inputs import parse_json, shown
from .header import read_header, short

_SHARD = re.compile(r"^(?P<stem>.*)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})(?P<suffix>\.safetensors)$", re.DOTALL)
_MOST_SHARDS = 1000
_MISSING_SHOWN = 5
_LARGEST_INDEX = 1 << 24  # bytes, as of a header


def shard_files(name: str) -> list[str]:
    """All files a weights file belongs with: `x-00002-of-00003.safetensors` has three, any other file only itself."""
    match = _SHARD.match(name)
    if match is None:
        return [name]
    count = int(match["count"])
    if not 1 <= int(match["number"]) <= count <= _MOST_SHARDS:
        raise SpatiaError(
            f"{os.path.basename(name)} says it is part {int(match['number'])} of {count}, expected one of at most "
            f"{_MOST_SHARDS}; "
            "the file is misnamed, restore its published name."
        )
    return [f"{match['stem']}-{number:05}-of-{match['count']}{match['suffix']}" for number in range(1, count + 1)]


def first_shard(name: str) -> bool:
    """Whether a file stands for its weights in a list: the first of several shards, or a file of its own."""
    match = _SHARD.match(name)
    return match is None or int(match["number"]) == 1


def sharded_shapes(paths: list[str]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a model in several safetensors files.

    Beside shards an index (`<stem>.safetensors.index.json`) is optional; where there is one, it must agree.
    Raises SpatiaError naming the missing shard, or a tensor that is in two shards or not where the index says.
    """
    absent = [os.path.basename(path) for path in paths if not os.path.isfile(path)]
    if absent:
        more = f" and {len(absent) - _MISSING_SHOWN} more" if len(absent) > _MISSING_SHOWN else ""
        raise SpatiaError(
            f"The weights come in {len(paths)} files, of which {', '.join(absent[:_MISSING_SHOWN])}{more} is missing; "
            "put all of them into one folder."
        )
    shapes: dict[str, tuple[int, ...]] = {}
    shard_of: dict[str, str] = {}
    for path in paths:
        for name, shape in read_header(path).items():
            if name in shapes:
                raise SpatiaError(
                    f"Tensor {short(name)} is in both {shard_of[name]} and {os.path.basename(path)}; the shards are of "
                    "different downloads, fetch them again."
                )
            shapes[name], shard_of[name] = shape, os.path.basename(path)
    match = _SHARD.match(paths[0])
    index = match and f"{match['stem']}{match['suffix']}.index.json"
    if index and os.path.isfile(index):
        promised = _read_index(index)
        for name in sorted(promised.keys() | shapes.keys()):
            if promised.get(name) != shard_of.get(name):
                raise SpatiaError(
                    f"{os.path.basename(index)} puts tensor {short(name)} into {short(promised.get(name, 'no file'))}, but it is in "
                    f"{shard_of.get(name, 'none of them')}; the files are of different downloads, fetch them again."
                )
    return shapes


def _read_index(path: str) -> dict[str, str]:
    """{tensor name: file name} of an index of shards."""
    file = os.path.basename(path)
    try:
        with open(path, "rb") as stream:
            text = stream.read(_LARGEST_INDEX + 1)
    except OSError as error:
        raise SpatiaError(
            f"{file} could not be opened ({error.strerror}). Download it again, or remove it: the shards do without."
        ) from error
    if len(text) > _LARGEST_INDEX:
        raise SpatiaError(
            f"{file} has more than {_LARGEST_INDEX} bytes, so it is no index of weights. Download it again, or remove "
            "it: the shards do without."
        )
    index = parse_json(text, f"The entries of {file}", "it: download it again, or remove it, the shards do without")
    promised = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(promised, dict) or not all(isinstance(shard, str) for shard in promised.values()):
        raise SpatiaError(
            f"{file} is no index of weights: its weight_map is {shown(promised)}, expected the file of each tensor. "
            "Download it again, or remove it: the shards do without."
        )
    return promised
