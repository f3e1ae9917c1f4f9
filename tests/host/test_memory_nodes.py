"""Estimate, render, retrieve, update and metrics nodes inside the real host."""

import json
import math

import pytest
import torch

HEIGHT, WIDTH = 64, 96
EXACT = {"depth_source": "connected input", "depth_kind": "metres", "voxel_size": 0.03, "mask_grow": 0}


@pytest.fixture
def spatia(pack_module):
    class Spatia:
        error = pack_module("spatia_core.errors").SpatiaError
        cameras = pack_module("spatia_core.cameras")
        memory = pack_module("spatia_core.memory")
        estimate = pack_module("nodes.estimate_scene").SpatiaEstimateScene
        render = pack_module("nodes.render").SpatiaRenderCameraPath
        retrieve = pack_module("nodes.retrieve").SpatiaRetrieveReferences
        update = pack_module("nodes.update_memory").SpatiaUpdateMemory
        revert = pack_module("nodes.update_memory").SpatiaRevertClip
        metrics = pack_module("nodes.metrics").SpatiaClosedLoopMetrics
        sources = pack_module("nodes.host.depth_sources")
        bundle = pack_module("nodes.host.bundle")
        parse_ply = staticmethod(pack_module("spatia_core.cloud.ply").parse_ply)

        @staticmethod
        def path(*shifts):
            w2c = torch.eye(4, dtype=torch.float64).repeat(len(shifts), 1, 1)
            w2c[:, 0, 3] = -torch.tensor(shifts, dtype=torch.float64)
            return Spatia.cameras.make_cameras(w2c, Spatia.cameras.intrinsics_from_fov(62.0, WIDTH, HEIGHT))

    return Spatia


def run(node, **inputs):
    """The node's results with untouched widgets as the page would send them."""
    values = {
        entry.id: entry.default for entry in node.define_schema().inputs if getattr(entry, "default", None) is not None
    }
    return node.execute(**(values | inputs))


def wall(cameras, distance=3.0):
    """IMAGE and depth IMAGE of a striped wall."""
    columns = (torch.arange(WIDTH, dtype=torch.float64) + 0.5) / WIDTH - 0.5
    fx = float(cameras.intrinsics[0, 0])
    x = cameras.centers[:, :1] + columns[None] * distance / fx
    shade = (torch.sin(4 * x) * 0.4 + 0.5).float()
    image = shade[:, None, :, None].expand(-1, HEIGHT, -1, 3).clone()
    return image, torch.full_like(image, distance)


@pytest.fixture
def started(spatia):
    image, depth = wall(spatia.path(0.0))
    return run(spatia.estimate, image=image, depth_map=depth, **EXACT).result[0]


def clip(spatia, n=13, step=0.1):
    return spatia.path(*[step * i for i in range(n)])


# --- Estimate Scene ---


def test_a_depth_map_becomes_a_memory_and_a_ply(spatia):
    image, depth = wall(spatia.path(0.0))
    output = run(spatia.estimate, image=image, depth_map=depth, **EXACT)
    memory, ply = output.result
    assert (memory.cloud.positions[:, 2] - 3).abs().max() < 1e-4
    assert torch.equal(memory.read_frames([0])[0], (image[0] * 255).round().to(torch.uint8))
    assert torch.equal(spatia.parse_ply(ply.get_bytes()).positions, memory.cloud.positions)
    assert any("field of view" in note for note in memory.notes)
    assert "points" in json.dumps(output.ui)


def test_intrinsics_come_from_the_widget_then_the_cameras_then_the_geometry_then_the_angle(spatia):
    image, depth = wall(spatia.path(0.0))
    K = torch.tensor([[[0.9, 0, 0.5], [0, 1.35, 0.5], [0, 0, 1]]])
    geometry = {
        "depth": depth[..., 0],
        "intrinsics": K,
        "mask": torch.ones(1, HEIGHT, WIDTH, dtype=torch.bool),
        "image": image,
    }
    path = spatia.cameras.make_cameras(spatia.path(0.5).w2c, [0.7, 1.05, 0.5, 0.5])
    sources = [{"depth_map": depth}, {"moge_geometry": geometry}, {"moge_geometry": geometry, "cameras": path}]
    expected = [spatia.path(0.0).intrinsics[0, 0], 0.9, 0.7]
    for inputs, fx in zip(sources, expected):
        memory = run(spatia.estimate, image=image, **inputs, **EXACT).result[0]
        assert float(memory.cameras.intrinsics[0, 0]) == pytest.approx(float(fx))
    assert torch.equal(memory.cameras.w2c[0], path.w2c[0])
    typed = run(spatia.estimate, image=image, intrinsics="[0.6, 0.9 0.5 0.5]", **inputs, **EXACT).result[0]
    assert float(typed.cameras.intrinsics[0, 0]) == pytest.approx(0.6)


