"""A worker in a process of its own: started here, killed with whoever started it, started again where it has ended.

The process is a script of this Python that calls `serve`. The two talk over a connection of this machine, in pickles: first
what the script is told once, then a piece of work and its answer each. So whoever starts it needs nothing of what the
script imports, and what they send each other is plain.
"""

from __future__ import annotations

import hmac
import os
import pickle
import secrets
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from io import BufferedRWPair
from pathlib import Path
from typing import IO, Any

from .console import RunError
from .engine import explains_itself, said
from .processes import end, start_bound

_DOOR = "SPATIA_WORKER"  # of the process's environment: port and token
_LOOK = 1.0  # seconds after which a wait sees whether the process still lives
_ENDING = 5.0  # seconds that a process which closed its connection has to end in
_TAIL = 12  # lines of what it wrote


class OwnProcess:
    """A Worker for the engine. script: calls `serve`. told: what `serve`'s function is given once, plain and fit to be pickled.

    folder: where it works, of the same name on every machine. variables: of its environment, beside those of this process.
    """

    def __init__(self, script: Path, told: Any, folder: Path, variables: dict[str, str]):
        self.script, self.told, self.folder, self.variables = script, told, folder, variables
        self._process: subprocess.Popen | None = None
        self._line: BufferedRWPair | None = None
        self._log: IO[bytes] | None = None
        self._closed = False

    def open(self) -> None:
        """Start the process where none lives, and wait until it is ready. Raises RunError where it does not get so far."""
        if self._closed:
            raise RunError("stopped")
        if not self.broken():
            return
        for path in (self.script, self.folder):
            if not path.exists():
                raise RunError(f"{path} is not there on this machine; all machines must see it under this name")
        self._end()
        token = secrets.token_hex(16)
        try:
            with socket.create_server(("127.0.0.1", 0)) as door:
                self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
                self._process = start_bound(
                    [sys.executable, str(self.script)],
                    stdout=self._log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env={**os.environ, **self.variables, "PYTHONUTF8": "1", _DOOR: f"{door.getsockname()[1]} {token}"},
                )
                self._line = self._connected(door, token, self._process)
            self._ask(self.told)
        except BaseException:
            self._end()
            raise

    def make(self, work: Any) -> Any:
        """What the process makes of one piece of work. Raises RunError with what went wrong in it, or that it has ended."""
        return self._ask(work)

    def broken(self) -> bool:
        """Whether the process has ended."""
        return self._line is None

    def close(self) -> None:
        """End the process, and what it is at."""
        self._closed = True
        if self._process is not None:
            end(self._process)

    def _connected(self, door: socket.socket, token: str, process: subprocess.Popen) -> BufferedRWPair:
        door.settimeout(_LOOK)
        while process.poll() is None and not self._closed:
            try:
                connection, _ = door.accept()
                connection.settimeout(_ENDING)
                line = connection.makefile("rwb")
                if hmac.compare_digest(line.readline(100).strip(), token.encode()):
                    connection.settimeout(None)
                    return line
            except TimeoutError:
                continue
        raise RunError(self._why_it_ended())

    def _ask(self, what: Any) -> Any:
        data = pickle.dumps(what)  # what cannot be sent leaves the connection as it is
        try:
            if self._line is None:
                raise EOFError
            self._line.write(data)
            self._line.flush()
            well, answer = pickle.load(self._line)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            why = self._why_it_ended()
            self._end()
            raise RunError(why) from error
        if not well:
            raise RunError(answer)
        return answer

    def _why_it_ended(self) -> str:
        if self._closed:
            return "stopped"
        if self._process is None or self._log is None:
            return "its process is not there"
        try:
            ended = f"its process ended with code {self._process.wait(_ENDING)}"
        except subprocess.TimeoutExpired:
            ended = "its process closed the connection"
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()[-_TAIL:]
        return "\n  ".join([f"{ended}; the end of what it wrote:" if lines else ended, *lines])

    def _end(self) -> None:
        process, line, log = self._process, self._line, self._log
        self._process = self._line = self._log = None
        if process is not None:
            end(process)
            if process.stdin is not None:
                process.stdin.close()
        for file in (line, log):
            if file is not None:
                file.close()


def serve(opened: Callable[[Any], Callable[[Any], Any]]) -> None:
    """What the script does: `opened` with what it is told, then what that gave with each piece of work, until the starter is gone.

    What either raises is answered: a message of ours as it is, another error with its traceback.
    """
    port, token = os.environ.pop(_DOOR).split()
    make: Callable[[Any], Any] | None = None
    with socket.create_connection(("127.0.0.1", int(port))) as connection, connection.makefile("rwb") as line:
        line.write(f"{token}\n".encode())
        line.flush()
        while True:
            try:
                what = pickle.load(line)
            except EOFError:
                return
            try:
                answer = None
                if make is None:
                    make = opened(what)
                else:
                    answer = make(what)
                data = pickle.dumps((True, answer))
            except Exception as error:  # of whatever kind the work has
                more = "" if explains_itself(error) else f"\n{traceback.format_exc()}"
                data = pickle.dumps((False, said(error) + more))
            line.write(data)
            line.flush()
