"""Laws of every protocol, over random logs, and what each one asks for."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.split import PartitionError, Split, partition
from pipeline_lib.schemas.columns import FOLDS, PARTS
from pipeline_lib.schemas.split import DROPPED, SPLIT_USERS, split_rows
from pipeline_lib.settings.partition import Partition
from tests.conftest import one_in
from tests.partition.protocols import (
    ALL,
    ALWAYS,
    CUT,
    LOGS,
    PROTOCOLS,
    Log,
    rows_of,
    rules_of,
    rules_with,
    split_of,
    users_of,
)

NAMES = st.sampled_from(sorted(ALL))
BY_TIME = [name for name in PROTOCOLS if rules_of(name).parts_by == "time"]
SEEDS = st.integers(0, 99)
ROW = ["user", "item"]


def own_rows(split: Split) -> dict[str, dict[str, set[int]]]:
    """Return the numbers of each user's support and query rows."""
    found: dict[str, dict[str, set[int]]] = {}
    for user, item, part in split.interactions.select(*ROW, "part").rows():
        found.setdefault(user, {"support": set(), "query": set()})[part].add(int(item[1:]))
    return found


@pytest.mark.parametrize("protocol", ALL)
def test_every_protocol_splits_a_log(protocol: str) -> None:
    log = {f"u{n}": [*range(n % 10)] for n in range(20)} | ALWAYS
    check_complete(split_of(log, rules_of(protocol)), log, rules_of(protocol))


@one_in(2)
@given(protocol=NAMES, log=LOGS, seed=SEEDS, data=st.data())
def test_folds_and_parts_are_disjoint_and_complete_whatever_the_order(
    protocol: str, log: Log, seed: int, data: st.DataObject
) -> None:
    rules = rules_of(protocol)
    split = split_of(log, rules, seed)
    check_complete(split, log, rules)
    order = data.draw(st.permutations([*log]))
    again = split_of({user: log[user] for user in order}, rules, seed)
    assert again.summary.model_dump_json() == split.summary.model_dump_json()
    assert again.interactions.equals(split.interactions)
    assert again.users.equals(split.users)


def check_complete(split: Split, log: Log, rules: Partition) -> None:
    """Check that every user and row is in one place, or counted."""
    SPLIT_USERS.validate(split.users)
    split_rows((1, 5)).validate(split.interactions)
    DROPPED.validate(split.dropped)
    kept, dropped = split.users["user"].to_list(), split.dropped["user"].to_list()
    assert sorted([*kept, *dropped]) == sorted(log)
    assert set(split.users["fold"]) == set(FOLDS)
    assert split.interactions.join(split.users, on=["user", "fold"], how="anti").is_empty()
    assert all(all(parts[part] for part in PARTS) for parts in own_rows(split).values())
    # Every row of a user kept is in one part or is counted as left out.
    expected = rows_of({user: log[user] for user in kept}).drop("time")
    taken = split.interactions.select(expected.columns)
    assert taken.join(expected, on=expected.columns, how="anti").is_empty()
    left_out = expected.height - taken.height
    assert sum(split.summary.rows_left_out.values()) == left_out
    assert left_out == 0 or rules.cut or (rules.support and rules.query)
    summary = split.summary
    assert (summary.clean_users, summary.users) == (len(log), len(kept))
    assert sum(summary.users_dropped.values()) == len(dropped)


@one_in(2)
@given(protocol=st.sampled_from(sorted(PROTOCOLS)), log=LOGS, seed=SEEDS)
def test_everyone_more_is_in_training_and_no_other_row_is_another(
    protocol: str, log: Log, seed: int
) -> None:
    """All who are not judged for no flaw of theirs are learned from; who is judged stays so."""
    cold, everyone = (
        split_of(log, rules_of(name), seed)
        for name in (protocol, f"{protocol}, learned from everyone")
    )
    more = everyone.users.join(cold.users, on="user", how="anti")
    assert set(more["fold"]) <= {"train"}
    assert everyone.users.join(more, on="user", how="anti").equals(cold.users)
    assert everyone.interactions.join(more, on="user", how="anti").equals(cold.interactions)
    assert everyone.summary.only_learned_from == more.height
    rules = rules_of(protocol)
    for user in log.keys() - set(everyone.users["user"]):
        days = [day for day in log[user] if rules.cut is None or day < CUT.day - 1]
        assert user.startswith("c") or len(log[user]) < rules.fewest or len(days) < 2


