"""Checkpoints of the memory branch: sizes read from the tensors (names and order are the release's)."""

from __future__ import annotations

from typing import NamedTuple

from ...weights.shapes import FileShapes

HEAD_DIM = 128  # of the release and of the host's networks; no tensor tells it


class DecoupledLayout(NamedTuple):
    """Sizes of a memory branch (release: dim 1536, 20 layers, out_dim 5120, 52 and 32 input channels, unshuffle 8)."""

    dim: int
    num_heads: int
    ffn_dim: int
    layers: int
    freq_dim: int
    out_dim: int  # the backbone's width
    current_channels: int  # the network's input and a latent camera
    history_channels: int  # a latent frame and a latent camera
    camera_channels: tuple[int, int, int]  # after each stage of the camera encoder
    unshuffle: int  # pixels per latent
    patch: tuple[int, int, int]


def decoupled_layout(shapes: dict[str, tuple[int, ...]], file: str, num_heads: int | None = None) -> DecoupledLayout:
    """Read and check a memory branch's sizes from its tensor shapes; `file` is the name used in messages.

    num_heads: from the file's header, None for heads of 128. Raises SpatiaError naming the tensor that is missing,
    foreign or of the wrong shape.
    """
    found = FileShapes(shapes, file, "decoupled memory checkpoint", "choose another file in `memory`")
    current = found.of("patch_embedding_current.weight", 5)
    memory = found.of("patch_embedding_history_video.weight", 5)
    stages = [found.of(f"controlnet_encode_{stage}.0.weight", 4) for stage in ("first", "second", "third")]
    unshuffle = round((stages[0][1] / 6) ** 0.5)
    if 6 * unshuffle**2 != stages[0][1]:
        raise found.refusal(
            f"controlnet_encode_first.0.weight takes {stages[0][1]} channels, expected 6 per pixel of a square"
        )
    layers = found.blocks("blocks")
    dim = current[0]
    heads = num_heads or dim // HEAD_DIM
    if heads < 1 or dim % heads or dim // heads % 2:
        raise found.refusal(
            f"a width of {dim} cannot be split into {heads} heads; its header must name num_heads (the release's has none and means {HEAD_DIM} per head)"
        )
    layout = DecoupledLayout(
        dim,
        heads,
        found.of("blocks.0.ffn.net.0.proj.weight", 2)[0],
        layers,
        found.of("condition_embedder.time_embedder.linear_1.weight", 2)[1],
        found.of("controlnet_blocks.0.weight", 2)[0],
        current[1],
        memory[1],
        (stages[0][0], stages[1][0], stages[2][0]),
        unshuffle,
        (current[2], current[3], current[4]),
    )
    found.require(decoupled_shapes(layout))
    return layout


def decoupled_shapes(layout: DecoupledLayout) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a memory branch with these sizes."""
    dim, ffn, freq = layout.dim, layout.ffn_dim, layout.freq_dim
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = (6 * layout.unshuffle**2, *layout.camera_channels)
    for stage, fan_in, width in zip(("first", "second", "third"), inputs, layout.camera_channels):
        prefix = f"controlnet_encode_{stage}"
        shapes |= {
            f"{prefix}.0.weight": (width, fan_in, 1, 1),
            f"{prefix}.0.bias": (width,),
            f"{prefix}.1.weight": (width,),
            f"{prefix}.1.bias": (width,),
        }
    for name, channels in (
        ("current", layout.current_channels),
        ("history_video", layout.history_channels),
        ("history_image", layout.history_channels),
    ):
        shapes |= {
            f"patch_embedding_{name}.weight": (dim, channels, *layout.patch),
            f"patch_embedding_{name}.bias": (dim,),
        }

    def linear(name: str, fan_out: int, fan_in: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (fan_out, fan_in), (fan_out,)

    linear("condition_embedder.time_embedder.linear_1", dim, freq)
    linear("condition_embedder.time_embedder.linear_2", dim, dim)
    linear("condition_embedder.time_proj", 6 * dim, dim)
    for index in range(layout.layers):
        prefix = f"blocks.{index}"
        shapes[f"{prefix}.scale_shift_table"] = (1, 6, dim)
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            linear(f"{prefix}.attn1.{part}", dim, dim)
        shapes |= {f"{prefix}.attn1.norm_q.weight": (dim,), f"{prefix}.attn1.norm_k.weight": (dim,)}
        linear(f"{prefix}.ffn.net.0.proj", ffn, dim)
        linear(f"{prefix}.ffn.net.2", dim, ffn)
        linear(f"controlnet_blocks.{index}", layout.out_dim, dim)
    return shapes
