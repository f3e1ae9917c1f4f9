"""The host's depth inputs, read into the core's DepthMaps: depth pictures, DA3_GEOMETRY, MOGE_GEOMETRY, the bundled network.

DA3_GEOMETRY and MOGE_GEOMETRY are dicts; their keys are written down at the top of the host's nodes_depth_anything_3.py
and nodes_moge.py.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection
from typing import NamedTuple

import comfy.model_management
import torch
from comfy_api.latest import io
from torch import Tensor

from ...spatia_core.errors import SpatiaError
from ...spatia_core.estimate import DEPTH_KINDS, DepthMaps, depth_from_map
from ...spatia_core.estimate.small_depth import load_small_depth
from . import bundle
from .images import values_from_image
from .links import linked_inputs

DA3Geometry = io.Custom("DA3_GEOMETRY")
MoGeGeometry = io.Custom("MOGE_GEOMETRY")

AUTO_SOURCE, CONNECTED, BUNDLED, NO_DEPTH = "auto", "connected input", "bundled small network", "none"
_SOCKETS = ("depth_map", "da3_geometry", "moge_geometry")
SMALL_DEPTH = "spatia_small_depth.safetensors"
BUNDLED_LIMITS = (
    "The bundled depth network has only seen generated rooms. On a photograph its depth is a guess: "
    "for one, connect a depth map, Depth Anything 3 or MoGe."
)


def depth_widgets() -> list[io.Input]:
    """The widgets that say what the depth inputs mean, shared by the nodes that estimate."""
    return [
        io.Combo.Input(
            "depth_source",
            options=[AUTO_SOURCE, CONNECTED, BUNDLED, NO_DEPTH],
            default=AUTO_SOURCE,
            tooltip="auto: what is connected; where nothing is, the bundled small network.\n"
            "connected input: the depth_map, da3_geometry or moge_geometry that is connected.\n"
            "bundled small network: this package's own small network, made for generated rooms; needs nothing else.\n"
            "none: frames and cameras only, and no point cloud; for the decoupled memory, which needs none.",
        ),
        io.Combo.Input(
            "depth_kind",
            options=list(DEPTH_KINDS),
            default=DEPTH_KINDS[0],
            tooltip="What the values of depth_map mean.\n"
            "- metres: distance along the viewing axis.\n"
            "- inverse: 1 / distance, in any unit.\n"
            "- normalised: 0 to 1, white is near, linear in 1 / distance between near and far, as depth preprocessors draw it.\n"
            "- normalised, white is far: 0 to 1, linear in distance between near and far.\n"
            "0 (metres, inverse) and NaN mean unknown.",
        ),
        io.Float.Input(
            "near",
            default=1.0,
            min=0.001,
            max=1e6,
            step=0.1,
            advanced=True,
            tooltip="Distance of the nearest value of a normalised depth_map, scene units.",
        ),
        io.Float.Input(
            "far",
            default=10.0,
            min=0.001,
            max=1e6,
            step=0.1,
            advanced=True,
            tooltip="Distance of the farthest value of a normalised depth_map, scene units.",
        ),
        io.Float.Input(
            "depth_scale",
            default=1.0,
            min=1e-6,
            max=1e6,
            step=0.01,
            advanced=True,
            tooltip="Multiplies the depth of any source: scene units per unit of the source. For millimetres in depth_map set 0.001.",
        ),
        io.Int.Input(
            "da3_metric_resolution",
            default=0,
            min=0,
            max=4096,
            step=14,
            advanced=True,
            tooltip="For Depth Anything 3 Metric-Large: the longer side in pixels it ran at (Run Depth Anything 3's resolution, 504). "
            "Its output becomes metres with the focal length at that size. 0: the depth is taken as it is, in its own unit.",
        ),
    ]


def depth_sockets() -> list[io.Input]:
    """The optional inputs that bring depth."""
    return [
        io.Image.Input(
            "depth_map",
            optional=True,
            tooltip="Depth picture(s), one per frame, in the shape of the frames; what its values mean is set by depth_kind.",
        ),
        DA3Geometry.Input("da3_geometry", optional=True, tooltip="From Run Depth Anything 3 on the same frames."),
        MoGeGeometry.Input("moge_geometry", optional=True, tooltip="From Run MoGe on the same frames."),
    ]


def mask_inputs() -> list[io.Input]:
    """The moving-object mask and how far it is grown."""
    return [
        io.Int.Input(
            "mask_grow",
            default=4,
            min=0,
            max=256,
            tooltip="Pixels by which the moving mask is grown, so that the soft rim of an object stays out of the cloud too.",
        ),
        io.Mask.Input(
            "moving",
            optional=True,
            tooltip="1 on moving objects, which never enter the cloud. One mask per frame (SAM 3 Track to Mask), or a single one for all.",
        ),
    ]


def chosen_source(depth_source: str | None, linked: Collection[str], has_cloud: bool = True) -> str | None:
    """Where depth is to come from, auto resolved; None where that comes over a link, too.

    linked: names of the inputs that something is connected to. has_cloud: whether the memory is one that keeps points.
    Raises SpatiaError on anything but exactly one source of depth.
    """
    connected = [name for name in _SOCKETS if name in linked]
    if depth_source is None:
        return None
    if depth_source == AUTO_SOURCE:
        depth_source = CONNECTED if connected else BUNDLED if has_cloud else NO_DEPTH
    if depth_source != CONNECTED and connected:
        raise SpatiaError(
            f"{', '.join(connected)} is connected, but depth_source is '{depth_source}', so it would be ignored; set depth_source to '{CONNECTED}' or disconnect it."
        )
    if depth_source == BUNDLED:
        small_depth_path()
    elif depth_source == CONNECTED and not connected:
        raise SpatiaError(
            f"No depth is connected; connect depth_map, da3_geometry or moge_geometry, or set depth_source to '{BUNDLED}'."
        )
    elif len(connected) > 1:
        raise SpatiaError(
            f"{' and '.join(connected)} are connected, expected one source of depth; disconnect the others."
        )
    return depth_source


def source_problem(
    node: type[io.ComfyNode], depth_source: str | None, input_types: dict[str, str] | None
) -> str | None:
    """What is wrong with a node's sources of depth before anything is run; the arguments are `validate_inputs`'s."""
    try:
        chosen_source(depth_source, linked_inputs(node, input_types))
    except SpatiaError as error:
        return str(error)
    return None


class DepthInputs(NamedTuple):
    """What a node was given by `depth_widgets` and `depth_sockets`."""

    depth_source: str
    depth_kind: str
    near: float
    far: float
    depth_scale: float
    da3_metric_resolution: int
    depth_map: torch.Tensor | None = None
    da3_geometry: dict | None = None
    moge_geometry: dict | None = None


DepthReader = Callable[..., DepthMaps]  # (frames (N, H, W, 3) uint8, numbers of some, focal=) -> the depth of these


def depth_reader(given: DepthInputs, has_cloud: bool = True) -> DepthReader | None:
    """`read_depth` with a node's inputs; None where no depth is wanted. Raises SpatiaError as `chosen_source`."""
    linked = [name for name in _SOCKETS if getattr(given, name) is not None]
    source = chosen_source(given.depth_source, linked, has_cloud)
    return None if source == NO_DEPTH else functools.partial(read_depth, given)


