"""Files between rules: checked on both sides, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch
from pydantic import BaseModel, ValidationError

from pipeline_lib.schemas.split import DROPPED, TRAIN_USERS
from pipeline_lib.storage import tensors
from pipeline_lib.storage.tables import (
    TableError,
    atomic_path,
    read_json,
    read_table,
    write_json,
    write_table,
    write_text,
)
from pipeline_lib.storage.tensors import write_tensors

USERS = TRAIN_USERS
USER_ROWS = pl.DataFrame({"user": ["1", "2", "3"]})


class Record(BaseModel):
    name: str
    share: float


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that nobody has made yet."""
    return tmp_path / "new" / "table"


def names(path: Path) -> list[str]:
    return [found.name for found in path.parent.iterdir()]


def test_a_table_is_read_as_it_was_written(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    assert read_table(path, USERS).equals(USER_ROWS)
    assert names(path) == ["table"]


def test_a_table_that_breaks_its_schema_is_not_read(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    with pytest.raises(TableError) as caught:
        read_table(path, DROPPED)
    assert str(caught.value).startswith(f"{path}: 1 values break the table's schema")
    assert "reason" in str(caught.value)


def test_a_damaged_table_is_named(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableError) as caught:
        read_table(path, USERS)
    assert str(caught.value).startswith(f"{path} is damaged (")
    assert str(caught.value).endswith("delete it and run snakemake again")


def test_a_table_is_left_as_it_was_when_a_new_one_breaks_its_schema(path: Path) -> None:
    write_table(USER_ROWS, USERS, path)
    with pytest.raises(TableError):
        write_table(USER_ROWS.drop("user"), USERS, path)
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
    patch.setattr(pl.DataFrame, "write_parquet", lambda self, target, **_: write_halfway(target))


def fail_tensors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tensors, "save_file", lambda content, target, _: write_halfway(target))


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
