"""Whom the partition keeps: the coldest share of users and the filters, in either order."""

import hashlib
import math
from fractions import Fraction
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.rules import exact, find_drop_reasons
from pipeline_lib.partition.summary import ColdBorder
from pipeline_lib.settings.partition import Partition

COLDEST = "not among the 80 % with fewest interactions"
HALF = "not among the 50 % with fewest interactions"
TOO_FEW = "fewer than 2 interactions"
IDLE = "no interactions"
ORDERS = ("cold-first", "filters-first")


class User(NamedTuple):
    interactions: int
    problem: str | None = None
    clicked: int = 0


Log = dict[str, User]


def counts_of(log: Log) -> pl.DataFrame:
    return pl.DataFrame(
        [(name, *user) for name, user in log.items()],
        schema={
            "user": pl.String,
            "interactions": pl.Int64,
            "problem": pl.String,
            "clicked": pl.Int64,
        },
        orient="row",
    )


def choose(log: Log, seed: int = 0, /, **rules: object) -> dict[str, str | None]:
    """Return each user's reason to be dropped."""
    chosen, _ = find_drop_reasons(counts_of(log), Partition.model_validate(rules), seed)
    assert chosen.schema == {"user": pl.String, "reason": pl.String}
    assert chosen["user"].to_list() == sorted(log)
    return dict(chosen.iter_rows())


def border(log: Log, seed: int = 0, /, **rules: object) -> ColdBorder | None:
    return find_drop_reasons(counts_of(log), Partition.model_validate(rules), seed)[1]


