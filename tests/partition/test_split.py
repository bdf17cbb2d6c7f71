"""The whole partition of clean logs, worked by hand."""

import polars as pl
import pytest

from pipeline_lib.partition import counts
from pipeline_lib.partition.counts import split_hash
from pipeline_lib.partition.split import PartitionError, Split, partition
from pipeline_lib.schemas.split import DROPPED, SPLIT_USERS, split_rows
from pipeline_lib.settings.partition import FoldShares, Partition

FEATURES = ["gender", "age", "zip"]
PROFILES = pl.DataFrame(
    [
        ("a", "M", "1", "x", None),
        ("b", "F", "1", "x", None),
        ("c", "F", "2", "y", None),
        ("d", "M", "2", "z", None),
        ("e", "M", "1", "z", None),
        ("f", "M", "1", "z", "zip is wrong"),
    ],
    schema=["user", *FEATURES, "problem"],
    orient="row",
)
COUNTS = {"a": 1, "b": 2, "c": 3, "d": 8, "e": 9}
RULES = Partition(folds=FoldShares(train=1, validation=1, test=1), major_features=2)
TWO_TO_ONE = FoldShares(train=2, validation=1, test=1)
SHA256 = "e00e90224c771e3b94c62582f3f1afa6d8c05a707a20a2422c8f0b5c1f609c24"


def rows_of(counts: dict[str, int], target: float = 3.0) -> pl.DataFrame:
    return pl.DataFrame(
        [(user, str(item), target) for user, count in counts.items() for item in range(count)],
        schema={"user": pl.String, "item": pl.String, "target": pl.Float32},
        orient="row",
    )


def split_by(rules: Partition, rows: pl.DataFrame, seed: int = 0, **changes: object) -> Split:
    return partition(PROFILES, rows.lazy(), FEATURES, rules.model_copy(update=changes), seed)


@pytest.fixture(scope="module")
def split() -> Split:
    """Of a to e the coldest 80 % are a to d, and a has one interaction alone; f has none."""
    return split_by(RULES, rows_of(COUNTS))


def test_the_coldest_users_with_enough_interactions_are_kept(split: Split) -> None:
    assert split.users["user"].to_list() == ["b", "c", "d"]
    assert split.users.columns == ["user", "fold", "group"]


def test_the_others_are_dropped_with_a_reason(split: Split) -> None:
    assert split.dropped.rows() == [
        ("a", "fewer than 2 interactions"),
        ("e", "not among the 80 % with fewest interactions"),
        ("f", "no interactions"),
    ]


def test_filters_first_the_share_is_of_sound_users() -> None:
    """b to e pass the filters, and floor(0.8 · 4) = 3 of them are kept; f is wrong."""
    rows = rows_of({**COUNTS, "f": 2})
    split = split_by(RULES, rows, order="filters-first")
    assert split.users["user"].to_list() == ["b", "c", "d"]
    assert split.dropped["reason"].to_list() == [
        "fewer than 2 interactions",
        "not among the 80 % with fewest interactions",
        "zip is wrong",
    ]
    with pytest.raises(PartitionError, match=r"^2 cold users"):  # b and c of a, b, f and c
        split_by(RULES, rows)


def test_clicks_are_rows_with_a_target_above_0() -> None:
    """d has clicked once; b to e have no clicks but these."""
    clicks = [("b", "0"), ("b", "1"), ("c", "1"), ("c", "2"), ("d", "7"), ("e", "0"), ("e", "8")]
    at = pl.DataFrame(clicks, schema=["user", "item"], orient="row").with_columns(click=1.0)
    rows = rows_of(COUNTS, target=0.0).join(at, on=["user", "item"], how="left")
    rows = rows.select("user", "item", target=pl.coalesce("click", "target").cast(pl.Float32))
    split = split_by(RULES, rows, cold_share=1, min_clicked=2)
    assert split.users["user"].to_list() == ["b", "c", "e"]
    assert split.dropped.filter(user="d")["reason"].to_list() == ["fewer than 2 clicked items"]


def test_groups_are_told_by_the_values_common_among_the_users_kept(split: Split) -> None:
    """Common among b, c, d: F, 2 and, of three equals, x; among all users M, 1 and z would be."""
    assert split.users["group"].to_list() == ["major", "major", "minor"]
    assert split.summary.common_value_share == {"gender": 2 / 3, "age": 2 / 3, "zip": 1 / 3}


