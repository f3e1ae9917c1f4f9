"""What a network was made for: found by its size, kept by a memory, and said where a clip is something else."""

from __future__ import annotations

import pytest
import torch

from spatia_core.cameras import intrinsics_from_fov, make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.memory import memory_of_image
from spatia_core.memory.archive import load_memory, save_memory
from spatia_core.memory.windows import clip_windows
from spatia_core.profile import PROFILES, RELEASE, SMALL, WAN_14B, profile_named, profile_of
from spatia_core.world import World


def test_a_network_is_known_by_its_size():
    assert (
        profile_of(3072) is RELEASE
        and profile_of(384) is SMALL
        and profile_of(5120) is WAN_14B
        and profile_of(48) is None
    )
    assert profile_named(SMALL.name) is SMALL and profile_named("") is RELEASE
    assert set(PROFILES) == {RELEASE.name, SMALL.name, WAN_14B.name}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_profile_fits_itself(profile):
    clip_windows(500, profile.first_frames, profile.later_frames, profile.history_frames)
    for width, height in profile.sizes:
        for frames, history in ((profile.first_frames, 1), (profile.later_frames, profile.history_frames)):
            assert not profile.misfits(frames, history, width, height, profile.voxel_size)
    assert not profile.radius_misfit(profile.radius)


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        ((121, 1, 192, 128, 0.02), ["first_frames to 25"]),
        ((81, 9, 192, 128, 0.02), ["later_frames to 25"]),
        ((25, 5, 192, 128, 0.02), ["history_frames to 9"]),
        ((25, 1, 1248, 704, 0.02), ["made for 192x128"]),
        ((25, 1, 64, 64, 0.02), ["made for 192x128"]),
        ((25, 1, 192, 128, 0.01), ["made with 0.02"]),
        ((25, 1, 192, 128, None), []),
        ((17, 9, 128, 192, 0.022), []),
        ((121, 9, 832, 480, 0.01), ["later_frames", "192x128", "0.02"]),
    ],
)
def test_what_the_small_model_was_not_made_for(clip, said):
    found = SMALL.misfits(*clip)
    assert len(found) == len(said) and all(part in line for part, line in zip(said, found, strict=True))
    assert all(SMALL.name in line for line in found)


def test_another_radius_is_said():
    assert "0.03" in SMALL.radius_misfit(0.01)[0] and "0.01" in RELEASE.radius_misfit(0.03)[0]
    assert not RELEASE.radius_misfit(0.0105)


@pytest.fixture
def memory():
    camera = make_cameras(torch.eye(4)[None], intrinsics_from_fov(60.0, 48, 32))
    return memory_of_image(torch.zeros(32, 48, 3, dtype=torch.uint8), camera, made_for=SMALL.name)


def test_a_world_takes_no_memory_that_another_network_films(memory, tmp_path):
    world = World(tmp_path / "world")
    world.commit(memory, "0" * 32, None)
    with pytest.raises(SpatiaError, match=f"begun for {RELEASE.name}, and the world 'world' for {SMALL.name}; type"):
        world.commit(memory._replace(made_for=RELEASE.name), "1" * 32, None)
    assert not world.has("1" * 32)
    # Of a memory that does not say it, nothing is known.
    world.commit(memory._replace(made_for=""), "2" * 32, None)
    assert world.memory("2" * 32).made_for == SMALL.name


def test_a_memory_keeps_what_it_was_made_for(memory, tmp_path):
    path = tmp_path / "scene.spatia"
    save_memory(memory, path)
    assert load_memory(path).made_for == SMALL.name
    world = World(tmp_path / "world")
    world.commit(memory, "0" * 32, None)
    assert World(tmp_path / "world").memory("0" * 32).made_for == SMALL.name


def test_a_name_that_is_none_is_refused(memory, tmp_path):
    path = tmp_path / "scene.spatia"
    save_memory(memory._replace(made_for="x" * 201), path)
    with pytest.raises(SpatiaError, match="its made_for is .* at most 200"):
        load_memory(path)
