"""Splats and 3D files of the host as the first memory, and scenes as splats, with the host's own nodes on the other side."""

from __future__ import annotations

import math

import pytest
import torch
from page_defaults import run

WIDTH, HEIGHT, FOV = 256, 192, 60.0


@pytest.fixture
def scenes(pack_module):
    return pack_module("nodes.scene_files")


@pytest.fixture
def room():
    """Points on a slanted wall of many colours, left brighter than right, with a red patch at the upper left."""
    from spatia_core.cloud.point_cloud import make_point_cloud

    u, v = torch.meshgrid(torch.linspace(-1.6, 1.6, 321), torch.linspace(-1.2, 1.2, 241), indexing="ij")
    at = torch.stack([u, v, 2 + 0.3 * u], 2).reshape(-1, 3)
    shade = (180 - 60 * u).reshape(-1, 1).expand(-1, 3).clone()
    shade[(at[:, 0] < -0.4) & (at[:, 1] < -0.3)] = torch.tensor([220.0, 30.0, 30.0])
    return make_point_cloud(at, shade.to(torch.uint8))


@pytest.fixture
def memory(room, pack_module):
    from spatia_core.cameras import intrinsics_from_fov, make_cameras

    camera = make_cameras(torch.eye(4)[None], intrinsics_from_fov(FOV, WIDTH, HEIGHT))
    blank = torch.zeros(HEIGHT, WIDTH, 3, dtype=torch.uint8)
    return pack_module("spatia_core.memory").memory_of_image(blank, camera, room, 0.01)


def psnr(a, b) -> float:
    return float(-10 * torch.log10(((a - b) ** 2).mean()))


def seen_by_the_host(splat, **settings):
    """The host's Render Splat from the world's origin, looking along -z of its y-up world."""
    from comfy_extras.nodes_gaussian_splat import CreateCameraInfo, RenderSplat

    vertical = math.degrees(2 * math.atan(math.tan(math.radians(FOV / 2)) * HEIGHT / WIDTH))
    mode = {"mode": "look_at", "position_x": 0.0, "position_y": 0.0, "position_z": 0.0}
    (camera,) = CreateCameraInfo.execute(mode, 0.0, 0.0, -1.0, 0.0, vertical).args
    return RenderSplat.execute(splat, WIDTH, HEIGHT, 1, 1.0, 1.0, 0.0, 0.0, "#000000", "color", camera).args


def test_the_hosts_picture_of_the_scenes_splat_is_ours(scenes, memory, pack_module):
    splat, count = run(scenes.SpatiaSceneSplat, memory=memory)
    assert count == memory.cloud.size
    theirs, mask = seen_by_the_host(splat)
    ours, _ = pack_module("nodes.render").project(memory, memory.cameras, radius=0.02, tell=print)
    assert mask.mean() > 0.95
    inner = (slice(None), slice(8, -8), slice(8, -8))
    assert psnr(theirs[inner], ours[inner]) > 30
    # Neither turned over nor mirrored, which the wall and its patch would show.
    for wrong in (ours.flip(1), ours.flip(2)):
        assert psnr(theirs[inner], wrong[inner]) < 25


@pytest.mark.parametrize("format", ["splat", "ply", "ksplat", "spz"])
def test_a_splat_begins_a_memory(scenes, memory, format):
    """A socket's SPLAT, or a file of one, in whatever format."""
    from comfy_extras.nodes_gaussian_splat import SplatToFile3D

    splat = run(scenes.SpatiaSceneSplat, memory=memory)[0]
    model = splat if format == "splat" else SplatToFile3D.execute(splat, format).args[0]
    assert model is splat or model.format == format
    loaded, cameras, image = run(
        scenes.SpatiaLoadScene,
        model_3d=model,
        axes=scenes.BY_KIND,
        fov=FOV,
        voxel_size=0.02,
        width=WIDTH,
        height=HEIGHT,
    )
    assert loaded.frame_count == 1 and (loaded.cloud.view == -1).all() and loaded.voxel_size == 0.02
    apart = torch.cdist(loaded.cloud.positions, memory.cloud.positions[::7]).min(1).values
    assert apart.max() < 0.06
    assert torch.equal(cameras.w2c[0], torch.eye(4, dtype=torch.float64))
    ours, _ = memory_picture(scenes, memory)
    assert image.shape == (1, HEIGHT, WIDTH, 3) and psnr(image, ours) > 18
    assert all(psnr(image, ours.flip(axis)) < 16 for axis in (1, 2))
    assert torch.equal(loaded.read_frames([0]).float() / 255, image)


