"""The scene in files: a PLY for the world, one .spatia archive for the whole memory, FILE_3D_PLY for the host's viewers.

The host's viewer has y up and z towards the eye and turns nothing by itself, so clouds are turned half round the
x axis on their way there, and back on their way in where the user says so.
"""

from __future__ import annotations

import os
from io import BytesIO

import torch
from comfy_api.latest import Types, io

from ..spatia_core.cameras import intrinsics_from_fov, make_cameras
from ..spatia_core.cloud import NO_VIEW, PointCloud
from ..spatia_core.cloud.foreign import FORMATS, read_cloud
from ..spatia_core.cloud.ply import ply_bytes, write_ply
from ..spatia_core.errors import SpatiaError
from ..spatia_core.inputs import shown
from ..spatia_core.memory import SpatialMemory, load_memory, memory_of_image, save_memory, with_cloud
from .host.files import existing_file, listed_files, new_output_file, relative_to_output, stamp
from .host.images import frames_from_image
from .host.reports import report_ui
from .sockets import PointCloudFile, SpatiaCameras, SpatiaMemory

OPENCV, Y_UP = "x right, y down (scene)", "y up (viewers)"
ARCHIVE = ".spatia"
SCENE_FILES = (ARCHIVE, *(f".{format}" for format in FORMATS))


class SpatiaSceneCloud(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaSceneCloud",
            display_name="Scene Point Cloud",
            category="Spatia",
            search_aliases=["preview scene", "point cloud", "ply"],
            description="The memory's point cloud as a 3D file, for Preview Point Cloud and Save Point Cloud.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="The scene to show."),
                io.Combo.Input(
                    "axes",
                    options=[Y_UP, OPENCV],
                    default=Y_UP,
                    tooltip="y up stands upright in viewers and modelling programs. Choose the scene's own axes for a file that is to be merged by Edit Point Cloud.",
                ),
            ],
            outputs=[
                PointCloudFile.Output(display_name="point_cloud"),
                io.Int.Output(display_name="points", tooltip="Number of points in the scene."),
            ],
        )

    @classmethod
    def execute(cls, memory: SpatialMemory, axes: str) -> io.NodeOutput:
        cloud = _turned(memory.cloud) if axes == Y_UP else memory.cloud
        return io.NodeOutput(Types.File3D(BytesIO(ply_bytes(cloud)), "ply"), cloud.size)


class SpatiaSaveScene(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaSaveScene",
            display_name="Save Scene",
            category="Spatia",
            is_output_node=True,
            search_aliases=["save memory", "export ply", "save point cloud"],
            description="Writes the memory into ComfyUI's output folder: everything in one .spatia archive, the world as a PLY point cloud, or both.",
            inputs=[
                SpatiaMemory.Input("memory", tooltip="The memory to save."),
                io.String.Input(
                    "filename_prefix",
                    default="spatia/scene",
                    tooltip="Folder and name inside the output folder; a number and the ending follow.",
                ),
                io.Combo.Input(
                    "content",
                    options=["archive and PLY", "archive", "PLY"],
                    default="archive and PLY",
                    tooltip="archive: the whole memory (cloud, frames, cameras), to go on later with Load Scene. PLY: the point cloud alone, for other programs.",
                ),
                io.Combo.Input(
                    "axes",
                    options=[OPENCV, Y_UP],
                    default=OPENCV,
                    tooltip="Axes of the PLY. Keep the scene's own if Load Scene is to read it again; y up stands upright in other programs.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="file",
                    tooltip="Name of the archive, or of the PLY when there is no archive, as Load Scene takes it.",
                )
            ],
        )

    @classmethod
    def execute(cls, memory: SpatialMemory, filename_prefix: str, content: str, axes: str) -> io.NodeOutput:
        paths = []
        with new_output_file(filename_prefix, "filename_prefix") as stem:
            if content != "PLY":
                paths.append(stem + ARCHIVE)
                save_memory(memory, paths[-1])
            if content != "archive":
                paths.append(stem + ".ply")
                write_ply(_turned(memory.cloud) if axes == Y_UP else memory.cloud, paths[-1])
        names = [relative_to_output(path) for path in paths]
        return io.NodeOutput(names[0], ui=report_ui("\n".join(names)))


