"""The two-stage recipe on the host's own network at a small size: what is trained, resumed, exported and loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from released_sizes import BACKBONE, CONTROL, LORA_RANK, lora_shapes
from safetensors.torch import load_file, save_file
from small_model import CONTROL_BLOCKS, DIM, FFN, LAYERS, TEXT, write_bundle
from training_runs import rows, same

from spatia_core.weights.layouts import control_shapes
from spatia_core.weights.scaled import save_quantised

ROOT = Path(__file__).resolve().parent.parent.parent
SHAPE = (4, 2, 4)  # latent frames, rows, columns of every clip here
PATIENCE = 200  # seconds for a command that takes ten on an idle machine


@pytest.fixture
def recipe(pack_module, monkeypatch):
    """Our training modules, the host set to train as training/startup.py sets it."""
    import comfy.ldm.modules.attention as attention
    import comfy.ldm.wan.model
    import comfy.model_management

    monkeypatch.setattr(comfy.model_management, "in_training", True)
    monkeypatch.setattr(comfy.ldm.wan.model, "optimized_attention", attention.attention_pytorch)
    return lambda name: pack_module(f"training.{name}")


@pytest.fixture
def refused(pack_module):
    """A function: pattern -> context in which our error with such a message is expected."""
    return lambda message: pytest.raises(pack_module("spatia_core.errors").SpatiaError, match=message)


@pytest.fixture(scope="module")
def files(comfy_host, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    write_bundle(folder)
    return folder


@pytest.fixture
def host(recipe, pack_module):
    return pack_module("training.host")


@pytest.fixture
def cache(recipe, tmp_path):
    """Latents of four made-up videos for all stages; the last but one has nothing to remember."""
    samples = recipe("recipe").SampleSettings(width=64, height=32, first_frames=13, later_frames=13, max_references=3)
    cache = recipe("data.cache").LatentCache(tmp_path / "latents", samples, "random")
    generator = torch.Generator().manual_seed(0)

    def random(*shape):
        return torch.randn(*shape, generator=generator).half()

    def save(tensors, path, **metadata):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, metadata=metadata)

    for text, length in (("", 2), ("a room", 3)):
        save({"text": random(length, TEXT).bfloat16()}, cache._text_path(text))
    for clip in ("first", "later"):
        save({"control": random(96, *SHAPE)}, cache._no_projection_path(clip))
        for number in range(4):
            count = 0 if clip == "first" else 1 + number % 3
            tensors = {
                "video": random(48, *SHAPE),
                "control": random(96, *SHAPE),
                "references": random(48, count, *SHAPE[1:]),
            }
            save(tensors, cache._path(clip, f"v{number}", 0), text="a room" if number % 2 else "")
    save({"control": random(96, *SHAPE)}, cache._no_projection_path("posed"))
    for number in range(4):
        tensors = posed(recipe, number, 0 if number == 2 else 1 + number % 2, random)
        save(tensors, cache._path("posed", f"v{number}", 0), text="")
    return cache


def posed(recipe, number: int, remembered: int, random) -> dict:
    """A posed clip as the cache keeps it, the camera on its way to the right; the last latent frames remember."""
    frames = SHAPE[0]
    cameras = turned(12 + 4 * number)
    clip = recipe("networks.beside").posed_clip(cameras, 32, 64)
    gate = torch.arange(frames)[None] >= frames - remembered
    tensors = {"video": random(48, *SHAPE), "c2w": clip.c2w, "K": clip.K, "gate": gate}
    if remembered:
        opened = gate[0].nonzero()[:, 0]
        tensors |= {name: random(remembered, 48, *SHAPE[1:]) for name in ("temporal", "spatial")}
        tensors |= {"target_c2w": clip.c2w[0, opened], "history_c2w": clip.c2w[0, opened - 1]}
        tensors |= {"target_K": clip.K[0, opened], "history_K": clip.K[0, opened - 1]}
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def turned(degrees: float):
    """13 cameras that turn by an angle and go a little to the right."""
    import math

    from spatia_core.cameras.camera import make_cameras

    w2c = torch.eye(4, dtype=torch.float64).repeat(13, 1, 1)
    for frame in range(13):
        angle = math.radians(degrees) * frame / 12
        w2c[frame, 0, 0] = w2c[frame, 2, 2] = math.cos(angle)
        w2c[frame, 0, 2], w2c[frame, 2, 0] = math.sin(angle), -math.sin(angle)
        w2c[frame, 0, 3] = -0.05 * frame
    return make_cameras(w2c.numpy(), [0.9, 1.8, 0.5, 0.5])


@pytest.fixture
def run(recipe, host, cache, files, tmp_path):
    """A function: settings -> (whether it finished, its network), trained in a folder until `stop_after` steps."""
    videos = [recipe("data.videos").VideoSource(f"v{number}", "rooms", str(number)) for number in range(4)]
    trainer = recipe("loop.trainer")

    def train(settings, folder="run", stop_after=None, interval=1000, decode=None, control=None):
        network = host.prepare_network(
            host.load_backbone(str(files / "spatia_small_backbone.safetensors"), settings.dtype), control, settings
        )
        done = iter(range(1, 1000))
        finished = trainer.train_stage(
            network, settings,
            trainer.Samples(cache, *(cache.items(settings.clip, part, settings.stage == "memory") for part in (videos[:3], videos[3:]))),
            trainer.Output(tmp_path / folder, trainer.Intervals(interval, interval, 2, 2.0), torch.float32, decode),
            accelerator=trainer.make_accelerator("cpu"), stop=lambda: next(done) == stop_after, report=lambda line: None,
        )  # fmt: skip
        return finished, network

    return train


@pytest.fixture(params=["control", "lora", "camera", "memory"])
def settings(request, recipe):
    return recipe("recipe").StageSettings(
        request.param, 6, 3e-3, rank=4, batch=4, micro=2, warmup=2, drop_text=0.3, drop_projection=0.3, drop_references=0.3, drop_history=0.3,
        precision="fp32",
    )  # fmt: skip


def answer(network, control=None):
    generator = torch.Generator().manual_seed(3)
    video, given = torch.randn(1, 48, *SHAPE, generator=generator), torch.randn(1, 96, *SHAPE, generator=generator)
    references, context = (
        torch.randn(1, 48, 2, *SHAPE[1:], generator=generator),
        torch.randn(1, 3, TEXT, generator=generator),
    )
    times = torch.tensor([[0.0, 400.0, 400.0, 400.0]])
    if network.camera is None:
        return video, times, context, given, references
    return video, times, context, given, references[:, :, :0], *told(network, generator)


def told(network, generator):
    """(cameras, slots) of the clip that `answer` asks about; slots None where no memory branch stands beside."""
    from spatia_pack.training.networks.beside import posed_clip

    from spatia_core.model.decoupled.assembly import MemorySlots

    clip = posed_clip(turned(20), 32, 64)
    if network.memory is None:
        return clip, None
    gate = torch.tensor([[False, False, True, True]])
    cues = torch.randn(2, 2, 48, *SHAPE[1:], generator=generator)
    return clip, MemorySlots(gate, *cues, clip.c2w[0, 2:], clip.K[0, 2:], clip.c2w[0, :2], clip.K[0, :2], 32, 64)


def test_stage_1_starts_as_the_backbone_itself(recipe, host, files):
    """Control blocks copied from their main blocks say nothing yet."""
    settings = recipe("recipe").StageSettings("control", 1, 1e-3, precision="fp32")
    network = host.prepare_network(
        host.load_backbone(str(files / "spatia_small_backbone.safetensors"), settings.dtype), None, settings
    )
    backbone, control = network.backbone, network.control
    for position, block in zip((0, 4), control.vace_blocks):
        for name, tensor in backbone.blocks[position].state_dict().items():
            assert torch.equal(block.state_dict()[name], tensor), name
    video, times, context, given, references = answer(network)
    with torch.no_grad():
        plain = recipe("networks.objective").velocity(backbone, None, video, times, context, given, references)
        assert torch.equal(network(video, times, context, given, references), plain)
    assert {name for name, p in network.named_parameters() if p.requires_grad} == {
        f"control.{name}" for name in control.state_dict()
    }


def test_stage_2_starts_as_stage_1_ended(recipe, host, files):
    """A LoRA that adds nothing yet beside every matrix of the main blocks; only it is trained."""
    settings = recipe("recipe").StageSettings("lora", 1, 1e-3, rank=3, precision="fp32")
    path, control = str(files / "spatia_small_backbone.safetensors"), str(files / "spatia_small_control.safetensors")
    network = host.prepare_network(host.load_backbone(path, settings.dtype), control, settings)
    plain = recipe("networks.beside").Network(host.load_backbone(path, torch.float32), network.control)
    with torch.no_grad():
        assert torch.equal(network(*answer(network)), plain(*answer(network)))
    trained = [name for name, p in network.named_parameters() if p.requires_grad]
    assert len(trained) == 2 * 10 * LAYERS and all(
        re.search(r"backbone\.blocks\..*\.lora_[AB]$", name) for name in trained
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_gradient_checkpointing_gives_the_same_gradients(recipe, host, files, settings, precision):
    gradients = []
    for checkpoint in (False, True):
        wanted = replace(settings, checkpoint=checkpoint, precision=precision)
        network = host.prepare_network(
            host.load_backbone(str(files / "spatia_small_backbone.safetensors"), wanted.dtype),
            str(files / "spatia_small_control.safetensors"),
            wanted,
        )
        network(*answer(network)).square().mean().backward()
        gradients.append({name: p.grad for name, p in network.named_parameters() if p.requires_grad})
    assert all(gradient is not None for gradient in gradients[0].values())
    assert same(*gradients)


def test_stopped_and_resumed_is_bit_for_bit_the_uninterrupted_run(run, settings, tmp_path):
    assert run(settings, "whole")[0]
    assert not run(settings, "parts", stop_after=2)[0]
    assert not run(settings, "parts", stop_after=3)[0]
    assert run(settings, "parts")[0]
    whole, parts = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts"))
    assert whole["step"] == 6 and same(whole, parts)
    assert len(rows(tmp_path / "whole" / "loss.csv")) == 6
    assert rows(tmp_path / "whole" / "loss.csv") == rows(tmp_path / "parts" / "loss.csv")
    file = next(path.name for path in (tmp_path / "whole").glob("*.safetensors"))
    assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "parts" / file).read_bytes()


def test_a_run_whose_last_steps_were_not_saved(run, settings, tmp_path):
    """A crash: the log is ahead of the state, and its rows are made again, the same."""
    run(settings, "whole", interval=4)
    folder = tmp_path / "crashed"
    shutil.copytree(tmp_path / "whole", folder)
    (folder / "state.pt").unlink()
    run(replace(settings, steps=4), "crashed", interval=4)
    shutil.copy(tmp_path / "whole" / "loss.csv", folder / "loss.csv")
    assert run(settings, "crashed", interval=4)[0]
    assert [row["loss"] for row in rows(folder / "loss.csv")] == [
        row["loss"] for row in rows(tmp_path / "whole" / "loss.csv")
    ]


# Losses of six steps and held-out losses of two looks, as they were when each way of training had a loop of its own.
RECORDED = {
    "control": ([3.163401, 3.115360, 3.247557, 2.760844, 2.843757, 2.724750], [3.291247, 3.238764]),
    "lora": ([3.047609, 3.429755, 3.071915, 3.130659, 3.057209, 3.039306], [2.970626, 2.920686]),
    "camera": ([3.582473, 3.167869, 2.970169, 2.787713, 2.574936, 2.619014], [2.437006, 2.517314]),
    "memory": ([3.131835, 3.107412, 2.865685, 3.085427, 2.909331, 2.858421], [2.456774, 2.399471]),
}


def test_losses_are_those_of_before(run, settings, tmp_path):
    run(settings, interval=3)
    curve = rows(tmp_path / "run" / "loss.csv")
    losses, held_out = RECORDED[settings.stage]
    assert [float(row["loss"]) for row in curve] == pytest.approx(losses, rel=1e-4)
    assert [float(row["held_out_loss"]) for row in curve if row["held_out_loss"]] == pytest.approx(held_out, rel=1e-4)


def test_only_the_stage_s_own_part_learns(run, settings, tmp_path, host, files):
    settings = replace(
        settings,
        steps=40,
        warmup=1,
        drop_text=0.0,
        drop_projection=0.0,
        drop_references=0.0,
        drop_history=0.0,
        t_deviation=0.1,
    )
    _, network = run(settings, interval=20)
    curve = [float(row["loss"]) for row in rows(tmp_path / "run" / "loss.csv")]
    assert sum(curve[-10:]) < 0.9 * sum(curve[:10])
    held_out = [row["held_out_loss"] for row in rows(tmp_path / "run" / "loss.csv")]
    assert [bool(value) for value in held_out] == [(step + 1) % 20 == 0 for step in range(40)]
    before = host.load_backbone(str(files / "spatia_small_backbone.safetensors"), torch.float32).state_dict()
    after = {
        name.replace(".base.", "."): tensor
        for name, tensor in network.backbone.state_dict().items()
        if "lora_" not in name
    }
    assert same(before, after)


def test_sheets(run, settings, tmp_path):
    """Frames of the target, the projection and what was made, at the interval and at the end."""
    seen = []

    def decode(latents):
        seen.append(latents.shape)
        return torch.sigmoid(latents[:3].permute(1, 2, 3, 0)).repeat_interleave(16, 1).repeat_interleave(16, 2)

    run(replace(settings, steps=3), interval=2, decode=decode)
    assert sorted(path.name for path in (tmp_path / "run" / "sheets").iterdir()) == [
        "step_000002.png",
        "step_000003.png",
    ]
    assert len(seen) == 2 * (3 if settings.clip != "posed" else 2) and all(shape == (48, *SHAPE) for shape in seen)
    assert (tmp_path / "run" / "loss.png").is_file()


def test_bf16_trains_float32_weights(run, settings, tmp_path):
    assert run(replace(settings, precision="bf16", steps=2))[0]
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert all(tensor.dtype == torch.float32 for tensor in state["weights"].values())
    assert all(float(row["loss"]) < 1e3 for row in rows(tmp_path / "run" / "loss.csv"))


def test_a_run_goes_on_on_another_processor(run, settings, tmp_path, monkeypatch):
    """What is saved does not tell in which type it was computed."""
    settings = replace(settings, precision="bf16", steps=4)
    files = []
    for first, second in (("bfloat16", "float32"), ("float32", "bfloat16")):
        monkeypatch.setenv("SPATIA_CPU_DTYPE", first)
        assert not run(settings, first, stop_after=2)[0]
        monkeypatch.setenv("SPATIA_CPU_DTYPE", second)
        finished, network = run(settings, first)
        assert finished and network.dtype == getattr(torch, second)
        state = torch.load(tmp_path / first / "state.pt", weights_only=True)
        (path,) = (tmp_path / first).glob("*.safetensors")
        header, tensors = path.read_bytes(), load_file(path)
        notes = header[8 : 8 + int.from_bytes(header[:8], "little")]
        files.append(
            (
                state["fingerprint"],
                {name: tensor.dtype for name, tensor in {**state["weights"], **tensors}.items()},
                notes,
            )
        )
    assert files[0] == files[1]


@pytest.mark.parametrize("changed", [{"learning_rate": 1e-3}, {"seed": 3}, {"batch": 2}])
def test_a_folder_of_other_settings_is_refused(run, settings, changed, refused):
    run(replace(settings, steps=1))
    # Another seed makes another camera branch to stand beside, where no file gives one.
    with refused("|".join([*changed, *(["frozen weights"] if "seed" in changed else [])])):
        run(replace(settings, steps=2, **changed))


def test_a_damaged_state_and_an_empty_list_are_refused(run, recipe, settings, cache, tmp_path, refused):
    run(replace(settings, steps=1))
    (tmp_path / "run" / "state.pt").write_bytes(b"nothing")
    with refused("cannot be read"):
        run(replace(settings, steps=2))
    for path in (cache.folder / settings.clip).rglob("v*"):
        path.unlink()
    with refused("no sample"):
        run(settings, "other")


def test_a_loss_that_is_no_number_ends_the_run_and_saves_nothing(run, settings, cache, tmp_path, refused):
    for path in (cache.folder / settings.clip).rglob("v*.safetensors"):
        tensors = load_file(path)
        save_file({**tensors, "video": tensors["video"] * float("nan")}, path, metadata={"text": ""})
    with refused("decrease --learning-rate"):
        run(settings)
    assert not (tmp_path / "run" / "state.pt").exists()


def test_dropped_conditions(recipe, cache):
    """What a pass drops is what the sampler feeds in its place."""
    trainer, order = recipe("loop.trainer"), recipe("loop.order")
    settings = recipe("recipe").StageSettings("lora", 1, 1e-3, batch=2, micro=2)
    sources = [recipe("data.videos").VideoSource(f"v{number}", "rooms", str(number)) for number in (1, 2)]
    clips = [cache.load(item) for item in cache.items("later", sources)]
    assert [clip.references.shape[1] for clip in clips] == [2, 3]
    nothing, empty = cache.no_projection("later"), cache.text("")

    def made(**dropped):
        given = {
            "drop_text": (False, False),
            "drop_projection": False,
            "drop_references": False,
            "drop_history": False,
            **dropped,
        }
        return trainer.assemble(clips, order.Pass((0, 1), noise=("n", 0), **given), settings, nothing, empty, 3)

    whole = made()
    assert whole.given.references.shape[2] == 2 and torch.equal(whole.given.references[1], clips[1].references[:, :2])
    assert (whole.timesteps[:, :3] == 0).all() and (whole.timesteps[:, 3] > 0).all() and whole.clean == 3
    video = torch.stack([clip.video for clip in clips])
    history, noise = video[:, :, :3], (whole.target + video)[:, :, :3]
    # One share of the noise for all of a clip's history, up to 50 of 1000.
    share = ((whole.video[:, :, :3] - history) * (noise - history)).sum((1, 2, 3, 4)) / (noise - history).square().sum(
        (1, 2, 3, 4)
    )
    assert torch.allclose(whole.video[:, :, :3], torch.lerp(history, noise, share.view(-1, 1, 1, 1, 1)), atol=1e-4)
    assert float(share.min()) > 0 and float(share.max()) <= 0.05
    assert (
        whole.context.shape == (2, 3, TEXT)
        and torch.equal(whole.context[1, :2], empty)
        and (whole.context[1, 2] == 0).all()
    )
    assert torch.equal(made(drop_text=(True, True)).context, empty.expand(2, -1, -1))
    assert torch.equal(made(drop_projection=True).given.control, nothing.expand(2, -1, -1, -1, -1))
    assert made(drop_references=True).given.references.shape[2] == 0
    image = made(drop_history=True)
    assert image.clean == 1 and (image.timesteps[:, 1:] > 0).all() and torch.equal(image.video[:, :, 0], video[:, :, 0])


class TestLoading:
    """What was trained, through this package's own loader."""

    @pytest.fixture
    def load(self, nodes_of, comfy_host, files):
        """A function: copies of trained files -> MODEL of Load Spatia Model."""
        models = nodes_of("nodes.host.models")

        def load(control=None, lora=None):
            names = []
            for path, folder, none in ((control, "model_patches", models.BUNDLED), (lora, "loras", models.NONE)):
                if path is None:
                    names.append(none)
                    continue
                target = comfy_host / "models" / folder / f"trained_{path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
                names.append(target.name)
            return (
                nodes_of("nodes.load_model")
                .SpatiaLoadModel.execute(models.BUNDLED, names[0], names[1], 1.0, "fp32")
                .args[0]
            )

        return load

    def answer(self, pack_module, model, network):
        """The host's path with our patches on the inputs of the trained network."""
        import comfy.model_management
        from comfy.patcher_extension import WrappersMP

        patching = pack_module("nodes.host.patching")
        video, times, context, given, references = answer(network)
        comfy.model_management.load_models_gpu([model, *model.get_additional_models_with_key(patching.CONTROL)])
        clip = patching.ClipCondition(patching.control_branch(model), given, references, 1.0, 1.0, 0.0)
        options = {"wrappers": {WrappersMP.DIFFUSION_MODEL: {patching.CLIP: [clip]}}}
        with torch.no_grad():
            return model.model.diffusion_model(video, times, context, transformer_options=options), network(
                video, times, context, given, references
            )

    def test_a_trained_control_checkpoint(self, run, recipe, load, pack_module, tmp_path):
        _, network = run(recipe("recipe").StageSettings("control", 3, 1e-2, batch=1, warmup=0, precision="fp32"))
        model = load(control=tmp_path / "run" / "spatia_control.safetensors")
        loaded, trained = self.answer(pack_module, model, network)
        assert (loaded - trained).norm() / trained.norm() < 2e-5

    def test_a_trained_lora(self, run, recipe, load, pack_module, files, tmp_path):
        settings = recipe("recipe").StageSettings("lora", 3, 1e-2, rank=4, batch=1, warmup=0, precision="fp32")
        _, network = run(settings, control=str(files / "spatia_small_control.safetensors"))
        names = set(load_file(tmp_path / "run" / "spatia_lora.safetensors"))
        assert "pipe.dit.blocks.0.self_attn.q.lora_A.default.weight" in names and len(names) == 20 * LAYERS
        patching = pack_module("nodes.host.patching")
        model = load(lora=tmp_path / "run" / "spatia_lora.safetensors")
        without, trained = self.answer(pack_module, model.clone(), network)
        with_lora = model.clone()
        patching.add_lora(with_lora)
        loaded, _ = self.answer(pack_module, with_lora, network)
        assert (loaded - trained).norm() / trained.norm() < 2e-5 < (without - trained).norm() / trained.norm()

    @pytest.mark.parametrize("stage", ["camera", "memory"])
    def test_a_trained_branch(self, stage, run, recipe, pack_module, files, tmp_path, comfy_host):
        """In the host, as the nodes load it and condition a clip on it; without it the answer is another."""
        import comfy.model_management
        from comfy.patcher_extension import WrappersMP

        settings = recipe("recipe").StageSettings(stage, 6, 3e-2, batch=2, warmup=0, precision="fp32")
        _, network = run(settings)
        camera, decoupled, side = (
            pack_module(f"nodes.host.{name}") for name in ("camera_branch", "decoupled", "side_branch")
        )
        kinds = {"camera": camera.CameraBranch, "memory": decoupled.DecoupledBranch}
        path = tmp_path / "run" / f"spatia_{stage}.safetensors"
        model = pack_module("nodes.host.bundle").load_small_backbone(str(files / "spatia_small_backbone.safetensors"))
        loaded = side.load_side_branch(kinds[stage], str(path), path.name, torch.float32)
        comfy.model_management.load_models_gpu([model, loaded])
        video, times, context, given, references, clip, slots = answer(network)
        sizes = clip.K.new_tensor([64, 32, 64, 32])
        poses = camera.ClipPoses(clip.c2w[0], (clip.K[0] / sizes).double())
        before = network.camera if stage == "memory" else loaded.model
        wrappers = {camera.CAMERA: [camera.CameraCondition(before, poses, 1.0, 0.0, 1.0)]}
        if stage == "memory":
            wrappers[decoupled.DECOUPLED] = [decoupled.MemoryCondition(loaded.model, slots, 1.0)]
        backbone = model.model.diffusion_model
        with torch.no_grad():
            sampled = backbone(
                video, times, context, transformer_options={"wrappers": {WrappersMP.DIFFUSION_MODEL: wrappers}}
            )
            trained = network(video, times, context, given, references, clip, slots)
            without = network(video, times, context, given, references, clip if stage == "memory" else None, None)
        assert (sampled - trained).norm() / trained.norm() < 2e-5 < (without - trained).norm() / trained.norm()

    def test_the_memory_is_trained_beside_the_camera_branch_that_was(self, run, recipe, host, files, tmp_path, refused):
        settings = recipe("recipe").StageSettings("camera", 2, 1e-2, batch=2, warmup=0, precision="fp32")
        _, first = run(settings)
        path, backbone = (
            tmp_path / "run" / "spatia_camera.safetensors",
            str(files / "spatia_small_backbone.safetensors"),
        )
        network = host.prepare_network(
            host.load_backbone(backbone, torch.float32), None, replace(settings, stage="memory"), str(path)
        )
        assert same(first.camera.state_dict(), network.camera.state_dict())
        assert not any(p.requires_grad for p in network.camera.parameters())
        wider = {
            name: torch.zeros(DIM + 4, *value.shape[1:]) if name.startswith("controlnet_blocks.") else value
            for name, value in load_file(path).items()
        }
        save_file(wider, tmp_path / "other.safetensors")
        with refused("--camera"):
            host.load_camera_branch(str(tmp_path / "other.safetensors"), network.backbone)
        with refused("cannot be read.*--camera"):
            host.load_camera_branch(str(tmp_path / "absent.safetensors"), network.backbone)


