"""Among the host's other nodes: what they do is kept, what Spatia adds is kept, and what would drop it raises."""

from __future__ import annotations

import gc

import pytest
import torch
from safetensors.torch import save_file
from small_model import CFG, CONTROL_BLOCKS, DIM, FIRST, LAYERS, SEED, STEPS, STRENGTHS, clip_inputs


def difference(ours: torch.Tensor, base: torch.Tensor) -> float:
    return float((ours - base).norm() / base.norm())


@pytest.fixture(scope="module")
def inputs():
    return clip_inputs(FIRST, 2)


@pytest.fixture
def parts(nodes_of, loaded):
    """A function: model and inputs -> conditioned model and LATENT."""
    return lambda model, given: (
        nodes_of("nodes.sampler").SpatiaConditioning.execute(model, loaded[2], **given, **STRENGTHS).args
    )


@pytest.fixture
def run(nodes_of, prompts):
    """A function: conditioned model and LATENT -> samples."""
    sampling, flow = nodes_of("nodes.host.sampling"), nodes_of("spatia_core.model.flow_unipc")
    return lambda model, latent: sampling.sample_clip(
        model, *prompts, latent, sampling.unipc_sampler(), flow.flow_schedule(STEPS), CFG, SEED
    )


def cfg_nodes(model) -> dict:
    from comfy_extras.nodes_apg import APG
    from comfy_extras.nodes_cfg import CFGNorm, CFGZeroStar
    from comfy_extras.nodes_eps import EpsilonScaling
    from comfy_extras.nodes_fresca import FreSca
    from comfy_extras.nodes_mahiro import Mahiro
    from comfy_extras.nodes_model_advanced import RescaleCFG
    from comfy_extras.nodes_slg import SkipLayerGuidanceDiT, SkipLayerGuidanceDiTSimple
    from comfy_extras.nodes_tcfg import TCFG

    return {
        "CFGZeroStar": lambda: CFGZeroStar.execute(model).args[0],
        "CFGNorm": lambda: CFGNorm.execute(model, 1.0).args[0],
        "RescaleCFG": lambda: RescaleCFG().patch(model, 0.7)[0],
        "APG": lambda: APG.execute(model, 0.5, 5.0, 0.0).args[0],
        "TCFG": lambda: TCFG.execute(model).args[0],
        "Mahiro": lambda: Mahiro.execute(model).args[0],
        "FreSca": lambda: FreSca.execute(model, 1.0, 1.25, 1).args[0],
        "EpsilonScaling": lambda: EpsilonScaling.execute(model, 1.05).args[0],
        "SkipLayerGuidanceDiT": lambda: SkipLayerGuidanceDiT.execute(model, 2.0, 0.0, 1.0, "0, 3, 4", "").args[0],
        "SkipLayerGuidanceDiTSimple": lambda: SkipLayerGuidanceDiTSimple.execute(model, 0.0, 1.0, "0, 3, 4", "").args[
            0
        ],
    }


CFG_NODES = [
    "CFGZeroStar",
    "CFGNorm",
    "RescaleCFG",
    "APG",
    "TCFG",
    "Mahiro",
    "FreSca",
    "EpsilonScaling",
    "SkipLayerGuidanceDiT",
    "SkipLayerGuidanceDiTSimple",
]


@pytest.mark.parametrize("name", CFG_NODES)
def test_guidance_nodes_act_and_keep_the_condition(loaded, inputs, sample, base_samples, name):
    model = cfg_nodes(loaded[0])[name]()
    ours = sample(inputs, model=model)[1]["samples"]
    assert torch.isfinite(ours).all() and not torch.allclose(ours, base_samples, atol=1e-5), "the node does nothing"
    other = sample({**inputs, "projection": 1.0 - inputs["projection"]}, model=model)[1]["samples"]
    assert not torch.allclose(ours, other, atol=1e-4), "the projection is dropped"


@pytest.fixture(scope="module")
def base_samples(nodes_of, loaded, prompts, inputs):
    out = nodes_of("nodes.sampler").SpatiaSampler.execute(
        loaded[0], *prompts, loaded[2], seed=SEED, steps=STEPS, cfg=CFG, **inputs, **STRENGTHS
    )
    return out.args[1]["samples"]


