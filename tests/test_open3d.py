"""What Open3D does for clouds, with the real package: against plain references, on scenes of a known answer, and without it."""

from __future__ import annotations

import json
import math
import os
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.edit import Scene, apply_edits, check_edits, parse_edits, select
from spatia_core.cloud.fill import _find_planes
from spatia_core.cloud.foreign import read_cloud
from spatia_core.cloud.open3d_bridge import import_open3d, ransac_plane, register
from spatia_core.cloud.voxels import voxel_index, voxel_mean
from spatia_core.errors import SpatiaError

LIBRARIES = ("libusb-1.0-0", "libgl1", "libx11-6", "libgomp1")


@pytest.fixture(scope="module")
def o3d():
    # A folder it may be in besides the tests' environment: it brings a web server, and a plugin for pytest.
    sys.path += [folder for folder in [os.environ.get("SPATIA_OPEN3D")] if folder]
    try:
        return import_open3d("These tests compare with Open3D")
    except SpatiaError as error:
        # In CI it must be there.
        if os.environ.get("SPATIA_OPEN3D_TESTS") == "required":
            raise
        pytest.skip(str(error))


def grey(positions):
    return make_point_cloud(torch.as_tensor(positions), torch.full((len(positions), 3), 128, dtype=torch.uint8))


def blob(points=1500, seed=0):
    return np.random.default_rng(seed).normal(size=(points, 3)).astype(np.float32).astype(np.float64)


