"""The frames behind figures, checked by hand."""

from dataclasses import replace

import polars as pl
import pytest

from pipeline_lib.reporting.drawing.plot import figures_for, plots
from pipeline_lib.reporting.drawing.view import Results
from pipeline_lib.reporting.figures import clicks, errors, learning_curves
from tests.reporting.drawing.worlds import CLICK, METHODS, RATING, invented, some

TWO = some(["paml", "global-mean"])  # the ablation first


def small() -> Results:
    """Two methods, two seeds, two users, with errors to be averaged by hand."""
    results = invented(TWO, users=2, seeds=2)
    values = pl.Series("mse", [1.0, 2.0, 3.0, 6.0, 0.5, 0.25, 0.5, 0.75])
    return replace(results, users=results.users.with_columns(values))


def test_errors_are_means_over_seeds_references_first() -> None:
    frame = errors.PLOT.tidy(small())
    assert frame.columns == ["method", "label", "role", "user", "group", "mse", "seeds"]
    assert frame.rows() == [
        ("global-mean", "Global mean", "reference", "u0", "major", 0.5, 2),
        ("global-mean", "Global mean", "reference", "u1", "minor", 0.5, 2),
        ("paml", "PAML", "ablation", "u0", "major", 2.0, 2),
        ("paml", "PAML", "ablation", "u1", "minor", 4.0, 2),
    ]


def test_clicks_have_the_means_and_each_users_loss() -> None:
    frame = clicks.PLOT.tidy(invented(TWO, users=3, seeds=2, task=CLICK))
    means = frame.drop_nulls("metric")
    assert means.select("method", "metric", "mean", "low", "high", "seeds").rows() == [
        (name, *mean)
        for name in ("global-mean", "paml")
        for mean in (("auc", 0.6, 0.55, 0.625, 2), ("nel", 0.25, 0.2, 0.5, 2))
    ]
    assert means.select("user", "group", "nel").null_count().row(0) == (4, 4, 4)
    assert frame["nel"].count() == 2 * 3


def history(values: dict[int, list[float]]) -> pl.DataFrame:
    rows = [
        ("paml", seed, epoch, figure, loss + (figure == "train/loss"))
        for seed, losses in values.items()
        for epoch, loss in enumerate(losses, start=1)
        for figure in ("train/loss", "validation/loss", "recall")
    ]
    return pl.DataFrame(rows, ["method", "seed", "epoch", "figure", "value"], orient="row")


def test_learning_curves_average_seeds_and_mark_the_first_of_equal_best_epochs() -> None:
    results = replace(small(), history=history({0: [4.0, 1.0, 1.0], 1: [2.0, 3.0, 0.5]}))
    frame = learning_curves.PLOT.tidy(results)
    rows = frame.select("figure", "epoch", "loss", "least", "most", "seeds", "chosen").rows()
    assert rows == [
        ("train/loss", 1, 4.0, 3.0, 5.0, 2, 0),
        ("train/loss", 2, 3.0, 2.0, 4.0, 2, 1),
        ("train/loss", 3, 1.75, 1.5, 2.0, 2, 1),
        ("validation/loss", 1, 3.0, 2.0, 4.0, 2, 0),
        ("validation/loss", 2, 2.0, 1.0, 3.0, 2, 1),
        ("validation/loss", 3, 0.75, 0.5, 1.0, 2, 1),
    ]


@pytest.mark.parametrize("kind", ["rating", "click"])
def test_frames_have_each_user_of_the_roles_shown(kind: str) -> None:
    task = CLICK if kind == "click" else RATING
    results = invented(METHODS, users=7, seeds=2, task=task)
    roles = {
        "errors": {"reference", "baseline", "proposed", "ablation"},
        "clicks": {"reference", "baseline", "proposed", "ablation"},
        "groups": {"baseline", "proposed"},
        "ablations": {"proposed", "ablation"},
    }
    for figure in figures_for(results.comparison.task.kind, METHODS):
        if figure in roles:
            frame = plots()[figure].tidy(results).drop_nulls("user")
            due = {name for name, m in METHODS.items() if m.role in roles[figure]}
            assert set(frame["method"]) == due
            assert frame.height == 7 * len(due)
