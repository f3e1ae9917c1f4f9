"""The sampler inside the host: parts against the whole, composition with other patches, LoRA, accounting, interruption."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from small_model import (
    CFG,
    DIM,
    FIRST,
    HEIGHT,
    LATER,
    LAYERS,
    ROUNDING,
    SEED,
    STEPS,
    STRENGTHS,
    TEXT,
    WIDTH,
    clip_inputs,
)


def test_the_bundle_is_model_clip_and_vae(nodes_of, loaded):
    import nodes

    model, clip, vae = loaded
    assert type(model.model).__name__ == "WAN22"
    (conditioning,) = nodes.CLIPTextEncode().encode(clip, "a room")
    assert conditioning[0][0].shape == (1, 1, TEXT) and not conditioning[0][0].any()
    latents = vae.encode(torch.rand(5, HEIGHT, WIDTH, 3))
    assert latents.shape == (1, 48, 2, HEIGHT // 16, WIDTH // 16)
    assert vae.decode(latents).shape == (1, 5, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(("memory_frames", "references"), [(1, 0), (FIRST, 0), (FIRST, 3)])
def test_the_parts_give_the_samplers_frames(nodes_of, loaded, prompts, sample, memory_frames, references):
    """Spatia Sampler against the host's SamplerCustomAdvanced fed by our parts: the same latents, bit for bit.

    So are the frames of one decoder; the host's decodes all of them at once, and rounds otherwise (test_video.py).
    """
    from comfy_extras.nodes_custom_sampler import CFGGuider, RandomNoise, SamplerCustomAdvanced

    import nodes

    model, _, vae = loaded
    inputs = clip_inputs(memory_frames, references)
    frames, latent = sample(inputs)
    parts = nodes_of("nodes.sampler")
    conditioned, start = parts.SpatiaConditioning.execute(model, vae, **inputs, **STRENGTHS).args
    stock = SamplerCustomAdvanced.execute(
        RandomNoise.execute(SEED).args[0],
        CFGGuider.execute(conditioned, *prompts, CFG).args[0],
        parts.SpatiaUniPC.execute().args[0],
        parts.SpatiaSchedule.execute(STEPS, 5.0).args[0],
        start,
    ).args[0]
    assert torch.equal(stock["samples"], latent["samples"])
    (stock_frames,) = nodes.VAEDecode().decode(vae, stock)
    assert torch.equal(nodes_of("nodes.host.video").decode_frames(vae, stock["samples"]), frames)
    assert torch.allclose(stock_frames.reshape(frames.shape), frames, rtol=0, atol=ROUNDING)
    assert frames.shape == (inputs["cameras"].count, HEIGHT, WIDTH, 3)
    clean = 1 if memory_frames == 1 else 3
    assert torch.allclose(latent["samples"][:, :, :clean], start["samples"][:, :, :clean], atol=1e-5)


def test_same_seed_same_frames_and_every_input_counts(sample):
    inputs = clip_inputs(FIRST, 2)
    _, base = sample(inputs)
    assert torch.equal(sample(inputs)[1]["samples"], base["samples"])
    for change in (
        {"projection": 1.0 - inputs["projection"]},
        {"holes": 1.0 - inputs["holes"]},
        {"references": inputs["references"].flip(0)},
    ):
        assert not torch.allclose(sample({**inputs, **change})[1]["samples"], base["samples"], atol=1e-4), (
            f"{list(change)} is ignored"
        )
    assert not torch.allclose(sample(inputs, strength=0.5)[1]["samples"], base["samples"], atol=1e-4)


def test_control_off_is_no_control(sample):
    inputs = clip_inputs(1)
    bare = {**inputs, "projection": None, "holes": None}
    _, without = sample(bare)
    assert torch.equal(sample(inputs, strength=0.0)[1]["samples"], without["samples"])
    # A control that is over before the first step, whose sigma is 0.9998.
    assert torch.equal(sample(inputs, start_percent=0.0, end_percent=0.0)[1]["samples"], without["samples"])


def test_no_projection_is_grey_and_no_holes_is_everywhere(sample):
    inputs = clip_inputs(1)
    grey = torch.full_like(inputs["projection"], 0.5)
    everywhere = torch.ones_like(inputs["holes"])
    assert torch.equal(
        sample({**inputs, "projection": None})[1]["samples"], sample({**inputs, "projection": grey})[1]["samples"]
    )
    assert torch.equal(
        sample({**inputs, "holes": None})[1]["samples"], sample({**inputs, "holes": everywhere})[1]["samples"]
    )


def test_batched_and_separate_guidance_agree(loaded, sample, monkeypatch):
    inputs = clip_inputs(FIRST, 2)
    batches = []
    model = loaded[0].clone()
    from comfy.patcher_extension import WrappersMP

    def count(executor, x, *args, **kwargs):
        batches.append(x.shape[0])
        return executor(x, *args, **kwargs)

    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "count", count)
    _, batched = sample(inputs, model=model)
    assert set(batches) == {2}
    monkeypatch.setattr(model.model, "memory_required", lambda *args, **kwargs: 1e18)
    _, separate = sample(inputs, model=model)
    assert batches[-1] == 1
    assert torch.allclose(batched["samples"], separate["samples"], atol=1e-4)


def test_other_block_patches_are_kept(loaded, sample):
    """A replacement of a control block's block, and a patch after every block, both run and change the result."""
    calls = []

    def replacement(args, extra):
        calls.append(("replace", args["transformer_options"]["block_index"]))
        return {"img": extra["original_block"](args)["img"] * 0.9}

    def after(args):
        calls.append(("after", args["block_index"]))
        return args

    inputs = clip_inputs(FIRST, 2)
    _, base = sample(inputs)
    model = loaded[0].clone()
    model.set_model_double_block_patch(after)
    assert torch.equal(sample(inputs, model=model)[1]["samples"], base["samples"])
    assert calls.count(("after", 4)) == STEPS
    model.set_model_patch_replace(replacement, "dit", "double_block", 4)
    assert not torch.allclose(sample(inputs, model=model)[1]["samples"], base["samples"], atol=1e-3)
    assert calls.count(("replace", 4)) == STEPS


