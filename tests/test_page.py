"""The page's JavaScript: the committed bundle is what the sources build, and its numbers are Python's."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from edit_vectors import edit_vectors

from spatia_core.cameras import BASE_MOTIONS, PRESETS, close_loop, keyframe_path, make_cameras, preset_path
from spatia_core.cameras.preflight import path_warnings
from spatia_core.cloud import make_point_cloud
from spatia_core.cloud.packed import packed_points
from spatia_core.errors import SpatiaError
from spatia_core.profile import PROFILES
from spatia_core.render.soft import render_soft

JS = Path(__file__).resolve().parent.parent / "js"
NODE, NPM = shutil.which("node"), shutil.which("npm")
needs_node = pytest.mark.skipif(NODE is None, reason="needs Node.js 20 or newer: apt install nodejs, or nodejs.org")
needs_npm = pytest.mark.skipif(
    NODE is None or NPM is None, reason="needs Node.js 20 or newer and npm: apt install nodejs npm, or nodejs.org"
)

LINES = "# frame right up forward yaw pitch roll zoom\n20 0.2 0.1 0.1 -15 5 0\n50, -0.1, 0, 0.4, 100, -20, 30, 1.4\n60 0 0 0 20 0 0"
LIST = '[{"frame": 30, "right": 0.5, "yaw": -40, "easing": "smooth"}, {"frame": 45, "fov": 40, "easing": "ease_in"}, {"frame": 60, "up": 1, "fov": 70, "easing": "ease_out"}]'
SCENE = '{"version": 1, "units": "scene", "keyframes": [{"frame": 0}, {"frame": 12, "forward": 1.5, "roll": 170, "easing": "ease_out"}, {"frame": 60, "right": -2, "roll": 20}]}'
REFUSED = [
    "", "# nothing", "1 2", "[", "[]", "[1]", '{"keyframes": []}', '{"version": 2, "keyframes": [{"frame": 1}]}', '[{"frame": 1, "zoom": 0}]',
    '{"version": 1, "units": "miles", "keyframes": [{"frame": 1}]}', '[{"frame": 1, "fov": 180}]', '[{"frame": 1, "fov": 50, "zoom": 2}]',
    '[{"frame": 1, "easing": "bounce"}]', '[{"frame": 1.5}]', '[{"frame": -1}]', '[{"frame": 2}, {"frame": 2}]', '[{"frame": 5, "yaw": 180}]',
    '[{"frame": 1, "speed": 2}]', '[{"frame": 1, "yaw": "far"}]', "24 0 0 -1e39 0 0 0", "24 0 0 1e308 0 0 0",
    "24 0 0 0 0 0 0 1e-300", "1e9 0 0 0 0 0 0",
    "1 0x10 0 0 0 0 0", "1 1_000 0 0 0 0 0", "1 Infinity 0 0 0 0 0", "1 nan 0 0 0 0 0", f"{'9' * 5000} 0 0 0 0 0 0",
    "1 1e 0 0 0 0 0", "1 \u0661 0 0 0 0 0",
    f'[{{"frame": 1, "up": {"9" * 5000}}}]', '[{"frame": 1, "up": 1e309}]', '[{"frame": 1, "fov": 1e-320}]',
    '[{"frame": 1, "fov": 179.9999}]',
    '[{"frame": 1, "yaw": 1e7}]', '[{"frame": 100000}]', '[{"frame": 1, "fov": null}]', '[{"frame": true}]',
    "[" * 100000, '[[{"frame": 1}]]',
    '{"version": 1, "units": null, "keyframes": [{"frame": 1}]}',
    '{"version": 1, "scale": 2, "keyframes": [{"frame": 1}]}',
    '{"version": true, "keyframes": [{"frame": 1}]}', '[{"frame": 1, "easing": ["smooth"]}]', "1 0 0 0 0 0\x0c0 0",
]  # fmt: skip


# Separated as a text may be that was pasted from elsewhere.
PASTED = "\ufeff# frame\r\n2e1,\xa0.2 0.1 1.e-1 -15 +5 0\r60\t0 0 0 20 0 0 1"


def as_page(cameras) -> list[dict]:
    return [
        {"w2c": w2c, "intrinsics": k} for w2c, k in zip(cameras.w2c.flatten(1).tolist(), cameras.intrinsics.tolist())
    ]


def path_vectors() -> list[dict]:
    start = preset_path("pan", make_cameras(torch.eye(4)[None], [0.7, 1.2, 0.48, 0.53]), 2, angle=35).select(1)
    start = preset_path("orbit", start, 2, angle=20, depth=2.0).select(1)
    first = make_cameras(torch.eye(4)[None], [0.8, 1.3, 0.5, 0.5])
    common = {
        "frames": 61,
        "angle": -50.0,
        "distance": 0.4,
        "easing": "smooth",
        "base_motion": "orbit",
        "turns": 1.5,
        "closing_frames": 9,
    }
    cases = []

    def add(name, path, depth, mode="off", text=None, **settings):
        goal = first if mode == "append" else start
        path = path if mode == "off" else close_loop(path, mode, frames=9, target=goal)
        case = {
            "name": f"{name}, close_loop {mode}",
            "settings": {**common, "close_loop": mode, **settings},
            "start": as_page(start)[0],
        }
        case |= {"first": as_page(goal)[0], "depth": depth, "path": as_page(path)} | (
            {} if text is None else {"text": text}
        )
        cases.append(case)

    for preset in PRESETS:
        easing = "linear" if preset in ("pan", "spiral") else "smooth"
        path = preset_path(
            preset, start, 61, angle=-50.0, distance=0.4, depth=2.5, easing=easing, base="orbit", turns=1.5
        )
        add(preset, path, 2.5, preset=preset, easing=easing)
    for base in BASE_MOTIONS:
        path = preset_path("out_and_back", start, 61, angle=-50.0, distance=0.4, depth=2.5, base=base, turns=1.5)
        add(f"out_and_back {base}", path, 2.5, preset="out_and_back", base_motion=base)
    for name, text in (("lines", LINES), ("pasted", PASTED), ("list", LIST), ("scene units", SCENE)):
        for mode in ("off", "blend", "append"):
            add(name, keyframe_path(text, start, 61, depth=3.0), 3.0, mode, text, preset="keyframes")
    return cases


def scene_vectors(folder: Path) -> dict:
    generator = torch.Generator().manual_seed(3)
    positions = torch.rand(1500, 3, generator=generator) * torch.tensor([3.0, 2.0, 4.0]) + torch.tensor(
        [-1.5, -1.0, 0.2]
    )
    cloud = make_point_cloud(positions, torch.randint(0, 256, (1500, 3), dtype=torch.uint8, generator=generator))
    (folder / "points.bin").write_bytes(packed_points(cloud))
    order = torch.randperm(1500, generator=torch.Generator().manual_seed(0))
    cameras = preset_path("orbit", make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.45, 0.5]), 2, angle=40.0, depth=2.0)
    pictures = []
    for width, height, radius, layers in ((60, 40, 0.08, 5), (31, 47, 0.2, 3)):
        drawn = render_soft(
            cloud.positions[order],
            cloud.colors[order],
            cameras,
            height,
            width,
            radius=radius,
            points_per_pixel=layers,
            backend="torch",
        )
        for i, camera in enumerate(as_page(cameras)):
            shares = {
                "image": drawn.image[i].flatten().tolist(),
                "coverage": float(drawn.coverage[i].double().mean() / 255),
            }
            pictures.append(
                {"camera": camera, "width": width, "height": height, "radius": radius, "layers": layers, **shares}
            )
    return {
        "packed": "points.bin",
        "positions": positions[order].tolist(),
        "colors": cloud.colors[order].tolist(),
        "pictures": pictures,
    }


def preflight_vectors() -> list[dict]:
    """Paths through a room's worth of points, and what Python warns of."""
    generator = torch.Generator().manual_seed(5)
    a, b = (torch.rand(20000, generator=generator) * span - span / 2 for span in (4.0, 2.0))
    wall = torch.stack([a, b, 2 + 0.01 * torch.rand(20000, generator=generator)], -1)
    loose = torch.rand(300, 3, generator=generator) * 4 - 2
    positions = torch.cat([wall, loose])
    start = make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.5, 0.5])
    paths = {
        "through": preset_path("dolly", start, 40, distance=1.4, depth=2.0),
        "spiral": preset_path("spiral", start, 30, distance=0.6, depth=2.0, turns=3.0),
        "fast": preset_path("pan", start, 20, angle=170.0),
        "nearly": preset_path("full_loop", start, 50, distance=0.5, depth=2.0).select(slice(0, 48)),
        "closed": preset_path("out_and_back", start, 41, angle=30.0, depth=2.0, base="orbit"),
    }
    return [
        {
            "name": name,
            "path": as_page(path),
            "positions": positions.flatten().tolist(),
            "depth": 2.0,
            "loop": as_page(start)[0],
            "warnings": [one._asdict() for one in path_warnings(path, positions, depth=2.0, loop=start)],
        }
        for name, path in paths.items()
    ]


