"""Quotes: what the csv module writes is read back, and a stray quote costs only its own row."""

import csv
import io
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.raw.layout import LONGEST_RECORD
from pipeline_lib.settings.tables import Table
from tests.conftest import Records

ReadRaw = Callable[[str | bytes, Table], Records]
Fields = tuple[str | None, ...]


def table(**how: object) -> Table:
    return Table.model_validate({"file": "t.csv", **how})


PAIR = table(columns=["a", "b"])
SLASHED = table(columns=["a", "b"], quotes="backslash")


@pytest.mark.parametrize(
    ("line", "doubled", "slashed"),
    [
        ('"x","y"', ("x", "y"), ("x", "y")),
        ('x,"y"', ("x", "y"), ("x", "y")),
        ('"",""', ("", ""), ("", "")),
        (',"y"', ("", "y"), ("", "y")),
        ('"x",', ("x", ""), ("x", "")),
        ('"x,1","y"', ("x,1", "y"), ("x,1", "y")),
        ('"x""1","y"', ('x"1', "y"), None),
        ('"""","y"', ('"', "y"), None),
        (r'"x\"1","y"', None, ('x"1', "y")),
        (r'"x\\","y"', (r"x\\", "y"), ("x\\", "y")),
        (r'"x\","y"', ("x\\", "y"), None),
        (r'"\\\"x\\\"","y"', None, (r"\"x\"", "y")),
        (r'"x\n1","y"', (r"x\n1", "y"), ("xn1", "y")),
        (r'x\"1,"y"', ('x\\"1', "y"), ('x\\"1', "y")),
        ('x"1,y"', ('x"1', 'y"'), ('x"1', 'y"')),
        ('"x" 1,y', None, None),
        (' "x",y', (' "x"', "y"), (' "x"', "y")),
        ('"x","y","z"', None, None),
        ('"x"', None, None),
        ('"x","y",', None, None),
        ('"x,y"', None, None),
        ('"é,€","𝄞"', ("é,€", "𝄞"), ("é,€", "𝄞")),
    ],
)
def test_a_line_is_read_by_its_way_of_quoting(
    read_raw: ReadRaw, line: str, doubled: Fields | None, slashed: Fields | None
) -> None:
    assert read_raw(f"{line}\n", PAIR).fields == {1: doubled}
    assert read_raw(f"{line}\n", SLASHED).fields == {1: slashed}


def test_quotes_that_mean_nothing_are_plain_text(read_raw: ReadRaw) -> None:
    plain = table(columns=["a", "b"], quotes="none")
    records = read_raw('"x,y"\nx",""\n"1,2,3"\n', plain)
    assert records.fields == {1: ('"x', 'y"'), 2: ('x"', '""'), 3: None}


@pytest.mark.parametrize("separator", [*"|^-]\\[ .~&#<>%:\t", "é", "::", "||", "<>", "\\t", "a"])
def test_any_separator_is_plain_text(read_raw: ReadRaw, separator: str) -> None:
    layout = table(columns=["a", "b", "c"], separator=separator, quotes="doubled")
    lines = [["1", "2", "3"], [f'"{separator}"', "2", '"3"'], ["", '"4"', ""]]
    records = read_raw("".join(f"{separator.join(line)}\n" for line in lines), layout)
    expected = {1: ("1", "2", "3"), 2: (separator, "2", "3"), 3: ("", "4", "")}
    assert records.fields == expected
    assert records.texts[2] == separator.join(lines[1])


def test_part_of_a_long_separator_is_plain_text_beside_quotes(read_raw: ReadRaw) -> None:
    layout = table(columns=["a", "b"], separator="::", quotes="doubled")
    records = read_raw('x:y::"z"\nx:::y\n"a::b:"::c\n', layout)
    assert records.fields == {1: ("x:y", "z"), 2: ("x", ":y"), 3: ("a::b:", "c")}


def test_a_newline_within_quotes_is_part_of_the_field(read_raw: ReadRaw) -> None:
    records = read_raw('1,2\n"x\n\ny","z\n"\n3,4\n', PAIR)
    assert records.fields == {1: ("1", "2"), 2: ("x\n\ny", "z\n"), 6: ("3", "4")}
    assert records.texts[2] == '"x\n\ny","z\n"'


def test_an_escaped_newline_is_part_of_the_field(read_raw: ReadRaw) -> None:
    records = read_raw('"x\\\ny\\\n\\\\","z"\n3,4\n', SLASHED)
    assert records.fields == {1: ("x\ny\n\\", "z"), 4: ("3", "4")}


def test_lines_within_quotes_are_no_rows_of_their_own(read_raw: ReadRaw) -> None:
    assert read_raw('"x\n1,2\n"",3\n",y\n', PAIR).fields == {1: ('x\n1,2\n",3\n', "y")}


