"""What settings list is met in a log as a text or as an equal number, however it is written."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.clean.listed import is_listed, listed, looked_up
from pipeline_lib.settings.columns import number_of


def found(texts: Sequence[str | None], values: Sequence[str]) -> list[str | None]:
    rows = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    return rows.select(listed(pl.col("text"), values)).collect(engine="streaming")["text"].to_list()


@pytest.mark.parametrize(
    ("value", "same", "others"),
    [
        ("4", ["4", "4.0", "4.", "+4", "4e0", "0.4E1", "40e-1"], ["04", "4 0", "-4", "4.1", "4x"]),
        ("0.5", ["0.5", ".5", "0.50", "5e-1", "5.000000000000000000e-01"], ["5", "00.5", "0,5"]),
        ("0", ["0", "0.0", "-0", "-0.0", "0e5", ".0"], ["00", "", "o"]),
        ("-1", ["-1", "-1.00", "-1e0"], ["1", "--1", "-01"]),
        ("1e+22", ["1e22", "1E+22"], ["1e23"]),
        ("04", ["04"], ["4", "4.0"]),  # a code
        ("inf", ["inf"], ["Inf", "1e999"]),
        ("a", ["a"], ["A", " a"]),
        ("9007199254740993", ["9007199254740993"], ["9007199254740992", "9007199254740993.0"]),
    ],
)
def test_a_number_is_met_however_it_is_written(
    value: str, same: list[str], others: list[str]
) -> None:
    assert found([*same, *others, None], [value, "other"]) == [
        *(value for _ in same),
        *(None for _ in others),
        None,
    ]


def test_the_same_text_comes_before_an_equal_number() -> None:
    assert found(["1", "1.0", "1.00"], ["1", "1.0"]) == ["1", "1.0", "1.0"]


def test_a_table_of_words_and_numbers_has_something_for_each() -> None:
    table = {"five": "5", "0.5": "1", "1": "2", "n/a": ""}
    rows = pl.DataFrame({"text": ["five", ".5", "1.0", "n/a", "2", ""]})
    assert rows.select(looked_up(pl.col("text"), table))["text"].to_list() == [
        *("5", "1", "2", "", None, None)
    ]


NUMBERS = st.decimals(-(10**6), 10**6, allow_nan=False, places=3)


@given(st.lists(NUMBERS, min_size=1, max_size=5, unique=True), st.sampled_from(["f", "E", ".15g"]))
def test_a_number_is_met_in_every_notation_and_no_other_is(
    numbers: list[Decimal], notation: str
) -> None:
    values = [format(number, "f") for number in numbers]
    texts = [format(number, notation) for number in numbers]
    assert found(texts, values) == [values[[*map(float, values)].index(float(t))] for t in texts]
    assert found(texts[:1], [*values[1:], "other"]) == [None]
    assert number_of(values[0]) == float(numbers[0])


WORDS = st.sampled_from(["", "a", "A", "4", "4.0", "04", "b c"])


@given(st.lists(WORDS | st.none(), min_size=1), st.lists(WORDS, unique=True))
def test_a_text_is_listed_where_something_is_found_for_it(
    texts: list[str | None], values: list[str]
) -> None:
    rows = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    told = rows.select(is_listed(pl.col("text"), values))["text"].to_list()
    assert told == [value is not None for value in found(texts, values)]