@one_in(2)
@given(
    log=LOGS,
    seed=SEEDS,
    sizes=st.sampled_from([(3, None), (None, 2), (2, 2), (None, 1)]),
    most=st.sampled_from([None, 6]),
)
def test_rows_are_as_many_as_asked_for(
    log: Log, seed: int, sizes: tuple[int | None, int | None], most: int | None
) -> None:
    support, query = sizes
    rules = {
        "support": {"rows": support} if support else None,
        "query": {"rows": query} if query else None,
        "max_interactions": most,
    }
    split = split_of(log, rules_with(**rules), seed)
    for user, parts in own_rows(split).items():
        count = len(log[user])
        assert len(parts["support"]) == (support or count - (query or 1))
        assert len(parts["query"]) == (query or count - (support or 1))
        assert not (most and count > most)


@one_in(2)
@given(protocol=st.sampled_from(sorted(BY_TIME)), log=LOGS, seed=SEEDS)
def test_by_time_no_support_row_is_later_than_a_query_row(
    protocol: str, log: Log, seed: int
) -> None:
    split, tied = split_of(log, rules_of(protocol), seed), 0
    for user, parts in own_rows(split).items():
        last = max(log[user][row] for row in parts["support"])
        first = min(log[user][row] for row in parts["query"])
        assert last <= first
        tied += last == first
        left_out = set(range(len(log[user]))) - parts["support"] - parts["query"]
        used = max(log[user][row] for row in parts["query"])
        assert all(log[user][row] >= min(used, CUT.day - 1) for row in left_out)
    assert split.summary.tied_users == tied


@one_in(2)
@given(log=LOGS, seed=SEEDS, learn_from=st.sampled_from(["cold", "everyone"]))
def test_after_a_cut_there_are_test_users_query_rows_alone(
    log: Log, seed: int, learn_from: str
) -> None:
    rules = rules_with(cut=CUT, learn_from=learn_from)
    split = split_of(log, rules, seed)
    timed = split.interactions.join(rows_of(log), on=ROW)
    later = timed.filter(pl.col("time") >= CUT)
    assert set(later.select("fold", "part").unique().rows()) == {("test", "query")}
    before = timed.filter(pl.col("time") < CUT, fold="test")
    assert set(before["part"]) == {"support"}
    late = sum(day >= CUT.day - 1 for user in split.users["user"] for day in log[user])
    assert sum(split.summary.rows_left_out.values()) == late - later.height


@pytest.mark.parametrize("features", [["gender"], []], ids=["by features", "by activity"])
def test_who_is_learned_from_alone_changes_no_group_of_the_others(features: list[str]) -> None:
    """Of the judged most are F, of all M; of the judged half have three rows or fewer."""
    log = {f"f{n}": [0] * (2 + n % 3) for n in range(9)} | {f"m{n}": [0] * 9 for n in range(20)}
    users = users_of(log).with_columns(
        gender=pl.col("user").str.slice(0, 1).replace("m", "M"), problem=pl.lit(None, pl.String)
    )
    rules = [rules_with(max_interactions=4, learn_from=who) for who in ("cold", "everyone")]
    cold, everyone = (partition(users, rows_of(log).lazy(), features, own, 0) for own in rules)
    assert everyone.users.height == 29
    assert everyone.users.join(cold.users, on="user", how="semi").equals(cold.users)
    assert everyone.users.filter(pl.col("user").str.starts_with("m"))["group"].n_unique() == 1


def test_rows_of_one_time_are_drawn_and_counted() -> None:
    rules = rules_with(query={"rows": 1}, parts_by="time")
    log = {f"u{n}": [4, 4, 4, 4] for n in range(60)} | {f"v{n}": [3, 4, 5, 6] for n in range(60)}
    split = split_of(log, rules)
    users = split.users["user"]
    assert split.summary.tied_users == users.str.starts_with("u").sum()
    query = split.interactions.filter(part="query")
    assert set(query.filter(pl.col("user").str.starts_with("v"))["item"]) == {"i3"}
    drawn = query.filter(pl.col("user").str.starts_with("u"))["item"].value_counts()
    assert sorted(drawn["item"]) == ["i0", "i1", "i2", "i3"]
    assert split_of(log, rules, seed=1).summary.sha256 != split.summary.sha256


