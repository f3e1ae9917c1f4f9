"""Camera and editing nodes inside the real host: sockets, files, confinement."""

import contextlib
import json
import os
from pathlib import Path

import pytest
import torch
from page_defaults import defaults, run

CASE_3 = Path(__file__).resolve().parent.parent / "data" / "cameras" / "case_3"


@pytest.fixture
def cameras_module(pack_module):
    return pack_module("nodes.cameras")


@pytest.fixture
def edit_module(pack_module):
    return pack_module("nodes.edit")


@pytest.fixture
def error(pack_module):
    return pack_module("spatia_core.errors").SpatiaError


# --- Camera Path ---


def test_path_without_a_memory_starts_at_the_origin(cameras_module):
    path, frames = run(cameras_module.SpatiaCameraPath, frames=9)
    assert path.count == frames == 9
    assert torch.equal(path.w2c[0], torch.eye(4, dtype=torch.float64))
    assert path.intrinsics[0, 1] / path.intrinsics[0, 0] == pytest.approx(1248 / 704)


def test_path_starts_at_the_memory_and_takes_its_depth(cameras_module, memory):
    path, _ = run(cameras_module.SpatiaCameraPath, preset="dolly", distance=0.5, frames=5, memory=memory)
    assert torch.equal(path.w2c[0], memory.cameras.w2c[-1]) and torch.equal(
        path.intrinsics[0], memory.cameras.intrinsics[-1]
    )
    torch.testing.assert_close(path.centers[-1] - path.centers[0], torch.tensor([0, 0, 1.0], dtype=torch.float64))


def test_a_path_says_what_its_editor_warns_of(cameras_module, memory):
    """The memory's wall stands at depth 2."""
    node = cameras_module.SpatiaCameraPath

    def told(**inputs):
        output = node.execute(**(defaults(node) | {"memory": memory} | inputs))
        return output.ui["text"][0], output.ui["spatia_report"][0]["warnings"]

    text, warnings = told(preset="dolly", distance=0.5, frames=41)
    assert text == "41 frames; turns at most 0.0 degrees per frame." and warnings == []
    # Of a subject farther away, the wall's points lie dense enough to be one.
    _, (wall,) = told(preset="dolly", distance=0.4, depth=8.0, frames=41)
    assert wall.endswith("the camera goes through a surface of the scene.")
    text, (fast,) = told(preset="pan", angle=170.0, frames=21)
    assert "faster than 3 degrees" in fast and "turns at most 1" in text
    assert told(preset="pan", frames=1)[1] == []


def test_closing_returns_to_the_given_image(cameras_module, memory):
    path, frames = run(
        cameras_module.SpatiaCameraPath, preset="pan", frames=5, memory=memory, close_loop="append", closing_frames=4
    )
    assert frames == path.count == 9 and torch.equal(path.w2c[-1], memory.cameras.w2c[0])


def test_example_keyframes_run(cameras_module):
    path, _ = run(cameras_module.SpatiaCameraPath, preset="keyframes")
    assert torch.allclose(path.w2c[-1], path.w2c[0]) and path.centers[12, 0] > 0


def test_bad_text_is_refused_before_anything_runs(cameras_module, edit_module):
    check = cameras_module.SpatiaCameraPath.validate_inputs
    assert check(preset="keyframes", keyframes=None) is True and check(preset="pan", keyframes="1 2") is True
    assert "Line 1" in check(preset="keyframes", keyframes="1 2") and "'zoom'" in check(preset="zoom")
    check = edit_module.SpatiaEditPointCloud.validate_inputs
    assert check() is True and check(edits='{"do": "merge"}') is True
    assert "no valid JSON" in check(edits="{") and "'explode'" in check(edits='{"do": "explode"}')


# --- files ---


@pytest.mark.parametrize("format", ["spatia", "realestate10k", "nerfstudio", "colmap", "memorize", "gltf"])
def test_exported_cameras_are_imported_again(cameras_module, comfy_host, format):
    path, _ = run(cameras_module.SpatiaCameraPath, preset="spiral", frames=7)
    name, _ = run(cameras_module.SpatiaExportCameras, cameras=path, format=format, filename_prefix=f"{format}/path")
    assert name.startswith(f"{format}/path_00001_") and name.endswith(" [output]")
    assert cameras_module.SpatiaImportCameras.validate_inputs(file=name) is True
    again, frames = run(cameras_module.SpatiaImportCameras, file=name)
    assert frames == 7
    # glTF keeps 32 bits of a number.
    torch.testing.assert_close(again.w2c, path.w2c, atol=1e-6 if format == "gltf" else 1e-12, rtol=0)
    torch.testing.assert_close(again.intrinsics, path.intrinsics, atol=1e-12, rtol=0)
    second, _ = run(cameras_module.SpatiaExportCameras, cameras=path, format=format, filename_prefix=f"{format}/path")
    assert "00002" in second


