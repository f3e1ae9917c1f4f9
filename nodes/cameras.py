"""Camera paths as nodes: made, imported, exported, joined.

SPATIA_CAMERAS is a spatia_core.cameras.Cameras: N OpenCV world-to-camera poses, normalised intrinsics.
"""

from __future__ import annotations

import json
import os

from comfy_api.latest import io

from ..spatia_core.cameras import (
    BASE_MOTIONS,
    CLOSINGS,
    EASINGS,
    FORMATS,
    PRESETS,
    Cameras,
    camera_from_view,
    close_loop,
    concat_cameras,
    continue_path,
    intrinsics_from_fov,
    keyframe_path,
    make_cameras,
    parse_keyframes,
    preset_path,
    read_cameras,
    require_within,
    scale_path,
    scene_depth,
    travel_path,
    view_from_camera,
    viewer_framing,
    write_cameras,
)
from ..spatia_core.cameras.formats import FILE_NAMES, GLTF_NAME, companion_of
from ..spatia_core.cameras.gltf import is_gltf
from ..spatia_core.cameras.preflight import TURN_LIMIT, path_warnings, turns_between
from ..spatia_core.errors import SpatiaError
from ..spatia_core.files import write_bytes, write_text
from ..spatia_core.inputs import MOST_CAMERAS, shown
from ..spatia_core.memory import SpatialMemory
from .host.files import as_text, existing_file, new_output_file, read_bytes, read_text, relative_to_output, stamp
from .host.preview import cloud_file, image_file, text_file
from .host.reports import report_ui
from .host.routes import camera_list
from .sockets import SpatiaCameras, SpatiaMemory

KEYFRAMES, TO_VIEW = "keyframes", "to_view"
AS_IN_FILE, AT_LAST_CAMERA = "as in the file", "at the memory's last camera"
CONTINUE, KEEP = "continue from the last pose", "keep poses"
_FORMAT_ALIASES = (
    "colmap",
    "nerfstudio",
    "transforms.json",
    "realestate10k",
    "w2c",
    "memorize when needed",
    "blender",
    "gltf",
    "glb",
)
_SHOWN_POSES = 300  # of the memory's frames, for the page's editor
EXAMPLE_KEYFRAMES = "# frame right up forward yaw pitch roll [zoom]\n12 0.2 0 0.1 -15 0 0\n24 0 0 0 0 0 0"


def _closing_inputs() -> list[io.Input]:
    return [
        io.Combo.Input(
            "close_loop",
            options=["off", *CLOSINGS],
            default="off",
            advanced=True,
            tooltip="Make the last camera equal to the first one exactly.\n"
            "- off: leave the path as it is.\n"
            "- blend: same number of frames; the missing motion is spread over the path.\n"
            "- append: add closing_frames that travel back.\n"
            "With a memory connected the target is the memory's first camera, that of the given image.",
        ),
        io.Int.Input(
            "closing_frames",
            default=24,
            min=1,
            max=10000,
            advanced=True,
            tooltip="Frames that close_loop = append adds to the path.",
        ),
    ]


def _closed(path: Cameras, mode: str, frames: int, memory: SpatialMemory | None) -> Cameras:
    if mode == "off":
        return path
    return close_loop(path, mode, frames=frames, target=None if memory is None else memory.cameras.select(0))