def room(points=6000, seed=0):
    """A floor, a wall and a small ball above the floor, 4 mm rough."""
    rng = np.random.default_rng(seed)
    floor = np.c_[rng.uniform(-2, 2, points), np.full(points, 1.0), rng.uniform(1, 4, points)]
    wall = np.c_[rng.uniform(-2, 2, points // 3), rng.uniform(-1, 1, points // 3), np.full(points // 3, 4.0)]
    ball = rng.normal(size=(points // 6, 3))
    ball = 0.2 * ball / np.linalg.norm(ball, axis=1)[:, None] + [0.3, 0.2, 2]
    return np.concatenate([floor, wall, ball]) + 0.004 * rng.normal(size=(points + points // 3 + points // 6, 3))


# --- selections ---


def test_stray_points_are_those_of_the_plain_reference(o3d):
    points = blob()
    far = cKDTree(points).query(points, 12)[0].mean(1)  # the point itself is the nearest
    expected = far >= far.mean() + 1.5 * far.std(ddof=1)
    got = select(grey(points), {"shape": "outliers", "neighbours": 12, "deviations": 1.5}).numpy()
    assert 0 < expected.sum() < len(points) / 4
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("neighbours", [1, 3, 20])
def test_sparse_points_have_fewer_neighbours(o3d, neighbours):
    points = blob()
    others = cKDTree(points).query_ball_point(points, 0.4, return_length=True) - 1
    got = select(grey(points), {"shape": "sparse", "neighbours": neighbours, "radius": 0.4}).numpy()
    np.testing.assert_array_equal(got, others < neighbours)


def plain_dbscan(points, distance, neighbours):
    """Sets of the cores that hang together, each with all points within the distance of one of them."""
    near = cKDTree(points).query_ball_point(points, distance)
    cores = {i for i, found in enumerate(near) if len(found) >= neighbours}
    groups = []
    while cores:
        queue = [cores.pop()]
        group = set()
        for core in queue:
            group |= set(near[core])
            more = cores & set(near[core])
            cores -= more
            queue += more
        groups.append(group)
    return sorted(groups, key=len, reverse=True)


def test_clusters_are_those_of_the_plain_reference(o3d):
    near, far = 0.4 * blob(400), 0.3 * blob(250, 1) + [9, 0, 0]
    points = np.concatenate([near, far])
    groups = plain_dbscan(points, 0.2, 6)
    largest = select(grey(points), {"shape": "dbscan", "distance": 0.2, "neighbours": 6}).numpy()
    cores_alone = set(np.nonzero(largest)[0].tolist())
    # A point between two clusters belongs to either.
    assert cores_alone <= groups[0] and len(cores_alone) > 200
    other = select(grey(points), {"shape": "dbscan", "distance": 0.2, "neighbours": 6, "at": [8, 1, 0]}).numpy()
    assert other.sum() > 100 and not other[:400].any()


def test_a_cluster_is_also_that_of_our_own_cells(o3d):
    """Two well separated things: DBSCAN and the editor's clusters of touching cells take the same points."""
    points = np.concatenate([0.1 * blob(800), 0.1 * blob(500, 1) + [3, 0, 0]])
    dbscan = select(grey(points), {"shape": "dbscan", "distance": 0.3, "neighbours": 4, "at": [3, 0, 0]})
    cells = select(grey(points), {"shape": "cluster", "at": [3, 0, 0], "distance": 0.3})
    assert torch.equal(dbscan, cells) and int(cells.sum()) == 500


def test_the_largest_plane_is_the_floor_and_within_the_rest_the_wall(o3d):
    cloud = grey(room())
    plane = {"shape": "ransac_plane", "distance": 0.02}
    floor = select(cloud, plane).numpy()
    assert floor[:6000].mean() > 0.999 and floor[6000:].mean() < 0.05
    wall = select(cloud, plane | {"within": plane | {"invert": True}}).numpy()
    assert wall[6000:8000].mean() > 0.95 and not (wall & floor).any()


def test_planes_end_alike_every_time(o3d):
    # RANSAC's own answers differ from call to call; those that are settled do not.
    positions = torch.from_numpy(room())
    masks = [ransac_plane(positions, 0.02) for _ in range(5)]
    assert all(torch.equal(masks[0], mask) for mask in masks)


def test_the_fills_planes_are_no_worse_than_ransacs(o3d):
    """What filling looks for with its own search, which the page repeats: the planes that RANSAC finds, one after the other."""
    points = room()
    ours = _find_planes(points, 0.02, 0.02)[:2]
    left = torch.ones(len(points), dtype=torch.bool)
    for plane in ours:
        mask = torch.zeros_like(left)
        mask[left] = ransac_plane(torch.from_numpy(points)[left], 0.02)
        theirs = points[mask.numpy()]
        normal = np.linalg.eigh(np.cov(theirs.T))[1][:, 0]
        assert abs(normal @ plane.normal) > math.cos(math.radians(0.2))
        assert abs((theirs.mean(0) - plane.middle) @ plane.normal) < 0.002
        left &= ~mask


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_points(o3d, count):
    cloud = grey(np.eye(3)[:count])
    assert not select(cloud, {"shape": "outliers"}).any()
    assert select(cloud, {"shape": "sparse", "radius": 0.1}).all()
    with pytest.raises(SpatiaError, match="no cluster"):
        select(cloud, {"shape": "dbscan", "distance": 0.1})
    if count < 3:
        with pytest.raises(SpatiaError, match="at least 3"):
            select(cloud, {"shape": "ransac_plane", "distance": 0.1})
    else:
        assert select(cloud, {"shape": "ransac_plane", "distance": 0.1}).all()


def test_points_on_one_place_or_line(o3d):
    same, line = grey(np.ones((40, 3))), grey(np.outer(np.linspace(0, 1, 40), [1, 2, 3]))
    assert not select(same, {"shape": "outliers"}).any()
    assert select(same, {"shape": "dbscan", "distance": 0.1}).all()
    for cloud in (same, line):
        with pytest.raises(SpatiaError, match="many planes"):
            select(cloud, {"shape": "ransac_plane", "distance": 0.1})


def test_what_would_fill_the_memory_is_refused_at_once(o3d):
    cloud = grey(blob(50_000))
    for shape in ({"shape": "dbscan", "distance": 50.0}, {"shape": "sparse", "radius": 50.0}):
        with pytest.raises(SpatiaError, match="decrease"):
            select(cloud, shape)


def test_edits_with_them(o3d):
    stray = np.array([[0, -3, 2], [0.1, -3, 2], [5, 5, 9]])
    cloud = grey(np.concatenate([room(), stray]))
    edits = parse_edits(
        json.dumps(
            [
                {"do": "remove", "select": {"shape": "sparse", "radius": 0.3, "neighbours": 5}},
                {"do": "recolor", "select": {"shape": "ransac_plane", "distance": 0.02}, "color": "#00ff00"},
            ]
        )
    )
    edited = apply_edits(cloud, edits)
    assert edited.counts[0] == 3 and edited.cloud.size == cloud.size - 3 and edited.counts[1] >= 6000


@pytest.mark.parametrize(
    "selection, says",
    [
        ({"shape": "outliers", "neighbours": 0}, "neighbours"),
        ({"shape": "outliers", "deviations": 0}, "deviations"),
        ({"shape": "sparse"}, "radius"),
        ({"shape": "dbscan", "distance": -1}, "distance"),
        ({"shape": "dbscan", "distance": 1, "at": [1]}, "at"),
        ({"shape": "ransac_plane", "distance": math.inf}, "distance"),
    ],
)
def test_values_are_checked_without_open3d(monkeypatch, selection, says):
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(SpatiaError, match=says):
        check_edits([{"do": "remove", "select": selection}])


# --- merging by voxels ---


def test_voxel_merge_equals_open3d(o3d):
    cloud = grey(blob(5000))._replace(
        colors=torch.randint(0, 256, (5000, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    )
    legacy = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(cloud.positions.double().numpy()))
    legacy.colors = o3d.utility.Vector3dVector(cloud.colors.double().numpy() / 255)
    down = legacy.voxel_down_sample(0.25)
    voxel, n = voxel_index(cloud.positions, 0.25)
    ours, theirs = (
        rows[np.lexsort(rows.T[::-1])]
        for rows in (
            np.hstack([voxel_mean(cloud.positions, voxel, n), voxel_mean(cloud.colors / 255, voxel, n)]),
            np.hstack([down.points, down.colors]),
        )
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-7)


# --- registration ---


def test_registration_finds_the_way_back(o3d):
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xyz", [4, -5, 3], degrees=True).as_matrix()
    pose[:3, 3] = [0.05, -0.08, 0.1]
    scene, part = room(12000) + np.array([1000.0, 0, 0]), room(2000, seed=5)
    moved = part @ pose[:3, :3].T + pose[:3, 3] + np.array([1000.0, 0, 0])
    found = register(torch.from_numpy(moved), torch.from_numpy(scene), 0.3)
    back = moved @ found.pose[:3, :3].numpy().T + found.pose[:3, 3].numpy()
    assert np.abs(back - part - [1000, 0, 0]).max() < 0.03 and found.share > 0.95 and found.error < 0.05


def test_a_merged_cloud_is_registered(o3d):
    scene, part = grey(room(12000)), grey(room(2000, seed=5))
    edit = {"do": "merge", "move": [0.06, -0.05, 0.04], "rotate": [2, 3, -2], "register": 0.3}
    off = apply_edits(scene, [{k: v for k, v in edit.items() if k != "register"}], Scene(other=part)).cloud
    edited = apply_edits(scene, [edit], Scene(other=part))
    errors = [float((c.positions[scene.size :] - part.positions).norm(dim=1).mean()) for c in (off, edited.cloud)]
    assert errors[0] > 0.1 and errors[1] < 0.01
    assert "registered" in edited.report[0] and (edited.cloud.view[scene.size :] == -1).all()


def test_a_cloud_far_away_is_refused(o3d):
    with pytest.raises(SpatiaError, match="place them nearer"):
        apply_edits(
            grey(room()), [{"do": "merge", "move": [90, 0, 0], "register": 0.1}], Scene(other=grey(room(seed=5)))
        )
    with pytest.raises(SpatiaError, match="register"):
        register(torch.zeros(0, 3), torch.zeros(5, 3), 0.1)


# --- files ---


TRIANGLES = "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"


def obj(folder, material, body=SQUARE + "usemtl m\n" + TRIANGLES):
    (folder / "a.mtl").write_text("newmtl m\n" + material)
    (folder / "a.obj").write_text("mtllib a.mtl\n" + body)
    return read_cloud(folder / "a.obj", "a.obj", points=2000)


def textured_obj(folder):
    obj(folder, "Kd 1 1 1\nmap_Kd picture.png\n")
    return folder / "a.obj"


def textured_gltf(folder):
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4")
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")  # from the picture's upper left corner
    index = np.array([0, 1, 2, 0, 2, 3], "<u2")
    parts = [array.tobytes() for array in (corners, uv, index)]
    (folder / "a.bin").write_bytes(b"".join(parts))
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    kinds = [(5126, 4, "VEC3"), (5126, 4, "VEC2"), (5123, 6, "SCALAR")]
    description = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}], "textures": [{"source": 0}],
        "images": [{"uri": "picture.png"}], "buffers": [{"uri": "a.bin", "byteLength": starts[-1]}],
        "bufferViews": [{"buffer": 0, "byteOffset": at, "byteLength": len(part)} for at, part in zip(starts, parts)],
        "accessors": [{"bufferView": i, "componentType": kind, "count": count, "type": form} for i, (kind, count, form) in enumerate(kinds)],
    }  # fmt: skip
    description["accessors"][0] |= {"min": [0, 0, 0], "max": [1, 1, 0]}
    (folder / "a.gltf").write_text(json.dumps(description))
    return folder / "a.gltf"


@pytest.mark.parametrize("write", [textured_obj, textured_gltf])
def test_a_texture_colours_the_samples(o3d, tmp_path, write):
    quarters = np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 0]]], np.uint8)
    Image.fromarray(quarters.repeat(32, 0).repeat(32, 1)).save(tmp_path / "picture.png")
    cloud = read_cloud(write(tmp_path), "a", points=2000)
    x, y = cloud.positions[:, 0], cloud.positions[:, 1]
    assert cloud.size == 2000 and (cloud.positions[:, 2] == 0).all()
    for right, up, color in ((0, 1, [250, 0, 0]), (1, 1, [0, 250, 0]), (0, 0, [0, 0, 250]), (1, 0, [250, 250, 0])):
        here = ((x > 0.5) == bool(right)) & ((y > 0.5) == bool(up))
        here &= ((x - 0.5).abs() > 0.03) & ((y - 0.5).abs() > 0.03)
        assert 300 < int(here.sum()) < 600
        assert (cloud.colors[here].int() - torch.tensor(color)).abs().max() <= 2


