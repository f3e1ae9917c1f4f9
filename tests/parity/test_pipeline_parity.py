"""The second paper's whole sampling, window by window, through our nodes and the host's samplers, against the release's.

What the vectors replaced (text encoder, CLIP, VAE) is replaced alike; everything else is the host's and ours.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from decoupled_vectors import FOLDER, family, suffix_of, table, tensors
from parity_model import Probe, load_i2v, relative_l2, weights_of
from vectors import weights

from spatia_core.cameras.camera import Cameras, invert_pose
from spatia_core.memory import memory_of_image
from spatia_core.memory.clip import Clip, no_change
from spatia_core.memory.memory import appended
from spatia_core.memory.store import HeldFrames
from spatia_core.memory.windows import clip_windows, window_cameras
from spatia_core.model.decoupled.cameras import latent_of
from spatia_core.model.decoupled.gate import gate

KIND = "pipeline"
LATENTS, VELOCITIES = 1e-5, 2e-5  # relative L2, fp32


def windows() -> list[tuple[str, str]]:
    return [(name, window) for name in family(KIND) for window in table(name)["windows"]]


class StoredVae:
    """The VAE that the vectors were made with, by the formula in pipeline.json; its latents are normalised already."""

    latent_channels, latent_dim = 16, 3

    def __init__(self, vectors, to_raw):
        self.vectors, self.to_raw = vectors, to_raw

    def encode(self, pixels):
        frames = pixels.movedim(-1, 1).float() * 2 - 1
        groups = [frames[:1], *(frames[start : start + 4] for start in range(1, frames.shape[0] - 3, 4))]
        signs = torch.ones(8, 8)
        signs[:, 4:] = -1
        latents = []
        for group in groups:
            mean = group.mean(0, keepdim=True)
            signed = mean * signs.repeat(mean.shape[2] // 8, mean.shape[3] // 8)
            blocks = [torch.nn.functional.avg_pool2d(values, 8)[0] for values in (mean, group[-1:], signed)]
            mixed = torch.einsum("ck,khw->chw", self.vectors["stub.vae.enc"], torch.cat(blocks))
            latents.append(mixed + self.vectors["stub.vae.encb"][:, None, None])
        return self.to_raw(torch.stack(latents, dim=1)[None])


@pytest.fixture(scope="module")
def parts(pack_module):
    """(MODEL, camera branch, memory branch) of a file of vectors."""
    loaded = {}

    def load(name: str):
        suffix = suffix_of(name, KIND)
        if suffix not in loaded:
            model = load_i2v(f"backbone_i2v{suffix}")
            camera = weights_of(f"camera_branch{suffix}", "camera_branch", "camera_branch_weights")
            memory = f"pipeline_memory_weights{suffix}.safetensors" if suffix else "branch_small_weights.safetensors"
            load_branch = pack_module("nodes.host.side_branch").load_side_branch
            kinds = (
                pack_module("nodes.host.camera_branch").CameraBranch,
                pack_module("nodes.host.decoupled").DecoupledBranch,
            )
            loaded[suffix] = (
                model,
                load_branch(kinds[0], weights(FOLDER / camera), camera, torch.float32),
                load_branch(kinds[1], weights(FOLDER / memory), memory, torch.float32),
            )
        return loaded[suffix]

    return load


def stored_path(vectors, window: str, start: int, height: int, width: int) -> Cameras:
    """The whole path up to one camera beyond the window, whose intrinsics the release reads.

    The stored rows are the history's poses, then the window's own; the intrinsics are the path's rows in order.
    """
    c2w = vectors[f"{window}.c2ws"].double()
    poses = c2w if start == 0 else torch.cat([c2w[:start], c2w[start + 1 :], c2w[-1:]])
    fractions = vectors[f"{window}.intrinsics"].double() / torch.tensor([width, height, width, height])
    return Cameras(invert_pose(poses), fractions)


def stored_memory(vectors, window: str, path: Cameras, start: int):
    """The video up to the window's first frame."""
    if start == 0:
        return memory_of_image(vectors[f"{window}.first_image_u8"], path.select([0]))
    frames = vectors[f"{window}.history_u8"]
    memory = memory_of_image(frames[0], path.select([0]))
    clip = Clip(HeldFrames(frames[1:], None), path.select(slice(1, start + 1)), 1, no_change(0))
    assert torch.equal(frames[-1], vectors[f"{window}.first_image_u8"])
    return appended(memory, clip, memory.cloud)


