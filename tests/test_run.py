"""run.py without a server: the archive's checks, the private base folder, processes that end, workflow conversion."""

import io
import os
import shutil
import signal
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

    def test_a_failing_pip_shows_the_end_of_its_log(self, run_py, tmp_path):
        with pytest.raises(run_py.RunError, match="no-such-file.txt"):
            run_py.pip(sys.executable, ["install", "-r", "no-such-file.txt"], tmp_path / "pip.log", tmp_path)
        assert "no-such-file.txt" in (tmp_path / "pip.log").read_text()

    def test_the_children_see_no_foreign_packages(self, run_py, tmp_path, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", "elsewhere")
        environment = run_py.clean_environment(tmp_path)
        assert "PYTHONPATH" not in environment
        assert environment["PYTHONPYCACHEPREFIX"].startswith(str(tmp_path))

    def test_the_pack_is_linked_into_a_private_base_folder(self, run_py, tmp_path):
        for _ in range(2):  # the second time finds it done
            run_py.make_base(tmp_path / "base")
            link = tmp_path / "base" / "custom_nodes" / run_py.PACK_ID
            assert os.path.samefile(link / "run.py", ROOT / "run.py")

    def test_a_link_to_another_clone_is_replaced(self, run_py, tmp_path):
        link = tmp_path / "base" / "custom_nodes" / run_py.PACK_ID
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "gone", target_is_directory=True)
        run_py.make_base(tmp_path / "base")
        assert os.path.samefile(link, ROOT)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # A zombie whose parent does not reap (as in a container without init) is as good as gone.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return sys.platform == "darwin"


