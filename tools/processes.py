"""Processes: whatever is started here ends with the one that started it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

WINDOWS = os.name == "nt"


def clean_environment(cache: Path) -> dict[str, str]:
    """This process's variables for a child Python: no foreign packages, compiled files kept in the cache."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    environment["PYTHONNOUSERSITE"] = "1"
    environment["PYTHONPYCACHEPREFIX"] = str(cache / "pycache")  # else ComfyUI's own folder would be written to
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONUTF8"] = "1"
    environment["NUMBA_CACHE_DIR"] = str(cache / "numba")
    return environment


def thread_variables(threads: int) -> dict[str, str]:
    """Variables that keep a child's libraries to so many threads of the processor; 0: as they like."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS") if threads else ()
    return dict.fromkeys(names, str(threads))


def handle_signals() -> None:
    """Make every polite request to stop unwind the stack as Ctrl-C does, so that `finally` blocks end the children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def start(command: list[str], **options: Any) -> subprocess.Popen:
    """Start a process as the leader of a group of its own, so that end() and kill() reach its children too."""
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    return subprocess.Popen(command, **options)


def start_bound(command: list[str], **options: Any) -> subprocess.Popen:
    """As start(), for a command that is killed with all its children however this process ends, kill -9 included.

    The process is one that watches over the command (bound_process.py); its standard input is the pipe that binds it.
    """
    watched = [sys.executable, str(Path(__file__).with_name("bound_process.py")), *command]
    return start(watched, stdin=subprocess.PIPE, **options)


def kill(process: subprocess.Popen) -> None:
    """Kill a process made by start() and its whole group, as a crash does."""
    if WINDOWS:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
