"""The loss of a stage as CSV, and as a picture."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from PIL import Image, ImageDraw

from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import replacing, write_text

COLUMNS = ("step", "loss", "held_out_loss", "learning_rate", "gradient_norm", "seconds")
_SIZE, _LEFT, _RIGHT, _TOP, _BOTTOM = (960, 480), 70, 20, 30, 40
_GREY, _PALE, _BLUE, _RED = (90, 90, 90), (190, 205, 230), (30, 80, 170), (200, 60, 40)


class LossLog:
    """Rows of a CSV file, one per step, and the curve beside it (`.png`). Rows at or after `step`, of a run cut short, are dropped."""

    def __init__(self, path: Path, step: int):
        self.path = path
        self.rows = [row for row in read_log(path) if row["step"] <= step] if path.is_file() else []
        kept = io.StringIO(newline="")
        writer = csv.writer(kept)
        writer.writerow(COLUMNS)
        writer.writerows([_text(row[name]) for name in COLUMNS] for row in self.rows)
        write_text(path, kept.getvalue())

    def add(self, **row: float | None) -> None:
        """Append a row; its columns are COLUMNS."""
        self.rows.append(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([_text(row[name]) for name in COLUMNS])

    def draw(self, title: str) -> None:
        """Write the curve of all rows so far."""
        with replacing(self.path.with_suffix(".png")) as part:
            loss_picture(self.rows, title).save(part, format="PNG")


def read_log(path: Path) -> list[dict]:
    """Rows of a log, None where a field is empty. Raises SpatiaError on a file that is none."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise SpatiaError(
                f"{path.name} has the columns {reader.fieldnames}, expected {', '.join(COLUMNS)}; it is no loss log."
            )
        # A row that was cut off while it was appended lacks its last fields.
        whole = [row for row in reader if None not in row.values()]
    rows = [{name: float(value) if value else None for name, value in row.items()} for row in whole]
    return [{**row, "step": int(float(texts["step"]))} for row, texts in zip(rows, whole)]


def loss_picture(rows: list[dict], title: str) -> Image.Image:
    """The loss over the steps: each step pale, its running mean dark, the held-out loss red; the axis is logarithmic unless a loss
    is negative, as one that is itself a logarithm may be."""
    picture = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((_LEFT, 8), title, fill="black")
    losses = [(row["step"], row["loss"]) for row in rows if row["loss"]]
    held_out = [(row["step"], row["held_out_loss"]) for row in rows if row["held_out_loss"]]
    if not losses:
        return picture
    values = [value for _, value in losses + held_out]
    logarithmic = min(values) > 0

    def level(value: float) -> float:
        return math.log10(max(value, 1e-12)) if logarithmic else value

    low, high = level(min(values)), level(max(values))
    low, high = (low - 0.05, high + 0.05) if high - low < 0.1 else (low, high)
    first, last = losses[0][0], max(losses[-1][0], losses[0][0] + 1)
    width, height = _SIZE[0] - _LEFT - _RIGHT, _SIZE[1] - _TOP - _BOTTOM

    def place(step: float, value: float) -> tuple[float, float]:
        across, down = (step - first) / (last - first), (high - level(value)) / (high - low)
        return _LEFT + width * across, _TOP + height * down

    for i in range(5):
        marked, step = low + (high - low) * i / 4, first + (last - first) * i / 4
        value = 10**marked if logarithmic else marked
        x, y = place(step, value)
        draw.line((_LEFT, y, _SIZE[0] - _RIGHT, y), fill=(230, 230, 230))
        draw.text((8, y - 6), f"{value:.4g}", fill=_GREY)
        draw.text((x - 12, _SIZE[1] - _BOTTOM + 10), f"{step:.0f}", fill=_GREY)
    draw.rectangle((_LEFT, _TOP, _SIZE[0] - _RIGHT, _SIZE[1] - _BOTTOM), outline=_GREY)
    curves = [(losses, _PALE, 1), (_smooth(losses), _BLUE, 2), (held_out, _RED, 2)]
    for curve, colour, thickness in curves:
        if len(curve) > 1:
            draw.line([place(*point) for point in curve], fill=colour, width=thickness)
    for point in held_out:
        x, y = place(*point)
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=_RED)
    draw.text((_SIZE[0] - 330, 8), "pale: each step   blue: mean of 50   red: held out", fill=_GREY)
    return picture


def _smooth(points: list[tuple[int, float]], window: int = 50) -> list[tuple[int, float]]:
    total, smooth = 0.0, []
    for i, (step, value) in enumerate(points):
        total += value - (points[i - window][1] if i >= window else 0.0)
        smooth.append((step, total / min(i + 1, window)))
    return smooth


def _text(value: float | None) -> str:
    return "" if value is None else (str(value) if isinstance(value, int) else repr(float(value)))
