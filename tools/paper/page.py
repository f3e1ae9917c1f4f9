"""What a run leaves for people: a page with all tables beside the published ones, a CSV of each, and one of all shots.

OUT/README.md             the page
OUT/table_<n>.csv         every row and figure with its interval
OUT/shots.csv             every shot: what became of it, and its figures
OUT/scenes.txt            the ids that were taken
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from spatia_core.errors import SpatiaError
from spatia_core.files import write_text
from spatia_core.inputs import parse_json, shown
from spatia_core.metrics.figure_tables import complete, markdown, table_csv, table_lines

from ..batch import SHEET
from ..desk import DONE
from . import worldscore
from .study import SHOTS, Study
from .tables import BENCHMARK, TABLES, Table

_OF_SHOT = ("name", "tables", "state", "clips", "frames", "seconds", "tries", "video", "error")
_EVALUATED = "worldscore.json"  # what WorldScore's evaluator leaves


def write_page(output: Path, study: Study, rows: dict[str, dict[str, Any]], head: list[str]) -> None:
    """Write all files. rows: of the shots, by name."""
    lines = ["# Tables", "", *head, ""]
    if (output / SHOTS / SHEET).is_file():
        lines += [f"![Of each row the first scene]({SHOTS}/{SHEET})", ""]
    for name in study.uses:
        table = TABLES[name]
        lines += [f"## {table.title}", ""]
        if table.data == BENCHMARK:
            lines += _benchmark(output, study, rows)
        else:
            lines += _measured(output, name, table, study, rows)
        if table.published:
            lines += ["Published:", "", *_published(table)]
    if study.notes:
        lines += ["## Left out", "", *(f"- {note}" for note in study.notes), ""]
    write_text(output / "README.md", "\n".join(lines).rstrip() + "\n")
    write_text(output / "shots.csv", _shots_csv(study, rows))
    write_text(
        output / "scenes.txt", "\n".join(f"{data}: {id}" for data, ids in study.scenes.items() for id in ids) + "\n"
    )


def _measured(output: Path, name: str, table: Table, study: Study, rows: dict[str, dict[str, Any]]) -> list[str]:
    found = {
        row: {id: rows[shot]["figures"] for id, shot in shots.items() if _done(rows, shot)}
        for row, shots in study.uses[name].items()
    }
    figures = complete(found)
    if not figures:
        return ["Not measured in this run.", ""]
    write_text(output / f"table_{name}.csv", table_csv(figures, table.against))
    scenes = len(next(iter(figures.values())))
    asked = max(len(shots) for shots in study.uses[name].values())
    count = (
        f"{scenes} scene{'s' if scenes > 1 else ''}"
        if scenes == asked
        else f"{scenes} of {asked} scenes, those that all rows have"
    )
    return [
        f"{count}. {table.note} All figures: [table_{name}.csv](table_{name}.csv).", "",
        *table_lines(table.comparison, figures),
    ]  # fmt: skip


def _benchmark(output: Path, study: Study, rows: dict[str, dict[str, Any]]) -> list[str]:
    shots = study.uses["1"]["videos"]
    made = [shot for shot in shots.values() if _done(rows, shot)]
    lines = [f"{len(made)} of {len(shots)} videos are in `{worldscore.OUTPUT}/`.", ""]
    scores = output / worldscore.OUTPUT / _EVALUATED
    if scores.is_file():
        found = parse_json(scores.read_text(encoding="utf-8"), f"The contents of {scores}", "the file")
        try:
            return [*lines, *markdown(list(found), {"this run": [f"{value:g}" for value in found.values()]})]
        except (AttributeError, TypeError, ValueError) as error:
            raise SpatiaError(
                f"{scores} holds {shown(found)}, expected the evaluator's scores by name; run it again."
            ) from error
    return [
        *lines,
        "They are scored by WorldScore's own evaluator, in an environment of its own (CUDA 12.1): put "
        "`spatia.yaml` into its `config/model_configs/`, add `spatia` to the video models of its `modeltype.py`, set MODEL_PATH to a folder "
        f"whose `spatia/` holds `{worldscore.OUTPUT}/`, and run `python worldscore/run_evaluate.py --model_name spatia` there. The "
        "same command here then takes its scores into this page.",
        "",
    ]  # fmt: skip


def _published(table: Table) -> list[str]:
    columns = list(dict.fromkeys(column for values in table.published.values() for column in values))
    cells = {
        method: [f"{values[column]:g}" if column in values else "" for column in columns]
        for method, values in table.published.items()
    }
    return markdown(columns, cells)


def _shots_csv(study: Study, rows: dict[str, dict[str, Any]]) -> str:
    wanted: dict[str, list[str]] = {}
    for table, of_rows in study.uses.items():
        for row, shots in of_rows.items():
            for shot in shots.values():
                wanted.setdefault(shot, []).append(f"{table}: {row}")
    names = sorted({name for shot in wanted for name in rows.get(shot, {}).get("figures") or {}})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*_OF_SHOT, *names))
    for shot, tables in wanted.items():
        of_shot = rows.get(shot, {}) | {"name": shot, "tables": "; ".join(tables)}
        figures = of_shot.get("figures") or {}
        writer.writerow(
            (
                *(of_shot.get(name, "") for name in _OF_SHOT),
                *(f"{figures[name]:.6g}" if name in figures else "" for name in names),
            )
        )
    return text.getvalue()


def _done(rows: dict[str, dict[str, Any]], shot: str) -> bool:
    return rows.get(shot, {}).get("state") == DONE
