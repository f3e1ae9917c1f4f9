"""The registry's archive: others' checks of packages find nothing in it, and on the oldest host it runs the quick start."""

import asyncio
import json
import os
import re
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


def program(name: str) -> str | None:
    """A program in the folder that SPATIA_PUBLISHING_TOOLS names: `comfy`, `comfy-test`, `comfy-import-guard`."""
    folder = os.environ.get("SPATIA_PUBLISHING_TOOLS")
    return str(Path(folder) / name) if folder else None


def unpack(pack: Path, work: Path) -> None:
    """Lays the archive's files out in `pack`: packed by ComfyUI's own packer where there is one."""
    packer = program("comfy")
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


@pytest.fixture(scope="module")
def oldest(run_py) -> Path:
    """The oldest ComfyUI that the package is for."""
    cache = cache_folder()
    with run_py.lock(cache / "set-up.lock"):
        return run_py.fetched_comfyui(run_py.OLDEST_COMFYUI, cache)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A base folder with the archive as its one custom node."""
    base = tmp_path_factory.mktemp("base")
    for name in ("custom_nodes", "input", "output", "temp", "models", "user"):
        (base / name).mkdir(parents=True)
    unpack(base / "custom_nodes" / "spatia", tmp_path_factory.mktemp("packing"))
    return base


@pytest.mark.long(600, "starts a server and makes the quick start's video")
def test_the_archive_runs_the_quick_start_on_the_oldest_host(oldest, base, tmp_path):
    pack = base / "custom_nodes" / "spatia"
    workflow = json.loads(
        (pack / "workflows" / "Image to loop, runs now, 41 frames out and back.json").read_text(encoding="utf-8")
    )
    with Server(oldest, base, tmp_path) as server:
        graph = workflow_to_prompt(without_viewers(workflow), server.get("/object_info"))
        outputs = asyncio.run(run_prompt(server, graph, Progress(graph, quiet=True)))
    report = outputs[nodes_of(graph, "SpatiaClosedLoopMetrics")[0]]["text"][0]
    assert float(report.split()[1]) > 30, report  # decibels
    assert list((base / "output").rglob("*.mp4"))


def checked(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(program("comfy-import-guard") is None, reason="SPATIA_PUBLISHING_TOOLS names no folder")
@pytest.mark.parametrize("host", ["comfyui_path", "oldest"])
def test_what_it_uses_of_the_host_is_there(request, host, base, tmp_path):
    """comfy-import-guard, which reads ComfyUI out of a clone, has one made of the host's files."""
    files, clone = request.getfixturevalue(host), tmp_path / "ComfyUI"
    subprocess.run(["git", "init", "--quiet", str(clone)], check=True)
    git = ["git", f"--git-dir={clone / '.git'}", f"--work-tree={files}", "-c", "user.name=x", "-c", "user.email=x"]
    subprocess.run([*git, "add", "--force", "--", "*.py"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "x"], check=True)
    command = [program("comfy-import-guard"), "check", "--offline", "--strict", "--target", "HEAD"]
    done = checked([*command, "--comfy-dir", str(base), "--cache-dir", str(tmp_path)])
    assert done.returncode == 0 and "1 safe" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(program("comfy-test") is None, reason="SPATIA_PUBLISHING_TOOLS names no folder")
def test_what_others_require_of_its_sources(base):
    """comfy-test's levels that start no server."""
    pack = base / "custom_nodes" / "spatia"
    settings = pack / "comfy-test.toml"
    settings.write_text('[test]\nname = "spatia"\n\n[test.javascript]\nnamespaces = ["Spatia"]\n')
    done = checked([program("comfy-test"), "lint", "--json", str(pack)])
    settings.unlink()
    levels = json.loads(done.stdout)["results"]
    # It wants the host's layers in place of torch's, also in the core, which knows no host.
    files = re.findall(r"^ *(\S+\.py):$", levels["syntax"]["details"] or "", re.MULTILINE)
    assert [file for file in files if not file.startswith("spatia_core/")] == [], levels["syntax"]["details"]
    assert bool(files) != levels["syntax"]["passed"] and "cp1252" not in str(levels["syntax"]["error"])
    # An editor covers the page, so that its dialog and its style are the document's.
    findings = [finding for finding in levels["javascript"]["findings"] if finding["rule"] != "shared-dom-injection"]
    assert not findings, findings