def read_depth(given: DepthInputs, images: Tensor, pick: list[int], *, focal: float | None) -> DepthMaps:
    """Depth of the images `pick` from whichever source is connected, else from the bundled network.

    images: (N, H, W, 3) uint8. Connected sources must hold N maps. focal: fx normalised by the width, where known.
    """
    n = images.shape[0]
    scale = given.depth_scale
    if given.depth_map is not None:
        values = values_from_image(given.depth_map, "depth_map")
        maps = depth_from_map(values, given.depth_kind, near=given.near, far=given.far, scale=scale)
    elif given.da3_geometry is not None:
        maps = da3_depth(given.da3_geometry, focal, given.da3_metric_resolution, scale)
    elif given.moge_geometry is not None:
        maps = moge_depth(given.moge_geometry, scale)
    else:
        return bundled_depth(images, pick)
    if maps.depth.shape[0] != n:
        raise SpatiaError(
            f"{maps.source}: {maps.depth.shape[0]} map(s) came for {n} frame(s), expected one per frame; estimate the depth of these very frames."
        )
    return maps.select(pick)


def small_depth_path() -> str:
    """The bundled depth network's file. Raises SpatiaError that says how to get it."""
    path = os.path.join(bundle.FOLDER, SMALL_DEPTH)
    if not os.path.isfile(path):
        raise SpatiaError(
            f"The bundled depth network bundle/{SMALL_DEPTH} is missing from this package; reinstall it, "
            f"or connect a depth map or geometry and set depth_source to '{CONNECTED}'."
        )
    return path


