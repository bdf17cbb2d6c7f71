"""What the tables between rules may hold: schemas against right and wrong rows."""

from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest

from pipeline_lib.schemas import clean as clean_tables
from pipeline_lib.schemas import split as split_tables
from pipeline_lib.settings.features import Categorical, MultiValued, Numeric
from pipeline_lib.storage.tables import TableError, read_table, write_table

CATEGORICAL = Categorical(kind="categorical")
USERS = clean_tables.users({"gender": CATEGORICAL, "age": Numeric(kind="numeric")})
USER_ROWS = pl.DataFrame(
    {
        "user": ["1", "2", "3"],
        "gender": ["F", "M", None],
        "age": [0.5, -1e300, None],
        "problem": [None, None, "gender is blank"],
    }
)
INTERACTIONS = clean_tables.interactions((1, 5))
INTERACTION_ROWS = pl.DataFrame(
    {"user": ["1", "1"], "item": ["1", "2"], "target": pl.Series([1, 5], dtype=pl.Float32)}
)
ITEMS = clean_tables.items(
    {
        "genre": MultiValued(kind="multi-valued", separator="|"),
        "price": Numeric(kind="numeric"),
        "brand": CATEGORICAL,
    }
)
ITEM_ROWS = pl.DataFrame(
    {"item": ["1", "2"], "genre": [["War"], []], "price": [2.0, None], "brand": [None, "b"]},
    schema_overrides={"genre": pl.List(pl.String)},
)
EVENTS = clean_tables.events(["brand"])
EVENT_ROWS = pl.DataFrame(
    {"user": ["1", "1"], "brand": ["", "b"], "events": [3, 2], "hits": [1, 0], "trials": [2, 0]}
)
REJECT_ROWS = pl.DataFrame(
    {
        "file": ["users.dat", "users.dat"],
        "line": [1, 2],
        "column": ["age", None],
        "reason": ["not one of the age codes", "line has not 5 fields"],
        "text": ["1::F::2::3::4", ""],
    }
)
SPLIT_USER_ROWS = pl.DataFrame({"user": ["1"], "fold": ["train"], "group": ["major"]})
DROPPED_ROWS = pl.DataFrame({"user": ["1", "2"], "reason": ["no interactions"] * 2})
SPLIT_ROWS = INTERACTION_ROWS.with_columns(fold=pl.lit("test"), part=pl.lit("query"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that nobody has made yet."""
    return tmp_path / "new" / "table"


@pytest.mark.parametrize(
    ("rows", "schema"),
    [
        (USER_ROWS, USERS),
        (ITEM_ROWS, ITEMS),
        (INTERACTION_ROWS, INTERACTIONS),
        (REJECT_ROWS, clean_tables.REJECTS),
        (EVENT_ROWS, EVENTS),
        (SPLIT_USER_ROWS, split_tables.SPLIT_USERS),
        (DROPPED_ROWS, split_tables.DROPPED),
        (USER_ROWS.select("user"), split_tables.TRAIN_USERS),
        (ITEM_ROWS.select("item"), split_tables.ITEMS),
        (SPLIT_ROWS, split_tables.split_rows((1, 5))),
        (USER_ROWS.clear(), USERS),
    ],
)
def test_a_table_is_read_as_it_was_written(
    rows: pl.DataFrame, schema: pa.DataFrameSchema, path: Path
) -> None:
    write_table(rows, schema, path)
    assert read_table(path, schema).equals(rows)


@pytest.mark.parametrize(
    ("rows", "schema", "column"),
    [
        (USER_ROWS.drop("gender"), USERS, "gender"),
        (USER_ROWS.drop("problem"), USERS, "problem"),
        (USER_ROWS.with_columns(zip=1), USERS, "zip"),
        (USER_ROWS.with_columns(gender=1), USERS, "gender"),
        (USER_ROWS.with_columns(gender=pl.lit("")), USERS, "gender"),
        (USER_ROWS.with_columns(problem=pl.lit("")), USERS, "problem"),
        (USER_ROWS.with_columns(age=pl.lit("20")), USERS, "age"),
        (USER_ROWS.with_columns(age=pl.lit(20)), USERS, "age"),
        (USER_ROWS.with_columns(age=pl.lit(float("nan"))), USERS, "age"),
        (USER_ROWS.with_columns(age=pl.lit(float("-inf"))), USERS, "age"),
        (USER_ROWS.with_columns(user=pl.lit("1")), USERS, "user"),
        (USER_ROWS.with_columns(user=pl.lit(None, pl.String)), USERS, "user"),
        (ITEM_ROWS.with_columns(price=pl.lit(float("inf"))), ITEMS, "price"),
        (ITEM_ROWS.with_columns(brand=pl.lit("")), ITEMS, "brand"),
        (EVENT_ROWS.with_columns(hits=pl.lit(-1, pl.Int64)), EVENTS, "hits"),
        (EVENT_ROWS.with_columns(trials=pl.lit(None, pl.Int64)), EVENTS, "trials"),
        (EVENT_ROWS.with_columns(brand=pl.lit(None, pl.String)), EVENTS, "brand"),
        (EVENT_ROWS.with_columns(brand=pl.lit("b")), EVENTS, "brand"),
        (DROPPED_ROWS.with_columns(reason=pl.lit("")), split_tables.DROPPED, "reason"),
        (DROPPED_ROWS.with_columns(reason=pl.lit(None, pl.String)), split_tables.DROPPED, "reason"),
        (ITEM_ROWS.with_columns(genre=pl.lit("War")), ITEMS, "genre"),
        (ITEM_ROWS.with_columns(item=pl.lit("1")), ITEMS, "item"),
        (INTERACTION_ROWS.with_columns(item=pl.lit("1")), INTERACTIONS, "item"),
        (INTERACTION_ROWS.with_columns(target=pl.lit(6, pl.Float32)), INTERACTIONS, "target"),
        (INTERACTION_ROWS.with_columns(target=pl.lit(0.9, pl.Float32)), INTERACTIONS, "target"),
        (INTERACTION_ROWS.with_columns(target=pl.lit("nan").cast(pl.Float32)), INTERACTIONS, "tar"),
        (INTERACTION_ROWS.with_columns(target=pl.lit(3.0)), INTERACTIONS, "target"),
        (REJECT_ROWS.with_columns(line=pl.lit(0, pl.Int64)), clean_tables.REJECTS, "line"),
        (REJECT_ROWS.with_columns(reason=pl.lit("")), clean_tables.REJECTS, "reason"),
        (SPLIT_USER_ROWS.with_columns(fold=pl.lit("dev")), split_tables.SPLIT_USERS, "fold"),
        (SPLIT_USER_ROWS.with_columns(group=pl.lit("")), split_tables.SPLIT_USERS, "group"),
        (SPLIT_ROWS.with_columns(part=pl.lit("test")), split_tables.split_rows((1, 5)), "part"),
        (SPLIT_ROWS.with_columns(item=pl.lit("2")), split_tables.split_rows((1, 5)), "item"),
    ],
)
def test_a_table_that_breaks_its_schema_is_not_written(
    rows: pl.DataFrame, schema: pa.DataFrameSchema, column: str, path: Path
) -> None:
    with pytest.raises(TableError) as caught:
        write_table(rows, schema, path)
    assert str(caught.value).startswith(f"{path}: ")
    assert column in str(caught.value)
    assert not path.parent.exists()


@pytest.mark.parametrize("blank", [None, ""])
def test_a_list_with_a_blank_breaks_the_schema_of_items(path: Path, blank: str | None) -> None:
    rows = ITEM_ROWS.with_columns(genre=pl.Series([["War", blank], []]))
    with pytest.raises(TableError, match="genre"):
        write_table(rows, ITEMS, path)
