"""An animated camera as glTF 2.0, for Blender and other modelling programs: a path out, and a camera's motion in.

glTF has y up and cameras that look along -z with y up; here y points down and cameras look along z. Both worlds are
turned half round x against each other, so that the world's origin stays, and the start camera of a path is glTF's camera
without any transform. Lengths are taken as they are.

pygltflib makes a file, and the objects of one that is read. It trusts what it is given and takes a millisecond for each
object: of a file that is read it is given the few objects that the camera needs, and all that they say is checked here.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import warnings
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from ..errors import SpatiaError
from ..glb_file import glb_parts
from ..inputs import LARGEST_COORDINATE, MOST_CAMERAS, number, parse_json, shown, whole, widget_number
from .camera import ROTATION_TOLERANCE, Cameras, fov_from_focal, make_cameras, require_image_size

LARGEST_FILE = 64 << 20  # bytes
NAME = "Spatia camera"
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # half a turn round x; its own inverse
# The lists that are read here, and pygltflib's names of what is in them.
_KINDS = {
    "nodes": "Node", "cameras": "Camera", "animations": "Animation", "accessors": "Accessor", "bufferViews": "BufferView",
    "buffers": "Buffer",
}  # fmt: skip
_MOST_VALUES = 4_000_000  # in a file's descriptions, those of no interest here too
_MOST_KEYS = 4 * MOST_CAMERAS  # of one animated value
_DEEPEST = 100  # nodes above each other
_WIDTHS = {"translation": 3, "rotation": 4, "scale": 3}
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
_FLOAT = 5126
_NUMBERS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", _FLOAT: "<f4"}
_POINTER = re.compile(r"/nodes/([0-9]{1,9})/(translation|rotation|scale)")
_SAME_TIME = 1e-3  # of a frame: times are rounded to float32, and a sample of a key is to be that key
_SAME_LENS = 1e-6  # relative: more is a zoom
_CENTRED = 0.005  # of the picture's sides: glTF's cameras have their centre in the middle
_NEAREST = 0.01  # scene units; glTF asks for a nearest distance, which no camera here has


def is_gltf(content: str | bytes) -> bool:
    """Whether this is glTF: binary, or its JSON text, which no other camera text resembles."""
    if isinstance(content, bytes):
        if content[:4] == b"glTF":
            return True
        content = content[:LARGEST_FILE].decode("utf-8", "replace")
    start = content[:1000].lstrip("\ufeff \t\r\n")
    return start.startswith("{") and '"asset"' in content and '"transform_matrix"' not in content


# --- writing ---


def write_gltf(cameras: Cameras, *, width: int, height: int, fps: float) -> bytes:
    """The path as a binary glTF file (.glb): one camera, and one animation with a key per frame.

    Raises SpatiaError for what a camera of glTF cannot be: one that zooms, or whose picture is not centred.
    """
    gltf = _library()
    require_image_size(width, height)
    fps = widget_number("fps", fps, 1e-3, 1e5)
    fx, fy = _one_lens(cameras)
    pose = _FLIP @ cameras.c2w.numpy() @ _FLIP
    values = [
        (np.arange(cameras.count) / fps)[:, None],
        pose[:, :3, 3],
        _continuous(Rotation.from_matrix(pose[:, :3, :3]).as_quat()),
    ]
    arrays = [np.ascontiguousarray(value, "<f4") for value in values]
    model = gltf.GLTF2(
        asset=gltf.Asset(version="2.0", generator="Spatia for ComfyUI"), scene=0, scenes=[gltf.Scene(nodes=[0])]
    )
    lens = gltf.Perspective(yfov=2 * math.atan(0.5 / fy), aspectRatio=fy / fx, znear=_NEAREST)
    model.cameras = [gltf.Camera(name=NAME, type="perspective", perspective=lens)]
    model.nodes = [gltf.Node(name=NAME, camera=0, translation=arrays[1][0].tolist(), rotation=arrays[2][0].tolist())]
    start = 0
    for index, array in enumerate(arrays):
        model.bufferViews.append(gltf.BufferView(buffer=0, byteOffset=start, byteLength=array.nbytes))
        accessor = gltf.Accessor(
            bufferView=index, componentType=_FLOAT, count=len(array), type=_TYPES[array.shape[1]],
            min=array.min(0).tolist(), max=array.max(0).tolist(),
        )  # fmt: skip
        model.accessors.append(accessor)
        start += array.nbytes
    model.buffers = [gltf.Buffer(byteLength=start)]
    model.set_binary_blob(b"".join(array.tobytes() for array in arrays))
    channels = [
        gltf.AnimationChannel(sampler=index, target=gltf.AnimationChannelTarget(node=0, path=path))
        for index, path in enumerate(("translation", "rotation"))
    ]
    samplers = [gltf.AnimationSampler(input=0, output=index, interpolation="LINEAR") for index in (1, 2)]
    model.animations = [gltf.Animation(name=f"{NAME} path", channels=channels, samplers=samplers)]
    return b"".join(bytes(part) for part in model.save_to_bytes())


def _one_lens(cameras: Cameras) -> tuple[float, float]:
    """The focal lengths that all the cameras have."""
    lens = cameras.intrinsics.numpy()
    if (np.abs(lens[:, :2] / lens[0, :2] - 1) > _SAME_LENS).any():
        views = [fov_from_focal(focal) for focal in (lens[:, 0].max(), lens[:, 0].min())]
        raise SpatiaError(
            f"The path zooms (its field of view goes from {views[0]:.1f} to {views[1]:.1f} degrees), and a camera of "
            "glTF has one lens; take the zoom out of the path, or choose another format."
        )
    off = np.abs(lens[:, 2:] - 0.5).max()
    if off > _CENTRED:
        raise SpatiaError(
            f"A camera's principal point is {off:.3g} picture sides off the middle, where a camera of glTF has it; "
            "choose another format."
        )
    return float(lens[0, 0]), float(lens[0, 1])


def _continuous(quaternions: np.ndarray) -> np.ndarray:
    """The same rotations (N, 4), each with the sign that is nearer to the one before: readers blend between them."""
    flips = np.where((quaternions[1:] * quaternions[:-1]).sum(1) < 0, -1.0, 1.0)
    return quaternions * np.concatenate([[1.0], np.cumprod(flips)])[:, None]


# --- reading ---


class _Track(NamedTuple):
    """Values of a node over time: rows of `values` at `times`; for CUBICSPLINE three rows each."""

    times: np.ndarray
    values: np.ndarray
    interpolation: str


def read_gltf(
    data: bytes, *, width: int = 0, height: int = 0, fps: float = 24.0, camera: str = "", most: int = MOST_CAMERAS
) -> Cameras:
    """The motion of a perspective camera of a glTF file (.glb, or .gltf with its data inside), `fps` cameras a second.

    From the first key to the last of what moves it, its parents' motion with it; one camera where nothing moves.
    camera: name of the camera or of its node, needed where there are several. width, height: pixels, used where the
    camera has no shape of its own. Raises SpatiaError on files that are not sound and on what a path cannot be.
    """
    fps = widget_number("fps", fps, 1e-3, 1e5)
    file = _File(data)
    try:
        # Numbers beyond float64's range are found by their result.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            pose, lens = file.motion(camera, width, height, fps, most)
    except (AttributeError, KeyError, TypeError) as error:  # a text for an object, an object for a list, ...
        raise _unsound(f"one of its values is of another kind than glTF's ({error})") from error
    return _cameras(pose, lens)


def camera_names(data: bytes) -> list[str]:
    """Names of a glTF file's cameras, as `read_gltf` takes them. Raises SpatiaError on files that are not sound."""
    return [names[0] for _, names in _File(data).camera_nodes()]


