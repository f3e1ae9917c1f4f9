"""A report card as text, JSON, CSV and picture."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .report_card import CLOSURE, EQUAL, Figure, ReportCard

VERSION = 1
# Columns of the table of several videos: figure, heading.
_TABLE = {
    "closure_psnr": "closure dB",
    "revisit_psnr": "revisit dB",
    "overlap_psnr": "overlap dB",
    "revisit_matches": "matches",
    "revisit_colour": "colour",
    "revisit_sharpness": "sharpness",
    "camera_turn": "turn deg",
    "camera_direction": "direction deg",
}
_PAIR_COLUMNS = ("psnr", "ssim", "matches", "lpips", "colour", "exposure", "sharpness")
_COLUMNS = (
    "video",
    "kind",
    "first",
    "second",
    *_PAIR_COLUMNS,
    "turn",
    "direction",
    "turn_told",
    "red",
    "green",
    "blue",
    "reason",
)
_WIDTH, _GAP, _LINE, _CURVE = 640, 8, 16, 90  # pixels


def figure_text(figure: Figure) -> str:
    """One figure as a line: its mean, interval and count, or why there is none."""
    if figure.value is None:
        return f"{figure.title}: not measured, {figure.reason}"
    mean, low, high = (f"{value:.{_digits(figure)}f}" for value in figure.value)
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.tried == 1:
        return f"{figure.title}: {mean}{unit}"
    spread = f" ({low} to {high})" if figure.count > 1 else ""
    return f"{figure.title}: {mean}{spread}{unit}, {figure.count} of {figure.tried}"


def card_text(card: ReportCard) -> str:
    """All figures of a video, a line each, then the notes."""
    about = f"{card.frames} frame(s) of {card.width}x{card.height}"
    lines = [about, f"Match Accuracy by {card.matcher}"] if card.matcher else [about]
    return "\n".join([*lines, *(figure_text(figure) for figure in card.figures.values()), *card.notes])


def table_text(cards: Mapping[str, ReportCard]) -> str:
    """A row per video, a column per figure; - where it was not measured. Last, of how many stretches the camera could be told."""
    rows = [("video", *_TABLE.values(), "stretches")]
    for name, card in cards.items():
        figures = [card.figures[key] for key in _TABLE]
        values = [f"{one.value.mean:.{_digits(one)}f}" if one.value else "-" for one in figures]
        turn = card.figures["camera_turn"]
        rows.append((name, *values, f"{turn.count} of {turn.tried}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def cards_json(cards: Mapping[str, ReportCard]) -> str:
    """All of it but the curves and pictures: {"version": 1, "videos": {name: ...}}."""
    return json.dumps(
        {"version": VERSION, "videos": {name: _described(card) for name, card in cards.items()}}, indent=1
    )


def cards_csv(cards: Mapping[str, ReportCard]) -> str:
    """A row per pair, stretch and frame of each video."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for name, card in cards.items():
        for pair in card.pairs:
            writer.writerow({"video": name, **{key: _cell(value) for key, value in pair._asdict().items()}})
        for one in card.stretches:
            writer.writerow(
                {"video": name, "kind": "stretch", **{key: _cell(value) for key, value in one._asdict().items()}}
            )
        for number, (sharpness, colour) in enumerate(zip(card.frame_sharpness, card.frame_colour, strict=True)):
            colours = dict(zip(("red", "green", "blue"), map(_cell, colour.tolist()), strict=True))
            writer.writerow(
                {"video": name, "kind": "frame", "first": number, "sharpness": _cell(float(sharpness)), **colours}
            )
    return text.getvalue()


def card_picture(cards: Mapping[str, ReportCard]) -> Tensor:
    """(H, W, 3) uint8: of each video the closing pair, the pair least alike, and curves of sharpness and colour over its frames."""
    blocks = [_block(name, card) for name, card in cards.items()]
    sheet = Image.new("RGB", (_WIDTH, sum(block.height for block in blocks)), "white")
    top = 0
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    return torch.from_numpy(np.array(sheet))


