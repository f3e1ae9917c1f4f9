"""run.py: what it fetches and unpacks, the environment it makes, the commands it passes on."""

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def make_archive(path: Path, names: dict[str, bytes], inside: str) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in names.items():
            member = tarfile.TarInfo(inside + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


class TestArchive:
    def test_unpacks_only_comfyui(self, run_py, tmp_path):
        archive = make_archive(tmp_path / "a.tar.gz", {"main.py": b"m", "comfy/x.py": b"x"}, run_py.COMFYUI.inside)
        run_py.extract_comfyui(archive, tmp_path / "out", run_py.COMFYUI.inside)
        found = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.py"))
        assert found == ["comfy/x.py", "main.py"]

    def test_refuses_to_leave_its_folder(self, run_py, tmp_path):
        archive = make_archive(
            tmp_path / "a.tar.gz", {"main.py": b"m", "../../../../evil.py": b"x"}, run_py.COMFYUI.inside
        )
        with pytest.raises(run_py.RunError, match="not unpacked"):
            run_py.extract_comfyui(archive, tmp_path / "deep" / "out", run_py.COMFYUI.inside)
        assert not list(tmp_path.rglob("evil.py"))

    def test_refuses_an_archive_without_comfyui(self, run_py, tmp_path):
        archive = make_archive(tmp_path / "a.tar.gz", {"readme": b""}, "elsewhere/")
        (tmp_path / "out").mkdir()
        with pytest.raises(run_py.RunError, match="holds no"):
            run_py.extract_comfyui(archive, tmp_path / "out", run_py.COMFYUI.inside)

    def test_refuses_another_digest(self, run_py, tmp_path):
        (tmp_path / "a.tar.gz").write_bytes(b"something else")
        with pytest.raises(run_py.RunError, match="sha256"):
            run_py.check_archive(tmp_path / "a.tar.gz", run_py.COMFYUI.sha256)


class TestSetUp:
    def test_a_folder_that_is_no_comfyui_is_refused(self, run_py, tmp_path, monkeypatch):
        monkeypatch.setenv("COMFYUI_PATH", str(tmp_path))
        with pytest.raises(run_py.RunError, match="main.py.*not found"):
            run_py.find_comfyui(tmp_path / "cache")

    def test_a_given_comfyui_is_taken(self, run_py, comfyui_path, tmp_path, monkeypatch):
        monkeypatch.setenv("COMFYUI_PATH", str(comfyui_path))
        assert run_py.find_comfyui(tmp_path / "cache") == comfyui_path
        assert not (tmp_path / "cache").exists()

    def test_cache_folder_of_each_system(self, run_py, tmp_path, monkeypatch):
        monkeypatch.setenv("SPATIA_CACHE", str(tmp_path / "c"))
        assert run_py.cache_folder() == tmp_path / "c"
        monkeypatch.delenv("SPATIA_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        if sys.platform.startswith("linux"):
            assert run_py.cache_folder() == tmp_path / "xdg" / "spatia-comfyui"

    def test_the_environment_follows_the_requirements(self, run_py, tmp_path):
        host = tmp_path / "ComfyUI"
        host.mkdir()
        (host / "requirements.txt").write_text("numpy\n")
        first, arguments = run_py.environment_folder(host, tmp_path)
        assert str(host / "requirements.txt") in arguments and set(run_py.TORCH) <= set(arguments)
        (host / "requirements.txt").write_bytes(b"numpy\r\n")
        assert run_py.environment_folder(host, tmp_path)[0] == first
        (host / "requirements.txt").write_text("numpy>=2\n")
        assert run_py.environment_folder(host, tmp_path)[0] != first

    def test_the_environment_follows_the_index_of_torch(self, run_py, tmp_path, monkeypatch):
        (tmp_path / "requirements.txt").write_text("numpy\n")
        monkeypatch.delenv("SPATIA_TORCH_INDEX", raising=False)
        first, arguments = run_py.environment_folder(tmp_path, tmp_path)
        assert "--extra-index-url" not in arguments
        monkeypatch.setenv("SPATIA_TORCH_INDEX", "somewhere/cu1")
        second, arguments = run_py.environment_folder(tmp_path, tmp_path)
        assert second != first and arguments[arguments.index("--extra-index-url") + 1] == "somewhere/cu1"

    def test_the_newest_of_everything_has_an_environment_of_its_own(self, run_py, tmp_path, monkeypatch):
        (tmp_path / "requirements.txt").write_text(
            "torch\nnumpy>=1.25.0\ncomfy-kitchen==0.2.26\n\n#note\npydantic~=2.0\n"
        )
        pinned, _ = run_py.environment_folder(tmp_path, tmp_path)
        monkeypatch.setenv("SPATIA_NEWEST", "1")
        path, arguments = run_py.environment_folder(tmp_path, tmp_path)
        assert path != pinned and {"torch", "numpy", "comfy-kitchen", "pydantic", "numba", "pytest"} < set(arguments)
        assert not any(set(argument) & set("=<>~#") for argument in arguments)
        monkeypatch.setenv("SPATIA_NEWEST", "yes")
        with pytest.raises(run_py.RunError, match="SPATIA_NEWEST=yes was given, expected 1"):
            run_py.environment_folder(tmp_path, tmp_path)

    def test_the_newest_of_everything_is_for_a_day(self, run_py, tmp_path, monkeypatch):
        python = run_py.environment_python(tmp_path)
        python.parent.mkdir()
        python.touch()
        assert not run_py.is_complete(tmp_path)  # an interrupted set-up
        (tmp_path / "complete").touch()
        for value, hours, complete in (("1", 1, True), ("1", 25, False), ("0", 25, True)):
            monkeypatch.setenv("SPATIA_NEWEST", value)
            then = time.time() - 3600 * hours
            os.utime(tmp_path / "complete", (then, then))
            assert run_py.is_complete(tmp_path) == complete

    def test_a_failing_pip_shows_the_end_of_its_log(self, run_py, tmp_path):
        with pytest.raises(run_py.RunError, match="no-such-file.txt"):
            run_py.pip(sys.executable, ["install", "-r", "no-such-file.txt"], tmp_path / "pip.log", tmp_path)
        assert "no-such-file.txt" in (tmp_path / "pip.log").read_text()

    def test_the_children_see_no_foreign_packages(self, run_py, tmp_path, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", "elsewhere")
        environment = run_py.clean_environment(tmp_path)
        assert "PYTHONPATH" not in environment
        assert environment["PYTHONPYCACHEPREFIX"].startswith(str(tmp_path))


class TestCommandLine:
    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, str(ROOT / "run.py"), *arguments],
            capture_output=True, text=True, env={**os.environ, **environment}, check=False,
        )  # fmt: skip

    def test_help_names_the_commands(self):
        answer = self.run("--help")
        assert answer.returncode == 0
        assert all(
            word in answer.stdout for word in ("demo", "serve", "test", "--fast", "fuzz", "lint", "COMFYUI_PATH")
        )

    def test_it_needs_nothing_but_a_python(self):
        """Without the packages of the interpreter it is run by."""
        command = [sys.executable, "-S", "-E", str(ROOT / "run.py"), "--help"]
        assert subprocess.run(command, capture_output=True, check=True).stdout

    def test_it_hands_itself_to_the_environment(self, run_py, tmp_path, monkeypatch):
        called = []
        python = tmp_path / "env" / "bin" / "python"
        monkeypatch.setattr(run_py, "set_up", lambda cache: (tmp_path / "ComfyUI", python))
        monkeypatch.setattr(run_py, "handle_signals", lambda: None)  # pytest has its own
        monkeypatch.setattr(run_py, "become", lambda command, environment: called.append(command) or 7)
        assert run_py.main(["test", "-k", "x"]) == 7
        assert called == [[str(python), str(ROOT / "run.py"), "test", "-k", "x"]]

    @pytest.mark.parametrize(
        "arguments, expected",
        [
            (["demo", "--image", "no-such.png"], "no-such.png"),
            (["demo", "--frames", "3"], "--frames"),
            (["demo", "--device", "tpu"], "tpu"),
            (["demo", "--seed", "-1"], "--seed"),
            (["serve", "--port", "99999"], "--port"),
            (["serve", "--models", "no-such-folder"], "no-such-folder"),
            (["serve", "--minutes", "3"], "--minutes"),
            (["fuzz", "--minutes", "0"], "--minutes"),
            (["report", "no-such.mp4", "--cameras", "no-such.txt"], "no-such.mp4"),
            (["lint", "--fix"], "--fix"),
        ],
    )
    def test_bad_options_are_refused_before_any_set_up(self, arguments, expected, tmp_path):
        answer = self.run(*arguments, SPATIA_CACHE=str(tmp_path / "cache"))
        assert answer.returncode != 0
        assert expected in answer.stderr
        assert not (tmp_path / "cache").exists()

    def test_a_wrong_comfyui_path_is_explained(self, tmp_path):
        answer = self.run("test", SPATIA_CACHE=str(tmp_path / "cache"), COMFYUI_PATH=str(tmp_path))
        assert answer.returncode == 1
        assert "main.py" in answer.stderr and "Traceback" not in answer.stderr
