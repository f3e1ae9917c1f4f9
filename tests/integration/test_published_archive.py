"""The registry's archive on the oldest host: unpacked as a custom node, it runs the quick start from its own image."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from published import archive_files

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
    cache = run_py.cache_folder()
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
    with run_py.Server(oldest, Path(sys.executable), base, tmp_path) as server:
        graph = run_py.workflow_to_prompt(run_py.without_viewers(workflow), server.get("/object_info"))
        outputs = asyncio.run(run_py.run_prompt(server, graph, run_py.Progress(graph, quiet=True)))
    report = outputs[run_py.nodes_of(graph, "SpatiaClosedLoopMetrics")[0]]["text"][0]
    assert float(report.split()[1]) > 30, report  # decibels
    assert list((base / "output").rglob("*.mp4"))
