"""What follows from printed numbers: tests over trials, and the share of major users."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from pipeline_lib.reporting.paper import PaperMean, PaperResults
from pipeline_lib.reporting.printed import group_ps, major_shares, star_tests, trials_p


def test_the_p_is_that_of_trials_with_these_means_and_deviations() -> None:
    """Three values m − s, m, m + s have the mean m and the deviation s."""
    left, right = (PaperMean(mean=m, sd=s) for m, s in ((1.0, 0.5), (2.0, 0.25)))
    expected = ttest_ind([0.5, 1.0, 1.5], [1.75, 2.0, 2.25]).pvalue
    assert trials_p(left, right, 3) == pytest.approx(expected, rel=1e-12)
    assert trials_p(left, PaperMean(mean=2.0), 3) is None


def test_a_star_of_bookcrossing_cannot_come_from_three_trials(paper: PaperResults) -> None:
    tests = [*star_tests(2, paper.table_2["bookcrossing"].rows, paper.trials)]
    stars = {(t.method, t.metric): t.p for t in tests if t.star}
    assert stars == {
        ("at-paml", "ndcg_5"): pytest.approx(0.0053, abs=5e-5),
        ("reg-paml", "mse"): pytest.approx(0.48, abs=5e-3),
    }
    others = {(t.method, t.metric) for t in tests if not t.star}
    assert others == {("at-paml", "mse"), ("reg-paml", "ndcg_3")}


def test_every_printed_star_is_tested(paper: PaperResults) -> None:
    for number, dataset in ((2, "movielens"), (2, "bookcrossing"), (3, "movielens")):
        rows = paper.table(number)[dataset].rows
        starred = {(name, metric) for name, row in rows.items() for metric in row.starred}
        tests = [*star_tests(number, rows, paper.trials)]
        assert {(t.method, t.metric) for t in tests if t.star} == starred


def test_ps_between_groups_are_not_of_trials(paper: PaperResults) -> None:
    found = group_ps(paper.table_4["movielens"].rows, paper.trials)
    assert found["at-paml"] == pytest.approx(0.0001, abs=5e-5)
    assert paper.table_4["movielens"].rows["at-paml"].p == 0.018
    assert "at-paml-outer-5e-4" not in group_ps(paper.table_5["movielens"].rows, paper.trials)


def test_major_shares(paper: PaperResults) -> None:
    """MeLU: (1.506 − 1.451) / (1.506 − 1.413) is 0.59; all are below the stated 0.65."""
    shares = {share.method: share for share in major_shares(4, "movielens", paper)}
    assert shares.keys() == {"melu", "meta-sgd", "transfer", "at-paml", "reg-paml"}
    assert shares["melu"].low < 0.055 / 0.093 < shares["melu"].high
    assert max(share.high for share in shares.values()) < 0.65
    ablation = major_shares(5, "movielens", paper)
    impossible = {share.method for share in ablation if not share.is_possible}
    assert impossible == {"reg-paml", "reg-paml-1e-2"}


@given(
    share=st.floats(0, 1),
    groups=st.tuples(st.floats(0.5, 5), st.floats(0.5, 5)).filter(
        lambda g: abs(g[0] - g[1]) > 0.01
    ),
)
def test_the_true_share_is_within_what_rounding_allows(
    paper: PaperResults, share: float, groups: tuple[float, float]
) -> None:
    major, minor = groups
    printed = {
        "mse": share * major + (1 - share) * minor,
        "mse_major": major,
        "mse_minor": minor,
    }
    means = {name: PaperMean(mean=round(value, 3)) for name, value in printed.items()}
    row = paper.table_2["movielens"].rows["melu"].model_copy(update={"means": means})
    both = {"movielens": paper.table_2["movielens"].model_copy(update={"rows": {"melu": row}})}
    (found,) = major_shares(
        4, "movielens", paper.model_copy(update={"table_2": both, "table_4": both})
    )
    assert found.low - 1e-9 <= share <= found.high + 1e-9
    assert math.isfinite(found.high)
