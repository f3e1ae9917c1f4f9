"""Shared fixtures: the real ComfyUI host, this repository imported as a pack, and the parity folder.

Also how long a test may take, and what --fast leaves out.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from training.startup import PACK, add_package

pytest.register_assert_rewrite("memory_scenes")  # it compares, and a failure is to show what

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
NO_HOST = (
    "needs a ComfyUI source tree: run `python run.py test`, which fetches one, "
    "or set COMFYUI_PATH to the folder that holds ComfyUI's main.py"
)

# Seconds for tests by what they are marked with, and why they get more than the others.
LONG_BY_MARKER = {
    "browser": (400, "the first test of a file starts a server and a browser and runs a workflow"),
    "integration": (400, "the first test starts a server, and workflows run whole"),
}
# Seconds after a test's limit until the run is ended: for one that hangs where Python's signals do not reach it.
GRACE = 60
STDERR = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out tests with a browser, a server or the marker slow")


def pytest_report_header(config: pytest.Config) -> str:
    """The versions that results depend on."""
    told = []
    for name in ("torch", "torchvision", "numpy", "numba", "comfyui-frontend-package", "comfy-kitchen", "comfy-aimdo"):
        try:
            told.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            told.append(f"no {name}")
    return f"versions: {', '.join(told)}"


def pytest_configure(config: pytest.Config) -> None:
    # Now, as during tests the descriptor is that of a file which catches what they print.
    config.stash[STDERR] = os.dup(2)


def pytest_unconfigure(config: pytest.Config) -> None:
    os.close(config.stash[STDERR])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        limit_time(item)
    if config.getoption("--fast"):
        left_out = [item for item in items if any(map(item.get_closest_marker, ("browser", "integration", "slow")))]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def limit_time(item: pytest.Item) -> None:
    """Turn the marker long(seconds, reason), or LONG_BY_MARKER, into what pytest-timeout goes by."""
    if item.get_closest_marker("timeout") is not None:
        raise pytest.UsageError(f"{item.nodeid}: use the marker long(seconds, reason) in place of timeout")
    marker = item.get_closest_marker("long")
    if marker is None:
        seconds = next((LONG_BY_MARKER[name][0] for name in LONG_BY_MARKER if item.get_closest_marker(name)), None)
    else:
        seconds, reason = _seconds_and_reason(item, *marker.args, **marker.kwargs)
        if not (isinstance(reason, str) and reason.strip()):
            raise pytest.UsageError(f"{item.nodeid}: long({seconds}, {reason!r}) gives no reason; say why")
    if seconds is not None:
        item.add_marker(pytest.mark.timeout(seconds))


def _seconds_and_reason(item: pytest.Item, seconds: float = 0.0, reason: str = "") -> tuple[float, str]:
    if not seconds > 0:
        raise pytest.UsageError(f"{item.nodeid}: long(seconds={seconds!r}) was given, expected more than 0 seconds")
    return seconds, reason


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    marker = item.get_closest_marker("timeout")
    seconds = marker.args[0] if marker is not None else float(item.config.getini("timeout"))
    faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=item.config.stash[STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _comfyui_path() -> Path | None:
    value = os.environ.get("COMFYUI_PATH")
    if not value:
        return None
    path = Path(value).expanduser().resolve()
    if not (path / "main.py").is_file() or not (path / "comfy").is_dir():
        raise pytest.UsageError(f"COMFYUI_PATH={value} is no ComfyUI folder: it lacks main.py or comfy/")
    return path


# pytest.ini puts the repository root first on sys.path, for `import spatia_core`. Our nodes/ would then shadow the
# host's nodes.py, so ComfyUI goes before it, and it does so here because test modules import at collection.
_COMFYUI = _comfyui_path()
if _COMFYUI is not None:
    sys.path.insert(0, str(_COMFYUI))


# Test modules that need no host import parts of the package at collection.
_PACK = add_package()


@pytest.fixture(scope="session")
def comfyui_path() -> Path:
    """The ComfyUI source tree that COMFYUI_PATH names."""
    if _COMFYUI is None:
        pytest.skip(NO_HOST)
    return _COMFYUI


@pytest.fixture(scope="session")
def comfy_host(comfyui_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ComfyUI's modules, importable in this process, on the CPU, with a private base folder (returned).

    `import comfy...`, `import nodes` and `import folder_paths` mean the host's after this.
    """
    base = tmp_path_factory.mktemp("comfyui_base")
    for folder in ("input", "output", "temp", "models", "user", "custom_nodes"):
        (base / folder).mkdir()
    import comfy.options

    argv = sys.argv
    sys.argv = ["main.py", "--cpu", "--base-directory", str(base)]
    try:
        # cli_args reads sys.argv once, at its import, and only when parsing was enabled before.
        comfy.options.enable_args_parsing()
        from comfy.cli_args import args
    finally:
        sys.argv = argv
    if not args.cpu:
        pytest.fail("comfy.cli_args was imported before the comfy_host fixture, so --cpu was not seen")
    import nodes

    if Path(nodes.__file__).resolve().parent != comfyui_path:
        pytest.fail(f"`import nodes` found {nodes.__file__}, not the host's nodes.py")
    return base


@pytest.fixture(scope="session")
def pack(comfy_host: Path) -> ModuleType:
    """This repository imported as ComfyUI does it: a package under a name of its own, with relative imports."""
    _PACK.__spec__.loader.exec_module(_PACK)
    return _PACK


@pytest.fixture(scope="session")
def pack_module(pack: ModuleType):
    """A function: dotted name inside the pack ("nodes.sampler") -> that module, as the host would import it."""
    return lambda name: importlib.import_module(f"{PACK}.{name}")


@pytest.fixture(scope="session")
def run_py() -> ModuleType:
    """The set-up script at the root, as a module."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def start_bound():
    """A function: command -> Popen that ends with this test, and with this process however it ends.

    options: Popen's.
    """
    with contextlib.ExitStack() as started:

        def start(command: list[str], **options) -> subprocess.Popen:
            wrapped = [sys.executable, str(ROOT / "tools" / "bound_process.py"), *command]
            # A session of its own: what the terminal sends to pytest does not reach it twice.
            process = subprocess.Popen(wrapped, stdin=subprocess.PIPE, start_new_session=True, **options)
            started.enter_context(process)  # closes its pipes, which ends it, and waits
            return process

        yield start


@pytest.fixture
def ray_installed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Ray, an extra, from this environment or the folder SPATIA_RAY; its own processes find the tests' modules too."""
    from tools.console import RunError
    from tools.ray_pool import import_ray

    folders = [folder for folder in [os.environ.get("SPATIA_RAY")] if folder]
    # Behind the environment's own packages here; its processes, which have it first, import little else.
    for folder in folders:
        monkeypatch.syspath_prepend(folder)
        sys.path.append(sys.path.pop(sys.path.index(folder)))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*folders, str(TESTS)]))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    try:
        return import_ray()
    except RunError as error:
        # In CI it must be there.
        if os.environ.get("SPATIA_RAY_TESTS") == "required":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def parity_dir() -> Path:
    """The folder of parity vectors: SPATIA_PARITY, else tests/data/parity."""
    path = Path(os.environ.get("SPATIA_PARITY") or TESTS / "data" / "parity").expanduser().resolve()
    if not path.is_dir():
        pytest.fail(f"the folder of parity vectors {path} does not exist (SPATIA_PARITY names another)")
    return path
