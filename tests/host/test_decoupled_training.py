"""Training of the memory branch: what is trained is what is sampled, and only the branch learns."""

from __future__ import annotations

import json

import pytest
import torch
from small_decoupled import branch_weights, layout, revisit
from small_model import HEADS as MODEL_HEADS
from small_model import HISTORY, LATER, TEXT, backbone_weights, control_weights

FRAMES = 5


@pytest.fixture(scope="module")
def training(pack_module, comfy_host):
    return pack_module("training.tasks.decoupled")


@pytest.fixture(scope="module")
def memories(pack_module, comfy_host):
    return pack_module("training.data.memories")


@pytest.fixture(scope="module")
def beside(pack_module, comfy_host):
    return pack_module("training.networks.beside")


@pytest.fixture(scope="module")
def network(pack_module, comfy_host):
    """(MODEL, backbone, control), random weights."""
    import comfy.sd

    patching = pack_module("nodes.host.patching")
    metadata = {"config": json.dumps({"transformer": {"num_heads": MODEL_HEADS, "text_dim": TEXT}})}
    model = comfy.sd.load_diffusion_model_state_dict(backbone_weights(), metadata=metadata)
    patching.attach_control(model, patching.control_patcher(control_weights(), "small", patching.backbone_sizes(model)))
    return model, model.model.diffusion_model, patching.control_branch(model)


@pytest.fixture
def branch(pack_module, comfy_host):
    import comfy.ops

    built = pack_module("nodes.host.decoupled").DecoupledBranch(
        layout(), torch.float32, None, comfy.ops.disable_weight_init
    )
    built.load_state_dict(branch_weights())
    return built


@pytest.fixture
def gradients(comfy_host):
    """The host's kernels that have gradients."""
    import comfy.model_management

    comfy.model_management.in_training = True
    yield
    comfy.model_management.in_training = False


def slots_of(memories, rows: int = 1):
    """Slots of random latents for `revisit`'s clip, the last two of its latent frames open."""
    from spatia_core.cameras.camera import concat_cameras
    from spatia_core.model.decoupled.assembly import memory_slots, stack_slots
    from spatia_core.model.decoupled.retrieval import Rules

    memory, cameras = revisit()
    path = memory.cameras
    end = path.count - HISTORY + 1
    whole = concat_cameras(path.select(slice(0, end - 1)), cameras)
    gate, ids = memories.plan_memory(whole, end - 1, LATER, HISTORY, Rules(min_score=0.6))
    assert gate.tolist() == [False] * 3 + [True] * 2 and (ids[gate] >= 0).all()
    generator = torch.Generator().manual_seed(3)
    made = []
    for _ in range(rows):
        temporal, spatial = torch.randn(2, 2, 48, 2, 4, generator=generator)
        made.append(memory_slots(gate, ids, temporal, spatial, cameras, path.select(slice(0, end)), 32, 64))
    return stack_slots(*made)


def test_the_plan_is_what_the_node_remembers(memories, pack_module):
    """The node's condition holds the same gate and the same cameras."""
    slots = slots_of(memories)
    memory, cameras = revisit()
    decoupled = pack_module("spatia_core.model.decoupled.retrieval")
    gates = pack_module("spatia_core.model.decoupled.gate")
    views = pack_module("spatia_core.model.decoupled.cameras")
    end = memory.frame_count - HISTORY + 1
    ids = decoupled.retrieve(
        views.latent_cameras(cameras), memory.cameras.select(slice(0, end)), rules=decoupled.Rules(min_score=0.6)
    ).ids
    assert torch.equal(gates.gate(ids, 3)[None], slots.gate)


def test_dropped_slots_close_their_gates(memories):
    slots = slots_of(memories, rows=2)
    kept = torch.tensor([True, False, False, True])
    fewer = memories.keep_slots(slots, kept)
    assert fewer.gate.nonzero().tolist() == [[0, 3], [1, 4]]
    assert torch.equal(fewer.temporal, slots.temporal[kept]) and torch.equal(fewer.history_c2w, slots.history_c2w[kept])
    assert slots.gate.sum() == 4


