"""The process in which inputs are tried, so that a crash, a hang or a flood of memory is seen and costs nobody.

`python child.py` reads requests from its standard input, one JSON line each: {"target": name, "input": base64}. It
answers each on its standard output with one JSON line: {"outcome": "answer" | "refusal" | "error", "text", "seconds",
"mebibytes"}.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

LONGEST_MESSAGE = 2000
HEADROOM = 3 << 30  # bytes beyond what the process has at its start, after which the system refuses it more


def peak() -> int:
    """Greatest resident size (bytes) since the last reset_peak(), where the system can tell, else since the start."""
    try:
        text = Path("/proc/self/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) << 10
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def reset_peak() -> None:
    with contextlib.suppress(OSError):  # not Linux: the greatest size since the start stands in
        Path("/proc/self/clear_refs").write_text("5")


def limit_memory() -> None:
    try:
        size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (size + HEADROOM, size + HEADROOM))


def judged(error: BaseException, names: tuple[str, ...]) -> tuple[str, str]:
    """Whether an error is a refusal that tells its reader what to change, and its text."""
    # By its name: the pack, as the host loads it, has a class of its own.
    if type(error).__name__ != "SpatiaError":
        return "error", traceback.format_exc()
    if not any(word in str(error) for word in names):
        return "error", f"The message names none of {', '.join(names)}: {error}"
    if len(str(error)) > LONGEST_MESSAGE:
        return "error", f"A message of {len(str(error))} characters, which no screen holds: {str(error)[:500]}"
    return "refusal", str(error)


def main() -> None:
    # What a target prints must not be taken for an answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    import targets

    targets.warm_up()
    if os.environ.get("COMFYUI_PATH"):
        import host_targets

        targets.TARGETS.update(host_targets.TARGETS)
    limit_memory()
    print(json.dumps({"ready": sorted(targets.TARGETS)}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        data = base64.b64decode(request["input"])
        target = targets.TARGETS[request["target"]]
        reset_peak()
        # The processor's time: a machine that is busy with other work is no fault of an input. Who sleeps is seen by the
        # parent's patience.
        before, began = peak(), time.process_time()
        try:
            target.run(data)
            outcome, text = "answer", ""
        except BaseException as error:
            outcome, text = judged(error, target.names)
        seconds, size = time.process_time() - began, (peak() - before) / 2**20
        print(
            json.dumps({"outcome": outcome, "text": text[-4000:], "seconds": seconds, "mebibytes": size}),
            file=answers,
            flush=True,
        )


if __name__ == "__main__":
    main()
