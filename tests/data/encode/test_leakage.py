"""Nothing about validation and test users reaches what training sees."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace

import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.data.encode.vocabulary import Scale
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.partition.split import partition
from pipeline_lib.schemas import clean, split
from pipeline_lib.settings.features import AnyFeature, Categorical, MultiValued, Numeric
from pipeline_lib.settings.log import RESERVED
from pipeline_lib.settings.partition import FoldShares, Partition
from tests.conftest import one_in

FOLD_OF = {
    **dict.fromkeys(("t1", "t2", "t3"), "train"),
    **dict.fromkeys(("v1", "v2"), "validation"),
    **dict.fromkeys(("x1", "x2"), "test"),
}
TRAINING = ("t1", "t2", "t3")
OTHERS = ("v1", "v2", "x1", "x2", "warm")  # warm: a clean user that the split dropped
CATEGORICAL = Categorical(kind="categorical")
NUMERIC = Numeric(kind="numeric")
FEATURES: dict[str, AnyFeature] = {
    "category": CATEGORICAL,
    "brand": CATEGORICAL,
    "tags": MultiValued(kind="multi-valued", separator="|"),
    "price": NUMERIC,
    "ctr": Numeric(kind="numeric", rate="target", smoothing=2),
    "cvr": Numeric(kind="numeric", rate="events", smoothing=2),
    "logctr": Numeric(kind="numeric", log="ctr"),
    "ctr_cvr_price": Numeric(kind="numeric", product=("ctr", "cvr", "price")),
}
ITEMS = pl.DataFrame(
    [
        ("p", "c1", "b1", ["new", "red"], 3.0),
        ("q", "c1", None, [], 8.0),
        ("r", "c2", "b2", ["red"], None),
        ("s", "c3", "b1", ["old"], 1.0),
        ("t", None, None, ["new", "odd"], 90.0),
    ],
    schema=["item", "category", "brand", "tags", "price"],
    orient="row",
)
GROUPS = [("c1", "b1"), ("c1", ""), ("c2", "b2"), ("c3", "b1"), ("", ""), ("c9", "b9")]


@dataclass(frozen=True)
class Person:
    """Who a user is and did. rows: the target by item. events: hits and trials by group."""

    gender: str | None
    age: float | None
    rows: dict[str, float]
    events: dict[tuple[str, str], tuple[int, int]]


World = dict[str, Person]


def tables_of(world: World) -> CleanTables:
    users = [(user, p.gender, p.age, None) for user, p in world.items()]
    rows = [
        (user, item, target, fold, "query" if number == 0 else "support")
        for user, fold in FOLD_OF.items()
        for number, (item, target) in enumerate(world[user].rows.items())
    ]
    events = [
        (user, *group, trials, hits, trials)
        for user, p in world.items()
        for group, (hits, trials) in p.events.items()
    ]
    names = ("user", "gender", "problem", "item", "fold", "part", "category", "brand")
    types: dict[str, type[pl.DataType]] = {
        **dict.fromkeys(names, pl.String),
        **dict.fromkeys(("events", "hits", "trials"), pl.Int64),
        "age": pl.Float64,
        "target": pl.Float32,
    }

    def table(content: list[tuple[object, ...]], *columns: str) -> pl.DataFrame:
        return pl.DataFrame(content, schema={c: types[c] for c in columns}, orient="row")

    return CleanTables(
        users=table([*users], "user", "gender", "age", "problem"),
        items=ITEMS,
        events=table([*events], "user", "category", "brand", "events", "hits", "trials").lazy(),
        split_users=table([*FOLD_OF.items()], "user", "fold").with_columns(group=pl.lit("minor")),
        rows=table([*rows], "user", "item", "target", "fold", "part").lazy(),
    )


def encode(world: World) -> EncodedSplit:
    return encode_split(tables_of(world), FEATURES)


def all_bytes(tensors: Catalogue | Episodes) -> list[object]:
    """List the raw bytes of every tensor."""

    def flat(value: object) -> list[object]:
        if isinstance(value, tuple):
            return [part for each in value for part in flat(each)]
        return [value.numpy().tobytes() if hasattr(value, "numpy") else value]

    return flat(astuple(tensors))


def seen_by_training(encoded: EncodedSplit) -> list[object]:
    return [
        encoded.vocabulary.model_dump_json(),
        encoded.train_users.to_dict(as_series=False),
        encoded.items.to_dict(as_series=False),
        *all_bytes(encoded.catalogue),
        *all_bytes(encoded.folds["train"]),
    ]


def worlds(users: tuple[str, ...], targets: st.SearchStrategy[float]) -> st.SearchStrategy[World]:
    counts = st.tuples(st.integers(0, 3), st.integers(0, 5))
    people = st.builds(
        Person,
        gender=st.sampled_from(["F", "M", "N", None]),
        age=st.sampled_from([None, -40.0, 20.0, 31.0, 1000.0]),
        rows=st.dictionaries(st.sampled_from("pqrst"), targets, min_size=2),
        events=st.dictionaries(st.sampled_from(GROUPS), counts, max_size=3),
    )
    return st.fixed_dictionaries(dict.fromkeys(users, people))


TARGETS = {
    "click": st.sampled_from([0.0, 1.0]),
    "rating": st.sampled_from([1.0, 2.0, 3.5, 5.0]),
}


@pytest.mark.parametrize("kind", TARGETS)
@one_in(2)
@given(data=st.data())
def test_nothing_about_other_users_changes_a_byte_that_training_sees(
    kind: str, data: st.DataObject
) -> None:
    training = data.draw(worlds(TRAINING, TARGETS[kind]))
    others = worlds(OTHERS, TARGETS[kind])
    one, two = (encode({**training, **data.draw(others)}) for _ in range(2))
    assert seen_by_training(one) == seen_by_training(two)


@one_in(5)
@given(data=st.data())
def test_other_users_targets_do_not_reach_training_through_the_partition_either(
    data: st.DataObject,
) -> None:
    world = data.draw(worlds((*TRAINING, *OTHERS), TARGETS["rating"]))
    tables = tables_of(world)
    rows = pl.DataFrame(
        [(u, item, t) for u, p in world.items() for item, t in p.rows.items()],
        schema={"user": pl.String, "item": pl.String, "target": pl.Float32},
        orient="row",
    )
    rules = Partition(folds=FoldShares(train=2, validation=1, test=1), major_features=1)

    def partitioned(interactions: pl.DataFrame) -> tuple[EncodedSplit, pl.DataFrame]:
        found = partition(tables.users, interactions.lazy(), ["gender"], rules, 0)
        rows = found.interactions.lazy()
        split_tables = replace(tables, split_users=found.users, rows=rows)
        return encode_split(split_tables, FEATURES), found.users

    one, users = partitioned(rows)
    theirs = pl.col("user").is_in(users.filter(fold="train")["user"].implode())
    other_targets = pl.when(theirs).then("target").otherwise(6 - pl.col("target"))
    two, _ = partitioned(rows.with_columns(other_targets.alias("target")))
    assert seen_by_training(one) == seen_by_training(two)


PERSON = Person(
    "F", 20.0, {"p": 1.0, "q": 0.0, "r": 0.0}, {("c1", "b1"): (1, 2), ("c1", ""): (0, 3)}
)
ALIKE: World = {
    **dict.fromkeys((*TRAINING, *OTHERS), PERSON),
    "t2": replace(PERSON, age=30.0, rows={"q": 1.0, "s": 0.0}),
}


def numbers(encoded: EncodedSplit, feature: str) -> list[float]:
    """List a number of every item that has it, as it was before it was standardised."""
    catalogue, scale = encoded.catalogue, encoded.vocabulary.item[feature]
    assert isinstance(scale, Scale)
    bags = torch.arange(len(catalogue)) * catalogue.features + list(FEATURES).index(feature)
    places, _, _ = catalogue.bags.take(bags)
    return [round(w * scale.sd + scale.mean, 5) for w in catalogue.weights[places].tolist()]


CHANGES: dict[str, tuple[Person, Callable[[EncodedSplit], object]]] = {
    "a click": (
        replace(PERSON, rows={"p": 0.0, "q": 0.0, "r": 0.0}),
        lambda encoded: numbers(encoded, "ctr"),
    ),
    "an event": (
        replace(PERSON, events={("c1", "b1"): (2, 2), ("c1", ""): (0, 3)}),
        lambda encoded: numbers(encoded, "cvr"),
    ),
    "an item met": (
        replace(PERSON, rows={"p": 1.0, "q": 0.0, "t": 0.0}),
        lambda encoded: encoded.vocabulary.item["tags"],
    ),
    "the number of rows": (
        replace(PERSON, rows={"p": 1.0, "q": 0.0}),
        lambda encoded: (encoded.vocabulary.item["category"], encoded.vocabulary.user["age"]),
    ),
    "a value": (replace(PERSON, gender="M"), lambda encoded: encoded.vocabulary.user["gender"]),
    "a number": (replace(PERSON, age=21.0), lambda encoded: encoded.vocabulary.user["age"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_of_a_training_user_does_change_it(change: str) -> None:
    person, look = CHANGES[change]
    before = encode(ALIKE)
    assert look(encode({**ALIKE, "t1": person})) != look(before)
    for users in (OTHERS[:2], OTHERS[2:]):
        after = encode({**ALIKE, **dict.fromkeys(users, person)})
        assert look(after) == look(before)
        assert seen_by_training(after) == seen_by_training(before)


def test_rates_are_those_of_training_users_by_hand() -> None:
    """Mean ctr 3 / 8, k = 2: p (2 + .75) / 4, q (1 + .75) / 5, r .75 / 4, s .75 / 3, t .375."""
    rates = numbers(encode(ALIKE), "ctr")
    assert rates == pytest.approx([2.75 / 4, 1.75 / 5, 0.75 / 4, 0.75 / 3, 0.375], abs=1e-5)


def test_no_feature_can_have_the_name_of_a_column_beside_it() -> None:
    """A feature `fold` or `group` would silently be read from the split."""
    schemas = [split.SPLIT_USERS, split.split_rows((1, 5)), clean.events(()), clean.users({})]
    beside = {name for schema in schemas for name in schema.columns}
    assert beside - {"part"} <= RESERVED
