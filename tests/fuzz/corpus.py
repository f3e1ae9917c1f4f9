"""Inputs that once brought the package down, or might: (target, name, bytes made when they are needed)."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable

import seeds

LONG = "9" * 5000
DIGITS400 = "7" * 400


def nested(depth: int, left: str = "[", right: str = "]", inside: str = "") -> bytes:
    return (left * depth + inside + right * depth).encode()


def doubling_nodes() -> bytes:
    """Forty nodes, each of which lists the next one twice: 2^40 triangles in a kilobyte."""
    root, binary = seeds.triangle_root(b"")
    root["nodes"] = [{"children": [k + 1, k + 1]} for k in range(40)] + [{"mesh": 0}]
    root["materials"], root["textures"], root["images"] = [{}], [], []
    return seeds.glb(root, binary)


def circle_of_nodes() -> bytes:
    root, binary = seeds.triangle_root()
    root["nodes"] = [{"children": [1], "mesh": 0}, {"children": [0]}]
    return seeds.glb(root, binary)


def many_primitives() -> bytes:
    """Three thousand primitives on one array of indices."""
    root, _ = seeds.triangle_root(b"")
    positions = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    indices = bytes([0, 1, 2]) * 20_000
    root["bufferViews"] = [
        {"buffer": 0, "byteOffset": 0, "byteLength": 36},
        {"buffer": 0, "byteOffset": 36, "byteLength": len(indices)},
    ]
    root["accessors"] = [
        {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}, {"bufferView": 1, "componentType": 5121, "count": len(indices), "type": "SCALAR"},
    ]  # fmt: skip
    root["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}] * 3000}]
    root["nodes"], root["buffers"] = [{"mesh": 0}], [{"byteLength": 36 + len(indices)}]
    return seeds.glb(root, positions + indices)


def large_texture(side: int = 6000, rows: int | None = None) -> bytes:
    return seeds.glb(*seeds.triangle_root(seeds.flat_png(side, side, rows)))


def changed_glb(change: Callable[[dict], None]) -> Callable[[], bytes]:
    def make() -> bytes:
        root, binary = seeds.triangle_root()
        change(root)
        return seeds.glb(root, binary)

    return make


def bomb(compression: int, size: int = 300 << 20) -> bytes:
    """A few kilobytes that hold hundreds of megabytes of zeros."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.writestr("memory.json", b"{}")
        with file.open("memory.safetensors", "w", force_zip64=True) as entry:
            for _ in range(size >> 20):
                entry.write(bytes(1 << 20))
    return buffer.getvalue()


def changed_archive(change: Callable[[dict, dict], None], of=seeds.archive_entries) -> Callable[[], bytes]:
    """An archive with its JSON header and its tensors' header changed."""

    def make() -> bytes:
        entries = of()
        header = json.loads(entries["memory.json"])
        text, data = seeds.split_safetensors(entries["memory.safetensors"])
        tensors = json.loads(text)
        change(header, tensors)
        return seeds.archive(
            {"memory.json": json.dumps(header).encode(), "memory.safetensors": seeds.safetensors_file(tensors, data)}
        )

    return make


def archive_data(name: str, at: int, value: bytes, of=seeds.archive_entries) -> Callable[[], bytes]:
    """An archive with some bytes of one tensor replaced."""

    def make() -> bytes:
        entries = of()
        text, data = seeds.split_safetensors(entries["memory.safetensors"])
        start = json.loads(text)[name]["data_offsets"][0] + at
        data = data[:start] + value + data[start + len(value) :]
        return seeds.archive(entries | {"memory.safetensors": seeds.safetensors_file(text, data)})

    return make


def changed_ledger(change: Callable[[list], None]) -> Callable[[], bytes]:
    """An archive in format 1 whose record of changes is another."""
    return changed_archive(lambda header, tensors: change(header["ledger"]), seeds.archive_entries_1)