@pytest.mark.skipif(os.name == "nt", reason="process groups are the POSIX half; Windows ends its tree by taskkill")
class TestProcesses:
    STUBBORN = (
        "import subprocess, sys, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )

    def test_end_reaches_grandchildren_and_those_that_ignore_it(self, run_py):
        process = run_py.start([sys.executable, "-c", self.STUBBORN], stdout=subprocess.PIPE, text=True)
        grandchild = int(process.stdout.readline())
        assert alive(process.pid) and alive(grandchild)
        run_py.end(process, patience=0.5)
        assert not alive(process.pid) and not alive(grandchild)
        process.stdout.close()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_no_process_is_left_behind(self, number, tmp_path):
        """A server that never answers is ended when the script is told to stop while it waits."""
        (tmp_path / "main.py").write_text(
            "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)\n"
        )
        script = (
            "import sys; sys.path.insert(0, sys.argv[1]); import run; from pathlib import Path; run.handle_signals();"
            "here = Path(sys.argv[2])\n"
            "with run.Server(here, Path(sys.executable), here, here): pass"
        )
        process = subprocess.Popen([sys.executable, "-c", script, str(ROOT), str(tmp_path)], stderr=subprocess.DEVNULL)
        pid_file = tmp_path / "pid"
        for _ in range(200):
            if pid_file.exists() and pid_file.read_text():
                break
            time.sleep(0.05)
        server = int(pid_file.read_text())
        process.send_signal(number)
        assert process.wait(timeout=20) != 0
        assert not alive(server)

    def test_a_server_that_dies_shows_its_log(self, run_py, tmp_path):
        (tmp_path / "main.py").write_text("raise SystemExit('the reason it died')\n")
        with (
            pytest.raises(run_py.RunError, match="the reason it died"),
            run_py.Server(tmp_path, Path(sys.executable), tmp_path, tmp_path),
        ):
            pass


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
            (["lint", "--fix"], "--fix"),
        ],
    )
    def test_bad_options_are_refused_before_any_set_up(self, arguments, expected, tmp_path):
        answer = self.run(*arguments, SPATIA_CACHE=str(tmp_path / "cache"))
        assert answer.returncode != 0
        assert expected in answer.stderr
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize(
        "arguments, expected",
        [
            ([], False),
            (["-x", "-q"], False),
            (["-k", "tests"], False),
            (["--ignore", "tests/integration"], False),
            (["-x", "tests/test_run.py::TestArchive"], True),
        ],
    )
    def test_pytest_is_told_the_folder_unless_files_are_named(self, run_py, arguments, expected, monkeypatch):
        monkeypatch.chdir(ROOT)
        assert run_py.names_tests(arguments) == expected

    @pytest.mark.parametrize(
        "arguments, expected",
        [
            (
                ["test", "--fast", "-k", "x"],
                ["-m", "pytest", "--durations=20", "--fast", "-k", "x", str(ROOT / "tests")],
            ),
            (
                ["fuzz", "--minutes", "3", "--reader", "ply"],
                [str(ROOT / "tests" / "fuzz" / "run.py"), "--minutes", "3", "--reader", "ply"],
            ),
        ],
    )
    def test_tests_and_fuzzer_are_called_in_one_environment(self, run_py, arguments, expected, tmp_path, monkeypatch):
        called = []
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(run_py, "set_up", lambda cache: (tmp_path / "ComfyUI", Path(sys.executable)))
        monkeypatch.setattr(run_py, "handle_signals", lambda: None)  # pytest has its own
        monkeypatch.setattr(run_py, "become", lambda command, environment: called.append((command, environment)) or 0)
        assert run_py.main(arguments) == 0
        ((command, environment),) = called
        assert [part for part in command if part in expected] == expected
        assert environment["COMFYUI_PATH"] == str(tmp_path / "ComfyUI") and environment["OMP_NUM_THREADS"]

    @pytest.mark.skipif(None in (shutil.which("node"), shutil.which("npm")), reason="needs Node.js 20 or newer and npm")
    @pytest.mark.parametrize(
        "text, page, code, named",
        [
            ("one = 1\n", 0, 0, ""),
            ("import os\n", 0, 1, "F401"),
            ("one  =  1\n", 0, 1, "would be reformatted"),
            ("one: int = None\n", 0, 1, "Incompatible types in assignment"),
            ("def one(two):\n    return two\n", 0, 1, "no-untyped-def"),
            ("one = 1  # type: ignore\n", 0, 1, "unused-ignore"),
            ("one = 1\n", 3, 1, "of the page"),
        ],
    )
    def test_lint_fails_on_a_rule_the_layout_and_a_type(
        self, run_py, text, page, code, named, tmp_path, monkeypatch, capfd
    ):
        folder = tmp_path / "a clone of-any name"
        (folder / "js").mkdir(parents=True)
        (folder / "js" / "lint.mjs").write_text(f'console.log("of the page"); process.exitCode = {page};')
        (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
        # As in the repository: the package's folder is a package itself, with another called nodes beside the core.
        for name in ("__init__.py", "nodes/__init__.py", "spatia_core/__init__.py"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("")
        (folder / "spatia_core" / "some.py").write_text(text)
        before = sorted(path for path in folder.rglob("*"))
        monkeypatch.setenv("SPATIA_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(run_py, "ROOT", folder)
        monkeypatch.setattr(run_py, "set_up", lambda cache: (tmp_path / "ComfyUI", Path(sys.executable)))
        monkeypatch.setattr(run_py, "handle_signals", lambda: None)  # pytest has its own
        assert run_py.main(["lint"]) == code
        assert named in "".join(capfd.readouterr())
        assert sorted(path for path in folder.rglob("*")) == before

    def test_a_card_that_torch_does_not_see_is_told_of(self, run_py, monkeypatch, capsys):
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("torch sees the card of this machine, so that there is nothing to tell of")
        monkeypatch.setattr(run_py, "_has_nvidia_driver", lambda: True)
        asked = Path(sys.executable), dict(os.environ)
        assert run_py.choose_device("cpu", *asked) == "cpu" and not capsys.readouterr().out
        assert run_py.choose_device("auto", *asked) == "cpu"
        assert "an NVIDIA driver, but this torch" in capsys.readouterr().out
        with pytest.raises(run_py.RunError, match="--device cuda: this torch"):
            run_py.choose_device("cuda", *asked)

    def test_a_wrong_comfyui_path_is_explained(self, tmp_path):
        answer = self.run("test", SPATIA_CACHE=str(tmp_path / "cache"), COMFYUI_PATH=str(tmp_path))
        assert answer.returncode == 1
        assert "main.py" in answer.stderr and "Traceback" not in answer.stderr


# A server's /object_info in miniature: every kind of widget the converter has to count.
OBJECT_INFO = {
    "Load": {"input": {"required": {"image": [["a.png"], {"image_upload": True}]}}, "input_order": {"required": ["image"]}},
    "Sample": {
        "display_name": "Sampler",
        "input": {
            "required": {
                "model": ["MODEL", {}],
                "seed": ["INT", {"control_after_generate": True}],
                "steps": ["INT", {"forceInput": True}],
                "name": ["COMBO", {"options": ["x"]}],
                "mode": [
                    "COMFY_DYNAMICCOMBO_V3",
                    {"options": [
                        {"key": "plain", "inputs": {"required": {}}},
                        {"key": "more", "inputs": {"required": {"a": ["FLOAT", {}]}, "optional": {"b": ["BOOLEAN", {}]}}},
                    ]},
                ],
            },
            "optional": {"text": ["STRING", {"multiline": True}]},
        },
        "input_order": {"required": ["model", "seed", "steps", "name", "mode"], "optional": ["text"]},
    },
}  # fmt: skip


def sample_node(values, **more):
    return {
        "id": 2,
        "type": "Sample",
        "mode": 0,
        "inputs": [{"name": "model", "link": 5}],
        "widgets_values": values,
        **more,
    }


def workflow(*nodes, links=((5, 1, 0, 2, 0, "MODEL"),)):
    return {
        "nodes": [{"id": 1, "type": "Load", "mode": 0, "widgets_values": ["a.png", "image"]}, *nodes],
        "links": list(links),
    }


class TestConversion:
    def test_widgets_by_position_become_inputs_by_name(self, run_py):
        prompt = run_py.workflow_to_prompt(
            workflow(sample_node([7, "fixed", "x", "more", 0.5, True, "hello"])), OBJECT_INFO
        )
        assert prompt["1"]["inputs"] == {"image": "a.png"}
        assert prompt["2"]["inputs"] == {
            "seed": 7, "name": "x", "mode": "more", "mode.a": 0.5, "mode.b": True, "text": "hello", "model": ["1", 0],
        }  # fmt: skip
        assert prompt["2"]["_meta"]["title"] == "Sampler"

    def test_a_link_wins_over_the_widget_below_it(self, run_py):
        node = sample_node([7, "fixed", "x", "plain", "hello"])
        node["inputs"].append({"name": "text", "link": 6, "widget": {"name": "text"}})
        links = [(5, 1, 0, 2, 0, "MODEL"), (6, 1, 0, 2, 1, "STRING")]
        assert run_py.workflow_to_prompt(workflow(node, links=links), OBJECT_INFO)["2"]["inputs"]["text"] == ["1", 0]

    def test_notes_and_muted_nodes_are_left_out(self, run_py):
        note = {"id": 3, "type": "MarkdownNote", "mode": 0, "widgets_values": ["read me"]}
        node = sample_node([7, "fixed", "x", "plain", "hello"], mode=2)
        assert list(run_py.workflow_to_prompt(workflow(note, node), OBJECT_INFO)) == ["1"]

    @pytest.mark.parametrize(
        "node, expected",
        [
            ({"id": 2, "type": "Nobody", "mode": 0}, "does not have"),
            (sample_node([7, "fixed", "x"]), "no value for the widget mode"),
            (sample_node([7, "fixed", "x", "other", "t"]), "not among its options"),
            (sample_node([7, "fixed", "x", "plain", "t"], mode=4), "mode 4"),
        ],
    )
    def test_what_does_not_fit_is_named(self, run_py, node, expected):
        with pytest.raises(run_py.RunError, match=expected):
            run_py.workflow_to_prompt(workflow(node), OBJECT_INFO)

    def test_widgets_that_moved_are_caught(self, run_py):
        node = sample_node([7, "fixed", "x", "plain", "hello"])
        names = ["seed", "name", "mode", "text"]
        node["inputs"] += [{"name": name, "link": None, "widget": {"name": name}} for name in names]
        run_py.workflow_to_prompt(workflow(node), OBJECT_INFO)
        node["inputs"][1:3] = node["inputs"][2:0:-1]
        with pytest.raises(run_py.RunError, match="another version"):
            run_py.workflow_to_prompt(workflow(node), OBJECT_INFO)

    def test_sections_by_group(self, run_py):
        graph = {
            "nodes": [{"id": 1, "pos": [10, 10]}, {"id": 2, "pos": [200, 10]}],
            "groups": [{"title": "Clip 2", "bounding": [150, 0, 100, 100]}],
        }
        assert run_py.section_nodes(graph, "Clip 2") == {"2"}
        with pytest.raises(run_py.RunError, match="Clip 9"):
            run_py.section_nodes(graph, "Clip 9")

    def test_a_refused_graph_is_explained(self, run_py):
        body = {
            "error": {"message": "Prompt outputs failed validation"},
            "node_errors": {
                "2": {"class_type": "Sample", "errors": [{"message": "Value too big:", "details": "steps"}]}
            },
        }
        assert (
            run_py.refusal(body, {"2": "Sampler"}) == "Prompt outputs failed validation\nSampler: Value too big: steps"
        )