def test_who_has_too_few_or_too_many_rows_is_counted_and_says_why() -> None:
    log = ALWAYS | {"few": [1, 2, 3], "many": [1] * 8, "late": [6] * 5, "early": [1] * 5}
    split = split_of(log, rules_with(support={"rows": 4}, max_interactions=7))
    assert split.dropped.rows() == [
        ("few", "fewer than 5 interactions"),
        ("many", "more than 7 interactions"),
    ]
    split = split_of(log, rules_with(cut=CUT))
    assert set(split.dropped.rows()) >= {
        ("late", "fewer than 2 interactions before 2020-01-06 00:00"),
        ("many", "no interactions from 2020-01-06 00:00 on"),
    }


@pytest.mark.parametrize(
    ("rules", "needed"),
    [
        ({"support": {"rows": 60}}, "needs 61 interactions, and the median user has 5"),
        ({"support": {"rows": 4}, "query": {"rows": 4}}, "needs 8 interactions"),
        ({"cut": "2031-01-01"}, "'no interactions from 2031-01-01 00:00 on': 6"),
        ({"cut": "2011-01-01"}, "'fewer than 2 interactions before 2011-01-01 00:00': 6"),
        ({"max_interactions": 4}, "'more than 4 interactions': 6"),
    ],
)
def test_a_protocol_that_leaves_a_fold_empty_is_refused_with_the_counts(
    rules: dict[str, object], needed: str
) -> None:
    with pytest.raises(PartitionError) as caught:
        split_of(ALWAYS, rules_with(**rules))
    text = str(caught.value)
    assert text.startswith("0 cold users are too few for training, validation and test; the others")
    assert needed in text
    assert text.endswith("Bring more users, or change the rules under `partition`")


@pytest.mark.parametrize("rules", [{"parts_by": "time"}, {"cut": CUT}])
def test_without_times_a_rule_that_goes_by_them_is_refused(rules: dict[str, object]) -> None:
    rows = rows_of(ALWAYS).drop("time").lazy()
    with pytest.raises(PartitionError, match=r"no column `time`; add it, or take these rules out"):
        partition(users_of(ALWAYS), rows, ["gender"], rules_with(**rules), 0)


def test_a_log_without_users_is_refused() -> None:
    with pytest.raises(
        PartitionError, match=r"^0 cold users .* the median user has 0\. Bring more"
    ):
        split_of({}, rules_with())


def test_who_is_learned_from_alone_fills_no_fold() -> None:
    rules = rules_with(max_interactions=4, learn_from="everyone")
    with pytest.raises(PartitionError, match=r"^0 cold users are too few"):
        split_of(ALWAYS, rules)


def test_the_summary_says_what_a_protocol_left_out_added_and_drew() -> None:
    log = {f"u{n}": [1, 1, 1] for n in range(8)} | {f"v{n}": [n] * 9 for n in range(2)}
    one = {"rows": 1}
    rules = rules_with(
        cold_share=0.8, support=one, query=one, parts_by="time", learn_from="everyone"
    )
    summary = split_of(log, rules).summary
    assert (summary.only_learned_from, summary.tied_users) == (2, 10)
    assert summary.rows_left_out == {"beyond the numbers of support and query rows": 8 + 2 * 7}
    text = str(summary)
    assert "; 22 rows left out: beyond the numbers of support and query rows; " in text
    assert "; 2 users are learned from and not judged on; " in text
    assert "; 10 users have support and query rows of one time, drawn by the split seed; " in text


def test_at_its_default_a_further_key_changes_nothing_that_is_written() -> None:
    """A dataset's partition is a param of a rule, which runs again when the param is another."""
    written = {
        *("cold_share", "order", "min_interactions", "min_clicked", "negatives", "folds"),
        *("query_share", "top_share", "major_features", "group_features"),
    }
    defaults = {
        name: field.default for name, field in Partition.model_fields.items() if name not in written
    }
    assert Partition.model_validate(defaults).model_dump(mode="json").keys() == written
    summary = split_of(ALWAYS, rules_with()).summary
    assert not {"only_learned_from", "rows_left_out", "tied_users"} & summary.model_dump().keys()