@pytest.mark.parametrize("references", [0, 2])
def test_easy_cache_runs_and_a_threshold_of_zero_changes_nothing(nodes_of, loaded, sample, references):
    from comfy_extras.nodes_easycache import EasyCacheNode

    inputs = clip_inputs(FIRST, references)
    _, base = sample(inputs)
    cached = EasyCacheNode.execute(loaded[0], 0.0, 0.0, 1.0, False).args[0]
    assert torch.equal(sample(inputs, model=cached)[1]["samples"], base["samples"])


def test_lora_is_off_in_the_first_clip_and_on_afterwards(loaded, sample):
    import comfy.model_management

    comfy.model_management.unload_all_models()  # whatever the sampler before left patched
    before = {name: tensor.clone() for name, tensor in loaded[0].model.diffusion_model.state_dict().items()}
    first, later = clip_inputs(1), clip_inputs(FIRST)
    results = {
        (name, mode): sample(inputs, lora=mode)[1]["samples"]
        for name, inputs in (("first", first), ("later", later))
        for mode in ("after the first clip", "always", "never")
    }
    assert torch.equal(results["first", "after the first clip"], results["first", "never"])
    assert torch.equal(results["later", "after the first clip"], results["later", "always"])
    assert not torch.allclose(results["first", "always"], results["first", "never"], atol=1e-4)
    assert not torch.allclose(results["later", "always"], results["later", "never"], atol=1e-4)
    comfy.model_management.unload_all_models()
    assert all(
        torch.equal(tensor, before[name]) for name, tensor in loaded[0].model.diffusion_model.state_dict().items()
    )


def test_the_host_counts_branch_and_references(nodes_of, loaded, sample):
    import comfy.model_management
    from comfy.patcher_extension import WrappersMP

    patching = nodes_of("nodes.host.patching")
    shapes = []
    model = loaded[0].clone()
    sample(clip_inputs(FIRST, 2), model=model)
    branch = patching.control_branch(model)
    assert any(entry.model.model is branch for entry in comfy.model_management.current_loaded_models)

    conditioned = (
        nodes_of("nodes.sampler")
        .SpatiaConditioning.execute(model, loaded[2], **clip_inputs(FIRST, 2), **STRENGTHS)
        .args[0]
    )
    (prepare,) = conditioned.get_wrappers(WrappersMP.PREPARE_SAMPLING, patching.CLIP)
    prepare(lambda patcher, shape, conds: shapes.append(shape), conditioned, torch.Size([1, 48, 5, 2, 4]), {})
    assert shapes[0][2] == 5 + 2 + 1  # frames, references, the control state


