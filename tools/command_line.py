"""What run.py takes. Read before anything is set up, so with the standard library alone."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from .devices import CARDS
from .places import BATCH_WORKFLOW, DEMO_IMAGE, ROOT


def read(arguments: list[str]) -> argparse.Namespace:
    """The options of a command; `arguments` of it are what follows for pytest or the fuzzer."""
    # argparse would keep pytest's own options (-k, -x, --lf) for itself; check reads its own.
    if arguments[:1] in (["test"], ["check"]):
        return argparse.Namespace(command=arguments[0], arguments=arguments[1:])
    options, further = parser().parse_known_args(arguments)
    if further and options.command != "fuzz":
        parser().error(f"unrecognized arguments: {' '.join(further)}")
    options.arguments = further
    return options


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="run.py",
        description="Spatia for ComfyUI: set up, try out, test and serve.",
        epilog="COMFYUI_PATH names a ComfyUI to use instead of fetching one (it is not written to). "
        "SPATIA_CACHE names another place for the environment, SPATIA_TORCH_INDEX where its torch is found.",
    )
    commands = root.add_subparsers(
        dest="command", required=True, metavar="{demo,batch,report,paper,serve,test,fuzz,check,lint}"
    )

    add_demo(commands)
    add_batch(commands)
    add_report(commands)
    add_paper(commands)
    add_serve(commands)

    # For the help alone: read() gives what follows `test` to pytest as it is.
    commands.add_parser(
        "test",
        help="the test suite, with --fast without browser, server and slow tests; further arguments are pytest's",
    )

    fuzz = commands.add_parser(
        "fuzz", help="look for inputs that the readers do not bear; further arguments are those of tests/fuzz/run.py"
    )
    fuzz.add_argument("--minutes", type=whole_number(1, 10_000), default=10, help="how long (default: 10)")

    # For the help alone, as `test`.
    commands.add_parser("check", help="whether this machine computes what was tested elsewhere; check --help says more")

    commands.add_parser(
        "lint", help="what ruff and mypy find in the Python files and prettier, ESLint and tsc in the page's"
    )
    return root


def add_demo(commands: argparse._SubParsersAction) -> None:
    demo = commands.add_parser("demo", help="one image -> a closed-loop video, a contact sheet and the scene's PLY")
    demo.add_argument(
        "--image", type=existing_file, default=DEMO_IMAGE, help="the image to start from (default: a rendered room)"
    )
    demo.add_argument("--prompt", help="text for the video; the bundled small model reads none, a released one does")
    demo.add_argument("--frames", type=whole_number(5, 2000), help="frames of the whole path (default: the workflow's)")
    demo.add_argument(
        "--seed", type=whole_number(0, 2**32), help="seed of the noise, the same for every clip as in the release"
    )
    demo.add_argument("--output", type=Path, default=ROOT / "output", help="folder for the results (default: output/)")
    add_device(demo)


def add_batch(commands: argparse._SubParsersAction) -> None:
    batch = commands.add_parser(
        "batch", help="a list of scenes (image, prompt, camera path) -> a world, a video and a cloud of each"
    )
    batch.add_argument(
        "scenes",
        type=existing_file,
        help="prompt.json as 'Memorize When Needed' has it, or the same entries one a line (.jsonl)",
    )
    batch.add_argument(
        "--output", type=Path, required=True, help="folder for the results; the same command again goes on there"
    )
    batch.add_argument(
        "--workflow", type=existing_file, default=BATCH_WORKFLOW,
        help="a workflow that makes one clip per run into a world (default: the template for Wan2.1 I2V 14B)",
    )  # fmt: skip
    add_machines(batch)


def add_report(commands: argparse._SubParsersAction) -> None:
    report = commands.add_parser("report", help="a report card of any video and its camera path, or a table of several")
    report.add_argument("videos", type=existing_file, nargs="+", metavar="VIDEO", help="mp4 or another video file")
    report.add_argument(
        "--cameras", type=existing_file, required=True, help="the path of the videos, one camera per frame, in any format that Import Cameras reads"
    )  # fmt: skip
    report.add_argument(
        "--intrinsics", type=existing_file, help="the second file of formats that have one (default: the one beside)"
    )
    report.add_argument("--format", default="auto", help="format of --cameras (default: as the file looks)")
    report.add_argument(
        "--scene", type=Path, help="a PLY or a world's folder: frames are then compared from different poses too"
    )
    report.add_argument(
        "--matcher", default="auto", help="roma, xfeat, dense_sift or off (default: the best that is installed)"
    )
    report.add_argument(
        "--output", type=Path, default=ROOT / "output", help="folder for report.json, .csv and .png (default: output/)"
    )


def add_paper(commands: argparse._SubParsersAction) -> None:
    paper = commands.add_parser(
        "paper", help="the tables of both papers, on WorldScore, RealEstate10K and lists of scenes"
    )
    paper.add_argument(
        "--tables", default="1-7", help="1 to 7 and revisit, with commas between them or as a span (default: 1-7)"
    )
    paper.add_argument("--worldscore", type=existing_folder, help="WorldScore-Dataset, for tables 1 and 3 to 6")
    paper.add_argument(
        "--re10k", type=existing_folder, help="RealEstate10K for tables 2 and 7: pixelSplat's chunks, SEVA's benchmark, or frames beside camera texts"
    )  # fmt: skip
    paper.add_argument(
        "--re10k-split", type=existing_file, help="an evaluation_index_re10k*.json of pixelSplat's (default: one in that folder)"
    )  # fmt: skip
    paper.add_argument(
        "--memorize", type=existing_file, help="prompt.json of Memorize When Needed's test data, for the table revisit"
    )
    paper.add_argument(
        "--output",
        type=Path,
        required=True,
        help="folder for the page, the tables and all videos; the same command again goes on there",
    )
    paper.add_argument("--limit", type=whole_number(1, 100_000), help="at most so many scenes a table")
    paper.add_argument(
        "--weights", choices=("small", "5b"), default="small",
        help="small: those that come with this package; 5b: the released ones, in --models (default: small)",
    )  # fmt: skip
    paper.add_argument(
        "--workflow",
        type=existing_file,
        help="a workflow of your own in place of the template of these weights, made like it",
    )
    paper.add_argument("--steps", type=whole_number(1, 1000), help="solver steps (default: the template's)")
    paper.add_argument(
        "--cfg", type=number_between(0, 100), help="guidance; 1 halves the time (default: the template's)"
    )
    paper.add_argument(
        "--matcher", default="auto", help="roma, xfeat or dense_sift (default: the best that is installed)"
    )
    paper.add_argument(
        "--lpips",
        choices=("auto", "alex", "vgg", "squeeze"),
        default="auto",
        help="its network (default: alex, where it is installed)",
    )
    add_machines(paper)


def add_machines(command: argparse.ArgumentParser) -> None:
    """Where scenes are made."""
    command.add_argument(
        "--models", type=existing_folder, help="a ComfyUI models folder (default: an empty one in the cache)"
    )
    command.add_argument(
        "--workers", type=whole_number(1, 1000), default=0,
        help="how many servers at once: on this machine (default: 1; of its cards, one each), or with --ray (default: one per card)",
    )  # fmt: skip
    where = command.add_mutually_exclusive_group()
    where.add_argument("--servers", help="host:port,... of ComfyUI servers that stand somewhere, with this package")
    where.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="a Ray cluster to work on: auto, the one this machine belongs to, or its address",
    )
    add_device(command)


def add_serve(commands: argparse._SubParsersAction) -> None:
    serve = commands.add_parser("serve", help="ComfyUI with this package and its page")
    serve.add_argument("--port", type=whole_number(0, 65535), default=0, help="port on 127.0.0.1 (default: a free one)")
    serve.add_argument(
        "--models", type=existing_folder, help="a ComfyUI models folder to use (default: an empty one in the cache)"
    )
    serve.add_argument("--no-browser", action="store_true", help="print the address only")
    add_device(serve)


def existing_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is no file")
    return path.resolve()


def existing_folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path.resolve()


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argparse type for integers in [least, most]."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} was given, expected a whole number from {least} to {most}")
        return int(text)

    return convert


def number_between(least: float, most: float) -> Callable[[str], float]:
    """An argparse type for numbers in [least, most]."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} was given, expected a number from {least:g} to {most:g}")
        return value

    return convert


def add_device(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--device",
        choices=("auto", "cpu", *CARDS),
        default="auto",
        help="auto: the GPU where torch sees one, else the CPU",
    )
