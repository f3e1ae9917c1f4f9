"""The camera branch and Decoupled Clip inside the host: what steers, how often the branches run, what is refused."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from small_decoupled import HEADS, LAYERS, branch_patcher, branch_weights, camera_branch_weights, revisit, small_i2v
from small_model import TEXT

STEPS, CFG, SEED = 3, 3.5, 7
CLIP = {
    "retrieval": "frustum", "camera_strength": 1.0, "memory_strength": 1.0, "radius": 1.0, "release": False, "shift": 5.0,
    "camera_end_percent": 0.4, "max_distance": 0.5, "min_score": 0.6, "candidate_every": 1,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def branch_files(comfy_host):
    """Branches in the host's folder."""
    patches = comfy_host / "models" / "model_patches"
    patches.mkdir(parents=True, exist_ok=True)
    header = {"num_attention_heads": str(HEADS)}
    save_file(camera_branch_weights(), patches / "camera_small.safetensors", header)
    save_file(branch_weights(), patches / "camera_wrong.safetensors", header)


@pytest.fixture(scope="module")
def i2v(nodes_of):
    """(MODEL, VAE, camera branch, memory branch) of the second paper's kind, small and random."""
    model, vae = small_i2v(TEXT)
    sizes = {"latent_channels": 16, "extra": 20, "pixels": 8}
    camera = branch_patcher(nodes_of, "camera", camera_branch_weights(**sizes))
    return model, vae, camera, branch_patcher(nodes_of, "memory", branch_weights(**sizes))


@pytest.fixture
def clip_of(nodes_of, i2v, prompts):
    """Decoupled Clip of the small I2V model: memory, cameras -> (model, positive, negative, latent, report, strip)."""
    node = nodes_of("nodes.decoupled_clip").SpatiaDecoupledClip

    def run(memory, cameras, **changed):
        given = {"camera_model": i2v[2], "memory_model": i2v[3], **CLIP, **changed}
        model, vae = given.pop("model", i2v[0]), given.pop("vae", i2v[1])
        return node.execute(model, *prompts, vae, memory, cameras, **given)

    return run


def sampled(model, positive, negative, latent, cfg: float = CFG):
    import comfy.sample

    noise = comfy.sample.prepare_noise(latent["samples"], SEED)
    return comfy.sample.sample(
        model, noise, STEPS, cfg, "euler", "normal", positive, negative, latent["samples"], seed=SEED, disable_pbar=True
    )


@pytest.fixture
def runs(nodes_of, monkeypatch):
    """How often each branch ran."""
    counts = {"camera": 0, "memory": 0}
    for which, module, name in (("camera", "camera_branch", "CameraRun"), ("memory", "decoupled", "BranchRun")):
        module = nodes_of(f"nodes.host.{module}")

        def counted(*args, run=getattr(module, name), which=which):
            counts[which] += 1
            return run(*args)

        monkeypatch.setattr(module, name, counted)
    return counts


def test_a_window_is_steered_and_remembers(clip_of, runs):
    memory, cameras = revisit(given=1, width=32, height=16)
    out = clip_of(memory, cameras)
    clip = sampled(*out.args[:4])
    # Of three steps one lies in the first 40 %; the memory runs in all.
    assert runs == {"camera": 1, "memory": 3}
    for off in ({"camera_strength": 0.0}, {"memory_strength": 0.0}, {"camera_model": None}, {"memory_model": None}):
        assert not torch.allclose(sampled(*clip_of(memory, cameras, **off).args[:4]), clip, atol=1e-3), off
    still = cameras._replace(w2c=cameras.w2c[:1].expand_as(cameras.w2c))
    assert not torch.allclose(sampled(*clip_of(memory, still, memory_strength=0.0).args[:4]), clip, atol=1e-3)
    assert "latent frames remember" in out.args[4] and out.args[5].shape[3] == 3


def test_both_halves_of_cfg_share_a_run_whether_together_or_apart(clip_of, runs, monkeypatch):
    """The host runs them one after the other when memory is short; the residuals are then kept, not made again."""
    import comfy.model_base

    memory, cameras = revisit(given=1, width=32, height=16)
    clip = clip_of(memory, cameras, camera_end_percent=1.0).args[:4]
    together = sampled(*clip)
    assert runs == {"camera": 3, "memory": 3}
    passes = []
    monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1 << 60)
    apply_model = comfy.model_base.BaseModel.apply_model
    monkeypatch.setattr(
        comfy.model_base.BaseModel,
        "apply_model",
        lambda self, x, *args, **kwargs: passes.append(x.shape[0]) or apply_model(self, x, *args, **kwargs),
    )
    runs.update(camera=0, memory=0)
    apart = sampled(*clip)
    assert passes == [1] * 6 and runs == {"camera": 3, "memory": 3}
    assert torch.allclose(apart, together, atol=1e-4)


