"""Computed features of items, worked by hand: rates, logarithms and products."""

import math
from collections.abc import Mapping
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.encode.derived import derive
from pipeline_lib.settings.features import AnyFeature, Categorical, Numeric

Numbers = list[float | None]
Events = list[tuple[str, str, str, int, int]]

CATEGORICAL = Categorical(kind="categorical")
READ = Numeric(kind="numeric")
NO_EVENTS = pl.DataFrame(schema={"user": pl.String, "hits": pl.Int64, "trials": pl.Int64})


def rate(source: str, smoothing: float = 20) -> Numeric:
    return Numeric.model_validate({"kind": "numeric", "rate": source, "smoothing": smoothing})


def product(*names: str) -> Numeric:
    return Numeric(kind="numeric", product=names)


def log(name: str) -> Numeric:
    return Numeric(kind="numeric", log=name)


def rows_of(*rows: tuple[str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"item": pl.String, "target": pl.Float32}, orient="row")


def items_of(**features: Numbers) -> pl.DataFrame:
    names = [chr(ord("p") + i) for i in range(len(next(iter(features.values()))))]
    return pl.DataFrame({"item": names}).with_columns(
        pl.Series(name, values, dtype=pl.Float64) for name, values in features.items()
    )


def derived(
    items: pl.DataFrame, features: Mapping[str, AnyFeature], rows: pl.DataFrame | None = None
) -> pl.DataFrame:
    return derive(items, features, (rows_of() if rows is None else rows).lazy(), NO_EVENTS, [])


def test_a_rate_of_targets_is_shrunk_to_the_mean_of_all_rows() -> None:
    """Mean 2 / 4; with k = 2: p (1 + 1) / (3 + 2), q (1 + 1) / (1 + 2), r, met by none, 1 / 2."""
    rows = rows_of(("p", 1), ("q", 1), ("p", 0), ("p", 0))
    found = derived(items_of(x=[0, 0, 0]), {"ctr": rate("target", 2)}, rows)
    assert found.columns == ["item", "ctr"]
    assert found["item"].to_list() == ["p", "q", "r"]
    assert found["ctr"].to_list() == pytest.approx([0.4, 2 / 3, 0.5])


def test_a_rate_of_targets_is_a_mean_rating_in_a_rating_log() -> None:
    """Mean 9 / 3; with k = 3: p (8 + 9) / (2 + 3), q (1 + 9) / (1 + 3)."""
    rows = rows_of(("p", 5), ("q", 1), ("p", 3))
    found = derived(items_of(x=[0, 0, 0]), {"mean": rate("target", 3)}, rows)
    assert found["mean"].to_list() == pytest.approx([3.4, 2.5, 3.0])


def test_without_rows_a_rate_is_unknown() -> None:
    found = derived(items_of(x=[0, 0]), {"ctr": rate("target"), "log": log("ctr")})
    assert found.rows() == [("p", None, None), ("q", None, None)]
    assert found.schema["ctr"] == found.schema["log"] == pl.Float64


GROUPED = pl.DataFrame(
    [("p", "c1", "b1"), ("q", "c1", None), ("r", None, None), ("s", "c2", "b1"), ("t", None, "b1")],
    schema=["item", "category", "brand"],
    orient="row",
)
EVENTS: Events = [
    ("a", "c1", "b1", 1, 4),
    ("b", "c1", "b1", 1, 2),
    ("a", "c1", "", 0, 2),
    ("a", "", "", 1, 1),
    ("b", "c9", "b9", 0, 1),
]


def rates_of_groups(events: Events, items: pl.DataFrame = GROUPED, k: float = 10) -> Numbers:
    read = dict.fromkeys(("category", "brand"), CATEGORICAL)
    features: dict[str, AnyFeature] = {**read, "cvr": rate("events", k)}
    texts = dict.fromkeys(("user", "category", "brand"), pl.String)
    counts = dict.fromkeys(("hits", "trials"), pl.Int64)
    table = pl.DataFrame(events, schema={**texts, **counts}, orient="row")
    found = derive(items, features, rows_of().lazy(), table, ["category", "brand"])
    assert found.drop("cvr").equals(items)
    return found["cvr"].to_list()


