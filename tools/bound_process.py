"""Run a command that ends with whoever started it: `python bound_process.py COMMAND...`

Standard input is a pipe whose other end the starter holds and never writes to; the system closes it however the starter
ends, kill -9 included. Then the command and all that it started are killed, also what put itself into a session of its
own, as the workers of torch's launcher do. SIGINT and SIGTERM are passed on; the exit code is the command's.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

import psutil

_PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> int:
    if sys.platform == "linux":
        # What outlives its parent becomes a child of this process, where it is found.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: process.send_signal(number))
    threading.Thread(target=_end_with_starter, daemon=True).start()
    code = process.wait()
    _kill_all()
    return code if code >= 0 else 128 - code


def _end_with_starter() -> None:
    os.read(0, 1)  # returns at the end of the pipe
    _kill_all()
    os._exit(1)


def _kill_all() -> None:
    # In rounds: one that is killed may just have started another.
    while found := [child for child in psutil.Process().children(recursive=True) if _alive(child)]:
        for child in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(found, timeout=5)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
