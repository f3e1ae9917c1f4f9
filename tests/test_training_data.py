"""Training without a network: videos of every kind, samples as the paper makes them, latents on disk, the order of things, the log."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from spatia_pack.spatia_core.cameras.camera import make_cameras, project
from spatia_pack.spatia_core.cameras.formats import write_cameras
from spatia_pack.spatia_core.errors import SpatiaError
from spatia_pack.spatia_core.estimate.depth import DepthMaps
from spatia_pack.training.data.cache import LatentCache, Latents
from spatia_pack.training.data.samples import enough_frames, make_posed_sample, make_sample, stored_depth
from spatia_pack.training.data.videos import PosedVideo, find_videos, fitted_video
from spatia_pack.training.loop.loss_log import COLUMNS, LossLog, loss_picture, read_log
from spatia_pack.training.loop.order import Pass, learning_rate, step_passes
from spatia_pack.training.loop.trainer import assemble
from spatia_pack.training.networks.objective import Times
from spatia_pack.training.recipe import CONTROL, FIRST, LATER, LORA, POSED, SampleSettings, StageSettings, generator_of

SAMPLES = SampleSettings(
    width=64, height=32, first_frames=5, later_frames=13, history_frames=9, voxel_size=0.05, point_radius=0.1, max_references=3,
    target_every=2, candidate_every=2, threshold=0.02,
)  # fmt: skip
STAGE = StageSettings(CONTROL, 10, 1e-3, batch=6, micro=2, warmup=4)


def wall(count: int = 24, width: int = 64, height: int = 32, moving: bool = False) -> PosedVideo:
    """A camera that slides along a coloured wall 2 units away; moving: a bright square that stays in the picture."""
    w2c = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    w2c[:, 0, 3] = -0.1 * torch.arange(count)
    cameras = make_cameras(w2c, [0.8, 1.6, 0.5, 0.5])
    column, row = torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy")
    frames = []
    for i in range(count):
        x = (column + 0.5 - 0.5 * width) / (0.8 * width) * 2 + 0.1 * i
        frames.append(torch.stack([127 + 100 * torch.sin(3 * x), 40.0 + 4 * row, 255 * (x / 3).clamp(0, 1)], -1))
    frames = torch.stack(frames).clamp(0, 255).to(torch.uint8)
    mask = torch.zeros(count, height, width, dtype=torch.bool)
    if moving:
        mask[:, 8:16, 20:36] = True
        frames[mask] = 255
    return PosedVideo(frames, cameras, "a wall", torch.full((count, height, width), 2.0), mask)


def write_clip(folder, video: PosedVideo, style: str = "spatia") -> None:
    (folder / "frames").mkdir(parents=True)
    for i, frame in enumerate(video.frames):
        Image.fromarray(frame.numpy()).save(folder / "frames" / f"{i}.png")
    height, width = video.frames.shape[1:3]
    for name, text in write_cameras(video.cameras, style, width=width, height=height).items():
        (folder / name).write_text(text)


def write_video(path, frames, rate: int = 10) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        stream.options = {"crf": "1"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.numpy(), format="rgb24")))
        container.mux(stream.encode())


def chunk_video(video: PosedVideo, key: str) -> dict:
    """A video as pixelSplat's files hold one."""
    images = []
    for frame in video.frames:
        buffer = io.BytesIO()
        Image.fromarray(frame.numpy()).save(buffer, "JPEG", quality=95)
        images.append(torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8))
    cameras = video.cameras
    lines = torch.cat([cameras.intrinsics, torch.zeros(cameras.count, 2), cameras.w2c[:, :3].flatten(1)], 1)
    return {
        "url": "", "timestamps": torch.arange(cameras.count), "cameras": lines.float(), "images": images, "key": key
    }  # fmt: skip


def write_chunks(folder, files: dict[str, list[dict]]) -> None:
    folder.mkdir()
    for name, videos in files.items():
        torch.save(videos, folder / name)
    index = {video["key"]: name for name, videos in files.items() for video in videos}
    (folder / "index.json").write_text(json.dumps(index))


