"""Raw files, text or Parquet, become rows of texts: every record one row, none lost."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.table import RawTable, open_table
from pipeline_lib.settings.tables import Table
from tests.conftest import Records

ReadRaw = Callable[[str | bytes, Table], Records]


def table(**how: object) -> Table:
    return Table.model_validate({"file": "t.csv", **how})


NAMED = table()
FILMS = table(file="films.dat", separator="::", columns=["item", "title", "year"])
PARQUET = table(file="t.parquet")


def error(read_raw: ReadRaw, content: str | bytes, layout: Table = NAMED) -> str:
    with pytest.raises(RawFileError) as caught:
        read_raw(content, layout)
    return str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_line_ends_and_byte_order_marks_do_not_matter(
    read_raw: ReadRaw, end: str, last: str, mark: str, quote: str
) -> None:
    content = mark + end.join(["a,b", f"{quote}1{quote},2", ",4"]) + (end if last else "")
    records = read_raw(content, NAMED)
    assert records.columns == ("a", "b")
    assert records.fields == {2: ("1", "2"), 3: ("", "4")}
    assert records.texts == {2: f"{quote}1{quote},2", 3: ",4"}


def test_mixed_line_ends_do_not_matter(read_raw: ReadRaw) -> None:
    assert read_raw("a,b\r\n1,2\n3,4\r", NAMED).fields == {2: ("1", "2"), 3: ("3", "4")}


def test_a_line_end_that_was_converted_twice_is_a_line_end(read_raw: ReadRaw) -> None:
    assert read_raw("a,b\r\r\n1,2\r\r\n", NAMED).fields == {2: ("1", "2")}


def test_a_byte_order_mark_before_the_first_row_is_no_text(read_raw: ReadRaw) -> None:
    assert read_raw("\ufeff1::Heat::1995", FILMS).fields == {1: ("1", "Heat", "1995")}


def test_a_line_end_within_quotes_is_a_newline_whatever_the_file_has(read_raw: ReadRaw) -> None:
    assert read_raw('a,b\r\n"x\r\ny",2\r\n', NAMED).fields == {2: ("x\ny", "2")}


@pytest.mark.parametrize("quote", ["", '"'])
def test_rows_with_other_than_the_right_number_of_fields_are_misshapen(
    read_raw: ReadRaw, quote: str
) -> None:
    lines = ["a,b", f"{quote}1{quote},2", "3", "", "  ", "4,5,6", "7,8,", ",", "9,0", ""]
    records = read_raw("\n".join(lines) + "\n", NAMED)
    good = {2: ("1", "2"), 8: ("", ""), 9: ("9", "0")}
    assert records.fields == {**dict.fromkeys(range(2, 11)), **good}
    assert records.texts == dict(enumerate(lines[1:], 2))


def test_a_blank_line_is_a_row_of_a_table_of_one_column(read_raw: ReadRaw) -> None:
    assert read_raw("a\nx\n\ny\n", NAMED).fields == {2: ("x",), 3: ("",), 4: ("y",)}


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("1::Heat::1995", ("1", "Heat", "1995")),
        ("1:: Heat ::1995", ("1", " Heat ", "1995")),
        ("1:::Heat::1995", ("1", ":Heat", "1995")),
        ("1::::1995", ("1", "", "1995")),
        ("::Heat::", ("", "Heat", "")),
        ('1::"Heat::1995', ("1", '"Heat', "1995")),
        ("1::He:at::1995", ("1", "He:at", "1995")),
        ("1::He,at;\t::1995", ("1", "He,at;\t", "1995")),
        ("1:Heat:1995", None),
        ("1::Heat", None),
        ("1::Heat::1995::R", None),
        ("", None),
    ],
)
def test_a_separator_of_two_characters(
    read_raw: ReadRaw, line: str, fields: tuple[str, ...] | None
) -> None:
    assert read_raw(f"{line}\n0::Alien::1979\n", FILMS).fields == {
        1: fields,
        2: ("0", "Alien", "1979"),
    }


def test_a_tab_stands_between_columns_of_tsv(read_raw: ReadRaw) -> None:
    records = read_raw('a\tb\n1,2\t"3\t4"\n', table(file="t.tsv"))
    assert records.fields == {2: ("1,2", "3\t4")}


def test_latin_1_is_decoded(read_raw: ReadRaw) -> None:
    latin = table(encoding="latin-1")
    records = read_raw("prénom,b\nZoë,é\n".encode("latin-1"), latin)
    assert records.columns == ("prénom", "b")
    assert records.fields == {2: ("Zoë", "é")}


@pytest.mark.parametrize("char", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r"])
def test_only_a_newline_ends_a_line(read_raw: ReadRaw, char: str) -> None:
    assert read_raw(f"a,b\nx{char}y,2\n", NAMED).fields == {2: (f"x{char}y", "2")}


def test_names_lose_blanks_and_quotes(read_raw: ReadRaw) -> None:
    assert read_raw('"a, b" , c\t,"d ""e""" \r\n1,2,3\n', NAMED).columns == ("a, b", "c", 'd "e"')
    spaced = table(separator="::")
    assert read_raw("a :: b\n1::2\n", spaced).columns == ("a", "b")
    assert read_raw('"a"::"b"\n', spaced.model_copy(update={"quotes": "doubled"})).columns == (
        "a",
        "b",
    )


