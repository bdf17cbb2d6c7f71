"""A feature's values from raw texts: categories, numbers, buckets and several values at once."""

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.clean.values import read_columns, read_feature
from pipeline_lib.settings.features import AnyFeature, Bucketed, Categorical, MultiValued, Numeric

Value = str | float | list[str] | None
AGE = Bucketed.model_validate({"kind": "bucketed", "edges": [18, 25, 35.5]})
GENRES = MultiValued.model_validate({"kind": "multi-valued", "separator": "|"})


def read(
    texts: Sequence[str | None], feature: AnyFeature, blank: Sequence[str] = ()
) -> list[tuple[Value, str | None]]:
    """Pair each value with its problem."""
    frame = pl.LazyFrame({"raw": texts}, schema={"raw": pl.String})
    value, problem = read_feature(pl.col("raw"), feature, blank)
    both = frame.select(value.alias("value"), problem.alias("problem"))
    return both.collect(engine="streaming").rows()


def categorical(**how: object) -> Categorical:
    return Categorical.model_validate({"kind": "categorical", **how})


def numeric(**how: object) -> Numeric:
    return Numeric.model_validate({"kind": "numeric", **how})


def several(**how: object) -> MultiValued:
    return MultiValued.model_validate({"kind": "multi-valued", "separator": "|", **how})


def test_a_category_is_the_clean_text_or_null_with_the_reason() -> None:
    gender = categorical(case="upper", values=["F", "M"], replace={"MALE": "M"})
    assert read([" f ", "male", "x", "", None, "-"], gender, ["-"]) == [
        ("F", None),
        ("M", None),
        (None, "not one of F, M"),
        (None, "blank"),
        (None, "blank"),
        (None, "blank"),
    ]


def test_a_category_within_bounds_stays_a_text() -> None:
    assert read(["07", "7.0", "x"], categorical(between=[1, 9])) == [
        ("07", None),
        ("7.0", None),
        (None, "not a number from 1 to 9"),
    ]


def test_a_number_is_finite_and_within_bounds() -> None:
    assert read(["1.5", "inf", "nan", "x", ""], numeric()) == [
        (1.5, None),
        (None, "not a number"),
        (None, "not a number"),
        (None, "not a number"),
        (None, "blank"),
    ]
    assert read(["0.01", "0", "1e10", "inf"], numeric(between=[0.01, 1e9])) == [
        (0.01, None),
        *[(None, "not a number from 0.01 to 1e+09")] * 3,
    ]


def test_a_number_is_read_from_a_clean_text() -> None:
    price = numeric(remove="[$,]", replace={"free": "0"})
    assert read(["$1,234.50", "free"], price) == [(1234.5, None), (0.0, None)]


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("-1e300", "below 18"),
        ("17.999999", "below 18"),
        ("18", "18 to 25"),
        ("18.0", "18 to 25"),
        ("24.9", "18 to 25"),
        ("25", "25 to 35.5"),
        ("35.4999", "25 to 35.5"),
        ("35.5", "35.5 and above"),
        ("1e300", "35.5 and above"),
    ],
)
def test_a_bucket_has_its_lower_edge(text: str, bucket: str) -> None:
    assert read([text], AGE) == [(bucket, None)]


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e999", "x", "18 to 25"])
def test_what_is_no_number_is_in_no_bucket(text: str) -> None:
    assert read([text, "20", ""], AGE) == [
        *((None, "not a number"), ("18 to 25", None), (None, "blank"))
    ]


