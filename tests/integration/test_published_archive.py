"""The registry's archive on the oldest host: unpacked as a custom node, it runs the quick start from its own image."""

import asyncio
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from published import archive_files

from tools.client import Progress, run_prompt
from tools.places import cache_folder
from tools.server import Server
from tools.workflows import nodes_of, without_viewers, workflow_to_prompt

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parent.parent.parent


def unpack(pack: Path, work: Path) -> None:
    """Lays the archive's files out in `pack`: packed by ComfyUI's own packer where SPATIA_COMFY_CLI names it."""
    packer = os.environ.get("SPATIA_COMFY_CLI")
    if not packer:
        for file in archive_files():
            (pack / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, pack / file)
        return
    clone = work / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(clone)], check=True)
    for step in ("validate", "pack"):
        command = [packer, "--skip-prompt", "--no-enable-telemetry", "node", step]
        done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        assert done.returncode == 0 and "warnings found" not in told and "rror" not in told, told
    with zipfile.ZipFile(clone / "node.zip") as archive:
        assert sorted(archive.namelist()) == archive_files()
        archive.extractall(pack)


@pytest.mark.long(600, "starts a server and makes the quick start's video")
def test_the_archive_runs_the_quick_start_on_the_oldest_host(run_py, tmp_path):
    cache = cache_folder()
    with run_py.lock(cache / "set-up.lock"):
        oldest = run_py.fetched_comfyui(run_py.OLDEST_COMFYUI, cache)
    base = tmp_path / "base"
    for name in ("custom_nodes", "input", "output", "temp", "models", "user"):
        (base / name).mkdir(parents=True)
    pack = base / "custom_nodes" / "spatia"
    unpack(pack, tmp_path)
    workflow = json.loads(
        (pack / "workflows" / "Image to loop, runs now, 41 frames out and back.json").read_text(encoding="utf-8")
    )
    with Server(oldest, base, tmp_path) as server:
        graph = workflow_to_prompt(without_viewers(workflow), server.get("/object_info"))
        outputs = asyncio.run(run_prompt(server, graph, Progress(graph, quiet=True)))
    report = outputs[nodes_of(graph, "SpatiaClosedLoopMetrics")[0]]["text"][0]
    assert float(report.split()[1]) > 30, report  # decibels
    assert list((base / "output").rglob("*.mp4"))
