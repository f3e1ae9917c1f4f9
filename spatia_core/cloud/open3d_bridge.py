"""What Open3D does for clouds: stray points, DBSCAN, planes by RANSAC, registration by ICP, and files of other formats.

Open3D is an extra (`pip install open3d`) and imported here alone, when it is first needed. What is asked of it is refused,
saying how to install it, where it cannot be imported; nothing else stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import shown
from ..interrupt import look_for_interrupt
from .point_cloud import PointCloud, make_point_cloud

MOST_NEIGHBOURS = 1000  # that a point is asked for
_MOST_PAIRS = 400_000_000  # of neighbours; DBSCAN holds them all, 4 bytes each
_PLANE_TRIES, _PLANE_ROUNDS = 1000, 100
_NORMAL_NEIGHBOURS = 30
_ICP_ROUNDS = 100
_MOST_MOVING, _MOST_FIXED = 50_000, 500_000  # points that ICP looks at
_GREY = 0.7
_LEAST_SHARE = 0.05  # of the points that find one of the other cloud


class Registered(NamedTuple):
    """How a cloud was laid onto another one."""

    pose: Tensor  # (4, 4) float64, applied to its points
    share: float  # of its points that then lie within the distance
    error: float  # root mean square of their distances, scene units


def import_open3d(why: str) -> ModuleType:
    """The open3d module. Raises SpatiaError that says what to install."""
    try:
        import open3d
    except (ImportError, OSError) as error:
        # Its wheel links against libusb and libGL, which plain containers lack: then it is installed and still fails here.
        raise SpatiaError(
            f"{why}, which needs Open3D, and it cannot be imported ({error}). Install it into ComfyUI's Python with "
            "`pip install open3d` and, on a plain Debian or Ubuntu, `apt install libusb-1.0-0 libgl1 libx11-6 libgomp1`."
        ) from error
    return open3d


# --- selections: (positions (P, 3), ...) -> bool mask (P,) ---


def statistical_outliers(positions: Tensor, neighbours: int, deviations: float) -> Tensor:
    """Points farther from their nearest ones than is usual: their mean distance to `neighbours` points, themselves the
    nearest, is more than so many standard deviations above the cloud's mean.
    """
    open3d = import_open3d("Stray points were to be found")
    if positions.shape[0] < 3:
        return torch.zeros_like(positions[:, 0], dtype=torch.bool)  # two points are equally far from each other
    with _quiet(open3d):
        _, kept = _cloud(open3d, positions).remove_statistical_outlier(neighbours, deviations)
    distinct = len(kept) > 0  # where all lie on one place there is no deviation, and none is kept
    return ~_mask(kept, positions) if distinct else torch.zeros_like(positions[:, 0], dtype=torch.bool)


def radius_outliers(positions: Tensor, neighbours: int, radius: float) -> Tensor:
    """Points with fewer than `neighbours` others within `radius` (scene units)."""
    open3d = import_open3d("Sparse points were to be found")
    _refuse_crowded(positions, radius, "radius")
    if not positions.shape[0]:
        return torch.zeros_like(positions[:, 0], dtype=torch.bool)
    with _quiet(open3d):
        # It keeps those with more points in the ball than it is given, and counts the point itself.
        _, kept = _cloud(open3d, positions).remove_radius_outlier(neighbours, radius)
    return ~_mask(kept, positions)


def dbscan_cluster(positions: Tensor, distance: float, neighbours: int, at: Tensor | None) -> Tensor:
    """One cluster of DBSCAN (`neighbours` points within `distance`, itself one of them, make a core): the largest, or, with
    a place `at`, the one that holds the point of any cluster nearest to it.
    """
    open3d = import_open3d("Clusters were to be found")
    _refuse_crowded(positions, distance, "distance")
    label = np.zeros(0, np.int64)
    if positions.shape[0]:
        with _quiet(open3d):
            label = np.asarray(_cloud(open3d, positions).cluster_dbscan(distance, neighbours), np.int64)
    known = label >= 0
    if not known.any():
        raise SpatiaError(
            f"None of the {positions.shape[0]} points has {neighbours} points within {distance:g}, so there is no cluster; "
            "increase distance, or lower neighbours."
        )
    if at is None:
        wanted = np.bincount(label[known]).argmax()
    else:
        far = (positions.to(torch.float64) - at).square().sum(1).cpu().numpy()
        wanted = label[np.where(known, far, np.inf).argmin()]
    return torch.from_numpy(label == wanted).to(positions.device)


def ransac_plane(positions: Tensor, distance: float) -> Tensor:
    """Points at most `distance` from the plane that most points lie so near to.

    RANSAC finds it, and least squares settle it: its tries run at once, and would not end alike twice.
    """
    open3d = import_open3d("The largest plane was to be found")
    if positions.shape[0] < 3:
        raise SpatiaError(
            f"A plane was to be found among {positions.shape[0]} points, expected at least 3; select more."
        )
    with _quiet(open3d):
        open3d.utility.random.seed(0)
        found, _ = _cloud(open3d, positions).segment_plane(distance, 3, _PLANE_TRIES)
    points = positions.detach().cpu().to(torch.float64).numpy()
    inliers = np.abs(points @ np.asarray(found[:3]) + float(found[3])) <= distance
    for _ in range(_PLANE_ROUNDS):
        look_for_interrupt()
        middle = points[inliers].mean(0) if inliers.any() else points[0]
        squares, axes = np.linalg.eigh((points[inliers] - middle).T @ (points[inliers] - middle))
        if not squares[1] > 1e-12 * squares[2]:
            raise SpatiaError(
                f"The {positions.shape[0]} points lie on one place or line, which fits many planes; select more."
            )
        again = np.abs((points - middle) @ axes[:, 0]) <= distance
        if again.sum() < 3 or (again == inliers).all():
            break
        inliers = again
    return torch.from_numpy(inliers).to(positions.device)


# --- registration ---


def register(moving: Tensor, fixed: Tensor, distance: float) -> Registered:
    """Lay points (M, 3) onto others (F, 3) by ICP: turned and moved, not scaled, so that those pairs lie on each other that
    are at most `distance` apart. Raises SpatiaError where too few find one.
    """
    open3d = import_open3d("A cloud was to be laid onto the scene")
    source, target = (points.detach().cpu().to(torch.float64) for points in (moving, fixed))
    share, error, pose, origin = 0.0, 0.0, np.eye(4), torch.zeros(3, dtype=torch.float64)
    if len(source):
        low, high = source.amin(0), source.amax(0)
        reach = distance + (high - low) / 2
        target = _thinned(target[((target >= low - reach) & (target <= high + reach)).all(1)], _MOST_FIXED)
        # Sums of squares far from the origin would lose the small differences.
        origin = (low + high) / 2
    if len(source) and len(target):
        with _quiet(open3d):
            there = _cloud(open3d, target - origin)
            there.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(_NORMAL_NEIGHBOURS))
            look_for_interrupt()
            icp = open3d.pipelines.registration
            found = icp.registration_icp(
                _cloud(open3d, _thinned(source, _MOST_MOVING) - origin),
                there,
                distance,
                np.eye(4),
                icp.TransformationEstimationPointToPlane(),
                icp.ICPConvergenceCriteria(1e-7, 1e-7, _ICP_ROUNDS),
            )
        share, error, pose = found.fitness, found.inlier_rmse, np.array(found.transformation)
    if not np.isfinite(pose).all() or share < _LEAST_SHARE:
        raise SpatiaError(
            f"{share:.1%} of the {moving.shape[0]} points to be laid onto the scene lie within {distance:g} of it, expected "
            f"{_LEAST_SHARE:.0%} or more; place them nearer by move, rotate and scale, or increase register."
        )
    whole = torch.from_numpy(pose)
    whole[:3, 3] += origin - whole[:3, :3] @ origin
    return Registered(whole, float(share), float(error))


# --- files ---


def read_points(path: str, name: str) -> PointCloud:
    """The points of a file, grey where it has no colours."""
    open3d = import_open3d(f"{name} is a cloud of another format than PLY")
    with _reading(open3d, name):
        cloud = open3d.io.read_point_cloud(path, remove_nan_points=True, remove_infinite_points=True)
    positions = np.array(cloud.points)
    if not len(positions):
        raise SpatiaError(f"{name} holds no point, expected at least one; choose another file.")
    colors = np.array(cloud.colors) if cloud.has_colors() else np.full((len(positions), 3), _GREY)
    return _made(positions, colors)


def sample_mesh(path: str, name: str, points: int) -> PointCloud:
    """`points` samples spread evenly over a mesh, coloured by its textures, else its vertices, else its materials, else grey.

    The same points every time, so that a workflow gives the same scene twice.
    """
    open3d = import_open3d(f"{name} is a mesh of another format than GLB")
    with _reading(open3d, name):
        parts = [part for part in _parts(open3d, path) if len(part.mesh.triangles)]
        areas = [part.mesh.get_surface_area() for part in parts]
        if not 0 < sum(areas) < np.inf:
            raise SpatiaError(f"{name} holds no triangle with a finite surface, expected a mesh; choose another file.")
        open3d.utility.random.seed(0)
        last = np.round(np.cumsum(areas) / sum(areas) * points).astype(int)
        samples = [
            _sampled(open3d, part, int(count)) for part, count in zip(parts, np.diff(last, prepend=0)) if count > 0
        ]
    positions, colors = (np.concatenate(arrays) for arrays in zip(*samples))
    return _made(positions, colors)


class _Part(NamedTuple):
    """A mesh of one material."""

    mesh: Any
    color: np.ndarray | None  # (3,) of the material
    texture: Any  # its picture, or None


def _parts(open3d: ModuleType, path: str) -> list[_Part]:
    if path.lower().endswith((".obj", ".gltf", ".fbx")):
        model = open3d.io.read_triangle_model(path)
        return [_part(entry.mesh, model.materials[entry.material_idx]) for entry in model.meshes]
    return [_Part(open3d.io.read_triangle_mesh(path), None, None)]


def _part(mesh: Any, material: Any) -> _Part:
    texture = material.albedo_img
    usable = texture is not None and not texture.is_empty() and mesh.has_triangle_uvs()
    return _Part(mesh, np.array(material.base_color[:3], np.float64), texture if usable else None)


def _sampled(open3d: ModuleType, part: _Part, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and colours in [0, 1] of samples (N, 3)."""
    tensors = open3d.t.geometry
    mesh = tensors.TriangleMesh.from_legacy(part.mesh)
    if part.texture is not None:
        mesh.material.set_default_properties()
        # Its sampler counts v from the first row, files from the last.
        mesh.material.texture_maps["albedo"] = tensors.Image.from_legacy(part.texture.flip_vertical())
    found = mesh.sample_points_uniformly(points).point
    positions = found.positions.numpy()
    if "colors" in found:
        return positions, found.colors.numpy().astype(np.float64)
    return positions, np.broadcast_to(_GREY if part.color is None else part.color, positions.shape)


