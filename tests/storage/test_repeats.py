"""Rows with equal keys are found, whatever the keys hold: against a plain dict."""

from collections import Counter
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.storage.tables import repeated_rows

Row = tuple[str | None, int | None]
SCHEMA = {"user": pl.String, "item": pl.Int64, "line": pl.Int64}


def table(rows: Sequence[Row]) -> pl.LazyFrame:
    numbered = [(user, item, line) for line, (user, item) in enumerate(rows)]
    return pl.LazyFrame(numbered, schema=SCHEMA, orient="row")


@pytest.mark.parametrize("rows", [[], [("a", 1)], [("a", 1), ("a", 2), ("b", 1), (None, 1)]])
def test_different_keys_are_no_repeats(rows: list[Row]) -> None:
    found = repeated_rows(table(rows), ["user", "item"])
    assert found.schema == pl.Schema(SCHEMA)
    assert found.height == 0


def test_all_rows_of_a_key_are_found_in_their_order() -> None:
    rows: list[Row] = [("b", 1), ("a", 1), ("b", 2), ("b", 1), ("c", 3), ("a", 1), ("b", 1)]
    found = repeated_rows(table(rows), ["user", "item"])
    assert found["line"].to_list() == [0, 1, 3, 5, 6]
    assert found.row(0) == ("b", 1, 0)


def test_nulls_are_equal_to_each_other_alone() -> None:
    rows: list[Row] = [(None, 1), ("", 1), (None, None), (None, 1), ("", None), (None, None)]
    found = repeated_rows(table(rows), ["user", "item"])
    assert found["line"].to_list() == [0, 2, 3, 5]


def test_keys_are_not_run_together() -> None:
    rows = pl.LazyFrame({"user": ["1", "11", "a"], "item": ["12", "2", ""]})
    assert repeated_rows(rows, ["user", "item"]).height == 0


KEYS = st.tuples(
    st.none() | st.sampled_from(["", "a", "b", "ab", "é"]), st.none() | st.integers(-1, 2)
)


@given(st.lists(KEYS, max_size=40), st.sampled_from([["user"], ["item"], ["user", "item"]]))
def test_repeats_are_those_that_a_dict_counts(rows: list[Row], keys: list[str]) -> None:
    names = [tuple(dict(zip(SCHEMA, row, strict=False))[key] for key in keys) for row in rows]
    counts = Counter(names)
    expected = [line for line, name in enumerate(names) if counts[name] > 1]
    assert repeated_rows(table(rows), keys)["line"].to_list() == expected


def test_few_repeats_are_found_among_many_rows() -> None:
    lines = pl.int_range(200_000, eager=True)
    rows = pl.LazyFrame({"user": lines % 199_999, "item": lines % 7, "line": lines})
    # The last row has the user of the first, but only the users repeat.
    assert repeated_rows(rows, ["user"])["line"].to_list() == [0, 199_999]
    assert repeated_rows(rows, ["user", "item"])["line"].to_list() == []


def test_many_repeats_stay_in_their_order() -> None:
    lines = pl.int_range(400_000, eager=True)
    rows = pl.LazyFrame({"user": lines % 150_000, "line": lines})
    assert repeated_rows(rows, ["user"])["line"].equals(lines)