class SpatiaLoadScene(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaLoadScene",
            display_name="Load Scene",
            category="Spatia",
            search_aliases=["load memory", "import ply", "load point cloud"],
            description="Reads a memory from a .spatia archive, or its point cloud from a PLY, another cloud or a mesh.",
            inputs=[
                # A text, which any text output may be linked to, that the page shows as a list.
                io.String.Input(
                    "file",
                    default="",
                    tooltip="A .spatia archive, a .ply, another cloud or a mesh of ComfyUI's input and output folders, the newest first. Save Scene's file output fits here too. "
                    "pcd, xyz, pts, obj, stl, off, gltf and fbx need Open3D; a message says how to install it.",
                    extra_dict={"widgetType": "COMBO", "options": listed_files(SCENE_FILES)},
                ),
                io.Combo.Input(
                    "axes",
                    options=[OPENCV, Y_UP],
                    default=OPENCV,
                    tooltip="Axes of a cloud or mesh: those it was saved with; modelling programs have y up.",
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="For a cloud or mesh: the memory whose point cloud it replaces; frames and cameras stay.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="For a cloud or mesh without memory: the one image that a new memory starts with, seen from the world's origin.",
                ),
                io.Float.Input(
                    "fov",
                    default=60.0,
                    min=1.0,
                    max=179.0,
                    step=1.0,
                    advanced=True,
                    tooltip="Horizontal field of view of image, in degrees.",
                ),
                io.Float.Input(
                    "voxel_size",
                    default=0.01,
                    min=1e-4,
                    max=1e6,
                    step=0.001,
                    advanced=True,
                    tooltip="For a cloud or mesh with image: spacing of its points in scene units, at which later clips are merged in.",
                ),
            ],
            outputs=[
                SpatiaMemory.Output(display_name="memory"),
                SpatiaCameras.Output(
                    display_name="cameras",
                    tooltip="Cameras of the memory's video so far: first for Join Cameras, to go on with it.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> bool | str:
        if not file:
            return True  # a name that comes over a link, or an empty one, which execute explains
        try:
            _scene_file(file)
        except SpatiaError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, **kwargs: object) -> object:
        try:
            return stamp(_scene_file(file)) if file else ""
        except SpatiaError as error:  # the file has gone since it was looked for; reading it will say so
            return str(error)

    @classmethod
    def execute(
        cls,
        file: str,
        axes: str,
        fov: float,
        voxel_size: float,
        memory: SpatialMemory | None = None,
        image: torch.Tensor | None = None,
    ) -> io.NodeOutput:
        path = _scene_file(file)
        if path.lower().endswith(ARCHIVE):
            if memory is not None or image is not None:
                raise SpatiaError(
                    "A .spatia archive holds a whole memory, but memory or image is connected as well; disconnect them, or choose a cloud."
                )
            loaded = load_memory(path)
            return io.NodeOutput(loaded, loaded.cameras)
        if (memory is None) == (image is None):
            raise SpatiaError(
                "A cloud or mesh holds points alone, expected either memory (whose cloud it replaces) or image (to start a new memory); connect exactly one of them."
            )
        cloud = read_cloud(path, os.path.basename(path))
        if cloud.size == 0:
            raise SpatiaError(f"file {shown(file)} holds no point, expected at least one; choose another file.")
        cloud = _turned(cloud) if axes == Y_UP else cloud
        if memory is not None:
            loaded = _with_cloud(memory, cloud)
        elif image is not None:
            loaded = _new_memory(cloud, image, fov, voxel_size)
        return io.NodeOutput(loaded, loaded.cameras)


def _with_cloud(memory: SpatialMemory, cloud: PointCloud) -> SpatialMemory:
    # A file from elsewhere may name frames that this video does not have.
    stray = cloud.view >= memory.frame_count
    return with_cloud(memory, cloud._replace(view=torch.where(stray, NO_VIEW, cloud.view)))


def _new_memory(cloud: PointCloud, image: torch.Tensor, fov: float, voxel_size: float) -> SpatialMemory:
    if image.shape[0] != 1:
        raise SpatiaError(
            f"An image batch of shape {tuple(image.shape)} was given, expected a single image; pick one frame for image."
        )
    frames = frames_from_image(image, "image")
    height, width = frames.shape[1:3]
    camera = make_cameras([[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]], intrinsics_from_fov(fov, width, height))
    cloud = cloud._replace(view=torch.full_like(cloud.view, NO_VIEW))
    notes = ("point cloud from a file, in its own unit",)
    return memory_of_image(frames[0], camera, cloud, voxel_size, notes=notes)


def _turned(cloud: PointCloud) -> PointCloud:
    """Half a turn about x, between the scene's axes and y up; its own inverse."""
    return cloud._replace(positions=cloud.positions * torch.tensor([1.0, -1.0, -1.0]))


def _scene_file(name: str) -> str:
    path = existing_file(name, "file")
    if not path.lower().endswith(SCENE_FILES):
        raise SpatiaError(
            f"file {shown(name)} was given, expected a {ARCHIVE} archive, a cloud or a mesh ({', '.join(FORMATS)}); choose such a file."
        )
    return path


NODES = [SpatiaSceneCloud, SpatiaSaveScene, SpatiaLoadScene]
