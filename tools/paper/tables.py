"""The tables: their rows, what is measured of them, and what the papers and others publish of the same kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from spatia_core.metrics.figure_tables import Comparison

from .setting import Setting

CLOSED, FILMED, BENCHMARK, LISTED = "closed loops", "filmed videos", "WorldScore", "a list of scenes"


class Row(NamedTuple):
    """One row: what it differs in from the template, and clips of its path."""

    setting: Setting = Setting()
    clips: int = 2


class Table(NamedTuple):
    """data: what its shots are made of. published: by method, values of the columns, as the papers print them."""

    title: str
    data: str
    rows: dict[str, Row]
    columns: tuple[str, ...]
    against: str | None
    goal: str
    published: dict[str, dict[str, float]]
    note: str

    @property
    def comparison(self) -> Comparison:
        """What it compares, for the page."""
        return Comparison(tuple(self.rows), self.columns, self.against, self.goal)


def _columns(names: str, rows: Mapping[str, tuple[float, ...]]) -> dict[str, dict[str, float]]:
    return {method: dict(zip(names.split(","), values, strict=True)) for method, values in rows.items()}


_CAMERA = ("turn error deg", "direction error deg", "stretches measured")
_HANGS_TOGETHER = " Where few stretches could be measured, the frames hang together in no camera, and the errors are those of the rest."
_COST = ("s a clip", "peak GiB")
_CLOSING = ("psnr_c", "ssim_c", "lpips_c", "match_c")
_LOOP = "Closed paths (out and back, loops) over scenes of WorldScore, clip by clip; the last frame against the given image."
_NEITHER, _VIDEO, _REFERENCES, _BOTH = "neither", "projection only", "references only", "both"
_ROWS = {
    _NEITHER: Row(Setting(projection=False, references=0)),
    _VIDEO: Row(Setting(references=0)),
    _REFERENCES: Row(Setting(projection=False)),
    _BOTH: Row(),
}
_BACKBONE = Setting(backbone=True)
_WORLDSCORE = (
    "average,static,dynamic,camera control,object control,content alignment,3d consistency,photometric consistency,"
    "style consistency,subjective quality"
)
_MOTION = ",motion accuracy,motion magnitude,motion smoothness"
_STATIC_ONLY = {
    "WonderJourney": (54.19, 63.75, 44.63, 84.60, 37.10, 35.54, 80.60, 79.03, 62.82, 66.56),
    "InvisibleStitch": (51.95, 61.12, 42.78, 93.20, 36.51, 29.53, 88.51, 89.19, 32.37, 58.50),
    "WonderWorld": (61.79, 72.69, 50.88, 92.98, 51.76, 71.25, 86.87, 85.56, 70.57, 49.81),
    "Voyager": (66.08, 77.62, 54.53, 85.95, 66.92, 68.92, 81.56, 85.99, 84.89, 71.09),
}  # fmt: skip
_MOVING_TOO = {
    "VideoCrafter2": (50.03, 52.57, 47.49, 28.92, 39.07, 72.46, 65.14, 61.85, 43.79, 56.74, 47.12, 30.40, 29.39),
    "EasyAnimate": (52.25, 52.85, 51.65, 26.72, 54.50, 50.76, 67.29, 47.35, 73.05, 50.31, 75.00, 31.16, 40.32),
    "Allegro": (53.64, 55.31, 51.97, 24.84, 57.47, 51.48, 70.50, 69.89, 65.60, 47.41, 54.39, 40.28, 37.81),
    "CogVideoX-I2V": (60.64, 62.15, 59.12, 38.27, 40.07, 36.73, 86.21, 88.12, 83.22, 62.44, 69.56, 26.42, 60.15),
    "Vchitect-2.0": (40.38, 42.28, 38.47, 26.55, 49.54, 65.75, 41.53, 42.30, 25.69, 44.58, 33.59, 33.81, 21.31),
    "LTX-Video": (55.99, 55.44, 56.54, 25.06, 53.41, 39.73, 78.41, 88.92, 53.50, 49.08, 76.22, 29.95, 71.09),
    "Wan2.1": (55.21, 57.56, 52.85, 23.53, 40.32, 45.44, 78.74, 78.36, 77.18, 59.38, 54.27, 33.26, 38.05),
    "Spatia": (69.73, 72.63, 66.82, 75.66, 52.32, 69.95, 86.40, 89.10, 80.09, 54.86, 54.83, 24.75, 80.26),
}  # fmt: skip

TABLES: dict[str, Table] = {
    "1": Table(
        "WorldScore (paper, Table 1)", BENCHMARK, {"videos": Row()}, _COST, None, "",
        _columns(_WORLDSCORE, _STATIC_ONLY) | _columns(_WORLDSCORE + _MOTION, _MOVING_TOO)
        | {"Mirage (a follow-up; its own page)": {"average": 70.36}},
        "Videos in the folders that WorldScore's evaluator reads; the scores are its own.",
    ),
    "2": Table(
        "RealEstate10K (paper, Table 2)", FILMED, {"one clip": Row()}, ("psnr", "ssim", "lpips", *_CAMERA, *_COST), None, "psnr",
        _columns("psnr,ssim,lpips", {
            "SEVA": (13.07, 0.515, 0.445), "VMem": (14.62, 0.522, 0.426), "ViewCrafter": (15.78, 0.580, 0.396),
            "FlexWorld": (16.25, 0.593, 0.370), "Voyager": (17.79, 0.636, 0.297), "Spatia": (18.58, 0.646, 0.254),
        }),
        "A video's first frame and its cameras are given, the frames of the first clip are made and compared with the filmed ones. The "
        "cameras' unit is brought to the estimated depth's by one number a video.",
    ),
    "3": Table(
        "Memory (paper, Table 3)", CLOSED, {_BOTH: Row()}, (*_CLOSING, *_COST), None, "psnr_c",
        _columns("psnr_c,ssim_c,lpips_c,match_c", {
            "ViewCrafter": (14.79, 0.481, 0.365, 0.447), "FlexWorld": (12.20, 0.428, 0.598, 0.377),
            "Voyager": (17.66, 0.540, 0.380, 0.507), "Spatia": (19.38, 0.579, 0.213, 0.698),
        }),
        _LOOP,
    ),
    "4": Table(
        "Projection and references (paper, Table 4)", CLOSED, _ROWS, (*_CLOSING, *_CAMERA), _NEITHER, "psnr_c",
        _columns("camera control,psnr_c,ssim_c,lpips_c", {
            _NEITHER: (58.81, 15.55, 0.444, 0.379), _VIDEO: (80.13, 17.18, 0.500, 0.295),
            _REFERENCES: (61.38, 15.64, 0.444, 0.393), _BOTH: (84.47, 19.38, 0.579, 0.213),
        }),
        _LOOP + " Without a projection the network is not told the camera's path. Camera control is WorldScore's score and is not "
        "measured here; the camera's errors are a report card's." + _HANGS_TOGETHER,
    ),
    "5": Table(
        "Number of references (paper, Table 5)", CLOSED, {f"K = {count}": Row(Setting(references=count)) for count in (1, 3, 5, 7)},
        _CLOSING, "K = 1", "psnr_c",
        _columns("psnr_c,ssim_c,lpips_c,match_c", {
            "K = 1": (17.50, 0.537, 0.284, 0.592), "K = 3": (17.85, 0.540, 0.275, 0.606), "K = 5": (18.48, 0.556, 0.248, 0.640),
            "K = 7": (19.38, 0.579, 0.213, 0.698),
        }),
        _LOOP + " At most so many references a clip; fewer where too little is shared.",
    ),
    "6": Table(
        "Long paths (paper, Table 6)", CLOSED,
        {
            f"{name}, {clips} clips": Row(setting, clips)
            for name, setting in (("backbone", _BACKBONE), ("memory", Setting())) for clips in (2, 4, 6)
        },
        (*_CLOSING, *_CAMERA, *_COST), "backbone, 6 clips", "psnr_c",
        _columns("camera control,psnr_c,ssim_c,lpips_c", {
            "backbone, 2 clips (Wan2.2)": (56.87, 13.00, 0.377, 0.521), "backbone, 4 clips (Wan2.2)": (46.43, 11.32, 0.328, 0.611),
            "backbone, 6 clips (Wan2.2)": (49.97, 10.74, 0.310, 0.644), "memory, 2 clips": (84.47, 19.38, 0.579, 0.213),
            "memory, 4 clips": (83.97, 18.23, 0.546, 0.253), "memory, 6 clips": (83.41, 18.04, 0.541, 0.259),
        }),
        _LOOP + " Each pair of clips goes there and comes back. The backbone goes on from its last frame, without control branch, LoRA "
        "and memory; as its clips repeat one frame alone, the same path may take it one clip less." + _HANGS_TOGETHER,
    ),
    "7": Table(
        "Voxel size (paper, Table 7)", FILMED, {f"{size:g} m": Row(Setting(voxel_size=size)) for size in (0.01, 0.03, 0.05, 0.07)},
        ("psnr", "ssim", "lpips", "points"), "0.01 m", "psnr",
        _columns("psnr,ssim,lpips", {
            "0.01 m": (18.58, 0.646, 0.254), "0.03 m": (17.10, 0.614, 0.313), "0.05 m": (16.35, 0.596, 0.349),
            "0.07 m": (15.97, 0.585, 0.370),
        }),
        "As Table 2, with points in cubes of that side.",
    ),
    "revisit": Table(
        "Revisits (Memorize When Needed)", LISTED, {"decoupled memory": Row()},
        (
            "closure_psnr", "revisit_psnr", "revisit_ssim", "revisit_lpips", "revisit_matches", "camera_turn", "camera_direction", *_COST,
        ),
        None, "revisit_psnr", {},
        "Its published test data's layout: an image, a text and a pose file each. Frames that have the pose of an earlier one after the "
        "camera was elsewhere, as report cards compare them. The paper's own figures are not at hand.",
    ),
}  # fmt: skip
