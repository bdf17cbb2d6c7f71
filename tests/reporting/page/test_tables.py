"""Tables in the page: every cell, what it sorts by, and the runs behind it."""

from dataclasses import replace

import pytest

from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.page.report import RunReport
from pipeline_lib.reporting.tables.table import METHODS, Cell
from tests.reporting.page.parsed import Page, ParsedCell, ParsedRow
from tests.reporting.page.small_run import shown_tables

FOUND_BEHIND = {
    ("movielens.table.2", "MeLU", "MSE"): "MeLU, MSE\nseed 0: 1.25\nseed 1: 1.5\nseed 2: 1.75",
    ("movielens.table.2", "Item mean", "nDCG@3"): "Item mean, nDCG@3\nseed 0: 0.7",
    ("taobao.table.2", "AT-PAML", "AUC per user"): (
        "AT-PAML, AUC per user\nseed 0: 0.375\nseed 1: 0.625\nseed 2: 0.875"
    ),
    ("movielens.table.1", "major", "MeLU MSE"): (
        "MeLU, MSE major\nseed 0: 1.25\nseed 1: 1.5\nseed 2: 1.75"
    ),
}


def found(page: Page, table: str, row: str, header: str) -> ParsedCell:
    head, *rows = page.tables[table]
    place = [cell.text for cell in head.cells].index(header)
    return next(r for r in rows if r.cells[0].text == row).cells[place]


def test_every_cell_is_there_with_its_marks_and_unrounded_number(
    report: RunReport, page: Page
) -> None:
    tables = shown_tables(report)
    assert len(tables) == 1 + 2 * 11
    for name, table in tables:
        head, *rows = page.tables[name]
        headers = [cell.text for cell in head.cells]
        assert headers == [table.kind.heading, *(column.header for column in table.columns)]
        expected: list[tuple[str, list[Cell]]] = []
        for block in table.blocks:
            expected += [(block.title, [])] if block.title else []
            expected += [(row.label, table.cells(row)) for row in block.rows]
        assert [row.cells[0].text for row in rows] == [label for label, _ in expected]
        for row, (_, cells) in zip(rows, expected, strict=True):
            for shown, cell in zip(row.cells[1:], cells, strict=True):
                check_cell(shown, cell)


def check_cell(shown: ParsedCell, cell: Cell) -> None:
    assert shown.text == cell.text + "*" * cell.star
    assert shown.inside[0] == ("span", {"class": cell.rank} if cell.rank else {})
    first, key = cell.values[0], shown.attributes.get("data-key")
    if first is None:
        assert key == ""
    elif isinstance(first, str):
        assert key is None
    else:
        assert key is not None
        assert float(key) == first


def test_titles_and_notes_are_there(report: RunReport, page: Page) -> None:
    for _, table in shown_tables(report):
        assert " ".join(table.title.split()) in page.words
        for note in table.notes:
            assert " ".join(note.split()) in page.words


@pytest.mark.parametrize("place", FOUND_BEHIND, ids=str)
def test_a_number_has_its_seeds_values(page: Page, place: tuple[str, str, str]) -> None:
    assert found(page, *place).attributes["data-behind"] == FOUND_BEHIND[place]


def test_a_difference_has_both_methods_values_and_a_gap_both_groups(page: Page) -> None:
    delta = found(page, "movielens.table.6", "AT-PAML", "Δ baseline")
    assert (delta.attributes["data-behind"] or "").splitlines()[::4] == [
        "AT-PAML, MSE",
        "Transfer learning, MSE",
    ]
    gap = found(page, "movielens.table.8", "AT-PAML", "gap").attributes["data-behind"] or ""
    assert gap.splitlines()[::4] == ["AT-PAML, MSE major", "AT-PAML, MSE minor"]


def test_what_was_not_measured_here_has_none(report: RunReport, page: Page) -> None:
    for name, table in shown_tables(report):
        for row in page.tables[name][1:]:
            for shown, column in zip(row.cells[1:], table.columns, strict=False):
                if column.header == "paper" or shown.text == "—":
                    assert "data-behind" not in shown.attributes