def test_a_pass_that_was_skipped_leaves_nothing_to_repeat(clip_of, runs, monkeypatch):
    """A cache node skips the first half of CFG whole; the second one's residuals are then made, not looked for."""
    import comfy.model_base
    from comfy.ldm.wan.model import WanModel

    memory, cameras = revisit(given=1, width=32, height=16)
    clip = clip_of(memory, cameras, camera_end_percent=1.0).args[:4]
    monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1 << 60)
    forward, passes = WanModel.forward_orig, []

    def skipping(self, x, *args, **kwargs):
        passes.append(x.shape[0])
        return torch.zeros_like(x[:, :16]) if len(passes) % 2 else forward(self, x, *args, **kwargs)

    monkeypatch.setattr(WanModel, "forward_orig", skipping)
    assert torch.isfinite(sampled(*clip)).all()
    assert passes == [1] * 2 * STEPS and runs == {"camera": 2 * STEPS, "memory": 2 * STEPS}


def test_residuals_wait_in_the_machines_memory_where_the_card_is_full(nodes_of, monkeypatch):
    side_branch = nodes_of("nodes.host.side_branch")
    moved = []
    residual = torch.ones(1, 2, 4, 8)
    monkeypatch.setattr(torch.Tensor, "cpu", lambda self: moved.append(self) or self)
    for free, expected in ((10 * residual.nbytes * LAYERS, 0), (residual.nbytes, LAYERS)):
        monkeypatch.setattr(side_branch.comfy.model_management, "get_free_memory", lambda device, free=free: free)
        kept, before = [], len(moved)
        keep = side_branch._keeper(kept, LAYERS)
        for _ in range(LAYERS):
            keep(residual)
        assert len(kept) == LAYERS and len(moved) - before == expected


def test_the_range_follows_a_schedule_that_is_set_behind_us(nodes_of, clip_of, runs):
    """A node behind ours may shift the schedule; which steps the camera steers is known when sampling begins."""
    from comfy_extras.nodes_model_advanced import ModelSamplingSD3

    memory, cameras = revisit(given=1, width=32, height=16)
    model, *rest = clip_of(memory, cameras).args[:4]
    shifted = ModelSamplingSD3().patch(model, 1.0)[0]
    sampled(shifted, *rest)
    module = nodes_of("nodes.host.camera_branch")
    from comfy.patcher_extension import WrappersMP

    (condition,) = shifted.get_wrappers(WrappersMP.DIFFUSION_MODEL, module.CAMERA)
    assert condition.sigma_end == pytest.approx(0.6, abs=1e-3)


@pytest.mark.slow
def test_compiled_models_take_each_clip_as_it_is(clip_of):
    """The host's compile helper; one clip after another, each with its own cameras."""
    from comfy_api.torch_helpers import set_torch_compile_wrapper

    graphs = []

    def as_traced(graph, inputs):
        graphs.append(graph)
        return graph.forward

    memory, cameras = revisit(given=1, width=32, height=16)
    still = cameras._replace(w2c=cameras.w2c[:1].expand_as(cameras.w2c))
    made = []
    for path in (cameras, still):
        clip = clip_of(memory, path, camera_end_percent=1.0).args[:4]
        made.append(sampled(*clip))
        model = clip[0].clone()
        set_torch_compile_wrapper(model, as_traced)
        assert torch.allclose(sampled(model, *clip[1:]), made[-1], atol=1e-4)
    assert graphs and not torch.allclose(*made, atol=1e-3)


@pytest.mark.parametrize("dtype", ["bf16", "fp8_e4m3fn"])
def test_other_precisions(nodes_of, dtype):
    load = nodes_of("nodes.camera_branch").SpatiaLoadCameraBranch
    module, kept = nodes_of("nodes.host.camera_branch"), nodes_of("nodes.host.models").DTYPES[dtype]
    _, cameras = revisit()
    x = torch.randn(1, 48, 5, 2, 4, generator=torch.Generator().manual_seed(3))
    found = []
    for which in (dtype, "fp32"):
        branch = load.execute("camera_small.safetensors", which).args[0].model
        seen = module.encode_poses(branch, module.clip_poses(cameras), x.device, (2, 4))
        with torch.no_grad():
            found.append(module.CameraRun(branch, seen, x, torch.tensor([900.0]), {}).residual(0))
        if which == dtype:
            assert branch.blocks[0].attn1.to_q.weight.dtype == kept
            assert (
                branch.patch_embedding.weight.dtype == branch.controlnet_encode_first[0].weight.dtype == torch.float32
            )
    assert 0 < (found[0] - found[1]).norm() / found[1].norm() < (0.03 if dtype == "bf16" else 0.2)


