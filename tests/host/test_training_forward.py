"""The training script's forward pass is the network that is sampled: the same output as the host's path with our patches."""

from __future__ import annotations

import pytest
import torch
from small_model import HEADS, LAYERS, TEXT, backbone_weights, control_weights


@pytest.mark.parametrize("references", [0, 2])
@pytest.mark.parametrize("with_control", [True, False])
def test_velocity(pack_module, references, with_control):
    import json

    import comfy.sd
    from comfy.patcher_extension import WrappersMP

    patching, objective = pack_module("nodes.host.patching"), pack_module("training.networks.objective")
    metadata = {"config": json.dumps({"transformer": {"num_heads": HEADS, "text_dim": TEXT}})}
    model = comfy.sd.load_diffusion_model_state_dict(backbone_weights(), metadata=metadata)
    patching.attach_control(model, patching.control_patcher(control_weights(), "small", patching.backbone_sizes(model)))
    branch, network = patching.control_branch(model), model.model.diffusion_model
    assert network.num_layers == LAYERS
    generator = torch.Generator().manual_seed(11)
    video, control = torch.randn(1, 48, 4, 4, 6, generator=generator), torch.randn(1, 96, 4, 4, 6, generator=generator)
    before = torch.randn(1, 48, references, 4, 6, generator=generator)
    context, timesteps = torch.zeros(1, 1, TEXT), torch.tensor([[0.0, 700.0, 700.0, 700.0]])
    clip = patching.ClipCondition(branch, control if with_control else None, before, 1.0, 1.0, 0.0)
    options = {"wrappers": {WrappersMP.DIFFUSION_MODEL: {patching.CLIP: [clip]}}}
    with torch.no_grad():
        sampled = network(video, timesteps, context, transformer_options=options)
        trained = objective.velocity(
            network, branch if with_control else None, video, timesteps, context, control, before
        )
    assert (sampled - trained).norm() / trained.norm() < 2e-5