def test_a_folder_of_the_official_files(cameras_module, comfy_host, memory):
    folder = comfy_host / "input" / "case"
    folder.mkdir(exist_ok=True)
    for name in ("w2c.txt", "intrinsics.txt"):
        (folder / name).write_text((CASE_3 / name).read_text())
    path, frames = run(cameras_module.SpatiaImportCameras, file="case")
    assert frames == 121
    stamp = cameras_module.SpatiaImportCameras.fingerprint_inputs(file="case", format="auto")
    assert len(stamp) == 2
    carried, _ = run(
        cameras_module.SpatiaImportCameras, file="case/w2c.txt", start="at the memory's last camera", memory=memory
    )
    assert torch.equal(carried.w2c[0], memory.cameras.w2c[-1])
    torch.testing.assert_close(carried.w2c[1:] @ memory.cameras.c2w[-1], path.w2c[1:] @ path.c2w[0], atol=1e-12, rtol=0)
    pasted, _ = run(
        cameras_module.SpatiaImportCameras, text=(folder / "w2c.txt").read_text(), intrinsics="[1 1.8 .5 .5]", scale=2.0
    )
    assert pasted.count == 121


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "/etc/hostname",
        "a/../../secret.txt",
        "link.txt",
        "gone.txt",
        "x\0.txt",
        "../secret.txt [output]",
    ],
)
def test_files_outside_the_hosts_folders_are_refused(cameras_module, comfy_host, error, name):
    (comfy_host / "secret.txt").write_text("[[1, 0, 0, 0]]")
    if name == "link.txt":
        try:
            os.symlink(comfy_host / "secret.txt", comfy_host / "input" / name)
        except OSError as problem:  # Windows asks for a right that users seldom have
            pytest.skip(f"this user may not make links here: {problem}")
    with pytest.raises(error, match="lies outside|was not found|no file name"):
        run(cameras_module.SpatiaImportCameras, file=name)
    assert isinstance(cameras_module.SpatiaImportCameras.validate_inputs(file=name), str)


@pytest.mark.parametrize("prefix", ["../up", "/up", "a/../../up", "", "folder/"])
def test_writing_outside_the_output_folder_is_refused(cameras_module, comfy_host, error, prefix):
    path, _ = run(cameras_module.SpatiaCameraPath, frames=3)
    with pytest.raises(error, match="filename_prefix"):
        run(cameras_module.SpatiaExportCameras, cameras=path, filename_prefix=prefix)
    assert not list(comfy_host.glob("up*"))


# The last is a byte that is no text, as a folder listing has it; Python's own way to hold it.
ODD_NAMES = ["a\0b", "a\nb", "\x1b[2J", "n" * 300, "d" * 300 + "/x", "x" * 100_000, "\ud800", "\udc80"]


@pytest.mark.parametrize(
    "name",
    [*ODD_NAMES, "[output]", " [temp] ", "//", "CON", "a.", "w2c.txt/", "taken/w2c.txt", "%date:yyyy%.txt"],
    ids=lambda name: repr(name)[:20],
)
def test_odd_names_of_files_to_read_are_messages(cameras_module, edit_module, comfy_host, error, name):
    (comfy_host / "input" / "taken").write_text("a file where a folder is expected")
    node = cameras_module.SpatiaImportCameras
    assert "file" in node.validate_inputs(file=name)
    assert node.fingerprint_inputs(file=name) == node.validate_inputs(file=name)
    with pytest.raises(error, match="^file ") as refusal:
        run(node, file=name)
    assert len(str(refusal.value)) < 400 and str(refusal.value).isprintable()
    edits = json.dumps([{"do": "merge", "file": name}])
    assert edit_module.SpatiaEditPointCloud.fingerprint_inputs(edits=edits) == []


