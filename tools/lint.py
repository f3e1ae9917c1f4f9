"""`run.py lint`: what the checkers of Python and of the page find."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from .console import say
from .places import PACK_ID, ROOT, base_folder
from .processes import clean_environment


def lint(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """ruff's rules and layout and mypy over the Python files (pyproject.toml), then prettier, ESLint and tsc over the page's.

    All are looked at, whatever the first finds.
    """
    ruff = [sys.executable, "-m", "ruff"]
    looks = (["check", "--no-cache"], ["format", "--check", "--no-cache"])  # a cache would lie in the repository
    codes = [
        subprocess.run([*ruff, *look, str(ROOT)], env=clean_environment(cache), check=False).returncode
        for look in looks
    ]
    # The package from where the host has it: only there are its two halves one package, and `nodes` the host's own module.
    # What run.py takes of the package is looked at there too, not again as seen from here.
    for folder, names in (
        (base_folder(cache) / "custom_nodes", [f"-p{PACK_ID}.{part}" for part in ("spatia_core", "nodes", "training")]),
        (ROOT, ["-p", "tools", "-m", "run", "--follow-imports", "silent"]),
    ):
        types = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
        types += ["--cache-dir", str(cache / "mypy"), *names]
        codes.append(subprocess.run(types, env=clean_environment(cache), cwd=folder, check=False).returncode)
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        say("The page's files were not checked: that needs Node.js 20 or newer with npm (nodejs.org).")
        return 1
    codes.append(
        subprocess.run([node, str(ROOT / "js" / "lint.mjs")], env=clean_environment(cache), check=False).returncode
    )
    return int(any(codes))
