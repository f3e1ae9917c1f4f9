"""ComfyUI servers: one that stands somewhere (Endpoint), and one started here on a base folder of its own (Server)."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NoReturn

from .console import RunError
from .processes import clean_environment, end, kill, start_bound

SERVER_START_SECONDS = 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Endpoint:
    """A ComfyUI that answers at an address, whoever started it."""

    def __init__(self, url: str):
        self.url = url

    def log_tail(self) -> str:
        """What is known of why it does not answer."""
        return f"It stands at {self.url}; its log says why."

    def get(self, path: str, timeout: float = 60) -> dict:
        with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
            return json.load(answer)

    def post(self, path: str, content: dict, timeout: float = 60) -> None:
        """Send JSON, and take what is answered for granted."""
        data, headers = json.dumps(content).encode(), {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=timeout):
            pass

    def fetch(self, entry: dict, timeout: float = 60) -> bytes:
        """The bytes of one saved file, given its entry {filename, subfolder, type} in a node's output."""
        with urllib.request.urlopen(self._view(entry), timeout=timeout) as answer:
            return answer.read()

    def fetch_into(self, entry: dict, path: str, timeout: float = 60) -> None:
        """Write one saved file, of any size, to a path here."""
        with urllib.request.urlopen(self._view(entry), timeout=timeout) as answer, open(path, "wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
            expected = answer.headers.get("Content-Length")
            if expected is not None and file.tell() != int(expected):
                raise RunError(f"{entry['filename']} came with {file.tell()} of {expected} bytes from {self.url}")

    def _view(self, entry: dict) -> str:
        query = {key: entry[key] for key in ("filename", "subfolder", "type")}
        return f"{self.url}/view?{urllib.parse.urlencode(query)}"


class Server(Endpoint):
    """A ComfyUI of our own: `with Server(...) as server` starts it, waits until it answers, and ends it.

    It ends with this process, however that ends. variables: of its environment, beside those of this process.
    """

    def __init__(
        self,
        comfyui: Path,
        base: Path,
        cache: Path,
        device: str = "cpu",
        port: int = 0,
        extra: tuple[str, ...] = (),
        database: str = "sqlite:///:memory:",
        variables: dict[str, str] | None = None,
    ):
        self.port = port or free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.log = cache / "logs" / f"server-{self.port}.log"
        self.comfyui = comfyui
        self.environment = clean_environment(cache) | (variables or {})
        self.process: subprocess.Popen | None = None
        self.command = [
            sys.executable, str(comfyui / "main.py"),
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
            self.process = start_bound(
                self.command,
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

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            end(process)
            if process.stdin is not None:
                process.stdin.close()

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            kill(self.process)

    def ends(self, seconds: float) -> bool:
        """Whether the server's process has ended, or does so within so many seconds: its connections close before it does."""
        try:
            if process := self.process:
                process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def restart(self) -> None:
        """Start a server that has ended again, on the same port."""
        self.close()
        self.__enter__()

    def _wait(self) -> None:
        deadline = time.monotonic() + SERVER_START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                self.wait()
            try:
                if self.get("/system_stats", timeout=5):
                    return
            except (OSError, urllib.error.URLError):  # not listening yet
                time.sleep(0.25)
        raise RunError(f"ComfyUI did not answer within {SERVER_START_SECONDS} s.\n{self.log_tail()}")

    def wait(self) -> NoReturn:
        """Until the server ends by itself, which is an error."""
        code = None if self.process is None else self.process.wait()
        raise RunError(f"ComfyUI ended with code {code}.\n{self.log_tail()}")

    def log_tail(self, lines: int = 30) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"The end of its log ({self.log}):\n  " + "\n  ".join(text[-lines:])
