"""Calibration of clicks: worked by hand, by a plain reference, and as users contribute to it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from pipeline_lib.metrics.calibration import calibration_contributions, click_probability
from pipeline_lib.metrics.errors import cross_entropy
from pipeline_lib.settings.task import ClickTask, RatingTask

TILTED, PLAIN = ClickTask(), ClickTask(clicked_weight=1, other_weight=1)
Rows = list[tuple[int, float]]


def frame(rows: Rows) -> pl.DataFrame:
    """Return rows of users who are named by the rows' places modulo three."""
    schema = {"target": pl.Float64, "score": pl.Float64}
    found = pl.DataFrame(rows, schema, orient="row")
    return found.with_columns((pl.int_range(pl.len()) % 3).alias("user"))


def error(rows: pl.DataFrame, task: ClickTask = PLAIN) -> float:
    value = calibration_contributions(rows, task, ["user"])["value"].mean()
    assert isinstance(value, float)
    return value


def reference(rows: Rows) -> float:
    """Put the rows whose mean rank is among the first tenth into the first bin, and so on."""
    scores, bins = [score for _, score in rows], dict[int, list[float]]()
    for target, score in rows:
        below, alike = sum(s < score for s in scores), scores.count(score)
        middle = below + alike / 2  # of the ranks, from 0
        bins.setdefault(int(10 * middle / len(rows) + 1e-9), []).append(score - target)
    return sum(abs(sum(own)) for own in bins.values()) / len(rows)


def test_two_rows_a_bin_by_hand() -> None:
    """Twenty rows in ten bins: 0.1 and 0.15 without a click, and so on; two bins have clicks."""
    scores = [0.1 + 0.04 * n for n in range(20)]
    clicked = {6, 7, 13}
    rows = [(int(n in clicked), score) for n, score in enumerate(scores)]
    means = [(x + y) / 2 for x, y in zip(scores[::2], scores[1::2], strict=True)]
    shares = [1.0 if n == 3 else 0.5 if n == 6 else 0.0 for n in range(10)]
    wanted = sum(abs(mean - share) for mean, share in zip(means, shares, strict=True)) / 10
    assert error(frame(rows)) == pytest.approx(wanted)


def test_one_score_for_all_is_one_bin() -> None:
    """A quarter of the rows are clicks, wherever they stand."""
    for clicked in ([1, 0, 0, 0], [0, 0, 1, 0]):
        rows = frame([(target, 0.75) for target in clicked * 3])
        assert error(rows) == pytest.approx(0.5)
        assert error(rows.with_columns(score=0.25)) == pytest.approx(0)


@given(q=st.floats(0.01, 0.99), weight=st.floats(0.1, 20))
def test_the_weights_of_the_loss_are_undone(q: float, weight: float) -> None:
    """The score that minimises the expected loss of a click of probability q stands for q."""
    task = ClickTask(clicked_weight=weight, other_weight=1)

    def loss(score: float) -> float:
        rows = pl.DataFrame({"target": [1.0, 0.0], "score": score})
        clicked, other = rows.select(cross_entropy(task)).to_series()
        return float(q * clicked + (1 - q) * other)

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).x
    (found,) = pl.DataFrame({"score": [best]}).select(click_probability(task)).to_series()
    assert found == pytest.approx(q, abs=1e-4)


def test_the_papers_weights_by_hand_and_scores_that_are_no_probabilities() -> None:
    """Nine to one: 0.9 stands for one half, 0.5 for a tenth."""
    scores = pl.DataFrame({"score": [0.9, 0.5, 0.0, 1.0, -3.0, 7.0]})
    found = scores.select(click_probability(TILTED)).to_series().to_list()
    assert found == pytest.approx([0.5, 0.1, 0, 1, 0, 1])


def test_ratings_have_none() -> None:
    with pytest.raises(TypeError, match="a probability is of clicks, not of a rating"):
        click_probability(RatingTask(scale=(1, 5)))


@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8).map(lambda x: x / 8))))
def test_is_the_plain_reference(rows: Rows) -> None:
    if rows:
        assert error(frame(rows)) == pytest.approx(reference(rows), abs=1e-12)
        turned = frame(rows).reverse()
        assert error(turned) == pytest.approx(error(frame(rows)), abs=1e-12)


def test_contributions_have_the_errors_standard_error() -> None:
    """The spread of the error over new logs of users of mixed sizes, scored too high."""
    random = np.random.default_rng(3)
    found, errors = zip(*(_error_and_its_own(random) for _ in range(300)), strict=True)
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.1)


def _error_and_its_own(random: np.random.Generator) -> tuple[float, float]:
    sizes = random.integers(2, 12, size=60)
    user = np.repeat(np.arange(60), sizes)
    habit = np.repeat(random.uniform(-0.1, 0.1, size=60), sizes)
    chance = random.uniform(0.1, 0.4, size=len(user))
    target = (random.random(len(user)) < chance + habit).astype(float)
    rows = pl.DataFrame({"user": user, "target": target, "score": chance + 0.5})
    own = calibration_contributions(rows, PLAIN, ["user"])["value"].to_numpy()
    return own.mean(), own.std(ddof=1) / np.sqrt(len(own))
