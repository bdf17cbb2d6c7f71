"""The tables that the text about finished runs makes of its own, against values by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.results.runs import Run, UnknownResultError, read_runs
from pipeline_lib.storage.tables import write_json
from tests.reporting.conftest import only
from tests.reporting.results.conftest import Render
from tests.reporting.results_world import COMMAND, dataset_results, searched

ML = "'paper', 'movielens'"


def lines(table: str) -> dict[str, list[str]]:
    """Find a table's cells by the first of each line."""
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]
    return {first: others for first, *others in cells}


def test_methods_side_by_side(render: Render) -> None:
    text = render(f"overview({ML})")
    found = lines(text)
    assert found["Method"] == [
        *("MSE", "MSE major", "MSE minor", "nDCG@3", "nDCG@5", "gap"),
        *("Δ Item mean", "Holm p", "parameters", "s a seed"),
    ]
    assert found["AT-PAML"] == [
        *("1.125 ± 0.250", "1.000 ± 0.250", "1.250 ± 0.250", "0.875 ± 0.250", "0.800 ± 0.250"),
        *("+0.125", "+0.125 (−0.125 to +0.250)", "0.400", "12,345", "1,001"),
    ]
    assert found["Transfer learning"][6:8] == ["+0.250 (+0.000 to +0.375)", "0.060"]
    assert found["Item mean"][6:8] == found["REG-PAML"][6:8] == ["—", "—"]
    means = [float(row[0].split(" ")[0]) for row in [*found.values()][2:]]
    assert means == sorted(means) == [1, 1, 1.125, 1.125, 1.25, 1.5]
    assert "1,234 test users (734 major and 500 minor)." in text


def test_clicks_side_by_side(render: Render) -> None:
    found = lines(render("overview('paper', 'taobao')"))
    assert found["Method"][:5] == ["NEL", "NEL major", "NEL minor", "AUC", "gap"]
    assert found["MeLU"][:5] == [
        *("0.2500 ± 0.2500", "0.3750 ± 0.2500", "0.5000 ± 0.2500", "0.5876 ± 0.2500", "+0.1250"),
    ]
    assert found["MeLU"][5:7] == ["−0.2500 (−0.5000 to −0.1250)", "0.020"]


def test_some_methods_against_another(render: Render) -> None:
    found = lines(render(f"overview({ML}, 'transfer', ['melu', 'at-paml'])"))
    assert list(found)[2:] == ["AT-PAML", "MeLU"]
    assert found["Method"][6] == "Δ Transfer learning"
    assert found["AT-PAML"][6:8] == ["−0.125 (−0.375 to +0.000)", "< 0.001"]


def test_without_a_reference_a_method_must_be_named(
    compared: Comparison, render_of: Callable[..., Render]
) -> None:
    alone = render_of(only(compared, "proposed"))
    with pytest.raises(UnknownResultError, match="no reference point was run; name a method"):
        alone(f"overview({ML})")


def test_what_trainings_and_searches_took(render: Render) -> None:
    found = lines(render(f"times({ML})"))
    code = "`fedcba9876543210`"
    assert found["MeLU"] == ["7, 8, 9", "1,000, 1,001, 1,002", "3,004", code]
    assert found["Item mean"] == ["—", "1,000", "1,000", code]
    assert found["all"][2] == "16,019"  # 1 × 1000.25 + 5 × 3003.75
    assert lines(render(f"choices({ML})"))["MeLU"] == ["2", "1.500", "1.250", "36", "inner_lr 0.1"]


def test_where_numbers_come_from(render: Render) -> None:
    text = render("origin('paper')")
    for line in (
        "MovieLens-1M (`movielens`):",
        "- split (SHA-256 of its users and rows): `0123456789abcdef`",
        "- trainings: 16, 4.4 h in all",
        "- candidates: 2, 0.0 h in all",
        "- days: 2021-02-03",
        "- where: cpu, 1 thread(s), 1 process(es)",
        "- versions: python 3.11.7, torch 2.13.0",
        "- revisions: `0123456789ab`",
        "- kept: 3 users, 3 items, 7 rows",
    ):
        assert line in text.splitlines()
    assert "`ratings.dat` 20 (8 rejected)" in text


def test_a_run_is_read_from_its_folder(compared: Comparison, tmp_path: Path) -> None:
    folder = tmp_path / "paper/movielens"
    folder.mkdir(parents=True)
    shown = only(compared, "reference", "proposed")
    results = dataset_results(shown, folder)
    write_json(results.comparison, folder / "comparison.json")
    write_json(results.data, folder / "data_report.json")
    write_json(results.splits, folder / "splits.json")
    for record in dataset_results(compared, folder).trainings:  # some of a method no longer asked
        own = folder / f"methods/{record.method}/seed-{record.seed}/training.json"
        own.parent.mkdir(parents=True)
        write_json(record, own)
    for method in ("item-mean", "melu"):
        (folder / "search" / method).mkdir(parents=True)
        write_json(searched(shown, method), folder / "search" / method / "choice.json")
    (run,) = read_runs(tmp_path, {"paper": COMMAND}).values()
    expected = replace(results, choices={"item-mean": searched(shown, "item-mean")})
    assert run == Run(COMMAND, {"movielens": expected})


def test_a_run_without_results_has_no_dataset(tmp_path: Path) -> None:
    assert read_runs(tmp_path, {"paper": COMMAND}) == {"paper": Run(COMMAND, {})}
