"""What tests of worlds ask of memories that were read back."""

from __future__ import annotations

import torch

from spatia_core.world import frames as frames_module
from spatia_core.world import world as world_module


def forget() -> None:
    """As in a new process."""
    world_module._memories._kept.clear()
    frames_module._cache.__init__()


def equal(one, other) -> bool:
    everything = range(one.frame_count)
    return (
        one.frame_count == other.frame_count
        and all(torch.equal(a, b) for a, b in zip(one.cloud, other.cloud, strict=True))
        and torch.equal(one.read_frames(everything), other.read_frames(everything))
        and torch.equal(one.read_moving(everything), other.read_moving(everything))
        and torch.equal(one.cameras.w2c, other.cameras.w2c)
        and torch.equal(one.cameras.intrinsics, other.cameras.intrinsics)
        and [clip.history for clip in one.clips] == [clip.history for clip in other.clips]
        and (one.notes, one.voxel_size, one.exact_from) == (other.notes, other.voxel_size, other.exact_from)
    )