def _cameras(pose: np.ndarray, lens: list[float]) -> Cameras:
    """Cameras of glTF's global transforms (N, 4, 4), which may be scaled."""
    size = np.linalg.norm(pose[:, :3, :3], axis=1, keepdims=True)
    if not (np.isfinite(pose).all() and (size > 1e-12).all()):
        raise _unsound("a camera's transform is not finite, or scaled to nothing")
    turn = pose[:, :3, :3] / size
    if np.abs(turn.mT @ turn - np.eye(3)).max() > ROTATION_TOLERANCE:
        raise SpatiaError(
            "The glTF file's camera is sheared by the scale of its parents, and a camera cannot be; apply the scale in "
            "the program it comes from, and export it again."
        )
    if (np.linalg.det(turn) < 0).any():
        raise SpatiaError(
            "The glTF file's camera is mirrored by a negative scale, and a camera cannot be; make the scale positive."
        )
    u, _, vh = np.linalg.svd(turn)
    c2w = np.tile(np.eye(4), (len(pose), 1, 1))
    c2w[:, :3, :3], c2w[:, :3, 3] = u @ vh, pose[:, :3, 3]
    c2w = _FLIP @ c2w @ _FLIP
    w2c = np.tile(np.eye(4), (len(pose), 1, 1))
    w2c[:, :3, :3] = c2w[:, :3, :3].mT
    w2c[:, :3, 3:] = -w2c[:, :3, :3] @ c2w[:, :3, 3:]
    return make_cameras(w2c, lens)


