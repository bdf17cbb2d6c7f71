"""Files between rules: checked on both sides, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
import torch
from pydantic import BaseModel, ValidationError

from pipeline_lib import tensors
from pipeline_lib.schemas import clean as clean_tables
from pipeline_lib.schemas import split as split_tables
from pipeline_lib.storage import (
    TableError,
    atomic_path,
    read_json,
    read_table,
    write_json,
    write_table,
    write_text,
)
from pipeline_lib.tensors import TensorFileError, read_tensors, write_tensors

USERS = clean_tables.users(["gender"])
USER_ROWS = pl.DataFrame({"user": ["1", "2"], "gender": ["F", "M"]})
INTERACTIONS = clean_tables.interactions((1, 5))
INTERACTION_ROWS = pl.DataFrame(
    {"user": ["1", "1"], "item": ["1", "2"], "target": pl.Series([1, 5], dtype=pl.Float32)}
)
ITEMS = clean_tables.items(["genre"])
ITEM_ROWS = pl.DataFrame(
    {"item": ["1", "2"], "genre": [["War"], []]}, schema_overrides={"genre": pl.List(pl.String)}
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
SPLIT_ROWS = INTERACTION_ROWS.with_columns(fold=pl.lit("test"), part=pl.lit("query"))


class Record(BaseModel):
    name: str
    share: float


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that nobody has made yet."""
    return tmp_path / "new" / "table"


def names(path: Path) -> list[str]:
    return [found.name for found in path.parent.iterdir()]


@pytest.mark.parametrize(
    ("rows", "schema"),
    [
        (USER_ROWS, USERS),
        (ITEM_ROWS, ITEMS),
        (INTERACTION_ROWS, INTERACTIONS),
        (REJECT_ROWS, clean_tables.REJECTS),
        (SPLIT_USER_ROWS, split_tables.SPLIT_USERS),
        (SPLIT_ROWS, split_tables.split_rows((1, 5))),
        (USER_ROWS.clear(), USERS),
    ],
)
def test_a_table_is_read_as_it_was_written(
    rows: pl.DataFrame, schema: pa.DataFrameSchema, path: Path
) -> None:
    write_table(rows, schema, path)
    assert read_table(path, schema).equals(rows)
    assert names(path) == ["table"]


