"""The training's commands with several workers, as a user runs them: real processes with the host in them, and some are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from ray_processes import actors
from small_model import write_bundle

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 400  # seconds for a command that takes a minute on an idle machine
ROOMS = 5


@pytest.fixture(scope="module")
def options(comfy_host, tmp_path_factory):
    """Of the command: rooms and a clip whose only frame is damaged, at a small size, by networks of random weights."""
    folder = tmp_path_factory.mktemp("data")
    write_bundle(folder)
    clip = folder / "clips" / "broken"
    (clip / "frames").mkdir(parents=True)
    (clip / "w2c.txt").write_text("1 0 0 0 0 1 0 0 0 0 1 0\n")
    (clip / "intrinsics.txt").write_text("0.5 0.5 0.5 0.5\n")
    (clip / "frames" / "0.png").write_bytes(b"no picture")
    return [
        "--backbone", str(folder / "spatia_small_backbone.safetensors"), "--vae", str(folder / "spatia_small_vae.safetensors"),
        "--data", f"rooms:0-{ROOMS - 1}", f"clips:{folder / 'clips'}", "--width", "64", "--height", "32", "--first-frames", "13",
        "--later-frames", "17", "--voxel-size", "0.05", "--point-radius", "0.1", "--threshold", "0", "--max-references", "1",
        "--device", "cpu", "--threads", "1", "--stages", "prepare",
    ]  # fmt: skip


@pytest.fixture
def start(comfyui_path, start_bound, tmp_path):
    """A function: script of training/, arguments -> the running command; what it says goes to log.txt."""

    def start(script: str, *arguments: str | Path) -> subprocess.Popen:
        environment = {**os.environ, "COMFYUI_PATH": str(comfyui_path), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, str(ROOT / "training" / script), *map(str, arguments)]
        with open(tmp_path / "log.txt", "w") as log:
            return start_bound(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    return start


@pytest.fixture
def said(tmp_path):
    return lambda: (tmp_path / "log.txt").read_text()


@pytest.fixture(scope="module")
def by_one(tmp_path_factory):
    """The folder of what one worker made, once it is there."""
    return tmp_path_factory.mktemp("one") / "work"


def ended(process: subprocess.Popen, said) -> int:
    try:
        return process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.fail(said())


def files(work: Path) -> dict[str, bytes]:
    """Samples, texts and reasons by path."""
    paths = [path for kind in ("*.safetensors", "*.txt") for path in (work / "latents").rglob(kind)]
    return {path.relative_to(work).as_posix(): path.read_bytes() for path in paths}


def workers_of(process: subprocess.Popen) -> list[psutil.Process]:
    """The processes that do the work of a command, not those that watch over them."""
    found = psutil.Process(process.pid).children(recursive=True)
    return [one for one in found if one.is_running() and one.cmdline()[1:2] == [str(ROOT / "training" / "workers.py")]]


def wait_for(process: subprocess.Popen, condition, said) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, said()
        time.sleep(0.05)


def rooms_made(work: Path) -> int:
    return len(list((work / "latents").glob("first/*/room*.safetensors")))


@pytest.fixture
def made_by_one(by_one, options, start, said):
    """The files of one worker, of which the damaged clip gave none."""
    if not by_one.exists():
        process = start("train.py", by_one, *options)
        assert ended(process, said) == 1, said()
        assert (
            f"1 of {ROOMS + 2} could not be made; the same command tries them again:\n  broken: Video broken:" in said()
        )
        assert (
            "leave prepare out of --stages" in said() and said().count("  broken: ") == 4
        )  # three tries and the report
    return files(by_one)


@pytest.mark.slow
@pytest.mark.long(3 * PATIENCE, "three commands, each of which and whose workers import the host")
def test_two_workers_one_of_them_killed_make_what_one_makes(made_by_one, options, start, said, by_one, tmp_path):
    assert len(made_by_one) == 2 * ROOMS + 3  # two clips of each, two of nothing projected, and the empty text
    two = tmp_path / "two"
    process = start("train.py", two, *options, "--workers", "2")
    wait_for(process, lambda: rooms_made(two) >= 2, said)
    one, other = workers_of(process)
    one.send_signal(signal.SIGKILL)
    assert ended(process, said) == 1, said()
    assert "its process ended with code 137" in said() and "starting it again" in said()
    assert files(two) == made_by_one and not other.is_running()

    # A second run makes what is missing and nothing else; the damaged clip is tried again.
    removed = next((two / "latents" / "later").glob("*/room_0000002.0.safetensors"))
    removed.unlink()
    written = {path: path.stat().st_mtime_ns for path in (two / "latents").rglob("*.safetensors")}
    assert ended(start("train.py", two, *options, "--workers", "2"), said) == 1
    assert "1 of 2 could not be made" in said() and files(two) == made_by_one
    assert written == {path: path.stat().st_mtime_ns for path in written}


@pytest.mark.slow
@pytest.mark.long(3 * PATIENCE, "two commands, one on a cluster, whose actors and workers import much")
def test_a_cluster_one_of_whose_actors_is_killed_makes_what_one_worker_makes(
    made_by_one, options, start, said, tmp_path, ray_installed
):
    work = tmp_path / "cluster"
    process = start("train.py", work, *options, "--ray", "local", "--workers", "2")
    wait_for(process, lambda: rooms_made(work) >= 1 and actors(".make"), said)
    actor = actors(".make")[0]
    own = actor.children(recursive=True)
    assert any("workers.py" in " ".join(one.cmdline()) for one in own)
    actor.kill()
    assert ended(process, said) == 1, said()
    assert "its worker was lost" in said() and files(work) == made_by_one
    assert not psutil.wait_procs(own, timeout=20)[1] and not actors()


@pytest.mark.slow
@pytest.mark.long(3 * PATIENCE, "three commands, each of which and whose workers import the host")
def test_tables_of_two_workers_one_of_them_killed(start, said, tmp_path):
    """The same figures as by one worker; when all are there, no worker is started."""

    def command(name: str, *more: str) -> subprocess.Popen:
        results = ["--results", str(tmp_path / f"{name} results"), "--tables", "visibility", "--scenes", "3"]
        return start("tables.py", tmp_path / name, *results, "--steps", "1", "--float32", *more)

    def rows(name: str) -> dict[int, dict]:
        path = tmp_path / name / "rows.jsonl"
        lines = path.read_text().splitlines() if path.is_file() else []
        return {row["seed"]: row["figures"] for row in map(json.loads, lines)}

    assert ended(command("one"), said) == 0, said()
    process = command("two", "--workers", "2")
    wait_for(process, lambda: len(rows("two")) >= 1, said)
    workers_of(process)[0].send_signal(signal.SIGKILL)
    assert ended(process, said) == 0, said()
    assert rows("two") == rows("one") and len(rows("one")) == 3
    csv = (tmp_path / "two results" / "visibility.csv").read_bytes()
    assert csv == (tmp_path / "one results" / "visibility.csv").read_bytes()
    again = command("two", "--workers", "2")
    assert ended(again, said) == 0 and "job" not in said()


@pytest.mark.slow
@pytest.mark.long(PATIENCE, "three commands that import the host")
def test_refusals_come_before_any_worker(options, start, said, tmp_path):
    for more, message in (
        (["--text-encoder", "absent.safetensors"], "--text-encoder absent.safetensors: there is no such file"),
        (["--ray", "127.0.0.1:1"], "nobody answers there|needs Ray"),
        (["--workers", "0"], "0 was given, expected a whole number from 1 to 1000"),
    ):
        process = start("train.py", tmp_path / "work", *options, *more)
        assert ended(process, said) in (1, 2)
        assert any(part in said() for part in message.split("|")) and "Traceback" not in said(), said()
        assert not rooms_made(tmp_path / "work")
