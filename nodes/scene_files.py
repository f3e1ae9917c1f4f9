"""The scene in files: a PLY for the world, one .spatia archive for the whole memory, FILE_3D_PLY and SPLAT for the host.

The host's viewer has y up and z towards the eye and turns nothing by itself, so clouds are turned half round the
x axis on their way there, and back on their way in where the user says so.
"""

from __future__ import annotations

import logging
import os
from io import BytesIO

import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import Types, io

from ..spatia_core.cameras import intrinsics_from_fov, make_cameras
from ..spatia_core.cameras.camera import Cameras, in_camera
from ..spatia_core.cloud import NO_VIEW, PointCloud
from ..spatia_core.cloud.foreign import FORMATS, MESH_POINTS, read_cloud
from ..spatia_core.cloud.ply import ply_bytes, write_ply
from ..spatia_core.cloud.splats import point_gaps
from ..spatia_core.errors import SpatiaError
from ..spatia_core.inputs import shown
from ..spatia_core.memory import SpatialMemory, load_memory, memory_of_image, save_memory, with_cloud
from ..spatia_core.model.sizes import SIZE_STEP
from ..spatia_core.profile import profile_named
from ..spatia_core.render.soft import LARGEST_RADIUS
from .host.files import existing_file, listed_files, new_output_file, relative_to_output, stamp
from .host.images import frames_from_image, image_from_frames
from .host.models_3d import is_y_up, points_of_model, splat_of_cloud
from .host.profiles import model_profile
from .host.reports import report_ui
from .render import project
from .sockets import ANY_3D, PointCloudFile, SpatiaCameras, SpatiaMemory, Splat

OPENCV, Y_UP, BY_KIND = "x right, y down (scene)", "y up (viewers)", "by the kind of file"
ARCHIVE = ".spatia"
_ASKED = 20_000  # points of a cloud that say how far apart they are
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


