"""JSON lines: values by dotted paths, and lines that are no objects."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.table import RawTable, open_table
from pipeline_lib.settings.tables import Table
from tests.conftest import one_in
from tests.data.shop import FILES, clean_shop, count

LOG = """\
{"user": {"id": "ann", "age": 25}, "item": 7, "plays": 3.0, "tags": ["x", "y"], "new": true}
{"user": {"id": "b \\"o\\u00e9"}, "item": 12345678901234567890, "plays": null, "new": false}

not json
{"user": {"id": "cut
["a", "list"]
"a text"
{"user": {"id": "late", "mail": {"of.work": "x@y"}}, "tags": "[x]", "objects": [{"a": 1}]} \r
{"user": 5}{"user": 6}
"""


def read(folder: Path, text: str | bytes, **settings: object) -> RawTable:
    path = folder / "plays.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = Table.model_validate({"file": "plays.jsonl", **settings})
    return open_table(path, table, folder)


def test_values_are_found_by_dotted_paths(tmp_path: Path) -> None:
    table = read(tmp_path, LOG)
    assert table.columns == (
        *("user.id", "user.age", "item", "plays", "tags", "new", "user.mail.of.work"),
    )
    rows = table.rows.collect()
    sound = rows.filter(~pl.col("misshapen"))
    assert sound["line"].to_list() == [1, 2, 8]
    assert sound["raw_user.id"].to_list() == ["ann", 'b "oé', "late"]
    assert sound["raw_user.age"].to_list() == ["25", None, None]
    assert sound["raw_item"].to_list() == ["7", "12345678901234567890", None]
    assert sound["raw_plays"].to_list() == ["3.0", None, None]
    assert sound["raw_tags"].to_list() == ["x|y", None, "[x]"]
    assert sound["raw_new"].to_list() == ["1", "0", None]
    assert sound["raw_user.mail.of.work"].to_list() == [None, None, "x@y"]
    assert rows["text"].to_list() == LOG.replace("\r", "").splitlines()


def test_the_columns_may_be_listed(tmp_path: Path) -> None:
    """As where a value comes late in a long file."""
    table = read(tmp_path, '{"a": 1}\n', columns=["a", "b.c"])
    assert table.columns == ("a", "b.c")
    assert table.rows.collect()["raw_b.c"].to_list() == [None]


def test_other_encodings_and_compression_are_read(tmp_path: Path) -> None:
    table = read(tmp_path, gzip.compress('{"user": "é"}'.encode("utf-16")), encoding="utf-16")
    assert table.rows.collect()["raw_user"].to_list() == ["é"]


def test_what_is_no_json_lines_is_named(tmp_path: Path) -> None:
    for text, said in (
        ('[{"a": 1},\n {"a": 2}]', "It is one JSON value: write an object a line"),
        ("a,b\n1,2\n", "no line is a JSON object, as 'a,b\\n' is none."),
    ):
        with pytest.raises(RawFileError) as raised:
            read(tmp_path, text)
        assert said in str(raised.value)
    with pytest.raises(RawFileError, match=r"unknown column 'user.idd'; did you mean 'user.id'"):
        read(tmp_path, LOG).column("user.idd")


def test_settings_of_separated_text_are_refused() -> None:
    with pytest.raises(ValueError, match=r"separator: of text with separators, but plays.json is"):
        Table(file="plays.json", separator=",")


def test_bad_lines_are_rejected_with_their_line(tmp_path: Path) -> None:
    lines = ['{"user": "1", "item": "a", "rating": {"stars": 3}}', "{", '{"user": "1"}']
    table = {"file": "ratings.jsonl", "target": "rating.stars"}
    logs = clean_shop(tmp_path, {"ratings.jsonl": lines}, interactions=table)
    assert logs.interactions.rows() == [("1", "a", 3.0)]
    assert logs.rejects.select("file", "line", "column", "reason").rows() == [
        ("ratings.jsonl", 2, None, "line is no JSON object"),
        ("ratings.jsonl", 3, "item", "blank"),
    ]


@one_in(2)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(['"', "{", "}", "\n", "", ","]))),
)
def test_however_json_lines_are_damaged_each_is_kept_or_rejected_once(
    cuts: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A line is sound where Python reads an object in it."""
    records = [{"user": u, "item": i, "target": t} for u, i, t in
               (line.split(",") for line in FILES["ratings.csv"][1:])]  # fmt: skip
    text = "\n".join(json.dumps(record) for record in records)
    for at, what in cuts:
        text = text[: at % (len(text) + 1)] + what + text[at % (len(text) + 1) + (what == "") :]
    lines = text.split("\n")
    folder = tmp_path_factory.mktemp("json")
    table = {"file": "ratings.jsonl"}
    try:
        logs = clean_shop(folder, {"ratings.jsonl": lines}, interactions=table)
    except RawFileError:  # no row is left, or no key is what it was
        return
    found = count(logs, "ratings.jsonl")
    assert found.read == found.kept + found.rejected == len(lines)
    misshapen = found.reasons.get("line is no JSON object", 0)
    assert misshapen == sum(not is_object(line) for line in lines)


def is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
