"""What is done to raw texts, in which order, and what is said about those that are wrong."""

import html
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.clean.values import as_number, clean_text, find_problems
from pipeline_lib.settings.columns import Cleaning, Column

Texts = Sequence[str | None]


def cleaned(texts: Texts, blank: Sequence[str] = (), /, **how: object) -> list[str | None]:
    frame = pl.LazyFrame({"raw": texts}, schema={"raw": pl.String})
    value = clean_text(pl.col("raw"), Cleaning.model_validate(how), blank)
    return frame.select(value.alias("raw")).collect(engine="streaming")["raw"].to_list()


def problems(texts: Texts, *, number: bool = False, **how: object) -> list[str | None]:
    frame = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    found = find_problems(pl.col("text"), Column.model_validate(how), number=number)
    first = pl.coalesce(*(pl.when(wrong).then(pl.lit(words)) for wrong, words in found))
    return frame.select(first.alias("problem")).collect(engine="streaming")["problem"].to_list()


def numbers(texts: Texts) -> list[float | None]:
    return pl.DataFrame({"text": texts}).select(as_number(pl.col("text")))["text"].to_list()


def test_without_settings_only_blanks_at_the_ends_go() -> None:
    assert cleaned(["A b", " x\t", "\u00a0y\u3000", "&amp;", "N/A"]) == [
        *("A b", "x", "y", "&amp;", "N/A")
    ]


@pytest.mark.parametrize("text", [None, "", " ", "\t\n", "\u00a0"])
def test_nothing_is_null(text: str | None) -> None:
    assert cleaned([text, "x"]) == [None, "x"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("A &amp; B", "A & B"),
        ("&lt;i&gt; &quot;x&quot; &#39;", '<i> "x" \''),
        ("&#304;zmir &#22235;", "İzmir 四"),
        ("&#x130;", "İ"),
        ("caf&eacute;", "café"),
        ("&nbsp;x&nbsp;", "x"),
        ("&nbsp;", None),
        ("&amp;amp;", "&amp;"),
        ("&bogus;", "&bogus;"),
        ("R & B", "R & B"),
        ("plain", "plain"),
        (None, None),
    ],
)
def test_entities_are_read_as_what_they_stand_for(raw: str | None, text: str | None) -> None:
    assert cleaned([raw, "x", raw], entities="html") == [text, "x", text]


@given(st.lists(st.none() | st.text(alphabet="&;#x1amplt ", max_size=12), max_size=6))
def test_entities_are_those_of_html(texts: list[str | None]) -> None:
    expected = [html.unescape(text).strip() or None if text else None for text in texts]
    assert cleaned(texts, entities="html") == expected


def test_extract_keeps_the_first_group_alone() -> None:
    titles = ["Heat (1995)", "1984 (1984) ", "Part (1972) Two", "(500) Days", "", None]
    assert cleaned(titles, extract=r"\((\d{4})\)\s*$") == ["1995", "1984", None, None, None, None]
    assert cleaned(["a-b", "c"], extract="(.)(?:-(.))?") == ["a", "c"]


def test_remove_cuts_every_match_out() -> None:
    assert cleaned(["0-19-853453-1", " 12 x", "--"], remove="[^0-9A-Za-z]") == [
        *("0198534531", "12x", None)
    ]


@pytest.mark.parametrize(("case", "text"), [("lower", "straße é"), ("upper", "STRASSE É")])
def test_case_is_unicodes(case: str, text: str) -> None:
    assert cleaned(["Straße É"], case=case) == [text]


def test_replace_is_of_whole_values_and_at_once() -> None:
    turned = {"a": "b", "b": "a", "gone": ""}
    assert cleaned(["a", "b", "ab", "gone", "gone too", None], replace=turned) == [
        *("b", "a", "ab", None, "gone too", None)
    ]


def test_blank_texts_are_null_however_they_are_cleaned() -> None:
    assert cleaned(["NULL", " NULL ", "null", "NULLS"], ["NULL"]) == [None, None, "null", "NULLS"]
    assert cleaned(["NULL", " NULL ", "null"], ["NULL"], case="lower") == [None, None, "null"]
    assert cleaned(["N/A", "NA"], ["N/A"], remove="/") == [None, "NA"]


