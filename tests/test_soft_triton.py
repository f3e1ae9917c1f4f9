"""The GPU path of the soft image. Without a GPU, Triton's interpreter runs the kernels on the CPU and its compiler compiles them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from random_scenes import cameras, random_cloud

from spatia_core.cameras import Cameras
from spatia_core.errors import SpatiaError
from spatia_core.render import soft
from spatia_core.render.soft import render_soft

ROOT = Path(__file__).resolve().parent.parent

# The interpreter is chosen when a kernel is defined, so it has a process of its own.
INTERPRETED = """
import torch
from spatia_core.render import soft, soft_triton
from spatia_core.render.soft import render_soft
from random_scenes import cameras, random_cloud

def differing(positions, colors, views, height, width, **options):
    reference, drawn = (render_soft(positions, colors, cameras(views), height, width, backend=name, **options) for name in ("torch", "triton"))
    assert reference.coverage.any(), "nothing to compare"
    assert [(a.shape, a.dtype, a.device) for a in reference] == [(a.shape, a.dtype, a.device) for a in drawn]
    return [int((a.int() - b.int()).abs().max()) for a, b in zip(reference, drawn)], sum(int((a != b).sum()) for a, b in zip(reference, drawn))

assert soft_triton.interpreted()
positions, colors = random_cloud(300)
print("two views", *differing(positions, colors, 2, 48, 64, radius=0.1))
print("release", *differing(positions, colors, 1, 33, 40, radius=0.15, points_per_pixel=2, release_geometry=True))
print("discs smaller than a pixel", *differing(positions, colors, 1, 48, 64))
flat = torch.cat([positions[:100, :2] / 4, torch.full((100, 1), 2.0)], 1)
print("equal depths", *differing(flat, colors[:100], 1, 24, 32, radius=0.4))
soft_triton._POINTS_AT_ONCE, soft_triton._ENTRIES_AT_ONCE = 100, 300
print("in bands, view by view", *differing(positions[:100], colors[:100], 2, 40, 24, radius=0.4, points_per_pixel=1))
for cloud in (torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.0, 0.0], [50.0, 0.0, 1.0]]), torch.zeros(0, 3)):
    drawn = render_soft(cloud, torch.full(cloud.shape, 255, dtype=torch.uint8), cameras(2), 12, 16, backend="triton")
    assert drawn.image.shape == (2, 12, 16, 3) and not drawn.image.any() and not drawn.coverage.any()
print("self-test", soft.disagreement(soft_triton.draw_soft_triton, torch.device("cpu")))
"""

# The same clouds as the CPU kernels get, thinned: the interpreter takes milliseconds for each block of points.
EXTREMES = """
import torch
from spatia_core.render import soft_triton
from spatia_core.render.soft import render_soft
from extreme_clouds import CLOUDS, TRANSLATIONS, camera, colors_of

