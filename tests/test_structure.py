"""The house rules that a reader relies on: one-way imports, help for every node, requirements in step."""

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from tools.places import PACK_ID

ROOT = Path(__file__).resolve().parent.parent
HOST_MODULES = {
    "comfy", "comfy_api", "comfy_api_nodes", "comfy_execution", "comfy_extras", "execution", "folder_paths",
    "latent_preview", "node_helpers", "nodes", "server",
}  # fmt: skip


def tracked_files() -> list[Path]:
    """Files of the repository: git's list, or what lies there in an archive without git."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not {".git", "output"} & set(path.parts)]


def imported_modules(path: Path) -> set[str]:
    """Top-level names of the absolute imports in a file, those inside functions included."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "spatia_core").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_core_knows_nothing_of_its_host(path):
    assert not imported_modules(path) & HOST_MODULES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            depth = len(path.relative_to(ROOT / "spatia_core").parts)
            assert node.level <= depth, f"line {node.lineno} leaves spatia_core"


# The rooms of the core, in the order in which one may use another: those before it, never those behind.
ROOMS = (
    "cameras",
    "render",
    "weights",
    "cloud",
    "metrics",
    "estimate",
    "memory",
    "model",
    "selfcheck",
    "world",
)


def relative_imports(path: Path, package: Path) -> set[str]:
    """Rooms and modules directly below `package` that a file in it imports."""
    found = set()
    here = path.relative_to(package).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level + 1], *(node.module.split(".") if node.module else ())]
            found |= {base[0]} if base else {alias.name for alias in node.names}
    return found


def test_rooms_of_the_core_use_those_before_them():
    core = ROOT / "spatia_core"
    assert {path.name for path in core.iterdir() if (path / "__init__.py").is_file()} == set(ROOMS)
    for path in core.rglob("*.py"):
        parts = path.relative_to(core).parts
        if len(parts) == 1:
            continue
        allowed = set(ROOMS[: ROOMS.index(parts[0]) + 1])
        assert relative_imports(path, core) & set(ROOMS) <= allowed, path.relative_to(ROOT)


# Those of training/, likewise.
TRAINING_ROOMS = ("networks", "data", "loop", "tasks")


def test_rooms_of_the_training_use_those_before_them():
    training = ROOT / "training"
    assert {path.name for path in training.iterdir() if (path / "__init__.py").is_file()} == set(TRAINING_ROOMS)
    for path in training.glob("*/*.py"):
        used = relative_imports(path, training)
        allowed = set(TRAINING_ROOMS[: TRAINING_ROOMS.index(path.parent.name) + 1])
        assert used & set(TRAINING_ROOMS) <= allowed, path.relative_to(ROOT)
        assert "host" not in used and not imported_modules(path) & HOST_MODULES, f"{path}: host.py is the one place"