def test_colours_of_materials_and_of_vertices(o3d, tmp_path):
    assert set(map(tuple, obj(tmp_path, "Kd 1 0.5 0\n").colors.tolist())) == {(255, 128, 0)}
    colored = "v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nf 1 2 3\n"
    (tmp_path / "b.obj").write_text(colored)
    cloud = read_cloud(tmp_path / "b.obj", "b.obj", points=500)
    assert (cloud.colors.int().sum(1) - 255).abs().max() <= 2 and cloud.colors.max() > 230
    (tmp_path / "c.obj").write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n")
    assert set(read_cloud(tmp_path / "c.obj", "c.obj", points=50).colors.flatten().tolist()) == {153}


def test_two_materials_share_by_area(o3d, tmp_path):
    (tmp_path / "a.mtl").write_text("newmtl red\nKd 1 0 0\nnewmtl blue\nKd 0 0 1\n")
    wide = "v 5 0 0\nv 8 0 0\nv 8 1 0\nv 5 1 0\n"
    (tmp_path / "a.obj").write_text(
        "mtllib a.mtl\n" + SQUARE + wide + "usemtl red\nf 1 2 3\nf 1 3 4\nusemtl blue\nf 5 6 7\nf 5 7 8\n"
    )
    cloud = read_cloud(tmp_path / "a.obj", "a.obj", points=4000)
    red = (cloud.colors == torch.tensor([255, 0, 0], dtype=torch.uint8)).all(1)
    assert cloud.size == 4000 and int(red.sum()) == 1000 and bool((red == (cloud.positions[:, 0] < 2)).all())