def test_moge_geometry_marks_metres_and_holes(spatia):
    image, depth = wall(spatia.path(0.0))
    depth = depth[..., 0].clone()
    depth[:, :, :10] = math.inf
    geometry = {
        "depth": depth,
        "intrinsics": torch.eye(3)[None] * torch.tensor([0.8, 1.2, 1.0]).view(1, 3, 1),
        "image": image,
    }
    maps = spatia.sources.moge_depth(geometry)
    assert not maps.metric and (maps.depth[:, :, :10] == 0).all() and (maps.depth[:, :, 10:] == 3).all()
    assert spatia.sources.moge_depth(geometry | {"normal": torch.zeros(1, HEIGHT, WIDTH, 3)}).metric
    del geometry["intrinsics"]
    with pytest.raises(spatia.error, match="panorama"):
        spatia.sources.moge_depth(geometry)


def test_da3_intrinsics_are_those_of_the_size_it_ran_at(spatia):
    # Two views seen at 84 x 56: focal 70 px, so 70 / 84 of the width.
    K = torch.tensor([[70.0, 0, 42], [0, 70, 28], [0, 0, 1]]).repeat(1, 2, 1, 1)
    E = torch.eye(4)[:3].repeat(1, 2, 1, 1).clone()
    E[0, 1, 0, 3] = -0.5
    geometry = {
        "depth": torch.ones(2, HEIGHT, WIDTH),
        "mode": "multiview",
        "intrinsics": K,
        "extrinsics": E,
        "image": None,
    }
    maps = spatia.sources.da3_depth(geometry, None)
    assert maps.intrinsics.tolist() == pytest.approx([70 / 84, 70 / 56, 0.5, 0.5])
    assert torch.allclose(maps.w2c[:, 0, 3], torch.tensor([0.0, -0.5]).double()) and not maps.metric
    nothing = geometry | {"intrinsics": torch.eye(3).repeat(1, 2, 1, 1), "extrinsics": torch.eye(4).repeat(1, 2, 1, 1)}
    maps = spatia.sources.da3_depth(nothing, None)
    assert maps.intrinsics is None and maps.w2c is None and len(maps.warnings) == 2


def test_da3_sky_is_unknown_and_metric_large_becomes_metres(spatia):
    sky = torch.zeros(1, HEIGHT, WIDTH)
    sky[:, :20] = 0.9
    geometry = {"depth": torch.full((1, HEIGHT, WIDTH), 2.0), "mode": "mono", "sky": sky, "image": None}
    maps = spatia.sources.da3_depth(geometry, 0.75, metric_resolution=400)
    assert maps.metric and (maps.depth[:, :20] == 0).all()
    assert maps.depth[0, 30, 0] == pytest.approx(2.0 * 0.75 * 400 / 300)


def test_refusals_before_any_work(spatia):
    image, depth = wall(spatia.path(0.0))
    geometry = {"depth": depth[..., 0], "mode": "mono", "image": image}
    coloured = depth * torch.tensor([1.0, 0.5, 0.2])
    cases = [
        ({"depth_source": "connected input"}, "No depth is connected"),
        ({"depth_map": depth, "da3_geometry": geometry}, "depth_map and da3_geometry"),
        ({"depth_map": depth, "depth_source": "bundled small network"}, "would be ignored"),
        ({"depth_map": coloured}, "coloured"),
        ({"depth_map": depth.repeat(2, 1, 1, 1)}, r"2 map\(s\) came for 1"),
        ({"depth_map": depth[:, :, :60]}, "same shape"),
        ({"depth_map": depth * 0}, "no pixel"),
        ({"depth_map": depth, "moving": torch.zeros(1, 64, 64)}, "moving mask is 64x64"),
        ({"depth_map": depth, "moving": torch.zeros(2, HEIGHT, WIDTH)}, "2 masks for 1"),
        ({"depth_map": depth, "moving": torch.ones(1, HEIGHT, WIDTH)}, "No pixel is left"),
        ({"depth_map": depth, "image": image.repeat(2, 1, 1, 1)}, "2 images"),
        ({"depth_map": depth, "image": image * math.nan}, "NaN"),
        ({"depth_map": depth, "intrinsics": "800 800 48 32"}, "normalised"),
        ({"depth_map": depth, "intrinsics": "1 2"}, "four numbers"),
        ({"depth_map": depth, "intrinsics": "0 0 0.5 0.5"}, "focal length"),
        ({"depth_map": depth, "voxel_size": -1.0}, "voxel_size"),
        ({"da3_geometry": {}}, "'depth'"),
    ]
    for change, message in cases:
        with pytest.raises(spatia.error, match=message):
            run(spatia.estimate, **({"image": image} | EXACT | change))


