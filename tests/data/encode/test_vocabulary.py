"""The known values of features, the scale of numbers, and the codes of both."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.encode.vocabulary import Scale, Vocabulary, codes_of, first_codes, fit_side

Numbers = list[float | None]


def scale_of(numbers: Numbers, rows: list[int]) -> Scale:
    profiles = pl.DataFrame({"x": numbers}, schema={"x": pl.Float64})
    known = fit_side(profiles, pl.Series(rows, dtype=pl.Int64))["x"]
    assert isinstance(known, Scale)
    return known


def test_values_are_known_once_in_order_and_unknown_ones_left_out() -> None:
    profiles = pl.DataFrame(
        {"zip": ["2", "10", None, "2"], "genre": [["War", "Noir"], [], ["Art", "War"], []]}
    )
    known = fit_side(profiles, pl.Series([1, 1, 1, 1]))
    assert known == {"zip": ["10", "2"], "genre": ["Art", "Noir", "War"]}
    assert list(known) == ["zip", "genre"]


def test_values_do_not_depend_on_how_many_rows_have_them() -> None:
    profiles = pl.DataFrame({"zip": ["2", "10"]})
    assert fit_side(profiles, pl.Series([100, 1])) == {"zip": ["10", "2"]}


def test_where_nothing_is_known_there_are_no_values() -> None:
    profiles = pl.DataFrame(
        {"zip": [None], "genre": [[]]}, schema={"zip": pl.String, "genre": pl.List(pl.String)}
    )
    assert fit_side(profiles, pl.Series([1])) == {"zip": [], "genre": []}


def test_a_number_is_standardised_over_rows_not_over_those_who_have_it() -> None:
    """Four rows have 1, one has 6: mean 10 / 5 = 2, variance (4 · 1² + 4²) / 5 = 4."""
    assert scale_of([1, 6], [4, 1]) == Scale(mean=2, sd=2)
    assert scale_of([1, 6], [1, 1]) == Scale(mean=3.5, sd=2.5)


def test_unknown_numbers_and_those_without_rows_do_not_count() -> None:
    assert scale_of([1, None, 6, 99], [4, 100, 1, 0]) == Scale(mean=2, sd=2)


@pytest.mark.parametrize(
    ("numbers", "rows"),
    [([], []), ([None, None], [3, 1]), ([7.0], [0])],
)
def test_where_no_row_has_a_number_nothing_is_shifted_or_stretched(
    numbers: Numbers, rows: list[int]
) -> None:
    assert scale_of(numbers, rows) == Scale(mean=0, sd=1)


@pytest.mark.parametrize(
    ("numbers", "rows"),
    [
        ([7.0], [3]),
        ([0.0, 0.0], [1, 2]),
        ([0.1] * 3, [1] * 3),  # whose mean in floating point is not 0.1
        ([0.7] * 7, [3] * 7),
        ([-1e9 / 3] * 3, [1, 5, 7]),
        ([0.3, 0.1 + 0.2], [1, 1]),  # the same but for rounding
    ],
)
def test_constant_numbers_are_not_stretched(numbers: list[float], rows: list[int]) -> None:
    scale = scale_of([*numbers], rows)
    assert scale.sd == 1
    assert scale.mean == pytest.approx(numbers[0], rel=1e-12)


def test_small_differences_of_large_numbers_are_stretched() -> None:
    assert scale_of([1e9, 1e9 + 2], [1, 1]) == Scale(mean=1e9 + 1, sd=1)
    assert scale_of([1e9, 1e9 + 1], [1, 1]) == Scale(mean=1e9 + 0.5, sd=0.5)


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 6)), min_size=1, max_size=12).filter(
        lambda pairs: any(n for _, n in pairs)
    )
)
def test_a_scale_is_that_of_the_numbers_written_out_row_by_row(
    pairs: list[tuple[int, int]],
) -> None:
    rows = [x for x, n in pairs for _ in range(n)]
    mean = sum(rows) / len(rows)
    sd = math.sqrt(sum((x - mean) ** 2 for x in rows) / len(rows))
    scale = scale_of([float(x) for x, _ in pairs], [n for _, n in pairs])
    assert scale.mean == pytest.approx(mean, abs=1e-12)
    assert scale.sd == pytest.approx(sd or 1, rel=1e-9)


def test_codes_are_counted_from_1_through_a_sides_features() -> None:
    """A number has one code, a feature without values none."""
    side: dict[str, list[str] | Scale] = {
        "genre": ["Drama", "War"],
        "price": Scale(mean=0, sd=1),
        "actor": [],
        "year": ["1", "2"],
    }
    assert first_codes(side) == {"genre": 1, "price": 3, "actor": 4, "year": 4}
    assert codes_of(["1", "2"], 4) == {"1": 4, "2": 5}
    assert first_codes({}) == {}


def test_a_vocabulary_is_read_as_it_was_written() -> None:
    written = Vocabulary(
        user={"zip": ["2", "é"], "age": Scale(mean=0.1 + 0.2, sd=1e-9)}, item={"year": []}
    )
    read = Vocabulary.model_validate_json(written.model_dump_json())
    assert read == written
    assert list(read.user) == ["zip", "age"]
