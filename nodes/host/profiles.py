"""What a MODEL was made for, and where a clip of it is something else."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher

from ...spatia_core.cameras import Cameras
from ...spatia_core.memory import SpatialMemory
from ...spatia_core.memory.continuity import shared_frames
from ...spatia_core.profile import PROFILES, RELEASE, Profile, profile_of

AUTO = 0  # of a widget: as the model was made for
AUTO_REFERENCES = -1  # of max_references, where 0 is none


def model_profile(model: ModelPatcher) -> Profile:
    """The profile of a MODEL. One that nobody knows is filmed with as the release is."""
    return known_profile(model) or RELEASE


def clip_misfits(model: ModelPatcher, memory: SpatialMemory, cameras: Cameras) -> list[str]:
    """What of a clip along `cameras` its MODEL was not made for, a sentence each; nothing where nobody knows."""
    profile = known_profile(model)
    if profile is None:
        return []
    voxel_size = memory.voxel_size if memory.cloud.size else None
    found = profile.misfits(cameras.count, shared_frames(memory, cameras), memory.width, memory.height, voxel_size)
    if memory.made_for in PROFILES and memory.made_for != profile.name:
        found.append(
            f"The memory was begun for {memory.made_for}, and {profile.name} films it: what is set to auto follows the "
            "memory's; connect this model to the node that begins the memory."
        )
    return found


def known_profile(model: ModelPatcher) -> Profile | None:
    """The profile of a MODEL, None of one that nobody knows."""
    return profile_of(getattr(model.model.diffusion_model, "dim", 0))
