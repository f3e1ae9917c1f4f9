"""Where things lie: the repository, the user's cache, the folder that a ComfyUI of this clone works in."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .console import say
from .processes import WINDOWS

ROOT = Path(__file__).resolve().parent.parent
PACK_ID = "spatia"
DEMO_WORKFLOW = ROOT / "workflows" / "Image to loop, runs now, 41 frames out and back.json"
BATCH_WORKFLOW = ROOT / "workflows" / "Memorize When Needed, needs Wan2.1 I2V 14B weights, one clip per run.json"
DEMO_IMAGE = ROOT / "bundle" / "spatia_room.png"


def package_version() -> str:
    """This package's version, of pyproject.toml."""
    found = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None  # the registry asks for it
    return found[1]


def comfyui_version(folder: Path) -> str:
    """What a ComfyUI folder says of itself."""
    path = folder / "comfyui_version.py"
    found = re.search(r'__version__ = "([^"]+)"', path.read_text(encoding="utf-8")) if path.is_file() else None
    return f"ComfyUI {found[1] if found else 'of unknown version'}"


def cache_folder() -> Path:
    """SPATIA_CACHE, else spatia-comfyui in the system's folder for a user's caches."""
    if os.environ.get("SPATIA_CACHE"):
        return Path(os.environ["SPATIA_CACHE"]).expanduser().resolve()
    if WINDOWS:
        root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root.resolve() / "spatia-comfyui"


def base_folder(cache: Path) -> Path:
    """ComfyUI's base folder of this clone, with this repository linked in as a custom node."""
    base = worker_base(cache, 0)
    make_base(base)
    return base


def worker_base(cache: Path, number: int) -> Path:
    """Where a base folder of this clone lies, one per server that runs beside others: a server empties its temp folder."""
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    return cache / "bases" / (f"{name}-{number}" if number else name)


def make_base(base: Path) -> None:
    """Lay out a ComfyUI base folder at `base` and link this repository into its custom_nodes."""
    for name in ("custom_nodes", "input", "output", "temp", "models", "user"):
        (base / name).mkdir(parents=True, exist_ok=True)
    link = base / "custom_nodes" / PACK_ID
    if link.exists() and os.path.samefile(link, ROOT):
        return
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        remove_copy_or_junction(link)
    if not WINDOWS:
        link.symlink_to(ROOT, target_is_directory=True)
        return
    # A symlink needs a privilege on Windows, a junction does not; a junction cannot cross to a network drive.
    made = subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(ROOT)], capture_output=True, check=False)
    if made.returncode != 0:
        say("  a junction to this folder could not be made: it is copied instead")
        shutil.copytree(ROOT, link, ignore=shutil.ignore_patterns(".git", "output", "__pycache__"))


def remove_copy_or_junction(link: Path) -> None:
    try:
        link.rmdir()  # takes a junction away without following it
    except OSError:
        shutil.rmtree(link)
