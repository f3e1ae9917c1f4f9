"""The small bundle's recipe: what is trained on latents is trained on those of the autoencoder that is shipped."""

import importlib
import shutil
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent.parent
BUNDLE = ROOT / "bundle"


@pytest.fixture(scope="module")
def make(pack):
    sys.path.insert(0, str(ROOT / "training"))
    yield importlib.import_module("make")
    sys.path.remove(str(ROOT / "training"))


def made_here(jobs, maker, work):
    """Pieces of work made as a worker makes them, in this process."""
    assert jobs
    make = maker(Namespace(work=work, threads=1))
    for job in jobs:
        make(job.work)


@pytest.fixture(scope="module")
def two_rooms(make, tmp_path_factory):
    """A work folder's rooms, made once: each takes seconds."""
    work = tmp_path_factory.mktemp("rooms")
    made_here(make.missing_rooms(work, range(2)), make.room_maker, work)
    return work / "rooms"


@pytest.fixture
def work(make, two_rooms, tmp_path):
    """A work folder with two rooms and the shipped autoencoder."""
    shutil.copytree(two_rooms, tmp_path / "work" / "rooms")
    shutil.copy(BUNDLE / make.VAE_FILE, tmp_path / "work")
    return tmp_path / "work"


def test_training_goes_on_from_the_shipped_autoencoder(make, pack_module, tmp_path):
    shutil.copy(BUNDLE / make.VAE_FILE, tmp_path)
    ours = make.deployed_autoencoder(tmp_path)[0].state_dict()
    users = pack_module("nodes.host.bundle").load_sized_vae(str(BUNDLE / make.VAE_FILE)).first_stage_model.state_dict()
    assert ours.keys() == users.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor.to(users[name].dtype), users[name]), name


