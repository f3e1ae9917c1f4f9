"""`run.py batch` on real servers: scenes become worlds and videos, through killed servers and actors and a scene that cannot be made."""

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
from ray_processes import actors

from spatia_core.cameras import make_cameras, write_cameras
from spatia_core.cloud.ply import read_ply
from spatia_core.world import MAIN, World
from tools.batch import batch
from tools.desk import COLUMNS
from tools.places import DEMO_IMAGE, ROOT, make_base
from tools.server import Server

TWIN = ROOT / "workflows" / "Memorize When Needed, runs now, one clip per run.json"
WALK = ROOT / "workflows" / "Long walk, runs now, one clip per run.json"
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
        whole = [{key: value for key, value in entry.items() if value is not None} for entry in whole]
        (folder / "prompt.json").write_text(json.dumps(whole))
        return folder / "prompt.json"

    return write


@pytest.fixture
def run(comfyui_path, tmp_path):
    """A function: list, options of the command -> (exit code, rows of scenes.csv by name)."""
    output = tmp_path / "made"

    def run(scenes: Path, **options):
        given = {
            "workflow": TWIN,
            "models": None,
            "device": "cpu",
            "workers": 0,
            "servers": None,
            "ray": None,
        } | options
        code = batch(Namespace(scenes=scenes, output=output, **given), comfyui_path, tmp_path / "cache")
        with open(output / "scenes.csv", newline="", encoding="utf-8") as file:
            return code, {row["name"]: row for row in csv.DictReader(file)}

    run.output = output
    return run


def clips_of(output: Path, world: str) -> dict[Path, int]:
    """The clips of a world that are there, its image among them, and when they were written."""
    # Half-written ones have a dot before their names, and are gone in a moment.
    found = (output / "spatia" / "worlds" / world / "clips").glob("[!.]*/clip.json")
    return {path: path.stat().st_mtime_ns for path in found}


def kill_after_first_clip(output: Path, world: str) -> threading.Thread:
    """Kills the server without warning once this world has its first clip."""

    def wait():
        while len(clips_of(output, world)) < 2:  # the image is the first
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
@pytest.mark.long(400, "starts servers, two of them anew, and makes four clips")
def test_a_list_is_made_through_a_killed_server_and_made_once(run, scene_list, capsys):
    killer = kill_after_first_clip(run.output, "killed")
    prompts = {"prompt": ["A room.", "The same room at night."]}  # a line for each clip
    code, rows = run(scene_list({"name": "killed"} | prompts, {"img": "strip.png"}, {"name": "whole"} | prompts))
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
    code, rows = run(scene_list({"name": "killed"} | prompts, {"name": "whole", "prompt": "Another room."}))
    assert code == 1 and rows["killed"]["state"] == "done" and "is there" in capsys.readouterr().out
    assert "holds a scene whole of another image, text, path or workflow" in rows["whole"]["error"]
    assert [path.stat().st_mtime_ns for path in videos] == written


@pytest.fixture
def standing(comfyui_path, tmp_path):
    """Two servers that somebody else started: one that writes into the batch's folder, one with a folder of its own."""
    servers = []
    for name, output in (("shared", tmp_path / "made"), ("own", tmp_path / "elsewhere")):
        make_base(tmp_path / name)
        extra = ("--output-directory", str(output))
        servers.append(Server(comfyui_path, tmp_path / name, tmp_path / name, extra=extra))
    with servers[0], servers[1]:
        yield servers


@pytest.mark.slow
@pytest.mark.long(600, "starts two servers and makes five scenes, one of them twice")
def test_scenes_are_made_on_servers_that_stand_somewhere(run, scene_list, standing, tmp_path, capsys):
    """One of the servers goes in the middle of a scene; each has a cloud, and comes back to where it began."""
    addresses = ",".join(f"127.0.0.1:{server.port}" for server in standing)
    there_and_back = {"preset": "out_and_back", "base_motion": "pan", "frames": 25, "angle": 15}
    scenes = scene_list(*({"name": f"scene{number}", "pose": None, "path": there_and_back} for number in range(4)))
    own = tmp_path / "elsewhere" / "spatia" / "worlds"

    def kill_at_its_second_scene() -> None:
        while len(list(own.glob("*"))) < 2:
            time.sleep(0.1)
        standing[1].kill()

    killer = threading.Thread(target=kill_at_its_second_scene, daemon=True)
    killer.start()
    code, rows = run(scenes, servers=addresses, device="auto", workflow=WALK)
    said = capsys.readouterr().out
    assert code == 0 and f"127.0.0.1:{standing[1].port} writes into a folder of its own" in said
    assert not killer.is_alive() and "starting it again" in said
    assert {row["state"] for row in rows.values()} == {"done"} and {row["tries"] for row in rows.values()} <= {"1", "2"}
    assert [path.name for path in (run.output / "spatia").iterdir()] == ["worlds"]
    worlds = [World(run.output / "spatia" / "worlds" / name) for name in rows]
    frames = [world.memory(world.head(MAIN)).read_frames(range(25)) for world in worlds]
    assert all(torch.equal(one, frames[0]) for one in frames)  # wherever they were made
    for row in rows.values():
        assert frames_of(run.output / row["video"]).shape == (25, 128, 192, 3)
        assert read_ply(run.output / row["cloud"]).size == int(row["points"]) > 1000
        assert float(row["psnr"]) > 15 and 0 < float(row["ssim"]) < 1 and row["clips"] == "1"
    code, again = run(scenes, servers=addresses.split(",")[0], device="auto", workflow=WALK)
    assert code == 0 and again == rows and capsys.readouterr().out.count("is there") == 4


@pytest.mark.slow
@pytest.mark.long(600, "starts four servers on a Ray cluster and makes six clips")
def test_a_list_is_made_on_a_cluster_through_killed_actors(run, scene_list, ray_installed, capsys):
    """kill -9 of two actors in the middle of a scene: their servers end with them, and the scenes go on from their last clip."""
    names = [f"scene{number}" for number in range(3)]
    killed: list[str] = []
    outlived: list[psutil.Process] = []
    kept: dict[Path, int] = {}

    def kill_two() -> None:
        for _ in range(2):
            while not (
                begun := [name for name in names if len(clips_of(run.output, name)) == 2 and name not in killed]
            ):
                time.sleep(0.05)
            killed.append(begun[0])
            kept.update(clips_of(run.output, begun[0]))
            actor = actors(".make")[0]
            children = actor.children(recursive=True)
            assert any("main.py" in " ".join(child.cmdline()) for child in children)
            actor.kill()
            outlived.extend(psutil.wait_procs(children, timeout=20)[1])

    killer = threading.Thread(target=kill_two, daemon=True)
    killer.start()
    code, rows = run(scene_list(*({"name": name} for name in names)), ray="local", workers=2)
    assert not killer.is_alive() and len(killed) == 2
    assert code == 0 and {row["state"] for row in rows.values()} == {"done"}
    assert sum(int(row["tries"]) for row in rows.values()) == 5 and "was lost" in capsys.readouterr().out
    assert not outlived
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())
    assert len({(run.output / row["video"]).read_bytes() for row in rows.values()}) == 1
    assert all(len(clips_of(run.output, name)) == 3 for name in names)