def test_a_camera_branch_beside_spatia(nodes_of, loaded, prompts, runs):
    """On Wan2.2-TI2V-5B's kind, beside Spatia's references and its own frames' timesteps."""
    load = nodes_of("nodes.camera_branch").SpatiaLoadCameraBranch
    apply = nodes_of("nodes.camera_branch").SpatiaApplyCameraBranch
    patcher = load.execute("camera_small.safetensors", "default").args[0]
    memory, cameras = revisit()
    model = apply.execute(loaded[0], patcher, cameras, 1.0, 1.0, 0.0, 1.0).args[0]
    sampler = nodes_of("nodes.sampler").SpatiaSampler

    def run(which, **extra):
        out = sampler.execute(
            which, *prompts, loaded[2], memory, cameras, seed=SEED, steps=2, cfg=CFG, strength=1.0, start_percent=0.0,
            end_percent=1.0, lora="never", **extra,
        )  # fmt: skip
        return out.args[1]["samples"]

    references = torch.rand(2, memory.height, memory.width, 3, generator=torch.Generator().manual_seed(1))
    for extra in ({}, {"references": references}):
        base = run(loaded[0], **extra)
        steered = run(model, **extra)
        assert not torch.allclose(steered, base, atol=1e-3)
        # The clean history stays the history.
        assert torch.allclose(steered[:, :, :3], base[:, :, :3], atol=1e-5)
    assert runs["camera"] == 4


@pytest.mark.parametrize("given", [1, 5, 9])
def test_windows_of_any_history(clip_of, given):
    memory, cameras = revisit(given=given, width=32, height=16)
    out = clip_of(memory, cameras._replace(history=given)).args
    mask = out[1][0][1]["concat_mask"]
    clean = (given - 1) // 4 + 1
    assert not mask[:, :, :clean].any() and bool(mask[:, :, clean:].all())
    assert out[3]["samples"].shape[2] == (cameras.count - 1) // 4 + 1
    assert f"the first {given} as they are" in out[4]
    assert torch.isfinite(sampled(*out[:4])).all()


def test_release_differs_where_it_says_so(clip_of):
    memory, cameras = revisit(given=1, width=32, height=16)
    plain = sampled(*clip_of(memory, cameras, retrieval="release").args[:4])
    released = sampled(*clip_of(memory, cameras, release=True).args[:4])
    assert not torch.equal(plain, released)


def test_a_compressed_video_changes_pictures_and_keeps_black(nodes_of):
    pictures = nodes_of("nodes.host.released_pictures")
    ramp = torch.linspace(0, 255, 64).expand(48, 64)
    frames = torch.stack([ramp, ramp.flip(1), torch.zeros(48, 64)])[..., None].expand(3, 48, 64, 3).to(torch.uint8)
    out = pictures.through_video(frames.contiguous())
    assert out.shape == frames.shape and not out[2].any()
    error = (out[:2].float() - frames[:2].float()).pow(2).mean()
    assert 0 < float(error) < 255**2 / 10**3.1  # above 31 dB
    ids = torch.tensor([-1, 1, 0, 1])
    picture = pictures.compressed_pictures(lambda index: frames[list(index)], 3, ids)
    assert picture(1).shape == (1, 48, 64, 3) and (picture(1).float() - frames[1].float()).abs().mean() < 8


def test_bf16_noise_is_the_releases_stream(nodes_of):
    node = nodes_of("nodes.decoupled_clip").SpatiaReleasedNoise
    latent = {"samples": torch.zeros(1, 16, 13, 60, 104)}
    noise = node.execute(1234).args[0].generate_noise(latent)
    again = node.execute(1234).args[0].generate_noise(latent)
    assert noise.dtype == torch.float32 and torch.equal(noise, again) and torch.equal(noise, noise.bfloat16().float())
    single = torch.randn(noise.shape, generator=torch.Generator().manual_seed(1234))
    correlation = torch.corrcoef(torch.stack([noise.flatten(), single.flatten()]))[0, 1]
    assert abs(float(correlation)) < 0.01 and float(noise.std()) == pytest.approx(0.993, abs=0.005)