class SpatiaCameraPath(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaCameraPath",
            display_name="Camera Path",
            category="Spatia",
            # So that the page's editor can ask for the scene by running this node and what it needs, nothing else.
            is_output_node=True,
            search_aliases=[
                "camera",
                "trajectory",
                "orbit",
                "pan",
                "dolly",
                "keyframes",
                "camera motion",
                "path editor",
            ],
            description="A camera path from a preset or from keyframes, drawn in the editor or typed. It begins exactly at the memory's "
            "last camera, or at the world's origin without a memory.",
            inputs=[
                io.Combo.Input(
                    "preset",
                    options=[*PRESETS, TO_VIEW, KEYFRAMES],
                    default="orbit",
                    tooltip="- pan, tilt, roll: turn on the spot by angle.\n"
                    "- dolly, truck, pedestal: move forward, right, up by distance.\n"
                    "- orbit: circle round the point at depth ahead, by angle.\n"
                    "- spiral: wind outwards up to distance, looking at that point.\n"
                    "- dolly_zoom: move forward while zooming out.\n"
                    "- out_and_back: base_motion, then the same way back.\n"
                    "- full_loop: once round a circle that leads back to the start, looking at that point.\n"
                    "- to_view: straight to the pose of the connected view.\n"
                    "- keyframes: the poses below, drawn in the editor or typed.",
                ),
                io.Int.Input(
                    "frames",
                    default=121,
                    min=1,
                    max=10000,
                    tooltip="Cameras in the path, the start included. A first clip of the released model has 121, each later one adds 72.",
                ),
                io.Float.Input(
                    "angle",
                    default=30.0,
                    min=-3600.0,
                    max=3600.0,
                    step=1.0,
                    tooltip="Degrees, of pan (above 0: to the right), tilt (up), roll (clockwise) and orbit "
                    "(the camera moves to the right). Negative turns the other way.",
                ),
                io.Float.Input(
                    "distance",
                    default=0.3,
                    min=-100.0,
                    max=100.0,
                    step=0.01,
                    tooltip="Fraction of depth, of dolly (above 0: forward), truck (right), pedestal (up), dolly_zoom (forward), "
                    "spiral (its final radius) and full_loop (its greatest distance from the start). Negative goes the other way.",
                ),
                io.Combo.Input(
                    "easing",
                    options=list(EASINGS),
                    default="smooth",
                    tooltip="smooth starts and stops gently; linear keeps one speed. Keyframes have their own timing.",
                ),
                io.Combo.Input(
                    "base_motion",
                    options=[motion for motion in BASE_MOTIONS if motion != "static"],
                    default="truck",
                    tooltip="The motion that preset = out_and_back runs there and back; its size is angle or distance.",
                ),
                io.Float.Input(
                    "turns",
                    default=1.0,
                    min=-20.0,
                    max=20.0,
                    step=0.25,
                    advanced=True,
                    tooltip="Turns of the spiral. Negative winds the other way.",
                ),
                io.String.Input(
                    "keyframes",
                    multiline=True,
                    default=EXAMPLE_KEYFRAMES,
                    tooltip="Used when preset = keyframes; the editor writes it. One line per keyframe: frame right up forward yaw pitch roll [zoom], or JSON "
                    "objects with these names, fov and easing. Offsets are fractions of depth from the start camera; angles in degrees: "
                    "right, up, clockwise; zoom multiplies the focal length. Frame 0 is the start camera.",
                ),
                io.Float.Input(
                    "depth",
                    default=0.0,
                    min=0.0,
                    max=1e6,
                    step=0.1,
                    tooltip="Distance to the subject in scene units: distances are fractions of it, orbits turn about it.\n"
                    "0: the median depth that the start camera sees in the memory; without a memory, 1.",
                ),
                *_closing_inputs(),
                io.Float.Input(
                    "fov",
                    default=60.0,
                    min=1.0,
                    max=179.0,
                    step=1.0,
                    advanced=True,
                    tooltip="Horizontal field of view in degrees. Only used without a memory, whose cameras have their own.",
                ),
                io.Int.Input(
                    "width",
                    default=1248,
                    min=1,
                    max=16384,
                    advanced=True,
                    tooltip="Image width in pixels: with height, the shape of the image. Only used without a memory.",
                ),
                io.Int.Input(
                    "height",
                    default=704,
                    min=1,
                    max=16384,
                    advanced=True,
                    tooltip="Image height in pixels. Only used without a memory.",
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="The path starts at this memory's last camera, and takes its depth from the scene.",
                ),
                io.Load3DCamera.Input(
                    "view",
                    optional=True,
                    tooltip="For preset = to_view: camera_info of Preview Point Cloud that shows this memory's Scene Point Cloud (y up), or of another 3D node. "
                    "With a memory its pose is read in that viewer's units, where the cloud was centred and scaled.",
                ),
            ],
            outputs=[
                SpatiaCameras.Output(display_name="cameras"),
                io.Int.Output(display_name="frames", tooltip="Cameras in the path."),
            ],
        )

    @classmethod
    def validate_inputs(
        cls, preset: str | None = None, keyframes: str | None = None, frames: int | None = None
    ) -> bool | str:
        # Before anything runs: the memory this node waits for may be minutes away. Values from links come as None.
        known = (*PRESETS, TO_VIEW, KEYFRAMES)
        if preset is not None and preset not in known:
            return f"preset is {shown(preset)}, expected one of {', '.join(known)}; change preset."
        try:
            if preset == KEYFRAMES and keyframes is not None:
                require_within(parse_keyframes(keyframes), frames or MOST_CAMERAS)
        except SpatiaError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        preset: str,
        frames: int,
        angle: float,
        distance: float,
        easing: str,
        base_motion: str,
        turns: float,
        keyframes: str,
        depth: float,
        close_loop: str,
        closing_frames: int,
        fov: float,
        width: int,
        height: int,
        memory: SpatialMemory | None = None,
        view: dict | None = None,
    ) -> io.NodeOutput:
        if memory is None:
            start = make_cameras([[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]], intrinsics_from_fov(fov, width, height))
            depth = depth or 1.0
        else:
            width, height = memory.width, memory.height
            start = memory.cameras.select(-1)
            depth = depth or scene_depth(memory.cloud.positions, start)
        if preset == KEYFRAMES:
            path = keyframe_path(keyframes, start, frames, depth=depth)
        elif preset == TO_VIEW:
            path = travel_path(start, _viewed(view, width, height, memory), frames, easing=easing)
        else:
            path = preset_path(
                preset,
                start,
                frames,
                angle=angle,
                distance=distance,
                depth=depth,
                easing=easing,
                base=base_motion,
                turns=turns,
            )
        path = _closed(path, close_loop, closing_frames, memory)
        text, warnings = _told(path, depth, memory)
        page = _page_report(path, start, depth, width, height, memory)
        return io.NodeOutput(path, path.count, ui=report_ui(text, warnings=warnings, spatia_path=[page]))