@pytest.mark.parametrize(
    "line", ["a,a", "a, a", "a,", ",a,", "a,,b", "", "   ", ",a,a", '"a","a"', ",", "a" * 200_000]
)
@pytest.mark.parametrize("row", ["1,2", '"1",2'])
def test_a_first_line_that_names_no_columns_is_shown(
    read_raw: ReadRaw, line: str, row: str
) -> None:
    message = error(read_raw, f"{line}\n{row}\n")
    assert message.endswith(
        f"t.csv: line 1 should name the columns, but is {line[:80]!r}; if it is such a line, give "
        "each column one name of its own there; if the file has none, list the names under "
        "`columns`"
    )


def test_a_first_column_without_a_name_is_the_index_of_pandas(read_raw: ReadRaw) -> None:
    frame = pd.DataFrame({"user_id": ["u1", "u2"], "age": [20, 30]})
    for line in (frame.to_csv(), frame.to_csv().replace(",user_id", '"",user_id')):
        records = read_raw(line, NAMED)
        assert records.columns == ("Unnamed: 0", "user_id", "age")
        assert records.fields == {2: ("0", "u1", "20"), 3: ("1", "u2", "30")}
    assert records.columns[0] == pd.read_csv(io.StringIO(frame.to_csv())).columns[0]


def test_a_line_of_names_under_listed_names_is_no_row(read_raw: ReadRaw) -> None:
    names = table(columns=["index", "user_id", "age"])
    for line in (",user_id,age", '"Index", "x", "y"', "n,USER_ID,n", "n,user_id"):
        message = error(read_raw, f"{line}\n0,u1,20\n", names)
        assert message.endswith(
            f"t.csv: line 1 names the columns, as it is {line!r}; take `columns` out"
        )
    assert read_raw("user_id,index,0\n", names).fields == {1: ("user_id", "index", "0")}


def test_names_given_leave_the_first_line_a_row(read_raw: ReadRaw) -> None:
    records = read_raw("x,x\n1,2\n", table(columns=["a", "b"]))
    assert records.fields == {1: ("x", "x"), 2: ("1", "2")}


def test_names_alone_make_no_rows(read_raw: ReadRaw) -> None:
    assert read_raw("a,b\n", NAMED).fields == {}


def test_a_column_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("age,user\n7,x\n")
    raw = open_table(tmp_path / "t.csv", NAMED, tmp_path)
    assert raw.rows.select(raw.column("user"), raw.column("age")).collect().rows() == [("x", "7")]
    with pytest.raises(RawFileError) as caught:
        raw.column("agee")
    expected = "unknown column 'agee'; did you mean 'age'? Known: age, user"
    assert str(caught.value) == f"{tmp_path / 't.csv'}: {expected}"


def test_many_columns_are_read(read_raw: ReadRaw) -> None:
    names = ",".join(f"c{n}" for n in range(1000))
    quoted = ",".join(f'"{n}"' for n in range(1000))
    expected = tuple(str(n) for n in range(1000))
    assert read_raw(f"{names}\n{quoted}\n", NAMED).fields == {2: expected}


PLAIN = st.text(alphabet=st.sampled_from("ab'; \t\\é€,\x85"), max_size=6)