def test_one_edge_makes_two_buckets() -> None:
    adult = Bucketed.model_validate({"kind": "bucketed", "edges": [18], "between": [0, 99]})
    assert read(["17", "18", "100"], adult) == [
        ("below 18", None),
        ("18 and above", None),
        (None, "not a number from 0 to 99"),
    ]


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=5, unique_by=lambda edge: f"{edge:g}"),
    st.floats(-60, 60),
)
def test_exactly_one_bucket_holds_a_number(edges: list[float], number: float) -> None:
    edges = sorted(float(f"{edge:g}") for edge in edges)
    ((bucket, problem),) = read([repr(number)], Bucketed(kind="bucketed", edges=tuple(edges)))
    below = [edge for edge in edges if edge <= number]
    above = [edge for edge in edges if edge > number]
    if not below:
        expected = f"below {edges[0]:g}"
    elif not above:
        expected = f"{edges[-1]:g} and above"
    else:
        expected = f"{below[-1]:g} to {above[0]:g}"
    assert (bucket, problem) == (expected, None)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Drama|Comedy", ["Drama", "Comedy"]),
        ("Comedy|Drama|Comedy| Drama ", ["Comedy", "Drama"]),
        ("|Drama||", ["Drama"]),
        ("Drama", ["Drama"]),
        ("(none)|Drama", ["Drama"]),
        ("||", []),
        ("(none)", []),
        (" ", []),
        ("", []),
        (None, []),
    ],
)
def test_several_values_are_each_once_in_their_order(text: str | None, values: list[str]) -> None:
    problem = None if values else "blank"
    assert read([text, "War"], GENRES, ["(none)"]) == [(values, problem), (["War"], None)]


def test_each_of_several_values_is_cleaned() -> None:
    people = several(separator=", ", remove=r"\s*\(.*\)$")
    assert read(["Ana Ruiz (voice), Bo, N/A, Ana Ruiz"], people, ["N/A"]) == [
        (["Ana Ruiz", "Bo"], None)
    ]
    tags = several(entities="html", case="lower", replace={"sci-fi": "sf", "other": ""})
    assert read(["R&amp;B|Sci-Fi|OTHER|SF", "A &lt; B"], tags) == [
        (["r&b", "sf"], None),
        (["a < b"], None),
    ]
    years = several(extract=r"(\d{4})")
    assert read(["in 1999|2000s|never"], years) == [(["1999", "2000"], None)]


def test_a_blank_text_may_hold_the_separator() -> None:
    assert read(["n/a", " n/a ", "n/b"], several(separator="/"), ["n/a"]) == [
        *(([], "blank"), ([], "blank"), (["n", "b"], None))
    ]


PART = st.sampled_from(["a", "b", " a", "", " ", "-"])


@given(st.lists(st.lists(PART, max_size=5), max_size=5))
def test_several_values_are_those_of_a_plain_dict(rows: list[list[str]]) -> None:
    parts = [dict.fromkeys(part.strip() for part in row) for row in rows]
    expected = [[part for part in row if part not in {"", "-"}] for row in parts]
    found = read(["|".join(row) for row in rows], GENRES, ["-"])
    assert found == [(values, None if values else "blank") for values in expected]


def flags(rows: Sequence[tuple[str, ...]], **how: object) -> list[tuple[Value, str | None]]:
    feature = MultiValued.model_validate({"kind": "multi-valued", "flags": ["Art", "Pop"], **how})
    frame = pl.LazyFrame(rows, {"Art": pl.String, "Pop": pl.String}, orient="row")
    value, problem = read_columns(pl.col, "likes", feature, ["?"])
    both = frame.select(value.alias("value"), problem.alias("problem"))
    return both.collect(engine="streaming").rows()


def test_the_names_of_the_flags_that_are_set_are_the_values() -> None:
    rows = [("1", "0"), ("1.0", " 1 "), ("TRUE", "False"), ("0", "0.0"), ("", "1"), ("?", "1")]
    assert flags(rows) == [
        (["Art"], None),
        (["Art", "Pop"], None),
        (["Art"], None),
        ([], "blank"),
        (["Pop"], None),
        (["Pop"], None),
    ]


def test_a_flag_that_is_neither_is_wrong_and_named() -> None:
    assert flags([("1", "2"), ("yes", "1")]) == [
        ([], "Pop: neither 0 nor 1"),
        ([], "Art: neither 0 nor 1"),
    ]


def test_the_names_of_flags_are_cleaned() -> None:
    assert flags([("1", "1")], case="lower", replace={"pop": ""}) == [(["art"], None)]
    assert flags([("1", "1")], replace={"Pop": "Art"}) == [(["Art"], None)]
