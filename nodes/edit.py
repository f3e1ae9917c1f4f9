"""Edit Point Cloud: one edit from the widgets, then any number from JSON, typed or made by the page's editor.

Edits are data: see spatia_core/cloud/edit.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile

import torch
from comfy_api.latest import Types, io

from ..spatia_core.cameras import scene_depth
from ..spatia_core.cloud import PointCloud
from ..spatia_core.cloud.edit import Edited, Scene, apply_edits, check_edits, named_files, parse_edits
from ..spatia_core.cloud.foreign import read_cloud
from ..spatia_core.cloud.open3d_bridge import MOST_NEIGHBOURS
from ..spatia_core.cloud.ply import parse_ply
from ..spatia_core.errors import SpatiaError
from ..spatia_core.files import write_bytes
from ..spatia_core.inputs import shown
from ..spatia_core.memory import SpatialMemory, with_cloud
from .host.files import existing_file, stamp, temporary_folder
from .host.preview import cloud_file, mask_file, text_file, views_file
from .host.reports import report_ui
from .host.routes import camera_list
from .sockets import AnyPointCloudFile, PointCloudFile, SpatiaMemory


def _number(
    name: str, default: float, tooltip: str, low: float = -1e6, high: float = 1e6, step: float = 0.05
) -> io.Input:
    return io.Float.Input(name, default=default, min=low, max=high, step=step, tooltip=tooltip)


def _vector(
    name: str, default: float, what: str, low: float = -1e6, high: float = 1e6, step: float = 0.05
) -> list[io.Input]:
    return [
        _number(f"{name}_{axis}", default, f"{what}, {meaning}.", low, high, step)
        for axis, meaning in (("x", "x (right)"), ("y", "y (down)"), ("z", "z (forward)"))
    ]


def _angles(name: str, what: str) -> list[io.Input]:
    return [
        _number(
            f"{name}_{axis}",
            0.0,
            f"{what} about the world's {axis} axis, degrees; x is applied first, then y, then z.",
            -360,
            360,
            1.0,
        )
        for axis in "xyz"
    ]


def _placement() -> list[io.Input]:
    return [
        *_vector("move", 0.0, "Shift in scene units"),
        *_angles("rotate", "Rotation round the middle of the points"),
        _number("scale", 1.0, "Size factor about the middle of the points.", 0.001, 1000.0, 0.05),
    ]


def _neighbours(default: int, tooltip: str) -> io.Input:
    return io.Int.Input("neighbours", default=default, min=1, max=MOST_NEIGHBOURS, tooltip=tooltip)


def _open3d_selections() -> list[io.DynamicCombo.Option]:
    """What finds points by themselves; it is refused, saying what to install, where Open3D is not there."""
    return [
        io.DynamicCombo.Option(
            "outliers",
            [
                _neighbours(20, "Stray points are those that lie unusually far from so many nearest ones."),
                _number("deviations", 2.0, "How unusual, in standard deviations: lower takes more.", 0.01, 1000.0, 0.1),
            ],
        ),
        io.DynamicCombo.Option(
            "sparse",
            [
                _number("reach", 0.05, "Scene units within which others are counted.", 1e-6),
                _neighbours(8, "Points with fewer others than that are taken."),
            ],
        ),
        io.DynamicCombo.Option(
            "largest cluster",
            [
                _number("reach", 0.05, "Scene units that points of a cluster are apart at most (DBSCAN).", 1e-6),
                _neighbours(10, "Points within the reach, itself one of them, that make a point the cluster's core."),
            ],
        ),
        io.DynamicCombo.Option(
            "largest plane", [_number("reach", 0.02, "Scene units from the plane (RANSAC), to both sides.", 1e-6)]
        ),
    ]


# The choices of a node that says nothing else.
_ALL, _NONE = {"select": "all"}, {"operation": "none"}


class SpatiaEditPointCloud(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaEditPointCloud",
            display_name="Edit Point Cloud",
            category="Spatia",
            # So that the page's editor can ask for the scene by running this node and what it needs, nothing else.
            is_output_node=True,
            search_aliases=[
                "remove object",
                "recolor",
                "move object",
                "duplicate",
                "merge ply",
                "scene edit",
                "point cloud editor",
            ],
            description="Changes the scene before the next clip is made: remove, recolour, move or copy a selection, or merge another cloud. "
            "The projection and its holes follow. Coordinates are the world's: x right, y down, z forward of the first camera.",
            inputs=[
                SpatiaMemory.Input(
                    "memory", tooltip="The scene to edit. It is not changed itself: a new memory comes out."
                ),
                io.DynamicCombo.Input(
                    "select",
                    tooltip="Which points to edit. mask: the connected mask, seen from a frame of the memory. "
                    "outliers, sparse, largest cluster and largest plane need Open3D; a message says how to install it.",
                    options=[
                        io.DynamicCombo.Option("all", []),
                        io.DynamicCombo.Option(
                            "box",
                            [
                                *_vector("center", 0.0, "Centre of the box in scene units"),
                                *_vector("size", 1.0, "Edge length in scene units", 1e-4),
                                *_angles("rotation", "Rotation of the box"),
                            ],
                        ),
                        io.DynamicCombo.Option(
                            "sphere",
                            [
                                *_vector("center", 0.0, "Centre of the sphere in scene units"),
                                _number("radius", 0.5, "Radius in scene units.", 1e-4),
                            ],
                        ),
                        io.DynamicCombo.Option(
                            "mask",
                            [
                                io.Int.Input(
                                    "mask_frame",
                                    default=-1,
                                    min=-100000,
                                    max=100000,
                                    tooltip="The memory's frame whose camera the mask belongs to: 0 is the given image, -1 the last frame.",
                                ),
                                io.Boolean.Input(
                                    "through",
                                    default=False,
                                    tooltip="Also take points hidden behind the front surface.",
                                ),
                            ],
                        ),
                        io.DynamicCombo.Option(
                            "color",
                            [
                                io.Color.Input("near_color", default="#ffffff", tooltip="Points of about this colour."),
                                _number(
                                    "tolerance",
                                    0.1,
                                    "Greatest distance in RGB: 0 is this colour alone, 1 is every colour.",
                                    0.0,
                                    1.0,
                                    0.01,
                                ),
                            ],
                        ),
                        *_open3d_selections(),
                    ],
                ),
                io.Boolean.Input("invert", default=False, tooltip="Edit everything except the selection."),
                io.DynamicCombo.Input(
                    "operation",
                    tooltip="What to do with the selected points. none: only the edits below. merge: add the connected point cloud file. register: the same, then lay it onto the scene where they overlap (ICP, needs Open3D).",
                    options=[
                        # First, and so what a new node does: the others say what to select before they make sense.
                        io.DynamicCombo.Option("none", []),
                        io.DynamicCombo.Option("remove", []),
                        io.DynamicCombo.Option(
                            "recolor",
                            [
                                io.Color.Input("color", default="#ff0000", tooltip="The new colour."),
                                io.Combo.Input(
                                    "mode",
                                    options=["solid", "tint"],
                                    default="tint",
                                    tooltip="tint keeps light and shade, solid does not.",
                                ),
                                _number("strength", 1.0, "1 replaces the old colour, 0 keeps it.", 0.0, 1.0, 0.05),
                            ],
                        ),
                        io.DynamicCombo.Option("transform", _placement()),
                        io.DynamicCombo.Option(
                            "duplicate",
                            [
                                *_vector("offset", 0.5, "Shift of the copy in scene units"),
                                io.Int.Input(
                                    "copies",
                                    default=1,
                                    min=1,
                                    max=100,
                                    tooltip="How many copies, each shifted from the one before.",
                                ),
                            ],
                        ),
                        io.DynamicCombo.Option("merge", _placement()),
                        io.DynamicCombo.Option(
                            "register",
                            [
                                *_placement(),
                                _number(
                                    "reach",
                                    0.1,
                                    "Scene units that points of the two clouds, once placed, are apart at most; farther ones have no say.",
                                    1e-6,
                                ),
                            ],
                        ),
                    ],
                ),
                io.String.Input(
                    "edits",
                    multiline=True,
                    default="",
                    tooltip="More edits as JSON, applied after the one above; the editor writes them, and the edits output of this node has the same form. "
                    "Empty for none. The help page lists the keys.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="For select = mask: one mask in the shape of the memory's frames, white where to edit.",
                ),
                io.MultiType.Input(
                    "point_cloud",
                    types=[PointCloudFile, AnyPointCloudFile, io.File3DAny],
                    optional=True,
                    tooltip="For operation = merge or register: a PLY file with coloured points, in x right, y down, z forward, or a GLB mesh, which becomes points. "
                    "Other clouds (pcd, xyz, pts) and meshes (obj, stl) need Open3D; a message says how to install it.",
                ),
            ],
            outputs=[
                SpatiaMemory.Output(display_name="memory"),
                io.String.Output(display_name="report", tooltip="What each edit did, and to how many points."),
                io.String.Output(display_name="edits", tooltip="All edits as JSON, to type into another node."),
            ],
        )

    @classmethod
    def validate_inputs(cls, edits: str | None = None, select: dict = _ALL, operation: dict = _NONE) -> bool | str:
        # Before anything runs: the memory this node waits for may be minutes away. A value from a link comes as None.
        # The host does not look at dynamic combos: a link to nowhere in one ends the thread that runs its prompts.
        for name, value in (("select", select), ("operation", operation)):
            if not isinstance(value, dict) or not isinstance(value.get(name), str):
                return f"{name} is {shown(value)}, expected a choice on the node itself; change {name}."
        try:
            check_edits(parse_edits(edits or ""))
        except SpatiaError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, edits: str | None = None, **kwargs: object) -> object:
        # A file that an edit names may be replaced by another of the same name. What cannot be read is refused when it runs.
        try:
            return [stamp(existing_file(name, "edits")) for name in named_files(parse_edits(edits or ""))]
        except SpatiaError:
            return []

    @classmethod
    def execute(
        cls,
        memory: SpatialMemory,
        select: dict,
        invert: bool,
        operation: dict,
        edits: str,
        mask: torch.Tensor | None = None,
        point_cloud: Types.File3D | None = None,
    ) -> io.NodeOutput:
        first = _edit_from_widgets(select, invert, operation)
        all_edits = ([first] if first else []) + parse_edits(edits)
        scene = Scene(
            cameras=memory.cameras,
            mask=None if mask is None else _single_mask(mask, memory),
            voxel_size=memory.voxel_size,
            other=None if point_cloud is None else _point_cloud(point_cloud),
            files={name: _inserted(name) for name in named_files(all_edits)},
            size=(memory.height, memory.width),
            clip=memory.clip_of_frame,
        )
        edited = apply_edits(memory.cloud, all_edits, scene)
        report = "\n".join(edited.report) or "no edits"
        seen = _page_report(memory, scene, all_edits, edited, own=1 if first else 0)
        return io.NodeOutput(
            memory if edited.cloud is memory.cloud else with_cloud(memory, edited.cloud),
            report,
            json.dumps(all_edits),
            ui=report_ui(report, spatia_edit=[seen]),
        )


def _edit_from_widgets(select: dict, invert: bool, operation: dict) -> dict | None:
    """The edit that the widgets describe, None for operation none."""
    kind = operation["operation"]
    if kind == "none":
        return None
    edit = {"do": "merge" if kind == "register" else kind}
    if edit["do"] != "merge":
        edit["select"] = _selection_from_widgets(select) | ({"invert": True} if invert else {})
    if kind == "recolor":
        edit |= {name: operation[name] for name in ("color", "mode", "strength")}
    elif kind in ("transform", "merge", "register"):
        edit |= {"move": _xyz(operation, "move"), "rotate": _xyz(operation, "rotate"), "scale": operation["scale"]}
        if kind == "register":
            edit["register"] = operation["reach"]
    elif kind == "duplicate":
        edit |= {"offset": _xyz(operation, "offset"), "copies": operation["copies"]}
    return edit


def _selection_from_widgets(select: dict) -> dict:
    shape = select["select"]
    if shape == "box":
        return {
            "shape": shape,
            "center": _xyz(select, "center"),
            "size": _xyz(select, "size"),
            "rotation": _xyz(select, "rotation"),
        }
    if shape == "sphere":
        return {"shape": shape, "center": _xyz(select, "center"), "radius": select["radius"]}
    if shape == "mask":
        return {"shape": shape, "frame": select["mask_frame"], "through": select["through"]}
    if shape == "color":
        return {"shape": shape, "color": select["near_color"], "tolerance": select["tolerance"]}
    if shape == "outliers":
        return {"shape": shape, "neighbours": select["neighbours"], "deviations": select["deviations"]}
    if shape == "sparse":
        return {"shape": shape, "radius": select["reach"], "neighbours": select["neighbours"]}
    if shape == "largest cluster":
        return {"shape": "dbscan", "distance": select["reach"], "neighbours": select["neighbours"]}
    if shape == "largest plane":
        return {"shape": "ransac_plane", "distance": select["reach"]}
    return {"shape": shape}


def _xyz(values: dict, name: str) -> list[float]:
    return [values[f"{name}_{axis}"] for axis in "xyz"]


def _single_mask(mask: torch.Tensor, memory: SpatialMemory) -> torch.Tensor:
    """(H, W) bool of a host mask, refused unless it is one mask of the frames' shape."""
    mask = mask[None] if mask.ndim == 2 else mask
    if mask.ndim != 3 or mask.shape[0] != 1 or not mask.numel():
        raise SpatiaError(
            f"A mask of shape {tuple(mask.shape)} was given, expected a single one (1, height, width); pick one frame of it for mask."
        )
    height, width = mask.shape[1:]
    # Another resolution of the same picture is fine; another shape is another picture.
    if abs(width / height - memory.width / memory.height) > 0.02 * memory.width / memory.height:
        raise SpatiaError(
            f"A mask of {width}x{height} was given for frames of {memory.width}x{memory.height}, expected the same shape of image; crop or resize mask."
        )
    return mask[0] >= 0.5