def _described(card: ReportCard) -> dict:
    figures = {
        name: {
            "title": one.title, "unit": one.unit, "mean": one.value.mean if one.value else None,
            "low": one.value.low if one.value and one.count > 1 else None,
            "high": one.value.high if one.value and one.count > 1 else None,
            "count": one.count, "tried": one.tried, "reason": one.reason,
        }
        for name, one in card.figures.items()
    }  # fmt: skip
    return {
        "frames": card.frames, "width": card.width, "height": card.height, "matcher": card.matcher, "equal_psnr": EQUAL,
        "figures": figures, "pairs": [pair._asdict() for pair in card.pairs],
        "stretches": [one._asdict() for one in card.stretches], "notes": list(card.notes),
    }  # fmt: skip


def _digits(figure: Figure) -> int:
    return {"dB": 2, "degrees": 2, "8-bit steps": 2}.get(figure.unit, 3)


def _cell(value: object) -> object:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else value


def _block(name: str, card: ReportCard) -> Image.Image:
    pairs = [card.pictures[at : at + 2] for at in range(0, len(card.pictures), 2)]
    side = (_WIDTH - 3 * _GAP) // 2, max(1, round((_WIDTH - 3 * _GAP) // 2 * card.height / card.width))
    side = side[0], min(side[1], 2 * _WIDTH)
    height = _LINE + _GAP + len(pairs) * (_LINE + side[1] + _GAP) + 2 * (_LINE + _CURVE + _GAP)
    block = Image.new("RGB", (_WIDTH, height), "white")
    draw, top = ImageDraw.Draw(block), _GAP
    draw.text((_GAP, top), _plain(f"{name}: {card.frames} frames"), fill="black")
    top += _LINE
    for pair in pairs:
        draw.text((_GAP, top), pair[0][0].rpartition(":")[0], fill="black")
        for place, (_, frame) in enumerate(pair):
            picture = Image.fromarray(frame.numpy()).resize(side, Image.Resampling.LANCZOS)
            block.paste(picture, (_GAP + place * (side[0] + _GAP), top + _LINE))
        top += _LINE + side[1] + _GAP
    if not any(pair.kind == CLOSURE for pair in card.pairs):
        draw.text((_WIDTH // 2, _GAP), "the path does not close", fill="grey")
    sharpness = card.frame_sharpness
    _curve(draw, top, "sharpness of each frame", [(sharpness, "black")], "{:.0f}")
    top += _LINE + _CURVE + _GAP
    colours = [(card.frame_colour[:, axis], colour) for axis, colour in enumerate(("#c22", "#2a2", "#24c"))]
    _curve(draw, top, "mean colour of each frame, 8-bit steps", colours, "{:.0f}")
    return block


def _curve(
    draw: ImageDraw.ImageDraw, top: int, title: str, curves: Sequence[tuple[np.ndarray, str]], form: str
) -> None:
    """Curves over the frames, in one frame from the least to the largest value."""
    low = min(float(values.min()) for values, _ in curves)
    high = max(float(values.max()) for values, _ in curves)
    draw.text((_GAP, top), f"{title}, {form.format(low)} to {form.format(high)}", fill="black")
    left, right, upper, lower = _GAP, _WIDTH - _GAP, top + _LINE, top + _LINE + _CURVE
    draw.rectangle((left, upper, right, lower), outline="#ccc")
    span = high - low if math.isfinite(high - low) and high > low else 1.0
    for values, colour in curves:
        across = np.linspace(left, right, max(2, len(values)))
        down = lower - 4 - (np.resize(values, len(across)) - low) / span * (_CURVE - 8)
        draw.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill=colour, width=2)


def _plain(text: str) -> str:
    """What the built-in font can draw."""
    return text.encode("latin-1", "replace").decode("latin-1")
