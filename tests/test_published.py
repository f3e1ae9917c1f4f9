"""What the registry's archive holds: the package as a user runs it, and nothing that leads out of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from published import archive_files

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 30 << 20


@pytest.fixture(scope="module")
def files() -> list[str]:
    return archive_files()


def test_it_holds_what_runs_and_no_more(files):
    tops = {file.split("/")[0] for file in files}
    assert {"__init__.py", "nodes", "spatia_core", "workflows", "js", "locales", "subgraphs", "bundle", "docs"} <= tops
    assert {"LICENSE", "README.md", "pyproject.toml", "requirements.txt"} <= tops
    assert not {"tests", "tools", "training", "benchmarks", "run.py", ".ci"} & tops
    assert not [file for file in files if file.startswith(("js/src/", "js/test/"))]
    assert [file for file in files if file.startswith("bundle/") and file.endswith(".py")] == []
    assert sum((ROOT / file).stat().st_size for file in files) < MOST_BYTES


def test_links_lead_to_what_it_holds(files):
    pages = [file for file in files if file.endswith(".md") and not file.startswith("js/docs/")]
    assert len(pages) > 5
    for page in pages:
        require_links(files, page)


def require_links(files: list[str], page: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith("http")]
    assert inside or page != "README.md"
    for link in inside:
        target = (ROOT / page).parent.joinpath(link).resolve().relative_to(ROOT).as_posix()
        assert target in files, f"{page} leads to {link}"


def test_metadata_is_in_step():
    """One owner in every address, and the newest heading of the changes is the version."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (repository,) = re.findall(r'^Repository = "https://github\.com/(.+)"$', project, re.MULTILINE)
    addresses = re.findall(r'= "(https://[^"]+)"', project)
    assert len(addresses) == 5 and all(f"/{repository}" in address for address in addresses)
    for address in addresses[3:]:
        assert (ROOT / address.split("/main/")[1]).is_file()
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE).group(1)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    assert newest == version


def imports_of(tree: ast.AST, package: list[str]) -> list[list[str]]:
    """Modules that a module of `package` imports from this repository, and names that may be modules."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            found += [base, *([*base, alias.name] for alias in node.names)]
    return found


def test_its_modules_need_none_that_it_lacks(files):
    held = set(files)
    for file in (name for name in files if name.endswith(".py")):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        for parts in imports_of(tree, file.split("/")[:-1]):
            path = "/".join(parts)
            for candidate in (f"{path}.py", f"{path}/__init__.py"):
                assert not (ROOT / candidate).is_file() or candidate in held, f"{file} imports {candidate}"


def test_it_starts_no_other_program(files):
    """The registry's scanners look for that; installing is the user's own doing."""
    for file in (name for name in files if name.endswith(".py")):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert not {"subprocess", "pip", "multiprocessing"} & {name.split(".")[0] for name in names}, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert ast.unparse(node.func) not in ("os.system", "os.popen", "os.execv"), file
