"""Decoupled memory inside the host: identities, composition with Spatia's control and references, other backbones, refusals."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from small_decoupled import HEADS, LAYERS, branch_patcher, branch_weights, revisit, small_i2v
from small_model import DIM, LATER, TEXT, clip_inputs, memory_of

APPLY = {
    "retrieval": "frustum", "strength": 1.0, "radius": 1.0, "max_distance": 0.5, "min_score": 0.6, "candidate_every": 1,
    "start_percent": 0.0, "end_percent": 1.0,
}  # fmt: skip
STRENGTHS = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0, "lora": "after the first clip"}
STEPS, CFG, SEED = 2, 3.5, 7


@pytest.fixture(scope="module", autouse=True)
def branch_files(comfy_host):
    """Memory branches in the host's folder."""
    patches = comfy_host / "models" / "model_patches"
    patches.mkdir(parents=True, exist_ok=True)
    header = {"num_heads": str(HEADS)}
    save_file(branch_weights(), patches / "decoupled_small.safetensors", header)
    save_file(branch_weights(zero=True), patches / "decoupled_zero.safetensors", header)


@pytest.fixture(scope="module")
def loaded(nodes_of):
    models = nodes_of("nodes.host.models")
    return (
        nodes_of("nodes.load_model")
        .SpatiaLoadModel.execute(models.BUNDLED, models.BUNDLED, "none", 1.0, "default")
        .args
    )


@pytest.fixture(scope="module")
def branches(nodes_of):
    load = nodes_of("nodes.decoupled_memory").SpatiaLoadDecoupledMemory
    return {name: load.execute(f"decoupled_{name}.safetensors", "default").args[0] for name in ("small", "zero")}


@pytest.fixture
def apply(nodes_of, loaded, branches):
    node = nodes_of("nodes.decoupled_memory").SpatiaApplyDecoupledMemory

    def run(memory, cameras, model=None, branch="small", vae=None, **changed):
        patcher = branches[branch] if isinstance(branch, str) else branch
        return node.execute(model or loaded[0], patcher, vae or loaded[2], memory, cameras, **{**APPLY, **changed}).args

    return run


@pytest.fixture
def sample(nodes_of, loaded, prompts):
    def run(model, memory, cameras, references: int = 0, control: bool = True):
        extra = {}
        if control:
            inputs = clip_inputs(13, references)
            extra = {name: inputs[name] for name in ("projection", "holes", "references")}
        node = nodes_of("nodes.sampler").SpatiaSampler
        out = node.execute(
            model, *prompts, loaded[2], memory, cameras, seed=SEED, steps=STEPS, cfg=CFG, **STRENGTHS, **extra
        )
        return out.args[1]["samples"]

    return run


def condition_of(nodes_of, model):
    from comfy.patcher_extension import WrappersMP

    (condition,) = model.get_wrappers(WrappersMP.DIFFUSION_MODEL, nodes_of("nodes.host.decoupled").DECOUPLED)
    return condition


def network_input(seed: int = 30, rows: int = 1, frames: int = 5):
    return torch.randn(rows, 48, frames, 2, 4, generator=torch.Generator().manual_seed(seed))


def residuals(nodes_of, branch, slots, x, timestep):
    run = nodes_of("nodes.host.decoupled").BranchRun(branch, slots, x, timestep, {})
    with torch.no_grad():
        return torch.stack([run.residual(layer) for layer in range(LAYERS)]), run.opened