@pytest.mark.parametrize(
    "prefix", [*ODD_NAMES, "taken/cameras", "taken/deeper/cameras"], ids=lambda name: repr(name)[:20]
)
def test_odd_names_of_files_to_write_are_refused(cameras_module, comfy_host, error, prefix):
    (comfy_host / "output" / "taken").write_text("a file where a folder is expected")
    path, _ = run(cameras_module.SpatiaCameraPath, frames=3)
    with pytest.raises(error, match="filename_prefix|file name"):
        run(cameras_module.SpatiaExportCameras, cameras=path, filename_prefix=prefix)


def test_the_hosts_own_marks_in_a_prefix_are_kept(cameras_module, comfy_host):
    import time

    path, _ = run(cameras_module.SpatiaCameraPath, frames=3)
    name, _ = run(cameras_module.SpatiaExportCameras, cameras=path, filename_prefix="marks/%year%/path")
    assert name == f"marks/{time.localtime().tm_year}/path_00001_w2c.txt [output]"


def test_a_blank_file_means_the_text(cameras_module):
    assert cameras_module.SpatiaImportCameras.validate_inputs(file="  ") is True
    assert cameras_module.SpatiaImportCameras.fingerprint_inputs(file="  ") == ""


def test_what_cannot_be_read_is_a_message(cameras_module, pack_module, comfy_host, error):
    read = pack_module("nodes.host.files").read_text
    folder = comfy_host / "input" / "unreadable"
    folder.mkdir(exist_ok=True)
    (folder / "binary.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(error, match="file: binary.txt is not a text file"):
        read(str(folder / "binary.txt"), "file")
    with pytest.raises(error, match="file: unreadable cannot be read"):
        read(str(folder), "file")
    with open(folder / "long.txt", "wb") as file:
        file.truncate(1 << 40)  # a hole, as sparse files have it
    with pytest.raises(error, match="long.txt has 1099511627776 bytes"):
        read(str(folder / "long.txt"), "file")
    os.remove(folder / "long.txt")


def test_a_failed_export_leaves_the_old_file(cameras_module, comfy_host, error, monkeypatch):
    """As a full disk does: the new file is whole or not there."""
    import errno

    path, _ = run(cameras_module.SpatiaCameraPath, frames=3)
    stem = comfy_host / "output" / "kept_00001_w2c.txt"
    stem.write_text("old")
    monkeypatch.setattr(
        cameras_module, "new_output_file",
        lambda prefix, widget: contextlib.nullcontext(str(comfy_host / "output" / "kept_00001_")),
    )  # fmt: skip

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(error, match="disk is full"):
            run(cameras_module.SpatiaExportCameras, cameras=path)
    assert stem.read_text() == "old" and not list((comfy_host / "output").glob(".kept*"))


def test_choices_that_a_link_brings_are_checked(cameras_module, error):
    path, _ = run(cameras_module.SpatiaCameraPath, frames=3)
    with pytest.raises(error, match="^mode is 'twice'"):
        run(cameras_module.SpatiaConcatCameras, first=path, second=path, mode="twice")
    with pytest.raises(error, match="^start is 'somewhere'"):
        run(cameras_module.SpatiaImportCameras, text="[1 1 .5 .5]\n[[1,0,0,0],[0,1,0,0],[0,0,1,0]]", start="somewhere")


def test_import_says_what_is_missing(cameras_module, error):
    with pytest.raises(error, match="Neither file nor text"):
        run(cameras_module.SpatiaImportCameras)
    with pytest.raises(error, match="no memory is connected"):
        run(
            cameras_module.SpatiaImportCameras,
            text="[1 1 .5 .5]\n[[1,0,0,0],[0,1,0,0],[0,0,1,0]]",
            start="at the memory's last camera",
        )


def test_joining(cameras_module):
    first, _ = run(cameras_module.SpatiaCameraPath, preset="truck", frames=4)
    second, _ = run(cameras_module.SpatiaCameraPath, preset="pan", frames=5)
    assert run(cameras_module.SpatiaConcatCameras, first=first, second=second)[1] == 8
    assert run(cameras_module.SpatiaConcatCameras, first=first, second=second, mode="keep poses")[1] == 9
    closed, _ = run(cameras_module.SpatiaConcatCameras, first=first, second=second, close_loop="blend")
    assert torch.equal(closed.w2c[-1], closed.w2c[0])


# --- Edit Point Cloud ---


def edit(edit_module, memory, select=None, operation=None, **inputs):
    values = dict(
        select=select or {"select": "all"}, invert=False, operation=operation or {"operation": "none"}, edits=""
    )
    return edit_module.SpatiaEditPointCloud.execute(memory=memory, **(values | inputs)).result


def xyz(name, x, y, z):
    return {f"{name}_x": x, f"{name}_y": y, f"{name}_z": z}


def test_every_widget_choice_gives_a_valid_edit(edit_module, memory, pack_module):
    """The options of both dynamic combos, with their default values, against the core's own schema."""
    inputs = {entry.id: entry for entry in edit_module.SpatiaEditPointCloud.define_schema().inputs}
    check = pack_module("spatia_core.cloud.edit").check_edits
    for shape in inputs["select"].options:
        for operation in inputs["operation"].options:
            select_values = {"select": shape.key} | {i.id: i.default for i in shape.inputs}
            values = {"operation": operation.key}
            values |= {i.id: i.default for i in operation.inputs}
            made = edit_module._edit_from_widgets(select_values, True, values)
            if operation.key == "none":
                assert made is None
            else:
                assert check([made])[0]["do"] == operation.key.replace("register", "merge")


def test_mask_removes_what_it_covers_and_the_memory_stays(edit_module, memory):
    mask = torch.zeros(1, 64, 96)
    mask[:, :, :48] = 1.0
    before = memory.cloud.size
    edited, report, edits = edit(
        edit_module, memory, {"select": "mask", "mask_frame": 0, "through": False}, {"operation": "remove"}, mask=mask
    )
    assert edited.cloud.size == before // 2 and memory.cloud.size == before
    assert report == f"1. removed {before // 2} of {before} points"
    again, _, _ = edit(edit_module, memory, edits=edits, mask=mask)
    assert all(torch.equal(a, b) for a, b in zip(again.cloud, edited.cloud))
    assert all(one is other for one, other in zip(edited.clips, memory.clips, strict=True))


def test_widgets_and_json_are_applied_in_this_order(edit_module, memory):
    more = json.dumps(
        [{"do": "remove", "select": {"shape": "sphere", "center": [0, 0, 102], "radius": 10}, "invert": True}]
    )
    with pytest.raises(ValueError, match="unknown keys"):
        edit(edit_module, memory, edits=more)
    more = json.dumps([{"do": "duplicate", "offset": [0, 0, 1]}])
    moved = {"operation": "transform", "scale": 1.0} | xyz("move", 0, 0, 100) | xyz("rotate", 0, 0, 0)
    edited, report, edits = edit(edit_module, memory, operation=moved, edits=more)
    assert edited.cloud.size == 2 * memory.cloud.size and float(edited.cloud.positions[:, 2].max()) == pytest.approx(
        103
    )
    assert [e["do"] for e in json.loads(edits)] == ["transform", "duplicate"] and len(report.splitlines()) == 2


def test_merging_a_file_of_the_host(edit_module, memory, pack_module, error):
    from io import BytesIO

    from comfy_api.latest import Types

    data = pack_module("spatia_core.cloud.ply").ply_bytes(memory.cloud)
    merge = {"operation": "merge", "scale": 1.0} | xyz("move", 0, 0, 1) | xyz("rotate", 0, 0, 0)
    edited, _, _ = edit(edit_module, memory, operation=merge, point_cloud=Types.File3D(BytesIO(data), "ply"))
    assert edited.cloud.size == 2 * memory.cloud.size
    with pytest.raises(error, match="format 'splat'"):
        edit(edit_module, memory, operation=merge, point_cloud=Types.File3D(BytesIO(data), "splat"))
    with pytest.raises(error, match="truncated"):
        edit(edit_module, memory, operation=merge, point_cloud=Types.File3D(BytesIO(data[:-9]), "ply"))


def page_files(comfy_host, report) -> dict:
    """{name: bytes} of what a run left for the page."""
    files = {name: file for name, file in report.items() if name != "inserted"} | {
        file["name"]: file["points"] for file in report["inserted"]
    }
    return {
        name: (comfy_host / "temp" / file["subfolder"] / file["filename"]).read_bytes() for name, file in files.items()
    }


def test_a_file_named_by_an_edit_and_what_the_page_is_told(edit_module, memory, pack_module, comfy_host, error):
    import struct

    (comfy_host / "input" / "parts").mkdir(exist_ok=True)
    pack_module("spatia_core.cloud.ply").write_ply(
        memory.cloud.select(torch.arange(10)), comfy_host / "input" / "parts" / "ten.ply"
    )
    edits = json.dumps([{"do": "merge", "file": "parts/ten.ply"}, {"do": "remove", "off": True}])
    node = edit_module.SpatiaEditPointCloud
    moved = {"operation": "transform", "scale": 1.0} | xyz("move", 0, 0, 1) | xyz("rotate", 0, 0, 0)
    given = dict(
        memory=memory, select={"select": "all"}, invert=False, operation=moved, edits=edits, mask=torch.ones(1, 32, 48)
    )
    output = node.execute(**given)
    assert output.result[0].cloud.size == memory.cloud.size + 10
    (report,) = output.ui["spatia_edit"]
    files = page_files(comfy_host, report)
    facts = json.loads(files["facts"])
    assert facts["own"] == 1 and [edit["do"] for edit in facts["edits"]] == ["transform", "merge", "remove"]
    assert facts["counts"] == [memory.cloud.size, 10, 0] and facts["points"] == memory.cloud.size + 10
    assert (
        len(facts["cameras"]) == 2
        and facts["clip"] == [0, 1]
        and facts["mask"] == [32, 48]
        and facts["depth"] == pytest.approx(2.0)
    )
    # The scene as it came in, before all edits.
    assert (
        struct.unpack_from("<I", files["points"], 8)[0] == memory.cloud.size
        and len(files["views"]) == 4 * memory.cloud.size
    )
    assert struct.unpack_from("<I", files["parts/ten.ply"], 8)[0] == 10 and len(files["mask"]) == 32 * 48
    assert len(node.fingerprint_inputs(edits=edits)) == 1 and node.fingerprint_inputs(edits="") == []
    for name in ("../secret.ply", "gone.ply"):
        with pytest.raises(error, match="edits"):
            node.execute(**given | {"edits": json.dumps({"do": "merge", "file": name})})


def test_a_new_node_changes_nothing(edit_module):
    inputs = {entry.id: entry for entry in edit_module.SpatiaEditPointCloud.define_schema().inputs}
    assert inputs["operation"].options[0].key == "none"


def test_bad_masks_are_refused(edit_module, memory, error):
    select = {"select": "mask", "mask_frame": 0, "through": False}
    for shape, message in (
        ((3, 32, 48), "a single one"),
        ((1, 0, 48), "expected a MASK"),
        ((1, 48, 32), "frames of 48x32"),
    ):
        with pytest.raises(error, match=message):
            edit(edit_module, memory, select, {"operation": "remove"}, mask=torch.zeros(shape))
    with pytest.raises(error, match="no mask is connected"):
        edit(edit_module, memory, select, {"operation": "remove"})


@pytest.mark.parametrize(("select", "operation", "message"), [
    ({"select": "sphere", "radius": 1e300} | xyz("center", 0, 0, 2), {"operation": "remove"}, "radius"),
    ({"select": "sphere", "radius": float("nan")} | xyz("center", 0, 0, 2), {"operation": "remove"}, "radius"),
    ({"select": "sphere", "radius": 1} | xyz("center", 0, 10**400, 2), {"operation": "remove"}, "center"),
    ({"select": "mask", "mask_frame": 10**30, "through": False}, {"operation": "remove"}, "frame"),
    ({"select": "color", "near_color": "red", "tolerance": 0.1}, {"operation": "remove"}, "color"),
    ({"select": "cone"}, {"operation": "remove"}, "'cone'"),
    ({"select": "all"}, {"operation": "explode"}, "'explode'"),
    ({"select": "all"}, {"operation": "transform", "scale": 1.0} | xyz("move", 1e39, 0, 0) | xyz("rotate", 0, 0, 0),
        "move"),
    ({"select": "all"}, {"operation": "transform", "scale": 1.0} | xyz("move", 0, 0, 0) | xyz("rotate", 0, 1e300, 0),
        "rotate"),
    ({"select": "all"}, {"operation": "transform", "scale": 1e300} | xyz("move", 0, 0, 0) | xyz("rotate", 0, 0, 0),
        "scale"),
    ({"select": "all"}, {"operation": "duplicate", "copies": 10**9} | xyz("offset", 0, 0, 1), "copies"),
])  # fmt: skip
def test_widget_values_out_of_range_are_refused(edit_module, memory, error, select, operation, message):
    with pytest.raises(error, match=message):
        edit(edit_module, memory, select, operation, mask=torch.ones(1, 32, 48))


@pytest.mark.parametrize("edits", [
    "[" * 100_000, '{"do": "transform", "move": [1e39, 0, 0]}', '{"do": "duplicate", "copies": %s}' % ("9" * 5000),
    "[" + "1," * 5000 + "1]", 5, {}, [1],
    '{"do": "remove", "select": ' + '{"shape": "union", "of": [' * 300 + '{"shape": "all"}' + "]}" * 300 + "}",
], ids=range(8))  # fmt: skip
def test_edits_are_checked_without_an_error_of_their_own(edit_module, edits):
    node = edit_module.SpatiaEditPointCloud
    answer = node.validate_inputs(edits=edits)
    assert answer is True if edits == {} else "dit" in answer and len(answer) < 400
    assert node.fingerprint_inputs(edits=edits) == []


def test_an_edit_that_nobody_could_load_again_is_not_made(edit_module, memory, scenes, comfy_host, error):
    far = json.dumps([{"do": "transform", "move": [9e8, 0, 0]}] * 2)
    with pytest.raises(error, match="Edit 2 .*A point would come to lie 1.8e.09"):
        edit(edit_module, memory, edits=far)
    edited, _, _ = edit(edit_module, memory, edits=json.dumps(json.loads(far)[:1]))
    (name,) = run(scenes.SpatiaSaveScene, memory=edited, filename_prefix="far/scene")
    assert_same_memory(run(scenes.SpatiaLoadScene, file=name)[0], edited)


def test_dynamic_combos_reach_execute_as_the_host_sends_them(edit_module):
    """The flat names of an API prompt ("select.center_x") become the dicts that execute takes."""
    from comfy_api.latest import _io

    sent = {"select": "sphere", "select.radius": 0.5, "operation": "remove", "invert": False, "edits": ""}
    sent |= {f"select.center_{axis}": 1.0 for axis in "xyz"}
    _, _, v3_data = _io.get_finalized_class_inputs(edit_module.SpatiaEditPointCloud.INPUT_TYPES(), sent)
    built = _io.build_nested_inputs(sent, v3_data)
    assert built["select"] == {"select": "sphere", "radius": 0.5} | xyz("center", 1, 1, 1)
    assert built["operation"] == {"operation": "remove"}


def test_the_host_validates_the_dynamic_combos(edit_module, scenes, comfy_host, memory, monkeypatch):
    """It hands them to validate_inputs without being asked to, nested."""
    import asyncio

    import execution

    import nodes

    for node in (edit_module.SpatiaEditPointCloud, scenes.SpatiaLoadScene):
        node.GET_SCHEMA()
        monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, node.__name__, node)
    (name,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="validated/scene")
    load = {
        "class_type": "SpatiaLoadScene",
        "inputs": {"file": name, "axes": scenes.OPENCV, "fov": 60.0, "voxel_size": 0.01},
    }
    sent = {"memory": ["1", 0], "select": "sphere", "select.radius": 0.5, "operation": "remove", "invert": False}
    sent |= {f"select.center_{axis}": 1.0 for axis in "xyz"}

    def validated(edits: str):
        prompt = {"1": load, "2": {"class_type": "SpatiaEditPointCloud", "inputs": sent | {"edits": edits}}}
        valid, errors, _ = asyncio.run(execution.validate_inputs("prompt", prompt, "2", {}))
        return valid, str(errors)

    assert validated('{"do": "merge"}') == (True, "[]")
    valid, errors = validated("[{")
    assert not valid and "no valid JSON" in errors


