"""Tables of figures over scenes: rows that are compared scene by scene, as CSV and as a page's lines.

Figures are dicts by column, one per scene; a row of a table is a list of them. What a scene lacks is left out of its column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, NamedTuple

from .statistics import Interval, bootstrap

Figures = list[dict[str, float]]
_HEAD = (
    "setting", "figure", "scenes", "mean", "low", "high", "compared with", "difference", "difference low", "difference high",
)  # fmt: skip
_WIDEST = 10  # columns of a page; beyond, a line per figure


class Comparison(NamedTuple):
    """What a table compares. against: the row that the others are compared with, on the column `goal`."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]  # that the page shows, in this order
    against: str | None
    goal: str


def complete(found: Mapping[str, Mapping[Any, dict[str, float]]]) -> dict[str, Figures]:
    """Each row's figures of the scenes that all rows have, from figures by row and scene; rows that were not begun are left out."""
    begun = {row: by_scene for row, by_scene in found.items() if by_scene}
    scenes = [
        scene for scene in next(iter(begun.values()), {}) if all(scene in by_scene for by_scene in begun.values())
    ]
    return {row: [by_scene[scene] for scene in scenes] for row, by_scene in begun.items()} if scenes else {}


def interval(figures: Figures, column: str, against: Figures | None = None) -> tuple[Interval, int] | None:
    """Interval of a column, or of its paired difference, and the number of scenes that have it; None where none has."""
    pairs = [
        (row, base) for row, base in zip(figures, against or figures, strict=True) if column in row and column in base
    ]
    if not pairs:
        return None
    return bootstrap([row[column] - (base[column] if against else 0.0) for row, base in pairs]), len(pairs)


def table_csv(figures: dict[str, Figures], against: str | None) -> str:
    """One line per row and column, with its interval and, where rows are compared, the paired difference's."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HEAD)
    for row, values in figures.items():
        for column in sorted({column for value in values for column in value}):
            found = interval(values, column)
            assert found is not None  # a scene has it
            difference: tuple = ("", "", "", "")
            if against in figures and row != against and (apart := interval(values, column, figures[against])):
                difference = (against, *(f"{value:.5g}" for value in apart[0]))
            writer.writerow((row, column, found[1], *(f"{value:.5g}" for value in found[0]), *difference))
    return file.getvalue()


def table_lines(table: Comparison, figures: dict[str, Figures]) -> list[str]:
    """A page's lines: the table, what of it was not measured, and how the rows differ on its goal."""
    columns = [
        column for column in table.columns if any(column in row for values in figures.values() for row in values)
    ]
    if len(figures) == 1 or len(columns) > _WIDEST:
        cells = {column: [cell(values, column) for values in figures.values()] for column in columns}
        lines = markdown(list(figures), cells)
    else:
        lines = markdown(
            columns, {row: [cell(values, column) for column in columns] for row, values in figures.items()}
        )
    if len(figures) < len(table.rows):
        lines += ["Not measured in this run: " + ", ".join(row for row in table.rows if row not in figures) + ".", ""]
    return lines + _differences(table, figures)


def _differences(table: Comparison, figures: dict[str, Figures]) -> list[str]:
    if len(next(iter(figures.values()))) < 2:  # one scene differs from none
        return []
    against = table.against
    pairs = [(row, against) for row in figures if row != against] if against in figures else []
    shown = [row for row in table.rows if row in figures and row != against]
    pairs += zip(shown[1:], shown, strict=False)
    lines = []
    for row, other in pairs:
        if found := interval(figures[row], table.goal, figures[other]):
            one, two = interval(figures[row], table.goal), interval(figures[other], table.goal)
            assert one is not None and two is not None  # their difference is there
            lines.append(
                f"- {table.goal}, {row} minus {other}: {interval_text(found[0])}; the two means' intervals "
                f"{'overlap' if one[0].overlaps(two[0]) else 'are apart'}"
            )
    return [*lines, ""] if pairs else lines


def markdown(columns: list[str], rows: Mapping[str, list[str]]) -> list[str]:
    """The lines of a table, an empty one after it. rows: name -> cells."""
    return [
        "| | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
        *(f"| {row} | " + " | ".join(cells) + " |" for row, cells in rows.items()),
        "",
    ]


def cell(figures: Figures, column: str) -> str:
    """A column's mean and interval as text; empty where no scene has it."""
    found = interval(figures, column)
    return "" if found is None else interval_text(found[0], found[1])


def interval_text(value: Interval, scenes: int = 2) -> str:
    """A mean and, of more than one scene, its interval, in as many digits as their size asks for."""
    size = max(abs(value.mean), abs(value.low), abs(value.high))
    digits = 3 if size < 1.5 else 2 if size < 100 else 0
    span = f" ({value.low:.{digits}f} to {value.high:.{digits}f})" if scenes > 1 else ""
    return f"{value.mean:.{digits}f}{span}"
