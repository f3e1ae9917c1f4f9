"""Record what the bundled networks give in float32 on a CPU, for `python run.py check`: spatia_core/selfcheck/vectors.safetensors.

    COMFYUI_PATH=... python training/make_check.py

The networks are those that tests/parity holds to the release's own vectors. Run it again when the bundled weights change.
"""

import importlib
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from startup import PACK, load_host

FRAMES, HEIGHT, WIDTH = 3, 4, 6  # latents
RANK = 4
LORA_MODULES = ("blocks.0.self_attn.q", "blocks.1.ffn.0", "blocks.3.cross_attn.o")


def main() -> None:
    load_host("cpu")
    network = importlib.import_module(f"{PACK}.nodes.host.check_network")
    video = importlib.import_module(f"{PACK}.nodes.host.check_video")
    replacing = importlib.import_module(f"{PACK}.spatia_core.files").replacing
    given = inputs(network.small_network(torch.float32))
    network.vectors = lambda: given
    with torch.no_grad(), network.exact_float32():
        for compute in (
            network.control_pass,
            network.lora_pass,
            network.camera_pass,
            network.decoupled_pass,
            network.sampled,
        ):
            given[f"{compute.__name__}.out"] = compute(torch.float32).contiguous()
        vae = video.small_vae(torch.float32)
        given["vae.latents"] = video.encoded(vae).contiguous()
        given["vae.frames"] = video.sparse(video.decoded(vae, given["vae.latents"])).contiguous()
    from safetensors.torch import save_file

    with replacing(network.VECTORS) as path:
        save_file(given, path)
    print(f"{network.VECTORS}: {Path(network.VECTORS).stat().st_size / 1e6:.2f} MB")


def inputs(model) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(11)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    given = {
        "video": noise(1, 48, FRAMES, HEIGHT, WIDTH),
        "control": noise(1, 96, FRAMES, HEIGHT, WIDTH),
        "references": noise(1, 48, 2, HEIGHT, WIDTH),
        "slots.gate": torch.tensor([[0, 1, 1]], dtype=torch.uint8),
        "slots.temporal": noise(2, 48, HEIGHT, WIDTH),
        "slots.spatial": noise(2, 48, HEIGHT, WIDTH),
    }
    pose = torch.eye(4).repeat(2, 4, 1, 1)
    pose[..., 0, 3] = 0.1 * torch.arange(8).view(2, 4)
    K = torch.tensor([80.0, 80.0, 48.0, 32.0]).repeat(2, 4, 1)
    for side in ("target", "history"):
        given |= {f"slots.{side}_c2w": pose.clone(), f"slots.{side}_K": K.clone()}
        pose[..., 2, 3] += 0.2
    weights = model.model.diffusion_model.state_dict()
    for module in LORA_MODULES:
        rows, columns = weights[f"{module}.weight"].shape
        given[f"pipe.dit.{module}.lora_A.default.weight"] = noise(RANK, columns) / columns**0.5
        given[f"pipe.dit.{module}.lora_B.default.weight"] = noise(rows, RANK)
    return given


if __name__ == "__main__":
    main()