@pytest.mark.parametrize("kind", ["pytorch", "sub_quad", "split"])
def test_attention_overrides_reach_every_block(loaded, inputs, sample, base_samples, kind):
    """Both attentions of the backbone's blocks and of the control's; sage attention needs a GPU and is not run here."""
    import comfy.ldm.modules.attention as attention

    chosen, calls = getattr(attention, f"attention_{kind}"), []

    def override(func, *args, **kwargs):
        calls.append(kind)
        options = {key: value for key, value in kwargs.items() if key != "transformer_options"}
        return chosen(*args, **options)

    model = loaded[0].clone()
    model.model_options["transformer_options"]["optimized_attention_override"] = override
    ours = sample(inputs, model=model)[1]["samples"]
    assert difference(ours, base_samples) < 1e-4
    assert len(calls) == STEPS * 2 * (LAYERS + CONTROL_BLOCKS)


GRAPHS = []


def as_traced(graph, examples, **options):
    """A compiler that runs what was traced; inductor gives the same clips, after minutes of C++."""
    GRAPHS.append(graph)
    return graph.forward


def compiled(model):
    from comfy_extras.nodes_torch_compile import TorchCompileModel

    return TorchCompileModel.execute(model, as_traced).args[0]


@pytest.mark.slow
def test_torch_compile_gives_the_same_clips_one_after_another(loaded, parts, run, inputs, sample, base_samples):
    """One compiled model for several clips: each one's latents are its own, not those that were traced."""
    GRAPHS.clear()
    model = compiled(loaded[0])
    assert difference(sample(inputs, model=model)[1]["samples"], base_samples) < 1e-4
    assert GRAPHS, "nothing was compiled"
    other = {**inputs, "projection": 1.0 - inputs["projection"]}
    ours, base = (sample(other, model=given)[1]["samples"] for given in (model, loaded[0]))
    assert difference(ours, base) < 1e-4 and difference(ours, base_samples) > 1e-4
    conditioned, latent = parts(loaded[0], inputs)
    assert difference(run(compiled(conditioned), latent), base_samples) < 1e-4, "the node after the conditioning"


@pytest.mark.slow
def test_compiled_blocks_of_other_packs(loaded, sample, inputs, base_samples):
    """The host's compile helper on single blocks, as packs for this model use it."""
    from comfy_api.torch_helpers import set_torch_compile_wrapper

    GRAPHS.clear()
    model = loaded[0].clone()
    set_torch_compile_wrapper(model, as_traced, keys=["diffusion_model.blocks.0", "diffusion_model.blocks.1"])
    assert difference(sample(inputs, model=model)[1]["samples"], base_samples) < 1e-4
    assert GRAPHS, "nothing was compiled"


def test_a_forward_pass_without_the_conditions_raises(loaded, parts, run, inputs):
    """A node that hands the model other transformer_options, as a compiled model with stale guards does."""
    conditioned, latent = parts(loaded[0], inputs)
    conditioned.set_model_unet_function_wrapper(
        lambda apply, args: apply(
            args["input"],
            args["timestep"],
            **{key: value for key, value in args["c"].items() if key != "transformer_options"},
        )
    )
    with pytest.raises(ValueError, match="without Spatia's projection and references"):
        run(conditioned, latent)


@pytest.mark.parametrize("references", [0, 2])
def test_dropped_block_patches_raise(loaded, parts, run, references):
    from comfy.patcher_extension import WrappersMP

    def drop(executor, x, timestep, context, clip_fea, time_dim_concat, options, **kwargs):
        return executor(x, timestep, context, clip_fea, time_dim_concat, {**options, "patches_replace": {}}, **kwargs)

    conditioned, latent = parts(loaded[0], clip_inputs(FIRST, references))
    conditioned.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "drop", drop)
    with pytest.raises(ValueError, match="Block 0 ran without its control hint"):
        run(conditioned, latent)


def test_context_windows_raise(loaded, parts, run, inputs):
    from comfy_extras.nodes_context_windows import WanContextWindowsManualNode

    conditioned, latent = parts(loaded[0], inputs)
    windowed = WanContextWindowsManualNode.execute(conditioned, 9, 4, "standard_static", 1, False, "pyramid", False)
    with pytest.raises(ValueError, match="no context windows"):
        run(getattr(windowed, "args", [windowed])[0], latent)


