"""`run.py report`: report cards of videos along one camera path.

OUTPUT/report.json   all figures, and what each is a mean of
OUTPUT/report.csv    a row per pair of frames, stretch of the path, and frame
OUTPUT/report.png    of each video what closes, what repeats least, and curves
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from spatia_core.cameras import Cameras, read_cameras
from spatia_core.cameras.formats import LONGEST_TEXT, companion_of
from spatia_core.cameras.gltf import is_gltf
from spatia_core.cloud.ply import read_ply
from spatia_core.errors import SpatiaError
from spatia_core.files import replacing, write_text
from spatia_core.metrics import (
    MetricUnavailable,
    ReportCard,
    Scene,
    Tools,
    card_picture,
    card_text,
    cards_csv,
    cards_json,
    count_frames,
    count_mismatch,
    frame_rate,
    load_lpips,
    load_matcher,
    report_card,
    scene_of_points,
    table_text,
    video_frames,
)
from spatia_core.world import World

from .console import RunError, say


def report(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """Measure the videos, print a table and write the three files."""
    try:
        videos = _named(options.videos)
        cameras = _cameras(options)
        for name, path in videos.items():
            frames = count_frames(path, name)
            if frames != cameras.count:
                raise SpatiaError(f"{name}: {count_mismatch(str(frames), cameras.count)}")
        scene = None if options.scene is None else _scene(options.scene)
        tools = _tools(options.matcher)
        options.output.mkdir(parents=True, exist_ok=True)
        cards: dict[str, ReportCard] = {}
        for name, path in videos.items():
            say(f"Measuring {name}, {cameras.count} frames")
            try:
                cards[name] = report_card(video_frames(path, name), cameras, tools, scene)
            except SpatiaError as error:
                raise SpatiaError(f"{name}: {error}") from error
        _write(options.output, cards)
    except (SpatiaError, OSError) as error:
        raise RunError(str(error)) from error
    for name, card in cards.items():
        say(f"\n{name}: {card_text(card)}")
    if len(cards) > 1:
        say(f"\n{table_text(cards)}")
    say(f"\nreport.json, report.csv and report.png are in {options.output}")
    return 0


def _write(folder: Path, cards: dict[str, ReportCard]) -> None:
    write_text(folder / "report.json", cards_json(cards))
    write_text(folder / "report.csv", cards_csv(cards))
    with replacing(folder / "report.png") as part:
        Image.fromarray(card_picture(cards).numpy()).save(part, "PNG")


def _named(paths: list[Path]) -> dict[str, Path]:
    """Videos by file name, or by path where two have the same name."""
    names = [path.name for path in paths]
    named = {path.name if names.count(path.name) == 1 else str(path): path for path in paths}
    if len(named) < len(paths):
        raise SpatiaError("The same video was given twice, expected each once; remove one.")
    return named


def _cameras(options: argparse.Namespace) -> Cameras:
    main, second = options.cameras, options.intrinsics
    beside = companion_of(str(main))
    if second is None and beside and Path(beside).is_file():
        second = Path(beside)
    data = _read(main)
    text: str | bytes = data if is_gltf(data) else _text(main, data)
    name = options.videos[0].name
    first = next(video_frames(options.videos[0], name), None)
    if first is None:
        raise SpatiaError(f"{name} has no frame, expected one per camera; check the video.")
    try:
        return read_cameras(
            text, "" if second is None else _text(second, _read(second)), options.format,
            width=first.shape[1], height=first.shape[0], fps=frame_rate(options.videos[0], name),
        )  # fmt: skip
    except SpatiaError as error:
        raise SpatiaError(f"{main.name}: {error}") from error


def _read(path: Path) -> bytes:
    if path.stat().st_size > LONGEST_TEXT:
        raise SpatiaError(
            f"{path.name} has more than {LONGEST_TEXT} bytes, expected a camera file of at most that; check it."
        )
    return path.read_bytes()


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpatiaError(f"{path.name} is no text ({error}), expected a camera file; check it.") from error


def _scene(path: Path) -> Scene:
    if path.is_dir():
        world = World(path)
        # Its first branch: a draft, where there are a draft and a final.
        memory = world.memory(next(iter(world.heading.branches.values())))
        return Scene(memory.cloud.positions, memory.voxel_size)
    return scene_of_points(read_ply(path).positions)


def _tools(matcher: str) -> Tools:
    missing: list[str] = []
    chosen = None if matcher == "off" else load_matcher(matcher)
    if chosen is not None:
        missing += chosen.lacking
    lpips = None
    try:
        lpips = load_lpips()
    except MetricUnavailable as reason:
        missing.append(str(reason))
    return Tools(chosen, lpips, tuple(missing))