class TestControlPositions:
    """Any number of control blocks, beside any blocks of the backbone: the small one has eight."""

    @pytest.fixture
    def trained(self, recipe, run):
        def trained(at, **changed):
            settings = recipe("recipe").StageSettings(
                "control", 2, 1e-2, batch=2, warmup=0, precision="fp32", control_at=at
            )
            return run(replace(settings, **changed))[1]

        return trained

    @pytest.mark.parametrize(
        ("at", "positions"),
        [("every:3", [0, 3, 6]), ("0,1,2,3,5", [0, 1, 2, 3, 5]), ("0,7", [0, 7]), ("every:1", list(range(8)))],
    )
    def test_what_is_trained_is_what_the_node_loads(self, trained, host, pack_module, files, tmp_path, at, positions):
        """Beside the same blocks, with the same output; the file says where they are, and the next stage takes them from it."""
        import comfy.model_management
        from comfy.patcher_extension import WrappersMP

        patching = pack_module("nodes.host.patching")
        network = trained(at)
        assert list(network.control.positions) == positions and network.control.layout.blocks == len(positions)
        path, backbone = tmp_path / "run" / "spatia_control.safetensors", files / "spatia_small_backbone.safetensors"
        again = host.load_control(str(path), network.backbone)
        assert list(again.positions) == positions and same(again.state_dict(), network.control.state_dict())

        model = pack_module("nodes.host.bundle").load_small_backbone(str(backbone))
        patcher = patching.load_control_patcher(str(path), path.name, patching.backbone_sizes(model))
        patching.attach_control(model, patcher)
        comfy.model_management.load_models_gpu([model, patcher])
        video, times, context, given, references = answer(network)
        clip = patching.ClipCondition(patching.control_branch(model), given, references, 1.0, 1.0, 0.0)
        wrappers = {WrappersMP.DIFFUSION_MODEL: {patching.CLIP: [clip]}}
        with torch.no_grad():
            sampled = model.model.diffusion_model(video, times, context, transformer_options={"wrappers": wrappers})
            ours = network(video, times, context, given, references)
        assert (sampled - ours).norm() / ours.norm() < 2e-5

    def test_a_new_branch_is_copied_from_the_blocks_it_stands_beside(self, recipe, host, files):
        settings = recipe("recipe").StageSettings("control", 1, 1e-3, precision="fp32", control_at="0,5")
        network = host.prepare_network(
            host.load_backbone(str(files / "spatia_small_backbone.safetensors"), settings.dtype), None, settings
        )
        for position, block in zip((0, 5), network.control.vace_blocks, strict=True):
            for name, tensor in network.backbone.blocks[position].state_dict().items():
                assert torch.equal(block.state_dict()[name], tensor), name

    def test_positions_that_are_none(self, host, files, refused):
        with refused("expected every:N, or rising numbers, 0 first, up to 7"):
            host.require_positions(str(files / "spatia_small_backbone.safetensors"), "0,8")

    def test_fifteen_of_thirty(self, recipe, host):
        """The layout of Latent Spatial Memory's code, by its shapes: names, sizes and positions at full size."""
        settings = recipe("recipe").StageSettings("control", 1, 1e-4, control_at="every:2")
        backbone = host.make_backbone(BACKBONE, BACKBONE.dim // host.HEAD_WIDTH, settings.dtype)
        control = host.sized_network(backbone, settings).control
        assert list(control.positions) == list(range(0, 30, 2))
        shapes = {name: tuple(p.shape) for name, p in control.named_parameters()}
        assert shapes == control_shapes(CONTROL._replace(blocks=15))


class TestFullSize:
    """The 5B network by its shapes alone."""

    @pytest.fixture
    def network(self, recipe, host):
        def network(stage):
            settings = recipe("recipe").StageSettings(stage, 1, 1e-4, rank=LORA_RANK, checkpoint=True)
            backbone = host.make_backbone(BACKBONE, BACKBONE.dim // host.HEAD_WIDTH, settings.dtype)
            return host.sized_network(backbone, settings), settings

        return network

    def test_what_is_exported_has_the_released_names_and_shapes(self, network, recipe):
        control, _ = network("control")
        assert {name: tuple(p.shape) for name, p in control.control.named_parameters()} == control_shapes(CONTROL)
        lora, _ = network("lora")
        trained = {name.removeprefix("backbone."): p for name, p in lora.named_parameters() if p.requires_grad}
        assert {
            name: tuple(p.shape) for name, p in recipe("networks.lora").released_names(trained).items()
        } == lora_shapes()

    @pytest.mark.parametrize("stage", ["camera", "memory"])
    def test_the_branches_have_the_release_s_proportions(self, network, stage):
        """Width 0.3 of the backbone's in heads of 128, beside its first half; names and shapes are what loading asks for."""
        from spatia_core.model.decoupled.layout import camera_layout, camera_shapes, decoupled_layout, decoupled_shapes

        built, _ = network(stage)
        shapes = {name: tuple(p.shape) for name, p in built.get_submodule(stage).named_parameters()}
        read, made = {"camera": (camera_layout, camera_shapes), "memory": (decoupled_layout, decoupled_shapes)}[stage]
        layout = read(shapes, "trained")
        assert shapes == made(layout) and (layout.dim, layout.num_heads, layout.layers) == (896, 7, 15)
        assert layout.out_dim == BACKBONE.dim and layout.unshuffle == 16

    @pytest.mark.parametrize("stage", ["control", "lora"])
    def test_a_whole_step_has_the_right_shapes(self, network, recipe, stage):
        """Forward, loss, backward and AdamW of a clip at full size, on the meta device: 26,598 and 24,024 tokens."""
        objective, samples = recipe("networks.objective"), recipe("recipe").SampleSettings()
        built, settings = network(stage)
        built.float()
        built.dtype = torch.float32  # autocast knows no meta device; shapes are the same
        frames, references = (31, 0) if stage == "control" else (21, 7)
        rows, columns = samples.height // 16, samples.width // 16
        tokens = recipe("networks.memory_plan").tokens(samples, settings)
        assert (frames + references) * rows * columns // 4 == tokens

        def latents(channels, count):
            return torch.empty(1, channels, count, rows, columns, device="meta")

        video, context = latents(48, frames), torch.empty(1, 512, 4096, device="meta")
        times = torch.empty(1, frames, device="meta")
        predicted = built(video, times, context, latents(96, frames), latents(48, references))
        assert predicted.shape == video.shape
        loss = objective.velocity_error(predicted, latents(48, frames), 1 if stage == "control" else 3)
        loss.backward()
        trained = [p for p in built.parameters() if p.requires_grad]
        # The first block's projection in stands before its sum with the video, so all of the branch is reached.
        assert trained and all(p.grad is not None and p.grad.shape == p.shape for p in trained)
        assert all(p.grad is None for p in built.parameters() if not p.requires_grad)
        optimiser = torch.optim.AdamW(trained, lr=settings.learning_rate)
        optimiser.step()
        assert all(optimiser.state[p]["exp_avg"].shape == p.shape for p in trained)

    def test_memory_of_the_stages(self, network, recipe):
        """Whole on one accelerator of 80 GB; over eight with FSDP, each holds an eighth and the blocks at work."""
        memory_plan, samples = recipe("networks.memory_plan").memory_plan, recipe("recipe").SampleSettings()
        stages = {"control": 1_402_000_000, "lora": 161_000_000, "camera": 484_000_000, "memory": 484_000_000}
        for stage, trained in stages.items():
            built, settings = network(stage)
            count = sum(p.numel() for p in built.parameters() if p.requires_grad)
            assert abs(count - trained) < 0.02 * trained
            whole, spread = (
                memory_plan(built, samples, settings),
                memory_plan(built, samples, settings, processes=8, sharded=True),
            )
            assert whole.trained == 16 * count and whole.total < 80e9
            assert spread.frozen == pytest.approx(whole.frozen / 8, rel=2e-3) and spread.trained == pytest.approx(
                whole.trained / 8, rel=2e-3
            )
            assert spread.total < 24e9

    def test_the_network_can_be_cut_at_its_blocks(self, network):
        """Nearly all weights lie in its blocks, each of which may be cut into eight."""
        text = (ROOT / "training" / "fsdp.yaml").read_text()
        processes = int(re.search(r"num_processes: (\d+)", text)[1])
        beside = {"control": CONTROL.blocks, "lora": CONTROL.blocks, "camera": 15, "memory": 30}
        for stage, blocks in beside.items():
            built, settings = network(stage)
            units = built.blocks
            assert len(units) == BACKBONE.layers + blocks
            inside = sum(p.numel() for unit in units for p in unit.parameters())
            assert inside > 0.95 * sum(p.numel() for p in built.parameters())
            for unit in units:
                # FSDP takes one dtype of trained parameters per unit.
                assert len({p.dtype for p in unit.parameters() if p.requires_grad}) <= 1
                large = [p for p in unit.parameters() if p.ndim == 2]
                assert all(p.shape[0] % processes == 0 for p in large)
            settings.require_processes(processes)

    def test_accelerate_reads_the_configuration(self):
        from accelerate.commands.config.config_args import load_config_from_file

        config = load_config_from_file(str(ROOT / "training" / "fsdp.yaml"))
        assert config.num_processes == 8 and config.fsdp_config["fsdp_version"] == 2 and config.mixed_precision == "no"


class TestFsdp:
    """The network cut into FSDP's units as training/fsdp.yaml asks, by a group of one process on the CPU."""

    @pytest.fixture
    def mesh(self):
        import torch.distributed as dist
        from torch.distributed.device_mesh import init_device_mesh

        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        yield init_device_mesh("cpu", (1,))
        dist.destroy_process_group()

    @pytest.fixture
    def cut(self, mesh):
        from torch.distributed.fsdp import fully_shard

        def cut(network):
            for module in network.blocks:
                fully_shard(module, mesh=mesh)
            return fully_shard(network, mesh=mesh)

        return cut

    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    def test_same_gradients_and_state(self, recipe, host, files, settings, cut, precision):
        settings = replace(settings, precision=precision, checkpoint=True)
        trainer = recipe("loop.trainer")

        def build():
            backbone = host.load_backbone(str(files / "spatia_small_backbone.safetensors"), settings.dtype)
            return host.prepare_network(backbone, str(files / "spatia_small_control.safetensors"), settings)

        def trained(network):
            return {name: p for name, p in network.named_parameters() if p.requires_grad}

        plain, network = build(), cut(build())
        for one in (plain, network):
            one(*answer(one)).square().mean().backward()
        whole = {name: p.grad.full_tensor() for name, p in trained(network).items()}
        assert same({name: p.grad for name, p in trained(plain).items()}, whole)
        optimiser = torch.optim.AdamW(trained(network).values(), lr=1e-2)
        optimiser.step()
        weights, state = trainer.get_state_dict(network, optimiser, options=trainer.FULL_STATE)
        assert set(weights) == set(trained(plain)) and not any(
            hasattr(tensor, "full_tensor") for tensor in weights.values()
        )
        other = cut(build())
        its_optimiser = torch.optim.AdamW(trained(other).values(), lr=1e-2)
        trainer.restore(other, its_optimiser, dict(weights), state)
        again, its_state = trainer.get_state_dict(other, its_optimiser, options=trainer.FULL_STATE)
        assert same(weights, again) and same(state, its_state)


class TestEdges:
    def test_a_file_that_is_no_backbone(self, host, files, refused):
        with refused("no Wan2.2-TI2V-5B backbone|is not a"):
            host.load_backbone(str(files / "spatia_small_control.safetensors"), torch.float32)
        with refused("no such file"):
            host.load_backbone(str(files / "absent.safetensors"), torch.float32)

    def test_a_control_checkpoint_of_another_backbone(self, host, files, tmp_path, refused):
        from spatia_core.weights.layouts import ControlLayout

        backbone = host.load_backbone(str(files / "spatia_small_backbone.safetensors"), torch.float32)
        other = ControlLayout(DIM // 2, FFN, CONTROL_BLOCKS, 96, (1, 2, 2))
        save_quantised(
            {name: torch.zeros(shape) for name, shape in control_shapes(other).items()}, tmp_path / "other.safetensors"
        )
        with refused("change --control"):
            host.load_control(str(tmp_path / "other.safetensors"), backbone)

    def test_a_rank_above_the_matrices(self, recipe, host, files, refused):
        settings = recipe("recipe").StageSettings("lora", 1, 1e-3, rank=DIM + 1)
        with refused("--rank"):
            host.prepare_network(
                host.load_backbone(str(files / "spatia_small_backbone.safetensors"), settings.dtype), None, settings
            )

    @pytest.mark.parametrize("depth", ["guess", "da3:absent", "mapanything:absent", "stored:x"])
    def test_depth_sources(self, host, depth, refused):
        with refused("--depth|MapAnything"):
            host.depth_estimator(depth, 0.5, 10)

    def test_a_full_size_backbone_needs_its_text_encoder(self, host, refused):
        with refused("--text-encoder"):
            host.text_encoder(None, 4096)
        assert torch.equal(host.text_encoder(None, TEXT)("anything"), torch.zeros(1, TEXT))


@pytest.mark.slow
@pytest.mark.long(400, "half a billion weights learn for a few steps on the CPU")
@pytest.mark.parametrize("stage", ["control", "lora"])
def test_at_full_width_a_few_blocks_learn(recipe, host, stage):
    """Two blocks of the 5B network's width with one control block, 16 bits frozen and float32 trained: the loss of a batch falls."""
    settings = recipe("recipe").StageSettings(stage, 4, 1e-3, rank=16, micro=1, drop_text=0.0)
    layout = BACKBONE._replace(layers=2)
    backbone = host.make_backbone(layout, layout.dim // host.HEAD_WIDTH, torch.bfloat16)
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for name, empty in backbone.state_dict().items():
        noise = torch.randn(empty.shape, generator=generator, dtype=torch.float32)
        scale = 0.5 * empty[0].numel() ** -0.5 if empty.ndim > 1 else 0.02
        weights[name] = (noise * scale + (1.0 if "norm" in name and name.endswith("weight") else 0.0)).to(empty.dtype)
    backbone.load_state_dict(weights, assign=True)
    network = host.prepare_network(backbone, None, settings)
    network.compute_on(torch.device("cpu"))
    trained = [p for p in network.parameters() if p.requires_grad]
    assert network.control.layout.blocks == 1 and all(p.dtype == torch.float32 for p in trained)
    optimiser = torch.optim.AdamW(trained, lr=settings.learning_rate)
    objective = recipe("networks.objective")
    video, given = torch.randn(1, 48, 3, 4, 4, generator=generator), torch.randn(1, 96, 3, 4, 4, generator=generator)
    references, context = torch.randn(1, 48, 1, 4, 4, generator=generator), torch.randn(1, 5, 4096, generator=generator)
    noised = objective.noised_clip(video, 1, torch.Generator().manual_seed(1))
    losses = []
    for _ in range(4):
        predicted = network(noised.video, noised.timesteps, context, given, references)
        loss = objective.velocity_error(predicted, noised.target, 1)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss))
    assert losses[-1] < losses[0] < 1e3 and losses[-1] == losses[-1]


@pytest.mark.slow
@pytest.mark.long(3 * PATIENCE, "two commands, one of two processes, each of which imports the host")
def test_fsdp_in_two_processes_is_one_process(comfyui_path, files, start_bound, tmp_path):
    """The network spread by accelerate over two processes, as training/fsdp.yaml asks: the same losses and the same weights.

    Accelerate asks for accelerators before it spreads; tests/host/spread.py has it do so on the CPU.
    """
    environment = {**os.environ, "COMFYUI_PATH": str(comfyui_path), "OMP_NUM_THREADS": "1"}
    options = [
        "--backbone", str(files / "spatia_small_backbone.safetensors"), "--vae", str(files / "spatia_small_vae.safetensors"),
        "--data", "rooms:0-1", "--held-out", "0", "--width", "64", "--height", "32", "--first-frames", "13", "--later-frames", "17",
        "--voxel-size", "0.05", "--point-radius", "0.1", "--threshold", "0", "--max-references", "1", "--learning-rate", "1e-3", "--rank", "4",
        "--batch", "2", "--steps", "3", "--sheet", "9", "--sheet-steps", "1", "--device", "cpu", "--threads", "1", "--precision", "fp32",
        "--export-dtype", "fp32",
    ]  # fmt: skip
    log = tmp_path / "log.txt"

    def run(launcher, script, work, *more):
        with open(log, "a") as file:
            command = [*launcher, str(script), str(work), *options, *more]
            process = start_bound(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
            assert process.wait(timeout=PATIENCE) == 0, log.read_text()

    alone, spread = tmp_path / "alone", tmp_path / "spread"
    run([sys.executable], ROOT / "training" / "train.py", alone)
    shutil.copytree(alone / "latents", spread / "latents")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    run(launcher, ROOT / "tests" / "host" / "spread.py", spread, "--stages", "control", "lora")
    assert "spread over 2 processes: 10 units" in log.read_text()
    for stage in ("control", "lora"):
        one, two = (rows(work / stage / "loss.csv") for work in (alone, spread))
        assert len(one) == len(two) == 3
        for a, b in zip(one, two):
            for column in ("loss", "gradient_norm"):
                assert float(a[column]) == pytest.approx(float(b[column]), rel=1e-4), (stage, a, b)
        # Adam's first steps divide by the gradient's own size, so rounding shows where a gradient is next to nothing.
        weights = [load_file(work / stage / f"spatia_{stage}.safetensors") for work in (alone, spread)]
        assert weights[0].keys() == weights[1].keys()
        for name, tensor in weights[0].items():
            assert (tensor - weights[1][name]).norm() <= 1e-3 * tensor.norm() + 1e-5, (stage, name)


@pytest.mark.slow
@pytest.mark.long(5 * PATIENCE, "five commands, one of them of two processes, each of which imports the host")
def test_the_command_stopped_resumed_and_on_two_processes(comfyui_path, files, start_bound, tmp_path):
    """The script as a user runs it: alone, ended by Ctrl-C and gone on with; and by two processes, with the same losses."""
    environment = {**os.environ, "COMFYUI_PATH": str(comfyui_path), "OMP_NUM_THREADS": "1"}
    options = [
        "--backbone", str(files / "spatia_small_backbone.safetensors"), "--vae", str(files / "spatia_small_vae.safetensors"),
        "--data", "moving_rooms:0-2", "--held-out", "1", "--width", "64", "--height", "32", "--first-frames", "13", "--later-frames", "17",
        "--voxel-size", "0.05", "--point-radius", "0.1", "--threshold", "0", "--target-every", "4", "--max-references", "2",
        "--learning-rate", "1e-3", "--rank", "4", "--batch", "4", "--micro", "1", "--sheet", "6", "--sheet-steps", "2", "--device", "cpu", "--threads", "1",
        "--precision", "fp32",
    ]  # fmt: skip
    script, log = str(ROOT / "training" / "train.py"), tmp_path / "log.txt"

    def start(launcher, work, *more):
        with open(log, "a") as file:
            return start_bound(
                [*launcher, script, str(work), *options, *more], env=environment, stdout=file, stderr=subprocess.STDOUT
            )

    alone = tmp_path / "alone"
    process = start([sys.executable], alone, "--stages", "prepare", "control", "--steps", "2000", "--save", "1000")
    curve, deadline = alone / "control" / "loss.csv", time.monotonic() + PATIENCE
    while not (curve.is_file() and len(rows(curve)) >= 2):
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 130, log.read_text()
    done = len(rows(curve))
    assert torch.load(alone / "control" / "state.pt", weights_only=True)["step"] == done
    steps = str(done + 3)
    assert start([sys.executable], alone, "--steps", steps, "3").wait(timeout=PATIENCE) == 0, log.read_text()
    assert len(rows(curve)) == done + 3 and (alone / "lora" / "spatia_lora.safetensors").is_file()
    assert sorted(path.name for path in (alone / "lora" / "sheets").iterdir()) == ["step_000003.png"]

    posed = ["--stages", "prepare", "camera", "memory", "--later-frames", "13", "--per-video", "4", "--steps", "2"]
    decoupled = tmp_path / "decoupled"
    assert start([sys.executable], decoupled, *posed).wait(timeout=PATIENCE) == 0, log.read_text()
    assert (decoupled / "memory" / "spatia_memory.safetensors").is_file()
    assert len(rows(decoupled / "camera" / "loss.csv")) == len(rows(decoupled / "memory" / "loss.csv")) == 2

    both = tmp_path / "both"
    shutil.copytree(alone / "latents", both / "latents")
    # One of the two processes has it made again, the other waits.
    (missing,) = (both / "latents" / "later").rglob("moving_room_0000001.0.safetensors")
    missing.unlink()
    # accelerate's own launcher starts several processes on the CPU with MPI only; it runs under torch's as well.
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    assert start(launcher, both, "--steps", steps, "3").wait(timeout=PATIENCE) == 0, log.read_text()
    for stage in ("control", "lora"):
        one, two = (rows(work / stage / "loss.csv") for work in (alone, both))
        assert len(one) == len(two) > 0
        for a, b in zip(one, two):
            assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-3), (stage, a, b)
    assert missing.read_bytes() == (alone / missing.relative_to(both)).read_bytes()
    settings = json.loads((both / "latents" / "settings.json").read_text())
    assert settings["width"] == 64