def test_another_nodes_reference_latent_raises(nodes_of, loaded, prompts, parts, inputs):
    from comfy_extras.nodes_edit_model import ReferenceLatent

    sampling, flow = nodes_of("nodes.host.sampling"), nodes_of("spatia_core.model.flow_unipc")
    conditioned, latent = parts(loaded[0], inputs)
    positive = ReferenceLatent.execute(prompts[0], {"samples": latent["samples"][:, :, :1]}).args[0]
    with pytest.raises(ValueError, match="adds frames to the model's input"):
        sampling.sample_clip(
            conditioned, positive, prompts[1], latent, sampling.unipc_sampler(), flow.flow_schedule(1), CFG, SEED
        )


@pytest.mark.parametrize("name", ["EasyCache", "LazyCache"])
@pytest.mark.parametrize("after", [False, True])
def test_cache_nodes_skip_steps_and_keep_the_condition(nodes_of, loaded, prompts, parts, inputs, name, after):
    from comfy_extras.nodes_easycache import EasyCacheNode, LazyCacheNode

    sampling, flow = nodes_of("nodes.host.sampling"), nodes_of("spatia_core.model.flow_unipc")
    node = {"EasyCache": EasyCacheNode, "LazyCache": LazyCacheNode}[name]
    steps, blocks = 8, []
    results = []
    for projection in (inputs["projection"], 1.0 - inputs["projection"]):
        model = loaded[0] if after else node.execute(loaded[0], 10.0, 0.1, 0.95, False).args[0]
        conditioned, latent = parts(model, {**inputs, "projection": projection})
        model = node.execute(conditioned, 10.0, 0.1, 0.95, False).args[0] if after else conditioned
        model = model.clone()
        model.set_model_double_block_patch(lambda args: blocks.append(args["block_index"]) or args)
        results.append(
            sampling.sample_clip(
                model, *prompts, latent, sampling.unipc_sampler(), flow.flow_schedule(steps), CFG, SEED
            )
        )
    assert 0 < blocks.count(0) < 2 * steps, "no step was skipped"
    assert torch.isfinite(results[0]).all() and not torch.allclose(*results, atol=1e-4)


def few_step_lora(rank: int = 2) -> dict:
    """As few-step LoRAs for Wan are published: down and up matrices with alpha, and differences of norms and biases."""
    generator = torch.Generator().manual_seed(11)
    tensors = {}
    for block in range(LAYERS):
        for module in ("self_attn.q", "cross_attn.v"):
            name = f"diffusion_model.blocks.{block}.{module}"
            tensors[f"{name}.lora_down.weight"] = torch.randn(rank, DIM, generator=generator) * 0.3
            tensors[f"{name}.lora_up.weight"] = torch.randn(DIM, rank, generator=generator) * 0.3
            tensors[f"{name}.alpha"] = torch.tensor(float(rank))
            tensors[f"{name}.diff_b"] = torch.randn(DIM, generator=generator) * 0.02
        tensors[f"diffusion_model.blocks.{block}.norm3.diff"] = torch.randn(DIM, generator=generator) * 0.02
    return tensors


def test_few_step_loras_load_and_unload(comfy_host, loaded, inputs, sample, base_samples):
    import comfy.model_management

    import nodes

    save_file(few_step_lora(), comfy_host / "models" / "loras" / "few_step.safetensors")
    (model,) = nodes.LoraLoaderModelOnly().load_lora_model_only(loaded[0], "few_step.safetensors", 1.0)
    assert len(model.patches) == 5 * LAYERS
    ours = sample(inputs, model=model, lora="never")[1]["samples"]
    both = sample(inputs, model=model)[1]["samples"]
    assert not torch.allclose(ours, base_samples, atol=1e-3) and not torch.allclose(both, ours, atol=1e-4)
    comfy.model_management.unload_all_models()
    assert torch.equal(sample(inputs)[1]["samples"], base_samples)


