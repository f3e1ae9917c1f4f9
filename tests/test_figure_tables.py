"""Tables of figures over scenes: what is compared with what, as CSV and as a page's lines."""

import csv

from spatia_core.metrics.figure_tables import Comparison, cell, complete, interval, table_csv, table_lines


def figures_of(**rows):
    return {name: [{"psnr_c": value, "ssim_c": value / 100} for value in values] for name, values in rows.items()}


FIGURES = figures_of(both=[20.0, 30.0, 25.0], neither=[15.0, 25.0, 20.0])
TABLE = Comparison(("neither", "references", "both"), ("psnr_c", "lpips_c"), "neither", "psnr_c")


def test_differences_are_paired():
    found, scenes = interval(FIGURES["both"], "psnr_c", FIGURES["neither"])
    assert scenes == 3 and tuple(found) == (5, 5, 5)
    assert interval(FIGURES["both"], "lpips_c") is None
    some = [{"x": 1.0}, {}, {"x": 4.0}]
    assert interval(some, "x")[1] == 2 and interval(some, "x", [{"x": 0.5}, {"x": 1.0}, {}])[0].mean == 0.5


def test_only_scenes_that_every_row_has_are_compared():
    one, two = {"psnr_c": 1.0}, {"psnr_c": 2.0}
    assert complete({"a": {5: one, 6: two}, "b": {6: one}, "c": {}}) == {"a": [two], "b": [one]}
    assert complete({"a": {5: one}, "b": {6: one}}) == {} == complete({"a": {}}) == complete({})
    assert complete({"a": {"x": one, "y": two}, "b": {"y": one, "x": two}}) == {"a": [one, two], "b": [two, one]}


def test_the_csv_holds_means_and_differences():
    rows = list(csv.DictReader(table_csv(FIGURES, "neither").splitlines()))
    assert [(row["setting"], row["figure"]) for row in rows] == [
        (setting, figure) for setting in ("both", "neither") for figure in ("psnr_c", "ssim_c")
    ]
    first = [rows[0][name] for name in ("mean", "difference", "compared with", "scenes")]
    assert first == ["25", "5", "neither", "3"] and rows[2]["difference"] == ""
    assert all(row["difference"] == "" for row in csv.DictReader(table_csv(FIGURES, None).splitlines()))


def test_the_page_shows_a_table_what_is_missing_and_how_rows_differ():
    text = "\n".join(table_lines(TABLE, FIGURES))
    assert "| both | 25.00 (20.00 to 30.00) |" in text and "lpips_c" not in text
    assert "Not measured in this run: references." in text
    assert "- psnr_c, both minus neither: 5.00 (5.00 to 5.00); the two means' intervals overlap" in text


def test_one_scene_has_no_interval():
    one = {row: values[:1] for row, values in FIGURES.items()}
    text = "\n".join(table_lines(TABLE, one))
    assert "| both | 20.00 |" in text and "minus" not in text
    assert cell(one["both"], "lpips_c") == ""


def test_a_wide_table_has_a_line_for_each_figure():
    columns = tuple(f"figure {number}" for number in range(11))
    row = [dict.fromkeys(columns, 1.0)] * 2
    lines = table_lines(Comparison(("a", "b"), columns, None, ""), {"a": row, "b": row})
    assert lines[0] == "| | a | b |" and "| figure 10 | 1.000 (1.000 to 1.000) | 1.000 (1.000 to 1.000) |" in lines
