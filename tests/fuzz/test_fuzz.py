"""The corpus of inputs that once did harm, and some new ones for every reader: an answer or a clear refusal, within 5 s and 1 GiB.

`python run.py fuzz --minutes N` goes on from here.
"""

import os

import pytest
from corpus import CORPUS
from hypothesis import HealthCheck, Phase, given, settings
from strategies import strategies
from worker import Worker

STRATEGIES = strategies()
IN_HOST = {"read route", "write route", "names"}
EXAMPLES = 40  # of each reader; the long run has no limit

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="memory is limited by the system's own means, which Windows lacks"
)


@pytest.fixture(scope="module")
def worker():
    with Worker() as worker:
        yield worker


def require_host(target: str) -> None:
    if target in IN_HOST and not os.environ.get("COMFYUI_PATH"):
        pytest.skip("needs a ComfyUI source tree (COMFYUI_PATH)")


@pytest.mark.parametrize(("target", "make"), [pytest.param(t, make, id=f"{t}: {name}") for t, name, make in CORPUS])
def test_corpus(worker, target, make):
    require_host(target)
    outcome = worker.ask(target, make())
    assert outcome.good, outcome


@pytest.mark.parametrize("target", STRATEGIES)
def test_new_inputs(worker, target):
    require_host(target)

    # Shrinking asks the child hundreds of times; the long run does it.
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STRATEGIES[target])
    def try_one(data):
        outcome = worker.ask(target, data)
        assert outcome.good, (outcome, data[:2000])

    try_one()


def test_every_reader_has_a_strategy_and_seeds_are_sound(worker):
    """A fuzzer whose seeds are refused tries one refusal over and over."""
    import seeds

    expected = set(worker.targets) | (set() if os.environ.get("COMFYUI_PATH") else IN_HOST)
    assert expected == set(STRATEGIES)
    root, binary = seeds.triangle_root()
    sound = {
        "ply": seeds.ply_files()[:2], "glb": [seeds.glb(root, binary)], "archive": [seeds.archive(seeds.archive_entries())],
        "weights": seeds.headers(), "layouts": seeds.layouts(), "index": seeds.INDEX, "keyframes": seeds.KEYFRAMES, "edits": seeds.EDITS,
        "numbers": seeds.NUMBERS, "view": seeds.VIEWS, "chain": seeds.CHAINS,
    }  # fmt: skip
    for target, inputs in sound.items():
        for data in inputs:
            assert worker.ask(target, data).kind == "answer", (target, data[:200], worker.ask(target, data))


def test_the_worker_tells_faults_apart():
    """The judge itself: what it must not let pass."""
    with Worker(host=False) as worker:
        assert worker.ask("ply", b"").kind == "refusal"
        # A target that does not exist ends the child: a crash is seen, and the next input has a child of its own.
        assert worker.ask("no such target", b"").kind == "crash"
        assert worker.ask("ply", b"").kind == "refusal"
        # Numbers that are no list: a fault of the target, which is no refusal.
        assert worker.ask("numbers", b"1").kind == "error"