def test_texts_that_become_blank_ones_are_null() -> None:
    assert cleaned(["n/a", "?!", "x!"], ["N/A", "?"], case="upper", remove="!") == [
        *(None, None, "X")
    ]
    assert cleaned(["none"], ["-"], replace={"none": "-"}) == [None]


@pytest.mark.parametrize(
    ("text", "how", "expected"),
    [
        # Entities are read before something is extracted, ...
        ("a&amp;b", {"entities": "html", "extract": "&(.*)"}, "b"),
        # ... it is extracted before something is removed, ...
        ("xay", {"extract": "x(.*)y", "remove": "x"}, "a"),
        # ... removed before blanks at the ends go, ...
        ("a (b)", {"remove": r"\(.*\)"}, "a"),
        (" -a", {"remove": "^-"}, "-a"),
        # ... these before the case changes, which is before texts are replaced, ...
        ("  A ", {"case": "lower", "replace": {"a": "b"}}, "b"),
        ("A", {"case": "lower", "replace": {"A": "x"}}, "a"),
        ("A", {"remove": "a", "case": "lower"}, "a"),
        # ... and what replaces is taken as it is.
        ("a", {"case": "lower", "replace": {"a": "B"}}, "B"),
        ("a", {"remove": "b", "replace": {"a": "b"}}, "b"),
    ],
)
def test_the_steps_have_an_order(text: str, how: dict[str, object], expected: str) -> None:
    assert cleaned([text], **how) == [expected]


def test_a_column_that_asks_nothing_minds_only_blanks() -> None:
    assert problems(["x", None, "inf"]) == [None, "blank", None]


def test_a_pattern_is_searched_for_and_named() -> None:
    assert problems(["12", "x1", "x", None], pattern=r"\d") == [
        *(None, None, r"not like \d", "blank")
    ]
    zips = ["12345", "123456", "12345\n", "1234"]
    assert problems(zips, pattern=r"^\d{5}$", meaning="a zip code") == [
        *(None, "not a zip code", "not a zip code", "not a zip code")
    ]


def test_right_values_are_listed() -> None:
    assert problems(["F", "f", "FM", None], values=["F", "M"]) == [
        *(None, "not one of F, M", "not one of F, M", "blank")
    ]
    assert problems(["1", "01", "1234567"], values=[1, 1234567]) == [
        *(None, "not one of 1, 1234567", None)
    ]


def test_numbers_between_bounds_are_right() -> None:
    wrong = "not a number from 10 to 100"
    texts = ["10", "100", "55.5", "1e1", "9.99", "100.01", "-10", "x", "nan", "inf", None]
    assert problems(texts, between=[10, 100]) == [*[None] * 4, *[wrong] * 6, "blank"]


def test_numbers_are_asked_for_without_bounds() -> None:
    texts = ["1", "-2.5", "x", "inf", "-inf", "nan", "NaN", "1e999", None]
    wrong = "not a number"
    assert problems(texts, number=True) == [None, None, *[wrong] * 6, "blank"]


def test_the_first_thing_wrong_is_named() -> None:
    how = {"pattern": "^[0-9]+$", "values": ["7", "70"], "between": [1, 9]}
    assert problems(["7", "x", "8", "70", "80", None], number=True, **how) == [
        *(None, "not like ^[0-9]+$", "not one of 7, 70", "not a number from 1 to 9"),
        *("not one of 7, 70", "blank"),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0), ("+1", 1.0), ("-0.5", -0.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0),
        ("1E-3", 0.001), ("007", 7.0), ("1e308", 1e308), ("", None), ("x", None), ("1,5", None),
        ("1_000", None), ("0x10", None), ("1 2", None), ("inf", None), ("-Infinity", None),
        ("nan", None), ("1e309", None), ("9" * 400, None), ("٣", None), ("true", None),
    ],
)  # fmt: skip
def test_only_finite_numbers_are_numbers(text: str, number: float | None) -> None:
    assert numbers([text, "2"]) == [number, 2.0]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_python_reads_it(number: float) -> None:
    assert numbers([repr(number)]) == [number]
