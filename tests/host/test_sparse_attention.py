"""Attention that is sparse by frames x grid is refused beside references, and left alone without them; Sage runs."""

from __future__ import annotations

from unittest.mock import patch

import pytest
import torch
from small_model import FIRST, clip_inputs


def radial(model, told: bool = True, last_steps_only: bool = False):
    """The model as a node for radial attention leaves it, with dense attention inside, so that the result is known.

    told: whether its settings are among the options. It puts its function in place of the host's while the network runs.
    """
    from comfy.ldm.modules.attention import optimized_attention

    model = model.clone()
    options = model.model_options["transformer_options"]
    if told:
        options["radial_attn"] = {"block_size": 128}

    def maybe_radial_attn(*args, **kwargs):
        return optimized_attention(*args, **kwargs)

    def unet_wrapper_function(function, given):
        sigma = float(given["timestep"].max())
        if last_steps_only and sigma > 0.99:
            return function(given["input"], given["timestep"], **given["c"])
        with patch("comfy.ldm.wan.model.optimized_attention", new=maybe_radial_attn):
            return function(given["input"], given["timestep"], **given["c"])

    unet_wrapper_function.__module__ = "elsewhere"
    unet_wrapper_function.__qualname__ = "wrapper"
    model.set_model_unet_function_wrapper(unet_wrapper_function)
    return model


@pytest.mark.parametrize(("told", "last_steps_only"), [(True, False), (True, True), (False, False), (False, True)])
def test_refused_beside_references(sample, loaded, told, last_steps_only):
    with pytest.raises(ValueError, match="sparse by frames .*radial.*disconnect references"):
        sample(clip_inputs(FIRST, 2), model=radial(loaded[0], told, last_steps_only))


def test_refused_before_anything_is_encoded(nodes_of, loaded, monkeypatch):
    model, _, vae = loaded
    monkeypatch.setattr(vae, "encode", lambda *args: pytest.fail("encoded first"))
    from small_model import STRENGTHS

    with pytest.raises(ValueError, match="sparse by frames"):
        nodes_of("nodes.sampler").SpatiaConditioning.execute(radial(model), vae, **clip_inputs(FIRST, 2), **STRENGTHS)


def test_it_runs_where_there_are_no_references(sample, loaded):
    inputs = clip_inputs(FIRST, 0)
    expected = sample(inputs)[1]["samples"]
    assert torch.equal(sample(inputs, model=radial(loaded[0]))[1]["samples"], expected)


def test_other_attention_runs_beside_references(sample, loaded):
    """An override as Sage attention's nodes set it: it leaves no token out."""
    inputs = clip_inputs(FIRST, 2)
    expected = sample(inputs)[1]["samples"]
    calls = []

    def attention_override_sage(func, *args, **kwargs):
        calls.append(args[0].shape)
        return func(*args, **kwargs)

    model = loaded[0].clone()
    model.model_options["transformer_options"]["optimized_attention_override"] = attention_override_sage
    assert torch.equal(sample(inputs, model=model)[1]["samples"], expected)
    assert calls