@given(
    rows=st.lists(st.lists(PLAIN, min_size=2, max_size=4), min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_line_without_quotes_is_one_record(
    rows: list[list[str]], end: str, read_raw: ReadRaw
) -> None:
    lines = ["::".join(row) for row in rows]
    records = read_raw(end.join(["1::Heat::1995", *lines]), FILMS)
    assert [*records.texts.values()] == ["1::Heat::1995", *lines]
    expected = [tuple(row) if len(row) == 3 else None for row in rows]
    assert [*records.fields.values()] == [("1", "Heat", "1995"), *expected]


@pytest.fixture
def read_parquet(tmp_path: Path) -> Callable[[pl.DataFrame], RawTable]:
    def write_and_open(frame: pl.DataFrame) -> RawTable:
        frame.write_parquet(tmp_path / "t.parquet")
        return open_table(tmp_path / "t.parquet", PARQUET, tmp_path)

    return write_and_open


ReadParquet = Callable[[pl.DataFrame], RawTable]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["x", None, " y "], ["x", None, " y "]),
        ([1, None, -3], ["1", None, "-3"]),
        ([1.5, None, 4.0], ["1.5", None, "4"]),
        ([True, None, False], ["1", None, "0"]),
        ([None, None, None], [None, None, None]),
        ([["x", "y"], None, []], ["x|y", None, ""]),
        ([[1, None], [2], [3, 3]], ["1", "2", "3|3"]),
        ([dt.date(2020, 1, 2), None, dt.date(1999, 12, 31)], ["2020-01-02", None, "1999-12-31"]),
        (pl.Series(["x", "y", "x"], dtype=pl.Categorical), ["x", "y", "x"]),
        (pl.Series(["x", None, "y"], dtype=pl.Enum(["x", "y"])), ["x", None, "y"]),
        (pl.Series(["1.50", "2", None]).cast(pl.Decimal(10, 2)), ["1.50", "2.00", None]),
    ],
)
def test_parquet_values_are_read_as_texts(
    read_parquet: ReadParquet, values: list[object] | pl.Series, texts: list[str | None]
) -> None:
    raw = read_parquet(pl.DataFrame({"a": values, "b": ["1", "2", "3"]}))
    rows = raw.rows.collect(engine="streaming")
    assert raw.columns == ("a", "b")
    assert rows["raw_a"].to_list() == texts
    assert rows["line"].to_list() == [1, 2, 3]
    assert rows["text"].to_list() == [f"{text or ''}\t{n}" for n, text in enumerate(texts, 1)]
    assert not rows["misshapen"].any()


@pytest.mark.parametrize(
    "value", [{"x": 1}, [[1]], dt.timedelta(1), pl.Series([[1, 2]], dtype=pl.Array(pl.Int8, 2))]
)
def test_parquet_columns_that_are_no_texts_are_left_out(
    read_parquet: ReadParquet, value: object
) -> None:
    column = value if isinstance(value, pl.Series) else [value]
    raw = read_parquet(pl.DataFrame({"odd": column, "user": ["u"]}))
    assert raw.columns == ("user",)
    assert raw.rows.collect().rows() == [(1, "u", "u", False)]


def test_parquet_without_rows_has_none(read_parquet: ReadParquet) -> None:
    assert read_parquet(pl.DataFrame({"a": ["x"]}).clear()).rows.collect().height == 0


def test_a_missing_parquet_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawFileError, match=r"t\.parquet does not exist; put it there or correct"):
        open_table(tmp_path / "t.parquet", PARQUET, tmp_path)


@pytest.mark.parametrize("keep", [0, 4, 100, -10])
def test_a_parquet_file_cut_off_is_named(
    read_parquet: ReadParquet, tmp_path: Path, keep: int
) -> None:
    path = read_parquet(pl.DataFrame({"a": ["x"] * 50})).path
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RawFileError, match=rf"{path} is no Parquet file: "):
        open_table(path, PARQUET, tmp_path)


def test_text_named_parquet_is_refused(read_raw: ReadRaw) -> None:
    assert "is no Parquet file" in error(read_raw, "user,item,target\n1,2,3\n", PARQUET)


def test_lines_joined_to_longer_records_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"two\nlines"\n2,one\n3,"and\nthree\nlines"\n', encoding="utf-8")
    assert open_table(path, NAMED, tmp_path).joined == 5


def test_a_file_full_of_open_quotes_names_the_remedy(
    read_raw: ReadRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.data.raw.layout.MOST_TORN", 2)
    message = error(read_raw, 'a,b\n1,"x\n2,"y\n3,"z\n')
    assert "3 lines open a quote" in message
    assert "set `quotes: none`" in message