class SpatiaImportCameras(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaImportCameras",
            display_name="Import Cameras",
            category="Spatia",
            search_aliases=["load cameras", *_FORMAT_ALIASES],
            description="Camera poses from a file or from pasted text: the official w2c.txt, RealEstate10K, nerfstudio transforms.json, COLMAP text, a pose file of 'Memorize When Needed', "
            "or an animated camera from Blender (glTF).",
            inputs=[
                io.String.Input(
                    "file",
                    default="",
                    tooltip="Name of a file in ComfyUI's input folder (or output, temp), such as shot/w2c.txt, transforms.json, images.txt or camera.glb, or of a folder that holds "
                    "one of them. intrinsics.txt (official) or cameras.txt (COLMAP) beside it is found by itself. Leave empty to use text.",
                ),
                io.Combo.Input(
                    "format",
                    options=["auto", *FORMATS],
                    default="auto",
                    tooltip="auto looks at the file. spatia is the official format: one JSON matrix per line. memorize is a pose file of 'Memorize When Needed': lead its cameras through Fit Image with their image. gltf is an animated camera of Blender's and others.",
                ),
                io.String.Input(
                    "text", multiline=True, default="", tooltip="The camera text itself, used when file is empty."
                ),
                io.String.Input(
                    "intrinsics",
                    multiline=True,
                    default="",
                    tooltip="Official format: the line [fx fy cx cy], normalised by width (fx, cx) and height (fy, cy). COLMAP: the text of cameras.txt. Overrides the file beside.",
                ),
                io.Combo.Input(
                    "start",
                    options=[AS_IN_FILE, AT_LAST_CAMERA],
                    default=AS_IN_FILE,
                    tooltip="at the memory's last camera: the motion and the zoom are kept, and carried to where the memory's video ends. Needs memory.",
                ),
                io.Float.Input(
                    "scale",
                    default=1.0,
                    min=1e-6,
                    max=1e6,
                    step=0.01,
                    tooltip="Multiplies all distances, to bring the file's unit to the scene's.",
                ),
                *_closing_inputs(),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    advanced=True,
                    tooltip="Image width in pixels, for a transforms.json that lacks w, or a glTF camera without an aspect ratio.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=16384,
                    advanced=True,
                    tooltip="Image height in pixels, as width.",
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="Where the path starts, when start says so; and what close_loop returns to.",
                ),
                io.Float.Input(
                    "fps",
                    default=24.0,
                    min=0.01,
                    max=1000.0,
                    step=1.0,
                    optional=True,
                    advanced=True,
                    tooltip="Cameras per second of a glTF animation. The video's own rate keeps its speed.",
                ),
                io.String.Input(
                    "camera",
                    default="",
                    optional=True,
                    advanced=True,
                    tooltip="Name of the camera in a glTF file, needed where it holds several.",
                ),
            ],
            outputs=[
                SpatiaCameras.Output(display_name="cameras"),
                io.Int.Output(display_name="frames", tooltip="Cameras in the path."),
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> bool | str:
        if not file or (isinstance(file, str) and not file.strip()):
            return True  # pasted text, or a name that comes over a link
        try:
            _camera_files(file)
        except SpatiaError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, **kwargs: object) -> object:
        try:
            return [stamp(path) for path in _camera_files(file) if path] if file and file.strip() else ""
        except SpatiaError as error:  # the file has gone since it was looked for; reading it will say so
            return str(error)

    @classmethod
    def execute(
        cls,
        file: str,
        format: str,
        text: str,
        intrinsics: str,
        start: str,
        scale: float,
        close_loop: str,
        closing_frames: int,
        width: int,
        height: int,
        memory: SpatialMemory | None = None,
        fps: float = 24.0,
        camera: str = "",
    ) -> io.NodeOutput:
        content: str | bytes = text
        if file.strip():
            main, second = _camera_files(file)
            data = read_bytes(main, "file")
            content = data if format == "gltf" or is_gltf(data) else as_text(data, main, "file")
            if second and not intrinsics.strip():
                intrinsics = read_text(second, "file")
        elif not text.strip():
            raise SpatiaError("Neither file nor text was given, expected camera poses; fill in one of them.")
        path = read_cameras(content, intrinsics, format, width=width, height=height, fps=fps, camera=camera)
        path = scale_path(path, scale)
        if start == AT_LAST_CAMERA:
            if memory is None:
                raise SpatiaError(
                    "start is 'at the memory's last camera', but no memory is connected; connect memory or set start to 'as in the file'."
                )
            path = continue_path(memory.cameras.select(-1), path)
        path = _closed(path, close_loop, closing_frames, memory)
        return io.NodeOutput(path, path.count)