def test_methods_lead_to_their_runs(report: RunReport, page: Page) -> None:
    for part in report.datasets:
        dataset, runs = (
            part.comparison.dataset,
            page.tables[f"{part.comparison.dataset}.runs.table"],
        )
        first = {str(row.attributes.get("id")): row for row in runs if "id" in row.attributes}
        for n, table in enumerate(part.tables, start=1):
            if table.kind != METHODS:
                continue
            rows = [r for r in page.tables[f"{dataset}.table.{n}"] if "class" not in r.attributes]
            for row in rows[1:]:
                (tag, attributes), *_ = row.cells[0].inside
                assert tag == "a"
                target = first[(attributes["href"] or "")[1:]]
                assert target.cells[0].text == row.cells[0].text
                assert target.cells[1].text == "0"


def test_every_training_has_a_row(report: RunReport, page: Page) -> None:
    for part in report.datasets:
        head, *rows = page.tables[f"{part.comparison.dataset}.runs.table"]
        headers = [cell.text for cell in head.cells]
        assert len(rows) == len(part.trainings)
        for row, training in zip(rows, part.trainings, strict=True):
            texts = dict(zip(headers, [cell.text for cell in row.cells], strict=True))
            method = part.comparison.method(training.record.method)
            assert (texts["Method"], texts["Folder"]) == (method.label, training.folder)
            assert texts["Seed"] == str(training.record.seed)
            epoch = training.record.best_epoch
            assert texts["Epoch"] == ("—" if epoch is None else str(epoch))
            assert texts["Seconds"] == f"{training.record.seconds:,.1f}"
            assert texts["Parameters"] == "12,345"
            assert (texts["Device"], texts["Code"]) == ("cpu", "fedcba9876543210")
            assert (texts["Split"], texts["Env."]) == ("0123456789ab", "E1")
            for metric in metrics_of(part.comparison.task.kind).values():
                value = training.evaluation.metrics.get(metric.name)
                expected = "—" if value is None else f"{value:.{metric.digits}f}"
                assert texts.get(metric.label, "—") == expected


def rows_of(page: Page, marker: str) -> list[ParsedRow]:
    tables = page.tables.values()
    return next(rows for rows in tables if marker in [c.text for c in rows[0].cells])


def test_differing_environments_are_pointed_out(report: RunReport, page: Page) -> None:
    assert "All trainings ran in the same environment." in page.words
    part = report.datasets[0]
    *others, last = part.trainings
    other = {**last.record.environment, "torch": "2.12.0", "cuda": "13"}
    odd = replace(last, record=last.record.model_copy(update={"environment": other}))
    datasets = [replace(part, trainings=[*others, odd]), report.datasets[1]]
    odd_page = Page(run_page(replace(report, datasets=datasets)))
    warning = "Not all trainings ran in the same environment; these differ: torch, cuda."
    assert warning in odd_page.words
    assert [r.cells[-2].text for r in rows_of(odd_page, "Folder")[-2:]] == ["E1", "E2"]
    number = sum(len(p.trainings) for p in report.datasets)
    texts = [[cell.text for cell in row.cells] for row in rows_of(odd_page, "Trainings")]
    assert texts == [
        ["Env.", "Trainings", "python", "torch", "revision", "cuda"],
        ["E1", str(number - 1), "3.11.7", "2.13.0", "0123456789ab", "—"],
        ["E2", "1", "3.11.7", "2.12.0", "0123456789ab", "13"],
        ["this page", "", "3.11.7", "2.13.0", "0123456789ab", "—"],
    ]


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        (Cell("0.100", (0.10000000000000002,)), "0.10000000000000002"),
        (Cell("−0.3", (-0.30000000000000004, 1.0)), "-0.30000000000000004"),
        (Cell("7", (7,)), "7"),
        (Cell("—", (None,)), ""),
        (Cell("—", (0.5,)), ""),
        (Cell("2 + 3", ("a, b", "c")), None),
    ],
)
def test_cells_sort_by_what_they_were_rounded_from(cell: Cell, key: str | None) -> None:
    assert cell.sort_key == key