def test_nothing_of_a_clip_stays_on_the_model(nodes_of, loaded, sample):
    model = loaded[0]
    wrappers, options, patches = (
        dict(model.wrappers),
        dict(model.model_options["transformer_options"]),
        dict(model.patches),
    )
    sample(clip_inputs(FIRST, 2))
    assert (model.wrappers, model.model_options["transformer_options"], model.patches) == (wrappers, options, patches)


def test_interruption_ends_within_a_step_and_leaves_the_model_usable(loaded, sample):
    import comfy.model_management
    from comfy.patcher_extension import WrappersMP

    model = loaded[0].clone()
    calls = []

    def interrupt(executor, *args, **kwargs):
        calls.append(1)
        comfy.model_management.interrupt_current_processing(True)
        comfy.model_management.throw_exception_if_processing_interrupted()
        return executor(*args, **kwargs)

    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "interrupt", interrupt)
    inputs = clip_inputs(FIRST, 1)
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        sample(inputs, model=model)
    assert len(calls) == 1
    assert torch.isfinite(sample(inputs)[1]["samples"]).all()


def test_a_control_of_48_channels_takes_the_projection_only(nodes_of, loaded, sample):
    from small_model import control_weights

    patching = nodes_of("nodes.host.patching")
    model = loaded[0].clone()
    patching.attach_control(
        model, patching.control_patcher(control_weights(48), "small48", patching.backbone_sizes(model))
    )
    inputs = clip_inputs(1)
    with pytest.raises(ValueError, match="disconnect `holes`"):
        sample(inputs, model=model)
    assert torch.isfinite(sample({**inputs, "holes": None}, model=model)[1]["samples"]).all()


def test_fp8_control_weights_are_kept_and_cast(nodes_of, loaded, sample):
    from small_model import control_weights

    patching = nodes_of("nodes.host.patching")
    model = loaded[0].clone()
    patcher = patching.control_patcher(control_weights(), "small", patching.backbone_sizes(model), torch.float8_e4m3fn)
    patching.attach_control(model, patcher)
    branch = patching.control_branch(model)
    assert branch.vace_blocks[0].ffn[0].weight.dtype == torch.float8_e4m3fn
    assert branch.vace_blocks[0].norm3.weight.dtype == nodes_of("spatia_core.precision").cpu_dtype()
    assert torch.isfinite(sample(clip_inputs(1), model=model)[1]["samples"]).all()


def bad_inputs():
    good = clip_inputs(FIRST, 1)
    first = clip_inputs(1)
    from small_model import memory_of, path_cameras

    count = good["cameras"].count
    return {
        "projection frames": ({**good, "projection": good["projection"][:-4]}, "`projection` has 13 frames"),
        "hole frames": ({**good, "holes": good["holes"][:1]}, "`holes` has 1 frames"),
        "projection size": ({**good, "projection": torch.rand(count, HEIGHT, WIDTH * 2, 3)}, "`projection` is 128x32"),
        "reference size": ({**good, "references": torch.rand(1, HEIGHT * 2, WIDTH, 3)}, "`references` is 64x64"),
        "frame count": ({**first, "cameras": path_cameras(12), "projection": None, "holes": None}, "4n"),
        "nothing new": (
            {**good, "cameras": good["cameras"].select(slice(0, 9)), "projection": None, "holes": None},
            "nothing is new",
        ),
        "memory size": ({**first, "memory": memory_of(1, width=72)}, "multiples of 32"),
        "other poses": ({**good, "cameras": path_cameras(count)}, "Clip Window"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "projection frames",
        "hole frames",
        "projection size",
        "reference size",
        "frame count",
        "nothing new",
        "memory size",
        "other poses",
    ],
)
def test_bad_input_is_refused_before_anything_is_encoded(loaded, prompts, nodes_of, monkeypatch, name):
    inputs, message = bad_inputs()[name]
    model, _, vae = loaded
    monkeypatch.setattr(vae, "encode", lambda pixels: pytest.fail("encoded before the check"))
    with pytest.raises(ValueError, match=message):
        nodes_of("nodes.sampler").SpatiaConditioning.execute(model, vae, **inputs, **STRENGTHS)


def test_misuse_is_refused(nodes_of, loaded):
    model, _, vae = loaded
    parts, patching = nodes_of("nodes.sampler"), nodes_of("nodes.host.patching")
    inputs = clip_inputs(1)
    conditioned, _ = parts.SpatiaConditioning.execute(model, vae, **inputs, **STRENGTHS).args
    with pytest.raises(ValueError, match="already conditioned"):
        parts.SpatiaConditioning.execute(conditioned, vae, **inputs, **STRENGTHS)
    plain = model.clone()
    plain.remove_additional_models(patching.CONTROL)
    with pytest.raises(ValueError, match="no control branch"):
        parts.SpatiaConditioning.execute(plain, vae, **inputs, **STRENGTHS)
    with pytest.raises(ValueError, match="start_percent"):
        parts.SpatiaConditioning.execute(
            model, vae, **inputs, **{**STRENGTHS, "start_percent": 0.9, "end_percent": 0.1}
        )


