"""`run.py paper` on real servers: tables of drawn sets in the formats of WorldScore, RealEstate10K and Memorize When Needed."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from spatia_core.world import MAIN, World
from tools import command_line
from tools.console import RunError
from tools.desk import Desk, Ledger, read_workflow
from tools.paper.command import paper
from tools.paper.figures import Meters
from tools.paper.setting import Pace
from tools.paper.study import WEIGHTS, Sources, Study, template_of
from tools.paper.tables import BENCHMARK, CLOSED, FILMED, TABLES
from tools.paper.worldscore import OUTPUT, read_worldscore, sample
from tools.scene_workflow import Windows
from tools.workflows import nodes_of

SCENES = 2


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """The drawn sets, as `training/stand_in.py` makes them."""
    from spatia_pack.training.data.public_sets import draw_sets

    folder = tmp_path_factory.mktemp("sets") / "drawn"
    draw_sets(folder, SCENES, 1_000_500)
    return folder


@pytest.fixture
def make(comfyui_path, sets, tmp_path):
    """A function: tables, further options -> (exit code, rows of shots.csv, the page)."""

    def make(tables: str, *more: str):
        given = [
            "--worldscore", str(sets / "WorldScore-Dataset"), "--re10k", str(sets / "re10k"), "--memorize", str(sets / "memorize" / "prompt.json"),
            "--out", str(tmp_path / "out"), "--device", "cpu", "--limit", "1",
        ]  # fmt: skip
        options = command_line.read(["paper", "--tables", tables, *given, *more])
        code = paper(options, comfyui_path, tmp_path / "cache")
        with open(tmp_path / "out" / "shots.csv", newline="", encoding="utf-8") as file:
            rows = {row["tables"]: row for row in csv.DictReader(file)}
        return code, rows, (tmp_path / "out" / "README.md").read_text(encoding="utf-8")

    make.out = tmp_path / "out"
    return make


def only_rows(monkeypatch, table: str, *rows: str) -> None:
    """Leave a table these rows: each shot takes as long as anywhere."""
    for name in list(TABLES[table].rows):
        if name not in rows:
            monkeypatch.delitem(TABLES[table].rows, name)


@pytest.mark.slow
@pytest.mark.long(500, "starts two servers and makes six clips")
def test_loops_with_and_without_memory(make, monkeypatch, capsys):
    """Parts of Tables 4 and 6, which share a shot; the same again makes nothing, other meters measure what is there."""
    only_rows(monkeypatch, "4", "neither", "both")
    only_rows(monkeypatch, "6", "backbone, 2 clips", "memory, 2 clips")
    code, rows, page = make("4,6", "--matcher", "dense_sift")
    assert code == 0 and set(rows) == {"4: neither", "6: backbone, 2 clips", "4: both; 6: memory, 2 clips"}
    neither, backbone, both = (
        rows[name] for name in ("4: neither", "6: backbone, 2 clips", "4: both; 6: memory, 2 clips")
    )
    assert float(both["psnr_c"]) > max(float(neither["psnr_c"]), float(backbone["psnr_c"])) + 5
    assert all(0 < float(row["s a clip"]) < 600 and row["clips"] == "2" for row in rows.values())
    assert all(0.3 < float(row["peak GiB"]) < 30 for row in rows.values())
    assert "1 scene." in page and f"| both | {float(both['psnr_c']):.2f}" in page
    assert "backbone, 6 clips (Wan2.2)" in page
    worlds = [World(make.out / "shots" / "spatia" / "worlds" / row["name"]) for row in (both, backbone)]
    memory = worlds[0].memory(worlds[0].head(MAIN))
    first, last = memory.read_frames([0, memory.frame_count - 1]).float()
    assert float((first - last).square().mean()) < 300 and memory.cloud.size > 1000
    records = worlds[1].chain(worlds[1].head(MAIN))
    assert [record.history for record in records[2:]] == [1]  # it goes on from one frame
    assert {record.cloud for record in records[2:]} == {"same"}  # and learns nothing

    made = {path: path.stat().st_mtime_ns for path in (make.out / "shots").glob("*.mp4")}
    capsys.readouterr()
    code, measured, page = make("4,6", "--matcher", "xfeat")
    assert code == 0 and "Match Accuracy by XFeat" in page and len(made) == 3
    assert {path: path.stat().st_mtime_ns for path in (make.out / "shots").glob("*.mp4")} == made
    for tables, row in measured.items():
        assert row["psnr_c"] == rows[tables]["psnr_c"] and row["match_c"] != rows[tables]["match_c"]
    assert "is there" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.long(400, "starts two servers and makes three clips")
def test_filmed_videos_are_repeated_in_their_own_unit(make, monkeypatch, capsys):
    """Tables 2 and 7 of the chunks; the same again makes nothing."""
    only_rows(monkeypatch, "7", "0.01 m", "0.07 m")
    code, rows, page = make("2,7", "--matcher", "dense_sift")
    assert code == 0 and len(rows) == 3  # the small weights' own voxel size is none of the table's
    capsys.readouterr()
    assert make("2,7", "--matcher", "dense_sift")[1] == rows and capsys.readouterr().out.count("is there") == 3
    psnr = {tables: float(row["psnr"]) for tables, row in rows.items()}
    assert psnr["2: one clip"] > 22 and psnr["7: 0.01 m"] > psnr["7: 0.07 m"]
    (path,) = (make.out / "shots" / "scales").glob("*.json")
    told = json.loads(path.read_text())
    key = path.stem.removeprefix("test__")
    metres = _unit(key)
    # As exact as the estimated depth is.
    assert told["known"] > 0.02 and told["scale"] == pytest.approx(1 / metres, rel=0.3)
    assert not list((make.out / "shots" / "spatia" / "scale").glob("*"))
    assert "SEVA" in page and "| 0.07 m |" in page


def _unit(key: str) -> float:
    """Units to the metre of a drawn video: its files do not say it, its seed does."""
    return float(np.exp(np.random.default_rng([int(key, 16), 1]).uniform(np.log(0.3), np.log(3))))


@pytest.mark.slow
@pytest.mark.long(400, "starts a server and makes up to six clips")
def test_worldscores_folders_and_a_list_of_scenes(make, sets):
    code, rows, page = make("1,revisit", "--matcher", "dense_sift")
    assert code == 0 and "1 of 1 videos are in `worldscore_output/`" in page
    (entry,) = sample(read_worldscore(sets / "WorldScore-Dataset"), 1)
    folder = make.out / OUTPUT / entry.id
    count = 24 * len(entry.motions) + 1
    assert json.loads((folder / "image_data.json").read_text())["total_frames"] == count
    frames = sorted((folder / "frames").iterdir())
    assert len(frames) == count and frames[-1].name == f"{count - 1:03d}.png"
    with Image.open(frames[0]) as first, Image.open(folder / "input_image.png") as given:
        assert first.size == given.size == (832, 554)
    assert "resolution: [832, 554]" in (make.out / "spatia.yaml").read_text()
    listed = next(row for tables, row in rows.items() if tables.startswith("revisit"))
    assert float(listed["revisit_psnr"]) > 15 and int(float(listed["frames"])) == 41


def test_what_is_missing_is_said_before_any_server_starts(make, sets, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(sets / "WorldScore-Dataset", broken)
    next(broken.glob("static/*/images/*/*/*.png")).unlink()
    with pytest.raises(RunError, match="which is no file of the dataset"):
        make("3", "--worldscore", str(broken))
    assert not (make.out / "shots").exists()


@pytest.mark.parametrize("data", [CLOSED, FILMED, BENCHMARK])
def test_shots_of_the_released_weights_pass_the_servers_checks(submit, object_info, sets, tmp_path, data):
    """Their files are stand-ins here: each shot is accepted as a graph, and then refused by a loader that names its file."""
    weights = WEIGHTS["5b"]
    names = [name for name, table in TABLES.items() if table.data == data]
    template = template_of(read_workflow(weights.file(data)), weights.windows)
    study = Study(names, weights, Pace(None, 20, 1.0), {data: template}, Meters("dense_sift", ""), tmp_path)
    if data == FILMED:  # the drawn videos are shorter than a clip
        template = template._replace(windows=Windows(41, 41, 9))
        study = Study(
            names,
            weights._replace(windows=template.windows),
            Pace(),
            {data: template},
            Meters("dense_sift", ""),
            tmp_path,
        )
    study.take(Sources(sets / "WorldScore-Dataset", sets / "re10k", None, None, 1))
    desk = Desk(list(study.shots.values()), Ledger(tmp_path, list(study.shots)), tmp_path)
    jobs = desk.jobs(object_info)
    assert len(jobs) == len(study.shots)
    for prompt in (job.work.prompt for job in jobs):
        prompt[nodes_of(prompt, "LoadImage")[0]]["inputs"]["image"] = "image.png"
        with pytest.raises(RunError) as refused:
            submit(prompt)
        assert "validation" not in str(refused.value) and "Load" in str(refused.value)
