"""Inputs by hypothesis, one strategy per target: sound files and texts, bent where their readers look."""

from __future__ import annotations

import json
import re
import struct
import zipfile

import seeds
from hypothesis import strategies as st

# As they stand in a text: what floats, integers and Python's own readers stumble over.
RAW_NUMBERS = [
    "0", "-0.0", "1", "-1", "0.5", "2", "3.0", "7", "1e39", "-1e39", "3.4028235e38", "1e308", "-1e308", "1e309", "1e-320", "1e-45", "NaN", "nan",
    "Infinity", "-inf", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "18446744073709551616", "4294967295", "1_000", "0x10", "1e",
    "9" * 400, "-" + "9" * 400, "9" * 5000, "1e5", "1e9", "1000000001", "100000", "10000000", "true", "null", '"a"', "[]", "{}", "\u0663", "180", "-180", "360",
]  # fmt: skip
RAW_VALUES = [
    *RAW_NUMBERS,
    "[" * 40 + "]" * 40,
    "[" * 2000,
    '{"a":' * 50 + "1" + "}" * 50,
    '"\\ud800"',
    '"\\u0000"',
    '""',
    "[[]]",
    "[1,2,3]",
    "[0,0,0]",
    '"spatia"',
]
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_VALUE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\"[^\"\\]*\"|true|false|null|\[[^\[\]]*\]")


@st.composite
def bent_text(draw, texts: list[bytes], values: list[str] = RAW_VALUES) -> bytes:
    """A sound text with up to four of its numbers, values, lines or letters changed."""
    text = draw(st.sampled_from(texts)).decode()
    for _ in range(draw(st.integers(1, 4))):
        how = draw(st.sampled_from(["number", "number", "value", "line", "letters", "cut"]))
        if how in ("number", "value"):
            places = list((_NUMBER if how == "number" else _VALUE).finditer(text))
            if places:
                place = places[draw(st.integers(0, len(places) - 1))]
                text = (
                    text[: place.start()]
                    + draw(st.sampled_from(RAW_NUMBERS if how == "number" else values))
                    + text[place.end() :]
                )
        elif how == "line":
            lines = text.splitlines(keepends=True) or [" "]
            k, j = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            lines[k : k + 1] = draw(
                st.sampled_from([[], [lines[k]] * 2, [lines[k]] * 50, [lines[j], lines[k]], ["\n"]])
            )
            text = "".join(lines) or " "
        elif how == "letters":
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.text(max_size=4)) + text[at + draw(st.integers(0, 4)) :]
        else:
            text = text[: draw(st.integers(0, len(text)))] or " "
    return text.encode("utf-8", "surrogatepass")


@st.composite
def bent_bytes(draw, data: bytes) -> bytes:
    """Bytes with up to four places overwritten, cut out or doubled."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["number", "byte", "cut", "double", "end"]))
        if how == "number":
            number = draw(st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31), 2**16, 10**6]))
            data = data[:at] + struct.pack("<i", number) + data[at + 4 :]
        elif how == "byte":
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        elif how == "cut":
            data = data[:at] + data[at + draw(st.integers(1, 64)) :]
        elif how == "double":
            data = data[:at] + data[max(0, at - draw(st.integers(1, 64))) :]
        else:
            data = data[:at]
    return data


def _bent_glb() -> st.SearchStrategy[bytes]:
    root, binary = seeds.triangle_root()
    text = json.dumps(root).encode()
    framed = st.builds(seeds.glb_of_text, bent_text([text]), st.just(binary) | bent_bytes(binary))
    return framed | framed | bent_bytes(seeds.glb(root, binary))


def _bent_safetensors(data: bytes) -> st.SearchStrategy[bytes]:
    """The frame stays whole, so that the header's own entries are what is tried."""
    text, body = seeds.split_safetensors(data)
    return st.builds(seeds.safetensors_file, bent_text([text]), st.just(body) | bent_bytes(body))


def _bent_archive() -> st.SearchStrategy[bytes]:
    entries, first = seeds.archive_entries(), seeds.archive_entries_1()
    return _bent_entries(entries) | _bent_entries(entries) | _bent_entries(first)