def test_clip_sees_the_whole_frame_in_plain_pixels(nodes_of):
    """No smoothing, no rounding, no crop: the mean of what the tower gets is that of a bicubic stretch."""
    from types import SimpleNamespace

    pictures, given = nodes_of("nodes.host.released_pictures"), {}

    def model(pixel_values, intermediate_output):
        given["pixels"] = pixel_values
        return torch.zeros(1, 257, 4), torch.ones(1, 257, 4), torch.zeros(1, 4), None

    mean, std = [0.48, 0.46, 0.41], [0.27, 0.26, 0.28]
    tower = SimpleNamespace(
        patcher=None, image_size=28, load_device=torch.device("cpu"), image_mean=mean, image_std=std, model=model
    )
    import comfy.model_management

    frame = torch.rand(48, 80, 3, generator=torch.Generator().manual_seed(2))
    before, comfy.model_management.load_model_gpu = comfy.model_management.load_model_gpu, lambda patcher: None
    try:
        out = pictures.clip_features(tower, frame)
    finally:
        comfy.model_management.load_model_gpu = before
    plain = torch.nn.functional.interpolate(frame.movedim(-1, 0)[None], (28, 28), mode="bicubic")
    theirs = (plain - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    assert torch.allclose(given["pixels"], theirs, atol=1e-6)
    assert out["penultimate_hidden_states"].shape == (1, 257, 4)


def test_a_model_is_told_by_its_class_and_channels(pack_module, loaded, i2v):
    """The 5B's kind, Wan 2.1's I2V, and without its picture encoder that of Wan 2.2; a text-to-video model is none of them."""
    from types import SimpleNamespace

    import comfy.ops
    from comfy.ldm.wan.model import WanModel

    backbones, known = pack_module("nodes.host.backbones"), pack_module("spatia_core.backbone")
    assert backbones.backbone_of(loaded[0]) == known.WAN22_TI2V_5B
    assert backbones.backbone_of(i2v[0]) == known.WAN21_I2V_14B
    base = type(i2v[0].model)
    sizes = {"dim": 32, "ffn_dim": 32, "num_heads": 2, "num_layers": 1, "text_dim": 8, "device": "meta"}
    for channels, expected in ((36, known.WAN22_I2V_A14B), (16, None)):
        network = WanModel(
            model_type="t2v", in_dim=channels, out_dim=16, operations=comfy.ops.disable_weight_init, **sizes
        )
        model = base.__new__(base)
        torch.nn.Module.__init__(model)
        model.diffusion_model = network
        assert backbones.backbone_of(SimpleNamespace(model=model)) == expected
    with pytest.raises(ValueError, match="The model is Wan2.1-I2V-14B, expected Wan2.2-TI2V-5B"):
        backbones.require_backbone(i2v[0], "", known.WAN22_TI2V_5B)


def test_what_does_not_fit_is_refused_before_anything_is_encoded(nodes_of, loaded, i2v, clip_of, monkeypatch):
    memory, cameras = revisit(given=1, width=32, height=16)
    load = nodes_of("nodes.camera_branch").SpatiaLoadCameraBranch
    memory_load = nodes_of("nodes.decoupled_memory").SpatiaLoadDecoupledMemory
    for loader, file, message in (
        (load, "camera_wrong.safetensors", "it is the memory branch"),
        (memory_load, "camera_small.safetensors", "it is the camera branch"),
        (load, "camera_gone.safetensors", "camera_gone.safetensors"),
    ):
        with pytest.raises(ValueError, match=message):
            loader.execute(file, "default")
    monkeypatch.setattr(i2v[1], "encode", lambda pixels: pytest.fail("encoded before the check"))
    steered = nodes_of("nodes.host.camera_branch").apply_camera(i2v[0], i2v[2], cameras)
    for change, message in (
        ({"model": loaded[0]}, "expected Wan2.1-I2V-14B or Wan2.2-I2V-A14B"),
        ({"vae": loaded[2]}, "48 channels, expected 16"),
        ({"model": steered}, "already conditioned on a clip by Apply Camera Branch"),
        ({"camera_model": i2v[3]}, "is a DecoupledBranch, expected the camera branch"),
        ({"memory_model": i2v[2]}, "is a CameraBranch, expected the memory branch"),
        ({"camera_model": None, "memory_model": None}, "Neither `camera_model` nor `memory_model`"),
        ({"camera_end_percent": -0.5}, "end_percent"),
        ({"cameras": cameras.select(slice(4, None))}, "does not continue this video"),
    ):
        with pytest.raises(ValueError, match=message):
            clip_of(**{"memory": memory, "cameras": cameras, **change})
