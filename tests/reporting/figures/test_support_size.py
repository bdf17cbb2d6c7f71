"""Errors by support rows: means, names beside lines, and an axis that is cut."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.reporting.drawing.view import View
from pipeline_lib.reporting.figures.support_size import PLOT, spread
from tests.reporting.drawing.worlds import DEMO, invented, some

RESULTS = invented(some(DEMO), users=60)


def test_means_are_over_users_and_seeds_all_last() -> None:
    support = pl.DataFrame(
        {
            "method": "paml",
            "seed": [0, 0, 1, 1, 0, 0],
            "user": ["a", "b", "a", "b", "a", "b"],
            "group": "major",
            "support_rows": [None, None, None, None, 0, 0],
            "mse": [1.0, 2.0, 3.0, 4.0, 9.0, 11.0],
        }
    )
    frame = PLOT.tidy(replace(RESULTS, support=support))
    rows = frame.select("method", "support_rows", "mse", "users", "seeds").rows()
    assert rows == [("paml", 0, 10.0, 2, 1), ("paml", None, 2.5, 2, 2)]


def test_a_step_that_explodes_on_few_rows_does_not_press_the_other_lines() -> None:
    explodes = (pl.col("method") == "melu") & (pl.col("support_rows") == 1)
    error = pl.when(explodes).then(1e6).otherwise(pl.col("mse")).alias("mse")
    results = replace(RESULTS, support=RESULTS.support.with_columns(error))
    view = View(PLOT.tidy(results), results.comparison)
    PLOT.draw(view)
    from_all = view.frame.filter(pl.col("support_rows").is_null())["mse"].to_numpy()
    assert view.figure.axes[0].get_ylim()[1] == pytest.approx(2 * from_all.max())
    assert "Lines that leave the frame go up to 1e+06." in PLOT.caption(view)
    whole = View(PLOT.tidy(RESULTS), RESULTS.comparison)
    assert "leave the frame" not in PLOT.caption(whole)


PLACES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(PLACES)
def test_names_keep_apart_and_in_order_within_the_axes(wanted: list[float]) -> None:
    places = np.array(spread(wanted, 0.05))
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(places[order]) >= 0.05 - 1e-9).all()
    assert places.min() >= -1e-9
    assert places.max() <= 1 + 1e-9


def test_names_far_apart_stay_where_their_lines_end() -> None:
    assert spread([0.9, 0.1, 0.5], 0.2) == pytest.approx([0.9, 0.1, 0.5])
    assert spread([0.5, 0.5], 0.2) == pytest.approx([0.4, 0.6])