def _bent_entries(entries: dict[str, bytes]) -> st.SearchStrategy[bytes]:
    whole = seeds.archive(entries)
    header = st.just(entries["memory.json"]) | bent_text([entries["memory.json"]])
    tensors = (
        st.just(entries["memory.safetensors"])
        | _bent_safetensors(entries["memory.safetensors"])
        | bent_bytes(entries["memory.safetensors"])
    )
    packed = st.builds(
        lambda h, t, kind: seeds.archive({"memory.json": h, "memory.safetensors": t}, kind),
        header, tensors, st.sampled_from([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
    )  # fmt: skip
    return packed | packed | packed | bent_bytes(whole)


@st.composite
def _floats(draw) -> bytes:
    special = st.sampled_from(
        [0.0, -0.0, 1.0, 1e-40, 2e-40, 1e-38, 3.4e38, -3.4e38, float("inf"), float("-inf"), float("nan"), 1e30, 0.5]
    )
    ordinary = st.floats(-3, 3, width=32)
    count = draw(st.integers(2, 60))
    values = draw(st.lists(ordinary | ordinary | special, min_size=3 * count, max_size=3 * count))
    return struct.pack(f"<{len(values)}f", *values)


@st.composite
def _numbers(draw) -> bytes:
    number = st.floats() | st.integers(-(10**20), 10**20) | st.floats(-10, 10)
    preset = draw(
        st.sampled_from(
            [
                "pan",
                "tilt",
                "roll",
                "dolly",
                "truck",
                "pedestal",
                "orbit",
                "spiral",
                "dolly_zoom",
                "out_and_back",
                "full_loop",
                "x",
            ]
        )
    )
    return json.dumps(
        [preset, draw(st.integers(-2, 300)), *(draw(number) for _ in range(5)), draw(st.integers(0, 1))]
    ).encode()


def _chains() -> st.SearchStrategy[bytes]:
    """A scene and steps on it: extreme depth, odd types, edits between clips, and clips taken back."""
    number = st.sampled_from([0.0, 0.5, 1.0, -2.5, 1e-45, 1e-40, 1e-9, 1e-3, 1e3, 1e9, 1e30, 3.4e38, -3.4e38])
    number = number | st.floats(0, 1, width=32) | st.floats(width=32)
    few = st.just([]) | st.just([]) | st.lists(number, max_size=4)
    depth = {
        "kind": st.sampled_from(["metres", "metres", "inverse", "normalised", "normalised, white is far"]),
        "values": few, "type": st.sampled_from(["float", "half", "bfloat", "double", "whole"]),
        "turned": st.booleans(), "edges": st.booleans(),
    }  # fmt: skip
    clip = st.fixed_dictionaries(
        depth | {"do": st.just("clip"), "move": st.sampled_from([0, 1e-12, 0.02, 0.1, 1, 1e7]) | st.floats(-1, 1),
                 "consistent": st.booleans(), "short": st.booleans(), "load": st.booleans(),
                 "history": st.sampled_from([None, 1, 5, 9, 9, 13]), "known": st.sampled_from([True, True, True, False])}
    )  # fmt: skip
    edits = [edit for text in seeds.EDITS for edit in json.loads(text) if not edit.get("file")]
    edit = st.fixed_dictionaries(
        {"do": st.just("edit"), "edits": st.lists(st.sampled_from(edits), max_size=3), "load": st.booleans()}
    )
    revert = st.fixed_dictionaries({"do": st.just("revert"), "load": st.booleans()})
    chain = st.fixed_dictionaries({
        "voxel": st.sampled_from([0.02, 0.05, 0.05, 0.05, 0.3, 1e-6, 1e3]) | st.floats(1e-12, 1e12),
        "size": st.sampled_from([[12, 16], [12, 16], [1, 1], [1, 9], [7, 2]]),
        "steps": st.tuples(
            st.fixed_dictionaries(depth), st.lists(clip | clip | edit | revert, min_size=1, max_size=5)
        ).map(lambda parts: [parts[0], *parts[1]]),
    })  # fmt: skip
    return chain.map(lambda plan: json.dumps(plan).encode()) | bent_text(seeds.CHAINS)


def _any_text() -> st.SearchStrategy[bytes]:
    surrogates = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF), max_size=40)
    return surrogates.map(lambda text: text.encode("utf-8", "surrogatepass"))


def _bent_any(files: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.sampled_from(files).flatmap(bent_bytes)


def strategies() -> dict[str, st.SearchStrategy[bytes]]:
    """One for every target, those in the host too."""
    plies = seeds.ply_files()
    return {
        "ply": bent_text([plies[1]]) | _bent_any(plies),
        "glb": _bent_glb(),
        "archive": _bent_archive(),
        "weights": st.sampled_from(seeds.headers()).flatmap(_bent_safetensors) | _bent_any(seeds.headers()),
        "layouts": bent_text(seeds.layouts()),
        "index": bent_text(seeds.INDEX),
        "cameras": bent_text(seeds.camera_texts()),
        "animated camera": bent_text(seeds.animated_cameras()[1:]) | _bent_any(seeds.animated_cameras()),
        "keyframes": bent_text(seeds.KEYFRAMES),
        "edits": bent_text(seeds.EDITS),
        "numbers": _numbers(),
        "view": bent_text(seeds.VIEWS),
        "kernels": _floats(),
        "chain": _chains(),
        "prompts": _any_text(),
        "read route": bent_text(seeds.route_bodies()[:1]),
        "write route": bent_text(seeds.route_bodies()[1:]),
        "names": bent_text(seeds.NAMES) | _any_text(),
    }
