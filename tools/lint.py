"""`run.py lint`: what the checkers of Python and of the page find."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from .console import say
from .places import ROOT
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
    # From the package's folder: what is a module is found from there, whatever the folder is called.
    types = [sys.executable, "-m", "mypy", "--cache-dir", str(cache / "mypy")]
    codes.append(subprocess.run(types, env=clean_environment(cache), cwd=ROOT, check=False).returncode)
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        say("The page's files were not checked: that needs Node.js 20 or newer with npm (nodejs.org).")
        return 1
    codes.append(
        subprocess.run([node, str(ROOT / "js" / "lint.mjs")], env=clean_environment(cache), check=False).returncode
    )
    return int(any(codes))
