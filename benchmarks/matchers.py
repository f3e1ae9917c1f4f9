"""Match Accuracy of each matcher on drawn rooms: the same view with noise, with noise and blur, a later frame, and another room.

    python benchmarks/matchers.py [--rooms 10] [--sizes 128x192 352x624]

Prints means over rooms, and the largest of another room.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spatia_core.metrics import MATCHERS, MetricUnavailable, load_matcher, match_accuracy
from training.startup import add_package

add_package()
from spatia_pack.training.data.clips import room_scene
from spatia_pack.training.data.rooms import render_room

FIRST_ROOM, OTHER, LATER = 1_000_003, 50, 6
NOISE = 2 / 255
CASES = ("noise", "noise, blur", "later", "another room")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--sizes", nargs="+", default=["128x192", "352x624"], help="height x width")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        height, width = map(int, size.split("x"))
        rooms = [pictures(FIRST_ROOM + room, height, width) for room in range(arguments.rooms)]
        for name in MATCHERS:
            try:
                matcher = load_matcher(name)
            except MetricUnavailable as reason:
                print(f"{size} {name}: {reason}")
                continue
            found = np.array([[match_accuracy(one, first, matcher) for one in others] for first, *others in rooms])
            means = ", ".join(f"{case} {value:.3f}" for case, value in zip(CASES, found.mean(0), strict=True))
            print(f"{size} {matcher.name}: {means} (at most {found[:, -1].max():.3f})", flush=True)


def pictures(seed: int, height: int, width: int) -> list[torch.Tensor]:
    """The first view of a room, and what it is compared with, in the order of CASES."""
    (room, path, _), (other, other_path, _) = room_scene(seed), room_scene(seed + OTHER)
    first, later = torch.from_numpy(render_room(room, path[[0, LATER]], height, width).frames).float() / 255
    elsewhere = torch.from_numpy(render_room(other, other_path[:1], height, width).frames)[0].float() / 255
    generator = torch.Generator().manual_seed(0)
    noisy = (first + NOISE * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    blurred = torch.nn.functional.avg_pool2d(noisy.movedim(-1, 0), 3, 1, 1).movedim(0, -1)
    return [first, noisy, blurred, later, elsewhere]


if __name__ == "__main__":
    main()
