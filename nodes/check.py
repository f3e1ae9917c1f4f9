"""Spatia Check: whether this machine computes what was tested elsewhere, as text to paste into an issue."""

from __future__ import annotations

import time
from typing import Any

import comfy.utils
from comfy_api.latest import io

from ..spatia_core.selfcheck import failures, report_text, run_checks
from .host.checks import all_checks
from .host.notices import Bulletin
from .host.reports import report_ui


class SpatiaCheck(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaCheck",
            display_name="Spatia Check",
            category="Spatia",
            search_aliases=["self test", "benchmark", "diagnose", "report an issue", "system info"],
            description="Runs small recorded networks and scenes on this machine and says whether it computes the same, how fast, which model files fit and what to set.",
            is_output_node=True,
            inputs=[
                io.Boolean.Input(
                    "full",
                    default=False,
                    tooltip="Also measure seconds per step and memory at 832x480 and 1248x704, with random weights of the released width. Takes minutes and gigabytes.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="report", tooltip="The whole report, to paste into an issue."),
                io.Boolean.Output(display_name="passed", tooltip="Whether every figure holds its tolerance."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **kwargs: Any) -> float:
        # The machine is looked at, not the inputs: never from the cache.
        return time.time()

    @classmethod
    def execute(cls, full: bool) -> io.NodeOutput:
        bulletin = Bulletin(cls)
        checks = all_checks(full)
        bar = comfy.utils.ProgressBar(len(checks))

        def progress(done: int, name: str) -> None:
            bulletin.state(f"{done} of {len(checks)}: {name}" if name else "")
            bar.update_absolute(done)

        sections = run_checks(checks, progress)
        report, failed = report_text(sections), failures(sections)
        return io.NodeOutput(report, not failed, ui=report_ui(report, warnings=failed))


NODES = [SpatiaCheck]