class SpatiaSceneSplat(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaSceneSplat",
            display_name="Scene Splat",
            category="Spatia",
            search_aliases=["gaussian splat", "3dgs", "export splat", "preview scene"],
            description="The memory's point cloud as a Gaussian splat, for ComfyUI's splat viewer, renderer, files and mesh.",
            inputs=[SpatiaMemory.Input("memory", tooltip="The scene to show.")],
            outputs=[
                Splat.Output(
                    display_name="splat",
                    tooltip="A round splat for each point, about as large as its neighbours are away.",
                ),
                io.Int.Output(display_name="splats", tooltip="Number of splats."),
            ],
        )

    @classmethod
    def execute(cls, memory: SpatialMemory) -> io.NodeOutput:
        return io.NodeOutput(splat_of_cloud(memory.cloud, memory.voxel_size), memory.cloud.size)


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
            description="Reads a memory from a .spatia archive, or begins one with a point cloud, a splat or a mesh: your blockout can be filmed.",
            inputs=[
                # A text, which any text output may be linked to, that the page shows as a list.
                io.String.Input(
                    "file",
                    default="",
                    tooltip="A .spatia archive, a .ply, another cloud or a mesh of ComfyUI's input and output folders, the newest first. Save Scene's file output fits here too. "
                    "pcd, xyz, pts, obj, stl, off, gltf and fbx need Open3D; a message says how to install it. Empty where model_3d is connected.",
                    extra_dict={"widgetType": "COMBO", "options": listed_files(SCENE_FILES)},
                ),
                io.Combo.Input(
                    "axes",
                    options=[OPENCV, Y_UP, BY_KIND],
                    default=OPENCV,
                    tooltip="Axes of a cloud, splat or mesh: those it was saved with; modelling programs have y up.\n"
                    "by the kind of file: meshes y up, clouds and splats y down.",
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="For a cloud, splat or mesh: the memory whose point cloud it replaces; frames and cameras stay.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="For a cloud, splat or mesh without memory: the one image that a new memory starts with. Without it the cloud itself is drawn.",
                ),
                io.Float.Input(
                    "fov",
                    default=60.0,
                    min=1.0,
                    max=179.0,
                    step=1.0,
                    advanced=True,
                    tooltip="Horizontal field of view of a new memory's image, in degrees; cameras go before it.",
                ),
                io.Float.Input(
                    "voxel_size",
                    default=0.01,
                    min=1e-4,
                    max=1e6,
                    step=0.001,
                    advanced=True,
                    tooltip="Spacing of a new memory's points in scene units, at which later clips are merged in; of a splat's in any case.",
                ),
                io.MultiType.Input(
                    "model_3d",
                    types=ANY_3D,
                    optional=True,
                    tooltip="In place of file: a splat, a mesh, or a 3D file of ComfyUI's Load 3D and other nodes.",
                ),
                SpatiaCameras.Input(
                    "cameras",
                    optional=True,
                    tooltip="For a new memory: its first pose and intrinsics are where its image is seen from. Without them: the world's origin.",
                ),
                io.Model.Input(
                    "model",
                    optional=True,
                    tooltip="For a new memory: the model that is to film it; all that is set to auto follows it. Without it: the release's values.",
                ),
                io.Int.Input(
                    "width",
                    default=832,
                    min=SIZE_STEP,
                    max=8192,
                    step=SIZE_STEP,
                    optional=True,
                    advanced=True,
                    tooltip="For a new memory without image: width of the drawn one.",
                ),
                io.Int.Input(
                    "height",
                    default=480,
                    min=SIZE_STEP,
                    max=8192,
                    step=SIZE_STEP,
                    optional=True,
                    advanced=True,
                    tooltip="For a new memory without image: height of the drawn one.",
                ),
                io.Int.Input(
                    "mesh_points",
                    default=MESH_POINTS,
                    min=1,
                    max=20_000_000,
                    optional=True,
                    advanced=True,
                    tooltip="Points that are spread over a mesh. More, where walls show holes.",
                ),
            ],
            outputs=[
                SpatiaMemory.Output(display_name="memory"),
                SpatiaCameras.Output(
                    display_name="cameras",
                    tooltip="Cameras of the memory's video so far: first for Join Cameras, to go on with it.",
                ),
                io.Image.Output(
                    display_name="image",
                    tooltip="The memory's first image: where the cloud itself was drawn, for an image model to work on.",
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
        model_3d: object = None,
        cameras: Cameras | None = None,
        model: ModelPatcher | None = None,
        width: int = 832,
        height: int = 480,
        mesh_points: int = MESH_POINTS,
    ) -> io.NodeOutput:
        if image is not None and image.shape[0] != 1:
            raise SpatiaError(
                f"An image batch of shape {tuple(image.shape)} was given, expected a single image; pick one frame for image."
            )
        new = [name for name, given in (("image", image), ("cameras", cameras), ("model", model)) if given is not None]
        if file and model_3d is not None:
            raise SpatiaError(f"file {shown(file)} is chosen, and model_3d is connected; empty file, or disconnect it.")
        if model_3d is None and _scene_file(file).lower().endswith(ARCHIVE):
            if memory is not None or new:
                raise SpatiaError(
                    f"A .spatia archive holds a whole memory, but {', '.join(['memory'] * (memory is not None) + new)} is "
                    "connected as well; disconnect it, or choose a cloud."
                )
            return _loaded(load_memory(_scene_file(file)))
        if memory is not None and new:
            raise SpatiaError(
                f"memory and {', '.join(new)} are connected: a cloud or mesh either replaces the cloud of memory, or begins a "
                "new one; disconnect one of them."
            )
        if model_3d is None:
            path = _scene_file(file)
            cloud = read_cloud(path, os.path.basename(path), points=mesh_points)
            y_up = is_y_up(os.path.splitext(path)[1].lower().lstrip("."))
        else:
            cloud, y_up = points_of_model(model_3d, mesh_points, voxel_size if memory is None else memory.voxel_size)
        if cloud.size == 0:
            raise SpatiaError(
                f"{shown(file) if file else 'model_3d'} holds no point, expected at least one; choose another."
            )
        cloud = _turned(cloud) if axes == Y_UP or (axes == BY_KIND and y_up) else cloud
        if memory is not None:
            return _loaded(with_cloud(memory, cloud))
        profile = None if model is None else model_profile(model)
        size = (height, width) if image is None else (image.shape[1], image.shape[2])
        camera = _first_camera(cameras, fov, *size)
        return _loaded(_new_memory(cloud, image, camera, size, voxel_size, "" if profile is None else profile.name))


def _loaded(memory: SpatialMemory) -> io.NodeOutput:
    return io.NodeOutput(memory, memory.cameras, image_from_frames(memory.read_frames([0])))


def _first_camera(cameras: Cameras | None, fov: float, height: int, width: int) -> Cameras:
    if cameras is None:
        return make_cameras(torch.eye(4)[None], intrinsics_from_fov(fov, width, height))
    return cameras.select(0)._replace(history=None)


def _new_memory(
    cloud: PointCloud,
    image: torch.Tensor | None,
    camera: Cameras,
    size: tuple[int, int],
    voxel_size: float,
    made_for: str,
) -> SpatialMemory:
    """A memory that begins with one image, or with a drawing of the cloud, seen by one camera; size: height, width."""
    cloud = cloud._replace(view=torch.full_like(cloud.view, NO_VIEW))
    notes: tuple[str, ...] = ("point cloud from a file, in its own unit",)
    if image is None:
        blank = torch.zeros(*size, 3, dtype=torch.uint8)
        memory = memory_of_image(blank, camera, cloud, voxel_size, notes=notes, made_for=made_for)
        drawn, holes = project(memory, camera, radius=_drawing_radius(memory), tell=logging.warning)
        if bool((holes == 1).all()):
            raise SpatiaError(
                f"None of the {cloud.size} points is in view of the first camera, so there is no image to begin with; "
                "connect cameras that look at them (Import Cameras reads those of a .glb), or change axes."
            )
        image, notes = drawn, (*notes, "the first image is a drawing of the cloud")
    frame = frames_from_image(image, "image")[0]
    return memory_of_image(frame, camera, cloud, voxel_size, notes=notes, made_for=made_for)


def _drawing_radius(memory: SpatialMemory) -> float:
    """Radius of a memory's points, at least its profile's, at which they touch in its first picture, as far as one can say."""
    cloud, camera = memory.cloud.positions, memory.cameras.select(0)
    _, _, z_depth = in_camera(cloud, camera.w2c[0])
    front = (z_depth > 0).nonzero().squeeze(1)
    least = profile_named(memory.made_for).radius
    if not len(front):
        return least
    asked = front[:: max(1, len(front) // _ASKED)]
    focal = float(camera.intrinsics[0, 0]) * memory.width
    pixels = (point_gaps(cloud, asked, alone=memory.voxel_size) / z_depth[asked]).median() * focal
    return min(LARGEST_RADIUS, max(least, float(pixels) / (min(memory.height, memory.width) / 2)))


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


NODES = [SpatiaSceneCloud, SpatiaSceneSplat, SpatiaSaveScene, SpatiaLoadScene]
