"""Poses of ComfyUI's own 3D viewers (LOAD3D_CAMERA) and ours.

Theirs: right-handed, y up, the camera looks down -z, vertical field of view in degrees. A point cloud that a viewer
loads is moved so that the middle of its bounding box lies at the origin, and divided by the distance of its farthest
point from there, without the pose telling; `Framing` is that change of units, and undoes it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..errors import SpatiaError
from ..inputs import number, shown
from .camera import Cameras, derived_cameras, fov_from_focal, invert_pose, require_image_size
from .trajectories import LARGEST_FOV, LARGEST_ZOOM, SMALLEST_FOV

# Half a turn about x, between our axes and theirs; its own inverse.
_TURN = torch.diag(torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=torch.float64))


class Framing(NamedTuple):
    """What a viewer does to a cloud that stands upright (y up): subtract center (3), divide by radius."""

    center: tuple[float, float, float]
    radius: float


UNFRAMED = Framing((0.0, 0.0, 0.0), 1.0)


def viewer_framing(positions: Tensor) -> Framing:
    """The framing of the cloud (P, 3), in our axes, that Scene Point Cloud hands to a viewer with y up."""
    if not positions.shape[0]:
        raise SpatiaError(
            "The memory's cloud holds no point, so the viewer's units are unknown; check the edits before this node."
        )
    upright = positions.double() * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
    center = (upright.amin(0) + upright.amax(0)) / 2
    radius = float((upright - center).norm(dim=1).max())
    # A single point is not scaled.
    return Framing(tuple(center.tolist()), radius or 1.0)


def camera_from_view(view: dict, width: int, height: int, framing: Framing = UNFRAMED) -> Cameras:
    """One camera (1) of an image of width x height at a viewer's pose, in scene units.

    view: a LOAD3D_CAMERA. Without a quaternion it looks at its target with y up. Its field of view is that of the
    image's height. Raises SpatiaError on an orthographic view, on values that are missing or no numbers, and on a
    camera out of range.
    """
    if not isinstance(view, dict):
        raise SpatiaError(
            f"The view is {type(view).__name__}, expected the camera of a 3D viewer; connect a camera_info output."
        )
    kind = view.get("cameraType")
    if isinstance(kind, str) and kind.lower().startswith("ortho"):
        raise SpatiaError(
            "The view is orthographic, expected a perspective one; switch the viewer's camera to perspective."
        )
    position = torch.tensor(_vector(view, "position", "xyz"), dtype=torch.float64)
    if view.get("quaternion") is not None:
        quaternion = _vector(view, "quaternion", "xyzw")
        if not 0.9 < math.hypot(*quaternion) < 1.1:
            raise SpatiaError(
                f"The view has a quaternion {shown(quaternion)}, expected one of length 1; connect another camera_info."
            )
        rotation = torch.from_numpy(Rotation.from_quat(quaternion).as_matrix())
    else:
        rotation = _look_at(position, torch.tensor(_vector(view, "target", "xyz"), dtype=torch.float64))
    fov = _number(view.get("fov"), "fov", SMALLEST_FOV, LARGEST_FOV)
    zoom = _number(view.get("zoom", 1), "zoom", 1 / LARGEST_ZOOM, LARGEST_ZOOM)
    require_image_size(width, height)
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = rotation
    pose[:3, 3] = position * framing.radius + torch.tensor(framing.center, dtype=torch.float64)
    fy = zoom * 0.5 / math.tan(math.radians(fov) / 2)
    intrinsics = torch.tensor([[fy * height / width, fy, 0.5, 0.5]], dtype=torch.float64)
    return derived_cameras(invert_pose(_TURN @ pose @ _TURN)[None], intrinsics, "the view: connect another camera_info")


def view_from_camera(camera: Cameras, width: int, height: int, framing: Framing = UNFRAMED, depth: float = 1.0) -> dict:
    """A LOAD3D_CAMERA at the pose of one camera (1) whose image is width x height.

    depth: scene units, how far ahead the viewer's orbit target lies. A principal point off the middle is lost: viewers
    have none.
    """
    if camera.count != 1:
        raise SpatiaError(f"{camera.count} cameras were given, expected exactly 1; choose one.")
    pose = _TURN @ camera.c2w[0] @ _TURN
    center = torch.tensor(framing.center, dtype=torch.float64)
    position = (pose[:3, 3] - center) / framing.radius
    target = (pose[:3, 3] - pose[:3, 2] * depth - center) / framing.radius
    quaternion = Rotation.from_matrix(pose[:3, :3].numpy()).as_quat().tolist()
    return {
        "position": dict(zip("xyz", position.tolist())),
        "target": dict(zip("xyz", target.tolist())),
        "quaternion": dict(zip("xyzw", quaternion)),
        "zoom": 1,
        "cameraType": "perspective",
        "fov": fov_from_focal(float(camera.intrinsics[0, 1])),
        "aspect": width / height,
    }


def _look_at(position: Tensor, target: Tensor) -> Tensor:
    """Rotation (3, 3), columns right, up, back, of a camera with y up."""
    back = position - target
    if not bool(back.any()):
        raise SpatiaError("The view's position and target are the same point, so it looks nowhere; move one of them.")
    back = back / back.abs().max()  # so that no square leaves what float64 can hold
    back = back / back.norm()
    right = torch.linalg.cross(torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64), back)
    if float(right.norm()) < 1e-9:  # straight up or down: any right will do
        right = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    right = right / right.norm()
    return torch.stack([right, torch.linalg.cross(back, right), back], dim=1)


def _vector(view: dict, name: str, axes: str) -> list[float]:
    values = view.get(name)
    if not isinstance(values, dict) or set(axes) - set(values):
        raise SpatiaError(
            f"The view has {name} = {shown(values)}, expected the numbers {', '.join(axes)}; connect a camera_info "
            "output."
        )
    return [_number(values[axis], f"{name}.{axis}") for axis in axes]


def _number(value: object, name: str, low: float = -math.inf, high: float = math.inf) -> float:
    try:
        return number(value, low, high)
    except ValueError as error:
        raise SpatiaError(
            f"The view has {name} = {shown(value)}, expected {error}; connect another camera_info."
        ) from None