def test_one_lens_is_the_camera_encoder(memories, beside, branch):
    slots = slots_of(memories, rows=2)
    with torch.no_grad():
        full = branch.encode_cameras(slots.target_c2w, slots.target_K, slots.height, slots.width)
        quick = beside.encode_one_lens(branch, slots.target_c2w, slots.target_K, slots.height, slots.width)
    assert (quick - full).norm() / full.norm() < 1e-5


@pytest.mark.parametrize("references", [0, 2])
def test_what_is_trained_is_what_is_sampled(memories, beside, pack_module, network, branch, references):
    from comfy.patcher_extension import WrappersMP

    patching, decoupled = pack_module("nodes.host.patching"), pack_module("nodes.host.decoupled")
    objective = pack_module("training.networks.objective")
    _, backbone, control = network
    slots = slots_of(memories)
    generator = torch.Generator().manual_seed(11)
    video, latents = (
        torch.randn(1, 48, FRAMES, 2, 4, generator=generator),
        torch.randn(1, 96, FRAMES, 2, 4, generator=generator),
    )
    before = torch.randn(1, 48, references, 2, 4, generator=generator)
    context, timesteps = torch.zeros(1, 1, TEXT), torch.tensor([[0.0, 0.0, 0.0, 700.0, 700.0]])
    wrappers = {
        decoupled.DECOUPLED: [decoupled.MemoryCondition(branch, slots, 1.0)],
        patching.CLIP: [patching.ClipCondition(control, latents, before, 1.0, 1.0, 0.0)],
    }
    memory = beside.AddMemory(
        decoupled.BranchRun(branch, slots, video, timesteps, {}), slots.gate, branch.layout.layers
    )
    with torch.no_grad():
        sampled = backbone(
            video, timesteps, context, transformer_options={"wrappers": {WrappersMP.DIFFUSION_MODEL: wrappers}}
        )
        trained = objective.velocity(backbone, control, video, timesteps, context, latents, before, beside=[memory])
        alone = objective.velocity(backbone, control, video, timesteps, context, latents, before)
    assert (sampled - trained).norm() / trained.norm() < 2e-5
    assert (alone - trained).norm() / trained.norm() > 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("alone", [0.0, 1.0])
def test_only_the_branch_learns(training, memories, beside, pack_module, network, branch, gradients, alone, tmp_path):
    names = "nodes.host.decoupled", "training.networks.objective", "training.loop.budget", "training.loop.fitting"
    decoupled, objective, budgets, fitting = map(pack_module, names)
    _, backbone, control = network
    backbone, control = backbone.float(), control.float()
    torch.manual_seed(0)
    training.initialise_branch(branch, at_own_place=True)
    whole = beside.Network(backbone, control, memory=beside.Beside(branch, decoupled.BranchRun))
    assert not any(output.weight.any() or output.bias.any() for output in branch.controlnet_blocks)
    slots = slots_of(memories, rows=8)
    context = torch.zeros(1, 1, TEXT)

    def sample(generator):
        # Every video is another, and its last frames are what is remembered: without the memory they cannot be known.
        remembered = torch.randn(16, 48, 2, 4, generator=generator)
        video = torch.zeros(8, 48, FRAMES, 2, 4)
        video.transpose(1, 2)[slots.gate] = remembered
        clip = objective.Batch(video, torch.zeros(8, 96, FRAMES, 2, 4), torch.zeros(8, 48, 0, 2, 4), 3)
        return training.DecoupledBatch(clip, None, slots._replace(temporal=remembered, spatial=remembered))

    before = {name: value.clone() for name, value in {**backbone.state_dict(), **control.state_dict()}.items()}
    run = fitting.FitRun("memory", tmp_path, budgets.Budget(steps=150), 0, ["made up"], lambda: False)
    training.train_branch(whole, branch, sample, context, run, alone=alone)
    losses = [row["loss"] for row in pack_module("training.loop.loss_log").read_log(tmp_path / "loss.csv")]
    assert sum(losses[100:]) < 0.98 * sum(losses[:50])
    assert [bool(output.weight.any()) for output in branch.controlnet_blocks] == [alone == 0, alone == 0, True]
    after = {**backbone.state_dict(), **control.state_dict()}
    assert all(torch.equal(after[name], value) for name, value in before.items())