def test_a_revisit_remembers(nodes_of, loaded, apply, sample):
    memory, cameras = revisit()
    model, report, strip = apply(memory, cameras)
    condition = condition_of(nodes_of, model)
    opened = condition.slots.gate[0].tolist()
    assert opened == [False, False, False, True, True]
    assert report.startswith("2 of 5 latent frames remember, of 25 candidate frames (frustum)")
    assert "latent 0 (frame 0): given" in report and "latent 3 (frame 9): frame " in report
    assert (
        strip.ndim == 4
        and strip.shape[0] == 1
        and strip.shape[3] == 3
        and 0 <= float(strip.min()) < float(strip.max()) <= 1
    )
    base = sample(loaded[0], memory, cameras, control=False)
    assert not torch.allclose(sample(model, memory, cameras, control=False), base, atol=1e-3)
    # The clean history stays the history.
    assert torch.allclose(sample(model, memory, cameras, control=False)[:, :, :3], base[:, :, :3], atol=1e-5)


@pytest.mark.parametrize("references", [0, 2])
def test_zero_outputs_are_the_backbone_bit_for_bit(loaded, apply, sample, references):
    memory, cameras = revisit()
    model, _, _ = apply(memory, cameras, branch="zero")
    base = sample(loaded[0], memory, cameras, references)
    assert torch.equal(sample(model, memory, cameras, references), base)


def test_shut_gates_are_the_backbone_bit_for_bit_and_nothing_runs(nodes_of, loaded, apply, sample, monkeypatch):
    decoupled = nodes_of("nodes.host.decoupled")
    memory, cameras = revisit()
    base = sample(loaded[0], memory, cameras)
    monkeypatch.setattr(decoupled.DecoupledBranch, "embed_history", lambda *args: pytest.fail("the branch ran"))
    away, report, _ = apply(memory, cameras, min_score=1.0, max_distance=0.0)
    assert "the branch does not run" in report
    assert not away.get_additional_models_with_key(decoupled.DECOUPLED) and not away.wrappers.get(
        "diffusion_model", {}
    ).get(decoupled.DECOUPLED)
    assert torch.equal(sample(away, memory, cameras), base)
    for changed in ({"strength": 0.0}, {"start_percent": 0.0, "end_percent": 0.0}):
        assert torch.equal(sample(apply(memory, cameras, **changed)[0], memory, cameras), base)


def test_an_image_alone_has_nothing_to_remember(loaded, apply, monkeypatch):
    inputs = clip_inputs(1)
    monkeypatch.setattr(loaded[2], "encode", lambda pixels: pytest.fail("encoded for nothing"))
    model, report, _ = apply(inputs["memory"], inputs["cameras"])
    assert "0 of 4 latent frames remember, of 0 candidate frames" in report and "no earlier frame" in report
    assert not model.wrappers


def test_a_frames_memory_changes_that_frame_only(nodes_of, apply):
    memory, cameras = revisit()
    condition = condition_of(nodes_of, apply(memory, cameras)[0])
    x, timestep = network_input(), torch.tensor([700.0])
    base, _ = residuals(nodes_of, condition.branch, condition.slots, x, timestep)
    for cue in ("temporal", "spatial", "history_c2w", "target_c2w"):
        for slot in range(2):
            changed = getattr(condition.slots, cue).clone()
            changed[slot] += 0.3
            moved, _ = residuals(nodes_of, condition.branch, condition.slots._replace(**{cue: changed}), x, timestep)
            assert not torch.allclose(moved[:, slot], base[:, slot], atol=1e-4), cue
            assert torch.equal(moved[:, 1 - slot], base[:, 1 - slot]), cue


