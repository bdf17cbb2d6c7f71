"""Numbers in the text about the results: looked up, rendered, and checked."""

from pathlib import Path

import pytest

from pipeline_lib.comparison.record import Comparison
from pipeline_lib.reporting.results.overview import probability, signed
from pipeline_lib.reporting.results.page import Lookup, render_results
from pipeline_lib.reporting.results.runs import (
    DatasetResults,
    FalseClaimError,
    UnknownResultError,
    read_runs,
)


@pytest.fixture
def lookup(compared: Comparison, tmp_path: Path) -> Lookup:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/table2.md").write_text("# Title\n\n| a |\n| - |\n", encoding="utf-8")
    results = DatasetResults(tmp_path, compared, [], {})
    return Lookup({"paper": {"movielens": results}}, tmp_path / "images")


def render(text: str, lookup: Lookup) -> str:
    return render_results(text, lookup).strip()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("number('paper', 'movielens', 'melu')", "1.500 ± 0.250"),
        ("number('paper', 'movielens', 'item-mean')", "1.000"),
        ("value('paper', 'movielens', 'melu', 'ndcg_3')", "0.79"),
        ("percent('paper', 'movielens', 'transfer', 'item-mean')", "+25.0 %"),
        ("gap('paper', 'movielens', 'melu')", "0.125"),
        ("table('paper', 'movielens', 'table2')", "| a |\n| - |"),
        ("claim(value('paper', 'movielens', 'melu') > 1, 'it is')", "it is"),
    ],
)
def test_what_is_asked_is_looked_up(lookup: Lookup, asked: str, expected: str) -> None:
    assert render(f"{{{{ {asked} }}}}", lookup) == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("number('papr', 'movielens', 'melu')", "no run 'papr'; there are: paper"),
        ("number('paper', 'books', 'melu')", "no dataset 'books'; there are: movielens"),
        ("number('paper', 'movielens', 'x')", "no method 'x'; there are: item-mean, "),
        ("number('paper', 'movielens', 'melu', 'auc')", "no metric 'auc'; there are: mse, "),
        ("table('paper', 'movielens', 'table9')", "no table 'table9'; there are: table2"),
        ("figure('paper', 'movielens', 'x')", "no figure 'x'; there are: "),
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(
    lookup: Lookup, asked: str, said: str
) -> None:
    with pytest.raises(UnknownResultError) as caught:
        render(f"{{{{ {asked} }}}}", lookup)
    assert said in str(caught.value)


def test_a_false_claim_is_refused(lookup: Lookup) -> None:
    asked = "{{ claim(value('paper', 'movielens', 'melu') < 1, 'melu is good') }}"
    with pytest.raises(FalseClaimError, match="do not bear this out: melu is good"):
        render(asked, lookup)


def test_the_overview_is_sorted_by_error(lookup: Lookup, compared: Comparison) -> None:
    text = lookup.overview("paper", "movielens", "item-mean")
    labels = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines()[2:]]
    means = {method.label: method.metrics["mse"].mean for method in compared.methods}
    assert sorted(labels, key=means.__getitem__) == labels
    assert labels[0] == "Item mean"
    assert "| MeLU | 1.500 ± 0.250 | 1.500 ± 0.250 | — | +0.125 |" in text


def test_runs_without_results_are_empty(tmp_path: Path) -> None:
    assert read_runs(tmp_path, ["paper"]) == {"paper": {}}


def test_numbers_are_rendered() -> None:
    assert [signed(x) for x in (0.25, -0.25)] == ["+0.250", "−0.250"]
    assert [probability(p) for p in (None, 0.0004, 0.25)] == ["—", "< 0.001", "0.250"]
