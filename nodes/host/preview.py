"""What the page's editors show of a memory: files in ComfyUI's temp folder, fetched through its own /view route."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from io import BytesIO

import folder_paths
import torch
from PIL import Image

from ...spatia_core.cloud import PointCloud
from ...spatia_core.cloud.packed import packed_points, packed_views
from ...spatia_core.files import write_bytes

SUBFOLDER = "spatia"


def cloud_file(cloud: PointCloud) -> dict:
    """The cloud packed for display, as {filename, subfolder, type} of /view. The same cloud gives the same file."""
    return _file("points", ".bin", [cloud.positions, cloud.colors], lambda: packed_points(cloud))


def views_file(cloud: PointCloud) -> dict:
    """The frames that the points of `cloud_file` came from, as {filename, subfolder, type} of /view."""
    return _file("views", ".bin", [cloud.view], lambda: packed_views(cloud))


def mask_file(mask: torch.Tensor) -> dict:
    """A mask (H, W) bool, a byte per pixel by rows, as {filename, subfolder, type} of /view."""
    data = mask.to("cpu", torch.uint8).contiguous()
    return _file("mask", ".bin", [data], lambda: data.numpy().tobytes())


def image_file(image: torch.Tensor) -> dict:
    """An image (H, W, 3) uint8 as a JPEG, as {filename, subfolder, type} of /view."""

    def encode() -> bytes:
        buffer = BytesIO()
        Image.fromarray(image.cpu().numpy()).save(buffer, "JPEG", quality=90)
        return buffer.getvalue()

    return _file("frame", ".jpg", [image], encode)


def text_file(name: str, text: str) -> dict:
    """A text as {filename, subfolder, type} of /view. name: what its file name begins with."""
    data = text.encode()
    return _file(name, ".json", [torch.frombuffer(bytearray(data), dtype=torch.uint8)], lambda: data)


def _file(name: str, ending: str, content: list[torch.Tensor], encode: Callable[[], bytes]) -> dict:
    digest = hashlib.sha256()
    for tensor in content:
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.cpu().contiguous().numpy().data)
    folder = os.path.join(folder_paths.get_temp_directory(), SUBFOLDER)
    os.makedirs(folder, exist_ok=True)
    filename = f"{name}_{digest.hexdigest()[:24]}{ending}"
    path = os.path.join(folder, filename)
    if not os.path.isfile(path):
        write_bytes(path, encode())
    return {"filename": filename, "subfolder": SUBFOLDER, "type": "temp"}