def test_shut_frames_are_not_computed_and_not_touched(nodes_of, apply):
    """Residuals of the open frames are those of a run over all frames, and only their tokens change."""
    decoupled = nodes_of("nodes.host.decoupled")
    memory, cameras = revisit()
    condition = condition_of(nodes_of, apply(memory, cameras)[0])
    slots, x, timestep = condition.slots, network_input(), torch.tensor([[0.0, 0.0, 0.0, 700.0, 650.0]])
    few, _ = residuals(nodes_of, condition.branch, slots, x, timestep)
    five = slots._replace(
        gate=torch.ones(1, 5, dtype=torch.bool),
        **{name: getattr(slots, name)[[0, 0, 0, 0, 1]] for name in slots._fields[1:-2]},
    )
    every, _ = residuals(nodes_of, condition.branch, five, x, timestep)
    assert few.shape[1] == 2 and torch.allclose(every[:, 3:], few, atol=1e-5)
    tokens = torch.randn(1, 5 * few.shape[2], DIM)
    run = decoupled.BranchRun(condition.branch, slots, x, timestep, {})
    with torch.no_grad():
        patch = nodes_of("nodes.host.side_branch").ResidualPatch(
            run.residual, condition.add, LAYERS, 5, 0.5, "the test"
        )
        out = patch({"img": tokens.clone(), "block_index": 0})["img"]
    change = (out - tokens).unflatten(1, (5, -1))
    assert not change[:, :3].any()
    assert torch.allclose(change[0, 3:], 0.5 * few[0], atol=1e-5)


def test_every_frame_has_its_own_timestep(nodes_of, apply):
    memory, cameras = revisit()
    condition = condition_of(nodes_of, apply(memory, cameras)[0])
    x = network_input()
    one, _ = residuals(nodes_of, condition.branch, condition.slots, x, torch.tensor([[0.0, 0.0, 0.0, 700.0, 700.0]]))
    same, _ = residuals(nodes_of, condition.branch, condition.slots, x, torch.tensor([700.0]))
    other, _ = residuals(nodes_of, condition.branch, condition.slots, x, torch.tensor([[0.0, 0.0, 0.0, 700.0, 100.0]]))
    assert torch.equal(one, same)
    assert torch.equal(other[:, 0], one[:, 0]) and not torch.allclose(other[:, 1], one[:, 1], atol=1e-4)


def test_rows_remember_for_themselves(nodes_of, apply):
    """Two memories with other gates, under two conditions each as the host stacks them, are the single runs."""
    from spatia_core.model.decoupled.assembly import stack_slots

    memory, cameras = revisit()
    slots = condition_of(nodes_of, apply(memory, cameras)[0]).slots
    branch = condition_of(nodes_of, apply(memory, cameras)[0]).branch
    gate = slots.gate.clone()
    gate[0, 3] = False
    fewer = slots._replace(gate=gate, **{name: getattr(slots, name)[1:] for name in slots._fields[1:-2]})
    x, timestep = network_input(rows=4), torch.tensor([700.0, 600.0, 700.0, 600.0])
    both, opened = residuals(nodes_of, branch, stack_slots(slots, fewer), x, timestep)
    assert opened.tolist() == [[False] * 3 + [True] * 2, [False] * 4 + [True]] * 2
    single = [
        residuals(nodes_of, branch, (slots, fewer)[row % 2], x[row : row + 1], timestep[row : row + 1])[0]
        for row in range(4)
    ]
    assert torch.allclose(both, torch.cat(single, dim=1), atol=1e-5)
    with pytest.raises(ValueError, match="multiple of the 2 memories"):
        residuals(nodes_of, branch, stack_slots(slots, fewer), x[:3], timestep[:3])


def test_with_references_and_control_only_the_open_frames_get_it(loaded, apply, sample):
    """After block 0, tokens differ from the model without memory in the open video frames alone; references stand before them."""
    memory, cameras = revisit()
    tokens = {}

    def watch(name):
        def record(args, extra):
            tokens.setdefault(name, args["img"].clone())
            return extra["original_block"](args)

        return record

    results = {}
    for name, model in (("without", loaded[0]), ("with", apply(memory, cameras)[0])):
        model = model.clone()
        model.set_model_patch_replace(watch(name), "dit", "double_block", 1)
        results[name] = sample(model, memory, cameras, references=2)
    change = (tokens["with"] - tokens["without"]).unflatten(1, (2 + 5, -1)).abs().amax((0, 2, 3))
    assert not change[:5].any() and bool((change[5:] > 1e-4).all())
    assert not torch.allclose(results["with"], results["without"], atol=1e-3)


