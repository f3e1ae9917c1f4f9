"""Clouds and meshes from files of any format: .ply and .glb are read here, the others by Open3D (open3d_bridge.py)."""

from __future__ import annotations

import os

from ..errors import SpatiaError
from .glb import parse_glb
from .open3d_bridge import read_points, sample_mesh
from .ply import parse_ply
from .point_cloud import PointCloud

MESH_FORMATS = ("obj", "stl", "off", "gltf", "glb", "fbx")
CLOUD_FORMATS = ("pcd", "xyz", "xyzn", "xyzrgb", "pts")
FORMATS = ("ply", *CLOUD_FORMATS, *MESH_FORMATS)
MESH_POINTS = 200_000


def read_cloud(path: str | os.PathLike, name: str, *, points: int = MESH_POINTS) -> PointCloud:
    """The points of a file, or `points` samples spread evenly over a mesh, in the file's own axes.

    Colours are those of points, textures, vertices or materials; where there are none, points are grey, but a PLY cloud is
    refused. Raises SpatiaError on other formats, on a file without points, and, saying what to install, where Open3D is
    needed and cannot be imported.
    """
    path = os.fspath(path)
    format = os.path.splitext(path)[1].lower().lstrip(".")
    if format not in FORMATS:
        raise SpatiaError(
            f"{name} has format {format or 'unknown'!r}, expected ply, {', '.join(CLOUD_FORMATS)}, or a mesh: {', '.join(MESH_FORMATS)}; convert it first."
        )
    if format not in ("ply", "glb"):
        return read_points(path, name) if format in CLOUD_FORMATS else sample_mesh(path, name, points)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise SpatiaError(f"{name} could not be opened ({reason}); check the file name.") from error
    if format == "glb":
        return parse_glb(data, name, points=points)
    # A mesh's vertices as they are: Open3D's reader of PLY does not bear a damaged file.
    return parse_ply(data, name)
