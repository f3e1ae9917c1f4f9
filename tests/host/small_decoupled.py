"""A tiny memory branch with random weights, and a video to remember: out, and back along the same way."""

from __future__ import annotations

import json
import math

import torch
from small_model import DIM, FFN, HISTORY, LATER, memory_of, random_weights

HEADS, LAYERS = 2, 3
VIDEO = 33


def layout(latent_channels: int = 48, extra: int = 0, out_dim: int = DIM, pixels: int = 16):
    from spatia_core.model.decoupled.layout import DecoupledLayout

    return DecoupledLayout(
        32,
        HEADS,
        40,
        LAYERS,
        16,
        out_dim,
        latent_channels + extra + 4,
        latent_channels + 4,
        (8, 8, 4),
        pixels,
        (1, 2, 2),
    )


def branch_weights(zero: bool = False, **sizes) -> dict:
    """Random weights; zero: the outputs are zero, as before training."""
    from spatia_core.model.decoupled.layout import decoupled_shapes

    weights = random_weights(decoupled_shapes(layout(**sizes)), 20)
    for name, value in weights.items():
        if name.startswith("controlnet_blocks."):
            value.mul_(0.0 if zero else 3.0)
        elif name.startswith("controlnet_encode_") and name.endswith(".1.weight"):
            value.add_(1.0)
    return weights


def camera_branch_weights(extra: int = 0, out_dim: int = DIM, pixels: int = 16, latent_channels: int = 48) -> dict:
    """Random weights of a camera branch, with the text encoder that the release's file holds and nothing reads."""
    from spatia_core.model.decoupled.layout import CameraLayout, camera_shapes

    sizes = CameraLayout(32, HEADS, 40, LAYERS, 16, out_dim, latent_channels + extra + 8, (8, 8), pixels, (1, 2, 2))
    weights = random_weights(camera_shapes(sizes) | {"condition_embedder.text_embedder.linear_1.weight": (32, 12)}, 21)
    for name, value in weights.items():
        if name.startswith("controlnet_blocks."):
            value.mul_(3.0)
        elif name.startswith("controlnet_encode_") and name.endswith(".1.weight"):
            value.add_(1.0)
    return weights


def i2v_weights(text_dim: int) -> tuple[dict, dict]:
    """(random weights, header of their file) of the second paper's backbone, small."""
    import comfy.ops
    from comfy.ldm.wan.model import WanModel

    network = WanModel(
        model_type="i2v",
        in_dim=36,
        out_dim=16,
        dim=DIM,
        ffn_dim=FFN,
        num_heads=2,
        num_layers=4,
        text_dim=text_dim,
        dtype=torch.float32,
        operations=comfy.ops.disable_weight_init,
    )
    weights = random_weights({name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}, 31)
    return weights, {"config": json.dumps({"transformer": {"num_heads": 2, "text_dim": text_dim}})}


def wan21_vae_weights() -> dict:
    """Random weights of a VAE of Wan 2.1's kind, small."""
    from comfy.ldm.wan.vae import WanVAE

    vae = WanVAE(
        dim=4, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[],
        temperal_downsample=[False, True, True],
    )  # fmt: skip
    return random_weights({name: tuple(tensor.shape) for name, tensor in vae.state_dict().items()}, 32)


def branch_patcher(nodes_of, kind: str, weights: dict, file: str = "small", **options):
    """The camera or the memory branch of such weights, as the host holds it."""
    names = {"camera": ("camera_branch", "CameraBranch"), "memory": ("decoupled", "DecoupledBranch")}
    module, name = names[kind]
    build = nodes_of("nodes.host.side_branch").side_branch_patcher
    return build(getattr(nodes_of(f"nodes.host.{module}"), name), weights, file, HEADS, **options)


def small_i2v(text_dim: int):
    """(MODEL, VAE): the second paper's backbone, small and random, and a VAE of Wan 2.1's kind."""
    import comfy.sd

    weights, metadata = i2v_weights(text_dim)
    model = comfy.sd.load_diffusion_model_state_dict(weights, metadata=metadata)
    assert type(model.model).__name__ == "WAN21" and model.model.image_to_video
    return model, comfy.sd.VAE(sd=wan21_vae_weights())


def turning_cameras(count: int):
    """A camera that turns away and moves on, 2 degrees and 0.02 a frame."""
    from spatia_core.cameras.camera import make_cameras

    c2w = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    for i in range(count):
        c, s = math.cos(math.radians(2 * i)), math.sin(math.radians(2 * i))
        c2w[i, :3, :3] = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        c2w[i, 0, 3] = 0.02 * i
    return make_cameras(torch.linalg.inv(c2w), [0.8, 1.6, 0.5, 0.5])


def revisit(given: int = HISTORY, **size):
    """(memory, cameras): the video turns away; the clip repeats its last `given` frames and goes back six times as fast."""
    from spatia_core.cameras.camera import concat_cameras

    path = turning_cameras(VIDEO)
    memory = memory_of(VIDEO, cameras=path, **size)
    back = [max(0, VIDEO - 1 - 6 * step) for step in range(1, LATER - given + 1)]
    return memory, concat_cameras(path.select(slice(VIDEO - given, None)), path.select(back))