def test_the_host_counts_the_branch(nodes_of, branches, apply, sample):
    import comfy.model_management
    from comfy.patcher_extension import WrappersMP

    decoupled = nodes_of("nodes.host.decoupled")
    memory, cameras = revisit()
    model = apply(memory, cameras)[0]
    sample(model, memory, cameras)
    assert any(entry.model.model is branches["small"].model for entry in comfy.model_management.current_loaded_models)
    shapes = []
    (prepare,) = model.get_wrappers(WrappersMP.PREPARE_SAMPLING, decoupled.DECOUPLED)
    prepare(lambda patcher, shape, conds: shapes.append(shape), model, torch.Size([1, 48, 5, 2, 4]), {})
    assert shapes[0][2] == 5 + 1


def test_the_sources_stay_as_they_were(loaded, branches, apply, sample):
    model = loaded[0]
    before = dict(model.wrappers), dict(model.model_options["transformer_options"]), dict(model.additional_models)
    memory, cameras = revisit()
    sample(apply(memory, cameras)[0], memory, cameras)
    assert (model.wrappers, model.model_options["transformer_options"], model.additional_models) == before


@pytest.mark.parametrize("mode", ["visibility", "release"])
def test_other_retrievals(nodes_of, apply, mode):
    memory, cameras = revisit()
    # A ring of points about the way, so that every camera sees some.
    angle = torch.arange(0, 6.2832, 0.01)
    ring = torch.stack([2 * angle.sin(), torch.zeros_like(angle), 2 * angle.cos()], 1)
    cloud = torch.cat([ring + torch.tensor([0, height, 0]) for height in torch.arange(-1.0, 1.0, 0.05)])
    from spatia_core.cloud.point_cloud import make_point_cloud

    memory = memory._replace(
        cloud=make_point_cloud(cloud, torch.zeros(cloud.shape[0], 3, dtype=torch.uint8)), voxel_size=0.05
    )
    model, report, _ = apply(memory, cameras, retrieval=mode)
    assert condition_of(nodes_of, model).slots.gate[0].tolist() == [False, False, False, True, True]
    assert f"({mode})" in report
    if mode == "visibility":
        with pytest.raises(ValueError, match="holds no point"):
            apply(memory._replace(cloud=memory.cloud.select(slice(0, 0))), cameras, retrieval=mode)


def test_a_clip_from_the_last_frame_alone(nodes_of, apply):
    """As in the paper: one given latent frame, and every frame of the video is a candidate."""
    memory, cameras = revisit(given=1)
    model, report, _ = apply(memory, cameras, candidate_every=2)
    assert "of 17 candidate frames" in report
    gate = condition_of(nodes_of, model).slots.gate[0].tolist()
    assert not gate[0] and sum(gate) >= 2


@pytest.mark.parametrize("dtype", ["bf16", "fp8_e4m3fn"])
def test_other_precisions(nodes_of, apply, sample, branches, dtype):
    load = nodes_of("nodes.decoupled_memory").SpatiaLoadDecoupledMemory
    patcher = load.execute("decoupled_small.safetensors", dtype).args[0]
    branch = patcher.model
    assert branch.blocks[0].attn1.to_q.weight.dtype == nodes_of("nodes.host.models").DTYPES[dtype]
    assert branch.patch_embedding_current.weight.dtype == torch.float32
    memory, cameras = revisit()
    slots = condition_of(nodes_of, apply(memory, cameras, branch=patcher)[0]).slots
    ours, _ = residuals(nodes_of, branch, slots, network_input(), torch.tensor([700.0]))
    full, _ = residuals(nodes_of, branches["small"].model, slots, network_input(), torch.tensor([700.0]))
    assert 0 < (ours - full).norm() / full.norm() < (0.03 if dtype == "bf16" else 0.2)
    # The tables of positions stay in float32 whatever the weights are in.
    assert branch.positions(torch.tensor([5]), 2, 2).dtype == torch.float32


