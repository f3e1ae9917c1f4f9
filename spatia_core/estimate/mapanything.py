"""MapAnything, the paper's estimator: an optional package with weights of its own, from a local folder only.

Known cameras only condition it: what it predicts may differ from them in pose and scale. So of its answer only `depth_z` is
taken, brought to scene units, and unprojected with our own cameras by the path every estimator shares.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from ..cameras.camera import Cameras
from ..errors import SpatiaError
from .align import MIN_OVERLAP, baseline_scale, overlap_share
from .depth import DepthMaps

HOW_TO_GET = (
    "MapAnything is not on the package index: install it from its repository at a commit of your choice with `pip install --no-deps`, "
    "then `pip install hydra-core omegaconf jaxtyping timm pillow_heif uniception`. Weights: facebook/map-anything-apache (Apache-2.0), "
    "or facebook/map-anything (CC-BY-NC-4.0, not for commercial use); put config.json and model.safetensors into one folder."
)
PATCH = 14
LONGEST = 518  # pixels it was trained at
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # "dinov2" normalisation


class _Network(Protocol):
    """A MapAnything, as far as it is used here."""

    def parameters(self) -> Iterator[Tensor]: ...

    def infer(self, views: list[dict], **options: Any) -> list[dict[str, Tensor]]: ...


def load_mapanything(folder: str | os.PathLike, device: str | torch.device = "cpu") -> _Network:
    """The network of a folder with config.json and model.safetensors.

    Raises SpatiaError that says what to install or to get, and on a config that would fetch another network from the web.
    """
    name = os.path.basename(os.path.normpath(os.fspath(folder)))
    missing = [file for file in ("config.json", "model.safetensors") if not os.path.isfile(os.path.join(folder, file))]
    if missing:
        raise SpatiaError(f"The MapAnything folder {name} lacks {' and '.join(missing)}. {HOW_TO_GET}")
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            encoder = json.load(file).get("encoder_config", {})
    except (json.JSONDecodeError, AttributeError) as error:
        raise SpatiaError(
            f"config.json of the MapAnything folder {name} cannot be read ({error}); get it again."
        ) from error
    if encoder.get("torch_hub_pretrained", True):
        raise SpatiaError(
            f"config.json of the MapAnything folder {name} makes it download DINOv2, whose weights model.safetensors replaces anyway; add "
            '"torch_hub_pretrained": false under "encoder_config".'
        )
    if importlib.util.find_spec("mapanything") is None:
        raise SpatiaError(f"The package mapanything is not installed. {HOW_TO_GET}")
    try:
        from mapanything.models import MapAnything
    except ImportError as error:
        raise SpatiaError(f"The package mapanything is there but cannot be imported ({error}). {HOW_TO_GET}") from error
    return MapAnything.from_pretrained(os.fspath(folder)).to(device).eval()


def mapanything_depth(
    model: _Network,
    frames: Tensor,
    cameras: Cameras,
    *,
    prior: Tensor | None = None,
    longest: int = LONGEST,
    memory_efficient: bool = True,
) -> DepthMaps:
    """Depth of posed frames in the cameras' unit.

    model: of `load_mapanything`. frames: (N, H, W, 3) uint8. prior: (N, H, W) z-depth of the known cloud, 0 = unknown: it tells
    the scale where the cameras do not move. Returns N maps at the size the network ran at, their scale in `source`.
    """
    count, height, width = frames.shape[:3]
    if cameras.count != count:
        raise SpatiaError(f"{count} frames and {cameras.count} cameras were given, expected one camera per frame.")
    h, w = _network_size(height, width, longest)
    device = next(model.parameters()).device
    views = _views(frames, cameras, prior, h, w, device)
    with torch.inference_mode():
        answers = model.infer(
            views,
            memory_efficient_inference=memory_efficient,
            use_amp=device.type == "cuda",
            amp_dtype="bf16",
            apply_mask=False,
            mask_edges=False,
            apply_confidence_mask=False,
        )
    if len(answers) != count:
        raise SpatiaError(
            f"MapAnything answered for {len(answers)} of {count} views; this version of the package is not known to work here."
        )
    depth = torch.stack([answer["depth_z"].float().cpu().reshape(h, w) for answer in answers])
    good = torch.stack([answer["mask"].cpu().reshape(h, w).bool() for answer in answers])
    depth = torch.where(good & torch.isfinite(depth) & (depth > 0), depth, 0.0)
    confidence = torch.stack([answer["conf"].float().cpu().reshape(h, w) for answer in answers])
    own = torch.stack([answer["camera_poses"].cpu().double().reshape(4, 4)[:3, 3] for answer in answers])
    scale, origin = _scale(depth, prior, cameras, own)
    return DepthMaps(
        depth * scale, True, f"MapAnything, {origin} (times {scale:.4g})", cameras.intrinsics[0], confidence
    )


def _network_size(height: int, width: int, longest: int) -> tuple[int, int]:
    factor = min(1.0, longest / max(height, width))

    def patches(side: int) -> int:
        return max(PATCH, round(side * factor / PATCH) * PATCH)

    return patches(height), patches(width)


def _views(frames: Tensor, cameras: Cameras, prior: Tensor | None, h: int, w: int, device: torch.device) -> list[dict]:
    images = F.interpolate(frames.permute(0, 3, 1, 2).float() / 255, size=(h, w), mode="area")  # BHWC -> BCHW
    images = (images - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_DEVIATION).view(3, 1, 1)
    K = cameras.K(h, w).float()
    views = []
    for i in range(frames.shape[0]):
        view = {
            "img": images[i : i + 1].to(device),
            "data_norm_type": ["dinov2"],
            "intrinsics": K[i : i + 1].to(device),
            "camera_poses": cameras.c2w[i : i + 1].float().to(device),
            "is_metric_scale": torch.tensor([True], device=device),
        }
        if prior is not None and bool((prior[i] > 0).any()):
            # (B, H, W), zeros as missing: the docstring's last axis does not run.
            view["depth_z"] = F.interpolate(prior[i][None, None].float(), size=(h, w), mode="nearest-exact")[0].to(
                device
            )
        views.append(view)
    return views


def _scale(depth: Tensor, prior: Tensor | None, cameras: Cameras, own_centers: Tensor) -> tuple[float, str]:
    """Scene units per unit of the answer, and where that comes from: overlap with the cloud, camera path, metres."""
    if prior is not None:
        known = F.interpolate(prior[:, None].float(), size=depth.shape[1:], mode="nearest-exact")[:, 0]
        if overlap_share(depth, known) >= MIN_OVERLAP:
            both = (depth > 0) & (known > 0)
            return float((known[both] / depth[both]).median()), "scale from the overlap with the cloud"
    path = baseline_scale(cameras.centers, own_centers)
    if path is not None:
        return path, "scale from the camera path"
    return 1.0, "in its own metres"