def conditioning(text, clip_fea) -> list:
    padded = torch.nn.functional.pad(text, (0, 0, 0, 512 - text.shape[0]))[None]
    return [[padded, {"clip_vision_output": SimpleNamespace(penultimate_hidden_states=clip_fea.float())}]]


def sampled(model, positive, negative, latent, noise, told: dict, steps: int):
    """(sigmas, latents before each step and after the last, velocities of (positive, negative) per step) by the host's nodes."""
    from comfy.patcher_extension import WrappersMP
    from comfy_extras.nodes_custom_sampler import BasicScheduler, CFGGuider, KSamplerSelect, SamplerCustomAdvanced

    probe, seen, orders = Probe(), [], []

    def watch(executor, x, timestep, *args, **kwargs):
        orders.append(args[3]["cond_or_uncond"])
        return probe(executor, x, timestep, *args, **kwargs)

    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "probe", watch)
    sampler = KSamplerSelect.execute("euler").args[0]
    function = sampler.sampler_function

    def keeping(network, x, sigmas, *args, **kwargs):
        given = kwargs["callback"]

        def keep(state):
            seen.append(state["x"].clone())
            given(state)

        kwargs["callback"] = keep
        return function(network, x, sigmas, *args, **kwargs)

    sampler.sampler_function = keeping
    sigmas = BasicScheduler.execute(model, "normal", steps, 1.0).args[0]
    guider = CFGGuider.execute(model, positive, negative, told["guidance_scale"]).args[0]
    drawn = SimpleNamespace(seed=told["seed"], generate_noise=lambda latent: noise)
    out = SamplerCustomAdvanced.execute(drawn, guider, sampler, sigmas, latent).args[0]["samples"]
    seen.append(model.model.process_latent_in(out))
    velocities = [
        [output.chunk(2)[order.index(which)] for which in (0, 1)] for output, order in zip(probe.outputs, orders)
    ]
    return sigmas, seen, velocities


