"""The scene's point cloud: merge, files, editing."""

from .point_cloud import NO_VIEW, PointCloud, concat_clouds, empty_cloud, make_point_cloud
from .voxels import voxel_merge

__all__ = ["NO_VIEW", "PointCloud", "concat_clouds", "empty_cloud", "make_point_cloud", "voxel_merge"]
