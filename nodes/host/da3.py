"""Depth Anything 3 over several views with known cameras: the host's network takes them, its node does not pass them."""

from __future__ import annotations

import comfy.model_management
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor
from torch.nn import functional as F

from ...spatia_core.cameras.camera import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.estimate import DepthMaps, baseline_scale

_LEAST_SPREAD = 1e-6


def da3_multiview_depth(model: ModelPatcher, frames: Tensor, cameras: Cameras, *, resolution: int = 504) -> DepthMaps:
    """Depth of posed frames in the cameras' unit, by the host's loaded DA3 model.

    frames: (N, H, W, 3) uint8, N >= 2. The cameras enter relative to the first, their distances divided by the median, as
    the network was trained; intrinsics in pixels of the size it runs at. What comes out is scaled by the camera path.
    Raises SpatiaError on a model that takes no cameras, and when nothing tells the scale.
    """
    # Here, so that a host without the network loses the node that needs it and no other.
    from comfy.ldm.depth_anything_3 import preprocess

    count, height, width = frames.shape[:3]
    if count < 2:
        raise SpatiaError(f"{count} frame was given, expected at least 2; decrease keyframe_every.")
    network = model.model.diffusion_model
    if getattr(network, "cam_enc", None) is None:
        raise SpatiaError(
            "This Depth Anything 3 model takes no cameras (Mono and Metric do not); load Small, Base, Large or Giant as da3_model."
        )
    relative = cameras.w2c @ cameras.c2w[0]
    centers = -(relative[:, :3, :3].mT @ relative[:, :3, 3:])[..., 0]
    spread = float(centers.norm(dim=1).median())
    if spread > _LEAST_SPREAD:
        relative[:, :3, 3] /= spread
    comfy.model_management.load_model_gpu(model)
    device = comfy.model_management.get_torch_device()
    dtype = network.dtype if network.dtype is not None else torch.float32
    images = preprocess.preprocess_image(
        frames.to(device).float() / 255, process_res=resolution, method="upper_bound_resize"
    ).to(dtype)
    h, w = images.shape[-2:]
    with torch.no_grad():
        out = network(
            images[None],
            extrinsics=relative[None].float().to(device),
            intrinsics=cameras.K(h, w)[None].float().to(device),
        )
    depth = out["depth"].float().cpu()
    known = torch.isfinite(depth) & (depth > 0)
    if "sky" in out:
        known &= out["sky"].float().cpu() < 0.5
    scale, origin = None, "scale from the camera path"
    if "extrinsics" in out:
        E = out["extrinsics"].cpu().double().reshape(count, -1, 4)
        scale = baseline_scale(cameras.centers, -(E[:, :3, :3].mT @ E[:, :3, 3:])[..., 0])
    if scale is None and spread > _LEAST_SPREAD:
        scale, origin = spread, "scale as the cameras were given"
    if scale is None:
        raise SpatiaError(
            "The cameras of these frames stand still, so they do not tell the scale of the depth; use metric depth, or frames of a moving camera."
        )
    confidence = out["depth_conf"].float().cpu() if "depth_conf" in out else None
    # Its rounding to whole patches changes the shape of the picture a little: back to the frames'.

    def fitted(x: Tensor) -> Tensor:
        return F.interpolate(x[:, None], size=(height, width), mode="nearest-exact")[:, 0]

    return DepthMaps(
        fitted(torch.where(known, depth * scale, 0.0)),
        True,
        f"Depth Anything 3 with known cameras, {origin} (times {scale:.4g})",
        cameras.intrinsics[0],
        None if confidence is None else fitted(confidence),
    )