@pytest.mark.parametrize("format", ["stl", "off", "gltf"])
def test_meshes_are_sampled_alike_twice(o3d, tmp_path, format):
    box = o3d.geometry.TriangleMesh.create_box(1, 2, 3)
    box.vertex_colors = o3d.utility.Vector3dVector(np.tile([1.0, 0.5, 0.0], (8, 1)))
    path = tmp_path / f"box.{format}"
    box.compute_triangle_normals()
    box.compute_vertex_normals()
    assert o3d.io.write_triangle_mesh(str(path), box)
    one, two = (read_cloud(path, "box", points=3000) for _ in range(2))
    assert one.size == 3000 and torch.equal(one.positions, two.positions) and torch.equal(one.colors, two.colors)
    low, high = one.positions.aminmax(dim=0)
    assert (low.abs() < 0.01).all() and (high - torch.tensor([1.0, 2, 3])).abs().max() < 0.01
    expected = [178] * 3 if format == "stl" else [255, 128, 0]
    assert (one.colors.int() - torch.tensor(expected)).abs().max() <= 1


def test_a_ply_is_its_vertices(o3d, tmp_path):
    sphere = o3d.geometry.TriangleMesh.create_sphere(1.0, 12)
    sphere.paint_uniform_color([0, 1, 0])
    o3d.io.write_triangle_mesh(str(tmp_path / "mesh.ply"), sphere)
    assert read_cloud(tmp_path / "mesh.ply", "mesh.ply").size == len(sphere.vertices)


