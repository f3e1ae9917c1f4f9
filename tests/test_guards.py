"""The suite's own guards: a hang is named and ended, and what a test starts ends with it, however it ends."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

TESTS = Path(__file__).resolve().parent


def command(folder: Path, text: str, *options: str) -> list[str]:
    """pytest on one made-up file, with this suite's settings and conftest."""
    (folder / "test_made_up.py").write_text(text)
    settings = ["-c", str(TESTS / "pytest.ini"), "-o", f"pythonpath={TESTS.parent} {TESTS}"]
    plugins = ["-p", "conftest", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", *settings, *plugins, *options, str(folder / "test_made_up.py")]


def run(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(folder, text, *options), capture_output=True, text=True, check=False)


class TestTime:
    def test_a_hang_is_named_and_the_others_run(self, tmp_path):
        text = "import time\ndef test_hangs():\n    time.sleep(50)\ndef test_runs():\n    pass\n"
        answer = run(tmp_path, text, "-o", "timeout=1")
        assert re.search(r"FAILED \S+::test_hangs - Failed: Timeout", answer.stdout)
        assert "1 failed, 1 passed" in answer.stdout
        assert ">   " + "    time.sleep(50)" in answer.stdout

    def test_a_hang_that_no_signal_reaches_ends_the_run(self, tmp_path):
        """As in a kernel: no Python runs until it returns, so the stacks are all that can be had."""
        text = "import conftest\nconftest.GRACE = 1\ndef test_hangs():\n    sum(range(10**12))\n"
        answer = run(tmp_path, text, "-o", "timeout=1")
        assert answer.returncode != 0 and "Timeout (0:00:02)" in answer.stderr
        assert 'test_made_up.py", line 4 in test_hangs' in answer.stderr

    def test_more_time_has_a_reason(self, tmp_path):
        text = "import pytest, time\n@pytest.mark.long(20, 'it sleeps')\ndef test_sleeps():\n    time.sleep(1.5)\n"
        assert "1 passed" in run(tmp_path, text, "-o", "timeout=1").stdout

    @pytest.mark.parametrize(
        "marker, expected",
        [
            ("long(300)", "gives no reason"),
            ("long(300, ' ')", "gives no reason"),
            ("long(0, 'it waits')", "more than 0"),
            ("timeout(300)", "long(seconds, reason)"),
        ],
    )
    def test_more_time_without_a_reason_is_refused(self, marker, expected, tmp_path):
        answer = run(tmp_path, f"import pytest\n@pytest.mark.{marker}\ndef test_waits():\n    pass\n")
        assert answer.returncode == pytest.ExitCode.USAGE_ERROR
        assert expected in answer.stderr and "test_waits" in answer.stderr

    def test_fast_leaves_out_server_browser_and_slow_tests(self, tmp_path):
        names = ("browser", "integration", "slow")
        marked = "".join(f"@pytest.mark.{name}\ndef test_{name}(): assert False\n" for name in names)
        answer = run(tmp_path, f"import pytest\n{marked}def test_plain(): pass\n", "--fast")
        assert "1 passed, 3 deselected" in answer.stdout


# What torch's launcher starts is in a session of its own, so no group of processes holds all of it.
LAUNCHED = """
import sys, time

def test_waits(start_bound):
    start_bound([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", {worker!r}])
    time.sleep(100)
"""
WORKER = """
import os, pathlib, signal, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(__file__).with_name(f"pid{os.getpid()}").touch()
time.sleep(100)
"""


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux's subreaper finds orphans in other sessions")


@LINUX
def test_what_a_command_leaves_behind_ends_with_it(start_bound):
    leaving = ["sh", "-c", "setsid sleep 100 >&2 & echo $!"]
    process = start_bound(leaving, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    orphan = int(process.stdout.readline())
    assert process.wait(timeout=20) == 0
    assert not psutil.pid_exists(orphan)


@LINUX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_two_launched_processes_end_with_pytest(number, tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    # Into a file: a pipe would be held open by what is left behind.
    with open(tmp_path / "log", "w") as log:
        pytest_command = command(tmp_path, LAUNCHED.format(worker=str(worker)))
        process = subprocess.Popen(pytest_command, stdout=log, stderr=log, start_new_session=True)
    started = []
    try:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("pid*"))) < 2:
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.1)
        started = psutil.Process(process.pid).children(recursive=True)
        assert {int(path.name[3:]) for path in tmp_path.glob("pid*")} <= {child.pid for child in started}
        process.send_signal(number)
        process.wait(timeout=30)
        _, left = psutil.wait_procs(started, timeout=10)
        assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]
    finally:
        for child in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait()
