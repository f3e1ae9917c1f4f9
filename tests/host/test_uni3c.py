"""Our projection under the host's Uni3C: Render's style, Continue Video, two clips with small random networks."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from small_decoupled import small_i2v
from small_model import DIM, TEXT, random_weights

WIDTH, HEIGHT, FRAMES = 32, 16, 9
STEPS, CFG, SEED = 2, 3.5, 7


@pytest.fixture(scope="module")
def wan(comfy_host):
    return small_i2v(TEXT)


@pytest.fixture(scope="module")
def uni3c(comfy_host):
    """A Uni3C of random weights through the host's own loader."""
    import comfy.ops
    from comfy.ldm.wan.uni3c import WanUni3CControlnet
    from comfy_extras.nodes_model_patch import ModelPatchLoader

    network = WanUni3CControlnet(
        conv_out_dim=DIM, dim=192, ffn_dim=40, num_heads=16, num_layers=3, time_embed_dim=DIM, out_proj_dim=DIM,
        mid_channels=16, dtype=torch.float32, operations=comfy.ops.disable_weight_init,
    )  # fmt: skip
    folder = comfy_host / "models" / "model_patches"
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    save_file(random_weights(shapes, 41), folder / "uni3c_small.safetensors")
    return ModelPatchLoader().load_model_patch("uni3c_small.safetensors")[0]


def scene():
    """A memory of one picture: a wall of coloured points two units ahead, and a path that moves aside."""
    from spatia_core.cameras.camera import make_cameras
    from spatia_core.cloud.point_cloud import make_point_cloud
    from spatia_core.memory import memory_of_image

    generator = torch.Generator().manual_seed(3)
    y, x = torch.meshgrid(torch.linspace(-0.9, 0.9, 60), torch.linspace(-1.0, 1.0, 80), indexing="ij")
    points = torch.stack([x, y, torch.full_like(x, 2.0)], -1).reshape(-1, 3)
    colours = torch.randint(0, 256, (points.shape[0], 3), generator=generator, dtype=torch.uint8)
    image = torch.randint(0, 256, (HEIGHT, WIDTH, 3), generator=generator, dtype=torch.uint8)
    w2c = torch.eye(4, dtype=torch.float64).repeat(17, 1, 1)
    w2c[:, 0, 3] = -0.12 * torch.arange(17)
    path = make_cameras(w2c, [0.8, 1.6, 0.5, 0.5])
    return memory_of_image(image, path.select([0]), make_point_cloud(points, colours), 0.03), path


RENDER = {"width": 0, "height": 0, "radius": 0.05, "points_per_pixel": 8}


def test_the_style_is_what_its_authors_render(pack_module):
    """Over 0 of -1..1 where nothing is, and the given picture first."""
    render = pack_module("nodes.render").SpatiaRenderCameraPath
    memory, path = scene()
    cameras = path.select(slice(0, FRAMES))
    black, holes, *_ = render.execute(memory, cameras, **RENDER).args
    grey, same, *_ = render.execute(memory, cameras, **RENDER, style="Uni3C").args
    assert torch.equal(same, holes)
    assert torch.equal(grey[0], memory.read_frames([0])[0].float() / 255)
    empty = holes[1:] == 1
    assert bool(empty.any()) and torch.allclose(grey[1:][empty], torch.tensor(0.5))
    # In -1..1: what the points cover of their colours, and nothing of 0.
    signed = (2 * black - (1 - holes)[..., None])[1:]
    assert torch.allclose(2 * grey[1:] - 1, signed, atol=1e-6)
    with pytest.raises(ValueError, match="set both to 0"):
        render.execute(memory, cameras, **{**RENDER, "width": 64, "height": 32}, style="Uni3C")
    with pytest.raises(ValueError, match="does not continue"):
        render.execute(memory, path.select(slice(3, 12)), **RENDER, style="Uni3C")


@pytest.mark.parametrize("history", [1, 5])
def test_two_clips_on_the_hosts_uni3c(pack_module, wan, uni3c, prompts, history):
    """The second clip's projection shows what the first one made; both are steered by theirs."""
    import comfy.sample
    from comfy_extras.nodes_model_patch import WanUni3CControlnetApply

    import nodes as host_nodes
    from spatia_core.memory.windows import clip_windows, window_cameras

    model, vae = wan
    render = pack_module("nodes.render").SpatiaRenderCameraPath
    go_on = pack_module("nodes.continue_video").SpatiaContinueVideo
    update = pack_module("nodes.update_memory").SpatiaUpdateMemory
    memory, path = scene()
    clips = []
    for window in clip_windows(path.count, FRAMES, FRAMES, history)[:2]:
        cameras = window_cameras(path, window)
        projection, holes, *_ = render.execute(memory, cameras, **RENDER, style="Uni3C").args
        given = memory.read_frames(range(memory.frame_count - (window.history or 1), memory.frame_count)).float() / 255
        assert torch.equal(projection[: given.shape[0]], given)
        (steered,) = WanUni3CControlnetApply().apply_patch(model, uni3c, vae, projection, 1.0, 0.0, 1.0)
        positive, negative, latent, report = go_on.execute(model, *prompts, vae, memory, cameras).args
        assert f"the first {window.history or 1} as they are" in report
        mask = positive[0][1]["concat_mask"]
        assert int((mask[0, 0, :, 0, 0] == 0).sum()) == (given.shape[0] - 1) // 4 + 1

        def sampled(which, positive=positive, negative=negative, latent=latent):
            noise = comfy.sample.prepare_noise(latent["samples"], SEED)
            return comfy.sample.sample(
                which, noise, STEPS, CFG, "euler", "simple", positive, negative, latent["samples"], seed=SEED,
                disable_pbar=True,
            )  # fmt: skip

        samples = sampled(steered)
        assert not torch.allclose(samples, sampled(model), atol=1e-3)
        frames = host_nodes.VAEDecode().decode(vae, {"samples": samples})[0]
        frames = torch.cat(
            [given, frames[given.shape[0] :]]
        )  # of random weights the given frames are not to be had back
        depth = torch.full(frames.shape, 2.0)
        memory = update.execute(
            memory, frames, cameras, window.padding, 4, False, 0, depth_map=depth, consistency=False,
            depth_source="connected input", depth_kind="metres", near=1.0, far=10.0, depth_scale=1.0,
            da3_metric_resolution=0,
        ).args[0]  # fmt: skip
        clips.append((projection, holes, frames))
    # What the first clip alone has seen is drawn in the second's projection.
    assert memory.frame_count == FRAMES + FRAMES - history
    before = render.execute(scene()[0], cameras, **RENDER).args[1]
    assert float(clips[1][1].mean()) < float(before.mean()) - 0.05


def test_what_would_be_ignored_is_refused(pack_module, wan, prompts):
    go_on = pack_module("nodes.continue_video").SpatiaContinueVideo
    model, vae = wan
    memory, path = scene()
    cameras = path.select(slice(0, FRAMES))
    looks = model.model.diffusion_model.img_emb
    model.model.diffusion_model.img_emb = None  # as in Wan2.2's experts
    try:
        with pytest.raises(ValueError, match="so it would be ignored"):
            go_on.execute(model, *prompts, vae, memory, cameras, clip_vision=object())
        assert go_on.execute(model, *prompts, vae, memory, cameras).args[2]["samples"].shape[2] == 3
    finally:
        model.model.diffusion_model.img_emb = looks
    with pytest.raises(ValueError, match="4n"):
        go_on.execute(model, *prompts, vae, memory, path.select(slice(0, 8)))
