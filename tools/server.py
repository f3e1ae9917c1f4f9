"""A real ComfyUI on a base folder of its own."""

from __future__ import annotations

import json
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
from .processes import clean_environment, end, start

SERVER_START_SECONDS = 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running ComfyUI: `with Server(...) as server` starts it, waits until it answers, and ends it."""

    def __init__(
        self,
        comfyui: Path,
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

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None

    def ends(self, seconds: float) -> bool:
        """Whether the server's process has ended, or does so within so many seconds: its connections close before it does."""
        try:
            if self.process is not None:
                self.process.wait(timeout=seconds)
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

    def get(self, path: str, timeout: float = 60) -> dict:
        with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
            return json.load(answer)

    def fetch(self, entry: dict, timeout: float = 60) -> bytes:
        """The bytes of one saved file, given its entry {filename, subfolder, type} in a node's output."""
        query = urllib.parse.urlencode({key: entry[key] for key in ("filename", "subfolder", "type")})
        with urllib.request.urlopen(f"{self.url}/view?{query}", timeout=timeout) as answer:
            return answer.read()