class TestWan21I2V:
    """The release's backbone, small: image-to-video with 16 latent channels, a mask and an image latent beside the noise."""

    @pytest.fixture
    def parts(self, nodes_of):
        model, vae = small_i2v(TEXT)
        patcher = branch_patcher(nodes_of, "memory", branch_weights(latent_channels=16, extra=20, pixels=8))
        return model, vae, patcher

    def test_it_drives_the_hosts_model(self, nodes_of, apply, parts, prompts):
        import comfy.sample
        from comfy_extras.nodes_wan import WanImageToVideo

        model, vae, patcher = parts
        memory, cameras = revisit(given=1, width=32, height=16)
        positive, negative, latent = WanImageToVideo.execute(
            *prompts, vae, 32, 16, LATER, 1, start_image=memory.read_frames([memory.frame_count - 1]).float() / 255.0
        ).args
        remembering, *_ = apply(memory, cameras, model=model, branch=patcher, vae=vae, retrieval="release")
        assert condition_of(nodes_of, remembering).slots.temporal.shape[1:] == (16, 2, 4)
        noise = comfy.sample.prepare_noise(latent["samples"], SEED)

        def run(which):
            return comfy.sample.sample(
                which,
                noise,
                STEPS,
                CFG,
                "euler",
                "simple",
                positive,
                negative,
                latent["samples"],
                seed=SEED,
                disable_pbar=True,
            )

        base = run(model)
        assert not torch.allclose(run(remembering), base, atol=1e-3)
        off, _, _ = apply(memory, cameras, model=model, branch=patcher, vae=vae, retrieval="release", strength=0.0)
        assert torch.equal(run(off), base)

    def test_other_models_are_refused(self, apply, parts, branches, loaded):
        memory, cameras = revisit(given=1, width=64, height=32)
        with pytest.raises(ValueError, match="reads an input of channels 48, the model has 36"):
            apply(memory, cameras, model=parts[0])
        with pytest.raises(ValueError, match="reads an input of channels 36, the model has 48"):
            apply(memory, cameras, branch=parts[2])
        with pytest.raises(ValueError, match="48 channels, expected 16"):
            apply(memory, cameras, model=parts[0], branch=parts[2])


def test_misuse_is_refused_before_anything_is_encoded(nodes_of, loaded, apply, monkeypatch):
    memory, cameras = revisit()
    remembering = apply(memory, cameras)[0]
    conditioned = (
        nodes_of("nodes.sampler").SpatiaConditioning.execute(loaded[0], loaded[2], memory, cameras, **STRENGTHS).args[0]
    )
    deep, wide = branch_weights(), branch_weights(out_dim=DIM + 2)
    for name in [name for name in deep if ".2." in name and name.startswith(("blocks.2.", "controlnet_blocks.2."))]:
        for layer in range(3, 9):
            deep[name.replace("blocks.2.", f"blocks.{layer}.", 1)] = deep[name].clone()
    monkeypatch.setattr(loaded[2], "encode", lambda pixels: pytest.fail("encoded before the check"))
    control = loaded[0].get_additional_models_with_key(nodes_of("nodes.host.patching").CONTROL)[0]
    elsewhere = cameras.select(slice(3, None))
    odd = revisit(width=48)[0]
    for change, message in (
        ({"model": remembering}, "already conditioned on a clip by Apply Decoupled Memory"),
        ({"model": conditioned}, "already conditioned on a clip by Spatia Conditioning"),
        ({"branch": control}, "is a ControlBranch, expected the memory branch"),
        ({"branch": branch_patcher(nodes_of, "memory", wide)}, "adds to blocks of width 50, the model has 48"),
        ({"branch": branch_patcher(nodes_of, "memory", deep)}, "has 9 layers"),
        ({"cameras": elsewhere}, "does not continue this video"),
        ({"cameras": cameras.select(slice(0, 16))}, "16"),
        ({"memory": odd}, "multiples of 32"),
        ({"start_percent": 0.8, "end_percent": 0.2}, "start_percent"),
        ({"radius": -1.0}, "radius"),
    ):
        with pytest.raises(ValueError, match=message):
            apply(**{"memory": memory, "cameras": cameras, **change})


