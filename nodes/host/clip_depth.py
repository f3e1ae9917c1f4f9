"""Depth of a clip's own frames by a model of the host, for a node that makes clips by itself."""

from __future__ import annotations

import functools

import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ...spatia_core.cameras import Cameras, fov_from_focal
from ...spatia_core.errors import SpatiaError
from ...spatia_core.estimate import DepthMaps
from .da3 import da3_multiview_depth
from .depth_sources import AUTO_SOURCE, BUNDLED, DepthReader, bundled_depth, da3_depth, moge_depth, small_depth_path
from .images import image_from_frames

MOGE, DA3 = "moge_model", "da3_model"
SOURCES = (AUTO_SOURCE, BUNDLED, MOGE, DA3)
MoGeModel = io.Custom("MOGE_MODEL")
DA3Model = io.Custom("DA3_MODEL")
_DA3_SIDE = 504  # pixels of the longer side, as the host's node has it
_MOGE_DETAIL, _MOGE_BATCH = 9, 4  # as the host's node has them
_STANDS = 1e-6  # scene units


def chosen_model(source: str, connected: set[str]) -> str:
    """Which source tells depth, auto resolved: the connected model, else the bundled network.

    Raises SpatiaError on a source that is not connected, and on a connected model that would be ignored.
    """
    if source == AUTO_SOURCE:
        if len(connected) > 1:
            raise SpatiaError(
                f"{' and '.join(sorted(connected))} are connected, expected one source of depth; disconnect the other, or "
                "set depth_source."
            )
        source = next(iter(connected), BUNDLED)
    wanted = {source} & {MOGE, DA3}
    missing, ignored = wanted - connected, connected - wanted
    if missing:
        raise SpatiaError(
            f"depth_source is '{source}', and nothing is connected to it; connect a loaded model to {source}, or set "
            f"depth_source to '{BUNDLED}'."
        )
    if ignored:
        raise SpatiaError(
            f"{' and '.join(sorted(ignored))} is connected, but depth_source is '{source}', so it would be ignored; set "
            "depth_source to it, or disconnect it."
        )
    if source == BUNDLED:
        small_depth_path()
    return source


def model_reader(
    source: str, moge_model: object, da3_model: ModelPatcher, cameras: Cameras | None = None
) -> DepthReader:
    """Reads depth by the chosen source. cameras: of a clip, which tell its field of view; None: an image's, of which the
    source may know it better."""
    if source == MOGE:
        return functools.partial(_moge, moge_model, cameras)
    if source == DA3:
        return functools.partial(_da3, da3_model, cameras)
    return bundled_depth


def _moge(
    model: ModelPatcher, cameras: Cameras | None, frames: torch.Tensor, pick: list[int], *, focal: float
) -> DepthMaps:
    from comfy_extras.nodes_moge import MoGeInference  # here, as hosts without it have all else

    angle = 0.0 if cameras is None else fov_from_focal(focal)  # 0: it finds the angle itself
    geometry = MoGeInference.execute(
        moge_model=model,
        image=image_from_frames(frames[pick]),
        resolution_level=_MOGE_DETAIL,
        fov_x_degrees=angle,
        batch_size=_MOGE_BATCH,
        force_projection=True,
        apply_mask=True,
    )
    return moge_depth(geometry.result[0])


def _da3(
    model: ModelPatcher, cameras: Cameras | None, frames: torch.Tensor, pick: list[int], *, focal: float
) -> DepthMaps:
    from comfy_extras.nodes_depth_anything_3 import DA3Inference  # here, as above

    takes_cameras = getattr(model.model.diffusion_model, "cam_enc", None) is not None
    if cameras is not None and takes_cameras and _moves(cameras.select(pick)):
        return da3_multiview_depth(model, frames[pick], cameras.select(pick), resolution=_DA3_SIDE)
    # One view, or views of a camera that stands: nothing to tell the distances from but each picture.
    geometry = DA3Inference.execute(
        da3_model=model,
        image=image_from_frames(frames[pick]),
        resolution=_DA3_SIDE,
        resize_method="upper_bound_resize",
        mode={"mode": "mono"},
    )
    return da3_depth(geometry.result[0], focal)


def _moves(cameras: Cameras) -> bool:
    return cameras.count > 1 and float((cameras.centers - cameras.centers[0]).norm(dim=1).max()) > _STANDS
