"""Few-step weights: noise levels, the rule from one to the next, and what they stand beside."""

from __future__ import annotations

import itertools

import pytest
import torch
from small_model import CFG, FIRST, SEED, clip_inputs


@pytest.fixture
def few(pack_module, comfy_host):
    return pack_module("nodes.host.few_steps")


@pytest.fixture
def rule(pack_module):
    return pack_module("spatia_core.model.few_steps")


NAMES = ("turbo", "turbo as trained", "dmd")


def test_noise_levels(rule):
    """FastVideo's 1000, 757, 522; Turbo's 1000, 750, 500, 250, in its training moved by a shift of 5."""
    levels = {name: rule.schedule(rule.FEW_STEPS[name]).tolist() for name in NAMES}
    assert levels["dmd"] == pytest.approx([1.0, 0.757, 0.522, 0.0])
    assert levels["turbo"] == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])
    warped = [5 * t / (1 + 4 * t) for t in (1.0, 0.75, 0.5, 0.25, 0.0)]
    assert levels["turbo as trained"] == pytest.approx(warped)
    assert all(rule.FEW_STEPS[name].cfg == 1 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_the_rule_step_by_step(few, rule, loaded, sample, monkeypatch, name):
    """Spatia Sampler against a plain loop: x0, then fresh noise of the next level; the given frames are kept clean."""
    import comfy.k_diffusion.sampling as stock
    import comfy.samplers

    told = []

    @torch.no_grad()
    def plain(model, x, sigmas, extra_args=None, callback=None, disable=None):
        noise = stock.default_noise_sampler(x, seed=extra_args["seed"])
        told.append(sigmas.tolist())
        for here, there in itertools.pairwise(sigmas):
            x0 = model(x, here * x.new_ones([x.shape[0]]), **extra_args)
            x = (1 - there) * x0 + there * noise(here, there) if there > 0 else x0
        return x

    model = few.with_few_steps(loaded[0], name)
    inputs = clip_inputs(FIRST, 2)
    _, latent = sample(inputs, model=model, steps=0, cfg=0.0)
    monkeypatch.setattr(comfy.samplers, "ksampler", lambda kind: comfy.samplers.KSAMPLER(plain))
    _, by_rule = sample(inputs, model=model, steps=0, cfg=0.0)
    assert told == [pytest.approx(list(rule.FEW_STEPS[name].sigmas))]
    one, two = latent["samples"], by_rule["samples"]
    assert (one - two).norm() / two.norm() < 1e-5
    _, quality = sample(inputs, model=few.with_few_steps(model, "quality"), steps=0, cfg=0.0)
    assert (quality["samples"] - one).norm() / one.norm() > 1e-2


def test_every_step_is_one_pass_and_sees_the_timestep_itself(few, loaded, sample):
    """At CFG 1 the negative prompt is not run; the control branch stands beside each pass."""
    from comfy.patcher_extension import WrappersMP

    seen = []
    model = few.with_few_steps(loaded[0], "dmd")

    def look(executor, x, timestep, *args, **kwargs):
        seen.append((x.shape[0], float(timestep.max())))
        return executor(x, timestep, *args, **kwargs)

    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "look", look)
    inputs = clip_inputs(1)
    _, latent = sample(inputs, model=model, steps=0, cfg=0.0)
    assert [rows for rows, _ in seen] == [1, 1, 1]
    assert [time for _, time in seen] == pytest.approx([1000.0, 757.0, 522.0], abs=0.1)
    _, uncontrolled = sample({**inputs, "projection": None, "holes": None}, model=model, steps=0, cfg=0.0)
    assert (uncontrolled["samples"] - latent["samples"]).norm() / latent["samples"].norm() > 1e-3


def test_what_contradicts_it_is_refused_before_anything_is_encoded(few, loaded, sample, monkeypatch):
    model = few.with_few_steps(loaded[0], "turbo")
    monkeypatch.setattr(loaded[2], "encode", lambda pixels: pytest.fail("encoded before the check"))
    inputs = clip_inputs(1)
    with pytest.raises(
        ValueError, match="`steps` is 20, but Few Steps on this model says turbo, which takes 4; set `steps` to 0"
    ):
        sample(inputs, model=model, steps=20, cfg=0.0)
    with pytest.raises(ValueError, match=f"`cfg` is {CFG:g}, but Few Steps"):
        sample(inputs, model=model, steps=4, cfg=CFG)


def test_the_host_s_own_sampler_with_what_comes_out(nodes_of, loaded, prompts, sample):
    """SamplerCustomAdvanced with the node's SAMPLER and SIGMAS: Spatia Sampler's latents, to the bit."""
    from comfy_extras.nodes_custom_sampler import CFGGuider, RandomNoise, SamplerCustomAdvanced

    model, sampler, sigmas = nodes_of("nodes.few_steps").SpatiaFewSteps.execute(loaded[0], "turbo").args
    inputs = clip_inputs(FIRST, 2)
    _, latent = sample(inputs, model=model, steps=0, cfg=0.0)
    strengths = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0, "lora": "after the first clip"}
    conditioned, start = (
        nodes_of("nodes.sampler").SpatiaConditioning.execute(model, loaded[2], **inputs, **strengths).args
    )
    guider = CFGGuider.execute(conditioned, *prompts, 1.0).args[0]
    stock = SamplerCustomAdvanced.execute(RandomNoise.execute(SEED).args[0], guider, sampler, sigmas, start).args[0]
    assert torch.equal(stock["samples"], latent["samples"])


def test_an_accelerator_s_lora_and_spatia_s_add_up(few, pack_module, loaded):
    """The accelerator's on every clip, Spatia's on later ones, each at its own strength; taking Few Steps off leaves them."""
    import comfy.lora
    import comfy.sd
    import comfy.utils

    patching = pack_module("nodes.host.patching")
    name = "diffusion_model.blocks.0.self_attn.q"
    generator = torch.Generator().manual_seed(5)
    plain = comfy.utils.get_attr(loaded[0].model, f"{name}.weight").float()
    up, down = (torch.randn(*shape, generator=generator) for shape in ((plain.shape[0], 3), (3, plain.shape[1])))
    files = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down}

    def weight(model) -> torch.Tensor:
        key = f"{name}.weight"
        return comfy.lora.calculate_weight(model.patches.get(key, []), plain.clone(), key) - plain

    later = loaded[0].clone()
    patching.add_lora(later)
    fast = few.with_few_steps(comfy.sd.load_lora_for_models(loaded[0], None, files, 0.5, 0.0)[0], "turbo")
    both = fast.clone()
    patching.add_lora(both)
    assert few.few_steps_of(both).name == "turbo" and weight(later).any()
    assert (weight(fast) - 0.5 * up @ down).norm() / (up @ down).norm() < 1e-5
    assert (weight(both) - weight(fast) - weight(later)).norm() / weight(both).norm() < 1e-5
    quality = few.with_few_steps(both, "quality")
    assert few.few_steps_of(quality) is None and torch.equal(weight(quality), weight(both))


def test_what_a_user_should_know_first(few, loaded):
    """No LoRA on the model, and what FastWan was not made for; nothing where quality is chosen."""
    assert few.few_step_losses(loaded[0], "quality") == []
    assert ["No LoRA" in text for text in few.few_step_losses(loaded[0], "turbo")] == [True]
    assert ["No LoRA" in text for text in few.few_step_losses(loaded[0], "dmd")] == [True, False]
    patched = loaded[0].clone()
    patched.add_patches({"diffusion_model.blocks.0.self_attn.q.weight": (torch.zeros(1),)})
    assert few.few_step_losses(patched, "turbo") == []
