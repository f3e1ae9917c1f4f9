"""Archives of format 1, written by the code of that time, with what that code read in them and how it took clips back."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from memory_scenes import all_frames, all_moving, archive, assert_equal, changed

from spatia_core.errors import SpatiaError
from spatia_core.memory import load_memory, revert_clip, save_memory

DATA = Path(__file__).parent / "data"
EDITED = "memory_v1_edited"  # its cloud was edited between its two clips
NAMES = ["memory_v1", EDITED]


def digest(*tensors):
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


def facts(memory):
    """As they are stored beside the archive for each of its memories, from the newest on."""
    return {
        "cloud": digest(*memory.cloud),
        "size": memory.cloud.size,
        "frames": digest(all_frames(memory)),
        "moving": digest(all_moving(memory)),
        "cameras": digest(memory.cameras.w2c, memory.cameras.intrinsics),
        "clip_of_frame": memory.clip_of_frame.tolist(),
        "notes": list(memory.notes),
        "voxel_size": memory.voxel_size,
    }


@pytest.fixture(params=NAMES)
def stored(request):
    """Name, path and expected facts of one archive."""
    return request.param, DATA / f"{request.param}.spatia", json.loads((DATA / f"{request.param}.json").read_text())


def test_a_memory_of_format_1_is_read_and_taken_back_as_it_was(stored):
    name, path, expected = stored
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("memory.json"))["version"] == 1
    memory = load_memory(path)
    assert memory.clips[2].change.index.numel() and all_moving(memory).any() and len(memory.notes) == 2
    assert facts(memory) == expected["memories"][0]
    assert [clip.history for clip in memory.clips] == [0, 1, 9]
    for wanted, report in zip(expected["memories"][1:], expected["reverts"], strict=True):
        memory, told = revert_clip(memory)
        assert facts(memory) == wanted and told == report
    assert ("exactly" in report) == (name != EDITED)
    assert len(memory.clips) == 1


def test_a_memory_of_format_1_is_saved_in_format_2_and_stays_the_same(stored, tmp_path):
    _, path, expected = stored
    memory = load_memory(path)
    save_memory(memory, tmp_path / "new.spatia")
    with zipfile.ZipFile(tmp_path / "new.spatia") as archive:
        assert json.loads(archive.read("memory.json"))["version"] == 2
    loaded = load_memory(tmp_path / "new.spatia")
    assert_equal(loaded, memory)
    for wanted, report in zip(expected["memories"][1:], expected["reverts"], strict=True):
        loaded, told = revert_clip(loaded)
        assert facts(loaded) == wanted and told == report


# --- What could not be taken back is refused, as it was at that time ---


def entries_and_tensors(name="memory_v1"):
    with zipfile.ZipFile(DATA / f"{name}.spatia") as file:
        return json.loads(file.read("memory.json")), safetensors.torch.load(file.read("memory.safetensors"))


def test_without_a_ledger_clips_go_by_the_frames_their_points_came_from(tmp_path):
    """As it was written of a cloud that was edited last."""
    entries, tensors = entries_and_tensors()
    del entries["ledger"]
    tensors = {name: value for name, value in tensors.items() if not name.startswith("ledger.")}
    memory = load_memory(archive(tmp_path / "a.spatia", entries, tensors))
    assert memory.exact_from == 3 and [clip.change for clip in memory.clips] == [None] * 3
    assert memory.notes == tuple(entries["notes"])
    save_memory(memory, tmp_path / "b.spatia")
    assert_equal(load_memory(tmp_path / "b.spatia"), memory)
    back, report = revert_clip(memory)
    assert "edited" in report and back.frame_count == 9
    assert torch.equal(back.cloud.positions, memory.cloud.positions[memory.cloud.view < 9])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"voxel_size": None}, "is damaged.*voxel_size is None, expected a finite number"),
        ({"voxel_size": True}, "is damaged.*voxel_size"),
        ({"notes": 1}, "is damaged.*notes are 1"), ({"notes": [1]}, "is damaged.*list of texts"),
        ({"notes": [[[[]] * 2] * 2]}, "is damaged.*notes"),
        ({"ledger": [{}]}, "is damaged.*ledger"), ({"ledger": 7}, "is damaged.*ledger is 7"),
        ({"ledger": None}, "is damaged.*ledger is None"),
        ({"ledger": [{"clip": float("inf")}]}, "finite"),
        ({"ledger": [{"clip": 1, "size": 10**400, "notes": 0}]}, "401 digits"),
        ({"ledger": [{"clip": 1, "size": 10**12, "notes": 0}]}, "is damaged.*ledger"),
    ],
)  # fmt: skip
def test_other_entries_are_refused(tmp_path, change, message):
    entries, tensors = entries_and_tensors()
    with pytest.raises(SpatiaError, match=f"scene.spatia.*{message}"):
        load_memory(archive(tmp_path / "scene.spatia", entries | change, tensors))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("clip", lambda t: t[:3].clone(), "inconsistent|of clips"),
        ("clip", lambda t: changed(t, 0, 1), "no rising numbers"),
        ("clip", lambda t: changed(t, 3, 2), "no rising numbers"),
        ("clip", lambda t: changed(t, 1, 0), "no rising numbers"),
        ("clip", lambda t: changed(t, -1, 2**31 - 1), "no rising numbers"),
        ("clip", lambda t: t[:0].clone(), "no rising numbers"),
        ("clip", lambda t: t[None].clone(), "no rising numbers"),
        ("frames", lambda t: t[:, :0], "inconsistent"),
        ("moving", lambda t: t[:, 1:].contiguous(), "inconsistent"),
        ("w2c", lambda t: changed(t, (3, 0, 0), float("nan")), "NaN"),
        ("cloud.view", lambda t: changed(t, 7, 25), "frame 25, and there are 25"),
        ("cloud.view", lambda t: changed(t, 0, 20), "keeps points that came from that clip"),
    ],
)
def test_inconsistent_tensors_are_refused(tmp_path, name, change, message):
    entries, tensors = entries_and_tensors()
    file = archive(tmp_path / "scene.spatia", entries, tensors | {name: change(tensors[name])})
    with pytest.raises(SpatiaError, match=f"scene.spatia cannot be used: .*({message})"):
        load_memory(file)


@pytest.mark.parametrize(
    "change",
    [
        {"clip": 0}, {"clip": 1}, {"clip": 9}, {"size": 0}, {"size": 49_000_000}, {"notes": 0}, {"notes": 99},
        {"index": [5] * 10}, {"index": [*range(9, -1, -1)]}, {"index": [-1, *range(9)]}, {"index": [4]},
        {"index": [*range(9), 10**9]}, {"view": [9] * 10}, {"positions": [[1e10] * 3] * 10},
    ],
)  # fmt: skip
def test_a_ledger_fits_its_points(tmp_path, change):
    entries, tensors = entries_and_tensors()
    assert tensors["ledger.1.index"].shape == (10,) and [one["notes"] for one in entries["ledger"]] == [1, 1]
    load_memory(archive(tmp_path / "scene.spatia", entries, tensors))
    for key, value in change.items():
        if key in entries["ledger"][1]:
            entries["ledger"][1][key] = value
        else:
            tensors[f"ledger.1.{key}"] = torch.tensor(value, dtype=tensors[f"ledger.1.{key}"].dtype)
    with pytest.raises(SpatiaError, match="scene.spatia"):
        load_memory(archive(tmp_path / "scene.spatia", entries, tensors))
