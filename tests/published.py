"""What is published: the files of the registry's archive."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def archive_files() -> list[str]:
    """The files of the archive, as ComfyUI's packer chooses them: those in the repository, .comfyignore's left out."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone: what is packed are the files that git tracks")

    def listed(*arguments: str) -> set[str]:
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "-c", *arguments]
        return set(subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")) - {""}

    # Patterns as in .gitignore, of the files that are tracked.
    return sorted(listed() - listed("-i", "-X", str(ROOT / ".comfyignore")))
