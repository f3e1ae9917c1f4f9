"""Two servers that save into one folder at once get different numbers."""

import os

import pytest


@pytest.fixture
def files(pack_module):
    return pack_module("nodes.host.files")


@pytest.fixture
def folder(comfy_host):
    folder = comfy_host / "output" / "numbers"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
    return folder


def test_a_number_in_use_is_given_to_nobody_else(files, folder):
    """The host counts files: as long as nothing is written, it has one number for everybody."""
    with files.new_output_file("numbers/a", "prefix") as one, files.new_output_file("numbers/a", "prefix") as two:
        with files.new_output_file("numbers/b", "prefix") as other:
            names = [os.path.relpath(stem, folder) for stem in (one, two, other)]
        assert names == ["a_00001_", "a_00002_", "b_00001_"]
        for stem in (one, two):
            open(stem + ".ply", "x").close()
    with files.new_output_file("numbers/a", "prefix") as three:
        assert three.endswith("a_00003_")
    assert sorted(path.name for path in folder.iterdir()) == ["a_00001_.ply", "a_00002_.ply"]


def test_a_number_that_was_used_up_between_count_and_claim(files, folder, monkeypatch):
    count, counted = files._next_output, []

    def late(prefix, widget):
        answer = count(prefix, widget)
        counted.append(answer)
        if len(counted) == 2:  # the count before the claim: another server saves now, and is done
            (folder / "a_00001_.ply").write_bytes(b"theirs")
        return answer

    monkeypatch.setattr(files, "_next_output", late)
    with files.new_output_file("numbers/a", "prefix") as stem:
        assert stem.endswith("a_00002_")
    assert [path.name for path in folder.iterdir()] == ["a_00001_.ply"]


def test_what_a_dead_process_left_goes_with_the_next_save(files, folder):
    with files.new_output_file("numbers/a", "prefix"):
        (claim,) = folder.iterdir()
    claim.mkdir()  # as after a kill
    with files.new_output_file("numbers/a", "prefix") as stem:
        assert stem.endswith("a_00002_")
        open(stem + ".ply", "x").close()
    assert [path.name for path in folder.iterdir()] == ["a_00002_.ply"]


def test_a_failed_save_frees_its_number(files, folder):
    with pytest.raises(ZeroDivisionError), files.new_output_file("numbers/a", "prefix"):
        raise ZeroDivisionError
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_written_to(files, folder, monkeypatch, pack_module):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "mkdir", full)
    error = pack_module("spatia_core.errors").SpatiaError
    with (
        pytest.raises(error, match="^prefix 'numbers/a' names a folder .*No space left on device.* change prefix"),
        files.new_output_file("numbers/a", "prefix"),
    ):
        raise AssertionError("there is no number")