# --- Render Camera Path ---


def test_render_shows_the_image_and_the_holes(spatia, started):
    output = run(spatia.render, memory=started, cameras=spatia.path(0.0, 1.0), radius=0.08)
    projection, holes, coverage, report = output.result
    assert report.startswith(f"The scene covers {100 * coverage:.1f} % of the 2 frame(s); least of frame 1")
    (shown,) = output.ui["spatia_report"]
    assert len(shown["curve"]) == 2 and shown["curve"][0] > shown["curve"][1] and not shown["warnings"]
    assert projection.shape == (2, HEIGHT, WIDTH, 3) and holes.shape == (2, HEIGHT, WIDTH)
    image = started.read_frames([0])[0].float() / 255
    inner = holes[0] < 0.2
    assert inner.float().mean() > 0.8 and (projection[0] - image)[inner].abs().mean() < 0.05
    # The second camera looks one unit to the right, beyond what the first has seen.
    assert (holes[1, :, -15:] == 1).all() and not projection[1, :, -15:].any()
    assert coverage == pytest.approx(1 - float(holes.mean()), abs=1e-5)
    larger = run(spatia.render, memory=started, cameras=spatia.path(0.0), width=2 * WIDTH, height=2 * HEIGHT).result[0]
    assert larger.shape == (1, 2 * HEIGHT, 2 * WIDTH, 3)


def test_frames_of_which_little_is_known_are_warned_of(pack_module):
    holes = torch.ones(5, 4, 6)
    holes[0], holes[4] = 0.7, 0.8
    report, warnings, covered = pack_module("nodes.render").coverage_report(holes)
    assert "least of frame 1: 0.0 %" in report and covered == pytest.approx([0.3, 0, 0, 0, 0.2])
    assert len(warnings) == 1 and warnings[0].startswith("Frames 1 to 4: less than 25 % is known")


def test_render_refuses_an_empty_cloud_and_another_shape(spatia, started):
    empty = started._replace(cloud=started.cloud.select(slice(0, 0)))
    with pytest.raises(spatia.error, match="no point"):
        run(spatia.render, memory=empty, cameras=spatia.path(0.0))
    with pytest.raises(spatia.error, match="change width or height"):
        run(spatia.render, memory=started, cameras=spatia.path(0.0), width=WIDTH, height=WIDTH)


# --- Update Memory and Retrieve References ---


@pytest.fixture
def grown(spatia, started):
    cameras = clip(spatia, 25)
    image, depth = wall(cameras)
    return run(spatia.update, memory=started, frames=image, cameras=cameras, depth_map=depth, mask_grow=0).result[0]


def test_update_then_retrieve(spatia, started, grown):
    assert grown.frame_count == 25 and grown.cloud.size > started.cloud.size and started.frame_count == 1
    back = spatia.cameras.concat_cameras(
        grown.cameras.select(slice(16, 25)), spatia.path(*[2.4 - 0.15 * i for i in range(1, 17)])
    )
    references, report = run(spatia.retrieve, memory=grown, cameras=back, every=8, max_references=3).result
    assert 1 <= references.shape[0] <= 3 and references.shape[1:] == (HEIGHT, WIDTH, 3)
    # The path returns to the start: its end asks for the first frames.
    assert (
        torch.equal((references[-1] * 255).round().to(torch.uint8), grown.read_frames([0])[0])
        and "clip frame 24: frame 0" in report
    )
    released, _ = run(spatia.retrieve, memory=grown, cameras=back, every=8, mode="release_hungarian").result
    assert released.shape[0] == 4
    with pytest.raises(spatia.error, match="paper_iou"):
        run(spatia.retrieve, memory=grown, cameras=back, every=2, mode="release_hungarian")