@pytest.mark.parametrize("format", ["pcd", "xyz", "xyzrgb", "pts", "xyzn"])
def test_other_clouds(o3d, tmp_path, format):
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(blob(50)))
    cloud.colors = o3d.utility.Vector3dVector(np.tile([0.2, 0.4, 0.6], (50, 1)))
    cloud.normals = o3d.utility.Vector3dVector(np.tile([0.0, 0.0, 1.0], (50, 1)))
    path = tmp_path / f"cloud.{format}"
    assert o3d.io.write_point_cloud(str(path), cloud)
    read = read_cloud(path, "cloud")
    np.testing.assert_allclose(read.positions.numpy(), blob(50), atol=1e-4)
    expected = [178] * 3 if format in ("xyz", "xyzn") else [51, 102, 153]
    assert (read.colors.int() - torch.tensor(expected)).abs().max() <= 1


@pytest.mark.parametrize("format", ["pcd", "xyz", "pts", "obj", "stl", "off", "gltf", "fbx"])
@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\0\xff" * 64])
def test_what_is_no_such_file(o3d, tmp_path, format, content):
    path = tmp_path / f"bad.{format}"
    path.write_bytes(content)
    with pytest.raises(SpatiaError, match="bad"):
        read_cloud(path, f"bad.{format}")


def test_without_open3d_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "open3d", None)
    cloud = grey(blob(30))
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "a.xyz").write_text("0 0 0\n")
    calls = [
        *(
            lambda shape=shape: apply_edits(cloud, [{"do": "remove", "select": shape}])
            for shape in (
                {"shape": "outliers"},
                {"shape": "sparse", "radius": 1},
                {"shape": "dbscan", "distance": 1},
                {"shape": "ransac_plane", "distance": 1},
            )
        ),
        lambda: apply_edits(cloud, [{"do": "merge", "register": 1}], Scene(other=cloud)),
        lambda: read_cloud(tmp_path / "a.obj", "a.obj"),
        lambda: read_cloud(tmp_path / "a.xyz", "a.xyz"),
    ]
    for call in calls:
        with pytest.raises(SpatiaError) as caught:
            call()
        assert "pip install open3d" in str(caught.value)
        assert all(library in str(caught.value) for library in LIBRARIES)
    with pytest.raises(SpatiaError, match="convert it"):
        read_cloud(tmp_path / "x.blend", "point_cloud")
    # What is off asks for nothing.
    apply_edits(cloud, [{"do": "remove", "select": {"shape": "outliers"}, "off": True}])
