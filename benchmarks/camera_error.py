"""The camera error of a report card on drawn rooms, whose cameras are exact: what it measures of a video that makes no error.

    python benchmarks/camera_error.py [--rooms 4] [--sizes 128x192]
    python benchmarks/camera_error.py --turned 1       the path commanded to turn by 1 degree per frame more

Prints, over the stretches of all rooms, how many could be measured, and median and mean of both errors.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spatia_core.cameras import make_cameras
from spatia_core.metrics.camera_motion import MotionMeter, Stretch
from training.startup import add_package

add_package()
from spatia_pack.training.data.clips import room_scene
from spatia_pack.training.data.rooms import render_room

FIRST_ROOM = 1_000_003


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=4)
    parser.add_argument("--sizes", nargs="+", default=["128x192"], help="height x width")
    parser.add_argument(
        "--turned", type=float, default=0.0, help="degrees per frame that the path is commanded to turn more"
    )
    arguments = parser.parse_args()
    for size in arguments.sizes:
        height, width = map(int, size.split("x"))
        found = [
            one
            for room in range(arguments.rooms)
            for one in measured(FIRST_ROOM + room, height, width, arguments.turned)
        ]
        turns = [one.turn - arguments.turned * (one.second - one.first) for one in found if one.turn is not None]
        directions = [one.direction for one in found if one.direction is not None]
        print(f"{size}: {len(turns)} of {len(found)} stretches")
        for name, values in (("turn", np.abs(turns)), ("direction", directions)):
            if len(values):
                print(f"  {name}: median {np.median(values):.2f}, mean {np.mean(values):.2f} degrees in {len(values)}")


def measured(seed: int, height: int, width: int, turned: float) -> list[Stretch]:
    """The stretches of one room's video of 41 frames."""
    room, path, _ = room_scene(seed)
    video = render_room(room, path, height, width)
    extra = np.tile(np.eye(4), (len(path), 1, 1))
    angles = np.radians(turned) * np.arange(len(path))
    extra[:, :3, :3] = Rotation.from_rotvec(angles[:, None] * [0, 1, 0]).as_matrix()
    meter = MotionMeter(make_cameras(extra @ video.w2c, video.intrinsics))
    for number, frame in enumerate(video.frames):
        meter(number, torch.from_numpy(frame))
    return meter.found


if __name__ == "__main__":
    main()