def test_a_clip_of_other_length_or_size_is_refused_while_sampling(nodes_of, loaded, apply, prompts):
    from spatia_core.model.flow_unipc import flow_schedule

    sampling = nodes_of("nodes.host.sampling")
    memory, cameras = revisit()
    model = apply(memory, cameras)[0]
    for shape, message in (((1, 48, 4, 2, 4), "4 latent frames"), ((1, 48, 5, 4, 4), r"latents of \(4, 4\)")):
        with pytest.raises(ValueError, match=message):
            sampling.sample_clip(
                model, *prompts, {"samples": torch.zeros(shape)}, sampling.unipc_sampler(), flow_schedule(2), CFG, SEED
            )


def test_foreign_files_are_refused(nodes_of, comfy_host):
    load = nodes_of("nodes.decoupled_memory").SpatiaLoadDecoupledMemory
    folder = comfy_host / "models" / "model_patches"
    save_file({"other.weight": torch.zeros(2)}, folder / "decoupled_foreign.safetensors")
    save_file(branch_weights(), folder / "decoupled_heads.safetensors", {"num_heads": "many"})
    (folder / "decoupled_broken.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00not json")
    for name, message in (
        ("foreign", r"patch_embedding_current\.weight is missing"),
        ("heads", "'many' attention heads"),
        ("broken", "cannot be read"),
        ("absent", "^memory is 'decoupled_absent.safetensors', expected one of "),
    ):
        with pytest.raises(ValueError, match=message):
            load.execute(f"decoupled_{name}.safetensors", "default")


def test_the_bundled_branch_is_a_choice_and_says_when_it_is_missing(nodes_of, apply, sample, loaded):
    from pathlib import Path

    from spatia_core.weights.scaled import save_quantised

    bundle, models = nodes_of("nodes.host.bundle"), nodes_of("nodes.host.models")
    load = nodes_of("nodes.decoupled_memory").SpatiaLoadDecoupledMemory
    widget = next(entry for entry in load.define_schema().inputs if entry.id == "memory")
    assert widget.options[0] == widget.default == models.BUNDLED
    file = Path(bundle.FOLDER) / bundle.DECOUPLED
    with pytest.raises(ValueError, match=f"bundle/{bundle.DECOUPLED} is missing"):
        load.execute(models.BUNDLED, "default")
    save_quantised(branch_weights(), file, {"num_heads": str(HEADS)})
    try:
        (patcher,) = load.execute(models.BUNDLED, "default").args
    finally:
        file.unlink()
    memory, cameras = revisit()
    model, report, _ = apply(memory, cameras, branch=patcher)
    assert report.startswith("2 of 5") and patcher.model.layout.num_heads == HEADS
    assert not torch.equal(sample(model, memory, cameras), sample(loaded[0], memory, cameras))


def test_the_strip_has_a_cell_per_latent_frame(nodes_of):
    strip = nodes_of("nodes.host.remember").gate_strip
    memory = memory_of(3)
    read, size = memory.read_frames, (memory.height, memory.width)
    one = strip(read, size, torch.tensor([-1]), torch.tensor([False]), ["no earlier frame"])
    many = strip(read, size, torch.tensor([-1, 0, 2] * 5), torch.tensor([False, True, False] * 5), ["why"] * 15)
    assert many.shape[2] > 7 * one.shape[2] and many.shape[1] > 1.9 * one.shape[1]
    assert many.shape == (1, *many.shape[1:3], 3)
