"""Whether this machine computes what was tested elsewhere: checks, and the report of what they found."""

from .findings import (
    FAIL,
    LEFT_OUT,
    NOTE,
    PASS,
    Check,
    Finding,
    Section,
    dtype_name,
    failures,
    held,
    relative_error,
    report_text,
    run_checks,
    wait_for,
)
from .geometry import geometry_checks
from .machine import machine_check

__all__ = [
    "FAIL",
    "LEFT_OUT",
    "NOTE",
    "PASS",
    "Check",
    "Finding",
    "Section",
    "dtype_name",
    "failures",
    "geometry_checks",
    "held",
    "machine_check",
    "relative_error",
    "report_text",
    "run_checks",
    "wait_for",
]
