"""The vectors of the second paper: every file of every kind that the folder holds.

A kind may stand there several times, told apart by a suffix: `camera_branch_X` belongs with `camera_branch_weights_X`.
"""

from __future__ import annotations

from vectors import DECOUPLED as FOLDER
from vectors import Stored, stored


def named(pattern: str) -> list[str]:
    """File names in the folder. Tests are made for every file of a kind, so that one put beside it is run too."""
    return sorted(path.name for path in FOLDER.glob(pattern))


def tensors(name: str) -> Stored:
    return stored(FOLDER / f"{name}.safetensors")


def table(name: str) -> Stored:
    return stored(FOLDER / f"{name}.json")


def stems(pattern: str, holding: str = "") -> list[str]:
    """Names, without their ending, of the tensor files that hold an entry of this name."""
    found = [name.removesuffix(".safetensors") for name in named(f"{pattern}.safetensors")]
    return [name for name in found if not holding or holding in tensors(name)]


def family(kind: str) -> list[str]:
    """`kind`, and `kind_X` for every suffix X: names without ending of the tensor files, those of weights left out."""
    names = [name.removesuffix(".safetensors") for name in named(f"{kind}*.safetensors")]
    return [name for name in names if name == kind or (name.startswith(f"{kind}_") and "_weights" not in name)]


def suffix_of(name: str, kind: str) -> str:
    """The suffix of a member of a family, its underscore included; empty for the first."""
    return name.removeprefix(kind)
