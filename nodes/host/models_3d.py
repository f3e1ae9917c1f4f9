"""The host's 3D: splats (SPLAT), meshes (MESH) and files (FILE_3D of any kind) as points, and points as splats."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import torch
from comfy_api.latest import Types
from PIL import Image

from ...spatia_core.cloud import PointCloud
from ...spatia_core.cloud.foreign import MESH_FORMATS, read_cloud
from ...spatia_core.cloud.splats import cloud_of_splats, make_splats, splats_of_cloud
from ...spatia_core.errors import SpatiaError

_BAND_0 = 0.28209479177387814  # 1 / (2 sqrt(pi)): the spherical harmonic that is the same from all sides
_SPLAT_FORMATS = ("splat", "ksplat", "spz")
_HEADER = 1 << 16  # bytes of a PLY in which its header ends


def is_y_up(format: str) -> bool:
    """Whether files of this format have y up: meshes have; splats and clouds have the axes of a camera, y down."""
    return format in MESH_FORMATS


def points_of_model(model: Any, points: int, voxel_size: float) -> tuple[PointCloud, bool]:
    """(Points of a SPLAT, MESH or FILE_3D in its own axes, whether these have y up).

    points: how many are spread over a mesh. voxel_size: distance between those on splats. Raises SpatiaError.
    """
    if isinstance(model, Types.MESH):
        return _points_of_mesh(model, points), is_y_up("glb")
    if not isinstance(model, Types.File3D):
        return _points_of_splat(model, voxel_size), False
    format = model.format or "unknown"
    if format in _SPLAT_FORMATS or (format == "ply" and b"f_dc_0" in model.get_bytes()[:_HEADER]):
        return _points_of_splat(_read_splat(model), voxel_size), False
    with tempfile.TemporaryDirectory() as folder:
        path = model.save_to(os.path.join(folder, f"model.{format}"))
        return read_cloud(path, f"The 3D file ({format})", points=points), is_y_up(format)


def splat_of_cloud(cloud: PointCloud, voxel_size: float) -> Any:
    """A SPLAT of one item: a round splat for each point, in the scene's axes, which are a splat's."""
    splats = splats_of_cloud(cloud, voxel_size)
    harmonics = ((splats.colors - 0.5) / _BAND_0)[None, :, None]
    return Types.SPLAT(
        splats.positions[None], splats.scales[None], splats.rotations[None], splats.opacities[None, :, None], harmonics
    )


def _points_of_mesh(mesh: Any, points: int) -> PointCloud:
    """By way of a file, as the host writes it: there are its colours and its texture what this package reads."""
    # Here, for hosts before 0.24 have no such functions.
    from comfy_extras.nodes_save_3d import get_mesh_batch_item, save_glb

    if mesh.vertices.shape[0] != 1:
        raise SpatiaError(f"model_3d holds {mesh.vertices.shape[0]} meshes, expected one; pick one of the batch.")
    vertices, faces, colors, uvs = get_mesh_batch_item(mesh, 0)
    texture = getattr(mesh, "texture", None)
    image = None
    if texture is not None:
        image = Image.fromarray((texture[0].clamp(0, 1).cpu().numpy() * 255).astype("uint8"), mode="RGB")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mesh.glb")
        save_glb(vertices, faces, path, uvs=uvs, vertex_colors=colors, texture_image=image)
        return read_cloud(path, "The mesh", points=points)


def _read_splat(model: Types.File3D) -> Any:
    # Here, for hosts before 0.24 have no such nodes.
    from comfy_extras.nodes_gaussian_splat import File3DToSplat

    try:
        return File3DToSplat.execute(model).args[0]
    except Exception as error:  # of as many kinds as there are formats
        raise SpatiaError(
            f"The {model.format} file could not be read as a splat ({error}); export it again."
        ) from error


def _points_of_splat(splat: Any, voxel_size: float) -> PointCloud:
    named = (getattr(splat, name, None) for name in ("positions", "scales", "rotations", "opacities", "sh"))
    parts = [part for part in named if isinstance(part, torch.Tensor)]
    if len(parts) < 5 or parts[0].shape[0] != 1:
        held = type(splat).__name__ if len(parts) < 5 else f"{parts[0].shape[0]} splats"
        raise SpatiaError(
            f"model_3d holds {held}, expected one splat (SPLAT), a mesh or a 3D file; pick one of a batch, or join them by ComfyUI's "
            "Merge Splat."
        )
    counts = getattr(splat, "counts", None)
    end = parts[0].shape[1] if counts is None else int(counts[0])
    positions, scales, rotations, opacities, harmonics = (part[0, :end].cpu().float() for part in parts)
    opacities = opacities.reshape(end)
    if harmonics.ndim != 3 or not harmonics.shape[1]:
        raise SpatiaError(
            f"The splat has colours of shape {tuple(harmonics.shape)}, expected (N, K, 3) spherical harmonics; check the "
            "node that it comes from."
        )
    return cloud_of_splats(
        make_splats(positions, scales, rotations, opacities, harmonics[:, 0] * _BAND_0 + 0.5), voxel_size
    )
