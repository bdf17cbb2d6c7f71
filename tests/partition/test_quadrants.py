"""Users judged in each of MeLU's four quadrants: warm and cold users, warm and cold items."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.quadrants import draw_cold_items
from pipeline_lib.partition.split import PartitionError, Split
from pipeline_lib.schemas.columns import PARTS
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.partition import Partition
from tests.conftest import one_in
from tests.partition.protocols import LOGS, Log, rows_of, rules_with, split_of

QUADRANTS = [(users, items) for users in ("cold", "warm") for items in ("cold", "warm")]
# Of twelve items six are cold, so that each of these has six rows with either kind.
ALWAYS: Log = {f"many{n}": [*range(10), 0, 1] for n in range(8)}
WITH_THEM = LOGS.map(lambda log: {**log, **ALWAYS})


def quadrant_rules(users: str, items: str, **rules: object) -> Partition:
    return rules_with(quadrant={"users": users, "items": items, "cold_items": 0.5}, **rules)


def items_of(split: Split, **where: str) -> set[str]:
    return set(split.interactions.filter(**where)["item"])


@pytest.mark.parametrize(("users", "items"), QUADRANTS)
@one_in(5)
@given(log=WITH_THEM, seed=st.integers(0, 99), learn_from=st.sampled_from(["cold", "everyone"]))
def test_training_and_validation_have_no_row_with_a_cold_item_and_test_has_the_quadrants(
    users: str, items: str, log: Log, seed: int, learn_from: str
) -> None:
    split = split_of(log, quadrant_rules(users, items, learn_from=learn_from), seed)
    SPLIT_USERS.validate(split.users)
    split_rows((1, 5)).validate(split.interactions)
    learned = items_of(split, fold="train") | items_of(split, fold="validation")
    judged = items_of(split, fold="test")
    assert items == "warm" or not learned & judged
    assert items == "cold" or judged <= {f"i{n}" for n in range(12)} - cold_of(log, split, seed)
    assert not learned & cold_of(log, split, seed)
    # Every user has both parts in each fold.
    parts = split.interactions.group_by("user", "fold").agg(pl.col("part").unique().sort())
    assert all(found == sorted(PARTS) for found in parts["part"].to_list())
    test_users = set(split.interactions.filter(fold="test")["user"])
    training = set(split.interactions.filter(fold="train")["user"])
    assert (test_users <= training) if users == "warm" else not test_users & training
    assert split.summary.also_trained_on == (len(test_users) if users == "warm" else 0)
    assert split.summary.users_by_fold["test"] == len(test_users)
    # Every row of a user kept is in one place or counted.
    expected = rows_of({user: log[user] for user in split.users["user"]}).drop("time")
    taken = split.interactions.select(expected.columns)
    assert taken.join(expected, on=expected.columns, how="anti").is_empty()
    left_out = sum(split.summary.rows_left_out.values())
    assert taken.height + left_out == expected.height


def cold_of(log: Log, split: Split, seed: int) -> set[str]:
    """Return the cold items: those that no quadrant of the log has in training."""
    other = split_of(log, quadrant_rules("cold", "cold"), seed)
    assert split.summary.seed == seed
    return items_of(other, fold="test")


def test_all_four_judge_the_same_users_and_train_the_same_others() -> None:
    splits = {q: split_of(ALWAYS, quadrant_rules(*q)) for q in QUADRANTS}
    judged = {q: set(s.interactions.filter(fold="test")["user"]) for q, s in splits.items()}
    first = judged[QUADRANTS[0]]
    assert all(users == first for users in judged.values())
    others = ~pl.col("user").is_in(first)
    trained = [s.interactions.filter(others).drop("part") for s in splits.values()]
    assert all(rows.equals(trained[0]) for rows in trained)
    assert len({s.summary.sha256 for s in splits.values()}) == 4


def test_the_rows_of_warm_users_are_shared_out() -> None:
    """Six warm rows each: three in training and three judged; the six cold ones take no part."""
    split = split_of(ALWAYS, quadrant_rules("warm", "warm"))
    judged = set(split.interactions.filter(fold="test")["user"])
    own = split.interactions.filter(pl.col("user").is_in(judged))
    assert set(own.group_by("user", "fold").len()["len"]) == {3}
    left_out = split.summary.rows_left_out
    assert left_out == {"with items that are not the quadrant's": 6 * len(ALWAYS)}
    assert f"; {len(judged)} users are judged, and in training with other rows; " in str(
        split.summary
    )
    assert split.summary.users_by_fold["train"] + split.summary.users_by_fold["validation"] == 8


def test_who_has_too_few_rows_of_a_kind_is_left_out_and_counted() -> None:
    log = ALWAYS | {"few": [0]} | {f"u{n}": [1, 2, 3] for n in range(9)}
    dropped = split_of(log, quadrant_rules("cold", "cold")).dropped
    assert set(dropped["user"]) == log.keys() - ALWAYS.keys()
    assert dropped.filter(user="few")["reason"].to_list() == ["fewer than 2 interactions"]
    assert set(dropped.filter(pl.col("user") != "few")["reason"]) <= {
        "fewer than 2 interactions with cold items",
        "fewer than 2 interactions with warm items",
        "fewer than 4 interactions with warm items",
    }
    rules = quadrant_rules("cold", "cold", query={"rows": 6})
    with pytest.raises(PartitionError, match="'fewer than 7 interactions with warm items': 8"):
        split_of(ALWAYS, rules)


def test_cold_items_are_a_share_drawn_by_their_names() -> None:
    items = pl.Series("item", [f"i{n}" for n in range(11)])
    drawn = draw_cold_items(items, 0.2, seed=3)
    assert len(drawn) == 3
    assert draw_cold_items(items.reverse(), 0.2, seed=3).equals(drawn)
    assert set(draw_cold_items(items, 0.4, seed=3)) > set(drawn)
    assert set(draw_cold_items(items, 0.2, seed=4)) != set(drawn)
