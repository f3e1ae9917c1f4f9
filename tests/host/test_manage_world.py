"""Manage World and the lists of worlds and files, through the host's executor."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from world_graphs import RESULTS, chain, clip, defaults, frames_of, head, node, samplers, world_of


@pytest.fixture
def manage(run, pack_nodes):
    """A function: widgets -> (report, file) of a Manage World that ran, or None where the host had it in its cache."""

    def manage(restart: bool = True, fails: str = "", **widgets):
        graph = {
            "manage": node("SpatiaManageWorld", **defaults("SpatiaManageWorld") | widgets),
            "report": node("Keep", value=["manage", 0], name="report"),
            "file": node("Keep", value=["manage", 1], name="file"),
        }
        ran = run(graph, restart=restart, fails=fails)
        return (RESULTS["report"], RESULTS["file"]) if "manage" in ran else None

    return manage


@pytest.fixture
def validated(pack_nodes):
    """A function: kind and inputs -> True, or what the host refuses the node with before anything runs."""
    import execution

    def validated(kind: str, **inputs):
        prompt = {"1": node(kind, **inputs)}
        valid, errors, _ = asyncio.run(execution.validate_inputs("prompt", prompt, "1", {}))
        return True if valid else " ".join(error["details"] for error in errors)

    return validated


def options(kind: str, name: str) -> list[str]:
    """What the page is told to offer, as it asks for it."""
    import nodes

    info = nodes.NODE_CLASS_MAPPINGS[kind].GET_NODE_INFO_V1()["input"]
    return next(info[part][name][1]["options"] for part in info if name in info[part])


@pytest.fixture
def forked(run, nodes_of):
    """The world "w": main of three clips, and "main 2", which has another third."""
    run(chain("w", seeds=(0, 0, 5)))
    run(chain("w"))
    return world_of(nodes_of, "w")


def test_it_lists(manage, forked, nodes_of):
    report, file = manage(world="w")
    lines = report.splitlines()
    assert (
        file == ""
        and lines[0] == "World w: 64x32."
        and lines[1].split() == ["clip", "frames", "seconds", "MiB", "branches"]
    )
    assert [line.split()[:2] for line in lines[2:-1]] == [["0", "1"], ["1", "4"], ["2", "4"], ["3", "4"], ["3", "4"]]
    assert lines[2].endswith("main 2, main") or lines[2].endswith("main, main 2")
    assert lines[-1].split()[:2] == ["total", "17"] and lines[-1].endswith("4 clip(s) and the image")
    assert manage(world="w", branch="of another world")[0] == report
    forked.copy_to(world_of(nodes_of, "hurt").folder)
    Path(world_of(nodes_of, "hurt").clip_folder(forked.head("main"))).joinpath("clip.json").unlink()
    lines = manage()[0].splitlines()
    assert lines[0].split()[:2] == ["world", "clips"] and [line.split()[0] for line in lines[1:]] == ["hurt", "w"]
    assert "could not be read" in lines[1] and lines[2].split()[1:3] == ["4", "17"]


def test_nothing_is_there_yet(manage):
    assert manage() == ("There is no world yet.", "")


def test_it_runs_again_when_the_world_has_changed(manage, forked, run):
    assert manage(world="w") is not None
    assert manage(world="w", restart=False) is None and manage(restart=False) is not None
    forked.stand("main", forked.clip_at(forked.head("main"), 1))
    assert "main 3" in manage(world="w", restart=False)[0] and "main 3" in manage(restart=False)[0]


def test_branches(manage, forked):
    end = forked.head("main")
    report, _ = manage(world="w", action="revert branch to clip", clip=1)
    assert report.startswith("The branch 'main' ends with clip 1 now.") and "kept as branch 'main 3'" in report
    assert forked.head("main 3") == end and forked.record(forked.head("main")).number == 1
    report, _ = manage(world="w", action="revert branch to clip", clip=0, branch="main")
    assert "Nothing had to be kept" in report
    report, _ = manage(world="w", action="new branch at clip", branch="main 3", clip=2, new_name=" night ")
    assert report.startswith("The branch 'night' begins after clip 2 of 'main 3'.")
    assert forked.record(forked.head("night")).number == 2
    manage(world="w", action="new branch at clip", branch="main 3", new_name="end")
    assert forked.head("end") == end
    report, _ = manage(world="w", action="delete branch", branch="main 3")
    assert "0 clip(s) with it; 0.0 MiB" in report
    size = forked.bytes_of(end) / 2**20
    assert f"1 clip(s) with it; {size:.1f} MiB" in manage(world="w", action="delete branch", branch="end")[0]
    assert not forked.has(end) and len(forked.clips()) == 4


def test_a_copy_goes_on_by_itself(manage, forked, run, nodes_of):
    report, _ = manage(world="w", action="copy world", new_name="copy")
    assert report.startswith("The world 'w' was copied to 'copy'.\nWorld copy: ")
    # The same graph with the copy's name: everything is read.
    assert samplers(run(chain("copy"))) == []
    # What a copy shares is not freed.
    assert "1 clip(s) with it; 0.0 MiB" in manage(world="copy", action="delete branch", branch="main 2")[0]
    assert len(forked.clips()) == 5


def test_an_archive_there_and_back(manage, forked, run, nodes_of, comfy_host, validated):
    report, file = manage(world="w", action="export to archive")
    assert file == "spatia/world_00001_.zip [output]" and file in report
    _, other = manage(world="w", action="export to archive", new_name="elsewhere/w")
    assert other == "elsewhere/w_00001_.zip [output]"
    assert set(options("SpatiaManageWorld", "archive")) >= {"<none>", file, other}
    report, _ = manage(action="import archive", archive=file, new_name="back")
    assert report.startswith("The world 'back' was made of ") and samplers(run(chain("back"))) == []
    # From the input folder, and what is no archive.
    output = Path(comfy_host) / "output"
    shutil.copy(output / "elsewhere/w_00001_.zip", comfy_host / "input" / "w.zip")
    (comfy_host / "input" / "no.zip").write_bytes(b"PK")
    manage(action="import archive", archive="w.zip", new_name="third")
    manage(action="import archive", archive="no.zip", new_name="fourth", fails="holds no whole world")
    assert options("SpatiaManageWorld", "world") == ["<all worlds>", "back", "third", "w"]
    for name in ("w.zip", "no.zip"):
        os.remove(comfy_host / "input" / name)
    assert not {"w.zip", "no.zip"} & set(options("SpatiaManageWorld", "archive"))


def test_what_is_missing_is_said_at_once(forked, validated):
    def said(**widgets):
        return validated("SpatiaManageWorld", **defaults("SpatiaManageWorld") | widgets)

    assert said() is True and said(world="w") is True
    for widgets, message in [
        (dict(world="gone"), "no world of that name"),
        (dict(world="../w"), "expected the name of one folder"),
        (dict(action="burn"), "expected one of list, "),
        (dict(action="copy world", new_name="x"), "No world is chosen"),
        (dict(action="copy world", world="w"), "new_name is empty, expected a name for the copy"),
        (dict(action="copy world", world="w", new_name="a/b"), "expected the name of one folder"),
        (dict(action="copy world", world="w", new_name="w"), "a world named 'w' already"),
        (dict(action="revert branch to clip", world="w"), "clip is -1"),
        (dict(action="revert branch to clip", world="w", clip=4), "holds 3 clip(s)"),
        (dict(action="revert branch to clip", world="w", clip=1, branch="no"), "branch 'no' was given"),
        (dict(action="new branch at clip", world="w"), "new_name is empty, expected a name for the new branch"),
        (dict(action="new branch at clip", world="w", new_name="main 2"), "has a branch 'main 2' already"),
        (dict(action="new branch at clip", world="w", new_name="a/b"), "without slashes"),
        (dict(action="delete branch", world="w", branch="no"), "branch 'no' was given"),
        (dict(action="import archive", new_name="x"), "No archive is chosen"),
        (dict(action="import archive", archive="gone.zip", new_name="x"), "was not found"),
        (dict(action="import archive", archive="world_start.png", new_name="x"), "expected a .zip"),
        (dict(action="import archive", archive="../x.zip", new_name="x"), "lies outside"),
        (dict(action="import archive"), "new_name is empty, expected a name for the imported world"),
    ]:
        answer = said(**widgets)
        assert answer is not True and message in answer, (widgets, answer)
        assert "not in" not in answer


# --- the list of worlds in Open World ---


def test_a_world_is_opened_by_choice(run, nodes_of, forked):
    assert options("SpatiaOpenWorld", "world") == ["<the name above>", "w"]
    other = chain("never begun")
    other["open"]["inputs"]["world"] = "w"
    assert samplers(run(other)) == [] and not world_of(nodes_of, "never begun").exists
    named = chain("w")
    named["open"]["inputs"]["world"] = "<the name above>"
    assert samplers(run(named)) == []
    # Clip by clip, where Open World goes into what makes a clip: the widget makes no other clips.
    loop = head("w", 2) | clip("", ["open", 1], ["open", 0], ["open", 2])
    loop |= {"keep": node("Keep", value=["commit", 1], name="loop")}
    assert samplers(run(loop)) == ["sampler"]
    for name, chosen in (("w", "<the name above>"), ("never begun", "w")):
        loop["open"]["inputs"] |= {"name": name, "world": chosen}
        assert samplers(run(loop)) == [] and frames_of(RESULTS["loop"]).shape[0] == 13
    assert len(forked.clips()) == 6


def test_a_chosen_world_that_is_gone_is_told(run, validated, forked):
    graph = head("w", -1)["open"]["inputs"] | {"world": "w"}
    del graph["memory"]
    assert validated("SpatiaOpenWorld", **graph) is True
    assert "there is no world of that name" in validated("SpatiaOpenWorld", **graph | {"world": "gone"})
    # The name counts only where it is used.
    assert validated("SpatiaOpenWorld", **graph | {"name": "a/b"}) is True
    assert "one folder" in validated("SpatiaOpenWorld", **graph | {"name": "a/b", "world": "<the name above>"})
    gone = chain("w")
    gone["open"]["inputs"]["world"] = "gone"
    run(gone, fails="no world of that name")


# --- the list of files in Load Scene ---


def test_files_are_listed_as_they_come_and_go(pack_nodes, validated, comfy_host, nodes_of):
    kind = "SpatiaLoadScene"
    folders = [comfy_host / "input" / "listed", comfy_host / "output" / "listed"]
    try:
        for k, folder in enumerate(folders):
            (folder / "deep" / "er").mkdir(parents=True)
            (folder / ".hidden").mkdir()
            (folder / "a world" / "clips").mkdir(parents=True)
            (folder / "a world" / "world.json").touch()
            for age, name in enumerate(
                ("old.ply", "deep/er/new.SPATIA", "no.txt", ".hidden/x.ply", "a world/clips/x.ply", "bad\x01.ply")
            ):
                (folder / name).touch()
                os.utime(folder / name, (1e9, 1e9 + 10 * age + k))
        (folders[0] / "link.ply").symlink_to("/etc/hostname")
        expected = [
            "listed/deep/er/new.SPATIA [output]", "listed/deep/er/new.SPATIA", "listed/old.ply [output]", "listed/old.ply",
        ]  # fmt: skip

        def listed() -> list[str]:
            return [name for name in options(kind, "file") if name.startswith("listed/")]

        assert listed() == expected
        # What came a moment ago is there, and what is known is not read again.
        files = nodes_of("nodes.host.files")
        for folder, _, _ in [*os.walk(folders[0]), *os.walk(folders[1])]:
            os.utime(folder, (1e9, 1e9))
        assert listed() == expected and str(folders[0]) in {path for path, _ in files._listed}
        (folders[0] / "deep" / "late.ply").touch()
        assert listed()[0] == "listed/deep/late.ply"
        (folders[0] / "deep" / "late.ply").unlink()
        assert listed() == expected
        widgets = defaults(kind)
        assert all(validated(kind, **widgets | {"file": name}) is True for name in expected)
        # Names of before, and such as no list holds.
        assert validated(kind, **widgets | {"file": "listed/old.ply [input]"}) is True
        assert "was not found" in validated(kind, **widgets | {"file": "gone.spatia"})
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def test_at_most_a_thousand_files_are_listed(pack_nodes, comfy_host):
    folder = comfy_host / "input" / "many"
    folder.mkdir()
    for k in range(1010):
        (folder / f"{k}.ply").touch()
    try:
        assert len(options("SpatiaLoadScene", "file")) == 1000
    finally:
        shutil.rmtree(folder)


def test_the_file_is_a_text_to_links_and_a_list_to_the_page(pack_nodes):
    import nodes

    kind, spec = nodes.NODE_CLASS_MAPPINGS["SpatiaLoadScene"].GET_NODE_INFO_V1()["input"]["required"]["file"]
    assert (kind, spec["widgetType"], spec["default"]) == ("STRING", "COMBO", "") and isinstance(spec["options"], list)
