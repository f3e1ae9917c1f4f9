"""Socket types of this package. Everything else on our nodes is the host's own type."""

from comfy_api.latest import io

# A spatia_core.memory.SpatialMemory: the scene cloud, the video so far and its cameras.
SpatiaMemory = io.Custom("SPATIA_MEMORY")

# A nodes.host.worlds.WorldPlace: a clip of a world, and where this run began.
SpatiaWorld = io.Custom("SPATIA_WORLD")

# A spatia_core.cameras.Cameras: posed OpenCV cameras with normalised intrinsics.
SpatiaCameras = io.Custom("SPATIA_CAMERAS")

# Files of point clouds: the host's own types, which hosts before 0.24 do not know by name.
PointCloudFile = getattr(io, "File3DPLY", None) or io.Custom("FILE_3D_PLY")
AnyPointCloudFile = getattr(io, "File3DPointCloudAny", None) or io.Custom("FILE_3D_POINT_CLOUD_ANY")