def test_unknown_values_are_no_common_ones() -> None:
    """b and c have no gender, so M is common, which only d has: d alone has M and 2."""
    unknown = pl.when(~pl.col("user").is_in(["b", "c"])).then("gender").alias("gender")
    users = PROFILES.with_columns(unknown)
    split = partition(users, rows_of(COUNTS).lazy(), FEATURES, RULES, 0)
    assert split.summary.common_value_share["gender"] == 1 / 3
    assert split.users["group"].to_list() == ["minor", "minor", "major"]


def test_every_interaction_of_the_users_kept_has_its_users_fold(split: Split) -> None:
    kept = rows_of({"b": 2, "c": 3, "d": 8})
    assert split.interactions.columns == ["user", "item", "target", "fold", "part"]
    assert split.interactions.select("user", "item", "target").equals(kept)
    folds = split.interactions.select("user", "fold").unique().sort("user")
    assert folds.equals(split.users.select("user", "fold"))


def test_query_has_a_fifth_of_each_users_interactions(split: Split) -> None:
    query = split.interactions.filter(pl.col("part") == "query")
    assert sorted(query.group_by("user").len().rows()) == [("b", 1), ("c", 1), ("d", 2)]


def test_the_summary_counts_what_the_split_holds(split: Split) -> None:
    summary = split.summary
    assert (summary.seed, summary.clean_users) == (0, 6)
    assert (summary.users, summary.items, summary.interactions) == (3, 8, 13)
    assert summary.users_by_fold == {"train": 1, "validation": 1, "test": 1}
    assert summary.users_by_group == {"major": 2, "minor": 1}
    assert summary.users_dropped == dict.fromkeys(split.dropped["reason"], 1)
    text = str(summary)
    assert text.startswith("6 users: 3 kept, 1 fewer than 2 interactions, 1 no interactions, 1 not")
    assert "; 13 interactions with 8 items; " in text
    assert "2 major, 1 minor; split e00e90224c77" in text


def test_a_split_is_the_same_on_every_machine_and_version(split: Split) -> None:
    """The keys behind it can be had from b2sum, see tests/test_seeds.py."""
    query = split.interactions.filter(pl.col("part") == "query").select("user", "item").rows()
    assert split.users["fold"].to_list() == ["train", "validation", "test"]
    assert query == [("b", "0"), ("c", "1"), ("d", "3"), ("d", "4")]
    assert split.summary.sha256 == SHA256


def test_tables_pass_their_schemas(split: Split) -> None:
    SPLIT_USERS.validate(split.users)
    split_rows((1, 5)).validate(split.interactions)
    DROPPED.validate(split.dropped)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(split: Split, seed: int) -> None:
    rows = rows_of(COUNTS).sample(fraction=1, shuffle=True, seed=seed).lazy()
    profiles = PROFILES.sample(fraction=1, shuffle=True, seed=seed)
    again = partition(profiles, rows, FEATURES, RULES, 0)
    assert again.users.equals(split.users)
    assert again.interactions.equals(split.interactions)
    assert again.dropped.equals(split.dropped)
    assert again.summary.model_dump_json() == split.summary.model_dump_json()


def test_another_seed_or_rule_has_another_hash(split: Split) -> None:
    rules = [
        RULES.model_copy(update={"query_share": 0.5}),
        RULES.model_copy(update={"major_features": 3}),
        RULES.model_copy(update={"cold_share": 1}),
        RULES.model_copy(update={"cold_share": 1, "folds": TWO_TO_ONE}),
    ]
    others = [split_by(changed, rows_of(COUNTS)) for changed in rules]
    others.append(split_by(RULES, rows_of(COUNTS), seed=1))
    assert len({x.summary.sha256 for x in (split, *others)}) == 6


def test_a_split_is_hashed_in_any_order_of_its_rows(split: Split) -> None:
    assert split_hash(split.users[::-1], split.interactions[::-1]) == SHA256


@pytest.mark.parametrize("rows", [1, 2, 5, 12])
def test_a_split_is_hashed_alike_whole_and_in_slices(
    split: Split, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "ROWS_PER_SLICE", rows)
    assert split_hash(split.users, split.interactions) == SHA256


def test_the_targets_do_not_change_the_hash(split: Split) -> None:
    rows = rows_of(COUNTS, target=4.0)
    assert split_by(RULES, rows).summary.sha256 == split.summary.sha256


def test_too_few_users_for_three_folds_are_refused_saying_why() -> None:
    with pytest.raises(PartitionError) as caught:
        split_by(RULES, rows_of({"a": 1, "b": 2, "c": 3, "d": 8}))
    text = str(caught.value)
    assert text.startswith("2 cold users are too few for training, validation and test; the others")
    assert "{'no interactions': 2, 'fewer than 2 interactions': 1, 'not among the 80 %" in text
