"""Checkpoints of the decoupled system's two branches: sizes read from the tensors (names and order are the release's).

Both released files bear the same name; their tensors tell which is which.
"""

from __future__ import annotations

from typing import NamedTuple

from ...weights.shapes import FileShapes

HEAD_DIM = 128  # of the release and of the host's networks; no tensor tells it
_CAMERA_MARK, _MEMORY_MARK = "patch_embedding.weight", "patch_embedding_current.weight"
# What the release's camera branch holds of a text encoder that no block reads.
_DEAD_TEXT = "condition_embedder.text_embedder."


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
    camera_channels: tuple[int, ...]  # after each stage of the camera encoder
    unshuffle: int  # pixels per latent
    patch: tuple[int, int, int]


class CameraLayout(NamedTuple):
    """Sizes of a camera branch (release: dim 1536, 20 layers, out_dim 5120, 132 input channels, unshuffle 8)."""

    dim: int
    num_heads: int
    ffn_dim: int
    layers: int
    freq_dim: int
    out_dim: int  # the backbone's width
    current_channels: int  # the network's input and a latent camera
    camera_channels: tuple[int, ...]  # after each stage of the camera encoder
    unshuffle: int  # pixels per latent
    patch: tuple[int, int, int]


def decoupled_layout(shapes: dict[str, tuple[int, ...]], file: str, num_heads: int | None = None) -> DecoupledLayout:
    """Read and check a memory branch's sizes from its tensor shapes; `file` is the name used in messages.

    num_heads: from the file's header, None for heads of 128. Raises SpatiaError naming the tensor that is missing,
    foreign or of the wrong shape.
    """
    found = FileShapes(shapes, file, "decoupled memory checkpoint", "choose another file in `memory`")
    if _CAMERA_MARK in shapes and _MEMORY_MARK not in shapes:
        raise found.refusal("it is the camera branch, which bears the same name in the release, and not the memory's")
    current = found.of(_MEMORY_MARK, 5)
    memory = found.of("patch_embedding_history_video.weight", 5)
    camera_channels, unshuffle = _encoder_sizes(found, ("first", "second", "third"))
    layout = DecoupledLayout(
        *_trunk_sizes(found, current[0], num_heads),
        current_channels=current[1],
        history_channels=memory[1],
        camera_channels=camera_channels,
        unshuffle=unshuffle,
        patch=(current[2], current[3], current[4]),
    )
    found.require(decoupled_shapes(layout))
    return layout


def camera_layout(shapes: dict[str, tuple[int, ...]], file: str, num_heads: int | None = None) -> CameraLayout:
    """Read and check a camera branch's sizes from its tensor shapes, as `decoupled_layout` does.

    The release's file holds a text encoder that nothing reads; it may be there or not.
    """
    found = FileShapes(shapes, file, "camera branch checkpoint", "choose another file in `camera`")
    if _MEMORY_MARK in shapes:
        raise found.refusal("it is the memory branch, which bears the same name in the release, and not the camera's")
    current = found.of(_CAMERA_MARK, 5)
    camera_channels, unshuffle = _encoder_sizes(found, ("first", "second"))
    layout = CameraLayout(
        *_trunk_sizes(found, current[0], num_heads),
        current_channels=current[1],
        camera_channels=camera_channels,
        unshuffle=unshuffle,
        patch=(current[2], current[3], current[4]),
    )
    found.require(camera_shapes(layout), also=is_dead_text)
    return layout


def is_dead_text(name: str) -> bool:
    """Whether a tensor of the release's camera branch belongs to the text encoder that none of its blocks reads."""
    return name.startswith(_DEAD_TEXT)


def decoupled_shapes(layout: DecoupledLayout) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a memory branch with these sizes."""
    shapes = _encoder_shapes(layout.camera_channels, layout.unshuffle)
    for name, channels in (
        ("current", layout.current_channels),
        ("history_video", layout.history_channels),
        ("history_image", layout.history_channels),
    ):
        shapes |= _embedding_shapes(f"patch_embedding_{name}", layout.dim, channels, layout.patch)
    return shapes | _trunk_shapes(layout)


def camera_shapes(layout: CameraLayout) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that is used of a camera branch with these sizes."""
    shapes = _encoder_shapes(layout.camera_channels, layout.unshuffle)
    shapes |= _embedding_shapes("patch_embedding", layout.dim, layout.current_channels, layout.patch)
    return shapes | _trunk_shapes(layout)


_STAGES = ("first", "second", "third")


def _encoder_sizes(found: FileShapes, stages: tuple[str, ...]) -> tuple[tuple[int, ...], int]:
    """(channels after each stage of the camera encoder, pixels per latent)."""
    weights = [found.of(f"controlnet_encode_{stage}.0.weight", 4) for stage in stages]
    unshuffle = round((weights[0][1] / 6) ** 0.5)
    if 6 * unshuffle**2 != weights[0][1]:
        raise found.refusal(
            f"controlnet_encode_first.0.weight takes {weights[0][1]} channels, expected 6 per pixel of a square"
        )
    return tuple(weight[0] for weight in weights), unshuffle


def _trunk_sizes(found: FileShapes, dim: int, num_heads: int | None) -> tuple[int, int, int, int, int, int]:
    """(dim, num_heads, ffn_dim, layers, freq_dim, out_dim): what both branches have."""
    layers = found.blocks("blocks")
    heads = num_heads or dim // HEAD_DIM
    if heads < 1 or dim % heads or dim // heads % 2:
        raise found.refusal(
            f"a width of {dim} cannot be split into {heads} heads; its header must name num_heads (the release's has none and means {HEAD_DIM} per head)"
        )
    ffn_dim = found.of("blocks.0.ffn.net.0.proj.weight", 2)[0]
    freq_dim = found.of("condition_embedder.time_embedder.linear_1.weight", 2)[1]
    return dim, heads, ffn_dim, layers, freq_dim, found.of("controlnet_blocks.0.weight", 2)[0]


def _encoder_shapes(camera_channels: tuple[int, ...], unshuffle: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for stage, fan_in, width in zip(_STAGES, (6 * unshuffle**2, *camera_channels), camera_channels):
        prefix = f"controlnet_encode_{stage}"
        shapes |= {
            f"{prefix}.0.weight": (width, fan_in, 1, 1),
            f"{prefix}.0.bias": (width,),
            f"{prefix}.1.weight": (width,),
            f"{prefix}.1.bias": (width,),
        }
    return shapes


def _embedding_shapes(name: str, dim: int, channels: int, patch: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (dim, channels, *patch), f"{name}.bias": (dim,)}


def _trunk_shapes(layout: DecoupledLayout | CameraLayout) -> dict[str, tuple[int, ...]]:
    """The time embedding, the blocks and their outputs."""
    dim, ffn, freq = layout.dim, layout.ffn_dim, layout.freq_dim
    shapes: dict[str, tuple[int, ...]] = {}

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