assert soft_triton.interpreted()
drawn = 0
for cloud, positions in CLOUDS.items():
    positions = positions[:: max(1, len(positions) // 60)].contiguous()
    for case, translation in enumerate(TRANSLATIONS):
        radius, focal = ((0.2, 0.8), (1.0, 1e-300), (4.0, 1e300))[case % 3]
        for size in ((12, 16), (17, 20)):
            scene = positions, colors_of(positions), camera(translation, focal)
            theirs, ours = (render_soft(*scene, *size, radius=radius, backend=name) for name in ("torch", "triton"))
            off = max(int((a.int() - b.int()).abs().max()) for a, b in zip(theirs, ours))
            assert off <= 1, (cloud, translation, radius, focal, size, off)
            drawn += bool(theirs.coverage.any())
print("drawn", drawn)
"""

# The interpreter, once chosen for a process, stands in for the compiler and takes points on the CPU.
compiler = pytest.mark.skipif(
    os.environ.get("TRITON_INTERPRET") == "1", reason="TRITON_INTERPRET=1 is set for the tests: unset it"
)


def interpret(program: str) -> list[str]:
    """What a program prints whose Triton kernels the interpreter runs."""
    pytest.importorskip("triton", reason="triton is not installed")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_kernels_draw_the_reference():
    # Largest difference of image and coverage, and how many values differ.
    assert interpret(INTERPRETED) == [
        *(
            f"{case} [0, 0] 0"
            for case in ("two views", "release", "discs smaller than a pixel", "equal depths", "in bands, view by view")
        ),
        "self-test None",
    ]


@pytest.mark.parametrize("wrong", ["image", "coverage"])
def test_a_card_that_draws_something_else_is_found_out(wrong):
    def draw(positions, colors, w2c, lenses, height, width, radius, layers):
        views = Cameras(w2c, torch.tensor([[0.8, 1.0, 0.5, 0.5]], dtype=torch.float64).repeat(2, 1))
        drawn = render_soft(positions, colors, views, height, width, radius=2 * radius / height, backend="torch")
        spoilt = getattr(drawn, wrong).clone()
        spoilt[1, 15:20] = 255 - spoilt[1, 15:20]
        return drawn._replace(**{wrong: spoilt})

    found = soft.disagreement(draw, torch.device("cpu"))
    assert found is not None and f"of the {wrong} differ" in found


def test_no_number_leads_the_kernels_astray():
    """Infinities, NaN, denormals and the largest floats: the reference's picture, and no index out of its array."""
    (line,) = interpret(EXTREMES)
    assert int(line.removeprefix("drawn ")) >= 20, "nothing to compare"


@compiler
@pytest.mark.parametrize("name", ["_cull", "_place", "_enter", "_composite"])
def test_the_kernels_compile_for_a_gpu(name, tmp_path, monkeypatch):
    """The interpreter takes more of Python than the compiler does. sm_80: the oldest architecture that Triton names as its own."""
    triton = pytest.importorskip("triton", reason="triton is not installed")
    from triton.backends.compiler import GPUTarget

    from spatia_core.render import soft_triton

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    types = {
        "positions": "*fp32", "cameras": "*fp64", "depth": "*fp32", "colors": "*u8", "pair": "*i64", "cell": "*i32", "rest": "*fp32",
        "palette": "*i32", "tiles": "*i32", "until": "*i64", "tile": "*i16", "entry": "*i32", "end": "*i64", "image": "*u8", "coverage": "*u8",
        "squared": "fp32", "inverse": "fp32",
    }  # fmt: skip
    constants = {"TILE": soft_triton._TILE, "BLOCK": soft_triton._BLOCK, "AHEAD": soft_triton._AHEAD}
    kernel = getattr(soft_triton, name)
    signature = {
        argument: "constexpr" if argument in constants else types.get(argument, "i32") for argument in kernel.arg_names
    }
    source = triton.compiler.ASTSource(kernel, signature, {k: v for k, v in constants.items() if k in kernel.arg_names})
    compiled = triton.compile(
        source, target=GPUTarget("cuda", 80, 32), options={"num_warps": 1 if name == "_composite" else 4}
    )
    assert compiled.asm["cubin"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("height, width, radius, layers", [(48, 64, 0.01, 5), (240, 320, 0.02, 5), (33, 57, 0.3, 2)])
def test_a_gpu_draws_the_reference(height, width, radius, layers):
    pytest.importorskip("triton", reason="triton is not installed")
    positions, colors = (a.cuda() for a in random_cloud(20000))
    options = {"radius": radius, "points_per_pixel": layers}
    reference = render_soft(positions, colors, cameras(3), height, width, backend="torch", **options)
    drawn = render_soft(positions, colors, cameras(3), height, width, **options)
    for ours, theirs in zip(reference, drawn):
        assert theirs.is_cuda and ((ours.int() - theirs.int()).abs() <= 1).double().mean() >= 0.9999


@compiler
def test_without_a_gpu_it_is_refused():
    pytest.importorskip("triton", reason="triton is not installed")
    positions, colors = random_cloud(5)
    with pytest.raises(
        SpatiaError, match="'triton': it draws on a GPU, and the points are on cpu.*use 'auto' or 'torch'"
    ):
        render_soft(positions, colors, cameras(), 8, 8, backend="triton")


def test_without_triton_it_is_refused_and_auto_takes_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "triton", None)  # as Python itself marks what cannot be imported
    monkeypatch.delitem(sys.modules, "spatia_core.render.soft_triton", raising=False)
    soft.why_no_triton.cache_clear()
    try:
        positions, colors = random_cloud(5)
        with pytest.raises(SpatiaError, match="'triton': the triton package is not installed; use 'auto' or 'torch'"):
            render_soft(positions, colors, cameras(), 8, 8, backend="triton")
        assert soft._backend("auto", torch.device("cuda")) == "torch"
    finally:
        soft.why_no_triton.cache_clear()


@compiler
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_auto_takes_torch_where_triton_cannot_start_and_says_why(caplog):
    pytest.importorskip("triton", reason="triton is not installed")
    soft.why_no_triton.cache_clear()
    assert soft._backend("auto", torch.device("cuda")) == "torch"
    assert "Triton cannot start here" in caplog.text