class TestVideos:
    @pytest.mark.parametrize("style", ["spatia", "realestate10k", "nerfstudio", "colmap", "memorize"])
    def test_a_folder_of_clips_in_every_camera_format(self, tmp_path, style):
        video = wall(6)
        write_clip(tmp_path / "a" / "one", video, style)
        np.save(tmp_path / "a" / "one" / "depth.npy", video.depth.numpy())
        (tmp_path / "a" / "one" / "prompt.txt").write_text("a wall\n")
        (source,) = find_videos([f"clips:{tmp_path}"])
        read = source.load(64, 32, 2)
        assert source.name == "a__one" and read.text == "a wall"
        assert torch.equal(read.frames, video.frames[::2]) and torch.equal(read.depth, video.depth[::2])
        assert torch.allclose(read.cameras.w2c, video.cameras.w2c[::2]) and torch.allclose(
            read.cameras.intrinsics, video.cameras.intrinsics[::2]
        )

    def test_a_clip_as_a_video_file(self, tmp_path):
        video = wall(6)
        write_clip(tmp_path / "one", video)
        for path in (tmp_path / "one" / "frames").iterdir():
            path.unlink()
        (tmp_path / "one" / "frames").rmdir()
        write_video(tmp_path / "one" / "clip.mp4", video.frames)
        read = find_videos([f"clips:{tmp_path}"])[0].load(64, 32, 3)
        assert read.frames.shape == (2, 32, 64, 3)
        assert (read.frames.float() - video.frames[::3].float()).abs().mean() < 6

    def test_realestate10k_frames_named_by_their_time(self, tmp_path):
        """The text says which of the frames in the folder it is about."""
        video = wall(6)
        text = write_cameras(video.cameras, "realestate10k", width=64, height=32, fps=10)["cameras_re10k.txt"]
        (tmp_path / "0a1b.txt").write_text(text)
        (tmp_path / "0a1b").mkdir()
        times = [int(line.split()[0]) for line in text.splitlines()[1:]]
        for time, frame in zip(times, video.frames):
            Image.fromarray(frame.numpy()).save(tmp_path / "0a1b" / f"{time}.png")
        Image.new("RGB", (64, 32)).save(tmp_path / "0a1b" / "999999999.png")
        read = find_videos([f"realestate10k:{tmp_path}"])[0].load(64, 32, 1)
        assert torch.equal(read.frames, video.frames) and read.depth is None

    def test_realestate10k_from_a_longer_video_by_time(self, tmp_path):
        video = wall(12)
        write_video(tmp_path / "0a1b.mp4", video.frames, rate=10)
        text = write_cameras(video.cameras.select([2, 5, 8]), "realestate10k", width=64, height=32, fps=1)[
            "cameras_re10k.txt"
        ].splitlines()
        lines = [text[0]] + [
            " ".join([str(time), *line.split()[1:]]) for time, line in zip((200_000, 500_000, 800_000), text[1:])
        ]
        (tmp_path / "0a1b.txt").write_text("\n".join(lines))
        read = find_videos([f"realestate10k:{tmp_path}"])[0].load(64, 32, 1)
        assert (read.frames.float() - video.frames[[2, 5, 8]].float()).abs().mean() < 6
        (tmp_path / "0a1b.txt").write_text("\n".join(lines).replace("800000", "9800000"))
        with pytest.raises(SpatiaError, match="0a1b.txt.*no frame at 9.800 s"):
            find_videos([f"realestate10k:{tmp_path}"])[0].load(64, 32, 1)

    def test_realestate10k_in_chunks(self, tmp_path, monkeypatch):
        """Every video of every file, and each file is read once."""
        video = wall(6)
        for part in ("test", "train"):
            videos = [chunk_video(wall(4), "b"), chunk_video(video, "a")]
            write_chunks(tmp_path / part, {"000000.torch": videos, "000001.torch": [chunk_video(video, "0")]})
        opened = []
        load = torch.load
        monkeypatch.setattr(torch, "load", lambda path, **options: opened.append(path) or load(path, **options))
        sources = find_videos([f"re10k_chunks:{tmp_path}"])
        assert [source.name for source in sources] == [f"{part}__{key}" for part in ("test", "train") for key in "ab0"]
        read = [source.load(64, 32, 2) for source in sources]
        assert [str(path.relative_to(tmp_path)) for path in opened] == [
            f"{part}/00000{number}.torch" for part in ("test", "train") for number in (0, 1)
        ]
        assert [one.cameras.count for one in read] == [3, 2, 3] * 2
        for one in read[::3]:
            assert (one.frames.float() - video.frames[::2].float()).abs().mean() < 3
            assert torch.allclose(one.cameras.w2c, video.cameras.w2c[::2], atol=1e-6)
            assert torch.allclose(one.cameras.intrinsics, video.cameras.intrinsics[::2], atol=1e-6)
            assert one.depth is None and one.text == "" and not one.moving.any()

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"cameras": torch.zeros(4, 19)}, r"Video a: .* shape \(4, 19\) and 4 images"),
            ({"cameras": torch.zeros(3, 18)}, r"Video a: .* shape \(3, 18\) and 4 images"),
            ({"cameras": torch.ones(4, 18)}, "Video a: .*lens distortion"),
            ({"cameras": torch.zeros(4, 18)}, "Video a: "),
            ({"images": [torch.zeros(9, dtype=torch.uint8)] * 4}, "Video a: Image 0 is no readable picture"),
            ({"images": [torch.zeros(9)] * 4}, "Video a: 0.torch is no list of videos"),
            ({"key": "b"}, "Video a: 0.torch does not hold it"),
            (None, "Video a: 0.torch cannot be read"),
        ],
    )
    def test_chunks_that_do_not_fit(self, tmp_path, changed, message):
        write_chunks(tmp_path / "test", {"0.torch": [chunk_video(wall(4), "a")]})
        if changed is None:
            (tmp_path / "test" / "0.torch").write_bytes(b"PK nothing")
        else:
            torch.save([chunk_video(wall(4), "a") | changed], tmp_path / "test" / "0.torch")
        with pytest.raises(SpatiaError, match=message):
            find_videos([f"re10k_chunks:{tmp_path}"])[0].load(64, 32, 1)

    @pytest.mark.parametrize(
        ("index", "message"),
        [
            ("{", "no readable JSON"), ("[1]", "expected an object of keys"), ('{"a": "../0.torch"}', "expected an object of keys"),
            ('{"a/b": "0.torch"}', "expected an object of keys"), ('{"a": "9.torch"}', "names 9.torch, which is not beside it"),
        ],
    )  # fmt: skip
    def test_an_index_of_chunks_that_does_not_fit(self, tmp_path, index, message):
        (tmp_path / "index.json").write_text(index)
        with pytest.raises(SpatiaError, match=message):
            find_videos([f"re10k_chunks:{tmp_path}"])

    def test_rooms(self):
        still, moving = (find_videos([f"{kind}:3-4"])[0].load(64, 32, 1) for kind in ("rooms", "moving_rooms"))
        assert still.frames.shape[1:] == (32, 64, 3) and (still.depth > 0).all() and not still.moving.any()
        assert moving.moving.any() and moving.moving.float().mean() < 0.5

    def test_scaling_and_cropping_moves_the_intrinsics_along(self):
        """A point lands on the same spot of the picture before and after."""
        video = wall(2, 96, 40)
        fitted = fitted_video(iter(video.frames.numpy()), video.cameras, "", video.depth, video.moving, 64, 32)
        point = torch.tensor([[0.3, 0.2, 2.0]])
        before = project(point, video.cameras.w2c[1], video.cameras.K(40, 96)[1])[0][0]
        after = project(point, fitted.cameras.w2c[1], fitted.cameras.K(32, 64)[1])[0][0]
        scaled = before * 32 / 40
        assert torch.allclose(after, scaled - torch.tensor([(77 - 64) // 2, 0.0]).double(), atol=0.15)
        assert fitted.depth.shape == fitted.moving.shape == (2, 32, 64)

    def test_depth_pictures_and_moving_masks(self, tmp_path):
        video = wall(3, moving=True)
        write_clip(tmp_path / "one", video)
        for name in ("depth", "moving"):
            (tmp_path / "one" / name).mkdir()
        for i in range(3):
            Image.fromarray(np.full((32, 64), 2000 + i, np.uint16)).save(tmp_path / "one" / "depth" / f"{i}.png")
            Image.fromarray(255 * video.moving[i].numpy().astype(np.uint8)).save(
                tmp_path / "one" / "moving" / f"{i}.png"
            )
        read = find_videos([f"clips:{tmp_path}"])[0].load(64, 32, 1)
        assert torch.allclose(read.depth[:, 0, 0], torch.tensor([2.0, 2.001, 2.002])) and torch.equal(
            read.moving, video.moving
        )

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("films:x", "expected one of rooms:"), ("rooms:9-3", "expected seeds"), ("clips:/nowhere", "no such folder"),
            ("clips:{}", "holds no clip"), ("realestate10k:{}", "holds no camera text"),
            ("re10k_chunks:{}", "holds no video"),
        ],
    )  # fmt: skip
    def test_refusals(self, tmp_path, text, message):
        with pytest.raises(SpatiaError, match=message):
            find_videos([text.format(tmp_path)])

    def test_the_same_video_twice_is_refused(self):
        with pytest.raises(SpatiaError, match="room_0000003"):
            find_videos(["rooms:1-3", "rooms:3-5"])

    def test_counts_that_do_not_match_name_the_video(self, tmp_path):
        write_clip(tmp_path / "one", wall(4))
        (tmp_path / "one" / "frames" / "3.png").unlink()
        with pytest.raises(SpatiaError, match="Video one: 3 frames and 4 cameras"):
            find_videos([f"clips:{tmp_path}"])[0].load(64, 32, 1)


class TestSamples:
    def test_target_and_candidates_part_the_video(self):
        """The projection is of one frame outside the clip; references are frames outside it too."""
        video = wall()
        for seed in range(6):
            sample = make_sample(video, LATER, SAMPLES, generator_of(seed), stored_depth(video))
            assert sample.frames.shape == (13, 32, 64, 3) and sample.history == 9
            start = next(i for i in range(24) if torch.equal(video.frames[i], sample.frames[0]))
            inside = range(start, start + 13)
            references = [
                next(i for i in range(24) if torch.equal(video.frames[i], frame)) for frame in sample.references
            ]
            assert references and len(set(references)) == len(references) <= 3 and not set(references) & set(inside)
            assert sample.projection.shape == sample.frames.shape and 0 < sample.coverage.float().mean() < 255

    def test_a_first_clip_continues_an_image_and_has_no_references(self):
        video = wall()
        sample = make_sample(video, FIRST, SAMPLES, generator_of(1), stored_depth(video))
        assert sample.history == 1 and sample.references.shape[0] == 0 and sample.frames.shape[0] == 5

    def test_as_at_inference_the_first_projection_shows_its_own_image(self):
        video = wall()
        sample = make_sample(video, FIRST, replace(SAMPLES, cloud="inference"), generator_of(1), stored_depth(video))
        known = sample.coverage[0] > 200
        assert known.float().mean() > 0.7
        assert (sample.projection[0][known].float() - sample.frames[0][known].float()).abs().mean() < 20
        later = make_sample(video, LATER, replace(SAMPLES, cloud="inference"), generator_of(1), stored_depth(video))
        start = next(i for i in range(24) if torch.equal(video.frames[i], later.frames[0]))
        assert all(any(torch.equal(frame, video.frames[i]) for i in range(start)) for frame in later.references)

    def test_what_moves_is_in_the_target_and_not_in_the_cloud(self):
        video = wall(moving=True)
        for cloud in ("candidate", "inference"):
            sample = make_sample(video, FIRST, replace(SAMPLES, cloud=cloud), generator_of(2), stored_depth(video))
            assert (sample.frames == 255).all(-1).any()
            assert not (sample.projection > 250).all(-1).any(), "the white square was projected"

    def test_the_estimator_is_asked_for_the_cloud_s_frames_only(self):
        video, asked = wall()._replace(depth=None), []

        def estimate(frames, cameras, pick):
            asked.append(pick)
            assert frames.shape[0] == cameras.count == 24
            return DepthMaps(torch.full((len(pick), 16, 32), 2.0), True, "an estimator")

        make_sample(video, LATER, SAMPLES, generator_of(0), estimate)
        assert len(asked) == 1 and len(asked[0]) == 1

    def test_the_same_seed_gives_the_same_sample(self):
        video = wall()
        one, two = (make_sample(video, LATER, SAMPLES, generator_of(4), stored_depth(video)) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(one[:4], two[:4]))

    def test_refusals(self):
        short = wall(13)
        assert not enough_frames(short, LATER, SAMPLES) and enough_frames(short, FIRST, SAMPLES)
        with pytest.raises(SpatiaError, match="13 frames, too few"):
            make_sample(short, LATER, SAMPLES, generator_of(0), stored_depth(short))
        with pytest.raises(SpatiaError, match="without depth"):
            stored_depth(short._replace(depth=None))


def pooled(frames: torch.Tensor) -> torch.Tensor:
    """An encoder of the VAE's shapes: means of 16x16 pixels, of the first frame and then of every four."""
    groups = [frames[:1], *(frames[start : start + 4] for start in range(1, len(frames), 4))]
    small = [torch.nn.functional.avg_pool2d(group.mean(0).permute(2, 0, 1), 16) for group in groups]
    return torch.stack(small, 1).repeat(16, 1, 1, 1) * 2 - 1


def embed(text: str) -> torch.Tensor:
    return torch.full((1 + len(text.split()), 8), float(len(text)))


class TestCache:
    def fill(self, cache, folder):
        sources = find_videos([f"clips:{folder}"])
        for work in cache.missing(sources, (FIRST, LATER)).values():
            cache.encode(work, pooled, embed, stored_depth)
        return sources

    @pytest.fixture
    def folder(self, tmp_path):
        for name, frames in (("long", 24), ("short", 8)):
            video = wall(frames)
            write_clip(tmp_path / "data" / name, video)
            np.save(tmp_path / "data" / name / "depth.npy", video.depth.numpy())
        (tmp_path / "data" / "long" / "prompt.txt").write_text("one two")
        return tmp_path / "data"

    def test_shapes_texts_and_videos_left_out(self, tmp_path, folder):
        cache = LatentCache(tmp_path / "latents", replace(SAMPLES, per_video=2), "pooled")
        sources = self.fill(cache, folder)
        assert [len(cache.items(clip, sources)) for clip in (FIRST, LATER)] == [4, 2]
        (line,) = cache.skipped(LATER, sources)
        assert line.startswith("short:") and "8 frames are too few" in line
        item = cache.items(LATER, sources)[0]
        latents = cache.load(item)
        assert item.video == "long" and latents.video.shape == (48, 4, 2, 4) and latents.control.shape == (96, 4, 2, 4)
        assert latents.references.shape[0] == 48 and 0 < latents.references.shape[1] <= 3
        assert torch.equal(latents.text, embed("one two")) and torch.equal(cache.text(""), embed(""))
        nothing = cache.no_projection(LATER)
        assert nothing[:48].abs().max() < 1e-3 and torch.allclose(nothing[48:], torch.ones(()))

    def test_the_order_changes_nothing_and_what_is_left_to_do_is_plain(self, tmp_path, folder):
        one, two = (LatentCache(tmp_path / name, SAMPLES, "pooled") for name in ("one", "two"))
        sources = self.fill(one, folder)
        missing = two.missing(sources, [FIRST, LATER])
        assert json.loads(json.dumps(missing))["long"] == [list(sources[0]), [[FIRST, 0], [LATER, 0]]]
        for name in reversed(missing):
            two.encode(missing[name], pooled, embed, stored_depth)
        files = [sorted(path for path in cache.folder.rglob("*") if path.is_file()) for cache in (one, two)]
        assert [path.relative_to(one.folder) for path in files[0]] == [
            path.relative_to(two.folder) for path in files[1]
        ]
        assert all(a.read_bytes() == b.read_bytes() for a, b in zip(*files))

    def test_what_is_there_is_not_made_again(self, tmp_path, folder):
        cache = LatentCache(tmp_path / "latents", replace(SAMPLES, per_video=2), "pooled")
        sources = find_videos([f"clips:{folder}"])
        before = cache.missing(sources, (FIRST, LATER))
        assert len(before) == 3 and before["long"][1] == [(FIRST, 0), (FIRST, 1), (LATER, 0), (LATER, 1)]
        self.fill(cache, folder)
        assert cache.missing(sources, (FIRST, LATER)) == {}
        written = {path: path.stat().st_mtime_ns for path in cache.folder.rglob("*.safetensors")}
        for work in before.values():  # as when the answer of a worker that had made it was lost
            if work[0] != tuple(sources[1]):  # the short one gives no later clip, and is asked again
                cache.encode(work, None, None, None)
        assert written == {path: path.stat().st_mtime_ns for path in written}
        cache.item(LATER, "long").path.unlink()
        assert cache.missing(sources, (FIRST, LATER)) == {"long": (tuple(sources[0]), [(LATER, 0)])}

    def test_a_video_that_cannot_be_read_is_no_short_one(self, tmp_path, folder):
        """It is asked for again by the next run, which may find it mended."""
        cache = LatentCache(tmp_path / "latents", SAMPLES, "pooled")
        sources = find_videos([f"clips:{folder}"])
        whole = (folder / "long" / "frames" / "3.png").read_bytes()
        (folder / "long" / "frames" / "3.png").write_bytes(whole[:50])
        with pytest.raises(SpatiaError, match="Video long: 3.png is no readable picture"):
            cache.encode(cache.missing(sources, (FIRST,))["long"], pooled, embed, stored_depth)
        assert not cache.skipped(FIRST, sources) and "long" in cache.missing(sources, (FIRST,))
        (folder / "long" / "frames" / "3.png").write_bytes(whole)
        self.fill(cache, folder)
        assert len(cache.items(FIRST, sources)) == 2

    def test_files_are_spread_over_folders(self, tmp_path):
        cache = LatentCache(tmp_path / "latents", SAMPLES, "pooled")
        folders = [cache.item(FIRST, f"video{number}").path.parent for number in range(5000)]
        assert len(set(folders)) == 256 and max(map(folders.count, set(folders))) < 50

    def test_other_settings_are_refused(self, tmp_path):
        LatentCache(tmp_path / "latents", SAMPLES, "pooled")
        with pytest.raises(SpatiaError, match="voxel_size = 0.05, and 0.1 is asked for"):
            LatentCache(tmp_path / "latents", replace(SAMPLES, voxel_size=0.1), "pooled")
        with pytest.raises(SpatiaError, match="encoder"):
            LatentCache(tmp_path / "latents", SAMPLES, "another")

    def test_a_damaged_file_is_named(self, tmp_path, folder):
        cache = LatentCache(tmp_path / "latents", SAMPLES, "pooled")
        item = cache.items(FIRST, self.fill(cache, folder))[0]
        item.path.write_bytes(item.path.read_bytes()[:100])
        with pytest.raises(SpatiaError, match="long.0.safetensors"):
            cache.load(item)


def there_and_back(count: int = 33) -> PosedVideo:
    """`wall`, filmed to the middle of the video and back again: its second half shows what its first half did."""
    video, half = wall(count), (count + 1) // 2
    order = [*range(half), *range(half - 2, half - 2 - count // 2, -1)]
    return PosedVideo(video.frames[order], video.cameras.select(order), *video[2:])


class TestPosed:
    """Clips of the decoupled system: no depth, no cloud; poses and what is remembered."""

    def test_a_clip_remembers_the_frames_that_saw_the_same(self):
        video = there_and_back()
        samples = [make_posed_sample(video, SAMPLES, generator_of(seed)) for seed in range(12)]
        assert all(1 <= sample.start <= 33 - 13 for sample in samples)
        late = max(samples, key=lambda sample: sample.start)
        assert late.gate.any() and not late.gate[:3].any(), "the given frames remember nothing"
        for latent, frame in enumerate(late.ids.tolist()):
            if late.gate[latent]:
                group = range(late.start + 4 * latent - 3, late.start + 4 * latent + 1)
                assert frame <= late.start
                apart = min(float((video.cameras.w2c[frame] - video.cameras.w2c[own]).norm()) for own in group)
                assert apart < 0.31
        short = there_and_back(13)
        with pytest.raises(SpatiaError, match="13 frames, too few for a clip of 13 and one before it"):
            make_posed_sample(short, SAMPLES, generator_of(0))

    def test_what_is_cached_is_what_the_branches_are_told(self, tmp_path):
        """Slots and cameras come back as they would be made on the spot; without depth, which nothing here asks for."""
        from spatia_pack.spatia_core.model.decoupled.assembly import assemble, memory_slots
        from spatia_pack.training.networks.beside import posed_clip

        video = there_and_back()
        write_clip(tmp_path / "data" / "back", video)
        settings = replace(SAMPLES, per_video=6, radius=2.0)
        cache = LatentCache(tmp_path / "latents", settings, "pooled")
        sources = find_videos([f"clips:{tmp_path / 'data'}"])
        for work in cache.missing(sources, (POSED,)).values():
            cache.encode(work, pooled, embed, stored_depth)
        items, remembering = cache.items(POSED, sources), cache.items(POSED, sources, remembering=True)
        assert len(items) == 6 and 0 < len(remembering) < 6
        assert [cache.load(item).slots is not None for item in items] == [item in remembering for item in items]
        index = items.index(remembering[0])
        latents = cache.load(items[index])
        loaded = sources[0].load(64, 32, 1)
        sample = make_posed_sample(loaded, settings, generator_of("sample", settings.seed, POSED, "back", index))
        start, end = sample.start, sample.start + 13
        target = loaded.cameras.select(slice(start, end))
        cues = assemble(
            lambda window: loaded.frames[window.start : window.stop], start + 1, sample.ids[sample.gate],
            lambda pixels: pooled(pixels.float() / 255)[None],
        )  # fmt: skip
        history = loaded.cameras.select(slice(0, start + 1))
        slots = memory_slots(sample.gate, sample.ids, *cues, target, history, 32, 64, unit=2.0)
        for one, two in zip(slots, latents.slots):
            assert one == two if isinstance(one, int) else torch.allclose(one.float(), two.float(), atol=1e-3)
        clip = posed_clip(target, 32, 64, 2.0)
        assert torch.equal(clip.c2w, latents.cameras.c2w) and torch.equal(clip.K, latents.cameras.K)
        assert latents.control is None and latents.references.shape == (48, 0, 2, 4)

    def test_a_folder_from_before_there_was_a_radius(self, tmp_path):
        LatentCache(tmp_path / "latents", SAMPLES, "pooled")
        path = tmp_path / "latents" / "settings.json"
        settings = json.loads(path.read_text())
        path.write_text(json.dumps({name: value for name, value in settings.items() if name != "radius"}))
        LatentCache(tmp_path / "latents", SAMPLES, "pooled")
        with pytest.raises(SpatiaError, match=r"radius = 1.0, and 2.0 is asked for"):
            LatentCache(tmp_path / "latents", replace(SAMPLES, radius=2.0), "pooled")


class TestOrder:
    def test_every_sample_once_per_epoch(self):
        items = [item for step in range(20) for one in step_passes(STAGE, 8, step) for item in one.items]
        assert all(sorted(items[start : start + 8]) == list(range(8)) for start in range(0, len(items), 8))
        assert items[:8] != items[8:16]

    def test_a_step_depends_on_nothing_before_it(self):
        """So a resumed run sees what the uninterrupted one would have."""
        assert [step_passes(STAGE, 8, step) for step in range(5)] == [
            step_passes(STAGE, 8, step) for step in reversed(range(5))
        ][::-1]
        assert step_passes(STAGE, 8, 3) != step_passes(replace(STAGE, seed=1), 8, 3)
        assert len({one.noise for step in range(5) for one in step_passes(STAGE, 8, step)}) == 15

    def test_shares_of_what_is_dropped(self):
        settings = replace(STAGE, drop_text=0.5, drop_projection=0.25, drop_references=0.0, drop_history=1.0)
        passes = [one for step in range(400) for one in step_passes(settings, 8, step)]
        assert abs(sum(one.drop_projection for one in passes) / len(passes) - 0.25) < 0.04
        assert abs(sum(sum(one.drop_text) for one in passes) / (2 * len(passes)) - 0.5) < 0.04
        assert not any(one.drop_references for one in passes) and all(one.drop_history for one in passes)

    def test_learning_rate(self):
        assert [learning_rate(STAGE, step) for step in (0, 3, 9)] == [0.25e-3, 1e-3, 1e-3]
        cosine = replace(STAGE, schedule="cosine", warmup=0)
        assert learning_rate(cosine, 0) == 1e-3 and learning_rate(cosine, 5) == pytest.approx(5e-4)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"stage": "both"}, "expected one of control, lora"), ({"batch": 5}, "no multiple of --micro"), ({"drop_text": 2.0}, "--drop-text"),
            ({"steps": 0}, "--steps"), ({"precision": "fp8"}, "--precision fp8"), ({"learning_rate": 0.0}, "--learning-rate"),
        ],
    )  # fmt: skip
    def test_refusals(self, changed, message):
        with pytest.raises(SpatiaError, match=message):
            replace(STAGE, **changed)

    def test_processes_that_cannot_share_a_batch(self):
        STAGE.require_processes(3)
        with pytest.raises(SpatiaError, match="cannot be shared by 2"):
            STAGE.require_processes(2)

    @pytest.mark.parametrize(
        "changed", [{"width": 100}, {"first_frames": 24}, {"later_frames": 9}, {"cloud": "all"}, {"voxel_size": 0.0}]
    )
    def test_sample_settings_are_checked(self, changed):
        with pytest.raises(SpatiaError, match="--"):
            replace(SAMPLES, **changed)

    def test_the_defaults_are_the_paper_s(self):
        samples, stage = SampleSettings(), StageSettings(LORA, 5000, 1e-4)
        assert (samples.later_frames, samples.history_frames, samples.max_references) == (
            81,
            9,
            7,
        ) and samples.clean_latents(LATER) == 3
        assert (stage.rank, stage.batch, stage.augment) == (64, 64, 0.05)


