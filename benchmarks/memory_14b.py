"""What "Memorize When Needed" takes on a card, by arithmetic: shapes at full size on the meta device, and the host's own estimate.

    COMFYUI_PATH=/path/to/ComfyUI python benchmarks/memory_14b.py [--frames 49] [--size 832x480]

No weights are read and nothing is measured. Weights that find no room stay in the machine's memory, and the host brings them
to the card layer by layer, in every pass; activations must fit.
"""

from __future__ import annotations

import argparse

from hosted import load_host

GIB = 1 << 30
CARDS = (12, 16, 24, 48)  # GiB
_SYSTEM = 1.0  # GiB that the driver and the page take


def count(module) -> int:
    """Numbers in a module."""
    return sum(tensor.numel() for tensor in module.state_dict().values())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--frames", type=int, default=49)
    options.add_argument("--size", default="832x480")
    given = options.parse_args()
    width, height = map(int, given.size.split("x"))
    load_host(cpu=True)
    import comfy.model_management
    import torch
    from spatia_pack.nodes.host.camera_branch import CameraCondition, ClipPoses

    backbone, camera, memory = networks()
    latents = (given.frames + 3) // 4
    poses = ClipPoses(torch.zeros(latents, 4, 4, 4), torch.zeros(latents, 4, 4))
    condition = CameraCondition(camera, poses, 1.0)
    # A card has flash attention, whose share of the host's formula is the smaller one.
    comfy.model_management.pytorch_attention_flash_attention = lambda: True
    counted = latents + condition.counted_frames() + latents / 8
    needed = {rows: backbone.memory_required([rows, 16, counted, height // 8, width // 8]) / GIB for rows in (1, 2)}
    numbers = {"backbone": count(backbone.diffusion_model), "camera": count(camera), "memory": count(memory)}
    tokens = latents * (height // 16) * (width // 16)
    print(f"{width}x{height}, {given.frames} frames: {tokens} tokens")
    for name, amount in numbers.items():
        print(
            f"{name:9s} {amount / 1e9:6.3f} G numbers: {2 * amount / GIB:5.1f} GiB in bf16, {amount / GIB:5.1f} in fp8"
        )
    print(
        f"activations by the host's estimate: {needed[1]:.1f} GiB one half of CFG at a time, {needed[2]:.1f} GiB both"
    )
    kept = 20 * tokens * 5120 * 2 / GIB
    print(
        f"residuals kept between the halves of CFG where they run apart: {kept:.1f} GiB per branch, on the card or in memory"
    )
    tell_cards(needed, numbers)


def networks():
    """The backbone, the camera branch and the memory's at the released sizes, without numbers in them."""
    import comfy.model_base
    import comfy.ops
    import comfy.supported_models
    import torch
    from spatia_pack.nodes.host.camera_branch import CameraBranch
    from spatia_pack.nodes.host.decoupled import DecoupledBranch
    from spatia_pack.spatia_core.model.decoupled.layout import CameraLayout, DecoupledLayout

    sizes = {
        "image_model": "wan2.1", "model_type": "i2v", "dim": 5120, "out_dim": 16, "num_heads": 40, "ffn_dim": 13824,
        "num_layers": 40, "patch_size": (1, 2, 2), "freq_dim": 256, "window_size": (-1, -1), "qk_norm": True,
        "cross_attn_norm": True, "eps": 1e-6, "in_dim": 36, "text_dim": 4096,
    }  # fmt: skip
    config = comfy.supported_models.WAN21_I2V(sizes)
    config.set_inference_dtype(torch.bfloat16, None)
    with torch.device("meta"):
        backbone = comfy.model_base.WAN21(config, image_to_video=True, device="meta")
        shared = (1536, 12, 13824, 20, 256, 5120)
        camera = CameraBranch(
            CameraLayout(*shared, 132, (192, 96), 8, (1, 2, 2)), torch.bfloat16, "meta", comfy.ops.manual_cast
        )
        memory = DecoupledBranch(
            DecoupledLayout(*shared, 52, 32, (192, 96, 16), 8, (1, 2, 2)), torch.bfloat16, "meta", comfy.ops.manual_cast
        )
    return backbone, camera, memory


def tell_cards(needed, numbers):
    """Print what fits on each of CARDS: `needed` GiB of activations by rows at once, `numbers` of each network."""
    branches = 2 * (numbers["camera"] + numbers["memory"]) / GIB
    print("\n| card | both halves at once | backbone in fp8 | backbone in bf16 |\n|---|---|---|---|")
    for card in CARDS:
        room = card - _SYSTEM
        # The host takes half as much again as it estimates before it batches.
        rows = 2 if needed[2] * 1.5 < room else 1
        if needed[1] > room:
            print(f"| {card} GiB | no | activations do not fit | activations do not fit |")
            continue
        left = room - needed[rows]
        told = []
        for weight in (1, 2):
            weights = weight * numbers["backbone"] / GIB + branches
            away = max(0.0, weights - left)
            told.append("all on the card" if not away else f"{away:.1f} of {weights:.1f} GiB streamed")
        print(f"| {card} GiB | {'yes' if rows == 2 else 'no'} | {told[0]} | {told[1]} |")


if __name__ == "__main__":
    main()
