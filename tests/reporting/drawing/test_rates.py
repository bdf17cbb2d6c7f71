"""Histograms of inner learning rates: every rate in one bin, bins that show something."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.reporting.drawing.rates import bin_edges, bin_rates
from tests.reporting.drawing.worlds import compared, some

METHODS = compared(some(["paml", "reg-paml"]), ["major"]).methods


def rates(major: list[float], minor: list[float], method: str = "paml") -> pl.DataFrame:
    groups = ["major"] * len(major) + ["minor"] * len(minor)
    return pl.DataFrame({"method": method, "group": groups, "inner_lr": [*major, *minor]})


def test_counts_and_shares_by_hand() -> None:
    frame = bin_rates(rates([0.0, 1.0, 1.0, 5.0], [5.0, 4.5]), METHODS)
    assert frame.columns == ["method", "label", "role", "group", "from", "to", "rates", "share"]
    assert frame.filter(group="major")["from"].to_list() == [0, 1, 2, 3, 4]
    assert frame.filter(group="major")["rates"].to_list() == [1, 2, 0, 0, 1]
    assert frame.filter(group="major")["share"].to_list() == [25, 50, 0, 0, 25]
    assert frame.filter(group="minor")["rates"].to_list() == [0, 0, 0, 0, 2]


def test_rates_all_alike_have_one_bin() -> None:
    frame = bin_rates(rates([1e-3, 1e-3], [1e-3]), METHODS)
    assert frame.select("group", "from", "to", "rates", "share").rows() == [
        ("major", 1e-3, 1e-3, 2, 100.0),
        ("minor", 1e-3, 1e-3, 1, 100.0),
    ]


def test_a_group_or_a_method_without_rates_has_no_bins() -> None:
    frame = bin_rates(rates([1.0, 2.0], []), METHODS)
    assert set(frame["group"]) == {"major"}
    assert set(frame["method"]) == {"paml"}


def test_bins_zoom_to_where_rates_are() -> None:
    edges = bin_edges(np.linspace(0.99e-3, 1e-3, 400))
    assert (edges[0], edges[-1], len(edges)) == (0.99e-3, 1e-3, 21)
    assert np.ptp(np.diff(edges)) < 1e-12


def test_bins_of_rates_far_apart_have_equal_ratios() -> None:
    edges = np.array(bin_edges(np.geomspace(1e-5, 1e-2, 100)))
    assert np.ptp(edges[1:] / edges[:-1]) < 1e-9


@pytest.mark.parametrize("values", [[-1.0, 20.0], [0.0, 3.0], [1.0, 2.0]])
def test_other_bins_are_equally_wide(values: list[float]) -> None:
    assert np.ptp(np.diff(bin_edges(np.array(values)))) < 1e-9


SOME = st.lists(st.floats(-1e-2, 10), min_size=1, max_size=60)


@given(SOME, SOME)
def test_no_rate_is_lost(major: list[float], minor: list[float]) -> None:
    frame = bin_rates(rates(major, minor), METHODS)
    counted = dict(frame.group_by("group").agg(pl.col("rates").sum()).iter_rows())
    assert counted == {"major": len(major), "minor": len(minor)}
    sums = frame.group_by("group").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([100, 100])
