"""Schedules, the solver alone, and complete trajectories of the release's sampling loop (generated frames: 2e-5)."""

from __future__ import annotations

import pytest
import torch
from parity_model import Probe, conditioning, load_network, relative_l2, spatia_network
from vectors import PARITY, stored

from spatia_core.model.control import clean_frame_mask
from spatia_core.model.flow_unipc import FlowUniPC, flow_schedule, flow_timesteps

SCHEDULES = stored(PARITY / "sampler" / "schedules.json")
RUNS = stored(PARITY / "sampler" / "sampler.json")
TOLERANCE = 2e-5


def vectors():
    return stored(PARITY / "sampler" / "sampler.safetensors")


def solver_cases():
    return sorted(
        int(key.split("/")[0].removeprefix("solver"))
        for key in vectors()
        if key.startswith("solver") and key.endswith("x_init")
    )


@pytest.mark.parametrize("steps", SCHEDULES["unipc"])
def test_unipc_schedule_is_exact(steps):
    stored = SCHEDULES["unipc"][steps]
    sigmas = flow_schedule(int(steps))
    assert sigmas.tolist() == torch.tensor(stored["sigmas_float32"]).tolist()
    assert flow_timesteps(sigmas[:-1]).tolist() == stored["timesteps"]


@pytest.mark.parametrize("steps", SCHEDULES["euler"])
def test_host_euler_schedule_is_the_releases(pack_module, steps):
    import comfy.samplers

    patching = pack_module("nodes.host.patching")
    stored = torch.tensor(SCHEDULES["euler"][steps]["sigmas"], dtype=torch.float64)
    ours = comfy.samplers.calculate_sigmas(patching.spatia_sampling(load_network("A")), "simple", int(steps))
    assert torch.allclose(ours[: len(stored)].double(), stored, atol=2e-7)


@pytest.mark.parametrize("steps", solver_cases())
def test_solver_alone(steps):
    x, target, trajectory = (vectors()[f"solver{steps}/{name}"] for name in ("x_init", "target", "trajectory"))
    sigmas = flow_schedule(steps)
    solver = FlowUniPC(sigmas)
    for i in range(steps):
        velocity = (x - target) * (1 + 0.3 * torch.sin(3 * x)) + 0.2 * sigmas[i] * torch.cos(5 * target * sigmas[i])
        x = solver.step(x - sigmas[i] * velocity, x)
        assert relative_l2(x, trajectory[i + 1]) <= 2e-6


@pytest.fixture(scope="module")
def network(pack_module):
    patching = pack_module("nodes.host.patching")
    return spatia_network(patching, "A")


@pytest.mark.parametrize("tag", RUNS)
def test_trajectory_matches_release(pack_module, network, tag, record_property):
    import comfy.samplers
    from comfy.patcher_extension import WrappersMP

    patching, sampling = pack_module("nodes.host.patching"), pack_module("nodes.host.sampling")
    run, tensors = RUNS[tag], vectors()
    references, clean = run["R"], max(run["hist_latents"], 1)
    initial = tensors[f"{tag}/initial_latents"]
    video = initial[:, :, references:]
    clip = patching.ClipCondition(
        patching.control_branch(network),
        tensors[f"{tag}/vace_context"],
        initial[:, :, :references],
        run["vace_scale"],
        1.0,
        0.0,
    )
    model = patching.condition_model(network, clip)
    probe = Probe()
    model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "probe", probe)
    # Raw space with zeros where nothing is known, as Spatia Conditioning hands it on.
    samples = torch.zeros_like(video)
    samples[:, :, :clean] = model.model.process_latent_out(video[:, :, :clean])
    mask = clean_frame_mask(video.shape[2], clean).expand(1, 1, *video.shape[2:])
    if run["sampler"] == "uni_pc":
        sampler, sigmas = sampling.unipc_sampler(), flow_schedule(run["steps"])
    else:
        sampler = comfy.samplers.ksampler(run["sampler"])
        sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "simple", run["steps"])
    out = sampling.sample_clip(
        model,
        conditioning(tensors[f"{tag}/ctx_pos"]),
        conditioning(tensors[f"{tag}/ctx_neg"]),
        {"samples": samples, "noise_mask": mask},
        sampler,
        sigmas,
        run["cfg"],
        run["seed"],
    )
    out = model.model.process_latent_in(out)
    theirs = tensors[f"{tag}/final_latents"]
    error = relative_l2(out[:, :, clean:], theirs[:, :, clean:])
    print(f"{tag}: generated frames {error:.2e}")
    record_property("relative_l2", error)

    steps_seen = [float(timestep[0, -1]) for timestep in probe.timesteps]
    per_step = len(steps_seen) // run["steps"]  # 1 when the host batches cond and uncond, else 2
    assert torch.allclose(torch.tensor(steps_seen[::per_step]), torch.tensor(run["timesteps_seen"]), rtol=1e-6)
    assert run["sampler"] != "uni_pc" or steps_seen[::per_step] == run["timesteps_seen"]
    for step, before in zip(run["keep"], tensors[f"{tag}/latents_before_step"]):
        seen = probe.inputs[step * per_step][0]
        assert relative_l2(seen, before) <= TOLERANCE, f"input of step {step}"
        # Clean frames are written back before every evaluation.
        assert torch.allclose(seen[:, : references + clean], before[:, : references + clean], atol=2e-6)
    assert torch.allclose(out[:, :, :clean], theirs[:, :, :clean], atol=2e-6)
    assert error <= TOLERANCE
    assert float(tensors[f"{tag}/timestep_step0"].max()) == pytest.approx(steps_seen[0], rel=1e-6)
    for step in range(run["steps"]):
        if f"{tag}/pred_pos_{step}" in tensors:
            rows = torch.cat(probe.outputs[step * per_step : (step + 1) * per_step])[:, :, references:]
            for which in ("pos", "neg"):
                velocity = tensors[f"{tag}/pred_{which}_{step}"][:, :, -rows.shape[2] :]
                # The host orders the rows of a batch as it likes.
                errors = [relative_l2(row[None, :, clean:], velocity[:, :, clean:]) for row in rows]
                assert min(errors) <= TOLERANCE, (step, which)


