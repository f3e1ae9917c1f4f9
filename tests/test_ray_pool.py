"""The engine on a Ray cluster, with real actors on two machines of it that die: nothing is lost, nothing is made twice.

The jobs are worlds written by hand (walking_worker.py), so that there can be hundreds; tests/integration/test_batch.py has a
few on real ComfyUI servers.
"""

import random
import signal
import sys
from pathlib import Path

import pytest
from ray_processes import actors
from walking_worker import CLIPS, Walker

from spatia_core.world import MAIN, World
from tools.console import RunError
from tools.engine import Engine, Job, Outcome
from tools.ray_pool import RayPool, Share, import_ray, shares

SCENES, KILLED, SEED = 200, 10, 7


@pytest.mark.parametrize(
    ("nodes", "workers", "expected"),
    [
        ([{"CPU": 16, "GPU": 8}], 0, (8, Share(1, 2))),
        ([{"CPU": 16, "GPU": 1}, {"CPU": 8, "GPU": 2}, {"CPU": 64}], 0, (3, Share(1, 4))),
        ([{"CPU": 2, "GPU": 4}], 0, (4, Share(1, 1))),
        ([{"CPU": 16, "GPU": 8}], 3, (3, Share(1, 2))),
        ([{"CPU": 16}], 0, (1, Share(0, 16))),
        ([{"CPU": 16}, {"CPU": 8}], 0, (2, Share(0, 16))),
        ([{"CPU": 4}, {"CPU": 4}, {}], 4, (4, Share(0, 2))),
        ([{"CPU": 2}], 5, (5, Share(0, 1))),
    ],
)
def test_what_an_actor_takes_of_a_cluster(nodes, workers, expected):
    assert shares(nodes, workers) == expected


def test_a_cluster_without_cores_is_refused():
    with pytest.raises(RunError, match="no machine with cores"):
        shares([{"memory": 1.0}], 0)


def test_without_ray_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match="--ray needs Ray, .*-m pip install ray`"):
        import_ray()


class Chaos:
    """Hears of jobs, and kills actors at work now and then, and once a machine."""

    def __init__(self, remove_machine):
        self.outcomes: dict[str, Outcome] = {}
        self.chance = random.Random(SEED)
        self.due = sorted(self.chance.sample(range(5, SCENES - 20), KILLED))  # outcomes after which an actor is to go
        self.killed: list[int] = []
        self.remove_machine = remove_machine

    def begun(self, job: Job) -> None:
        working = actors(".make") if self.due and len(self.outcomes) >= self.due[0] else []
        if working:
            victim = self.chance.choice(working)
            victim.send_signal(signal.SIGKILL)
            self.killed.append(victim.pid)
            self.due.pop(0)

    def ended(self, outcome: Outcome) -> None:
        assert outcome.job.name not in self.outcomes
        self.outcomes[outcome.job.name] = outcome
        if len(self.outcomes) == SCENES // 2:
            self.remove_machine()


@pytest.fixture
def cluster(ray_installed):
    """A cluster of two machines on this one, whose cores are only counted."""
    from ray.cluster_utils import Cluster

    for last in (False, False, True):
        cluster = Cluster()
        try:
            cluster.add_node(num_cpus=2, include_dashboard=False)
            cluster.second = cluster.add_node(num_cpus=2)
            cluster.wait_for_nodes()
            break
        except Exception:  # Ray gives a machine 30 seconds to start, which one at other work may not keep
            cluster.shutdown()
            if last:
                raise
    yield cluster
    cluster.shutdown()


@pytest.mark.slow
@pytest.mark.long(600, "actors start anew ten times")
def test_of_200_scenes_with_ten_actors_and_a_machine_killed_none_is_lost_and_none_made_twice(cluster, tmp_path):
    chaos = Chaos(lambda: cluster.remove_node(cluster.second, allow_graceful=False))
    names = [f"scene{number}" for number in range(SCENES)]
    with RayPool(cluster.address, 4, lambda number, card: Walker(tmp_path)) as pool:
        assert (pool.count, pool.share) == (4, Share(0, 1))
        Engine(pool, chaos).run(lambda greeting: [Job(name, name) for name in [*names, "none"]])
    assert len(set(chaos.killed)) == KILLED and not actors()
    # What cannot be made is reported, and is the only one.
    failed = chaos.outcomes.pop("none")
    assert (failed.tries, failed.error) == (3, "ValueError: there is no such place")
    assert set(chaos.outcomes) == set(names) and not any(outcome.error for outcome in chaos.outcomes.values())
    again = [name for name, outcome in chaos.outcomes.items() if outcome.tries > 1]
    print(f"{len(again)} of {SCENES} scenes were at work on an actor that died")
    assert again
    processes = set()
    for name in names:
        world = World(tmp_path / name)
        # The image and its clips, each once, on the one branch.
        assert len(world.clips()) == CLIPS + 1 == len(world.chain(world.head(MAIN)))
        assert list(world.heading.branches) == [MAIN] and world.memory(world.head(MAIN)).frame_count == 21
        lines = [line.split() for line in (tmp_path / f"{name}.made").read_text().splitlines()]
        processes |= {process for process, _ in lines}
        assert sum(int(made) for _, made in lines) <= CLIPS + 1
    assert len(processes) > 4  # some of them in the place of dead ones
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("clip.json")}
    assert len(written) == SCENES * (CLIPS + 1)
    leftovers = [path for path in tmp_path.rglob("*.spatia-part") if path.is_file()]
    assert len(leftovers) <= KILLED + 4


def test_a_cluster_that_is_not_there_is_told(ray_installed):
    with pytest.raises(RunError, match="--ray 127.0.0.1:1: nobody answers there"):
        RayPool("127.0.0.1:1", 1, lambda number, card: Walker(Path()))
