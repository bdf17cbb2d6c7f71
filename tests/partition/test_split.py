"""The whole partition of clean logs, worked by hand and as properties."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.partition.split import PartitionError, Split, partition, split_hash
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.dataset import FoldShares, Partition

PROFILES = pl.DataFrame(
    [
        ("a", "M", "1", "x"),
        ("b", "F", "1", "x"),
        ("c", "F", "2", "y"),
        ("d", "M", "2", "z"),
        ("e", "M", "1", "z"),
        ("f", "M", "1", "z"),
    ],
    schema=["user", "gender", "age", "zip"],
    orient="row",
)
COUNTS = {"a": 1, "b": 2, "c": 3, "d": 8, "e": 9}
RULES = Partition(folds=FoldShares(train=1, validation=1, test=1), major_features=2)
TWO_TO_ONE = FoldShares(train=2, validation=1, test=1)
SHA256 = "e00e90224c771e3b94c62582f3f1afa6d8c05a707a20a2422c8f0b5c1f609c24"


def rows_of(counts: dict[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(user, str(item), 3.0) for user, count in counts.items() for item in range(count)],
        schema={"user": pl.String, "item": pl.String, "target": pl.Float32},
        orient="row",
    )


@pytest.fixture(scope="module")
def split() -> Split:
    """Of a to e the coldest 80 % are a to d, and a has one interaction alone."""
    return partition(PROFILES, rows_of(COUNTS), RULES, 0)


def test_the_coldest_users_with_enough_interactions_are_kept(split: Split) -> None:
    assert split.users["user"].to_list() == ["b", "c", "d"]
    assert split.users.columns == ["user", "fold", "group"]


def test_groups_are_told_by_the_values_common_among_the_users_kept(split: Split) -> None:
    """Common among b, c, d: F, 2 and, of three equals, x; among all users M, 1 and z would be."""
    assert split.users["group"].to_list() == ["major", "major", "minor"]
    assert split.record.common_value_share == {"gender": 2 / 3, "age": 2 / 3, "zip": 1 / 3}


def test_every_interaction_of_the_users_kept_has_its_users_fold(split: Split) -> None:
    kept = rows_of({"b": 2, "c": 3, "d": 8})
    assert split.interactions.columns == ["user", "item", "target", "fold", "part"]
    assert split.interactions.select("user", "item", "target").equals(kept)
    folds = split.interactions.select("user", "fold").unique().sort("user")
    assert folds.equals(split.users.select("user", "fold"))


def test_query_has_a_fifth_of_each_users_interactions(split: Split) -> None:
    query = split.interactions.filter(pl.col("part") == "query")
    assert sorted(query.group_by("user").len().rows()) == [("b", 1), ("c", 1), ("d", 2)]


def test_the_record_counts_what_the_split_holds(split: Split) -> None:
    record = split.record
    assert (record.seed, record.users, record.interactions) == (0, 3, 13)
    assert record.users_by_fold == {"train": 1, "validation": 1, "test": 1}
    assert record.users_by_group == {"major": 2, "minor": 1}


def test_a_split_is_the_same_on_every_machine_and_version(split: Split) -> None:
    """The keys behind it can be had from b2sum, see tests/test_seeds.py."""
    query = split.interactions.filter(pl.col("part") == "query").select("user", "item").rows()
    assert split.users["fold"].to_list() == ["train", "validation", "test"]
    assert query == [("b", "0"), ("c", "1"), ("d", "3"), ("d", "4")]
    assert split.record.sha256 == SHA256


def test_tables_pass_their_schemas(split: Split) -> None:
    SPLIT_USERS.validate(split.users)
    split_rows((1, 5)).validate(split.interactions)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(split: Split, seed: int) -> None:
    rows = rows_of(COUNTS).sample(fraction=1, shuffle=True, seed=seed)
    profiles = PROFILES.sample(fraction=1, shuffle=True, seed=seed)
    again = partition(profiles, rows, RULES, 0)
    assert again.users.equals(split.users)
    assert again.interactions.equals(split.interactions)
    assert again.record.model_dump_json() == split.record.model_dump_json()


def test_another_seed_or_rule_has_another_hash(split: Split) -> None:
    others = [
        partition(PROFILES, rows_of(COUNTS), rules, seed).record.sha256
        for rules, seed in [
            (RULES, 1),
            (RULES.model_copy(update={"query_share": 0.5}), 0),
            (RULES.model_copy(update={"major_features": 3}), 0),
            (RULES.model_copy(update={"cold_share": 1}), 0),
            (RULES.model_copy(update={"cold_share": 1, "folds": TWO_TO_ONE}), 0),
        ]
    ]
    assert len({split.record.sha256, *others}) == 6


def test_a_split_is_hashed_in_any_order_of_its_rows(split: Split) -> None:
    assert split_hash(split.users[::-1], split.interactions[::-1]) == SHA256


def test_the_targets_do_not_change_the_hash(split: Split) -> None:
    rows = rows_of(COUNTS).with_columns(pl.lit(4, pl.Float32).alias("target"))
    assert partition(PROFILES, rows, RULES, 0).record.sha256 == split.record.sha256


def test_too_few_users_for_three_folds_are_refused() -> None:
    with pytest.raises(PartitionError, match=r"^2 cold users with at least 2 interactions are too"):
        partition(PROFILES, rows_of({"a": 1, "b": 2, "c": 3, "d": 8}), RULES, 0)


LOGS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.tuples(st.integers(1, 8), st.sampled_from("FM"), st.sampled_from("123")),
    min_size=18,
    max_size=24,
).filter(lambda log: sum(count > 1 for count, _, _ in log.values()) > 15)
Log = dict[str, tuple[int, str, str]]


def split_of(log: Log, seed: int) -> Split:
    profiles = pl.DataFrame(
        [(user, gender, age) for user, (_, gender, age) in log.items()],
        schema=["user", "gender", "age"],
        orient="row",
    )
    rules = Partition(major_features=2)
    return partition(profiles, rows_of({user: log[user][0] for user in log}), rules, seed)


@settings(max_examples=60)
@given(log=LOGS, seed=st.integers(0, 99), data=st.data())
def test_folds_and_parts_are_disjoint_and_complete(
    log: Log, seed: int, data: st.DataObject
) -> None:
    split = split_of(log, seed)
    users = split.users["user"].to_list()
    assert users == sorted(set(users))
    active = sorted((count, user) for user, (count, _, _) in log.items() if count)
    coldest = active[: 8 * len(active) // 10]
    assert users == sorted(user for count, user in coldest if count >= 2)
    assert split.interactions.drop("fold", "part").equals(
        rows_of({user: log[user][0] for user in users})
    )
    shuffled = {user: log[user] for user in data.draw(st.permutations(sorted(log)))}
    assert split_of(shuffled, seed).record.sha256 == split.record.sha256


@settings(max_examples=60)
@given(log=LOGS, seed=st.integers(0, 99))
def test_a_users_parts_do_not_depend_on_who_else_is_there(log: Log, seed: int) -> None:
    split = split_of(log, seed)
    kept = {user: log[user] for user in split.users["user"].to_list()}
    coldest_alone = split_of({**kept, "hot1": (99, "F", "1"), "hot2": (99, "M", "2")}, seed)
    rows = split.interactions.join(coldest_alone.interactions, on=["user", "item"])
    assert rows.height > 0 or split.users.height < 2
    assert rows["part"].to_list() == rows["part_right"].to_list()
