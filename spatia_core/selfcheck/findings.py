"""What a check of the machine found, and its report: plain text that can be pasted into an issue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch

from ..errors import SpatiaError
from ..interrupt import look_for_interrupt

PASS, FAIL, LEFT_OUT, NOTE = "pass", "FAIL", "left out", ""


class Finding(NamedTuple):
    """One line of the report. mark: PASS, FAIL, LEFT_OUT or NOTE."""

    mark: str
    text: str


class Check(NamedTuple):
    """A named look at one thing; the one that fails does not keep the others from theirs."""

    name: str
    run: Callable[[], Iterable[Finding]]


class Section(NamedTuple):
    """What one check found, and how long it took."""

    name: str
    findings: list[Finding]
    seconds: float


def held(what: str, error: float, tolerance: float, unit: str = "relative") -> Finding:
    """A figure against the tolerance that it is held to; NaN never holds."""
    return Finding(PASS if error <= tolerance else FAIL, f"{what}: {error:.1e} {unit}, at most {tolerance:.0e}")


def relative_error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Norm of the difference over the norm of what is expected; infinite for another shape."""
    if ours.shape != theirs.shape:
        return float("inf")
    ours, theirs = ours.cpu().double(), theirs.cpu().double()
    return float((ours - theirs).norm() / theirs.norm())


def dtype_name(dtype: torch.dtype) -> str:
    """A type of numbers as the report names it."""
    return str(dtype).removeprefix("torch.")


def wait_for(device: torch.device) -> None:
    """Until what was queued on a device is done, before a clock is read."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def run_checks(checks: Sequence[Check], progress: Callable[[int, str], None] | None = None) -> list[Section]:
    """Run each check by itself. progress is called with how many are done and the name of the next."""
    sections = []
    for done, check in enumerate(checks):
        look_for_interrupt()
        if progress is not None:
            progress(done, check.name)
        begin = time.perf_counter()
        findings: list[Finding] = []
        try:
            findings.extend(check.run())
        except torch.OutOfMemoryError:
            findings.append(Finding(LEFT_OUT, "the memory ran out here; close other programs and check again"))
        except SpatiaError as error:
            findings.append(Finding(FAIL, str(error)))
        except Exception as error:  # whatever a driver or package raises is what this check is there to find
            findings.append(Finding(FAIL, f"{type(error).__name__}: {_first_lines(str(error))}"))
        sections.append(Section(check.name, findings, time.perf_counter() - begin))
    if progress is not None:
        progress(len(checks), "")
    return sections


def failures(sections: Iterable[Section]) -> list[str]:
    """Every FAIL with the name of its check."""
    return [f"{section.name}: {text}" for section in sections for mark, text in section.findings if mark == FAIL]


def report_text(sections: Sequence[Section]) -> str:
    """All sections as text, the summary first."""
    marks = [finding.mark for section in sections for finding in section.findings]
    failed, held_ones = marks.count(FAIL), marks.count(PASS)
    summary = f"{failed} of {failed + held_ones} figures FAIL." if failed else f"All {held_ones} figures hold."
    if LEFT_OUT in marks:
        summary += f" {marks.count(LEFT_OUT)} could not be looked at here."
    lines = [summary]
    for section in sections:
        lines += ["", f"{section.name} ({section.seconds:.1f} s)"]
        lines += [f"  {f'{mark}  ' if mark else ''}{text}" for mark, text in section.findings]
    return "\n".join(lines)


def _first_lines(text: str) -> str:
    return " ".join(text.split())[:400]
