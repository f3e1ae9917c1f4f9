"""`run.py test`, `run.py fuzz` and `run.py check`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .places import ROOT
from .processes import become, clean_environment


def test(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """pytest in the environment; every argument after `test` is pytest's, --fast one of tests/conftest.py."""
    named = names_tests(options.arguments)
    where = [] if named else [str(ROOT / "tests")]
    settings = ["-c", str(ROOT / "tests" / "pytest.ini"), "--durations=20"]
    command = [sys.executable, "-m", "pytest", *settings, *options.arguments, *where]
    return become(command, environment_of_tests(comfyui, cache))


def fuzz(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The long run of tests/fuzz in the tests' environment."""
    script = ROOT / "tests" / "fuzz" / "run.py"
    command = [sys.executable, str(script), "--minutes", str(options.minutes), *options.arguments]
    return become(command, environment_of_tests(comfyui, cache))


def check(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """The report of the node Spatia Check, without a server; in a process of its own, for ComfyUI reads its options there."""
    environment = clean_environment(cache) | {"COMFYUI_PATH": str(comfyui)}
    return become([sys.executable, str(ROOT / "benchmarks" / "check.py"), *options.arguments], environment)


def environment_of_tests(comfyui: Path, cache: Path) -> dict[str, str]:
    """The variables of a process that runs tests."""
    environment = clean_environment(cache)
    environment["COMFYUI_PATH"] = str(comfyui)
    environment.setdefault("OMP_NUM_THREADS", "1")  # the tests' tensors are small: threads would wait for each other
    return environment


def names_tests(arguments: list[str]) -> bool:
    """Whether pytest's arguments say which files to run, rather than leaving it at all of them."""
    takes_value = {
        "-c",
        "-k",
        "-m",
        "-o",
        "-p",
        "-W",
        "--ignore",
        "--deselect",
        "--basetemp",
        "--rootdir",
        "--confcutdir",
    }
    return any(
        not argument.startswith("-") and before not in takes_value and Path(argument.split("::")[0]).exists()
        for before, argument in zip(["", *arguments], arguments)
    )