def test_merged_and_cloned_models(nodes_of, loaded, parts, inputs, sample, base_samples):
    """Spatia's model first: the merge keeps its branch. Spatia's model second: the branch is gone, and connecting a projection says so."""
    from comfy_extras.nodes_model_merging import ModelMergeSimple

    bundle = nodes_of("nodes.host.bundle")
    plain = bundle.load_small_backbone(bundle.bundle_path(bundle.BACKBONE))
    (same,) = ModelMergeSimple().merge(loaded[0].clone(), plain, 0.5)
    assert difference(sample(inputs, model=same)[1]["samples"], base_samples) < 1e-3
    with torch.no_grad():
        for parameter in plain.model.diffusion_model.blocks[0].parameters():
            parameter.mul_(1.5)
    (merged,) = ModelMergeSimple().merge(loaded[0], plain, 0.5)
    assert difference(sample(inputs, model=merged)[1]["samples"], base_samples) > 1e-3
    (dropped,) = ModelMergeSimple().merge(plain, loaded[0], 0.5)
    with pytest.raises(ValueError, match="no control branch"):
        parts(dropped, inputs)


def test_two_samplers_on_one_model(loaded, parts, run, inputs, base_samples):
    """Two conditionings of one model, sampled in turn: each is as it is alone."""
    first, later = parts(loaded[0], clip_inputs(1)), parts(loaded[0], inputs)
    alone = run(*first)
    assert torch.equal(run(*later), base_samples)
    assert torch.equal(run(*first), alone)
    assert torch.equal(run(*later), base_samples)


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "uni_pc"])
def test_the_hosts_samplers_run(nodes_of, loaded, prompts, parts, inputs, sampler):
    import nodes

    conditioned, latent = parts(loaded[0], inputs)
    (out,) = nodes.KSampler().sample(conditioned, SEED, STEPS, CFG, sampler, "simple", *prompts, latent)
    assert torch.isfinite(out["samples"]).all()
    # The host's uni_pc stops just short of sigma 0.
    assert torch.allclose(out["samples"][:, :, :3], latent["samples"][:, :, :3], atol=1e-2)


def test_batching_counts_references_and_control(nodes_of, loaded, parts, run, inputs, monkeypatch):
    """Memory for two plain passes but not for two of ours: one after the other, with the same result."""
    conditioned, latent = parts(loaded[0], inputs)
    batches = counted(conditioned)
    together = run(conditioned, latent)
    assert set(batches) == {2}
    batches.clear()
    plain = loaded[0].model.memory_required([2, *latent["samples"].shape[1:]])
    monkeypatch.setattr(type(loaded[0]), "get_free_memory", lambda self, device: plain * 1.5 * 1.05)
    separate = run(conditioned, latent)
    assert set(batches) == {1}
    assert difference(separate, together) < 1e-4


def counted(model) -> list[int]:
    """Batch sizes of the forward passes to come."""
    from comfy.patcher_extension import WrappersMP

    batches = []

    def count(executor, x, *args, **kwargs):
        batches.append(x.shape[0])
        return executor(x, *args, **kwargs)

    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "count", count)
    return batches


def fail_when(model, condition):
    import comfy.model_management
    from comfy.patcher_extension import WrappersMP

    def fail(executor, x, *args, **kwargs):
        if condition(x):
            raise comfy.model_management.OOM_EXCEPTION("out of memory")
        return executor(x, *args, **kwargs)

    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "fail", fail)


def test_out_of_memory_together_goes_on_separately(loaded, inputs, sample, base_samples):
    model = loaded[0].clone()
    fail_when(model, lambda x: x.shape[0] > 1)
    batches = counted(model)
    assert difference(sample(inputs, model=model)[1]["samples"], base_samples) < 1e-4
    assert batches == [1] * 2 * STEPS


def test_out_of_memory_is_one_message_with_the_next_cheaper_setting(loaded, inputs, sample, base_samples):
    import comfy.model_management

    model = loaded[0].clone()
    fail_when(model, lambda x: True)
    with pytest.raises(
        ValueError,
        match=r"Out of memory while sampling 17 frames of 64x32 with 2 references\. Next cheaper setting: .*`max_references` 1",
    ):
        sample(inputs, model=model)
    # Models of earlier tests that nobody holds any more stay in the host's list until the collector comes round.
    gc.collect()
    comfy.model_management.cleanup_models()
    assert not comfy.model_management.current_loaded_models
    assert torch.equal(sample(inputs)[1]["samples"], base_samples), "the server is not usable afterwards"