def test_no_references_before_the_first_clip(spatia, started):
    references, report = run(spatia.retrieve, memory=started, cameras=clip(spatia)).result
    assert references.shape == (0, HEIGHT, WIDTH, 3) and "No references" in report


def test_padding_stays_out_of_the_memory(spatia, started):
    cameras = spatia.path(*[0.1 * min(i, 9) for i in range(13)])
    image, depth = wall(cameras)
    moving = torch.zeros(1, HEIGHT, WIDTH)
    moving[:, :10] = 1
    for n in (13, 10):
        memory, report, _ = run(
            spatia.update,
            memory=started,
            frames=image[:n],
            cameras=cameras,
            padding=3,
            depth_map=depth[:n],
            moving=moving,
        ).result
        assert memory.frame_count == memory.cameras.count == 10 and "9 new frames" in report
        marked = memory.read_moving(range(1, 10))
        assert marked[:, :14].all() and not marked[:, 15:].any()


def test_update_refusals(spatia, started):
    cameras = clip(spatia)
    image, depth = wall(cameras)
    cases = [
        ({"frames": image[:7]}, "7 frames for 13 cameras"),
        ({"padding": 13}, "padding"),
        ({"frames": image[:, :32]}, "like the video so far"),
        ({"cameras": spatia.path(*[0.3 + 0.1 * i for i in range(13)])}, "must be the video's last"),
        ({"depth_map": depth[:5]}, r"5 map\(s\) came for 13"),
        ({"moving": torch.zeros(5, HEIGHT, WIDTH)}, "5 masks for 13"),
        ({"depth_map": None, "depth_source": "connected input"}, "No depth is connected"),
    ]
    for change, message in cases:
        with pytest.raises(spatia.error, match=message):
            run(
                spatia.update, **({"memory": started, "frames": image, "cameras": cameras, "depth_map": depth} | change)
            )


def test_a_clip_is_taken_back(spatia, started, grown):
    back, report = run(spatia.revert, memory=grown).result
    assert torch.equal(back.cloud.positions, started.cloud.positions) and back.frame_count == 1 and "exactly" in report
    with pytest.raises(spatia.error, match="decrease clips"):
        run(spatia.revert, memory=grown, clips=2)


# --- Plane Sweep and MapAnything ---


def test_plane_sweep_depth_feeds_update_memory(spatia, started, pack_module):
    node = pack_module("nodes.estimators").SpatiaPlaneSweepDepth
    cameras = clip(spatia, 13, step=0.05)
    columns = (torch.arange(WIDTH, dtype=torch.float64) + 0.5) / WIDTH - 0.5
    rows = (torch.arange(HEIGHT, dtype=torch.float64) + 0.5) / HEIGHT - 0.5
    x = cameras.centers[:, :1] + columns[None] * 3.0 / float(cameras.intrinsics[0, 0])
    y = rows * 3.0 / float(cameras.intrinsics[0, 1])
    shade = (
        0.5
        + 0.25 * torch.sin(19 * x[:, None] + 2 * torch.sin(9 * y[:, None]))
        + 0.2 * torch.sin(17 * y[:, None] + torch.cos(7 * x[:, None]))
    )
    image = shade[..., None].expand(-1, -1, -1, 3).float().clone()
    depth, coverage, report = run(node, frames=image, cameras=cameras, near=1.5, far=8.0).result
    assert depth.shape == image.shape and coverage > 0.4 and "4 of 13 frames" in report
    found = depth[12, :, :, 0] > 0
    assert (depth[12, :, :, 0][found] - 3).abs().median() < 0.05 and not depth[1].any()
    grown, *_ = run(spatia.update, memory=started, frames=image, cameras=cameras, depth_map=depth, mask_grow=0).result
    assert grown.cloud.size > started.cloud.size


