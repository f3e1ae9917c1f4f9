"""Clouds and meshes of other formats: .glb is read here, the others by Open3D, which is imported only when such a file comes."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import numpy as np
import torch

from ..errors import SpatiaError
from ..inputs import shown
from .glb import parse_glb
from .point_cloud import PointCloud, make_point_cloud

MESH_FORMATS = ("obj", "stl", "off", "gltf", "glb", "fbx")
CLOUD_FORMATS = ("pcd", "xyz", "xyzn", "xyzrgb", "pts")
MESH_POINTS = 200_000
_GREY = 0.7


def read_foreign(path: str | os.PathLike, name: str, *, points: int = MESH_POINTS) -> PointCloud:
    """A cloud of a file that is no PLY: its points, or `points` samples spread evenly over a mesh.

    Vertex colours are kept; where there are none, points are grey. Raises SpatiaError on other formats, on a file without
    points, and, saying what to install, where Open3D cannot be imported.
    """
    format = os.path.splitext(os.fspath(path))[1].lower().lstrip(".")
    if format not in MESH_FORMATS + CLOUD_FORMATS:
        raise SpatiaError(
            f"{name} has format {format or 'unknown'!r}, expected ply, {', '.join(CLOUD_FORMATS)}, or a mesh: {', '.join(MESH_FORMATS)}; convert it first."
        )
    if format == "glb":
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise SpatiaError(f"{name} could not be opened ({error.strerror}); check the file name.") from error
        return parse_glb(data, name, points=points)
    open3d = import_open3d(f"{name} is a .{format} file")
    try:
        cloud = _read_by_open3d(open3d, os.fspath(path), format, points)
    except (MemoryError, RuntimeError, IndexError, ValueError) as error:
        raise SpatiaError(
            f"{name} could not be read by Open3D ({shown(str(error))}); convert it to a PLY point cloud."
        ) from error
    if cloud is None:
        raise SpatiaError(f"{name} holds no triangle, expected a mesh; choose another file.")
    positions = torch.from_numpy(np.array(cloud.points, dtype=np.float64))
    if not len(positions):
        raise SpatiaError(f"{name} holds no point, expected at least one; choose another file.")
    colors = (
        torch.full((len(positions), 3), _GREY)
        if not cloud.has_colors()
        else torch.from_numpy(np.array(cloud.colors)).clamp(0, 1).float()
    )
    return make_point_cloud(positions, colors)


def _read_by_open3d(open3d: ModuleType, path: str, format: str, points: int) -> Any:
    """Open3D's cloud of a file, None of a mesh without triangles."""
    if format in CLOUD_FORMATS:
        return open3d.io.read_point_cloud(path)
    mesh = open3d.io.read_triangle_mesh(path)
    if not len(mesh.triangles):
        return None
    # The same points every time, so that a workflow gives the same scene twice.
    open3d.utility.random.seed(0)
    return mesh.sample_points_uniformly(points)


def import_open3d(why: str) -> ModuleType:
    """The open3d module. Raises SpatiaError that says what to install."""
    try:
        import open3d
    except (ImportError, OSError) as error:
        # Its wheel links against libusb and libGL, which plain containers lack: then it is installed and still fails here.
        raise SpatiaError(
            f"{why}, which needs Open3D, and it cannot be imported ({error}). Install it into ComfyUI's Python with "
            "`pip install open3d` and, on a plain Debian or Ubuntu, `apt install libusb-1.0-0 libgl1 libgomp1`; or convert the file to a PLY point cloud, which needs nothing."
        ) from error
    return open3d