def _made(positions: np.ndarray, colors: np.ndarray) -> PointCloud:
    return make_point_cloud(torch.from_numpy(positions), torch.from_numpy(np.clip(colors, 0, 1).astype(np.float32)))


@contextmanager
def _reading(open3d: ModuleType, name: str) -> Iterator[None]:
    try:
        with _quiet(open3d):
            yield
    except (MemoryError, RuntimeError, IndexError, ValueError) as error:
        raise SpatiaError(
            f"{name} could not be read by Open3D ({shown(str(error))}); convert it to a PLY point cloud."
        ) from error


# --- helpers ---


@contextmanager
def _quiet(open3d: ModuleType) -> Iterator[None]:
    """Its warnings are for who calls it, not for a user's console."""
    look_for_interrupt()
    with open3d.utility.VerbosityContextManager(open3d.utility.VerbosityLevel.Error):
        yield
    look_for_interrupt()


def _cloud(open3d: ModuleType, positions: Tensor) -> Any:
    points = positions.detach().cpu().to(torch.float64).numpy()
    return open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))


def _thinned(points: Tensor, most: int) -> Tensor:
    return points[:: max(1, -(-len(points) // most))]


def _mask(kept: list[int], positions: Tensor) -> Tensor:
    mask = torch.zeros(positions.shape[0], dtype=torch.bool)
    mask[torch.as_tensor(np.asarray(kept, np.int64))] = True
    return mask.to(positions.device)


def _refuse_crowded(positions: Tensor, reach: float, what: str) -> None:
    """Refuse a reach within which points have so many neighbours that memory or patience end first."""
    # A ball of radius r holds about 4 times what a cube of edge r does, in clouds that fill space and on surfaces.
    cells = np.floor(positions.detach().cpu().to(torch.float64).numpy() / reach)
    with np.errstate(invalid="ignore"):
        keys = cells.clip(-(2.0**62), 2.0**62).astype(np.int64) @ np.array([73_856_093, 19_349_663, 83_492_791])
    _, count = np.unique(keys, return_counts=True)
    pairs = 4 * float(np.square(count.astype(np.float64)).sum())
    if pairs > _MOST_PAIRS:
        raise SpatiaError(
            f"Within {reach:g} the {positions.shape[0]} points have about {pairs / positions.shape[0]:.0f} neighbours each, expected "
            f"{_MOST_PAIRS // positions.shape[0]} or fewer; decrease {what}, or merge points by voxels first."
        )
