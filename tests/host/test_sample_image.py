"""The templates' image in the user's input folder."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def offered(pack_module, tmp_path, monkeypatch):
    """A function that offers the image to a folder, and what it is."""
    import folder_paths

    sample = pack_module("nodes.host.sample_image")

    def offer(folder):
        monkeypatch.setattr(folder_paths, "get_input_directory", lambda: str(folder))
        sample.offer_sample_image()
        return folder / sample.SAMPLE_IMAGE

    return offer


def test_it_is_put_there_once(offered, tmp_path):
    image = (ROOT / "bundle" / "spatia_room.png").read_bytes()
    assert offered(tmp_path / "input").read_bytes() == image  # the folder is made
    # What the user makes of it stays.
    (tmp_path / "input" / "spatia_room.png").write_bytes(b"mine")
    assert offered(tmp_path / "input").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_stops_nothing(offered, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    assert not offered(tmp_path / "file").exists()
    assert "spatia_room.png could not be put" in caplog.text
