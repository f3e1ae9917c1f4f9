"""One real ComfyUI server for the session, on a private base folder and a free port."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from graphs import node, with_defaults
from PIL import Image

from tools.client import Progress, run_prompt
from tools.places import make_base
from tools.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def host_files(comfyui_path):
    """A function: what lies in ComfyUI's folder, compiled files left out, as pytest itself may import from there."""

    def listing() -> set:
        files = (path for path in comfyui_path.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {(path, path.stat().st_mtime_ns) for path in files}

    return listing


@pytest.fixture(scope="session")
def host_files_before(host_files) -> set:
    """The same, before the server started."""
    return host_files()


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    """The server's base folder, with the images and model files of the tests."""
    base = tmp_path_factory.mktemp("server")
    make_base(base)
    rows, columns = np.mgrid[0:128, 0:192]
    picture = np.stack([rows * 2, columns, (rows * 7 + columns * 5) % 256], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(base / "input" / "image.png")
    Image.fromarray(picture[:, :96]).save(base / "input" / "narrow.png")
    Image.fromarray(picture).save(base / "input" / "example.png")  # as every ComfyUI has one
    # A wall that recedes to the right.
    Image.fromarray(np.repeat((60 + columns // 2)[..., None], 3, axis=-1).astype(np.uint8)).save(
        base / "input" / "depth.png"
    )
    (base / "input" / "corrupt.ply").write_bytes(
        b"ply\nformat binary_little_endian 1.0\nelement vertex 5\nproperty float x\nend_header\n12"
    )
    for folder, name in [
        ("model_patches", "step-8500.safetensors"),
        ("loras", "lora_weights_10000.safetensors"),
        ("diffusion_models", "wan2.2_ti2v_5B_fp16.safetensors"),
        ("text_encoders", "umt5_xxl_fp8_e4m3fn_scaled.safetensors"),
        ("vae", "wan2.2_vae.safetensors"),
        ("diffusion_models", "wan2.1_i2v_480p_14B_fp16.safetensors"),
        ("text_encoders", "umt5_xxl_fp16.safetensors"),
        ("clip_vision", "clip_vision_h.safetensors"),
        ("vae", "wan_2.1_vae.safetensors"),
        ("model_patches", "memorize_camera_controlnet.safetensors"),
        ("model_patches", "memorize_history_controlnet.safetensors"),
        ("geometry_estimation", "moge_2_vitl_normal_fp16.safetensors"),
        ("checkpoints", "sam3.1_multiplex_fp16.safetensors"),
    ]:
        (base / "models" / folder).mkdir(parents=True, exist_ok=True)
        (base / "models" / folder / name).write_bytes(b"not a model")
    return base


@pytest.fixture(scope="session")
def server(comfyui_path, base, host_files_before):
    with Server(comfyui_path, base, base) as server:
        yield server


@pytest.fixture(scope="session")
def object_info(server) -> dict:
    return server.get("/object_info")


@pytest.fixture
def scene_graph(object_info) -> dict:
    """Depth map -> scene -> path -> projection and references -> files: everything but the network."""
    return with_defaults(
        {
            "image": node("LoadImage", image="image.png"),
            "depth": node("LoadImage", image="depth.png"),
            "scene": node(
                "SpatiaEstimateScene", image=["image", 0], depth_map=["depth", 0], depth_kind="normalised, white is far",
                depth_source="connected input", near=1.0, far=4.0,
            ),
            "path": node("SpatiaCameraPath", memory=["scene", 0], preset="out_and_back", base_motion="truck", frames=13),
            "window": node("SpatiaClipWindow", cameras=["path", 0], clip=1, first_frames=13, later_frames=13),
            "render": node("SpatiaRenderCameraPath", memory=["scene", 0], cameras=["window", 0], radius=0.03),
            "references": node("SpatiaRetrieveReferences", memory=["scene", 0], cameras=["window", 0]),
            "picked": node("PreviewAny", source=["references", 1]),
            "frames": node("PreviewImage", images=["render", 0]),
            "coverage": node("PreviewAny", source=["render", 2]),
            "loop": node("SpatiaClosedLoopMetrics", frames=["render", 0]),
            "cameras": node("SpatiaExportCameras", cameras=["path", 0]),
            "save": node("SpatiaSaveScene", memory=["scene", 0]),
            "cloud": node("SpatiaSceneCloud", memory=["scene", 0]),
            "view": node("PreviewPointCloud", model_3d=["cloud", 0], viewport_state=""),
        },
        object_info,
    )  # fmt: skip


@pytest.fixture(scope="session")
def submit(server):
    """A function: API graph -> (outputs by node, Progress); RunError carries the server's message."""

    def run(prompt: dict):
        for entry in prompt.values():
            entry.setdefault("_meta", {"title": entry["class_type"]})
        progress = Progress(prompt, quiet=True)
        return asyncio.run(run_prompt(server, prompt, progress)), progress

    return run