def memory_picture(scenes, memory):
    return scenes.project(memory, memory.cameras, radius=0.02, tell=print)


@pytest.mark.parametrize("socket", ["MESH", "FILE_3D"])
def test_a_blockout_is_filmed_from_a_camera_of_its_own(scenes, pack_module, tmp_path, socket):
    """A mesh of the host's, y up: a floor and a box before a camera that stands above the floor."""
    from comfy_api.latest import Types
    from comfy_extras.nodes_save_3d import save_glb

    from spatia_core.cameras import intrinsics_from_fov, make_cameras

    floor = torch.tensor([[-3.0, 0, 3], [3, 0, 3], [3, 0, -6], [-3, 0, -6]])
    wall = torch.tensor([[-3.0, 0, -5], [3, 0, -5], [3, 3, -5], [-3, 3, -5]])
    faces = torch.tensor([[0, 1, 2], [0, 2, 3]])
    colors = torch.cat([torch.tensor([[0.0, 1, 0]]).expand(4, 3), torch.tensor([[0.0, 0, 1]]).expand(4, 3)])
    if socket == "MESH":
        model = Types.MESH(
            torch.cat([floor, wall])[None], torch.cat([faces, faces + 4])[None], vertex_colors=colors[None]
        )
    else:
        save_glb(torch.cat([floor, wall]), torch.cat([faces, faces + 4]), str(tmp_path / "b.glb"), vertex_colors=colors)
        model = Types.File3D(str(tmp_path / "b.glb"))
    eye = torch.tensor([0.0, 1.5, 0.0])  # in the mesh's axes; in ours y turns over
    w2c = torch.eye(4)
    w2c[:3, 3] = -eye * torch.tensor([1.0, -1.0, -1.0])
    camera = make_cameras(w2c[None].repeat(3, 1, 1), intrinsics_from_fov(FOV, WIDTH, HEIGHT))
    _, cameras, image = run(
        scenes.SpatiaLoadScene, model_3d=model, axes=scenes.BY_KIND, cameras=camera, voxel_size=0.02,
        width=WIDTH, height=HEIGHT, mesh_points=60_000,
    )  # fmt: skip
    assert cameras.count == 1 and torch.equal(cameras.w2c[0], camera.w2c[0])
    upper, lower = image[0, HEIGHT // 2 - 30, WIDTH // 2], image[0, -10, WIDTH // 2]
    assert upper.argmax() == 2 and lower.argmax() == 1, "the wall is blue and above, the floor green and below"
    # An image model may work on the drawing, which then begins the memory in its place.
    painted = (image * 0.5 + 0.25).clamp(0, 1)
    again, _, first = run(scenes.SpatiaLoadScene, model_3d=model, axes=scenes.BY_KIND, cameras=camera, image=painted)
    assert torch.allclose(first, painted, atol=1 / 255) and again.cloud.size


def test_a_models_profile_is_kept_and_a_clouds_axes_are_its_own(scenes, memory, loaded, comfy_host):
    (name,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="kinds/scene", content="PLY")
    new, _, _ = run(scenes.SpatiaLoadScene, file=name, axes=scenes.BY_KIND, model=loaded[0], width=64, height=32)
    assert torch.equal(new.cloud.positions, memory.cloud.positions) and new.made_for
    replaced, _, _ = run(scenes.SpatiaLoadScene, model_3d=run(scenes.SpatiaSceneSplat, memory=memory)[0], memory=memory)
    assert replaced.cameras.count == memory.cameras.count and replaced.cloud.size


def test_it_says_what_is_wrong(scenes, memory, pack_module, comfy_host):
    from io import BytesIO

    from comfy_api.latest import Types

    from spatia_core.cameras import make_cameras

    error = pack_module("spatia_core.errors").SpatiaError
    splat = run(scenes.SpatiaSceneSplat, memory=memory)[0]
    (name,) = run(scenes.SpatiaSaveScene, memory=memory, filename_prefix="wrong3d/scene", content="PLY")
    two = Types.SPLAT(*(part.repeat(2, *[1] * (part.ndim - 1)) for part in (
        splat.positions, splat.scales, splat.rotations, splat.opacities, splat.sh
    )))  # fmt: skip
    away = make_cameras(torch.diag(torch.tensor([-1.0, 1, -1, 1]))[None], [0.8, 1.0, 0.5, 0.5])
    broken = [
        (dict(file=name, model_3d=splat), "is chosen, and model_3d is connected"),
        (dict(model_3d=two), "holds 2 splats, expected one"),
        (dict(model_3d={"some": "thing"}), "expected a connection"),
        (dict(model_3d=splat, memory=memory, cameras=memory.cameras), "memory and cameras are connected"),
        (dict(model_3d=splat, image=torch.rand(2, 32, 64, 3)), "a single image"),
        (dict(model_3d=splat, cameras=away), "points is in view"),
        (dict(model_3d=Types.File3D(BytesIO(b"no splat"), "spz")), "could not be read as a splat"),
        (dict(model_3d=Types.File3D(BytesIO(b"x"), "usdz")), "'usdz', expected ply"),
        (dict(model_3d=Types.File3D(BytesIO(b"x"), "")), "'unknown', expected ply"),
        (dict(model_3d=splat, voxel_size=1e-4), "increase voxel_size to"),
    ]
    for inputs, message in broken:
        with pytest.raises(error, match=message):
            run(scenes.SpatiaLoadScene, **inputs)


def with_camera(data: bytes, eye: list[float], aspect: float, yfov: float) -> bytes:
    """A .glb with one camera more, as a modelling program writes it: it looks along its own -z."""
    import json
    import struct

    (length,) = struct.unpack_from("<I", data, 12)
    scene = json.loads(data[20 : 20 + length])
    scene["cameras"] = [{"type": "perspective", "perspective": {"aspectRatio": aspect, "yfov": yfov, "znear": 0.1}}]
    scene["nodes"].append({"camera": 0, "translation": eye, "name": "Camera"})
    scene["scenes"][scene.get("scene", 0)]["nodes"].append(len(scene["nodes"]) - 1)
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A) + text + rest


