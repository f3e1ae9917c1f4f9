"""Quality metrics."""

from .closed_loop import ClosedLoop, closed_loop, colour_shift, psnr, ssim
from .optional import LPIPS_NETS, MATCHERS, Matcher, MetricUnavailable, load_lpips, load_matcher, match_accuracy
from .pose import PoseFit, align_pose, pose_error
from .statistics import Interval, bootstrap

__all__ = [
    "LPIPS_NETS",
    "MATCHERS",
    "ClosedLoop",
    "Interval",
    "Matcher",
    "MetricUnavailable",
    "PoseFit",
    "align_pose",
    "bootstrap",
    "closed_loop",
    "colour_shift",
    "load_lpips",
    "load_matcher",
    "match_accuracy",
    "pose_error",
    "psnr",
    "ssim",
]
