"""A process whose children write files until they are killed: `python writers.py FOLDER`, driven by test_files.py.

It imports what writes once, and forks for every kill. On its standard input: a kind and milliseconds. On its standard
output: "killed" when the child was killed in its work. Each child writes the file of that kind over and over, first
version 0, then 1, then 0; which of the two a whole file holds, `version_of` tells.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from spatia_core.cameras import make_cameras, write_cameras
from spatia_core.cloud.ply import read_ply, write_ply
from spatia_core.cloud.point_cloud import make_point_cloud
from spatia_core.files import replacing, write_bytes, write_text
from spatia_core.memory import Clip, HeldFrames, SpatialMemory, load_memory, memory_of_image, save_memory
from spatia_core.memory.clip import no_change
from spatia_core.weights.scaled import save_quantised

POINTS, FRAMES, HEIGHT, WIDTH = 4000, 5, 24, 32


def _cloud(version: int):
    generator = torch.Generator().manual_seed(version)
    positions = torch.rand(POINTS, 3, generator=generator)
    return make_point_cloud(positions, torch.full((POINTS, 3), version, dtype=torch.uint8))


def _cameras(version: int):
    w2c = torch.eye(4, dtype=torch.float64).repeat(FRAMES, 1, 1)
    w2c[:, 0, 3] = version
    return make_cameras(w2c, [1, 1, 0.5, 0.5])


def _memory(version: int) -> SpatialMemory:
    frames = torch.randint(
        0, 256, (FRAMES, HEIGHT, WIDTH, 3), generator=torch.Generator().manual_seed(version), dtype=torch.uint8
    )
    cameras = _cameras(version)
    start = memory_of_image(frames[0], cameras.select(0), _cloud(version), notes=(f"version {version}",))
    clip = Clip(HeldFrames(frames[1:]), cameras.select(slice(1, None)), 1, no_change(POINTS))
    return start._replace(clips=(*start.clips, clip))


def _save_picture(path: Path, version: int) -> None:
    from PIL import Image

    with replacing(path) as part:
        Image.new("RGB", (300, 200), (version, 0, 0)).save(part, "PNG")


def _picture_version(path: Path) -> int:
    from PIL import Image

    with Image.open(path) as image:
        return image.convert("RGB").getpixel((299, 199))[0]


def _cameras_version(path: Path) -> int:
    lines = path.read_text().splitlines()
    assert len(lines) == FRAMES
    return int(json.loads(lines[-1])[0][3])


# kind: (ending, write(path, version), version_of(path), which raises on a file that is not whole)
KINDS = {
    "PLY": (".ply", lambda path, version: write_ply(_cloud(version), path), lambda path: int(read_ply(path).colors[-1, 0])),
    "archive": (".spatia", lambda path, version: save_memory(_memory(version), path), lambda path: int(load_memory(path).notes[0].split()[1])),
    "cameras": (
        ".txt",
        lambda path, version: write_text(path, write_cameras(_cameras(version), "spatia", width=WIDTH, height=HEIGHT)["w2c.txt"]),
        _cameras_version,
    ),
    "weights": (
        ".safetensors",
        lambda path, version: save_quantised({"a.weight": torch.full((256, 256), 1.0 + version), "b": torch.ones(9)}, path),
        lambda path: round(float(load_file(path)["a.weight.scale"][0, 0]) * 127) - 1,
    ),
    "display cloud": (
        ".bin", lambda path, version: write_bytes(path, bytes([version]) * 100_000), lambda path: _only(set(path.read_bytes()), path.stat().st_size)
    ),
    "picture": (".png", _save_picture, _picture_version),
}  # fmt: skip


def _only(values: set[int], size: int) -> int:
    assert len(values) == 1 and size == 100_000
    return values.pop()


def _write_for_ever(path: Path, write) -> None:
    version = 0
    while True:
        write(path, version)
        version = 1 - version


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    _save_picture(folder / "warm.png", 0)  # imports what is only imported when it is used
    (folder / "warm.png").unlink()
    print("ready", flush=True)
    for line in sys.stdin:
        kind, milliseconds = line.rsplit(maxsplit=1)
        ending, write, _ = KINDS[kind]
        child = os.fork()
        if child == 0:
            try:
                _write_for_ever(folder / f"file{ending}", write)
            finally:
                os._exit(1)
        time.sleep(float(milliseconds) / 1000)
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        print("killed" if os.WIFSIGNALED(status) else f"ended by itself with {status}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
