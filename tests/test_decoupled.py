"""Decoupled memory, the pure part: retrieval, gate, assembly, poses, checkpoint layout."""

from __future__ import annotations

import math

import pytest
import torch

from spatia_core.cameras.camera import Cameras, make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.model.decoupled.assembly import (
    WINDOW,
    assemble,
    history_camera_frames,
    memory_slots,
    stack_slots,
    temporal_window,
)
from spatia_core.model.decoupled.cameras import (
    average_pose,
    camera_groups,
    latent_cameras,
    latent_of,
    latent_poses,
    relative_poses,
)
from spatia_core.model.decoupled.gate import gate, gate_reasons, gate_report
from spatia_core.model.decoupled.layout import DecoupledLayout, decoupled_layout, decoupled_shapes
from spatia_core.model.decoupled.retrieval import (
    Rules,
    ball_points,
    camera_distances,
    choose_frames,
    frustum_overlap,
    retrieve,
    visible_overlap,
)
from spatia_core.render.visibility import visible_points, z_buffer

INTRINSICS = [0.8, 1.2, 0.5, 0.5]
POINTS = ball_points(4000)


def turned(degrees: float, axis: str = "y") -> torch.Tensor:
    """(3, 3) rotation about a camera axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rows = {
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
    }
    return torch.tensor(rows[axis], dtype=torch.float64)


def cameras_at(*poses, intrinsics=INTRINSICS) -> Cameras:
    """Cameras from (centre, rotation of the camera) pairs."""
    c2w = torch.eye(4, dtype=torch.float64).repeat(len(poses), 1, 1)
    for pose, (centre, rotation) in zip(c2w, poses):
        pose[:3, 3], pose[:3, :3] = torch.tensor(centre, dtype=torch.float64), rotation
    return make_cameras(torch.linalg.inv(c2w), intrinsics)


HERE = ([0.3, -0.2, 1.0], turned(20))


class TestRetrieval:
    @pytest.mark.parametrize("release", [False, True])
    def test_the_same_pose_overlaps_wholly(self, release):
        camera = cameras_at(HERE)
        assert float(frustum_overlap(camera, camera, POINTS, release=release)) == 1.0
        assert retrieve(camera, camera, points=POINTS, release=release).ids.tolist() == [0]

    @pytest.mark.parametrize("release", [False, True])
    def test_half_a_turn_is_rejected(self, release):
        behind = cameras_at((HERE[0], turned(200)))
        found = retrieve(cameras_at(HERE), behind, points=POINTS, release=release)
        assert found.ids.tolist() == [-1] and float(found.overlap) == 0.0

    def test_roll_counts_by_default_and_not_in_the_release(self):
        upright, rolled = cameras_at(HERE), cameras_at((HERE[0], HERE[1] @ turned(90, "z")))
        assert float(frustum_overlap(upright, rolled, POINTS)) < 0.8
        assert float(frustum_overlap(upright, rolled, POINTS, release=True)) == 1.0

    def test_each_camera_has_its_own_lens(self):
        wide, narrow = cameras_at(HERE), cameras_at(HERE, intrinsics=[2.4, 3.6, 0.5, 0.5])
        assert float(frustum_overlap(narrow, wide, POINTS)) == 1.0
        assert float(frustum_overlap(wide, narrow, POINTS)) < 0.3
        shifted = cameras_at(HERE, intrinsics=[0.8, 1.2, 1.0, 0.5])
        assert 0.2 < float(frustum_overlap(wide, shifted, POINTS)) < 0.8

    def test_lengths_are_scene_units(self):
        """The same scene in other units, with radius and distance in the same units, gives the same overlaps."""

        def scene(unit):
            return cameras_at(HERE), cameras_at(
                *(
                    [[value * unit + c for value, c in zip([0.1 * i, 0, 0.05 * i], HERE[0])], turned(20 + 3 * i)]
                    for i in range(5)
                )
            )

        (one, others), (same, scaled) = scene(1.0), scene(4.0)
        assert torch.allclose(
            frustum_overlap(one, others, POINTS), frustum_overlap(same, scaled, POINTS, radius=4.0), atol=2e-3
        )
        assert torch.allclose(camera_distances(one, others) * 4, camera_distances(same, scaled))

    def test_a_far_best_gives_way_to_the_runner_up(self):
        overlap = torch.tensor([[0.99, 0.9, 0.5]], dtype=torch.float64)
        distance = torch.tensor([[0.6, 0.2, 0.1]], dtype=torch.float64)
        assert choose_frames(overlap, distance).ids.tolist() == [1]
        assert choose_frames(overlap, distance, release=True).ids.tolist() == [-1]
        assert choose_frames(overlap, distance, Rules(max_distance=1.0)).ids.tolist() == [0]
        assert choose_frames(overlap, distance, Rules(min_score=0.95)).ids.tolist() == [-1]

    def test_distance_breaks_ties(self):
        overlap, distance = torch.ones(1, 3, dtype=torch.float64), torch.tensor([[0.3, 0.1, 0.2]], dtype=torch.float64)
        assert choose_frames(overlap, distance).ids.tolist() == [1]

    def test_no_candidate(self):
        found = choose_frames(torch.zeros(3, 0, dtype=torch.float64), torch.zeros(3, 0, dtype=torch.float64))
        assert found.ids.tolist() == [-1, -1, -1]
        assert gate_reasons(found, torch.zeros(0, dtype=torch.int64), gate(found.ids), 1)[1] == "no earlier frame"

    def test_ball(self):
        points = ball_points(20000, seed=3)
        assert torch.equal(points, ball_points(20000, seed=3)) and not torch.equal(points, ball_points(20000))
        radius = points.norm(dim=1)
        assert float(radius.max()) <= 1.0
        assert abs(float((radius < 0.5).float().mean()) - 0.125) < 0.01
        assert float(points.mean(0).abs().max()) < 0.02

    def test_bad_radius(self):
        with pytest.raises(SpatiaError, match="radius"):
            retrieve(cameras_at(HERE), cameras_at(HERE), radius=0.0)


def sheet(u: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(grid.flatten() for grid in torch.meshgrid(u, v, indexing="ij"))


class TestVisibility:
    """Two rooms side by side with a wall of some thickness between: cameras close to each other that see nothing in common."""

    SIZE = (36, 54)

    @pytest.fixture
    def rooms(self):
        y, z = sheet(torch.arange(-1.5, 1.5, 0.02), torch.arange(-0.5, 2.0, 0.02))
        x, up = sheet(torch.arange(-1.5, 1.5, 0.02), torch.arange(-1.5, 1.5, 0.02))
        faces = [torch.stack([torch.full_like(y, side), y, z], 1) for side in (-0.1, 0.1)]
        return torch.cat([*faces, torch.stack([x, up, torch.full_like(x, 2.0)], 1)])

    def look(self, points, cameras):
        coverage = (z_buffer(points, cameras, *self.SIZE, voxel_size=0.02)[0] > 0).float().mean((1, 2))
        return visible_points(points, cameras, *self.SIZE, voxel_size=0.02), coverage

    def test_walls_count(self, rooms):
        left, right = cameras_at(([-0.2, 0, 0], turned(0))), cameras_at(([0.2, 0, 0], turned(0)))
        seen, coverage = self.look(rooms, left)
        other, other_coverage = self.look(rooms, right)
        assert float(visible_overlap(seen, seen, coverage, coverage)) == 1.0
        assert float(visible_overlap(seen, other, coverage, other_coverage)) < 0.1
        # The bare frustum takes the next room for this one.
        assert float(frustum_overlap(left, right, POINTS)) > 0.5
        distance = camera_distances(left, right)
        assert choose_frames(visible_overlap(seen, other, coverage, other_coverage), distance).ids.tolist() == [-1]

    def test_the_unknown_does_not_agree_with_everything(self, rooms):
        """A picture of unknown space with a sliver of known wall: all it knows is shared, and yet it overlaps little."""
        known = cameras_at(([-0.2, 0, 0], turned(0)))
        away = cameras_at(([-0.2, 0, 0], turned(-55)))
        seen, coverage = self.look(rooms, known)
        part, part_coverage = self.look(rooms, away)
        assert 0 < float(part_coverage) < 0.6
        assert float(visible_overlap(part, seen, part_coverage, coverage)) < 0.8
        nothing = torch.zeros(1, rooms.shape[0], dtype=torch.bool)
        assert float(visible_overlap(nothing, seen, torch.zeros(1), coverage)) == 0.0


class TestGate:
    def test_a_run_of_one_latent_keeps_its_first(self):
        ids = torch.tensor([20, 5, 6, 7, 8, 9, 12, 9, -1, 9])
        assert gate(ids).tolist() == [False, True, False, False, False, True, False, False, False, True]

    def test_clean_frames_and_bounds_of_latents(self):
        assert latent_of(torch.tensor([-1, 0, 1, 4, 5, 8, 9])).tolist() == [-1, 0, 1, 1, 2, 2, 3]
        ids = torch.tensor([1, 5, 9, 13, 17])
        assert gate(ids, clean=3).tolist() == [False, False, False, True, True]
        with pytest.raises(SpatiaError, match="clean"):
            gate(ids, clean=0)

    def test_rows_gate_for_themselves(self):
        ids = torch.tensor([[3, 9, -1, 20], [3, -1, 9, 9], [-1, -1, -1, -1]])
        assert gate(ids).tolist() == [[False, True, False, True], [False, False, True, False], [False] * 4]
        assert all(torch.equal(gate(ids)[row], gate(ids[row])) for row in range(3))

    def test_reasons(self):
        rules, frames = Rules(), torch.tensor([0, 4, 8])
        overlap = torch.tensor(
            [[0, 0, 1], [0.9, 0.1, 0], [0.9, 0.1, 0], [0.3, 0.5, 0.4], [0.0, 0.2, 0.99]], dtype=torch.float64
        )
        distance = torch.tensor([[0.0, 1, 2]] * 4 + [[0.0, 1, 0.7]], dtype=torch.float64)
        found = choose_frames(overlap, distance, rules)
        ids = torch.where(found.ids >= 0, frames[found.ids], -1)
        opened = gate(ids)
        reasons = gate_reasons(found, frames, opened, 1, rules)
        for reason, part in zip(
            reasons, ("given", "frame 0: overlap 0.90", "the frame before looks up", "below 0.8", "farther than 0.5")
        ):
            assert part in reason
        report = gate_report(reasons, opened, 3, "frustum")
        assert report.startswith("1 of 5 latent frames remember, of 3 candidate frames (frustum)")
        assert "latent 4 (frame 13)" in report
        assert "does not run" in gate_report(reasons, torch.zeros(5, dtype=torch.bool), 3, "frustum")


class TestAssembly:
    @pytest.mark.parametrize("frames", [1, 4, 5, 6, 17])
    def test_the_kept_latent_holds_the_frame(self, frames):
        for frame in range(frames):
            window = list(temporal_window(frame, frames))
            assert window[0] >= 0 and window[-1] < frames and len(window) in (1, WINDOW)
            kept = window[1:] if len(window) == WINDOW else window
            assert frame in kept
            (cameras,) = history_camera_frames(torch.tensor([frame]), frames).tolist()
            assert set(cameras) == set(kept)

    def test_inside_it_is_the_releases_window(self):
        assert all(
            list(temporal_window(frame, 17)) == list(temporal_window(frame, 17, release=True)) for frame in range(2, 15)
        )
        assert [list(temporal_window(frame, 17, release=True)) for frame in (1, 16)] == [[0, 1, 2, 3], [14, 15, 16]]

    def test_camera_groups(self):
        assert camera_groups(9).tolist() == [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]
        assert camera_groups(8).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
        assert camera_groups(6).tolist() == [[0, 1, 0, 1], [2, 3, 4, 5]]
        assert history_camera_frames(torch.tensor([-1, 6, 99]), 9, release=True).tolist() == [
            [0, 0, 0, 0],
            [5, 6, 7, 8],
            [5, 6, 7, 8],
        ]

    def test_slots_without_a_frame(self):
        frames, calls = torch.rand(9, 4, 6, 3), []

        def read(window):
            return frames[window.start : window.stop]

        def encode(pixels):
            calls.append(pixels.shape[0])
            return pixels[::4].mean((1, 2)).T[None, :, :, None, None] + 1.0

        ids = torch.tensor([4, -1, 4, 9])
        temporal, spatial = assemble(read, len(frames), ids, encode)
        assert calls == [5, 1]  # a frame that two slots remember is encoded once
        assert not temporal[[1, 3]].any() and not spatial[[1, 3]].any()
        assert torch.equal(temporal[0], temporal[2]) and torch.equal(spatial[0, :, 0, 0], frames[4].mean((0, 1)) + 1.0)
        temporal, spatial = assemble(read, len(frames), ids, encode, release=True)
        assert not temporal[[1, 3]].any() and torch.equal(spatial[1], torch.ones(3, 1, 1))
        with pytest.raises(SpatiaError, match="No slot"):
            assemble(read, len(frames), torch.tensor([-1]), encode)

    def test_slots_hold_the_cameras_of_their_frames(self):
        path = cameras_at(*(([0.1 * i, 0, 0], turned(2 * i)) for i in range(17)))
        history, clip = path.select(slice(0, 9)), path.select(slice(8, 17))
        ids = torch.tensor([8, 3, -1])
        opened = gate(ids)
        latents = torch.rand(1, 3, 2, 2)
        slots = memory_slots(opened, ids, latents, latents, clip, history, 40, 60, unit=2.0)
        expected = relative_poses(path.c2w, path.c2w[8], 2.0).float()
        assert torch.equal(slots.target_c2w[0], expected[[9, 10, 11, 12]])
        assert torch.equal(slots.history_c2w[0], expected[[2, 3, 4, 5]])
        assert torch.allclose(slots.target_K[0, 0], torch.tensor([0.8 * 60, 1.2 * 40, 30.0, 20.0]))
        both = stack_slots(slots, slots)
        assert both.gate.shape == (2, 3) and both.temporal.shape[0] == 2 and (both.height, both.width) == (40, 60)
        with pytest.raises(SpatiaError, match="equal sizes"):
            stack_slots(slots, slots._replace(height=80))
        with pytest.raises(SpatiaError, match="gates are open"):
            memory_slots(opened, ids, latents[:0], latents[:0], clip, history, 40, 60)
        with pytest.raises(SpatiaError, match="latent frames"):
            memory_slots(opened, ids, latents, latents, history.select(slice(0, 5)), history, 40, 60)


class TestPoses:
    def test_average_of_two_turns_is_half_way(self):
        pair = torch.stack([cameras_at(([0, 0, 0], turned(10))).c2w[0], cameras_at(([2, 0, 4], turned(50))).c2w[0]])
        pose = average_pose(pair)
        assert torch.allclose(pose[:3, :3], turned(30)) and torch.allclose(
            pose[:3, 3], torch.tensor([1.0, 0, 2], dtype=torch.float64)
        )

    def test_opposite_cameras_have_no_average(self):
        with pytest.raises(SpatiaError, match="opposite"):
            average_pose(torch.cat([cameras_at(([0, 0, 0], turned(0))).c2w, cameras_at(([0, 0, 0], turned(180))).c2w]))

    def test_one_pose_per_latent_frame(self):
        path = cameras_at(*(([float(i), 0, 0], turned(0)) for i in range(9)))
        assert latent_poses(path.c2w)[:, 0, 3].tolist() == [0.0, 2.5, 6.5]
        cameras = latent_cameras(path)
        assert torch.allclose(
            cameras.centers[:, 0], torch.tensor([0, 2.5, 6.5], dtype=torch.float64)
        ) and cameras.intrinsics.shape == (3, 4)


class TestLayout:
    LAYOUT = DecoupledLayout(32, 2, 40, 3, 16, 48, 52, 52, (8, 8, 4), 16, (1, 2, 2))

    def test_sizes_are_read_from_the_tensors(self):
        assert decoupled_layout(decoupled_shapes(self.LAYOUT), "small", 2) == self.LAYOUT

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"blocks.1.attn1.norm_k.weight": None}, r"blocks\.1\.attn1\.norm_k\.weight is missing"),
            ({"blocks.2.ffn.net.2.bias": (7,)}, r"blocks\.2\.ffn\.net\.2\.bias has shape \(7,\), expected \(32,\)"),
            ({"blocks.0.attn2.to_q.weight": (32, 32)}, r"attn2\.to_q\.weight .* belongs to no part"),
            ({"patch_embedding_current.weight": None}, r"patch_embedding_current\.weight is missing"),
            ({"controlnet_encode_first.0.weight": (8, 100, 1, 1)}, "takes 100 channels"),
        ],
    )
    def test_foreign_files_are_refused_by_tensor(self, change, message):
        shapes = decoupled_shapes(self.LAYOUT) | change
        with pytest.raises(SpatiaError, match=message):
            decoupled_layout({name: shape for name, shape in shapes.items() if shape}, "file", 2)

    @pytest.mark.parametrize("heads", [None, 5])
    def test_heads_must_divide_the_width(self, heads):
        with pytest.raises(SpatiaError, match="num_heads"):
            decoupled_layout(decoupled_shapes(self.LAYOUT), "file", heads)
