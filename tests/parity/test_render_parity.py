"""The soft projection against images the release's renderer drew (every case in the file)."""

import pytest
import torch
from vectors import PARITY, stored

from spatia_core.cameras.camera import make_cameras
from spatia_core.kernels import kernels_run
from spatia_core.render.soft import render_soft

BACKENDS = ["torch"] + (["numba"] if kernels_run() else [])


@pytest.fixture(scope="module")
def render():
    return stored(PARITY / "render" / "render.json"), stored(PARITY / "render" / "render.safetensors")


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_case_within_one_grey_level(render, backend):
    cases, tensors = render
    points, w2c = tensors["points_rgb"], tensors["w2c"]
    colors = points[:, 3:]
    colors = (colors * 255).round().to(torch.uint8) if colors.max() <= 1 else colors.round().to(torch.uint8)
    names = [name for name in cases if f"{name}/u8" in tensors]
    assert names
    for name in names:
        case, expected = cases[name], tensors[f"{name}/u8"]
        fx, fy, cx, cy = case["K_pixels"]
        height, width = case["H"], case["W"]
        cameras = make_cameras(w2c, [fx / width, fy / height, cx / width, cy / height])
        options = {"radius": case["point_radius_ndc"], "release_geometry": True}
        if len(expected) == cameras.count:
            views = list(range(cameras.count))
        else:
            # A case with fewer images than cameras does not say which it used; the share it covers does.
            coverage = render_soft(points[:, :3], colors, cameras, height, width, **options).coverage
            covered = (coverage > 0).float().mean((1, 2))
            views = [int((covered - share).abs().argmin()) for share in case["covered"]]
            assert len(set(views)) == len(expected), name
        drawn = render_soft(points[:, :3], colors, cameras.select(views), height, width, backend=backend, **options)
        assert (drawn.coverage > 0).float().mean((1, 2)).tolist() == pytest.approx(case["covered"], abs=2e-3), name
        ours = drawn.coverage if case["score"] else drawn.image
        difference = (ours.int() - expected.int()).abs()
        assert (difference <= 1).float().mean() >= 0.999, (name, (difference <= 1).float().mean())
        if f"{name}/f32_cam0" in tensors:
            exact = tensors[f"{name}/f32_cam0"] * 255
            assert ((ours[0] - exact).abs() <= 1.5).float().mean() >= 0.999, name
        print(
            f"{name} [{backend}]: {float((difference <= 1).float().mean()):.5f} within 1 level, {float((difference == 0).float().mean()):.5f} equal"
        )


def test_where_points_land(render):
    """One point's disc is centred where the release draws it, and the ordinary pinhole is what we do without its quirks."""
    for landing in render[0]["landing"]:
        cx, cy = landing["cx"], landing["cy"]
        height, width, focal = 96, 128, 100.0
        cameras = make_cameras(torch.eye(4)[None], [focal / width, focal / height, cx / width, cy / height])
        position = torch.tensor([[landing["f_X_over_Z"] / focal, landing["f_Y_over_Z"] / focal, 1.0]])
        for quirks, key in ((True, "formula_mirrored_pp"), (False, "ordinary_pinhole")):
            drawn = render_soft(
                position,
                torch.full((1, 3), 255, dtype=torch.uint8),
                cameras,
                height,
                width,
                radius=0.15,
                release_geometry=quirks,
                backend="torch",
            )
            # `ordinary_pinhole` counts pixels like the release: index = coordinate, without the half of a pixel centre.
            x, y = landing[key] if quirks else (landing[key][0] - 0.5, landing[key][1] - 0.5)
            if not (8 < x < width - 8 and 8 < y < height - 8):
                continue
            weight = drawn.coverage[0].double()
            columns, rows = torch.arange(width).double(), torch.arange(height).double()
            assert float((weight.sum(0) * columns).sum() / weight.sum()) == pytest.approx(x, abs=0.05)
            assert float((weight.sum(1) * rows).sum() / weight.sum()) == pytest.approx(y, abs=0.05)
