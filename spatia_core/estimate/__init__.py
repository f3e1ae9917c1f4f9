"""Estimators behind one interface (`DepthMaps`), and the shared path after them."""

from .align import align_depth, baseline_scale
from .depth import DEPTH_KINDS, DepthMaps, depth_from_map, resize_depth
from .filters import depth_edges, moving_pixels
from .scene import SceneEstimate, estimate_points, estimate_scene, merged_points

__all__ = [
    "DEPTH_KINDS",
    "DepthMaps",
    "SceneEstimate",
    "align_depth",
    "baseline_scale",
    "depth_edges",
    "depth_from_map",
    "estimate_points",
    "estimate_scene",
    "merged_points",
    "moving_pixels",
    "resize_depth",
]
