"""A worker in a process of its own: what it answers, and what becomes of it and its work when either end dies."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tools.console import RunError
from tools.engine import Engine, Job, Outcome, Threads
from tools.own_process import OwnProcess
from tools.places import ROOT
from tools.processes import thread_variables

SCRIPT = Path(__file__).with_name("writing_script.py")


@pytest.fixture
def worker(tmp_path):
    """A function: number of threads, what the script is told -> a worker that is ended after the test."""
    started = []

    def make(threads: int = 0, told: str = "") -> OwnProcess:
        variables = {"PYTHONPATH": str(ROOT), **thread_variables(threads)}
        started.append(OwnProcess(SCRIPT, told or str(tmp_path), tmp_path, variables))
        return started[-1]

    yield make
    for one in started:
        one.close()


class Heard:
    """Keeps how jobs ended; calls a function when one is begun."""

    def __init__(self, begun=lambda job: None):
        self.begun, self.outcomes = begun, {}

    def ended(self, outcome: Outcome) -> None:
        assert outcome.job.name not in self.outcomes
        self.outcomes[outcome.job.name] = outcome


def job(name: str, **work) -> Job:
    return Job(name, {"name": name, **work})


def run(workers: list[OwnProcess], heard: Heard, *jobs: Job) -> dict[str, Outcome]:
    with Threads(workers) as pool:
        Engine(pool, heard).run(lambda greeting: list(jobs))
    return heard.outcomes


def test_work_is_done_in_the_process_in_its_folder_with_its_threads(worker, tmp_path):
    one = pickle.loads(pickle.dumps(worker(threads=3)))
    one.open()
    try:
        first, second = one.make({"name": "a"}), one.make({"name": "b"})
        assert first == second and first["pid"] != os.getpid()
        assert (first["folder"], first["threads"]) == (str(tmp_path), "3")
    finally:
        one.close()


def test_what_is_raised_is_told_and_the_process_lives_on(worker):
    one = worker()
    one.open()
    with pytest.raises(RunError, match="^there is no such place$"):
        one.make({"name": "a", "failures": 1, "error": RunError("there is no such place")})
    with pytest.raises(RunError, match="^ValueError: 3\nTraceback(.|\n)*in make"):
        one.make({"name": "b", "failures": 1, "error": ValueError(3)})
    with pytest.raises(AttributeError):
        one.make({"name": lambda: 0})  # which cannot be sent
    assert not one.broken() and one.make({"name": "a"})["pid"] == one.make({"name": "b"})["pid"]


def test_one_that_ends_says_how_and_is_started_again(worker):
    one = worker()
    one.open()
    with pytest.raises(RunError, match="^its process ended with code 3; .*:\n  the last that was heard of it$"):
        one.make({"name": "a", "ends": 1})
    assert one.broken()
    one.open()
    assert not one.broken() and one.make({"name": "a"})


def test_what_does_not_start_says_why(worker, tmp_path):
    one = worker(told="/nowhere")
    with pytest.raises(RunError, match="^/nowhere is no folder$"):
        one.open()
    assert one.broken()
    one.variables["PYTHONPATH"] = ""
    with pytest.raises(RunError, match="ended with code 1(.|\n)*No module named 'tools'"):
        one.open()
    one.folder = tmp_path / "elsewhere"
    with pytest.raises(RunError, match="elsewhere is not there on this machine"):
        one.open()


def test_kill_9_costs_a_try_and_no_job(worker):
    """A process is killed at work: its job goes on elsewhere, and it is started again."""
    workers = [worker(), worker()]
    killed = []

    def kill(job: Job) -> None:
        if job.name == "job3" and not killed:
            busy = workers[0]._process or workers[1]._process
            (process,) = psutil.Process(busy.pid).children()
            threading.Timer(0.2, process.send_signal, [signal.SIGKILL]).start()
            killed.append(process.pid)

    outcomes = run(workers, Heard(kill), *(job(f"job{number}", seconds=0.4) for number in range(8)))
    assert len(outcomes) == 8 and not any(outcome.error for outcome in outcomes.values())
    assert killed and sum(outcome.tries for outcome in outcomes.values()) == 9
    assert len({outcome.result["pid"] for outcome in outcomes.values()}) >= 2


def test_one_that_fails_three_times_is_reported_and_the_others_made(worker, capsys):
    outcomes = run(
        [worker()], Heard(), job("ends", ends=9), job("raises", failures=9, error=RunError("no")), job("well")
    )
    assert outcomes["ends"].error.startswith("its process ended with code 3") and outcomes["ends"].tries == 3
    assert (outcomes["raises"].error, outcomes["raises"].tries, outcomes["well"].error) == ("no", 3, "")
    assert capsys.readouterr().out.count("its worker has ended; starting it again") == 3


def test_closing_ends_what_it_is_at(worker):
    one = worker()
    one.open()
    (process,) = psutil.Process(one._process.pid).children()
    threading.Timer(0.3, one.close).start()
    began = time.monotonic()
    with pytest.raises(RunError, match="^stopped$"):
        one.make({"name": "long", "seconds": 60})
    assert time.monotonic() - began < 30 and not process.is_running()
    with pytest.raises(RunError, match="stopped"):
        one.open()


def test_it_ends_with_its_starter_however_that_ends(tmp_path):
    """kill -9 of the starter while the worker is at work."""
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from tools.own_process import OwnProcess
worker = OwnProcess(Path({str(SCRIPT)!r}), {str(tmp_path)!r}, Path({str(tmp_path)!r}), {{"PYTHONPATH": {str(ROOT)!r}}})
worker.open()
print(worker.make({{"name": "short"}})["pid"], flush=True)
worker.make({{"name": "long", "seconds": 100}})
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    process = psutil.Process(int(starter.stdout.readline()))
    while not (tmp_path / "long.tries").exists():
        time.sleep(0.05)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    process.wait(timeout=20)