def bundled_depth(images: Tensor, pick: list[int], *, focal: float | None = None) -> DepthMaps:
    """Depth of the images `pick` of (N, H, W, 3) uint8 by the bundled network, in metres of its rooms.

    focal: not asked for, as the network was made for one field of view.
    """
    estimator = load_small_depth(small_depth_path())
    depths = []
    for frame in images[pick]:
        comfy.model_management.throw_exception_if_processing_interrupted()
        depths.append(estimator(frame[None].float() / 255))
    depth = torch.cat(depths).float()
    return DepthMaps(depth, True, "bundled small depth network", warnings=(BUNDLED_LIMITS,))


def da3_depth(geometry: dict, focal: float | None, metric_resolution: int = 0, scale: float = 1.0) -> DepthMaps:
    """Depth of a DA3_GEOMETRY. Sky is unknown; intrinsics of several views are in pixels of the size the network ran at."""
    depth = _tensor(geometry, "depth", "da3_geometry", 3)
    views, height, width = depth.shape
    sky = _map_beside(geometry, "sky", "da3_geometry", depth)
    if sky is not None:
        depth = torch.where(sky >= 0.5, 0.0, depth)
    intrinsics, w2c, warnings = None, None, []
    if "intrinsics" in geometry:
        K = _matrices(geometry, "intrinsics", "da3_geometry", (3,), 3)
        # Its principal point is the middle of the picture, which gives away the size it ran at. An identity stands for "none".
        if (
            K.shape[0] == views
            and torch.isfinite(K).all()
            and bool((K[:, :2, 2] > 0).all())
            and bool((K[:, [0, 1], [0, 1]] > 0).all())
        ):
            fx, fy = (K[:, i, i] / (2 * K[:, i, 2]) for i in (0, 1))
            intrinsics = torch.stack([fx.median(), fy.median(), torch.tensor(0.5).double(), torch.tensor(0.5).double()])
        else:
            warnings.append("Depth Anything 3 gave no usable intrinsics.")
    if "extrinsics" in geometry and views > 1:
        E = _matrices(geometry, "extrinsics", "da3_geometry", (3, 4), 4)[:, :3]
        if (
            E.shape[0] == views
            and torch.isfinite(E).all()
            and float((E - torch.eye(4, dtype=torch.float64)[:3]).abs().max()) > 0
        ):
            w2c = torch.cat([_nearest_rotation(E[..., :3]), E[..., 3:]], -1)
            w2c = torch.cat([w2c, torch.tensor([0.0, 0.0, 0.0, 1.0]).double().expand(views, 1, 4)], 1)
        else:
            warnings.append("Depth Anything 3 gave no usable camera poses.")
    metric = False
    if metric_resolution:
        if intrinsics is not None:
            focal = float(intrinsics[0])
        if focal is None:
            raise SpatiaError("da3_metric_resolution needs the focal length; set field_of_view or intrinsics.")
        focal_pixels = focal * width * metric_resolution / max(height, width)
        depth, metric = depth * (focal_pixels / 300), True
    if w2c is not None:
        w2c = torch.cat(
            [w2c[..., :3], w2c[..., 3:] * torch.tensor([scale, scale, scale, 1.0]).double().view(1, 4, 1)], -1
        )
    confidence = _map_beside(geometry, "confidence", "da3_geometry", depth)
    confidence = None if confidence is None else confidence.expand(depth.shape).float()
    return DepthMaps(_known(depth * scale), metric, "Depth Anything 3", intrinsics, confidence, w2c, tuple(warnings))


