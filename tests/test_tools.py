"""tools/ without a server: the private base folder, processes that end, devices, checkers, workflow conversion."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import command_line, commands, devices, places, testing
from tools import lint as checkers
from tools.client import refusal
from tools.console import RunError
from tools.places import PACK_ID, make_base
from tools.processes import end, start
from tools.server import Server
from tools.testing import names_tests
from tools.workflows import section_nodes, workflow_to_prompt

ROOT = Path(__file__).resolve().parent.parent


class TestBase:
    def test_the_pack_is_linked_into_a_private_base_folder(self, tmp_path):
        for _ in range(2):  # the second time finds it done
            make_base(tmp_path / "base")
            link = tmp_path / "base" / "custom_nodes" / PACK_ID
            assert os.path.samefile(link / "run.py", ROOT / "run.py")

    def test_a_link_to_another_clone_is_replaced(self, tmp_path):
        link = tmp_path / "base" / "custom_nodes" / PACK_ID
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "gone", target_is_directory=True)
        make_base(tmp_path / "base")
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

    def test_end_reaches_grandchildren_and_those_that_ignore_it(self):
        process = start([sys.executable, "-c", self.STUBBORN], stdout=subprocess.PIPE, text=True)
        grandchild = int(process.stdout.readline())
        assert alive(process.pid) and alive(grandchild)
        end(process, patience=0.5)
        assert not alive(process.pid) and not alive(grandchild)
        process.stdout.close()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
    def test_no_process_is_left_behind(self, number, tmp_path):
        """A server that never answers is ended when the script is told to stop while it waits, and when it is killed."""
        (tmp_path / "main.py").write_text(
            "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)\n"
        )
        script = (
            "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from tools.server import Server;"
            "from tools.processes import handle_signals; handle_signals(); here = Path(sys.argv[2])\n"
            "with Server(here, here, here): pass"
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
        for _ in range(200):  # who was killed could wait for nothing
            if number != signal.SIGKILL or not alive(server):
                break
            time.sleep(0.05)
        assert not alive(server)

    def test_a_server_that_dies_shows_its_log(self, tmp_path):
        (tmp_path / "main.py").write_text("raise SystemExit('the reason it died')\n")
        with (
            pytest.raises(RunError, match="the reason it died"),
            Server(tmp_path, tmp_path, tmp_path),
        ):
            pass


class TestChecks:
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
    def test_pytest_is_told_the_folder_unless_files_are_named(self, arguments, expected, monkeypatch):
        monkeypatch.chdir(ROOT)
        assert names_tests(arguments) == expected

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
    def test_tests_and_fuzzer_are_called_in_one_environment(self, arguments, expected, tmp_path, monkeypatch):
        called = []
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(testing, "become", lambda command, environment: called.append((command, environment)) or 0)
        assert commands.run(command_line.read(arguments), tmp_path / "ComfyUI", tmp_path / "cache") == 0
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
    def test_lint_fails_on_a_rule_the_layout_and_a_type(self, text, page, code, named, tmp_path, monkeypatch, capfd):
        folder = tmp_path / "a clone of-any name"
        (folder / "js").mkdir(parents=True)
        (folder / "js" / "lint.mjs").write_text(f'console.log("of the page"); process.exitCode = {page};')
        (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
        # As in the repository: the package's folder is a package itself, with another called nodes beside the core.
        packages = ("", "nodes/", "spatia_core/", "tools/", "training/")
        for name in (*(f"{package}__init__.py" for package in packages), "run.py"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("")
        (folder / "spatia_core" / "some.py").write_text(text)
        before = sorted(path for path in folder.rglob("*"))
        for module in (checkers, places):
            monkeypatch.setattr(module, "ROOT", folder)
        assert commands.run(command_line.read(["lint"]), tmp_path / "ComfyUI", tmp_path / "cache") == code
        assert named in "".join(capfd.readouterr())
        assert sorted(path for path in folder.rglob("*")) == before


class TestDevices:
    @pytest.mark.parametrize(
        "system, machine, expected",
        [("Darwin", "arm64", {"mps"}), ("Darwin", "x86_64", set()), ("Plan9", "x86_64", set())],
    )
    def test_what_is_installed(self, system, machine, expected):
        assert devices.installed_cards(system, machine) == expected

    @pytest.mark.parametrize("system, library", [("Linux", "libcuda.so.1"), ("Windows", "nvcuda.dll")])
    def test_a_card_is_known_by_its_driver(self, system, library, monkeypatch):
        monkeypatch.setattr(devices, "_loads", lambda name: name == library)
        assert devices.installed_cards(system, "x86_64") == {"cuda"}

    @pytest.mark.parametrize(
        "wanted, cards, sees, built, device, said",
        [
            ("auto", "", "", "cuda", "cpu", ""),
            ("auto", "cuda", "cuda", "cuda", "cuda", ""),
            ("auto", "mps", "mps", "mps", "mps", ""),
            ("auto", "xpu", "xpu", "xpu", "xpu", ""),
            ("auto", "cuda xpu", "xpu", "xpu", "xpu", ""),
            ("auto", "cuda xpu", "", "", "cpu", "There is an NVIDIA driver, but this torch is built for CPUs alone"),
            ("auto", "cuda", "", "cuda", "cpu", "There is an NVIDIA driver, but this torch sees no cuda device"),
            ("auto", "xpu", "", "cuda", "cpu", "There is an Intel GPU's driver, but this torch is built for cuda"),
            ("cpu", "cuda", "cuda", "cuda", "cpu", ""),
            ("cuda", "", "cuda", "cuda", "cuda", ""),
            ("mps", "mps", "mps", "mps", "mps", ""),
        ],
    )
    def test_the_device_by_what_was_found(self, wanted, cards, sees, built, device, said):
        torch = devices.Torch(frozenset(sees.split()), frozenset(built.split()))
        chosen, remark = devices.decided(wanted, frozenset(cards.split()), torch)
        assert chosen == device and remark.startswith(said) and bool(remark) == bool(said)

    @pytest.mark.parametrize("wanted", ["cuda", "xpu", "mps"])
    def test_a_device_that_cannot_be_had_is_refused(self, wanted):
        with pytest.raises(RunError, match=f"--device {wanted}: this torch is built for CPUs.*SPATIA_TORCH_INDEX"):
            devices.decided(wanted, frozenset(), devices.Torch(frozenset(), frozenset()))
        with pytest.raises(RunError, match=f"this torch sees no {wanted} device.*its driver"):
            devices.decided(wanted, frozenset(), devices.Torch(frozenset(), frozenset({wanted})))

    @pytest.mark.parametrize(
        "system, cards, index, told",
        [
            ("Windows", {"cuda"}, "", True),
            ("Windows", {"cuda"}, "somewhere", False),
            ("Windows", {"xpu"}, "", False),
            ("Linux", {"cuda"}, "", False),
            ("Darwin", {"mps"}, "", False),
        ],
    )
    def test_a_torch_that_cannot_use_the_card_is_told_of_before_it_is_fetched(self, system, cards, index, told):
        remark = devices.remark_on_torch(system, frozenset(cards), index)
        assert ("SPATIA_TORCH_INDEX" in remark) == told == bool(remark)

    def test_this_torch_is_asked(self):
        torch = pytest.importorskip("torch")
        told = devices.probed_torch()
        assert ("cuda" in told.sees) == torch.cuda.is_available()
        assert ("mps" in told.sees) == torch.backends.mps.is_available()
        assert ("cuda" in told.built_for) == bool(torch.version.cuda or torch.version.hip)


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
    def test_widgets_by_position_become_inputs_by_name(self):
        prompt = workflow_to_prompt(workflow(sample_node([7, "fixed", "x", "more", 0.5, True, "hello"])), OBJECT_INFO)
        assert prompt["1"]["inputs"] == {"image": "a.png"}
        assert prompt["2"]["inputs"] == {
            "seed": 7, "name": "x", "mode": "more", "mode.a": 0.5, "mode.b": True, "text": "hello", "model": ["1", 0],
        }  # fmt: skip
        assert prompt["2"]["_meta"]["title"] == "Sampler"

    def test_a_link_wins_over_the_widget_below_it(self):
        node = sample_node([7, "fixed", "x", "plain", "hello"])
        node["inputs"].append({"name": "text", "link": 6, "widget": {"name": "text"}})
        links = [(5, 1, 0, 2, 0, "MODEL"), (6, 1, 0, 2, 1, "STRING")]
        assert workflow_to_prompt(workflow(node, links=links), OBJECT_INFO)["2"]["inputs"]["text"] == ["1", 0]

    def test_notes_and_muted_nodes_are_left_out(self):
        note = {"id": 3, "type": "MarkdownNote", "mode": 0, "widgets_values": ["read me"]}
        node = sample_node([7, "fixed", "x", "plain", "hello"], mode=2)
        assert list(workflow_to_prompt(workflow(note, node), OBJECT_INFO)) == ["1"]

    @pytest.mark.parametrize(
        "node, expected",
        [
            ({"id": 2, "type": "Nobody", "mode": 0}, "does not have"),
            (sample_node([7, "fixed", "x"]), "no value for the widget mode"),
            (sample_node([7, "fixed", "x", "other", "t"]), "not among its options"),
            (sample_node([7, "fixed", "x", "plain", "t"], mode=4), "mode 4"),
        ],
    )
    def test_what_does_not_fit_is_named(self, node, expected):
        with pytest.raises(RunError, match=expected):
            workflow_to_prompt(workflow(node), OBJECT_INFO)

    def test_widgets_that_moved_are_caught(self):
        node = sample_node([7, "fixed", "x", "plain", "hello"])
        names = ["seed", "name", "mode", "text"]
        node["inputs"] += [{"name": name, "link": None, "widget": {"name": name}} for name in names]
        workflow_to_prompt(workflow(node), OBJECT_INFO)
        node["inputs"][1:3] = node["inputs"][2:0:-1]
        with pytest.raises(RunError, match="another version"):
            workflow_to_prompt(workflow(node), OBJECT_INFO)

    def test_sections_by_group(self):
        graph = {
            "nodes": [{"id": 1, "pos": [10, 10]}, {"id": 2, "pos": [200, 10]}],
            "groups": [{"title": "Clip 2", "bounding": [150, 0, 100, 100]}],
        }
        assert section_nodes(graph, "Clip 2") == {"2"}
        with pytest.raises(RunError, match="Clip 9"):
            section_nodes(graph, "Clip 9")

    def test_a_refused_graph_is_explained(self):
        body = {
            "error": {"message": "Prompt outputs failed validation"},
            "node_errors": {
                "2": {"class_type": "Sample", "errors": [{"message": "Value too big:", "details": "steps"}]}
            },
        }
        assert refusal(body, {"2": "Sampler"}) == "Prompt outputs failed validation\nSampler: Value too big: steps"