def many_clips(count: int = 20_000) -> bytes:
    """A sound archive of so many clips of one pixel that going through all for each takes minutes."""
    entries = seeds.archive_entries()
    image, *_ = json.loads(entries["memory.json"])["clips"]
    header = json.loads(entries["memory.json"]) | {
        "clips": [image] + [{"frames": 1, "history": 1, "size": None, "notes": [], "key": ""}] * (count - 1),
        "exact_from": count,
    }
    text, data = seeds.split_safetensors(entries["memory.safetensors"])
    known = json.loads(text)
    pose = struct.pack("<16d", *(float(i % 5 == 0) for i in range(16)))
    tensors = {name: data[slice(*known[name]["data_offsets"])] for name in known if name.startswith("cloud.")}
    tensors |= {"w2c": pose * count, "intrinsics": struct.pack("<4d", 0.8, 1.0, 0.5, 0.5) * count}
    tensors |= {"frames": bytes(3 * count), "moving": bytes(count)}
    shapes = {"w2c": [count, 4, 4], "intrinsics": [count, 4], "frames": [count, 1, 1, 3], "moving": [count, 1, 1]}
    listed, at, body = {}, 0, b""
    for name in sorted(tensors):
        entry = known[name] | {"shape": shapes.get(name, known[name]["shape"])}
        listed[name] = entry | {"data_offsets": [at, at + len(tensors[name])]}
        at += len(tensors[name])
    body = b"".join(tensors[name] for name in sorted(tensors))
    return seeds.archive(
        {"memory.json": json.dumps(header).encode(), "memory.safetensors": seeds.safetensors_file(listed, body)}
    )


def ply_header(*lines: str, body: bytes = b"") -> bytes:
    return "\n".join(["ply", *lines, "end_header", ""]).encode() + body


XYZ = (
    "property float x",
    "property float y",
    "property float z",
    "property uchar red",
    "property uchar green",
    "property uchar blue",
)


