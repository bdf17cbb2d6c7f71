"""The text about finished runs: numbers looked up, claims checked, unknown names refused."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.results.claims import FalseClaimError
from pipeline_lib.reporting.results.runs import UnknownResultError
from tests.reporting.results.conftest import Render
from tests.reporting.results_world import COMMAND

ML = "'paper', 'movielens'"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (f"number({ML}, 'melu')", "1.500 ± 0.250"),
        (f"number({ML}, 'item-mean')", "1.000"),
        ("number('paper', 'taobao', 'melu', 'auc')", "0.5876 ± 0.2500"),
        (f"percent({ML}, 'transfer', 'item-mean')", "+25.0 %"),
        (f"percent({ML}, 'item-mean', 'transfer')", "\N{MINUS SIGN}20.0 %"),
        (f"gap({ML}, 'melu')|signed", "+0.125"),
        (f"difference({ML}, 'transfer', 'at-paml')", "+0.125, p < 0.001"),
        (f"difference({ML}, 'at-paml', 'item-mean')", "+0.125, p = 0.400"),
        (f"difference({ML}, 'melu', 'transfer')", "+0.250, p = —"),
        (f"epochs({ML}, 'melu')", "[7, 8, 9]"),
        (f"epochs({ML}, 'item-mean')", "[]"),
        (f"with_rows({ML}, 'melu', 4)", "1.750"),
        (f"with_rows({ML}, 'melu')", "1.500"),
        ("with_rows_value('paper', 'taobao', 'melu', 4)", "1.75"),
        (f"first_row_adds({ML}, 'melu')", "0.75"),
        ("paper(2, 'movielens', 'melu')", "1.451 ± 0.022"),
        ("paper(3, 'movielens', 'reg-paml-1e-2', 'mse')", "1.191 ± 0.021"),
        ("paper_value(4, 'movielens', 'reg-paml', 'mse_minor')", "1.236"),
        ("paper_p(5, 'movielens', 'paml')", "0.038"),
        (f"over_splits({ML}, 'melu')", "1.810 ± 0.200"),
        (f"over_splits_value({ML}, 'global-mean')|round(6)", "1.2"),
        (f"over_splits_percent({ML}, 'melu', 'global-mean')", "+50.8 %"),
        ("command('paper')", COMMAND),
    ],
)
def test_what_is_asked_is_looked_up(render: Render, asked: str, expected: str) -> None:
    assert render(asked) == expected


def test_numbers_are_those_of_the_comparison(render: Render, compared: Comparison) -> None:
    means = {
        f"{ML}, '{method.name}', '{metric}'": statistic.mean
        for method in compared.methods
        for metric, statistic in method.metrics.items()
    }
    texts = render(" ~ '|' ~ ".join(f"value({a}) ~ '=' ~ number({a})" for a in means)).split("|")
    for text, mean in zip(texts, means.values(), strict=True):
        value, number = text.split("=")
        assert float(value) == mean
        assert number.split(" ")[0] == f"{mean:.3f}"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("number('papr', 'movielens', 'melu')", "no run 'papr'; there are: paper"),
        ("origin('papr')", "no run 'papr'; there are: paper"),
        ("number('paper', 'books', 'melu')", "no dataset 'books'; there are: movielens, taobao"),
        (f"number({ML}, 'x')", "no method 'x'; there are: item-mean, melu, "),
        (f"epochs({ML}, 'x')", "no method 'x'; there are: item-mean, melu, "),
        (f"pair({ML}, 'melu', 'x')", "no method 'x'; there are: item-mean, melu, "),
        (f"pair({ML}, 'melu', 'paml', 'auc')", "by 'auc'; methods are compared by: mse, ndcg_5"),
        (f"number({ML}, 'melu', 'auc')", "no metric 'auc'; there are: mse, ndcg_3, ndcg_5, "),
        (f"with_rows({ML}, 'melu', 3)", "no number of support rows '3'; there are: 4, "),
        (f"over_splits({ML}, 'at-paml')", "no method on further splits 'at-paml'; there are: glo"),
        (f"over_splits({ML}, 'melu', 'auc')", "no metric 'auc'; there are: mse"),
        ("over_splits('paper', 'taobao', 'melu', 'auc')", "the run has no further splits"),
        (f"contrasts({ML}, [('melu', 'paml', 'auc')])", "no 'auc' of melu and paml"),
        (f"table({ML}, 'table9')", "there is no table9.md; there are: table2"),
        (f"figure({ML}, 'x')", "there is no x.png; there are: errors"),
        ("paper(6, 'movielens', 'melu')", "the paper: there is no table '6'; there are: 2, 3, 4"),
        ("paper(3, 'movielens', 'melu')", "Table 3: there is no method 'melu'; there are: paml, "),
        ("paper(4, 'movielens', 'melu')", "no metric 'mse'; there are: mse_major, mse_minor"),
        ("paper_p(2, 'movielens', 'melu')", "Table 2 has no p of melu"),
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(
    render: Render, asked: str, said: str
) -> None:
    with pytest.raises(UnknownResultError) as caught:
        render(asked)
    assert said in str(caught.value)


def test_an_unknown_word_is_refused(render: Render) -> None:
    with pytest.raises(UndefinedError, match="'numbr' is undefined"):
        render(f"numbr({ML}, 'melu')")


@pytest.mark.parametrize(
    "asked",
    [
        f"claim(value({ML}, 'melu') > 1.4, 'so it is')",
        f"claim_lower('so it is', {ML}, 'at-paml', ['transfer'])",
        f"claim_not_told_apart('so it is', {ML}, 'item-mean', ['at-paml'])",
        f"claim_alike('so it is', {ML}, ['at-paml', 'reg-paml'], 0.001)",
    ],
)
def test_a_true_claim_is_rendered(render: Render, asked: str) -> None:
    assert render(asked) == "so it is"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (f"claim(value({ML}, 'melu') < 1, 'melu is good')", "melu is good"),
        # The other way round; lower, but not surely; lower than one of two; not tested.
        (f"claim_lower('good', {ML}, 'transfer', ['at-paml'])", "good .*transfer − at-paml is +0"),
        (f"claim_lower('good', {ML}, 'item-mean', ['at-paml'])", "is −0.125, p 0.400"),
        (f"claim_lower('good', {ML}, 'at-paml', ['transfer', 'item-mean'])", "is +0.125, p 0.400"),
        (f"claim_lower('good', {ML}, 'transfer', ['melu'])", "is −0.250, p —"),
        # Told apart, either way round; one of two is; not tested.
        (
            f"claim_not_told_apart('same', {ML}, 'at-paml', ['transfer'])",
            "same .*at-paml − transfer, p",
        ),
        (
            f"claim_not_told_apart('same', {ML}, 'transfer', ['at-paml'])",
            "same .*transfer − at-paml, p",
        ),
        (
            f"claim_not_told_apart('same', {ML}, 'at-paml', ['item-mean', 'transfer'])",
            "− transfer, p",
        ),
        (f"claim_not_told_apart('same', {ML}, 'transfer', ['melu'])", "transfer − melu, p —"),
        (f"claim_alike('same', {ML}, ['melu', 'paml'], 0.4)", "0.5 between melu, paml"),
    ],
)
def test_a_false_claim_is_refused(render: Render, asked: str, said: str) -> None:
    with pytest.raises(FalseClaimError) as caught:
        render(asked)
    assert "the results do not bear this out: " in str(caught.value)
    assert all(part in str(caught.value) for part in said.split(" .*"))


def test_a_table_is_included_below_its_title(render: Render) -> None:
    assert render(f"table({ML}, 'table2')") == "**Title**\n\n| a |\n| - |"


def test_planned_differences_are_adjusted_for_themselves_alone(render: Render) -> None:
    wanted = [("melu", "transfer", "mse"), ("melu", "global-mean", "mse")]
    adjusted = render(f"contrasts({ML}, {wanted})|map(attribute='holm_p')|join(' ')").split()
    alone = render(f"contrasts({ML}, {wanted})|map(attribute='p')|join(' ')").split()
    # Holm: the smaller p is doubled, the larger kept unless it is below that.
    small, large = sorted(map(float, alone))
    assert sorted(map(float, adjusted)) == pytest.approx([2 * small, max(2 * small, large)])
    one = render(f"contrast({ML}, 'melu', 'transfer').holm_p")
    assert one == render(f"contrast({ML}, 'melu', 'transfer').p") == alone[0]


def test_the_table_of_claims_says_what_is_shown(render: Render) -> None:
    wanted = [("melu", "transfer", "mse"), ("paml", "transfer", "mse")]
    rows = render(f"claims({ML}, {wanted})").splitlines()[2:]
    first, second = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    assert first[:4] == ["MeLU", "Transfer learning", "MSE", "+0.300"]
    # PAML is better by the same on every split: there is nothing to test.
    assert second == ["PAML", "Transfer learning", "MSE", "−0.100", "—", "—", "—", "no"]


def test_the_overview_of_splits_ranks_by_the_error(render: Render) -> None:
    rows = render(f"splits_overview({ML}, 'global-mean', ['melu', 'global-mean'])").splitlines()
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["Global mean", "MeLU"]
    assert "1.810 ± 0.200" in rows[3]


def test_a_figure_is_drawn_anew_of_some_methods(render: Render, images: Path) -> None:
    drawn = []
    for methods in (["melu"], ["melu", "transfer"]):
        text = render(f"figure({ML}, 'support_size', {methods})")
        file = "-".join(["paper-movielens-support_size", *methods]) + ".png"
        assert f"(images/results/{file})" in text
        assert "20 test users" in text
        drawn.append((images / file).read_bytes())
    assert all(png.startswith(b"\x89PNG") for png in drawn)
    assert drawn[0] != drawn[1]


def test_a_figure_is_copied_and_linked(render: Render, images: Path) -> None:
    text = render(f"figure({ML}, 'errors')")
    assert text == "![errors](images/results/paper-movielens-errors.png)\n\n*Errors of users.*"
    assert (images / "paper-movielens-errors.png").read_bytes() == b"PNG of errors"
