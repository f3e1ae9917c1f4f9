"""ComfyUI's real page in a real Chromium: `run_page_script` runs a script of this folder in it."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from tools.places import DEMO_IMAGE, cache_folder, make_base
from tools.server import Server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)


def absent(what: str, remedy: str):
    """Skip, or fail where SPATIA_BROWSER_TESTS=required says that the machine was prepared for these tests."""
    message = f"browser tests need {what}: {remedy}"
    if os.environ.get("SPATIA_BROWSER_TESTS") == "required":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium or Chrome on this machine."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    absent("Chromium or Chrome", "apt-get install chromium, or install Google Chrome")


@pytest.fixture(scope="session")
def node() -> str:
    """Path of Node, with the packages of package-lock.json in place."""
    found = shutil.which("node")
    if not found:
        absent("Node 18 or newer", "apt-get install nodejs npm")
    if not (HERE / "node_modules" / "playwright-core").is_dir():
        absent("playwright-core", f"npm ci --prefix {HERE.relative_to(ROOT).as_posix()}")
    return found


@pytest.fixture(scope="session")
def frontend(run_py) -> tuple[str, ...]:
    """Arguments of a server for the page that SPATIA_FRONTEND names: a version, fetched once, or a folder; else ComfyUI's own."""
    wanted = os.environ.get("SPATIA_FRONTEND", "")
    if not wanted:
        return ()
    folder = Path(wanted).expanduser()
    if not (folder / "index.html").is_file():
        if not re.fullmatch(r"\d+(\.\d+)+", wanted):
            pytest.fail(
                f"SPATIA_FRONTEND={wanted}: expected a version such as 1.58.1, or a folder with the page's index.html"
            )
        folder = fetched_frontend(run_py, wanted)
    return ("--front-end-root", str(folder.resolve()))


def fetched_frontend(run_py, version: str) -> Path:
    """The page of this version out of comfyui-frontend-package, kept in the cache of run.py."""
    cache = cache_folder()
    static = cache / f"frontend-{version}" / "comfyui_frontend_package" / "static"
    if static.is_dir():
        return static
    with tempfile.TemporaryDirectory(dir=cache) as work:
        arguments = ["download", "--no-deps", "--dest", work, f"comfyui-frontend-package=={version}"]
        run_py.pip(sys.executable, arguments, cache / "logs" / "frontend.log", cache)
        (wheel,) = Path(work).glob("*.whl")
        unpacked = Path(work) / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        with contextlib.suppress(OSError):  # another run was faster
            unpacked.rename(cache / f"frontend-{version}")
    return static


@pytest.fixture(scope="session")
def page_server(comfyui_path, chromium, node, frontend, tmp_path_factory):
    """A ComfyUI server of its own for the page tests: `.url`, and `.base`, its base folder."""
    base = tmp_path_factory.mktemp("page")
    make_base(base)
    shutil.copyfile(DEMO_IMAGE, base / "input" / DEMO_IMAGE.name)
    with Server(comfyui_path, base, base, extra=frontend) as server:
        server.base = base
        yield server


@pytest.fixture(scope="session")
def run_page_script(page_server, chromium, node, tmp_path_factory):
    """A function: run_page_script("name.mjs", patience=900, **options) -> what the script returned.

    The script lies in this folder (or is a path) and exports `default async (tools) => result`; page.mjs says what
    the tools are. `settings={...}` sets ComfyUI's user settings before the page opens. The test fails with the script's
    error and a screenshot, and also when the page reported errors; allow=("text",) lets those with the text pass.
    """

    def run(script: str | Path, patience: float = 900, allow: tuple[str, ...] = (), **options):
        folder = tmp_path_factory.mktemp(Path(script).stem)
        outcome, picture = folder / "outcome.json", folder / "failed.png"
        given = {
            "url": page_server.url,
            "chromium": chromium,
            "screenshot": str(picture),
            "folder": str(folder),
            "pictures": str(folder) if os.environ.get("SPATIA_BROWSER_PICTURES") else None,
            **options,
        }
        command = [node, str(HERE / "harness.mjs"), str(HERE / script), str(outcome), json.dumps(given)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=patience)
        if done.returncode != 0:
            pytest.fail(f"{Path(script).name}:\n{done.stdout}{done.stderr}\n{page_server.log_tail(10)}", pytrace=False)
        answer = json.loads(outcome.read_text(encoding="utf-8"))
        problems = [text for text in answer["problems"] if not any(part in text for part in allow)]
        assert not problems, f"{Path(script).name}: the page reported\n" + "\n".join(problems)
        return answer["result"]

    return run
