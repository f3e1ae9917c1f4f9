"""A network whose forward pass another node replaced by one that splits its tokens is refused; others' replacements run."""

from __future__ import annotations

import types

import pytest
import torch
from small_model import clip_inputs


@pytest.mark.parametrize(
    ("module", "refused"),
    [
        ("raylight.diffusion_models.wan.xdit_context_parallel", True),
        ("custom_nodes.split.xfuser_wan", True),
        ("custom_nodes.teacache.nodes", False),
    ],
)
def test_by_where_it_comes_from(sample, loaded, module, refused, monkeypatch):
    network = loaded[0].model.diffusion_model
    own = type(network).forward_orig

    def replaced(self, *args, **kwargs):
        return own(self, *args, **kwargs)

    replaced.__module__ = module
    inputs = clip_inputs(1)
    expected = sample(inputs)[1]["samples"]
    monkeypatch.setattr(network, "forward_orig", types.MethodType(replaced, network), raising=False)
    if refused:
        with pytest.raises(ValueError, match=rf"Another node \({module.split('.')[0]}\) splits this model's tokens"):
            sample(inputs)
    else:
        assert torch.equal(sample(inputs)[1]["samples"], expected)


def test_the_memory_branch_refuses_it_too(pack_module, comfy_host):
    module = pack_module("nodes.host.replaced_forward")
    network = torch.nn.Linear(2, 2)
    ran = []
    executor = type("Executor", (), {"class_obj": network, "__call__": lambda self, *args: ran.append(args)})()
    module._checked(executor, 1)
    assert ran == [(1,)]

    def usp_forward():
        pass

    usp_forward.__module__ = "raylight.distributed_modules.usp"
    network.forward = usp_forward
    with pytest.raises(ValueError, match="raylight"):
        module._checked(executor, 1)