def drawn(user: str, seed: int) -> int:
    """Draw a user's place among ties: BLAKE2b of the seed and the name, as `b2sum -l 64` has it."""
    digest = hashlib.blake2b(f"{seed}/{user}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def kept(log: Log, **rules: object) -> str:
    return "".join(user for user, reason in choose(log, **rules).items() if reason is None)


def log_of(**interactions: int) -> Log:
    return {user: User(count) for user, count in interactions.items()}


@pytest.mark.parametrize("order", ORDERS)
def test_the_users_with_fewest_interactions_are_kept(order: str) -> None:
    log = log_of(a=5, b=2, c=9, d=3, e=7)
    assert kept(log, cold_share=0.8, order=order) == "abde"
    assert kept(log, cold_share=0.6, order=order) == "abd"
    assert kept(log, cold_share=1, order=order) == "abcde"
    assert choose(log, order=order)["c"] == COLDEST


@pytest.mark.parametrize(
    ("share", "users", "number"),
    [(0.8, 6, 4), (0.8, 4, 3), (0.3, 10, 3), (0.29, 100, 29), (0.58, 50, 29), (0.8, 1, 0)],
)
@pytest.mark.parametrize("order", ORDERS)
def test_the_share_is_the_decimal_that_was_written_rounded_down(
    share: float, users: int, number: int, order: str
) -> None:
    log = {str(user): User(2) for user in range(users)}
    reasons = choose(log, cold_share=share, order=order)
    assert list(reasons.values()).count(None) == number


@pytest.mark.parametrize(
    ("share", "text"), [(0.29, "29"), (0.125, "12.5"), (0.333, "33.3"), (0.07, "7")]
)
def test_the_reason_names_the_share_as_it_is_written(share: float, text: str) -> None:
    reasons = choose({"a": User(2)}, cold_share=share)
    assert reasons == {"a": f"not among the {text} % with fewest interactions"}


@pytest.mark.parametrize("order", ORDERS)
def test_ties_are_drawn_by_the_seed(order: str) -> None:
    """Three of five, in the order of `printf 0/a | b2sum -l 64`, its last byte first."""
    log = {name: User(3) for name in ("d", "b", "a", "c", "10")}
    for seed, due in enumerate(["adb", "dca", "bda"]):
        reasons = choose(log, seed, cold_share=0.6, order=order)
        assert [user for user, reason in reasons.items() if reason is None] == sorted(due)
        assert border(log, seed, cold_share=0.6, order=order) == ColdBorder(
            interactions=3, users=5, kept=3
        )


def test_only_users_at_the_border_are_drawn() -> None:
    """Of a (1), b c d e (2 each) and f (3) four fit: a, and three of the four with two."""
    log = log_of(a=1, b=2, c=2, d=2, e=2, f=3)
    for seed in range(20):
        reasons = choose(log, seed, cold_share=0.7, min_interactions=2)
        assert reasons["a"] == TOO_FEW
        assert reasons["f"] == "not among the 70 % with fewest interactions"
        (lost,) = [user for user in "bcde" if reasons[user]]
        assert lost == max("bcde", key=lambda user: drawn(user, seed))
        found = border(log, seed, cold_share=0.7)
        assert found == ColdBorder(interactions=2, users=4, kept=3)
    assert str(found) == (
        "of 4 users with 2 interactions at the border, 3 are kept, drawn by the split seed"
    )


def test_without_ties_across_the_border_nothing_is_drawn() -> None:
    log = log_of(a=2, b=2, c=3, d=3)
    for share in (0.5, 0.2, 1):  # between b and c, before a, behind d
        assert border(log, cold_share=share) is None
        assert choose(log, 0, cold_share=share) == choose(log, 1, cold_share=share)
    assert border({}) is None


def test_filters_first_ties_are_among_those_that_pass() -> None:
    """Of b, c and d, who pass, floor(0.8 · 3) = 2 are kept."""
    log = log_of(a=2, b=2, c=2, d=2) | {"a": User(2, "age is blank")}
    found = border(log, cold_share=0.8, order="filters-first")
    assert found == ColdBorder(interactions=2, users=3, kept=2)
    assert border(log, cold_share=0.8) == ColdBorder(interactions=2, users=4, kept=3)


def test_those_dropped_of_many_ties_come_from_all_ids_alike() -> None:
    """1,815 of 1,892 users have 50 rows: 1,513 - 77 of them are kept, 379 dropped."""
    log = {f"{n:04}": User(50 if n >= 77 else 9) for n in range(1892)}
    assert border(log) == ColdBorder(interactions=50, users=1815, kept=1436)
    dropped = {user for user, reason in choose(log).items() if reason}
    assert len(dropped) == 379
    quarters = [len(dropped & {f"{n:04}" for n in range(q, q + 473)}) for q in range(0, 1892, 473)]
    assert min(quarters) > 60, quarters  # 95 each on average, with a deviation of 8
    assert len(dropped & {user for user, reason in choose(log, 1).items() if reason}) < 120


def test_cold_first_users_that_a_filter_drops_take_their_place_in_the_share() -> None:
    """Of five the coldest three are a, b and c, of four-fifths a to d."""
    log = log_of(a=1, b=1, c=2, d=3, e=4)
    assert kept(log, cold_share=0.6) == "c"
    assert kept(log, cold_share=0.8, min_interactions=3) == "d"
    log["c"] = User(2, "age is blank")
    assert kept(log, cold_share=0.6) == ""


def test_filters_first_the_share_is_of_those_that_pass_them() -> None:
    """c, d and e pass: floor(0.6 · 3) = 1 of them; without c's age d is that one."""
    log = log_of(a=1, b=1, c=2, d=3, e=4)
    assert kept(log, cold_share=0.6, order="filters-first") == "c"
    assert kept(log, cold_share=0.8, order="filters-first") == "cd"
    log["c"] = User(2, "age is blank")
    assert kept(log, cold_share=0.6, order="filters-first") == "d"


# Ranked by interactions: z (0), then a b c d e f g h, of whom the coldest half are a to d.
BOTH = {
    "z": User(0, "age is blank"),
    "a": User(1),
    "b": User(2, "age is blank"),
    "c": User(3),
    "d": User(4),
    "e": User(5, "zip is blank"),
    "f": User(6),
    "g": User(7),
    "h": User(8),
}


def test_literal_order_by_hand() -> None:
    """The share is taken first: e to h are dropped by it, whatever else is wrong with them."""
    kept_and_dropped = [*choose(BOTH, cold_share=0.5).values()]
    assert kept_and_dropped == [TOO_FEW, "age is blank", None, None, HALF, HALF, HALF, HALF, IDLE]


def test_filters_first_order_by_hand() -> None:
    """c, d, f, g and h pass the filters; floor(0.5 · 5) = 2 of them are kept."""
    reasons = choose(BOTH, cold_share=0.5, order="filters-first")
    passed = {"c": None, "d": None, "f": HALF, "g": HALF, "h": HALF}
    assert {user: reasons[user] for user in passed} == passed
    assert [reasons[user] for user in "abez"] == [TOO_FEW, "age is blank", "zip is blank", IDLE]


@pytest.mark.parametrize("order", ORDERS)
def test_a_user_has_the_reason_of_the_first_filter_it_fails(order: str) -> None:
    log = {
        "a": User(1, "age is blank", 0),
        "b": User(1, None, 1),
        "c": User(4, None, 1),
        "d": User(4, None, 2),
        "e": User(0, "age is blank", 0),
    }
    rules = {"cold_share": 1, "order": order, "min_interactions": 3, "min_clicked": 2}
    assert choose(log, **rules) == {
        "a": "age is blank",
        "b": "fewer than 3 interactions",
        "c": "fewer than 2 clicked items",
        "d": None,
        "e": IDLE,
    }


def test_clicks_do_not_count_unless_they_are_asked_for() -> None:
    assert kept({"a": User(2, None, 0)}, cold_share=1) == "a"
    assert kept({"a": User(2, None, 0)}, cold_share=1, min_clicked=1) == ""


@pytest.mark.parametrize("order", ORDERS)
def test_users_without_interactions_take_no_place_in_the_share(order: str) -> None:
    log = log_of(a=0, b=0, c=2, d=3)
    assert kept(log, cold_share=0.5, order=order) == "c"


def test_nobody_is_chosen_of_nobody() -> None:
    assert choose({}) == {}
    assert choose(log_of(a=0), order="filters-first") == {"a": IDLE}


USERS = st.builds(
    User, st.integers(0, 6), st.sampled_from([None, None, "age is blank"]), st.integers(0, 3)
)


@given(
    log=st.dictionaries(st.text("abc", min_size=1, max_size=3), USERS, max_size=25),
    share=st.sampled_from([0.3, 0.5, 0.8, 1]),
    fewest=st.integers(2, 4),
    clicked=st.integers(0, 2),
    seed=st.integers(0, 9),
    data=st.data(),
)
def test_a_user_is_kept_exactly_when_it_passes_every_step(
    log: Log, share: float, fewest: int, clicked: int, seed: int, data: st.DataObject
) -> None:
    active = sorted(
        (u for u in log if log[u].interactions), key=lambda u: (log[u][0], drawn(u, seed))
    )
    passing = [
        u
        for u in active
        if log[u].problem is None and log[u][0] >= fewest and log[u].clicked >= clicked
    ]
    coldest = active[: math.floor(Fraction(str(share)) * len(active))]
    right = {
        "cold-first": {user for user in passing if user in coldest},
        "filters-first": {*passing[: math.floor(Fraction(str(share)) * len(passing))]},
    }
    shuffled = {user: log[user] for user in data.draw(st.permutations(sorted(log)))}
    for order in ORDERS:
        rules = {"order": order, "min_interactions": fewest, "min_clicked": clicked}
        reasons = choose(log, seed, cold_share=share, **rules)
        assert {user for user, reason in reasons.items() if reason is None} == right[order]
        assert choose(shuffled, seed, cold_share=share, **rules) == reasons


def test_a_share_is_read_as_written() -> None:
    assert exact(0.3) == Fraction(3, 10)
    assert exact(1) == 1
    assert exact(5e-05) == Fraction(1, 20000)