def test_a_rate_of_events_is_that_of_the_items_group_shrunk_to_the_mean() -> None:
    """Mean 3 / 10, k = 10: p (2 + 3) / (6 + 10) of two users' events; s and t have none.

    Blank is a group like others: q's are the events on c1 without a brand, (0 + 3) / (2 + 10),
    and r's those on nothing, (1 + 3) / (1 + 10).
    """
    right = [5 / 16, 3 / 12, 4 / 11, 0.3, 0.3]
    assert rates_of_groups(EVENTS) == pytest.approx(right)
    turned = GROUPED[::-1]
    assert rates_of_groups(EVENTS[::-1], turned) == pytest.approx(right[::-1])


def test_items_of_one_group_have_one_rate() -> None:
    twins = pl.concat([GROUPED, GROUPED.with_columns(item=pl.col("item") + "2")])
    rates = rates_of_groups(EVENTS, twins)
    assert rates[:5] == rates[5:]


def test_without_trials_a_rate_of_events_is_unknown() -> None:
    assert rates_of_groups([]) == [None] * 5
    assert rates_of_groups([("a", "c1", "b1", 3, 0)]) == [None] * 5


def test_logarithms_of_what_is_missing_zero_or_less_are_unknown() -> None:
    items = items_of(price=[math.e, 1, 0, -1, None])
    found = derived(items, {"price": READ, "logprice": log("price")})
    assert found["logprice"].to_list() == pytest.approx([1, 0, None, None, None])


def test_products_with_a_missing_factor_are_unknown() -> None:
    items = items_of(x=[2, None, 0, -1], y=[3, 1, None, 2], z=[0.5, 1, 1, 0])
    features = {**dict.fromkeys("xyz", READ), "xy": product("x", "y"), "xyz": product(*"xyz")}
    found = derived(items, features)
    assert found["xy"].to_list() == [6, None, None, -2]
    assert found["xyz"].to_list() == [3, None, None, 0]


def test_a_feature_may_be_computed_from_computed_ones_and_all_stay_in_their_order() -> None:
    """ctr with k = 1 and mean 1 / 2: p 1.5 / 2, q 0.5 / 2."""
    features = {
        "ctr": rate("target", 1),
        "price": READ,
        "logctr": log("ctr"),
        "paid": product("ctr", "price"),
        "logpaid": log("paid"),
    }
    found = derived(items_of(price=[2, 4], unused=[0, 0]), features, rows_of(("p", 1), ("q", 0)))
    assert found.columns == ["item", *features]
    assert found["ctr"].to_list() == [0.75, 0.25]
    assert found["logctr"].to_list() == pytest.approx([math.log(0.75), math.log(0.25)])
    assert found["paid"].to_list() == [1.5, 1.0]
    assert found["logpaid"].to_list() == pytest.approx([math.log(1.5), 0])


@given(
    rows=st.lists(st.tuples(st.sampled_from("pqr"), st.integers(0, 5)), min_size=1, max_size=20),
    k=st.integers(1, 50),
)
def test_rates_are_those_of_a_plain_loop(rows: list[tuple[str, int]], k: int) -> None:
    mean = Fraction(sum(target for _, target in rows), len(rows))
    right = []
    for name in "pqrs":
        own = [target for item, target in rows if item == name]
        right.append(float((sum(own) + k * mean) / (len(own) + k)))
    table = rows_of(*((item, float(target)) for item, target in rows))
    found = derived(items_of(x=[0] * 4), {"rate": rate("target", k)}, table)
    assert found["rate"].to_list() == pytest.approx(right)
