"""New depth in the cloud's own scale."""

from __future__ import annotations

from torch import Tensor

from ..errors import SpatiaError
from ..estimate.align import MIN_OVERLAP, align_depth, overlap_share
from ..estimate.scene import SceneEstimate
from .report import Tally


def scaled_depth(
    estimate: SceneEstimate, index: int, frame: int, known: Tensor, own_scale: float | None, tally: Tally
) -> Tensor:
    """The depth (H, W) of the estimate's image `index` in the scale of `known` (H, W), 0 = unknown.

    By its overlap with the cloud, else by the estimator's camera path (own_scale), else as it is where it is metric, else
    as the frames before. frame: its number in the clip, for messages. Raises SpatiaError when none of these is there.
    """
    depth = estimate.depth[index]
    if overlap_share(depth, known) >= MIN_OVERLAP:
        aligned = align_depth(depth, known)
        tally.scales.append(aligned.scale)
        tally.residuals.append(aligned.residual)
        return aligned.depth
    if own_scale is not None:
        return depth * own_scale
    if estimate.metric:
        return depth
    if tally.scales:
        tally.guessed.append(frame)
        return depth * tally.scales[-1]
    raise SpatiaError(
        f"Frame {frame} of the clip overlaps the cloud in less than {100 * MIN_OVERLAP:.0f} % of its pixels and its "
        f"depth ({estimate.scale_source}) is not metric, so its scale is unknown; connect metric depth, or a geometry "
        "with camera poses, or let the path turn more slowly."
    )