# --- scene files ---


@pytest.fixture
def scenes(pack_module):
    return pack_module("nodes.scene_files")


def test_scene_cloud_is_upright_for_the_viewer(scenes, memory, pack_module):
    parse = pack_module("spatia_core.cloud.ply").parse_ply
    file, points = run(scenes.SpatiaSceneCloud, memory=memory)
    assert file.format == "ply" and points == memory.cloud.size
    up = parse(file.get_bytes())
    assert torch.equal(up.positions * torch.tensor([1, -1, -1]), memory.cloud.positions)
    assert torch.equal(up.colors, memory.cloud.colors) and torch.equal(up.view, memory.cloud.view)
    own, _ = run(scenes.SpatiaSceneCloud, memory=memory, axes=scenes.OPENCV)
    assert torch.equal(parse(own.get_bytes()).positions, memory.cloud.positions)


def test_the_hosts_preview_takes_our_cloud(scenes, memory, comfy_host):
    from comfy_extras.nodes_load_3d import PreviewPointCloud

    file, _ = run(scenes.SpatiaSceneCloud, memory=memory)
    PreviewPointCloud.execute(model_3d=file, viewport_state={}, width=64, height=64)
    assert len(list((comfy_host / "temp").glob("preview_pointcloud_*.ply"))) == 1