def moge_depth(geometry: dict, scale: float = 1.0) -> DepthMaps:
    """Depth of a MOGE_GEOMETRY: infinite where masked; metres when it comes from version 2, which alone has normals."""
    if "intrinsics" not in geometry:
        raise SpatiaError(
            "moge_geometry has no intrinsics, so it is a panorama's; connect Run MoGe Inference on an ordinary picture."
        )
    depth = _tensor(geometry, "depth", "moge_geometry", 3)
    mask = _map_beside(geometry, "mask", "moge_geometry", depth)
    if mask is not None:
        depth = torch.where(mask.bool(), depth, 0.0)
    K = _matrices(geometry, "intrinsics", "moge_geometry", (3,), 3)
    values = torch.stack([K[:, 0, 0], K[:, 1, 1], K[:, 0, 2], K[:, 1, 2]], -1)
    return DepthMaps(_known(depth * scale), "normal" in geometry, "MoGe", values.median(0).values)


def _known(depth: Tensor) -> Tensor:
    return torch.where(torch.isfinite(depth) & (depth > 0), depth, torch.zeros_like(depth)).float()


def _nearest_rotation(matrices: Tensor) -> Tensor:
    u, _, vh = torch.linalg.svd(matrices)
    sign = torch.det(u @ vh).sign()
    return torch.cat([u[..., :2], u[..., 2:] * sign[:, None, None]], -1) @ vh


def _tensor(geometry: dict, key: str, name: str, dimensions: int) -> Tensor:
    value = geometry.get(key) if isinstance(geometry, dict) else None
    if not isinstance(value, Tensor) or value.ndim != dimensions:
        raise SpatiaError(f"{name} has no '{key}' of shape (N, height, width); connect the geometry node's own output.")
    return value.float().cpu()


def _map_beside(geometry: dict, key: str, name: str, depth: Tensor) -> Tensor | None:
    """A map that belongs to the depth, on the CPU; None where there is none. Raises SpatiaError on another shape."""
    value = geometry.get(key)
    if value is None:
        return None
    try:
        fits = isinstance(value, Tensor) and torch.broadcast_shapes(value.shape, depth.shape) == depth.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise SpatiaError(
            f"{name} has a '{key}' of {_shape(value)}, expected the depth's shape {tuple(depth.shape)}; connect the "
            "geometry node's own output."
        )
    return value.cpu()


def _matrices(geometry: dict, key: str, name: str, rows: tuple[int, ...], columns: int) -> Tensor:
    """Matrices (K, rows, columns) float64 of a geometry, whatever stands before them. Raises SpatiaError on others."""
    value = geometry[key]
    shape = tuple(value.shape) if isinstance(value, Tensor) else ()
    if len(shape) < 2 or shape[-2] not in rows or shape[-1] != columns or not value.numel():
        expected = " or ".join(f"{count}x{columns}" for count in rows)
        raise SpatiaError(
            f"{name} has '{key}' of {_shape(value)}, expected {expected} matrices; connect the geometry node's own output."
        )
    return value.cpu().double().reshape(-1, shape[-2], columns)


def _shape(value: object) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"type {type(value).__name__}"