def test_the_autoencoder_is_rounded_once(make, pack_module, work, tmp_path, monkeypatch):
    """Export ships, byte for byte, the file that latents are made with."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(make, "BUNDLE", shipped)
    (work / make.VAE_FILE).unlink()
    make.make_autoencoder(work, pack_module("training.loop.budget").Budget(steps=1))
    torch.save({"backbone": {"a": torch.ones(1)}, "control": {"a": torch.ones(1)}}, work / "network.pt")
    torch.save({"a": torch.ones(1)}, work / "depth.pt")
    make.export(work)
    assert (shipped / make.VAE_FILE).read_bytes() == (work / make.VAE_FILE).read_bytes()


@pytest.mark.slow
def test_the_decoder_is_trained_and_the_encoder_kept(make, pack_module, work):
    """Latents made before stay valid: only what turns them into pictures changes."""
    before = make.deployed_autoencoder(work)[0].state_dict()
    make.make_decoder(work, pack_module("training.loop.budget").Budget(steps=6), seed=0)
    after = make.deployed_autoencoder(work)[0].state_dict()
    kept = {name for name in before if torch.equal(after[name], before[name])}
    assert kept >= {name for name in before if not name.startswith(("decoder.", "conv2."))}
    # Six small steps are less than a level of the stored matrices. The last bias is also set by the mean colour.
    learned = {name for name in before if name.startswith("decoder.") and name.endswith("bias")} - {
        "decoder.head.2.bias"
    }
    assert len(learned - kept) > len(learned) / 2


def test_the_decoders_mean_colour_is_put_right(make, pack_module, work):
    training = pack_module("training.tasks.autoencoder")
    vae, videos = make.deployed_autoencoder(work)[0], [video[:5, :64, :64] for video in make.first_videos(work, 2)]

    def colour_error():
        with torch.no_grad():
            return torch.stack(
                [(vae.decode(vae.encode(x)) - x).mean((0, 2, 3, 4)) for x in map(training.to_input, videos)]
            ).mean(0)

    vae.decoder.head[-1].bias += torch.tensor([0.1, -0.2, 0.3]).repeat_interleave(4)
    assert colour_error().abs().min() > 0.05
    training.centre_output(vae, videos)
    assert colour_error().abs().max() < 1e-4


@pytest.mark.slow
def test_variants_of_latents_are_those_of_the_pictures(make, pack_module, work):
    """A mirrored and recoloured room, by the fitted map and by the encoder."""
    variants = pack_module("training.data.variants")
    make.make_variants(work)
    fields = torch.load(work / make.VARIANTS_FILE)["frames"]
    assert fields[variants.UNCHANGED] is None
    assert len(fields) == len(variants.VARIANTS)
    frames = torch.from_numpy(make.make_room(5)["frames"][:25])
    encode = make.latent_encoder(work)
    index = len(fields) - 1
    (plain,), (wanted,) = encode(frames).float(), encode(variants.vary_pixels(frames, variants.VARIANTS[index])).float()
    assert variants.map_error(variants.LatentMap(*fields[index]), plain[None], wanted[None]) < 0.2
    assert (plain - wanted).square().mean() > wanted.var()


def test_the_network_asks_for_variants(make, tmp_path):
    with pytest.raises(SystemExit, match="run the stage 'variants' first"):
        make.make_network(tmp_path, None, warm_start=False, seed=0)


def test_latents_ask_for_an_autoencoder(make, tmp_path):
    with pytest.raises(SystemExit, match="run the stage 'autoencoder' first"):
        make.missing_latents(tmp_path, range(1))


@pytest.mark.slow
def test_the_camera_branch_and_then_the_memory_beside_it(make, pack_module, work, monkeypatch):
    """Rooms to latents to memories to both branches, which load as the nodes load them; what is older is refused."""
    import comfy.model_management

    monkeypatch.setattr(
        comfy.model_management, "in_training", True
    )  # kernels with gradients, as startup.py asks for them
    recipe = importlib.import_module("make_decoupled")
    made_here(make.missing_latents(work, range(2)), make.latent_maker, work)
    rooms = recipe.training_rooms(work, 1.0)
    assert len(rooms) == 2 and any(room.slots is not None for room in rooms)
    # The second clip goes on from the ninth but last frame of the first; so do its cameras.
    one, two = rooms[0].cameras
    assert one.c2w.shape == two.c2w.shape and not torch.equal(one.c2w, two.c2w)
    generator, nothing = torch.Generator().manual_seed(0), torch.zeros(96, 7, 8, 12)
    kinds = {recipe.camera_batches(rooms, nothing, 2)(generator).clip.clean for _ in range(20)}
    assert kinds == {1, 3}
    batches = [recipe.memory_batches(rooms, nothing, 2)(generator) for _ in range(20)]
    assert {batch.cameras is None for batch in batches} == {True, False}
    assert all(batch.slots.gate.any() for batch in batches)

    budget = pack_module("training.loop.budget").Budget
    side, host = pack_module("nodes.host.side_branch"), {
        "camera": pack_module("nodes.host.camera_branch").CameraBranch,
        "memory": pack_module("nodes.host.decoupled").DecoupledBranch,
    }  # fmt: skip
    for stage, kind in host.items():
        recipe.make_branch(work, stage, budget(steps=1), 1.0, warm_start=False, batch_size=2)
        file = work / recipe.FILES[stage]
        loaded = side.load_side_branch(kind, str(file), file.name, torch.float32).model
        shipped = side.load_side_branch(kind, str(BUNDLE / file.name), file.name, torch.float32).model
        assert loaded.layout == shipped.layout == recipe.build_branch(stage).layout


@pytest.mark.slow
@pytest.mark.long(400, "two rooms are rendered and encoded, a network is trained and a clip made")
def test_rooms_to_latents_to_the_network_and_generated_clips(make, pack_module, work, monkeypatch):
    """The whole recipe of the network in a few steps: all kinds of clips are met, and what it made of the first is met again."""
    import comfy.model_management

    monkeypatch.setattr(comfy.model_management, "in_training", True)
    budget = pack_module("training.loop.budget").Budget
    made_here(make.missing_latents(work, range(2)), make.latent_maker, work)
    # Variants that change nothing; what is fitted is tested above.
    same, nothing = torch.zeros(48, 48, 3, 3), torch.zeros(48)
    same[range(48), range(48), 1, 1] = 1
    variants = pack_module("training.data.variants").VARIANTS
    maps = [(same, nothing, same, nothing, variant.mirrored) for variant in variants]
    torch.save({"frames": [None, *maps[1:]], "mask": (same, nothing, same, nothing, True)}, work / make.VARIANTS_FILE)
    made_here(make.missing_generated(work, range(1)), make.generated_maker, work)
    assert not make.missing_generated(work, range(1))
    monkeypatch.setattr(comfy.model_management, "in_training", True)
    cache = make.latent_cache(work)
    names = ["room_0000000", "room_0000001"]
    assert all(cache.names(kind) == names for kind in ("first", "later", "posed"))
    assert cache.names("generated") == names[:1]
    made, truth = (cache.load(cache.item(kind, names[0])).video for kind in ("generated", "later"))
    assert torch.equal(made[:, 3:], truth[:, 3:]) and not torch.equal(made[:, :3], truth[:, :3])

    def train():
        make.make_network(work, budget(steps=6), warm_start=False, seed=0, batch_size=2)

    weights = []
    for stops in (0, 2):
        for _ in range(stops):
            (work / "stop").touch()
            said = make.run_stages(["network", "export"], lambda _: train())
            assert said == 130 and not (work / "stop").exists()
        train()
        assert not (work / "fits" / "network" / "state.pt").exists()
        weights.append(torch.load(work / "network.pt"))
    # Stopped twice and gone on with, to the bit.
    for part, tensors in weights[0].items():
        assert all(torch.equal(tensor, weights[1][part][name]) for name, tensor in tensors.items())
    assert len((work / "fits" / "network" / "loss.csv").read_text().splitlines()) == 7
    assert weights[0]["control"]["vace_blocks.0.after_proj.weight"].any()


def test_the_depth_network_learns(make, pack_module, work):
    """A few steps on two rooms bring the loss down."""
    depth = pack_module("training.tasks.depth")
    torch.manual_seed(0)
    network = pack_module("spatia_core.estimate.small_depth").SmallDepthNet()
    room = make.make_room(3)
    images, depths = torch.from_numpy(room["frames"][::10]), torch.from_numpy(room["depth"])

    def sample(generator):
        index = int(torch.randint(len(images), (), generator=generator))
        return images[index], depths[index]

    with make.fit_run(work, "depth", pack_module("training.loop.budget").Budget(steps=100), 0, ["3"]) as run:
        depth.train_depth(network, sample, run, batch_size=2)
    losses = [row["loss"] for row in pack_module("training.loop.loss_log").read_log(run.folder / "loss.csv")]
    assert len(losses) == 100 and sum(losses[50:]) < 0.7 * sum(losses[:50])
