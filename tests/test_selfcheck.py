"""The check of a machine: one that fails is reported and the rest goes on; every figure can fail."""

from __future__ import annotations

import pytest
import torch

from spatia_core import selfcheck
from spatia_core.errors import SpatiaError
from spatia_core.selfcheck import FAIL, LEFT_OUT, NOTE, PASS, Check, Finding, advice, geometry, held

CPU = torch.device("cpu")


def raising(error):
    def run():
        yield Finding(PASS, "before it")
        raise error

    return run


def test_a_check_that_breaks_leaves_the_others():
    seen = []
    sections = selfcheck.run_checks(
        [
            Check("broken", raising(RuntimeError("no kernel\nimage"))),
            Check("refused", raising(SpatiaError("Choose another file."))),
            Check("full", raising(torch.OutOfMemoryError("out of memory"))),
            Check("fine", lambda: [Finding(NOTE, "a figure")]),
        ],
        lambda done, name: seen.append((done, name)),
    )
    assert [[mark for mark, _ in section.findings] for section in sections] == [
        [PASS, FAIL], [PASS, FAIL], [PASS, LEFT_OUT], [NOTE],
    ]  # fmt: skip
    assert seen == [(0, "broken"), (1, "refused"), (2, "full"), (3, "fine"), (4, "")]
    assert selfcheck.failures(sections) == [
        "broken: RuntimeError: no kernel image", "refused: Choose another file.",
    ]  # fmt: skip
    report = selfcheck.report_text(sections)
    assert report.startswith("2 of 5 figures FAIL. 1 could not be looked at here.\n")
    assert "\nbroken (" in report and "  FAIL  RuntimeError: no kernel image" in report


def test_an_interrupt_is_no_finding():
    class Stop(BaseException):
        pass

    with pytest.raises(Stop):
        selfcheck.run_checks([Check("long", raising(Stop()))])


def test_what_is_no_number_never_holds():
    assert held("x", 1e-5, 1e-4).mark == PASS
    assert held("x", float("nan"), 1e-4).mark == FAIL
    expected = torch.ones(3)
    assert selfcheck.relative_error(torch.tensor([1.0, float("nan"), 1.0]), expected) != 0
    assert held("x", selfcheck.relative_error(torch.tensor([1.0, float("nan"), 1.0]), expected), 1e-4).mark == FAIL
    assert held("x", selfcheck.relative_error(torch.ones(2), expected), 1e9).mark == FAIL


@pytest.fixture
def small_scene(monkeypatch):
    monkeypatch.setattr(geometry, "_POINTS", 2000)
    monkeypatch.setattr(geometry, "_HEIGHT", 48)
    monkeypatch.setattr(geometry, "_WIDTH", 80)
    monkeypatch.setattr(geometry.check_scene, "__defaults__", (2000,))


def marks(name):
    check = next(check for check in selfcheck.geometry_checks(CPU) if check.name == name)
    return [finding.mark for finding in selfcheck.run_checks([check])[0].findings]


def test_geometry_holds_here(small_scene):
    found = [
        finding for section in selfcheck.run_checks(selfcheck.geometry_checks(CPU)) for finding in section.findings
    ]
    assert not [text for mark, text in found if mark == FAIL]
    assert sum(mark == PASS for mark, _ in found) == 7


def test_a_wrong_fast_path_is_found(small_scene, monkeypatch):
    draw, see, merge, retrieve = (
        geometry.render_soft, geometry.visible_points, geometry.voxel_merge, geometry.retrieve_packed,
    )  # fmt: skip

    def darker(*args, backend, **more):
        drawn = draw(*args, backend=backend, **more)
        return drawn if backend == "torch" else geometry.SoftRender(*(plane // 2 for plane in drawn))

    monkeypatch.setattr(geometry, "render_soft", darker)
    assert FAIL in marks("Drawing the scene")
    monkeypatch.setattr(
        geometry, "visible_points", lambda *args, backend="auto", **more: see(*args, **more) ^ (backend == "numba")
    )
    assert FAIL in marks("What a camera sees")
    monkeypatch.setattr(
        geometry, "voxel_merge", lambda cloud, size, backend: merge(cloud, size * (1 + (backend == "numba")))
    )
    assert FAIL in marks("Merge of points")
    monkeypatch.setattr(
        geometry, "retrieve_packed", lambda a, b: retrieve(a, b)._replace(intersection=retrieve(a, b).intersection + 1)
    )
    assert FAIL in marks("Retrieval")


GIB = 2**30


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (2, "make shorter clips"),
        (8, "of the weights stay in RAM"),
        (12, "dtype fp8_e4m3fn: weights and one pass fit on the card together"),
        (24, "dtype default: weights and one pass fit on the card together"),
        (None, "becomes float32 in memory"),
    ],
)
def test_what_to_set_follows_the_card(card, said):
    room = advice.Room(None if card is None else card * GIB, 64 * GIB, True, True)
    text = "\n".join(advice.advice(room))
    assert said in text
    assert "a second copy of each weight" in text


def test_the_released_numbers_are_counted():
    """5.0 billion of Wan2.2-TI2V-5B, and eight blocks with their projections beside it."""
    assert 6.3e9 < advice.released_numbers() < 6.5e9
    assert advice.sampling_bytes(1248, 704, 121) > 2 * advice.sampling_bytes(832, 480, 121)
