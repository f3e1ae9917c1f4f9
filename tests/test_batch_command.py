"""`run.py batch` before any server: where scenes are to be made, and what an output folder says of those that were."""

import csv
import json
from argparse import Namespace
from pathlib import Path

import pytest

from spatia_core.errors import SpatiaError
from spatia_core.files import locked
from tools import command_line
from tools.batch import batch
from tools.console import RunError
from tools.desk import COLUMNS, Ledger, addresses
from tools.places import DEMO_IMAGE, ROOT

WORKFLOW = ROOT / "workflows" / "Long walk, runs now, one clip per run.json"


def test_servers_are_named_by_host_and_port():
    assert addresses("192.168.1.7:8188, card-2.local:80,[::1]:8188") == [
        "192.168.1.7:8188",
        "card-2.local:80",
        "[::1]:8188",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "host", "host:", ":8188", "host:0", "host:65536", "host:1e3", "http://host:8188", "a:1,,b:2", "ho st:1"],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(RunError, match="expected host:port"):
        addresses(text)


def test_a_server_is_named_once():
    with pytest.raises(RunError, match="names a:1 twice"):
        addresses("a:1,b:1,a:1")


@pytest.fixture
def options(tmp_path):
    """A function: options of the command line -> those of a list of one scene."""
    entry = {"img": str(DEMO_IMAGE), "prompt": "A room.", "path": {"preset": "pan", "frames": 25}}
    (tmp_path / "scenes.jsonl").write_text(json.dumps(entry))

    def read(*more: str) -> Namespace:
        given = [
            "batch",
            str(tmp_path / "scenes.jsonl"),
            "--output",
            str(tmp_path / "made"),
            "--workflow",
            str(WORKFLOW),
        ]
        return command_line.read([*given, *more])

    return read


@pytest.mark.parametrize("more", [("--models", "."), ("--workers", "2"), ("--device", "cpu")])
def test_standing_servers_have_their_own_settings(options, tmp_path, more):
    with pytest.raises(RunError, match="--servers names some that stand somewhere; leave them out"):
        batch(options("--servers", "a:1", *more), tmp_path, tmp_path / "cache")


@pytest.mark.parametrize("more", [("--servers", "a:1", "--ray", "auto"), ("--workers", "0"), ("--workers", "many")])
def test_what_does_not_go_together_is_refused(options, more):
    with pytest.raises(SystemExit):
        options(*more)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nodes": 3}', '{"nodes": [{}]}', "\x00"])
def test_a_file_that_is_no_workflow_is_refused(options, tmp_path, text):
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(RunError, match="mine.json is no workflow"):
        batch(options("--workflow", str(tmp_path / "mine.json")), tmp_path, tmp_path / "cache")


def test_one_batch_at_a_time_works_in_a_folder(options, tmp_path):
    with locked(tmp_path / "made" / "batch.lock", 0), pytest.raises(RunError, match="Another batch is at work in"):
        batch(options(), tmp_path, tmp_path / "cache")
    assert not (tmp_path / "made" / "batch.json").exists()


def test_a_file_in_the_place_of_the_folder_is_told(options, tmp_path):
    (tmp_path / "made").write_text("mine")
    with pytest.raises(RunError, match="made"):
        batch(options(), tmp_path, tmp_path / "cache")


def test_a_ledger_is_read_back_and_shows_the_scenes_of_its_list(tmp_path):
    ledger = Ledger(tmp_path, ["b", "a"])
    ledger.put("a", state="done", video="a.mp4", digest="1")
    Ledger(tmp_path, ["other"]).put("other", state="failed", error='one\nor another, "quoted"')
    again = Ledger(tmp_path, ["b", "a"])
    again.put("b", state="failed", psnr=31.5)
    assert set(again.rows) == {"a", "b", "other"} and again.rows["a"]["digest"] == "1"
    with open(tmp_path / "scenes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["b", "a"] and tuple(rows[0]) == COLUMNS and rows[0]["psnr"] == "31.5"


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}'])
def test_a_damaged_ledger_is_told(tmp_path, text):
    Path(tmp_path / "batch.json").write_text(text)
    with pytest.raises(SpatiaError, match="batch.json cannot be read"):
        Ledger(tmp_path, [])
