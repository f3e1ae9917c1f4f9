"""A tiny Spatia model with random weights, in the layout of the bundle's files, and a memory to sample from."""

from __future__ import annotations

from pathlib import Path

import torch

DIM, HEADS, FFN, LAYERS, CONTROL_BLOCKS, TEXT = 48, 2, 64, 8, 2, 8
VAE = {"dim": 4, "dec_dim": 4, "z_dim": 48, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 1}
WIDTH, HEIGHT = 64, 32
FIRST, LATER, HISTORY = 13, 17, 9
STRENGTHS = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0, "lora": "after the first clip"}
STEPS, CFG, SEED = 3, 3.5, 7
# One latent frame at a time and all at once are convolutions of other lengths, which a processor may sum in another order.
# Promised is a hundredth of a step of 8-bit colour; a cache that is lost or shifted is wrong by many steps.
ROUNDING = 0.01 / 255


def random_weights(shapes: dict, seed: int) -> dict:
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator)
        if name.endswith(("gamma", "norm_q.weight", "norm_k.weight", "norm3.weight")):
            value = 1.0 + 0.1 * value
        elif len(shape) >= 2:
            value = value / max(1, value[0].numel()) ** 0.5
        else:
            value = 0.02 * value
        weights[name] = value
    return weights


def backbone_weights() -> dict:
    import comfy.ops
    from comfy.ldm.wan.model import WanModel

    network = WanModel(
        in_dim=48,
        out_dim=48,
        dim=DIM,
        ffn_dim=FFN,
        num_heads=HEADS,
        num_layers=LAYERS,
        text_dim=TEXT,
        dtype=torch.float32,
        operations=comfy.ops.disable_weight_init,
    )
    return random_weights({name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}, 1)


def control_weights(in_channels: int = 96) -> dict:
    from spatia_core.weights.layouts import ControlLayout, control_shapes

    return random_weights(control_shapes(ControlLayout(DIM, FFN, CONTROL_BLOCKS, in_channels, (1, 2, 2))), 2)


def vae_weights() -> dict:
    from comfy.ldm.wan.vae2_2 import WanVAE

    vae = WanVAE(**VAE, attn_scales=[], temperal_downsample=[False, True, True])
    return random_weights({name: tuple(tensor.shape) for name, tensor in vae.state_dict().items()}, 3)


def lora_weights(rank: int = 2) -> dict:
    generator = torch.Generator().manual_seed(4)
    pairs = {}
    for block in range(LAYERS):
        for part in "qkvo":
            name = f"pipe.dit.blocks.{block}.self_attn.{part}"
            pairs[f"{name}.lora_A.default.weight"] = torch.randn(rank, DIM, generator=generator) * 0.3
            pairs[f"{name}.lora_B.default.weight"] = torch.randn(DIM, rank, generator=generator) * 0.3
    return pairs


def write_bundle(folder: Path) -> None:
    from spatia_core.weights.scaled import save_quantised

    config = {"config": {"transformer": {"num_heads": HEADS, "text_dim": TEXT}}}
    save_quantised(backbone_weights(), folder / "spatia_small_backbone.safetensors", config)
    save_quantised(control_weights(), folder / "spatia_small_control.safetensors")
    save_quantised(vae_weights(), folder / "spatia_small_vae.safetensors")


def path_cameras(count: int):
    """A camera that dollies forward."""
    from spatia_core.cameras.camera import make_cameras

    w2c = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    w2c[:, 2, 3] = -0.01 * torch.arange(count, dtype=torch.float64)
    return make_cameras(w2c, [0.8, 1.6, 0.5, 0.5])


def with_clip(memory, frames, cameras, history: int = 1):
    """The memory with one clip more, of these new frames and cameras, which left the cloud as it was."""
    from spatia_core.memory import Clip, HeldFrames
    from spatia_core.memory.clip import no_change

    clip = Clip(HeldFrames(frames), cameras, history, no_change(memory.cloud.size))
    return memory._replace(clips=(*memory.clips, clip))


def memory_of(frames: int, width: int = WIDTH, height: int = HEIGHT, cameras=None):
    """A memory whose video has this many random frames, along `path_cameras` where no cameras are given."""
    from spatia_core.cloud.point_cloud import make_point_cloud
    from spatia_core.memory import memory_of_image

    generator = torch.Generator().manual_seed(5)
    cloud = make_point_cloud(
        torch.rand(50, 3, generator=generator), torch.randint(0, 256, (50, 3), dtype=torch.uint8, generator=generator)
    )
    pictures = torch.randint(0, 256, (frames, height, width, 3), dtype=torch.uint8, generator=generator)
    cameras = path_cameras(frames) if cameras is None else cameras
    memory = memory_of_image(pictures[0], cameras.select(0), cloud)
    return memory if frames == 1 else with_clip(memory, pictures[1:], cameras.select(slice(1, None)))


def clip_inputs(memory_frames: int, references: int = 0) -> dict:
    """memory, cameras, projection, holes and references of the clip that follows."""
    memory = memory_of(memory_frames)
    if memory_frames == 1:
        cameras = path_cameras(FIRST)
    else:
        cameras = path_cameras(memory_frames - HISTORY + LATER).select(slice(memory_frames - HISTORY, None))
    generator = torch.Generator().manual_seed(6)
    return {
        "memory": memory,
        "cameras": cameras,
        "projection": torch.rand(cameras.count, HEIGHT, WIDTH, 3, generator=generator),
        "holes": (torch.rand(cameras.count, HEIGHT, WIDTH, generator=generator) > 0.7).float(),
        "references": torch.rand(references, HEIGHT, WIDTH, 3, generator=generator),
    }
