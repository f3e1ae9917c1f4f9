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

# 3D of any kind that the host knows, likewise.
Splat = getattr(io, "Splat", None) or io.Custom("SPLAT")
ANY_3D = [
    Splat,
    getattr(io, "Mesh", None) or io.Custom("MESH"),
    *(
        getattr(io, name, None) or io.Custom(type_name)
        for name, type_name in (
            ("File3DAny", "FILE_3D"),
            ("File3DSplatAny", "FILE_3D_SPLAT_ANY"),
            ("File3DPointCloudAny", "FILE_3D_POINT_CLOUD_ANY"),
            ("File3DPLY", "FILE_3D_PLY"),
            ("File3DGLB", "FILE_3D_GLB"),
            ("File3DGLTF", "FILE_3D_GLTF"),
            ("File3DOBJ", "FILE_3D_OBJ"),
            ("File3DSTL", "FILE_3D_STL"),
            ("File3DFBX", "FILE_3D_FBX"),
            ("File3DSPLAT", "FILE_3D_SPLAT"),
            ("File3DSPZ", "FILE_3D_SPZ"),
            ("File3DKSPLAT", "FILE_3D_KSPLAT"),
        )
    ),
]
