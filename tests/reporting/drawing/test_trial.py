"""A trial at a glance: the panels that it can have, and what is in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib import rc_context, style

from pipeline_lib.reporting.drawing.style import STYLE
from pipeline_lib.reporting.drawing.trial import draw_trial, write_trial
from tests.reporting.drawing.sheet import misplaced
from tests.reporting.drawing.worlds import CLICK, DEMO, RATING, invented, some

RESULTS = invented(some(DEMO), seeds=2)


@pytest.mark.parametrize(
    ("method", "titles"),
    [
        ("two-bias", ["test MSE"]),
        ("melu", ["loss", "test MSE"]),
        ("paml", ["loss", "test MSE", "test users"]),
    ],
)
def test_a_trial_shows_what_its_method_has(method: str, titles: list[str]) -> None:
    with style.context(STYLE):
        figure = draw_trial(RESULTS, method, 1)
    assert [axes.get_title(loc="left") for axes in figure.axes] == titles
    assert f"{method}, seed 1" in figure.get_suptitle()


def test_curves_are_those_of_the_trial_and_mark_the_chosen_epoch() -> None:
    losses, support, _ = draw_trial(RESULTS, "paml", 1).axes
    train, validation, chosen = losses.lines
    own = RESULTS.history.filter(method="paml", seed=1)
    assert (
        np.asarray(train.get_ydata()).tolist() == own.filter(figure="train/loss")["value"].to_list()
    )
    assert (
        np.asarray(validation.get_ydata()).tolist()
        == own.filter(figure="validation/loss")["value"].to_list()
    )
    assert np.asarray(chosen.get_xdata()).tolist() == [5]
    errors = RESULTS.support.filter(method="paml", seed=1, group="minor")
    unlimited = errors.filter(pl.col("support_rows").is_null())["mse"].mean()
    assert np.asarray(support.lines[1].get_ydata())[-1] == pytest.approx(unlimited)


@pytest.mark.parametrize(
    ("error", "rate"),
    [(1.0, pl.col("inner_lr")), (1e-3, pl.col("inner_lr") / 1000), (1e3, 0.2 + pl.col("inner_lr"))],
)
def test_all_text_is_on_the_sheet_and_clear_of_other_text(error: float, rate: pl.Expr) -> None:
    sample = invented(some(DEMO), sample=True)
    results = replace(
        sample,
        history=sample.history.with_columns(pl.col("value") * error),
        support=sample.support.with_columns(pl.col("mse") * error),
        rates=sample.rates.with_columns(inner_lr=rate),
    )
    with style.context(["default", STYLE]):
        for method in ("two-bias", "melu", "paml"):
            figure = draw_trial(results, method, 0)
            figure.draw_without_rendering()
            assert not misplaced(figure), method


@pytest.mark.parametrize("task", [pytest.param(RATING, marks=pytest.mark.slow), CLICK])
def test_it_is_written_for_either_task(task: object, tmp_path: Path) -> None:
    write_trial(invented(some(DEMO), task=task), "paml", 0, tmp_path / "a.png")  # type: ignore[arg-type]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_users_own_settings_change_no_byte(tmp_path: Path) -> None:
    write_trial(RESULTS, "two-bias", 0, tmp_path / "a.png")
    with rc_context({"lines.linewidth": 9, "axes.facecolor": "black"}):
        write_trial(RESULTS, "two-bias", 0, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_trial_without_anything_is_an_empty_sheet(tmp_path: Path) -> None:
    """One that was stopped in its first epoch has no losses and is judged on nobody."""
    write_trial(RESULTS, "paml", 7, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