def test_nothing_at_run_time_imports_the_training():
    for folder in ("nodes", "spatia_core"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "training" not in relative_imports(path, ROOT) | imported_modules(path), path.relative_to(ROOT)


def test_the_host_side_knows_no_node():
    """nodes/host serves the nodes: it imports the core and itself."""
    files = {path.stem for path in (ROOT / "nodes").glob("*.py")} - {"__init__", "sockets"}
    for path in (ROOT / "nodes" / "host").glob("*.py"):
        assert not relative_imports(path, ROOT / "nodes") & files, path.name


def test_what_run_py_uses_before_there_is_an_environment_needs_none():
    """From run.py on, as far as its imports lead: the standard library and such files alone, but for what it hands over to."""
    seen, waiting = set(), [ROOT / "run.py"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        ours = imported_tools(path) - {"commands"}  # after the environment's interpreter has taken over
        waiting += {ROOT / "tools" / f"{name}.py" for name in ours} - seen
        assert imported_modules(path) - {"tools"} <= sys.stdlib_module_names, path.name
    assert len(seen) > 5


def imported_tools(path: Path) -> set[str]:
    """Modules of tools/ that run.py or another of them imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.level or node.module.startswith("tools")):
            name = (node.module or "").removeprefix("tools").strip(".")
            found |= {name} if name else {alias.name for alias in node.names}
    return found


def test_tools_know_neither_run_py_nor_the_host():
    for path in (ROOT / "tools").glob("*.py"):
        # The check is a program of its own, which works inside the host.
        others = {"run", "tests"} | (HOST_MODULES if path.name != "check.py" else set())
        assert not imported_modules(path) & others, path.name


def test_tests_share_helpers_and_not_each_other():
    """What several files of tests need lies in a file without tests, so that none of them changes what another tests."""
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(?:from|import) test_", text, re.MULTILINE), path.relative_to(ROOT)


def test_our_own_packages_are_imported_relatively():
    """ComfyUI imports the pack under a path of its own, where `spatia_core` and our `nodes` are no top-level names."""
    for folder in ("nodes", "spatia_core"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "spatia_core" not in imported_modules(path), path


def test_nothing_runs_strings_or_installs_at_run_time():
    """The registry forbids eval, exec and run-time installs; pickle and subprocess get packs held."""
    for folder in ("nodes", "spatia_core"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not imported_modules(path) & {"pickle", "subprocess", "pip"}, path
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in {"eval", "exec"}, f"{path}:{node.lineno}"


def requirement_lines(path: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sorted(line for line in lines if line)


def toml_list(text: str, name: str) -> list[str]:
    """A list of strings in pyproject.toml; tomllib is not in Python 3.10."""
    found = re.search(rf"^{name} = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    assert found, f"pyproject.toml has no {name}"
    return sorted(re.findall(r'"([^"]+)"', found.group(1)))


def test_requirements_are_in_step():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert toml_list(text, "dependencies") == requirement_lines(ROOT / "requirements.txt")
    assert toml_list(text, "test") == requirement_lines(ROOT / "tests" / "requirements.txt")
    assert toml_list(text, "train") == requirement_lines(ROOT / "training" / "requirements.txt")


def test_the_registry_id_is_the_folder_that_is_linked():
    name = re.search(r'^name = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    assert name == PACK_ID
    assert "comfyui" not in name.lower() and "." not in name


def test_no_path_or_registry_of_one_machine():
    """Absolute paths of a developer's machine and hosts of package indexes do not belong into the repository."""
    local = re.compile(r"(?<![\w./~-])/(?:work|root|home|tmp|Users|opt)/[\w.-]+/|[A-Z]:\\\\Users")
    hosts = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", r"registry\." + "npmjs")))
    for path in tracked_files():
        if (
            path.suffix in {".py", ".json", ".md", ".txt", ".toml", ".ini", ".js", ".mjs", ""}
            and path.name != ".gitignore"
        ):
            if path.name.endswith("lock.json"):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1):
                assert not local.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
                assert not hosts.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"


MOST_LINES = 60
# Functions that may be longer, by name, and why.
LONGER = {
    "define_schema": "a node's widgets, one after another",
    "draw_soft": "a kernel of numba, whose arrays are shared by all of its steps",
    "make_network": "how the bundled weights were made, draw by draw, kept so that they can be made again",
}


def lines_of_code(path: Path) -> dict[tuple[str, int], int]:
    """Lines of every function of a file, by name and first line: without its docstring, empty lines and comments."""
    source = path.read_bytes()
    code = set()
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            code |= set(range(token.start[0], token.end[0] + 1))
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            said = (first.lineno, first.end_lineno) if ast.get_docstring(node) else (0, -1)
            lines = code & set(range(node.lineno, node.end_lineno + 1)) - set(range(said[0], said[1] + 1))
            found[node.name, node.lineno] = len(lines)
    return found


def test_no_function_is_longer_than_a_page():
    """What is longer is split where a step has a name, or stands in LONGER with its reason, as long as it is needed there."""
    longer = [
        (path.relative_to(ROOT).as_posix(), name, count)
        for path in tracked_files()
        if path.suffix == ".py"
        for (name, _), count in lines_of_code(path).items()
        if count > MOST_LINES
    ]
    assert [found for found in longer if found[1] not in LONGER] == [], f"more than {MOST_LINES} lines"
    assert set(LONGER) == {name for _, name, _ in longer}, "LONGER names what is no longer longer"


def test_size_of_the_bundle():
    """At most 24 MB of weights in the tree: every version stays in the history."""
    assert sum(path.stat().st_size for path in (ROOT / "bundle").glob("*.safetensors")) <= 24e6


class TestNodes:
    def test_ids_names_and_category(self, pack):
        ids = [node.define_schema().node_id for node in pack.NODES]
        assert len(ids) == len(set(ids))
        for node in pack.NODES:
            schema = node.define_schema()
            assert schema.node_id == node.__name__ and schema.node_id.startswith("Spatia")
            assert schema.category.split("/")[0] == "Spatia"
            assert schema.display_name and schema.description

    def test_every_node_has_a_help_page(self, pack):
        pages = {path.stem for path in (ROOT / "js" / "docs").glob("*.md")}
        assert pages == {node.define_schema().node_id for node in pack.NODES}

    def test_every_input_has_a_tooltip(self, pack):
        for node in pack.NODES:
            schema = node.define_schema()
            for entry in schema.inputs:
                assert entry.tooltip, f"{schema.node_id}.{entry.id} has no tooltip"


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda p: p.stem)
class TestWorkflowFiles:
    def test_links_are_consistent(self, path):
        workflow = json.loads(path.read_text(encoding="utf-8"))
        nodes = {node["id"]: node for node in workflow["nodes"]}
        assert len(nodes) == len(workflow["nodes"])
        used = {}
        for number, source, slot, target, place, kind in workflow["links"]:
            output, socket = nodes[source]["outputs"][slot], nodes[target]["inputs"][place]
            assert number in output["links"] and socket["link"] == number
            assert kind == output["type"]
            used[number] = True
        for node in workflow["nodes"]:
            for socket in node.get("inputs", []):
                assert socket.get("link") is None or socket["link"] in used
        assert workflow["last_node_id"] >= max(nodes) and workflow["last_link_id"] >= max(used)

    def test_nodes_do_not_overlap(self, path):
        workflow = json.loads(path.read_text(encoding="utf-8"))
        title = 30  # the bar above pos
        boxes = [
            (node["pos"][0], node["pos"][1] - title, *[p + s for p, s in zip(node["pos"], node["size"])], node["id"])
            for node in workflow["nodes"]
        ]
        for i, (left, top, right, bottom, one) in enumerate(boxes):
            for x0, y0, x1, y1, other in boxes[i + 1 :]:
                apart = right <= x0 or x1 <= left or bottom <= y0 or y1 <= top
                assert apart, f"nodes {one} and {other} overlap"

    def test_explains_itself(self, path):
        workflow = json.loads(path.read_text(encoding="utf-8"))
        assert any(node["type"] in ("Note", "MarkdownNote") for node in workflow["nodes"])
        assert path.with_suffix(".jpg").is_file(), "a template needs a thumbnail of the same name"