def many_cameras(count: int = 400_000) -> bytes:
    line = "[[1,0,0,0],[0,1,0,0],[0,0,1,0]]\n"
    # Longer than a request may be: as long as one may.
    return json.dumps(
        {"text": line * min(count, (15 << 20) // len(line)), "intrinsics": "[1 1 .5 .5]", "width": 9, "height": 9}
    ).encode()


def edit(**entry) -> bytes:
    return json.dumps([entry]).encode()


def with_raw(text: bytes, mark: str, raw: str) -> bytes:
    return text.replace(mark.encode(), raw.encode())


def unions(depth: int) -> bytes:
    selection: dict = {"shape": "all"}
    for _ in range(depth):
        selection = {"shape": "union", "of": [selection]}
    return edit(do="remove", select=selection)


def view_body(**camera) -> bytes:
    row = {"w2c": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], "intrinsics": [1, 1, 0.5, 0.5]} | camera
    return json.dumps({"cameras": [row], "format": "spatia", "width": 8, "height": 8}).encode()


def read_body(text: str, intrinsics: str = "[1 1 .5 .5]") -> bytes:
    return json.dumps({"text": text, "intrinsics": intrinsics, "width": 8, "height": 8}).encode()


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def grown(**clip) -> bytes:
    """A scene of one image, two clips of which the second is edited, and both taken back."""
    clip = {"do": "clip", "kind": "metres", "move": 0.05} | clip
    removal = {"do": "remove", "select": {"shape": "frames", "first": 1, "last": 4}}
    steps = [{"kind": "metres"}, clip, clip | {"load": True}, {"do": "edit", "edits": [removal]}]
    return json.dumps({"voxel": 0.05, "size": [12, 16], "steps": steps + [{"do": "revert"}] * 2}).encode()


INF = float("inf")
CORPUS: list[tuple[str, str, Callable[[], bytes]]] = [
    # Numbers that led a kernel out of its arrays.
    ("keyframes", "forward -1e39", lambda: b"24 0 0 -1e39 0 0 0"),
    ("keyframes", "1e308", lambda: b"12 1e308 0 0 0 0 0\n24 -1e308 0 0 0 0 0"),
    ("kernels", "camera at 3.4e38", lambda: floats(3.4e38, 0, 0, 0, 0, 1, 0.1, 0, 1)),
    ("kernels", "point at (3e38, 0, 3e38)", lambda: floats(0, 0, 0, 3e38, 0, 3e38, 0, 0, 1, 0, 0, 2)),
    ("kernels", "denormal depths", lambda: floats(0, 0, 0, 0, 0, 1e-40, 0, 0, 2e-40)),
    ("kernels", "inf and nan", lambda: floats(0, 0, 0, INF, 0, 1, 0, INF, INF, float("nan"), 0, 1, 0, 0, 1)),
    ("numbers", "distance 1e308", lambda: b'["dolly", 25, 30.0, 1e308, 1e6, 1.0, 1.0, 0]'),
    ("numbers", "scale 1e6 over and over", lambda: b'["dolly", 25, 30.0, 100, 1e6, 1.0, 1e6, 0]'),
    (
        "numbers",
        "dolly zoom next to the pivot",
        lambda: b'["dolly_zoom", 25, 30.0, 0.9999999999999999, 1e6, 1.0, 1.0, 0]',
    ),
    # Small files that grow.
    ("glb", "children listed twice", doubling_nodes),
    ("glb", "nodes in a circle", circle_of_nodes),
    ("glb", "a texture of 6000 x 6000", large_texture),
    ("glb", "a texture that claims 20000 x 20000", lambda: large_texture(20_000, 10)),
    ("glb", "3000 primitives on one array", many_primitives),
    ("glb", "scale 1e308", changed_glb(lambda root: root["nodes"][1].update(scale=[1e308, 1e308, 1e308]))),
    ("glb", "negative byteOffset", changed_glb(lambda root: root["bufferViews"][0].update(byteOffset=-4))),
    ("glb", "stride of 0.5", changed_glb(lambda root: root["bufferViews"][0].update(byteStride=0.5))),
    ("glb", "negative stride", changed_glb(lambda root: root["bufferViews"][0].update(byteStride=-12))),
    ("glb", "count of 10^18", changed_glb(lambda root: root["accessors"][0].update(count=10**18))),
    ("glb", "indices beyond the vertices", changed_glb(lambda root: root["accessors"][0].update(count=2))),
    ("glb", "texture that is none", lambda: seeds.glb(*seeds.triangle_root(b"\x89PNG\r\n\x1a\nrubbish"))),
    ("glb", "texture cut off", lambda: seeds.glb(*seeds.triangle_root(seeds.png(64, 64)[:60]))),
    ("glb", "quaternion of zeros", changed_glb(lambda root: root["nodes"][1].update(rotation=[0, 0, 0, 0]))),
    ("glb", "JSON nested deep", lambda: seeds.glb_of_text(nested(100_000), b"")),
    ("glb", "numbers of 5000 digits", lambda: seeds.glb_of_text(b'{"scene": ' + LONG.encode() + b"}", b"")),
    (
        "glb",
        "scene index of 400 digits",
        lambda: seeds.glb_of_text(b'{"scenes": [{}], "scene": ' + DIGITS400.encode() + b"}", b""),
    ),
    ("archive", "bzip2 of zeros", lambda: bomb(zipfile.ZIP_BZIP2, 64 << 20)),
    ("archive", "lzma of zeros", lambda: bomb(zipfile.ZIP_LZMA, 16 << 20)),
    ("archive", "deflated zeros", lambda: bomb(zipfile.ZIP_DEFLATED)),
    (
        "archive",
        "damaged lzma",
        lambda: bomb(zipfile.ZIP_LZMA, 1 << 20)[:90] + b"xx" + bomb(zipfile.ZIP_LZMA, 1 << 20)[92:],
    ),
    ("archive", "deep JSON", lambda: seeds.archive(seeds.archive_entries() | {"memory.json": nested(100_000)})),
    ("archive", "clips turned round", changed_archive(lambda header, tensors: header["clips"].reverse())),
    (
        "archive",
        "clip of another size",
        changed_archive(lambda header, tensors: header["clips"][-1].update(size=10**12)),
    ),
    (
        "archive",
        "clip of a negative size",
        changed_archive(lambda header, tensors: header["clips"][-1].update(size=-1)),
    ),
    ("archive", "clip of a known size", changed_archive(lambda header, tensors: header["clips"][1].update(size=8))),
    ("archive", "history beyond", changed_archive(lambda header, tensors: header["clips"][-1].update(history=-5))),
    (
        "archive",
        "history of 10^400",
        changed_archive(lambda header, tensors: header["clips"][-1].update(history=10**400)),
    ),
    ("archive", "clips that are too few", changed_archive(lambda header, tensors: header["clips"].pop())),
    ("archive", "exact from before it is known", changed_archive(lambda header, tensors: header.update(exact_from=1))),
    ("archive", "twenty thousand clips", many_clips),
    ("archive", "format 1: clip that fell", changed_ledger(lambda ledger: ledger.reverse())),
    ("archive", "format 1: ledger of another size", changed_ledger(lambda ledger: ledger[-1].update(size=10**12))),
    ("archive", "format 1: ledger of a negative size", changed_ledger(lambda ledger: ledger[-1].update(size=-1))),
    ("archive", "format 1: notes beyond", changed_ledger(lambda ledger: ledger[-1].update(notes=-5))),
    ("archive", "format 1: notes that fall", changed_ledger(lambda ledger: ledger[0].update(notes=2))),
    ("archive", "format 1: ledger that is too short", changed_ledger(lambda ledger: ledger.pop())),
    ("archive", "format 1: a clip twice", changed_ledger(lambda ledger: ledger[-1].update(clip=1))),
    ("archive", "format 1: a clip that is not there", changed_ledger(lambda ledger: ledger[-1].update(clip=9))),
    ("archive", "voxel size 1e308", changed_archive(lambda header, tensors: header.update(voxel_size=1e308))),
    (
        "archive",
        "a shape of 10^12",
        changed_archive(lambda header, tensors: tensors["frames"].update(shape=[10**12, 6, 8, 3])),
    ),
    (
        "archive",
        "frames of no pixel",
        changed_archive(lambda header, tensors: tensors["frames"].update(shape=[7, 0, 8, 3], data_offsets=[0, 0])),
    ),
    ("archive", "view beyond the frames", archive_data("cloud.view", 0, struct.pack("<i", 10**6))),
    ("archive", "view -9", archive_data("cloud.view", 0, struct.pack("<i", -9))),
    ("archive", "point at 3e38", archive_data("cloud.positions", 0, floats(3e38, 3e38, 3e38))),
    ("archive", "format 1: clips that fall", archive_data("clip", 0, struct.pack("<i", 5), seeds.archive_entries_1)),
    ("archive", "format 1: no image", archive_data("clip", 0, struct.pack("<i", 1), seeds.archive_entries_1)),
    ("archive", "camera at 1e300", archive_data("w2c", 24, struct.pack("<d", 1e300))),
    ("archive", "a byte of the moving masks that is 2", archive_data("moving", 0, b"\x02")),
    (
        "weights",
        "vace_blocks.999999",
        lambda: seeds.safetensors_file(
            {"vace_blocks.999999.x": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}
        ),
    ),
    (
        "layouts",
        "block of 5000 digits",
        lambda: json.dumps(seeds.control_shapes() | {f"vace_blocks.{LONG}.x": [1]}).encode(),
    ),
    ("layouts", "block 999999", lambda: json.dumps(seeds.control_shapes() | {"vace_blocks.999999.x": [1]}).encode()),
    (
        "layouts",
        "decoupled block 999999",
        lambda: json.dumps(seeds.decoupled_shapes() | {"blocks.999999.x": [1]}).encode(),
    ),
    ("layouts", "patch of 0", lambda: seeds.layouts()[2].replace(b"[16, 48, 1, 2, 2]", b"[16, 48, 0, 0, 0]")),
    ("layouts", "negative sizes", lambda: seeds.layouts()[0].replace(b"16", b"-16")),
    ("weights", "header longer than the file", lambda: (2**40).to_bytes(8, "little") + b"{}"),
    ("weights", "deep header", lambda: seeds.safetensors_file(nested(100_000))),
    ("weights", "empty", lambda: b""),
    ("index", "deep JSON", lambda: nested(100_000)),
    ("index", "map that is a list", lambda: b'{"weight_map": [1]}'),
    ("read route", "400,000 cameras", many_cameras),
    ("cameras", "400,000 cameras", lambda: b"[[1,0,0,0],[0,1,0,0],[0,0,1,0]]\n" * 400_000 + b"\n---\n[1 1 .5 .5]"),
    ("cameras", "numbers of 5000 digits", lambda: f"[[{LONG},0,0,0],[0,1,0,0],[0,0,1,0]]\n---\n[1 1 .5 .5]".encode()),
    (
        "cameras",
        "a line of 400 digits",
        lambda: f"[[1,0,0,{DIGITS400}],[0,1,0,0],[0,0,1,0]]\n---\n[1 1 .5 .5]".encode(),
    ),
    ("cameras", "deep line", lambda: b"[[" + nested(100_000) + b"\n---\n[1 1 .5 .5]"),
    (
        "cameras",
        "nerfstudio width of 400 digits",
        lambda: seeds.camera_texts()[4].replace(b'"w": 32', b'"w": ' + DIGITS400.encode()),
    ),
    ("cameras", "nerfstudio deep", lambda: b'{"frames": ' + nested(100_000) + b"}"),
    (
        "cameras",
        "nerfstudio long frame number",
        lambda: seeds.camera_texts()[4].replace(b"frame_9", b"frame_" + LONG.encode()),
    ),
    (
        "cameras",
        "colmap id of 5000 digits",
        lambda: seeds.camera_texts()[3].replace(b"\n1 ", b"\n" + LONG.encode() + b" "),
    ),
    ("cameras", "colmap size 1e-320", lambda: seeds.camera_texts()[5].replace(b"32 24", b"1e-320 1e-320")),
    ("cameras", "translation 3.5e38", lambda: b"[[1,0,0,3.5e38],[0,1,0,0],[0,0,1,0]]\n---\n[1 1 .5 .5]"),
    ("cameras", "translation 1e300", lambda: b"[[1,0,0,1e300],[0,1,0,0],[0,0,1,0]]\n---\n[1 1 .5 .5]"),
    ("cameras", "focal length 1e300", lambda: b"[[1,0,0,0],[0,1,0,0],[0,0,1,0]]\n---\n[1e300 1 .5 .5]"),
    ("keyframes", "whole number of 5000 digits", lambda: f'[{{"frame": {LONG}}}]'.encode()),
    ("keyframes", "whole number of 400 digits", lambda: f'[{{"frame": 3, "yaw": {DIGITS400}}}]'.encode()),
    ("keyframes", "deep JSON", lambda: nested(100_000)),
    ("keyframes", "not a list", lambda: b'{"version": 1, "units": ["depth"], "keyframes": [5]}'),
    ("keyframes", "a number alone in a list", lambda: b"[5, null]"),
    ("edits", "move of 1e39", lambda: edit(do="transform", move=[1e39, 0, 0])),
    (
        "edits",
        "copies of 400 digits",
        lambda: f'[{{"do": "duplicate", "offset": [0, 0, 0], "copies": {DIGITS400}}}]'.encode(),
    ),
    ("edits", "5000 digits", lambda: f'[{{"do": "transform", "move": [{LONG}, 0, 0]}}]'.encode()),
    ("edits", "deep JSON", lambda: nested(100_000)),
    ("edits", "unions 300 deep", lambda: unions(300)),
    (
        "edits",
        "plane distance 1e300",
        lambda: edit(do="remove", select={"shape": "plane", "point": [0, 0, 2], "distance": 1e300}),
    ),
    (
        "edits",
        "sphere of 1e300",
        lambda: edit(do="remove", select={"shape": "sphere", "center": [1e300, 0, 0], "radius": 1e300}),
    ),
    (
        "edits",
        "frames beyond 64 bits",
        lambda: edit(do="remove", select={"shape": "frames", "first": -(10**30), "last": 10**30}),
    ),
    ("edits", "rotation of 1e300", lambda: edit(do="transform", rotate=[1e300, 0, 0])),
    (
        "edits",
        "duplicated into millions",
        lambda: json.dumps([{"do": "duplicate", "offset": [0.1, 0, 0], "copies": 100}] * 5).encode(),
    ),
    ("edits", "lasso of a camera with a huge image", lambda: seeds.EDITS[-1].replace(b"[32, 24]", b"[100000, 100000]")),
    (
        "ply",
        "negative count before the vertices",
        lambda: ply_header("format ascii 1.0", "element face -5", "property float q", "element vertex 1", *XYZ),
    ),
    ("ply", "negative vertices", lambda: ply_header("format ascii 1.0", "element vertex -1", *XYZ)),
    (
        "ply",
        "10^18 vertices",
        lambda: ply_header("format binary_little_endian 1.0", "element vertex 1000000000000000000", *XYZ),
    ),
    (
        "ply",
        "5000 digits of vertices",
        lambda: ply_header("format binary_little_endian 1.0", f"element vertex {LONG}", *XYZ),
    ),
    (
        "ply",
        "count beyond 2^31",
        lambda: ply_header(
            "format ascii 1.0", "element vertex 1", *XYZ, "property uint count", body=b"0 0 1 1 2 3 4294967295\n"
        ),
    ),
    (
        "ply",
        "view as double",
        lambda: ply_header(
            "format ascii 1.0", "element vertex 1", *XYZ, "property uint view", body=b"0 0 1 1 2 3 4294967295\n"
        ),
    ),
    (
        "ply",
        "position of 3e38",
        lambda: ply_header("format ascii 1.0", "element vertex 1", *XYZ, body=b"3e38 0 3e38 1 2 3\n"),
    ),
    (
        "ply",
        "position of 1e400",
        lambda: ply_header("format ascii 1.0", "element vertex 1", *XYZ, body=b"1e400 0 1 1 2 3\n"),
    ),
    (
        "ply",
        "colour of 1e30 as char",
        lambda: ply_header("format ascii 1.0", "element vertex 1", *XYZ, body=b"0 0 1 1e30 2 3\n"),
    ),
    ("ply", "no property", lambda: ply_header("format binary_little_endian 1.0", "element vertex 0")),
    ("read route", "deep JSON", lambda: nested(100_000)),
    ("read route", "number of 5000 digits", lambda: f'{{"text": {LONG}}}'.encode()),
    ("read route", "NaN width", lambda: b'{"text": "a", "width": NaN}'),
    ("read route", "text of digits", lambda: read_body(f"[[{LONG},0,0,0],[0,1,0,0],[0,0,1,0]]")),
    ("read route", "deep text", lambda: read_body("[[" + "[" * 100_000)),
    ("read route", "lone surrogate", lambda: b'{"text": "\\ud800", "width": 1, "height": 1}'),
    ("write route", "w2c of texts", lambda: view_body(w2c=["a"] * 16)),
    ("write route", "w2c of objects", lambda: view_body(w2c=[{}] * 16)),
    ("write route", "w2c of null", lambda: view_body(w2c=[None] * 16)),
    (
        "write route",
        "w2c of 400 digits",
        lambda: with_raw(view_body(intrinsics=["MARK", 1, 1, 1]), '"MARK"', DIGITS400),
    ),
    ("write route", "no intrinsics", lambda: view_body(intrinsics=None)),
    ("write route", "intrinsics of lists", lambda: view_body(intrinsics=[[1, 1, 1, 1]])),
    ("write route", "w2c 1e300", lambda: view_body(w2c=[1, 0, 0, 1e300, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])),
    ("write route", "format of another type", lambda: view_body().replace(b'"spatia"', b'["spatia"]')),
    ("names", "NUL", lambda: b"a\0b"),
    ("names", "300 characters", lambda: b"n" * 300),
    ("names", "300 characters in a folder", lambda: b"spatia/" + b"n" * 300),
    ("names", "5000 characters", lambda: b"n/" * 2500 + b"n"),
    ("names", "lone surrogate", lambda: "\ud800.ply".encode("utf-8", "surrogatepass")),
    ("names", "only a folder's mark", lambda: b"[output]"),
    ("names", "dots", lambda: b".."),
    ("names", "new line", lambda: b"a\nb\r.spatia"),
    ("view", "fov of 400 digits", lambda: seeds.VIEWS[0].replace(b"40", DIGITS400.encode())),
    ("view", "position of 1e308", lambda: seeds.VIEWS[0].replace(b'"x": 1', b'"x": 1e308')),
    ("view", "fov next to 0", lambda: seeds.VIEWS[0].replace(b"40", b"1e-300")),
    ("view", "zoom of 1e308", lambda: seeds.VIEWS[0].replace(b'"zoom": 1', b'"zoom": 1e308')),
    # Depth as other packs hand it over, in a scene that is grown, edited, taken back and saved.
    ("chain", "depth of 1e-40 in a clip", lambda: grown(values=[1e-40])),
    ("chain", "a sky of disparity 1e-45", lambda: grown(kind="inverse", values=[1e-45, 0.5])),
    ("chain", "depth from 1e-9 to 1e9", lambda: grown(values=[1e-9, 1e9], consistent=True)),
    ("chain", "depth of 3.4e38", lambda: grown(values=[3.4e38], edges=True)),
    ("chain", "nothing but NaN", lambda: grown(values=[float("nan")])),
    ("chain", "a camera that leaves for 1e7", lambda: grown(move=1e7, consistent=True)),
    ("chain", "voxels of 1e-12", lambda: seeds.CHAINS[0].replace(b'"voxel": 0.05', b'"voxel": 1e-12')),
    ("chain", "voxels of 1e12", lambda: seeds.CHAINS[0].replace(b'"voxel": 0.05', b'"voxel": 1e12')),
]