def assert_same_memory(a, b):
    every = range(a.frame_count)
    pairs = [*zip(a.cloud, b.cloud), *zip(a.cameras[:2], b.cameras[:2]), (a.clip_of_frame, b.clip_of_frame)]
    pairs += [(a.read_frames(every), b.read_frames(every)), (a.read_moving(every), b.read_moving(every))]
    assert all(torch.equal(x, y) for x, y in pairs)
    assert a.voxel_size == b.voxel_size and a.notes == b.notes
    assert [clip.history for clip in a.clips] == [clip.history for clip in b.clips]


def test_saving_and_loading_the_whole_memory(scenes, memory, comfy_host):
    (name,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="saved/scene")
    assert name == "saved/scene_00001_.spatia [output]" and (comfy_host / "output/saved/scene_00001_.ply").is_file()
    assert scenes.SpatiaLoadScene.validate_inputs(file=name) is True
    loaded, cameras, _ = run(scenes.SpatiaLoadScene, file=name)
    assert_same_memory(loaded, memory)
    assert all(torch.equal(x, y) for x, y in zip(cameras[:2], loaded.cameras[:2], strict=True))
    (second,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="saved/scene", content="PLY")
    assert (
        second == "saved/scene_00002_.ply [output]" and not (comfy_host / "output/saved/scene_00002_.spatia").exists()
    )