@pytest.fixture
def conditioned(pack_module, monkeypatch, parts):
    """A window's clip, as Decoupled Clip makes it with `release`: (clip, backbone's MODEL, both branches)."""

    def condition(name: str, window: str):
        told, vectors = table(name), tensors(name)
        model, camera, memory_branch = parts(name)
        start = told["windows"][window]["first_pixel_frame"]
        height, width = (8 * side for side in told["latent_hw"])
        path = stored_path(vectors, window, start, height, width)
        memory = stored_memory(vectors, window, path, start)
        assert memory.frame_count == max(1, told["windows"][window]["history_frames"])
        frames = told["num_frames"]
        cameras = window_cameras(path, clip_windows(path.count, frames, frames, 1)[start // (frames - 1)])
        remember = pack_module("nodes.host.remember")
        if start:
            # The ids were given, not found; and the release's own video file is left out, as in the vectors.
            ids, found = vectors[f"{window}.frame_ids"][0], remember.retrieve
            assert told["windows"][window]["frame_ids"] == ids.tolist()
            monkeypatch.setattr(
                remember, "retrieve", lambda *args, **kwargs: found(*args, **kwargs)._replace(ids=ids.clone())
            )
            references = dict(zip(ids.tolist(), vectors[f"{window}.reference_u8"]))
            monkeypatch.setattr(remember, "compressed_pictures", lambda *args: lambda frame: references[frame][None])
        decoupled_clip = pack_module("nodes.host.decoupled_clip")
        clip = decoupled_clip.condition_window(
            model,
            conditioning(vectors[f"{window}.text_positive"], vectors[f"{window}.clip_fea"]),
            conditioning(vectors[f"{window}.text_negative"], vectors[f"{window}.clip_fea"]),
            StoredVae(vectors, model.model.process_latent_out), memory, cameras, camera, memory_branch,
            settings=decoupled_clip.WindowSettings(release=True), path=path,
        )  # fmt: skip
        return clip, model

    return condition


@pytest.mark.parametrize(("name", "window"), windows())
def test_windows_of_the_release(pack_module, monkeypatch, conditioned, name, window, record_property):
    told, vectors = table(name), tensors(name)
    inputs = window.removesuffix("_40steps")
    clip, _ = conditioned(name, inputs)
    evaluations = count_runs(monkeypatch, pack_module)
    sigmas, latents, velocities = sampled(
        clip.model,
        clip.positive,
        clip.negative,
        clip.latent,
        vectors[f"{inputs}.noise"],
        told,
        told["windows"][window]["steps"],
    )
    # Once per step for both halves.
    assert evaluations["camera"] == len(told["windows"][window]["camera_steps"])
    assert evaluations["memory"] == len(told["windows"][window]["history_steps"])
    assert (sigmas - vectors[f"{window}.sigmas"]).abs().max() <= 1e-6
    assert torch.allclose(1000 * sigmas[:-1], vectors[f"{window}.timesteps"], atol=1e-3)
    kept = f"{window}.latents_after_step_at"
    at = vectors[kept].tolist() if kept in vectors else range(len(sigmas) - 1)
    theirs = vectors[f"{window}.latents_after_step"]
    worst = max(relative_l2(latents[step + 1], theirs[k : k + 1]) for k, step in enumerate(at))
    moved = [
        relative_l2(velocities[step][side], vectors[f"{window}.velocity_{which}"][step : step + 1])
        for side, which in enumerate(("positive", "negative"))
        if f"{window}.velocity_{which}" in vectors
        for step in range(len(sigmas) - 1)
    ]
    print(f"{name}/{window}: latents {worst:.1e}, velocities {max(moved, default=0.0):.1e}")
    record_property("relative_l2", worst)
    assert worst <= LATENTS and max(moved, default=0.0) <= VELOCITIES


@pytest.mark.parametrize(("name", "window"), [case for case in windows() if not case[1].endswith("steps")])
@torch.no_grad()
def test_inside_the_first_step_of_a_window(pack_module, conditioned, name, window):
    """What the network is given beside its latents, and what both branches add to it."""
    from comfy.patcher_extension import WrappersMP

    told, vectors = table(name), tensors(name)
    clip, model = conditioned(name, window)
    given = clip.positive[0][1]
    y = model.model.concat_cond(
        noise=vectors[f"{window}.noise"],
        concat_latent_image=given["concat_latent_image"],
        concat_mask=given["concat_mask"],
        device="cpu",
    )
    assert torch.equal(y[:, :4], vectors[f"{window}.y"][:, :4])
    assert (y[:, 4:] - vectors[f"{window}.y"][:, 4:]).abs().max() <= 1e-6
    first = vectors[f"{window}.frames_u8"][0]
    assert first.shape == vectors[f"{window}.first_image_u8"].shape
    x, timestep = torch.cat([vectors[f"{window}.noise"], y], dim=1), vectors[f"{window}.timesteps"][:1]
    for key, module in (("camera", "camera_branch"), ("history", "decoupled")):
        if (
            f"{window}.step0.{key}_residual.0" not in vectors
            and f"{window}.step0.{key}_residual_gated.0" not in vectors
        ):
            continue
        parts = pack_module(f"nodes.host.{module}")
        (condition,) = clip.model.get_wrappers(
            WrappersMP.DIFFUSION_MODEL, parts.CAMERA if key == "camera" else parts.DECOUPLED
        )
        prepared = condition.prepare(condition.branch, x.device, x.dtype, tuple(x.shape[3:]))
        run = condition.start(condition.branch, prepared, x, timestep, {})
        for layer in range(condition.branch.layout.layers):
            theirs = vectors[f"{window}.step0.{key}_residual{'' if key == 'camera' else '_gated'}.{layer}"]
            video = torch.zeros(1, x.shape[2], theirs.shape[1] // x.shape[2], theirs.shape[2])
            condition.add(video, run.residual(layer), 1.0)
            # Both halves are alike in the release.
            assert torch.equal(theirs[0], theirs[1])
            assert relative_l2(video.flatten(1, 2), theirs[:1]) <= LATENTS, (key, layer)
    if told["windows"][window]["first_pixel_frame"]:
        opened = gate(vectors[f"{window}.frame_ids"][0])
        assert torch.equal(condition.slots.gate[0], opened)
        temporal = vectors[f"{window}.cond_latents_chunks"][0, :, :, 0][opened]
        spatial = vectors[f"{window}.cond_images"][0].movedim(1, 0)[opened]
        assert relative_l2(condition.slots.temporal, temporal) <= LATENTS
        assert relative_l2(condition.slots.spatial, spatial) <= LATENTS


def count_runs(monkeypatch, pack_module) -> dict[str, int]:
    """How often each branch runs from now on."""
    counts = {"camera": 0, "memory": 0}
    for which, module, name in (("camera", "camera_branch", "CameraRun"), ("memory", "decoupled", "BranchRun")):
        module = pack_module(f"nodes.host.{module}")
        run = getattr(module, name)

        def counted(*args, run=run, which=which):
            counts[which] += 1
            return run(*args)

        monkeypatch.setattr(module, name, counted)
    return counts


# Schedule


def test_the_camera_branch_runs_in_the_releases_steps(pack_module, parts):
    """For every number of steps, by the host's own scheduler."""
    from comfy_extras.nodes_custom_sampler import BasicScheduler

    told = table("pipeline_schedule")
    model, camera, _ = parts(KIND)
    steered = model.clone()
    steered.add_object_patch("model_sampling", pack_module("nodes.host.patching").spatia_sampling(model, 5.0))
    module = pack_module("nodes.host.camera_branch")
    still = Cameras(torch.eye(4, dtype=torch.float64).repeat(13, 1, 1), torch.full((13, 4), 0.5, dtype=torch.float64))
    steered = module.apply_camera(steered, camera, still)
    from comfy.patcher_extension import WrappersMP

    (condition,) = steered.get_wrappers(WrappersMP.DIFFUSION_MODEL, module.CAMERA)
    assert 1000 * condition.sigma_end == pytest.approx(told["camera_boundary"]["t"], abs=1e-3)
    for steps, expected in told["camera_steps_by_number_of_steps"].items():
        sigmas = BasicScheduler.execute(steered, "normal", int(steps), 1.0).args[0]
        if f"timesteps_{steps}" in told:
            stored = torch.tensor(told[f"timesteps_{steps}"], dtype=torch.float64)
            assert torch.allclose(1000 * sigmas[:-1].double(), stored, atol=1e-3)
        ran = [condition.runs_at({"sigmas": sigma[None]}) for sigma in sigmas[:-1]]
        assert sum(ran) == expected and ran == sorted(ran, reverse=True), steps


# Rollout


def rollouts() -> list[tuple[str, str]]:
    names = [name.removesuffix(".json") for name in sorted(path.name for path in FOLDER.glob("rollout*.json"))]
    return [(name, path) for name in names for path in table(name)["windows"]]


@pytest.mark.parametrize(("name", "path"), rollouts())
def test_windows_of_a_long_path(name, path):
    """Where each window starts, what it repeats, remembers and leaves of the path."""
    told = table(name)["windows"][path]
    rows = [window["current_pose_rows"] for window in told["windows"]]
    length = rows[0][1] - rows[0][0] + 1
    windows_of_path = clip_windows(told["poses_in_file"], length, length, 1)
    whole = [window for window in windows_of_path if window.padding == 0]
    assert [[window.start, window.end - 1] for window in whole] == rows
    assert told["poses_in_file"] - whole[-1].end == told["poses_unused_at_the_end"]
    for window, stored in zip(whole, told["windows"]):
        given = max(1, window.history)
        new = [0, window.end - 1] if window.start == 0 else [window.start + given, window.end - 1]
        assert stored["new_pixel_frames"] == new and stored["frames_after"] == window.end
        history = window.start + given if window.start else 0
        assert (stored["n_history"], stored["history_branch"]) == (history, window.start > 0)
        assert stored["history_pixel_frames"] == ([0, window.start] if window.start else None)
        assert stored["starts_from_decoded_frame"] == (window.start or None)
        # Of the history and the window; the release's intrinsics end one row later than its poses begin anew.
        assert stored["c2w_rows"] == stored["intrinsics_rows"] == history + length
        assert stored["window"] == 1 + whole.index(window)


@pytest.mark.parametrize("name", sorted({name for name, _ in rollouts()}))
def test_what_a_long_path_remembers(name):
    """The latent frames and the gates of the release's choices. The poses they were found by are not in the folder."""
    told = table(name)
    assert told["exact_only_where"] == "margin_to_second > 1e-3"
    for windows_of_path in told["ids"].values():
        for window in windows_of_path:
            ids = torch.tensor(window["frame_ids"])
            assert latent_of(ids).tolist() == window["latent_ids"]
            assert gate(ids).int().tolist() == window["gate"]
