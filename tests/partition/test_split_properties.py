"""Laws of the whole partition, over random logs."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.split import Split, partition
from pipeline_lib.schemas.columns import FOLDS, PARTS
from pipeline_lib.settings.partition import FoldShares, Partition
from tests.conftest import one_in

# Of each user: the number of interactions, the features and whether these are sound.
Log = dict[str, tuple[int, str | None, str, bool]]
ORDERS = ("cold-first", "filters-first")
FEATURES = ["gender", "age"]
COLUMNS = ["user", *FEATURES, "problem"]
USERS = st.tuples(
    st.integers(0, 8),
    st.sampled_from(["F", "M", None]),
    st.sampled_from("123"),
    st.sampled_from([True, True, True, False]),
)
# Enough cold users for three folds, in either order.
ALWAYS = {f"always{i}": (2, "F", "1", True) for i in range(10)}
LOGS = st.dictionaries(st.text("abc", min_size=1, max_size=3), USERS, min_size=5, max_size=15).map(
    lambda log: {**log, **ALWAYS}
)
RULES = st.builds(
    Partition,
    order=st.sampled_from(ORDERS),
    folds=st.just(FoldShares(train=2, validation=1, test=1)),
    query_share=st.sampled_from([0.2, 0.5]),
    major_features=st.sampled_from([1, 2]),
)
SEEDS = st.integers(0, 99)


def profiles_of(log: Log) -> pl.DataFrame:
    rows = [(u, g, age, None if ok else "age is blank") for u, (_, g, age, ok) in log.items()]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def rows_of(log: Log) -> pl.DataFrame:
    pairs = [(user, str(i), float(i % 5)) for user, (n, *_) in log.items() for i in range(n)]
    schema = {"user": pl.String, "item": pl.String, "target": pl.Float32}
    return pl.DataFrame(pairs, schema=schema, orient="row")


def split_of(log: Log, rules: Partition, seed: int) -> Split:
    return partition(profiles_of(log), rows_of(log).lazy(), FEATURES, rules, seed)


def parts_of(split: Split) -> dict[tuple[str, str], str]:
    rows = split.interactions.select("user", "item", "part").rows()
    return {(user, item): part for user, item, part in rows}


@one_in(3)
@given(log=LOGS, rules=RULES, seed=SEEDS)
def test_every_clean_user_is_either_kept_or_dropped(log: Log, rules: Partition, seed: int) -> None:
    split = split_of(log, rules, seed)
    kept, dropped = split.users["user"].to_list(), split.dropped["user"].to_list()
    assert sorted([*kept, *dropped]) == sorted(log)
    assert kept == sorted(kept)
    assert dropped == sorted(dropped)
    assert split.dropped["reason"].null_count() == 0
    summary = split.summary
    assert (summary.clean_users, summary.users) == (len(log), len(kept))
    assert sum(summary.users_dropped.values()) == len(dropped)
    assert sum(summary.users_by_fold.values()) == sum(summary.users_by_group.values()) == len(kept)


@one_in(3)
@given(log=LOGS, rules=RULES, seed=SEEDS)
def test_folds_and_parts_are_disjoint_and_complete(log: Log, rules: Partition, seed: int) -> None:
    split = split_of(log, rules, seed)
    fold = dict(split.users.select("user", "fold").iter_rows())
    assert set(fold.values()) == set(FOLDS)
    own = {user: profile for user, profile in log.items() if user in fold}
    expected = rows_of(own).sort("user", "item")
    assert split.interactions.select("user", "item", "target").equals(expected)
    assert all(fold[user] == f for user, f in split.interactions.select("user", "fold").rows())
    parts = split.interactions.group_by("user").agg(pl.col("part").unique().sort())
    assert parts["part"].to_list() == [sorted(PARTS)] * len(fold)


@one_in(3)
@given(log=LOGS, rules=RULES, seed=SEEDS, data=st.data())
def test_the_order_of_users_and_rows_changes_nothing(
    log: Log, rules: Partition, seed: int, data: st.DataObject
) -> None:
    split = split_of(log, rules, seed)
    rows, profiles = rows_of(log), profiles_of(log)
    rows = rows[data.draw(st.permutations(range(rows.height)))]
    profiles = profiles[data.draw(st.permutations(range(profiles.height)))]
    again = partition(profiles, rows.lazy(), FEATURES, rules, seed)
    assert again.summary.model_dump_json() == split.summary.model_dump_json()
    assert again.users.equals(split.users)
    assert again.interactions.equals(split.interactions)
    assert again.dropped.equals(split.dropped)


@one_in(3)
@given(log=LOGS, rules=RULES, seed=SEEDS)
def test_users_that_are_dropped_change_nothing(log: Log, rules: Partition, seed: int) -> None:
    split = split_of(log, rules, seed)
    kept = {user: log[user] for user in split.users["user"].to_list()}
    alone = split_of(kept, rules.model_copy(update={"cold_share": 1}), seed)
    assert alone.dropped.is_empty()
    assert alone.summary.sha256 == split.summary.sha256


@one_in(3)
@given(log=LOGS, rules=RULES, seed=SEEDS, data=st.data())
def test_a_users_parts_do_not_depend_on_who_else_is_there(
    log: Log, rules: Partition, seed: int, data: st.DataObject
) -> None:
    parts = parts_of(split_of(log, rules, seed))
    kept = sorted({user for user, _ in parts})
    some = data.draw(st.permutations(kept))[: max(4, len(kept) // 2)]
    fewer = split_of({u: log[u] for u in some}, rules.model_copy(update={"cold_share": 1}), seed)
    assert parts_of(fewer) == {key: part for key, part in parts.items() if key[0] in some}