def test_previews_are_of_the_clips_last_frame_and_change_nothing(loaded, sample, monkeypatch):
    import comfy.utils
    import numpy as np
    from comfy.cli_args import LatentPreviewMethod, args

    told = []
    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", lambda value, total, preview, **_: told.append(preview))
    inputs = clip_inputs(FIRST)
    _, plain = sample(inputs)
    assert told and not any(told)
    told.clear()
    monkeypatch.setattr(args, "preview_method", LatentPreviewMethod.Auto)
    _, latent = sample(inputs)
    assert torch.equal(latent["samples"], plain["samples"])
    assert told[-1] and all(preview[0] == "JPEG" for preview in told)
    shown = np.asarray(told[-1][1]).astype(float) / 255
    first, last = (loaded[2].decode(latent["samples"][:, :, k : k + 1 or None])[0, 0].numpy() for k in (0, -1))
    assert shown.shape == (HEIGHT, WIDTH, 3) and abs(shown - last).mean() < abs(shown - first).mean()


def test_a_latent_of_other_size_is_refused_while_sampling(nodes_of, loaded, prompts):
    model, _, vae = loaded
    sampling, flow = nodes_of("nodes.host.sampling"), nodes_of("spatia_core.model.flow_unipc")
    conditioned, latent = (
        nodes_of("nodes.sampler").SpatiaConditioning.execute(model, vae, **clip_inputs(1), **STRENGTHS).args
    )
    cut = {name: tensor[:, :, :-1] for name, tensor in latent.items()}
    with pytest.raises(ValueError, match="encoded for"):
        sampling.sample_clip(conditioned, *prompts, cut, sampling.unipc_sampler(), flow.flow_schedule(2), CFG, SEED)


def test_foreign_files_are_refused_by_tensor(nodes_of, loaded, comfy_host):
    from small_model import control_weights

    models = nodes_of("nodes.host.models")
    folder = comfy_host / "models" / "model_patches"
    folder.mkdir(parents=True, exist_ok=True)
    wide = {name: tensor for name, tensor in control_weights().items()}
    wide["vace_blocks.1.ffn.0.bias"] = torch.zeros(3)
    missing = {name: tensor for name, tensor in control_weights().items() if "after_proj" not in name}
    for name, tensors, message in (
        ("wide", wide, r"vace_blocks\.1\.ffn\.0\.bias has shape \(3,\), expected \(64,\)"),
        ("missing", missing, r"vace_blocks\.0\.after_proj\.weight is missing"),
        ("foreign", {"other.weight": torch.zeros(2)}, r"vace_patch_embedding\.weight is missing"),
    ):
        file = f"{name}.safetensors"
        save_file(tensors, folder / file)
        with pytest.raises(ValueError, match=message):
            models.apply_files(loaded[0], file, models.find_control(file), "none", None, 1.0, "default")
    (folder / "broken.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00not json")
    with pytest.raises(ValueError, match="broken.safetensors cannot be read"):
        models.apply_files(
            loaded[0], "broken.safetensors", models.find_control("broken.safetensors"), "none", None, 1.0, "default"
        )
    with pytest.raises(ValueError, match="neither in models/model_patches"):
        models.find_control("absent.safetensors")
    with pytest.raises(ValueError, match="not in models/loras"):
        models.find_lora("absent.safetensors")


def test_backbones_of_other_files(nodes_of, loaded, comfy_host):
    """A backbone file in the host's folder: loaded, or refused by the tensor that is missing."""
    import json

    from comfy_execution.graph_utils import ExecutionBlocker
    from small_model import HEADS, backbone_weights

    models = nodes_of("nodes.host.models")
    folder = comfy_host / "models" / "diffusion_models"
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"config": json.dumps({"transformer": {"num_heads": HEADS, "text_dim": TEXT}})}
    weights = backbone_weights()
    save_file(weights, folder / "whole.safetensors", metadata)
    model, clip, vae = models.load_spatia_model("whole.safetensors", models.BUNDLED, models.NONE, 1.0, "default")
    assert model.model.diffusion_model.dim == DIM and model.model.diffusion_model.num_layers == LAYERS
    assert isinstance(clip, ExecutionBlocker) and "Load CLIP" in clip.message and isinstance(vae, ExecutionBlocker)
    weights.pop("blocks.3.ffn.2.weight")
    save_file(weights, folder / "holed.safetensors", metadata)
    with pytest.raises(ValueError, match=r"blocks\.3\.ffn\.2\.weight is missing \(expected shape \(48, 64\)\)"):
        models.load_backbone("holed.safetensors", "default")
    save_file({"some.weight": torch.zeros(4)}, folder / "foreign.safetensors")
    with pytest.raises(ValueError, match=r"patch_embedding\.weight is missing"):
        models.load_backbone("foreign.safetensors", "default")


