"""What is written is whole or as it was: processes killed while they write, full disks, two that write one file."""

from __future__ import annotations

import ast
import contextlib
import errno
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from writers import KINDS

from spatia_core import files
from spatia_core.errors import SpatiaError
from spatia_core.files import replaced, replacing, write_bytes, write_text

ROOT = Path(__file__).resolve().parent.parent
KILLS = 100
posix = pytest.mark.skipif(os.name == "nt", reason="kills by signal and forks")


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith(files._ENDING)]


@contextlib.contextmanager
def file_system(folder: Path, mebibytes: int):
    """A file system of its own, of so many MiB, at a new folder: ext4 in a file where that can be made, else in memory.

    Yields its name, or None where nothing can be mounted.
    """
    disk, image = folder / "disk", folder / "image"
    disk.mkdir()
    mounted = None
    if os.name != "nt" and os.geteuid() == 0:
        with open(image, "wb") as file:
            file.truncate(mebibytes << 20)
        on_ext4 = [["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(disk)]]
        in_memory = [["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(disk)]]
        for name, commands in (("ext4", on_ext4), ("tmpfs", in_memory)):
            with contextlib.suppress(OSError):  # a program that is not there
                if all(
                    subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in commands
                ):
                    mounted = name
                    break
    try:
        yield disk, mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    with file_system(tmp_path, 2) as (disk, mounted):
        if mounted is None:
            pytest.skip("no small file system can be mounted here: that takes root")
        yield disk


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    """A function: kill one writer of a kind after so many milliseconds; the folder it writes into is its attribute."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    # Of its own where that can be had, else the folder of all tests: kills are random there as well.
    with file_system(tmp_path_factory.mktemp("killed"), 32) as (folder, mounted), subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "writers.py"), str(folder)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "ready\n"

        def kill(kind: str, milliseconds: float) -> None:
            process.stdin.write(f"{kind} {milliseconds}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "killed\n"

        kill.folder, kill.file_system = folder, mounted
        yield kill
        process.stdin.close()
        process.wait()


@posix
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_leaves_a_whole_file(killer, kind):
    ending, write, version_of = KINDS[kind]
    path = killer.folder / f"file{ending}"
    write(path, 0)
    seen, left = {0: 0, 1: 0}, 0
    moments = random.Random(kind)
    for _ in range(KILLS):
        killer(kind, moments.uniform(1, 40))
        seen[version_of(path)] += 1
        left += bool(leftovers(killer.folder))
    print(f"{kind}: {KILLS} kills on {killer.file_system}, {sum(seen.values())} whole files, {left} times a leftover")
    assert seen[0] and seen[1], "the children never came to write"
    assert left, "no child was killed in the middle of writing, so nothing was shown"
    write(path, 1)
    assert version_of(path) == 1 and not leftovers(killer.folder)


def grow_without_end(path: Path) -> None:
    with open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_leaves_the_old_file_and_one_message(small_disk, kind):
    ending, write, version_of = KINDS[kind]
    path = small_disk / f"file{ending}"
    write(path, 0)
    filler = small_disk / "filler"
    for left in (0, 1, 3):  # pages that are still free
        with pytest.raises(OSError, match=rf"Errno {errno.ENOSPC}\b"):
            grow_without_end(filler)
        os.truncate(filler, max(0, filler.stat().st_size - 4096 * left))
        if kind in ("cameras", "picture") and left:
            continue  # small enough to fit
        with pytest.raises(SpatiaError, match="The disk is full .* Free some space"):
            write(path, 1)
        assert version_of(path) == 0 and not leftovers(small_disk)
    filler.unlink()
    write(path, 1)
    assert version_of(path) == 1


@posix
def test_two_processes_that_save_one_name(killer, tmp_path):
    """Each file is one process's whole work, and nobody's work in progress is taken for a dead one's."""
    from writers import KINDS

    _, write, version_of = KINDS["archive"]
    path = tmp_path / "scene.spatia"

    def save(version: int) -> None:
        for _ in range(15):
            write(path, version)
            assert version_of(path) in (0, 1)

    children = []
    for version in (0, 1):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                save(version)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert version_of(path) in (0, 1) and not leftovers(tmp_path)


def test_threads_do_not_take_each_others_work_for_leftovers(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: write_bytes(tmp_path / "one", bytes([k]) * 10_000), range(200)))
    data = (tmp_path / "one").read_bytes()
    assert len(data) == 10_000 and len(set(data)) == 1 and not leftovers(tmp_path)


def break_off(path: Path) -> None:
    with replaced(path) as file:
        file.write(b"half")
        raise KeyError


def test_an_error_while_writing_changes_nothing(tmp_path):
    write_text(tmp_path / "file.txt", "before\n")
    with pytest.raises(KeyError):
        break_off(tmp_path / "file.txt")
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "new.txt"):
        raise KeyboardInterrupt
    assert (tmp_path / "file.txt").read_bytes() == b"before\n"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_names_and_folders_that_cannot_be_written(tmp_path):
    with pytest.raises(SpatiaError, match="has 300 characters"):
        write_text(tmp_path / ("n" * 300), "")
    with pytest.raises(SpatiaError, match=r"a.txt could not be written \(No such file or directory\)"):
        write_text(tmp_path / "nowhere" / "a.txt", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpatiaError, match="folder could not be written"):
        write_text(tmp_path / "folder", "")
    assert os.listdir(tmp_path) == ["folder"]
    write_text(tmp_path / ("n" * 250), "a name that just fits")


def test_permissions_are_those_of_any_new_file(tmp_path):
    write_text(tmp_path / "ours", "")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_everything_is_flushed_before_the_name_is_given(tmp_path, monkeypatch):
    """After a power cut the name must not point to a file whose bytes never reached the disk."""
    order = []
    for name in ("fsync", "replace"):
        monkeypatch.setattr(
            os, name, lambda *a, name=name, real=getattr(os, name), **k: (order.append(name), real(*a, **k))[1]
        )
    write_text(tmp_path / "file", "text")
    assert order == (["fsync", "replace"] if os.name == "nt" else ["fsync", "replace", "fsync"])


# Where a file that people keep is written in any other way than through files.py, and why that is right.
OTHER_WAYS = {
    "spatia_core/files.py": "the one way itself",
    "training/loop/loss_log.py": "rows are appended; a row that was cut off is left out when they are read",
    "training/tables.py": "figures are appended; a line that was cut off is left out when they are read, and made again",
    "run.py": "set-up with the standard library alone: logs, and downloads that a marker file declares complete",
    "tools/server.py": "the log of a server, which writes it while it runs",
}
# Objects that are no files: an entry of an archive, a stream in memory, and safetensors' function that returns bytes.
IN_MEMORY = {"archive", "buffer", "safetensors.torch"}
WRITERS = {
    "write_text",
    "write_bytes",
    "save_file",
    "savez",
    "savez_compressed",
    "save",
    "imwrite",
    "mkstemp",
    "NamedTemporaryFile",
}


def ways_of_writing(source: str) -> list[tuple[int, str]]:
    """(line, call) of what opens or writes a file by a name of its own."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if method else getattr(node.func, "id", "")
        owner = ast.unparse(node.func.value) if method else ""
        if owner in IN_MEMORY or (name == "save" and node.args and ast.unparse(node.args[0]) in IN_MEMORY):
            continue
        # open(path, mode), but path.open(mode).
        at = 0 if method and owner not in ("io", "os", "gzip") else 1
        mode = next((a for a in [*node.args[at : at + 1], *(k.value for k in node.keywords if k.arg == "mode")]), None)
        opens = name in ("open", "fdopen") and _writes(mode)
        opens = opens or (name == "ZipFile" and _writes(node.args[1] if len(node.args) > 1 else None))
        # Imported from files.py they are plain names; as methods they are pathlib's, PIL's, torch's, numpy's.
        if opens or (name in WRITERS and (method or name in ("save_file", "mkstemp"))):
            found.append((node.lineno, name))
    return sorted(found)


def _writes(mode: ast.expr | None) -> bool:
    return (
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and len(mode.value) < 5
        and bool(set(mode.value) & set("wax+"))
    )


def inside_a_door(source: str, line: int) -> bool:
    """Whether the line stands in a `with replacing(...)` or `with replaced(...)`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.With) and node.lineno <= line <= node.end_lineno:
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("replacing", "replaced"):
                    return True
    return False


def test_files_are_written_in_one_way():
    sources = [
        path for folder in ("nodes", "spatia_core", "training", "tools") for path in (ROOT / folder).rglob("*.py")
    ]
    others = []
    for path in [*sources, ROOT / "run.py", ROOT / "__init__.py"]:
        source, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        others += [
            f"{name}:{line} {call}"
            for line, call in ways_of_writing(source)
            if name not in OTHER_WAYS and not inside_a_door(source, line)
        ]
    assert not others


def test_the_rule_sees_what_it_forbids():
    for source in (
        "open(path, 'w')", "open(path, mode='ab')", "path.write_text('')", "torch.save(x, path)", "save_file(x, path)", "image.save(path)",
        "zipfile.ZipFile(path, 'w')", "np.savez(path)", "tempfile.mkstemp()", "path.open('a')", "os.fdopen(h, 'wb')",
    ):  # fmt: skip
        assert ways_of_writing(source), source
    for source in (
        "open(path)",
        "open(path, 'rb')",
        "write_text(path, '')",
        "zipfile.ZipFile(path)",
        "archive.open('a', 'w')",
        "image.save(buffer)",
    ):
        assert not ways_of_writing(source), source
    source = "with replacing(path) as part:\n    torch.save(x, part)\ntorch.save(y, path)"
    assert [inside_a_door(source, line) for line, _ in ways_of_writing(source)] == [True, False]