@pytest.mark.parametrize("tag", RUNS)
def test_noise_is_the_hosts_own(comfy_host, tag):
    import comfy.sample

    theirs = vectors()[f"{tag}/noise"]
    ours = comfy.sample.prepare_noise(torch.zeros_like(theirs), RUNS[tag]["seed"])
    # torch's logarithm and cosine round otherwise on processors of other vector instructions; another seed is another noise.
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("tag", [tag for tag in RUNS if f"{tag}/hist_u8" in vectors()])
def test_later_round_from_pixels(pack_module, network, tag, record_property):
    """The whole way: history, references, projection and holes as pixels through Spatia Conditioning, then the solver."""
    from spatia_core.cameras.camera import make_cameras
    from spatia_core.cloud.point_cloud import make_point_cloud
    from spatia_core.memory import Clip, HeldFrames, memory_of_image
    from spatia_core.memory.clip import no_change

    bundle, conditioning_module, sampling = (
        pack_module(f"nodes.host.{name}") for name in ("bundle", "conditioning", "sampling")
    )
    run, tensors = RUNS[tag], vectors()
    weights = dict(stored(PARITY / "vae" / "tiny_vae38.safetensors"))
    vae = bundle.SizedVAE(weights, "tiny_vae38.safetensors", dtype=torch.float32)
    past = tensors[f"{tag}/hist_u8"]
    cameras = make_cameras(torch.eye(4).repeat(run["frames"], 1, 1), [1.0, 1.0, 0.5, 0.5])
    count = past.shape[0]
    cloud = make_point_cloud(torch.rand(4, 3), torch.zeros(4, 3, dtype=torch.uint8))
    memory = memory_of_image(past[0], cameras.select(0), cloud)
    clip = Clip(HeldFrames(past[1:]), cameras.select(slice(1, count)), 1, no_change(cloud.size))
    memory = memory._replace(clips=(*memory.clips, clip))
    model, latent = conditioning_module.condition_clip(
        network,
        vae,
        memory,
        cameras,
        conditioning_module.ControlInputs(
            tensors[f"{tag}/control_u8"].float() / 255.0,
            tensors[f"{tag}/score_u8_fed"].float() / 255.0,
            tensors[f"{tag}/refs_u8"].float() / 255.0,
            run["vace_scale"],
        ),
    )
    out = sampling.sample_clip(
        model,
        conditioning(tensors[f"{tag}/ctx_pos"]),
        conditioning(tensors[f"{tag}/ctx_neg"]),
        latent,
        sampling.unipc_sampler(),
        flow_schedule(run["steps"]),
        run["cfg"],
        run["seed"],
    )
    clean = run["hist_latents"]
    error = relative_l2(model.model.process_latent_in(out)[:, :, clean:], tensors[f"{tag}/final_latents"][:, :, clean:])
    print(f"{tag} from pixels: generated frames {error:.2e}")
    record_property("relative_l2", error)
    assert error <= TOLERANCE
