"""`run.py batch` on real servers: scenes become worlds and videos, through a killed server and a scene that cannot be made."""

import csv
import json
import math
import threading
import time
from argparse import Namespace
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from spatia_core.cameras import make_cameras, write_cameras
from spatia_core.world import MAIN, World
from tools.batch import COLUMNS, batch
from tools.places import DEMO_IMAGE, ROOT

TWIN = ROOT / "workflows" / "Memorize When Needed, runs now, one clip per run.json"
PATH_FRAMES = 43  # two clips of the workflow, and two frames that fill no third


@pytest.fixture
def scene_list(tmp_path):
    """A function: entries -> a list beside a room, a strip that no clip can start from, and a path that turns and comes back."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "room.png").write_bytes(DEMO_IMAGE.read_bytes())
    Image.new("RGB", (1, 9000)).save(folder / "strip.png")
    w2c = torch.eye(4, dtype=torch.float64).repeat(PATH_FRAMES, 1, 1)
    for frame in range(PATH_FRAMES):
        angle = math.radians(25) * math.sin(math.pi * frame / (PATH_FRAMES - 1))
        w2c[frame, 0, 0] = w2c[frame, 2, 2] = math.cos(angle)
        w2c[frame, 0, 2], w2c[frame, 2, 0] = -math.sin(angle), math.sin(angle)
    (text,) = write_cameras(make_cameras(w2c, [0.832, 1.248, 0.5, 0.5]), "memorize", width=192, height=128).values()
    (folder / "path.txt").write_text(text)

    def write(*entries: dict) -> Path:
        whole = [{"img": "room.png", "prompt": "A room.", "pose": "path.txt"} | entry for entry in entries]
        (folder / "prompt.json").write_text(json.dumps(whole))
        return folder / "prompt.json"

    return write


@pytest.fixture
def run(comfyui_path, tmp_path):
    """A function: list -> (exit code, rows of scenes.csv by name)."""
    output = tmp_path / "made"

    def run(scenes: Path, workflow: Path = TWIN):
        options = Namespace(scenes=scenes, output=output, workflow=workflow, models=None, device="cpu")
        code = batch(options, comfyui_path, tmp_path / "cache")
        with open(output / "scenes.csv", newline="", encoding="utf-8") as file:
            return code, {row["name"]: row for row in csv.DictReader(file)}

    run.output = output
    return run


def kill_after_first_clip(output: Path, world: str) -> threading.Thread:
    """Kills the server without warning once this world has its first clip."""

    def wait():
        clips = output / "spatia" / "worlds" / world / "clips"
        while len(list(clips.glob("*/clip.json"))) < 2:  # the image is the first
            time.sleep(0.1)
        for process in psutil.Process().children(recursive=True):
            if str(output) in process.cmdline():
                process.kill()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def frames_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.slow
def test_a_list_is_made_through_a_killed_server_and_made_once(run, scene_list, capsys):
    killer = kill_after_first_clip(run.output, "killed")
    code, rows = run(scene_list({"name": "killed"}, {"img": "strip.png"}, {"name": "whole"}))
    assert not killer.is_alive()
    assert code == 1 and tuple(rows["whole"]) == COLUMNS
    assert {name: (row["state"], row["tries"], row["frames"]) for name, row in rows.items()} == {
        "killed": ("done", "2", "41"), "strip": ("failed", "3", "0"), "whole": ("done", "1", "41"),
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "starting it again" in said and "2 of 3 scenes" in said and rows["strip"]["error"] in said
    # What was interrupted and gone on with is what was made in one go.
    worlds = [World(run.output / "spatia" / "worlds" / name) for name in ("killed", "whole")]
    one, two = (world.memory(world.head(MAIN)).read_frames(range(41)) for world in worlds)
    assert torch.equal(one, two)
    videos = [run.output / rows[name]["video"] for name in ("killed", "whole")]
    assert videos[0].read_bytes() == videos[1].read_bytes()
    for path in videos:
        frames = frames_of(path)
        assert frames.shape == (41, 128, 192, 3) and np.abs(frames - one.numpy().astype(int)).mean() < 3
    # The camera is back, and so is the place: frame 40 meets frame 2, and is far from where the camera turned round.
    turned, back = ((one[40].float() - one[frame].float()).square().mean() for frame in (20, 2))
    assert back < 0.5 * turned
    with Image.open(run.output / "sheet.jpg") as sheet:
        assert sheet.width > 6 * 160

    written = [path.stat().st_mtime_ns for path in videos]
    code, rows = run(scene_list({"name": "killed"}, {"name": "whole", "prompt": "Another room."}))
    assert code == 1 and rows["killed"]["state"] == "done" and "is there" in capsys.readouterr().out
    assert "holds a scene whole of another image, text, path or workflow" in rows["whole"]["error"]
    assert [path.stat().st_mtime_ns for path in videos] == written
