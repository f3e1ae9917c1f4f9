"""MapAnything by a faithful double of its documented output, and by itself where it can be imported."""

import importlib.util
import json

import pytest
import torch

from spatia_core.cameras.camera import intrinsics_from_fov, make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.estimate import estimate_scene
from spatia_core.estimate.mapanything import load_mapanything, mapanything_depth

HEIGHT, WIDTH = 56, 84
UNIT = 2.5  # its unit in ours


class Double(torch.nn.Module):
    """Answers as MapAnything does: in view 0's frame, in a unit of its own, shapes as documented, strict about the keys."""

    def __init__(self, depth):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.depth = depth

    def infer(
        self, views, memory_efficient_inference, use_amp, amp_dtype, apply_mask, mask_edges, apply_confidence_mask
    ):
        known = {"img", "data_norm_type", "intrinsics", "camera_poses", "depth_z", "is_metric_scale"}
        assert all(set(view) <= known and view["data_norm_type"] == ["dinov2"] for view in views)
        assert not any("camera_poses" in view for view in views) or "camera_poses" in views[0]
        first = torch.linalg.inv(views[0]["camera_poses"][0].double())
        answers = []
        for view, depth in zip(views, self.depth):
            _, channels, h, w = view["img"].shape
            assert channels == 3 and h % 14 == 0 and w % 14 == 0 and view["intrinsics"].shape == (1, 3, 3)
            # The principal point is in pixels of the very image it gets.
            assert view["intrinsics"][0, 0, 2] == pytest.approx(w / 2) and view["intrinsics"][0, 1, 2] == pytest.approx(
                h / 2
            )
            if "depth_z" in view:
                assert view["depth_z"].shape == (1, h, w)
            depth_z = torch.nn.functional.interpolate(depth[None, None], size=(h, w), mode="nearest-exact")[0, 0] / UNIT
            pose = first @ view["camera_poses"][0].double()
            pose[:3, 3] /= UNIT
            mask = torch.ones(1, h, w, 1, dtype=torch.bool)
            mask[0, 0] = False
            answers.append({
                "pts3d": torch.full((1, h, w, 3), torch.nan), "pts3d_cam": torch.full((1, h, w, 3), torch.nan), "depth_z": depth_z[None, :, :, None],
                "mask": mask, "conf": torch.ones(1, h, w), "camera_poses": pose[None].float(), "intrinsics": view["intrinsics"],
            })  # fmt: skip
        return answers


def path(*shifts):
    w2c = torch.eye(4, dtype=torch.float64).repeat(len(shifts), 1, 1)
    w2c[:, 0, 3] = 7.0 - torch.tensor(shifts, dtype=torch.float64)  # the first camera is not the identity
    return make_cameras(w2c, intrinsics_from_fov(62.0, WIDTH, HEIGHT))


def depth_of(count):
    return (
        (torch.linspace(2, 5, WIDTH)[None, None] + torch.arange(count)[:, None, None])
        .expand(count, HEIGHT, WIDTH)
        .clone()
    )


def test_known_depth_comes_back_in_scene_units_by_the_camera_path():
    cameras, depth = path(0.0, 0.3, 0.9), depth_of(3)
    maps = mapanything_depth(Double(depth), torch.zeros(3, HEIGHT, WIDTH, 3, dtype=torch.uint8), cameras)
    assert "camera path" in maps.source and maps.metric
    assert torch.allclose(maps.depth[:, 1:], depth[:, 1:], rtol=1e-5) and not maps.depth[:, 0].any()
    estimate = estimate_scene(maps, cameras, HEIGHT, WIDTH)
    assert torch.equal(estimate.cameras.w2c, cameras.w2c)


def test_a_turning_camera_takes_the_scale_from_the_cloud_and_else_stays_metric():
    cameras, depth = path(0.0, 0.0), depth_of(2)
    frames = torch.zeros(2, HEIGHT, WIDTH, 3, dtype=torch.uint8)
    prior = torch.where(torch.rand(depth.shape) > 0.7, depth, 0.0)
    maps = mapanything_depth(Double(depth), frames, cameras, prior=prior)
    assert "overlap" in maps.source and torch.allclose(maps.depth[:, 1:], depth[:, 1:], rtol=1e-4)
    assert "own metres" in mapanything_depth(Double(depth), frames, cameras).source
    with pytest.raises(SpatiaError, match="one camera per frame"):
        mapanything_depth(Double(depth), frames, path(0.0))


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(SpatiaError, match="(?s)lacks config.json and model.safetensors.*map-anything-apache"):
        load_mapanything(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SpatiaError, match="torch_hub_pretrained"):
        load_mapanything(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(SpatiaError, match="cannot be read"):
        load_mapanything(tmp_path)
    if importlib.util.find_spec("mapanything") is None:
        (tmp_path / "config.json").write_text(json.dumps({"encoder_config": {"torch_hub_pretrained": False}}))
        with pytest.raises(SpatiaError, match="not installed"):
            load_mapanything(tmp_path)


def test_itself():
    mapanything = pytest.importorskip(
        "mapanything.models", reason="MapAnything is not installed; the double stands in for it"
    )
    import inspect

    accepted = inspect.signature(mapanything.MapAnything.infer).parameters
    assert {
        "views",
        "memory_efficient_inference",
        "use_amp",
        "amp_dtype",
        "apply_mask",
        "mask_edges",
        "apply_confidence_mask",
    } <= set(accepted)
