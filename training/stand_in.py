"""Draw small sets of held-out rooms in the formats of public data sets, to try what reads or measures those where they are not at hand.

    python training/stand_in.py FOLDER --scenes 4

data/public_sets.py says what lies where. Seeds are fixed: the same command draws the same bytes.
"""

import argparse
import sys
from pathlib import Path

import make
from startup import add_package


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or empty one")
    parser.add_argument("--scenes", type=int, default=4, help="of each set")
    parser.add_argument("--first-seed", type=int, default=make.HELD_OUT_SEED)
    arguments = parser.parse_args()
    if arguments.first_seed < make.HELD_OUT_SEED:
        parser.error(
            f"--first-seed {arguments.first_seed} was given, but rooms below {make.HELD_OUT_SEED} are trained on"
        )
    add_package()
    from spatia_pack.spatia_core.errors import SpatiaError
    from spatia_pack.training.data.public_sets import draw_sets

    try:
        draw_sets(arguments.folder, arguments.scenes, arguments.first_seed)
    except SpatiaError as error:
        print(f"stand_in.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