def _point_cloud(file: Types.File3D) -> PointCloud:
    if file.format == "ply":
        return parse_ply(file.get_bytes(), "point_cloud")
    # Open3D reads files only, and tells their format by the ending.
    with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
        path = os.path.join(folder, f"input.{''.join(c for c in file.format if c.isalnum())}")
        write_bytes(path, file.get_bytes())
        return read_cloud(path, "point_cloud")


def _inserted(name: str) -> PointCloud:
    """The cloud of a file that an edit names, in ComfyUI's input, output or temp folder."""
    return read_cloud(existing_file(name, "edits"), name)


def _page_report(memory: SpatialMemory, scene: Scene, edits: list[dict], edited: Edited, own: int) -> dict:
    """What the page's editor shows of a run: files for /view, of the scene before the edits. js/src/cloud_editor.mjs reads it.

    own: how many of the edits, at the beginning, are of the node's other widgets.
    """
    facts = {
        "cameras": camera_list(memory.cameras),
        "clip": memory.clip_of_frame.tolist(),
        "width": memory.width,
        "height": memory.height,
        "voxel_size": memory.voxel_size,
        "depth": None,
        "mask": None if scene.mask is None else list(scene.mask.shape),
        "edits": edits,
        "own": own,
        "counts": list(edited.counts),
        "points": edited.cloud.size,
    }
    # The last camera may see no point: the page then takes the size of the cloud.
    with contextlib.suppress(SpatiaError):
        facts["depth"] = scene_depth(memory.cloud.positions, memory.cameras.select(-1))
    files = {"points": cloud_file(memory.cloud), "views": views_file(memory.cloud)}
    if scene.mask is not None:
        files["mask"] = mask_file(scene.mask)
    if scene.other is not None:
        files["other"] = cloud_file(scene.other)
    inserted = [{"name": name, "points": cloud_file(cloud)} for name, cloud in scene.files.items()]
    return {"facts": text_file("edits", json.dumps(facts)), **files, "inserted": inserted}


NODES = [SpatiaEditPointCloud]