@needs_node
def test_numbers_are_pythons(tmp_path):
    vectors = {
        "paths": path_vectors(),
        "refused": REFUSED,
        "scene": scene_vectors(tmp_path),
        "edits": edit_vectors(tmp_path),
        "preflight": preflight_vectors(),
        "profiles": {name: profile._asdict() for name, profile in PROFILES.items()},
    }
    (tmp_path / "vectors.json").write_text(json.dumps(vectors))
    tests = sorted(str(path.relative_to(JS)) for path in (JS / "test").glob("*.test.mjs"))
    done = subprocess.run(
        [NODE, "--test", *tests], cwd=JS, env={**os.environ, "SPATIA_VECTORS": str(tmp_path / "vectors.json")},
        capture_output=True, text=True, encoding="utf-8", timeout=600,
    )  # fmt: skip
    failures = [
        line
        for line in done.stdout.splitlines()
        if not line.lstrip("# ").startswith(("ok", "duration_ms", "---", "...", "type:"))
    ]
    assert done.returncode == 0, "\n".join(failures[-120:]) + done.stderr[-2000:]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_python_refuses_the_same_texts(text):
    with pytest.raises(SpatiaError):
        keyframe_path(text, make_cameras(torch.eye(4)[None], [0.7, 1.2, 0.5, 0.5]), 61)


@needs_npm
def test_committed_bundle_is_what_the_sources_build():
    done = subprocess.run(
        [NODE, "build.mjs", "--check"], cwd=JS, capture_output=True, text=True, encoding="utf-8", timeout=900
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_page_loads_one_small_entry():
    """ComfyUI imports every .js below the web folder, hidden folders apart."""
    loaded = [
        path.relative_to(JS).as_posix()
        for path in JS.rglob("*.js")
        if not any(part.startswith(".") for part in path.relative_to(JS).parts)
    ]
    assert loaded == ["dist/spatia.js"]
    assert (JS / loaded[0]).stat().st_size < 40_000


def test_nothing_is_loaded_from_elsewhere():
    """No address but comments and names of XML vocabularies in what the page runs."""
    for path in (JS / "src").glob("*.mjs"):
        assert "http" not in path.read_text(encoding="utf-8").replace("WebGL", ""), path
