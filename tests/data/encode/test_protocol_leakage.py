"""By no protocol does what a test user did reach training or the choice of an epoch."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.partition.split import partition
from pipeline_lib.settings.features import AnyFeature, Categorical, Numeric
from pipeline_lib.settings.partition import Partition
from tests.conftest import one_in
from tests.data.encode.test_leakage import all_bytes, seen_by_training
from tests.partition.protocols import ALL, LOGS, Log, rows_of, rules_of, users_of
from tests.partition.test_quadrants import QUADRANTS, WITH_THEM, quadrant_rules

FEATURES: dict[str, AnyFeature] = {
    "category": Categorical(kind="categorical"),
    "mean": Numeric(kind="numeric", rate="target", smoothing=2),
}
ITEMS = pl.DataFrame(
    {"item": [f"i{n}" for n in range(30)], "category": [f"c{n % 7}" for n in range(30)]}
)
EVENTS = {"user": pl.String, "events": pl.Int64, "hits": pl.Int64, "trials": pl.Int64}


def encode(log: Log, rows: pl.DataFrame, rules: Partition) -> tuple[EncodedSplit, pl.DataFrame]:
    """Split and encode a log; return the split's users as well."""
    users = users_of(log)
    split = partition(users, rows.lazy(), ["gender"], rules, 0)
    tables = CleanTables(
        users, ITEMS, pl.LazyFrame(schema=EVENTS), split.users, split.interactions.lazy()
    )
    return encode_split(tables, FEATURES), split.users


def otherwise(rows: pl.DataFrame, users: pl.Series) -> pl.DataFrame:
    """Change some users' items and targets, and the order of their times."""
    other = {
        "item": "i" + (pl.col("item").str.slice(1).cast(pl.Int64) + 15).cast(pl.String),
        "target": 6 - pl.col("target"),
        "time": pl.col("time").reverse().over("user"),
    }
    theirs = pl.col("user").is_in(users.implode())
    changed = [pl.when(theirs).then(new).otherwise(name).alias(name) for name, new in other.items()]
    return rows.with_columns(changed)


@one_in(2)
@given(protocol=st.sampled_from(sorted(ALL)), log=LOGS)
def test_other_rows_of_test_users_change_no_byte_of_training_and_validation(
    protocol: str, log: Log
) -> None:
    rows, rules = rows_of(log), rules_of(protocol)
    one, users = encode(log, rows, rules)
    changed = otherwise(rows, users.filter(fold="test")["user"])
    two, _ = encode(log, changed, rules)
    assert seen_by_training(one) == seen_by_training(two)
    assert all_bytes(one.folds["validation"]) == all_bytes(two.folds["validation"])
    assert all_bytes(one.folds["test"]) != all_bytes(two.folds["test"])


RULES = {name: rules_of(name) for name in ALL} | {
    f"{users} users, {items} items": quadrant_rules(users, items) for users, items in QUADRANTS
}


@one_in(2)
@given(name=st.sampled_from(sorted(RULES)), log=WITH_THEM)
def test_no_target_reaches_training_or_validation_but_those_of_their_own_rows(
    name: str, log: Log
) -> None:
    """Those are another's of rows that are judged, that take no part and of users left out."""
    users, rows, rules = users_of(log), rows_of(log), RULES[name]
    split = partition(users, rows.lazy(), ["gender"], rules, 0)
    own = split.interactions.filter(pl.col("fold") != "test").select("user", "item")
    others = rows.join(own, on=["user", "item"], how="anti")
    flipped = others.with_columns(target=6 - pl.col("target"))
    one, _ = encode(log, rows, rules)
    two, _ = encode(log, pl.concat([flipped, rows.join(own, on=["user", "item"])]), rules)
    assert seen_by_training(one) == seen_by_training(two)
    assert all_bytes(one.folds["validation"]) == all_bytes(two.folds["validation"])
    assert all_bytes(one.folds["test"]) != all_bytes(two.folds["test"])


@one_in(4)
@given(log=LOGS, learn_from=st.sampled_from(["cold", "everyone"]))
def test_nothing_after_a_cut_changes_a_byte_of_training_and_validation(
    log: Log, learn_from: str
) -> None:
    """Whoever did it: of the rows from the cut on, targets and items are others."""
    name = "a cut" if learn_from == "cold" else "a cut, learned from everyone"
    rows, rules = rows_of(log), rules_of(name)
    one, _ = encode(log, rows, rules)
    later = rows.filter(pl.col("time") >= rules.cut)
    before = rows.filter(pl.col("time") < rules.cut)
    moved = otherwise(later, later["user"].unique()).with_columns(later["time"])
    two, _ = encode(log, pl.concat([before, moved]), rules)
    assert seen_by_training(one) == seen_by_training(two)
    assert all_bytes(one.folds["validation"]) == all_bytes(two.folds["validation"])