def test_windows_and_joining(nodes_of, loaded, sample):
    from small_model import path_cameras

    clips = nodes_of("nodes.clips")
    path = path_cameras(FIRST + LATER - 9 - 2)
    cameras, padding, report = clips.SpatiaClipWindow.execute(path, 2, FIRST, LATER).args
    assert cameras.count == LATER and padding == 2 and "clip 2 of 2" in report
    with pytest.raises(ValueError, match="Clip 3"):
        clips.SpatiaClipWindow.execute(path, 3, FIRST, LATER)
    _, first = sample(clip_inputs(1))
    _, later = sample(clip_inputs(FIRST))
    joined, frames, images = clips.SpatiaJoinClips.execute({"clip0": first, "clip1": later}, 9, path, loaded[2]).args
    assert joined["samples"].shape[2] == 4 + 2
    assert frames == path.count and images.shape == (path.count, HEIGHT, WIDTH, 3)
    assert torch.equal(joined["samples"][:, :, 4:], later["samples"][:, :, 3:])
    with pytest.raises(ValueError, match="in order"):
        clips.SpatiaJoinClips.execute({"clip0": later, "clip1": first}, 9)
    with pytest.raises(ValueError, match="connect the missing clips"):
        clips.SpatiaJoinClips.execute({"clip0": first}, 9, path)


@pytest.mark.parametrize("dtype", ["bf16", "fp16", "fp8_e4m3fn"])
def test_other_precisions_sample(nodes_of, loaded, sample, dtype):
    models = nodes_of("nodes.host.models")
    model = (
        nodes_of("nodes.load_model")
        .SpatiaLoadModel.execute(models.BUNDLED, models.BUNDLED, models.NONE, 1.0, dtype)
        .args[0]
    )
    inputs = clip_inputs(FIRST, 2)
    _, base = sample(inputs, lora="never")
    _, ours = sample(inputs, model=model)
    difference = (ours["samples"] - base["samples"]).norm() / base["samples"].norm()
    assert torch.isfinite(difference) and difference < (0.5 if dtype.startswith("fp8") else 0.1)


def test_a_batch_of_seeds_is_the_single_clips(nodes_of, loaded, prompts, sample):
    """The stock batch node on our LATENT: the first of two clips is the clip sampled alone."""
    import nodes

    model, _, vae = loaded
    sampling, flow = nodes_of("nodes.host.sampling"), nodes_of("spatia_core.model.flow_unipc")
    inputs = clip_inputs(FIRST, 2)
    _, alone = sample(inputs)
    conditioned, start = nodes_of("nodes.sampler").SpatiaConditioning.execute(model, vae, **inputs, **STRENGTHS).args
    (two,) = nodes.RepeatLatentBatch().repeat(start, 2)
    both = sampling.sample_clip(
        conditioned, *prompts, two, sampling.unipc_sampler(), flow.flow_schedule(STEPS), CFG, SEED
    )
    assert torch.allclose(both[:1], alone["samples"], atol=1e-4)
    assert not torch.allclose(both[1:], alone["samples"], atol=1e-1)


def test_the_releases_sizes_build_the_branch(nodes_of):
    """At full size, without its gigabytes: names and shapes of the module are those of the released checkpoint."""
    import comfy.ops

    from spatia_core.weights.layouts import ControlLayout, control_shapes

    patching = nodes_of("nodes.host.patching")
    layout = ControlLayout(3072, 14336, 8, 96, (1, 2, 2))
    branch = patching.ControlBranch(
        layout, 24, [0, 4, 8, 12, 16, 20, 24, 28], 1e-6, torch.bfloat16, "meta", comfy.ops.manual_cast
    )
    assert {name: tuple(tensor.shape) for name, tensor in branch.state_dict().items()} == control_shapes(layout)
