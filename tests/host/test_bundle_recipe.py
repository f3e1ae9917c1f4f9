"""The small bundle's recipe: what is trained on latents is trained on those of the autoencoder that is shipped."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest
import torch

BUNDLE = Path(__file__).resolve().parent.parent.parent / "bundle"


@pytest.fixture(scope="module")
def make(pack):
    sys.path.insert(0, str(BUNDLE))
    yield importlib.import_module("make")
    sys.path.remove(str(BUNDLE))


def test_training_goes_on_from_the_shipped_autoencoder(make, pack_module, tmp_path):
    shutil.copy(BUNDLE / make.VAE_FILE, tmp_path)
    ours = make.deployed_autoencoder(tmp_path)[0].state_dict()
    users = pack_module("nodes.host.bundle").load_sized_vae(str(BUNDLE / make.VAE_FILE)).first_stage_model.state_dict()
    assert ours.keys() == users.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor.to(users[name].dtype), users[name]), name


def test_the_autoencoder_is_rounded_once(make, pack_module, tmp_path, monkeypatch):
    """Export ships, byte for byte, the file that latents are made with."""
    work, shipped = tmp_path / "work", tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(make, "HERE", shipped)
    make.make_rooms(work, range(1))
    make.make_autoencoder(work, pack_module("spatia_core.training.budget").Budget(steps=1))
    torch.save({"backbone": {"a": torch.ones(1)}, "control": {"a": torch.ones(1)}}, work / "network.pt")
    torch.save({"a": torch.ones(1)}, work / "depth.pt")
    make.export(work)
    assert (shipped / make.VAE_FILE).read_bytes() == (work / make.VAE_FILE).read_bytes()


def test_latents_ask_for_an_autoencoder(make, tmp_path):
    with pytest.raises(SystemExit, match="run the stage 'autoencoder' first"):
        make.make_latents(tmp_path, range(1))
