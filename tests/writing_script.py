"""What a process of tools/own_process.py runs in its tests: writes a file for each piece of work, or fails as it says."""

import os
import time
from pathlib import Path

from tools.console import RunError
from tools.own_process import serve


def opened(folder: str):
    if not Path(folder).is_dir():
        raise RunError(f"{folder} is no folder")

    def make(work: dict) -> dict:
        with open(Path(folder) / f"{work['name']}.tries", "a") as file:
            file.write(f"{os.getpid()}\n")
        tries = len((Path(folder) / f"{work['name']}.tries").read_text().splitlines())
        time.sleep(work.get("seconds", 0))
        if tries <= work.get("failures", 0):
            raise work["error"]
        if tries <= work.get("ends", 0):
            print("the last that was heard of it", flush=True)
            os._exit(3)
        return {"pid": os.getpid(), "folder": os.getcwd(), "threads": os.environ.get("OMP_NUM_THREADS")}

    return make


if __name__ == "__main__":
    serve(opened)