class TestLossLog:
    def row(self, step, loss=0.5, held_out=None):
        return {
            "step": step,
            "loss": loss,
            "held_out_loss": held_out,
            "learning_rate": 1e-5,
            "gradient_norm": 1.0,
            "seconds": 0.1,
        }

    def test_rows_come_back_exactly_and_those_after_the_state_are_dropped(self, tmp_path):
        log = LossLog(tmp_path / "loss.csv", 0)
        for step in range(1, 6):
            log.add(**self.row(step, 0.1 * step / 3, 0.25 if step == 4 else None))
        again = LossLog(tmp_path / "loss.csv", 4)
        assert again.rows == log.rows[:4] == read_log(tmp_path / "loss.csv")
        again.add(**self.row(5, 0.7))
        assert [row["loss"] for row in read_log(tmp_path / "loss.csv")][-1] == 0.7
        assert (tmp_path / "loss.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
        again.draw("stage")
        with Image.open(tmp_path / "loss.png") as picture:
            assert picture.size == (960, 480)

    def test_the_picture_goes_down_where_the_loss_does(self):
        rows = [self.row(step, 1.0 / step, 2.0 / step if step % 20 == 0 else None) for step in range(1, 101)]
        pixels = np.array(loss_picture(rows, "falling").convert("RGB")).astype(int)
        blue = (pixels[..., 2] - pixels[..., 0] > 100).argmax(0)
        assert blue[120] < blue[500] < blue[900]
        assert loss_picture([], "nothing").size == (960, 480) and loss_picture([self.row(1)], "one").size == (960, 480)

    def test_the_picture_of_a_loss_that_is_a_logarithm(self):
        pixels = np.array(loss_picture([self.row(step, -step / 10) for step in range(60)], "falling"), dtype=int)
        blue = (pixels[..., 2] - pixels[..., 0] > 100).argmax(0)
        assert 0 < blue[120] < blue[500] < blue[900]

    def test_another_csv_is_refused(self, tmp_path):
        (tmp_path / "loss.csv").write_text("a,b\n1,2\n")
        with pytest.raises(SpatiaError, match="no loss log"):
            LossLog(tmp_path / "loss.csv", 0)


def test_settings_are_written_beside_the_latents(tmp_path):
    LatentCache(tmp_path / "latents", SAMPLES, "pooled", stride=2)
    settings = json.loads((tmp_path / "latents" / "settings.json").read_text())
    assert settings["stride"] == 2 and settings["encoder"] == "pooled" and settings["later_frames"] == 13


class TestOptions:
    """What the paper leaves open and other code does otherwise can be asked for."""

    def test_uniform_times_are_moved_by_the_shift(self):
        times = Times("uniform", shift=5.0).draw(20_000, torch.Generator().manual_seed(0))
        assert times.min() >= 0 and times.max() <= 1
        # Undone, they are uniform again; the median of what is moved is 5 / 6.
        plain = times / (5 - 4 * times)
        for share in (0.1, 0.25, 0.5, 0.75, 0.9):
            assert plain.quantile(share) == pytest.approx(share, abs=0.015)
        assert times.median() == pytest.approx(5 / 6, abs=0.01)
        assert Times("uniform", shift=1.0).draw(20_000, torch.Generator().manual_seed(0)).mean() == pytest.approx(
            0.5, abs=0.01
        )

    def test_logit_normal_times(self):
        times = Times(mean=0.7, deviation=1.3).draw(20_000, torch.Generator().manual_seed(0))
        logits = torch.logit(times)
        assert logits.mean() == pytest.approx(0.7, abs=0.03) and logits.std() == pytest.approx(1.3, abs=0.03)

    @pytest.mark.parametrize("changed", [{"times": "cosine"}, {"times": "uniform", "t_shift": 0.0}])
    def test_times_that_are_none(self, changed):
        with pytest.raises(SpatiaError, match="--times cosine|--t-shift"):
            replace(STAGE, **changed)

    def clips(self, references: int):
        generator = torch.Generator().manual_seed(1)
        shape = (48, 4, 2, 4)
        one = Latents(
            torch.randn(shape, generator=generator), torch.zeros(96, 4, 2, 4),
            torch.randn(48, references, 2, 4, generator=generator), torch.zeros(1, 16),
        )  # fmt: skip
        return [one]

    def assembled(self, step: int, references: int = 4, clean: int = 3, is_varied: bool = True, **changed):
        settings = replace(
            STAGE, stage=LORA, drop_text=0.0, drop_references=0.0, drop_history=0.0, drop_projection=0.0, **changed
        )
        one = Pass((0,), (False,), False, False, False, ("noise", step), is_varied)
        return assemble(self.clips(references), one, settings, torch.zeros(96, 4, 2, 4), torch.zeros(1, 16), clean)

    def test_a_random_part_of_the_references(self):
        whole = self.clips(4)[0].references
        counts = []
        for step in range(120):
            given = self.assembled(step, vary_references=True).given.references[0]
            counts.append(given.shape[1])
            found = [next(i for i in range(4) if torch.equal(given[:, j], whole[:, i])) for j in range(given.shape[1])]
            assert found == sorted(set(found))  # each once, in the order of retrieval
        assert set(counts) == {0, 1, 2, 3, 4} and min(counts.count(n) for n in range(5)) > 10
        assert self.assembled(0, references=0, vary_references=True).given.references.shape[2] == 0

    def test_a_random_length_of_the_history(self):
        found = [self.assembled(step, vary_history=True).clean for step in range(90)]
        assert set(found) == {1, 2, 3} and min(map(found.count, (1, 2, 3))) > 15
        one = self.assembled(3, vary_history=True)
        assert one.timesteps[0].tolist().count(0.0) == one.clean

    def test_without_them_nothing_changes_nor_in_a_held_out_clip(self):
        for step in range(5):
            plain = self.assembled(step)
            assert plain.given.references.shape[2] == 4 and plain.clean == 3
            held_out = self.assembled(step, is_varied=False, vary_references=True, vary_history=True)
            assert torch.equal(plain.video, held_out.video)
            assert torch.equal(plain.given.references, held_out.given.references)
        assert all(one.varied for one in step_passes(STAGE, 5, 0))