def test_a_file_with_rooms_and_a_camera_is_a_shot(scenes, pack_module, comfy_host, tmp_path):
    """One .glb in ComfyUI's input folder: Import Cameras reads its camera, Load Scene its walls, and both lie in one world."""
    from comfy_extras.nodes_save_3d import save_glb

    # A red post left of the middle and above the eye's height, a blue one right of it and below.
    posts = [([-1.0, 2.0, -4.0], [1.0, 0, 0]), ([1.0, 1.0, -4.0], [0.0, 0, 1.0])]
    corners = torch.tensor([[-0.3, -0.3, 0.0], [0.3, -0.3, 0.0], [0.3, 0.3, 0.0], [-0.3, 0.3, 0.0]])
    vertices = torch.cat([corners + torch.tensor(at) for at, _ in posts])
    colors = torch.cat([torch.tensor(color).expand(4, 3) for _, color in posts])
    faces = torch.tensor([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    save_glb(vertices, faces, str(tmp_path / "rooms.glb"), vertex_colors=colors)
    yfov = 2 * math.atan(math.tan(math.radians(30)) * HEIGHT / WIDTH)
    shot = with_camera((tmp_path / "rooms.glb").read_bytes(), [0.0, 1.5, 0.0], WIDTH / HEIGHT, yfov)
    (comfy_host / "input" / "shot.glb").write_bytes(shot)
    imported = run(
        pack_module("nodes.cameras").SpatiaImportCameras,
        file="shot.glb",
        start="as in the file",
        width=WIDTH,
        height=HEIGHT,
    )[0]
    _, _, image = run(
        scenes.SpatiaLoadScene, file="shot.glb", axes=scenes.BY_KIND, cameras=imported, width=WIDTH, height=HEIGHT,
        voxel_size=0.01, mesh_points=40_000,
    )  # fmt: skip
    focal = WIDTH / 2 / math.tan(math.radians(30))
    for (x, y, z), color in posts:
        column, row = round(WIDTH / 2 + focal * x / -z), round(HEIGHT / 2 - focal * (y - 1.5) / -z)
        seen = image[0, row - 5 : row + 6, column - 5 : column + 6].mean((0, 1))
        assert seen.argmax() == torch.tensor(color).argmax() and seen.max() > 0.5, (color, seen)