@pytest.mark.parametrize("layout", [PAIR, SLASHED])
@pytest.mark.parametrize(
    ("lines", "misshapen"),
    [
        (['"1,2', "3,4", '"5","6"', '"7\n8",9'], [1]),
        (['1,"2', "3,4", '"5","6"', '"7\n8",9'], [1]),
        (['1,2"', "3,4"], []),
        (['"1","2""', '"3","4"', '"5","6"'], [1]),
        (['""1","2"', '"3","4"'], [1]),
        (['"1"","2"', '"3","4"'], [1]),
        (["3,4", '"5","6"', '"7'], [3]),
        (['"1,2', "3,4", '"5,6', "7,8"], [1, 3]),
        (['"', "3,4"], [1]),
        (['"1,2,3', '"4"x,"', "5,6"], [1, 2]),
    ],
)
def test_a_stray_quote_costs_only_its_own_row(
    read_raw: ReadRaw, layout: Table, lines: list[str], misshapen: list[int]
) -> None:
    records = read_raw("".join(f"{line}\n" for line in lines), layout)
    assert [line for line, fields in records.fields.items() if fields is None] == misshapen
    assert list(records.texts.values()) == lines


def test_a_newline_outside_quotes_ends_a_record(read_raw: ReadRaw) -> None:
    records = read_raw('"x\ny",z\n1,2\n3,4,5\n', table(columns=["a", "b", "c"]))
    assert records.fields == {1: None, 2: None, 3: None, 4: ("3", "4", "5")}


def test_a_quote_that_a_later_one_closes_spans_what_lies_between(read_raw: ReadRaw) -> None:
    records = read_raw('"1,2\n3,4\n5",6\n7,8\n', PAIR)
    assert records.fields == {1: ("1,2\n3,4\n5", "6"), 4: ("7", "8")}


@pytest.mark.parametrize("lines", [LONGEST_RECORD, LONGEST_RECORD + 1])
def test_a_record_has_at_most_a_hundred_lines(read_raw: ReadRaw, lines: int) -> None:
    content = '"' + "\n".join(f"{n},x" for n in range(lines)) + '",y\n1,2\n'
    records = read_raw(content, table(columns=["a", "b"]))
    if lines == 100:
        assert [*records.fields] == [1, 101]
        assert records.fields[101] == ("1", "2")
    else:
        assert [*records.fields] == list(range(1, 103))
        assert [line for line, fields in records.fields.items() if fields is None] == [1, 101]


@given(
    rows=st.lists(st.lists(st.sampled_from(["1", "23"]), min_size=3, max_size=3), min_size=2),
    quoted=st.booleans(),
    at=st.integers(0, 1000),
    slashed=st.booleans(),
)
def test_one_quote_too_many_anywhere_costs_only_its_own_row(
    rows: list[list[str]], quoted: bool, at: int, slashed: bool, read_raw: ReadRaw
) -> None:
    lines = [",".join(f'"{field}"' if quoted else field for field in row) for row in rows]
    number, place = divmod(at, len(lines[0]) + 1)
    number %= len(lines)
    lines[number] = f'{lines[number][:place]}"{lines[number][place:]}'
    quotes = "backslash" if slashed else "doubled"
    records = read_raw("\n".join(lines), table(columns=["a", "b", "c"], quotes=quotes))
    del records.fields[number + 1]
    expected = {i: tuple(row) for i, row in enumerate(rows, 1) if i != number + 1}
    assert records.fields == expected
    assert [*records.texts.values()] == lines


FIELD = st.text(alphabet=st.sampled_from('ab"\\,;: \n\té€'), max_size=8)
ROWS = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(FIELD, min_size=n, max_size=n), min_size=1, max_size=6)
)


@given(
    rows=ROWS,
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    slashed=st.booleans(),
    finished=st.booleans(),
)
def test_what_the_csv_module_writes_is_read_as_it_reads_it(
    rows: list[list[str]],
    separator: str,
    end: str,
    quoting: Literal[0, 1],
    slashed: bool,
    finished: bool,
    read_raw: ReadRaw,
) -> None:
    text = io.StringIO(newline="")
    if slashed:  # the module would also escape outside quotes, which are then not minimal
        writer = csv.writer(
            text,
            delimiter=separator,
            lineterminator=end,
            quoting=csv.QUOTE_ALL,
            doublequote=False,
            escapechar="\\",
        )
    else:
        writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows(rows)
    content = text.getvalue() if finished else text.getvalue().removesuffix(end)
    how = "backslash" if slashed else "doubled"
    columns = [f"c{n}" for n in range(len(rows[0]))]
    if not content.strip():
        return  # a single blank field: the file is empty
    records = read_raw(content, table(columns=columns, separator=separator, quotes=how))
    assert [*records.fields.values()] == [tuple(row) for row in rows]
    starts = [1 + sum(1 + "".join(row).count("\n") for row in rows[:n]) for n in range(len(rows))]
    assert [*records.fields] == starts


@given(rows=ROWS, separator=st.sampled_from(["::", "||", "; "]), bare=st.booleans())
def test_long_separators_go_with_quotes(
    rows: list[list[str]], separator: str, bare: bool, read_raw: ReadRaw
) -> None:
    def written(field: str) -> str:
        plain = bare and not set(field) & {'"', "\n", *separator}
        return field if plain else '"{}"'.format(field.replace('"', '""'))

    content = "".join(separator.join(map(written, row)) + "\n" for row in rows)
    if not content.strip():
        return
    columns = [f"c{n}" for n in range(len(rows[0]))]
    records = read_raw(content, table(columns=columns, separator=separator, quotes="doubled"))
    assert [*records.fields.values()] == [tuple(row) for row in rows]
