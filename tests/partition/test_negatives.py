"""Rows without a click: whose items, how many, how likely, and what they depend on."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from pipeline_lib.partition import negatives as module
from pipeline_lib.partition.negatives import draw_negatives
from pipeline_lib.partition.split import partition
from pipeline_lib.partition.summary import NegativeCount
from pipeline_lib.settings.partition import Negatives, Partition

ITEMS = pl.Series("item", [f"i{n:02}" for n in range(20)])
SCHEMA = {"user": pl.String, "item": pl.String, "target": pl.Float32, "fold": pl.String}


def rows_of(*rows: tuple[str, str, float, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def world(users: int = 30) -> pl.DataFrame:
    """Users with some clicks and one row without; every third is no training user."""
    return rows_of(
        *(
            (f"u{n}", ITEMS[(n * 7 + k * 3) % 20], float(k > 0), "test" if n % 3 == 0 else "train")
            for n in range(users)
            for k in range(2 + n % 4)
        )
    )


@pytest.mark.parametrize("by", ["uniform", "popularity"])
def test_each_click_brings_items_that_the_user_does_not_have(by: str) -> None:
    rows = world()
    rules = Negatives.model_validate({"per_click": 3, "by": by})
    drawn, count = draw_negatives(rows, ITEMS, rules, seed=1)
    assert drawn.columns == rows.columns
    assert drawn.schema == rows.schema
    assert set(drawn["target"]) == {0}
    assert drawn.join(rows, on=["user", "item"], how="semi").is_empty()
    assert not drawn.select("user", "item").is_duplicated().any()
    clicks = rows.filter(pl.col("target") > 0).group_by("user", "fold").len()
    got = drawn.group_by("user", "fold").len()
    assert dict(got.select("user", "len").rows()) == {u: 3 * n for u, _, n in clicks.rows()}
    assert count == NegativeCount(drawn=drawn.height, missing=0, short_users=0)


def test_who_has_almost_all_items_gets_those_that_are_left() -> None:
    rows = rows_of(*(("u", item, 1.0, "train") for item in ITEMS[:18]), ("v", "i00", 0.0, "train"))
    drawn, count = draw_negatives(rows, ITEMS, Negatives(per_click=1), seed=0)
    assert sorted(drawn["item"]) == ["i18", "i19"]
    assert count == NegativeCount(drawn=2, missing=16, short_users=1)
    assert "2 rows without a click drawn by the split seed, 16 too few for 1 users" in str(count)


def test_only_items_that_training_users_click_are_popular() -> None:
    """What test users click has no say in it, so that training sees none of it."""
    train = [("u", "i01", 1.0, "train"), ("v", "i02", 1.0, "train"), ("v", "i03", 0.0, "train")]
    test = [("w", item, 1.0, "test") for item in ITEMS[10:]]
    rules = Negatives(per_click=1, by="popularity")
    drawn, _ = draw_negatives(rows_of(*train, *test), ITEMS, rules, seed=0)
    assert set(drawn["item"]) == {"i01", "i02"}
    other = rows_of(*train, *(("x", item, 1.0, "test") for item in ITEMS[5:9]))
    again, _ = draw_negatives(other, ITEMS, rules, seed=0)
    for user in ("u", "v"):
        assert again.filter(user=user).equals(drawn.filter(user=user))


def test_chances_are_those_of_the_rule() -> None:
    """Of 6,000 single draws, within five standard deviations."""
    users = 6000
    popular = [("p", "i01", 1.0, "train"), *((f"q{n}", "i02", 1.0, "train") for n in range(3))]
    rows = rows_of(*popular, *((f"u{n}", "i00", 1.0, "test") for n in range(users)))
    for by, expected in (("popularity", {"i01": 0.25, "i02": 0.75}), ("uniform", {"i07": 1 / 19})):
        rules = Negatives.model_validate({"per_click": 1, "by": by})
        drawn, _ = draw_negatives(rows, ITEMS, rules, seed=3)
        found = Counter(drawn.filter(pl.col("user").str.starts_with("u"))["item"])
        for item, share in expected.items():
            spread = np.sqrt(share * (1 - share) / users)
            assert found[item] / users == pytest.approx(share, abs=5 * spread)


def test_a_users_items_depend_on_no_other_user_nor_on_the_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, rules = world(), Negatives(per_click=2)
    drawn, _ = draw_negatives(rows, ITEMS, rules, seed=0)
    monkeypatch.setattr(module, "CELLS", 50)  # two users at once
    shuffled = rows.sample(fraction=1, shuffle=True, seed=0)
    again, _ = draw_negatives(shuffled, ITEMS.reverse(), rules, seed=0)
    assert again.equals(drawn)
    alone, _ = draw_negatives(rows.filter(user="u5"), ITEMS, rules, seed=0)
    assert alone.equals(drawn.filter(user="u5"))
    other, _ = draw_negatives(rows, ITEMS, rules, seed=1)
    assert not other.equals(drawn)


def test_a_split_has_them_among_support_and_query_and_counts_them() -> None:
    users = pl.DataFrame(
        {"user": [f"u{n}" for n in range(20)], "g": ["x", "y"] * 10, "problem": None},
        schema_overrides={"problem": pl.String},
    )
    rows = world(20).drop("fold")
    rules = Partition(cold_share=1, negatives=Negatives(per_click=2), major_features=1)
    split = partition(users, rows.lazy(), ["g"], rules, 0)
    clicks = int(rows["target"].sum())
    assert split.summary.negatives == NegativeCount(drawn=2 * clicks, missing=0, short_users=0)
    assert split.interactions.height == split.summary.interactions == rows.height + 2 * clicks
    plain = partition(users, rows.lazy(), ["g"], rules.model_copy(update={"negatives": None}), 0)
    assert split.users.equals(plain.users)
    assert set(split.interactions.filter(target=0)["part"]) == {"support", "query"}
    assert f"{2 * clicks} rows without a click drawn by the split seed" in str(split.summary)