class SpatiaExportCameras(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaExportCameras",
            display_name="Export Cameras",
            category="Spatia",
            is_output_node=True,
            search_aliases=["save cameras", *_FORMAT_ALIASES],
            description="Writes camera poses into ComfyUI's output folder, in the official text, RealEstate10K, nerfstudio or COLMAP format, as a pose file of 'Memorize When Needed', "
            "or as an animated camera for Blender (glTF).",
            inputs=[
                SpatiaCameras.Input("cameras", tooltip="The path to write."),
                io.String.Input(
                    "filename_prefix",
                    default="spatia/cameras",
                    tooltip="Folder and name inside the output folder; a number and the format's own file name follow.",
                ),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default="spatia",
                    tooltip="spatia is the official w2c.txt + intrinsics.txt. colmap writes images.txt + cameras.txt. "
                    "memorize writes pose.txt of 'Memorize When Needed', which cannot zoom. "
                    "gltf writes an animated camera for Blender and others, cameras.glb; it cannot zoom.",
                ),
                io.Int.Input(
                    "width",
                    default=1248,
                    min=1,
                    max=16384,
                    tooltip="Image width in pixels, written by nerfstudio and COLMAP, whose intrinsics are in pixels.",
                ),
                io.Int.Input("height", default=704, min=1, max=16384, tooltip="Image height in pixels, as width."),
                io.Float.Input(
                    "fps",
                    default=24.0,
                    min=0.01,
                    max=1000.0,
                    step=1.0,
                    advanced=True,
                    tooltip="Frames per second, for RealEstate10K's timestamps and the keys of a glTF animation.",
                ),
                io.Int.Input(
                    "view_frame",
                    default=0,
                    min=-10000,
                    max=10000,
                    advanced=True,
                    tooltip="Which camera the view output shows: 0 is the first, -1 the last.",
                ),
                SpatiaMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="Only for the view output: it is given in the units in which Preview Point Cloud shows this memory's Scene Point Cloud.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="file", tooltip="Name of the main file, as Import Cameras takes it."),
                io.Load3DCamera.Output(
                    display_name="view", tooltip="The camera of view_frame as camera_info of ComfyUI's 3D nodes."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        cameras: Cameras,
        filename_prefix: str,
        format: str,
        width: int,
        height: int,
        fps: float,
        view_frame: int = 0,
        memory: SpatialMemory | None = None,
    ) -> io.NodeOutput:
        if not -cameras.count <= view_frame < cameras.count:
            raise SpatiaError(
                f"view_frame is {shown(view_frame)}, expected one of the path's {cameras.count} cameras, 0 to "
                f"{cameras.count - 1} or counted from the end; change view_frame."
            )
        files = write_cameras(cameras, format, width=width, height=height, fps=fps)
        with new_output_file(filename_prefix, "filename_prefix") as stem:
            for name, text in files.items():
                if isinstance(text, bytes):
                    write_bytes(stem + name, text)
                else:
                    write_text(stem + name, text)
        names = [relative_to_output(stem + name) for name in files]
        camera = cameras.select(view_frame)
        if memory is None:
            view = view_from_camera(camera, width, height)
        else:
            depth = scene_depth(memory.cloud.positions, memory.cameras.select(0))
            view = view_from_camera(camera, memory.width, memory.height, viewer_framing(memory.cloud.positions), depth)
        return io.NodeOutput(names[0], view, ui=report_ui("\n".join(names)))


class SpatiaConcatCameras(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaConcatCameras",
            display_name="Join Cameras",
            category="Spatia",
            search_aliases=["concat cameras", "append path", "camera path"],
            description="Joins two camera paths into one.",
            inputs=[
                SpatiaCameras.Input("first", tooltip="The path that comes first."),
                SpatiaCameras.Input("second", tooltip="The path that follows."),
                io.Combo.Input(
                    "mode",
                    options=[CONTINUE, KEEP],
                    default=CONTINUE,
                    tooltip="continue from the last pose: the second path's motion and zoom go on where the first one ends, and the shared pose appears once.\n"
                    "keep poses: both paths stay where they are, frame after frame.",
                ),
                *_closing_inputs(),
                SpatiaMemory.Input(
                    "memory", optional=True, tooltip="Only for close_loop: its first camera becomes the target."
                ),
            ],
            outputs=[
                SpatiaCameras.Output(display_name="cameras"),
                io.Int.Output(display_name="frames", tooltip="Cameras in the joined path."),
            ],
        )

    @classmethod
    def execute(
        cls,
        first: Cameras,
        second: Cameras,
        mode: str,
        close_loop: str,
        closing_frames: int,
        memory: SpatialMemory | None = None,
    ) -> io.NodeOutput:
        path = concat_cameras(first, second) if mode == KEEP else continue_path(first, second)
        path = _closed(path, close_loop, closing_frames, memory)
        return io.NodeOutput(path, path.count)


def _viewed(view: dict | None, width: int, height: int, memory: SpatialMemory | None) -> Cameras:
    if view is None:
        raise SpatiaError(
            "preset is to_view, but no view is connected; connect the camera_info of a 3D viewer to view, or choose another preset."
        )
    if memory is None:
        return camera_from_view(view, width, height)
    return camera_from_view(view, width, height, viewer_framing(memory.cloud.positions))


_WARNED = {
    "wall": "{frames}: the camera goes through a surface of the scene.",
    "turn": "{frames}: the camera turns faster than {limit:g} degrees per frame.",
    "open": "The path nearly closes, but ends off the pose of the given image; set close_loop to blend to end on it.",
}


def _told(path: Cameras, depth: float, memory: SpatialMemory | None) -> tuple[str, list[str]]:
    """A sentence about a path, and what its editor warns of."""
    positions, loop = (None, None) if memory is None else (memory.cloud.positions, memory.cameras.select(0))
    turns = turns_between(path.w2c[:-1], path.w2c[1:])
    fastest = float(turns.max()) if len(turns) else 0.0
    warnings = [
        _WARNED[kind].format(frames=f"Frame {a}" if a == b else f"Frames {a} to {b}", limit=TURN_LIMIT)
        for kind, a, b in path_warnings(path, positions, depth=depth, loop=loop)
    ]
    return f"{path.count} frames; turns at most {fastest:.1f} degrees per frame.", warnings


def _page_report(
    path: Cameras, start: Cameras, depth: float, width: int, height: int, memory: SpatialMemory | None
) -> dict:
    """What the page's editor shows of a run: files for /view. js/src/camera_editor.mjs reads it."""
    facts = {
        "start": camera_list(start)[0],
        "first": camera_list(start if memory is None else memory.cameras.select(0))[0],
        "path": camera_list(path),
        "depth": depth,
        "scene_depth": None,
        "width": width,
        "height": height,
        "video_frames": 0,
        "memory": [],
    }
    files = {}
    if memory is not None:
        facts["video_frames"] = memory.cameras.count
        shown_frames = _evenly(memory.cameras.count, _SHOWN_POSES)
        facts["memory"] = [
            camera | {"frame": frame}
            for frame, camera in zip(shown_frames, camera_list(memory.cameras.select(shown_frames)))
        ]
        try:
            facts["scene_depth"] = scene_depth(memory.cloud.positions, start)
        except SpatiaError:
            # The start sees no point. The path has a depth of its own, or this node would not have come so far.
            facts["scene_depth"] = depth
        files = {
            "points": cloud_file(memory.cloud),
            "image": image_file(memory.read_frames([memory.frame_count - 1])[0]),
        }
    return {"facts": text_file("path", json.dumps(facts)), **files}


def _evenly(count: int, most: int) -> list[int]:
    """Of so many frames, at most `most`, the first and the last among them."""
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)}) if count > most else list(range(count))


def _camera_files(name: str) -> tuple[str, str | None]:
    """Paths of the main file and of its companion, if that is there."""
    path = existing_file(name, "file", allow_folder=True)
    if os.path.isdir(path):
        known = [*(main for main, _ in FILE_NAMES.values()), GLTF_NAME]
        mains = [main for main in known if os.path.isfile(os.path.join(path, main))]
        if len(mains) != 1:
            found = f"{len(mains)} of them ({', '.join(mains)})" if mains else "none of them"
            raise SpatiaError(
                f"file {shown(name)} is a folder with {found}, expected exactly one of "
                f"{', '.join(known)}; name the file itself."
            )
        path = os.path.join(path, mains[0])
    beside = companion_of(path)
    if beside and os.path.isfile(beside):
        return path, existing_file(beside, "file")
    return path, None


NODES = [SpatiaCameraPath, SpatiaImportCameras, SpatiaExportCameras, SpatiaConcatCameras]