@pytest.mark.parametrize(
    ("rows", "schema", "column"),
    [
        (USER_ROWS.drop("gender"), USERS, "gender"),
        (USER_ROWS.with_columns(age=1), USERS, "age"),
        (USER_ROWS.with_columns(gender=1), USERS, "gender"),
        (USER_ROWS.with_columns(gender=pl.lit("")), USERS, "gender"),
        (USER_ROWS.with_columns(gender=pl.lit(None, pl.String)), USERS, "gender"),
        (USER_ROWS.with_columns(user=pl.lit("1")), USERS, "user"),
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


def test_a_table_that_breaks_its_schema_is_not_read(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    with pytest.raises(TableError) as caught:
        read_table(path, clean_tables.users(["age"]))
    assert str(caught.value).startswith(f"{path}: 2 values break the table's schema")
    assert "age" in str(caught.value)


@pytest.mark.parametrize("blank", [None, ""])
def test_a_list_with_a_blank_breaks_the_schema_of_items(path: Path, blank: str | None) -> None:
    rows = ITEM_ROWS.with_columns(genre=pl.Series([["War", blank], []]))
    with pytest.raises(TableError, match="genre"):
        write_table(rows, ITEMS, path)


def test_a_damaged_table_is_named(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableError) as caught:
        read_table(path, USERS)
    assert str(caught.value).startswith(f"{path}")


def test_a_table_is_left_as_it_was_when_a_new_one_breaks_its_schema(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    with pytest.raises(TableError):
        write_table(USER_ROWS.drop("gender"), USERS, path)
    assert read_table(path, USERS).equals(USER_ROWS)


def test_a_record_is_read_as_it_was_written(path: Path) -> None:
    write_json(Record(name="é", share=0.1), path)
    assert path.read_text(encoding="utf-8") == '{\n  "name": "é",\n  "share": 0.1\n}\n'
    assert read_json(path, Record) == Record(name="é", share=0.1)


@pytest.mark.parametrize("text", ["", "{", '{"name": "x"}', '{"name": "x", "share": "y"}'])
def test_a_record_that_does_not_fit_is_refused(path: Path, text: str) -> None:
    write_text(text, path)
    with pytest.raises(ValidationError):
        read_json(path, Record)


def write_halfway(target: Path) -> None:
    target.write_text("half")
    raise OSError("disk full")


def fail_parquet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pl.DataFrame, "write_parquet", lambda self, target: write_halfway(target))


def fail_tensors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tensors, "save_file", lambda content, target: write_halfway(target))


def fail_replace(patch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError("disk full")

    patch.setattr(Path, "replace", refuse)


WRITERS: list[tuple[Callable[[pytest.MonkeyPatch], None], Callable[[Path], None]]] = [
    (fail_parquet, lambda path: write_table(USER_ROWS, USERS, path)),
    (fail_tensors, lambda path: write_tensors({"a": torch.zeros(2)}, path)),
    (fail_replace, lambda path: write_table(USER_ROWS, USERS, path)),
    (fail_replace, lambda path: write_tensors({"a": torch.zeros(2)}, path)),
    (fail_replace, lambda path: write_json(Record(name="x", share=1), path)),
    (fail_replace, lambda path: write_text("new", path)),
]


@pytest.mark.parametrize(("fail", "write"), WRITERS)
def test_a_failure_in_the_middle_leaves_no_file(
    fail: Callable[[pytest.MonkeyPatch], None],
    write: Callable[[Path], None],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail(monkeypatch)
    with pytest.raises(OSError, match="disk full"):
        write(path)
    assert names(path) == []


@pytest.mark.parametrize(("fail", "write"), WRITERS)
def test_a_failure_in_the_middle_keeps_the_older_file(
    fail: Callable[[pytest.MonkeyPatch], None],
    write: Callable[[Path], None],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path.parent.mkdir()
    path.write_text("old")
    fail(monkeypatch)
    with pytest.raises(OSError, match="disk full"):
        write(path)
    assert names(path) == ["table"]
    assert path.read_text() == "old"


def test_the_older_file_stays_until_the_new_one_is_whole(path: Path) -> None:
    write_text("old", path)
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(path) == ["table"]


def test_an_interruption_leaves_no_temporary_file(path: Path) -> None:
    def interrupt(target: Path) -> None:
        target.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), atomic_path(path) as temporary:
        interrupt(temporary)
    assert names(path) == []


def test_tensors_are_read_as_they_were_written(path: Path) -> None:
    written = {
        "whole": torch.tensor([3, 1], dtype=torch.int64),
        "real": torch.tensor([[0.1, -2.0]], requires_grad=True),
        "strided": torch.arange(6.0).reshape(2, 3).T,
        "none": torch.zeros(0, 4),
        "one": torch.tensor(5),
    }
    write_tensors(written, path)
    read = read_tensors(path)
    assert set(read) == set(written)
    for name, tensor in written.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor.detach())
        assert not read[name].requires_grad


def damaged(content: bytes) -> dict[str, bytes]:
    return {
        "cut": content[:-3],
        "header alone": content[:20],
        "empty": b"",
        "longer": content + b"x",
        "another format": b"PK\x03\x04 a zip file, this is",
        "header garbled": content[:9] + b"\xff" + content[10:],
        "unknown type": content.replace(b"I64", b"Q64"),
    }


@pytest.mark.parametrize("damage", damaged(b""))
def test_damaged_tensors_are_refused_by_name(damage: str, path: Path) -> None:
    write_tensors({"a": torch.arange(10)}, path)
    path.write_bytes(damaged(path.read_bytes())[damage])
    with pytest.raises(TensorFileError) as caught:
        read_tensors(path)
    assert str(caught.value).startswith(f"{path} is damaged (")
    assert str(caught.value).endswith("delete it and run snakemake again")


def test_a_pickle_is_refused(path: Path) -> None:
    path.parent.mkdir()
    torch.save({"a": torch.zeros(2)}, path)
    with pytest.raises(TensorFileError):
        read_tensors(path)