@pytest.mark.parametrize("axes", [0, 1])
def test_a_ply_replaces_the_cloud_or_starts_a_memory(scenes, memory, axes):
    axes = (scenes.OPENCV, scenes.Y_UP)[axes]
    (name,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="ply/scene", content="PLY", axes=axes)
    emptied = memory._replace(cloud=memory.cloud.select([0]))
    assert_same_memory(run(scenes.SpatiaLoadScene, file=name, axes=axes, memory=emptied)[0], memory)
    image = torch.rand(1, 20, 30, 3)
    fresh, cameras, _ = run(scenes.SpatiaLoadScene, file=name, axes=axes, image=image, fov=90.0, voxel_size=0.05)
    assert torch.equal(fresh.cloud.positions, memory.cloud.positions) and (fresh.cloud.view == -1).all()
    assert fresh.read_frames([0]).shape == (1, 20, 30, 3) and fresh.voxel_size == 0.05 and fresh.frame_count == 1
    torch.testing.assert_close(cameras.intrinsics[0], torch.tensor([0.5, 0.75, 0.5, 0.5], dtype=torch.float64))


def test_loading_says_what_is_wrong(scenes, memory, error, comfy_host):
    (archive,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="wrong/scene")
    ply = archive.replace(".spatia", ".ply")
    image = torch.rand(1, 20, 30, 3)
    (comfy_host / "input" / "corrupt.ply").write_bytes(b"ply\nformat ascii 1.0\n")
    (comfy_host / "input" / "corrupt.spatia").write_bytes(b"PK no zip")
    (comfy_host / "input" / "notes.txt").write_text("hello")
    for inputs, message in [
        (dict(file=archive, memory=memory), "disconnect"),
        (dict(file=ply, memory=memory, image=image), "memory and image are connected"),
        (dict(file=ply, image=image.repeat(2, 1, 1, 1)), "a single image"),
        (dict(file="corrupt.ply", image=image), "corrupt.ply has a PLY header"),
        (dict(file="corrupt.spatia"), "corrupt.spatia is damaged"),
        (dict(file="notes.txt"), "expected a .spatia archive, a cloud or a mesh"),
        (dict(file="../secret.ply"), "lies outside"),
        (dict(file=""), "file is empty"),
    ]:
        with pytest.raises(error, match=message):
            run(scenes.SpatiaLoadScene, **inputs)
    assert "lies outside" in scenes.SpatiaLoadScene.validate_inputs(file="../secret.ply")
