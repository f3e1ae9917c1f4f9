"""The one training loop: averaged runs from scratch that are stopped and gone on with, budgets, and what it refuses."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest
import torch
from spatia_pack.spatia_core.errors import SpatiaError
from spatia_pack.training.loop.budget import Budget
from spatia_pack.training.loop.fitting import FitRun, fit
from spatia_pack.training.loop.order import from_scratch_rate
from spatia_pack.training.loop.steps import STATE, AveragedWeights, Gradients, Learner, Plan, train
from spatia_pack.training.loop.stopping import Stop, Stopped
from torch import nn
from training_runs import rows, same

pytestmark = pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="from scratch needs torch 2.9")


def network() -> nn.Module:
    """A kernel, a matrix, their biases, and a frozen layer."""
    torch.manual_seed(0)
    built = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(32, 6), nn.Linear(6, 6))
    built[3].requires_grad_(False)
    return built


def sample(generator, progress):
    return torch.randn(4, 3, 4, 4, generator=generator)


def loss_of(built):
    """Noisy regression on the means of the colours: of a later half of the run on others than of the first."""

    def loss(images, generator, progress):
        wanted = images.mean((2, 3)).repeat(1, 2) * (1 if progress < 0.5 else -1)
        return (built(images) - wanted - 0.1 * torch.randn(wanted.shape, generator=generator)).square().mean()

    return loss


@pytest.fixture
def fitted(tmp_path):
    """A function: folder, what a run has beside it -> its network, `stop_after` so many steps of this part."""

    def fitted(folder="run", stop_after=None, loss_of=loss_of, learning_rate=1e-2, **changed):
        built, done = network(), iter(range(1, 1000))
        run = FitRun("small", tmp_path / folder, Budget(steps=12), 0, ["a", "b"], lambda: next(done) == stop_after)
        matrices = [built[0].weight, built[2].weight]
        fit(built, matrices, loss_of(built), sample, run._replace(**changed), learning_rate=learning_rate)
        return built

    return fitted


def test_from_scratch_stopped_and_resumed_is_bit_for_bit_the_uninterrupted_run(fitted, tmp_path):
    whole = fitted("whole")
    for steps in (2, 5):
        with pytest.raises(Stopped):
            fitted("parts", stop_after=steps)
    parts = fitted("parts")
    assert same(whole.state_dict(), parts.state_dict())
    states = [torch.load(tmp_path / name / STATE, weights_only=True) for name in ("whole", "parts")]
    assert states[0]["step"] == 12 and same(*states)
    # What is left in place is the mean, and only what has gradients has learned.
    assert not same(states[0]["weights"]["0.weight"], whole[0].weight)
    assert same(whole[3].state_dict(), network()[3].state_dict()) and "3.weight" not in states[0]["weights"]
    assert len(rows(tmp_path / "whole" / "loss.csv")) == 12
    assert rows(tmp_path / "whole" / "loss.csv") == rows(tmp_path / "parts" / "loss.csv")


def test_a_finished_run_is_taken_as_it_is_until_it_is_forgotten(fitted, tmp_path):
    first = fitted()
    written = (tmp_path / "run" / STATE).read_bytes()
    assert same(first.state_dict(), fitted().state_dict()) and (tmp_path / "run" / STATE).read_bytes() == written
    FitRun("small", tmp_path / "run", Budget(steps=12), 0, [], bool).forget()
    assert same(first.state_dict(), fitted().state_dict())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"seed": 1}, "seed = 0, and 1"), ({"budget": Budget(steps=13)}, "steps = 12, and 13"), ({"samples": ["a"]}, "other samples"),
        ({"budget": Budget(minutes=1)}, "minutes"), ({"learning_rate": 1e-3}, "learning_rate"),
    ],
)  # fmt: skip
def test_a_state_of_other_settings_is_refused(fitted, changed, named):
    with pytest.raises(Stopped):
        fitted(stop_after=1)
    with pytest.raises(SpatiaError, match=f"{named}.*or remove its state.pt"):
        fitted(**changed)


@pytest.mark.parametrize("wrong", ["loss", "gradient"])
def test_a_loss_or_a_gradient_that_is_no_number_ends_the_run_at_the_last_save(fitted, tmp_path, wrong):
    def broken(built):
        def loss(images, generator, progress):
            value = loss_of(built)(images, generator, progress)
            if progress < 0.5:
                return value
            # The root of zero is zero, and its slope is none.
            return value * float("nan") if wrong == "loss" else value + (0 * built[2].weight).sum().sqrt()

        return loss

    with pytest.raises(Stopped):
        fitted(stop_after=3)
    before = (tmp_path / "run" / STATE).read_bytes()
    with pytest.raises(SpatiaError, match="Step 7: the loss is .* decrease the learning rate of small"):
        fitted(loss_of=broken)
    assert (tmp_path / "run" / STATE).read_bytes() == before


def test_minutes_count_over_all_parts_of_a_run(fitted, tmp_path):
    budget = Budget(minutes=0.02)
    with pytest.raises(Stopped):
        fitted(stop_after=1, budget=budget)
    state = torch.load(tmp_path / "run" / STATE, weights_only=True)
    assert 0 < state["seconds"] < 1.2
    torch.save({**state, "seconds": 60.0}, tmp_path / "run" / STATE)
    fitted(budget=budget)  # nothing is left of it
    assert len(rows(tmp_path / "run" / "loss.csv")) == 1


def test_budgets():
    assert [Budget(steps=4).progress(steps, 1e9) for steps in (0, 1, 4)] == [0, 0.25, 1]
    assert Budget(minutes=2).progress(10**6, 30) == 0.25
    for given in ({}, {"steps": 1, "minutes": 1}):
        with pytest.raises(ValueError, match="one of the two"):
            Budget(**given)


def test_rate_of_a_run_from_scratch():
    assert from_scratch_rate(1.0, 0, 0) == 0.01 and from_scratch_rate(1.0, 99, 0.4) == 1
    assert from_scratch_rate(2.0, 500, 1) == pytest.approx(0.02)


def test_averaged_weights():
    parameter = nn.Parameter(torch.zeros(2))
    average = AveragedWeights([parameter])
    for step in (1, 2):
        parameter.data.fill_(1.0)
        average.update(step)
    # After step n the mean keeps (n + 1) / (n + 20) of what it was.
    average.place()
    assert torch.allclose(parameter, torch.tensor(1 - 2 / 21 * 3 / 22))


class Counted(Learner):
    """One number that goes down by the rate; what it was asked for."""

    names = ("w",)

    def __init__(self):
        self.parameters, self.seen = [torch.ones(1)], []

    def load(self, step, progress):
        return step, progress

    def gradients(self, loaded, stop):
        self.seen.append(loaded)
        return Gradients(float(self.parameters[0]), 1.0, stop())

    def update(self, rate):
        self.parameters[0] -= rate

    def look(self, step):
        return 10.0 * step

    def state(self):
        return {"weights": {"w": self.parameters[0]}, "optimiser": {}}

    def restore(self, state):
        self.parameters[0].copy_(state["weights"]["w"])

    def saved(self, weights, step):
        self.seen.append(f"saved {step}")


def test_order_of_a_run(tmp_path):
    """Steps, looks and saves at their intervals and at the end; then none, until there are more steps to make."""
    plan = Plan(
        "counted", tmp_path, Budget(steps=5), ["a"], lambda step, progress: 0.125, {}, "change it", save=2, look=3
    )
    learner, said = Counted(), []
    assert train(learner, plan, stop=lambda: False, report=said.append)
    assert learner.seen == [(0, 0.0), (1, 0.2), "saved 2", (2, 0.4), (3, 0.6), "saved 4", (4, 0.8), "saved 5"]
    assert [row["held_out_loss"] for row in rows(tmp_path / "loss.csv")] == ["", "", "30.0", "", "50.0"]
    again = Counted()
    assert train(again, plan, stop=lambda: False, report=said.append) and again.seen == []
    assert not train(again, replace(plan, budget=Budget(steps=9)), stop=lambda: True, report=said.append)
    assert again.seen == [(5, 5 / 9), "saved 6"] and float(again.parameters[0]) == 1 - 6 * 0.125
    assert [line.partition(", ")[0] for line in said] == [
        "Stage counted: starting from step 0 of 5", "Stage counted: 5 steps are done.", "Stage counted: resuming at step 5 of 9",
    ]  # fmt: skip


def test_ctrl_c_asks_to_stop_and_the_second_one_ends(tmp_path):
    said = []
    with Stop(tmp_path / "stop", said.append) as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop() and len(said) == 1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    with Stop(tmp_path / "stop", said.append) as stop:
        (tmp_path / "stop").touch()
        assert stop()