def _sample_times(tracks: dict, fps: float, most: int) -> np.ndarray:
    """The moments of the frames, from the first key to the last."""
    if not tracks:
        return np.zeros(1)
    begin = min(float(track.times[0]) for track in tracks.values())
    end = max(float(track.times[-1]) for track in tracks.values())
    count = (end - begin) * fps + 1
    if count >= most + 0.5:
        raise SpatiaError(
            f"The glTF file's camera moves for {end - begin:g} seconds, {count:.0f} cameras at {fps:g} frames per "
            f"second, expected at most {most}; lower fps, or shorten the animation."
        )
    return begin + np.arange(max(1, round(count))) / fps


def _sampled(track: _Track, at: np.ndarray, fps: float, rotation: bool) -> np.ndarray:
    """A track's values at these moments, held before its first key and after its last."""
    times, values = track.times, track.values
    step = 3 if track.interpolation == "CUBICSPLINE" else 1
    if len(times) == 1:
        return np.repeat(values[step // 2 : step // 2 + 1], len(at), axis=0)
    nearest = np.clip(np.searchsorted(times, at), 1, len(times) - 1)
    nearest -= at - times[nearest - 1] < times[nearest] - at
    at = np.where(np.abs(times[nearest] - at) < _SAME_TIME / fps, times[nearest], at)
    at = np.clip(at, times[0], times[-1])
    key = np.clip(np.searchsorted(times, at, "right") - 1, 0, len(times) - 2)
    if track.interpolation == "STEP":
        return values[np.searchsorted(times, at, "right") - 1]
    if track.interpolation == "LINEAR" and rotation:
        return Slerp(times, Rotation.from_quat(values))(at).as_quat()
    span = (times[key + 1] - times[key])[:, None]
    u = (at - times[key])[:, None] / span
    if track.interpolation == "LINEAR":
        return (1 - u) * values[key] + u * values[key + 1]
    ins, points, outs = values[0::3], values[1::3], values[2::3]
    return (
        (2 * u**3 - 3 * u**2 + 1) * points[key] + (u**3 - 2 * u**2 + u) * span * outs[key]
        + (3 * u**2 - 2 * u**3) * points[key + 1] + (u**3 - u**2) * span * ins[key + 1]
    )  # fmt: skip


class _File:
    """A file's descriptions, of which nothing is believed, and its data."""

    def __init__(self, data: bytes):
        if len(data) > LARGEST_FILE:
            raise SpatiaError(
                f"The glTF file has {len(data)} bytes, expected at most {LARGEST_FILE}; export the camera alone."
            )
        self.binary: bytes | memoryview = b""
        if data[:4] == b"glTF":
            text, self.binary = glb_parts(memoryview(data), "The glTF file", _unsound)
        else:
            text = data.removeprefix(b"\xef\xbb\xbf")
        if text.count(b"{") + text.count(b"[") + text.count(b",") > _MOST_VALUES:
            raise _unsound(f"it describes more than {_MOST_VALUES} values, more than cameras need")
        described = parse_json(text, "The glTF file's descriptions", "the file: export it again")
        if not isinstance(described, dict):
            raise _unsound(f"its description is {shown(described)}, expected an object")
        asset = described.get("asset")
        if not isinstance(asset, dict) or not str(asset.get("version", "")).startswith("2."):
            raise _unsound(f"its asset is {shown(asset)}, expected glTF of version 2")
        for kind in _KINDS:
            entries = described.setdefault(kind, [])
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise _unsound(f"its {kind} are {shown(entries)}, expected a list of objects")
        self.described = described
        self.data: dict[int, bytes] = {}  # of its buffers

    def motion(self, camera: str, width: int, height: int, fps: float, most: int) -> tuple[np.ndarray, list[float]]:
        """The camera's global transforms (N, 4, 4), and its lens as normalised intrinsics."""
        node, lens = self.camera_node(camera, width, height)
        chain = self.chain(node)
        tracks = self.tracks(chain, self.described["nodes"][node]["camera"])
        times = _sample_times(tracks, fps, most)
        pose = np.eye(4)[None]
        for index in chain:
            pose = pose @ self.local(index, tracks, times, fps)
        return pose, lens

    # --- what there is ---

    def entry(self, kind: str, index: Any, who: str) -> Any:
        """An object of one of the file's lists."""
        return _object(_KINDS[kind], self.described[kind][self._place(kind, index, who)])

    def _place(self, kind: str, index: Any, who: str) -> int:
        count = len(self.described[kind])
        try:
            return whole(index, 0, count - 1)
        except ValueError:
            raise _unsound(f"{who} asks for number {shown(index)} of its {count} {kind}") from None

    def camera_nodes(self) -> list[tuple[int, list[str]]]:
        """The nodes that hold a camera, and the names by which each is known, the node's own first."""
        found = []
        for index, node in enumerate(self.described["nodes"]):
            if "camera" in node:
                camera = self.described["cameras"][self._place("cameras", node["camera"], f"node {index}")]
                names = [name for name in (node.get("name"), camera.get("name")) if isinstance(name, str) and name]
                found.append((index, names or [f"node {index}"]))
        return found

    def camera_node(self, wanted: str, width: int, height: int) -> tuple[int, list[float]]:
        """The node that holds the camera, and its lens as normalised intrinsics."""
        found = self.camera_nodes()
        if not found:
            raise SpatiaError("The glTF file holds no camera, expected one; export its cameras too.")
        listed = shown(", ".join(names[0] for _, names in found))
        wanted = wanted.strip()
        # A node's own name counts first: several nodes may share one camera.
        chosen = next((c for c in ([f for f in found if wanted == f[1][0]], [f for f in found if wanted in f[1]]) if c), found)  # fmt: skip
        if wanted and chosen is found and not all(wanted in names for _, names in found):
            raise SpatiaError(f"The glTF file has no camera {shown(wanted)}, expected one of {listed}; change camera.")
        if len(chosen) > 1:
            raise SpatiaError(
                f"The glTF file has {len(chosen)} cameras to choose from ({listed}), expected one; name the one that is meant in "
                "camera, or export it alone."
            )
        index, _ = chosen[0]
        lens = _lens(self.entry("cameras", self.described["nodes"][index]["camera"], "a node"), width, height)
        return index, lens

    def chain(self, node: int) -> list[int]:
        """The node and its parents, from the root down."""
        parents: dict[int, int] = {}
        nodes = self.described["nodes"]
        if sum(len(parent.get("children", [])) for parent in nodes) > len(nodes):
            raise _unsound("its nodes have more children than there are nodes")
        for index, parent in enumerate(nodes):
            for child in parent.get("children", []):
                if parents.setdefault(self._place("nodes", child, f"node {index}"), index) != index:
                    raise _unsound(f"node {child} has two parents")
        chain = [node]
        while chain[-1] in parents:
            chain.append(parents[chain[-1]])
            if len(chain) > _DEEPEST:
                raise _unsound(f"its camera lies more than {_DEEPEST} nodes deep, or in a circle of nodes")
        return chain[::-1]

    def tracks(self, chain: list[int], camera: int) -> dict[tuple[int, str], _Track]:
        """What moves these nodes, by node and "translation", "rotation" or "scale"."""
        tracks: dict[tuple[int, str], _Track] = {}
        animations = self.described["animations"]
        for place, animation in enumerate(animations):
            samplers = animation.get("samplers", [])
            for channel in animation.get("channels", []):
                node, path = _target(channel, camera)
                if node not in chain or path not in _WIDTHS:
                    continue
                if (node, path) in tracks:
                    names = [str(other.get("name", f"animation {i}")) for i, other in enumerate(animations)]
                    raise SpatiaError(
                        f"The glTF file moves its camera by several animations ({shown(', '.join(names))}), expected "
                        "one; export the one that is meant."
                    )
                try:
                    sampler = samplers[whole(channel.get("sampler"), 0, len(samplers) - 1)]
                except ValueError:
                    raise _unsound(f"animation {place} asks for sampler {shown(channel.get('sampler'))}") from None
                tracks[node, path] = self._track(_object("AnimationSampler", sampler), path)
        return tracks

    def _track(self, sampler: Any, path: str) -> _Track:
        way = sampler.interpolation
        if way not in ("LINEAR", "STEP", "CUBICSPLINE"):
            raise _unsound(f"an animation has interpolation {shown(way)}, expected LINEAR, STEP or CUBICSPLINE")
        times = self.numbers(sampler.input, 1)[:, 0]
        values = self.numbers(sampler.output, _WIDTHS[path])
        if (np.diff(times) <= 0).any():
            raise _unsound("the times of an animation's keys do not rise")
        each = 3 if way == "CUBICSPLINE" else 1
        if len(values) != each * len(times):
            raise _unsound(f"an animation has {len(values)} values for {len(times)} keys, expected {each * len(times)}")
        if path == "rotation":
            points = values[1::3] if each == 3 else values
            if (np.linalg.norm(points, axis=1) < 1e-6).any():
                raise _unsound("an animation has a rotation of length 0")
        return _Track(times, values, way)

    def local(self, index: int, tracks: dict, times: np.ndarray, fps: float) -> np.ndarray:
        """A node's own transform (1, 4, 4), or (N, 4, 4) at these moments where it is animated."""
        node = self.entry("nodes", index, "the camera")
        animated = [path for path in _WIDTHS if (index, path) in tracks]
        if node.matrix is not None:
            if animated:
                raise _unsound(f"node {index} has a matrix and is animated")
            matrix = _numbers(node.matrix, 16, f"the matrix of node {index}").reshape(4, 4).T
            if np.abs(matrix[3] - [0, 0, 0, 1]).max() > 1e-6:
                raise _unsound(f"the matrix of node {index} is no affine transform")
            return matrix[None]
        parts = {}
        for path, rest in (("translation", [0, 0, 0]), ("rotation", [0, 0, 0, 1]), ("scale", [1, 1, 1])):
            own = getattr(node, path)
            parts[path] = _numbers(rest if own is None else own, len(rest), f"the {path} of node {index}")[None]
            if path in animated:
                parts[path] = _sampled(tracks[index, path], times, fps, path == "rotation")
        if not (np.linalg.norm(parts["rotation"], axis=1) > 1e-6).all():
            raise _unsound(f"node {index} has a rotation of length 0")
        local = np.tile(np.eye(4), (max(map(len, parts.values())), 1, 1))
        local[:, :3, :3] = Rotation.from_quat(parts["rotation"]).as_matrix() * parts["scale"][:, None]
        local[:, :3, 3] = parts["translation"]
        return local

    # --- data ---

    def numbers(self, index: Any, width: int) -> np.ndarray:
        """The rows (N, width), float64, of an accessor."""
        accessor = self.entry("accessors", index, "an animation")
        where = f"array {index}"
        if accessor.sparse is not None or accessor.bufferView is None:
            raise SpatiaError(
                "The glTF file has sparse animation data, which is not read here; export it with sampled animations."
            )
        if accessor.type != _TYPES[width] or accessor.componentType not in _NUMBERS:
            raise _unsound(
                f"{where} is of type {shown(accessor.type)} and componentType {shown(accessor.componentType)}, expected "
                f"{_TYPES[width]} of numbers"
            )
        kind = np.dtype(_NUMBERS[accessor.componentType])
        if kind.kind != "f" and not (accessor.normalized and width == 4):
            raise _unsound(f"{where} holds whole numbers, expected floats, or fractions of a rotation")
        count = _whole(accessor.count, 1, 3 * _MOST_KEYS, f"count of {where}")
        start = _whole(accessor.byteOffset or 0, 0, LARGEST_FILE, f"byteOffset of {where}")
        data, stride = self._view(accessor.bufferView, where)
        row = kind.itemsize * width
        stride = stride or row
        if stride < row or start + (count - 1) * stride + row > len(data):
            raise SpatiaError(f"The glTF file is truncated: {where} of {count} entries does not fit; export it again.")
        values = np.ndarray((count, width), kind, data, start, (stride, kind.itemsize)).astype(np.float64)
        if kind.kind != "f":
            values = np.maximum(values / np.iinfo(kind).max, -1)
        if not (np.abs(values) <= LARGEST_COORDINATE).all():
            raise _unsound(f"{where} has a value that is NaN or beyond {LARGEST_COORDINATE:g}")
        return values

    def _view(self, index: Any, where: str) -> tuple[bytes | memoryview, int]:
        """The bytes of a bufferView, and its byteStride, 0 for none."""
        view = self.entry("bufferViews", index, where)
        if any("meshopt" in name for name in view.extensions or {}):
            raise SpatiaError("The glTF file's animation is compressed, which is not read here; export it without compression.")  # fmt: skip
        data = self._buffer(view.buffer, where)
        start = _whole(view.byteOffset or 0, 0, LARGEST_FILE, f"byteOffset of bufferView {index}")
        length = _whole(view.byteLength, 1, LARGEST_FILE, f"byteLength of bufferView {index}")
        if start + length > len(data):
            raise SpatiaError(
                f"The glTF file is truncated: it describes {start + length} bytes of data, and {len(data)} are there; "
                "export it again."
            )
        return data[start : start + length], _whole(view.byteStride or 0, 0, 1 << 20, f"byteStride of bufferView {index}")  # fmt: skip

    def _buffer(self, index: Any, where: str) -> bytes | memoryview:
        uri = self.entry("buffers", index, where).uri
        if uri is None:
            return self.binary
        if not isinstance(uri, str) or not re.match(r"data:[^,]{0,200};base64,", uri):
            raise SpatiaError(
                f"The glTF file keeps its data in another file ({shown(uri)}), which is not read; export it as one .glb, "
                "or as .gltf with embedded data."
            )
        if index not in self.data:
            try:
                self.data[index] = base64.b64decode(uri.partition(",")[2], validate=True)
            except (binascii.Error, ValueError):
                raise _unsound("its embedded data is no base64 text") from None
        return self.data[index]


def _object(kind: str, described: Any) -> Any:
    """A description as pygltflib's object of this kind; values of a wrong kind stay what they are."""
    library = _library()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of what is missing, which is looked at where it is needed
            return getattr(library, kind).from_dict(described, infer_missing=True)
    except Exception as error:  # whatever the library comes upon in what it trusts
        raise _unsound(f"{shown(described)} is no {kind} of glTF's ({type(error).__name__})") from error


def _library() -> ModuleType:
    """pygltflib, which only glTF needs."""
    try:
        import pygltflib
    except ImportError as error:
        raise SpatiaError(
            f"glTF needs the package pygltflib ({error}), which is among the requirements of this one; install them."
        ) from error
    return pygltflib


def _lens(camera: Any, width: int, height: int) -> list[float]:
    """Normalised intrinsics of a glTF camera."""
    if camera.perspective is None:
        raise SpatiaError(
            f"The glTF file's camera is {shown(camera.type)}, expected perspective; change its type and export it again."
        )
    try:
        yfov = number(camera.perspective.yfov, 1e-6, math.pi - 1e-6)
    except ValueError as error:
        raise _unsound(f"its camera has yfov {shown(camera.perspective.yfov)}, expected {error}") from None
    aspect = camera.perspective.aspectRatio
    if aspect is None:
        if not (width and height):
            raise SpatiaError(
                "The glTF file's camera has no aspect ratio; set width and height to the size its images have."
            )
        require_image_size(width, height)
        aspect = width / height
    try:
        aspect = number(aspect, 1e-6, 1e6)
    except ValueError as error:
        raise _unsound(f"its camera has aspectRatio {shown(aspect)}, expected {error}") from None
    fy = 0.5 / math.tan(yfov / 2)
    return [fy / aspect, fy, 0.5, 0.5]


def _target(channel: dict[str, Any], camera: int) -> tuple[Any, Any]:
    """(node, path) that a channel moves. Refuses one that moves the camera's own values."""
    target = channel["target"]
    node, path = target.get("node"), target.get("path")
    if path != "pointer":
        return node, path if isinstance(path, str) else None
    extension = target.get("extensions", {}).get("KHR_animation_pointer")
    pointer = str(extension.get("pointer")) if isinstance(extension, dict) else ""
    if pointer.startswith(f"/cameras/{camera}/"):
        raise SpatiaError(
            f"The glTF file animates its camera's lens ({shown(pointer)}), which is not read here; export it without "
            "animated zoom, or bring the zoom as another format."
        )
    moved = _POINTER.fullmatch(pointer)
    return (int(moved[1]), moved[2]) if moved else (None, None)


def _numbers(values: Any, count: int, what: str) -> np.ndarray:
    try:
        if not isinstance(values, list) or len(values) != count:
            raise ValueError(f"{count} numbers")
        return np.array([number(value, -LARGEST_COORDINATE, LARGEST_COORDINATE) for value in values])
    except ValueError as error:
        raise _unsound(f"{what} is {shown(values)}, expected {error}") from None


def _whole(value: Any, low: int, high: int, what: str) -> int:
    try:
        return whole(value, low, high)
    except ValueError as error:
        raise _unsound(f"{what} is {shown(value)}, expected {error}") from None


def _unsound(problem: str) -> SpatiaError:
    return SpatiaError(f"The glTF file is not sound: {problem}; export it again.")