def test_da3_is_told_the_cameras(spatia, pack_module, da3, monkeypatch):
    node = pack_module("nodes.estimators").SpatiaDA3CamerasDepth
    cameras = spatia.path(*[5.0 + 0.1 * i for i in range(9)])
    image, _ = wall(cameras)
    network, calls = da3.model.diffusion_model, []
    forward = network.forward

    def analytic(x, extrinsics, intrinsics):
        calls.append((x, extrinsics, intrinsics))
        out = forward(x, extrinsics, intrinsics)
        assert torch.isfinite(out["depth"]).all()
        # What it would say if it were right, in a unit of its own.
        poses = extrinsics.clone()
        poses[..., :3, 3] *= 0.5
        return out | {"depth": torch.full_like(out["depth"], 3.0 / 0.4 * 0.5), "extrinsics": poses[:, :, :3]}

    monkeypatch.setattr(network, "forward", analytic)
    depth, coverage, report = run(node, da3_model=da3, frames=image, cameras=cameras, resolution=98).result
    x, E, K = calls[0]
    h, w = x.shape[-2:]
    assert torch.equal(E[0, 0], torch.eye(4)) and E.shape == (1, 3, 4, 4)
    # Keyframes 0, 4 and 8: 0, 0.4 and 0.8 to the right, in parts of the median.
    assert E[0, :, 0, 3].tolist() == pytest.approx([0.0, -1.0, -2.0])
    assert K[0, 0, 0, 0] == pytest.approx(float(cameras.intrinsics[0, 0]) * w) and K[0, 0, 1, 2] == pytest.approx(h / 2)
    assert coverage == 1 and (depth[8] - 3).abs().max() < 1e-3 and "camera path" in report and not depth[1].any()
    monkeypatch.setattr(network, "forward", forward)
    told = network(x, extrinsics=E, intrinsics=K)["depth"]
    assert not torch.equal(told, network(x)["depth"])
    network.cam_enc = None
    with pytest.raises(spatia.error, match="takes no cameras"):
        run(node, da3_model=da3, frames=image, cameras=cameras, resolution=98)


def test_mapanything_says_how_to_get_it(spatia, pack_module):
    node = pack_module("nodes.estimators").SpatiaMapAnythingDepth
    image, _ = wall(clip(spatia, 5))
    with pytest.raises(spatia.error, match="lacks config.json"):
        run(node, frames=image, cameras=clip(spatia, 5), model="nothing-here")
    with pytest.raises(spatia.error, match="plain name"):
        run(node, frames=image, cameras=clip(spatia, 5), model="../escape")
    with pytest.raises(spatia.error, match="one camera per frame"):
        run(node, frames=image, cameras=clip(spatia, 4))


# --- Closed-Loop Metrics ---


def test_metrics_of_a_loop(spatia):
    image, _ = wall(clip(spatia, 5))
    output = run(spatia.metrics, frames=torch.cat([image, image[:1]]))
    psnr, ssim, report, matched, perceived, shift = output.result
    assert psnr == math.inf and ssim == pytest.approx(1.0) and "PSNR" in report and shift == 0
    assert math.isnan(matched) and math.isnan(perceived)  # off, unless asked for
    assert run(spatia.metrics, frames=image).result[0] < 40
    with pytest.raises(spatia.error, match="at least 2"):
        run(spatia.metrics, frames=image[:1])


# --- The bundled depth network ---


def test_the_bundled_network_needs_nothing_else_and_states_its_limits(spatia):
    image, _ = wall(spatia.path(0.0))
    memory, _ = run(spatia.estimate, image=image, depth_source="bundled small network").result
    assert memory.cloud.size > 100 and torch.isfinite(memory.cloud.positions).all()
    assert any("photograph" in note for note in memory.notes)


def test_a_missing_bundled_network_is_named(spatia, monkeypatch, tmp_path):
    monkeypatch.setattr(spatia.bundle, "FOLDER", str(tmp_path))
    image, _ = wall(spatia.path(0.0))
    with pytest.raises(spatia.error, match="spatia_small_depth.safetensors.*reinstall"):
        run(spatia.estimate, image=image, depth_source="bundled small network")


@pytest.mark.parametrize("odd", [torch.zeros(2, 3), torch.zeros(0), torch.zeros(1, HEIGHT + 1, WIDTH), "a text", 7])
@pytest.mark.parametrize("key", ["sky", "confidence", "intrinsics", "extrinsics", "mask"])
def test_geometries_of_other_packs_are_refused_by_name(spatia, key, odd):
    """What lies beside the depth must belong to it; the host checks nothing of a geometry."""
    geometry = {"depth": torch.ones(2, HEIGHT, WIDTH), "intrinsics": torch.eye(3).repeat(2, 1, 1), key: odd}
    read, name = (spatia.sources.moge_depth, "moge") if key == "mask" else (spatia.sources.da3_depth, "da3")
    arguments = () if key == "mask" else (1.0,)
    with pytest.raises(ValueError, match=rf"^{name}_geometry has .*'{key}' .*connect the geometry node's own output"):
        read(geometry, *arguments)
