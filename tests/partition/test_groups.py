"""Major and minor users, by how many of their feature values are common."""

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.rules import assign_groups, common_values

FEATURES = ["gender", "age", "occupation", "zip"]
# The top 30 % of the values: gender F, age 25, occupation 1, zip 00000.
USERS = pl.DataFrame(
    [
        ("a", "F", "25", "1", "00000"),
        ("b", "F", "25", "1", "11111"),
        ("c", "F", "25", "2", "00000"),
        ("d", "F", "25", "2", "22222"),
        ("e", "F", "35", "1", "22222"),
        ("f", "M", "25", "1", "00000"),
        ("g", "M", "35", "3", "11111"),
    ],
    schema=["user", *FEATURES],
    orient="row",
)


def holders(counts: dict[str, int]) -> pl.DataFrame:
    values = [value for value, users in counts.items() for _ in range(users)]
    return pl.DataFrame({"user": map(str, range(len(values))), "zip": values})


def grouped(users: pl.DataFrame, features: list[str], at_least: int) -> pl.DataFrame:
    """Group users by the 30 % of the features' values that most of them have."""
    common = {feature: common_values(users, feature, 0.3) for feature in features}
    return assign_groups(users, common, at_least)


def majors(users: pl.DataFrame, at_least: int = 3) -> list[str]:
    groups = grouped(users, FEATURES, at_least)
    return groups.filter(pl.col("group") == "major")["user"].sort().to_list()


def test_the_values_of_most_users_are_common() -> None:
    counts = {"a": 1, "b": 5, "c": 2, "d": 3}
    assert common_values(holders(counts), "zip", 0.3).to_list() == ["b", "d"]
    assert common_values(holders(counts), "zip", 0.25).to_list() == ["b"]
    assert common_values(holders(counts), "zip", 1).to_list() == ["b", "d", "c", "a"]


@pytest.mark.parametrize(
    ("values", "share", "common"),
    [
        (1, 0.3, 1),
        (2, 0.3, 1),
        (3, 0.3, 1),
        (4, 0.3, 2),
        (7, 0.3, 3),
        (10, 0.3, 3),
        (11, 0.3, 4),
        (20, 0.3, 6),
        (21, 0.3, 7),
        (25, 0.28, 7),
        (100, 0.07, 7),
        (10, 1, 10),
    ],
)
def test_the_share_is_the_decimal_that_was_written_rounded_up(
    values: int, share: float, common: int
) -> None:
    counts = {str(value): 1 for value in range(values)}
    assert len(common_values(holders(counts), "zip", share)) == common


def test_ties_are_broken_by_value() -> None:
    counts = {"d": 2, "b": 2, "c": 2, "a": 1, "10": 2}
    assert common_values(holders(counts), "zip", 0.4).to_list() == ["10", "b"]


def test_a_user_with_three_of_four_common_values_is_major() -> None:
    assert [common_values(USERS, f, 0.3).to_list() for f in FEATURES] == [
        ["F"],
        ["25"],
        ["1"],
        ["00000"],
    ]
    assert majors(USERS) == ["a", "b", "c", "f"]


@pytest.mark.parametrize(
    ("at_least", "major"),
    [(1, ["a", "b", "c", "d", "e", "f"]), (2, ["a", "b", "c", "d", "e", "f"]), (4, ["a"])],
)
def test_how_many_values_make_a_user_major_is_a_setting(at_least: int, major: list[str]) -> None:
    assert majors(USERS, at_least) == major


def test_an_unknown_value_is_no_value() -> None:
    """Most users have none; of the three values ⌈0.3 · 3⌉ = 1 and ⌈0.4 · 3⌉ = 2 are common."""
    users = pl.DataFrame({"user": [*"abcdefgh"], "zip": [None, None, None, None, *"1123"]})
    assert common_values(users, "zip", 0.3).to_list() == ["1"]
    assert common_values(users, "zip", 0.4).to_list() == ["1", "2"]
    groups = grouped(users, ["zip"], 1)
    assert groups["group"].to_list() == ["minor"] * 4 + ["major"] * 2 + ["minor"] * 2


def test_an_unknown_value_counts_for_no_user() -> None:
    """Common values: a has 4, f 3, b (whose gender is unknown), d and e 2, c zip alone."""
    unknown = {"gender": ["b", "c"], "age": ["c"]}
    users = USERS.with_columns(
        pl.when(~pl.col("user").is_in(those)).then(feature).alias(feature)
        for feature, those in unknown.items()
    )
    assert [majors(users, least) for least in (2, 3)] == [["a", "b", "d", "e", "f"], ["a", "f"]]


def test_where_nothing_is_known_all_are_minor() -> None:
    users = USERS.with_columns(pl.lit(None, pl.String).alias(feature) for feature in FEATURES)
    assert common_values(users, "zip", 0.3).to_list() == []
    assert majors(users, 1) == []


def test_every_user_is_in_one_group_in_the_order_given() -> None:
    groups = grouped(USERS[::-1], FEATURES, 3)
    assert groups.columns == ["user", "group"]
    assert groups["user"].to_list() == list("gfedcba")
    assert groups["group"].to_list() == [
        "minor",
        "major",
        "minor",
        "minor",
        "major",
        "major",
        "major",
    ]


def test_only_the_features_given_count() -> None:
    groups = grouped(USERS, ["gender"], 1)
    assert groups.filter(pl.col("group") == "major")["user"].to_list() == list("abcde")


@given(
    values=st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=20),
    share=st.sampled_from(["0.1", "0.3", "0.5", "1"]),
    data=st.data(),
)
def test_no_other_value_has_more_users_than_a_common_one(
    values: list[str], share: str, data: st.DataObject
) -> None:
    frame = pl.DataFrame({"zip": values})
    ranked = sorted(set(values), key=lambda value: (-values.count(value), value))
    common = common_values(frame, "zip", float(share)).to_list()
    assert common == ranked[: math.ceil(Fraction(share) * len(ranked))]
    order = data.draw(st.permutations(range(len(values))))
    assert common_values(frame[order], "zip", float(share)).to_list() == common
