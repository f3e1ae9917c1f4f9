"""Quality metrics, and a report card for any video with its camera path."""

from .card_files import card_picture, card_text, cards_csv, cards_json, table_text
from .closed_loop import ClosedLoop, closed_loop, colour_shift, psnr, ssim
from .matchers import MATCHERS, Matcher, load_matcher, match_accuracy
from .optional import LPIPS_NETS, MetricUnavailable, load_lpips
from .pose import PoseFit, align_pose, pose_error
from .report_card import ReportCard, Tools, count_mismatch, report_card
from .revisits import Scene, scene_of_points
from .statistics import Interval, bootstrap
from .video_file import count_frames, frame_rate, video_frames

__all__ = [
    "LPIPS_NETS",
    "MATCHERS",
    "ClosedLoop",
    "Interval",
    "Matcher",
    "MetricUnavailable",
    "PoseFit",
    "ReportCard",
    "Scene",
    "Tools",
    "align_pose",
    "bootstrap",
    "card_picture",
    "card_text",
    "cards_csv",
    "cards_json",
    "closed_loop",
    "colour_shift",
    "count_frames",
    "count_mismatch",
    "frame_rate",
    "load_lpips",
    "load_matcher",
    "match_accuracy",
    "pose_error",
    "psnr",
    "report_card",
    "scene_of_points",
    "ssim",
    "table_text",
    "video_frames",
]