def test_progress_and_previews_are_the_hosts(loaded, inputs, sample, monkeypatch):
    import comfy.utils
    import latent_preview
    from comfy.cli_args import args

    seen = []
    monkeypatch.setattr(
        comfy.utils,
        "PROGRESS_BAR_HOOK",
        lambda value, total, preview, node_id=None: seen.append((value, total, preview)),
    )
    monkeypatch.setattr(args, "preview_method", latent_preview.LatentPreviewMethod.Latent2RGB)
    sample(inputs)
    steps = [entry for entry in seen if entry[1] == STEPS]
    assert [value for value, _, _ in steps] == [1, 2, 3]
    assert all(preview is not None for _, _, preview in steps)


def test_fit_image(pack_module):
    prepare = pack_module("nodes.prepare")
    image = torch.rand(1, 108, 192, 3)
    out, width, height, report, _ = prepare.SpatiaFitImage.execute(image, "192x128 (bundled small model)", 32, 32).args
    assert out.shape == (1, 128, 192, 3) and (width, height) == (192, 128) and "cropped" in report
    upright, *_ = prepare.SpatiaFitImage.execute(image.transpose(1, 2), "832x480", 32, 32).args
    assert upright.shape == (1, 832, 480, 3) and float(upright.min()) >= 0 and float(upright.max()) <= 1
    same, _, _, report, _ = prepare.SpatiaFitImage.execute(image[:, :96], "nearest multiple of 32", 32, 32).args
    assert torch.equal(same, image[:, :96]) and report == "192x96 as it is"
    assert prepare.SpatiaClipPrompts.execute("a\nb", 2, False).args[0] == "b"


def test_weights_are_streamed_when_memory_is_short(nodes_of, loaded, inputs, sample, base_samples, monkeypatch):
    """The host's low-memory path: nearly all weights of backbone and branch stay offloaded and are cast layer by layer."""
    import comfy.model_management
    import comfy.model_patcher

    comfy.model_management.unload_all_models()
    load, loads = comfy.model_patcher.ModelPatcher.load, []

    def short(self, device_to=None, lowvram_model_memory=0, force_patch_weights=False, full_load=False):
        result = load(self, device_to, 5000, force_patch_weights, False)
        loads.append((type(self.model).__name__, self.model.model_lowvram, self.model.model_loaded_weight_memory))
        return result

    monkeypatch.setattr(comfy.model_patcher.ModelPatcher, "load", short)
    ours = sample(inputs)[1]["samples"]
    monkeypatch.undo()
    comfy.model_management.unload_all_models()
    streamed = {name: (low, held) for name, low, held in loads}
    for name in ("WAN22", "ControlBranch"):
        assert streamed[name][0] and streamed[name][1] <= 5000, streamed
    assert difference(ours, base_samples) < 1e-4


def test_start_and_end_percent_bound_the_control(nodes_of, loaded, prompts, inputs, base_samples):
    """The control blocks run in the steps between the two, and in no others."""
    patching, calls = nodes_of("nodes.host.patching"), []
    branch = patching.control_branch(loaded[0])
    hook = branch.vace_blocks[0].register_forward_hook(lambda *args: calls.append(1))
    sampler = nodes_of("nodes.sampler").SpatiaSampler

    def sampled(start, end):
        calls.clear()
        bounds = {**STRENGTHS, "start_percent": start, "end_percent": end}
        out = sampler.execute(loaded[0], *prompts, loaded[2], seed=SEED, steps=6, cfg=1.0, **inputs, **bounds)
        return len(calls), out.args[1]["samples"]

    try:
        steps, whole = sampled(0.0, 1.0)
        first_half, early = sampled(0.0, 0.5)
        second_half, late = sampled(0.5, 1.0)
    finally:
        hook.remove()
    assert steps == 6 and 0 < first_half < 6 and first_half + second_half == 6
    assert not torch.allclose(early, whole, atol=1e-4) and not torch.allclose(late, early, atol=1e-4)
